//! `warifu cert`: what it makes is judged by the `openssl` command.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

fn warifu(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_warifu"))
        .current_dir(directory)
        .env_clear()
        .env("HOME", directory)
        .env("PASSPHRASE", "correct horse")
        .args(arguments)
        .output()
        .unwrap()
}

/// Runs warifu, which must succeed; returns its standard output.
fn ok(directory: &Path, arguments: &[&str]) -> String {
    let output = warifu(directory, arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs warifu, which must fail with this code; returns its standard error.
fn fails(directory: &Path, code: i32, arguments: &[&str]) -> String {
    let output = warifu(directory, arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    stderr
}

fn openssl(directory: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("openssl")
        .current_dir(directory)
        .args(arguments)
        .output()
        .expect("these tests need the openssl command");
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn openssl_accepts_a_chain_of_every_classical_key_kind() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    for kind in ["p256", "p384", "p521", "ed25519", "rsa2048", "rsa3072"] {
        let ca = format!("ca-{kind}");
        let (ca_crt, ca_key) = (format!("{ca}.crt"), format!("{ca}.key"));
        ok(at, &["cert", "ca", "--kind", kind, "--out", &ca]);
        let signed_by = ["--ca", &ca_crt, "--ca-key", &ca_key, "--kind", kind];
        ok(
            at,
            &[
                &[
                    "cert",
                    "server",
                    "www.example.org",
                    "192.0.2.1",
                    "--out",
                    kind,
                ][..],
                &signed_by,
            ]
            .concat(),
        );
        ok(
            at,
            &[
                &[
                    "cert",
                    "client",
                    "alice@example.org",
                    "--out",
                    &format!("{kind}-client"),
                ][..],
                &signed_by,
            ]
            .concat(),
        );
        for (purpose, file) in [
            ("sslserver", format!("{kind}.crt")),
            ("sslclient", format!("{kind}-client.crt")),
        ] {
            let (good, text) = openssl(
                at,
                &[
                    "verify",
                    "-x509_strict",
                    "-purpose",
                    purpose,
                    "-CAfile",
                    &ca_crt,
                    &file,
                ],
            );
            assert!(good, "{kind} {purpose}: {text}");
        }
        let (good, text) = openssl(
            at,
            &[
                "verify",
                "-purpose",
                "sslclient",
                "-CAfile",
                &ca_crt,
                &format!("{kind}.crt"),
            ],
        );
        assert!(!good && text.contains("purpose"), "{kind}: {text}");
        let (_, text) = openssl(
            at,
            &["x509", "-noout", "-text", "-in", &format!("{kind}.crt")],
        );
        assert!(
            text.contains("DNS:www.example.org, IP Address:192.0.2.1"),
            "{text}"
        );
        assert!(text.contains("TLS Web Server Authentication"), "{text}");
        let (good, public) = openssl(at, &["pkey", "-pubout", "-in", &format!("{kind}.key")]);
        let (_, certified) = openssl(
            at,
            &["x509", "-noout", "-pubkey", "-in", &format!("{kind}.crt")],
        );
        assert!(good);
        assert_eq!(public, certified, "{kind}");
        assert!(
            ok(
                at,
                &[
                    "cert",
                    "check",
                    &format!("{kind}.crt"),
                    "--key",
                    &format!("{kind}.key")
                ]
            )
            .contains("ok  key")
        );
    }
}

#[test]
fn ml_dsa_chains_are_made_shown_and_read_back() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    for (kind, name) in [
        ("mldsa44", "ML-DSA-44"),
        ("mldsa65", "ML-DSA-65"),
        ("mldsa87", "ML-DSA-87"),
    ] {
        let (ca, ca_crt, ca_key) = (
            format!("ca-{kind}"),
            format!("ca-{kind}.crt"),
            format!("ca-{kind}.key"),
        );
        ok(at, &["cert", "ca", "--kind", kind, "--out", &ca]);
        ok(
            at,
            &[
                "cert",
                "server",
                "localhost",
                "--kind",
                kind,
                "--out",
                kind,
                "--ca",
                &ca_crt,
                "--ca-key",
                &ca_key,
            ],
        );
        let shown = ok(
            at,
            &[
                "cert",
                "show",
                &format!("{kind}.crt"),
                &format!("{kind}.key"),
            ],
        );
        assert!(shown.contains(&format!("key         {name}")), "{shown}");
        assert!(shown.contains(&format!("signature   {name}")), "{shown}");
        assert!(
            ok(
                at,
                &[
                    "cert",
                    "check",
                    &format!("{kind}.crt"),
                    "--key",
                    &format!("{kind}.key")
                ]
            )
            .contains("ok  key")
        );
        fails(
            at,
            1,
            &["cert", "check", &format!("{kind}.crt"), "--key", &ca_key],
        );
    }
}

#[test]
fn name_constraints_bind_host_names_and_addresses_alike() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    ok(
        at,
        &["cert", "ca", "--permit", "example.org", "--out", "names"],
    );
    ok(
        at,
        &[
            "cert",
            "ca",
            "--permit",
            "10.0.0.0/8,fd00::/8",
            "--out",
            "addresses",
        ],
    );
    for (ca, name, allowed) in [
        ("names", "example.org", true),
        ("names", "a.b.example.org", true),
        ("names", "*.example.org", true),
        ("names", "example.com", false),
        ("names", "badexample.org", false),
        ("names", "10.1.2.3", false),
        ("names", "fd00::1", false),
        ("addresses", "10.1.2.3", true),
        ("addresses", "fd12::1", true),
        ("addresses", "11.1.2.3", false),
        ("addresses", "fe80::1", false),
        ("addresses", "example.org", false),
    ] {
        let (crt, key) = (format!("{ca}.crt"), format!("{ca}.key"));
        ok(
            at,
            &[
                "cert", "server", name, "--ca", &crt, "--ca-key", &key, "--out", "leaf", "--force",
            ],
        );
        let (good, text) = openssl(at, &["verify", "-CAfile", &crt, "leaf.crt"]);
        assert_eq!(good, allowed, "{ca} {name}: {text}");
    }
}

#[test]
fn keys_are_private_and_never_overwritten_by_accident() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    ok(at, &["cert", "ca"]);
    let mode = |file: &str| fs::metadata(at.join(file)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("ca.key"), 0o600);
    assert_eq!(mode("ca.crt"), 0o644);
    let before = fs::read(at.join("ca.key")).unwrap();
    let stderr = fails(at, 2, &["cert", "ca"]);
    assert!(
        stderr.contains("ca.key exists") && stderr.contains("--force"),
        "{stderr}"
    );
    assert_eq!(fs::read(at.join("ca.key")).unwrap(), before);
    ok(at, &["cert", "ca", "--force"]);
    assert_ne!(fs::read(at.join("ca.key")).unwrap(), before);
    assert_eq!(mode("ca.key"), 0o600);
    // No temporary files are left.
    assert_eq!(fs::read_dir(at).unwrap().count(), 2);
}

