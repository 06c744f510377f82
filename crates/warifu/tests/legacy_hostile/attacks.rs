//! Attacks that have names, and were not shown elsewhere to fail (docs/attacks.md has them all).

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use warifu::config::Policy;
use warifu::decision::{Answer, PresentedChain, VerifyPeer};
use warifu::error::NothingInCommon;
use warifu::parameters::{
    AlertDescription, CipherSuite, HandshakeType, NamedGroup, SignatureScheme,
};
use warifu::psk::PskTable;
use warifu::resumption::Tickets;
use warifu::{
    CertificateError, ClientConfig, Connection, Error, PeerMisbehaved, PskFailure, ServerConfig,
};

use crate::bytes::*;
use crate::crypto::*;
use crate::odd_keys::{leaf_with_key, odd_keys};
use crate::peer::*;
use crate::support::psk::psk_of;
use crate::support::resumption::{OneKey, Shelf, connect};
use crate::support::{FixedClock, Pair, Side, move_bytes, server_name};

const TLS1_3: u16 = 0x0304;
const KEY_SHARE: u16 = 51;
const PRE_SHARED_KEY: u16 = 41;

/// Raccoon needs a Diffie-Hellman key that serves twice.
#[test]
fn values_of_key_exchanges_are_never_used_twice() {
    let mut seen = HashSet::new();
    let mut count = 0;
    for suite in [DHE_RSA_GCM, ECDHE_RSA_GCM, DHE_PSK_GCM, ECDHE_PSK_GCM] {
        let server = server_config(TLS1_2, suite).build().unwrap();
        let client = client_config(TLS1_2, suite).build().unwrap();
        for _ in 0..8 {
            // What our server sends.
            let mut stage = Stage::of_server(server.clone(), TLS1_2, suite);
            stage.handshake();
            let sent = flight_of(&stage.wire);
            let exchange = sent
                .iter()
                .find(|message| message[0] == SERVER_KEY_EXCHANGE)
                .unwrap();
            let mut params = &exchange[4..];
            if suite.kx.uses_psk() {
                (_, params) = split_vector(2, params);
            }
            let value = match suite.kx.is_ecdhe() {
                true => split_vector(1, &params[3..]).0,
                false => {
                    let (_, rest) = split_vector(2, params);
                    let (_, rest) = split_vector(2, rest);
                    split_vector(2, rest).0
                }
            };
            assert!(
                value.len() >= 32 && seen.insert(value.to_vec()),
                "{suite:?}"
            );
            // What our client sends.
            let mut stage = Stage::of_client(client.clone(), TLS1_2, suite);
            stage.handshake();
            let sent = flight_of(&stage.wire);
            let exchange = sent
                .iter()
                .find(|message| message[0] == CLIENT_KEY_EXCHANGE)
                .unwrap();
            let mut value = &exchange[4..];
            if suite.kx.uses_psk() {
                (_, value) = split_vector(2, value);
            }
            assert!(
                value.len() >= 33 && seen.insert(value.to_vec()),
                "{suite:?}"
            );
            count += 2;
        }
    }
    assert_eq!((seen.len(), count), (64, 64));
}

/// The plain handshake messages in what a side sent.
fn flight_of(wire: &[u8]) -> Vec<Vec<u8>> {
    let plain = records(wire)
        .into_iter()
        .take_while(|record| record[0] == HANDSHAKE);
    messages(
        &plain
            .flat_map(|record| record[5..].to_vec())
            .collect::<Vec<_>>(),
    )
}

/// A client with the key of "alice" and an identity that is hers up to a zero byte, or begins as hers does.
#[test]
fn an_identity_does_not_end_at_a_zero_byte() {
    for (tls, suite) in [
        (TLS1_0, PSK_CBC),
        (TLS1_2, PSK_GCM),
        (TLS1_2, DHE_PSK_GCM),
        (TLS1_2, ECDHE_PSK_GCM),
        (TLS1_2, RSA_PSK_GCM),
    ] {
        for identity in [
            &b"alice\0"[..],
            b"alice\0mallory",
            b"alice ",
            b"ALICE",
            b"alic",
            b"\0",
        ] {
            let mut stage = Stage::server(tls, suite);
            let mut flight = stage.up_to_last_flight();
            let exchange = find(&mut flight, CLIENT_KEY_EXCHANGE);
            let (known, rest) = split_vector(2, &exchange[4..]);
            assert_eq!(known, IDENTITY.as_bytes());
            let body = [&vector(2, identity), rest].concat();
            *exchange = message(CLIENT_KEY_EXCHANGE, &body);
            stage.play(&flight);
            let error = PskFailure::UnknownIdentity {
                identity: identity.escape_ascii().to_string(),
            };
            stage.expect("identity", error, AlertDescription::DECRYPT_ERROR);
        }
    }
}

