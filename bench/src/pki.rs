//! A CA and a server certificate of one kind of key, made anew in each run.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, SignatureAlgorithm,
};

/// DER of everything that the stacks are given.
#[derive(Clone)]
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
    /// With keys on P-256.
    pub fn new() -> Self {
        Self::of(&PKCS_ECDSA_P256_SHA256)
    }

    /// With RSA keys of 2048 bits.
    pub fn rsa() -> Self {
        Self::of(&PKCS_RSA_SHA256)
    }

    fn of(algorithm: &'static SignatureAlgorithm) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params
            .distinguished_name
            .push(DnType::CommonName, "bench CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate_for(algorithm).unwrap();
        let ca = params.self_signed(&key).unwrap().der().to_vec();
        let issuer = Issuer::new(params, key);

        let mut params = CertificateParams::new(vec![SERVER_NAME.to_owned()]).unwrap();
        params
            .distinguished_name
            .push(DnType::CommonName, "bench server");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate_for(algorithm).unwrap();
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
