//! Peers that send as much of something as they can. Each test states the bound, and measures what the victim's heap comes to.
//!
//! "Taken" is how much of it the victim takes before it ends the connection: its work is in proportion to that. With `--nocapture`
//! each prints its line of the table in docs/conformance/hostile.md.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{GeneralSubtree, NameConstraints};
use warifu::config::{ConfigBuilder, Server};
use warifu::decision::Answer;
use warifu::parameters::{AlertDescription, CipherSuite};
use warifu::psk::{PskPolicy, PskRequest, PskStore};
use warifu::resumption::MemorySessions;
use warifu::{CertificateError, Error, PeerMisbehaved, Psk};

use crate::bytes::*;
use crate::extensions::ticket;
use crate::memory::HEAP_BOUND;
use crate::meter::{Meter, report};
use crate::psk::{PLAIN, RETRY};
use crate::scene::{
    EARLY_LIMIT, Flight, Item, Level, Outcome, Scene, Setting, expect_silence, find, pki,
};
use crate::support::Side;
use crate::support::psk::psk;

const SIDES: [Side; 2] = [Side::Client, Side::Server];
const UNEXPECTED_MESSAGE: AlertDescription = AlertDescription::UNEXPECTED_MESSAGE;
const ILLEGAL_PARAMETER: AlertDescription = AlertDescription::ILLEGAL_PARAMETER;
const BAD_CERTIFICATE: AlertDescription = AlertDescription::BAD_CERTIFICATE;

const MUTUAL: Setting = Setting {
    client_auth: true,
    ..PLAIN
};
const POST: Setting = Setting {
    post_handshake_auth: true,
    ..PLAIN
};

/// What floods come to at most: a record, what is in it, and an answer to it.
const FLOOD_BOUND: i64 = 40 << 10;

/// Plays an honest handshake to its end.
fn established(mut scene: Scene) -> Scene {
    scene.begin();
    while scene.victim.is_handshaking() || scene.honest.is_handshaking() {
        for item in scene.take_honest_flight() {
            scene.send_item(&item);
        }
    }
    scene.heap = Meter::default();
    scene
}

/// Sends an honest flight up to its item number `len`, after the flights before it.
fn up_to(mut scene: Scene, flight: usize, len: usize) -> Scene {
    scene.begin();
    for number in 0..=flight {
        let mut items = scene.take_honest_flight();
        if number == flight {
            items.truncate(len);
        }
        for item in items {
            scene.send_item(&item);
        }
    }
    scene.heap = Meter::default();
    scene
}

/// Sends the same again and again until the victim has had enough, 20,000 times at most. Returns how often it was taken.
fn flood(scene: &mut Scene, items: &[Item]) -> usize {
    for count in 0..20_000 {
        for item in items {
            scene.send_item(item);
            if scene.is_over() {
                return count;
            }
        }
    }
    20_000
}

/// The victim has taken so much and not more, and ended with this error and this alert.
#[track_caller]
fn expect_end(
    scene: Scene,
    what: &str,
    error: impl Into<Error>,
    alert: AlertDescription,
) -> Outcome {
    let outcome = scene.end();
    crate::scene::expect(what, &outcome, error, alert);
    outcome
}

/// A flood that ends at a limit.
#[track_caller]
fn check_flood(
    what: &str,
    mut scene: Scene,
    items: &[Item],
    limit: usize,
    error: impl Into<Error>,
) {
    let taken = flood(&mut scene, items);
    let heap = scene.heap;
    assert_eq!(taken, limit, "{what}");
    expect_end(scene, what, error, UNEXPECTED_MESSAGE);
    assert!(heap.peak <= FLOOD_BOUND, "{what}: {} bytes", heap.peak);
    report(
        what,
        &format!("{limit} in a row"),
        &taken.to_string(),
        &heap,
    );
}

fn key_update(request: u8) -> [Item; 2] {
    [Item::post(&message(KEY_UPDATE, &[request])), Item::rekey()]
}

