//! OpenSSL in TLS 1.2, by the crate `openssl`.

use std::hint::black_box;
use std::io::{Read, Write};

use openssl::pkey::PKey;
use openssl::ssl::{
    ShutdownState, SslContextBuilder, SslMethod, SslOptions, SslSession, SslSessionCacheMode,
    SslVerifyMode, SslVersion,
};
use openssl::x509::X509;

use crate::Groups;
use crate::pki::Pki;
use crate::theirs_psk_openssl::{Contexts, Pair, handshake, handshake_with, take_keys};
use crate::tls12::Suite;
use crate::wire::End;

fn builder(suite: Suite, groups: Groups) -> SslContextBuilder {
    let mut builder = SslContextBuilder::new(SslMethod::tls()).unwrap();
    let version = Some(SslVersion::TLS1_2);
    builder.set_min_proto_version(version).unwrap();
    builder.set_max_proto_version(version).unwrap();
    builder.set_cipher_list(suite.name()).unwrap();
    builder
        .set_groups_list(match groups {
            Groups::X25519 => "X25519",
            Groups::P256 => "P-256",
            Groups::Default => panic!("a group is needed"),
        })
        .unwrap();
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    builder.set_options(SslOptions::NO_TICKET);
    builder
}

/// For one pre-shared key; no tickets, no sessions remembered.
pub fn psk_contexts(suite: Suite, groups: Groups) -> Contexts {
    let (mut client, mut server) = (builder(suite, groups), builder(suite, groups));
    take_keys(&mut client, &mut server);
    contexts(client, server)
}

fn contexts(client: SslContextBuilder, server: SslContextBuilder) -> Contexts {
    Contexts {
        client: client.build(),
        server: server.build(),
    }
}

fn with_certificate(pki: &Pki, suite: Suite) -> (SslContextBuilder, SslContextBuilder) {
    let mut client = builder(suite, Groups::P256);
    let ca = X509::from_der(&pki.ca).unwrap();
    client.cert_store_mut().add_cert(ca).unwrap();
    client.set_verify(SslVerifyMode::PEER);
    let mut server = builder(suite, Groups::P256);
    let leaf = X509::from_der(&pki.leaf).unwrap();
    server.set_certificate(&leaf).unwrap();
    let key = PKey::private_key_from_der(&pki.key).unwrap();
    server.set_private_key(&key).unwrap();
    (client, server)
}

/// With a certificate, which the client verifies without looking at its name; no tickets, no sessions remembered.
pub fn certificate_contexts(pki: &Pki, suite: Suite, encrypt_then_mac: bool) -> Contexts {
    let (mut client, server) = with_certificate(pki, suite);
    if !encrypt_then_mac {
        /// SSL_OP_NO_ENCRYPT_THEN_MAC, which the crate does not name.
        const NO_ENCRYPT_THEN_MAC: u64 = 1 << 19;
        client.set_options(SslOptions::from_bits_retain(NO_ENCRYPT_THEN_MAC));
    }
    contexts(client, server)
}

/// Contexts with tickets, and a session to resume. OpenSSL's server sends no new ticket where one resumes that is still
/// good, which is less work than that of the others.
pub fn resuming(pki: &Pki, ends: &(End, End)) -> (Contexts, SslSession) {
    let (mut client, mut server) = with_certificate(pki, Suite::EcdheEcdsaAes128Gcm);
    for builder in [&mut client, &mut server] {
        builder.clear_options(SslOptions::NO_TICKET);
    }
    client.set_session_cache_mode(SslSessionCacheMode::CLIENT);
    server.set_session_id_context(b"bench").unwrap();
    let contexts = contexts(client, server);
    let mut pair = handshake(&contexts, ends);
    let session = pair.client.ssl().session().unwrap().to_owned();
    close_quietly(&mut pair);
    (contexts, session)
}

/// OpenSSL does not resume the session of a connection that was dropped without close_notify.
fn close_quietly(pair: &mut Pair) {
    for stream in [&mut pair.client, &mut pair.server] {
        stream.set_shutdown(ShutdownState::SENT | ShutdownState::RECEIVED);
    }
}

/// A handshake that resumes.
pub fn resume(contexts: &Contexts, session: &SslSession, ends: &(End, End)) {
    let mut pair = handshake_with(contexts, ends, |client| {
        // SAFETY: the session is of this context.
        unsafe { client.set_session(session).unwrap() }
    });
    assert!(pair.client.ssl().session_reused());
    close_quietly(&mut pair);
}

/// Sends one message from client to server and one back, into a buffer of the application's.
pub fn exchange_messages(pair: &mut Pair, message: &[u8], buffer: &mut [u8]) {
    let Pair { client, server } = pair;
    client.write_all(message).unwrap();
    server.read_exact(&mut buffer[..message.len()]).unwrap();
    black_box(&buffer);
    server.write_all(message).unwrap();
    client.read_exact(&mut buffer[..message.len()]).unwrap();
    black_box(&buffer);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ends;

    #[test]
    fn connections_are_what_they_say() {
        for suite in [Suite::PskAes128Gcm, Suite::EcdhePskChaCha20] {
            let pair = handshake(&psk_contexts(suite, Groups::X25519), &ends());
            assert_eq!(pair.client.ssl().version_str(), "TLSv1.2");
            let cipher = pair.client.ssl().current_cipher().unwrap();
            assert_eq!(cipher.name(), suite.name());
        }
        let pki = Pki::new();
        for suite in [Suite::EcdheEcdsaAes128Gcm, Suite::EcdheEcdsaAes128CbcSha] {
            let mut pair = handshake(&certificate_contexts(&pki, suite, true), &ends());
            let cipher = pair.server.ssl().current_cipher().unwrap();
            assert_eq!(cipher.name(), suite.name());
            exchange_messages(&mut pair, &[7; 1 << 14], &mut vec![0; 1 << 14]);
        }
        let ends = ends();
        let (contexts, session) = resuming(&pki, &ends);
        for _ in 0..3 {
            resume(&contexts, &session, &ends);
        }
    }
}
