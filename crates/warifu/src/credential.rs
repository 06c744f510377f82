//! What this side proves itself with: a certificate chain and its private key, and the choice among several.

use core::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use warifu_crypto::{CryptoError, KeyKind, PrivateKey, PublicKey, RsaMinimum, SignatureAlgorithm};
use zeroize::Zeroizing;

use crate::certificate::material::{self, Item, Kind, MaterialError, MaterialProblem, Source};
use crate::certificate::name::distinguished_name;
use crate::certificate::view::{CertificateView, KeyUsage, PresentedName, key_name};
use crate::decision::{Answer, ChooseCredential, CredentialRequest, Sign};
#[cfg(feature = "legacy")]
use crate::error::OrInternal;
use crate::error::{Error, NothingInCommon, UsageError};
use crate::message::MAX_SCTS;
#[cfg(feature = "legacy")]
use crate::parameters::ProtocolVersion;
use crate::parameters::SignatureScheme;

/// A certificate chain and what signs for it. Immutable; shared by `Arc` among connections.
///
/// Certificates and keys come from files or bytes, PEM or DER, which is told from the content. A PEM source may
/// hold anything else besides, in any order: a certificate and its key may share one file. Keys are PKCS#8, PKCS#1
/// (RSA), SEC 1 (EC), or PKCS#8 under a passphrase.
///
/// The chain is sent leaf first: the leaf is the certificate that the key fits, wherever it stands, then
/// come its issuers as far as they are there, then any others in their order. A key that fits none of the
/// certificates is refused.
///
/// ```standalone_crate
/// # #[allow(dead_code)] mod doc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let _directory = doc::in_a_directory_with_files();
/// use warifu::Credential;
/// let credential = Credential::from_files("server.pem", "server.key")?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Credential {
    chain: Vec<CertificateDer<'static>>,
    signer: Signer,
    schemes: Vec<SignatureScheme>,
    ocsp_response: Vec<u8>,
    scts: Vec<Vec<u8>>,
    /// Left out where the peer names no authority of the chain.
    issuer_match_required: bool,
    /// DNS names of the leaf in lower case; a wildcard begins with `*.`.
    dns_names: Vec<String>,
    ip_names: Vec<core::net::IpAddr>,
    /// Of the leaf's key; `None` if it is one that peers here would not take.
    #[cfg(feature = "legacy")]
    key_kind: Option<KeyKind>,
    /// Whether the key may and can decrypt.
    #[cfg(feature = "legacy")]
    decrypts: bool,
    /// Whether the leaf's key usage allows signatures.
    #[cfg(feature = "legacy")]
    signs: bool,
    /// What the key signs in TLS 1.2 handshakes, best first.
    #[cfg(feature = "legacy")]
    legacy_schemes: Vec<SignatureScheme>,
}

#[derive(Clone)]
enum Signer {
    /// The key signs at once.
    Local(Arc<PrivateKey>),
    /// The key is here, and its signatures come from this signer.
    Through(Arc<PrivateKey>, Arc<dyn Sign>),
    /// The key is elsewhere.
    Remote(Arc<dyn Sign>),
}

impl Signer {
    /// The key, if it is in this process.
    #[cfg(feature = "legacy")]
    fn key(&self) -> Option<&PrivateKey> {
        match self {
            Self::Local(key) | Self::Through(key, _) => Some(key),
            Self::Remote(_) => None,
        }
    }
}

/// A key in memory behind the trait of signers.
#[derive(Debug)]
struct KeySigner {
    key: Arc<PrivateKey>,
    schemes: Vec<SignatureScheme>,
}

impl KeySigner {
    fn make(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        #[cfg(feature = "legacy")]
        if let Some(legacy) = crate::handshake::legacy_signature(scheme) {
            return self.key.sign_legacy(legacy, message);
        }
        let algorithm = scheme.algorithm().ok_or(CryptoError::Unsupported)?;
        self.key.sign(algorithm, message)
    }
}

impl Sign for KeySigner {
    fn schemes(&self) -> &[SignatureScheme] {
        &self.schemes
    }

    fn sign<'a>(
        &'a self,
        scheme: SignatureScheme,
        message: &'a [u8],
    ) -> Answer<'a, Result<Vec<u8>, String>> {
        Answer::Ready(
            self.make(scheme, message)
                .map_err(|error| error.to_string()),
        )
    }
}

impl Credential {
    /// Reads a certificate chain and its key from two files (or twice the same).
    ///
    /// # Errors
    /// [`CredentialError`], naming the file and the reason.
    pub fn from_files(
        certificate: impl AsRef<Path>,
        key: impl AsRef<Path>,
    ) -> Result<Self, CredentialError> {
        Self::builder()
            .with_certificate_file(certificate)
            .with_key_file(key)
            .build()
    }

    /// Reads a certificate chain and its key from bytes, PEM as a rule; DER is recognised.
    ///
    /// # Errors
    /// [`CredentialError`].
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, CredentialError> {
        Self::builder()
            .with_certificate_bytes(certificate)
            .with_key_bytes(key)
            .build()
    }

    /// Takes certificates and reads a key in DER.
    ///
    /// # Errors
    /// [`CredentialError`].
    pub fn from_der(
        chain: Vec<CertificateDer<'static>>,
        key: &[u8],
    ) -> Result<Self, CredentialError> {
        Self::builder()
            .with_certificates(chain)
            .with_key_bytes(key)
            .build()
    }

