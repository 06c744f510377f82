//! The sessions that a context keeps, and callbacks for those kept elsewhere.

use core::ffi::{c_int, c_long, c_uint};

use super::version::changes;
use super::{entry, on, on_shared};
use crate::context::Context;
use crate::handle;
use crate::session::cache::{Count, GetSession, NewSession, NotResumable, RemoveSession, Shared};
use crate::session::{self, SslSession};
use crate::ssl::Ssl;

/// Works with what the connections of a context share.
///
/// # Safety
/// The pointer is null or a context.
unsafe fn shared<T>(ctx: *const Context, failure: T, body: impl FnOnce(&Shared) -> T) -> T {
    // SAFETY: the caller's promise.
    unsafe {
        on(ctx, failure, |ctx| {
            Ok(body(&ctx.settings().sessions.shared))
        })
    }
}

/// `SSL_CTX_set_session_cache_mode`: `SSL_SESS_CACHE_…`; returns the mode that it replaces.
///
/// # Safety
/// The pointer is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_session_cache_mode(ctx: *mut Context, mode: c_long) -> c_long {
    // SAFETY: the caller's contract.
    unsafe { shared(ctx, 0, |shared| shared.set_mode(mode)) }
}

/// `SSL_CTX_get_session_cache_mode`
///
/// # Safety
/// The pointer is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_get_session_cache_mode(ctx: *mut Context) -> c_long {
    // SAFETY: the caller's contract.
    unsafe { shared(ctx, 0, Shared::mode) }
}

/// `SSL_CTX_sess_set_cache_size`: how many sessions are kept, 0 for any number; returns the size that it replaces.
///
/// # Safety
/// The pointer is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_sess_set_cache_size(ctx: *mut Context, size: c_long) -> c_long {
    // SAFETY: the caller's contract.
    unsafe { shared(ctx, 0, |shared| shared.set_size(size)) }
}

/// `SSL_CTX_sess_get_cache_size`
///
/// # Safety
/// The pointer is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_sess_get_cache_size(ctx: *mut Context) -> c_long {
    // SAFETY: the caller's contract.
    unsafe { shared(ctx, 0, Shared::size) }
}

// Counters.

/// `SSL_CTX_sess_number`: how many sessions are kept.
///
/// # Safety
/// The pointer is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_sess_number(ctx: *mut Context) -> c_long {
    // SAFETY: the caller's contract.
    unsafe { shared(ctx, 0, Shared::number) }
}

/// Declares counters. Each row reads `NAME: which;`
macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident: $count:ident;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Safety
            /// The pointer is null or a context.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name(ctx: *mut Context) -> c_long {
                // SAFETY: the caller's contract.
                unsafe { shared(ctx, 0, |shared| shared.counted(Count::$count)) }
            }
        )*

        /// The counter of a command of `SSL_CTX_ctrl`.
        ///
        /// # Safety
        /// The pointer is null or a context.
        pub(super) unsafe fn counter(ctx: *mut Context, cmd: c_int) -> Option<c_long> {
            // SAFETY: the caller's promise.
            unsafe {
                match cmd {
                    20 => Some(SSL_CTX_sess_number(ctx)),
                    $(_ if cmd == Count::$count as c_int => Some($name(ctx)),)*
                    _ => None,
                }
            }
        }
    };
}

counters! {
    /// `SSL_CTX_sess_connect`: handshakes that clients began.
    SSL_CTX_sess_connect: Connect;
    /// `SSL_CTX_sess_connect_good`: those that were completed.
    SSL_CTX_sess_connect_good: ConnectGood;
    /// `SSL_CTX_sess_connect_renegotiate`: 0.
    SSL_CTX_sess_connect_renegotiate: ConnectRenegotiate;
    /// `SSL_CTX_sess_accept`: handshakes that servers began.
    SSL_CTX_sess_accept: Accept;
    /// `SSL_CTX_sess_accept_good`: those that were completed.
    SSL_CTX_sess_accept_good: AcceptGood;
    /// `SSL_CTX_sess_accept_renegotiate`: 0.
    SSL_CTX_sess_accept_renegotiate: AcceptRenegotiate;
    /// `SSL_CTX_sess_hits`: sessions that were resumed.
    SSL_CTX_sess_hits: Hit;
    /// `SSL_CTX_sess_cb_hits`: sessions that the get callback found.
    SSL_CTX_sess_cb_hits: CallbackHit;
    /// `SSL_CTX_sess_misses`: sessions that were looked up and not kept here.
    SSL_CTX_sess_misses: Miss;
    /// `SSL_CTX_sess_timeouts`: sessions that were found too late.
    SSL_CTX_sess_timeouts: Timeout;
    /// `SSL_CTX_sess_cache_full`: sessions that were dropped for want of room.
    SSL_CTX_sess_cache_full: Full;
}

// Callbacks.

