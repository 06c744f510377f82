//! Callbacks that are told of secrets, messages and states, and the state of a handshake in numbers and words.

use core::ffi::{CStr, c_char, c_int, c_long, c_void};

use super::on;
use crate::alert_words;
use crate::context::Context;
use crate::entry::entry;
use crate::handle::UserData;
use crate::notes::{InfoCallback, KeyLogCallback, MessageCallback};
use crate::ssl::Ssl;
use crate::state::{self, HandshakeState};

/// `SSL_CTX_set_keylog_callback`: who is told of the secrets of connections, in lines for SSLKEYLOGFILE.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_keylog_callback(
    ctx: *mut Context,
    callback: Option<KeyLogCallback>,
) {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, (), |ctx| {
            ctx.change(|settings| settings.listeners.key_log = callback);
            Ok(())
        });
    }
}

/// `SSL_CTX_get_keylog_callback`: that callback; null if there is none.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_get_keylog_callback(
    ctx: *const Context,
) -> Option<KeyLogCallback> {
    // SAFETY: the caller's contract.
    unsafe { on(ctx, None, |ctx| Ok(ctx.settings().listeners.key_log)) }
}

/// Declares what is set on a context and on a connection alike.
macro_rules! listeners {
    ($($(#[$doc:meta])* $of_context:ident $of_connection:ident ($argument:ident: $type:ty) -> $result:ty, $failure:expr, $success:expr
        => |$listeners:ident| $change:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The pointer is null or a context.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_context(ctx: *mut Context, $argument: $type) -> $result {
            // SAFETY: the caller's contract.
            unsafe {
                on(ctx, $failure, |ctx| {
                    ctx.change(|settings| { let $listeners = &mut settings.listeners; $change });
                    Ok($success)
                })
            }
        }

        $(#[$doc])*
        ///
        /// # Safety
        /// The pointer is null or a connection.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_connection(ssl: *mut Ssl, $argument: $type) -> $result {
            // SAFETY: the caller's contract.
            unsafe {
                on(ssl, $failure, |ssl| {
                    ssl.change_listeners(|$listeners| $change);
                    Ok($success)
                })
            }
        }
    )*};
}

listeners! {
    /// `SSL_CTX_set_msg_callback`: who is told of messages and headers of records.
    SSL_CTX_set_msg_callback SSL_set_msg_callback (callback: Option<MessageCallback>) -> (), (), () =>
        |listeners| listeners.message = callback;
    /// `SSL_CTX_set_msg_callback_arg`: what that callback is given; 1.
    SSL_CTX_set_msg_callback_arg SSL_set_msg_callback_arg (argument: *mut c_void) -> c_long, 0, 1 =>
        |listeners| listeners.message_argument = UserData(argument);
    /// `SSL_CTX_set_info_callback`: who is told of the steps of handshakes and of alerts.
    SSL_CTX_set_info_callback SSL_set_info_callback (callback: Option<InfoCallback>) -> (), (), () =>
        |listeners| listeners.info = callback;
}

/// `SSL_CTX_get_info_callback`: that callback; null if there is none.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_get_info_callback(ctx: *const Context) -> Option<InfoCallback> {
    // SAFETY: the caller's contract.
    unsafe { on(ctx, None, |ctx| Ok(ctx.settings().listeners.info)) }
}

/// `SSL_get_info_callback`: the connection's own; null if there is none.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_info_callback(ssl: *const Ssl) -> Option<InfoCallback> {
    // SAFETY: the caller's contract.
    unsafe { on(ssl, None, |ssl| Ok(ssl.noted.listeners.get().info)) }
}

// States.

/// `SSL_get_state`: the last step of the handshake that is done (`TLS_ST_…`).
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_state(ssl: *const Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, |ssl| Ok(state::number(ssl.handshake_state()))) }
}

/// `SSL_in_init`: whether the handshake is not complete.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_in_init(ssl: *const Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, |ssl| Ok(ssl.is_in_handshake().into())) }
}

/// `SSL_in_before`: whether the handshake has not begun.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_in_before(ssl: *const Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, |ssl| Ok(ssl.look(|_| ()).is_none().into())) }
}

/// The words of a state.
///
/// # Safety
/// `ssl` is null or a connection.
unsafe fn words_of_state(
    ssl: *const Ssl,
    words: impl FnOnce(HandshakeState) -> &'static CStr,
) -> *const c_char {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, c"".as_ptr(), |ssl| {
            Ok(words(ssl.handshake_state()).as_ptr())
        })
    }
}

/// `SSL_state_string`: the last step of the handshake that is done, in a few letters. The text is static.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_state_string(ssl: *const Ssl) -> *const c_char {
    // SAFETY: the caller's contract.
    unsafe { words_of_state(ssl, HandshakeState::code) }
}

/// `SSL_state_string_long`: the same in words. The text is static.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_state_string_long(ssl: *const Ssl) -> *const c_char {
    // SAFETY: the caller's contract.
    unsafe { words_of_state(ssl, HandshakeState::words) }
}

/// `SSL_rstate_string`: what is read next, in two letters: `RH`, the header of a record, or `RB`, its body. The text is static.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_rstate_string(ssl: *const Ssl) -> *const c_char {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, c"unknown".as_ptr(), |ssl| {
            let words = if ssl.awaits_body() { c"RB" } else { c"RH" };
            Ok(words.as_ptr())
        })
    }
}

/// `SSL_rstate_string_long`: the same in words. The text is static.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_rstate_string_long(ssl: *const Ssl) -> *const c_char {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, c"unknown".as_ptr(), |ssl| {
            let words = if ssl.awaits_body() {
                c"read body"
            } else {
                c"read header"
            };
            Ok(words.as_ptr())
        })
    }
}

// Alerts: value is a level times 256 plus a description, as an info callback gets it.

/// Declares functions from an alert's value to static words.
macro_rules! alert_strings {
    ($($(#[$doc:meta])* $name:ident: $words:path;)*) => {$(
        $(#[$doc])*
        #[unsafe(no_mangle)]
        pub extern "C" fn $name(value: c_int) -> *const c_char {
            entry(c"unknown".as_ptr(), || Ok($words(value).as_ptr()))
        }
    )*};
}

alert_strings! {
    /// `SSL_alert_type_string`: the level: `W`, `F` or `U`.
    SSL_alert_type_string: alert_words::level_letter;
    /// `SSL_alert_type_string_long`: the level in a word.
    SSL_alert_type_string_long: alert_words::level;
    /// `SSL_alert_desc_string`: the description in two letters, `UK` for one that is not known.
    SSL_alert_desc_string: alert_words::letters;
    /// `SSL_alert_desc_string_long`: the description in words.
    SSL_alert_desc_string_long: alert_words::words;
}
