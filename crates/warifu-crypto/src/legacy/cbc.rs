//! Records of the CBC suites: MAC-then-encrypt as RFC 5246 Section 6.2.3.2 has it, and encrypt-then-MAC (RFC 7366).
//!
//! MAC-then-encrypt tells the receiver about padding before about the MAC, and whoever shows the difference, in an alert
//! or in time, lets a man in the middle decrypt (Lucky Thirteen, POODLE). Here it goes through AWS-LC's CBC
//! AEADs, which check both in time that depends on the record's length only. Whatever is wrong with a record, the
//! error is one and the same. Encrypt-then-MAC has no such trouble, for nothing is decrypted before the MAC held.

use super::mac::{HmacSha1, Mac};
use crate::ffi::legacy::{Cbc, TlsCbc};
use crate::{CryptoError, Hash, HmacKey, constant_time, random};
use core::fmt;
use zeroize::Zeroize;

/// Most bytes of content in a record: TLSPlaintext.length (RFC 5246 Section 6.2.1).
const MAX_CONTENT_LEN: usize = 1 << 14;

/// Most bytes of a record's fragment: TLSCiphertext.length (RFC 5246 Section 6.2.3).
const MAX_FRAGMENT_LEN: usize = MAX_CONTENT_LEN + 2048;

/// The longest MAC key, cipher key and IV in a row.
const MAX_KEYS_LEN: usize = 48 + 32 + 16;

/// A block cipher in CBC mode and the hash of its HMAC.
#[derive(Copy, Clone, Eq, PartialEq, Debug, Hash)]
pub enum CbcSuite {
    /// AES_128_CBC_SHA
    Aes128Sha1,
    /// AES_256_CBC_SHA
    Aes256Sha1,
    /// AES_128_CBC_SHA256, TLS 1.2 only
    Aes128Sha256,
    /// AES_256_CBC_SHA384, TLS 1.2 only
    Aes256Sha384,
    /// 3DES_EDE_CBC_SHA
    TripleDesSha1,
}

impl CbcSuite {
    /// Every suite.
    pub const ALL: [Self; 5] = [
        Self::Aes128Sha1,
        Self::Aes256Sha1,
        Self::Aes128Sha256,
        Self::Aes256Sha384,
        Self::TripleDesSha1,
    ];

    /// Length of the MAC key in bytes: that of the MAC.
    #[must_use]
    pub const fn mac_key_len(self) -> usize {
        self.mac_len()
    }

    /// Length of the cipher's key in bytes.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Sha1 | Self::Aes128Sha256 => 16,
            Self::Aes256Sha1 | Self::Aes256Sha384 => 32,
            Self::TripleDesSha1 => 24,
        }
    }

    /// Length of a block, and so of an IV, in bytes.
    #[must_use]
    pub const fn block_len(self) -> usize {
        match self {
            Self::TripleDesSha1 => 8,
            _ => 16,
        }
    }

    /// Length of the MAC in bytes.
    #[must_use]
    pub const fn mac_len(self) -> usize {
        match self {
            Self::Aes128Sha1 | Self::Aes256Sha1 | Self::TripleDesSha1 => 20,
            Self::Aes128Sha256 => 32,
            Self::Aes256Sha384 => 48,
        }
    }
}

/// What a [`CbcKey`] is for.
#[derive(Copy, Clone, Eq, PartialEq, Debug, Hash)]
pub enum CbcDirection {
    /// Records that are sent.
    Seal,
    /// Records that are received.
    Open,
}

/// The keys of one direction of a connection. Wiped on drop.
pub struct CbcKey {
    suite: CbcSuite,
    direction: CbcDirection,
    /// TLS 1.1 and 1.2: each record brings its IV.
    explicit_iv: bool,
    construction: Construction,
}

enum Construction {
    MacThenEncrypt(TlsCbc),
    EncryptThenMac(Cbc, EtmMac),
}

/// The MAC key of encrypt-then-MAC.
enum EtmMac {
    Sha1(Box<HmacSha1>),
    Sha2(Box<HmacKey>),
}

