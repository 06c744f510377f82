//! Versions taken away: by somebody in the middle, by a peer that lies, and by one that only looks so.

use std::sync::Arc;

use warifu::config::{Client, ConfigBuilder, Policy, Server};
use warifu::error::NothingInCommon;
use warifu::parameters::{AlertDescription, CipherSuite, ProtocolVersion};
use warifu::resumption::Tickets;
use warifu::{ClientConfig, Connection, EarlyData, Error, PeerMisbehaved, ServerConfig};

use crate::bytes::*;
use crate::crypto::*;
use crate::peer::*;
use crate::support::resumption::{OneKey, Shelf};
use crate::support::{FixedClock, server_name};

const TLS1_3: u16 = 0x0304;
const ILLEGAL: AlertDescription = AlertDescription::ILLEGAL_PARAMETER;
const VERSION: AlertDescription = AlertDescription::PROTOCOL_VERSION;
const FALLBACK_SCSV: u16 = 0x5600;

/// A client and a server of ours, and somebody between them who changes plain messages.
struct Between {
    client: Connection,
    server: Connection,
}

impl Between {
    fn new(
        change_client: impl FnOnce(ConfigBuilder<Client>) -> ConfigBuilder<Client>,
        change_server: impl FnOnce(ConfigBuilder<Server>) -> ConfigBuilder<Server>,
    ) -> Self {
        let client = ClientConfig::builder(trust())
            .with_clock(Arc::new(FixedClock))
            .with_policy(Policy::Legacy);
        let server = ServerConfig::builder(keys().rsa.credential.clone())
            .with_clock(Arc::new(FixedClock))
            .with_policy(Policy::Legacy);
        let client = change_client(client).build().unwrap();
        let server = change_server(server).build().unwrap();
        Self {
            client: Connection::client(client, server_name()),
            server: Connection::server(server),
        }
    }

    /// The client's error and the server's, when both are done.
    fn play(
        &mut self,
        mut to_server: impl FnMut(&mut Vec<u8>),
        mut to_client: impl FnMut(&mut Vec<u8>),
    ) -> [Option<Error>; 2] {
        let mut errors = [None, None];
        for _ in 0..6 {
            errors[0] = errors[0].take().or(self.client.process().err());
            carry(&mut self.client, &mut self.server, &mut to_server);
            errors[1] = errors[1].take().or(self.server.process().err());
            carry(&mut self.server, &mut self.client, &mut to_client);
        }
        errors
    }
}

/// Moves what one side sent; plain handshake messages go through `change`, each in a record of its own.
fn carry(from: &mut Connection, to: &mut Connection, change: &mut dyn FnMut(&mut Vec<u8>)) {
    let output = from.output().to_vec();
    from.sent(output.len());
    let mut is_plain = from.is_handshaking();
    for mut bytes in records(&output) {
        is_plain &= bytes[0] == HANDSHAKE;
        if is_plain {
            let changed = messages(&bytes[5..]).into_iter().map(|mut message| {
                change(&mut message);
                let mut out = record(HANDSHAKE, &message);
                out[1..3].copy_from_slice(&bytes[1..3]);
                out
            });
            bytes = changed.collect::<Vec<_>>().concat();
        }
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let taken = to.receive(rest);
            rest = &rest[taken..];
            if taken == 0 && to.process().is_err() {
                return;
            }
        }
    }
}

/// Takes away all that tells of TLS 1.3, and says this version instead.
fn strip(hello: &mut Vec<u8>, tls: u16) {
    if hello[0] != CLIENT_HELLO {
        return;
    }
    hello[4..6].copy_from_slice(&tls.to_be_bytes());
    edit(hello, |hello| {
        let of_tls13 = [43, 45, 49, 51];
        hello
            .extensions
            .retain(|(number, _)| !of_tls13.contains(number));
    });
}

#[test]
fn a_client_notices_that_its_versions_were_taken_away() {
    for tls in [TLS1_0, TLS1_1, TLS1_2] {
        for (client_max, server_max) in [(TLS1_3, TLS1_3), (TLS1_2, TLS1_3), (TLS1_2, TLS1_2)] {
            if client_max == tls {
                continue;
            }
            let range = |max| version(TLS1_0)..=version(max);
            let mut between = Between::new(
                |client| client.with_versions(range(client_max)),
                |server| server.with_versions(range(server_max)),
            );
            let errors = between.play(|message| strip(message, tls), |_| {});
            let detected = PeerMisbehaved::DowngradeDetected.into();
            let told = Error::AlertReceived(ILLEGAL);
            assert_eq!(errors, [Some(detected), Some(told)], "{tls:#x}");
        }
    }
}

