//! TLS for parties that share a CA or a key.
#![forbid(unsafe_code)]

pub mod certificate;
pub mod credential;
pub mod decision;
pub mod error;
pub(crate) mod message;
pub mod parameters;
pub mod trust;

pub use error::{CertificateError, Error, NothingInCommon, PeerMisbehaved, UsageError};
pub use rustls_pki_types as pki_types;
