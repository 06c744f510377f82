//! Table 6.1.3 of the specification, the proving side: own certificates and keys, from files and from memory, at a context and at
//! a connection.

use core::ffi::{c_char, c_int, c_long, c_uchar};
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::{on, on_shared};
use crate::context::Context;
use crate::fault::Fault;
use crate::handle;
use crate::material::Material;
use crate::memory::append_wiped;
use crate::reason;
use crate::ssl::Ssl;
use crate::stack::Stack;
use crate::x509::{Format, Passphrase, Pkey, X509, load};

/// Where a context or a connection has its material.
trait HasMaterial {
    fn try_change_material<T>(
        &self,
        change: impl FnOnce(&mut Material) -> Result<T, Fault>,
    ) -> Result<T, Fault>;
    /// What decrypts keys.
    fn passphrase(&self) -> Passphrase;
}

impl HasMaterial for Context {
    fn try_change_material<T>(
        &self,
        change: impl FnOnce(&mut Material) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.try_change(|settings| change(&mut settings.material))
    }

    fn passphrase(&self) -> Passphrase {
        self.settings().passphrase
    }
}

impl HasMaterial for Ssl {
    fn try_change_material<T>(
        &self,
        change: impl FnOnce(&mut Material) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.try_change(|settings| change(&mut settings.material))
    }

    fn passphrase(&self) -> Passphrase {
        self.settings().passphrase
    }
}

/// Declares what a context and a connection have alike. Each row reads `CONTEXT_NAME CONNECTION_NAME (arguments) => function;` where the
/// function takes the object and the arguments.
macro_rules! material {
    ($($(#[$doc:meta])* $of_context:ident $of_connection:ident ($($argument:ident: $type:ty),*) => $function:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The pointers are null or what their types say.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_context(ctx: *mut Context, $($argument: $type),*) -> c_int {
            // SAFETY: the caller's contract.
            unsafe { on_shared(ctx, 0, |ctx| $function(ctx, $($argument),*).map(|()| 1)) }
        }

        $(#[$doc])*
        ///
        /// # Safety
        /// The pointers are null or what their types say.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_connection(ssl: *mut Ssl, $($argument: $type),*) -> c_int {
            // SAFETY: the caller's contract.
            unsafe { on_shared(ssl, 0, |ssl| $function(ssl, $($argument),*).map(|()| 1)) }
        }
    )*};
}

material! {
    /// `SSL_CTX_use_certificate_file`: the certificate in a file; 1, or 0 on failure.
    SSL_CTX_use_certificate_file SSL_use_certificate_file (file: *const c_char, format: c_int) => certificate_file;
    /// `SSL_CTX_use_PrivateKey_file`: the private key in a file; 1, or 0 on failure.
    SSL_CTX_use_PrivateKey_file SSL_use_PrivateKey_file (file: *const c_char, format: c_int) => key_file;
    /// `SSL_CTX_use_PrivateKey_file`, as the specification spells it.
    SSL_CTX_use_privateKey_file SSL_use_privateKey_file (file: *const c_char, format: c_int) => key_file;
    /// `SSL_CTX_use_RSAPrivateKey_file`: the private key in a file; 1, or 0 on failure.
    SSL_CTX_use_RSAPrivateKey_file SSL_use_RSAPrivateKey_file (file: *const c_char, format: c_int) => key_file;
    /// `SSL_CTX_use_certificate_chain_file`: a certificate and its CAs, PEM; 1, or 0 on failure.
    SSL_CTX_use_certificate_chain_file SSL_use_certificate_chain_file (file: *const c_char) => chain_file;
    /// `SSL_CTX_use_certificate_buffer`: the certificate in memory; 1, or 0 on failure.
    SSL_CTX_use_certificate_buffer SSL_use_certificate_buffer (bytes: *const c_uchar, len: c_long, format: c_int) => certificate_buffer;
    /// `SSL_CTX_use_PrivateKey_buffer`: the private key in memory; 1, or 0 on failure.
    SSL_CTX_use_PrivateKey_buffer SSL_use_PrivateKey_buffer (bytes: *const c_uchar, len: c_long, format: c_int) => key_buffer;
    /// `SSL_CTX_use_PrivateKey_buffer`, as the specification spells it.
    SSL_CTX_use_privateKey_buffer SSL_use_privateKey_buffer (bytes: *const c_uchar, len: c_long, format: c_int) => key_buffer;
    /// `SSL_CTX_use_certificate_chain_buffer`: a certificate and its CAs, PEM in memory; 1, or 0 on failure.
    SSL_CTX_use_certificate_chain_buffer SSL_use_certificate_chain_buffer (bytes: *const c_uchar, len: c_long) => chain_buffer;
    /// `SSL_CTX_use_certificate`: a certificate, of which the caller keeps its reference; 1, or 0 on failure.
    SSL_CTX_use_certificate SSL_use_certificate (certificate: *mut X509) => certificate_object;
    /// `SSL_CTX_use_PrivateKey`: a private key, of which the caller keeps its reference; 1, or 0 on failure.
    SSL_CTX_use_PrivateKey SSL_use_PrivateKey (key: *mut Pkey) => key_object;
    /// `SSL_CTX_use_cert_and_key`: certificate, key and chain together; 1, or 0 on failure.
    SSL_CTX_use_cert_and_key SSL_use_cert_and_key
        (certificate: *mut X509, key: *mut Pkey, chain: *mut Stack, replace: c_int) => certificate_and_key;
}

