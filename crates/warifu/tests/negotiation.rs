//! What two sides agree upon: suite, group, ALPN, SNI, credentials, and how clients and servers prove themselves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::sync::Arc;

use rcgen::KeyPair;
use support::pki::{self, Ca, Directory};
use support::{
    CHANGE_CIPHER_SPEC, HANDSHAKE, Pair, Pki, Side, client_builder, credential, deliver,
    server_builder, server_name, wire_records,
};
use warifu::config::{Client, ConfigBuilder, Server};
use warifu::credential::{CredentialError, Credentials};
use warifu::decision::{
    Answer, ChooseCredential, CredentialRequest, PeerRole, PresentedChain, VerifyPeer,
};
use warifu::parameters::{
    CipherSuite, NamedGroup, ProtocolVersion, PskKeyExchangeMode, SignatureScheme,
};
use warifu::pki_types::ServerName;
use warifu::{
    CertificateError, ClientAuth, ClientConfig, Connection, Credential, Error, HandshakeKind,
    NothingInCommon, Trust, UsageError,
};

fn same<R>(builder: ConfigBuilder<R>) -> ConfigBuilder<R> {
    builder
}

const SUITES: [CipherSuite; 5] = [
    CipherSuite::TLS_AES_128_GCM_SHA256,
    CipherSuite::TLS_AES_256_GCM_SHA384,
    CipherSuite::TLS_CHACHA20_POLY1305_SHA256,
    CipherSuite::TLS_AES_128_CCM_SHA256,
    CipherSuite::TLS_AES_128_CCM_8_SHA256,
];

const GROUPS: [NamedGroup; 9] = [
    NamedGroup::X25519MLKEM768,
    NamedGroup::X25519,
    NamedGroup::SECP256R1,
    NamedGroup::SECP384R1,
    NamedGroup::SECP521R1,
    NamedGroup::SECP256R1MLKEM768,
    NamedGroup::SECP384R1MLKEM1024,
    NamedGroup::MLKEM768,
    NamedGroup::MLKEM1024,
];

/// Data both ways, and the same exporter on both sides.
#[track_caller]
fn expect_working(pair: &mut Pair) {
    for (message, by_client) in [(&b"from the client"[..], true), (b"from the server", false)] {
        let Pair { client, server } = &mut *pair;
        let (from, to) = if by_client {
            (client, server)
        } else {
            (server, client)
        };
        from.write(message).unwrap();
        assert_eq!(deliver(from, to), [message]);
    }
    let (mut ours, mut theirs) = ([0; 32], [1; 32]);
    pair.client
        .export(b"EXPERIMENTAL", None, &mut ours)
        .unwrap();
    pair.server
        .export(b"EXPERIMENTAL", None, &mut theirs)
        .unwrap();
    assert_eq!(ours, theirs);
}

// ---- suites and groups ----

#[test]
fn every_suite_works_with_every_group() {
    let pki = Pki::new();
    for suite in SUITES {
        for group in GROUPS {
            let mut pair = Pair::with_pki(
                &pki,
                |client| client.with_cipher_suites(&[suite]).with_groups(&[group]),
                |server| server.with_cipher_suites(&SUITES).with_groups(&GROUPS),
            );
            pair.handshake().unwrap();
            for connection in [&pair.client, &pair.server] {
                let facts = connection.facts().unwrap();
                assert_eq!(facts.version, ProtocolVersion::TLS1_3);
                assert_eq!(facts.cipher_suite, suite);
                assert_eq!(facts.group, Some(group));
                assert_eq!(facts.handshake_kind, HandshakeKind::Full);
                assert!(!facts.resumed);
            }
            expect_working(&mut pair);
        }
    }
}

#[test]
fn every_group_works_after_a_retry_with_and_without_cookie() {
    let pki = Pki::new();
    for suite in SUITES {
        for group in GROUPS {
            let first = if group == NamedGroup::SECP256R1 {
                NamedGroup::SECP384R1
            } else {
                NamedGroup::SECP256R1
            };
            for cookie in [false, true] {
                let mut pair = Pair::with_pki(
                    &pki,
                    |client| {
                        client
                            .with_cipher_suites(&[suite])
                            .with_groups(&[first, group])
                    },
                    |server| {
                        server
                            .with_cipher_suites(&SUITES)
                            .with_groups(&[group])
                            .with_retry_cookie(cookie)
                    },
                );
                pair.handshake().unwrap();
                for connection in [&pair.client, &pair.server] {
                    let facts = connection.facts().unwrap();
                    assert_eq!(facts.cipher_suite, suite);
                    assert_eq!(facts.group, Some(group));
                    assert_eq!(facts.handshake_kind, HandshakeKind::FullWithRetry);
                }
                expect_working(&mut pair);
            }
        }
    }
}

#[test]
fn default_client_needs_no_retry_at_a_server_without_its_hybrid() {
    // The classical half of the hybrid goes along as a share of its own.
    let mut pair = Pair::established(same, |server| {
        server.with_groups(&[NamedGroup::SECP256R1, NamedGroup::X25519])
    });
    let facts = pair.client.facts().unwrap();
    // The server's first would cost a retry.
    assert_eq!(facts.group, Some(NamedGroup::X25519));
    assert_eq!(facts.handshake_kind, HandshakeKind::Full);
    expect_working(&mut pair);
}

