//! purecrypto: external and imported keys, both modes, both hashes, both roles.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;

use purecrypto::tls::{
    Config, Connection, Error, ExternalPsk, HandshakeStatus, HashAlg, NamedGroup, ProtocolVersion,
    PskKeyExchangeMode,
};
use warifu_interop_peers::{Facts, Hash, MOMENT, Mode, Options, Received, Role, Session, run};

fn main() -> ExitCode {
    let options = Options::parse();
    let config = config(&options);
    let connection = match options.role {
        Role::Client => Connection::client(&config),
        Role::Server => Connection::server(&config),
    };
    let mut session = Pure {
        connection: connection.unwrap(),
        transport: options.transport(),
        is_external: options.import.is_none(),
    };
    run(session.handshake().map(|()| session))
}

fn config(options: &Options) -> Config {
    let hash = match options.hash {
        Hash::Sha256 => HashAlg::Sha256,
        Hash::Sha384 => HashAlg::Sha384,
    };
    let (identity, key) = (options.identity.clone().into_bytes(), options.key.clone());
    let psk = match &options.import {
        // It derives with one hash, the key's own, which is the target's as well.
        Some(context) => ExternalPsk::import(identity, context.as_bytes(), key, hash).unwrap(),
        None => ExternalPsk::new(identity, key).unwrap().with_hash(hash),
    };
    let modes = options.modes.iter().map(|mode| match mode {
        Mode::PskKe => PskKeyExchangeMode::PskKe,
        Mode::PskDheKe => PskKeyExchangeMode::PskDheKe,
    });
    let modes: Vec<_> = modes.collect();
    let mut builder = Config::builder()
        .rng(std::sync::Arc::new(purecrypto::rng::OsRng))
        .min_version(ProtocolVersion::TLSv1_3)
        .max_version(ProtocolVersion::TLSv1_3)
        .external_psk(psk)
        .psk_modes(&modes);
    if options.role == Role::Client {
        builder = builder.server_name("localhost");
    }
    if let Some(suite) = options.suite {
        builder = builder.cipher_suites(&[suite]);
    }
    let groups: Vec<_> = options.groups.iter().map(|number| group(*number)).collect();
    if let [first, ..] = *groups {
        builder = builder.key_exchange_groups(&groups).key_shares(&[first]);
    }
    builder.build()
}

const GROUPS: [(u16, NamedGroup); 5] = [
    (0x0017, NamedGroup::Secp256r1),
    (0x0018, NamedGroup::Secp384r1),
    (0x0019, NamedGroup::Secp521r1),
    (0x001d, NamedGroup::X25519),
    (0x11ec, NamedGroup::X25519MlKem768),
];

fn group(number: u16) -> NamedGroup {
    let found = GROUPS.iter().find(|(known, _)| *known == number);
    found.unwrap_or_else(|| panic!("no group: {number:04x}")).1
}

struct Pure {
    connection: Connection,
    transport: TcpStream,
    is_external: bool,
}

impl Pure {
    fn handshake(&mut self) -> Result<(), String> {
        loop {
            let status = self.connection.handshake();
            self.flush();
            match status.map_err(failure)? {
                HandshakeStatus::Complete => break,
                HandshakeStatus::WantWrite => {}
                HandshakeStatus::WantRead => {
                    let mut buffer = [0; 1 << 14];
                    let count = self
                        .transport
                        .read(&mut buffer)
                        .map_err(|e| e.to_string())?;
                    if count == 0 {
                        return Err("end of the transport".to_owned());
                    }
                    let fed = self.connection.feed(&buffer[..count]);
                    self.flush();
                    fed.map_err(failure)?;
                }
            }
        }
        self.transport.set_read_timeout(Some(MOMENT)).unwrap();
        Ok(())
    }

    fn flush(&mut self) {
        let output = self.connection.pop().unwrap_or_default();
        // Where the other side is gone, reading tells.
        let _ = self.transport.write_all(&output);
    }
}

fn failure(error: Error) -> String {
    format!("{error:?}: {error}")
}

impl Session for Pure {
    fn facts(&mut self) -> Facts {
        let connection = &self.connection;
        let number = |group| GROUPS.iter().find(|(_, known)| *known == group);
        let is_dhe = connection.psk_key_exchange_mode() != Some(PskKeyExchangeMode::PskKe);
        let group = connection.negotiated_group().filter(|_| is_dhe);
        Facts {
            suite: connection.negotiated_cipher_suite().unwrap(),
            group: group.and_then(number).map_or(0, |(number, _)| *number),
            identity: connection.external_psk_identity().map(|identity| {
                // An imported one is the whole ImportedIdentity.
                let text = match identity {
                    [0, len, rest @ ..] if !self.is_external => &rest[..usize::from(*len)],
                    plain => plain,
                };
                String::from_utf8_lossy(text).into_owned()
            }),
            peer_certificate: !connection.peer_certificates().is_empty(),
            early_data_accepted: connection.early_data_accepted(),
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<Received, String> {
        let data = self.connection.recv().map_err(failure)?;
        if !data.is_empty() {
            buffer[..data.len()].copy_from_slice(&data);
            return Ok(Received::Data(data.len()));
        }
        if self.connection.received_close_notify() {
            return Ok(Received::Closed);
        }
        match self.transport.read(buffer) {
            Ok(0) => Err("end of the transport without close_notify".to_owned()),
            Ok(count) => {
                let fed = self.connection.feed(&buffer[..count]);
                self.flush();
                fed.map_err(failure)?;
                Ok(Received::Nothing)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Received::Nothing),
            Err(error) => Err(error.to_string()),
        }
    }

    fn send(&mut self, data: &[u8]) -> Result<(), String> {
        self.connection.send(data).map_err(failure)?;
        self.flush();
        Ok(())
    }

    fn close(&mut self) {
        let _ = self.connection.close();
        self.flush();
    }
}
