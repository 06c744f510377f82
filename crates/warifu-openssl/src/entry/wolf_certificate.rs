//! Certificates, by wolfSSL's names.

use core::ffi::{c_char, c_int, c_long, c_uchar, c_void};
use std::sync::Arc;

use super::verify::{SSL_CTX_load_verify_buffer, SSL_CTX_load_verify_locations};
use super::{entry, on};
use crate::context::Context;
use crate::fault::Fault;
use crate::handle::{self, UserData};
use crate::notes::SecretCallback;
use crate::reason;
use crate::ssl::Ssl;
use crate::wolf::{CaCallback, verify};
use crate::x509::X509;

/// `WOLFSSL_SUCCESS`
const SUCCESS: c_int = 1;
/// `WOLFSSL_USER_CA`
const USER_CA: c_int = 1;
/// `WOLFSSL_FILETYPE_…`
const PEM: c_int = 1;

/// `wolfSSL_CTX_set_verify`: how the peer is verified, with a callback that looks into a structure.
///
/// # Safety
/// `ctx` is null or a context; the callback is null or what the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_CTX_set_verify(
    ctx: *mut Context,
    mode: c_int,
    callback: Option<verify::Callback>,
) {
    let body = |ctx: &Context| {
        ctx.change(|settings| {
            settings.verification.set(mode);
            settings.verification.callback = callback.map(|_| verify::show as _);
            settings.wolf.verify = callback;
        });
        Ok(())
    };
    // SAFETY: the caller's contract.
    unsafe { on(ctx, (), body) }
}

/// `wolfSSL_set_verify`: as `wolfSSL_CTX_set_verify`, for one connection; null leaves the callback that is there.
///
/// # Safety
/// `ssl` is null or a connection; the callback is null or what the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_set_verify(
    ssl: *mut Ssl,
    mode: c_int,
    callback: Option<verify::Callback>,
) {
    let body = |ssl: &Ssl| {
        ssl.change(|settings| {
            settings.verification.set(mode);
            if callback.is_some() {
                settings.verification.callback = Some(verify::show);
                settings.wolf.verify = callback;
            }
        });
        Ok(())
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, (), body) }
}

/// `wolfSSL_CTX_SetCACb`: is told of each CA certificate that is loaded from now on; null for nobody.
///
/// # Safety
/// `ctx` is null or a context; the callback is null or what the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_CTX_SetCACb(ctx: *mut Context, callback: Option<CaCallback>) {
    let body = |ctx: &Context| {
        ctx.change(|settings| settings.wolf.ca_added = callback);
        Ok(())
    };
    // SAFETY: the caller's contract.
    unsafe { on(ctx, (), body) }
}

/// Loads CA certificates, and tells the program of those that are new.
///
/// # Safety
/// `ctx` is null or a context.
unsafe fn load(ctx: *mut Context, load: impl FnOnce() -> c_int) -> c_int {
    let trusted = || {
        // SAFETY: the caller's promise.
        let settings = unsafe { handle::borrow(ctx) }?.settings();
        let certificates = settings.verification.trusted().certificates();
        Ok::<_, Fault>((settings.wolf.ca_added, certificates))
    };
    let Ok((Some(callback), before)) = trusted() else {
        return load();
    };
    let loaded = load();
    entry(0, || {
        for certificate in trusted()?.1 {
            if before.iter().any(|old| Arc::ptr_eq(old, &certificate)) {
                continue;
            }
            // A copy: what the type lets the callback write to is its own.
            let mut der = certificate.der().to_vec();
            let len = c_int::try_from(der.len()).unwrap_or(c_int::MAX);
            // SAFETY: the program's function for this; nothing is locked, and the bytes stay until it returns.
            unsafe { callback(der.as_mut_ptr(), len, USER_CA) };
        }
        Ok(loaded)
    })
}

/// `wolfSSL_CTX_load_verify_locations`: CA certificates from a file, a directory, or both; 1, or 0 on failure.
///
/// # Safety
/// `ctx` is null or a context; the paths are null or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_CTX_load_verify_locations(
    ctx: *mut Context,
    file: *const c_char,
    path: *const c_char,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { load(ctx, || SSL_CTX_load_verify_locations(ctx, file, path)) }
}

