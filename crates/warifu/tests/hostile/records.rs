//! The record layer: headers, lengths, change_cipher_spec, alerts, floods, forged protection.

use warifu::parameters::{AlertDescription, ContentType};
use warifu::{Error, PeerMisbehaved};

use crate::bytes::*;
use crate::scene::{AFTER, Flight, Item, Level, Scene, Setting, accepted, find, place, refused};
use crate::support::Side;

const MUTUAL: Setting = Setting {
    retry: false,
    client_auth: true,
    post_handshake_auth: false,
    record_size_limit: None,
    more_extensions: false,
};
const SIDES: [(Side, &str); 2] = [(Side::Client, "ServerHello"), (Side::Server, "ClientHello")];

const UNEXPECTED_MESSAGE: AlertDescription = AlertDescription::UNEXPECTED_MESSAGE;
const RECORD_OVERFLOW: AlertDescription = AlertDescription::RECORD_OVERFLOW;

fn unexpected_record(content_type: u8, expected: &'static str) -> Error {
    let content_type = ContentType(content_type);
    PeerMisbehaved::UnexpectedRecord {
        content_type,
        expected,
    }
    .into()
}

/// The first bytes of other protocols.
#[test]
fn what_is_not_tls_is_named() {
    for (start, shown) in [
        (&b"GET / HTTP/1.1\r\n"[..], "\"GET / HTTP/1.1\""),
        (b"HTTP/1.0 400 Bad", "\"HTTP/1.0 400 Bad\""),
        (b"SSH-2.0-x\r\n", "\"SSH-2.0-x\""),
        (b"220 mail ready\r\n", "\"220 mail ready\""),
        (&[0x80, 0x2e, 1, 3, 1], "80 2e 01 03 01"),
        (&[22, 2, 0, 0, 1, 0], "16 02 00 00 01 00"),
        (&[0], "00"),
    ] {
        for (victim, _) in SIDES {
            refused(
                shown,
                victim,
                MUTUAL,
                |_, flight| *flight = vec![Item::raw(start)],
                PeerMisbehaved::NotTls {
                    start: shown.to_owned(),
                },
                UNEXPECTED_MESSAGE,
            );
        }
    }
}

#[test]
fn unknown_record_types_are_refused() {
    for (victim, expected) in SIDES {
        // Heartbeat before the first message; others do not start a TLS stream.
        refused(
            "heartbeat",
            victim,
            MUTUAL,
            |_, flight| *flight = vec![Item::new(Level::Plain, 24, &[1])],
            unexpected_record(24, expected),
            UNEXPECTED_MESSAGE,
        );
        for content_type in (0..=255).filter(|number| !(20..=23).contains(number)) {
            refused(
                &format!("type {content_type} in the clear after the handshake"),
                victim,
                MUTUAL,
                |number, flight| {
                    if number == AFTER {
                        flight.push(Item::new(Level::Plain, content_type, &[1]));
                    }
                },
                PeerMisbehaved::UnprotectedRecord {
                    content_type: ContentType(content_type),
                },
                UNEXPECTED_MESSAGE,
            );
        }
        for content_type in (1..=255).filter(|number| !(20..=23).contains(number)) {
            refused(
                &format!("type {content_type} under protection"),
                victim,
                MUTUAL,
                |number, flight| {
                    if number == AFTER {
                        flight.push(Item::new(Level::Application, content_type, &[1]));
                    }
                },
                unexpected_record(content_type, "application data"),
                UNEXPECTED_MESSAGE,
            );
        }
    }
}

#[test]
fn record_of_another_major_version_is_refused() {
    for (victim, _) in SIDES {
        for major in [0, 2, 4, 255] {
            let record = [23, major, 3, 0, 1, 0];
            let start = format!("17 {major:02x} 03");
            refused(
                "major version",
                victim,
                MUTUAL,
                |number, flight| {
                    if number == AFTER {
                        flight.push(Item::raw(&record));
                    }
                },
                PeerMisbehaved::NotTls { start },
                UNEXPECTED_MESSAGE,
            );
        }
    }
}

/// RFC 8446 Section 5.1: legacy_record_version "MUST be ignored for all purposes".
#[test]
fn minor_version_of_records_is_ignored() {
    for (victim, _) in SIDES {
        accepted("minor version", victim, MUTUAL, |number, flight| {
            if number == 0 {
                for item in flight {
                    if item.level == Level::Plain {
                        let mut record = record(item.content_type, &item.bytes);
                        record[2] = 0x7f;
                        *item = Item::raw(&record);
                    }
                }
            }
        });
    }
}

