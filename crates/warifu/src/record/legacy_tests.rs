//! Records of TLS 1.2 and older, from both ends and against OpenSSL's.

use core::task::{Context, Poll, Waker};

use warifu_crypto::legacy::{CbcDirection, CbcKey, CbcSuite};
use warifu_crypto::{Aead, AeadKey};

use super::buffer::Buffer;
use super::legacy_protection::LegacyRecordKeys;
use super::protection::Layer;
use super::reader::RecordReader;
use super::wire::{ChangeCipherSpecRule, Direction, Event, LoggedMessage, MessageLog, Wire};
use super::writer::RecordWriter;
use super::{HEADER_LEN, MAX_FRAGMENT_LEN};
use crate::coroutine::{Coroutine, Waiting};
use crate::error::{Error, PeerMisbehaved, UsageError};
use crate::message::{Finished, KeyUpdateRequest};
use crate::parameters::{AlertDescription, ContentType, HandshakeType, ProtocolVersion};
use crate::test_vectors::{Vectors, parse};

const TLS1_0: ProtocolVersion = ProtocolVersion::TLS1_0;
const TLS1_1: ProtocolVersion = ProtocolVersion::TLS1_1;
const TLS1_2: ProtocolVersion = ProtocolVersion::TLS1_2;
const UNEXPECTED_MESSAGE: AlertDescription = AlertDescription::UNEXPECTED_MESSAGE;

/// A way to protect records.
#[derive(Debug, Clone, Copy)]
enum Cipher {
    Explicit(Aead),
    ChaCha,
    Cbc { suite: CbcSuite, etm: bool },
}

const AEADS: [Cipher; 7] = [
    Cipher::Explicit(Aead::Aes128Gcm),
    Cipher::Explicit(Aead::Aes256Gcm),
    Cipher::ChaCha,
    Cipher::Explicit(Aead::Aes128Ccm),
    Cipher::Explicit(Aead::Aes256Ccm),
    Cipher::Explicit(Aead::Aes128Ccm8),
    Cipher::Explicit(Aead::Aes256Ccm8),
];
const SUITES: [CbcSuite; 5] = [
    CbcSuite::Aes128Sha1,
    CbcSuite::Aes256Sha1,
    CbcSuite::Aes128Sha256,
    CbcSuite::Aes256Sha384,
    CbcSuite::TripleDesSha1,
];

/// Every way with every version that has it.
fn all_ciphers() -> Vec<(ProtocolVersion, Cipher)> {
    let mut all = AEADS.map(|cipher| (TLS1_2, cipher)).to_vec();
    for suite in SUITES {
        for etm in [false, true] {
            let cipher = Cipher::Cbc { suite, etm };
            all.push((TLS1_2, cipher));
            if !matches!(suite, CbcSuite::Aes128Sha256 | CbcSuite::Aes256Sha384) {
                all.extend([(TLS1_1, cipher), (TLS1_0, cipher)]);
            }
        }
    }
    all
}

impl Cipher {
    fn keys(
        self,
        version: ProtocolVersion,
        direction: CbcDirection,
        mac_key: &[u8],
        key: &[u8],
        iv: &[u8],
    ) -> LegacyRecordKeys {
        match self {
            Self::Explicit(aead) => LegacyRecordKeys::ExplicitNonce {
                key: AeadKey::new(aead, key).unwrap(),
                salt: iv.try_into().unwrap(),
            },
            Self::ChaCha => LegacyRecordKeys::XorNonce {
                key: AeadKey::new(Aead::ChaCha20Poly1305, key).unwrap(),
                iv: <[u8; 12]>::try_from(iv).unwrap().into(),
            },
            Self::Cbc { suite, etm } => {
                let iv = (version == TLS1_0).then_some(iv);
                let key = CbcKey::new(suite, direction, etm, mac_key, key, iv).unwrap();
                LegacyRecordKeys::Cbc(key)
            }
        }
    }

    /// Keys that both ends know.
    fn some_keys(self, version: ProtocolVersion, direction: CbcDirection) -> LegacyRecordKeys {
        let bytes: Vec<u8> = (0..48).map(|number| number * 5 + 1).collect();
        let (mac_len, key_len, iv_len) = match self {
            Self::Explicit(aead) => (0, aead.key_len(), 4),
            Self::ChaCha => (0, 32, 12),
            Self::Cbc { suite, .. } => (suite.mac_key_len(), suite.key_len(), suite.block_len()),
        };
        self.keys(
            version,
            direction,
            &bytes[..mac_len],
            &bytes[..key_len],
            &bytes[..iv_len],
        )
    }
}

/// One direction of a connection whose older version is known.
struct Link {
    version: ProtocolVersion,
    sender: Box<Wire>,
    receiver: Box<Wire>,
}

impl Link {
    fn plain(version: ProtocolVersion) -> Self {
        let (mut sender, mut receiver) = (Wire::new(None, None), Wire::new(None, None));
        sender.sending.set_legacy_version(version).unwrap();
        receiver.receiving.set_legacy_version(version).unwrap();
        Self {
            version,
            sender,
            receiver,
        }
    }

    /// Both ends have keys, and no application data may come yet.
    fn with_keys(version: ProtocolVersion, cipher: Cipher) -> Self {
        let mut link = Self::plain(version);
        link.change_keys(cipher);
        link
    }

    fn established(version: ProtocolVersion, cipher: Cipher) -> Self {
        let mut link = Self::with_keys(version, cipher);
        link.sender.sending.begin_legacy_application_data();
        link.receiver.receiving.begin_legacy_application_data();
        link
    }

    #[track_caller]
    /// Finished was right: data may pass under the new keys.
    fn confirm(&mut self) {
        self.sender.sending.begin_legacy_application_data();
        self.receiver.receiving.begin_legacy_application_data();
    }

    fn change_keys(&mut self, cipher: Cipher) {
        let keys = cipher.some_keys(self.version, CbcDirection::Seal);
        self.sender
            .sending
            .send_legacy_change_cipher_spec(keys)
            .unwrap();
        self.carry();
        let receiving = &mut self.receiver.receiving;
        receiving.expect_legacy_change_cipher_spec();
        for _ in 0..2 {
            assert_eq!(receiving.next_event("x"), Ok(Event::ChangeCipherSpec));
        }
        let aligned = receiving.prove_aligned().unwrap();
        let keys = cipher.some_keys(self.version, CbcDirection::Open);
        receiving.set_legacy_keys(keys, aligned).unwrap();
    }

    /// What the sender has sealed since.
    fn take_output(&mut self) -> Vec<u8> {
        let queue = self.sender.sending.queue_mut();
        let bytes = queue.filled().to_vec();
        queue.consume(bytes.len());
        bytes
    }

