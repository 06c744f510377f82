//! Key exchange: both sides agree, shares have the drafts' layout, bad shares are refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use warifu_crypto::{CryptoError, Group, KeyShare, respond};

/// Group, client share, server share and secret lengths: RFC 8446 Section 4.2.8, draft-ietf-tls-ecdhe-mlkem
/// Section 4, draft-ietf-tls-mlkem.
const GROUPS: [(Group, usize, usize, usize); 9] = [
    (Group::X25519, 32, 32, 32),
    (Group::P256, 65, 65, 32),
    (Group::P384, 97, 97, 48),
    (Group::P521, 133, 133, 66),
    (Group::MlKem768, 1184, 1088, 32),
    (Group::MlKem1024, 1568, 1568, 32),
    (Group::X25519MlKem768, 1216, 1120, 64),
    (Group::SecP256r1MlKem768, 1249, 1153, 64),
    (Group::SecP384r1MlKem1024, 1665, 1665, 80),
];

#[test]
fn both_sides_agree() {
    for (group, client_len, server_len, secret_len) in GROUPS {
        let client = KeyShare::generate(group).unwrap();
        assert_eq!(client.public().len(), client_len);
        assert_eq!(group.client_share_len(), client_len);
        assert_eq!(group.server_share_len(), server_len);
        let (share, secret) = respond(group, client.public()).unwrap();
        assert_eq!(share.len(), server_len);
        assert_eq!(secret.len(), secret_len);
        assert_eq!(client.agree(&share).unwrap(), secret);
    }
}

#[test]
fn hybrid_can_finish_with_its_classical_half() {
    for (group, classical, secret_len) in [
        (Group::X25519MlKem768, Group::X25519, 32),
        (Group::SecP256r1MlKem768, Group::P256, 32),
        (Group::SecP384r1MlKem1024, Group::P384, 48),
    ] {
        let client = KeyShare::generate(group).unwrap();
        let (found, public) = client.classical_component().unwrap();
        assert_eq!(found, classical);
        let (share, secret) = respond(classical, public).unwrap();
        let agreed = client.agree_classical(&share).unwrap();
        assert_eq!(agreed.len(), secret_len);
        assert_eq!(agreed, secret);
    }
    let client = KeyShare::generate(Group::X25519).unwrap();
    assert_eq!(client.classical_component(), None);
    assert_eq!(
        client.agree_classical(&[0; 32]),
        Err(CryptoError::Unsupported)
    );
}

#[test]
fn wrong_lengths_are_refused() {
    for (group, client_len, server_len, _) in GROUPS {
        for len in [0, 1, client_len - 1, client_len + 1] {
            assert_eq!(
                respond(group, &vec![4; len]).unwrap_err(),
                CryptoError::InvalidPeerKey
            );
        }
        for len in [0, 1, server_len - 1, server_len + 1] {
            let client = KeyShare::generate(group).unwrap();
            assert_eq!(
                client.agree(&vec![4; len]).unwrap_err(),
                CryptoError::InvalidPeerKey
            );
        }
    }
}

#[test]
fn points_off_the_curve_and_other_forms_are_refused() {
    for (group, len, _, _) in &GROUPS[1..4] {
        let mut share = KeyShare::generate(*group).unwrap().public().to_vec();
        let mut compressed = share[..1 + (len - 1) / 2].to_vec();
        compressed[0] = 2;
        assert_eq!(
            respond(*group, &compressed).unwrap_err(),
            CryptoError::InvalidPeerKey
        );
        for form in [0, 2, 3, 5, 6, 7] {
            share[0] = form;
            assert_eq!(
                respond(*group, &share).unwrap_err(),
                CryptoError::InvalidPeerKey
            );
        }
        share[0] = 4;
        respond(*group, &share).unwrap();
        share[len - 1] ^= 1;
        assert_eq!(
            respond(*group, &share).unwrap_err(),
            CryptoError::InvalidPeerKey
        );
        let mut zero = vec![0; *len];
        zero[0] = 4;
        assert_eq!(
            respond(*group, &zero).unwrap_err(),
            CryptoError::InvalidPeerKey
        );
    }
}