#[test]
fn oversized_records_are_refused() {
    for (victim, _) in SIDES {
        // The header is enough.
        for len in [16_385_u16, 16_641, 0xffff] {
            refused(
                "plain",
                victim,
                MUTUAL,
                |_, flight| {
                    let header = [&[22, 3, 3][..], &len.to_be_bytes()].concat();
                    *flight = vec![Item::raw(&header)];
                },
                PeerMisbehaved::RecordOverflow {
                    len: len.into(),
                    limit: 16_384,
                },
                RECORD_OVERFLOW,
            );
        }
        for len in [16_641_u16, 0xffff] {
            refused(
                "protected",
                victim,
                MUTUAL,
                |number, flight| {
                    if number == AFTER {
                        let header = [&[23, 3, 3][..], &len.to_be_bytes()].concat();
                        *flight = vec![Item::raw(&header)];
                    }
                },
                PeerMisbehaved::RecordOverflow {
                    len: len.into(),
                    limit: 16_640,
                },
                RECORD_OVERFLOW,
            );
        }
        // Within the limit for protected records, beyond that for what is inside: content, padding.
        for (content, padding) in [(16_385, 0), (16_384, 1), (0, 16_385), (1, 16_384)] {
            refused(
                &format!("{content} bytes of content, {padding} of padding"),
                victim,
                MUTUAL,
                |number, flight| {
                    if number == AFTER {
                        let mut item = Item::data(&vec![7; content]);
                        item.padding = padding;
                        flight.push(item);
                    }
                },
                PeerMisbehaved::RecordOverflow {
                    len: 16_386,
                    limit: 16_385,
                },
                RECORD_OVERFLOW,
            );
        }
        for (content, padding) in [(16_384, 0), (16_383, 1), (0, 16_384)] {
            let data = vec![7; content];
            let outcome = Scene::new(victim, MUTUAL).play(|number, flight| {
                if number == AFTER {
                    let mut item = Item::data(&data);
                    item.padding = padding;
                    flight.push(item);
                }
            });
            assert_eq!(
                (outcome.error, outcome.data),
                (Some(Error::Truncated), data)
            );
        }
    }
}

#[test]
fn record_size_limit_is_enforced() {
    for limit in [64_u16, 1_000, 16_384] {
        let setting = Setting {
            record_size_limit: Some(limit),
            ..MUTUAL
        };
        for (victim, _) in SIDES {
            for padding in [0, 1, 30] {
                // The limit counts content, type and padding (RFC 8449 Section 4).
                let most = usize::from(limit) - 1 - padding;
                let send = |content: usize| {
                    Scene::new(victim, setting).play(|number, flight| {
                        refragment(flight, 63);
                        if number == AFTER {
                            let mut item = Item::data(&vec![7; content]);
                            item.padding = padding;
                            flight.push(item);
                        }
                    })
                };
                assert_eq!(send(most).data.len(), most);
                let error = PeerMisbehaved::RecordOverflow {
                    len: usize::from(limit) + 1,
                    limit: limit.into(),
                };
                crate::scene::expect("one more", &send(most + 1), error, RECORD_OVERFLOW);
            }
        }
    }
}

#[test]
fn empty_fragments_are_refused() {
    let empty = |content_type| PeerMisbehaved::EmptyFragment {
        content_type: ContentType(content_type),
    };
    for (victim, _) in SIDES {
        refused(
            "plain handshake record",
            victim,
            MUTUAL,
            |_, flight| flight.insert(0, Item::new(Level::Plain, HANDSHAKE, &[])),
            empty(HANDSHAKE),
            UNEXPECTED_MESSAGE,
        );
        for padding in [0, 100] {
            refused(
                "protected handshake record",
                victim,
                MUTUAL,
                |number, flight| {
                    if number == AFTER {
                        let mut item = Item::post(&[]);
                        item.padding = padding;
                        flight.push(item);
                    }
                },
                empty(HANDSHAKE),
                UNEXPECTED_MESSAGE,
            );
        }
        refused(
            "plain alert record",
            victim,
            MUTUAL,
            |_, flight| flight.insert(0, Item::new(Level::Plain, ALERT, &[])),
            empty(ALERT),
            UNEXPECTED_MESSAGE,
        );
        refused(
            "protected alert record",
            victim,
            MUTUAL,
            |number, flight| {
                if number == AFTER {
                    flight.push(Item::new(Level::Application, ALERT, &[]));
                }
            },
            empty(ALERT),
            UNEXPECTED_MESSAGE,
        );
        refused(
            "no content type",
            victim,
            MUTUAL,
            |number, flight| {
                if number == AFTER {
                    let mut item = Item::new(Level::Application, 0, &[]);
                    item.padding = 40;
                    flight.push(item);
                }
            },
            PeerMisbehaved::NoContentType,
            UNEXPECTED_MESSAGE,
        );
    }
}

