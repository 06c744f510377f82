//! warifu, driven by its public API.

use std::hint::black_box;
use std::io::{Read, Write};
use std::sync::Arc;

use warifu::config::{Client, ConfigBuilder, Server};
use warifu::parameters::{CipherSuite, NamedGroup};
use warifu::pki_types::{CertificateDer, ServerName};
use warifu::{ClientConfig, Connection, Credential, Peeked, ServerConfig, Stream, Trust};

use crate::Groups;
use crate::pki::{Pki, SERVER_NAME};
use crate::wire::{End, Wire, ends};

/// The server's configuration. A suite of TLS 1.3 alone makes it one of TLS 1.3 alone, here and below, as rustls' is.
pub fn server_config(pki: &Pki, groups: Groups) -> Arc<ServerConfig> {
    server_builder(pki, groups).build().unwrap()
}

pub fn server_builder(pki: &Pki, groups: Groups) -> ConfigBuilder<Server> {
    let leaf = CertificateDer::from(pki.leaf.clone());
    let credential = Credential::from_der(vec![leaf], &pki.key).unwrap();
    let builder = ServerConfig::builder(Arc::new(credential))
        .with_cipher_suites(&[CipherSuite::TLS_AES_128_GCM_SHA256]);
    match groups {
        Groups::X25519 => builder.with_groups(&[NamedGroup::X25519]),
        Groups::P256 => builder.with_groups(&[NamedGroup::SECP256R1]),
        Groups::Default => builder,
    }
}

/// A client's configuration whose trust has verified nothing yet.
pub fn client_config(pki: &Pki, groups: Groups) -> Arc<ClientConfig> {
    client_builder(pki, groups).build().unwrap()
}

pub fn client_builder(pki: &Pki, groups: Groups) -> ConfigBuilder<Client> {
    let trust = Trust::builder().with_ca_bytes(&pki.ca).build().unwrap();
    let builder =
        ClientConfig::builder(trust).with_cipher_suites(&[CipherSuite::TLS_AES_128_GCM_SHA256]);
    match groups {
        Groups::X25519 => builder.with_groups(&[NamedGroup::X25519]),
        Groups::P256 => builder.with_groups(&[NamedGroup::SECP256R1]),
        Groups::Default => builder,
    }
}

/// Both ends of one connection.
pub struct Pair {
    pub client: Connection,
    pub server: Connection,
}

/// A full handshake, from two configurations to two established connections.
pub fn handshake(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    name: &ServerName<'static>,
    wire: &mut Wire,
) -> Pair {
    let mut client = Connection::client(client.clone(), name.clone());
    let mut server = Connection::server(server.clone());
    while client.is_handshaking() || server.is_handshaking() {
        client.process().unwrap();
        transfer(&mut client, &mut server, wire);
        server.process().unwrap();
        transfer(&mut server, &mut client, wire);
    }
    Pair { client, server }
}

/// As [`handshake`], with each side's share of the work inside of `client_side` or `server_side`.
pub fn handshake_by_sides(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    name: &ServerName<'static>,
    wire: &mut Wire,
    mut client_side: impl FnMut(&mut dyn FnMut()),
    mut server_side: impl FnMut(&mut dyn FnMut()),
) {
    let (mut client_end, mut server_end) = (None, None);
    client_side(&mut || client_end = Some(Connection::client(client.clone(), name.clone())));
    server_side(&mut || server_end = Some(Connection::server(server.clone())));
    let (mut client, mut server) = (client_end.unwrap(), server_end.unwrap());
    while client.is_handshaking() || server.is_handshaking() {
        client_side(&mut || step(&mut client, wire));
        server_side(&mut || step(&mut server, wire));
    }
}

/// Receives what there is, goes on, sends what there is.
fn step(connection: &mut Connection, wire: &mut Wire) {
    while !wire.is_empty() {
        let count = wire.read(connection.receive_buffer()).unwrap();
        connection.received(count);
    }
    connection.process().unwrap();
    let count = wire.write(connection.output()).unwrap();
    connection.sent(count);
}

/// The name that the server's certificate has.
pub fn server_name() -> ServerName<'static> {
    SERVER_NAME.try_into().unwrap()
}

/// Carries what one end has to send into the other.
#[inline]
fn transfer(from: &mut Connection, to: &mut Connection, wire: &mut Wire) {
    let count = wire.write(from.output()).unwrap();
    from.sent(count);
    while !wire.is_empty() {
        let count = wire.read(to.receive_buffer()).unwrap();
        to.received(count);
    }
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
fn send(from: &mut Connection, to: &mut Connection, message: &[u8], wire: &mut Wire) {
    from.write(message).unwrap();
    transfer(from, to, wire);
    let Peeked::Data(data) = to.peek().unwrap() else {
        panic!("no data came")
    };
    assert_eq!(data.len(), message.len());
    black_box(data);
    to.consume(message.len());
}

/// As [`send_message`], by the blocking streams, into a buffer of the application's.
pub struct Streams {
    client: Stream<End>,
    server: Stream<End>,
}

impl Streams {
    pub fn new(pair: Pair) -> Self {
        let (client_end, server_end) = ends();
        Self {
            client: Stream::new(pair.client, client_end),
            server: Stream::new(pair.server, server_end),
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

    /// As [`send_message`](Self::send_message), and one back.
    #[inline]
    pub fn exchange_messages(&mut self, message: &[u8], buffer: &mut [u8]) {
        self.send_message(message, buffer);
        self.server.write_all(message).unwrap();
        self.client
            .read_exact(&mut buffer[..message.len()])
            .unwrap();
        black_box(&buffer);
    }
}
