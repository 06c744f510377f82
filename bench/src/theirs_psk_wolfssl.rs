//! wolfSSL with an external pre-shared key, by the bindings `wolfssl-sys`: no crate above them has such keys.

use std::ffi::{CStr, c_char, c_int, c_uchar, c_uint, c_void};
use std::io::{Read, Write};

use wolfssl_sys as ffi;

use crate::psk::{IDENTITY, KEY, Mode};
use crate::wire::End;

/// [`IDENTITY`], as wolfSSL wants it.
pub(crate) const IDENTITY_TEXT: &CStr = c"device-17";
const SUITE: &CStr = c"TLS13-AES128-GCM-SHA256";

/// The two configurations.
pub struct Contexts {
    pub(crate) client: *mut ffi::WOLFSSL_CTX,
    pub(crate) server: *mut ffi::WOLFSSL_CTX,
    /// Of TLS 1.3.
    pub(crate) mode: Option<Mode>,
}

#[track_caller]
pub(crate) fn check(is_right: bool) {
    assert!(is_right, "wolfSSL refuses the configuration");
}

impl Contexts {
    pub fn new(mode: Mode) -> Self {
        assert_eq!(IDENTITY, IDENTITY_TEXT.to_bytes());
        // SAFETY: each context is checked by `configure` before it is used; the callbacks have the types that are asked
        // for and need nothing that ends.
        unsafe {
            ffi::wolfSSL_Init();
            let client = ffi::wolfSSL_CTX_new(ffi::wolfTLSv1_3_client_method());
            configure(client, mode);
            ffi::wolfSSL_CTX_set_psk_client_tls13_callback(client, Some(client_key));
            let server = ffi::wolfSSL_CTX_new(ffi::wolfTLSv1_3_server_method());
            configure(server, mode);
            ffi::wolfSSL_CTX_set_psk_server_tls13_callback(server, Some(server_key));
            Self {
                client,
                server,
                mode: Some(mode),
            }
        }
    }
}

impl Drop for Contexts {
    fn drop(&mut self) {
        // SAFETY: both are alive and not used any more; connections hold references of their own.
        unsafe {
            ffi::wolfSSL_CTX_free(self.client);
            ffi::wolfSSL_CTX_free(self.server);
        }
    }
}

/// # Safety
/// `context` is what `wolfSSL_CTX_new` returned.
unsafe fn configure(context: *mut ffi::WOLFSSL_CTX, mode: Mode) {
    check(!context.is_null());
    let mut group = ffi::WOLFSSL_ECC_X25519.cast_signed();
    // SAFETY: the context is alive; strings end with a zero and are copied; there is one group.
    unsafe {
        check(ffi::wolfSSL_CTX_set_cipher_list(context, SUITE.as_ptr()) == 1);
        check(ffi::wolfSSL_CTX_set_groups(context, &mut group, 1) == 1);
        check(match mode {
            Mode::PskKe => ffi::wolfSSL_CTX_no_dhe_psk(context) == 0,
            Mode::PskDheKe => ffi::wolfSSL_CTX_only_dhe_psk(context) == 0,
        });
        carry_by_wires(context);
    }
}

/// # Safety
/// `context` is alive.
pub(crate) unsafe fn carry_by_wires(context: *mut ffi::WOLFSSL_CTX) {
    // SAFETY: the context is alive.
    unsafe {
        ffi::wolfSSL_CTX_SetIORecv(context, Some(receive));
        ffi::wolfSSL_CTX_SetIOSend(context, Some(send));
    }
}

/// Copies the key to wolfSSL and names its suite.
///
/// # Safety
/// `key` has room for `key_len` bytes, `suite` for a pointer.
unsafe fn give(key: *mut c_uchar, key_len: c_uint, suite: *mut *const c_char) -> c_uint {
    let len = u32::try_from(KEY.len()).unwrap_or(c_uint::MAX);
    if len > key_len {
        return 0;
    }
    // SAFETY: there is room, as just checked.
    unsafe {
        key.copy_from_nonoverlapping(KEY.as_ptr(), KEY.len());
        *suite = SUITE.as_ptr();
    }
    len
}

unsafe extern "C" fn client_key(
    _: *mut ffi::WOLFSSL,
    _hint: *const c_char,
    identity: *mut c_char,
    _identity_len: c_uint,
    key: *mut c_uchar,
    key_len: c_uint,
    suite: *mut *const c_char,
) -> c_uint {
    let text = IDENTITY_TEXT.to_bytes_with_nul();
    // SAFETY: wolfSSL gives room for more than 100 bytes of identity, and for `key_len` bytes of key.
    unsafe {
        identity.copy_from_nonoverlapping(text.as_ptr().cast(), text.len());
        give(key, key_len, suite)
    }
}

unsafe extern "C" fn server_key(
    _: *mut ffi::WOLFSSL,
    identity: *const c_char,
    key: *mut c_uchar,
    key_len: c_uint,
    suite: *mut *const c_char,
) -> c_uint {
    // SAFETY: wolfSSL ends the identity with a zero and gives room for `key_len` bytes.
    unsafe {
        if CStr::from_ptr(identity) != IDENTITY_TEXT {
            return 0;
        }
        give(key, key_len, suite)
    }
}

