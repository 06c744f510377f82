//! Functions in place of a socket, by wolfSSL's names.

use core::ffi::{c_int, c_void};

use super::{on, on_shared};
use crate::bio::callbacks::{IoCallback, Place, Places};
use crate::context::Context;
use crate::handle::UserData;
use crate::ssl::Ssl;

/// Declares the setters of a function, for contexts and connections.
macro_rules! callbacks {
    ($($(#[$doc:meta])* $of_context:ident $of_connection:ident $field:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `ctx` is null or a context; the callback is null or a function of its type.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_context(ctx: *mut Context, callback: Option<IoCallback>) {
            let body = |ctx: &Context| {
                ctx.change(|settings| settings.io.$field = callback);
                Ok(())
            };
            // SAFETY: the caller's contract.
            unsafe { on(ctx, (), body) }
        }

        $(#[$doc])*
        ///
        /// # Safety
        /// `ssl` is null or a connection; the callback is null or a function of its type.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_connection(ssl: *mut Ssl, callback: Option<IoCallback>) {
            let body = |ssl: &Ssl| {
                ssl.change(|settings| settings.io.$field = callback);
                ssl.place_io_callbacks()
            };
            // SAFETY: the caller's contract.
            unsafe { on_shared(ssl, (), body) }
        }
    )*};
}

callbacks! {
    /// `wolfSSL_CTX_SetIORecv`: receives in place of a socket.
    wolfSSL_CTX_SetIORecv wolfSSL_SSLSetIORecv receive;
    /// `wolfSSL_CTX_SetIOSend`: sends in place of a socket.
    wolfSSL_CTX_SetIOSend wolfSSL_SSLSetIOSend send;
}

/// Declares what the functions are given.
macro_rules! places {
    ($($(#[$doc:meta])* $set:ident $get:ident $field:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `ssl` is null or a connection.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $set(ssl: *mut Ssl, context: *mut c_void) {
            let body = |ssl: &Ssl| {
                let Places { $field: place, .. } = &ssl.places;
                place.argument.set(Some(UserData(context)));
                Ok(())
            };
            // SAFETY: the caller's contract.
            unsafe { on(ssl, (), body) }
        }

        $(#[$doc])*
        ///
        /// # Safety
        /// `ssl` is null or a connection.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $get(ssl: *mut Ssl) -> *mut c_void {
            let body = |ssl: &Ssl| Ok(Place::pointer(&ssl.places.$field));
            // SAFETY: the caller's contract.
            unsafe { on(ssl, core::ptr::null_mut(), body) }
        }
    )*};
}

places! {
    /// What the receiving function is given: without this the address of the socket's number.
    wolfSSL_SetIOReadCtx wolfSSL_GetIOReadCtx receive;
    /// What the sending function is given: without this the address of the socket's number.
    wolfSSL_SetIOWriteCtx wolfSSL_GetIOWriteCtx send;
}

/// `wolfSSL_set_using_nonblock`: the program's note of whether its socket waits; the connection finds out by itself.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_set_using_nonblock(ssl: *mut Ssl, nonblock: c_int) {
    let body = |ssl: &Ssl| {
        ssl.rare().wolf.non_blocking.set(nonblock != 0);
        Ok(())
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, (), body) }
}

/// `wolfSSL_get_using_nonblock`: what `wolfSSL_set_using_nonblock` noted.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_get_using_nonblock(ssl: *mut Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, |ssl| Ok(ssl.rare().wolf.non_blocking.get().into())) }
}
