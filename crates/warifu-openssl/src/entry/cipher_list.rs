//! Which suites a context or a connection uses, and security levels.

use core::ffi::{c_char, c_int, c_uchar};
use std::sync::Arc;

use warifu::parameters::CipherSuite;

use super::version::{changes, values};
use super::{entry, on};
use crate::cipher::{Cipher, stack_of};
use crate::context::Context;
use crate::fault::Fault;
use crate::handle;
use crate::method::Role;
use crate::reason;
use crate::settings::Settings;
use crate::ssl::Ssl;
use crate::stack::Stack;

/// Declares functions of a string that a context and a connection have alike.
macro_rules! from_text {
    ($($(#[$doc:meta])* $of_context:ident $of_connection:ident: |$settings:ident, $text:ident| $change:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `ctx` is null or a context; `str` is null or a string.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_context(ctx: *mut Context, str: *const c_char) -> c_int {
            // SAFETY: the caller's contract.
            unsafe {
                on(ctx, 0, |ctx| {
                    let $text = handle::string(str)?;
                    ctx.try_change(|$settings| $change).map(|()| 1)
                })
            }
        }

        $(#[$doc])*
        ///
        /// # Safety
        /// `ssl` is null or a connection; `str` is null or a string.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_connection(ssl: *mut Ssl, str: *const c_char) -> c_int {
            // SAFETY: the caller's contract.
            unsafe {
                on(ssl, 0, |ssl| {
                    let $text = handle::string(str)?;
                    ssl.try_change(|$settings| $change).map(|()| 1)
                })
            }
        }
    )*};
}
pub(super) use from_text;

from_text! {
    /// `SSL_CTX_set_cipher_list`: the suites of TLS 1.2 and older, in OpenSSL's language for lists; 1, or 0 on failure.
    SSL_CTX_set_cipher_list SSL_set_cipher_list: |settings, text| settings.ciphers.set_list(text);
    /// `SSL_CTX_set_ciphersuites`: the suites of TLS 1.3, names between colons; 1, or 0 on failure.
    SSL_CTX_set_ciphersuites SSL_set_ciphersuites: |settings, text| settings.ciphers.set_suites(text);
}

changes! {
    /// `SSL_CTX_set_security_level`: 0 to 5; higher ones count as 5, lower ones as 0.
    SSL_CTX_set_security_level SSL_set_security_level (level: c_int) -> (), () => |settings| {
        settings.ciphers.set_level(level.clamp(0, 5).unsigned_abs() as u8);
        Ok(())
    };
}

values! {
    /// `SSL_CTX_get_security_level`
    SSL_CTX_get_security_level SSL_get_security_level -> c_int, -1 => |settings| settings.ciphers.level().into();
}

/// `SSL_CTX_get_ciphers`: the suites of the context, best first. They stay the context's, until they are set anew.
///
/// # Safety
/// The pointer is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_get_ciphers(ctx: *const Context) -> *mut Stack {
    if ctx.is_null() {
        return core::ptr::null_mut();
    }
    let body = |ctx: &Context| Ok(lent(&ctx.settings()));
    // SAFETY: the caller's contract.
    unsafe { on(ctx, core::ptr::null_mut(), body) }
}

/// `SSL_get_ciphers`: the suites of the connection, best first. They stay the connection's, until they are set anew.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_ciphers(ssl: *const Ssl) -> *mut Stack {
    if ssl.is_null() {
        return core::ptr::null_mut();
    }
    let body = |ssl: &Ssl| Ok(lent(&ssl.settings()));
    // SAFETY: the caller's contract.
    unsafe { on(ssl, core::ptr::null_mut(), body) }
}

fn lent(settings: &Settings) -> *mut Stack {
    core::ptr::from_ref(settings.ciphers.stack()).cast_mut()
}

/// `SSL_get1_supported_ciphers`: those that a handshake can use by versions, security level and keys. The caller frees the stack
/// with `sk_SSL_CIPHER_free`.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get1_supported_ciphers(ssl: *mut Ssl) -> *mut Stack {
    let body = |ssl: &Ssl| {
        let supported = supported(ssl)?;
        match supported.is_empty() {
            true => Err(Fault::Quiet),
            false => Ok(Box::into_raw(stack_of(&supported))),
        }
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, core::ptr::null_mut(), body) }
}

