//! TLS 1.2, 1.1 and 1.0 between our own two sides: every version and suite.
#![cfg(feature = "legacy")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::sync::Arc;

use support::psk::psk;
use support::{FixedClock, Pair, Side, deliver, pattern, pki, server_name};
use warifu::config::{Client, ConfigBuilder, Policy, Server, SuiteStatus};
use warifu::parameters::{CipherSuite, ProtocolVersion};
use warifu::psk::PskTable;
use warifu::{
    CertificateError, ClientAuth, ClientConfig, Connection, Credential, Error, HandshakeKind,
    PskPolicy, ServerConfig, Trust, UsageError,
};

const TLS1_0: ProtocolVersion = ProtocolVersion::TLS1_0;
const TLS1_1: ProtocolVersion = ProtocolVersion::TLS1_1;
const TLS1_2: ProtocolVersion = ProtocolVersion::TLS1_2;
const TLS1_3: ProtocolVersion = ProtocolVersion::TLS1_3;

/// A CA with a server certificate for each kind of key.
struct Keys {
    ca: pki::Ca,
    ecdsa: Arc<Credential>,
    rsa: Arc<Credential>,
}

impl Keys {
    fn new() -> Self {
        let ca = pki::Ca::root("test CA");
        let ecdsa = support::credential(&ca, &["host.example"]);
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        let (certificate, key) = ca.leaf_of_key(&["host.example"], key, |params| {
            params
                .key_usages
                .push(rcgen::KeyUsagePurpose::KeyEncipherment);
        });
        let rsa = Credential::from_der(vec![certificate], &key.serialize_der()).unwrap();
        Self {
            ca,
            ecdsa,
            rsa: Arc::new(rsa),
        }
    }

    fn client(&self) -> ConfigBuilder<Client> {
        let trust = Trust::builder()
            .with_ca_bytes(&self.ca.certificate)
            .build()
            .unwrap();
        ClientConfig::builder(trust).with_clock(Arc::new(FixedClock))
    }

    fn server(&self, credential: &Arc<Credential>) -> ConfigBuilder<Server> {
        ServerConfig::builder(credential.clone()).with_clock(Arc::new(FixedClock))
    }
}

/// 20,000 bytes in each direction.
fn exchange(pair: &mut Pair) {
    let data = pattern(20_000, 1);
    let (client, server) = (&mut pair.client, &mut pair.server);
    client.write(&data).unwrap();
    assert_eq!(deliver(client, server).concat(), data);
    server.write(&data).unwrap();
    assert_eq!(deliver(server, client).concat(), data);
}

fn connect(client: ConfigBuilder<Client>, server: ConfigBuilder<Server>) -> Pair {
    let mut pair = Pair {
        client: Connection::client(client.build().unwrap(), server_name()),
        server: Connection::server(server.build().unwrap()),
    };
    pair.handshake().unwrap();
    exchange(&mut pair);
    pair
}

#[test]
fn every_suite_connects_in_every_version_that_has_it() {
    let keys = Keys::new();
    let names: Vec<CipherSuite> = Policy::ALL
        .into_iter()
        .flat_map(Policy::cipher_suites)
        .chain([CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA])
        .collect();
    let mut connections = 0;
    for version in [TLS1_0, TLS1_1, TLS1_2] {
        for suite in &names {
            let name = suite.to_string();
            if name.starts_with("TLS_AES") || name.starts_with("TLS_CHACHA") {
                continue;
            }
            let is_old = name.ends_with("_CBC_SHA");
            if version < TLS1_2 && !is_old {
                continue;
            }
            let credential = match name.contains("ECDSA") {
                true => &keys.ecdsa,
                false => &keys.rsa,
            };
            let (mut client, mut server) = (keys.client(), keys.server(credential));
            if name.contains("PSK") {
                client = client.with_psks([psk("alice")]);
                server = server.with_psk_store(PskTable::new([psk("alice")]).unwrap());
            }
            let client = client
                .with_versions(version..=version)
                .with_cipher_suites(&[*suite]);
            let server = server
                .with_versions(version..=version)
                .with_cipher_suites(&[*suite]);
            let pair = connect(client, server);
            for connection in [&pair.client, &pair.server] {
                let facts = connection.facts().unwrap();
                assert_eq!((facts.version, facts.cipher_suite), (version, *suite));
                let kind = match name.contains("PSK") {
                    true => HandshakeKind::Psk,
                    false => HandshakeKind::Full,
                };
                assert_eq!(facts.handshake_kind, kind);
                assert!(facts.legacy.as_ref().unwrap().extended_main_secret);
            }
            connections += 1;
        }
    }
    assert!(connections > 100, "{connections}");
}

