//! Pre-shared keys before TLS 1.3: who tries identities or keys learns nothing, and a node does not talk to itself.

use warifu::parameters::AlertDescription;
use warifu::psk::{PskRole, PskTable};
use warifu::{Connection, Error, PskFailure};

use crate::bytes::*;
use crate::crypto::*;
use crate::peer::*;
use crate::support::psk::psk;
use crate::support::{Pair, Side, server_name};

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
