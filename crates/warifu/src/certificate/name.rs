//! Distinguished names and general names as text for people.

use core::fmt::Write as _;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::der::{Der, tag};

/// Longest text made of one name; a peer's certificate must not fill a screen or a log.
const TEXT_LIMIT: usize = 256;

/// A distinguished name (DER, whole SEQUENCE) in the order it is written in, `O=Acme, CN=example`.
///
/// Text comes from the peer: control characters are escaped, so that a name cannot steer a terminal.
pub(crate) fn distinguished_name(der: &[u8]) -> String {
    let mut text = String::new();
    let Some(relative_names) = Der::only_sequence(der) else {
        return "an unreadable name".to_owned();
    };
    for set in relative_names {
        for attribute in Der::new(set.value) {
            let mut fields = Der::new(attribute.value);
            let (Some(oid), Some(value)) = (fields.value(tag::OID), fields.element()) else {
                continue;
            };
            if !text.is_empty() {
                text.push_str(", ");
            }
            match attribute_name(oid) {
                Some(name) => text.push_str(name),
                None => text.push_str(&dotted(oid)),
            }
            text.push('=');
            push_escaped(&mut text, &decode_string(value.tag, value.value));
            if text.len() > TEXT_LIMIT {
                text.push('…');
                return text;
            }
        }
    }
    if text.is_empty() {
        "an empty name".to_owned()
    } else {
        text
    }
}

/// The last commonName of a distinguished name.
pub(crate) fn common_name(der: &[u8]) -> Option<String> {
    let mut found = None;
    for set in Der::only_sequence(der)? {
        for attribute in Der::new(set.value) {
            let mut fields = Der::new(attribute.value);
            if fields.value(tag::OID) == Some(&[0x55, 0x04, 0x03]) {
                let value = fields.element()?;
                let mut text = String::new();
                push_escaped(&mut text, &decode_string(value.tag, value.value));
                found = Some(text);
            }
        }
    }
    found
}

/// The commonName of a distinguished name, if there is exactly one, in ASCII and in a string type that holds ASCII as it is.
/// Not escaped: to be compared, not to be printed.
pub(crate) fn only_common_name(der: &[u8]) -> Option<&[u8]> {
    let mut found = None;
    let mut relative_names = Der::only_sequence(der)?;
    while let Some(set) = relative_names.element() {
        let mut attributes = Der::new(set.value);
        while let Some(attribute) = attributes.element() {
            let mut fields = Der::new(attribute.value);
            if fields.value(tag::OID)? != [0x55, 0x04, 0x03] {
                continue;
            }
            let value = fields.element()?;
            let plain = matches!(
                value.tag,
                tag::UTF8_STRING | tag::PRINTABLE_STRING | tag::IA5_STRING | tag::TELETEX_STRING
            );
            // Which of several would be meant, nobody can tell.
            if !plain || !value.value.is_ascii() || found.replace(value.value).is_some() {
                return None;
            }
        }
        if !attributes.is_empty() {
            return None;
        }
    }
    relative_names.is_empty().then_some(found)?
}

/// RFC 4514 Section 3 and the attributes that OpenSSL prints by a short name.
fn attribute_name(oid: &[u8]) -> Option<&'static str> {
    Some(match oid {
        [0x55, 0x04, 0x03] => "CN",
        [0x55, 0x04, 0x05] => "serialNumber",
        [0x55, 0x04, 0x06] => "C",
        [0x55, 0x04, 0x07] => "L",
        [0x55, 0x04, 0x08] => "ST",
        [0x55, 0x04, 0x09] => "street",
        [0x55, 0x04, 0x0a] => "O",
        [0x55, 0x04, 0x0b] => "OU",
        [0x55, 0x04, 0x2e] => "dnQualifier",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01] => "emailAddress",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19] => "DC",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x01] => "UID",
        _ => return None,
    })
}

