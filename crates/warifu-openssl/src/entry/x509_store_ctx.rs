//! A verification: `X509_STORE_CTX_…`.

use core::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::sync::Arc;

use super::{entry, lent};
use crate::ex_data::Class;
use crate::fault::Fault;
use crate::handle;
use crate::stack::{Pointer, Stack};
use crate::x509::param::VerifyParam;
use crate::x509::store::Store;
use crate::x509::store_ctx::{Chain, StoreCtx, VerifyCallback};
use crate::x509::{X509, verify_code};

/// A new verification, to be initialised. The caller frees it.
#[unsafe(no_mangle)]
pub extern "C" fn X509_STORE_CTX_new() -> *mut StoreCtx {
    entry(core::ptr::null_mut(), || {
        Ok(handle::into_raw(Arc::new(StoreCtx::default())))
    })
}

/// Frees a verification.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_free(object: *mut StoreCtx) {
    entry((), || {
        // SAFETY: the caller's contract.
        unsafe { X509_STORE_CTX_cleanup(object) };
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(())
    });
}

/// Forgets all that a verification is about; it may be initialised again.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_cleanup(object: *mut StoreCtx) {
    entry((), || {
        if object.is_null() {
            return Ok(());
        }
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object.cast_const()) }?;
        context.clear();
        // SAFETY: `object` is the pointer by which C knows it, and nothing of it is borrowed.
        unsafe {
            context
                .ex_data_of()
                .freed(Class::X509StoreCtx, object.cast())
        };
        Ok(())
    });
}

/// Says what is to be verified: a certificate, by a store, with further certificates that need not be trusted. All of them must
/// live as long as the verification; of objects it takes references. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_init(
    object: *mut StoreCtx,
    store: *mut Store,
    certificate: *mut X509,
    untrusted: *mut Stack,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object.cast_const()) }?;
        let store = if store.is_null() {
            None
        } else {
            // SAFETY: the caller's contract.
            let store = unsafe { handle::share(store.cast_const()) }?;
            Some(store)
        };
        let certificate = if certificate.is_null() {
            None
        } else {
            // SAFETY: the caller's contract.
            let certificate = unsafe { handle::share(certificate.cast_const()) }?;
            Some(certificate)
        };
        // SAFETY: the caller's contract.
        let others = unsafe { Stack::shared::<X509>(untrusted) }?;
        context.clear();
        context.change(|state| {
            state.callback = store.as_ref().and_then(|store| store.callback());
            state.param = Some(Arc::new(VerifyParam::new()));
            state.store = store;
            state.certificate = certificate;
            state.untrusted = others;
            state.untrusted_stack = (!untrusted.is_null()).then_some(Pointer(untrusted.cast()));
        });
        Ok(1)
    })
}

/// Verifies: 1 if the certificate is to be believed, 0 if not (`X509_STORE_CTX_get_error` says why), negative on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_verify_cert(object: *mut StoreCtx) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object.cast_const()) }?;
        context.verify().map(c_int::from)
    })
}

/// As `X509_verify_cert`.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_verify(object: *mut StoreCtx) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { X509_verify_cert(object) }
}

/// The last error: `X509_V_…`.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_get_error(object: *const StoreCtx) -> c_int {
    entry(1, || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object) }?;
        Ok(context.error())
    })
}

/// Sets the error: for callbacks.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_set_error(object: *mut StoreCtx, error: c_int) {
    entry((), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object.cast_const()) }?;
        context.change(|state| state.error = error);
        Ok(())
    });
}

/// The depth of the certificate that the error is about, or the callback is called for: 0 is the peer's own.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_get_error_depth(object: *const StoreCtx) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object) }?;
        Ok(context.change(|state| state.depth))
    })
}

/// Sets the depth.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_set_error_depth(object: *mut StoreCtx, depth: c_int) {
    entry((), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object.cast_const()) }?;
        context.change(|state| state.depth = depth);
        Ok(())
    });
}

/// The certificate at the depth, which the verification keeps; null if it is not known.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_get_current_cert(object: *const StoreCtx) -> *mut X509 {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object) }?;
        Ok(context.change(|state| state.current.as_ref().map_or(core::ptr::null_mut(), lent)))
    })
}

/// Sets the certificate at the depth, of which a reference is taken.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_set_current_cert(
    object: *mut StoreCtx,
    certificate: *mut X509,
) {
    entry((), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object.cast_const()) }?;
        // SAFETY: the caller's contract.
        let certificate = unsafe { handle::share(certificate.cast_const()) }?;
        context.change(|state| state.current = Some(certificate));
        Ok(())
    });
}

/// The certificate that is verified; the verification keeps it.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_get0_cert(object: *const StoreCtx) -> *mut X509 {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object) }?;
        Ok(context.change(|state| {
            state
                .certificate
                .as_ref()
                .map_or(core::ptr::null_mut(), lent)
        }))
    })
}

