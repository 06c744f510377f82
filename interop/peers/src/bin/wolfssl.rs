//! wolfSSL: external keys, both modes, both hashes, a certificate beside the key (RFC 9973), early data; both roles.
//!
//! Built with `WOLFSSL_CERT_WITH_EXTERN_PSK` and `WOLFSSL_EARLY_DATA` in CFLAGS, as `../../src/peer/built.rs` does.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::ffi::{CStr, CString, c_char, c_int, c_uchar, c_uint};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::process::ExitCode;
use std::sync::OnceLock;

use warifu_interop_peers::{Facts, Hash, MOMENT, Mode, Options, Received, Role, Session, run, say};
use wolfssl_sys as ffi;

/// What the callbacks tell: wolfSSL asks for the key by identity.
struct Key {
    identity: CString,
    key: Vec<u8>,
    /// Its suite, which also says the key's hash.
    suite: CString,
}

static KEY: OnceLock<Key> = OnceLock::new();

fn main() -> ExitCode {
    let options = Options::parse();
    let suite = match (options.suite, options.hash) {
        (Some(suite), _) => suite,
        (None, Hash::Sha256) => 0x1301,
        (None, Hash::Sha384) => 0x1302,
    };
    let key = Key {
        identity: CString::new(options.identity.clone()).unwrap(),
        key: options.key.clone(),
        suite: CString::new(name(suite)).unwrap(),
    };
    assert!(KEY.set(key).is_ok());
    // SAFETY: called once, before anything else.
    unsafe { ffi::wolfSSL_Init() };
    let context = context(&options);
    // SAFETY: the context is alive; a connection takes a reference of its own.
    let ssl = unsafe { ffi::wolfSSL_new(context) };
    assert!(!ssl.is_null());
    let mut session = Wolf {
        ssl,
        transport: options.transport(),
        with_certificate: options.with_certificate,
        is_psk_ke: options.modes == [Mode::PskKe],
    };
    run(session.handshake(&options).map(|()| session))
}

fn name(suite: u16) -> &'static str {
    match suite {
        0x1301 => "TLS13-AES128-GCM-SHA256",
        0x1302 => "TLS13-AES256-GCM-SHA384",
        0x1303 => "TLS13-CHACHA20-POLY1305-SHA256",
        0x1304 => "TLS13-AES128-CCM-SHA256",
        0x1305 => "TLS13-AES128-CCM-8-SHA256",
        _ => panic!("no suite: {suite:04x}"),
    }
}

#[track_caller]
fn check(result: c_int) {
    assert_eq!(result, 1, "wolfSSL refuses the configuration");
}

fn context(options: &Options) -> *mut ffi::WOLFSSL_CTX {
    let text = |text: &str| CString::new(text).unwrap();
    // SAFETY: the context is checked and alive throughout; strings end with a zero and are copied; the callbacks have
    // the types that are asked for and need nothing but KEY, which lives for ever.
    unsafe {
        let context = ffi::wolfSSL_CTX_new(match options.role {
            Role::Client => ffi::wolfTLSv1_3_client_method(),
            Role::Server => ffi::wolfTLSv1_3_server_method(),
        });
        assert!(!context.is_null());
        match options.role {
            Role::Client => {
                ffi::wolfSSL_CTX_set_psk_client_tls13_callback(context, Some(client_key))
            }
            Role::Server => {
                ffi::wolfSSL_CTX_set_psk_server_tls13_callback(context, Some(server_key))
            }
        }
        if !options.modes.contains(&Mode::PskDheKe) {
            check(c_int::from(ffi::wolfSSL_CTX_no_dhe_psk(context) == 0));
        }
        if !options.modes.contains(&Mode::PskKe) {
            check(c_int::from(ffi::wolfSSL_CTX_only_dhe_psk(context) == 0));
            // No handshake without the key; for wolfSSL that rules out psk_ke.
            check(c_int::from(ffi::wolfSSL_CTX_require_psk(context) == 0));
        }
        if let Some(suite) = options.suite {
            check(ffi::wolfSSL_CTX_set_cipher_list(
                context,
                text(name(suite)).as_ptr(),
            ));
        }
        if !options.groups.is_empty() {
            let mut groups: Vec<_> = options
                .groups
                .iter()
                .map(|group| c_int::from(*group))
                .collect();
            let count = c_int::try_from(groups.len()).unwrap();
            check(ffi::wolfSSL_CTX_set_groups(
                context,
                groups.as_mut_ptr(),
                count,
            ));
        }
        if options.with_certificate {
            check(ffi::wolfSSL_CTX_set_cert_with_extern_psk(context, 1));
        }
        if let Some((certificate, key)) = &options.certificate {
            let pem = ffi::WOLFSSL_FILETYPE_PEM.cast_signed();
            check(ffi::wolfSSL_CTX_use_certificate_file(
                context,
                text(certificate).as_ptr(),
                pem,
            ));
            check(ffi::wolfSSL_CTX_use_PrivateKey_file(
                context,
                text(key).as_ptr(),
                pem,
            ));
        }
        match &options.ca {
            Some(ca) => {
                check(ffi::wolfSSL_CTX_load_verify_locations(
                    context,
                    text(ca).as_ptr(),
                    std::ptr::null(),
                ));
            }
            None => {
                let none = ffi::WOLFSSL_VERIFY_NONE.cast_signed();
                ffi::wolfSSL_CTX_set_verify(context, none, None);
            }
        }
        if options.early_data.is_some() && options.role == Role::Server {
            check(c_int::from(
                ffi::wolfSSL_CTX_set_max_early_data(context, 1 << 14) == 0,
            ));
        }
        context
    }
}