    /// Takes certificates, leaf first, whose key another party holds (HSM, remote signer).
    ///
    /// # Errors
    /// [`CredentialError::NoCertificate`] if the chain is empty, [`CredentialError::Material`] if its leaf cannot be
    /// read, [`CredentialError::SignerMismatch`] if the signer can make no signature that fits the leaf's key.
    pub fn with_signer(
        chain: Vec<CertificateDer<'static>>,
        signer: Arc<dyn Sign>,
    ) -> Result<Self, CredentialError> {
        let public_key = leaf_key(&chain, RsaMinimum::Bits2048)?;
        let schemes: Vec<_> = signer
            .schemes()
            .iter()
            .copied()
            .filter(|scheme| scheme.signs_tls13_handshakes())
            .filter(|scheme| {
                scheme
                    .algorithm()
                    .is_some_and(|algorithm| public_key.supports(algorithm))
            })
            .collect();
        if schemes.is_empty() {
            let offered: Vec<_> = signer.schemes().iter().map(ToString::to_string).collect();
            return Err(CredentialError::SignerMismatch {
                certificate: public_key.kind(),
                signer: offered.join(", "),
            });
        }
        Self::new(chain, Signer::Remote(signer), schemes)
    }

    /// Starts a credential of parts, for keys under a passphrase and for mixed sources.
    pub fn builder() -> CredentialBuilder {
        CredentialBuilder::default()
    }

    /// Staples this OCSP response (DER, RFC 6960) to the leaf where a client asks for it (RFC 8446 Section 4.4.2.1). It
    /// is sent as it is; keeping it fresh is the application's task, by a new credential: a clone shares the key.
    #[must_use]
    pub fn with_ocsp_response(mut self, der: Vec<u8>) -> Self {
        self.ocsp_response = der;
        self
    }