/// RFC 8446 Section 7.4.2: all-zero results abort the handshake, in hybrids too.
#[test]
fn x25519_points_of_small_order_are_refused() {
    assert_eq!(
        respond(Group::X25519, &[0; 32]).unwrap_err(),
        CryptoError::InvalidPeerKey
    );
    let client = KeyShare::generate(Group::X25519).unwrap();
    assert_eq!(
        client.agree(&[0; 32]).unwrap_err(),
        CryptoError::InvalidPeerKey
    );

    let mut hybrid = KeyShare::generate(Group::X25519MlKem768)
        .unwrap()
        .public()
        .to_vec();
    hybrid[1184..].fill(0);
    assert_eq!(
        respond(Group::X25519MlKem768, &hybrid).unwrap_err(),
        CryptoError::InvalidPeerKey
    );
}

/// FIPS 203 Section 7.2, the modulus check: coefficients of q and above are refused.
#[test]
fn ml_kem_keys_out_of_range_are_refused() {
    for (group, at) in [
        (Group::MlKem768, 0),
        (Group::MlKem1024, 0),
        (Group::X25519MlKem768, 0),
        (Group::SecP256r1MlKem768, 65),
        (Group::SecP384r1MlKem1024, 97),
    ] {
        let mut share = KeyShare::generate(group).unwrap().public().to_vec();
        respond(group, &share).unwrap();
        // The first 12-bit coefficient becomes 4095 > q - 1 = 3328.
        share[at] = 0xff;
        share[at + 1] |= 0x0f;
        assert_eq!(
            respond(group, &share).unwrap_err(),
            CryptoError::InvalidPeerKey
        );
    }
}

/// draft-ietf-tls-ecdhe-mlkem Section 4.1 to 4.3: which half stands first, in the client's share, the server's and
/// the secret. The other side is put together by hand from aws-lc-rs.
#[test]
fn hybrids_have_the_order_of_the_draft() {
    use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, UnparsedPublicKey, X25519};
    use aws_lc_rs::kem::{EncapsulationKey, ML_KEM_768, ML_KEM_1024};
    for (group, curve, kem, ec_len, kem_len, kem_first) in [
        (Group::X25519MlKem768, &X25519, &ML_KEM_768, 32, 1184, true),
        (
            Group::SecP256r1MlKem768,
            &ECDH_P256,
            &ML_KEM_768,
            65,
            1184,
            false,
        ),
        (
            Group::SecP384r1MlKem1024,
            &ECDH_P384,
            &ML_KEM_1024,
            97,
            1568,
            false,
        ),
    ] {
        let client = KeyShare::generate(group).unwrap();
        let (ec, kem_key) = if kem_first {
            let (kem_key, ec) = client.public().split_at(kem_len);
            (ec, kem_key)
        } else {
            client.public().split_at(ec_len)
        };
        let server = agreement::PrivateKey::generate(curve).unwrap();
        let server_public = server.compute_public_key().unwrap();
        let ec_secret =
            agreement::agree(&server, UnparsedPublicKey::new(curve, ec), (), |secret| {
                Ok(secret.to_vec())
            })
            .unwrap();
        let kem_key = EncapsulationKey::new(kem, kem_key).unwrap();
        let (ciphertext, kem_secret) = kem_key.encapsulate().unwrap();

        let join = |ec: &[u8], kem: &[u8]| {
            if kem_first {
                [kem, ec].concat()
            } else {
                [ec, kem].concat()
            }
        };
        let share = join(server_public.as_ref(), ciphertext.as_ref());
        let secret = join(&ec_secret, kem_secret.as_ref());
        assert_eq!(client.agree(&share).unwrap().as_bytes(), secret);
    }
}
