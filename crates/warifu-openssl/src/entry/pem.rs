//! PEM: `PEM_read_…`, `PEM_write_…`.

use core::ffi::{c_char, c_int, c_uchar, c_void};
use std::sync::Arc;

use libc::FILE;

use super::entry;
use crate::bio::Bio;
use crate::fault::Fault;
use crate::handle;
use crate::stack::Stack;
use crate::x509::channel::ToChannel;
use crate::x509::crl::Crl;
use crate::x509::info::X509Info;
use crate::x509::load::{PasswordCallback, next_of};
use crate::x509::pem::{self, Section};
use crate::x509::{Passphrase, Pkey, X509, info};

/// Reads the next section of one kind, others passed over, and puts the object that it holds where C keeps one.
///
/// # Safety
/// `from` as for [`ToChannel::to_channel`], `place` as for [`replace`](super::replace).
unsafe fn read<T>(
    from: impl ToChannel,
    place: *mut *mut T,
    what: &str,
    is_it: fn(&Section) -> bool,
    object_of: impl FnOnce(&Section) -> Result<Arc<T>, Fault>,
) -> *mut T {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let channel = unsafe { from.to_channel() }?;
        let section = next_of(&mut channel.lines(), what, is_it)?;
        let object = object_of(&section)?;
        // SAFETY: the caller's promise.
        Ok(unsafe { super::replace(place, object) })
    })
}

/// # Safety
/// As for [`read`].
unsafe fn read_certificate(from: impl ToChannel, place: *mut *mut X509) -> *mut X509 {
    let (what, is_it) = ("a certificate", Section::is_certificate);
    // SAFETY: the caller's promise.
    unsafe { read(from, place, what, is_it, Section::certificate) }
}

/// # Safety
/// As for [`read`].
unsafe fn read_crl(from: impl ToChannel, place: *mut *mut Crl) -> *mut Crl {
    let (what, is_it) = ("a certificate revocation list", Section::is_crl);
    // SAFETY: the caller's promise.
    unsafe {
        read(from, place, what, is_it, |section| {
            Crl::from_der(&section.der)
        })
    }
}

/// # Safety
/// As for [`read`]; the callback and its data as the program gave them.
unsafe fn read_private_key(
    from: impl ToChannel,
    place: *mut *mut Pkey,
    callback: Option<PasswordCallback>,
    userdata: *mut c_void,
) -> *mut Pkey {
    let (what, is_it) = ("a private key", Section::is_private_key);
    // SAFETY: the caller's promise.
    unsafe {
        let passphrase = Passphrase::new(callback, userdata);
        read(from, place, what, is_it, |section| {
            section.private_key(|| passphrase.ask())
        })
    }
}

/// # Safety
/// As for [`read`].
unsafe fn read_public_key(from: impl ToChannel, place: *mut *mut Pkey) -> *mut Pkey {
    let (what, is_it) = ("a public key", Section::is_public_key);
    // SAFETY: the caller's promise.
    unsafe {
        read(from, place, what, is_it, |section| {
            Pkey::public_from_spki(&section.der)
        })
    }
}

/// Writes an object under a label.
///
/// # Safety
/// `to` as for [`ToChannel::to_channel`]; `object` is null or what its type says.
unsafe fn write<T>(
    to: impl ToChannel,
    object: *const T,
    label: &str,
    der_of: impl FnOnce(&T) -> &[u8],
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's promise.
        unsafe { to.to_channel() }?
            .write(&pem::write(label, der_of(object)))
            .map(|()| 1)
    })
}

/// Reads the next certificate, other sections passed over. If `place` is not null, `*place` gets it, and what was there is freed. Null on
/// failure; at the end with `PEM_R_NO_START_LINE` on the error queue.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_read_bio_X509(
    from: *mut Bio,
    place: *mut *mut X509,
    _callback: Option<PasswordCallback>,
    _userdata: *mut c_void,
) -> *mut X509 {
    // SAFETY: the caller's contract.
    unsafe { read_certificate(from, place) }
}

/// Reads the next certificate, other sections passed over. If `place` is not null, `*place` gets it, and what was there is freed. Null on
/// failure; at the end with `PEM_R_NO_START_LINE` on the error queue.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_read_bio_X509_AUX(
    from: *mut Bio,
    place: *mut *mut X509,
    _callback: Option<PasswordCallback>,
    _userdata: *mut c_void,
) -> *mut X509 {
    // SAFETY: the caller's contract.
    unsafe { read_certificate(from, place) }
}

