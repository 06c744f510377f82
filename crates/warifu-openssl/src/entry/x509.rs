//! Certificates: `X509_…`.

use core::ffi::{c_int, c_long, c_uint, c_ulong, c_void};
use std::sync::Arc;

use libc::FILE;
use rustls_pki_types::CertificateDer;

use super::{entry, lent, order};
use crate::bio::Bio;
use crate::fault::Fault;
use crate::handle;
use crate::x509::channel::ToChannel;
use crate::x509::digest::Algorithm;
use crate::x509::name::Name;
use crate::x509::string::Asn1String;
use crate::x509::{Pkey, X509, purpose, report};

/// Gives a reference to a certificate back.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_free(object: *mut X509) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(())
    });
}

/// Takes one more reference to a certificate. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_up_ref(object: *mut X509) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::share(object) }?;
        let _ = handle::into_raw(object);
        Ok(1)
    })
}

/// One more reference to a certificate, which never changes.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_dup(object: *const X509) -> *mut X509 {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::share(object) }?;
        Ok(handle::into_raw(object))
    })
}

/// Compares two certificates byte for byte: 0 if they are the same.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_cmp(a: *const X509, b: *const X509) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's contract.
        let a = unsafe { handle::borrow(a) }?;
        // SAFETY: the caller's contract.
        let b = unsafe { handle::borrow(b) }?;
        Ok(order(a.der().as_ref().cmp(b.der().as_ref())))
    })
}

/// The subject, which the certificate keeps.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_subject_name(object: *const X509) -> *mut Name {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.subject()))
    })
}

/// The issuer, which the certificate keeps.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_issuer_name(object: *const X509) -> *mut Name {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.issuer()))
    })
}

/// The serial number, which the certificate keeps.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_serialNumber(object: *const X509) -> *mut Asn1String {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.serial()))
    })
}

/// The serial number, which the certificate keeps.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get0_serialNumber(object: *const X509) -> *mut Asn1String {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.serial()))
    })
}

/// The first second in which it is valid; the certificate keeps it.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get0_notBefore(object: *const X509) -> *mut Asn1String {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.not_before()))
    })
}

/// The first second in which it is valid; the certificate keeps it.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_getm_notBefore(object: *const X509) -> *mut Asn1String {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.not_before()))
    })
}

/// The first second in which it is valid; the certificate keeps it.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_notBefore(object: *const X509) -> *mut Asn1String {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.not_before()))
    })
}

/// The last second in which it is valid; the certificate keeps it.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get0_notAfter(object: *const X509) -> *mut Asn1String {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.not_after()))
    })
}

/// The last second in which it is valid; the certificate keeps it.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_getm_notAfter(object: *const X509) -> *mut Asn1String {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.not_after()))
    })
}

/// The last second in which it is valid; the certificate keeps it.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_notAfter(object: *const X509) -> *mut Asn1String {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.not_after()))
    })
}

/// The public key, which the certificate keeps.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get0_pubkey(object: *const X509) -> *mut Pkey {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.key()?))
    })
}

/// The public key; the caller frees it.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_pubkey(object: *mut X509) -> *mut Pkey {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        Ok(handle::into_raw(Arc::clone(object.key()?)))
    })
}

/// The version less one: 0, 1 or 2.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_version(object: *const X509) -> c_long {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(c_long::from(object.version()) - 1)
    })
}

/// NID of the algorithm that it is signed with.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_signature_nid(object: *const X509) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.signature_algorithm().nid())
    })
}

/// Stores the signature's hash (NIDs) and key kind, and the bits of security; 0 for unknown ones. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_signature_info(
    object: *mut X509,
    hash: *mut c_int,
    key: *mut c_int,
    bits: *mut c_int,
    flags: *mut u32,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        let nid = object.signature_algorithm().nid();
        let (hash_nid, key_nid, security) = purpose::signature_parts(nid);
        // SAFETY: the caller's contract.
        unsafe { handle::store(hash, hash_nid) };
        // SAFETY: the caller's contract.
        unsafe { handle::store(key, key_nid) };
        // SAFETY: the caller's contract.
        unsafe { handle::store(bits, security) };
        // SAFETY: the caller's contract.
        unsafe { handle::store(flags, u32::from(hash_nid != 0)) };
        Ok(1)
    })
}

