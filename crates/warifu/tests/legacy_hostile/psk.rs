//! Pre-shared keys before TLS 1.3: who tries identities or keys learns nothing, and a node does not talk to itself.

use std::sync::Arc;

use warifu::config::{Client, ConfigBuilder, Policy};
use warifu::error::NothingInCommon;
use warifu::parameters::{AlertDescription, NamedGroup};
use warifu::psk::{PskPolicy, PskRole, PskTable};
use warifu::{ClientConfig, Connection, Error, PeerMisbehaved, Psk, PskFailure, ServerConfig};

use crate::bytes::*;
use crate::crypto::*;
use crate::peer::*;
use crate::support::psk::psk;
use crate::support::{FixedClock, Pair, Side, server_name};

const DECRYPT: AlertDescription = AlertDescription::DECRYPT_ERROR;

const SUITES: [(u16, Suite); 6] = [
    (TLS1_0, PSK_CBC),
    (TLS1_2, PSK_CBC),
    (TLS1_2, PSK_GCM),
    (TLS1_2, DHE_PSK_GCM),
    (TLS1_2, ECDHE_PSK_GCM),
    (TLS1_2, RSA_PSK_GCM),
];

/// What a server does with this identity and a key that is not its own: its error, and all bytes that it sends behind
/// ServerHelloDone.
fn guess(tls: u16, suite: Suite, identity: &str, steps: usize) -> (Option<Error>, Vec<u8>) {
    let mut stage = Stage::server_with(tls, suite, |server| {
        let keys = [
            psk(IDENTITY),
            psk("calling").with_role(PskRole::Client),
            psk("imported").with_import("context"),
        ];
        server.with_psk_store(PskTable::new(keys).unwrap())
    });
    stage.peer.psk = vec![1; 32];
    let mut flight = stage.up_to_last_flight();
    let exchange = find(&mut flight, CLIENT_KEY_EXCHANGE);
    let (_, rest) = split_vector(2, &exchange[4..]);
    let body = [&vector(2, identity.as_bytes()), rest].concat();
    *exchange = message(CLIENT_KEY_EXCHANGE, &body);
    flight.truncate(steps);
    let before = stage.wire.len();
    stage.play(&flight);
    (stage.error, stage.wire[before..].to_vec())
}

/// RFC 4279 Section 2: the server "MAY" tell an unknown identity from a wrong key; ours does not.
#[test]
fn an_unknown_identity_looks_like_a_wrong_key() {
    for (tls, suite) in SUITES {
        let minor = (tls & 0xff) as u8;
        let alert = vec![ALERT, 3, minor, 0, 2, 2, DECRYPT.0];
        let unknown = |identity: &str| PskFailure::UnknownIdentity {
            identity: identity.to_owned(),
        };
        let unusable = |identity: &str, reason: &str| PskFailure::Unusable {
            identity: identity.to_owned(),
            reason: reason.to_owned(),
        };
        for (identity, error) in [
            (
                IDENTITY,
                PskFailure::WrongKeyInFinished {
                    identity: IDENTITY.to_owned(),
                },
            ),
            ("bob", unknown("bob")),
            ("", unknown("")),
            (
                "calling",
                unusable("calling", "it is for this node's clients only"),
            ),
            (
                "imported",
                unusable(
                    "imported",
                    "it is used in imported form alone, which is of TLS 1.3",
                ),
            ),
        ] {
            // Nothing before Finished, and then the same.
            for steps in [1, 2] {
                let silent = (None, Vec::new());
                assert_eq!(guess(tls, suite, identity, steps), silent, "{identity:?}");
            }
            let found = guess(tls, suite, identity, 3);
            assert_eq!(found, (Some(error.into()), alert.clone()), "{identity:?}");
        }
    }
}

/// A client that guesses the key in place of an unknown identity: there is none.
#[test]
fn no_key_opens_an_unknown_identity() {
    for guess in [Vec::new(), vec![0; 32], vec![7; 32], vec![0; 64]] {
        let mut stage = Stage::server(TLS1_2, PSK_GCM);
        stage.peer.psk = guess;
        let mut flight = stage.up_to_last_flight();
        *find(&mut flight, CLIENT_KEY_EXCHANGE) = message(CLIENT_KEY_EXCHANGE, &vector(2, b"bob"));
        stage.play(&flight);
        let error = PskFailure::UnknownIdentity {
            identity: "bob".to_owned(),
        };
        stage.expect("guess", error, DECRYPT);
    }
}

