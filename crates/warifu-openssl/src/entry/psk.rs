//! Pre-shared keys.

use core::ffi::{CStr, c_char, c_int, c_void};

use super::on;
use super::version::{changes, values};
use crate::context::Context;
use crate::handle::UserData;
use crate::psk::{
    ClientCallback, ClientForSuiteCallback, ClientSuiteCallback, FindSession, ServerCallback,
    ServerSuiteCallback, UseSession,
};
use crate::ssl::Ssl;

changes! {
    /// `SSL_CTX_set_psk_use_session_callback`: gives a client of TLS 1.3 its key, as a session; null for none.
    SSL_CTX_set_psk_use_session_callback SSL_set_psk_use_session_callback (callback: Option<UseSession>) -> (), () => |settings| {
        settings.psk.use_session = callback;
        Ok(())
    };
    /// `SSL_CTX_set_psk_find_session_callback`: finds a server of TLS 1.3 its keys, as sessions; null for none.
    SSL_CTX_set_psk_find_session_callback SSL_set_psk_find_session_callback (callback: Option<FindSession>) -> (), () => |settings| {
        settings.psk.find_session = callback;
        Ok(())
    };
    /// `SSL_CTX_set_psk_client_callback`: gives a client its key; null for none.
    SSL_CTX_set_psk_client_callback SSL_set_psk_client_callback (callback: Option<ClientCallback>) -> (), () => |settings| {
        settings.psk.client = callback;
        Ok(())
    };
    /// `SSL_CTX_set_psk_server_callback`: finds a server its keys; null for none.
    SSL_CTX_set_psk_server_callback SSL_set_psk_server_callback (callback: Option<ServerCallback>) -> (), () => |settings| {
        settings.psk.server = callback;
        Ok(())
    };
    /// `SSL_CTX_use_psk_identity_hint`: what a server tells its clients before TLS 1.3; null for nothing. 1, or 0 on failure.
    SSL_CTX_use_psk_identity_hint SSL_use_psk_identity_hint (hint: *const c_char) -> c_int, 0 => |settings| {
        // SAFETY: null or a string, by the contract.
        let hint = (!hint.is_null()).then(|| unsafe { CStr::from_ptr(hint) });
        settings.psk.set_hint(hint).map(|()| 1)
    };
    /// `wolfSSL_CTX_set_psk_client_tls13_callback`: gives a client its key and names a suite, whose hash is the key's; null for none.
    wolfSSL_CTX_set_psk_client_tls13_callback wolfSSL_set_psk_client_tls13_callback (callback: Option<ClientSuiteCallback>) -> (), () => |settings| {
        settings.psk.client_suite = callback;
        Ok(())
    };
    /// `wolfSSL_CTX_set_psk_client_cs_callback`: is asked for a client's key for each suite of TLS 1.3; null for none.
    wolfSSL_CTX_set_psk_client_cs_callback wolfSSL_set_psk_client_cs_callback (callback: Option<ClientForSuiteCallback>) -> (), () => |settings| {
        settings.psk.client_for_suite = callback;
        Ok(())
    };
    /// `wolfSSL_CTX_set_psk_server_tls13_callback`: finds a server its keys and names a suite, whose hash is the key's; null for none.
    wolfSSL_CTX_set_psk_server_tls13_callback wolfSSL_set_psk_server_tls13_callback (callback: Option<ServerSuiteCallback>) -> (), () => |settings| {
        settings.psk.server_suite = callback;
        Ok(())
    };
    /// `wolfSSL_CTX_set_psk_callback_ctx`: a pointer for the callbacks to ask for; 1, or 0 on failure.
    wolfSSL_CTX_set_psk_callback_ctx wolfSSL_set_psk_callback_ctx (context: *mut c_void) -> c_int, 0 => |settings| {
        settings.psk.argument = UserData(context);
        Ok(1)
    };
}

values! {
    /// What `wolfSSL_CTX_set_psk_callback_ctx` set; null for nothing.
    wolfSSL_CTX_get_psk_callback_ctx wolfSSL_get_psk_callback_ctx -> *mut c_void, core::ptr::null_mut() =>
        |settings| settings.psk.argument.0;
}

/// `SSL_get_psk_identity`: the identity of the key in use; null without one. Stays until it is another one.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_psk_identity(ssl: *const Ssl) -> *const c_char {
    // SAFETY: the caller's contract.
    unsafe { on(ssl, core::ptr::null(), |ssl| Ok(ssl.psk_identity())) }
}

/// `SSL_get_psk_identity_hint`: what the server said; null if nothing. Stays until it is another one.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_psk_identity_hint(ssl: *const Ssl) -> *const c_char {
    // SAFETY: the caller's contract.
    unsafe { on(ssl, core::ptr::null(), |ssl| Ok(ssl.psk_identity_hint())) }
}
