//! The error queue (`err.h`).

use core::cell::RefCell;
use core::ffi::{CStr, c_char, c_int, c_ulong, c_void};
use core::ptr;
use core::sync::atomic::{AtomicI32, Ordering};

use super::entry;
use crate::bio::Bio;
use crate::error_queue::{self, Place, TEXT_OWNED, TEXT_STRING, c_string};
use crate::error_text::{self, Row};
use crate::handle;
use crate::reason;

/// Length of the buffer that `ERR_error_string` writes to.
const STRING_SIZE: usize = 256;
/// Longest sentence of a program's error, as in OpenSSL's header.
const MAX_DATA_SIZE: usize = 1024;
/// The first number of a program's library (`ERR_LIB_USER`).
const FIRST_USER_LIBRARY: c_int = 128;

/// Empties the thread's queue.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_clear_error() {
    entry((), || {
        error_queue::clear();
        Ok(())
    });
}

/// Begins an error that the program raises.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_new() {
    entry((), || {
        error_queue::put_blank();
        Ok(())
    });
}

/// Copies a string, or nothing from null.
///
/// # Safety
/// `text` is null or a string.
unsafe fn copied(text: *const c_char) -> std::ffi::CString {
    // SAFETY: the caller's promise.
    unsafe { handle::string(text) }.map_or_else(|_| std::ffi::CString::default(), c_string)
}

/// Says where the newest error was raised.
///
/// # Safety
/// Pointers are null or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_set_debug(file: *const c_char, line: c_int, function: *const c_char) {
    entry((), || {
        // SAFETY: the caller's promise.
        let (file, function) = unsafe { (copied(file), copied(function)) };
        error_queue::set_place(Place {
            file,
            line,
            function,
        });
        Ok(())
    });
}

/// Says what the newest error is. The sentence is made from a format of printf.
///
/// # Safety
/// `format` is null or a format, and `arguments` the `va_list` for it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_vset_error(
    library: c_int,
    number: c_int,
    format: *const c_char,
    arguments: *mut c_void,
) {
    entry((), || {
        let data = if format.is_null() {
            None
        } else {
            let mut text = vec![0_u8; MAX_DATA_SIZE];
            // SAFETY: the caller's promise; the buffer has that length, and is given a NUL.
            unsafe {
                super::bio_print::vsnprintf(text.as_mut_ptr().cast(), text.len(), format, arguments)
            };
            CStr::from_bytes_until_nul(&text).ok().map(CStr::to_owned)
        };
        error_queue::change_last(|raised| {
            raised.code = reason::pack_number(library, number);
            raised.set_data(data, TEXT_OWNED | TEXT_STRING);
        });
        Ok(())
    });
}

/// Gives the newest error a sentence. It is freed if `flags` say that it was allocated.
///
/// # Safety
/// `data` is null or a string, from `OPENSSL_malloc` if `flags` say so.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_set_error_data(data: *mut c_char, flags: c_int) {
    entry((), || {
        if data.is_null() {
            return Ok(());
        }
        // SAFETY: the caller's promise.
        let text = unsafe { copied(data) };
        if flags & TEXT_OWNED != 0 {
            // SAFETY: the caller's promise.
            unsafe { crate::memory::free(data.cast()) };
        }
        error_queue::change_last(|raised| raised.set_data(Some(text), flags | TEXT_OWNED));
        Ok(())
    });
}

/// Puts text behind the sentence of the newest error, with a separator if there is one already.
///
/// # Safety
/// Pointers are null or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_add_error_txt(separator: *const c_char, text: *const c_char) {
    entry((), || {
        // SAFETY: the caller's promise.
        let (separator, text) = unsafe { (copied(separator), copied(text)) };
        error_queue::change_last(|raised| raised.append(separator.to_bytes(), text.to_bytes()));
        Ok(())
    });
}

/// Marks the newest error. 0 if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_set_mark() -> c_int {
    entry(0, || Ok(c_int::from(error_queue::set_mark())))
}

/// Takes off what is newer than the last mark, and the mark. 0 if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_pop_to_mark() -> c_int {
    entry(0, || Ok(c_int::from(error_queue::pop_to_mark())))
}

/// Takes the last mark off. 0 if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_clear_last_mark() -> c_int {
    entry(0, || Ok(c_int::from(error_queue::clear_last_mark())))
}

/// The words for an error, in a buffer of 256 bytes, or for null in one that the thread's next call overwrites.
///
/// # Safety
/// `buffer` is null or has 256 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_error_string(code: c_ulong, buffer: *mut c_char) -> *mut c_char {
    thread_local! {
        static LINE: RefCell<Box<[u8; STRING_SIZE]>> = RefCell::new(Box::new([0; STRING_SIZE]));
    }
    entry(ptr::null_mut(), || {
        let buffer = if buffer.is_null() {
            LINE.try_with(|line| line.borrow_mut().as_mut_ptr().cast())
                .unwrap_or(ptr::null_mut())
        } else {
            buffer
        };
        // SAFETY: the caller's promise, or the thread's own buffer of that length.
        unsafe { ERR_error_string_n(code, buffer, STRING_SIZE) };
        Ok(buffer)
    })
}

