//! Hashes: `EVP_MD_…`, `EVP_Digest…`, `SHA256` and their kin, `HMAC`.

use core::ffi::{c_char, c_int, c_uint, c_void};
use std::sync::Arc;

use super::entry;
use crate::fault::Fault;
use crate::handle;
use crate::x509::digest;
use crate::x509::digest::{Algorithm, DigestContext};

/// The hash MD5. Never freed.
#[unsafe(no_mangle)]
pub extern "C" fn EVP_md5() -> *const Algorithm {
    &raw const digest::MD5
}

/// The hash SHA1. Never freed.
#[unsafe(no_mangle)]
pub extern "C" fn EVP_sha1() -> *const Algorithm {
    &raw const digest::SHA1
}

/// The hash SHA256. Never freed.
#[unsafe(no_mangle)]
pub extern "C" fn EVP_sha256() -> *const Algorithm {
    &raw const digest::SHA256
}

/// The hash SHA384. Never freed.
#[unsafe(no_mangle)]
pub extern "C" fn EVP_sha384() -> *const Algorithm {
    &raw const digest::SHA384
}

/// The hash SHA512. Never freed.
#[unsafe(no_mangle)]
pub extern "C" fn EVP_sha512() -> *const Algorithm {
    &raw const digest::SHA512
}

/// The hash with this name; null if there is none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_get_digestbyname(name: *const c_char) -> *const Algorithm {
    entry(core::ptr::null(), || {
        // SAFETY: the caller's contract.
        let name = unsafe { handle::string(name) }?;
        Algorithm::by_name(name)
            .map(core::ptr::from_ref)
            .ok_or(Fault::Quiet)
    })
}

/// The hash with this NID, its own or of a signature with RSA; null if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn EVP_get_digestbynid(nid: c_int) -> *const Algorithm {
    entry(core::ptr::null(), || {
        Algorithm::by_nid(nid)
            .map(core::ptr::from_ref)
            .ok_or(Fault::Quiet)
    })
}

/// Length of the output in bytes; -1 for null.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_MD_size(algorithm: *const Algorithm) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let algorithm = unsafe { handle::borrow(algorithm) }?;
        Ok(c_int::try_from(algorithm.output_len()).unwrap_or(c_int::MAX))
    })
}

/// Length of the output in bytes; -1 for null.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_MD_get_size(algorithm: *const Algorithm) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let algorithm = unsafe { handle::borrow(algorithm) }?;
        Ok(c_int::try_from(algorithm.output_len()).unwrap_or(c_int::MAX))
    })
}

/// Length of an input block in bytes; -1 for null.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_MD_block_size(algorithm: *const Algorithm) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let algorithm = unsafe { handle::borrow(algorithm) }?;
        Ok(c_int::try_from(algorithm.block_len()).unwrap_or(c_int::MAX))
    })
}

/// Length of an input block in bytes; -1 for null.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_MD_get_block_size(algorithm: *const Algorithm) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let algorithm = unsafe { handle::borrow(algorithm) }?;
        Ok(c_int::try_from(algorithm.block_len()).unwrap_or(c_int::MAX))
    })
}

/// The hash's NID.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_MD_type(algorithm: *const Algorithm) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let algorithm = unsafe { handle::borrow(algorithm) }?;
        Ok(algorithm.nid())
    })
}

/// The hash's NID.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_MD_get_type(algorithm: *const Algorithm) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let algorithm = unsafe { handle::borrow(algorithm) }?;
        Ok(algorithm.nid())
    })
}

/// NID of RSA signatures with the hash.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_MD_pkey_type(algorithm: *const Algorithm) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let algorithm = unsafe { handle::borrow(algorithm) }?;
        Ok(algorithm.rsa_nid())
    })
}

/// NID of RSA signatures with the hash.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_MD_get_pkey_type(algorithm: *const Algorithm) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let algorithm = unsafe { handle::borrow(algorithm) }?;
        Ok(algorithm.rsa_nid())
    })
}

/// The hash's name. Never freed.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_MD_name(algorithm: *const Algorithm) -> *const c_char {
    entry(core::ptr::null(), || {
        // SAFETY: the caller's contract.
        let algorithm = unsafe { handle::borrow(algorithm) }?;
        Ok(algorithm.name().as_ptr())
    })
}

/// The hash's name. Never freed.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_MD_get0_name(algorithm: *const Algorithm) -> *const c_char {
    entry(core::ptr::null(), || {
        // SAFETY: the caller's contract.
        let algorithm = unsafe { handle::borrow(algorithm) }?;
        Ok(algorithm.name().as_ptr())
    })
}

/// A new running hash, not started. The caller frees it.
#[unsafe(no_mangle)]
pub extern "C" fn EVP_MD_CTX_new() -> *mut DigestContext {
    entry(core::ptr::null_mut(), || {
        Ok(handle::into_raw(Arc::new(DigestContext::default())))
    })
}

/// A new running hash, not started. The caller frees it.
#[unsafe(no_mangle)]
pub extern "C" fn EVP_MD_CTX_create() -> *mut DigestContext {
    entry(core::ptr::null_mut(), || {
        Ok(handle::into_raw(Arc::new(DigestContext::default())))
    })
}