/// Compares issuer and serial number.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_issuer_and_serial_cmp(a: *const X509, b: *const X509) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's contract.
        let a = unsafe { handle::borrow(a) }?;
        // SAFETY: the caller's contract.
        let b = unsafe { handle::borrow(b) }?;
        let serial = a.serial().bytes().cmp(b.serial().bytes());
        Ok(order(serial.then_with(|| a.issuer().compare(b.issuer()))))
    })
}

/// Compares the issuers.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_issuer_name_cmp(a: *const X509, b: *const X509) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's contract.
        let a = unsafe { handle::borrow(a) }?;
        // SAFETY: the caller's contract.
        let b = unsafe { handle::borrow(b) }?;
        Ok(order(a.issuer().compare(b.issuer())))
    })
}

/// Hash of the issuer, as files in directories of CA certificates are named; 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_issuer_name_hash(object: *mut X509) -> c_ulong {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        Ok(purpose::name_hash(object.issuer()))
    })
}

/// Compares the subjects.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_subject_name_cmp(a: *const X509, b: *const X509) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's contract.
        let a = unsafe { handle::borrow(a) }?;
        // SAFETY: the caller's contract.
        let b = unsafe { handle::borrow(b) }?;
        Ok(order(a.subject().compare(b.subject())))
    })
}

/// Hash of the subject, as files in directories of CA certificates are named; 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_subject_name_hash(object: *mut X509) -> c_ulong {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        Ok(purpose::name_hash(object.subject()))
    })
}

/// Writes the fingerprint of the whole certificate. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_digest(
    object: *const X509,
    algorithm: *const Algorithm,
    to: *mut u8,
    len: *mut c_uint,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        unsafe { super::digest::write(algorithm, object.der(), to, len) }
    })
}

/// Writes the hash of the public key's bits. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_pubkey_digest(
    object: *const X509,
    algorithm: *const Algorithm,
    to: *mut u8,
    len: *mut c_uint,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let view = object.view()?;
        let (_, key) = warifu::certificate::view::spki_parts(view.spki)
            .ok_or_else(|| Fault::argument("the certificate's public key cannot be read"))?;
        // SAFETY: the caller's contract.
        unsafe { super::digest::write(algorithm, key, to, len) }
    })
}

/// `X509_V_OK` if the one may have issued the other by names and key identifiers, else the code that says why not.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_check_issued(issuer: *mut X509, subject: *mut X509) -> c_int {
    entry(1, || {
        // SAFETY: the caller's contract.
        let issuer = unsafe { handle::borrow(issuer.cast_const()) }?;
        // SAFETY: the caller's contract.
        let subject = unsafe { handle::borrow(subject.cast_const()) }?;
        Ok(purpose::check_issued(issuer, subject))
    })
}

/// Whether the private key is the certificate's: 1 or 0.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_check_private_key(object: *const X509, key: *const Pkey) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        let key = unsafe { handle::borrow(key) }?;
        if key.belongs_to(object) {
            return Ok(1);
        }
        Err(purpose::key_mismatch())
    })
}

/// Whether the certificate may serve a purpose (`X509_PURPOSE_…`, -1 for any), as a CA or not: 1 or 0; -1 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_check_purpose(object: *mut X509, id: c_int, ca: c_int) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        purpose::check(object, id, ca != 0).map(c_int::from)
    })
}

/// Whether it is a CA's: 1 if it says so, 3 if it is self-issued of version 1, 0 if not.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_check_ca(object: *mut X509) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        let view = object.view()?;
        Ok(match object.version() {
            3 => c_int::from(view.may_be_ca()),
            _ if object.is_self_issued() => 3,
            _ => 0,
        })
    })
}

/// `KU_…`; all bits without such an extension.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_key_usage(object: *mut X509) -> u32 {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        Ok(purpose::key_usage(object))
    })
}

/// `XKU_…`; all bits without such an extension.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_extended_key_usage(object: *mut X509) -> u32 {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        Ok(purpose::extended_key_usage(object))
    })
}

/// `EXFLAG_…`
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_extension_flags(object: *mut X509) -> u32 {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        Ok(purpose::extension_flags(object))
    })
}

