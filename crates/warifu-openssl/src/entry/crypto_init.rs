//! The start and end of the library, and its versions (`crypto.h`).

use core::ffi::{CStr, c_char, c_int, c_uint, c_ulong, c_void};
use core::ptr;

use super::entry;
use crate::fault::Fault;
use crate::{error_queue, handle, memory};

fn version_words(what: c_int) -> &'static CStr {
    match what {
        0 => c"warifu 0.1.0 (OpenSSL 3.0 API)",
        1 => c"compiler: not available",
        2 => c"built on: date not available",
        3 => c"platform: linux",
        4 => c"OPENSSLDIR: not available",
        5 => c"ENGINESDIR: not available",
        6 | 7 => c"3.0.0",
        8 => c"MODULESDIR: not available",
        9 => c"CPUINFO: not available",
        _ => c"not available",
    }
}

/// `OPENSSL_VERSION_NUMBER` of `opensslv.h`.
const VERSION_NUMBER: c_ulong = 0x3000_0000;

/// Does nothing: all is ready.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_init_crypto(_options: u64, _settings: *const c_void) -> c_int {
    entry(0, || Ok(1))
}

/// Does nothing: all is ready, and ends with the process.
#[unsafe(no_mangle)]
pub extern "C" fn OPENSSL_cleanup() {}

/// Does nothing: all is ready, and ends with the process.
#[unsafe(no_mangle)]
pub extern "C" fn OPENSSL_init() {}

/// Lets a function be called when the process exits.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_atexit(handler: Option<extern "C" fn()>) -> c_int {
    entry(0, || {
        let handler = handler.ok_or_else(Fault::null)?;
        // SAFETY: C's function, with a function without arguments.
        Ok(c_int::from(unsafe { libc::atexit(handler) } == 0))
    })
}

/// Frees what the thread has: its error queue.
#[unsafe(no_mangle)]
pub extern "C" fn OPENSSL_thread_stop() {
    entry((), || {
        error_queue::clear();
        Ok(())
    })
}

/// Whether the process has rights that its starter has not.
#[unsafe(no_mangle)]
pub extern "C" fn OPENSSL_issetugid() -> c_int {
    entry(1, || {
        // SAFETY: no memory is involved.
        Ok(c_int::from(
            unsafe { libc::getauxval(libc::AT_SECURE) } != 0,
        ))
    })
}

/// Prints a message and ends the process.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_die(message: *const c_char, file: *const c_char, line: c_int) {
    entry((), || {
        let text = |text: *const c_char| {
            // SAFETY: the caller's promise.
            unsafe { handle::string(text) }.map_or_else(
                |_| String::new(),
                |text| String::from_utf8_lossy(text).into_owned(),
            )
        };
        eprintln!("{}:{line}: {}", text(file), text(message));
        std::process::abort()
    })
}

/// The version of the API.
#[unsafe(no_mangle)]
pub extern "C" fn OPENSSL_version_major() -> c_uint {
    3
}

/// The version of the API.
#[unsafe(no_mangle)]
pub extern "C" fn OPENSSL_version_minor() -> c_uint {
    0
}

/// The version of the API.
#[unsafe(no_mangle)]
pub extern "C" fn OPENSSL_version_patch() -> c_uint {
    0
}

/// Nothing.
#[unsafe(no_mangle)]
pub extern "C" fn OPENSSL_version_pre_release() -> *const c_char {
    c"".as_ptr()
}

/// Nothing.
#[unsafe(no_mangle)]
pub extern "C" fn OPENSSL_version_build_metadata() -> *const c_char {
    c"".as_ptr()
}

/// `OPENSSL_VERSION_NUMBER`
#[unsafe(no_mangle)]
pub extern "C" fn OpenSSL_version_num() -> c_ulong {
    VERSION_NUMBER
}

/// `OPENSSL_VERSION_NUMBER`
#[unsafe(no_mangle)]
pub extern "C" fn SSLeay() -> c_ulong {
    VERSION_NUMBER
}

/// Words about this library, by number.
#[unsafe(no_mangle)]
pub extern "C" fn OpenSSL_version(what: c_int) -> *const c_char {
    version_words(what).as_ptr()
}

/// Words about this library, by number.
#[unsafe(no_mangle)]
pub extern "C" fn SSLeay_version(what: c_int) -> *const c_char {
    version_words(what).as_ptr()
}

/// There is no FIPS mode.
#[unsafe(no_mangle)]
pub extern "C" fn FIPS_mode() -> c_int {
    0
}

/// There is no FIPS mode.
#[unsafe(no_mangle)]
pub extern "C" fn FIPS_mode_set(mode: c_int) -> c_int {
    c_int::from(mode == 0)
}

/// Settings, of which none changes anything.
#[unsafe(no_mangle)]
pub extern "C" fn OPENSSL_INIT_new() -> *mut c_void {
    entry(ptr::null_mut(), || Ok(memory::allocate(1)?.cast()))
}

/// Frees settings.
///
/// # Safety
/// Null, or from [`OPENSSL_INIT_new`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_INIT_free(settings: *mut c_void) {
    entry((), || {
        // SAFETY: the caller's promise.
        unsafe { memory::free(settings) };
        Ok(())
    });
}

/// Changes nothing: no configuration file is read.
///
/// # Safety
/// Any arguments do.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_INIT_set_config_filename(
    _settings: *mut c_void,
    _name: *const c_char,
) -> c_int {
    1
}

/// Changes nothing: no configuration file is read.
///
/// # Safety
/// Any arguments do.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_INIT_set_config_appname(
    _settings: *mut c_void,
    _name: *const c_char,
) -> c_int {
    1
}

/// Changes nothing: no configuration file is read.
///
/// # Safety
/// Any arguments do.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_INIT_set_config_file_flags(
    _settings: *mut c_void,
    _flags: c_ulong,
) {
}