/// Reads the next revocation list, other sections passed over. If `place` is not null, `*place` gets it, and what was there is freed. Null on
/// failure; at the end with `PEM_R_NO_START_LINE` on the error queue.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_read_bio_X509_CRL(
    from: *mut Bio,
    place: *mut *mut Crl,
    _callback: Option<PasswordCallback>,
    _userdata: *mut c_void,
) -> *mut Crl {
    // SAFETY: the caller's contract.
    unsafe { read_crl(from, place) }
}

/// Reads the next private key, other sections passed over. If `place` is not null, `*place` gets it, and what was there is freed. Null on
/// failure; at the end with `PEM_R_NO_START_LINE` on the error queue.
/// An encrypted one is opened by the passphrase from the callback, or by `userdata` as a string.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_read_bio_PrivateKey(
    from: *mut Bio,
    place: *mut *mut Pkey,
    callback: Option<PasswordCallback>,
    userdata: *mut c_void,
) -> *mut Pkey {
    // SAFETY: the caller's contract.
    unsafe { read_private_key(from, place, callback, userdata) }
}

/// Reads the next public key, other sections passed over. If `place` is not null, `*place` gets it, and what was there is freed. Null on
/// failure; at the end with `PEM_R_NO_START_LINE` on the error queue.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_read_bio_PUBKEY(
    from: *mut Bio,
    place: *mut *mut Pkey,
    _callback: Option<PasswordCallback>,
    _userdata: *mut c_void,
) -> *mut Pkey {
    // SAFETY: the caller's contract.
    unsafe { read_public_key(from, place) }
}

/// Writes one as PEM. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_write_bio_X509(to: *mut Bio, object: *const X509) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { write(to, object, "CERTIFICATE", |certificate| certificate.der()) }
}

/// Writes one as PEM. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_write_bio_X509_CRL(to: *mut Bio, object: *const Crl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { write(to, object, "X509 CRL", Crl::der) }
}

/// Writes one as PEM. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_write_bio_PUBKEY(to: *mut Bio, object: *const Pkey) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { write(to, object, "PUBLIC KEY", Pkey::spki) }
}

/// Writes a private key to a BIO or a file of C.
///
/// # Safety
/// The pointers are null or what their types say.
unsafe fn write_private_key(
    to: impl ToChannel,
    object: *const Pkey,
    cipher: *const c_void,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        if !cipher.is_null() {
            return Err(Fault::unsupported(
                "private keys are written without encryption; encrypt with openssl pkcs8 -topk8",
            ));
        }
        let der = object.private_der()?;
        // SAFETY: the caller's contract.
        unsafe { to.to_channel() }?
            .write(&pem::write("PRIVATE KEY", &der))
            .map(|()| 1)
    })
}

/// Writes a private key as PKCS#8 in PEM, not encrypted: a cipher is refused. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_write_bio_PrivateKey(
    to: *mut Bio,
    object: *const Pkey,
    cipher: *const c_void,
    _passphrase: *const c_uchar,
    _len: c_int,
    _callback: Option<PasswordCallback>,
    _userdata: *mut c_void,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { write_private_key(to, object, cipher) }
}

/// Reads the next certificate, other sections passed over. If `place` is not null, `*place` gets it, and what was there is freed. Null on
/// failure; at the end with `PEM_R_NO_START_LINE` on the error queue.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_read_X509(
    from: *mut FILE,
    place: *mut *mut X509,
    _callback: Option<PasswordCallback>,
    _userdata: *mut c_void,
) -> *mut X509 {
    // SAFETY: the caller's contract.
    unsafe { read_certificate(from, place) }
}

/// Reads the next certificate, other sections passed over. If `place` is not null, `*place` gets it, and what was there is freed. Null on
/// failure; at the end with `PEM_R_NO_START_LINE` on the error queue.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_read_X509_AUX(
    from: *mut FILE,
    place: *mut *mut X509,
    _callback: Option<PasswordCallback>,
    _userdata: *mut c_void,
) -> *mut X509 {
    // SAFETY: the caller's contract.
    unsafe { read_certificate(from, place) }
}

