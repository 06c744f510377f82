//! Tickets: answers to one that was offered, and offers that do not hold.

use std::sync::Arc;

use warifu::parameters::{AlertDescription, HandshakeType, NamedGroup};
use warifu::{Error, PeerMisbehaved, PskFailure};

use crate::bytes::*;
use crate::extensions::ticket;
use crate::scene::{AFTER, Flight, Item, Level, Outcome, Scene, Setting, expect, find, place};
use crate::support::Side;
use crate::support::resumption::Shelf;

const ILLEGAL_PARAMETER: AlertDescription = AlertDescription::ILLEGAL_PARAMETER;
const UNEXPECTED_MESSAGE: AlertDescription = AlertDescription::UNEXPECTED_MESSAGE;
const DECRYPT_ERROR: AlertDescription = AlertDescription::DECRYPT_ERROR;

const KEY_SHARE: u16 = 51;
const PSK_KEY_EXCHANGE_MODES: u16 = 45;
const PRE_SHARED_KEY: u16 = 41;

/// A resumed handshake, with one flight changed.
fn resumed(victim: Side, number: usize, change: impl Fn(&mut Flight)) -> Outcome {
    let without_early_data = |client: warifu::config::ConfigBuilder<warifu::config::Client>| {
        client.with_replayable_early_data(false)
    };
    let scene = Scene::resumed(victim, without_early_data, |server| server);
    scene.play(|played, flight| {
        if played == number {
            change(flight);
        }
    })
}

/// As [`resumed`], to a server that asks for another group.
fn resumed_after_retry(change: impl Fn(&mut Flight)) -> Outcome {
    let scene = Scene::resumed(
        Side::Server,
        |client| client.with_replayable_early_data(false),
        |server| server.with_groups(&[NamedGroup::SECP256R1]),
    );
    scene.play(|played, flight| {
        if played == 1 {
            change(flight);
        }
    })
}

#[test]
fn a_ticket_that_was_not_offered_cannot_be_selected() {
    for selected in [1, 2, 0xffff] {
        let outcome = resumed(Side::Client, 0, |flight| {
            edit(find(flight, SERVER_HELLO), |hello| {
                *hello.extension(PRE_SHARED_KEY) = u16_bytes(selected);
            });
        });
        let error = PeerMisbehaved::SelectedIdentityOutOfRange {
            selected,
            offered: 1,
        };
        expect("selected", &outcome, error, ILLEGAL_PARAMETER);
    }
}

#[test]
fn a_key_exchange_that_was_demanded_cannot_be_left_out() {
    let outcome = resumed(Side::Client, 0, |flight| {
        edit(find(flight, SERVER_HELLO), |hello| hello.remove(KEY_SHARE));
    });
    let error = PeerMisbehaved::PskModeNotOffered { mode: "psk_ke" };
    expect("no share", &outcome, error, ILLEGAL_PARAMETER);
}

/// RFC 6066 Section 3: "When resuming a session, the server MUST NOT include a server_name extension in the server hello."
#[test]
fn a_server_acknowledges_the_name_in_a_full_handshake_alone() {
    // SERVER_NAME without data, the first of the extensions.
    let acknowledges = |flight: &mut Flight| {
        let message = find(flight, ENCRYPTED_EXTENSIONS);
        message[6..].starts_with(&[0, 0, 0, 0])
    };
    let seen = std::cell::Cell::new(None);
    resumed(Side::Client, 0, |flight| {
        seen.set(Some(acknowledges(flight)))
    });
    assert_eq!(seen.take(), Some(false));
    let setting = Setting {
        retry: false,
        client_auth: false,
        post_handshake_auth: false,
        record_size_limit: None,
        more_extensions: false,
    };
    Scene::new(Side::Client, setting).play(|number, flight| {
        if number == 0 {
            seen.set(Some(acknowledges(flight)));
        }
    });
    assert_eq!(seen.take(), Some(true));
}

/// Somebody takes the ticket away from one side: the two have other keys then.
#[test]
fn a_ticket_that_was_taken_cannot_be_denied() {
    let outcome = resumed(Side::Client, 0, |flight| {
        edit(find(flight, SERVER_HELLO), |hello| {
            hello.remove(PRE_SHARED_KEY)
        });
    });
    let error = PeerMisbehaved::BadRecordMac;
    let alert = AlertDescription::BAD_RECORD_MAC;
    expect("ServerHello", &outcome, error, alert);
    // The client is who notices, and tells the server.
    let outcome = resumed(Side::Server, 0, |flight| {
        edit(find(flight, CLIENT_HELLO), |hello| {
            hello.remove(PRE_SHARED_KEY)
        });
    });
    assert_eq!(outcome.error, Some(Error::AlertReceived(alert)));
    assert_eq!(outcome.alerts, []);
}

