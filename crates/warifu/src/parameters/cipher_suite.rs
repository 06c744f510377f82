//! Cipher suites: all their names and numbers, and the table of those of TLS 1.3. Those of older versions are in
//! `legacy_suite.rs`.
//!
//! Order of preference, best first, and why (the default list is a prefix of it):
//!
//! 1. AES-128-GCM before AES-256-GCM: on every machine with AES instructions it is the fastest, and
//!    its 128-bit security level is that of the certificates and classical groups around it.
//! 2. ChaCha20-Poly1305 last of the three: it wins only on machines without AES instructions. Such a
//!    client says so by putting it first, and a server that has no preference of its own obeys.
//! 3. AES-CCM exists for constrained devices that have no GCM. CCM-8 has a tag of 8 bytes (forgeries
//!    succeed once in 2^64 tries), so both are used only when asked for by name.

use core::ops::RangeInclusive;

use super::ProtocolVersion;
#[cfg(feature = "legacy")]
use super::legacy_suite::LEGACY_SUITES;
use super::registry::registry;
use warifu_crypto::{Aead, Hash};

registry! {
    /// CipherSuite, RFC 8446 Appendix B.4 and the IANA registry "TLS Cipher Suites".
    ///
    /// A constant here is a name only; which suites there are and what they are made of stands in the tables.
    pub struct CipherSuite(u16) {
        TLS_AES_128_GCM_SHA256 = 0x1301, "TLS_AES_128_GCM_SHA256";
        TLS_AES_256_GCM_SHA384 = 0x1302, "TLS_AES_256_GCM_SHA384";
        TLS_CHACHA20_POLY1305_SHA256 = 0x1303, "TLS_CHACHA20_POLY1305_SHA256";
        TLS_AES_128_CCM_SHA256 = 0x1304, "TLS_AES_128_CCM_SHA256";
        TLS_AES_128_CCM_8_SHA256 = 0x1305, "TLS_AES_128_CCM_8_SHA256";
        TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 = 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
        TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 = 0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
        TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 = 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256";
        TLS_ECDHE_ECDSA_WITH_AES_128_CCM = 0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM";
        TLS_ECDHE_ECDSA_WITH_AES_256_CCM = 0xc0ad, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM";
        TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 = 0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8";
        TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8 = 0xc0af, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8";
        TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA = 0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA";
        TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA = 0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA";
        TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 = 0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256";
        TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384 = 0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384";
        TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA = 0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA";
        TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 = 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
        TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 = 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384";
        TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 = 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256";
        TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA = 0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA";
        TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA = 0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA";
        TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256 = 0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256";
        TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384 = 0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384";
        TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA = 0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA";
        TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256 = 0xd001, "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256";
        TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384 = 0xd002, "TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384";
        TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256 = 0xccac, "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256";
        TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256 = 0xd005, "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256";
        TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256 = 0xd003, "TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256";
        TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA = 0xc035, "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA";
        TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA = 0xc036, "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA";
        TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256 = 0xc037, "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256";
        TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384 = 0xc038, "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384";
        TLS_ECDHE_PSK_WITH_3DES_EDE_CBC_SHA = 0xc034, "TLS_ECDHE_PSK_WITH_3DES_EDE_CBC_SHA";
        TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 = 0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256";
        TLS_DHE_RSA_WITH_AES_256_GCM_SHA384 = 0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384";
        TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256 = 0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256";
        TLS_DHE_RSA_WITH_AES_128_CCM = 0xc09e, "TLS_DHE_RSA_WITH_AES_128_CCM";
        TLS_DHE_RSA_WITH_AES_256_CCM = 0xc09f, "TLS_DHE_RSA_WITH_AES_256_CCM";
        TLS_DHE_RSA_WITH_AES_128_CCM_8 = 0xc0a2, "TLS_DHE_RSA_WITH_AES_128_CCM_8";
        TLS_DHE_RSA_WITH_AES_256_CCM_8 = 0xc0a3, "TLS_DHE_RSA_WITH_AES_256_CCM_8";
        TLS_DHE_RSA_WITH_AES_128_CBC_SHA = 0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA";
        TLS_DHE_RSA_WITH_AES_256_CBC_SHA = 0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA";
        TLS_DHE_RSA_WITH_AES_128_CBC_SHA256 = 0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256";
        TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA = 0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA";
        TLS_DHE_PSK_WITH_AES_128_GCM_SHA256 = 0x00aa, "TLS_DHE_PSK_WITH_AES_128_GCM_SHA256";
        TLS_DHE_PSK_WITH_AES_256_GCM_SHA384 = 0x00ab, "TLS_DHE_PSK_WITH_AES_256_GCM_SHA384";
        TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256 = 0xccad, "TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256";
        TLS_DHE_PSK_WITH_AES_128_CCM = 0xc0a6, "TLS_DHE_PSK_WITH_AES_128_CCM";
        TLS_DHE_PSK_WITH_AES_256_CCM = 0xc0a7, "TLS_DHE_PSK_WITH_AES_256_CCM";
        TLS_PSK_DHE_WITH_AES_128_CCM_8 = 0xc0aa, "TLS_PSK_DHE_WITH_AES_128_CCM_8";
        TLS_PSK_DHE_WITH_AES_256_CCM_8 = 0xc0ab, "TLS_PSK_DHE_WITH_AES_256_CCM_8";
        TLS_DHE_PSK_WITH_AES_128_CBC_SHA = 0x0090, "TLS_DHE_PSK_WITH_AES_128_CBC_SHA";
        TLS_DHE_PSK_WITH_AES_256_CBC_SHA = 0x0091, "TLS_DHE_PSK_WITH_AES_256_CBC_SHA";
        TLS_DHE_PSK_WITH_AES_128_CBC_SHA256 = 0x00b2, "TLS_DHE_PSK_WITH_AES_128_CBC_SHA256";
        TLS_DHE_PSK_WITH_AES_256_CBC_SHA384 = 0x00b3, "TLS_DHE_PSK_WITH_AES_256_CBC_SHA384";
        TLS_DHE_PSK_WITH_3DES_EDE_CBC_SHA = 0x008f, "TLS_DHE_PSK_WITH_3DES_EDE_CBC_SHA";
        TLS_RSA_WITH_AES_128_GCM_SHA256 = 0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256";
        TLS_RSA_WITH_AES_256_GCM_SHA384 = 0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384";
        TLS_RSA_WITH_AES_128_CCM = 0xc09c, "TLS_RSA_WITH_AES_128_CCM";
        TLS_RSA_WITH_AES_256_CCM = 0xc09d, "TLS_RSA_WITH_AES_256_CCM";
        TLS_RSA_WITH_AES_128_CCM_8 = 0xc0a0, "TLS_RSA_WITH_AES_128_CCM_8";
        TLS_RSA_WITH_AES_256_CCM_8 = 0xc0a1, "TLS_RSA_WITH_AES_256_CCM_8";
        TLS_RSA_WITH_AES_128_CBC_SHA = 0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA";
        TLS_RSA_WITH_AES_256_CBC_SHA = 0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA";
        TLS_RSA_WITH_AES_128_CBC_SHA256 = 0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256";
        TLS_RSA_WITH_3DES_EDE_CBC_SHA = 0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA";
        TLS_RSA_PSK_WITH_AES_128_GCM_SHA256 = 0x00ac, "TLS_RSA_PSK_WITH_AES_128_GCM_SHA256";
        TLS_RSA_PSK_WITH_AES_256_GCM_SHA384 = 0x00ad, "TLS_RSA_PSK_WITH_AES_256_GCM_SHA384";
        TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256 = 0xccae, "TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256";
        TLS_RSA_PSK_WITH_AES_128_CBC_SHA = 0x0094, "TLS_RSA_PSK_WITH_AES_128_CBC_SHA";
        TLS_RSA_PSK_WITH_AES_256_CBC_SHA = 0x0095, "TLS_RSA_PSK_WITH_AES_256_CBC_SHA";
        TLS_RSA_PSK_WITH_AES_128_CBC_SHA256 = 0x00b6, "TLS_RSA_PSK_WITH_AES_128_CBC_SHA256";
        TLS_RSA_PSK_WITH_AES_256_CBC_SHA384 = 0x00b7, "TLS_RSA_PSK_WITH_AES_256_CBC_SHA384";
        TLS_RSA_PSK_WITH_3DES_EDE_CBC_SHA = 0x0093, "TLS_RSA_PSK_WITH_3DES_EDE_CBC_SHA";
        TLS_PSK_WITH_AES_128_GCM_SHA256 = 0x00a8, "TLS_PSK_WITH_AES_128_GCM_SHA256";
        TLS_PSK_WITH_AES_256_GCM_SHA384 = 0x00a9, "TLS_PSK_WITH_AES_256_GCM_SHA384";
        TLS_PSK_WITH_CHACHA20_POLY1305_SHA256 = 0xccab, "TLS_PSK_WITH_CHACHA20_POLY1305_SHA256";
        TLS_PSK_WITH_AES_128_CCM = 0xc0a4, "TLS_PSK_WITH_AES_128_CCM";
        TLS_PSK_WITH_AES_256_CCM = 0xc0a5, "TLS_PSK_WITH_AES_256_CCM";
        TLS_PSK_WITH_AES_128_CCM_8 = 0xc0a8, "TLS_PSK_WITH_AES_128_CCM_8";
        TLS_PSK_WITH_AES_256_CCM_8 = 0xc0a9, "TLS_PSK_WITH_AES_256_CCM_8";
        TLS_PSK_WITH_AES_128_CBC_SHA = 0x008c, "TLS_PSK_WITH_AES_128_CBC_SHA";
        TLS_PSK_WITH_AES_256_CBC_SHA = 0x008d, "TLS_PSK_WITH_AES_256_CBC_SHA";
        TLS_PSK_WITH_AES_128_CBC_SHA256 = 0x00ae, "TLS_PSK_WITH_AES_128_CBC_SHA256";
        TLS_PSK_WITH_AES_256_CBC_SHA384 = 0x00af, "TLS_PSK_WITH_AES_256_CBC_SHA384";
        TLS_PSK_WITH_3DES_EDE_CBC_SHA = 0x008b, "TLS_PSK_WITH_3DES_EDE_CBC_SHA";
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
    /// All that are implemented, best first, those of TLS 1.3 before those of older versions.
    pub fn implemented() -> impl Iterator<Item = Self> {
        let suites = TLS13_SUITES.iter().map(|row| row.suite);
        #[cfg(feature = "legacy")]
        let suites = suites.chain(LEGACY_SUITES.iter().map(|row| row.suite));
        suites
    }

    /// The versions of TLS that can use it; `None` if it is not implemented.
    ///
    /// ```
    /// use warifu::parameters::{CipherSuite, ProtocolVersion};
    ///
    /// let only = ProtocolVersion::TLS1_3..=ProtocolVersion::TLS1_3;
    /// assert_eq!(CipherSuite::TLS_AES_128_GCM_SHA256.versions(), Some(only));
    /// assert_eq!(CipherSuite::TLS_FALLBACK_SCSV.versions(), None);
    /// ```
    pub fn versions(self) -> Option<RangeInclusive<ProtocolVersion>> {
        if self.tls13().is_some() {
            return Some(ProtocolVersion::TLS1_3..=ProtocolVersion::TLS1_3);
        }
        #[cfg(feature = "legacy")]
        if let Some(row) = self.legacy() {
            return Some(row.min_version..=ProtocolVersion::TLS1_2);
        }
        None
    }

    /// How keys are agreed, in the words of its name: `ECDHE_RSA`, `DHE_PSK`, `RSA`. `None` for suites of TLS 1.3, which leave
    /// that to extensions, and for those that are not implemented.
    pub fn key_exchange(self) -> Option<&'static str> {
        #[cfg(feature = "legacy")]
        if let Some(row) = self.legacy() {
            return Some(row.key_exchange.name());
        }
        None
    }

    /// What the suite is made of, if it is one of TLS 1.3.
    pub(crate) fn tls13(self) -> Option<Tls13Suite> {
        TLS13_SUITES.into_iter().find(|row| row.suite == self)
    }
}
