//! Signature schemes.

use super::registry::registry;
use warifu_crypto::SignatureAlgorithm;

registry! {
    /// SignatureScheme, RFC 8446 Section 4.2.3; ML-DSA from draft-ietf-tls-mldsa.
    pub struct SignatureScheme(u16) {
        RSA_PKCS1_SHA1 = 0x0201, "rsa_pkcs1_sha1";
        ECDSA_SHA1 = 0x0203, "ecdsa_sha1";
        RSA_PKCS1_SHA256 = 0x0401, "rsa_pkcs1_sha256";
        RSA_PKCS1_SHA384 = 0x0501, "rsa_pkcs1_sha384";
        RSA_PKCS1_SHA512 = 0x0601, "rsa_pkcs1_sha512";
        ECDSA_SECP256R1_SHA256 = 0x0403, "ecdsa_secp256r1_sha256";
        ECDSA_SECP384R1_SHA384 = 0x0503, "ecdsa_secp384r1_sha384";
        ECDSA_SECP521R1_SHA512 = 0x0603, "ecdsa_secp521r1_sha512";
        RSA_PSS_RSAE_SHA256 = 0x0804, "rsa_pss_rsae_sha256";
        RSA_PSS_RSAE_SHA384 = 0x0805, "rsa_pss_rsae_sha384";
        RSA_PSS_RSAE_SHA512 = 0x0806, "rsa_pss_rsae_sha512";
        ED25519 = 0x0807, "ed25519";
        ED448 = 0x0808, "ed448";
        RSA_PSS_PSS_SHA256 = 0x0809, "rsa_pss_pss_sha256";
        RSA_PSS_PSS_SHA384 = 0x080a, "rsa_pss_pss_sha384";
        RSA_PSS_PSS_SHA512 = 0x080b, "rsa_pss_pss_sha512";
        MLDSA44 = 0x0904, "mldsa44";
        MLDSA65 = 0x0905, "mldsa65";
        MLDSA87 = 0x0906, "mldsa87";
        /// RSA with MD5 and SHA-1 together, the only signature by RSA in TLS 1.0 and 1.1 (RFC 2246 Section 4.7), which has
        /// no number of its own: this one is of the registry's range for private use and never on the wire.
        RSA_PKCS1_MD5_SHA1 = 0xff01, "rsa_pkcs1_md5_sha1";
    }
}

impl SignatureScheme {
    /// The algorithm behind the scheme, if there is one here.
    pub(crate) fn algorithm(self) -> Option<SignatureAlgorithm> {
        SignatureAlgorithm::from_iana(self.0)
    }

    /// Whether TLS 1.3 allows it in CertificateVerify: RSA PKCS#1 v1.5 and SHA-1 may appear only inside
    /// certificates (RFC 8446 Section 4.2.3).
    pub(crate) fn signs_tls13_handshakes(self) -> bool {
        !matches!(
            self,
            Self::RSA_PKCS1_SHA1
                | Self::ECDSA_SHA1
                | Self::RSA_PKCS1_SHA256
                | Self::RSA_PKCS1_SHA384
                | Self::RSA_PKCS1_SHA512
        ) && self.algorithm().is_some()
    }

    /// Whether it is made with an RSA key.
    #[cfg(feature = "legacy")]
    pub(crate) fn is_rsa(self) -> bool {
        matches!(
            self,
            Self::RSA_PKCS1_SHA1
                | Self::RSA_PKCS1_SHA256
                | Self::RSA_PKCS1_SHA384
                | Self::RSA_PKCS1_SHA512
                | Self::RSA_PSS_RSAE_SHA256
                | Self::RSA_PSS_RSAE_SHA384
                | Self::RSA_PSS_RSAE_SHA512
                | Self::RSA_PSS_PSS_SHA256
                | Self::RSA_PSS_PSS_SHA384
                | Self::RSA_PSS_PSS_SHA512
        )
    }

    /// Whether some version here allows it in handshakes: those of TLS 1.3, and from TLS 1.2 RSA PKCS#1 v1.5 with SHA-2.
    pub(crate) fn signs_handshakes(self) -> bool {
        self.signs_tls13_handshakes()
            || cfg!(feature = "legacy")
                && matches!(
                    self,
                    Self::RSA_PKCS1_SHA256 | Self::RSA_PKCS1_SHA384 | Self::RSA_PKCS1_SHA512
                )
    }
}
