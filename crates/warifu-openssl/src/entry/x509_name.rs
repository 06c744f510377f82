//! Distinguished names: `X509_NAME_…`.

use core::ffi::{c_char, c_int, c_long, c_ulong};

use libc::FILE;

use super::asn1::copy_text;
use super::{entry, lent, order};
use crate::bio::Bio;
use crate::fault::Fault;
use crate::handle;
use crate::memory;
use crate::x509::channel::ToChannel;
use crate::x509::name::{Name, NameEntry};
use crate::x509::object::Object;
use crate::x509::string::Asn1String;
use crate::x509::{print, purpose};

/// Gives a reference to a name back.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_NAME_free(object: *mut Name) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(())
    });
}

/// One more reference to a name, which never changes.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_NAME_dup(object: *const Name) -> *mut Name {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::share(object) }?;
        Ok(handle::into_raw(object))
    })
}

/// Compares two names; letter case and blanks do not matter. 0 if they are the same, -2 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_NAME_cmp(a: *const Name, b: *const Name) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's contract.
        let a = unsafe { handle::borrow(a) }?;
        // SAFETY: the caller's contract.
        let b = unsafe { handle::borrow(b) }?;
        Ok(order(a.compare(b)))
    })
}

/// Hash of a name, as files in directories of CA certificates are named.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_NAME_hash(object: *const Name) -> c_ulong {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(purpose::name_hash(object))
    })
}

/// Writes `/C=DE/CN=example` to a buffer, cut to its size, and returns it; to memory that the caller frees by `OPENSSL_free`, if it
/// is null. Null on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_NAME_oneline(
    object: *const Name,
    buffer: *mut c_char,
    size: c_int,
) -> *mut c_char {
    entry(core::ptr::null_mut(), || {
        if !buffer.is_null() && size <= 0 {
            return Err(Fault::argument("a buffer without room"));
        }
        let room = usize::try_from(size).unwrap_or(0).saturating_sub(1);
        let limit = if buffer.is_null() { usize::MAX } else { room };
        let text = if object.is_null() {
            "NO X509_NAME".to_owned()
        } else {
            // SAFETY: the caller's contract.
            unsafe { handle::borrow(object) }?.oneline(limit)
        };
        if buffer.is_null() {
            return memory::to_c_string(text.as_bytes());
        }
        // SAFETY: the caller's contract.
        unsafe { copy_text(text.as_bytes(), buffer, size) };
        Ok(buffer)
    })
}

/// Prints a name in one line with commas. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_NAME_print(
    to: *mut Bio,
    object: *const Name,
    _indent: c_int,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let text = object.comma_separated();
        // SAFETY: the caller's contract.
        unsafe { to.to_channel() }?
            .write(text.as_bytes())
            .map(|()| 1)
    })
}

/// Prints a name under `XN_FLAG_…`. Returns how many bytes (1 under `XN_FLAG_COMPAT`); -1 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_NAME_print_ex(
    to: *mut Bio,
    object: *const Name,
    indent: c_int,
    flags: c_ulong,
) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let margin = usize::try_from(indent).unwrap_or(0).min(INDENT_LIMIT);
        let text = print::name(object, margin, flags)
            .ok_or_else(|| Fault::argument("flags with no known separator"))?;
        // SAFETY: the caller's contract.
        unsafe { to.to_channel() }?.write(&text)?;
        let compatible = flags == 0;
        Ok(if compatible {
            1
        } else {
            c_int::try_from(text.len()).unwrap_or(c_int::MAX)
        })
    })
}

/// Prints a name under `XN_FLAG_…`. Returns how many bytes (1 under `XN_FLAG_COMPAT`); -1 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_NAME_print_ex_fp(
    to: *mut FILE,
    object: *const Name,
    indent: c_int,
    flags: c_ulong,
) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let margin = usize::try_from(indent).unwrap_or(0).min(INDENT_LIMIT);
        let text = print::name(object, margin, flags)
            .ok_or_else(|| Fault::argument("flags with no known separator"))?;
        // SAFETY: the caller's contract.
        unsafe { to.to_channel() }?.write(&text)?;
        let compatible = flags == 0;
        Ok(if compatible {
            1
        } else {
            c_int::try_from(text.len()).unwrap_or(c_int::MAX)
        })
    })
}

/// How many entries.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_NAME_entry_count(object: *const Name) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(c_int::try_from(object.entries().len()).unwrap_or(c_int::MAX))
    })
}

