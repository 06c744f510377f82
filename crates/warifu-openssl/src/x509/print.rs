//! How names and strings are printed (`X509_NAME_print_ex`, `ASN1_STRING_print_ex`).

use core::ffi::{CStr, c_ulong};
use std::sync::Arc;

use warifu::certificate::der::wrap;

use super::name::{Name, NameEntry};
use super::object::{UNDEFINED, long_name, short_name};
use super::string::{Asn1String, text_of};

// ASN1_STRFLGS_…
const ESC_2253: c_ulong = 1;
const ESC_CTRL: c_ulong = 2;
const ESC_MSB: c_ulong = 4;
const ESC_QUOTE: c_ulong = 8;
const UTF8_CONVERT: c_ulong = 0x10;
const IGNORE_TYPE: c_ulong = 0x20;
const SHOW_TYPE: c_ulong = 0x40;
const DUMP_ALL: c_ulong = 0x80;
const DUMP_UNKNOWN: c_ulong = 0x100;
const DUMP_DER: c_ulong = 0x200;
const ESC_2254: c_ulong = 0x400;

// XN_FLAG_…
const SEP_MASK: c_ulong = 0xf << 16;
const SEP_COMMA_PLUS: c_ulong = 1 << 16;
const SEP_CPLUS_SPC: c_ulong = 2 << 16;
const SEP_SPLUS_SPC: c_ulong = 3 << 16;
const SEP_MULTILINE: c_ulong = 4 << 16;
const DN_REV: c_ulong = 1 << 20;
const FN_MASK: c_ulong = 3 << 21;
const FN_SN: c_ulong = 0;
const FN_LN: c_ulong = 1 << 21;
const FN_NONE: c_ulong = 3 << 21;
const SPC_EQ: c_ulong = 1 << 23;
const DUMP_UNKNOWN_FIELDS: c_ulong = 1 << 24;
const FN_ALIGN: c_ulong = 1 << 25;

/// `XN_FLAG_ONELINE`
pub(crate) const ONELINE: c_ulong = ESC_2253
    | ESC_CTRL
    | ESC_MSB
    | UTF8_CONVERT
    | DUMP_UNKNOWN
    | DUMP_DER
    | ESC_QUOTE
    | SEP_CPLUS_SPC
    | SPC_EQ;

/// A name under `XN_FLAG_…`; bytes, since without [`UTF8_CONVERT`] they need not be UTF-8. `None` for flags that say nothing
/// known.
pub(crate) fn name(name: &Name, indent: usize, flags: c_ulong) -> Option<Vec<u8>> {
    let margin = " ".repeat(indent);
    if flags == 0 {
        return Some(name.comma_separated().into_bytes());
    }
    let (between_names, between_values): (&str, &str) = match flags & SEP_MASK {
        SEP_MULTILINE => ("\n", " + "),
        SEP_COMMA_PLUS => (",", "+"),
        SEP_CPLUS_SPC => (", ", " + "),
        SEP_SPLUS_SPC => ("; ", " + "),
        _ => return None,
    };
    let mut entries: Vec<&Arc<NameEntry>> = name.entries().iter().collect();
    if flags & DN_REV != 0 {
        entries.reverse();
    }
    let mut out = margin.clone().into_bytes();
    let mut previous = None;
    for entry in entries {
        match previous {
            None => {}
            Some(set) if set == entry.set() => out.extend(between_values.bytes()),
            Some(_) => {
                out.extend(between_names.bytes());
                if flags & SEP_MASK == SEP_MULTILINE {
                    out.extend(margin.bytes());
                }
            }
        }
        previous = Some(entry.set());
        push_entry(&mut out, entry, flags);
    }
    Some(out)
}

fn push_entry(out: &mut Vec<u8>, entry: &NameEntry, flags: c_ulong) {
    let nid = entry.object().nid();
    let kind = flags & FN_MASK;
    if kind != FN_NONE {
        let named = |name: Option<&'static core::ffi::CStr>| {
            name.filter(|_| nid != UNDEFINED)
                .map(|name| name.to_string_lossy().into_owned())
        };
        let (label, width) = match kind {
            FN_SN => (named(short_name(nid)), 10),
            FN_LN => (named(long_name(nid)), 25),
            _ => (None, 0),
        };
        // Numbers are not aligned.
        let width = if label.is_some() { width } else { 0 };
        let label = label.unwrap_or_else(|| entry.object().text(true));
        out.extend(label.bytes());
        if flags & FN_ALIGN != 0 {
            out.extend(core::iter::repeat_n(
                b' ',
                usize::saturating_sub(width, label.len()),
            ));
        }
        out.extend_from_slice(if flags & SPC_EQ != 0 { b" = " } else { b"=" });
    }
    let unknown = nid == UNDEFINED && flags & DUMP_UNKNOWN_FIELDS != 0;
    let flags = if unknown { flags | DUMP_ALL } else { flags };
    out.extend(value(entry.value(), Some(entry.value_der()), flags));
}

