//! What a client offers: its first ClientHello, and the second one after a HelloRetryRequest.

use std::sync::Arc;

use rustls_pki_types::ServerName;
use warifu_crypto::{KeyShare, SharedSecret};

use crate::config::{ClientConfig, RandomSource};
use crate::coroutine::Peer;
use crate::error::{Error, PeerMisbehaved};
use crate::message::{
    CertificateStatusRequest, ClientHello, ClientHelloExtensions, Empty, ExtensionSet, Handshake,
    KeyShareClientHello, KeyShareEntry, List8, List16, Opaque8, Opaque16, Random, RecordSizeLimit,
    ServerNameList,
};
use crate::parameters::{
    CipherSuite, MaxFragmentLength, NamedGroup, ProtocolVersion, TLS13_SUITES, Tls13Suite,
};

/// A client's offer. The two ClientHellos of a handshake with retry share all but what Section 4.1.2 of RFC 8446
/// allows to change.
pub(crate) struct Offer {
    pub(crate) random: [u8; 32],
    /// Random in middlebox compatibility mode, else none (RFC 8446 Section 4.1.2).
    session_id: Option<[u8; 32]>,
    config: Arc<ClientConfig>,
    server_name: Option<Arc<str>>,
    pub(crate) share_group: NamedGroup,
    share: Option<KeyShare>,
    cookie: Vec<u8>,
    /// Which extensions were offered, so that what answers none of them can be refused.
    pub(crate) offered: ExtensionSet,
}

impl Offer {
    pub(crate) fn new(
        config: &Arc<ClientConfig>,
        server_name: &ServerName<'_>,
    ) -> Result<Self, Error> {
        let settings = &config.settings;
        let &share_group = settings
            .groups
            .first()
            .ok_or(Error::Internal("config without groups"))?;
        let session_id = match settings.middlebox_compatibility {
            true => Some(settings.random.bytes()?),
            false => None,
        };
        let server_name = match server_name {
            ServerName::DnsName(name) if config.role.send_server_name => {
                Some(Arc::from(name.as_ref().trim_end_matches('.')))
            }
            _ => None,
        };
        Ok(Self {
            random: settings.random.bytes()?,
            session_id,
            config: config.clone(),
            server_name,
            share_group,
            share: Some(settings.random.share_in(share_group)?),
            cookie: Vec::new(),
            offered: ExtensionSet::default(),
        })
    }

    /// Tells the key log, if there is one, a secret of the connection that this offer opened.
    pub(crate) fn log_secret(&self, label: &str, secret: &[u8]) {
        if let Some(log) = &self.config.settings.key_log {
            log.log(label, &self.random, secret);
        }
    }

    /// The name sent in SNI.
    pub(crate) fn server_name(&self) -> Option<&Arc<str>> {
        self.server_name.as_ref()
    }

    /// `legacy_session_id`.
    pub(crate) fn session_id(&self) -> &[u8] {
        self.session_id.as_ref().map_or(&[], |id| id.as_slice())
    }

    /// The row of a suite, if it was offered.
    pub(crate) fn suite(&self, suite: CipherSuite) -> Option<Tls13Suite> {
        let offered = &self.config.settings.suites;
        offered.iter().find(|row| row.suite == suite).copied()
    }

    pub(crate) fn alpn(&self) -> &[Vec<u8>] {
        &self.config.settings.alpn
    }

    fn groups(&self) -> &[NamedGroup] {
        &self.config.settings.groups
    }

    pub(crate) fn record_size_limit(&self) -> Option<u16> {
        self.config.settings.record_size_limit
    }

    pub(crate) fn max_fragment_length(&self) -> Option<MaxFragmentLength> {
        let len = self.config.role.max_fragment_length?;
        MaxFragmentLength::from_fragment_len(len.into())
    }

    /// Sends the ClientHello and returns its bytes for the transcript, whose hash is not known yet.
    pub(crate) fn send(&mut self, peer: &mut Peer) -> Result<Vec<u8>, Error> {
        let first = self.offered == ExtensionSet::default();
        let mut bytes = Vec::with_capacity(2048);
        self.offered = self.encode(&mut bytes)?;
        peer.with_wire(|wire| {
            // RFC 8446 Section 5.1: the record of an initial ClientHello may say 0x0301 for compatibility; any
            // other says 0x0303.
            let version = if first { [3, 1] } else { [3, 3] };
            wire.sending.writer_mut().set_plain_version(version);
            wire.sending.send_message(|out| {
                out.extend_from_slice(&bytes);
                Ok(())
            })?;
            wire.sending.flush_flight()?;
            wire.sending.writer_mut().set_plain_version([3, 3]);
            Ok(())
        })?;
        Ok(bytes)
    }

