//! Resumption by tickets, and early data: a client that comes back, with each peer in both roles.

use libtest_mimic::Trial;
use warifu::config::{Client, ConfigBuilder, Server};
use warifu::decision::Answer;
use warifu::early_data::{MemoryReplayStore, ReplayStore, ReplayableEarlyData};
use warifu::parameters::{CipherSuite, NamedGroup, PskKeyExchangeMode};
use warifu::pki_types::UnixTime;
use warifu::resumption::{MemorySessionStore, MemorySessions, RotatingTicketKeys, Tickets};
use warifu::{EarlyData, HandshakeKind, ReadOutcome};
use warifu_interop::comeback::{Comeback, Second};
use warifu_interop::meeting::{Meeting, Plan};
use warifu_interop::ours::{EARLY, Setup};
use warifu_interop::peer::rustls::{self, Rustls, converse};
use warifu_interop::peer::{Kind, Role, Stack};
use warifu_interop::pki::{self, KeyType};
use warifu_interop::psk::Psk;
use warifu_interop::table::Table;

/// A row's name, and its cell for each peer or why there is none.
type Row = (&'static str, fn(Kind) -> Result<fn(Kind), &'static str>);

pub fn resumption(trials: &mut Vec<Trial>) -> Table {
    let mut table = Table::new("resumption");
    let rows: [Row; 11] = [
        ("SHA-256", |_| Ok(sha256)),
        ("SHA-384", |_| Ok(sha384)),
        ("retry", |kind| match (kind.stack, kind.role) {
            (Stack::Rustls, Role::Client) => Err("rustls remembers the server's group"),
            _ => Ok(retry),
        }),
        ("psk_ke", |kind| match (kind.stack, kind.role) {
            (Stack::Rustls, _) => Err("rustls has no psk_ke"),
            _ => Ok(psk_ke),
        }),
        ("mutual authentication", |_| Ok(mutual)),
        ("sessions kept at the server", |kind| {
            match (kind.stack, kind.role) {
                (Stack::GnuTls, Role::Server) => {
                    Err("gnutls-serv has none without tickets in TLS 1.3")
                }
                _ => Ok(stored),
            }
        }),
        ("external key at first", |kind| match kind.stack {
            Stack::Rustls => Err("rustls has no external keys"),
            _ => Ok(external),
        }),
        ("early data", |_| Ok(early_data)),
        ("early data, retry", |kind| match (kind.stack, kind.role) {
            (Stack::Rustls, Role::Client) => Err("rustls remembers the server's group"),
            (Stack::GnuTls, Role::Server) => {
                Err("gnutls-serv does not skip early data after a retry")
            }
            (Stack::GnuTls, Role::Client) => Err("gnutls-cli does not go on after a retry"),
            _ => Ok(early_data_retry),
        }),
        ("early data seen before", |kind| match kind.role {
            Role::Client => Ok(early_data_seen),
            Role::Server => Err("of our server"),
        }),
        ("not resumable", |kind| match kind.role {
            Role::Client => Ok(forgotten),
            Role::Server => Err("of our server"),
        }),
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

/// Ours with a memory.
fn our_client(ours: ConfigBuilder<Client>) -> ConfigBuilder<Client> {
    ours.with_session_store(MemorySessions::default())
}

/// Ours with tickets.
fn our_server(ours: ConfigBuilder<Server>) -> ConfigBuilder<Server> {
    ours.with_tickets(Tickets::stateless(RotatingTicketKeys::default()))
}

fn plan(setup: Setup) -> Plan {
    Plan {
        setup,
        our_client: Box::new(our_client),
        our_server: Box::new(our_server),
        ..Plan::default()
    }
}

/// rustls expects its second connection to be resumed.
fn resumed(rustls: &mut dyn Rustls) -> std::io::Result<()> {
    assert!(rustls.connection().resumed());
    converse(rustls)
}

fn second() -> Second {
    Second {
        script: Box::new(resumed),
        ..Second::default()
    }
}

/// The first connection, of this kind, and the second, whose handshake has not run yet.
#[track_caller]
fn come_back(comeback: &mut Comeback, kind: Kind, first_kind: HandshakeKind) -> Meeting {
    let mut first = comeback.first();
    first.ours.handshake().unwrap();
    let facts = first.ours.facts().unwrap();
    assert_eq!(facts.handshake_kind, first_kind);
    assert!(!facts.resumed);
    // gnutls-cli leaves at once.
    if kind != Kind::new(Stack::GnuTls, Role::Client) {
        first.talk();
    }
    comeback.second(first)
}

/// Checks the peer's own word on the second connection.
#[track_caller]
fn expect_resumed(meeting: &mut Meeting) {
    match (meeting.kind.stack, meeting.kind.role) {
        (Stack::OpenSsl, Role::Server) => meeting.program().expect("Reused session-id"),
        (Stack::OpenSsl, Role::Client) => meeting.program().expect("Reused, TLSv1.3, Cipher is "),
        (Stack::GnuTls, _) => meeting.program().expect("*** This is a resumed session"),
        _ => {}
    }
}

fn resume(kind: Kind, plan: Plan, kinds: [HandshakeKind; 2], check: fn(&Meeting)) {
    let mut comeback = Comeback::new(kind, plan, second());
    let mut meeting = come_back(&mut comeback, kind, kinds[0]);
    meeting.ours.handshake().unwrap();
    let facts = meeting.ours.facts().unwrap();
    assert_eq!(facts.psk_declined, None);
    assert_eq!(facts.handshake_kind, kinds[1]);
    assert!(facts.resumed);
    check(&meeting);
    expect_resumed(&mut meeting);
    meeting.converse();
}

const ONCE: [HandshakeKind; 2] = [HandshakeKind::Full, HandshakeKind::Resumed];

fn with_suite(kind: Kind, suite: CipherSuite) {
    let setup = Setup {
        suite: Some(suite),
        ..Setup::default()
    };
    resume(kind, plan(setup), ONCE, |meeting| {
        let facts = meeting.ours.facts().unwrap();
        assert_eq!(facts.psk_mode, Some(PskKeyExchangeMode::PSK_DHE_KE));
        let is_client = meeting.kind.role == Role::Server;
        assert_eq!(facts.peer_certificates.is_some(), is_client);
    });
}

fn sha256(kind: Kind) {
    with_suite(kind, CipherSuite::TLS_AES_128_GCM_SHA256);
}

fn sha384(kind: Kind) {
    with_suite(kind, CipherSuite::TLS_AES_256_GCM_SHA384);
}

/// A plan in which the client's first share is of another group than the server's only one.
fn retry_plan(kind: Kind) -> Plan {
    let (one, other) = (NamedGroup::SECP256R1, NamedGroup::X25519);
    let setup = Setup {
        groups: match kind.role {
            Role::Client => vec![one, other],
            Role::Server => vec![other],
        },
        ..Setup::default()
    };
    Plan {
        our_client: Box::new(move |ours| our_client(ours).with_groups(&[one, other])),
        our_server: Box::new(move |ours| our_server(ours).with_groups(&[other])),
        ..plan(setup)
    }
}

fn retry(kind: Kind) {
    let kinds = [
        HandshakeKind::FullWithRetry,
        HandshakeKind::ResumedWithRetry,
    ];
    resume(kind, retry_plan(kind), kinds, |_| {});
}

fn priority_psk() -> String {
    "--priority NORMAL:-VERS-ALL:+VERS-TLS1.3:+PSK".to_owned()
}

fn psk_ke(kind: Kind) {
    let modes = &[PskKeyExchangeMode::PSK_KE];
    let plan = Plan {
        arguments: match kind.stack {
            Stack::OpenSsl => "-allow_no_dhe_kex".to_owned(),
            // Without a key gnutls-cli asks for one at the terminal.
            _ if kind.role == Role::Client => format!(
                "{} --pskusername nobody --pskkey 00112233445566778899aabbccddeeff",
                priority_psk()
            ),
            _ => priority_psk(),
        },
        our_client: Box::new(move |ours| our_client(ours).with_psk_modes(modes)),
        our_server: Box::new(move |ours| our_server(ours).with_psk_modes(modes)),
        ..plan(Setup::default())
    };
    resume(kind, plan, ONCE, |meeting| {
        let facts = meeting.ours.facts().unwrap();
        assert_eq!(facts.psk_mode, Some(PskKeyExchangeMode::PSK_KE));
        assert_eq!(facts.group, None);
    });
}

fn mutual(kind: Kind) {
    let setup = Setup {
        client_key: Some(KeyType::P256),
        ..Setup::default()
    };
    resume(kind, plan(setup), ONCE, |meeting| {
        let facts = meeting.ours.facts().unwrap();
        assert!(facts.peer_certificates.is_some());
    });
}

fn stored(kind: Kind) {
    let plan = Plan {
        arguments: match (kind.stack, kind.role) {
            (Stack::OpenSsl, Role::Server) => "-no_ticket".to_owned(),
            _ => String::new(),
        },
        our_server: Box::new(|ours| {
            ours.with_tickets(Tickets::stored(MemorySessionStore::new(10)))
        }),
        ..plan(Setup::default())
    };
    resume(kind, plan, ONCE, |_| {});
}

fn external(kind: Kind) {
    let psk = Psk::default();
    let setup = Setup {
        suite: Some(psk.suite()),
        psk: Some(psk),
        ..Setup::default()
    };
    let kinds = [HandshakeKind::Psk, HandshakeKind::Resumed];
    resume(kind, plan(setup), kinds, |meeting| {
        let facts = meeting.ours.facts().unwrap();
        let psk = facts.psk.as_ref().unwrap();
        assert_eq!(&*psk.identity, warifu_interop::psk::IDENTITY.as_bytes());
    });
}

/// A plan with early data, whose ClientHellos `store` judges at our server.
fn early_plan(kind: Kind, store: impl ReplayStore + 'static, plan: Plan) -> Plan {
    let (client, server) = (plan.our_client, plan.our_server);
    Plan {
        arguments: match (kind.stack, kind.role) {
            // Otherwise a retry counts as a second use of the ticket.
            (Stack::OpenSsl, Role::Server) => "-early_data -no_anti_replay".to_owned(),
            (Stack::GnuTls, Role::Server) => "--earlydata --maxearlydata=1024 -d 5".to_owned(),
            (Stack::GnuTls, Role::Client) => {
                format!("--earlydata {}", pki::get().file("early", EARLY))
            }
            _ => String::new(),
        },
        our_client: Box::new(|ours| client(ours).with_replayable_early_data(true)),
        our_server: Box::new(|ours| {
            server(ours).with_replayable_early_data(ReplayableEarlyData::new(1024, store))
        }),
        rustls_client: Box::new(|config| config.enable_early_data = true),
        rustls_server: Box::new(|config| config.max_early_data_size = 1024),
        ..plan
    }
}

fn early_second(kind: Kind, accepted: bool) -> Second {
    Second {
        arguments: format!("-early_data {}", pki::get().file("early", EARLY)),
        script: Box::new(move |rustls| {
            assert!(rustls.connection().resumed());
            let expected = match (kind.role, accepted) {
                (_, false) => rustls::EarlyData::NotAccepted,
                (Role::Client, true) => rustls::EarlyData::Accepted,
                (Role::Server, true) => rustls::EarlyData::Came(EARLY.into()),
            };
            assert_eq!(rustls.early_data(), expected);
            converse(rustls)
        }),
    }
}

fn early(kind: Kind, plan: Plan, kinds: [HandshakeKind; 2], accepted: bool) {
    let mut comeback = Comeback::new(kind, plan, early_second(kind, accepted));
    let mut meeting = come_back(&mut comeback, kind, kinds[0]);
    if kind.role == Role::Server {
        let connection = meeting.ours.connection_mut();
        let count = connection.write_replayable_early_data(EARLY.as_bytes());
        assert_eq!(count.unwrap(), EARLY.len());
    }
    meeting.ours.handshake().unwrap();
    let facts = meeting.ours.facts().unwrap();
    assert_eq!(facts.handshake_kind, kinds[1]);
    let expected = match accepted {
        true => EarlyData::Accepted,
        false => EarlyData::Rejected,
    };
    assert_eq!(
        facts.early_data, expected,
        "{:?}",
        facts.early_data_declined
    );
    if kind.role == Role::Client {
        let mut buffer = [0; 100];
        let connection = meeting.ours.connection_mut();
        let outcome = connection.read_replayable_early_data(&mut buffer).unwrap();
        match accepted {
            true => {
                assert_eq!(outcome, ReadOutcome::Data(EARLY.len()));
                assert_eq!(&buffer[..EARLY.len()], EARLY.as_bytes());
            }
            false => assert_eq!(outcome, ReadOutcome::Closed),
        }
    }
    match (kind.stack, kind.role, accepted) {
        (Stack::OpenSsl, Role::Server, true) => meeting.program().expect(EARLY),
        (Stack::OpenSsl, _, false) => meeting.program().expect("Early data was rejected"),
        (Stack::OpenSsl, Role::Client, true) => meeting.program().expect("Early data was accepted"),
        (Stack::GnuTls, Role::Server, true) => {
            let len = EARLY.len();
            let told = format!("decrypted early data with length: {len}");
            meeting.program().expect(&told);
        }
        _ => {}
    }
    expect_resumed(&mut meeting);
    meeting.converse();
}

fn early_data(kind: Kind) {
    let plan = early_plan(kind, MemoryReplayStore::default(), plan(Setup::default()));
    early(kind, plan, ONCE, true);
}

fn early_data_retry(kind: Kind) {
    let plan = early_plan(kind, MemoryReplayStore::default(), retry_plan(kind));
    let kinds = [
        HandshakeKind::FullWithRetry,
        HandshakeKind::ResumedWithRetry,
    ];
    early(kind, plan, kinds, false);
}

/// Has seen every ClientHello before.
#[derive(Debug)]
struct SeenAll;

impl ReplayStore for SeenAll {
    fn is_first<'a>(
        &'a self,
        _: &'a [u8; 32],
        _: UnixTime,
        _: Option<UnixTime>,
    ) -> Answer<'a, Result<bool, String>> {
        Answer::Ready(Ok(false))
    }
}

fn early_data_seen(kind: Kind) {
    let plan = early_plan(kind, SeenAll, plan(Setup::default()));
    early(kind, plan, ONCE, false);
}

/// A store with room for nothing: the client offers a ticket that means nothing any more, and gets a full handshake.
fn forgotten(kind: Kind) {
    let plan = Plan {
        our_server: Box::new(|ours| ours.with_tickets(Tickets::stored(MemorySessionStore::new(0)))),
        ..plan(Setup::default())
    };
    let mut comeback = Comeback::new(kind, plan, Second::default());
    let mut meeting = come_back(&mut comeback, kind, HandshakeKind::Full);
    meeting.ours.handshake().unwrap();
    let facts = meeting.ours.facts().unwrap();
    assert_eq!(facts.handshake_kind, HandshakeKind::Full);
    meeting.converse();
}