#[test]
fn a_server_sends_the_sentinel_where_rfc_8446_says() {
    // Section 4.1.3; the highest version of the server, the version chosen.
    for (max, chosen, sentinel) in [
        (TLS1_3, TLS1_2, Some(1)),
        (TLS1_3, TLS1_1, Some(0)),
        (TLS1_3, TLS1_0, Some(0)),
        (TLS1_2, TLS1_2, None),
        (TLS1_2, TLS1_1, Some(0)),
        (TLS1_2, TLS1_0, Some(0)),
        (TLS1_1, TLS1_1, None),
        (TLS1_1, TLS1_0, None),
    ] {
        let mut stage = Stage::server_with(chosen, ECDHE_RSA_CBC, |server| {
            let versions = version(TLS1_0)..=version(max);
            server.with_policy(Policy::Legacy).with_versions(versions)
        });
        stage.handshake();
        stage.exchange();
        let end = &stage.peer.server_random[24..];
        let found = end.starts_with(b"DOWNGRD").then(|| end[7]);
        assert_eq!(found, sentinel, "{max:#x} {chosen:#x}");
    }
}

/// RFC 8446 Section 4.1.3: "TLS 1.3 clients receiving a ServerHello indicating TLS 1.2 or below MUST check that the last 8 bytes
/// are not equal to either of these values. TLS 1.2 clients SHOULD also check that the last 8 bytes are not equal to the
/// second value if the ServerHello indicates TLS 1.1 or below."
#[test]
fn a_client_heeds_every_sentinel() {
    for (max, chosen, sentinel, detected) in [
        (TLS1_3, TLS1_2, 1, true),
        (TLS1_3, TLS1_2, 0, true),
        (TLS1_3, TLS1_1, 1, true),
        (TLS1_3, TLS1_1, 0, true),
        (TLS1_3, TLS1_0, 1, true),
        (TLS1_3, TLS1_0, 0, true),
        (TLS1_2, TLS1_2, 1, false),
        (TLS1_2, TLS1_2, 0, false),
        (TLS1_2, TLS1_1, 0, true),
        (TLS1_2, TLS1_0, 0, true),
        (TLS1_2, TLS1_1, 1, false),
        (TLS1_1, TLS1_1, 0, false),
        (TLS1_1, TLS1_0, 0, false),
        (TLS1_1, TLS1_0, 1, false),
        // No sentinel.
        (TLS1_3, TLS1_2, 2, false),
        (TLS1_3, TLS1_0, 2, false),
    ] {
        let mut stage = Stage::client_with(chosen, ECDHE_RSA_CBC, |client| {
            let versions = version(TLS1_0)..=version(max);
            client.with_policy(Policy::Legacy).with_versions(versions)
        });
        stage.peer.server_random[24..].copy_from_slice(b"DOWNGRD\x00");
        stage.peer.server_random[31] = sentinel;
        let what = format!("{max:#x} {chosen:#x} {sentinel}");
        match detected {
            true => {
                let flight = stage.peer.server_flight();
                stage.play(&flight);
                stage.expect(&what, PeerMisbehaved::DowngradeDetected, ILLEGAL);
            }
            false => stage.handshake(),
        }
    }
}

/// Who changes the random too is told by the signature, or by the keys.
#[test]
fn a_sentinel_that_was_taken_away_spoils_the_handshake() {
    let erase = |message: &mut Vec<u8>| {
        if message[0] == SERVER_HELLO {
            message[4 + 26..4 + 34].fill(0x33);
        }
    };
    let mut between = Between::new(|client| client, |server| server);
    let errors = between.play(|message| strip(message, TLS1_2), erase);
    let bad = PeerMisbehaved::BadSignature.into();
    let told = Error::AlertReceived(AlertDescription::DECRYPT_ERROR);
    assert_eq!(errors, [Some(bad), Some(told)]);

    // Without a signature: the server is the first to see a Finished.
    let rsa = [
        CipherSuite(RSA_GCM.number),
        CipherSuite::TLS_AES_128_GCM_SHA256,
    ];
    let mut between = Between::new(
        |client| client.with_cipher_suites(&rsa),
        |server| server.with_cipher_suites(&rsa),
    );
    let errors = between.play(|message| strip(message, TLS1_2), erase);
    let told = Error::AlertReceived(AlertDescription::BAD_RECORD_MAC);
    let bad = PeerMisbehaved::BadRecordMac.into();
    assert_eq!(errors, [Some(told), Some(bad)]);
}

