//! What one line of a PSK file says.
//!
//! ```text
//! IDENTITY:KEY        the first ':' separates
//! hex:DIGITS:KEY      an identity of any bytes
//! KEY                 a key alone; its identity is given elsewhere
//! # …                 a comment
//!
//! KEY is  DIGITS | hex:DIGITS | base64:… | text:…
//! ```
//!
//! This is the native format. Where other programs read the same line otherwise, and none of them is named by
//! `--format`, the line is refused: a guess would end in a key that does not match, or worse, in a key that was
//! commented out and works again under another identity.

use std::fmt;

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use crate::exit_psk::LineProblem;
use crate::hex;
use crate::psk_format::Format;

/// RFC 8446 Section 4.2.11: `opaque identity<1..2^16-1>`.
pub(crate) const MAX_IDENTITY_LEN: usize = 65535;

/// How a key was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyForm {
    Hex,
    Base64,
    /// The characters themselves are the key.
    Text,
}

impl KeyForm {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Text => "text",
        }
    }
}

/// A key, wiped when it is dropped.
#[derive(Clone)]
pub(crate) struct Secret {
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    pub(crate) form: KeyForm,
}

impl Secret {
    pub(crate) fn bits(&self) -> usize {
        self.bytes.len() * 8
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.form.name())
    }
}

/// What a line says. `only` names the format that alone writes such a line.
#[derive(Debug)]
pub(crate) enum Line {
    /// It is blank or a comment.
    Nothing,
    Entry {
        identity: Vec<u8>,
        key: Secret,
        only: Option<Format>,
    },
    BareKey {
        key: Secret,
        only: Format,
    },
}

/// Reads a line, without its end, as a format has it; `None` reads what all have in common.
pub(crate) fn read_line(line: &[u8], format: Option<Format>) -> Result<Line, LineProblem> {
    if line.trim_ascii().is_empty() || is_comment(line, format)? {
        return Ok(Line::Nothing);
    }
    let text = std::str::from_utf8(line).map_err(|_| LineProblem::NotUtf8)?;
    let foreign = match format {
        None | Some(Format::Native) => return read_native(text, format),
        Some(Format::Zabbix) => return zabbix_key(text),
        Some(foreign) => foreign,
    };
    let (identity, key) = text.split_once(':').ok_or(LineProblem::NoSeparator)?;
    Ok(Line::Entry {
        identity: foreign_identity(identity, foreign)?,
        key: match foreign {
            Format::Stunnel => stunnel_key(key)?,
            _ => hex_key(key)?,
        },
        only: Some(foreign),
    })
}

/// Reads a key alone, in a form of the native format.
pub(crate) fn read_key(text: &str) -> Result<Secret, LineProblem> {
    native_key(text, Some(Format::Native)).map(|(key, _)| key)
}

/// Lines that begin with `#` are comments for mosquitto, identities in hexadecimal for GnuTLS, and identities that
/// begin with `#` for stunnel.
fn is_comment(line: &[u8], format: Option<Format>) -> Result<bool, LineProblem> {
    let Some(after) = line.strip_prefix(b"#") else {
        let indented = line.trim_ascii_start().starts_with(b"#");
        return Ok(indented && !line.contains(&b':'));
    };
    let is_hex = |bytes: &[u8]| hex::decode(bytes).is_some_and(|bytes| !bytes.is_empty());
    let mut parts = after.splitn(2, |&byte| byte == b':');
    let hex_identity = parts.next().is_some_and(is_hex);
    let key = parts.next();
    match format {
        Some(Format::Gnutls) => Ok(!hex_identity || key.is_none()),
        Some(Format::Stunnel) => Err(LineProblem::StunnelComment),
        Some(Format::Native | Format::Mosquitto | Format::Zabbix) => Ok(true),
        None if hex_identity && key.is_some_and(|key| is_hex(key.trim_ascii())) => {
            Err(LineProblem::CommentOrIdentity)
        }
        None => Ok(true),
    }
}

