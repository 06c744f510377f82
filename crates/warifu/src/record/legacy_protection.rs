//! Records of TLS 1.2 and older, RFC 5246 Section 6.2.
//!
//! Their header tells the true content type and the negotiated version, also under keys; once there are keys every type
//! of record is protected. What goes around the content depends on the cipher:
//!
//! ```text
//! GCM, CCM             explicit nonce (8), ciphertext, tag           RFC 5288 Section 3, RFC 6655 Section 3
//! ChaCha20-Poly1305    ciphertext, tag                               RFC 7905 Section 2
//! CBC                  IV (not in TLS 1.0), ciphertext, padding, MAC RFC 5246 Section 6.2.3.2, RFC 7366
//! ```

use core::ops::Range;

use warifu_crypto::AeadKey;
use warifu_crypto::legacy::CbcKey;
use zeroize::Zeroizing;

use crate::error::{Error, OrInternal, PeerMisbehaved};
use crate::parameters::{ContentType, ProtocolVersion};

use super::buffer::Buffer;
use super::reader::Record;
use super::{HEADER_LEN, LEGACY_MAX_EXPANSION, MAX_FRAGMENT_LEN};

/// The part of a GCM or CCM nonce that stands in the record, in bytes.
const EXPLICIT_NONCE_LEN: usize = 8;
/// Sequence number (8), type (1), version (2) and length of the content (2), RFC 5246 Section 6.2.3.3.
const ADDITIONAL_DATA_LEN: usize = 13;

/// The keys of one direction, from the key block (RFC 5246 Section 6.3).
pub(crate) enum LegacyRecordKeys {
    /// GCM and CCM: the nonce is the salt and eight bytes that stand in the record.
    ExplicitNonce {
        key: AeadKey,
        salt: [u8; 4],
    },
    /// ChaCha20-Poly1305: the nonce is the IV XOR the sequence number.
    XorNonce {
        key: AeadKey,
        iv: Zeroizing<[u8; 12]>,
    },
    Cbc(CbcKey),
}

impl LegacyRecordKeys {
    /// Length of the protected fragment, header not included.
    fn sealed_len(&self, content_len: usize) -> usize {
        match self {
            Self::ExplicitNonce { key, .. } => {
                EXPLICIT_NONCE_LEN + content_len + key.algorithm().tag_len()
            }
            Self::XorNonce { key, .. } => content_len + key.algorithm().tag_len(),
            Self::Cbc(key) => key.sealed_len(content_len),
        }
    }

    /// Fills `out`, of [`sealed_len`](Self::sealed_len) bytes. `None` if the cipher fails.
    fn seal(&mut self, place: Place, content: &[u8], out: &mut [u8]) -> Option<()> {
        match self {
            Self::ExplicitNonce { key, salt } => {
                // RFC 5288 Section 3: the explicit part "MAY be the 64-bit sequence number", which never repeats.
                let explicit = place.sequence.to_be_bytes();
                let (front, sealed) = out.split_first_chunk_mut::<EXPLICIT_NONCE_LEN>()?;
                *front = explicit;
                let nonce = explicit_nonce(*salt, explicit);
                let additional_data = place.additional_data(content.len())?;
                key.seal_scatter(&nonce, &additional_data, content, &[], sealed)
                    .ok()
            }
            Self::XorNonce { key, iv } => {
                let nonce = xor_nonce(iv, place.sequence);
                let additional_data = place.additional_data(content.len())?;
                key.seal_scatter(&nonce, &additional_data, content, &[], out)
                    .ok()
            }
            Self::Cbc(key) => key
                .seal(
                    place.sequence,
                    place.content_type.0,
                    place.version,
                    content,
                    out,
                )
                .ok(),
        }
    }

