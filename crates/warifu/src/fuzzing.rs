//! The private parsers, for `fuzz/` alone: no other build has this module.
//!
//! What must hold of any input stands here as assertions, beside the calls.
#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "as in tests"
)]

mod messages;
mod records;

pub use messages::{message, message_parsers};
pub use records::{Opened, Opener, Sealer, cipher_count};

use crate::error::Error;
use crate::resumption::TicketKey;

/// The ticket that holds `state`, whatever it is.
pub fn seal_ticket(key: &TicketKey, state: &[u8]) -> Vec<u8> {
    key.seal(state).unwrap_or_default()
}

/// The state in `ticket`, if `key` sealed it.
pub fn open_ticket(key: &TicketKey, ticket: &[u8]) -> Option<Vec<u8>> {
    key.open(ticket).map(|state| state.as_bytes().to_vec())
}

/// Asks an error for all that it can tell. A peer's bytes must never look like a mistake of this library.
fn look_at(error: &Error) {
    assert!(!matches!(error, Error::Internal(_)), "{error}");
    assert!(error.alert().is_some(), "{error:?} sends no alert");
    assert!(!error.to_string().is_empty());
}