fn supported(ssl: &Ssl) -> Result<Vec<&'static Cipher>, Fault> {
    let settings = ssl.settings();
    let versions = settings.versions()?;
    let mut ciphers = settings.ciphers.allowed();
    ciphers.retain(|cipher| {
        let range = cipher.suite.versions();
        range
            .is_some_and(|range| range.start() <= versions.end() && range.end() >= versions.start())
    });
    use warifu::config::SuiteStatus::NeedsPsk;
    let needs_psk = |suite: CipherSuite| match ssl.role() {
        Some(Role::Server) => settings
            .server_config()
            .map(|config| config.suite_status(suite) == NeedsPsk),
        _ => settings
            .client_config()
            .map(|config| config.suite_status(suite) == NeedsPsk),
    };
    ciphers.retain(|cipher| !cipher.uses_psk() || needs_psk(cipher.suite) == Ok(false));
    Ok(ciphers)
}

/// `SSL_get_cipher_list`: the name of the suite with this place in `SSL_get_ciphers`; null behind the last.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_cipher_list(ssl: *const Ssl, n: c_int) -> *const c_char {
    if ssl.is_null() {
        return core::ptr::null();
    }
    let body = |ssl: &Ssl| {
        let ciphers = ssl.settings().ciphers.ciphers();
        let place = usize::try_from(n).map_err(|_| Fault::Quiet)?;
        let cipher = ciphers.get(place).ok_or(Fault::Quiet)?;
        Ok(cipher.name.as_ptr())
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, core::ptr::null(), body) }
}

/// `SSL_get_client_ciphers`: what the client of a server's connection offered, as far as it is known here; null on a client, and
/// before there is an offer. It stays the connection's.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_client_ciphers(ssl: *const Ssl) -> *mut Stack {
    let body = |ssl: &Ssl| {
        let stack = ssl.offered_ciphers().ok_or(Fault::Quiet)?;
        Ok(Arc::as_ptr(&stack).cast_mut())
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, core::ptr::null_mut(), body) }
}

/// `SSL_get_shared_ciphers`: on a server, the names of what both sides have, between colons, as many as `buf` takes; null if there
/// is none, and on a client.
///
/// # Safety
/// `ssl` is null or a connection; `buf` has `size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_shared_ciphers(
    ssl: *const Ssl,
    buf: *mut c_char,
    size: c_int,
) -> *mut c_char {
    let body = |ssl: &Ssl| {
        let offered = ssl.client_offer().ok_or(Fault::Quiet)?;
        let ours = ssl.settings().ciphers.ciphers();
        let room = usize::try_from(size).unwrap_or(0);
        if buf.is_null() || room < 2 {
            return Err(Fault::Quiet);
        }
        let mut text: Vec<u8> = Vec::new();
        for suite in offered.cipher_suites {
            let Some(cipher) = ours.iter().find(|cipher| cipher.suite == suite) else {
                continue;
            };
            let name = cipher.name.to_bytes();
            // A colon, or the NUL, behind each.
            if text.len() + name.len() + 1 > room {
                break;
            }
            text.extend_from_slice(name);
            text.push(b':');
        }
        if text.pop().is_none() {
            return Err(Fault::Quiet);
        }
        // SAFETY: the caller's contract.
        unsafe { handle::write_text(buf, size, &text) };
        Ok(buf)
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, core::ptr::null_mut(), body) }
}

/// `SSL_bytes_to_cipher_list`: reads the suites of a ClientHello, two bytes each, into two new stacks: the suites, and the signalling
/// values. 1, or 0 on failure.
///
/// # Safety
/// `ssl` is null or a connection; `bytes` has `len` readable bytes; `sk` and `scsvs` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_bytes_to_cipher_list(
    ssl: *mut Ssl,
    bytes: *const c_uchar,
    len: usize,
    isv2format: c_int,
    sk: *mut *mut Stack,
    scsvs: *mut *mut Stack,
) -> c_int {
    let _ = ssl;
    entry(0, || {
        if isv2format != 0 {
            return Err(Fault::unsupported("the ClientHello of SSL 2.0"));
        }
        // SAFETY: the caller's contract.
        let bytes = unsafe { handle::long_bytes(bytes, len) }?;
        let (pairs, rest) = bytes.as_chunks();
        if pairs.is_empty() || !rest.is_empty() {
            return Err(Fault::ssl(
                reason::SSL_R_ERROR_IN_RECEIVED_CIPHER_LIST,
                format!("{len} bytes are no list of cipher suites: two each, at least one"),
            ));
        }
        let suites = pairs
            .iter()
            .map(|pair| CipherSuite(u16::from_be_bytes(*pair)));
        let known: Vec<&'static Cipher> = suites.filter_map(Cipher::of).collect();
        // SAFETY: the caller's contract. Signalling values are no suites here: their stack is empty.
        unsafe {
            if !sk.is_null() {
                sk.write(Box::into_raw(stack_of(&known)));
            }
            if !scsvs.is_null() {
                scsvs.write(Box::into_raw(stack_of(&[])));
            }
        }
        Ok(1)
    })
}
