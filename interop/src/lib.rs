//! What the cells of the interoperability suite are made of: keys and certificates, peers, our own side, and
//! the table of results. The cells themselves stand in `tests/interop/`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

pub mod comeback;
pub mod legacy;
pub mod meeting;
pub mod ours;
pub mod peer;
pub mod pki;
pub mod program;
pub mod psk;
pub mod table;
pub mod tap;