    fn carry(&mut self) {
        let bytes = self.take_output();
        self.receiver.receiving.extend(&bytes);
    }

    fn next(&mut self) -> Result<Event, Error> {
        self.receiver.receiving.next_event("data")
    }

    /// Gives the receiver these bytes and expects that it refuses them.
    #[track_caller]
    fn refuses(&mut self, bytes: &[u8], error: PeerMisbehaved, alert: AlertDescription) {
        self.receiver.receiving.extend(bytes);
        let got = self.next().unwrap_err();
        assert_eq!(got, error.into());
        assert_eq!(got.alert(), Some(alert));
    }

    /// Seals content that the writer would have cut, or that no flow would send.
    fn seal_any(&mut self, content_type: ContentType, content: &[u8]) -> Vec<u8> {
        let mut out = Buffer::default();
        let Layer::Legacy(legacy) = self.sender.sending.writer_mut().layer_mut() else {
            panic!("no older version");
        };
        legacy.write(content_type, content, &mut out).unwrap();
        out.filled().to_vec()
    }

    #[track_caller]
    fn writes(&mut self, data: &[u8]) -> Vec<u8> {
        let sending = &mut self.sender.sending;
        assert_eq!(sending.write_application_record(data), Ok(data.len()));
        self.take_output()
    }

    /// All application data that is there, by record.
    #[track_caller]
    fn reads(&mut self) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        while self.next().unwrap() == Event::ApplicationData {
            let receiving = &mut self.receiver.receiving;
            let data = receiving.application_data().to_vec();
            receiving.consume_application_data(data.len());
            all.push(data);
        }
        all
    }
}

fn records(bytes: &[u8]) -> Vec<&[u8]> {
    let mut rest = bytes;
    let mut all = Vec::new();
    while !rest.is_empty() {
        let len = HEADER_LEN + usize::from(u16::from_be_bytes([rest[3], rest[4]]));
        let (record, behind) = rest.split_at(len);
        all.push(record);
        rest = behind;
    }
    all
}

fn plain_record(version: ProtocolVersion, content_type: ContentType, content: &[u8]) -> Vec<u8> {
    let [major, minor] = version.0.to_be_bytes();
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let mut record = vec![content_type.0, major, minor, high, low];
    record.extend(content);
    record
}

const CHANGE_CIPHER_SPEC: ContentType = ContentType::CHANGE_CIPHER_SPEC;

/// Numbers without a pattern; the same in each run.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next().to_be_bytes()[3]).collect()
    }
}

// Against OpenSSL.

const RECORDED: [(&str, Cipher); 23] = {
    const fn cbc(suite: CbcSuite, etm: bool) -> Cipher {
        Cipher::Cbc { suite, etm }
    }
    const AES128: CbcSuite = CbcSuite::Aes128Sha1;
    const AES256: CbcSuite = CbcSuite::Aes256Sha1;
    [
        ("aes128_gcm", Cipher::Explicit(Aead::Aes128Gcm)),
        ("aes256_gcm", Cipher::Explicit(Aead::Aes256Gcm)),
        ("chacha20_poly1305", Cipher::ChaCha),
        ("aes128_ccm", Cipher::Explicit(Aead::Aes128Ccm)),
        ("aes256_ccm", Cipher::Explicit(Aead::Aes256Ccm)),
        ("aes128_ccm8", Cipher::Explicit(Aead::Aes128Ccm8)),
        ("aes256_ccm8", Cipher::Explicit(Aead::Aes256Ccm8)),
        ("aes128_sha1", cbc(AES128, false)),
        ("aes128_sha1_etm", cbc(AES128, true)),
        ("aes256_sha1", cbc(AES256, false)),
        ("aes256_sha1_etm", cbc(AES256, true)),
        ("aes128_sha256", cbc(CbcSuite::Aes128Sha256, false)),
        ("aes128_sha256_etm", cbc(CbcSuite::Aes128Sha256, true)),
        ("aes256_sha384", cbc(CbcSuite::Aes256Sha384, false)),
        ("aes256_sha384_etm", cbc(CbcSuite::Aes256Sha384, true)),
        ("aes128_sha1_tls1_1", cbc(AES128, false)),
        ("aes128_sha1_etm_tls1_1", cbc(AES128, true)),
        ("aes256_sha1_tls1_1", cbc(AES256, false)),
        ("aes256_sha1_etm_tls1_1", cbc(AES256, true)),
        ("aes128_sha1_tls1_0", cbc(AES128, false)),
        ("aes128_sha1_etm_tls1_0", cbc(AES128, true)),
        ("aes256_sha1_tls1_0", cbc(AES256, false)),
        ("aes256_sha1_etm_tls1_0", cbc(AES256, true)),
    ]
};

fn openssl() -> Vectors {
    parse(include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/vectors/legacy_records/openssl.txt"
    )))
}

/// Opens all that one side sent, and seals it again; returns what that gave, beside what was recorded.
fn replay(vectors: &Vectors, name: &str, cipher: Cipher, side: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let field = |what: &str| vectors.get(format!("{name}.{what}").as_str());
    let key = |what: &str| field(&format!("{side}_{what}")).map_or(&[][..], Vec::as_slice);
    let [major, minor] = field("version").unwrap()[..] else {
        panic!("{name}");
    };
    let version = ProtocolVersion(u16::from_be_bytes([major, minor]));
    let keys = |direction| cipher.keys(version, direction, key("mac_key"), key("key"), key("iv"));
    let (mut reader, mut writer) = (RecordReader::new(), RecordWriter::new());
    reader.set_legacy_version(version).unwrap();
    reader.set_legacy_keys(keys(CbcDirection::Open)).unwrap();
    writer.set_legacy_version(version).unwrap();
    writer.set_legacy_keys(keys(CbcDirection::Seal)).unwrap();
    writer.set_record_splitting(false).unwrap();
    let mut records = Vec::new();
    while let Some(recorded) = field(&format!("{side}_record_{}", records.len())) {
        let content = field(&format!("{side}_content_{}", records.len())).unwrap();
        let mut queue = recorded.clone();
        let opened = reader.next(&mut queue).unwrap().unwrap();
        assert_eq!(opened.content_type, ContentType(recorded[0]), "{name}");
        assert_eq!(opened.len, recorded.len(), "{name}");
        assert!(opened.protected && !opened.skipped, "{name}");
        assert_eq!(queue[opened.content], *content, "{name}");
        let mut sealed = Buffer::default();
        let content_type = ContentType(recorded[0]);
        writer
            .write(content_type, content, None, &mut sealed)
            .unwrap();
        records.push((sealed.filled().to_vec(), recorded.clone()));
    }
    assert!(records.len() >= 2, "{name}");
    records
}

