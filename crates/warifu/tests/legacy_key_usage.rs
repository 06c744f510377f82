//! What the key usage of a certificate lets its key do before TLS 1.3, and which of several credentials is taken.
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

use rcgen::KeyUsagePurpose::{self, DigitalSignature, KeyAgreement, KeyEncipherment};
use support::psk::psk;
use support::{FixedClock, Pair, Side, deliver, pki, server_name};
use warifu::config::{Client, ConfigBuilder, Server};
use warifu::credential::{CredentialError, Credentials};
use warifu::error::NothingInCommon;
use warifu::parameters::{
    AlertDescription, CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme,
};
use warifu::psk::PskTable;
use warifu::resumption::{MemorySessionStore, MemorySessions, Tickets};
use warifu::{
    CertificateError, ClientAuth, ClientConfig, Connection, Credential, Error, ServerConfig, Trust,
};

const TLS1_0: ProtocolVersion = ProtocolVersion::TLS1_0;
const TLS1_1: ProtocolVersion = ProtocolVersion::TLS1_1;
const TLS1_2: ProtocolVersion = ProtocolVersion::TLS1_2;
const TLS1_3: ProtocolVersion = ProtocolVersion::TLS1_3;

const RSA_GCM: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256;
const RSA_CBC: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
const RSA_PSK_GCM: CipherSuite = CipherSuite::TLS_RSA_PSK_WITH_AES_128_GCM_SHA256;
const ECDHE_RSA_GCM: CipherSuite = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
const ECDHE_RSA_CBC: CipherSuite = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA;
const DHE_RSA_GCM: CipherSuite = CipherSuite::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256;
const ECDHE_ECDSA_GCM: CipherSuite = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;

const KEY_TRANSPORT: [(ProtocolVersion, CipherSuite); 4] = [
    (TLS1_0, RSA_CBC),
    (TLS1_1, RSA_CBC),
    (TLS1_2, RSA_GCM),
    (TLS1_2, RSA_PSK_GCM),
];

fn rsa_key() -> rcgen::KeyPair {
    rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap()
}

fn try_credential(
    ca: &pki::Ca,
    key: rcgen::KeyPair,
    usages: &[KeyUsagePurpose],
) -> Result<Arc<Credential>, CredentialError> {
    let (certificate, key) = ca.leaf_of_key(&["host.example"], key, |params| {
        params.key_usages = usages.to_vec();
    });
    Credential::from_der(vec![certificate], &key.serialize_der()).map(Arc::new)
}

fn credential(ca: &pki::Ca, key: rcgen::KeyPair, usages: &[KeyUsagePurpose]) -> Arc<Credential> {
    try_credential(ca, key, usages).unwrap()
}

fn trust(ca: &pki::Ca) -> Trust {
    let builder = Trust::builder().with_ca_bytes(&ca.certificate);
    builder.build().unwrap()
}

/// A client of one version that offers these suites, and has a key.
fn client(ca: &pki::Ca, version: ProtocolVersion, suites: &[CipherSuite]) -> ConfigBuilder<Client> {
    let mut client = ClientConfig::builder(trust(ca))
        .with_clock(Arc::new(FixedClock))
        .with_versions(version..=version);
    if suites.contains(&RSA_PSK_GCM) {
        client = client.with_psks([psk("alice")]);
    }
    match suites {
        [] => client,
        suites => client.with_cipher_suites(suites),
    }
}

const ALL: [CipherSuite; 7] = [
    ECDHE_RSA_GCM,
    ECDHE_RSA_CBC,
    DHE_RSA_GCM,
    ECDHE_ECDSA_GCM,
    RSA_GCM,
    RSA_CBC,
    RSA_PSK_GCM,
];

fn server(credentials: impl Into<Credentials>) -> ConfigBuilder<Server> {
    let mut suites = ALL.to_vec();
    suites.push(CipherSuite::TLS_AES_128_GCM_SHA256);
    ServerConfig::builder(credentials.into())
        .with_clock(Arc::new(FixedClock))
        .with_versions(TLS1_0..=TLS1_3)
        .with_cipher_suites(&suites)
        .with_psk_store(PskTable::new([psk("alice")]).unwrap())
}

fn pair(client: ConfigBuilder<Client>, server: ConfigBuilder<Server>) -> Pair {
    Pair {
        client: Connection::client(client.build().unwrap(), server_name()),
        server: Connection::server(server.build().unwrap()),
    }
}

