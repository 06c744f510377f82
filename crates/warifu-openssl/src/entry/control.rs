//! `SSL_ctrl` and `SSL_CTX_ctrl`: the functions that OpenSSL's headers reach by number. Each does what the function of its name does.

use core::ffi::{c_int, c_long, c_void};

use super::{
    callbacks, control_negotiation, entry, fragment, hello, key_exchange, ocsp, session_cache,
    tickets, version,
};
use crate::context::Context;
use crate::fault::Fault;
use crate::ssl::Ssl;

/// An argument that is an int by its manual page.
fn int(larg: c_long) -> c_int {
    larg as c_int
}

/// Lengths are never negative.
fn len(larg: c_long) -> usize {
    usize::try_from(larg).unwrap_or(usize::MAX)
}

fn unknown(cmd: c_int) -> Fault {
    Fault::unsupported(format!("command {cmd} is not known here"))
}

/// `SSL_CTX_ctrl`: the command's result; 0 for one that is not known.
///
/// # Safety
/// `ctx` is null or a context; `parg` is what the command's manual page says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_ctrl(
    ctx: *mut Context,
    cmd: c_int,
    larg: c_long,
    parg: *mut c_void,
) -> c_long {
    // SAFETY: the caller's contract is that of the function behind the command.
    unsafe {
        match cmd {
            3 => key_exchange::SSL_CTX_set_tmp_dh(ctx, parg),
            4 => key_exchange::SSL_CTX_set_tmp_ecdh(ctx, parg),
            16 => callbacks::SSL_CTX_set_msg_callback_arg(ctx, parg),
            33 => version::SSL_CTX_set_mode(ctx, larg),
            78 => version::SSL_CTX_clear_mode(ctx, larg),
            40 => fragment::SSL_CTX_get_read_ahead(ctx).into(),
            41 => {
                let before = fragment::SSL_CTX_get_read_ahead(ctx);
                fragment::SSL_CTX_set_read_ahead(ctx, int(larg));
                before.into()
            }
            52 => fragment::SSL_CTX_set_max_send_fragment(ctx, len(larg)).into(),
            54 => hello::SSL_CTX_set_tlsext_servername_arg(ctx, parg),
            64 => ocsp::SSL_CTX_set_tlsext_status_arg(ctx, parg),
            65 => ocsp::SSL_CTX_set_tlsext_status_type(ctx, int(larg)),
            127 => ocsp::SSL_CTX_get_tlsext_status_type(ctx),
            128 => ocsp::SSL_CTX_get_tlsext_status_cb(ctx, parg.cast()),
            129 => ocsp::SSL_CTX_get_tlsext_status_arg(ctx, parg.cast()),
            123 => version::SSL_CTX_set_min_proto_version(ctx, int(larg)).into(),
            124 => version::SSL_CTX_set_max_proto_version(ctx, int(larg)).into(),
            130 => version::SSL_CTX_get_min_proto_version(ctx).into(),
            131 => version::SSL_CTX_get_max_proto_version(ctx).into(),
            42 => session_cache::SSL_CTX_sess_set_cache_size(ctx, larg),
            43 => session_cache::SSL_CTX_sess_get_cache_size(ctx),
            44 => session_cache::SSL_CTX_set_session_cache_mode(ctx, larg),
            45 => session_cache::SSL_CTX_get_session_cache_mode(ctx),
            58 => tickets::SSL_CTX_get_tlsext_ticket_keys(ctx, parg, larg),
            59 => tickets::SSL_CTX_set_tlsext_ticket_keys(ctx, parg, larg),
            _ => session_cache::counter(ctx, cmd)
                .or_else(|| control_negotiation::of_context(ctx, cmd, larg, parg))
                .unwrap_or_else(|| entry(0, || Err(unknown(cmd)))),
        }
    }
}

