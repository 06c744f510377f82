//! Pointers that C holds: to objects, strings and bytes.
//!
//! An object for C is an `Arc` turned into a pointer. Its count is the reference count of the C API (`…_up_ref`, `…_free`).

use core::ffi::{CStr, c_char, c_int};
use core::mem::ManuallyDrop;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use crate::fault::Fault;

/// Hands an object out to C, which owns one reference.
pub(crate) fn into_raw<T>(object: Arc<T>) -> *mut T {
    Arc::into_raw(object).cast_mut()
}

/// Hands an object out to C, or null.
pub(crate) fn into_raw_or_null<T>(object: Option<Arc<T>>) -> *mut T {
    object.map_or(core::ptr::null_mut(), into_raw)
}

/// Lends the object behind a pointer.
///
/// # Errors
/// [`Fault::null`] for a null pointer.
///
/// # Safety
/// A pointer that is not null is from [`into_raw`], and its owner keeps it for `'a`.
pub(crate) unsafe fn borrow<'a, T>(object: *const T) -> Result<&'a T, Fault> {
    // SAFETY: the caller's promise.
    unsafe { object.as_ref() }.ok_or_else(Fault::null)
}

/// Lends the object behind a pointer to what runs no code of the program's, which could give the last reference back.
///
/// # Errors
/// As for [`share`].
///
/// # Safety
/// As for [`borrow`].
pub(crate) unsafe fn lend<'a, T>(object: *const T) -> Result<&'a T, Fault> {
    // SAFETY: the caller's promise.
    unsafe {
        owners(object)?;
        borrow(object)
    }
}

/// Takes one more reference to the object behind a pointer.
///
/// # Errors
/// [`Fault::null`] for a null pointer; [`Fault::misuse`] for an object whose last reference was given back.
///
/// # Safety
/// As for [`borrow`].
pub(crate) unsafe fn share<T>(object: *const T) -> Result<Arc<T>, Fault> {
    // SAFETY: the caller's promise.
    let owners = unsafe { owners(object) }?;
    Ok(Arc::clone(&owners))
}

/// The reference of whoever owns the object behind a pointer, which stays its owner's: it is not dropped.
///
/// # Errors
/// As for [`share`].
///
/// # Safety
/// As for [`borrow`].
unsafe fn owners<T>(object: *const T) -> Result<ManuallyDrop<Arc<T>>, Fault> {
    if object.is_null() {
        return Err(Fault::null());
    }
    // SAFETY: from `into_raw`, by the caller's promise.
    let owners = ManuallyDrop::new(unsafe { Arc::from_raw(object) });
    if Arc::strong_count(&owners) == 0 {
        // A callback of the program's that runs at the end of an object.
        return Err(Fault::misuse("the object is being freed"));
    }
    Ok(owners)
}

/// Takes the reference back that C owns: the end of `object` for its caller. `None` for a null pointer.
///
/// # Safety
/// A pointer that is not null is from [`into_raw`], and one reference to it is the caller's to give.
pub(crate) unsafe fn take<T>(object: *mut T) -> Option<Arc<T>> {
    // SAFETY: the caller's promise.
    (!object.is_null()).then(|| unsafe { Arc::from_raw(object) })
}

/// Lends `len` bytes.
///
/// # Errors
/// [`Fault::null`] for a null pointer with a length; [`Fault::argument`] for a negative length.
///
/// # Safety
/// `bytes` points to `len` readable bytes which nobody changes during `'a`, or `len` is 0.
pub(crate) unsafe fn bytes<'a>(bytes: *const u8, len: c_int) -> Result<&'a [u8], Fault> {
    let len = usize::try_from(len).map_err(|_| Fault::argument("a negative length"))?;
    // SAFETY: the caller's promise.
    unsafe { long_bytes(bytes, len) }
}

