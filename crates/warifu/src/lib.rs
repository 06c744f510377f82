//! TLS for parties that share a CA or a key.
#![forbid(unsafe_code)]

pub mod certificate;
pub mod config;
mod connection;
mod coroutine;
pub mod credential;
pub mod decision;
pub mod error;
mod facts;
mod halves;
mod handshake;
mod message;
pub mod parameters;
mod record;
mod stream;
#[cfg(test)]
mod test_vectors;
pub mod trust;

/// What the tests outside of the crate use, for those inside.
#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod testing;
#[cfg(test)]
extern crate self as warifu;

pub use config::{ClientAuth, ClientConfig, ServerConfig};
pub use connection::{Connection, Peeked, ReadOutcome};
pub use coroutine::Waiting;
pub use credential::Credential;
pub use error::{CertificateError, Error, NothingInCommon, PeerMisbehaved, UsageError};
pub use facts::{ConnectionFacts, HandshakeKind};
pub use halves::{ReadHalf, WriteHalf};
pub use record::wire::{Direction, LoggedMessage, MessageLog};
pub use record::writer::Padding;
pub use rustls_pki_types as pki_types;
pub use stream::Stream;
pub use trust::Trust;
