//! Pre-shared keys beside certificates, and keys for one role, one server, one identity.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use support::psk::{DHE, KE, client_of, connected, exchange, pair, psk, psk_of, server_of, sha384};
use support::resumption::{World, connect, finish, meet};
use support::{Pair, Pki, Side, client_builder, server_builder};
use warifu::config::{Client, ConfigBuilder, Server};
use warifu::error::UsageError;
use warifu::parameters::NamedGroup;
use warifu::psk::{ChoosePsks, PskHash, PskPolicy, PskRole, PskTable};
use warifu::{
    CertificateError, ClientAuth, ClientConfig, Connection, EarlyData, Error, HandshakeKind, Psk,
    PskFailure, ServerConfig,
};

use PskPolicy::{Optional, Required, RequiredWithCertificate};

/// A client with trust in certificates and a key.
fn client_with(pki: &Pki, psks: &[Psk]) -> ConfigBuilder<Client> {
    client_builder(pki).with_psks(psks.iter().cloned())
}

/// A server with a certificate and a key.
fn server_with(pki: &Pki, psks: &[Psk]) -> ConfigBuilder<Server> {
    server_builder(pki).with_psk_store(PskTable::new(psks.iter().cloned()).unwrap())
}

fn not_accepted() -> Error {
    PskFailure::NotAccepted.into()
}

fn unknown(identity: &str) -> Error {
    let identity = identity.to_owned();
    PskFailure::UnknownIdentity { identity }.into()
}

fn config_error(text: &str) -> Error {
    UsageError::Config(text.to_owned()).into()
}

// ---- policies ----

/// What authenticates the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Key,
    Certificate,
    Both,
}

/// The client's policy, the server's, and what comes of them: who authenticates the server, or who fails and how.
type Row<E> = (PskPolicy, PskPolicy, Result<By, (Side, E)>);

fn authenticated_by(pair: &Pair) -> By {
    let (client, server) = (pair.client.facts().unwrap(), pair.server.facts().unwrap());
    assert_eq!(client.psk, server.psk);
    assert_eq!(client.psk_mode, server.psk_mode);
    assert_eq!(
        client.peer_certificates.is_some(),
        server.local_credential.is_some()
    );
    let (kind, by) = match (client.psk.is_some(), client.peer_certificates.is_some()) {
        (true, false) => (HandshakeKind::Psk, By::Key),
        (false, true) => (HandshakeKind::Full, By::Certificate),
        (true, true) => (HandshakeKind::Psk, By::Both),
        (false, false) => panic!("nothing authenticates the server"),
    };
    assert_eq!((client.handshake_kind, server.handshake_kind), (kind, kind));
    by
}

#[test]
fn policies_of_both_sides_meet_as_the_table_says() {
    let not_offered = || (Side::Server, PskFailure::CertificateNotOffered);
    let not_shown = || (Side::Client, PskFailure::CertificateRequired);
    let table: [Row<PskFailure>; 9] = [
        // Both have certificates, trust and the key.
        (Optional, Optional, Ok(By::Key)),
        (Optional, Required, Ok(By::Key)),
        (Optional, RequiredWithCertificate, Err(not_offered())),
        (Required, Optional, Ok(By::Key)),
        (Required, Required, Ok(By::Key)),
        (Required, RequiredWithCertificate, Err(not_offered())),
        (RequiredWithCertificate, Optional, Ok(By::Both)),
        (RequiredWithCertificate, Required, Err(not_shown())),
        (
            RequiredWithCertificate,
            RequiredWithCertificate,
            Ok(By::Both),
        ),
    ];
    let pki = Pki::new();
    for (ours, theirs, expected) in table {
        let client = client_with(&pki, &[psk("alice")]).with_psk_policy(ours);
        let server = server_with(&pki, &[psk("alice")]).with_psk_policy(theirs);
        let mut pair = pair(client, server);
        match expected {
            Ok(by) => {
                pair.handshake().unwrap();
                exchange(&mut pair);
                assert_eq!(authenticated_by(&pair), by, "{ours:?} {theirs:?}");
            }
            Err((side, error)) => pair.expect_failure(side, &error.into()),
        }
    }
}

