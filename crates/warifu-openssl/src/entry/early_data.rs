//! Early data.

use core::ffi::{c_int, c_void};

use warifu::EarlyData;

use super::version::{changes, values};
use super::{entry, on};
use crate::context::Context;
use crate::early_data::EarlyRead;
use crate::handle::{self, UserData};
use crate::session::settings::AllowEarlyData;
use crate::ssl::Ssl;

changes! {
    /// `SSL_CTX_set_max_early_data`: bytes of early data that a server's new tickets allow; 1, or 0 on failure.
    SSL_CTX_set_max_early_data SSL_set_max_early_data (max_early_data: u32) -> c_int, 0 => |settings| {
        settings.sessions.max_early_data = max_early_data;
        Ok(1)
    };
    /// `SSL_CTX_set_recv_max_early_data`: bytes of early data that a server takes at most; 1, or 0 on failure.
    SSL_CTX_set_recv_max_early_data SSL_set_recv_max_early_data (recv_max_early_data: u32) -> c_int, 0 => |settings| {
        settings.sessions.max_received_early_data = recv_max_early_data;
        Ok(1)
    };
}

values! {
    /// `SSL_CTX_get_max_early_data`
    SSL_CTX_get_max_early_data SSL_get_max_early_data -> u32, 0 => |settings| settings.sessions.max_early_data;
    /// `SSL_CTX_get_recv_max_early_data`
    SSL_CTX_get_recv_max_early_data SSL_get_recv_max_early_data -> u32, 0 =>
        |settings| settings.sessions.max_received_early_data;
}

/// Declares the setter of the callback for contexts and connections.
macro_rules! allow_callbacks {
    ($($(#[$doc:meta])* $name:ident: $object:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `object` is null or what its type says; the callback is null or a function of its type.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            object: *mut $object,
            callback: Option<AllowEarlyData>,
            argument: *mut c_void,
        ) {
            let allow = callback.map(|callback| (callback, UserData(argument)));
            let body = |object: &$object| {
                object.change(|settings| settings.sessions.allow_early_data = allow);
                Ok(())
            };
            // SAFETY: the caller's contract.
            unsafe { on(object, (), body) }
        }
    )*};
}

allow_callbacks! {
    /// `SSL_CTX_set_allow_early_data_cb`: is asked whether early data is taken that could be, and returns 0 for no.
    SSL_CTX_set_allow_early_data_cb: Context;
    /// `SSL_set_allow_early_data_cb`: as `SSL_CTX_set_allow_early_data_cb`, for one connection.
    SSL_set_allow_early_data_cb: Ssl;
}

/// `SSL_write_early_data`: sends all of `num` bytes early; 1, or 0 on failure (`SSL_get_error`).
///
/// # Safety
/// `ssl` is null or a connection; `buf` has `num` readable bytes; `written` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_write_early_data(
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
        let count = ssl.conclude(|| ssl.write_early(data?))?;
        // SAFETY: the caller's contract.
        unsafe { handle::store(written, count) };
        Ok(1)
    })
}

/// `SSL_read_early_data`: reads at most `num` bytes; `SSL_READ_EARLY_DATA_SUCCESS`, `_FINISH` when there is no more, or `_ERROR`
/// (`SSL_get_error`).
///
/// # Safety
/// `ssl` is null or a connection; `buf` has `num` writable bytes; `readbytes` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_read_early_data(
    ssl: *mut Ssl,
    buf: *mut c_void,
    num: usize,
    readbytes: *mut usize,
) -> c_int {
    const ERROR: c_int = 0;
    const SUCCESS: c_int = 1;
    const FINISH: c_int = 2;
    entry(ERROR, || {
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::share(ssl) }?;
        // SAFETY: the caller's contract.
        let buffer = unsafe { handle::buffer(buf.cast(), num) };
        let (count, answer) = match ssl.conclude(|| ssl.read_early(buffer?))? {
            EarlyRead::Success(count) => (count, SUCCESS),
            EarlyRead::Finish => (0, FINISH),
        };
        // SAFETY: the caller's contract.
        unsafe { handle::store(readbytes, count) };
        Ok(answer)
    })
}

/// `SSL_get_early_data_status`: `SSL_EARLY_DATA_NOT_SENT`, `_REJECTED` (also as long as the server has not answered) or `_ACCEPTED`.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_early_data_status(ssl: *const Ssl) -> c_int {
    let body = |ssl: &Ssl| {
        Ok(match ssl.early_data_status() {
            EarlyData::NotOffered => 0,
            EarlyData::Offered | EarlyData::Rejected => 1,
            EarlyData::Accepted => 2,
        })
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, body) }
}
