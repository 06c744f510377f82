//! How tickets are issued: how many, when, by keys and stores that answer late or not at all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use core::future::poll_fn;
use core::task::{Poll, Waker};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use support::resumption::{
    OneKey, Shelf, World, connect, expect_declined, expect_full, expect_resumed, finish, meet,
    same, stateless,
};
use support::transport::pipe;
use support::{client_builder, deliver, move_bytes, read_records, server_builder, server_name};
use warifu::config::defaults;
use warifu::decision::Answer;
use warifu::parameters::{AlertDescription, PskKeyExchangeMode};
use warifu::pki_types::UnixTime;
use warifu::resumption::{
    ClientSessionStore, MemorySessionStore, Session, SessionKey, SessionStore, TicketKey,
    TicketKeys, Tickets,
};
use warifu::{
    ClientAuth, Error, HandshakeKind, PeerMisbehaved, Psk, ReadOutcome, Stream, UsageError, Waiting,
};
use zeroize::Zeroizing;

#[test]
fn as_many_tickets_are_issued_as_the_server_says() {
    for count in [None, Some(0), Some(1), Some(32)] {
        let world = World::new();
        let tickets = match count {
            Some(count) => stateless().with_count(count),
            None => stateless(),
        };
        connect(&world.client(same), &world.server(tickets, same));
        let expected = count.unwrap_or(defaults::TICKET_COUNT);
        assert_eq!(world.shelf.len(), usize::from(expected));
    }
}

#[test]
fn lifetimes_that_do_not_exist_are_refused_by_the_configuration() {
    let world = World::new();
    for (lifetime, seconds) in [
        (Duration::ZERO, 0),
        (Duration::from_millis(999), 0),
        (Duration::from_secs(604_801), 604_801),
    ] {
        let error = server_builder(&world.pki)
            .with_tickets(stateless().with_lifetime(lifetime))
            .build()
            .unwrap_err();
        let text = format!(
            "a ticket lifetime of {seconds} seconds: it is 1 to 604800, seven days (RFC 8446 Section 4.6.1)"
        );
        assert_eq!(error, UsageError::Config(text).into());
    }
}

/// RFC 8446 Section 4.2.9: a server does not send tickets to a client that cannot use them.
#[test]
fn a_client_that_does_not_resume_gets_no_tickets() {
    let world = World::new();
    let plain = client_builder(&world.pki).build().unwrap();
    for tickets in [stateless(), stateless().on_request()] {
        let server = world.server(tickets, same);
        let mut pair = meet(&plain, &server);
        let (_, by_server) = pair.recorded_handshake();
        // ServerHello, the dummy, and the flight: no record behind it.
        assert_eq!(support::wire_records(&by_server).len(), 3);
        let error = pair.server.send_tickets(1).unwrap_err();
        assert_eq!(error, unavailable());
    }
    // Nor one whose only mode the server does not allow.
    let client = world.client(|client| client.with_psk_modes(&[PskKeyExchangeMode::PSK_KE]));
    connect(&client, &world.server(stateless(), same));
    assert_eq!(world.shelf.len(), 0);
}

fn unavailable() -> Error {
    UsageError::NotAvailable(
        "tickets need Tickets::on_request here and a client that resumes; a call before must have ended",
    )
    .into()
}

#[test]
fn tickets_on_request_come_when_they_are_asked_for() {
    for tickets in [
        stateless(),
        Tickets::stored(MemorySessionStore::new(10)).with_count(7),
    ] {
        let world = World::new();
        let (client, server) = (world.client(same), world.server(tickets.on_request(), same));
        let mut pair = connect(&client, &server);
        assert_eq!(world.shelf.len(), 0);
        assert_eq!(pair.client.send_tickets(1), Err(unavailable()));
        for (count, so_far) in [(0, 0), (1, 1), (3, 4)] {
            pair.server.send_tickets(count).unwrap();
            assert_eq!(pair.server.waiting(), None);
            assert!(deliver(&mut pair.server, &mut pair.client).is_empty());
            assert_eq!(world.shelf.len(), so_far);
        }
        // Data before and behind them keeps its order.
        pair.server.write(b"before").unwrap();
        pair.server.send_tickets(1).unwrap();
        pair.server.write(b"behind").unwrap();
        let read = deliver(&mut pair.server, &mut pair.client);
        assert_eq!(read, [&b"before"[..], b"behind"]);
        assert_eq!(world.shelf.len(), 5);
        for _ in 0..5 {
            expect_resumed(&connect(&client, &server));
        }
        expect_full(&connect(&client, &server));
        pair.server.close();
        let error = pair.server.send_tickets(1).unwrap_err();
        assert_eq!(error, UsageError::WriteAfterClose.into());
    }
}

