//! The sending half: content in, records out.

use crate::error::Error;
use crate::parameters::ContentType;

use super::buffer::Buffer;
use super::protection::{Protection, RecordKeys};
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
    protection: Option<Protection>,
    /// Most bytes of content in one record: the least of 16 KiB, what was negotiated and the local setting.
    fragment_limit: usize,
    /// `legacy_record_version` of unprotected records: 0x0301 for the first ClientHello, for peers that
    /// refuse an unknown version there, 0x0303 for all others (RFC 8446 Section 5.1).
    plain_version: [u8; 2],
}

impl RecordWriter {
    pub(crate) fn new() -> Self {
        Self {
            protection: None,
            fragment_limit: MAX_FRAGMENT_LEN,
            plain_version: [3, 3],
        }
    }

    pub(crate) fn set_plain_version(&mut self, version: [u8; 2]) {
        self.plain_version = version;
    }

    /// Replaces the keys; the sequence number starts again.
    pub(crate) fn set_keys(&mut self, keys: RecordKeys) {
        self.protection = Some(Protection::new(keys));
    }

    /// Sends without protection again.
    pub(crate) fn drop_keys(&mut self) {
        self.protection = None;
    }

    pub(crate) fn protection_mut(&mut self) -> Option<&mut Protection> {
        self.protection.as_mut()
    }

    /// Whether KeyUpdate is due before more is sent.
    pub(crate) fn is_worn(&self) -> bool {
        self.protection.as_ref().is_some_and(Protection::is_worn)
    }

    pub(crate) fn fragment_limit(&self) -> usize {
        self.fragment_limit
    }

    /// Lowers the limit on a record's content; it never rises above 16 KiB.
    pub(crate) fn set_fragment_limit(&mut self, limit: usize) {
        self.fragment_limit = limit.clamp(1, MAX_FRAGMENT_LEN);
    }

    /// Writes `content` as one record after the other. Empty content is one empty record.
    pub(crate) fn write(
        &mut self,
        content_type: ContentType,
        content: &[u8],
        padding: Option<&dyn Padding>,
        out: &mut Buffer,
    ) -> Result<(), Error> {
        let mut rest = content;
        loop {
            let (fragment, behind) = rest
                .split_at_checked(self.fragment_limit)
                .unwrap_or((rest, &[]));
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
        let Some(protection) = &mut self.protection else {
            return self.write_plain(content_type, fragment, out);
        };
        let padding_len = match padding {
            Some(policy) => policy
                .padding_len(fragment.len())
                .min(self.fragment_limit - fragment.len()),
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
