//! Extensions of certificates (`X509_EXTENSION`), and the C structures for those that programs look into.

use core::ffi::{c_int, c_void};
use core::ptr;
use std::sync::Arc;

use warifu::certificate::der::{Der, tag};
use warifu::certificate::view;

use super::general_name::GeneralName;
use super::object::Object;
use super::string::Asn1String;
use crate::fault::Fault;
use crate::handle;
use crate::stack::Stack;

/// `X509_EXTENSION`. Immutable.
#[derive(Debug)]
pub struct Extension {
    object: Arc<Object>,
    critical: bool,
    value: Arc<Asn1String>,
}

impl Extension {
    pub(crate) fn of_view(extension: &view::Extension<'_>) -> Arc<Self> {
        Arc::new(Self {
            object: Object::of_oid(extension.oid),
            critical: extension.critical,
            value: Asn1String::new(c_int::from(tag::OCTET_STRING), extension.value),
        })
    }

    pub(crate) fn object(&self) -> &Arc<Object> {
        &self.object
    }

    pub(crate) fn is_critical(&self) -> bool {
        self.critical
    }

    pub(crate) fn value(&self) -> &Arc<Asn1String> {
        &self.value
    }
}

/// `BASIC_CONSTRAINTS`
#[repr(C)]
#[derive(Debug)]
pub struct BasicConstraints {
    ca: c_int,
    path_len: *mut Asn1String,
    owned: *mut Asn1String,
}

impl Drop for BasicConstraints {
    fn drop(&mut self) {
        // SAFETY: from `into_raw`, or null; nothing else frees it.
        drop(unsafe { handle::take(self.owned) });
    }
}

/// The structure for an extension, for C to free.
pub(crate) fn structure(extension: &Extension) -> Result<*mut c_void, Fault> {
    let der = extension.value.bytes();
    let made = match extension.object.nid() {
        // subject_key_identifier
        82 => Der::new(der)
            .value(tag::OCTET_STRING)
            .map(|id| handle::into_raw(Asn1String::new(c_int::from(tag::OCTET_STRING), id)).cast()),
        // key_usage
        83 => Der::new(der)
            .whole(tag::BIT_STRING)
            .map(|bits| handle::into_raw(Asn1String::of_element(bits)).cast()),
        // subject_alt_name, issuer_alt_name
        85 | 86 => GeneralName::all(der).map(|names| {
            let raw = names
                .into_iter()
                .map(|name| Box::into_raw(Box::new(name)).cast());
            Box::into_raw(Stack::new(raw.collect())).cast()
        }),
        // basic_constraints
        87 => Der::only_sequence(der).map(|mut fields| {
            let ca = fields
                .optional(tag::BOOLEAN)
                .is_some_and(|value| value != [0]);
            let path_len = fields
                .optional(tag::INTEGER)
                .map_or(ptr::null_mut(), |len| {
                    handle::into_raw(Asn1String::integer(len))
                });
            let constraints = BasicConstraints {
                ca: if ca { 0xff } else { 0 },
                path_len,
                owned: path_len,
            };
            Box::into_raw(Box::new(constraints)).cast()
        }),
        // ext_key_usage
        126 => Der::only_sequence(der).map(|purposes| {
            let purposes = purposes.filter(|purpose| purpose.tag == tag::OID);
            let objects = purposes.map(|purpose| Object::of_oid(purpose.value));
            Box::into_raw(Stack::of_objects(objects)).cast()
        }),
        _ => {
            let what = extension.object.text(false);
            return Err(Fault::unsupported(format!(
                "there is no structure for the extension {what}; its DER is behind X509_EXTENSION_get_data"
            )));
        }
    };
    made.ok_or_else(|| Fault::argument("an extension that cannot be read"))
}
