//! Records of TLS 1.2 and older that no honest peer makes. Those of CBC suites above all: whatever is wrong with one, the answer
//! is one and the same.

use warifu::parameters::{AlertDescription, ContentType, ProtocolVersion};
use warifu::{Error, PeerMisbehaved};

use crate::bytes::*;
use crate::crypto::*;
use crate::peer::*;
use crate::support::Side;

const BAD_MAC: AlertDescription = AlertDescription::BAD_RECORD_MAC;
const UNEXPECTED: AlertDescription = AlertDescription::UNEXPECTED_MESSAGE;

const CBC: [(u16, Suite); 4] = [
    (TLS1_0, RSA_CBC),
    (TLS1_1, ECDHE_RSA_CBC),
    (TLS1_2, ECDHE_ECDSA_CBC),
    (TLS1_2, ECDHE_ECDSA_CBC256),
];
const ALL: [(u16, Suite); 6] = [
    CBC[0],
    CBC[1],
    CBC[2],
    CBC[3],
    (TLS1_2, ECDHE_RSA_GCM),
    (TLS1_2, ECDHE_ECDSA_CHACHA),
];

fn established(side: Side, tls: u16, suite: Suite, etm: bool) -> Stage {
    let mut stage = match side {
        Side::Client => Stage::client(tls, suite),
        Side::Server => Stage::server(tls, suite),
    };
    stage.peer.etm = etm;
    stage.handshake();
    let facts = stage.victim.facts().unwrap();
    assert_eq!(facts.legacy.as_ref().unwrap().encrypt_then_mac, etm);
    stage
}

fn seal(stage: &mut Stage, content: &[u8], defect: &Defect) -> Vec<u8> {
    let seal = stage.peer.seal.as_mut().unwrap();
    seal.seal_with(APPLICATION_DATA, content, defect)
}

/// Bytes of padding, its length at the end included, that make whole blocks of `len` bytes.
fn padding_lens(len: usize) -> impl Iterator<Item = usize> {
    (1..=256).filter(move |padding| (len + padding).is_multiple_of(16))
}

/// RFC 5246 Section 6.2.3.2: up to 255 bytes and their length. All are right if each says so.
#[test]
fn every_length_of_padding_is_right() {
    for (tls, suite) in CBC {
        for etm in [false, true] {
            let mut stage = established(Side::Server, tls, suite, etm);
            for len in [1, 12, 13, 100] {
                let content = vec![0x61; len];
                let padded = if etm {
                    len
                } else {
                    len + suite.cipher.mac_len()
                };
                for padding in padding_lens(padded) {
                    let defect = Defect {
                        padding: Some(vec![(padding - 1) as u8; padding]),
                        ..Defect::default()
                    };
                    stage.data.clear();
                    let record = seal(&mut stage, &content, &defect);
                    stage.feed(&record);
                    assert_eq!((&stage.error, &stage.data), (&None, &content));
                }
            }
        }
    }
}

/// All that may be wrong with a record whose content is of `len` bytes.
fn defects(len: usize, suite: Suite, etm: bool) -> Vec<Defect> {
    let padded = if etm {
        len
    } else {
        len + suite.cipher.mac_len()
    };
    let mut all = vec![Defect {
        wrong_mac: true,
        ..Defect::default()
    }];
    // With encrypt-then-MAC what is left must end otherwise than padding does, as letters do.
    if !etm || len > 16 {
        all.push(Defect {
            short: true,
            ..Defect::default()
        });
    }
    let with = |padding: Vec<u8>, wrong_mac| Defect {
        padding: Some(padding),
        wrong_mac,
        short: false,
    };
    for count in padding_lens(padded) {
        let right = vec![(count - 1) as u8; count];
        all.push(with(right.clone(), true));
        if etm {
            // The MAC is over the padding, whatever it is: who makes it has the keys.
            continue;
        }
        // POODLE: any byte but the last.
        for at in [0, 1, count / 2, count.saturating_sub(2)] {
            if at + 1 < count {
                let mut wrong = right.clone();
                wrong[at] ^= 0x80;
                all.push(with(wrong, false));
            }
        }
        // A length that is another, up to more than there is.
        for last in [0, 1, 15, 16, 0x7f, 0xfe, 0xff] {
            let mut wrong = right.clone();
            if wrong[count - 1] != last {
                wrong[count - 1] = last;
                all.push(with(wrong.clone(), false));
                all.push(with(wrong, true));
            }
        }
    }
    all
}

