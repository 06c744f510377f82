//! Attempts to renegotiate: refused by a warning, and the connection lives on (RFC 5246 Section 7.4.1.1 and 7.2.2).

use warifu::parameters::{AlertDescription, ContentType};
use warifu::{PeerMisbehaved, ReadOutcome};

use crate::bytes::*;
use crate::crypto::*;
use crate::peer::*;
use crate::support::Side;

const WARNING: (u8, AlertDescription) = (1, AlertDescription::NO_RENEGOTIATION);
const FATAL: (u8, AlertDescription) = (2, AlertDescription::UNEXPECTED_MESSAGE);

/// Established connections of both roles, with what the peer asks by.
fn established() -> Vec<(Stage, Vec<u8>)> {
    let mut all = Vec::new();
    for (tls, suite) in [
        (TLS1_0, ECDHE_RSA_CBC),
        (TLS1_1, RSA_CBC),
        (TLS1_2, ECDHE_RSA_GCM),
        (TLS1_2, PSK_GCM),
    ] {
        let mut client = Stage::client(tls, suite);
        client.handshake();
        all.push((client, message(HELLO_REQUEST, &[])));
        let mut server = Stage::server(tls, suite);
        server.handshake();
        let hello = server.peer.client_hello();
        all.push((server, hello));
    }
    all
}

fn ask(stage: &mut Stage, message: &[u8]) {
    let record = stage.seal(HANDSHAKE, message);
    stage.feed(&record);
}

#[test]
fn an_attempt_is_refused_and_the_connection_lives_on() {
    for (mut stage, message) in established() {
        for count in 1..=8 {
            ask(&mut stage, &message);
            assert_eq!(stage.error, None);
            assert_eq!(stage.alerts, vec![WARNING; count]);
            stage.exchange();
        }
    }
}

#[test]
fn more_than_four_attempts_in_a_row_end_it() {
    for (mut stage, message) in established() {
        for count in 1..=4 {
            ask(&mut stage, &message);
            assert_eq!((&stage.error, stage.alerts.len()), (&None, count));
        }
        // Neither an empty record nor a warning is data.
        let nothing = Step::Record(APPLICATION_DATA, Vec::new());
        stage.play(&vec![nothing, Step::warning(WARNING.1)]);
        assert_eq!(stage.error, None);
        ask(&mut stage, &message);
        let error = PeerMisbehaved::TooManyRenegotiations { limit: 4 };
        assert_eq!(stage.error, Some(error.into()));
        assert_eq!(stage.alerts, [WARNING, WARNING, WARNING, WARNING, FATAL]);
    }
}

/// A peer that never reads gets one answer for them all.
#[test]
fn a_flood_costs_one_answer() {
    for (mut stage, message) in established() {
        let once = stage.seal(HANDSHAKE, &message.repeat(4));
        stage.victim.receive(&once);
        assert_eq!(stage.victim.read(&mut [0; 1]), Ok(ReadOutcome::NeedBytes));
        stage.take_output();
        assert_eq!(stage.alerts, [WARNING]);
        stage.exchange();
    }
}

#[test]
fn a_malformed_hello_request_is_an_error() {
    for (mut stage, _) in established() {
        if stage.peer.side != Side::Server {
            continue;
        }
        ask(&mut stage, &message(HELLO_REQUEST, &[0]));
        let error = PeerMisbehaved::Malformed {
            what: "HelloRequest",
            problem: "bytes are left over",
        };
        stage.expect("body", error, AlertDescription::DECODE_ERROR);
    }
}

/// RFC 5746: the attack that it ends needs a server that renegotiates. Whatever hello comes, ours does not: with the binding of the
/// first handshake, with another, by the signal, or torn by data.
#[test]
fn no_hello_begins_another_handshake() {
    for info in [vec![0], [vec![12], vec![0xaa; 12]].concat(), vec![1, 2]] {
        let mut stage = Stage::server(TLS1_2, ECDHE_RSA_GCM);
        stage.handshake();
        let mut hello = stage.peer.client_hello();
        edit(&mut hello, |hello| {
            *hello.extension(RENEGOTIATION_INFO) = info;
        });
        ask(&mut stage, &hello);
        assert_eq!((&stage.error, &*stage.alerts), (&None, &[WARNING][..]));
        stage.exchange();
    }
    let mut stage = Stage::server(TLS1_2, ECDHE_RSA_GCM);
    stage.handshake();
    let hello = stage.peer.client_hello();
    ask(&mut stage, &hello[..20]);
    assert_eq!(stage.error, None);
    let data = Step::Record(APPLICATION_DATA, b"torn".to_vec());
    stage.play(&vec![data]);
    let content_type = ContentType::APPLICATION_DATA;
    stage.expect(
        "torn",
        PeerMisbehaved::InterleavedHandshake { content_type },
        FATAL.1,
    );
    assert!(stage.data.is_empty());
}

/// What our peer says to nothing that we asked for.
#[test]
fn refusals_of_nothing_are_borne_four_times_in_a_row() {
    for (mut stage, _) in established() {
        for _ in 0..4 {
            stage.play(&vec![Step::warning(WARNING.1); 4]);
            stage.exchange();
        }
        stage.play(&vec![Step::warning(WARNING.1); 5]);
        let error = PeerMisbehaved::TooManyWarningAlerts { limit: 4 };
        stage.expect("warnings", error, FATAL.1);
    }
}

/// During a handshake there is nothing to be renegotiated: a HelloRequest is a message that was not awaited. (The order of
/// messages has it at every place.)
#[test]
fn a_hello_request_in_the_handshake_is_refused() {
    let mut stage = Stage::client(TLS1_2, ECDHE_RSA_GCM);
    let mut flight = stage.peer.server_flight();
    let request = Step::Message(message(HELLO_REQUEST, &[]));
    flight.splice(1..1, vec![request; 100]);
    stage.play(&flight);
    let error = PeerMisbehaved::UnexpectedMessage {
        got: warifu::parameters::HandshakeType::HELLO_REQUEST,
        expected: "Certificate",
    };
    stage.expect("HelloRequest", error, FATAL.1);
}
