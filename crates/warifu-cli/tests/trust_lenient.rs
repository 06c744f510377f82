//! Certificates of old PKIs, shown by OpenSSL: `--trust-lenient`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::path::Path;
use std::process::Command;

use support::{Background, Done, free_port, run, warifu_with};

fn openssl(at: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(at)
        .output()
        .unwrap();
    assert!(output.status.success(), "openssl {arguments}: {output:?}");
}

/// A CA and `leaf` of it: version 1 with its name in the commonName, or with the extensions given.
fn make_old_certificates(at: &Path, leaf_key: &str, sign: &str, extensions: &str) {
    openssl(
        at,
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -subj /CN=old-ca -days 30 -out ca.crt",
    );
    openssl(
        at,
        &format!(
            "req -new -newkey {leaf_key} -nodes -keyout leaf.key -subj /CN=localhost -out leaf.csr"
        ),
    );
    std::fs::write(at.join("leaf.cnf"), extensions).unwrap();
    let extensions = if extensions.is_empty() {
        ""
    } else {
        "-extfile leaf.cnf"
    };
    openssl(
        at,
        &format!(
            "x509 -req -in leaf.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 {sign} {extensions} -out leaf.crt"
        ),
    );
}

const NAMED: &str = "subjectAltName=DNS:localhost\n";

/// `openssl s_server`, which answers each line with the same line backwards.
fn s_server(at: &Path) -> Background {
    let port = free_port();
    let mut command = Command::new("openssl");
    command.current_dir(at).args(
        "s_server -quiet -rev -tls1_3 -cipher DEFAULT@SECLEVEL=0 -cert leaf.crt -key leaf.key -accept"
            .split(' '),
    );
    Background::program(command.arg(port.to_string()), port)
}

fn client(at: &Path, server: &Background, rules: &str) -> Done {
    let target = format!("localhost:{}", server.port);
    let mut arguments = vec!["client", &target, "--ca", "ca.crt"];
    if !rules.is_empty() {
        arguments.extend(["--trust-lenient", rules]);
    }
    warifu_with(at, &arguments, "hello\n")
}

#[track_caller]
fn refused(done: &Done, code: i32, words: &[&str]) {
    assert_eq!(done.code, code, "{}", done.stderr);
    for word in words {
        assert!(done.stderr.contains(word), "{word:?} in {}", done.stderr);
    }
    assert!(!done.stderr.contains("Leniency"), "{}", done.stderr);
}

#[track_caller]
fn accepted(done: &Done, words: &[&str]) {
    assert_eq!(
        (done.code, done.stdout.as_str()),
        (0, "olleh\n"),
        "{}",
        done.stderr
    );
    for word in words {
        assert!(done.stderr.contains(word), "{word:?} in {}", done.stderr);
    }
}

#[test]
fn a_server_of_openssl_with_rsa_1024_is_believed_by_its_rule() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    make_old_certificates(at, "rsa:1024", "-sha256", NAMED);
    let server = s_server(at);
    for rules in ["", "sha1,cn-only,v1"] {
        refused(
            &client(at, &server, rules),
            30,
            &[
                "RSA of 1024 bits, allowed are 2048 to 8192; allow it by --trust-lenient=rsa1024 if you must",
                "--pin FILE, or --trust-lenient rsa1024",
            ],
        );
    }
    accepted(
        &client(at, &server, "rsa1024"),
        &[
            "WARNING   --trust-lenient=rsa1024: ",
            "by rsa_pss_rsae_sha256",
            "lenient   accepted only because of an RSA key of less than 2048 bits",
        ],
    );
}

#[test]
fn a_server_of_openssl_with_sha1_and_version_1_needs_each_rule() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    make_old_certificates(at, "rsa:2048", "-sha1", "");
    let server = s_server(at);
    for (rules, code, words) in [
        // OpenSSL knows from signature_algorithms_cert that its chain will not do.
        ("", 20, ["handshake_failure", "--trust-lenient sha1"]),
        (
            "v1,cn-only,rsa1024",
            20,
            ["handshake_failure", "--trust-lenient sha1"],
        ),
        (
            "sha1,cn-only",
            30,
            ["version 1", "allow it by --trust-lenient=v1"],
        ),
        (
            "v1,sha1",
            31,
            ["CN=localhost", "allow it by --trust-lenient=cn-only"],
        ),
    ] {
        refused(&client(at, &server, rules), code, &words);
    }
    accepted(
        &client(at, &server, "v1,sha1,cn-only,rsa1024"),
        &[
            "lenient   accepted only because of a signature with SHA-1, a name in the commonName alone, X.509 version 1",
        ],
    );
}

#[test]
fn a_client_of_openssl_with_rsa_1024_is_believed_by_its_rule() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    make_old_certificates(at, "rsa:1024", "-sha256", NAMED);
    for (rules, printed) in [
        (&[][..], "allow it by --trust-lenient=rsa1024 if you must"),
        (
            &["--trust-lenient=rsa1024"],
            "lenient   accepted only because of an RSA key of less than 2048 bits",
        ),
    ] {
        let server = Background::server(at, &[&["--ca", "ca.crt"], rules].concat());
        let mut command = Command::new("openssl");
        command.current_dir(at).args(
            "s_client -quiet -tls1_3 -cipher DEFAULT@SECLEVEL=0 -cert leaf.crt -key leaf.key -connect"
                .split(' '),
        );
        // s_client ends when the server does.
        let done = run(command.arg(server.address()), b"shutdown\n");
        server.wait_for(printed, 1);
        assert_eq!(
            server.messages(),
            if rules.is_empty() { "" } else { "shutdown\n" },
            "{}",
            done.stderr
        );
    }
}

#[test]
fn cert_check_says_what_a_peer_with_the_option_would_say() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    make_old_certificates(at, "rsa:2048", "-sha1", NAMED);
    let check = [
        "cert",
        "check",
        "leaf.crt",
        "--ca",
        "ca.crt",
        "--name",
        "localhost",
    ];
    let done = warifu_with(at, &check, "");
    assert_eq!(done.code, 1, "{}", done.stderr);
    let printed = "NO  trust: the certificate chain uses sha1WithRSAEncryption (its hash is broken; allow it by \
                   --trust-lenient=sha1 if you must), which is not accepted";
    assert!(done.stdout.contains(printed), "{}", done.stdout);
    let done = warifu_with(at, &[&check[..], &["--trust-lenient", "sha1"]].concat(), "");
    assert_eq!(done.code, 0, "{}", done.stderr);
    let printed = "ok  trust: the chain leads to the CA given and is for localhost; accepted only because of a signature \
                   with SHA-1";
    assert!(done.stdout.contains(printed), "{}", done.stdout);
}

#[test]
fn an_unknown_rule_is_refused_with_those_that_exist() {
    let home = tempfile::tempdir().unwrap();
    let done = warifu_with(home.path(), &["client", "--trust-lenient", "md5"], "");
    refused(&done, 2, &["md5", "sha1, rsa1024, cn-only, v1"]);
}
