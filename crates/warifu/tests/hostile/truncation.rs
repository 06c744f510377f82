//! Each message truncated at each byte: with its length right for what is left, with bytes added, and by the end of
//! the stream.

use warifu::parameters::AlertDescription;
use warifu::{CertificateError, Error, NothingInCommon, PeerMisbehaved};

use crate::bytes::*;
use crate::extensions::ticket;
use crate::scene::{AFTER, Flight, Item, Level, Outcome, Scene, Setting, find};
use crate::support::Side;

const FULL: Setting = Setting {
    retry: false,
    client_auth: true,
    post_handshake_auth: false,
    record_size_limit: None,
    more_extensions: true,
};
const RETRY: Setting = Setting {
    retry: true,
    ..FULL
};

/// Messages by victim, setting, flight and type.
const MESSAGES: [(Side, Setting, usize, u8); 13] = [
    (Side::Client, FULL, 0, SERVER_HELLO),
    (Side::Client, RETRY, 0, SERVER_HELLO),
    (Side::Client, RETRY, 1, SERVER_HELLO),
    (Side::Client, FULL, 0, ENCRYPTED_EXTENSIONS),
    (Side::Client, FULL, 0, CERTIFICATE_REQUEST),
    (Side::Client, FULL, 0, CERTIFICATE),
    (Side::Client, FULL, 0, CERTIFICATE_VERIFY),
    (Side::Client, FULL, 0, FINISHED),
    (Side::Server, FULL, 0, CLIENT_HELLO),
    (Side::Server, RETRY, 1, CLIENT_HELLO),
    (Side::Server, FULL, 1, CERTIFICATE),
    (Side::Server, FULL, 1, CERTIFICATE_VERIFY),
    (Side::Server, FULL, 1, FINISHED),
];

fn play(
    (victim, setting, flight_number, message_type): (Side, Setting, usize, u8),
    change: impl Fn(&mut Vec<u8>),
) -> Outcome {
    Scene::new(victim, setting).play(|number, flight: &mut Flight| {
        if number == flight_number {
            change(find(flight, message_type));
        }
    })
}

/// The length of each message above; they vary by a byte or two with the signature.
fn len_of(message: (Side, Setting, usize, u8)) -> usize {
    let len = std::cell::Cell::new(0);
    play(message, |bytes| len.set(bytes.len()));
    len.get()
}

#[track_caller]
fn expect_decode_error(what: &str, outcome: &Outcome) {
    let malformed = matches!(
        outcome.error,
        Some(Error::PeerMisbehaved(PeerMisbehaved::Malformed { .. }))
    );
    assert!(malformed, "{what}: {:?}", outcome.error);
    let alert = AlertDescription::DECODE_ERROR;
    assert_eq!(outcome.alerts, [(2, alert)], "{what}");
}

/// The few prefixes of messages that can be read, and mean something else.
fn is_another_message(message_type: u8, body_len: usize, outcome: &Outcome) -> bool {
    let alerts = |alert| outcome.alerts == [(2, alert)];
    match (message_type, body_len) {
        // Without extensions a hello is one of an older version (72 and 70 bytes: a session ID of 32).
        (SERVER_HELLO, 70) => match outcome.error {
            Some(Error::NothingInCommon(NothingInCommon::Version { .. })) => {
                alerts(AlertDescription::PROTOCOL_VERSION)
            }
            Some(Error::PeerMisbehaved(PeerMisbehaved::IllegalParameter {
                what:
                    "ServerHello is of another version than HelloRetryRequest (RFC 8446 Section 4.1.4)",
            })) => alerts(AlertDescription::ILLEGAL_PARAMETER),
            _ => false,
        },
        (CLIENT_HELLO, _) => match outcome.error {
            Some(Error::NothingInCommon(NothingInCommon::Version { .. })) => {
                alerts(AlertDescription::PROTOCOL_VERSION)
            }
            Some(Error::PeerMisbehaved(PeerMisbehaved::SecondHelloChanged { .. })) => {
                alerts(AlertDescription::ILLEGAL_PARAMETER)
            }
            _ => false,
        },
        _ => false,
    }
}