/// Declares a callback of a context, set and read. Each row reads `SET GET: type, field;`
macro_rules! callbacks {
    ($($(#[$doc:meta])* $set:ident $get:ident: $type:ty, $field:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `ctx` is null or a context; the callback is null or a function of its type.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $set(ctx: *mut Context, callback: Option<$type>) {
            let set = |shared: &Shared| shared.set_callbacks(|all| all.$field = callback);
            // SAFETY: the caller's contract.
            unsafe { shared(ctx, (), set) }
        }

        #[doc = concat!("What `", stringify!($set), "` has set.")]
        ///
        /// # Safety
        /// The pointer is null or a context.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $get(ctx: *mut Context) -> Option<$type> {
            // SAFETY: the caller's contract.
            unsafe { shared(ctx, None, |shared| shared.callbacks().$field) }
        }
    )*};
}

callbacks! {
    /// `SSL_CTX_sess_set_new_cb`: is given each new session, and keeps the reference if it returns anything but 0.
    SSL_CTX_sess_set_new_cb SSL_CTX_sess_get_new_cb: NewSession, new;
    /// `SSL_CTX_sess_set_remove_cb`: is told when the context drops a session.
    SSL_CTX_sess_set_remove_cb SSL_CTX_sess_get_remove_cb: RemoveSession, remove;
    /// `SSL_CTX_sess_set_get_cb`: finds the session of an ID for a server.
    SSL_CTX_sess_set_get_cb SSL_CTX_sess_get_get_cb: GetSession, get;
}

/// `SSL_CTX_set_not_resumable_session_callback`: is asked before a server makes a session, and returns anything but 0 for none.
///
/// # Safety
/// `ctx` is null or a context; the callback is null or a function of its type.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_not_resumable_session_callback(
    ctx: *mut Context,
    callback: Option<NotResumable>,
) {
    let set = |shared: &Shared| shared.set_callbacks(|all| all.not_resumable = callback);
    // SAFETY: the caller's contract.
    unsafe { shared(ctx, (), set) }
}

// Sessions.

/// `SSL_CTX_add_session`: keeps a session; 1, or 0 if this object was kept already or has no ID.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_add_session(ctx: *mut Context, session: *mut SslSession) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let (ctx, session) = unsafe { (handle::share(ctx)?, handle::share(session)?) };
        Ok(ctx.settings().sessions.shared.add(&ctx, &session).into())
    })
}

/// `SSL_CTX_remove_session`: drops a session, which is not resumed any more; 1, or 0 if it was not kept.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_remove_session(
    ctx: *mut Context,
    session: *mut SslSession,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let (ctx, session) = unsafe { (handle::share(ctx)?, handle::share(session)?) };
        Ok(ctx.settings().sessions.shared.remove(&ctx, &session).into())
    })
}

/// `SSL_CTX_flush_sessions`: drops the sessions that have expired at this time, in seconds since 1970; all if it is 0.
///
/// # Safety
/// The pointer is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_flush_sessions(ctx: *mut Context, time: c_long) {
    let body = |ctx: &Context| {
        ctx.settings().sessions.shared.flush(ctx, time);
        Ok(())
    };
    // SAFETY: the caller's contract.
    unsafe { on_shared(ctx, (), body) }
}

/// `SSL_CTX_set_timeout`: for how many seconds new sessions can be resumed; returns the time that it replaces.
///
/// # Safety
/// The pointer is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_timeout(ctx: *mut Context, seconds: c_long) -> c_long {
    let body = |ctx: &Context| {
        Ok(ctx.change(|settings| {
            let seconds = seconds.max(0);
            settings
                .sessions
                .shared
                .keys
                .keep_for(seconds.unsigned_abs());
            core::mem::replace(&mut settings.sessions.timeout, seconds)
        }))
    };
    // SAFETY: the caller's contract.
    unsafe { on(ctx, 0, body) }
}

/// `SSL_CTX_get_timeout`
///
/// # Safety
/// The pointer is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_get_timeout(ctx: *const Context) -> c_long {
    // SAFETY: the caller's contract.
    unsafe { on(ctx, 0, |ctx| Ok(ctx.settings().sessions.timeout)) }
}

/// Declares a function with bytes and their length for contexts and connections.
macro_rules! contexts {
    ($($(#[$doc:meta])* $name:ident: $object:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `object` is null or what its type says; `sid_ctx` has `len` readable bytes.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(object: *mut $object, sid_ctx: *const u8, len: c_uint) -> c_int {
            let body = |object: &$object| {
                // SAFETY: the caller's contract.
                let context = unsafe { handle::long_bytes(sid_ctx, len as usize) }?;
                let context = session::id_context(context)?;
                object.change(|settings| settings.sessions.id_context = context);
                Ok(1)
            };
            // SAFETY: the caller's contract.
            unsafe { on(object, 0, body) }
        }
    )*};
}

contexts! {
    /// `SSL_CTX_set_session_id_context`: what sessions are told apart by, of at most 32 bytes; 1, or 0 on failure.
    SSL_CTX_set_session_id_context: Context;
    /// `SSL_set_session_id_context`: as `SSL_CTX_set_session_id_context`, for one connection.
    SSL_set_session_id_context: Ssl;
}

changes! {
    /// `SSL_CTX_set_num_tickets`: how many tickets a server gives after a handshake of TLS 1.3; 1, or 0 on failure.
    SSL_CTX_set_num_tickets SSL_set_num_tickets (num_tickets: usize) -> c_int, 0 => |settings| {
        settings.sessions.tickets = num_tickets;
        Ok(1)
    };
}