#[test]
fn policies_meet_as_the_table_says_where_the_server_does_not_know_the_key() {
    // What the client says where it finds the failure.
    let table: [Row<Error>; 9] = [
        (Optional, Optional, Ok(By::Certificate)),
        (Optional, Required, Err((Side::Server, unknown("alice")))),
        (
            Optional,
            RequiredWithCertificate,
            Err((Side::Server, PskFailure::CertificateNotOffered.into())),
        ),
        (Required, Optional, Err((Side::Client, not_accepted()))),
        (Required, Required, Err((Side::Server, unknown("alice")))),
        (
            Required,
            RequiredWithCertificate,
            Err((Side::Server, PskFailure::CertificateNotOffered.into())),
        ),
        (
            RequiredWithCertificate,
            Optional,
            Err((Side::Client, not_accepted())),
        ),
        (
            RequiredWithCertificate,
            Required,
            Err((Side::Server, unknown("alice"))),
        ),
        (
            RequiredWithCertificate,
            RequiredWithCertificate,
            Err((Side::Server, unknown("alice"))),
        ),
    ];
    let pki = Pki::new();
    for (ours, theirs, expected) in table {
        let client = client_with(&pki, &[psk("alice")]).with_psk_policy(ours);
        let server = server_with(&pki, &[psk("bob")]).with_psk_policy(theirs);
        let mut pair = pair(client, server);
        match expected {
            Ok(by) => {
                pair.handshake().unwrap();
                exchange(&mut pair);
                assert_eq!(authenticated_by(&pair), by, "{ours:?} {theirs:?}");
                let declined = |side: &Connection| side.facts().unwrap().psk_declined.clone();
                assert_eq!(
                    declined(&pair.server).as_deref(),
                    Some("no key here for the identity that the client offered: alice")
                );
                assert_eq!(
                    declined(&pair.client).as_deref(),
                    Some("the server took none of the keys and tickets offered")
                );
            }
            Err((side, error)) => pair.expect_failure(side, &error),
        }
    }
}

#[test]
fn a_client_without_key_is_served_by_certificate_or_refused() {
    let pki = Pki::new();
    let server = || server_with(&pki, &[psk("alice")]);
    let by = authenticated_by(&connected(client_builder(&pki), server()));
    assert_eq!(by, By::Certificate);
    for policy in [Required, RequiredWithCertificate] {
        let mut pair = pair(client_builder(&pki), server().with_psk_policy(policy));
        pair.expect_failure(Side::Server, &PskFailure::Required.into());
    }
}

#[test]
fn a_client_that_wants_a_key_refuses_a_server_that_has_none() {
    let pki = Pki::new();
    for policy in [Required, RequiredWithCertificate] {
        let client = client_with(&pki, &[psk("alice")]).with_psk_policy(policy);
        pair(client, server_builder(&pki)).expect_failure(Side::Client, &not_accepted());
    }
}

/// RFC 8446 Section 4.2.11: the server MUST abort. With certificates at hand too.
#[test]
fn a_wrong_key_is_refused_under_every_policy() {
    let pki = Pki::new();
    for policy in [Optional, Required, RequiredWithCertificate] {
        let client = client_with(&pki, &[psk_of(b"alice", 1)]).with_psk_policy(policy);
        let server = server_with(&pki, &[psk("alice")]).with_psk_policy(policy);
        let identity = "alice".to_owned();
        let error = PskFailure::WrongKey { identity }.into();
        pair(client, server).expect_failure(Side::Server, &error);
    }
}

#[test]
fn a_key_alone_needs_neither_certificate_nor_trust() {
    let pki = Pki::new();
    // Only one side has what certificates need.
    let pair_of = connected(
        client_of([psk("alice")]),
        server_with(&pki, &[psk("alice")]),
    );
    assert_eq!(authenticated_by(&pair_of), By::Key);
    let pair_of = connected(
        client_with(&pki, &[psk("alice")]),
        server_of([psk("alice")]),
    );
    assert_eq!(authenticated_by(&pair_of), By::Key);

    // A client without keys for a server without certificates.
    let mut sides = pair(client_builder(&pki), server_of([psk("alice")]));
    sides.expect_failure(Side::Server, &PskFailure::Required.into());
    // A client without trust for a server without keys: it says nothing of signatures.
    let mut sides = pair(client_of([psk("alice")]), server_builder(&pki));
    let error = warifu::PeerMisbehaved::MissingExtension {
        extension: "signature_algorithms",
        message: "ClientHello",
    };
    sides.expect_failure(Side::Server, &error.into());
}

