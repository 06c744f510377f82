//! A P-256 CA and a P-256 server certificate, made anew in each run.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// DER of everything that the two stacks are given.
pub struct Pki {
    /// The trust anchor.
    pub ca: Vec<u8>,
    /// The server's certificate, signed by the CA.
    pub leaf: Vec<u8>,
    /// The server's private key, PKCS#8.
    pub key: Vec<u8>,
}

/// The name in the server's certificate.
pub const SERVER_NAME: &str = "host.example";

impl Pki {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params
            .distinguished_name
            .push(DnType::CommonName, "bench CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let ca = params.self_signed(&key).unwrap().der().to_vec();
        let issuer = Issuer::new(params, key);

        let mut params = CertificateParams::new(vec![SERVER_NAME.to_owned()]).unwrap();
        params
            .distinguished_name
            .push(DnType::CommonName, "bench server");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let leaf = params.signed_by(&key, &issuer).unwrap().der().to_vec();
        Self {
            ca,
            leaf,
            key: key.serialize_der(),
        }
    }
}

impl Default for Pki {
    fn default() -> Self {
        Self::new()
    }
}