#[test]
fn tickets_are_refused_before_the_end_of_the_handshake() {
    let world = World::new();
    let server = world.server(stateless().on_request(), same);
    let mut pair = meet(&world.client(same), &server);
    let error = pair.server.send_tickets(1).unwrap_err();
    assert_eq!(error, UsageError::HandshakeIncomplete.into());
    // Where they come by themselves nobody can ask for more.
    let mut pair = connect(&world.client(same), &world.server(stateless(), same));
    assert_eq!(pair.server.send_tickets(1), Err(unavailable()));
}

/// Answers when it is let go.
#[derive(Debug, Default, Clone)]
struct Gate(Arc<Mutex<(bool, Option<Waker>)>>);

impl Gate {
    fn open(&self) {
        let mut state = self.0.lock().unwrap();
        state.0 = true;
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    }

    async fn passed(&self) {
        poll_fn(|context| {
            let mut state = self.0.lock().unwrap();
            if state.0 {
                return Poll::Ready(());
            }
            state.1 = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// One key, behind a gate.
#[derive(Debug)]
struct LateKey(OneKey, Gate);

impl TicketKeys for LateKey {
    fn sealing_key(&self, now: UnixTime) -> Answer<'_, Result<Option<Arc<TicketKey>>, String>> {
        Answer::later(async move {
            self.1.passed().await;
            match self.0.sealing_key(now) {
                Answer::Ready(key) => key,
                Answer::Later(later) => later.await,
            }
        })
    }

    fn opening_key<'a>(
        &'a self,
        name: &'a [u8; 16],
        now: UnixTime,
    ) -> Answer<'a, Result<Option<Arc<TicketKey>>, String>> {
        Answer::later(async move {
            self.1.passed().await;
            match self.0.opening_key(name, now) {
                Answer::Ready(key) => key,
                Answer::Later(later) => later.await,
            }
        })
    }
}

#[test]
fn a_key_that_comes_later_delays_tickets_and_nothing_else() {
    let world = World::new();
    let gate = Gate::default();
    let keys = LateKey(OneKey::new(1), gate.clone());
    let server = world.server(Tickets::stateless(keys).on_request(), same);
    let client = world.client(same);
    let mut pair = connect(&client, &server);
    pair.server.send_tickets(2).unwrap();
    assert_eq!(pair.server.waiting(), Some(Waiting::Answer("ticket key")));
    assert_eq!(pair.server.send_tickets(1), Err(unavailable()));
    pair.server.write(b"data").unwrap();
    assert_eq!(deliver(&mut pair.server, &mut pair.client), [b"data"]);
    pair.client.write(b"more").unwrap();
    assert_eq!(deliver(&mut pair.client, &mut pair.server), [b"more"]);
    gate.open();
    pair.server.process().unwrap();
    assert_eq!(pair.server.waiting(), None);
    assert!(deliver(&mut pair.server, &mut pair.client).is_empty());
    assert_eq!(world.shelf.len(), 2);
    expect_resumed(&connect(&client, &server));
    pair.server.send_tickets(1).unwrap();
}

/// The client has sent its Finished, and sends data behind it.
#[test]
fn nothing_is_due_to_a_server_that_waits_for_the_key() {
    let world = World::new();
    let gate = Gate::default();
    let keys = LateKey(OneKey::new(1), gate.clone());
    let server = world.server(Tickets::stateless(keys), same);
    let mut pair = meet(&world.client(same), &server);
    for _ in 0..2 {
        pair.client.process().unwrap();
        move_bytes(&mut pair.client, &mut pair.server);
        pair.server.process().unwrap();
        move_bytes(&mut pair.server, &mut pair.client);
    }
    assert_eq!(pair.server.waiting(), Some(Waiting::Answer("ticket key")));
    assert_eq!(pair.server.handshake_bytes_due(), 0);
    pair.client.write(b"data").unwrap();
    for byte in pair.client.output().to_vec() {
        assert_eq!(pair.server.receive(&[byte]), 1);
        pair.server.process().unwrap();
        assert_eq!(pair.server.handshake_bytes_due(), 0);
    }
    pair.client.sent(pair.client.output().len());
    gate.open();
    pair.server.process().unwrap();
    assert_eq!(read_records(&mut pair.server), [b"data"]);
}

#[test]
fn a_stream_waits_for_the_key_while_it_reads() {
    let world = World::new();
    let gate = Gate::default();
    let keys = LateKey(OneKey::new(1), gate.clone());
    let server = world.server(Tickets::stateless(keys).on_request(), same);
    let client = world.client(same);
    let (one, other) = pipe();
    let mut client = Stream::client(client, server_name(), one);
    let mut server = Stream::server(server, other);
    support::connect(&mut client, &mut server);
    server.connection_mut().send_tickets(1).unwrap();
    let opener = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        gate.open();
    });
    // There is no data: the pipe would block, once the ticket has left.
    let error = server.read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    opener.join().unwrap();
    client.read(&mut [0; 1]).unwrap_err();
    assert_eq!(world.shelf.len(), 1);
}

