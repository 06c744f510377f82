//! Certificates and keys out of bytes, as `SSL_CTX_use_certificate_file` and its kin read them.

use core::ffi::{CStr, c_char, c_int, c_void};
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::pem::{self, Lines, Section};
use super::{Pkey, X509};
use crate::fault::Fault;
use crate::stack::Pointer;

/// `PEM_BUFSIZE`: what a callback may write.
const PASSPHRASE_LIMIT: usize = 1024;

/// `pem_password_cb`: writes a passphrase to a buffer of this size and returns its length; for encryption or not; for what.
pub type PasswordCallback = unsafe extern "C" fn(*mut c_char, c_int, c_int, *mut c_void) -> c_int;

/// How bytes are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `SSL_FILETYPE_PEM`
    Pem,
    /// `SSL_FILETYPE_ASN1`
    Der,
}

impl Format {
    /// The format of `SSL_FILETYPE_…`.
    pub(crate) fn of(number: c_int) -> Option<Self> {
        match number {
            1 => Some(Self::Pem),
            2 => Some(Self::Der),
            _ => None,
        }
    }
}

/// Where the passphrase of an encrypted key comes from: a callback, or a string. By default from nowhere.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Passphrase {
    pub(crate) callback: Option<PasswordCallback>,
    pub(crate) userdata: Option<Pointer>,
}

impl Passphrase {
    /// # Safety
    /// `callback` may be called with `userdata`; without it `userdata` is null or a string. Both hold for as long as the
    /// passphrase is asked for.
    pub(crate) unsafe fn new(callback: Option<PasswordCallback>, userdata: *mut c_void) -> Self {
        let userdata = (!userdata.is_null()).then_some(Pointer(userdata));
        Self { callback, userdata }
    }

    /// The passphrase; `None` if there is none.
    pub(crate) fn ask(&self) -> Option<Zeroizing<Vec<u8>>> {
        let userdata = self
            .userdata
            .map_or(core::ptr::null_mut(), |pointer| pointer.0);
        let Some(callback) = self.callback else {
            if userdata.is_null() {
                return None;
            }
            // SAFETY: a string, by the promise given to `new`.
            let text = unsafe { CStr::from_ptr(userdata.cast::<c_char>()) };
            return Some(Zeroizing::new(text.to_bytes().to_vec()));
        };
        let mut buffer = Zeroizing::new(vec![0u8; PASSPHRASE_LIMIT]);
        let size = c_int::try_from(buffer.len()).ok()?;
        // SAFETY: the callback takes a buffer of this size and its data, by the promise given to `new`.
        let len = unsafe { callback(buffer.as_mut_ptr().cast(), size, 0, userdata) };
        let len = usize::try_from(len)
            .ok()
            .filter(|len| *len <= PASSPHRASE_LIMIT)?;
        buffer.truncate(len);
        Some(buffer)
    }
}

/// The first certificate.
pub(crate) fn certificate(bytes: &[u8], format: Format) -> Result<Arc<X509>, Fault> {
    match format {
        Format::Der => X509::from_der(CertificateDer::from(bytes.to_vec())),
        Format::Pem => first(bytes, "a certificate", Section::is_certificate)?.certificate(),
    }
}

/// All certificates of PEM, at least one.
pub(crate) fn certificates(bytes: &[u8]) -> Result<Vec<Arc<X509>>, Fault> {
    let mut lines = Lines::of(bytes);
    let mut found = Vec::new();
    while let Some(section) = pem::next_section(&mut lines)? {
        if section.is_certificate() {
            found.push(section.certificate()?);
        }
    }
    if found.is_empty() {
        return Err(pem::no_start_line("a certificate"));
    }
    Ok(found)
}

/// The first private key. PKCS#8 may be encrypted in DER too.
pub(crate) fn private_key(
    bytes: &[u8],
    format: Format,
    passphrase: &Passphrase,
) -> Result<Arc<Pkey>, Fault> {
    match format {
        Format::Der => Pkey::private_from_der(bytes),
        Format::Pem => {
            first(bytes, "a private key", Section::is_private_key)?.private_key(|| passphrase.ask())
        }
    }
}

fn first(bytes: &[u8], what: &str, is_it: impl Fn(&Section) -> bool) -> Result<Section, Fault> {
    next_of(&mut Lines::of(bytes), what, is_it)
}

/// The next section of one kind; others are passed over.
pub(crate) fn next_of(
    lines: &mut Lines<'_>,
    what: &str,
    is_it: impl Fn(&Section) -> bool,
) -> Result<Section, Fault> {
    loop {
        match pem::next_section(lines)? {
            Some(section) if is_it(&section) => return Ok(section),
            Some(_) => {}
            None => return Err(pem::no_start_line(what)),
        }
    }
}
