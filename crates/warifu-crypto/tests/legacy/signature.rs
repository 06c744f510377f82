//! Signatures with MD5 and SHA-1, and ECDSA of any curve with any hash, both ways with OpenSSL.

use crate::bytes;
use crate::openssl::{File, openssl};
use warifu_crypto::legacy::LegacySignature as Legacy;
use warifu_crypto::{CryptoError, PrivateKey, PublicKey};

macro_rules! key {
    ($name:literal) => {
        (
            concat!("tests/data/", $name, ".pkcs8.der"),
            include_bytes!(concat!("../data/", $name, ".pkcs8.der")).as_slice(),
        )
    };
}

/// The keys there are, as files in DER and their content, with the algorithms that they are for.
fn keys() -> [(&'static str, &'static [u8], &'static [Legacy]); 5] {
    const RSA: &[Legacy] = &[Legacy::RsaPkcs1Md5Sha1, Legacy::RsaPkcs1Sha1];
    const ECDSA: &[Legacy] = &[
        Legacy::EcdsaSha1,
        Legacy::EcdsaSha256,
        Legacy::EcdsaSha384,
        Legacy::EcdsaSha512,
    ];
    [
        (key!("rsa-2048"), RSA),
        (key!("rsa-3072"), RSA),
        (key!("ec-p256"), ECDSA),
        (key!("ec-p384"), ECDSA),
        (key!("ec-p521"), ECDSA),
    ]
    .map(|((path, der), algorithms)| (path, der, algorithms))
}

/// The name of the hash for `openssl dgst`.
fn hash(algorithm: Legacy) -> &'static str {
    match algorithm {
        Legacy::RsaPkcs1Md5Sha1 => unreachable!("no hash of dgst"),
        Legacy::RsaPkcs1Sha1 | Legacy::EcdsaSha1 => "-sha1",
        Legacy::EcdsaSha256 => "-sha256",
        Legacy::EcdsaSha384 => "-sha384",
        Legacy::EcdsaSha512 => "-sha512",
    }
}

/// MD5 and SHA-1 in a row, from OpenSSL.
fn md5_sha1(message: &[u8]) -> Vec<u8> {
    let digest = |name: &str| openssl(&["dgst", "-binary", name], message);
    [digest("-md5"), digest("-sha1")].concat()
}

#[test]
fn openssl_verifies_what_we_sign() {
    let message = bytes(300, 1);
    for (path, der, algorithms) in keys() {
        let key = PrivateKey::from_der(der).unwrap();
        for &algorithm in algorithms {
            let signature = File::new(&key.sign_legacy(algorithm, &message).unwrap());
            if algorithm == Legacy::RsaPkcs1Md5Sha1 {
                let digest = File::new(&md5_sha1(&message));
                openssl(
                    &[
                        "pkeyutl",
                        "-verify",
                        "-inkey",
                        path,
                        "-keyform",
                        "DER",
                        "-in",
                        digest.path(),
                        "-sigfile",
                        signature.path(),
                        "-pkeyopt",
                        "digest:MD5-SHA1",
                    ],
                    &[],
                );
            } else {
                openssl(
                    &[
                        "dgst",
                        hash(algorithm),
                        "-prverify",
                        path,
                        "-keyform",
                        "DER",
                        "-signature",
                        signature.path(),
                    ],
                    &message,
                );
            }
        }
    }
}

#[test]
fn we_verify_what_openssl_signs() {
    let message = bytes(300, 2);
    for (path, der, algorithms) in keys() {
        let key = PrivateKey::from_der(der).unwrap().public_key().unwrap();
        for &algorithm in algorithms {
            let signature = if algorithm == Legacy::RsaPkcs1Md5Sha1 {
                // 36 bytes without DigestInfo.
                openssl(
                    &["pkeyutl", "-sign", "-inkey", path, "-keyform", "DER"],
                    &md5_sha1(&message),
                )
            } else {
                openssl(
                    &["dgst", hash(algorithm), "-sign", path, "-keyform", "DER"],
                    &message,
                )
            };
            key.verify_legacy(algorithm, &message, &signature).unwrap();
            check_refusals(&key, algorithm, &message, &signature);
        }
    }
}

/// Nothing but this signature of this message with this algorithm is taken.
#[track_caller]
fn check_refusals(key: &PublicKey, algorithm: Legacy, message: &[u8], signature: &[u8]) {
    let bad = Err(CryptoError::BadSignature);
    assert_eq!(key.verify_legacy(algorithm, &message[1..], signature), bad);
    assert_eq!(key.verify_legacy(algorithm, &[], signature), bad);
    for i in 0..signature.len() {
        let mut changed = signature.to_vec();
        changed[i] ^= 1;
        assert_eq!(key.verify_legacy(algorithm, message, &changed), bad);
    }
    for len in [0, 1, signature.len() - 1] {
        let cut = &signature[..len];
        assert_eq!(key.verify_legacy(algorithm, message, cut), bad);
    }
    let longer = [signature, b"\0"].concat();
    assert_eq!(key.verify_legacy(algorithm, message, &longer), bad);
    for other in Legacy::ALL {
        let result = key.verify_legacy(other, message, signature);
        if other == algorithm {
            assert_eq!(result, Ok(()));
        } else if key.supports_legacy(other) {
            assert_eq!(result, bad);
        } else {
            assert_eq!(result, Err(CryptoError::Unsupported));
        }
    }
}

#[test]
fn algorithms_fit_their_keys_only() {
    for (_, der, algorithms) in keys() {
        let key = PrivateKey::from_der(der).unwrap();
        let public = key.public_key().unwrap();
        for algorithm in Legacy::ALL {
            let fits = algorithms.contains(&algorithm);
            assert_eq!(public.supports_legacy(algorithm), fits);
            if !fits {
                assert_eq!(
                    key.sign_legacy(algorithm, b"message"),
                    Err(CryptoError::Unsupported)
                );
            }
        }
    }
    for (_, der) in [key!("ed25519"), key!("rsa-pss"), key!("rsa-pss-sha256")] {
        let key = PrivateKey::from_der(der).unwrap();
        let public = key.public_key().unwrap();
        for algorithm in Legacy::ALL {
            assert!(!public.supports_legacy(algorithm));
            assert_eq!(
                key.sign_legacy(algorithm, b"message"),
                Err(CryptoError::Unsupported)
            );
            assert_eq!(
                public.verify_legacy(algorithm, b"message", &[0; 256]),
                Err(CryptoError::Unsupported)
            );
        }
    }
}
