//! Own certificates, read back; the CA certificates behind them; passphrases.

use core::ffi::{c_int, c_long, c_void};
use std::sync::Arc;

use super::material::certificates_of;
use super::on;
use crate::context::Context;
use crate::fault::Fault;
use crate::handle;
use crate::material::Material;
use crate::ssl::Ssl;
use crate::stack::Stack;
use crate::x509::load::PasswordCallback;
use crate::x509::{Passphrase, Pkey, X509};

/// Declares what changes a context's and a connection's material. Each row reads `CONTEXT_NAME CONNECTION_NAME (arguments) =>
/// |material| result;`
macro_rules! chain_changes {
    ($($(#[$doc:meta])* $of_context:ident $of_connection:ident ($($argument:ident: $type:ty),*) => |$material:ident| $body:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The pointers are null or what their types say.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_context(ctx: *mut Context $(, $argument: $type)*) -> c_long {
            let change = |$material: &mut Material| $body;
            let body = |ctx: &Context| ctx.try_change(|settings| change(&mut settings.material)).map(|()| 1);
            // SAFETY: the caller's contract.
            unsafe { on(ctx, 0, body) }
        }

        $(#[$doc])*
        ///
        /// # Safety
        /// The pointers are null or what their types say.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_connection(ssl: *mut Ssl $(, $argument: $type)*) -> c_long {
            let change = |$material: &mut Material| $body;
            let body = |ssl: &Ssl| ssl.try_change(|settings| change(&mut settings.material)).map(|()| 1);
            // SAFETY: the caller's contract.
            unsafe { on(ssl, 0, body) }
        }
    )*};
}

chain_changes! {
    /// `SSL_CTX_add1_chain_cert`: one more CA certificate behind the current one; 1, or 0 on failure.
    SSL_CTX_add1_chain_cert SSL_add1_chain_cert (certificate: *mut X509) => |material| {
        // SAFETY: null or a certificate, by the contract.
        material.add_to_chain(unsafe { handle::share(certificate) }?)
    };
    /// `SSL_CTX_add0_chain_cert`: the same, and the caller's reference is taken, unless it fails.
    SSL_CTX_add0_chain_cert SSL_add0_chain_cert (certificate: *mut X509) => |material| {
        // SAFETY: null or a certificate, by the contract.
        material.add_to_chain(unsafe { handle::share(certificate) }?)?;
        // SAFETY: the caller's to give, by the contract; another reference was taken just before.
        drop(unsafe { handle::take(certificate) });
        Ok(())
    };
    /// `SSL_CTX_set1_chain`: the CA certificates behind the current one, null for none; 1, or 0 on failure.
    SSL_CTX_set1_chain SSL_set1_chain (chain: *mut Stack) => |material| {
        // SAFETY: null or a stack of certificates, by the contract.
        material.set_chain(unsafe { optional_chain(chain) }?)
    };
    /// `SSL_CTX_set0_chain`: the same, and the stack with its certificates is taken, unless it fails.
    SSL_CTX_set0_chain SSL_set0_chain (chain: *mut Stack) => |material| {
        // SAFETY: null or a stack of certificates, by the contract.
        material.set_chain(unsafe { optional_chain(chain) }?)?;
        // SAFETY: null or the caller's to give, by the contract.
        unsafe { free_chain(chain) };
        Ok(())
    };
    /// `SSL_CTX_clear_chain_certs`: no CA certificates behind the current one; 1.
    SSL_CTX_clear_chain_certs SSL_clear_chain_certs () => |material| {
        // Without a current certificate there are none already.
        let _ = material.set_chain(Vec::new());
        Ok(())
    };
}

/// # Safety
/// `chain` is null or a stack of certificates.
unsafe fn optional_chain(chain: *const Stack) -> Result<Vec<Arc<X509>>, Fault> {
    if chain.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: the caller's promise.
    unsafe { certificates_of(chain) }
}

/// Frees a stack and what is on it.
///
/// # Safety
/// `chain` is null or a stack of certificates, and the caller's to give, with a reference to each.
unsafe fn free_chain(chain: *mut Stack) {
    if chain.is_null() {
        return;
    }
    // SAFETY: the caller's promise; stacks for C are boxes.
    let stack = unsafe { Box::from_raw(chain) };
    for element in stack.elements() {
        // SAFETY: the caller's promise.
        drop(unsafe { handle::take(element.cast::<X509>()) });
    }
}

/// `SSL_CTX_get0_chain_certs`: the CA certificates behind the current one, on a stack that the context keeps; 1.
///
/// # Safety
/// `ctx` is null or a context; `chain` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_get0_chain_certs(
    ctx: *mut Context,
    chain: *mut *mut Stack,
) -> c_long {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, 0, |ctx| {
            handle::store(chain, ctx.settings().material.chain_stack());
            Ok(1)
        })
    }
}

/// `SSL_get0_chain_certs`: the CA certificates behind the current one, on a stack that the connection keeps; 1.
///
/// # Safety
/// `ssl` is null or a connection; `chain` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get0_chain_certs(ssl: *mut Ssl, chain: *mut *mut Stack) -> c_long {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, 0, |ssl| {
            handle::store(chain, ssl.settings().material.chain_stack());
            Ok(1)
        })
    }
}

/// `SSL_CTX_add_extra_chain_cert`: a CA certificate behind each certificate without a chain of its own; the caller's reference is
/// taken, unless it fails. 1, or 0 on failure.
///
/// # Safety
/// `ctx` is null or a context, `certificate` null or the caller's to give.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_add_extra_chain_cert(
    ctx: *mut Context,
    certificate: *mut X509,
) -> c_long {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, 0, |ctx| {
            let certificate = handle::take(certificate).ok_or_else(Fault::null)?;
            ctx.change(|settings| settings.material.add_to_extra_chain(certificate));
            Ok(1)
        })
    }
}

