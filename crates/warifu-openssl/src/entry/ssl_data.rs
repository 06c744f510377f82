//! Reading and writing.

use core::ffi::{c_int, c_void};

use super::entry;
use crate::fault::Fault;
use crate::ssl::outcome::Outcome;
use crate::ssl::{Begun, Reading, Ssl};
use crate::{handle, reason};

/// `SSL_read`: at most `num` bytes of one record; 0 or less on failure and at the end (`SSL_get_error`).
///
/// # Safety
/// `ssl` is null or a connection; `buf` has `num` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_read(ssl: *mut Ssl, buf: *mut c_void, num: c_int) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { read(ssl, buf, num, Reading::Read) }
}

/// `SSL_peek`: as `SSL_read`, and what was read is read again the next time.
///
/// # Safety
/// As for [`SSL_read`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_peek(ssl: *mut Ssl, buf: *mut c_void, num: c_int) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { read(ssl, buf, num, Reading::Peek) }
}

/// # Safety
/// As for [`SSL_read`].
#[inline(always)]
unsafe fn read(ssl: *mut Ssl, buf: *mut c_void, num: c_int, reading: Reading) -> c_int {
    // 0 at the end of the peer's data, whether the peer said so or not, else -1.
    let mut failure = -1;
    let count = entry(None, || {
        let len = usize::try_from(num)
            .map_err(|_| Fault::ssl(reason::SSL_R_BAD_LENGTH, "a negative length"));
        let buffer = len.and_then(|len| {
            // SAFETY: the caller's contract.
            unsafe { handle::buffer(buf.cast(), len) }
        });
        // SAFETY: the caller's contract.
        let (count, outcome) = unsafe { read_into(ssl, buffer, reading) }?;
        if matches!(outcome, Outcome::ZeroReturn | Outcome::Truncated) {
            failure = 0;
        }
        count.map(Some)
    });
    count.map_or(failure, to_c_int)
}

/// Reads, and says how that ended.
///
/// # Errors
/// There is no such connection.
///
/// # Safety
/// `ssl` is null or a connection.
#[inline(always)]
unsafe fn read_into(
    ssl: *mut Ssl,
    mut buffer: Result<&mut [u8], Fault>,
    reading: Reading,
) -> Result<(Result<usize, Fault>, Outcome), Fault> {
    let begun = match &mut buffer {
        // SAFETY: the caller's contract; none of the program's code is run.
        Ok(buffer) => match unsafe { handle::lend(ssl) }?.read_at_once(buffer, reading) {
            Ok(count) => return Ok((Ok(count), Outcome::Success)),
            Err(begun) => begun,
        },
        Err(_) => Begun::default(),
    };
    // SAFETY: the caller's contract.
    unsafe { read_on(ssl, begun, buffer, reading) }
}

/// As [`read_into`], from where that has come to without running any of the program's code.
///
/// # Errors
/// There is no such connection.
///
/// # Safety
/// As there.
#[inline(never)]
unsafe fn read_on(
    ssl: *mut Ssl,
    begun: Begun,
    buffer: Result<&mut [u8], Fault>,
    reading: Reading,
) -> Result<(Result<usize, Fault>, Outcome), Fault> {
    // SAFETY: the caller's contract.
    let ssl = unsafe { handle::share(ssl) }?;
    let count = ssl.conclude(|| ssl.read_on(begun, buffer?, reading));
    Ok((count, ssl.outcome()))
}

/// A count that came from a length that was a C int.
fn to_c_int(count: usize) -> c_int {
    c_int::try_from(count).unwrap_or(c_int::MAX)
}

/// `SSL_read_ex`: as `SSL_read`, with the count in `readbytes`; 1, or 0 on failure and at the end.
///
/// # Safety
/// `ssl` is null or a connection; `buf` has `num` writable bytes; `readbytes` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_read_ex(
    ssl: *mut Ssl,
    buf: *mut c_void,
    num: usize,
    readbytes: *mut usize,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { read_ex(ssl, buf, num, readbytes, Reading::Read) }
}

/// `SSL_peek_ex`: as `SSL_peek`, with the count in `readbytes`; 1, or 0 on failure and at the end.
///
/// # Safety
/// As for [`SSL_read_ex`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_peek_ex(
    ssl: *mut Ssl,
    buf: *mut c_void,
    num: usize,
    readbytes: *mut usize,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { read_ex(ssl, buf, num, readbytes, Reading::Peek) }
}

/// # Safety
/// As for [`SSL_read_ex`].
unsafe fn read_ex(
    ssl: *mut Ssl,
    buf: *mut c_void,
    num: usize,
    readbytes: *mut usize,
    reading: Reading,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let (count, _) = unsafe { read_into(ssl, handle::buffer(buf.cast(), num), reading) }?;
        let count = count?;
        // SAFETY: the caller's contract.
        unsafe { handle::store(readbytes, count) };
        Ok(1)
    })
}

/// `SSL_write`: sends `num` bytes; returns `num`, or less with `SSL_MODE_ENABLE_PARTIAL_WRITE`; 0 or less on failure
/// (`SSL_get_error`).
///
/// # Safety
/// `ssl` is null or a connection; `buf` has `num` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_write(ssl: *mut Ssl, buf: *const c_void, num: c_int) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::share(ssl) }?;
        let len = usize::try_from(num)
            .map_err(|_| Fault::ssl(reason::SSL_R_BAD_LENGTH, "a negative length"));
        let result = len.and_then(|len| {
            // SAFETY: the caller's contract.
            unsafe { handle::long_bytes(buf.cast(), len) }
        });
        ssl.conclude(|| ssl.write(result?)).map(to_c_int)
    })
}

/// `SSL_write_ex`: as `SSL_write`, with the count in `written`; 1, or 0 on failure.
///
/// # Safety
/// `ssl` is null or a connection; `buf` has `num` readable bytes; `written` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_write_ex(
    ssl: *mut Ssl,
    buf: *const c_void,
    num: usize,
    written: *mut usize,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::share(ssl) }?;
        // SAFETY: the caller's contract.
        let data = unsafe { handle::long_bytes(buf.cast(), num) };
        let count = ssl.conclude(|| ssl.write(data?))?;
        // SAFETY: the caller's contract.
        unsafe { handle::store(written, count) };
        Ok(1)
    })
}

/// `SSL_pending`: bytes that can be read without receiving more.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_pending(ssl: *const Ssl) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        Ok(to_c_int(unsafe { handle::borrow(ssl) }?.pending()))
    })
}

/// `SSL_has_pending`: whether anything was received that is not read yet, be it a part of a record.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_has_pending(ssl: *const Ssl) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        Ok(unsafe { handle::borrow(ssl) }?.has_pending().into())
    })
}
