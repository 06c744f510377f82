//! Which name the peer is to have, and the parameters that say it.

use core::ffi::{c_char, c_int, c_uint};
use std::sync::Arc;

use super::on;
use crate::context::Context;
use crate::handle;
use crate::ssl::Ssl;
use crate::x509::host;
use crate::x509::param::VerifyParam;

/// Adds a name that the server may have.
fn add_host(ssl: &Ssl, name: &[u8]) {
    let address = core::str::from_utf8(name)
        .ok()
        .and_then(host::address_bytes);
    ssl.param.change(|values| match address {
        Some(address) => values.address = address,
        None if name.is_empty() => {}
        None => values.hosts.push(name.to_vec()),
    });
}

/// `SSL_set1_host`: the name, or IP address, that the server must have; null for any. 1, or 0 on failure.
///
/// # Safety
/// `ssl` is null or a connection; `name` null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set1_host(ssl: *mut Ssl, name: *const c_char) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, 0, |ssl| {
            ssl.param.change(|values| {
                values.hosts.clear();
                values.address.clear();
            });
            if !name.is_null() {
                add_host(ssl, handle::string(name)?);
            }
            Ok(1)
        })
    }
}

/// `SSL_add1_host`: another name that will do; 1, or 0 on failure.
///
/// # Safety
/// `ssl` is null or a connection; `name` null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_add1_host(ssl: *mut Ssl, name: *const c_char) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, 0, |ssl| {
            add_host(ssl, handle::string(name)?);
            Ok(1)
        })
    }
}

/// `SSL_set_hostflags`: `X509_CHECK_FLAG_…`
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_hostflags(ssl: *mut Ssl, flags: c_uint) {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, (), |ssl| {
            ssl.param.change(|values| values.host_flags = flags);
            Ok(())
        });
    }
}

/// `SSL_get0_peername`: the certificate's name that matched; null if none was asked for. Stays until it is another one.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get0_peername(ssl: *mut Ssl) -> *const c_char {
    // SAFETY: the caller's contract.
    unsafe { on(ssl, core::ptr::null(), |ssl| Ok(ssl.peer_name())) }
}

/// `SSL_CTX_get0_param`: the parameters, which the context keeps.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_get0_param(ctx: *mut Context) -> *mut VerifyParam {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, core::ptr::null_mut(), |context| {
            Ok(Arc::as_ptr(&context.param).cast_mut())
        })
    }
}

/// `SSL_get0_param`: the parameters, which the connection keeps.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get0_param(ssl: *mut Ssl) -> *mut VerifyParam {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, core::ptr::null_mut(), |ssl| {
            Ok(Arc::as_ptr(&ssl.param).cast_mut())
        })
    }
}
