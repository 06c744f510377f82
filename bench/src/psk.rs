//! The external pre-shared key that all stacks use, and how.

/// The identity.
pub const IDENTITY: &[u8] = b"device-17";

/// The key, for SHA-256.
pub const KEY: [u8; 32] = *b"not random, and secret to no one";

/// PskKeyExchangeMode, RFC 8446 Section 4.2.9.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    PskKe,
    /// With X25519.
    PskDheKe,
}