    /// Sends these signed certificate timestamps (SCTs) of the leaf where a client asks for them (RFC 6962 Section 3.3), each as the
    /// log made it. For certificates that do not carry them inside. Default: none.
    ///
    /// # Errors
    /// [`CredentialError::BadScts`] if one is empty, or there are more than 32, or they take more than 16,384 bytes together, two more for
    /// each.
    pub fn with_scts(
        mut self,
        scts: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Self, CredentialError> {
        let scts = scts.into_iter().map(|sct| sct.as_ref().to_vec());
        self.scts = scts.collect();
        let len: usize = self.scts.iter().map(|sct| 2 + sct.len()).sum();
        let count = self.scts.len();
        if len > MAX_SCTS_LEN || count > MAX_SCTS || self.scts.iter().any(Vec::is_empty) {
            return Err(CredentialError::BadScts { count, len });
        }
        Ok(self)
    }

    /// Restricts what the key signs to these schemes, best first; those that it cannot make are passed over. Default: all that
    /// it can make. Before TLS 1.2, where nothing is to be chosen, the list is not looked at.
    ///
    /// # Errors
    /// [`CredentialError::NoScheme`] if the key can make none of them.
    pub fn with_signature_schemes(
        mut self,
        schemes: &[SignatureScheme],
    ) -> Result<Self, CredentialError> {
        let these = |own: &[SignatureScheme]| -> Vec<SignatureScheme> {
            let can_make = |scheme: &SignatureScheme| own.contains(scheme);
            schemes.iter().copied().filter(can_make).collect()
        };
        let restricted = these(&self.schemes);
        #[cfg(feature = "legacy")]
        let serves = {
            self.legacy_schemes = these(&self.legacy_schemes);
            !restricted.is_empty() || !self.legacy_schemes.is_empty()
        };
        #[cfg(not(feature = "legacy"))]
        let serves = !restricted.is_empty();
        if !serves {
            return Err(CredentialError::NoScheme {
                wanted: listed(schemes),
                possible: listed(&self.schemes),
            });
        }
        self.schemes = restricted;
        Ok(self)
    }

    /// Whether [`Credentials`] leave this one out where the peer names no authority that issued a certificate of the chain
    /// (`certificate_authorities`, RFC 8446 Section 4.2.4): for a chain that only the peers of one PKI can use, or must see.
    /// Default: no, a match is a reason to prefer it, and no condition.
    #[must_use]
    pub fn with_issuer_match_required(mut self, required: bool) -> Self {
        self.issuer_match_required = required;
        self
    }

    /// Puts `wrap` between handshakes and the signatures of a key in this process: it is given a signer that signs at once, and
    /// returns one that may do it later, on a thread of its own for example. An RSA signature takes half a millisecond or
    /// more, in which one thread serves no other connection. Decryption, for the key exchanges RSA and RSA_PSK before TLS
    /// 1.3, stays as it is. Nothing changes where the key is elsewhere already ([`with_signer`](Self::with_signer)).
    ///
    /// ```
    /// # #[allow(dead_code)] mod doc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// use std::sync::Arc;
    /// use warifu::decision::{Answer, Sign};
    /// use warifu::parameters::SignatureScheme;
    ///
    /// # async fn on_another_thread<T>(work: impl FnOnce() -> T) -> T { work() }
    /// #[derive(Debug)]
    /// struct Elsewhere(Arc<dyn Sign>);
    ///
    /// impl Sign for Elsewhere {
    ///     fn schemes(&self) -> &[SignatureScheme] {
    ///         self.0.schemes()
    ///     }
    ///
    ///     fn sign<'a>(&'a self, scheme: SignatureScheme, message: &'a [u8]) -> Answer<'a, Result<Vec<u8>, String>> {
    ///         let (key, message) = (self.0.clone(), message.to_vec());
    ///         Answer::later(on_another_thread(move || match key.sign(scheme, &message) {
    ///             Answer::Ready(signature) => signature,
    ///             Answer::Later(_) => Err("a key in memory signs at once".to_owned()),
    ///         }))
    ///     }
    /// }
    ///
    /// # let (_, certificate, key) = doc::certificates();
    /// let credential = warifu::Credential::from_pem(certificate.as_bytes(), key.as_bytes())?
    ///     .with_signing_through(|key| Arc::new(Elsewhere(key)));
    /// # let _ = credential;
    /// # Ok::<(), warifu::credential::CredentialError>(())
    /// ```
    #[must_use]
    pub fn with_signing_through(
        mut self,
        wrap: impl FnOnce(Arc<dyn Sign>) -> Arc<dyn Sign>,
    ) -> Self {
        let key = match self.signer {
            Signer::Local(key) | Signer::Through(key, _) => key,
            Signer::Remote(_) => return self,
        };
        #[cfg(feature = "legacy")]
        let schemes = {
            let mut all = self.legacy_schemes.clone();
            let of_tls13 = self.schemes.iter();
            all.extend(of_tls13.filter(|scheme| !self.legacy_schemes.contains(scheme)));
            all
        };
        #[cfg(not(feature = "legacy"))]
        let schemes = self.schemes.clone();
        let signer = wrap(Arc::new(KeySigner {
            key: key.clone(),
            schemes,
        }));
        self.signer = Signer::Through(key, signer);
        self
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        signer: Signer,
        mut schemes: Vec<SignatureScheme>,
    ) -> Result<Self, CredentialError> {
        let chain = issuers_in_order(chain);
        let Some(Ok(leaf)) = chain.first().map(|leaf| CertificateView::parse(leaf)) else {
            return Err(CredentialError::NoCertificate);
        };
        #[cfg(feature = "legacy")]
        let key_kind = leaf_key(&chain, RsaMinimum::Bits1024)
            .ok()
            .map(|key| key.kind());
        // An unreadable key usage is for the peer to judge.
        let usage = leaf.key_usage().ok().flatten();
        #[cfg(feature = "legacy")]
        let decrypts = usage.is_none_or(KeyUsage::key_encipherment)
            && matches!(
                (&signer, key_kind),
                (
                    Signer::Local(_) | Signer::Through(..),
                    Some(KeyKind::Rsa { .. })
                )
            );
        #[cfg(not(feature = "legacy"))]
        let decrypts = false;
        if !usage.is_none_or(KeyUsage::digital_signature) {
            if !decrypts {
                let subject = distinguished_name(leaf.subject);
                return Err(CredentialError::NoDigitalSignature { subject });
            }
            schemes.clear();
        }
        let (mut dns_names, mut ip_names) = (Vec::new(), Vec::new());
        for name in leaf.names() {
            match name {
                PresentedName::Dns(name) => dns_names.push(name.to_ascii_lowercase()),
                PresentedName::Ip(ip) => ip_names.push(ip),
            }
        }
        Ok(Self {
            #[cfg(feature = "legacy")]
            legacy_schemes: legacy_schemes(&signer, &schemes, key_kind),
            #[cfg(feature = "legacy")]
            decrypts,
            #[cfg(feature = "legacy")]
            signs: !schemes.is_empty(),
            #[cfg(feature = "legacy")]
            key_kind,
            chain,
            signer,
            schemes,
            ocsp_response: Vec::new(),
            scts: Vec::new(),
            issuer_match_required: false,
            dns_names,
            ip_names,
        })
    }

    /// A chain whose key would be refused, RSA of 1024 bits in RFC 8448, with recorded signatures.
    #[cfg(test)]
    pub(crate) fn recorded(chain: Vec<CertificateDer<'static>>, signer: Arc<dyn Sign>) -> Self {
        let schemes = signer.schemes().to_vec();
        Self::new(chain, Signer::Remote(signer), schemes).unwrap()
    }

    /// The certificates, leaf first.
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// What the key signs in TLS 1.3 handshakes, best first. Empty if the leaf's key usage allows nothing but key encipherment,
    /// which serves for the key exchanges RSA and RSA_PSK of older versions (RFC 5246 Section 7.4.2).
    pub fn schemes(&self) -> &[SignatureScheme] {
        &self.schemes
    }

    /// The SCTs to send.
    pub fn scts(&self) -> &[Vec<u8>] {
        &self.scts
    }

    /// The OCSP response to staple, DER; empty if there is none.
    pub fn ocsp_response(&self) -> &[u8] {
        &self.ocsp_response
    }

    /// Whether the leaf is for this DNS name (letter case ignored, `*.` matches one label) or IP address.
    ///
    /// Serves to choose by SNI, and is no check of a peer's certificate: that is [`Trust`](crate::trust::Trust)'s.
    pub fn serves_name(&self, name: &str) -> bool {
        if let Ok(ip) = name.parse() {
            return self.ip_names.contains(&ip);
        }
        let name = name.strip_suffix('.').unwrap_or(name);
        let parent = name.split_once('.').map(|(_, parent)| parent);
        self.dns_names
            .iter()
            .any(|ours| match (ours.strip_prefix("*."), parent) {
                (Some(ours), Some(parent)) => ours.eq_ignore_ascii_case(parent),
                (Some(_), None) => false,
                (None, _) => ours.eq_ignore_ascii_case(name),
            })
    }

    /// Whether one of these authorities (DER names) issued a certificate of the chain.
    pub fn issued_by_any(&self, authorities: &[&[u8]]) -> bool {
        self.chain.iter().any(|certificate| {
            CertificateView::parse(certificate).is_ok_and(|view| authorities.contains(&view.issuer))
        })
    }

    /// Whether the key signs, in the version of the request, what its peer verifies.
    fn signs_for(&self, request: &CredentialRequest<'_>) -> bool {
        #[cfg(feature = "legacy")]
        if request.version != ProtocolVersion::TLS1_3 {
            return crate::handshake::can_sign_before_tls13(self, request);
        }
        let peers = request.signature_schemes;
        self.schemes.iter().any(|scheme| peers.contains(scheme))
    }

    /// What the key signs in the version of the request.
    fn schemes_for(&self, request: &CredentialRequest<'_>) -> &[SignatureScheme] {
        #[cfg(feature = "legacy")]
        if request.version != ProtocolVersion::TLS1_3 {
            return &self.legacy_schemes;
        }
        let _ = request;
        &self.schemes
    }

    /// Whether the key decrypts, and the peer of the request takes that for a proof.
    fn decrypts_for(&self, request: &CredentialRequest<'_>) -> bool {
        #[cfg(feature = "legacy")]
        let decrypts = self.decrypts;
        #[cfg(not(feature = "legacy"))]
        let decrypts = false;
        request.key_encipherment && decrypts
    }

    pub(crate) fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// The kind of the leaf's key; `None` if it is one that peers here would not take.
    #[cfg(feature = "legacy")]
    pub(crate) fn key_kind(&self) -> Option<KeyKind> {
        self.key_kind
    }

    /// What the key signs in TLS 1.2 handshakes, best first: there RSA has PKCS#1 v1.5 too, and ECDSA any hash with any curve.
    #[cfg(feature = "legacy")]
    pub(crate) fn legacy_schemes(&self) -> &[SignatureScheme] {
        &self.legacy_schemes
    }

    /// Whether [`sign_legacy`](Self::sign_legacy) can, and may, make the one signature that a key has before TLS 1.2.
    #[cfg(feature = "legacy")]
    pub(crate) fn can_sign_legacy(&self, scheme: SignatureScheme) -> bool {
        match &self.signer {
            Signer::Local(_) | Signer::Through(..) => self.signs,
            Signer::Remote(signer) => signer.schemes().contains(&scheme),
        }
    }

    /// Whether this process holds an RSA key that can decrypt, which a remote signer does not, and the leaf's key usage allows
    /// it (RFC 5246 Section 7.4.2).
    #[cfg(feature = "legacy")]
    pub(crate) fn decrypts(&self) -> bool {
        self.decrypts
    }

    /// RFC 5246 Section 7.4.7.1: the premaster secret, or a random one, without a hint which.
    #[cfg(feature = "legacy")]
    pub(crate) fn decrypt_premaster_secret(
        &self,
        encrypted: &[u8],
        client_version: ProtocolVersion,
    ) -> Result<warifu_crypto::Secret, Error> {
        let key = self
            .signer
            .key()
            .or_internal("remote signer asked to decrypt")?;
        key.decrypt_premaster_secret(encrypted, client_version.0.to_be_bytes())
            .map_err(|_| {
                crate::error::PeerMisbehaved::Malformed {
                    what: "ClientKeyExchange.encrypted_premaster_secret",
                    problem: "not as long as the server's key",
                }
                .into()
            })
    }

    /// Signs `message` (whole) by `scheme`, in TLS 1.2 one of [`legacy_schemes`](Self::legacy_schemes).
    #[cfg(feature = "legacy")]
    pub(crate) fn sign_legacy<'a>(
        &'a self,
        scheme: SignatureScheme,
        message: &'a [u8],
    ) -> Answer<'a, Result<Vec<u8>, Error>> {
        let legacy = crate::handshake::legacy_signature(scheme);
        match (&self.signer, legacy) {
            (Signer::Local(key), Some(legacy)) => Answer::Ready(
                key.sign_legacy(legacy, message)
                    .map_err(|_| Error::Internal("private key does not sign")),
            ),
            _ => self.sign(scheme, message),
        }
    }

    /// Signs `message` (whole) by `scheme`, one of [`schemes`](Self::schemes).
    pub(crate) fn sign<'a>(
        &'a self,
        scheme: SignatureScheme,
        message: &'a [u8],
    ) -> Answer<'a, Result<Vec<u8>, Error>> {
        match &self.signer {
            Signer::Local(key) => Answer::Ready(match scheme.algorithm() {
                Some(algorithm) => key
                    .sign(algorithm, message)
                    .map_err(|_| Error::Internal("private key does not sign")),
                None => Err(Error::Internal("signature scheme without algorithm")),
            }),
            Signer::Through(_, signer) | Signer::Remote(signer) => {
                match signer.sign(scheme, message) {
                    Answer::Ready(result) => Answer::Ready(result.map_err(Error::Application)),
                    Answer::Later(future) => {
                        Answer::later(async move { future.await.map_err(Error::Application) })
                    }
                }
            }
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("certificates", &self.chain.len())
            .field("schemes", &self.schemes)
            .field("dns_names", &self.dns_names)
            .finish_non_exhaustive()
    }
}

