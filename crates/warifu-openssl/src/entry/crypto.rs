//! Memory, threads, versions (`crypto.h`).

use core::ffi::{c_char, c_int, c_void};
use core::ptr;

use super::entry;
use crate::fault::Fault;
use crate::{handle, memory};

/// Memory of `size` bytes, all zero; null for none: what all of these give, whether asked for zeros or for secrets.
fn zeroed(size: usize) -> *mut c_void {
    entry(ptr::null_mut(), || {
        if size == 0 {
            return Ok(ptr::null_mut());
        }
        Ok(memory::allocate(size)?.cast())
    })
}

/// Memory of `size` bytes, all zero; null for none.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_malloc(
    size: usize,
    _file: *const c_char,
    _line: c_int,
) -> *mut c_void {
    zeroed(size)
}

/// Memory of `size` bytes, all zero; null for none.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_zalloc(
    size: usize,
    _file: *const c_char,
    _line: c_int,
) -> *mut c_void {
    zeroed(size)
}

/// Memory of `size` bytes, all zero; null for none.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_secure_malloc(
    size: usize,
    _file: *const c_char,
    _line: c_int,
) -> *mut c_void {
    zeroed(size)
}

/// Memory of `size` bytes, all zero; null for none.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_secure_zalloc(
    size: usize,
    _file: *const c_char,
    _line: c_int,
) -> *mut c_void {
    zeroed(size)
}

/// Frees memory.
///
/// # Safety
/// Null, or from this library, and not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_free(memory: *mut c_void, _file: *const c_char, _line: c_int) {
    entry((), || {
        // SAFETY: the caller's promise.
        unsafe { memory::free(memory) };
        Ok(())
    })
}

/// Frees memory.
///
/// # Safety
/// Null, or from this library, and not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_secure_free(
    memory: *mut c_void,
    _file: *const c_char,
    _line: c_int,
) {
    entry((), || {
        // SAFETY: the caller's promise.
        unsafe { memory::free(memory) };
        Ok(())
    })
}

/// Wipes and frees memory.
///
/// # Safety
/// Null, or of `size` bytes from this library, and not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_clear_free(
    memory: *mut c_void,
    size: usize,
    _file: *const c_char,
    _line: c_int,
) {
    entry((), || {
        // SAFETY: the caller's promise.
        unsafe {
            memory::wipe(memory.cast(), size);
            memory::free(memory);
        }
        Ok(())
    })
}

/// Wipes and frees memory.
///
/// # Safety
/// Null, or of `size` bytes from this library, and not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_secure_clear_free(
    memory: *mut c_void,
    size: usize,
    _file: *const c_char,
    _line: c_int,
) {
    entry((), || {
        // SAFETY: the caller's promise.
        unsafe {
            memory::wipe(memory.cast(), size);
            memory::free(memory);
        }
        Ok(())
    })
}

/// Changes the size of memory; frees it for 0.
///
/// # Safety
/// Null, or from this library, and not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_realloc(
    memory: *mut c_void,
    size: usize,
    _file: *const c_char,
    _line: c_int,
) -> *mut c_void {
    entry(ptr::null_mut(), || {
        if size == 0 {
            // SAFETY: the caller's promise.
            unsafe { memory::free(memory) };
            return Ok(ptr::null_mut());
        }
        // SAFETY: the caller's promise; C's allocator is the one of this library.
        Ok(unsafe { libc::realloc(memory, size) })
    })
}

/// Changes the size of memory; its old place is wiped.
///
/// # Safety
/// Null, or of `before` bytes from this library, and not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_clear_realloc(
    memory: *mut c_void,
    before: usize,
    size: usize,
    _file: *const c_char,
    _line: c_int,
) -> *mut c_void {
    entry(ptr::null_mut(), || {
        if memory.is_null() || size == 0 {
            // SAFETY: the caller's promise.
            unsafe { memory::wipe(memory.cast(), before) };
            // SAFETY: the caller's promise.
            return Ok(unsafe { CRYPTO_realloc(memory, size, ptr::null(), 0) });
        }
        let fresh = memory::allocate(size)?;
        // SAFETY: the caller's promise: `before` bytes; not more than the new has.
        unsafe {
            ptr::copy_nonoverlapping(memory.cast_const().cast(), fresh, before.min(size));
            memory::wipe(memory.cast(), before);
            memory::free(memory);
        }
        Ok(fresh.cast())
    })
}

/// A copy of bytes, which the caller frees.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_memdup(
    bytes: *const c_void,
    size: usize,
    _file: *const c_char,
    _line: c_int,
) -> *mut c_void {
    entry(ptr::null_mut(), || {
        if bytes.is_null() || isize::try_from(size).is_err() {
            return Ok(ptr::null_mut());
        }
        // SAFETY: the caller's promise.
        memory::to_c(unsafe { handle::long_bytes(bytes.cast(), size) }?)
    })
}

/// A copy of a string, which the caller frees.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_strdup(
    text: *const c_char,
    _file: *const c_char,
    _line: c_int,
) -> *mut c_char {
    entry(ptr::null_mut(), || {
        if text.is_null() {
            return Ok(ptr::null_mut());
        }
        // SAFETY: the caller's promise.
        memory::to_c_string(unsafe { handle::string(text) }?)
    })
}

