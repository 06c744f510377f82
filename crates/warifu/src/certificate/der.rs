//! Reads DER without allocating: just enough to find the fields of a certificate. And writes an element, for what webpki
//! wants in another form.
//!
//! Definite lengths in their shortest form only, up to four length bytes, single-byte tags. Paths are
//! built and signatures checked by webpki; this reader serves what webpki does not tell (key usage,
//! validity, names for error texts) and the public key that CertificateVerify needs.

/// Tags that certificates use (X.690 Section 8).
pub mod tag {
    /// BOOLEAN
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING
    pub const OCTET_STRING: u8 = 0x04;
    /// OBJECT IDENTIFIER
    pub const OID: u8 = 0x06;
    /// UTF8String
    pub const UTF8_STRING: u8 = 0x0c;
    /// SEQUENCE and SEQUENCE OF
    pub const SEQUENCE: u8 = 0x30;
    /// PrintableString
    pub const PRINTABLE_STRING: u8 = 0x13;
    /// TeletexString, in practice Latin-1.
    pub const TELETEX_STRING: u8 = 0x14;
    /// IA5String: ASCII.
    pub const IA5_STRING: u8 = 0x16;
    /// UTCTime
    pub const UTC_TIME: u8 = 0x17;
    /// GeneralizedTime
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// UniversalString: UTF-32, big endian.
    pub const UNIVERSAL_STRING: u8 = 0x1c;
    /// BMPString: UTF-16, big endian.
    pub const BMP_STRING: u8 = 0x1e;
    /// `[n]`, constructed.
    pub const fn context(n: u8) -> u8 {
        0xa0 | n
    }
    /// `[n]`, primitive.
    pub const fn context_primitive(n: u8) -> u8 {
        0x80 | n
    }
}

/// One tag-length-value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// One of [`tag`], or another one.
    pub tag: u8,
    /// The content, without tag and length.
    pub value: &'a [u8],
    /// With tag and length.
    pub whole: &'a [u8],
}

/// A sequence of elements, read one by one.
#[derive(Debug, Clone, Copy)]
pub struct Der<'a> {
    rest: &'a [u8],
}

impl<'a> Der<'a> {
    /// Reads these elements, one after the other.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether all was read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next element; `None` at the end and where the bytes are no DER.
    pub fn element(&mut self) -> Option<Element<'a>> {
        let all = self.rest;
        let (&tag, rest) = all.split_first()?;
        if tag & 0x1f == 0x1f {
            return None; // a tag of several bytes: none occurs in X.509
        }
        let (&first, mut rest) = rest.split_first()?;
        let len = if first < 0x80 {
            usize::from(first)
        } else {
            let (bytes, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
            if !(1..=4).contains(&bytes.len()) || bytes.first() == Some(&0) {
                return None;
            }
            let len = bytes.iter().fold(0, |len, &b| (len << 8) | usize::from(b));
            if len < 0x80 {
                return None;
            }
            rest = after;
            len
        };
        let (value, after) = rest.split_at_checked(len)?;
        let whole = all.get(..all.len() - after.len())?;
        self.rest = after;
        Some(Element { tag, value, whole })
    }

    /// The value of the next element, which must have this tag.
    pub fn value(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.whole(tag).map(|element| element.value)
    }

    /// The next element, which must have this tag.
    pub fn whole(&mut self, tag: u8) -> Option<Element<'a>> {
        let before = self.rest;
        let element = self.element()?;
        if element.tag == tag {
            Some(element)
        } else {
            self.rest = before;
            None
        }
    }

    /// The next element's value if it has this tag; otherwise nothing is consumed.
    pub fn optional(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.value(tag)
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The elements of the one SEQUENCE that `bytes` must be.
    pub fn only_sequence(bytes: &'a [u8]) -> Option<Self> {
        let mut outer = Self::new(bytes);
        let value = outer.value(tag::SEQUENCE)?;
        outer.is_empty().then(|| Self::new(value))
    }
}

impl<'a> Iterator for Der<'a> {
    type Item = Element<'a>;

    /// Ends at the first byte that is no DER as well as at the end; compare [`Der::is_empty`].
    fn next(&mut self) -> Option<Element<'a>> {
        self.element()
    }
}

