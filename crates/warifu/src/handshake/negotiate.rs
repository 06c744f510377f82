//! Choices between two lists: version, cipher suite, group, signature scheme, ALPN. Pure functions.

use warifu_crypto::Hash;

use crate::config::{ClientHelloFacts, Settings, Versions};
use crate::error::{Error, NothingInCommon, PeerMisbehaved};
use crate::message::extension::is_subset;
use crate::message::{ClientHello, KeyShareEntry};
use crate::parameters::{CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme, Tls13Suite};

/// SSL 3.0, which nobody may negotiate any more.
pub(crate) const SSL3: ProtocolVersion = ProtocolVersion(0x0300);

/// Longest list of a peer's values that an error text repeats.
const MAX_LISTED: usize = 24;

/// A list for an error text.
pub(crate) fn listed<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let mut names: Vec<String> = items
        .take(MAX_LISTED + 1)
        .map(|item| item.to_string())
        .collect();
    if names.is_empty() {
        return "none".to_owned();
    }
    if names.len() > MAX_LISTED {
        names.truncate(MAX_LISTED);
        names.push("…".to_owned());
    }
    names.join(", ")
}

/// Checks that the client offers TLS 1.3, by `supported_versions` alone (RFC 8446 Section 4.2.1).
pub(crate) fn check_version(hello: &ClientHello<'_>) -> Result<(), Error> {
    // RFC 8446 Appendix D.5: "Any endpoint receiving a Hello message with ClientHello.legacy_version or
    // ServerHello.legacy_version set to 0x0300 MUST abort the handshake with a "protocol_version" alert."
    if hello.legacy_version == SSL3 {
        return Err(PeerMisbehaved::Ssl3.into());
    }
    if hello.offers(ProtocolVersion::TLS1_3) {
        return Ok(());
    }
    Err(no_common_version(
        Versions {
            min: ProtocolVersion::TLS1_3,
            max: ProtocolVersion::TLS1_3,
        },
        hello,
    ))
}

/// The version for a client: the highest in common. It is judged before anything else of a ClientHello.
#[cfg(feature = "legacy")]
pub(crate) fn choose_version(
    ours: Versions,
    hello: &ClientHello<'_>,
) -> Result<ProtocolVersion, Error> {
    if hello.legacy_version == SSL3 {
        return Err(PeerMisbehaved::Ssl3.into());
    }
    let chosen = match &hello.extensions.supported_versions {
        Some(versions) => ours.descending().find(|version| versions.contains(version)),
        // RFC 8446 Section 4.2.1: without the extension TLS 1.2 or older, "even if ClientHello.legacy_version is 0x0304 or
        // later".
        None => {
            let theirs = hello.legacy_version.min(ProtocolVersion::TLS1_2);
            ours.descending().find(|version| *version <= theirs)
        }
    };
    let Some(chosen) = chosen else {
        return Err(no_common_version(ours, hello));
    };
    // RFC 7507 Section 3.
    let is_fallback = hello
        .cipher_suites
        .contains(&CipherSuite::TLS_FALLBACK_SCSV);
    if is_fallback && chosen < ours.max {
        return Err(PeerMisbehaved::InappropriateFallback {
            ours: ours.max.to_string(),
            offered: chosen.to_string(),
        }
        .into());
    }
    Ok(chosen)
}

fn no_common_version(ours: Versions, hello: &ClientHello<'_>) -> Error {
    let peers = match &hello.extensions.supported_versions {
        Some(versions) => listed(versions.iter()),
        None => format!("at most {}", hello.legacy_version),
    };
    NothingInCommon::Version {
        ours: ours.to_string(),
        peers,
    }
    .into()
}

/// What a server whose highest version is `max` puts at the end of its random when it chooses an older one (RFC 8446 Section
/// 4.1.3).
#[cfg(feature = "legacy")]
pub(crate) fn downgrade_sentinel(max: ProtocolVersion, chosen: ProtocolVersion) -> Option<[u8; 8]> {
    match (max, chosen) {
        (ProtocolVersion::TLS1_3, ProtocolVersion::TLS1_2) => Some(*b"DOWNGRD\x01"),
        (ProtocolVersion::TLS1_3 | ProtocolVersion::TLS1_2, older)
            if older < ProtocolVersion::TLS1_2 =>
        {
            Some(*b"DOWNGRD\x00")
        }
        _ => None,
    }
}

/// Whether a server that speaks TLS 1.3 says by its random that it was made to choose an older version
/// (RFC 8446 Section 4.1.3).
pub(crate) fn has_downgrade_sentinel(random: &[u8; 32]) -> bool {
    let last: Option<&[u8; 8]> = random.last_chunk();
    matches!(last, Some(b"DOWNGRD\x00" | b"DOWNGRD\x01"))
}