fn connect(client: ConfigBuilder<Client>, server: ConfigBuilder<Server>) -> Pair {
    let mut pair = pair(client, server);
    pair.handshake().unwrap();
    pair.client.write(b"hello").unwrap();
    let data = deliver(&mut pair.client, &mut pair.server);
    assert_eq!(data.concat(), b"hello");
    pair
}

/// The server finds no suite that it can use with a client of this one, and says so by handshake_failure.
#[track_caller]
fn expect_no_suite(
    client: ConfigBuilder<Client>,
    server: ConfigBuilder<Server>,
    suite: CipherSuite,
) {
    let error = Error::from(NothingInCommon::CipherSuite {
        ours: suite.to_string(),
        peers: suite.to_string(),
    });
    assert_eq!(error.alert(), Some(AlertDescription::HANDSHAKE_FAILURE));
    pair(client, server).expect_failure(Side::Server, &error);
}

#[track_caller]
fn expect_no_scheme(
    client: ConfigBuilder<Client>,
    server: ConfigBuilder<Server>,
    ours: &str,
    peers: &str,
) {
    let error = Error::from(NothingInCommon::SignatureScheme {
        ours: ours.to_owned(),
        peers: peers.to_owned(),
    });
    assert_eq!(error.alert(), Some(AlertDescription::HANDSHAKE_FAILURE));
    pair(client, server).expect_failure(Side::Server, &error);
}

/// RFC 5246 Section 7.4.2: for RSA and RSA_PSK, "the keyEncipherment bit MUST be set if the key usage extension is present".
#[test]
fn a_certificate_for_signatures_alone_serves_no_key_transport() {
    let ca = pki::Ca::root("test CA");
    let signs = credential(&ca, rsa_key(), &[DigitalSignature]);
    for (version, suite) in KEY_TRANSPORT {
        let server = server(signs.clone())
            .with_versions(version..=version)
            .with_cipher_suites(&[suite]);
        let client = client(&ca, version, &[suite]);
        expect_no_suite(client, server, suite);
    }
    // It signs, and so do certificates that say nothing of their use.
    let any = credential(&ca, rsa_key(), &[]);
    for credential in [&signs, &any] {
        let client = client(&ca, TLS1_2, &[RSA_GCM, ECDHE_RSA_GCM]);
        let pair = connect(client, server(credential.clone()));
        assert_eq!(pair.client.facts().unwrap().cipher_suite, ECDHE_RSA_GCM);
    }
    connect(client(&ca, TLS1_2, &[RSA_GCM]), server(any));
}

/// Usual in old PKIs.
#[test]
fn a_certificate_for_key_encipherment_alone_serves_key_transport() {
    let ca = pki::Ca::root("test CA");
    let decrypts = credential(&ca, rsa_key(), &[KeyEncipherment]);
    for (version, suite) in KEY_TRANSPORT {
        // Among several and alone, whether chosen from a list or not.
        let alone = ServerConfig::builder(decrypts.clone())
            .with_clock(Arc::new(FixedClock))
            .with_versions(version..=version)
            .with_cipher_suites(&[suite])
            .with_psk_store(PskTable::new([psk("alice")]).unwrap());
        for server in [alone, server(decrypts.clone())] {
            let client = client(&ca, version, &[suite]).with_session_store(MemorySessions::new(10));
            let client = client.build().unwrap();
            let tickets = Tickets::stored(MemorySessionStore::new(10));
            let server = server.with_tickets(tickets).build().unwrap();
            for resumed in [false, true] {
                let mut pair = Pair {
                    client: Connection::client(client.clone(), server_name()),
                    server: Connection::server(server.clone()),
                };
                pair.handshake().unwrap();
                let facts = pair.client.facts().unwrap();
                assert_eq!((facts.version, facts.cipher_suite), (version, suite));
                assert_eq!(facts.resumed, resumed);
                let certificates = facts.peer_certificates.clone().unwrap();
                assert_eq!(*certificates, *decrypts.certificates());
            }
        }
    }
    let client = client(&ca, TLS1_2, &ALL);
    let pair = connect(client, server(decrypts));
    let suite = pair.client.facts().unwrap().cipher_suite;
    assert!([RSA_GCM, RSA_CBC, RSA_PSK_GCM].contains(&suite), "{suite}");
}

