//! Vectors of the RFCs for HMAC, HKDF and TLS 1.3's key schedule.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use warifu_crypto::{CryptoError, Hash, HmacKey, Prk};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// RFC 4231 Sections 4.2 to 4.8: key, data, then HMAC-SHA-256, -384, -512 (test case 5 truncated to 128 bits).
#[test]
fn rfc_4231_hmac() {
    let cases: [(Vec<u8>, Vec<u8>, [&str; 3]); 7] = [
        (
            vec![0x0b; 20],
            b"Hi There".to_vec(),
            [
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
                "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
                "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
            ],
        ),
        (
            b"Jefe".to_vec(),
            b"what do ya want for nothing?".to_vec(),
            [
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ],
        ),
        (
            vec![0xaa; 20],
            vec![0xdd; 50],
            [
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
                "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27",
                "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
            ],
        ),
        (
            (1..=25).collect(),
            vec![0xcd; 50],
            [
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
                "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb",
                "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd",
            ],
        ),
        (
            vec![0x0c; 20],
            b"Test With Truncation".to_vec(),
            [
                "a3b6167473100ee06e0c796c2955552b",
                "3abf34c3503b2a23a46efc619baef897",
                "415fad6271580a531d4179bc891d87a6",
            ],
        ),
        (
            vec![0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
            [
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
                "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
                "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
            ],
        ),
        (
            vec![0xaa; 131],
            b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.".to_vec(),
            [
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
                "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e",
                "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58",
            ],
        ),
    ];
    for (key, data, tags) in cases {
        for (hash, tag) in [Hash::Sha256, Hash::Sha384, Hash::Sha512]
            .into_iter()
            .zip(tags)
        {
            let tag = hex(tag);
            assert_eq!(
                HmacKey::new(hash, &key).sign(&[&data]).as_ref()[..tag.len()],
                tag
            );
        }
    }
}

/// RFC 5869 Appendix A.1 to A.3.
#[test]
fn rfc_5869_hkdf() {
    let range = |range: std::ops::RangeInclusive<u8>| range.collect::<Vec<u8>>();
    let cases = [
        (
            vec![0x0b; 22],
            range(0..=0x0c),
            range(0xf0..=0xf9),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            range(0..=0x4f),
            range(0x60..=0xaf),
            range(0xb0..=0xff),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
        ),
        (
            vec![0x0b; 22],
            Vec::new(),
            Vec::new(),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ];
    for (ikm, salt, info, okm) in cases {
        let mut out = vec![0; okm.len() / 2];
        Prk::extract(Hash::Sha256, &salt, &ikm)
            .expand(&[&info], &mut out)
            .unwrap();
        assert_eq!(out, hex(okm));
    }
}

/// RFC 8448 Section 3, "Simple 1-RTT Handshake": the key schedule from the shared secret to the keys.
#[test]
fn rfc_8448_key_schedule() {
    let hash = Hash::Sha256;
    let secret = |prk: &Prk, label: &str, context: &str| {
        prk.expand_label_secret(label.as_bytes(), &hex(context))
            .unwrap()
    };
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let server_hello = "860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8";

    // 32 zeros as salt and as input; an empty salt is the same.
    let early = Prk::extract(hash, &[0; 32], &[0; 32]);
    let derived = secret(&early, "derived", empty);
    assert_eq!(
        derived.as_bytes(),
        hex("6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba")
    );
    assert_eq!(
        secret(&Prk::extract(hash, &[], &[0; 32]), "derived", empty),
        derived
    );

    let shared = hex("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d");
    let handshake = Prk::extract(hash, derived.as_bytes(), &shared);
    let client = secret(&handshake, "c hs traffic", server_hello);
    assert_eq!(
        client.as_bytes(),
        hex("b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21")
    );
    let server = secret(&handshake, "s hs traffic", server_hello);
    assert_eq!(
        server.as_bytes(),
        hex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38")
    );
    let client = Prk::from_secret(hash, client.as_bytes());
    assert_eq!(
        secret(&client, "finished", "").as_bytes(),
        hex("b80ad01015fb2f0bd65ff7d4da5d6bf83f84821d1f87fdc7d3c75b5a7b42d9c4")
    );
    let derived = secret(&handshake, "derived", empty);
    assert_eq!(
        derived.as_bytes(),
        hex("43de77e0c77713859a944db9db2590b53190a65b3ee2e4f12dd7a0bb7ce254b4")
    );

    let server = Prk::from_secret(hash, server.as_bytes());
    let (mut key, mut iv) = ([0; 16], [0; 12]);
    server.expand_label(b"key", &[], &mut key).unwrap();
    server.expand_label(b"iv", &[], &mut iv).unwrap();
    assert_eq!(key, *hex("3fce516009c21727d0f2e4e86ee403bc"));
    assert_eq!(iv, *hex("5d313eb2671276ee13000b30"));
    assert_eq!(
        secret(&server, "finished", "").as_bytes(),
        hex("008d3b66f816ea559f96b537e885c31fc068bf492c652f01f288a1d8cdc19fc8")
    );
}

#[test]
fn expand_refuses_what_does_not_fit() {
    let prk = Prk::from_secret(Hash::Sha256, &[1; 32]);
    let too_long = Err(CryptoError::InvalidLength);
    assert_eq!(prk.expand(&[], &mut vec![0; 255 * 32]), Ok(()));
    assert_eq!(prk.expand(&[], &mut vec![0; 255 * 32 + 1]), too_long);
    assert_eq!(
        prk.expand_label(&[b'a'; 249], &[0; 255], &mut [0; 32]),
        Ok(())
    );
    assert_eq!(prk.expand_label(&[b'a'; 250], &[], &mut [0; 32]), too_long);
    assert_eq!(prk.expand_label(b"a", &[0; 256], &mut [0; 32]), too_long);
    assert_eq!(prk.expand_label(b"a", &[], &mut vec![0; 65536]), too_long);
    assert_eq!(prk.expand(&[b"x".as_slice(); 9], &mut [0; 32]), too_long);
    assert_eq!(format!("{prk:?}"), "Prk { hash: Sha256, .. }");
}
