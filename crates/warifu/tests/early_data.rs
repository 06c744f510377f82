//! Early data between our own two sides: taken, and not taken for each reason.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::resumption::{
    MovableClock, OneKey, World, connect, expect_alive, expect_early_data, expect_rejected,
    expect_resumed, finish_early, meet, meet_again, read_early, same,
};
use support::{Pair, Side, deliver, move_bytes, pattern};
use warifu::config::KeyLog;
use warifu::early_data::{MemoryReplayStore, ReplayStore, ReplayableEarlyData};
use warifu::parameters::{AlertDescription, CipherSuite, NamedGroup, PskKeyExchangeMode};
use warifu::resumption::Tickets;
use warifu::{
    ClientAuth, EarlyData, HandshakeKind, Padding, PeerMisbehaved, Psk, ReadOutcome, UsageError,
    Waiting,
};

#[test]
fn early_data_arrives_with_the_client_hello() {
    let world = World::new();
    let (client, server) = (world.early_client(same), world.early_server(1000, same));
    let mut pair = meet_again(&client, &server);
    assert_eq!(pair.client.write_replayable_early_data(b"request"), Ok(7));
    assert_eq!(pair.client.write_replayable_early_data(b"another"), Ok(7));
    assert_eq!(pair.client.early_data(), EarlyData::Offered);
    assert_eq!(
        pair.server.read_replayable_early_data(&mut [0; 9]),
        Ok(ReadOutcome::NeedBytes)
    );
    move_bytes(&mut pair.client, &mut pair.server);
    pair.server.process().unwrap();
    assert_eq!(pair.server.early_data(), EarlyData::Accepted);
    assert!(pair.server.is_handshaking());
    assert_eq!(
        pair.server.waiting(),
        Some(Waiting::Bytes("EndOfEarlyData"))
    );
    assert_eq!(read_early(&mut pair.server), [b"request", b"another"]);
    // More may come until the client has heard of the server.
    assert_eq!(
        pair.server.read_replayable_early_data(&mut [0; 9]),
        Ok(ReadOutcome::NeedBytes)
    );
    assert_eq!(pair.client.write_replayable_early_data(b"more"), Ok(4));
    assert_eq!(finish_early(&mut pair), [b"more"]);
    expect_resumed(&pair);
    expect_early_data(&pair, EarlyData::Accepted, None);
    assert_eq!(
        pair.server.read_replayable_early_data(&mut [0; 9]),
        Ok(ReadOutcome::Closed)
    );
    expect_alive(&mut pair);
    // The tickets of this connection are as good.
    let mut pair = meet(&client, &server);
    pair.client.write_replayable_early_data(b"third").unwrap();
    assert_eq!(finish_early(&mut pair), [b"third"]);
    let statistics = server.psk_statistics();
    assert_eq!(
        (
            statistics.early_data_accepted,
            statistics.early_data_declined
        ),
        (2, 0)
    );
}

#[test]
fn only_a_client_writes_early_data_and_only_a_server_reads_it() {
    let mut pair = Pair::new();
    let refused = |text| Err(UsageError::NotAvailable(text).into());
    assert_eq!(
        pair.server.write_replayable_early_data(b"x"),
        refused("only a client sends early data")
    );
    let refused = |text| Err(UsageError::NotAvailable(text).into());
    assert_eq!(
        pair.client.read_replayable_early_data(&mut [0; 1]),
        refused("only a server reads early data")
    );
    let refused = |text| Err(UsageError::NotAvailable(text).into());
    assert_eq!(
        pair.client.write_half_rtt_data(b"x"),
        refused("only a server sends half-RTT data")
    );
    pair.handshake().unwrap();
}

