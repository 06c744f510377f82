//! However a stream is cut on its way, the result is the same: facts, data, error and alert.

use std::cell::RefCell;

use warifu::parameters::AlertDescription;
use warifu::{Error, PeerMisbehaved};

use crate::bytes::*;
use crate::random::Random;
use crate::scene::{AFTER, Flight, Item, Level, Outcome, Scene, Setting, find};
use crate::support::Side;

const SETTINGS: [Setting; 3] = [
    Setting {
        retry: false,
        client_auth: false,
        post_handshake_auth: false,
        record_size_limit: None,
        more_extensions: true,
    },
    Setting {
        retry: true,
        client_auth: true,
        post_handshake_auth: false,
        record_size_limit: None,
        more_extensions: false,
    },
    Setting {
        retry: false,
        client_auth: true,
        post_handshake_auth: false,
        record_size_limit: Some(2_000),
        more_extensions: true,
    },
];

/// Plays with pieces of these lengths, and tells what the victim then knows of the connection.
fn play(
    victim: Side,
    setting: Setting,
    pieces: impl FnMut() -> usize + 'static,
    mut script: impl FnMut(usize, &mut Flight),
) -> (Outcome, String) {
    let mut scene = Scene::new(victim, setting);
    scene.pieces = Box::new(pieces);
    let facts = RefCell::new(String::new());
    let mut outcome = scene.play_observed(
        |number, flight| {
            if number == AFTER {
                flight.push(Item::data(b"first"));
                flight.push(Item::data(&[b'x'; 16_000]));
                flight.push(Item::post(&message(KEY_UPDATE, &[1])));
                flight.push(Item::rekey());
                flight.push(Item::data(b"last"));
                flight.push(Item::new(Level::Application, ALERT, &[1, 0]));
                if setting.record_size_limit.is_some() {
                    flight.remove(1);
                }
            }
            script(number, flight);
        },
        |connection| *facts.borrow_mut() = format!("{:?}", connection.facts()),
    );
    // Memory is the one thing that may differ.
    outcome.heap_peak = 0;
    (outcome, facts.into_inner())
}

#[test]
fn splits_do_not_change_a_connection() {
    for victim in [Side::Client, Side::Server] {
        for setting in SETTINGS {
            let whole = play(victim, setting, || usize::MAX, |_, _| {});
            assert_eq!(whole.0.error, None);
            assert!(whole.0.closed);
            assert!(whole.0.data.ends_with(b"last"));
            assert!(whole.1.starts_with("Some("));
            for piece in [1, 2, 3, 4, 5, 6, 7, 100, 1_000] {
                let split = play(victim, setting, move || piece, |_, _| {});
                assert_eq!(split, whole, "{piece} bytes at a time");
            }
            for seed in 0..20 {
                let mut random = Random::new(seed);
                let split = play(victim, setting, move || 1 + random.below(300), |_, _| {});
                assert_eq!(split, whole, "seed {seed}");
            }
        }
    }
}

#[test]
fn splits_do_not_change_an_error() {
    type Script = fn(usize, &mut Flight);
    let scripts: [(Side, Script, Error); 8] = [
        (
            Side::Client,
            |number, flight| {
                if number == 0 {
                    find(flight, FINISHED)[9] ^= 1;
                }
            },
            PeerMisbehaved::BadFinished.into(),
        ),
        (
            Side::Client,
            |number, flight| {
                if number == 0 {
                    flight.insert(3, Item::raw(b"garbage and more garbage"));
                }
            },
            PeerMisbehaved::NotTls {
                start: "\"gar\"".to_owned(),
            }
            .into(),
        ),
        (
            Side::Server,
            |number, flight| {
                if number == 1 {
                    find(flight, CERTIFICATE_VERIFY)[9] ^= 1;
                }
            },
            PeerMisbehaved::BadSignature.into(),
        ),
        // Two things wrong: the first one counts.
        (
            Side::Client,
            |number, flight| {
                if number == 0 {
                    flight[2].bytes[0] = FINISHED;
                    flight[2].bytes.truncate(2);
                    flight.insert(3, Item::raw(&[23, 3, 3, 0xff, 0xff]));
                }
            },
            PeerMisbehaved::UnexpectedMessage {
                got: warifu::parameters::HandshakeType::FINISHED,
                expected: "EncryptedExtensions",
            }
            .into(),
        ),
        (
            Side::Server,
            |number, flight| {
                if number == 0 {
                    *flight = vec![
                        Item::new(Level::Plain, HANDSHAKE, &[CERTIFICATE]),
                        Item::new(Level::Plain, ALERT, &[2, 40]),
                    ];
                }
            },
            PeerMisbehaved::UnexpectedMessage {
                got: warifu::parameters::HandshakeType::CERTIFICATE,
                expected: "ClientHello",
            }
            .into(),
        ),
        (
            Side::Client,
            |number, flight| {
                if number == AFTER {
                    flight.insert(1, Item::new(Level::Application, ALERT, &[2, 80]));
                }
            },
            Error::AlertReceived(AlertDescription::INTERNAL_ERROR),
        ),
        (
            Side::Server,
            |number, flight| {
                if number == AFTER {
                    flight.insert(1, Item::raw(&[23, 3, 3, 0, 30]));
                }
            },
            PeerMisbehaved::BadRecordMac.into(),
        ),
        (
            Side::Client,
            |number, flight| {
                if number == 0 {
                    let next = find(flight, ENCRYPTED_EXTENSIONS).clone();
                    find(flight, SERVER_HELLO).extend(next);
                }
            },
            PeerMisbehaved::HandshakeBytesAcrossKeyChange.into(),
        ),
    ];
    for (victim, script, error) in scripts {
        for setting in [SETTINGS[2]] {
            let whole = play(victim, setting, || usize::MAX, script);
            assert_eq!(whole.0.error.as_ref(), Some(&error));
            for piece in [1, 2, 3, 5, 17] {
                let split = play(victim, setting, move || piece, script);
                assert_eq!(split.0, whole.0, "{piece} bytes at a time");
            }
            for seed in 0..20 {
                let mut random = Random::new(seed);
                let split = play(victim, setting, move || 1 + random.below(100), script);
                assert_eq!(split.0, whole.0, "seed {seed}");
            }
        }
    }
}
