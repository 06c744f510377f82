//! BIOs (`bio.h`): reading, writing, fields, chains.

use core::ffi::{c_char, c_int, c_long, c_void};
use core::ptr;

use super::entry;
use crate::bio::method::{InfoCallback, Method};
use crate::bio::{Bio, Transfer, command, fault};
use crate::fault::Fault;
use crate::handle;
use crate::reason::BIO_R_UNSUPPORTED_METHOD;

fn unsupported(what: &str) -> Fault {
    fault(
        BIO_R_UNSUPPORTED_METHOD,
        format!("a BIO of this kind does not {what}"),
    )
}

/// Makes a BIO.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_new(method: *const Method) -> *mut Bio {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let method = unsafe { handle::share(method) }?;
        Ok(handle::into_raw(Bio::new(&method)?))
    })
}

/// Makes a BIO; there are no library contexts.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_new_ex(_library: *mut c_void, method: *const Method) -> *mut Bio {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        Ok(unsafe { BIO_new(method) })
    })
}

/// Takes one more reference.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_up_ref(bio: *mut Bio) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let shared = unsafe { handle::share(bio) }?;
        core::mem::forget(shared);
        Ok(1)
    })
}

/// Gives one reference back; the rest of its chain stays. 0 for null.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_free(bio: *mut Bio) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise: a reference of its own.
        match unsafe { handle::take(bio) } {
            Some(bio) => {
                Bio::release(bio);
                Ok(1)
            }
            None => Err(Fault::Quiet),
        }
    })
}

/// As [`BIO_free`].
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_vfree(bio: *mut Bio) {
    entry((), || {
        // SAFETY: the caller's promise.
        unsafe { BIO_free(bio) };
        Ok(())
    })
}

/// Gives back the reference of a chain: of all up to the first that has others.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_free_all(bio: *mut Bio) {
    entry((), || {
        // SAFETY: the caller's promise: a reference of its own.
        drop(unsafe { handle::take(bio) });
        Ok(())
    })
}

/// Reads at most `len` bytes. The number of bytes; 0 at the end; -1 for a failure, or to try again.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_read(bio: *mut Bio, data: *mut c_void, len: c_int) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        let Ok(len) = usize::try_from(len) else {
            return Ok(0);
        };
        // SAFETY: the caller's promise.
        let out = unsafe { handle::buffer(data.cast(), len) }?;
        Ok(bio.read(out).code())
    })
}

/// Reads at most `len` bytes, and stores how many. 1 if there were any.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_read_ex(
    bio: *mut Bio,
    data: *mut c_void,
    len: usize,
    count: *mut usize,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        unsafe { handle::store(count, 0) };
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        // SAFETY: the caller's promise.
        let out = unsafe { handle::buffer(data.cast(), len) }?;
        match bio.read(out) {
            Transfer::Done(done) if done > 0 => {
                // SAFETY: the caller's promise.
                unsafe { handle::store(count, done) };
                Ok(1)
            }
            _ => Ok(0),
        }
    })
}

/// Writes at most `len` bytes. The number of bytes; 0 or -1 for a failure, or to try again.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_write(bio: *mut Bio, data: *const c_void, len: c_int) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        if len <= 0 {
            return Ok(0);
        }
        // SAFETY: the caller's promise.
        let data = unsafe { handle::bytes(data.cast(), len) }?;
        Ok(bio.write(data).code())
    })
}

/// Writes at most `len` bytes, and stores how many. 1 if any went.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_write_ex(
    bio: *mut Bio,
    data: *const c_void,
    len: usize,
    count: *mut usize,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        unsafe { handle::store(count, 0) };
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        // SAFETY: the caller's promise.
        let data = unsafe { handle::long_bytes(data.cast(), len) }?;
        match bio.write(data) {
            Transfer::Done(done) if done > 0 || len == 0 => {
                // SAFETY: the caller's promise.
                unsafe { handle::store(count, done) };
                Ok(1)
            }
            _ => Ok(0),
        }
    })
}

/// Writes a string without its NUL. As [`BIO_write`]; -2 if the BIO takes none.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_puts(bio: *mut Bio, text: *const c_char) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        if text.is_null() {
            return Err(Fault::null());
        }
        // SAFETY: the caller's promise.
        let text = unsafe { core::ffi::CStr::from_ptr(text) };
        let done = bio.puts(text).ok_or_else(|| unsupported("take strings"))?;
        Ok(done.code())
    })
}