/// `SSL_CTX_get_extra_chain_certs`: those, on a stack that the context keeps; 1.
///
/// # Safety
/// `ctx` is null or a context; `chain` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_get_extra_chain_certs(
    ctx: *mut Context,
    chain: *mut *mut Stack,
) -> c_long {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, 0, |ctx| {
            handle::store(chain, ctx.settings().material.extra_chain_stack());
            Ok(1)
        })
    }
}

/// `SSL_CTX_clear_extra_chain_certs`: none of those; 1.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_clear_extra_chain_certs(ctx: *mut Context) -> c_long {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, 0, |ctx| {
            ctx.change(|settings| settings.material.clear_extra_chain());
            Ok(1)
        })
    }
}

/// `SSL_certs_clear`: forgets all certificates and keys of the connection.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_certs_clear(ssl: *mut Ssl) {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, (), |ssl| {
            ssl.change(|settings| settings.material.clear());
            Ok(())
        });
    }
}

// What is there.

/// `SSL_CTX_check_private_key`: whether certificate and key that were set last are both there and belong together.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_check_private_key(ctx: *const Context) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { on(ctx, 0, |ctx| ctx.settings().material.check().map(|()| 1)) }
}

/// `SSL_check_private_key`: whether certificate and key that were set last are both there and belong together.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_check_private_key(ssl: *const Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, |ssl| ssl.settings().material.check().map(|()| 1)) }
}

fn pointer<T>(object: Option<&Arc<T>>) -> *mut T {
    object.map_or(core::ptr::null_mut(), |object| {
        Arc::as_ptr(object).cast_mut()
    })
}

/// `SSL_CTX_get0_certificate`: the certificate that was set last, which the context keeps; null if there is none.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_get0_certificate(ctx: *const Context) -> *mut X509 {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, core::ptr::null_mut(), |ctx| {
            Ok(pointer(ctx.settings().material.certificate()))
        })
    }
}

/// `SSL_CTX_get0_privatekey`: the key that was set last, which the context keeps; null if there is none.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_get0_privatekey(ctx: *const Context) -> *mut Pkey {
    // SAFETY: the caller's contract.
    unsafe {
        on(ctx, core::ptr::null_mut(), |ctx| {
            Ok(pointer(ctx.settings().material.key()))
        })
    }
}

/// `SSL_get_certificate`: the certificate that was set last, which the connection keeps; null if there is none.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_certificate(ssl: *const Ssl) -> *mut X509 {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, core::ptr::null_mut(), |ssl| {
            Ok(pointer(ssl.settings().material.certificate()))
        })
    }
}

/// `SSL_get_privatekey`: the key that was set last, which the connection keeps; null if there is none.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_privatekey(ssl: *const Ssl) -> *mut Pkey {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, core::ptr::null_mut(), |ssl| {
            Ok(pointer(ssl.settings().material.key()))
        })
    }
}

// Passphrases.

/// Declares the functions for the passphrases of a context's and a connection's keys.
macro_rules! passphrases {
    ($($object:ident: $type:ty, $set:ident $set_data:ident $get:ident $get_data:ident;)*) => {$(
        #[doc = concat!("`", stringify!($set), "`: a callback for passphrases; null for none.")]
        ///
        /// # Safety
        /// The object is null or alive; the callback may be called with its data for as long as keys are read.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $set($object: *mut $type, callback: Option<PasswordCallback>) {
            // SAFETY: the caller's contract.
            unsafe {
                on($object, (), |object| {
                    object.change(|settings| settings.passphrase.callback = callback);
                    Ok(())
                });
            }
        }

        #[doc = concat!("`", stringify!($set_data), "`: the callback's data, or without a callback the passphrase itself, a string.")]
        ///
        /// # Safety
        /// As for the callback.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $set_data($object: *mut $type, data: *mut c_void) {
            // SAFETY: the caller's contract.
            unsafe {
                on($object, (), |object| {
                    object.change(|settings| {
                        settings.passphrase = Passphrase::new(settings.passphrase.callback, data);
                    });
                    Ok(())
                });
            }
        }

        #[doc = concat!("`", stringify!($get), "`: the callback; null if there is none.")]
        ///
        /// # Safety
        /// The object is null or alive.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $get($object: *mut $type) -> Option<PasswordCallback> {
            // SAFETY: the caller's contract.
            unsafe { on($object, None, |object| Ok(object.settings().passphrase.callback)) }
        }

        #[doc = concat!("`", stringify!($get_data), "`: what was set; null if nothing was.")]
        ///
        /// # Safety
        /// The object is null or alive.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $get_data($object: *mut $type) -> *mut c_void {
            // SAFETY: the caller's contract.
            unsafe {
                on($object, core::ptr::null_mut(), |object| {
                    let data = object.settings().passphrase.userdata;
                    Ok(data.map_or(core::ptr::null_mut(), |pointer| pointer.0))
                })
            }
        }
    )*};
}

passphrases! {
    ctx: Context, SSL_CTX_set_default_passwd_cb SSL_CTX_set_default_passwd_cb_userdata
        SSL_CTX_get_default_passwd_cb SSL_CTX_get_default_passwd_cb_userdata;
    ssl: Ssl, SSL_set_default_passwd_cb SSL_set_default_passwd_cb_userdata
        SSL_get_default_passwd_cb SSL_get_default_passwd_cb_userdata;
}
