//! Early data that comes twice, and what remembers that it came.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use support::resumption::{
    OneKey, World, connect, expect_alive, expect_early_data, expect_rejected, expect_resumed,
    finish_early, meet, meet_again, read_early, same,
};
use warifu::decision::Answer;
use warifu::early_data::{MemoryReplayStore, ReplayStore, ReplayableEarlyData};
use warifu::pki_types::UnixTime;
use warifu::psk::PskRole;
use warifu::resumption::Tickets;
use warifu::{ClientConfig, EarlyData, Error, HandshakeKind, Psk, ServerConfig, Waiting};

fn taking(max_bytes: u32, store: impl ReplayStore + 'static) -> ReplayableEarlyData {
    ReplayableEarlyData::new(max_bytes, store)
}

fn alice() -> Psk {
    Psk::new("alice", [7; 32]).unwrap()
}

/// Whoever recorded the first flight sends it again.
#[test]
fn a_replay_is_taken_for_one_and_leads_nowhere() {
    let world = World::new();
    let client = world.early_client(same);
    let store = Arc::new(MemoryReplayStore::default());
    let server = || {
        world.server(Tickets::stateless(OneKey::new(1)), |server| {
            server.with_replayable_early_data(taking(1000, store.clone()))
        })
    };
    // Two machines that share keys and store.
    let (one, other) = (server(), server());
    let mut pair = meet_again(&client, &one);
    pair.client.write_replayable_early_data(b"pay").unwrap();
    let first_flight = pair.client.output().to_vec();
    assert_eq!(finish_early(&mut pair), [b"pay"]);
    for (seconds, taken) in [(0, false), (10, false), (11, false), (3600, false)] {
        world.advance(seconds);
        for server in [&one, &other] {
            let mut victim = warifu::Connection::server(server.clone());
            victim.receive(&first_flight);
            victim.process().unwrap();
            assert_eq!(victim.early_data() == EarlyData::Accepted, taken);
            assert_eq!(read_early(&mut victim), [] as [Vec<u8>; 0]);
            assert_eq!(victim.waiting(), Some(Waiting::Bytes("Finished")));
            // What was under the recorded connection's keys does not decrypt, and is skipped as early data is.
            victim.receive(&first_flight[first_flight.len() - 25..]);
            victim.process().unwrap();
            victim.received_eof();
            let expected = "Finished";
            assert_eq!(
                victim.process(),
                Err(Error::ClosedDuringHandshake { expected })
            );
        }
        world.clock.go_back(Duration::from_secs(seconds));
    }
    let statistics = other.psk_statistics();
    assert_eq!(
        (
            statistics.early_data_accepted,
            statistics.early_data_declined
        ),
        (0, 4)
    );
}

/// Whatever is changed in it, a first flight gives the server the data that was sent or none.
#[test]
fn a_first_flight_with_any_byte_changed_gives_the_same_data_or_none() {
    let world = World::new();
    let client = world.early_client(same);
    let mut pair = meet_again(&client, &world.early_server(1000, same));
    pair.client.write_replayable_early_data(b"pay").unwrap();
    let first_flight = pair.client.output().to_vec();
    let mut taken = 0;
    for position in 0..first_flight.len() {
        let mut changed = first_flight.clone();
        changed[position] ^= 0x11;
        let mut victim = warifu::Connection::server(world.early_server(1000, same));
        victim.receive(&changed);
        let result = victim.process();
        let read = read_early(&mut victim);
        if read == [b"pay"] {
            taken += 1;
        } else {
            assert_eq!(read, [] as [Vec<u8>; 0], "{position}");
        }
        assert!(!matches!(result, Err(Error::Internal(_))), "{position}");
    }
    // legacy_record_version's minor number, of three records, of which the last is authenticated.
    assert_eq!(taken, 2);
}

/// The client itself may be the one that is too late: its handshake goes on.
#[test]
fn a_client_whose_first_flight_was_replayed_ahead_of_it_goes_on() {
    let world = World::new();
    let (client, server) = (world.early_client(same), world.early_server(1000, same));
    let mut pair = meet_again(&client, &server);
    pair.client.write_replayable_early_data(b"pay").unwrap();
    let mut thief = warifu::Connection::server(server);
    thief.receive(pair.client.output());
    thief.process().unwrap();
    assert_eq!(read_early(&mut thief), [b"pay"]);
    assert_eq!(finish_early(&mut pair), [] as [Vec<u8>; 0]);
    let reason = "the same early data came before: a replay";
    expect_early_data(&pair, EarlyData::Rejected, Some(reason));
    expect_resumed(&pair);
    expect_alive(&mut pair);
}

/// Fails, now or later.
#[derive(Debug)]
struct Broken {
    later: bool,
}

impl ReplayStore for Broken {
    fn is_first<'a>(
        &'a self,
        _: &'a [u8; 32],
        _: UnixTime,
        until: Option<UnixTime>,
    ) -> Answer<'a, Result<bool, String>> {
        assert!(until.is_some());
        let failed = || Err("connection refused".to_owned());
        match self.later {
            true => Answer::later(async move { failed() }),
            false => Answer::Ready(failed()),
        }
    }
}

