//! What a client offers beside TLS 1.3, or in its place, for the versions before it.

use std::sync::Arc;

use crate::config::{ClientConfig, Settings};
use crate::error::{Error, NothingInCommon};
use crate::message::{ClientHelloExtensions, Empty, Opaque8, Rest};
use crate::parameters::{KeyExchange, LegacyCipher, LegacySuite, ProtocolVersion};
use crate::psk::{Psk, PskPolicy};
use crate::resumption::session::{LegacyName, LegacySession};

use super::legacy_renegotiation::Previous;

/// ECPointFormat uncompressed, RFC 8422 Section 5.1.2: the only one in use.
pub(super) const UNCOMPRESSED: u8 = 0;

/// The offer, beside the configuration that it is of.
pub(super) struct LegacyOffer {
    /// The key that suites with pre-shared keys will use.
    pub(super) psk: Option<Psk>,
    pub(super) session: Option<Box<LegacySession>>,
    /// Somebody keeps the session that may come.
    keeps_sessions: bool,
    /// The handshake that this one follows in the same connection.
    pub(super) previous: Option<Box<Previous>>,
}

/// The suites that a client can offer, with a key and without, made once for each configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct OfferedSuites {
    with_psk: Arc<[LegacySuite]>,
    without: Arc<[LegacySuite]>,
    /// Those by which a server can answer a client that will refuse it: see [`RefusedVersions`].
    refused: Arc<[LegacySuite]>,
}

impl OfferedSuites {
    pub(crate) fn new(settings: &Settings, has_verifier: bool) -> Self {
        Self {
            with_psk: suites_to_offer(settings, has_verifier, true),
            without: suites_to_offer(settings, has_verifier, false),
            refused: suites_to_refuse(settings, has_verifier),
        }
    }

    fn of(&self, has_psk: bool) -> &[LegacySuite] {
        match has_psk {
            true => &self.with_psk,
            false => &self.without,
        }
    }
}

fn suites_to_offer(settings: &Settings, has_verifier: bool, has_psk: bool) -> Arc<[LegacySuite]> {
    let has_curve = settings.groups.iter().any(|group| group.is_curve());
    let may_use = |kx: KeyExchange| {
        let by_policy = match (settings.psk_policy, kx.uses_psk()) {
            (_, true) if !has_psk => false,
            (PskPolicy::Optional, _) => true,
            (PskPolicy::Required, uses_psk) => uses_psk && kx != KeyExchange::RsaPsk,
            (PskPolicy::RequiredWithCertificate, _) => kx == KeyExchange::RsaPsk,
        };
        by_policy && (!kx.sends_certificate() || has_verifier) && (!kx.is_ecdhe() || has_curve)
    };
    let enabled = settings.legacy.suites.iter().copied();
    let mut suites: Vec<LegacySuite> = enabled.filter(|row| may_use(row.key_exchange)).collect();
    if settings.legacy.suites_named {
        return suites.into();
    }
    // A server that obeys the client takes the key where there is one, and forward secrecy where it can be had.
    suites.sort_by_key(|row| {
        (
            has_psk && !row.key_exchange.uses_psk(),
            !row.key_exchange.is_forward_secret(),
        )
    });
    suites.into()
}

/// Suites with certificates, where versions were named and a key is needed.
fn suites_to_refuse(settings: &Settings, has_verifier: bool) -> Arc<[LegacySuite]> {
    let needs_key = settings.psk_policy != PskPolicy::Optional;
    if !(needs_key && has_verifier && settings.versions_named && settings.versions.has_tls13()) {
        return Arc::default();
    }
    let has_curve = settings.groups.iter().any(|group| group.is_curve());
    let enabled = settings.legacy.suites.iter().copied();
    enabled
        .filter(|row| !row.key_exchange.uses_psk() && (has_curve || !row.key_exchange.is_ecdhe()))
        .collect()
}

/// Older versions that are offered because the application named them, while every key that it gave is of TLS 1.3: a server
/// that chooses one of them is refused when its ServerHello has told which. A server that was not offered its version could
/// say no more than that something is not in common, and some do not say what.
///
/// There is no [`LegacyOffer`] beside it, without which no handshake of an older version begins.
pub(super) struct RefusedVersions(());