/// RFC 5246 Section 7.2.2: "bad_record_mac ... This alert also MUST be returned if an alert is sent because a TLSCiphertext
/// decrypted in an invalid way: either it wasn't an even multiple of the block length, or its padding values, when checked,
/// weren't correct."
#[test]
fn wrong_padding_and_a_wrong_mac_look_alike() {
    let mut count = 0;
    for (tls, suite) in CBC {
        for (etm, side) in [
            (false, Side::Client),
            (false, Side::Server),
            (true, Side::Server),
        ] {
            let mut answer_len = None;
            for len in [0, 29] {
                for defect in defects(len, suite, etm) {
                    let mut stage = established(side, tls, suite, etm);
                    let record = seal(&mut stage, &vec![0x61; len], &defect);
                    let before = stage.wire.len();
                    stage.feed(&record);
                    let what = format!("{tls:#x} {suite:?} {len} {defect:02x?}");
                    stage.expect(&what, PeerMisbehaved::BadRecordMac, BAD_MAC);
                    assert!(stage.data.is_empty());
                    // As many bytes too.
                    let sent = stage.wire.len() - before;
                    assert_eq!(*answer_len.get_or_insert(sent), sent, "{what}");
                    count += 1;
                }
            }
        }
    }
    assert!(count > 1000, "{count}");
}

#[test]
fn fragments_of_any_length_that_do_not_open_are_alike() {
    for (tls, suite) in ALL {
        for etm in [false, true] {
            if etm && suite.cipher.mac_len() == 0 {
                continue;
            }
            for len in (0..=100).chain([128, 255, 256, 1 << 14, (1 << 14) + 2048]) {
                let mut stage = established(Side::Server, tls, suite, etm);
                let mut record = vec![APPLICATION_DATA];
                record.extend(tls.to_be_bytes());
                record.extend(vector(2, &vec![0x5a; len]));
                stage.feed(&record);
                let what = format!("{tls:#x} {suite:?} {len}");
                stage.expect(&what, PeerMisbehaved::BadRecordMac, BAD_MAC);
            }
        }
    }
}

#[test]
fn records_are_of_their_place_type_and_version() {
    for (tls, suite) in ALL {
        for etm in [false, true] {
            if etm && suite.cipher.mac_len() == 0 {
                continue;
            }
            let fresh = || {
                let mut stage = established(Side::Server, tls, suite, etm);
                let records: Vec<Vec<u8>> = [&b"first"[..], b"second", b"third"]
                    .map(|content| seal(&mut stage, content, &Defect::default()))
                    .into();
                (stage, records)
            };
            let refused = |what: &str, order: &[usize], data: &[u8]| {
                let (mut stage, records) = fresh();
                for index in order {
                    stage.feed(&records[*index]);
                }
                stage.expect(what, PeerMisbehaved::BadRecordMac, BAD_MAC);
                assert_eq!(stage.data, data, "{what}");
            };
            refused("again", &[0, 0], b"first");
            refused("dropped", &[0, 2], b"first");
            refused("in another order", &[1, 0], b"");
            // Another type, and each bit of what is sealed.
            for content_type in [HANDSHAKE, ALERT, CHANGE_CIPHER_SPEC] {
                let (mut stage, mut records) = fresh();
                records[0][0] = content_type;
                stage.feed(&records[0]);
                stage.expect("type", PeerMisbehaved::BadRecordMac, BAD_MAC);
            }
            let len = fresh().1[0].len();
            for at in 5..len {
                let (mut stage, mut records) = fresh();
                records[0][at] ^= 1 << (at % 8);
                stage.feed(&records[0]);
                stage.expect("bit", PeerMisbehaved::BadRecordMac, BAD_MAC);
            }
            let (mut stage, mut records) = fresh();
            let other = if tls == TLS1_2 { TLS1_1 } else { TLS1_2 };
            records[0][1..3].copy_from_slice(&other.to_be_bytes());
            stage.feed(&records[0]);
            let error = PeerMisbehaved::WrongRecordVersion {
                got: ProtocolVersion(other),
                negotiated: ProtocolVersion(tls),
            };
            stage.expect("version", error, AlertDescription::PROTOCOL_VERSION);
        }
    }
}

