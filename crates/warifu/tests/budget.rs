//! What a connection costs in memory: allocations of a handshake, bytes of an idle connection.
//!
//! Counted is Rust's allocator on this thread. AWS-LC has its own allocations, all of them gone when a handshake is
//! complete.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::sync::Arc;

use support::{Pair, Pki, server_name};
use warifu::parameters::{NamedGroup, PskKeyExchangeMode};
use warifu::resumption::{MemorySessions, RotatingTicketKeys, Tickets};
use warifu::{ClientAuth, ClientConfig, Connection, Psk, ServerConfig};

/// Rust allocations of one side in a handshake with P-256 certificates.
const MAX_ALLOCATIONS: u64 = 40;
/// Heap bytes of an idle established connection whose buffers were released, in bytes.
const MAX_IDLE_BYTES: i64 = 1_536;

#[derive(Debug, Default, Clone, Copy)]
struct Cost {
    allocations: u64,
    bytes: i64,
}

impl Cost {
    fn count<T>(&mut self, call: impl FnOnce() -> T) -> T {
        let mut result = None;
        let info = allocation_counter::measure(|| result = Some(call()));
        self.allocations += info.count_total;
        self.bytes += info.bytes_current;
        result.unwrap()
    }
}

/// A whole handshake, and the end of it that is idle: what each side cost, its object on the stack not included.
fn handshake(mutual: bool, groups: &[NamedGroup]) -> (Pair, Cost, Cost) {
    let pki = Pki::new();
    let client_config = support::client_builder(&pki)
        .with_groups(groups)
        .with_credential(pki.client.clone())
        .build()
        .unwrap();
    let server_config = support::server_builder(&pki).with_client_auth(match mutual {
        true => ClientAuth::required(pki.trust()),
        false => ClientAuth::Off,
    });
    handshake_with(client_config, server_config.build().unwrap())
}

/// As [`handshake`], with these configurations.
fn handshake_with(
    client_config: Arc<ClientConfig>,
    server_config: Arc<ServerConfig>,
) -> (Pair, Cost, Cost) {
    // What happens once per process is not a connection's cost.
    for _ in 0..2 {
        let mut warm_up = Pair {
            client: Connection::client(client_config.clone(), server_name()),
            server: Connection::server(server_config.clone()),
        };
        warm_up.handshake().unwrap();
        // Tickets, if there are any.
        warm_up.client.peek().unwrap();
    }
    let (mut client, mut server) = (Cost::default(), Cost::default());
    let mut pair = Pair {
        client: client.count(|| Connection::client(client_config.clone(), server_name())),
        server: server.count(|| Connection::server(server_config.clone())),
    };
    let mut bytes = Vec::with_capacity(1 << 15);
    while pair.client.is_handshaking() || pair.server.is_handshaking() {
        client.count(|| pair.client.process()).unwrap();
        carry(
            &mut pair.client,
            &mut client,
            &mut pair.server,
            &mut server,
            &mut bytes,
        );
        server.count(|| pair.server.process()).unwrap();
        carry(
            &mut pair.server,
            &mut server,
            &mut pair.client,
            &mut client,
            &mut bytes,
        );
    }
    client.count(|| pair.client.release_buffers());
    server.count(|| pair.server.release_buffers());
    (pair, client, server)
}

/// Moves output through memory that belongs to neither side.
fn carry(
    from: &mut Connection,
    from_cost: &mut Cost,
    to: &mut Connection,
    to_cost: &mut Cost,
    bytes: &mut Vec<u8>,
) {
    bytes.clear();
    bytes.extend(from.output());
    from_cost.count(|| from.sent(bytes.len()));
    assert_eq!(to_cost.count(|| to.receive(bytes)), bytes.len());
}

#[test]
fn handshakes_and_idle_connections_are_cheap() {
    for (mutual, groups, name) in [
        (false, &[NamedGroup::X25519][..], "X25519"),
        (false, &[NamedGroup::SECP256R1], "P-256"),
        (
            false,
            &[NamedGroup::X25519MLKEM768, NamedGroup::X25519],
            "X25519MLKEM768",
        ),
        (true, &[NamedGroup::X25519], "X25519, client certificate"),
    ] {
        let (pair, client, server) = handshake(mutual, groups);
        println!("{name}: client {client:?}, server {server:?}");
        println!("  Connection itself: {}", size_of_val(&pair.client));
        for (side, cost) in [("client", client), ("server", server)] {
            assert!(
                cost.allocations <= MAX_ALLOCATIONS,
                "{name}, {side}: {cost:?}"
            );
            assert!(cost.bytes <= MAX_IDLE_BYTES, "{name}, {side}: {cost:?}");
        }
    }
}

#[test]
fn handshakes_with_keys_and_tickets_are_cheap() {
    let psk = || Psk::new("alice", [7; 32]).unwrap();
    let with_key = |mode| {
        let client = ClientConfig::psk_builder([psk()])
            .with_psk_modes(&[mode])
            .with_groups(&[NamedGroup::X25519]);
        let server = ServerConfig::psk_builder(psk())
            .with_psk_modes(&[mode])
            .with_groups(&[NamedGroup::X25519]);
        (client.build().unwrap(), server.build().unwrap())
    };
    let with_tickets = || {
        let pki = Pki::new();
        let client = support::client_builder(&pki)
            .with_groups(&[NamedGroup::X25519])
            .with_session_store(MemorySessions::default());
        let server = support::server_builder(&pki)
            .with_tickets(Tickets::stateless(RotatingTicketKeys::default()));
        (client.build().unwrap(), server.build().unwrap())
    };
    // A client that keeps tickets holds what they are made into: a secret, names, and the server's chain.
    for (name, most, (client, server)) in [
        ("psk_ke", 34, with_key(PskKeyExchangeMode::PSK_KE)),
        ("psk_dhe_ke", 38, with_key(PskKeyExchangeMode::PSK_DHE_KE)),
        ("resumption", 60, with_tickets()),
    ] {
        let (pair, client, server) = handshake_with(client, server);
        println!("{name}: client {client:?}, server {server:?}");
        assert_eq!(pair.client.facts().unwrap().resumed, name == "resumption");
        for (side, cost) in [("client", client), ("server", server)] {
            let most_bytes = match (name, side) {
                ("resumption", "client") => MAX_IDLE_BYTES + 512,
                _ => MAX_IDLE_BYTES,
            };
            assert!(cost.allocations <= most, "{name}, {side}: {cost:?}");
            assert!(cost.bytes <= most_bytes, "{name}, {side}: {cost:?}");
        }
    }
}

/// Released memory comes back with the next record, under the same keys and sequence numbers.
#[test]
fn connections_go_on_after_their_memory_was_released() {
    let mut pair = Pair::new();
    pair.handshake().unwrap();
    pair.transfer();
    for round in 0..5 {
        for side in [&mut pair.client, &mut pair.server] {
            side.release_buffers();
            side.release_buffers();
        }
        pair.client.write(b"to the server").unwrap();
        pair.server.write(b"to the client").unwrap();
        if round == 2 {
            pair.client.release_buffers();
            pair.client.update_keys(true).unwrap();
            pair.server.release_buffers();
        }
        pair.transfer();
        assert_eq!(support::read_records(&mut pair.server), [b"to the server"]);
        assert_eq!(support::read_records(&mut pair.client), [b"to the client"]);
        pair.transfer();
    }
    pair.client.release_buffers();
    pair.client.close();
    pair.server.release_buffers();
    pair.transfer();
    assert_eq!(
        pair.server.read(&mut [0; 9]).unwrap(),
        warifu::ReadOutcome::Closed
    );
}
