//! Keys and signatures that the openssl command line made (tests/data/generate.sh).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use warifu_crypto::{
    CryptoError, KeyKind, PrivateKey, PublicKey, RsaMinimum, SignatureAlgorithm as Alg,
};

macro_rules! data {
    ($name:literal) => {
        include_bytes!(concat!("data/", $name)).as_slice()
    };
}

const PASSPHRASE: &[u8] = "割符 hunter2".as_bytes();

/// The key is of this kind, has this public half and signs with each of these.
#[track_caller]
fn check(key: &PrivateKey, spki: &[u8], kind: KeyKind, algorithms: &[Alg]) {
    assert_eq!(key.kind(), kind);
    assert_eq!(key.public_key_spki(), spki);
    assert_eq!(key.algorithms(), algorithms);
    let public = PublicKey::from_spki_der(spki).unwrap();
    assert_eq!(public.kind(), kind);
    for &algorithm in algorithms {
        let signature = key.sign(algorithm, b"message").unwrap();
        public.verify(algorithm, b"message", &signature).unwrap();
    }
    let again = PrivateKey::from_der(key.to_pkcs8_der().unwrap().as_bytes()).unwrap();
    assert_eq!(again.kind(), kind);
    assert_eq!(again.public_key_spki(), spki);
    assert_eq!(again.algorithms(), algorithms);
}

#[test]
fn every_kind_in_every_form() {
    let ecdsa = [
        (
            KeyKind::EcP256,
            Alg::EcdsaP256Sha256,
            data!("ec-p256.pkcs8.der"),
            data!("ec-p256.sec1.der"),
            data!("ec-p256.spki.der"),
        ),
        (
            KeyKind::EcP384,
            Alg::EcdsaP384Sha384,
            data!("ec-p384.pkcs8.der"),
            data!("ec-p384.sec1.der"),
            data!("ec-p384.spki.der"),
        ),
        (
            KeyKind::EcP521,
            Alg::EcdsaP521Sha512,
            data!("ec-p521.pkcs8.der"),
            data!("ec-p521.sec1.der"),
            data!("ec-p521.spki.der"),
        ),
    ];
    for (kind, algorithm, pkcs8, sec1, spki) in ecdsa {
        for der in [pkcs8, sec1] {
            check(
                &PrivateKey::from_der(der).unwrap(),
                spki,
                kind,
                &[algorithm],
            );
        }
    }

    let key = PrivateKey::from_der(data!("ed25519.pkcs8.der")).unwrap();
    check(
        &key,
        data!("ed25519.spki.der"),
        KeyKind::Ed25519,
        &[Alg::Ed25519],
    );
    // OpenSSL writes what we write.
    assert_eq!(
        key.to_pkcs8_der().unwrap().as_bytes(),
        data!("ed25519.pkcs8.der")
    );

    let rsa = [
        (
            2048,
            data!("rsa-2048.pkcs8.der"),
            data!("rsa-2048.pkcs1.der"),
            data!("rsa-2048.spki.der"),
        ),
        (
            3072,
            data!("rsa-3072.pkcs8.der"),
            data!("rsa-3072.pkcs1.der"),
            data!("rsa-3072.spki.der"),
        ),
    ];
    for (bits, pkcs8, pkcs1, spki) in rsa {
        for der in [pkcs8, pkcs1] {
            let key = PrivateKey::from_der(der).unwrap();
            check(
                &key,
                spki,
                KeyKind::Rsa { bits },
                &[
                    Alg::RsaPssRsaeSha256,
                    Alg::RsaPssRsaeSha384,
                    Alg::RsaPssRsaeSha512,
                    Alg::RsaPkcs1Sha256,
                    Alg::RsaPkcs1Sha384,
                    Alg::RsaPkcs1Sha512,
                ],
            );
            assert_eq!(key.to_pkcs8_der().unwrap().as_bytes(), pkcs8);
        }
    }
}