#[test]
fn wrong_change_cipher_spec_is_refused() {
    let error = PeerMisbehaved::IllegalChangeCipherSpec;
    for (victim, _) in SIDES {
        let flight_number = usize::from(victim == Side::Server);
        // Values other than one byte 1, at a place where that is legal.
        for value in [
            &[][..],
            &[0],
            &[2],
            &[0x15],
            &[255],
            &[1, 1],
            &[1, 0],
            &[0, 1],
        ] {
            refused(
                &format!("{value:?}"),
                victim,
                MUTUAL,
                |number, flight| {
                    if number == flight_number {
                        let at = flight.len() - 1;
                        flight.insert(at, Item::new(Level::Plain, CHANGE_CIPHER_SPEC, value));
                    }
                },
                error.clone(),
                UNEXPECTED_MESSAGE,
            );
        }
        refused(
            "protected",
            victim,
            MUTUAL,
            |number, flight| {
                if number == flight_number {
                    let at = flight.len() - 1;
                    flight.insert(at, Item::new(Level::Handshake, CHANGE_CIPHER_SPEC, &[1]));
                }
            },
            error.clone(),
            UNEXPECTED_MESSAGE,
        );
        refused(
            "after Finished",
            victim,
            MUTUAL,
            |number, flight| {
                if number == flight_number {
                    flight.push(Item::change_cipher_spec());
                }
            },
            error.clone(),
            UNEXPECTED_MESSAGE,
        );
        refused(
            "after the handshake",
            victim,
            MUTUAL,
            |number, flight| {
                if number == AFTER {
                    flight.push(Item::change_cipher_spec());
                }
            },
            error.clone(),
            UNEXPECTED_MESSAGE,
        );
    }
    refused(
        "before ClientHello",
        Side::Server,
        MUTUAL,
        |_, flight| flight.insert(0, Item::change_cipher_spec()),
        error.clone(),
        UNEXPECTED_MESSAGE,
    );
}

/// RFC 8446 Section 5: after the first ClientHello and before Finished it may come at any time.
#[test]
fn change_cipher_spec_between_messages_is_dropped() {
    for (victim, flight_number, places) in [(Side::Client, 0, 0..7), (Side::Server, 1, 0..4)] {
        for place in places {
            accepted("dummy", victim, MUTUAL, |number, flight| {
                if number == flight_number {
                    flight.insert(place, Item::change_cipher_spec());
                }
            });
        }
        let flood = |count: usize| {
            Scene::new(victim, MUTUAL).play(|number, flight| {
                if number == flight_number {
                    let dummies = vec![Item::change_cipher_spec(); count];
                    flight.splice(1..1, dummies);
                }
            })
        };
        let error = PeerMisbehaved::TooManyEmptyRecords { limit: 32 };
        crate::scene::expect("flood", &flood(33), error, UNEXPECTED_MESSAGE);
    }
}

