//! BIOs (`bio.h`): what they are in, and the fields that programs see.

use core::ffi::{c_char, c_int, c_void};
use core::ptr;

use super::entry;
use crate::bio::Bio;
use crate::bio::dump;
use crate::bio::observer::{Observer, PlainCallback, SizedCallback};
use crate::fault::Fault;
use crate::handle;

/// Takes bytes of a table; a negative result ends it.
type DumpCallback = unsafe extern "C" fn(*const c_void, usize, *mut c_void) -> c_int;

/// Puts a chain behind another, which owns it then. The first BIO.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_push(bio: *mut Bio, append: *mut Bio) -> *mut Bio {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let Some(first) = (unsafe { bio.as_ref() }) else {
            return Ok(append);
        };
        // SAFETY: the caller's promise: its reference moves into the chain.
        if let Some(append) = unsafe { handle::take(append) } {
            first.push(append);
        }
        Ok(bio)
    })
}

/// Takes a BIO out of its chain. What followed, or null.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_pop(bio: *mut Bio) -> *mut Bio {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let Some(bio) = (unsafe { bio.as_ref() }) else {
            return Ok(ptr::null_mut());
        };
        Ok(bio.pop())
    })
}

/// What follows in the chain, or null.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_next(bio: *mut Bio) -> *mut Bio {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        Ok(unsafe { bio.as_ref() }.map_or(ptr::null_mut(), Bio::next_handle))
    })
}

/// Puts another BIO behind one. What was there is the program's again.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_set_next(bio: *mut Bio, next: *mut Bio) {
    entry((), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        // SAFETY: the caller's promise: its reference moves into the chain.
        let next = unsafe { handle::take(next) };
        // What was there is the program's again.
        core::mem::forget(bio.link(next));
        Ok(())
    })
}

/// The first BIO of a kind from here on, or null.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_find_type(bio: *mut Bio, kind: c_int) -> *mut Bio {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(bio.find_handle(kind))
    })
}

/// A copy of a chain, or null.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_dup_chain(bio: *mut Bio) -> *mut Bio {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(handle::into_raw(bio.duplicate_chain()?))
    })
}

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

/// Writes bytes as a table of hexadecimal numbers and characters, behind spaces.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_dump_indent(
    bio: *mut Bio,
    bytes: *const c_void,
    len: c_int,
    indent: c_int,
) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        // SAFETY: the caller's promise.
        let bytes = unsafe { handle::bytes(bytes.cast(), len) }?;
        let indent = usize::try_from(indent).unwrap_or(0);
        let mut count = 0;
        for line in dump::lines(bytes, indent) {
            let done = bio.write(line.as_bytes()).code();
            if done < 0 {
                return Ok(done);
            }
            count += done;
        }
        Ok(count)
    })
}

/// Writes bytes as a table of hexadecimal numbers and characters.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_dump(bio: *mut Bio, bytes: *const c_void, len: c_int) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { BIO_dump_indent(bio, bytes, len, 0) })
    })
}

/// Gives the lines of a table of bytes to a function.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_dump_indent_cb(
    print: Option<DumpCallback>,
    argument: *mut c_void,
    bytes: *const c_void,
    len: c_int,
    indent: c_int,
) -> c_int {
    entry(-1, || {
        let print = print.ok_or_else(Fault::null)?;
        // SAFETY: the caller's promise.
        let bytes = unsafe { handle::bytes(bytes.cast(), len) }?;
        let indent = usize::try_from(indent).unwrap_or(0);
        let mut count = 0;
        for line in dump::lines(bytes, indent) {
            // SAFETY: the caller's function, with so many bytes.
            let done = unsafe { print(line.as_ptr().cast(), line.len(), argument) };
            if done < 0 {
                return Ok(done);
            }
            count += done;
        }
        Ok(count)
    })
}

/// Gives the lines of a table of bytes to a function.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_dump_cb(
    print: Option<DumpCallback>,
    argument: *mut c_void,
    bytes: *const c_void,
    len: c_int,
) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { BIO_dump_indent_cb(print, argument, bytes, len, 0) })
    })
}

/// Prints bytes as a table of hexadecimal numbers and characters, behind spaces.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_dump_indent_fp(
    file: *mut libc::FILE,
    bytes: *const c_void,
    len: c_int,
    indent: c_int,
) -> c_int {
    entry(-1, || {
        if file.is_null() {
            return Err(Fault::null());
        }
        // SAFETY: the caller's promise.
        let bytes = unsafe { handle::bytes(bytes.cast(), len) }?;
        let indent = usize::try_from(indent).unwrap_or(0);
        let mut count = 0;
        for line in dump::lines(bytes, indent) {
            // SAFETY: an open file, by the caller's promise, and so many bytes.
            let done = unsafe { libc::fwrite(line.as_ptr().cast(), 1, line.len(), file) };
            count += c_int::try_from(done).unwrap_or(0);
        }
        Ok(count)
    })
}

/// Prints bytes as a table of hexadecimal numbers and characters.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_dump_fp(
    file: *mut libc::FILE,
    bytes: *const c_void,
    len: c_int,
) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { BIO_dump_indent_fp(file, bytes, len, 0) })
    })
}

/// Writes spaces, at most `max`.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_indent(bio: *mut Bio, indent: c_int, max: c_int) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        let spaces = usize::try_from(indent.clamp(0, max.max(0))).unwrap_or(0);
        for _ in 0..spaces {
            if bio.write(b" ").code() != 1 {
                return Ok(0);
            }
        }
        Ok(1)
    })
}
