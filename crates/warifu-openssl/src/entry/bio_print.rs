//! Printing to BIOs and buffers.
//!
//! Functions with `...` cannot be written in Rust: the header has them, over these. A `va_list` is passed on to C's own functions,
//! untouched. On every platform of Linux it travels as one pointer: an array that decays, a pointer itself, or a structure that is
//! passed by reference.

use core::ffi::{c_char, c_int, c_void};

use super::entry;
use crate::bio::{Bio, fault};
use crate::fault::Fault;
use crate::handle;
use crate::reason::{BIO_R_LENGTH_TOO_LONG, BIO_R_UNSUPPORTED_METHOD};

unsafe extern "C" {
    /// C's function. `arguments` is a `va_list`.
    pub(super) fn vsnprintf(
        buffer: *mut c_char,
        size: usize,
        format: *const c_char,
        arguments: *mut c_void,
    ) -> c_int;
    /// C's function: prints to new memory. `arguments` is a `va_list`.
    fn vasprintf(text: *mut *mut c_char, format: *const c_char, arguments: *mut c_void) -> c_int;
}

/// Writes what a format of printf makes. The number of bytes written, or as `BIO_write` fails.
///
/// # Safety
/// Pointers are null or what their types say; `arguments` is the `va_list` for the format.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_vprintf(
    bio: *mut Bio,
    format: *const c_char,
    arguments: *mut c_void,
) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        if format.is_null() {
            return Err(Fault::null());
        }
        let mut text = core::ptr::null_mut();
        // SAFETY: the caller's promise; `text` becomes memory of C's allocator.
        let len = unsafe { vasprintf(&raw mut text, format, arguments) };
        let Ok(len) = usize::try_from(len) else {
            return Err(fault(
                BIO_R_UNSUPPORTED_METHOD,
                "the format cannot be printed",
            ));
        };
        // SAFETY: so many bytes were printed there.
        let done =
            unsafe { handle::long_bytes(text.cast::<u8>(), len) }.map(|text| bio.write(text));
        // SAFETY: from C's allocator.
        unsafe {
            crate::memory::wipe(text.cast(), len);
            crate::memory::free(text.cast());
        }
        Ok(done?.code())
    })
}

/// Prints to a buffer, with a NUL. The length of what was printed, or -1 if it did not fit.
///
/// # Safety
/// `buffer` has `size` bytes; `arguments` is the `va_list` for the format.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_vsnprintf(
    buffer: *mut c_char,
    size: usize,
    format: *const c_char,
    arguments: *mut c_void,
) -> c_int {
    entry(-1, || {
        if buffer.is_null() || format.is_null() {
            return Err(Fault::null());
        }
        if size == 0 {
            return Err(Fault::Quiet);
        }
        if isize::try_from(size).is_err() {
            return Err(fault(BIO_R_LENGTH_TOO_LONG, "no buffer is that long"));
        }
        // SAFETY: the caller's promise.
        let len = unsafe { vsnprintf(buffer, size, format, arguments) };
        match usize::try_from(len) {
            Ok(fits) if fits < size => Ok(len),
            _ => Err(Fault::Quiet),
        }
    })
}