fn certificate_request() -> Item {
    let extensions = [u16_bytes(13), vector(2, &vector(2, &[4, 3]))].concat();
    let body = [vector(1, b"context"), vector(2, &extensions)].concat();
    Item::post(&message(CERTIFICATE_REQUEST, &body))
}

fn alert(level: Level, description: u8) -> Item {
    Item::new(level, ALERT, &[1, description])
}

#[test]
fn floods_end_at_their_limits() {
    let empty = PeerMisbehaved::TooManyEmptyRecords { limit: 32 };
    for victim in SIDES {
        let flight = usize::from(victim == Side::Server);
        let to = format!("to a {victim:?}").to_lowercase();
        // Up to the dummy of the flight.
        let in_handshake = || up_to(Scene::new(victim, MUTUAL), flight, 2 - flight);
        check_flood(
            &format!("dummy change_cipher_spec, {to}"),
            in_handshake(),
            &[Item::change_cipher_spec()],
            // One came with the flight.
            31,
            empty.clone(),
        );
        check_flood(
            &format!("user_canceled in the handshake, {to}"),
            in_handshake(),
            &[alert(Level::Handshake, 90)],
            4,
            PeerMisbehaved::TooManyWarningAlerts { limit: 4 },
        );
        let after = || established(Scene::new(victim, MUTUAL));
        check_flood(
            &format!("empty records, {to}"),
            after(),
            &[Item::data(&[])],
            32,
            empty.clone(),
        );
        let mut padded = Item::data(&[]);
        padded.padding = 16_000;
        check_flood(
            &format!("empty records of 16 KB of padding, {to}"),
            after(),
            &[padded],
            32,
            empty.clone(),
        );
        check_flood(
            &format!("user_canceled, {to}"),
            after(),
            &[alert(Level::Application, 90)],
            4,
            PeerMisbehaved::TooManyWarningAlerts { limit: 4 },
        );
        for request in [0, 1] {
            let asks = ["", " that asks for one"][usize::from(request)];
            check_flood(
                &format!("KeyUpdate{asks}, {to}"),
                after(),
                &key_update(request),
                32,
                PeerMisbehaved::TooManyKeyUpdates { limit: 32 },
            );
        }
    }
    check_flood(
        "NewSessionTicket, to a client",
        established(Scene::new(Side::Client, MUTUAL)),
        &[Item::post(&ticket())],
        32,
        PeerMisbehaved::TooManyTickets { limit: 32 },
    );
    check_flood(
        "CertificateRequest after the handshake, to a client",
        established(Scene::new(Side::Client, POST)),
        &[certificate_request()],
        4,
        PeerMisbehaved::TooManyCertificateRequests { limit: 4 },
    );
    let mut early = Scene::resumed(Side::Server, |client| client, |server| server);
    early.early_writes = vec![b"one".to_vec()];
    check_flood(
        "empty records of early data, to a server",
        up_to(early, 0, 3),
        &[Item::new(Level::Early, APPLICATION_DATA, &[])],
        32,
        empty,
    );
}

/// With a byte of data between them floods are legal. They cost the peer as much as us, and nothing grows.
#[test]
fn what_is_legal_for_ever_costs_no_memory() {
    let data = Item::data(&[1]);
    for victim in SIDES {
        for (what, items) in [
            ("KeyUpdate that asks for one", key_update(1).to_vec()),
            ("KeyUpdate", key_update(0).to_vec()),
            ("empty record", vec![Item::data(&[])]),
            ("user_canceled", vec![alert(Level::Application, 90)]),
            ("NewSessionTicket", vec![Item::post(&ticket())]),
            ("CertificateRequest", vec![certificate_request()]),
        ] {
            let is_for_clients = ["NewSessionTicket", "CertificateRequest"].contains(&what);
            if is_for_clients && victim == Side::Server {
                continue;
            }
            let setting = match what {
                "CertificateRequest" => POST,
                _ => PLAIN,
            };
            let scene = Scene::with(
                victim,
                setting,
                |client| client.with_session_store(MemorySessions::new(4)),
                |server| server,
            );
            let mut scene = established(scene);
            let round = [items, vec![data.clone()]].concat();
            let rounds = 500;
            for _ in 0..rounds {
                for item in &round {
                    scene.send_item(item);
                }
            }
            assert!(!scene.is_over(), "{what}");
            let heap = scene.heap;
            assert!(heap.peak <= FLOOD_BOUND, "{what}: {} bytes", heap.peak);
            let what = format!("{what} with a byte of data behind each, to a {victim:?}");
            report(&what.to_lowercase(), "none", &rounds.to_string(), &heap);
        }
    }
}

