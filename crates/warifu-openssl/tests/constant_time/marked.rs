//! Operations on secrets that memcheck follows: a branch or an address that depends on a marked byte is reported, but for the places
//! that `allowed.supp` names, each with its reason.

use std::path::Path;

use warifu::parameters::ProtocolVersion;
use warifu::{Connection, Error, Psk, ServerConfig};
use warifu_crypto::legacy::{CbcDirection, CbcSuite};
use warifu_crypto::{Hash, HmacKey, Prk, constant_time};

use crate::inputs::{
    APPLICATION_DATA, Cbc, VERSION, ciphertexts, private_key, psk, psk_hello, random, receive,
};
use crate::valgrind::{make_public, make_secret, reports};

/// Prints how many reports there are of an operation.
fn scene(name: &str, operation: impl FnOnce()) {
    let before = reports();
    operation();
    println!("MARKED {}: {name}", reports() - before);
}

pub(crate) fn all(files: &Path) {
    planted();
    comparisons();
    cbc();
    rsa_ciphertexts(files);
    pre_shared_key();
}

/// What the test has to see.
fn planted() {
    static TABLE: [u8; 256] = [7; 256];
    let secret = random::<16>();
    make_secret(&secret);
    scene("planted branch", || {
        if std::hint::black_box(&secret)[3] & 1 == 1 {
            std::hint::black_box(&TABLE);
        }
    });
    scene("planted index", || {
        let place = usize::from(std::hint::black_box(&secret)[3]);
        std::hint::black_box(TABLE.get(std::hint::black_box(place)));
        std::hint::black_box(std::hint::black_box(&TABLE)[place]);
    });
    scene("planted comparison", || {
        if std::hint::black_box(&secret) == &[1; 16] {
            std::hint::black_box(&TABLE);
        }
    });
}

fn comparisons() {
    let (mut secret, other) = (random::<32>(), random::<32>());
    make_secret(&secret);
    scene("comparison, different", || {
        std::hint::black_box(constant_time::eq(&secret, &other));
    });
    secret = other;
    make_secret(&secret);
    scene("comparison, equal", || {
        std::hint::black_box(constant_time::eq(&secret, &other));
    });
    for hash in [Hash::Sha256, Hash::Sha384] {
        let key = random::<32>();
        make_secret(&key);
        scene(&format!("tag, {hash:?}"), || {
            let key = HmacKey::new(hash, &key);
            std::hint::black_box(key.verify(&[b"data"], &random::<48>()[..hash.output_len()]));
        });
        scene(&format!("HKDF, {hash:?}"), || {
            let mut out = [0; 48];
            let prk = Prk::extract(hash, &random::<32>(), &key);
            prk.expand_label(b"label", b"context", &mut out).unwrap();
            std::hint::black_box(&out);
        });
    }
}

/// Length of content, MAC and padding.
const LEN: usize = 320;

/// The records are marked, and with them all that is decrypted from them.
fn cbc() {
    for suite in CbcSuite::ALL {
        for implicit_iv in [false, true] {
            if implicit_iv && suite.mac_len() != 20 {
                continue;
            }
            let cbc = Cbc::new(suite, implicit_iv);
            for (what, padding, wrong) in [
                ("right", 12, None),
                ("right, longest padding", 256, None),
                ("wrong MAC", 12, Some(307)),
                ("wrong padding", 12, Some(308)),
            ] {
                let mut key = cbc.key(CbcDirection::Open, false);
                let mut record = cbc.record(LEN, padding, |plaintext| {
                    if let Some(place) = wrong {
                        plaintext[place] ^= 1;
                    }
                });
                make_secret(&record);
                let version = if implicit_iv { ", TLS 1.0" } else { "" };
                scene(&format!("{suite:?}{version}, {what}"), || {
                    let opened = key.open(0, APPLICATION_DATA, VERSION, &mut record).is_ok();
                    assert_eq!(opened, wrong.is_none());
                });
                make_public(&record);
            }
        }
    }
}

/// The ciphertext is marked, and with it all that is decrypted from it.
fn rsa_ciphertexts(files: &Path) {
    let key = private_key(files);
    for (name, encrypted) in ciphertexts(files) {
        make_secret(&encrypted);
        scene(&format!("RSA, {name}"), || {
            let secret = key.decrypt_premaster_secret(&encrypted, VERSION).unwrap();
            std::hint::black_box(secret.as_bytes());
        });
    }
}

/// A server whose key is marked, up to the alert that the binder is wrong.
fn pre_shared_key() {
    let key = random::<32>();
    make_secret(&key);
    let known = Psk::new("alice", key).unwrap();
    make_public(&key);
    let version = ProtocolVersion::TLS1_3;
    let server = ServerConfig::psk_builder(known)
        .with_versions(version..=version)
        .build()
        .unwrap();
    for (what, identity) in [("unknown identity", "nobody"), ("wrong key", "alice")] {
        let mut connection = Connection::server(server.clone());
        receive(&mut connection, &psk_hello([psk(identity, 1)]));
        scene(&format!("PSK, {what}"), || {
            let result = connection.process();
            assert!(matches!(result, Err(Error::Psk(_))), "{result:?}");
        });
    }
}