/// `SSL_ctrl`: the command's result; 0 for one that is not known.
///
/// # Safety
/// `ssl` is null or a connection; `parg` is what the command's manual page says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_ctrl(
    ssl: *mut Ssl,
    cmd: c_int,
    larg: c_long,
    parg: *mut c_void,
) -> c_long {
    // SAFETY: the caller's contract is that of the function behind the command.
    unsafe {
        match cmd {
            3 => key_exchange::SSL_set_tmp_dh(ssl, parg),
            4 => key_exchange::SSL_set_tmp_ecdh(ssl, parg),
            16 => callbacks::SSL_set_msg_callback_arg(ssl, parg),
            33 => version::SSL_set_mode(ssl, larg),
            78 => version::SSL_clear_mode(ssl, larg),
            40 => fragment::SSL_get_read_ahead(ssl).into(),
            41 => {
                let before = fragment::SSL_get_read_ahead(ssl);
                fragment::SSL_set_read_ahead(ssl, int(larg));
                before.into()
            }
            52 => fragment::SSL_set_max_send_fragment(ssl, len(larg)).into(),
            // The only type of name is that of a host.
            55 if larg == 0 => hello::SSL_set_tlsext_host_name(ssl, parg.cast()).into(),
            65 => ocsp::SSL_set_tlsext_status_type(ssl, int(larg)),
            70 => ocsp::SSL_get_tlsext_status_ocsp_resp(ssl, parg.cast()),
            71 => ocsp::SSL_set_tlsext_status_ocsp_resp(ssl, parg.cast(), larg),
            127 => ocsp::SSL_get_tlsext_status_type(ssl),
            123 => version::SSL_set_min_proto_version(ssl, int(larg)).into(),
            124 => version::SSL_set_max_proto_version(ssl, int(larg)).into(),
            130 => version::SSL_get_min_proto_version(ssl).into(),
            131 => version::SSL_get_max_proto_version(ssl).into(),
            _ => control_negotiation::of_connection(ssl, cmd, larg, parg)
                .unwrap_or_else(|| entry(0, || Err(unknown(cmd)))),
        }
    }
}

/// A function of any type, as the commands for callbacks have it.
type Function = unsafe extern "C" fn();

/// The function as one of the command's type.
///
/// # Safety
/// It is of that type, which is one of pointers to functions or of addresses.
unsafe fn of_type<T>(function: Option<Function>) -> T {
    const { assert!(size_of::<T>() == size_of::<Option<Function>>()) };
    // SAFETY: all pointers to functions have one form, null is none; the type is right by the caller's contract.
    unsafe { core::mem::transmute_copy::<Option<Function>, T>(&function) }
}

/// `SSL_CTX_callback_ctrl`: the command's result; 0 for one that is not known.
///
/// # Safety
/// `ctx` is null or a context; `function` is what the command's manual page says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_callback_ctrl(
    ctx: *mut Context,
    cmd: c_int,
    function: Option<Function>,
) -> c_long {
    // SAFETY: the caller's contract is that of the function behind the command.
    unsafe {
        match cmd {
            6 => key_exchange::SSL_CTX_set_tmp_dh_callback(ctx, of_type(function)),
            15 => callbacks::SSL_CTX_set_msg_callback(ctx, of_type(function)),
            53 => return hello::SSL_CTX_set_tlsext_servername_callback(ctx, of_type(function)),
            63 => return ocsp::SSL_CTX_set_tlsext_status_cb(ctx, of_type(function)),
            _ => return entry(0, || Err(unknown(cmd))),
        }
    }
    1
}

/// `SSL_callback_ctrl`: the command's result; 0 for one that is not known.
///
/// # Safety
/// `ssl` is null or a connection; `function` is what the command's manual page says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_callback_ctrl(
    ssl: *mut Ssl,
    cmd: c_int,
    function: Option<Function>,
) -> c_long {
    // SAFETY: as for `SSL_CTX_callback_ctrl`.
    unsafe {
        match cmd {
            6 => key_exchange::SSL_set_tmp_dh_callback(ssl, of_type(function)),
            15 => callbacks::SSL_set_msg_callback(ssl, of_type(function)),
            _ => return entry(0, || Err(unknown(cmd))),
        }
    }
    1
}