#[test]
fn server_prefers_its_own_order_of_groups_within_what_costs_no_retry() {
    let pair = Pair::established(same, |server| {
        server.with_groups(&[
            NamedGroup::SECP384R1,
            NamedGroup::X25519,
            NamedGroup::X25519MLKEM768,
        ])
    });
    assert_eq!(pair.server.facts().unwrap().group, Some(NamedGroup::X25519));
    // Where every choice costs a retry, its first is taken.
    let mut pair = Pair::established(
        |client| {
            client.with_groups(&[
                NamedGroup::SECP521R1,
                NamedGroup::SECP256R1,
                NamedGroup::SECP384R1,
            ])
        },
        |server| server.with_groups(&[NamedGroup::SECP384R1, NamedGroup::SECP256R1]),
    );
    assert_eq!(
        pair.server.facts().unwrap().group,
        Some(NamedGroup::SECP384R1)
    );
    expect_working(&mut pair);
}

#[test]
fn server_prefers_its_own_order_of_suites_unless_the_client_puts_chacha_first() {
    use CipherSuite as Suite;
    const AES_128: Suite = Suite::TLS_AES_128_GCM_SHA256;
    const AES_256: Suite = Suite::TLS_AES_256_GCM_SHA384;
    const CHACHA: Suite = Suite::TLS_CHACHA20_POLY1305_SHA256;
    const CCM: Suite = Suite::TLS_AES_128_CCM_SHA256;
    let pki = Pki::new();
    for (client, server, chosen) in [
        (&[AES_256, AES_128][..], &[AES_128, AES_256][..], AES_128),
        (&[AES_128, AES_256], &[AES_256, AES_128], AES_256),
        (&[CHACHA, AES_128], &[AES_128, CHACHA], CHACHA),
        (&[AES_128, CHACHA], &[CHACHA, AES_128], CHACHA),
        (&[CHACHA, AES_128], &[AES_128], AES_128),
        // The client's first that this server knows is what says whether it has AES.
        (&[CCM, CHACHA, AES_128], &[AES_128, CHACHA], CHACHA),
        (
            &[AES_256, CHACHA, AES_128],
            &[AES_128, CHACHA, AES_256],
            AES_128,
        ),
    ] {
        let mut pair = Pair::with_pki(
            &pki,
            |builder| builder.with_cipher_suites(client),
            |builder| builder.with_cipher_suites(server),
        );
        pair.handshake().unwrap();
        assert_eq!(pair.client.facts().unwrap().cipher_suite, chosen);
    }
}

#[test]
fn ccm_is_negotiated_only_when_named() {
    for suite in [
        CipherSuite::TLS_AES_128_CCM_SHA256,
        CipherSuite::TLS_AES_128_CCM_8_SHA256,
    ] {
        let mut pair = Pair::with(|client| client.with_cipher_suites(&[suite]), same);
        let expected = Error::NothingInCommon(NothingInCommon::CipherSuite {
            ours: "TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256"
                .to_owned(),
            peers: suite.to_string(),
        });
        pair.expect_failure(Side::Server, &expected);
    }
}

#[test]
fn no_common_group_is_refused_with_both_lists() {
    let mut pair = Pair::with(
        |client| client.with_groups(&[NamedGroup::SECP521R1]),
        |server| server.with_groups(&[NamedGroup::X25519, NamedGroup::SECP256R1]),
    );
    let expected = Error::NothingInCommon(NothingInCommon::Group {
        ours: "x25519, secp256r1".to_owned(),
        peers: "secp521r1".to_owned(),
    });
    pair.expect_failure(Side::Server, &expected);
}

// ---- ALPN ----

#[test]
fn alpn_takes_the_servers_first_that_the_client_offers() {
    for (client, server, agreed) in [
        (
            &["h2", "http/1.1"][..],
            &["http/1.1", "h2"][..],
            Some("http/1.1"),
        ),
        (&["x", "h2"], &["h2"], Some("h2")),
        (&[], &["h2"], None),
        (&["h2"], &[], None),
        (&[], &[], None),
    ] {
        let pair = Pair::established(|c| c.with_alpn(client), |s| s.with_alpn(server));
        for connection in [&pair.client, &pair.server] {
            let alpn = connection.facts().unwrap().alpn.as_deref();
            assert_eq!(alpn, agreed.map(str::as_bytes));
        }
    }
}

#[test]
fn alpn_without_common_protocol_is_refused() {
    let mut pair = Pair::with(
        |client| client.with_alpn(["h2", "\x00odd"]),
        |server| server.with_alpn(["http/1.1"]),
    );
    let expected = Error::NothingInCommon(NothingInCommon::ApplicationProtocol {
        ours: "http/1.1".to_owned(),
        peers: "h2, \\x00odd".to_owned(),
    });
    pair.expect_failure(Side::Server, &expected);
}

// ---- SNI and the choice among credentials ----

/// A client's connection to `name` and the default server.
fn pair_to(
    pki: &Pki,
    name: &str,
    client: impl FnOnce(ConfigBuilder<Client>) -> ConfigBuilder<Client>,
    server: impl FnOnce(ConfigBuilder<Server>) -> ConfigBuilder<Server>,
) -> Pair {
    let name: ServerName<'static> = ServerName::try_from(name.to_owned()).unwrap();
    let server = server(server_builder(pki)).build().unwrap();
    Pair {
        client: Connection::client(client(client_builder(pki)).build().unwrap(), name),
        server: Connection::server(server),
    }
}