#[test]
fn encrypted_keys_need_their_passphrase() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    ok(
        at,
        &[
            "cert",
            "server",
            "localhost",
            "--self-signed",
            "--encrypt",
            "env:PASSPHRASE",
        ],
    );
    let (good, text) = openssl(
        at,
        &[
            "pkey",
            "-noout",
            "-in",
            "localhost.key",
            "-passin",
            "pass:correct horse",
        ],
    );
    assert!(good, "{text}");
    let (good, _) = openssl(
        at,
        &[
            "pkey",
            "-noout",
            "-in",
            "localhost.key",
            "-passin",
            "pass:wrong",
        ],
    );
    assert!(!good);
    let check = ["cert", "check", "localhost.crt", "--key", "localhost.key"];
    ok(
        at,
        &[&check[..], &["--passphrase", "env:PASSPHRASE"]].concat(),
    );
    fs::write(at.join("pass"), "correct horse\n").unwrap();
    ok(at, &[&check[..], &["--passphrase", "file:pass"]].concat());
    fs::write(at.join("wrong"), "incorrect\n").unwrap();
    let stderr = fails(
        at,
        2,
        &[&check[..], &["--passphrase", "file:wrong"]].concat(),
    );
    assert!(stderr.contains("cannot be decrypted"), "{stderr}");
    let stderr = fails(at, 2, &check);
    assert!(
        stderr.contains("is encrypted") && stderr.contains("--passphrase"),
        "{stderr}"
    );
    let stderr = fails(
        at,
        2,
        &[&check[..], &["--passphrase", "env:NOTHING"]].concat(),
    );
    assert!(stderr.contains("NOTHING"), "{stderr}");
}

