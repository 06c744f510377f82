//! Bytes as a table of hexadecimal numbers and characters (`BIO_dump`).

use core::fmt::Write as _;

/// Bytes of a line without indent.
const WIDTH: usize = 16;
/// Most spaces before a line.
const MAX_INDENT: usize = 64;

/// The lines for some bytes, each with its end.
pub(crate) fn lines(bytes: &[u8], indent: usize) -> impl Iterator<Item = String> + '_ {
    let indent = indent.min(MAX_INDENT);
    // Lines stay short: for each four spaces from the seventh on, a byte less.
    let width = WIDTH - (indent - indent.min(6)).div_ceil(4);
    bytes.chunks(width).zip(0..).map(move |(line, row)| {
        let mut text = format!("{:indent$}{:04x} - ", "", row * width);
        for at in 0..width {
            match line.get(at) {
                // The eighth of sixteen is set off.
                Some(byte) => {
                    let mark = if at == 7 { '-' } else { ' ' };
                    // Writing to a string does not fail.
                    let _ = write!(text, "{byte:02x}{mark}");
                }
                None => text.push_str("   "),
            }
        }
        text.push_str("  ");
        for byte in line {
            let shown = if (b' '..=b'~').contains(byte) {
                *byte
            } else {
                b'.'
            };
            text.push(char::from(shown));
        }
        text.push('\n');
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_numbers_and_characters() {
        let bytes: Vec<u8> = (b'a'..b'a' + 17).collect();
        let lines: Vec<String> = lines(&bytes, 0).collect();
        assert_eq!(
            lines,
            [
                "0000 - 61 62 63 64 65 66 67 68-69 6a 6b 6c 6d 6e 6f 70   abcdefghijklmnop\n",
                "0010 - 71                                                q\n",
            ]
        );
    }
}
