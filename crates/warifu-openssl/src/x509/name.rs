//! Distinguished names (`X509_NAME`) and their parts (`X509_NAME_ENTRY`).

use core::ffi::c_int;
use std::cmp::Ordering;
use std::sync::Arc;

use warifu::certificate::der::{Der, tag, wrap};

use super::object::{Object, UNDEFINED, short_name};
use super::string::{Asn1String, text_of};
use crate::fault::Fault;

const SET: u8 = 0x31;

/// `X509_NAME`. Immutable.
#[derive(Debug)]
pub struct Name {
    der: Vec<u8>,
    entries: Vec<Arc<NameEntry>>,
    /// The relative names in the form in which OpenSSL compares and hashes them.
    canonical: Vec<u8>,
}

/// `X509_NAME_ENTRY`: one attribute and its value. Immutable.
#[derive(Debug)]
pub struct NameEntry {
    object: Arc<Object>,
    value: Arc<Asn1String>,
    /// With tag and length.
    value_der: Vec<u8>,
    /// Which relative name of the whole it is in, from 0.
    set: c_int,
}

impl NameEntry {
    pub(crate) fn object(&self) -> &Arc<Object> {
        &self.object
    }

    pub(crate) fn value(&self) -> &Arc<Asn1String> {
        &self.value
    }

    pub(crate) fn value_der(&self) -> &[u8] {
        &self.value_der
    }

    pub(crate) fn set(&self) -> c_int {
        self.set
    }
}

impl Name {
    /// Reads a Name (DER, the whole SEQUENCE).
    pub(crate) fn from_der(der: &[u8]) -> Result<Arc<Self>, Fault> {
        let name = Self::parse(der);
        name.map(Arc::new)
            .ok_or_else(|| Fault::argument("not a distinguished name in DER"))
    }

    fn parse(der: &[u8]) -> Option<Self> {
        let (mut entries, mut canonical) = (Vec::new(), Vec::new());
        let mut sets = Der::only_sequence(der)?;
        let mut number: c_int = 0;
        while !sets.is_empty() {
            let mut attributes = Der::new(sets.value(SET)?);
            let mut canonical_attributes = Vec::new();
            while !attributes.is_empty() {
                let mut fields = Der::new(attributes.value(tag::SEQUENCE)?);
                let (oid, value) = (fields.whole(tag::OID)?, fields.element()?);
                if !fields.is_empty() {
                    return None;
                }
                canonical_attributes.push(wrap(
                    tag::SEQUENCE,
                    &[
                        oid.whole,
                        &canonical_value(value.tag, value.value, value.whole),
                    ],
                ));
                entries.push(Arc::new(NameEntry {
                    object: Object::of_oid(oid.value),
                    value: Asn1String::of_element(value),
                    value_der: value.whole.to_vec(),
                    set: number,
                }));
            }
            canonical_attributes.sort();
            canonical.extend(wrap(SET, &[&canonical_attributes.concat()]));
            number = number.checked_add(1)?;
        }
        Some(Self {
            der: der.to_vec(),
            entries,
            canonical,
        })
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    pub(crate) fn entries(&self) -> &[Arc<NameEntry>] {
        &self.entries
    }

    pub(crate) fn canonical(&self) -> &[u8] {
        &self.canonical
    }

    /// Shorter names first; letter case and blanks in the values do not matter.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let len = self.canonical.len().cmp(&other.canonical.len());
        len.then_with(|| self.canonical.cmp(&other.canonical))
    }

    /// The entries with this attribute, with their places.
    pub(crate) fn with_nid(&self, nid: c_int) -> impl Iterator<Item = (usize, &Arc<NameEntry>)> {
        let of_nid = move |entry: &&Arc<NameEntry>| nid != UNDEFINED && entry.object.nid() == nid;
        self.entries
            .iter()
            .enumerate()
            .filter(move |(_, entry)| of_nid(entry))
    }

    /// `X509_NAME_oneline`: `/C=DE/CN=example`, of entries as far as they fit in `limit` bytes. What is not printable ASCII
    /// becomes `\xHH`, and separators in values get a backslash.
    pub(crate) fn oneline(&self, limit: usize) -> String {
        self.joined("/", "/", limit)
    }

    /// `X509_NAME_print`: as [`oneline`](Self::oneline), with commas.
    pub(crate) fn comma_separated(&self) -> String {
        self.joined("", ", ", usize::MAX)
    }

    fn joined(&self, before: &str, between: &str, limit: usize) -> String {
        let mut text = String::new();
        let mut previous = None;
        for entry in &self.entries {
            let name = attribute_name(entry);
            let mut part = match previous {
                None => before,
                Some(set) if set == entry.set => "+",
                // A comma stands before the classic names only, so that what follows reads `CN=x/emailAddress=y`.
                Some(_)
                    if matches!(name.as_bytes(), [b'A'..=b'Z'] | [b'A'..=b'Z', b'A'..=b'Z']) =>
                {
                    between
                }
                Some(_) => "/",
            }
            .to_owned();
            previous = Some(entry.set);
            part.push_str(&name);
            part.push('=');
            push_oneline(&mut part, entry.value.bytes());
            if text.len() + part.len() > limit {
                break;
            }
            text.push_str(&part);
        }
        text
    }
}

fn attribute_name(entry: &NameEntry) -> String {
    match short_name(entry.object.nid()) {
        Some(name) if entry.object.nid() != UNDEFINED => name.to_string_lossy().into_owned(),
        _ => entry.object.text(true),
    }
}

fn push_oneline(text: &mut String, bytes: &[u8]) {
    for &byte in bytes {
        if matches!(byte, b'/' | b'+') {
            text.push('\\');
        }
        if (b' '..=b'~').contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("\\x{byte:02X}"));
        }
    }
}

/// A value as it is compared: text as UTF8String, in small letters, with single blanks between words and none around.
fn canonical_value(string_tag: u8, value: &[u8], whole: &[u8]) -> Vec<u8> {
    let Some(text) = text_of(string_tag, value) else {
        return whole.to_vec();
    };
    let mut canonical = String::with_capacity(text.len());
    let blank = |character: char| matches!(character, ' ' | '\t'..='\r');
    for word in text.split(blank).filter(|word| !word.is_empty()) {
        if !canonical.is_empty() {
            canonical.push(' ');
        }
        canonical.push_str(&word.to_ascii_lowercase());
    }
    wrap(tag::UTF8_STRING, &[canonical.as_bytes()])
}
