//! What a client offers: its first ClientHello, and the second one after a HelloRetryRequest.

use core::{mem, slice};

use warifu_crypto::{Hash, KeyShare, SharedSecret};

#[cfg(feature = "legacy")]
use crate::config::Versions;
use crate::config::{ClientConfig, RandomSource};
use crate::coroutine::Peer;
use crate::early_data::EarlyData;
use crate::error::{Error, OrInternal, PeerMisbehaved, UsageError};
use crate::message::{
    CertificateStatusRequest, ClientHello, ClientHelloExtensions, Empty, ExtensionSet, Handshake,
    KeyShareClientHello, KeyShareEntry, List8, List16, OfferedPsks, Opaque8, Opaque16,
    OwnedSessionId, PskBinderEntry, PskIdentity, Random, RecordSizeLimit, ServerNameList,
};
use crate::parameters::{
    CipherSuite, MaxFragmentLength, NamedGroup, ProtocolVersion, PskKeyExchangeMode, TLS13_SUITES,
    Tls13Suite,
};
use crate::psk::PskPolicy;
use crate::record::MAX_FRAGMENT_LEN;

#[cfg(feature = "legacy")]
use super::legacy_offer::{LegacyOffer, RefusedVersions, nothing_to_offer};
use super::psk::{self, NotForUs, Offered, OfferedSource, Offers};
use super::tls13_client::Client;
use super::tls13_key_schedule::EarlySecret;
use super::transcript::Transcript;

/// A client's offer. The two ClientHellos of a handshake with retry share all but what Section 4.1.2 of RFC 8446
/// allows to change.
pub(crate) struct Offer<'c> {
    pub(crate) random: [u8; 32],
    /// Random in middlebox compatibility mode and beside a ticket, or that of a session of an older version, else none (RFC
    /// 8446 Section 4.1.2).
    session_id: OwnedSessionId,
    client: &'c Client,
    /// In the order of the offer: those that fit the first key come first. `None` without keys: as configured.
    own_suites: Option<Box<[Tls13Suite]>>,
    pub(crate) psks: Vec<Offered>,
    /// Somebody keeps the sessions that may come.
    keeps_sessions: bool,
    /// What is offered for versions before TLS 1.3, if one of those may be chosen.
    #[cfg(feature = "legacy")]
    pub(super) legacy: Option<LegacyOffer>,
    /// Those of them that will be refused. Not beside `legacy`.
    #[cfg(feature = "legacy")]
    pub(super) refused: Option<RefusedVersions>,
    /// Bytes of early data that may be sent; 0 if none is offered.
    early_data: u32,
    /// Kept until the handshake is over.
    _not_for_us: Option<Box<NotForUs>>,
    pub(crate) share_group: NamedGroup,
    /// `None` once it was used, or if there is nothing to agree on.
    share: Option<KeyShare>,
    /// Those beside it, where the configuration names more than one.
    further_shares: Vec<(NamedGroup, KeyShare)>,
    /// Keys are to be agreed on in TLS 1.3: there is more than `psk_ke`.
    exchanges: bool,
    cookie: Vec<u8>,
    /// Up to the ClientHello that was sent last, for the hash of the first key offered.
    transcript: Option<Transcript>,
    /// Which extensions were offered, so that what answers none of them can be refused.
    pub(crate) offered: ExtensionSet,
}

