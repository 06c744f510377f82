//! What an attacker sends: records of the CBC suites, ciphertexts of RSA, ClientHellos.

use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use warifu::config::{KeyLog, Policy};
use warifu::decision::Answer;
use warifu::parameters::{CipherSuite, ProtocolVersion};
use warifu::psk::{PskRequest, PskTable};
use warifu::{ClientConfig, Connection, Credential, Error, Psk, PskStore, ServerConfig, Trust};
use warifu_crypto::PrivateKey;
use warifu_crypto::legacy::{CbcDirection, CbcKey, CbcSuite};

pub(crate) fn random<const LEN: usize>() -> [u8; LEN] {
    let mut bytes = [0; LEN];
    warifu_crypto::random::fill(&mut bytes).unwrap();
    bytes
}

/// The keys of a connection with a CBC suite.
pub(crate) struct Cbc {
    pub(crate) suite: CbcSuite,
    mac_key: Vec<u8>,
    key: Vec<u8>,
    /// TLS 1.0.
    iv: Option<Vec<u8>>,
}

pub(crate) const VERSION: [u8; 2] = [3, 3];
pub(crate) const APPLICATION_DATA: u8 = 23;

impl Cbc {
    pub(crate) fn new(suite: CbcSuite, implicit_iv: bool) -> Self {
        Self {
            suite,
            mac_key: random::<48>()[..suite.mac_key_len()].to_vec(),
            key: random::<32>()[..suite.key_len()].to_vec(),
            iv: implicit_iv.then(|| random::<16>()[..suite.block_len()].to_vec()),
        }
    }

    pub(crate) fn key(&self, direction: CbcDirection, encrypt_then_mac: bool) -> CbcKey {
        let (mac_key, key) = (&self.mac_key, &self.key);
        CbcKey::new(
            self.suite,
            direction,
            encrypt_then_mac,
            mac_key,
            key,
            self.iv.as_deref(),
        )
        .unwrap()
    }

    /// The MAC of MAC-then-encrypt, of the first record.
    pub(crate) fn mac(&self, content: &[u8]) -> Vec<u8> {
        let algorithm = match self.suite {
            CbcSuite::Aes128Sha256 => hmac::HMAC_SHA256,
            CbcSuite::Aes256Sha384 => hmac::HMAC_SHA384,
            _ => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        };
        let len = u16::try_from(content.len()).unwrap().to_be_bytes();
        let header = [&[0; 8][..], &[APPLICATION_DATA], &VERSION, &len].concat();
        let key = hmac::Key::new(algorithm, &self.mac_key);
        let tag = hmac::sign(&key, &[&header, content].concat());
        tag.as_ref().to_vec()
    }

    /// Encrypts whole blocks, whatever they are, to a record's fragment: encrypt-then-MAC encrypts what it is given before padding it,
    /// and what comes after that is cut off.
    pub(crate) fn encrypt(&self, plaintext: &[u8]) -> Vec<u8> {
        let mut key = self.key(CbcDirection::Seal, true);
        let mut out = vec![0; key.sealed_len(plaintext.len())];
        key.seal(0, APPLICATION_DATA, VERSION, plaintext, &mut out)
            .unwrap();
        let iv_len = if self.iv.is_some() {
            0
        } else {
            self.suite.block_len()
        };
        out.truncate(iv_len + plaintext.len());
        out
    }

    /// A record whose plaintext is so long, with `padding_len` bytes of padding, its length among them.
    pub(crate) fn record(
        &self,
        len: usize,
        padding_len: usize,
        change: impl FnOnce(&mut [u8]),
    ) -> Vec<u8> {
        let mut content = vec![0; len - self.suite.mac_len() - padding_len];
        warifu_crypto::random::fill(&mut content).unwrap();
        let padding = vec![u8::try_from(padding_len - 1).unwrap(); padding_len];
        let mut plaintext = [&content, &self.mac(&content)[..], &padding].concat();
        change(&mut plaintext);
        self.encrypt(&plaintext)
    }
}

// Handshakes.

/// The last secret of a label.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<Vec<(String, Vec<u8>)>>);

impl KeyLog for Log {
    fn log(&self, label: &str, _: &[u8; 32], secret: &[u8]) {
        self.0
            .lock()
            .unwrap()
            .push((label.to_owned(), secret.to_vec()));
    }
}

impl Log {
    pub(crate) fn secret(&self, label: &str) -> Vec<u8> {
        let all = self.0.lock().unwrap();
        all.iter().rfind(|(of, _)| of == label).unwrap().1.clone()
    }
}

pub(crate) fn server_name() -> warifu::pki_types::ServerName<'static> {
    "localhost".try_into().unwrap()
}

pub(crate) fn psk(identity: &str, seed: u8) -> Psk {
    Psk::new(identity, [seed; 32]).unwrap()
}

/// Keys that a server has.
const KEYS: usize = 100;

/// A server of one version with keys for client-00 to client-99.
pub(crate) fn psk_server(
    version: ProtocolVersion,
    change: impl Fn(Psk) -> Psk,
) -> Arc<ServerConfig> {
    let keys = (0..KEYS).map(|number| change(psk(&format!("client-{number:02}"), 7)));
    ServerConfig::psk_builder(PskTable::new(keys).unwrap())
        .with_policy(Policy::Compat)
        .with_versions(version..=version)
        .build()
        .unwrap()
}

