//! Private keys: read from DER in each usual form, made, written, and used to sign.

use crate::der;
use crate::ffi::{Curve, Generate, MlDsa, Pkey};
use crate::signature::{Family, PssRestriction, RSA_PSS, check_rsa_size, pss_has_room};
use crate::{CryptoError, Hash, KeyKind, PublicKey, RsaMinimum, Secret, SignatureAlgorithm};
use core::fmt;
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::Kdf;

/// Most PBKDF2 iterations spent on opening an encrypted key: some seconds. OpenSSL 3 writes 2048, careful
/// people 600 000.
pub const MAX_PBKDF2_ITERATIONS: u32 = 10_000_000;

/// Most memory in bytes that scrypt may take for opening an encrypted key. OpenSSL's default takes 16 MiB.
pub const MAX_SCRYPT_MEMORY: u64 = 256 * 1024 * 1024;

/// Most times scrypt's memory may be filled (its parameter p).
const MAX_SCRYPT_PARALLELIZATION: u16 = 16;

/// A private key that signs. Shared between threads as it is.
pub struct PrivateKey {
    pub(crate) key: Pkey,
    kind: KeyKind,
    pss: PssRestriction,
    /// For a PSS key the content of its AlgorithmIdentifier, which is written back as it was read.
    pss_identifier: Option<Box<[u8]>>,
    spki: Box<[u8]>,
}

impl PrivateKey {
    /// Reads a key in DER: PKCS#8 (RFC 5958), PKCS#1 for RSA (RFC 8017 Appendix A.1.2) or SEC1 for elliptic
    /// curves (RFC 5915). The form is told from the content. ML-DSA keys may hold the seed, the expanded
    /// key or both (RFC 9881 Section 6).
    ///
    /// # Errors
    /// [`CryptoError::BadPassphrase`] if the key is encrypted: use
    /// [`from_encrypted_pkcs8`](Self::from_encrypted_pkcs8). [`CryptoError::Unsupported`] for another algorithm,
    /// curve or parameters, or RSA above 8192 bits; [`CryptoError::WeakKey`] for RSA under 2048 bits;
    /// [`CryptoError::InvalidKey`] for anything malformed, and for halves that do not belong together.
    pub fn from_der(der: &[u8]) -> Result<Self, CryptoError> {
        Self::from_der_with(der, RsaMinimum::Bits2048)
    }

    /// As [`from_der`](Self::from_der), with another least size of RSA keys.
    ///
    /// # Errors
    /// As [`from_der`](Self::from_der); [`CryptoError::WeakKey`] for RSA below `minimum`.
    pub fn from_der_with(der: &[u8], minimum: RsaMinimum) -> Result<Self, CryptoError> {
        let invalid = CryptoError::InvalidKey;
        let mut reader = der::Reader::new(der::single(der, der::SEQUENCE).ok_or(invalid)?);
        if reader.peek() == Some(der::SEQUENCE) {
            // EncryptedPrivateKeyInfo: an AlgorithmIdentifier where all other forms have a version.
            return Err(CryptoError::BadPassphrase);
        }
        reader.element(der::INTEGER).ok_or(invalid)?;
        match reader.peek() {
            Some(der::SEQUENCE) => Self::from_pkcs8(der, reader, minimum),
            Some(der::INTEGER) => {
                let family = Family::Rsa;
                Self::from_pkcs8_parts(family, PssRestriction::None, None, der, minimum)
            }
            Some(der::OCTET_STRING) => Self::from_sec1(der, reader),
            _ => Err(invalid),
        }
    }

    /// `rest` stands after the version of the PrivateKeyInfo `der`.
    fn from_pkcs8(
        der: &[u8],
        mut rest: der::Reader<'_>,
        minimum: RsaMinimum,
    ) -> Result<Self, CryptoError> {
        let invalid = CryptoError::InvalidKey;
        let identifier = rest.element(der::SEQUENCE).ok_or(invalid)?;
        let private_key = rest.element(der::OCTET_STRING).ok_or(invalid)?;
        let (family, pss) = Family::from_algorithm_identifier(identifier)?;
        if family == Family::RsaPss {
            return Self::from_pkcs8_parts(family, pss, Some(identifier), private_key, minimum);
        }
        // The whole, with the attributes and the public key that may follow, for AWS-LC to check.
        let key = Pkey::from_pkcs8(der).ok_or(invalid)?;
        Self::from_key(key, family, pss, None, minimum)
    }