#[test]
fn configurations_that_contradict_themselves_are_refused() {
    let pki = Pki::new();
    let client = |client: ConfigBuilder<Client>| client.build().unwrap_err();
    let server = |server: ConfigBuilder<Server>| server.build().unwrap_err();
    assert_eq!(
        client(client_of([psk("alice")]).with_psk_policy(Optional)),
        config_error(
            "without trust in certificates a pre-shared key is all there is: leave the policy at Required"
        )
    );
    assert_eq!(
        client(client_of([psk("alice")]).with_psk_policy(RequiredWithCertificate)),
        config_error(
            "certificate and pre-shared key are required: begin with ClientConfig::builder and whom to trust"
        )
    );
    for policy in [Required, RequiredWithCertificate] {
        assert_eq!(
            client(client_builder(&pki).with_psk_policy(policy)),
            config_error("a pre-shared key is required and none is given: name it in with_psks")
        );
        assert_eq!(
            server(server_builder(&pki).with_psk_policy(policy)),
            config_error(
                "a pre-shared key is required and there is no store: give with_psk_store one"
            )
        );
    }
    assert_eq!(
        client(client_of([])),
        config_error("a pre-shared key is required and none is given: name it in with_psks")
    );
    assert_eq!(
        server(server_of([psk("alice")]).with_psk_policy(Optional)),
        config_error(
            "without certificates a pre-shared key is all there is: leave the policy at Required"
        )
    );
    assert_eq!(
        server(server_of([psk("alice")]).with_psk_policy(RequiredWithCertificate)),
        config_error(
            "certificate and pre-shared key are required: begin with ServerConfig::builder and a credential"
        )
    );
    let no_exchange = config_error(
        "certificate and pre-shared key together need the mode psk_dhe_ke (RFC 9973 Section 5)",
    );
    assert_eq!(
        client(
            client_with(&pki, &[psk("alice")])
                .with_psk_policy(RequiredWithCertificate)
                .with_psk_modes(&[KE])
        ),
        no_exchange
    );
    assert_eq!(
        server(
            server_with(&pki, &[psk("alice")])
                .with_psk_policy(RequiredWithCertificate)
                .with_psk_modes(&[KE])
        ),
        no_exchange
    );
    assert_eq!(
        client(client_of([psk("alice")]).with_psk_modes(&[])),
        config_error("no mode for pre-shared keys: name psk_dhe_ke or psk_ke")
    );
}

// ---- a key together with a certificate ----

#[test]
fn key_and_certificate_are_used_together_also_after_a_retry_and_with_the_clients_certificate() {
    let pki = Pki::new();
    for (retry, hash) in [
        (false, PskHash::Sha256),
        (false, PskHash::Sha384),
        (true, PskHash::Sha256),
        (true, PskHash::Sha384),
    ] {
        let key = || psk("alice").with_hash(hash);
        let client = client_with(&pki, &[key()])
            .with_psk_policy(RequiredWithCertificate)
            .with_psk_modes(&[DHE, KE])
            .with_credential(pki.client.clone())
            .with_groups(&[NamedGroup::X25519, NamedGroup::SECP256R1]);
        let mut server = server_with(&pki, &[key()])
            .with_psk_policy(RequiredWithCertificate)
            .with_psk_modes(&[DHE, KE])
            .with_client_auth(ClientAuth::required(pki.trust()));
        if retry {
            server = server.with_groups(&[NamedGroup::SECP256R1]);
        }
        let pair = connected(client, server);
        for side in [&pair.client, &pair.server] {
            let facts = side.facts().unwrap();
            assert_eq!(facts.handshake_kind.has_retry(), retry);
            assert!(facts.psk.is_some());
            assert_eq!(facts.psk_mode, Some(DHE));
            assert!(facts.peer_certificates.is_some());
            assert!(facts.peer_signature_scheme.is_some());
            assert!(facts.local_credential.is_some());
        }
    }
}

