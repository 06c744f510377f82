//! Hostile peers of TLS 1.2, 1.1 and 1.0.
//!
//! [`peer`] is a peer of these versions written once more, messages, key schedule and records ([`crypto`]), for both
//! roles. It sends what a script tells it: whole flights as they should be, or with a rule broken on purpose. The other
//! side, the victim, must end with the exact error and the exact alert on the wire.
#![cfg(feature = "legacy")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    dead_code
)]

#[path = "../hostile/bytes.rs"]
mod bytes;
mod crypto;
#[path = "../hostile/document.rs"]
mod document;
#[path = "../hostile/figure.rs"]
mod figure;
mod figures;
#[path = "../hostile/meter.rs"]
mod meter;
#[path = "../hostile/odd_keys.rs"]
mod odd_keys;
mod peer;
#[path = "../hostile/random.rs"]
mod random_numbers;
mod rsa;
mod sequences;
#[path = "../support/mod.rs"]
mod support;

mod attacks;
mod authentication;
mod downgrade;
mod exchange;
mod hello;
mod psk;
mod random;
mod records;
mod renegotiating;
mod renegotiation;
mod resources;
mod resumption;
mod settings;
