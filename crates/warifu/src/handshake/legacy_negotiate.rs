//! What a server of TLS 1.2, 1.1 or 1.0 chooses from a ClientHello: cipher suite, group, signature scheme. Pure functions.

use crate::config::{ServerConfig, Settings};
use crate::credential::Credential;
use crate::error::{Error, NothingInCommon, OrInternal, PeerMisbehaved, PskFailure};
use crate::message::ClientHello;
use crate::parameters::{
    CipherSuite, KeyExchange, LegacyCipher, LegacySuite, NamedGroup, ProtocolVersion,
    SignatureScheme,
};
use crate::psk::PskPolicy;
use warifu_crypto::Aead;

use super::legacy_certificate::{KeyType, choose_scheme};
use super::legacy_exchange::ServerGroup;
pub(super) use super::legacy_offer::UNCOMPRESSED;
use super::legacy_server::Choice;
use super::negotiate::listed;

/// What a client gets that names no group of RFC 7919.
const DEFAULT_FFDHE_BITS: u32 = 2048;

/// RFC 5746 Section 3.6: by the signalling suite or by the extension, which is empty in a first handshake.
pub(super) fn has_secure_renegotiation(hello: &ClientHello<'_>) -> Result<bool, Error> {
    match &hello.extensions.renegotiation_info {
        Some(info) if !info.is_empty() => Err(PeerMisbehaved::BadRenegotiationInfo.into()),
        Some(_) => Ok(true),
        None => Ok(hello
            .cipher_suites
            .contains(&CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV)),
    }
}

/// RFC 8422 Section 5.1.2: a client that names curves and cannot read uncompressed points is refused, "the server MUST abort the
/// handshake and return an illegal_parameter alert". One that names none can do without points.
pub(super) fn check_point_formats(hello: &ClientHello<'_>) -> Result<(), Error> {
    let formats = hello.extensions.ec_point_formats.as_ref();
    let groups = hello.extensions.supported_groups.as_ref();
    let lacks_uncompressed = formats.is_some_and(|formats| !formats.contains(&UNCOMPRESSED));
    let names_curves = groups.is_some_and(|groups| groups.iter().any(|group| group.is_curve()));
    match lacks_uncompressed && names_curves {
        true => Err(PeerMisbehaved::IllegalParameter {
            what: "ec_point_formats lacks the uncompressed form (RFC 8422 Section 5.1.2)",
        }
        .into()),
        false => Ok(()),
    }
}

/// What the client can verify, for the choice of a credential: of its schemes those that its suites can use. Before TLS 1.2
/// there are no schemes; what stands for them are those of the keys that its suites go with.
pub(super) fn schemes_for_credential(
    settings: &Settings,
    hello: &ClientHello<'_>,
    version: ProtocolVersion,
) -> Vec<SignatureScheme> {
    let (has_curve, has_ffdhe) = (
        curve(settings, hello).is_some(),
        ffdhe_bits(hello).is_some(),
    );
    let offers = |wanted: fn(KeyExchange) -> bool| {
        let rows = settings.legacy.suites.iter();
        rows.filter(|row| row.is_of(version) && wanted(row.key_exchange))
            .filter(|row| has_curve || !row.key_exchange.is_ecdhe())
            .filter(|row| has_ffdhe || !row.key_exchange.is_dhe())
            .any(|row| hello.cipher_suites.contains(&row.suite))
    };
    let rsa = offers(|kx| kx.signs() && kx != KeyExchange::EcdheEcdsa);
    let ecdsa = offers(|kx| kx == KeyExchange::EcdheEcdsa);
    if !rsa && !ecdsa {
        return Vec::new();
    }
    if let (ProtocolVersion::TLS1_2, Some(schemes)) =
        (version, &hello.extensions.signature_algorithms)
    {
        let usable = schemes.iter().filter(|scheme| match scheme.is_rsa() {
            true => rsa,
            false => ecdsa,
        });
        let mut list = Vec::with_capacity(schemes.len());
        list.extend(usable);
        return list;
    }
    let mut schemes = Vec::new();
    if ecdsa {
        schemes.extend([
            SignatureScheme::ECDSA_SECP256R1_SHA256,
            SignatureScheme::ECDSA_SECP384R1_SHA384,
            SignatureScheme::ECDSA_SECP521R1_SHA512,
        ]);
    }
    if rsa {
        schemes.extend([
            SignatureScheme::RSA_PSS_RSAE_SHA256,
            SignatureScheme::RSA_PKCS1_SHA256,
        ]);
    }
    schemes
}

