//! Errors taken from the queue or looked at (`ERR_get_error`, `ERR_peek_error` and their kin).

use core::ffi::{c_char, c_int, c_ulong};
use core::ptr::null_mut;

use super::entry;
use crate::error_queue::{self, Raised, Which};
use crate::handle;

/// Shows an error, and stores what of it is wanted.
///
/// # Safety
/// The pointers are null or of what is to be stored.
unsafe fn fetch(
    which: Which,
    file: *mut *const c_char,
    line: *mut c_int,
    function: *mut *const c_char,
    data: *mut *const c_char,
    flags: *mut c_int,
) -> c_ulong {
    entry(0, || {
        Ok(error_queue::look(which, |raised: &Raised| {
            // SAFETY: the caller's promise. The strings stay as the queue says.
            unsafe {
                handle::store(file, raised.file().as_ptr());
                handle::store(line, raised.line());
                handle::store(function, raised.function().as_ptr());
                handle::store(data, raised.data().as_ptr());
                handle::store(flags, raised.data_flags());
            }
            raised.code
        }))
    })
}

/// Takes the oldest error off the queue; 0 if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_get_error() -> c_ulong {
    // SAFETY: nulls.
    unsafe {
        fetch(
            Which::Take,
            null_mut(),
            null_mut(),
            null_mut(),
            null_mut(),
            null_mut(),
        )
    }
}

/// Takes the oldest error off the queue, and where it was raised.
///
/// # Safety
/// The pointers are null or of what is to be stored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_get_error_line(file: *mut *const c_char, line: *mut c_int) -> c_ulong {
    // SAFETY: the caller's promise.
    unsafe { fetch(Which::Take, file, line, null_mut(), null_mut(), null_mut()) }
}

/// Takes the oldest error off the queue, where it was raised and its sentence.
///
/// # Safety
/// The pointers are null or of what is to be stored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_get_error_line_data(
    file: *mut *const c_char,
    line: *mut c_int,
    data: *mut *const c_char,
    flags: *mut c_int,
) -> c_ulong {
    // SAFETY: the caller's promise.
    unsafe { fetch(Which::Take, file, line, null_mut(), data, flags) }
}

/// Takes the oldest error off the queue, and all about it.
///
/// # Safety
/// The pointers are null or of what is to be stored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_get_error_all(
    file: *mut *const c_char,
    line: *mut c_int,
    function: *mut *const c_char,
    data: *mut *const c_char,
    flags: *mut c_int,
) -> c_ulong {
    // SAFETY: the caller's promise.
    unsafe { fetch(Which::Take, file, line, function, data, flags) }
}

/// Shows the oldest error; 0 if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_peek_error() -> c_ulong {
    // SAFETY: nulls.
    unsafe {
        fetch(
            Which::First,
            null_mut(),
            null_mut(),
            null_mut(),
            null_mut(),
            null_mut(),
        )
    }
}

/// Shows the oldest error, and where it was raised.
///
/// # Safety
/// The pointers are null or of what is to be stored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_peek_error_line(
    file: *mut *const c_char,
    line: *mut c_int,
) -> c_ulong {
    // SAFETY: the caller's promise.
    unsafe { fetch(Which::First, file, line, null_mut(), null_mut(), null_mut()) }
}

/// Shows the oldest error, and the function that raised it.
///
/// # Safety
/// The pointers are null or of what is to be stored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_peek_error_func(function: *mut *const c_char) -> c_ulong {
    // SAFETY: the caller's promise.
    unsafe {
        fetch(
            Which::First,
            null_mut(),
            null_mut(),
            function,
            null_mut(),
            null_mut(),
        )
    }
}

/// Shows the oldest error, and its sentence.
///
/// # Safety
/// The pointers are null or of what is to be stored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_peek_error_data(
    data: *mut *const c_char,
    flags: *mut c_int,
) -> c_ulong {
    // SAFETY: the caller's promise.
    unsafe {
        fetch(
            Which::First,
            null_mut(),
            null_mut(),
            null_mut(),
            data,
            flags,
        )
    }
}

/// Shows the oldest error, where it was raised and its sentence.
///
/// # Safety
/// The pointers are null or of what is to be stored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_peek_error_line_data(
    file: *mut *const c_char,
    line: *mut c_int,
    data: *mut *const c_char,
    flags: *mut c_int,
) -> c_ulong {
    // SAFETY: the caller's promise.
    unsafe { fetch(Which::First, file, line, null_mut(), data, flags) }
}

/// Shows the oldest error, and all about it.
///
/// # Safety
/// The pointers are null or of what is to be stored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_peek_error_all(
    file: *mut *const c_char,
    line: *mut c_int,
    function: *mut *const c_char,
    data: *mut *const c_char,
    flags: *mut c_int,
) -> c_ulong {
    // SAFETY: the caller's promise.
    unsafe { fetch(Which::First, file, line, function, data, flags) }
}

/// Shows the newest error; 0 if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_peek_last_error() -> c_ulong {
    // SAFETY: nulls.
    unsafe {
        fetch(
            Which::Last,
            null_mut(),
            null_mut(),
            null_mut(),
            null_mut(),
            null_mut(),
        )
    }
}

/// Shows the newest error, and where it was raised.
///
/// # Safety
/// The pointers are null or of what is to be stored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_peek_last_error_line(
    file: *mut *const c_char,
    line: *mut c_int,
) -> c_ulong {
    // SAFETY: the caller's promise.
    unsafe { fetch(Which::Last, file, line, null_mut(), null_mut(), null_mut()) }
}

/// Shows the newest error, and the function that raised it.
///
/// # Safety
/// The pointers are null or of what is to be stored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_peek_last_error_func(function: *mut *const c_char) -> c_ulong {
    // SAFETY: the caller's promise.
    unsafe {
        fetch(
            Which::Last,
            null_mut(),
            null_mut(),
            function,
            null_mut(),
            null_mut(),
        )
    }
}

/// Shows the newest error, and its sentence.
///
/// # Safety
/// The pointers are null or of what is to be stored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_peek_last_error_data(
    data: *mut *const c_char,
    flags: *mut c_int,
) -> c_ulong {
    // SAFETY: the caller's promise.
    unsafe { fetch(Which::Last, null_mut(), null_mut(), null_mut(), data, flags) }
}

/// Shows the newest error, where it was raised and its sentence.
///
/// # Safety
/// The pointers are null or of what is to be stored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_peek_last_error_line_data(
    file: *mut *const c_char,
    line: *mut c_int,
    data: *mut *const c_char,
    flags: *mut c_int,
) -> c_ulong {
    // SAFETY: the caller's promise.
    unsafe { fetch(Which::Last, file, line, null_mut(), data, flags) }
}

/// Shows the newest error, and all about it.
///
/// # Safety
/// The pointers are null or of what is to be stored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_peek_last_error_all(
    file: *mut *const c_char,
    line: *mut c_int,
    function: *mut *const c_char,
    data: *mut *const c_char,
    flags: *mut c_int,
) -> c_ulong {
    // SAFETY: the caller's promise.
    unsafe { fetch(Which::Last, file, line, function, data, flags) }
}
