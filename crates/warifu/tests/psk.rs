//! Pre-shared keys between our own two sides.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::sync::Arc;

use support::{Pair, server_name};
use warifu::config::{ConfigBuilder, Server};
use warifu::parameters::PskKeyExchangeMode;
use warifu::psk::PskTable;
use warifu::{ClientConfig, Connection, HandshakeKind, Psk, ServerConfig};

const DHE: PskKeyExchangeMode = PskKeyExchangeMode::PSK_DHE_KE;
const KE: PskKeyExchangeMode = PskKeyExchangeMode::PSK_KE;

fn alice() -> Psk {
    Psk::new("alice", [7; 32]).unwrap()
}

fn server_of(psks: impl IntoIterator<Item = Psk>) -> ConfigBuilder<Server> {
    ServerConfig::psk_builder(PskTable::new(psks).unwrap())
}

fn pair(client: Arc<ClientConfig>, server: Arc<ServerConfig>) -> Pair {
    Pair {
        client: Connection::client(client, server_name()),
        server: Connection::server(server),
    }
}

#[test]
fn a_key_alone_authenticates_in_both_modes() {
    for (modes, group) in [(&[DHE][..], true), (&[KE], false), (&[KE, DHE], true)] {
        let client = ClientConfig::psk_builder([alice()]).with_psk_modes(modes);
        let server = server_of([alice()]).with_psk_modes(&[DHE, KE]);
        let mut pair = pair(client.build().unwrap(), server.build().unwrap());
        pair.handshake().unwrap();
        for side in [&pair.client, &pair.server] {
            let facts = side.facts().unwrap();
            assert_eq!(facts.handshake_kind, HandshakeKind::Psk);
            assert_eq!(&*facts.psk.as_ref().unwrap().identity, b"alice");
            assert_eq!(facts.group.is_some(), group);
            assert_eq!(facts.psk_mode, Some(if group { DHE } else { KE }));
            assert_eq!(facts.peer_certificates, None);
        }
    }
}
