//! Bytes as hexadecimal and text: `BIO_dump` and its kin.

use core::ffi::{c_int, c_void};

use super::entry;
use crate::bio::{Bio, dump};
use crate::fault::Fault;
use crate::handle;

/// Takes bytes of a table; a negative result ends it.
type DumpCallback = unsafe extern "C" fn(*const c_void, usize, *mut c_void) -> c_int;

/// Writes bytes as a table of hexadecimal numbers and characters, behind spaces.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_dump_indent(
    bio: *mut Bio,
    bytes: *const c_void,
    len: c_int,
    indent: c_int,
) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        // SAFETY: the caller's promise.
        let bytes = unsafe { handle::bytes(bytes.cast(), len) }?;
        let indent = usize::try_from(indent).unwrap_or(0);
        let mut count = 0;
        for line in dump::lines(bytes, indent) {
            let done = bio.write(line.as_bytes()).code();
            if done < 0 {
                return Ok(done);
            }
            count += done;
        }
        Ok(count)
    })
}

/// Writes bytes as a table of hexadecimal numbers and characters.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_dump(bio: *mut Bio, bytes: *const c_void, len: c_int) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { BIO_dump_indent(bio, bytes, len, 0) })
    })
}

/// Gives the lines of a table of bytes to a function.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_dump_indent_cb(
    print: Option<DumpCallback>,
    argument: *mut c_void,
    bytes: *const c_void,
    len: c_int,
    indent: c_int,
) -> c_int {
    entry(-1, || {
        let print = print.ok_or_else(Fault::null)?;
        // SAFETY: the caller's promise.
        let bytes = unsafe { handle::bytes(bytes.cast(), len) }?;
        let indent = usize::try_from(indent).unwrap_or(0);
        let mut count = 0;
        for line in dump::lines(bytes, indent) {
            // SAFETY: the caller's function, with so many bytes.
            let done = unsafe { print(line.as_ptr().cast(), line.len(), argument) };
            if done < 0 {
                return Ok(done);
            }
            count += done;
        }
        Ok(count)
    })
}

/// Gives the lines of a table of bytes to a function.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_dump_cb(
    print: Option<DumpCallback>,
    argument: *mut c_void,
    bytes: *const c_void,
    len: c_int,
) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { BIO_dump_indent_cb(print, argument, bytes, len, 0) })
    })
}

/// Prints bytes as a table of hexadecimal numbers and characters, behind spaces.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_dump_indent_fp(
    file: *mut libc::FILE,
    bytes: *const c_void,
    len: c_int,
    indent: c_int,
) -> c_int {
    entry(-1, || {
        if file.is_null() {
            return Err(Fault::null());
        }
        // SAFETY: the caller's promise.
        let bytes = unsafe { handle::bytes(bytes.cast(), len) }?;
        let indent = usize::try_from(indent).unwrap_or(0);
        let mut count = 0;
        for line in dump::lines(bytes, indent) {
            // SAFETY: an open file, by the caller's promise, and so many bytes.
            let done = unsafe { libc::fwrite(line.as_ptr().cast(), 1, line.len(), file) };
            count += c_int::try_from(done).unwrap_or(0);
        }
        Ok(count)
    })
}

/// Prints bytes as a table of hexadecimal numbers and characters.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_dump_fp(
    file: *mut libc::FILE,
    bytes: *const c_void,
    len: c_int,
) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { BIO_dump_indent_fp(file, bytes, len, 0) })
    })
}

/// Writes spaces, at most `max`.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_indent(bio: *mut Bio, indent: c_int, max: c_int) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        let spaces = usize::try_from(indent.clamp(0, max.max(0))).unwrap_or(0);
        for _ in 0..spaces {
            if bio.write(b" ").code() != 1 {
                return Ok(0);
            }
        }
        Ok(1)
    })
}
