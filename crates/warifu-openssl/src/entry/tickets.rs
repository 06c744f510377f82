//! Tickets and their keys.

use core::ffi::{c_int, c_long, c_void};

use super::post_handshake::need_tls13;
use super::version::values;
use super::{on, on_shared};
use crate::context::Context;
use crate::fault::Fault;
use crate::handle;
use crate::method::Role;
use crate::reason;
use crate::session::ticket_keys::KEYS_LEN;
use crate::ssl::Ssl;

values! {
    /// `SSL_CTX_get_num_tickets`: how many tickets a server gives after a handshake of TLS 1.3.
    SSL_CTX_get_num_tickets SSL_get_num_tickets -> usize, 0 => |settings| settings.sessions.tickets;
}

/// `SSL_new_session_ticket`: one more ticket, which leaves with the next write; 1, or 0 on failure.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_new_session_ticket(ssl: *mut Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        on_shared(ssl, 0, |ssl| {
            if ssl.role() == Some(Role::Client) {
                return Err(Fault::ssl(
                    reason::SSL_R_NOT_SERVER,
                    "a client issues no tickets",
                ));
            }
            need_tls13(ssl)?;
            ssl.issue_ticket().map(|()| 1)
        })
    }
}

/// `SSL_CTX_set_tlsext_ticket_keys`: the keys that seal tickets, 80 bytes; 1, or 0 on failure. The length if `keys` is null.
///
/// # Safety
/// `ctx` is null or a context; `keys` is null or has `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_tlsext_ticket_keys(
    ctx: *mut Context,
    keys: *mut c_void,
    len: c_long,
) -> c_long {
    let body = |ctx: &Context| {
        if keys.is_null() {
            return Ok(KEYS_LEN as c_long);
        }
        let len = usize::try_from(len).map_err(|_| wrong_length())?;
        // SAFETY: the caller's contract.
        let keys = unsafe { handle::long_bytes(keys.cast_const().cast(), len) }?;
        ctx.settings().sessions.shared.keys.set(keys)?;
        Ok(1)
    };
    // SAFETY: the caller's contract.
    unsafe { on(ctx, 0, body) }
}

/// `SSL_CTX_get_tlsext_ticket_keys`: writes the keys, 80 bytes, for others to set; 1, or 0 on failure. The length if `keys` is null.
///
/// # Safety
/// `ctx` is null or a context; `keys` is null or has `len` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_get_tlsext_ticket_keys(
    ctx: *mut Context,
    keys: *mut c_void,
    len: c_long,
) -> c_long {
    let body = |ctx: &Context| {
        if keys.is_null() {
            return Ok(KEYS_LEN as c_long);
        }
        if usize::try_from(len) != Ok(KEYS_LEN) {
            return Err(wrong_length());
        }
        let bytes = ctx.settings().sessions.shared.keys.get()?;
        // SAFETY: the caller's contract.
        let out = unsafe { handle::buffer(keys.cast(), KEYS_LEN) }?;
        out.copy_from_slice(&bytes);
        Ok(1)
    };
    // SAFETY: the caller's contract.
    unsafe { on(ctx, 0, body) }
}

fn wrong_length() -> Fault {
    Fault::ssl(
        reason::SSL_R_INVALID_TICKET_KEYS_LENGTH,
        format!("ticket keys have {KEYS_LEN} bytes"),
    )
}
