//! Peers of TLS 1.2 and older that send as much of something as they can. Each test states the bound, and measures what the
//! victim's heap comes to; see `tests/hostile/resources.rs`.

use warifu::parameters::{AlertDescription, HandshakeType};
use warifu::{CertificateError, Error, PeerMisbehaved};

use crate::bytes::*;
use crate::crypto::*;
use crate::meter::{Meter, report};
use crate::peer::*;
use crate::support::Side;

const UNEXPECTED_MESSAGE: AlertDescription = AlertDescription::UNEXPECTED_MESSAGE;
const ILLEGAL_PARAMETER: AlertDescription = AlertDescription::ILLEGAL_PARAMETER;
const BAD_CERTIFICATE: AlertDescription = AlertDescription::BAD_CERTIFICATE;

/// The bound of ARCHITECTURE.md for one connection.
const HEAP_BOUND: i64 = 512 << 10;
/// What floods come to at most: a record, what is in it, and an answer to it.
const FLOOD_BOUND: i64 = 40 << 10;

/// One of each construction of records, in each version.
const SUITES: [(u16, Suite); 5] = [
    (TLS1_0, ECDHE_ECDSA_CBC),
    (TLS1_1, ECDHE_ECDSA_CBC),
    (TLS1_2, ECDHE_ECDSA_CBC),
    (TLS1_2, ECDHE_ECDSA_GCM),
    (TLS1_2, ECDHE_ECDSA_CHACHA),
];
const VERSIONS: [(u16, Suite); 3] = [SUITES[0], SUITES[1], SUITES[3]];
const SIDES: [Side; 2] = [Side::Client, Side::Server];

fn new(victim: Side, tls: u16, suite: Suite) -> Stage {
    match victim {
        Side::Client => Stage::client(tls, suite),
        Side::Server => Stage::server(tls, suite),
    }
}

fn established(victim: Side, tls: u16, suite: Suite) -> Stage {
    let mut stage = new(victim, tls, suite);
    stage.handshake();
    stage.heap = Meter::default();
    stage
}

/// Sends the same again and again until the victim has had enough, 20,000 times at most. Returns how often it was taken.
fn flood(stage: &mut Stage, step: &Step) -> usize {
    for count in 0..20_000 {
        stage.play(&vec![step.clone()]);
        if stage.is_over() {
            return count;
        }
    }
    20_000
}

/// A name for the document.
fn name(what: &str, tls: u16, victim: Side) -> String {
    let version = match tls {
        TLS1_0 => "1.0",
        TLS1_1 => "1.1",
        _ => "1.2",
    };
    let victim = format!("{victim:?}").to_lowercase();
    format!("{what}, TLS {version}, to a {victim}")
}

#[track_caller]
fn check_flood(what: &str, mut stage: Stage, step: &Step, limit: usize, error: PeerMisbehaved) {
    let taken = flood(&mut stage, step);
    assert_eq!(taken, limit, "{what}");
    assert_eq!(stage.error, Some(error.into()), "{what}");
    assert_eq!(
        stage.alerts.last(),
        Some(&(2, UNEXPECTED_MESSAGE)),
        "{what}"
    );
    assert!(
        stage.heap.peak <= FLOOD_BOUND,
        "{what}: {}",
        stage.heap.peak
    );
    report(
        what,
        &format!("{limit} in a row"),
        &taken.to_string(),
        &stage.heap,
    );
}

/// The message that asks a victim to renegotiate.
fn asks(stage: &Stage) -> Step {
    Step::Message(match stage.peer.side {
        Side::Server => message(HELLO_REQUEST, &[]),
        Side::Client => stage.peer.client_hello(),
    })
}

#[test]
fn floods_end_at_their_limits() {
    for (tls, suite) in SUITES {
        for victim in SIDES {
            // With CBC each of them is a block of padding.
            check_flood(
                &name(&format!("empty records, {:?}", suite.cipher), tls, victim),
                established(victim, tls, suite),
                &Step::Record(APPLICATION_DATA, Vec::new()),
                32,
                PeerMisbehaved::TooManyEmptyRecords { limit: 32 },
            );
        }
    }
    for (tls, suite) in VERSIONS {
        for victim in SIDES {
            check_flood(
                &name("warning alerts", tls, victim),
                established(victim, tls, suite),
                &Step::warning(AlertDescription::NO_RENEGOTIATION),
                4,
                PeerMisbehaved::TooManyWarningAlerts { limit: 4 },
            );
            let stage = established(victim, tls, suite);
            let step = asks(&stage);
            check_flood(
                &name("requests to renegotiate", tls, victim),
                stage,
                &step,
                4,
                PeerMisbehaved::TooManyRenegotiations { limit: 4 },
            );
        }
        // In the handshake.
        let mut stage = Stage::client(tls, suite);
        stage.heap = Meter::default();
        check_flood(
            &name("warning alerts in the handshake", tls, Side::Client),
            stage,
            &Step::warning(AlertDescription::UNRECOGNIZED_NAME),
            4,
            PeerMisbehaved::TooManyWarningAlerts { limit: 4 },
        );
    }
}

