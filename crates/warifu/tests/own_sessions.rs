//! Sessions as a program handles them that keeps them itself: a store for each connection, the sessions that a server made, tickets
//! and IDs side by side.
#![cfg(feature = "legacy")]
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
    Shelf, World, connect, expect_full, expect_resumed, finish, meet, same, stateless,
};
use support::{Pair, client_builder, server_name};
use warifu::config::{Client, ConfigBuilder};
use warifu::decision::Answer;
use warifu::early_data::{MemoryReplayStore, ReplayableEarlyData};
use warifu::parameters::ProtocolVersion;
use warifu::pki_types::UnixTime;
use warifu::resumption::{
    MemorySessionStore, Session, SessionStore, TicketKey, Tickets, WatchSessions,
};
use warifu::{ClientConfig, Connection, EarlyData, Error, ServerConfig, UsageError};
use zeroize::Zeroizing;

/// What a server was told of.
#[derive(Debug, Default)]
struct Issued(Mutex<Vec<Session>>);

impl Issued {
    fn take(&self) -> Vec<Session> {
        core::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl WatchSessions for Issued {
    fn issued(&self, session: &Session) {
        self.0.lock().unwrap().push(session.clone());
    }
}

fn only(version: ProtocolVersion) -> impl Fn(ConfigBuilder<Client>) -> ConfigBuilder<Client> {
    move |client| client.with_versions(version..=version)
}

fn connect_with(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    shelf: &Arc<Shelf>,
) -> Pair {
    let mut pair = meet(client, server);
    pair.client.set_session_store(shelf.clone()).unwrap();
    finish(&mut pair);
    pair
}

#[test]
fn a_connection_keeps_its_sessions_in_a_place_of_its_own() {
    for version in [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        let world = World::new();
        // The configuration keeps none.
        let client = client_builder(&world.pki)
            .with_clock(world.clock.clone())
            .with_session_context("client");
        let client = only(version)(client).build().unwrap();
        let server = world.server(stateless().with_count(1), same);
        let own = Arc::new(Shelf::default());
        expect_full(&connect_with(&client, &server, &own));
        assert_eq!(own.len(), 1);
        let resumed = connect_with(&client, &server, &own);
        expect_resumed(&resumed);
        assert_eq!(own.len(), 1);
        let session = own.drain().remove(0);
        assert_eq!(session.version(), version);
        assert!(session.ticket().is_some() && session.session_id().is_none());
        assert_eq!(session.server_name(), Some("host.example"));
        assert_eq!(
            session.peer_certificates(),
            resumed.client.facts().unwrap().peer_certificates.as_ref()
        );
        assert!(session.secret().len() >= 32);
    }
}

#[test]
fn a_store_of_a_connection_is_set_in_time_and_needs_a_context() {
    let world = World::new();
    let own = Arc::new(Shelf::default());
    let refused = |connection: &mut Connection| {
        let error = connection.set_session_store(own.clone()).unwrap_err();
        assert!(matches!(error, Error::Usage(UsageError::NotAvailable(_))));
    };
    let without_context = client_builder(&world.pki).build().unwrap();
    refused(&mut Connection::client(without_context, server_name()));
    let (client, server) = (world.client(same), world.server(stateless(), same));
    let mut pair = meet(&client, &server);
    refused(&mut pair.server);
    assert!(pair.server.set_replayable_early_data(true).is_err());
    pair.client.process().unwrap();
    refused(&mut pair.client);
    assert!(pair.client.set_replayable_early_data(true).is_err());
}

#[test]
fn a_connection_decides_whether_it_offers_early_data() {
    let world = World::new();
    let early = |server: ConfigBuilder<warifu::config::Server>| {
        let store = MemoryReplayStore::default();
        server.with_replayable_early_data(ReplayableEarlyData::new(1000, store))
    };
    let server = world.server(stateless(), early);
    for (by_config, own) in [(false, true), (true, false)] {
        let client = world.client(|client| client.with_replayable_early_data(by_config));
        connect(&client, &server);
        let mut pair = meet(&client, &server);
        pair.client.set_replayable_early_data(own).unwrap();
        let sent = pair.client.write_replayable_early_data(b"early").unwrap();
        assert_eq!(sent, if own { 5 } else { 0 });
        finish(&mut pair);
        let expected = match own {
            true => EarlyData::Accepted,
            false => EarlyData::NotOffered,
        };
        assert_eq!(pair.client.early_data(), expected);
    }
}

/// A server's session is the client's: the same secret, and the same ticket or ID.
#[test]
fn a_server_is_told_of_the_sessions_that_it_makes() {
    for (version, stored) in [
        (ProtocolVersion::TLS1_2, false),
        (ProtocolVersion::TLS1_2, true),
        (ProtocolVersion::TLS1_3, false),
        (ProtocolVersion::TLS1_3, true),
    ] {
        let world = World::new();
        let issued = Arc::new(Issued::default());
        let tickets = match stored {
            true => Tickets::stored(MemorySessionStore::new(10)),
            false => stateless(),
        };
        let tickets = tickets.with_count(1).with_watcher(issued.clone());
        let (client, server) = (world.client(only(version)), world.server(tickets, same));
        for _ in 0..2 {
            connect(&client, &server);
            let [ours, theirs] = [issued.take(), world.shelf.sessions()].map(|mut sessions| {
                assert_eq!(sessions.len(), 1);
                sessions.remove(0)
            });
            assert_eq!(ours.version(), version);
            assert_eq!(ours.secret(), theirs.secret());
            assert_eq!(ours.ticket(), theirs.ticket());
            assert_eq!(ours.session_id(), theirs.session_id());
            assert_eq!(
                ours.session_id().is_some(),
                stored && version < ProtocolVersion::TLS1_3
            );
            assert!(!ours.to_stored().is_empty());
        }
    }
}

/// A store that lends what it keeps, and shows it.
#[derive(Debug, Default)]
struct Open(Mutex<Vec<([u8; 32], Vec<u8>)>>);

impl SessionStore for Open {
    fn put<'a>(
        &'a self,
        id: [u8; 32],
        state: Zeroizing<Vec<u8>>,
        _: UnixTime,
        _: Duration,
    ) -> Answer<'a, Result<(), String>> {
        self.0.lock().unwrap().push((id, state.to_vec()));
        Answer::Ready(Ok(()))
    }

