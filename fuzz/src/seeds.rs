//! Inputs to begin with, made from recorded handshakes, test data and the sessions of a handshake: what a fuzzer would take
//! long to find.

use std::fs;
use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding};
use warifu::certificate::der::{tag, wrap};
use warifu::fuzzing::{cipher_count, message_parsers, open_ticket};

use crate::certificates::{self, Key};
use crate::returning::World;

/// Most seeds of one kind of message, and bytes of one.
const MAX_OF_A_KIND: usize = 5;
const MAX_LEN: usize = 2000;

/// The targets that have seeds here, each with its own.
pub fn of_parsers() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    vec![
        ("messages", messages()),
        ("records", records()),
        ("psk_file", psk_files()),
        ("pem", pem()),
        ("certificate", certificates()),
        ("sessions", sessions()),
        ("c_api", c_api()),
    ]
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates")
}

/// The values of the recorded vectors, whose lines are `name = hexadecimal`.
fn recorded() -> Vec<Vec<u8>> {
    let vectors = crates().join("warifu/tests/vectors");
    let mut files = Vec::new();
    for folder in ["client_hello", "legacy", "rfc8448"] {
        let folder = fs::read_dir(vectors.join(folder)).expect("recorded vectors");
        files.extend(folder.map(|file| file.expect("a file").path()));
    }
    files.sort();
    let mut values = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).expect("text");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        values.extend(lines.filter_map(|line| hex(line.split_once(" = ")?.1)));
    }
    values
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::try_from(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?).ok())
        .collect()
}

/// Which parsers read a message of this type, RFC 8446 Appendix B.3 and those before it.
fn parsers_of(message_type: u8) -> &'static [&'static str] {
    match message_type {
        0 => &["HelloRequest"],
        1 => &["ClientHello", "binders"],
        2 => &[
            "any_server_hello",
            "ServerHello",
            "HelloRetryRequest",
            "LegacyServerHello",
        ],
        4 => &["NewSessionTicket", "LegacyNewSessionTicket"],
        5 => &["EndOfEarlyData"],
        8 => &["EncryptedExtensions", "EncryptedExtensionsExtensions"],
        11 => &["Certificate", "certificate_entries", "LegacyCertificate"],
        12 => &["server_key_exchange"],
        13 => &["CertificateRequest", "in_each_version"],
        14 => &["ServerHelloDone"],
        15 => &["CertificateVerify", "in_each_version"],
        16 => &["client_key_exchange"],
        20 => &["Finished"],
        22 => &["LegacyCertificateStatus"],
        24 => &["KeyUpdate"],
        _ => &[],
    }
}

/// Where the extensions of a hello begin, and which parsers read them alone.
fn extensions_of(message_type: u8, body: &[u8]) -> Option<(usize, &'static [&'static str])> {
    // Version, random, session ID.
    let session_id_len = usize::from(*body.get(34)?);
    let at = 35 + session_id_len;
    match message_type {
        1 => {
            let suites_len = usize::from(*body.get(at)?) << 8 | usize::from(*body.get(at + 1)?);
            let methods = at + 2 + suites_len;
            let methods_len = usize::from(*body.get(methods)?);
            Some((methods + 1 + methods_len, &["ClientHelloExtensions"]))
        }
        2 => Some((
            at + 3,
            &[
                "ServerHelloExtensions",
                "HelloRetryRequestExtensions",
                "LegacyServerHelloExtensions",
            ],
        )),
        _ => None,
    }
}

fn messages() -> Vec<Vec<u8>> {
    let names: Vec<_> = message_parsers().collect();
    let mut counts = vec![0; names.len()];
    let mut seeds = Vec::new();
    let mut add = |parsers: &[&str], body: &[u8]| {
        for parser in parsers {
            let number = names
                .iter()
                .position(|name| name == parser)
                .expect("a parser");
            if counts[number] < MAX_OF_A_KIND && body.len() < MAX_LEN {
                counts[number] += 1;
                seeds.push([&[number as u8], body].concat());
            }
        }
    };
    for value in recorded() {
        let Some(([message_type, high, mid, low], body)) = value.split_first_chunk::<4>() else {
            continue;
        };
        if u32::from_be_bytes([0, *high, *mid, *low]) as usize != body.len() {
            continue;
        }
        add(parsers_of(*message_type), body);
        if let Some((at, parsers)) = extensions_of(*message_type, body) {
            add(parsers, body.get(at..).unwrap_or_default());
        }
    }
    seeds
}