#[test]
fn the_highest_version_of_both_is_chosen() {
    let keys = Keys::new();
    let all = [TLS1_0, TLS1_1, TLS1_2, TLS1_3];
    for client_max in all {
        for server_max in all {
            let client = keys
                .client()
                .with_policy(Policy::Legacy)
                .with_versions(TLS1_0..=client_max);
            let server = keys
                .server(&keys.ecdsa)
                .with_policy(Policy::Legacy)
                .with_versions(TLS1_0..=server_max);
            let client = client.build().unwrap();
            let server = server.build().unwrap();
            let mut pair = Pair {
                client: Connection::client(client, server_name()),
                server: Connection::server(server),
            };
            // A server of TLS 1.2 or 1.3 that is reached by a higher client is a downgrade for nobody.
            pair.handshake().unwrap();
            let version = pair.client.facts().unwrap().version;
            assert_eq!(version, client_max.min(server_max));
            assert_eq!(pair.server.facts().unwrap().version, version);
            exchange(&mut pair);
        }
    }
}

/// With RSA_PSK both have certificates and a key; what the configuration says of the client's certificate counts.
#[test]
fn a_client_shows_its_certificate_beside_rsa_psk() {
    let keys = Keys::new();
    let own = support::credential(&keys.ca, &["client.example"]);
    for with_certificate in [true, false] {
        let mut client = keys
            .client()
            .with_psks([psk("alice")])
            .with_psk_policy(PskPolicy::RequiredWithCertificate);
        if with_certificate {
            client = client.with_credential(own.clone());
        }
        let trust = Trust::builder()
            .with_ca_bytes(&keys.ca.certificate)
            .build()
            .unwrap();
        let server = keys
            .server(&keys.rsa)
            .with_psk_store(PskTable::new([psk("alice")]).unwrap())
            .with_psk_policy(PskPolicy::RequiredWithCertificate)
            .with_client_auth(ClientAuth::required(trust));
        let suite = [CipherSuite::TLS_RSA_PSK_WITH_AES_128_GCM_SHA256];
        let mut pair = Pair {
            client: Connection::client(
                client.with_cipher_suites(&suite).build().unwrap(),
                server_name(),
            ),
            server: Connection::server(server.with_cipher_suites(&suite).build().unwrap()),
        };
        if !with_certificate {
            pair.expect_failure(Side::Server, &CertificateError::RequiredBefore13.into());
            continue;
        }
        pair.handshake().unwrap();
        let facts = pair.server.facts().unwrap();
        assert_eq!(
            facts.peer_certificates.as_ref().unwrap()[..],
            *own.certificates()
        );
        assert_eq!(&*facts.psk.as_ref().unwrap().identity, b"alice");
        exchange(&mut pair);
    }
}

#[test]
fn exporters_have_their_bounds_before_tls_1_3() {
    let keys = Keys::new();
    let version = TLS1_2..=TLS1_2;
    let pair = connect(
        keys.client().with_versions(version.clone()),
        keys.server(&keys.ecdsa).with_versions(version),
    );
    let label = b"EXPORTER-test";
    let export = |side: &Connection, context: Option<&[u8]>, len: usize| {
        let mut output = vec![0; len];
        side.export(label, context, &mut output).map(|()| output)
    };
    for context in [None, Some(&b""[..]), Some(b"context")] {
        let ours = export(&pair.client, context, 1024).unwrap();
        assert_eq!(export(&pair.server, context, 1024).unwrap(), ours);
    }
    // RFC 5705 Section 4: no context is another one than an empty context.
    assert_ne!(
        export(&pair.client, None, 32),
        export(&pair.client, Some(b""), 32)
    );
    let too_much = Error::Usage(UsageError::NotAvailable(
        "before TLS 1.3 an exporter gives at most 1024 bytes, for a context of at most 65535",
    ));
    assert_eq!(export(&pair.client, None, 1025), Err(too_much.clone()));
    assert_eq!(
        export(&pair.client, Some(&vec![0; 65_536]), 32),
        Err(too_much)
    );
}

/// Whoever names TLS 1.0 gets suites for it, and none without forward secrecy.
#[test]
fn older_versions_bring_forward_secret_suites_alone() {
    let keys = Keys::new();
    let server = keys
        .server(&keys.rsa)
        .with_versions(TLS1_0..=TLS1_3)
        .build()
        .unwrap();
    for (suite, expected) in [
        (
            CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
            SuiteStatus::Enabled,
        ),
        (
            CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA,
            SuiteStatus::NotChosen {
                policies: vec![Policy::Compat, Policy::Legacy],
            },
        ),
    ] {
        assert_eq!(server.suite_status(suite), expected, "{suite}");
    }
}