#[test]
fn a_certificate_for_key_encipherment_alone_serves_nothing_else() {
    let ca = pki::Ca::root("test CA");
    let decrypts = credential(&ca, rsa_key(), &[KeyEncipherment]);
    assert_eq!(decrypts.schemes(), []);
    let server = || {
        ServerConfig::builder(decrypts.clone())
            .with_clock(Arc::new(FixedClock))
            .with_versions(TLS1_0..=TLS1_3)
            .with_cipher_suites(&[
                ECDHE_RSA_GCM,
                ECDHE_RSA_CBC,
                DHE_RSA_GCM,
                CipherSuite::TLS_AES_128_GCM_SHA256,
            ])
    };
    let schemes = [SignatureScheme::RSA_PSS_RSAE_SHA256];
    for suite in [ECDHE_RSA_GCM, DHE_RSA_GCM] {
        let client = client(&ca, TLS1_2, &[suite]).with_signature_schemes(&schemes);
        expect_no_scheme(client, server(), "none", "rsa_pss_rsae_sha256");
    }
    for version in [TLS1_0, TLS1_1] {
        let client = client(&ca, version, &[ECDHE_RSA_CBC]);
        let peers = format!("those of {version}: MD5 with SHA-1 by RSA, SHA-1 by ECDSA");
        expect_no_scheme(client, server(), "none", &peers);
    }
    let tls13 = client(&ca, TLS1_3, &[]).with_signature_schemes(&schemes);
    expect_no_scheme(tls13, server(), "none", "rsa_pss_rsae_sha256");
    // As a client's it proves nothing: the client answers as one without.
    let signs = credential(&ca, rsa_key(), &[DigitalSignature]);
    for version in [TLS1_0, TLS1_1, TLS1_2] {
        let client =
            client(&ca, version, &[ECDHE_RSA_GCM, ECDHE_RSA_CBC]).with_credential(decrypts.clone());
        let server = ServerConfig::builder(signs.clone())
            .with_clock(Arc::new(FixedClock))
            .with_versions(version..=version)
            .with_cipher_suites(&[ECDHE_RSA_GCM, ECDHE_RSA_CBC])
            .with_client_auth(ClientAuth::required(trust(&ca)));
        pair(client, server)
            .expect_failure(Side::Server, &CertificateError::RequiredBefore13.into());
    }
    // Nothing but RSA keys encrypts.
    let p256 = || rcgen::KeyPair::generate().unwrap();
    for (key, usages) in [
        (p256(), &[KeyEncipherment][..]),
        (p256(), &[KeyAgreement]),
        (rsa_key(), &[KeyAgreement]),
    ] {
        let error = try_credential(&ca, key, usages).unwrap_err();
        let subject = "CN=leaf".to_owned();
        assert_eq!(error, CredentialError::NoDigitalSignature { subject });
    }
}

/// Of several the one whose key usage fits the suites that the client has.
#[test]
fn credentials_are_chosen_by_key_usage() {
    let ca = pki::Ca::root("test CA");
    let decrypts = credential(&ca, rsa_key(), &[KeyEncipherment]);
    let signs = credential(&ca, rsa_key(), &[DigitalSignature]);
    let list = Credentials::new(vec![decrypts.clone(), signs.clone()]);
    for (version, suites, expected) in [
        (TLS1_2, &[RSA_GCM][..], &decrypts),
        (TLS1_0, &[RSA_CBC], &decrypts),
        (TLS1_2, &[RSA_PSK_GCM], &decrypts),
        (TLS1_2, &[ECDHE_RSA_GCM], &signs),
        (TLS1_0, &[ECDHE_RSA_CBC], &signs),
        // Both would do; only one has forward secrecy.
        (TLS1_2, &[RSA_GCM, ECDHE_RSA_GCM], &signs),
        (TLS1_3, &[], &signs),
    ] {
        let pair = connect(client(&ca, version, suites), server(list.clone()));
        let chosen = pair.server.facts().unwrap().local_credential.clone();
        assert!(Arc::ptr_eq(&chosen.unwrap(), expected), "{suites:?}");
    }
}

