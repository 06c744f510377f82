//! How a PSK file is written, for this program and for others.
//!
//! What each program makes of a line was read in its source: mosquitto 2.1.3 `src/psk_file.c`, GnuTLS 3.8.13
//! `lib/auth/psk_passwd.c` and `src/psk.c` (psktool), stunnel 5.75 `src/options.c`, Zabbix `zbx_read_psk_file`.

use std::fmt;

use clap::ValueEnum;
use zeroize::Zeroizing;

use crate::exit_psk::{PskFailure, PskProblem};
use crate::hex;
use crate::psk_file::Entry;

/// Whose PSK file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Lines identity:key, see warifu psk --help
    Native,
    /// The psk_file of mosquitto
    Mosquitto,
    /// The key file of GnuTLS, as psktool writes it
    #[value(alias = "psktool")]
    Gnutls,
    /// The PSKsecrets file of stunnel
    Stunnel,
    /// The TLSPSKFile of Zabbix: one key and nothing else
    Zabbix,
}

impl Format {
    /// The name that `--format` takes.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Mosquitto => "mosquitto",
            Self::Gnutls => "gnutls",
            Self::Stunnel => "stunnel",
            Self::Zabbix => "zabbix",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Words that the native format gives a meaning of their own in place of an identity.
pub(crate) const RESERVED: [&str; 3] = ["hex", "base64", "text"];

/// Zabbix refuses keys outside of 32 to 512 digits.
const ZABBIX_KEY_LEN: std::ops::RangeInclusive<usize> = 16..=256;

/// stunnel refuses shorter keys.
const STUNNEL_MIN_KEY_LEN: usize = 16;

/// A whole file with these keys.
///
/// # Errors
/// The format cannot say one of the identities or keys.
pub(crate) fn write(entries: &[Entry], format: Format) -> Result<Zeroizing<String>, PskFailure> {
    // As long as it can become: growing would leave a copy of the keys behind.
    let len = entries
        .iter()
        .map(|entry| 2 * (entry.identity.len() + entry.key.bytes.len()) + "hex::\n".len())
        .sum();
    let mut out = Zeroizing::new(String::with_capacity(len));
    for (position, entry) in entries.iter().enumerate() {
        let refused = |reason| {
            entry.origin.has(PskProblem::Inexpressible {
                identity: spell(&entry.identity),
                format,
                reason,
            })
        };
        if format == Format::Zabbix && position > 0 {
            return Err(refused(
                "a Zabbix file holds one key; choose one with --psk-identity",
            ));
        }
        check_key(entry.key.bytes.len(), format).map_err(refused)?;
        if format != Format::Zabbix {
            out.push_str(&identity(&entry.identity, format).map_err(refused)?);
            out.push(':');
        }
        push_hex(&mut out, &entry.key.bytes);
        out.push('\n');
    }
    Ok(out)
}

/// An identity as the native format spells it; also how identities are shown and typed.
pub(crate) fn spell(identity: &[u8]) -> String {
    match plain(identity) {
        Some(text) if !RESERVED.contains(&text) => text.to_owned(),
        _ => format!("hex:{}", hex::encode(identity, "")),
    }
}

/// An identity as a format spells it, or why it cannot.
fn identity(identity: &[u8], format: Format) -> Result<String, &'static str> {
    match (format, plain(identity)) {
        (Format::Native, _) => Ok(spell(identity)),
        (_, Some(text)) => Ok(text.to_owned()),
        (Format::Gnutls, None) => Ok(format!("#{}", hex::encode(identity, ""))),
        (_, None) => Err(
            "it has no way to write an identity with ':', control characters, a leading # or blanks at an end",
        ),
    }
}

/// An identity that every program reads alike when it is written as it is.
fn plain(identity: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(identity).ok()?;
    let good = !text.is_empty()
        && text.trim() == text
        && !text.starts_with(['#', '\u{feff}'])
        && !text.contains(|c: char| c == ':' || c.is_control());
    good.then_some(text)
}

