//! What is known of a connection once its handshake is complete.

use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use crate::early_data::EarlyData;
use crate::parameters::{
    CipherSuite, NamedGroup, ProtocolVersion, PskKeyExchangeMode, SignatureScheme,
};
use crate::psk::PskFacts;

/// The facts of an established connection.
///
/// ```
/// # #[allow(dead_code)] mod doc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
/// # let (trust, credential) = doc::material();
/// # let client = warifu::ClientConfig::builder(trust).build().unwrap();
/// # let server = warifu::ServerConfig::builder(credential).build().unwrap();
/// # let (connection, _) = doc::handshake(client, server);
/// let facts = connection.facts().expect("the handshake is complete");
/// assert_eq!(facts.version.to_string(), "TLS 1.3");
/// assert_eq!(facts.cipher_suite.to_string(), "TLS_AES_128_GCM_SHA256");
/// assert_eq!(facts.handshake_kind.to_string(), "full handshake");
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConnectionFacts {
    /// The version of TLS.
    pub version: ProtocolVersion,
    /// The cipher suite.
    pub cipher_suite: CipherSuite,
    /// The group of the key exchange; `None` with a pre-shared key alone (`psk_ke`).
    pub group: Option<NamedGroup>,
    /// How the handshake went.
    pub handshake_kind: HandshakeKind,
    /// The pre-shared key that authenticated both sides. Of a resumed session, that of the handshake which began it.
    pub psk: Option<PskFacts>,
    /// How the pre-shared key or ticket was used; `None` without one.
    pub psk_mode: Option<PskKeyExchangeMode>,
    /// Why a key or ticket that was offered was not used, in words for the log. What a server knows, its clients do not.
    pub psk_declined: Option<Arc<str>>,
    /// What became of early data.
    pub early_data: EarlyData,
    /// Why a server did not take early data that was offered, in words for the log.
    pub early_data_declined: Option<Arc<str>>,
    /// The chain by which the peer proved itself, leaf first; `None` if it did not by a certificate. Of a resumed session,
    /// that of the handshake which began it.
    pub peer_certificates: Option<Arc<[CertificateDer<'static>]>>,
    /// The scheme of the peer's signature.
    pub peer_signature_scheme: Option<SignatureScheme>,
    /// The credential by which this side proved itself.
    pub local_credential: Option<Arc<crate::Credential>>,
    /// The scheme of this side's signature.
    pub local_signature_scheme: Option<SignatureScheme>,
    /// The application protocol agreed upon by ALPN.
    pub alpn: Option<Arc<[u8]>>,
    /// The name in SNI.
    pub server_name: Option<Arc<str>>,
    /// Most bytes of application data in one record that this side sends.
    pub max_fragment_sent: usize,
    /// Whether the handshake resumed an earlier session, by a ticket.
    pub resumed: bool,
}

/// How a handshake went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeKind {
    /// With certificates, in one round trip.
    Full,
    /// With certificates, after a HelloRetryRequest cost a second round trip.
    FullWithRetry,
    /// With a pre-shared key.
    Psk,
    /// With a pre-shared key, after a HelloRetryRequest.
    PskWithRetry,
    /// With a ticket of an earlier session.
    Resumed,
    /// With a ticket of an earlier session, after a HelloRetryRequest.
    ResumedWithRetry,
}

impl HandshakeKind {
    /// Whether a HelloRetryRequest cost a second round trip.
    pub fn has_retry(self) -> bool {
        matches!(
            self,
            Self::FullWithRetry | Self::PskWithRetry | Self::ResumedWithRetry
        )
    }
}

impl core::fmt::Display for HandshakeKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Full => "full handshake",
            Self::FullWithRetry => "full handshake with retry",
            Self::Psk => "pre-shared key",
            Self::PskWithRetry => "pre-shared key with retry",
            Self::Resumed => "resumed",
            Self::ResumedWithRetry => "resumed with retry",
        })
    }
}
