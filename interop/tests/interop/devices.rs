//! Programs that have TLS with pre-shared keys for years, and no certificates: mosquitto's broker and client (MQTT), Zabbix'
//! agent and sender. Our side speaks just enough of their protocols.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};

use libtest_mimic::Trial;
use warifu::config::{ClientConfig, Policy, ServerConfig};
use warifu::parameters::{CipherSuite, ProtocolVersion};
use warifu::psk::PskTable;
use warifu::{ConnectionFacts, Psk, Stream};
use warifu_interop::ours::{self, Conversation, Listener};
use warifu_interop::peer::arguments;
use warifu_interop::pki::{self, NAME};
use warifu_interop::program::Program;
use warifu_interop::psk;
use warifu_interop::table::Table;
use warifu_interop::tap::Tap;

/// A row: its name, the packages' program that it needs, and its cells with our client and with our server.
type Row = (&'static str, [(&'static str, fn()); 2]);

const ROWS: [Row; 4] = [
    (
        "mosquitto, TLS 1.2",
        [
            ("mosquitto", || broker(ProtocolVersion::TLS1_2)),
            ("mosquitto_pub", || publisher(ProtocolVersion::TLS1_2)),
        ],
    ),
    (
        "mosquitto",
        [
            ("mosquitto", || broker(ProtocolVersion::TLS1_3)),
            ("mosquitto_pub", || publisher(ProtocolVersion::TLS1_3)),
        ],
    ),
    (
        "Zabbix, TLS 1.2",
        [("zabbix_agentd", agent), ("zabbix_sender", sender)],
    ),
    (
        "Zabbix' suites, with OpenSSL",
        [
            ("openssl", openssl_as_agent),
            ("openssl", openssl_as_sender),
        ],
    ),
];

pub fn devices(trials: &mut Vec<Trial>) -> Table {
    let mut table = Table::new("devices");
    for (row, cells) in ROWS {
        for (column, (program, test)) in ["our client", "our server"].into_iter().zip(cells) {
            match path(program) {
                Some(_) => table.cell(trials, row, column, test),
                None => table.empty(row, column, format!("{program} is not installed")),
            }
        }
    }
    table
}

/// Where a program is. Those of servers are not on everybody's path.
fn path(program: &str) -> Option<String> {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':')
        .chain(["/usr/sbin"])
        .map(|directory| Path::new(directory).join(program))
        .find(|path| path.exists())
        .map(|path| path.to_string_lossy().into_owned())
}

fn start(program: &str, line: &str) -> Program {
    let path = path(program).unwrap();
    Program::start(pki::get().directory(), &path, &arguments(line))
}

/// Starts a server at a port that was free a moment ago. It says `told` when it is ready.
fn start_server(program: &str, line: impl Fn(u16) -> String, told: &str) -> (Program, u16) {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    // zabbix_agentd takes a port from 1024 to 32767 alone.
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    loop {
        let port = first + TAKEN.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            let server = start(program, &line(port));
            server.expect(told);
            return (server, port);
        }
    }
}

fn our_key() -> Psk {
    Psk::new(psk::IDENTITY, psk::KEY).unwrap()
}

fn key_hex() -> String {
    psk::Psk::default().key_hex()
}

/// Our client with the key, connected.
fn client(policy: Policy, highest: ProtocolVersion, port: u16) -> Stream<Tap> {
    let config = ClientConfig::psk_builder([our_key()])
        .with_policy(policy)
        .with_versions(ProtocolVersion::TLS1_2..=highest);
    let mut stream = ours::connect(config.build().unwrap(), NAME, port);
    stream.handshake().unwrap();
    stream
}

/// The next client of our server with the key, its handshake done.
fn accept(policy: Policy, highest: ProtocolVersion, listener: &Listener) -> Stream<Tap> {
    let table = PskTable::new([our_key()]).unwrap();
    let config = ServerConfig::psk_builder(table)
        .with_policy(policy)
        .with_versions(ProtocolVersion::TLS1_2..=highest)
        .with_psk_identity_hint("warifu");
    let mut stream = listener.accept(config.build().unwrap());
    stream.handshake().unwrap();
    stream
}

#[track_caller]
fn check(facts: &ConnectionFacts, version: ProtocolVersion) {
    assert_eq!(facts.version, version);
    let psk = facts.psk.as_ref().expect("the key was used");
    assert_eq!(*psk.identity, *psk::IDENTITY.as_bytes());
}

// MQTT 3.1.1, Section 3.