fn read_native(text: &str, format: Option<Format>) -> Result<Line, LineProblem> {
    let Some((first, rest)) = text.split_once(':') else {
        return match is_hex_digits(text.trim()) {
            true => zabbix_key(text),
            false => Err(LineProblem::NoSeparator),
        };
    };
    let (identity, key, format) = match (first, rest.split_once(':')) {
        ("hex", None) | ("base64" | "text", _) => {
            let only = Format::Native;
            return native_key(text, format).map(|(key, _)| Line::BareKey { key, only });
        }
        ("hex", Some((digits, key))) => {
            let identity = hex::decode(digits.as_bytes()).ok_or(LineProblem::HexIdentity)?;
            // No other program has such an identity, so that the key is not of stunnel's forms.
            (identity.to_vec(), key, Some(Format::Native))
        }
        _ if first.trim() != first => return Err(LineProblem::IdentityBlanks),
        _ => (first.as_bytes().to_vec(), rest, format),
    };
    check_identity(&identity)?;
    let (key, only) = native_key(key, format)?;
    Ok(Line::Entry {
        identity,
        key,
        only: match first {
            "hex" => Some(Format::Native),
            _ => only,
        },
    })
}

/// A key alone, in the form in which Zabbix has it.
fn zabbix_key(text: &str) -> Result<Line, LineProblem> {
    let only = Format::Zabbix;
    hex_key(text).map(|key| Line::BareKey { key, only })
}

/// A key, and the format that alone writes it so.
fn native_key(text: &str, format: Option<Format>) -> Result<(Secret, Option<Format>), LineProblem> {
    let native = |key: Secret| (key, Some(Format::Native));
    let trimmed = text.trim_start();
    if let Some(digits) = trimmed.strip_prefix("hex:") {
        return hex_key(digits).map(native);
    }
    if let Some(base64) = trimmed.strip_prefix("base64:") {
        return base64_key(base64).map(native);
    }
    if let Some(text) = trimmed.strip_prefix("text:") {
        return text_key(text).map(native);
    }
    if is_hex_digits(text.trim()) || trimmed.is_empty() {
        return hex_key(text).map(|key| (key, None));
    }
    match format {
        Some(_) => Err(LineProblem::KeyForm),
        None => bare_text_key(text).map(|key| (key, Some(Format::Stunnel))),
    }
}

/// An identity as another program reads it.
fn foreign_identity(text: &str, format: Format) -> Result<Vec<u8>, LineProblem> {
    let identity = match (format, text.strip_prefix('#')) {
        // psktool writes identities with ':' so; GnuTLS reads every one that begins so.
        (Format::Gnutls, Some(digits)) => hex::decode(digits.as_bytes())
            .ok_or(LineProblem::HexIdentity)?
            .to_vec(),
        // The others take blanks at the ends for a part of the identity.
        (Format::Mosquitto, _) => text.trim_ascii().as_bytes().to_vec(),
        _ => text.as_bytes().to_vec(),
    };
    check_identity(&identity)?;
    Ok(identity)
}

fn check_identity(identity: &[u8]) -> Result<(), LineProblem> {
    match identity.len() {
        0 => Err(LineProblem::IdentityEmpty),
        1..=MAX_IDENTITY_LEN => Ok(()),
        len => Err(LineProblem::IdentityTooLong { len }),
    }
}

/// stunnel takes a key for hexadecimal if OpenSSL can (`OPENSSL_hexstr2buf`, which allows ':' between bytes), else
/// for text.
fn stunnel_key(text: &str) -> Result<Secret, LineProblem> {
    let mut digits = Zeroizing::new(String::with_capacity(text.len()));
    digits.extend(text.chars().filter(|&c| c != ':'));
    let pairs = text.split(':').all(|part| part.len() % 2 == 0);
    if is_hex_digits(&digits) && (pairs || !text.contains(':')) {
        return hex_key(&digits);
    }
    text_key(text)
}