#[test]
fn key_and_certificate_together_need_a_good_certificate() {
    let pki = Pki::new();
    let client = client_with(&Pki::new(), &[psk("alice")]).with_psk_policy(RequiredWithCertificate);
    let server = server_with(&pki, &[psk("alice")]).with_psk_policy(RequiredWithCertificate);
    let (side, error) = pair(client, server).handshake().unwrap_err();
    assert_eq!(side, Side::Client);
    assert!(
        matches!(
            error,
            Error::Certificate(
                CertificateError::UnknownIssuer { .. } | CertificateError::BadChainSignature { .. }
            )
        ),
        "{error:?}"
    );
}

#[test]
fn a_client_that_wants_both_can_do_without_a_common_group_with_neither() {
    let pki = Pki::new();
    let client = client_with(&pki, &[psk("alice")])
        .with_psk_policy(RequiredWithCertificate)
        .with_psk_modes(&[DHE, KE])
        .with_groups(&[NamedGroup::X25519]);
    let server = server_with(&pki, &[psk("alice")])
        .with_psk_policy(RequiredWithCertificate)
        .with_psk_modes(&[DHE, KE])
        .with_groups(&[NamedGroup::SECP256R1]);
    let error = warifu::NothingInCommon::Group {
        ours: NamedGroup::SECP256R1.to_string(),
        peers: NamedGroup::X25519.to_string(),
    };
    pair(client, server).expect_failure(Side::Server, &error.into());
}

/// RFC 9973 Section 5: neither goes with the extension, and servers refuse both.
#[test]
fn a_client_that_wants_both_offers_neither_session_nor_early_data() {
    let world = World::new();
    let key = || psk("alice").with_replayable_early_data(100);
    let client =
        |policy| world.early_client(|client| client.with_psks([key()]).with_psk_policy(policy));
    let server = world.early_server(1000, |server| {
        server.with_psk_store(key()).with_psk_policy(Optional)
    });
    connect(&client(Optional), &server);
    assert!(world.shelf.len() > 0);
    for _ in 0..2 {
        let kept = world.shelf.len();
        let mut pair = meet(&client(RequiredWithCertificate), &server);
        pair.client.process().unwrap();
        assert_eq!(pair.client.early_data(), EarlyData::NotOffered);
        finish(&mut pair);
        assert!(world.shelf.len() >= kept);
        assert_eq!(authenticated_by(&pair), By::Both);
        assert_eq!(pair.server.facts().unwrap().psk_declined, None);
    }
}

/// RFC 8446 Section 4.3.2: "servers which are authenticating with an external PSK MUST NOT send the CertificateRequest
/// message either in the main handshake or request post-handshake authentication."
#[test]
fn a_client_with_an_external_key_is_not_asked_for_a_certificate() {
    let pki = Pki::new();
    let client = |policy| {
        client_with(&pki, &[psk("alice")])
            .with_psk_policy(policy)
            .with_credential(pki.client.clone())
            .with_post_handshake_auth(true)
    };
    let server = |policy, auth| {
        server_with(&pki, &[psk("alice")])
            .with_psk_policy(policy)
            .with_client_auth(auth)
    };
    let auth = || ClientAuth::required(pki.trust());
    let pair_of = connected(client(Optional), server(Optional, auth()));
    assert_eq!(pair_of.server.facts().unwrap().peer_certificates, None);

    let auth = || ClientAuth::post_handshake(pki.trust());
    let mut sides = connected(client(Optional), server(Optional, auth()));
    assert!(matches!(
        sides.server.request_client_certificate(),
        Err(Error::Usage(UsageError::NotAvailable(_)))
    ));
    // Together with a certificate it may (RFC 9973 Section 5).
    let both = RequiredWithCertificate;
    let mut sides = connected(client(both), server(both, auth()));
    sides.server.request_client_certificate().unwrap();
}