/// The words for an error, in a buffer of `len` bytes; a shorter form if they do not fit.
///
/// # Safety
/// `buffer` is null or has `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_error_string_n(code: c_ulong, buffer: *mut c_char, len: usize) {
    entry((), || {
        if buffer.is_null() || len == 0 {
            return Ok(());
        }
        let mut line = error_text::line(code, c"");
        if line.len() >= len - 1 {
            line = error_text::short_line(code).into_bytes();
        }
        line.truncate(len - 1);
        // SAFETY: the caller's promise; a NUL fits behind.
        unsafe {
            ptr::copy_nonoverlapping(line.as_ptr(), buffer.cast(), line.len());
            buffer.add(line.len()).write(0);
        }
        Ok(())
    });
}

fn words(words: Option<&'static CStr>) -> *const c_char {
    words.map_or(ptr::null(), CStr::as_ptr)
}

/// The words for an error's library; null if it is unknown.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_lib_error_string(code: c_ulong) -> *const c_char {
    entry(ptr::null(), || Ok(words(error_text::library(code))))
}

/// Null: codes have no functions.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_func_error_string(_code: c_ulong) -> *const c_char {
    ptr::null()
}

/// The words for an error's reason; null if it is unknown, or the system's.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_reason_error_string(code: c_ulong) -> *const c_char {
    entry(ptr::null(), || Ok(words(error_text::reason(code))))
}

/// Takes all errors off the queue and gives each, as a line, to `print`, until that returns 0 or less.
///
/// # Safety
/// `print` is null or such a function, which takes `argument`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_print_errors_cb(
    print: Option<unsafe extern "C" fn(*const c_char, usize, *mut c_void) -> c_int>,
    argument: *mut c_void,
) {
    entry((), || {
        let Some(print) = print else { return Ok(()) };
        while let Some(raised) = error_queue::take() {
            let line = error_text::printed(&raised);
            // SAFETY: the caller's function, with a string and its length. The queue is not borrowed.
            if unsafe { print(line.as_ptr(), line.count_bytes(), argument) } <= 0 {
                break;
            }
        }
        Ok(())
    });
}

/// Takes all errors off the queue and prints them.
///
/// # Safety
/// `file` is null or a `FILE` to write to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_print_errors_fp(file: *mut libc::FILE) {
    entry((), || {
        if file.is_null() {
            return Ok(());
        }
        while let Some(raised) = error_queue::take() {
            let line = error_text::printed(&raised);
            // SAFETY: the caller's promise; a string.
            if unsafe { libc::fputs(line.as_ptr(), file) } < 0 {
                break;
            }
        }
        Ok(())
    });
}

/// Takes all errors off the queue and writes them to a BIO.
///
/// # Safety
/// `bio` is null or a BIO.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_print_errors(bio: *mut Bio) {
    entry((), || {
        // SAFETY: the caller's promise.
        let Some(bio) = (unsafe { bio.as_ref() }) else {
            return Ok(());
        };
        // All at first, as writing may raise more.
        let lines: Vec<_> = core::iter::from_fn(error_queue::take).collect();
        for raised in lines {
            bio.write(error_text::printed(&raised).to_bytes());
        }
        Ok(())
    });
}

/// Takes words for a library's errors in. The strings are not copied.
///
/// # Safety
/// `rows` is null, or ends with a row of code 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_load_strings(library: c_int, rows: *mut Row) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        unsafe { error_text::load(library, rows) };
        Ok(1)
    })
}

/// As [`ERR_load_strings`], for rows whose codes have their library.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_load_strings_const(rows: *const Row) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        unsafe { error_text::load(0, rows) };
        Ok(1)
    })
}

/// Forgets words.
///
/// # Safety
/// As for [`ERR_load_strings`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ERR_unload_strings(library: c_int, rows: *mut Row) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        unsafe { error_text::unload(library, rows) };
        Ok(1)
    })
}

/// A number for a library of the program's.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_get_next_error_library() -> c_int {
    static NEXT: AtomicI32 = AtomicI32::new(FIRST_USER_LIBRARY);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Does nothing: the words are always there.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_load_ERR_strings() -> c_int {
    1
}

/// Does nothing: the words are always there.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_load_crypto_strings() -> c_int {
    1
}

/// Does nothing: the words are always there.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_load_BIO_strings() -> c_int {
    1
}

/// Does nothing: the words are always there.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_load_SSL_strings() -> c_int {
    1
}

/// Does nothing: the words are always there.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_load_CRYPTO_strings() -> c_int {
    1
}

/// Does nothing: the words stay.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_free_strings() {}

/// Does nothing: a thread's queue ends with it.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_remove_thread_state(_thread: *mut c_void) {}

/// Does nothing: a thread's queue ends with it.
#[unsafe(no_mangle)]
pub extern "C" fn ERR_remove_state(_process: c_ulong) {}
