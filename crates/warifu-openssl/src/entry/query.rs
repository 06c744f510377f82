//! What is known of a connection.

use core::ffi::{CStr, c_char, c_int, c_long, c_uchar, c_void};

use warifu::parameters::ProtocolVersion;

use super::{on, on_shared};
use crate::context::Context;
use crate::fault::Fault;
use crate::handle;
use crate::method::Method;
use crate::reason;
use crate::ssl::Ssl;

/// The version of the connection; before the end of its handshake the highest that is enabled.
fn version(ssl: &Ssl) -> ProtocolVersion {
    let agreed = ssl.facts(|facts| facts.version);
    agreed.unwrap_or_else(|| {
        let enabled = ssl.settings().versions();
        enabled.map_or(ProtocolVersion::TLS1_3, |versions| *versions.end())
    })
}

/// `SSL_get_version`: the name of the version, as in `TLSv1.3`.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_version(ssl: *const Ssl) -> *const c_char {
    let body = |ssl: &Ssl| {
        let name: &CStr = match version(ssl) {
            ProtocolVersion::TLS1_3 => c"TLSv1.3",
            ProtocolVersion::TLS1_2 => c"TLSv1.2",
            ProtocolVersion::TLS1_1 => c"TLSv1.1",
            ProtocolVersion::TLS1_0 => c"TLSv1",
            _ => c"unknown",
        };
        Ok(name.as_ptr())
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, c"unknown".as_ptr(), body) }
}

/// `SSL_version`: the number of the version, as in `TLS1_3_VERSION`.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_version(ssl: *const Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, |ssl| Ok(version(ssl).0.into())) }
}

/// `SSL_client_version`: the version in the ClientHello's old field, which ends at TLS 1.2.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_client_version(ssl: *const Ssl) -> c_int {
    let body = |ssl: &Ssl| {
        let offered = ssl.client_offer().map(|offer| offer.legacy_version);
        let version = offered.unwrap_or_else(|| version(ssl).min(ProtocolVersion::TLS1_2));
        Ok(version.0.into())
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, body) }
}

/// `SSL_get_ssl_method`: the method of the connection.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_ssl_method(ssl: *const Ssl) -> *const Method {
    let body = |ssl: &Ssl| Ok(core::ptr::from_ref(ssl.settings().method));
    // SAFETY: the caller's contract.
    unsafe { on(ssl, core::ptr::null(), body) }
}

/// `SSL_CTX_get_ssl_method`: the method of the context.
///
/// # Safety
/// The pointer is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_get_ssl_method(ctx: *const Context) -> *const Method {
    let body = |ctx: &Context| Ok(core::ptr::from_ref(ctx.settings().method));
    // SAFETY: the caller's contract.
    unsafe { on(ctx, core::ptr::null(), body) }
}

/// `SSL_set_ssl_method`: another method for a connection whose handshake has not begun; 1, or 0 on failure.
///
/// # Safety
/// `ssl` is null or a connection; `method` is null or the result of one of the method functions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_ssl_method(ssl: *mut Ssl, method: *const Method) -> c_int {
    let body = |ssl: &Ssl| {
        // SAFETY: the caller's contract; methods are static.
        let method: &'static Method = unsafe { handle::borrow(method) }?;
        if ssl.look(|_| ()).is_some() {
            return Err(Fault::misuse("another method once the handshake has begun"));
        }
        ssl.change(|settings| settings.method = method);
        Ok(1)
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, body) }
}

/// `SSL_is_dtls`: 0; there is no DTLS here.
///
/// # Safety
/// The pointer is not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_is_dtls(ssl: *const Ssl) -> c_int {
    let _ = ssl;
    0
}

/// `SSL_session_reused`: 1 if the handshake resumed an earlier session or used a pre-shared key in TLS 1.3, as OpenSSL counts them.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_session_reused(ssl: *const Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, |ssl| Ok(ssl.is_resumed().into())) }
}

