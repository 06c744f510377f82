//! A server's configuration.

use core::ops::RangeInclusive;
use std::sync::Arc;

use crate::decision::{Answer, ChooseCredential, VerifyPeer};
use crate::early_data::ReplayableEarlyData;
use crate::error::{Error, UsageError};
use crate::handshake::psk::Counters;
use crate::parameters::{CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};
use crate::psk::{PskPolicy, PskStore};
use crate::record::wire::MAX_TICKETS;
use crate::resumption::{MAX_LIFETIME, Tickets};

use super::policy::Means;
use super::{ConfigBuilder, Settings, SuiteStatus};

/// What a series of server connections shares. Made by [`ServerConfig::builder`].
///
/// ```
/// # #[allow(dead_code)] mod doc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
/// use warifu::credential::Credentials;
/// use warifu::{ClientAuth, ServerConfig};
///
/// # fn main() -> Result<(), warifu::Error> {
/// # let (trust, credential) = doc::material();
/// # let other_credential = credential.clone();
/// let config = ServerConfig::builder(Credentials::new(vec![credential, other_credential]))
///     .with_client_auth(ClientAuth::required(trust))
///     .with_record_size(4096)
///     .build()?;
/// # let _ = config;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ServerConfig {
    pub(crate) settings: Settings,
    pub(crate) role: Server,
}

/// What only a server can be told.
#[derive(Debug, Clone)]
pub struct Server {
    /// `None` if this server has no certificates at all.
    pub(crate) credentials: Option<Arc<dyn ChooseCredential>>,
    pub(crate) psk_store: Option<Arc<dyn PskStore>>,
    #[cfg(feature = "legacy")]
    pub(crate) psk_identity_hint: Option<Arc<[u8]>>,
    pub(crate) tickets: Option<Tickets>,
    pub(crate) early_data: Option<ReplayableEarlyData>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) client_auth: ClientAuth,
    pub(crate) choose_config: Option<Arc<dyn ChooseServerConfig>>,
    pub(crate) max_fragment_length: bool,
    pub(crate) retry_cookie: bool,
}

/// How often what became of clients' keys and tickets, since the configuration was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PskStatistics {
    /// Handshakes with a pre-shared key whose binder was right.
    pub keys_accepted: u64,
    /// Handshakes in which no identity that was offered has a key here.
    pub unknown_identities: u64,
    /// Handshakes that ended because of a wrong binder.
    pub wrong_keys: u64,
    /// Handshakes in which a key was found and could not be used: another hash, role or form.
    pub unusable_keys: u64,
    /// Our own ClientHellos that came back to us.
    pub reflected: u64,
    /// Sessions that were resumed.
    pub tickets_accepted: u64,
    /// Tickets that were looked at and not taken.
    pub tickets_declined: u64,
    /// Connections whose early data was taken.
    pub early_data_accepted: u64,
    /// Connections whose early data was not.
    pub early_data_declined: u64,
}

/// Whether clients must prove themselves by a certificate.
#[derive(Debug, Clone, Default)]
pub enum ClientAuth {
    /// They are not asked.
    #[default]
    Off,
    /// They are asked; one without a certificate is served all the same.
    Optional(Arc<dyn VerifyPeer>),
    /// They are asked; one without a certificate is refused with certificate_required. A client that proves itself by a
    /// pre-shared key is not asked (RFC 8446 Section 4.3.2), unless both are used together: [`PskPolicy`].
    Required(Arc<dyn VerifyPeer>),
    /// They are not asked in the handshake; the application may ask later, those that offer it, by
    /// [`request_client_certificate`](crate::Connection::request_client_certificate) (RFC 8446 Section 4.6.2). Before TLS 1.3
    /// there is no asking later: a client chooses by its version that it is never asked. Where that must not be, see the next two.
    PostHandshake(Arc<dyn VerifyPeer>),
    /// As [`PostHandshake`](Self::PostHandshake) in TLS 1.3, as [`Optional`](Self::Optional) before it.
    PostHandshakeOrOptional(Arc<dyn VerifyPeer>),
    /// As [`PostHandshake`](Self::PostHandshake) in TLS 1.3, as [`Required`](Self::Required) before it.
    PostHandshakeOrRequired(Arc<dyn VerifyPeer>),
}