fn decode_string(string_tag: u8, bytes: &[u8]) -> String {
    match string_tag {
        tag::UTF8_STRING | tag::PRINTABLE_STRING | tag::IA5_STRING => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        // In practice Latin-1, whatever T.61 says.
        tag::TELETEX_STRING => bytes.iter().map(|&b| char::from(b)).collect(),
        tag::BMP_STRING => {
            let units = bytes
                .chunks_exact(2)
                .map(|c| c.iter().fold(0, |u, &b| (u << 8) | u16::from(b)));
            char::decode_utf16(units)
                .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        tag::UNIVERSAL_STRING => bytes
            .chunks_exact(4)
            .map(|c| c.iter().fold(0, |u, &b| (u << 8) | u32::from(b)))
            .map(|u| char::from_u32(u).unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
        _ => hex(bytes),
    }
}

/// Appends at most [`TEXT_LIMIT`] bytes; control characters and those that change the direction of text
/// are escaped.
pub(crate) fn push_escaped(text: &mut String, value: &str) {
    for character in value.chars() {
        if text.len() > TEXT_LIMIT {
            return;
        }
        let steers = character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if steers {
            // Writing to a String cannot fail.
            let _ = write!(text, "\\u{{{:x}}}", u32::from(character));
        } else {
            text.push(character);
        }
    }
}

/// An OID's content bytes as `1.2.840.113549`.
pub(crate) fn dotted(oid: &[u8]) -> String {
    let mut text = String::new();
    let mut number: u64 = 0;
    let mut first = true;
    for &byte in oid {
        number = (number << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            continue;
        }
        let _ = if first {
            // The first two arcs share a number (X.690 Section 8.19.4).
            first = false;
            let arc = (number / 40).min(2);
            write!(text, "{arc}.{}", number - arc * 40)
        } else {
            write!(text, ".{number}")
        };
        number = 0;
        if text.len() > TEXT_LIMIT {
            break;
        }
    }
    text
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// The address in an iPAddress general name: 4 or 16 bytes (RFC 5280 Section 4.2.1.6).
pub(crate) fn ip_address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(bytes).into());
    }
    <[u8; 16]>::try_from(bytes)
        .ok()
        .map(|bytes| Ipv6Addr::from(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::der::wrap;

    #[test]
    fn oids_are_dotted() {
        assert_eq!(
            dotted(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d]),
            "1.2.840.113549"
        );
        assert_eq!(
            dotted(&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11]),
            "2.16.840.1.101.3.4.3.17"
        );
        assert_eq!(dotted(&[0x55, 0x04, 0x03]), "2.5.4.3");
    }

    #[test]
    fn a_common_name_counts_alone_and_in_ascii_only() {
        let attribute = |tag: u8, value: &[u8]| {
            let oid = wrap(tag::OID, &[&[0x55, 0x04, 0x03]]);
            wrap(tag::SEQUENCE, &[&oid, &wrap(tag, &[value])])
        };
        let name = |attributes: &[Vec<u8>]| {
            let sets: Vec<_> = attributes.iter().map(|one| wrap(0x31, &[one])).collect();
            let sets: Vec<_> = sets.iter().map(Vec::as_slice).collect();
            wrap(tag::SEQUENCE, &sets)
        };
        let country = wrap(tag::SEQUENCE, &[b"\x06\x03\x55\x04\x06\x13\x02CH"]);
        let host = attribute(tag::UTF8_STRING, b"host.example");
        let one = name(&[country.clone(), host.clone()]);
        assert_eq!(only_common_name(&one), Some(&b"host.example"[..]));
        assert_eq!(only_common_name(&name(&[country])), None);
        assert_eq!(only_common_name(&name(&[host.clone(), host.clone()])), None);
        // Two in one set.
        let both = wrap(tag::SEQUENCE, &[&wrap(0x31, &[&host, &host])]);
        assert_eq!(only_common_name(&both), None);
        let wide = attribute(tag::BMP_STRING, b"\0h\0o");
        assert_eq!(only_common_name(&name(&[wide])), None);
        let latin = attribute(tag::TELETEX_STRING, b"h\xf6st");
        assert_eq!(only_common_name(&name(&[latin])), None);
        let mut cut = one;
        cut.pop();
        assert_eq!(only_common_name(&cut), None);
    }

    #[test]
    fn names_cannot_steer_a_terminal() {
        // SEQUENCE { SET { SEQUENCE { CN, UTF8String "a\x1b[2Jb" } } }
        let name = b"\x30\x11\x31\x0f\x30\x0d\x06\x03\x55\x04\x03\x0c\x06a\x1b[2Jb";
        assert_eq!(distinguished_name(name), "CN=a\\u{1b}[2Jb");
    }
}
