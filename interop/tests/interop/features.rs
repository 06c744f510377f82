//! One row per feature, with each peer in both roles.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

use libtest_mimic::Trial;
use warifu::config::KeyLogFile;
use warifu::decision::{Answer, PresentedChain, VerifyPeer};
use warifu::parameters::{HandshakeType, NamedGroup, ProtocolVersion, SignatureScheme};
use warifu::{CertificateError, ClientAuth, Direction, Error, HandshakeKind, Padding, Trust};
use warifu_interop::meeting::{Meeting, Peer, Plan};
use warifu_interop::ours::{Conversation, Setup, digits};
use warifu_interop::peer::rustls::{Rustls, converse, expect_close, server_config_of};
use warifu_interop::peer::{Kind, Role, Stack};
use warifu_interop::pki::{self, KeyType};
use warifu_interop::table::Table;
use warifu_interop::tap::records;

/// A test, or why there is none for this peer.
type Cell = Result<fn(Kind), &'static str>;

/// A row's name, and its cell for each peer.
type Row = (&'static str, fn(Kind) -> Cell);

/// How gnutls-serv answers a command.
const EXECUTED: &str = "Successfully executed command\n";

const NO_COMMAND: &str = "the program has no command for it";

pub fn features(trials: &mut Vec<Trial>) -> Table {
    let mut table = Table::new("feature");
    let rows: [Row; 25] = [
        ("both sides' defaults", |_| Ok(defaults)),
        ("1 MiB each way at once", |_| Ok(bulk)),
        ("ALPN", |_| Ok(alpn)),
        ("exporter", |_| Ok(exporter)),
        ("key log", |_| Ok(key_log)),
        ("KeyUpdate by us", |_| Ok(key_update_by_us)),
        ("KeyUpdate by us, answered", |_| Ok(key_update_answered)),
        ("KeyUpdate by the peer", |kind| {
            match (kind.stack, kind.role) {
                (Stack::Rustls, _) => Err("rustls always requests ours too"),
                (Stack::GnuTls, Role::Server) => Err(NO_COMMAND),
                _ => Ok(key_update_by_peer),
            }
        }),
        ("KeyUpdate by the peer, answered", |_| {
            Ok(key_update_by_peer_answered)
        }),
        ("post-handshake authentication", |kind| match kind.stack {
            Stack::Rustls => Err("rustls has no post-handshake authentication"),
            _ => Ok(post_handshake_auth),
        }),
        ("max_fragment_length 512", |kind| {
            fragments(kind, |kind| fragment_length(kind, 512))
        }),
        ("max_fragment_length 1024", |kind| {
            fragments(kind, |kind| fragment_length(kind, 1024))
        }),
        ("max_fragment_length 2048", |kind| {
            fragments(kind, |kind| fragment_length(kind, 2048))
        }),
        ("max_fragment_length 4096", |kind| {
            fragments(kind, |kind| fragment_length(kind, 4096))
        }),
        ("record_size_limit by us", |kind| match kind.stack {
            Stack::GnuTls => Ok(record_size_limit_by_us),
            _ => Err("OpenSSL and rustls have no record_size_limit"),
        }),
        ("record_size_limit by the peer", |kind| match kind.stack {
            Stack::GnuTls => Ok(record_size_limit_by_peer),
            _ => Err("OpenSSL and rustls have no record_size_limit"),
        }),
        ("handshake in small records", |kind| match kind.stack {
            Stack::GnuTls => Err("covered by record_size_limit"),
            _ => Ok(small_records),
        }),
        ("padded records", |_| Ok(padding)),
        ("OCSP staple", |kind| match (kind.stack, kind.role) {
            (Stack::Rustls, Role::Client) => Err("rustls asks, and does not show the answer"),
            _ => Ok(ocsp_staple),
        }),
        ("no middlebox compatibility", |_| {
            Ok(no_middlebox_compatibility)
        }),
        ("certificate optional, none sent", |kind| match kind.role {
            Role::Client => Ok(optional_certificate),
            Role::Server => Err("of our server"),
        }),
        ("no server name in the hello", |kind| match kind.role {
            Role::Server => Ok(no_server_name),
            Role::Client => Err("of our client"),
        }),
        ("close_notify by the peer first", |kind| {
            match (kind.stack, kind.role) {
                (Stack::OpenSsl, Role::Server) => Ok(page_then_close),
                (Stack::GnuTls, Role::Server) => Err(NO_COMMAND),
                _ => Ok(peer_closes_first),
            }
        }),
        ("end without close_notify", |_| Ok(truncation)),
        ("halves of a split stream", |_| Ok(split)),
    ];
    for (row, choose) in rows {
        for kind in Kind::ALL {
            match choose(kind) {
                Ok(test) => table.cell(trials, row, &kind.to_string(), move || test(kind)),
                Err(reason) => table.empty(row, &kind.to_string(), reason),
            }
        }
    }
    table
}

fn fragments(kind: Kind, test: fn(Kind)) -> Cell {
    match (kind.stack, kind.role) {
        (Stack::Rustls, _) => Err("rustls has no max_fragment_length"),
        (Stack::GnuTls, Role::Client) => {
            Err("sends record_size_limit beside it, which wins (RFC 8449 Section 5)")
        }
        _ => Ok(test),
    }
}

fn defaults(kind: Kind) {
    let mut meeting = Meeting::new(kind, Plan::default());
    meeting.ours.handshake().unwrap();
    let facts = meeting.ours.facts().unwrap();
    let hybrid = kind.lacks_group(NamedGroup::X25519MLKEM768).is_none();
    let (group, handshake_kind) = match (kind.stack, kind.role) {
        _ if hybrid => (NamedGroup::X25519MLKEM768, HandshakeKind::Full),
        // GnuTLS prefers P-256; its server takes a share that is there.
        (Stack::GnuTls, Role::Client) => (NamedGroup::SECP256R1, HandshakeKind::Full),
        _ => (NamedGroup::X25519, HandshakeKind::Full),
    };
    assert_eq!(
        (facts.group, facts.handshake_kind),
        (Some(group), handshake_kind)
    );
    meeting.converse();
}

const MIB: usize = 1 << 20;

/// Our two halves in two threads, the peer's program in between.
fn bulk(kind: Kind) {
    let mut meeting = Meeting::new(
        kind,
        Plan {
            script: Box::new(|rustls| {
                let mut got = vec![0; MIB];
                rustls.read_exact(&mut got)?;
                assert_eq!(got, digits(MIB));
                rustls.write_all(&got)?;
                rustls.flush()?;
                expect_close(rustls)
            }),
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    let data = digits(MIB);
    let is_echo = meeting.is_echo();
    if let Peer::Program(program) = &mut meeting.peer
        && !is_echo
    {
        program.feed(data.clone());
    }
    let writer = meeting.ours.transport().try_clone().unwrap();
    let (mut read_half, mut write_half) = meeting.ours.split_with(writer).unwrap();
    let sent = data.clone();
    let writing = std::thread::spawn(move || {
        write_half.write_all(&sent).unwrap();
        write_half.flush().unwrap();
        write_half
    });
    let mut got = vec![0; MIB];
    read_half.read_exact(&mut got).unwrap();
    assert!(got == data, "what the peer sent came changed");
    let mut write_half = writing.join().unwrap();
    if let Peer::Program(program) = &meeting.peer
        && !is_echo
    {
        program.expect_bytes(&data);
    }
    write_half.close().unwrap();
    if let Peer::Rustls(running) = meeting.peer {
        running.expect_end();
    }
}

/// As two threads would use it, with a KeyUpdate in each direction while both halves are at work.
fn split(kind: Kind) {
    let mut meeting = Meeting::new(
        kind,
        Plan {
            script: Box::new(|rustls| {
                rustls.connection().update_keys();
                rustls.write_all(b"0 one\n")?;
                rustls.read_exact(&mut [0; 6])?;
                rustls.write_all(b"0 two\n")?;
                expect_close(rustls)
            }),
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    if let Peer::Program(_) = meeting.peer {
        meeting.chat();
    }
    let is_echo = meeting.is_echo();
    let writer = meeting.ours.transport().try_clone().unwrap();
    let (mut read_half, mut write_half) = meeting.ours.split_with(writer).unwrap();
    let mut line = [0; 6];
    match &mut meeting.peer {
        Peer::Program(_) if is_echo => {}
        Peer::Program(program) => {
            if kind.stack == Stack::OpenSsl {
                program.command_letter("K");
            }
            program.say("0 one");
            read_half.read_exact(&mut line).unwrap();
            assert_eq!(&line, b"0 one\n");
        }
        Peer::Rustls(_) => read_half.read_exact(&mut line).unwrap(),
    }
    write_half.write_all(b"0 1st\n").unwrap();
    match &mut meeting.peer {
        Peer::Program(program) => {
            if !is_echo {
                program.expect("0 1st\n");
                program.say("0 two");
            }
        }
        Peer::Rustls(_) => {}
    }
    read_half.read_exact(&mut line).unwrap();
    let expected = if is_echo { b"0 1st\n" } else { b"0 two\n" };
    assert_eq!(&line, expected);
    if kind.stack != Stack::GnuTls {
        let answers = (Direction::Sent, HandshakeType::KEY_UPDATE);
        assert_eq!(meeting.messages.count(answers.0, answers.1), 1);
    }
    write_half.close().unwrap();
}

fn alpn(kind: Kind) {
    let arguments = match (kind.stack, kind.role) {
        (Stack::OpenSsl, _) => "-alpn h2,http/1.1",
        (Stack::GnuTls, _) => "--alpn h2 --alpn http/1.1",
        _ => "",
    };
    let protocols = || vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut meeting = Meeting::new(
        kind,
        Plan {
            arguments: arguments.to_owned(),
            our_client: Box::new(|ours| ours.with_alpn(["x", "http/1.1"])),
            our_server: Box::new(|ours| ours.with_alpn(["x", "http/1.1"])),
            rustls_client: Box::new(move |config| config.alpn_protocols = protocols()),
            rustls_server: Box::new(move |config| config.alpn_protocols = protocols()),
            script: Box::new(|rustls| {
                assert_eq!(rustls.connection().alpn().unwrap(), b"http/1.1");
                converse(rustls)
            }),
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    assert_eq!(
        meeting.ours.facts().unwrap().alpn.as_deref(),
        Some(b"http/1.1".as_slice())
    );
    match (kind.stack, kind.role) {
        (Stack::OpenSsl, Role::Server) => meeting
            .program()
            .expect("ALPN protocols selected: http/1.1"),
        (Stack::OpenSsl, Role::Client) => meeting.program().expect("ALPN protocol: http/1.1"),
        (Stack::GnuTls, _) => meeting.program().expect("Application protocol: http/1.1"),
        _ => {}
    }
    meeting.converse();
}

const LABEL: &str = "EXPERIMENTAL-warifu";

fn exporter(kind: Kind) {
    let arguments = match kind.stack {
        Stack::OpenSsl => format!("-keymatexport {LABEL} -keymatexportlen 32"),
        Stack::GnuTls => format!("--keymatexport {LABEL} --keymatexportsize 32"),
        _ => String::new(),
    };
    let theirs = Arc::new(Mutex::new(Vec::new()));
    let told = theirs.clone();
    let mut meeting = Meeting::new(
        kind,
        Plan {
            arguments,
            script: Box::new(move |rustls| {
                *told.lock().unwrap() = rustls.connection().export(LABEL.as_bytes(), b"context");
                converse(rustls)
            }),
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    let context = (kind.stack == Stack::Rustls).then_some(b"context".as_slice());
    let mut ours = [0; 32];
    let connection = meeting.ours.connection();
    connection
        .export(LABEL.as_bytes(), context, &mut ours)
        .unwrap();
    let text: String = ours.iter().map(|byte| format!("{byte:02x}")).collect();
    match kind.stack {
        Stack::OpenSsl => meeting
            .program()
            .expect(&format!("Keying material: {}", text.to_uppercase())),
        Stack::GnuTls => meeting.program().expect(&format!("Key material: {text}")),
        _ => {}
    }
    meeting.converse();
    if kind.stack == Stack::Rustls {
        assert_eq!(*theirs.lock().unwrap(), ours);
    }
}

/// Key log lines, sorted; comments and blank lines left out.
fn log_lines(file: &str) -> BTreeSet<String> {
    std::fs::read_to_string(pki::get().path(file))
        .unwrap()
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_ascii_lowercase)
        .collect()
}

#[derive(Debug)]
struct RustlsLog(KeyLogFile);

impl rustls::KeyLog for RustlsLog {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        use warifu::config::KeyLog;
        self.0.log(label, client_random.try_into().unwrap(), secret);
    }
}

fn key_log(kind: Kind) {
    let theirs = format!("theirs-{kind}.log");
    let ours = format!("ours-{kind}.log");
    let open = |name: &str| KeyLogFile::open(pki::get().path(name)).unwrap();
    let log = Arc::new(open(&ours));
    let log_too = log.clone();
    let [for_client, for_server] = [0; 2].map(|_| Arc::new(RustlsLog(open(&theirs))));
    let meeting = Meeting::new(
        kind,
        Plan {
            arguments: match kind.stack {
                Stack::OpenSsl => format!("-keylogfile {theirs}"),
                _ => String::new(),
            },
            environment: format!("SSLKEYLOGFILE={theirs}"),
            our_client: Box::new(move |ours| ours.with_key_log(log)),
            our_server: Box::new(move |ours| ours.with_key_log(log_too)),
            rustls_client: Box::new(move |config| config.key_log = for_client),
            rustls_server: Box::new(move |config| config.key_log = for_server),
            ..Plan::default()
        },
    );
    meeting.converse();
    let (ours, theirs) = (log_lines(&ours), log_lines(&theirs));
    assert_eq!(ours, theirs);
    assert_eq!(ours.len(), 5, "{ours:?}");
}

/// rustls' side of the cells about KeyUpdate: three lines each way.
fn three_lines(rustls: &mut dyn Rustls) -> std::io::Result<()> {
    for _ in 0..3 {
        rustls.read_exact(&mut [0; 6])?;
        rustls.write_all(b"0 pong\n")?;
    }
    expect_close(rustls)
}

fn exchange(meeting: &mut Meeting) {
    if let Peer::Rustls(_) = meeting.peer {
        meeting.ours.say("0 png\n");
        meeting.ours.expect("0 pong\n");
    } else {
        meeting.chat();
    }
}

fn update_keys(kind: Kind, request_peers: bool) {
    let mut meeting = Meeting::new(
        kind,
        Plan {
            script: Box::new(three_lines),
            ..Plan::default()
        },
    );
    exchange(&mut meeting);
    for _ in 0..2 {
        let connection = meeting.ours.connection_mut();
        connection.update_keys(request_peers).unwrap();
        exchange(&mut meeting);
    }
    let count = |way| meeting.messages.count(way, HandshakeType::KEY_UPDATE);
    assert_eq!(count(Direction::Sent), 2);
    assert_eq!(
        count(Direction::Received),
        if request_peers { 2 } else { 0 }
    );
    meeting.close();
}

fn key_update_by_us(kind: Kind) {
    update_keys(kind, false);
}

fn key_update_answered(kind: Kind) {
    update_keys(kind, true);
}

fn peer_updates_keys(kind: Kind, requests_ours: bool) {
    let mut meeting = Meeting::new(
        kind,
        Plan {
            arguments: match (kind.stack, kind.role) {
                (Stack::GnuTls, Role::Client) => "--inline-commands".to_owned(),
                _ => String::new(),
            },
            script: Box::new(|rustls| {
                rustls.read_exact(&mut [0; 6])?;
                rustls.connection().update_keys();
                rustls.write_all(b"0 pong\n")?;
                for _ in 0..2 {
                    rustls.read_exact(&mut [0; 6])?;
                    rustls.write_all(b"0 pong\n")?;
                }
                expect_close(rustls)
            }),
            ..Plan::default()
        },
    );
    exchange(&mut meeting);
    match (kind.stack, kind.role) {
        (Stack::OpenSsl, _) => {
            let letter = if requests_ours { "K" } else { "k" };
            meeting.program().command_letter(letter);
        }
        (Stack::GnuTls, Role::Server) => {
            meeting.ours.say("**REHANDSHAKE**\n");
            meeting.ours.expect(EXECUTED);
        }
        (Stack::GnuTls, Role::Client) => {
            let command = if requests_ours { "^rekey^" } else { "^rekey1^" };
            meeting.program().say(command);
        }
        _ => {}
    }
    exchange(&mut meeting);
    exchange(&mut meeting);
    let count = |way| meeting.messages.count(way, HandshakeType::KEY_UPDATE);
    assert_eq!(count(Direction::Received), 1);
    assert_eq!(count(Direction::Sent), usize::from(requests_ours));
    meeting.close();
}

fn key_update_by_peer(kind: Kind) {
    peer_updates_keys(kind, false);
}

fn key_update_by_peer_answered(kind: Kind) {
    peer_updates_keys(kind, true);
}

fn post_handshake_auth(kind: Kind) {
    let setup = Setup {
        client_key: (kind.role == Role::Client).then_some(KeyType::Ed25519),
        ..Setup::default()
    };
    let mut meeting = Meeting::new(
        kind,
        Plan {
            setup,
            arguments: match (kind.stack, kind.role) {
                (Stack::OpenSsl, Role::Client) => "-enable_pha",
                (Stack::OpenSsl, Role::Server) => "-CAfile ca.pem",
                (Stack::GnuTls, Role::Client) => "--post-handshake-auth",
                _ => "--disable-client-cert --x509cafile ca.pem",
            }
            .to_owned(),
            our_client: Box::new(|ours| {
                ours.with_post_handshake_auth(true)
                    .with_credential(pki::get().credential(KeyType::Ed25519))
            }),
            our_server: Box::new(|ours| {
                ours.with_client_auth(ClientAuth::post_handshake(pki::get().trust()))
            }),
            ..Plan::default()
        },
    );
    meeting.chat();
    let way = match kind.role {
        Role::Server => Direction::Sent,
        Role::Client => Direction::Received,
    };
    // Twice: the second must not include the first in its transcript.
    for round in 1..=2 {
        match (kind.stack, kind.role) {
            (_, Role::Client) => {
                let connection = meeting.ours.connection_mut();
                connection.request_client_certificate().unwrap();
            }
            (Stack::OpenSsl, Role::Server) => meeting.program().command_letter("c"),
            _ => {
                // It takes nothing but the answer in between.
                meeting.ours.say("**REAUTH**\n");
                meeting.ours.expect(EXECUTED);
            }
        }
        meeting.chat();
        for message in [
            HandshakeType::CERTIFICATE,
            HandshakeType::CERTIFICATE_VERIFY,
            HandshakeType::FINISHED,
        ] {
            // One Finished was the handshake's.
            let expected = round + usize::from(message == HandshakeType::FINISHED);
            assert_eq!(meeting.messages.count(way, message), expected, "{message}");
        }
        if kind == Kind::new(Stack::OpenSsl, Role::Server) {
            // It has verified our answer, and is ready for the next.
            meeting.program().expect_times("depth=0", round);
        }
    }
    if kind.role == Role::Client {
        let facts = meeting.ours.facts().unwrap();
        assert!(facts.peer_certificates.is_some());
        assert_eq!(facts.peer_signature_scheme, Some(SignatureScheme::ED25519));
    }
    meeting.close();
}

/// The longest protected record of application data, less `overhead`, each way: content and its type byte.
fn longest(meeting: &Meeting) -> (usize, usize) {
    const TAG_LEN: usize = 16;
    let passed = meeting.ours.transport().passed();
    let passed = passed.lock().unwrap();
    let longest = |bytes: &[u8]| {
        records(bytes)
            .into_iter()
            .filter(|(content_type, _)| *content_type == 23)
            .map(|(_, len)| len - TAG_LEN)
            .max()
            .unwrap_or(0)
    };
    (longest(&passed.sent), longest(&passed.received))
}

/// 10 000 bytes each way.
fn exchange_much(meeting: &mut Meeting) {
    let data = digits(10_000);
    let text = String::from_utf8(data.clone()).unwrap();
    meeting.ours.say(&text);
    if !meeting.is_echo() {
        meeting.program().expect_bytes(&data);
        meeting.program().say(text.trim_end());
    }
    meeting.ours.expect(&text);
}

fn fragment_length(kind: Kind, len: u16) {
    let mut meeting = Meeting::new(
        kind,
        Plan {
            arguments: match (kind.stack, kind.role) {
                (Stack::OpenSsl, Role::Client) => format!("-maxfraglen {len}"),
                _ => String::new(),
            },
            our_client: Box::new(move |ours| ours.with_max_fragment_length(len)),
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    let len = usize::from(len);
    assert_eq!(meeting.ours.facts().unwrap().max_fragment_sent, len);
    exchange_much(&mut meeting);
    assert_eq!(longest(&meeting), (len + 1, len + 1));
    meeting.close();
}

fn record_size_limit_by_us(kind: Kind) {
    let limit = 700;
    let mut meeting = Meeting::new(
        kind,
        Plan {
            // GnuTLS answers only what it is asked; as a client it asks when told a size.
            arguments: match kind.role {
                Role::Client => "--recordsize 4096".to_owned(),
                Role::Server => String::new(),
            },
            our_client: Box::new(move |ours| ours.with_record_size_limit(limit)),
            our_server: Box::new(move |ours| ours.with_record_size_limit(limit)),
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    // The limit counts the content type (RFC 8449 Section 4).
    let content = usize::from(limit) - 1;
    if kind.role == Role::Client {
        // gnutls-cli reads more than a record, sends one record of it and drops the rest.
        let data = String::from_utf8(digits(2000)).unwrap();
        meeting.program().say(data.trim_end());
        meeting.ours.expect(&data[..content]);
    } else {
        exchange_much(&mut meeting);
    }
    let (_, received) = longest(&meeting);
    assert_eq!(received, usize::from(limit));
    meeting.close();
}

fn record_size_limit_by_peer(kind: Kind) {
    let mut meeting = Meeting::new(
        kind,
        Plan {
            arguments: "--recordsize 1000".to_owned(),
            our_client: Box::new(|ours| ours.with_record_size_limit(16_385)),
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    assert_eq!(meeting.ours.facts().unwrap().max_fragment_sent, 1000);
    let data = digits(10_000);
    meeting.ours.say(&String::from_utf8(data.clone()).unwrap());
    match kind.role {
        Role::Client => meeting.program().expect_bytes(&data),
        Role::Server => meeting.ours.expect(&String::from_utf8(data).unwrap()),
    }
    let (sent, _) = longest(&meeting);
    assert_eq!(sent, 1001);
    meeting.close();
}

/// Certificate and CertificateVerify do not fit one record.
fn small_records(kind: Kind) {
    let mut meeting = Meeting::new(
        kind,
        Plan {
            setup: Setup {
                server_key: KeyType::Rsa,
                client_key: Some(KeyType::Rsa),
                ..Setup::default()
            },
            arguments: "-max_send_frag 512".to_owned(),
            rustls_client: Box::new(|config| config.max_fragment_size = Some(100)),
            rustls_server: Box::new(|config| config.max_fragment_size = Some(100)),
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    let (_, received) = longest(&meeting);
    assert!(received <= 513, "{received}");
    meeting.converse();
}

#[derive(Debug)]
struct ToMultiplesOf256;

impl Padding for ToMultiplesOf256 {
    fn padding_len(&self, content_len: usize) -> usize {
        (content_len + 1).next_multiple_of(256) - content_len - 1
    }
}

fn padding(kind: Kind) {
    let mut meeting = Meeting::new(
        kind,
        Plan {
            our_client: Box::new(|ours| ours.with_padding(Arc::new(ToMultiplesOf256))),
            our_server: Box::new(|ours| ours.with_padding(Arc::new(ToMultiplesOf256))),
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    let passed = meeting.ours.transport().passed();
    let before = passed.lock().unwrap().sent.len();
    meeting.converse();
    let passed = passed.lock().unwrap();
    let data = records(&passed.sent[before..]);
    assert_eq!(data.first(), Some(&(23, 256 + 16)));
}

/// Believes as the run's PKI does, and remembers the staple.
#[derive(Debug)]
struct Staple(Trust, Arc<Mutex<Vec<u8>>>);

impl VerifyPeer for Staple {
    fn verify<'a>(&'a self, chain: PresentedChain<'a>) -> Answer<'a, Result<(), CertificateError>> {
        *self.1.lock().unwrap() = chain.ocsp_response.to_vec();
        self.0.verify(chain)
    }

    fn chain_schemes(&self) -> &[SignatureScheme] {
        self.0.chain_schemes()
    }
}

fn ocsp_staple(kind: Kind) {
    ocsp_staple_of(kind, ProtocolVersion::TLS1_3);
}

/// The server's chain comes with an OCSP response, which both sides' programs agree on.
pub(super) fn ocsp_staple_of(kind: Kind, version: ProtocolVersion) {
    let response = std::fs::read(pki::get().path("ocsp.der")).unwrap();
    let [for_ours, for_rustls] = [response.clone(), response.clone()];
    let stapled = Arc::new(Mutex::new(Vec::new()));
    let verifier = Staple(pki::get().trust(), stapled.clone());
    let saved = pki::get().file("saved-ocsp", "");
    let mut meeting = Meeting::new(
        kind,
        Plan {
            setup: Setup {
                version,
                ..Setup::default()
            },
            arguments: match (kind.stack, kind.role) {
                (Stack::OpenSsl, Role::Client) => "-status".to_owned(),
                (Stack::OpenSsl, Role::Server) => "-status_file ocsp.der".to_owned(),
                (Stack::GnuTls, Role::Client) => format!("--save-ocsp {saved}"),
                _ => "--ocsp-response ocsp.der --ignore-ocsp-response-errors".to_owned(),
            },
            our_client: Box::new(move |_| {
                let client = warifu::ClientConfig::builder(verifier).with_ocsp_request(true);
                client.with_versions(version..=version)
            }),
            our_server: Box::new(move |_| {
                let path = |end| pki::get().path(&format!("{}.{end}", KeyType::P256));
                let credential = warifu::Credential::from_files(path("pem"), path("key"));
                let credential = credential.unwrap().with_ocsp_response(for_ours);
                let server = warifu::ServerConfig::builder(Arc::new(credential));
                server.with_versions(version..=version)
            }),
            rustls_server: Box::new(move |config| {
                *config = server_config_of(&KeyType::P256.to_string(), for_rustls);
            }),
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    match (kind.stack, kind.role) {
        (_, Role::Server) => assert_eq!(*stapled.lock().unwrap(), response),
        (Stack::OpenSsl, Role::Client) => {
            meeting.program().expect("OCSP Response Status: successful");
            meeting.program().expect("Cert Status: good");
        }
        (_, Role::Client) => meeting.program().expect("- Handshake was completed"),
    }
    meeting.converse();
    if kind == Kind::new(Stack::GnuTls, Role::Client) {
        let saved = std::fs::read(pki::get().path(&saved)).unwrap();
        assert_eq!(saved, response);
    }
}

fn no_middlebox_compatibility(kind: Kind) {
    let meeting = Meeting::new(
        kind,
        Plan {
            our_client: Box::new(|ours| ours.with_middlebox_compatibility(false)),
            our_server: Box::new(|ours| ours.with_middlebox_compatibility(false)),
            ..Plan::default()
        },
    );
    meeting.converse();
}

fn optional_certificate(kind: Kind) {
    let mut meeting = Meeting::new(
        kind,
        Plan {
            our_server: Box::new(|ours| {
                ours.with_client_auth(ClientAuth::optional(pki::get().trust()))
            }),
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    assert_eq!(meeting.ours.facts().unwrap().peer_certificates, None);
    meeting.converse();
}

fn no_server_name(kind: Kind) {
    let meeting = Meeting::new(
        kind,
        Plan {
            our_client: Box::new(|ours| ours.with_server_name_indication(false)),
            ..Plan::default()
        },
    );
    meeting.converse();
}

fn peer_closes_first(kind: Kind) {
    let mut meeting = Meeting::new(
        kind,
        Plan {
            script: Box::new(|rustls| {
                rustls.connection().close();
                rustls.flush()?;
                // Our direction is still open.
                rustls.read_exact(&mut [0; 6])?;
                expect_close(rustls)
            }),
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    match (kind.stack, kind.role) {
        (Stack::OpenSsl, _) => meeting.program().command_letter("Q"),
        (Stack::GnuTls, _) => meeting.program().close_stdin(),
        _ => {}
    }
    meeting.ours.expect_close();
    assert!(meeting.ours.connection().is_closed_by_peer());
    assert!(!meeting.ours.connection().is_closed());
    match meeting.peer {
        Peer::Program(mut program) => {
            meeting.ours.close().unwrap();
            program.expect_end();
        }
        Peer::Rustls(running) => {
            meeting.ours.say("0 end\n");
            meeting.ours.close().unwrap();
            running.expect_end();
        }
    }
}

/// `s_server` sends close_notify of its own only after a page.
fn page_then_close(kind: Kind) {
    let mut meeting = Meeting::new(
        kind,
        Plan {
            arguments: "-www".to_owned(),
            ..Plan::default()
        },
    );
    meeting.ours.say("GET / HTTP/1.0\r\n\r\n");
    let mut page = String::new();
    meeting.ours.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.0 200"), "{page}");
    assert!(meeting.ours.connection().is_closed_by_peer());
}

fn truncation(kind: Kind) {
    let mut meeting = Meeting::new(
        kind,
        Plan {
            script: Box::new(|rustls| rustls.read_exact(&mut [0; 6])),
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    match meeting.peer {
        Peer::Program(_) => meeting.chat(),
        Peer::Rustls(_) => meeting.ours.say("0 end\n"),
    }
    if let Peer::Program(program) = &mut meeting.peer {
        program.kill();
    }
    assert_eq!(meeting.ours.expect_error(), Error::Truncated);
}