/// A string under `ASN1_STRFLGS_…`.
pub(crate) fn string(string: &Asn1String, flags: c_ulong) -> Vec<u8> {
    value(string, None, flags)
}

fn value(string: &Asn1String, der: Option<&[u8]>, flags: c_ulong) -> Vec<u8> {
    let string_tag = u8::try_from(string.kind()).unwrap_or(0);
    let mut out = Vec::new();
    if flags & SHOW_TYPE != 0 {
        out.extend_from_slice(type_name(string_tag).to_bytes());
        out.push(b':');
    }
    let is_text = flags & DUMP_ALL == 0
        && (flags & (IGNORE_TYPE | DUMP_UNKNOWN) != DUMP_UNKNOWN || known_text(string_tag));
    if !is_text {
        let whole;
        let bytes = match der {
            _ if flags & DUMP_DER == 0 => string.bytes(),
            Some(der) => der,
            None => {
                whole = wrap(string_tag, &[string.bytes()]);
                &whole
            }
        };
        out.push(b'#');
        for byte in bytes {
            out.extend(format!("{byte:02X}").bytes());
        }
        return out;
    }
    // As bytes where the type says nothing, or is not looked at, or is not to be believed.
    let as_latin1 = || {
        string
            .bytes()
            .iter()
            .map(|byte| char::from(*byte))
            .collect()
    };
    let text: String = if flags & IGNORE_TYPE != 0 {
        as_latin1()
    } else {
        text_of(string_tag, string.bytes()).unwrap_or_else(as_latin1)
    };
    let escaped = Escape::new(flags).text(&text);
    out.extend(escaped);
    out
}

/// Whether the type is one of text whose characters are known.
fn known_text(string_tag: u8) -> bool {
    matches!(string_tag, 12 | 18..=20 | 22..=24 | 26 | 28 | 30)
}

/// The name of a tag, as `ASN1_tag2str` tells it.
pub(crate) fn type_name(string_tag: u8) -> &'static CStr {
    match string_tag {
        2 => c"INTEGER",
        3 => c"BIT STRING",
        4 => c"OCTET STRING",
        10 => c"ENUMERATED",
        12 => c"UTF8STRING",
        18 => c"NUMERICSTRING",
        19 => c"PRINTABLESTRING",
        20 => c"T61STRING",
        22 => c"IA5STRING",
        23 => c"UTCTIME",
        24 => c"GENERALIZEDTIME",
        26 => c"VISIBLESTRING",
        28 => c"UNIVERSALSTRING",
        30 => c"BMPSTRING",
        _ => c"(unknown)",
    }
}

struct Escape {
    flags: c_ulong,
    needs_quotes: bool,
}

impl Escape {
    fn new(flags: c_ulong) -> Self {
        Self {
            flags,
            needs_quotes: false,
        }
    }

    /// RFC 4514 Section 2.4, as far as the flags want it.
    fn text(mut self, text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let last = text.chars().count().saturating_sub(1);
        let mut utf8 = [0; 4];
        for (index, character) in text.chars().enumerate() {
            let at_end = (index == 0, index == last);
            if self.flags & UTF8_CONVERT != 0 {
                for byte in character.encode_utf8(&mut utf8).bytes() {
                    self.byte(&mut out, byte, at_end);
                }
                continue;
            }
            match u32::from(character) {
                code @ 0..=0xff => {
                    self.byte(&mut out, u8::try_from(code).unwrap_or(b'?'), at_end);
                }
                code @ 0x100..=0xffff => out.extend(format!("\\U{code:04X}").bytes()),
                code => out.extend(format!("\\W{code:08X}").bytes()),
            }
        }
        if self.needs_quotes {
            out.insert(0, b'"');
            out.push(b'"');
        }
        out
    }

    fn byte(&mut self, out: &mut Vec<u8>, byte: u8, (first, last): (bool, bool)) {
        let has = |flag| self.flags & flag != 0;
        let special = match byte {
            b',' | b'+' | b'"' | b'\\' | b'<' | b'>' | b';' => true,
            b' ' => first || last,
            b'#' => first,
            _ => false,
        };
        if special && has(ESC_2253) {
            if has(ESC_QUOTE) && !matches!(byte, b'"' | b'\\') {
                self.needs_quotes = true;
                out.push(byte);
            } else {
                out.extend_from_slice(&[b'\\', byte]);
            }
            return;
        }
        let in_hexadecimal = match byte {
            0x80.. => has(ESC_MSB),
            0..=0x1f | 0x7f if has(ESC_CTRL) => true,
            0 | b'(' | b')' | b'*' | b'\\' => has(ESC_2254),
            _ => false,
        };
        if in_hexadecimal {
            out.extend(format!("\\{byte:02X}").bytes());
        } else if byte == b'\\' && has(ESC_2253 | ESC_2254 | ESC_QUOTE | ESC_CTRL | ESC_MSB) {
            out.extend_from_slice(b"\\\\");
        } else {
            out.push(byte);
        }
    }
}