/// Records of one byte, given to the victim byte by byte, through whole handshakes.
#[test]
fn handshakes_in_records_of_one_byte_are_borne() {
    let mut heap = Meter::default();
    let mut records = 0;
    let both = Setting {
        retry: true,
        ..MUTUAL
    };
    for victim in SIDES {
        for setting in [PLAIN, MUTUAL, RETRY, both] {
            let mut scene = Scene::new(victim, setting);
            scene.pieces = Box::new(|| 1);
            scene.begin();
            while scene.victim.is_handshaking() || scene.honest.is_handshaking() {
                for item in scene.take_honest_flight() {
                    for byte in item.bytes.chunks(match item.content_type {
                        HANDSHAKE => 1,
                        _ => usize::MAX,
                    }) {
                        scene.send_item(&Item::new(item.level, item.content_type, byte));
                        records += 1;
                    }
                }
            }
            assert!(scene.heap.peak <= FLOOD_BOUND, "{}", scene.heap.peak);
            heap.peak = heap.peak.max(scene.heap.peak);
            scene.send_item(&Item::data(b"goes through"));
            assert_eq!(scene.end().data, b"goes through");
        }
    }
    report(
        "whole handshakes in records of 1 byte",
        "none",
        &format!("{records} records"),
        &heap,
    );
}

/// The longest message that is taken, in records of one byte: work is in proportion to the bytes, however they are cut.
#[test]
fn the_longest_message_in_records_of_one_byte_costs_no_more() {
    const LEN: usize = 1 << 17;
    for (victim, flight, message_type, name) in [
        (Side::Client, 0, CERTIFICATE, "Certificate"),
        (Side::Server, 1, CERTIFICATE, "Certificate"),
        (Side::Server, 0, CLIENT_HELLO, "ClientHello"),
    ] {
        let mut allocations = Vec::new();
        for cut in [1, 1 << 14] {
            let mut scene = Scene::new(victim, MUTUAL);
            scene.begin();
            for number in 0..=flight {
                for item in scene.take_honest_flight() {
                    let is_it = number == flight && item.bytes[0] == message_type;
                    if !is_it {
                        scene.send_item(&item);
                        continue;
                    }
                    scene.heap = Meter::default();
                    // All but the last byte, so that nothing is read yet.
                    let long = message(message_type, &vec![0x30; LEN]);
                    for part in long[..long.len() - 1].chunks(cut) {
                        scene.send_item(&Item::new(item.level, HANDSHAKE, part));
                    }
                    break;
                }
            }
            assert!(!scene.is_over());
            let heap = scene.heap;
            assert!(heap.peak <= HEAP_BOUND, "{} bytes", heap.peak);
            allocations.push(heap.allocations);
            let what = format!("{name} of 128 KiB in records of {cut} bytes, to a {victim:?}");
            let taken = format!("{} records", LEN.div_ceil(cut));
            report(&what.to_lowercase(), "128 KiB", &taken, &heap);
        }
        // Memory doubles as it grows: a few times, and not with each record.
        assert!(
            allocations.iter().all(|count| *count < 60),
            "{allocations:?}"
        );
    }
}