// Each is given pointers that are null or what their types say, by the contracts of the functions above.

/// Does something with what is in a file, whose name goes before what is wrong with it.
fn with_file(
    file: *const c_char,
    body: impl FnOnce(&[u8]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    // SAFETY: null or a string.
    let path = unsafe { handle::path(file) }?;
    let shown = path.display();
    let bytes = read(path).map_err(|error| Fault::system(&error, &format!("reading {shown}")))?;
    body(&bytes).map_err(|fault| fault.about(&shown.to_string()))
}

/// Files larger than this are no certificates or keys; one without end must not fill the memory.
const MAX_FILE_LEN: usize = 16 * 1024 * 1024;

/// A whole file. No copy of a key stays behind in a buffer that became too small.
fn read(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut file = File::open(path)?;
    let (mut bytes, mut piece) = (Zeroizing::default(), Zeroizing::new([0; 8192]));
    loop {
        match file.read(&mut *piece) {
            Ok(0) => return Ok(bytes),
            Ok(count) if bytes.len() + count > MAX_FILE_LEN => {
                return Err(ErrorKind::FileTooLarge.into());
            }
            Ok(count) => append_wiped(&mut bytes, piece.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn format_of(number: c_int) -> Result<Format, Fault> {
    Format::of(number).ok_or_else(|| {
        Fault::ssl(
            reason::SSL_R_BAD_SSL_FILETYPE,
            format!("{number} is no kind of file: SSL_FILETYPE_PEM or SSL_FILETYPE_ASN1"),
        )
    })
}

/// A buffer's bytes.
fn buffer<'a>(bytes: *const c_uchar, len: c_long) -> Result<&'a [u8], Fault> {
    let len = usize::try_from(len).map_err(|_| Fault::argument("a negative length"))?;
    // SAFETY: null, or so many readable bytes, which stay until the function of the API returns.
    let bytes = unsafe { handle::long_bytes(bytes, len) }?;
    match bytes.is_empty() {
        true => Err(Fault::argument("an empty buffer")),
        false => Ok(bytes),
    }
}

fn use_certificate(object: &impl HasMaterial, bytes: &[u8], format: c_int) -> Result<(), Fault> {
    let leaf = load::certificate(bytes, format_of(format)?)?;
    object.try_change_material(|material| material.use_certificate(leaf))
}

fn use_key(object: &impl HasMaterial, bytes: &[u8], format: c_int) -> Result<(), Fault> {
    // The passphrase's callback runs here, while nothing is locked.
    let key = load::private_key(bytes, format_of(format)?, &object.passphrase())?;
    object.try_change_material(|material| material.use_key(key))
}

fn use_chain(object: &impl HasMaterial, bytes: &[u8]) -> Result<(), Fault> {
    let chain = load::certificates(bytes)?;
    object.try_change_material(|material| material.use_chain(chain))
}

fn certificate_file(
    object: &impl HasMaterial,
    file: *const c_char,
    format: c_int,
) -> Result<(), Fault> {
    with_file(file, |bytes| use_certificate(object, bytes, format))
}

fn key_file(object: &impl HasMaterial, file: *const c_char, format: c_int) -> Result<(), Fault> {
    with_file(file, |bytes| use_key(object, bytes, format))
}

fn chain_file(object: &impl HasMaterial, file: *const c_char) -> Result<(), Fault> {
    with_file(file, |bytes| use_chain(object, bytes))
}

fn certificate_buffer(
    object: &impl HasMaterial,
    bytes: *const c_uchar,
    len: c_long,
    format: c_int,
) -> Result<(), Fault> {
    use_certificate(object, buffer(bytes, len)?, format)
}

fn key_buffer(
    object: &impl HasMaterial,
    bytes: *const c_uchar,
    len: c_long,
    format: c_int,
) -> Result<(), Fault> {
    use_key(object, buffer(bytes, len)?, format)
}

fn chain_buffer(
    object: &impl HasMaterial,
    bytes: *const c_uchar,
    len: c_long,
) -> Result<(), Fault> {
    use_chain(object, buffer(bytes, len)?)
}

const ASN1: c_int = 2;

fn certificate_object(object: &impl HasMaterial, certificate: *mut X509) -> Result<(), Fault> {
    // SAFETY: null or a certificate.
    let certificate = unsafe { handle::share(certificate) }?;
    object.try_change_material(|material| material.use_certificate(certificate))
}

fn key_object(object: &impl HasMaterial, key: *mut Pkey) -> Result<(), Fault> {
    // SAFETY: null or a key.
    let key = unsafe { handle::share(key) }?;
    object.try_change_material(|material| material.use_key(key))
}

fn certificate_and_key(
    object: &impl HasMaterial,
    certificate: *mut X509,
    key: *mut Pkey,
    chain: *mut Stack,
    replace: c_int,
) -> Result<(), Fault> {
    // SAFETY: null, or what their types say; a null chain is an empty one.
    let (certificate, key, chain) = unsafe {
        let chain = if chain.is_null() {
            Vec::new()
        } else {
            certificates_of(chain)?
        };
        (handle::share(certificate)?, handle::share(key)?, chain)
    };
    object.try_change_material(|material| {
        if replace == 0 && material.has(certificate.key_kind()?) {
            return Err(Fault::ssl(
                reason::SSL_R_NOT_REPLACING_CERTIFICATE,
                "there is a certificate with this kind of key already",
            ));
        }
        material.use_certificate(certificate)?;
        material.use_key(key)?;
        material.set_chain(chain)
    })
}

/// The certificates on a stack, of which new references are taken.
///
/// # Errors
/// A null pointer, also in the stack.
///
/// # Safety
/// `stack` is null or a stack of certificates.
pub(super) unsafe fn certificates_of(stack: *const Stack) -> Result<Vec<Arc<X509>>, Fault> {
    // SAFETY: the caller's promise.
    let elements = unsafe { handle::borrow(stack) }?.elements();
    let share = |element: *mut core::ffi::c_void| {
        // SAFETY: a certificate, by the caller's promise.
        unsafe { handle::share(element.cast::<X509>()) }
    };
    elements.into_iter().map(share).collect()
}

/// `SSL_CTX_use_certificate_ASN1`: the certificate in DER; 1, or 0 on failure.
///
/// # Safety
/// `ctx` is null or a context; `d` has `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_use_certificate_ASN1(
    ctx: *mut Context,
    len: c_int,
    d: *const c_uchar,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { SSL_CTX_use_certificate_buffer(ctx, d, len.into(), ASN1) }
}

/// `SSL_use_certificate_ASN1`: the certificate in DER; 1, or 0 on failure.
///
/// # Safety
/// `ssl` is null or a connection; `d` has `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_use_certificate_ASN1(
    ssl: *mut Ssl,
    d: *const c_uchar,
    len: c_int,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { SSL_use_certificate_buffer(ssl, d, len.into(), ASN1) }
}

/// `SSL_CTX_use_PrivateKey_ASN1`: the private key in DER; the first argument is not looked at. 1, or 0 on failure.
///
/// # Safety
/// `ctx` is null or a context; `d` has `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_use_PrivateKey_ASN1(
    pk: c_int,
    ctx: *mut Context,
    d: *const c_uchar,
    len: c_long,
) -> c_int {
    let _ = pk;
    // SAFETY: the caller's contract.
    unsafe { on(ctx, 0, |ctx| key_buffer(ctx, d, len, ASN1).map(|()| 1)) }
}

/// `SSL_use_PrivateKey_ASN1`: the private key in DER; the first argument is not looked at. 1, or 0 on failure.
///
/// # Safety
/// `ssl` is null or a connection; `d` has `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_use_PrivateKey_ASN1(
    pk: c_int,
    ssl: *mut Ssl,
    d: *const c_uchar,
    len: c_long,
) -> c_int {
    let _ = pk;
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, |ssl| key_buffer(ssl, d, len, ASN1).map(|()| 1)) }
}

/// `SSL_CTX_use_RSAPrivateKey_ASN1`: the private key in DER, of RSA or not; 1, or 0 on failure.
///
/// # Safety
/// `ctx` is null or a context; `d` has `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_use_RSAPrivateKey_ASN1(
    ctx: *mut Context,
    d: *const c_uchar,
    len: c_long,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { on(ctx, 0, |ctx| key_buffer(ctx, d, len, ASN1).map(|()| 1)) }
}

/// `SSL_use_RSAPrivateKey_ASN1`: the private key in DER, of RSA or not; 1, or 0 on failure.
///
/// # Safety
/// `ssl` is null or a connection; `d` has `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_use_RSAPrivateKey_ASN1(
    ssl: *mut Ssl,
    d: *const c_uchar,
    len: c_long,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, |ssl| key_buffer(ssl, d, len, ASN1).map(|()| 1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_end_is_too_large() {
        let error = read(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        let failure = with_file(c"/dev/zero".as_ptr(), |_| Ok(()));
        assert!(format!("{failure:?}").contains("reading /dev/zero: file too large"));
    }
}