impl<'c> Offer<'c> {
    pub(super) fn new(client: &'c Client, offers: Offers) -> Result<Self, Error> {
        let config = &client.config;
        let settings = &config.settings;
        let psks = offers.offered;
        psk::check_size(&psks)?;
        #[cfg(feature = "legacy")]
        let has_tls13_keys_alone = offers.legacy_psk.is_none() && !psks.is_empty();
        #[cfg(feature = "legacy")]
        let legacy = match settings.versions.has_legacy() {
            true => LegacyOffer::new(
                config,
                offers.legacy_psk,
                offers.legacy_session,
                client.session_store().is_some(),
            ),
            false => None,
        };
        #[cfg(feature = "legacy")]
        let refused = match legacy {
            None => RefusedVersions::new(config, has_tls13_keys_alone),
            Some(_) => None,
        };
        #[cfg(feature = "legacy")]
        let legacy_psk = legacy.as_ref().and_then(|legacy| legacy.psk.as_ref());
        #[cfg(not(feature = "legacy"))]
        let legacy_psk = None;
        let own_suites = suites_for(config, &psks)?;
        #[cfg(feature = "legacy")]
        if own_suites.as_deref().unwrap_or(&settings.suites).is_empty() && legacy.is_none() {
            return Err(nothing_to_offer(config));
        }
        let early_data = match client.offers_early_data() {
            true => early_data(config, &psks, own_suites.as_deref().unwrap_or_default()),
            false => 0,
        };
        let &first_group = settings
            .groups
            .first()
            .or_internal("config without groups")?;
        let share_groups = config.role.key_shares.as_deref();
        let share_groups = share_groups.unwrap_or(slice::from_ref(&first_group));
        let compatible = settings.middlebox_compatibility && settings.versions.has_tls13();
        #[cfg(feature = "legacy")]
        let compatible = compatible || legacy.as_ref().is_some_and(|legacy| legacy.has_ticket());
        let (random, session_id) = match compatible {
            true => {
                let (mut random, mut session_id) = ([0; 32], [0; 32]);
                settings
                    .random
                    .hello(&mut random, &mut session_id)
                    .map_err(|_| Error::Internal("no random bytes"))?;
                (random, OwnedSessionId::of(&session_id))
            }
            false => (settings.random.bytes()?, OwnedSessionId::of(&[])),
        };
        #[cfg(feature = "legacy")]
        let session_id = match legacy.as_ref().and_then(|legacy| legacy.session_id()) {
            Some(id) => OwnedSessionId::of(id),
            None => session_id,
        };
        // A key alone, without an exchange, needs no share.
        let exchanges = settings.psk_policy == PskPolicy::Optional
            || settings.psk_modes.contains(&PskKeyExchangeMode::PSK_DHE_KE);
        let exchanges = exchanges && settings.versions.has_tls13();
        let mut share_group = first_group;
        let (mut share, mut further_shares) = (None, Vec::new());
        if let (true, Some((&group, further))) = (exchanges, share_groups.split_first()) {
            share_group = group;
            share = Some(settings.random.share_in(group)?);
            for &group in further {
                further_shares.push((group, settings.random.share_in(group)?));
            }
        }
        Ok(Self {
            random,
            session_id,
            client,
            own_suites,
            _not_for_us: NotForUs::register(random, &psks, legacy_psk),
            psks,
            keeps_sessions: client.session_store().is_some(),
            #[cfg(feature = "legacy")]
            legacy,
            #[cfg(feature = "legacy")]
            refused,
            early_data,
            share_group,
            share,
            further_shares,
            exchanges,
            cookie: Vec::new(),
            transcript: None,
            offered: ExtensionSet::default(),
        })
    }

    /// The transcript up to the first ClientHello, most of which was hashed already where it has binders.
    pub(crate) fn transcript(&mut self, hash: Hash, client_hello: &[u8]) -> Transcript {
        if let Some(transcript) = self.transcript.take().filter(|known| known.hash() == hash) {
            return transcript;
        }
        let mut transcript = Transcript::new(hash);
        transcript.add(client_hello);
        transcript
    }

    /// Whether key and certificate are to be used together (RFC 9973).
    pub(crate) fn with_certificate(&self) -> bool {
        self.client.config.settings.psk_policy == PskPolicy::RequiredWithCertificate
    }

    /// Whether the server may do without certificates of its own or without waiting for this side: a key, or a session of
    /// whatever version, is offered.
    pub(crate) fn resumes(&self) -> bool {
        #[cfg(feature = "legacy")]
        let of_legacy = self
            .legacy
            .as_ref()
            .is_some_and(|legacy| legacy.session.is_some());
        #[cfg(not(feature = "legacy"))]
        let of_legacy = false;
        of_legacy || !self.psks.is_empty()
    }

