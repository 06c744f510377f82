//! rustls, driven by its public API.

use std::hint::black_box;
use std::io::{BufRead, Read, Write};
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, ConnectionCommon, HandshakeKind, RootCertStore, ServerConfig,
    ServerConnection, SideData, StreamOwned,
};

use crate::Groups;
use crate::pki::{Pki, SERVER_NAME};
use crate::wire::{End, Wire, ends};

fn provider(groups: Groups) -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites = vec![aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256];
    match groups {
        Groups::X25519 => provider.kx_groups = vec![aws_lc_rs::kx_group::X25519],
        Groups::P256 => provider.kx_groups = vec![aws_lc_rs::kx_group::SECP256R1],
        Groups::Default => {}
    }
    provider.into()
}

/// The server's configuration: no tickets, as ours sends none.
pub fn server_config(pki: &Pki, groups: Groups) -> Arc<ServerConfig> {
    let mut config = ServerConfig::builder_with_provider(provider(groups))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(pki.leaf.clone())],
            PrivatePkcs8KeyDer::from(pki.key.clone()).into(),
        )
        .unwrap();
    config.send_tls13_tickets = 0;
    config.into()
}

/// A client's configuration, with rustls' own verifier and no memory of sessions.
pub fn client_config(pki: &Pki, groups: Groups) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(pki.ca.clone())).unwrap();
    let mut config = ClientConfig::builder_with_provider(provider(groups))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    config.into()
}

/// As [`server_config`], with one stateless ticket per connection under AES-256-GCM or ChaCha20-Poly1305, as rustls does.
pub fn resuming_server_config(pki: &Pki) -> Arc<ServerConfig> {
    let mut config = Arc::unwrap_or_clone(server_config(pki, Groups::X25519));
    config.send_tls13_tickets = 1;
    config.ticketer = aws_lc_rs::Ticketer::new().unwrap();
    config.into()
}

/// As [`client_config`], with a memory of sessions.
pub fn resuming_client_config(pki: &Pki) -> Arc<ClientConfig> {
    let mut config = Arc::unwrap_or_clone(client_config(pki, Groups::X25519));
    config.resumption = Resumption::in_memory_sessions(4);
    config.into()
}

/// Both ends of one connection.
pub struct Pair {
    pub client: ClientConnection,
    pub server: ServerConnection,
}

/// The name that the server's certificate has.
pub fn server_name() -> ServerName<'static> {
    SERVER_NAME.try_into().unwrap()
}

/// A full handshake, from two configurations to two established connections.
pub fn handshake(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    name: &ServerName<'static>,
    wire: &mut Wire,
) -> Pair {
    let mut client = ClientConnection::new(client.clone(), name.clone()).unwrap();
    let mut server = ServerConnection::new(server.clone()).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        while client.wants_write() {
            client.write_tls(wire).unwrap();
        }
        while !wire.is_empty() {
            server.read_tls(wire).unwrap();
        }
        server.process_new_packets().unwrap();
        while server.wants_write() {
            server.write_tls(wire).unwrap();
        }
        while !wire.is_empty() {
            client.read_tls(wire).unwrap();
        }
        client.process_new_packets().unwrap();
    }
    Pair { client, server }
}

/// A handshake that resumes with the ticket of the one before, and takes the next.
pub fn resume(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    name: &ServerName<'static>,
    wire: &mut Wire,
) {
    let mut pair = handshake(client, server, name, wire);
    assert_eq!(pair.client.handshake_kind(), Some(HandshakeKind::Resumed));
    take_ticket(&mut pair, wire);
}

/// The server's ticket, sent behind its handshake.
pub fn take_ticket(pair: &mut Pair, wire: &mut Wire) {
    while pair.server.wants_write() {
        pair.server.write_tls(wire).unwrap();
    }
    while !wire.is_empty() {
        pair.client.read_tls(wire).unwrap();
    }
    pair.client.process_new_packets().unwrap();
}

/// Sends one message from client to server, to the point where the application can look at it, and has looked.
#[inline]
pub fn send_message(pair: &mut Pair, message: &[u8], wire: &mut Wire) {
    send(&mut pair.client, &mut pair.server, message, wire);
}

/// As [`send_message`], and one back.
#[inline]
pub fn exchange_messages(pair: &mut Pair, message: &[u8], wire: &mut Wire) {
    send(&mut pair.client, &mut pair.server, message, wire);
    send(&mut pair.server, &mut pair.client, message, wire);
}

#[inline]
fn send<A: SideData, B: SideData>(
    from: &mut ConnectionCommon<A>,
    to: &mut ConnectionCommon<B>,
    message: &[u8],
    wire: &mut Wire,
) {
    from.writer().write_all(message).unwrap();
    while from.wants_write() {
        from.write_tls(wire).unwrap();
    }
    while !wire.is_empty() {
        to.read_tls(wire).unwrap();
    }
    to.process_new_packets().unwrap();
    let mut reader = to.reader();
    let data = reader.fill_buf().unwrap();
    assert_eq!(data.len(), message.len());
    black_box(data);
    reader.consume(message.len());
}

/// As [`send_message`], by the blocking streams, into a buffer of the application's.
pub struct Streams {
    client: StreamOwned<ClientConnection, End>,
    server: StreamOwned<ServerConnection, End>,
}

impl Streams {
    pub fn new(pair: Pair) -> Self {
        let (client_end, server_end) = ends();
        Self {
            client: StreamOwned::new(pair.client, client_end),
            server: StreamOwned::new(pair.server, server_end),
        }
    }

    #[inline]
    pub fn send_message(&mut self, message: &[u8], buffer: &mut [u8]) {
        self.client.write_all(message).unwrap();
        self.server
            .read_exact(&mut buffer[..message.len()])
            .unwrap();
        black_box(&buffer);
    }
}