/// A script for each protection: a message, data with padding, a record that is changed.
fn records() -> Vec<Vec<u8>> {
    (0..cipher_count())
        .map(|cipher| {
            let head = [cipher as u8, 0, 0, 6];
            let message = [&[2, 2, 0, 12][..], b"a handshake\n"].concat();
            let data = [&[2 | 8, 3, 0, 16][..], b"application data", &[0, 40]].concat();
            let long = [2 | 4, 3, b'x', 0x40, 0];
            let changed = [&[1, 3, 0, 4][..], b"data", &[0, 0, 9, 0x80]].concat();
            [&head[..], &message, &data, &long, &changed].concat()
        })
        .collect()
}

fn psk_files() -> Vec<Vec<u8>> {
    const FILES: [&str; 8] = [
        "# keys\nalice:00112233445566778899aabbccddeeff\r\nbob:ffeeddccbbaa99887766554433221100\n",
        "hex:6120b1:00112233445566778899aabbccddeeff\ncarol:hex:00112233445566778899aabbccddeeff",
        "dave:base64:AAECAwQFBgcICQoLDA0ODw==\nerin:text:a long enough pass phrase\n",
        "00112233445566778899aabbccddeeff\n",
        "base64:AAECAwQFBgcICQoLDA0ODw==",
        "#616c6963653a:00112233445566778899aabbccddeeff\n# a comment\nbob:0011223344\n",
        "client1:a long pass phrase, with blanks\nclient2:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff\n",
        "\u{feff} # indented\nMüller:00112233445566778899AABBCCDDEEFF\n",
    ];
    let formats = 0..=5u8;
    formats
        .flat_map(|format| FILES.map(|file| [&[format], file.as_bytes()].concat()))
        .collect()
}

fn pem() -> Vec<Vec<u8>> {
    let data = fs::read_dir(crates().join("warifu-crypto/tests/data")).expect("test data");
    let mut files: Vec<_> = data.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let mut seeds = Vec::new();
    for file in files {
        let name = file.to_string_lossy().into_owned();
        if !name.ends_with(".der") || name.contains("3072") {
            continue;
        }
        let label = match () {
            () if name.contains("spki") => "PUBLIC KEY",
            () if name.contains("sec1") => "EC PRIVATE KEY",
            () if name.contains("pkcs1") => "RSA PRIVATE KEY",
            () if name.contains("encrypted") => "ENCRYPTED PRIVATE KEY",
            () => "PRIVATE KEY",
        };
        let der = fs::read(file).expect("a key");
        seeds.push([&[2], &der[..]].concat());
        if der.len() < 400 {
            let base64 = Base64::encode_string(&der);
            let text = format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n");
            seeds.push([&[0], text.as_bytes()].concat());
        }
    }
    // Sections: line end, length of lines, then label and content.
    let key = Key::new(1);
    let certificate = key.sign(&certificates::ca("root", "root", &key));
    let len = (certificate.len() as u16).to_be_bytes();
    seeds.push([&[1, 0, 15, 0][..], &len, &certificate].concat());
    // Shares of every kind, which are as good as any.
    for group in 0..9 {
        seeds.push([&[3, 0, group][..], &[4; 65]].concat());
        seeds.push([&[3, 1, group][..], &[4; 65]].concat());
    }
    // 23 is a prime with the generator 5.
    seeds.push([&[3, 2][..], &[0, 1, 23, 0, 1, 5, 7]].concat());
    seeds.push([&[3, 3][..], &[0, 1, 5, 7]].concat());
    seeds
}

