//! How objects, DER and comparisons pass between C and this library.

use core::cmp::Ordering;
use core::ffi::{c_int, c_long};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use warifu::certificate::der::Der;

use crate::fault::Fault;
use crate::handle;
use crate::memory;

/// A pointer to what an object keeps, for C to look at.
pub(super) fn lent<T>(object: &Arc<T>) -> *mut T {
    Arc::as_ptr(object).cast_mut()
}

/// As C's comparisons tell it: negative, 0, positive.
pub(super) fn order(ordering: Ordering) -> c_int {
    ordering as c_int
}

/// Puts a new object where C keeps one, if it names a place, and frees what was there. Returns the object.
///
/// # Safety
/// `place` is null, or points to null or an object that is the caller's.
pub(super) unsafe fn replace<T>(place: *mut *mut T, object: Arc<T>) -> *mut T {
    let raw = handle::into_raw(object);
    if !place.is_null() {
        // SAFETY: the caller's promise.
        drop(unsafe { handle::take(place.read()) });
        // SAFETY: the caller's promise.
        unsafe { place.write(raw) };
    }
    raw
}

/// `d2i_…`: reads one element of DER at `*input`, and moves `*input` behind it.
///
/// # Safety
/// `*input` has `len` readable bytes; `place` as for [`replace`].
pub(super) unsafe fn from_der<T>(
    place: *mut *mut T,
    input: *mut *const u8,
    len: c_long,
    read: impl FnOnce(&[u8]) -> Result<Arc<T>, Fault>,
) -> Result<*mut T, Fault> {
    let negative = |_| Fault::argument("a negative length");
    let len = usize::try_from(len).map_err(negative)?;
    // SAFETY: the caller's promise.
    let start = *unsafe { handle::borrow(input.cast_const()) }?;
    // SAFETY: the caller's promise.
    let bytes = unsafe { handle::long_bytes(start, len) }?;
    let element = Der::new(bytes)
        .element()
        .ok_or_else(|| Fault::argument("no DER, or it is cut off"))?;
    let object = read(element.whole)?;
    // SAFETY: `input` is not null, and the element lies within its bytes.
    unsafe { input.write(start.add(element.whole.len())) };
    // SAFETY: the caller's promise.
    Ok(unsafe { replace(place, object) })
}

/// `i2d_…`: the length, and the bytes to where C wants them.
///
/// # Safety
/// `out` is null, or points to null or to as many writable bytes as there are.
pub(super) unsafe fn to_der(der: &[u8], out: *mut *mut u8) -> Result<c_int, Fault> {
    let len = c_int::try_from(der.len()).map_err(|_| Fault::argument("too long for an int"))?;
    // SAFETY: the caller's promise.
    let Some(place) = (unsafe { out.as_mut() }) else {
        return Ok(len);
    };
    if place.is_null() {
        *place = memory::to_c(der)?.cast();
        return Ok(len);
    }
    // SAFETY: the caller's promise: `*out` has room for them, and is not part of the object.
    unsafe {
        core::ptr::copy_nonoverlapping(der.as_ptr(), *place, der.len());
        *place = place.add(der.len());
    }
    Ok(len)
}

/// A path as C writes it.
pub(super) fn path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}