#[test]
fn sni_is_sent_for_names_and_never_for_addresses() {
    let mut pki = Pki::new();
    pki.server = credential(&pki.ca, &["host.example", "192.0.2.7"]);
    for (name, enabled, sent) in [
        ("host.example", true, Some("host.example")),
        ("host.example.", true, Some("host.example")),
        ("host.example", false, None),
        ("192.0.2.7", true, None),
    ] {
        let mut pair = pair_to(
            &pki,
            name,
            |client| client.with_server_name_indication(enabled),
            same,
        );
        pair.client.process().unwrap();
        let hello = pair.client.output().to_vec();
        let in_the_clear = hello
            .windows(b"host.example".len())
            .any(|window| window == b"host.example");
        assert_eq!(in_the_clear, sent.is_some(), "{name}");
        pair.handshake().unwrap();
        for connection in [&pair.client, &pair.server] {
            assert_eq!(connection.facts().unwrap().server_name.as_deref(), sent);
        }
    }
}

/// The credential that the server of these has shown.
fn shown(
    pki: &Pki,
    name: &str,
    client: impl FnOnce(ConfigBuilder<Client>) -> ConfigBuilder<Client>,
    credentials: &Credentials,
) -> Vec<u8> {
    let trust = Trust::builder()
        .with_ca_bytes(&pki.ca.certificate)
        .dangerous()
        .accept_any_name()
        .build()
        .unwrap();
    let config = warifu::ClientConfig::builder(trust).with_clock(Arc::new(support::FixedClock));
    let server = warifu::ServerConfig::builder(credentials.clone())
        .with_clock(Arc::new(support::FixedClock))
        .build()
        .unwrap();
    let name: ServerName<'static> = ServerName::try_from(name.to_owned()).unwrap();
    let mut pair = Pair {
        client: Connection::client(client(config).build().unwrap(), name),
        server: Connection::server(server),
    };
    pair.handshake().unwrap();
    let facts = pair.client.facts().unwrap();
    let local = pair
        .server
        .facts()
        .unwrap()
        .local_credential
        .clone()
        .unwrap();
    let leaf = facts.peer_certificates.as_ref().unwrap()[0].to_vec();
    assert_eq!(local.certificates()[0].to_vec(), leaf);
    leaf
}

/// A credential with a key of this algorithm.
fn credential_of(
    ca: &Ca,
    names: &[&str],
    algorithm: &'static rcgen::SignatureAlgorithm,
) -> Arc<Credential> {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let certificate = pki::leaf_params(names)
        .signed_by(&key, &ca.issuer)
        .unwrap()
        .der()
        .clone();
    Arc::new(Credential::from_der(vec![certificate], &key.serialize_der()).unwrap())
}

#[test]
fn server_chooses_among_credentials_by_name_and_by_the_clients_schemes() {
    let pki = Pki::new();
    let one = credential_of(&pki.ca, &["one.example"], &rcgen::PKCS_ECDSA_P256_SHA256);
    let two = credential_of(&pki.ca, &["two.example"], &rcgen::PKCS_ECDSA_P256_SHA256);
    let two_ed25519 = credential_of(&pki.ca, &["two.example"], &rcgen::PKCS_ED25519);
    let wildcard = credential_of(&pki.ca, &["*.three.example"], &rcgen::PKCS_ED25519);
    let credentials = Credentials::new(vec![
        one.clone(),
        two.clone(),
        two_ed25519.clone(),
        wildcard.clone(),
    ]);
    let leaf = |credential: &Arc<Credential>| credential.certificates()[0].to_vec();
    let only =
        |scheme| move |client: ConfigBuilder<Client>| client.with_signature_schemes(&[scheme]);
    let p256 = SignatureScheme::ECDSA_SECP256R1_SHA256;
    let ed25519 = SignatureScheme::ED25519;

    assert_eq!(shown(&pki, "one.example", same, &credentials), leaf(&one));
    assert_eq!(shown(&pki, "two.example", same, &credentials), leaf(&two));
    assert_eq!(shown(&pki, "TWO.example", same, &credentials), leaf(&two));
    assert_eq!(
        shown(&pki, "a.three.example", same, &credentials),
        leaf(&wildcard)
    );
    assert_eq!(
        shown(&pki, "two.example", only(ed25519), &credentials),
        leaf(&two_ed25519)
    );
    assert_eq!(
        shown(&pki, "a.three.example", only(p256), &credentials),
        leaf(&one)
    );
    // A name that is not served, an address, and no SNI at all: the first.
    for name in ["four.example", "192.0.2.1"] {
        assert_eq!(shown(&pki, name, same, &credentials), leaf(&one));
    }
    assert_eq!(
        shown(
            &pki,
            "two.example",
            |client| client.with_server_name_indication(false),
            &credentials
        ),
        leaf(&one)
    );
}

#[test]
fn server_whose_keys_the_client_cannot_verify_says_so() {
    let mut pair = Pair::with(
        |client| client.with_signature_schemes(&[SignatureScheme::ED25519]),
        same,
    );
    let expected = Error::NothingInCommon(NothingInCommon::SignatureScheme {
        ours: "ecdsa_secp256r1_sha256".to_owned(),
        peers: "ed25519".to_owned(),
    });
    pair.expect_failure(Side::Server, &expected);
}

