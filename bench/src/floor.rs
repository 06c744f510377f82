//! The cryptography that no TLS stack on AWS-LC gets around, through the crypto crate.

use std::hint::black_box;

use warifu_crypto::{
    Aead, AeadKey, Group, KeyKind, KeyShare, PrivateKey, PublicKey, SignatureAlgorithm, respond,
};

use crate::Groups;

const ECDSA: SignatureAlgorithm = SignatureAlgorithm::EcdsaP256Sha256;

/// What a handshake computes, with all keys already parsed: two key shares, two agreements, one signature, two
/// verifications (the chain's and CertificateVerify's). No hashing of transcripts, no key schedule, no records.
pub struct Handshake {
    group: Group,
    private_key: PrivateKey,
    public_key: PublicKey,
}

impl Handshake {
    pub fn new(groups: Groups) -> Self {
        let private_key = PrivateKey::generate(KeyKind::EcP256).unwrap();
        Self {
            group: match groups {
                Groups::X25519 => Group::X25519,
                Groups::Default => Group::X25519MlKem768,
            },
            public_key: private_key.public_key().unwrap(),
            private_key,
        }
    }

    pub fn run(&self) {
        let client = KeyShare::generate(self.group).unwrap();
        let (share, server_secret) = respond(self.group, client.public()).unwrap();
        black_box((client.agree(&share).unwrap(), server_secret));
        let message = black_box([0x20; 130]);
        let signature = self.private_key.sign(ECDSA, &message).unwrap();
        for _ in 0..2 {
            self.public_key.verify(ECDSA, &message, &signature).unwrap();
        }
    }
}

/// Seals and opens one record of AES-128-GCM, without a copy.
pub struct Record {
    key: AeadKey,
    record: Vec<u8>,
    sequence: u64,
}

impl Record {
    pub fn new(message_len: usize) -> Self {
        Self {
            key: AeadKey::new(Aead::Aes128Gcm, &[7; 16]).unwrap(),
            record: vec![0; message_len + 17],
            sequence: 0,
        }
    }

    #[inline]
    pub fn run(&mut self, message: &[u8]) {
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&self.sequence.to_be_bytes());
        self.sequence += 1;
        let aad = [23, 3, 3, 0, 0];
        self.key
            .seal_scatter(&nonce, &aad, message, &[23], &mut self.record)
            .unwrap();
        black_box(
            self.key
                .open_in_place(&nonce, &aad, &mut self.record)
                .unwrap(),
        );
    }
}
