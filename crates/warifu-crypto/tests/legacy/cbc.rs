//! Records of the CBC suites.

use crate::openssl::openssl;
use crate::{bytes, to_hex};
use warifu_crypto::CryptoError;
use warifu_crypto::legacy::{CbcDirection, CbcKey, CbcSuite};

const SEQUENCE: u64 = 0x0102_0304_0506_0708;
const TYPE: u8 = 23;
const VERSION: [u8; 2] = [3, 3];

/// A way to protect records, with its keys.
#[derive(Clone, Debug)]
struct Case {
    suite: CbcSuite,
    encrypt_then_mac: bool,
    implicit_iv: bool,
    mac_key: Vec<u8>,
    key: Vec<u8>,
    iv: Vec<u8>,
}

/// Every way there is.
fn cases() -> Vec<Case> {
    let mut cases = vec![];
    for suite in CbcSuite::ALL {
        for encrypt_then_mac in [false, true] {
            for implicit_iv in [false, true] {
                let tls_1_2_only = matches!(suite, CbcSuite::Aes128Sha256 | CbcSuite::Aes256Sha384);
                if implicit_iv && tls_1_2_only {
                    continue;
                }
                let n = cases.len();
                cases.push(Case {
                    suite,
                    encrypt_then_mac,
                    implicit_iv,
                    mac_key: bytes(suite.mac_key_len(), n),
                    key: bytes(suite.key_len(), n + 100),
                    iv: bytes(suite.block_len(), n + 200),
                });
            }
        }
    }
    assert_eq!(cases.len(), 16);
    cases
}

impl Case {
    fn key(&self, direction: CbcDirection) -> CbcKey {
        CbcKey::new(
            self.suite,
            direction,
            self.encrypt_then_mac,
            &self.mac_key,
            &self.key,
            self.implicit_iv.then_some(&self.iv),
        )
        .unwrap()
    }

    /// Length of the explicit IV.
    fn iv_len(&self) -> usize {
        if self.implicit_iv { 0 } else { self.iv.len() }
    }

    fn seal(&self, content: &[u8]) -> Vec<u8> {
        seal(&mut self.key(CbcDirection::Seal), SEQUENCE, content)
    }

    fn open(&self, record: &[u8]) -> Result<Vec<u8>, CryptoError> {
        open(&mut self.key(CbcDirection::Open), SEQUENCE, record)
    }

    fn openssl_cbc(&self, decrypt: bool, iv: &[u8], data: &[u8]) -> Vec<u8> {
        let cipher = match self.suite {
            CbcSuite::Aes128Sha1 | CbcSuite::Aes128Sha256 => "-aes-128-cbc",
            CbcSuite::Aes256Sha1 | CbcSuite::Aes256Sha384 => "-aes-256-cbc",
            CbcSuite::TripleDesSha1 => "-des-ede3-cbc",
        };
        let (key, iv) = (to_hex(&self.key), to_hex(iv));
        let mut arguments = vec!["enc", cipher, "-nopad", "-K", &key, "-iv", &iv];
        if decrypt {
            arguments.push("-d");
        }
        openssl(&arguments, data)
    }

    /// The MAC of `data` after the header of a record, whose length field says `len`.
    fn openssl_mac(&self, sequence: u64, len: usize, data: &[u8]) -> Vec<u8> {
        let hash = match self.suite {
            CbcSuite::Aes128Sha256 => "-sha256",
            CbcSuite::Aes256Sha384 => "-sha384",
            _ => "-sha1",
        };
        let mut message = sequence.to_be_bytes().to_vec();
        message.push(TYPE);
        message.extend(VERSION);
        message.extend(u16::try_from(len).unwrap().to_be_bytes());
        message.extend(data);
        let key = format!("hexkey:{}", to_hex(&self.mac_key));
        openssl(
            &["dgst", "-binary", hash, "-mac", "HMAC", "-macopt", &key],
            &message,
        )
    }

    /// A first record made by OpenSSL, with `padding` as its padding, length byte included.
    fn forge(&self, content: &[u8], padding: &[u8]) -> Vec<u8> {
        let iv = &self.iv[..self.iv_len()];
        if self.encrypt_then_mac {
            let plain = [content, padding].concat();
            let mut record = [iv, &self.openssl_cbc(false, &self.iv, &plain)].concat();
            record.extend(self.openssl_mac(SEQUENCE, record.len(), &record.clone()));
            record
        } else {
            let mac = self.openssl_mac(SEQUENCE, content.len(), content);
            let plain = [content, &mac, padding].concat();
            [iv, &self.openssl_cbc(false, &self.iv, &plain)].concat()
        }
    }

    /// The bytes before the padding, which with it are whole blocks.
    fn unpadded_len(&self, content_len: usize) -> usize {
        if self.encrypt_then_mac {
            content_len
        } else {
            content_len + self.suite.mac_len()
        }
    }