/// RFC 8446 Section 4.2.10 lets a server skip early data that it does not take; by the byte it is as much as by the record.
#[test]
fn early_data_that_is_not_taken_ends_at_a_limit() {
    for (len, taken) in [(1, 1_424), (1_000, 32), (16_000, 2)] {
        let mut scene = Scene::resumed(
            Side::Server,
            |client| client,
            |server| {
                let early = warifu::early_data::MemoryReplayStore::default();
                let early = warifu::early_data::ReplayableEarlyData::new(1, early);
                server.with_replayable_early_data(early)
            },
        );
        scene.early_writes = vec![b"one".to_vec()];
        let mut scene = up_to(scene, 0, 2);
        let record = Item::new(Level::Early, APPLICATION_DATA, &vec![7; len]);
        let count = flood(&mut scene, &[record]);
        let heap = scene.heap;
        assert_eq!(count, taken, "records of {len}");
        let alert = AlertDescription::BAD_RECORD_MAC;
        expect_end(scene, "skipped", PeerMisbehaved::BadRecordMac, alert);
        assert!(heap.peak <= FLOOD_BOUND, "{} bytes", heap.peak);
        let what = format!("early data that is not taken, records of {len} bytes");
        report(&what, "32 KiB of records", &count.to_string(), &heap);
    }
    assert_eq!(EARLY_LIMIT, 1 << 14);
}

/// A Certificate of these certificates.
fn certificate_of(chain: &[Vec<u8>]) -> Vec<u8> {
    let entries: Vec<u8> = chain
        .iter()
        .flat_map(|certificate| [vector(3, certificate), vec![0, 0]].concat())
        .collect();
    message(CERTIFICATE, &[vec![0], vector(3, &entries)].concat())
}

/// Puts a Certificate of the peer's in place of the honest one.
fn with_certificate(victim: Side, certificate: &[u8]) -> (Outcome, Meter) {
    let flight_number = usize::from(victim == Side::Server);
    let mut scene = Scene::new(victim, MUTUAL);
    scene.begin();
    for number in 0..=flight_number {
        let mut flight = scene.take_honest_flight();
        if number == flight_number {
            *find(&mut flight, CERTIFICATE) = certificate.to_vec();
            flight = in_records(&flight);
            scene.heap = Meter::default();
        }
        for item in &flight {
            scene.send_item(item);
            if scene.is_over() {
                break;
            }
        }
    }
    let heap = scene.heap;
    (scene.end(), heap)
}

/// Records hold at most 16 KiB.
fn in_records(flight: &Flight) -> Flight {
    let cut = |item: &Item| {
        let parts = item.bytes.chunks(1 << 14);
        parts
            .map(|part| Item::new(item.level, item.content_type, part))
            .collect::<Vec<_>>()
    };
    flight.iter().flat_map(cut).collect()
}

#[test]
fn chains_and_certificates_that_are_too_much_are_refused() {
    const BOUND: i64 = HEAP_BOUND;
    let too_complex = || Error::from(CertificateError::TooComplex);
    for victim in SIDES {
        let leaf = pki().ca.leaf().to_vec();
        let many = |count: usize| certificate_of(&vec![leaf.clone(); count]);
        for (what, bound, certificate, error, alert) in [
            (
                "chain of 33 certificates",
                "32 certificates",
                many(33),
                too_complex(),
                BAD_CERTIFICATE,
            ),
            (
                "chain of 26,000 certificates of no byte",
                "one byte each",
                certificate_of(&vec![Vec::new(); 26_000]),
                PeerMisbehaved::Malformed {
                    what: "CertificateEntry.cert_data",
                    problem: "shorter than the minimum",
                }
                .into(),
                AlertDescription::DECODE_ERROR,
            ),
            (
                "chain of 21,000 certificates of one byte",
                "32 certificates",
                certificate_of(&vec![vec![0x30]; 21_000]),
                too_complex(),
                BAD_CERTIFICATE,
            ),
            (
                "Certificate of 128 KiB and a byte",
                "128 KiB",
                certificate_of(&[vec![0x30; (1 << 17) - 8]]),
                PeerMisbehaved::MessageTooLong {
                    message: warifu::parameters::HandshakeType::CERTIFICATE,
                    len: (1 << 17) + 1,
                    limit: 1 << 17,
                }
                .into(),
                ILLEGAL_PARAMETER,
            ),
        ] {
            let (outcome, heap) = with_certificate(victim, &certificate);
            crate::scene::expect(what, &outcome, error, alert);
            assert!(heap.peak <= BOUND, "{what}: {} bytes", heap.peak);
            let what = format!("{what}, to a {victim:?}").to_lowercase();
            report(&what, bound, "-", &heap);
        }
    }
}