/// A client that may send early data and does not: the server sees none, and no harm is done.
#[test]
fn early_data_that_is_allowed_need_not_be_sent() {
    let world = World::new();
    let (client, server) = (world.early_client(same), world.early_server(1000, same));
    let mut pair = meet_again(&client, &server);
    assert_eq!(finish_early(&mut pair), [] as [Vec<u8>; 0]);
    expect_early_data(&pair, EarlyData::Accepted, None);
    expect_alive(&mut pair);
    // Off at the client, or off at the server that issued the ticket: it is not offered.
    let quiet = world.client(same);
    let without = world.server(Tickets::stateless(OneKey::new(1)), same);
    for (client, server) in [(&quiet, &server), (&client, &without)] {
        world.shelf.drain();
        let mut pair = meet_again(client, server);
        assert_eq!(pair.client.write_replayable_early_data(b"x"), Ok(0));
        assert_eq!(pair.client.early_data(), EarlyData::NotOffered);
        finish_early(&mut pair);
        expect_early_data(&pair, EarlyData::NotOffered, None);
        expect_resumed(&pair);
        expect_alive(&mut pair);
    }
    // And without a session.
    world.shelf.drain();
    let mut pair = meet(&client, &server);
    assert_eq!(pair.client.write_replayable_early_data(b"x"), Ok(0));
    finish_early(&mut pair);
    expect_early_data(&pair, EarlyData::NotOffered, None);
}

#[test]
fn one_write_is_one_record_and_a_read_never_joins_two() {
    let world = World::new();
    let (client, server) = (world.early_client(same), world.early_server(100_000, same));
    let mut pair = meet_again(&client, &server);
    let writes = [
        pattern(1, 1),
        pattern(300, 2),
        pattern(1 << 14, 3),
        pattern(20_000, 4),
    ];
    for data in &writes {
        let written = pair.client.write_replayable_early_data(data);
        assert_eq!(written, Ok(data.len()));
    }
    assert_eq!(pair.client.write_replayable_early_data(b""), Ok(0));
    let (first, rest) = writes[3].split_at(1 << 14);
    let expected = [&writes[0][..], &writes[1], &writes[2], first, rest];
    assert_eq!(finish_early(&mut pair), expected);

    // A buffer shorter than a record gets the record in parts.
    let mut pair = meet(&client, &server);
    for data in [&b"abcde"[..], b"fg", b"hij"] {
        pair.client.write_replayable_early_data(data).unwrap();
    }
    move_bytes(&mut pair.client, &mut pair.server);
    pair.server.process().unwrap();
    let mut read = Vec::new();
    let mut buffer = [0; 3];
    while let Ok(ReadOutcome::Data(count)) = pair.server.read_replayable_early_data(&mut buffer) {
        read.push(buffer[..count].to_vec());
    }
    assert_eq!(read, [&b"abc"[..], b"de", b"fg", b"hij"]);
    let outcome = pair.server.read_replayable_early_data(&mut []);
    assert_eq!(outcome, Ok(ReadOutcome::NeedBytes));
}

/// Whoever does not read early data at once finds it after the handshake, apart from the data after it.
#[test]
fn unread_early_data_does_not_hold_the_handshake_up() {
    let world = World::new();
    let (client, server) = (world.early_client(same), world.early_server(100_000, same));
    let mut pair = meet_again(&client, &server);
    let data = pattern(60_000, 5);
    pair.client.write_replayable_early_data(&data).unwrap();
    for _ in 0..20 {
        pair.client.process().unwrap();
        move_bytes(&mut pair.client, &mut pair.server);
        pair.server.process().unwrap();
        move_bytes(&mut pair.server, &mut pair.client);
    }
    assert!(!pair.client.is_handshaking() && !pair.server.is_handshaking());
    expect_alive(&mut pair);
    assert_eq!(read_early(&mut pair.server).concat(), data);
    assert_eq!(
        pair.server.read_replayable_early_data(&mut [0; 9]),
        Ok(ReadOutcome::Closed)
    );
}

#[test]
fn early_data_may_come_byte_by_byte() {
    let world = World::new();
    let (client, server) = (world.early_client(same), world.early_server(1000, same));
    let mut pair = meet_again(&client, &server);
    pair.client.write_replayable_early_data(b"one").unwrap();
    pair.client.write_replayable_early_data(b"two").unwrap();
    let mut read = Vec::new();
    for _ in 0..3 {
        pair.client.process().unwrap();
        for byte in pair.client.output().to_vec().chunks(1) {
            assert_eq!(pair.server.receive(byte), 1);
            pair.server.process().unwrap();
            read.append(&mut read_early(&mut pair.server));
        }
        pair.client.sent(pair.client.output().len());
        for byte in pair.server.output().to_vec().chunks(1) {
            assert_eq!(pair.client.receive(byte), 1);
            pair.client.process().unwrap();
        }
        pair.server.sent(pair.server.output().len());
    }
    assert_eq!(read, [b"one", b"two"]);
    expect_early_data(&pair, EarlyData::Accepted, None);
    expect_alive(&mut pair);
}

