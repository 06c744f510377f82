//! Sessions: tickets that are issued, kept, and used once; and how long they live.
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

use support::psk::psk;
use support::resumption::{
    OneKey, World, connect, expect_declined, expect_full, expect_resumed, finish, meet, same,
    stateless,
};
use support::{Pair, Side, deliver, server_name};
use warifu::decision::Answer;
use warifu::early_data::{MemoryReplayStore, ReplayableEarlyData};
use warifu::parameters::{AlertDescription, CipherSuite, NamedGroup, PskKeyExchangeMode};
use warifu::pki_types::UnixTime;
use warifu::resumption::{
    ClientSessionStore, MemorySessionStore, MemorySessions, RingKey, Session, SessionKey,
    TicketKey, TicketKeyRing, Tickets,
};
use warifu::{
    ClientConfig, Connection, EarlyData, Error, HandshakeKind, Psk, PskFailure, ServerConfig,
};

const WEEK: u64 = 604_800;

fn stored() -> Tickets {
    Tickets::stored(MemorySessionStore::new(100))
}

#[test]
fn both_kinds_of_tickets_resume_again_and_again() {
    for tickets in [stateless(), stored()] {
        let world = World::new();
        let (client, server) = (world.client(same), world.server(tickets, same));
        let first = connect(&client, &server);
        expect_full(&first);
        let chain = first.client.facts().unwrap().peer_certificates.clone();
        assert!(chain.is_some());
        for round in 1..=5 {
            let mut next = connect(&client, &server);
            expect_resumed(&next);
            // It took one session, and brought two.
            assert_eq!(world.shelf.len(), 2 + round);
            let facts = next.client.facts().unwrap();
            assert_eq!(facts.peer_certificates, chain);
            assert_eq!(facts.psk, None);
            assert_eq!(facts.psk_mode, Some(PskKeyExchangeMode::PSK_DHE_KE));
            assert!(facts.group.is_some());
            next.client.write(b"request").unwrap();
            let read = deliver(&mut next.client, &mut next.server);
            assert_eq!(read, [b"request"]);
            next.server.write(b"answer").unwrap();
            assert_eq!(deliver(&mut next.server, &mut next.client), [b"answer"]);
            let mut exported = [[0; 32]; 2];
            next.client
                .export(b"label", None, &mut exported[0])
                .unwrap();
            next.server
                .export(b"label", None, &mut exported[1])
                .unwrap();
            assert_eq!(exported[0], exported[1]);
        }
        let statistics = server.psk_statistics();
        assert_eq!(
            (statistics.tickets_accepted, statistics.tickets_declined),
            (5, 0)
        );
    }
}

#[test]
fn each_session_is_used_once_and_several_connections_have_one_each() {
    for tickets in [stateless(), stored()] {
        let world = World::new();
        let (client, server) = (
            world.client(same),
            world.server(tickets.with_count(3), same),
        );
        connect(&client, &server);
        assert_eq!(world.shelf.len(), 3);
        // Side by side: none of them has ended when the next one begins.
        let mut pairs: Vec<_> = (0..4).map(|_| meet(&client, &server)).collect();
        for pair in &mut pairs {
            pair.client.process().unwrap();
        }
        assert_eq!(world.shelf.len(), 0);
        for pair in &mut pairs {
            finish(pair);
        }
        for pair in &pairs[..3] {
            expect_resumed(pair);
        }
        expect_full(&pairs[3]);
    }
}

/// A stateless ticket can be used again by whoever copies it; a stored one cannot.
#[test]
fn a_stored_ticket_is_taken_once_by_the_server_too() {
    for (tickets, is_stored) in [(stateless(), false), (stored(), true)] {
        let world = World::new();
        let (client, server) = (
            world.client(same),
            world.server(tickets.with_count(1), same),
        );
        connect(&client, &server);
        let kept = world.shelf.sessions();
        let key = SessionKey {
            server_name: "host.example".into(),
            context: key_context(&world),
        };
        expect_resumed(&connect(&client, &server));
        world.shelf.drain();
        world.shelf.put(&key, kept[0].clone());
        let again = connect(&client, &server);
        match is_stored {
            false => expect_resumed(&again),
            true => expect_declined(
                &again,
                "no pre-shared keys are kept here; if it is a ticket, it is of another server or of a key that is gone",
            ),
        }
    }
}