// ---- keys for one role, and for one server ----

#[test]
fn a_key_for_one_role_is_refused_in_the_other() {
    let key = |role| psk("alice").with_role(role);
    for (ours, theirs) in [
        (PskRole::Client, PskRole::Server),
        (PskRole::Either, PskRole::Server),
        (PskRole::Client, PskRole::Either),
    ] {
        connected(client_of([key(ours)]), server_of([key(theirs)]));
    }
    let server = server_of([key(PskRole::Client)]);
    let error = PskFailure::Unusable {
        identity: "alice".to_owned(),
        reason: "it is for this node's clients only".to_owned(),
    };
    pair(client_of([psk("alice")]), server).expect_failure(Side::Server, &error.into());

    let client = client_of([psk("bob"), key(PskRole::Server)]);
    let error =
        config_error("the key of alice is for this node's servers only, and a client was given it");
    pair(client, server_of([psk("alice")])).expect_failure(Side::Client, &error);
}

#[derive(Debug)]
struct ByName;

impl ChoosePsks for ByName {
    fn choose<'a>(
        &'a self,
        server_name: &'a warifu::pki_types::ServerName<'a>,
    ) -> warifu::decision::Answer<'a, Result<std::sync::Arc<[Psk]>, Error>> {
        let name = server_name.to_str();
        let answer = match &*name {
            "host.example" => Ok(vec![psk("alice")].into()),
            "long.example" => Ok(vec![sha384("alice")].into()),
            "fail.example" => Err(Error::Application("no key ring".to_owned())),
            _ => Ok(Vec::new().into()),
        };
        warifu::decision::Answer::Ready(answer)
    }
}

#[test]
fn a_client_chooses_keys_by_the_servers_name() {
    let config = ClientConfig::psk_choice_builder(ByName)
        .with_cipher_suites(&[warifu::parameters::CipherSuite::TLS_AES_128_GCM_SHA256])
        .build()
        .unwrap();
    let server = server_of([psk("alice")]).build().unwrap();
    let pair_of = |name: &'static str| Pair {
        client: Connection::client(config.clone(), name.try_into().unwrap()),
        server: Connection::server(server.clone()),
    };
    let mut pair = pair_of("host.example");
    pair.handshake().unwrap();
    // No key, and a key that no enabled suite fits.
    for name in ["other.example", "long.example"] {
        pair_of(name).expect_failure(Side::Client, &UsageError::NoPskToOffer.into());
    }
    let error = Error::Application("no key ring".to_owned());
    pair_of("fail.example").expect_failure(Side::Client, &error);
}

// ---- whose key it is ----

/// A key in reach of somebody with a key of their own: only whose binder is right is served.
#[test]
fn another_clients_identity_with_ones_own_key_is_refused() {
    let store = || server_of([psk_of(b"alice", 1), psk_of(b"mallory", 2)]);
    let error = PskFailure::WrongKey {
        identity: "alice".to_owned(),
    };
    let client = client_of([psk_of(b"alice", 2)]);
    pair(client, store()).expect_failure(Side::Server, &error.into());
}

#[test]
fn a_store_that_finds_the_key_of_another_identity_is_not_believed() {
    #[derive(Debug)]
    struct IgnoresCase(PskTable);

    impl warifu::PskStore for IgnoresCase {
        fn find<'a>(
            &'a self,
            request: warifu::psk::PskRequest<'a>,
        ) -> warifu::decision::Answer<'a, Result<Option<Psk>, Error>> {
            let identity = request.identity.to_ascii_lowercase();
            warifu::decision::Answer::Ready(Ok(self.0.get(&identity).cloned()))
        }
    }

    let store = IgnoresCase(PskTable::new([psk("alice")]).unwrap());
    let error = PskFailure::Unusable {
        identity: "Alice".to_owned(),
        reason: "the store found the key of another identity".to_owned(),
    };
    let mut sides = pair(client_of([psk("Alice")]), ServerConfig::psk_builder(store));
    sides.expect_failure(Side::Server, &error.into());
}
