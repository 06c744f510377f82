//! Certificates: `X509_…`.

use core::ffi::{c_int, c_long, c_uint, c_ulong, c_void};
use std::sync::Arc;

use super::{entry, lent, order};
use crate::fault::Fault;
use crate::handle;
use crate::x509::digest::Algorithm;
use crate::x509::name::Name;
use crate::x509::string::Asn1String;
use crate::x509::{Pkey, X509, purpose};

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