    /// Whether early data is offered by the ClientHello sent last.
    pub(crate) fn offers_early_data(&self) -> bool {
        self.early_data > 0
    }

    /// From here on early data may be sent, if it was offered (RFC 8446 Section 4.2.10).
    pub(crate) fn begin_early_data(
        &self,
        peer: &mut Peer,
        client_hello: &[u8],
    ) -> Result<(), Error> {
        let (Some(first), true) = (self.psks.first(), self.offers_early_data()) else {
            return Ok(());
        };
        let suite = self
            .suite(first.early_data_suite())
            .or_internal("early data without its suite")?;
        let transcript_hash = first.hash().digest(&[client_hello]);
        let secret = EarlySecret::client_early_traffic_secret(&first.secret, &transcript_hash)?;
        self.log_secret("CLIENT_EARLY_TRAFFIC_SECRET", secret.as_bytes());
        let exporter = EarlySecret::early_exporter_secret(&first.secret, &transcript_hash)?;
        self.log_secret("EARLY_EXPORTER_SECRET", exporter.as_bytes());
        let keys = secret.record_keys(&suite)?;
        peer.with_wire(|wire| {
            // RFC 8446 Appendix D.4: "If offering early data, the record is placed immediately after the first
            // ClientHello."
            if !self.session_id().is_empty() {
                wire.sending.send_change_cipher_spec()?;
            }
            wire.early_data = EarlyData::Offered;
            // RFC 6066 Section 4: what a client asks for "applies for the duration of the session including session
            // resumptions".
            let fragment_limit = self
                .max_fragment_length()
                .map_or(MAX_FRAGMENT_LEN, MaxFragmentLength::fragment_len);
            wire.sending
                .set_early_keys(keys, self.early_data, fragment_limit)
        })
    }

    /// Whether the server may take the early data with this suite.
    pub(crate) fn may_accept_early_data(&self, suite: Tls13Suite) -> bool {
        self.offers_early_data()
            && self
                .psks
                .first()
                .is_some_and(|first| first.is_early_data_suite(suite))
    }

    /// The application protocol that early data is sent for: that of the session, or the only one offered with the key.
    pub(crate) fn early_data_alpn(&self) -> Option<&[u8]> {
        match &self.psks.first()?.source {
            OfferedSource::Session(session) => session.state.alpn.as_deref(),
            OfferedSource::Key { .. } => self.alpn().first().map(Vec::as_slice),
        }
    }

    /// Tells the key log, if there is one, a secret of the connection that this offer opened.
    pub(crate) fn log_secret(&self, label: &str, secret: &[u8]) {
        if let Some(log) = &self.client.config.settings.key_log {
            log.log(label, &self.random, secret);
        }
    }

