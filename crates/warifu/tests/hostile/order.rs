//! Messages in any order at all, and bytes of messages where keys change. What differs from a figure by one thing is in
//! `sequences.rs`.

use warifu::parameters::{AlertDescription, HandshakeType};
use warifu::{Error, PeerMisbehaved};

use crate::bytes::*;
use crate::scene::{AFTER, Flight, Item, Level, Scene, Setting, accepted, find, place, refused};
use crate::support::Side;

const FULL: Setting = Setting {
    retry: false,
    client_auth: true,
    post_handshake_auth: false,
    record_size_limit: None,
    more_extensions: false,
};

fn unexpected(got: u8, expected: &'static str) -> Error {
    let got = HandshakeType(got);
    PeerMisbehaved::UnexpectedMessage { got, expected }.into()
}

/// Every sequence of up to `longest` of these messages.
fn sequences(alphabet: &[u8], longest: usize) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    let mut from = 0;
    for _ in 0..longest {
        let to = all.len();
        for index in from..to {
            for message in alphabet {
                let mut longer: Vec<u8> = all[index].clone();
                longer.push(*message);
                all.push(longer);
            }
        }
        from = to;
    }
    all
}

/// What must become of a sequence of messages under handshake keys: RFC 8446 Section 4.4 and the figure of Section 2.
/// `steps` are the messages that may come, each with the error's name for that point; the messages marked as
/// optional may be left out, and then the signature does not fit.
fn verdict(sequence: &[u8], steps: &[(u8, bool, &'static str)]) -> (Error, Option<u8>) {
    let mut steps = steps.iter().copied().peekable();
    let mut left_out = false;
    for &got in sequence {
        let Some(&(wanted, optional, name)) = steps.peek() else {
            // After Finished the keys are others.
            return (PeerMisbehaved::BadRecordMac.into(), Some(20));
        };
        if got == wanted {
            steps.next();
        } else if optional {
            steps.next();
            left_out = true;
            let Some(&(after, _, _)) = steps.peek() else {
                break;
            };
            if got != after {
                return (unexpected(got, name), Some(10));
            }
            steps.next();
        } else {
            return (unexpected(got, name), Some(10));
        }
        if got == CERTIFICATE_VERIFY && left_out {
            return (PeerMisbehaved::BadSignature.into(), Some(51));
        }
    }
    match steps.peek() {
        Some(&(_, _, expected)) => (Error::ClosedDuringHandshake { expected }, None),
        None => (Error::Truncated, None),
    }
}

/// Replaces the handshake messages under handshake keys by `sequence`; what is not in the flight is made up.
fn rearrange(flight: &mut Flight, sequence: &[u8]) {
    let (protected, mut kept): (Flight, Flight) = flight
        .drain(..)
        .partition(|item| item.level == Level::Handshake && item.content_type == HANDSHAKE);
    for &message_type in sequence {
        let found = protected.iter().find(|item| item.bytes[0] == message_type);
        kept.push(found.cloned().unwrap_or_else(|| {
            Item::new(Level::Handshake, HANDSHAKE, &message(message_type, &[0]))
        }));
    }
    *flight = kept;
}

fn check_sequences(
    victim: Side,
    flight_number: usize,
    alphabet: &[u8],
    longest: usize,
    steps: &[(u8, bool, &'static str)],
) -> usize {
    let sequences = sequences(alphabet, longest);
    for sequence in &sequences {
        let (error, alert) = verdict(sequence, steps);
        let outcome = Scene::new(victim, FULL).play(|number, flight| {
            if number == flight_number {
                rearrange(flight, sequence);
            }
        });
        let alerts = alert.map(|alert| (2, AlertDescription(alert)));
        assert_eq!(
            (outcome.error, outcome.alerts),
            (Some(error), alerts.into_iter().collect()),
            "{victim:?} received {sequence:?}"
        );
    }
    sequences.len()
}

/// All sequences of up to four messages.
#[test]
fn server_flight_in_any_other_order_is_refused() {
    let steps = [
        (ENCRYPTED_EXTENSIONS, false, "EncryptedExtensions"),
        (
            CERTIFICATE_REQUEST,
            true,
            "CertificateRequest or Certificate",
        ),
        (CERTIFICATE, false, "Certificate"),
        (CERTIFICATE_VERIFY, false, "CertificateVerify"),
        (FINISHED, false, "Finished"),
    ];
    let alphabet = steps.map(|(message, ..)| message);
    let count = check_sequences(Side::Client, 0, &alphabet, 4, &steps);
    assert_eq!(count, 781);
}

#[test]
fn client_flight_in_any_other_order_is_refused() {
    let steps = [
        (CERTIFICATE, false, "Certificate"),
        (CERTIFICATE_VERIFY, false, "CertificateVerify"),
        (FINISHED, false, "Finished"),
    ];
    let alphabet = [
        CERTIFICATE,
        CERTIFICATE_VERIFY,
        FINISHED,
        CLIENT_HELLO,
        END_OF_EARLY_DATA,
        KEY_UPDATE,
        CERTIFICATE_REQUEST,
    ];
    let count = check_sequences(Side::Server, 1, &alphabet, 3, &steps);
    assert_eq!(count, 400);
}

/// What may not stand where the first message of the peer does.
#[test]
fn first_message_of_another_type_is_refused() {
    for (victim, name, legal) in [
        (Side::Client, "ServerHello", SERVER_HELLO),
        (Side::Server, "ClientHello", CLIENT_HELLO),
    ] {
        for got in (0..=255).filter(|got| *got != legal) {
            refused(
                &format!("message {got} for {name}"),
                victim,
                Setting::default(),
                |_, flight| *flight = vec![Item::new(Level::Plain, HANDSHAKE, &message(got, &[]))],
                unexpected(got, name),
                AlertDescription::UNEXPECTED_MESSAGE,
            );
        }
    }
}

/// A message of the wrong type is refused at its first byte: nobody has to send, or buffer, the rest.
#[test]
fn wrong_type_is_refused_at_its_first_byte() {
    for (victim, name) in [(Side::Client, "ServerHello"), (Side::Server, "ClientHello")] {
        for header in [&[FINISHED][..], &[FINISHED, 0xff, 0xff, 0xff]] {
            refused(
                "Finished first",
                victim,
                Setting::default(),
                |_, flight| *flight = vec![Item::new(Level::Plain, HANDSHAKE, header)],
                unexpected(FINISHED, name),
                AlertDescription::UNEXPECTED_MESSAGE,
            );
        }
    }
    refused(
        "long KeyUpdate for EncryptedExtensions",
        Side::Client,
        FULL,
        |_, flight| *find(flight, ENCRYPTED_EXTENSIONS) = vec![KEY_UPDATE, 0xff, 0xff, 0xff],
        unexpected(KEY_UPDATE, "EncryptedExtensions"),
        AlertDescription::UNEXPECTED_MESSAGE,
    );
}

#[test]
fn client_hello_repeated_in_its_record_is_refused() {
    refused(
        "in the same record",
        Side::Server,
        FULL,
        |number, flight| {
            if number == 0 {
                let again = flight[0].bytes.clone();
                flight[0].bytes.extend(again);
            }
        },
        PeerMisbehaved::HandshakeBytesAcrossKeyChange,
        AlertDescription::UNEXPECTED_MESSAGE,
    );
}

/// Where it is this side's turn, nothing may follow in the same record, not even a part of a message.
#[test]
fn bytes_behind_the_end_of_a_flight_are_refused() {
    let retry = Setting {
        retry: true,
        ..FULL
    };
    for (what, victim, setting, message_type) in [
        ("ClientHello", Side::Server, FULL, CLIENT_HELLO),
        ("the first ClientHello", Side::Server, retry, CLIENT_HELLO),
        ("HelloRetryRequest", Side::Client, retry, SERVER_HELLO),
    ] {
        for len in 1..=4 {
            refused(
                what,
                victim,
                setting,
                |number, flight| {
                    if number == 0 {
                        let next = [message_type, 0, 0, 200];
                        find(flight, message_type).extend(&next[..len]);
                    }
                },
                PeerMisbehaved::HandshakeBytesAcrossKeyChange,
                AlertDescription::UNEXPECTED_MESSAGE,
            );
        }
    }
}

/// RFC 8446 Section 5.1: "Handshake messages MUST NOT span key changes."
#[test]
fn handshake_bytes_across_a_key_change_are_refused() {
    let across = PeerMisbehaved::HandshakeBytesAcrossKeyChange;
    let alert = AlertDescription::UNEXPECTED_MESSAGE;
    // The first 1, 4 and all bytes of what follows ServerHello, in ServerHello's record.
    for len in [1, 4, 10] {
        let script = |_: usize, flight: &mut Flight| {
            let next = find(flight, ENCRYPTED_EXTENSIONS).clone();
            let len = len.min(next.len());
            find(flight, SERVER_HELLO).extend(&next[..len]);
            find(flight, ENCRYPTED_EXTENSIONS).drain(..len);
        };
        refused(
            "after ServerHello",
            Side::Client,
            FULL,
            script,
            across.clone(),
            alert,
        );
    }
    // And of what follows Finished, in Finished's record.
    let update = message(KEY_UPDATE, &[0]);
    for len in 1..=update.len() {
        for (victim, flight_number) in [(Side::Client, 0), (Side::Server, 1)] {
            let script = |number: usize, flight: &mut Flight| {
                if number == flight_number {
                    find(flight, FINISHED).extend(&update[..len]);
                }
            };
            refused(
                "after Finished",
                victim,
                FULL,
                script,
                across.clone(),
                alert,
            );
        }
    }
    // And of what follows KeyUpdate.
    for victim in [Side::Client, Side::Server] {
        let script = |number: usize, flight: &mut Flight| {
            if number == AFTER {
                let mut twice = update.clone();
                twice.extend(&update);
                flight.push(Item::post(&twice));
            }
        };
        refused(
            "after KeyUpdate",
            victim,
            FULL,
            script,
            across.clone(),
            alert,
        );
    }
    // And of what follows ClientHello, the first and, after a retry, the second.
    for (retry, flight_number) in [(false, 0), (true, 1)] {
        let setting = Setting { retry, ..FULL };
        let script = |number: usize, flight: &mut Flight| {
            if number == flight_number {
                find(flight, CLIENT_HELLO).push(FINISHED);
            }
        };
        refused(
            "after ClientHello",
            Side::Server,
            setting,
            script,
            across.clone(),
            alert,
        );
    }
}

#[test]
fn one_flight_of_every_message_in_its_place_is_found() {
    // `place` is what the scripts of this file rely on.
    accepted("places", Side::Client, FULL, |number, flight| {
        if number == 0 {
            let order = [2, 8, 13, 11, 15, 20].map(|message| place(flight, message));
            assert!(order.is_sorted());
        }
    });
}
