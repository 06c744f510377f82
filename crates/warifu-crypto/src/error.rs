//! What can fail, told without detail that would help an attacker.

use core::fmt;

/// Why a cryptographic operation gave no result.
///
/// A failed decryption or verification says only that it failed: which byte, which check or how far
/// it came is never told. The variants about keys concern our own input and are meant for people.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum CryptoError {
    /// The operation failed: a record that does not authenticate, or a library failure.
    Failed,
    /// A signature that is not the key's for this message and algorithm.
    BadSignature,
    /// A buffer of the wrong length was given by the caller.
    InvalidLength,
    /// A key that cannot be read, or that contradicts itself.
    InvalidKey,
    /// A key that can be read but is too weak to be used: RSA under 2048 bits, or what the caller allows less.
    WeakKey,
    /// The peer's key share or ciphertext is malformed, off the curve or gives an all-zero secret.
    InvalidPeerKey,
    /// An algorithm, curve or parameter that is not implemented, or does not fit this key.
    Unsupported,
    /// The passphrase does not open the key.
    BadPassphrase,
    /// The key's passphrase derivation costs more than the limits of
    /// [`PrivateKey::from_encrypted_pkcs8`](crate::PrivateKey::from_encrypted_pkcs8) allow.
    TooCostly,
}

impl fmt::Display for CryptoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "cryptographic operation failed",
            Self::BadSignature => "signature does not verify",
            Self::InvalidLength => "buffer or key of the wrong length",
            Self::InvalidKey => "malformed or inconsistent key",
            Self::WeakKey => {
                "key too weak (RSA keys need at least 2048 bits, or 1024 where that is allowed)"
            }
            Self::InvalidPeerKey => "invalid key share from the peer",
            Self::Unsupported => "unsupported algorithm or parameters",
            Self::BadPassphrase => "wrong passphrase",
            Self::TooCostly => "passphrase derivation parameters exceed the allowed cost",
        })
    }
}

impl core::error::Error for CryptoError {}