/// Gives a reference to a running hash back.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_MD_CTX_free(object: *mut DigestContext) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(())
    });
}

/// Gives a reference to a running hash back.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_MD_CTX_destroy(object: *mut DigestContext) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(())
    });
}

/// Forgets all. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_MD_CTX_reset(context: *mut DigestContext) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(context.cast_const()) }?;
        context.reset();
        Ok(1)
    })
}

/// Forgets all. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_MD_CTX_init(context: *mut DigestContext) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(context.cast_const()) }?;
        context.reset();
        Ok(1)
    })
}

/// Copies the state. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_MD_CTX_copy_ex(
    to: *mut DigestContext,
    from: *const DigestContext,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let to = unsafe { handle::borrow(to.cast_const()) }?;
        // SAFETY: the caller's contract.
        let from = unsafe { handle::borrow(from) }?;
        if !core::ptr::eq(to, from) {
            to.copy_from(from);
        }
        Ok(1)
    })
}

/// Copies the state. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_MD_CTX_copy(
    to: *mut DigestContext,
    from: *const DigestContext,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let to = unsafe { handle::borrow(to.cast_const()) }?;
        // SAFETY: the caller's contract.
        let from = unsafe { handle::borrow(from) }?;
        if !core::ptr::eq(to, from) {
            to.copy_from(from);
        }
        Ok(1)
    })
}

/// Which hash is running; null if none is.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_MD_CTX_md(context: *const DigestContext) -> *const Algorithm {
    entry(core::ptr::null(), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(context) }?;
        Ok(context
            .algorithm()
            .map_or(core::ptr::null(), core::ptr::from_ref))
    })
}

/// Which hash is running; null if none is.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_MD_CTX_get0_md(context: *const DigestContext) -> *const Algorithm {
    entry(core::ptr::null(), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(context) }?;
        Ok(context
            .algorithm()
            .map_or(core::ptr::null(), core::ptr::from_ref))
    })
}

/// Starts a hash; with null the same as before. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_DigestInit_ex(
    context: *mut DigestContext,
    algorithm: *const Algorithm,
    _engine: *mut c_void,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(context.cast_const()) }?;
        // SAFETY: hashes are static.
        context.start(unsafe { algorithm.as_ref() })?;
        Ok(1)
    })
}

/// Starts a hash; with null the same as before. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_DigestInit(
    context: *mut DigestContext,
    algorithm: *const Algorithm,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(context.cast_const()) }?;
        // SAFETY: hashes are static.
        context.start(unsafe { algorithm.as_ref() })?;
        Ok(1)
    })
}

/// Adds bytes. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_DigestUpdate(
    context: *mut DigestContext,
    data: *const c_void,
    len: usize,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(context.cast_const()) }?;
        // SAFETY: the caller's contract.
        let data = unsafe { handle::long_bytes(data.cast(), len) }?;
        context.update(data)?;
        Ok(1)
    })
}

/// Writes the hash, and its length to `*len`. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_DigestFinal_ex(
    context: *mut DigestContext,
    to: *mut u8,
    len: *mut c_uint,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(context.cast_const()) }?;
        let hash = context.finish()?;
        // SAFETY: the caller's contract.
        unsafe { store(&hash, to, len) }
    })
}

/// Writes the hash, and its length to `*len`. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_DigestFinal(
    context: *mut DigestContext,
    to: *mut u8,
    len: *mut c_uint,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(context.cast_const()) }?;
        let hash = context.finish()?;
        // SAFETY: the caller's contract.
        unsafe { store(&hash, to, len) }
    })
}

/// Writes the hash of bytes, and its length to `*len`. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_Digest(
    data: *const c_void,
    count: usize,
    to: *mut u8,
    len: *mut c_uint,
    algorithm: *const Algorithm,
    _engine: *mut c_void,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let data = unsafe { handle::long_bytes(data.cast(), count) }?;
        // SAFETY: the caller's contract.
        unsafe { write(algorithm, data, to, len) }
    })
}

/// # Safety
/// As for [`write`].
pub(super) unsafe fn store(hash: &[u8], to: *mut u8, len: *mut c_uint) -> Result<c_int, Fault> {
    // SAFETY: the caller's promise.
    let to = unsafe { handle::buffer(to, hash.len()) }?;
    to.copy_from_slice(hash);
    // SAFETY: the caller's promise.
    unsafe { handle::store(len, c_uint::try_from(hash.len()).unwrap_or(0)) };
    Ok(1)
}

/// Writes the hash of `data`, and its length.
///
/// # Safety
/// `algorithm` is null or a hash; `to` has room for it, or is null; `len` is writable, or null.
pub(crate) unsafe fn write(
    algorithm: *const Algorithm,
    data: &[u8],
    to: *mut u8,
    len: *mut c_uint,
) -> Result<c_int, Fault> {
    // SAFETY: the caller's promise.
    let algorithm = unsafe { handle::borrow(algorithm) }?;
    // SAFETY: the caller's promise.
    unsafe { store(&algorithm.digest(data), to, len) }
}