const CONNECT: &[u8] = b"\x10\x12\x00\x04MQTT\x04\x02\x00\x3c\x00\x06warifu";
const CONNACK: &[u8] = b"\x20\x02\x00\x00";
const SUBSCRIBE: &[u8] = b"\x82\x0a\x00\x01\x00\x05attic\x00";
const SUBACK: &[u8] = b"\x90\x03\x00\x01\x00";
const PUBLISH: &[u8] = b"\x30\x0b\x00\x05attic21.5";
const DISCONNECT: &[u8] = b"\xe0\x00";

/// Our client at the broker: it subscribes to a topic, publishes to it and hears of it.
fn broker(version: ProtocolVersion) {
    let keys = pki::get().file("psk", &format!("{}:{}\n", psk::IDENTITY, key_hex()));
    let directory = pki::get().directory().display();
    let config = |port: u16| {
        let mut text = format!(
            "user root\nlog_type all\nallow_anonymous true\nlistener {port} 127.0.0.1\n\
             psk_file {directory}/{keys}\npsk_hint broker\nuse_identity_as_username true\n"
        );
        if version == ProtocolVersion::TLS1_2 {
            // The lowest that it takes; the highest is up to our side.
            text += "tls_version tlsv1.2\n";
        }
        format!("-v -c {}", pki::get().file("mosquitto", &text))
    };
    let (broker, port) = start_server("mosquitto", config, " running");
    let mut stream = client(Policy::Default, version, port);
    check(stream.facts().unwrap(), version);
    for (ours, theirs) in [(CONNECT, CONNACK), (SUBSCRIBE, SUBACK), (PUBLISH, PUBLISH)] {
        stream.write_all(ours).unwrap();
        stream.flush().unwrap();
        let mut got = vec![0; theirs.len()];
        stream.read_exact(&mut got).unwrap();
        assert_eq!(got, theirs);
    }
    // The key's identity is the user.
    broker.expect(&format!("as warifu (p2, c1, k60, u'{}')", psk::IDENTITY));
    stream.write_all(DISCONNECT).unwrap();
    stream.close().unwrap();
    broker.expect("Client warifu disconnected.");
}

/// `mosquitto_pub` at our server.
fn publisher(version: ProtocolVersion) {
    let listener = Listener::default();
    let version_argument = match version {
        ProtocolVersion::TLS1_2 => "--tls-version tlsv1.2",
        _ => "",
    };
    let mut publisher = start(
        "mosquitto_pub",
        &format!(
            "-d -h 127.0.0.1 -p {} --psk {} --psk-identity {} {version_argument} -i sensor -t attic -m 21.5",
            listener.port(),
            key_hex(),
            psk::IDENTITY
        ),
    );
    let mut stream = accept(Policy::Default, version, &listener);
    check(stream.facts().unwrap(), version);
    let connect = packet(&mut stream);
    assert_eq!(connect[0], 0x10);
    assert!(connect.ends_with(b"\x00\x06sensor"), "{connect:02x?}");
    stream.write_all(CONNACK).unwrap();
    stream.flush().unwrap();
    assert_eq!(packet(&mut stream), PUBLISH);
    assert_eq!(packet(&mut stream), DISCONNECT);
    stream.close().unwrap();
    assert!(publisher.expect_end().success(), "{}", publisher.output());
}

/// An MQTT packet with its header, of less than 128 bytes.
fn packet(stream: &mut Stream<Tap>) -> Vec<u8> {
    let mut packet = vec![0; 2];
    stream.read_exact(&mut packet).unwrap();
    packet.resize(2 + usize::from(packet[1]), 0);
    stream.read_exact(&mut packet[2..]).unwrap();
    packet
}

// Zabbix: a header of "ZBXD", flags, a length and a reserved field, both little-endian.

fn zabbix(data: &str) -> Vec<u8> {
    let len = u32::try_from(data.len()).unwrap();
    [
        b"ZBXD\x01",
        &len.to_le_bytes()[..],
        &[0; 4],
        data.as_bytes(),
    ]
    .concat()
}

fn read_zabbix(stream: &mut Stream<Tap>) -> String {
    let mut header = [0; 13];
    stream.read_exact(&mut header).unwrap();
    assert_eq!(&header[..5], b"ZBXD\x01");
    let len = u32::from_le_bytes(header[5..9].try_into().unwrap());
    let mut data = vec![0; usize::try_from(len).unwrap()];
    stream.read_exact(&mut data).unwrap();
    String::from_utf8(data).unwrap()
}

fn key_file() -> String {
    let file = pki::get().file("zabbix-psk", &format!("{}\n", key_hex()));
    pki::get().path(&file).display().to_string()
}