/// Copies as much of `from` as C's buffer takes; returns how many bytes there are.
///
/// # Safety
/// `to` has `room` writable bytes, or is null.
unsafe fn copy(from: &[u8], to: *mut u8, room: usize) -> Result<usize, Fault> {
    // SAFETY: the caller's promise.
    let buffer = unsafe { handle::buffer(to, if to.is_null() { 0 } else { room }) }?;
    let count = from.len().min(buffer.len());
    if let (Some(to), Some(from)) = (buffer.get_mut(..count), from.get(..count)) {
        to.copy_from_slice(from);
    }
    Ok(from.len())
}

/// `SSL_get_finished`: verify_data of this side's Finished in `buf`, as much as it takes; returns its length, 0 before the end of the
/// handshake.
///
/// # Safety
/// `ssl` is null or a connection; `buf` is null or has `count` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_finished(
    ssl: *const Ssl,
    buf: *mut c_void,
    count: usize,
) -> usize {
    let body = |ssl: &Ssl| {
        let finished = ssl.handshake_record(|record| record.local_finished().to_vec());
        // SAFETY: the caller's contract.
        unsafe { copy(&finished.unwrap_or_default(), buf.cast(), count) }
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, body) }
}

/// `SSL_get_peer_finished`: as `SSL_get_finished`, of the peer.
///
/// # Safety
/// As for [`SSL_get_finished`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_peer_finished(
    ssl: *const Ssl,
    buf: *mut c_void,
    count: usize,
) -> usize {
    let body = |ssl: &Ssl| {
        let finished = ssl.handshake_record(|record| record.peer_finished().to_vec());
        // SAFETY: the caller's contract.
        unsafe { copy(&finished.unwrap_or_default(), buf.cast(), count) }
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, body) }
}

/// What the functions for randoms return: the length there is if C wants none, else that of the copy.
///
/// # Safety
/// `out` has `outlen` writable bytes.
unsafe fn random(
    ssl: *const Ssl,
    out: *mut c_uchar,
    outlen: usize,
    of: impl Fn(warifu::HandshakeRecord<'_>) -> Option<[u8; 32]>,
) -> usize {
    let body = |ssl: &Ssl| {
        if outlen == 0 {
            return Ok(32);
        }
        let random = ssl.handshake_record(&of).flatten().unwrap_or_default();
        // SAFETY: the caller's promise.
        unsafe { copy(&random, out, outlen) }.map(|len| len.min(outlen))
    };
    // SAFETY: the caller's promise.
    unsafe { on(ssl, 0, body) }
}

/// `SSL_get_client_random`: the random of the ClientHello in `out`, as much as it takes; returns how much that is, and with
/// `outlen` 0 how much there is. Zeros before there is one.
///
/// # Safety
/// `ssl` is null or a connection; `out` has `outlen` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_client_random(
    ssl: *const Ssl,
    out: *mut c_uchar,
    outlen: usize,
) -> usize {
    // SAFETY: the caller's contract.
    unsafe { random(ssl, out, outlen, |record| record.client_random().copied()) }
}

/// `SSL_get_server_random`: as `SSL_get_client_random`, of the ServerHello.
///
/// # Safety
/// As for [`SSL_get_client_random`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_server_random(
    ssl: *const Ssl,
    out: *mut c_uchar,
    outlen: usize,
) -> usize {
    // SAFETY: the caller's contract.
    unsafe { random(ssl, out, outlen, |record| record.server_random().copied()) }
}

/// `SSL_get_secure_renegotiation_support`: 1 if the peer of TLS 1.2 or older has RFC 5746; 0 in TLS 1.3, which renegotiates nothing.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_secure_renegotiation_support(ssl: *const Ssl) -> c_long {
    let body = |ssl: &Ssl| {
        let has = ssl.facts(|facts| {
            facts
                .legacy
                .as_ref()
                .is_some_and(|facts| facts.secure_renegotiation)
        });
        Ok(has.unwrap_or(false).into())
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, body) }
}

