//! Random and mutated streams through both roles: no panic, no loop, bounded memory, and always an end.
//!
//! `HOSTILE_STREAMS` sets how many; the default is what a test run can afford. The numbers are the same each time.

use std::sync::Arc;

use warifu::config::{Client, ConfigBuilder, Server};
use warifu::early_data::{MemoryReplayStore, ReplayableEarlyData};
use warifu::parameters::PskKeyExchangeMode;
use warifu::resumption::{MemorySessions, RotatingTicketKeys, Tickets};
use warifu::{ClientConfig, Connection, Error, Psk, ServerConfig};

use crate::bytes::*;
use crate::memory::HEAP_BOUND;
use crate::meter::Meter;
use crate::random::Random;
use crate::scene::{AFTER, Flight, Item, Level, Scene, Setting, find};
use crate::support::{FixedClock, Pair, Side, server_name};

const DEFAULT_STREAMS: u64 = 100_000;

fn streams() -> u64 {
    let count = std::env::var("HOSTILE_STREAMS").ok();
    count.map_or(DEFAULT_STREAMS, |count| count.parse().unwrap())
}

/// `HOSTILE_FIRST` starts at the stream that a failed test named.
fn first() -> u64 {
    let first = std::env::var("HOSTILE_FIRST").ok();
    first.map_or(0, |first| first.parse().unwrap())
}

/// Values that lengths and counts are likely to get wrong.
const INTERESTING: [u8; 12] = [0, 1, 2, 3, 4, 16, 32, 0x40, 0x7f, 0x80, 0xfe, 0xff];

/// Changes bytes as a fuzzer would: some flipped, set, removed, repeated, inserted, or cut off.
fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..1 + random.below(4) {
        if bytes.is_empty() {
            bytes.push(random.byte());
        }
        let at = random.below(bytes.len());
        let len = (1 + random.below(20)).min(bytes.len() - at);
        match random.below(8) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.byte(),
            2 => bytes[at] = INTERESTING[random.below(INTERESTING.len())],
            3 => {
                bytes.drain(at..at + len);
            }
            4 => {
                let again = bytes[at..at + len].to_vec();
                bytes.splice(at..at, again);
            }
            5 => {
                let more = random.bytes(len);
                bytes.splice(at..at, more);
            }
            6 => bytes.truncate(at),
            _ => {
                let other = random.below(bytes.len());
                bytes.swap(at, other);
            }
        }
    }
}

/// Changes a message that has extensions, with knowledge of how it is made.
fn mutate_extensions(random: &mut Random, message: &mut Vec<u8>) {
    edit(message, |message| {
        let extensions = &mut message.extensions;
        for _ in 0..1 + random.below(3) {
            if extensions.is_empty() {
                extensions.push((random.next() as u16 % 60, random.bytes(4)));
            }
            let at = random.below(extensions.len());
            match random.below(7) {
                0 => mutate(random, &mut extensions[at].1),
                1 => extensions[at].0 = random.next() as u16 % 60,
                2 => {
                    extensions.remove(at);
                }
                3 => {
                    let again = extensions[at].clone();
                    extensions.push(again);
                }
                4 => extensions.swap(0, at),
                5 => {
                    let len = random.below(12);
                    extensions.push((random.next() as u16 % 60, random.bytes(len)));
                }
                _ => extensions[at].1.clear(),
            }
        }
    });
}

fn mutate_message(random: &mut Random, message: &mut Vec<u8>) {
    // A fragment that another mutation made is no message to take apart.
    if Dissected::read(message).is_some() && !random.one_in(3) {
        mutate_extensions(random, message);
        return;
    }
    if random.one_in(3) {
        // The header too.
        mutate(random, message);
        return;
    }
    let mut body = message[4..].to_vec();
    mutate(random, &mut body);
    *message = self::message(message[0], &body);
}

/// Changes a flight: its messages, their order, their fragments, what comes between.
fn mutate_flight(random: &mut Random, flight: &mut Flight) {
    for _ in 0..1 + random.below(2) {
        if flight.is_empty() {
            return;
        }
        let at = random.below(flight.len());
        let item = flight[at].clone();
        match random.below(10) {
            0..=3 if item.content_type == HANDSHAKE && item.bytes.len() >= 4 => {
                mutate_message(random, &mut flight[at].bytes);
            }
            4 => {
                flight.remove(at);
            }
            5 => flight.insert(at, item),
            6 => {
                let other = random.below(flight.len());
                flight.swap(at, other);
            }
            7 if item.bytes.len() > 1 && item.level != Level::Raw => {
                let cut = 1 + random.below(item.bytes.len() - 1);
                let rest = flight[at].bytes.split_off(cut);
                flight.insert(at + 1, Item::new(item.level, item.content_type, &rest));
            }
            8 => {
                let types = [20, 21, 22, 23, 24, 0];
                let len = random.below(20);
                let intruder = Item {
                    level: item.level,
                    content_type: types[random.below(types.len())],
                    bytes: random.bytes(len),
                    padding: random.below(50),
                };
                flight.insert(at, intruder);
            }
            _ => {
                let len = random.below(40);
                let mut raw = random.bytes(len);
                if random.one_in(2) && len > 5 {
                    raw[..3].copy_from_slice(&[23, 3, 3]);
                    raw[3] = 0;
                }
                flight.insert(at, Item::raw(&raw));
            }
        }
    }
}

