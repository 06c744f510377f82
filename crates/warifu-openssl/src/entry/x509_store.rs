//! What is trusted: `X509_STORE_…`, `X509_LOOKUP_…`.

use core::ffi::{c_char, c_int, c_long, c_ulong};
use std::path::Path;

use super::{entry, lent};
use crate::fault::Fault;
use crate::handle;
use crate::stack::Stack;
use crate::x509::X509;
use crate::x509::crl::Crl;
use crate::x509::param::VerifyParam;
use crate::x509::store::{Lookup, Store};
use crate::x509::store_ctx::VerifyCallback;

/// A new store that trusts nobody. The caller frees it.
#[unsafe(no_mangle)]
pub extern "C" fn X509_STORE_new() -> *mut Store {
    entry(core::ptr::null_mut(), || {
        Ok(handle::into_raw(std::sync::Arc::new(Store::new())))
    })
}

/// Gives a reference to a store back.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_free(object: *mut Store) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(())
    });
}

/// Takes one more reference to a store. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_up_ref(object: *mut Store) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::share(object) }?;
        let _ = handle::into_raw(object);
        Ok(1)
    })
}

/// Adds a certificate, of which the store takes a reference. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_add_cert(store: *mut Store, certificate: *mut X509) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let store = unsafe { handle::borrow(store.cast_const()) }?;
        // SAFETY: the caller's contract.
        let certificate = unsafe { handle::share(certificate.cast_const()) }?;
        store.add_certificate(certificate);
        Ok(1)
    })
}

/// Adds a revocation list, of which the store takes a reference. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_add_crl(store: *mut Store, list: *mut Crl) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let store = unsafe { handle::borrow(store.cast_const()) }?;
        // SAFETY: the caller's contract.
        let list = unsafe { handle::share(list.cast_const()) }?;
        store.add_crl(list)?;
        Ok(1)
    })
}

/// Adds what is in a file, in a directory, or both; one may be null. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_load_locations(
    store: *mut Store,
    file: *const c_char,
    directory: *const c_char,
) -> c_int {
    entry(0, || {
        if file.is_null() && directory.is_null() {
            return Err(Fault::null());
        }
        // SAFETY: the caller's contract.
        let store = unsafe { handle::borrow(store.cast_const()) }?;
        if !file.is_null() {
            // SAFETY: the caller's contract.
            store.load_file(unsafe { path(file) }?)?;
        }
        if !directory.is_null() {
            // SAFETY: the caller's contract.
            store.load_directory(unsafe { path(directory) }?)?;
        }
        Ok(1)
    })
}

/// Adds what is in a file. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_load_file(store: *mut Store, file: *const c_char) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let store = unsafe { handle::borrow(store.cast_const()) }?;
        // SAFETY: the caller's contract.
        store.load_file(unsafe { path(file) }?).map(|_| 1)
    })
}

/// Adds what is in a directory whose files have names of hashes. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_load_path(
    store: *mut Store,
    directory: *const c_char,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let store = unsafe { handle::borrow(store.cast_const()) }?;
        // SAFETY: the caller's contract.
        store
            .load_directory(unsafe { path(directory) }?)
            .map(|()| 1)
    })
}

/// Adds what the system trusts. Returns 1, or 0 on failure; that there is nothing is none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_set_default_paths(store: *mut Store) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let store = unsafe { handle::borrow(store.cast_const()) }?;
        store.load_system();
        Ok(1)
    })
}

/// Sets `X509_V_FLAG_…` for verifications by this store. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_set_flags(store: *mut Store, flags: c_ulong) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let store = unsafe { handle::borrow(store.cast_const()) }?;
        store.param().change(|values| values.set_flags(flags))?;
        Ok(1)
    })
}

/// Sets the longest chain for verifications by this store. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_set_depth(store: *mut Store, depth: c_int) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let store = unsafe { handle::borrow(store.cast_const()) }?;
        store.param().change(|values| values.depth = Some(depth));
        Ok(1)
    })
}

/// Sets the purpose (`X509_PURPOSE_…`) for verifications by this store. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_set_purpose(store: *mut Store, purpose: c_int) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let store = unsafe { handle::borrow(store.cast_const()) }?;
        store.param().change(|values| values.set_purpose(purpose))?;
        Ok(1)
    })
}

/// The store's parameters, which it keeps.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_get0_param(object: *const Store) -> *mut VerifyParam {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(lent(object.param()))
    })
}

/// Takes over what is set in other parameters. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_set1_param(
    store: *mut Store,
    param: *const VerifyParam,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let store = unsafe { handle::borrow(store.cast_const()) }?;
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param) }?;
        let values = param.values();
        store.param().change(|own| {
            let mut all = values;
            all.inherit(own);
            *own = all;
        });
        Ok(1)
    })
}