impl CbcKey {
    /// Prepares the keys: `mac_key` of [`CbcSuite::mac_key_len`], `key` of [`CbcSuite::key_len`] bytes.
    ///
    /// With `implicit_iv`, of [`CbcSuite::block_len`] bytes, records are TLS 1.0's: the IV of a record is the last block
    /// of the one before. Without, they are TLS 1.1's and 1.2's, which begin with an IV of their own.
    ///
    /// # Errors
    /// [`CryptoError::InvalidLength`] for a key or IV of another length, [`CryptoError::Unsupported`] for an implicit
    /// IV with the suites of TLS 1.2, [`CryptoError::Failed`] if the library cannot.
    pub fn new(
        suite: CbcSuite,
        direction: CbcDirection,
        encrypt_then_mac: bool,
        mac_key: &[u8],
        key: &[u8],
        implicit_iv: Option<&[u8]>,
    ) -> Result<Self, CryptoError> {
        if mac_key.len() != suite.mac_key_len()
            || key.len() != suite.key_len()
            || implicit_iv.is_some_and(|iv| iv.len() != suite.block_len())
        {
            return Err(CryptoError::InvalidLength);
        }
        if implicit_iv.is_some() && matches!(suite, CbcSuite::Aes128Sha256 | CbcSuite::Aes256Sha384)
        {
            return Err(CryptoError::Unsupported);
        }
        let construction = if encrypt_then_mac {
            let mac = match suite {
                CbcSuite::Aes128Sha256 => EtmMac::Sha2(HmacKey::boxed(Hash::Sha256, mac_key)),
                CbcSuite::Aes256Sha384 => EtmMac::Sha2(HmacKey::boxed(Hash::Sha384, mac_key)),
                _ => EtmMac::Sha1(HmacSha1::boxed(mac_key)),
            };
            Cbc::new(suite, direction, key, implicit_iv)
                .map(|cipher| Construction::EncryptThenMac(cipher, mac))
        } else {
            let mut keys = [0; MAX_KEYS_LEN];
            let parts = [mac_key, key, implicit_iv.unwrap_or_default()];
            for (to, byte) in keys.iter_mut().zip(parts.into_iter().flatten()) {
                *to = *byte;
            }
            let len = parts.into_iter().map(<[u8]>::len).sum();
            let aead = TlsCbc::new(
                suite,
                implicit_iv.is_some(),
                direction,
                keys.get(..len).unwrap_or_default(),
            );
            keys.zeroize();
            aead.map(Construction::MacThenEncrypt)
        };
        Ok(Self {
            suite,
            direction,
            explicit_iv: implicit_iv.is_none(),
            construction: construction.ok_or(CryptoError::Failed)?,
        })
    }

    /// The cipher and the hash.
    #[must_use]
    pub fn suite(&self) -> CbcSuite {
        self.suite
    }

    /// Length in bytes of the explicit IV: 0 for TLS 1.0.
    fn iv_len(&self) -> usize {
        if self.explicit_iv {
            self.suite.block_len()
        } else {
            0
        }
    }

    /// Bytes of the fragment of a record with `content_len` bytes of content, at most 2^14: explicit IV, ciphertext,
    /// padding and MAC. The padding is the shortest there is.
    #[must_use]
    pub fn sealed_len(&self, content_len: usize) -> usize {
        let (block_len, mac_len) = (self.suite.block_len(), self.suite.mac_len());
        // At least one byte of padding, that tells its length.
        let padded = |len: usize| (len / block_len + 1).saturating_mul(block_len);
        let encrypted_and_mac = match self.construction {
            Construction::MacThenEncrypt(_) => padded(content_len.saturating_add(mac_len)),
            Construction::EncryptThenMac(..) => padded(content_len).saturating_add(mac_len),
        };
        encrypted_and_mac.saturating_add(self.iv_len())
    }

    /// The most that [`sealed_len`](Self::sealed_len) exceeds the length of the content by.
    #[must_use]
    pub fn max_overhead(&self) -> usize {
        self.iv_len() + self.suite.block_len() + self.suite.mac_len()
    }

    /// Seals a record: `out`, of [`sealed_len`](Self::sealed_len) bytes, becomes its fragment.
    ///
    /// With an implicit IV, records must be sealed in the order in which they are sent.
    ///
    /// # Errors
    /// [`CryptoError::InvalidLength`] if `content` is longer than 2^14 bytes or `out` of another length,
    /// [`CryptoError::Failed`] if the key is for opening, the library fails, or there are no random bytes for the IV.
    pub fn seal(
        &mut self,
        sequence: u64,
        content_type: u8,
        version: [u8; 2],
        content: &[u8],
        out: &mut [u8],
    ) -> Result<(), CryptoError> {
        if content.len() > MAX_CONTENT_LEN || out.len() != self.sealed_len(content.len()) {
            return Err(CryptoError::InvalidLength);
        }
        if self.direction != CbcDirection::Seal {
            return Err(CryptoError::Failed);
        }
        let header = header(sequence, content_type, version);
        let iv_len = self.iv_len();
        match &mut self.construction {
            Construction::MacThenEncrypt(aead) => {
                let (iv, body) = split(out, iv_len)?;
                random::fill(iv)?;
                if !aead.seal(iv, &header, content, body) {
                    return Err(CryptoError::Failed);
                }
            }
            Construction::EncryptThenMac(cipher, mac) => {
                let encrypted_len = out.len() - self.suite.mac_len();
                let (encrypted, tag) = split(out, encrypted_len)?;
                let (iv, body) = split(encrypted, iv_len)?;
                random::fill(iv)?;
                let padding_len = body.len() - content.len();
                let (plain, padding) = split(body, content.len())?;
                plain.copy_from_slice(content);
                // One byte counts the others (RFC 5246 Section 6.2.3.2), and there are no more than a block of them.
                padding.fill((padding_len - 1) as u8);
                if !cipher.apply(self.explicit_iv.then_some(iv), body) {
                    // Content in the clear must not get out.
                    body.fill(0);
                    return Err(CryptoError::Failed);
                }
                mac.with_tag(&header, encrypted, |expected| {
                    tag.copy_from_slice(expected);
                });
            }
        }
        Ok(())
    }

