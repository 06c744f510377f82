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

/// RFC 4279 Section 2: psk_identity<0..2^16-1>. In TLS 1.3 there is no such identity, and the key stays at home.
#[test]
fn a_key_may_have_no_identity() {
    let key = || psk("alice").without_identity();
    assert_eq!(key().identity(), b"");
    let server = || ServerConfig::psk_builder(PskTable::new([key()]).unwrap());
    let client = || ClientConfig::psk_builder([key()]);
    let mut pair = connect(
        client().with_versions(TLS1_2..=TLS1_2),
        server().with_versions(TLS1_2..=TLS1_2),
    );
    for connection in [&pair.client, &pair.server] {
        let used = connection.facts().unwrap().psk.clone().unwrap();
        assert_eq!(&*used.identity, b"");
    }
    exchange(&mut pair);
    let mut alone = Connection::client(
        client().with_versions(TLS1_3..=TLS1_3).build().unwrap(),
        server_name(),
    );
    let error = alone.process().unwrap_err();
    assert_eq!(error, UsageError::NoPskToOffer.into());
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

/// The first flight of a client, its ClientHello.
fn hello_of(client: ConfigBuilder<Client>) -> Vec<u8> {
    let mut client = Connection::client(client.build().unwrap(), server_name());
    client.process().unwrap();
    client.output().to_vec()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

/// RFC 5246 Section 7.4.1.4.1: `signature_algorithms` is of TLS 1.2.
#[test]
fn clients_of_older_versions_alone_name_no_signature_schemes() {
    let keys = Keys::new();
    for (version, names_schemes) in [(TLS1_0, false), (TLS1_1, false), (TLS1_2, true)] {
        let hello = hello_of(keys.client().with_versions(TLS1_0..=version));
        // Its number, and any length below 256: no other place of this hello has these bytes.
        let place = hello.windows(3).any(|window| window == [0, 13, 0]);
        assert_eq!(place, names_schemes, "{version}");
    }
}

/// Hybrids and ML-DSA are of TLS 1.3.
#[test]
fn clients_of_tls_1_2_alone_offer_nothing_post_quantum() {
    let keys = Keys::new();
    let ml_dsa_44 = [0x09, 0x04];
    let hybrid = [0x11, 0xec];
    let hello = hello_of(keys.client());
    assert!(contains(&hello, &hybrid) && contains(&hello, &ml_dsa_44));
    let hello = hello_of(keys.client().with_versions(TLS1_2..=TLS1_2));
    // Random bytes may have the same value, but not beside the curve that follows.
    assert!(!contains(&hello, &[0x11, 0xec, 0, 29]));
    assert!(contains(&hello, &[0, 29, 0, 23]));
}

/// A client whose suites of TLS 1.2 all need a key does not offer TLS 1.2 without one.
#[test]
fn a_version_without_a_usable_suite_is_not_offered() {
    let keys = Keys::new();
    let suites = [
        CipherSuite::TLS_AES_128_GCM_SHA256,
        CipherSuite::TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,
    ];
    let client = keys.client().with_cipher_suites(&suites);
    // supported_versions: TLS 1.3 alone.
    let hello = hello_of(client);
    assert!(contains(&hello, &[0, 43, 0, 3, 2, 3, 4]));
    let client = keys.client().with_cipher_suites(&suites);
    let hello = hello_of(client.with_psks([psk("alice")]));
    assert!(contains(&hello, &[0, 43, 0, 5, 4, 3, 4, 3, 3]));
}

/// Suites that were named are in that order, keys or not.
#[test]
fn suites_that_were_named_keep_their_order() {
    let keys = Keys::new();
    let psk_suite = CipherSuite::TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256;
    let signed = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
    let table = || PskTable::new([psk("alice")]).unwrap();
    for suites in [[psk_suite, signed], [signed, psk_suite]] {
        let client = || keys.client().with_versions(TLS1_2..=TLS1_2);
        let server = || {
            let server = keys.server(&keys.rsa).with_versions(TLS1_2..=TLS1_2);
            server.with_psk_store(table()).with_cipher_suites(&suites)
        };
        let pair = connect(client().with_psks([psk("alice")]), server());
        let facts = pair.server.facts().unwrap();
        assert_eq!(facts.cipher_suite, suites[0]);
        // A key on offer that the server did not take: the client is told.
        let declined = pair.client.facts().unwrap().psk_declined.is_some();
        assert_eq!(declined, suites[0] == signed);
        let named = client()
            .with_cipher_suites(&suites)
            .with_psks([psk("alice")]);
        let hello = hello_of(named);
        let numbers = [suites[0].0.to_be_bytes(), suites[1].0.to_be_bytes()].concat();
        assert!(contains(&hello, &numbers));
    }
}

/// What a caller says of RFC 5746 holds whatever policy is set before or after.
#[test]
fn secure_renegotiation_stays_required_under_the_legacy_policy() {
    use warifu::PeerMisbehaved;
    let keys = Keys::new();
    for required in [true, false] {
        let client = keys
            .client()
            .with_versions(TLS1_2..=TLS1_2)
            .with_cipher_suites(&[CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]);
        let mut hello = hello_of(client);
        // TLS_EMPTY_RENEGOTIATION_INFO_SCSV and the extension, out of the way.
        for signal in [&[0x00, 0xff][..], &[0xff, 0x01, 0x00, 0x01, 0x00]] {
            let place = hello
                .windows(signal.len())
                .position(|window| window == signal);
            if let Some(place) = place {
                hello[place] = 0x7a;
                hello[place + 1] = 0x7a;
            }
        }
        let server = keys
            .server(&keys.rsa)
            .with_required_secure_renegotiation(required)
            .with_policy(Policy::Legacy)
            .build()
            .unwrap();
        let mut server = Connection::server(server);
        server.receive(&hello);
        let result = server.process();
        match required {
            true => assert_eq!(
                result.unwrap_err(),
                PeerMisbehaved::NoSecureRenegotiation.into()
            ),
            false => assert!(result.is_ok()),
        }
    }
}

/// What can never connect is told when it is built.
#[test]
fn configurations_without_a_usable_suite_are_refused() {
    let keys = Keys::new();
    let of = |suite: CipherSuite, reason: &str| {
        Error::Usage(UsageError::Config(format!(
            "no cipher suite of TLS 1.2 can be used ({suite}: {reason}): give what it needs, or enable others"
        )))
    };
    let signed = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
    let with_key = CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256;
    let versions = || TLS1_2..=TLS1_2;
    let client = keys
        .client()
        .with_versions(versions())
        .with_cipher_suites(&[with_key]);
    assert_eq!(
        client.build().unwrap_err(),
        of(with_key, "it needs a pre-shared key")
    );
    let client = ClientConfig::psk_builder([psk("alice")])
        .with_versions(versions())
        .with_cipher_suites(&[signed]);
    assert_eq!(
        client.build().unwrap_err(),
        of(signed, "it needs a certificate")
    );
    let server = keys
        .server(&keys.rsa)
        .with_versions(versions())
        .with_cipher_suites(&[with_key]);
    assert_eq!(
        server.build().unwrap_err(),
        of(with_key, "it needs a pre-shared key")
    );
    let server = ServerConfig::psk_builder(PskTable::new([psk("alice")]).unwrap())
        .with_versions(versions())
        .with_cipher_suites(&[signed]);
    assert_eq!(
        server.build().unwrap_err(),
        of(signed, "it needs a certificate")
    );
}

/// A client must not escape the question by its version.
#[test]
fn those_that_cannot_be_asked_later_are_asked_in_the_handshake() {
    let keys = Keys::new();
    let trust = || {
        Trust::builder()
            .with_ca_bytes(&keys.ca.certificate)
            .build()
            .unwrap()
    };
    let own = support::credential(&keys.ca, &["client.example"]);
    for version in [TLS1_0, TLS1_1, TLS1_2] {
        for (auth, with_certificate, expected) in [
            (
                ClientAuth::post_handshake_or_optional(trust()),
                true,
                Some(true),
            ),
            (
                ClientAuth::post_handshake_or_optional(trust()),
                false,
                Some(false),
            ),
            (
                ClientAuth::post_handshake_or_required(trust()),
                true,
                Some(true),
            ),
            (ClientAuth::post_handshake_or_required(trust()), false, None),
        ] {
            let server = keys
                .server(&keys.rsa)
                .with_policy(Policy::Legacy)
                .with_client_auth(auth);
            let mut client = keys
                .client()
                .with_policy(Policy::Legacy)
                .with_versions(version..=version);
            if with_certificate {
                client = client.with_credential(own.clone());
            }
            let mut pair = Pair {
                client: Connection::client(client.build().unwrap(), server_name()),
                server: Connection::server(server.build().unwrap()),
            };
            let outcome = pair.handshake();
            match expected {
                Some(expected) => {
                    outcome.unwrap();
                    let facts = pair.server.facts().unwrap();
                    assert_eq!(facts.peer_certificates.is_some(), expected);
                    exchange(&mut pair);
                }
                None => {
                    let error = Error::Certificate(CertificateError::RequiredBefore13);
                    assert_eq!(outcome, Err((Side::Server, error)));
                }
            }
        }
    }
}

/// RFC 8446 Section 4.6.2 has no counterpart in older versions.
#[test]
fn no_certificate_is_asked_for_after_an_older_handshake() {
    let keys = Keys::new();
    let trust = Trust::builder()
        .with_ca_bytes(&keys.ca.certificate)
        .build()
        .unwrap();
    let server = keys
        .server(&keys.rsa)
        .with_client_auth(ClientAuth::post_handshake(trust));
    let client = keys
        .client()
        .with_versions(TLS1_2..=TLS1_2)
        .with_post_handshake_auth(true);
    let mut pair = connect(client, server);
    let error = pair.server.request_client_certificate().unwrap_err();
    let reason = "before TLS 1.3 a client is asked for its certificate in the handshake or never (RFC 8446 Section 4.6.2)";
    assert_eq!(error, UsageError::NotAvailable(reason).into());
    // The connection goes on.
    exchange(&mut pair);
}
