//! Names of subjectAltName as C structures (`GENERAL_NAME`): programs look into them.

use core::ffi::{c_int, c_void};
use std::sync::Arc;

use warifu::certificate::der::{Der, Element, tag};

use super::name::Name;
use super::object::Object;
use super::string::Asn1String;
use crate::handle;

/// `V_ASN1_OTHER`
const OTHER: c_int = -3;

/// `GENERAL_NAME`
#[repr(C)]
#[derive(Debug)]
pub struct GeneralName {
    kind: c_int,
    /// What it points to depends on the kind.
    value: *mut c_void,
    /// What kind it really is, whatever C may have written.
    of: Kind,
    owned: *mut c_void,
}

/// `OTHERNAME`
#[repr(C)]
#[derive(Debug)]
pub struct OtherName {
    type_id: *mut Object,
    value: *mut Asn1Type,
}

/// `ASN1_TYPE`
#[repr(C)]
#[derive(Debug)]
pub struct Asn1Type {
    kind: c_int,
    value: *mut Asn1String,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    OtherName,
    String,
    Name,
    Object,
}

impl GeneralName {
    /// Reads one; `None` for what is none.
    pub(crate) fn of_element(element: Element<'_>) -> Option<Self> {
        let number = element.tag & 0x1f;
        let (of, owned) = match number {
            0 => (Kind::OtherName, other_name(element.value)?.cast()),
            4 => {
                let mut explicit = Der::new(element.value);
                let name = Name::from_der(explicit.element()?.whole).ok()?;
                (Kind::Name, handle::into_raw(name).cast())
            }
            8 => (
                Kind::Object,
                handle::into_raw(Object::of_oid(element.value)).cast(),
            ),
            // x400Address and ediPartyName as they are written.
            3 | 5 => (Kind::String, string(OTHER, element.whole).cast()),
            1 | 2 | 6 => (
                Kind::String,
                string(c_int::from(tag::IA5_STRING), element.value).cast(),
            ),
            7 => (
                Kind::String,
                string(c_int::from(tag::OCTET_STRING), element.value).cast(),
            ),
            _ => return None,
        };
        Some(Self {
            kind: c_int::from(number),
            value: owned,
            of,
            owned,
        })
    }

    /// All names in the value of a subjectAltName; `None` if one cannot be read.
    pub(crate) fn all(der: &[u8]) -> Option<Vec<Self>> {
        let mut names = Der::only_sequence(der)?;
        let mut found = Vec::new();
        while !names.is_empty() {
            found.push(Self::of_element(names.element()?)?);
        }
        Some(found)
    }

    /// `GEN_…` and a pointer to the value.
    pub(crate) fn value(&self) -> (c_int, *mut c_void) {
        (self.kind, self.value)
    }
}

impl Drop for GeneralName {
    fn drop(&mut self) {
        // SAFETY: `owned` is from `into_raw` or `Box::into_raw` as its kind says, and nothing else frees it.
        unsafe {
            match self.of {
                Kind::String => drop(handle::take(self.owned.cast::<Asn1String>())),
                Kind::Name => drop(handle::take(self.owned.cast::<Name>())),
                Kind::Object => drop(handle::take(self.owned.cast::<Object>())),
                Kind::OtherName => drop(Box::from_raw(self.owned.cast::<OtherName>())),
            }
        }
    }
}

impl Drop for OtherName {
    fn drop(&mut self) {
        // SAFETY: made by `other_name`; C was told not to change them.
        unsafe {
            drop(handle::take(self.type_id));
            let value = Box::from_raw(self.value);
            drop(handle::take(value.value));
        }
    }
}

fn string(kind: c_int, bytes: &[u8]) -> *mut Asn1String {
    handle::into_raw(Asn1String::new(kind, bytes))
}

fn other_name(content: &[u8]) -> Option<*mut OtherName> {
    let mut fields = Der::new(content);
    let object = Object::of_oid(fields.value(tag::OID)?);
    let value = Der::new(fields.value(tag::context(0))?).element()?;
    let is_string = matches!(value.tag, 4 | 12 | 18..=30);
    let (kind, value) = if is_string {
        (c_int::from(value.tag), Asn1String::of_element(value))
    } else {
        // As a whole, for the program to read.
        let kind = if value.tag == tag::SEQUENCE {
            16
        } else {
            OTHER
        };
        (kind, Asn1String::new(kind, value.whole))
    };
    let value: Arc<Asn1String> = value;
    Some(Box::into_raw(Box::new(OtherName {
        type_id: handle::into_raw(object),
        value: Box::into_raw(Box::new(Asn1Type {
            kind,
            value: handle::into_raw(value),
        })),
    })))
}
