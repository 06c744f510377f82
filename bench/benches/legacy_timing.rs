//! Whether the time in which a server of TLS 1.2 refuses something tells what was wrong with it.
//!
//! `cargo bench --bench legacy_timing -- [--tries N] [NAME…]`. Each scene has classes of input, N tries of each (100,000; a fifth of
//! it where the server has an RSA operation to do), given in random order to new server connections; the time of the call that refuses
//! it is taken.
//!
//! - `lucky13-…`: records of a CBC suite with MAC-then-encrypt, all of one length, with right and wrong padding and MAC (Lucky
//!   Thirteen, POODLE);
//! - `bleichenbacher-…`: ClientKeyExchange with ciphertexts that hold a good premaster secret or anything else, and the
//!   change_cipher_spec and Finished of somebody who does not know it;
//! - `psk-…`: identities that nobody has, and a known one with a wrong key.
//!
//! The second class of each is a control: the same as the first. Printed is Welch's t of the first against each of the others,
//! over the central part of the distribution, and the difference of the means. dudect calls |t| above 4.5 probable and above 10
//! certain evidence of a difference.

use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use warifu::config::KeyLog;
use warifu::parameters::{CipherSuite, ProtocolVersion};
use warifu::psk::PskTable;
use warifu::{ClientConfig, Connection, Credential, Error, Psk, ServerConfig, Trust};
use warifu_bench::statistics::{CENTRAL, Random, compare};
use warifu_crypto::PrivateKey;

// The tests' own implementation of these versions: what a peer that has the keys can make.
#[allow(dead_code, clippy::all)]
#[path = "../../crates/warifu/tests/legacy_hostile/crypto.rs"]
mod crypto;
#[allow(dead_code, clippy::all)]
#[path = "../../crates/warifu/tests/legacy_hostile/rsa.rs"]
mod rsa;

use crypto::{Cipher, Defect, Protection, TLS1_2, key_block};

/// Inputs of each class where they can be made before, so that no result hangs on the bytes of one.
const VARIANTS: usize = 64;
/// Keys that the server has beside the one that is tried.
const OTHERS: usize = 1000;

fn main() {
    let mut tries = 100_000;
    let mut names = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // cargo's own
            "--bench" => {}
            "--tries" => tries = arguments.next().unwrap().parse().unwrap(),
            name => names.push(name.to_owned()),
        }
    }
    println!("{tries} tries of each class; time of the wall; t over the central part {CENTRAL:?}");
    let wanted = |name: &str| names.is_empty() || names.iter().any(|part| name.contains(&**part));
    for (name, suite, cipher) in [
        (
            "lucky13-sha1",
            CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA,
            Cipher::CbcSha1,
        ),
        (
            "lucky13-sha256",
            CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA256,
            Cipher::CbcSha256,
        ),
    ] {
        if wanted(name) {
            println!("{name}: {suite}");
            lucky13(tries, suite, cipher);
        }
    }
    for (name, suite) in [
        (
            "bleichenbacher-gcm",
            CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256,
        ),
        (
            "bleichenbacher-cbc",
            CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA,
        ),
    ] {
        if wanted(name) {
            println!("{name}: {suite}");
            bleichenbacher(tries.div_ceil(5), suite);
        }
    }
    for (name, suite) in [
        ("psk-gcm", CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256),
        ("psk-cbc", CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA),
    ] {
        if wanted(name) {
            println!("{name}: {suite}");
            pre_shared_keys(tries, suite);
        }
    }
}

/// Takes the time of each class `tries` times, in random order.
fn measure(classes: &[&str], tries: usize, mut refuse: impl FnMut(usize, &mut Random) -> f64) {
    let mut random = Random::new();
    let mut order: Vec<usize> = (0..classes.len() * tries)
        .map(|index| index % classes.len())
        .collect();
    random.shuffle(&mut order);
    for number in 0..1000.min(tries) {
        black_box(refuse(number % classes.len(), &mut random));
    }
    let mut times = vec![Vec::new(); classes.len()];
    for class in order {
        times[class].push(refuse(class, &mut random));
    }
    compare(classes, &times);
}

fn tls12() -> std::ops::RangeInclusive<ProtocolVersion> {
    ProtocolVersion::TLS1_2..=ProtocolVersion::TLS1_2
}

fn psk(identity: &str, seed: u8) -> Psk {
    Psk::new(identity, [seed; 32]).unwrap()
}

/// As long as [`unknown_name`].
fn known_name() -> String {
    "client-0000000".to_owned()
}

fn unknown_name(number: usize) -> String {
    format!("nobody-{number:07}")
}

