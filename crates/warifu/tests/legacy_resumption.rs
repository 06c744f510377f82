//! Resumption in TLS 1.2, 1.1 and 1.0 between our own two sides: by ticket (RFC 5077) and by session ID.
#![cfg(feature = "legacy")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use support::psk::psk;
use support::resumption::{
    World, connect, expect_declined, expect_full, expect_resumed, stateless,
};
use support::{Pair, deliver, pattern};
use warifu::config::{Client, ConfigBuilder, Policy, Server};
use warifu::parameters::ProtocolVersion;
use warifu::psk::PskTable;
use warifu::resumption::{MemorySessionStore, Session, Tickets};
use warifu::{ClientAuth, HandshakeKind};

const OLD: [ProtocolVersion; 3] = [
    ProtocolVersion::TLS1_0,
    ProtocolVersion::TLS1_1,
    ProtocolVersion::TLS1_2,
];

fn stored() -> Tickets {
    Tickets::stored(MemorySessionStore::new(100))
}

fn client_of(version: ProtocolVersion) -> impl Fn(ConfigBuilder<Client>) -> ConfigBuilder<Client> {
    move |client| {
        client
            .with_policy(Policy::Legacy)
            .with_versions(version..=version)
    }
}

fn server_of(version: ProtocolVersion) -> impl Fn(ConfigBuilder<Server>) -> ConfigBuilder<Server> {
    move |server| {
        server
            .with_policy(Policy::Legacy)
            .with_versions(version..=version)
    }
}

/// Data of several records in each direction.
fn exchange(pair: &mut Pair) {
    let data = pattern(20_000, 1);
    let (client, server) = (&mut pair.client, &mut pair.server);
    client.write(&data).unwrap();
    assert_eq!(deliver(client, server).concat(), data);
    server.write(&data).unwrap();
    assert_eq!(deliver(server, client).concat(), data);
}

#[test]
fn sessions_resume_by_ticket_and_by_id_again_and_again() {
    for version in OLD {
        for tickets in [stateless(), stored()] {
            let world = World::new();
            let client = world.client(client_of(version));
            let server = world.server(tickets, server_of(version));
            let first = connect(&client, &server);
            expect_full(&first);
            let chain = first.client.facts().unwrap().peer_certificates.clone();
            assert!(chain.is_some());
            for _ in 0..4 {
                assert_eq!(world.shelf.len(), 1, "{version}");
                let mut next = connect(&client, &server);
                expect_resumed(&next);
                let facts = next.client.facts().unwrap();
                assert_eq!(facts.version, version);
                assert_eq!(facts.peer_certificates, chain);
                let [ours, theirs] = [&next.client, &next.server]
                    .map(|side| side.facts().unwrap().legacy.clone().unwrap().tls_unique);
                assert_eq!(ours, theirs);
                assert!(ours.is_some());
                exchange(&mut next);
            }
        }
    }
}

#[test]
fn a_session_is_of_one_version_only() {
    let [tls10, _, tls12] = OLD;
    for tickets in [stateless(), stored()] {
        let world = World::new();
        let both = |client: ConfigBuilder<Client>| {
            client
                .with_policy(Policy::Legacy)
                .with_versions(tls10..=tls12)
        };
        let client = world.client(both);
        let server = world.server(tickets.clone(), server_of(tls10));
        expect_full(&connect(&client, &server));
        // The server has learnt TLS 1.2.
        let newer = world.server(tickets, server_of(tls12));
        expect_declined(
            &connect(&client, &newer),
            "the session is of another version",
        );
    }
}

#[test]
fn a_ticket_of_one_side_of_tls_1_3_is_none_of_the_other() {
    let [_, _, tls12] = OLD;
    let world = World::new();
    let tickets = stateless();
    let client = world.client(|client| client);
    let old_server = world.server(tickets.clone(), server_of(tls12));
    expect_full(&connect(&client, &old_server));
    let new_server = world.server(tickets.clone(), |server| server);
    let pair = connect(&client, &new_server);
    assert_eq!(
        pair.client.facts().unwrap().version,
        ProtocolVersion::TLS1_3
    );
    assert_eq!(
        pair.client.facts().unwrap().handshake_kind,
        HandshakeKind::Full
    );
    // Now sessions of TLS 1.3 are on the shelf.
    let pair = connect(&client, &old_server);
    assert_eq!(pair.client.facts().unwrap().version, tls12);
    assert_eq!(
        pair.client.facts().unwrap().handshake_kind,
        HandshakeKind::Full
    );
}

