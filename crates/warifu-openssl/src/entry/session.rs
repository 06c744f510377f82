//! Sessions: the objects, and those of connections.

use core::ffi::{c_char, c_int, c_long, c_uint, c_ulong};
use core::ptr;
use std::ffi::CString;
use std::sync::Arc;

use super::{entry, on, on_shared};
use crate::cipher::Cipher;
use crate::fault::Fault;
use crate::handle;
use crate::session::{self, SslSession};
use crate::ssl::Ssl;
use crate::x509::X509;

// Of a connection.

/// `SSL_get_session`: the session of the connection, which keeps it; null if it has none.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_session(ssl: *const Ssl) -> *mut SslSession {
    let body = |ssl: &Ssl| {
        let session = ssl.sessions.current();
        Ok(session.map_or(ptr::null_mut(), |session| session.handle()))
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, ptr::null_mut(), body) }
}

/// `SSL_get0_session`: as `SSL_get_session`.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get0_session(ssl: *const Ssl) -> *mut SslSession {
    // SAFETY: the caller's contract.
    unsafe { SSL_get_session(ssl) }
}

/// `SSL_get1_session`: as `SSL_get_session`, with a reference for the caller.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get1_session(ssl: *mut Ssl) -> *mut SslSession {
    let body = |ssl: &Ssl| Ok(handle::into_raw_or_null(ssl.sessions.current()));
    // SAFETY: the caller's contract.
    unsafe { on(ssl, ptr::null_mut(), body) }
}

/// `SSL_set_session`: the session to resume, null for none; 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_session(ssl: *mut Ssl, session: *mut SslSession) -> c_int {
    let body = |ssl: &Ssl| {
        // SAFETY: the caller's contract.
        let session = unsafe { handle::share(session) }.ok();
        ssl.sessions.set_current(session);
        Ok(1)
    };
    // SAFETY: the caller's contract.
    unsafe { on_shared(ssl, 0, body) }
}

/// `SSL_copy_session_id`: takes session, session ID context, method, certificate and key of another connection over; 1, or 0 on
/// failure.
///
/// # Safety
/// The pointers are null or connections.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_copy_session_id(to: *mut Ssl, from: *const Ssl) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let (to, from) = unsafe { (handle::share(to)?, handle::share(from)?) };
        let settings = from.settings();
        to.change(|changed| {
            changed.sessions.id_context = settings.sessions.id_context.clone();
            changed.material = settings.material.clone();
            changed.method = settings.method;
        });
        to.sessions.set_current(from.sessions.current());
        Ok(1)
    })
}

/// `SSL_has_matching_session_id`: whether the context keeps a session with this ID.
///
/// # Safety
/// `ssl` is null or a connection; `id` has `id_len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_has_matching_session_id(
    ssl: *const Ssl,
    id: *const u8,
    id_len: c_uint,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let (ssl, id) = unsafe {
            (
                handle::borrow(ssl)?,
                handle::long_bytes(id, id_len as usize)?,
            )
        };
        let shared = ssl.settings().sessions.shared.clone();
        Ok(shared.find(id).is_some().into())
    })
}

// The objects.

/// `SSL_SESSION_new`: a session with nothing in it; null on failure.
#[unsafe(no_mangle)]
pub extern "C" fn SSL_SESSION_new() -> *mut SslSession {
    entry(ptr::null_mut(), || {
        Ok(handle::into_raw(SslSession::empty()))
    })
}

/// `SSL_SESSION_dup`: another object with the same content; null on failure.
///
/// # Safety
/// The pointer is null or a session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_SESSION_dup(session: *const SslSession) -> *mut SslSession {
    let body = |session: &SslSession| session.duplicate().map(handle::into_raw);
    // SAFETY: the caller's contract.
    unsafe { on(session, ptr::null_mut(), body) }
}

