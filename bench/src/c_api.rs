//! The C API, ours and Debian's OpenSSL: the same calls by the same names, over a pair of sockets.

#![allow(non_snake_case)]

use std::ffi::{CStr, CString, c_char, c_int, c_long, c_uchar, c_void};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use crate::pki::{Pki, SERVER_NAME};

/// An object of the library's.
type Object = *mut c_void;

/// Declares the functions that are called. Each row reads `NAME(types) -> type;`.
macro_rules! api {
    ($($name:ident($($type:ty),*) $(-> $result:ty)?;)*) => {
        /// The functions of one library.
        #[derive(Clone, Copy)]
        pub struct Api {
            $($name: unsafe extern "C" fn($($type),*) $(-> $result)?,)*
        }

        mod ours {
            use super::*;

            unsafe extern "C" {
                $(pub(super) fn $name($(_: $type),*) $(-> $result)?;)*
            }
        }

        impl Api {
            /// Those of this project.
            pub fn ours() -> Self {
                // Without a use of the crate its symbols are not linked.
                let _ = warifu_ssl::entry::linked();
                Self { $($name: ours::$name,)* }
            }

            /// Those of a shared library; `None` if it is not there.
            pub fn of_library(file: &CStr) -> Option<Self> {
                // SAFETY: a string; the library's initialisation is OpenSSL's. Its own functions come before ours of the same names.
                let library = unsafe {
                    libc::dlopen(file.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL | libc::RTLD_DEEPBIND)
                };
                if library.is_null() {
                    return None;
                }
                Some(Self {
                    $($name: {
                        let name: &[u8] = concat!(stringify!($name), "\0").as_bytes();
                        // SAFETY: a string that ends with NUL.
                        let symbol = unsafe { libc::dlsym(library, name.as_ptr().cast()) };
                        assert!(!symbol.is_null(), "{} is not there", stringify!($name));
                        // SAFETY: the function of this name has this type, by OpenSSL's headers.
                        unsafe { core::mem::transmute::<*mut c_void, unsafe extern "C" fn($($type),*) $(-> $result)?>(symbol) }
                    },)*
                })
            }
        }
    };
}

api! {
    TLS_client_method() -> Object;
    TLS_server_method() -> Object;
    SSL_CTX_new(Object) -> Object;
    SSL_CTX_free(Object);
    SSL_CTX_ctrl(Object, c_int, c_long, *mut c_void) -> c_long;
    SSL_CTX_set_verify(Object, c_int, *mut c_void);
    SSL_CTX_get_cert_store(Object) -> Object;
    SSL_CTX_use_certificate_ASN1(Object, c_int, *const c_uchar) -> c_int;
    SSL_CTX_use_PrivateKey_ASN1(c_int, Object, *const c_uchar, c_long) -> c_int;
    SSL_CTX_set_ciphersuites(Object, *const c_char) -> c_int;
    SSL_CTX_set_num_tickets(Object, usize) -> c_int;
    SSL_new(Object) -> Object;
    SSL_free(Object);
    SSL_ctrl(Object, c_int, c_long, *mut c_void) -> c_long;
    SSL_set1_host(Object, *const c_char) -> c_int;
    SSL_set_fd(Object, c_int) -> c_int;
    SSL_connect(Object) -> c_int;
    SSL_accept(Object) -> c_int;
    SSL_get_error(Object, c_int) -> c_int;
    SSL_read(Object, *mut c_void, c_int) -> c_int;
    SSL_write(Object, *const c_void, c_int) -> c_int;
    X509_STORE_add_cert(Object, Object) -> c_int;
    d2i_X509(*mut Object, *mut *const c_uchar, c_long) -> Object;
    X509_free(Object);
}

const CTRL_READ_AHEAD: c_int = 41;
const CTRL_SET_TLSEXT_HOSTNAME: c_int = 55;
const CTRL_SET_GROUPS_LIST: c_int = 92;
const CTRL_SET_MIN_PROTO_VERSION: c_int = 123;
const TLS1_3_VERSION: c_long = 0x0304;
const VERIFY_PEER: c_int = 1;
const EVP_PKEY_EC: c_int = 408;
const WANT_READ: c_int = 2;

/// A client's and a server's context.
pub struct Contexts {
    api: Api,
    client: Object,
    server: Object,
    /// The server's.
    name: CString,
}