    /// Every length of padding that fits, length byte included.
    fn padding_lens(&self, content_len: usize) -> impl Iterator<Item = usize> {
        let block_len = self.suite.block_len();
        let unpadded_len = self.unpadded_len(content_len);
        (1..=256).filter(move |len| (unpadded_len + len).is_multiple_of(block_len))
    }
}

fn seal(key: &mut CbcKey, sequence: u64, content: &[u8]) -> Vec<u8> {
    let mut out = vec![0xee; key.sealed_len(content.len())];
    key.seal(sequence, TYPE, VERSION, content, &mut out)
        .unwrap();
    out
}

fn open(key: &mut CbcKey, sequence: u64, record: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let mut record = record.to_vec();
    key.open(sequence, TYPE, VERSION, &mut record)
        .map(|content| content.to_vec())
}

fn padding(len: usize) -> Vec<u8> {
    vec![u8::try_from(len - 1).unwrap(); len]
}

#[test]
fn round_trips_of_every_length() {
    for case in cases() {
        let mut sealing = case.key(CbcDirection::Seal);
        let mut opening = case.key(CbcDirection::Open);
        let lens = (0..=300).chain([16383, 16384]);
        for (sequence, len) in (0..).zip(lens) {
            let content = bytes(len, 5);
            let record = seal(&mut sealing, sequence, &content);
            assert!(record.len() - len <= sealing.max_overhead());
            let opened = open(&mut opening, sequence, &record).unwrap();
            assert_eq!(opened, content, "{case:?} {len}");
        }
    }
}

#[test]
fn sealed_len_is_the_rfcs() {
    let key = |suite, encrypt_then_mac, implicit_iv| {
        let mut cases = cases().into_iter();
        cases
            .find(|case| {
                case.suite == suite
                    && case.encrypt_then_mac == encrypt_then_mac
                    && case.implicit_iv == implicit_iv
            })
            .unwrap()
            .key(CbcDirection::Seal)
    };
    // IV, then content, MAC of 20 and at least one byte of padding in blocks of 16.
    let mac_then_encrypt = key(CbcSuite::Aes128Sha1, false, false);
    assert_eq!(mac_then_encrypt.sealed_len(0), 16 + 32);
    assert_eq!(mac_then_encrypt.sealed_len(11), 16 + 32);
    assert_eq!(mac_then_encrypt.sealed_len(12), 16 + 48);
    assert_eq!(mac_then_encrypt.max_overhead(), 16 + 20 + 16);
    assert_eq!(key(CbcSuite::Aes128Sha1, false, true).sealed_len(12), 48);
    // RFC 7366: the MAC after the blocks.
    let encrypt_then_mac = key(CbcSuite::Aes256Sha384, true, false);
    assert_eq!(encrypt_then_mac.sealed_len(0), 16 + 16 + 48);
    assert_eq!(encrypt_then_mac.sealed_len(15), 16 + 16 + 48);
    assert_eq!(encrypt_then_mac.sealed_len(16), 16 + 32 + 48);
    assert_eq!(
        key(CbcSuite::TripleDesSha1, true, true).sealed_len(7),
        8 + 20
    );
    assert_eq!(
        key(CbcSuite::TripleDesSha1, true, true).sealed_len(8),
        16 + 20
    );
    // Absurd lengths are for the caller to refuse, yet must not overflow.
    assert!(mac_then_encrypt.sealed_len(usize::MAX) >= usize::MAX - 15);
}

#[test]
fn openssl_decrypts_what_we_seal() {
    for case in cases() {
        let mut sealing = case.key(CbcDirection::Seal);
        let mut implicit_iv = case.iv.clone();
        for (sequence, len) in (0..).zip([0, 1, 11, 12, 27, 100, 16384]) {
            let content = bytes(len, 9);
            let record = seal(&mut sealing, sequence, &content);
            let padding_len = case.padding_lens(len).next().unwrap();
            let (encrypted, tag) = if case.encrypt_then_mac {
                record.split_at(record.len() - case.suite.mac_len())
            } else {
                record.split_at(record.len())
            };
            let (explicit_iv, body) = encrypted.split_at(case.iv_len());
            let iv = if case.implicit_iv {
                &implicit_iv
            } else {
                explicit_iv
            };
            let plain = case.openssl_cbc(true, iv, body);
            let expected = if case.encrypt_then_mac {
                assert_eq!(
                    tag,
                    case.openssl_mac(sequence, encrypted.len(), encrypted),
                    "{case:?}"
                );
                [content, padding(padding_len)].concat()
            } else {
                let mac = case.openssl_mac(sequence, len, &content);
                [content, mac, padding(padding_len)].concat()
            };
            assert_eq!(plain, expected, "{case:?}");
            implicit_iv = body[body.len() - case.iv.len()..].to_vec();
        }
    }
}

