//! What a peer can make a connection allocate.
//!
//! Measured: bytes that Rust's allocator hands out while the victim's methods run, at their peak and beyond what it
//! had when it was made. AWS-LC's own allocations are not counted: their sizes do not depend on lengths a peer chooses.

use warifu::Error;

use crate::bytes::*;
use crate::extensions::ticket;
use crate::scene::{AFTER, Flight, Item, Outcome, Scene, Setting, find};
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

#[track_caller]
fn check(
    what: &str,
    victim: Side,
    setting: Setting,
    script: impl FnMut(usize, &mut Flight),
) -> Outcome {
    let outcome = Scene::new(victim, setting).play(script);
    println!("{what}: {} bytes, {:?}", outcome.heap_peak, outcome.error);
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

#[test]
fn longest_lists_of_a_client_hello_stay_in_bounds() {
    for (number, item) in [
        (10, &[0x10, 0][..]),
        (13, &[4, 3]),
        (16, &[1, b'a']),
        (47, &[0, 1, 7]),
        (50, &[4, 3]),
    ] {
        check(
            &format!("extension {number}"),
            Side::Server,
            ALL,
            |flight_number, flight| {
                if flight_number == 0 {
                    edit(find(flight, CLIENT_HELLO), |hello| {
                        hello.extensions.retain(|(other, _)| *other != number);
                        hello.extensions.push((number, full(item)));
                    });
                }
            },
        );
    }
}

#[test]
fn longest_certificate_request_stays_in_bounds() {
    check("authorities", Side::Client, ALL, |number, flight| {
        if number == 0 {
            edit(find(flight, CERTIFICATE_REQUEST), |request| {
                request.extensions.push((47, full(&[0, 1, 7])));
            });
            fragment(flight);
        }
    });
}

/// 128 KiB, announced and sent, in one certificate or in 32.
#[test]
fn longest_certificates_stay_in_bounds() {
    for (victim, flight_number) in [(Side::Client, 0), (Side::Server, 1)] {
        for count in [1, 2, 32] {
            check(
                &format!("{count} certificates"),
                victim,
                ALL,
                |number, flight| {
                    if number == flight_number {
                        let certificate = find(flight, CERTIFICATE);
                        let leaf_len =
                            usize::from(certificate[9]) << 8 | usize::from(certificate[10]);
                        let leaf = certificate[11..11 + leaf_len].to_vec();
                        let filler = vec![0x30; ((1 << 17) - 1_000) / count - 5];
                        let mut entries = [vector(3, &leaf), vec![0, 0]].concat();
                        for _ in 1..count.max(2) {
                            entries.extend([vector(3, &filler), vec![0, 0]].concat());
                        }
                        *certificate =
                            message(CERTIFICATE, &[vec![0], vector(3, &entries)].concat());
                        fragment(flight);
                    }
                },
            );
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
    let outcome = check("tickets", Side::Client, ALL, |number, flight| {
        if number == AFTER {
            let stream = long.repeat(32);
            flight.extend(stream.chunks(16_001).map(Item::post));
        }
    });
    assert_eq!(outcome.error, Some(Error::Truncated));
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
}
