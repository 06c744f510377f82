//! Our side of a cell.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use warifu::config::{Client, ConfigBuilder, Policy, Server};
use warifu::parameters::{CipherSuite, HandshakeType, NamedGroup, ProtocolVersion};
use warifu::{
    ClientAuth, ClientConfig, Direction, Error, LoggedMessage, MessageLog, ServerConfig, Stream,
};

use crate::pki::{self, KeyType};
use crate::program::LIMIT;
use crate::psk::Psk;
use crate::tap::Tap;

/// What a client sends as early data.
pub const EARLY: &str = "early line\n";

/// What both sides of a cell are told.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The only version; TLS 1.3, of our side its defaults.
    pub version: ProtocolVersion,
    /// The lowest version of the peer, where `version` is not its only one.
    pub peers_lowest: Option<ProtocolVersion>,
    /// The only cipher suite, or each side's defaults.
    pub suite: Option<CipherSuite>,
    /// The only groups, best first, or each side's defaults.
    pub groups: Vec<NamedGroup>,
    /// What the server proves itself with.
    pub server_key: KeyType,
    /// What the client proves itself with; `None`: it is not asked.
    pub client_key: Option<KeyType>,
    /// The external key that authenticates both, if one does.
    pub psk: Option<Psk>,
    /// More for a priority string of GnuTLS, as `:%NO_ETM`.
    pub priority: &'static str,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            version: ProtocolVersion::TLS1_3,
            peers_lowest: None,
            suite: None,
            groups: Vec::new(),
            server_key: KeyType::P256,
            client_key: None,
            psk: None,
            priority: "",
        }
    }
}

/// What both roles of ours are told.
fn with_setup<R>(mut builder: ConfigBuilder<R>, setup: &Setup) -> ConfigBuilder<R> {
    if setup.version != ProtocolVersion::TLS1_3 {
        builder = builder
            .with_policy(Policy::Legacy)
            .with_versions(setup.version..=setup.version);
    }
    if let Some(suite) = setup.suite {
        builder = builder.with_cipher_suites(&[suite]);
    }
    if !setup.groups.is_empty() {
        builder = builder.with_groups(&setup.groups);
    }
    builder
}

/// A configuration of ours as a client, for `setup`.
pub fn client_config(setup: &Setup) -> ConfigBuilder<Client> {
    let builder = match &setup.psk {
        Some(psk) => psk.client(),
        None => ClientConfig::builder(pki::get().trust()),
    };
    let mut builder = with_setup(builder, setup);
    if let Some(key_type) = setup.client_key {
        builder = builder.with_credential(pki::get().credential(key_type));
    }
    builder
}

/// A configuration of ours as a server, for `setup`.
pub fn server_config(setup: &Setup) -> ConfigBuilder<Server> {
    let builder = match &setup.psk {
        Some(psk) => psk.server(setup.server_key),
        None => ServerConfig::builder(pki::get().credential(setup.server_key)),
    };
    let mut builder = with_setup(builder, setup);
    if setup.client_key.is_some() {
        builder = builder.with_client_auth(ClientAuth::required(pki::get().trust()));
    }
    builder
}

/// Connects to a peer that may still be starting. The handshake has not run yet.
pub fn connect(config: Arc<ClientConfig>, server_name: &'static str, port: u16) -> Stream<Tap> {
    let deadline = Instant::now() + LIMIT;
    let stream = loop {
        match TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
            Ok(stream) => break stream,
            Err(error) => assert!(Instant::now() < deadline, "port {port}: {error}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    Stream::client(config, server_name.try_into().unwrap(), Tap::new(stream))
}

/// Waits for one client at a port of its own.
pub struct Listener(TcpListener);

impl Default for Listener {
    fn default() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }
}

impl Listener {
    pub fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// The next TCP connection.
    #[track_caller]
    pub fn accept_tcp(&self) -> TcpStream {
        let deadline = Instant::now() + LIMIT;
        loop {
            if let Ok((stream, _)) = self.0.accept() {
                stream.set_nonblocking(false).unwrap();
                return stream;
            }
            assert!(Instant::now() < deadline, "no client came");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// A client that waits already, if there is one. The handshake has not run yet.
    pub fn try_accept(&self, config: Arc<ServerConfig>) -> Option<Stream<Tap>> {
        let (stream, _) = self.0.accept().ok()?;
        stream.set_nonblocking(false).unwrap();
        Some(Stream::server(config, Tap::new(stream)))
    }

    /// The next client. The handshake has not run yet.
    #[track_caller]
    pub fn accept(&self, config: Arc<ServerConfig>) -> Stream<Tap> {
        Stream::server(config, Tap::new(self.accept_tcp()))
    }
}

/// What a test says and expects on our side.
pub trait Conversation {
    /// Sends `text`.
    fn say(&mut self, text: &str);
    /// Reads until exactly `text` has come.
    fn expect(&mut self, text: &str);
    /// Reads the peer's close_notify.
    fn expect_close(&mut self);
    /// Expects the connection to end with this error, in the handshake or at the first read.
    fn expect_error(&mut self) -> Error;
}

impl Conversation for Stream<Tap> {
    #[track_caller]
    fn say(&mut self, text: &str) {
        self.write_all(text.as_bytes()).unwrap();
        self.flush().unwrap();
    }

    #[track_caller]
    fn expect(&mut self, text: &str) {
        let mut got = vec![0; text.len()];
        self.read_exact(&mut got).unwrap();
        assert_eq!(String::from_utf8_lossy(&got), text);
    }

    #[track_caller]
    fn expect_close(&mut self) {
        let mut rest = Vec::new();
        self.read_to_end(&mut rest).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&rest),
            "",
            "data before close_notify"
        );
    }

    #[track_caller]
    fn expect_error(&mut self) -> Error {
        let error = match self.handshake() {
            Err(error) => error,
            Ok(()) => self
                .read(&mut [0; 100])
                .expect_err("the connection did not fail"),
        };
        error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Error>())
            .unwrap_or_else(|| panic!("not an error of TLS: {error}"))
            .clone()
    }
}

/// Remembers the messages of a connection.
#[derive(Debug, Default)]
pub struct Messages(Mutex<Vec<(Direction, LoggedMessage)>>);

impl MessageLog for Messages {
    fn message(&self, direction: Direction, message: LoggedMessage) {
        self.0.lock().unwrap().push((direction, message));
    }
}

impl Messages {
    /// How many messages of this type went this way.
    pub fn count(&self, direction: Direction, wanted: HandshakeType) -> usize {
        let all = self.0.lock().unwrap();
        all.iter()
            .filter(|(way, message)| {
                *way == direction
                    && matches!(message, LoggedMessage::Handshake(found, _) if *found == wanted)
            })
            .count()
    }
}

/// `len` bytes that look random but hold only digits and newlines: no command letter of a peer's program, no
/// end-of-line translation, and any loss or swap shows.
pub fn digits(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (1..=len)
        .map(|position| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            if position % 64 == 0 || position == len {
                b'\n'
            } else {
                b'0' + u8::try_from(state % 10).unwrap()
            }
        })
        .collect()
}