/// After keys were agreed nothing is read without them: neither data nor alerts nor messages.
#[test]
fn what_is_not_sealed_is_refused() {
    for (tls, suite) in ALL {
        for (content_type, content) in [
            (APPLICATION_DATA, &b"hello"[..]),
            (ALERT, &[1, 0]),
            (ALERT, &[2, 40]),
            (HANDSHAKE, &[0, 0, 0, 0]),
            (CHANGE_CIPHER_SPEC, &[1]),
        ] {
            let mut stage = established(Side::Client, tls, suite, false);
            let mut plain = record(content_type, content);
            plain[1..3].copy_from_slice(&tls.to_be_bytes());
            stage.feed(&plain);
            stage.expect("plain", PeerMisbehaved::BadRecordMac, BAD_MAC);
            assert!(!stage.closed && stage.data.is_empty());
        }
    }
}

#[test]
fn empty_messages_and_alerts_are_refused() {
    for (tls, suite) in ALL {
        for content_type in [HANDSHAKE, ALERT] {
            let mut stage = established(Side::Server, tls, suite, false);
            stage.play(&vec![Step::Record(content_type, Vec::new())]);
            let content_type = ContentType(content_type);
            let error = PeerMisbehaved::EmptyFragment { content_type };
            stage.expect("empty", error, UNEXPECTED);
        }
    }
}

/// RFC 5246 Section 6.2.3: 2^14 bytes of content, and 2048 more under protection.
#[test]
fn records_that_are_too_long_are_refused() {
    for (tls, suite) in ALL {
        let overflow = AlertDescription::RECORD_OVERFLOW;
        let mut stage = established(Side::Server, tls, suite, false);
        let longest = vec![0x61; 1 << 14];
        stage.play(&vec![Step::Record(APPLICATION_DATA, longest.clone())]);
        assert_eq!((&stage.error, &stage.data), (&None, &longest));
        stage.play(&vec![Step::Record(
            APPLICATION_DATA,
            vec![0; (1 << 14) + 1],
        )]);
        let error = PeerMisbehaved::RecordOverflow {
            len: (1 << 14) + 1,
            limit: 1 << 14,
        };
        stage.expect("content", error, overflow);
        let mut stage = established(Side::Server, tls, suite, false);
        let mut header = vec![APPLICATION_DATA];
        header.extend(tls.to_be_bytes());
        header.extend(u16::to_be_bytes((1 << 14) + 2049));
        // The header is enough.
        stage.feed(&header);
        let error = PeerMisbehaved::RecordOverflow {
            len: (1 << 14) + 2049,
            limit: (1 << 14) + 2048,
        };
        stage.expect("sealed", error, overflow);
    }
}

/// A change of keys in the middle of a message, and other forms of change_cipher_spec.
#[test]
fn change_cipher_spec_is_one_byte_between_messages() {
    for side in [Side::Client, Side::Server] {
        for content in [&[][..], &[0], &[2], &[1, 1], &[1, 0], &[0xff; 40]] {
            let (mut stage, flight) = before_last_flight(side);
            let at = flight.len() - 2;
            stage.play(&flight[..at].to_vec());
            let step = Step::Record(CHANGE_CIPHER_SPEC, content.to_vec());
            stage.play(&vec![step]);
            let len = content.len();
            let error = Error::from(PeerMisbehaved::MalformedChangeCipherSpec { len });
            assert_eq!(stage.error, Some(error), "{content:?}");
            expect_alert(&stage, UNEXPECTED);
        }
        // The beginning of Finished before it.
        let (mut stage, flight) = before_last_flight(side);
        let at = flight.len() - 2;
        stage.play(&flight[..at].to_vec());
        let step = Step::Record(HANDSHAKE, vec![FINISHED, 0]);
        stage.play(&vec![step]);
        // The type alone tells.
        let error = PeerMisbehaved::UnexpectedMessage {
            got: warifu::parameters::HandshakeType::FINISHED,
            expected: "ChangeCipherSpec",
        };
        assert_eq!(stage.error, Some(error.into()));
        // The message before it is not complete.
        let (mut stage, flight) = before_last_flight(side);
        if side == Side::Server {
            let Step::Message(exchange) = &flight[0] else {
                panic!("no ClientKeyExchange");
            };
            let torn = exchange[..20].to_vec();
            stage.play(&vec![
                Step::Record(HANDSHAKE, torn),
                Step::Record(CHANGE_CIPHER_SPEC, vec![1]),
            ]);
            let error = PeerMisbehaved::HandshakeBytesAcrossKeyChange;
            stage.expect("torn", error, UNEXPECTED);
        }
        // Behind Finished, in its record: nothing may be left over where application data begins.
        let (mut stage, flight) = before_last_flight(side);
        let at = flight.len() - 1;
        stage.play(&flight[..at].to_vec());
        let finished = message(FINISHED, &stage.peer.verify_data(stage.peer.side));
        stage.peer.transcript.extend(&finished);
        let both = [finished, vec![HELLO_REQUEST, 0]].concat();
        stage.play(&vec![Step::Record(HANDSHAKE, both)]);
        let error = Error::from(PeerMisbehaved::HandshakeBytesAcrossKeyChange);
        assert_eq!(stage.error, Some(error));
    }
}

