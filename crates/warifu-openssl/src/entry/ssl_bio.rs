//! Connections as BIOs.

use core::ffi::{c_int, c_long, c_void};
use std::sync::Arc;

use super::entry;
use crate::bio::method::Method;
use crate::bio::{Bio, buffer, command, connect, tls};
use crate::context::Context;
use crate::fault::Fault;
use crate::handle;
use crate::method::Role;
use crate::ssl::Ssl;

/// The method of BIOs of connections.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_f_ssl() -> *const Method {
    entry(core::ptr::null(), || Ok(Arc::as_ptr(tls::method())))
}

/// A BIO with a new connection.
///
/// # Safety
/// `ctx` is null or a context.
unsafe fn new(ctx: *mut Context, role: Role) -> Result<Arc<Bio>, Fault> {
    // SAFETY: the caller's promise.
    let context = unsafe { handle::share(ctx) }?;
    let bio = Bio::new(tls::method())?;
    let ssl = Ssl::new(context).shared();
    ssl.set_role(role);
    let close = c_long::from(command::CLOSE);
    // SAFETY: the command takes a connection, and with it this reference.
    unsafe {
        bio.control(
            command::SET_SSL,
            close,
            handle::into_raw(ssl).cast::<c_void>(),
        )
    };
    Ok(bio)
}

/// A connecting BIO behind one with a new connection.
///
/// # Safety
/// `ctx` is null or a context.
unsafe fn new_connecting(ctx: *mut Context) -> Result<Arc<Bio>, Fault> {
    // SAFETY: the caller's promise.
    let bio = unsafe { new(ctx, Role::Client) }?;
    bio.push(Bio::new(connect::method())?);
    Ok(bio)
}

/// `BIO_new_ssl`: a BIO with a new connection, of a client or a server; null on failure.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_new_ssl(ctx: *mut Context, client: c_int) -> *mut Bio {
    entry(core::ptr::null_mut(), || {
        let role = if client != 0 {
            Role::Client
        } else {
            Role::Server
        };
        // SAFETY: the caller's contract.
        unsafe { new(ctx, role) }.map(handle::into_raw)
    })
}

/// `BIO_new_ssl_connect`: a BIO with a new connection of a client, and a connecting BIO behind it; null on failure.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_new_ssl_connect(ctx: *mut Context) -> *mut Bio {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        unsafe { new_connecting(ctx) }.map(handle::into_raw)
    })
}

/// `BIO_new_buffer_ssl_connect`: as `BIO_new_ssl_connect`, with a buffering BIO in front; null on failure.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_new_buffer_ssl_connect(ctx: *mut Context) -> *mut Bio {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let connecting = unsafe { new_connecting(ctx) }?;
        let front = Bio::new(buffer::method())?;
        front.push(connecting);
        Ok(handle::into_raw(front))
    })
}

/// The connection of the first BIO in the chain that has one.
fn connection_of(bio: &Bio) -> Option<Arc<Ssl>> {
    let found = bio.find_handle(command::TYPE_SSL);
    let mut ssl: *mut Ssl = core::ptr::null_mut();
    // SAFETY: a BIO of the chain, which lives as long as `bio`; the command takes a place for a pointer, which the BIO keeps alive.
    unsafe {
        handle::borrow(found)
            .ok()?
            .control(command::GET_SSL, 0, (&raw mut ssl).cast());
        handle::share(ssl).ok()
    }
}

/// `BIO_ssl_shutdown`: shuts the connection in the chain down, as `SSL_shutdown`.
///
/// # Safety
/// `bio` is null or a BIO.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ssl_shutdown(bio: *mut Bio) {
    entry((), || {
        // SAFETY: the caller's contract.
        if let Some(ssl) = connection_of(unsafe { handle::borrow(bio) }?) {
            ssl.conclude(|| ssl.shut_down())?;
        }
        Ok(())
    });
}
