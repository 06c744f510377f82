//! Cipher suites: one table.
//!
//! Order of preference, best first, and why (the default list is a prefix of it):
//!
//! 1. AES-128-GCM before AES-256-GCM: on every machine with AES instructions it is the fastest, and
//!    its 128-bit security level is that of the certificates and classical groups around it.
//! 2. ChaCha20-Poly1305 last of the three: it wins only on machines without AES instructions. Such a
//!    client says so by putting it first, and a server that has no preference of its own obeys.
//! 3. AES-CCM exists for constrained devices that have no GCM. CCM-8 has a tag of 8 bytes (forgeries
//!    succeed once in 2^64 tries), so both are used only when asked for by name.

use super::registry::registry;
use warifu_crypto::{Aead, Hash};

registry! {
    /// CipherSuite, RFC 8446 Appendix B.4.
    pub struct CipherSuite(u16) {
        TLS_AES_128_GCM_SHA256 = 0x1301, "TLS_AES_128_GCM_SHA256";
        TLS_AES_256_GCM_SHA384 = 0x1302, "TLS_AES_256_GCM_SHA384";
        TLS_CHACHA20_POLY1305_SHA256 = 0x1303, "TLS_CHACHA20_POLY1305_SHA256";
        TLS_AES_128_CCM_SHA256 = 0x1304, "TLS_AES_128_CCM_SHA256";
        TLS_AES_128_CCM_8_SHA256 = 0x1305, "TLS_AES_128_CCM_8_SHA256";
        /// Signalling value, RFC 7507; never negotiated.
        TLS_FALLBACK_SCSV = 0x5600, "TLS_FALLBACK_SCSV";
        /// Signalling value, RFC 5746; never negotiated.
        TLS_EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV";
    }
}

/// A TLS 1.3 cipher suite with what it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tls13Suite {
    /// Its number and name.
    pub(crate) suite: CipherSuite,
    /// The AEAD that protects records.
    pub(crate) aead: Aead,
    /// The hash of the key schedule and the transcript.
    pub(crate) hash: Hash,
    /// Records that one key may protect before KeyUpdate, RFC 8446 Section 5.5: 2^24.5 full-size records for
    /// AES-GCM, rounded down. ChaCha20-Poly1305 outlives its sequence number. For AES-CCM RFC 9147 Section 4.5.3 and
    /// Appendix B give 2^23.
    pub(crate) confidentiality_limit: u64,
}

/// All TLS 1.3 suites, in the order of preference given above.
pub(crate) const TLS13_SUITES: [Tls13Suite; 5] = [
    Tls13Suite {
        suite: CipherSuite::TLS_AES_128_GCM_SHA256,
        aead: Aead::Aes128Gcm,
        hash: Hash::Sha256,
        confidentiality_limit: 1 << 24,
    },
    Tls13Suite {
        suite: CipherSuite::TLS_AES_256_GCM_SHA384,
        aead: Aead::Aes256Gcm,
        hash: Hash::Sha384,
        confidentiality_limit: 1 << 24,
    },
    Tls13Suite {
        suite: CipherSuite::TLS_CHACHA20_POLY1305_SHA256,
        aead: Aead::ChaCha20Poly1305,
        hash: Hash::Sha256,
        // Long before the sequence number would wrap.
        confidentiality_limit: 1 << 63,
    },
    Tls13Suite {
        suite: CipherSuite::TLS_AES_128_CCM_SHA256,
        aead: Aead::Aes128Ccm,
        hash: Hash::Sha256,
        confidentiality_limit: 1 << 23,
    },
    Tls13Suite {
        suite: CipherSuite::TLS_AES_128_CCM_8_SHA256,
        aead: Aead::Aes128Ccm8,
        hash: Hash::Sha256,
        confidentiality_limit: 1 << 23,
    },
];

impl CipherSuite {
    /// What the suite is made of, if it is one of TLS 1.3.
    pub(crate) fn tls13(self) -> Option<Tls13Suite> {
        TLS13_SUITES.into_iter().find(|row| row.suite == self)
    }
}
