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
