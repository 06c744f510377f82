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
//! | what only TLS 1.2 and older need | `legacy`, with the feature of that name |
//!
//! The skeleton of a TLS 1.3 key exchange and a record under the keys that come of it:
//!
//! ```
//! use warifu_crypto::{Aead, AeadKey, Group, Hash, KeyShare, Prk, respond};
//!
//! # fn main() -> Result<(), warifu_crypto::CryptoError> {
//! let client = KeyShare::generate(Group::X25519MlKem768)?;
//! let (server_share, at_server) = respond(Group::X25519MlKem768, client.public())?;
//! let at_client = client.agree(&server_share)?;
//! assert_eq!(at_client, at_server);
//!
//! let secret = Prk::extract(Hash::Sha256, &[], at_client.as_bytes());
//! let (mut key, mut iv) = ([0; 16], [0; 12]);
//! secret.expand_label(b"key", b"", &mut key)?;
//! secret.expand_label(b"iv", b"", &mut iv)?;
//!
//! let key = AeadKey::new(Aead::Aes128Gcm, &key)?;
//! let mut record = [0; 5 + 1 + 16];
//! key.seal_scatter(&iv, b"header", b"hello", &[23], &mut record)?;
//! assert_eq!(key.open_in_place(&iv, b"header", &mut record)?, b"hello\x17");
//! # Ok(())
//! # }
//! ```

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
#[cfg(feature = "legacy")]
pub mod legacy;
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
pub use signature::{KeyKind, PublicKey, RsaMinimum, SignatureAlgorithm};