/// `SSL_SESSION_up_ref`: one more reference; 1.
///
/// # Safety
/// The pointer is null or a session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_SESSION_up_ref(session: *mut SslSession) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        handle::into_raw(unsafe { handle::share(session) }?);
        Ok(1)
    })
}

/// `SSL_SESSION_free`: gives a reference back.
///
/// # Safety
/// The pointer is null or a session of which the caller owns a reference.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_SESSION_free(session: *mut SslSession) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(session) });
        Ok(())
    });
}

/// Declares what is read of a session. Each row reads `NAME -> result, failure => |session| value;`
macro_rules! facts {
    ($($(#[$doc:meta])* $name:ident -> $result:ty, $failure:expr => |$session:ident| $value:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The pointer is null or a session.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(session: *const SslSession) -> $result {
            let body = |$session: &SslSession| Ok($value);
            // SAFETY: the caller's contract.
            unsafe { on(session, $failure, body) }
        }
    )*};
}

facts! {
    /// `SSL_SESSION_get_time`: when it began, in seconds since 1970.
    SSL_SESSION_get_time -> c_long, 0 => |session| session.values().time;
    /// `SSL_SESSION_get_timeout`: for how many seconds it can be resumed from then on.
    SSL_SESSION_get_timeout -> c_long, 0 => |session| session.values().timeout;
    /// `SSL_SESSION_get_protocol_version`: `TLS1_2_VERSION` and its kin; 0 if nothing is known.
    SSL_SESSION_get_protocol_version -> c_int, 0 => |session| session.version_number();
    /// `SSL_SESSION_get0_hostname`: the name in SNI; null without one.
    SSL_SESSION_get0_hostname -> *const c_char, ptr::null() => |session| session.host_name();
    /// `SSL_SESSION_get0_cipher`: the cipher suite; null if nothing is known.
    SSL_SESSION_get0_cipher -> *const Cipher, ptr::null() => |session| {
        let suite = session.values().suite;
        suite.and_then(Cipher::of).map_or(ptr::null(), ptr::from_ref)
    };
    /// `SSL_SESSION_has_ticket`: whether it has a ticket.
    SSL_SESSION_has_ticket -> c_int, 0 => |session| {
        session.resumes().is_some_and(|resumes| resumes.ticket().is_some()).into()
    };
    /// `SSL_SESSION_get_ticket_lifetime_hint`: seconds that the ticket is good for; 0 without one.
    SSL_SESSION_get_ticket_lifetime_hint -> c_ulong, 0 => |session| session.lifetime_hint();
    /// `SSL_SESSION_get_max_early_data`: bytes of early data that may be sent with it.
    SSL_SESSION_get_max_early_data -> u32, 0 => |session| session.values().max_early_data;
    /// `SSL_SESSION_is_resumable`: whether it can be resumed.
    SSL_SESSION_is_resumable -> c_int, 0 => |session| session.is_resumable().into();
    /// `SSL_SESSION_get_compress_id`: 0: there is no compression.
    SSL_SESSION_get_compress_id -> c_uint, 0 => |_session| 0;
    /// `SSL_SESSION_get_max_fragment_length`: the code of max_fragment_length (RFC 6066 Section 4) that its connection agreed upon; 0
    /// for none.
    SSL_SESSION_get_max_fragment_length -> u8, 0 => |session| session.values().max_fragment_length;
}

/// `SSL_SESSION_get0_peer`: the peer's certificate, which the session keeps; null without one.
///
/// # Safety
/// The pointer is null or a session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_SESSION_get0_peer(session: *mut SslSession) -> *mut X509 {
    let body = |session: &SslSession| {
        let peer = session.peer();
        Ok(peer.map_or(ptr::null_mut(), |peer| Arc::as_ptr(&peer).cast_mut()))
    };
    // SAFETY: the caller's contract.
    unsafe { on(session, ptr::null_mut(), body) }
}

