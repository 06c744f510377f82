//! The signatures of TLS 1.2 and older that TLS 1.3 has no name for.
//!
//! TLS 1.0 and 1.1 sign MD5 and SHA-1 in a row with RSA, and SHA-1 with ECDSA (RFC 4346 Section 7.4.3, RFC 8422
//! Section 5.4). TLS 1.2 names hash and algorithm (RFC 5246 Section 7.4.1.4.1), but not the curve. Both hashes are broken
//! against collisions; whether they are taken at all is for the configuration to say.

use crate::ffi::Scheme;
use crate::{CryptoError, Hash, KeyKind, PrivateKey, PublicKey};

/// A signature algorithm of TLS 1.2 and older beside those of [`SignatureAlgorithm`](crate::SignatureAlgorithm).
#[derive(Copy, Clone, Eq, PartialEq, Debug, Hash)]
pub enum LegacySignature {
    /// RSASSA-PKCS1-v1_5 over MD5 and SHA-1 in a row, without DigestInfo: TLS 1.0 and 1.1.
    RsaPkcs1Md5Sha1,
    /// rsa_pkcs1_sha1: TLS 1.2.
    RsaPkcs1Sha1,
    /// ecdsa_sha1, with any curve: TLS 1.0 to 1.2.
    EcdsaSha1,
    /// ECDSA with SHA-256 and any curve: TLS 1.2.
    EcdsaSha256,
    /// ECDSA with SHA-384 and any curve: TLS 1.2.
    EcdsaSha384,
    /// ECDSA with SHA-512 and any curve: TLS 1.2.
    EcdsaSha512,
}

impl LegacySignature {
    /// Every algorithm.
    pub const ALL: [Self; 6] = [
        Self::RsaPkcs1Md5Sha1,
        Self::RsaPkcs1Sha1,
        Self::EcdsaSha1,
        Self::EcdsaSha256,
        Self::EcdsaSha384,
        Self::EcdsaSha512,
    ];

    /// Whether keys of this kind make such signatures.
    #[must_use]
    pub fn fits(self, kind: KeyKind) -> bool {
        match self {
            Self::RsaPkcs1Md5Sha1 | Self::RsaPkcs1Sha1 => matches!(kind, KeyKind::Rsa { .. }),
            Self::EcdsaSha1 | Self::EcdsaSha256 | Self::EcdsaSha384 | Self::EcdsaSha512 => {
                matches!(kind, KeyKind::EcP256 | KeyKind::EcP384 | KeyKind::EcP521)
            }
        }
    }

    fn scheme(self) -> Scheme {
        match self {
            Self::RsaPkcs1Md5Sha1 => Scheme::Pkcs1Md5Sha1,
            Self::RsaPkcs1Sha1 => Scheme::Pkcs1Sha1,
            Self::EcdsaSha1 => Scheme::EcdsaSha1,
            Self::EcdsaSha256 => Scheme::Ecdsa(Hash::Sha256),
            Self::EcdsaSha384 => Scheme::Ecdsa(Hash::Sha384),
            Self::EcdsaSha512 => Scheme::Ecdsa(Hash::Sha512),
        }
    }
}

impl PublicKey {
    /// Whether the key verifies signatures of this algorithm.
    #[must_use]
    pub fn supports_legacy(&self, algorithm: LegacySignature) -> bool {
        algorithm.fits(self.kind())
    }

    /// Verifies `signature` of `message` (not of its hash). ECDSA signatures are in DER.
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`] if the algorithm does not fit the key, [`CryptoError::BadSignature`] if the signature
    /// is not valid.
    pub fn verify_legacy(
        &self,
        algorithm: LegacySignature,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        if !self.supports_legacy(algorithm) {
            return Err(CryptoError::Unsupported);
        }
        if self.key.verify(algorithm.scheme(), message, signature) {
            Ok(())
        } else {
            Err(CryptoError::BadSignature)
        }
    }
}

impl PrivateKey {
    /// Signs `message` (not its hash). ECDSA signatures are in DER, as TLS carries them.
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`] if the algorithm does not fit the key, [`CryptoError::Failed`] if the library cannot
    /// sign.
    pub fn sign_legacy(
        &self,
        algorithm: LegacySignature,
        message: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        if !algorithm.fits(self.kind()) {
            return Err(CryptoError::Unsupported);
        }
        self.key
            .sign(algorithm.scheme(), message)
            .ok_or(CryptoError::Failed)
    }
}