fn psk_server(suite: CipherSuite) -> Arc<ServerConfig> {
    let keys = (0..OTHERS).map(|number| psk(&format!("client-{number:07}"), 7));
    ServerConfig::psk_builder(PskTable::new(keys).unwrap())
        .with_versions(tls12())
        .with_cipher_suites(&[suite])
        .with_encrypt_then_mac(false)
        .build()
        .unwrap()
}

fn server_name() -> warifu::pki_types::ServerName<'static> {
    "server.example".try_into().unwrap()
}

/// The main secret of the last connection.
#[derive(Debug, Default)]
struct MainSecret(Mutex<([u8; 32], Vec<u8>)>);

impl KeyLog for MainSecret {
    fn log(&self, _: &str, client_random: &[u8; 32], secret: &[u8]) {
        *self.0.lock().unwrap() = (*client_random, secret.to_vec());
    }
}

/// Nanoseconds until a connection has failed; what was received is refused by `call`.
fn time<T: std::fmt::Debug>(
    call: impl FnOnce() -> Result<T, Error>,
    is_refusal: impl FnOnce(&Error) -> bool,
) -> f64 {
    let start = Instant::now();
    let result = black_box(call());
    let elapsed = start.elapsed();
    assert!(result.as_ref().is_err_and(is_refusal), "{result:?}");
    elapsed.as_nanos() as f64
}

/// All that is sealed is of 320 bytes: content, MAC and padding.
const SEALED_LEN: usize = 320;

fn lucky13(tries: usize, suite: CipherSuite, cipher: Cipher) {
    let server = psk_server(suite);
    let log = Arc::new(MainSecret::default());
    let client = ClientConfig::psk_builder([psk(&known_name(), 7)])
        .with_versions(tls12())
        .with_cipher_suites(&[suite])
        .with_encrypt_then_mac(false)
        .with_key_log(log.clone())
        .build()
        .unwrap();
    // Length of the padding, the last byte included; whether it is right; whether the MAC is.
    let classes = [
        ("wrong MAC, short padding", 12, true, false),
        ("the same", 12, true, false),
        ("wrong MAC, padding of 128", 128, true, false),
        ("wrong MAC, longest padding", 256, true, false),
        ("wrong padding, said short", 12, false, true),
        ("wrong padding, said 128", 128, false, true),
        ("wrong padding, said longest", 256, false, true),
        ("both wrong, said longest", 256, false, false),
    ];
    let names = classes.map(|(name, ..)| name);
    measure(&names, tries, |class, random| {
        let (mut server, seal) = established(&client, &server, &log, cipher);
        // One of each class, so that what was done before does not tell either.
        let records = classes.map(|(_, padding_len, right_padding, right_mac)| {
            let content_len = SEALED_LEN - cipher.mac_len() - padding_len;
            let mut padding = vec![(padding_len - 1) as u8; padding_len];
            let at = random.below(padding_len - 1);
            padding[at] ^= u8::from(!right_padding) << random.below(8);
            let defect = Defect {
                padding: Some(padding),
                wrong_mac: !right_mac,
                short: false,
            };
            seal.clone()
                .seal_with(23, &vec![0x61; content_len], &defect)
        });
        let record = &records[class];
        assert_eq!(record.len(), 5 + 16 + SEALED_LEN);
        assert_eq!(server.receive(record), record.len());
        let bad_mac = warifu::PeerMisbehaved::BadRecordMac;
        time(
            || server.read(&mut [0; 1]),
            |error| *error == Error::PeerMisbehaved(bad_mac),
        )
    });
}

/// A server's connection, and the keys of its client for the next record.
fn established(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    log: &MainSecret,
    cipher: Cipher,
) -> (Connection, Protection) {
    let mut client = Connection::client(client.clone(), server_name());
    let mut server = Connection::server(server.clone());
    let mut server_random = [0; 32];
    while client.is_handshaking() || server.is_handshaking() {
        client.process().unwrap();
        let count = server.receive(client.output());
        client.sent(count);
        server.process().unwrap();
        let output = server.output();
        // Behind the headers of record and message, and the version.
        if let (Some(random), [22, _, _, _, _, 2, ..]) = (output.get(11..43), output) {
            server_random.copy_from_slice(random);
        }
        let count = client.receive(output);
        server.sent(count);
    }
    let (client_random, main) = log.0.lock().unwrap().clone();
    let [mut keys, _] = key_block(TLS1_2, cipher, false, &main, &client_random, &server_random);
    keys.sequence = 1;
    (server, keys)
}