#[test]
fn what_a_session_is_bound_to_must_be_the_same() {
    let [_, _, tls12] = OLD;
    for tickets in [stateless(), stored()] {
        let world = World::new();
        let client = world.client(|client| client_of(tls12)(client).with_alpn(["a"]));
        let server = world.server(tickets.clone(), |server| {
            server_of(tls12)(server).with_alpn(["a"])
        });
        expect_full(&connect(&client, &server));
        // Another protocol is chosen now.
        let both = world.client(|client| client_of(tls12)(client).with_alpn(["a", "b"]));
        let other = world.server(tickets.clone(), |server| {
            server_of(tls12)(server).with_alpn(["b"])
        });
        let pair = connect(&both, &other);
        expect_declined(&pair, "the session is for another application protocol");
        // Another configuration.
        let other = world.server(tickets.clone(), |server| {
            server_of(tls12)(server)
                .with_alpn(["b"])
                .with_session_context("another")
        });
        let pair = connect(&both, &other);
        expect_declined(&pair, "the session is of another configuration");
        // Too old, by the server's clock; the client's own check is taken away from it.
        world.shelf.edit(|_| {});
        world.advance(13 * 60 * 60);
        let pair = connect(&both, &other);
        assert!(!pair.server.facts().unwrap().resumed);
    }
}

#[test]
fn a_session_without_certificate_is_not_resumed_where_one_is_demanded_before_tls_1_3() {
    let [_, _, tls12] = OLD;
    for tickets in [stateless(), stored()] {
        let world = World::new();
        let credential = world.pki.client.clone();
        let client =
            world.client(|client| client_of(tls12)(client).with_credential(credential.clone()));
        let trust = world.pki.trust();
        let lax = world.server(tickets.clone(), server_of(tls12));
        let strict = world.server(tickets.clone(), |server| {
            let demanded = ClientAuth::post_handshake_or_required(trust);
            server_of(tls12)(server).with_client_auth(demanded)
        });
        connect(&client, &lax);
        let next = connect(&client, &strict);
        expect_declined(&next, "the session began without the client's certificate");
        let chain = next.server.facts().unwrap().peer_certificates.clone();
        assert_eq!(chain.as_ref().unwrap()[..], *credential.certificates());
        let resumed = connect(&client, &strict);
        expect_resumed(&resumed);
        assert_eq!(resumed.server.facts().unwrap().peer_certificates, chain);
    }
}

#[test]
fn the_clients_certificate_and_the_key_survive_resumption() {
    let [_, _, tls12] = OLD;
    for tickets in [stateless(), stored()] {
        let world = World::new();
        let credential = world.pki.client.clone();
        let client =
            world.client(|client| client_of(tls12)(client).with_credential(credential.clone()));
        let trust = world.pki.trust();
        let server = world.server(tickets.clone(), |server| {
            server_of(tls12)(server).with_client_auth(ClientAuth::required(trust))
        });
        let first = connect(&client, &server);
        let chain = first.server.facts().unwrap().peer_certificates.clone();
        assert_eq!(chain.as_ref().unwrap()[..], *credential.certificates());
        let next = connect(&client, &server);
        expect_resumed(&next);
        assert_eq!(next.server.facts().unwrap().peer_certificates, chain);

        let world = World::new();
        let alice = psk("alice");
        let client = world.client(|client| client_of(tls12)(client).with_psks([alice.clone()]));
        let keys = PskTable::new([psk("alice")]).unwrap();
        let server = world.server(tickets.clone(), |server| {
            server_of(tls12)(server).with_psk_store(keys)
        });
        let first = connect(&client, &server);
        let facts = first.server.facts().unwrap();
        assert_eq!(facts.handshake_kind, HandshakeKind::Psk);
        let psk_facts = facts.psk.clone();
        assert_eq!(&*psk_facts.as_ref().unwrap().identity, b"alice");
        let next = connect(&client, &server);
        expect_resumed(&next);
        for side in [&next.client, &next.server] {
            assert_eq!(side.facts().unwrap().psk, psk_facts);
        }
        // The key was replaced.
        let other_keys = PskTable::new([support::psk::psk_of(b"alice", 8)]).unwrap();
        let replaced = world.server(tickets.clone(), |server| {
            server_of(tls12)(server).with_psk_store(other_keys)
        });
        let mut pair = support::resumption::meet(&client, &replaced);
        let (_, error) = pair.handshake().unwrap_err();
        let identity = "alice".to_owned();
        assert_eq!(
            error,
            warifu::PskFailure::WrongKeyInFinished { identity }.into()
        );
    }
}

#[test]
fn sessions_are_stored_as_bytes() {
    let [_, _, tls12] = OLD;
    let world = World::new();
    let client = world.client(client_of(tls12));
    let server = world.server(stateless(), server_of(tls12));
    connect(&client, &server);
    world.shelf.edit(|bytes| {
        let session = Session::from_bytes(bytes).unwrap();
        assert_eq!(session.version(), tls12);
        assert_eq!(session.max_early_data(), 0);
        assert_eq!(session.lifetime().as_secs(), 12 * 60 * 60);
    });
    expect_resumed(&connect(&client, &server));
}