#[test]
fn without_an_answer_of_the_replay_store_early_data_is_refused() {
    let world = World::new();
    let client = world.early_client(same);
    let server = |early| {
        world.server(Tickets::stateless(OneKey::new(1)), |server| {
            server.with_replayable_early_data(early)
        })
    };
    for later in [false, true] {
        let server = server(taking(1000, Broken { later }));
        connect(&client, &server);
        let reason = "the replay store cannot tell: connection refused";
        let kind = expect_rejected(&client, &server, reason);
        assert_eq!(kind, HandshakeKind::Resumed);
    }
    let server = server(taking(1000, MemoryReplayStore::new(0)));
    connect(&client, &server);
    let reason = "the replay store cannot tell: the replay store is full: 0 ClientHellos";
    expect_rejected(&client, &server, reason);
}

/// RFC 8446 Section 4.2.10: suite and protocol are provisioned with the key.
#[test]
fn an_external_key_carries_early_data_for_the_only_protocol_offered() {
    let early = || alice().with_replayable_early_data(100);
    let client_of = |psk: Psk, alpn: &[&str]| {
        ClientConfig::psk_builder([psk])
            .with_replayable_early_data(true)
            .with_alpn(alpn.iter().copied())
            .build()
            .unwrap()
    };
    let server_of = |alpn: &[&str]| {
        ServerConfig::psk_builder(early().with_role(PskRole::Server))
            .with_replayable_early_data(taking(
                100,
                MemoryReplayStore::default().with_external_keys_until_restart(10),
            ))
            .with_alpn(alpn.iter().copied())
            .build()
            .unwrap()
    };
    for alpn in [&[][..], &["a"]] {
        for server_alpn in [alpn, &["b", "a"]] {
            let mut pair = meet(&client_of(early(), alpn), &server_of(server_alpn));
            pair.client.write_replayable_early_data(b"x").unwrap();
            assert_eq!(finish_early(&mut pair), [b"x"]);
        }
    }
    let reason = "the application protocol is not the only one offered";
    let kind = expect_rejected(&client_of(early(), &["a"]), &server_of(&[]), reason);
    assert_eq!(kind, HandshakeKind::Psk);

    // Our clients offer none then.
    let suite = warifu::parameters::CipherSuite::TLS_AES_256_GCM_SHA384;
    for client in [
        client_of(early(), &["a", "b"]),
        client_of(early().with_early_data_suite(suite), &["a"]),
    ] {
        let mut pair = meet(&client, &server_of(&["a"]));
        pair.client.process().unwrap();
        assert_eq!(pair.client.early_data(), EarlyData::NotOffered);
        pair.handshake().unwrap();
        let facts = pair.server.facts().unwrap();
        assert_eq!(facts.handshake_kind, HandshakeKind::Psk);
    }
}

#[test]
fn an_external_key_carries_early_data_and_is_remembered_for_good() {
    let world = World::new();
    let early = || alice().with_replayable_early_data(100);
    let client = ClientConfig::psk_builder([early()])
        .with_clock(world.clock.clone())
        .with_replayable_early_data(true)
        .build()
        .unwrap();
    let server_with = |psk: Psk, max_bytes, store: MemoryReplayStore| {
        ServerConfig::psk_builder(psk)
            .with_clock(world.clock.clone())
            .with_replayable_early_data(taking(max_bytes, store))
            .build()
            .unwrap()
    };
    let ours = || early().with_role(PskRole::Server);
    let server_of = |psk: Psk, max_bytes| {
        let store = MemoryReplayStore::default().with_external_keys_until_restart(10);
        server_with(psk, max_bytes, store)
    };
    let server = server_of(ours(), 100);
    let mut pair = meet(&client, &server);
    assert_eq!(pair.client.write_replayable_early_data(&[7; 101]), Ok(100));
    let first_flight = pair.client.output().to_vec();
    assert_eq!(finish_early(&mut pair), [[7; 100]]);
    expect_early_data(&pair, EarlyData::Accepted, None);
    assert_eq!(
        pair.server.facts().unwrap().handshake_kind,
        HandshakeKind::Psk
    );
    expect_alive(&mut pair);

    world.advance(10 * 365 * 86_400);
    let mut victim = warifu::Connection::server(server);
    victim.receive(&first_flight);
    victim.process().unwrap();
    assert_eq!(victim.early_data(), EarlyData::Rejected);
    assert_eq!(read_early(&mut victim), [] as [Vec<u8>; 0]);

    let reason = "the key or ticket does not allow early data";
    expect_rejected(
        &client,
        &server_of(alice().with_role(PskRole::Server), 100),
        reason,
    );
    let reason = "the key or ticket allows more early data than this server takes";
    expect_rejected(&client, &server_of(ours(), 99), reason);
    let reason = "the key may be that of this node's clients too: early data needs PskRole::Server (RFC 9257 Section 4.1)";
    let either = server_of(early(), 100);
    let kind = expect_rejected(&client, &either, reason);
    assert_eq!(kind, HandshakeKind::Psk);
    let statistics = either.psk_statistics();
    assert_eq!(
        (statistics.keys_accepted, statistics.early_data_declined),
        (1, 1)
    );
    // A store for tickets says that it is none for keys.
    let reason = "the replay store cannot tell: a memory would forget what came under an external key at a restart";
    let server = server_with(ours(), 100, MemoryReplayStore::default());
    let kind = expect_rejected(&client, &server, reason);
    assert_eq!(kind, HandshakeKind::Psk);
}