/// A key that is neither hexadecimal nor marked as text: stunnel takes such keys for text. It must not be a slip of
/// another form.
fn bare_text_key(text: &str) -> Result<Secret, LineProblem> {
    if text.contains(':') {
        return Err(LineProblem::SecondSeparator);
    }
    let digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
    let separated = text.strip_prefix("0x").unwrap_or(text);
    let is_separator = |c: char| matches!(c, ' ' | '\t' | '-' | '.' | '_' | ',');
    if digits > 0
        && separated
            .chars()
            .all(|c| c.is_ascii_hexdigit() || is_separator(c))
    {
        return Err(LineProblem::HexSeparators);
    }
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_');
    if text.chars().all(is_base64) {
        return Err(LineProblem::Base64OrText);
    }
    // English words have a third of such letters, German ones less than half.
    if digits * 4 >= text.len() * 3 {
        return Err(LineProblem::HexSlip {
            wrong: text.chars().filter(|c| !c.is_ascii_hexdigit()).count(),
        });
    }
    text_key(text)
}

/// Characters as a key. Blanks at the ends cannot be seen, and are hardly ever meant.
fn text_key(text: &str) -> Result<Secret, LineProblem> {
    if text.is_empty() {
        return Err(LineProblem::KeyEmpty);
    }
    if text.trim() != text {
        return Err(LineProblem::TextBlanks);
    }
    Ok(Secret {
        bytes: Zeroizing::new(text.as_bytes().to_vec()),
        form: KeyForm::Text,
    })
}

fn base64_key(text: &str) -> Result<Secret, LineProblem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(LineProblem::KeyEmpty);
    }
    // With its padding, so that characters lost at the end are noticed.
    let bytes = Base64::decode_vec(text).map_err(|_| LineProblem::BadBase64)?;
    Ok(Secret {
        bytes: Zeroizing::new(bytes),
        form: KeyForm::Base64,
    })
}

fn hex_key(text: &str) -> Result<Secret, LineProblem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(LineProblem::KeyEmpty);
    }
    if !is_hex_digits(text) {
        return Err(LineProblem::NotHex);
    }
    Ok(Secret {
        bytes: hex::decode(text.as_bytes()).ok_or(LineProblem::OddHex { digits: text.len() })?,
        form: KeyForm::Hex,
    })
}

