//! Pairs of a client and a server that have keys in place of certificates.

use warifu::config::{Client, ConfigBuilder, Server};
use warifu::parameters::PskKeyExchangeMode;
use warifu::psk::{PskHash, PskTable};
use warifu::{ClientConfig, Connection, Psk, ReadOutcome, ServerConfig};

use super::{Pair, move_bytes, server_name};

pub const DHE: PskKeyExchangeMode = PskKeyExchangeMode::PSK_DHE_KE;
pub const KE: PskKeyExchangeMode = PskKeyExchangeMode::PSK_KE;

/// A key for SHA-256. Each call makes another value, as another node would have it.
pub fn psk(identity: &str) -> Psk {
    psk_of(identity.as_bytes(), 7)
}

/// A key whose bytes depend on `seed`.
pub fn psk_of(identity: &[u8], seed: u8) -> Psk {
    Psk::new(identity, [seed; 32]).unwrap()
}

pub fn sha384(identity: &str) -> Psk {
    psk(identity).with_hash(PskHash::Sha384)
}

pub fn client_of(psks: impl IntoIterator<Item = Psk>) -> ConfigBuilder<Client> {
    ClientConfig::psk_builder(psks)
}

pub fn server_of(psks: impl IntoIterator<Item = Psk>) -> ConfigBuilder<Server> {
    ServerConfig::psk_builder(PskTable::new(psks).unwrap())
}

pub fn pair(client: ConfigBuilder<Client>, server: ConfigBuilder<Server>) -> Pair {
    Pair {
        client: Connection::client(client.build().unwrap(), server_name()),
        server: Connection::server(server.build().unwrap()),
    }
}

/// The handshake, and a message in each direction.
#[track_caller]
pub fn connected(client: ConfigBuilder<Client>, server: ConfigBuilder<Server>) -> Pair {
    let mut pair = pair(client, server);
    pair.handshake().unwrap();
    exchange(&mut pair);
    pair
}

/// A message in each direction.
#[track_caller]
pub fn exchange(pair: &mut Pair) {
    fn send(from: &mut Connection, to: &mut Connection, message: &[u8]) {
        from.write(message).unwrap();
        move_bytes(from, to);
        let mut buffer = [0; 64];
        let expected = ReadOutcome::Data(message.len());
        assert_eq!(to.read(&mut buffer).unwrap(), expected);
        assert_eq!(&buffer[..message.len()], message);
    }
    send(&mut pair.client, &mut pair.server, b"hello");
    send(&mut pair.server, &mut pair.client, b"welcome");
}
