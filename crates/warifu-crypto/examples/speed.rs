//! What the operations of a TLS 1.3 connection cost on this machine, and the memory a key takes.
//!
//! `cargo run --release -p warifu-crypto --example speed`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::hint::black_box;
use std::time::{Duration, Instant};
use warifu_crypto::{
    Aead, AeadKey, Group, Hash, HashContext, HmacKey, KeyKind, KeyShare, PrivateKey, Prk,
    PublicKey, respond,
};

/// Nanoseconds for one call: the best of five rounds of 40 ms, so that a busy machine tells the truth.
fn time(mut operation: impl FnMut()) -> f64 {
    let mut calls = 1u32;
    let mut best = f64::MAX;
    let mut rounds = 0;
    while rounds < 5 {
        let start = Instant::now();
        for _ in 0..calls {
            operation();
        }
        let took = start.elapsed();
        if took < Duration::from_millis(40) {
            calls = calls.saturating_mul(2);
            continue;
        }
        best = best.min(took.as_nanos() as f64 / f64::from(calls));
        rounds += 1;
    }
    best
}

fn main() {
    warifu_crypto::random::warm_up();
    for hash in [Hash::Sha256, Hash::Sha384] {
        let key = HmacKey::new(hash, &[1; 32]);
        let data = [2; 32];
        let ours = time(|| {
            black_box(key.sign(&[black_box(&data)]));
        });
        let new = time(|| {
            black_box(HmacKey::new(hash, black_box(&data)));
        });
        let theirs_algorithm = match hash {
            Hash::Sha256 => aws_lc_rs::hmac::HMAC_SHA256,
            _ => aws_lc_rs::hmac::HMAC_SHA384,
        };
        let theirs_key = aws_lc_rs::hmac::Key::new(theirs_algorithm, &[1; 32]);
        let theirs = time(|| {
            black_box(aws_lc_rs::hmac::sign(&theirs_key, black_box(&data)));
        });
        println!(
            "HMAC {hash:?} of 32 bytes: {ours:.0} ns (aws-lc-rs {theirs:.0}), new key {new:.0} ns"
        );
        let prk = Prk::from_secret(hash, &[1; 32]);
        let transcript = hash.empty_digest();
        let expand = time(|| {
            black_box(
                prk.expand_label_secret(b"c hs traffic", &transcript)
                    .unwrap(),
            );
        });
        let mut context = HashContext::new(hash);
        context.update(&[0; 300]);
        let current = time(|| {
            black_box(context.current());
        });
        println!("  HKDF-Expand-Label {expand:.0} ns, transcript so far {current:.0} ns");
    }

    for aead in [
        Aead::Aes128Gcm,
        Aead::Aes256Gcm,
        Aead::ChaCha20Poly1305,
        Aead::Aes128Ccm,
    ] {
        let key = AeadKey::new(aead, &vec![1; aead.key_len()]).unwrap();
        let aad = [3; 5];
        let mut line = format!("{aead:?}:");
        for len in [64, 1024, 16384] {
            let plaintext = vec![2; len];
            let mut sealed = vec![0; len + 1 + aead.tag_len()];
            let seal = time(|| {
                key.seal_scatter(black_box(&[4; 12]), &aad, &plaintext, &[23], &mut sealed)
                    .unwrap();
            });
            let mut out = vec![0; len + 1];
            let open = time(|| {
                key.open_into(black_box(&[4; 12]), &aad, &sealed, &mut out)
                    .unwrap();
            });
            line += &match len {
                16384 => format!(
                    "  16 KiB seal {:.2} GB/s, open {:.2} GB/s",
                    len as f64 / seal,
                    len as f64 / open
                ),
                _ => format!("  {len} B seal {seal:.0} + open {open:.0} ns"),
            };
        }
        println!("{line}");
        if let Some(theirs) = match aead {
            Aead::Aes128Gcm => Some(&aws_lc_rs::aead::AES_128_GCM),
            Aead::ChaCha20Poly1305 => Some(&aws_lc_rs::aead::CHACHA20_POLY1305),
            _ => None,
        } {
            use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce, UnboundKey};
            let key = UnboundKey::new(theirs, &vec![1; aead.key_len()]).unwrap();
            let key = LessSafeKey::new(key);
            let mut line = "  aws-lc-rs in place:".to_owned();
            for len in [64, 16384] {
                let mut buffer = vec![2; len + 1];
                let seal = time(|| {
                    let nonce = Nonce::assume_unique_for_key(black_box([4; 12]));
                    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut buffer);
                    let _ = black_box(tag.unwrap());
                });
                line += &format!("  {len} B seal {seal:.0} ns");
            }
            println!("{line}");
        }
        let new = time(|| {
            black_box(AeadKey::new(aead, black_box(&vec![1; aead.key_len()])).unwrap());
        });
        let each = bytes_each(|| AeadKey::new(aead, &vec![1; aead.key_len()]).unwrap());
        println!("  new key {new:.0} ns; memory of a key {each:?} bytes in all");
    }

    for group in [
        Group::X25519,
        Group::P256,
        Group::P384,
        Group::P521,
        Group::X25519MlKem768,
    ] {
        let generate = time(|| {
            black_box(KeyShare::generate(group).unwrap());
        });
        let client = KeyShare::generate(group).unwrap();
        let server = time(|| {
            black_box(respond(group, client.public()).unwrap());
        });
        let all = time(|| {
            let client = KeyShare::generate(group).unwrap();
            let (share, _) = respond(group, client.public()).unwrap();
            black_box(client.agree(&share).unwrap());
        });
        println!(
            "{group:?}: generate {:.1} µs, respond {:.1} µs, agree {:.1} µs",
            generate / 1e3,
            server / 1e3,
            (all - generate - server) / 1e3
        );
    }

    for kind in [
        KeyKind::EcP256,
        KeyKind::EcP384,
        KeyKind::Ed25519,
        KeyKind::Rsa { bits: 2048 },
        KeyKind::MlDsa44,
    ] {
        let key = PrivateKey::generate(kind).unwrap();
        let algorithm = key.algorithms()[0];
        let message = [5; 130];
        let sign = time(|| {
            black_box(key.sign(algorithm, &message).unwrap());
        });
        let signature = key.sign(algorithm, &message).unwrap();
        let public = key.public_key().unwrap();
        let verify = time(|| public.verify(algorithm, &message, &signature).unwrap());
        let parse = time(|| {
            black_box(PublicKey::from_spki_der(key.public_key_spki()).unwrap());
        });
        println!(
            "{kind}: sign {:.1} µs, verify {:.1} µs, parse public key {:.1} µs",
            sign / 1e3,
            verify / 1e3,
            parse / 1e3
        );
    }

    #[cfg(feature = "legacy")]
    legacy();

    println!(
        "sizes: HashContext {}, HmacKey {}, Prk {}, Secret {}, Digest {}, KeyShare {}",
        size_of::<HashContext>(),
        size_of::<HmacKey>(),
        size_of::<Prk>(),
        size_of::<warifu_crypto::Secret>(),
        size_of::<warifu_crypto::Digest>(),
        size_of::<KeyShare>()
    );
}

