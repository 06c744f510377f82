//! Protection of records by an AEAD, RFC 8446 Section 5.2 and 5.3.

use warifu_crypto::{Aead, AeadKey, Hash};
use zeroize::Zeroizing;

use crate::error::{Error, OrInternal, PeerMisbehaved};
use crate::parameters::ContentType;
#[cfg(feature = "legacy")]
use crate::parameters::ProtocolVersion;

use super::HEADER_LEN;
#[cfg(feature = "legacy")]
use super::legacy_protection::LegacyProtection;
use super::wire::MESSAGE_HEADER_LEN;

const KEY_RELEASED: &str = "record under a key that was released";

/// The keys of one direction and epoch, from the key schedule.
pub(crate) struct RecordKeys {
    pub(crate) key: AeadKey,
    pub(crate) iv: Zeroizing<[u8; 12]>,
    /// Records one key may protect (RFC 8446 Section 5.5).
    pub(crate) confidentiality_limit: u64,
}

/// What the records of one direction are in at the moment.
pub(crate) enum Layer {
    Plain,
    Tls13(Protection),
    /// From the choice of an older version on, with or without keys. Boxed, so that it costs TLS 1.3 no memory.
    #[cfg(feature = "legacy")]
    Legacy(Box<LegacyProtection>),
}

impl Layer {
    pub(crate) fn is_protected(&self) -> bool {
        match self {
            Self::Plain => false,
            Self::Tls13(_) => true,
            #[cfg(feature = "legacy")]
            Self::Legacy(legacy) => legacy.is_protected(),
        }
    }

    /// The keys of TLS 1.3, if such are in force.
    pub(crate) fn tls13_mut(&mut self) -> Option<&mut Protection> {
        match self {
            Self::Tls13(protection) => Some(protection),
            _ => None,
        }
    }

    /// What an older version has in force.
    #[cfg(feature = "legacy")]
    pub(crate) fn legacy_mut(&mut self) -> Result<&mut LegacyProtection, Error> {
        match self {
            Self::Legacy(legacy) => Ok(legacy),
            _ => Err(Error::Internal("no older version was chosen")),
        }
    }

    /// Goes over to an older version, once: a second choice must be the same.
    #[cfg(feature = "legacy")]
    pub(crate) fn set_legacy_version(&mut self, version: ProtocolVersion) -> Result<(), Error> {
        match self {
            Self::Plain => *self = Self::Legacy(LegacyProtection::new(version)?),
            Self::Legacy(legacy) if legacy.version() == version => {}
            _ => return Err(Error::Internal("older version beside another one")),
        }
        Ok(())
    }
}

/// One direction's AEAD with its sequence number.
pub(crate) struct Protection {
    aead: Aead,
    /// Expanded, which for AES-GCM takes 584 bytes. `None` while an idle connection goes without.
    key: Option<AeadKey>,
    iv: Zeroizing<[u8; 12]>,
    sequence: u64,
    confidentiality_limit: u64,
}

impl Protection {
    pub(crate) fn new(keys: RecordKeys) -> Self {
        Self {
            aead: keys.key.algorithm(),
            key: Some(keys.key),
            iv: keys.iv,
            sequence: 0,
            confidentiality_limit: keys.confidentiality_limit,
        }
    }

    /// Gives the expanded key back; the next record needs [`restore_key`](Self::restore_key) first.
    pub(crate) fn release_key(&mut self) {
        self.key = None;
    }

    /// Makes the key again, if it was released, from the secret that it was made from at first.
    pub(crate) fn restore_key(
        &mut self,
        make: impl FnOnce() -> Result<RecordKeys, Error>,
    ) -> Result<(), Error> {
        if self.key.is_none() {
            self.key = Some(make()?.key);
        }
        Ok(())
    }

    /// Whether the next record but a few would wear the key out, so that KeyUpdate is due.
    pub(crate) fn is_worn(&self) -> bool {
        self.sequence >= self.confidentiality_limit
    }