    /// Decrypts a fragment in place and says where in it the content lies. `None` for every reason why it may not be the
    /// peer's: they must not be told apart.
    fn open(&mut self, place: Place, fragment: &mut [u8]) -> Option<Range<usize>> {
        match self {
            Self::ExplicitNonce { key, salt } => {
                let (explicit, sealed) = fragment.split_first_chunk_mut::<EXPLICIT_NONCE_LEN>()?;
                let nonce = explicit_nonce(*salt, *explicit);
                let content_len = sealed.len().checked_sub(key.algorithm().tag_len())?;
                let additional_data = place.additional_data(content_len)?;
                key.open_in_place(&nonce, &additional_data, sealed).ok()?;
                Some(EXPLICIT_NONCE_LEN..EXPLICIT_NONCE_LEN + content_len)
            }
            Self::XorNonce { key, iv } => {
                let nonce = xor_nonce(iv, place.sequence);
                let content_len = fragment.len().checked_sub(key.algorithm().tag_len())?;
                let additional_data = place.additional_data(content_len)?;
                key.open_in_place(&nonce, &additional_data, fragment).ok()?;
                Some(0..content_len)
            }
            Self::Cbc(key) => {
                let fragment_at = fragment.as_ptr().addr();
                let Place {
                    sequence,
                    content_type,
                    version,
                } = place;
                let content = key.open(sequence, content_type.0, version, fragment).ok()?;
                // An empty content may lie anywhere.
                if content.is_empty() {
                    return Some(0..0);
                }
                let start = content.as_ptr().addr().checked_sub(fragment_at)?;
                Some(start..start + content.len())
            }
        }
    }
}

/// What protection binds a record's content to.
#[derive(Clone, Copy)]
struct Place {
    sequence: u64,
    content_type: ContentType,
    version: [u8; 2],
}

impl Place {
    /// additional_data = seq_num + TLSCompressed.type + TLSCompressed.version + TLSCompressed.length
    fn additional_data(self, content_len: usize) -> Option<[u8; ADDITIONAL_DATA_LEN]> {
        let mut data = [0; ADDITIONAL_DATA_LEN];
        let (sequence, rest) = data.split_first_chunk_mut::<8>()?;
        *sequence = self.sequence.to_be_bytes();
        let [major, minor] = self.version;
        let [len_high, len_low] = u16::try_from(content_len).ok()?.to_be_bytes();
        rest.copy_from_slice(&[self.content_type.0, major, minor, len_high, len_low]);
        Some(data)
    }
}

fn explicit_nonce(salt: [u8; 4], explicit: [u8; EXPLICIT_NONCE_LEN]) -> [u8; 12] {
    let mut nonce = [0; 12];
    for (to, from) in nonce.iter_mut().zip(salt.into_iter().chain(explicit)) {
        *to = from;
    }
    nonce
}

fn xor_nonce(iv: &[u8; 12], sequence: u64) -> [u8; 12] {
    let mut nonce = *iv;
    for (byte, sequence) in nonce.iter_mut().skip(4).zip(sequence.to_be_bytes()) {
        *byte ^= sequence;
    }
    nonce
}

/// One direction's records from the choice of an older version on: first in the clear, then under keys.
pub(crate) struct LegacyProtection {
    version: [u8; 2],
    keys: Option<LegacyRecordKeys>,
    sequence: u64,
    splits: bool,
}

impl LegacyProtection {
    /// For records of `version`, TLS 1.0 to 1.2.
    pub(crate) fn new(version: ProtocolVersion) -> Result<Box<Self>, Error> {
        if !(ProtocolVersion::TLS1_0.0..=ProtocolVersion::TLS1_2.0).contains(&version.0) {
            return Err(Error::Internal("records of a version that is not older"));
        }
        Ok(Box::new(Self {
            version: version.0.to_be_bytes(),
            keys: None,
            sequence: 0,
            splits: true,
        }))
    }

    pub(crate) fn version(&self) -> ProtocolVersion {
        ProtocolVersion(u16::from_be_bytes(self.version))
    }

    /// Replaces the keys; the sequence number starts again.
    pub(crate) fn set_keys(&mut self, keys: LegacyRecordKeys) {
        self.keys = Some(keys);
        self.sequence = 0;
    }

    pub(crate) fn is_protected(&self) -> bool {
        self.keys.is_some()
    }

    /// Whether application data is split where the cipher needs it, as it is unless this says no: see
    /// [`must_split`](Self::must_split).
    pub(crate) fn set_splitting(&mut self, splits: bool) {
        self.splits = splits;
    }

    #[cfg(test)]
    pub(crate) fn set_sequence(&mut self, sequence: u64) {
        self.sequence = sequence;
    }

    /// RFC 5246 Section 6.1: "Sequence numbers are of type uint64 and may not exceed 2^64-1. Sequence numbers do not wrap."
    fn next_sequence(&mut self) -> Result<u64, Error> {
        let sequence = self.sequence;
        self.sequence = sequence
            .checked_add(1)
            .or_internal("sequence number would wrap")?;
        Ok(sequence)
    }