/// `SSL_SESSION_get_id`: the session ID, which the session keeps, with its length in `len`.
///
/// # Safety
/// `session` is null or a session; `len` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_SESSION_get_id(
    session: *const SslSession,
    len: *mut c_uint,
) -> *const u8 {
    let body = |session: &SslSession| {
        let values = session.values();
        // SAFETY: the caller's contract. It has at most 32 bytes.
        unsafe { handle::store(len, values.id.len() as c_uint) };
        Ok(values.id.as_ptr())
    };
    // SAFETY: the caller's contract.
    unsafe { on(session, ptr::null(), body) }
}

/// `SSL_SESSION_get0_id_context`: the session ID context, which the session keeps, with its length in `len`.
///
/// # Safety
/// As for [`SSL_SESSION_get_id`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_SESSION_get0_id_context(
    session: *const SslSession,
    len: *mut c_uint,
) -> *const u8 {
    let body = |session: &SslSession| {
        let values = session.values();
        // SAFETY: the caller's contract. It has at most 32 bytes.
        unsafe { handle::store(len, values.id_context.len() as c_uint) };
        Ok(values.id_context.as_ptr())
    };
    // SAFETY: the caller's contract.
    unsafe { on(session, ptr::null(), body) }
}

/// `SSL_SESSION_get0_alpn_selected`: the application protocol in `alpn` and `len`, which the session keeps; null and 0 without one.
///
/// # Safety
/// `session` is null or a session; the other pointers are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_SESSION_get0_alpn_selected(
    session: *const SslSession,
    alpn: *mut *const u8,
    len: *mut usize,
) {
    let body = |session: &SslSession| {
        let values = session.values();
        let start = match values.alpn.as_slice() {
            [] => ptr::null(),
            protocol => protocol.as_ptr(),
        };
        // SAFETY: the caller's contract.
        unsafe {
            handle::store(alpn, start);
            handle::store(len, values.alpn.len());
        }
        Ok(())
    };
    // SAFETY: the caller's contract.
    unsafe { on(session, (), body) }
}

/// `SSL_SESSION_get0_ticket`: the ticket in `tick` and `len`, which the session keeps; null and 0 without one.
///
/// # Safety
/// As for [`SSL_SESSION_get0_alpn_selected`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_SESSION_get0_ticket(
    session: *const SslSession,
    tick: *mut *const u8,
    len: *mut usize,
) {
    let body = |session: &SslSession| {
        let ticket = session.resumes().and_then(|resumes| resumes.ticket());
        // SAFETY: the caller's contract.
        unsafe {
            handle::store(tick, ticket.map_or(ptr::null(), <[u8]>::as_ptr));
            handle::store(len, ticket.map_or(0, <[u8]>::len));
        }
        Ok(())
    };
    // SAFETY: the caller's contract.
    unsafe { on(session, (), body) }
}

/// `SSL_SESSION_get_master_key`: as much of the secret as `out` takes; its length if `outlen` is 0.
///
/// # Safety
/// `session` is null or a session; `out` has `outlen` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_SESSION_get_master_key(
    session: *const SslSession,
    out: *mut u8,
    outlen: usize,
) -> usize {
    let body = |session: &SslSession| {
        let secret = session.secret();
        if outlen == 0 {
            return Ok(secret.len());
        }
        // SAFETY: the caller's contract.
        let out = unsafe { handle::buffer(out, outlen) }?;
        let count = secret.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), secret.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    };
    // SAFETY: the caller's contract.
    unsafe { on(session, 0, body) }
}

// What can be changed.

/// Declares what is changed of a session. Each row reads `NAME (argument: type) -> result, failure => |session| change;`
macro_rules! session_changes {
    ($($(#[$doc:meta])* $name:ident ($($argument:ident: $type:ty),*) -> $result:ty, $failure:expr => |$session:ident| $change:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The pointers are null or what their types and the manual page say.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(session: *mut SslSession, $($argument: $type),*) -> $result {
            let body = |$session: &SslSession| $change;
            // SAFETY: the caller's contract.
            unsafe { on(session, $failure, body) }
        }
    )*};
}