/// A client that renegotiates where it is asked does so four times without data between, and answers each with a whole handshake.
#[test]
fn renegotiations_without_data_end_at_a_limit() {
    for (tls, suite) in VERSIONS {
        let mut stage = Stage::client_with(tls, suite, |client| client.with_renegotiation(true));
        stage.handshake();
        stage.heap = Meter::default();
        let mut count = 0;
        loop {
            stage.peer.transcript.clear();
            let finished = stage.peer.finished.concat();
            stage.play(&vec![Step::Message(message(HELLO_REQUEST, &[]))]);
            if stage.is_over() {
                break;
            }
            let mut flight = stage.peer.server_flight();
            edit(find(&mut flight, SERVER_HELLO), |hello| {
                *hello.extension(RENEGOTIATION_INFO) = vector(1, &finished);
            });
            stage.play(&flight);
            let last = stage.peer.last_server_flight();
            stage.play(&last);
            assert_eq!(stage.error, None);
            count += 1;
        }
        assert_eq!(count, 4);
        let error = PeerMisbehaved::TooManyRenegotiations { limit: 4 };
        stage.expect("renegotiation", error, UNEXPECTED_MESSAGE);
        assert!(stage.heap.peak <= FLOOD_BOUND, "{}", stage.heap.peak);
        let what = name("whole renegotiations", tls, Side::Client);
        report(&what, "4 in a row", "4", &stage.heap);
    }
}

/// With a byte of data between them floods are legal. They cost the peer as much as us, and nothing grows.
#[test]
fn what_is_legal_for_ever_costs_no_memory() {
    let data = Step::Record(APPLICATION_DATA, vec![1]);
    for (tls, suite) in SUITES {
        for victim in SIDES {
            let mut stage = established(victim, tls, suite);
            let round = vec![
                Step::Record(APPLICATION_DATA, Vec::new()),
                Step::warning(AlertDescription::NO_RENEGOTIATION),
                asks(&stage),
                data.clone(),
            ];
            for _ in 0..500 {
                stage.play(&round);
            }
            assert_eq!(stage.error, None);
            assert!(stage.heap.peak <= FLOOD_BOUND, "{}", stage.heap.peak);
            let what = "empty record, warning, request to renegotiate, a byte of data";
            let what = name(&format!("{what}, {:?}", suite.cipher), tls, victim);
            report(&what, "none", "500", &stage.heap);
        }
    }
}

/// Records of one byte, given to the victim byte by byte, through whole handshakes of all key exchanges.
#[test]
fn handshakes_in_records_of_one_byte_are_borne() {
    let mut heap = Meter::default();
    let mut records = 0;
    for tls in [TLS1_0, TLS1_1, TLS1_2] {
        for suite in ALL_SUITES.into_iter().filter(|suite| suite.is_of(tls)) {
            for victim in SIDES {
                let mut stage = new(victim, tls, suite);
                stage.piece = 1;
                let first = match victim {
                    Side::Client => stage.peer.server_flight(),
                    Side::Server => vec![Step::Message(stage.peer.client_hello())],
                };
                records += in_single_bytes(&mut stage, &first);
                let last = match victim {
                    Side::Client => stage.peer.last_server_flight(),
                    Side::Server => stage.peer.client_flight(),
                };
                records += in_single_bytes(&mut stage, &last);
                assert!(!stage.victim.is_handshaking());
                assert!(stage.heap.peak <= FLOOD_BOUND, "{}", stage.heap.peak);
                heap.peak = heap.peak.max(stage.heap.peak);
                stage.exchange();
            }
        }
    }
    let taken = format!("{records} records");
    report(
        "whole handshakes in records of 1 byte, TLS 1.0 to 1.2",
        "none",
        &taken,
        &heap,
    );
}

/// Plays a flight with its messages in records of one byte.
fn in_single_bytes(stage: &mut Stage, flight: &Flight) -> usize {
    let mut records = 0;
    for step in flight {
        let message = match step {
            Step::Message(message) => message.clone(),
            Step::Finished => message(FINISHED, &stage.peer.verify_data(stage.peer.side)),
            other => {
                stage.play(&vec![other.clone()]);
                continue;
            }
        };
        // What `Step::Message` does besides; the answer comes with the last byte.
        if matches!(step, Step::Finished) {
            stage.peer.finished[1] = message[4..].to_vec();
        }
        stage.peer.noted(&message);
        for byte in &message {
            stage.play(&vec![Step::Record(HANDSHAKE, vec![*byte])]);
            records += 1;
        }
    }
    records
}