/// An agent, whose processes end with it: nobody else would end them.
struct Agent(Program);

impl Drop for Agent {
    fn drop(&mut self) {
        self.0.terminate();
    }
}

/// Our client asks the agent, as Zabbix' server does in a passive check.
fn agent() {
    let config = |port: u16| {
        let directory = pki::get().directory().display();
        let text = format!(
            "Server=127.0.0.1\nListenIP=127.0.0.1\nListenPort={port}\nHostname=attic\nStartAgents=1\nAllowRoot=1\n\
             LogType=console\nDebugLevel=4\nPidFile={directory}/agent-{port}.pid\nTLSConnect=psk\nTLSAccept=psk\n\
             TLSPSKIdentity={}\nTLSPSKFile={}\n",
            psk::IDENTITY,
            key_file()
        );
        let file = pki::get().file("zabbix-agent", &text);
        format!("-f -c {}", pki::get().path(&file).display())
    };
    let (agent, port) = start_server("zabbix_agentd", config, "agent #");
    let agent = Agent(agent);
    agent.0.expect("agent #1 started");
    let mut stream = client(Policy::PskIot, ProtocolVersion::TLS1_2, port);
    check(stream.facts().unwrap(), ProtocolVersion::TLS1_2);
    stream.write_all(&zabbix("agent.ping")).unwrap();
    stream.flush().unwrap();
    assert_eq!(read_zabbix(&mut stream), "1");
    stream.expect_close();
    agent.0.expect("PSK");
}

/// `zabbix_sender` at our server.
fn sender() {
    let listener = Listener::default();
    let mut sender = start(
        "zabbix_sender",
        &format!(
            "-vv -z 127.0.0.1 -p {} -s attic -k temperature -o 21.5 --tls-connect psk --tls-psk-identity {} \
             --tls-psk-file {}",
            listener.port(),
            psk::IDENTITY,
            key_file()
        ),
    );
    let mut stream = accept(Policy::PskIot, ProtocolVersion::TLS1_2, &listener);
    check(stream.facts().unwrap(), ProtocolVersion::TLS1_2);
    let request = read_zabbix(&mut stream);
    assert!(request.contains(r#""value":"21.5""#), "{request}");
    let info = "processed: 1; failed: 0; total: 1; seconds spent: 0.000030";
    let answer = format!(r#"{{"response":"success","info":"{info}"}}"#);
    stream.write_all(&zabbix(&answer)).unwrap();
    stream.close().unwrap();
    assert!(sender.expect_end().success(), "{}", sender.output());
    assert!(sender.output().contains("processed: 1"));
}

/// What Zabbix tells OpenSSL where keys alone are allowed, in TLS 1.2.
const SUITES: &str = "-tls1_2 -cipher kECDHEPSK+AES128:kPSK+AES128";

/// The first of [`SUITES`] in our order.
const SUITE: CipherSuite = CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA;

fn openssl_as_agent() {
    let line = format!(
        "s_server -accept 127.0.0.1:0 -naccept 1 -nocert -psk_identity {} -psk {} {SUITES}",
        psk::IDENTITY,
        key_hex()
    );
    let mut server = start("openssl", &line);
    let port = server.expect_port("ACCEPT 127.0.0.1:");
    let mut stream = client(Policy::PskIot, ProtocolVersion::TLS1_2, port);
    check(stream.facts().unwrap(), ProtocolVersion::TLS1_2);
    stream.write_all(&zabbix("agent.ping\n")).unwrap();
    stream.flush().unwrap();
    server.expect("agent.ping\n");
    server.write(&zabbix("1\n"));
    assert_eq!(read_zabbix(&mut stream), "1\n");
    stream.close().unwrap();
    stream.expect_close();
}

fn openssl_as_sender() {
    let listener = Listener::default();
    let line = format!(
        "s_client -connect 127.0.0.1:{} -psk_identity {} -psk {} {SUITES}",
        listener.port(),
        psk::IDENTITY,
        key_hex()
    );
    let mut sender = start("openssl", &line);
    let mut stream = accept(Policy::PskIot, ProtocolVersion::TLS1_3, &listener);
    let facts = stream.facts().unwrap();
    check(facts, ProtocolVersion::TLS1_2);
    assert_eq!(facts.cipher_suite, SUITE);
    sender.write(&zabbix("agent data\n"));
    assert_eq!(read_zabbix(&mut stream), "agent data\n");
    stream.write_all(&zabbix("success\n")).unwrap();
    stream.flush().unwrap();
    sender.expect("success\n");
    stream.close().unwrap();
    stream.expect_close();
}
