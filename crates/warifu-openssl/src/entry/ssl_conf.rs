//! Settings by name.

use core::ffi::{CStr, c_char, c_int, c_uint};
use std::sync::Arc;

use super::{entry, on};
use crate::conf::{ConfCtx, Done, Refusal, Target};
use crate::context::Context;
use crate::error_queue;
use crate::handle;
use crate::ssl::Ssl;

/// `SSL_CONF_CTX_new`: where commands are given to; null on failure.
#[allow(clippy::arc_with_non_send_sync)] // As all objects of C; one thread uses it at a time.
#[unsafe(no_mangle)]
pub extern "C" fn SSL_CONF_CTX_new() -> *mut ConfCtx {
    entry(core::ptr::null_mut(), || {
        Ok(handle::into_raw(Arc::new(ConfCtx::default())))
    })
}

/// `SSL_CONF_CTX_free`
///
/// # Safety
/// The pointer is null or the caller's to give.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CONF_CTX_free(cctx: *mut ConfCtx) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(cctx) });
        Ok(())
    });
}

/// `SSL_CONF_CTX_set_flags`: the flags that are on afterwards.
///
/// # Safety
/// The pointer is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CONF_CTX_set_flags(cctx: *mut ConfCtx, flags: c_uint) -> c_uint {
    // SAFETY: the caller's contract.
    unsafe { on(cctx, 0, |cctx| Ok(cctx.set_flags(flags))) }
}

/// `SSL_CONF_CTX_clear_flags`: the flags that are on afterwards.
///
/// # Safety
/// The pointer is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CONF_CTX_clear_flags(cctx: *mut ConfCtx, flags: c_uint) -> c_uint {
    // SAFETY: the caller's contract.
    unsafe { on(cctx, 0, |cctx| Ok(cctx.clear_flags(flags))) }
}

/// `SSL_CONF_CTX_set1_prefix`: what commands begin with, null for nothing; 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CONF_CTX_set1_prefix(cctx: *mut ConfCtx, pre: *const c_char) -> c_int {
    let body = |cctx: &ConfCtx| {
        let prefix = match pre.is_null() {
            true => &[][..],
            // SAFETY: the caller's contract.
            false => unsafe { handle::string(pre) }?,
        };
        cctx.set_prefix(prefix);
        Ok(1)
    };
    // SAFETY: the caller's contract.
    unsafe { on(cctx, 0, body) }
}

/// `SSL_CONF_CTX_set_ssl_ctx`: the context whose settings are changed; null for none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CONF_CTX_set_ssl_ctx(cctx: *mut ConfCtx, ctx: *mut Context) {
    let body = |cctx: &ConfCtx| {
        // SAFETY: the caller's contract.
        cctx.set_target(unsafe { handle::share(ctx) }.map_or(Target::None, Target::Context));
        Ok(())
    };
    // SAFETY: the caller's contract.
    unsafe { on(cctx, (), body) }
}

/// `SSL_CONF_CTX_set_ssl`: the connection whose settings are changed; null for none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CONF_CTX_set_ssl(cctx: *mut ConfCtx, ssl: *mut Ssl) {
    let body = |cctx: &ConfCtx| {
        // SAFETY: the caller's contract.
        cctx.set_target(unsafe { handle::share(ssl) }.map_or(Target::None, Target::Connection));
        Ok(())
    };
    // SAFETY: the caller's contract.
    unsafe { on(cctx, (), body) }
}

/// `SSL_CONF_cmd`: 2 done with the value, 1 done without; 0 failed; -2 no such command; -3 it needs a value.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CONF_cmd(
    cctx: *mut ConfCtx,
    cmd: *const c_char,
    value: *const c_char,
) -> c_int {
    let body = |cctx: &ConfCtx| {
        // SAFETY: the caller's contract.
        let name = unsafe { handle::string(cmd) }?;
        // SAFETY: the caller's contract.
        let value = (!value.is_null()).then(|| unsafe { CStr::from_ptr(value) });
        Ok(match cctx.run(name, value) {
            Ok(Done::WithValue) => 2,
            Ok(Done::WithoutValue) => 1,
            Err(Refusal::NeedsValue) => -3,
            Err(Refusal::Unknown(fault)) => {
                error_queue::raise(&fault);
                -2
            }
            Err(Refusal::Failed(fault)) => return Err(fault),
        })
    };
    // SAFETY: the caller's contract.
    unsafe { on(cctx, 0, body) }
}

/// `SSL_CONF_cmd_argv`: as `SSL_CONF_cmd` with the front of an argument vector, of which it takes what it used: how many that are; 0 no
/// such command; -1 failed; -3 it needs a value.
///
/// # Safety
/// `cctx` is null or what its type says; `pargv` is a place for an argument vector, of `*pargc` strings, or if `pargc` is null up to
/// a null pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CONF_cmd_argv(
    cctx: *mut ConfCtx,
    pargc: *mut c_int,
    pargv: *mut *mut *mut c_char,
) -> c_int {
    const FLAG_CMDLINE: c_uint = 1;
    const FLAG_FILE: c_uint = 2;
    let body = |conf: &ConfCtx| {
        // SAFETY: the caller's contract.
        let (count, arguments) = unsafe {
            let count = pargc.as_ref().copied().unwrap_or(c_int::MAX);
            (count, *handle::borrow(pargv)?)
        };
        if count <= 0 || arguments.is_null() {
            return Ok(0);
        }
        // SAFETY: there is a first argument, or the null pointer behind the last.
        let first = unsafe { *arguments };
        if first.is_null() {
            return Ok(0);
        }
        let second = match count {
            1 => core::ptr::null_mut(),
            // SAFETY: there is a second one, or the null pointer behind the last.
            _ => unsafe { *arguments.add(1) },
        };
        conf.set_flags(FLAG_CMDLINE);
        conf.clear_flags(FLAG_FILE);
        // SAFETY: the caller's contract.
        let used = unsafe { SSL_CONF_cmd(cctx, first, second) };
        if used > 0 {
            // SAFETY: the caller's contract; so many were there.
            unsafe {
                *pargv = arguments.add(used.unsigned_abs() as usize);
                if !pargc.is_null() {
                    *pargc = count - used;
                }
            }
        }
        Ok(match used {
            -2 => 0,
            0 => -1,
            used => used,
        })
    };
    // SAFETY: the caller's contract.
    unsafe { on(cctx, -1, body) }
}

/// `SSL_CONF_cmd_value_type`: `SSL_CONF_TYPE_…`, what a command takes.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CONF_cmd_value_type(cctx: *mut ConfCtx, cmd: *const c_char) -> c_int {
    let body = |cctx: &ConfCtx| {
        // SAFETY: the caller's contract.
        Ok(cctx.value_type(unsafe { handle::string(cmd) }?))
    };
    // SAFETY: the caller's contract.
    unsafe { on(cctx, 0, body) }
}

/// `SSL_CONF_CTX_finish`: ends the series of commands; 1, or 0 on failure.
///
/// # Safety
/// The pointer is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CONF_CTX_finish(cctx: *mut ConfCtx) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { on(cctx, 0, |cctx| cctx.finish().map(|()| 1)) }
}