/// pathLenConstraint; -1 if there is none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_pathlen(object: *mut X509) -> c_long {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        let len = object
            .view()?
            .path_len()
            .and_then(|len| c_long::try_from(len).ok());
        Ok(len.unwrap_or(-1))
    })
}

/// Reads a certificate (DER) and moves `*input` behind it. If `x` is not null, `*x` gets it, and what was there is freed. Null on
/// failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn d2i_X509(
    x: *mut *mut X509,
    input: *mut *const u8,
    len: c_long,
) -> *mut X509 {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        unsafe {
            super::from_der(x, input, len, |der| {
                X509::from_der(CertificateDer::from(der.to_vec()))
            })
        }
    })
}

/// Writes DER: to new memory if `*out` is null, else to `*out`, which is moved behind it. Returns the length; -1 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn i2d_X509(object: *const X509, out: *mut *mut u8) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        unsafe { super::to_der(object.der(), out) }
    })
}

/// Reads a certificate (DER). If `x` is not null, `*x` gets it, and what was there is freed. Null on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn d2i_X509_bio(from: *mut Bio, x: *mut *mut X509) -> *mut X509 {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let der = unsafe { from.to_channel() }?.read_der()?;
        let certificate = X509::from_der(CertificateDer::from(der.to_vec()))?;
        // SAFETY: the caller's contract.
        Ok(unsafe { super::replace(x, certificate) })
    })
}

/// Writes a certificate in DER. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn i2d_X509_bio(to: *mut Bio, object: *const X509) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        unsafe { to.to_channel() }?.write(object.der()).map(|()| 1)
    })
}

/// Reads a certificate (DER). If `x` is not null, `*x` gets it, and what was there is freed. Null on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn d2i_X509_fp(from: *mut FILE, x: *mut *mut X509) -> *mut X509 {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let der = unsafe { from.to_channel() }?.read_der()?;
        let certificate = X509::from_der(CertificateDer::from(der.to_vec()))?;
        // SAFETY: the caller's contract.
        Ok(unsafe { super::replace(x, certificate) })
    })
}

/// Writes a certificate in DER. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn i2d_X509_fp(to: *mut FILE, object: *const X509) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        unsafe { to.to_channel() }?.write(object.der()).map(|()| 1)
    })
}

/// The tbsCertificate of a certificate in DER; see `i2d_X509`.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn i2d_re_X509_tbs(object: *mut X509, out: *mut *mut u8) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        // SAFETY: the caller's contract.
        unsafe { super::to_der(object.view()?.tbs, out) }
    })
}

/// Prints a certificate for people, in this library's own form. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_print(to: *mut Bio, object: *mut X509) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        let text = report::certificate(object)?;
        // SAFETY: the caller's contract.
        unsafe { to.to_channel() }?
            .write(text.as_bytes())
            .map(|()| 1)
    })
}

/// Prints a certificate for people, in this library's own form. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_print_ex(
    to: *mut Bio,
    object: *mut X509,
    _name_flags: c_ulong,
    _flags: c_ulong,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        let text = report::certificate(object)?;
        // SAFETY: the caller's contract.
        unsafe { to.to_channel() }?
            .write(text.as_bytes())
            .map(|()| 1)
    })
}

/// Prints a certificate for people, in this library's own form. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_print_fp(to: *mut FILE, object: *mut X509) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        let text = report::certificate(object)?;
        // SAFETY: the caller's contract.
        unsafe { to.to_channel() }?
            .write(text.as_bytes())
            .map(|()| 1)
    })
}

/// Prints a certificate for people, in this library's own form. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_print_ex_fp(
    to: *mut FILE,
    object: *mut X509,
    _name_flags: c_ulong,
    _flags: c_ulong,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        let text = report::certificate(object)?;
        // SAFETY: the caller's contract.
        unsafe { to.to_channel() }?
            .write(text.as_bytes())
            .map(|()| 1)
    })
}

/// Hangs a pointer onto a certificate. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_set_ex_data(
    object: *mut X509,
    index: c_int,
    data: *mut c_void,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        Ok(c_int::from(object.ex_data().set(index, data)))
    })
}

/// The pointer that `X509_set_ex_data` set; null if there is none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_get_ex_data(object: *const X509, index: c_int) -> *mut c_void {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.ex_data().get(index))
    })
}