/// A server without the key: the client finds out by its Finished.
#[test]
fn a_server_with_another_key_is_refused() {
    for (tls, suite) in SUITES {
        let mut stage = Stage::client(tls, suite);
        stage.peer.psk = vec![1; 32];
        // Its client's Finished does not open either; it goes on all the same.
        let flight = stage.peer.server_flight();
        let done = flight.len() - 1;
        stage.play(&flight[..done].to_vec());
        stage.peer.blind = true;
        stage.play(&flight[done..].to_vec());
        let last = stage.peer.last_server_flight();
        stage.play(&last);
        let error = warifu::PeerMisbehaved::BadRecordMac;
        assert_eq!(stage.error, Some(error.into()), "{suite:?}");
    }
}

/// RFC 9257 Section 4.1, as in TLS 1.3: one key in both roles of a node, and a ClientHello that is sent back.
#[test]
fn a_client_hello_that_comes_back_is_refused() {
    for (tls, suite) in SUITES {
        let node = psk(IDENTITY);
        let client = client_config(tls, suite).with_psks([node.clone()]);
        let server = server_config(tls, suite).with_psk_store(PskTable::new([node]).unwrap());
        let (client, server) = (client.build().unwrap(), server.build().unwrap());
        let mut pair = Pair {
            client: Connection::client(client.clone(), server_name()),
            server: Connection::server(server),
        };
        let error = PskFailure::Reflected {
            identity: IDENTITY.to_owned(),
        };
        pair.expect_failure(Side::Server, &error.into());
        // Another node's copy is served.
        let server = server_config(tls, suite).build().unwrap();
        let mut pair = Pair {
            client: Connection::client(client, server_name()),
            server: Connection::server(server),
        };
        pair.handshake().unwrap();
    }
}

/// With a key alone nobody asks for a certificate, and no client sends one (RFC 4279 Section 2).
#[test]
fn with_a_key_alone_there_is_no_certificate_request() {
    for (tls, suite) in SUITES
        .into_iter()
        .filter(|(_, suite)| suite.kx != Kx::RsaPsk)
    {
        let mut stage = Stage::server_with(tls, suite, require_certificate);
        stage.handshake();
        assert!(!stage.peer.was_asked);
        stage.exchange();
    }
}

// Keys of TLS 1.3 alone, and servers of older versions.

const TLS1_3: u16 = 0x0304;

fn imported() -> Psk {
    psk(IDENTITY).with_import("context")
}

/// A client that wants keys, or keys and certificates, and would know how to verify a certificate.
fn wanting(policy: PskPolicy, keys: &[Psk]) -> ConfigBuilder<Client> {
    ClientConfig::builder(trust())
        .with_clock(Arc::new(FixedClock))
        .with_policy(Policy::Legacy)
        .with_psks(keys.iter().cloned())
        .with_psk_policy(policy)
}

/// The versions of supported_versions, and whether suites of older versions are offered.
fn offered(client: ConfigBuilder<Client>) -> (Vec<u16>, bool) {
    let mut client = Connection::client(client.build().unwrap(), server_name());
    client.process().unwrap();
    let hello = messages(&records(client.output())[0][5..]).remove(0);
    let versions = Dissected::new(&hello).extension(SUPPORTED_VERSIONS)[1..].to_vec();
    let versions = versions
        .chunks(2)
        .map(|two| u16::from_be_bytes([two[0], two[1]]));
    let (_, rest) = split_vector(1, &hello[4 + 34..]);
    let (suites, _) = split_vector(2, rest);
    let has_older = suites.chunks(2).any(|suite| suite[0] != 0x13);
    (versions.collect(), has_older)
}