#[test]
fn explicit_ivs_are_random() {
    for case in cases().iter().filter(|case| !case.implicit_iv) {
        let ivs = [(); 3].map(|()| case.seal(b"content")[..case.iv_len()].to_vec());
        assert!(ivs[0] != ivs[1] && ivs[1] != ivs[2] && ivs[0] != ivs[2]);
    }
}

#[test]
fn we_open_what_openssl_seals_with_every_padding() {
    for case in cases() {
        for len in [0, 1, 300] {
            let content = bytes(len, 4);
            for padding_len in case.padding_lens(len) {
                let record = case.forge(&content, &padding(padding_len));
                assert_eq!(case.open(&record).as_deref(), Ok(&*content), "{case:?}");
            }
        }
        // The longest there is: 256 bytes with the one that counts them.
        let block_len = case.suite.block_len();
        let len = block_len * 5 - case.unpadded_len(0) % block_len;
        let content = bytes(len, 4);
        let record = case.forge(&content, &[255; 256]);
        assert_eq!(case.open(&record).as_deref(), Ok(&*content), "{case:?}");
    }
}

/// In one record after the other each byte of the padding is wrong, while the MAC is right.
#[test]
fn wrong_padding_is_refused() {
    for case in cases() {
        let content = bytes(40, 4);
        let lens: Vec<usize> = case.padding_lens(content.len()).collect();
        for padding_len in [lens[0], lens[1], *lens.last().unwrap()] {
            let good = padding(padding_len);
            let step = padding_len.div_ceil(12);
            // Not the last byte here: that changes what is taken for padding and MAC.
            for i in (0..padding_len - 1).step_by(step) {
                let mut bad = good.clone();
                bad[i] ^= 1;
                let record = case.forge(&content, &bad);
                assert_eq!(case.open(&record), Err(CryptoError::Failed), "{case:?}");
            }
            // One that claims less or more than there is, up to more than the record.
            for claimed in [0, padding_len as u8, 200, 255] {
                if usize::from(claimed) + 1 == padding_len {
                    continue;
                }
                let mut bad = good.clone();
                *bad.last_mut().unwrap() = claimed;
                let record = case.forge(&content, &bad);
                // A lone zero is right padding: with encrypt-then-MAC what stands before is content then.
                if case.encrypt_then_mac && claimed == 0 {
                    let expected = [&content[..], &good[1..]].concat();
                    assert_eq!(case.open(&record), Ok(expected));
                } else {
                    assert_eq!(case.open(&record), Err(CryptoError::Failed), "{case:?}");
                }
            }
        }
    }
}

#[test]
fn every_changed_byte_and_header_is_refused_alike() {
    for case in cases() {
        for len in [0, 1, 20, 64] {
            let content = bytes(len, 8);
            let record = case.seal(&content);
            assert_eq!(case.open(&record), Ok(content));
            for i in 0..record.len() {
                for bit in [0x01, 0x80] {
                    let mut changed = record.clone();
                    changed[i] ^= bit;
                    assert_eq!(case.open(&changed), Err(CryptoError::Failed));
                }
            }
            let open = |sequence, content_type, version| {
                let mut record = record.clone();
                case.key(CbcDirection::Open)
                    .open(sequence, content_type, version, &mut record)
                    .map(|content| content.to_vec())
            };
            let failed = Err(CryptoError::Failed);
            assert_eq!(open(SEQUENCE + 1, TYPE, VERSION), failed);
            assert_eq!(open(SEQUENCE ^ 1 << 63, TYPE, VERSION), failed);
            assert_eq!(open(SEQUENCE, TYPE - 1, VERSION), failed);
            assert_eq!(open(SEQUENCE, TYPE, [3, 2]), failed);
            assert_eq!(open(SEQUENCE, TYPE, [2, 3]), failed);
        }
    }
}

#[test]
fn every_length_of_record_is_refused_alike() {
    for case in cases() {
        let record = case.seal(&bytes(100, 3));
        for len in 0..record.len() {
            assert_eq!(case.open(&record[..len]), Err(CryptoError::Failed));
            assert_eq!(
                case.open(&record[record.len() - len..]),
                Err(CryptoError::Failed)
            );
        }
        for more in 1..40 {
            let longer = [&*record, &vec![0; more]].concat();
            assert_eq!(case.open(&longer), Err(CryptoError::Failed));
        }
        // A record longer than any may be.
        let unencrypted_len = record.len() % case.suite.block_len();
        for len in [
            16384 + 2048,
            16384 + 2048 + 16,
            1 << 16,
            (1 << 16) + 16,
            1 << 20,
        ] {
            let zeros = vec![0; len + unencrypted_len];
            assert_eq!(case.open(&zeros), Err(CryptoError::Failed));
        }
    }
}

