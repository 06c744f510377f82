//! Making and sharing contexts.

use core::ffi::c_int;
use std::sync::Arc;

use super::entry;
use crate::context::Context;
use crate::ex_data::Class;
use crate::fault::Fault;
use crate::handle;
use crate::method::Method;
use crate::reason;

/// `SSL_CTX_new`: a context for connections of this method; null on failure.
///
/// # Safety
/// `method` is null or the result of one of the method functions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_new(method: *const Method) -> *mut Context {
    entry(core::ptr::null_mut(), || {
        if method.is_null() {
            return Err(Fault::ssl(
                reason::SSL_R_NULL_SSL_METHOD_PASSED,
                "SSL_CTX_new needs a method: SSLv23_client_method() or another",
            ));
        }
        // SAFETY: methods are static, by the caller's contract.
        let method: &'static Method = unsafe { handle::borrow(method) }?;
        let context = handle::into_raw(Arc::new(Context::new(method)));
        // SAFETY: the pointer by which C knows it, of a live object.
        unsafe { (*context).ex_data.created(Class::SslCtx, context.cast()) };
        Ok(context)
    })
}

/// `SSL_CTX_new_ex`: as `SSL_CTX_new`; there is one library context only, and one implementation of each algorithm.
///
/// # Safety
/// As for [`SSL_CTX_new`]; the first two arguments are not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_new_ex(
    libctx: *mut core::ffi::c_void,
    propq: *const core::ffi::c_char,
    method: *const Method,
) -> *mut Context {
    let _ = (libctx, propq);
    // SAFETY: the caller's contract.
    unsafe { SSL_CTX_new(method) }
}

/// `SSL_CTX_free`: gives one reference back. Connections keep their context.
///
/// # Safety
/// `ctx` is null or a context of which the caller owns a reference.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_free(ctx: *mut Context) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(ctx) });
        Ok(())
    });
}

/// `SSL_CTX_up_ref`: one more reference; 1.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_up_ref(ctx: *mut Context) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        handle::into_raw(unsafe { handle::share(ctx) }?);
        Ok(1)
    })
}
