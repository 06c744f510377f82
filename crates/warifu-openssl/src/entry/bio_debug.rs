//! Watching and waiting for BIOs (`bio.h`).

use core::ffi::{c_char, c_int, c_long, c_uint};
use std::time::Duration;

use super::bio_socket::BIO_socket_wait;
use super::entry;
use crate::bio::Bio;
use crate::handle;

/// Set where a callback is called after the operation.
const RETURN: c_int = 0x80;

/// Prints one line about an operation.
fn print(bio: &Bio, operation: c_int, len: usize, command: c_int, result: c_long) {
    let what = match operation & !RETURN {
        1 => "free",
        2 => "read",
        3 => "write",
        4 => "puts",
        5 => "gets",
        6 => "ctrl",
        _ => "unknown operation",
    };
    let kind = bio.method().name().to_string_lossy();
    let line = match (operation & RETURN != 0, operation & !RETURN) {
        (true, _) => format!("BIO {:p}: {what} returns {result}\n", bio.handle()),
        (false, 6) => format!("BIO {:p}: {what}({command}) of {kind}\n", bio.handle()),
        (false, _) => format!("BIO {:p}: {what}({len}) of {kind}\n", bio.handle()),
    };
    let to = bio.callback_argument().cast::<Bio>();
    // SAFETY: the manual page wants the callback's argument to be null or a BIO.
    match unsafe { to.as_ref() } {
        Some(to) => {
            to.write(line.as_bytes());
        }
        None => eprint!("{line}"),
    }
}

/// A callback for `BIO_set_callback_ex` that prints what is done.
///
/// # Safety
/// `bio` is null or a BIO whose callback argument is null or a BIO.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_debug_callback_ex(
    bio: *mut Bio,
    operation: c_int,
    _data: *const c_char,
    len: usize,
    command: c_int,
    _number: c_long,
    result: c_int,
    count: *mut usize,
) -> c_long {
    entry(1, || {
        // SAFETY: the caller's promise.
        let (bio, count) = unsafe { (handle::borrow(bio)?, count.as_ref()) };
        let moved = matches!(operation & !RETURN, 2..=5);
        let shown = match count {
            Some(count) if moved && result > 0 => c_long::try_from(*count).unwrap_or(c_long::MAX),
            _ => result.into(),
        };
        print(bio, operation, len, command, shown);
        Ok(result.into())
    })
}

/// A callback for `BIO_set_callback` that prints what is done.
///
/// # Safety
/// As for [`BIO_debug_callback_ex`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_debug_callback(
    bio: *mut Bio,
    operation: c_int,
    _data: *const c_char,
    len: c_int,
    _number: c_long,
    result: c_long,
) -> c_long {
    entry(1, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        print(
            bio,
            operation,
            usize::try_from(len).unwrap_or(0),
            len,
            result,
        );
        Ok(result)
    })
}

/// Waits until a BIO that tries again is ready, or a time of the clock. 1 if it is, 0 if not, -1 on failure.
///
/// # Safety
/// Null or a BIO.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_wait(bio: *mut Bio, until: libc::time_t, nap: c_uint) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        if until == 0 {
            return Ok(1);
        }
        match bio.fd() {
            Some(fd) => Ok(BIO_socket_wait(fd, c_int::from(bio.should_read()), until)),
            None => {
                // SAFETY: null is allowed.
                if until < unsafe { libc::time(core::ptr::null_mut()) } {
                    return Ok(0);
                }
                std::thread::sleep(Duration::from_millis(u64::from(nap).min(1000)));
                Ok(1)
            }
        }
    })
}