/// A failed record leaves explicit-IV keys as they were; what the caller does is close the connection.
#[test]
fn a_refused_record_does_no_harm_to_the_key() {
    for case in cases().iter().filter(|case| !case.implicit_iv) {
        let mut key = case.key(CbcDirection::Open);
        let record = case.seal(b"content");
        for bad_len in [0, 1, record.len() - 1, record.len()] {
            let mut bad = record[..bad_len].to_vec();
            if let Some(last) = bad.last_mut() {
                *last ^= 1;
            }
            assert_eq!(open(&mut key, SEQUENCE, &bad), Err(CryptoError::Failed));
            assert_eq!(open(&mut key, SEQUENCE, &record).unwrap(), b"content");
        }
    }
}

#[test]
fn implicit_ivs_chain() {
    for case in cases().iter().filter(|case| case.implicit_iv) {
        let mut sealing = case.key(CbcDirection::Seal);
        let records = [0, 1, 2].map(|sequence| seal(&mut sealing, sequence, b"content"));
        let mut opening = case.key(CbcDirection::Open);
        for (sequence, record) in (0..).zip(&records) {
            assert_eq!(open(&mut opening, sequence, record).unwrap(), b"content");
        }
        // Opened out of order a record starts from the wrong IV.
        let mut opening = case.key(CbcDirection::Open);
        let result = open(&mut opening, 1, &records[1]);
        if case.encrypt_then_mac {
            // The MAC does not cover an IV that is not in the record: the first block is garbage.
            assert_ne!(result, Ok(b"content".to_vec()));
        } else {
            assert_eq!(result, Err(CryptoError::Failed));
        }
    }
}

#[test]
fn directions_and_lengths_are_checked() {
    for case in cases() {
        let mut opening = case.key(CbcDirection::Open);
        let mut sealing = case.key(CbcDirection::Seal);
        let mut out = vec![0; sealing.sealed_len(7)];
        assert_eq!(
            opening.seal(0, TYPE, VERSION, b"content", &mut out),
            Err(CryptoError::Failed)
        );
        let mut record = case.seal(b"content");
        assert_eq!(
            sealing.open(SEQUENCE, TYPE, VERSION, &mut record).err(),
            Some(CryptoError::Failed)
        );
        for wrong in [0, out.len() - 1, out.len() + 1] {
            assert_eq!(
                sealing.seal(0, TYPE, VERSION, b"content", &mut vec![0; wrong]),
                Err(CryptoError::InvalidLength)
            );
        }
        let too_long = vec![0; 16385];
        let mut out = vec![0; sealing.sealed_len(too_long.len())];
        assert_eq!(
            sealing.seal(0, TYPE, VERSION, &too_long, &mut out),
            Err(CryptoError::InvalidLength)
        );

        let new = |mac_key: &[u8], key: &[u8], iv: Option<&[u8]>| {
            CbcKey::new(
                case.suite,
                CbcDirection::Seal,
                case.encrypt_then_mac,
                mac_key,
                key,
                iv,
            )
            .err()
        };
        let wrong = Some(CryptoError::InvalidLength);
        let (mac_key, key, iv) = (&case.mac_key, &case.key, &case.iv);
        assert_eq!(new(&mac_key[1..], key, None), wrong);
        assert_eq!(new(&[&**mac_key, b"x"].concat(), key, None), wrong);
        assert_eq!(new(mac_key, &key[1..], None), wrong);
        assert_eq!(new(mac_key, &[&**key, b"x"].concat(), None), wrong);
        assert_eq!(new(mac_key, key, Some(&iv[1..])), wrong);
        assert_eq!(new(mac_key, key, Some(&[])), wrong);
        assert_eq!(new(mac_key, key, Some(&[&**iv, b"x"].concat())), wrong);
    }
    for suite in [CbcSuite::Aes128Sha256, CbcSuite::Aes256Sha384] {
        for encrypt_then_mac in [false, true] {
            let result = CbcKey::new(
                suite,
                CbcDirection::Seal,
                encrypt_then_mac,
                &vec![0; suite.mac_key_len()],
                &vec![0; suite.key_len()],
                Some(&[0; 16]),
            );
            assert_eq!(result.err(), Some(CryptoError::Unsupported));
        }
    }
}

#[test]
fn keys_may_go_to_other_threads_and_print_nothing() {
    fn send_and_sync<T: Send + Sync>(_: &T) {}
    let key = cases()[0].key(CbcDirection::Seal);
    send_and_sync(&key);
    assert_eq!(
        format!("{key:?}"),
        "CbcKey { suite: Aes128Sha1, direction: Seal, .. }"
    );
}
