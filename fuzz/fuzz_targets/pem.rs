//! Certificates, revocation lists and keys as they come from files: PEM and DER, and the keys inside.
//!
//! The first byte says what the rest is: a file; PEM sections, given as labels and content; a key in DER; or what a peer sends
//! of a key exchange. Certificates in sections are found, whatever surrounds them. A private key that is taken signs what its
//! public half verifies, and is the same key after it was written.
#![no_main]

use base64ct::{Base64, Encoding};
use libfuzzer_sys::fuzz_target;
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::Kdf;
use warifu::certificate::certificates_from_bytes;
use warifu::{Credential, Trust};
use warifu_crypto::legacy::{DhGroup, DhKeyPair};
use warifu_crypto::{
    Group, KeyShare, PrivateKey, PublicKey, RsaMinimum, SignatureAlgorithm, respond,
};
use warifu_fuzz::input::Input;

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input::new(bytes);
    match input.byte() % 4 {
        0 => file(input.rest()),
        1 => sections(&mut input),
        2 => key(input.rest()),
        _ => key_exchange(&mut input),
    }
});

/// Gives a file to everything that reads one. Failures say something.
fn file(bytes: &[u8]) {
    let failures = [
        certificates_from_bytes(bytes)
            .map_err(|error| error.to_string())
            .err(),
        Trust::builder()
            .with_ca_bytes(bytes)
            .build()
            .map_err(|error| error.to_string())
            .err(),
        Trust::builder()
            .with_pinned_bytes(bytes)
            .with_crl_bytes(bytes)
            .build()
            .map_err(|error| error.to_string())
            .err(),
        // Without a passphrase, as its stretching could take all the time there is.
        Credential::from_pem(bytes, bytes)
            .map_err(|error| error.to_string())
            .err(),
    ];
    assert!(failures.iter().flatten().all(|failure| !failure.is_empty()));
}

const LABELS: [&str; 8] = [
    "CERTIFICATE",
    "X509 CRL",
    "PRIVATE KEY",
    "EC PRIVATE KEY",
    "RSA PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "PUBLIC KEY",
    "TRUSTED CERTIFICATE",
];
/// What may end a line.
const LINE_ENDS: [&str; 3] = ["\n", "\r\n", "\r"];

fn sections(input: &mut Input<'_>) {
    let mut text = String::new();
    let mut certificates = Vec::new();
    let line_end = LINE_ENDS[input.below(LINE_ENDS.len())];
    let line_len = 4 * (1 + input.below(64));
    while !input.is_empty() {
        let label = LABELS[input.below(LABELS.len())];
        let content = input.block();
        if content.is_empty() {
            text.extend(["# nothing", line_end]);
            continue;
        }
        text.extend(["-----BEGIN ", label, "-----", line_end]);
        let base64 = Base64::encode_string(content);
        for line in base64.as_bytes().chunks(line_len) {
            text.extend(line.iter().map(|&byte| char::from(byte)));
            text.push_str(line_end);
        }
        text.extend(["-----END ", label, "-----", line_end]);
        if label.ends_with("CERTIFICATE") {
            certificates.push(content);
        }
    }
    if !certificates.is_empty() {
        let read = certificates_from_bytes(text.as_bytes()).expect("well-formed PEM");
        assert_eq!(read.len(), certificates.len());
        // Behind the certificate OpenSSL's trusted ones have more.
        assert!(
            certificates
                .iter()
                .zip(&read)
                .all(|(all, read)| all.starts_with(read))
        );
    }
    file(text.as_bytes());
}

fn key(der: &[u8]) {
    if let Ok(key) = PrivateKey::from_der_with(der, RsaMinimum::Bits1024) {
        works(&key);
    }
    if is_quick(der)
        && let Ok(key) = PrivateKey::from_encrypted_pkcs8_with(der, b"x", RsaMinimum::Bits1024)
    {
        works(&key);
    }
    if let Ok(key) = PublicKey::from_spki_der_with(der, RsaMinimum::Bits1024) {
        assert!(key.bits() > 0);
        for algorithm in SignatureAlgorithm::ALL {
            let _ = key.verify(algorithm, b"message", der);
        }
    }
}

fn works(key: &PrivateKey) {
    let public = key.public_key().expect("the public half");
    for &algorithm in key.algorithms() {
        if let Ok(signature) = key.sign(algorithm, b"message") {
            assert_eq!(public.verify(algorithm, b"message", &signature), Ok(()));
        }
    }
    let der = key.to_pkcs8_der().expect("a key that can be written");
    let again = PrivateKey::from_der_with(der.as_bytes(), RsaMinimum::Bits1024);
    let again = again.expect("a key that was written");
    assert_eq!(again.public_key_spki(), key.public_key_spki());
    assert_eq!(again.kind(), key.kind());
}

/// Whether opening an encrypted key costs so little that a fuzzer can do it.
fn is_quick(der: &[u8]) -> bool {
    let Ok(info) = EncryptedPrivateKeyInfoRef::try_from(der) else {
        // It is refused before the passphrase is stretched.
        return true;
    };
    let EncryptionScheme::Pbes2(parameters) = &info.encryption_algorithm else {
        return true;
    };
    match &parameters.kdf {
        Kdf::Pbkdf2(parameters) => parameters.iteration_count <= 2048,
        Kdf::Scrypt(parameters) => {
            let memory = parameters
                .cost_parameter
                .saturating_mul(128)
                .saturating_mul(parameters.block_size.into());
            memory.saturating_mul(parameters.parallelization.into()) <= 1 << 18
        }
        _ => true,
    }
}

const GROUPS: [Group; 9] = [
    Group::X25519,
    Group::P256,
    Group::P384,
    Group::P521,
    Group::MlKem768,
    Group::MlKem1024,
    Group::X25519MlKem768,
    Group::SecP256r1MlKem768,
    Group::SecP384r1MlKem1024,
];

fn key_exchange(input: &mut Input<'_>) {
    match input.byte() % 4 {
        0 => {
            let _ = respond(GROUPS[input.below(GROUPS.len())], input.rest());
        }
        1 => {
            let share = KeyShare::generate(GROUPS[input.below(GROUPS.len())]).expect("a key share");
            let _ = share.agree(input.rest());
        }
        // A server's own group, small enough to be tested quickly.
        2 => {
            let (p, g) = (input.block(), input.block());
            if p.len() <= 64
                && let Ok(group) = DhGroup::from_peer(p, g, 16)
            {
                agree(&group, input.rest());
            }
        }
        // A known group with any generator.
        _ => {
            let known = DhGroup::rfc7919(2048).expect("ffdhe2048");
            if let Ok(group) = DhGroup::from_peer(known.p(), input.block(), 2048) {
                agree(&group, input.rest());
            }
        }
    }
}

fn agree(group: &DhGroup, peer: &[u8]) {
    let Ok(pair) = DhKeyPair::generate(group) else {
        return;
    };
    assert_eq!(pair.public().len(), group.p().len());
    if let Ok(secret) = pair.agree(peer) {
        assert!(secret.as_bytes().len() <= group.p().len());
    }
}