/// Identities of any length are written whole, in each exchange that has something to send behind them; those that make the
/// message longer than the server takes are refused by its header.
#[test]
fn a_long_identity_leaves_room_for_what_is_behind_it() {
    for (tls, suite, others_len) in [
        (TLS1_0, PSK_CBC, 0),
        (TLS1_2, PSK_GCM, 0),
        (TLS1_2, DHE_PSK_GCM, 2 + 256),
        (TLS1_2, ECDHE_PSK_GCM, 1 + 32),
        (TLS1_2, RSA_PSK_GCM, 2 + 256),
    ] {
        // The body of ClientKeyExchange is at most 16,384 bytes long.
        let longest = 16_384 - 2 - others_len;
        for (len, fits) in [(longest, true), (longest + 1, false), (65_535, false)] {
            let key = || psk_of(&vec![b'x'; len], 7);
            let client = client_config(tls, suite).with_psks([key()]);
            let table = PskTable::new([key()]).unwrap();
            let server = server_config(tls, suite).with_psk_store(table);
            let mut pair = Pair {
                client: Connection::client(client.build().unwrap(), server_name()),
                server: Connection::server(server.build().unwrap()),
            };
            if fits {
                pair.handshake().unwrap();
                continue;
            }
            let error = PeerMisbehaved::MessageTooLong {
                message: HandshakeType::CLIENT_KEY_EXCHANGE,
                len: len + 2 + others_len,
                limit: 16_384,
            };
            pair.expect_failure(Side::Server, &error.into());
        }
    }
}

/// Ticketbleed: the server gives back the session ID that came beside the ticket, of whatever length, and no byte more.
#[test]
fn a_session_id_comes_back_as_it_was_sent() {
    for tls in [TLS1_0, TLS1_2] {
        let server = server_config(tls, ECDHE_RSA_CBC)
            .with_tickets(Tickets::stateless(OneKey::new(1)))
            .build()
            .unwrap();
        let stage = || {
            let mut stage = Stage::of_server(server.clone(), tls, ECDHE_RSA_CBC);
            stage.peer.sends_ticket = true;
            stage
        };
        let mut first = stage();
        first.handshake();
        let session = first.peer.session();
        assert!(!session.ticket.is_empty());
        for len in 1..=32 {
            let mut stage = stage();
            stage.peer.offer(&session);
            let id: Vec<u8> = (0..len).map(|n| n ^ 0xa5).collect();
            stage.peer.session_id.clone_from(&id);
            let hello = stage.peer.client_hello();
            stage.play(&vec![Step::Message(hello)]);
            stage.play(&vec![Step::ChangeCipherSpec, Step::Finished]);
            stage.exchange();
            assert!(stage.victim.facts().unwrap().resumed);
            assert_eq!(stage.peer.session_id, id);
            let hello = &flight_of(&stage.wire)[0];
            assert_eq!(split_vector(1, &hello[4 + 34..]).0, id);
        }
    }
}

/// A ServerHello of TLS 1.3 without what says so, for a client that also offers TLS 1.2: no version is made of the two, in
/// which a handshake would be complete without a secret.
#[test]
fn no_version_is_made_of_an_older_hello_and_a_newer_number() {
    let tls13_suite = CipherSuite::TLS_AES_128_GCM_SHA256;
    let no_version = || {
        Error::from(NothingInCommon::Version {
            ours: "TLS 1.2 to TLS 1.3".to_owned(),
            peers: "at most TLS 1.3".to_owned(),
        })
    };
    let no_suite = || {
        Error::from(PeerMisbehaved::NotOffered {
            what: "cipher suite",
            value: "TLS_AES_128_GCM_SHA256".to_owned(),
        })
    };
    for (legacy_version, suite, error, alert) in [
        (
            TLS1_3,
            tls13_suite.0,
            no_version(),
            AlertDescription::PROTOCOL_VERSION,
        ),
        (
            TLS1_3,
            ECDHE_RSA_GCM.number,
            no_version(),
            AlertDescription::PROTOCOL_VERSION,
        ),
        (
            TLS1_2,
            tls13_suite.0,
            no_suite(),
            AlertDescription::ILLEGAL_PARAMETER,
        ),
    ] {
        let mut stage = Stage::client_with(TLS1_2, ECDHE_RSA_GCM, |client| {
            client.with_policy(Policy::Default)
        });
        stage.peer.session_id = stage.peer.offered_session_id();
        stage.peer.version = legacy_version;
        stage.peer.suite.number = suite;
        let hello = stage.peer.server_hello();
        stage.peer.version = TLS1_2;
        stage.play(&vec![Step::Message(hello)]);
        stage.expect(&format!("{legacy_version:x} {suite:x}"), error, alert);
        assert_eq!(stage.received, [CLIENT_HELLO]);
    }
}

