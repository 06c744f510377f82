//! TLS 1.2, 1.1 and 1.0: every suite with every kind of certificate, with each peer in both roles.

use std::io::{Read, Write};

use libtest_mimic::Trial;
use warifu::HandshakeKind;
use warifu::config::ConfigBuilder;
use warifu::parameters::{CipherSuite, NamedGroup, ProtocolVersion};
use warifu_interop::legacy::{self, Exchange, LegacySuite, VERSIONS};
use warifu_interop::meeting::{Meeting, Plan};
use warifu_interop::ours::{self, Listener, Setup, digits};
use warifu_interop::peer::{Kind, Role, Stack, wolfssl};
use warifu_interop::pki::{self, KeyType, NAME};
use warifu_interop::psk::Psk;
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
                for (column, role, test) in WOLFSSL {
                    match wolfssl::lacks(role, version, suite.suite, key_type) {
                        Some(reason) => table.empty(&row, column, reason),
                        None => table.cell(trials, &row, column, move || {
                            test(version, suite, key_type);
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
                KeyType::P521 => with_p521(ours),
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

/// A cell's test: a version, a suite, and the kind of the server's key.
type Test = fn(ProtocolVersion, LegacySuite, KeyType);

/// wolfSSL's examples in both roles.
const WOLFSSL: [(&str, Role, Test); 2] = [
    ("wolfssl-server", Role::Server, meet_wolfssl_server),
    ("wolfssl-client", Role::Client, meet_wolfssl_client),
];

fn wolfssl_setup(version: ProtocolVersion, suite: LegacySuite, server_key: KeyType) -> Setup {
    Setup {
        version,
        suite: Some(suite.suite),
        server_key,
        psk: suite.exchange.psk().map(|psk| Psk {
            identity: wolfssl::IDENTITY,
            key: wolfssl::KEY.to_vec(),
            ..psk
        }),
        ..Setup::default()
    }
}

/// Our client sends data to the example, which sends it back.
fn meet_wolfssl_server(version: ProtocolVersion, suite: LegacySuite, server_key: KeyType) {
    let setup = wolfssl_setup(version, suite, server_key);
    let (mut server, port) = wolfssl::server(&setup, DATA_LEN);
    let config = with_p521(ours::client_config(&setup)).build().unwrap();
    let mut stream = ours::connect(config, NAME, port);
    stream.handshake().unwrap();
    let facts = stream.facts().unwrap();
    assert_eq!((facts.version, facts.cipher_suite), (version, suite.suite));
    let data = digits(DATA_LEN);
    stream.write_all(&data).unwrap();
    stream.flush().unwrap();
    let mut got = vec![0; DATA_LEN];
    stream.read_exact(&mut got).unwrap();
    assert!(got == data, "what the peer sent came changed");
    stream.close().unwrap();
    let status = server.expect_end();
    assert!(status.success(), "{}", server.output());
}

/// The example sends data to our server and wants it back.
fn meet_wolfssl_client(version: ProtocolVersion, suite: LegacySuite, server_key: KeyType) {
    let setup = wolfssl_setup(version, suite, server_key);
    let listener = Listener::default();
    let mut client = wolfssl::client(&setup, listener.port(), DATA_LEN);
    let config = ours::server_config(&setup).with_groups(match suite.exchange {
        // Its client refuses X25519 with a key, from OpenSSL as well.
        Exchange::EcdhePsk => &[NamedGroup::SECP256R1],
        _ => &GROUPS,
    });
    let config = config.build().unwrap();
    let mut stream = listener.accept(config);
    stream.handshake().unwrap();
    let facts = stream.facts().unwrap();
    assert_eq!((facts.version, facts.cipher_suite), (version, suite.suite));
    let mut buffer = [0; 16384];
    let mut total = 0;
    while total < DATA_LEN {
        let count = stream.read(&mut buffer).unwrap();
        stream.write_all(&buffer[..count]).unwrap();
        stream.flush().unwrap();
        total += count;
    }
    let status = client.expect_end();
    assert!(status.success(), "{}", client.output());
}

/// Each group of each version, with a signature and with a key.
pub fn groups(trials: &mut Vec<Trial>) -> Table {
    let mut table = Table::new("legacy group");
    let suites = [
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
        CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA,
    ];
    for version in VERSIONS {
        for suite in suites {
            for group in GROUPS {
                let exchange = LegacySuite::new(suite).unwrap().exchange.gnutls_name();
                let row = format!("{version} {exchange} {group}");
                for kind in Kind::LEGACY {
                    table.cell(trials, &row, &kind.to_string(), move || {
                        with_group(kind, version, suite, group);
                    });
                }
            }
        }
    }
    for (name, bits) in FINITE_FIELDS {
        for suite in [
            CipherSuite::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
            CipherSuite::TLS_DHE_PSK_WITH_AES_128_GCM_SHA256,
        ] {
            let exchange = LegacySuite::new(suite).unwrap().exchange.gnutls_name();
            let row = format!("TLS 1.2 {exchange} {name}");
            for kind in Kind::LEGACY {
                let column = kind.to_string();
                match kind.role {
                    Role::Server => table.cell(trials, &row, &column, move || {
                        with_finite_field(kind, suite, name, bits);
                    }),
                    Role::Client => table.empty(&row, &column, "a server's choice"),
                }
            }
        }
    }
    table
}

const GROUPS: [NamedGroup; 4] = [
    NamedGroup::X25519,
    NamedGroup::SECP256R1,
    NamedGroup::SECP384R1,
    NamedGroup::SECP521R1,
];

/// OpenSSL's names of groups of RFC 7919, 3526 and 5114, and their bits.
const FINITE_FIELDS: [(&str, u32); 5] = [
    ("ffdhe2048", 2048),
    ("ffdhe3072", 3072),
    ("ffdhe4096", 4096),
    ("modp_2048", 2048),
    ("dh_2048_256", 2048),
];

fn with_group(kind: Kind, version: ProtocolVersion, suite: CipherSuite, group: NamedGroup) {
    let exchange = LegacySuite::new(suite).unwrap().exchange;
    let mut meeting = Meeting::new(
        kind,
        Plan {
            setup: Setup {
                version,
                suite: Some(suite),
                groups: vec![group],
                server_key: KeyType::Rsa,
                psk: exchange.psk(),
                ..Setup::default()
            },
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    let facts = meeting.ours.facts().unwrap();
    assert_eq!((facts.version, facts.group), (version, Some(group)));
    meeting.expect_legacy_report(version, suite);
    meeting.converse();
}

/// The server sends a group as prime and generator.
fn with_finite_field(kind: Kind, suite: CipherSuite, name: &str, bits: u32) {
    let file = pki::get().finite_field(name);
    let exchange = LegacySuite::new(suite).unwrap().exchange;
    let mut meeting = Meeting::new(
        kind,
        Plan {
            setup: Setup {
                version: ProtocolVersion::TLS1_2,
                suite: Some(suite),
                server_key: KeyType::Rsa,
                psk: exchange.psk(),
                ..Setup::default()
            },
            arguments: match kind.stack {
                Stack::OpenSsl => format!("-dhparam {file}"),
                _ => format!("--dhparams {file}"),
            },
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    let facts = meeting.ours.facts().unwrap();
    let legacy = facts.legacy.as_ref().unwrap();
    assert_eq!(legacy.dh_bits, Some(bits));
    meeting.converse();
}

/// Mutual authentication with every kind of key, and every key exchange that has a certificate.
pub fn authentication(trials: &mut Vec<Trial>) -> Table {
    let mut table = Table::new("legacy mutual");
    for version in VERSIONS {
        for exchange in [
            Exchange::EcdheEcdsa,
            Exchange::EcdheRsa,
            Exchange::DheRsa,
            Exchange::Rsa,
            Exchange::RsaPsk,
        ] {
            // Whatever the server's key is, the client may have any: the other kind here, in the server's place the first.
            let all = Exchange::EcdheEcdsa.keys(version).iter();
            let all = all.chain(Exchange::EcdheRsa.keys(version));
            for client_key in all.copied() {
                let server_key = exchange.keys(version)[0];
                let row = format!("{version} {}, client {client_key}", exchange.gnutls_name());
                for kind in Kind::LEGACY {
                    let column = kind.to_string();
                    let asks = match (exchange, kind.stack, kind.role) {
                        (Exchange::RsaPsk, Stack::GnuTls, Role::Server) => {
                            Err("GnuTLS asks no client that has a key")
                        }
                        (Exchange::RsaPsk, _, Role::Client) => {
                            Err("our server asks no client that has a key")
                        }
                        _ => Ok(()),
                    };
                    match (asks, kind.lacks_key(client_key)) {
                        (Err(reason), _) => table.empty(&row, &column, reason),
                        (_, Some(reason)) => table.empty(&row, &column, reason),
                        (Ok(()), None) => table.cell(trials, &row, &column, move || {
                            mutual(kind, version, exchange, server_key, client_key);
                        }),
                    }
                }
            }
        }
    }
    table
}

fn mutual(
    kind: Kind,
    version: ProtocolVersion,
    exchange: Exchange,
    server_key: KeyType,
    client_key: KeyType,
) {
    let suite = match exchange {
        Exchange::EcdheEcdsa => CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
        Exchange::EcdheRsa => CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
        Exchange::DheRsa => CipherSuite::TLS_DHE_RSA_WITH_AES_128_CBC_SHA,
        Exchange::RsaPsk => CipherSuite::TLS_RSA_PSK_WITH_AES_128_CBC_SHA,
        _ => CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA,
    };
    let mut meeting = Meeting::new(
        kind,
        Plan {
            setup: Setup {
                version,
                suite: Some(suite),
                server_key,
                client_key: Some(client_key),
                psk: exchange.psk(),
                ..Setup::default()
            },
            our_client: Box::new(with_p521),
            our_server: Box::new(with_p521),
            ..Plan::default()
        },
    );
    meeting.ours.handshake().unwrap();
    let facts = meeting.ours.facts().unwrap();
    assert_eq!((facts.version, facts.cipher_suite), (version, suite));
    assert!(facts.peer_certificates.is_some() && facts.local_credential.is_some());
    meeting.expect_legacy_report(version, suite);
    meeting.converse();
}

/// Certificates of P-521 are shown only to who names its curve (RFC 8422 Section 5.3).
fn with_p521<R>(ours: ConfigBuilder<R>) -> ConfigBuilder<R> {
    ours.with_groups(&GROUPS)
}