/// What a key signs in TLS 1.2: what it signs in TLS 1.3, then RSA PKCS#1 v1.5, and for ECDSA the other hashes (RFC 5246 Section
/// 7.4.1.4.1). Of a remote signer what it lists.
#[cfg(feature = "legacy")]
fn legacy_schemes(
    signer: &Signer,
    schemes: &[SignatureScheme],
    key_kind: Option<KeyKind>,
) -> Vec<SignatureScheme> {
    const PKCS1: [SignatureScheme; 3] = [
        SignatureScheme::RSA_PKCS1_SHA256,
        SignatureScheme::RSA_PKCS1_SHA384,
        SignatureScheme::RSA_PKCS1_SHA512,
    ];
    const ECDSA: [SignatureScheme; 3] = [
        SignatureScheme::ECDSA_SECP256R1_SHA256,
        SignatureScheme::ECDSA_SECP384R1_SHA384,
        SignatureScheme::ECDSA_SECP521R1_SHA512,
    ];
    let more: &[SignatureScheme] = match key_kind {
        Some(KeyKind::Rsa { .. }) => &PKCS1,
        Some(KeyKind::EcP256 | KeyKind::EcP384 | KeyKind::EcP521) => &ECDSA,
        Some(KeyKind::Ed25519 | KeyKind::RsaPss { .. }) => &[],
        Some(KeyKind::MlDsa44 | KeyKind::MlDsa65 | KeyKind::MlDsa87) | None => return Vec::new(),
    };
    let can_make = |scheme: &SignatureScheme| match signer {
        Signer::Local(_) | Signer::Through(..) => true,
        Signer::Remote(signer) => signer.schemes().contains(scheme),
    };
    // Where key usage forbids signatures, there are none of TLS 1.3 either.
    if schemes.is_empty() {
        return Vec::new();
    }
    let mut all = schemes.to_vec();
    for scheme in more.iter().filter(|scheme| can_make(scheme)) {
        if !all.contains(scheme) {
            all.push(*scheme);
        }
    }
    all
}

