//! Table 6.1.3 of the specification, the verifying side, and how the peer is verified.

use core::ffi::{c_char, c_int, c_long, c_uchar, c_void};
use std::path::Path;
use std::sync::Arc;

use super::on;
use super::version::changes;
use crate::context::Context;
use crate::fault::Fault;
use crate::handle::UserData;
use crate::ssl::Ssl;
use crate::verify::VerifyChain;
use crate::x509::param::VerifyParam;
use crate::x509::store_ctx::VerifyCallback;
use crate::x509::{Format, Store, load};
use crate::{handle, reason, verify};

/// A path that may be null.
///
/// # Safety
/// `path` is null or a string.
unsafe fn optional<'a>(path: *const c_char) -> Result<Option<&'a Path>, Fault> {
    if path.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    unsafe { handle::path(path) }.map(Some)
}

/// What is trusted after this may differ from what was prepared.
fn trusted(context: &Context) -> Arc<Store> {
    context.change(|settings| settings.verification.store.clone())
}

/// `SSL_CTX_load_verify_locations`: CA certificates from a file, a directory, or both; 1, or 0 on failure.
///
/// # Safety
/// `ctx` is null or a context; the paths are null or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_load_verify_locations(
    ctx: *mut Context,
    file: *const c_char,
    directory: *const c_char,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, 0, |context| {
            let (file, directory) = (optional(file)?, optional(directory)?);
            if file.is_none() && directory.is_none() {
                return Err(Fault::argument(
                    "neither a file nor a directory with CA certificates",
                ));
            }
            let store = trusted(context);
            if let Some(file) = file {
                store.load_file(file)?;
            }
            directory.map_or(Ok(()), |directory| store.load_directory(directory))?;
            Ok(1)
        })
    }
}

/// `SSL_CTX_load_verify_file`: CA certificates from a file; 1, or 0 on failure.
///
/// # Safety
/// `ctx` is null or a context; `file` null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_load_verify_file(ctx: *mut Context, file: *const c_char) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { SSL_CTX_load_verify_locations(ctx, file, core::ptr::null()) }
}

/// `SSL_CTX_load_verify_dir`: CA certificates from a directory; 1, or 0 on failure.
///
/// # Safety
/// `ctx` is null or a context; `directory` null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_load_verify_dir(
    ctx: *mut Context,
    directory: *const c_char,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { SSL_CTX_load_verify_locations(ctx, core::ptr::null(), directory) }
}

/// `SSL_CTX_load_verify_buffer`: CA certificates from memory, PEM (any number) or DER (one); 1, or 0 on failure.
///
/// # Safety
/// `ctx` is null or a context; `bytes` has `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_load_verify_buffer(
    ctx: *mut Context,
    bytes: *const c_uchar,
    len: c_long,
    format: c_int,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, 0, |context| {
            let len = usize::try_from(len).map_err(|_| Fault::argument("a negative length"))?;
            let bytes = handle::long_bytes(bytes, len)?;
            let found = match Format::of(format) {
                Some(Format::Pem) => load::certificates(bytes)?,
                Some(Format::Der) => vec![load::certificate(bytes, Format::Der)?],
                None => {
                    return Err(Fault::ssl(
                        reason::SSL_R_BAD_SSL_FILETYPE,
                        format!(
                            "{format} is no kind of file: SSL_FILETYPE_PEM or SSL_FILETYPE_ASN1"
                        ),
                    ));
                }
            };
            let store = trusted(context);
            for certificate in found {
                store.add_certificate(certificate);
            }
            Ok(1)
        })
    }
}

/// Declares functions that trust what the system trusts.
macro_rules! system_trust {
    ($($name:ident),*) => {$(
        #[doc = concat!("`", stringify!($name), "`: the CA certificates that the system trusts; 1.")]
        ///
        /// # Safety
        /// `ctx` is null or a context.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(ctx: *mut Context) -> c_int {
            // SAFETY: the caller's contract.
            unsafe {
                on(ctx, 0, |context| {
                    trusted(context).load_system();
                    Ok(1)
                })
            }
        }
    )*};
}

