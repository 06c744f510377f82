//! How servers and clients with keys refuse each other, and what each is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::process::Command;

use support::keys::{
    chmod, client, end, events, greeted, has, home, refused, server, told, with_certificates,
    words, write,
};
use support::{make_certificates, run, warifu, warifu_with};

const FROM_FILE: [&str; 2] = ["--psk-file", "alice.psk"];
#[test]
fn only_the_server_knows_whether_key_or_identity_is_wrong() {
    let home = home();
    let at = home.path();
    let server = server(at, "--psk-file keys.psk --json");
    let texts: Vec<_> = ["wrong.psk", "carol.psk"]
        .map(|file| {
            refused(
                at,
                &server,
                &["--psk-file", file],
                20,
                &[
                    "refused with the alert decrypt_error",
                    "does not know our identity, has another key for it",
                    "it does not say which",
                    "the server's log knows which",
                ],
            )
            .stderr
        })
        .into();
    assert_eq!(texts[0], texts[1]);
    let failed: Vec<_> = events(&end(server))
        .into_iter()
        .filter(|event| event["event"] == "connection_failed")
        .collect();
    assert_eq!(
        failed
            .iter()
            .map(|event| &event["code"])
            .collect::<Vec<_>>(),
        [41, 40]
    );
    has(
        failed[0]["what"].as_str().unwrap(),
        &["the client's key for alice is not ours"],
    );
    has(
        failed[1]["what"].as_str().unwrap(),
        &["no key here", "carol"],
    );
}

#[test]
fn a_client_with_certificates_and_a_server_with_keys_tell_each_other_apart() {
    let home = with_certificates();
    let at = home.path();
    let keys = server(at, "--psk-file keys.psk");
    refused(
        at,
        &keys,
        &["--ca", "ca.crt"],
        20,
        &[
            "wants a pre-shared key and got none",
            "--psk-identity NAME --psk-file FILE",
        ],
    );
    has(&end(keys).stderr, &["client offered no pre-shared key"]);
    let certificates = server(at, "--cert server.crt --key server.key");
    let done = greeted(
        at,
        &certificates,
        &words("--psk-file alice.psk --ca ca.crt"),
    );
    has(
        &done.stderr,
        &["server    localhost, proved by", "declined  "],
    );
    end(certificates);
}

#[test]
fn a_server_told_that_a_certificate_will_do_makes_itself_one() {
    let home = home();
    let at = home.path();
    let server = server(at, "--psk-file keys.psk --psk-policy optional");
    greeted(at, &server, &FROM_FILE);
    // By the local CA, which a client on this machine finds.
    let done = greeted(at, &server, &[]);
    has(&done.stderr, &["server    localhost, proved by"]);
    has(&end(server).stderr, &["by the local CA in"]);
}

#[test]
fn groups_must_be_agreed_too() {
    let home = home();
    let at = home.path();
    let server = server(at, "--psk-file keys.psk --groups x25519");
    let other = words("--psk-file alice.psk --groups secp384r1");
    refused(
        at,
        &server,
        &other,
        20,
        &["handshake_failure", "modes or groups", "--groups"],
    );
    has(&end(server).stderr, &["no common group"]);
}

#[test]
fn a_required_key_is_required_whatever_certificates_there_are() {
    let home = with_certificates();
    let at = home.path();
    let server = server(
        at,
        "--cert server.crt --key server.key --psk-file keys.psk --psk-policy required",
    );
    greeted(at, &server, &FROM_FILE);
    refused(
        at,
        &server,
        &["--ca", "ca.crt"],
        20,
        &[
            "wants a pre-shared key and got none",
            "--psk-identity NAME --psk-file FILE",
        ],
    );
    end(server);
}

#[test]
fn key_and_certificate_may_be_required_together() {
    let home = with_certificates();
    let at = home.path();
    let strict = server(
        at,
        "--cert server.crt --key server.key --psk-file keys.psk --psk-policy with-certificate",
    );
    let both = words("--psk-file alice.psk --ca ca.crt --psk-policy with-certificate");
    let done = greeted(at, &strict, &both);
    has(&done.stderr, &["PSK \"alice\"", "and localhost, proved by"]);
    refused(at, &strict, &FROM_FILE, 20, &["certificate too"]);
    refused(
        at,
        &strict,
        &["--ca", "ca.crt"],
        20,
        &["wants a pre-shared key"],
    );
    let unknown_ca = words("--psk-file alice.psk --psk-policy with-certificate --ca client.crt");
    assert_eq!(client(at, &strict, &unknown_ca).code, 30);
    has(&end(strict).stderr, &["--psk-policy with-certificate"]);
    // A server without a certificate.
    let plain = server(at, "--psk-file keys.psk");
    refused(
        at,
        &plain,
        &both,
        21,
        &["without a certificate", "--psk-policy with-certificate"],
    );
    end(plain);
}

