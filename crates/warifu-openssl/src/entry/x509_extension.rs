//! Extensions of certificates: `X509_get_ext…`, `X509_EXTENSION_…`, and the C structures for some.

use core::ffi::{c_int, c_void};

use super::{entry, lent};
use crate::fault::Fault;
use crate::handle;
use crate::stack::Stack;
use crate::x509::X509;
use crate::x509::extension::{self, BasicConstraints, Extension};
use crate::x509::general_name::GeneralName;
use crate::x509::object::Object;
use crate::x509::string::Asn1String;

/// How many extensions.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_ext_count(object: *const X509) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(c_int::try_from(object.extensions().len()).unwrap_or(c_int::MAX))
    })
}

/// The extension at an index, which the certificate keeps; null if there is none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_ext(object: *const X509, index: c_int) -> *mut Extension {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let extension = usize::try_from(index)
            .ok()
            .and_then(|index| object.extensions().get(index));
        extension.map(lent).ok_or(Fault::Quiet)
    })
}

/// The index of the next extension with this NID behind `last` (-1: from the first on); -1 if there is none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_ext_by_NID(
    object: *const X509,
    nid: c_int,
    last: c_int,
) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let mut extensions = object.extensions().iter().enumerate();
        let next = extensions.find(|(index, extension)| {
            c_int::try_from(*index).is_ok_and(|index| index > last)
                && extension.object().nid() == nid
        });
        next.and_then(|(index, _)| c_int::try_from(index).ok())
            .ok_or(Fault::Quiet)
    })
}

/// Which extension it is; the extension keeps the object.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_EXTENSION_get_object(object: *const Extension) -> *mut Object {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.object()))
    })
}

/// The value, DER; the extension keeps it.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_EXTENSION_get_data(object: *const Extension) -> *mut Asn1String {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.value()))
    })
}

/// Whether it is critical: 1 or 0.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_EXTENSION_get_critical(object: *const Extension) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(c_int::from(object.is_critical()))
    })
}

/// The extension with this NID as a C structure (see the header), which the caller frees by the function for its type; null if
/// there is none. `*critical` becomes 1 or 0; -1 if there is none, -2 if there are several.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_ext_d2i(
    object: *const X509,
    nid: c_int,
    critical: *mut c_int,
    index: *mut c_int,
) -> *mut c_void {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let mut found = object
            .extensions()
            .iter()
            .filter(|extension| extension.object().nid() == nid);
        let (first, second) = (found.next(), found.next());
        let Some(first) = first.filter(|_| second.is_none()) else {
            let outcome = if second.is_some() { -2 } else { -1 };
            // SAFETY: the caller's contract.
            unsafe { handle::store(critical, outcome) };
            // SAFETY: the caller's contract.
            unsafe { handle::store(index, -1) };
            return Err(Fault::Quiet);
        };
        // SAFETY: the caller's contract.
        unsafe { handle::store(critical, c_int::from(first.is_critical())) };
        extension::structure(first)
    })
}

/// The value of an extension as a C structure; see `X509_get_ext_d2i`.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509V3_EXT_d2i(object: *mut Extension) -> *mut c_void {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        extension::structure(object)
    })
}

/// The subject key identifier, which the certificate keeps; null if there is none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get0_subject_key_id(object: *const X509) -> *mut Asn1String {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.key_identifier().ok_or(Fault::Quiet)?))
    })
}

/// Frees what `X509_get_ext_d2i` returned for basicConstraints.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BASIC_CONSTRAINTS_free(object: *mut BasicConstraints) {
    entry((), || {
        if !object.is_null() {
            // SAFETY: from `Box::into_raw`, and the caller's to free.
            drop(unsafe { Box::from_raw(object) });
        }
        Ok(())
    });
}

/// Frees one name.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GENERAL_NAME_free(object: *mut GeneralName) {
    entry((), || {
        if !object.is_null() {
            // SAFETY: from `Box::into_raw`, and the caller's to free.
            drop(unsafe { Box::from_raw(object) });
        }
        Ok(())
    });
}

/// Frees names and their stack: what `X509_get_ext_d2i` returned for subjectAltName.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GENERAL_NAMES_free(names: *mut Stack) {
    entry((), || {
        // SAFETY: the caller's contract.
        if let Some(stack) = unsafe { names.as_ref() } {
            for name in stack.elements() {
                // SAFETY: the caller's contract.
                unsafe { GENERAL_NAME_free(name.cast()) };
            }
        }
        // SAFETY: the caller's contract.
        unsafe { super::stack::OPENSSL_sk_free(names) };
        Ok(())
    });
}

/// Frees objects and their stack: what `X509_get_ext_d2i` returned for extendedKeyUsage.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EXTENDED_KEY_USAGE_free(purposes: *mut Stack) {
    entry((), || {
        // SAFETY: the caller's contract.
        if let Some(stack) = unsafe { purposes.as_ref() } {
            for purpose in stack.elements() {
                // SAFETY: the caller's contract.
                unsafe { super::object::ASN1_OBJECT_free(purpose.cast()) };
            }
        }
        // SAFETY: the caller's contract.
        unsafe { super::stack::OPENSSL_sk_free(purposes) };
        Ok(())
    });
}

/// The kind of a name, and by `kind` a pointer to its value, which it keeps.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GENERAL_NAME_get0_value(
    object: *const GeneralName,
    kind: *mut c_int,
) -> *mut c_void {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let (number, value) = object.value();
        // SAFETY: the caller's contract.
        unsafe { handle::store(kind, number) };
        Ok(value)
    })
}

/// Bit `index` of a bit string: 1 or 0.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_BIT_STRING_get_bit(object: *const Asn1String, index: c_int) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let index = usize::try_from(index).map_err(|_| Fault::Quiet)?;
        let byte = object.bytes().get(index / 8).copied().unwrap_or(0);
        Ok(c_int::from(byte >> (7 - index % 8) & 1))
    })
}
