//! One pre-shared key in both roles of a node: a ClientHello that comes back is refused (RFC 9257 Section 4.1).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use support::psk::{DHE, KE, client_of, connected, exchange, pair, psk, server_of};
use support::{Pair, Side, move_bytes, server_name};
use warifu::early_data::{MemoryReplayStore, ReplayableEarlyData};
use warifu::parameters::NamedGroup;
use warifu::psk::PskRole;
use warifu::{Connection, EarlyData, Error, PskFailure, ReadOutcome};

fn reflected() -> Error {
    let identity = "alice".to_owned();
    PskFailure::Reflected { identity }.into()
}

#[test]
fn a_node_does_not_talk_to_itself_by_clones_of_one_key() {
    for retry in [false, true] {
        for modes in [[DHE], [KE]] {
            let node = psk("alice");
            // Clones stay one node's copy whatever is said of them later.
            for (ours, theirs) in [
                (node.clone(), node.clone()),
                (
                    node.clone().with_role(PskRole::Client),
                    node.clone().with_role(PskRole::Server),
                ),
            ] {
                let client = |key| {
                    client_of([key])
                        .with_psk_modes(&modes)
                        .with_groups(&[NamedGroup::X25519, NamedGroup::SECP256R1])
                };
                let server = |key| {
                    let server = server_of([key]).with_psk_modes(&modes);
                    match retry {
                        true => server.with_groups(&[NamedGroup::SECP256R1]),
                        false => server,
                    }
                };
                pair(client(ours.clone()), server(theirs.clone()))
                    .expect_failure(Side::Server, &reflected());
                // Another node's copy is served, in both directions.
                connected(client(psk("alice")), server(theirs));
                connected(client(ours), server(psk("alice")));
            }
        }
    }
}

#[test]
fn a_node_does_not_talk_to_itself_by_clones_of_an_imported_key() {
    let node = psk("alice").with_import("context");
    let client = client_of([node.clone()]);
    pair(client, server_of([node.clone()])).expect_failure(Side::Server, &reflected());
    let node = psk("alice").with_both_forms("context");
    let client = client_of([node.clone()]);
    pair(client, server_of([node])).expect_failure(Side::Server, &reflected());
}

/// The attack of RFC 9257 Section 4.1: whoever is in the middle hands the ClientHello of A, meant for B, back to A.
#[test]
fn a_client_hello_sent_back_by_somebody_in_the_middle_is_refused() {
    let ours = psk("alice");
    let server_config = server_of([ours.clone()]).build().unwrap();
    let client_config = client_of([ours]).build().unwrap();
    let mut client = Connection::client(client_config, server_name());
    client.process().unwrap();
    let hello = client.output().to_vec();
    let count = hello.len();
    client.sent(count);

    // Whole, in pieces, and in records of other lengths.
    let (header, message) = hello.split_at(5);
    let (first, second) = message.split_at(100);
    let mut cut = Vec::new();
    for part in [first, second] {
        cut.extend(&header[..3]);
        cut.extend(u16::try_from(part.len()).unwrap().to_be_bytes());
        cut.extend(part);
    }
    for bytes in [&hello, &hello, &cut] {
        let mut server = Connection::server(server_config.clone());
        assert_eq!(server.receive(bytes), bytes.len());
        assert_eq!(server.process(), Err(reflected()));
    }
    assert_eq!(server_config.psk_statistics().reflected, 3);
    assert_eq!(server_config.psk_statistics().keys_accepted, 0);

    // The node it was meant for takes it, and the client takes the answer.
    let mut server = Connection::server(server_of([psk("alice")]).build().unwrap());
    server.receive(&hello);
    let mut pair = Pair { client, server };
    pair.server.process().unwrap();
    move_bytes(&mut pair.server, &mut pair.client);
    pair.handshake().unwrap();
    exchange(&mut pair);
}

#[test]
fn a_client_hello_is_forgotten_with_its_handshake() {
    let ours = psk("alice");
    let server_config = server_of([ours.clone()]).build().unwrap();
    let client_config = client_of([ours]).build().unwrap();
    let mut client = Connection::client(client_config, server_name());
    client.process().unwrap();
    let hello = client.output().to_vec();
    drop(client);
    // Nobody is there any more who could finish this handshake.
    let mut server = Connection::server(server_config);
    server.receive(&hello);
    server.process().unwrap();
    assert!(server.is_handshaking());
}

/// Nobody could tell then that it is this node's own.
#[test]
fn early_data_that_comes_back_after_its_handshake_is_not_taken() {
    for import in [false, true] {
        let ours = psk("alice").with_replayable_early_data(100);
        let ours = match import {
            true => ours.with_import("context"),
            false => ours,
        };
        let early = ReplayableEarlyData::new(
            100,
            MemoryReplayStore::default().with_external_keys_until_restart(10),
        );
        let server_config = server_of([ours.clone()])
            .with_replayable_early_data(early)
            .build()
            .unwrap();
        let client_config = client_of([ours])
            .with_replayable_early_data(true)
            .build()
            .unwrap();
        let mut client = Connection::client(client_config, server_name());
        client.write_replayable_early_data(b"pay").unwrap();
        client.process().unwrap();
        let flight = client.output().to_vec();
        drop(client);
        let mut server = Connection::server(server_config);
        server.receive(&flight);
        server.process().unwrap();
        assert_eq!(server.early_data(), EarlyData::Rejected);
        assert!(!matches!(
            server.read_replayable_early_data(&mut [0; 8]),
            Ok(ReadOutcome::Data(_))
        ));
        assert!(server.is_handshaking());
    }
}
