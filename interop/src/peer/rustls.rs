//! rustls in this process, in a thread of its own, over a loopback connection like the others.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    ClientConfig, ClientConnection, ConnectionCommon, RootCertStore, ServerConfig,
    ServerConnection, SideData, StreamOwned, SupportedCipherSuite,
};
use warifu::parameters::{CipherSuite, NamedGroup};

use crate::meeting;
use crate::ours::{EARLY, Listener, Setup};
use crate::pki;
use crate::program::LIMIT;

/// As pinned in Cargo.toml.
pub const VERSION: &str = "0.23";

/// What [`converse`] answers.
pub const PONG: &str = "0 pong from rustls\n";

/// Its suite of this number, if it has it.
pub fn suite(suite: CipherSuite) -> Option<SupportedCipherSuite> {
    aws_lc_rs::ALL_CIPHER_SUITES
        .iter()
        .find(|found| u16::from(found.suite()) == suite.0)
        .copied()
}

/// Its group of this number, if it has it.
pub fn group(group: NamedGroup) -> Option<&'static dyn SupportedKxGroup> {
    aws_lc_rs::ALL_KX_GROUPS
        .iter()
        .find(|found| u16::from(found.name()) == group.0)
        .copied()
}

fn provider(setup: &Setup) -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    if let Some(name) = setup.suite {
        provider.cipher_suites = vec![suite(name).unwrap()];
    }
    if !setup.groups.is_empty() {
        provider.kx_groups = setup
            .groups
            .iter()
            .map(|name| group(*name).unwrap())
            .collect();
    }
    Arc::new(provider)
}

fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(pki::get().ca()).unwrap())
        .unwrap();
    roots
}

fn chain_and_key(name: &str) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let path = |end| pki::get().path(&format!("{name}.{end}"));
    let certificate = CertificateDer::from_pem_file(path("pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(path("key")).unwrap();
    (vec![certificate], key)
}

/// A client's configuration for `setup`.
pub fn client_config(setup: &Setup) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(provider(setup))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots());
    match setup.client_key {
        Some(key_type) => {
            let (chain, key) = chain_and_key(&key_type.to_string());
            builder.with_client_auth_cert(chain, key).unwrap()
        }
        None => builder.with_no_client_auth(),
    }
}

/// A server's configuration for `setup`.
pub fn server_config(setup: &Setup) -> ServerConfig {
    let provider = provider(setup);
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap();
    let (chain, key) = chain_and_key(&setup.server_key.to_string());
    let builder = match setup.client_key {
        Some(_) => builder.with_client_cert_verifier(
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots()), provider)
                .build()
                .unwrap(),
        ),
        None => builder.with_no_client_auth(),
    };
    builder.with_single_cert(chain, key).unwrap()
}

/// A connection of rustls with its transport, of either role.
pub trait Rustls: Read + Write + Send {
    /// What the role does not change.
    fn connection(&mut self) -> &mut dyn Common;
    /// A client's: whether the server took it. A server's: what came.
    fn early_data(&mut self) -> EarlyData;
}

/// What became of early data.
#[derive(Debug, PartialEq, Eq)]
pub enum EarlyData {
    Accepted,
    NotAccepted,
    Came(Vec<u8>),
}

/// The calls of a rustls connection that cells use.
pub trait Common {
    fn suite(&self) -> CipherSuite;
    fn group(&self) -> NamedGroup;
    fn alpn(&self) -> Option<Vec<u8>>;
    fn retried(&self) -> bool;
    fn resumed(&self) -> bool;
    fn export(&self, label: &[u8], context: &[u8]) -> Vec<u8>;
    fn update_keys(&mut self);
    fn close(&mut self);
}

impl<D: SideData> Common for ConnectionCommon<D> {
    fn suite(&self) -> CipherSuite {
        CipherSuite(u16::from(self.negotiated_cipher_suite().unwrap().suite()))
    }

    fn group(&self) -> NamedGroup {
        NamedGroup(u16::from(
            self.negotiated_key_exchange_group().unwrap().name(),
        ))
    }

    fn alpn(&self) -> Option<Vec<u8>> {
        self.alpn_protocol().map(<[u8]>::to_vec)
    }

    fn retried(&self) -> bool {
        self.handshake_kind() == Some(rustls::HandshakeKind::FullWithHelloRetryRequest)
    }

    fn resumed(&self) -> bool {
        self.handshake_kind() == Some(rustls::HandshakeKind::Resumed)
    }

    fn export(&self, label: &[u8], context: &[u8]) -> Vec<u8> {
        self.export_keying_material(vec![0; 32], label, Some(context))
            .unwrap()
    }

    fn update_keys(&mut self) {
        self.refresh_traffic_keys().unwrap();
    }

    fn close(&mut self) {
        self.send_close_notify();
    }
}

