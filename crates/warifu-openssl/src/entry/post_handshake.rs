//! What happens after the handshake: new keys, a client's certificate on request; and padding of records.

use core::ffi::{c_char, c_int, c_long, c_void};

use warifu::parameters::ProtocolVersion;
use warifu::{Error, UsageError};

use super::version::{changes, values};
use super::{entry, on, on_shared};
use crate::context::Context;
use crate::fault::Fault;
use crate::method::Role;
use crate::padding::MAX_BLOCK_LEN;
use crate::reason;
use crate::settings::MAX_FRAGMENT_LEN;
use crate::ssl::Ssl;
use crate::ssl::outcome::Stop;
use crate::verify::{VERIFY_FAIL_IF_NO_PEER_CERT, VERIFY_PEER};

const KEY_UPDATE_NONE: c_int = -1;
const KEY_UPDATE_NOT_REQUESTED: c_int = 0;
const KEY_UPDATE_REQUESTED: c_int = 1;

/// Fails unless the handshake is complete and the version TLS 1.3.
pub(super) fn need_tls13(ssl: &Ssl) -> Result<(), Fault> {
    match ssl.facts(|facts| facts.version) {
        None => Err(Fault::ssl(
            reason::SSL_R_STILL_IN_INIT,
            "the handshake is not complete",
        )),
        Some(ProtocolVersion::TLS1_3) => Ok(()),
        Some(version) => Err(Fault::ssl(
            reason::SSL_R_WRONG_SSL_VERSION,
            format!("{version} does not have this: TLS 1.3 does"),
        )),
    }
}

/// `SSL_key_update`: new keys for what this side sends, and with `SSL_KEY_UPDATE_REQUESTED` also for what the peer sends. The
/// message leaves with the next write, read or `SSL_do_handshake`. 1, or 0 on failure.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_key_update(ssl: *mut Ssl, updatetype: c_int) -> c_int {
    let body = |ssl: &Ssl| {
        need_tls13(ssl)?;
        if ![KEY_UPDATE_NOT_REQUESTED, KEY_UPDATE_REQUESTED].contains(&updatetype) {
            return Err(Fault::ssl(
                reason::SSL_R_INVALID_KEY_UPDATE_TYPE,
                format!("{updatetype} is no kind of KeyUpdate"),
            ));
        }
        if ssl.has_unfinished_write() {
            return Err(Fault::ssl(
                reason::SSL_R_BAD_WRITE_RETRY,
                "a write could not be completed: repeat it first",
            ));
        }
        ssl.work(|connection| connection.update_keys(updatetype == KEY_UPDATE_REQUESTED))?;
        ssl.rare().negotiated.key_update.set(Some(updatetype));
        Ok(1)
    };
    // SAFETY: the caller's contract.
    unsafe { on_shared(ssl, 0, body) }
}

/// `SSL_get_key_update_type`: the kind of KeyUpdate that has not left yet; `SSL_KEY_UPDATE_NONE` if there is none.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_key_update_type(ssl: *const Ssl) -> c_int {
    let body = |ssl: &Ssl| {
        let waits = ssl.look(|connection| !connection.output().is_empty()) == Some(true);
        let kind = ssl.rare().negotiated.key_update.get().filter(|_| waits);
        Ok(kind.unwrap_or(KEY_UPDATE_NONE))
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, KEY_UPDATE_NONE, body) }
}

/// `SSL_verify_client_post_handshake`: asks the client for its certificate. The request leaves with the next write, read or
/// `SSL_do_handshake`, and the answer comes while the connection is read. With `SSL_VERIFY_FAIL_IF_NO_PEER_CERT` a
/// client without one ends the connection. 1, or 0 on failure.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_verify_client_post_handshake(ssl: *mut Ssl) -> c_int {
    let body = |ssl: &Ssl| {
        if ssl.role() == Some(Role::Client) {
            return Err(Fault::ssl(
                reason::SSL_R_NOT_SERVER,
                "a client asks for no certificate",
            ));
        }
        need_tls13(ssl)?;
        let mode = ssl.settings().verification.mode(Some(Role::Server));
        if mode & VERIFY_PEER == 0 {
            return Err(Fault::ssl(
                reason::SSL_R_INVALID_CONFIG,
                "a client's certificate is asked for with SSL_VERIFY_PEER: SSL_set_verify first",
            ));
        }
        let is_asked = ssl.look(|connection| connection.waiting().is_some());
        let required = mode & VERIFY_FAIL_IF_NO_PEER_CERT != 0;
        let asked = ssl.with(|connection| {
            Ok(match required {
                true => connection.require_client_certificate(),
                false => connection.request_client_certificate(),
            })
        });
        match asked {
            Ok(Ok(())) => Ok(1),
            Ok(Err(error @ Error::Usage(UsageError::NotAvailable(_)))) => Err(match is_asked {
                Some(true) => Fault::ssl(reason::SSL_R_REQUEST_PENDING, error.to_string()),
                _ => Fault::ssl(
                    reason::SSL_R_EXTENSION_NOT_RECEIVED,
                    "the client does not offer to show its certificate after the handshake (SSL_set_post_handshake_auth), or proved itself by a pre-shared key (RFC 8446 Section 4.3.2)",
                ),
            }),
            Ok(Err(error)) => Err(ssl.fault_of(&error)),
            Err(Stop::Fault(fault)) => Err(fault),
            Err(_) => Err(Fault::Quiet),
        }
    };
    // SAFETY: the caller's contract.
    unsafe { on_shared(ssl, 0, body) }
}