/// The index of the next entry with this NID behind `last` (-1: from the first on); -1 if there is none, -2 for an unknown NID.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_NAME_get_index_by_NID(
    object: *const Name,
    nid: c_int,
    last: c_int,
) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let is_next = |index: &usize| c_int::try_from(*index).is_ok_and(|index| index > last);
        let next = object.with_nid(nid).map(|(index, _)| index).find(is_next);
        next.and_then(|index| c_int::try_from(index).ok())
            .ok_or(Fault::Quiet)
    })
}

/// As `X509_NAME_get_index_by_NID`, for an object.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_NAME_get_index_by_OBJ(
    object: *const Name,
    wanted: *const Object,
    last: c_int,
) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        let wanted = unsafe { handle::borrow(wanted) }?;
        let mut entries = object.entries().iter().enumerate();
        let next = entries.find(|(index, entry)| {
            c_int::try_from(*index).is_ok_and(|index| index > last)
                && entry.object().oid() == wanted.oid()
        });
        next.and_then(|(index, _)| c_int::try_from(index).ok())
            .ok_or(Fault::Quiet)
    })
}

/// The entry at an index, which the name keeps; null if there is none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_NAME_get_entry(object: *const Name, index: c_int) -> *mut NameEntry {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let entry = usize::try_from(index)
            .ok()
            .and_then(|index| object.entries().get(index));
        entry.map(lent).ok_or(Fault::Quiet)
    })
}

/// Writes the bytes of the first value with this NID, cut to the buffer's size, and a NUL. Returns their length; -1 if there is
/// none. With a null buffer returns the whole length.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_NAME_get_text_by_NID(
    object: *const Name,
    nid: c_int,
    buffer: *mut c_char,
    size: c_int,
) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        let (_, entry) = object.with_nid(nid).next().ok_or(Fault::Quiet)?;
        // SAFETY: the caller's contract.
        unsafe { text_of(entry, buffer, size) }
    })
}

/// As `X509_NAME_get_text_by_NID`, for an object.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_NAME_get_text_by_OBJ(
    object: *const Name,
    wanted: *const Object,
    buffer: *mut c_char,
    size: c_int,
) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        let wanted = unsafe { handle::borrow(wanted) }?;
        let mut entries = object.entries().iter();
        let entry = entries
            .find(|entry| entry.object().oid() == wanted.oid())
            .ok_or(Fault::Quiet)?;
        // SAFETY: the caller's contract.
        unsafe { text_of(entry, buffer, size) }
    })
}

/// The value, which the entry keeps.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_NAME_ENTRY_get_data(object: *const NameEntry) -> *mut Asn1String {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.value()))
    })
}

/// The attribute, which the entry keeps.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_NAME_ENTRY_get_object(object: *const NameEntry) -> *mut Object {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.object()))
    })
}

/// Which relative name the entry is in, from 0.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_NAME_ENTRY_set(object: *const NameEntry) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(object.set())
    })
}

/// Stores the name's DER, which it keeps. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_NAME_get0_der(
    object: *const Name,
    der: *mut *const u8,
    len: *mut usize,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        unsafe { handle::store(der, object.der().as_ptr()) };
        // SAFETY: the caller's contract.
        unsafe { handle::store(len, object.der().len()) };
        Ok(1)
    })
}

/// Writes DER; see `i2d_X509`.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn i2d_X509_NAME(object: *const Name, out: *mut *mut u8) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        unsafe { super::to_der(object.der(), out) }
    })
}

/// Reads a name (DER) and moves `*input` behind it; see `d2i_X509`.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn d2i_X509_NAME(
    name: *mut *mut Name,
    input: *mut *const u8,
    len: c_long,
) -> *mut Name {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        unsafe { super::from_der(name, input, len, Name::from_der) }
    })
}

/// More blanks than this at the beginning of a line serve nobody.
const INDENT_LIMIT: usize = 256;

/// # Safety
/// `buffer` has `size` writable bytes, or is null.
unsafe fn text_of(entry: &NameEntry, buffer: *mut c_char, size: c_int) -> Result<c_int, Fault> {
    let bytes = entry.value().bytes();
    let len = c_int::try_from(bytes.len()).unwrap_or(c_int::MAX);
    if buffer.is_null() {
        return Ok(len);
    }
    if size <= 0 {
        return Ok(0);
    }
    // SAFETY: the caller's promise.
    unsafe { copy_text(bytes, buffer, size) };
    Ok(len.min(size - 1))
}
