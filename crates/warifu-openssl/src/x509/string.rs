//! Strings, numbers and times of ASN.1 (`ASN1_STRING` and its many names).

use core::ffi::{c_int, c_long};
use core::fmt::Write as _;
use std::sync::Arc;

use warifu::certificate::der::{Element, tag};

/// `V_ASN1_INTEGER`
pub(crate) const INTEGER: c_int = 2;
/// `V_ASN1_NEG_INTEGER`
pub(crate) const NEGATIVE_INTEGER: c_int = 0x102;
/// `V_ASN1_NUMERICSTRING`
const NUMERIC_STRING: u8 = 18;
/// `V_ASN1_VISIBLESTRING`
const VISIBLE_STRING: u8 = 26;

/// `ASN1_STRING`. C sees its first four fields, and must not change them; this library looks at its own only.
#[repr(C)]
#[derive(Debug)]
pub struct Asn1String {
    length: c_int,
    kind_for_c: c_int,
    data: *const u8,
    flags: c_long,
    /// What `data` points to, and a NUL after it.
    owned: *mut [u8],
    kind: c_int,
}

// SAFETY: the bytes belong to this object alone and are never changed.
unsafe impl Send for Asn1String {}
// SAFETY: as above.
unsafe impl Sync for Asn1String {}

impl Asn1String {
    pub(crate) fn new(kind: c_int, bytes: &[u8]) -> Arc<Self> {
        let mut with_nul = Vec::with_capacity(bytes.len() + 1);
        with_nul.extend_from_slice(bytes);
        with_nul.push(0);
        let owned = Box::into_raw(with_nul.into_boxed_slice());
        Arc::new(Self {
            // What is longer does not come out of a certificate; C then sees a part.
            length: c_int::try_from(bytes.len()).unwrap_or(c_int::MAX),
            kind_for_c: kind,
            data: owned.cast_const().cast(),
            flags: 0,
            owned,
            kind,
        })
    }

    /// A string or time as it stands in a certificate.
    pub(crate) fn of_element(element: Element<'_>) -> Arc<Self> {
        let value = match (element.tag, element.value) {
            (tag::BIT_STRING, [_, bits @ ..]) => bits,
            (_, value) => value,
        };
        Self::new(c_int::from(element.tag), value)
    }

    /// An INTEGER: `content` in two's complement becomes sign and magnitude.
    pub(crate) fn integer(content: &[u8]) -> Arc<Self> {
        let negative = content.first().is_some_and(|first| first & 0x80 != 0);
        let mut magnitude = content.to_vec();
        if negative {
            let mut carry = true;
            for byte in magnitude.iter_mut().rev() {
                let (value, overflow) = (!*byte).overflowing_add(u8::from(carry));
                *byte = value;
                carry = overflow;
            }
        }
        let zeros = magnitude.iter().take_while(|byte| **byte == 0).count();
        let magnitude = magnitude.get(zeros..).unwrap_or_default();
        // Zero is one byte.
        let magnitude = if magnitude.is_empty() {
            &[0]
        } else {
            magnitude
        };
        Self::new(if negative { NEGATIVE_INTEGER } else { INTEGER }, magnitude)
    }

    /// `V_ASN1_…`
    pub(crate) fn kind(&self) -> c_int {
        self.kind
    }

    /// The content. A NUL follows it.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: from `Box::into_raw` in `new`, and freed in `drop` only.
        let with_nul: &[u8] = unsafe { &*self.owned };
        with_nul.split_last().map_or(&[], |(_, bytes)| bytes)
    }

    /// The characters; `None` for what is no text, and for bytes that are not what the type says.
    pub(crate) fn text(&self) -> Option<String> {
        text_of(u8::try_from(self.kind()).ok()?, self.bytes())
    }

    /// The value of an INTEGER, if it fits.
    pub(crate) fn to_i64(&self) -> Option<i64> {
        let magnitude = self.bytes().iter().try_fold(0i128, |number, byte| {
            (number <= i128::from(i64::MAX)).then_some((number << 8) | i128::from(*byte))
        })?;
        match self.kind() {
            INTEGER => i64::try_from(magnitude).ok(),
            NEGATIVE_INTEGER => i64::try_from(-magnitude).ok(),
            _ => None,
        }
    }

    /// An INTEGER in capital hexadecimal digits, two for each byte, as `i2a_ASN1_INTEGER` prints it.
    pub(crate) fn integer_hex(&self) -> String {
        let mut text = String::new();
        if self.kind() == NEGATIVE_INTEGER {
            text.push('-');
        }
        for byte in self.bytes() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02X}");
        }
        text
    }
}

impl Drop for Asn1String {
    fn drop(&mut self) {
        // SAFETY: from `Box::into_raw` in `new`; nothing else frees it.
        drop(unsafe { Box::from_raw(self.owned) });
    }
}

/// The characters of a string type of ASN.1.
pub(crate) fn text_of(string_tag: u8, bytes: &[u8]) -> Option<String> {
    match string_tag {
        tag::UTF8_STRING => core::str::from_utf8(bytes).ok().map(str::to_owned),
        // Latin-1 is what OpenSSL reads in all of these; ASCII is the same.
        tag::PRINTABLE_STRING
        | tag::IA5_STRING
        | tag::TELETEX_STRING
        | tag::UTC_TIME
        | tag::GENERALIZED_TIME
        | NUMERIC_STRING
        | VISIBLE_STRING => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
        tag::BMP_STRING if bytes.len().is_multiple_of(2) => {
            let units = bytes.chunks_exact(2).map(|unit| {
                unit.iter()
                    .fold(0, |value, byte| (value << 8) | u16::from(*byte))
            });
            char::decode_utf16(units).collect::<Result<_, _>>().ok()
        }
        tag::UNIVERSAL_STRING if bytes.len().is_multiple_of(4) => bytes
            .chunks_exact(4)
            .map(|unit| {
                unit.iter()
                    .fold(0, |value, byte| (value << 8) | u32::from(*byte))
            })
            .map(char::from_u32)
            .collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_have_sign_and_magnitude() {
        for (content, hex, value) in [
            (&[0x00][..], "00", Some(0)),
            (&[0x7f], "7F", Some(127)),
            (&[0x00, 0x80], "80", Some(128)),
            (&[0xff], "-01", Some(-1)),
            (&[0x80], "-80", Some(-128)),
            (&[0xff, 0x00], "-0100", Some(-256)),
            (
                &[0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
                "FFFFFFFFFFFFFFFF",
                None,
            ),
        ] {
            let integer = Asn1String::integer(content);
            assert_eq!(
                (integer.integer_hex().as_str(), integer.to_i64()),
                (hex, value)
            );
        }
    }

    #[test]
    fn strings_become_text() {
        assert_eq!(
            text_of(tag::BMP_STRING, &[0, b'a', 0x20, 0xac]).as_deref(),
            Some("a€")
        );
        assert_eq!(text_of(tag::BMP_STRING, &[0, b'a', 0]), None);
        assert_eq!(text_of(tag::TELETEX_STRING, &[0xe4]).as_deref(), Some("ä"));
        assert_eq!(
            text_of(tag::UNIVERSAL_STRING, &[0, 1, 0xf6, 0]).as_deref(),
            Some("😀")
        );
        assert_eq!(text_of(tag::UTF8_STRING, &[0xff]), None);
        assert_eq!(text_of(tag::OCTET_STRING, b"a"), None);
    }
}
