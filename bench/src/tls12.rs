//! What the lines about TLS 1.2 connect with. Extended main secret (RFC 7627) is on in all stacks, as they do by
//! themselves.

/// A cipher suite with the certificate or key that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    EcdheEcdsaAes128Gcm,
    EcdheEcdsaChaCha20,
    EcdheEcdsaAes128CbcSha,
    EcdheEcdsaAes128CbcSha256,
    EcdheRsaAes128Gcm,
    PskAes128Gcm,
    /// Of the suites with ECDHE and a key the one with an AEAD that wolfSSL and OpenSSL both have.
    EcdhePskChaCha20,
}

impl Suite {
    /// As OpenSSL and wolfSSL write it, and ours reads it.
    pub fn name(self) -> &'static str {
        match self {
            Self::EcdheEcdsaAes128Gcm => "ECDHE-ECDSA-AES128-GCM-SHA256",
            Self::EcdheEcdsaChaCha20 => "ECDHE-ECDSA-CHACHA20-POLY1305",
            Self::EcdheEcdsaAes128CbcSha => "ECDHE-ECDSA-AES128-SHA",
            Self::EcdheEcdsaAes128CbcSha256 => "ECDHE-ECDSA-AES128-SHA256",
            Self::EcdheRsaAes128Gcm => "ECDHE-RSA-AES128-GCM-SHA256",
            Self::PskAes128Gcm => "PSK-AES128-GCM-SHA256",
            Self::EcdhePskChaCha20 => "ECDHE-PSK-CHACHA20-POLY1305",
        }
    }
}
