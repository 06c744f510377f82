//! warifu in TLS 1.2, driven by its public API: configurations, for the functions of `ours.rs`.

use std::sync::Arc;

use warifu::config::{Client, ConfigBuilder, Server};
use warifu::parameters::{CipherSuite, NamedGroup, ProtocolVersion};
use warifu::pki_types::CertificateDer;
use warifu::psk::PskTable;
use warifu::resumption::{RotatingTicketKeys, Tickets};
use warifu::{ClientConfig, Credential, Psk, ServerConfig, Trust};

use crate::Groups;
use crate::ours;
use crate::ours_psk::OneSession;
use crate::pki::Pki;
use crate::psk::{IDENTITY, KEY};
use crate::tls12::Suite;
use crate::wire::Wire;

fn narrowed<R>(builder: ConfigBuilder<R>, suite: Suite, groups: Groups) -> ConfigBuilder<R> {
    let builder = builder
        .with_versions(ProtocolVersion::TLS1_2..=ProtocolVersion::TLS1_2)
        .with_cipher_suites(&[CipherSuite::from_any_name(suite.name()).unwrap()]);
    match groups {
        Groups::X25519 => builder.with_groups(&[NamedGroup::X25519]),
        Groups::P256 => builder.with_groups(&[NamedGroup::SECP256R1]),
        Groups::Default => builder,
    }
}

fn server_builder(pki: &Pki, suite: Suite, groups: Groups) -> ConfigBuilder<Server> {
    let leaf = CertificateDer::from(pki.leaf.clone());
    let credential = Credential::from_der(vec![leaf], &pki.key).unwrap();
    narrowed(ServerConfig::builder(Arc::new(credential)), suite, groups)
}

fn client_builder(pki: &Pki, suite: Suite, groups: Groups) -> ConfigBuilder<Client> {
    let trust = Trust::builder().with_ca_bytes(&pki.ca).build().unwrap();
    narrowed(ClientConfig::builder(trust), suite, groups)
}

/// The server's configuration, without tickets.
pub fn server_config(pki: &Pki, suite: Suite, groups: Groups) -> Arc<ServerConfig> {
    server_builder(pki, suite, groups).build().unwrap()
}

/// A client's configuration whose trust has verified nothing yet.
pub fn client_config(pki: &Pki, suite: Suite, groups: Groups) -> Arc<ClientConfig> {
    client_builder(pki, suite, groups).build().unwrap()
}

/// As the two above with MAC-then-encrypt, the order of TLS before RFC 7366.
pub fn mac_then_encrypt(pki: &Pki, suite: Suite) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let client = client_builder(pki, suite, Groups::P256).with_encrypt_then_mac(false);
    (
        client.build().unwrap(),
        server_config(pki, suite, Groups::P256),
    )
}

/// Configurations of both ends for one key.
pub fn psk_configs(suite: Suite, groups: Groups) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    // Two values, as in two processes: clones of one are one node's, which does not talk to itself.
    let psk = || Psk::new(IDENTITY, KEY).unwrap();
    let client = narrowed(ClientConfig::psk_builder([psk()]), suite, groups);
    let store = PskTable::new([psk()]).unwrap();
    let server = narrowed(ServerConfig::psk_builder(store), suite, groups);
    (client.build().unwrap(), server.build().unwrap())
}

/// Configurations of both ends, the client's with a session to resume; each handshake issues one ticket, as rustls' does.
pub fn resuming(pki: &Pki) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let (suite, groups) = (Suite::EcdheEcdsaAes128Gcm, Groups::P256);
    let server = server_builder(pki, suite, groups)
        .with_tickets(Tickets::stateless(RotatingTicketKeys::default()).with_count(1))
        .build()
        .unwrap();
    let client = client_builder(pki, suite, groups)
        .with_session_store(OneSession::default())
        .build()
        .unwrap();
    ours::handshake(&client, &server, &ours::server_name(), &mut Wire::new());
    (client, server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_what_they_say() {
        let (ecdsa, rsa) = (Pki::new(), Pki::rsa());
        for (pki, suite) in [
            (&ecdsa, Suite::EcdheEcdsaAes128Gcm),
            (&ecdsa, Suite::EcdheEcdsaAes128CbcSha),
            (&rsa, Suite::EcdheRsaAes128Gcm),
        ] {
            let client = client_config(pki, suite, Groups::P256);
            let server = server_config(pki, suite, Groups::P256);
            let name = ours::server_name();
            let pair = ours::handshake(&client, &server, &name, &mut Wire::new());
            let facts = pair.client.facts().unwrap();
            assert_eq!(facts.version, ProtocolVersion::TLS1_2);
            assert_eq!(facts.group, Some(NamedGroup::SECP256R1));
            let legacy = facts.legacy.as_ref().unwrap();
            assert!(legacy.extended_main_secret);
            let is_cbc = suite == Suite::EcdheEcdsaAes128CbcSha;
            assert_eq!(legacy.encrypt_then_mac, is_cbc);
        }
        let (client, server) = mac_then_encrypt(&ecdsa, Suite::EcdheEcdsaAes128CbcSha);
        let pair = ours::handshake(&client, &server, &ours::server_name(), &mut Wire::new());
        let facts = pair.client.facts().unwrap();
        assert!(!facts.legacy.as_ref().unwrap().encrypt_then_mac);
        let (client, server) = resuming(&ecdsa);
        for _ in 0..3 {
            let pair = ours::handshake(&client, &server, &ours::server_name(), &mut Wire::new());
            assert!(pair.server.facts().unwrap().resumed);
        }
    }
}