    /// `rest` stands after the version of the ECPrivateKey `der`.
    fn from_sec1(der: &[u8], mut rest: der::Reader<'_>) -> Result<Self, CryptoError> {
        let invalid = CryptoError::InvalidKey;
        rest.element(der::OCTET_STRING).ok_or(invalid)?;
        // RFC 5915 Section 3: the parameters are optional in the syntax, yet "MUST always" be there.
        let curve = rest.element(der::explicit(0)).ok_or(invalid)?;
        let identifier = [EC_PUBLIC_KEY, curve].concat();
        let (family, pss) = Family::from_algorithm_identifier(&identifier)?;
        Self::from_pkcs8_parts(family, pss, None, der, RsaMinimum::Bits2048)
    }

    /// Puts a PrivateKeyInfo together for AWS-LC.
    fn from_pkcs8_parts(
        family: Family,
        pss: PssRestriction,
        pss_identifier: Option<&[u8]>,
        private_key: &[u8],
        minimum: RsaMinimum,
    ) -> Result<Self, CryptoError> {
        let pkcs8 = private_key_info(family.library_identifier(), private_key);
        let key = Pkey::from_pkcs8(pkcs8.as_bytes()).ok_or(CryptoError::InvalidKey)?;
        Self::from_key(key, family, pss, pss_identifier, minimum)
    }

    fn from_key(
        key: Pkey,
        family: Family,
        pss: PssRestriction,
        pss_identifier: Option<&[u8]>,
        minimum: RsaMinimum,
    ) -> Result<Self, CryptoError> {
        let kind = family.kind(&key);
        check_rsa_size(kind, minimum)?;
        let mut spki = key.to_spki().ok_or(CryptoError::InvalidKey)?;
        if let Some(identifier) = pss_identifier {
            let content = der::single(&spki, der::SEQUENCE).ok_or(CryptoError::Failed)?;
            let mut reader = der::Reader::new(content);
            reader.element(der::SEQUENCE).ok_or(CryptoError::Failed)?;
            let bits = reader.element(der::BIT_STRING).ok_or(CryptoError::Failed)?;
            spki = der::wrap(
                der::SEQUENCE,
                &[
                    der::wrap(der::SEQUENCE, &[identifier]).as_bytes(),
                    der::wrap(der::BIT_STRING, &[bits]).as_bytes(),
                ],
            )
            .as_bytes()
            .to_vec();
        }
        Ok(Self {
            key,
            kind,
            pss,
            pss_identifier: pss_identifier.map(Box::from),
            spki: spki.into_boxed_slice(),
        })
    }

    /// Opens a DER EncryptedPrivateKeyInfo (RFC 5958 Section 3) with PBES2 (RFC 8018): PBKDF2 or scrypt, AES-CBC,
    /// AES-GCM or 3DES-CBC.
    ///
    /// At most [`MAX_PBKDF2_ITERATIONS`] and [`MAX_SCRYPT_MEMORY`] are spent on it.
    ///
    /// # Errors
    /// [`CryptoError::BadPassphrase`] if the passphrase is wrong, [`CryptoError::TooCostly`] above the limits,
    /// [`CryptoError::Unsupported`] for other schemes (PBES1, PKCS#12's), [`CryptoError::InvalidKey`] if it
    /// is no EncryptedPrivateKeyInfo at all, and what [`from_der`](Self::from_der) says of the key inside.
    pub fn from_encrypted_pkcs8(der: &[u8], passphrase: &[u8]) -> Result<Self, CryptoError> {
        Self::from_encrypted_pkcs8_with(der, passphrase, RsaMinimum::Bits2048)
    }