/// RFC 8446 Section 4.3.2: no certificates beside a ticket.
#[test]
fn certificates_in_a_resumed_handshake_are_refused() {
    for got in [
        CERTIFICATE_REQUEST,
        CERTIFICATE,
        CERTIFICATE_VERIFY,
        FINISHED + 4,
    ] {
        let outcome = resumed(Side::Client, 0, |flight| {
            let at = place(flight, FINISHED);
            let intruder = Item::new(Level::Handshake, HANDSHAKE, &message(got, &[0; 40]));
            flight.insert(at, intruder);
        });
        let error = PeerMisbehaved::UnexpectedMessage {
            got: HandshakeType(got),
            expected: "Finished",
        };
        expect("server", &outcome, error, UNEXPECTED_MESSAGE);
        let outcome = resumed(Side::Server, 1, |flight| {
            let intruder = Item::new(Level::Handshake, HANDSHAKE, &message(got, &[0; 40]));
            flight.insert(0, intruder);
        });
        let error = PeerMisbehaved::UnexpectedMessage {
            got: HandshakeType(got),
            expected: "Finished",
        };
        // The dummy change_cipher_spec stands first.
        expect("client", &outcome, error, UNEXPECTED_MESSAGE);
    }
}

fn wrong_key() -> Error {
    let identity = "a ticket of this server".to_owned();
    PskFailure::WrongKey { identity }.into()
}

/// The binder covers the whole ClientHello up to the binders, and is compared to its last bit.
#[test]
fn a_wrong_binder_is_refused() {
    for bit in 0..8 {
        for place in [1, 16, 32] {
            let outcome = resumed(Side::Server, 0, |flight| {
                edit(find(flight, CLIENT_HELLO), |hello| {
                    let offer = hello.extension(PRE_SHARED_KEY);
                    let at = offer.len() - place;
                    offer[at] ^= 1 << bit;
                });
            });
            expect("binder", &outcome, wrong_key(), DECRYPT_ERROR);
        }
    }
    // An extension that nobody knows, put in by somebody who has no ticket.
    let outcome = resumed(Side::Server, 0, |flight| {
        edit(find(flight, CLIENT_HELLO), |hello| {
            hello.extensions.insert(0, (0x1234, vec![7]));
        });
    });
    expect("extension", &outcome, wrong_key(), DECRYPT_ERROR);
    let outcome = resumed(Side::Server, 0, |flight| {
        find(flight, CLIENT_HELLO)[10] ^= 1
    });
    expect("random", &outcome, wrong_key(), DECRYPT_ERROR);
}

#[test]
fn a_second_offer_that_differs_is_refused() {
    let outcome = resumed_after_retry(|flight| {
        edit(find(flight, CLIENT_HELLO), |hello| {
            *hello.extension(PRE_SHARED_KEY).last_mut().unwrap() ^= 1;
        });
    });
    expect("binder", &outcome, wrong_key(), DECRYPT_ERROR);
    let outcome = resumed_after_retry(|flight| {
        edit(find(flight, CLIENT_HELLO), |hello| {
            hello.remove(PRE_SHARED_KEY)
        });
    });
    let error = PeerMisbehaved::MissingExtension {
        extension: "pre_shared_key",
        message: "second ClientHello",
    };
    let alert = AlertDescription::MISSING_EXTENSION;
    expect("ticket gone", &outcome, error, alert);
    let outcome = resumed_after_retry(|flight| {
        edit(find(flight, CLIENT_HELLO), |hello| {
            *hello.extension(PSK_KEY_EXCHANGE_MODES) = vec![2, 1, 0];
        });
    });
    let error = PeerMisbehaved::SecondHelloChanged {
        what: "an extension that must stay",
    };
    expect("modes", &outcome, error, ILLEGAL_PARAMETER);
    // Another identity in its place.
    let outcome = resumed_after_retry(|flight| {
        edit(find(flight, CLIENT_HELLO), |hello| {
            hello.extension(PRE_SHARED_KEY)[10] ^= 1;
        });
    });
    let error = PeerMisbehaved::SecondHelloChanged {
        what: "pre_shared_key: the key that the first one offered is not in it",
    };
    expect("another ticket", &outcome, error, ILLEGAL_PARAMETER);
}

/// RFC 8446 Section 4.6.1: "The value of zero indicates that the ticket should be discarded immediately."
#[test]
fn a_ticket_without_lifetime_is_not_kept() {
    let shelf = Arc::new(Shelf::default());
    let keeps = shelf.clone();
    let scene = Scene::with(
        Side::Client,
        Setting::default(),
        |client| client.with_session_store(keeps),
        |server| server,
    );
    let outcome = scene.play(|number, flight| {
        if number == AFTER {
            let mut without = ticket();
            without[4..8].fill(0);
            flight.push(Item::post(&without));
            flight.push(Item::post(&ticket()));
        }
    });
    assert_eq!(outcome.error, Some(Error::Truncated));
    let kept = shelf.drain();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].lifetime().as_secs(), 0x1c20);
}