#[test]
fn a_server_that_waits_for_its_key_in_the_handshake_goes_on_when_it_comes() {
    let world = World::new();
    let gate = Gate::default();
    let keys = LateKey(OneKey::new(1), gate.clone());
    let server = world.server(Tickets::stateless(keys), same);
    let client = world.client(same);
    let mut pair = meet(&client, &server);
    for _ in 0..4 {
        pair.client.process().unwrap();
        move_bytes(&mut pair.client, &mut pair.server);
        pair.server.process().unwrap();
        move_bytes(&mut pair.server, &mut pair.client);
    }
    assert!(!pair.client.is_handshaking());
    assert_eq!(pair.server.waiting(), Some(Waiting::Answer("ticket key")));
    gate.open();
    finish(&mut pair);
    assert_eq!(world.shelf.len(), 2);
    expect_resumed(&connect(&client, &server));
}

/// A store on the client that answers later, too.
#[derive(Debug)]
struct LateSessions(Arc<Shelf>, Gate);

impl ClientSessionStore for LateSessions {
    fn put(&self, key: &SessionKey, session: Session) {
        self.0.put(key, session);
    }

    fn take<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Session>> {
        Answer::later(async move {
            self.1.passed().await;
            match self.0.take(key) {
                Answer::Ready(session) => session,
                Answer::Later(later) => later.await,
            }
        })
    }
}

#[test]
fn a_client_waits_for_its_store() {
    let world = World::new();
    let gate = Gate::default();
    let store = LateSessions(world.shelf.clone(), gate.clone());
    let client = world.client(|client| client.with_session_store(store));
    let server = world.server(stateless(), same);
    connect(&world.client(same), &server);
    let mut pair = meet(&client, &server);
    pair.client.process().unwrap();
    assert_eq!(
        pair.client.waiting(),
        Some(Waiting::Answer("session to resume"))
    );
    assert!(pair.client.output().is_empty());
    gate.open();
    finish(&mut pair);
    expect_resumed(&pair);
}

/// Keys that fail, by one of their two answers.
#[derive(Debug)]
struct Failing {
    seals: bool,
    opens: bool,
}

impl TicketKeys for Failing {
    fn sealing_key(&self, now: UnixTime) -> Answer<'_, Result<Option<Arc<TicketKey>>, String>> {
        match self.seals {
            true => Answer::Ready(Ok(Some(OneKey::new(1).0))),
            false => Answer::Ready(Err(format!("no key at {}", now.as_secs()))),
        }
    }

    fn opening_key<'a>(
        &'a self,
        name: &'a [u8; 16],
        _: UnixTime,
    ) -> Answer<'a, Result<Option<Arc<TicketKey>>, String>> {
        match self.opens {
            true => Answer::Ready(Ok(
                (OneKey::new(1).0.name() == name).then(|| OneKey::new(1).0)
            )),
            false => Answer::Ready(Err("the vault is closed".to_owned())),
        }
    }
}

#[test]
fn failing_keys_cost_resumption_and_not_the_handshake() {
    let world = World::new();
    let client = world.client(same);
    let keys = |seals, opens| Tickets::stateless(Failing { seals, opens });
    connect(&client, &world.server(keys(false, true), same));
    assert_eq!(world.shelf.len(), 0);
    let mut on_request = connect(&client, &world.server(keys(false, true).on_request(), same));
    on_request.server.send_tickets(3).unwrap();
    assert!(deliver(&mut on_request.server, &mut on_request.client).is_empty());
    on_request.server.write(b"alive").unwrap();
    assert_eq!(
        deliver(&mut on_request.server, &mut on_request.client),
        [b"alive"]
    );
    connect(&client, &world.server(keys(true, true), same));
    let closed = world.server(keys(true, false), same);
    expect_declined(
        &connect(&client, &closed),
        "no ticket keys: the vault is closed",
    );
}

