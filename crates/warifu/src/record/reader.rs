//! The receiving half: bytes in, records out, decrypted in place.

use core::ops::Range;

use crate::error::{Error, PeerMisbehaved};
use crate::parameters::ContentType;
#[cfg(feature = "legacy")]
use crate::parameters::ProtocolVersion;

#[cfg(feature = "legacy")]
use super::LEGACY_MAX_EXPANSION;
#[cfg(feature = "legacy")]
use super::legacy_protection::LegacyRecordKeys;
use super::protection::{Layer, Protection, RecordKeys, split_inner_plaintext};
use super::{HEADER_LEN, MAX_EXPANSION, MAX_FRAGMENT_LEN};

/// Finds and decrypts the record at the front of a queue of bytes.
pub(crate) struct RecordReader {
    layer: Layer,
    /// Most bytes of an inner plaintext (content, type and padding) that this side accepts:
    /// 2^14 + 1, or the `record_size_limit` it sent (RFC 8449 Section 4). In older versions: of the content alone.
    inner_limit: usize,
    /// No record has been seen yet, so that the peer may be no TLS peer at all.
    first: bool,
    /// Unprotected alerts are believed although keys are set: see [`allow_plain_alerts`](Self::allow_plain_alerts).
    plain_alerts: bool,
    /// How many bytes of early data may still be skipped: see [`skip_early_data`](Self::skip_early_data).
    early_data: usize,
}

/// A record whose content lies, decrypted, in the queue it was read from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) content_type: ContentType,
    /// Where the content lies, counted from the front of the queue.
    pub(crate) content: Range<usize>,
    /// Length of the whole record: what to consume once the content has been used.
    pub(crate) len: usize,
    /// The record came under the current keys.
    pub(crate) protected: bool,
    /// Early data that this side does not take: there is no content, and the record counts for nothing.
    pub(crate) skipped: bool,
}

impl RecordReader {
    pub(crate) fn new() -> Self {
        Self {
            layer: Layer::Plain,
            inner_limit: MAX_FRAGMENT_LEN + 1,
            first: true,
            plain_alerts: false,
            early_data: 0,
        }
    }

    pub(crate) fn set_keys(&mut self, keys: RecordKeys) {
        self.layer = Layer::Tls13(Protection::new(keys));
    }

    pub(crate) fn protection_mut(&mut self) -> Option<&mut Protection> {
        self.layer.tls13_mut()
    }

    pub(crate) fn is_protected(&self) -> bool {
        self.layer.is_protected()
    }

    /// Whether records are under keys of TLS 1.3.
    pub(crate) fn is_tls13(&self) -> bool {
        matches!(self.layer, Layer::Tls13(_))
    }

    /// The layer that records are under.
    pub(crate) fn layer(&self) -> &Layer {
        &self.layer
    }

    /// From now on records are of this version, TLS 1.2 or older.
    #[cfg(feature = "legacy")]
    pub(crate) fn set_legacy_version(&mut self, version: ProtocolVersion) -> Result<(), Error> {
        self.layer.set_legacy_version(version)
    }

    #[cfg(feature = "legacy")]
    pub(crate) fn set_legacy_keys(&mut self, keys: LegacyRecordKeys) -> Result<(), Error> {
        self.layer.legacy_mut()?.set_keys(keys);
        Ok(())
    }

    #[cfg(all(test, feature = "legacy"))]
    pub(crate) fn layer_mut(&mut self) -> &mut Layer {
        &mut self.layer
    }

    /// Most bytes of one record, header included.
    pub(crate) fn max_record_len(&self) -> usize {
        #[cfg(feature = "legacy")]
        if let Layer::Legacy(_) = self.layer {
            return HEADER_LEN + MAX_FRAGMENT_LEN + LEGACY_MAX_EXPANSION;
        }
        HEADER_LEN + MAX_FRAGMENT_LEN + MAX_EXPANSION
    }

    /// Sets what this side accepts, from the `record_size_limit` or `max_fragment_length` in force.
    pub(crate) fn set_inner_limit(&mut self, limit: usize) {
        self.inner_limit = limit.min(MAX_FRAGMENT_LEN + 1);
    }

    /// A peer that could not process our flight has no keys to protect its alert with. Believing such
    /// an alert costs nothing: whoever can forge it could cut the connection as well.
    pub(crate) fn allow_plain_alerts(&mut self, allow: bool) {
        self.plain_alerts = allow;
    }

    /// Skips early data that was announced and will not be taken, up to `limit` bytes of records (RFC 8446
    /// Section 4.2.10): under keys, what does not decrypt, until a record does; without keys, all protected
    /// records, until this is called again with 0.
    pub(crate) fn skip_early_data(&mut self, limit: usize) {
        self.early_data = limit;
    }

