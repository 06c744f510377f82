//! Server names, the client-hello callback, and certificates chosen by callbacks.

use core::ffi::{c_char, c_int, c_long, c_uchar, c_uint, c_void};
use std::ffi::CString;
use std::sync::Arc;

use warifu::pki_types::ServerName;

use super::{on, on_shared};
use crate::context::Context;
use crate::fault::Fault;
use crate::handle::{self, UserData};
use crate::hello::{
    CertificateCallback, ClientCertificateCallback, ClientHello, ClientHelloCallback,
    ServerNameCallback,
};
use crate::memory;
use crate::reason;
use crate::ssl::Ssl;

/// `TLSEXT_NAMETYPE_host_name`
const HOST_NAME: c_int = 0;

/// `SSL_set_tlsext_host_name`: the name of the server that a client wants, for SNI; null for none. 1, or 0 on failure.
///
/// # Safety
/// `ssl` is null or a connection; `name` null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_tlsext_host_name(ssl: *mut Ssl, name: *const c_char) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, 0, |ssl| {
            let name = if name.is_null() {
                None
            } else {
                Some(host_name(handle::string(name)?)?)
            };
            ssl.hello.set_host_name(name);
            Ok(1)
        })
    }
}

pub(super) fn host_name(name: &[u8]) -> Result<CString, Fault> {
    let bad = |why: &str| Fault::ssl(reason::SSL_R_SSL3_EXT_INVALID_SERVERNAME, why);
    let text = core::str::from_utf8(name).map_err(|_| bad("a server name that is no text"))?;
    // IP addresses are taken, and not sent: RFC 6066 Section 3.
    if ServerName::try_from(text).is_err() {
        return Err(bad(&format!("{text:?} is not the name of a host")));
    }
    CString::new(name).map_err(|_| bad("a server name with a NUL"))
}

/// `SSL_get_servername`: the name in SNI, of this client or of this server's client; null if there is none. It stays until the connection
/// is cleared or freed.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_servername(ssl: *const Ssl, name_type: c_int) -> *const c_char {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, core::ptr::null(), |ssl| {
            Ok(match name_type {
                HOST_NAME => ssl.server_name_text(),
                _ => core::ptr::null(),
            })
        })
    }
}

/// `SSL_get_servername_type`: `TLSEXT_NAMETYPE_host_name`, or -1 if there is no name in SNI.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_servername_type(ssl: *const Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, -1, |ssl| {
            Ok(if ssl.server_name_text().is_null() {
                -1
            } else {
                HOST_NAME
            })
        })
    }
}

/// `SSL_CTX_set_tlsext_servername_callback`: what a server asks about each client's name; 1.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_tlsext_servername_callback(
    ctx: *mut Context,
    callback: Option<ServerNameCallback>,
) -> c_long {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, 0, |ctx| {
            ctx.change(|settings| settings.hello.server_name = callback);
            Ok(1)
        })
    }
}

/// `SSL_CTX_set_tlsext_servername_arg`: what that callback is given; 1.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_tlsext_servername_arg(
    ctx: *mut Context,
    argument: *mut c_void,
) -> c_long {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, 0, |ctx| {
            let argument = UserData(argument);
            ctx.change(|settings| settings.hello.server_name_argument = argument);
            Ok(1)
        })
    }
}

/// `SSL_set_SSL_CTX`: goes on in another context, of which a reference is taken; returns it, or null on failure.
///
/// # Safety
/// `ssl` is null or a connection; `ctx` null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_SSL_CTX(ssl: *mut Ssl, ctx: *mut Context) -> *mut Context {
    // SAFETY: the caller's contract.
    unsafe {
        on_shared(ssl, core::ptr::null_mut(), |ssl| {
            let context = handle::share(ctx)?;
            if !Arc::ptr_eq(&context, &ssl.context()) {
                ssl.switch_context(context);
            }
            Ok(ctx)
        })
    }
}

// The client-hello callback, and what it can look at.

/// `SSL_CTX_set_client_hello_cb`: what a server asks about each ClientHello first.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_client_hello_cb(
    ctx: *mut Context,
    callback: Option<ClientHelloCallback>,
    argument: *mut c_void,
) {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, (), |ctx| {
            let callback = callback.map(|callback| (callback, UserData(argument)));
            ctx.change(|settings| settings.hello.client_hello = callback);
            Ok(())
        });
    }
}

/// The ClientHello, inside of callbacks.
fn hello_of(ssl: &Ssl) -> Result<Arc<ClientHello>, Fault> {
    ssl.hello.client_hello().ok_or(Fault::Quiet)
}

/// Lends a part of the ClientHello to C; returns its length. The connection keeps the message until the callbacks have answered.
///
/// # Safety
/// `ssl` is null or a connection; `out` null or writable.
unsafe fn lend(
    ssl: *mut Ssl,
    out: *mut *const c_uchar,
    part: impl FnOnce(&ClientHello) -> &[u8],
) -> usize {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, 0, |ssl| {
            let hello = hello_of(ssl)?;
            let part = part(&hello);
            handle::store(out, part.as_ptr());
            Ok(part.len())
        })
    }
}

/// `SSL_client_hello_isv2`: whether the hello is one of SSL 2.0; it never is.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_client_hello_isv2(ssl: *mut Ssl) -> c_int {
    let _ = ssl;
    0
}

/// `SSL_client_hello_get0_legacy_version`: `legacy_version`; 0 outside of callbacks for hellos.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_client_hello_get0_legacy_version(ssl: *mut Ssl) -> c_uint {
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, |ssl| Ok(hello_of(ssl)?.version().into())) }
}