    /// As [`from_encrypted_pkcs8`](Self::from_encrypted_pkcs8), with another least size of RSA keys.
    ///
    /// # Errors
    /// As [`from_encrypted_pkcs8`](Self::from_encrypted_pkcs8); [`CryptoError::WeakKey`] for RSA below `minimum`.
    pub fn from_encrypted_pkcs8_with(
        der: &[u8],
        passphrase: &[u8],
        minimum: RsaMinimum,
    ) -> Result<Self, CryptoError> {
        let encrypted_private_key_info = der::single(der, der::SEQUENCE)
            .is_some_and(|content| content.first() == Some(&der::SEQUENCE));
        if !encrypted_private_key_info {
            return Err(CryptoError::InvalidKey);
        }
        // What the parser refuses in a well-formed structure is an algorithm it does not know.
        let info =
            EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| CryptoError::Unsupported)?;
        let EncryptionScheme::Pbes2(parameters) = &info.encryption_algorithm else {
            return Err(CryptoError::Unsupported);
        };
        check_cost(&parameters.kdf)?;
        let mut buffer = Secret::from_slice(info.encrypted_data.as_ref());
        let plain = match parameters.decrypt_in_place(passphrase, buffer.as_mut_bytes()) {
            Ok(plain) => plain,
            Err(pkcs8::pkcs5::Error::DecryptFailed) => return Err(CryptoError::BadPassphrase),
            Err(_) => return Err(CryptoError::Unsupported),
        };
        // A wrong passphrase leaves right CBC padding once in 256 times, but then no DER.
        if der::single(plain, der::SEQUENCE).is_none() {
            return Err(CryptoError::BadPassphrase);
        }
        match Self::from_der_with(plain, minimum) {
            // Encrypted twice: no passphrase would help.
            Err(CryptoError::BadPassphrase) => Err(CryptoError::InvalidKey),
            result => result,
        }
    }

    /// Makes a new key.
    ///
    /// # Errors
    /// [`CryptoError::WeakKey`] and [`CryptoError::Unsupported`] for RSA sizes outside 2048 to 8192 bits,
    /// [`CryptoError::Failed`] if the library cannot.
    pub fn generate(kind: KeyKind) -> Result<Self, CryptoError> {
        check_rsa_size(kind, RsaMinimum::Bits2048)?;
        let (what, family) = match kind {
            KeyKind::EcP256 => (Generate::Ec(Curve::P256), Family::EcP256),
            KeyKind::EcP384 => (Generate::Ec(Curve::P384), Family::EcP384),
            KeyKind::EcP521 => (Generate::Ec(Curve::P521), Family::EcP521),
            KeyKind::Ed25519 => (Generate::Ed25519, Family::Ed25519),
            KeyKind::Rsa { bits } | KeyKind::RsaPss { bits } => {
                let bits = u16::try_from(bits).map_err(|_| CryptoError::Unsupported)?;
                let pss = matches!(kind, KeyKind::RsaPss { .. });
                (
                    Generate::Rsa { bits },
                    if pss { Family::RsaPss } else { Family::Rsa },
                )
            }
            KeyKind::MlDsa44 => (
                Generate::MlDsa(MlDsa::MlDsa44),
                Family::MlDsa(MlDsa::MlDsa44),
            ),
            KeyKind::MlDsa65 => (
                Generate::MlDsa(MlDsa::MlDsa65),
                Family::MlDsa(MlDsa::MlDsa65),
            ),
            KeyKind::MlDsa87 => (
                Generate::MlDsa(MlDsa::MlDsa87),
                Family::MlDsa(MlDsa::MlDsa87),
            ),
        };
        let key = Pkey::generate(what).ok_or(CryptoError::Failed)?;
        let pss_identifier = (family == Family::RsaPss).then_some(RSA_PSS);
        Self::from_key(
            key,
            family,
            PssRestriction::None,
            pss_identifier,
            RsaMinimum::Bits2048,
        )
    }

    /// The key as PKCS#8 in DER, version 1, unencrypted. ML-DSA: the seed if it is known, else the expanded key.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] if the library cannot.
    pub fn to_pkcs8_der(&self) -> Result<Secret, CryptoError> {
        let failed = CryptoError::Failed;
        if let Some(pkcs8) = self.key.to_pkcs8() {
            let Some(identifier) = &self.pss_identifier else {
                return Ok(pkcs8);
            };
            let content = der::single(pkcs8.as_bytes(), der::SEQUENCE).ok_or(failed)?;
            let mut reader = der::Reader::new(content);
            reader.element(der::INTEGER).ok_or(failed)?;
            reader.element(der::SEQUENCE).ok_or(failed)?;
            let private_key = reader.element(der::OCTET_STRING).ok_or(failed)?;
            return Ok(private_key_info(identifier, private_key));
        }
        let expanded = self.key.raw_private_key().ok_or(failed)?;
        let family = match self.kind {
            KeyKind::MlDsa44 => Family::MlDsa(MlDsa::MlDsa44),
            KeyKind::MlDsa65 => Family::MlDsa(MlDsa::MlDsa65),
            KeyKind::MlDsa87 => Family::MlDsa(MlDsa::MlDsa87),
            _ => return Err(failed),
        };
        let private_key = der::wrap(der::OCTET_STRING, &[expanded.as_bytes()]);
        Ok(private_key_info(
            family.library_identifier(),
            private_key.as_bytes(),
        ))
    }

    /// What the key is.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The public half as a DER SubjectPublicKeyInfo, to compare with a certificate's.
    #[must_use]
    pub fn public_key_spki(&self) -> &[u8] {
        &self.spki
    }

    /// The public half, to verify with.
    ///
    /// # Errors
    /// [`CryptoError::InvalidKey`] if the library cannot read back what it wrote.
    pub fn public_key(&self) -> Result<PublicKey, CryptoError> {
        // Whatever size was allowed for this key is allowed for its half.
        PublicKey::from_spki_der_with(&self.spki, RsaMinimum::Bits1024)
    }

    /// What the key can sign with, in our order of preference: what TLS 1.3 takes in CertificateVerify first.
    #[must_use]
    pub fn algorithms(&self) -> &'static [SignatureAlgorithm] {
        use SignatureAlgorithm as Alg;
        match (self.kind, self.pss) {
            (KeyKind::EcP256, _) => &[Alg::EcdsaP256Sha256],
            (KeyKind::EcP384, _) => &[Alg::EcdsaP384Sha384],
            (KeyKind::EcP521, _) => &[Alg::EcdsaP521Sha512],
            (KeyKind::Ed25519, _) => &[Alg::Ed25519],
            (KeyKind::Rsa { bits }, _) if !pss_has_room(bits, Hash::Sha512) => &[
                Alg::RsaPssRsaeSha256,
                Alg::RsaPssRsaeSha384,
                Alg::RsaPkcs1Sha256,
                Alg::RsaPkcs1Sha384,
                Alg::RsaPkcs1Sha512,
            ],
            (KeyKind::Rsa { .. }, _) => &[
                Alg::RsaPssRsaeSha256,
                Alg::RsaPssRsaeSha384,
                Alg::RsaPssRsaeSha512,
                Alg::RsaPkcs1Sha256,
                Alg::RsaPkcs1Sha384,
                Alg::RsaPkcs1Sha512,
            ],
            (KeyKind::RsaPss { bits }, PssRestriction::None)
                if !pss_has_room(bits, Hash::Sha512) =>
            {
                &[Alg::RsaPssPssSha256, Alg::RsaPssPssSha384]
            }
            (KeyKind::RsaPss { bits }, PssRestriction::Hash(Hash::Sha512))
                if !pss_has_room(bits, Hash::Sha512) =>
            {
                &[]
            }
            (KeyKind::RsaPss { .. }, PssRestriction::None) => &[
                Alg::RsaPssPssSha256,
                Alg::RsaPssPssSha384,
                Alg::RsaPssPssSha512,
            ],
            (KeyKind::RsaPss { .. }, PssRestriction::Hash(Hash::Sha256)) => &[Alg::RsaPssPssSha256],
            (KeyKind::RsaPss { .. }, PssRestriction::Hash(Hash::Sha384)) => &[Alg::RsaPssPssSha384],
            (KeyKind::RsaPss { .. }, PssRestriction::Hash(Hash::Sha512)) => &[Alg::RsaPssPssSha512],
            (KeyKind::MlDsa44, _) => &[Alg::MlDsa44],
            (KeyKind::MlDsa65, _) => &[Alg::MlDsa65],
            (KeyKind::MlDsa87, _) => &[Alg::MlDsa87],
        }
    }

    /// Signs `message` (not its hash). ECDSA signatures are in DER, as TLS carries them.
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`] if `algorithm` is not among [`algorithms`](Self::algorithms),
    /// [`CryptoError::Failed`] if the library cannot sign.
    pub fn sign(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        if !self.algorithms().contains(&algorithm) {
            return Err(CryptoError::Unsupported);
        }
        self.key
            .sign(algorithm.scheme(), message)
            .ok_or(CryptoError::Failed)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// The OID id-ecPublicKey 1.2.840.10045.2.1, which a SEC1 key leaves unsaid.
const EC_PUBLIC_KEY: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01";

/// PrivateKeyInfo, version 1 (which is written 0), without attributes: RFC 5208 Section 5.
fn private_key_info(identifier: &[u8], private_key: &[u8]) -> Secret {
    der::wrap(
        der::SEQUENCE,
        &[
            &[der::INTEGER, 1, 0],
            der::wrap(der::SEQUENCE, &[identifier]).as_bytes(),
            der::wrap(der::OCTET_STRING, &[private_key]).as_bytes(),
        ],
    )
}

fn check_cost(kdf: &Kdf) -> Result<(), CryptoError> {
    match kdf {
        Kdf::Pbkdf2(parameters) if parameters.iteration_count <= MAX_PBKDF2_ITERATIONS => Ok(()),
        Kdf::Scrypt(parameters) => {
            // RFC 7914 Section 5: N blocks of 128 * r bytes, p times.
            let memory = parameters
                .cost_parameter
                .saturating_mul(128)
                .saturating_mul(parameters.block_size.into());
            if memory <= MAX_SCRYPT_MEMORY
                && parameters.parallelization <= MAX_SCRYPT_PARALLELIZATION
            {
                Ok(())
            } else {
                Err(CryptoError::TooCostly)
            }
        }
        Kdf::Pbkdf2(_) => Err(CryptoError::TooCostly),
        _ => Err(CryptoError::Unsupported),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pkcs8::pkcs5::pbes2::{Pbkdf2Params, ScryptParams};

    #[test]
    fn cost_is_limited_exactly() {
        let pbkdf2 =
            |iterations| Kdf::Pbkdf2(Pbkdf2Params::hmac_sha256(iterations, b"saltsalt").unwrap());
        assert_eq!(check_cost(&pbkdf2(MAX_PBKDF2_ITERATIONS)), Ok(()));
        let refused = check_cost(&pbkdf2(MAX_PBKDF2_ITERATIONS + 1));
        assert_eq!(refused, Err(CryptoError::TooCostly));

        let salt = pbkdf2(1).pbkdf2().unwrap().salt;
        let scrypt = |cost_parameter, block_size, parallelization| {
            check_cost(&Kdf::Scrypt(ScryptParams {
                salt,
                cost_parameter,
                block_size,
                parallelization,
                key_length: None,
            }))
        };
        assert_eq!(scrypt(1 << 18, 8, 16), Ok(()));
        assert_eq!(scrypt(1 << 19, 8, 1), Err(CryptoError::TooCostly));
        assert_eq!(scrypt(1 << 18, 9, 1), Err(CryptoError::TooCostly));
        assert_eq!(scrypt(1 << 18, 8, 17), Err(CryptoError::TooCostly));
        assert_eq!(scrypt(u64::MAX, u16::MAX, 1), Err(CryptoError::TooCostly));
    }
}
