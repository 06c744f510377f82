//! The decisions that an application may take during a handshake, each as a trait.
//!
//! A decision answers with an [`Answer`]: at once, or by a future for which the handshake waits while
//! the connection's driver goes on with other work. The synchronous case costs nothing extra.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::credential::Credential;
use crate::error::{CertificateError, Error};
use crate::parameters::{NamedGroup, ProtocolVersion, SignatureScheme};
use crate::trust::Leniency;

/// An application's answer: now, or later.
///
/// ```
/// use warifu::decision::Answer;
///
/// let now: Answer<'_, u8> = 7.into();
/// let later: Answer<'_, u8> = Answer::later(async { 7 });
/// # let _ = (now, later);
/// ```
pub enum Answer<'a, T> {
    /// The answer is known.
    Ready(T),
    /// The handshake waits for this future. It is polled with the waker of whoever drives the connection.
    Later(Pin<Box<dyn Future<Output = T> + Send + 'a>>),
}

impl<'a, T> Answer<'a, T> {
    /// An answer that a future will give.
    pub fn later(future: impl Future<Output = T> + Send + 'a) -> Self {
        Self::Later(Box::pin(future))
    }

    pub(crate) fn is_ready(&self) -> bool {
        matches!(self, Self::Ready(_))
    }
}

impl<T> From<T> for Answer<'_, T> {
    fn from(answer: T) -> Self {
        Self::Ready(answer)
    }
}

impl<T> fmt::Debug for Answer<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready(_) => "Answer::Ready",
            Self::Later(_) => "Answer::Later",
        })
    }
}

/// Signs handshakes with a key that this process may not hold (HSM, remote signer).
///
/// Given to [`Credential::with_signer`].
///
/// ```
/// use warifu::decision::{Answer, Sign};
/// use warifu::parameters::SignatureScheme;
///
/// # async fn ask_the_hsm(_: &[u8]) -> Result<Vec<u8>, String> { Ok(Vec::new()) }
/// #[derive(Debug)]
/// struct Hsm;
///
/// impl Sign for Hsm {
///     fn schemes(&self) -> &[SignatureScheme] {
///         &[SignatureScheme::ECDSA_SECP256R1_SHA256]
///     }
///
///     fn sign<'a>(&'a self, _: SignatureScheme, message: &'a [u8]) -> Answer<'a, Result<Vec<u8>, String>> {
///         Answer::later(ask_the_hsm(message))
///     }
/// }
/// ```
pub trait Sign: Send + Sync + fmt::Debug {
    /// The schemes the key can make, best first.
    fn schemes(&self) -> &[SignatureScheme];

    /// Signs `message` (the whole content of RFC 8446 Section 4.4.3, not its hash) by `scheme`, one of
    /// [`schemes`](Self::schemes). Returns the signature as it goes on the wire.
    ///
    /// # Errors
    /// Any `Err` ends the handshake with `internal_error`; the text stays on this side.
    fn sign<'a>(
        &'a self,
        scheme: SignatureScheme,
        message: &'a [u8],
    ) -> Answer<'a, Result<Vec<u8>, String>>;
}

/// A chain as the peer presented it, with all that a verifier may want to know.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct PresentedChain<'a> {
    /// The leaf's certificate, then the others in the peer's order.
    pub certificates: &'a [CertificateDer<'static>],
    /// The stapled OCSP response, DER, empty if there is none (RFC 6066 Section 8).
    pub ocsp_response: &'a [u8],
    /// The signed certificate timestamps (SCTs) that came with the chain, each as it was sent (RFC 6962 Section 3.2); none unless
    /// they were asked for ([`with_sct_request`](crate::config::ConfigBuilder::with_sct_request)). Those inside of certificates
    /// are not among them.
    pub scts: &'a [Vec<u8>],
    /// Who the peer is.
    pub role: PeerRole<'a>,
    /// By what the peer proves that it holds the leaf's key.
    pub key_use: KeyUse,
    /// Whether the chain is of an earlier handshake whose session is to be resumed. One that is refused costs that session, and
    /// a full handshake follows.
    pub resumed: bool,
    /// The time of the handshake.
    pub now: UnixTime,
}

impl<'a> PresentedChain<'a> {
    /// A chain of a peer that signs, as in all of TLS 1.3, without an OCSP response and SCTs.
    pub fn new(
        certificates: &'a [CertificateDer<'static>],
        role: PeerRole<'a>,
        now: UnixTime,
    ) -> Self {
        Self {
            certificates,
            ocsp_response: &[],
            scts: &[],
            role,
            key_use: KeyUse::Signature,
            resumed: false,
            now,
        }
    }
}

/// What the key of a leaf is used for in a handshake, which its key usage must allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUse {
    /// It signs: `digitalSignature` (RFC 8446 Section 4.4.2.2, RFC 5246 Section 7.4.2).
    Signature,
    /// A server's RSA key decrypts the premaster secret, in the key exchanges RSA and RSA_PSK before TLS 1.3:
    /// `keyEncipherment` (RFC 5246 Section 7.4.2).
    KeyEncipherment,
}

/// Which side presented a chain.
#[derive(Debug, Clone, Copy)]
pub enum PeerRole<'a> {
    /// A server, which must prove this name.
    Server(&'a ServerName<'a>),
    /// A client.
    Client,
}