/// A passphrase, wiped from memory when dropped.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<Vec<u8>>);

impl Passphrase {
    /// Takes the bytes as they are: a line ending is a part of the passphrase.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// A [`Credential`] in the making; see [`Credential::builder`].
#[derive(Debug, Default)]
#[must_use = "call build()"]
pub struct CredentialBuilder {
    certificates: Option<Origin>,
    key: Option<Origin>,
    passphrase: Option<Passphrase>,
    ocsp_response: Vec<u8>,
    rsa_minimum: RsaMinimum,
}

/// Where a part comes from.
enum Origin {
    File(PathBuf),
    Bytes(Zeroizing<Vec<u8>>),
    Certificates(Vec<CertificateDer<'static>>),
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.fmt(f),
            Self::Bytes(_) => f.write_str("bytes"),
            Self::Certificates(_) => f.write_str("certificates"),
        }
    }
}

impl Origin {
    fn open(&self) -> Result<Source, MaterialError> {
        match self {
            Self::File(path) => Source::file(path),
            Self::Bytes(bytes) => Ok(Source::bytes(bytes)),
            Self::Certificates(_) => Ok(Source::bytes(&[])),
        }
    }
}

impl CredentialBuilder {
    /// The file with the certificates.
    pub fn with_certificate_file(mut self, path: impl AsRef<Path>) -> Self {
        self.certificates = Some(Origin::File(path.as_ref().to_owned()));
        self
    }

    /// The certificates, PEM or one in DER.
    pub fn with_certificate_bytes(mut self, bytes: &[u8]) -> Self {
        self.certificates = Some(Origin::Bytes(Zeroizing::new(bytes.to_vec())));
        self
    }

    /// The certificates, each in DER.
    pub fn with_certificates(mut self, chain: Vec<CertificateDer<'static>>) -> Self {
        self.certificates = Some(Origin::Certificates(chain));
        self
    }

    /// The file with the private key.
    pub fn with_key_file(mut self, path: impl AsRef<Path>) -> Self {
        self.key = Some(Origin::File(path.as_ref().to_owned()));
        self
    }

    /// The private key, PEM or DER.
    pub fn with_key_bytes(mut self, bytes: &[u8]) -> Self {
        self.key = Some(Origin::Bytes(Zeroizing::new(bytes.to_vec())));
        self
    }

    /// What opens the private key, if it is encrypted; not used otherwise.
    pub fn with_passphrase(mut self, passphrase: Passphrase) -> Self {
        self.passphrase = Some(passphrase);
        self
    }

    /// See [`Credential::with_ocsp_response`].
    pub fn with_ocsp_response(mut self, der: Vec<u8>) -> Self {
        self.ocsp_response = der;
        self
    }

    /// Takes an RSA key of 1024 to 2047 bits, too, for a certificate that cannot be replaced and peers that allow such keys
    /// (here [`Leniency::Rsa1024`](crate::trust::Leniency::Rsa1024)).
    ///
    /// The danger: one modulus of 1024 bits can be factored by those who can pay for a large computation. They then are
    /// this side, to all peers.
    pub fn dangerously_with_rsa_1024(mut self) -> Self {
        self.rsa_minimum = RsaMinimum::Bits1024;
        self
    }

    /// Reads all parts and puts them together.
    ///
    /// # Errors
    /// [`CredentialError`]: a part is missing, cannot be read, or does not fit the others.
    pub fn build(self) -> Result<Credential, CredentialError> {
        let certificates = self.certificates.ok_or(CredentialError::NoCertificate)?;
        let chain = match certificates {
            Origin::Certificates(chain) => chain,
            source => material::certificates(&source.open()?)?,
        };
        let keys = read_keys(
            &self.key.ok_or(CredentialError::NoKey)?.open()?,
            self.passphrase.as_ref(),
            self.rsa_minimum,
        )?;
        let (chain, key) = match_up(chain, keys, self.rsa_minimum)?;
        // A certificate may restrict a PSS key further than the file with the key does (RFC 4055 Section 3.3).
        let public_key = leaf_key(&chain, self.rsa_minimum)?;
        let schemes: Vec<_> = key
            .algorithms()
            .iter()
            .filter(|algorithm| public_key.supports(**algorithm))
            .map(|algorithm| SignatureScheme(algorithm.iana()))
            .filter(|scheme| scheme.signs_tls13_handshakes())
            .collect();
        let credential = Credential::new(chain, Signer::Local(Arc::new(key)), schemes)?;
        Ok(credential.with_ocsp_response(self.ocsp_response))
    }
}

/// All private keys of a source; at least one.
fn read_keys(
    source: &Source,
    passphrase: Option<&Passphrase>,
    minimum: RsaMinimum,
) -> Result<Vec<PrivateKey>, MaterialError> {
    let items = source.items()?;
    let mut keys = Vec::new();
    for item in &items {
        match read_key(item, passphrase, minimum) {
            Some(Ok(key)) => keys.push(key),
            Some(Err(problem)) => return Err(source.error(problem)),
            None => {}
        }
    }
    if keys.is_empty() {
        return Err(source.lacks(material::A_PRIVATE_KEY, &items));
    }
    Ok(keys)
}

