//! Operations whose instructions are counted, for each class of inputs that an attacker could tell apart if the counts differed.
//!
//! The name of a count is `scene/class`. Classes of a scene come in turn, several times with other values.

use std::path::Path;
use std::sync::Arc;

use warifu::config::Policy;
use warifu::parameters::{CipherSuite, ProtocolVersion};
use warifu::psk::PskRole;
use warifu::{
    ClientConfig, Connection, Credential, Error, PeerMisbehaved, Psk, PskFailure, ServerConfig,
    Trust,
};
use warifu_crypto::legacy::{CbcDirection, CbcSuite};
use warifu_crypto::{Aead, AeadKey, Hash, HmacKey, Prk, constant_time};

use crate::inputs::{
    APPLICATION_DATA, Cbc, Log, VERSION, answered, ciphertexts, fresh_psk_server, last_flight,
    private_key, psk, psk_hello, psk_server, random, receive, rsa_hello, rsa_server, server_name,
};
use crate::valgrind::count;

/// How often each class is measured.
const TRIES: usize = 3;

/// Measures the classes of a scene.
fn scene<T>(name: &str, classes: &[&str], prepare: impl Fn(usize) -> T, run: impl Fn(T)) {
    // So that what is made once has been made.
    for number in 0..2 {
        run(prepare(number));
    }
    for _ in 0..TRIES {
        for (number, class) in classes.iter().enumerate() {
            let input = prepare(number);
            count(&format!("{name}/{class}"), || run(input));
        }
    }
}

pub(crate) fn all(files: &Path) {
    planted();
    comparisons();
    cbc();
    rsa_ciphertexts(files);
    handshakes_with_rsa(files);
    finished(files);
    pre_shared_keys();
    legacy_pre_shared_keys();
}

/// A comparison that ends at the first difference, and a branch: the test has to see them.
fn planted() {
    let secret = random::<32>();
    scene(
        "planted",
        &["first", "last"],
        |class| {
            let mut other = secret;
            other[class * 31] ^= 1;
            other
        },
        |other| {
            let equal = std::hint::black_box(secret)
                .iter()
                .zip(&other)
                .all(|(a, b)| std::hint::black_box(a) == b);
            assert!(!std::hint::black_box(equal));
        },
    );
}

const PLACES: [&str; 5] = ["first", "second", "middle", "last", "all"];

/// The value with the byte changed that a class of [`PLACES`] names.
fn changed(value: &[u8], class: usize) -> Vec<u8> {
    let mut value = value.to_vec();
    let last = value.len() - 1;
    match class {
        4 => value.iter_mut().for_each(|byte| *byte ^= 0x55),
        _ => value[[0, 1, last / 2, last][class]] ^= 1,
    }
    value
}

/// The comparison itself, and tags: of binders, of Finished, of records with encrypt-then-MAC.
fn comparisons() {
    for len in [12, 32, 48] {
        let value = random::<48>()[..len].to_vec();
        scene(
            &format!("comparison-{len}"),
            &PLACES,
            |class| changed(&value, class),
            |other| assert!(!constant_time::eq(&value, &other)),
        );
    }
    for hash in [Hash::Sha256, Hash::Sha384] {
        let key = HmacKey::new(hash, &random::<32>());
        scene(
            &format!("tag-{hash:?}"),
            &PLACES,
            |class| {
                let data = random::<32>();
                (data, changed(key.sign(&[&data]).as_ref(), class))
            },
            |(data, tag)| assert!(!key.verify(&[&data], &tag)),
        );
    }
    for suite in CbcSuite::ALL {
        let cbc = Cbc::new(suite, false);
        scene(
            &format!("encrypt-then-mac-{suite:?}"),
            &PLACES,
            |class| {
                let mut seal = cbc.key(CbcDirection::Seal, true);
                let mut record = vec![0; seal.sealed_len(100)];
                seal.seal(0, APPLICATION_DATA, VERSION, &random::<100>(), &mut record)
                    .unwrap();
                let at = record.len() - suite.mac_len();
                let tag = changed(&record[at..], class);
                record[at..].copy_from_slice(&tag);
                (cbc.key(CbcDirection::Open, true), record)
            },
            |(mut key, mut record)| {
                let opened = key.open(0, APPLICATION_DATA, VERSION, &mut record);
                assert!(std::hint::black_box(opened).is_err());
            },
        );
    }
}

/// Length of all that is encrypted of a record: content, MAC and padding.
const ENCRYPTED_LEN: usize = 320;