impl RefusedVersions {
    /// `None` where keys were given that go with older versions, or nothing was named.
    pub(super) fn new(config: &ClientConfig, has_tls13_keys: bool) -> Option<Self> {
        let has_suites = !config.role.legacy_suites.refused.is_empty();
        (has_tls13_keys && has_suites).then_some(Self(()))
    }

    pub(super) fn suites<'a>(&self, config: &'a ClientConfig) -> &'a [LegacySuite] {
        &config.role.legacy_suites.refused
    }

    /// Adds what servers of these versions may insist on before they choose.
    pub(super) fn extend(&self, extensions: &mut ClientHelloExtensions<'_>) {
        extensions.renegotiation_info = Some(Opaque8::new(&[]));
        extensions.extended_main_secret = Some(Empty {});
        extensions.ec_point_formats = Some(Opaque8::new(&[UNCOMPRESSED]));
    }

    /// The refusal of a server that chose this version.
    pub(super) fn refuse(&self, chosen: ProtocolVersion) -> Error {
        NothingInCommon::Version {
            ours: "TLS 1.3, the only version that the keys offered are for".to_owned(),
            peers: format!("at most {chosen}"),
        }
        .into()
    }
}

impl LegacyOffer {
    /// `None` if no suite can be offered.
    pub(super) fn new(
        config: &ClientConfig,
        psk: Option<Psk>,
        session: Option<Box<LegacySession>>,
        keeps_sessions: bool,
    ) -> Option<Self> {
        let suites = config.role.legacy_suites.of(psk.is_some());
        (!suites.is_empty()).then_some(Self {
            psk,
            session,
            keeps_sessions,
            previous: None,
        })
    }

    /// The suites in the order of the offer.
    pub(super) fn suites<'a>(&self, config: &'a ClientConfig) -> &'a [LegacySuite] {
        config.role.legacy_suites.of(self.psk.is_some())
    }

    pub(super) fn has_curves(&self, config: &ClientConfig) -> bool {
        let mut rows = self.suites(config).iter();
        rows.any(|row| row.key_exchange.is_ecdhe())
    }

    /// The ID of the session to be resumed, if it has one.
    pub(super) fn session_id(&self) -> Option<&[u8]> {
        match &self.session.as_ref()?.name {
            LegacyName::Id(id) => Some(id),
            LegacyName::Ticket(_) => None,
        }
    }

    /// Whether a ticket is offered: it needs an ID beside it, by whose echo the server says that it resumes (RFC 5077 Section
    /// 3.4).
    pub(super) fn has_ticket(&self) -> bool {
        self.ticket().is_some()
    }

    fn ticket(&self) -> Option<&[u8]> {
        match &self.session.as_ref()?.name {
            LegacyName::Ticket(ticket) => Some(ticket),
            LegacyName::Id(_) => None,
        }
    }

    /// Adds what only these versions have.
    pub(super) fn extend<'a>(
        &'a self,
        config: &ClientConfig,
        extensions: &mut ClientHelloExtensions<'a>,
    ) {
        let has_cbc = |row: &LegacySuite| matches!(row.cipher, LegacyCipher::Cbc(_));
        // RFC 5746 Section 3.4 and 3.5: empty in a first handshake.
        let finished = self
            .previous
            .as_ref()
            .map(|previous| &previous.finished.client);
        let finished = finished.map_or(&[][..], |finished| finished);
        extensions.renegotiation_info = Some(Opaque8::new(finished));
        extensions.extended_main_secret = Some(Empty {});
        extensions.encrypt_then_mac = (config.settings.legacy.encrypt_then_mac
            && self.suites(config).iter().any(has_cbc))
        .then_some(Empty {});
        extensions.ec_point_formats = self
            .has_curves(config)
            .then(|| Opaque8::new(&[UNCOMPRESSED]));
        extensions.session_ticket = self
            .keeps_sessions
            .then(|| Rest(self.ticket().unwrap_or_default()));
    }
}

/// Why no suite of any version can be offered.
pub(super) fn nothing_to_offer(config: &ClientConfig) -> Error {
    match config.settings.psk_policy {
        PskPolicy::Optional => crate::error::UsageError::Config(
            "no cipher suite that is enabled can be offered: those there are need a pre-shared key, a certificate or a group that is not configured"
                .to_owned(),
        ),
        PskPolicy::Required | PskPolicy::RequiredWithCertificate => {
            crate::error::UsageError::NoPskToOffer
        }
    }
    .into()
}