changes! {
    /// `SSL_CTX_set_post_handshake_auth`: whether a client offers to show its certificate after the handshake.
    SSL_CTX_set_post_handshake_auth SSL_set_post_handshake_auth (val: c_int) -> (), () => |settings| {
        settings.post_handshake_auth = val != 0;
        Ok(())
    };
    /// `SSL_CTX_set_block_padding`: records of TLS 1.3 are padded to a multiple of so many bytes, at most 16384; 0 or 1: they are not. 1,
    /// or 0 on failure.
    SSL_CTX_set_block_padding SSL_set_block_padding (block_size: usize) -> c_int, 0 => |settings| {
        if block_size > MAX_BLOCK_LEN {
            return Err(Fault::argument(format!("padding to {block_size} bytes: at most {MAX_BLOCK_LEN}")));
        }
        settings.padding_block = block_size;
        Ok(1)
    };
    /// `SSL_CTX_set_max_cert_list`: the longest chain of certificates in bytes, read back and nothing else: the library has a limit of
    /// its own. Returns what it was.
    SSL_CTX_set_max_cert_list SSL_set_max_cert_list (size: c_long) -> c_long, 0 => |settings| {
        Ok(core::mem::replace(&mut settings.max_cert_list, size))
    };
    /// `SSL_CTX_set_split_send_fragment`: where records would be cut for several threads, which this library does not do; 1, or 0 for
    /// a length that is no record's.
    SSL_CTX_set_split_send_fragment SSL_set_split_send_fragment (bytes: usize) -> c_int, 0 => |settings| {
        match (1..=settings.max_send_fragment).contains(&bytes) {
            true => Ok(1),
            false => Err(Fault::argument(format!("parts of {bytes} bytes in records of at most {MAX_FRAGMENT_LEN}"))),
        }
    };
    /// `SSL_CTX_set_max_pipelines`: how many records several threads would seal at once, which this library does not do; 1, or 0 for a
    /// number that is not 1 to 32.
    SSL_CTX_set_max_pipelines SSL_set_max_pipelines (count: usize) -> c_int, 0 => |settings| {
        let _ = settings;
        match (1..=32).contains(&count) {
            true => Ok(1),
            false => Err(Fault::argument(format!("{count} pipelines: 1 to 32"))),
        }
    };
    /// `SSL_CTX_set_default_read_buffer_len`: accepted; buffers are as long as what they hold.
    SSL_CTX_set_default_read_buffer_len SSL_set_default_read_buffer_len (len: usize) -> (), () => |settings| {
        let _ = (settings, len);
        Ok(())
    };
}

values! {
    /// `SSL_CTX_get_max_cert_list`: what was set, 102400 if nothing was.
    SSL_CTX_get_max_cert_list SSL_get_max_cert_list -> c_long, 0 => |settings| settings.max_cert_list;
}

/// A program's function for the padding of a record: connection, type, length, argument.
pub type RecordPadding = unsafe extern "C" fn(*mut Ssl, c_int, usize, *mut c_void) -> usize;

/// Says why there is no callback for padding.
fn no_padding_callback() -> Fault {
    Fault::unsupported(
        "padding by a callback: SSL_CTX_set_block_padding pads to a multiple of a length",
    )
}

/// `SSL_CTX_set_record_padding_callback`: not supported, unless it is to take a callback away; the error queue says so.
///
/// # Safety
/// The pointers are not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_record_padding_callback(
    ctx: *mut Context,
    cb: Option<RecordPadding>,
) {
    let _ = ctx;
    entry((), || cb.map_or(Ok(()), |_| Err(no_padding_callback())));
}

/// `SSL_set_record_padding_callback`: 0: not supported; 1 if it is to take a callback away.
///
/// # Safety
/// The pointers are not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_record_padding_callback(
    ssl: *mut Ssl,
    cb: Option<RecordPadding>,
) -> c_int {
    let _ = ssl;
    entry(0, || cb.map_or(Ok(1), |_| Err(no_padding_callback())))
}

/// `SSL_CTX_set_tlsext_use_srtp`: 1, which in this function means failure; there is no SRTP here.
///
/// # Safety
/// The pointers are not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_tlsext_use_srtp(
    ctx: *mut Context,
    profiles: *const c_char,
) -> c_int {
    let _ = (ctx, profiles);
    entry(1, || Err(Fault::unsupported("DTLS-SRTP")))
}

/// `SSL_set_tlsext_use_srtp`: 1, which in this function means failure; there is no SRTP here.
///
/// # Safety
/// The pointers are not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_tlsext_use_srtp(ssl: *mut Ssl, profiles: *const c_char) -> c_int {
    let _ = (ssl, profiles);
    entry(1, || Err(Fault::unsupported("DTLS-SRTP")))
}