#[test]
fn connections_own_credential_wins_over_the_configurations() {
    let pki = Pki::new();
    let trust = pki.trust();
    let mut pair = Pair::with_pki(
        &pki,
        |client| client.with_credential(pki.client.clone()),
        |server| server.with_client_auth(ClientAuth::required(trust)),
    );
    let server = credential(&pki.ca, &["host.example"]);
    let client = credential(&pki.ca, &["other-client.example"]);
    pair.server.set_credential(server.clone()).unwrap();
    pair.client.set_credential(client.clone()).unwrap();
    pair.handshake().unwrap();
    let chain = |connection: &Connection| {
        connection
            .facts()
            .unwrap()
            .peer_certificates
            .as_ref()
            .unwrap()[0]
            .clone()
    };
    assert_eq!(chain(&pair.client), server.certificates()[0]);
    assert_eq!(chain(&pair.server), client.certificates()[0]);
    // Too late now.
    let error = pair.client.set_credential(client).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a connection's credential is set before its handshake starts"
    );
    expect_working(&mut pair);
}

#[test]
fn connections_own_credential_serves_where_the_configuration_has_none() {
    let pki = Pki::new();
    let trust = pki.trust();
    let mut pair = Pair::with_pki(&pki, same, |server| {
        server.with_client_auth(ClientAuth::required(trust))
    });
    pair.client.set_credential(pki.client.clone()).unwrap();
    pair.handshake().unwrap();
    assert!(pair.server.facts().unwrap().peer_certificates.is_some());
}

// ---- key types, and client authentication ----

/// One credential of each key type, with the scheme it signs with first, all of one CA.
fn credentials_of_every_kind(ca: &Ca, name: &str) -> Vec<(SignatureScheme, Arc<Credential>)> {
    let rsa = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let certificate = pki::leaf_params(&[name])
        .signed_by(&rsa, &ca.issuer)
        .unwrap()
        .der()
        .clone();
    let rsa = Credential::from_der(vec![certificate], &rsa.serialize_der()).unwrap();
    let mut credentials = vec![(SignatureScheme::RSA_PSS_RSAE_SHA256, Arc::new(rsa))];
    for (scheme, algorithm) in [
        (
            SignatureScheme::ECDSA_SECP256R1_SHA256,
            &rcgen::PKCS_ECDSA_P256_SHA256,
        ),
        (
            SignatureScheme::ECDSA_SECP384R1_SHA384,
            &rcgen::PKCS_ECDSA_P384_SHA384,
        ),
        (
            SignatureScheme::ECDSA_SECP521R1_SHA512,
            &rcgen::PKCS_ECDSA_P521_SHA512,
        ),
        (SignatureScheme::ED25519, &rcgen::PKCS_ED25519),
        (SignatureScheme::MLDSA44, &rcgen::PKCS_ML_DSA_44),
        (SignatureScheme::MLDSA65, &rcgen::PKCS_ML_DSA_65),
        (SignatureScheme::MLDSA87, &rcgen::PKCS_ML_DSA_87),
    ] {
        credentials.push((scheme, credential_of(ca, &[name], algorithm)));
    }
    credentials.push((
        SignatureScheme::RSA_PSS_PSS_SHA256,
        rsa_pss_credential(ca, name),
    ));
    credentials
}

/// A key with the RSASSA-PSS identifier, which rcgen cannot make; OpenSSL dates its certificate like all others here.
fn rsa_pss_credential(ca: &Ca, name: &str) -> Arc<Credential> {
    let directory = Directory::new();
    directory.write("ca.key", ca.issuer.key().serialize_pem());
    directory.write("ca.der", &ca.certificate);
    directory.openssl("x509 -inform DER -in ca.der -out ca.pem");
    directory.openssl("genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out leaf.key");
    directory.openssl("req -new -key leaf.key -subj /CN=leaf -out leaf.csr");
    directory.write(
        "ca.cnf",
        format!(
            "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nserial=serial\ndefault_md=sha256\n\
             policy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n[x]\nsubjectAltName=DNS:{name}\n"
        ),
    );
    directory.write("index.txt", "");
    directory.write("serial", "1234\n");
    directory.openssl(
        "ca -config ca.cnf -batch -notext -cert ca.pem -keyfile ca.key -in leaf.csr -out leaf.pem \
         -startdate 20260301000000Z -enddate 20260901000000Z",
    );
    Arc::new(
        Credential::from_files(directory.path("leaf.pem"), directory.path("leaf.key")).unwrap(),
    )
}

#[test]
fn every_key_type_proves_a_server_and_a_client() {
    let mut pki = Pki::new();
    let servers = credentials_of_every_kind(&pki.ca, "host.example");
    let clients = credentials_of_every_kind(&pki.ca, "client.example");
    for ((scheme, server), (_, client)) in servers.into_iter().zip(clients) {
        pki.server = server.clone();
        let trust = pki.trust();
        let mut pair = Pair::with_pki(
            &pki,
            |builder| builder.with_credential(client.clone()),
            |builder| builder.with_client_auth(ClientAuth::required(trust)),
        );
        pair.handshake().unwrap();
        for (connection, peer) in [(&pair.client, &server), (&pair.server, &client)] {
            let facts = connection.facts().unwrap();
            assert_eq!(facts.peer_signature_scheme, Some(scheme));
            assert_eq!(facts.local_signature_scheme, Some(scheme));
            let chain = facts.peer_certificates.as_ref().unwrap();
            assert_eq!(chain[0], peer.certificates()[0]);
        }
        expect_working(&mut pair);
    }
}

