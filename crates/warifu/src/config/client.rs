//! A client's configuration.

use core::ops::RangeInclusive;
use std::sync::Arc;

use crate::decision::{ChooseCredential, VerifyPeer};
use crate::error::{Error, UsageError};
#[cfg(feature = "legacy")]
use crate::handshake::OfferedSuites;
use crate::parameters::{CipherSuite, NamedGroup, ProtocolVersion};
use crate::psk::{ChoosePsks, Psk, PskPolicy};
use crate::resumption::ClientSessionStore;

use super::policy::Means;
use super::{ConfigBuilder, Settings, SuiteStatus, defaults};

/// What a series of client connections shares. Made by [`ClientConfig::builder`].
///
/// ```
/// # #[allow(dead_code)] mod doc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
/// use warifu::parameters::NamedGroup;
/// use warifu::ClientConfig;
///
/// # fn main() -> Result<(), warifu::Error> {
/// # let (trust, credential) = doc::material();
/// let config = ClientConfig::builder(trust)
///     .with_credential(credential)
///     .with_groups(&[NamedGroup::X25519MLKEM768, NamedGroup::X25519])
///     .with_alpn(["h2", "http/1.1"])
///     .build()?;
/// # let _ = config;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ClientConfig {
    pub(crate) settings: Settings,
    pub(crate) role: Client,
}

/// What only a client can be told.
#[derive(Debug, Clone)]
pub struct Client {
    /// `None` if no certificate is believed at all.
    pub(crate) verifier: Option<Arc<dyn VerifyPeer>>,
    pub(crate) psks: Option<Arc<dyn ChoosePsks>>,
    pub(crate) session_store: Option<Arc<dyn ClientSessionStore>>,
    pub(crate) early_data: bool,
    pub(crate) credentials: Option<Arc<dyn ChooseCredential>>,
    pub(crate) max_fragment_length: Option<u16>,
    pub(crate) send_server_name: bool,
    /// The groups to send shares of, in the order of all groups. `None`: of the first, and of its classical half.
    pub(crate) key_shares: Option<Vec<NamedGroup>>,
    pub(crate) request_ocsp: bool,
    pub(crate) request_scts: bool,
    pub(crate) post_handshake_auth: bool,
    #[cfg(feature = "legacy")]
    pub(crate) fallback_scsv: bool,
    #[cfg(feature = "legacy")]
    pub(crate) renegotiation: bool,
    /// Set by `build()`.
    #[cfg(feature = "legacy")]
    pub(crate) legacy_suites: OfferedSuites,
}

impl Client {
    fn means(&self) -> Means {
        Means {
            keys: self.psks.is_some(),
            certificates: self.verifier.is_some(),
        }
    }
}

impl ClientConfig {
    /// Starts a configuration for a client that believes whom `verifier` believes, usually a
    /// [`Trust`](crate::Trust).
    pub fn builder(verifier: impl VerifyPeer + 'static) -> ConfigBuilder<Client> {
        Self::begin(Some(Arc::new(verifier)))
    }