/// RFC 8422 Section 5.1 and 5.3: before TLS 1.3 an ECDSA key is on a curve that the client names, and where no curve is in common,
/// no suite needs one.
#[test]
fn credentials_are_chosen_by_the_curves_that_the_client_names() {
    use NamedGroup as G;
    let ca = pki::Ca::root("test CA");
    let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let p384 = credential(&ca, p384, &[]);
    let p256 = credential(&ca, rcgen::KeyPair::generate().unwrap(), &[]);
    let rsa = credential(&ca, rsa_key(), &[]);
    let list = Credentials::new(vec![p384.clone(), p256.clone(), rsa.clone()]);
    let suites = [ECDHE_ECDSA_GCM, RSA_GCM];
    for (groups, expected) in [
        (&[G::SECP256R1][..], &p256),
        (&[G::X25519, G::SECP256R1], &p256),
        (&[G::SECP384R1, G::SECP256R1], &p384),
        (&[G::X25519], &rsa),
        // Not ours, for ECDHE.
        (&[G::SECP521R1], &rsa),
    ] {
        let client = client(&ca, TLS1_2, &suites).with_groups(groups);
        let server = server(list.clone()).with_groups(&[G::X25519, G::SECP256R1, G::SECP384R1]);
        let pair = connect(client, server);
        let chosen = pair.server.facts().unwrap().local_credential.clone();
        assert!(Arc::ptr_eq(&chosen.unwrap(), expected), "{groups:?}");
    }
    // In TLS 1.3 the schemes say it.
    let client = client(&ca, TLS1_3, &[]).with_groups(&[G::X25519]);
    let pair = connect(client, server(list));
    let chosen = pair.server.facts().unwrap().local_credential.clone();
    assert!(Arc::ptr_eq(&chosen.unwrap(), &p384));
}

/// In TLS 1.2 ECDSA has any hash with any curve, and RSA has PKCS #1 v1.5.
#[test]
fn credentials_are_chosen_by_what_they_sign_in_the_version_at_hand() {
    use SignatureScheme as S;
    let ca = pki::Ca::root("test CA");
    let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let p384 = credential(&ca, p384, &[DigitalSignature]);
    let rsa = credential(&ca, rsa_key(), &[DigitalSignature, KeyEncipherment]);
    let p256 = credential(&ca, rcgen::KeyPair::generate().unwrap(), &[]);
    for (own, scheme, suite) in [
        (&p384, S::ECDSA_SECP256R1_SHA256, ECDHE_ECDSA_GCM),
        (&rsa, S::RSA_PKCS1_SHA256, ECDHE_RSA_GCM),
    ] {
        let client = client(&ca, TLS1_2, &[suite]).with_signature_schemes(&[scheme]);
        let pair = connect(client, server(own.clone()));
        let facts = pair.client.facts().unwrap();
        assert_eq!(facts.peer_signature_scheme, Some(scheme));

        // A client's own.
        let client = self::client(&ca, TLS1_2, &[ECDHE_ECDSA_GCM])
            .with_credential(Credentials::from(own.clone()));
        let server = server(p256.clone())
            .with_versions(TLS1_2..=TLS1_2)
            .with_signature_schemes(&[scheme])
            .with_client_auth(ClientAuth::required(trust(&ca)));
        let pair = connect(client, server);
        let facts = pair.server.facts().unwrap();
        assert_eq!(facts.peer_signature_scheme, Some(scheme));
        let certificates = facts.peer_certificates.clone().unwrap();
        assert_eq!(*certificates, *own.certificates());
    }
    // In TLS 1.3 neither.
    let list = Credentials::new(vec![p384.clone(), rsa.clone(), p256.clone()]);
    let schemes = [S::RSA_PKCS1_SHA256, S::ECDSA_SECP256R1_SHA256];
    for (version, expected) in [(TLS1_2, &p384), (TLS1_3, &p256)] {
        let suites: &[CipherSuite] = match version {
            TLS1_2 => &[ECDHE_ECDSA_GCM],
            _ => &[],
        };
        let client = client(&ca, version, suites).with_signature_schemes(&schemes);
        let pair = connect(client, server(list.clone()));
        let chosen = pair.server.facts().unwrap().local_credential.clone();
        assert!(Arc::ptr_eq(&chosen.unwrap(), expected), "{version}");
    }
    // Ed25519 signs in TLS 1.2, and not before.
    let ed25519 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let ed25519 = credential(&ca, ed25519, &[DigitalSignature]);
    let list = Credentials::new(vec![ed25519.clone(), p256.clone()]);
    let cbc = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA;
    for (version, expected) in [(TLS1_0, &p256), (TLS1_1, &p256), (TLS1_2, &ed25519)] {
        let server = server(list.clone()).with_cipher_suites(&[cbc]);
        let pair = connect(
            client(&ca, version, &[cbc]),
            server.with_versions(TLS1_0..=TLS1_2),
        );
        let chosen = pair.server.facts().unwrap().local_credential.clone();
        assert!(Arc::ptr_eq(&chosen.unwrap(), expected), "{version}");
    }
}
