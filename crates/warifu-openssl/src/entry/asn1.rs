//! Strings and integers: `ASN1_…`.

use core::ffi::{c_char, c_int, c_long, c_ulong};
use libc::FILE;

use super::{entry, order};
use crate::bio::Bio;
use crate::fault::Fault;
use crate::handle;
use crate::memory;
use crate::x509::channel::ToChannel;
use crate::x509::print;
use crate::x509::string::{Asn1String, INTEGER, NEGATIVE_INTEGER};

/// Gives a reference to a string, integer or time back.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_STRING_free(object: *mut Asn1String) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(())
    });
}

/// Gives a reference to a string, integer or time back.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_INTEGER_free(object: *mut Asn1String) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(())
    });
}

/// Gives a reference to a string, integer or time back.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_TIME_free(object: *mut Asn1String) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(())
    });
}

/// Gives a reference to a string, integer or time back.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_OCTET_STRING_free(object: *mut Asn1String) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(())
    });
}

/// Gives a reference to a string, integer or time back.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_BIT_STRING_free(object: *mut Asn1String) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(())
    });
}

/// Gives a reference to a string, integer or time back.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_UTCTIME_free(object: *mut Asn1String) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(())
    });
}

/// Gives a reference to a string, integer or time back.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_GENERALIZEDTIME_free(object: *mut Asn1String) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(())
    });
}

/// Gives a reference to a string, integer or time back.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_IA5STRING_free(object: *mut Asn1String) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(())
    });
}

/// The content; a NUL follows it. Lives as long as the string.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_STRING_get0_data(object: *const Asn1String) -> *const u8 {
    entry(core::ptr::null(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.bytes().as_ptr())
    })
}

/// As `ASN1_STRING_get0_data`; the bytes must not be changed.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_STRING_data(object: *mut Asn1String) -> *mut u8 {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object.cast_const()) }?;
        Ok(object.bytes().as_ptr().cast_mut())
    })
}

/// Length of the content in bytes.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_STRING_length(object: *const Asn1String) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(c_int::try_from(object.bytes().len()).unwrap_or(c_int::MAX))
    })
}

/// `V_ASN1_…`
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_STRING_type(object: *const Asn1String) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.kind())
    })
}

/// Compares content, then type: 0 if both are the same.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_STRING_cmp(a: *const Asn1String, b: *const Asn1String) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's contract.
        let a = unsafe { handle::borrow(a) }?;
        // SAFETY: the caller's contract.
        let b = unsafe { handle::borrow(b) }?;
        let key =
            |string: &Asn1String| (string.bytes().len(), string.bytes().to_vec(), string.kind());
        Ok(order(key(a).cmp(&key(b))))
    })
}

/// One more reference to a string, which never changes.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_STRING_dup(object: *const Asn1String) -> *mut Asn1String {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::share(object) }?;
        Ok(handle::into_raw(object))
    })
}

/// One more reference to a string, which never changes.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_INTEGER_dup(object: *const Asn1String) -> *mut Asn1String {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::share(object) }?;
        Ok(handle::into_raw(object))
    })
}

/// Converts to UTF-8, in memory that the caller frees by `OPENSSL_free`. Returns its length; -1 on failure, also for a NUL inside.
/// The text ends with a NUL.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_STRING_to_UTF8(
    out: *mut *mut u8,
    object: *const Asn1String,
) -> c_int {
    entry(-1, || {
        if out.is_null() {
            return Err(Fault::null());
        }
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let text = object
            .text()
            .ok_or_else(|| Fault::argument("a string of no type that is text"))?;
        let len = c_int::try_from(text.len())
            .map_err(|_| Fault::argument("a string that is too long"))?;
        let mut bytes = text.into_bytes();
        bytes.push(0);
        let memory = memory::to_c(&bytes)?;
        // SAFETY: the caller's contract.
        unsafe { handle::store(out, memory.cast()) };
        Ok(len)
    })
}

/// Prints a string under `ASN1_STRFLGS_…`. Returns how many bytes; -1 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_STRING_print_ex(
    to: *mut Bio,
    object: *const Asn1String,
    flags: c_ulong,
) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let text = print::string(object, flags);
        // SAFETY: the caller's contract.
        unsafe { to.to_channel() }?.write(&text)?;
        Ok(c_int::try_from(text.len()).unwrap_or(c_int::MAX))
    })
}

