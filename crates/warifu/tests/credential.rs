//! Certificates and keys as people keep them: every form that OpenSSL writes, and every mistake told apart.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod pki;

use std::sync::Arc;

use pki::{Ca, Directory};
use warifu::certificate::{
    CertificateFacts, MaterialError, MaterialProblem, certificates_from_bytes,
    certificates_from_file,
};
use warifu::credential::{Credential, CredentialError, Credentials, Passphrase};
use warifu::decision::{Answer, CredentialRequest, Sign};
use warifu::parameters::{ProtocolVersion, SignatureScheme};
use warifu::{Error, UsageError};

const P256: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";

/// A self-signed certificate `cert.pem` with its key `key.pem` (PKCS#8).
fn self_signed(directory: &Directory, key: &str) {
    directory.openssl(&format!("genpkey {key} -out key.pem"));
    directory.openssl("req -x509 -key key.pem -out cert.pem -subj /CN=self -days 30");
}

fn problem(result: Result<Credential, CredentialError>) -> MaterialProblem {
    match result.unwrap_err() {
        CredentialError::Material(MaterialError { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_kind_of_key_signs_with_its_schemes() {
    use SignatureScheme as S;
    let rsae = [
        S::RSA_PSS_RSAE_SHA256,
        S::RSA_PSS_RSAE_SHA384,
        S::RSA_PSS_RSAE_SHA512,
    ];
    let pss = [
        S::RSA_PSS_PSS_SHA256,
        S::RSA_PSS_PSS_SHA384,
        S::RSA_PSS_PSS_SHA512,
    ];
    let cases: &[(&str, &[SignatureScheme])] = &[
        (P256, &[S::ECDSA_SECP256R1_SHA256]),
        (
            "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
            &[S::ECDSA_SECP384R1_SHA384],
        ),
        (
            "-algorithm EC -pkeyopt ec_paramgen_curve:P-521",
            &[S::ECDSA_SECP521R1_SHA512],
        ),
        ("-algorithm ED25519", &[S::ED25519]),
        ("-algorithm RSA -pkeyopt rsa_keygen_bits:2048", &rsae),
        ("-algorithm RSA -pkeyopt rsa_keygen_bits:4096", &rsae),
        ("-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048", &pss),
        (
            "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha384 \
             -pkeyopt rsa_pss_keygen_mgf1_md:sha384 -pkeyopt rsa_pss_keygen_saltlen:48",
            &pss[1..2],
        ),
    ];
    for (key, schemes) in cases {
        let directory = Directory::new();
        self_signed(&directory, key);
        let credential =
            Credential::from_files(directory.path("cert.pem"), directory.path("key.pem")).unwrap();
        assert_eq!(credential.schemes(), *schemes, "{key}");
        assert_eq!(credential.certificates().len(), 1);
    }
}

#[test]
fn every_form_of_a_key_is_read() {
    for (key, traditional) in [
        (P256, "ec"),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:P-384", "ec"),
        ("-algorithm RSA -pkeyopt rsa_keygen_bits:2048", "rsa"),
        ("-algorithm ED25519", ""),
    ] {
        let directory = Directory::new();
        self_signed(&directory, key);
        directory.openssl("x509 -in cert.pem -outform DER -out cert.der");
        directory.openssl("pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out key.der");
        let mut keys = vec!["key.pem", "key.der"];
        if !traditional.is_empty() {
            directory.openssl(&format!(
                "{traditional} -in key.pem -out old.pem{}",
                old(traditional)
            ));
            directory.openssl(&format!(
                "{traditional} -in key.pem -outform DER -out old.der{}",
                old(traditional)
            ));
            keys.extend(["old.pem", "old.der"]);
        }
        for key in keys {
            for certificate in ["cert.pem", "cert.der"] {
                let (certificate, key) = (directory.path(certificate), directory.path(key));
                let from_files = Credential::from_files(&certificate, &key).unwrap();
                let (certificate, key) = (
                    std::fs::read(certificate).unwrap(),
                    std::fs::read(key).unwrap(),
                );
                let from_bytes = Credential::from_pem(&certificate, &key).unwrap();
                assert_eq!(from_files.certificates(), from_bytes.certificates());
            }
        }
        let chain = certificates_from_file(directory.path("cert.der")).unwrap();
        Credential::from_der(chain, &directory.read("key.der")).unwrap();
    }
}

/// `openssl rsa` writes PKCS#8 since 3.0 unless told otherwise; `openssl ec` still writes SEC 1.
fn old(command: &str) -> &'static str {
    if command == "rsa" {
        " -traditional"
    } else {
        ""
    }
}

#[test]
fn encrypted_keys_open_with_their_passphrase_only() {
    let ways = [
        "-v2 aes-256-cbc",
        "-v2 aes-128-cbc -v2prf hmacWithSHA1",
        "-v2 des3",
        "-v2 aes-256-cbc -v2prf hmacWithSHA512 -iter 3000",
        "-scrypt",
    ];
    let directory = Directory::new();
    self_signed(&directory, P256);
    for way in ways {
        for form in ["PEM", "DER"] {
            directory.openssl(&format!(
                "pkcs8 -topk8 -in key.pem -passout pass:sesame {way} -outform {form} -out encrypted"
            ));
            let builder = || {
                Credential::builder()
                    .with_certificate_file(directory.path("cert.pem"))
                    .with_key_file(directory.path("encrypted"))
            };
            builder()
                .with_passphrase(Passphrase::new("sesame"))
                .build()
                .unwrap();
            let result = builder()
                .with_passphrase(Passphrase::new("sesame\n"))
                .build();
            assert_eq!(
                problem(result),
                MaterialProblem::WrongPassphrase,
                "{way} {form}"
            );
            assert_eq!(
                problem(builder().build()),
                MaterialProblem::PassphraseNeeded
            );
        }
    }
}

#[test]
fn old_encryptions_are_refused_with_advice() {
    let directory = Directory::new();
    self_signed(&directory, "-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    directory.openssl("rsa -in key.pem -traditional -aes128 -passout pass:sesame -out old.pem");
    let build = |key| {
        Credential::builder()
            .with_certificate_file(directory.path("cert.pem"))
            .with_key_file(directory.path(key))
            .with_passphrase(Passphrase::new("sesame"))
            .build()
    };
    let error = build("old.pem").unwrap_err();
    assert!(
        error.to_string().contains("openssl pkcs8 -topk8"),
        "{error}"
    );
    assert_eq!(problem(Err(error)), MaterialProblem::TraditionalEncryption);
    directory
        .openssl("pkcs8 -topk8 -in key.pem -v1 PBE-SHA1-3DES -passout pass:sesame -out pbes1.pem");
    let error = build("pbes1.pem").unwrap_err();
    assert!(
        error.to_string().contains("encryption must be PBES2"),
        "{error}"
    );
}

#[test]
fn one_file_may_hold_all_in_any_order_among_other_things() {
    let directory = Directory::new();
    self_signed(&directory, P256);
    directory.openssl("ecparam -name prime256v1 -out parameters.pem");
    let [parameters, key, certificate] =
        ["parameters.pem", "key.pem", "cert.pem"].map(|file| directory.read(file));
    let comment = b"Bag Attributes\r\n  friendlyName: it\r\n\r\n".to_vec();
    let orders = [
        [&parameters, &key, &comment, &certificate],
        [&certificate, &comment, &key, &parameters],
        [&comment, &certificate, &parameters, &key],
    ];
    for order in orders {
        let bundle = directory.write("bundle.pem", order.map(Clone::clone).concat());
        let credential = Credential::from_files(&bundle, &bundle).unwrap();
        assert_eq!(credential.certificates().len(), 1);
    }
    // Line endings of Windows, of old Macs, and blanks at line ends.
    let text = String::from_utf8([certificate, key].concat()).unwrap();
    for ending in ["\r\n", "\r", " \n", "\n\n"] {
        let text = text.replace('\n', ending);
        Credential::from_pem(text.as_bytes(), text.as_bytes()).unwrap();
    }
}

#[test]
fn trusted_certificate_of_openssl_is_read() {
    let directory = Directory::new();
    self_signed(&directory, P256);
    directory.openssl("x509 -in cert.pem -trustout -addtrust serverAuth -out trusted.pem");
    assert_eq!(
        certificates_from_file(directory.path("trusted.pem")).unwrap(),
        certificates_from_file(directory.path("cert.pem")).unwrap()
    );
}

#[test]
fn chain_is_put_in_order_and_the_keys_certificate_first() {
    let root = Ca::root("root");
    let (one, stranger) = (root.intermediate("one"), Ca::root("stranger"));
    let two = one.intermediate("two");
    let (leaf, key) = two.leaf_and_key(&["host.example"], |_| {});
    let right = [
        leaf.clone(),
        two.certificate.clone(),
        one.certificate.clone(),
        root.certificate.clone(),
        stranger.certificate.clone(),
    ];
    let orders = [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [3, 0, 4, 2, 1]];
    for order in orders {
        let chain = order.map(|n| right[n].clone()).to_vec();
        let credential = Credential::from_der(chain, &key.serialize_der());
        assert_eq!(credential.unwrap().certificates(), right, "{order:?}");
    }
}

#[test]
fn key_that_does_not_fit_is_refused_naming_both() {
    let directory = Directory::new();
    self_signed(&directory, P256);
    directory.openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key");
    directory.openssl(&format!("genpkey {P256} -out other.key"));
    let refused = |key| {
        Credential::from_files(directory.path("cert.pem"), directory.path(key))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused("rsa.key"),
        "the private key (RSA 2048) does not fit the certificate for CN=self, which is for a key of kind ECDSA P-256"
    );
    assert_eq!(
        refused("other.key"),
        "the private key (ECDSA P-256) is not that of the certificate for CN=self: both are of the same kind, but \
         another key pair"
    );
    // As an error of the library.
    let error = Credential::from_files(directory.path("cert.pem"), directory.path("rsa.key"));
    assert!(matches!(
        Error::from(error.unwrap_err()),
        Error::Usage(UsageError::Config(_))
    ));
    // Of several keys, the one that fits is taken.
    let keys = [directory.read("rsa.key"), directory.read("key.pem")].concat();
    Credential::from_pem(&directory.read("cert.pem"), &keys).unwrap();
}

/// RFC 8446 Section 4.4.2.2: "the digitalSignature bit MUST be set if the Key Usage extension is present".
#[test]
fn certificate_that_may_not_sign_is_refused() {
    use rcgen::KeyUsagePurpose::{DigitalSignature, KeyAgreement, KeyCertSign, KeyEncipherment};
    let ca = Ca::root("test CA");
    let credential = |usages: &[rcgen::KeyUsagePurpose]| {
        let (certificate, key) = ca.leaf_and_key(&["host.example"], |params| {
            params.key_usages = usages.to_vec();
            params
                .distinguished_name
                .push(rcgen::DnType::CommonName, "host");
        });
        Credential::from_der(vec![certificate], &key.serialize_der())
    };
    for usages in [&[KeyEncipherment, KeyAgreement][..], &[KeyCertSign]] {
        let error = credential(usages).unwrap_err();
        assert!(
            matches!(&error, CredentialError::NoDigitalSignature { subject } if subject == "CN=host"),
            "{error:?}"
        );
        assert_eq!(
            error.to_string(),
            "the certificate for CN=host may not sign handshakes: its key usage lacks digitalSignature (RFC 8446 \
             Section 4.4.2.2)"
        );
    }
    credential(&[DigitalSignature, KeyEncipherment]).unwrap();
    credential(&[]).unwrap();
}

/// Without the versions that have RSA key exchange, an RSA key has nothing to do but to sign.
#[test]
fn certificate_for_key_encipherment_alone_is_for_older_versions() {
    let ca = Ca::root("test CA");
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let (certificate, key) = ca.leaf_of_key(&["host.example"], key, |params| {
        params.key_usages = vec![rcgen::KeyUsagePurpose::KeyEncipherment];
    });
    let made = Credential::from_der(vec![certificate], &key.serialize_der());
    let subject = "CN=leaf".to_owned();
    match cfg!(feature = "legacy") {
        true => assert_eq!(made.unwrap().schemes(), []),
        false => assert_eq!(
            made.unwrap_err(),
            CredentialError::NoDigitalSignature { subject }
        ),
    }
}

#[test]
fn files_that_hold_something_else_are_told_apart() {
    let directory = Directory::new();
    self_signed(&directory, P256);
    directory.openssl("req -new -key key.pem -subj /CN=x -out request.pem");
    directory.openssl("req -new -key key.pem -subj /CN=x -outform DER -out request.der");
    directory.openssl("pkey -in key.pem -pubout -out public.pem");
    directory.openssl("pkey -in key.pem -pubout -outform DER -out public.der");
    directory.openssl("pkcs12 -export -in cert.pem -inkey key.pem -passout pass:x -out bundle.p12");
    directory.openssl("crl2pkcs7 -nocrl -certfile cert.pem -outform DER -out bundle.p7b");
    directory.openssl("pkcs8 -topk8 -in key.pem -passout pass:x -outform DER -out encrypted.der");
    directory.openssl("pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out key.der");
    directory.openssl("x509 -in cert.pem -outform DER -out cert.der");
    directory.write("empty.pem", "");
    directory.write("text.pem", "hello\n");
    directory.write("cut.pem", &directory.read("cert.pem")[..200]);
    directory.write("cut.der", &directory.read("cert.der")[..200]);
    let cert = String::from_utf8(directory.read("cert.pem")).unwrap();
    directory.write(
        "bad.pem",
        format!("# comment\n{}", cert.replacen("MII", "M?I", 1)),
    );
    let utf16: Vec<u8> = [0xfeff]
        .into_iter()
        .chain(cert.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    directory.write("utf16.pem", utf16);
    directory.write(
        "ssh.pem",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
    );
    directory.write(
        "parameters.pem",
        "-----BEGIN EC PARAMETERS-----\nAAAA\n-----END EC PARAMETERS-----\n",
    );

    let short = |error: String| error.replace(&format!("{}/", directory.root().display()), "");
    let certificate = |file: &str| {
        short(
            Credential::from_files(directory.path(file), directory.path("key.pem"))
                .unwrap_err()
                .to_string(),
        )
    };
    let key = |file: &str| {
        short(
            Credential::from_files(directory.path("cert.pem"), directory.path(file))
                .unwrap_err()
                .to_string(),
        )
    };
    let pkcs12 = "a PKCS#12 file; convert it to PEM: openssl pkcs12 -in FILE -out FILE.pem -nodes";
    let request = "a certificate request (CSR, to be signed by a CA)";
    for (file, expected) in [
        ("none.pem", "no such file"),
        ("empty.pem", "empty"),
        (
            "text.pem",
            "neither PEM (no -----BEGIN line) nor DER (no ASN.1 SEQUENCE over all bytes)",
        ),
        (
            "cut.der",
            "neither PEM (no -----BEGIN line) nor DER (no ASN.1 SEQUENCE over all bytes)",
        ),
        (
            "cut.pem",
            "PEM section that begins in line 1: no -----END line: the text is cut off",
        ),
        ("bad.pem", "PEM section that begins in line 2: not base64"),
        (
            "utf16.pem",
            "text in UTF-16; save it as ASCII or UTF-8 (PowerShell: Set-Content -Encoding ascii)",
        ),
        ("key.pem", "holds a private key, a certificate was expected"),
        ("key.der", "holds a private key, a certificate was expected"),
        (
            "encrypted.der",
            "holds an encrypted private key, a certificate was expected",
        ),
        (
            "request.pem",
            &format!("holds {request}, a certificate was expected"),
        ),
        (
            "request.der",
            &format!("holds {request}, a certificate was expected"),
        ),
        (
            "public.pem",
            "holds a bare public key, a certificate was expected",
        ),
        (
            "public.der",
            "holds a bare public key, a certificate was expected",
        ),
        (
            "bundle.p7b",
            "holds a PKCS#7 file, a certificate was expected",
        ),
        (
            "parameters.pem",
            "holds something else, a certificate was expected",
        ),
        ("bundle.p12", pkcs12),
    ] {
        assert_eq!(certificate(file), format!("{file}: {expected}"));
    }
    for (file, expected) in [
        (
            "cert.pem",
            "holds a certificate, a private key was expected",
        ),
        (
            "cert.der",
            "holds a certificate, a private key was expected",
        ),
        (
            "request.der",
            &format!("holds {request}, a private key was expected"),
        ),
        (
            "public.pem",
            "holds a bare public key, a private key was expected",
        ),
        ("bundle.p12", pkcs12),
        (
            "encrypted.der",
            "the private key is encrypted, and no passphrase was given",
        ),
        (
            "ssh.pem",
            "a key in OpenSSH's format; convert a copy: ssh-keygen -p -m PKCS8 -f COPY",
        ),
    ] {
        assert_eq!(key(file), format!("{file}: {expected}"));
    }
    // A directory cannot be read, whatever the words.
    assert!(
        certificate("").contains("cannot be read"),
        "{}",
        certificate("")
    );
}

#[test]
fn keys_that_cannot_be_used_are_refused_with_the_reason() {
    let directory = Directory::new();
    self_signed(&directory, P256);
    for (key, reason) in [
        (
            "-algorithm RSA -pkeyopt rsa_keygen_bits:1024",
            "key too weak",
        ),
        (
            "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
            "unsupported",
        ),
        ("-algorithm ED448", "unsupported"),
    ] {
        directory.openssl(&format!("genpkey {key} -out odd.key"));
        let error = Credential::from_files(directory.path("cert.pem"), directory.path("odd.key"));
        let error = error.unwrap_err().to_string();
        assert!(error.contains("odd.key: unusable private key: "), "{error}");
        assert!(error.contains(reason), "{error}");
    }
    // An odd certificate shows as such.
    self_signed(&directory, "-algorithm ED448");
    let error = Credential::from_files(directory.path("cert.pem"), directory.path("key.pem"));
    assert!(error.unwrap_err().to_string().contains("unusable"));
}

#[test]
fn parts_that_were_not_given_are_named() {
    assert_eq!(
        Credential::builder().build().unwrap_err(),
        CredentialError::NoCertificate
    );
    let ca = Ca::root("root");
    let builder = Credential::builder().with_certificate_bytes(&ca.certificate);
    assert_eq!(builder.build().unwrap_err(), CredentialError::NoKey);
    let empty = Credential::builder()
        .with_certificates(Vec::new())
        .with_key_bytes(&ca.leaf_and_key(&[], |_| {}).1.serialize_der());
    assert_eq!(empty.build().unwrap_err(), CredentialError::NoCertificate);
}

#[test]
fn passphrases_and_keys_do_not_print() {
    let passphrase = Passphrase::new("sesame");
    assert_eq!(format!("{passphrase:?}"), "Passphrase(…)");
    let builder = Credential::builder()
        .with_key_bytes(b"secret")
        .with_passphrase(passphrase);
    let text = format!("{builder:?}");
    assert!(
        !text.contains("sesame") && !text.contains("secret") && !text.contains("115"),
        "{text}"
    );
}

#[test]
fn damaged_material_never_panics() {
    let directory = Directory::new();
    self_signed(&directory, P256);
    directory.openssl(
        "pkcs8 -topk8 -in key.pem -passout pass:x -v2 aes-128-cbc -iter 1 -out encrypted.pem",
    );
    let certificate = directory.read("cert.pem");
    for file in ["key.pem", "encrypted.pem", "cert.pem"] {
        let whole = directory.read(file);
        let build = |bytes: &[u8]| {
            let builder = Credential::builder().with_passphrase(Passphrase::new("x"));
            if file == "cert.pem" {
                builder
                    .with_certificate_bytes(bytes)
                    .with_key_bytes(&directory.read("key.pem"))
            } else {
                builder
                    .with_certificate_bytes(&certificate)
                    .with_key_bytes(bytes)
            }
            .build()
        };
        build(&whole).unwrap();
        for at in 0..whole.len() {
            let _ = build(&whole[..at]);
            let mut changed = whole.clone();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let _ = build(&changed);
        }
    }
}

// ---- choice ----

fn credential(ca: &Ca, names: &[&str]) -> Arc<Credential> {
    let (leaf, key) = ca.leaf_and_key(names, |_| {});
    Arc::new(Credential::from_der(vec![leaf], &key.serialize_der()).unwrap())
}

#[test]
fn names_are_served_by_the_rules_of_wildcards() {
    let ca = Ca::root("root");
    let credential = credential(&ca, &["Host.example", "*.wild.example", "127.0.0.1"]);
    for served in [
        "host.example",
        "HOST.EXAMPLE",
        "host.example.",
        "a.wild.example",
        "127.0.0.1",
    ] {
        assert!(credential.serves_name(served), "{served}");
    }
    for other in [
        "example",
        "a.host.example",
        "wild.example",
        "b.a.wild.example",
        "127.0.0.2",
        "",
        ".",
    ] {
        assert!(!credential.serves_name(other), "{other}");
    }
}

#[test]
fn credentials_are_chosen_by_name_then_authority_then_order() {
    let (ca, other) = (Ca::root("root"), Ca::root("other"));
    let list = [
        credential(&ca, &["a.example"]),
        credential(&ca, &["b.example"]),
        credential(&other, &["b.example"]),
        credential(&other, &["*.c.example"]),
    ];
    let credentials = Credentials::new(list.to_vec());
    let choose = |server_name, schemes: &[SignatureScheme], authorities: &[&[u8]]| {
        let mut request = CredentialRequest::new(ProtocolVersion::TLS1_3, schemes);
        request.server_name = server_name;
        request.authorities = authorities;
        credentials
            .best(&request)
            .map(|best| list.iter().position(|one| Arc::ptr_eq(one, best)).unwrap())
    };
    // SEQUENCE { SET { SEQUENCE { OID 2.5.4.3, UTF8String "other" } } }
    let other_name: &[u8] = b"\x30\x10\x31\x0e\x30\x0c\x06\x03\x55\x04\x03\x0c\x05other";
    let p256 = [
        SignatureScheme::ED25519,
        SignatureScheme::ECDSA_SECP256R1_SHA256,
    ];
    assert_eq!(choose(None, &p256, &[]), Some(0));
    assert_eq!(choose(Some("a.example"), &p256, &[]), Some(0));
    assert_eq!(choose(Some("b.example"), &p256, &[]), Some(1));
    assert_eq!(choose(Some("b.example"), &p256, &[other_name]), Some(2));
    assert_eq!(choose(Some("x.c.example"), &p256, &[]), Some(3));
    assert_eq!(choose(Some("unknown.example"), &p256, &[]), Some(0));
    assert_eq!(
        choose(Some("unknown.example"), &p256, &[other_name]),
        Some(2)
    );
    assert_eq!(choose(None, &p256, &[b"nobody"]), Some(0));
    assert_eq!(
        choose(Some("a.example"), &[SignatureScheme::ED25519], &[]),
        None
    );
}

#[test]
fn credentials_are_chosen_by_what_the_peer_can_verify() {
    let directory = Directory::new();
    let mut list = Vec::new();
    for key in [
        "-algorithm ED25519",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
        P256,
    ] {
        self_signed(&directory, key);
        let one = Credential::from_files(directory.path("cert.pem"), directory.path("key.pem"));
        list.push(Arc::new(one.unwrap()));
    }
    let credentials = Credentials::new(list.clone());
    let choose = |schemes: &[SignatureScheme]| {
        let request = CredentialRequest::new(ProtocolVersion::TLS1_3, schemes);
        credentials
            .best(&request)
            .map(|best| list.iter().position(|one| Arc::ptr_eq(one, best)).unwrap())
    };
    use SignatureScheme as S;
    assert_eq!(
        choose(&[S::ECDSA_SECP256R1_SHA256, S::RSA_PSS_RSAE_SHA256]),
        Some(1)
    );
    assert_eq!(choose(&[S::ECDSA_SECP256R1_SHA256]), Some(2));
    assert_eq!(
        choose(&[S::RSA_PKCS1_SHA256]),
        None,
        "not for TLS 1.3 handshakes"
    );
    assert_eq!(choose(&[]), None);
}

// ---- remote keys ----

#[derive(Debug)]
struct Hsm(Vec<SignatureScheme>);

impl Sign for Hsm {
    fn schemes(&self) -> &[SignatureScheme] {
        &self.0
    }

    fn sign<'a>(&'a self, _: SignatureScheme, _: &'a [u8]) -> Answer<'a, Result<Vec<u8>, String>> {
        Answer::Ready(Err("no card".to_owned()))
    }
}

#[test]
fn signer_must_fit_the_certificate() {
    use SignatureScheme as S;
    let leaf = Ca::root("root").leaf();
    let schemes = vec![S::RSA_PKCS1_SHA256, S::ED25519, S::ECDSA_SECP256R1_SHA256];
    let credential = Credential::with_signer(vec![leaf.clone()], Arc::new(Hsm(schemes))).unwrap();
    assert_eq!(credential.schemes(), [S::ECDSA_SECP256R1_SHA256]);
    let error = Credential::with_signer(vec![leaf], Arc::new(Hsm(vec![S::ED25519]))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the certificate is for a key of kind ECDSA P-256, but the signer makes only ed25519"
    );
    let error = Credential::with_signer(Vec::new(), Arc::new(Hsm(Vec::new()))).unwrap_err();
    assert_eq!(error, CredentialError::NoCertificate);
}

// ---- facts ----

#[test]
fn facts_are_those_that_openssl_prints() {
    let directory = Directory::new();
    directory.openssl(&format!("genpkey {P256} -out key.pem"));
    directory.openssl(
        "req -x509 -key key.pem -out cert.pem -subj /C=JP/O=Acme/CN=host.example -days 30 -set_serial 0x1234 \
         -addext subjectAltName=DNS:host.example,DNS:*.host.example,IP:127.0.0.1,IP:::1,email:a@b",
    );
    let der = certificates_from_bytes(&directory.read("cert.pem"))
        .unwrap()
        .remove(0);
    let facts = CertificateFacts::from_der(&der).unwrap();
    assert_eq!(facts.version, 3);
    assert_eq!(facts.subject, "C=JP, O=Acme, CN=host.example");
    assert_eq!(facts.issuer, facts.subject);
    assert_eq!(facts.common_name.as_deref(), Some("host.example"));
    assert_eq!(facts.serial, [0x12, 0x34]);
    assert_eq!(facts.dns_names, ["host.example", "*.host.example"]);
    assert_eq!(
        facts.ip_addresses,
        [
            "127.0.0.1".parse::<std::net::IpAddr>().unwrap(),
            "::1".parse().unwrap()
        ]
    );
    assert_eq!(facts.key, "P-256");
    assert_eq!(facts.signature_algorithm, "ecdsa-with-SHA256");
    assert!(facts.is_ca && facts.is_self_issued);
    assert_eq!(facts.not_after - facts.not_before, 30 * 86_400);
    assert_eq!(facts.days_left(facts.not_before), 30);
    assert_eq!(facts.days_left(facts.not_before + 1), 29);
    assert_eq!(facts.days_left(facts.not_after + 1), -1);
    directory.openssl("x509 -in cert.pem -noout -fingerprint -sha256 -out fingerprint");
    let fingerprint = String::from_utf8(directory.read("fingerprint")).unwrap();
    let ours: Vec<String> = facts
        .sha256
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    assert!(fingerprint.contains(&ours.join(":")), "{fingerprint}");
}

#[test]
fn facts_name_each_kind_of_key() {
    for (key, name) in [
        ("-algorithm EC -pkeyopt ec_paramgen_curve:P-384", "P-384"),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:P-521", "P-521"),
        (
            "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
            "secp256k1",
        ),
        ("-algorithm ED25519", "Ed25519"),
        ("-algorithm ED448", "Ed448"),
        ("-algorithm RSA -pkeyopt rsa_keygen_bits:3072", "RSA-3072"),
        (
            "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048",
            "RSA-PSS-2048",
        ),
    ] {
        let directory = Directory::new();
        self_signed(&directory, key);
        let der = certificates_from_file(directory.path("cert.pem"))
            .unwrap()
            .remove(0);
        assert_eq!(CertificateFacts::from_der(&der).unwrap().key, name);
    }
}

#[test]
fn pem_with_a_byte_order_mark_is_read() {
    let ca = Ca::root("root");
    let directory = Directory::new();
    directory.write("ca.der", &ca.certificate);
    directory.openssl("x509 -inform DER -in ca.der -out ca.pem");
    let marked = [b"\xef\xbb\xbf", directory.read("ca.pem").as_slice()].concat();
    assert_eq!(
        certificates_from_bytes(&marked).unwrap(),
        std::slice::from_ref(&ca.certificate)
    );
}

#[test]
fn der_that_contains_the_start_of_a_pem_section_is_der() {
    let ca = Ca::root_with("root", |params| {
        // Netscape's comment, where some programs put advice.
        let comment = rcgen::CustomExtension::from_oid_content(
            &[2, 16, 840, 1, 113_730, 1, 13],
            b"\x16\x20save from -----BEGIN CERTIFICATE".to_vec(),
        );
        params.custom_extensions.push(comment);
    });
    assert_eq!(
        certificates_from_bytes(&ca.certificate).unwrap(),
        std::slice::from_ref(&ca.certificate)
    );
}

#[test]
fn key_of_a_restricted_pss_certificate_signs_within_the_restriction() {
    let directory = Directory::new();
    directory.openssl(
        "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha384 \
         -pkeyopt rsa_pss_keygen_mgf1_md:sha384 -pkeyopt rsa_pss_keygen_saltlen:48 -out key.pem",
    );
    directory.openssl("req -x509 -key key.pem -out cert.pem -subj /CN=self -days 30");
    directory.openssl("pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out key.der");
    // The same key without the restriction: id-RSASSA-PSS alone in its AlgorithmIdentifier.
    let der = directory.read("key.der");
    let oid = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
    let identifier = 7;
    assert_eq!(der[identifier], 0x30);
    let after = identifier + 2 + usize::from(der[identifier + 1]);
    let content = [b"\x02\x01\x00\x30\x0b".as_slice(), oid, &der[after..]].concat();
    let len = u16::try_from(content.len()).unwrap().to_be_bytes();
    let key = [&[0x30, 0x82], len.as_slice(), &content].concat();

    let credential = Credential::from_pem(&directory.read("cert.pem"), &key).unwrap();
    assert_eq!(
        credential.schemes(),
        [SignatureScheme::RSA_PSS_PSS_SHA384],
        "the peer refuses what the certificate's key does not allow"
    );
}

#[test]
fn certificate_beside_the_leaf_may_have_a_key_that_cannot_be_used() {
    let directory = Directory::new();
    directory
        .openssl("req -x509 -newkey rsa:1024 -nodes -keyout old.key -out old.pem -subj /CN=old");
    self_signed(&directory, P256);
    let both = [directory.read("old.pem"), directory.read("cert.pem")].concat();
    let credential = Credential::from_pem(&both, &directory.read("key.pem")).unwrap();
    assert_eq!(
        credential.certificates()[0],
        certificates_from_file(directory.path("cert.pem")).unwrap()[0]
    );
}

/// What a peer is told of why no credential fits, where one must.
#[test]
fn credentials_that_must_match_say_what_does_not() {
    use warifu::NothingInCommon;
    use warifu::decision::ChooseCredential;
    let (ca, other) = (Ca::root("root"), Ca::root("other"));
    let one = |ca: &Ca| {
        let (certificate, key) = ca.leaf_and_key(&["a.example"], |_| {});
        let credential = Credential::from_der(vec![certificate], &key.serialize_der()).unwrap();
        Arc::new(credential.with_issuer_match_required(true))
    };
    let (ours, theirs) = (one(&ca), one(&other));
    let name = |name: &str| {
        // SEQUENCE { SET { SEQUENCE { OID 2.5.4.3, UTF8String } } }
        let len = u8::try_from(name.len()).unwrap();
        let mut der = vec![0x30, len + 11, 0x31, len + 9, 0x30, len + 7];
        der.extend([6, 3, 0x55, 4, 3, 0x0c, len]);
        der.extend(name.as_bytes());
        der
    };
    let choose = |list: &Credentials, schemes: &[SignatureScheme], authorities: &[&[u8]]| {
        let mut request = CredentialRequest::new(ProtocolVersion::TLS1_3, schemes);
        request.authorities = authorities;
        match list.choose(request) {
            Answer::Ready(chosen) => chosen,
            Answer::Later(_) => panic!("the list is in memory"),
        }
    };
    let p256 = [SignatureScheme::ECDSA_SECP256R1_SHA256];
    let (root, nobody) = (name("root"), name("nobody"));
    for list in [vec![ours.clone()], vec![theirs, ours.clone()]] {
        let list = Credentials::new(list);
        let chosen = choose(&list, &p256, &[&nobody, &root]).unwrap();
        assert!(Arc::ptr_eq(&chosen.unwrap(), &ours));
        // None of an authority that was named, or none was named.
        assert!(choose(&list, &p256, &[&nobody]).unwrap().is_none());
        assert!(choose(&list, &p256, &[]).unwrap().is_none());
        assert!(choose(&list, &[], &[&root]).unwrap().is_none());
    }
    let list = Credentials::from(ours).with_match_required(true);
    assert_eq!(
        choose(&list, &p256, &[&nobody]).unwrap_err(),
        NothingInCommon::Issuer {
            ours: "CN=root".to_owned(),
            peers: "CN=nobody".to_owned(),
        }
        .into()
    );
    let ed25519 = [SignatureScheme::ED25519];
    let error = choose(&list, &ed25519, &[&root]).unwrap_err();
    assert_eq!(
        error,
        NothingInCommon::SignatureScheme {
            ours: "ecdsa_secp256r1_sha256".to_owned(),
            peers: "ed25519".to_owned(),
        }
        .into()
    );
    assert_eq!(error.alert().unwrap().name(), Some("handshake_failure"));
    // Without credentials there is nothing to match.
    let empty = Credentials::default().with_match_required(true);
    assert!(choose(&empty, &p256, &[]).unwrap().is_none());
}

#[test]
fn what_a_key_signs_can_be_restricted_and_ordered() {
    use SignatureScheme as S;
    let directory = Directory::new();
    self_signed(&directory, "-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    let read = || Credential::from_files(directory.path("cert.pem"), directory.path("key.pem"));
    let wanted = [S::ED25519, S::RSA_PSS_RSAE_SHA512, S::RSA_PSS_RSAE_SHA256];
    let credential = read().unwrap().with_signature_schemes(&wanted).unwrap();
    assert_eq!(credential.schemes(), &wanted[1..]);
    let error = read().unwrap().with_signature_schemes(&wanted[..1]);
    assert_eq!(
        error.unwrap_err(),
        CredentialError::NoScheme {
            wanted: "ed25519".to_owned(),
            possible: "rsa_pss_rsae_sha256, rsa_pss_rsae_sha384, rsa_pss_rsae_sha512".to_owned(),
        }
    );
}
