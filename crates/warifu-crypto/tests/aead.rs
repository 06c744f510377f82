//! Authenticated encryption: the three calls agree with each other and refuse what is not authentic.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use warifu_crypto::{Aead, AeadKey, CryptoError};

const ALL: [Aead; 7] = [
    Aead::Aes128Gcm,
    Aead::Aes256Gcm,
    Aead::ChaCha20Poly1305,
    Aead::Aes128Ccm,
    Aead::Aes128Ccm8,
    Aead::Aes256Ccm,
    Aead::Aes256Ccm8,
];

#[test]
fn seal_and_both_opens_for_many_lengths() {
    for aead in ALL {
        let key = AeadKey::new(aead, &vec![7; aead.key_len()]).unwrap();
        assert_eq!(key.algorithm(), aead);
        for (len, extra_len) in [
            (0, 0),
            (0, 1),
            (1, 0),
            (1, 1),
            (15, 1),
            (16, 17),
            (100, 300),
            (8192, 1),
            (8193, 1),
            (16384, 1),
        ] {
            let plaintext: Vec<u8> = (0..len).map(|i| i as u8).collect();
            let extra: Vec<u8> = (0..extra_len).map(|i| 255 - i as u8).collect();
            let whole = [plaintext.as_slice(), &extra].concat();
            let mut sealed = vec![0; whole.len() + aead.tag_len()];
            key.seal_scatter(&[1; 12], b"aad", &plaintext, &extra, &mut sealed)
                .unwrap();

            // The split between plaintext and extra does not show.
            let mut at_once = vec![0; sealed.len()];
            key.seal_scatter(&[1; 12], b"aad", &whole, &[], &mut at_once)
                .unwrap();
            assert_eq!(sealed, at_once);

            let mut into = vec![0; whole.len()];
            key.open_into(&[1; 12], b"aad", &sealed, &mut into).unwrap();
            assert_eq!(into, whole);
            let mut in_place = sealed.clone();
            assert_eq!(
                key.open_in_place(&[1; 12], b"aad", &mut in_place).unwrap(),
                whole
            );
        }
    }
}

#[test]
fn every_change_is_noticed_and_no_plaintext_left() {
    for aead in ALL {
        let key = AeadKey::new(aead, &vec![7; aead.key_len()]).unwrap();
        let mut sealed = vec![0; 20 + aead.tag_len()];
        key.seal_scatter(&[1; 12], b"aad", &[9; 20], &[], &mut sealed)
            .unwrap();
        let refused = |nonce: u8, aad: &[u8], sealed: &[u8]| {
            let mut out = vec![0xee; sealed.len().saturating_sub(aead.tag_len())];
            assert_eq!(
                key.open_into(&[nonce; 12], aad, sealed, &mut out),
                Err(CryptoError::Failed)
            );
            assert!(sealed.len() < aead.tag_len() || out.iter().all(|&byte| byte == 0));
            let mut in_place = sealed.to_vec();
            assert_eq!(
                key.open_in_place(&[nonce; 12], aad, &mut in_place),
                Err(CryptoError::Failed)
            );
            if let Some(len) = sealed.len().checked_sub(aead.tag_len()) {
                assert!(in_place[..len].iter().all(|&byte| byte == 0));
            }
        };
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 0x80;
            refused(1, b"aad", &changed);
            refused(1, b"aad", &sealed[..at]);
        }
        refused(2, b"aad", &sealed);
        refused(1, b"aae", &sealed);
        refused(1, b"", &sealed);
    }
}

#[test]
fn wrong_lengths_are_the_callers_error() {
    for aead in ALL {
        for len in [0, aead.key_len() - 1, aead.key_len() + 1] {
            let refused = AeadKey::new(aead, &vec![0; len]).unwrap_err();
            assert_eq!(refused, CryptoError::InvalidLength);
        }
        let key = AeadKey::new(aead, &vec![0; aead.key_len()]).unwrap();
        for len in [0, 4, 5 + aead.tag_len() - 1, 5 + aead.tag_len() + 1] {
            assert_eq!(
                key.seal_scatter(&[0; 12], &[], b"abc", b"de", &mut vec![0; len]),
                Err(CryptoError::InvalidLength)
            );
        }
        let mut sealed = vec![0; 5 + aead.tag_len()];
        key.seal_scatter(&[0; 12], &[], b"abc", b"de", &mut sealed)
            .unwrap();
        for len in [0, 4, 6] {
            assert_eq!(
                key.open_into(&[0; 12], &[], &sealed, &mut vec![0; len]),
                Err(CryptoError::InvalidLength)
            );
        }
    }
}

#[test]
fn debug_prints_the_algorithm_only() {
    let key = AeadKey::new(Aead::Aes128Gcm, &[7; 16]).unwrap();
    assert_eq!(format!("{key:?}"), "AeadKey { algorithm: Aes128Gcm, .. }");
}

#[test]
fn failed_open_into_leaves_zeros_only() {
    for algorithm in ALL {
        let key = AeadKey::new(algorithm, &vec![7; algorithm.key_len()]).unwrap();
        for sealed_len in [0, 5, algorithm.tag_len() + 9] {
            // Too short an input has no plaintext of the right length.
            let out_len = sealed_len.checked_sub(algorithm.tag_len()).unwrap_or(3);
            let mut out = vec![0x55; out_len];
            let opened = key.open_into(&[0; 12], b"", &vec![1; sealed_len], &mut out);
            assert_eq!(
                opened,
                Err(CryptoError::Failed),
                "{algorithm:?} {sealed_len}"
            );
            assert!(
                out.iter().all(|&byte| byte == 0),
                "{algorithm:?} {sealed_len}"
            );
        }
    }
}
