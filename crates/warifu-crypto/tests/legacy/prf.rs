//! The PRFs and the hash of the handshake messages.

use crate::openssl::openssl;
use crate::{bytes, hex, to_hex};
use warifu_crypto::CryptoError;
use warifu_crypto::legacy::{HandshakeHash, Prf, PrfHash};

const HASHES: [PrfHash; 3] = [PrfHash::Md5Sha1, PrfHash::Sha256, PrfHash::Sha384];

#[track_caller]
fn check(hash: PrfHash, secret: &str, label: &str, seed: &str, expected: &str) {
    let (secret, seed, expected) = (hex(secret), hex(seed), hex(expected));
    let prf = Prf::new(hash, &secret);
    for len in 0..=expected.len() {
        for split in [0, 1, seed.len() / 2, seed.len()] {
            let mut out = vec![0xee; len];
            let (a, b) = seed.split_at(split);
            prf.derive(label.as_bytes(), &[a, b], &mut out).unwrap();
            assert_eq!(out, expected[..len]);
        }
    }
}

/// From the TLS working group's list, message "test vectors for TLS 1.2 PRF".
#[test]
fn published_vectors_tls_1_2() {
    check(
        PrfHash::Sha256,
        "9bbe436ba940f017b17652849a71db35",
        "test label",
        "a0ba9f936cda311827a6f796ffd5198c",
        "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af
         0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701
         87347b66",
    );
    check(
        PrfHash::Sha384,
        "b80b733d6ceefcdc71566ea48e5567df",
        "test label",
        "cd665cf6a8447dd6ff8b27555edb7465",
        "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0
         e534cb400fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d918425
         9b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e099070
         3d73e56f",
    );
}

/// From the TLS working group's list, 1996.
#[test]
fn published_vector_tls_1_0() {
    check(
        PrfHash::Md5Sha1,
        &"ab".repeat(48),
        "PRF Testvector",
        &"cd".repeat(64),
        "d3d4d1e349b5d515044666d51de32bab258cb521b6b053463e354832fd976754443bcf9a296519bc289abcbc1187e4eb
         d31e602353776c408aafb74cbc85eff69255f9788faa184cbb957a9819d84a5d7eb006eb459d3ae8de9810454b8b2d8f
         1afbc655a8c9a013",
    );
}

#[test]
fn agrees_with_openssl() {
    for (hash, name) in HASHES.into_iter().zip(["MD5-SHA1", "SHA256", "SHA384"]) {
        // Odd lengths: the halves of TLS 1.0's secret share a byte. Long ones: HMAC hashes its key.
        for (n, secret_len) in [
            1, 2, 16, 47, 48, 49, 66, 127, 128, 130, 131, 255, 256, 257, 512,
        ]
        .into_iter()
        .enumerate()
        {
            let secret = bytes(secret_len, n);
            let label = b"key expansion";
            let seeds = [bytes(32, n + 1), bytes(32, n + 2), bytes(n, 3)];
            let out_len = [12, 48, 72, 104, 136, 192, 300][n % 7];
            let seed = [label.as_slice(), &seeds[0], &seeds[1], &seeds[2]].concat();
            let out = openssl(
                &[
                    "kdf",
                    "-binary",
                    "-keylen",
                    &out_len.to_string(),
                    "-kdfopt",
                    &format!("digest:{name}"),
                    "-kdfopt",
                    &format!("hexsecret:{}", to_hex(&secret)),
                    "-kdfopt",
                    &format!("hexseed:{}", to_hex(&seed)),
                    "TLS1-PRF",
                ],
                &[],
            );
            let mut ours = vec![0; out_len];
            Prf::new(hash, &secret)
                .derive(label, &[&seeds[0], &seeds[1], &seeds[2]], &mut ours)
                .unwrap();
            assert_eq!(ours, out, "{hash:?} {secret_len}");
        }
    }
}

#[test]
fn an_empty_secret_is_taken() {
    // RFC 4279 has premaster secrets with empty parts; an empty whole must at least not fail.
    for hash in HASHES {
        let mut out = [0; 20];
        Prf::new(hash, &[]).derive(b"x", &[], &mut out).unwrap();
        assert_ne!(out, [0; 20]);
    }
}

#[test]
fn limits_are_exact() {
    for hash in HASHES {
        let prf = Prf::new(hash, b"secret");
        assert_eq!(prf.derive(b"x", &[], &mut [0; 1024]), Ok(()));
        assert_eq!(
            prf.derive(b"x", &[], &mut [0; 1025]),
            Err(CryptoError::InvalidLength)
        );
        assert_eq!(prf.derive(b"x", &[b"s".as_slice(); 4], &mut [0; 1]), Ok(()));
        assert_eq!(
            prf.derive(b"x", &[b"s".as_slice(); 5], &mut [0; 1]),
            Err(CryptoError::InvalidLength)
        );
    }
}

#[test]
fn handshake_hash_agrees_with_openssl() {
    for len in [0, 1, 63, 64, 65, 127, 128, 1000] {
        let messages = bytes(len, 7);
        let digest = |name: &str| openssl(&["dgst", "-binary", name], &messages);
        let expected = [
            [digest("-md5"), digest("-sha1")].concat(),
            digest("-sha256"),
            digest("-sha384"),
        ];
        for (hash, expected) in HASHES.into_iter().zip(expected) {
            let mut running = HandshakeHash::new(hash);
            assert_eq!(running.hash(), hash);
            let (a, b) = messages.split_at(len / 3);
            running.update(a);
            let fork = running.clone();
            let after_a = running.current();
            running.update(b);
            assert_eq!(running.current().as_ref(), expected);
            assert_eq!(running.current().as_ref().len(), hash.output_len());
            assert_eq!(fork.current(), after_a);
            assert_eq!(format!("{:?}", running.current()), to_hex(&expected));
        }
    }
}

#[test]
fn debug_prints_nothing_secret() {
    assert_eq!(
        format!("{:?}", Prf::new(PrfHash::Md5Sha1, b"secret")),
        "Prf { hash: Md5Sha1, .. }"
    );
    assert_eq!(
        format!("{:?}", HandshakeHash::new(PrfHash::Sha384)),
        "HandshakeHash { hash: Sha384, .. }"
    );
}
