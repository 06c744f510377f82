//! What connections keep of their handshake for applications that ask.
#![cfg(feature = "legacy")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use support::Pair;
use warifu::config::Policy;
use warifu::parameters::{CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};

fn pair(version: ProtocolVersion, keeps: bool) -> Pair {
    Pair::with(
        |client| {
            client
                .with_policy(Policy::Legacy)
                .with_versions(version..=version)
                .with_handshake_record(keeps)
        },
        |server| {
            server
                .with_policy(Policy::Legacy)
                .with_versions(version..=version)
                .with_handshake_record(keeps)
        },
    )
}

#[test]
fn both_sides_remember_the_same_handshake() {
    for (version, finished_len) in [
        (ProtocolVersion::TLS1_0, 12),
        (ProtocolVersion::TLS1_2, 12),
        (ProtocolVersion::TLS1_3, 32),
    ] {
        let mut pair = pair(version, true);
        let before = pair.client.handshake_record().unwrap();
        assert_eq!(before.client_random(), None);
        assert!(before.local_finished().is_empty());
        pair.handshake().unwrap();
        let client = pair.client.handshake_record().unwrap();
        let server = pair.server.handshake_record().unwrap();
        assert_eq!(client.client_random(), server.client_random());
        assert_eq!(client.server_random(), server.server_random());
        assert_ne!(client.client_random(), client.server_random());
        assert!(client.client_random().is_some());
        assert_eq!(client.local_finished(), server.peer_finished());
        assert_eq!(client.peer_finished(), server.local_finished());
        assert_ne!(client.local_finished(), client.peer_finished());
        assert_eq!(client.local_finished().len(), finished_len);
        if let Some(legacy) = &pair.client.facts().unwrap().legacy {
            // Of a full handshake the client's is the first.
            assert_eq!(client.local_finished(), legacy.tls_unique.unwrap());
        }
        assert_eq!(client.client_offer(), None);
        let offer = server.client_offer().unwrap();
        assert_eq!(offer.legacy_version, version.min(ProtocolVersion::TLS1_2));
        assert!(offer.groups.contains(&NamedGroup::X25519));
        let facts = pair.client.facts().unwrap();
        assert!(offer.cipher_suites.contains(&facts.cipher_suite));
        assert!(
            offer
                .cipher_suites
                .iter()
                .all(|suite| *suite != CipherSuite(0))
        );
        if version >= ProtocolVersion::TLS1_2 {
            assert!(offer.signature_schemes.contains(&SignatureScheme::ED25519));
        }
    }
}

#[test]
fn nothing_is_kept_unasked() {
    let mut pair = pair(ProtocolVersion::TLS1_3, false);
    pair.handshake().unwrap();
    assert!(pair.client.handshake_record().is_none());
    assert!(pair.server.handshake_record().is_none());
}