#[test]
fn a_key_or_a_certificate_will_do_where_the_policy_is_optional() {
    let home = with_certificates();
    let at = home.path();
    // Optional is the default of a server with a certificate, and of a client with a CA.
    let server = server(at, "--cert server.crt --key server.key --psk-file keys.psk");
    let done = greeted(at, &server, &FROM_FILE);
    has(&done.stderr, &["PSK \"alice\"", "; no certificate"]);
    let done = greeted(at, &server, &["--ca", "ca.crt"]);
    has(&done.stderr, &["server    localhost, proved by"]);
    let done = greeted(at, &server, &words("--psk-file carol.psk --ca ca.crt"));
    has(
        &done.stderr,
        &[
            "server    localhost, proved by",
            "declined  the server took none of the keys",
        ],
    );
    let done = greeted(at, &server, &words("--psk-file alice.psk --ca ca.crt"));
    has(&done.stderr, &["server    PSK \"alice\""]);
    // A wrong key is no case for the certificate.
    refused(
        at,
        &server,
        &words("--psk-file wrong.psk --ca ca.crt"),
        20,
        &["decrypt_error"],
    );
    refused(
        at,
        &server,
        &words("--psk-file carol.psk --ca ca.crt --psk-policy required"),
        40,
        &[
            "accepted none of the pre-shared keys",
            "--psk-policy optional and --ca FILE",
        ],
    );
    let both = words("--psk-file alice.psk --ca ca.crt --psk-policy with-certificate");
    let done = greeted(at, &server, &both);
    has(
        &done.stderr,
        &["server    PSK \"alice\" (external, psk_dhe_ke, SHA-256); and localhost, proved by"],
    );
    let done = end(server);
    has(
        &done.stderr,
        &["declined  no key here for the identity that the client offered: carol"],
    );
}

#[test]
fn weak_keys_are_refused_unless_allowed() {
    let home = home();
    let at = home.path();
    write(at, "weak.psk", "dave:00112233445566778899aabbccddee\n");
    let words_of_refusal = ["weak.psk, line 1: the key has 120 bits", "--allow-weak-psk"];
    let options = ["server", "127.0.0.1:0", "--psk-file", "weak.psk"];
    told(&warifu_with(at, &options, ""), 2, &words_of_refusal);
    let server = server(at, "--psk-file weak.psk --allow-weak-psk");
    let weak = ["--psk-file", "weak.psk"];
    refused(at, &server, &weak, 2, &words_of_refusal);
    greeted(at, &server, &[&weak[..], &["--allow-weak-psk"]].concat());
    has(
        &end(server).stderr,
        &["--psk-file weak.psk --allow-weak-psk"],
    );
}

#[test]
fn a_key_file_open_to_others_is_refused_with_the_command_that_closes_it() {
    let home = home();
    let at = home.path();
    chmod(at, "keys.psk", 0o644);
    let options = ["server", "127.0.0.1:0", "--psk-file", "keys.psk"];
    let done = warifu_with(at, &options, "");
    told(
        &done,
        2,
        &["open to other users (mode 0644)", "chmod g-w,o= keys.psk"],
    );
    let mut shell = Command::new("sh");
    shell.current_dir(at).args(["-c", "chmod g-w,o= keys.psk"]);
    assert_eq!(run(&mut shell, b"").code, 0);
    let server = server(at, "--psk-file keys.psk");
    chmod(at, "alice.psk", 0o602);
    refused(at, &server, &FROM_FILE, 2, &["chmod g-w,o= alice.psk"]);
    // A certificate is open to all, and is to be.
    make_certificates(at);
    refused(
        at,
        &server,
        &["--psk-file", "ca.crt"],
        2,
        &["holds PEM", "--cert FILE"],
    );
    end(server);
}

