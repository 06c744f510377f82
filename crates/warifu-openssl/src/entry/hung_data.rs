//! Data that programs hang onto contexts, connections and sessions.

use core::ffi::{c_int, c_long, c_void};

use super::{entry, on};
use crate::context::Context;
use crate::ex_data::{self, Class, Duplicate, ExData, Notice};
use crate::fault::Fault;
use crate::session::SslSession;
use crate::ssl::Ssl;

/// Registers an index of a class.
fn new_index(
    class: Class,
    number: c_long,
    argument: *mut c_void,
    made: Option<Notice>,
    copied: Option<Duplicate>,
    freed: Option<Notice>,
) -> c_int {
    entry(-1, || {
        ex_data::new_index(class as c_int, number, argument, made, copied, freed)
            .ok_or_else(|| Fault::argument("too many indices"))
    })
}

/// Declares the three functions of a class. Each row reads `NEW_INDEX SET GET: object, class;`
macro_rules! ex_data {
    ($($new_index:ident $set:ident $get:ident: $object:ty, $class:expr;)*) => {$(
        #[doc = concat!("`", stringify!($new_index), "`: an index for data of the program's; -1 on failure. The callbacks, which may be null, are called when an object is made, copied and freed.")]
        ///
        /// # Safety
        /// The callbacks are null or functions of their types.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $new_index(
            argl: c_long,
            argp: *mut c_void,
            new_func: Option<Notice>,
            dup_func: Option<Duplicate>,
            free_func: Option<Notice>,
        ) -> c_int {
            new_index($class, argl, argp, new_func, dup_func, free_func)
        }

        #[doc = concat!("`", stringify!($set), "`: sets the data of an index; 1, or 0 on failure.")]
        ///
        /// # Safety
        /// `object` is null or what its type says.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $set(object: *mut $object, idx: c_int, data: *mut c_void) -> c_int {
            let body = |object: &$object| match object.ex_data.set(idx, data) {
                true => Ok(1),
                false => Err(Fault::argument(format!("{idx} is no index"))),
            };
            // SAFETY: the caller's contract.
            unsafe { on(object, 0, body) }
        }

        #[doc = concat!("`", stringify!($get), "`: the data of an index; null if none was set.")]
        ///
        /// # Safety
        /// `object` is null or what its type says.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $get(object: *const $object, idx: c_int) -> *mut c_void {
            let body = |object: &$object| Ok(ExData::get(&object.ex_data, idx));
            // SAFETY: the caller's contract.
            unsafe { on(object, core::ptr::null_mut(), body) }
        }
    )*};
}

ex_data! {
    SSL_get_ex_new_index SSL_set_ex_data SSL_get_ex_data: Ssl, Class::Ssl;
    SSL_CTX_get_ex_new_index SSL_CTX_set_ex_data SSL_CTX_get_ex_data: Context, Class::SslCtx;
    SSL_SESSION_get_ex_new_index SSL_SESSION_set_ex_data SSL_SESSION_get_ex_data: SslSession, Class::SslSession;
}
