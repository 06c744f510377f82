//! wolfSSL in TLS 1.2 with a pre-shared key.

use std::ffi::{CStr, CString, c_char, c_uchar, c_uint};

use wolfssl_sys as ffi;

use crate::Groups;
use crate::psk::{IDENTITY, KEY};
use crate::theirs_psk_wolfssl::{Contexts, IDENTITY_TEXT, carry_by_wires, check};
use crate::tls12::Suite;

/// For one pre-shared key.
pub fn psk_contexts(suite: Suite, groups: Groups) -> Contexts {
    assert_eq!(IDENTITY, IDENTITY_TEXT.to_bytes());
    // SAFETY: each context is checked by `configure` before it is used; the callbacks have the types that are asked for
    // and need nothing that ends.
    unsafe {
        ffi::wolfSSL_Init();
        let client = ffi::wolfSSL_CTX_new(ffi::wolfTLSv1_2_client_method());
        configure(client, suite, groups);
        ffi::wolfSSL_CTX_set_psk_client_callback(client, Some(client_key));
        let server = ffi::wolfSSL_CTX_new(ffi::wolfTLSv1_2_server_method());
        configure(server, suite, groups);
        ffi::wolfSSL_CTX_set_psk_server_callback(server, Some(server_key));
        Contexts {
            client,
            server,
            mode: None,
        }
    }
}

/// # Safety
/// `context` is what `wolfSSL_CTX_new` returned.
unsafe fn configure(context: *mut ffi::WOLFSSL_CTX, suite: Suite, groups: Groups) {
    check(!context.is_null());
    let name = CString::new(suite.name()).unwrap();
    let group = match groups {
        Groups::X25519 => ffi::WOLFSSL_ECC_X25519,
        Groups::P256 => ffi::WOLFSSL_ECC_SECP256R1,
        Groups::Default => panic!("a group is needed"),
    };
    let group = u16::try_from(group).unwrap();
    // SAFETY: the context is alive; strings end with a zero and are copied.
    unsafe {
        check(ffi::wolfSSL_CTX_set_cipher_list(context, name.as_ptr()) == 1);
        check(ffi::wolfSSL_CTX_UseSupportedCurve(context, group) == 1);
        carry_by_wires(context);
    }
}

/// Copies the key to wolfSSL.
///
/// # Safety
/// `key` has room for `key_len` bytes.
unsafe fn give(key: *mut c_uchar, key_len: c_uint) -> c_uint {
    let len = u32::try_from(KEY.len()).unwrap_or(c_uint::MAX);
    if len > key_len {
        return 0;
    }
    // SAFETY: there is room, as just checked.
    unsafe { key.copy_from_nonoverlapping(KEY.as_ptr(), KEY.len()) };
    len
}

unsafe extern "C" fn client_key(
    _: *mut ffi::WOLFSSL,
    _hint: *const c_char,
    identity: *mut c_char,
    _identity_len: c_uint,
    key: *mut c_uchar,
    key_len: c_uint,
) -> c_uint {
    let text = IDENTITY_TEXT.to_bytes_with_nul();
    // SAFETY: wolfSSL gives room for more than 100 bytes of identity, and for `key_len` bytes of key.
    unsafe {
        identity.copy_from_nonoverlapping(text.as_ptr().cast(), text.len());
        give(key, key_len)
    }
}

unsafe extern "C" fn server_key(
    _: *mut ffi::WOLFSSL,
    identity: *const c_char,
    key: *mut c_uchar,
    key_len: c_uint,
) -> c_uint {
    // SAFETY: wolfSSL ends the identity with a zero and gives room for `key_len` bytes.
    unsafe {
        if CStr::from_ptr(identity) != IDENTITY_TEXT {
            return 0;
        }
        give(key, key_len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theirs_psk_wolfssl::handshake;
    use crate::wire::ends;

    #[test]
    fn connections_are_what_they_say() {
        for (suite, groups, curve) in [
            (Suite::PskAes128Gcm, Groups::X25519, None),
            (Suite::EcdhePskChaCha20, Groups::X25519, Some(c"X25519")),
            (Suite::EcdhePskChaCha20, Groups::P256, Some(c"SECP256R1")),
        ] {
            let pair = handshake(&psk_contexts(suite, groups), &ends());
            // SAFETY: the connection is alive.
            unsafe {
                let version = CStr::from_ptr(ffi::wolfSSL_get_version(pair.server.ssl));
                assert_eq!(version, c"TLSv1.2");
                let name = ffi::wolfSSL_get_curve_name(pair.server.ssl);
                let name = (!name.is_null()).then(|| CStr::from_ptr(name));
                assert_eq!(name, curve);
            }
        }
    }
}
