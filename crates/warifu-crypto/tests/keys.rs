//! Private keys of every kind: made, written, read back, signed with, verified with.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use warifu_crypto::{CryptoError, KeyKind, PrivateKey, PublicKey, SignatureAlgorithm};

const KINDS: [KeyKind; 9] = [
    KeyKind::EcP256,
    KeyKind::EcP384,
    KeyKind::EcP521,
    KeyKind::Ed25519,
    KeyKind::Rsa { bits: 2048 },
    KeyKind::RsaPss { bits: 2048 },
    KeyKind::MlDsa44,
    KeyKind::MlDsa65,
    KeyKind::MlDsa87,
];

#[test]
fn generated_keys_round_trip_and_sign() {
    for kind in KINDS {
        let key = PrivateKey::generate(kind).unwrap();
        assert_eq!(key.kind(), kind);
        let again = PrivateKey::from_der(key.to_pkcs8_der().unwrap().as_bytes()).unwrap();
        assert_eq!(again.kind(), kind);
        assert_eq!(again.public_key_spki(), key.public_key_spki());
        let public = PublicKey::from_spki_der(key.public_key_spki()).unwrap();
        assert_eq!(public.kind(), kind);
        for algorithm in SignatureAlgorithm::ALL {
            let supported = key.algorithms().contains(&algorithm);
            assert_eq!(public.supports(algorithm), supported);
            let Ok(signature) = key.sign(algorithm, b"message") else {
                assert!(!supported);
                assert_eq!(
                    public.verify(algorithm, b"message", &[]),
                    Err(CryptoError::Unsupported)
                );
                continue;
            };
            assert!(supported);
            assert_eq!(public.verify(algorithm, b"message", &signature), Ok(()));
            assert_eq!(
                public.verify(algorithm, b"massage", &signature),
                Err(CryptoError::BadSignature)
            );
            assert_eq!(
                public.verify(algorithm, b"message", &[]),
                Err(CryptoError::BadSignature)
            );
        }
    }
}

#[test]
fn debug_prints_the_kind_only() {
    let key = PrivateKey::generate(KeyKind::EcP256).unwrap();
    assert_eq!(format!("{key:?}"), "PrivateKey { kind: EcP256, .. }");
}

#[test]
fn keys_cross_threads() {
    fn check<T: Send + Sync>() {}
    check::<PrivateKey>();
    check::<PublicKey>();
    check::<warifu_crypto::AeadKey>();
    check::<warifu_crypto::HmacKey>();
    check::<warifu_crypto::Prk>();
    check::<warifu_crypto::KeyShare>();
}

#[test]
fn one_key_signs_and_verifies_on_many_threads_at_once() {
    for kind in [
        KeyKind::EcP256,
        KeyKind::Rsa { bits: 2048 },
        KeyKind::Ed25519,
    ] {
        let key = PrivateKey::generate(kind).unwrap();
        let public = key.public_key().unwrap();
        let algorithm = key.algorithms()[0];
        std::thread::scope(|scope| {
            for thread in 0..8u8 {
                let (key, public) = (&key, &public);
                scope.spawn(move || {
                    for i in 0..20 {
                        let signature = key.sign(algorithm, &[thread, i]).unwrap();
                        public.verify(algorithm, &[thread, i], &signature).unwrap();
                    }
                });
            }
        });
    }
}

/// The forms that aws-lc-rs writes: PKCS#8 version 2 with the public key for Ed25519, seed and expanded for ML-DSA.
#[test]
fn keys_of_aws_lc_rs_are_read() {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, Pkcs8V2Der};
    use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
    let key = Ed25519KeyPair::generate().unwrap();
    let version_1: Pkcs8V1Der = key.as_der().unwrap();
    let version_2: Pkcs8V2Der = key.as_der().unwrap();
    assert_ne!(version_1.as_ref(), version_2.as_ref());
    for der in [version_1.as_ref(), version_2.as_ref()] {
        let read = PrivateKey::from_der(der).unwrap();
        assert!(read.public_key_spki().ends_with(key.public_key().as_ref()));
        assert_eq!(read.to_pkcs8_der().unwrap().as_bytes(), version_1.as_ref());
    }
    let mut contradictory = version_2.as_ref().to_vec();
    *contradictory.last_mut().unwrap() ^= 1;
    assert_eq!(
        PrivateKey::from_der(&contradictory).unwrap_err(),
        CryptoError::InvalidKey
    );

    let key = EcdsaKeyPair::generate(&signature::ECDSA_P384_SHA384_ASN1_SIGNING).unwrap();
    let der = key.to_pkcs8v1().unwrap();
    let read = PrivateKey::from_der(der.as_ref()).unwrap();
    assert_eq!(read.kind(), KeyKind::EcP384);
    assert!(read.public_key_spki().ends_with(key.public_key().as_ref()));
}

/// RFC 9881 Section 6: the form "both", whose halves must agree.
#[test]
fn ml_dsa_keys_with_seed_and_expanded_key() {
    fn wrap(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let mut der = vec![tag];
        match content.len() {
            len @ 0..0x80 => der.push(len as u8),
            len => der.extend([0x82, (len >> 8) as u8, len as u8]),
        }
        der.extend(content);
        der
    }
    for (kind, oid_end) in [
        (KeyKind::MlDsa44, 0x11),
        (KeyKind::MlDsa65, 0x12),
        (KeyKind::MlDsa87, 0x13),
    ] {
        let key = PrivateKey::generate(kind).unwrap();
        let seed_form = key.to_pkcs8_der().unwrap();
        let seed = seed_form.as_bytes().last_chunk::<32>().unwrap();
        // The expanded key is what is written for a key that came without a seed.
        let expanded = expanded_key(oid_end, seed);
        let pkcs8 = |seed: &[u8], expanded: &[u8]| {
            let oid = [0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, oid_end];
            let both = wrap(0x30, &[&wrap(4, &[seed]), &wrap(4, &[expanded])]);
            wrap(
                0x30,
                &[&[2, 1, 0], &wrap(0x30, &[&oid]), &wrap(4, &[&both])],
            )
        };
        let both = PrivateKey::from_der(&pkcs8(seed, &expanded)).unwrap();
        assert_eq!(both.public_key_spki(), key.public_key_spki());
        assert_eq!(both.to_pkcs8_der().unwrap(), seed_form);
        let mut other_seed = *seed;
        other_seed[0] ^= 1;
        assert_eq!(
            PrivateKey::from_der(&pkcs8(&other_seed, &expanded)).unwrap_err(),
            CryptoError::InvalidKey
        );
    }
}

fn expanded_key(oid_end: u8, seed: &[u8]) -> Vec<u8> {
    use aws_lc_rs::encoding::AsRawBytes;
    use aws_lc_rs::signature::{
        ML_DSA_44_SIGNING, ML_DSA_65_SIGNING, ML_DSA_87_SIGNING, PqdsaKeyPair,
    };
    let algorithm = match oid_end {
        0x11 => &ML_DSA_44_SIGNING,
        0x12 => &ML_DSA_65_SIGNING,
        _ => &ML_DSA_87_SIGNING,
    };
    let key = PqdsaKeyPair::from_seed(algorithm, seed).unwrap();
    key.private_key().as_raw_bytes().unwrap().as_ref().to_vec()
}
