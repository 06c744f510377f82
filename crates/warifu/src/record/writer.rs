//! The sending half: content in, records out.

use crate::error::Error;
use crate::parameters::ContentType;
#[cfg(feature = "legacy")]
use crate::parameters::ProtocolVersion;

use super::buffer::Buffer;
#[cfg(feature = "legacy")]
use super::legacy_protection::LegacyRecordKeys;
use super::protection::{Layer, Protection, RecordKeys};
use super::{HEADER_LEN, MAX_FRAGMENT_LEN};

/// Decides how much padding a record gets, to hide the length of what is sent (RFC 8446 Section 5.4).
///
/// ```
/// #[derive(Debug)]
/// struct ToMultiplesOf256;
///
/// impl warifu::Padding for ToMultiplesOf256 {
///     fn padding_len(&self, content_len: usize) -> usize {
///         content_len.next_multiple_of(256) - content_len
///     }
/// }
/// ```
pub trait Padding: Send + Sync + core::fmt::Debug {
    /// Zero bytes to add to a record with `content_len` bytes of application data. The record layer
    /// takes less where the record would exceed its limit.
    fn padding_len(&self, content_len: usize) -> usize;
}

/// Cuts content into fragments and seals each into the outgoing queue.
pub(crate) struct RecordWriter {
    layer: Layer,
    /// Most bytes of content in one record, as this side wants it.
    record_size: usize,
    /// The same, as it was negotiated.
    negotiated_limit: usize,
    /// `legacy_record_version` of unprotected records: 0x0301 for the first ClientHello, for peers that
    /// refuse an unknown version there, 0x0303 for all others (RFC 8446 Section 5.1).
    plain_version: [u8; 2],
}

impl RecordWriter {
    pub(crate) fn new() -> Self {
        Self {
            layer: Layer::Plain,
            record_size: MAX_FRAGMENT_LEN,
            negotiated_limit: MAX_FRAGMENT_LEN,
            plain_version: [3, 3],
        }
    }

    pub(crate) fn set_plain_version(&mut self, version: [u8; 2]) {
        self.plain_version = version;
    }

    /// Replaces the keys; the sequence number starts again.
    pub(crate) fn set_keys(&mut self, keys: RecordKeys) {
        self.layer = Layer::Tls13(Protection::new(keys));
    }

    /// Sends without protection again.
    pub(crate) fn drop_keys(&mut self) {
        self.layer = Layer::Plain;
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

    /// Whether application data is split in TLS 1.0 under CBC. It is, unless this says no.
    #[cfg(feature = "legacy")]
    pub(crate) fn set_record_splitting(&mut self, splits: bool) -> Result<(), Error> {
        self.layer.legacy_mut()?.set_splitting(splits);
        Ok(())
    }

    #[cfg(all(test, feature = "legacy"))]
    pub(crate) fn layer_mut(&mut self) -> &mut Layer {
        &mut self.layer
    }

    pub(crate) fn protection_mut(&mut self) -> Option<&mut Protection> {
        self.layer.tls13_mut()
    }

    /// Whether records are under keys of TLS 1.3.
    pub(crate) fn is_tls13(&self) -> bool {
        matches!(self.layer, Layer::Tls13(_))
    }

    /// Whether KeyUpdate is due before more is sent.
    pub(crate) fn is_worn(&self) -> bool {
        matches!(&self.layer, Layer::Tls13(protection) if protection.is_worn())
    }

    /// Most bytes of content in one record: the least of 16 KiB, what was negotiated and the local setting.
    pub(crate) fn fragment_limit(&self) -> usize {
        self.record_size.min(self.negotiated_limit)
    }

    /// Sets what this side wants.
    pub(crate) fn set_record_size(&mut self, bytes: usize) {
        self.record_size = bytes.clamp(1, MAX_FRAGMENT_LEN);
    }

    /// Sets what was negotiated.
    pub(crate) fn set_negotiated_limit(&mut self, limit: usize) {
        self.negotiated_limit = limit.clamp(1, MAX_FRAGMENT_LEN);
    }

    /// Writes `content` as one record after the other. Empty content is one empty record.
    pub(crate) fn write(
        &mut self,
        content_type: ContentType,
        content: &[u8],
        padding: Option<&dyn Padding>,
        out: &mut Buffer,
    ) -> Result<(), Error> {
        let limit = match content_type {
            // RFC 8446 Section 5.1: "Alert messages [...] MUST NOT be fragmented across records".
            ContentType::ALERT => self.fragment_limit().max(content.len()),
            _ => self.fragment_limit(),
        };
        let mut rest = content;
        loop {
            let (fragment, behind) = rest.split_at_checked(limit).unwrap_or((rest, &[]));
            self.write_one(content_type, fragment, padding, out)?;
            rest = behind;
            if rest.is_empty() {
                return Ok(());
            }
        }
    }

    fn write_one(
        &mut self,
        content_type: ContentType,
        fragment: &[u8],
        padding: Option<&dyn Padding>,
        out: &mut Buffer,
    ) -> Result<(), Error> {
        let limit = self.fragment_limit();
        let protection = match &mut self.layer {
            Layer::Tls13(protection) => protection,
            Layer::Plain => return self.write_plain(content_type, fragment, out),
            // Padding is of TLS 1.3.
            #[cfg(feature = "legacy")]
            Layer::Legacy(legacy) => return legacy.write(content_type, fragment, out),
        };
        let padding_len = match padding {
            Some(policy) => policy
                .padding_len(fragment.len())
                .min(limit.saturating_sub(fragment.len())),
            None => 0,
        };
        let record_len = protection.sealed_len(fragment.len() + padding_len);
        let Some(room) = out.spare_mut(record_len).get_mut(..record_len) else {
            return Err(Error::Internal("outgoing queue is too short"));
        };
        protection.seal(content_type, fragment, padding_len, room)?;
        out.advance(record_len);
        Ok(())
    }

    fn write_plain(
        &self,
        content_type: ContentType,
        fragment: &[u8],
        out: &mut Buffer,
    ) -> Result<(), Error> {
        let [major, minor] = self.plain_version;
        let len = u16::try_from(fragment.len())
            .map_err(|_| Error::Internal("record longer than its length field"))?;
        let [len_high, len_low] = len.to_be_bytes();
        let header: [u8; HEADER_LEN] = [content_type.0, major, minor, len_high, len_low];
        out.spare_mut(HEADER_LEN + fragment.len());
        out.extend(&header);
        out.extend(fragment);
        Ok(())
    }
}
