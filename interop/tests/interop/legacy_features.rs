//! Everything in TLS 1.2, 1.1 and 1.0 that is more than a handshake and a line each way, with each peer in both roles.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::sync::Arc;

use libtest_mimic::Trial;
use warifu::config::{KeyLogFile, Policy};
use warifu::parameters::{AlertDescription, CipherSuite, ProtocolVersion};
use warifu::{ClientAuth, ClientConfig, Error, PeerMisbehaved, ServerConfig};
use warifu_interop::legacy::{Exchange, VERSIONS};
use warifu_interop::meeting::{Meeting, Peer, Plan};
use warifu_interop::ours::{Conversation, Setup, digits};
use warifu_interop::peer::{Kind, Role, Stack};
use warifu_interop::pki::{self, KeyType};
use warifu_interop::table::Table;
use warifu_interop::tap::records;

use super::features::ocsp_staple_of;

/// A cell's test, or why there is none.
type Cell = Result<fn(Kind, ProtocolVersion), &'static str>;

/// A row's name in each version, and its cell for each peer.
type Row = (&'static str, fn(Kind, ProtocolVersion) -> Cell);

const ALWAYS: &str = "OpenSSL has no option against it";

const OUR_DEFAULTS: &str = "our defaults are TLS 1.2 and 1.3";

const TLS1_2: ProtocolVersion = ProtocolVersion::TLS1_2;

/// What `gnutls-serv` answers to a command.
const EXECUTED: &str = "Successfully executed command\n";

const ROWS: [Row; 20] = [
    ("our defaults", |_, version| match version {
        TLS1_2 => Ok(defaults),
        _ => Err(OUR_DEFAULTS),
    }),
    ("all versions on our side", |_, _| Ok(all_versions)),
    ("1 MiB each way at once", |_, _| Ok(bulk)),
    ("ALPN", |_, _| Ok(alpn)),
    ("exporter", |_, _| Ok(exporter)),
    ("key log", |_, _| Ok(key_log)),
    ("OCSP staple", |_, _| Ok(ocsp_staple_of)),
    ("no encrypt-then-MAC at the peer", |_, _| {
        Ok(no_encrypt_then_mac)
    }),
    ("no encrypt-then-MAC on our side", |_, _| {
        Ok(our_mac_then_encrypt)
    }),
    ("no extended_main_secret", |kind, _| match kind.stack {
        Stack::GnuTls => Ok(no_extended_main_secret),
        _ => Err(ALWAYS),
    }),
    ("no secure renegotiation", |kind, _| match kind.stack {
        Stack::GnuTls => Ok(no_secure_renegotiation),
        _ => Err(ALWAYS),
    }),
    ("record splitting", |kind, version| {
        match (version, kind.role) {
            (ProtocolVersion::TLS1_0, _) => Ok(record_splitting),
            _ => Err("of TLS 1.0"),
        }
    }),
    ("max_fragment_length 512", |kind, _| {
        match (kind.stack, kind.role) {
            (Stack::GnuTls, Role::Client) => {
                Err("sends record_size_limit beside it, which wins (RFC 8449 Section 5)")
            }
            _ => Ok(fragment_length),
        }
    }),
    ("record_size_limit", |kind, _| match kind.stack {
        Stack::GnuTls => Ok(record_size_limit),
        _ => Err("OpenSSL has no record_size_limit"),
    }),
    ("identity hint", |kind, _| match (kind.stack, kind.role) {
        (Stack::OpenSsl, Role::Client) => Err("s_client does not show it"),
        _ => Ok(identity_hint),
    }),
    ("certificate optional, none sent", |kind, _| {
        match kind.role {
            Role::Client => Ok(optional_certificate),
            Role::Server => Err("of our server"),
        }
    }),
    ("DHE of 1024 bits, allowed", |kind, _| {
        match (kind.stack, kind.role) {
            (Stack::OpenSsl, Role::Server) => Ok(small_group),
            (Stack::GnuTls, Role::Server) => Err("one server with a small group is enough"),
            _ => Err("a server's choice"),
        }
    }),
    ("renegotiation is refused", |_, _| Ok(renegotiation)),
    ("channel binding", |kind, _| match kind.stack {
        Stack::GnuTls => Ok(channel_binding),
        _ => Err("OpenSSL does not show it"),
    }),
    ("end without close_notify", |_, _| Ok(truncation)),
];

pub fn features(trials: &mut Vec<Trial>) -> Table {
    let mut table = Table::new("legacy feature");
    for (name, choose) in ROWS {
        for version in VERSIONS {
            let row = format!("{version} {name}");
            for kind in Kind::LEGACY {
                let column = kind.to_string();
                match choose(kind, version) {
                    Ok(test) => table.cell(trials, &row, &column, move || test(kind, version)),
                    Err(reason) => table.empty(&row, &column, reason),
                }
            }
        }
    }
    table
}

fn setup(version: ProtocolVersion) -> Setup {
    Setup {
        version,
        ..Setup::default()
    }
}

/// With a suite of CBC and HMAC-SHA-1, which all versions have.
fn cbc(version: ProtocolVersion) -> Setup {
    Setup {
        suite: Some(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA),
        ..setup(version)
    }
}

#[track_caller]
fn connected(kind: Kind, plan: Plan) -> Meeting {
    let version = plan.setup.version;
    let mut meeting = Meeting::new(kind, plan);
    meeting.ours.handshake().unwrap();
    assert_eq!(meeting.ours.facts().unwrap().version, version);
    meeting
}

fn defaults(kind: Kind, version: ProtocolVersion) {
    let meeting = connected(
        kind,
        Plan {
            setup: setup(version),
            our_client: Box::new(|_| ClientConfig::builder(pki::get().trust())),
            our_server: Box::new(|_| ServerConfig::builder(pki::get().credential(KeyType::P256))),
            ..Plan::default()
        },
    );
    assert_eq!(meeting.ours.facts().unwrap().weaknesses(), [""; 0]);
    meeting.converse();
}

fn all_versions(kind: Kind, version: ProtocolVersion) {
    let all = ProtocolVersion::TLS1_0..=ProtocolVersion::TLS1_3;
    let too = all.clone();
    let meeting = connected(
        kind,
        Plan {
            setup: setup(version),
            our_client: Box::new(|ours| ours.with_policy(Policy::Legacy).with_versions(all)),
            our_server: Box::new(|ours| ours.with_policy(Policy::Legacy).with_versions(too)),
            ..Plan::default()
        },
    );
    meeting.converse();
}

const MIB: usize = 1 << 20;

/// Our two halves in two threads, the peer's program in between.
fn bulk(kind: Kind, version: ProtocolVersion) {
    let mut meeting = connected(
        kind,
        Plan {
            setup: cbc(version),
            ..Plan::default()
        },
    );
    let data = digits(MIB);
    let is_echo = meeting.is_echo();
    if !is_echo {
        meeting.program().feed(data.clone());
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
}

fn alpn(kind: Kind, version: ProtocolVersion) {
    let mut meeting = connected(
        kind,
        Plan {
            setup: setup(version),
            arguments: match kind.stack {
                Stack::OpenSsl => "-alpn h2,http/1.1",
                _ => "--alpn h2 --alpn http/1.1",
            }
            .to_owned(),
            our_client: Box::new(|ours| ours.with_alpn(["x", "http/1.1"])),
            our_server: Box::new(|ours| ours.with_alpn(["x", "http/1.1"])),
            ..Plan::default()
        },
    );
    let alpn = meeting.ours.facts().unwrap().alpn.clone();
    assert_eq!(alpn.as_deref(), Some(b"http/1.1".as_slice()));
    meeting.program().expect(match (kind.stack, kind.role) {
        (Stack::OpenSsl, Role::Server) => "ALPN protocols selected: http/1.1",
        (Stack::OpenSsl, Role::Client) => "ALPN protocol: http/1.1",
        _ => "Application protocol: http/1.1",
    });
    meeting.converse();
}

const LABEL: &str = "EXPERIMENTAL-warifu";

fn exporter(kind: Kind, version: ProtocolVersion) {
    let mut meeting = connected(
        kind,
        Plan {
            setup: setup(version),
            arguments: match kind.stack {
                Stack::OpenSsl => format!("-keymatexport {LABEL} -keymatexportlen 32"),
                _ => format!("--keymatexport {LABEL} --keymatexportsize 32"),
            },
            ..Plan::default()
        },
    );
    let mut ours = [0; 32];
    let connection = meeting.ours.connection();
    connection
        .export(LABEL.as_bytes(), None, &mut ours)
        .unwrap();
    let text: String = ours.iter().map(|byte| format!("{byte:02x}")).collect();
    let told = match kind.stack {
        Stack::OpenSsl => format!("Keying material: {}", text.to_uppercase()),
        _ => format!("Key material: {text}"),
    };
    meeting.program().expect(&told);
    meeting.converse();
}

/// Key log lines, without comments and blank lines.
fn log_lines(file: &str) -> BTreeSet<String> {
    std::fs::read_to_string(pki::get().path(file))
        .unwrap()
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_ascii_lowercase)
        .collect()
}

fn key_log(kind: Kind, version: ProtocolVersion) {
    let [theirs, ours] = ["theirs", "ours"].map(|whose| pki::get().file(whose, ""));
    let log = Arc::new(KeyLogFile::open(pki::get().path(&ours)).unwrap());
    let log_too = log.clone();
    let meeting = connected(
        kind,
        Plan {
            setup: setup(version),
            arguments: match kind.stack {
                Stack::OpenSsl => format!("-keylogfile {theirs}"),
                _ => String::new(),
            },
            environment: format!("SSLKEYLOGFILE={theirs}"),
            our_client: Box::new(move |ours| ours.with_key_log(log)),
            our_server: Box::new(move |ours| ours.with_key_log(log_too)),
            ..Plan::default()
        },
    );
    meeting.converse();
    let (ours, theirs) = (log_lines(&ours), log_lines(&theirs));
    assert_eq!(ours, theirs);
    assert_eq!(ours.len(), 1, "{ours:?}");
}

#[track_caller]
fn exchange_without_encrypt_then_mac(mut meeting: Meeting) {
    let facts = meeting.ours.facts().unwrap();
    assert!(!facts.legacy.as_ref().unwrap().encrypt_then_mac);
    meeting.exchange(&digits(100_000));
    meeting.close();
}

fn no_encrypt_then_mac(kind: Kind, version: ProtocolVersion) {
    exchange_without_encrypt_then_mac(connected(
        kind,
        Plan {
            setup: Setup {
                priority: ":%NO_ETM",
                ..cbc(version)
            },
            arguments: match kind.stack {
                Stack::OpenSsl => "-no_etm",
                _ => "",
            }
            .to_owned(),
            ..Plan::default()
        },
    ));
}

fn our_mac_then_encrypt(kind: Kind, version: ProtocolVersion) {
    exchange_without_encrypt_then_mac(connected(
        kind,
        Plan {
            setup: cbc(version),
            our_client: Box::new(|ours| ours.with_encrypt_then_mac(false)),
            our_server: Box::new(|ours| ours.with_encrypt_then_mac(false)),
            ..Plan::default()
        },
    ));
}

fn no_extended_main_secret(kind: Kind, version: ProtocolVersion) {
    let meeting = connected(
        kind,
        Plan {
            setup: Setup {
                priority: ":%NO_SESSION_HASH",
                ..setup(version)
            },
            ..Plan::default()
        },
    );
    let facts = meeting.ours.facts().unwrap();
    let legacy = facts.legacy.as_ref().unwrap();
    assert!(!legacy.extended_main_secret);
    assert_eq!(legacy.tls_unique, None);
    // Without it keys are not bound to the handshake, and nothing is exported from them.
    let exported = meeting
        .ours
        .connection()
        .export(LABEL.as_bytes(), None, &mut [0; 32]);
    assert!(exported.is_err());
    meeting.converse();
}

/// [`Policy::Legacy`], which [`Setup`] chooses, takes such peers.
fn no_secure_renegotiation(kind: Kind, version: ProtocolVersion) {
    let meeting = connected(
        kind,
        Plan {
            setup: Setup {
                priority: ":%DISABLE_SAFE_RENEGOTIATION",
                ..setup(version)
            },
            ..Plan::default()
        },
    );
    let facts = meeting.ours.facts().unwrap();
    assert!(!facts.legacy.as_ref().unwrap().secure_renegotiation);
    meeting.converse();
}

/// Records of application data that our side has sent.
fn data_records(meeting: &Meeting) -> Vec<usize> {
    let passed = meeting.ours.transport().passed();
    let passed = passed.lock().unwrap();
    let data = records(&passed.sent).into_iter();
    data.filter_map(|(content_type, len)| (content_type == 23).then_some(len))
        .collect()
}

/// One write is two records, the first of one byte: with IV, padding and MAC as long as any of up to a block.
fn record_splitting(kind: Kind, version: ProtocolVersion) {
    for splits in [true, false] {
        let mut meeting = connected(
            kind,
            Plan {
                setup: cbc(version),
                our_client: Box::new(move |ours| ours.with_record_splitting(splits)),
                our_server: Box::new(move |ours| ours.with_record_splitting(splits)),
                ..Plan::default()
            },
        );
        meeting.exchange(&digits(100));
        // Encrypt-then-MAC: blocks of 16 bytes, padded by at least one, and the 20 bytes of the MAC.
        let expected: &[usize] = match splits {
            true => &[16 + 20, 112 + 20],
            false => &[112 + 20],
        };
        assert_eq!(data_records(&meeting), expected);
        meeting.close();
    }
}

fn fragment_length(kind: Kind, version: ProtocolVersion) {
    let mut meeting = connected(
        kind,
        Plan {
            setup: cbc(version),
            arguments: match (kind.stack, kind.role) {
                (Stack::OpenSsl, Role::Client) => "-maxfraglen 512",
                _ => "",
            }
            .to_owned(),
            our_client: Box::new(|ours| ours.with_max_fragment_length(512)),
            ..Plan::default()
        },
    );
    assert_eq!(meeting.ours.facts().unwrap().max_fragment_sent, 512);
    meeting.exchange(&digits(10_000));
    let longest = data_records(&meeting).into_iter().max().unwrap();
    // An IV, 512 bytes and the block that pads them, the MAC.
    assert!((512..=16 + 528 + 20).contains(&longest), "{longest}");
    meeting.close();
}

fn record_size_limit(kind: Kind, version: ProtocolVersion) {
    let limit = 700;
    let mut meeting = connected(
        kind,
        Plan {
            setup: cbc(version),
            arguments: "--recordsize 600".to_owned(),
            our_client: Box::new(move |ours| ours.with_record_size_limit(limit)),
            our_server: Box::new(move |ours| ours.with_record_size_limit(limit)),
            ..Plan::default()
        },
    );
    assert_eq!(meeting.ours.facts().unwrap().max_fragment_sent, 600);
    let data = digits(10_000);
    meeting.ours.write_all(&data).unwrap();
    meeting.ours.flush().unwrap();
    match kind.role {
        Role::Client => meeting.program().expect_bytes(&data),
        Role::Server => meeting.ours.expect(&String::from_utf8(data).unwrap()),
    }
    let longest = data_records(&meeting).into_iter().max().unwrap();
    assert!((600..=16 + 608 + 20).contains(&longest), "{longest}");
    meeting.close();
}

fn identity_hint(kind: Kind, version: ProtocolVersion) {
    let mut meeting = connected(
        kind,
        Plan {
            setup: Setup {
                suite: Some(CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA),
                psk: Exchange::Psk.psk(),
                ..setup(version)
            },
            arguments: match (kind.stack, kind.role) {
                (Stack::OpenSsl, Role::Server) => "-psk_hint attic",
                (_, Role::Server) => "--pskhint attic",
                _ => "",
            }
            .to_owned(),
            our_server: Box::new(|ours| ours.with_psk_identity_hint("attic")),
            ..Plan::default()
        },
    );
    match kind.role {
        Role::Server => {
            let facts = meeting.ours.facts().unwrap();
            let hint = facts.legacy.as_ref().unwrap().psk_identity_hint.clone();
            assert_eq!(hint.as_deref(), Some(b"attic".as_slice()));
        }
        Role::Client => meeting.program().expect("PSK hint 'attic'"),
    }
    meeting.converse();
}

fn optional_certificate(kind: Kind, version: ProtocolVersion) {
    let meeting = connected(
        kind,
        Plan {
            setup: setup(version),
            our_server: Box::new(|ours| {
                ours.with_client_auth(ClientAuth::optional(pki::get().trust()))
            }),
            ..Plan::default()
        },
    );
    assert_eq!(meeting.ours.facts().unwrap().peer_certificates, None);
    meeting.converse();
}

fn small_group(kind: Kind, version: ProtocolVersion) {
    let meeting = connected(
        kind,
        Plan {
            setup: Setup {
                suite: Some(CipherSuite::TLS_DHE_RSA_WITH_AES_128_CBC_SHA),
                server_key: KeyType::Rsa,
                ..setup(version)
            },
            arguments: format!("-dhparam {}", pki::get().finite_field("dh_1024_160")),
            our_client: Box::new(|ours| ours.with_min_dh_bits(1024)),
            ..Plan::default()
        },
    );
    let facts = meeting.ours.facts().unwrap();
    assert_eq!(facts.legacy.as_ref().unwrap().dh_bits, Some(1024));
    meeting.converse();
}

/// The peer asks for another handshake, and is told no_renegotiation. OpenSSL and GnuTLS then end the connection.
fn renegotiation(kind: Kind, version: ProtocolVersion) {
    let mut meeting = connected(
        kind,
        Plan {
            setup: setup(version),
            arguments: match (kind.stack, kind.role) {
                (Stack::GnuTls, Role::Client) => "--inline-commands",
                _ => "",
            }
            .to_owned(),
            ..Plan::default()
        },
    );
    meeting.chat();
    match (kind.stack, kind.role) {
        (Stack::OpenSsl, Role::Client) => meeting.program().command_letter("R"),
        (Stack::OpenSsl, Role::Server) => meeting.program().command_letter("r"),
        (_, Role::Server) => meeting.ours.say("**REHANDSHAKE**\n"),
        (_, Role::Client) => meeting.program().say("^renegotiate^"),
    }
    if kind == Kind::new(Stack::GnuTls, Role::Server) {
        meeting.ours.expect(EXECUTED);
    }
    let error = meeting.ours.expect_error();
    match (kind.stack, kind.role) {
        (Stack::OpenSsl, _) => {
            let alert = AlertDescription::HANDSHAKE_FAILURE;
            assert_eq!(error, Error::AlertReceived(alert));
            meeting.program().expect("no renegotiation");
        }
        (_, Role::Client) => {
            // It asks again after each refusal.
            assert!(
                matches!(
                    error,
                    Error::PeerMisbehaved(PeerMisbehaved::TooManyRenegotiations { .. })
                ),
                "{error:?}"
            );
            meeting
                .program()
                .expect("Received alert [100]: No renegotiation is allowed");
        }
        (_, Role::Server) => {
            assert_eq!(error, Error::Truncated);
            meeting.program().expect("Received NO_RENEGOTIATION alert.");
        }
    }
}

/// RFC 5929 Section 3: the first Finished message, which both sides know.
fn channel_binding(kind: Kind, version: ProtocolVersion) {
    let mut meeting = connected(
        kind,
        Plan {
            setup: setup(version),
            arguments: match kind.role {
                Role::Client => "--verbose",
                Role::Server => "",
            }
            .to_owned(),
            ..Plan::default()
        },
    );
    let facts = meeting.ours.facts().unwrap();
    let binding = facts.legacy.as_ref().unwrap().tls_unique.unwrap();
    let text: String = binding.iter().map(|byte| format!("{byte:02x}")).collect();
    meeting.program().expect(&format!("- 'tls-unique': {text}"));
    // With --verbose, it says before each record how long it is.
    meeting.close();
}

fn truncation(kind: Kind, version: ProtocolVersion) {
    let mut meeting = connected(
        kind,
        Plan {
            setup: setup(version),
            ..Plan::default()
        },
    );
    meeting.chat();
    meeting.program().kill();
    assert_eq!(meeting.ours.expect_error(), Error::Truncated);
}
