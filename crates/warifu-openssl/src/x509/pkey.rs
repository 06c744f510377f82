//! Keys (`EVP_PKEY`), private or public.

use core::ffi::{CStr, c_int};
use std::sync::Arc;

use warifu::certificate::der::{Der, tag};
use warifu::certificate::view;
use zeroize::Zeroizing;

use warifu_crypto::{CryptoError, PrivateKey, RsaMinimum, Secret};

use super::X509;
use super::object::nid_of_oid;
use crate::fault::Fault;
use crate::reason::{self, Library};

// NIDs of keys, which are the EVP_PKEY_… types.
const RSA: c_int = 6;
const RSA_PSS: c_int = 912;
const EC: c_int = 408;
const X25519: c_int = 1034;
const X448: c_int = 1035;
const ED25519: c_int = 1087;
const ED448: c_int = 1088;
const DSA: c_int = 116;
/// `EVP_PKEY_KEYMGMT`: a kind of key that has no such number.
const OTHER: c_int = -1;

/// A kind of key that signs in TLS: a context has a certificate for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Rsa,
    RsaPss,
    Ec,
    Ed25519,
    MlDsa,
}

/// `EVP_PKEY`. Immutable.
pub struct Pkey {
    private: Option<PrivateKey>,
    /// SubjectPublicKeyInfo of the public half.
    spki: Vec<u8>,
}

impl core::fmt::Debug for Pkey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let private = self.private.is_some();
        f.debug_struct("Pkey")
            .field("private", &private)
            .finish_non_exhaustive()
    }
}

/// A failure to read a key.
pub(crate) fn fault(error: CryptoError) -> Fault {
    let (reason, detail) = match error {
        CryptoError::BadPassphrase => (
            reason::EVP_R_BAD_DECRYPT,
            "the passphrase does not open the private key".to_owned(),
        ),
        CryptoError::Unsupported => (
            reason::EVP_R_UNSUPPORTED_PRIVATE_KEY_ALGORITHM,
            "the private key's algorithm or its encryption is not supported; encryption must be PBES2 (openssl pkcs8 -topk8 -v2 \
             aes-256-cbc)"
                .to_owned(),
        ),
        error => (reason::EVP_R_DECODE_ERROR, format!("unusable private key: {error}")),
    };
    Fault::Raised {
        library: Library::Evp,
        reason,
        detail: Some(detail),
    }
}

impl Pkey {
    /// Reads a private key: PKCS#8, PKCS#1 (RSA) or SEC 1 (EC), DER.
    pub(crate) fn private_from_der(der: &[u8]) -> Result<Arc<Self>, Fault> {
        // Whether a short key may be used is decided where it is to be used.
        let key = PrivateKey::from_der_with(der, RsaMinimum::Bits1024).map_err(fault)?;
        Ok(Self::of_private(key))
    }

    /// Opens an EncryptedPrivateKeyInfo, DER.
    pub(crate) fn private_from_encrypted(
        der: &[u8],
        passphrase: &[u8],
    ) -> Result<Arc<Self>, Fault> {
        PrivateKey::from_encrypted_pkcs8_with(der, passphrase, RsaMinimum::Bits1024)
            .map(Self::of_private)
            .map_err(fault)
    }

    fn of_private(key: PrivateKey) -> Arc<Self> {
        Arc::new(Self {
            spki: key.public_key_spki().to_vec(),
            private: Some(key),
        })
    }

    /// Reads a public key: SubjectPublicKeyInfo, DER. Of any kind.
    pub(crate) fn public_from_spki(spki: &[u8]) -> Result<Arc<Self>, Fault> {
        if view::spki_parts(spki).is_none() {
            return Err(Fault::Raised {
                library: Library::Evp,
                reason: reason::EVP_R_DECODE_ERROR,
                detail: Some("not a SubjectPublicKeyInfo in DER".to_owned()),
            });
        }
        Ok(Arc::new(Self {
            private: None,
            spki: spki.to_vec(),
        }))
    }

    /// The private key as PKCS#8, for a [`warifu::Credential`].
    pub(crate) fn pkcs8(&self) -> Result<Secret, Fault> {
        self.private
            .as_ref()
            .ok_or_else(|| Fault::argument("a private key is needed, and this is a public one"))?
            .to_pkcs8_der()
            .map_err(fault)
    }

    /// As [`pkcs8`](Self::pkcs8), in a buffer that is wiped.
    pub(crate) fn private_der(&self) -> Result<Zeroizing<Vec<u8>>, Fault> {
        Ok(Zeroizing::new(self.pkcs8()?.as_bytes().to_vec()))
    }

    /// Which kind of key, of those that sign in TLS.
    ///
    /// # Errors
    /// Another kind.
    pub(crate) fn kind(&self) -> Result<KeyKind, Fault> {
        Ok(match self.id() {
            RSA => KeyKind::Rsa,
            RSA_PSS => KeyKind::RsaPss,
            EC => KeyKind::Ec,
            ED25519 => KeyKind::Ed25519,
            OTHER if self.type_name().is_some() => KeyKind::MlDsa,
            _ => {
                let name = view::key_name(&self.spki);
                return Err(Fault::unsupported(format!(
                    "TLS does not sign with this key: {name}"
                )));
            }
        })
    }