/// Whether a key that decrypts will do for the client.
pub(super) fn offers_key_encipherment(
    config: &ServerConfig,
    hello: &ClientHello<'_>,
    version: ProtocolVersion,
) -> bool {
    let mut suites = config.settings.legacy.suites.iter();
    suites.any(|row| {
        let kx = row.key_exchange;
        row.is_of(version)
            && kx.encrypts()
            && policy_allows(config, kx)
            && hello.cipher_suites.contains(&row.suite)
    })
}

fn policy_allows(config: &ServerConfig, kx: KeyExchange) -> bool {
    let has_keys = config.role.psk_store.is_some();
    match (config.settings.psk_policy, kx.uses_psk()) {
        (PskPolicy::Optional, true) => has_keys,
        (PskPolicy::Optional, false) => true,
        (PskPolicy::Required, true) => has_keys && kx != KeyExchange::RsaPsk,
        (PskPolicy::RequiredWithCertificate, true) => has_keys && kx == KeyExchange::RsaPsk,
        (PskPolicy::Required | PskPolicy::RequiredWithCertificate, false) => false,
    }
}

/// What a server could choose for one client.
pub(super) struct Options<'a> {
    config: &'a ServerConfig,
    version: ProtocolVersion,
    curve: Option<NamedGroup>,
    /// Bits; none if the client names groups of RFC 7919 and none of ours.
    ffdhe: Option<u32>,
    scheme: Result<Option<SignatureScheme>, Error>,
    /// The key of the credential, and whether it decrypts.
    key: Option<(KeyType, bool)>,
    /// In the order of preference.
    pub(super) suites: Vec<LegacySuite>,
}

/// Finds out what could be chosen.
pub(super) fn options<'a>(
    config: &'a ServerConfig,
    hello: &ClientHello<'_>,
    version: ProtocolVersion,
    credential: Option<&Credential>,
) -> Result<Options<'a>, Error> {
    let scheme = credential.map(|credential| {
        let peers = hello.extensions.signature_algorithms.iter();
        let peers = peers.flat_map(|list| list.iter());
        choose_scheme(
            credential,
            version,
            peers,
            config.settings.client_preference,
        )
    });
    let mut options = Options {
        config,
        version,
        curve: curve(&config.settings, hello),
        ffdhe: ffdhe_bits(hello),
        scheme: scheme.transpose(),
        key: None,
        suites: Vec::new(),
    };
    options.key = credential.map(|credential| {
        let key_type = KeyType::of_credential(credential);
        (key_type, credential.decrypts())
    });
    let mut suites: Vec<LegacySuite> = config
        .settings
        .legacy
        .suites
        .iter()
        .copied()
        .filter(|row| hello.cipher_suites.contains(&row.suite))
        .filter(|row| options.can_use(row))
        .collect();
    order(&mut suites, config, hello);
    options.suites = suites;
    Ok(options)
}

/// The client's order, where it counts. Our order, as it was named; that of a policy has keys before certificates, where this server has keys, and ChaCha20-Poly1305
/// first for a client that says so.
fn order(suites: &mut [LegacySuite], config: &ServerConfig, hello: &ClientHello<'_>) {
    if config.settings.client_preference {
        let place = |row: &LegacySuite| {
            hello
                .cipher_suites
                .iter()
                .position(|suite| suite == row.suite)
        };
        suites.sort_by_cached_key(place);
        return;
    }
    if config.settings.legacy.suites_named {
        return;
    }
    let is_chacha = |row: &LegacySuite| row.cipher == LegacyCipher::Aead(Aead::ChaCha20Poly1305);
    let clients_first = hello
        .cipher_suites
        .iter()
        .find_map(|suite| suites.iter().find(|row| row.suite == suite));
    let wants_chacha = clients_first.is_some_and(is_chacha);
    let has_keys = config.role.psk_store.is_some();
    suites.sort_by_key(|row| {
        (
            has_keys && !row.key_exchange.uses_psk(),
            !row.key_exchange.is_forward_secret(),
            wants_chacha && !is_chacha(row),
        )
    });
}

/// RFC 8422 Section 5.1: the first of our curves that the client names; any of ours if it names none.
fn curve(settings: &Settings, hello: &ClientHello<'_>) -> Option<NamedGroup> {
    let formats = hello.extensions.ec_point_formats.as_ref();
    if formats.is_some_and(|formats| !formats.contains(&UNCOMPRESSED)) {
        return None;
    }
    let mut ours = settings
        .groups
        .iter()
        .copied()
        .filter(|group| group.is_curve());
    match &hello.extensions.supported_groups {
        Some(groups) => ours.find(|group| groups.contains(group)),
        // Everybody has P-256; X25519 came later than clients without the extension.
        None => ours
            .clone()
            .find(|group| *group == NamedGroup::SECP256R1)
            .or_else(|| ours.next()),
    }
}