/// `SSL_client_hello_get0_random`: the 32 bytes of `random`; 0 outside of callbacks for hellos.
///
/// # Safety
/// `ssl` is null or a connection; `out` null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_client_hello_get0_random(
    ssl: *mut Ssl,
    out: *mut *const c_uchar,
) -> usize {
    // SAFETY: the caller's contract.
    unsafe { lend(ssl, out, ClientHello::random) }
}

/// `SSL_client_hello_get0_session_id`: `legacy_session_id`; 0 outside of callbacks for hellos.
///
/// # Safety
/// `ssl` is null or a connection; `out` null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_client_hello_get0_session_id(
    ssl: *mut Ssl,
    out: *mut *const c_uchar,
) -> usize {
    // SAFETY: the caller's contract.
    unsafe { lend(ssl, out, ClientHello::session_id) }
}

/// `SSL_client_hello_get0_ciphers`: the cipher suites, two bytes each; 0 outside of callbacks for hellos.
///
/// # Safety
/// `ssl` is null or a connection; `out` null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_client_hello_get0_ciphers(
    ssl: *mut Ssl,
    out: *mut *const c_uchar,
) -> usize {
    // SAFETY: the caller's contract.
    unsafe { lend(ssl, out, ClientHello::cipher_suites) }
}

/// `SSL_client_hello_get0_compression_methods`: a byte each; 0 outside of callbacks for hellos.
///
/// # Safety
/// `ssl` is null or a connection; `out` null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_client_hello_get0_compression_methods(
    ssl: *mut Ssl,
    out: *mut *const c_uchar,
) -> usize {
    // SAFETY: the caller's contract.
    unsafe { lend(ssl, out, ClientHello::compression_methods) }
}

/// `SSL_client_hello_get0_ext`: the data of an extension; 1, or 0 if there is none.
///
/// # Safety
/// `ssl` is null or a connection; `out` and `out_len` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_client_hello_get0_ext(
    ssl: *mut Ssl,
    extension_type: c_uint,
    out: *mut *const c_uchar,
    out_len: *mut usize,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, 0, |ssl| {
            let hello = hello_of(ssl)?;
            let extension_type = u16::try_from(extension_type).map_err(|_| Fault::Quiet)?;
            let data = hello.extension(extension_type).ok_or(Fault::Quiet)?;
            handle::store(out, data.as_ptr());
            handle::store(out_len, data.len());
            Ok(1)
        })
    }
}

/// `SSL_client_hello_get1_extensions_present`: the types of all extensions, in memory for the caller to free; 1, or 0 outside of callbacks
/// for hellos.
///
/// # Safety
/// `ssl` is null or a connection; `out` and `out_len` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_client_hello_get1_extensions_present(
    ssl: *mut Ssl,
    out: *mut *mut c_int,
    out_len: *mut usize,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, 0, |ssl| {
            if out.is_null() || out_len.is_null() {
                return Err(Fault::null());
            }
            let hello = hello_of(ssl)?;
            let types: Vec<c_int> = hello.extension_types().map(c_int::from).collect();
            if types.is_empty() {
                handle::store(out, core::ptr::null_mut());
            } else {
                let bytes: Vec<u8> = types
                    .iter()
                    .flat_map(|number| number.to_ne_bytes())
                    .collect();
                // Memory of C's allocator is aligned for any type.
                handle::store(out, memory::to_c(&bytes)?.cast());
            }
            handle::store(out_len, types.len());
            Ok(1)
        })
    }
}

// Certificates by callbacks.

/// `SSL_CTX_set_cert_cb`: what is asked before a certificate is needed.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_cert_cb(
    ctx: *mut Context,
    callback: Option<CertificateCallback>,
    argument: *mut c_void,
) {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, (), |ctx| {
            let callback = callback.map(|callback| (callback, UserData(argument)));
            ctx.change(|settings| settings.hello.certificate = callback);
            Ok(())
        });
    }
}

/// `SSL_set_cert_cb`: the same for one connection.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_cert_cb(
    ssl: *mut Ssl,
    callback: Option<CertificateCallback>,
    argument: *mut c_void,
) {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, (), |ssl| {
            let callback = callback.map(|callback| (callback, UserData(argument)));
            ssl.change(|settings| settings.hello.certificate = callback);
            Ok(())
        });
    }
}

/// `SSL_CTX_set_client_cert_cb`: what a client without a fitting certificate asks for one.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_client_cert_cb(
    ctx: *mut Context,
    callback: Option<ClientCertificateCallback>,
) {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, (), |ctx| {
            ctx.change(|settings| settings.hello.client_certificate = callback);
            Ok(())
        });
    }
}

/// `SSL_CTX_get_client_cert_cb`: that callback; null if there is none.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_get_client_cert_cb(
    ctx: *mut Context,
) -> Option<ClientCertificateCallback> {
    // SAFETY: the caller's contract.
    unsafe { on(ctx, None, |ctx| Ok(ctx.settings().hello.client_certificate)) }
}

/// `SSL_CTX_set_client_cert_engine`: 0: there are no engines. See `SSL_CTX_set_client_cert_cb`.
///
/// # Safety
/// Nothing is looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_client_cert_engine(
    ctx: *mut Context,
    engine: *mut c_void,
) -> c_int {
    let _ = (ctx, engine);
    super::entry(0, || {
        Err(Fault::unsupported(
            "there are no engines: give certificates by SSL_CTX_set_client_cert_cb",
        ))
    })
}
