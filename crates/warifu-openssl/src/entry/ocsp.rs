//! Stapled OCSP responses (RFC 6066 Section 8): a client asks for one and reads it, a server staples one.

use core::ffi::{c_int, c_long, c_uchar, c_void};

use super::on;
use super::version::values;
use crate::context::Context;
use crate::fault::Fault;
use crate::handle::{self, UserData};
use crate::hello::StatusCallback;
use crate::memory;
use crate::settings::Settings;
use crate::ssl::Ssl;

/// `TLSEXT_STATUSTYPE_ocsp`
const OCSP: c_int = 1;
const NOTHING: c_int = -1;

fn set_type(settings: &mut Settings, status_type: c_int) -> Result<c_long, Fault> {
    settings.hello.asks_for_status = match status_type {
        OCSP => true,
        NOTHING => false,
        _ => {
            return Err(Fault::argument(format!(
                "{status_type} is no type of status: TLSEXT_STATUSTYPE_ocsp, or -1 for none"
            )));
        }
    };
    Ok(1)
}

/// `SSL_CTX_set_tlsext_status_type`: `TLSEXT_STATUSTYPE_ocsp` asks servers for a response, -1 does not; 1, or 0 on failure.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_tlsext_status_type(
    ctx: *mut Context,
    status_type: c_int,
) -> c_long {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, 0, |ctx| {
            ctx.try_change(|settings| set_type(settings, status_type))
        })
    }
}

/// `SSL_set_tlsext_status_type`: the same for one connection.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_tlsext_status_type(ssl: *mut Ssl, status_type: c_int) -> c_long {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, 0, |ssl| {
            ssl.try_change(|settings| set_type(settings, status_type))
        })
    }
}

values! {
    /// `SSL_CTX_get_tlsext_status_type`: what clients ask for; -1 for nothing.
    SSL_CTX_get_tlsext_status_type SSL_get_tlsext_status_type -> c_long, c_long::from(NOTHING) =>
        |settings| c_long::from(if settings.hello.asks_for_status { OCSP } else { NOTHING });
}

/// `SSL_CTX_set_tlsext_status_cb`: what a server asks for the response to staple, and a client about what it got; 1.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_tlsext_status_cb(
    ctx: *mut Context,
    callback: Option<StatusCallback>,
) -> c_long {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, 0, |ctx| {
            ctx.change(|settings| settings.hello.status = callback);
            Ok(1)
        })
    }
}

/// `SSL_CTX_get_tlsext_status_cb`: stores that callback; 1.
///
/// # Safety
/// `ctx` is null or a context; `callback` null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_get_tlsext_status_cb(
    ctx: *mut Context,
    callback: *mut Option<StatusCallback>,
) -> c_long {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, 0, |ctx| {
            handle::store(callback, ctx.settings().hello.status);
            Ok(1)
        })
    }
}

/// `SSL_CTX_set_tlsext_status_arg`: what that callback is given; 1.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_tlsext_status_arg(
    ctx: *mut Context,
    argument: *mut c_void,
) -> c_long {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, 0, |ctx| {
            let argument = UserData(argument);
            ctx.change(|settings| settings.hello.status_argument = argument);
            Ok(1)
        })
    }
}

/// `SSL_CTX_get_tlsext_status_arg`: stores that argument; 1.
///
/// # Safety
/// `ctx` is null or a context; `argument` null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_get_tlsext_status_arg(
    ctx: *mut Context,
    argument: *mut *mut c_void,
) -> c_long {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, 0, |ctx| {
            handle::store(argument, ctx.settings().hello.status_argument.0);
            Ok(1)
        })
    }
}

/// `SSL_get_tlsext_status_ocsp_resp`: stores the response, which the connection keeps; returns its length, -1 with null for none.
///
/// # Safety
/// `ssl` is null or a connection; `response` null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_tlsext_status_ocsp_resp(
    ssl: *mut Ssl,
    response: *mut *const c_uchar,
) -> c_long {
    // SAFETY: the caller's contract.
    unsafe {
        handle::store(response, core::ptr::null());
        on(ssl, -1, |ssl| {
            let Some(kept) = ssl.hello.ocsp_response() else {
                return Ok(-1);
            };
            handle::store(response, kept.as_ptr());
            Ok(c_long::try_from(kept.len()).unwrap_or(-1))
        })
    }
}

/// `SSL_set_tlsext_status_ocsp_resp`: takes a response to staple, which was allocated with `OPENSSL_malloc`; 1, or 0 on failure.
///
/// # Safety
/// `ssl` is null or a connection; `response` null or memory of C's allocator with `len` bytes, which the caller gives away.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_tlsext_status_ocsp_resp(
    ssl: *mut Ssl,
    response: *mut c_uchar,
    len: c_long,
) -> c_long {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, 0, |ssl| {
            let wanted = usize::try_from(len).map_err(|_| Fault::argument("a negative length"))?;
            let kept = match response.is_null() {
                true => None,
                false => Some(handle::long_bytes(response, wanted)?.into()),
            };
            ssl.hello.set_ocsp_response(kept);
            memory::free(response.cast());
            Ok(1)
        })
    }
}
