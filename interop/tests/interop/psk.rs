//! External pre-shared keys.

use libtest_mimic::Trial;
use warifu::early_data::{MemoryReplayStore, ReplayableEarlyData};
use warifu::parameters::{AlertDescription, NamedGroup, PskKeyExchangeMode};
use warifu::psk::PskKind;
use warifu::{EarlyData, Error, HandshakeKind, NothingInCommon, PskFailure, ReadOutcome};
use warifu_interop::meeting::{Meeting, Plan, introduce};
use warifu_interop::ours::{Conversation, Setup};
use warifu_interop::peer::{Built, Kind, Role, Stack};
use warifu_interop::pki::{self, KeyType};
use warifu_interop::psk::{Certificate, Hash, Modes, Psk};
use warifu_interop::table::Table;

/// A way to use a key: its name, the key, and whether the client's first share is of another group than the server's.
type Use = (&'static str, Psk, bool);

/// The rows: mode, hash, retry, form, and what else authenticates.
fn uses() -> Vec<Use> {
    let sha384 = || Psk {
        hash: Hash::Sha384,
        ..Psk::default()
    };
    let ke = |psk: Psk| Psk {
        modes: Modes::PskKe,
        ..psk
    };
    let imported = |psk: Psk| Psk {
        import: Some("interop"),
        ..psk
    };
    vec![
        ("psk_dhe_ke SHA-256", Psk::default(), false),
        ("psk_dhe_ke SHA-384", sha384(), false),
        ("psk_dhe_ke SHA-256 retry", Psk::default(), true),
        ("psk_dhe_ke SHA-384 retry", sha384(), true),
        ("psk_ke SHA-256", ke(Psk::default()), false),
        ("psk_ke SHA-384", ke(sha384()), false),
        ("imported SHA-256", imported(Psk::default()), false),
        ("imported SHA-384", imported(sha384()), false),
        (
            "imported SHA-256 for SHA-384",
            Psk {
                target: Some(Hash::Sha384),
                ..imported(Psk::default())
            },
            false,
        ),
        ("imported SHA-256 retry", imported(Psk::default()), true),
        (
            "imported psk_ke SHA-256",
            imported(ke(Psk::default())),
            false,
        ),
        (
            "both modes SHA-256",
            Psk {
                modes: Modes::Both,
                ..Psk::default()
            },
            false,
        ),
        (
            "key or certificate",
            Psk {
                certificate: Certificate::OrElse,
                ..Psk::default()
            },
            false,
        ),
        (
            "certificate beside the key",
            Psk {
                certificate: Certificate::Beside,
                ..Psk::default()
            },
            false,
        ),
    ]
}

const STACKS: [Stack; 5] = [
    Stack::OpenSsl,
    Stack::GnuTls,
    Stack::Built(Built::WolfSsl),
    Stack::Built(Built::PureCrypto),
    Stack::Built(Built::BoringSsl),
];

/// Our side and each peer.
pub fn with_us(trials: &mut Vec<Trial>) -> Table {
    let mut table = Table::new("psk");
    for (row, psk, retry) in uses() {
        for kind in Kind::WITH_PSK {
            let column = kind.to_string();
            match kind.lacks_psk(&psk, retry) {
                Some(reason) => table.empty(row, &column, reason),
                None => {
                    let psk = psk.clone();
                    table.cell(trials, row, &column, move || meet(kind, &psk, retry));
                }
            }
        }
    }
    for kind in Kind::WITH_PSK {
        let column = kind.to_string();
        for (row, test) in CELLS {
            match test(kind) {
                Ok(test) => table.cell(trials, row, &column, move || test(kind)),
                Err(reason) => table.empty(row, &column, reason),
            }
        }
    }
    table
}

/// A row's name, and its cell for each peer or why there is none.
type Row = (&'static str, fn(Kind) -> Result<fn(Kind), String>);

/// What is not a matter of one key that both sides have.
const CELLS: [Row; 6] = [
    ("both sides' default suites", |kind| {
        with_key(kind, &suitable(kind), default_suites)
    }),
    ("key unknown, certificate instead", |kind| {
        match kind.stack {
            Stack::GnuTls if kind.role == Role::Server => {
                Err("gnutls-serv ends with an unknown identity, certificate or not".to_owned())
            }
            Stack::Built(_) => Err(format!("{} is tested with keys alone", kind.stack)),
            _ => Ok(certificate_instead),
        }
    }),
    ("identity unknown", |kind| {
        with_key(kind, &suitable(kind), unknown_identity)
    }),
    ("key wrong", |kind| {
        with_key(kind, &suitable(kind), wrong_key)
    }),
    ("no mode in common", |kind| match (kind.stack, kind.role) {
        (Stack::OpenSsl, Role::Client) => Err("s_client always offers psk_dhe_ke".to_owned()),
        _ => with_key(kind, &suitable(kind), no_mode),
    }),
    ("early data", |kind| match kind.stack {
        Stack::OpenSsl => Ok(early_data),
        Stack::Built(Built::WolfSsl) => with_key(kind, &suitable(kind), early_data),
        _ => Err(format!("{} has no early data on external keys", kind.stack)),
    }),
];

/// A key in the form that the stack has.
fn suitable(kind: Kind) -> Psk {
    Psk {
        import: (kind.stack == Stack::Built(Built::BoringSsl)).then_some("interop"),
        ..Psk::default()
    }
}

fn with_key(kind: Kind, psk: &Psk, test: fn(Kind)) -> Result<fn(Kind), String> {
    kind.lacks_psk(psk, false).map_or(Ok(test), Err)
}

fn plan(kind: Kind) -> Plan {
    plan_with(suitable(kind))
}

fn plan_with(psk: Psk) -> Plan {
    Plan {
        setup: Setup {
            suite: Some(psk.suite()),
            psk: Some(psk),
            ..Setup::default()
        },
        ..Plan::default()
    }
}

/// Nobody names a suite: whoever is the server chooses one of the key's hash.
fn default_suites(kind: Kind) {
    let mut plan = plan(kind);
    plan.setup.suite = None;
    let mut meeting = Meeting::new(kind, plan);
    meeting.ours.handshake().unwrap();
    let facts = meeting.ours.facts().unwrap();
    assert_eq!(facts.handshake_kind, HandshakeKind::Psk);
    meeting.converse();
}

/// As `plan`, but our side has another key.
fn plan_with_ours(kind: Kind, ours: Psk) -> Plan {
    let (client, server) = (ours.clone(), ours);
    Plan {
        our_client: Box::new(move |_| client.client()),
        our_server: Box::new(move |_| server.server(KeyType::P256)),
        ..plan(kind)
    }
}

fn certificate_instead(kind: Kind) {
    let theirs = Psk {
        certificate: Certificate::OrElse,
        ..Psk::default()
    };
    let ours = Psk {
        identity: "somebody-else",
        ..theirs.clone()
    };
    let mut plan = plan_with_ours(kind, ours);
    plan.setup.psk = Some(theirs);
    let mut meeting = Meeting::new(kind, plan);
    meeting.ours.handshake().unwrap();
    let facts = meeting.ours.facts().unwrap();
    assert_eq!(facts.handshake_kind, HandshakeKind::Full);
    assert!(facts.psk.is_none());
    meeting.converse();
}

fn unknown_identity(kind: Kind) {
    let ours = Psk {
        identity: "somebody-else",
        ..suitable(kind)
    };
    let meeting = Meeting::new(kind, plan_with_ours(kind, ours));
    let alert = match kind.stack {
        Stack::GnuTls => AlertDescription::ILLEGAL_PARAMETER,
        // They go on without the key, and our client, which wants no certificate, sent no signature_algorithms.
        Stack::OpenSsl | Stack::Built(Built::PureCrypto) => AlertDescription::MISSING_EXTENSION,
        _ => AlertDescription::HANDSHAKE_FAILURE,
    };
    refused(meeting, alert, |failure| {
        matches!(failure, PskFailure::UnknownIdentity { .. })
    });
}

fn wrong_key(kind: Kind) {
    let ours = Psk {
        key: vec![1; 32],
        ..suitable(kind)
    };
    let meeting = Meeting::new(kind, plan_with_ours(kind, ours));
    let alert = match kind.stack {
        Stack::OpenSsl | Stack::GnuTls => AlertDescription::ILLEGAL_PARAMETER,
        _ => AlertDescription::DECRYPT_ERROR,
    };
    refused(meeting, alert, |failure| {
        matches!(failure, PskFailure::WrongKey { .. })
    });
}

fn no_mode(kind: Kind) {
    let ours = Psk {
        modes: Modes::PskKe,
        ..suitable(kind)
    };
    let mut meeting = Meeting::new(kind, plan_with_ours(kind, ours));
    let error = meeting.ours.expect_error();
    match kind.role {
        Role::Server => {
            let alert = match kind.stack {
                Stack::Built(Built::WolfSsl) => AlertDescription::ILLEGAL_PARAMETER,
                // As with an unknown identity.
                Stack::OpenSsl | Stack::Built(Built::PureCrypto) => {
                    AlertDescription::MISSING_EXTENSION
                }
                _ => AlertDescription::HANDSHAKE_FAILURE,
            };
            assert_eq!(error, Error::AlertReceived(alert));
        }
        Role::Client => {
            let nothing = matches!(
                error,
                Error::NothingInCommon(NothingInCommon::PskKeyExchangeMode { .. })
            );
            assert!(nothing, "{error:?}");
            meeting.expect_alert(error.alert().unwrap());
        }
    }
}

/// A peer that is the server ends with `alert`; our server for the reason that is `right`, and the peer's report names our
/// alert.
#[track_caller]
fn refused(mut meeting: Meeting, alert: AlertDescription, right: fn(&PskFailure) -> bool) {
    let error = meeting.ours.expect_error();
    match meeting.kind.role {
        Role::Server => assert_eq!(error, Error::AlertReceived(alert)),
        Role::Client => {
            assert!(
                matches!(&error, Error::Psk(failure) if right(failure)),
                "{error:?}"
            );
            meeting.expect_alert(error.alert().unwrap());
        }
    }
}

const EARLY: &str = "early-line";

fn early_data(kind: Kind) {
    let mut plan = plan_with(Psk {
        max_early_data: 1024,
        ..Psk::default()
    });
    plan.arguments = match (kind.stack, kind.role) {
        (Stack::OpenSsl, Role::Server) => "-early_data".to_owned(),
        (Stack::OpenSsl, Role::Client) => {
            format!(
                "-early_data {}",
                pki::get().file("early", &format!("{EARLY}\n"))
            )
        }
        (_, Role::Server) => String::new(),
        (_, Role::Client) => format!("--early-data {EARLY}"),
    };
    plan.our_client = Box::new(|ours| ours.with_replayable_early_data(true));
    plan.our_server = Box::new(|ours| {
        let store = MemoryReplayStore::default().with_external_keys_until_restart(10);
        ours.with_replayable_early_data(ReplayableEarlyData::new(1024, store))
    });
    let mut meeting = Meeting::new(kind, plan);
    let line = format!("{EARLY}\n");
    match kind.role {
        Role::Server => {
            let connection = meeting.ours.connection_mut();
            let count = connection.write_replayable_early_data(line.as_bytes());
            assert_eq!(count.unwrap(), line.len());
            meeting.ours.handshake().unwrap();
            meeting.program().expect(EARLY);
        }
        Role::Client => {
            meeting.ours.handshake().unwrap();
            let connection = meeting.ours.connection_mut();
            let mut buffer = [0; 100];
            let outcome = connection.read_replayable_early_data(&mut buffer).unwrap();
            assert_eq!(outcome, ReadOutcome::Data(line.len()));
            assert_eq!(&buffer[..line.len()], line.as_bytes());
        }
    }
    let facts = meeting.ours.facts().unwrap();
    assert_eq!(facts.early_data, EarlyData::Accepted);
    assert_eq!(facts.handshake_kind, HandshakeKind::Psk);
    meeting.converse();
}

fn meet(kind: Kind, psk: &Psk, retry: bool) {
    let (one, other) = (NamedGroup::X25519, NamedGroup::SECP384R1);
    let [client, server] = match retry {
        true => [vec![one, other], vec![other]],
        false => [vec![one], vec![one]],
    };
    let group = (psk.modes != Modes::PskKe).then_some(if retry { other } else { one });
    let peers = match kind.role {
        Role::Client => client.clone(),
        Role::Server => server.clone(),
    };
    let mut meeting = Meeting::new(
        kind,
        Plan {
            setup: Setup {
                suite: Some(psk.suite()),
                groups: peers,
                psk: Some(psk.clone()),
                ..Setup::default()
            },
            our_client: Box::new(move |ours| ours.with_groups(&client)),
            // With a cookie, which the peer must return.
            our_server: Box::new(move |ours| ours.with_groups(&server).with_retry_cookie(true)),
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    let facts = meeting.ours.facts().unwrap();
    assert_eq!(facts.cipher_suite, psk.suite());
    assert_eq!(facts.group, group);
    assert_eq!(
        facts.handshake_kind,
        match retry {
            true => HandshakeKind::PskWithRetry,
            false => HandshakeKind::Psk,
        }
    );
    assert_eq!(
        facts.psk_mode,
        Some(match group {
            Some(_) => PskKeyExchangeMode::PSK_DHE_KE,
            None => PskKeyExchangeMode::PSK_KE,
        })
    );
    let known = facts.psk.as_ref().unwrap();
    assert_eq!(&*known.identity, psk.identity.as_bytes());
    assert_eq!(
        known.kind,
        match psk.import {
            Some(_) => PskKind::Imported,
            None => PskKind::External,
        }
    );
    let shown = kind.role == Role::Server && psk.certificate == Certificate::Beside;
    assert_eq!(facts.peer_certificates.is_some(), shown);
    meeting.expect_psk_report(psk, group);
    meeting.converse();
}

/// The peers with each other, so that a cell of ours that fails is not the peer's, nor of how it is told.
pub fn peers(trials: &mut Vec<Trial>) -> Table {
    let mut table = Table::new("psk, peers alone");
    for (row, psk, retry) in uses() {
        for [server, client] in pairs() {
            let kinds = [
                Kind::new(server, Role::Server),
                Kind::new(client, Role::Client),
            ];
            let column = format!("{}+{}", kinds[0], kinds[1]);
            let lacks = |kind: &Kind| kind.lacks_psk(&psk, retry);
            match kinds.iter().find_map(lacks) {
                Some(reason) => table.empty(row, &column, reason),
                None => {
                    let psk = psk.clone();
                    table.cell(trials, row, &column, move || {
                        pair([server, client], &psk, retry);
                    });
                }
            }
        }
    }
    table
}

/// Each with itself, and purecrypto, which has the most, with each other one.
fn pairs() -> Vec<[Stack; 2]> {
    let pure = Stack::Built(Built::PureCrypto);
    let others = STACKS.into_iter().filter(|stack| *stack != pure);
    let mut pairs: Vec<_> = STACKS.into_iter().map(|stack| [stack; 2]).collect();
    for other in others {
        pairs.extend([[pure, other], [other, pure]]);
    }
    pairs
}

fn pair(stacks: [Stack; 2], psk: &Psk, retry: bool) {
    let (one, other) = (NamedGroup::X25519, NamedGroup::SECP384R1);
    let group = (psk.modes != Modes::PskKe).then_some(if retry { other } else { one });
    match (retry, psk.modes) {
        (true, _) => introduce(stacks, psk, [&[other], &[one, other]], group),
        // s_server takes psk_ke only where no group is in common.
        (false, Modes::PskKe) => introduce(stacks, psk, [&[other], &[one]], group),
        (false, _) => introduce(stacks, psk, [&[one], &[one]], group),
    }
}