#[test]
fn records_between_fragments_are_refused() {
    let between = |content_type| PeerMisbehaved::InterleavedHandshake {
        content_type: ContentType(content_type),
    };
    for (victim, flight_number) in [(Side::Client, 0), (Side::Server, 1)] {
        let cases = [
            (Item::change_cipher_spec(), CHANGE_CIPHER_SPEC),
            (
                Item::new(Level::Handshake, APPLICATION_DATA, b"data"),
                APPLICATION_DATA,
            ),
            (
                Item::new(Level::Handshake, APPLICATION_DATA, b""),
                APPLICATION_DATA,
            ),
            (Item::new(Level::Handshake, ALERT, &[1, 90]), ALERT),
            (Item::new(Level::Handshake, ALERT, &[1, 0]), ALERT),
            (Item::new(Level::Handshake, 24, &[1]), 24),
        ];
        for (intruder, content_type) in cases {
            for cut in [1, 4, 20] {
                refused(
                    &format!("type {content_type} behind {cut} bytes"),
                    victim,
                    MUTUAL,
                    |number, flight| {
                        if number == flight_number {
                            let at = place(flight, FINISHED);
                            let rest = flight[at].bytes.split_off(cut);
                            flight.insert(at + 1, intruder.clone());
                            flight.insert(at + 2, Item::new(Level::Handshake, HANDSHAKE, &rest));
                        }
                    },
                    between(content_type),
                    UNEXPECTED_MESSAGE,
                );
            }
        }
    }
    // After the handshake too.
    for (victim, _) in SIDES {
        for (intruder, content_type) in [
            (Item::data(b"data"), APPLICATION_DATA),
            (Item::new(Level::Application, ALERT, &[1, 0]), ALERT),
        ] {
            refused(
                "inside of KeyUpdate",
                victim,
                MUTUAL,
                |number, flight| {
                    if number == AFTER {
                        flight.push(Item::post(&[KEY_UPDATE, 0]));
                        flight.push(intruder.clone());
                        flight.push(Item::post(&[0, 1, 0]));
                    }
                },
                between(content_type),
                UNEXPECTED_MESSAGE,
            );
        }
    }
}

/// Every alert, of either level, ends the connection without an answer; close_notify and user_canceled apart.
#[test]
fn alerts_are_believed_whatever_their_level() {
    for (victim, flight_number) in [(Side::Client, 0), (Side::Server, 1)] {
        for description in (1..=255).filter(|description| *description != 90) {
            for level in [0, 1, 2, 255] {
                for after in [false, true] {
                    if after && !(level == 1 && description % 8 == 0) {
                        continue;
                    }
                    let outcome = Scene::new(victim, MUTUAL).play(|number, flight| {
                        let alert = [level, description];
                        if after && number == AFTER {
                            flight.push(Item::new(Level::Application, ALERT, &alert));
                        } else if !after && number == flight_number {
                            flight.insert(1, Item::new(Level::Handshake, ALERT, &alert));
                            if victim == Side::Client {
                                flight.swap(1, 2);
                            }
                        }
                    });
                    let error = Error::AlertReceived(AlertDescription(description));
                    assert_eq!((outcome.error, outcome.alerts), (Some(error), vec![]));
                }
            }
        }
    }
}

#[test]
fn malformed_alerts_are_refused() {
    for (victim, _) in SIDES {
        for alert in [&[2][..], &[2, 40, 0], &[1, 0, 1, 0], &[0; 100]] {
            let error = PeerMisbehaved::IllegalAlert { len: alert.len() };
            refused(
                "plain",
                victim,
                MUTUAL,
                |_, flight| flight.insert(0, Item::new(Level::Plain, ALERT, alert)),
                error.clone(),
                AlertDescription::DECODE_ERROR,
            );
            refused(
                "protected",
                victim,
                MUTUAL,
                |number, flight| {
                    if number == AFTER {
                        flight.push(Item::new(Level::Application, ALERT, alert));
                    }
                },
                error.clone(),
                AlertDescription::DECODE_ERROR,
            );
        }
    }
}

#[test]
fn flood_of_user_canceled_is_refused() {
    for (victim, _) in SIDES {
        for after in [false, true] {
            let flood = |count: usize| {
                Scene::new(victim, MUTUAL).play(|number, flight| {
                    let level = if after {
                        Level::Application
                    } else {
                        Level::Plain
                    };
                    if number == if after { AFTER } else { 0 } {
                        let alert = Item::new(level, ALERT, &[1, 90]);
                        flight.splice(0..0, vec![alert; count]);
                    }
                })
            };
            assert_eq!(flood(4).error, Some(Error::Truncated));
            let error = PeerMisbehaved::TooManyWarningAlerts { limit: 4 };
            crate::scene::expect("flood", &flood(5), error, UNEXPECTED_MESSAGE);
        }
    }
}

#[test]
fn close_notify_during_the_handshake_is_told() {
    for (victim, flight_number, places) in [(Side::Client, 0, 2..7), (Side::Server, 1, 1..4)] {
        for place in places {
            let expected = match (victim, place) {
                (Side::Client, 2) => "EncryptedExtensions",
                (Side::Client, 3) => "CertificateRequest or Certificate",
                (Side::Client, 4) | (Side::Server, 1) => "Certificate",
                (Side::Client, 5) | (Side::Server, 2) => "CertificateVerify",
                _ => "Finished",
            };
            let outcome = Scene::new(victim, MUTUAL).play(|number, flight| {
                if number == flight_number {
                    flight.insert(place, Item::new(Level::Handshake, ALERT, &[1, 0]));
                }
            });
            let error = Error::ClosedDuringHandshake { expected };
            assert_eq!((outcome.error, outcome.alerts), (Some(error), vec![]));
        }
    }
}