/// The suite: our order, but a client that puts ChaCha20-Poly1305 first says that it has no AES
/// instructions, and is obeyed. A pre-shared key needs a suite with its `hash`.
pub(crate) fn choose_suite(
    settings: &Settings,
    hello: &ClientHello<'_>,
    hash: Option<Hash>,
) -> Result<Tls13Suite, Error> {
    common_suite(settings, hello, hash).ok_or_else(|| {
        let fits = |row: &&Tls13Suite| hash.is_none_or(|hash| row.hash == hash);
        let ours = settings.suites.iter().filter(fits);
        NothingInCommon::CipherSuite {
            ours: listed(ours.map(|row| row.suite)),
            peers: listed(hello.cipher_suites.iter()),
        }
        .into()
    })
}

/// As [`choose_suite`], where it is no failure that there is none.
pub(crate) fn common_suite(
    settings: &Settings,
    hello: &ClientHello<'_>,
    hash: Option<Hash>,
) -> Option<Tls13Suite> {
    let fits = |row: &&Tls13Suite| hash.is_none_or(|hash| row.hash == hash);
    let ours = settings.suites.iter().filter(fits);
    let find = |suite: CipherSuite| ours.clone().find(|row| row.suite == suite);
    if settings.client_preference {
        return hello.cipher_suites.iter().find_map(find).copied();
    }
    // Of all suites in common, whatever the key's hash: a client that puts AES-256 before ChaCha20-Poly1305 has AES.
    let is_enabled = |suite: &CipherSuite| settings.suites.iter().any(|row| row.suite == *suite);
    let wants_chacha = hello.cipher_suites.iter().find(is_enabled)
        == Some(CipherSuite::TLS_CHACHA20_POLY1305_SHA256);
    let chacha = wants_chacha
        .then(|| find(CipherSuite::TLS_CHACHA20_POLY1305_SHA256))
        .flatten();
    let in_our_order = || {
        ours.clone()
            .find(|row| hello.cipher_suites.contains(&row.suite))
    };
    chacha.or_else(in_our_order).copied()
}

/// A server's choice of group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupChoice {
    /// The client sent a share for it.
    Shared(NamedGroup),
    /// The client knows it but sent no share: a HelloRetryRequest must ask for one.
    Retry(NamedGroup),
}

/// The group: our order among those that cost no retry, else our order among what the client knows.
pub(crate) fn choose_group(
    settings: &Settings,
    hello: &ClientHello<'_>,
) -> Result<GroupChoice, Error> {
    let missing = |extension| PeerMisbehaved::MissingExtension {
        extension,
        message: "ClientHello",
    };
    let groups = hello
        .extensions
        .supported_groups
        .as_ref()
        .ok_or_else(|| missing("supported_groups"))?;
    let shares = hello
        .extensions
        .key_share
        .as_ref()
        .ok_or_else(|| missing("key_share"))?;
    let is_shared = |group: NamedGroup| {
        shares
            .client_shares
            .iter()
            .any(|share| share.group == group)
    };
    // RFC 8446 Section 4.2.8: "Clients MUST NOT offer any KeyShareEntry values for groups not listed in the
    // client's "supported_groups" extension."
    let shared = shares.client_shares.iter().map(|share| share.group.0);
    if !is_subset(shared, groups.iter().map(|group| group.0)) {
        return Err(PeerMisbehaved::IllegalParameter {
            what: "key share of a group that supported_groups does not list (RFC 8446 Section 4.2.8)",
        }
        .into());
    }
    let common = settings
        .groups
        .iter()
        .copied()
        .filter(|group| groups.contains(group));
    if let Some(group) = common.clone().find(|group| is_shared(*group)) {
        return Ok(GroupChoice::Shared(group));
    }
    match common.clone().next() {
        Some(group) => Ok(GroupChoice::Retry(group)),
        None => Err(NothingInCommon::Group {
            ours: listed(settings.groups.iter()),
            peers: listed(groups.iter()),
        }
        .into()),
    }
}

/// The client's share of a group.
pub(crate) fn find_share<'a>(
    hello: &ClientHello<'a>,
    group: NamedGroup,
) -> Option<KeyShareEntry<'a>> {
    hello
        .extensions
        .key_share
        .as_ref()?
        .client_shares
        .iter()
        .find(|share| share.group == group)
}

