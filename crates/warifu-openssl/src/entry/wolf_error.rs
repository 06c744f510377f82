//! What went wrong, by wolfSSL's names and numbers.

use core::ffi::{c_char, c_int, c_ulong};

use super::err::ERR_error_string;
use super::{entry, on};
use crate::error_queue::c_string;
use crate::handle;
use crate::ssl::Ssl;
use crate::wolf::error;

/// `WOLFSSL_MAX_ERROR_SZ`: what programs have room for.
const ROOM: c_int = 80;

/// `wolfSSL_get_error`: why the last call on the connection returned `ret`: 0, `WOLFSSL_ERROR_WANT_READ` and its kin, or one of the
/// negative numbers.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_get_error(ssl: *mut Ssl, ret: c_int) -> c_int {
    let body = |ssl: &Ssl| Ok(if ret > 0 { 0 } else { ssl.wolf_error() });
    // SAFETY: the caller's contract.
    unsafe { on(ssl, error::BAD_FUNC_ARG, body) }
}

/// The number as the other functions take it: programs hand ints to an unsigned long.
fn number(code: c_ulong) -> Option<c_int> {
    let low = code as u32 as c_int;
    // Numbers of OpenSSL's have their library above the lowest bits.
    (-1000..128).contains(&low).then_some(low)
}

/// `wolfSSL_ERR_error_string`: the sentence for a number, which stays until the thread asks for the next. Its first 79 bytes go to
/// `data`, if that is not null.
///
/// # Safety
/// `data` is null or has 80 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_ERR_error_string(code: c_ulong, data: *mut c_char) -> *mut c_char {
    entry(core::ptr::null_mut(), || {
        let sentence = match number(code) {
            Some(number) => error::sentence(number),
            None => {
                // SAFETY: without a buffer it lends one of its own, with a string.
                let words =
                    unsafe { handle::string(ERR_error_string(code, core::ptr::null_mut())) };
                c_string(words?)
            }
        };
        // SAFETY: the caller's contract.
        unsafe { handle::write_text(data, ROOM, sentence.to_bytes()) };
        Ok(error::lend(sentence))
    })
}

/// `wolfSSL_ERR_error_string_n`: as much of the sentence for a number as `len` bytes take.
///
/// # Safety
/// `data` is null or has `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_ERR_error_string_n(
    code: c_ulong,
    data: *mut c_char,
    len: c_ulong,
) {
    entry((), || {
        let room = c_int::try_from(len).unwrap_or(c_int::MAX);
        // SAFETY: null has no room; the caller's contract.
        unsafe {
            let sentence = handle::string(wolfSSL_ERR_error_string(code, core::ptr::null_mut()))?;
            handle::write_text(data, room, sentence);
        }
        Ok(())
    });
}

/// `wolfSSL_ERR_reason_error_string`: the sentence for a number, which stays until the thread asks for the next.
#[unsafe(no_mangle)]
pub extern "C" fn wolfSSL_ERR_reason_error_string(code: c_ulong) -> *const c_char {
    // SAFETY: no buffer.
    unsafe { wolfSSL_ERR_error_string(code, core::ptr::null_mut()) }
}
