//! Both ends of a connection in memory, with a clock that stands still.
#![allow(dead_code, unreachable_pub)]

use std::sync::Arc;
use std::time::Duration;

use warifu::config::{Client, Clock, ConfigBuilder, Server};
use warifu::pki_types::{ServerName, UnixTime};
use warifu::{
    ClientConfig, Connection, Credential, Error, ReadOutcome, ServerConfig, Stream, Trust,
};

#[path = "../pki/mod.rs"]
pub mod pki;
pub mod psk;
pub mod resumption;
pub mod transport;

/// [`pki::NOW`], always.
#[derive(Debug)]
pub struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(pki::NOW))
    }
}

/// The name that the test server's certificate is for.
pub fn server_name() -> ServerName<'static> {
    "host.example".try_into().unwrap()
}

/// A CA with one server certificate of host.example and one client certificate, P-256.
pub struct Pki {
    pub ca: pki::Ca,
    pub server: Arc<Credential>,
    pub client: Arc<Credential>,
}

impl Pki {
    pub fn new() -> Self {
        let ca = pki::Ca::root("test CA");
        let server = credential(&ca, &["host.example"]);
        let client = credential(&ca, &["client.example"]);
        Self { ca, server, client }
    }

    pub fn trust(&self) -> Trust {
        Trust::builder()
            .with_ca_bytes(&self.ca.certificate)
            .build()
            .unwrap()
    }
}

pub fn credential(ca: &pki::Ca, names: &[&str]) -> Arc<Credential> {
    let (certificate, key) = ca.leaf_and_key(names, |_| {});
    Arc::new(Credential::from_der(vec![certificate], &key.serialize_der()).unwrap())
}

/// A client and a server with nothing between them but these buffers.
pub struct Pair {
    pub client: Connection,
    pub server: Connection,
}

impl Default for Pair {
    fn default() -> Self {
        Self::new()
    }
}

/// A client's and a server's stream over such a pipe, the handshake still to come.
pub fn streams(
    pipe: (transport::Pipe, transport::Pipe),
    client: impl FnOnce(ConfigBuilder<Client>) -> ConfigBuilder<Client>,
    server: impl FnOnce(ConfigBuilder<Server>) -> ConfigBuilder<Server>,
) -> (Stream<transport::Pipe>, Stream<transport::Pipe>) {
    let pair = Pair::with(client, server);
    (
        Stream::new(pair.client, pipe.0),
        Stream::new(pair.server, pipe.1),
    )
}

/// Does the handshake of two streams over a pipe that never blocks the thread.
pub fn connect(client: &mut Stream<transport::Pipe>, server: &mut Stream<transport::Pipe>) {
    for _ in 0..1_000_000 {
        let done = [client.handshake(), server.handshake()].map(|result| match result {
            Ok(()) => true,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => false,
            Err(error) => panic!("{error}"),
        });
        if done == [true, true] {
            return;
        }
    }
    panic!("handshake makes no progress");
}

impl Pair {
    /// Default configurations.
    pub fn new() -> Self {
        Self::with(|client| client, |server| server)
    }

    /// Configurations changed from the defaults.
    pub fn with(
        client: impl FnOnce(ConfigBuilder<Client>) -> ConfigBuilder<Client>,
        server: impl FnOnce(ConfigBuilder<Server>) -> ConfigBuilder<Server>,
    ) -> Self {
        Self::with_pki(&Pki::new(), client, server)
    }

    /// Configurations changed from the defaults, with this PKI.
    pub fn with_pki(
        pki: &Pki,
        client: impl FnOnce(ConfigBuilder<Client>) -> ConfigBuilder<Client>,
        server: impl FnOnce(ConfigBuilder<Server>) -> ConfigBuilder<Server>,
    ) -> Self {
        let client = client(client_builder(pki)).build().unwrap();
        let server = server(server_builder(pki)).build().unwrap();
        Self {
            client: Connection::client(client, server_name()),
            server: Connection::server(server),
        }
    }

    /// Runs the handshake to its end or its first error; the error is that of the side that found it.
    pub fn handshake(&mut self) -> Result<(), (Side, Error)> {
        for _ in 0..100 {
            self.client
                .process()
                .map_err(|error| (Side::Client, error))?;
            move_bytes(&mut self.client, &mut self.server);
            self.server
                .process()
                .map_err(|error| (Side::Server, error))?;
            move_bytes(&mut self.server, &mut self.client);
            if !self.client.is_handshaking() && !self.server.is_handshaking() {
                return Ok(());
            }
        }
        panic!("handshake makes no progress");
    }

    /// Runs the handshake and expects `side` to fail with `error`, and the other side to be told by the error's alert.
    #[track_caller]
    pub fn expect_failure(&mut self, side: Side, error: &Error) {
        let (failed, found) = self.handshake().expect_err("the handshake succeeded");
        assert_eq!((failed, &found), (side, error));
        self.expect_alert(side, error);
    }