/// `SSL_get_extms_support`: 1 if TLS 1.2 or older binds its keys to the whole handshake (RFC 7627), 0 if not, also in TLS 1.3, which
/// always does; -1 before the end of the handshake.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_extms_support(ssl: *const Ssl) -> c_int {
    let body = |ssl: &Ssl| {
        let has = ssl.facts(|facts| {
            facts
                .legacy
                .as_ref()
                .is_some_and(|facts| facts.extended_main_secret)
        });
        Ok(has.map_or(-1, c_int::from))
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, -1, body) }
}

/// Says why this side does not renegotiate.
fn renegotiate(ssl: &Ssl) -> Result<c_int, Fault> {
    match ssl.facts(|facts| facts.version) {
        None => Err(Fault::ssl(
            reason::SSL_R_STILL_IN_INIT,
            "renegotiation before the first handshake is complete",
        )),
        Some(ProtocolVersion::TLS1_3) => Err(Fault::ssl(
            reason::SSL_R_WRONG_SSL_VERSION,
            "TLS 1.3 has no renegotiation: SSL_key_update makes new keys, SSL_verify_client_post_handshake asks for a certificate",
        )),
        Some(_) => Err(Fault::ssl(
            reason::SSL_R_NO_RENEGOTIATION,
            "this library never begins a renegotiation: make a new connection",
        )),
    }
}

/// `SSL_renegotiate`: 0; this library begins no renegotiation.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_renegotiate(ssl: *mut Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, renegotiate) }
}

/// `SSL_renegotiate_abbreviated`: 0, as `SSL_renegotiate`.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_renegotiate_abbreviated(ssl: *mut Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, renegotiate) }
}

/// Declares functions of a connection that always return 0.
macro_rules! zero {
    ($($(#[$doc:meta])* $name:ident ($pointer:ty) -> $result:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The pointer is not looked at.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(ssl: $pointer) -> $result {
            let _ = ssl;
            0
        }
    )*};
}

zero! {
    /// `SSL_renegotiate_pending`: 0; there is no renegotiation that this side began.
    SSL_renegotiate_pending (*const Ssl) -> c_int;
    /// `SSL_num_renegotiations`: 0; there are none that this side began.
    SSL_num_renegotiations (*mut Ssl) -> c_long;
    /// `SSL_clear_num_renegotiations`: 0; there are none.
    SSL_clear_num_renegotiations (*mut Ssl) -> c_long;
    /// `SSL_total_renegotiations`: 0; there are none.
    SSL_total_renegotiations (*mut Ssl) -> c_long;
}

/// `SSL_get0_raw_cipherlist`: on a server, the client's list of suites as it came, which the connection keeps, in `plst`; returns its
/// length in bytes, or if `plst` is null that of each suite: 2. 0 on a client.
///
/// # Safety
/// `ssl` is null or a connection; `plst` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get0_raw_cipherlist(
    ssl: *const Ssl,
    plst: *mut *const c_uchar,
) -> c_int {
    let body = |ssl: &Ssl| {
        let Some(offer) = ssl.client_offer() else {
            return Ok(0);
        };
        if plst.is_null() {
            return Ok(2);
        }
        let raw = ssl.raw_cipher_list(&offer);
        // SAFETY: the caller's contract. The list lives as long as the connection.
        unsafe { plst.write(raw.as_ptr()) };
        Ok(c_int::try_from(raw.len()).unwrap_or(0))
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, body) }
}

/// `SSL_alloc_buffers`: 1; buffers come when they are needed.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_alloc_buffers(ssl: *mut Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, |_| Ok(1)) }
}

/// `SSL_free_buffers`: gives memory back that an idle connection can do without; 1, or 0 if something is unread or unsent.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_free_buffers(ssl: *mut Ssl) -> c_int {
    let body = |ssl: &Ssl| {
        let free =
            ssl.look(|connection| connection.pending() == 0 && connection.output().is_empty());
        if free == Some(false) {
            return Ok(0);
        }
        if free.is_some() {
            ssl.work(|connection| {
                connection.release_buffers();
                Ok(())
            })?;
        }
        Ok(1)
    };
    // SAFETY: the caller's contract.
    unsafe { on_shared(ssl, 0, body) }
}
