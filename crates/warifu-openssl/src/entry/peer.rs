//! What came of the verification of the peer, and its certificates.

use core::ffi::c_long;
use std::sync::Arc;

use super::on;
use crate::handle;
use crate::method::Role;
use crate::ssl::Ssl;
use crate::x509::X509;

/// `SSL_get_verify_result`: `X509_V_OK`, or `X509_V_ERR_…`
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_verify_result(ssl: *const Ssl) -> c_long {
    const X509_V_ERR_UNSPECIFIED: c_long = 1;
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, X509_V_ERR_UNSPECIFIED, |ssl| {
            Ok(ssl.verified.borrow().result)
        })
    }
}

/// `SSL_set_verify_result`: sets what `SSL_get_verify_result` returns.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_verify_result(ssl: *mut Ssl, result: c_long) {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, (), |ssl| {
            ssl.verified.borrow_mut().result = result;
            Ok(())
        });
    }
}

/// `SSL_get_peer_certificate`: a reference to the peer's certificate; null if it sent none.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_peer_certificate(ssl: *const Ssl) -> *mut X509 {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, core::ptr::null_mut(), |ssl| {
            Ok(handle::into_raw_or_null(
                ssl.peer_certificates()?.first().cloned(),
            ))
        })
    }
}

/// `SSL_get1_peer_certificate`: as `SSL_get_peer_certificate`.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get1_peer_certificate(ssl: *const Ssl) -> *mut X509 {
    // SAFETY: the caller's contract.
    unsafe { SSL_get_peer_certificate(ssl) }
}

/// `SSL_get0_peer_certificate`: the peer's certificate, which the connection keeps; null if it sent none.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get0_peer_certificate(ssl: *const Ssl) -> *mut X509 {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, core::ptr::null_mut(), |ssl| {
            let first = ssl.peer_certificates()?.first().map(Arc::as_ptr);
            Ok(first.unwrap_or(core::ptr::null()).cast_mut())
        })
    }
}

/// `SSL_get_peer_cert_chain`: what the peer sent, on a server without the client's own certificate; the connection keeps it.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_peer_cert_chain(ssl: *const Ssl) -> *mut crate::stack::Stack {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, core::ptr::null_mut(), |ssl| {
            let skipped = usize::from(ssl.role() == Some(Role::Server));
            ssl.peer_chain(skipped)
        })
    }
}

/// `SSL_get0_verified_chain`: from the peer's certificate to the trusted one, if it was verified and believed; the connection keeps it.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get0_verified_chain(ssl: *const Ssl) -> *mut crate::stack::Stack {
    // SAFETY: the caller's contract.
    unsafe { on(ssl, core::ptr::null_mut(), Ssl::verified_chain) }
}