    fn take<'a>(
        &'a self,
        id: &'a [u8; 32],
        _: UnixTime,
    ) -> Answer<'a, Result<Option<Zeroizing<Vec<u8>>>, String>> {
        let all = self.0.lock().unwrap();
        let found = all.iter().find(|(of, _)| of == id);
        Answer::Ready(Ok(found.map(|(_, state)| state.clone().into())))
    }
}

#[test]
fn what_a_store_keeps_can_be_read_and_given_back() {
    for version in [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        let world = World::new();
        let store = Arc::new(Open::default());
        let server = world.server(Tickets::stored(store.clone()).with_count(1), same);
        let client = world.client(only(version));
        connect(&client, &server);
        let (id, state) = store.0.lock().unwrap()[0].clone();
        let session = Session::of_stored(&id, &state).unwrap();
        assert_eq!(session.version(), version);
        assert_eq!(session.session_id().or(session.ticket()), Some(&id[..]));
        assert_eq!(*session.to_stored(), state);
        let again = Session::from_bytes(&session.to_bytes()).unwrap();
        assert_eq!(*again.to_stored(), state);
        assert!(Session::of_stored(&id, &state[1..]).is_err());
        expect_resumed(&connect(&client, &server));
    }
}

#[test]
fn clients_without_tickets_get_session_ids_beside_them() {
    let world = World::new();
    let store = Arc::new(Open::default());
    let tickets = stateless().with_session_ids(store.clone());
    let server = world.server(tickets, same);
    // A client here always takes tickets.
    let client = world.client(only(ProtocolVersion::TLS1_2));
    connect(&client, &server);
    expect_resumed(&connect(&client, &server));
    assert!(store.0.lock().unwrap().is_empty());
    // A session with an ID, of a server with a store, is offered beside an empty ticket.
    let stored = world.server(Tickets::stored(store.clone()), same);
    world.shelf.drain();
    connect(&client, &stored);
    assert_eq!(store.0.lock().unwrap().len(), 1);
    let by_id = connect(&client, &server);
    expect_resumed(&by_id);
    // The ID stays; and there is a ticket now.
    expect_resumed(&connect(&client, &server));
}

#[test]
fn tickets_come_by_themselves_and_on_request_too() {
    let world = World::new();
    let tickets = stateless().with_count(1).also_on_request();
    let (client, server) = (world.client(same), world.server(tickets, same));
    let mut pair = connect(&client, &server);
    assert_eq!(world.shelf.len(), 1);
    pair.server.send_tickets(2).unwrap();
    finish(&mut pair);
    assert_eq!(world.shelf.len(), 3);
    // The older versions' session depends on neither.
    for (enabled, expected) in [(true, 1), (false, 0)] {
        world.shelf.drain();
        let tickets = stateless()
            .with_count(0)
            .also_on_request()
            .with_legacy_sessions(enabled);
        let server = world.server(tickets, same);
        connect(&world.client(only(ProtocolVersion::TLS1_2)), &server);
        assert_eq!(world.shelf.len(), expected);
        world.shelf.drain();
        connect(&world.client(same), &server);
        assert_eq!(world.shelf.len(), 0);
    }
}

#[test]
fn keys_can_have_names_of_their_own() {
    let named = TicketKey::named([7; 16], &[1; 32]).unwrap();
    assert_eq!(named.name(), &[7; 16]);
    let unnamed = TicketKey::new(&[1; 32]).unwrap();
    assert_ne!(unnamed.name(), &[7; 16]);
}