    /// Starts a configuration for a client that proves itself by pre-shared keys, and believes servers that hold one of
    /// them: no certificates. The keys are offered in this order.
    ///
    /// ```
    /// use warifu::{ClientConfig, Psk};
    ///
    /// let config = ClientConfig::psk_builder([Psk::new("alice", [0x5a; 32])?]).build()?;
    /// # let _ = config;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn psk_builder(psks: impl IntoIterator<Item = Psk>) -> ConfigBuilder<Client> {
        Self::begin(None)
            .with_psks(psks)
            .with_psk_policy(PskPolicy::Required)
    }

    /// As [`psk_builder`](Self::psk_builder), with keys chosen by server.
    pub fn psk_choice_builder(choose: impl ChoosePsks + 'static) -> ConfigBuilder<Client> {
        Self::begin(None)
            .with_psk_choice(choose)
            .with_psk_policy(PskPolicy::Required)
    }

    /// The lowest and the highest version of TLS that is used: that of the policy or of
    /// [`with_versions`](ConfigBuilder::with_versions), less those that have no cipher suite.
    pub fn versions(&self) -> RangeInclusive<ProtocolVersion> {
        self.settings.versions.range()
    }

    /// Whether a cipher suite is used, or else the first reason why not. What servers and keys are like is not known: a key
    /// that goes with another hash, or none for a server, is no reason here.
    ///
    /// ```
    /// # #[allow(dead_code)] mod doc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// use warifu::ClientConfig;
    /// use warifu::config::SuiteStatus;
    /// use warifu::parameters::CipherSuite;
    ///
    /// # let (trust, _) = doc::material();
    /// let config = ClientConfig::builder(trust).build()?;
    /// let suite = CipherSuite::TLS_AES_128_GCM_SHA256;
    /// assert_eq!(config.suite_status(suite), SuiteStatus::Enabled);
    /// # Ok::<(), warifu::Error>(())
    /// ```
    pub fn suite_status(&self, suite: CipherSuite) -> SuiteStatus {
        self.settings.suite_status(suite, self.role.means())
    }

    fn begin(verifier: Option<Arc<dyn VerifyPeer>>) -> ConfigBuilder<Client> {
        ConfigBuilder {
            settings: Settings::default(),
            role: Client {
                verifier,
                psks: None,
                session_store: None,
                early_data: false,
                credentials: None,
                max_fragment_length: None,
                send_server_name: true,
                key_shares: None,
                request_ocsp: false,
                request_scts: false,
                post_handshake_auth: defaults::POST_HANDSHAKE_AUTH,
                #[cfg(feature = "legacy")]
                fallback_scsv: false,
                #[cfg(feature = "legacy")]
                renegotiation: false,
                #[cfg(feature = "legacy")]
                legacy_suites: OfferedSuites::default(),
            },
        }
    }
}

impl ConfigBuilder<Client> {
    /// The certificate and key this client proves itself with if the server asks. Default: none, an empty list
    /// is sent.
    pub fn with_credential(mut self, credentials: impl ChooseCredential + 'static) -> Self {
        self.role.credentials = Some(Arc::new(credentials));
        self
    }

    /// Pre-shared keys to offer, best first. Default: none. With the default [`PskPolicy`] the server may take one of them
    /// or prove itself by a certificate.
    pub fn with_psks(self, psks: impl IntoIterator<Item = Psk>) -> Self {
        let psks: Arc<[Psk]> = psks.into_iter().collect();
        if psks.is_empty() {
            return self;
        }
        self.with_psk_choice(psks)
    }

    /// Who chooses the pre-shared keys to offer to a server. Default: nobody, none are offered.
    pub fn with_psk_choice(mut self, choose: impl ChoosePsks + 'static) -> Self {
        self.role.psks = Some(Arc::new(choose));
        self
    }

    /// Where sessions are kept to be resumed. Default: nowhere, no session is resumed.
    pub fn with_session_store(mut self, store: impl ClientSessionStore + 'static) -> Self {
        self.role.session_store = Some(Arc::new(store));
        self
    }

    /// Offers early data where the session or the pre-shared key allows it, so that
    /// [`write_replayable_early_data`](crate::Connection::write_replayable_early_data) can be used. Default: no. **Early data
    /// can be replayed by others**: [`early_data`](crate::early_data).
    pub fn with_replayable_early_data(mut self, enabled: bool) -> Self {
        self.role.early_data = enabled;
        self
    }

    /// Asks for records of at most this many bytes in both directions by `max_fragment_length` (RFC 6066
    /// Section 4): 512, 1024, 2048 or 4096. Default: not sent. Excludes
    /// [`with_record_size_limit`](Self::with_record_size_limit), which is better where the server knows it.
    pub fn with_max_fragment_length(mut self, bytes: u16) -> Self {
        self.role.max_fragment_length = Some(bytes);
        self
    }

    /// Whether the server's name is sent in the clear (SNI, RFC 6066 Section 3). Default: yes. IP addresses
    /// never are.
    pub fn with_server_name_indication(mut self, enabled: bool) -> Self {
        self.role.send_server_name = enabled;
        self
    }

    /// Asks the server to staple an OCSP response, which the verifier then gets. Default: no.
    pub fn with_ocsp_request(mut self, enabled: bool) -> Self {
        self.role.request_ocsp = enabled;
        self
    }

    /// Asks the server for signed certificate timestamps (SCTs, RFC 6962 Section 3.3), which the verifier then gets; it has to judge
    /// them itself. Default: no.
    pub fn with_sct_request(mut self, enabled: bool) -> Self {
        self.role.request_scts = enabled;
        self
    }

