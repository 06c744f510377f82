//! Large numbers, to print serial numbers with: `BN_…`.

use core::ffi::{c_char, c_int};
use std::sync::Arc;

use super::entry;
use crate::fault::Fault;
use crate::handle;
use crate::memory;
use crate::x509::number::Number;
use crate::x509::string::{Asn1String, INTEGER, NEGATIVE_INTEGER};

/// The value of an integer; the caller frees it by `BN_free`. A number that is given in is freed. Null on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_INTEGER_to_BN(
    object: *const Asn1String,
    number: *mut Number,
) -> *mut Number {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        if !matches!(object.kind(), INTEGER | NEGATIVE_INTEGER) {
            return Err(Fault::argument("not an integer"));
        }
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(number) });
        Ok(handle::into_raw(Arc::new(Number::of_integer(object))))
    })
}

/// Gives a reference to a number back.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BN_free(object: *mut Number) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(())
    });
}

/// Gives a reference to a number back.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BN_clear_free(object: *mut Number) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(())
    });
}

/// The number in capital hexadecimal digits, two for each byte, in memory that the caller frees by `OPENSSL_free`; null on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BN_bn2hex(number: *const Number) -> *mut c_char {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let number = unsafe { handle::borrow(number) }?;
        memory::to_c_string(number.hex().as_bytes())
    })
}

/// The number in decimal digits, in memory that the caller frees by `OPENSSL_free`; null on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BN_bn2dec(number: *const Number) -> *mut c_char {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let number = unsafe { handle::borrow(number) }?;
        memory::to_c_string(number.decimal().as_bytes())
    })
}

/// How many bits the number has, the sign apart.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BN_num_bits(number: *const Number) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let number = unsafe { handle::borrow(number) }?;
        Ok(c_int::try_from(number.bits()).unwrap_or(c_int::MAX))
    })
}

/// Writes the number without its sign, big endian. Returns how many bytes: `BN_num_bytes` of them.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BN_bn2bin(number: *const Number, to: *mut u8) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let number = unsafe { handle::borrow(number) }?;
        // SAFETY: the caller's contract.
        let room = unsafe { handle::buffer(to, number.magnitude().len()) }?;
        room.copy_from_slice(number.magnitude());
        Ok(c_int::try_from(room.len()).unwrap_or(c_int::MAX))
    })
}
