//! Every suite with every group, every kind of key, and every retry, with each peer in both roles.

use libtest_mimic::Trial;
use warifu::HandshakeKind;
use warifu::parameters::{CipherSuite, NamedGroup};
use warifu_interop::meeting::{Meeting, Plan};
use warifu_interop::ours::Setup;
use warifu_interop::peer::rustls::converse;
use warifu_interop::peer::{Kind, Role};
use warifu_interop::pki::KeyType;
use warifu_interop::table::Table;

const SUITES: [CipherSuite; 5] = [
    CipherSuite::TLS_AES_128_GCM_SHA256,
    CipherSuite::TLS_AES_256_GCM_SHA384,
    CipherSuite::TLS_CHACHA20_POLY1305_SHA256,
    CipherSuite::TLS_AES_128_CCM_SHA256,
    CipherSuite::TLS_AES_128_CCM_8_SHA256,
];

const GROUPS: [NamedGroup; 7] = [
    NamedGroup::X25519,
    NamedGroup::SECP256R1,
    NamedGroup::SECP384R1,
    NamedGroup::SECP521R1,
    NamedGroup::X25519MLKEM768,
    NamedGroup::SECP256R1MLKEM768,
    NamedGroup::SECP384R1MLKEM1024,
];

/// Both sides know one suite and one group; a message each way, and both close.
pub fn suites_and_groups(trials: &mut Vec<Trial>) -> Table {
    let mut table = Table::new("suite x group");
    for suite in SUITES {
        for group in GROUPS {
            for kind in Kind::ALL {
                let row = format!("{} {group}", &suite.to_string()["TLS_".len()..]);
                let column = kind.to_string();
                match kind.lacks_suite(suite).or(kind.lacks_group(group)) {
                    Some(reason) => table.empty(&row, &column, reason),
                    None => table.cell(trials, &row, &column, move || {
                        meet(
                            kind,
                            &Setup {
                                suite: Some(suite),
                                groups: vec![group],
                                ..Setup::default()
                            },
                        );
                    }),
                }
            }
        }
    }
    table
}

/// Server authentication and mutual authentication with every kind of key.
pub fn keys(trials: &mut Vec<Trial>) -> Table {
    let mut table = Table::new("authentication");
    for key_type in KeyType::ALL {
        for mutual in [false, true] {
            for kind in Kind::ALL {
                let row = format!("{} {key_type}", if mutual { "mutual" } else { "server" });
                let column = kind.to_string();
                match kind.lacks_key(key_type) {
                    Some(reason) => table.empty(&row, &column, reason),
                    None => table.cell(trials, &row, &column, move || {
                        meet(
                            kind,
                            &Setup {
                                server_key: key_type,
                                client_key: mutual.then_some(key_type),
                                ..Setup::default()
                            },
                        );
                    }),
                }
            }
        }
    }
    table
}

fn meet(kind: Kind, setup: &Setup) {
    let (suite, groups) = (setup.suite, setup.groups.clone());
    let mut meeting = Meeting::new(
        kind,
        Plan {
            setup: setup.clone(),
            script: Box::new(move |rustls| {
                let connection = rustls.connection();
                assert!(suite.is_none_or(|suite| connection.suite() == suite));
                assert!(groups.is_empty() || groups.contains(&connection.group()));
                assert!(!connection.retried());
                converse(rustls)
            }),
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    let facts = meeting.ours.facts().unwrap();
    if let Some(suite) = setup.suite {
        assert_eq!(facts.cipher_suite, suite);
    }
    if let [group] = *setup.groups {
        assert_eq!(facts.group, Some(group));
    }
    assert_eq!(facts.handshake_kind, HandshakeKind::Full);
    let peer_proved = kind.role == Role::Server || setup.client_key.is_some();
    assert_eq!(facts.peer_certificates.is_some(), peer_proved);
    meeting.expect_report(setup);
    meeting.converse();
}

/// The client's first share is of another group than the only one the server has.
pub fn retries(trials: &mut Vec<Trial>) -> Table {
    let mut table = Table::new("retry to group");
    for group in GROUPS {
        for kind in Kind::ALL {
            let row = group.to_string();
            let column = kind.to_string();
            let other = if group == NamedGroup::X25519 {
                NamedGroup::SECP256R1
            } else {
                NamedGroup::X25519
            };
            match kind.lacks_group(group) {
                Some(reason) => table.empty(&row, &column, reason),
                None => table.cell(trials, &row, &column, move || retry(kind, other, group)),
            }
        }
    }
    table
}

fn retry(kind: Kind, first: NamedGroup, group: NamedGroup) {
    let [client, server] = [vec![first, group], vec![group]];
    let peers = match kind.role {
        Role::Client => client.clone(),
        Role::Server => server.clone(),
    };
    let mut meeting = Meeting::new(
        kind,
        Plan {
            setup: Setup {
                groups: peers,
                ..Setup::default()
            },
            our_client: Box::new(move |ours| ours.with_groups(&client)),
            // With a cookie, which the peer must return.
            our_server: Box::new(move |ours| ours.with_groups(&server).with_retry_cookie(true)),
            script: Box::new(move |rustls| {
                assert_eq!(rustls.connection().group(), group);
                assert!(rustls.connection().retried());
                converse(rustls)
            }),
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    let facts = meeting.ours.facts().unwrap();
    assert_eq!(facts.group, Some(group));
    assert_eq!(facts.handshake_kind, HandshakeKind::FullWithRetry);
    meeting.converse();
}