/// A copy of at most `size` bytes of a string, which the caller frees.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_strndup(
    text: *const c_char,
    size: usize,
    _file: *const c_char,
    _line: c_int,
) -> *mut c_char {
    entry(ptr::null_mut(), || {
        if text.is_null() {
            return Ok(ptr::null_mut());
        }
        // SAFETY: the caller's promise: a NUL, or `size` bytes.
        let len = unsafe { libc::strnlen(text, size) };
        // SAFETY: so many bytes are there.
        memory::to_c_string(unsafe { handle::long_bytes(text.cast(), len) }?)
    })
}

/// Wipes memory in a way that is not optimised away.
///
/// # Safety
/// Null, or of `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_cleanse(memory: *mut c_void, size: usize) {
    entry((), || {
        // SAFETY: the caller's promise.
        unsafe { memory::wipe(memory.cast(), size) };
        Ok(())
    })
}

/// 0 if bytes are equal, in a time that does not depend on them.
///
/// # Safety
/// Both have `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_memcmp(a: *const c_void, b: *const c_void, size: usize) -> c_int {
    entry(1, || {
        // SAFETY: the caller's promise.
        let (a, b) = unsafe {
            (
                handle::long_bytes(a.cast::<u8>(), size)?,
                handle::long_bytes(b.cast::<u8>(), size)?,
            )
        };
        Ok(c_int::from(!warifu_crypto::constant_time::eq(a, b)))
    })
}

/// There is no heap of its own for secrets: such memory is as all other, and wiped when freed. 0.
#[unsafe(no_mangle)]
pub extern "C" fn CRYPTO_secure_malloc_init(size: usize, _least: usize) -> c_int {
    entry(0, || {
        let _ = size;
        Ok(0)
    })
}

/// There is no heap of its own for secrets: such memory is as all other, and wiped when freed. 0.
#[unsafe(no_mangle)]
pub extern "C" fn CRYPTO_secure_malloc_initialized() -> c_int {
    entry(0, || Ok(0))
}

/// Does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn CRYPTO_secure_malloc_done() -> c_int {
    entry(0, || Ok(1))
}

/// 0: there is no heap of its own for secrets.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_secure_allocated(_memory: *const c_void) -> c_int {
    entry(0, || Ok(0))
}

/// 0: there is no heap of its own for secrets.
#[unsafe(no_mangle)]
pub extern "C" fn CRYPTO_secure_used() -> usize {
    entry(0, || Ok(0))
}

/// Not supported: memory is from C's allocator. 0.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_set_mem_functions(
    _allocate: *mut c_void,
    _change: *mut c_void,
    _free: *mut c_void,
) -> c_int {
    entry(0, || {
        Err(Fault::unsupported(
            "memory is C's: link another allocator in its place",
        ))
    })
}

/// Copies as much of a string as fits with a NUL. Its length.
///
/// # Safety
/// `to` has `size` bytes; `from` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_strlcpy(
    to: *mut c_char,
    from: *const c_char,
    size: usize,
) -> usize {
    entry(0, || {
        // SAFETY: the caller's promise.
        let text = unsafe { handle::string(from) }?;
        if !to.is_null() && size > 0 {
            let count = text.len().min(size - 1);
            // SAFETY: the caller's promise: `size` bytes.
            unsafe {
                ptr::copy_nonoverlapping(text.as_ptr(), to.cast(), count);
                to.add(count).write(0);
            }
        }
        Ok(text.len())
    })
}

/// Puts as much of a string as fits behind another. The length that it would have.
///
/// # Safety
/// `to` has `size` bytes; both are strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_strlcat(
    to: *mut c_char,
    from: *const c_char,
    size: usize,
) -> usize {
    entry(0, || {
        if to.is_null() {
            return Err(Fault::null());
        }
        // SAFETY: the caller's promise.
        let used = unsafe { libc::strnlen(to, size) };
        // SAFETY: as above; not past the `size` bytes.
        Ok(used + unsafe { OPENSSL_strlcpy(to.add(used), from, size - used) })
    })
}

/// The length of a string, at most `size`.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_strnlen(text: *const c_char, size: usize) -> usize {
    entry(0, || {
        if text.is_null() {
            return Ok(0);
        }
        // SAFETY: the caller's promise.
        Ok(unsafe { libc::strnlen(text, size) })
    })
}

/// Compares strings as `strcasecmp`, for ASCII whatever the locale.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_strcasecmp(a: *const c_char, b: *const c_char) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's promise.
        let (a, b) = unsafe { (handle::string(a)?, handle::string(b)?) };
        let lower = |text: &[u8]| -> Vec<u8> {
            text.iter()
                .take(usize::MAX)
                .map(u8::to_ascii_lowercase)
                .collect()
        };
        Ok(lower(a).cmp(&lower(b)) as c_int)
    })
}

/// Compares strings as `strcasecmp`, for ASCII whatever the locale.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_strncasecmp(
    a: *const c_char,
    b: *const c_char,
    size: usize,
) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's promise.
        let (a, b) = unsafe { (handle::string(a)?, handle::string(b)?) };
        let lower = |text: &[u8]| -> Vec<u8> {
            text.iter().take(size).map(u8::to_ascii_lowercase).collect()
        };
        Ok(lower(a).cmp(&lower(b)) as c_int)
    })
}
