//! Hexadecimal text (`crypto.h`).

use core::ffi::{c_char, c_int, c_long};
use core::ptr;

use zeroize::Zeroizing;

use super::entry;
use crate::fault::Fault;
use crate::handle;
use crate::memory;
use crate::reason::{
    self, CRYPTO_R_ILLEGAL_HEX_DIGIT, CRYPTO_R_ODD_NUMBER_OF_DIGITS, CRYPTO_R_TOO_SMALL_BUFFER,
};

fn fault(reason: c_int, detail: &str) -> Fault {
    Fault::Raised {
        library: reason::Library::Crypto,
        reason,
        detail: Some(detail.to_owned()),
    }
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        b'A'..=b'F' => Some(character - b'A' + 10),
        _ => None,
    }
}

fn character(digit: u8) -> u8 {
    match digit & 15 {
        digit @ 0..10 => b'0' + digit,
        digit => b'A' + digit - 10,
    }
}

/// The bytes of hexadecimal text, with separators between bytes if there is one.
fn decode(text: &[u8], separator: Option<u8>) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 2));
    let mut rest = text.iter().copied().filter(|byte| Some(*byte) != separator);
    while let Some(high) = rest.next() {
        let Some(low) = rest.next() else {
            return Err(fault(
                CRYPTO_R_ODD_NUMBER_OF_DIGITS,
                "a byte is two hexadecimal digits",
            ));
        };
        let (Some(high), Some(low)) = (digit(high), digit(low)) else {
            return Err(fault(
                CRYPTO_R_ILLEGAL_HEX_DIGIT,
                "a character that is no hexadecimal digit",
            ));
        };
        bytes.push(high << 4 | low);
    }
    Ok(bytes)
}

fn encode(bytes: &[u8], separator: Option<u8>) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len() * 3));
    for (at, byte) in bytes.iter().enumerate() {
        if let Some(separator) = separator.filter(|_| at > 0) {
            text.push(separator);
        }
        text.push(character(byte >> 4));
        text.push(character(*byte));
    }
    text
}

fn separator(character: c_char) -> Option<u8> {
    let character = character.cast_unsigned();
    (character != 0).then_some(character)
}

/// The number of a hexadecimal digit, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn OPENSSL_hexchar2int(character: u8) -> c_int {
    digit(character).map_or(-1, c_int::from)
}

/// The bytes of hexadecimal text, which may have colons between them. The caller frees them.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_hexstr2buf(text: *const c_char, len: *mut c_long) -> *mut u8 {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let bytes = decode(unsafe { handle::string(text) }?, Some(b':'))?;
        let memory = memory::to_c(&bytes)?;
        // SAFETY: the caller's promise.
        unsafe { handle::store(len, c_long::try_from(bytes.len()).unwrap_or(c_long::MAX)) };
        Ok(memory.cast())
    })
}

/// Bytes as hexadecimal text with colons. The caller frees it.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_buf2hexstr(bytes: *const u8, len: c_long) -> *mut c_char {
    entry(ptr::null_mut(), || {
        let len = usize::try_from(len).map_err(|_| Fault::argument("a negative length"))?;
        // SAFETY: the caller's promise.
        let bytes = unsafe { handle::long_bytes(bytes, len) }?;
        memory::to_c_string(&encode(bytes, Some(b':')))
    })
}

/// Stores the bytes of hexadecimal text, and how many they are.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_hexstr2buf_ex(
    out: *mut u8,
    size: usize,
    len: *mut usize,
    text: *const c_char,
    between: c_char,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let bytes = decode(unsafe { handle::string(text) }?, separator(between))?;
        // SAFETY: the caller's promise.
        unsafe { handle::store(len, bytes.len()) };
        if !out.is_null() {
            if size < bytes.len() {
                return Err(fault(CRYPTO_R_TOO_SMALL_BUFFER, "the buffer is too small"));
            }
            // SAFETY: the caller's promise: `size` bytes.
            unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), out, bytes.len()) };
        }
        Ok(1)
    })
}

/// Stores bytes as hexadecimal text with a NUL, and how many characters they are.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_buf2hexstr_ex(
    out: *mut c_char,
    size: usize,
    len: *mut usize,
    bytes: *const u8,
    count: usize,
    between: c_char,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let text = encode(
            unsafe { handle::long_bytes(bytes, count) }?,
            separator(between),
        );
        // SAFETY: the caller's promise.
        unsafe { handle::store(len, text.len() + 1) };
        if !out.is_null() {
            if size < text.len() + 1 {
                return Err(fault(CRYPTO_R_TOO_SMALL_BUFFER, "the buffer is too small"));
            }
            // SAFETY: the caller's promise: `size` bytes, of which the last of the text is a NUL.
            unsafe {
                ptr::copy_nonoverlapping(text.as_ptr(), out.cast(), text.len());
                out.add(text.len()).write(0);
            }
        }
        Ok(1)
    })
}