impl ClientAuth {
    /// Asks for a certificate, and serves clients without one.
    pub fn optional(verifier: impl VerifyPeer + 'static) -> Self {
        Self::Optional(Arc::new(verifier))
    }

    /// Lets the application ask after the handshake.
    pub fn post_handshake(verifier: impl VerifyPeer + 'static) -> Self {
        Self::PostHandshake(Arc::new(verifier))
    }

    /// Lets the application ask after the handshake; before TLS 1.3, which has no asking later, asks in the handshake and serves
    /// clients without a certificate.
    pub fn post_handshake_or_optional(verifier: impl VerifyPeer + 'static) -> Self {
        Self::PostHandshakeOrOptional(Arc::new(verifier))
    }

    /// Lets the application ask after the handshake; before TLS 1.3, which has no asking later, demands a certificate in the
    /// handshake.
    pub fn post_handshake_or_required(verifier: impl VerifyPeer + 'static) -> Self {
        Self::PostHandshakeOrRequired(Arc::new(verifier))
    }

    /// Who verifies the client in the handshake, and whether it may come without a certificate; `None`: it is not asked there.
    pub(crate) fn in_handshake(&self, is_tls13: bool) -> Option<(&Arc<dyn VerifyPeer>, bool)> {
        match (self, is_tls13) {
            (Self::Optional(verifier), _) | (Self::PostHandshakeOrOptional(verifier), false) => {
                Some((verifier, true))
            }
            (Self::Required(verifier), _) | (Self::PostHandshakeOrRequired(verifier), false) => {
                Some((verifier, false))
            }
            (
                Self::Off
                | Self::PostHandshake(_)
                | Self::PostHandshakeOrOptional(_)
                | Self::PostHandshakeOrRequired(_),
                _,
            ) => None,
        }
    }

    /// Who verifies it after the handshake of TLS 1.3, if it may be asked then.
    pub(crate) fn after_handshake(&self) -> Option<&Arc<dyn VerifyPeer>> {
        match self {
            Self::PostHandshake(verifier)
            | Self::PostHandshakeOrOptional(verifier)
            | Self::PostHandshakeOrRequired(verifier) => Some(verifier),
            Self::Off | Self::Optional(_) | Self::Required(_) => None,
        }
    }

    /// Demands a certificate.
    pub fn required(verifier: impl VerifyPeer + 'static) -> Self {
        Self::Required(Arc::new(verifier))
    }
}

/// What a ClientHello says, for [`ChooseServerConfig`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientHelloFacts {
    /// The name in SNI, if the client sent one: 1 to 255 bytes of printable ASCII without spaces, as the client wrote
    /// it, not necessarily the name of a host.
    pub server_name: Option<String>,
    /// ALPN protocols, the client's best first.
    pub alpn: Vec<Vec<u8>>,
    /// Versions of `supported_versions`, the client's best first.
    pub versions: Vec<ProtocolVersion>,
    /// Cipher suites, the client's best first.
    pub cipher_suites: Vec<CipherSuite>,
    /// Groups, the client's best first.
    pub groups: Vec<NamedGroup>,
    /// Signature schemes, the client's best first.
    pub signature_schemes: Vec<SignatureScheme>,
    /// Identities of pre-shared keys in TLS 1.3, as the client offers them: of external keys as they were agreed, of imported ones in
    /// an ImportedIdentity (RFC 9258 Section 5.1), tickets among them. Nothing proves yet that the client holds any of the keys.
    pub psk_identities: Vec<Vec<u8>>,
    /// The whole message as the client sent it, with its header of 4 bytes. It is well-formed (RFC 8446 Section 4.1.2).
    pub message: Vec<u8>,
}

/// Chooses the configuration for a connection by its ClientHello: virtual hosts, tenants.
///
/// ```
/// use std::sync::Arc;
/// use warifu::config::{ChooseServerConfig, ClientHelloFacts};
/// use warifu::decision::Answer;
/// use warifu::{Error, ServerConfig};
///
/// #[derive(Debug)]
/// struct Tenants {
///     http2: Arc<ServerConfig>,
/// }
///
/// impl ChooseServerConfig for Tenants {
///     fn choose(&self, hello: ClientHelloFacts) -> Answer<'_, Result<Option<Arc<ServerConfig>>, Error>> {
///         let http2 = hello.alpn.iter().any(|name| name == b"h2");
///         Answer::Ready(Ok(http2.then(|| self.http2.clone())))
///     }
/// }
/// ```
pub trait ChooseServerConfig: Send + Sync + core::fmt::Debug {
    /// Returns the configuration to go on with; `None` keeps the one the connection was made with. Its own
    /// `ChooseServerConfig` is not asked again.
    ///
    /// # Errors
    /// Any `Err` ends the handshake with the error's alert.
    fn choose(
        &self,
        hello: ClientHelloFacts,
    ) -> Answer<'_, Result<Option<Arc<ServerConfig>>, Error>>;
}

