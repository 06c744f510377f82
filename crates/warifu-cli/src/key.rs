//! Private keys for making certificates: made, read, signed with, kept.

use std::path::Path;

use rcgen::{PublicKeyData, SignatureAlgorithm, SigningKey};
use warifu_crypto::{CryptoError, KeyKind, PrivateKey, Secret, SignatureAlgorithm as Scheme};
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;
use zeroize::Zeroizing;

use crate::exit::Failure;
use crate::files::{self, Item};
use crate::passphrase;
use crate::values::PassphraseSource;

/// Iterations of PBKDF2-HMAC-SHA-256 for a new encrypted key: OWASP's figure of 2023.
const PBKDF2_ITERATIONS: u32 = 600_000;

/// A private key, with what a certificate says of it.
#[derive(Debug)]
pub(crate) struct Key {
    key: PrivateKey,
    /// The content of SubjectPublicKeyInfo's BIT STRING.
    public: Vec<u8>,
    /// How certificates are signed with it: the algorithm as rcgen names it and as the crypto crate does. `None`
    /// for keys that this program reads but does not sign certificates with (RSA-PSS keys).
    signing: Option<(&'static SignatureAlgorithm, Scheme)>,
}

impl Key {
    /// Makes a new key.
    pub(crate) fn generate(kind: KeyKind) -> Result<Self, Failure> {
        PrivateKey::generate(kind)
            .map(Self::new)
            .map_err(|error| Failure::Making {
                problem: format!("no new {kind} key: {error}"),
            })
    }

    fn new(key: PrivateKey) -> Self {
        let public = SubjectPublicKeyInfo::from_der(key.public_key_spki())
            .map(|(_, spki)| spki.subject_public_key.data.into_owned())
            .unwrap_or_default();
        let signing = match key.kind() {
            KeyKind::EcP256 => Some((&rcgen::PKCS_ECDSA_P256_SHA256, Scheme::EcdsaP256Sha256)),
            KeyKind::EcP384 => Some((&rcgen::PKCS_ECDSA_P384_SHA384, Scheme::EcdsaP384Sha384)),
            KeyKind::EcP521 => Some((&rcgen::PKCS_ECDSA_P521_SHA512, Scheme::EcdsaP521Sha512)),
            KeyKind::Ed25519 => Some((&rcgen::PKCS_ED25519, Scheme::Ed25519)),
            KeyKind::Rsa { .. } => Some((&rcgen::PKCS_RSA_SHA256, Scheme::RsaPkcs1Sha256)),
            KeyKind::MlDsa44 => Some((&rcgen::PKCS_ML_DSA_44, Scheme::MlDsa44)),
            KeyKind::MlDsa65 => Some((&rcgen::PKCS_ML_DSA_65, Scheme::MlDsa65)),
            KeyKind::MlDsa87 => Some((&rcgen::PKCS_ML_DSA_87, Scheme::MlDsa87)),
            _ => None,
        };
        Self {
            key,
            public,
            signing,
        }
    }

    /// Reads the key in a file: PKCS#8, PKCS#1 or SEC1, PEM or DER, encrypted or not.
    pub(crate) fn read(path: &Path, source: Option<&PassphraseSource>) -> Result<Self, Failure> {
        let items = files::read_items(path, "private key")?;
        let found = files::describe_items(&items);
        for item in items {
            match item {
                Item::Key(der) => return Self::from_der(path, &der),
                Item::EncryptedKey(der) => return Self::from_encrypted(path, &der, source),
                _ => {}
            }
        }
        let found = format!("it holds {found}");
        Err(files::wrong_content(path, "private key", found))
    }

    /// Takes a key found in a file.
    pub(crate) fn from_der(path: &Path, der: &Secret) -> Result<Self, Failure> {
        PrivateKey::from_der(der.as_bytes())
            .map(Self::new)
            .map_err(|error| files::wrong_content(path, "usable private key", error.to_string()))
    }

    /// Takes an encrypted key found in a file.
    pub(crate) fn from_encrypted(
        path: &Path,
        der: &[u8],
        source: Option<&PassphraseSource>,
    ) -> Result<Self, Failure> {
        let passphrase = passphrase::passphrase_for(path, source)?;
        match PrivateKey::from_encrypted_pkcs8(der, passphrase.as_bytes()) {
            Ok(key) => Ok(Self::new(key)),
            Err(CryptoError::BadPassphrase) => Err(Failure::PassphraseWrong {
                path: path.to_owned(),
            }),
            Err(error) => {
                let problem = error.to_string();
                Err(files::wrong_content(path, "usable private key", problem))
            }
        }
    }

    /// The kind of key.
    pub(crate) fn kind(&self) -> KeyKind {
        self.key.kind()
    }

    /// The public half: SubjectPublicKeyInfo, DER.
    pub(crate) fn spki(&self) -> &[u8] {
        self.key.public_key_spki()
    }

    /// Whether it can sign certificates.
    pub(crate) fn signs_certificates(&self) -> bool {
        self.signing.is_some()
    }

    /// The key as PKCS#8, DER.
    pub(crate) fn to_der(&self) -> Result<Secret, Failure> {
        self.key.to_pkcs8_der().map_err(|error| Failure::Making {
            problem: error.to_string(),
        })
    }

    /// The key as PEM, encrypted if a passphrase is given.
    pub(crate) fn to_pem(&self, passphrase: Option<&str>) -> Result<Zeroizing<String>, Failure> {
        let failed = |problem: String| Failure::Making { problem };
        let der = self.to_der()?;
        match passphrase {
            None => pkcs8::SecretDocument::try_from(der.as_bytes())
                .and_then(|document| document.to_pem("PRIVATE KEY", pkcs8::LineEnding::LF))
                .map_err(|error| failed(error.to_string())),
            Some(passphrase) => encrypt(&der, passphrase).map_err(failed),
        }
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    /// For a key that signs no certificates this is only a placeholder: [`SigningKey::sign`] refuses.
    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.signing
            .map_or(&rcgen::PKCS_RSA_SHA256, |(algorithm, _)| algorithm)
    }

    fn subject_public_key_info(&self) -> Vec<u8> {
        self.spki().to_vec()
    }
}

impl SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let (_, scheme) = self
            .signing
            .ok_or(rcgen::Error::UnsupportedSignatureAlgorithm)?;
        self.key
            .sign(scheme, message)
            .map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

fn encrypt(der: &Secret, passphrase: &str) -> Result<Zeroizing<String>, String> {
    let mut salt = [0; 16];
    let mut iv = [0; 16];
    warifu_crypto::random::fill(&mut salt).map_err(|error| error.to_string())?;
    warifu_crypto::random::fill(&mut iv).map_err(|error| error.to_string())?;
    let parameters = pkcs8::pkcs5::pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(
        PBKDF2_ITERATIONS,
        &salt,
        iv,
    )
    .map_err(|error| error.to_string())?;
    pkcs8::PrivateKeyInfoRef::try_from(der.as_bytes())
        .and_then(|key| key.encrypt_with_params(parameters, passphrase.as_bytes()))
        .map_err(|error| error.to_string())?
        .to_pem("ENCRYPTED PRIVATE KEY", pkcs8::LineEnding::LF)
        .map_err(|error| error.to_string())
}
