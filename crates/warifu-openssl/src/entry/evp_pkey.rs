//! Keys: `EVP_PKEY_…`, and their DER.

use core::ffi::{c_char, c_int, c_long};

use super::entry;
use crate::bio::Bio;
use crate::fault::Fault;
use crate::handle;
use crate::x509::Pkey;
use crate::x509::channel::ToChannel;
use crate::x509::object;

/// Gives a reference to a key back.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_PKEY_free(object: *mut Pkey) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(())
    });
}

/// Takes one more reference to a key. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_PKEY_up_ref(object: *mut Pkey) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::share(object) }?;
        let _ = handle::into_raw(object);
        Ok(1)
    })
}

/// The kind: `EVP_PKEY_…`; -1 for one without such a number.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_PKEY_id(object: *const Pkey) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.id())
    })
}

/// The kind: `EVP_PKEY_…`; -1 for one without such a number.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_PKEY_base_id(object: *const Pkey) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.id())
    })
}

/// The kind: `EVP_PKEY_…`; -1 for one without such a number.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_PKEY_get_id(object: *const Pkey) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.id())
    })
}

/// The kind: `EVP_PKEY_…`; -1 for one without such a number.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_PKEY_get_base_id(object: *const Pkey) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.id())
    })
}

/// The size in bits. 0 if it is not known.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_PKEY_bits(object: *const Pkey) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.bits())
    })
}

/// The size in bits. 0 if it is not known.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_PKEY_get_bits(object: *const Pkey) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.bits())
    })
}

/// The longest signature in bytes. 0 if it is not known.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_PKEY_size(object: *const Pkey) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.size())
    })
}

/// The longest signature in bytes. 0 if it is not known.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_PKEY_get_size(object: *const Pkey) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.size())
    })
}

/// The strength in bits. 0 if it is not known.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_PKEY_security_bits(object: *const Pkey) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.security_bits())
    })
}

/// The strength in bits. 0 if it is not known.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_PKEY_get_security_bits(object: *const Pkey) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.security_bits())
    })
}

/// The base type of a NID: itself, for a kind of key that is known; 0 for others.
#[unsafe(no_mangle)]
pub extern "C" fn EVP_PKEY_type(kind: c_int) -> c_int {
    entry(0, || {
        Ok(
            if matches!(kind, 6 | 116 | 408 | 912 | 1034 | 1035 | 1087 | 1088) {
                kind
            } else {
                0
            },
        )
    })
}

/// The name of the kind, `RSA`, `EC`; null if it is not known. Never freed.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_PKEY_get0_type_name(object: *const Pkey) -> *const c_char {
    entry(core::ptr::null(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object
            .type_name()
            .map_or(core::ptr::null(), |name| name.as_ptr()))
    })
}

/// Whether a key is of the kind with this name: 1 or 0.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_PKEY_is_a(object: *const Pkey, name: *const c_char) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        let name = unsafe { handle::string(name) }?;
        Ok(c_int::from(object.type_name().is_some_and(|own| {
            own.to_bytes().eq_ignore_ascii_case(name)
        })))
    })
}

/// Writes the name of the curve and a NUL, and to `*len` its length. Returns 1; 0 for a key without a curve, or too small a buffer.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_PKEY_get_group_name(
    object: *const Pkey,
    name: *mut c_char,
    size: usize,
    len: *mut usize,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let curve =
            object::short_name(object.curve()).filter(|_| object.curve() != object::UNDEFINED);
        let curve = curve.ok_or(Fault::Quiet)?.to_bytes();
        // SAFETY: the caller's contract.
        unsafe { handle::store(len, curve.len()) };
        if name.is_null() {
            return Ok(1);
        }
        if size <= curve.len() {
            return Err(Fault::argument("too small a buffer for the curve's name"));
        }
        // SAFETY: the caller's contract.
        unsafe { super::asn1::copy_text(curve, name, c_int::try_from(size).unwrap_or(c_int::MAX)) };
        Ok(1)
    })
}

/// 1 if the public halves are the same, 0 if not, -1 for different kinds, -2 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_PKEY_eq(a: *const Pkey, b: *const Pkey) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's contract.
        let a = unsafe { handle::borrow(a) }?;
        // SAFETY: the caller's contract.
        let b = unsafe { handle::borrow(b) }?;
        Ok(a.same_key(b).map_or(-1, c_int::from))
    })
}

/// 1 if the public halves are the same, 0 if not, -1 for different kinds, -2 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn EVP_PKEY_cmp(a: *const Pkey, b: *const Pkey) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's contract.
        let a = unsafe { handle::borrow(a) }?;
        // SAFETY: the caller's contract.
        let b = unsafe { handle::borrow(b) }?;
        Ok(a.same_key(b).map_or(-1, c_int::from))
    })
}

/// Reads a private key (DER: PKCS#8, PKCS#1, SEC 1) and moves `*input` behind it. If `key` is not null, `*key` gets it, and what
/// was there is freed. Null on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn d2i_PrivateKey(
    _kind: c_int,
    key: *mut *mut Pkey,
    input: *mut *const u8,
    len: c_long,
) -> *mut Pkey {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        unsafe { super::from_der(key, input, len, Pkey::private_from_der) }
    })
}

/// Reads a private key (DER: PKCS#8, PKCS#1, SEC 1) and moves `*input` behind it. If `key` is not null, `*key` gets it, and what
/// was there is freed. Null on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn d2i_AutoPrivateKey(
    key: *mut *mut Pkey,
    input: *mut *const u8,
    len: c_long,
) -> *mut Pkey {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        unsafe { super::from_der(key, input, len, Pkey::private_from_der) }
    })
}

/// Reads a private key (DER); see `d2i_AutoPrivateKey`.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn d2i_PrivateKey_bio(from: *mut Bio, key: *mut *mut Pkey) -> *mut Pkey {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let der = unsafe { from.to_channel() }?.read_der()?;
        let read = Pkey::private_from_der(&der)?;
        // SAFETY: the caller's contract.
        Ok(unsafe { super::replace(key, read) })
    })
}

/// Writes a private key as PKCS#8 in DER; see `i2d_X509`.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn i2d_PrivateKey(object: *const Pkey, out: *mut *mut u8) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let der = object.private_der()?;
        // SAFETY: the caller's contract.
        unsafe { super::to_der(&der, out) }
    })
}

/// Reads a public key (SubjectPublicKeyInfo, DER); see `d2i_AutoPrivateKey`.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn d2i_PUBKEY(
    key: *mut *mut Pkey,
    input: *mut *const u8,
    len: c_long,
) -> *mut Pkey {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        unsafe { super::from_der(key, input, len, Pkey::public_from_spki) }
    })
}

/// Writes the public half as SubjectPublicKeyInfo in DER; see `i2d_X509`.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn i2d_PUBKEY(object: *const Pkey, out: *mut *mut u8) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        unsafe { super::to_der(object.spki(), out) }
    })
}