/// Certificates that a CA signed which should not have: a leaf of many names below a CA with many constraints, each of which is
/// compared with each; and a leaf of many extensions.
#[test]
fn certificates_made_to_cost_time_are_refused() {
    let names = |count: usize| (0..count).map(|number| format!("{number}.host.example"));
    let subtrees = |count: usize| {
        let subtree = |name: String| GeneralSubtree::DnsName(format!("x{name}"));
        names(count).map(subtree).collect()
    };
    let ca = pki().ca.intermediate_with("constrained", |params| {
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("host.example".to_owned())],
            excluded_subtrees: subtrees(1_500),
        });
    });
    let many: Vec<String> = names(1_500).chain(["host.example".to_owned()]).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let of_many_names = ca.leaf_and_key(&many, |_| {}).0.to_vec();
    let of_many_extensions = pki().ca.leaf_with(|params| {
        params.custom_extensions = (0..2_000)
            .map(|number| {
                let oid = [1, 3, 6, 1, 4, 1, 99_999, number];
                rcgen::CustomExtension::from_oid_content(&oid, vec![5, 0])
            })
            .collect();
    });
    for victim in SIDES {
        let constrained = [of_many_names.clone(), ca.certificate.to_vec()];
        let (outcome, heap) = with_certificate(victim, &certificate_of(&constrained));
        let error = CertificateError::TooComplex;
        crate::scene::expect("names", &outcome, error, BAD_CERTIFICATE);
        assert!(heap.peak <= HEAP_BOUND, "{} bytes", heap.peak);
        let what = format!("1,500 names below 1,500 name constraints, to a {victim:?}");
        report(&what.to_lowercase(), "250,000 comparisons", "-", &heap);

        let certificate = certificate_of(&[of_many_extensions.to_vec()]);
        let (outcome, heap) = with_certificate(victim, &certificate);
        // It is believed; that the peer has its key is not, as the honest one signs by another.
        let alert = AlertDescription::DECRYPT_ERROR;
        crate::scene::expect("extensions", &outcome, PeerMisbehaved::BadSignature, alert);
        assert!(heap.peak <= HEAP_BOUND, "{} bytes", heap.peak);
        let what = format!("certificate of 2,000 extensions, to a {victim:?}");
        report(&what.to_lowercase(), "none", "all", &heap);
    }
}

/// Keys in numbers: how many of them are asked for.
#[derive(Debug, Default)]
struct Counting(AtomicUsize);

impl PskStore for Counting {
    fn find<'a>(&'a self, _: PskRequest<'a>) -> Answer<'a, Result<Option<Psk>, Error>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Answer::Ready(Ok(None))
    }
}

/// Sends a ClientHello changed in this way to a server; tells how it ends.
fn client_hello(scene: Scene, change: impl FnOnce(&mut Dissected)) -> (Outcome, Meter) {
    let mut scene = scene;
    scene.begin();
    let mut flight = scene.take_honest_flight();
    edit(find(&mut flight, CLIENT_HELLO), change);
    scene.heap = Meter::default();
    for item in in_records(&flight) {
        scene.send_item(&item);
        if scene.is_over() {
            break;
        }
    }
    let heap = scene.heap;
    (scene.end(), heap)
}