#[test]
fn rsa_pss_keys_with_and_without_parameters() {
    let kind = KeyKind::RsaPss { bits: 2048 };
    let cases = [
        (
            data!("rsa-pss.pkcs8.der"),
            data!("rsa-pss.spki.der"),
            [
                Alg::RsaPssPssSha256,
                Alg::RsaPssPssSha384,
                Alg::RsaPssPssSha512,
            ]
            .as_slice(),
        ),
        (
            data!("rsa-pss-sha256.pkcs8.der"),
            data!("rsa-pss-sha256.spki.der"),
            &[Alg::RsaPssPssSha256],
        ),
        (
            data!("rsa-pss-sha384.pkcs8.der"),
            data!("rsa-pss-sha384.spki.der"),
            &[Alg::RsaPssPssSha384],
        ),
    ];
    for (pkcs8, spki, algorithms) in cases {
        let key = PrivateKey::from_der(pkcs8).unwrap();
        check(&key, spki, kind, algorithms);
        assert_eq!(key.to_pkcs8_der().unwrap().as_bytes(), pkcs8);
        for algorithm in Alg::ALL {
            if !algorithms.contains(&algorithm) {
                assert_eq!(
                    key.sign(algorithm, b"message"),
                    Err(CryptoError::Unsupported)
                );
            }
        }
    }
}

#[test]
fn signatures_of_openssl_verify() {
    let rsa = data!("rsa-2048.spki.der");
    let pss = data!("rsa-pss.spki.der");
    for (algorithm, spki, signature) in [
        (
            Alg::EcdsaP256Sha256,
            data!("ec-p256.spki.der"),
            data!("ecdsa-p256-sha256.sig"),
        ),
        (
            Alg::EcdsaP384Sha384,
            data!("ec-p384.spki.der"),
            data!("ecdsa-p384-sha384.sig"),
        ),
        (
            Alg::EcdsaP521Sha512,
            data!("ec-p521.spki.der"),
            data!("ecdsa-p521-sha512.sig"),
        ),
        (
            Alg::Ed25519,
            data!("ed25519.spki.der"),
            data!("ed25519.sig"),
        ),
        (Alg::RsaPkcs1Sha256, rsa, data!("rsa-pkcs1-sha256.sig")),
        (Alg::RsaPkcs1Sha384, rsa, data!("rsa-pkcs1-sha384.sig")),
        (Alg::RsaPkcs1Sha512, rsa, data!("rsa-pkcs1-sha512.sig")),
        (Alg::RsaPssRsaeSha256, rsa, data!("rsa-pss-rsae-sha256.sig")),
        (Alg::RsaPssRsaeSha384, rsa, data!("rsa-pss-rsae-sha384.sig")),
        (Alg::RsaPssRsaeSha512, rsa, data!("rsa-pss-rsae-sha512.sig")),
        (Alg::RsaPssPssSha256, pss, data!("rsa-pss-pss-sha256.sig")),
        (Alg::RsaPssPssSha384, pss, data!("rsa-pss-pss-sha384.sig")),
        (Alg::RsaPssPssSha512, pss, data!("rsa-pss-pss-sha512.sig")),
    ] {
        let key = PublicKey::from_spki_der(spki).unwrap();
        assert_eq!(
            key.verify(algorithm, b"message", signature),
            Ok(()),
            "{algorithm:?}"
        );
        assert_eq!(
            key.verify(algorithm, b"other", signature),
            Err(CryptoError::BadSignature)
        );
        // Deterministic algorithms must give the very bytes.
        if let Alg::Ed25519 = algorithm {
            let key = PrivateKey::from_der(data!("ed25519.pkcs8.der")).unwrap();
            assert_eq!(key.sign(algorithm, b"message").unwrap(), signature);
        }
    }
}

#[test]
fn sha1_signatures_of_openssl_verify_where_they_are_asked_for() {
    for (spki, signature) in [
        (data!("rsa-2048.spki.der"), data!("rsa-pkcs1-sha1.sig")),
        (data!("ec-p256.spki.der"), data!("ecdsa-p256-sha1.sig")),
        (data!("ec-p384.spki.der"), data!("ecdsa-p384-sha1.sig")),
        (data!("ec-p521.spki.der"), data!("ecdsa-p521-sha1.sig")),
    ] {
        let key = PublicKey::from_spki_der(spki).unwrap();
        assert_eq!(key.verify_sha1(b"message", signature), Ok(()));
        assert_eq!(
            key.verify_sha1(b"messagf", signature),
            Err(CryptoError::BadSignature)
        );
        let mut changed = signature.to_vec();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(
            key.verify_sha1(b"message", &changed),
            Err(CryptoError::BadSignature)
        );
        // No algorithm of TLS 1.3 takes it.
        for algorithm in Alg::ALL {
            if key.supports(algorithm) {
                assert_eq!(
                    key.verify(algorithm, b"message", signature),
                    Err(CryptoError::BadSignature)
                );
            }
        }
    }
    // A signature with SHA-256 is none with SHA-1.
    let key = PublicKey::from_spki_der(data!("rsa-2048.spki.der")).unwrap();
    assert_eq!(
        key.verify_sha1(b"message", data!("rsa-pkcs1-sha256.sig")),
        Err(CryptoError::BadSignature)
    );
    for spki in [data!("ed25519.spki.der"), data!("rsa-pss.spki.der")] {
        let key = PublicKey::from_spki_der(spki).unwrap();
        assert_eq!(
            key.verify_sha1(b"message", data!("rsa-pkcs1-sha1.sig")),
            Err(CryptoError::Unsupported)
        );
    }
}