/// Sets the callback of verifications by this store; null for none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_set_verify_cb(
    store: *mut Store,
    callback: Option<VerifyCallback>,
) {
    entry((), || {
        // SAFETY: the caller's contract.
        let store = unsafe { handle::borrow(store.cast_const()) }?;
        store.set_callback(callback);
        Ok(())
    });
}

/// The callback of verifications by this store; null for none.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_get_verify_cb(store: *const Store) -> Option<VerifyCallback> {
    entry(None, || {
        // SAFETY: the caller's contract.
        let store = unsafe { handle::borrow(store) }?;
        Ok(store.callback())
    })
}

/// All certificates of a store, in a stack that the caller frees by `sk_X509_pop_free`.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_get1_all_certs(store: *mut Store) -> *mut Stack {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let store = unsafe { handle::borrow(store.cast_const()) }?;
        Ok(Box::into_raw(Stack::of_objects(store.certificates())))
    })
}

/// Adds a way to load more. It belongs to the store.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_STORE_add_lookup(
    store: *mut Store,
    method: *const LookupMethod,
) -> *mut Lookup {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let store = unsafe { handle::share(store.cast_const()) }?;
        // SAFETY: the caller's contract.
        let is_directory = unsafe { handle::borrow(method) }?.is_directory;
        Ok(lent(&Store::lookup(&store, is_directory)))
    })
}

/// Loads files: for `X509_STORE_add_lookup`.
#[unsafe(no_mangle)]
pub extern "C" fn X509_LOOKUP_file() -> *const LookupMethod {
    entry(core::ptr::null(), || Ok(&raw const FILES))
}

/// Loads directories: for `X509_STORE_add_lookup`.
#[unsafe(no_mangle)]
pub extern "C" fn X509_LOOKUP_hash_dir() -> *const LookupMethod {
    entry(core::ptr::null(), || Ok(&raw const DIRECTORIES))
}

/// `X509_L_FILE_LOAD` (1) and `X509_L_ADD_DIR` (2): loads a file, or the directories in a list with colons; the system's with
/// `kind` `X509_FILETYPE_DEFAULT`. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_LOOKUP_ctrl(
    lookup: *mut Lookup,
    command: c_int,
    argument: *const c_char,
    kind: c_long,
    _result: *mut *mut c_char,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let lookup = unsafe { handle::borrow(lookup.cast_const()) }?;
        let store = lookup
            .store()
            .ok_or_else(|| Fault::misuse("its store is gone"))?;
        if kind == DEFAULT {
            store.load_system();
            return Ok(1);
        }
        // SAFETY: the caller's contract.
        let argument = unsafe { handle::string(argument) }?;
        match (command, lookup.is_directory()) {
            (1, false) => store.load_file(super::path(argument)).map(|_| 1),
            (2, true) => {
                for directory in argument
                    .split(|byte| *byte == b':')
                    .filter(|path| !path.is_empty())
                {
                    store.load_directory(super::path(directory))?;
                }
                Ok(1)
            }
            _ => Err(Fault::unsupported(
                "a lookup loads a file or adds a directory, as its method is",
            )),
        }
    })
}

/// Loads the certificates in a file. Returns how many things were loaded, 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_load_cert_file(
    lookup: *mut Lookup,
    file: *const c_char,
    _kind: c_int,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let lookup = unsafe { handle::borrow(lookup.cast_const()) }?;
        let store = lookup
            .store()
            .ok_or_else(|| Fault::misuse("its store is gone"))?;
        // SAFETY: the caller's contract.
        store.load_file(unsafe { path(file) }?)
    })
}

/// As `X509_load_cert_file`: whatever is in the file is loaded.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_load_crl_file(
    lookup: *mut Lookup,
    file: *const c_char,
    kind: c_int,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { X509_load_cert_file(lookup, file, kind) }
}

/// As `X509_load_cert_file`: whatever is in the file is loaded.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_load_cert_crl_file(
    lookup: *mut Lookup,
    file: *const c_char,
    kind: c_int,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { X509_load_cert_file(lookup, file, kind) }
}

/// `X509_LOOKUP_METHOD`
#[derive(Debug)]
pub struct LookupMethod {
    is_directory: bool,
}

static FILES: LookupMethod = LookupMethod {
    is_directory: false,
};
static DIRECTORIES: LookupMethod = LookupMethod { is_directory: true };

/// `X509_FILETYPE_DEFAULT`
const DEFAULT: c_long = 3;

/// # Safety
/// As for [`handle::string`].
unsafe fn path<'a>(path: *const c_char) -> Result<&'a Path, Fault> {
    // SAFETY: the caller's promise.
    unsafe { handle::string(path) }.map(super::path)
}