/// The longest messages that are taken, in records of one byte and in whole ones.
#[test]
fn the_longest_messages_stay_in_bounds() {
    let long = |message_type: u8| message(message_type, &vec![0x30; 1 << 17]);
    for (tls, suite) in VERSIONS {
        for (message_type, what) in [
            (CERTIFICATE, "Certificate"),
            (CERTIFICATE_STATUS, "CertificateStatus"),
            (CERTIFICATE_REQUEST, "CertificateRequest"),
            (NEW_SESSION_TICKET, "NewSessionTicket"),
        ] {
            for cut in [1, 1 << 14] {
                if cut == 1 && tls != TLS1_2 {
                    // Nothing is otherwise there, and these are 131,076 records.
                    continue;
                }
                let mut stage = Stage::client_with(tls, suite, |client| {
                    client
                        .with_ocsp_request(true)
                        .with_session_context("client")
                        .with_session_store(std::sync::Arc::new(
                            crate::support::resumption::Shelf::default(),
                        ))
                });
                stage.peer.sends_status = true;
                stage.peer.requests_certificate = true;
                stage.peer.sends_ticket = true;
                let mut flight = stage.peer.server_flight();
                if message_type == NEW_SESSION_TICKET {
                    stage.play(&flight);
                    flight = stage.peer.last_server_flight();
                }
                let at = place(&flight, message_type);
                stage.play(&flight[..at].to_vec());
                assert_eq!(stage.error, None);
                stage.heap = Meter::default();
                let bytes = long(message_type);
                // All but the last byte, so that nothing is read yet.
                for part in bytes[..bytes.len() - 1].chunks(cut) {
                    stage.play(&vec![Step::Record(HANDSHAKE, part.to_vec())]);
                }
                assert_eq!(stage.error, None);
                let heap = stage.heap;
                assert!(heap.peak <= HEAP_BOUND, "{what}: {} bytes", heap.peak);
                // Memory doubles as it grows: a few times, and not with each record.
                assert!(heap.allocations < 60, "{what}: {}", heap.allocations);
                let what = format!("{what} of 128 KiB in records of {cut} bytes");
                let taken = format!("{} records", bytes.len().div_ceil(cut));
                report(&name(&what, tls, Side::Client), "128 KiB", &taken, &heap);
            }
        }
    }
}

#[test]
fn chains_and_lists_that_are_too_much_are_refused() {
    for (tls, suite) in VERSIONS {
        for victim in SIDES {
            let chain = |count: usize, certificate: &[u8]| {
                let list = vector(3, certificate).repeat(count);
                message(CERTIFICATE, &vector(3, &list))
            };
            for (what, certificate, error, alert) in [
                (
                    "chain of 33 certificates",
                    chain(33, &keys().ecdsa.certificate),
                    Error::from(CertificateError::TooComplex),
                    BAD_CERTIFICATE,
                ),
                (
                    "chain of 30,000 certificates of one byte",
                    chain(30_000, &[0x30]),
                    CertificateError::TooComplex.into(),
                    BAD_CERTIFICATE,
                ),
                (
                    "Certificate of 128 KiB and a byte",
                    chain(1, &vec![0x30; (1 << 17) - 5]),
                    PeerMisbehaved::MessageTooLong {
                        message: HandshakeType::CERTIFICATE,
                        len: (1 << 17) + 1,
                        limit: 1 << 17,
                    }
                    .into(),
                    ILLEGAL_PARAMETER,
                ),
            ] {
                let mut stage = match victim {
                    Side::Client => Stage::client(tls, suite),
                    Side::Server => Stage::server_with(tls, suite, require_certificate),
                };
                stage.peer.credential = Some(&keys().client);
                let mut flight = match victim {
                    Side::Client => stage.peer.server_flight(),
                    Side::Server => stage.up_to_last_flight(),
                };
                stage.heap = Meter::default();
                *find(&mut flight, CERTIFICATE) = certificate;
                stage.play(&flight);
                stage.expect(what, error, alert);
                assert!(stage.heap.peak <= HEAP_BOUND, "{}", stage.heap.peak);
                report(
                    &name(what, tls, victim),
                    "32 certificates, 128 KiB",
                    "-",
                    &stage.heap,
                );
            }
        }
    }
}

/// A ClientHello full of suites, groups and extensions.
#[test]
fn lists_of_a_client_hello_without_number_are_borne() {
    for (tls, suite) in VERSIONS {
        let mut stage = Stage::server(tls, suite);
        stage.heap = Meter::default();
        let mut suites: Vec<u16> = (0x5000..0x5000 + 32_000).collect();
        suites.push(suite.number);
        let hello = stage.peer.client_hello();
        let mut extensions = Dissected::new(&hello).extensions;
        extensions.extend((0..15_000).map(|number| (0x4000 + number, Vec::new())));
        let hello = stage.peer.hello_with(&suites, extensions);
        stage.play(&vec![Step::Message(hello)]);
        assert_eq!(stage.error, None);
        assert_eq!(stage.received.last(), Some(&SERVER_HELLO_DONE));
        assert!(stage.heap.peak <= HEAP_BOUND, "{}", stage.heap.peak);
        let what = name(
            "32,000 suites and 15,000 unknown extensions",
            tls,
            Side::Server,
        );
        report(&what, "128 KiB", "all", &stage.heap);
    }
}
