//! Sessions, early data and writing, where wolfSSL's functions are not OpenSSL's by another name.

use core::ffi::{c_int, c_void};

use super::ssl_data::SSL_write;
use super::{entry, on};
use crate::early_data::{EarlyDataState, EarlyRead};
use crate::handle;
use crate::session::SslSession;
use crate::ssl::Ssl;

/// `WOLFSSL_FATAL_ERROR`
const FATAL: c_int = -1;

/// `wolfSSL_get_session`: the session of the connection, with a reference for the caller; null as long as there is none to resume.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_get_session(ssl: *mut Ssl) -> *mut SslSession {
    let body = |ssl: &Ssl| {
        let session = ssl.sessions.current().filter(|one| one.is_resumable());
        Ok(handle::into_raw_or_null(session))
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, core::ptr::null_mut(), body) }
}

/// `wolfSSL_write`: as `SSL_write`; a server that reads early data sends before the client has finished.
///
/// # Safety
/// `ssl` is null or a connection; `data` has `sz` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_write(ssl: *mut Ssl, data: *const c_void, sz: c_int) -> c_int {
    // SAFETY: the caller's contract.
    let early = unsafe { handle::borrow(ssl) }.is_ok_and(|ssl| {
        let state = ssl.early_data.get();
        matches!(state, EarlyDataState::Reading | EarlyDataState::Read) && !ssl.is_established()
    });
    // SAFETY: the caller's contract.
    unsafe {
        if early {
            write_early(ssl, data, sz, core::ptr::null_mut())
        } else {
            SSL_write(ssl, data, sz)
        }
    }
}

/// # Safety
/// `ssl` is null or a connection; `data` has `sz` readable bytes; `written` is null or writable.
unsafe fn write_early(ssl: *mut Ssl, data: *const c_void, sz: c_int, written: *mut c_int) -> c_int {
    entry(FATAL, || {
        // SAFETY: the caller's promise.
        let ssl = unsafe { handle::share(ssl) }?;
        // SAFETY: the caller's promise.
        let data = unsafe { handle::bytes(data.cast(), sz) };
        let count = ssl.conclude(|| ssl.write_early(data?))?;
        let count = c_int::try_from(count).unwrap_or(c_int::MAX);
        // SAFETY: the caller's promise.
        unsafe { handle::store(written, count) };
        Ok(count)
    })
}

/// `wolfSSL_write_early_data`: sends all of `sz` bytes early; their number, also in `outSz`, or -1 (`wolfSSL_get_error`).
///
/// # Safety
/// `ssl` is null or a connection; `data` has `sz` readable bytes; `outSz` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_write_early_data(
    ssl: *mut Ssl,
    data: *const c_void,
    sz: c_int,
    outSz: *mut c_int,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        handle::store(outSz, 0);
        write_early(ssl, data, sz, outSz)
    }
}

/// `wolfSSL_read_early_data`: reads at most `sz` bytes of early data; their number, also in `outSz`; 0 when there is no more, and the
/// handshake is to be completed; -1 on failure (`wolfSSL_get_error`).
///
/// # Safety
/// `ssl` is null or a connection; `data` has `sz` writable bytes; `outSz` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_read_early_data(
    ssl: *mut Ssl,
    data: *mut c_void,
    sz: c_int,
    outSz: *mut c_int,
) -> c_int {
    entry(FATAL, || {
        // SAFETY: the caller's contract.
        unsafe { handle::store(outSz, 0) };
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::share(ssl) }?;
        if ssl.early_data.get() == EarlyDataState::Read || ssl.is_established() {
            return Ok(0);
        }
        // SAFETY: the caller's contract; a negative size is none.
        let buffer = unsafe { handle::buffer(data.cast(), usize::try_from(sz).unwrap_or(0)) };
        let count = match ssl.conclude(|| ssl.read_early(buffer?))? {
            EarlyRead::Success(count) => c_int::try_from(count).unwrap_or(c_int::MAX),
            EarlyRead::Finish => 0,
        };
        // SAFETY: the caller's contract.
        unsafe { handle::store(outSz, count) };
        Ok(count)
    })
}