/// What the client of a world keeps its sessions under.
fn key_context(world: &World) -> [u8; 32] {
    #[derive(Debug)]
    struct Ask(Arc<Mutex<[u8; 32]>>);
    impl ClientSessionStore for Ask {
        fn put(&self, _: &SessionKey, _: Session) {}
        fn take<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Session>> {
            *self.0.lock().unwrap() = key.context;
            Answer::Ready(None)
        }
    }
    let context = Arc::new(Mutex::new([0; 32]));
    let client = world.client(|client| client.with_session_store(Ask(context.clone())));
    let mut connection = Connection::client(client, server_name());
    connection.process().unwrap();
    *context.lock().unwrap()
}

#[test]
fn tickets_live_as_long_as_the_server_says() {
    for tickets in [stateless(), stored()] {
        for (seconds, resumes) in [(99, true), (100, false), (WEEK, false)] {
            let world = World::new();
            let tickets = tickets.clone().with_lifetime(Duration::from_secs(100));
            let (client, server) = (world.client(same), world.server(tickets, same));
            connect(&client, &server);
            let session = &world.shelf.sessions()[0];
            assert_eq!(session.lifetime(), Duration::from_secs(100));
            world.advance(seconds);
            let next = connect(&client, &server);
            match resumes {
                true => expect_resumed(&next),
                // The client knows, and does not offer it.
                false => expect_full(&next),
            }
        }
    }
}

/// The client's clock went back meanwhile, so that it takes the ticket for fresh.
#[test]
fn a_server_declines_an_expired_ticket_and_one_from_the_future() {
    let world = World::new();
    let tickets = stateless().with_lifetime(Duration::from_secs(100));
    let server = world.server(tickets.clone(), same);
    // A client with a clock of its own, which stands still.
    let client = world.client(|client| client.with_clock(Arc::new(support::FixedClock)));
    connect(&client, &server);
    world.advance(100);
    expect_declined(&connect(&client, &server), "the ticket has expired");

    world.shelf.drain();
    connect(&client, &server);
    world.clock.go_back(Duration::from_secs(60));
    expect_resumed(&connect(&client, &server));
    world.shelf.drain();
    connect(&client, &server);
    world.clock.go_back(Duration::from_millis(60_001));
    expect_declined(&connect(&client, &server), "the ticket has expired");
    assert_eq!(server.psk_statistics().tickets_declined, 2);
}

/// RFC 8446 Section 4.6.1: no ticket lives longer than seven days, nor does a chain of them from the first
/// authentication on.
#[test]
fn no_chain_of_resumptions_outlives_seven_days() {
    for tickets in [stateless(), stored()] {
        let world = World::new();
        let tickets = tickets.with_lifetime(Duration::from_secs(WEEK));
        let (client, server) = (world.client(same), world.server(tickets, same));
        connect(&client, &server);
        for day in 1..7 {
            world.advance(86_400);
            expect_resumed(&connect(&client, &server));
            // The tickets that a resumption brings live to the end of the seven days.
            let session = world.shelf.sessions().pop().unwrap();
            let left = WEEK - day * 86_400;
            assert_eq!(session.lifetime(), Duration::from_secs(left));
        }
        world.advance(86_399);
        expect_resumed(&connect(&client, &server));
        let session = world.shelf.sessions().pop().unwrap();
        assert_eq!(session.lifetime(), Duration::from_secs(1));
        world.advance(1);
        expect_full(&connect(&client, &server));
        expect_resumed(&connect(&client, &server));
    }
}

/// Neither side trusts the other in this: a server whose client keeps a session too long declines, and issues none where
/// nothing is left of the seven days.
#[test]
fn a_server_ends_the_chain_by_itself() {
    let world = World::new();
    let tickets = stateless().with_lifetime(Duration::from_secs(WEEK));
    let server = world.server(tickets, same);
    let client = world.client(|client| client.with_clock(Arc::new(support::FixedClock)));
    connect(&client, &server);
    world.advance(WEEK - 1);
    expect_resumed(&connect(&client, &server));
    world.advance(1);
    expect_declined(&connect(&client, &server), "the ticket has expired");
}