/// Prints a string under `ASN1_STRFLGS_…`. Returns how many bytes; -1 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_STRING_print_ex_fp(
    to: *mut FILE,
    object: *const Asn1String,
    flags: c_ulong,
) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let text = print::string(object, flags);
        // SAFETY: the caller's contract.
        unsafe { to.to_channel() }?.write(&text)?;
        Ok(c_int::try_from(text.len()).unwrap_or(c_int::MAX))
    })
}

/// Prints a string with dots for what cannot be printed. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_STRING_print(to: *mut Bio, object: *const Asn1String) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let printable = |byte: &u8| match byte {
            b' '..=b'~' | b'\n' | b'\r' => *byte,
            _ => b'.',
        };
        let text: Vec<u8> = object.bytes().iter().map(printable).collect();
        // SAFETY: the caller's contract.
        unsafe { to.to_channel() }?.write(&text)?;
        Ok(1)
    })
}

/// The value of an integer; -1 if it does not fit, and for what is none. Null is 0.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_INTEGER_get(object: *const Asn1String) -> c_long {
    entry(-1, || {
        if object.is_null() {
            return Ok(0);
        }
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        object
            .to_i64()
            .and_then(|value| c_long::try_from(value).ok())
            .ok_or(Fault::Quiet)
    })
}

/// Stores the value of an integer. Returns 1, or 0 if it does not fit.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_INTEGER_get_int64(to: *mut i64, object: *const Asn1String) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let value = object
            .to_i64()
            .ok_or_else(|| Fault::argument("an integer that does not fit"))?;
        // SAFETY: the caller's contract.
        unsafe { handle::store(to, value) };
        Ok(1)
    })
}

/// Compares two integers.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_INTEGER_cmp(a: *const Asn1String, b: *const Asn1String) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's contract.
        let a = unsafe { handle::borrow(a) }?;
        // SAFETY: the caller's contract.
        let b = unsafe { handle::borrow(b) }?;
        let size = |string: &Asn1String| (string.bytes().len(), string.bytes().to_vec());
        Ok(
            match (a.kind() == NEGATIVE_INTEGER, b.kind() == NEGATIVE_INTEGER) {
                (false, false) => order(size(a).cmp(&size(b))),
                (true, true) => order(size(b).cmp(&size(a))),
                (true, false) => -1,
                (false, true) => 1,
            },
        )
    })
}

/// Prints an integer in hexadecimal digits. Returns how many bytes; -1 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn i2a_ASN1_INTEGER(to: *mut Bio, object: *const Asn1String) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        if !matches!(object.kind(), INTEGER | NEGATIVE_INTEGER) {
            return Err(Fault::argument("not an integer"));
        }
        let text = object.integer_hex();
        // SAFETY: the caller's contract.
        unsafe { to.to_channel() }?.write(text.as_bytes())?;
        Ok(c_int::try_from(text.len()).unwrap_or(c_int::MAX))
    })
}

/// The tag's name; `(unknown)` for others.
#[unsafe(no_mangle)]
pub extern "C" fn ASN1_tag2str(tag: c_int) -> *const c_char {
    entry(core::ptr::null(), || {
        Ok(print::type_name(u8::try_from(tag & !0x100).unwrap_or(0)).as_ptr())
    })
}

/// Writes text and a NUL to a buffer of C, as much as fits.
///
/// # Safety
/// `buffer` has `size` writable bytes, or is null.
pub(crate) unsafe fn copy_text(text: &[u8], buffer: *mut c_char, size: c_int) {
    let size = usize::try_from(size).unwrap_or(0);
    // SAFETY: the caller's promise.
    let Ok(buffer) = (unsafe { handle::buffer(buffer.cast(), size) }) else {
        return;
    };
    if let Some((_, room)) = buffer.split_last_mut() {
        let len = text.len().min(room.len());
        for (to, from) in room.iter_mut().zip(text) {
            *to = *from;
        }
        if let Some(end) = buffer.get_mut(len) {
            *end = 0;
        }
    }
}
