//! curl and Chromium fetch a page: from a small server on the library, and from the program `warifu server --http`.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use libtest_mimic::Trial;
use warifu::parameters::{NamedGroup, ProtocolVersion};
use warifu::{ClientAuth, ConnectionFacts};
use warifu_interop::ours::{self, Listener, Setup};
use warifu_interop::peer::arguments;
use warifu_interop::pki::{self, KeyType};
use warifu_interop::program::Program;
use warifu_interop::table::Table;

/// A browser on a busy machine takes its time.
const BROWSER_LIMIT: Duration = Duration::from_secs(90);

/// Building the program, where the workspace's own tests have not done so.
const BUILD_LIMIT: Duration = Duration::from_secs(300);

const PAGE: &str = "<!DOCTYPE html><title>warifu</title><p>the halves match</p>\n";

/// A row's name and its test.
type Row = (&'static str, fn(Server));

/// Who serves the page.
#[derive(Clone, Copy)]
enum Server {
    Library,
    Program,
}

pub fn web(trials: &mut Vec<Trial>) -> Table {
    let mut table = Table::new("web");
    let rows: [Row; 3] = [
        ("curl fetches a page", curl),
        ("curl with a client certificate", curl_with_certificate),
        ("Chromium loads a page", chromium),
    ];
    for (row, test) in rows {
        for (column, server) in [
            ("library", Server::Library),
            ("warifu-server", Server::Program),
        ] {
            table.cell(trials, row, column, move || test(server));
        }
    }
    table
}

/// A server at work, whichever it is.
struct Serving {
    port: u16,
    /// The facts of each connection to the library's server that came as far as a request.
    facts: Arc<Mutex<Vec<ConnectionFacts>>>,
    program: Option<Program>,
    ends: Arc<AtomicBool>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
    }
}

impl Serving {
    fn start(server: Server, setup: &Setup) -> Self {
        match server {
            Server::Library => Self::library(setup),
            Server::Program => Self::program(setup),
        }
    }

    /// One thread per connection, `Stream` in each; HTTP as far as two well-behaved clients need it.
    fn library(setup: &Setup) -> Self {
        let mut builder = ours::server_config(setup).with_alpn(["http/1.1"]);
        if setup.client_key.is_some() {
            builder = builder.with_client_auth(ClientAuth::required(pki::get().trust()));
        }
        let config = builder.build().unwrap();
        let listener = Listener::default();
        let port = listener.port();
        let facts = Arc::new(Mutex::new(Vec::new()));
        let ends = Arc::new(AtomicBool::new(false));
        let (seen, stop) = (facts.clone(), ends.clone());
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let Some(mut stream) = listener.try_accept(config.clone()) else {
                    std::thread::sleep(Duration::from_millis(2));
                    continue;
                };
                let seen = seen.clone();
                std::thread::spawn(move || {
                    let mut head = BufReader::new(&mut stream).lines();
                    // A browser opens connections that it never uses.
                    while let Some(Ok(line)) = head.next() {
                        if line.is_empty() {
                            drop(head);
                            seen.lock().unwrap().extend(stream.facts().cloned());
                            let _ = write!(
                                stream,
                                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\
                                 Connection: close\r\n\r\n{PAGE}",
                                PAGE.len()
                            );
                            let _ = stream.close();
                            return;
                        }
                    }
                });
            }
        });
        Self {
            port,
            facts,
            program: None,
            ends,
        }
    }

    fn program(setup: &Setup) -> Self {
        let key = setup.server_key;
        let ca = match setup.client_key {
            Some(_) => "--ca ca.pem",
            None => "",
        };
        let line = format!("server 127.0.0.1:0 --http --cert {key}.pem --key {key}.key {ca}");
        let path = program_path();
        let program = Program::start(pki::get().directory(), &path, &arguments(&line));
        let told = "127.0.0.1:";
        program.expect_line(told);
        let output = program.output();
        let port: String = output
            .split(told)
            .nth(1)
            .unwrap_or_default()
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        Self {
            port: port.parse().unwrap(),
            facts: Arc::default(),
            program: Some(program),
            ends: Arc::default(),
        }
    }

    /// Checks that the page came, and returns what the server knows of the connection as text.
    #[track_caller]
    fn check(&self, page: &str, group: NamedGroup) {
        let Some(program) = &self.program else {
            assert!(page.contains("the halves match"), "{page}");
            let facts = self.facts.lock().unwrap();
            assert!(!facts.is_empty());
            for facts in &*facts {
                assert_eq!(facts.version, ProtocolVersion::TLS1_3);
                assert_eq!(facts.group, Some(group));
            }
            return;
        };
        // The page tells about its own connection.
        assert!(page.contains(&group.to_string()), "{page}");
        program.expect(&group.to_string());
    }
}

