//! `SSL_CIPHER`: what a suite is made of.

use core::ffi::{CStr, c_char, c_int, c_uchar};

use warifu::parameters::CipherSuite;

use super::{entry, on};
use crate::cipher::Cipher;
use crate::fault::Fault;
use crate::handle;
use crate::ssl::Ssl;
use crate::x509::digest::Algorithm;

/// Shortest buffer that `SSL_CIPHER_description` takes.
const DESCRIPTION_LEN: c_int = 128;

/// What is told of no cipher at all.
const NONE: &CStr = c"(NONE)";

/// The pointer by which C knows a suite.
pub(super) fn pointer(cipher: Option<&'static Cipher>) -> *const Cipher {
    cipher.map_or(core::ptr::null(), core::ptr::from_ref)
}

/// Declares what is read of a suite. Each row reads `NAME -> result, without a suite => |cipher| value;`
macro_rules! of_cipher {
    ($($(#[$doc:meta])* $name:ident -> $result:ty, $none:expr => |$cipher:ident| $value:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The pointer is null or a suite of this library's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(cipher: *const Cipher) -> $result {
            // SAFETY: the caller's contract.
            match unsafe { cipher.as_ref() } {
                Some($cipher) => $value,
                None => $none,
            }
        }
    )*};
}

of_cipher! {
    /// `SSL_CIPHER_get_name`: OpenSSL's name; `(NONE)` for null.
    SSL_CIPHER_get_name -> *const c_char, NONE.as_ptr() => |cipher| cipher.name.as_ptr();
    /// `SSL_CIPHER_standard_name`: IANA's name; `(NONE)` for null.
    SSL_CIPHER_standard_name -> *const c_char, NONE.as_ptr() => |cipher| cipher.standard_name.as_ptr();
    /// `SSL_CIPHER_get_version`: the protocol that the suite came with; `(NONE)` for null.
    SSL_CIPHER_get_version -> *const c_char, NONE.as_ptr() => |cipher| cipher.version().as_ptr();
    /// `SSL_CIPHER_get_id`: its number, with 3 in the highest octet.
    SSL_CIPHER_get_id -> u32, 0 => |cipher| cipher.id();
    /// `SSL_CIPHER_get_protocol_id`: its number in the protocol.
    SSL_CIPHER_get_protocol_id -> u16, 0 => |cipher| cipher.suite.0;
    /// `SSL_CIPHER_get_kx_nid`: `NID_kx_…`
    SSL_CIPHER_get_kx_nid -> c_int, 0 => |cipher| cipher.kx_nid();
    /// `SSL_CIPHER_get_auth_nid`: `NID_auth_…`
    SSL_CIPHER_get_auth_nid -> c_int, 0 => |cipher| cipher.auth_nid();
    /// `SSL_CIPHER_get_cipher_nid`: what encrypts.
    SSL_CIPHER_get_cipher_nid -> c_int, 0 => |cipher| cipher.cipher_nid();
    /// `SSL_CIPHER_get_digest_nid`: the hash of the MAC; `NID_undef` with an AEAD.
    SSL_CIPHER_get_digest_nid -> c_int, 0 => |cipher| cipher.digest_nid();
    /// `SSL_CIPHER_is_aead`: 1 or 0.
    SSL_CIPHER_is_aead -> c_int, 0 => |cipher| cipher.is_aead().into();
}

/// `SSL_CIPHER_get_handshake_digest`: the hash of the handshake; null for null, and for MD5 and SHA-1 together.
///
/// # Safety
/// The pointer is null or a suite of this library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CIPHER_get_handshake_digest(
    cipher: *const Cipher,
) -> *const Algorithm {
    // SAFETY: the caller's contract.
    let digest = unsafe { cipher.as_ref() }.map(Cipher::handshake_digest_nid);
    let algorithm = digest.and_then(Algorithm::by_nid);
    algorithm.map_or(core::ptr::null(), core::ptr::from_ref)
}

/// `SSL_CIPHER_get_bits`: bits of security; `alg_bits` gets those of the key as the algorithm counts them. 0 for null.
///
/// # Safety
/// `cipher` is null or a suite of this library's; `alg_bits` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CIPHER_get_bits(cipher: *const Cipher, alg_bits: *mut c_int) -> c_int {
    // SAFETY: the caller's contract.
    let Some(cipher) = (unsafe { cipher.as_ref() }) else {
        return 0;
    };
    let (strength, of_algorithm) = cipher.bits();
    // SAFETY: the caller's contract.
    unsafe { handle::store(alg_bits, of_algorithm) };
    strength
}

