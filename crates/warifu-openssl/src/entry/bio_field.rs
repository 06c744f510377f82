//! BIOs (`bio.h`): what they are in, and the fields that programs see.

use core::ffi::{c_char, c_int, c_void};
use core::ptr;

use super::entry;
use crate::bio::Bio;
use crate::bio::observer::{Observer, PlainCallback, SizedCallback};
use crate::handle;

/// The BIO of a chain that has to try again, and why.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_get_retry_BIO(bio: *mut Bio, reason: *mut c_int) -> *mut Bio {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        let source = bio.retry_source();
        // SAFETY: of a BIO in the chain; the caller's promise.
        unsafe {
            if let Some(source) = source.as_ref() {
                handle::store(reason, source.retry_reason());
            }
        }
        Ok(source)
    })
}

/// Why something special is waited for (`BIO_RR_…`).
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_get_retry_reason(bio: *mut Bio) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(bio.retry_reason())
    })
}

/// Says why something special is waited for.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_set_retry_reason(bio: *mut Bio, reason: c_int) {
    entry((), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        bio.set_retry_reason(reason);
        Ok(())
    })
}

/// Takes the retry flags of the next BIO over.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_copy_next_retry(bio: *mut Bio) {
    entry((), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        bio.copy_next_retry();
        Ok(())
    })
}

/// Sets flags.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_set_flags(bio: *mut Bio, flags: c_int) {
    entry((), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        bio.set_flags(flags);
        Ok(())
    })
}

/// Clears flags.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_clear_flags(bio: *mut Bio, flags: c_int) {
    entry((), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        bio.clear_flags(flags);
        Ok(())
    })
}

/// Those of the flags that are set.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_test_flags(bio: *const Bio, flags: c_int) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(bio.flags() & flags)
    })
}

/// The kind of a BIO.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_method_type(bio: *const Bio) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(bio.kind())
    })
}

/// The name of a BIO's method. It stays as long as the BIO.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_method_name(bio: *const Bio) -> *const c_char {
    entry(ptr::null(), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(bio.method().name().as_ptr())
    })
}

/// The field for the method's own data.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_get_data(bio: *mut Bio) -> *mut c_void {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(bio.data())
    })
}

/// Sets the field for the method's own data.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_set_data(bio: *mut Bio, data: *mut c_void) {
    entry((), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        bio.set_data(data);
        Ok(())
    })
}

/// The field for the method's being ready.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_get_init(bio: *mut Bio) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(bio.init())
    })
}

/// Sets the field for the method's being ready.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_set_init(bio: *mut Bio, init: c_int) {
    entry((), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        bio.set_init(init);
        Ok(())
    })
}

/// The field for the method's closing.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_get_shutdown(bio: *mut Bio) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(bio.shutdown())
    })
}

/// Sets the field for the method's closing.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_set_shutdown(bio: *mut Bio, shutdown: c_int) {
    entry((), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        bio.set_shutdown(shutdown);
        Ok(())
    })
}

/// The bytes read so far.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_number_read(bio: *mut Bio) -> u64 {
    entry(0, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { bio.as_ref() }.map_or(0, Bio::bytes_read))
    })
}

/// The bytes written so far.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_number_written(bio: *mut Bio) -> u64 {
    entry(0, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { bio.as_ref() }.map_or(0, Bio::bytes_written))
    })
}

/// Sets the callback that sees all operations.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_set_callback(bio: *mut Bio, callback: Option<PlainCallback>) {
    entry((), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        bio.set_observer(callback.map_or(Observer::None, Observer::Plain));
        Ok(())
    })
}

/// Sets the callback that sees all operations.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_set_callback_ex(bio: *mut Bio, callback: Option<SizedCallback>) {
    entry((), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        bio.set_observer(callback.map_or(Observer::None, Observer::Sized));
        Ok(())
    })
}

/// The callback that sees all operations.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_get_callback(bio: *const Bio) -> Option<PlainCallback> {
    entry(None, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(match bio.observer() {
            Observer::Plain(callback) => Some(callback),
            _ => None,
        })
    })
}

/// The callback that sees all operations.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_get_callback_ex(bio: *const Bio) -> Option<SizedCallback> {
    entry(None, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(match bio.observer() {
            Observer::Sized(callback) => Some(callback),
            _ => None,
        })
    })
}

/// Sets what the callback finds.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_set_callback_arg(bio: *mut Bio, argument: *mut c_char) {
    entry((), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        bio.set_callback_argument(argument);
        Ok(())
    })
}

/// What the callback finds.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_get_callback_arg(bio: *const Bio) -> *mut c_char {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(bio.callback_argument())
    })
}

/// Hangs data onto a BIO.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_set_ex_data(bio: *mut Bio, index: c_int, data: *mut c_void) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(c_int::from(bio.ex_data().set(index, data)))
    })
}

/// The data of an index, or null.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_get_ex_data(bio: *const Bio, index: c_int) -> *mut c_void {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(bio.ex_data().get(index))
    })
}