unsafe extern "C" fn receive(
    _: *mut ffi::WOLFSSL,
    buffer: *mut c_char,
    len: c_int,
    end: *mut c_void,
) -> c_int {
    let len = usize::try_from(len).unwrap_or(0);
    // SAFETY: wolfSSL gives a buffer of `len` bytes; `end` is a connection's own, see `Connection::new`.
    let (buffer, end) = unsafe {
        (
            std::slice::from_raw_parts_mut(buffer.cast::<u8>(), len),
            &mut *end.cast::<End>(),
        )
    };
    match end.read(buffer) {
        Ok(count) => c_int::try_from(count).unwrap_or(-1),
        Err(_) => ffi::IOerrors_WOLFSSL_CBIO_ERR_WANT_READ,
    }
}

unsafe extern "C" fn send(
    _: *mut ffi::WOLFSSL,
    bytes: *mut c_char,
    len: c_int,
    end: *mut c_void,
) -> c_int {
    let count = usize::try_from(len).unwrap_or(0);
    // SAFETY: wolfSSL gives `len` bytes; `end` is a connection's own, see `Connection::new`.
    let (bytes, end) = unsafe {
        (
            std::slice::from_raw_parts(bytes.cast::<u8>(), count),
            &mut *end.cast::<End>(),
        )
    };
    match end.write_all(bytes) {
        Ok(()) => len,
        Err(_) => -1,
    }
}

/// One end of a connection.
pub struct Connection {
    pub(crate) ssl: *mut ffi::WOLFSSL,
    /// What the callbacks reach through a pointer: it stays where it is until `ssl` is freed.
    _end: Box<End>,
}

impl Connection {
    fn new(context: *mut ffi::WOLFSSL_CTX, end: End) -> Self {
        let mut end = Box::new(end);
        let pointer: *mut End = &mut *end;
        // SAFETY: the context is alive; the end outlives the connection, and nothing but the callbacks touches it.
        let ssl = unsafe {
            let ssl = ffi::wolfSSL_new(context);
            check(!ssl.is_null());
            ffi::wolfSSL_SetIOReadCtx(ssl, pointer.cast());
            ffi::wolfSSL_SetIOWriteCtx(ssl, pointer.cast());
            ssl
        };
        Self { ssl, _end: end }
    }

    /// Whether the handshake is done, from a call's result.
    fn is_done(&self, result: c_int) -> bool {
        if result == 1 {
            return true;
        }
        // SAFETY: the connection is alive.
        let error = unsafe { ffi::wolfSSL_get_error(self.ssl, result) };
        assert_eq!(
            error.cast_unsigned(),
            ffi::WOLFSSL_ERROR_WANT_READ,
            "wolfSSL"
        );
        false
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: alive, and not used any more.
        unsafe { ffi::wolfSSL_free(self.ssl) };
    }
}

/// Both ends of one connection.
pub struct Pair {
    pub client: Connection,
    pub server: Connection,
}

/// A handshake, from two configurations to two established connections.
pub fn handshake(contexts: &Contexts, (client_end, server_end): &(End, End)) -> Pair {
    let pair = Pair {
        client: Connection::new(contexts.client, client_end.clone()),
        server: Connection::new(contexts.server, server_end.clone()),
    };
    // SAFETY: both are alive.
    unsafe {
        match contexts.mode {
            Some(Mode::PskDheKe) => {
                let group = u16::try_from(ffi::WOLFSSL_ECC_X25519).unwrap_or(0);
                check(ffi::wolfSSL_UseKeyShare(pair.client.ssl, group) == 1);
            }
            Some(Mode::PskKe) => check(ffi::wolfSSL_NoKeyShares(pair.client.ssl) == 1),
            None => {}
        }
        let (mut client_done, mut server_done) = (false, false);
        while !(client_done && server_done) {
            client_done = pair.client.is_done(ffi::wolfSSL_connect(pair.client.ssl));
            server_done = pair.server.is_done(ffi::wolfSSL_accept(pair.server.ssl));
        }
    }
    pair
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ends;

    #[test]
    fn both_modes_are_what_they_say() {
        for mode in [Mode::PskKe, Mode::PskDheKe] {
            let pair = handshake(&Contexts::new(mode), &ends());
            // SAFETY: the connections are alive, the buffers of these lengths.
            unsafe {
                let curve = ffi::wolfSSL_get_curve_name(pair.server.ssl);
                let has_share = !curve.is_null() && CStr::from_ptr(curve) == c"X25519";
                assert_eq!(has_share, mode == Mode::PskDheKe);
                assert_eq!(
                    ffi::wolfSSL_write(pair.client.ssl, c"ping".as_ptr().cast(), 4),
                    4
                );
                let mut got = [0_u8; 4];
                assert_eq!(
                    ffi::wolfSSL_read(pair.server.ssl, got.as_mut_ptr().cast(), 4),
                    4
                );
                assert_eq!(&got, b"ping");
            }
        }
    }
}
