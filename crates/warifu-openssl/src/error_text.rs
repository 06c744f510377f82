//! The words of errors, as C programs print them.

use core::ffi::{CStr, c_char, c_int, c_ulong};
use std::ffi::CString;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error_queue::{Raised, TEXT_STRING};
use crate::reason;

/// One row of a program's words (`ERR_STRING_DATA`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Row {
    code: c_ulong,
    words: *const c_char,
}

/// Words that programs gave (`ERR_load_strings`): code, and the address of a string that stays.
static GIVEN: Mutex<Vec<(c_ulong, usize)>> = Mutex::new(Vec::new());

fn given() -> MutexGuard<'static, Vec<(c_ulong, usize)>> {
    GIVEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Goes through a program's rows, the last of which has code 0.
///
/// # Safety
/// `rows` is null or such an array.
unsafe fn each_row(library: c_int, rows: *const Row, mut body: impl FnMut(c_ulong, *const c_char)) {
    if rows.is_null() {
        return;
    }
    let mut row = rows;
    loop {
        // SAFETY: not past the row with code 0, by the caller's promise.
        let Row { code, words } = unsafe { *row };
        if code == 0 {
            return;
        }
        body(code | reason::pack_number(library, 0), words);
        // SAFETY: as above.
        row = unsafe { row.add(1) };
    }
}

/// Takes a program's words in.
///
/// # Safety
/// `rows` is null or an array whose last row has code 0, with strings that stay until they are unloaded.
pub(crate) unsafe fn load(library: c_int, rows: *const Row) {
    let mut given = given();
    // SAFETY: the caller's promise.
    unsafe {
        each_row(library, rows, |code, words| {
            given.retain(|(known, _)| *known != code);
            if !words.is_null() {
                given.push((code, words.expose_provenance()));
            }
        });
    }
}

/// Forgets a program's words.
///
/// # Safety
/// `rows` is null or an array whose last row has code 0.
pub(crate) unsafe fn unload(library: c_int, rows: *const Row) {
    let mut given = given();
    // SAFETY: the caller's promise.
    unsafe {
        each_row(library, rows, |code, _| {
            given.retain(|(known, _)| *known != code)
        })
    };
}

fn given_words(code: c_ulong) -> Option<&'static CStr> {
    let words = given().iter().find(|(known, _)| *known == code)?.1;
    // SAFETY: a string that the program keeps until it is unloaded.
    Some(unsafe { CStr::from_ptr(core::ptr::with_exposed_provenance(words)) })
}

/// The words for the library of a code.
pub(crate) fn library(code: c_ulong) -> Option<&'static CStr> {
    given_words(reason::pack_number(reason::library_of(code), 0))
        .or_else(|| reason::library_words(code))
}

/// The words for the reason of a code; `None` for those of the system.
pub(crate) fn reason(code: c_ulong) -> Option<&'static CStr> {
    let number = reason::reason_of(code);
    if reason::library_of(code) == reason::Library::System as c_int {
        return None;
    }
    given_words(reason::pack_number(reason::library_of(code), number))
        .or_else(|| given_words(reason::pack_number(0, number)))
        .or_else(|| reason::reason_words(code))
}

/// `error:0A000086:SSL routines:FUNCTION:certificate verify failed`
pub(crate) fn line(code: c_ulong, function: &CStr) -> Vec<u8> {
    let (library_number, number) = (reason::library_of(code), reason::reason_of(code));
    let mut line = format!("error:{code:08X}:").into_bytes();
    match library(code) {
        Some(words) => line.extend_from_slice(words.to_bytes()),
        None => line.extend_from_slice(format!("lib({library_number})").as_bytes()),
    }
    line.push(b':');
    line.extend_from_slice(function.to_bytes());
    line.push(b':');
    match reason(code) {
        Some(words) => line.extend_from_slice(words.to_bytes()),
        None if library_number == reason::Library::System as c_int => {
            line.extend_from_slice(&system_words(number));
        }
        None => line.extend_from_slice(format!("reason({number})").as_bytes()),
    }
    line
}

/// What is put into a buffer that has no room for [`line`].
pub(crate) fn short_line(code: c_ulong) -> String {
    let (library, reason) = (reason::library_of(code), reason::reason_of(code));
    format!("err:{code:x}:{library:x}:0:{reason:x}")
}

fn system_words(errno: c_int) -> Vec<u8> {
    let mut words = [0_u8; 256];
    // SAFETY: the buffer has that length; the function puts a NUL within it.
    let failed = unsafe { libc::strerror_r(errno, words.as_mut_ptr().cast(), words.len()) };
    match CStr::from_bytes_until_nul(&words) {
        Ok(words) if failed == 0 && !words.is_empty() => words.to_bytes().to_vec(),
        _ => format!("reason({errno})").into_bytes(),
    }
}

/// A line of `ERR_print_errors`: thread, error, file, line, data.
pub(crate) fn printed(raised: &Raised) -> CString {
    // SAFETY: no memory is involved.
    let thread = unsafe { libc::pthread_self() };
    let mut text = Vec::new();
    for byte in thread.to_ne_bytes() {
        text.extend_from_slice(format!("{byte:02X}").as_bytes());
    }
    text.push(b':');
    text.extend_from_slice(&line(raised.code, raised.function()));
    text.push(b':');
    text.extend_from_slice(raised.file().to_bytes());
    text.extend_from_slice(format!(":{}:", raised.line()).as_bytes());
    if raised.data_flags() & TEXT_STRING != 0 {
        text.extend_from_slice(raised.data().to_bytes());
    }
    text.push(b'\n');
    crate::error_queue::c_string(text)
}