/// The application protocol, RFC 7301 Section 3.2: our first that the client lists. `None` where one side does not
/// use ALPN.
pub(crate) fn choose_alpn<'s>(
    settings: &'s Settings,
    hello: &ClientHello<'_>,
) -> Result<Option<&'s [u8]>, Error> {
    let (Some(offered), false) = (
        &hello.extensions.application_layer_protocol_negotiation,
        settings.alpn.is_empty(),
    ) else {
        return Ok(None);
    };
    let chosen = settings.alpn.iter().find(|ours| {
        offered
            .iter()
            .any(|name| name.as_slice() == ours.as_slice())
    });
    match chosen {
        Some(protocol) => Ok(Some(protocol)),
        None => Err(NothingInCommon::ApplicationProtocol {
            ours: listed(settings.alpn.iter().map(|name| printable(name))),
            peers: listed(offered.iter().map(|name| printable(&name))),
        }
        .into()),
    }
}

/// A protocol name for an error text.
pub(crate) fn printable(name: &[u8]) -> String {
    name.escape_ascii().to_string()
}

/// The scheme this side signs with: the first of the key's that the peer accepts.
pub(crate) fn choose_scheme(
    ours: &[SignatureScheme],
    peers: &[SignatureScheme],
) -> Result<SignatureScheme, Error> {
    let usable = |scheme: &&SignatureScheme| scheme.signs_tls13_handshakes();
    ours.iter()
        .filter(usable)
        .find(|scheme| peers.contains(scheme))
        .copied()
        .ok_or_else(|| {
            NothingInCommon::SignatureScheme {
                ours: listed(ours.iter()),
                peers: listed(peers.iter()),
            }
            .into()
        })
}

/// What an application is told of a ClientHello.
pub(crate) fn client_hello_facts(hello: &ClientHello<'_>, message: &[u8]) -> ClientHelloFacts {
    let extensions = &hello.extensions;
    ClientHelloFacts {
        server_name: extensions
            .server_name
            .as_ref()
            .map(|name| name.host_name.to_owned()),
        alpn: extensions
            .application_layer_protocol_negotiation
            .as_ref()
            .map(|names| names.iter().map(|name| name.to_vec()).collect())
            .unwrap_or_default(),
        versions: extensions
            .supported_versions
            .as_ref()
            .map(|versions| versions.iter().collect())
            .unwrap_or_default(),
        cipher_suites: hello.cipher_suites.iter().collect(),
        groups: extensions
            .supported_groups
            .as_ref()
            .map(|groups| groups.iter().collect())
            .unwrap_or_default(),
        signature_schemes: extensions
            .signature_algorithms
            .as_ref()
            .map(|schemes| schemes.iter().collect())
            .unwrap_or_default(),
        psk_identities: extensions
            .pre_shared_key
            .as_ref()
            .map(|offered| {
                let identities = offered.identities.iter();
                identities
                    .map(|offered| offered.identity.to_vec())
                    .collect()
            })
            .unwrap_or_default(),
        message: message.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Handshake, List16};
    use crate::test_vectors::trace;

    const AES128: CipherSuite = CipherSuite::TLS_AES_128_GCM_SHA256;
    const AES256: CipherSuite = CipherSuite::TLS_AES_256_GCM_SHA384;
    const CHACHA: CipherSuite = CipherSuite::TLS_CHACHA20_POLY1305_SHA256;

    /// OpenSSL's clients put AES-256 first and ChaCha20-Poly1305 second: they have AES instructions. With a key for SHA-256
    /// they must get the suite that they had before, or their early data could not be taken.
    #[test]
    fn chacha_is_obeyed_where_it_is_the_clients_first_of_all() {
        let trace = trace!("simple_1rtt");
        let settings = Settings::default();
        for (offered, hash, chosen) in [
            (&[AES256, CHACHA, AES128][..], None, AES128),
            (&[AES256, CHACHA, AES128], Some(Hash::Sha256), AES128),
            (&[AES256, CHACHA, AES128], Some(Hash::Sha384), AES256),
            (&[CHACHA, AES256, AES128], None, CHACHA),
            (&[CHACHA, AES256, AES128], Some(Hash::Sha256), CHACHA),
            (&[CHACHA, AES256, AES128], Some(Hash::Sha384), AES256),
            (&[CHACHA, AES256], Some(Hash::Sha384), AES256),
            (&[AES256, CHACHA], Some(Hash::Sha256), CHACHA),
        ] {
            let mut hello = ClientHello::read(&trace["client_hello"][4..]).unwrap();
            hello.cipher_suites = List16::new(offered);
            let suite = choose_suite(&settings, &hello, hash).unwrap().suite;
            assert_eq!(suite, chosen, "{offered:?} {hash:?}");
        }
    }
}
