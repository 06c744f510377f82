//! rustls in TLS 1.2: configurations, for the functions of `theirs.rs`.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::server::NoServerSessionStorage;
use rustls::{ClientConfig, HandshakeKind, RootCertStore, ServerConfig};

use crate::pki::Pki;
use crate::theirs;
use crate::tls12::Suite;
use crate::wire::Wire;

/// With P-256 alone.
fn provider(suite: Suite) -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites = vec![match suite {
        Suite::EcdheEcdsaAes128Gcm => {
            aws_lc_rs::cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        }
        Suite::EcdheEcdsaChaCha20 => {
            aws_lc_rs::cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
        }
        Suite::EcdheRsaAes128Gcm => aws_lc_rs::cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        other => panic!("rustls has no {}", other.name()),
    }];
    provider.kx_groups = vec![aws_lc_rs::kx_group::SECP256R1];
    provider.into()
}

/// The server's configuration: no tickets, no sessions remembered, as ours.
pub fn server_config(pki: &Pki, suite: Suite) -> Arc<ServerConfig> {
    let mut config = ServerConfig::builder_with_provider(provider(suite))
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(pki.leaf.clone())],
            PrivatePkcs8KeyDer::from(pki.key.clone()).into(),
        )
        .unwrap();
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.into()
}

/// A client's configuration, with rustls' own verifier and no memory of sessions.
pub fn client_config(pki: &Pki, suite: Suite) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(pki.ca.clone())).unwrap();
    let mut config = ClientConfig::builder_with_provider(provider(suite))
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    config.into()
}

/// Configurations of both ends, the client's with a session to resume; each handshake issues one stateless ticket.
pub fn resuming(pki: &Pki) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let suite = Suite::EcdheEcdsaAes128Gcm;
    let mut server = Arc::unwrap_or_clone(server_config(pki, suite));
    server.ticketer = aws_lc_rs::Ticketer::new().unwrap();
    let mut client = Arc::unwrap_or_clone(client_config(pki, suite));
    client.resumption = Resumption::in_memory_sessions(4);
    let (client, server) = (Arc::new(client), Arc::new(server));
    theirs::handshake(&client, &server, &theirs::server_name(), &mut Wire::new());
    (client, server)
}

/// A handshake that resumes with the ticket of the one before, and takes the next.
pub fn resume(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    name: &ServerName<'static>,
    wire: &mut Wire,
) {
    let pair = theirs::handshake(client, server, name, wire);
    assert_eq!(pair.client.handshake_kind(), Some(HandshakeKind::Resumed));
}
