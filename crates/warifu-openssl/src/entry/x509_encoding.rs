//! Certificates as bytes and as text: `d2i_X509`, `i2d_X509`, `X509_print` and their kin.

use core::ffi::{c_int, c_long, c_ulong};

use libc::FILE;
use rustls_pki_types::CertificateDer;

use super::entry;
use crate::bio::Bio;
use crate::handle;
use crate::x509::channel::ToChannel;
use crate::x509::{X509, report};

/// Reads a certificate (DER) and moves `*input` behind it. If `x` is not null, `*x` gets it, and what was there is freed. Null on
/// failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn d2i_X509(
    x: *mut *mut X509,
    input: *mut *const u8,
    len: c_long,
) -> *mut X509 {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        unsafe {
            super::from_der(x, input, len, |der| {
                X509::from_der(CertificateDer::from(der.to_vec()))
            })
        }
    })
}

/// Writes DER: to new memory if `*out` is null, else to `*out`, which is moved behind it. Returns the length; -1 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn i2d_X509(object: *const X509, out: *mut *mut u8) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        unsafe { super::to_der(object.der(), out) }
    })
}

/// Reads a certificate (DER). If `x` is not null, `*x` gets it, and what was there is freed. Null on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn d2i_X509_bio(from: *mut Bio, x: *mut *mut X509) -> *mut X509 {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let der = unsafe { from.to_channel() }?.read_der()?;
        let certificate = X509::from_der(CertificateDer::from(der.to_vec()))?;
        // SAFETY: the caller's contract.
        Ok(unsafe { super::replace(x, certificate) })
    })
}

/// Writes a certificate in DER. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn i2d_X509_bio(to: *mut Bio, object: *const X509) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        unsafe { to.to_channel() }?.write(object.der()).map(|()| 1)
    })
}

/// Reads a certificate (DER). If `x` is not null, `*x` gets it, and what was there is freed. Null on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn d2i_X509_fp(from: *mut FILE, x: *mut *mut X509) -> *mut X509 {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let der = unsafe { from.to_channel() }?.read_der()?;
        let certificate = X509::from_der(CertificateDer::from(der.to_vec()))?;
        // SAFETY: the caller's contract.
        Ok(unsafe { super::replace(x, certificate) })
    })
}

/// Writes a certificate in DER. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn i2d_X509_fp(to: *mut FILE, object: *const X509) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        unsafe { to.to_channel() }?.write(object.der()).map(|()| 1)
    })
}

/// The tbsCertificate of a certificate in DER; see `i2d_X509`.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn i2d_re_X509_tbs(object: *mut X509, out: *mut *mut u8) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        // SAFETY: the caller's contract.
        unsafe { super::to_der(object.view()?.tbs, out) }
    })
}

/// Prints a certificate to a BIO or a file of C.
///
/// # Safety
/// The pointers are null or what their types say.
unsafe fn print(to: impl ToChannel, object: *mut X509) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        let text = report::certificate(object)?;
        // SAFETY: the caller's promise.
        unsafe { to.to_channel() }?
            .write(text.as_bytes())
            .map(|()| 1)
    })
}

/// Prints a certificate for people, in this library's own form. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_print(to: *mut Bio, object: *mut X509) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { print(to, object) }
}

/// Prints a certificate for people, in this library's own form. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_print_ex(
    to: *mut Bio,
    object: *mut X509,
    _name_flags: c_ulong,
    _flags: c_ulong,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { print(to, object) }
}

/// Prints a certificate for people, in this library's own form. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_print_fp(to: *mut FILE, object: *mut X509) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { print(to, object) }
}

/// Prints a certificate for people, in this library's own form. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_print_ex_fp(
    to: *mut FILE,
    object: *mut X509,
    _name_flags: c_ulong,
    _flags: c_ulong,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { print(to, object) }
}