impl Server {
    fn means(&self) -> Means {
        Means {
            keys: self.psk_store.is_some(),
            certificates: self.credentials.is_some(),
        }
    }
}

impl ServerConfig {
    /// Starts a configuration for a server that proves itself by `credentials`: an
    /// `Arc<`[`Credential`](crate::Credential)`>`, or several of them.
    pub fn builder(credentials: impl ChooseCredential + 'static) -> ConfigBuilder<Server> {
        Self::begin(Some(Arc::new(credentials)))
    }

    /// Starts a configuration for a server that proves itself by pre-shared keys, and serves clients that hold one of
    /// them: no certificates.
    ///
    /// ```
    /// use warifu::psk::PskTable;
    /// use warifu::{Psk, ServerConfig};
    ///
    /// let keys = PskTable::new([Psk::new("alice", [0x5a; 32])?, Psk::new("bob", [0xa5; 32])?])?;
    /// let config = ServerConfig::psk_builder(keys).build()?;
    /// # let _ = config;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn psk_builder(store: impl PskStore + 'static) -> ConfigBuilder<Server> {
        Self::begin(None)
            .with_psk_store(store)
            .with_psk_policy(PskPolicy::Required)
    }

    /// What became of pre-shared keys and tickets so far, at all connections of this configuration and of others from the
    /// same builder.
    pub fn psk_statistics(&self) -> PskStatistics {
        self.role.counters.statistics()
    }

    /// The lowest and the highest version of TLS that is used: that of the policy or of
    /// [`with_versions`](ConfigBuilder::with_versions), less those that have no cipher suite.
    pub fn versions(&self) -> RangeInclusive<ProtocolVersion> {
        self.settings.versions.range()
    }

    /// Whether a cipher suite is used, or else the first reason why not. What kind of key the certificates have is not looked
    /// at: they may be chosen for each client anew.
    pub fn suite_status(&self, suite: CipherSuite) -> SuiteStatus {
        self.settings.suite_status(suite, self.role.means())
    }

    fn begin(credentials: Option<Arc<dyn ChooseCredential>>) -> ConfigBuilder<Server> {
        ConfigBuilder {
            settings: Settings::default(),
            role: Server {
                credentials,
                psk_store: None,
                #[cfg(feature = "legacy")]
                psk_identity_hint: None,
                tickets: None,
                early_data: None,
                counters: Arc::default(),
                client_auth: ClientAuth::Off,
                choose_config: None,
                max_fragment_length: true,
                retry_cookie: false,
            },
        }
    }
}

impl ConfigBuilder<Server> {
    /// Whether clients must prove themselves by a certificate. Default: [`ClientAuth::Off`].
    pub fn with_client_auth(mut self, client_auth: ClientAuth) -> Self {
        self.role.client_auth = client_auth;
        self
    }

    /// Where the keys of clients are found. Default: nowhere, pre-shared keys are not used. With the default [`PskPolicy`]
    /// clients without a key are served by certificate, and so are those whose identity is unknown; a wrong key ends the
    /// handshake (RFC 8446 Section 4.2.11), which tells that its identity is known. With [`PskPolicy::Required`] the two
    /// look the same.
    pub fn with_psk_store(mut self, store: impl PskStore + 'static) -> Self {
        self.role.psk_store = Some(Arc::new(store));
        self
    }

    /// What clients of TLS 1.2 and older are told of the identity that is expected (`psk_identity_hint`, RFC 4279 Section 5.2),
    /// of at most 65,535 bytes. Default: nothing.
    #[cfg(feature = "legacy")]
    pub fn with_psk_identity_hint(mut self, hint: impl AsRef<[u8]>) -> Self {
        let hint = hint.as_ref();
        if hint.len() > crate::psk::MAX_LEN {
            let len = hint.len();
            self.settings.note_mistake(format!(
                "a psk_identity_hint of {len} bytes: it has at most 65535"
            ));
        }
        self.role.psk_identity_hint = Some(hint.into());
        self
    }

