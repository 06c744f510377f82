//! Renegotiation before TLS 1.3, where a server asks for it: with OpenSSL's server, which asks when it reads `R` from its input.
#![cfg(feature = "legacy")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "pki/mod.rs"]
mod pki;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use warifu::config::{Client, ConfigBuilder, Policy};
use warifu::parameters::ProtocolVersion;
use warifu::{ClientConfig, Credential, Stream, Trust};

/// `openssl s_server`, ended with the test.
struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(files: &pki::Directory, version: &str) -> Self {
        // The port may be taken by somebody else in between, which has not been seen to happen.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut child = Command::new("openssl")
            .current_dir(files.root())
            .args(["s_server", version, "-cipher", "ALL:@SECLEVEL=0"])
            .args(["-accept", &format!("127.0.0.1:{port}")])
            .args([
                "-cert",
                "server.crt",
                "-key",
                "server.key",
                "-CAfile",
                "ca.crt",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("ACCEPT")));
        // Whatever it prints later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port }
    }

    fn types(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(line.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    fn connect(&self, config: ConfigBuilder<Client>) -> Stream<TcpStream> {
        let transport = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        transport
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let name = "host.example".try_into().unwrap();
        let mut stream = Stream::client(config.build().unwrap(), name, transport);
        stream.handshake().unwrap();
        stream
    }
}

/// A CA, and a certificate of host.example and of client.example, which are good today.
fn files() -> pki::Directory {
    let files = pki::Directory::new();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    files.openssl(&format!(
        "req -x509 {key} -keyout ca.key -out ca.crt -subj /CN=ca -days 30"
    ));
    for (name, host) in [("server", "host.example"), ("client", "client.example")] {
        files.openssl(&format!(
            "req -x509 {key} -keyout {name}.key -out {name}.crt -subj /CN={name} -days 30 -CA ca.crt -CAkey ca.key \
             -addext subjectAltName=DNS:{host} -addext basicConstraints=critical,CA:FALSE"
        ));
    }
    files
}

fn client(files: &pki::Directory, version: ProtocolVersion) -> ConfigBuilder<Client> {
    let trust = Trust::from_ca_file(files.path("ca.crt")).unwrap();
    let credential = Credential::from_files(files.path("client.crt"), files.path("client.key"));
    ClientConfig::builder(trust)
        .with_policy(Policy::Legacy)
        .with_versions(version..=version)
        .with_credential(Arc::new(credential.unwrap()))
}

fn read_line(stream: &mut Stream<TcpStream>) -> String {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        let mut buffer = [0; 100];
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "the server has closed: {line:?}");
        line.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8(line).unwrap()
}

const VERSIONS: [(&str, ProtocolVersion); 3] = [
    ("-tls1_2", ProtocolVersion::TLS1_2),
    ("-tls1_1", ProtocolVersion::TLS1_1),
    ("-tls1", ProtocolVersion::TLS1_0),
];

#[test]
fn a_client_that_may_shows_its_certificate_in_another_handshake() {
    let files = files();
    for (option, version) in VERSIONS {
        let mut server = Server::start(&files, option);
        let mut stream = server.connect(client(&files, version).with_renegotiation(true));
        assert!(
            stream
                .connection()
                .facts()
                .unwrap()
                .local_credential
                .is_none()
        );
        server.types("one\n");
        assert_eq!(read_line(&mut stream), "one\n");
        for _ in 0..2 {
            // OpenSSL begins another handshake, and asks for a certificate in it.
            server.types("R\n");
            for line in ["two\n", "three\n"] {
                std::thread::sleep(Duration::from_millis(100));
                // It may come before the handshake that was asked for, or in it.
                server.types(line);
                assert_eq!(read_line(&mut stream), line);
            }
            let facts = stream.connection().facts().unwrap();
            assert_eq!(facts.version, version);
            assert!(facts.local_credential.is_some(), "{version}");
            assert!(facts.legacy.as_ref().unwrap().secure_renegotiation);
        }
        stream.write_all(b"data\n").unwrap();
        server.types("four\n");
        assert_eq!(read_line(&mut stream), "four\n");
    }
}

#[test]
fn other_clients_refuse_and_go_on() {
    let files = files();
    for (option, version) in VERSIONS {
        let mut server = Server::start(&files, option);
        let mut stream = server.connect(client(&files, version));
        server.types("one\n");
        assert_eq!(read_line(&mut stream), "one\n");
        // OpenSSL ends a connection in which its wish was refused; what counts is that no handshake was done.
        server.types("R\n");
        let mut buffer = [0; 100];
        let end = stream.read(&mut buffer);
        assert!(!matches!(end, Ok(count) if count > 0), "{end:?}");
        let facts = stream.connection().facts();
        assert!(facts.is_none_or(|facts| facts.local_credential.is_none()));
    }
}
