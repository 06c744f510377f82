//! Data that programs hang onto objects (`crypto.h`).

use core::ffi::{c_int, c_long, c_void};
use core::ptr;

use super::entry;
use crate::ex_data::{self, Duplicate, ExData, Notice};
use crate::fault::Fault;
use crate::handle;

fn class(class: c_int) -> Result<usize, Fault> {
    usize::try_from(class).map_err(|_| Fault::argument("no such class of objects"))
}

/// Registers an index for data of a class of objects. -1 if it fails.
///
/// # Safety
/// The callbacks are what their types say, and stay.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_get_ex_new_index(
    class: c_int,
    number: c_long,
    argument: *mut c_void,
    made: Option<Notice>,
    copied: Option<Duplicate>,
    freed: Option<Notice>,
) -> c_int {
    entry(-1, || {
        ex_data::new_index(class, number, argument, made, copied, freed)
            .ok_or_else(|| Fault::argument("no such class of objects, or no more indices in it"))
    })
}

/// Takes an index out of use.
#[unsafe(no_mangle)]
pub extern "C" fn CRYPTO_free_ex_index(class: c_int, index: c_int) -> c_int {
    entry(0, || Ok(c_int::from(ex_data::free_index(class, index))))
}

/// Makes the data of an object of the program's ready.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_new_ex_data(
    number: c_int,
    object: *mut c_void,
    data: *mut ExData,
) -> c_int {
    entry(0, || {
        let number = class(number)?;
        if data.is_null() {
            return Err(Fault::null());
        }
        // SAFETY: the caller's promise: memory for it, not in use.
        unsafe {
            data.write(ExData::new());
            (*data).created_in(number, object);
        }
        Ok(1)
    })
}

/// Copies the data of an object.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_dup_ex_data(
    number: c_int,
    to: *mut ExData,
    from: *const ExData,
) -> c_int {
    entry(0, || {
        let number = class(number)?;
        // SAFETY: the caller's promise.
        let (to, from) = unsafe { (handle::borrow(to)?, handle::borrow(from)?) };
        // SAFETY: the caller's promise.
        Ok(c_int::from(unsafe { to.copy_from(number, from) }))
    })
}

/// Frees the data of an object of the program's.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_free_ex_data(
    number: c_int,
    object: *mut c_void,
    data: *mut ExData,
) {
    entry((), || {
        let number = class(number)?;
        // SAFETY: the caller's promise.
        let data = unsafe { handle::borrow(data) }?;
        // SAFETY: the caller's promise.
        unsafe { data.freed_in(number, object) };
        Ok(())
    })
}

/// Sets the value of an index.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_set_ex_data(
    data: *mut ExData,
    index: c_int,
    value: *mut c_void,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        Ok(c_int::from(
            unsafe { handle::borrow(data) }?.set(index, value),
        ))
    })
}

/// The value of an index, or null.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_get_ex_data(data: *const ExData, index: c_int) -> *mut c_void {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        Ok(unsafe { handle::borrow(data) }?.get(index))
    })
}