/// As [`bytes`], for a length that cannot be negative.
///
/// # Errors
/// [`Fault::null`] for a null pointer with a length; [`Fault::argument`] for a length that no object has.
///
/// # Safety
/// As for [`bytes`].
pub(crate) unsafe fn long_bytes<'a>(bytes: *const u8, len: usize) -> Result<&'a [u8], Fault> {
    if len == 0 {
        return Ok(&[]);
    }
    if bytes.is_null() {
        return Err(Fault::null());
    }
    if isize::try_from(len).is_err() {
        return Err(Fault::argument("a length that no object can have"));
    }
    // SAFETY: the caller's promise; the length is one that a slice may have.
    Ok(unsafe { core::slice::from_raw_parts(bytes, len) })
}

/// Lends `len` bytes to write to. C may not have initialised them: nobody reads one before it was written.
///
/// # Errors
/// As for [`bytes`].
///
/// # Safety
/// `bytes` points to `len` writable bytes which nobody else uses during `'a`, or `len` is 0.
pub(crate) unsafe fn buffer<'a>(bytes: *mut u8, len: usize) -> Result<&'a mut [u8], Fault> {
    if len == 0 {
        return Ok(&mut []);
    }
    if bytes.is_null() {
        return Err(Fault::null());
    }
    if isize::try_from(len).is_err() {
        return Err(Fault::argument("a length that no object can have"));
    }
    // SAFETY: the caller's promise. Every value of a byte is valid, and the bytes are only ever written before they are read.
    Ok(unsafe { core::slice::from_raw_parts_mut(bytes, len) })
}

/// Lends a string without its NUL.
///
/// # Errors
/// [`Fault::null`].
///
/// # Safety
/// `string` points to bytes that end with NUL and that nobody changes during `'a`, or is null.
pub(crate) unsafe fn string<'a>(string: *const c_char) -> Result<&'a [u8], Fault> {
    if string.is_null() {
        return Err(Fault::null());
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { CStr::from_ptr(string) }.to_bytes())
}

/// As [`string`], for text.
///
/// # Errors
/// [`Fault::null`]; [`Fault::argument`] for bytes that are not UTF-8.
///
/// # Safety
/// As for [`string`].
pub(crate) unsafe fn text<'a>(pointer: *const c_char) -> Result<&'a str, Fault> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { string(pointer) }?;
    core::str::from_utf8(bytes).map_err(|_| Fault::argument("text that is not UTF-8"))
}

/// As [`string`], for the name of a file.
///
/// # Errors
/// [`Fault::null`].
///
/// # Safety
/// As for [`string`].
pub(crate) unsafe fn path<'a>(pointer: *const c_char) -> Result<&'a Path, Fault> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { string(pointer) }?;
    Ok(Path::new(OsStr::from_bytes(bytes)))
}

/// Writes a value where C wants it; nowhere if that is null.
///
/// # Safety
/// `to` points to a writable `T`, or is null.
pub(crate) unsafe fn store<T>(to: *mut T, value: T) {
    if !to.is_null() {
        // SAFETY: the caller's promise.
        unsafe { to.write(value) };
    }
}

/// Writes text and a NUL into a buffer of C's, as much as it takes.
///
/// # Safety
/// `to` has `size` writable bytes, or is null.
pub(crate) unsafe fn write_text(to: *mut c_char, size: c_int, text: &[u8]) {
    let Some(room) = usize::try_from(size)
        .ok()
        .and_then(|size| size.checked_sub(1))
    else {
        return;
    };
    if to.is_null() {
        return;
    }
    let len = text.len().min(room);
    // SAFETY: the caller's promise; `len` and the NUL fit.
    unsafe {
        core::ptr::copy_nonoverlapping(text.as_ptr().cast::<c_char>(), to, len);
        to.add(len).write(0);
    }
}

/// A pointer that a program gave with a callback, to be handed back to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UserData(pub(crate) *mut core::ffi::c_void);

impl Default for UserData {
    fn default() -> Self {
        Self(core::ptr::null_mut())
    }
}

// SAFETY: the pointer is only handed back to the program, which decides what its threads do with it.
unsafe impl Send for UserData {}
// SAFETY: as for Send.
unsafe impl Sync for UserData {}
