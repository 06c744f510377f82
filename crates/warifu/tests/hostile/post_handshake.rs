//! After the handshake: KeyUpdate, NewSessionTicket, CertificateRequest and its answer, and what is over.

use warifu::config::{ConfigBuilder, Server};
use warifu::decision::{Answer, PresentedChain, VerifyPeer};
use warifu::parameters::{AlertDescription, HandshakeType, SignatureScheme};
use warifu::{CertificateError, ClientAuth, Error, PeerMisbehaved};

use crate::bytes::*;
use crate::extensions::ticket;
use crate::scene::{AFTER, Flight, Item, Level, Outcome, Scene, Setting, expect};
use crate::support::Side;

const SIDES: [Side; 2] = [Side::Client, Side::Server];
const UNEXPECTED_MESSAGE: AlertDescription = AlertDescription::UNEXPECTED_MESSAGE;
const ILLEGAL_PARAMETER: AlertDescription = AlertDescription::ILLEGAL_PARAMETER;

/// Sends this after the handshake.
fn after(victim: Side, setting: Setting, items: &[Item]) -> Outcome {
    Scene::new(victim, setting).play(|number, flight: &mut Flight| {
        if number == AFTER {
            flight.extend(items.iter().cloned());
        }
    })
}

fn unexpected(got: u8) -> PeerMisbehaved {
    PeerMisbehaved::UnexpectedMessage {
        got: HandshakeType(got),
        expected: "application data",
    }
}

fn key_update(request: u8) -> Item {
    Item::post(&message(KEY_UPDATE, &[request]))
}

#[test]
fn messages_of_the_handshake_are_over() {
    for victim in SIDES {
        let mut count = 0;
        for got in 0..=255 {
            let legal = match victim {
                Side::Client => [KEY_UPDATE, NEW_SESSION_TICKET].contains(&got),
                Side::Server => got == KEY_UPDATE,
            };
            if legal {
                continue;
            }
            let outcome = after(
                victim,
                Setting::default(),
                &[Item::post(&message(got, &[0, 0]))],
            );
            expect(
                &format!("{victim:?}: {got}"),
                &outcome,
                unexpected(got),
                UNEXPECTED_MESSAGE,
            );
            count += 1;
        }
        assert!(count >= 254);
    }
}

#[test]
fn wrong_key_updates_are_refused() {
    for victim in SIDES {
        for value in 2..=255 {
            let outcome = after(victim, Setting::default(), &[key_update(value)]);
            let what = "KeyUpdate.request_update is neither 0 nor 1 (RFC 8446 Section 4.6.3)";
            let error = PeerMisbehaved::IllegalParameter { what };
            expect("value", &outcome, error, ILLEGAL_PARAMETER);
        }
        for (body, what, problem) in [
            (&[][..], "KeyUpdate.request_update", "ends early"),
            (&[0, 0], "KeyUpdate", "bytes are left over"),
        ] {
            let items = [Item::post(&message(KEY_UPDATE, body))];
            let outcome = after(victim, Setting::default(), &items);
            let error = PeerMisbehaved::Malformed { what, problem };
            expect("length", &outcome, error, AlertDescription::DECODE_ERROR);
        }
        // The next record must come under the next keys.
        let items = [key_update(0), Item::data(b"old keys")];
        let outcome = after(victim, Setting::default(), &items);
        let error = PeerMisbehaved::BadRecordMac;
        expect(
            "old keys",
            &outcome,
            error,
            AlertDescription::BAD_RECORD_MAC,
        );
    }
}