/// Decides whether a peer's certificate chain is to be believed.
///
/// A rule of one's own on top of [`Trust`](crate::Trust)'s:
///
/// ```
/// use warifu::decision::{Answer, PresentedChain, VerifyPeer};
/// use warifu::parameters::SignatureScheme;
/// use warifu::trust::Leniency;
/// use warifu::{CertificateError, Trust};
///
/// #[derive(Debug)]
/// struct ShortChains(Trust);
///
/// impl VerifyPeer for ShortChains {
///     fn verify<'a>(&'a self, chain: PresentedChain<'a>) -> Answer<'a, Result<(), CertificateError>> {
///         if chain.certificates.len() > 3 {
///             let reason = "chains of more than three certificates".to_owned();
///             return Err(CertificateError::Refused { reason }).into();
///         }
///         self.0.check(&chain).into()
///     }
///
///     fn chain_schemes(&self) -> &[SignatureScheme] {
///         self.0.chain_schemes()
///     }
///
///     fn authorities(&self) -> &[Vec<u8>] {
///         self.0.authorities()
///     }
///
///     fn allows(&self, rule: Leniency) -> bool {
///         self.0.allows(rule)
///     }
/// }
/// ```
pub trait VerifyPeer: Send + Sync + fmt::Debug {
    /// Checks the chain. That the peer holds the leaf's key is checked elsewhere.
    ///
    /// # Errors
    /// The reason, which becomes the handshake's error and alert.
    fn verify<'a>(&'a self, chain: PresentedChain<'a>) -> Answer<'a, Result<(), CertificateError>>;

    /// Schemes accepted in the chain's own signatures (`signature_algorithms_cert`), best first.
    fn chain_schemes(&self) -> &[SignatureScheme];

    /// Distinguished names (DER) of the trusted CAs, to be named in CertificateRequest
    /// (`certificate_authorities`, RFC 8446 Section 4.2.4); empty to name none.
    fn authorities(&self) -> &[Vec<u8>] {
        &[]
    }

    /// Whether this rule of today is given up for old certificates. The handshake, which verifies by the key of the peer's
    /// certificate, asks for [`Leniency::Rsa1024`]; the others are this verifier's own affair.
    fn allows(&self, rule: Leniency) -> bool {
        let _ = rule;
        false
    }
}

/// What a peer told of the certificates it can use, for [`ChooseCredential`].
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CredentialRequest<'a> {
    /// The version of the connection. What a key signs depends on it: in TLS 1.2 an ECDSA scheme is for keys of any curve, and
    /// RSA keys sign by PKCS #1 v1.5 too.
    pub version: ProtocolVersion,
    /// The server name of SNI, where this side is the server and the client sent one.
    pub server_name: Option<&'a str>,
    /// The peer's `signature_algorithms`. Where it has none, as before TLS 1.2, some schemes of each kind of key that it can
    /// verify by. Empty for a client of older versions that can only encrypt to the server's key.
    pub signature_schemes: &'a [SignatureScheme],
    /// Before TLS 1.3, the curves on which an ECDSA key of the server's may be (`supported_groups`, RFC 8422 Section 5.3). Empty for
    /// any; later the schemes say it.
    pub curves: &'a [NamedGroup],
    /// Whether a server's RSA key that decrypts will do, too: the client has RSA or RSA_PSK key exchange of a version before TLS
    /// 1.3 (RFC 5246 Section 7.4.7.1).
    pub key_encipherment: bool,
    /// The peer's `certificate_authorities`: distinguished names, DER; empty for any.
    pub authorities: &'a [&'a [u8]],
}

impl<'a> CredentialRequest<'a> {
    /// A request of a peer that verifies these schemes, takes nothing but signatures, and names neither a server nor authorities.
    pub fn new(version: ProtocolVersion, signature_schemes: &'a [SignatureScheme]) -> Self {
        Self {
            version,
            server_name: None,
            signature_schemes,
            curves: &[],
            key_encipherment: false,
            authorities: &[],
        }
    }
}

/// Chooses the certificate and key for one connection.
pub trait ChooseCredential: Send + Sync + fmt::Debug {
    /// Returns the credential, or `None` for none: a client then sends an empty list, a server fails.
    ///
    /// # Errors
    /// Any `Err` ends the handshake.
    fn choose<'a>(
        &'a self,
        request: CredentialRequest<'a>,
    ) -> Answer<'a, Result<Option<Arc<Credential>>, Error>>;

    /// Whether the choice can never be other than `None`: a server's configuration is refused then.
    fn is_empty(&self) -> bool {
        false
    }
}

// What is shared already needs no wrapper to be given to a configuration.

impl<V: VerifyPeer + ?Sized> VerifyPeer for Arc<V> {
    fn verify<'a>(&'a self, chain: PresentedChain<'a>) -> Answer<'a, Result<(), CertificateError>> {
        (**self).verify(chain)
    }

    fn chain_schemes(&self) -> &[SignatureScheme] {
        (**self).chain_schemes()
    }

    fn authorities(&self) -> &[Vec<u8>] {
        (**self).authorities()
    }

    fn allows(&self, rule: Leniency) -> bool {
        (**self).allows(rule)
    }
}

/// A single credential is always the choice.
impl ChooseCredential for Arc<Credential> {
    fn choose<'a>(
        &'a self,
        _: CredentialRequest<'a>,
    ) -> Answer<'a, Result<Option<Arc<Credential>>, Error>> {
        Answer::Ready(Ok(Some(self.clone())))
    }
}

impl<C: ChooseCredential + ?Sized> ChooseCredential for Arc<C> {
    fn choose<'a>(
        &'a self,
        request: CredentialRequest<'a>,
    ) -> Answer<'a, Result<Option<Arc<Credential>>, Error>> {
        (**self).choose(request)
    }

    fn is_empty(&self) -> bool {
        (**self).is_empty()
    }
}