impl Rustls for StreamOwned<ClientConnection, TcpStream> {
    fn connection(&mut self) -> &mut dyn Common {
        &mut *self.conn
    }

    fn early_data(&mut self) -> EarlyData {
        match self.conn.is_early_data_accepted() {
            true => EarlyData::Accepted,
            false => EarlyData::NotAccepted,
        }
    }
}

impl Rustls for StreamOwned<ServerConnection, TcpStream> {
    fn connection(&mut self) -> &mut dyn Common {
        &mut *self.conn
    }

    fn early_data(&mut self) -> EarlyData {
        let mut came = Vec::new();
        match self.conn.early_data() {
            Some(mut reader) => reader.read_to_end(&mut came).unwrap(),
            None => return EarlyData::NotAccepted,
        };
        EarlyData::Came(came)
    }
}

/// A thread with rustls in it.
pub struct Running(Receiver<Result<(), String>>);

impl Running {
    /// Waits for its end, which must be a good one.
    #[track_caller]
    pub fn expect_end(self) {
        match self.0.recv_timeout(LIMIT) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => panic!("rustls: {error}"),
            Err(_) => panic!("rustls does not end"),
        }
    }

    /// Waits for its end, which must be an error, and returns its text.
    #[track_caller]
    pub fn expect_error(self) -> String {
        match self.0.recv_timeout(LIMIT) {
            Ok(Err(error)) => error,
            Ok(Ok(())) => panic!("rustls did not fail"),
            Err(_) => panic!("rustls does not end"),
        }
    }
}

/// What the thread does after the handshake.
pub type Script = fn(&mut dyn Rustls) -> std::io::Result<()>;

fn run(
    mut stream: impl Rustls + 'static,
    script: impl FnOnce(&mut dyn Rustls) -> std::io::Result<()>,
) -> Result<(), String> {
    stream.flush().map_err(|error| error.to_string())?;
    script(&mut stream).map_err(|error| error.to_string())
}

fn limits(stream: &TcpStream) {
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
}

/// Starts a server at a port of its own, for one connection.
pub fn server(config: ServerConfig, script: meeting::Script) -> (Running, u16) {
    server_for(config, vec![script])
}

/// Starts a server at a port of its own, for one connection after the other, each with its script.
pub fn server_for(config: ServerConfig, scripts: Vec<meeting::Script>) -> (Running, u16) {
    let config = Arc::new(config);
    let listener = Listener::default();
    let port = listener.port();
    let (told, running) = channel();
    std::thread::spawn(move || {
        let all = scripts.into_iter().try_for_each(|script| {
            let stream = listener.accept_tcp();
            limits(&stream);
            let connection = ServerConnection::new(config.clone()).unwrap();
            run(StreamOwned::new(connection, stream), script)
        });
        let _ = told.send(all);
    });
    (Running(running), port)
}

/// Starts a client that connects to `port`. Where its configuration and its session allow early data, it sends
/// [`EARLY`].
pub fn client(
    config: impl Into<Arc<ClientConfig>>,
    server_name: &'static str,
    port: u16,
    script: impl FnOnce(&mut dyn Rustls) -> std::io::Result<()> + Send + 'static,
) -> Running {
    let (told, running) = channel();
    let config = config.into();
    std::thread::spawn(move || {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        limits(&stream);
        let name = server_name.try_into().unwrap();
        let mut connection = ClientConnection::new(config, name).unwrap();
        if let Some(mut early) = connection.early_data() {
            early.write_all(EARLY.as_bytes()).unwrap();
        }
        let _ = told.send(run(StreamOwned::new(connection, stream), script));
    });
    Running(running)
}

/// Reads a line, answers [`PONG`], reads the peer's close_notify, and closes.
pub fn converse(stream: &mut dyn Rustls) -> std::io::Result<()> {
    let mut line = String::new();
    BufReader::with_capacity(1, &mut *stream).read_line(&mut line)?;
    stream.write_all(PONG.as_bytes())?;
    stream.flush()?;
    expect_close(stream)
}

/// Reads the peer's close_notify, and closes.
pub fn expect_close(stream: &mut dyn Rustls) -> std::io::Result<()> {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest)?;
    stream.connection().close();
    stream.flush()
}

/// A server's configuration with the certificate `name`.pem, its key, and a stapled OCSP response if not empty.
pub fn server_config_of(name: &str, ocsp_response: Vec<u8>) -> ServerConfig {
    let (chain, key) = chain_and_key(name);
    ServerConfig::builder_with_provider(provider(&Setup::default()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert_with_ocsp(chain, key, ocsp_response)
        .unwrap()
}

/// A client's configuration with the certificate `name`.pem and its key.
pub fn client_config_of(name: &str) -> ClientConfig {
    let (chain, key) = chain_and_key(name);
    ClientConfig::builder_with_provider(provider(&Setup::default()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots())
        .with_client_auth_cert(chain, key)
        .unwrap()
}