fn is_hex_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Format::{Gnutls, Mosquitto, Native, Stunnel, Zabbix};

    const HEX: &str = "00112233445566778899aabbccddeeff";

    /// What a line says, in one string.
    fn said(line: &str, format: Option<Format>) -> Result<String, LineProblem> {
        let line = line.replace("HEX", HEX);
        read_line(line.as_bytes(), format).map(|line| match line {
            Line::Nothing => "nothing".to_owned(),
            Line::BareKey { key, .. } => format!("{} {}", key.form.name(), key.bytes.len()),
            Line::Entry {
                identity,
                key,
                only,
            } => {
                let identity = String::from_utf8_lossy(&identity);
                let only = only.map_or("any", Format::name);
                format!("{identity} {} {} {only}", key.form.name(), key.bytes.len())
            }
        })
    }

    #[test]
    fn lines_are_recognised() {
        for (line, format, expected) in [
            ("", None, "nothing"),
            (" \t", None, "nothing"),
            ("# a: comment", None, "nothing"),
            ("#alice:HEX", None, "nothing"),
            ("  # indented", None, "nothing"),
            ("alice:HEX", None, "alice hex 16 any"),
            ("alice: HEX ", None, "alice hex 16 any"),
            ("PSK ID 001:HEX", None, "PSK ID 001 hex 16 any"),
            ("alice:hex:HEX", None, "alice hex 16 native"),
            ("alice:base64:AAECAw==", None, "alice base64 4 native"),
            ("alice:text:a : b", None, "alice text 5 native"),
            ("hex:613a62:HEX", None, "a:b hex 16 native"),
            ("hex:613a62:text:x", None, "a:b text 1 native"),
            (
                "alice:My secret pass phrase!",
                None,
                "alice text 22 stunnel",
            ),
            ("HEX", None, "hex 16"),
            ("hex:HEX", None, "hex 16"),
            ("base64:AAEC", None, "base64 3"),
            ("text:a:b", None, "text 3"),
            ("#6162:HEX", Some(Native), "nothing"),
            ("#6162:HEX", Some(Mosquitto), "nothing"),
            ("#613a62:HEX", Some(Gnutls), "a:b hex 16 gnutls"),
            ("# a comment", Some(Gnutls), "nothing"),
            (" alice :HEX", Some(Mosquitto), "alice hex 16 mosquitto"),
            (" alice :HEX", Some(Gnutls), " alice  hex 16 gnutls"),
            ("text:HEX", Some(Stunnel), "text hex 16 stunnel"),
            ("alice:00:11:22", Some(Stunnel), "alice hex 3 stunnel"),
            ("alice:text:x", Some(Stunnel), "alice text 6 stunnel"),
            ("alice:hello", Some(Stunnel), "alice text 5 stunnel"),
            ("HEX", Some(Zabbix), "hex 16"),
        ] {
            assert_eq!(said(line, format).as_deref(), Ok(expected), "{line}");
        }
    }

    #[test]
    fn what_could_mean_two_things_or_nothing_is_refused() {
        use LineProblem as P;
        for (line, format, expected) in [
            ("alice", None, P::NoSeparator),
            ("abc", None, P::OddHex { digits: 3 }),
            (":HEX", None, P::IdentityEmpty),
            ("hex::HEX", None, P::IdentityEmpty),
            ("hex:xyz:HEX", None, P::HexIdentity),
            (" alice:HEX", None, P::IdentityBlanks),
            ("alice :HEX", None, P::IdentityBlanks),
            ("alice:", None, P::KeyEmpty),
            ("alice:text:", None, P::KeyEmpty),
            ("alice:hex: ", None, P::KeyEmpty),
            ("alice:HEX0", None, P::OddHex { digits: 33 }),
            ("alice:hex:xx", None, P::NotHex),
            ("alice:00 11 22", None, P::HexSeparators),
            ("alice:0xHEX", None, P::HexSeparators),
            ("alice:3q2-3q2_", None, P::Base64OrText),
            ("alice:hunter2hunter2hunter2", None, P::Base64OrText),
            ("alice:HEX;", None, P::HexSlip { wrong: 1 }),
            ("alice:HEX # old", None, P::HexSlip { wrong: 5 }),
            ("a:b:HEX", None, P::SecondSeparator),
            ("alice:00:11:22", None, P::SecondSeparator),
            ("alice:a pass phrase! ", None, P::TextBlanks),
            ("alice:text: x", None, P::TextBlanks),
            ("alice:base64:AAECAw", None, P::BadBase64),
            ("alice:base64:A-_=", None, P::BadBase64),
            ("#6162:HEX", None, P::CommentOrIdentity),
            ("#cafe: HEX", None, P::CommentOrIdentity),
            ("alice:pass phrase!", Some(Native), P::KeyForm),
            ("hex:6162:pass phrase!", None, P::KeyForm),
            ("# x", Some(Stunnel), P::StunnelComment),
            ("alice:base64:AAEC", Some(Mosquitto), P::NotHex),
            ("alice:x", Some(Gnutls), P::NotHex),
            ("alice", Some(Gnutls), P::NoSeparator),
            ("alice:HEX", Some(Zabbix), P::NotHex),
        ] {
            assert_eq!(said(line, format), Err(expected), "{line}");
        }
        assert_eq!(
            read_line(b"\xff:00", None).unwrap_err(),
            LineProblem::NotUtf8
        );
        let long = format!("{}:HEX", "a".repeat(65536));
        assert_eq!(
            said(&long, None),
            Err(LineProblem::IdentityTooLong { len: 65536 })
        );
    }

    #[test]
    fn debug_shows_no_key() {
        let line = read_line(b"alice:text:swordfish", None).unwrap();
        assert!(!format!("{line:?}").contains("swordfish"));
        assert!(!format!("{line:?}").contains("115, 119"));
    }
}