/// Makes a new `Psk` for each look-up, and takes as long where there is none.
#[derive(Debug)]
struct Fresh(fn(Psk) -> Psk);

impl PskStore for Fresh {
    fn find<'a>(&'a self, request: PskRequest<'a>) -> Answer<'a, Result<Option<Psk>, Error>> {
        let psk = (self.0)(Psk::new(request.identity, [7; 32]).unwrap());
        let found = request.identity.starts_with(b"client");
        Answer::Ready(Ok(found.then_some(psk)))
    }
}

/// A server of TLS 1.3 whose keys were never used before.
pub(crate) fn fresh_psk_server(change: fn(Psk) -> Psk) -> Arc<ServerConfig> {
    ServerConfig::psk_builder(Fresh(change))
        .with_versions(ProtocolVersion::TLS1_3..=ProtocolVersion::TLS1_3)
        .build()
        .unwrap()
}

/// The ClientHello of a client with these keys.
pub(crate) fn psk_hello(keys: impl IntoIterator<Item = Psk>) -> Vec<u8> {
    let config = ClientConfig::psk_builder(keys)
        .with_versions(ProtocolVersion::TLS1_3..=ProtocolVersion::TLS1_3)
        .build()
        .unwrap();
    hello(config)
}

pub(crate) fn hello(config: Arc<ClientConfig>) -> Vec<u8> {
    let mut client = Connection::client(config, server_name());
    client.process().unwrap();
    client.output().to_vec()
}

pub(crate) fn rsa_server(files: &Path, suite: CipherSuite) -> Arc<ServerConfig> {
    let credential = Credential::from_files(files.join("rsa.crt"), files.join("rsa.key")).unwrap();
    ServerConfig::builder(Arc::new(credential))
        .with_versions(ProtocolVersion::TLS1_2..=ProtocolVersion::TLS1_2)
        .with_cipher_suites(&[suite])
        .with_encrypt_then_mac(false)
        .build()
        .unwrap()
}

pub(crate) fn rsa_hello(files: &Path, suite: CipherSuite) -> Vec<u8> {
    let trust = Trust::from_ca_file(files.join("ca.crt")).unwrap();
    let config = ClientConfig::builder(trust)
        .with_versions(ProtocolVersion::TLS1_2..=ProtocolVersion::TLS1_2)
        .with_cipher_suites(&[suite])
        .with_encrypt_then_mac(false)
        .build()
        .unwrap();
    hello(config)
}

fn record(content_type: u8, content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[content_type, 3, 3, len[0], len[1]][..], content].concat()
}

/// ClientKeyExchange, change_cipher_spec, and what is no Finished under any keys.
pub(crate) fn last_flight(exchange: &[u8], finished_len: usize) -> Vec<u8> {
    let len = u16::try_from(exchange.len()).unwrap().to_be_bytes();
    let message = [&[16, 0, len[0], len[1]][..], exchange].concat();
    [
        record(22, &message),
        record(20, &[1]),
        record(22, &vec![0x5a; finished_len]),
    ]
    .concat()
}

/// A server that has got this far: it has answered the ClientHello.
pub(crate) fn answered(config: &Arc<ServerConfig>, hello: &[u8]) -> Connection {
    let mut server = Connection::server(config.clone());
    receive(&mut server, hello);
    server.process().unwrap();
    let count = server.output().len();
    server.sent(count);
    server
}

/// Gives all of it to a connection, which may take it in parts, but for the processing of the last.
pub(crate) fn receive(connection: &mut Connection, bytes: &[u8]) {
    let mut rest = &bytes[connection.receive(bytes)..];
    while !rest.is_empty() {
        connection.process().unwrap();
        rest = &rest[connection.receive(rest)..];
    }
}

/// Ciphertexts for the RSA key of the files, with what is inside: the program that starts this one under valgrind has made them, as
/// the arithmetic takes long there. Those that anyone can tell are left out: 0, 1 and what is not below the modulus.
pub(crate) fn ciphertexts(files: &Path) -> Vec<(String, Vec<u8>)> {
    let text = std::fs::read_to_string(files.join(CIPHERTEXTS)).unwrap();
    let byte = |digits: &[u8]| u8::from_str_radix(str::from_utf8(digits).unwrap(), 16).unwrap();
    text.lines()
        .map(|line| {
            let (digits, name) = line.split_once(' ').unwrap();
            (
                name.to_owned(),
                digits.as_bytes().chunks(2).map(byte).collect(),
            )
        })
        .collect()
}

const CIPHERTEXTS: &str = "ciphertexts";

pub(crate) fn make_ciphertexts(files: &Path) {
    let mut text = String::new();
    for (name, ciphertext) in crate::rsa::ciphertexts(&private_key(files), 0x0303) {
        if !["0", "1", "the modulus", "more than the modulus"].contains(&name) {
            let digits: String = ciphertext
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            text.push_str(&format!("{digits} {name}\n"));
        }
    }
    std::fs::write(files.join(CIPHERTEXTS), text).unwrap();
}

pub(crate) fn private_key(files: &Path) -> PrivateKey {
    PrivateKey::from_der(&std::fs::read(files.join("rsa.key.der")).unwrap()).unwrap()
}