/// A store that fails, by one of its two answers.
#[derive(Debug)]
struct FailingStore {
    keeps: bool,
    gives: bool,
    store: Arc<MemorySessionStore>,
}

impl SessionStore for FailingStore {
    fn put<'a>(
        &'a self,
        id: [u8; 32],
        state: Zeroizing<Vec<u8>>,
        now: UnixTime,
        lifetime: Duration,
    ) -> Answer<'a, Result<(), String>> {
        match self.keeps {
            true => self.store.put(id, state, now, lifetime),
            false => Answer::Ready(Err("the disk is full".to_owned())),
        }
    }

    fn take<'a>(
        &'a self,
        id: &'a [u8; 32],
        now: UnixTime,
    ) -> Answer<'a, Result<Option<Zeroizing<Vec<u8>>>, String>> {
        match self.gives {
            true => self.store.take(id, now),
            false => Answer::Ready(Err("the disk is gone".to_owned())),
        }
    }
}

#[test]
fn a_failing_store_costs_resumption_and_not_the_handshake() {
    let world = World::new();
    let client = world.client(same);
    let store = Arc::new(MemorySessionStore::new(10));
    let server = |keeps, gives| {
        let store = store.clone();
        let tickets = Tickets::stored(FailingStore {
            keeps,
            gives,
            store,
        });
        world.server(tickets, same)
    };
    connect(&client, &server(false, true));
    assert_eq!(world.shelf.len(), 0);
    connect(&client, &server(true, true));
    expect_declined(
        &connect(&client, &server(true, false)),
        "no session store: the disk is gone",
    );
    // The other session of the first connection is still there, behind those of the second.
    for _ in 0..3 {
        expect_resumed(&connect(&client, &server(true, true)));
    }
}

#[test]
fn a_session_store_has_room_for_so_many_and_the_oldest_goes() {
    let world = World::new();
    let client = world.client(same);
    let store = Arc::new(MemorySessionStore::new(2));
    let server = |count| {
        let tickets = Tickets::stored(store.clone()).with_count(count);
        world.server(tickets, same)
    };
    connect(&client, &server(3));
    let silent = server(0);
    expect_resumed(&connect(&client, &silent));
    expect_resumed(&connect(&client, &silent));
    expect_declined(
        &connect(&client, &silent),
        "no pre-shared keys are kept here; if it is a ticket, it is of another server or of a key that is gone",
    );
}

/// Tickets that come after the stream was split are kept by the reading half.
#[test]
fn halves_keep_the_tickets_that_come_after_the_split() {
    let world = World::new();
    let server = world.server(stateless().on_request(), same);
    let client = world.client(same);
    let (one, other) = pipe();
    let second = one.second_handle();
    let mut client_stream = Stream::client(client.clone(), server_name(), one);
    let mut server_stream = Stream::server(server.clone(), other);
    support::connect(&mut client_stream, &mut server_stream);
    let (mut reads, _writes) = client_stream.split_with(second).unwrap();
    server_stream.connection_mut().send_tickets(2).unwrap();
    server_stream.write_all(b"data").unwrap();
    let mut data = [0; 10];
    assert_eq!(reads.read(&mut data).unwrap(), 4);
    assert_eq!(world.shelf.len(), 2);
    expect_resumed(&connect(&client, &server));

    // And count them: more than 32 in a row are an attack.
    server_stream.connection_mut().send_tickets(33).unwrap();
    server_stream.flush().unwrap();
    let error = reads.read(&mut data).unwrap_err();
    let inner: &Error = error.get_ref().unwrap().downcast_ref().unwrap();
    assert_eq!(*inner, PeerMisbehaved::TooManyTickets { limit: 32 }.into());
    let told = server_stream.read(&mut data).unwrap_err();
    let told: &Error = told.get_ref().unwrap().downcast_ref().unwrap();
    let alert = AlertDescription::UNEXPECTED_MESSAGE;
    assert_eq!(*told, Error::AlertReceived(alert));
}