/// TLS 1.2 and older: the derivations of a handshake, records of the CBC suites, key exchanges.
#[cfg(feature = "legacy")]
fn legacy() {
    use warifu_crypto::legacy::{CbcDirection, CbcKey, CbcSuite, DhGroup, DhKeyPair, Prf, PrfHash};

    for hash in [PrfHash::Md5Sha1, PrfHash::Sha256, PrfHash::Sha384] {
        let (randoms, transcript) = ([[1; 32], [2; 32]], [3; 32]);
        let derive = |prf: &Prf, label: &[u8], len: usize| {
            let mut out = [0; 136];
            let seeds: [&[u8]; 2] = [&randoms[0], &randoms[1]];
            prf.derive(label, &seeds, &mut out[..len]).unwrap();
            black_box(out);
        };
        let prf = Prf::new(hash, &[4; 48]);
        let new = time(|| {
            black_box(Prf::new(hash, black_box(&[4; 48])));
        });
        let secret = time(|| derive(&prf, b"master secret", 48));
        let keys = time(|| derive(&prf, b"key expansion", 40));
        let finished = time(|| {
            let mut out = [0; 12];
            prf.derive(b"client finished", &[&transcript], &mut out)
                .unwrap();
            black_box(out);
        });
        println!(
            "PRF {hash:?}: new {new:.0} ns, main secret {secret:.0}, keys of AES-128-GCM {keys:.0}, \
             Finished {finished:.0}"
        );
    }

    for suite in CbcSuite::ALL {
        for encrypt_then_mac in [false, true] {
            let new = |direction| {
                let (mac_key, key) = (vec![1; suite.mac_key_len()], vec![2; suite.key_len()]);
                CbcKey::new(suite, direction, encrypt_then_mac, &mac_key, &key, None).unwrap()
            };
            let (mut sealing, mut opening) = (new(CbcDirection::Seal), new(CbcDirection::Open));
            let mut line = String::new();
            for len in [64, 16384] {
                let content = vec![3; len];
                let mut record = vec![0; sealing.sealed_len(len)];
                let seal = time(|| {
                    sealing
                        .seal(0, 23, [3, 3], black_box(&content), &mut record)
                        .unwrap();
                });
                let sealed = record.clone();
                let open = time(|| {
                    record.copy_from_slice(&sealed);
                    black_box(opening.open(0, 23, [3, 3], &mut record).unwrap());
                });
                line += &format!(
                    "  {len} B seal {:.2} + open {:.2} µs",
                    seal / 1e3,
                    open / 1e3
                );
            }
            let construction = if encrypt_then_mac { "EtM" } else { "MtE" };
            println!("{suite:?} {construction}:{line}");
        }
    }

    for bits in [2048, 3072, 4096] {
        let group = DhGroup::rfc7919(bits).unwrap();
        let generate = time(|| {
            black_box(DhKeyPair::generate(&group).unwrap());
        });
        println!("ffdhe{bits}: generate or agree {:.0} µs", generate / 1e3);
    }
    let key = PrivateKey::generate(KeyKind::Rsa { bits: 2048 }).unwrap();
    let public = key.public_key().unwrap();
    let encrypted = public.encrypt_premaster_secret(&[3; 48]).unwrap();
    let encrypt = time(|| {
        black_box(public.encrypt_premaster_secret(&[3; 48]).unwrap());
    });
    let decrypt = time(|| {
        black_box(key.decrypt_premaster_secret(&encrypted, [3, 3]).unwrap());
    });
    println!(
        "RSA 2048 key transport: encrypt {:.1} µs, decrypt {:.1} µs",
        encrypt / 1e3,
        decrypt / 1e3
    );
}

/// Resident memory that each of many keys costs, the C library's and the allocator's share included. Linux only.
fn bytes_each<T>(make: impl Fn() -> T) -> Option<usize> {
    const MANY: usize = 20_000;
    let mut made = Vec::with_capacity(MANY);
    made.push(make());
    let before = resident()?;
    made.extend((1..MANY).map(|_| make()));
    let after = resident()?;
    drop(black_box(made));
    Some(after.saturating_sub(before) / MANY)
}

/// Bytes of this process in memory.
fn resident() -> Option<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}
