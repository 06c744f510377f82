//! What several fuzz targets share.

pub mod certificates;
pub mod edit;
pub mod flows;
pub mod input;
pub mod returning;
pub mod seeds;

// The hostile peers of the tests, with which whole handshakes are played.
#[path = "../../crates/warifu/tests/hostile/bytes.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod bytes;
#[path = "../../crates/warifu/tests/legacy_hostile/crypto.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod crypto;
#[path = "../../crates/warifu/tests/hostile/meter.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod meter;
#[path = "../../crates/warifu/tests/hostile/scene.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod scene;
#[path = "../../crates/warifu/tests/support/mod.rs"]
mod support;

pub use support::Side;
