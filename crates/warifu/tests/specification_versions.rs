//! Tables 6.1.1 and 6.1.2 of the specification: the methods that name versions, and the calls that set and read them. Each test
//! has the name of the C function whose meaning it shows.
#![cfg(feature = "legacy")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    non_snake_case,
    missing_docs
)]

mod support;

use std::ops::RangeInclusive;

use support::{Pair, Pki, Side, client_builder, deliver, server_builder};
use warifu::config::{Client, ConfigBuilder, Policy, Server};
use warifu::parameters::{AlertDescription, ProtocolVersion};
use warifu::{Error, NothingInCommon};

const TLS1_0: ProtocolVersion = ProtocolVersion::TLS1_0;
const TLS1_1: ProtocolVersion = ProtocolVersion::TLS1_1;
const TLS1_2: ProtocolVersion = ProtocolVersion::TLS1_2;
const TLS1_3: ProtocolVersion = ProtocolVersion::TLS1_3;
const ALL: [ProtocolVersion; 4] = [TLS1_0, TLS1_1, TLS1_2, TLS1_3];

/// What a method allows: all versions, or one.
type Method = RangeInclusive<ProtocolVersion>;

const ANY: Method = TLS1_0..=TLS1_3;

fn client_of(pki: &Pki, method: &Method) -> ConfigBuilder<Client> {
    client_builder(pki)
        .with_policy(Policy::Legacy)
        .with_versions(method.clone())
}

fn server_of(pki: &Pki, method: &Method) -> ConfigBuilder<Server> {
    server_builder(pki)
        .with_policy(Policy::Legacy)
        .with_versions(method.clone())
}

/// The handshake of a client and a server made by these methods, and a message.
fn meet(pki: &Pki, client: &Method, server: &Method) -> Result<ProtocolVersion, (Side, Error)> {
    let mut pair = Pair::with_pki(pki, |_| client_of(pki, client), |_| server_of(pki, server));
    pair.handshake()?;
    pair.client.write(b"message").unwrap();
    assert_eq!(
        deliver(&mut pair.client, &mut pair.server).concat(),
        b"message"
    );
    let version = pair.client.facts().unwrap().version;
    assert_eq!(pair.server.facts().unwrap().version, version);
    Ok(version)
}

/// A server's method: what each client gets from it.
fn check_server(method: &Method) {
    let pki = Pki::new();
    for version in ALL {
        check(&pki, &(version..=version), method);
    }
    check(&pki, &ANY, method);
}

/// A client's method: what it gets from each server.
fn check_client(method: &Method) {
    let pki = Pki::new();
    for version in ALL {
        check(&pki, method, &(version..=version));
    }
    check(&pki, method, &ANY);
}

/// The highest version that both support, or an error that names both sides' versions.
fn check(pki: &Pki, client: &Method, server: &Method) {
    let common = ALL
        .into_iter()
        .rev()
        .find(|version| client.contains(version) && server.contains(version));
    let met = meet(pki, client, server);
    match common {
        Some(version) => assert_eq!(met, Ok(version), "{client:?} {server:?}"),
        None => {
            let (_, error) = met.unwrap_err();
            assert_eq!(error.alert(), Some(AlertDescription::PROTOCOL_VERSION));
            let Error::NothingInCommon(NothingInCommon::Version { ours, peers }) = error else {
                panic!("{client:?} {server:?}: {error}");
            };
            assert!(!ours.is_empty() && !peers.is_empty());
        }
    }
}

/// Both sides' versions are in the error, on whichever side it is: without supported_versions a server answers with what it has,
/// and the client decides.
#[test]
fn nothing_in_common() {
    let pki = Pki::new();
    for (client, server, side, ours, peers) in [
        (
            TLS1_0..=TLS1_1,
            TLS1_2..=TLS1_3,
            Side::Server,
            "TLS 1.2 to TLS 1.3",
            "at most TLS 1.1",
        ),
        (
            TLS1_3..=TLS1_3,
            TLS1_0..=TLS1_2,
            Side::Server,
            "TLS 1.0 to TLS 1.2",
            "TLS 1.3",
        ),
        (
            TLS1_2..=TLS1_2,
            TLS1_1..=TLS1_1,
            Side::Client,
            "TLS 1.2",
            "at most TLS 1.1",
        ),
    ] {
        let expected = NothingInCommon::Version {
            ours: ours.to_owned(),
            peers: peers.to_owned(),
        };
        assert_eq!(meet(&pki, &client, &server), Err((side, expected.into())));
    }
}

#[test]
fn SSLv23_server_method() {
    check_server(&ANY);
}

#[test]
fn SSLv23_client_method() {
    check_client(&ANY);
}

/// For either role: both configurations from one policy.
#[test]
fn SSLv23_method() {
    assert_eq!(meet(&Pki::new(), &ANY, &ANY), Ok(TLS1_3));
}

/// The methods of one version only: for a server, for a client, for either role.
macro_rules! methods_of {
    ($version:ident: $server:ident, $client:ident, $either:ident) => {
        #[test]
        fn $server() {
            check_server(&($version..=$version));
        }

        #[test]
        fn $client() {
            check_client(&($version..=$version));
        }

        #[test]
        fn $either() {
            let method = $version..=$version;
            assert_eq!(meet(&Pki::new(), &method, &method), Ok($version));
        }
    };
}

methods_of!(TLS1_3: TLSv1_3_server_method, TLSv1_3_client_method, TLSv1_3_method);
methods_of!(TLS1_2: TLSv1_2_server_method, TLSv1_2_client_method, TLSv1_2_method);
methods_of!(TLS1_1: TLSv1_1_server_method, TLSv1_1_client_method, TLSv1_1_method);
methods_of!(TLS1_0: TLSv1_server_method, TLSv1_client_method, TLSv1_method);

/// Every lowest version, with every server.
#[test]
fn SSL_CTX_set_min_proto_version() {
    for lowest in ALL {
        check_client(&(lowest..=TLS1_3));
        check_server(&(lowest..=TLS1_3));
    }
}

/// Every highest version, with every server.
#[test]
fn SSL_CTX_set_max_proto_version() {
    for highest in ALL {
        check_client(&(TLS1_0..=highest));
        check_server(&(TLS1_0..=highest));
    }
}

#[test]
fn SSL_CTX_get_min_proto_version_and_SSL_CTX_get_max_proto_version() {
    let pki = Pki::new();
    for lowest in ALL {
        for highest in ALL.into_iter().filter(|highest| *highest >= lowest) {
            let method = lowest..=highest;
            let client = client_of(&pki, &method).build().unwrap();
            assert_eq!(client.versions(), method);
            let server = server_of(&pki, &method).build().unwrap();
            assert_eq!(server.versions(), method);
        }
    }
    // What a configuration is that names none.
    assert_eq!(
        client_builder(&pki).build().unwrap().versions(),
        TLS1_2..=TLS1_3
    );
    assert_eq!(
        server_builder(&pki).build().unwrap().versions(),
        TLS1_2..=TLS1_3
    );
}