fn read_key(
    item: &Item,
    passphrase: Option<&Passphrase>,
    minimum: RsaMinimum,
) -> Option<Result<PrivateKey, MaterialProblem>> {
    let result = match (item.kind, passphrase) {
        (Kind::PrivateKey, _) => PrivateKey::from_der_with(&item.der, minimum),
        (Kind::EncryptedPrivateKey, Some(passphrase)) => {
            PrivateKey::from_encrypted_pkcs8_with(&item.der, &passphrase.0, minimum)
        }
        (Kind::EncryptedPrivateKey, None) => return Some(Err(MaterialProblem::PassphraseNeeded)),
        (Kind::TraditionallyEncryptedKey, _) => {
            return Some(Err(MaterialProblem::TraditionalEncryption));
        }
        _ => return None,
    };
    Some(result.map_err(|error| match error {
        CryptoError::BadPassphrase => MaterialProblem::WrongPassphrase,
        CryptoError::TooCostly => MaterialProblem::BadKey(
            "opening it would take more work or memory than is allowed (PBKDF2 iterations, scrypt memory)".to_owned(),
        ),
        CryptoError::Unsupported if item.kind == Kind::EncryptedPrivateKey => MaterialProblem::BadKey(
            "its encryption or its algorithm is not supported; encryption must be PBES2 (openssl pkcs8 -topk8 -v2 \
             aes-256-cbc)"
                .to_owned(),
        ),
        error => MaterialProblem::BadKey(error.to_string()),
    }))
}

/// Finds the certificate and the key that fit each other, and puts the certificate first.
fn match_up(
    mut chain: Vec<CertificateDer<'static>>,
    keys: Vec<PrivateKey>,
    minimum: RsaMinimum,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKey), CredentialError> {
    let mut mismatch = CredentialError::NoKey;
    for key in keys {
        let leaf = chain.iter().position(|certificate| {
            CertificateView::parse(certificate).is_ok_and(|view| fits(&view, &key))
        });
        if let Some(leaf) = leaf {
            let leaf = chain.remove(leaf);
            chain.insert(0, leaf);
            return Ok((chain, key));
        }
        if matches!(mismatch, CredentialError::NoKey) {
            let first = leaf_key(&chain, minimum)?;
            let subject = chain
                .first()
                .and_then(|leaf| CertificateView::parse(leaf).ok())
                .map_or_else(String::new, |view| distinguished_name(view.subject));
            mismatch = CredentialError::KeyMismatch {
                subject,
                certificate: first.kind(),
                key: key.kind(),
            };
        }
    }
    Err(mismatch)
}

