//! What a certificate may be used for, and whether it fits another or a key.

use core::ffi::{c_int, c_long};

use super::entry;
use crate::handle;
use crate::x509::{Pkey, X509, purpose};

/// `X509_V_OK` if the one may have issued the other by names and key identifiers, else the code that says why not.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_check_issued(issuer: *mut X509, subject: *mut X509) -> c_int {
    entry(1, || {
        // SAFETY: the caller's contract.
        let issuer = unsafe { handle::borrow(issuer.cast_const()) }?;
        // SAFETY: the caller's contract.
        let subject = unsafe { handle::borrow(subject.cast_const()) }?;
        Ok(purpose::check_issued(issuer, subject))
    })
}

/// Whether the private key is the certificate's: 1 or 0.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_check_private_key(object: *const X509, key: *const Pkey) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        let key = unsafe { handle::borrow(key) }?;
        if key.belongs_to(object) {
            return Ok(1);
        }
        Err(purpose::key_mismatch())
    })
}

/// Whether the certificate may serve a purpose (`X509_PURPOSE_…`, -1 for any), as a CA or not: 1 or 0; -1 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_check_purpose(object: *mut X509, id: c_int, ca: c_int) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        purpose::check(object, id, ca != 0).map(c_int::from)
    })
}

/// Whether it is a CA's: 1 if it says so, 3 if it is self-issued of version 1, 0 if not.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_check_ca(object: *mut X509) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        let view = object.view()?;
        Ok(match object.version() {
            3 => c_int::from(view.may_be_ca()),
            _ if object.is_self_issued() => 3,
            _ => 0,
        })
    })
}

/// `KU_…`; all bits without such an extension.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_key_usage(object: *mut X509) -> u32 {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        Ok(purpose::key_usage(object))
    })
}

/// `XKU_…`; all bits without such an extension.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_extended_key_usage(object: *mut X509) -> u32 {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        Ok(purpose::extended_key_usage(object))
    })
}

/// `EXFLAG_…`
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_extension_flags(object: *mut X509) -> u32 {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        Ok(purpose::extension_flags(object))
    })
}

/// pathLenConstraint; -1 if there is none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_pathlen(object: *mut X509) -> c_long {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        let len = object
            .view()?
            .path_len()
            .and_then(|len| c_long::try_from(len).ok());
        Ok(len.unwrap_or(-1))
    })
}