    /// The name sent in SNI.
    pub(crate) fn server_name(&self) -> Option<&'c str> {
        self.client.sni()
    }

    /// `legacy_session_id`.
    pub(crate) fn session_id(&self) -> &[u8] {
        self.session_id.as_slice()
    }

    /// `legacy_version` of the ClientHello: the highest version up to TLS 1.2.
    pub(crate) fn legacy_version(&self) -> ProtocolVersion {
        #[cfg(feature = "legacy")]
        if let Some(previous) = self
            .legacy
            .as_ref()
            .and_then(|legacy| legacy.previous.as_ref())
        {
            return previous.client_version;
        }
        self.client
            .config
            .settings
            .versions
            .max
            .min(ProtocolVersion::TLS1_2)
    }

    /// The versions on offer: those that have a suite which this client can use, and those that it will refuse.
    #[cfg(feature = "legacy")]
    pub(super) fn versions(&self) -> Versions {
        let versions = self.client.config.settings.versions;
        match self.offers_older() {
            false => Versions {
                min: ProtocolVersion::TLS1_3,
                ..versions
            },
            true => versions,
        }
    }

    /// Whether a server may answer with an older version, be it to be refused.
    #[cfg(feature = "legacy")]
    pub(super) fn offers_older(&self) -> bool {
        self.legacy.is_some() || self.refused.is_some()
    }

    /// The suites of older versions, and the signal that this is a second attempt with a lower version (RFC 7507).
    #[cfg(feature = "legacy")]
    fn legacy_suites(&self) -> impl Iterator<Item = CipherSuite> {
        let config = &self.client.config;
        let refused = self.refused.as_ref();
        let rows = match &self.legacy {
            Some(legacy) => legacy.suites(config),
            None => refused.map_or(&[][..], |refused| refused.suites(config)),
        };
        let rows = rows.iter();
        let fallback = self.client.config.role.fallback_scsv;
        rows.map(|row| row.suite)
            .chain(fallback.then_some(CipherSuite::TLS_FALLBACK_SCSV))
    }

    /// The row of a suite, if it was offered.
    pub(crate) fn suite(&self, suite: CipherSuite) -> Option<Tls13Suite> {
        let mut suites = self.suites().iter();
        suites.find(|row| row.suite == suite).copied()
    }

    fn suites(&self) -> &[Tls13Suite] {
        let configured = &self.client.config.settings.suites;
        self.own_suites.as_deref().unwrap_or(configured)
    }

    /// RFC 7301 Section 3.2: the server selects one of the protocols offered, or none.
    pub(crate) fn check_alpn(&self, selected: Option<&[u8]>) -> Result<(), Error> {
        match selected {
            Some(selected) if !self.alpn().iter().any(|offered| offered == selected) => {
                Err(PeerMisbehaved::NotOffered {
                    what: "application protocol",
                    value: super::negotiate::printable(selected),
                }
                .into())
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn alpn(&self) -> &[Vec<u8>] {
        &self.client.config.settings.alpn
    }

    fn groups(&self) -> &[NamedGroup] {
        &self.client.config.settings.groups
    }

    pub(crate) fn record_size_limit(&self) -> Option<u16> {
        self.client.config.settings.record_size_limit
    }

    pub(crate) fn max_fragment_length(&self) -> Option<MaxFragmentLength> {
        let len = self.client.config.role.max_fragment_length?;
        MaxFragmentLength::from_fragment_len(len.into())
    }

    /// Sends the ClientHello and returns its bytes for the transcript, whose hash is not known yet. `prior` is what came
    /// before a second one.
    pub(crate) fn send(
        &mut self,
        peer: &mut Peer,
        prior: Option<&Transcript>,
    ) -> Result<Vec<u8>, Error> {
        let first = self.offered == ExtensionSet::default();
        peer.with_wire(|wire| {
            // RFC 8446 Section 5.1: the record of an initial ClientHello may say 0x0301 for compatibility; any
            // other says 0x0303.
            let version = if first { [3, 1] } else { [3, 3] };
            wire.sending.writer_mut().set_plain_version(version);
            let bytes = wire.sending.send_message(|out| {
                let start = out.len();
                self.offered = self.encode(out).map_err(|_| no_room(first))?;
                if let (Some(message), false) = (out.get_mut(start..), self.psks.is_empty()) {
                    self.transcript = psk::write_binders(message, &self.psks, prior)?;
                }
                Ok(())
            })?;
            let bytes = bytes.to_vec();
            wire.sending.flush_flight()?;
            wire.sending.writer_mut().set_plain_version([3, 3]);
            Ok(bytes)
        })
    }

    /// Prepares the second ClientHello that a HelloRetryRequest asks for (RFC 8446 Section 4.1.4).
    pub(crate) fn retry(
        &mut self,
        random: &dyn RandomSource,
        suite: Tls13Suite,
        group: Option<NamedGroup>,
        cookie: Option<&[u8]>,
    ) -> Result<(), Error> {
        // Section 4.1.4: "the client SHOULD NOT offer any pre-shared keys associated with a hash other than that of the
        // selected cipher suite". Section 4.2.10: early data is over.
        self.psks.retain(|offered| offered.hash() == suite.hash);
        self.early_data = 0;
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
            self.further_shares.clear();
        }
        self.cookie = cookie.unwrap_or_default().to_vec();
        Ok(())
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<ExtensionSet, Error> {
        let settings = &self.client.config.settings;
        let own = self.share.as_ref().map(|share| KeyShareEntry {
            group: self.share_group,
            key_exchange: Opaque16::new(share.public()),
        });
        // The classical half of a hybrid serves servers without the hybrid; it is the same key (as
        // draft-ietf-tls-hybrid-design Section 3.2 allows), so that it costs bytes only.
        let classical = self
            .share
            .as_ref()
            .and_then(|share| self.classical_share(share));
        let both = own.clone().zip(classical).map(|(own, (group, public))| {
            let key_exchange = Opaque16::new(public);
            let classical = KeyShareEntry {
                group,
                key_exchange,
            };
            [own, classical]
        });
        let all: Vec<_>;
        let shares = match &both {
            Some(both) => both.as_slice(),
            None if self.further_shares.is_empty() => own.as_slice(),
            None => {
                let further = self.further_shares.iter();
                let further = further.map(|(group, share)| KeyShareEntry {
                    group: *group,
                    key_exchange: Opaque16::new(share.public()),
                });
                all = own.clone().into_iter().chain(further).collect();
                all.as_slice()
            }
        };
        let mut suites = [CipherSuite(0); MOST_SUITES];
        let offered = self.suites().iter().map(|row| row.suite);
        #[cfg(feature = "legacy")]
        let offered = offered.chain(self.legacy_suites());
        let places = suites.iter_mut().zip(offered);
        let count = places.map(|(place, suite)| *place = suite).count();
        let suites = suites.get(..count).unwrap_or_default();
        let mut versions = [ProtocolVersion(0); 4];
        #[cfg(feature = "legacy")]
        let offered = self.versions();
        #[cfg(not(feature = "legacy"))]
        let offered = settings.versions;
        let places = versions.iter_mut().zip(offered.descending());
        let count = places.map(|(place, version)| *place = version).count();
        let versions = versions.get(..count).unwrap_or_default();
        let has_tls13 = settings.versions.has_tls13();
        let names_schemes = settings.versions.max >= ProtocolVersion::TLS1_2;
        let verifier = self.client.config.role.verifier.as_ref();
        let chain_schemes = verifier.map_or(&[][..], |verifier| verifier.chain_schemes());
        let identity = |offered| self.identity(offered);
        let (identity_of_first, identities);
        let (binder_of_first, binders);
        // Mostly there is one, which needs no list.
        let (identities, binders) = match self.psks.as_slice() {
            [] | [_] => {
                identity_of_first = self.psks.first().map(identity);
                binder_of_first = self.psks.first().map(place_of_binder);
                (identity_of_first.as_slice(), binder_of_first.as_slice())
            }
            psks => {
                identities = psks.iter().map(identity).collect::<Vec<_>>();
                binders = psks.iter().map(place_of_binder).collect::<Vec<_>>();
                (identities.as_slice(), binders.as_slice())
            }
        };
        // Also without a key to offer: the server's tickets depend on it (Section 4.2.9).
        let uses_psks = has_tls13 && (!self.psks.is_empty() || self.keeps_sessions);
        let has_groups = self.exchanges;
        #[cfg(feature = "legacy")]
        let has_groups = has_groups
            || self
                .legacy
                .as_ref()
                .is_some_and(|legacy| legacy.has_curves(&self.client.config));
        let alpn: Vec<_> = settings
            .alpn
            .iter()
            .map(|name| Opaque8::new(name))
            .collect();
        #[cfg_attr(not(feature = "legacy"), allow(unused_mut))]
        let mut extensions = ClientHelloExtensions {
            server_name: self
                .server_name()
                .map(|host_name| ServerNameList { host_name }),
            max_fragment_length: self.max_fragment_length(),
            supported_groups: has_groups.then(|| List16::new(&settings.groups)),
            // RFC 5246 Section 7.4.1.4.1: not from clients of older versions alone.
            signature_algorithms: (verifier.is_some() && names_schemes)
                .then(|| List16::new(settings.offered_schemes())),
            signature_algorithms_cert: (!chain_schemes.is_empty() && names_schemes)
                .then(|| List16::new(chain_schemes)),
            application_layer_protocol_negotiation: (!alpn.is_empty()).then(|| List16::new(&alpn)),
            status_request: self
                .client
                .config
                .role
                .request_ocsp
                .then(CertificateStatusRequest::ocsp),
            signed_certificate_timestamp: self.client.config.role.request_scts.then_some(Empty {}),
            record_size_limit: settings.record_size_limit.map(RecordSizeLimit),
            // RFC 8446 Section 4.2.1: of clients that offer TLS 1.3; without it legacy_version says all.
            supported_versions: has_tls13.then(|| List8::new(versions)),
            cookie: (!self.cookie.is_empty()).then(|| Opaque16::new(&self.cookie)),
            post_handshake_auth: (has_tls13 && self.client.config.role.post_handshake_auth)
                .then_some(Empty {}),
            // Section 9.2: who sends supported_groups sends this as well, be it empty: with psk_ke alone, the groups are for
            // older versions.
            key_share: (has_tls13 && has_groups).then(|| KeyShareClientHello {
                client_shares: List16::new(shares),
            }),
            early_data: self.offers_early_data().then_some(Empty {}),
            psk_key_exchange_modes: uses_psks.then(|| List8::new(&settings.psk_modes)),
            tls_cert_with_extern_psk: (has_tls13 && self.with_certificate()).then_some(Empty {}),
            pre_shared_key: (!self.psks.is_empty()).then(|| OfferedPsks {
                identities: List16::new(identities),
                binders: List16::new(binders),
            }),
            ..ClientHelloExtensions::default()
        };
        #[cfg(feature = "legacy")]
        if let Some(legacy) = &self.legacy {
            legacy.extend(&self.client.config, &mut extensions);
        }
        #[cfg(feature = "legacy")]
        if let Some(refused) = &self.refused {
            refused.extend(&mut extensions);
        }
        let present = extensions.present();
        ClientHello {
            legacy_version: self.legacy_version(),
            random: Random(self.random),
            legacy_session_id: Opaque8::new(self.session_id()),
            cipher_suites: List16::new(suites),
            legacy_compression_methods: Opaque8::new(&[0]),
            extensions,
        }
        .encode(out)?;
        Ok(present)
    }

    fn identity<'o>(&self, offered: &'o Offered) -> PskIdentity<'o> {
        let clock = &*self.client.config.settings.clock;
        PskIdentity {
            identity: Opaque16::new(offered.identity()),
            // Section 4.1.2: a second ClientHello has it computed anew.
            obfuscated_ticket_age: offered.obfuscated_ticket_age(clock),
        }
    }

    /// The second share of the ClientHello: only beside the first group's, never after a retry, which
    /// asks for one, nor where the configuration names its shares.
    fn classical_share<'s>(&self, share: &'s KeyShare) -> Option<(NamedGroup, &'s [u8])> {
        let names_shares = self.client.config.role.key_shares.is_some();
        if names_shares || self.groups().first() != Some(&self.share_group) {
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
        (group == self.share_group && self.share.is_some())
            || self
                .share
                .as_ref()
                .and_then(|share| self.classical_share(share))
                .is_some_and(|(classical, _)| classical == group)
            || self
                .further_shares
                .iter()
                .any(|(further, _)| *further == group)
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
        let share = self.share.take().or_internal("key share used twice")?;
        let mut further = mem::take(&mut self.further_shares).into_iter();
        let secret = if group == self.share_group {
            share.agree(&server.key_exchange)
        } else if let Some((_, share)) = further.find(|(further, _)| *further == group) {
            share.agree(&server.key_exchange)
        } else {
            share.agree_classical(&server.key_exchange)
        };
        secret.map_err(|_| PeerMisbehaved::BadKeyShare { group: group.0 }.into())
    }
}