#[test]
fn every_scheme_of_a_key_is_used_where_the_peer_takes_no_other() {
    use SignatureScheme as Scheme;
    let mut pki = Pki::new();
    for (_, credential) in credentials_of_every_kind(&pki.ca, "host.example") {
        pki.server = credential.clone();
        for &scheme in credential.schemes() {
            let mut pair = Pair::with_pki(
                &pki,
                |client| client.with_signature_schemes(&[scheme]),
                same,
            );
            pair.handshake().unwrap();
            let facts = pair.client.facts().unwrap();
            assert_eq!(facts.peer_signature_scheme, Some(scheme));
        }
    }
    // Three hashes for each kind of RSA key.
    let rsa = [
        Scheme::RSA_PSS_RSAE_SHA256,
        Scheme::RSA_PSS_RSAE_SHA384,
        Scheme::RSA_PSS_RSAE_SHA512,
    ];
    let credentials = credentials_of_every_kind(&pki.ca, "host.example");
    assert_eq!(credentials[0].1.schemes(), rsa);
}

#[test]
fn client_authentication_off_optional_and_required() {
    let pki = Pki::new();
    for (auth, has_credential, identified) in [
        (ClientAuth::Off, true, Some(false)),
        (ClientAuth::Off, false, Some(false)),
        (ClientAuth::optional(pki.trust()), true, Some(true)),
        (ClientAuth::optional(pki.trust()), false, Some(false)),
        (ClientAuth::required(pki.trust()), true, Some(true)),
        (ClientAuth::required(pki.trust()), false, None),
    ] {
        let mut pair = Pair::with_pki(
            &pki,
            |client| match has_credential {
                true => client.with_credential(pki.client.clone()),
                false => client,
            },
            |server| server.with_client_auth(auth),
        );
        let Some(identified) = identified else {
            let expected = Error::Certificate(CertificateError::Required);
            pair.expect_failure(Side::Server, &expected);
            continue;
        };
        pair.handshake().unwrap();
        let server = pair.server.facts().unwrap();
        assert_eq!(server.peer_certificates.is_some(), identified);
        assert_eq!(server.peer_signature_scheme.is_some(), identified);
        let client = pair.client.facts().unwrap();
        assert_eq!(client.local_credential.is_some(), identified);
        assert_eq!(client.local_signature_scheme.is_some(), identified);
        expect_working(&mut pair);
    }
}

#[test]
fn client_of_an_unknown_ca_is_refused_also_where_certificates_are_optional() {
    let pki = Pki::new();
    let stranger = credential(&Ca::root("stranger"), &["client.example"]);
    for auth in [
        ClientAuth::optional(pki.trust()),
        ClientAuth::required(pki.trust()),
    ] {
        let mut pair = Pair::with_pki(
            &pki,
            |client| client.with_credential(stranger.clone()),
            |server| server.with_client_auth(auth),
        );
        let expected = Error::Certificate(CertificateError::UnknownIssuer {
            issuer: "CN=stranger".to_owned(),
            sent: 1,
        });
        pair.expect_failure(Side::Server, &expected);
    }
}

#[test]
fn client_whose_key_the_server_cannot_verify_sends_no_certificate() {
    let pki = Pki::new();
    let trust = pki.trust();
    let mut pair = Pair::with_pki(
        &pki,
        |client| client.with_credential(pki.client.clone()),
        |server| {
            server
                .with_signature_schemes(&[SignatureScheme::ED25519])
                .with_client_auth(ClientAuth::optional(trust))
        },
    );
    pair.handshake().unwrap();
    assert!(pair.server.facts().unwrap().peer_certificates.is_none());
}

// ---- what each side tells of certificates ----

/// Schemes, authorities and server name of a request.
type Asked = (Vec<SignatureScheme>, Vec<Vec<u8>>, Option<String>);

/// Remembers what it was asked for, and gives a credential.
#[derive(Debug)]
struct Remembering {
    credential: Arc<Credential>,
    asked: std::sync::Mutex<Option<Asked>>,
}

impl ChooseCredential for Remembering {
    fn choose<'a>(
        &'a self,
        request: CredentialRequest<'a>,
    ) -> Answer<'a, Result<Option<Arc<Credential>>, Error>> {
        *self.asked.lock().unwrap() = Some((
            request.signature_schemes.to_vec(),
            request
                .authorities
                .iter()
                .map(|name| name.to_vec())
                .collect(),
            request.server_name.map(str::to_owned),
        ));
        Ok(Some(self.credential.clone())).into()
    }
}

