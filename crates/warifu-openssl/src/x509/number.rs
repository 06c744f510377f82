//! Large numbers (`BIGNUM`), to print serial numbers with.

use super::string::{Asn1String, NEGATIVE_INTEGER};

/// `BIGNUM`. Immutable.
#[derive(Debug)]
pub struct Number {
    negative: bool,
    /// Big endian, without zeros in front.
    magnitude: Vec<u8>,
}

impl Number {
    pub(crate) fn of_integer(integer: &Asn1String) -> Self {
        let bytes = integer.bytes();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let magnitude = bytes.get(zeros..).unwrap_or_default().to_vec();
        Self {
            negative: integer.kind() == NEGATIVE_INTEGER && !magnitude.is_empty(),
            magnitude,
        }
    }

    pub(crate) fn magnitude(&self) -> &[u8] {
        &self.magnitude
    }

    pub(crate) fn bits(&self) -> usize {
        let zeros = self
            .magnitude
            .first()
            .map_or(0, |first| first.leading_zeros());
        (8 * self.magnitude.len()).saturating_sub(usize::try_from(zeros).unwrap_or(0))
    }

    fn sign(&self) -> String {
        if self.negative {
            "-".to_owned()
        } else {
            String::new()
        }
    }

    /// Capital digits, two for each byte.
    pub(crate) fn hex(&self) -> String {
        if self.magnitude.is_empty() {
            return "0".to_owned();
        }
        let digits = self.magnitude.iter().map(|byte| format!("{byte:02X}"));
        digits.fold(self.sign(), |text, byte| text + &byte)
    }

    pub(crate) fn decimal(&self) -> String {
        // Digits, the least first; each byte multiplies by 256 and adds.
        let mut digits = vec![0u8];
        for byte in &self.magnitude {
            let mut carry = u16::from(*byte);
            for digit in &mut digits {
                let value = u16::from(*digit) * 256 + carry;
                *digit = u8::try_from(value % 10).unwrap_or(0);
                carry = value / 10;
            }
            while carry > 0 {
                digits.push(u8::try_from(carry % 10).unwrap_or(0));
                carry /= 10;
            }
        }
        let digits = digits.iter().rev().map(|digit| char::from(b'0' + digit));
        digits.fold(self.sign(), |mut text, digit| {
            text.push(digit);
            text
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_in_both_bases() {
        for (content, hex, decimal, bits) in [
            (&[0u8][..], "0", "0", 0),
            (&[0x7f], "7F", "127", 7),
            (&[0xff], "-01", "-1", 1),
            (&[1, 0, 0], "010000", "65536", 17),
            (
                &[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
                "FFFFFFFFFFFFFFFF",
                "18446744073709551615",
                64,
            ),
        ] {
            let number = Number::of_integer(&Asn1String::integer(content));
            assert_eq!(
                (
                    number.hex().as_str(),
                    number.decimal().as_str(),
                    number.bits()
                ),
                (hex, decimal, bits)
            );
        }
    }
}
