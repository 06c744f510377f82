//! Signature algorithms of TLS 1.3, and public keys that verify with them.

use crate::ffi::{Curve, MlDsa, Pkey, Scheme};
use crate::{CryptoError, Hash, der};
use core::fmt;

/// Smallest RSA modulus in bits that is verified or signed with, unless the caller says otherwise by
/// [`RsaMinimum`]. Smaller ones are within reach of factoring.
pub const MIN_RSA_BITS: u32 = 2048;

/// Largest RSA modulus in bits that is verified with: the work grows with its square and the peer chooses it.
pub const MAX_RSA_BITS: u32 = 8192;

/// Smallest RSA modulus that a key may have.
///
/// Nothing goes below 1024 bits: 829 bits were factored in public in 2020 (RSA-250).
#[derive(Copy, Clone, Eq, PartialEq, Debug, Default, Hash)]
pub enum RsaMinimum {
    /// [`MIN_RSA_BITS`].
    #[default]
    Bits2048,
    /// 1024 bits, which NIST SP 800-131A disallows since 2014: whoever can pay for factoring one such key can sign with
    /// it. For old certificates that cannot be replaced.
    Bits1024,
}

impl RsaMinimum {
    /// The size in bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::Bits2048 => MIN_RSA_BITS,
            Self::Bits1024 => 1024,
        }
    }
}

/// A signature algorithm of TLS 1.3, a SignatureScheme of RFC 8446 Section 4.2.3.
///
/// The ECDSA ones bind the curve, as TLS 1.3 does. RSASSA-PKCS1-v1_5 is for signatures in certificates and for
/// TLS 1.2.
#[derive(Copy, Clone, Eq, PartialEq, Debug, Hash)]
pub enum SignatureAlgorithm {
    /// ecdsa_secp256r1_sha256
    EcdsaP256Sha256,
    /// ecdsa_secp384r1_sha384
    EcdsaP384Sha384,
    /// ecdsa_secp521r1_sha512
    EcdsaP521Sha512,
    /// ed25519
    Ed25519,
    /// rsa_pss_rsae_sha256: a key with the OID rsaEncryption
    RsaPssRsaeSha256,
    /// rsa_pss_rsae_sha384
    RsaPssRsaeSha384,
    /// rsa_pss_rsae_sha512
    RsaPssRsaeSha512,
    /// rsa_pss_pss_sha256: a key with the OID id-RSASSA-PSS
    RsaPssPssSha256,
    /// rsa_pss_pss_sha384
    RsaPssPssSha384,
    /// rsa_pss_pss_sha512
    RsaPssPssSha512,
    /// rsa_pkcs1_sha256
    RsaPkcs1Sha256,
    /// rsa_pkcs1_sha384
    RsaPkcs1Sha384,
    /// rsa_pkcs1_sha512
    RsaPkcs1Sha512,
    /// mldsa44 (draft-ietf-tls-mldsa)
    MlDsa44,
    /// mldsa65
    MlDsa65,
    /// mldsa87
    MlDsa87,
}