/// Anything else of the hellos that is changed on the way: with extended_main_secret the keys differ already.
#[test]
fn hellos_changed_on_the_way_spoil_the_handshake() {
    let one_suite = |hello: &mut Vec<u8>| {
        let mut all = Dissected::new(hello);
        all.extensions.reverse();
        *hello = all.assemble();
    };
    let mut between = Between::new(
        |client| client.with_versions(version(TLS1_2)..=version(TLS1_2)),
        |server| server.with_versions(version(TLS1_2)..=version(TLS1_2)),
    );
    let errors = between.play(
        |message| {
            if message[0] == CLIENT_HELLO {
                one_suite(message);
            }
        },
        |_| {},
    );
    let told = Error::AlertReceived(AlertDescription::BAD_RECORD_MAC);
    let bad = PeerMisbehaved::BadRecordMac.into();
    assert_eq!(errors, [Some(told), Some(bad)]);
}

#[test]
fn versions_that_were_not_offered_are_refused() {
    let range = |versions: std::ops::RangeInclusive<u16>| {
        ProtocolVersion(*versions.start())..=ProtocolVersion(*versions.end())
    };
    for (offered, text, chosen, peers) in [
        (TLS1_2..=TLS1_3, "TLS 1.2 to TLS 1.3", TLS1_1, "TLS 1.1"),
        (TLS1_2..=TLS1_3, "TLS 1.2 to TLS 1.3", 0x0300, "SSL 3.0"),
        (TLS1_2..=TLS1_3, "TLS 1.2 to TLS 1.3", TLS1_3, "TLS 1.3"),
        (TLS1_2..=TLS1_3, "TLS 1.2 to TLS 1.3", 0x0305, "0x305"),
        (TLS1_0..=TLS1_1, "TLS 1.0 to TLS 1.1", TLS1_2, "TLS 1.2"),
        (TLS1_3..=TLS1_3, "TLS 1.3", TLS1_2, "TLS 1.2"),
    ] {
        let mut stage = Stage::client_with(TLS1_2, ECDHE_RSA_CBC, |client| {
            client
                .with_policy(Policy::Legacy)
                .with_versions(range(offered.clone()))
        });
        stage.peer.version = chosen;
        let hello = stage.peer.server_hello();
        stage.peer.version = TLS1_2;
        stage.play(&vec![Step::Message(hello)]);
        let error = NothingInCommon::Version {
            ours: text.to_owned(),
            peers: format!("at most {peers}"),
        };
        stage.expect(&format!("{offered:?} {chosen:#x}"), error, VERSION);
    }
}

/// RFC 8446 Section 4.2.1: what supported_versions names is TLS 1.3 or nothing.
#[test]
fn supported_versions_does_not_name_an_older_version() {
    for named in [TLS1_2, TLS1_0, 0x0300, 0x7f1c] {
        let mut stage = Stage::client_with(TLS1_2, ECDHE_RSA_GCM, |client| {
            client.with_policy(Policy::Default)
        });
        let extensions = vec![(SUPPORTED_VERSIONS, u16_bytes(named))];
        let hello = stage.peer.server_hello_with(extensions);
        stage.play(&vec![Step::Message(hello)]);
        let error = PeerMisbehaved::IllegalVersion { version: named };
        stage.expect("supported_versions", error, ILLEGAL);
    }
}

/// RFC 8446 Section 4.1.4: the version does not change after a HelloRetryRequest.
#[test]
fn after_a_retry_there_is_no_older_version() {
    let mut stage = Stage::client_with(TLS1_2, ECDHE_RSA_GCM, |client| {
        client.with_policy(Policy::Default)
    });
    let random = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";
    for (index, byte) in stage.peer.server_random.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&random[2 * index..2 * index + 2], 16).unwrap();
    }
    stage.peer.session_id = stage.peer.offered_session_id();
    stage.peer.suite.number = 0x1301;
    let retry = stage.peer.server_hello_with(vec![
        (SUPPORTED_VERSIONS, u16_bytes(TLS1_3)),
        (51, u16_bytes(24)),
    ]);
    stage.play(&vec![Step::Message(retry)]);
    assert_eq!(stage.error, None);
    stage.peer.suite = ECDHE_RSA_GCM;
    stage.peer.server_random = [9; 32];
    let hello = stage.peer.server_hello();
    stage.play(&vec![Step::Message(hello)]);
    let error = PeerMisbehaved::IllegalParameter {
        what: "ServerHello is of another version than HelloRetryRequest (RFC 8446 Section 4.1.4)",
    };
    stage.expect("retry", error, ILLEGAL);
}