/// MAC-then-encrypt: what is wrong with a record, and how much padding it says it has.
fn cbc() {
    let suites = CbcSuite::ALL.into_iter();
    let implicit = suites.clone().filter(|suite| suite.mac_len() == 20);
    let all = suites
        .map(|suite| (suite, false))
        .chain(implicit.map(|suite| (suite, true)));
    for (suite, implicit_iv) in all {
        let every = suite == CbcSuite::Aes128Sha1 && !implicit_iv;
        let paddings: Vec<usize> = match every {
            true => (1..=256).collect(),
            false => vec![1, 2, 16, 17, 64, 128, 255, 256],
        };
        let kinds = ["wrong MAC", "wrong padding", "both wrong"];
        let classes: Vec<(String, usize, usize)> = paddings
            .iter()
            .flat_map(|padding| {
                let class =
                    move |kind: usize| (format!("{} {padding}", kinds[kind]), kind, *padding);
                (0..3).map(class)
            })
            // One byte of padding is its length, and any value of it is right or says something else.
            .filter(|(_, kind, padding)| *kind == 0 || *padding > 1)
            .collect();
        let names: Vec<&str> = classes.iter().map(|(name, ..)| &**name).collect();
        let cbc = Cbc::new(suite, implicit_iv);
        let version = if implicit_iv { "-TLS1.0" } else { "" };
        scene(
            &format!("cbc-{suite:?}{version}"),
            &names,
            |class| {
                let (_, kind, padding) = classes[class];
                let bit = 1 << (random::<1>()[0] % 8);
                let record = cbc.record(ENCRYPTED_LEN, padding, |plaintext| {
                    let padding_at = ENCRYPTED_LEN - padding;
                    if kind != 1 {
                        let place = usize::from(random::<1>()[0]) % suite.mac_len();
                        plaintext[padding_at - suite.mac_len() + place] ^= bit;
                    }
                    if kind != 0 {
                        let place = usize::from(random::<1>()[0]) % (padding - 1);
                        plaintext[padding_at + place] ^= bit;
                    }
                });
                (cbc.key(CbcDirection::Open, false), record)
            },
            |(mut key, mut record)| {
                let opened = key.open(0, APPLICATION_DATA, VERSION, &mut record);
                assert!(std::hint::black_box(opened).is_err());
            },
        );
    }
}

/// Ciphertexts for the private key, with right padding, premaster secret and version inside or anything else.
fn rsa_ciphertexts(files: &Path) {
    let key = private_key(files);
    let ciphertexts = ciphertexts(files);
    let names: Vec<&str> = ciphertexts.iter().map(|(name, _)| &**name).collect();
    scene(
        "rsa",
        &names,
        |class| ciphertexts[class].1.clone(),
        |encrypted| {
            let secret = key.decrypt_premaster_secret(&encrypted, VERSION).unwrap();
            assert_eq!(std::hint::black_box(secret).len(), 48);
        },
    );
}

/// The same, in a server that is sent the ciphertext, and then a Finished of somebody who does not know the secret.
fn handshakes_with_rsa(files: &Path) {
    for (suite, finished_len) in [
        (CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256, 8 + 16 + 16),
        (CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA, 16 + 48),
    ] {
        let server = rsa_server(files, suite);
        let hello = rsa_hello(files, suite);
        let ciphertexts = ciphertexts(files);
        let names: Vec<&str> = ciphertexts.iter().map(|(name, _)| &**name).collect();
        scene(
            &format!("server-{suite}"),
            &names,
            |class| {
                let mut server = answered(&server, &hello);
                let encrypted = &ciphertexts[class].1;
                let exchange = [&[1, 0][..], encrypted].concat();
                receive(&mut server, &last_flight(&exchange, finished_len));
                server
            },
            |mut server| {
                let expected = Error::PeerMisbehaved(PeerMisbehaved::BadRecordMac);
                assert_eq!(server.process(), Err(expected));
                std::mem::forget(server);
            },
        );
    }
}

/// A client's Finished of TLS 1.3 whose verify_data is wrong.
fn finished(files: &Path) {
    let credential =
        Credential::from_files(files.join("server.crt"), files.join("server.key")).unwrap();
    let suite = CipherSuite::TLS_AES_128_GCM_SHA256;
    let server = ServerConfig::builder(Arc::new(credential))
        .with_cipher_suites(&[suite])
        .build()
        .unwrap();
    scene(
        "finished",
        &PLACES,
        |class| {
            let log = Arc::new(Log::default());
            let trust = Trust::from_ca_file(files.join("ca.crt")).unwrap();
            let client = ClientConfig::builder(trust)
                .with_policy(Policy::Modern)
                .with_middlebox_compatibility(false)
                .with_key_log(log.clone())
                .build()
                .unwrap();
            let mut client = Connection::client(client, server_name());
            let mut server = Connection::server(server.clone());
            client.process().unwrap();
            receive(&mut server, client.output());
            let count = client.output().len();
            client.sent(count);
            server.process().unwrap();
            receive(&mut client, server.output());
            let count = server.output().len();
            server.sent(count);
            client.process().unwrap();
            // Decrypted, changed, and encrypted again.
            let secret = log.secret("CLIENT_HANDSHAKE_TRAFFIC_SECRET");
            let prk = Prk::from_secret(Hash::Sha256, &secret);
            let (mut key, mut iv) = ([0; 16], [0; 12]);
            prk.expand_label(b"key", b"", &mut key).unwrap();
            prk.expand_label(b"iv", b"", &mut iv).unwrap();
            let key = AeadKey::new(Aead::Aes128Gcm, &key).unwrap();
            let mut flight = client.output().to_vec();
            assert_eq!(flight.len(), 5 + 4 + 32 + 1 + 16);
            let (header, body) = flight.split_at_mut(5);
            let message = key.open_in_place(&iv, header, body).unwrap();
            let verify_data = changed(&message[4..36], class);
            let message = [&message[..4], &verify_data, &[22]].concat();
            key.seal_scatter(&iv, header, &message, &[], body).unwrap();
            receive(&mut server, &flight);
            server
        },
        |mut server| {
            let result = server.process();
            let expected = Error::PeerMisbehaved(PeerMisbehaved::BadFinished);
            assert_eq!(result, Err(expected));
            std::mem::forget(server);
        },
    );
}

