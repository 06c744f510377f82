//! Certificates that are the same in each run: fixed keys, and signatures that need no random numbers.

use std::sync::Arc;

use rcgen::{Issuer, KeyPair};
use warifu::Credential;
use warifu::pki_types::CertificateDer;

use crate::support::{Pki, pki};

/// RSA, so that its signatures (PKCS #1) are fixed too.
const CA_KEY: &[u8] = include_bytes!("../../keys/ca.rsa.pk8");
const LEAF_KEY: &[u8] = include_bytes!("../../keys/leaf.rsa.pk8");

pub fn ca() -> pki::Ca {
    let mut params = pki::ca_params("test CA");
    params.serial_number = Some(rcgen::SerialNumber::from_slice(&[1]));
    let key = KeyPair::try_from(CA_KEY).unwrap();
    let certificate = params.self_signed(&key).unwrap().der().clone();
    pki::Ca {
        certificate,
        issuer: Issuer::new(params, key),
    }
}

fn rsa_key() -> KeyPair {
    KeyPair::try_from(LEAF_KEY).unwrap()
}

/// PKCS #8 of an Ed25519 key of this seed, RFC 8410 Section 7.
pub fn ed25519_key(seed: u8) -> Vec<u8> {
    const HEADER: [u8; 16] = [
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    [&HEADER[..], &[seed; 32]].concat()
}

/// A certificate for these names and the Ed25519 key of this seed.
pub fn ed25519_leaf(ca: &pki::Ca, name: &str, seed: u8) -> CertificateDer<'static> {
    let key = KeyPair::try_from(&ed25519_key(seed)[..]).unwrap();
    ca.leaf_of_key(&[name], key, |_| {}).0
}

/// Seeds of the keys of [`ed25519`].
pub const SERVER_SEED: u8 = 1;
pub const CLIENT_SEED: u8 = 2;

/// A server and a client with Ed25519 keys.
pub fn ed25519() -> Pki {
    let ca = ca();
    let credential = |name: &str, seed| {
        let certificate = ed25519_leaf(&ca, name, seed);
        Arc::new(Credential::from_der(vec![certificate], &ed25519_key(seed)).unwrap())
    };
    let server = credential("host.example", SERVER_SEED);
    let client = credential("client.example", CLIENT_SEED);
    Pki { ca, server, client }
}

/// A certificate for this name and the RSA key, which may also decrypt.
pub fn rsa_credential(ca: &pki::Ca, name: &str) -> Arc<Credential> {
    let (certificate, _) = ca.leaf_of_key(&[name], rsa_key(), |params| {
        params
            .key_usages
            .push(rcgen::KeyUsagePurpose::KeyEncipherment);
    });
    Arc::new(Credential::from_der(vec![certificate], LEAF_KEY).unwrap())
}

/// The server's certificates with their keys, PKCS #8.
pub fn ed25519_chain(ca: &pki::Ca) -> (CertificateDer<'static>, Vec<u8>) {
    let certificate = ed25519_leaf(ca, "host.example", SERVER_SEED);
    (certificate, ed25519_key(SERVER_SEED))
}

pub fn rsa_chain(ca: &pki::Ca) -> (CertificateDer<'static>, &'static [u8]) {
    let (certificate, _) = ca.leaf_of_key(&["host.example"], rsa_key(), |_| {});
    (certificate, LEAF_KEY)
}
