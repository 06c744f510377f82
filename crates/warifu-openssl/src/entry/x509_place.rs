//! Where the system keeps its certificates, and where certificates say that more is to be had: `X509_get_default_cert_…`,
//! `X509_get1_ocsp`, `X509_get1_email`.

use core::ffi::{c_char, c_void};

use super::entry;
use crate::fault::Fault;
use crate::handle;
use crate::memory;
use crate::stack::Stack;
use crate::x509::{X509, host, purpose};

/// The file of CA certificates that OpenSSL would look for.
#[unsafe(no_mangle)]
pub extern "C" fn X509_get_default_cert_file() -> *const c_char {
    c"/etc/ssl/certs/ca-certificates.crt".as_ptr()
}

/// The directory of CA certificates that OpenSSL would look for.
#[unsafe(no_mangle)]
pub extern "C" fn X509_get_default_cert_dir() -> *const c_char {
    c"/etc/ssl/certs".as_ptr()
}

/// The directory above it.
#[unsafe(no_mangle)]
pub extern "C" fn X509_get_default_cert_area() -> *const c_char {
    c"/etc/ssl".as_ptr()
}

/// The directory of private keys.
#[unsafe(no_mangle)]
pub extern "C" fn X509_get_default_private_dir() -> *const c_char {
    c"/etc/ssl/private".as_ptr()
}

/// The variable that names another file.
#[unsafe(no_mangle)]
pub extern "C" fn X509_get_default_cert_file_env() -> *const c_char {
    c"SSL_CERT_FILE".as_ptr()
}

/// The variable that names another directory.
#[unsafe(no_mangle)]
pub extern "C" fn X509_get_default_cert_dir_env() -> *const c_char {
    c"SSL_CERT_DIR".as_ptr()
}

/// The addresses of OCSP responders in a certificate, in a stack of strings that the caller frees by `X509_email_free`; null if there is
/// none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get1_ocsp(object: *mut X509) -> *mut Stack {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        strings(&purpose::ocsp_responders(object))
    })
}

/// The mailboxes in a certificate, in a stack of strings that the caller frees by `X509_email_free`; null if there is none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get1_email(object: *mut X509) -> *mut Stack {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        strings(&host::mailboxes(object))
    })
}

/// Frees strings and their stack.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_email_free(strings: *mut Stack) {
    entry((), || {
        // SAFETY: the caller's contract.
        if let Some(stack) = unsafe { strings.as_ref() } {
            for string in stack.elements() {
                // SAFETY: the caller's contract.
                unsafe { memory::free(string) };
            }
        }
        // SAFETY: the caller's contract.
        unsafe { super::stack::OPENSSL_sk_free(strings) };
        Ok(())
    });
}

fn strings(texts: &[Vec<u8>]) -> Result<*mut Stack, Fault> {
    if texts.is_empty() {
        return Err(Fault::Quiet);
    }
    let stack = Stack::new(Vec::new());
    for text in texts {
        let copy: *mut c_void = memory::to_c_string(text)?.cast();
        stack.insert(-1, copy)?;
    }
    Ok(Box::into_raw(stack))
}