#[test]
fn a_server_says_why_it_takes_no_early_data() {
    let world = World::new();
    let client = world.early_client(same);
    let server = world.early_server(1000, same);
    let resumed = HandshakeKind::Resumed;
    let none = world.server(Tickets::stateless(OneKey::new(1)), same);
    connect(&client, &server);
    let kind = expect_rejected(&client, &none, "this server takes no early data");
    assert_eq!(kind, resumed);

    connect(&client, &server);
    let less = world.early_server(999, same);
    let reason = "the key or ticket allows more early data than this server takes";
    assert_eq!(expect_rejected(&client, &less, reason), resumed);

    world.shelf.drain();
    connect(&client, &server);
    let foreign = world.server(Tickets::stateless(OneKey::new(2)), |server| {
        server.with_replayable_early_data(taking(1000, MemoryReplayStore::default()))
    });
    let no_key = "no pre-shared key or ticket was taken";
    let kind = expect_rejected(&client, &foreign, no_key);
    assert_eq!(kind, HandshakeKind::Full);
    // Neither tickets nor keys at all.
    world.shelf.drain();
    connect(&client, &server);
    let bare = support::server_builder(&world.pki).build().unwrap();
    let kind = expect_rejected(&client, &bare, "this server takes no early data");
    assert_eq!(kind, HandshakeKind::Full);

    let with_suites = |suites: &[CipherSuite]| {
        world.early_server(1000, |server| server.with_cipher_suites(suites))
    };
    let chacha = CipherSuite::TLS_CHACHA20_POLY1305_SHA256;
    let reason = "the cipher suite is not that of the session";
    world.shelf.drain();
    connect(&client, &server);
    let kind = expect_rejected(&client, &with_suites(&[chacha]), reason);
    assert_eq!(kind, resumed);

    // Another protocol: the ticket itself is not taken.
    let speaker = world.early_client(|client| client.with_alpn(["a", "b"]));
    let speaking = |alpn: &'static str| world.early_server(1000, |s| s.with_alpn([alpn]));
    world.shelf.drain();
    connect(&speaker, &speaking("a"));
    let kind = expect_rejected(&speaker, &speaking("b"), no_key);
    assert_eq!(kind, HandshakeKind::Full);
    // The same one: it is.
    let mut pair = meet_again(&speaker, &speaking("a"));
    pair.client.write_replayable_early_data(b"for a").unwrap();
    assert_eq!(finish_early(&mut pair), [b"for a"]);
    assert_eq!(
        pair.server.facts().unwrap().alpn.as_deref(),
        Some(&b"a"[..])
    );
}

fn taking(max_bytes: u32, store: impl ReplayStore + 'static) -> ReplayableEarlyData {
    ReplayableEarlyData::new(max_bytes, store)
}

fn alice() -> Psk {
    Psk::new("alice", [7; 32]).unwrap()
}

#[test]
fn early_data_goes_with_the_first_key_only() {
    let world = World::new();
    let client = world.early_client(|client| client.with_psks([alice()]));
    connect(&client, &world.early_server(1000, same));
    let other = world.server(Tickets::stateless(OneKey::new(2)), |server| {
        let server = server.with_psk_store(alice().with_replayable_early_data(1000));
        server.with_replayable_early_data(taking(1000, MemoryReplayStore::default()))
    });
    let reason = "the key that was taken is not the first one offered";
    let kind = expect_rejected(&client, &other, reason);
    assert_eq!(kind, HandshakeKind::Psk);
}

