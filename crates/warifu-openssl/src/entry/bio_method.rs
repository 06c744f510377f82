//! Methods of programs (`BIO_meth_new`).

use core::ffi::{CStr, c_char, c_int};
use core::ptr;
use core::sync::atomic::{AtomicI32, Ordering};

use super::entry;
use crate::bio::command;
use crate::bio::method::{
    CallbackControlFn, ControlFn, GetsFn, LifeFn, Method, PutsFn, ReadExFn, ReadFn, WriteExFn,
    WriteFn,
};
use crate::handle;

/// A number for a kind of BIOs of the program's. -1 if there are no more.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_get_new_index() -> c_int {
    entry(-1, || {
        static NEXT: AtomicI32 = AtomicI32::new(command::TYPE_START + 1);
        let next = NEXT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| {
            (next <= command::TYPE_MASK).then_some(next + 1)
        });
        Ok(next.unwrap_or(-1))
    })
}

/// A method without functions.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_new(kind: c_int, name: *const c_char) -> *mut Method {
    // SAFETY: the caller's promise.
    unsafe { custom(kind, name, false) }
}

/// As `BIO_meth_new`, for a method whose BIOs are ready when they are made, and that is not asked to flush.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_BIO_meth_new(kind: c_int, name: *const c_char) -> *mut Method {
    // SAFETY: the caller's promise.
    unsafe { custom(kind, name, true) }
}

/// # Safety
/// `name` is null or a string.
unsafe fn custom(kind: c_int, name: *const c_char, undemanding: bool) -> *mut Method {
    entry(ptr::null_mut(), || {
        let name = if name.is_null() {
            c""
        } else {
            // SAFETY: the caller's promise.
            unsafe { CStr::from_ptr(name) }
        };
        Ok(handle::into_raw(Method::custom(kind, name, undemanding)))
    })
}

/// Frees a method. BIOs that have it keep it.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_free(method: *mut Method) {
    entry((), || {
        // SAFETY: the caller's promise.
        if unsafe { method.as_ref() }.is_some_and(|method| !method.is_builtin()) {
            // SAFETY: the caller's promise: a reference of its own.
            drop(unsafe { handle::take(method) });
        }
        Ok(())
    })
}

/// The `write` function of a method.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_get_write(method: *const Method) -> Option<WriteFn> {
    entry(None, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { handle::borrow(method) }?.functions().write)
    })
}

/// Sets the `write` function of a method. 0 for a method of the library.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_set_write(
    method: *mut Method,
    function: Option<WriteFn>,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let method = unsafe { handle::borrow(method) }?;
        Ok(c_int::from(method.change(|functions| {
            functions.write = function;
            functions.write_ex = None;
        })))
    })
}

/// The `write_ex` function of a method.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_get_write_ex(method: *const Method) -> Option<WriteExFn> {
    entry(None, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { handle::borrow(method) }?.functions().write_ex)
    })
}

/// Sets the `write_ex` function of a method. 0 for a method of the library.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_set_write_ex(
    method: *mut Method,
    function: Option<WriteExFn>,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let method = unsafe { handle::borrow(method) }?;
        Ok(c_int::from(method.change(|functions| {
            functions.write_ex = function;
            functions.write = None;
        })))
    })
}

/// The `read` function of a method.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_get_read(method: *const Method) -> Option<ReadFn> {
    entry(None, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { handle::borrow(method) }?.functions().read)
    })
}

/// Sets the `read` function of a method. 0 for a method of the library.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_set_read(method: *mut Method, function: Option<ReadFn>) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let method = unsafe { handle::borrow(method) }?;
        Ok(c_int::from(method.change(|functions| {
            functions.read = function;
            functions.read_ex = None;
        })))
    })
}

/// The `read_ex` function of a method.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_get_read_ex(method: *const Method) -> Option<ReadExFn> {
    entry(None, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { handle::borrow(method) }?.functions().read_ex)
    })
}

/// Sets the `read_ex` function of a method. 0 for a method of the library.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_set_read_ex(
    method: *mut Method,
    function: Option<ReadExFn>,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let method = unsafe { handle::borrow(method) }?;
        Ok(c_int::from(method.change(|functions| {
            functions.read_ex = function;
            functions.read = None;
        })))
    })
}

/// The `puts` function of a method.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_get_puts(method: *const Method) -> Option<PutsFn> {
    entry(None, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { handle::borrow(method) }?.functions().puts)
    })
}

/// Sets the `puts` function of a method. 0 for a method of the library.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_set_puts(method: *mut Method, function: Option<PutsFn>) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let method = unsafe { handle::borrow(method) }?;
        Ok(c_int::from(method.change(|functions| {
            functions.puts = function;
        })))
    })
}

/// The `gets` function of a method.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_get_gets(method: *const Method) -> Option<GetsFn> {
    entry(None, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { handle::borrow(method) }?.functions().gets)
    })
}

/// Sets the `gets` function of a method. 0 for a method of the library.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_set_gets(method: *mut Method, function: Option<GetsFn>) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let method = unsafe { handle::borrow(method) }?;
        Ok(c_int::from(method.change(|functions| {
            functions.gets = function;
        })))
    })
}

/// The `ctrl` function of a method.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_get_ctrl(method: *const Method) -> Option<ControlFn> {
    entry(None, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { handle::borrow(method) }?.functions().control)
    })
}

/// Sets the `ctrl` function of a method. 0 for a method of the library.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_set_ctrl(
    method: *mut Method,
    function: Option<ControlFn>,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let method = unsafe { handle::borrow(method) }?;
        Ok(c_int::from(method.change(|functions| {
            functions.control = function;
        })))
    })
}

/// The `create` function of a method.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_get_create(method: *const Method) -> Option<LifeFn> {
    entry(None, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { handle::borrow(method) }?.functions().create)
    })
}

/// Sets the `create` function of a method. 0 for a method of the library.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_set_create(
    method: *mut Method,
    function: Option<LifeFn>,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let method = unsafe { handle::borrow(method) }?;
        Ok(c_int::from(method.change(|functions| {
            functions.create = function;
        })))
    })
}

/// The `destroy` function of a method.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_get_destroy(method: *const Method) -> Option<LifeFn> {
    entry(None, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { handle::borrow(method) }?.functions().destroy)
    })
}

/// Sets the `destroy` function of a method. 0 for a method of the library.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_set_destroy(
    method: *mut Method,
    function: Option<LifeFn>,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let method = unsafe { handle::borrow(method) }?;
        Ok(c_int::from(method.change(|functions| {
            functions.destroy = function;
        })))
    })
}

/// The `callback_ctrl` function of a method.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_get_callback_ctrl(
    method: *const Method,
) -> Option<CallbackControlFn> {
    entry(None, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { handle::borrow(method) }?
            .functions()
            .callback_control)
    })
}

/// Sets the `callback_ctrl` function of a method. 0 for a method of the library.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_meth_set_callback_ctrl(
    method: *mut Method,
    function: Option<CallbackControlFn>,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let method = unsafe { handle::borrow(method) }?;
        Ok(c_int::from(method.change(|functions| {
            functions.callback_control = function;
        })))
    })
}
