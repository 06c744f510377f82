//! Parameters for key exchange, which programs for older libraries set: taken, and not used. The library has groups of its own.

use core::ffi::{c_int, c_long, c_void};

use super::version::changes;
use super::{entry, on};
use crate::context::Context;
use crate::handle;
use crate::ssl::Ssl;
use crate::x509::Pkey;

changes! {
    /// `SSL_CTX_set_tmp_dh`: 1. The parameters are not used: the library has groups of its own.
    SSL_CTX_set_tmp_dh SSL_set_tmp_dh (_parameters: *const c_void) -> c_long, 0 => |_settings| Ok(1);
    /// `SSL_CTX_set_tmp_ecdh`: 1. The curve is not used: see `SSL_CTX_set1_groups_list`.
    SSL_CTX_set_tmp_ecdh SSL_set_tmp_ecdh (_key: *const c_void) -> c_long, 0 => |_settings| Ok(1);
    /// `SSL_CTX_set_tmp_dh_callback`: the callback is never called.
    SSL_CTX_set_tmp_dh_callback SSL_set_tmp_dh_callback (_callback: *const c_void) -> (), () => |_settings| Ok(());
}

/// Takes a key, and does nothing with it.
///
/// # Safety
/// `key` is null or a key of which the caller gives one reference away.
unsafe fn drop_key(key: *mut Pkey) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(key) });
        Ok(())
    });
}

/// `SSL_CTX_set0_tmp_dh_pkey`: 1. Takes the parameters, which are not used.
///
/// # Safety
/// `ctx` is null or a context; `parameters` null or a key of which the caller gives one reference away.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set0_tmp_dh_pkey(
    ctx: *mut Context,
    parameters: *mut Pkey,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, 0, |_| {
            drop_key(parameters);
            Ok(1)
        })
    }
}

/// `SSL_set0_tmp_dh_pkey`: 1. Takes the parameters, which are not used.
///
/// # Safety
/// `ssl` is null or a connection; `parameters` null or a key of which the caller gives one reference away.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set0_tmp_dh_pkey(ssl: *mut Ssl, parameters: *mut Pkey) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, 0, |_| {
            drop_key(parameters);
            Ok(1)
        })
    }
}