#[test]
fn a_retry_ends_early_data() {
    let world = World::new();
    let groups = [NamedGroup::X25519, NamedGroup::SECP256R1];
    for middlebox in [false, true] {
        world.shelf.drain();
        let client = world.early_client(|client| {
            let client = client.with_middlebox_compatibility(middlebox);
            client.with_groups(&groups)
        });
        let server = world.early_server(1000, |s| s.with_groups(&groups[1..]));
        connect(&client, &server);
        let kind = expect_rejected(&client, &server, "a HelloRetryRequest was needed");
        assert_eq!(kind, HandshakeKind::ResumedWithRetry);
        let statistics = server.psk_statistics();
        assert_eq!(
            (
                statistics.early_data_accepted,
                statistics.early_data_declined
            ),
            (0, 1)
        );
    }
}

#[test]
fn psk_ke_carries_early_data_too() {
    let world = World::new();
    let modes = [PskKeyExchangeMode::PSK_KE];
    let client = world.early_client(|client| client.with_psk_modes(&modes));
    let server = world.early_server(1000, |server| server.with_psk_modes(&modes));
    let mut pair = meet_again(&client, &server);
    pair.client.write_replayable_early_data(b"request").unwrap();
    assert_eq!(finish_early(&mut pair), [b"request"]);
    expect_early_data(&pair, EarlyData::Accepted, None);
}

#[test]
fn the_age_of_a_ticket_may_be_wrong_by_ten_seconds() {
    // How much the clocks of client and server go on between the two connections, in milliseconds.
    for (clients, servers, taken) in [
        (0, 0, true),
        (5_000_000, 5_000_000, true),
        (5_000_000, 5_010_000, true),
        (5_000_000, 5_010_001, false),
        (5_010_000, 5_000_000, true),
        (5_010_001, 5_000_000, false),
    ] {
        let world = World::new();
        let clients_clock = MovableClock::new();
        let clock = clients_clock.clone();
        let client = world.early_client(|client| client.with_clock(clock));
        let server = world.early_server(1000, same);
        connect(&client, &server);
        clients_clock.advance(Duration::from_millis(clients));
        world.clock.advance(Duration::from_millis(servers));
        if !taken {
            let reason = "the age that the client gives for its ticket is not right";
            let kind = expect_rejected(&client, &server, reason);
            assert_eq!(kind, HandshakeKind::Resumed);
            continue;
        }
        let mut pair = meet(&client, &server);
        pair.client.write_replayable_early_data(b"x").unwrap();
        assert_eq!(finish_early(&mut pair), [b"x"], "{clients} {servers}");
    }
}

#[test]
fn a_client_stops_at_the_limit_of_its_ticket() {
    let world = World::new();
    let (client, server) = (world.early_client(same), world.early_server(100, same));
    let mut pair = meet_again(&client, &server);
    assert_eq!(pair.client.write_replayable_early_data(&[1; 60]), Ok(60));
    assert_eq!(pair.client.write_replayable_early_data(&[2; 60]), Ok(40));
    assert_eq!(pair.client.write_replayable_early_data(&[3; 60]), Ok(0));
    assert_eq!(finish_early(&mut pair), [&[1; 60][..], &[2; 40]]);
}

/// Makes the client's sessions say that they allow more.
fn raise_limit(world: &World, from: u32, to: u32) {
    world.shelf.edit(|bytes| {
        let from = from.to_be_bytes();
        let at = bytes.windows(4).position(|found| found == from).unwrap();
        bytes[at..at + 4].copy_from_slice(&to.to_be_bytes());
    });
}

#[test]
fn more_early_data_than_allowed_is_refused() {
    let world = World::new();
    let (client, server) = (world.early_client(same), world.early_server(0x4321, same));
    connect(&client, &server);
    raise_limit(&world, 0x4321, 0x8000);
    let mut pair = meet(&client, &server);
    assert_eq!(pair.client.early_data_left(), 0);
    pair.client
        .write_replayable_early_data(&[1; 0x4321])
        .unwrap();
    assert_eq!(pair.client.early_data_left(), 0x8000 - 0x4321);
    assert_eq!(pair.client.write_replayable_early_data(b"x"), Ok(1));
    assert_eq!(pair.client.early_data_left(), 0x8000 - 0x4322);
    assert_eq!(pair.server.early_data_left(), 0);
    let error = PeerMisbehaved::TooMuchEarlyData { limit: 0x4321 }.into();
    pair.expect_failure(Side::Server, &error);
    assert_eq!(error.alert(), Some(AlertDescription::UNEXPECTED_MESSAGE));
}