#[test]
fn sessions_serve_another_process_with_the_same_name() {
    let world = World::new();
    let server = world.server(stateless(), same);
    connect(&world.client(same), &server);
    let written: Vec<Vec<u8>> = world
        .shelf
        .drain()
        .iter()
        .map(|session| session.to_bytes().to_vec())
        .collect();

    // Another process: all that it has of the first one are these bytes, and its own configuration.
    let store = Arc::new(MemorySessions::new(10));
    let other = world.client(|client| client.with_session_store(store.clone()));
    let key = SessionKey {
        server_name: "host.example".into(),
        context: key_context(&world),
    };
    for bytes in &written {
        store.put(&key, Session::from_bytes(bytes).unwrap());
    }
    // So has the server been started anew? No: its keys are in its memory. One that has them takes the ticket.
    expect_resumed(&connect(&other, &server));

    // A configuration of another name does not offer them, whatever the store gives.
    let stranger = world.client(|client| {
        client
            .with_session_context("stranger")
            .with_session_store(AnyKey(Session::from_bytes(&written[0]).unwrap()))
    });
    expect_full(&connect(&stranger, &server));
}

/// A careless store, which does not look at the key.
#[derive(Debug)]
struct AnyKey(Session);

impl ClientSessionStore for AnyKey {
    fn put(&self, _: &SessionKey, _: Session) {}

    fn take<'a>(&'a self, _: &'a SessionKey) -> Answer<'a, Option<Session>> {
        Answer::Ready(Some(self.0.clone()))
    }
}

#[test]
fn servers_with_the_same_keys_and_name_stand_in_for_each_other() {
    let world = World::new();
    let tickets = || Tickets::stateless(OneKey::new(1));
    let (client, one) = (world.client(same), world.server(tickets(), same));
    let other = world.server(tickets(), same);
    connect(&client, &one);
    expect_resumed(&connect(&client, &other));
    // Without a name of their own they do not, though they have the keys.
    let unnamed = || {
        support::server_builder(&world.pki)
            .with_clock(world.clock.clone())
            .with_tickets(tickets())
            .build()
            .unwrap()
    };
    let (one, other) = (unnamed(), unnamed());
    world.shelf.drain();
    connect(&client, &one);
    expect_declined(
        &connect(&client, &other),
        "the ticket is of another configuration",
    );
}

#[test]
fn a_foreign_or_changed_ticket_leads_to_a_full_handshake() {
    let world = World::new();
    let client = world.client(same);
    let server = world.server(Tickets::stateless(OneKey::new(1)), same);
    let other = world.server(Tickets::stateless(OneKey::new(2)), same);
    connect(&client, &server);
    expect_declined(
        &connect(&client, &other),
        "no pre-shared keys are kept here; if it is a ticket, it is of another server or of a key that is gone",
    );
    world.shelf.drain();
    connect(&client, &server);
    // The last byte of a session is the last of its ticket.
    world.shelf.edit(|bytes| *bytes.last_mut().unwrap() ^= 1);
    expect_declined(&connect(&client, &server), "the ticket was changed");
}

/// RFC 8446 Section 4.2.11: a ticket that opens, and a binder that is wrong, is an attack.
#[test]
fn a_ticket_with_another_secret_is_refused() {
    let world = World::new();
    let (client, server) = (world.client(same), world.server(stateless(), same));
    connect(&client, &server);
    // Format, suite and the length of the secret come before it.
    world.shelf.edit(|bytes| bytes[4] ^= 1);
    let mut pair = meet(&client, &server);
    let (side, error) = pair.handshake().unwrap_err();
    assert_eq!(side, Side::Server);
    assert_eq!(
        error,
        PskFailure::WrongKey {
            identity: "a ticket of this server".to_owned()
        }
        .into()
    );
    assert_eq!(error.alert(), Some(AlertDescription::DECRYPT_ERROR));
    pair.expect_alert(side, &error);
}

