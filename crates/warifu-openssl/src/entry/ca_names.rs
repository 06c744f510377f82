//! The names of CAs that a server tells its clients, and what a peer has told.

use core::ffi::{c_char, c_int};
use std::path::Path;
use std::sync::Arc;

use super::{entry, on};
use crate::ca_names::{self, NameStack, Which};
use crate::context::Context;
use crate::fault::Fault;
use crate::handle;
use crate::method::Role;
use crate::ssl::Ssl;
use crate::stack::Stack;
use crate::x509::X509;
use crate::x509::name::Name;

/// Declares what the two kinds of lists have alike. Each row reads `list: (setters, additions, reader of a context);`
macro_rules! lists {
    ($($which:ident: $set_of_context:ident $set_of_connection:ident $add_to_context:ident $add_to_connection:ident $get_of_context:ident;)*) => {$(
        #[doc = concat!("`", stringify!($set_of_context), "`: takes over a list of names; null removes it.")]
        ///
        /// # Safety
        /// `ctx` is null or a context; `list` null or a stack of names that the caller gives away with them.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $set_of_context(ctx: *mut Context, list: *mut Stack) {
            // SAFETY: the caller's contract.
            unsafe {
                let list = NameStack::adopt(list).map(Arc::new);
                on(ctx, (), |ctx| {
                    ctx.change(|settings| *settings.ca_names.list(Which::$which) = list);
                    Ok(())
                });
            }
        }

        #[doc = concat!("`", stringify!($set_of_connection), "`: takes over a list of names; null removes it.")]
        ///
        /// # Safety
        /// `ssl` is null or a connection; `list` null or a stack of names that the caller gives away with them.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $set_of_connection(ssl: *mut Ssl, list: *mut Stack) {
            // SAFETY: the caller's contract.
            unsafe {
                let list = NameStack::adopt(list).map(Arc::new);
                on(ssl, (), |ssl| {
                    ssl.change(|settings| *settings.ca_names.list(Which::$which) = list);
                    Ok(())
                });
            }
        }

        #[doc = concat!("`", stringify!($add_to_context), "`: adds the subject of a certificate; 1, or 0 on failure.")]
        ///
        /// # Safety
        /// `ctx` is null or a context; `certificate` null or a certificate.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $add_to_context(ctx: *mut Context, certificate: *const X509) -> c_int {
            // SAFETY: the caller's contract.
            unsafe {
                on(ctx, 0, |ctx| {
                    let certificate: &X509 = handle::borrow(certificate)?;
                    ctx.try_change(|settings| settings.ca_names.add(Which::$which, certificate, None))?;
                    Ok(1)
                })
            }
        }

        #[doc = concat!("`", stringify!($add_to_connection), "`: adds the subject of a certificate; 1, or 0 on failure.")]
        ///
        /// # Safety
        /// `ssl` is null or a connection; `certificate` null or a certificate.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $add_to_connection(ssl: *mut Ssl, certificate: *const X509) -> c_int {
            // SAFETY: the caller's contract.
            unsafe {
                on(ssl, 0, |ssl| {
                    let certificate: &X509 = handle::borrow(certificate)?;
                    let shared = ssl.context().settings().ca_names.shared(Which::$which);
                    ssl.try_change(|settings| settings.ca_names.add(Which::$which, certificate, shared.as_ref()))?;
                    Ok(1)
                })
            }
        }

        #[doc = concat!("`", stringify!($get_of_context), "`: the list, which the context keeps; null if there is none.")]
        ///
        /// # Safety
        /// `ctx` is null or a context.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $get_of_context(ctx: *const Context) -> *mut Stack {
            // SAFETY: the caller's contract.
            unsafe {
                on(ctx, core::ptr::null_mut(), |ctx| Ok(ctx.settings().ca_names.handle(Which::$which)))
            }
        }
    )*};
}

lists! {
    OfClients: SSL_CTX_set_client_CA_list SSL_set_client_CA_list SSL_CTX_add_client_CA SSL_add_client_CA SSL_CTX_get_client_CA_list;
    OfAny: SSL_CTX_set0_CA_list SSL_set0_CA_list SSL_CTX_add1_to_CA_list SSL_add1_to_CA_list SSL_CTX_get0_CA_list;
}