impl SignatureAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 16] = [
        Self::EcdsaP256Sha256,
        Self::EcdsaP384Sha384,
        Self::EcdsaP521Sha512,
        Self::Ed25519,
        Self::RsaPssRsaeSha256,
        Self::RsaPssRsaeSha384,
        Self::RsaPssRsaeSha512,
        Self::RsaPssPssSha256,
        Self::RsaPssPssSha384,
        Self::RsaPssPssSha512,
        Self::RsaPkcs1Sha256,
        Self::RsaPkcs1Sha384,
        Self::RsaPkcs1Sha512,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
    ];

    /// The IANA TLS SignatureScheme number.
    #[must_use]
    pub const fn iana(self) -> u16 {
        match self {
            Self::EcdsaP256Sha256 => 0x0403,
            Self::EcdsaP384Sha384 => 0x0503,
            Self::EcdsaP521Sha512 => 0x0603,
            Self::Ed25519 => 0x0807,
            Self::RsaPssRsaeSha256 => 0x0804,
            Self::RsaPssRsaeSha384 => 0x0805,
            Self::RsaPssRsaeSha512 => 0x0806,
            Self::RsaPssPssSha256 => 0x0809,
            Self::RsaPssPssSha384 => 0x080a,
            Self::RsaPssPssSha512 => 0x080b,
            Self::RsaPkcs1Sha256 => 0x0401,
            Self::RsaPkcs1Sha384 => 0x0501,
            Self::RsaPkcs1Sha512 => 0x0601,
            Self::MlDsa44 => 0x0904,
            Self::MlDsa65 => 0x0905,
            Self::MlDsa87 => 0x0906,
        }
    }

    /// The algorithm with this IANA number, if it is one of these.
    #[must_use]
    pub fn from_iana(number: u16) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.iana() == number)
    }

    /// Whether keys of this kind make such signatures. (A PSS key may be restricted further.)
    pub(crate) fn fits(self, kind: KeyKind) -> bool {
        if let (Scheme::Pss(hash), KeyKind::Rsa { bits } | KeyKind::RsaPss { bits }) =
            (self.scheme(), kind)
            && !pss_has_room(bits, hash)
        {
            return false;
        }
        match self {
            Self::EcdsaP256Sha256 => kind == KeyKind::EcP256,
            Self::EcdsaP384Sha384 => kind == KeyKind::EcP384,
            Self::EcdsaP521Sha512 => kind == KeyKind::EcP521,
            Self::Ed25519 => kind == KeyKind::Ed25519,
            Self::RsaPssRsaeSha256
            | Self::RsaPssRsaeSha384
            | Self::RsaPssRsaeSha512
            | Self::RsaPkcs1Sha256
            | Self::RsaPkcs1Sha384
            | Self::RsaPkcs1Sha512 => matches!(kind, KeyKind::Rsa { .. }),
            Self::RsaPssPssSha256 | Self::RsaPssPssSha384 | Self::RsaPssPssSha512 => {
                matches!(kind, KeyKind::RsaPss { .. })
            }
            Self::MlDsa44 => kind == KeyKind::MlDsa44,
            Self::MlDsa65 => kind == KeyKind::MlDsa65,
            Self::MlDsa87 => kind == KeyKind::MlDsa87,
        }
    }

    pub(crate) fn scheme(self) -> Scheme {
        match self {
            Self::EcdsaP256Sha256 => Scheme::Ecdsa(Hash::Sha256),
            Self::EcdsaP384Sha384 => Scheme::Ecdsa(Hash::Sha384),
            Self::EcdsaP521Sha512 => Scheme::Ecdsa(Hash::Sha512),
            Self::RsaPssRsaeSha256 | Self::RsaPssPssSha256 => Scheme::Pss(Hash::Sha256),
            Self::RsaPssRsaeSha384 | Self::RsaPssPssSha384 => Scheme::Pss(Hash::Sha384),
            Self::RsaPssRsaeSha512 | Self::RsaPssPssSha512 => Scheme::Pss(Hash::Sha512),
            Self::RsaPkcs1Sha256 => Scheme::Pkcs1(Hash::Sha256),
            Self::RsaPkcs1Sha384 => Scheme::Pkcs1(Hash::Sha384),
            Self::RsaPkcs1Sha512 => Scheme::Pkcs1(Hash::Sha512),
            Self::Ed25519 | Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => Scheme::Whole,
        }
    }
}