/// Reads a line with its end, and puts a NUL behind. As [`BIO_read`]; -2 if the BIO has no lines.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_gets(bio: *mut Bio, data: *mut c_char, size: c_int) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        let size = usize::try_from(size).map_err(|_| Fault::argument("a negative size"))?;
        if size == 0 {
            return Ok(0);
        }
        // SAFETY: the caller's promise.
        let out = unsafe { handle::buffer(data.cast::<u8>(), size) }?;
        let done = bio.gets(out).ok_or_else(|| unsupported("have lines"))?;
        let end = if let Transfer::Done(count) = done {
            count
        } else {
            0
        };
        if let Some(end) = out.get_mut(end.min(size - 1)) {
            *end = 0;
        }
        Ok(done.code())
    })
}

/// Reads a line byte by byte, from any BIO, and puts a NUL behind.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_get_line(bio: *mut Bio, data: *mut c_char, size: c_int) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        let size = usize::try_from(size).map_err(|_| Fault::argument("a negative size"))?;
        // SAFETY: the caller's promise.
        let out = unsafe { handle::buffer(data.cast::<u8>(), size) }?;
        let mut count = 0;
        let mut last = Transfer::Eof;
        while count + 1 < size {
            last = bio.read(out.get_mut(count..=count).unwrap_or_default());
            if !matches!(last, Transfer::Done(1)) {
                break;
            }
            count += 1;
            if out.get(count - 1) == Some(&b'\n') {
                break;
            }
        }
        if let Some(end) = out.get_mut(count) {
            *end = 0;
        }
        if count > 0 {
            Ok(Transfer::Done(count).code())
        } else {
            Ok(last.code())
        }
    })
}

/// Carries a command out.
///
/// # Safety
/// Pointers are null or what their types say; `pointer` is what the command takes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ctrl(
    bio: *mut Bio,
    number: c_int,
    argument: c_long,
    pointer: *mut c_void,
) -> c_long {
    entry(-1, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        // SAFETY: the caller's promise.
        Ok(unsafe { bio.control(number, argument, pointer) })
    })
}

/// Carries a command out that takes the address of a number.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_int_ctrl(
    bio: *mut Bio,
    number: c_int,
    argument: c_long,
    value: c_int,
) -> c_long {
    entry(-1, || {
        let mut value = value;
        // SAFETY: the caller's promise.
        Ok(unsafe { BIO_ctrl(bio, number, argument, (&raw mut value).cast()) })
    })
}

/// Carries a command out that stores a pointer, which is returned.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ptr_ctrl(
    bio: *mut Bio,
    number: c_int,
    argument: c_long,
) -> *mut c_void {
    entry(ptr::null_mut(), || {
        let mut pointer: *mut c_void = ptr::null_mut();
        // SAFETY: the caller's promise; the command stores a pointer.
        let result = unsafe { BIO_ctrl(bio, number, argument, (&raw mut pointer).cast()) };
        Ok(if result > 0 { pointer } else { ptr::null_mut() })
    })
}

/// Sets the callback for states of a connection.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_callback_ctrl(
    bio: *mut Bio,
    number: c_int,
    callback: Option<InfoCallback>,
) -> c_long {
    entry(-2, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        if number != command::CTRL_SET_CALLBACK {
            return Err(unsupported("take such callbacks"));
        }
        Ok(bio.callback_control(number, callback))
    })
}

/// The bytes that are there to read.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ctrl_pending(bio: *mut Bio) -> usize {
    entry(0, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(usize::try_from(bio.ask(command::CTRL_PENDING)).unwrap_or(0))
    })
}

/// The bytes that wait to be written.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ctrl_wpending(bio: *mut Bio) -> usize {
    entry(0, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(usize::try_from(bio.ask(command::CTRL_WPENDING)).unwrap_or(0))
    })
}

/// The bytes that a pair's half takes now.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ctrl_get_write_guarantee(bio: *mut Bio) -> usize {
    entry(0, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(usize::try_from(bio.ask(command::GET_WRITE_GUARANTEE)).unwrap_or(0))
    })
}

/// The bytes that the other half of a pair would have liked to read.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ctrl_get_read_request(bio: *mut Bio) -> usize {
    entry(0, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(usize::try_from(bio.ask(command::GET_READ_REQUEST)).unwrap_or(0))
    })
}

/// Forgets what the other half of a pair would have liked to read.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ctrl_reset_read_request(bio: *mut Bio) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(c_int::from(bio.ask(command::RESET_READ_REQUEST) != 0))
    })
}