#[test]
fn identities_shares_and_extensions_without_number_are_borne_or_refused() {
    let aes = [CipherSuite::TLS_AES_128_GCM_SHA256];
    // Identities: only the first few are looked up.
    let store = Arc::new(Counting::default());
    let scene = Scene::with(
        Side::Server,
        PLAIN,
        |client| {
            let client = client.with_cipher_suites(&aes).with_psks([psk("alice")]);
            client.with_psk_policy(PskPolicy::Optional)
        },
        |server: ConfigBuilder<Server>| {
            let server = server.with_psk_store(store.clone());
            server.with_psk_policy(PskPolicy::Optional)
        },
    );
    let count = 1_500;
    let (outcome, heap) = client_hello(scene, |hello| {
        let identity = [vector(2, &[7]), vec![0; 4]].concat().repeat(count);
        let binder = vector(1, &[7; 32]).repeat(count);
        let offer = [vector(2, &identity), vector(2, &binder)].concat();
        *hello.extension(41) = offer;
    });
    // The handshake goes on with a certificate, up to the honest client's Finished, which does not come.
    let expected = "Finished";
    let unfinished = Error::ClosedDuringHandshake { expected };
    expect_silence("identities", &outcome, unfinished.clone());
    assert_eq!(store.0.load(Ordering::Relaxed), 8);
    assert!(heap.peak <= HEAP_BOUND, "{} bytes", heap.peak);
    report(
        "1,500 identities of pre-shared keys",
        "8 are looked up",
        "all",
        &heap,
    );

    // Key shares of groups that nobody has, each once.
    let shares = |count: u16| {
        let share = |group: u16| [u16_bytes(0x4000 + group), vector(2, &[1])].concat();
        let all: Vec<u8> = (0..count).flat_map(share).collect();
        vector(2, &all)
    };
    let groups = |count: u16| {
        let all: Vec<u8> = (0..count)
            .flat_map(|group| u16_bytes(0x4000 + group))
            .collect();
        vector(2, &[all, u16_bytes(29)].concat())
    };
    let (outcome, heap) = client_hello(Scene::new(Side::Server, PLAIN), |hello| {
        *hello.extension(10) = groups(8_000);
        *hello.extension(51) = shares(8_000);
    });
    let awaits = Error::ClosedDuringHandshake {
        expected: "ClientHello",
    };
    expect_silence("key shares", &outcome, awaits);
    assert!(heap.peak <= HEAP_BOUND, "{} bytes", heap.peak);
    report("8,000 key shares", "none; a retry", "all", &heap);

    // Extensions that nobody knows, each once, as many as there is room for.
    let unknown = |count: u16| {
        move |hello: &mut Dissected| {
            let unknown = (0..count).map(|number| (0x4000 + number, Vec::new()));
            hello.extensions.splice(0..0, unknown);
        }
    };
    let (outcome, heap) = client_hello(Scene::new(Side::Server, PLAIN), unknown(16_000));
    expect_silence("extensions", &outcome, unfinished);
    assert!(heap.peak <= HEAP_BOUND, "{} bytes", heap.peak);
    report("16,000 unknown extensions", "none", "all", &heap);
}

#[test]
fn long_tickets_are_kept_up_to_a_limit() {
    let ticket_of = |len: usize| {
        let mut body = vec![0, 0, 0x1c, 0x20, 1, 2, 3, 4];
        body.extend(vector(1, &[0]));
        body.extend(vector(2, &vec![9; len]));
        body.extend(vector(2, &[]));
        message(NEW_SESSION_TICKET, &body)
    };
    for (len, is_kept) in [(60_000, true), (65_535, false)] {
        let store = Arc::new(MemorySessions::new(100));
        let scene = Scene::with(
            Side::Client,
            PLAIN,
            |client| client.with_session_store(store.clone()),
            |server| server,
        );
        let mut scene = established(scene);
        let round = in_records(&vec![Item::post(&ticket_of(len)), Item::data(&[1])]);
        for _ in 0..200 {
            for item in &round {
                scene.send_item(item);
            }
        }
        let heap = scene.heap;
        expect_silence("tickets", &scene.end(), Error::Truncated);
        // 64 KiB each, four for a server (ARCHITECTURE.md), and what one message takes on its way.
        let bound = match is_kept {
            true => 4 * (64 << 10) + HEAP_BOUND,
            false => HEAP_BOUND,
        };
        assert!(heap.peak <= bound, "{} bytes", heap.peak);
        let bound = ["not kept", "4 for a server"][usize::from(is_kept)];
        report(
            &format!("200 tickets of {len} bytes, data between them"),
            bound,
            "200",
            &heap,
        );
    }
}