    /// Whether the certificate is of this key.
    pub(crate) fn belongs_to(&self, certificate: &X509) -> bool {
        certificate
            .key()
            .is_ok_and(|key| self.same_key(key) == Some(true))
    }

    /// SubjectPublicKeyInfo of the public half.
    pub(crate) fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// `EVP_PKEY_id`
    pub(crate) fn id(&self) -> c_int {
        let oid = view::spki_parts(&self.spki)
            .and_then(|(algorithm, _)| Der::new(algorithm).value(tag::OID));
        match nid_of_oid(oid.unwrap_or_default()) {
            known @ (RSA | RSA_PSS | EC | X25519 | X448 | ED25519 | ED448 | DSA) => known,
            _ => OTHER,
        }
    }

    /// NID of the curve of an EC key; 0 for others and for curves without a name.
    pub(crate) fn curve(&self) -> c_int {
        let curve = view::spki_parts(&self.spki).and_then(|(algorithm, _)| {
            let mut algorithm = Der::new(algorithm);
            algorithm.value(tag::OID)?;
            algorithm.value(tag::OID)
        });
        if self.id() == EC {
            nid_of_oid(curve.unwrap_or_default())
        } else {
            0
        }
    }

    /// `EVP_PKEY_get0_type_name`
    pub(crate) fn type_name(&self) -> Option<&'static CStr> {
        Some(match self.id() {
            RSA => c"RSA",
            RSA_PSS => c"RSA-PSS",
            EC => c"EC",
            X25519 => c"X25519",
            X448 => c"X448",
            ED25519 => c"ED25519",
            ED448 => c"ED448",
            DSA => c"DSA",
            _ => match view::key_name(&self.spki).as_str() {
                "ML-DSA-44" => c"ML-DSA-44",
                "ML-DSA-65" => c"ML-DSA-65",
                "ML-DSA-87" => c"ML-DSA-87",
                _ => return None,
            },
        })
    }

    /// `EVP_PKEY_bits`: of the modulus, of the field. 0 where this library does not know.
    pub(crate) fn bits(&self) -> c_int {
        let bits = match (self.id(), self.curve()) {
            (RSA | RSA_PSS, _) => view::rsa_modulus_bits(&self.spki).unwrap_or(0),
            (EC, 415 | 714) => 256,
            (EC, 715) => 384,
            (EC, 716) => 521,
            (X25519, _) => 253,
            (ED25519, _) => 256,
            (X448, _) => 448,
            (ED448, _) => 456,
            _ => 8 * view::spki_parts(&self.spki).map_or(0, |(_, key)| key.len()),
        };
        c_int::try_from(bits).unwrap_or(c_int::MAX)
    }

    /// `EVP_PKEY_security_bits`, by NIST SP 800-57 part 1, table 2.
    pub(crate) fn security_bits(&self) -> c_int {
        match (self.id(), self.bits()) {
            (RSA | RSA_PSS | DSA, bits) => match bits {
                ..1024 => 0,
                1024..2048 => 80,
                2048..3072 => 112,
                3072..7680 => 128,
                7680..15360 => 192,
                _ => 256,
            },
            (X25519 | ED25519, _) => 128,
            (X448 | ED448, _) => 224,
            (EC, bits) => (bits / 2).min(256),
            _ => match self.type_name().map(CStr::to_bytes) {
                Some(b"ML-DSA-44") => 128,
                Some(b"ML-DSA-65") => 192,
                Some(b"ML-DSA-87") => 256,
                _ => 0,
            },
        }
    }

    /// `EVP_PKEY_size`: the longest signature in bytes.
    pub(crate) fn size(&self) -> c_int {
        match (self.id(), self.bits()) {
            (EC, bits) => {
                // Two INTEGERs with room for a sign, in a SEQUENCE.
                let integer = bits / 8 + 1 + 2;
                2 * integer + if 2 * integer > 127 { 3 } else { 2 }
            }
            (X25519, _) => 32,
            (X448, _) => 56,
            (ED25519, _) => 64,
            (ED448, _) => 114,
            (RSA | RSA_PSS, bits) => (bits + 7) / 8,
            _ => match self.type_name().map(CStr::to_bytes) {
                Some(b"ML-DSA-44") => 2420,
                Some(b"ML-DSA-65") => 3309,
                Some(b"ML-DSA-87") => 4627,
                _ => 0,
            },
        }
    }

    /// Whether both have the same public half; `None` if they are of different kinds.
    pub(crate) fn same_key(&self, other: &Self) -> Option<bool> {
        let key = |key: &Self| view::spki_parts(&key.spki).map(|(_, bits)| bits.to_vec());
        (self.id() == other.id() && self.type_name() == other.type_name())
            .then(|| self.curve() == other.curve() && key(self) == key(other))
    }
}