    #[cfg(test)]
    pub(crate) fn set_sequence(&mut self, sequence: u64) {
        self.sequence = sequence;
    }

    /// Bytes a record with `content_len` bytes of content and padding takes, header included.
    pub(crate) fn sealed_len(&self, content_len: usize) -> usize {
        HEADER_LEN + content_len + 1 + self.aead.tag_len()
    }

    /// Bytes of the shortest record with a Finished, header included. With AES-256 goes SHA-384, with all other ciphers SHA-256 (RFC
    /// 8446 Appendix B.4).
    pub(crate) fn finished_len(&self) -> usize {
        let hash = match self.aead {
            Aead::Aes256Gcm => Hash::Sha384,
            _ => Hash::Sha256,
        };
        self.sealed_len(MESSAGE_HEADER_LEN + hash.output_len())
    }

    /// The nonce of the next record: the IV XOR the sequence number (Section 5.3). Never the same twice,
    /// as the sequence number never wraps.
    fn next_nonce(&mut self) -> Option<[u8; 12]> {
        let mut nonce = *self.iv;
        for (byte, sequence) in nonce.iter_mut().skip(4).zip(self.sequence.to_be_bytes()) {
            *byte ^= sequence;
        }
        self.sequence = self.sequence.checked_add(1)?;
        Some(nonce)
    }

    /// Writes one protected record into `out`, of [`sealed_len`](Self::sealed_len) bytes.
    pub(crate) fn seal(
        &mut self,
        content_type: ContentType,
        content: &[u8],
        padding_len: usize,
        out: &mut [u8],
    ) -> Result<(), Error> {
        let nonce = self
            .next_nonce()
            .or_internal("sequence number would wrap")?;
        let Some((header, body)) = out.split_first_chunk_mut::<HEADER_LEN>() else {
            return Err(Error::Internal("no room for a record header"));
        };
        let key = self.key.as_mut().or_internal(KEY_RELEASED)?;
        let body_len = u16::try_from(body.len())
            .map_err(|_| Error::Internal("record longer than its length field"))?;
        let [len_high, len_low] = body_len.to_be_bytes();
        *header = [ContentType::APPLICATION_DATA.0, 3, 3, len_high, len_low];
        let sealed = if padding_len == 0 {
            key.seal_scatter(&nonce, header, content, &[content_type.0], body)
        } else {
            let mut trailer = vec![0; padding_len + 1];
            if let Some(first) = trailer.first_mut() {
                *first = content_type.0;
            }
            key.seal_scatter(&nonce, header, content, &trailer, body)
        };
        sealed.map_err(|_| Error::Internal("AEAD seal failed"))
    }

    /// Decrypts a record's body in place and returns the inner plaintext (content, type, padding).
    pub(crate) fn open<'a>(
        &mut self,
        header: &[u8; HEADER_LEN],
        body: &'a mut [u8],
    ) -> Result<&'a mut [u8], Error> {
        let sequence = self.sequence;
        let nonce = self
            .next_nonce()
            .or_internal("sequence number would wrap")?;
        let key = self.key.as_mut().or_internal(KEY_RELEASED)?;
        key.open_in_place(&nonce, header, body).map_err(|_| {
            // A record that is not the peer's under this key does not count: see `skip_early_data` of the reader.
            self.sequence = sequence;
            PeerMisbehaved::BadRecordMac.into()
        })
    }
}

/// Splits an inner plaintext into its type and the length of its content (RFC 8446 Section 5.4).
pub(crate) fn split_inner_plaintext(inner: &[u8]) -> Result<(ContentType, usize), Error> {
    let content_len = inner
        .iter()
        .rposition(|&byte| byte != 0)
        .ok_or(PeerMisbehaved::NoContentType)?;
    let content_type = inner
        .get(content_len)
        .or_internal("position outside of the slice")?;
    Ok((ContentType(*content_type), content_len))
}