/// How much early data is offered, which must be clear before the server says anything: under the first key, with its suite,
/// for one application protocol.
fn early_data(config: &ClientConfig, psks: &[Offered], suites: &[Tls13Suite]) -> u32 {
    let settings = &config.settings;
    match psks.first() {
        Some(first)
            if settings.psk_policy != PskPolicy::RequiredWithCertificate
                && suites.iter().any(|suite| first.is_early_data_suite(*suite))
                && (first.is_session() || settings.alpn.len() <= 1) =>
        {
            first.max_early_data()
        }
        _ => 0,
    }
}

/// Most suites in a ClientHello.
#[cfg(feature = "legacy")]
const MOST_SUITES: usize = TLS13_SUITES.len() + crate::parameters::LEGACY_SUITES.len() + 1;
#[cfg(not(feature = "legacy"))]
const MOST_SUITES: usize = TLS13_SUITES.len();

const CHACHA: CipherSuite = CipherSuite::TLS_CHACHA20_POLY1305_SHA256;

/// Why a ClientHello cannot be encoded. Each list was checked when it was configured; all extensions together have a limit of
/// their own, 65,535 bytes (RFC 8446 Section 4.1.2).
fn no_room(first: bool) -> Error {
    if first {
        return UsageError::Config(
            "identities of pre-shared keys, a ticket and names of application protocols do not fit in one ClientHello together: offer fewer"
                .to_owned(),
        )
        .into();
    }
    PeerMisbehaved::IllegalParameter {
        what: "cookie or key share that HelloRetryRequest asks for has no room in ClientHello (RFC 8446 Section 4.1.2)",
    }
    .into()
}

