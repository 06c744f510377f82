//! A server sends a certificate behind its own that cannot be read: a client of the C API knows the server's all the same, and what is
//! told of the verification is never more than was verified.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use core::ffi::{c_int, c_long, c_void};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::ptr::null_mut;
use std::sync::Arc;

use warifu::{Connection, Credential, ServerConfig};
use warifu_ssl as _;

// Their C declarations; all pointers are opaque here.
unsafe extern "C" {
    fn TLS_client_method() -> *const c_void;
    fn SSL_CTX_new(method: *const c_void) -> *mut c_void;
    fn SSL_CTX_free(ctx: *mut c_void);
    fn SSL_CTX_set_verify(ctx: *mut c_void, mode: c_int, callback: *const c_void);
    fn SSL_CTX_get_cert_store(ctx: *mut c_void) -> *mut c_void;
    fn X509_STORE_add_cert(store: *mut c_void, certificate: *mut c_void) -> c_int;
    fn d2i_X509(to: *mut *mut c_void, from: *mut *const u8, length: c_long) -> *mut c_void;
    fn X509_free(certificate: *mut c_void);
    fn SSL_new(ctx: *mut c_void) -> *mut c_void;
    fn SSL_free(ssl: *mut c_void);
    fn SSL_set_bio(ssl: *mut c_void, read: *mut c_void, write: *mut c_void);
    fn SSL_connect(ssl: *mut c_void) -> c_int;
    fn SSL_get_verify_result(ssl: *mut c_void) -> c_long;
    fn SSL_get1_peer_certificate(ssl: *mut c_void) -> *mut c_void;
    fn BIO_s_mem() -> *const c_void;
    fn BIO_new(method: *const c_void) -> *mut c_void;
    fn BIO_write(bio: *mut c_void, data: *const u8, length: c_int) -> c_int;
    fn BIO_read(bio: *mut c_void, data: *mut u8, length: c_int) -> c_int;
}

const SSL_VERIFY_NONE: c_int = 0;
const SSL_VERIFY_PEER: c_int = 1;
const X509_V_OK: c_long = 0;
const X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY: c_long = 20;

fn certificates() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unreadable_certificate");
    let _ = std::fs::remove_dir_all(&directory);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/certificates.sh");
    let made = Command::new("sh").arg(script).arg(&directory).status();
    assert!(made.unwrap().success());
    directory
}

/// A certificate of TBSCertificate, algorithm and signature, in which the first holds nothing but a serial number.
const UNREADABLE: [u8; 12] = [0x30, 10, 0x30, 3, 0x02, 1, 1, 0x30, 0, 0x03, 1, 0];

/// What a handshake leaves: whether it was done, the result, whether there is a certificate of the peer.
fn connect(directory: &Path, mode: c_int, trusted: Option<&str>) -> (bool, c_long, bool) {
    let read = |file: &str| std::fs::read(directory.join(file)).unwrap();
    let chain = vec![read("server.crt.der").into(), UNREADABLE.to_vec().into()];
    let credential = Credential::from_der(chain, &read("server.key.der")).unwrap();
    let config = ServerConfig::builder(Arc::new(credential)).build().unwrap();
    let mut server = Connection::server(config);
    // SAFETY: each object is what the function before made, null is checked, and lengths are those of the slices.
    unsafe {
        let ctx = SSL_CTX_new(TLS_client_method());
        assert!(!ctx.is_null());
        SSL_CTX_set_verify(ctx, mode, core::ptr::null());
        if let Some(file) = trusted {
            let der = read(file);
            let mut from = der.as_ptr();
            let length = c_long::try_from(der.len()).unwrap();
            let ca = d2i_X509(null_mut(), &raw mut from, length);
            assert_eq!(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca), 1);
            X509_free(ca);
        }
        let ssl = SSL_new(ctx);
        let (incoming, outgoing) = (BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_bio(ssl, incoming, outgoing);
        let mut done = false;
        for _ in 0..10 {
            done = SSL_connect(ssl) == 1;
            let mut bytes = [0; 20_000];
            let size = BIO_read(outgoing, bytes.as_mut_ptr(), 20_000);
            if let Some(sent) = usize::try_from(size)
                .ok()
                .and_then(|size| bytes.get(..size))
            {
                assert_eq!(server.receive(sent), sent.len());
            }
            let _ = server.process();
            let output = server.output().to_vec();
            if !output.is_empty() {
                let length = c_int::try_from(output.len()).unwrap();
                assert_eq!(BIO_write(incoming, output.as_ptr(), length), length);
                server.sent(output.len());
            }
        }
        let result = SSL_get_verify_result(ssl);
        let certificate = SSL_get1_peer_certificate(ssl);
        X509_free(certificate);
        SSL_free(ssl);
        SSL_CTX_free(ctx);
        (done, result, !certificate.is_null())
    }
}

#[test]
fn it_hides_neither_the_servers_certificate_nor_the_outcome() {
    let directory = certificates();
    let unknown = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
    for (mode, trusted, expected) in [
        (SSL_VERIFY_PEER, Some("ca.crt.der"), (true, X509_V_OK, true)),
        (SSL_VERIFY_NONE, Some("ca.crt.der"), (true, X509_V_OK, true)),
        (SSL_VERIFY_NONE, None, (true, unknown, true)),
        (
            SSL_VERIFY_NONE,
            Some("other_ca.crt.der"),
            (true, unknown, true),
        ),
        (SSL_VERIFY_PEER, None, (false, unknown, true)),
    ] {
        let found = connect(&directory, mode, trusted);
        assert_eq!(found, expected, "mode {mode}, trusted {trusted:?}");
    }
}
