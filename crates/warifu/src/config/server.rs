//! A server's configuration.

use std::sync::Arc;

use crate::decision::{Answer, ChooseCredential, VerifyPeer};
use crate::error::{Error, UsageError};
use crate::parameters::{CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};

use super::{ConfigBuilder, Settings};

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
    pub(crate) credentials: Arc<dyn ChooseCredential>,
    pub(crate) client_auth: ClientAuth,
    pub(crate) choose_config: Option<Arc<dyn ChooseServerConfig>>,
    pub(crate) max_fragment_length: bool,
    pub(crate) retry_cookie: bool,
}

/// Whether clients must prove themselves by a certificate.
#[derive(Debug, Clone, Default)]
pub enum ClientAuth {
    /// They are not asked.
    #[default]
    Off,
    /// They are asked; one without a certificate is served all the same.
    Optional(Arc<dyn VerifyPeer>),
    /// They are asked; one without a certificate is refused with certificate_required.
    Required(Arc<dyn VerifyPeer>),
    /// They are not asked in the handshake; the application may ask later, those that offer it, by
    /// [`request_client_certificate`](crate::Connection::request_client_certificate) (RFC 8446 Section 4.6.2).
    PostHandshake(Arc<dyn VerifyPeer>),
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

    /// Demands a certificate.
    pub fn required(verifier: impl VerifyPeer + 'static) -> Self {
        Self::Required(Arc::new(verifier))
    }
}

/// What a ClientHello says, for [`ChooseServerConfig`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientHelloFacts {
    /// The name in SNI, if the client sent one.
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

impl ServerConfig {
    /// Starts a configuration for a server that proves itself by `credentials`: an
    /// `Arc<`[`Credential`](crate::Credential)`>`, or several of them.
    pub fn builder(credentials: impl ChooseCredential + 'static) -> ConfigBuilder<Server> {
        ConfigBuilder {
            settings: Settings::default(),
            role: Server {
                credentials: Arc::new(credentials),
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

    /// Who chooses another configuration by the ClientHello. Default: nobody.
    pub fn with_config_choice(mut self, choose: Arc<dyn ChooseServerConfig>) -> Self {
        self.role.choose_config = Some(choose);
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
    pub fn build(self) -> Result<Arc<ServerConfig>, Error> {
        self.settings.check()?;
        if self.role.credentials.is_empty() {
            return Err(UsageError::Config(
                "the server has no credential: give Credentials at least one".to_owned(),
            )
            .into());
        }
        warifu_crypto::random::warm_up();
        Ok(Arc::new(ServerConfig {
            settings: self.settings,
            role: self.role,
        }))
    }
}