/// What a server allowed in a ticket and then does not take it skips, however much it is.
#[test]
fn as_much_as_was_allowed_is_skipped() {
    for chunk in [1 << 14, 100] {
        let world = World::new();
        let client = world.early_client(same);
        let server = world.early_server(200_000, same);
        connect(&client, &server);
        world.clock.advance(Duration::from_secs(1));
        let late = MovableClock::new();
        let client = world.early_client(|client| client.with_clock(late));
        world.advance(10);
        let mut pair = meet(&client, &server);
        for data in pattern(200_000, 1).chunks(chunk) {
            pair.client.write_replayable_early_data(data).unwrap();
        }
        assert_eq!(finish_early(&mut pair), [] as [Vec<u8>; 0]);
        let reason = "the age that the client gives for its ticket is not right";
        expect_early_data(&pair, EarlyData::Rejected, Some(reason));
        expect_alive(&mut pair);
    }
}

/// RFC 8449 Section 4: a limit holds for records under the keys of the handshake in which it was agreed. A client that
/// sends early data has not heard of it.
#[test]
fn record_limits_of_the_new_handshake_do_not_judge_early_data() {
    let world = World::new();
    let server = world.early_server(100_000, |server| server.with_record_size_limit(512));
    let data = pattern(10_000, 3);
    for client in [
        world.early_client(|client| client.with_record_size_limit(1024)),
        world.early_client(|client| client.with_max_fragment_length(512)),
        world.early_client(same),
    ] {
        world.shelf.drain();
        let mut pair = meet_again(&client, &server);
        pair.client.write_replayable_early_data(&data).unwrap();
        assert_eq!(finish_early(&mut pair).concat(), data);
        expect_early_data(&pair, EarlyData::Accepted, None);
        expect_alive(&mut pair);
    }
}

/// RFC 6066 Section 4: the length that a client asks for holds for resumed sessions; its own early data keeps to it.
#[test]
fn a_client_keeps_to_the_fragment_length_that_it_asks_for() {
    let world = World::new();
    let client = world.early_client(|client| client.with_max_fragment_length(512));
    let mut pair = meet_again(&client, &world.early_server(100_000, same));
    pair.client.write_replayable_early_data(&[1; 1200]).unwrap();
    let read = finish_early(&mut pair);
    assert_eq!(read, [&[1; 512][..], &[1; 512], &[1; 176]]);
}

#[test]
fn a_server_sends_data_before_the_clients_finished() {
    let world = World::new();
    let (client, server) = (world.early_client(same), world.early_server(1000, same));
    for resumed in [false, true] {
        let mut pair = meet(&client, &server);
        assert_eq!(pair.server.write_half_rtt_data(b"too early"), Ok(0));
        if resumed {
            pair.client.write_replayable_early_data(b"request").unwrap();
        }
        pair.client.process().unwrap();
        move_bytes(&mut pair.client, &mut pair.server);
        pair.server.process().unwrap();
        assert!(pair.server.is_handshaking());
        assert_eq!(pair.server.write_half_rtt_data(b"one"), Ok(3));
        let long = pattern(20_000, 1);
        assert_eq!(pair.server.write_half_rtt_data(&long), Ok(20_000));
        let mut read = Vec::new();
        for _ in 0..4 {
            move_bytes(&mut pair.server, &mut pair.client);
            pair.client.process().unwrap();
            read.append(&mut support::read_records(&mut pair.client));
        }
        assert!(!pair.client.is_handshaking() && pair.server.is_handshaking());
        assert_eq!(read, [&b"one"[..], &long[..1 << 14], &long[1 << 14..]]);
        move_bytes(&mut pair.client, &mut pair.server);
        pair.server.process().unwrap();
        assert!(!pair.server.is_handshaking());
        assert_eq!(pair.server.write_half_rtt_data(b"now"), Ok(3));
        assert_eq!(deliver(&mut pair.server, &mut pair.client), [b"now"]);
        expect_alive(&mut pair);
    }
}