/// Names the stream that a test panics on.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}", self.0);
        }
    }
}

/// Feeds a stream that needs no keys, and expects the victim to have ended.
fn feed(mut victim: Connection, stream: &[u8], piece: usize) -> i64 {
    let mut heap = Meter::default();
    let _ = heap.measure(|| victim.process());
    let mut rest = stream;
    let mut steps = 0;
    while !rest.is_empty() && victim.failure().is_none() {
        let len = rest.len().min(piece);
        let taken = heap.measure(|| victim.receive(&rest[..len]));
        let _ = heap.measure(|| victim.process());
        rest = &rest[taken..];
        steps += 1;
        assert!(steps <= stream.len(), "no progress");
    }
    victim.received_eof();
    let _ = heap.measure(|| victim.process());
    let failure = victim.failure().expect("the stream has ended");
    assert!(!matches!(failure, Error::Internal(_)), "{failure}");
    heap.peak
}

/// A message in records, cut at random, with or without garbage behind.
fn in_records(random: &mut Random, message: &[u8]) -> Vec<u8> {
    let fragment = if random.one_in(4) {
        1 + random.below(200)
    } else {
        1 << 14
    };
    let mut stream: Vec<u8> = message
        .chunks(fragment)
        .flat_map(|part| record(HANDSHAKE, part))
        .collect();
    if random.one_in(4) {
        let len = random.below(100);
        let garbage = random.bytes(len);
        stream.extend(record([20, 21, 22, 23][random.below(4)], &garbage));
    }
    if random.one_in(10) {
        mutate(random, &mut stream);
    }
    stream
}