#[test]
fn wrong_tickets_are_refused() {
    let lifetime = |seconds: u32| {
        let mut ticket = ticket();
        ticket[4..8].copy_from_slice(&seconds.to_be_bytes());
        after(Side::Client, Setting::default(), &[Item::post(&ticket)])
    };
    assert_eq!(lifetime(604_800).error, Some(Error::Truncated));
    for seconds in [604_801, u32::MAX] {
        let what = "ticket_lifetime is more than seven days (RFC 8446 Section 4.6.1)";
        let error = PeerMisbehaved::IllegalParameter { what };
        expect("lifetime", &lifetime(seconds), error, ILLEGAL_PARAMETER);
    }
    let mut empty = vec![0; 8];
    empty.extend([1, 0, 0, 0, 0, 0]);
    let items = [Item::post(&message(NEW_SESSION_TICKET, &empty))];
    let error = PeerMisbehaved::Malformed {
        what: "NewSessionTicket.ticket",
        problem: "shorter than the minimum",
    };
    let outcome = after(Side::Client, Setting::default(), &items);
    expect("empty", &outcome, error, AlertDescription::DECODE_ERROR);
}

/// Messages that never end where a record ends: the limit on tickets holds, and memory does not grow (see
/// `memory.rs`).
#[test]
fn tickets_across_records_are_counted() {
    let stream = ticket().repeat(40);
    let items: Vec<Item> = stream.chunks(ticket().len() - 1).map(Item::post).collect();
    let outcome = after(Side::Client, Setting::default(), &items);
    let error = PeerMisbehaved::TooManyTickets { limit: 32 };
    expect("flood", &outcome, error, UNEXPECTED_MESSAGE);
}

#[test]
fn overlong_messages_are_refused_by_their_header() {
    for (victim, message_type, limit) in [
        (Side::Client, KEY_UPDATE, 1 << 14),
        (Side::Server, KEY_UPDATE, 1 << 14),
        (Side::Client, NEW_SESSION_TICKET, 1 << 17),
    ] {
        for len in [limit + 1, 0xff_ffff] {
            let [_, high, middle, low] = u32::try_from(len).unwrap().to_be_bytes();
            let items = [Item::post(&[message_type, high, middle, low])];
            let outcome = after(victim, Setting::default(), &items);
            let error = PeerMisbehaved::MessageTooLong {
                message: HandshakeType(message_type),
                len,
                limit,
            };
            expect("length", &outcome, error, ILLEGAL_PARAMETER);
        }
    }
}

const POST: Setting = Setting {
    retry: false,
    client_auth: false,
    post_handshake_auth: true,
    record_size_limit: None,
    more_extensions: false,
};

/// A CertificateRequest with this context.
fn certificate_request(context: &[u8]) -> Item {
    let mut extensions = u16_bytes(13);
    extensions.extend(vector(2, &vector(2, &[4, 3])));
    let body = [vector(1, context), vector(2, &extensions)].concat();
    Item::post(&message(CERTIFICATE_REQUEST, &body))
}

#[test]
fn certificate_requests_are_answered_only_where_offered() {
    let outcome = after(
        Side::Client,
        Setting::default(),
        &[certificate_request(b"context")],
    );
    let error = unexpected(CERTIFICATE_REQUEST);
    expect("not offered", &outcome, error, UNEXPECTED_MESSAGE);
    let outcome = after(Side::Client, POST, &[certificate_request(b"context")]);
    assert_eq!(outcome.error, Some(Error::Truncated));
}

/// A client that answers without having been asked.
#[test]
fn unasked_certificates_are_refused() {
    for got in [CERTIFICATE, CERTIFICATE_VERIFY, FINISHED] {
        let outcome = after(Side::Server, POST, &[Item::post(&message(got, &[0; 40]))]);
        expect("unasked", &outcome, unexpected(got), UNEXPECTED_MESSAGE);
    }
}

/// The server asks; the client's answer is changed on the way.
fn answer(change: impl FnOnce(&mut Flight)) -> Outcome {
    Scene::new(Side::Server, POST).play_answer(change)
}