/// RFC 7507 Section 3 and 4.
#[test]
fn a_fallback_that_was_not_needed_is_refused() {
    for (server_max, client, refused) in [
        (TLS1_3, TLS1_2, true),
        (TLS1_3, TLS1_0, true),
        (TLS1_2, TLS1_1, true),
        (TLS1_2, TLS1_2, false),
        (TLS1_1, TLS1_1, false),
        (TLS1_0, TLS1_0, false),
    ] {
        let mut stage = Stage::server_with(client, ECDHE_RSA_CBC, |server| {
            let versions = version(TLS1_0)..=version(server_max);
            server.with_policy(Policy::Legacy).with_versions(versions)
        });
        let extensions = Dissected::new(&stage.peer.client_hello()).extensions;
        let suites = [ECDHE_RSA_CBC.number, FALLBACK_SCSV];
        let hello = stage.peer.hello_with(&suites, extensions);
        stage.play(&vec![Step::Message(hello)]);
        if refused {
            let error = PeerMisbehaved::InappropriateFallback {
                ours: version(server_max).to_string(),
                offered: version(client).to_string(),
            };
            stage.expect("fallback", error, AlertDescription::INAPPROPRIATE_FALLBACK);
        } else {
            assert_eq!(stage.error, None);
            let flight = stage.peer.client_flight();
            stage.play(&flight);
            stage.exchange();
        }
    }
}

#[test]
fn our_client_says_that_it_falls_back() {
    let mut between = Between::new(
        |client| {
            client
                .with_versions(version(TLS1_0)..=version(TLS1_1))
                .with_fallback_scsv(true)
        },
        |server| server,
    );
    let errors = between.play(|_| {}, |_| {});
    let refused = PeerMisbehaved::InappropriateFallback {
        ours: "TLS 1.3".to_owned(),
        offered: "TLS 1.1".to_owned(),
    };
    let told = Error::AlertReceived(AlertDescription::INAPPROPRIATE_FALLBACK);
    assert_eq!(errors, [Some(told), Some(refused.into())]);
}

/// RFC 8446 Appendix D.3: "A client that attempts to send 0-RTT data MUST fail a connection if it receives a ServerHello with
/// TLS 1.2 or older." The alert is one that such a server can read.
#[test]
fn after_early_data_there_is_no_older_version() {
    let shelf = Arc::new(Shelf::default());
    let client = ClientConfig::builder(trust())
        .with_clock(Arc::new(FixedClock))
        .with_session_context("client")
        .with_session_store(shelf.clone())
        .with_replayable_early_data(true)
        .build()
        .unwrap();
    let early = warifu::early_data::ReplayableEarlyData::new(
        1 << 14,
        warifu::early_data::MemoryReplayStore::default(),
    );
    let server = ServerConfig::builder(keys().rsa.credential.clone())
        .with_clock(Arc::new(FixedClock))
        .with_session_context("server")
        .with_tickets(Tickets::stateless(OneKey::new(1)))
        .with_replayable_early_data(early)
        .build()
        .unwrap();
    crate::support::resumption::connect(&client, &server);
    for writes in [false, true] {
        assert_ne!(shelf.len(), 0);
        let mut stage = Stage::of_client(client.clone(), TLS1_2, ECDHE_RSA_GCM);
        if writes {
            let written = stage.victim.write_replayable_early_data(b"early");
            assert_eq!(written, Ok(5));
            stage.take_output();
        }
        assert_eq!(stage.victim.early_data(), EarlyData::Offered);
        let flight = stage.peer.server_flight();
        stage.play(&flight);
        let error = PeerMisbehaved::OlderVersionAfterEarlyData {
            version: ProtocolVersion::TLS1_2,
        };
        stage.expect("early data", error, VERSION);
        assert_eq!(stage.received, [CLIENT_HELLO]);
    }
    // Without early data the same client takes the older version, whatever ticket it offers.
    let client = ClientConfig::builder(trust())
        .with_clock(Arc::new(FixedClock))
        .with_session_context("client")
        .with_session_store(shelf)
        .build()
        .unwrap();
    let mut stage = Stage::of_client(client, TLS1_2, ECDHE_RSA_GCM);
    stage.handshake();
    stage.exchange();
}
