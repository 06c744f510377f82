//! Object identifiers: `OBJ_…` and `ASN1_OBJECT_free`.

use core::ffi::{c_char, c_int};
use std::sync::Arc;

use super::asn1::copy_text;
use super::entry;
use crate::fault::Fault;
use crate::handle;
use crate::x509::object::{self, Object};

/// The object of a number; null if there is none. It is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn OBJ_nid2obj(nid: c_int) -> *mut Object {
    entry(core::ptr::null_mut(), || {
        object::of_nid(nid)
            .map(|object| Arc::as_ptr(object).cast_mut())
            .ok_or_else(|| unknown(nid))
    })
}

/// The short name of a number; null if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn OBJ_nid2sn(nid: c_int) -> *const c_char {
    entry(core::ptr::null(), || {
        object::short_name(nid)
            .map(|name| name.as_ptr())
            .ok_or_else(|| unknown(nid))
    })
}

/// The long name of a number; null if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn OBJ_nid2ln(nid: c_int) -> *const c_char {
    entry(core::ptr::null(), || {
        object::long_name(nid)
            .map(|name| name.as_ptr())
            .ok_or_else(|| unknown(nid))
    })
}

/// The number of an object; `NID_undef` for an unknown one.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OBJ_obj2nid(object: *const Object) -> c_int {
    entry(0, || {
        if object.is_null() {
            return Ok(0);
        }
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.nid())
    })
}

/// The number of a short name, a long name, or an identifier in dots; `NID_undef` if there is none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OBJ_txt2nid(text: *const c_char) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let text = unsafe { handle::string(text) }?;
        Ok(object::of_text(text, false).map_or(object::UNDEFINED, |object| object.nid()))
    })
}

/// The number of a short name; `NID_undef` if there is none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OBJ_sn2nid(text: *const c_char) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let text = unsafe { handle::string(text) }?;
        Ok(object::nid_of_short_name(text))
    })
}

/// The number of a long name; `NID_undef` if there is none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OBJ_ln2nid(text: *const c_char) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let text = unsafe { handle::string(text) }?;
        Ok(object::nid_of_long_name(text))
    })
}

/// The object of a name or of an identifier in dots, of the latter only with `no_name`. The caller frees it.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OBJ_txt2obj(text: *const c_char, no_name: c_int) -> *mut Object {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let text = unsafe { handle::string(text) }?;
        object::of_text(text, no_name != 0)
            .map(handle::into_raw)
            .ok_or_else(|| Fault::argument("neither a known name nor an object identifier in dots"))
    })
}

/// Writes the long name, or with `no_name` the identifier in dots. Returns its length, which may be more than what fits.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OBJ_obj2txt(
    buffer: *mut c_char,
    size: c_int,
    object: *const Object,
    no_name: c_int,
) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let text = object.text(no_name != 0);
        // SAFETY: the caller's contract.
        unsafe { copy_text(text.as_bytes(), buffer, size) };
        Ok(c_int::try_from(text.len()).unwrap_or(c_int::MAX))
    })
}

/// Compares two objects: 0 if they are the same.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OBJ_cmp(a: *const Object, b: *const Object) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's contract.
        let a = unsafe { handle::borrow(a) }?;
        // SAFETY: the caller's contract.
        let b = unsafe { handle::borrow(b) }?;
        Ok(super::order(
            a.oid()
                .len()
                .cmp(&b.oid().len())
                .then_with(|| a.oid().cmp(b.oid())),
        ))
    })
}

/// One more reference to an object, which never changes.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OBJ_dup(object: *const Object) -> *mut Object {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::share(object) }?;
        Ok(handle::into_raw(object))
    })
}

/// Length of the identifier's content in bytes.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OBJ_length(object: *const Object) -> usize {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.oid().len())
    })
}

/// The identifier's content; lives as long as the object.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OBJ_get0_data(object: *const Object) -> *const u8 {
    entry(core::ptr::null(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.oid().as_ptr())
    })
}

/// Gives a reference back. Those that `OBJ_nid2obj` returned are not to be freed; doing it does no harm.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_OBJECT_free(object: *mut Object) {
    entry((), || {
        if object.is_null() {
            return Ok(());
        }
        // SAFETY: the caller's contract.
        let lent = unsafe { handle::borrow(object.cast_const()) }?;
        let is_table = object::of_nid(lent.nid())
            .is_some_and(|known| core::ptr::eq(Arc::as_ptr(known), object));
        if !is_table {
            // SAFETY: the caller's contract.
            drop(unsafe { handle::take(object) });
        }
        Ok(())
    });
}

fn unknown(nid: c_int) -> Fault {
    Fault::argument(format!("no object has the number {nid} here"))
}