#[test]
fn certificate_request_names_authorities_and_schemes() {
    let pki = Pki::new();
    let other = Ca::root("other CA");
    let trust = Trust::builder()
        .with_ca_bytes(&pki.ca.certificate)
        .with_ca_bytes(&other.certificate)
        .build()
        .unwrap();
    let authorities = trust.authorities().to_vec();
    assert_eq!(authorities.len(), 2);
    let choice = Arc::new(Remembering {
        credential: pki.client.clone(),
        asked: Default::default(),
    });
    let schemes = [
        SignatureScheme::ED25519,
        SignatureScheme::ECDSA_SECP256R1_SHA256,
    ];
    let mut pair = Pair::with_pki(
        &pki,
        |client| client.with_credential(choice.clone()),
        |server| {
            server
                .with_signature_schemes(&schemes)
                .with_client_auth(ClientAuth::required(trust))
        },
    );
    pair.handshake().unwrap();
    let asked = choice.asked.lock().unwrap().take().unwrap();
    assert_eq!(asked, (schemes.to_vec(), authorities, None));
}

#[test]
fn client_with_several_credentials_answers_with_one_of_a_named_authority() {
    let pki = Pki::new();
    let stranger = credential(&Ca::root("stranger"), &["client.example"]);
    let trust = pki.trust();
    let credentials = Credentials::new(vec![stranger, pki.client.clone()]);
    let mut pair = Pair::with_pki(
        &pki,
        |client| client.with_credential(credentials),
        |server| server.with_client_auth(ClientAuth::required(trust)),
    );
    pair.handshake().unwrap();
    let chain = pair
        .server
        .facts()
        .unwrap()
        .peer_certificates
        .clone()
        .unwrap();
    assert_eq!(chain[0], pki.client.certificates()[0]);
}