/// Where it is this side's turn, nothing may follow in the same record, not even a part of a message.
#[test]
fn bytes_behind_the_end_of_a_flight_are_refused() {
    for tls in [TLS1_0, TLS1_1, TLS1_2] {
        for len in 1..=4 {
            let error = || PeerMisbehaved::HandshakeBytesAcrossKeyChange;
            let next = &[CLIENT_KEY_EXCHANGE, 0, 0, 33][..len];
            let mut stage = Stage::server(tls, ECDHE_RSA_CBC);
            let hello = stage.peer.client_hello();
            let both = [&hello, next].concat();
            stage.play(&vec![Step::Record(HANDSHAKE, both)]);
            stage.expect("ClientHello", error(), UNEXPECTED);

            let next = &[NEW_SESSION_TICKET, 0, 0, 33][..len];
            let mut stage = Stage::client(tls, ECDHE_RSA_CBC);
            let mut flight = stage.peer.server_flight();
            flight.pop();
            stage.play(&flight);
            let done = [&message(SERVER_HELLO_DONE, &[]), next].concat();
            stage.play(&vec![Step::Record(HANDSHAKE, done)]);
            stage.expect("ServerHelloDone", error(), UNEXPECTED);
        }
    }
}

fn before_last_flight(side: Side) -> (Stage, Flight) {
    let mut stage = match side {
        Side::Client => Stage::client(TLS1_2, ECDHE_RSA_GCM),
        Side::Server => Stage::server(TLS1_2, ECDHE_RSA_GCM),
    };
    let flight = stage.up_to_last_flight();
    (stage, flight)
}

#[track_caller]
fn expect_alert(stage: &Stage, alert: AlertDescription) {
    assert_eq!(stage.alerts, [(2, alert)]);
}

/// RFC 5246 Section 7.2.1: without close_notify data may be missing.
#[test]
fn an_end_without_close_notify_is_told() {
    for (tls, suite) in ALL {
        for side in [Side::Client, Side::Server] {
            let mut stage = established(side, tls, suite, false);
            stage.exchange();
            stage.end();
            assert_eq!(stage.error, Some(Error::Truncated));
            assert!(stage.alerts.is_empty());
            let mut stage = established(side, tls, suite, false);
            stage.play(&vec![Step::Record(ALERT, vec![1, 0])]);
            assert_eq!((&stage.error, stage.closed), (&None, true));
        }
    }
}

/// Fatal alerts end the connection, warnings do not; a level that is neither is no warning.
#[test]
fn alerts_are_judged_by_their_level() {
    for (level, description, ends) in [
        (1, 90, false),
        (1, 112, false),
        (1, 40, false),
        (2, 40, true),
        (2, 90, true),
        (0, 40, true),
        (3, 100, true),
    ] {
        let mut stage = established(Side::Client, TLS1_2, ECDHE_RSA_GCM, false);
        stage.play(&vec![Step::Record(ALERT, vec![level, description])]);
        let error = ends.then_some(Error::AlertReceived(AlertDescription(description)));
        assert_eq!(stage.error, error, "{level} {description}");
        assert!(stage.alerts.is_empty());
    }
}

/// BEAST: in TLS 1.0 each of our writes goes out as one byte and the rest, so that its IV is not known before.
#[test]
fn writes_in_tls_1_0_are_split() {
    for (tls, suite, records_per_write) in [(TLS1_0, RSA_CBC, 2), (TLS1_1, RSA_CBC, 1)] {
        for side in [Side::Client, Side::Server] {
            let mut stage = established(side, tls, suite, false);
            let before = stage.wire.len();
            stage.victim.write(b"hello").unwrap();
            stage.take_output();
            assert_eq!(records(&stage.wire[before..]).len(), records_per_write);
            assert_eq!(stage.received_data, b"hello");
        }
    }
}
