//! Compression, of which there is none: it tells secrets by lengths (CRIME, CVE-2012-4929).

use core::ffi::{c_char, c_int, c_void};
use core::ptr;

use crate::ssl::Ssl;
use crate::stack::Stack;

/// Declares functions that know of no compression. Each row reads `NAME (arguments) -> result = value;`
macro_rules! none {
    ($($(#[$doc:meta])* $name:ident ($($argument:ident: $type:ty),*) -> $result:ty = $value:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The arguments are not looked at.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($argument: $type),*) -> $result {
            $(let _ = $argument;)*
            $value
        }
    )*};
}

none! {
    /// `SSL_get_current_compression`: null.
    SSL_get_current_compression (ssl: *const Ssl) -> *const c_void = ptr::null();
    /// `SSL_get_current_expansion`: null.
    SSL_get_current_expansion (ssl: *const Ssl) -> *const c_void = ptr::null();
    /// `SSL_COMP_get_name`: null.
    SSL_COMP_get_name (method: *const c_void) -> *const c_char = ptr::null();
    /// `SSL_COMP_get0_name`: null.
    SSL_COMP_get0_name (comp: *const c_void) -> *const c_char = ptr::null();
    /// `SSL_COMP_get_id`: -1.
    SSL_COMP_get_id (comp: *const c_void) -> c_int = -1;
    /// `SSL_COMP_get_compression_methods`: null.
    SSL_COMP_get_compression_methods () -> *mut Stack = ptr::null_mut();
    /// `SSL_COMP_set0_compression_methods`: null, what there was before. The stack stays the caller's.
    SSL_COMP_set0_compression_methods (methods: *mut Stack) -> *mut Stack = ptr::null_mut();
    /// `SSL_COMP_add_compression_method`: 1, which in this function means failure.
    SSL_COMP_add_compression_method (id: c_int, method: *mut c_void) -> c_int = 1;
}