/// What a signature key is.
#[derive(Copy, Clone, Eq, PartialEq, Debug, Hash)]
pub enum KeyKind {
    /// ECDSA on secp256r1.
    EcP256,
    /// ECDSA on secp384r1.
    EcP384,
    /// ECDSA on secp521r1.
    EcP521,
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// RSA, OID rsaEncryption.
    Rsa {
        /// Size of the modulus.
        bits: u32,
    },
    /// RSA, OID id-RSASSA-PSS: for PSS signatures only (RFC 4055).
    RsaPss {
        /// Size of the modulus.
        bits: u32,
    },
    /// ML-DSA-44 (FIPS 204).
    MlDsa44,
    /// ML-DSA-65.
    MlDsa65,
    /// ML-DSA-87.
    MlDsa87,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EcP256 => f.write_str("ECDSA P-256"),
            Self::EcP384 => f.write_str("ECDSA P-384"),
            Self::EcP521 => f.write_str("ECDSA P-521"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
            Self::RsaPss { bits } => write!(f, "RSA-PSS {bits}"),
            Self::MlDsa44 => f.write_str("ML-DSA-44"),
            Self::MlDsa65 => f.write_str("ML-DSA-65"),
            Self::MlDsa87 => f.write_str("ML-DSA-87"),
        }
    }
}

/// A public key, parsed once, that verifies signatures.
pub struct PublicKey {
    pub(crate) key: Pkey,
    kind: KeyKind,
    pss: PssRestriction,
}