/// A ClientHello of TLS 1.3 with a ticket, and after the HelloRetryRequest one of TLS 1.2 in its place: nothing is resumed, and
/// nothing begins anew either.
#[test]
fn after_a_retry_a_client_cannot_go_back_to_an_older_version() {
    let client = ClientConfig::builder(trust())
        .with_clock(Arc::new(FixedClock))
        .with_session_context("client")
        .with_session_store(Arc::new(Shelf::default()))
        .with_groups(&[NamedGroup::X25519, NamedGroup::SECP256R1])
        .build()
        .unwrap();
    let server = |groups: &[NamedGroup]| {
        ServerConfig::builder(keys().rsa.credential.clone())
            .with_clock(Arc::new(FixedClock))
            .with_session_context("server")
            .with_tickets(Tickets::stateless(OneKey::new(1)))
            .with_policy(Policy::Legacy)
            .with_groups(groups)
            .build()
            .unwrap()
    };
    for as_session_ticket in [false, true] {
        connect(&client, &server(&[NamedGroup::X25519]));
        let mut pair = Pair {
            client: Connection::client(client.clone(), server_name()),
            server: Connection::server(server(&[NamedGroup::SECP256R1])),
        };
        pair.client.process().unwrap();
        move_bytes(&mut pair.client, &mut pair.server);
        pair.server.process().unwrap();
        move_bytes(&mut pair.server, &mut pair.client);
        pair.client.process().unwrap();
        let output = records(pair.client.output());
        // change_cipher_spec, and the second hello with its ticket.
        assert_eq!((output.len(), output[0][0]), (2, CHANGE_CIPHER_SPEC));
        let mut hello = flight_of(&output[1]).remove(0);
        edit(&mut hello, |hello| {
            let offer = hello.extension(PRE_SHARED_KEY).clone();
            let (ticket, _) = split_vector(2, &offer[2..]);
            let ticket = ticket.to_vec();
            let of_tls13 = [PRE_SHARED_KEY, SUPPORTED_VERSIONS, KEY_SHARE, 44, 45, 49];
            let extensions = &mut hello.extensions;
            extensions.retain(|(number, _)| !of_tls13.contains(number));
            if as_session_ticket {
                extensions.retain(|(number, _)| *number != SESSION_TICKET);
                extensions.push((SESSION_TICKET, ticket));
            }
        });
        let stream = [&output[0][..], &record(HANDSHAKE, &hello)].concat();
        assert_eq!(pair.server.receive(&stream), stream.len());
        let error = Error::from(PeerMisbehaved::SecondHelloChanged {
            what: "an extension that must stay",
        });
        assert_eq!(pair.server.process(), Err(error.clone()));
        let alert = records(pair.server.output()).pop().unwrap();
        let expected = [2, AlertDescription::ILLEGAL_PARAMETER.0];
        assert_eq!((alert[0], &alert[5..]), (ALERT, &expected[..]));
    }
}

/// OpenSSL once took a ClientHello whose first record was too short to tell its version for one of TLS 1.0.
#[test]
fn a_client_hello_in_pieces_keeps_its_version() {
    let client = ClientConfig::builder(trust()).with_clock(Arc::new(FixedClock));
    let mut client = Connection::client(client.build().unwrap(), server_name());
    client.process().unwrap();
    let hello = flight_of(client.output()).remove(0);
    client.sent(client.output().len());
    for piece in 1..=12 {
        let server = ServerConfig::builder(keys().rsa.credential.clone())
            .with_clock(Arc::new(FixedClock))
            .with_policy(Policy::Legacy);
        let mut server = Connection::server(server.build().unwrap());
        for part in hello.chunks(piece) {
            let mut bytes = record(HANDSHAKE, part);
            bytes[2] = 1;
            assert_eq!(server.receive(&bytes), bytes.len());
            server.process().unwrap();
        }
        let answer = flight_of(server.output()).remove(0);
        let version = Dissected::new(&answer)
            .extension(SUPPORTED_VERSIONS)
            .clone();
        assert_eq!(version, [3, 4], "{piece}");
    }
}