#[test]
fn what_openssl_seals_is_opened() {
    let vectors = openssl();
    for (name, cipher) in RECORDED {
        for side in ["client", "server"] {
            for (sealed, recorded) in replay(&vectors, name, cipher, side) {
                // Sealed again it is as long, under another nonce or IV.
                assert_eq!(sealed[..HEADER_LEN], recorded[..HEADER_LEN], "{name}");
                assert_eq!(sealed.len(), recorded.len(), "{name}");
            }
        }
    }
}

/// Where nothing in a record is free to choose, ours are OpenSSL's to the last byte.
#[test]
fn what_is_sealed_is_what_openssl_seals() {
    let vectors = openssl();
    let mut compared = 0;
    for (name, cipher) in RECORDED {
        if matches!(cipher, Cipher::ChaCha) || name.ends_with("tls1_0") {
            for side in ["client", "server"] {
                for (sealed, recorded) in replay(&vectors, name, cipher, side) {
                    assert_eq!(sealed, recorded, "{name}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 20);
}

// Contents and lengths.

#[test]
fn a_write_is_one_record_and_arrives_whole() {
    let mut noise = Noise(1);
    for (version, cipher) in all_ciphers() {
        let mut link = Link::established(version, cipher);
        link.sender.sending.set_record_splitting(false).unwrap();
        for len in [
            1, 2, 3, 15, 16, 17, 31, 32, 47, 48, 255, 256, 1000, 16_383, 16_384,
        ] {
            let data = noise.bytes(len);
            let sealed = link.writes(&data);
            let name = format!("{version} {cipher:?} {len}");
            assert_eq!(records(&sealed).len(), 1, "{name}");
            assert_eq!(sealed[0], 23, "{name}");
            assert_eq!(sealed[1..3], version.0.to_be_bytes(), "{name}");
            let overhead = sealed.len() - HEADER_LEN - len;
            match cipher {
                Cipher::Explicit(aead) => assert_eq!(overhead, 8 + aead.tag_len(), "{name}"),
                Cipher::ChaCha => assert_eq!(overhead, 16, "{name}"),
                Cipher::Cbc { .. } => assert!((9..=16 + 48 + 16).contains(&overhead), "{name}"),
            }
            link.receiver.receiving.extend(&sealed);
            assert!(link.reads() == [data], "{name}");
        }
    }
}

/// The explicit part of a nonce is the sequence number, so that it never repeats.
#[test]
fn explicit_nonces_count() {
    let mut link = Link::established(TLS1_2, AEADS[0]);
    for sequence in 0..300u64 {
        let sealed = link.writes(b"x");
        assert_eq!(sealed[5..13], sequence.to_be_bytes());
    }
    // And what a peer puts there need not be that.
    let vectors = openssl();
    assert_ne!(vectors["aes128_gcm.client_record_0"][5..13], [0; 8]);
}

#[test]
fn every_type_is_protected_under_keys() {
    for (version, cipher) in all_ciphers() {
        let mut link = Link::with_keys(version, cipher);
        let finished = [&[HandshakeType::FINISHED.0, 0, 0, 12][..], &[7; 12]].concat();
        let sending = &mut link.sender.sending;
        sending
            .send_message(|out| {
                out.extend(&finished);
                Ok(())
            })
            .unwrap();
        sending.flush_flight().unwrap();
        sending.send_alert(AlertDescription::CLOSE_NOTIFY).unwrap();
        let sent = link.take_output();
        let [message, alert] = records(&sent)[..] else {
            panic!("{cipher:?}");
        };
        assert_eq!((message[0], alert[0]), (22, 21));
        assert!(message.len() >= HEADER_LEN + finished.len() + 8);
        assert!(alert.len() >= HEADER_LEN + 2 + 8);
        link.receiver.receiving.extend(&sent);
        assert_eq!(link.next(), Ok(Event::Handshake));
        assert_eq!(link.receiver.receiving.take_message(), Ok(Some(finished)));
        assert_eq!(link.next(), Ok(Event::Closed));
    }
}

#[test]
fn records_over_the_limit_are_refused() {
    for (version, cipher) in all_ciphers() {
        // By the header alone.
        let mut link = Link::established(version, cipher);
        let [major, minor] = version.0.to_be_bytes();
        let [high, low] = 18_433u16.to_be_bytes();
        link.refuses(
            &[23, major, minor, high, low],
            PeerMisbehaved::RecordOverflow {
                len: 18_433,
                limit: 18_432,
            },
            AlertDescription::RECORD_OVERFLOW,
        );
        // The longest there may be has room, and need not be good.
        let mut link = Link::established(version, cipher);
        assert_eq!(link.receiver.receiving.room(), HEADER_LEN + 18_432);
        let longest = plain_record(version, ContentType::APPLICATION_DATA, &[9; 18_432]);
        link.refuses(
            &longest,
            PeerMisbehaved::BadRecordMac,
            AlertDescription::BAD_RECORD_MAC,
        );
        // By its content, where our own cipher would seal so much.
        if !matches!(cipher, Cipher::Cbc { .. }) {
            let mut link = Link::established(version, cipher);
            let content = vec![1; MAX_FRAGMENT_LEN + 1];
            let sealed = link.seal_any(ContentType::APPLICATION_DATA, &content);
            let error = PeerMisbehaved::RecordOverflow {
                len: 16_385,
                limit: 16_384,
            };
            link.refuses(&sealed, error, AlertDescription::RECORD_OVERFLOW);
        }
        // By what this side has asked for: content alone counts.
        let mut link = Link::established(version, cipher);
        link.sender.sending.set_record_splitting(false).unwrap();
        link.receiver.receiving.reader_mut().set_inner_limit(100);
        let sealed = link.seal_any(ContentType::APPLICATION_DATA, &[1; 100]);
        link.receiver.receiving.extend(&sealed);
        assert_eq!(link.reads(), [[1; 100]]);
        let sealed = link.seal_any(ContentType::APPLICATION_DATA, &[1; 101]);
        let error = PeerMisbehaved::RecordOverflow {
            len: 101,
            limit: 100,
        };
        link.refuses(&sealed, error, AlertDescription::RECORD_OVERFLOW);
    }
    // In the clear.
    let mut link = Link::plain(TLS1_2);
    link.refuses(
        &[22, 3, 3, 0x40, 1],
        PeerMisbehaved::RecordOverflow {
            len: 16_385,
            limit: 16_384,
        },
        AlertDescription::RECORD_OVERFLOW,
    );
}

#[test]
fn our_records_keep_to_the_limit_of_the_peer() {
    let mut link = Link::established(TLS1_2, AEADS[0]);
    link.sender.sending.writer_mut().set_negotiated_limit(64);
    let sending = &mut link.sender.sending;
    assert_eq!(sending.write_application_record(&[5; 65]), Ok(64));
    assert_eq!(link.take_output().len(), HEADER_LEN + 8 + 64 + 16);
}

// Forgeries.

#[test]
fn a_changed_record_does_not_decrypt() {
    let bad_mac = AlertDescription::BAD_RECORD_MAC;
    for (version, cipher) in all_ciphers() {
        let mut sender = Link::established(version, cipher);
        sender.sender.sending.set_record_splitting(false).unwrap();
        let sealed = sender.writes(b"sixteen and more bytes");
        for at in (0..sealed.len()).filter(|&at| !(1..5).contains(&at)) {
            for bit in [0, 7] {
                let mut changed = sealed.clone();
                changed[at] ^= 1 << bit;
                let mut link = Link::established(version, cipher);
                link.refuses(&changed, PeerMisbehaved::BadRecordMac, bad_mac);
            }
        }
        // Cut, to all lengths.
        for len in 0..sealed.len() - HEADER_LEN {
            let body = &sealed[HEADER_LEN..HEADER_LEN + len];
            let cut = plain_record(version, ContentType::APPLICATION_DATA, body);
            let mut link = Link::established(version, cipher);
            link.refuses(&cut, PeerMisbehaved::BadRecordMac, bad_mac);
        }
        let longer = [&sealed[HEADER_LEN..], &[0; 16]].concat();
        let longer = plain_record(version, ContentType::APPLICATION_DATA, &longer);
        Link::established(version, cipher).refuses(&longer, PeerMisbehaved::BadRecordMac, bad_mac);
    }
}

#[test]
fn a_record_counts_once_and_in_its_place() {
    let bad_mac = AlertDescription::BAD_RECORD_MAC;
    for (version, cipher) in all_ciphers() {
        let mut link = Link::established(version, cipher);
        let first = link.writes(b"1");
        link.receiver.receiving.extend(&first);
        assert_eq!(link.reads(), [b"1"]);
        link.refuses(&first, PeerMisbehaved::BadRecordMac, bad_mac);

        let mut link = Link::established(version, cipher);
        let _lost = link.writes(b"1");
        let second = link.writes(b"2");
        link.refuses(&second, PeerMisbehaved::BadRecordMac, bad_mac);

        // In the clear under keys.
        let mut link = Link::established(version, cipher);
        let plain = plain_record(version, ContentType::ALERT, &[2, 40]);
        link.refuses(&plain, PeerMisbehaved::BadRecordMac, bad_mac);
    }
}

#[test]
fn sequence_numbers_do_not_wrap() {
    fn set_sequence(layer: &mut Layer) {
        let Layer::Legacy(legacy) = layer else {
            panic!("no older version");
        };
        legacy.set_sequence(u64::MAX - 1);
    }
    for (version, cipher) in all_ciphers() {
        let mut link = Link::established(version, cipher);
        set_sequence(link.sender.sending.writer_mut().layer_mut());
        set_sequence(link.receiver.receiving.reader_mut().layer_mut());
        let last = link.writes(b"x");
        link.receiver.receiving.extend(&last);
        assert_eq!(link.reads(), [b"x"]);
        let wraps = Error::Internal("sequence number would wrap");
        let sending = &mut link.sender.sending;
        assert_eq!(sending.write_application_record(b"x"), Err(wraps.clone()));
        assert!(sending.queue().is_empty());
        link.receiver.receiving.extend(&last);
        assert_eq!(link.next(), Err(wraps));
    }
}

#[test]
fn records_of_another_version_are_refused() {
    let versions = [0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x0203, 0x0403].map(ProtocolVersion);
    for version in [TLS1_0, TLS1_1, TLS1_2] {
        for got in versions.into_iter().filter(|&got| got != version) {
            let cipher = Cipher::Cbc {
                suite: CbcSuite::Aes128Sha1,
                etm: false,
            };
            for mut link in [Link::plain(version), Link::established(version, cipher)] {
                // As soon as the header is there.
                let record = plain_record(got, ContentType::HANDSHAKE, &[0; 40]);
                link.refuses(
                    &record[..HEADER_LEN],
                    PeerMisbehaved::WrongRecordVersion {
                        got,
                        negotiated: version,
                    },
                    AlertDescription::PROTOCOL_VERSION,
                );
            }
        }
    }
    let text = PeerMisbehaved::WrongRecordVersion {
        got: TLS1_0,
        negotiated: TLS1_2,
    };
    assert_eq!(
        text.to_string(),
        "record of TLS 1.0, and TLS 1.2 was negotiated (RFC 5246 Section 6.2.1)"
    );
}

#[test]
fn only_an_older_version_can_be_set_and_only_one() {
    for version in [ProtocolVersion::SSL3_0, ProtocolVersion::TLS1_3] {
        let mut wire = Wire::new(None, None);
        let error = Error::Internal("records of a version that is not older");
        let receiving = wire.receiving.set_legacy_version(version);
        assert_eq!(receiving, Err(error.clone()));
        assert_eq!(wire.sending.set_legacy_version(version), Err(error));
    }
    // The same once more, in a renegotiation, keeps the keys.
    let mut link = Link::established(TLS1_2, AEADS[0]);
    link.sender.sending.set_legacy_version(TLS1_2).unwrap();
    link.receiver.receiving.set_legacy_version(TLS1_2).unwrap();
    let sealed = link.writes(b"x");
    link.receiver.receiving.extend(&sealed);
    assert_eq!(link.reads(), [b"x"]);
    let error = Error::Internal("older version beside another one");
    let receiving = link.receiver.receiving.set_legacy_version(TLS1_1);
    assert_eq!(receiving, Err(error.clone()));
    assert_eq!(link.sender.sending.set_legacy_version(TLS1_1), Err(error));
}

// Splitting.

/// Contents of the records that one write makes.
fn split_lens(link: &mut Link, data: &[u8]) -> Vec<usize> {
    let sealed = link.writes(data);
    link.receiver.receiving.extend(&sealed);
    let read = link.reads();
    assert!(read.concat() == data);
    if !data.is_empty() {
        assert_eq!(read.len(), records(&sealed).len());
    }
    read.iter().map(Vec::len).collect()
}

#[test]
fn application_data_of_tls_1_0_under_cbc_is_split() {
    for suite in SUITES {
        for etm in [false, true] {
            let cipher = Cipher::Cbc { suite, etm };
            if matches!(suite, CbcSuite::Aes128Sha256 | CbcSuite::Aes256Sha384) {
                continue;
            }
            let mut link = Link::established(TLS1_0, cipher);
            for _ in 0..2 {
                assert_eq!(split_lens(&mut link, b"x"), [1]);
                assert_eq!(split_lens(&mut link, b"xy"), [1, 1]);
                assert_eq!(split_lens(&mut link, &[3; 100]), [1, 99]);
                assert_eq!(split_lens(&mut link, &[3; 16_384]), [1, 16_383]);
            }
            assert_eq!(records(&link.writes(b"")).len(), 1);
            // Nothing else is.
            let mut link = Link::established(TLS1_0, cipher);
            let sending = &mut link.sender.sending;
            sending
                .send_message(|out| {
                    out.extend(&[20, 0, 0, 1, 7]);
                    Ok(())
                })
                .unwrap();
            sending.flush_flight().unwrap();
            sending.send_alert(AlertDescription::CLOSE_NOTIFY).unwrap();
            assert_eq!(records(&link.take_output()).len(), 2);
            // Where it was switched off, nor where the IV cannot be foreseen.
            let mut link = Link::established(TLS1_0, cipher);
            link.sender.sending.set_record_splitting(false).unwrap();
            assert_eq!(split_lens(&mut link, &[3; 100]), [100]);
            link.sender.sending.set_record_splitting(true).unwrap();
            assert_eq!(split_lens(&mut link, &[3; 100]), [1, 99]);
            for version in [TLS1_1, TLS1_2] {
                let mut link = Link::established(version, cipher);
                link.sender.sending.set_record_splitting(true).unwrap();
                assert_eq!(split_lens(&mut link, &[3; 100]), [100]);
            }
        }
    }
    for cipher in AEADS {
        let mut link = Link::established(TLS1_2, cipher);
        assert_eq!(split_lens(&mut link, &[3; 100]), [100]);
    }
}

// change_cipher_spec.

#[test]
fn change_cipher_spec_is_refused_unless_it_is_awaited() {
    let record = plain_record(TLS1_2, CHANGE_CIPHER_SPEC, &[1]);
    let unexpected = || PeerMisbehaved::UnexpectedChangeCipherSpec { expected: "data" };
    Link::plain(TLS1_2).refuses(&record, unexpected(), UNEXPECTED_MESSAGE);
    for (version, cipher) in all_ciphers() {
        // A second one, and one after the handshake.
        for mut link in [
            Link::with_keys(version, cipher),
            Link::established(version, cipher),
        ] {
            let sealed = link.seal_any(CHANGE_CIPHER_SPEC, &[1]);
            link.refuses(&sealed, unexpected(), UNEXPECTED_MESSAGE);
        }
        // In the clear it is no record of the peer at all.
        let record = plain_record(version, CHANGE_CIPHER_SPEC, &[1]);
        Link::with_keys(version, cipher).refuses(
            &record,
            PeerMisbehaved::BadRecordMac,
            AlertDescription::BAD_RECORD_MAC,
        );
    }
}

#[test]
fn change_cipher_spec_is_one_byte_of_value_1() {
    for content in [&[][..], &[0], &[2], &[255], &[1, 1], &[1, 0], &[1; 16_384]] {
        let mut link = Link::plain(TLS1_0);
        link.receiver.receiving.expect_legacy_change_cipher_spec();
        link.refuses(
            &plain_record(TLS1_0, CHANGE_CIPHER_SPEC, content),
            PeerMisbehaved::MalformedChangeCipherSpec { len: content.len() },
            UNEXPECTED_MESSAGE,
        );
    }
}

#[test]
fn change_cipher_spec_inside_of_a_message_is_refused() {
    let part = plain_record(TLS1_2, ContentType::HANDSHAKE, &[20, 0, 0, 12, 1]);
    let record = plain_record(TLS1_2, CHANGE_CIPHER_SPEC, &[1]);
    for awaited in [false, true] {
        let mut link = Link::plain(TLS1_2);
        if awaited {
            link.receiver.receiving.expect_legacy_change_cipher_spec();
        }
        link.refuses(
            &[&part[..], &record].concat(),
            PeerMisbehaved::HandshakeBytesAcrossKeyChange,
            UNEXPECTED_MESSAGE,
        );
    }
}

/// What stands behind it is read under the new keys, however it was cut, and only once they are set.
#[test]
fn nothing_behind_change_cipher_spec_is_read_under_the_old_keys() {
    let cipher = AEADS[0];
    let mut link = Link::plain(TLS1_2);
    let keys = cipher.some_keys(TLS1_2, CbcDirection::Seal);
    let sending = &mut link.sender.sending;
    sending.send_legacy_change_cipher_spec(keys).unwrap();
    let sealed = link.seal_any(ContentType::HANDSHAKE, &[20, 0, 0, 1, 7]);
    let mut bytes = link.take_output();
    bytes.extend(sealed);
    for cut in 0..=bytes.len() {
        let mut link = Link::plain(TLS1_2);
        let receiving = &mut link.receiver.receiving;
        receiving.expect_legacy_change_cipher_spec();
        let mut changed = false;
        for part in [&bytes[..cut], &bytes[cut..]] {
            receiving.extend(part);
            while !changed && receiving.next_event("x").unwrap() == Event::ChangeCipherSpec {
                assert_eq!(receiving.next_event("x"), Ok(Event::ChangeCipherSpec));
                let aligned = receiving.prove_aligned().unwrap();
                let keys = cipher.some_keys(TLS1_2, CbcDirection::Open);
                receiving.set_legacy_keys(keys, aligned).unwrap();
                changed = true;
            }
        }
        assert_eq!(receiving.next_event("x"), Ok(Event::Handshake), "{cut}");
        let message = receiving.take_message();
        assert_eq!(message, Ok(Some(vec![20, 0, 0, 1, 7])), "{cut}");
    }
}

#[test]
fn keys_need_change_cipher_spec() {
    let mut link = Link::plain(TLS1_2);
    let receiving = &mut link.receiver.receiving;
    for _ in 0..2 {
        let keys = AEADS[0].some_keys(TLS1_2, CbcDirection::Open);
        let aligned = receiving.prove_aligned().unwrap();
        let error = Error::Internal("keys without change_cipher_spec");
        assert_eq!(receiving.set_legacy_keys(keys, aligned), Err(error));
        receiving.expect_legacy_change_cipher_spec();
    }
}

/// As in a renegotiation: change_cipher_spec under the first keys, the rest under the second.
#[test]
fn keys_change_under_keys() {
    for (version, cipher) in all_ciphers() {
        let mut link = Link::established(version, cipher);
        for round in 0..3 {
            let sealed = link.writes(&[round]);
            link.receiver.receiving.extend(&sealed);
            assert_eq!(link.reads(), [[round]]);
            link.change_keys(cipher);
            link.confirm();
        }
        let other = AEADS[2];
        if version == TLS1_2 {
            link.change_keys(other);
            link.confirm();
            let sealed = link.writes(b"x");
            assert_eq!(sealed.len(), HEADER_LEN + 1 + 16);
            link.receiver.receiving.extend(&sealed);
            assert_eq!(link.reads(), [b"x"]);
        }
    }
}

/// TLS 1.3's dummy may come as long as the version is not known. If it turns out to be older, it came too early.
#[test]
fn dropped_change_cipher_spec_forbids_an_older_version() {
    for version in [TLS1_0, TLS1_1, TLS1_2] {
        let mut wire = Wire::new(None, None);
        let receiving = &mut wire.receiving;
        receiving.set_change_cipher_spec(ChangeCipherSpecRule::Drop);
        receiving.extend(&plain_record(TLS1_2, CHANGE_CIPHER_SPEC, &[1]));
        assert_eq!(receiving.next_event("ServerHello"), Ok(Event::NeedBytes));
        let error = receiving.set_legacy_version(version).unwrap_err();
        let expected = "the choice of a version";
        assert_eq!(
            error,
            PeerMisbehaved::UnexpectedChangeCipherSpec { expected }.into()
        );
        assert_eq!(error.alert(), Some(UNEXPECTED_MESSAGE));
        // Without one the rule changes to that of older versions.
        let mut wire = Wire::new(None, None);
        let receiving = &mut wire.receiving;
        receiving.set_change_cipher_spec(ChangeCipherSpecRule::Drop);
        receiving.set_legacy_version(version).unwrap();
        receiving.extend(&plain_record(version, CHANGE_CIPHER_SPEC, &[1]));
        let expected = "Certificate";
        assert_eq!(
            receiving.next_event(expected),
            Err(PeerMisbehaved::UnexpectedChangeCipherSpec { expected }.into())
        );
    }
}

#[test]
fn a_closed_sender_sends_no_change_cipher_spec() {
    let mut link = Link::plain(TLS1_2);
    let sending = &mut link.sender.sending;
    sending.send_alert(AlertDescription::CLOSE_NOTIFY).unwrap();
    let keys = AEADS[0].some_keys(TLS1_2, CbcDirection::Seal);
    sending.send_legacy_change_cipher_spec(keys).unwrap();
    assert_eq!(link.take_output(), [21, 3, 3, 0, 2, 1, 0]);
}

// What a flow sees.

const FINISHED: [u8; 16] = [20, 0, 0, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

/// Polls a flow that awaits change_cipher_spec and then Finished, with these bytes received one by one.
fn flow(bytes: &[u8], eof: bool) -> (Poll<Result<Vec<u8>, Error>>, Waiting) {
    let mut wire = Wire::new(None, None);
    wire.receiving.set_legacy_version(TLS1_2).unwrap();
    let mut coroutine = Coroutine::new(|mut peer| async move {
        let aligned = peer.recv_change_cipher_spec().await?;
        let keys = AEADS[0].some_keys(TLS1_2, CbcDirection::Open);
        peer.with_wire(|wire| wire.receiving.set_legacy_keys(keys, aligned))?;
        let finished = peer.recv::<Finished<'static>>().await?;
        Ok(finished.bytes().to_vec())
    });
    let mut wire = Some(wire);
    let mut context = Context::from_waker(Waker::noop());
    for &byte in bytes {
        if let Poll::Ready(result) = coroutine.poll(&mut wire, &mut context) {
            return (Poll::Ready(result), coroutine.waiting());
        }
        wire.as_mut().unwrap().receiving.extend(&[byte]);
    }
    if eof {
        wire.as_mut().unwrap().receiving.received_eof();
    }
    let result = coroutine.poll(&mut wire, &mut context);
    (result, coroutine.waiting())
}

#[test]
fn a_flow_awaits_change_cipher_spec_by_name() {
    let change = plain_record(TLS1_2, CHANGE_CIPHER_SPEC, &[1]);
    let mut link = Link::with_keys(TLS1_2, AEADS[0]);
    let finished = link.seal_any(ContentType::HANDSHAKE, &FINISHED);
    let expected = "ChangeCipherSpec";

    let good = [&change[..], &finished].concat();
    assert_eq!(flow(&good, false).0, Poll::Ready(Ok(FINISHED.to_vec())));
    assert_eq!(flow(&change[..3], false).1, Waiting::Bytes(expected));
    assert_eq!(flow(&change, false).1, Waiting::Bytes("Finished"));

    let twice = [&change[..], &change].concat();
    let mut link = Link::with_keys(TLS1_2, AEADS[0]);
    let sealed_twice = link.seal_any(CHANGE_CIPHER_SPEC, &[1]);
    let message = |bytes| plain_record(TLS1_2, ContentType::HANDSHAKE, bytes);
    let unexpected = |got| PeerMisbehaved::UnexpectedMessage { got, expected };
    for (name, bytes, error) in [
        (
            "Finished in the clear",
            message(&FINISHED),
            unexpected(HandshakeType::FINISHED).into(),
        ),
        // Refused at its first byte, so that it does not matter what comes behind it.
        (
            "part of a message",
            [&message(&[14])[..], &change].concat(),
            unexpected(HandshakeType::SERVER_HELLO_DONE).into(),
        ),
        (
            "application data",
            plain_record(TLS1_2, ContentType::APPLICATION_DATA, b"x"),
            Error::from(PeerMisbehaved::UnexpectedRecord {
                content_type: ContentType::APPLICATION_DATA,
                expected,
            }),
        ),
        (
            "other value",
            plain_record(TLS1_2, CHANGE_CIPHER_SPEC, &[2]),
            PeerMisbehaved::MalformedChangeCipherSpec { len: 1 }.into(),
        ),
        (
            "twice in the clear",
            twice,
            PeerMisbehaved::BadRecordMac.into(),
        ),
        (
            "twice",
            [&change[..], &sealed_twice].concat(),
            PeerMisbehaved::UnexpectedChangeCipherSpec {
                expected: "Finished",
            }
            .into(),
        ),
        (
            "fatal alert",
            plain_record(TLS1_2, ContentType::ALERT, &[2, 40]),
            Error::AlertReceived(AlertDescription::HANDSHAKE_FAILURE),
        ),
        (
            "close_notify",
            plain_record(TLS1_2, ContentType::ALERT, &[1, 0]),
            Error::ClosedDuringHandshake { expected },
        ),
    ] {
        assert_eq!(flow(&bytes, false).0, Poll::Ready(Err(error)), "{name}");
    }
    assert_eq!(
        flow(&change[..5], true).0,
        Poll::Ready(Err(Error::ClosedDuringHandshake { expected }))
    );
}

/// Allowed too early, it is still an error where a message is awaited.
#[test]
fn a_flow_that_awaits_a_message_takes_no_change_cipher_spec() {
    for allowed in [false, true] {
        let mut wire = Wire::new(None, None);
        wire.receiving.set_legacy_version(TLS1_2).unwrap();
        if allowed {
            wire.receiving.expect_legacy_change_cipher_spec();
        }
        let change = plain_record(TLS1_2, CHANGE_CIPHER_SPEC, &[1]);
        wire.receiving.extend(&change);
        let mut coroutine = Coroutine::new(|mut peer| async move {
            peer.recv::<Finished<'static>>().await?;
            Ok(())
        });
        let mut context = Context::from_waker(Waker::noop());
        let error = PeerMisbehaved::UnexpectedChangeCipherSpec {
            expected: "Finished",
        };
        assert_eq!(
            coroutine.poll(&mut Some(wire), &mut context),
            Poll::Ready(Err(error.into()))
        );
    }
}

// Which record may come when.

#[test]
fn application_data_waits_for_the_end_of_the_handshake() {
    let unexpected = || PeerMisbehaved::UnexpectedRecord {
        content_type: ContentType::APPLICATION_DATA,
        expected: "data",
    };
    let record = plain_record(TLS1_2, ContentType::APPLICATION_DATA, b"x");
    let mut link = Link::plain(TLS1_2);
    link.refuses(&record, unexpected(), UNEXPECTED_MESSAGE);
    // Not even then without keys.
    let mut link = Link::plain(TLS1_2);
    link.receiver.receiving.begin_legacy_application_data();
    link.refuses(&record, unexpected(), UNEXPECTED_MESSAGE);
    link.sender.sending.begin_legacy_application_data();
    assert_eq!(
        link.sender.sending.write_application_record(b"x"),
        Err(Error::Internal("application data without keys"))
    );
    for (version, cipher) in all_ciphers() {
        for content in [&b"x"[..], b""] {
            let mut link = Link::with_keys(version, cipher);
            let sealed = link.seal_any(ContentType::APPLICATION_DATA, content);
            link.refuses(&sealed, unexpected(), UNEXPECTED_MESSAGE);
        }
    }
}

#[test]
fn unknown_record_types_are_refused() {
    for number in (0..=255).filter(|number| !(20..=23).contains(number)) {
        let content_type = ContentType(number);
        let unexpected = || PeerMisbehaved::UnexpectedRecord {
            content_type,
            expected: "data",
        };
        let record = plain_record(TLS1_2, content_type, &[1]);
        Link::plain(TLS1_2).refuses(&record, unexpected(), UNEXPECTED_MESSAGE);
        let mut link = Link::established(TLS1_2, AEADS[0]);
        let sealed = link.seal_any(content_type, &[1]);
        link.refuses(&sealed, unexpected(), UNEXPECTED_MESSAGE);
    }
}

#[test]
fn empty_fragments_are_refused_and_empty_data_is_bounded() {
    for (version, cipher) in all_ciphers() {
        for content_type in [ContentType::HANDSHAKE, ContentType::ALERT] {
            let error = || PeerMisbehaved::EmptyFragment { content_type };
            let record = plain_record(version, content_type, &[]);
            Link::plain(version).refuses(&record, error(), UNEXPECTED_MESSAGE);
            let mut link = Link::established(version, cipher);
            let sealed = link.seal_any(content_type, &[]);
            link.refuses(&sealed, error(), UNEXPECTED_MESSAGE);
        }
        let mut link = Link::established(version, cipher);
        for _ in 0..3 {
            for _ in 0..32 {
                let sealed = link.writes(b"");
                link.receiver.receiving.extend(&sealed);
                assert_eq!(link.next(), Ok(Event::NeedBytes));
            }
            let sealed = link.writes(b"x");
            link.receiver.receiving.extend(&sealed);
            assert_eq!(link.reads(), [b"x"]);
        }
        for _ in 0..32 {
            let sealed = link.writes(b"");
            link.receiver.receiving.extend(&sealed);
        }
        let sealed = link.writes(b"");
        link.refuses(
            &sealed,
            PeerMisbehaved::TooManyEmptyRecords { limit: 32 },
            UNEXPECTED_MESSAGE,
        );
    }
}

#[test]
fn the_level_of_an_alert_tells_whether_it_is_fatal() {
    for description in 0..=255 {
        let received = Error::AlertReceived(AlertDescription(description));
        for level in [1, 2, 0, 3, 255] {
            let mut link = Link::established(TLS1_2, AEADS[0]);
            let sealed = link.seal_any(ContentType::ALERT, &[level, description]);
            link.receiver.receiving.extend(&sealed);
            let event = link.next();
            match (level, description) {
                (_, 0) => assert_eq!(event, Ok(Event::Closed)),
                (1, _) => assert_eq!(event, Ok(Event::NeedBytes)),
                _ => assert_eq!(event, Err(received.clone())),
            }
        }
    }
    // In a row, four of them.
    let mut link = Link::established(TLS1_2, AEADS[0]);
    let warning = [1, AlertDescription::NO_RENEGOTIATION.0];
    for _ in 0..2 {
        for _ in 0..4 {
            let sealed = link.seal_any(ContentType::ALERT, &warning);
            link.receiver.receiving.extend(&sealed);
            assert_eq!(link.next(), Ok(Event::NeedBytes));
        }
        let sealed = link.writes(b"x");
        link.receiver.receiving.extend(&sealed);
        assert_eq!(link.reads(), [b"x"]);
    }
    for _ in 0..4 {
        let sealed = link.seal_any(ContentType::ALERT, &warning);
        link.receiver.receiving.extend(&sealed);
    }
    let sealed = link.seal_any(ContentType::ALERT, &warning);
    let error = PeerMisbehaved::TooManyWarningAlerts { limit: 4 };
    link.refuses(&sealed, error, UNEXPECTED_MESSAGE);
    // Between the parts of a message none may come but a fatal one.
    let part = plain_record(TLS1_2, ContentType::HANDSHAKE, &[20, 0]);
    for description in [0, 90, 100, 112] {
        let alert = plain_record(TLS1_2, ContentType::ALERT, &[1, description]);
        let content_type = ContentType::ALERT;
        Link::plain(TLS1_2).refuses(
            &[&part[..], &alert].concat(),
            PeerMisbehaved::InterleavedHandshake { content_type },
            UNEXPECTED_MESSAGE,
        );
    }
}

/// Before the version is known warnings are fatal, unless the flow says that it may be an older one.
#[test]
fn warnings_before_the_version_are_borne_on_request() {
    let unrecognized_name = plain_record(TLS1_2, ContentType::ALERT, &[1, 112]);
    for allowed in [false, true] {
        let mut wire = Wire::new(None, None);
        let receiving = &mut wire.receiving;
        receiving.allow_warnings(allowed);
        receiving.extend(&unrecognized_name);
        let event = receiving.next_event("ServerHello");
        match allowed {
            true => assert_eq!(event, Ok(Event::NeedBytes)),
            false => assert_eq!(
                event,
                Err(Error::AlertReceived(AlertDescription::UNRECOGNIZED_NAME))
            ),
        }
    }
}

#[test]
fn no_renegotiation_is_sent_as_a_warning() {
    let mut link = Link::plain(TLS1_2);
    let sending = &mut link.sender.sending;
    let alert = AlertDescription::NO_RENEGOTIATION;
    sending.send_alert(alert).unwrap();
    assert!(!sending.is_closed());
    assert_eq!(link.take_output(), [21, 3, 3, 0, 2, 1, 100]);
}

#[test]
fn older_versions_have_no_key_update() {
    let mut link = Link::established(TLS1_2, AEADS[0]);
    let sending = &mut link.sender.sending;
    let error = UsageError::NotAvailable(
        "KeyUpdate is of TLS 1.3, and this connection is of an older version",
    );
    for request in [KeyUpdateRequest::Requested, KeyUpdateRequest::NotRequested] {
        assert_eq!(
            sending.update_keys(request),
            Err(Error::Usage(error.clone()))
        );
    }
    assert!(sending.queue().is_empty());
    let refused = PeerMisbehaved::UnexpectedMessage {
        got: HandshakeType::KEY_UPDATE,
        expected: "application data",
    };
    assert_eq!(link.receiver.receiving.update_keys(), Err(refused.into()));
    // And the connection goes on.
    let sealed = link.writes(b"x");
    link.receiver.receiving.extend(&sealed);
    assert_eq!(link.reads(), [b"x"]);
}

#[test]
fn keys_outlive_released_memory() {
    for (version, cipher) in all_ciphers() {
        let mut link = Link::established(version, cipher);
        for round in 0..3 {
            for wire in [&mut link.sender, &mut link.receiver] {
                wire.sending.release_idle_memory();
                wire.sending.release_key();
                wire.receiving.release_idle_memory();
                wire.receiving.release_key();
            }
            let sealed = link.writes(&[round]);
            link.receiver.receiving.extend(&sealed);
            assert_eq!(link.reads(), [[round]]);
        }
        link.sender.forget_keys();
        link.receiver.forget_keys();
        assert!(!link.receiver.receiving.reader_mut().is_protected());
        assert!(!link.receiver.receiving.is_established());
        assert!(!link.sender.sending.carries_application_data());
    }
}

#[derive(Debug, Default)]
struct Seen(std::sync::Mutex<Vec<(Direction, LoggedMessage)>>);

impl MessageLog for Seen {
    fn message(&self, direction: Direction, message: LoggedMessage) {
        self.0.lock().unwrap().push((direction, message));
    }
}

#[test]
fn change_cipher_spec_is_logged() {
    let seen = std::sync::Arc::new(Seen::default());
    let mut link = Link::plain(TLS1_2);
    link.sender.set_log(Some(seen.clone()));
    link.receiver.set_log(Some(seen.clone()));
    link.change_keys(AEADS[0]);
    assert_eq!(
        *seen.0.lock().unwrap(),
        [Direction::Sent, Direction::Received]
            .map(|direction| (direction, LoggedMessage::ChangeCipherSpec))
    );
}

// No bytes do harm.

/// Random bytes, random records, and good records with something changed, cut anywhere, in every state: all that may
/// happen is an event or an error.
#[test]
fn no_bytes_make_the_reader_panic() {
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    for (version, cipher) in all_ciphers() {
        for round in 0..300 {
            let mut link = match round % 3 {
                0 => Link::plain(version),
                1 => Link::with_keys(version, cipher),
                _ => Link::established(version, cipher),
            };
            if noise.below(2) == 0 {
                link.receiver.receiving.expect_legacy_change_cipher_spec();
            }
            let mut bytes = Vec::new();
            for _ in 0..4 {
                let content_type = ContentType(u8::try_from(19 + noise.below(6)).unwrap());
                let len = noise.below(100);
                let content = noise.bytes(len);
                let sealed = match noise.below(3) {
                    0 => content,
                    1 => plain_record(version, content_type, &content),
                    _ if round % 3 == 0 => plain_record(version, content_type, &content),
                    _ => link.seal_any(content_type, &content),
                };
                bytes.extend(sealed);
            }
            if noise.below(2) == 0 {
                let at = noise.below(bytes.len());
                bytes[at] ^= 1 << noise.below(8);
            }
            let receiving = &mut link.receiver.receiving;
            let mut rest = &bytes[..];
            'stream: while !rest.is_empty() {
                let (part, behind) = rest.split_at(1 + noise.below(rest.len()));
                receiving.extend(part);
                rest = behind;
                loop {
                    match receiving.next_event("x") {
                        Ok(Event::ApplicationData) => {
                            let len = receiving.application_data().len();
                            assert!(len > 0);
                            receiving.consume_application_data(len);
                        }
                        Ok(Event::Handshake) => {
                            assert!(receiving.take_message().unwrap().is_some());
                        }
                        Ok(Event::ChangeCipherSpec) => {
                            let Ok(aligned) = receiving.prove_aligned() else {
                                panic!("not aligned");
                            };
                            let keys = cipher.some_keys(version, CbcDirection::Open);
                            receiving.set_legacy_keys(keys, aligned).unwrap();
                        }
                        Ok(Event::NeedBytes | Event::Closed) => break,
                        Err(error) => {
                            assert!(
                                matches!(error, Error::PeerMisbehaved(_) | Error::AlertReceived(_)),
                                "{error}"
                            );
                            break 'stream;
                        }
                    }
                }
            }
        }
    }
}

/// What older versions need costs a connection of TLS 1.3 no memory.
#[test]
fn older_versions_cost_newer_ones_no_memory() {
    assert_eq!(
        size_of::<Layer>(),
        size_of::<Option<super::protection::Protection>>()
    );
    assert_eq!(
        size_of::<super::wire::Phase>(),
        size_of::<Option<super::wire::Epoch>>()
    );
}

#[test]
fn no_data_passes_under_keys_that_are_not_confirmed() {
    let cipher = AEADS[0];
    let mut link = Link::established(TLS1_2, cipher);
    link.change_keys(cipher);
    assert!(link.sender.sending.is_unconfirmed());
    let sealed = link.writes(b"early");
    link.receiver.receiving.extend(&sealed);
    let error = PeerMisbehaved::UnexpectedRecord {
        content_type: ContentType::APPLICATION_DATA,
        expected: "data",
    };
    assert_eq!(error.alert(), AlertDescription::UNEXPECTED_MESSAGE);
    let event = link.receiver.receiving.next_event("data");
    assert_eq!(event, Err(error.into()));
}