/// `wolfSSL_CTX_load_verify_buffer`: CA certificates from memory; 1, or 0 on failure.
///
/// # Safety
/// `ctx` is null or a context; `bytes` has `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_CTX_load_verify_buffer(
    ctx: *mut Context,
    bytes: *const c_uchar,
    len: c_long,
    format: c_int,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { load(ctx, || SSL_CTX_load_verify_buffer(ctx, bytes, len, format)) }
}

/// `wolfSSL_CTX_SetTmpDH_file`: looks whether the file has parameters for Diffie-Hellman, which servers here have no use for; 1, or
/// 0 on failure.
///
/// # Safety
/// `ctx` is null or a context; `file` null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_CTX_SetTmpDH_file(
    ctx: *mut Context,
    file: *const c_char,
    format: c_int,
) -> c_int {
    const LABEL: &[u8] = b"-----BEGIN DH PARAMETERS-----";
    let body = |_: &Context| {
        // SAFETY: the caller's contract.
        let path = unsafe { handle::path(file) }?;
        let text = std::fs::read(path)
            .map_err(|error| Fault::system(&error, &format!("reading {}", path.display())))?;
        if format == PEM && !text.windows(LABEL.len()).any(|part| part == LABEL) {
            return Err(Fault::ssl(
                reason::SSL_R_BAD_VALUE,
                format!("{} has no DH PARAMETERS", path.display()),
            ));
        }
        Ok(SUCCESS)
    };
    // SAFETY: the caller's contract.
    unsafe { on(ctx, 0, body) }
}

/// `wolfSSL_X509_get_next_altname`: the next of the host names, mail addresses and URIs in subjectAltName; null behind the last, and then
/// again from the first.
///
/// # Safety
/// `certificate` is null or a certificate.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_X509_get_next_altname(certificate: *mut X509) -> *mut c_char {
    let body = |certificate: &X509| Ok(certificate.next_alt_name());
    // SAFETY: the caller's contract.
    unsafe { on(certificate, core::ptr::null_mut(), body) }
}

/// `wolfSSL_X509_get_serial_number`: the number's bytes at `out`, which has `*size`; 1, and their number in `size`, or 0 on failure.
///
/// # Safety
/// `certificate` is null or a certificate; `size` is null or readable and writable; `out` is null or has so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_X509_get_serial_number(
    certificate: *mut X509,
    out: *mut c_uchar,
    size: *mut c_int,
) -> c_int {
    let body = |certificate: &X509| {
        // SAFETY: the caller's contract.
        let room = *unsafe { handle::borrow(size) }?;
        let number = certificate.serial().bytes();
        let len = c_int::try_from(number.len()).unwrap_or(c_int::MAX);
        if !out.is_null() {
            let room = usize::try_from(room).unwrap_or(0);
            // SAFETY: the caller's contract.
            let out = unsafe { handle::buffer(out, room) }?;
            let to = out.get_mut(..number.len()).ok_or_else(|| {
                Fault::argument("a buffer that is too small for the serial number")
            })?;
            to.copy_from_slice(number);
        }
        // SAFETY: the caller's contract.
        unsafe { handle::store(size, len) };
        Ok(SUCCESS)
    };
    // SAFETY: the caller's contract.
    unsafe { on(certificate, 0, body) }
}

/// `wolfSSL_X509_get_der`: the certificate's bytes, which it keeps; their number goes to `size`. Null on failure.
///
/// # Safety
/// `certificate` is null or a certificate; `size` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_X509_get_der(
    certificate: *mut X509,
    size: *mut c_int,
) -> *const c_uchar {
    let body = |certificate: &X509| {
        let der = certificate.der();
        // SAFETY: the caller's contract.
        unsafe { handle::store(size, c_int::try_from(der.len()).unwrap_or(c_int::MAX)) };
        Ok(der.as_ptr())
    };
    // SAFETY: the caller's contract.
    unsafe { on(certificate, core::ptr::null(), body) }
}

/// `wolfSSL_set_tls13_secret_cb`: is told of the connection's secrets of TLS 1.3; null for nobody. 1, or 0 on failure.
///
/// # Safety
/// `ssl` is null or a connection; the callback is null or what the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_set_tls13_secret_cb(
    ssl: *mut Ssl,
    callback: Option<SecretCallback>,
    context: *mut c_void,
) -> c_int {
    let body = |ssl: &Ssl| {
        let callback = callback.map(|callback| (callback, UserData(context)));
        ssl.change(|settings| settings.listeners.secret = callback);
        Ok(SUCCESS)
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, body) }
}