/// The leaf's public key.
fn leaf_key(
    chain: &[CertificateDer<'_>],
    minimum: RsaMinimum,
) -> Result<PublicKey, CredentialError> {
    let bad = |reason| {
        CredentialError::Material(MaterialError {
            source: "the certificate".to_owned(),
            problem: MaterialProblem::BadCertificate(reason),
        })
    };
    let leaf = chain.first().ok_or(CredentialError::NoCertificate)?;
    let view = CertificateView::parse(leaf).map_err(|error| bad(error.to_string()))?;
    PublicKey::from_spki_der_with(view.spki, minimum).map_err(|error| {
        bad(format!(
            "its key ({}) cannot be used: {error}",
            key_name(view.spki)
        ))
    })
}

/// Whether the key is the certificate's: the same public half, or, should that be written in another way,
/// signatures that the certificate's key verifies.
fn fits(certificate: &CertificateView<'_>, key: &PrivateKey) -> bool {
    if certificate.spki == key.public_key_spki() {
        return true;
    }
    // Its size must be that of the private key, which was taken.
    let Ok(public_key) = PublicKey::from_spki_der_with(certificate.spki, RsaMinimum::Bits1024)
    else {
        return false;
    };
    let mut algorithms = key.algorithms().iter();
    let Some(&algorithm) = algorithms.find(|algorithm| public_key.supports(**algorithm)) else {
        return false;
    };
    public_key.kind() == key.kind() && signature_fits(&public_key, key, algorithm)
}

fn signature_fits(public_key: &PublicKey, key: &PrivateKey, algorithm: SignatureAlgorithm) -> bool {
    const MESSAGE: &[u8] = b"warifu: does this key fit its certificate?";
    key.sign(algorithm, MESSAGE)
        .is_ok_and(|signature| public_key.verify(algorithm, MESSAGE, &signature).is_ok())
}

/// Keeps the leaf, then puts its issuers in the order in which they follow, then the others.
fn issuers_in_order(mut rest: Vec<CertificateDer<'static>>) -> Vec<CertificateDer<'static>> {
    let mut chain: Vec<CertificateDer<'static>> = Vec::with_capacity(rest.len());
    if rest.is_empty() {
        return chain;
    }
    chain.push(rest.remove(0));
    while let Some(last) = chain.last()
        && let Ok(last) = CertificateView::parse(last)
    {
        let issuer = rest.iter().position(|certificate| {
            CertificateView::parse(certificate).is_ok_and(|view| view.subject == last.issuer)
        });
        match issuer {
            Some(issuer) => chain.push(rest.remove(issuer)),
            None => break,
        }
    }
    chain.append(&mut rest);
    chain
}

/// Most names of a peer's that an error text repeats.
const MAX_LISTED: usize = 24;

/// Far more than the logs that there are would make; the extension block, which an OCSP response may share, has 65,535 bytes.
const MAX_SCTS_LEN: usize = 16_384;

/// Several credentials, of which each connection gets the best: the built-in [`ChooseCredential`].
///
/// Left out are those whose key makes no signature that the peer can verify, and cannot decrypt for it either where that
/// would do ([`CredentialRequest::key_encipherment`]). Among the rest, in their order: the first for the name that the client
/// asked for (SNI) *and* of an authority that the peer named; else the first for the name; else the first of an authority;
/// else the first. One with [`with_issuer_match_required`](Credential::with_issuer_match_required) is left out unless it is of
/// such an authority. Of those who are equal in this, the ones that sign come first, as only they have forward secrecy. So a
/// server with certificates for other names only still answers, and the client sees in the certificate where it is.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    list: Vec<Arc<Credential>>,
    match_required: bool,
}

impl Credentials {
    /// The list, best first.
    pub fn new(list: Vec<Arc<Credential>>) -> Self {
        Self {
            list,
            match_required: false,
        }
    }

    /// Whether a handshake ends where there are credentials and none of them fits, instead of going on without. For a client
    /// that would rather fail, and be told why, than come as nobody. Default: no; a server fails in any case.
    ///
    /// The error is [`NothingInCommon::Issuer`] if credentials with
    /// [`with_issuer_match_required`](Credential::with_issuer_match_required) would do but for that, else
    /// [`NothingInCommon::SignatureScheme`].
    #[must_use]
    pub fn with_match_required(mut self, required: bool) -> Self {
        self.match_required = required;
        self
    }

    /// Why no credential fits.
    fn mismatch(&self, request: &CredentialRequest<'_>) -> Error {
        let listed = |names: Vec<String>| match names.is_empty() {
            true => "none".to_owned(),
            false => names.join("; "),
        };
        let mut usable = self
            .list
            .iter()
            .filter(|ours| ours.signs_for(request) || ours.decrypts_for(request))
            .peekable();
        if usable.peek().is_some() {
            let issuers = usable
                .filter_map(|ours| CertificateView::parse(ours.chain.first()?).ok())
                .map(|view| distinguished_name(view.issuer));
            let named = request.authorities.iter().take(MAX_LISTED);
            return NothingInCommon::Issuer {
                ours: listed(issuers.collect()),
                peers: listed(named.map(|name| distinguished_name(name)).collect()),
            }
            .into();
        }
        let mut ours: Vec<SignatureScheme> = Vec::new();
        for scheme in self.list.iter().flat_map(|ours| ours.schemes_for(request)) {
            if !ours.contains(scheme) {
                ours.push(*scheme);
            }
        }
        let peers = request.signature_schemes.iter().take(MAX_LISTED);
        NothingInCommon::SignatureScheme {
            ours: listed(ours.iter().map(ToString::to_string).collect()),
            peers: listed(peers.map(ToString::to_string).collect()),
        }
        .into()
    }

    /// The best credential for a request; `None` if no key can sign what the peer verifies, nor decrypt for it.
    pub fn best(&self, request: &CredentialRequest<'_>) -> Option<&Arc<Credential>> {
        if let [only] = self.list.as_slice()
            && !only.issuer_match_required
        {
            let fits = only.signs_for(request) || only.decrypts_for(request);
            return fits.then_some(only);
        }
        let fit = |credential: &Arc<Credential>| {
            let signs = credential.signs_for(request);
            if !signs && !credential.decrypts_for(request) {
                return None;
            }
            let name = request
                .server_name
                .is_some_and(|name| credential.serves_name(name));
            let issuer =
                !request.authorities.is_empty() && credential.issued_by_any(request.authorities);
            if credential.issuer_match_required && !issuer {
                return None;
            }
            Some((name, issuer, signs))
        };
        // max_by_key would return the last of equals.
        let mut best = None;
        for credential in &self.list {
            let fit = fit(credential);
            if fit > best.map(|(_, fit)| fit) {
                best = fit.map(|fit| (credential, fit));
            }
        }
        best.map(|(credential, _)| credential)
    }
}

impl From<Credential> for Credentials {
    fn from(credential: Credential) -> Self {
        Self::new(vec![Arc::new(credential)])
    }
}

impl From<Arc<Credential>> for Credentials {
    fn from(credential: Arc<Credential>) -> Self {
        Self::new(vec![credential])
    }
}

impl ChooseCredential for Credentials {
    fn choose<'a>(
        &'a self,
        request: CredentialRequest<'a>,
    ) -> Answer<'a, Result<Option<Arc<Credential>>, Error>> {
        Answer::Ready(match self.best(&request) {
            Some(best) => Ok(Some(best.clone())),
            None if self.match_required && !self.list.is_empty() => Err(self.mismatch(&request)),
            None => Ok(None),
        })
    }

    fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