#[derive(Debug, Default)]
struct Log(Mutex<Vec<(String, Vec<u8>)>>);

impl KeyLog for Log {
    fn log(&self, label: &str, client_random: &[u8; 32], secret: &[u8]) {
        assert_ne!(client_random, &[0; 32]);
        let line = (label.to_owned(), secret.to_vec());
        self.0.lock().unwrap().push(line);
    }
}

#[test]
fn both_sides_log_the_same_early_secrets() {
    let world = World::new();
    let [at_client, at_server] = [Arc::new(Log::default()), Arc::new(Log::default())];
    let client = world.early_client(|client| client.with_key_log(at_client.clone()));
    let server = world.early_server(1000, |server| server.with_key_log(at_server.clone()));
    let mut pair = meet_again(&client, &server);
    for log in [&at_client, &at_server] {
        let labels = log.0.lock().unwrap();
        assert!(labels.iter().all(|(label, _)| !label.contains("EARLY")));
    }
    pair.client.write_replayable_early_data(b"x").unwrap();
    finish_early(&mut pair);
    let [mut ours, mut theirs] = [at_client, at_server].map(|log| log.0.lock().unwrap().clone());
    let early: Vec<_> = ours
        .iter()
        .map(|(label, _)| label.as_str())
        .filter(|label| label.contains("EARLY"))
        .collect();
    assert_eq!(
        early,
        ["CLIENT_EARLY_TRAFFIC_SECRET", "EARLY_EXPORTER_SECRET"]
    );
    ours.sort();
    theirs.sort();
    assert_eq!(ours, theirs);
}

#[derive(Debug)]
struct ToHundred;

impl Padding for ToHundred {
    fn padding_len(&self, content_len: usize) -> usize {
        content_len.next_multiple_of(100) - content_len
    }
}

/// What counts against the limit is data alone (RFC 8446 Section 4.2.10).
#[test]
fn early_data_is_padded_as_other_data_is() {
    let world = World::new();
    let client = world.early_client(|client| client.with_padding(Arc::new(ToHundred)));
    let mut pair = meet_again(&client, &world.early_server(10, same));
    pair.client.process().unwrap();
    let before = pair.client.output().len();
    assert_eq!(pair.client.write_replayable_early_data(&[7; 11]), Ok(10));
    let record = pair.client.output().len() - before;
    assert_eq!(record, 5 + 100 + support::OVERHEAD);
    assert_eq!(finish_early(&mut pair), [[7; 10]]);
}

/// EndOfEarlyData is part of what is signed and derived from then on.
#[test]
fn what_comes_after_early_data_is_as_after_any_handshake() {
    let world = World::new();
    let trust = world.pki.trust();
    let credential = world.pki.client.clone();
    let client = world.early_client(|client| {
        client
            .with_post_handshake_auth(true)
            .with_credential(credential)
    });
    let server = world.early_server(1000, |server| {
        server.with_client_auth(ClientAuth::post_handshake(trust))
    });
    let mut pair = meet_again(&client, &server);
    pair.client.write_replayable_early_data(b"request").unwrap();
    assert_eq!(finish_early(&mut pair), [b"request"]);
    pair.server.request_client_certificate().unwrap();
    pair.server.update_keys(true).unwrap();
    assert!(deliver(&mut pair.server, &mut pair.client).is_empty());
    assert!(deliver(&mut pair.client, &mut pair.server).is_empty());
    assert_eq!(pair.server.waiting(), None);
    assert!(pair.server.facts().unwrap().peer_certificates.is_some());
    let mut exported = [[0; 32]; 2];
    pair.client
        .export(b"label", None, &mut exported[0])
        .unwrap();
    pair.server
        .export(b"label", None, &mut exported[1])
        .unwrap();
    assert_eq!(exported[0], exported[1]);
    expect_alive(&mut pair);
    let mut third = meet(&client, &server);
    third.client.write_replayable_early_data(b"next").unwrap();
    assert_eq!(finish_early(&mut third), [b"next"]);
}