/// Where cargo puts the program; it is built if it is not there yet.
fn program_path() -> String {
    // There, so that cargo finds the workspace's settings.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut cargo = Program::start(
        root,
        env!("CARGO"),
        &[
            "build",
            "--locked",
            "--message-format=json",
            "--package=warifu-cli",
        ]
        .map(str::to_owned),
    );
    let status = cargo.expect_end_within(BUILD_LIMIT);
    let output = cargo.output();
    assert!(status.success(), "{output}");
    let path = output.split("\"executable\":\"").nth(1);
    path.and_then(|rest| rest.split('"').next())
        .expect("cargo names the program")
        .to_owned()
}

fn curl(server: Server) {
    run_curl(server, &Setup::default(), "");
}

fn curl_with_certificate(server: Server) {
    let setup = Setup {
        client_key: Some(KeyType::Rsa),
        ..Setup::default()
    };
    run_curl(server, &setup, "--cert RSA.pem --key RSA.key");
}

fn run_curl(server: Server, setup: &Setup, more: &str) {
    let serving = Serving::start(server, setup);
    let line = format!(
        "--silent --show-error --verbose --max-time 20 --tlsv1.3 --cacert ca.pem {more} https://localhost:{}/",
        serving.port
    );
    let mut curl = Program::start(pki::get().directory(), "curl", &arguments(&line));
    let status = curl.expect_end();
    let output = curl.output();
    assert!(status.success(), "{output}");
    assert!(output.contains("SSL connection using TLSv1.3"), "{output}");
    // curl takes its TLS from OpenSSL; before 3.5 that has no hybrid group.
    let group = if warifu_interop::peer::openssl::has_post_quantum() {
        NamedGroup::X25519MLKEM768
    } else {
        NamedGroup::X25519
    };
    serving.check(&output, group);
}

fn chromium(server: Server) {
    let serving = Serving::start(server, &Setup::default());
    let profile = tempfile::tempdir().unwrap();
    // Its trust store is not ours to change: it is told the server's key.
    let line = format!(
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
         --disable-component-update --disable-sync --disable-dev-shm-usage --user-data-dir={} \
         --ignore-certificate-errors-spki-list={} --dump-dom https://localhost:{}/",
        profile.path().display(),
        key_hash(KeyType::P256),
        serving.port
    );
    let mut chromium = Program::start(pki::get().directory(), "chromium", &arguments(&line));
    chromium.expect_end_within(BROWSER_LIMIT);
    serving.check(&chromium.output(), NamedGroup::X25519MLKEM768);
}

/// SHA-256 of the SubjectPublicKeyInfo, in base64.
fn key_hash(key_type: KeyType) -> String {
    let pipeline = format!(
        "openssl pkey -in {key_type}.key -pubout -outform der | openssl dgst -sha256 -binary | openssl base64 -A"
    );
    let output = Command::new("sh")
        .args(["-c", &pipeline])
        .current_dir(pki::get().directory())
        .output()
        .unwrap();
    assert!(output.status.success(), "{pipeline}");
    String::from_utf8(output.stdout).unwrap()
}
