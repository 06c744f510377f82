//! Resumption in TLS 1.2, 1.1 and 1.0: by ticket (RFC 5077) and by session ID, with each peer in both roles.

use libtest_mimic::Trial;
use warifu::HandshakeKind;
use warifu::parameters::{CipherSuite, ProtocolVersion};
use warifu::resumption::{MemorySessionStore, MemorySessions, RotatingTicketKeys, Tickets};
use warifu_interop::comeback::{Comeback, Second};
use warifu_interop::legacy::{LegacySuite, VERSIONS};
use warifu_interop::meeting::Plan;
use warifu_interop::ours::{Setup, digits};
use warifu_interop::peer::{Kind, Role, Stack};
use warifu_interop::pki::KeyType;
use warifu_interop::table::Table;

/// How the server finds the session again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Ticket,
    SessionId,
}

/// What is resumed.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    suite: CipherSuite,
    mutual: bool,
}

const CASES: [Case; 8] = [
    Case {
        name: "ECDHE-RSA",
        suite: CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
        mutual: false,
    },
    Case {
        name: "RSA",
        suite: CipherSuite::TLS_RSA_WITH_AES_256_CBC_SHA,
        mutual: false,
    },
    Case {
        name: "ECDHE-RSA, mutual",
        suite: CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
        mutual: true,
    },
    Case {
        name: "PSK",
        suite: CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA,
        mutual: false,
    },
    Case {
        name: "ECDHE-PSK",
        suite: CipherSuite::TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA,
        mutual: false,
    },
    Case {
        name: "AES-256-GCM",
        suite: CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        mutual: false,
    },
    Case {
        name: "ChaCha20-Poly1305",
        suite: CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        mutual: false,
    },
    Case {
        name: "AES-128-CCM",
        suite: CipherSuite::TLS_RSA_WITH_AES_128_CCM,
        mutual: false,
    },
];

pub fn resumption(trials: &mut Vec<Trial>) -> Table {
    let mut table = Table::new("legacy resumption");
    for version in VERSIONS {
        for (way, name) in [(Way::Ticket, "ticket"), (Way::SessionId, "session ID")] {
            for case in CASES {
                if !LegacySuite::new(case.suite).unwrap().is_of(version) {
                    continue;
                }
                let row = format!("{version} {name}, {}", case.name);
                for kind in Kind::LEGACY {
                    table.cell(trials, &row, &kind.to_string(), move || {
                        resume(kind, version, way, case);
                    });
                }
            }
        }
    }
    table
}

fn resume(kind: Kind, version: ProtocolVersion, way: Way, case: Case) {
    let exchange = LegacySuite::new(case.suite).unwrap().exchange;
    let plan = Plan {
        setup: Setup {
            version,
            suite: Some(case.suite),
            server_key: KeyType::Rsa,
            client_key: case.mutual.then_some(KeyType::P256),
            psk: exchange.psk(),
            ..Setup::default()
        },
        arguments: match (way, kind.role, kind.stack) {
            (Way::SessionId, Role::Server, Stack::OpenSsl) => "-no_ticket",
            (Way::SessionId, Role::Server, _) => "--noticket",
            _ => "",
        }
        .to_owned(),
        our_client: Box::new(|ours| ours.with_session_store(MemorySessions::default())),
        our_server: Box::new(move |ours| {
            ours.with_tickets(match way {
                Way::Ticket => Tickets::stateless(RotatingTicketKeys::default()),
                Way::SessionId => Tickets::stored(MemorySessionStore::new(100)),
            })
        }),
        ..Plan::default()
    };
    let mut comeback = Comeback::new(kind, plan, Second::default());
    let mut first = comeback.first();
    first.ours.handshake().unwrap();
    let facts = first.ours.facts().unwrap();
    assert!(!facts.resumed);
    let peer_certificates = facts.peer_certificates.clone();
    let peer_proved = match kind.role {
        Role::Server => exchange.has_certificate(),
        Role::Client => case.mutual,
    };
    assert_eq!(peer_certificates.is_some(), peer_proved);
    // gnutls-cli leaves at once.
    if kind != Kind::new(Stack::GnuTls, Role::Client) {
        first.talk();
    }
    let mut second = comeback.second(first);
    second.ours.handshake().unwrap();
    let facts = second.ours.facts().unwrap();
    assert_eq!(facts.psk_declined, None);
    assert_eq!(facts.handshake_kind, HandshakeKind::Resumed);
    assert!(facts.resumed);
    assert_eq!((facts.version, facts.cipher_suite), (version, case.suite));
    assert_eq!(facts.peer_certificates, peer_certificates);
    assert_eq!(facts.psk.is_some(), exchange.psk().is_some());
    match (kind.stack, kind.role) {
        (Stack::OpenSsl, Role::Server) => second.program().expect("Reused session-id"),
        (Stack::OpenSsl, Role::Client) => second.program().expect("Reused, "),
        _ => second.program().expect("*** This is a resumed session"),
    }
    second.exchange(&digits(20_000));
    second.close();
}