/// Plain alerts: a server believes them from a client that may have no keys, until Finished; nobody else.
#[test]
fn unprotected_alerts_after_keys_are_refused() {
    let alert = Item::new(Level::Plain, ALERT, &[2, 40]);
    refused(
        "client, in the handshake",
        Side::Client,
        MUTUAL,
        |number, flight| {
            if number == 0 {
                flight.insert(3, alert.clone());
            }
        },
        PeerMisbehaved::UnprotectedRecord {
            content_type: ContentType::ALERT,
        },
        UNEXPECTED_MESSAGE,
    );
    let outcome = Scene::new(Side::Server, MUTUAL).play(|number, flight| {
        if number == 1 {
            flight.insert(1, alert.clone());
        }
    });
    let error = Error::AlertReceived(AlertDescription::HANDSHAKE_FAILURE);
    assert_eq!(outcome.error, Some(error));
    for (victim, _) in SIDES {
        refused(
            "after the handshake",
            victim,
            MUTUAL,
            |number, flight| {
                if number == AFTER {
                    flight.push(alert.clone());
                }
            },
            PeerMisbehaved::UnprotectedRecord {
                content_type: ContentType::ALERT,
            },
            UNEXPECTED_MESSAGE,
        );
    }
}

/// Every bit of a protected record, and every shorter body.
#[test]
fn forged_records_are_refused() {
    let garbage = |len: usize| [&[23, 3, 3][..], &vector(2, &vec![0x5a; len])].concat();
    for (victim, _) in SIDES {
        for len in 0..64 {
            refused(
                &format!("{len} bytes of garbage"),
                victim,
                MUTUAL,
                |number, flight| {
                    if number == AFTER {
                        flight.push(Item::raw(&garbage(len)));
                    }
                },
                PeerMisbehaved::BadRecordMac,
                AlertDescription::BAD_RECORD_MAC,
            );
        }
        // A record dropped, and one repeated: the sequence number does not fit.
        for (what, order) in [("dropped", &[1][..]), ("swapped", &[1, 0])] {
            refused(
                what,
                victim,
                MUTUAL,
                |number, flight| {
                    if number == AFTER {
                        // The keys are one epoch further than the victim's.
                        flight.push(Item::rekey());
                        for record in order {
                            flight.push(Item::data(&[*record]));
                        }
                    }
                },
                PeerMisbehaved::BadRecordMac,
                AlertDescription::BAD_RECORD_MAC,
            );
        }
    }
}

/// Fragments of any length, and all messages of a flight in one record, are the same to the receiver.
#[test]
fn any_fragmentation_and_coalescing_is_accepted() {
    let setting = Setting {
        retry: true,
        ..MUTUAL
    };
    for victim in [Side::Client, Side::Server] {
        for fragment in [1, 2, 3, 5, 7, 50, 1_000, 16_384] {
            accepted("fragments", victim, setting, |_, flight| {
                refragment(flight, fragment);
            });
        }
    }
}

/// Joins neighbouring handshake messages of one level, and cuts them into fragments of this length.
fn refragment(flight: &mut Flight, fragment: usize) {
    let mut out = Flight::new();
    for item in flight.drain(..) {
        match out.last_mut() {
            Some(last)
                if last.content_type == HANDSHAKE
                    && item.content_type == HANDSHAKE
                    && last.level == item.level =>
            {
                last.bytes.extend(item.bytes);
            }
            _ => out.push(item),
        }
    }
    for item in out {
        if item.content_type == HANDSHAKE {
            let pieces = item.bytes.chunks(fragment);
            flight.extend(pieces.map(|piece| Item::new(item.level, HANDSHAKE, piece)));
        } else {
            flight.push(item);
        }
    }
}

#[test]
fn find_and_place_agree() {
    accepted("find", Side::Client, MUTUAL, |number, flight| {
        if number == 0 {
            let at = place(flight, FINISHED);
            assert_eq!(flight[at].bytes.clone(), *find(flight, FINISHED));
        }
    });
}
