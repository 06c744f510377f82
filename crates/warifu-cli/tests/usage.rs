//! Wrong usage: exit code 2, and a text that helps.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::process::{Command, Stdio};

fn run(arguments: &[&str]) -> (i32, String, String) {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_warifu"))
        .env_clear()
        .env("HOME", home.path())
        .stdin(Stdio::null())
        .args(arguments)
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn wrong_arguments_end_with_code_2_and_name_the_argument() {
    for (arguments, named) in [
        (&["serve"][..], "serve"),
        (&["client", "--nonsense"], "--nonsense"),
        (&["client", "https://example.org"], "URL"),
        (&["client", "host:99999"], "99999"),
        (&["server", "::1:x"], "::1:x"),
        (&["client", "--handshake-timeout", "0"], "off"),
        (&["client", "--insecure", "everything"], "everything"),
        (&["client", "--passphrase", "secret"], "process list"),
        (&["client", "--max-fragment-length", "1000"], "1000"),
        (&["client", "--record-size", "0"], "--record-size"),
        (
            &["client", "--record-size-limit", "63"],
            "--record-size-limit",
        ),
        (&["server", "--max-connections", "0"], "--max-connections"),
        (&["server", "--echo", "--http"], "--http"),
        (&["client", "-q", "-v"], "--verbose"),
        (
            &["client", "--psk-identity", "alice"],
            "--psk-identity alice: no key given",
        ),
        (&["server", "--psk-identity", "alice"], "next:  --psk-file"),
        (&["cert", "server", "localhost"], "--ca"),
        (&["cert", "server", "localhost", "--ca", "x"], "--ca-key"),
        (&["cert", "ca", "--kind", "dsa"], "dsa"),
        (&["cert", "ca", "--days", "0"], "--days"),
        (&["cert", "ca", "--permit", "a b"], "a b"),
        (&["cert", "ca", "--permit", "10.0.0.0/33"], "10.0.0.0/33"),
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!(code, 2, "{arguments:?}: {stderr}");
        assert!(stderr.contains(named), "{arguments:?}: {stderr}");
        assert_eq!(stdout, "", "{arguments:?}");
    }
}

#[test]
fn certificates_and_keys_alone_exclude_each_other_in_the_words_of_the_options() {
    let key = "alice:8b1f0e6a3c5d7294b0c1d2e3f4a59687";
    let issuer = ["server", "127.0.0.1:0", "--psk", key, "--insecure=issuer"];
    for when in ["optional", "required"] {
        let (code, _, stderr) = run(&[&issuer[..], &["--verify-client", when]].concat());
        assert_eq!(code, 2, "{stderr}");
        for words in ["--verify-client off", "--psk-policy with-certificate"] {
            assert!(stderr.contains(words), "{stderr}");
        }
        assert!(!stderr.contains("ClientAuth"), "{stderr}");
    }
}

#[test]
fn help_documents_every_exit_code() {
    for arguments in [
        &["--help"][..],
        &["client", "--help"],
        &["server", "--help"],
    ] {
        let (code, stdout, _) = run(arguments);
        assert_eq!(code, 0);
        for code in [0, 1, 2, 10, 20, 21, 30, 31, 32, 33, 40, 41, 50, 60, 130] {
            assert!(
                stdout
                    .lines()
                    .any(|line| line.trim_start().starts_with(&format!("{code}  "))
                        || line.trim_start().starts_with(&format!("{code} "))),
                "{code} is not in the help of {arguments:?}"
            );
        }
    }
}

#[test]
fn a_file_without_end_is_refused() {
    let (code, _, stderr) = run(&["cert", "show", "/dev/zero"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("larger than 16 MiB"), "{stderr}");
}