fn certificates() -> Vec<Vec<u8>> {
    let key = Key::new(1);
    let mut seeds = vec![
        [
            &[0],
            &key.sign(&certificates::leaf("host.example", "root", &key))[..],
        ]
        .concat(),
        [&[0], &key.sign(&certificates::ca("root", "root", &key))[..]].concat(),
    ];
    for flags in 1..8 {
        // Unchanged, and each certificate without one of its elements.
        seeds.push(vec![flags, 0xff]);
        for element in [3, 20, 30, 40] {
            seeds.push(vec![flags, 0xff, 1, element, 0]);
            seeds.push(vec![flags, 0xff, 0, 1, element, 0]);
            seeds.push(vec![flags, 0xff, 0, 0, 0, 1, element, 0]);
        }
    }
    seeds
}

fn sessions() -> Vec<Vec<u8>> {
    warifu_crypto::random::fixed::begin(1);
    let world = World::new();
    let mut seeds = Vec::new();
    for (number, template) in world.templates.iter().enumerate() {
        let state = open_ticket(&world.key, &template.ticket).expect("our own ticket");
        seeds.push([&[0], &template.session[..]].concat());
        seeds.push([&[1], &state[..]].concat());
        let choice = 4 * (number + world.templates.len()) as u8;
        // One byte changed, in the ticket and in the client's session.
        for at in [0, 40, 80, 120, 160] {
            seeds.push(vec![choice + 2, 1, 0, at, 3, 1]);
            seeds.push(vec![choice + 3, 1, 0, at, 3, 1]);
        }
    }
    seeds
}

fn c_api() -> Vec<Vec<u8>> {
    const SUITES: [&str; 8] = [
        "DEFAULT",
        "ALL:!aNULL:@STRENGTH",
        "ECDHE+AESGCM:ECDHE+CHACHA20:!SHA1:@SECLEVEL=1",
        "PSK:-kRSAPSK:+AES128",
        "HIGH,!kDHE !3DES;SHA384",
        "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "TLS13-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256",
    ];
    const LISTS: [&str; 5] = [
        "X25519:P-256:secp384r1",
        "?X25519MLKEM768/prime256v1:*X448",
        "RSA+SHA256:ECDSA+SHA384:ed25519",
        "rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256",
        "RSA-PSS+SHA512",
    ];
    const VALUES: [&str; 16] = [
        SUITES[1],
        SUITES[5],
        LISTS[0],
        LISTS[1],
        LISTS[2],
        LISTS[3],
        "-ALL,TLSv1.2,TLSv1.3",
        "TLSv1.2",
        "None",
        "-SessionTicket,ServerPreference,NoRenegotiation",
        "Peer,Require,Once",
        "prime256v1",
        "4",
        "512",
        "TLSv1.3",
        "",
    ];
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    seeds.extend(SUITES.map(|text| [&[0], text.as_bytes()].concat()));
    seeds.extend(LISTS.map(|text| [&[1], text.as_bytes()].concat()));
    for (number, value) in VALUES.into_iter().enumerate() {
        // All flags: both kinds of names, client and server.
        seeds.push([&[2, 0x1f, number as u8], value.as_bytes()].concat());
    }
    seeds.push([&[2, 0x1f, 0xff][..], b"-groups\0X25519"].concat());
    // In a sequence: our name, the session, six numbers, and empty fields.
    let key = Key::new(1);
    let leaf = key.sign(&certificates::leaf("host.example", "root", &key));
    let numbers: [i64; 6] = [0x303, 0xc02f, 1_780_272_000, 7200, 0, 0];
    let fields = [
        &[][..],
        &numbers.map(i64::to_be_bytes).concat(),
        &[7; 32],
        b"context",
        b"host.example",
    ];
    let mut content = wrap(tag::UTF8_STRING, &[b"warifu"]);
    for field in fields.into_iter().chain([&b"h2"[..], &[9; 48]]) {
        content.extend(wrap(tag::OCTET_STRING, &[field]));
    }
    content.extend(wrap(tag::SEQUENCE, &[&leaf]));
    seeds.push([&[3], &wrap(tag::SEQUENCE, &[&content])[..]].concat());
    let base64 = Base64::encode_string(&leaf);
    let text = format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
    seeds.push([&[4], text.as_bytes()].concat());
    let list = key.sign(&certificates::revocation_list("root"));
    seeds.push([&[5], &leaf[..]].concat());
    seeds.push([&[5], &list[..]].concat());
    seeds
}