/// Copies the key to wolfSSL and names its suite; returns the key's length.
///
/// # Safety
/// `key` has room for `key_len` bytes, `suite` for a pointer.
unsafe fn give(key: *mut c_uchar, key_len: c_uint, suite: *mut *const c_char) -> c_uint {
    let Some(known) = KEY.get() else { return 0 };
    let len = c_uint::try_from(known.key.len()).unwrap();
    if len > key_len {
        return 0;
    }
    // SAFETY: there is room, as just checked; the name lives for ever.
    unsafe {
        key.copy_from_nonoverlapping(known.key.as_ptr(), known.key.len());
        *suite = known.suite.as_ptr();
    }
    len
}

unsafe extern "C" fn client_key(
    _: *mut ffi::WOLFSSL,
    _hint: *const c_char,
    identity: *mut c_char,
    identity_len: c_uint,
    key: *mut c_uchar,
    key_len: c_uint,
    suite: *mut *const c_char,
) -> c_uint {
    let Some(known) = KEY.get() else { return 0 };
    let text = known.identity.as_bytes_with_nul();
    if text.len() > usize::try_from(identity_len).unwrap() {
        return 0;
    }
    // SAFETY: wolfSSL gives room for `identity_len` and `key_len` bytes.
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
        match KEY.get() {
            Some(known) if CStr::from_ptr(identity) == known.identity.as_c_str() => {
                give(key, key_len, suite)
            }
            _ => 0,
        }
    }
}

struct Wolf {
    ssl: *mut ffi::WOLFSSL,
    transport: TcpStream,
    with_certificate: bool,
    is_psk_ke: bool,
}

impl Wolf {
    fn handshake(&mut self, options: &Options) -> Result<(), String> {
        let ssl = self.ssl;
        let mut count = 0;
        // SAFETY: the connection is alive and its own; buffers are used within their lengths; the descriptor is open
        // as long as the transport is.
        unsafe {
            check(ffi::wolfSSL_set_fd(ssl, self.transport.as_raw_fd()));
            match (options.role, &options.early_data) {
                (Role::Client, early_data) => {
                    if let [first, ..] = *options.groups
                        && options.modes != [Mode::PskKe]
                    {
                        check(ffi::wolfSSL_UseKeyShare(ssl, first));
                    }
                    if let Some(text) = early_data {
                        let line = format!("{text}\n");
                        let len = c_int::try_from(line.len()).unwrap();
                        let sent = ffi::wolfSSL_write_early_data(
                            ssl,
                            line.as_ptr().cast(),
                            len,
                            &mut count,
                        );
                        if sent != len {
                            return Err(self.failure(sent));
                        }
                    }
                    let done = ffi::wolfSSL_connect(ssl);
                    if done != 1 {
                        return Err(self.failure(done));
                    }
                }
                (Role::Server, early_data) => {
                    if early_data.is_some() {
                        let mut buffer = [0; 1 << 14];
                        let len = 1 << 14;
                        while ffi::wolfSSL_read_early_data(
                            ssl,
                            buffer.as_mut_ptr().cast(),
                            len,
                            &mut count,
                        ) > 0
                        {
                            let came = &buffer[..usize::try_from(count).unwrap()];
                            say(format_args!(
                                "early data: {}",
                                String::from_utf8_lossy(came).trim_end()
                            ));
                        }
                    }
                    let done = ffi::wolfSSL_accept(ssl);
                    if done != 1 {
                        return Err(self.failure(done));
                    }
                }
            }
        }
        self.transport.set_read_timeout(Some(MOMENT)).unwrap();
        Ok(())
    }

