//! Records of every protection.

use warifu_crypto::legacy::{CbcDirection, CbcKey, CbcSuite};
use warifu_crypto::{Aead, AeadKey};

use super::look_at;
use crate::error::Error;
use crate::parameters::{ContentType, ProtocolVersion, TLS13_SUITES};
use crate::record::MAX_FRAGMENT_LEN;
use crate::record::buffer::Buffer;
use crate::record::legacy_protection::LegacyRecordKeys;
use crate::record::protection::RecordKeys;
use crate::record::reader::RecordReader;
use crate::record::writer::{Padding, RecordWriter};

/// How records are protected.
#[derive(Debug, Clone, Copy)]
enum Cipher {
    Plain,
    /// A row of the table of suites.
    Tls13(usize),
    LegacyPlain,
    ExplicitNonce(Aead),
    XorNonce,
    Cbc {
        suite: CbcSuite,
        etm: bool,
    },
}

const SHA1: [CbcSuite; 3] = [
    CbcSuite::Aes128Sha1,
    CbcSuite::Aes256Sha1,
    CbcSuite::TripleDesSha1,
];
const SHA2: [CbcSuite; 2] = [CbcSuite::Aes128Sha256, CbcSuite::Aes256Sha384];

/// Each protection with each version that has it.
fn ciphers() -> Vec<(ProtocolVersion, Cipher)> {
    let (tls12, tls13) = (ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3);
    let mut all = vec![(tls13, Cipher::Plain)];
    all.extend((0..TLS13_SUITES.len()).map(|suite| (tls13, Cipher::Tls13(suite))));
    all.extend(
        [Aead::Aes128Gcm, Aead::Aes256Ccm, Aead::Aes128Ccm8]
            .map(|aead| (tls12, Cipher::ExplicitNonce(aead))),
    );
    all.push((tls12, Cipher::XorNonce));
    for version in [ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_1, tls12] {
        all.push((version, Cipher::LegacyPlain));
        let sha2 = if version == tls12 { &SHA2[..] } else { &[] };
        for &suite in SHA1.iter().chain(sha2) {
            for etm in [false, true] {
                all.push((version, Cipher::Cbc { suite, etm }));
            }
        }
    }
    all
}

/// How many protections there are.
pub fn cipher_count() -> usize {
    ciphers().len()
}

/// Bytes that both ends have for keys.
const KEY: [u8; 48] = *b"the fuzzers' key, which is known to both sides..";

impl Cipher {
    fn legacy_keys(
        self,
        version: ProtocolVersion,
        direction: CbcDirection,
    ) -> Option<LegacyRecordKeys> {
        let aead_key = |aead: Aead| AeadKey::new(aead, &KEY[..aead.key_len()]).ok();
        match self {
            Self::Plain | Self::Tls13(_) | Self::LegacyPlain => None,
            Self::ExplicitNonce(aead) => Some(LegacyRecordKeys::ExplicitNonce {
                key: aead_key(aead)?,
                salt: [3; 4],
            }),
            Self::XorNonce => Some(LegacyRecordKeys::XorNonce {
                key: aead_key(Aead::ChaCha20Poly1305)?,
                iv: [3; 12].into(),
            }),
            Self::Cbc { suite, etm } => {
                let iv = (version == ProtocolVersion::TLS1_0).then(|| &KEY[..suite.block_len()]);
                let (mac_key, key) = (&KEY[..suite.mac_key_len()], &KEY[..suite.key_len()]);
                CbcKey::new(suite, direction, etm, mac_key, key, iv)
                    .ok()
                    .map(LegacyRecordKeys::Cbc)
            }
        }
    }

    fn tls13_keys(self) -> Option<RecordKeys> {
        let Self::Tls13(suite) = self else {
            return None;
        };
        let suite = TLS13_SUITES[suite];
        Some(RecordKeys {
            key: AeadKey::new(suite.aead, &KEY[..suite.aead.key_len()]).ok()?,
            iv: [3; 12].into(),
            confidentiality_limit: suite.confidentiality_limit,
        })
    }
}

/// Puts a protection in force at one end, a [`RecordReader`] or a [`RecordWriter`].
macro_rules! protect {
    ($end:expr, $cipher:expr, $direction:expr) => {
        let (version, cipher) = $cipher;
        let set = if version == ProtocolVersion::TLS1_3 {
            cipher.tls13_keys().map(|keys| $end.set_keys(keys));
            Ok(())
        } else {
            $end.set_legacy_version(version)
        };
        let set = match cipher.legacy_keys(version, $direction) {
            Some(keys) => set.and_then(|()| $end.set_legacy_keys(keys)),
            None => set,
        };
        assert_eq!(set, Ok(()));
    };
}

#[derive(Debug)]
struct Exactly(usize);

impl Padding for Exactly {
    fn padding_len(&self, _: usize) -> usize {
        self.0
    }
}

/// Seals what an [`Opener`] of the same number opens.
pub struct Sealer(RecordWriter);

impl Sealer {
    /// With the protection of number `cipher`.
    pub fn new(cipher: usize) -> Self {
        let all = ciphers();
        let mut writer = RecordWriter::new();
        protect!(writer, all[cipher % all.len()], CbcDirection::Seal);
        Self(writer)
    }

    /// `content` as records.
    pub fn seal(
        &mut self,
        content_type: u8,
        content: &[u8],
        padding_len: usize,
    ) -> Result<Vec<u8>, Error> {
        let mut out = Buffer::default();
        let padding = Exactly(padding_len);
        let padding: Option<&dyn Padding> = Some(&padding);
        self.0
            .write(ContentType(content_type), content, padding, &mut out)?;
        Ok(out.filled().to_vec())
    }
}

/// Opens records.
pub struct Opener {
    reader: RecordReader,
    queue: Buffer,
}

/// A record that was opened.
#[derive(Debug, PartialEq, Eq)]
pub struct Opened {
    pub content_type: u8,
    pub content: Vec<u8>,
    pub protected: bool,
    pub skipped: bool,
}

impl Opener {
    /// With the protection of number `cipher`.
    pub fn new(cipher: usize) -> Self {
        let all = ciphers();
        let mut reader = RecordReader::new();
        protect!(reader, all[cipher % all.len()], CbcDirection::Open);
        let queue = Buffer::default();
        Self { reader, queue }
    }

    /// What may be different from a connection's beginning.
    pub fn configure(&mut self, inner_limit: usize, plain_alerts: bool, early_data: usize) {
        self.reader.set_inner_limit(inner_limit);
        self.reader.allow_plain_alerts(plain_alerts);
        self.reader.skip_early_data(early_data);
    }

    /// Takes more bytes of the stream.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.queue.extend(bytes);
    }

    /// The next record, if it is there.
    pub fn next(&mut self) -> Result<Option<Opened>, Error> {
        let before = self.queue.len();
        let record = match self.reader.next(self.queue.filled_mut()) {
            Ok(Some(record)) => record,
            Ok(None) => {
                // What is kept until the rest comes is less than a record.
                assert!(self.queue.len() < self.reader.max_record_len());
                return Ok(None);
            }
            Err(error) => {
                look_at(&error);
                return Err(error);
            }
        };
        assert!(record.len > 0 && record.len <= before.min(self.reader.max_record_len()));
        assert!(record.content.len() <= MAX_FRAGMENT_LEN && record.content.end <= record.len);
        let opened = Opened {
            content_type: record.content_type.0,
            content: self.queue.filled()[record.content].to_vec(),
            protected: record.protected,
            skipped: record.skipped,
        };
        self.queue.consume(record.len);
        Ok(Some(opened))
    }
}
