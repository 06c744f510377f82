//! Application protocols (ALPN, RFC 7301), and the older NPN, which this library does not have.

use core::ffi::{c_int, c_uchar, c_uint, c_void};

use super::on;
use crate::context::Context;
use crate::entry::entry;
use crate::fault::Fault;
use crate::handle::{self, UserData};
use crate::hello::AlpnSelectCallback;
use crate::hello::alpn::{self, Selection};
use crate::settings::Settings;
use crate::ssl::Ssl;

/// `OPENSSL_NPN_…`
const NEGOTIATED: c_int = 1;
const NO_OVERLAP: c_int = 2;

/// What a client offers; unlike elsewhere 0 is success.
pub(super) fn set_offer(settings: &mut Settings, list: &[u8]) -> Result<c_int, Fault> {
    if alpn::names(list).is_none() {
        return Err(Fault::argument(
            "not a list of application protocols: each is 1 to 255 bytes behind a byte with its length",
        ));
    }
    // The extension's own two lengths go before it.
    if list.len() > usize::from(u16::MAX) - 2 {
        return Err(Fault::argument(
            "a list of application protocols that no hello can hold",
        ));
    }
    settings.hello.alpn_offer = list.into();
    Ok(0)
}

/// `SSL_CTX_set_alpn_protos`: what clients offer, as it goes on the wire; **0 on success**, 1 on failure.
///
/// # Safety
/// `ctx` is null or a context; `protocols` has `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_alpn_protos(
    ctx: *mut Context,
    protocols: *const c_uchar,
    len: c_uint,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, 1, |ctx| {
            let list = list_of(protocols, len)?;
            ctx.try_change(|settings| set_offer(settings, list))
        })
    }
}

/// `SSL_set_alpn_protos`: the same for one connection; **0 on success**, 1 on failure.
///
/// # Safety
/// `ssl` is null or a connection; `protocols` has `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_alpn_protos(
    ssl: *mut Ssl,
    protocols: *const c_uchar,
    len: c_uint,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, 1, |ssl| {
            let list = list_of(protocols, len)?;
            ssl.try_change(|settings| set_offer(settings, list))
        })
    }
}

/// No list is an empty one.
///
/// # Safety
/// `list` is null or has `len` readable bytes.
unsafe fn list_of<'a>(list: *const c_uchar, len: c_uint) -> Result<&'a [u8], Fault> {
    if list.is_null() {
        return Ok(&[]);
    }
    let len =
        usize::try_from(len).map_err(|_| Fault::argument("a length that no list can have"))?;
    // SAFETY: the caller's contract.
    unsafe { handle::long_bytes(list, len) }
}

/// `SSL_CTX_set_alpn_select_cb`: what a server asks about the list of a client.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_alpn_select_cb(
    ctx: *mut Context,
    callback: Option<AlpnSelectCallback>,
    argument: *mut c_void,
) {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, (), |ctx| {
            let callback = callback.map(|callback| (callback, UserData(argument)));
            ctx.change(|settings| settings.hello.alpn_select = callback);
            Ok(())
        });
    }
}

/// `SSL_get0_alpn_selected`: the protocol that was agreed upon, which the connection keeps; null and 0 if none was.
///
/// # Safety
/// `ssl` is null or a connection; `data` and `len` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get0_alpn_selected(
    ssl: *const Ssl,
    data: *mut *const c_uchar,
    len: *mut c_uint,
) {
    // SAFETY: the caller's contract.
    unsafe {
        handle::store(data, core::ptr::null());
        handle::store(len, 0);
        on(ssl, (), |ssl| {
            if let Some(selected) = ssl.alpn() {
                handle::store(data, selected.as_ptr());
                handle::store(len, c_uint::try_from(selected.len()).unwrap_or(0));
            }
            Ok(())
        });
    }
}

/// `SSL_select_next_proto`: the server's best that the client has too (`OPENSSL_NPN_NEGOTIATED`), else the client's first
/// (`OPENSSL_NPN_NO_OVERLAP`). What is found points into the lists.
///
/// # Safety
/// The lists have that many readable bytes; `out` and `out_len` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_select_next_proto(
    out: *mut *mut c_uchar,
    out_len: *mut c_uchar,
    server: *const c_uchar,
    server_len: c_uint,
    client: *const c_uchar,
    client_len: c_uint,
) -> c_int {
    entry(NO_OVERLAP, || {
        // SAFETY: the caller's contract.
        let (server, client) =
            unsafe { (list_of(server, server_len)?, list_of(client, client_len)?) };
        let (found, result) = match alpn::select(server, client) {
            Selection::Common(found) => (found, NEGOTIATED),
            Selection::ClientsFirst(first) => (first, NO_OVERLAP),
        };
        let pointer = if found.is_empty() {
            core::ptr::null_mut()
        } else {
            found.as_ptr().cast_mut()
        };
        // SAFETY: the caller's contract. Names have at most 255 bytes.
        unsafe {
            handle::store(out, pointer);
            handle::store(out_len, u8::try_from(found.len()).unwrap_or(0));
        }
        Ok(result)
    })
}

// NPN.

fn no_npn() -> Fault {
    Fault::unsupported(
        "NPN is not there: use ALPN, SSL_CTX_set_alpn_protos and SSL_CTX_set_alpn_select_cb",
    )
}

/// `SSL_CTX_set_next_protos_advertised_cb`: a failure on the error queue; nothing is set.
///
/// # Safety
/// Nothing is looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_next_protos_advertised_cb(
    ctx: *mut Context,
    callback: *const c_void,
    argument: *mut c_void,
) {
    let _ = (ctx, callback, argument);
    entry((), || Err(no_npn()));
}

/// `SSL_CTX_set_next_proto_select_cb`: a failure on the error queue; nothing is set.
///
/// # Safety
/// Nothing is looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_next_proto_select_cb(
    ctx: *mut Context,
    callback: *const c_void,
    argument: *mut c_void,
) {
    let _ = (ctx, callback, argument);
    entry((), || Err(no_npn()));
}

/// `SSL_get0_next_proto_negotiated`: null and 0: no protocol is agreed upon by NPN.
///
/// # Safety
/// `data` and `len` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get0_next_proto_negotiated(
    ssl: *const Ssl,
    data: *mut *const c_uchar,
    len: *mut c_uint,
) {
    let _ = ssl;
    // SAFETY: the caller's contract.
    unsafe {
        handle::store(data, core::ptr::null());
        handle::store(len, 0);
    }
}