/// `SSL_CIPHER_description`: a line with its end, in `buf` of at least 128 bytes, or if that is null in memory that the caller frees
/// with `OPENSSL_free`. Null on failure.
///
/// # Safety
/// `cipher` is null or a suite of this library's; `buf` is null or has `size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CIPHER_description(
    cipher: *const Cipher,
    buf: *mut c_char,
    size: c_int,
) -> *mut c_char {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let text = unsafe { handle::borrow(cipher) }?.description();
        if buf.is_null() {
            return crate::memory::to_c_string(text.as_bytes());
        }
        if size < DESCRIPTION_LEN {
            return Err(Fault::Quiet);
        }
        // SAFETY: the caller's contract.
        unsafe { handle::write_text(buf, size, text.as_bytes()) };
        Ok(buf)
    })
}

/// `SSL_CIPHER_find`: the suite of a number of two bytes in network order; null if it is not known here.
///
/// # Safety
/// `ssl` is not looked at; `ptr` is null or has two bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CIPHER_find(ssl: *mut Ssl, ptr: *const c_uchar) -> *const Cipher {
    let _ = ssl;
    entry(core::ptr::null(), || {
        // SAFETY: the caller's contract.
        match unsafe { handle::long_bytes(ptr, 2) }? {
            &[high, low] => Ok(pointer(Cipher::of(CipherSuite(u16::from_be_bytes([
                high, low,
            ]))))),
            _ => Err(Fault::Quiet),
        }
    })
}

/// `OPENSSL_cipher_name`: OpenSSL's name of the suite that IANA calls so; `(NONE)` for one that is not known here.
///
/// # Safety
/// `stdname` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_cipher_name(stdname: *const c_char) -> *const c_char {
    entry(NONE.as_ptr(), || {
        if stdname.is_null() {
            return Ok(NONE.as_ptr());
        }
        // SAFETY: the caller's contract.
        let name = unsafe { handle::string(stdname) }?;
        let found = Cipher::named(name).filter(|cipher| cipher.standard_name.to_bytes() == name);
        Ok(found.map_or(NONE, |cipher| cipher.name).as_ptr())
    })
}

/// The suite of a connection, once its handshake is complete.
fn current(ssl: &Ssl) -> Option<&'static Cipher> {
    ssl.facts(|facts| facts.cipher_suite).and_then(Cipher::of)
}

/// `SSL_get_current_cipher`: the suite of the connection; null before the end of its handshake.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_current_cipher(ssl: *const Ssl) -> *const Cipher {
    // SAFETY: the caller's contract.
    unsafe { on(ssl, core::ptr::null(), |ssl| Ok(pointer(current(ssl)))) }
}

/// `SSL_get_pending_cipher`: the suite that was agreed upon; here as `SSL_get_current_cipher`.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_pending_cipher(ssl: *const Ssl) -> *const Cipher {
    // SAFETY: the caller's contract.
    unsafe { SSL_get_current_cipher(ssl) }
}

/// `SSL_get_cipher_name`, `SSL_get_cipher`: the name of the connection's suite; `(NONE)` before the end of its handshake.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_cipher_name(ssl: *const Ssl) -> *const c_char {
    // SAFETY: the caller's contract.
    unsafe { SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)) }
}

/// `SSL_get_cipher`: as `SSL_get_cipher_name`.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_cipher(ssl: *const Ssl) -> *const c_char {
    // SAFETY: the caller's contract.
    unsafe { SSL_get_cipher_name(ssl) }
}

/// `SSL_get_cipher_version`: as `SSL_CIPHER_get_version`, of the connection's suite.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_cipher_version(ssl: *const Ssl) -> *const c_char {
    // SAFETY: the caller's contract.
    unsafe { SSL_CIPHER_get_version(SSL_get_current_cipher(ssl)) }
}

/// `SSL_get_cipher_bits`: as `SSL_CIPHER_get_bits`, of the connection's suite.
///
/// # Safety
/// `ssl` is null or a connection; `alg_bits` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_cipher_bits(ssl: *const Ssl, alg_bits: *mut c_int) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { SSL_CIPHER_get_bits(SSL_get_current_cipher(ssl), alg_bits) }
}