    /// Prepares the second ClientHello that a HelloRetryRequest asks for (RFC 8446 Section 4.1.4).
    pub(crate) fn retry(
        &mut self,
        random: &dyn RandomSource,
        group: Option<NamedGroup>,
        cookie: Option<&[u8]>,
    ) -> Result<(), Error> {
        if group.is_none() && cookie.is_none() {
            return Err(PeerMisbehaved::PointlessHelloRetryRequest.into());
        }
        if let Some(group) = group {
            // RFC 8446 Section 4.2.8: selected_group must be one that was offered, without a share.
            if !self.groups().contains(&group) {
                return Err(PeerMisbehaved::NotOffered {
                    what: "group",
                    value: group.to_string(),
                }
                .into());
            }
            if self.has_share(group) {
                return Err(PeerMisbehaved::PointlessHelloRetryRequest.into());
            }
            self.share_group = group;
            self.share = Some(random.share_in(group)?);
        }
        self.cookie = cookie.unwrap_or_default().to_vec();
        Ok(())
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<ExtensionSet, Error> {
        let share = self
            .share
            .as_ref()
            .ok_or(Error::Internal("key share used twice"))?;
        let settings = &self.config.settings;
        let own = KeyShareEntry {
            group: self.share_group,
            key_exchange: Opaque16::new(share.public()),
        };
        // The classical half of a hybrid serves servers without the hybrid; it is the same key (as
        // draft-ietf-tls-hybrid-design Section 3.2 allows), so that it costs bytes only.
        let both = self.classical_share(share).map(|(group, public)| {
            let key_exchange = Opaque16::new(public);
            let classical = KeyShareEntry {
                group,
                key_exchange,
            };
            [own.clone(), classical]
        });
        let shares = match &both {
            Some(both) => both.as_slice(),
            None => core::slice::from_ref(&own),
        };
        let mut suites = [CipherSuite(0); TLS13_SUITES.len()];
        let places = suites.iter_mut().zip(&settings.suites);
        let count = places.map(|(place, row)| *place = row.suite).count();
        let suites = suites.get(..count).unwrap_or_default();
        let chain_schemes = self.config.role.verifier.chain_schemes();
        let alpn: Vec<_> = settings
            .alpn
            .iter()
            .map(|name| Opaque8::new(name))
            .collect();
        let extensions = ClientHelloExtensions {
            server_name: self
                .server_name
                .as_deref()
                .map(|host_name| ServerNameList { host_name }),
            max_fragment_length: self.max_fragment_length(),
            supported_groups: Some(List16::new(&settings.groups)),
            signature_algorithms: Some(List16::new(&settings.signature_schemes)),
            signature_algorithms_cert: (!chain_schemes.is_empty())
                .then(|| List16::new(chain_schemes)),
            application_layer_protocol_negotiation: (!alpn.is_empty()).then(|| List16::new(&alpn)),
            status_request: self
                .config
                .role
                .request_ocsp
                .then(CertificateStatusRequest::ocsp),
            record_size_limit: settings.record_size_limit.map(RecordSizeLimit),
            supported_versions: Some(List8::new(&[ProtocolVersion::TLS1_3])),
            cookie: (!self.cookie.is_empty()).then(|| Opaque16::new(&self.cookie)),
            post_handshake_auth: self.config.role.post_handshake_auth.then_some(Empty {}),
            key_share: Some(KeyShareClientHello {
                client_shares: List16::new(shares),
            }),
            ..ClientHelloExtensions::default()
        };
        let present = extensions.present();
        ClientHello {
            legacy_version: ProtocolVersion::TLS1_2,
            random: Random(self.random),
            legacy_session_id: Opaque8::new(self.session_id()),
            cipher_suites: List16::new(suites),
            legacy_compression_methods: Opaque8::new(&[0]),
            extensions,
        }
        .encode(out)?;
        Ok(present)
    }

    /// The second share of the ClientHello: only beside the first group's, never after a retry, which
    /// asks for one.
    fn classical_share<'s>(&self, share: &'s KeyShare) -> Option<(NamedGroup, &'s [u8])> {
        if self.groups().first() != Some(&self.share_group) {
            return None;
        }
        let (implementation, public) = share.classical_component()?;
        let group = self
            .groups()
            .iter()
            .find(|group| group.implementation() == Some(implementation))?;
        Some((*group, public))
    }

    fn has_share(&self, group: NamedGroup) -> bool {
        group == self.share_group
            || self
                .share
                .as_ref()
                .and_then(|share| self.classical_share(share))
                .is_some_and(|(classical, _)| classical == group)
    }

    /// Finishes the key exchange with the server's share.
    pub(crate) fn agree(&mut self, server: &KeyShareEntry<'_>) -> Result<SharedSecret, Error> {
        let group = server.group;
        if !self.has_share(group) {
            return Err(PeerMisbehaved::NotOffered {
                what: "group",
                value: group.to_string(),
            }
            .into());
        }
        let share = self
            .share
            .take()
            .ok_or(Error::Internal("key share used twice"))?;
        let secret = if group == self.share_group {
            share.agree(&server.key_exchange)
        } else {
            share.agree_classical(&server.key_exchange)
        };
        secret.map_err(|_| PeerMisbehaved::BadKeyShare { group: group.0 }.into())
    }
}
