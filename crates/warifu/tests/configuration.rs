//! Configurations: what is refused and what the refusal says, and the defaults.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::sync::Arc;

use support::pki::Directory;
use support::{Pair, Pki, client_builder, server_builder};
use warifu::config::{Client, ConfigBuilder, defaults};
#[cfg(feature = "legacy")]
use warifu::parameters::ProtocolVersion;
use warifu::parameters::{CipherSuite, NamedGroup, SignatureScheme};
use warifu::resumption::{RotatingTicketKeys, Tickets};
use warifu::{ClientConfig, Credential, Error, ServerConfig, Trust, UsageError};

/// The text of a refused configuration; both roles refuse what both can be told.
#[track_caller]
fn refusal<T>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Usage(UsageError::Config(text))) => text,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("the configuration was built"),
    }
}

#[test]
fn contradictions_are_refused_and_say_what_to_change() {
    type Change = fn(ConfigBuilder<Client>) -> ConfigBuilder<Client>;
    let pki = Pki::new();
    let cases: &[(Change, &str)] = &[
        (
            |c| c.with_cipher_suites(&[]),
            "no cipher suite is enabled: name at least one in with_cipher_suites",
        ),
        (
            |c| c.with_cipher_suites(&[CipherSuite::TLS_FALLBACK_SCSV]),
            "cipher suite TLS_FALLBACK_SCSV is not implemented",
        ),
        #[cfg(feature = "legacy")]
        (
            |c| {
                c.with_cipher_suites(&[CipherSuite::TLS_AES_128_GCM_SHA256])
                    .with_versions(ProtocolVersion::TLS1_2..=ProtocolVersion::TLS1_3)
            },
            "TLS 1.2 is enabled and none of its cipher suites is: name one in with_cipher_suites, or leave out the version",
        ),
        #[cfg(feature = "legacy")]
        (
            |c| c.with_versions(ProtocolVersion::TLS1_3..=ProtocolVersion::TLS1_2),
            "the lowest version, TLS 1.3, is above the highest, TLS 1.2",
        ),
        #[cfg(feature = "legacy")]
        (
            |c| c.with_versions(ProtocolVersion::SSL3_0..=ProtocolVersion::TLS1_3),
            "version SSL 3.0 is not implemented: name one from TLS 1.0 to TLS 1.3",
        ),
        (
            |c| c.with_groups(&[]),
            "no group is enabled: name at least one in with_groups",
        ),
        (
            |c| c.with_groups(&[NamedGroup::X25519, NamedGroup::X448]),
            "group x448 is not implemented",
        ),
        (
            |c| c.with_groups(&[NamedGroup(0x1234)]),
            "group 0x1234 is not implemented",
        ),
        (
            |c| c.with_signature_schemes(&[]),
            "no signature scheme is accepted: name at least one in with_signature_schemes",
        ),
        #[cfg(feature = "legacy")]
        (
            |c| c.with_signature_schemes(&[SignatureScheme::RSA_PKCS1_SHA256]),
            "no signature scheme is accepted: name at least one in with_signature_schemes",
        ),
        (
            |c| c.with_signature_schemes(&[SignatureScheme::ED448]),
            "signature scheme ed448 cannot sign handshakes",
        ),
        (
            |c| c.with_alpn([""]),
            "an ALPN protocol name of 0 bytes: they are 1 to 255 bytes long",
        ),
        (
            |c| c.with_alpn([[b'x'; 256]]),
            "an ALPN protocol name of 256 bytes: they are 1 to 255 bytes long",
        ),
        (
            |c| c.with_alpn(vec![[b'x'; 255]; 256]),
            "the ALPN protocol names take 65536 bytes together, at most 65533 fit in their extension: name fewer",
        ),
        (
            |c| c.with_record_size(0),
            "record size of 0 bytes: it is 1 to 16384",
        ),
        (
            |c| c.with_max_fragment_length(512).with_record_size_limit(512),
            "max_fragment_length and record_size_limit exclude each other: choose one (RFC 8449 Section 5)",
        ),
    ];
    for (change, text) in cases {
        assert_eq!(refusal(change(client_builder(&pki)).build()), *text);
    }
    // The first mistake is told.
    let two = client_builder(&pki)
        .with_record_size(0)
        .with_groups(&[NamedGroup::X448]);
    assert_eq!(
        refusal(two.build()),
        "record size of 0 bytes: it is 1 to 16384"
    );
    // What a server shares with a client is refused alike.
    assert_eq!(
        refusal(server_builder(&pki).with_cipher_suites(&[]).build()),
        "no cipher suite is enabled: name at least one in with_cipher_suites"
    );
    assert_eq!(
        refusal(server_builder(&pki).with_alpn([""]).build()),
        "an ALPN protocol name of 0 bytes: they are 1 to 255 bytes long"
    );
}

#[test]
fn a_server_without_any_credential_is_refused_when_it_is_built() {
    let none = warifu::credential::Credentials::new(Vec::new());
    assert_eq!(
        refusal(ServerConfig::builder(none).build()),
        "the server has no credential: give Credentials at least one"
    );
}

#[test]
fn values_named_twice_are_offered_once() {
    let mut pair = Pair::with(
        |client| {
            client
                .with_groups(&[NamedGroup::X25519, NamedGroup::X25519])
                .with_cipher_suites(&[CipherSuite::TLS_AES_128_GCM_SHA256; 3])
                .with_signature_schemes(&[SignatureScheme::ECDSA_SECP256R1_SHA256; 2])
        },
        |server| server,
    );
    pair.client.process().unwrap();
    let hello = pair.client.output().to_vec();
    let count = |bytes: &[u8]| {
        hello
            .windows(bytes.len())
            .filter(|window| window == &bytes)
            .count()
    };
    // supported_groups: type 10, length 4, list of 2 bytes; signature_algorithms: type 13.
    assert_eq!(count(&[0, 10, 0, 4, 0, 2, 0, 0x1d]), 1);
    assert_eq!(count(&[0, 13, 0, 4, 0, 2, 4, 3]), 1);
    pair.handshake().unwrap();
}