#[test]
fn messages_cut_at_each_byte_are_refused() {
    let mut count = 0;
    let mut others = 0;
    for message in MESSAGES {
        let (victim, _, _, message_type) = message;
        // A signature may be two bytes shorter the next time.
        for len in 0..len_of(message) - 4 - 2 {
            let outcome = play(message, |bytes| {
                *bytes = self::message(message_type, &bytes[4..4 + len]);
            });
            count += 1;
            if is_another_message(message_type, len, &outcome) {
                others += 1;
                continue;
            }
            let what = format!("{victim:?}: message {message_type} of {len} bytes");
            expect_decode_error(&what, &outcome);
        }
    }
    assert!(count > 1_900, "{count}");
    // ServerHello twice (a HelloRetryRequest must have extensions), ClientHello twice.
    assert_eq!(others, 4);
}

#[test]
fn messages_with_bytes_left_over_are_refused() {
    for message in MESSAGES {
        let (victim, _, _, message_type) = message;
        for more in [1, 2, 1_000] {
            let outcome = play(message, |bytes| {
                let body = [&bytes[4..], &vec![0; more]].concat();
                *bytes = self::message(message_type, &body);
            });
            let what = format!("{victim:?}: message {message_type} and {more} bytes");
            expect_decode_error(&what, &outcome);
        }
    }
}

/// The stream ends after each byte of a whole handshake: nobody is left to be told.
#[test]
fn streams_cut_at_each_byte_end_without_an_alert() {
    let mut count = 0;
    for (victim, setting, flights) in [
        (Side::Client, FULL, &[0][..]),
        (Side::Server, FULL, &[0, 1]),
        (Side::Client, RETRY, &[0]),
    ] {
        for &cut_flight in flights {
            let mut len = 0;
            loop {
                let mut scene = Scene::new(victim, setting);
                scene.cut = Some((cut_flight, len));
                let outcome = scene.play(|_, _| {});
                let during = matches!(outcome.error, Some(Error::ClosedDuringHandshake { .. }));
                if !during {
                    assert_eq!(outcome.error, Some(Error::Truncated), "at the end");
                    break;
                }
                assert_eq!(outcome.alerts, []);
                len += 1;
                count += 1;
                // The flight that asks for a retry does not end the handshake.
                if setting.retry && len > 150 {
                    break;
                }
            }
        }
    }
    assert!(count > 1_700, "{count}");
}

#[test]
fn streams_cut_after_the_handshake_are_truncated() {
    for victim in [Side::Client, Side::Server] {
        for len in 0..100 {
            let mut scene = Scene::new(victim, FULL);
            scene.cut = Some((AFTER, len));
            let outcome = scene.play(|number, flight| {
                if number == AFTER {
                    flight.push(Item::data(&[b'x'; 20]));
                    flight.push(Item::data(&[b'x'; 20]));
                    flight.push(Item::new(Level::Application, ALERT, &[1, 0]));
                }
            });
            // Records of 42 bytes and one alert of 24.
            assert_eq!(outcome.data.len(), [0, 20, 40, 40][len / 42]);
            assert_eq!(
                (outcome.error, outcome.alerts),
                (Some(Error::Truncated), vec![])
            );
        }
    }
}

#[test]
fn messages_after_the_handshake_cut_at_each_byte_are_refused() {
    let ticket = ticket();
    for len in 0..ticket.len() - 4 {
        let outcome = Scene::new(Side::Client, FULL).play(|number, flight| {
            if number == AFTER {
                let cut = message(NEW_SESSION_TICKET, &ticket[4..4 + len]);
                flight.push(Item::post(&cut));
            }
        });
        expect_decode_error(&format!("ticket of {len} bytes"), &outcome);
    }
}

/// A certificate's DER cut at each byte, in a message whose lengths are right.
#[test]
fn certificates_cut_at_each_byte_are_refused() {
    for (victim, flight_number) in [(Side::Client, 0), (Side::Server, 1)] {
        let leaf = match victim {
            Side::Client => &crate::scene::pki().server.certificates()[0],
            Side::Server => &crate::scene::pki().client.certificates()[0],
        };
        for len in 1..leaf.len() {
            let outcome = play((victim, FULL, flight_number, CERTIFICATE), |bytes| {
                let entry = [vector(3, &leaf[..len]), vec![0, 0]].concat();
                *bytes = message(CERTIFICATE, &[vec![0], vector(3, &entry)].concat());
            });
            let malformed = matches!(
                outcome.error,
                Some(Error::Certificate(CertificateError::Malformed { .. }))
            );
            assert!(malformed, "{len}: {:?}", outcome.error);
            assert_eq!(outcome.alerts, [(2, AlertDescription::BAD_CERTIFICATE)]);
        }
    }
}