/// Reads the next revocation list, other sections passed over. If `place` is not null, `*place` gets it, and what was there is freed. Null on
/// failure; at the end with `PEM_R_NO_START_LINE` on the error queue.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_read_X509_CRL(
    from: *mut FILE,
    place: *mut *mut Crl,
    _callback: Option<PasswordCallback>,
    _userdata: *mut c_void,
) -> *mut Crl {
    // SAFETY: the caller's contract.
    unsafe { read_crl(from, place) }
}

/// Reads the next private key, other sections passed over. If `place` is not null, `*place` gets it, and what was there is freed. Null on
/// failure; at the end with `PEM_R_NO_START_LINE` on the error queue.
/// An encrypted one is opened by the passphrase from the callback, or by `userdata` as a string.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_read_PrivateKey(
    from: *mut FILE,
    place: *mut *mut Pkey,
    callback: Option<PasswordCallback>,
    userdata: *mut c_void,
) -> *mut Pkey {
    // SAFETY: the caller's contract.
    unsafe { read_private_key(from, place, callback, userdata) }
}

/// Reads the next public key, other sections passed over. If `place` is not null, `*place` gets it, and what was there is freed. Null on
/// failure; at the end with `PEM_R_NO_START_LINE` on the error queue.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_read_PUBKEY(
    from: *mut FILE,
    place: *mut *mut Pkey,
    _callback: Option<PasswordCallback>,
    _userdata: *mut c_void,
) -> *mut Pkey {
    // SAFETY: the caller's contract.
    unsafe { read_public_key(from, place) }
}

/// Writes one as PEM. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_write_X509(to: *mut FILE, object: *const X509) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { write(to, object, "CERTIFICATE", |certificate| certificate.der()) }
}

/// Writes one as PEM. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_write_X509_CRL(to: *mut FILE, object: *const Crl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { write(to, object, "X509 CRL", Crl::der) }
}

/// Writes one as PEM. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_write_PUBKEY(to: *mut FILE, object: *const Pkey) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { write(to, object, "PUBLIC KEY", Pkey::spki) }
}

/// Writes a private key as PKCS#8 in PEM, not encrypted: a cipher is refused. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_write_PrivateKey(
    to: *mut FILE,
    object: *const Pkey,
    cipher: *const c_void,
    _passphrase: *const c_uchar,
    _len: c_int,
    _callback: Option<PasswordCallback>,
    _userdata: *mut c_void,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { write_private_key(to, object, cipher) }
}

/// Reads all certificates, revocation lists and private keys to the end into a stack of `X509_INFO`; appends them to `stack` if that is
/// not null. The caller frees it by `sk_X509_INFO_pop_free`. Null on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_X509_INFO_read_bio(
    from: *mut Bio,
    stack: *mut Stack,
    callback: Option<PasswordCallback>,
    userdata: *mut c_void,
) -> *mut Stack {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let (channel, passphrase) =
            unsafe { (from.to_channel()?, Passphrase::new(callback, userdata)) };
        let found = info::read(&mut channel.lines(), &passphrase)?;
        let all: Vec<*mut c_void> = found
            .into_iter()
            .map(|info| Box::into_raw(Box::new(info)).cast())
            .collect();
        // SAFETY: the caller's contract.
        let Some(given) = (unsafe { stack.as_ref() }) else {
            return Ok(Box::into_raw(Stack::new(all)));
        };
        for info in all {
            given.insert(-1, info)?;
        }
        Ok(stack)
    })
}

/// Frees what `PEM_X509_INFO_read_bio` read.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_INFO_free(object: *mut X509Info) {
    entry((), || {
        if !object.is_null() {
            // SAFETY: from `Box::into_raw`, and the caller's to free.
            drop(unsafe { Box::from_raw(object) });
        }
        Ok(())
    });
}

/// The passphrase callback that is used when none is given: `userdata` as a string. Returns its length, 0 if it is null.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PEM_def_callback(
    buffer: *mut c_char,
    size: c_int,
    _writing: c_int,
    userdata: *mut c_void,
) -> c_int {
    entry(0, || {
        if userdata.is_null() {
            return Ok(0);
        }
        // SAFETY: the caller's contract.
        let passphrase = unsafe { handle::string(userdata.cast_const().cast()) }?;
        let room = usize::try_from(size).unwrap_or(0);
        let len = passphrase.len().min(room);
        // SAFETY: the caller's contract.
        let to = unsafe { handle::buffer(buffer.cast(), len) }?;
        to.copy_from_slice(passphrase.get(..len).unwrap_or_default());
        Ok(c_int::try_from(len).unwrap_or(0))
    })
}