/// A server of TLS 1.3 that is offered keys that it does not have, has with another value, or has for something else.
fn pre_shared_keys() {
    let version = ProtocolVersion::TLS1_3;
    let same: fn(Psk) -> Psk = |psk| psk;
    let client_only: fn(Psk) -> Psk = |psk| psk.with_role(PskRole::Client);
    let imported: fn(Psk) -> Psk = |psk| psk.with_import("context");
    for (name, server, client_has) in [
        ("psk", psk_server(version, same), same),
        (
            "psk-of-the-other-role",
            psk_server(version, client_only),
            same,
        ),
        ("psk-imported", psk_server(version, imported), imported),
        ("psk-fresh", fresh_psk_server(same), same),
        ("psk-fresh-imported", fresh_psk_server(imported), imported),
    ] {
        scene(
            name,
            &["unknown", "another unknown", "wrong key"],
            |class| {
                let identity = IDENTITIES[class];
                let mut connection = Connection::server(server.clone());
                receive(&mut connection, &psk_hello([client_has(psk(identity, 1))]));
                let refusal = match (class, name) {
                    (0 | 1, _) => Refusal::UnknownIdentity,
                    (_, "psk-of-the-other-role") => Refusal::Unusable,
                    _ => Refusal::WrongKey,
                };
                (connection, identity, refusal)
            },
            refuses,
        );
    }
    // The right key, with a binder that was changed.
    let server = psk_server(version, same);
    scene(
        "binder",
        &PLACES,
        |class| {
            let mut hello = psk_hello([psk("client-50", 7)]);
            let at = hello.len() - 32;
            let binder = changed(&hello[at..], class);
            hello[at..].copy_from_slice(&binder);
            let mut connection = Connection::server(server.clone());
            receive(&mut connection, &hello);
            (connection, IDENTITIES[2], Refusal::WrongKey)
        },
        refuses,
    );
}

/// Two that the server does not know, and one that it does.
const IDENTITIES: [&str; 3] = ["nobody-00", "nobody-01", "client-50"];

/// Which [`PskFailure`] a server ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    UnknownIdentity,
    WrongKey,
    WrongKeyInFinished,
    Unusable,
}

fn refuses((mut server, offered, expected): (Connection, &str, Refusal)) {
    let result = server.process();
    let Err(Error::Psk(failure)) = &result else {
        panic!("{result:?}");
    };
    let (refusal, identity) = match failure {
        PskFailure::UnknownIdentity { identity } => (Refusal::UnknownIdentity, identity),
        PskFailure::WrongKey { identity } => (Refusal::WrongKey, identity),
        PskFailure::WrongKeyInFinished { identity } => (Refusal::WrongKeyInFinished, identity),
        PskFailure::Unusable { identity, .. } => (Refusal::Unusable, identity),
        other => panic!("{other:?}"),
    };
    assert_eq!((refusal, &**identity), (expected, offered));
    std::mem::forget((server, result));
}

/// The same before TLS 1.3, where the key is of use to nobody but for the Finished.
fn legacy_pre_shared_keys() {
    let suite = CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256;
    let version = ProtocolVersion::TLS1_2;
    let server = psk_server(version, |psk| psk);
    let client = ClientConfig::psk_builder([psk("client-50", 1)])
        .with_versions(version..=version)
        .with_cipher_suites(&[suite])
        .build()
        .unwrap();
    let hello = crate::inputs::hello(client);
    scene(
        "psk-of-TLS1.2",
        &["unknown", "another unknown", "wrong key"],
        |class| {
            let identity = IDENTITIES[class];
            let mut server = answered(&server, &hello);
            let exchange = [&[0, 9][..], identity.as_bytes()].concat();
            receive(&mut server, &last_flight(&exchange, 8 + 16 + 16));
            let refusal = match class {
                2 => Refusal::WrongKeyInFinished,
                _ => Refusal::UnknownIdentity,
            };
            (server, identity, refusal)
        },
        refuses,
    );
}