#[test]
fn a_key_that_was_rotated_away_opens_no_more_tickets() {
    let world = World::new();
    let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(support::pki::NOW + seconds));
    let key = |byte, from, until, opens| RingKey {
        key: Arc::new(TicketKey::new(&[byte; 32]).unwrap()),
        seals_from: at(from),
        seals_until: at(until),
        opens_until: at(opens),
    };
    let ring = TicketKeyRing::new([key(1, 0, 100, 200), key(2, 100, 300, 400)]);
    let server = world.server(Tickets::stateless(ring), same);
    let client = world.client(same);
    connect(&client, &server);
    world.advance(199);
    expect_resumed(&connect(&client, &server));
    // The ticket of the second key, then what is left of the first key's.
    expect_resumed(&connect(&client, &server));
    expect_resumed(&connect(&client, &server));
    while world.shelf.len() > 1 {
        let mut sessions = world.shelf.drain();
        sessions.truncate(1);
        let key = SessionKey {
            server_name: "host.example".into(),
            context: key_context(&world),
        };
        world.shelf.put(&key, sessions.remove(0));
    }
    world.advance(1);
    expect_declined(
        &connect(&client, &server),
        "no pre-shared keys are kept here; if it is a ticket, it is of another server or of a key that is gone",
    );
    // None seals any more: no tickets, and no harm.
    world.shelf.drain();
    world.advance(100);
    connect(&client, &server);
    assert_eq!(world.shelf.len(), 0);
    expect_full(&connect(&client, &server));
}

#[test]
fn a_resumed_handshake_may_need_a_retry() {
    let world = World::new();
    let client =
        world.client(|client| client.with_groups(&[NamedGroup::X25519, NamedGroup::SECP256R1]));
    let mut seen = Vec::new();
    for cookie in [false, true] {
        let server = world.server(Tickets::stateless(OneKey::new(1)), |server| {
            server
                .with_groups(&[NamedGroup::SECP256R1])
                .with_retry_cookie(cookie)
        });
        for _ in 0..2 {
            let pair = connect(&client, &server);
            for side in [&pair.client, &pair.server] {
                let facts = side.facts().unwrap();
                seen.push(facts.handshake_kind);
                assert_eq!(facts.group, Some(NamedGroup::SECP256R1));
            }
        }
    }
    let (full, resumed) = (
        HandshakeKind::FullWithRetry,
        HandshakeKind::ResumedWithRetry,
    );
    let expected = [
        full, full, resumed, resumed, resumed, resumed, resumed, resumed,
    ];
    assert_eq!(seen, expected);
}

/// What the retry's suite does not fit goes from the second ClientHello.
#[test]
fn a_retry_with_another_hash_drops_the_session() {
    let world = World::new();
    let client =
        world.client(|client| client.with_groups(&[NamedGroup::X25519, NamedGroup::SECP256R1]));
    connect(
        &client,
        &world.server(Tickets::stateless(OneKey::new(1)), |s| {
            s.with_cipher_suites(&[CipherSuite::TLS_AES_256_GCM_SHA384])
        }),
    );
    let other = world.server(Tickets::stateless(OneKey::new(1)), |server| {
        server
            .with_groups(&[NamedGroup::SECP256R1])
            .with_cipher_suites(&[CipherSuite::TLS_AES_128_GCM_SHA256])
    });
    let pair = connect(&client, &other);
    for side in [&pair.client, &pair.server] {
        let facts = side.facts().unwrap();
        assert_eq!(facts.handshake_kind, HandshakeKind::FullWithRetry);
    }
}

#[test]
fn configurations_without_certificates_resume_too() {
    let world = World::new();
    let psk = || Psk::new("alice", [7; 32]).unwrap();
    let client = ClientConfig::psk_builder([psk()])
        .with_clock(world.clock.clone())
        .with_session_store(world.shelf.clone())
        .build()
        .unwrap();
    let server_of = |psk: Psk| {
        ServerConfig::psk_builder(psk)
            .with_clock(world.clock.clone())
            .with_session_context("server")
            .with_tickets(Tickets::stateless(OneKey::new(1)))
            .build()
            .unwrap()
    };
    let server = server_of(psk());
    connect(&client, &server);
    for _ in 0..3 {
        let next = connect(&client, &server);
        expect_resumed(&next);
        for side in [&next.client, &next.server] {
            let facts = side.facts().unwrap();
            assert_eq!(&*facts.psk.as_ref().unwrap().identity, b"alice");
        }
    }
    // Where the key is gone nothing else will do.
    let mut pair = meet(&client, &server_of(Psk::new("bob", [8; 32]).unwrap()));
    let (side, error) = pair.handshake().unwrap_err();
    assert_eq!(side, Side::Server);
    let Error::Psk(PskFailure::Unusable { reason, .. }) = &error else {
        panic!("{error}");
    };
    assert_eq!(reason, "the key with which the session began is gone");
    assert_eq!(error.alert(), Some(AlertDescription::DECRYPT_ERROR));
    pair.expect_alert(side, &error);
}