#[test]
fn keys_made_by_openssl_sign_here() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let make = |arguments: &[&str]| assert!(openssl(at, arguments).0, "{arguments:?}");
    make(&[
        "ecparam",
        "-name",
        "secp384r1",
        "-genkey",
        "-noout",
        "-out",
        "sec1.key",
    ]);
    make(&["genrsa", "-traditional", "-out", "pkcs1.key", "2048"]);
    make(&[
        "genpkey",
        "-algorithm",
        "ed25519",
        "-outform",
        "DER",
        "-out",
        "pkcs8-der.key",
    ]);
    for key in ["sec1", "pkcs1", "pkcs8-der"] {
        let (key_file, crt) = (format!("{key}.key"), format!("{key}.crt"));
        let mut arguments = vec![
            "req", "-x509", "-subj", "/CN=CA", "-key", &key_file, "-out", &crt,
        ];
        if key == "pkcs8-der" {
            arguments.extend(["-keyform", "DER"]);
        }
        make(&arguments);
        ok(at, &["cert", "check", &crt, "--key", &key_file]);
        ok(
            at,
            &[
                "cert",
                "server",
                "localhost",
                "--ca",
                &crt,
                "--ca-key",
                &key_file,
                "--out",
                "leaf",
                "--force",
            ],
        );
        let (good, text) = openssl(at, &["verify", "-CAfile", &crt, "leaf.crt"]);
        assert!(good, "{key}: {text}");
    }
}

#[test]
fn show_tells_everything_about_pem_and_der() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    ok(at, &["cert", "ca", "--name", "Test CA", "--days", "30"]);
    ok(
        at,
        &[
            "cert",
            "server",
            "localhost",
            "--ca",
            "ca.crt",
            "--ca-key",
            "ca.key",
            "--days",
            "90",
        ],
    );
    let chain = [
        fs::read(at.join("localhost.crt")).unwrap(),
        fs::read(at.join("ca.crt")).unwrap(),
    ]
    .concat();
    fs::write(at.join("chain.pem"), &chain).unwrap();
    let shown = ok(at, &["cert", "show", "chain.pem"]);
    for text in [
        "chain.pem: 2 certificates",
        "CN=localhost (leaf)",
        "issued by   CN=Test CA",
        "names       localhost",
        "key         ECDSA P-256",
        "usage       digital signature, TLS server",
        "chain order: right",
    ] {
        assert!(shown.contains(text), "{text:?} is not in\n{shown}");
    }
    // A leaf does not outlive its CA.
    assert!(
        !shown.contains("90 days") && !shown.contains("89 days"),
        "{shown}"
    );
    assert!(
        openssl(
            at,
            &[
                "x509",
                "-in",
                "localhost.crt",
                "-outform",
                "DER",
                "-out",
                "leaf.der"
            ]
        )
        .0
    );
    let shown = ok(at, &["cert", "show", "leaf.der"]);
    let (_, fingerprint) = openssl(
        at,
        &[
            "x509",
            "-in",
            "localhost.crt",
            "-noout",
            "-fingerprint",
            "-sha256",
        ],
    );
    let fingerprint = fingerprint
        .trim()
        .split_once('=')
        .unwrap()
        .1
        .replace(':', "")
        .to_lowercase();
    assert!(shown.contains(&fingerprint), "{shown}");
    let json = ok(at, &["cert", "show", "--json", "leaf.der"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["sha256"], fingerprint.as_str());
    assert_eq!(json["names"][0], "localhost");

    let reversed = [
        fs::read(at.join("ca.crt")).unwrap(),
        fs::read(at.join("localhost.crt")).unwrap(),
    ]
    .concat();
    fs::write(at.join("reversed.pem"), &reversed).unwrap();
    assert!(ok(at, &["cert", "show", "reversed.pem"]).contains("chain order: WRONG"));
    fails(at, 1, &["cert", "check", "reversed.pem"]);
}