fn bleichenbacher(tries: usize, suite: CipherSuite) {
    let ca = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let params = rcgen::CertificateParams::new(vec!["server.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&ca).unwrap().der().clone();
    let der = ca.serialize_der();
    let key = PrivateKey::from_der(&der).unwrap();
    let credential = Credential::from_der(vec![certificate.clone()], &der).unwrap();
    let server = ServerConfig::builder(Arc::new(credential))
        .with_versions(tls12())
        .with_cipher_suites(&[suite])
        .with_encrypt_then_mac(false)
        .build()
        .unwrap();
    let trust = Trust::builder()
        .with_ca_bytes(&certificate)
        .build()
        .unwrap();
    let client = ClientConfig::builder(trust)
        .with_versions(tls12())
        .with_cipher_suites(&[suite])
        .with_encrypt_then_mac(false)
        .build()
        .unwrap();
    let hello = client_hello(client);
    let good = || rsa::block(&rsa::secret(TLS1_2, 48));
    let bad_padding = || {
        let mut block = good();
        block[100] = 0;
        block
    };
    let bad_type = || {
        let mut block = good();
        block[1] = 1;
        block
    };
    type Block<'a> = &'a dyn Fn() -> [u8; 256];
    let classes: [(&str, Block<'_>); 8] = [
        ("good", &good),
        ("good too", &good),
        ("a zero in the padding", &bad_padding),
        ("another block type", &bad_type),
        ("another version", &|| {
            rsa::block(&rsa::secret(TLS1_2 - 1, 48))
        }),
        ("47 bytes", &|| rsa::block(&rsa::secret(TLS1_2, 47))),
        ("no bytes", &|| rsa::block(&[])),
        ("a small number", &|| {
            let mut block = [0; 256];
            block[128..].copy_from_slice(&good()[128..]);
            block
        }),
    ];
    let flights: Vec<Vec<Vec<u8>>> = classes
        .iter()
        .map(|(_, block)| {
            let one = || {
                let encrypted = rsa::encrypt(&key, &block());
                let body = [&[1, 0][..], &encrypted].concat();
                last_flight(&body, suite)
            };
            (0..VARIANTS).map(|_| one()).collect()
        })
        .collect();
    let names = classes.map(|(name, _)| name);
    measure(&names, tries, |class, random| {
        let flight = &flights[class][random.below(VARIANTS)];
        let bad_mac = warifu::PeerMisbehaved::BadRecordMac;
        refuse(&server, &hello, flight, |error| {
            *error == Error::PeerMisbehaved(bad_mac)
        })
    });
}

fn pre_shared_keys(tries: usize, suite: CipherSuite) {
    let server = psk_server(suite);
    let client = ClientConfig::psk_builder([psk(&known_name(), 1)])
        .with_versions(tls12())
        .with_cipher_suites(&[suite])
        .with_encrypt_then_mac(false)
        .build()
        .unwrap();
    let hello = client_hello(client);
    let flights = [unknown_name(0), unknown_name(1), known_name()].map(|identity| {
        let body = [&[0, 14][..], identity.as_bytes()].concat();
        last_flight(&body, suite)
    });
    measure(&["unknown", "another", "wrong"], tries, |class, _| {
        refuse(&server, &hello, &flights[class], |error| {
            matches!(error, Error::Psk(_))
        })
    });
}

fn client_hello(config: Arc<ClientConfig>) -> Vec<u8> {
    let mut client = Connection::client(config, server_name());
    client.process().unwrap();
    client.output().to_vec()
}

fn record(content_type: u8, content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[content_type, 3, 3, len[0], len[1]][..], content].concat()
}

/// ClientKeyExchange, change_cipher_spec, and what is no Finished under any keys.
fn last_flight(exchange: &[u8], suite: CipherSuite) -> Vec<u8> {
    let len = u16::try_from(exchange.len()).unwrap().to_be_bytes();
    let message = [&[16, 0, len[0], len[1]][..], exchange].concat();
    let finished_len = match suite.to_string().contains("CBC") {
        true => 16 + 48,
        false => 8 + 16 + 16,
    };
    [
        record(22, &message),
        record(20, &[1]),
        record(22, &vec![0x5a; finished_len]),
    ]
    .concat()
}

/// Nanoseconds in which a new connection refuses the client's last flight.
fn refuse(
    config: &Arc<ServerConfig>,
    hello: &[u8],
    flight: &[u8],
    is_refusal: impl FnOnce(&Error) -> bool,
) -> f64 {
    let mut server = Connection::server(config.clone());
    assert_eq!(server.receive(hello), hello.len());
    server.process().unwrap();
    let count = server.output().len();
    server.sent(count);
    assert_eq!(server.receive(flight), flight.len());
    time(|| server.process(), is_refusal)
}