const SETTINGS: [Setting; 4] = [
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
        client_auth: false,
        post_handshake_auth: true,
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

/// A key that both sides of a scene have: two values, as they are two nodes.
fn psk(imported: bool) -> Psk {
    let psk = Psk::new("hostile", [7; 32]).unwrap();
    match imported {
        true => psk.with_import("context"),
        false => psk,
    }
}

/// How the two sides of a scene use keys, beside certificates.
#[derive(Clone, Copy)]
enum Keys {
    None,
    External(PskKeyExchangeMode),
    Imported,
}

const KEYS: [Keys; 4] = [
    Keys::None,
    Keys::External(PskKeyExchangeMode::PSK_DHE_KE),
    Keys::External(PskKeyExchangeMode::PSK_KE),
    Keys::Imported,
];

impl Keys {
    fn of_client(self, client: ConfigBuilder<Client>) -> ConfigBuilder<Client> {
        let client = client.with_session_store(MemorySessions::new(4));
        match self {
            Self::None => client,
            Self::External(mode) => client.with_psks([psk(false)]).with_psk_modes(&[mode]),
            Self::Imported => client.with_psks([psk(true)]),
        }
    }

    fn of_server(self, server: ConfigBuilder<Server>) -> ConfigBuilder<Server> {
        match self {
            Self::None => server,
            Self::External(mode) => server.with_psk_store(psk(false)).with_psk_modes(&[mode]),
            Self::Imported => server.with_psk_store(psk(true)),
        }
    }
}

/// ClientHellos with keys, a ticket and early data, and the server that knows all of them.
fn with_keys_and_tickets() -> (Vec<Vec<u8>>, Arc<ServerConfig>) {
    let pki = crate::scene::pki();
    let both = |psk: Psk| psk.with_replayable_early_data(1000);
    let server = ServerConfig::builder(pki.server.clone())
        .with_clock(Arc::new(FixedClock))
        .with_psk_store(
            both(psk(false).with_both_forms("context")).with_role(warifu::psk::PskRole::Server),
        )
        .with_psk_modes(&[PskKeyExchangeMode::PSK_DHE_KE, PskKeyExchangeMode::PSK_KE])
        .with_tickets(Tickets::stateless(RotatingTicketKeys::default()))
        .with_replayable_early_data(ReplayableEarlyData::new(
            1000,
            MemoryReplayStore::default().with_external_keys_until_restart(100),
        ))
        .build()
        .unwrap();
    let store = Arc::new(MemorySessions::new(4));
    let client = ClientConfig::builder(pki.trust())
        .with_clock(Arc::new(FixedClock))
        .with_middlebox_compatibility(false)
        .with_psks([both(psk(false).with_both_forms("context"))])
        .with_session_store(store)
        .with_replayable_early_data(true)
        .build()
        .unwrap();
    let mut hellos = Vec::new();
    // The first connection brings the tickets that the others offer too.
    for _ in 0..3 {
        let mut pair = Pair {
            client: Connection::client(client.clone(), server_name()),
            server: Connection::server(server.clone()),
        };
        pair.client.process().unwrap();
        let output = pair.client.output();
        let len = usize::from(u16::from_be_bytes([output[3], output[4]]));
        hellos.push(output[5..5 + len].to_vec());
        pair.handshake().unwrap();
        pair.transfer();
        pair.client.peek().unwrap();
    }
    (hellos, server)
}

/// The first message to the victim, as each setting makes it.
fn recorded_hellos(victim: Side) -> Vec<Vec<u8>> {
    let (flight_number, message_type) = match victim {
        Side::Client => (0, SERVER_HELLO),
        Side::Server => (0, CLIENT_HELLO),
    };
    let mut hellos = Vec::new();
    for setting in SETTINGS {
        Scene::with(
            victim,
            setting,
            |client| client.with_middlebox_compatibility(false),
            |server| server,
        )
        .play(|number, flight| {
            if number == flight_number {
                hellos.push(find(flight, message_type).clone());
            }
        });
    }
    hellos
}

#[test]
fn hostile_streams_end_in_bounds() {
    let started = std::time::Instant::now();
    let pki = crate::scene::pki();
    let client_config = warifu::ClientConfig::builder(pki.trust())
        .with_clock(std::sync::Arc::new(FixedClock))
        .with_groups(&[
            warifu::parameters::NamedGroup::X25519,
            warifu::parameters::NamedGroup::SECP256R1,
        ])
        .with_middlebox_compatibility(false)
        .build()
        .unwrap();
    let server_config = warifu::ServerConfig::builder(pki.server.clone())
        .with_clock(std::sync::Arc::new(FixedClock))
        .with_client_auth(warifu::ClientAuth::required(pki.trust()))
        .build()
        .unwrap();
    let client_hellos = recorded_hellos(Side::Server);
    let (hellos_with_keys, server_with_keys) = with_keys_and_tickets();
    let server_hellos = recorded_hellos(Side::Client);
    let mut counts = [0_u64; 4];
    let mut peak = 0;
    for seed in first()..first() + streams() {
        let _named = Named(seed);
        let mut random = Random::new(seed);
        let to_server = random.one_in(2);
        let with_keys = to_server && random.one_in(2);
        let victim = || match to_server {
            true if with_keys => Connection::server(server_with_keys.clone()),
            true => Connection::server(server_config.clone()),
            false => Connection::client(client_config.clone(), server_name()),
        };
        let piece = if random.one_in(4) {
            1 + random.below(50)
        } else {
            usize::MAX
        };
        let (kind, heap_peak) = match random.below(10) {
            0 => {
                let len = random.below(400);
                let mut stream = random.bytes(len);
                if random.one_in(2) && len > 5 {
                    // A header that promises a record.
                    stream[..4].copy_from_slice(&[22, 3, 1, 0]);
                    stream[5] = if to_server { 1 } else { 2 };
                }
                (0, feed(victim(), &stream, piece))
            }
            1..=6 => {
                let hellos = match (to_server, with_keys) {
                    (true, true) => &hellos_with_keys,
                    (true, false) => &client_hellos,
                    (false, _) => &server_hellos,
                };
                let mut hello = hellos[random.below(hellos.len())].clone();
                mutate_message(&mut random, &mut hello);
                let stream = in_records(&mut random, &hello);
                (1, feed(victim(), &stream, piece))
            }
            kind => {
                let side = if to_server {
                    Side::Server
                } else {
                    Side::Client
                };
                let setting = SETTINGS[random.below(SETTINGS.len())];
                let changed = match kind {
                    7 => AFTER,
                    _ => random.below(2 + usize::from(setting.retry)),
                };
                let keys = KEYS[random.below(KEYS.len())];
                let mut scene = Scene::with(
                    side,
                    setting,
                    |client| keys.of_client(client),
                    |server| keys.of_server(server),
                );
                scene.pieces = Box::new(move || piece);
                let outcome = scene.play(|number, flight| {
                    if number == AFTER {
                        flight.push(Item::data(b"data"));
                        flight.push(Item::post(&message(KEY_UPDATE, &[1])));
                        flight.push(Item::rekey());
                        flight.push(Item::post(&crate::extensions::ticket()));
                        flight.push(Item::data(b"data"));
                        flight.push(Item::new(Level::Application, ALERT, &[1, 0]));
                    }
                    if number == changed {
                        mutate_flight(&mut random, flight);
                    }
                });
                let internal = matches!(outcome.error, Some(Error::Internal(_)));
                assert!(!internal, "{:?}", outcome.error);
                assert!(outcome.error.is_some() || outcome.closed, "no end");
                (2 + usize::from(kind == 7), outcome.heap_peak)
            }
        };
        counts[kind] += 1;
        peak = peak.max(heap_peak);
        assert!(heap_peak <= HEAP_BOUND, "{heap_peak} bytes");
    }
    println!(
        "{} streams (random {}, hellos {}, handshakes {}, connections {}), peak {peak} heap bytes, {:?}",
        streams(),
        counts[0],
        counts[1],
        counts[2],
        counts[3],
        started.elapsed()
    );
}