fn listed(schemes: &[SignatureScheme]) -> String {
    let names: Vec<_> = schemes.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// A credential could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialError {
    /// A file or bytes could not be used.
    Material(MaterialError),
    /// No certificate was given.
    NoCertificate,
    /// No private key was given.
    NoKey,
    /// The private key is not that of the certificate, nor of another one given with it.
    KeyMismatch {
        /// Subject of the (first) certificate.
        subject: String,
        /// The kind of key that it certifies.
        certificate: KeyKind,
        /// The kind of the private key.
        key: KeyKind,
    },
    /// The leaf's key usage does not allow signatures, which all of TLS 1.3 needs (RFC 8446 Section 4.4.2.2), nor does it allow an
    /// RSA key that this process holds the key encipherment of older versions (RFC 5246 Section 7.4.2).
    NoDigitalSignature {
        /// Subject of the leaf.
        subject: String,
    },
    /// The signer makes no signatures that fit the certificate.
    SignerMismatch {
        /// The kind of key that the leaf certifies.
        certificate: KeyKind,
        /// The schemes of the signer.
        signer: String,
    },
    /// One of the SCTs is empty, or there are too many, or they are too long.
    BadScts {
        /// How many there are.
        count: usize,
        /// What they would take, in bytes.
        len: usize,
    },
    /// The key can make none of the schemes that it is to sign by.
    NoScheme {
        /// The schemes that were named.
        wanted: String,
        /// Those that the key can make in TLS 1.3.
        possible: String,
    },
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Material(error) => error.fmt(f),
            Self::NoCertificate => f.write_str("no certificate was given"),
            Self::NoKey => f.write_str("no private key was given"),
            Self::KeyMismatch {
                subject,
                certificate,
                key,
            } if certificate == key => write!(
                f,
                "the private key ({key}) is not that of the certificate for {subject}: both are of the same kind, \
                 but another key pair"
            ),
            Self::KeyMismatch {
                subject,
                certificate,
                key,
            } => write!(
                f,
                "the private key ({key}) does not fit the certificate for {subject}, which is for a key of kind \
                 {certificate}"
            ),
            Self::NoDigitalSignature { subject } => write!(
                f,
                "the certificate for {subject} may not sign handshakes: its key usage lacks digitalSignature (RFC 8446 \
                 Section 4.4.2.2)"
            ),
            Self::BadScts { count, len } => write!(
                f,
                "{count} SCTs take {len} bytes: none may be empty, and {MAX_SCTS} of together {MAX_SCTS_LEN} bytes are the most"
            ),
            Self::NoScheme { wanted, possible } => write!(
                f,
                "the key can sign by none of the schemes named, {wanted}; it can by {possible}"
            ),
            Self::SignerMismatch {
                certificate,
                signer,
            } => write!(
                f,
                "the certificate is for a key of kind {certificate}, but the signer makes only {signer}"
            ),
        }
    }
}

impl core::error::Error for CredentialError {}

impl From<MaterialError> for CredentialError {
    fn from(error: MaterialError) -> Self {
        Self::Material(error)
    }
}

impl From<CredentialError> for Error {
    fn from(error: CredentialError) -> Self {
        Self::Usage(UsageError::Config(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use core::pin::pin;
    use core::task::{Context, Poll, Waker};

    use rcgen::{CertificateParams, KeyPair};

    use super::*;
    use crate::certificate::leaf_public_key;

    /// A chain of one and its key for each kind that rcgen can make.
    fn pairs() -> Vec<(CertificateDer<'static>, Vec<u8>)> {
        let algorithms = [
            &rcgen::PKCS_ECDSA_P256_SHA256,
            &rcgen::PKCS_ECDSA_P384_SHA384,
            &rcgen::PKCS_ECDSA_P521_SHA512,
            &rcgen::PKCS_ED25519,
            &rcgen::PKCS_RSA_SHA256,
            &rcgen::PKCS_ML_DSA_44,
            &rcgen::PKCS_ML_DSA_65,
            &rcgen::PKCS_ML_DSA_87,
        ];
        algorithms
            .map(|algorithm| {
                let key = KeyPair::generate_for(algorithm).unwrap();
                let params = CertificateParams::new(vec!["host.example".to_owned()]).unwrap();
                (
                    params.self_signed(&key).unwrap().der().clone(),
                    key.serialize_der(),
                )
            })
            .to_vec()
    }

    #[test]
    fn signatures_verify_with_the_leafs_key() {
        for (certificate, key) in pairs() {
            let public_key = leaf_public_key(&certificate, RsaMinimum::Bits2048).unwrap();
            let credential = Credential::from_der(vec![certificate], &key).unwrap();
            assert!(!credential.schemes().is_empty());
            for &scheme in credential.schemes() {
                let Answer::Ready(signature) = credential.sign(scheme, b"message") else {
                    panic!("a local key answers at once");
                };
                let algorithm = scheme.algorithm().unwrap();
                public_key
                    .verify(algorithm, b"message", &signature.unwrap())
                    .unwrap();
            }
        }
    }

    /// Signs with a local key, one poll later than asked.
    #[derive(Debug)]
    struct Slow(PrivateKey, Vec<SignatureScheme>);

    impl Sign for Slow {
        fn schemes(&self) -> &[SignatureScheme] {
            &self.1
        }

        fn sign<'a>(
            &'a self,
            scheme: SignatureScheme,
            message: &'a [u8],
        ) -> Answer<'a, Result<Vec<u8>, String>> {
            let mut asked = false;
            Answer::later(core::future::poll_fn(move |_| {
                if !core::mem::replace(&mut asked, true) {
                    return Poll::Pending;
                }
                let algorithm = scheme.algorithm().unwrap();
                Poll::Ready(
                    self.0
                        .sign(algorithm, message)
                        .map_err(|error| error.to_string()),
                )
            }))
        }
    }

    #[test]
    fn remote_signer_may_take_its_time() {
        let (certificate, key) = pairs().remove(0);
        let public_key = leaf_public_key(&certificate, RsaMinimum::Bits2048).unwrap();
        let scheme = SignatureScheme::ECDSA_SECP256R1_SHA256;
        let signer = Slow(PrivateKey::from_der(&key).unwrap(), vec![scheme]);
        let credential = Credential::with_signer(vec![certificate], Arc::new(signer)).unwrap();
        let Answer::Later(future) = credential.sign(scheme, b"message") else {
            panic!("it takes its time");
        };
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        assert!(future.as_mut().poll(&mut context).is_pending());
        let Poll::Ready(signature) = future.as_mut().poll(&mut context) else {
            panic!("the second poll is the last");
        };
        public_key
            .verify(scheme.algorithm().unwrap(), b"message", &signature.unwrap())
            .unwrap();
    }
}
