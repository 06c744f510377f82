//! What a PEM file holds, piece by piece (`X509_INFO`).

use core::ptr;

use super::crl::Crl;
use super::load::Passphrase;
use super::pem::{self, Lines};
use super::{Pkey, X509};
use crate::fault::Fault;
use crate::handle;

/// `X509_INFO`: a certificate, a revocation list and a key that followed each other.
#[repr(C)]
#[derive(Debug)]
pub struct X509Info {
    certificate: *mut X509,
    list: *mut Crl,
    key: *mut PrivateKey,
}

/// `X509_PKEY`
#[repr(C)]
#[derive(Debug)]
pub struct PrivateKey {
    key: *mut Pkey,
}

impl X509Info {
    fn new() -> Self {
        Self {
            certificate: ptr::null_mut(),
            list: ptr::null_mut(),
            key: ptr::null_mut(),
        }
    }

    fn is_empty(&self) -> bool {
        self.certificate.is_null() && self.list.is_null() && self.key.is_null()
    }
}

impl Drop for X509Info {
    fn drop(&mut self) {
        // SAFETY: each is null or was made here. A program that keeps one sets the field to null, as with OpenSSL.
        unsafe {
            drop(handle::take(self.certificate));
            drop(handle::take(self.list));
            if !self.key.is_null() {
                drop(Box::from_raw(self.key));
            }
        }
    }
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        // SAFETY: as above.
        drop(unsafe { handle::take(self.key) });
    }
}

/// All certificates, revocation lists and private keys. Others are passed over.
pub(crate) fn read(lines: &mut Lines<'_>, passphrase: &Passphrase) -> Result<Vec<X509Info>, Fault> {
    let mut all = Vec::new();
    let mut info = X509Info::new();
    while let Some(section) = pem::next_section(lines)? {
        let taken = if section.is_certificate() {
            !info.certificate.is_null()
        } else if section.is_crl() {
            !info.list.is_null()
        } else if section.is_private_key() {
            !info.key.is_null()
        } else {
            continue;
        };
        if taken {
            all.push(core::mem::replace(&mut info, X509Info::new()));
        }
        if section.is_certificate() {
            info.certificate = handle::into_raw(section.certificate()?);
        } else if section.is_crl() {
            info.list = handle::into_raw(Crl::from_der(&section.der)?);
        } else {
            let key = handle::into_raw(section.private_key(|| passphrase.ask())?);
            info.key = Box::into_raw(Box::new(PrivateKey { key }));
        }
    }
    if !info.is_empty() {
        all.push(info);
    }
    Ok(all)
}
