//! Preparing the library, which prepares itself.

use core::ffi::{c_int, c_void};

/// `SSL_library_init`: 1.
#[unsafe(no_mangle)]
pub extern "C" fn SSL_library_init() -> c_int {
    1
}

/// `OPENSSL_init_ssl`: 1.
///
/// # Safety
/// None of the arguments is looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_init_ssl(opts: u64, settings: *const c_void) -> c_int {
    let _ = (opts, settings);
    1
}

/// `SSL_load_error_strings`: they are there.
#[unsafe(no_mangle)]
pub extern "C" fn SSL_load_error_strings() {}