session_changes! {
    /// `SSL_SESSION_set_time`: when it began; returns that, or 0 on failure.
    SSL_SESSION_set_time (time: c_long) -> c_long, 0 => |session| {
        session.values().time = time;
        Ok(time)
    };
    /// `SSL_SESSION_set_timeout`: for how many seconds it can be resumed; 1, or 0 on failure.
    SSL_SESSION_set_timeout (timeout: c_long) -> c_long, 0 => |session| {
        session.values().timeout = timeout;
        Ok(1)
    };
    /// `SSL_SESSION_set_protocol_version`: of a session that is made for a key; 1, or 0 on failure.
    SSL_SESSION_set_protocol_version (version: c_int) -> c_int, 0 => |session| {
        let version = u16::try_from(version).map_err(|_| Fault::argument("no version of TLS"))?;
        session.values().version = version;
        Ok(1)
    };
    /// `SSL_SESSION_set_cipher`: of a session that is made for a key; 1, or 0 on failure.
    SSL_SESSION_set_cipher (cipher: *const Cipher) -> c_int, 0 => |session| {
        // SAFETY: null or one of the library's, by the contract.
        let cipher = unsafe { handle::borrow(cipher) }?;
        session.values().suite = Some(cipher.suite);
        Ok(1)
    };
    /// `SSL_SESSION_set_max_early_data`: bytes of early data that may be sent with the key; 1, or 0 on failure.
    SSL_SESSION_set_max_early_data (max_early_data: u32) -> c_int, 0 => |session| {
        session.values().max_early_data = max_early_data;
        Ok(1)
    };
    /// `SSL_SESSION_set1_hostname`: the name in SNI; 1, or 0 on failure.
    SSL_SESSION_set1_hostname (name: *const c_char) -> c_int, 0 => |session| {
        let name = match name.is_null() {
            true => None,
            // SAFETY: a string, by the contract.
            false => Some(unsafe { handle::string(name) }?),
        };
        if name.is_some_and(|name| name.len() > 255) {
            return Err(Fault::argument("a host name of more than 255 bytes"));
        }
        session.values().host_name = name.and_then(|name| CString::new(name).ok());
        Ok(1)
    };
    /// `SSL_SESSION_set1_alpn_selected`: the application protocol; 1, or 0 on failure.
    SSL_SESSION_set1_alpn_selected (alpn: *const u8, len: usize) -> c_int, 0 => |session| {
        // SAFETY: the caller's contract.
        let alpn = unsafe { handle::long_bytes(alpn, len) }?;
        if len > 255 {
            return Err(Fault::argument("a protocol of more than 255 bytes"));
        }
        session.values().alpn = alpn.to_vec();
        Ok(1)
    };
    /// `SSL_SESSION_set1_master_key`: the key of a session that is made for one; 1, or 0 on failure.
    SSL_SESSION_set1_master_key (key: *const u8, len: usize) -> c_int, 0 => |session| {
        // SAFETY: the caller's contract.
        session.set_secret(unsafe { handle::long_bytes(key, len) }?).map(|()| 1)
    };
    /// `SSL_SESSION_set1_id`: the session ID, of at most 32 bytes; 1, or 0 on failure.
    SSL_SESSION_set1_id (id: *const u8, len: c_uint) -> c_int, 0 => |session| {
        // SAFETY: the caller's contract.
        session.set_id(unsafe { handle::long_bytes(id, len as usize) }?).map(|()| 1)
    };
    /// `SSL_SESSION_set1_id_context`: the session ID context, of at most 32 bytes; 1, or 0 on failure.
    SSL_SESSION_set1_id_context (context: *const u8, len: c_uint) -> c_int, 0 => |session| {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::long_bytes(context, len as usize) }?;
        session.values().id_context = session::id_context(context)?;
        Ok(1)
    };
}
