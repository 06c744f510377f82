//! Both ends in memory: handshakes with certificates.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use support::Pair;
use warifu::parameters::{CipherSuite, NamedGroup};
use warifu::{HandshakeKind, ReadOutcome};

#[test]
fn default_handshake_uses_hybrid_group() {
    let mut pair = Pair::new();
    pair.handshake().unwrap();
    let facts = pair.client.facts().unwrap();
    assert_eq!(facts.group, Some(NamedGroup::X25519MLKEM768));
    assert_eq!(facts.cipher_suite, CipherSuite::TLS_AES_128_GCM_SHA256);
    assert_eq!(facts.handshake_kind, HandshakeKind::Full);
    pair.client.write(b"hello").unwrap();
    pair.transfer();
    let mut buffer = [0; 100];
    assert_eq!(pair.server.read(&mut buffer).unwrap(), ReadOutcome::Data(5));
    assert_eq!(&buffer[..5], b"hello");
}
