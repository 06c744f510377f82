//! Memory that C frees with `OPENSSL_free`: from the allocator of C.

use core::ffi::{c_char, c_void};
use core::ptr;

use zeroize::{Zeroize, Zeroizing};

use crate::fault::Fault;
use crate::reason;

fn exhausted() -> Fault {
    Fault::Raised {
        library: reason::Library::Crypto,
        reason: reason::ERR_R_MALLOC_FAILURE,
        detail: None,
    }
}

/// Memory of `size` bytes, all zero, for C to free. A size of 0 gives one byte.
///
/// # Errors
/// Memory is exhausted.
pub(crate) fn allocate(size: usize) -> Result<*mut u8, Fault> {
    // SAFETY: any sizes; a null result is checked.
    let memory = unsafe { libc::calloc(size.max(1), 1) };
    if memory.is_null() {
        return Err(exhausted());
    }
    Ok(memory.cast())
}

/// A copy of `bytes` for C to free. An empty one is not null.
///
/// # Errors
/// Memory is exhausted.
pub(crate) fn to_c(bytes: &[u8]) -> Result<*mut c_void, Fault> {
    let memory = allocate(bytes.len())?;
    // SAFETY: `memory` has room for them and is new.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), memory, bytes.len()) };
    Ok(memory.cast())
}

/// A copy of `text` with a NUL behind it, for C to free. It ends at a NUL within.
///
/// # Errors
/// Memory is exhausted.
pub(crate) fn to_c_string(text: &[u8]) -> Result<*mut c_char, Fault> {
    let memory = allocate(text.len().checked_add(1).ok_or_else(exhausted)?)?;
    // SAFETY: `memory` has room for them and a NUL, is new, and is zero.
    unsafe { ptr::copy_nonoverlapping(text.as_ptr(), memory, text.len()) };
    Ok(memory.cast())
}

/// Appends without leaving a copy of a key in memory that is given back.
pub(crate) fn append_wiped(buffer: &mut Zeroizing<Vec<u8>>, more: &[u8]) {
    if buffer.capacity() - buffer.len() < more.len() {
        let mut larger = Zeroizing::new(Vec::with_capacity(2 * (buffer.capacity() + more.len())));
        larger.extend_from_slice(buffer);
        *buffer = larger;
    }
    buffer.extend_from_slice(more);
}

/// Wipes memory in a way that is not optimised away.
///
/// # Safety
/// `memory` has `size` writable bytes, or is null.
pub(crate) unsafe fn wipe(memory: *mut u8, size: usize) {
    if !memory.is_null() && isize::try_from(size).is_ok() {
        // SAFETY: the caller's promise. They are only written.
        unsafe { core::slice::from_raw_parts_mut(memory, size) }.zeroize();
    }
}

/// Frees memory that came from this module or from C's allocator. Null is fine.
///
/// # Safety
/// `memory` is null or from there, and was not freed.
pub(crate) unsafe fn free(memory: *mut c_void) {
    // SAFETY: the caller's promise.
    unsafe { libc::free(memory) };
}