    /// The error behind a call's result, and the alert that came, if one did.
    fn failure(&self, result: c_int) -> String {
        let mut text = [0; 200];
        // SAFETY: the connection is alive; an alert history is four integers; wolfSSL writes no more than 80 bytes of
        // text.
        let (error, history) = unsafe {
            let mut history: ffi::WOLFSSL_ALERT_HISTORY = std::mem::zeroed();
            ffi::wolfSSL_get_alert_history(self.ssl, &mut history);
            let error = ffi::wolfSSL_get_error(self.ssl, result);
            ffi::wolfSSL_ERR_error_string(error.unsigned_abs().into(), text.as_mut_ptr());
            (error, history)
        };
        let bytes: Vec<u8> = text
            .iter()
            .map(|byte| byte.cast_unsigned())
            .take_while(|byte| *byte != 0)
            .collect();
        format!(
            "error {error} ({}), alert received {}, alert sent {}",
            String::from_utf8_lossy(&bytes),
            history.last_rx.code,
            history.last_tx.code
        )
    }
}

impl Session for Wolf {
    fn facts(&mut self) -> Facts {
        // SAFETY: the connection is alive; the strings are its own and end with a zero.
        unsafe {
            let ssl = self.ssl;
            let suite = ffi::wolfSSL_get_current_cipher_suite(ssl);
            let curve = ffi::wolfSSL_get_curve_name(ssl);
            let curve = if curve.is_null() {
                c""
            } else {
                CStr::from_ptr(curve)
            };
            let peer_certificate = !ffi::wolfSSL_get_peer_certificate(ssl).is_null();
            // wolfSSL forgets the identity with the handshake.
            let is_used = self.with_certificate || !peer_certificate;
            let identity = KEY.get().filter(|_| is_used);
            Facts {
                suite: u16::try_from(suite).unwrap(),
                group: match curve.to_bytes() {
                    // A client tells of the share that it sent for nothing.
                    _ if self.is_psk_ke => 0,
                    b"SECP256R1" => 0x0017,
                    b"SECP384R1" => 0x0018,
                    b"SECP521R1" => 0x0019,
                    b"X25519" => 0x001d,
                    _ => 0,
                },
                identity: identity.map(|key| key.identity.to_string_lossy().into_owned()),
                peer_certificate,
                early_data_accepted: ffi::wolfSSL_get_early_data_status(ssl) == 2,
            }
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<Received, String> {
        let len = c_int::try_from(buffer.len()).unwrap();
        // SAFETY: the connection is alive; it writes within the buffer.
        let (count, error) = unsafe {
            let count = ffi::wolfSSL_read(self.ssl, buffer.as_mut_ptr().cast(), len);
            (count, ffi::wolfSSL_get_error(self.ssl, count))
        };
        match (usize::try_from(count), error) {
            (Ok(count @ 1..), _) => Ok(Received::Data(count)),
            (_, 2) => Ok(Received::Nothing),
            (_, 6) => Ok(Received::Closed),
            _ => Err(self.failure(count)),
        }
    }

    fn send(&mut self, data: &[u8]) -> Result<(), String> {
        let len = c_int::try_from(data.len()).unwrap();
        // SAFETY: the connection is alive; it reads within the data.
        let count = unsafe { ffi::wolfSSL_write(self.ssl, data.as_ptr().cast(), len) };
        if count == len {
            Ok(())
        } else {
            Err(self.failure(count))
        }
    }

    fn close(&mut self) {
        // SAFETY: the connection is alive.
        unsafe { ffi::wolfSSL_shutdown(self.ssl) };
    }
}
