//! Hashes and HMAC in one call: `SHA256` and its kin, `HMAC`.

use core::ffi::{c_int, c_uint, c_void};

use warifu_crypto::HmacKey;

use super::digest::store;
use super::entry;
use crate::fault::Fault;
use crate::handle;
use crate::x509::digest;
use crate::x509::digest::Algorithm;

/// Writes the hash of bytes to `to`, or, if that is null, to memory of this thread that lasts until the next such call. Returns
/// where it is; null on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn MD5(data: *const u8, len: usize, to: *mut u8) -> *mut u8 {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let data = unsafe { handle::long_bytes(data, len) }?;
        // SAFETY: the caller's contract.
        unsafe { one_shot(&digest::MD5, data, to) }
    })
}

/// Writes the hash of bytes to `to`, or, if that is null, to memory of this thread that lasts until the next such call. Returns
/// where it is; null on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SHA1(data: *const u8, len: usize, to: *mut u8) -> *mut u8 {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let data = unsafe { handle::long_bytes(data, len) }?;
        // SAFETY: the caller's contract.
        unsafe { one_shot(&digest::SHA1, data, to) }
    })
}

/// Writes the hash of bytes to `to`, or, if that is null, to memory of this thread that lasts until the next such call. Returns
/// where it is; null on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SHA256(data: *const u8, len: usize, to: *mut u8) -> *mut u8 {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let data = unsafe { handle::long_bytes(data, len) }?;
        // SAFETY: the caller's contract.
        unsafe { one_shot(&digest::SHA256, data, to) }
    })
}

/// Writes the hash of bytes to `to`, or, if that is null, to memory of this thread that lasts until the next such call. Returns
/// where it is; null on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SHA384(data: *const u8, len: usize, to: *mut u8) -> *mut u8 {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let data = unsafe { handle::long_bytes(data, len) }?;
        // SAFETY: the caller's contract.
        unsafe { one_shot(&digest::SHA384, data, to) }
    })
}

/// Writes the hash of bytes to `to`, or, if that is null, to memory of this thread that lasts until the next such call. Returns
/// where it is; null on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SHA512(data: *const u8, len: usize, to: *mut u8) -> *mut u8 {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let data = unsafe { handle::long_bytes(data, len) }?;
        // SAFETY: the caller's contract.
        unsafe { one_shot(&digest::SHA512, data, to) }
    })
}

/// Writes HMAC (SHA-256, SHA-384, SHA-512) of bytes, and its length to `*len`. Returns `to`; null on failure, and without `to`.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn HMAC(
    algorithm: *const Algorithm,
    key: *const c_void,
    key_len: c_int,
    data: *const u8,
    count: usize,
    to: *mut u8,
    len: *mut c_uint,
) -> *mut u8 {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let algorithm = unsafe { handle::borrow(algorithm) }?;
        // SAFETY: the caller's contract.
        let key = unsafe { handle::bytes(key.cast(), key_len) }?;
        // SAFETY: the caller's contract.
        let data = unsafe { handle::long_bytes(data, count) }?;
        let hash = algorithm
            .strong()
            .ok_or_else(|| Fault::unsupported("HMAC is there with SHA-256, SHA-384 and SHA-512"))?;
        let tag = HmacKey::new(hash, key).sign(&[data]);
        // SAFETY: the caller's contract.
        unsafe { store(tag.as_ref(), to, len) }?;
        Ok(to)
    })
}

thread_local! {
    static LAST: core::cell::UnsafeCell<[u8; 64]> = const { core::cell::UnsafeCell::new([0; 64]) };
}

/// # Safety
/// `to` has room for the hash, or is null.
unsafe fn one_shot(algorithm: &Algorithm, data: &[u8], to: *mut u8) -> Result<*mut u8, Fault> {
    let hash = algorithm.digest(data);
    let to = if to.is_null() {
        LAST.try_with(|last| last.get().cast::<u8>())
            .map_err(|_| Fault::Quiet)?
    } else {
        to
    };
    // SAFETY: room for the longest hash, or the caller's promise; nothing borrows this memory.
    unsafe { core::ptr::copy_nonoverlapping(hash.as_ptr(), to, hash.len()) };
    Ok(to)
}