/// Tickets are read before data, in any piece in which they come.
#[test]
fn tickets_may_come_byte_by_byte() {
    let world = World::new();
    let server = world.server(stateless(), same);
    let mut pair = meet(&world.client(same), &server);
    pair.handshake().unwrap();
    pair.server.write(b"data").unwrap();
    let mut read = Vec::new();
    let bytes = pair.server.output().to_vec();
    for byte in bytes.chunks(1) {
        assert_eq!(pair.client.receive(byte), 1);
        read.extend(read_records(&mut pair.client));
    }
    assert_eq!(read, [b"data"]);
    assert_eq!(pair.client.read(&mut [0; 1]), Ok(ReadOutcome::NeedBytes));
    assert_eq!(world.shelf.len(), 2);
}

/// A server may hand out a ticket that leaves no room in a ClientHello for anything else.
#[test]
fn a_ticket_that_is_too_long_to_be_offered_is_not() {
    let world = World::new();
    let alice = || Psk::new("alice", [7; 32]).unwrap();
    let server = world.server(stateless(), |server| server.with_psk_store(alice()));
    for (client, kind) in [
        (world.client(same), HandshakeKind::Full),
        (
            world.client(|client| client.with_psks([alice()])),
            HandshakeKind::Psk,
        ),
    ] {
        for len in [61_500, 65_535] {
            world.shelf.drain();
            connect(&client, &server);
            world.shelf.edit(|bytes| lengthen(bytes, len));
            let next = connect(&client, &server);
            assert_eq!(next.server.facts().unwrap().handshake_kind, kind);
        }
    }
}

/// Makes the ticket of an encoded session, which is its last field, so many bytes long.
fn lengthen(session: &mut Vec<u8>, len: usize) {
    let ends = |at: &usize| {
        let found = usize::from(u16::from_be_bytes([session[*at], session[at + 1]]));
        found > 50 && at + 2 + found == session.len()
    };
    let lengthened = |at: usize| {
        let mut bytes = session[..at].to_vec();
        bytes.extend(u16::try_from(len).unwrap().to_be_bytes());
        bytes.resize(at + 2 + len, 7);
        bytes
    };
    // Bytes of the ticket itself may look like its length.
    let places = (0..session.len() - 2).filter(ends);
    let mut whole = places
        .map(lengthened)
        .filter(|bytes| Session::from_bytes(bytes).is_ok());
    let bytes = whole.next().unwrap();
    *session = bytes;
}

/// A server may wait for the client's certificate and for a ticket key at once: the key is what it can do something about.
#[test]
fn a_server_that_waits_for_two_things_says_which_is_its_own() {
    let world = World::new();
    let gate = Gate::default();
    let keys = LateKey(OneKey::new(1), gate.clone());
    let trust = world.pki.trust();
    let server = world.server(Tickets::stateless(keys).on_request(), |server| {
        server.with_client_auth(ClientAuth::post_handshake(trust))
    });
    let credential = world.pki.client.clone();
    let client = world.client(|client| {
        client
            .with_post_handshake_auth(true)
            .with_credential(credential)
    });
    let mut pair = connect(&client, &server);
    pair.server.request_client_certificate().unwrap();
    assert_eq!(pair.server.waiting(), Some(Waiting::Bytes("Certificate")));
    pair.server.send_tickets(1).unwrap();
    assert_eq!(pair.server.waiting(), Some(Waiting::Answer("ticket key")));
    gate.open();
    pair.server.process().unwrap();
    assert_eq!(pair.server.waiting(), Some(Waiting::Bytes("Certificate")));
    assert!(deliver(&mut pair.server, &mut pair.client).is_empty());
    assert!(deliver(&mut pair.client, &mut pair.server).is_empty());
    assert_eq!(pair.server.waiting(), None);
    assert!(pair.server.facts().unwrap().peer_certificates.is_some());
    assert_eq!(world.shelf.len(), 1);
    // The session is that of the handshake, which knew of no certificate.
    let next = connect(&client, &server);
    expect_resumed(&next);
    assert_eq!(next.server.facts().unwrap().peer_certificates, None);
}

/// RFC 8446 Section 4.6.1: seven days after the client proved itself no ticket is issued any more.
#[test]
fn a_connection_of_more_than_seven_days_gets_no_tickets() {
    let world = World::new();
    let client = world.client(same);
    let server = world.server(stateless().on_request(), same);
    let mut pair = connect(&client, &server);
    world.advance(604_799);
    pair.server.send_tickets(1).unwrap();
    deliver(&mut pair.server, &mut pair.client);
    assert_eq!(world.shelf.drain()[0].lifetime(), Duration::from_secs(1));
    world.advance(1);
    pair.server.send_tickets(1).unwrap();
    assert!(pair.server.output().is_empty());
    assert_eq!(world.shelf.len(), 0);
}