impl PublicKey {
    /// From a DER SubjectPublicKeyInfo (RFC 5280 Section 4.1.2.7), as a certificate contains it.
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`] for an algorithm, curve or parameters that are not ours, RSA above
    /// [`MAX_RSA_BITS`] included; [`CryptoError::WeakKey`] for RSA below [`MIN_RSA_BITS`];
    /// [`CryptoError::InvalidKey`] for anything malformed.
    pub fn from_spki_der(spki: &[u8]) -> Result<Self, CryptoError> {
        Self::from_spki_der_with(spki, RsaMinimum::Bits2048)
    }

    /// As [`from_spki_der`](Self::from_spki_der), with another least size of RSA keys.
    ///
    /// # Errors
    /// As [`from_spki_der`](Self::from_spki_der); [`CryptoError::WeakKey`] for RSA below `minimum`.
    pub fn from_spki_der_with(spki: &[u8], minimum: RsaMinimum) -> Result<Self, CryptoError> {
        let content = der::single(spki, der::SEQUENCE).ok_or(CryptoError::InvalidKey)?;
        let mut reader = der::Reader::new(content);
        let algorithm = reader
            .element(der::SEQUENCE)
            .ok_or(CryptoError::InvalidKey)?;
        let public_key = reader
            .element(der::BIT_STRING)
            .and_then(|bits| bits.strip_prefix(&[0]))
            .ok_or(CryptoError::InvalidKey)?;
        if !reader.is_empty() {
            return Err(CryptoError::InvalidKey);
        }
        let (family, _) = Family::from_algorithm_identifier(algorithm)?;
        if algorithm != family.library_identifier() {
            return Self::from_spki_parts_with(algorithm, public_key, minimum);
        }
        // Already in the form that AWS-LC reads.
        check_point_form(family, public_key)?;
        Self::from_library_spki(spki, family, PssRestriction::None, minimum)
    }

    /// From the two parts of a SubjectPublicKeyInfo: the content of its AlgorithmIdentifier (without the
    /// SEQUENCE around it) and the bytes of its BIT STRING (without the count of unused bits), as
    /// certificate path builders hand them out.
    ///
    /// # Errors
    /// As [`from_spki_der`](Self::from_spki_der).
    pub fn from_spki_parts(algorithm: &[u8], public_key: &[u8]) -> Result<Self, CryptoError> {
        Self::from_spki_parts_with(algorithm, public_key, RsaMinimum::Bits2048)
    }

    /// As [`from_spki_parts`](Self::from_spki_parts), with another least size of RSA keys.
    ///
    /// # Errors
    /// As [`from_spki_der_with`](Self::from_spki_der_with).
    pub fn from_spki_parts_with(
        algorithm: &[u8],
        public_key: &[u8],
        minimum: RsaMinimum,
    ) -> Result<Self, CryptoError> {
        let (family, pss) = Family::from_algorithm_identifier(algorithm)?;
        check_point_form(family, public_key)?;
        if let Some(curve) = family.curve() {
            let key = Pkey::from_point(curve, public_key).ok_or(CryptoError::InvalidKey)?;
            let kind = family.kind(&key);
            return Ok(Self { key, kind, pss });
        }
        // SEQUENCE { SEQUENCE { identifier }, BIT STRING { no unused bits, key } }
        let identifier = family.library_identifier();
        let spki = der::wrap(
            der::SEQUENCE,
            &[
                der::Header::new(der::SEQUENCE, identifier.len()).as_ref(),
                identifier,
                der::Header::new(der::BIT_STRING, 1 + public_key.len()).as_ref(),
                &[0],
                public_key,
            ],
        );
        Self::from_library_spki(spki.as_bytes(), family, pss, minimum)
    }

    fn from_library_spki(
        spki: &[u8],
        family: Family,
        pss: PssRestriction,
        minimum: RsaMinimum,
    ) -> Result<Self, CryptoError> {
        let key = Pkey::from_spki(spki).ok_or(CryptoError::InvalidKey)?;
        let kind = family.kind(&key);
        check_rsa_size(kind, minimum)?;
        Ok(Self { key, kind, pss })
    }

    /// What the key is.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Size in bits: of the modulus for RSA, of the curve for ECDSA, of the encoded key for the others.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.key.bits()
    }

    /// Whether the key verifies signatures of this algorithm.
    #[must_use]
    pub fn supports(&self, algorithm: SignatureAlgorithm) -> bool {
        algorithm.fits(self.kind) && self.pss.allows(algorithm)
    }

    /// Verifies `signature` of `message` (not of its hash). ECDSA signatures are in DER.
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`] if the algorithm does not fit the key, [`CryptoError::BadSignature`] if
    /// the signature is not valid.
    pub fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        if !self.supports(algorithm) {
            return Err(CryptoError::Unsupported);
        }
        if self.key.verify(algorithm.scheme(), message, signature) {
            Ok(())
        } else {
            Err(CryptoError::BadSignature)
        }
    }

    /// Verifies a `signature` with SHA-1 of `message` (not of its hash), as old certificates have: RSASSA-PKCS1-v1_5 by
    /// an RSA key, ECDSA (in DER) by a key of any curve here (RFC 3279 Section 2.2).
    ///
    /// Since 2020 two messages of one SHA-1 hash with chosen beginnings cost less than a certificate is worth, so that a
    /// CA that still signs with it can be made to sign what it never saw.
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`] for any other key, [`CryptoError::BadSignature`] if the signature is not valid.
    pub fn verify_sha1(&self, message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        let scheme = match self.kind {
            KeyKind::Rsa { .. } => Scheme::Pkcs1Sha1,
            KeyKind::EcP256 | KeyKind::EcP384 | KeyKind::EcP521 => Scheme::EcdsaSha1,
            _ => return Err(CryptoError::Unsupported),
        };
        if self.key.verify(scheme, message, signature) {
            Ok(())
        } else {
            Err(CryptoError::BadSignature)
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// RFC 5480 Section 2.2: only the uncompressed form of a point must be supported; nobody uses the others.
fn check_point_form(family: Family, public_key: &[u8]) -> Result<(), CryptoError> {
    if family.curve().is_some() && public_key.first() != Some(&4) {
        return Err(CryptoError::Unsupported);
    }
    Ok(())
}

/// Whether a modulus of `bits` holds a PSS signature with a salt as long as the hash: RFC 8017 Section 9.1.1, where emBits is
/// one bit less than the modulus. It fails for RSA of 1024 bits with SHA-512 alone.
pub(crate) fn pss_has_room(bits: u32, hash: Hash) -> bool {
    usize::try_from(bits).is_ok_and(|bits| bits > 8 * hash.output_len() * 2 + 9)
}

/// Refuses RSA keys outside `minimum`..=[`MAX_RSA_BITS`].
pub(crate) fn check_rsa_size(kind: KeyKind, minimum: RsaMinimum) -> Result<(), CryptoError> {
    match kind {
        KeyKind::Rsa { bits } | KeyKind::RsaPss { bits } if bits < minimum.bits() => {
            Err(CryptoError::WeakKey)
        }
        KeyKind::Rsa { bits } | KeyKind::RsaPss { bits } if bits > MAX_RSA_BITS => {
            Err(CryptoError::Unsupported)
        }
        _ => Ok(()),
    }
}

/// What an AlgorithmIdentifier tells of a key before it is parsed.
///
/// Keys are told apart here, byte for byte, before AWS-LC sees them, so that of its parsers only those for
/// our kinds are ever reached: no DSA, no explicit curve parameters, no other curves.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(crate) enum Family {
    EcP256,
    EcP384,
    EcP521,
    Ed25519,
    Rsa,
    RsaPss,
    MlDsa(MlDsa),
}

/// id-ecPublicKey 1.2.840.10045.2.1 with the named curve: RFC 5480 Section 2.1.1.
const EC_P256: &[u8] =
    b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const EC_P384: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22";
const EC_P521: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23";
/// 1.3.101.112, no parameters: RFC 8410 Section 3.
const ED25519: &[u8] = b"\x06\x03\x2b\x65\x70";
/// rsaEncryption 1.2.840.113549.1.1.1 with NULL: RFC 3279 Section 2.3.1.
const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
/// id-RSASSA-PSS 1.2.840.113549.1.1.10, parameters optional: RFC 4055 Section 3.1.
pub(crate) const RSA_PSS: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
/// 2.16.840.1.101.3.4.3.17 to 19, no parameters: RFC 9881 Section 2.
const ML_DSA_44: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x11";
const ML_DSA_65: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x12";
const ML_DSA_87: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x13";

impl Family {
    /// From the content of an AlgorithmIdentifier.
    pub(crate) fn from_algorithm_identifier(
        identifier: &[u8],
    ) -> Result<(Self, PssRestriction), CryptoError> {
        let family = match identifier {
            EC_P256 => Self::EcP256,
            EC_P384 => Self::EcP384,
            EC_P521 => Self::EcP521,
            ED25519 => Self::Ed25519,
            RSA => Self::Rsa,
            ML_DSA_44 => Self::MlDsa(MlDsa::MlDsa44),
            ML_DSA_65 => Self::MlDsa(MlDsa::MlDsa65),
            ML_DSA_87 => Self::MlDsa(MlDsa::MlDsa87),
            other => {
                let parameters = other
                    .strip_prefix(RSA_PSS)
                    .ok_or(CryptoError::Unsupported)?;
                return Ok((Self::RsaPss, PssRestriction::from_parameters(parameters)?));
            }
        };
        Ok((family, PssRestriction::None))
    }

    /// The identifier under which AWS-LC is given the key: a PSS key as a plain RSA key, the restrictions being
    /// kept here.
    pub(crate) fn library_identifier(self) -> &'static [u8] {
        match self {
            Self::EcP256 => EC_P256,
            Self::EcP384 => EC_P384,
            Self::EcP521 => EC_P521,
            Self::Ed25519 => ED25519,
            Self::Rsa | Self::RsaPss => RSA,
            Self::MlDsa(MlDsa::MlDsa44) => ML_DSA_44,
            Self::MlDsa(MlDsa::MlDsa65) => ML_DSA_65,
            Self::MlDsa(MlDsa::MlDsa87) => ML_DSA_87,
        }
    }

    /// Its curve, if its keys are points.
    fn curve(self) -> Option<Curve> {
        match self {
            Self::EcP256 => Some(Curve::P256),
            Self::EcP384 => Some(Curve::P384),
            Self::EcP521 => Some(Curve::P521),
            Self::Ed25519 | Self::Rsa | Self::RsaPss | Self::MlDsa(_) => None,
        }
    }

    pub(crate) fn kind(self, key: &Pkey) -> KeyKind {
        match self {
            Self::EcP256 => KeyKind::EcP256,
            Self::EcP384 => KeyKind::EcP384,
            Self::EcP521 => KeyKind::EcP521,
            Self::Ed25519 => KeyKind::Ed25519,
            Self::Rsa => KeyKind::Rsa { bits: key.bits() },
            Self::RsaPss => KeyKind::RsaPss { bits: key.bits() },
            Self::MlDsa(MlDsa::MlDsa44) => KeyKind::MlDsa44,
            Self::MlDsa(MlDsa::MlDsa65) => KeyKind::MlDsa65,
            Self::MlDsa(MlDsa::MlDsa87) => KeyKind::MlDsa87,
        }
    }
}

/// Which hash a PSS key is limited to by its RSASSA-PSS-params (RFC 4055 Section 3.3).
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum PssRestriction {
    None,
    Hash(Hash),
}

impl PssRestriction {
    pub(crate) fn allows(self, algorithm: SignatureAlgorithm) -> bool {
        match (self, algorithm.scheme()) {
            (Self::None, _) => true,
            (Self::Hash(hash), Scheme::Pss(other)) => hash == other,
            (Self::Hash(_), _) => false,
        }
    }

    /// Reads what follows the OID in the AlgorithmIdentifier.
    ///
    /// TLS fixes MGF1 with the same hash and a salt as long as the hash (RFC 8446 Section 4.2.3); the parameters'
    /// salt length is a minimum. Anything that TLS cannot use, SHA-1 (the default of each field) above all,
    /// is Unsupported.
    fn from_parameters(parameters: &[u8]) -> Result<Self, CryptoError> {
        if parameters.is_empty() {
            return Ok(Self::None);
        }
        let invalid = CryptoError::InvalidKey;
        let content = der::single(parameters, der::SEQUENCE).ok_or(invalid)?;
        let mut fields = der::Reader::new(content);
        let mut field = |n| {
            (fields.peek() == Some(der::explicit(n)))
                .then(|| fields.element(der::explicit(n)).ok_or(invalid))
                .transpose()
        };
        let hash_algorithm = field(0)?.ok_or(CryptoError::Unsupported)?;
        let mask_gen_algorithm = field(1)?.ok_or(CryptoError::Unsupported)?;
        let salt_len = field(2)?;
        let trailer = field(3)?;
        if !fields.is_empty() {
            return Err(invalid);
        }
        let hash = read_hash_algorithm(hash_algorithm)?;
        let mgf = der::single(mask_gen_algorithm, der::SEQUENCE).ok_or(invalid)?;
        let mgf_hash = mgf.strip_prefix(MGF1).ok_or(CryptoError::Unsupported)?;
        if read_hash_algorithm(mgf_hash)? != hash {
            return Err(CryptoError::Unsupported);
        }
        // Absent means 20, which is less than every hash here is long.
        if let Some(salt_len) = salt_len {
            match der::single(salt_len, der::INTEGER).ok_or(invalid)? {
                [len] if usize::from(*len) <= hash.output_len() => {}
                _ => return Err(CryptoError::Unsupported),
            }
        }
        // trailerFieldBC (1) is the only one there is.
        if trailer.is_some_and(|trailer| trailer != b"\x02\x01\x01") {
            return Err(CryptoError::Unsupported);
        }
        Ok(Self::Hash(hash))
    }
}

/// id-mgf1 1.2.840.113549.1.1.8.
const MGF1: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08";

/// A HashAlgorithm; its parameters may be NULL or absent (RFC 4055 Section 2.1).
fn read_hash_algorithm(der: &[u8]) -> Result<Hash, CryptoError> {
    let identifier = der::single(der, der::SEQUENCE).ok_or(CryptoError::InvalidKey)?;
    match identifier.strip_suffix(b"\x05\x00").unwrap_or(identifier) {
        b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01" => Ok(Hash::Sha256),
        b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02" => Ok(Hash::Sha384),
        b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03" => Ok(Hash::Sha512),
        _ => Err(CryptoError::Unsupported),
    }
}
