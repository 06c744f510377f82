//! What TLS 1.2 (RFC 5246), 1.1 (RFC 4346) and 1.0 (RFC 2246) need and TLS 1.3 does not.
//!
//! Behind the feature `legacy`, which is on by default. MD5 and SHA-1 are reached only through the
//! constructions of those versions here, and for fingerprints; they are not among the hashes of [`crate::hash`].
//!
//! | question | module |
//! |---|---|
//! | key derivation and the hash of the handshake messages | [`prf`] |
//! | records of the CBC suites | [`cbc`] |
//! | RSA key transport | [`rsa`] |
//! | finite field Diffie-Hellman | [`dh`] |
//! | MD5 and SHA-1 of anything, for fingerprints | [`fingerprint`] |
//! | signatures with MD5 and SHA-1, and ECDSA of any curve with any hash | [`signature`] |

pub mod cbc;
pub mod dh;
mod dh_groups;
pub mod fingerprint;
mod mac;
pub mod prf;
pub mod rsa;
pub mod signature;

pub use cbc::{CbcDirection, CbcKey, CbcSuite};
pub use dh::{DhGroup, DhKeyPair, DhProblem};
pub use fingerprint::{Fingerprint, FingerprintContext};
pub use prf::{HandshakeDigest, HandshakeHash, Prf, PrfHash};
pub use rsa::PREMASTER_SECRET_LEN;
pub use signature::LegacySignature;