#[test]
fn rsa_of_1024_bits_works_where_it_is_asked_for() {
    let (pkcs8, spki) = (data!("rsa-1024.pkcs8.der"), data!("rsa-1024.spki.der"));
    let public = PublicKey::from_spki_der_with(spki, RsaMinimum::Bits1024).unwrap();
    assert_eq!(public.kind(), KeyKind::Rsa { bits: 1024 });
    for (algorithm, signature) in [
        (Alg::RsaPkcs1Sha512, data!("rsa-1024-pkcs1-sha512.sig")),
        (Alg::RsaPssRsaeSha256, data!("rsa-1024-pss-sha256.sig")),
        (Alg::RsaPssRsaeSha384, data!("rsa-1024-pss-sha384.sig")),
    ] {
        assert_eq!(public.verify(algorithm, b"message", signature), Ok(()));
        assert_eq!(
            public.verify(algorithm, b"other", signature),
            Err(CryptoError::BadSignature)
        );
    }
    assert_eq!(
        public.verify_sha1(b"message", data!("rsa-1024-pkcs1-sha1.sig")),
        Ok(())
    );
    // RFC 8017 Section 9.1.1: hash and salt of 64 bytes each leave no room in 128.
    assert!(!public.supports(Alg::RsaPssRsaeSha512));

    assert_eq!(
        PublicKey::from_spki_der_with(spki, RsaMinimum::Bits2048).unwrap_err(),
        CryptoError::WeakKey
    );
    assert_eq!(
        PrivateKey::from_der_with(pkcs8, RsaMinimum::Bits2048).unwrap_err(),
        CryptoError::WeakKey
    );
    let key = PrivateKey::from_der_with(pkcs8, RsaMinimum::Bits1024).unwrap();
    assert_eq!(
        key.algorithms(),
        [
            Alg::RsaPssRsaeSha256,
            Alg::RsaPssRsaeSha384,
            Alg::RsaPkcs1Sha256,
            Alg::RsaPkcs1Sha384,
            Alg::RsaPkcs1Sha512,
        ]
    );
    for &algorithm in key.algorithms() {
        let signature = key.sign(algorithm, b"message").unwrap();
        let public = key.public_key().unwrap();
        assert_eq!(public.verify(algorithm, b"message", &signature), Ok(()));
    }
    assert_eq!(
        key.sign(Alg::RsaPssRsaeSha512, b"message"),
        Err(CryptoError::Unsupported)
    );
}

#[test]
fn rsa_below_1024_bits_is_refused_always() {
    let (pkcs8, spki) = (data!("rsa-1016.pkcs8.der"), data!("rsa-1016.spki.der"));
    for minimum in [RsaMinimum::Bits2048, RsaMinimum::Bits1024] {
        assert_eq!(
            PublicKey::from_spki_der_with(spki, minimum).unwrap_err(),
            CryptoError::WeakKey
        );
        assert_eq!(
            PrivateKey::from_der_with(pkcs8, minimum).unwrap_err(),
            CryptoError::WeakKey
        );
    }
}

