//! Hostile peers: every rule of the protocol broken on purpose, in both directions.
//!
//! [`scene`] puts a man in the middle who has the keys: an honest peer of our own makes the flights, a script
//! changes them message by message or record by record, and the other side, the victim, must end with the
//! exact error and the exact alert on the wire. What is sent is built here from bytes, not by the
//! library's own types.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    dead_code
)]

mod attacks;
mod authentication;
mod bytes;
mod certificates;
mod document;
mod early_data;
mod extensions;
mod figure;
mod figures;
mod meter;
mod odd_keys;
mod scene;
mod splits;
mod streams;
#[path = "../support/mod.rs"]
mod support;
mod truncation;

mod memory;
mod order;
mod parameters;
mod post_handshake;
mod psk;
mod psk_answer;
mod random;
mod records;
mod resources;
mod sequences;
mod tickets;
