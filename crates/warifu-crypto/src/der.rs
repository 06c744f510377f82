//! As much DER (X.690) as telling keys apart and putting one key format into another takes.

use crate::Secret;

/// Universal tags, constructed where DER says so.
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const SEQUENCE: u8 = 0x30;

/// Context-specific tag number `n`, EXPLICIT and so constructed.
pub(crate) const fn explicit(n: u8) -> u8 {
    0xa0 | n
}

/// Reads elements one after the other.
#[derive(Copy, Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(der: &'a [u8]) -> Self {
        Self { rest: der }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next element's tag, if there is one.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The content of the next element, which must have this tag and a minimal length (X.690 Section 10.1).
    pub(crate) fn element(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&found, rest) = self.rest.split_first()?;
        if found != tag {
            return None;
        }
        let (&first, rest) = rest.split_first()?;
        let (len, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            // Four bytes of length are more than any key; the indefinite length (0x80) is not DER.
            let len_len = usize::from(first & 0x7f);
            if len_len == 0 || len_len > 4 {
                return None;
            }
            let (len_bytes, rest) = rest.split_at_checked(len_len)?;
            if len_bytes.first() == Some(&0) {
                return None;
            }
            let len = len_bytes
                .iter()
                .fold(0u64, |len, &byte| len << 8 | u64::from(byte));
            if len < 0x80 {
                return None;
            }
            (usize::try_from(len).ok()?, rest)
        };
        let (content, rest) = rest.split_at_checked(len)?;
        self.rest = rest;
        Some(content)
    }
}

/// The content of `der`, which must be one element with this tag and nothing after it.
pub(crate) fn single(der: &[u8], tag: u8) -> Option<&[u8]> {
    let mut reader = Reader::new(der);
    let content = reader.element(tag)?;
    reader.is_empty().then_some(content)
}

/// Tag and length of an element.
pub(crate) struct Header {
    bytes: [u8; 2 + size_of::<u64>()],
    len: usize,
}

impl Header {
    /// Of an element whose content has `content_len` bytes; the length in its minimal form (X.690 Section 10.1).
    pub(crate) fn new(tag: u8, content_len: usize) -> Self {
        let mut bytes = [0; 2 + size_of::<u64>()];
        let digits = (content_len as u64).to_be_bytes();
        let significant = digits.iter().skip_while(|&&byte| byte == 0);
        let digits_len = significant.clone().count();
        let (first, rest_len) = match content_len {
            0..0x80 => (content_len as u8, 0),
            _ => (0x80 | digits_len as u8, digits_len),
        };
        let header = [tag, first];
        let content = header.iter().chain(significant.take(rest_len));
        bytes
            .iter_mut()
            .zip(content)
            .for_each(|(to, from)| *to = *from);
        Self {
            bytes,
            len: 2 + rest_len,
        }
    }
}

impl AsRef<[u8]> for Header {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// One element with this tag around the concatenation of `parts`. In wiped memory, for it may be a key.
pub(crate) fn wrap(tag: u8, parts: &[&[u8]]) -> Secret {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let header = Header::new(tag, len);
    // Sized exactly: a growing vector would leave copies of a key behind.
    let mut der = Vec::with_capacity(header.len + len);
    der.extend_from_slice(header.as_ref());
    for part in parts {
        der.extend_from_slice(part);
    }
    Secret::from(der)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrap_and_read_are_inverse() {
        for len in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            let content = vec![7; len];
            let der = wrap(SEQUENCE, &[&content]);
            assert_eq!(single(der.as_bytes(), SEQUENCE), Some(content.as_slice()));
            assert_eq!(single(der.as_bytes(), OCTET_STRING), None);
            for end in 0..der.len().min(300) {
                assert_eq!(single(&der.as_bytes()[..end], SEQUENCE), None);
            }
            let mut longer = der.as_bytes().to_vec();
            longer.push(0);
            assert_eq!(single(&longer, SEQUENCE), None);
        }
    }

    #[test]
    fn refuses_lengths_that_are_not_minimal() {
        for der in [
            &b"\x30\x80\x00\x00"[..],
            b"\x30\x81\x01\x00",
            b"\x30\x82\x00\x80",
            b"\x30\x85\x00\x00\x00\x00\x01\x00",
            b"\x30\x84\xff\xff\xff\xff\x00",
        ] {
            assert_eq!(single(der, SEQUENCE), None);
        }
    }
}
