//! What a peer can make a connection allocate.
//!
//! Measured: bytes that Rust's allocator hands out while the victim's methods run, at their peak and beyond what it
//! had when it was made. AWS-LC's own allocations are not counted: their sizes do not depend on lengths a peer chooses.

use warifu::parameters::AlertDescription;
use warifu::{Error, NothingInCommon, PeerMisbehaved};

use crate::bytes::*;
use crate::extensions::ticket;
use crate::meter::{Meter, report};
use crate::scene::{AFTER, Flight, Item, Outcome, Scene, Setting, expect, expect_silence, find};
use crate::support::Side;

/// The bound of ARCHITECTURE.md. The longest messages have 128 KiB; each is held once as it came, in memory that may
/// have grown to twice that, and once more in parts.
pub const HEAP_BOUND: i64 = 512 << 10;

const ALL: Setting = Setting {
    retry: false,
    client_auth: true,
    post_handshake_auth: false,
    record_size_limit: None,
    more_extensions: true,
};

/// Plays a scene in which something is as long as it may be; both sides use all that they have.
#[track_caller]
fn play(what: &str, victim: Side, script: impl FnMut(usize, &mut Flight)) -> Outcome {
    let outcome = Scene::new(victim, ALL).play(script);
    let heap = Meter {
        peak: outcome.heap_peak,
        ..Meter::default()
    };
    report(what, "128 KiB", "all", &heap);
    assert!(
        outcome.heap_peak <= HEAP_BOUND,
        "{what}: {} bytes",
        outcome.heap_peak
    );
    outcome
}

/// As many of the smallest items as an extension holds.
fn full(item: &[u8]) -> Vec<u8> {
    vector(2, &item.repeat(60_000 / item.len()))
}

/// Puts the longest list in place of an extension.
fn lengthen(extensions: &mut Vec<(u16, Vec<u8>)>, number: u16, item: &[u8]) {
    extensions.retain(|(other, _)| *other != number);
    extensions.push((number, full(item)));
}

#[test]
fn longest_lists_of_a_client_hello_stay_in_bounds() {
    let play = |what: &str, number, item: &[u8]| {
        let what = format!("{what} of a ClientHello");
        play(&what, Side::Server, |flight_number, flight| {
            if flight_number == 0 {
                edit(find(flight, CLIENT_HELLO), |hello| {
                    lengthen(&mut hello.extensions, number, item);
                });
            }
        })
    };
    for (what, number, item) in [
        ("30,000 schemes in signature_algorithms", 13, &[4, 3][..]),
        ("20,000 names in certificate_authorities", 47, &[0, 1, 7]),
        ("30,000 schemes in signature_algorithms_cert", 50, &[4, 3]),
    ] {
        let outcome = play(what, number, item);
        // They are taken, and the honest client does not open what is under keys of another ClientHello than its own.
        let error = Error::AlertReceived(AlertDescription::BAD_RECORD_MAC);
        expect_silence(what, &outcome, error);
    }

    let what = "30,000 groups in supported_groups";
    let outcome = play(what, 10, &[0x10, 0]);
    let error = PeerMisbehaved::IllegalParameter {
        what: "key share of a group that supported_groups does not list (RFC 8446 Section 4.2.8)",
    };
    expect(what, &outcome, error, AlertDescription::ILLEGAL_PARAMETER);

    let what = "30,000 names in ALPN";
    let outcome = play(what, 16, &[1, b'a']);
    let error = NothingInCommon::ApplicationProtocol {
        ours: "two".to_owned(),
        peers: format!("{}…", "a, ".repeat(24)),
    };
    let alert = AlertDescription::NO_APPLICATION_PROTOCOL;
    expect(what, &outcome, error, alert);
}

#[test]
fn longest_certificate_request_stays_in_bounds() {
    let what = "20,000 names in certificate_authorities of a CertificateRequest";
    let outcome = play(what, Side::Client, |number, flight| {
        if number == 0 {
            edit(find(flight, CERTIFICATE_REQUEST), |request| {
                lengthen(&mut request.extensions, 47, &[0, 1, 7]);
            });
            fragment(flight);
        }
    });
    // It is read; what the server signed is another one.
    let alert = AlertDescription::DECRYPT_ERROR;
    expect(what, &outcome, PeerMisbehaved::BadSignature, alert);
}

/// 128 KiB, announced and sent, in 2 certificates or in 32.
#[test]
fn longest_certificates_stay_in_bounds() {
    for (victim, flight_number) in [(Side::Client, 0), (Side::Server, 1)] {
        for count in [2, 32] {
            let what =
                format!("chain of 128 KiB in {count} certificates, to a {victim:?}").to_lowercase();
            let outcome = play(&what, victim, |number, flight| {
                if number == flight_number {
                    let certificate = find(flight, CERTIFICATE);
                    let leaf_len = usize::from(certificate[9]) << 8 | usize::from(certificate[10]);
                    let leaf = certificate[11..11 + leaf_len].to_vec();
                    let filler = vec![0x30; ((1 << 17) - 1_000) / (count - 1) - 5];
                    let mut entries = [vector(3, &leaf), vec![0, 0]].concat();
                    for _ in 1..count {
                        entries.extend([vector(3, &filler), vec![0, 0]].concat());
                    }
                    *certificate = message(CERTIFICATE, &[vec![0], vector(3, &entries)].concat());
                    fragment(flight);
                }
            });
            // The chain is believed by its leaf; what the peer signed is another one.
            let alert = AlertDescription::DECRYPT_ERROR;
            expect(&what, &outcome, PeerMisbehaved::BadSignature, alert);
        }
    }
}

/// Records hold at most 16 KiB.
fn fragment(flight: &mut Flight) {
    let whole = core::mem::take(flight);
    for item in whole {
        for part in item.bytes.chunks(1 << 14) {
            flight.push(Item::new(item.level, item.content_type, part));
        }
    }
}

/// Tickets that never end where a record ends.
#[test]
fn long_tickets_across_records_do_not_pile_up() {
    let mut long = ticket();
    let mut body = long[4..13].to_vec();
    body.push(0);
    body.extend(vector(2, &vec![7; 60_000]));
    body.extend([0, 0]);
    long = message(NEW_SESSION_TICKET, &body);
    let what = "32 tickets of 60,000 bytes that end in no record's end";
    let outcome = play(what, Side::Client, |number, flight| {
        if number == AFTER {
            let stream = long.repeat(32);
            flight.extend(stream.chunks(16_001).map(Item::post));
        }
    });
    expect_silence(what, &outcome, Error::Truncated);
}

/// A peer that never reads: what it asks for does not pile up on our side.
#[test]
fn requests_without_reading_do_not_grow_the_output() {
    use crate::support::Pair;
    let mut pair = Pair::new();
    pair.handshake().unwrap();
    pair.transfer();
    for _ in 0..1_000 {
        pair.client.update_keys(true).unwrap();
        pair.client.write(b"x").unwrap();
        let count = pair.server.receive(pair.client.output());
        pair.client.sent(count);
        while pair.server.read(&mut [0; 10]).unwrap() != warifu::ReadOutcome::NeedBytes {}
    }
    // One KeyUpdate: header, 5 bytes, type, tag.
    assert_eq!(pair.server.output().len(), 5 + 5 + 1 + 16);
    assert_eq!(pair.server.failure(), None);
}