system_trust! {
    SSL_CTX_set_default_verify_paths, SSL_CTX_set_default_verify_file, SSL_CTX_set_default_verify_dir
}

// Stores.

/// `SSL_CTX_get_cert_store`: the store, which the context keeps.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_get_cert_store(ctx: *const Context) -> *mut Store {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, core::ptr::null_mut(), |context| {
            // The program may add to it.
            Ok(Arc::as_ptr(&trusted(context)).cast_mut())
        })
    }
}

/// `SSL_CTX_set_cert_store`: another store, whose reference is taken.
///
/// # Safety
/// `ctx` is null or a context, `store` null or the caller's to give.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_cert_store(ctx: *mut Context, store: *mut Store) {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, (), |context| {
            let store = handle::take(store).unwrap_or_else(|| Arc::new(Store::new()));
            context.change(|settings| settings.verification.store = store);
            Ok(())
        });
    }
}

/// `SSL_CTX_set1_cert_store`: another store, of which a reference is taken.
///
/// # Safety
/// `ctx` is null or a context, `store` null or a store.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set1_cert_store(ctx: *mut Context, store: *mut Store) {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, (), |context| {
            let store = handle::share(store)?;
            context.change(|settings| settings.verification.store = store);
            Ok(())
        });
    }
}

changes! {
    /// `SSL_CTX_set0_verify_cert_store`: a store for verification alone, whose reference is taken; 1.
    SSL_CTX_set0_verify_cert_store SSL_set0_verify_cert_store (store: *mut Store) -> c_int, 0 => |settings| {
        // SAFETY: null or the caller's to give, by the contract.
        settings.verification.verify_store = unsafe { handle::take(store) };
        Ok(1)
    };
    /// `SSL_CTX_set1_verify_cert_store`: a store for verification alone, of which a reference is taken; 1.
    SSL_CTX_set1_verify_cert_store SSL_set1_verify_cert_store (store: *mut Store) -> c_int, 0 => |settings| {
        // SAFETY: null or a store, by the contract.
        settings.verification.verify_store = unsafe { handle::share(store) }.ok();
        Ok(1)
    };
    /// `SSL_CTX_set_trust`: what is trusted is in the store; 1.
    SSL_CTX_set_trust SSL_set_trust (trust: c_int) -> c_int, 0 => |settings| {
        let _ = (&settings, trust);
        Ok(1)
    };
}

/// Declares what changes the parameters of a context's and a connection's verifications. Each row reads `CONTEXT_NAME
/// CONNECTION_NAME (argument: type) -> result, failure => |param| result;`
macro_rules! params {
    ($($(#[$doc:meta])* $of_context:ident $of_connection:ident ($argument:ident: $type:ty) -> $result:ty, $failure:expr => |$param:ident| $body:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The pointers are null or what their types say.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_context(ctx: *mut Context, $argument: $type) -> $result {
            let body = |ctx: &Context| { let $param = &ctx.param; $body };
            // SAFETY: the caller's contract.
            unsafe { on(ctx, $failure, body) }
        }

        $(#[$doc])*
        ///
        /// # Safety
        /// The pointers are null or what their types say.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_connection(ssl: *mut Ssl, $argument: $type) -> $result {
            let body = |ssl: &Ssl| { let $param = &ssl.param; $body };
            // SAFETY: the caller's contract.
            unsafe { on(ssl, $failure, body) }
        }
    )*};
}