/// Sets the certificate that is verified, of which a reference is taken.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_set_cert(object: *mut StoreCtx, certificate: *mut X509) {
    entry((), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object.cast_const()) }?;
        // SAFETY: the caller's contract.
        let certificate = unsafe { handle::share(certificate.cast_const()) }?;
        context.change(|state| state.certificate = Some(certificate));
        Ok(())
    });
}

/// The issuer of the certificate at the depth, which the verification keeps; null if it is not known.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_get0_current_issuer(object: *const StoreCtx) -> *mut X509 {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object) }?;
        Ok(context.change(|state| {
            let chain = state
                .chain
                .as_ref()
                .map_or(&[][..], |chain| &chain.certificates);
            let next = usize::try_from(state.depth)
                .ok()
                .and_then(|depth| chain.get(depth + 1));
            let top = chain.last().filter(|top| top.is_self_issued());
            next.or(top).map_or(core::ptr::null_mut(), lent)
        }))
    })
}

/// The path that was found, the peer's certificate first; the verification keeps it. Null before it verified.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_get0_chain(object: *const StoreCtx) -> *mut Stack {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object) }?;
        Ok(context.change(|state| {
            state.chain.as_ref().map_or(core::ptr::null_mut(), |chain| {
                core::ptr::from_ref(chain.stack.as_ref()).cast_mut()
            })
        }))
    })
}

/// The path that was found, the peer's certificate first; the verification keeps it. Null before it verified.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_get_chain(object: *const StoreCtx) -> *mut Stack {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object) }?;
        Ok(context.change(|state| {
            state.chain.as_ref().map_or(core::ptr::null_mut(), |chain| {
                core::ptr::from_ref(chain.stack.as_ref()).cast_mut()
            })
        }))
    })
}

/// The path that was found, in a stack that the caller frees by `sk_X509_pop_free`; null before it verified.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_get1_chain(object: *const StoreCtx) -> *mut Stack {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object) }?;
        let chain =
            context.change(|state| state.chain.as_ref().map(|chain| chain.certificates.clone()));
        chain
            .map(|chain| Box::into_raw(Stack::of_objects(chain)))
            .ok_or(Fault::Quiet)
    })
}

/// Sets the path, and frees the stack and the caller's references.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_set0_verified_chain(
    object: *mut StoreCtx,
    chain: *mut Stack,
) {
    entry((), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object.cast_const()) }?;
        // SAFETY: the caller's contract.
        let certificates = unsafe { Stack::shared::<X509>(chain) }?;
        // SAFETY: the caller's contract: the stack and the references in it are this function's now.
        unsafe {
            if let Some(stack) = chain.as_ref() {
                for element in stack.elements() {
                    drop(handle::take(element.cast::<X509>()));
                }
            }
            super::stack::OPENSSL_sk_free(chain);
        }
        context.change(|state| state.chain = Some(Chain::new(certificates)));
        Ok(())
    });
}

/// Sets the callback; null for none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_set_verify_cb(
    object: *mut StoreCtx,
    callback: Option<VerifyCallback>,
) {
    entry((), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object.cast_const()) }?;
        context.change(|state| state.callback = callback);
        Ok(())
    });
}

/// The callback; null for none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_get_verify_cb(
    object: *const StoreCtx,
) -> Option<VerifyCallback> {
    entry(None, || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object) }?;
        Ok(context.change(|state| state.callback))
    })
}

/// How many certificates of the path came from the peer.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_get_num_untrusted(object: *const StoreCtx) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object) }?;
        Ok(context.change(|state| {
            let (Some(chain), Some(store)) = (&state.chain, &state.store) else {
                return 0;
            };
            let trusted = store.certificates();
            let of_peer = chain
                .certificates
                .iter()
                .take_while(|one| trusted.iter().all(|known| known.der() != one.der()));
            c_int::try_from(of_peer.count()).unwrap_or(c_int::MAX)
        }))
    })
}

/// Hangs a pointer onto a verification. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_set_ex_data(
    object: *mut StoreCtx,
    index: c_int,
    data: *mut c_void,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object.cast_const()) }?;
        Ok(c_int::from(context.set_ex_data(index, data)))
    })
}

/// The pointer that was hung onto a verification; null if there is none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_get_ex_data(
    object: *const StoreCtx,
    index: c_int,
) -> *mut c_void {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object) }?;
        Ok(context.ex_data(index))
    })
}

/// The words for `X509_V_…`. Never null; never freed.
#[unsafe(no_mangle)]
pub extern "C" fn X509_verify_cert_error_string(code: c_long) -> *const c_char {
    entry(c"".as_ptr(), || {
        let words: &CStr = verify_code::words(c_int::try_from(code).unwrap_or(-1));
        Ok(words.as_ptr())
    })
}
