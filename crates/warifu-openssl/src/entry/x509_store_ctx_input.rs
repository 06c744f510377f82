//! What a verification goes by: certificates, a store, parameters (`X509_STORE_CTX_…`).

use core::ffi::{c_char, c_int, c_ulong};
use std::sync::Arc;

use libc::time_t;

use super::{entry, lent};
use crate::fault::Fault;
use crate::handle;
use crate::stack::{Pointer, Stack};
use crate::x509::param::VerifyParam;
use crate::x509::store::Store;
use crate::x509::store_ctx::StoreCtx;
use crate::x509::{X509, param};

/// The further certificates as they were given; null if there are none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_get0_untrusted(object: *const StoreCtx) -> *mut Stack {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object) }?;
        Ok(context.change(|state| {
            state
                .untrusted_stack
                .map_or(core::ptr::null_mut(), |stack| stack.0.cast())
        }))
    })
}

/// Sets the further certificates, of which references are taken.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_set0_untrusted(
    object: *mut StoreCtx,
    untrusted: *mut Stack,
) {
    entry((), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object.cast_const()) }?;
        // SAFETY: the caller's contract.
        let others = unsafe { Stack::shared::<X509>(untrusted) }?;
        context.change(|state| {
            state.untrusted = others;
            state.untrusted_stack = (!untrusted.is_null()).then_some(Pointer(untrusted.cast()));
        });
        Ok(())
    });
}

/// Trusts these certificates and no store.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_set0_trusted_stack(
    object: *mut StoreCtx,
    trusted: *mut Stack,
) {
    entry((), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object.cast_const()) }?;
        // SAFETY: the caller's contract.
        let certificates = unsafe { Stack::shared::<X509>(trusted) }?;
        let store = Arc::new(Store::new());
        for certificate in certificates {
            store.add_certificate(certificate);
        }
        context.change(|state| state.store = Some(store));
        Ok(())
    });
}

/// The store, which the verification keeps.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_get0_store(object: *const StoreCtx) -> *mut Store {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object) }?;
        Ok(context.change(|state| state.store.as_ref().map_or(core::ptr::null_mut(), lent)))
    })
}

/// The parameters, which the verification keeps.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_get0_param(object: *const StoreCtx) -> *mut VerifyParam {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object) }?;
        Ok(context.change(|state| {
            lent(
                state
                    .param
                    .get_or_insert_with(|| Arc::new(VerifyParam::new())),
            )
        }))
    })
}

/// Takes parameters over, with the caller's reference.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_set0_param(object: *mut StoreCtx, param: *mut VerifyParam) {
    entry((), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object.cast_const()) }?;
        // SAFETY: the caller's contract.
        let param = unsafe { handle::take(param) };
        context.change(|state| state.param = param);
        Ok(())
    });
}

/// Finds an issuer of a certificate in the store: `*issuer` gets a reference that the caller frees. Returns 1, 0 if there is none, -1 on
/// failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_get1_issuer(
    issuer: *mut *mut X509,
    object: *const StoreCtx,
    certificate: *const X509,
) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        let certificate = unsafe { handle::borrow(certificate) }?;
        if issuer.is_null() {
            return Err(Fault::null());
        }
        let store = context.change(|state| state.store.clone());
        let trusted = store.map(|store| store.certificates()).unwrap_or_default();
        let found = trusted
            .into_iter()
            .find(|one| certificate.may_be_issued_by(one));
        let is_found = c_int::from(found.is_some());
        // SAFETY: the caller's contract.
        unsafe { handle::store(issuer, handle::into_raw_or_null(found)) };
        Ok(is_found)
    })
}

/// Sets `X509_V_FLAG_…`. With those that are not supported the verification fails.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_set_flags(object: *mut StoreCtx, flags: c_ulong) {
    entry((), || {
        // SAFETY: the caller's contract.
        unsafe { change(object, |values| values.set_flags(flags)) }?
    });
}

/// Sets the longest chain.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_set_depth(object: *mut StoreCtx, depth: c_int) {
    entry((), || {
        // SAFETY: the caller's contract.
        unsafe { change(object, |values| values.depth = Some(depth)) }
    });
}

/// Sets the time to verify at, in place of now.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_set_time(
    object: *mut StoreCtx,
    _flags: c_ulong,
    time: time_t,
) {
    entry((), || {
        // SAFETY: the caller's contract.
        unsafe {
            change(object, |values| {
                values.time = time;
                values.flags |= param::USE_CHECK_TIME;
            })
        }
    });
}

/// Sets the purpose: `X509_PURPOSE_…`. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_set_purpose(
    object: *mut StoreCtx,
    purpose: c_int,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        unsafe { change(object, |values| values.set_purpose(purpose)) }??;
        Ok(1)
    })
}

/// Sets the purpose by its name, `ssl_client` or `ssl_server`. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_CTX_set_default(
    object: *mut StoreCtx,
    name: *const c_char,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let name = unsafe { handle::string(name) }?;
        let purpose = param::purpose_of(name)
            .ok_or_else(|| Fault::argument("parameters of no known name"))?;
        // SAFETY: the caller's contract.
        unsafe { change(object, |values| values.purpose = purpose) }?;
        Ok(1)
    })
}

/// Changes the parameters of a verification.
///
/// # Safety
/// The pointer is null or a verification.
unsafe fn change<T>(
    object: *const StoreCtx,
    change: impl FnOnce(&mut param::Values) -> T,
) -> Result<T, Fault> {
    // SAFETY: the caller's promise.
    let context = unsafe { handle::borrow(object) }?;
    let param = context.change(|state| {
        Arc::clone(
            state
                .param
                .get_or_insert_with(|| Arc::new(VerifyParam::new())),
        )
    });
    Ok(param.change(change))
}