fn check_key(len: usize, format: Format) -> Result<(), &'static str> {
    match format {
        Format::Zabbix if !ZABBIX_KEY_LEN.contains(&len) => {
            Err("Zabbix takes keys of 128 to 2048 bits")
        }
        Format::Stunnel if len < STUNNEL_MIN_KEY_LEN => {
            Err("stunnel takes keys of 128 bits or more")
        }
        _ => Ok(()),
    }
}

fn push_hex(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            out.extend(char::from_digit(half.into(), 16));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit_psk::Origin;
    use crate::psk_file::{self, Wanted};

    const KEY: [u8; 16] = *b"\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff";
    const HEX: &str = "00112233445566778899aabbccddeeff";

    fn written(identity: &[u8], key: &[u8], format: Format) -> Result<String, PskProblem> {
        write(&[Entry::for_tests(identity, key)], format)
            .map(|text| text.to_string())
            .map_err(|failure| failure.problem)
    }

    #[test]
    fn each_format_spells_identities_its_own_way() {
        use Format::{Gnutls, Mosquitto, Native, Stunnel, Zabbix};
        for (identity, format, expected) in [
            (&b"alice"[..], Native, "alice"),
            (b"alice", Mosquitto, "alice"),
            (b"PSK ID 001", Stunnel, "PSK ID 001"),
            ("räksmörgås".as_bytes(), Gnutls, "räksmörgås"),
            (b"a:b", Native, "hex:613a62"),
            (b"a:b", Gnutls, "#613a62"),
            (b"#a", Gnutls, "#2361"),
            (b" a", Gnutls, "#2061"),
            (b"\xff\0", Native, "hex:ff00"),
            (b"text", Native, "hex:74657874"),
            (b"text", Mosquitto, "text"),
        ] {
            assert_eq!(
                written(identity, &KEY, format),
                Ok(format!("{expected}:{HEX}\n")),
                "{identity:?} {format}"
            );
        }
        assert_eq!(written(b"alice", &KEY, Zabbix), Ok(format!("{HEX}\n")));
    }

    #[test]
    fn what_a_format_cannot_say_is_refused() {
        for (identity, key, format) in [
            (&b"a:b"[..], &KEY[..], Format::Mosquitto),
            (b"a:b", &KEY, Format::Stunnel),
            (b"#a", &KEY, Format::Mosquitto),
            (b"\xff", &KEY, Format::Stunnel),
            (b"a\nb", &KEY, Format::Mosquitto),
            (b"a", &[1; 15], Format::Stunnel),
            (b"a", &[1; 15], Format::Zabbix),
            (b"a", &[1; 257], Format::Zabbix),
        ] {
            assert!(
                matches!(
                    written(identity, key, format),
                    Err(PskProblem::Inexpressible { .. })
                ),
                "{identity:?} {format}"
            );
        }
        let two = [Entry::for_tests(b"a", &KEY), Entry::for_tests(b"b", &KEY)];
        assert!(write(&two, Format::Zabbix).is_err());
    }

    #[test]
    fn what_is_written_is_read_back() {
        let identities: [&[u8]; 11] = [
            b"alice",
            b"a b",
            b"a:b",
            b"#616263",
            b" blank",
            b"hex",
            b"text",
            b"base64",
            b"\0\xff\n\r",
            "\u{feff}bom".as_bytes(),
            &[b':'; 65535],
        ];
        for format in [
            Format::Native,
            Format::Mosquitto,
            Format::Gnutls,
            Format::Stunnel,
        ] {
            for identity in identities {
                let Ok(text) = written(identity, &KEY, format) else {
                    assert!(matches!(format, Format::Mosquitto | Format::Stunnel));
                    continue;
                };
                let read = |format| {
                    let file = psk_file::parse(&Origin::stream("x"), text.as_bytes(), format);
                    psk_file::join(vec![file.unwrap()], Wanted::default()).unwrap()
                };
                let [entry] = &read(Some(format))[..] else {
                    panic!("not one entry: {text}");
                };
                assert_eq!(entry.identity, identity, "{format}");
                assert_eq!(entry.key.bytes[..], KEY, "{format}");
                // What the native format and plain lines say is recognised without being told.
                if format == Format::Native {
                    assert_eq!(read(None)[0].identity, identity);
                }
            }
        }
    }
}