/// Versions that were named are offered, so that the refusal is ours and says which version the server chose; it comes before
/// anything else of that version does.
#[test]
fn a_server_of_an_older_version_is_refused_where_the_keys_are_of_tls_1_3() {
    for policy in [PskPolicy::Required, PskPolicy::RequiredWithCertificate] {
        let client = || {
            let versions = version(TLS1_0)..=version(TLS1_3);
            wanting(policy, &[imported()]).with_versions(versions)
        };
        assert_eq!(
            offered(client()),
            (vec![TLS1_3, TLS1_2, TLS1_1, TLS1_0], true)
        );
        for (tls, suite, name) in [
            (TLS1_2, ECDHE_RSA_GCM, "TLS 1.2"),
            (TLS1_2, RSA_CBC, "TLS 1.2"),
            (TLS1_1, ECDHE_RSA_CBC, "TLS 1.1"),
            (TLS1_0, ECDHE_ECDSA_CBC, "TLS 1.0"),
            // Nor with a suite for keys, which was not offered.
            (TLS1_2, PSK_GCM, "TLS 1.2"),
        ] {
            let mut stage = Stage::of_client(client().build().unwrap(), tls, suite);
            let flight = stage.peer.server_flight();
            stage.play(&flight);
            let error = NothingInCommon::Version {
                ours: "TLS 1.3, the only version that the keys offered are for".to_owned(),
                peers: format!("at most {name}"),
            };
            stage.expect(name, error, AlertDescription::PROTOCOL_VERSION);
            assert_eq!(stage.received, [CLIENT_HELLO], "{name}");
            // The alert has the version of the one who reads it.
            let alert = records(&stage.wire).pop().unwrap();
            assert_eq!((alert[0], &alert[1..3]), (ALERT, &tls.to_be_bytes()[..]));
        }
        // A server that has TLS 1.3 and was made to choose less says so.
        let mut stage = Stage::of_client(client().build().unwrap(), TLS1_2, ECDHE_RSA_GCM);
        stage.peer.server_random[24..].copy_from_slice(b"DOWNGRD\x01");
        let flight = stage.peer.server_flight();
        stage.play(&flight);
        let illegal = AlertDescription::ILLEGAL_PARAMETER;
        stage.expect("sentinel", PeerMisbehaved::DowngradeDetected, illegal);
    }
    // Of a version that was not named.
    let versions = version(TLS1_2)..=version(TLS1_3);
    let client = wanting(PskPolicy::Required, &[imported()]).with_versions(versions);
    let mut stage = Stage::of_client(client.build().unwrap(), TLS1_1, ECDHE_RSA_CBC);
    let flight = stage.peer.server_flight();
    stage.play(&flight);
    let error = NothingInCommon::Version {
        ours: "TLS 1.3, the only version that the keys offered are for".to_owned(),
        peers: "at most TLS 1.1".to_owned(),
    };
    stage.expect("TLS 1.1", error, AlertDescription::PROTOCOL_VERSION);
}

#[test]
fn older_versions_are_offered_for_no_other_reason() {
    let all = || version(TLS1_0)..=version(TLS1_3);
    let tls13_alone = (vec![TLS1_3], false);
    // They were not named.
    for policy in [PskPolicy::Required, PskPolicy::RequiredWithCertificate] {
        assert_eq!(offered(wanting(policy, &[imported()])), tls13_alone);
    }
    // No certificate is believed, so that there is no suite that a server could choose.
    let without_trust = ClientConfig::psk_builder([imported()]);
    let without_trust = without_trust.with_policy(Policy::Legacy);
    assert_eq!(offered(without_trust.with_versions(all())), tls13_alone);
    // An external key has suites of its own, and a server that chooses one of them is served.
    let both = [imported(), psk("bob")];
    let client = wanting(PskPolicy::Required, &both).with_versions(all());
    let server = server_config(TLS1_2, PSK_GCM);
    let server = server.with_psk_store(PskTable::new([psk("bob")]).unwrap());
    let mut pair = Pair {
        client: Connection::client(client.build().unwrap(), server_name()),
        server: Connection::server(server.build().unwrap()),
    };
    pair.handshake().unwrap();
    // With a server of TLS 1.3 that has the key all is as it was, also after a retry.
    for group in [NamedGroup::X25519, NamedGroup::SECP384R1] {
        let client = wanting(PskPolicy::Required, &[imported()]).with_versions(all());
        let server = ServerConfig::psk_builder(PskTable::new([imported()]).unwrap());
        let server = server.with_groups(&[group]);
        let mut pair = Pair {
            client: Connection::client(client.build().unwrap(), server_name()),
            server: Connection::server(server.build().unwrap()),
        };
        pair.handshake().unwrap();
        let facts = pair.client.facts().unwrap();
        assert_eq!(facts.version, version(TLS1_3));
        let retried = group == NamedGroup::SECP384R1;
        assert_eq!(facts.handshake_kind.has_retry(), retried);
    }
}