/// `SSL_get0_CA_list`: the list for either role, which the connection keeps; null if there is none.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get0_CA_list(ssl: *const Ssl) -> *mut Stack {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, core::ptr::null_mut(), |ssl| {
            Ok(ssl.settings().ca_names.handle(Which::OfAny))
        })
    }
}

/// `SSL_get0_peer_CA_list`: what the peer has told, which the connection keeps; null if it told nothing.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get0_peer_CA_list(ssl: *const Ssl) -> *const Stack {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, core::ptr::null(), |ssl| {
            let names = ssl.hello.peer_authorities();
            Ok(names.map_or(core::ptr::null(), |names| names.handle().cast_const()))
        })
    }
}

/// `SSL_get_client_CA_list`: a server's list, and on a client what its server has told; null if there is none. The connection keeps it.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_client_CA_list(ssl: *const Ssl) -> *mut Stack {
    // SAFETY: the caller's contract.
    unsafe {
        on(ssl, core::ptr::null_mut(), |ssl| {
            if ssl.role() == Some(Role::Client) {
                let names = ssl.hello.peer_authorities();
                return Ok(names.map_or(core::ptr::null_mut(), |names| names.handle()));
            }
            Ok(ssl.settings().ca_names.handle(Which::OfClients))
        })
    }
}

/// The certificates' subjects in a file, without those that are known.
fn subjects(path: &Path, known: &[Arc<Name>]) -> Result<Vec<Arc<Name>>, Fault> {
    let shown = path.display();
    let pem =
        std::fs::read(path).map_err(|error| Fault::system(&error, &format!("reading {shown}")))?;
    ca_names::subjects(&pem, known).map_err(|fault| fault.about(&shown.to_string()))
}

/// `SSL_load_client_CA_file`: the subjects of the certificates in a PEM file, each once, for the caller to free; null on failure, and if
/// there is none.
///
/// # Safety
/// `file` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_load_client_CA_file(file: *const c_char) -> *mut Stack {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let path = unsafe { handle::path(file) }?;
        let subjects = subjects(path, &[])?;
        if subjects.is_empty() {
            let path = path.display();
            return Err(Fault::argument(format!("no certificate in {path}")));
        }
        Ok(Box::into_raw(Stack::of_objects(subjects)))
    })
}

/// Adds the subjects of the certificates in a file that are not on the stack.
///
/// # Safety
/// `stack` is a stack of names.
unsafe fn add_file(stack: &Stack, path: &Path) -> Result<(), Fault> {
    // SAFETY: the caller's contract.
    let known = unsafe { Stack::shared::<Name>(stack) }?;
    for name in subjects(path, &known)? {
        stack.insert(-1, handle::into_raw(name).cast())?;
    }
    Ok(())
}

/// `SSL_add_file_cert_subjects_to_stack`: adds the subjects of the certificates in a PEM file that are not on the stack; 1, or 0 on failure.
///
/// # Safety
/// `stack` is null or a stack of names; `file` null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_add_file_cert_subjects_to_stack(
    stack: *mut Stack,
    file: *const c_char,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        on(stack, 0, |stack| {
            add_file(stack, handle::path(file)?)?;
            Ok(1)
        })
    }
}

/// `SSL_add_dir_cert_subjects_to_stack`: the same for all files of a directory; 1, or 0 on failure, when some may have been added.
///
/// # Safety
/// `stack` is null or a stack of names; `directory` null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_add_dir_cert_subjects_to_stack(
    stack: *mut Stack,
    directory: *const c_char,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        on(stack, 0, |stack| {
            let directory = handle::path(directory)?;
            let failed = |error: std::io::Error| {
                Fault::system(&error, &format!("reading {}", directory.display()))
            };
            let entries = std::fs::read_dir(directory).map_err(failed)?;
            let paths: Result<Vec<_>, _> = entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect();
            let mut paths = paths.map_err(failed)?;
            paths.sort();
            for path in paths.iter().filter(|path| path.is_file()) {
                add_file(stack, path)?;
            }
            Ok(1)
        })
    }
}

/// `SSL_dup_CA_list`: a copy of a list with references to its names, for the caller to free; null on failure.
///
/// # Safety
/// `list` is null or a stack of names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_dup_CA_list(list: *const Stack) -> *mut Stack {
    // SAFETY: the caller's contract.
    unsafe {
        on(list, core::ptr::null_mut(), |_| {
            Ok(Box::into_raw(Stack::of_objects(Stack::shared::<Name>(
                list,
            )?)))
        })
    }
}
