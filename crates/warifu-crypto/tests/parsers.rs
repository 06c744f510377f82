//! No input makes a parser panic: random bytes, and true keys with bytes changed, cut off or repeated.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use proptest::prelude::*;
use warifu_crypto::{Group, KeyShare, PrivateKey, PublicKey, SignatureAlgorithm, respond};

const DER: [&[u8]; 14] = [
    include_bytes!("data/ec-p256.pkcs8.der"),
    include_bytes!("data/ec-p384.sec1.der"),
    include_bytes!("data/ec-p521.pkcs8.der"),
    include_bytes!("data/ed25519.pkcs8.der"),
    include_bytes!("data/rsa-2048.pkcs8.der"),
    include_bytes!("data/rsa-2048.pkcs1.der"),
    include_bytes!("data/rsa-pss-sha256.pkcs8.der"),
    include_bytes!("data/encrypted-quick.der"),
    include_bytes!("data/ec-p256.spki.der"),
    include_bytes!("data/ec-p521.spki.der"),
    include_bytes!("data/ed25519.spki.der"),
    include_bytes!("data/rsa-2048.spki.der"),
    include_bytes!("data/rsa-pss.spki.der"),
    include_bytes!("data/rsa-pss-sha384.spki.der"),
];

const GROUPS: [Group; 9] = [
    Group::X25519,
    Group::P256,
    Group::P384,
    Group::P521,
    Group::MlKem768,
    Group::MlKem1024,
    Group::X25519MlKem768,
    Group::SecP256r1MlKem768,
    Group::SecP384r1MlKem1024,
];

fn parse_all(bytes: &[u8]) {
    let _ = PrivateKey::from_der(bytes);
    if let Ok(key) = PublicKey::from_spki_der(bytes) {
        for algorithm in SignatureAlgorithm::ALL {
            let _ = key.verify(algorithm, bytes, bytes);
        }
    }
    let _ = PublicKey::from_spki_parts(bytes, bytes);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300), passphrase in any::<[u8; 4]>()) {
        parse_all(&bytes);
        let _ = PrivateKey::from_encrypted_pkcs8(&bytes, &passphrase);
        let _ = SignatureAlgorithm::from_iana(bytes.len() as u16);
    }

    #[test]
    fn changed_keys(
        which in 0..DER.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        end in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = DER[which].to_vec();
        for (at, byte) in changes {
            // Mostly near the front, where the structure is.
            let at = at.index(bytes.len().min(64));
            bytes[at] = byte;
        }
        if cut {
            bytes.truncate(end.index(bytes.len()));
        }
        parse_all(&bytes);
        // Without its header of costs: changed there, opening may take its allowed seconds.
        if which != 7 {
            let _ = PrivateKey::from_encrypted_pkcs8(&bytes, b"x");
        }
    }

    #[test]
    fn random_shares(which in 0..GROUPS.len(), seed in prop::collection::vec(any::<u8>(), 1..64), form in any::<bool>()) {
        let group = GROUPS[which];
        let mut share: Vec<u8> = seed.iter().copied().cycle().take(group.client_share_len()).collect();
        if form { share[0] = 4; }
        let _ = respond(group, &share);
        let mut share: Vec<u8> = seed.iter().copied().cycle().take(group.server_share_len()).collect();
        if form { share[0] = 4; }
        let _ = KeyShare::generate(group).unwrap().agree(&share);
        let _ = respond(group, &seed);
    }
}