params! {
    /// `SSL_CTX_set_verify_depth`: most CA certificates between the peer's and a trusted one; -1 for the default.
    SSL_CTX_set_verify_depth SSL_set_verify_depth (depth: c_int) -> (), () => |param| {
        param.change(|values| values.depth = (depth >= 0).then_some(depth));
        Ok(())
    };
    /// `SSL_CTX_set1_param`: verifies by a copy of these parameters; 1, or 0 on failure.
    SSL_CTX_set1_param SSL_set1_param (from: *mut VerifyParam) -> c_int, 0 => |param| {
        // SAFETY: null or parameters, by the contract.
        let mut wanted = unsafe { handle::borrow(from) }?.values();
        param.change(|values| {
            wanted.inherit(values);
            *values = wanted;
        });
        Ok(1)
    };
    /// `SSL_CTX_set_purpose`: `X509_PURPOSE_…`; 1, or 0 for one that is not supported.
    SSL_CTX_set_purpose SSL_set_purpose (purpose: c_int) -> c_int, 0 => |param| {
        param.change(|values| values.set_purpose(purpose))?;
        Ok(1)
    };
}

// How.

/// `SSL_CTX_set_verify`: how the peer is verified.
///
/// # Safety
/// `ctx` is null or a context; `callback` is null or what the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_verify(
    ctx: *mut Context,
    mode: c_int,
    callback: Option<VerifyCallback>,
) {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, (), |context| {
            context.change(|settings| {
                settings.verification.set(mode);
                settings.verification.callback = callback;
            });
            Ok(())
        });
    }
}

/// `SSL_set_verify`: how the peer is verified; a null callback leaves the one that is there.
///
/// # Safety
/// `ssl` is null or a connection; `callback` is null or what the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_verify(
    ssl: *mut Ssl,
    mode: c_int,
    callback: Option<VerifyCallback>,
) {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, (), |ssl| {
            ssl.change(|settings| {
                settings.verification.set(mode);
                if callback.is_some() {
                    settings.verification.callback = callback;
                }
            });
            Ok(())
        });
    }
}

/// `SSL_CTX_get_verify_mode`: `SSL_VERIFY_…`
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_get_verify_mode(ctx: *const Context) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, 0, |context| {
            let settings = context.settings();
            Ok(settings.verification.mode(settings.method.role))
        })
    }
}

/// `SSL_get_verify_mode`: `SSL_VERIFY_…`
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_verify_mode(ssl: *const Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, 0, |ssl| {
            Ok(ssl.settings().verification.mode(ssl.role()))
        })
    }
}

super::version::values! {
    /// `SSL_CTX_get_verify_callback`: the callback; null if there is none.
    SSL_CTX_get_verify_callback SSL_get_verify_callback -> Option<VerifyCallback>, None =>
        |settings| settings.verification.callback;
}

/// `SSL_CTX_get_verify_depth`: the depth; -1 if none was set.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_get_verify_depth(ctx: *const Context) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { on(ctx, -1, |ctx| Ok(ctx.param.values().depth.unwrap_or(-1))) }
}

/// `SSL_get_verify_depth`: the depth; -1 if none was set.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_verify_depth(ssl: *const Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { on(ssl, -1, |ssl| Ok(ssl.param.values().depth.unwrap_or(-1))) }
}

/// `SSL_CTX_set_cert_verify_callback`: a verification of the program's own.
///
/// # Safety
/// `ctx` is null or a context; `callback` is null or what the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_cert_verify_callback(
    ctx: *mut Context,
    callback: Option<VerifyChain>,
    argument: *mut c_void,
) {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, (), |context| {
            let verify_chain = callback.map(|callback| (callback, UserData(argument)));
            context.change(|settings| settings.verification.verify_chain = verify_chain);
            Ok(())
        });
    }
}

/// `SSL_set_retry_verify`: within that callback: ask again later; 1.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_retry_verify(ssl: *mut Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, 0, |ssl| {
            ssl.retry_verify.set(true);
            Ok(1)
        })
    }
}

/// `SSL_get_ex_data_X509_STORE_CTX_idx`: the index under which a verification has its connection.
#[unsafe(no_mangle)]
pub extern "C" fn SSL_get_ex_data_X509_STORE_CTX_idx() -> c_int {
    verify::SSL_INDEX
}
