//! Whole handshakes between OpenSSL and OpenSSL, recorded (tests/data/legacy-psk-handshakes.txt): the PRF, the hash of the
//! handshake messages and the records in the order in which a connection uses them.

use crate::hex;
use warifu_crypto::legacy::{CbcDirection, CbcKey, CbcSuite, HandshakeHash, Prf, PrfHash};

/// A record: type, version, fragment.
type Record = (u8, [u8; 2], Vec<u8>);

fn records(mut bytes: &[u8]) -> Vec<Record> {
    let mut records = vec![];
    while let [content_type, major, minor, high, low, rest @ ..] = bytes {
        let (fragment, rest) = rest.split_at(usize::from(*high) << 8 | usize::from(*low));
        records.push((*content_type, [*major, *minor], fragment.to_vec()));
        bytes = rest;
    }
    records
}

/// The handshake messages in records before change_cipher_spec, header included, and the records after it.
fn split(records: Vec<Record>) -> (Vec<Vec<u8>>, Vec<Record>) {
    let at = records.iter().position(|record| record.0 == 20).unwrap();
    assert_eq!(records[at].2, [1]);
    let plain: Vec<u8> = records[..at]
        .iter()
        .flat_map(|record| record.2.clone())
        .collect();
    let (mut rest, mut messages) = (&*plain, vec![]);
    while let [_, a, b, c, ..] = rest {
        let len = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        let (message, after) = rest.split_at(4 + len);
        messages.push(message.to_vec());
        rest = after;
    }
    (messages, records[at + 1..].to_vec())
}

#[test]
fn recorded_handshakes_are_derived_and_opened() {
    let psk = hex("0102030405060708090a0b0c0d0e0f10");
    let mut count = 0;
    let text = include_str!("../data/legacy-psk-handshakes.txt");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split(" | ").collect();
        let [version, suite, options, client, server] = *fields else {
            panic!("{line}");
        };
        let (suite, suite_hash) = match suite {
            "PSK-AES128-CBC-SHA" => (CbcSuite::Aes128Sha1, PrfHash::Sha256),
            "PSK-AES256-CBC-SHA" => (CbcSuite::Aes256Sha1, PrfHash::Sha256),
            "PSK-AES128-CBC-SHA256" => (CbcSuite::Aes128Sha256, PrfHash::Sha256),
            "PSK-AES256-CBC-SHA384" => (CbcSuite::Aes256Sha384, PrfHash::Sha384),
            other => panic!("{other}"),
        };
        let hash = if version == "tls1_2" {
            suite_hash
        } else {
            PrfHash::Md5Sha1
        };
        let (client_messages, client_records) = split(records(&hex(client)));
        let (server_messages, server_records) = split(records(&hex(server)));
        let [client_hello, client_key_exchange] = &*client_messages else {
            panic!("{client_messages:?}");
        };
        let server_hello = &server_messages[0];
        // Both extensions are empty, and without them these bytes do not appear by chance more than once in 2^24.
        let has = |extension: [u8; 4]| server_hello.windows(4).any(|bytes| bytes == extension);
        let encrypt_then_mac = has([0, 22, 0, 0]);
        assert_eq!(encrypt_then_mac, options != "-no_etm");
        assert!(has([0, 23, 0, 0]), "extended_master_secret");

        // RFC 4279 Section 2: zeros as long as the key, then the key.
        let len = u16::try_from(psk.len()).unwrap().to_be_bytes();
        let premaster = [&len[..], &vec![0; psk.len()], &len, &psk].concat();
        // RFC 7627 Section 4.
        let mut transcript = HandshakeHash::new(hash);
        transcript.update(client_hello);
        for message in &server_messages {
            transcript.update(message);
        }
        transcript.update(client_key_exchange);
        let mut main_secret = [0; 48];
        Prf::new(hash, &premaster)
            .derive(
                b"extended master secret",
                &[transcript.current().as_ref()],
                &mut main_secret,
            )
            .unwrap();
        let prf = Prf::new(hash, &main_secret);

        // RFC 5246 Section 6.3.
        let (mac_len, key_len, iv_len) = (suite.mac_key_len(), suite.key_len(), suite.block_len());
        let mut key_block = vec![0; 2 * (mac_len + key_len + iv_len)];
        let (client_random, server_random) = (&client_hello[6..38], &server_hello[6..38]);
        prf.derive(
            b"key expansion",
            &[server_random, client_random],
            &mut key_block,
        )
        .unwrap();
        let (mac_keys, rest) = key_block.split_at(2 * mac_len);
        let (keys, ivs) = rest.split_at(2 * key_len);
        let key = |nth: usize| {
            let part = |of: &[u8]| of[nth * of.len() / 2..(nth + 1) * of.len() / 2].to_vec();
            let implicit_iv = (version == "tls1").then(|| part(ivs));
            CbcKey::new(
                suite,
                CbcDirection::Open,
                encrypt_then_mac,
                &part(mac_keys),
                &part(keys),
                implicit_iv.as_deref(),
            )
            .unwrap()
        };

        for (nth, records, label, text) in [
            (0, client_records, b"client finished", b"client to server\n"),
            (1, server_records, b"server finished", b"server to client\n"),
        ] {
            let mut key = key(nth);
            let (mut finished, mut application_data) = (vec![], vec![]);
            for (sequence, (content_type, version, mut fragment)) in (0..).zip(records) {
                let content = key
                    .open(sequence, content_type, version, &mut fragment)
                    .unwrap();
                match content_type {
                    22 => finished.extend_from_slice(content),
                    23 => application_data.extend_from_slice(content),
                    // close_notify of a program that was ended.
                    21 => assert_eq!(content, [1, 0]),
                    other => panic!("{other}"),
                }
            }
            let mut verify_data = [0; 12];
            prf.derive(label, &[transcript.current().as_ref()], &mut verify_data)
                .unwrap();
            assert_eq!(finished, [&[20, 0, 0, 12][..], &verify_data].concat());
            transcript.update(&finished);
            assert_eq!(application_data, text);
        }
        count += 1;
    }
    assert_eq!(count, 9);
}
