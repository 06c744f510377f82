//! What is known of a connection once its handshake is complete.

use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use crate::early_data::EarlyData;
use crate::parameters::{
    CipherSuite, MaxFragmentLength, NamedGroup, ProtocolVersion, PskKeyExchangeMode,
    SignatureScheme,
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
    /// What `max_fragment_length` (RFC 6066 Section 4) limits records of both sides to; `None` if it was not agreed upon.
    pub max_fragment_length: Option<MaxFragmentLength>,
    /// Whether the handshake resumed an earlier session.
    pub resumed: bool,
    /// What only versions before TLS 1.3 have.
    #[cfg(feature = "legacy")]
    pub legacy: Option<Box<LegacyFacts>>,
}

/// What is known of a connection of TLS 1.2, 1.1 or 1.0 alone.
#[cfg(feature = "legacy")]
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LegacyFacts {
    /// The keys are bound to the whole handshake (RFC 7627).
    pub extended_main_secret: bool,
    /// CBC with the MAC outside of the encryption (RFC 7366).
    pub encrypt_then_mac: bool,
    /// The peer has secure renegotiation (RFC 5746).
    pub secure_renegotiation: bool,
    /// What the server said of the identity it expects (RFC 4279 Section 5.2); known to clients.
    pub psk_identity_hint: Option<Arc<[u8]>>,
    /// Bits of the finite-field group of a DHE exchange.
    pub dh_bits: Option<u32>,
    /// The channel binding `tls-unique` (RFC 5929 Section 3), 12 bytes. `None` without `extended_main_secret`, as it binds to
    /// nothing then.
    pub tls_unique: Option<[u8; 12]>,
}

#[cfg(feature = "legacy")]
impl ConnectionFacts {
    /// What is weaker in this connection than in those of the default policy, each in words for a log; empty in TLS 1.3.
    pub fn weaknesses(&self) -> Vec<&'static str> {
        use crate::parameters::{KeyExchange, LegacyCipher};
        use warifu_crypto::legacy::CbcSuite;

        let mut found = Vec::new();
        match self.version {
            ProtocolVersion::TLS1_0 => found.push("TLS 1.0 is deprecated (RFC 8996)"),
            ProtocolVersion::TLS1_1 => found.push("TLS 1.1 is deprecated (RFC 8996)"),
            _ => {}
        }
        let Some(suite) = self.cipher_suite.legacy() else {
            return found;
        };
        match suite.key_exchange {
            kx if kx.is_forward_secret() => {}
            KeyExchange::Psk => found.push("no forward secrecy: the pre-shared key alone"),
            _ => found.push("no forward secrecy: RSA key transport"),
        }
        let legacy = self.legacy.as_ref();
        match suite.cipher {
            LegacyCipher::Aead(aead) if aead.tag_len() < 16 => {
                found.push("short authentication tags (CCM-8)");
            }
            LegacyCipher::Aead(_) => {}
            LegacyCipher::Cbc(CbcSuite::TripleDesSha1) => {
                found.push("3DES has blocks of 64 bits (Sweet32)");
            }
            LegacyCipher::Cbc(_) => found.push(match legacy {
                Some(legacy) if legacy.encrypt_then_mac => {
                    "CBC in place of authenticated encryption"
                }
                _ => "CBC in place of authenticated encryption, and no encrypt-then-MAC",
            }),
        }
        if legacy.is_some_and(|legacy| !legacy.extended_main_secret) {
            found.push("no extended_main_secret (RFC 7627)");
        }
        if legacy.is_some_and(|legacy| !legacy.secure_renegotiation) {
            found.push("the peer has no secure renegotiation (RFC 5746)");
        }
        if let Some(bits) = legacy.and_then(|legacy| legacy.dh_bits)
            && bits < crate::config::defaults::MIN_DH_BITS
        {
            found.push("a Diffie-Hellman group of less than 2048 bits");
        }
        found
    }
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
