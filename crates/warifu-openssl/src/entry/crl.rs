//! Revocation lists: `X509_CRL_…`.

use core::ffi::{c_int, c_long};

use super::{entry, lent};
use crate::bio::Bio;
use crate::handle;
use crate::x509::channel::ToChannel;
use crate::x509::crl::Crl;
use crate::x509::name::Name;
use crate::x509::string::Asn1String;

/// Gives a reference to a revocation list back.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_CRL_free(object: *mut Crl) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(())
    });
}

/// Takes one more reference to a revocation list. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_CRL_up_ref(object: *mut Crl) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::share(object) }?;
        let _ = handle::into_raw(object);
        Ok(1)
    })
}

/// The issuer, which the list keeps.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_CRL_get_issuer(object: *const Crl) -> *mut Name {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.issuer()))
    })
}

/// When it was issued; the list keeps it.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_CRL_get0_lastUpdate(object: *const Crl) -> *mut Asn1String {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.this_update()))
    })
}

/// When it was issued; the list keeps it.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_CRL_get_lastUpdate(object: *const Crl) -> *mut Asn1String {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.this_update()))
    })
}

/// When the next one is due, null if it does not say; the list keeps it.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_CRL_get0_nextUpdate(object: *const Crl) -> *mut Asn1String {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.next_update().map_or(core::ptr::null_mut(), lent))
    })
}

/// When the next one is due, null if it does not say; the list keeps it.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_CRL_get_nextUpdate(object: *const Crl) -> *mut Asn1String {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.next_update().map_or(core::ptr::null_mut(), lent))
    })
}

/// Reads a list (DER) and moves `*input` behind it; see `d2i_X509`.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn d2i_X509_CRL(
    crl: *mut *mut Crl,
    input: *mut *const u8,
    len: c_long,
) -> *mut Crl {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        unsafe { super::from_der(crl, input, len, Crl::from_der) }
    })
}

/// Reads a list (DER); see `d2i_X509_bio`.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn d2i_X509_CRL_bio(from: *mut Bio, crl: *mut *mut Crl) -> *mut Crl {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let der = unsafe { from.to_channel() }?.read_der()?;
        let list = Crl::from_der(&der)?;
        // SAFETY: the caller's contract.
        Ok(unsafe { super::replace(crl, list) })
    })
}

/// Writes DER; see `i2d_X509`.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn i2d_X509_CRL(object: *const Crl, out: *mut *mut u8) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        unsafe { super::to_der(object.der(), out) }
    })
}