/// Sweet32, and what else is weak: no policy has suites of 3DES, and a connection that was told to use what is weak says so.
#[test]
fn what_is_weak_is_used_by_name_and_told() {
    for policy in Policy::ALL {
        for suite in policy.cipher_suites() {
            let name = suite.to_string();
            for weak in ["3DES", "RC4", "NULL", "EXPORT", "MD5", "anon"] {
                assert!(!name.contains(weak), "{policy}: {name}");
            }
        }
    }
    let no_forward_secrecy = "no forward secrecy: RSA key transport";
    let cbc = "CBC in place of authenticated encryption";
    for (tls, suite, told) in [
        (TLS1_2, CipherSuite(ECDHE_RSA_GCM.number), vec![]),
        (
            TLS1_2,
            CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA,
            vec![no_forward_secrecy, "3DES has blocks of 64 bits (Sweet32)"],
        ),
        (
            TLS1_2,
            CipherSuite(RSA_GCM.number),
            vec![no_forward_secrecy],
        ),
        (
            TLS1_1,
            CipherSuite(ECDHE_RSA_CBC.number),
            vec!["TLS 1.1 is deprecated (RFC 8996)", cbc],
        ),
        (
            TLS1_0,
            CipherSuite(ECDHE_RSA_CBC.number),
            vec!["TLS 1.0 is deprecated (RFC 8996)", cbc],
        ),
        (
            TLS1_2,
            CipherSuite(PSK_GCM.number),
            vec!["no forward secrecy: the pre-shared key alone"],
        ),
        (
            TLS1_2,
            CipherSuite::TLS_PSK_WITH_AES_128_CCM_8,
            vec![
                "no forward secrecy: the pre-shared key alone",
                "short authentication tags (CCM-8)",
            ],
        ),
    ] {
        let named = |of: Suite| {
            let client = client_config(tls, of).with_cipher_suites(&[suite]);
            let server = server_config(tls, of).with_cipher_suites(&[suite]);
            Pair {
                client: Connection::client(client.build().unwrap(), server_name()),
                server: Connection::server(server.build().unwrap()),
            }
        };
        let mut pair = match suite.to_string().contains("PSK") {
            true => named(PSK_GCM),
            false => named(RSA_GCM),
        };
        pair.handshake().unwrap();
        for side in [&pair.client, &pair.server] {
            assert_eq!(side.facts().unwrap().weaknesses(), told, "{suite}");
        }
    }
}

/// Believes everybody, as an application's own verifier may.
#[derive(Debug)]
struct Credulous;

impl VerifyPeer for Credulous {
    fn verify<'a>(&'a self, _: PresentedChain<'a>) -> Answer<'a, Result<(), CertificateError>> {
        Ok(()).into()
    }

    fn chain_schemes(&self) -> &[SignatureScheme] {
        &[]
    }
}

/// As the test of this name in `hostile/attacks.rs`, of servers; with RSA key exchange nothing is encrypted to such a key either.
#[test]
fn keys_that_cannot_be_used_are_refused_in_no_time() {
    for (spki, reason) in odd_keys() {
        let leaf = leaf_with_key(&keys().ca, &spki);
        for suite in [ECDHE_ECDSA_GCM, ECDHE_RSA_GCM, RSA_GCM] {
            let client = ClientConfig::builder(Credulous)
                .with_clock(Arc::new(FixedClock))
                .with_cipher_suites(&[CipherSuite(suite.number)])
                .with_versions(version(TLS1_2)..=version(TLS1_2));
            let mut stage = Stage::of_client(client.build().unwrap(), TLS1_2, suite);
            let mut flight = stage.peer.server_flight();
            *find(&mut flight, CERTIFICATE) = certificate(Some(&leaf));
            let start = Instant::now();
            stage.play(&flight);
            let error = CertificateError::UnsupportedKey {
                reason: reason.to_owned(),
            };
            stage.expect(reason, error, AlertDescription::UNSUPPORTED_CERTIFICATE);
            assert!(start.elapsed() < Duration::from_secs(1), "{reason}");
        }
    }
}