    /// Which tickets clients get, so that they can resume. Default: none.
    pub fn with_tickets(mut self, tickets: Tickets) -> Self {
        self.role.tickets = Some(tickets);
        self
    }

    /// Takes early data from clients. Default: no. **Early data can be replayed by others**:
    /// [`early_data`](crate::early_data). Under a pre-shared key that is no ticket it is taken only if the key has
    /// [`PskRole::Server`](crate::psk::PskRole::Server).
    pub fn with_replayable_early_data(mut self, early_data: ReplayableEarlyData) -> Self {
        self.role.early_data = Some(early_data);
        self
    }

    /// Who chooses another configuration by the ClientHello. Default: nobody.
    pub fn with_config_choice(mut self, choose: Arc<dyn ChooseServerConfig>) -> Self {
        self.role.choose_config = Some(choose);
        self
    }

    /// Whether the client's order of cipher suites and signature schemes counts in place of ours. Default: no: the order here has
    /// its reasons, while most clients have one of their library's, and an attacker may have made the client's worse.
    pub fn with_client_preference(mut self, enabled: bool) -> Self {
        self.settings.client_preference = enabled;
        self
    }

    /// Whether a client's `max_fragment_length` (RFC 6066 Section 4) is obeyed. Default: yes.
    pub fn with_max_fragment_length(mut self, enabled: bool) -> Self {
        self.role.max_fragment_length = enabled;
        self
    }

    /// Whether a HelloRetryRequest carries a random cookie that the client must return (RFC 8446 Section 4.2.2).
    /// Default: no, this server keeps its state and does not need it.
    pub fn with_retry_cookie(mut self, enabled: bool) -> Self {
        self.role.retry_cookie = enabled;
        self
    }

    /// Checks the configuration and makes it immutable.
    ///
    /// # Errors
    /// [`UsageError::Config`] with what to change.
    pub fn build(mut self) -> Result<Arc<ServerConfig>, Error> {
        self.settings.finish()?;
        if self.role.tickets.is_some() {
            self.settings.need_session_context()?;
        }
        let role = &self.role;
        let mistake = match (&role.credentials, self.settings.psk_policy) {
            (Some(credentials), _) if credentials.is_empty() => {
                Some("the server has no credential: give Credentials at least one")
            }
            (_, PskPolicy::Required | PskPolicy::RequiredWithCertificate)
                if role.psk_store.is_none() =>
            {
                Some("a pre-shared key is required and there is no store: give with_psk_store one")
            }
            (_, PskPolicy::Required) if role.client_auth.in_handshake(false).is_some() => Some(
                "clients that must hold a pre-shared key are not asked for a certificate (RFC 8446 Section 4.3.2): leave ClientAuth off, ask after the handshake, or choose PskPolicy::RequiredWithCertificate",
            ),
            (None, PskPolicy::Optional) => Some(
                "without certificates a pre-shared key is all there is: leave the policy at Required",
            ),
            (None, PskPolicy::RequiredWithCertificate) => Some(
                "certificate and pre-shared key are required: begin with ServerConfig::builder and a credential",
            ),
            _ => None,
        };
        if let Some(text) = mistake {
            return Err(UsageError::Config(text.to_owned()).into());
        }
        if let Some(tickets) = &role.tickets
            && (tickets.lifetime > MAX_LIFETIME || tickets.lifetime.as_secs() == 0)
        {
            return Err(UsageError::Config(format!(
                "a ticket lifetime of {} seconds: it is 1 to 604800, seven days (RFC 8446 Section 4.6.1)",
                tickets.lifetime.as_secs()
            ))
            .into());
        }
        if let Some(tickets) = &role.tickets
            && usize::from(tickets.count) > MAX_TICKETS
        {
            return Err(UsageError::Config(format!(
                "{} tickets after each handshake: clients take at most {MAX_TICKETS} without data between them",
                tickets.count
            ))
            .into());
        }
        self.settings.check_psk_and_certificate()?;
        // Else the configuration may be there to be exchanged for each client.
        if role.choose_config.is_none() {
            self.settings.need_usable_suite(role.means())?;
        }
        warifu_crypto::random::warm_up();
        Ok(Arc::new(ServerConfig {
            settings: self.settings,
            role: self.role,
        }))
    }
}
