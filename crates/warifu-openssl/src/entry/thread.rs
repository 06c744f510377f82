//! Locks and thread data (`crypto.h`): those of pthreads.

use core::ffi::{c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use super::entry;
use crate::fault::Fault;

unsafe extern "C" {
    /// C's function.
    fn pthread_once(once: *mut c_void, body: Option<unsafe extern "C" fn()>) -> c_int;
}

/// A lock for many readers or one writer.
#[unsafe(no_mangle)]
pub extern "C" fn CRYPTO_THREAD_lock_new() -> *mut c_void {
    entry(ptr::null_mut(), || {
        let lock = Box::new(core::cell::UnsafeCell::new(
            libc::PTHREAD_RWLOCK_INITIALIZER,
        ));
        Ok(Box::into_raw(lock).cast())
    })
}

/// Takes a lock to read.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_THREAD_read_lock(lock: *mut c_void) -> c_int {
    entry(0, || {
        if lock.is_null() {
            return Err(Fault::null());
        }
        // SAFETY: from `CRYPTO_THREAD_lock_new`, by the caller's promise.
        Ok(c_int::from(
            unsafe { libc::pthread_rwlock_rdlock(lock.cast()) } == 0,
        ))
    })
}

/// Takes a lock to write.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_THREAD_write_lock(lock: *mut c_void) -> c_int {
    entry(0, || {
        if lock.is_null() {
            return Err(Fault::null());
        }
        // SAFETY: from `CRYPTO_THREAD_lock_new`, by the caller's promise.
        Ok(c_int::from(
            unsafe { libc::pthread_rwlock_wrlock(lock.cast()) } == 0,
        ))
    })
}

/// Gives a lock back.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_THREAD_unlock(lock: *mut c_void) -> c_int {
    entry(0, || {
        if lock.is_null() {
            return Err(Fault::null());
        }
        // SAFETY: from `CRYPTO_THREAD_lock_new`, by the caller's promise.
        Ok(c_int::from(
            unsafe { libc::pthread_rwlock_unlock(lock.cast()) } == 0,
        ))
    })
}

/// Frees a lock.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_THREAD_lock_free(lock: *mut c_void) {
    entry((), || {
        if !lock.is_null() {
            // SAFETY: from `CRYPTO_THREAD_lock_new`, and nobody has it, by the caller's promise.
            drop(unsafe {
                libc::pthread_rwlock_destroy(lock.cast());
                Box::from_raw(lock.cast::<core::cell::UnsafeCell<libc::pthread_rwlock_t>>())
            });
        }
        Ok(())
    })
}

/// Calls a function if it is the first time for `once`.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_THREAD_run_once(
    once: *mut c_void,
    body: Option<unsafe extern "C" fn()>,
) -> c_int {
    entry(0, || {
        if once.is_null() || body.is_none() {
            return Err(Fault::null());
        }
        // SAFETY: a `pthread_once_t`, by the caller's promise.
        Ok(c_int::from(unsafe { pthread_once(once, body) } == 0))
    })
}

/// Makes a key for data that each thread has its own of.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_THREAD_init_local(
    key: *mut libc::pthread_key_t,
    end: Option<unsafe extern "C" fn(*mut c_void)>,
) -> c_int {
    entry(0, || {
        if key.is_null() {
            return Err(Fault::null());
        }
        // SAFETY: the caller's promise.
        Ok(c_int::from(
            unsafe { libc::pthread_key_create(key, end) } == 0,
        ))
    })
}

/// The thread's data of a key.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_THREAD_get_local(key: *mut libc::pthread_key_t) -> *mut c_void {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let key = unsafe { key.as_ref() }.ok_or_else(Fault::null)?;
        // SAFETY: a key, by the caller's promise.
        Ok(unsafe { libc::pthread_getspecific(*key) })
    })
}

/// Sets the thread's data of a key.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_THREAD_set_local(
    key: *mut libc::pthread_key_t,
    data: *mut c_void,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let key = unsafe { key.as_ref() }.ok_or_else(Fault::null)?;
        // SAFETY: a key, by the caller's promise.
        Ok(c_int::from(
            unsafe { libc::pthread_setspecific(*key, data) } == 0,
        ))
    })
}

/// Ends a key.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_THREAD_cleanup_local(key: *mut libc::pthread_key_t) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let key = unsafe { key.as_ref() }.ok_or_else(Fault::null)?;
        // SAFETY: a key, by the caller's promise.
        Ok(c_int::from(unsafe { libc::pthread_key_delete(*key) } == 0))
    })
}

/// The thread.
#[unsafe(no_mangle)]
pub extern "C" fn CRYPTO_THREAD_get_current_id() -> libc::pthread_t {
    entry(0, || {
        // SAFETY: no memory is involved.
        Ok(unsafe { libc::pthread_self() })
    })
}

/// Whether two threads are the same.
#[unsafe(no_mangle)]
pub extern "C" fn CRYPTO_THREAD_compare_id(a: libc::pthread_t, b: libc::pthread_t) -> c_int {
    entry(0, || Ok(c_int::from(a == b)))
}

/// Adds to a number at once.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_atomic_add(
    value: *mut c_int,
    amount: c_int,
    result: *mut c_int,
    _lock: *mut c_void,
) -> c_int {
    entry(0, || {
        if value.is_null() {
            return Err(Fault::null());
        }
        // SAFETY: the caller's promise; all use it through these functions.
        let before = unsafe { AtomicI32::from_ptr(value) }.fetch_add(amount, Ordering::AcqRel);
        // SAFETY: the caller's promise.
        unsafe { crate::handle::store(result, before.wrapping_add(amount)) };
        Ok(1)
    })
}

/// Sets bits of a number at once.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_atomic_or(
    value: *mut u64,
    amount: u64,
    result: *mut u64,
    _lock: *mut c_void,
) -> c_int {
    entry(0, || {
        if value.is_null() {
            return Err(Fault::null());
        }
        // SAFETY: the caller's promise; all use it through these functions.
        let before = unsafe { AtomicU64::from_ptr(value) }.fetch_or(amount, Ordering::AcqRel);
        // SAFETY: the caller's promise.
        unsafe { crate::handle::store(result, before | amount) };
        Ok(1)
    })
}

/// Reads a number at once.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CRYPTO_atomic_load(
    value: *mut u64,
    result: *mut u64,
    _lock: *mut c_void,
) -> c_int {
    entry(0, || {
        if value.is_null() {
            return Err(Fault::null());
        }
        // SAFETY: the caller's promise; all use it through these functions.
        let now = unsafe { AtomicU64::from_ptr(value) }.load(Ordering::Acquire);
        // SAFETY: the caller's promise.
        unsafe { crate::handle::store(result, now) };
        Ok(1)
    })
}
