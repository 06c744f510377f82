//! Whether a certificate is for a host: `X509_check_host` and its kin.

use core::ffi::{c_char, c_int, c_uint};

use super::entry;
use crate::fault::Fault;
use crate::handle;
use crate::memory;
use crate::x509::{X509, host};

/// 1 if the certificate is for this host, 0 if not, -2 for a name that is none; `len` 0: a string. `*peer_name` gets the
/// certificate's name that matched, to be freed by `OPENSSL_free`.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_check_host(
    object: *mut X509,
    name: *const c_char,
    len: usize,
    flags: c_uint,
    peer_name: *mut *mut c_char,
) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        // SAFETY: the caller's contract.
        let name = unsafe { wanted(name, len) }?;
        match host::matching_host(object, name, flags) {
            Some(found) => {
                if !peer_name.is_null() {
                    let copy = memory::to_c_string(found.as_bytes())?;
                    // SAFETY: the caller's contract.
                    unsafe { handle::store(peer_name, copy) };
                }
                Ok(1)
            }
            None => Ok(0),
        }
    })
}

/// 1 if the certificate is for this mailbox, 0 if not, -2 for an address that is none; `len` 0: a string.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_check_email(
    object: *mut X509,
    address: *const c_char,
    len: usize,
    flags: c_uint,
) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        // SAFETY: the caller's contract.
        let address = unsafe { wanted(address, len) }?;
        Ok(c_int::from(
            host::matching_email(object, address, flags).is_some(),
        ))
    })
}

/// 1 if the certificate is for this address of 4 or 16 bytes, 0 if not, -2 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_check_ip(
    object: *mut X509,
    address: *const u8,
    len: usize,
    _flags: c_uint,
) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        // SAFETY: the caller's contract.
        let address = unsafe { handle::long_bytes(address, len) }?;
        Ok(c_int::from(host::has_address(object, address)))
    })
}

/// As `X509_check_ip`, for an address in text; -2 if it is none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_check_ip_asc(
    object: *mut X509,
    address: *const c_char,
    _flags: c_uint,
) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        // SAFETY: the caller's contract.
        let address = unsafe { handle::text(address) }?;
        let address = host::address_bytes(address).ok_or(Fault::Quiet)?;
        Ok(c_int::from(host::has_address(object, &address)))
    })
}

/// A name that C gives with a length, or as a string. One NUL at its end does not count; any other makes it no name.
///
/// # Safety
/// `name` has `len` readable bytes, or is a string if `len` is 0, or is null.
pub(crate) unsafe fn wanted<'a>(name: *const c_char, len: usize) -> Result<&'a [u8], Fault> {
    if len == 0 {
        // SAFETY: the caller's promise.
        return unsafe { handle::string(name) };
    }
    // SAFETY: the caller's promise.
    let name = unsafe { handle::long_bytes(name.cast(), len) }?;
    let name = match name {
        [name @ .., 0] if !name.is_empty() => name,
        name => name,
    };
    if name.contains(&0) {
        return Err(Fault::Quiet);
    }
    Ok(name)
}
