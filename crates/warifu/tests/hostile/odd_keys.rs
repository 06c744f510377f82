//! Keys that no signature can be verified with: of kinds that are not there, too large, or broken.
#![allow(dead_code, unreachable_pub)]

use rcgen::PublicKeyData;

use crate::support::pki::{Ca, Directory};

/// The SubjectPublicKeyInfo of a key that `openssl` makes.
fn by_openssl(arguments: &str) -> Vec<u8> {
    let directory = Directory::new();
    directory.openssl(&format!("genpkey {arguments} -out key"));
    directory.openssl("pkey -in key -pubout -outform DER -out spki");
    directory.read("spki")
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = content.len();
    match len {
        0..0x80 => [&[tag, len as u8][..], content].concat(),
        0x80..0x100 => [&[tag, 0x81, len as u8][..], content].concat(),
        _ => [&[tag, 0x82, (len >> 8) as u8, len as u8][..], content].concat(),
    }
}

/// An RSA key of these numbers.
fn rsa(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let encryption = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0];
    let numbers = [der(2, modulus), der(2, exponent)].concat();
    let key = [&[0][..], &der(0x30, &numbers)].concat();
    der(0x30, &[der(0x30, &encryption), der(3, &key)].concat())
}

/// SubjectPublicKeyInfo of each, and the words of its refusal.
pub fn odd_keys() -> Vec<(Vec<u8>, &'static str)> {
    const P256: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
    let ec = by_openssl(P256);
    let mut unknown = ec.clone();
    unknown[10] ^= 1;
    let mut off_curve = ec.clone();
    *off_curve.last_mut().unwrap() ^= 1;
    let no_point = der(0x30, &[&ec[2..23], &[3, 1, 0]].concat());
    let odd = |len: usize| [&[0][..], &vec![0xff; len]].concat();
    let even = [&odd(255)[..], &[0xfe]].concat();
    let malformed = "RSA-2048 (malformed or inconsistent key)";
    vec![
        (
            by_openssl(&format!("{P256} -pkeyopt ec_param_enc:explicit")),
            "EC key with explicit parameters (unsupported algorithm or parameters)",
        ),
        (
            by_openssl("-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1"),
            "secp256k1 (unsupported algorithm or parameters)",
        ),
        (
            by_openssl("-algorithm X25519"),
            "X25519 (unsupported algorithm or parameters)",
        ),
        (
            by_openssl("-algorithm ED448"),
            "Ed448 (unsupported algorithm or parameters)",
        ),
        (
            unknown,
            "key of type 1.2.840.10044.2.1 (unsupported algorithm or parameters)",
        ),
        (off_curve, "P-256 (malformed or inconsistent key)"),
        (no_point, "P-256 (unsupported algorithm or parameters)"),
        (
            rsa(&odd(2048), &[1, 0, 1]),
            "RSA of 16384 bits, allowed are 2048 to 8192",
        ),
        (
            rsa(&odd(1), &[1, 0, 1]),
            "RSA of 8 bits, allowed are 2048 to 8192",
        ),
        (
            rsa(&[0], &[1, 0, 1]),
            "RSA of 0 bits, allowed are 2048 to 8192",
        ),
        (rsa(&even, &[1, 0, 1]), malformed),
        // An exponent that costs a hundred times as much, and one that costs nothing.
        (rsa(&odd(256), &odd(256)), malformed),
        (rsa(&odd(256), &[1]), malformed),
    ]
}

/// A leaf of this CA with another key in it. Its signature is none any more.
pub fn leaf_with_key(ca: &Ca, spki: &[u8]) -> Vec<u8> {
    let (leaf, key) = ca.leaf_and_key(&["host.example"], |_| {});
    let own = key.subject_public_key_info();
    let at = leaf.windows(own.len()).position(|found| found == own);
    let at = at.unwrap();
    // Certificate and TBSCertificate have a header of 4 bytes each.
    let tbs_end = 8 + usize::from(u16::from_be_bytes([leaf[6], leaf[7]]));
    let tbs = [&leaf[8..at], spki, &leaf[at + own.len()..tbs_end]].concat();
    der(0x30, &[&der(0x30, &tbs), &leaf[tbs_end..]].concat())
}