#[test]
fn wrong_answers_to_a_certificate_request_are_refused() {
    assert_eq!(answer(|_| {}).error, Some(Error::Truncated));
    let find = crate::scene::find;
    let unexpected = |got, expected| PeerMisbehaved::UnexpectedMessage {
        got: HandshakeType(got),
        expected,
    };
    let outcome = answer(|flight| find(flight, CERTIFICATE)[6] ^= 1);
    let what = "certificate_request_context is not that of the request (RFC 8446 Section 4.4.2)";
    let error = PeerMisbehaved::IllegalParameter { what };
    expect("context", &outcome, error, ILLEGAL_PARAMETER);
    let outcome = answer(|flight| find(flight, CERTIFICATE_VERIFY)[20] ^= 1);
    let error = PeerMisbehaved::BadSignature;
    expect(
        "signature",
        &outcome,
        error,
        AlertDescription::DECRYPT_ERROR,
    );
    let outcome = answer(|flight| find(flight, FINISHED)[20] ^= 1);
    let error = PeerMisbehaved::BadFinished;
    expect("Finished", &outcome, error, AlertDescription::DECRYPT_ERROR);
    for (dropped, got, expected) in [
        (0, CERTIFICATE_VERIFY, "Certificate"),
        (1, FINISHED, "CertificateVerify"),
    ] {
        let outcome = answer(|flight| {
            flight.remove(dropped);
        });
        expect(
            "dropped",
            &outcome,
            unexpected(got, expected),
            UNEXPECTED_MESSAGE,
        );
    }
    for (at, expected) in [(0, "CertificateVerify"), (1, "Finished")] {
        let outcome = answer(|flight| flight.insert(at, flight[at].clone()));
        let got = [CERTIFICATE, CERTIFICATE_VERIFY][at];
        expect(
            "repeated",
            &outcome,
            unexpected(got, expected),
            UNEXPECTED_MESSAGE,
        );
    }
    // Finished again, when nothing is under way any more.
    let outcome = answer(|flight| flight.push(flight[2].clone()));
    let error = unexpected(FINISHED, "application data");
    expect("Finished again", &outcome, error, UNEXPECTED_MESSAGE);
}

/// Believes nobody yet.
#[derive(Debug)]
struct Undecided;

impl VerifyPeer for Undecided {
    fn verify<'a>(&'a self, _: PresentedChain<'a>) -> Answer<'a, Result<(), CertificateError>> {
        Answer::later(std::future::pending())
    }

    fn chain_schemes(&self) -> &[SignatureScheme] {
        &[]
    }
}

/// RFC 8446 Section 4.6.2: "All of the client's messages for a given response MUST appear consecutively on the wire with no
/// intervening messages of other types."
#[test]
fn nothing_comes_between_the_messages_of_an_answer() {
    let insert = |at: usize| {
        move |flight: &mut Flight| {
            flight.insert(at, Item::rekey());
            flight.insert(at, key_update(0));
        }
    };
    for (at, expected) in [(1, "CertificateVerify"), (2, "Finished")] {
        let error = PeerMisbehaved::UnexpectedMessage {
            got: HandshakeType::KEY_UPDATE,
            expected,
        };
        expect(
            expected,
            &answer(insert(at)),
            error.clone(),
            UNEXPECTED_MESSAGE,
        );
        if at == 1 {
            // The same while the application has the chain.
            let undecided = ClientAuth::post_handshake(Undecided);
            let server = |server: ConfigBuilder<Server>| server.with_client_auth(undecided);
            let scene = Scene::with(Side::Server, POST, |client| client, server);
            let outcome = scene.play_answer(insert(at));
            expect("undecided", &outcome, error, UNEXPECTED_MESSAGE);
        }
    }
    // Behind it is another matter.
    assert_eq!(answer(insert(3)).error, Some(Error::Truncated));
}

/// What follows close_notify is not looked at.
#[test]
fn nothing_is_read_after_close_notify() {
    for victim in SIDES {
        let items = [
            Item::data(b"before"),
            Item::new(Level::Application, ALERT, &[1, 0]),
            Item::raw(b"garbage"),
        ];
        let outcome = after(victim, Setting::default(), &items);
        assert_eq!(outcome.error, None);
        assert_eq!(outcome.data, b"before");
        assert!(outcome.closed && outcome.alerts.is_empty());
    }
}