#[test]
fn a_server_that_is_told_of_no_key_is_a_server_with_certificates() {
    let home = home();
    let at = home.path();
    for options in [
        "--psk-identity a",
        "--psk-policy required",
        "--allow-weak-psk",
    ] {
        let arguments = [&["server", "127.0.0.1:0"][..], &words(options)].concat();
        let mut command = warifu(at);
        let done = run(command.args(&arguments), b"");
        assert_eq!(done.code, 2, "{options}");
        has(&done.stderr, &["--psk-file "]);
    }
}

#[test]
fn a_client_with_nothing_but_a_key_learns_that_none_was_taken() {
    let home = with_certificates();
    let at = home.path();
    // A server without keys, and one that does not know this identity.
    for (options, key, cause, next) in [
        (
            "--cert server.crt --key server.key",
            "alice.psk",
            "this server has none",
            "start this server with --psk-file FILE",
        ),
        (
            "--cert server.crt --key server.key --psk-file keys.psk",
            "carol.psk",
            "identity is misspelled, its key was not added here",
            "warifu psk list FILE",
        ),
    ] {
        let server = server(at, options);
        let told = [
            "missing_extension",
            "took none of our keys",
            "or add --ca FILE",
        ];
        refused(at, &server, &["--psk-file", key], 20, &told);
        has(&end(server).stderr, &["takes no certificate", cause, next]);
    }
}

#[test]
fn a_server_is_told_what_its_client_insists_on() {
    let home = with_certificates();
    let at = home.path();
    let plain = server(at, "--psk-file keys.psk");
    let both = words("--psk-file alice.psk --ca ca.crt --psk-policy with-certificate");
    assert_eq!(client(at, &plain, &both).code, 21);
    has(
        &end(plain).stderr,
        &[
            "the client wants this server's certificate beside the key",
            "--psk-policy with-certificate",
        ],
    );
    let certificates = server(at, "--cert server.crt --key server.key");
    let required = words("--psk-file alice.psk --ca ca.crt --psk-policy required");
    assert_eq!(client(at, &certificates, &required).code, 40);
    has(
        &end(certificates).stderr,
        &[
            "or insists on a pre-shared key",
            "start this server with --psk-file FILE",
        ],
    );
}

#[test]
fn a_client_without_a_key_at_a_server_that_requires_one_is_code_40() {
    let home = with_certificates();
    let at = home.path();
    for options in [
        "--json --psk-file keys.psk",
        "--json --psk-file keys.psk --psk-policy required --cert server.crt --key server.key",
    ] {
        let server = server(at, options);
        assert_eq!(client(at, &server, &["--ca", "ca.crt"]).code, 20);
        let events = events(&end(server));
        let failed = events
            .iter()
            .find(|event| event["event"] == "connection_failed")
            .unwrap();
        assert_eq!(failed["code"], 40);
        has(
            failed["cause"].as_str().unwrap(),
            &["started without a key"],
        );
        has(failed["next"].as_str().unwrap(), &["--psk-policy optional"]);
    }
    // What is advised works.
    let advised = "--psk-file keys.psk --cert server.crt --key server.key --psk-policy optional";
    let server = server(at, advised);
    greeted(at, &server, &["--ca", "ca.crt"]);
    end(server);
}

#[test]
fn certificates_of_clients_go_with_keys_only_where_the_protocol_has_that() {
    let home = with_certificates();
    let at = home.path();
    for options in [
        "--ca ca.crt",
        "--ca ca.crt --verify-client optional",
        "--ca ca.crt --post-handshake-auth",
    ] {
        let arguments = format!("server 127.0.0.1:0 --psk-file keys.psk {options}");
        let done = warifu_with(at, &words(&arguments), "");
        told(
            &done,
            2,
            &["leave out --ca", "--psk-policy with-certificate"],
        );
    }
    let own = "--psk-file alice.psk --cert client.crt --key client.key";
    // What is advised works.
    let with_certificate = "--psk-file keys.psk --ca ca.crt --psk-policy with-certificate --cert server.crt --key server.key";
    let server_with = server(at, with_certificate);
    let both = format!("{own} --ca ca.crt --psk-policy with-certificate");
    greeted(at, &server_with, &words(&both));
    has(
        &end(server_with).stderr,
        &["client    PSK \"alice\" (external, psk_dhe_ke, SHA-256); and alice, proved by"],
    );
}