#[test]
fn defaults_are_these() {
    // A change of a default is a change of this test, and of the changelog.
    let list = |items: Vec<String>| items.join(" ");
    let printed = [
        format!(
            "cipher_suites: {}",
            list(
                defaults::CIPHER_SUITES
                    .iter()
                    .map(ToString::to_string)
                    .collect()
            )
        ),
        format!(
            "groups: {}",
            list(defaults::GROUPS.iter().map(ToString::to_string).collect())
        ),
        format!(
            "signature_schemes: {}",
            list(
                defaults::SIGNATURE_SCHEMES
                    .iter()
                    .map(ToString::to_string)
                    .collect()
            )
        ),
        format!("record_size: {}", defaults::RECORD_SIZE),
        format!("post_handshake_auth: {}", defaults::POST_HANDSHAKE_AUTH),
        format!(
            "middlebox_compatibility: {}",
            defaults::MIDDLEBOX_COMPATIBILITY
        ),
        format!("partial_write: {}", defaults::PARTIAL_WRITE),
    ]
    .join("\n");
    println!("{printed}");
    assert_eq!(
        printed,
        "cipher_suites: TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256\n\
         groups: X25519MLKEM768 x25519 secp256r1 secp384r1\n\
         signature_schemes: ecdsa_secp256r1_sha256 ed25519 ecdsa_secp384r1_sha384 ecdsa_secp521r1_sha512 \
         rsa_pss_rsae_sha256 rsa_pss_rsae_sha384 rsa_pss_rsae_sha512 rsa_pss_pss_sha256 rsa_pss_pss_sha384 \
         rsa_pss_pss_sha512 mldsa44 mldsa65 mldsa87\n\
         record_size: 16384\n\
         post_handshake_auth: false\n\
         middlebox_compatibility: true\n\
         partial_write: false"
    );
}

#[test]
fn defaults_are_what_a_built_configuration_has() {
    let pki = Pki::new();
    let client = format!("{:?}", client_builder(&pki).build().unwrap());
    for part in [
        "alpn: []",
        "record_size: 16384",
        "record_size_limit: None",
        "middlebox_compatibility: true",
        "partial_write: false",
        "key_log: None",
        "message_log: None",
        "padding: None",
        "max_fragment_length: None",
        "send_server_name: true",
        "key_shares: None",
        "request_ocsp: false",
        "request_scts: false",
        "post_handshake_auth: false",
        "credentials: None",
    ] {
        assert!(client.contains(part), "{part} in {client}");
    }
    let server = format!("{:?}", server_builder(&pki).build().unwrap());
    for part in [
        "client_auth: Off",
        "choose_config: None",
        "max_fragment_length: true",
        "retry_cookie: false",
    ] {
        assert!(server.contains(part), "{part} in {server}");
    }
}

#[test]
fn material_that_does_not_fit_or_is_not_there_stops_the_configuration() {
    let pki = Pki::new();
    let (certificate, _) = pki.ca.leaf_and_key(&["host.example"], |_| {});
    let (_, other_key) = pki.ca.leaf_and_key(&["host.example"], |_| {});
    // The key of another certificate.
    let error = Credential::from_der(vec![certificate], &other_key.serialize_der()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the private key (ECDSA P-256) is not that of the certificate for CN=leaf: both are of the same kind, but \
         another key pair"
    );
    // Both kinds of errors become the library's own, for `?` in one function.
    let build = || -> Result<Arc<ServerConfig>, Error> {
        let credential =
            Credential::from_files("/nonexistent/server.pem", "/nonexistent/server.key")?;
        ServerConfig::builder(Arc::new(credential)).build()
    };
    let text = refusal(build());
    assert!(text.contains("/nonexistent/server.pem"), "{text}");
    let build = || -> Result<Arc<ClientConfig>, Error> {
        ClientConfig::builder(Trust::from_ca_file("/nonexistent/ca.pem")?).build()
    };
    let text = refusal(build());
    assert!(text.contains("/nonexistent/ca.pem"), "{text}");
    // A key where a certificate is expected.
    let directory = Directory::new();
    let key = directory.write("server.key", other_key.serialize_pem());
    let error = Credential::from_files(&key, &key).unwrap_err().to_string();
    assert!(
        error.contains("server.key") && error.contains("certificate"),
        "{error}"
    );
}

#[test]
fn what_is_shared_can_be_sent_and_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<ClientConfig>();
    shared::<ServerConfig>();
    shared::<Credential>();
    shared::<Trust>();
    shared::<Error>();
    shared::<warifu::ConnectionFacts>();
    sent::<warifu::Connection>();
    sent::<warifu::Stream<std::net::TcpStream>>();
    sent::<warifu::ReadHalf<std::net::TcpStream, std::net::TcpStream>>();
    sent::<warifu::WriteHalf<std::net::TcpStream>>();
}

/// More in a row would look like a flood to our own client.
#[test]
fn more_tickets_than_clients_take_are_refused() {
    let tickets = |count| Tickets::stateless(RotatingTicketKeys::default()).with_count(count);
    let server = |count| {
        server_builder(&Pki::new())
            .with_tickets(tickets(count))
            .build()
    };
    assert!(server(32).is_ok());
    assert_eq!(
        refusal(server(33)),
        "33 tickets after each handshake: clients take at most 32 without data between them"
    );
}