#[test]
fn what_is_said_around_pem_is_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    ok(at, &["cert", "ca"]);
    let pem = fs::read_to_string(at.join("ca.crt")).unwrap();
    let shown = ok(at, &["cert", "show", "ca.crt"]).replace("ca.crt", "FILE");
    let remark = "paste the -----BEGIN CERTIFICATE----- block below\n";
    for (name, text) in [
        ("remark", format!("{remark}{pem}{remark}")),
        ("open", format!("-----BEGIN CERTIFICATE-----: below\n{pem}")),
        ("end", format!("{pem}-----END CERTIFICATE----- is the end")),
        ("windows", pem.replace('\n', "\r\n")),
        ("macintosh", pem.replace('\n', "\r")),
        ("blanks", pem.replace('\n', " \t\n")),
        ("byte order mark", format!("\u{feff}{pem}")),
    ] {
        fs::write(at.join(name), text).unwrap();
        let found = ok(at, &["cert", "show", name]).replace(name, "FILE");
        assert_eq!(found, shown, "{name}");
    }
    // With no line that begins a section it is none.
    for (text, reason) in [
        (remark, "text without PEM"),
        (pem.trim_end().trim_end_matches('-'), "no end"),
    ] {
        fs::write(at.join("wrong"), text).unwrap();
        let stderr = fails(at, 2, &["cert", "show", "wrong"]);
        assert!(stderr.contains(reason), "{stderr}");
    }
}

#[test]
fn wrong_files_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    ok(at, &["cert", "ca"]);
    fs::write(at.join("text"), "hello\n").unwrap();
    fs::write(at.join("empty"), "").unwrap();
    fs::write(at.join("binary"), [0x30, 0x03, 1, 2, 3]).unwrap();
    let pem = fs::read_to_string(at.join("ca.crt")).unwrap();
    fs::write(at.join("cut"), &pem[..pem.len() / 2]).unwrap();
    for (file, reason) in [
        ("missing", "No such file"),
        (".", "directory"),
        ("text", "text without PEM"),
        ("empty", "it is empty"),
        ("binary", "neither a certificate nor a private key"),
        ("cut", "damaged PEM"),
        ("ca.key", "1 private key"),
    ] {
        let stderr = fails(at, 2, &["cert", "check", file]);
        assert!(stderr.contains(reason), "{file}: {stderr}");
        assert!(
            stderr.contains("  cause: ") && stderr.contains("  next:  "),
            "{file}: {stderr}"
        );
    }
    let stderr = fails(
        at,
        2,
        &[
            "cert", "server", "x", "--ca", "ca.crt", "--ca-key", "ca.crt",
        ],
    );
    assert!(stderr.contains("private key"), "{stderr}");
    ok(
        at,
        &[
            "cert", "server", "leaf", "--ca", "ca.crt", "--ca-key", "ca.key",
        ],
    );
    let stderr = fails(
        at,
        2,
        &[
            "cert", "server", "x", "--ca", "leaf.crt", "--ca-key", "leaf.key",
        ],
    );
    assert!(stderr.contains("not one of a CA"), "{stderr}");
    let stderr = fails(
        at,
        2,
        &[
            "cert", "server", "x", "--ca", "ca.crt", "--ca-key", "leaf.key",
        ],
    );
    assert!(stderr.contains("does not belong"), "{stderr}");
    for name in ["under_score!", "a b", "", "münchen.example"] {
        fails(
            at,
            2,
            &["cert", "server", name, "--self-signed", "--out", "bad"],
        );
    }
    assert!(!at.join("bad.key").exists());
}
