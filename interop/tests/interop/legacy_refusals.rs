//! What one side refuses in TLS 1.2, 1.1 and 1.0, and what the other is told.

use libtest_mimic::Trial;
use warifu::config::Policy;
use warifu::parameters::{AlertDescription, CipherSuite, NamedGroup, ProtocolVersion};
use warifu::{
    CertificateError, ClientAuth, ClientConfig, Error, NothingInCommon, PeerMisbehaved, PskFailure,
    ServerConfig,
};
use warifu_interop::legacy::{Exchange, VERSIONS};
use warifu_interop::meeting::{Meeting, Plan};
use warifu_interop::ours::Setup;
use warifu_interop::peer::{Kind, Role, Stack};
use warifu_interop::pki::{self, KeyType};
use warifu_interop::psk::Psk;
use warifu_interop::table::Table;

use super::refusals::{certificate_arguments, is_expected, peer_refuses, we_refuse};

/// A cell's test, or why there is none.
type Cell = Result<fn(Kind, ProtocolVersion), &'static str>;

/// A row's name in each version, and its cell for each peer.
type Row = (&'static str, fn(Kind, ProtocolVersion) -> Cell);

const ROWS: [Row; 16] = [
    ("server of another CA", |_, _| {
        Ok(|kind, version| server(kind, version, "stranger"))
    }),
    ("server of another name", |_, _| Ok(server_name)),
    ("server expired", |_, _| {
        Ok(|kind, version| server(kind, version, "expired"))
    }),
    ("client of another CA", |_, _| Ok(client)),
    ("client without certificate", |_, _| Ok(client_without)),
    ("no suite in common", |_, _| Ok(no_suite)),
    ("no group in common", |_, _| Ok(no_group)),
    ("no ALPN protocol in common", |_, _| Ok(no_protocol)),
    ("version below our lowest", |_, version| match version {
        ProtocolVersion::TLS1_2 => Ok(modern),
        _ => Ok(too_old),
    }),
    ("fallback", |kind, version| match (version, kind.role) {
        (ProtocolVersion::TLS1_2, Role::Server) => Err("the server's highest"),
        _ => Ok(fallback),
    }),
    ("DHE of 1024 bits", |kind, _| {
        match (kind.stack, kind.role) {
            (Stack::OpenSsl, Role::Server) => Ok(small_group),
            (_, Role::Server) => Err("one server with a small group is enough"),
            (_, Role::Client) => Err("a server's choice"),
        }
    }),
    ("identity unknown", |kind, _| {
        match (kind.stack, kind.role) {
            (Stack::OpenSsl, Role::Server) => Err("s_server takes any identity"),
            _ => Ok(unknown_identity),
        }
    }),
    ("key wrong", |_, _| Ok(wrong_key)),
    ("RSA_PSK, key wrong", |_, _| Ok(wrong_key_beside_rsa)),
    ("extended_main_secret required", |kind, _| {
        match kind.stack {
            Stack::GnuTls => Ok(no_extended_main_secret),
            _ => Err("OpenSSL has no option against it"),
        }
    }),
    ("secure renegotiation required", |kind, _| {
        match kind.stack {
            Stack::GnuTls => Ok(no_secure_renegotiation),
            _ => Err("OpenSSL has no option against it"),
        }
    }),
];

pub fn refusals(trials: &mut Vec<Trial>) -> Table {
    let mut table = Table::new("legacy refusal");
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

fn server(kind: Kind, version: ProtocolVersion, name: &'static str) {
    let meeting = Meeting::new(
        kind,
        Plan {
            setup: setup(version),
            arguments: match kind.role {
                Role::Server => certificate_arguments(kind, name),
                Role::Client => String::new(),
            },
            our_server: Box::new(move |_| {
                ServerConfig::builder(pki::get().credential_of(name))
                    .with_policy(Policy::Legacy)
                    .with_versions(version..=version)
            }),
            ..Plan::default()
        },
    );
    match kind.role {
        Role::Server => we_refuse(meeting, is_expected(name)),
        Role::Client => {
            let alert = match (kind.stack, name) {
                // Whatever it finds wrong with a chain.
                (Stack::GnuTls, _) => AlertDescription::BAD_CERTIFICATE,
                (_, "stranger") => AlertDescription::UNKNOWN_CA,
                _ => AlertDescription::CERTIFICATE_EXPIRED,
            };
            peer_refuses(meeting, alert);
        }
    }
}

fn server_name(kind: Kind, version: ProtocolVersion) {
    let meeting = Meeting::new(
        kind,
        Plan {
            setup: setup(version),
            server_name: "elsewhere.example",
            ..Plan::default()
        },
    );
    match kind.role {
        Role::Server => we_refuse(meeting, |error| {
            matches!(
                error,
                Error::Certificate(CertificateError::NameMismatch { .. })
            )
        }),
        Role::Client => peer_refuses(meeting, AlertDescription::BAD_CERTIFICATE),
    }
}

fn client(kind: Kind, version: ProtocolVersion) {
    let meeting = Meeting::new(
        kind,
        Plan {
            setup: Setup {
                // Tells the peer's server to ask.
                client_key: (kind.role == Role::Server).then_some(KeyType::P256),
                ..setup(version)
            },
            arguments: match kind.role {
                Role::Client => certificate_arguments(kind, "stranger"),
                Role::Server => String::new(),
            },
            our_client: Box::new(|ours| ours.with_credential(pki::get().credential_of("stranger"))),
            our_server: Box::new(|ours| {
                ours.with_client_auth(ClientAuth::required(pki::get().trust()))
            }),
            ..Plan::default()
        },
    );
    match (kind.role, kind.stack) {
        (Role::Client, _) => we_refuse(meeting, is_expected("stranger")),
        (Role::Server, Stack::OpenSsl) => peer_refuses(meeting, AlertDescription::UNKNOWN_CA),
        // gnutls-serv says so of its own accord, whatever is wrong.
        (Role::Server, _) => peer_refuses(meeting, AlertDescription::ACCESS_DENIED),
    }
}

fn client_without(kind: Kind, version: ProtocolVersion) {
    let meeting = Meeting::new(
        kind,
        Plan {
            setup: Setup {
                client_key: (kind.role == Role::Server).then_some(KeyType::P256),
                ..setup(version)
            },
            our_client: Box::new(move |_| {
                ClientConfig::builder(pki::get().trust())
                    .with_policy(Policy::Legacy)
                    .with_versions(version..=version)
            }),
            our_server: Box::new(|ours| {
                ours.with_client_auth(ClientAuth::required(pki::get().trust()))
            }),
            ..Plan::default()
        },
    );
    match (kind.role, kind.stack) {
        (Role::Client, _) => we_refuse(meeting, |error| {
            matches!(
                error,
                Error::Certificate(CertificateError::RequiredBefore13)
            )
        }),
        (Role::Server, Stack::OpenSsl) => {
            peer_refuses(meeting, AlertDescription::HANDSHAKE_FAILURE);
        }
        // gnutls-serv finds the empty list malformed, also OpenSSL's and its own.
        (Role::Server, _) => peer_refuses(meeting, AlertDescription::DECODE_ERROR),
    }
}

fn no_suite(kind: Kind, version: ProtocolVersion) {
    let other = [CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA];
    let meeting = Meeting::new(
        kind,
        Plan {
            setup: Setup {
                suite: Some(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA),
                ..setup(version)
            },
            our_client: Box::new(move |ours| ours.with_cipher_suites(&other)),
            our_server: Box::new(move |ours| ours.with_cipher_suites(&other)),
            ..Plan::default()
        },
    );
    match kind.role {
        Role::Server => peer_refuses(meeting, AlertDescription::HANDSHAKE_FAILURE),
        Role::Client => we_refuse(meeting, |error| {
            matches!(
                error,
                Error::NothingInCommon(NothingInCommon::CipherSuite { .. })
            )
        }),
    }
}

fn no_group(kind: Kind, version: ProtocolVersion) {
    let other = [NamedGroup::SECP384R1];
    let meeting = Meeting::new(
        kind,
        Plan {
            setup: Setup {
                suite: Some(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA),
                server_key: KeyType::Rsa,
                groups: vec![NamedGroup::SECP256R1],
                ..setup(version)
            },
            our_client: Box::new(move |ours| ours.with_groups(&other)),
            our_server: Box::new(move |ours| ours.with_groups(&other)),
            ..Plan::default()
        },
    );
    match kind.role {
        Role::Server => peer_refuses(meeting, AlertDescription::HANDSHAKE_FAILURE),
        Role::Client => we_refuse(meeting, |error| matches!(error, Error::NothingInCommon(_))),
    }
}

fn no_protocol(kind: Kind, version: ProtocolVersion) {
    let meeting = Meeting::new(
        kind,
        Plan {
            setup: setup(version),
            arguments: match (kind.stack, kind.role) {
                (Stack::OpenSsl, _) => "-alpn h2",
                (_, Role::Server) => "--alpn h2 --alpn-fatal",
                (_, Role::Client) => "--alpn h2",
            }
            .to_owned(),
            our_client: Box::new(|ours| ours.with_alpn(["http/1.1"])),
            our_server: Box::new(|ours| ours.with_alpn(["http/1.1"])),
            ..Plan::default()
        },
    );
    match kind.role {
        Role::Server => peer_refuses(meeting, AlertDescription::NO_APPLICATION_PROTOCOL),
        Role::Client => we_refuse(meeting, |error| {
            matches!(
                error,
                Error::NothingInCommon(NothingInCommon::ApplicationProtocol { .. })
            )
        }),
    }
}

/// Our side's defaults, TLS 1.2 and 1.3, and a peer of an older version.
fn too_old(kind: Kind, version: ProtocolVersion) {
    no_version(kind, version, Policy::Default);
}

/// Our side with TLS 1.3 alone.
fn modern(kind: Kind, version: ProtocolVersion) {
    no_version(kind, version, Policy::Modern);
}

fn no_version(kind: Kind, version: ProtocolVersion, policy: Policy) {
    let meeting = Meeting::new(
        kind,
        Plan {
            setup: setup(version),
            our_client: Box::new(move |_| {
                ClientConfig::builder(pki::get().trust()).with_policy(policy)
            }),
            our_server: Box::new(move |_| {
                ServerConfig::builder(pki::get().credential(KeyType::P256)).with_policy(policy)
            }),
            ..Plan::default()
        },
    );
    match kind.role {
        Role::Server => {
            let alert = match kind.stack {
                Stack::GnuTls => AlertDescription::HANDSHAKE_FAILURE,
                _ => AlertDescription::PROTOCOL_VERSION,
            };
            peer_refuses(meeting, alert);
        }
        Role::Client => we_refuse(meeting, |error| {
            matches!(
                error,
                Error::NothingInCommon(NothingInCommon::Version { .. })
            )
        }),
    }
}

/// A client that says it tried a higher version, which the server has: RFC 7507.
fn fallback(kind: Kind, version: ProtocolVersion) {
    let all = ProtocolVersion::TLS1_0..=ProtocolVersion::TLS1_3;
    let meeting = Meeting::new(
        kind,
        Plan {
            setup: Setup {
                // The server's highest, where that is the peer.
                version: match kind.role {
                    Role::Server => ProtocolVersion::TLS1_2,
                    Role::Client => version,
                },
                peers_lowest: (kind.role == Role::Server).then_some(ProtocolVersion::TLS1_0),
                priority: match kind.role {
                    Role::Server => "",
                    Role::Client => ":%FALLBACK_SCSV",
                },
                ..Setup::default()
            },
            arguments: match (kind.stack, kind.role) {
                (Stack::OpenSsl, Role::Client) => "-fallback_scsv",
                _ => "",
            }
            .to_owned(),
            our_client: Box::new(move |ours| {
                ours.with_versions(version..=version)
                    .with_fallback_scsv(true)
            }),
            our_server: Box::new(move |ours| ours.with_versions(all)),
            ..Plan::default()
        },
    );
    match kind.role {
        Role::Server => peer_refuses(meeting, AlertDescription::INAPPROPRIATE_FALLBACK),
        Role::Client => we_refuse(meeting, |error| {
            matches!(
                error,
                Error::PeerMisbehaved(PeerMisbehaved::InappropriateFallback { .. })
            )
        }),
    }
}

fn small_group(kind: Kind, version: ProtocolVersion) {
    let meeting = Meeting::new(
        kind,
        Plan {
            setup: Setup {
                suite: Some(CipherSuite::TLS_DHE_RSA_WITH_AES_128_CBC_SHA),
                server_key: KeyType::Rsa,
                ..setup(version)
            },
            arguments: format!("-dhparam {}", pki::get().finite_field("dh_1024_160")),
            ..Plan::default()
        },
    );
    we_refuse(meeting, |error| {
        matches!(
            error,
            Error::PeerMisbehaved(PeerMisbehaved::DhGroupTooSmall {
                bits: 1024,
                min_bits: 2048
            })
        )
    });
}

/// The peer has the default key, our side `ours`.
fn with_keys(
    kind: Kind,
    version: ProtocolVersion,
    suite: CipherSuite,
    exchange: Exchange,
    ours: Psk,
) -> Meeting {
    let theirs = exchange.psk().unwrap();
    let ours = Psk {
        certificate: theirs.certificate,
        ..ours
    };
    let too = ours.clone();
    Meeting::new(
        kind,
        Plan {
            setup: Setup {
                suite: Some(suite),
                server_key: KeyType::Rsa,
                psk: Some(theirs),
                ..setup(version)
            },
            our_client: Box::new(move |_| {
                ours.client()
                    .with_policy(Policy::Legacy)
                    .with_versions(version..=version)
                    .with_cipher_suites(&[suite])
            }),
            our_server: Box::new(move |_| {
                too.server(KeyType::Rsa)
                    .with_policy(Policy::Legacy)
                    .with_versions(version..=version)
                    .with_cipher_suites(&[suite])
            }),
            ..Plan::default()
        },
    )
}

fn unknown_identity(kind: Kind, version: ProtocolVersion) {
    let suite = CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA;
    let meeting = with_keys(
        kind,
        version,
        suite,
        Exchange::EcdhePsk,
        Psk {
            identity: "somebody-else",
            ..Psk::default()
        },
    );
    match kind.role {
        // GnuTLS goes on with a key that is none, which tells nobody who is known.
        Role::Server => peer_refuses(meeting, AlertDescription::BAD_RECORD_MAC),
        Role::Client => we_refuse(meeting, |error| {
            matches!(error, Error::Psk(PskFailure::UnknownIdentity { .. }))
        }),
    }
}

fn wrong_key(kind: Kind, version: ProtocolVersion) {
    let suite = CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA;
    refuse_key(kind, version, suite, Exchange::EcdhePsk);
}

fn wrong_key_beside_rsa(kind: Kind, version: ProtocolVersion) {
    let suite = CipherSuite::TLS_RSA_PSK_WITH_AES_128_CBC_SHA;
    refuse_key(kind, version, suite, Exchange::RsaPsk);
}

fn refuse_key(kind: Kind, version: ProtocolVersion, suite: CipherSuite, exchange: Exchange) {
    let meeting = with_keys(
        kind,
        version,
        suite,
        exchange,
        Psk {
            key: vec![1; 32],
            ..Psk::default()
        },
    );
    match kind.role {
        Role::Server => peer_refuses(meeting, AlertDescription::BAD_RECORD_MAC),
        Role::Client => we_refuse(meeting, |error| {
            matches!(error, Error::Psk(PskFailure::WrongKeyInFinished { .. }))
        }),
    }
}

fn no_extended_main_secret(kind: Kind, version: ProtocolVersion) {
    let meeting = Meeting::new(
        kind,
        Plan {
            setup: Setup {
                priority: ":%NO_SESSION_HASH",
                ..setup(version)
            },
            our_client: Box::new(|ours| ours.with_required_extended_main_secret(true)),
            our_server: Box::new(|ours| ours.with_required_extended_main_secret(true)),
            ..Plan::default()
        },
    );
    we_refuse(meeting, |error| {
        matches!(
            error,
            Error::PeerMisbehaved(PeerMisbehaved::NoExtendedMainSecret)
        )
    });
}

fn no_secure_renegotiation(kind: Kind, version: ProtocolVersion) {
    let meeting = Meeting::new(
        kind,
        Plan {
            setup: Setup {
                priority: ":%DISABLE_SAFE_RENEGOTIATION",
                ..setup(version)
            },
            our_client: Box::new(|ours| ours.with_required_secure_renegotiation(true)),
            our_server: Box::new(|ours| ours.with_required_secure_renegotiation(true)),
            ..Plan::default()
        },
    );
    we_refuse(meeting, |error| {
        matches!(
            error,
            Error::PeerMisbehaved(PeerMisbehaved::NoSecureRenegotiation)
        )
    });
}
