//! What one side refuses, and what the other is told: the error here, the alert there.

use libtest_mimic::Trial;
use warifu::parameters::{AlertDescription, CipherSuite, NamedGroup};
use warifu::{CertificateError, ClientAuth, Error, NothingInCommon};
use warifu_interop::meeting::{Meeting, Plan};
use warifu_interop::ours::{Conversation, Setup};
use warifu_interop::peer::rustls::{client_config_of, expect_close, server_config_of};
use warifu_interop::peer::{Kind, Role, Stack};
use warifu_interop::pki::{self, KeyType};
use warifu_interop::table::Table;

/// A row's name and its test.
type Row = (&'static str, fn(Kind));

pub fn refusals(trials: &mut Vec<Trial>) -> Table {
    let mut table = Table::new("refusal");
    let rows: [Row; 9] = [
        ("server of another CA", |kind| server(kind, "stranger")),
        ("server of another name", server_name),
        ("server expired", |kind| server(kind, "expired")),
        ("client of another CA", |kind| client(kind, "stranger")),
        ("client expired", |kind| client(kind, "expired")),
        ("client without certificate", client_without),
        ("no suite in common", no_suite),
        ("no group in common", no_group),
        ("no ALPN protocol in common", no_protocol),
    ];
    for (row, test) in rows {
        for kind in Kind::ALL {
            table.cell(trials, row, &kind.to_string(), move || test(kind));
        }
    }
    table
}

/// Our side refuses with an error that `is_right`, and the peer's report names its alert.
#[track_caller]
pub(super) fn we_refuse(mut meeting: Meeting, is_right: impl Fn(&Error) -> bool) {
    let error = meeting.ours.expect_error();
    assert!(is_right(&error), "{error:?}");
    meeting.expect_alert(error.alert().unwrap());
}

/// The peer refuses with this alert, which is our side's error.
#[track_caller]
pub(super) fn peer_refuses(mut meeting: Meeting, alert: AlertDescription) {
    assert_eq!(meeting.ours.expect_error(), Error::AlertReceived(alert));
}

/// rustls waits for the other side's verdict.
fn patient(plan: Plan) -> Plan {
    Plan {
        script: Box::new(expect_close),
        ..plan
    }
}

/// Arguments that give the program this certificate.
pub(super) fn certificate_arguments(kind: Kind, name: &str) -> String {
    match kind.stack {
        Stack::OpenSsl => format!("-cert {name}.pem -key {name}.key"),
        _ => format!("--x509certfile {name}.pem --x509keyfile {name}.key"),
    }
}

pub(super) fn is_expected(name: &'static str) -> impl Fn(&Error) -> bool {
    move |error| {
        let Error::Certificate(error) = error else {
            return false;
        };
        match name {
            "stranger" => matches!(error, CertificateError::UnknownIssuer { .. }),
            _ => matches!(error, CertificateError::Expired { .. }),
        }
    }
}

fn server(kind: Kind, name: &'static str) {
    let meeting = Meeting::new(
        kind,
        patient(Plan {
            arguments: match kind.role {
                Role::Server => certificate_arguments(kind, name),
                Role::Client => String::new(),
            },
            our_server: Box::new(|_| warifu::ServerConfig::builder(pki::get().credential_of(name))),
            rustls_server: Box::new(|config| *config = server_config_of(name, Vec::new())),
            ..Plan::default()
        }),
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

fn server_name(kind: Kind) {
    let meeting = Meeting::new(
        kind,
        patient(Plan {
            server_name: "elsewhere.example",
            ..Plan::default()
        }),
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

fn client(kind: Kind, name: &'static str) {
    let meeting = Meeting::new(
        kind,
        patient(Plan {
            setup: Setup {
                // Tells the peer's server to ask.
                client_key: (kind.role == Role::Server).then_some(KeyType::P256),
                ..Setup::default()
            },
            arguments: match kind.role {
                Role::Client => certificate_arguments(kind, name),
                Role::Server => String::new(),
            },
            our_client: Box::new(|ours| ours.with_credential(pki::get().credential_of(name))),
            our_server: Box::new(|ours| {
                ours.with_client_auth(ClientAuth::required(pki::get().trust()))
            }),
            rustls_client: Box::new(|config| *config = client_config_of(name)),
            ..Plan::default()
        }),
    );
    match kind.role {
        Role::Client => we_refuse(meeting, is_expected(name)),
        Role::Server => {
            let alert = match (kind.stack, name) {
                // gnutls-serv says so of its own accord, whatever is wrong.
                (Stack::GnuTls, _) => AlertDescription::ACCESS_DENIED,
                (_, "stranger") => AlertDescription::UNKNOWN_CA,
                _ => AlertDescription::CERTIFICATE_EXPIRED,
            };
            peer_refuses(meeting, alert);
        }
    }
}

fn client_without(kind: Kind) {
    let meeting = Meeting::new(
        kind,
        patient(Plan {
            setup: Setup {
                client_key: (kind.role == Role::Server).then_some(KeyType::P256),
                ..Setup::default()
            },
            our_client: Box::new(|_| warifu::ClientConfig::builder(pki::get().trust())),
            our_server: Box::new(|ours| {
                ours.with_client_auth(ClientAuth::required(pki::get().trust()))
            }),
            ..Plan::default()
        }),
    );
    match kind.role {
        Role::Client => we_refuse(meeting, |error| {
            matches!(error, Error::Certificate(CertificateError::Required))
        }),
        Role::Server => peer_refuses(meeting, AlertDescription::CERTIFICATE_REQUIRED),
    }
}

fn no_suite(kind: Kind) {
    let other = [CipherSuite::TLS_AES_256_GCM_SHA384];
    let meeting = Meeting::new(
        kind,
        patient(Plan {
            setup: Setup {
                suite: Some(CipherSuite::TLS_AES_128_GCM_SHA256),
                ..Setup::default()
            },
            our_client: Box::new(move |ours| ours.with_cipher_suites(&other)),
            our_server: Box::new(move |ours| ours.with_cipher_suites(&other)),
            ..Plan::default()
        }),
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

fn no_group(kind: Kind) {
    let other = [NamedGroup::SECP384R1];
    let meeting = Meeting::new(
        kind,
        patient(Plan {
            setup: Setup {
                groups: vec![NamedGroup::SECP256R1],
                ..Setup::default()
            },
            our_client: Box::new(move |ours| ours.with_groups(&other)),
            our_server: Box::new(move |ours| ours.with_groups(&other)),
            ..Plan::default()
        }),
    );
    match kind.role {
        Role::Server => peer_refuses(meeting, AlertDescription::HANDSHAKE_FAILURE),
        Role::Client => we_refuse(meeting, |error| {
            matches!(error, Error::NothingInCommon(NothingInCommon::Group { .. }))
        }),
    }
}

fn no_protocol(kind: Kind) {
    let meeting = Meeting::new(
        kind,
        patient(Plan {
            arguments: match (kind.stack, kind.role) {
                (Stack::OpenSsl, _) => "-alpn h2",
                (_, Role::Server) => "--alpn h2 --alpn-fatal",
                (_, Role::Client) => "--alpn h2",
            }
            .to_owned(),
            our_client: Box::new(|ours| ours.with_alpn(["http/1.1"])),
            our_server: Box::new(|ours| ours.with_alpn(["http/1.1"])),
            rustls_client: Box::new(|config| config.alpn_protocols = vec![b"h2".to_vec()]),
            rustls_server: Box::new(|config| config.alpn_protocols = vec![b"h2".to_vec()]),
            ..Plan::default()
        }),
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
