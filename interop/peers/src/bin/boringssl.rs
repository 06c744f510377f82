//! BoringSSL: imported keys (RFC 9258) and psk_dhe_ke alone, both roles; each key for SHA-256 and SHA-384.
#![allow(clippy::unwrap_used)]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;

use boring::ssl::{ShutdownState, SslContext, SslContextBuilder, SslMethod, SslStream, SslVersion};
use boring_sys as ffi;
use warifu_interop_peers::{Facts, Hash, MOMENT, Options, Received, Role, Session, run};

fn main() -> ExitCode {
    let options = Options::parse();
    let context = context(&options);
    let ssl = boring::ssl::Ssl::new(&context).unwrap();
    let transport = options.transport();
    let result = match options.role {
        Role::Client => ssl.setup_connect(transport).handshake(),
        Role::Server => ssl.setup_accept(transport).handshake(),
    };
    run(result.map_err(|error| error.to_string()).map(|stream| {
        stream.get_ref().set_read_timeout(Some(MOMENT)).unwrap();
        Boring {
            stream,
            identity: options.identity,
        }
    }))
}

fn context(options: &Options) -> SslContext {
    let mut builder = SslContextBuilder::new(SslMethod::tls()).unwrap();
    builder
        .set_min_proto_version(Some(SslVersion::TLS1_3))
        .unwrap();
    if !options.groups.is_empty() {
        let names: Vec<_> = options.groups.iter().map(|number| group(*number)).collect();
        builder.set_curves_list(&names.join(":")).unwrap();
    }
    let context = options
        .import
        .as_deref()
        .expect("BoringSSL has imported keys alone");
    // SAFETY: the builder's context is alive; key, identity and context are read within their lengths and copied;
    // the digest is static. The context takes a reference of its own to the credential, ours is given back.
    unsafe {
        if let Some(suite) = options.suite {
            let set =
                ffi::SSL_CTX_set1_tls13_ciphers(builder.as_ptr(), &suite, std::ptr::null(), 1);
            assert_eq!(set, 1);
        }
        let digest = match options.hash {
            Hash::Sha256 => ffi::EVP_sha256(),
            Hash::Sha384 => ffi::EVP_sha384(),
        };
        let credential = ffi::SSL_CREDENTIAL_new_pre_shared_key(
            options.key.as_ptr(),
            options.key.len(),
            options.identity.as_ptr(),
            options.identity.len(),
            digest,
            context.as_ptr(),
            context.len(),
        );
        assert!(!credential.is_null());
        assert_eq!(
            ffi::SSL_CTX_add1_credential(builder.as_ptr(), credential),
            1
        );
        ffi::SSL_CREDENTIAL_free(credential);
    }
    builder.build()
}

fn group(number: u16) -> &'static str {
    match number {
        0x0017 => "P-256",
        0x0018 => "P-384",
        0x0019 => "P-521",
        0x001d => "X25519",
        0x11ec => "X25519MLKEM768",
        _ => panic!("no group: {number:04x}"),
    }
}

struct Boring {
    stream: SslStream<TcpStream>,
    identity: String,
}

impl Session for Boring {
    fn facts(&mut self) -> Facts {
        let ssl = self.stream.ssl();
        Facts {
            suite: ssl.current_cipher().unwrap().protocol_id(),
            group: ssl.curve().unwrap_or(0),
            // With no certificate configured, nothing but the key makes a handshake succeed.
            identity: Some(self.identity.clone()),
            peer_certificate: ssl.peer_certificate().is_some(),
            early_data_accepted: false,
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<Received, String> {
        match self.stream.read(buffer) {
            Ok(0) if self.stream.get_shutdown().contains(ShutdownState::RECEIVED) => {
                Ok(Received::Closed)
            }
            Ok(0) => Err("end of the transport without close_notify".to_owned()),
            Ok(count) => Ok(Received::Data(count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Received::Nothing),
            Err(error) => Err(error.to_string()),
        }
    }

    fn send(&mut self, data: &[u8]) -> Result<(), String> {
        self.stream
            .write_all(data)
            .map_err(|error| error.to_string())
    }

    fn close(&mut self) {
        let _ = self.stream.shutdown();
    }
}