/// Gives out any session for any server.
#[derive(Debug, Default)]
struct OneDrawer(Mutex<Vec<Session>>);

impl ClientSessionStore for OneDrawer {
    fn put(&self, _: &SessionKey, session: Session) {
        self.0.lock().unwrap().push(session);
    }

    fn take<'a>(&'a self, _: &'a SessionKey) -> Answer<'a, Option<Session>> {
        Answer::Ready(self.0.lock().unwrap().pop())
    }
}

/// RFC 8446 Section 4.6.1.
#[test]
fn a_session_of_another_host_is_not_offered_whatever_the_store_says() {
    let world = World::new();
    let client = ClientConfig::psk_builder([psk("alice")])
        .with_clock(world.clock.clone())
        .with_session_store(OneDrawer::default())
        .with_replayable_early_data(true)
        .build()
        .unwrap();
    let early = ReplayableEarlyData::new(1000, MemoryReplayStore::default());
    let server = ServerConfig::psk_builder(psk("alice"))
        .with_clock(world.clock.clone())
        .with_tickets(Tickets::stateless(OneKey::new(1)))
        .with_replayable_early_data(early)
        .build()
        .unwrap();
    let to = |name: &'static str| Pair {
        client: Connection::client(client.clone(), name.try_into().unwrap()),
        server: Connection::server(server.clone()),
    };
    finish(&mut to("host.example"));
    for (name, kind, early_data) in [
        ("other.example", HandshakeKind::Psk, EarlyData::NotOffered),
        ("192.0.2.1", HandshakeKind::Psk, EarlyData::NotOffered),
        ("host.example", HandshakeKind::Psk, EarlyData::NotOffered),
        ("host.example", HandshakeKind::Resumed, EarlyData::Accepted),
    ] {
        let mut pair = to(name);
        finish(&mut pair);
        for side in [&pair.client, &pair.server] {
            let facts = side.facts().unwrap();
            assert_eq!(facts.handshake_kind, kind, "{name}");
            assert_eq!(facts.psk_declined, None, "{name}");
            assert_eq!(facts.early_data, early_data, "{name}");
        }
    }
}

/// RFC 8446 Section 4.1.2: "Updating the "pre_shared_key" extension if present by recomputing the "obfuscated_ticket_age" and
/// binder values".
#[test]
fn the_age_of_a_ticket_is_that_of_the_client_hello_that_offers_it() {
    let world = World::new();
    let aes = [CipherSuite::TLS_AES_128_GCM_SHA256];
    let groups = [NamedGroup::X25519, NamedGroup::SECP256R1];
    let client = world.client(|client| client.with_cipher_suites(&aes).with_groups(&groups));
    let server = world.server(stateless(), |server| server.with_groups(&groups[1..]));
    connect(&client, &server);
    let mut pair = meet(&client, &server);
    let mut offer = || {
        pair.client.process().unwrap();
        let hello = pair.client.output().to_vec();
        pair.client.sent(hello.len());
        pair.server.receive(&hello);
        pair.server.process().unwrap();
        let answer = pair.server.output().to_vec();
        pair.server.sent(answer.len());
        pair.client.receive(&answer);
        // The age stands before the one binder, of 32 bytes behind the lengths of the list and its own.
        let age = hello[..hello.len() - 35].last_chunk().unwrap();
        u32::from_be_bytes(*age)
    };
    let first = offer();
    world.advance(3);
    assert_eq!(offer().wrapping_sub(first), 3000);
    finish(&mut pair);
    let facts = pair.server.facts().unwrap();
    assert_eq!(facts.handshake_kind, HandshakeKind::ResumedWithRetry);
}