    /// Expects that `side`, which failed with `error`, told the other one by its alert.
    #[track_caller]
    pub fn expect_alert(&mut self, side: Side, error: &Error) {
        let alert = error.alert().expect("error without alert");
        let (from, to) = match side {
            Side::Client => (&mut self.client, &mut self.server),
            Side::Server => (&mut self.server, &mut self.client),
        };
        for _ in 0..10 {
            move_bytes(from, to);
            let told = if to.is_handshaking() {
                to.process()
            } else {
                to.read(&mut [0; 100]).map(|_| ())
            };
            match told {
                Ok(()) => {}
                Err(told) => {
                    assert_eq!(told, Error::AlertReceived(alert));
                    return;
                }
            }
        }
        panic!("no alert came");
    }

    /// Configurations changed from the defaults, and the handshake done.
    pub fn established(
        client: impl FnOnce(ConfigBuilder<Client>) -> ConfigBuilder<Client>,
        server: impl FnOnce(ConfigBuilder<Server>) -> ConfigBuilder<Server>,
    ) -> Self {
        let mut pair = Self::with(client, server);
        pair.handshake().unwrap();
        pair
    }

    /// Runs the handshake and returns all that each side sent: the client's bytes, then the server's.
    pub fn recorded_handshake(&mut self) -> (Vec<u8>, Vec<u8>) {
        let (mut by_client, mut by_server) = (Vec::new(), Vec::new());
        for _ in 0..100 {
            self.client.process().unwrap();
            by_client.extend_from_slice(self.client.output());
            move_bytes(&mut self.client, &mut self.server);
            self.server.process().unwrap();
            by_server.extend_from_slice(self.server.output());
            move_bytes(&mut self.server, &mut self.client);
            if !self.client.is_handshaking() && !self.server.is_handshaking() {
                return (by_client, by_server);
            }
        }
        panic!("handshake makes no progress");
    }

    /// Moves what each side has to send.
    pub fn transfer(&mut self) {
        move_bytes(&mut self.client, &mut self.server);
        move_bytes(&mut self.server, &mut self.client);
    }
}

/// Which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

pub fn client_builder(pki: &Pki) -> ConfigBuilder<Client> {
    ClientConfig::builder(pki.trust()).with_clock(Arc::new(FixedClock))
}

pub fn server_builder(pki: &Pki) -> ConfigBuilder<Server> {
    ServerConfig::builder(pki.server.clone()).with_clock(Arc::new(FixedClock))
}

/// Moves all output of one side into the other, as far as it takes it.
pub fn move_bytes(from: &mut Connection, to: &mut Connection) {
    let count = to.receive(from.output());
    from.sent(count);
}

/// Reads everything there is, and returns it record by record.
pub fn read_records(connection: &mut Connection) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let mut buffer = vec![0; 20_000];
    while let Ok(ReadOutcome::Data(count)) = connection.read(&mut buffer) {
        records.push(buffer[..count].to_vec());
    }
    records
}

/// Moves all output and reads it, however much it is; the data comes record by record.
pub fn deliver(from: &mut Connection, to: &mut Connection) -> Vec<Vec<u8>> {
    let mut records = read_records(to);
    while !from.output().is_empty() {
        move_bytes(from, to);
        records.append(&mut read_records(to));
    }
    records
}

/// The header of a record as it was seen on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireRecord {
    pub content_type: u8,
    pub len: usize,
}

pub const CHANGE_CIPHER_SPEC: u8 = 20;
pub const ALERT: u8 = 21;
pub const HANDSHAKE: u8 = 22;
pub const APPLICATION_DATA: u8 = 23;

/// What protection adds to content in a record's body: the content type and a tag of 16 bytes.
pub const OVERHEAD: usize = 1 + 16;

/// The records of a stretch of bytes that begins and ends at record boundaries.
pub fn wire_records(mut bytes: &[u8]) -> Vec<WireRecord> {
    let mut records = Vec::new();
    while let Some((header, rest)) = bytes.split_first_chunk::<5>() {
        let len = usize::from(u16::from_be_bytes([header[3], header[4]]));
        records.push(WireRecord {
            content_type: header[0],
            len,
        });
        bytes = &rest[len..];
    }
    assert!(bytes.is_empty(), "the stream ends inside of a header");
    records
}

/// Lengths of the content of protected records without padding.
pub fn content_lens(bytes: &[u8]) -> Vec<usize> {
    wire_records(bytes)
        .into_iter()
        .map(|record| {
            assert_eq!(record.content_type, APPLICATION_DATA);
            record.len - OVERHEAD
        })
        .collect()
}

/// The content of a record of this many bytes, and of records made by cutting one write.
pub fn pattern(len: usize, seed: u8) -> Vec<u8> {
    (0..len).map(|index| (index % 251) as u8 ^ seed).collect()
}
