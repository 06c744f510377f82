//! TLS 1.2, 1.1 and 1.0: every suite with every kind of certificate, with each peer in both roles.

use libtest_mimic::Trial;
use warifu::HandshakeKind;
use warifu::parameters::{NamedGroup, ProtocolVersion};
use warifu_interop::legacy::{self, LegacySuite, VERSIONS};
use warifu_interop::meeting::{Meeting, Plan};
use warifu_interop::ours::{Setup, digits};
use warifu_interop::peer::{Kind, Role};
use warifu_interop::pki::KeyType;
use warifu_interop::table::Table;

/// What passes each way.
const DATA_LEN: usize = 100 << 10;

/// Both sides know one version and one suite; data each way, and both close.
pub fn suites(trials: &mut Vec<Trial>) -> Table {
    let mut table = Table::new("legacy suite");
    let suites = legacy::suites();
    assert_eq!(suites.len(), 83);
    for version in VERSIONS {
        for suite in &suites {
            if !suite.is_of(version) {
                continue;
            }
            for key_type in suite.exchange.keys(version) {
                let name = &suite.suite.to_string()["TLS_".len()..];
                let row = match suite.exchange.has_certificate() {
                    true => format!("{version} {name} {key_type}"),
                    false => format!("{version} {name}"),
                };
                let (suite, key_type) = (*suite, *key_type);
                for kind in Kind::LEGACY {
                    let column = kind.to_string();
                    match kind.lacks_legacy(suite.suite).or(kind.lacks_key(key_type)) {
                        Some(reason) => table.empty(&row, &column, reason),
                        None => table.cell(trials, &row, &column, move || {
                            meet(kind, version, suite, key_type);
                        }),
                    }
                }
            }
        }
    }
    table
}

fn meet(kind: Kind, version: ProtocolVersion, suite: LegacySuite, server_key: KeyType) {
    let mut meeting = Meeting::new(
        kind,
        Plan {
            setup: Setup {
                version,
                suite: Some(suite.suite),
                server_key,
                psk: suite.exchange.psk(),
                ..Setup::default()
            },
            our_client: Box::new(move |ours| match server_key {
                // OpenSSL shows an ECDSA key only to a client that names its curve (RFC 8422 Section 5.3).
                KeyType::P521 => ours.with_groups(&[NamedGroup::X25519, NamedGroup::SECP521R1]),
                _ => ours,
            }),
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    let facts = meeting.ours.facts().unwrap();
    assert_eq!((facts.version, facts.cipher_suite), (version, suite.suite));
    let is_client = kind.role == Role::Server;
    let certified = is_client && suite.exchange.has_certificate();
    assert_eq!(facts.peer_certificates.is_some(), certified);
    let kind = match suite.exchange.psk() {
        Some(_) => HandshakeKind::Psk,
        None => HandshakeKind::Full,
    };
    assert_eq!(facts.handshake_kind, kind);
    let legacy = facts.legacy.as_ref().unwrap();
    assert!(legacy.extended_main_secret && legacy.secure_renegotiation);
    assert_eq!(legacy.encrypt_then_mac, suite.gnutls_mac() != "AEAD");
    meeting.expect_legacy_report(version, suite.suite);
    meeting.exchange(&digits(DATA_LEN));
    meeting.close();
}