/// Writes one element: tag, length in its shortest form, and `parts` one after the other.
pub fn wrap(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content_len: usize = parts.iter().map(|part| part.len()).sum();
    let len = content_len.to_be_bytes();
    let len = len
        .iter()
        .position(|&b| b != 0)
        .and_then(|first| len.get(first..))
        .unwrap_or(&[0]);
    let mut whole = Vec::with_capacity(content_len + len.len() + 2);
    whole.push(tag);
    match len {
        [short @ 0..0x80] => whole.push(*short),
        // At most 8, as a length has no more bytes.
        long => {
            whole.push(0x80 | u8::try_from(long.len()).unwrap_or(0));
            whole.extend_from_slice(long);
        }
    }
    for part in parts {
        whole.extend_from_slice(part);
    }
    whole
}

/// Seconds since 1970-01-01 UTC of a UTCTime or GeneralizedTime in the forms RFC 5280 Section 4.1.2.5
/// prescribes (to the second, ending in Z). Instants before 1970 become 0.
pub fn unix_seconds(time: Element<'_>) -> Option<u64> {
    let (year, rest) = match time.tag {
        tag::UTC_TIME => {
            let (digits, rest) = time.value.split_at_checked(2)?;
            let year = number(digits)?;
            // "Where YY is greater than or equal to 50, the year SHALL be interpreted as 19YY".
            (if year >= 50 { 1900 + year } else { 2000 + year }, rest)
        }
        tag::GENERALIZED_TIME => {
            let (digits, rest) = time.value.split_at_checked(4)?;
            (number(digits)?, rest)
        }
        _ => return None,
    };
    let &[mo1, mo2, d1, d2, h1, h2, mi1, mi2, s1, s2, b'Z'] = rest else {
        return None;
    };
    let month = number(&[mo1, mo2])?;
    let day = number(&[d1, d2])?;
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[mi1, mi2])?, number(&[s1, s2])?);
    if !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(u64::try_from(seconds).unwrap_or(0))
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, &digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + i64::from(digit - b'0'))
    })
}

/// Days from 1970-01-01 in the Gregorian calendar. Counts years from March, so that the leap day is a
/// year's last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719468 days lie between 0000-03-01 and 1970-01-01.
    year * 365 + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Option<u64> {
        unix_seconds(Element {
            tag: tag::UTC_TIME,
            value: text.as_bytes(),
            whole: &[],
        })
    }

    fn generalized(text: &str) -> Option<u64> {
        unix_seconds(Element {
            tag: tag::GENERALIZED_TIME,
            value: text.as_bytes(),
            whole: &[],
        })
    }

    #[test]
    fn times_are_unix_seconds() {
        // Right-hand sides by `date -u -d … +%s`.
        assert_eq!(utc("700101000000Z"), Some(0));
        assert_eq!(utc("500101000000Z"), Some(0));
        assert_eq!(utc("261123183520Z"), Some(1_795_458_920));
        assert_eq!(utc("491231235959Z"), Some(2_524_607_999));
        assert_eq!(generalized("20000229120000Z"), Some(951_825_600));
        assert_eq!(generalized("21000301000000Z"), Some(4_107_542_400));
        assert_eq!(generalized("99991231235959Z"), Some(253_402_300_799));
    }

    #[test]
    fn times_in_other_forms_are_refused() {
        for text in [
            "",
            "7001010000Z",
            "700101000000",
            "700101000000+0000",
            "701301000000Z",
            "70010100000aZ",
        ] {
            assert_eq!(utc(text), None, "{text}");
        }
        assert_eq!(generalized("20260101000000.5Z"), None);
    }

    #[test]
    fn lengths_must_be_shortest_and_inside() {
        assert!(Der::new(&[0x30, 0x00]).element().is_some());
        for bytes in [
            &[0x30][..],
            &[0x30, 0x01],
            &[0x30, 0x80],
            &[0x30, 0x81, 0x01, 0x00],
            &[0x30, 0x82, 0x00, 0x80],
            &[0x30, 0x85, 0x01, 0, 0, 0, 0],
            &[0x1f, 0x01, 0x00],
        ] {
            assert_eq!(Der::new(bytes).element(), None, "{bytes:02x?}");
        }
    }
}