#[test]
fn what_is_not_ours_is_refused_by_name() {
    use CryptoError::{BadPassphrase, InvalidKey, Unsupported, WeakKey};
    for (der, error) in [
        (data!("rsa-1024.pkcs8.der"), WeakKey),
        (data!("rsa-pss-sha1.pkcs8.der"), Unsupported),
        (data!("ec-secp256k1.pkcs8.der"), Unsupported),
        (data!("ed448.pkcs8.der"), Unsupported),
        (data!("x25519.pkcs8.der"), Unsupported),
        (data!("ec-p256-explicit.pkcs8.der"), Unsupported),
        (data!("ec-p256-explicit.sec1.der"), Unsupported),
        (data!("encrypted-default.der"), BadPassphrase),
        (data!("ec-p256.spki.der"), BadPassphrase),
        (b"", InvalidKey),
        (b"\x30\x00", InvalidKey),
    ] {
        assert_eq!(PrivateKey::from_der(der).unwrap_err(), error);
    }
    for (spki, error) in [
        (data!("rsa-1024.spki.der"), WeakKey),
        (data!("rsa-pss-sha1.spki.der"), Unsupported),
        (data!("ec-secp256k1.spki.der"), Unsupported),
        (data!("ed448.spki.der"), Unsupported),
        (data!("x25519.spki.der"), Unsupported),
        (data!("ec-p256-compressed.spki.der"), Unsupported),
        (data!("ec-p256-explicit.spki.der"), Unsupported),
        (data!("ec-p256.pkcs8.der"), InvalidKey),
        (b"", InvalidKey),
    ] {
        assert_eq!(PublicKey::from_spki_der(spki).unwrap_err(), error);
    }
}

#[test]
fn encrypted_keys_open_with_their_passphrase_only() {
    for der in [
        data!("encrypted-default.der"),
        data!("encrypted-aes128.der"),
        data!("encrypted-3des-sha1.der"),
        data!("encrypted-scrypt.der"),
    ] {
        let key = PrivateKey::from_encrypted_pkcs8(der, PASSPHRASE).unwrap();
        assert_eq!(key.public_key_spki(), data!("ec-p256.spki.der"));
        for wrong in [b"".as_slice(), b"hunter2", &PASSPHRASE[1..]] {
            assert_eq!(
                PrivateKey::from_encrypted_pkcs8(der, wrong).unwrap_err(),
                CryptoError::BadPassphrase
            );
        }
    }
}

/// A wrong key leaves valid CBC padding once in 256 times: that must be called a wrong passphrase, too.
#[test]
fn a_thousand_wrong_passphrases_are_all_told_as_such() {
    for i in 0..1000u32 {
        let refused =
            PrivateKey::from_encrypted_pkcs8(data!("encrypted-quick.der"), &i.to_be_bytes());
        assert_eq!(refused.unwrap_err(), CryptoError::BadPassphrase);
    }
}

#[test]
fn costly_and_unknown_encryption_is_refused_at_once() {
    let scrypt = data!("encrypted-scrypt.der");
    // INTEGER r = 8, INTEGER p = 1.
    let at = scrypt
        .windows(6)
        .position(|window| window == b"\x02\x01\x08\x02\x01\x01")
        .unwrap();
    let mut many_times = scrypt.to_vec();
    many_times[at + 5] = 0x7f;

    for (der, error) in [
        (data!("encrypted-iterations.der"), CryptoError::TooCostly),
        (&many_times, CryptoError::TooCostly),
        (data!("encrypted-pbes1.der"), CryptoError::Unsupported),
        (data!("encrypted-camellia.der"), CryptoError::Unsupported),
        (data!("ec-p256.pkcs8.der"), CryptoError::InvalidKey),
        (b"", CryptoError::InvalidKey),
    ] {
        let start = std::time::Instant::now();
        let refused = PrivateKey::from_encrypted_pkcs8(der, PASSPHRASE);
        assert_eq!(refused.unwrap_err(), error);
        assert!(start.elapsed().as_secs() < 2);
    }
}

/// The halves of a private key must belong together.
#[test]
fn contradictory_keys_are_refused() {
    let sec1 = data!("ec-p256.sec1.der");
    let pkcs8 = data!("rsa-2048.pkcs8.der");
    for (der, at) in [
        (sec1, sec1.len() - 1),     // the public point
        (sec1, 20),                 // the private scalar
        (pkcs8, pkcs8.len() - 1),   // qInv
        (pkcs8, 60),                // the modulus
        (pkcs8, pkcs8.len() - 700), // the private exponent
    ] {
        PrivateKey::from_der(der).unwrap();
        let mut changed = der.to_vec();
        changed[at] ^= 2;
        assert_eq!(
            PrivateKey::from_der(&changed).unwrap_err(),
            CryptoError::InvalidKey,
            "{at}"
        );
    }
}
