//! Chains of BIOs: what is behind what.

use core::ffi::c_int;
use core::ptr;

use super::entry;
use crate::bio::Bio;
use crate::handle;

/// Puts a chain behind another, which owns it then. The first BIO.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_push(bio: *mut Bio, append: *mut Bio) -> *mut Bio {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let Some(first) = (unsafe { bio.as_ref() }) else {
            return Ok(append);
        };
        // SAFETY: the caller's promise: its reference moves into the chain.
        if let Some(append) = unsafe { handle::take(append) } {
            first.push(append);
        }
        Ok(bio)
    })
}

/// Takes a BIO out of its chain. What followed, or null.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_pop(bio: *mut Bio) -> *mut Bio {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let Some(bio) = (unsafe { bio.as_ref() }) else {
            return Ok(ptr::null_mut());
        };
        Ok(bio.pop())
    })
}

/// What follows in the chain, or null.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_next(bio: *mut Bio) -> *mut Bio {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        Ok(unsafe { bio.as_ref() }.map_or(ptr::null_mut(), Bio::next_handle))
    })
}

/// Puts another BIO behind one. What was there is the program's again.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_set_next(bio: *mut Bio, next: *mut Bio) {
    entry((), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        // SAFETY: the caller's promise: its reference moves into the chain.
        let next = unsafe { handle::take(next) };
        // What was there is the program's again.
        core::mem::forget(bio.link(next));
        Ok(())
    })
}

/// The first BIO of a kind from here on, or null.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_find_type(bio: *mut Bio, kind: c_int) -> *mut Bio {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(bio.find_handle(kind))
    })
}

/// A copy of a chain, or null.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_dup_chain(bio: *mut Bio) -> *mut Bio {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        Ok(handle::into_raw(bio.duplicate_chain()?))
    })
}