/// Room for a binder, which `write_binders` fills.
fn place_of_binder(offered: &Offered) -> PskBinderEntry<'static> {
    let len = offered.hash().output_len();
    Opaque8::new(NO_BINDER.get(..len).unwrap_or_default())
}

/// As long as the longest binder.
const NO_BINDER: [u8; 48] = [0; 48];

/// The suites to offer with these keys: those that fit the first key first, and where only a key will do, no others than fit
/// one of them. `None` without keys: those of the configuration.
fn suites_for(config: &ClientConfig, psks: &[Offered]) -> Result<Option<Box<[Tls13Suite]>>, Error> {
    let settings = &config.settings;
    let needs_key = settings.psk_policy != PskPolicy::Optional;
    let Some(first) = psks.first() else {
        // No key for this server, or none whose hash an enabled suite has. An older version may have a suite all the same.
        return match needs_key {
            true if settings.versions.has_legacy() => Ok(Some(Box::default())),
            true => Err(UsageError::NoPskToOffer.into()),
            false => Ok(None),
        };
    };
    // Mostly all fit already, and nothing is to be done.
    let only_one_hash = settings
        .suites
        .iter()
        .all(|suite| suite.hash == first.hash());
    if only_one_hash && !first.is_session() && first.max_early_data() == 0 {
        return Ok(None);
    }
    let mut suites = settings.suites.clone();
    if needs_key {
        suites.retain(|suite| psks.iter().any(|offered| offered.hash() == suite.hash));
    }
    let fits = |suite: &Tls13Suite| match &first.source {
        OfferedSource::Session(session) => *suite == session.state.suite,
        OfferedSource::Key { .. } => suite.hash == first.hash(),
    };
    // A server reads ChaCha20-Poly1305 in the first place as "no AES instructions": it comes there only if it stood there.
    let prefers_chacha = suites.first().map(|suite| suite.suite) == Some(CHACHA);
    suites.sort_by_key(|suite| (!fits(suite), suite.suite == CHACHA && !prefers_chacha));
    if first.max_early_data() > 0 {
        suites.sort_by_key(|suite| !first.is_early_data_suite(*suite));
    }
    Ok(Some(suites.into_boxed_slice()))
}