    /// In TLS 1.0 the IV of a CBC record is the last block of the one before, so whoever sees the wire and chooses what is
    /// sent could test guesses of an earlier block (BEAST). A record of one byte in front, most of whose block is MAC, makes
    /// the IV of the rest unforeseeable (RFC 7457 Section 2.2).
    fn must_split(&self, content_type: ContentType, content: &[u8]) -> bool {
        self.splits
            && content_type == ContentType::APPLICATION_DATA
            && content.len() > 1
            && self.version == ProtocolVersion::TLS1_0.0.to_be_bytes()
            && matches!(self.keys, Some(LegacyRecordKeys::Cbc(_)))
    }

    /// Appends `content`, of at most one record, to `out`: one record, or two where it is split.
    pub(crate) fn write(
        &mut self,
        content_type: ContentType,
        content: &[u8],
        out: &mut Buffer,
    ) -> Result<(), Error> {
        if self.must_split(content_type, content)
            && let Some((first, rest)) = content.split_at_checked(1)
        {
            self.write_one(content_type, first, out)?;
            return self.write_one(content_type, rest, out);
        }
        self.write_one(content_type, content, out)
    }

    fn write_one(
        &mut self,
        content_type: ContentType,
        content: &[u8],
        out: &mut Buffer,
    ) -> Result<(), Error> {
        let fragment_len = match &self.keys {
            Some(keys) => keys.sealed_len(content.len()),
            None if content_type == ContentType::APPLICATION_DATA => {
                return Err(Error::Internal("application data without keys"));
            }
            None => content.len(),
        };
        let [len_high, len_low] = u16::try_from(fragment_len)
            .map_err(|_| Error::Internal("record longer than its length field"))?
            .to_be_bytes();
        let record_len = HEADER_LEN + fragment_len;
        let room = out.spare_mut(record_len).get_mut(..record_len);
        let Some((header, fragment)) = room.and_then(<[u8]>::split_first_chunk_mut) else {
            return Err(Error::Internal("outgoing queue is too short"));
        };
        let [major, minor] = self.version;
        *header = [content_type.0, major, minor, len_high, len_low];
        let sequence = self.next_sequence()?;
        match &mut self.keys {
            None => fragment.copy_from_slice(content),
            Some(keys) => {
                let place = Place {
                    sequence,
                    content_type,
                    version: self.version,
                };
                keys.seal(place, content, fragment)
                    .or_internal("sealing of a record failed")?;
            }
        }
        out.advance(record_len);
        Ok(())
    }

    /// Reads the record at the front of `queue`; `None` if it is not complete yet. The header is judged as soon as it is
    /// there. `content_limit`: most bytes of content that this side accepts in a protected record.
    pub(crate) fn next_record(
        &mut self,
        queue: &mut [u8],
        content_limit: usize,
    ) -> Result<Option<Record>, Error> {
        let Some((header, behind)) = queue.split_first_chunk_mut::<HEADER_LEN>() else {
            return Ok(None);
        };
        let [content_type, major, minor, len_high, len_low] = *header;
        let content_type = ContentType(content_type);
        if [major, minor] != self.version {
            return Err(PeerMisbehaved::WrongRecordVersion {
                got: ProtocolVersion(u16::from_be_bytes([major, minor])),
                negotiated: self.version(),
            }
            .into());
        }
        let fragment_len = usize::from(u16::from_be_bytes([len_high, len_low]));
        let limit = match self.keys {
            Some(_) => MAX_FRAGMENT_LEN + LEGACY_MAX_EXPANSION,
            None => MAX_FRAGMENT_LEN,
        };
        check_len(fragment_len, limit)?;
        let Some(fragment) = behind.get_mut(..fragment_len) else {
            return Ok(None);
        };
        let sequence = self.next_sequence()?;
        let content = match &mut self.keys {
            None => 0..fragment_len,
            Some(keys) => {
                let place = Place {
                    sequence,
                    content_type,
                    version: self.version,
                };
                let content = keys
                    .open(place, fragment)
                    .ok_or(PeerMisbehaved::BadRecordMac)?;
                // RFC 5246 Section 6.2.1 and RFC 8449 Section 4, which counts the content alone in these versions.
                check_len(content.len(), content_limit)?;
                content
            }
        };
        Ok(Some(Record {
            content_type,
            content: HEADER_LEN + content.start..HEADER_LEN + content.end,
            len: HEADER_LEN + fragment_len,
            protected: self.is_protected(),
            skipped: false,
        }))
    }
}

fn check_len(len: usize, limit: usize) -> Result<(), Error> {
    if len > limit {
        return Err(PeerMisbehaved::RecordOverflow { len, limit }.into());
    }
    Ok(())
}
