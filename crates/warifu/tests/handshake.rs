//! Both ends in memory: handshakes with certificates.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use support::Pair;
use support::psk::{KE, client_of, pair, psk, server_of};
use support::resumption::{World, connect, meet, same, stateless};
use warifu::config::{Client, ConfigBuilder, Server};
use warifu::parameters::{CipherSuite, NamedGroup, ProtocolVersion};
use warifu::{Connection, HandshakeKind, ReadOutcome};

#[test]
fn default_handshake_uses_hybrid_group() {
    let mut pair = Pair::new();
    pair.handshake().unwrap();
    let facts = pair.client.facts().unwrap();
    assert_eq!(facts.group, Some(NamedGroup::X25519MLKEM768));
    assert_eq!(facts.cipher_suite, CipherSuite::TLS_AES_128_GCM_SHA256);
    assert_eq!(facts.handshake_kind, HandshakeKind::Full);
    pair.client.write(b"hello").unwrap();
    pair.transfer();
    let mut buffer = [0; 100];
    assert_eq!(pair.server.read(&mut buffer).unwrap(), ReadOutcome::Data(5));
    assert_eq!(&buffer[..5], b"hello");
}

/// The bytes that one end was given, and after how many of them it said how many were due.
#[derive(Default)]
struct Given {
    bytes: usize,
    due: Vec<(usize, usize)>,
    /// How many there were when the handshake was complete.
    end: Option<usize>,
}

impl Given {
    fn note(&mut self, connection: &mut Connection) {
        connection.process().unwrap();
        self.due
            .push((self.bytes, connection.handshake_bytes_due()));
        if !connection.is_handshaking() {
            self.end.get_or_insert(self.bytes);
        }
    }

    fn take(&mut self, from: &mut Connection, to: &mut Connection) {
        for byte in from.output().to_vec() {
            assert_eq!(to.receive(&[byte]), 1);
            self.bytes += 1;
            self.note(to);
        }
        from.sent(from.output().len());
    }
}

/// Carries byte by byte, and returns the most that was due to the client and to the server. It is never more than what came.
fn most_due(pair: &mut Pair) -> (usize, usize) {
    let (mut client, mut server) = (Given::default(), Given::default());
    client.note(&mut pair.client);
    for _ in 0..4 {
        server.take(&mut pair.client, &mut pair.server);
        client.take(&mut pair.server, &mut pair.client);
    }
    let [client, server] = [client, server].map(|given| {
        let end = given.end.unwrap();
        for &(at, due) in &given.due {
            assert!(at + due <= end || due == 0, "{due} after {at} of {end}");
        }
        given.due.iter().map(|(_, due)| *due).max().unwrap()
    });
    (client, server)
}

#[test]
fn no_more_is_due_to_a_handshake_than_comes() {
    // Header, message, type, tag.
    for (suite, finished_len) in [
        (CipherSuite::TLS_AES_128_GCM_SHA256, 5 + 36 + 1 + 16),
        (CipherSuite::TLS_AES_256_GCM_SHA384, 5 + 52 + 1 + 16),
        (CipherSuite::TLS_CHACHA20_POLY1305_SHA256, 5 + 36 + 1 + 16),
        (CipherSuite::TLS_AES_128_CCM_8_SHA256, 5 + 36 + 1 + 8),
    ] {
        let client = |client: ConfigBuilder<Client>| client.with_cipher_suites(&[suite]);
        let server = |server: ConfigBuilder<Server>| server.with_cipher_suites(&[suite]);
        let due = most_due(&mut Pair::with(client, server));
        assert_eq!(due, (224, finished_len), "{suite}");
        let retried = most_due(&mut Pair::with(
            |builder| client(builder).with_groups(&[NamedGroup::X25519, NamedGroup::SECP256R1]),
            |builder| server(builder).with_groups(&[NamedGroup::SECP256R1]),
        ));
        assert_eq!(retried, (224, finished_len), "{suite}");
    }
    let older = |version| {
        most_due(&mut Pair::with(
            |client| client.with_versions(version..=ProtocolVersion::TLS1_3),
            |server| server.with_versions(version..=version),
        ))
    };
    assert_eq!(older(ProtocolVersion::TLS1_2), (224, 0));
}

#[test]
fn of_what_is_resumed_the_finished_alone_is_due() {
    let finished_len = 5 + 36 + 1 + 16;
    let world = World::new();
    let (client, server) = (world.client(same), world.server(stateless(), same));
    connect(&client, &server);
    let mut resumed = meet(&client, &server);
    assert_eq!(most_due(&mut resumed), (finished_len, finished_len));
    assert!(resumed.client.facts().unwrap().resumed);
    let mut with_key = pair(
        client_of([psk("alice")]).with_psk_modes(&[KE]),
        server_of([psk("alice")]).with_psk_modes(&[KE]),
    );
    assert_eq!(most_due(&mut with_key), (finished_len, finished_len));
    // An older version, in which nothing is known.
    let version = ProtocolVersion::TLS1_2;
    let client = world.client(|client| client.with_versions(version..=version));
    let server = world.server(stateless(), |server| {
        server.with_versions(version..=version)
    });
    connect(&client, &server);
    let mut resumed = meet(&client, &server);
    assert_eq!(most_due(&mut resumed), (0, 0));
    assert!(resumed.client.facts().unwrap().resumed);
}
