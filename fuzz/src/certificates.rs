//! Certificates and revocation lists that are the same in each run, as the parts that are signed and under keys that anybody
//! may use: so that a change comes under a signature that is right.

use std::sync::Arc;

use warifu::Credential;
use warifu::certificate::der::{tag, wrap};
use warifu::pki_types::CertificateDer;
use warifu_crypto::{PrivateKey, SignatureAlgorithm};

/// 2026-06-01 00:00:00 UTC, when everything takes place, in seconds since 1970.
pub const NOW: u64 = 1_780_272_000;

/// AlgorithmIdentifier of Ed25519, RFC 8410 Section 3.
const ED25519: [u8; 7] = [0x30, 5, 6, 3, 0x2b, 0x65, 0x70];

/// An Ed25519 key.
pub struct Key {
    pkcs8: Vec<u8>,
    key: PrivateKey,
}

impl Key {
    /// The key of this seed, RFC 8410 Section 7.
    pub fn new(seed: u8) -> Self {
        const HEADER: [u8; 16] = [
            0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
        ];
        let pkcs8 = [&HEADER[..], &[seed; 32]].concat();
        let key = PrivateKey::from_der(&pkcs8).expect("an Ed25519 key");
        Self { pkcs8, key }
    }

    pub fn spki(&self) -> &[u8] {
        self.key.public_key_spki()
    }

    /// A certificate or a revocation list: what is to be signed, and the signature.
    pub fn sign(&self, signed: &[u8]) -> Vec<u8> {
        let signature = self.key.sign(SignatureAlgorithm::Ed25519, signed);
        let signature = signature.expect("a signature");
        let bits = wrap(tag::BIT_STRING, &[&[0], &signature]);
        wrap(tag::SEQUENCE, &[signed, &ED25519, &bits])
    }

    /// With this chain, whose first certificate has the key.
    pub fn credential(&self, chain: Vec<CertificateDer<'static>>) -> Arc<Credential> {
        let credential = Credential::from_der(chain, &self.pkcs8);
        Arc::new(credential.expect("a credential"))
    }
}

/// A certificate of a CA, to be signed.
pub fn ca(subject: &str, issuer: &str, key: &Key) -> Vec<u8> {
    // basicConstraints: cA, pathLenConstraint 3. keyUsage: keyCertSign, cRLSign.
    to_be_signed(
        subject,
        issuer,
        key,
        &[
            extension(19, true, &[0x30, 6, 1, 1, 0xff, 2, 1, 3]),
            extension(15, true, &[3, 2, 1, 6]),
        ],
    )
}

/// A certificate of a server or client, to be signed.
pub fn leaf(name: &str, issuer: &str, key: &Key) -> Vec<u8> {
    let dns_name = wrap(0x82, &[name.as_bytes()]);
    to_be_signed(
        name,
        issuer,
        key,
        &[
            // subjectAltName with an IP address besides.
            extension(
                17,
                false,
                &wrap(tag::SEQUENCE, &[&dns_name, &[0x87, 4, 192, 0, 2, 1]]),
            ),
            // keyUsage: digitalSignature. extKeyUsage: serverAuth, clientAuth. basicConstraints: no CA.
            extension(15, true, &[3, 2, 7, 0x80]),
            extension(37, false, &EXTENDED_KEY_USAGE),
            extension(19, true, &[0x30, 0]),
        ],
    )
}

const EXTENDED_KEY_USAGE: [u8; 22] = [
    0x30, 20, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2,
];

/// A list that revokes a certificate of serial number 9, to be signed by the CA of this name.
pub fn revocation_list(issuer: &str) -> Vec<u8> {
    let revoked = wrap(tag::SEQUENCE, &[&[2, 1, 9], &utc_time("260501000000Z")]);
    // cRLNumber.
    let extensions = wrap(tag::SEQUENCE, &[&extension(20, false, &[2, 1, 5])]);
    wrap(
        tag::SEQUENCE,
        &[
            &[2, 1, 1],
            &ED25519,
            &name(issuer),
            &utc_time("260501000000Z"),
            &utc_time("260701000000Z"),
            &wrap(tag::SEQUENCE, &[&revoked]),
            &wrap(tag::context(0), &[&extensions]),
        ],
    )
}

fn to_be_signed(subject: &str, issuer: &str, key: &Key, extensions: &[Vec<u8>]) -> Vec<u8> {
    let extensions: Vec<_> = extensions.iter().map(Vec::as_slice).collect();
    let extensions = wrap(tag::SEQUENCE, &extensions);
    let validity = [utc_time("260101000000Z"), utc_time("270101000000Z")].concat();
    wrap(
        tag::SEQUENCE,
        &[
            // Version 3, serial number 7.
            &wrap(tag::context(0), &[&[2, 1, 2]]),
            &[2, 1, 7],
            &ED25519,
            &name(issuer),
            &wrap(tag::SEQUENCE, &[&validity]),
            &name(subject),
            key.spki(),
            &wrap(tag::context(3), &[&extensions]),
        ],
    )
}

/// A name of one commonName.
fn name(common_name: &str) -> Vec<u8> {
    let text = wrap(0x0c, &[common_name.as_bytes()]);
    let attribute = wrap(tag::SEQUENCE, &[&[6, 3, 0x55, 4, 3], &text]);
    wrap(tag::SEQUENCE, &[&wrap(0x31, &[&attribute])])
}

/// An extension of arc 2.5.29.
fn extension(number: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    let oid = [6, 3, 0x55, 0x1d, number];
    let critical: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    wrap(
        tag::SEQUENCE,
        &[&oid, critical, &wrap(tag::OCTET_STRING, &[value])],
    )
}

fn utc_time(text: &str) -> Vec<u8> {
    wrap(tag::UTC_TIME, &[text.as_bytes()])
}