/// The body of an extension in the first handshake message of some records; `None` if it is not there.
fn extension_of_client_hello(bytes: &[u8], wanted: u16) -> Option<Vec<u8>> {
    let take = |bytes: &mut &[u8], len: usize| {
        let (front, rest) = bytes.split_at(len);
        *bytes = rest;
        front.to_vec()
    };
    let number = |bytes: Vec<u8>| {
        bytes
            .iter()
            .fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    assert_eq!(bytes[0], HANDSHAKE);
    let mut rest = &bytes[5 + 4 + 2 + 32..];
    for size in [1, 2, 1] {
        let len = number(take(&mut rest, size));
        take(&mut rest, len);
    }
    let len = number(take(&mut rest, 2));
    rest = &rest[..len];
    while !rest.is_empty() {
        let id = number(take(&mut rest, 2));
        let len = number(take(&mut rest, 2));
        let body = take(&mut rest, len);
        if id == usize::from(wanted) {
            return Some(body);
        }
    }
    None
}

/// RFC 8446 Section 9.2: supported_groups and key_share come together, or neither does. With psk_ke alone there is no share, but
/// there are groups for TLS 1.2.
#[test]
fn client_without_a_share_sends_an_empty_key_share_beside_its_groups() {
    const SUPPORTED_GROUPS: u16 = 10;
    const KEY_SHARE: u16 = 51;
    let hello = |client: ConfigBuilder<Client>| {
        let client = client.with_psk_modes(&[PskKeyExchangeMode::PSK_KE]);
        let mut client = Connection::client(client.build().unwrap(), server_name());
        client.process().unwrap();
        let bytes = client.output();
        [SUPPORTED_GROUPS, KEY_SHARE].map(|wanted| extension_of_client_hello(bytes, wanted))
    };
    let client = || ClientConfig::psk_builder([support::psk::psk("alice")]);
    let tls13 = ProtocolVersion::TLS1_3..=ProtocolVersion::TLS1_3;
    assert_eq!(hello(client().with_versions(tls13)), [None, None]);
    let [groups, share] = hello(client());
    assert_eq!(groups.is_some(), cfg!(feature = "legacy"));
    assert_eq!(share, groups.map(|_| vec![0, 0]));
}

/// RFC 8446 Section 4.2.8: shares are in the order of supported_groups.
#[test]
fn client_sends_the_shares_that_are_named_and_uses_the_one_that_is_chosen() {
    const KEY_SHARE: u16 = 51;
    let (p256, x25519) = (NamedGroup::SECP256R1, NamedGroup::X25519);
    let hybrid = NamedGroup::X25519MLKEM768;
    let groups = [x25519, hybrid, p256];
    for (shares, of_server, is_retried) in [
        (&[p256, x25519][..], x25519, false),
        (&[p256, x25519], p256, false),
        (&[p256, x25519], hybrid, true),
        (&[hybrid, p256, hybrid], p256, false),
        // It is no hybrid's half here: a hybrid that is named goes alone.
        (&[hybrid], x25519, true),
        (&[hybrid], hybrid, false),
        (&groups, hybrid, false),
        (&[], x25519, true),
    ] {
        let mut pair = Pair::with(
            |client| client.with_groups(&groups).with_key_shares(shares),
            |server| server.with_groups(&[of_server]),
        );
        pair.client.process().unwrap();
        let share = extension_of_client_hello(pair.client.output(), KEY_SHARE).unwrap();
        let (mut rest, mut sent) = (&share[2..], Vec::new());
        while let [group @ .., _, _] = &rest[..rest.len().min(4)] {
            sent.push(NamedGroup(u16::from_be_bytes([group[0], group[1]])));
            rest = &rest[4 + usize::from(u16::from_be_bytes([rest[2], rest[3]]))..];
        }
        let in_order = groups.into_iter().filter(|group| shares.contains(group));
        assert_eq!(sent, in_order.collect::<Vec<_>>());
        pair.handshake().unwrap();
        let facts = pair.client.facts().unwrap();
        assert_eq!(facts.group, Some(of_server), "{shares:?}");
        let kind = match is_retried {
            true => HandshakeKind::FullWithRetry,
            false => HandshakeKind::Full,
        };
        assert_eq!(facts.handshake_kind, kind, "{shares:?}");
        expect_working(&mut pair);
    }
    let error = ClientConfig::psk_builder([support::psk::psk("alice")])
        .with_groups(&[x25519])
        .with_key_shares(&[x25519, p256])
        .build()
        .unwrap_err();
    let text = "key share of secp256r1, which is not among the groups: name it in with_groups";
    assert_eq!(error, UsageError::Config(text.to_owned()).into());
}

/// Believes everybody, tells what chains may be signed with, and keeps the OCSP response.
#[derive(Debug)]
struct Credulous {
    chain_schemes: Vec<SignatureScheme>,
    seen: std::sync::Mutex<Option<(bool, usize, Vec<u8>)>>,
    scts: std::sync::Mutex<Vec<Vec<u8>>>,
}

impl Credulous {
    fn new(chain_schemes: &[SignatureScheme]) -> Arc<Self> {
        Arc::new(Self {
            chain_schemes: chain_schemes.to_vec(),
            seen: Default::default(),
            scts: Default::default(),
        })
    }
}

impl VerifyPeer for Credulous {
    fn verify<'a>(&'a self, chain: PresentedChain<'a>) -> Answer<'a, Result<(), CertificateError>> {
        *self.scts.lock().unwrap() = chain.scts.to_vec();
        *self.seen.lock().unwrap() = Some((
            matches!(chain.role, PeerRole::Server(_)),
            chain.certificates.len(),
            chain.ocsp_response.to_vec(),
        ));
        Ok(()).into()
    }

    fn chain_schemes(&self) -> &[SignatureScheme] {
        &self.chain_schemes
    }
}

#[test]
fn signature_algorithms_cert_is_the_verifiers() {
    const SIGNATURE_ALGORITHMS: u16 = 13;
    const SIGNATURE_ALGORITHMS_CERT: u16 = 50;
    let pki = Pki::new();
    for (schemes, body) in [
        (&[][..], None),
        (
            &[SignatureScheme::RSA_PKCS1_SHA256, SignatureScheme::ED25519],
            Some(vec![0, 4, 4, 1, 8, 7]),
        ),
    ] {
        let config = warifu::ClientConfig::builder(Credulous::new(schemes))
            .with_signature_schemes(&[SignatureScheme::ECDSA_SECP256R1_SHA256])
            .build()
            .unwrap();
        let mut client = Connection::client(config, server_name());
        client.process().unwrap();
        let hello = client.output();
        assert_eq!(
            extension_of_client_hello(hello, SIGNATURE_ALGORITHMS_CERT),
            body
        );
        assert_eq!(
            extension_of_client_hello(hello, SIGNATURE_ALGORITHMS),
            Some(vec![0, 2, 4, 3])
        );
        let server = server_builder(&pki).build().unwrap();
        let mut pair = Pair {
            client,
            server: Connection::server(server),
        };
        pair.handshake().unwrap();
    }
}

// ---- OCSP ----

#[test]
fn ocsp_response_is_stapled_only_if_asked_for_and_reaches_the_verifier() {
    let pki = Pki::new();
    let response = b"what the responder said".to_vec();
    for stapled in [true, false] {
        for asked in [true, false] {
            let (certificate, key) = pki.ca.leaf_and_key(&["host.example"], |_| {});
            let credential = Credential::from_der(vec![certificate], &key.serialize_der()).unwrap();
            let credential = match stapled {
                true => credential.with_ocsp_response(response.clone()),
                false => credential,
            };
            let verifier = Credulous::new(&[]);
            let client = warifu::ClientConfig::builder(verifier.clone())
                .with_ocsp_request(asked)
                .build()
                .unwrap();
            let server = warifu::ServerConfig::builder(Arc::new(credential))
                .build()
                .unwrap();
            let mut pair = Pair {
                client: Connection::client(client, server_name()),
                server: Connection::server(server),
            };
            pair.handshake().unwrap();
            let seen = verifier.seen.lock().unwrap().take().unwrap();
            let expected = if stapled && asked {
                response.clone()
            } else {
                Vec::new()
            };
            assert_eq!(seen, (true, 1, expected));
        }
    }
}

// ---- SCTs ----

#[test]
fn scts_are_sent_only_if_asked_for_and_reach_the_verifier() {
    let pki = Pki::new();
    let scts = [b"one log's".to_vec(), b"another log's".to_vec()];
    #[cfg(feature = "legacy")]
    let versions = [
        ProtocolVersion::TLS1_0,
        ProtocolVersion::TLS1_1,
        ProtocolVersion::TLS1_2,
        ProtocolVersion::TLS1_3,
    ];
    #[cfg(not(feature = "legacy"))]
    let versions = [ProtocolVersion::TLS1_3];
    for version in versions {
        for (asked, kept) in [(true, &scts[..]), (true, &[]), (false, &scts)] {
            let (certificate, key) = pki.ca.leaf_and_key(&["host.example"], |_| {});
            let credential = Credential::from_der(vec![certificate], &key.serialize_der())
                .and_then(|credential| credential.with_scts(kept))
                .unwrap();
            let verifier = Credulous::new(&[]);
            let client = warifu::ClientConfig::builder(verifier.clone())
                .with_versions(version..=version)
                .with_sct_request(asked)
                .build()
                .unwrap();
            let server = warifu::ServerConfig::builder(Arc::new(credential))
                .with_versions(version..=version)
                .build()
                .unwrap();
            let mut pair = Pair {
                client: Connection::client(client, server_name()),
                server: Connection::server(server),
            };
            pair.handshake().unwrap();
            let expected = if asked { kept } else { &[] };
            assert_eq!(*verifier.scts.lock().unwrap(), expected, "{version}");
        }
    }
    let (certificate, key) = pki.ca.leaf_and_key(&["host.example"], |_| {});
    let credential =
        || Credential::from_der(vec![certificate.clone()], &key.serialize_der()).unwrap();
    for (scts, len) in [
        (vec![vec![1], vec![]], 5),
        (vec![vec![1; 16_383]], 16_385),
        (vec![vec![1]; 33], 99),
    ] {
        let count = scts.len();
        let error = credential().with_scts(scts).unwrap_err();
        assert_eq!(error, CredentialError::BadScts { count, len });
    }
    assert!(credential().with_scts([vec![7; 16_382]]).is_ok());
    assert!(credential().with_scts(vec![vec![7]; 32]).is_ok());
}

// ---- middlebox compatibility ----

#[test]
fn middlebox_compatibility_is_seen_on_the_wire_or_not_at_all() {
    let pki = Pki::new();
    for retry in [false, true] {
        for enabled in [true, false] {
            let mut pair = Pair::with_pki(
                &pki,
                |client| {
                    let client = client.with_middlebox_compatibility(enabled);
                    match retry {
                        true => client.with_groups(&[NamedGroup::SECP384R1, NamedGroup::X25519]),
                        false => client,
                    }
                },
                |server| server.with_groups(&[NamedGroup::X25519MLKEM768, NamedGroup::X25519]),
            );
            let (by_client, by_server) = pair.recorded_handshake();
            // legacy_session_id and its echo: behind record header, message header, version, random.
            let len = if enabled { 32 } else { 0 };
            assert_eq!(by_client[5 + 4 + 2 + 32], len);
            assert_eq!(by_server[5 + 4 + 2 + 32], len);
            for bytes in [&by_client, &by_server] {
                let types: Vec<u8> = wire_records(bytes)
                    .iter()
                    .map(|record| record.content_type)
                    .collect();
                let dummies = types
                    .iter()
                    .filter(|content_type| **content_type == CHANGE_CIPHER_SPEC)
                    .count();
                assert_eq!(dummies, usize::from(enabled));
                // RFC 8446 Appendix D.4: behind this side's first message, ahead of all that follows.
                if enabled {
                    assert_eq!(types[..2], [HANDSHAKE, CHANGE_CIPHER_SPEC]);
                }
            }
            let dummy = [CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1];
            let is_there = by_client.windows(6).any(|window| window == dummy);
            assert_eq!(is_there, enabled);
            expect_working(&mut pair);
        }
    }
}

#[test]
fn legacy_versions_on_the_wire_are_those_of_the_rfc() {
    let mut pair = Pair::new();
    let (by_client, by_server) = pair.recorded_handshake();
    // RFC 8446 Section 5.1: 0x0301 for an initial ClientHello, 0x0303 for everything else.
    assert_eq!(by_client[1..3], [3, 1]);
    assert_eq!(by_client[9..11], [3, 3]);
    assert_eq!(by_server[1..3], [3, 3]);
}

// ---- configurations shared ----

#[test]
fn configurations_are_shared_by_any_number_of_connections() {
    let pki = Pki::new();
    let client = client_builder(&pki).build().unwrap();
    let server = server_builder(&pki).build().unwrap();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (client, server) = (client.clone(), server.clone());
            std::thread::spawn(move || {
                for _ in 0..5 {
                    let mut pair = Pair {
                        client: Connection::client(client.clone(), server_name()),
                        server: Connection::server(server.clone()),
                    };
                    pair.handshake().unwrap();
                    expect_working(&mut pair);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[cfg(feature = "legacy")]
#[test]
fn clients_order_counts_where_the_server_lets_it() {
    let suites = [
        CipherSuite::TLS_AES_128_GCM_SHA256,
        CipherSuite::TLS_AES_256_GCM_SHA384,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    ];
    let reversed: Vec<CipherSuite> = suites.into_iter().rev().collect();
    for (highest, ours, theirs) in [
        (ProtocolVersion::TLS1_3, suites[0], suites[1]),
        (ProtocolVersion::TLS1_2, suites[2], suites[3]),
    ] {
        for (by_client, expected) in [(false, ours), (true, theirs)] {
            let versions = ProtocolVersion::TLS1_2..=highest;
            let mut pair = Pair::with(
                |client| {
                    client
                        .with_versions(versions.clone())
                        .with_cipher_suites(&reversed)
                },
                |server| {
                    server
                        .with_cipher_suites(&suites)
                        .with_client_preference(by_client)
                },
            );
            pair.handshake().unwrap();
            assert_eq!(pair.client.facts().unwrap().cipher_suite, expected);
        }
    }
}
