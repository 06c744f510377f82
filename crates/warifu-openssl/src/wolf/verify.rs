//! The verification callback under wolfSSL's name. It looks into a structure, where OpenSSL's asks functions.

use core::ffi::{c_char, c_int, c_uint, c_void};
use std::ffi::CString;
use std::sync::Arc;

use super::error;
use crate::error_queue::c_string;
use crate::handle;
use crate::ssl::Ssl;
use crate::stack::Stack;
use crate::verify::SSL_INDEX;
use crate::x509::X509;
use crate::x509::store::Store;
use crate::x509::store_ctx::StoreCtx;
use crate::x509::verify_code;

/// `VerifyCallback`: 1 or 0 for what was found so far, and what it is about; returns 0 to refuse.
pub(crate) type Callback = unsafe extern "C" fn(c_int, *mut Seen) -> c_int;

/// `WOLFSSL_BUFFER_INFO`
#[repr(C)]
#[derive(Debug)]
pub struct BufferInfo {
    buffer: *mut u8,
    length: c_uint,
}

/// `WOLFSSL_X509_STORE_CTX`
#[repr(C)]
#[derive(Debug)]
pub struct Seen {
    store: *mut Store,
    current_cert: *mut X509,
    chain: *mut Stack,
    domain: *mut c_char,
    user_context: *mut c_void,
    error: c_int,
    error_depth: c_int,
    discard_session_certs: c_int,
    total_certs: c_int,
    certs: *mut BufferInfo,
    ssl: *mut Ssl,
    verification: *mut StoreCtx,
}

/// `NID_commonName`
const COMMON_NAME: c_int = 13;

/// What a verification calls: shows the program's callback what it sees.
pub(crate) unsafe extern "C" fn show(preverify: c_int, context: *mut StoreCtx) -> c_int {
    crate::entry::entry(0, || {
        // SAFETY: the verification that calls this keeps it meanwhile.
        let verification = unsafe { handle::borrow(context) }?;
        let ssl: *mut Ssl = verification.ex_data(SSL_INDEX).cast();
        // SAFETY: the connection whose peer is verified, which is in use meanwhile; without one null.
        let callback = unsafe { handle::borrow(ssl) }?.settings().wolf.verify;
        let Some(callback) = callback else {
            return Ok(preverify);
        };
        let (code, depth, current, store, sent) = verification.change(|state| {
            (
                state.error,
                state.depth,
                state.current.clone(),
                state.store.clone(),
                state.untrusted.clone(),
            )
        });
        // An error that was overruled stays with the verification, and is none of this certificate.
        let number = match preverify {
            0 => error::of_verification(code),
            _ => 0,
        };
        if number != 0 {
            error::tell(
                number,
                verify_code::words(code).to_string_lossy().into_owned(),
            );
        }
        let domain = current.as_deref().map(common_name).unwrap_or_default();
        let mut certs: Vec<BufferInfo> = sent
            .iter()
            .map(|certificate| BufferInfo {
                buffer: certificate.der().as_ptr().cast_mut(),
                length: c_uint::try_from(certificate.der().len()).unwrap_or(0),
            })
            .collect();
        let pointers = sent.iter().map(|one| Arc::as_ptr(one).cast_mut().cast());
        let mut chain = Stack::new(pointers.collect());
        let or_null = |current: &Option<Arc<X509>>| {
            current
                .as_ref()
                .map_or(core::ptr::null(), Arc::as_ptr)
                .cast_mut()
        };
        let mut seen = Seen {
            store: store
                .as_ref()
                .map_or(core::ptr::null(), Arc::as_ptr)
                .cast_mut(),
            current_cert: or_null(&current),
            chain: &raw mut *chain,
            domain: domain.as_ptr().cast_mut(),
            user_context: core::ptr::null_mut(),
            error: number,
            error_depth: depth,
            discard_session_certs: 0,
            total_certs: c_int::try_from(certs.len()).unwrap_or(0),
            certs: certs.as_mut_ptr(),
            ssl,
            verification: context,
        };
        // SAFETY: the callback that the program set; all that the structure points to stays until it returns, and nothing is borrowed.
        Ok(unsafe { callback(preverify, &raw mut seen) })
    })
}

/// The common name of a certificate's subject, empty without one.
fn common_name(certificate: &X509) -> CString {
    let found = certificate.subject().with_nid(COMMON_NAME).next();
    let text = found.and_then(|(_, entry)| entry.value().text());
    c_string(text.unwrap_or_default())
}
