//! Safe face of AWS-LC for the warifu TLS library.
//!
//! Everything TLS 1.3 needs from cryptography and nothing of the protocol: hashes, HMAC, HKDF
//! (with TLS 1.3's labels), authenticated encryption, key exchange, signatures, private keys and
//! random bytes. The primitives are AWS-LC's; AES-CCM and passphrase encryption of keys are
//! RustCrypto's. All unsafe code of the library is in `ffi.rs`.
//!
//! | question | module |
//! |---|---|
//! | which hashes, running and whole | [`hash`] |
//! | message authentication codes | [`hmac`] |
//! | key derivation, TLS 1.3 labels | [`hkdf`] |
//! | memory that holds secrets | [`secret`] |
//! | record encryption | [`aead`] |
//! | key exchange groups, hybrids | [`agreement`] |
//! | verify a signature | [`signature`] |
//! | load, make and use a private key | [`private_key`] |
//! | random bytes | [`random`] |
//! | compare without a timing leak | [`constant_time`] |
//! | what can fail | [`error`] |

#![deny(unsafe_code)]

pub mod aead;
pub mod agreement;
pub mod constant_time;
mod der;
pub mod error;
#[allow(unsafe_code)]
mod ffi;
pub mod hash;
pub mod hkdf;
pub mod hmac;
pub mod private_key;
pub mod random;
pub mod secret;
pub mod signature;

pub use aead::{Aead, AeadKey};
pub use agreement::{Group, KeyShare, SharedSecret, respond};
pub use error::CryptoError;
pub use hash::{Digest, Hash, HashContext};
pub use hkdf::Prk;
pub use hmac::{HmacKey, Tag};
pub use private_key::PrivateKey;
pub use secret::Secret;
pub use signature::{KeyKind, PublicKey, SignatureAlgorithm};