    /// Opens a record: `in_out` is its fragment; its content is returned, decrypted in place.
    ///
    /// With an implicit IV, records must be opened in the order in which they come. After an error neither the key nor
    /// what is left in `in_out` is good for anything.
    ///
    /// # Errors
    /// [`CryptoError::Failed`], whatever is wrong: length, padding or MAC (alert bad_record_mac for all, RFC 5246 Section
    /// 7.2.2), or a key that is for sealing.
    pub fn open<'a>(
        &mut self,
        sequence: u64,
        content_type: u8,
        version: [u8; 2],
        in_out: &'a mut [u8],
    ) -> Result<&'a mut [u8], CryptoError> {
        let failed = CryptoError::Failed;
        let (iv_len, mac_len) = (self.iv_len(), self.suite.mac_len());
        // The length is public. Whole blocks, of which the shortest has no content.
        let unencrypted_len = match self.construction {
            Construction::MacThenEncrypt(_) => iv_len,
            Construction::EncryptThenMac(..) => iv_len + mac_len,
        };
        if self.direction != CbcDirection::Open
            || in_out.len() > MAX_FRAGMENT_LEN
            || in_out.len() < self.sealed_len(0)
            || !(in_out.len() - unencrypted_len).is_multiple_of(self.suite.block_len())
        {
            return Err(failed);
        }
        let header = header(sequence, content_type, version);
        match &mut self.construction {
            Construction::MacThenEncrypt(aead) => {
                let (iv, body) = split(in_out, iv_len)?;
                let content_len = aead.open(iv, &header, body).ok_or(failed)?;
                body.get_mut(..content_len).ok_or(failed)
            }
            Construction::EncryptThenMac(cipher, mac) => {
                let encrypted_len = in_out.len() - mac_len;
                let (encrypted, tag) = split(in_out, encrypted_len)?;
                let genuine = mac.with_tag(&header, encrypted, |expected| {
                    constant_time::eq(expected, tag)
                });
                if !genuine {
                    return Err(failed);
                }
                let (iv, body) = split(encrypted, iv_len)?;
                if !cipher.apply(self.explicit_iv.then_some(iv), body) {
                    return Err(failed);
                }
                let content_len = unpadded_len(body).ok_or(failed)?;
                body.get_mut(..content_len).ok_or(failed)
            }
        }
    }
}

impl fmt::Debug for CbcKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CbcKey")
            .field("suite", &self.suite)
            .field("direction", &self.direction)
            .finish_non_exhaustive()
    }
}

impl EtmMac {
    /// Lends the MAC of an encrypted record, RFC 7366 Section 3: over what MAC-then-encrypt hashes before the content,
    /// with the length of what is encrypted, then the explicit IV and the ciphertext.
    fn with_tag<R>(
        &self,
        header: &[u8; 11],
        encrypted: &[u8],
        operation: impl FnOnce(&[u8]) -> R,
    ) -> R {
        // It fits: a fragment is shorter than 2^14 + 2048 bytes.
        let len = (encrypted.len() as u16).to_be_bytes();
        let data: [&[u8]; 3] = [header, &len, encrypted];
        match self {
            Self::Sha1(key) => operation(key.sign(&data).as_ref()),
            Self::Sha2(key) => operation(key.sign(&data).as_ref()),
        }
    }
}

/// seq_num, type and version, which the MAC covers.
fn header(sequence: u64, content_type: u8, version: [u8; 2]) -> [u8; 11] {
    let mut header = [0; 11];
    let parts = sequence.to_be_bytes().into_iter().chain([content_type]);
    for (to, byte) in header.iter_mut().zip(parts.chain(version)) {
        *to = byte;
    }
    header
}

/// Length of the content of decrypted blocks. None if the padding is not as RFC 5246 Section 6.2.3.2 wants it.
///
/// For bytes whose MAC held: the time it takes tells of the content.
fn unpadded_len(body: &[u8]) -> Option<usize> {
    let count = *body.last()?;
    let content_len = body.len().checked_sub(usize::from(count) + 1)?;
    let padding = body.get(content_len..)?;
    padding
        .iter()
        .all(|byte| *byte == count)
        .then_some(content_len)
}

fn split(bytes: &mut [u8], at: usize) -> Result<(&mut [u8], &mut [u8]), CryptoError> {
    bytes
        .split_at_mut_checked(at)
        .ok_or(CryptoError::InvalidLength)
}