    /// Offers post-handshake authentication (RFC 8446 Section 4.6.2) and answers the server's requests. Default: off. Costs
    /// memory for the transcript hash on each connection.
    pub fn with_post_handshake_auth(mut self, enabled: bool) -> Self {
        self.role.post_handshake_auth = enabled;
        self
    }

    /// Sends key shares of these groups in the first ClientHello of TLS 1.3, in the order of
    /// [`with_groups`](Self::with_groups), each with a key of its own. A server without any of them asks for another group, which
    /// costs a round trip; without names here it always does. Default: a share of the first group and, if that is a hybrid whose
    /// classical half is enabled too, one of that.
    pub fn with_key_shares(mut self, groups: &[NamedGroup]) -> Self {
        self.role.key_shares = Some(groups.to_vec());
        self
    }

    /// Says that this is another attempt with a lower highest version, after one with a higher one has failed
    /// (`TLS_FALLBACK_SCSV`, RFC 7507): a server that has the higher one then refuses with inappropriate_fallback. Default: no.
    #[cfg(feature = "legacy")]
    pub fn with_fallback_scsv(mut self, enabled: bool) -> Self {
        self.role.fallback_scsv = enabled;
        self
    }

    /// Renegotiates in TLS 1.2 and older when the server asks for it, as servers do that want a certificate for a part of what
    /// they serve (IIS, SAP). The server must have RFC 5746 and RFC 7627, and show the certificate that it began with; other
    /// requests are refused, and the connection goes on. Default: no. Costs memory for a copy of the configuration on each
    /// connection, which cannot be split then. A server here never renegotiates.
    #[cfg(feature = "legacy")]
    pub fn with_renegotiation(mut self, enabled: bool) -> Self {
        self.role.renegotiation = enabled;
        self
    }

    /// Checks the configuration and makes it immutable.
    ///
    /// # Errors
    /// [`UsageError::Config`] with what to change.
    pub fn build(mut self) -> Result<Arc<ClientConfig>, Error> {
        self.settings.finish()?;
        if self.role.session_store.is_some() {
            self.settings.need_session_context()?;
        }
        if let Some(bytes) = self.role.max_fragment_length {
            if ![512, 1024, 2048, 4096].contains(&bytes) {
                return Err(UsageError::Config(format!(
                    "max_fragment_length of {bytes} bytes: it is 512, 1024, 2048 or 4096 (RFC 6066 Section 4)"
                ))
                .into());
            }
            if self.settings.record_size_limit.is_some() {
                return Err(UsageError::Config(
                    "max_fragment_length and record_size_limit exclude each other: choose one (RFC 8449 Section 5)"
                        .to_owned(),
                )
                .into());
            }
        }
        let has_tls13 = self.settings.versions.has_tls13();
        if let Some(named) = self.role.key_shares.as_mut().filter(|_| has_tls13) {
            let groups = &self.settings.groups;
            if let Some(other) = named.iter().find(|group| !groups.contains(group)) {
                return Err(UsageError::Config(format!(
                    "key share of {other}, which is not among the groups: name it in with_groups"
                ))
                .into());
            }
            // RFC 8446 Section 4.2.8: in the order of supported_groups.
            *named = groups
                .iter()
                .copied()
                .filter(|group| named.contains(group))
                .collect();
        }
        let (role, policy) = (&self.role, self.settings.psk_policy);
        let mistake = match policy {
            PskPolicy::Optional if role.verifier.is_none() => Some(
                "without trust in certificates a pre-shared key is all there is: leave the policy at Required",
            ),
            PskPolicy::Required | PskPolicy::RequiredWithCertificate if role.psks.is_none() => {
                Some("a pre-shared key is required and none is given: name it in with_psks")
            }
            PskPolicy::RequiredWithCertificate if role.verifier.is_none() => Some(
                "certificate and pre-shared key are required: begin with ClientConfig::builder and whom to trust",
            ),
            _ => None,
        };
        if let Some(text) = mistake {
            return Err(UsageError::Config(text.to_owned()).into());
        }
        self.settings.check_psk_and_certificate()?;
        self.settings.need_usable_suite(self.role.means())?;
        #[cfg(feature = "legacy")]
        {
            let has_verifier = self.role.verifier.is_some();
            self.role.legacy_suites = OfferedSuites::new(&self.settings, has_verifier);
        }
        warifu_crypto::random::warm_up();
        Ok(Arc::new(ClientConfig {
            settings: self.settings,
            role: self.role,
        }))
    }
}
