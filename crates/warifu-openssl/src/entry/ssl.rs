//! Connections: making them, handshakes, the end.
//!
//! What may run callbacks holds a reference of its own meanwhile: a callback may give the last one of the program's back.

use core::ffi::{c_int, c_long};
use std::sync::Arc;

use super::entry;
use crate::context::Context;
use crate::handle;
use crate::method::Role;
use crate::ssl::{Shutdown, Ssl};

/// `SSL_new`: a connection with the settings of the context; null on failure.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_new(ctx: *mut Context) -> *mut Ssl {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::share(ctx) }?;
        Ok(handle::into_raw(Ssl::new(context).shared()))
    })
}

/// `SSL_free`: gives one reference back.
///
/// # Safety
/// `ssl` is null or a connection of which the caller owns a reference.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_free(ssl: *mut Ssl) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(ssl) });
        Ok(())
    });
}

/// `SSL_up_ref`: one more reference; 1.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_up_ref(ssl: *mut Ssl) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::share(ssl) }?;
        handle::into_raw(ssl);
        Ok(1)
    })
}

/// `SSL_clear`: makes the object ready for another connection with the same settings; 1.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_clear(ssl: *mut Ssl) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        unsafe { handle::share(ssl) }?.reset();
        Ok(1)
    })
}

/// `SSL_get_SSL_CTX`: the context, which the connection keeps.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_SSL_CTX(ssl: *const Ssl) -> *mut Context {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::borrow(ssl) }?;
        Ok(Arc::as_ptr(&ssl.context()).cast_mut())
    })
}

// Handshake.

/// `SSL_set_connect_state`: a client's handshake is next.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_connect_state(ssl: *mut Ssl) {
    entry((), || {
        // SAFETY: the caller's contract.
        unsafe { handle::share(ssl) }?.set_role(Role::Client);
        Ok(())
    });
}

/// `SSL_set_accept_state`: a server's handshake is next.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_accept_state(ssl: *mut Ssl) {
    entry((), || {
        // SAFETY: the caller's contract.
        unsafe { handle::share(ssl) }?.set_role(Role::Server);
        Ok(())
    });
}

/// `SSL_connect`: a client's handshake: 1 when it is complete, else -1 (`SSL_get_error`).
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_connect(ssl: *mut Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { handshake_as(ssl, Some(Role::Client)) }
}

/// `SSL_accept`: a server's handshake: 1 when it is complete, else -1 (`SSL_get_error`).
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_accept(ssl: *mut Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { handshake_as(ssl, Some(Role::Server)) }
}

/// `SSL_do_handshake`: the handshake of the role that was set: 1 when it is complete, else -1 (`SSL_get_error`).
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_do_handshake(ssl: *mut Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { handshake_as(ssl, None) }
}

/// # Safety
/// `ssl` is null or a connection.
unsafe fn handshake_as(ssl: *mut Ssl, role: Option<Role>) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::share(ssl) }?;
        let result = ssl.conclude(|| {
            role.map_or(Ok(()), |role| ssl.take_role(role))?;
            ssl.run_handshake()
        });
        result.map(|()| 1)
    })
}

/// `SSL_is_init_finished`: whether the handshake is complete.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_is_init_finished(ssl: *const Ssl) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        Ok((!unsafe { handle::borrow(ssl) }?.is_in_handshake()).into())
    })
}

/// `SSL_is_server`: whether this side is the server.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_is_server(ssl: *const Ssl) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let role = unsafe { handle::borrow(ssl) }?.role();
        Ok((role != Some(Role::Client)).into())
    })
}

// The end.

/// `SSL_shutdown`: sends close_notify; called again after 0, waits for the peer's. 1: both were exchanged; 0: the peer's is still to
/// come; -1: failure (`SSL_get_error`).
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_shutdown(ssl: *mut Ssl) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::share(ssl) }?;
        let is_closed = ssl.conclude(|| ssl.shut_down())?;
        if !is_closed {
            ssl.conclude::<()>(|| Err(crate::ssl::outcome::Stop::Transport))
                .ok();
        }
        Ok(is_closed.into())
    })
}

const SENT_SHUTDOWN: c_int = 1;
const RECEIVED_SHUTDOWN: c_int = 2;

/// `SSL_get_shutdown`: `SSL_SENT_SHUTDOWN` and `SSL_RECEIVED_SHUTDOWN`, as bits.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_shutdown(ssl: *const Ssl) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let shutdown = unsafe { handle::borrow(ssl) }?.shutdown_state();
        let bit = |set: bool, bit: c_int| if set { bit } else { 0 };
        Ok(bit(shutdown.sent, SENT_SHUTDOWN) | bit(shutdown.received, RECEIVED_SHUTDOWN))
    })
}

/// `SSL_set_shutdown`: sets what `SSL_get_shutdown` returns, without sending anything.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_shutdown(ssl: *mut Ssl, mode: c_int) {
    entry((), || {
        // SAFETY: the caller's contract.
        unsafe { handle::borrow(ssl) }?.set_shutdown_state(Shutdown {
            sent: mode & SENT_SHUTDOWN != 0,
            received: mode & RECEIVED_SHUTDOWN != 0,
        });
        Ok(())
    });
}

// How it went.

/// `SSL_get_error`: `SSL_ERROR_…`, why the last call on the connection returned `ret`.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_error(ssl: *const Ssl, ret: c_int) -> c_int {
    const SSL_ERROR_SSL: c_int = 1;
    entry(SSL_ERROR_SSL, || {
        if ret > 0 {
            return Ok(0);
        }
        // SAFETY: the caller's contract.
        Ok(unsafe { handle::borrow(ssl) }?.outcome().error_code())
    })
}

/// `SSL_want`: `SSL_NOTHING`, `SSL_READING` …, what the last call waits for.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_want(ssl: *const Ssl) -> c_int {
    entry(1, || {
        // SAFETY: the caller's contract.
        Ok(unsafe { handle::borrow(ssl) }?.outcome().want_code())
    })
}

/// `SSL_get_default_timeout`: seconds that sessions are kept.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_default_timeout(ssl: *const Ssl) -> c_long {
    let _ = ssl;
    7200
}