    /// Reads the record at the front of `queue`; `None` if it is not complete yet. The header is judged
    /// as soon as it is there.
    pub(crate) fn next(&mut self, queue: &mut [u8]) -> Result<Option<Record>, Error> {
        #[cfg(feature = "legacy")]
        if let Layer::Legacy(legacy) = &mut self.layer {
            return legacy.next_record(queue, self.inner_limit.min(MAX_FRAGMENT_LEN));
        }
        if self.first && !queue.is_empty() {
            check_first_bytes(queue)?;
        }
        let Some((header, behind)) = queue.split_first_chunk_mut::<HEADER_LEN>() else {
            return Ok(None);
        };
        let [content_type, major, minor, len_high, len_low] = *header;
        let content_type = ContentType(content_type);
        let body_len = usize::from(u16::from_be_bytes([len_high, len_low]));
        // RFC 8446 Section 5.1: legacy_record_version "MUST be ignored for all purposes". Its major number
        // has been 3 since SSL 3.0, so anything else is a stream that has lost its alignment.
        if major != 3 {
            return Err(PeerMisbehaved::NotTls {
                start: describe_bytes(&[content_type.0, major, minor]),
            }
            .into());
        }
        self.check_header(content_type, body_len)?;
        let Some(body) = behind.get_mut(..body_len) else {
            return Ok(None);
        };
        self.first = false;

        let protected = content_type == ContentType::APPLICATION_DATA;
        let early_data_left = self.early_data.checked_sub(HEADER_LEN + body_len);
        let skipped = Record {
            content_type,
            content: 0..0,
            len: HEADER_LEN + body_len,
            protected: false,
            skipped: true,
        };
        let Some(protection) = self.layer.tls13_mut().filter(|_| protected) else {
            if let (true, Some(left)) = (protected, early_data_left) {
                self.early_data = left;
                return Ok(Some(skipped));
            }
            return Ok(Some(Record {
                content: HEADER_LEN..HEADER_LEN + body_len,
                skipped: false,
                ..skipped
            }));
        };
        let inner = match (protection.open(header, body), early_data_left) {
            (Ok(inner), _) => inner,
            (Err(_), Some(left)) => {
                self.early_data = left;
                return Ok(Some(skipped));
            }
            (Err(error), None) => return Err(error),
        };
        self.early_data = 0;
        // RFC 8449 Section 4: a record above the limit that we announced is fatal with record_overflow.
        if inner.len() > self.inner_limit {
            return Err(PeerMisbehaved::RecordOverflow {
                len: inner.len(),
                limit: self.inner_limit,
            }
            .into());
        }
        let (content_type, content_len) = split_inner_plaintext(inner)?;
        Ok(Some(Record {
            content_type,
            content: HEADER_LEN..HEADER_LEN + content_len,
            len: HEADER_LEN + body_len,
            protected: true,
            skipped: false,
        }))
    }

    fn check_header(&self, content_type: ContentType, body_len: usize) -> Result<(), Error> {
        let limit = match (self.layer.is_protected(), content_type) {
            (true, ContentType::APPLICATION_DATA) => MAX_FRAGMENT_LEN + MAX_EXPANSION,
            (true, ContentType::CHANGE_CIPHER_SPEC) => MAX_FRAGMENT_LEN,
            (true, ContentType::ALERT) if self.plain_alerts => MAX_FRAGMENT_LEN,
            (true, _) => return Err(PeerMisbehaved::UnprotectedRecord { content_type }.into()),
            (false, ContentType::APPLICATION_DATA) if self.early_data > 0 => {
                MAX_FRAGMENT_LEN + MAX_EXPANSION
            }
            (false, _) => MAX_FRAGMENT_LEN,
        };
        if body_len > limit {
            return Err(PeerMisbehaved::RecordOverflow {
                len: body_len,
                limit,
            }
            .into());
        }
        Ok(())
    }
}

/// The first bytes of a connection tell other protocols apart, before a length is believed that is
/// really text.
fn check_first_bytes(queue: &[u8]) -> Result<(), Error> {
    let known_type = queue.first().is_some_and(|first| {
        (ContentType::CHANGE_CIPHER_SPEC.0..=ContentType::HEARTBEAT.0).contains(first)
    });
    let known_major = queue.get(1).is_none_or(|&major| major == 3);
    if known_type && known_major {
        return Ok(());
    }
    Err(PeerMisbehaved::NotTls {
        start: describe_bytes(queue),
    }
    .into())
}

/// The first bytes of a stream for an error text: printable ones as text, others in hexadecimal.
fn describe_bytes(bytes: &[u8]) -> String {
    let start = bytes.get(..16).unwrap_or(bytes);
    if start
        .iter()
        .all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n'))
    {
        let text: String = start.iter().map(|&byte| char::from(byte)).collect();
        return format!("{:?}", text.lines().next().unwrap_or_default());
    }
    let hex: Vec<String> = start.iter().map(|byte| format!("{byte:02x}")).collect();
    hex.join(" ")
}