impl Contexts {
    /// For TLS 1.3 alone, TLS_AES_128_GCM_SHA256 over X25519, without tickets, and with or without reading ahead.
    pub fn new(api: Api, pki: &Pki, read_ahead: bool) -> Self {
        let len = |bytes: &[u8]| c_long::try_from(bytes.len()).unwrap();
        // SAFETY: the functions' manual pages; each object is one of the library's own, each pair of pointer and length is of a slice.
        unsafe {
            let client = (api.SSL_CTX_new)((api.TLS_client_method)());
            let server = (api.SSL_CTX_new)((api.TLS_server_method)());
            for context in [client, server] {
                assert_eq!(
                    (api.SSL_CTX_ctrl)(
                        context,
                        CTRL_SET_MIN_PROTO_VERSION,
                        TLS1_3_VERSION,
                        core::ptr::null_mut(),
                    ),
                    1
                );
                assert_eq!(
                    (api.SSL_CTX_set_ciphersuites)(context, c"TLS_AES_128_GCM_SHA256".as_ptr()),
                    1
                );
                let groups = c"X25519".as_ptr().cast_mut().cast();
                assert_eq!(
                    (api.SSL_CTX_ctrl)(context, CTRL_SET_GROUPS_LIST, 0, groups),
                    1
                );
                (api.SSL_CTX_ctrl)(
                    context,
                    CTRL_READ_AHEAD,
                    read_ahead.into(),
                    core::ptr::null_mut(),
                );
            }
            (api.SSL_CTX_set_verify)(client, VERIFY_PEER, core::ptr::null_mut());
            let mut der = pki.ca.as_ptr();
            let ca = (api.d2i_X509)(core::ptr::null_mut(), &raw mut der, len(&pki.ca));
            assert_eq!(
                (api.X509_STORE_add_cert)((api.SSL_CTX_get_cert_store)(client), ca),
                1
            );
            (api.X509_free)(ca);
            let leaf = c_int::try_from(pki.leaf.len()).unwrap();
            assert_eq!(
                (api.SSL_CTX_use_certificate_ASN1)(server, leaf, pki.leaf.as_ptr()),
                1
            );
            let key = (api.SSL_CTX_use_PrivateKey_ASN1)(
                EVP_PKEY_EC,
                server,
                pki.key.as_ptr(),
                len(&pki.key),
            );
            assert_eq!(key, 1);
            assert_eq!((api.SSL_CTX_set_num_tickets)(server, 0), 1);
            Self {
                api,
                client,
                server,
                name: CString::new(SERVER_NAME).unwrap(),
            }
        }
    }

    /// A handshake over these sockets.
    pub fn handshake(&self, sockets: &(UnixStream, UnixStream)) -> Pair {
        let api = self.api;
        // SAFETY: the functions' manual pages.
        unsafe {
            let (client, server) = ((api.SSL_new)(self.client), (api.SSL_new)(self.server));
            (api.SSL_ctrl)(
                client,
                CTRL_SET_TLSEXT_HOSTNAME,
                0,
                self.name.as_ptr().cast_mut().cast(),
            );
            (api.SSL_set1_host)(client, self.name.as_ptr());
            (api.SSL_set_fd)(client, sockets.0.as_raw_fd());
            (api.SSL_set_fd)(server, sockets.1.as_raw_fd());
            let pair = Pair {
                api,
                client,
                server,
            };
            loop {
                let connected = (api.SSL_connect)(client);
                pair.check(client, connected);
                let accepted = (api.SSL_accept)(server);
                pair.check(server, accepted);
                if connected == 1 && accepted == 1 {
                    return pair;
                }
            }
        }
    }
}

impl Drop for Contexts {
    fn drop(&mut self) {
        // SAFETY: both are ours, and the last references.
        unsafe {
            (self.api.SSL_CTX_free)(self.client);
            (self.api.SSL_CTX_free)(self.server);
        }
    }
}

/// Both ends of one connection.
pub struct Pair {
    api: Api,
    client: Object,
    server: Object,
}

impl Pair {
    /// Nothing but waiting for the other side is in order.
    fn check(&self, ssl: Object, result: c_int) {
        if result <= 0 {
            // SAFETY: a connection.
            let error = unsafe { (self.api.SSL_get_error)(ssl, result) };
            assert_eq!(error, WANT_READ);
        }
    }

    /// A message from the client to the server, and back; read record by record.
    pub fn exchange(&self, message: &[u8], buffer: &mut [u8]) {
        let len = c_int::try_from(message.len()).unwrap();
        let room = c_int::try_from(buffer.len()).unwrap();
        for (from, to) in [(self.client, self.server), (self.server, self.client)] {
            // SAFETY: a connection; pointer and length of a slice.
            let written = unsafe { (self.api.SSL_write)(from, message.as_ptr().cast(), len) };
            assert_eq!(written, len);
            let mut left = len;
            while left > 0 {
                // SAFETY: a connection; pointer and length of a slice.
                let read = unsafe { (self.api.SSL_read)(to, buffer.as_mut_ptr().cast(), room) };
                self.check(to, read);
                assert_eq!(read, left.min(room));
                left -= read;
            }
        }
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        // SAFETY: both are ours, and the last references.
        unsafe {
            (self.api.SSL_free)(self.client);
            (self.api.SSL_free)(self.server);
        }
    }
}