/// RFC 7919 Section 4: a client that names groups of that document gets one of them or no finite field at all.
fn ffdhe_bits(hello: &ClientHello<'_>) -> Option<u32> {
    let Some(groups) = &hello.extensions.supported_groups else {
        return Some(DEFAULT_FFDHE_BITS);
    };
    let mut named = groups
        .iter()
        .filter(|group| (0x0100..=0x01ff).contains(&group.0))
        .peekable();
    if named.peek().is_none() {
        return Some(DEFAULT_FFDHE_BITS);
    }
    // The larger ones cost milliseconds, which a client could make us spend.
    named
        .filter_map(|group| group.ffdhe_bits())
        .filter(|bits| *bits <= 4096)
        .min()
}

impl Options<'_> {
    /// By this side and the client.
    fn can_use(&self, row: &LegacySuite) -> bool {
        let kx = row.key_exchange;
        if kx.is_ecdhe() && self.curve.is_none() || kx.is_dhe() && self.ffdhe.is_none() {
            return false;
        }
        if kx.signs() && kx.sends_certificate() && !matches!(self.scheme, Ok(Some(_))) {
            return false;
        }
        let has_key = self.key.is_some() || !kx.sends_certificate();
        has_key && self.can_ever_use(row)
    }

    /// By this side, with a client that has what it takes.
    fn can_ever_use(&self, row: &LegacySuite) -> bool {
        let kx = row.key_exchange;
        if !row.is_of(self.version) || !policy_allows(self.config, kx) {
            return false;
        }
        if !kx.sends_certificate() {
            return true;
        }
        match self.key {
            Some((key_type, decrypts)) => {
                key_type.serves(kx, self.version) && (!kx.encrypts() || decrypts)
            }
            // None that suits this client.
            None => self.config.role.credentials.is_some(),
        }
    }

    /// The choice, or why there is none.
    pub(super) fn choose(self, hello: &ClientHello<'_>) -> Result<Choice, Error> {
        let Some(&suite) = self.suites.first() else {
            return Err(self.nothing_in_common(hello));
        };
        let group = match suite.key_exchange {
            kx if kx.is_ecdhe() => self.curve.map(ServerGroup::Curve),
            kx if kx.is_dhe() => self.ffdhe.map(ServerGroup::FiniteField),
            _ => Some(ServerGroup::None),
        };
        Ok(Choice {
            suite,
            group: group.or_internal("suite chosen without a group")?,
            scheme: match suite.key_exchange.signs() {
                true => self.scheme?,
                false => None,
            },
        })
    }

    fn nothing_in_common(self, hello: &ClientHello<'_>) -> Error {
        let settings = &self.config.settings;
        let rows = settings.legacy.suites.iter();
        let shared: Vec<&LegacySuite> = rows
            .clone()
            .filter(|row| row.is_of(self.version) && hello.cipher_suites.contains(&row.suite))
            .collect();
        let needs_key = settings.psk_policy != PskPolicy::Optional;
        let uses_psk = |suite: CipherSuite| {
            let row = suite.legacy();
            row.is_some_and(|row| row.key_exchange.uses_psk())
        };
        if needs_key && !hello.cipher_suites.iter().any(uses_psk) {
            return PskFailure::Required.into();
        }
        let all = |kx: fn(KeyExchange) -> bool| {
            !shared.is_empty() && shared.iter().all(|row| kx(row.key_exchange))
        };
        if let (true, Err(error)) = (all(KeyExchange::signs), &self.scheme) {
            return error.clone();
        }
        if all(KeyExchange::is_ecdhe) && self.curve.is_none() {
            let groups = hello.extensions.supported_groups.as_ref();
            return NothingInCommon::Group {
                ours: listed(settings.groups.iter().filter(|group| group.is_curve())),
                peers: listed(groups.iter().flat_map(|groups| groups.iter())),
            }
            .into();
        }
        NothingInCommon::CipherSuite {
            ours: listed(
                rows.filter(|row| self.can_ever_use(row))
                    .map(|row| row.suite),
            ),
            peers: listed(hello.cipher_suites.iter()),
        }
        .into()
    }
}
