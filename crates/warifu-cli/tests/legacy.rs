//! TLS 1.2, 1.1 and 1.0 from the outside: each option, between our own programs and with OpenSSL's; and what a build without
//! them says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::path::Path;

use support::keys::{end, has, home, server, words};
use support::{Done, warifu_with};

fn run(at: &Path, line: &str) -> Done {
    warifu_with(at, &words(line), "")
}

#[test]
fn wrong_choices_are_wrong_usage_and_name_what_was_meant() {
    let home = home();
    for (line, told_words) in [
        ("client --tls 1.4", "there are 1.0, 1.1, 1.2 and 1.3"),
        ("client --tls 1.3..1.2", "1.2..1.3"),
        ("client --tls ..1.2", "the lowest version is missing"),
        ("client --policy weak", "psk-iot"),
        ("server --suites HIGH", "--policy"),
        ("server --suites RC4-SHA", "left out for good"),
        (
            "suites --suites TLS_AES_128_GCM_SHA265",
            "TLS_AES_128_GCM_SHA256",
        ),
    ] {
        let done = run(home.path(), line);
        assert_eq!(done.code, 2, "{line}: {}", done.stderr);
        assert_eq!(done.stdout, "");
        has(&done.stderr, &[told_words]);
    }
}

#[test]
fn suites_are_listed_as_text_and_as_json() {
    let home = home();
    let done = run(home.path(), "suites --on --tls 1.3");
    let names: Vec<_> = done
        .stdout
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().nth(2).unwrap())
        .collect();
    let modern = [
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
    ];
    assert_eq!(names, modern);
    let done = run(home.path(), "suites --json");
    let found = support::keys::events(&done);
    let ccm = found
        .iter()
        .find(|row| row["suite"] == "TLS_AES_128_CCM_SHA256");
    let ccm = ccm.unwrap();
    assert_eq!(ccm["on"], false);
    assert_eq!(ccm["policies"], serde_json::json!(["psk-iot"]));
    assert_eq!(ccm["why_off"], "needs --policy psk-iot, or --suites");
}

#[cfg(not(feature = "legacy"))]
#[test]
fn a_build_without_older_versions_says_so() {
    let home = home();
    for line in [
        "client --tls 1.2",
        "server --tls 1.0..",
        "client --policy legacy",
        "server --policy psk-iot",
        "client --suites ECDHE-RSA-AES128-GCM-SHA256",
        "demo --tls 1.2",
    ] {
        let done = run(home.path(), line);
        assert_eq!(done.code, 2, "{line}: {}", done.stderr);
        has(&done.stderr, &["this build of warifu has", "TLS 1.3"]);
    }
    let running = server(home.path(), "--psk-file keys.psk --tls 1.3 --policy modern");
    let done = support::keys::greeted(home.path(), &running, &["--psk-file", "alice.psk"]);
    has(&done.stderr, &["version   TLS 1.3, pre-shared key"]);
    end(running);
}

#[cfg(feature = "legacy")]
mod with_older_versions {
    use std::fs;
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::process::{Command, Stdio};

    use super::support::keys::{ALICE, OTHER, client, events, greeted, refused, told};
    use super::support::{Background, ok, run as run_command};
    use super::*;

    /// Certificates of a CA for keys of both kinds, and keys.
    fn with_certificates() -> tempfile::TempDir {
        let home = home();
        let at = home.path();
        let make = |line: &str| {
            ok(at, &words(line));
        };
        make("cert ca");
        for (kind, out) in [("p256", "server"), ("rsa2048", "rsa")] {
            make(&format!(
                "cert server localhost 127.0.0.1 --ca ca.crt --ca-key ca.key --kind {kind} --out {out}"
            ));
        }
        make("cert client joe --ca ca.crt --ca-key ca.key --out joe");
        home
    }

    /// `openssl s_server` of one version, all suites, that sends lines back reversed.
    fn s_server(at: &Path, options: &str) -> Background {
        let mut openssl = Command::new("openssl");
        openssl.current_dir(at).args(["s_server", "-rev"]);
        openssl.args(["-accept", "127.0.0.1:0"]);
        if !options.contains("-cipher") {
            openssl.args(["-cipher", "ALL:PSK:@SECLEVEL=0"]);
        }
        openssl.args(words(options));
        // It ends at the end of its input.
        Background::listening(&mut openssl, Stdio::piped())
    }

    /// `openssl s_client` says hello; all that it printed.
    fn s_client(at: &Path, server: &Background, options: &str) -> String {
        let line = format!(
            "(echo hello; sleep 1) | openssl s_client -connect {} {options} 2>&1",
            server.address()
        );
        let mut shell = Command::new("sh");
        shell.current_dir(at).args(["-c", &line]);
        run_command(&mut shell, b"").stdout
    }

    #[test]
    fn demo_speaks_every_version_with_certificates_and_with_a_key() {
        let home = home();
        for version in ["1.0", "1.1", "1.2", "1.3"] {
            for key in ["", " --psk"] {
                let line = format!("demo --tls {version}{key}");
                let done = warifu_with(home.path(), &words(&line), "hello\n\nshutdown\n");
                assert_eq!(done.code, 0, "{line}: {}", done.stderr);
                // One message is one message, also where TLS 1.0 cuts it.
                let mut lines: Vec<_> = done.stdout.lines().collect();
                lines.sort_unstable();
                let expected = [
                    "client received: I hear you.",
                    "client received: I hear you.",
                    "server received: ",
                    "server received: hello",
                    "server received: shutdown",
                ];
                assert_eq!(lines, expected, "{line}");
                has(&done.stderr, &[&format!("version   TLS {version}, ")]);
                let deprecated = format!("warning   TLS {version} is deprecated (RFC 8996)");
                let old = version < "1.2";
                assert_eq!(done.stderr.contains(&deprecated), old, "{}", done.stderr);
                assert_eq!(done.stderr.contains("WARNING"), old, "{}", done.stderr);
            }
        }
    }

    #[test]
    fn versions_of_openssl_servers_are_met_and_those_too_old_are_refused_with_advice() {
        let home = with_certificates();
        let at = home.path();
        for (option, version) in [("-tls1_2", "1.2"), ("-tls1_1", "1.1"), ("-tls1", "1.0")] {
            let server = s_server(at, &format!("{option} -cert rsa.crt -key rsa.key"));
            let line = format!("client {} --ca ca.crt --policy legacy", server.address());
            let done = warifu_with(at, &words(&line), "hello\n");
            assert_eq!(
                (done.code, &done.stdout[..]),
                (0, "olleh\n"),
                "{}",
                done.stderr
            );
            has(
                &done.stderr,
                &[
                    &format!("version   TLS {version}, full handshake"),
                    "WARNING   --policy legacy allows TLS 1.0 and TLS 1.1, deprecated (RFC 8996); \
                     suites without forward secrecy; CBC; peers without secure renegotiation",
                    "exchange  ECDHE x25519",
                ],
            );
            let line = format!("client {} --ca ca.crt", server.address());
            let done = warifu_with(at, &words(&line), "hello\n");
            match version {
                "1.2" => {
                    assert_eq!(done.code, 0, "{}", done.stderr);
                    assert!(!done.stderr.to_lowercase().contains("warning"));
                }
                _ => told(
                    &done,
                    20,
                    &["protocol_version", "TLS 1.2 to TLS 1.3", "--policy legacy"],
                ),
            }
        }
    }

    /// An imported key is of TLS 1.3. Where the server refuses what is offered, or is refused for what it chose: the advice is not
    /// to switch on what is on.
    #[test]
    fn a_server_without_tls_1_3_is_told_apart_where_keys_are_imported() {
        let home = with_certificates();
        let at = home.path();
        let old = s_server(at, "-tls1_2 -cert rsa.crt -key rsa.key");
        let address = old.address();
        let keys = "--psk-file alice.psk --psk-import context";
        for (options, code, what) in [
            ("", 20, "refused with the alert protocol_version"),
            (
                "--tls 1.2..1.3",
                20,
                "refused with the alert protocol_version",
            ),
            (
                "--tls 1.2..1.3 --ca ca.crt --psk-policy with-certificate",
                21,
                "we allow TLS 1.3, the only version that the keys offered are for, the peer at most TLS 1.2",
            ),
        ] {
            let line = format!("client {address} {keys} {options}");
            let done = run(at, line.trim_end());
            let words = [
                what,
                "the peer does not allow TLS 1.3, the only version that keys with --psk-import are for",
                "switch TLS 1.3 on at the peer, or leave --psk-import out on both sides",
            ];
            told(&done, code, &words);
        }
        // Where a certificate will do, it does.
        let line = format!("client {address} {keys} --ca ca.crt --server-name localhost");
        let done = warifu_with(at, &words(&line), "hello\n");
        assert_eq!(
            (done.code, &done.stdout[..]),
            (0, "olleh\n"),
            "{}",
            done.stderr
        );
    }

    #[test]
    fn suites_have_the_names_of_three_registries_and_the_summary_says_what_is_weak() {
        let home = with_certificates();
        let at = home.path();
        let running = server(at, "--cert rsa.crt --key rsa.key --policy compat");
        for (name, exchange, weak) in [
            ("TLS_RSA_WITH_AES_128_GCM_SHA256", "RSA key transport", 1),
            ("AES128-SHA", "RSA key transport", 2),
            ("TLS_RSA_AES_256_CBC_SHA1", "RSA key transport", 2),
            ("DHE-RSA-AES128-GCM-SHA256", "DHE ffdhe2048", 0),
            ("ECDHE-RSA-AES128-SHA", "ECDHE x25519", 1),
        ] {
            let done = greeted(at, &running, &["--ca", "ca.crt", "--suites", name]);
            has(
                &done.stderr,
                &[
                    "version   TLS 1.2, full handshake",
                    &format!("exchange  {exchange}\n"),
                    "versions  TLS 1.2 only: --suites names no suite of TLS 1.3",
                ],
            );
            let told = done
                .stderr
                .lines()
                .filter(|line| line.starts_with("warning  "));
            assert_eq!(told.count(), weak, "{name}: {}", done.stderr);
            if weak > 0 {
                has(&done.stderr, &["WARNING   --suites allows "]);
            }
        }
        let mixed = "AES_256_GCM_SHA384:ECDHE-RSA-AES256-GCM-SHA384";
        let done = greeted(at, &running, &["--ca", "ca.crt", "--suites", mixed]);
        has(
            &done.stderr,
            &["version   TLS 1.3", "suite     TLS_AES_256_GCM_SHA384"],
        );
        let done = end(running);
        has(
            &done.stderr,
            &[
                "WARNING   --policy compat allows suites without forward secrecy; CBC",
                "[1] warning   no forward secrecy: RSA key transport",
            ],
        );
    }

    /// RFC 5246 Section 7.4.2. OpenSSL made the certificates, and is the peer.
    #[test]
    fn key_usage_decides_which_key_exchange_a_certificate_serves() {
        let home = home();
        let at = home.path();
        for (name, usage) in [("enc", "keyEncipherment"), ("sign", "digitalSignature")] {
            let line = format!(
                "req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.crt -subj /CN=localhost -days 30 \
                 -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -addext keyUsage=critical,{usage}"
            );
            let mut openssl = Command::new("openssl");
            openssl.current_dir(at).args(words(&line));
            let done = run_command(&mut openssl, b"");
            assert_eq!(done.code, 0, "{}", done.stderr);
        }
        // A client of ours.
        let (enc, sign) = ("keyEncipherment", "digitalSignature");
        for (version, name, cipher, lacks) in [
            ("1_2", "enc", "AES128-GCM-SHA256", None),
            ("1_1", "enc", "AES128-SHA", None),
            ("1", "enc", "AES128-SHA", None),
            ("1_2", "sign", "AES128-GCM-SHA256", Some(enc)),
            ("1", "sign", "AES128-SHA", Some(enc)),
            ("1_2", "sign", "ECDHE-RSA-AES128-GCM-SHA256", None),
            ("1_2", "enc", "ECDHE-RSA-AES128-GCM-SHA256", Some(sign)),
        ] {
            let options = format!(
                "-tls{version} -cert {name}.crt -key {name}.key -cipher {cipher}:@SECLEVEL=0"
            );
            let server = s_server(at, &options);
            let address = server.address();
            let line = format!("client {address} --pin {name}.crt --policy legacy");
            let done = warifu_with(at, &words(&line), "hello\n");
            match lacks {
                None => assert_eq!(
                    (done.code, &done.stdout[..]),
                    (0, "olleh\n"),
                    "{}",
                    done.stderr
                ),
                Some(bit) => {
                    assert_ne!(done.code, 0, "{options}");
                    let told = format!("server authentication: its key usage lacks {bit}");
                    has(&done.stderr, &[&told]);
                }
            }
        }
        // A server of ours.
        for name in ["enc", "sign"] {
            let running = server(
                at,
                &format!("--cert {name}.crt --key {name}.key --policy legacy"),
            );
            for (options, by) in [
                ("-tls1_2 -cipher AES128-GCM-SHA256", "enc"),
                ("-tls1 -cipher AES128-SHA:@SECLEVEL=0", "enc"),
                ("-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256", "sign"),
                ("-tls1_3", "sign"),
            ] {
                let done = s_client(at, &running, &format!("{options} -CAfile {name}.crt"));
                match by == name {
                    true => {
                        has(&done, &["Verify return code: 0 (ok)", "Cipher is "]);
                        assert!(!done.contains("Cipher is (NONE)"), "{done}");
                    }
                    false => has(&done, &["alert handshake failure"]),
                }
            }
            end(running);
        }
    }

    #[test]
    fn a_key_alone_is_used_in_the_version_that_the_peer_has() {
        let home = home();
        let at = home.path();
        let key = format!("-nocert -psk {ALICE} -psk_identity alice -psk_hint who");
        for (options, told_words) in [
            (
                "-tls1_2 -cipher ECDHE-PSK-CHACHA20-POLY1305",
                &[
                    "version   TLS 1.2, pre-shared key",
                    "exchange  ECDHE x25519",
                    "server    PSK \"alice\" (external, ECDHE_PSK); no certificate",
                    "hint      \"who\"",
                ][..],
            ),
            (
                "-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256",
                &[
                    "version   TLS 1.3, pre-shared key",
                    "server    PSK \"alice\" (external, psk_dhe_ke, SHA-256); no certificate",
                ],
            ),
        ] {
            let server = s_server(at, &format!("{options} {key}"));
            let line = format!("client {} --psk-file alice.psk", server.address());
            let done = warifu_with(at, &words(&line), "hello\n");
            assert_eq!(
                (done.code, &done.stdout[..]),
                (0, "olleh\n"),
                "{}",
                done.stderr
            );
            has(&done.stderr, told_words);
            assert!(!done.stderr.to_lowercase().contains("warning"));
        }
        // The key alone is a choice by name.
        let old = s_server(
            at,
            &format!("-tls1_2 -cipher PSK-AES128-CCM8:@SECLEVEL=0 {key}"),
        );
        let address = old.address();
        let by_default = warifu_with(at, &["client", &address, "--psk-file", "alice.psk"], "");
        told(&by_default, 20, &["handshake_failure", "--policy psk-iot"]);
        let line = format!("client {address} --psk-file alice.psk --policy psk-iot");
        let done = warifu_with(at, &words(&line), "hello\n");
        assert_eq!(
            (done.code, &done.stdout[..]),
            (0, "olleh\n"),
            "{}",
            done.stderr
        );
        has(
            &done.stderr,
            &[
                "exchange  PSK alone",
                "server    PSK \"alice\" (external, PSK); no certificate",
                "warning   no forward secrecy: the pre-shared key alone",
                "warning   short authentication tags (CCM-8)",
            ],
        );
    }

    #[test]
    fn clients_of_openssl_are_told_the_hint_and_the_server_knows_why_they_fail() {
        let home = home();
        let at = home.path();
        let running = server(at, "--psk-file keys.psk --psk-hint who --policy psk-iot");
        let good = format!("-psk {ALICE} -psk_identity alice");
        for suite in [
            "ECDHE-PSK-CHACHA20-POLY1305",
            "DHE-PSK-AES128-GCM-SHA256",
            "PSK-AES128-CCM8",
        ] {
            let options = format!("-tls1_2 -cipher {suite}:@SECLEVEL=0 {good}");
            let printed = s_client(at, &running, &options);
            has(&printed, &[suite, "PSK identity hint: who", "I hear you."]);
        }
        for (key, identity) in [(OTHER, "alice"), (ALICE, "mallory")] {
            let printed = s_client(
                at,
                &running,
                &format!("-tls1_2 -psk {key} -psk_identity {identity}"),
            );
            has(&printed, &["alert decrypt error"]);
            assert!(!printed.contains("I hear you."));
        }
        for key in ["wrong.psk", "carol.psk"] {
            let options = ["--psk-file", key, "--tls", "1.2"];
            let words = ["decrypt_error", "does not say which"];
            refused(at, &running, &options, 20, &words);
        }
        let none = s_client(at, &running, "-tls1_2");
        has(&none, &["alert handshake failure"]);
        let done = end(running);
        has(
            &done.stderr,
            &[
                "[3] exchange  PSK alone",
                "[4] warifu (41): ",
                "the client's key for alice is not ours",
                "[5] warifu (40): ",
                "no key here for the identity that the client offered: mallory",
                "[6] warifu (41): ",
                "[7] warifu (40): ",
                "[8] warifu (40): ",
                "client offered no pre-shared key",
            ],
        );
    }

    #[test]
    fn key_and_certificate_together_are_rsa_psk_and_need_its_policy() {
        let home = with_certificates();
        let at = home.path();
        let both = "--psk-file alice.psk --psk-policy with-certificate";
        let line = format!("--cert rsa.crt --key rsa.key {both} --policy compat");
        let running = server(at, &line);
        let options = format!("--ca ca.crt {both} --tls 1.2");
        let words_told = ["RSA_PSK", "policy compat"];
        refused(at, &running, &words(&options), 2, &words_told);
        let done = greeted(at, &running, &words(&format!("{options} --policy compat")));
        has(
            &done.stderr,
            &[
                "exchange  RSA key transport and PSK",
                "server    PSK \"alice\" (external, RSA_PSK); and localhost, proved; checked: issuer",
                "warning   no forward secrecy: RSA key transport",
            ],
        );
        let imported = [
            "--psk-file",
            "alice.psk",
            "--psk-import",
            "x",
            "--tls",
            "1.2",
        ];
        refused(at, &running, &imported, 2, &["--psk-import"]);
        end(running);
    }

    #[test]
    fn wrong_keys_at_openssl_are_told_as_at_our_own_server() {
        let home = home();
        let at = home.path();
        let server = s_server(
            at,
            &format!("-tls1_2 -nocert -psk {ALICE} -psk_identity alice"),
        );
        let line = format!("client {} --psk-file wrong.psk", server.address());
        let done = warifu_with(at, &words(&line), "");
        told(&done, 20, &["bad_record_mac", "has another key for it"]);
    }

    #[test]
    fn versions_without_a_common_one_are_told_on_both_sides() {
        let home = home();
        let at = home.path();
        let running = server(at, "--psk-file keys.psk --tls 1.1");
        let words = ["protocol_version", "TLS 1.2 to TLS 1.3", "--policy legacy"];
        refused(at, &running, &["--psk-file", "alice.psk"], 20, &words);
        running.wait_for("connect ", 1);
        // The printed command is one that works.
        let printed = running.printed();
        assert!(
            printed.contains("--psk-file keys.psk --tls 1.1\n"),
            "{printed}"
        );
        greeted(at, &running, &["--psk-file", "alice.psk", "--tls", "1.1"]);
        let done = end(running);
        has(
            &done.stderr,
            &[
                "[1] warifu (21): ",
                "no common version: we allow TLS 1.1, the peer TLS 1.3, TLS 1.2",
                "leave --tls, --policy and --suites out here",
            ],
        );
        let running = server(at, "--psk-file keys.psk");
        let words = ["protocol_version", "TLS 1.1", "without --tls"];
        let options = ["--psk-file", "alice.psk", "--tls", "1.1"];
        refused(at, &running, &options, 20, &words);
        let done = end(running);
        has(
            &done.stderr,
            &[
                "[1] warifu (21): ",
                "we allow TLS 1.2 to TLS 1.3",
                "--policy legacy",
            ],
        );
    }

    #[test]
    fn fallback_is_refused_by_a_server_that_has_more() {
        let home = with_certificates();
        let at = home.path();
        let running = server(at, "--cert server.crt --key server.key");
        let printed = s_client(at, &running, "-tls1_2 -fallback_scsv");
        has(&printed, &["alert inappropriate fallback"]);
        let done = end(running);
        has(
            &done.stderr,
            &[
                "[1] warifu (21): ",
                "falls back to TLS 1.2 and this server has TLS 1.3",
                "somebody may have made it fail",
            ],
        );
    }

    #[test]
    fn certificates_of_clients_are_asked_for_and_missed() {
        let home = with_certificates();
        let at = home.path();
        let running = server(
            at,
            "--cert rsa.crt --key rsa.key --ca ca.crt --policy legacy",
        );
        for (version, scheme) in [
            ("1.2", "ecdsa_secp256r1_sha256"),
            ("1.1", "ecdsa_sha1"),
            ("1.0", "ecdsa_sha1"),
        ] {
            let options = format!("--ca ca.crt --tls {version} --cert joe.crt --key joe.key");
            let done = greeted(at, &running, &words(&options));
            has(
                &done.stderr,
                &[&format!("client    joe, proved by {scheme}")],
            );
        }
        let options = ["--ca", "ca.crt", "--tls", "1.2"];
        refused(
            at,
            &running,
            &options,
            20,
            &["handshake_failure", "certificate"],
        );
        let done = end(running);
        has(
            &done.stderr,
            &[
                "[1] client    joe, proved by ecdsa_secp256r1_sha256; checked: issuer",
                "[4] warifu (30): ",
                "start the client with --cert FILE --key FILE",
            ],
        );
    }

    #[test]
    fn sessions_are_resumed_in_a_later_run_and_only_in_their_version() {
        let home = with_certificates();
        let at = home.path();
        let running = server(at, "--cert rsa.crt --key rsa.key --psk-file keys.psk");
        for (proof, told_words) in [
            (
                "--ca ca.crt",
                "session resumed, which began with: localhost, proved",
            ),
            (
                "--psk-file alice.psk",
                "session resumed, which began with the PSK \"alice\" (external)",
            ),
        ] {
            let options = format!("{proof} --tls 1.2 --resume session");
            greeted(at, &running, &words(&options));
            let done = greeted(at, &running, &words(&options));
            has(
                &done.stderr,
                &[
                    "version   TLS 1.2, resumed",
                    "exchange  none: the secret of the session, which began with ECDHE_",
                    told_words,
                ],
            );
            let options = format!("{proof} --tls 1.3 --resume session");
            let done = greeted(at, &running, &words(&options));
            assert!(!done.stderr.contains("resumed"), "{}", done.stderr);
            fs::remove_file(at.join("session")).unwrap();
        }
        end(running);
    }

    #[test]
    fn early_data_waits_for_the_handshake_in_older_versions() {
        let home = home();
        let at = home.path();
        let running = server(at, "--psk-file keys.psk --max-early-data 16384 --tls 1.2");
        fs::write(at.join("early"), "early bird\n").unwrap();
        let options = words("--psk-file alice.psk --tls 1.2 --early-data early");
        let done = client(at, &running, &options);
        assert_eq!(done.code, 0, "{}", done.stderr);
        has(
            &done.stderr,
            &["early     nothing sent early; 11 bytes sent now"],
        );
        assert_eq!(end(running).stdout, "early bird\nhello\n");
    }

    #[test]
    fn nothing_is_lost_where_keys_cannot_be_updated() {
        let home = home();
        let at = home.path();
        let warning = "warning   --key-update: TLS 1.2 has no key updates";
        let running = server(
            at,
            "--psk-file keys.psk --policy compat --echo --key-update",
        );
        let input = "one\ntwo\nthree\n";
        let line = format!(
            "client {} --psk-file alice.psk --tls 1.2",
            running.address()
        );
        let done = warifu_with(at, &words(&line), input);
        assert_eq!((done.code, &*done.stdout), (0, input), "{}", done.stderr);
        has(&end(running).stderr, &[warning]);

        let running = server(at, "--psk-file keys.psk --tls 1.2 --echo");
        let line = format!(
            "client {} --psk-file alice.psk --key-update",
            running.address()
        );
        let done = warifu_with(at, &words(&line), input);
        assert_eq!((done.code, &*done.stdout), (0, input), "{}", done.stderr);
        has(&done.stderr, &[warning]);
        assert_eq!(end(running).stdout, input);
    }

    #[test]
    fn what_only_tls13_has_is_refused_where_it_is_off() {
        let home = with_certificates();
        for (line, told_words) in [
            (
                "client --tls 1.2 --key-update",
                &["--key-update", "only TLS 1.2"][..],
            ),
            (
                "server --tls 1.2 --ca ca.crt --post-handshake-auth",
                &["--post-handshake-auth", "TLS 1.3"],
            ),
            (
                "client --tls 1.2..1.3 --suites AES128-SHA",
                &["--tls 1.2..1.3 and --suites", "one of TLS 1.3"],
            ),
            (
                "client --tls 1.2 --policy modern",
                &["--policy modern", "no suite of TLS 1.2"],
            ),
            (
                "server --tls 1.2 --suites AES128-SHA --cert server.crt --key server.key",
                &["ECDSA P-256", "--kind rsa2048"],
            ),
            ("server --psk-hint who", &["--psk-file"]),
            (
                "client --tls 1.2 --psk-file alice.psk --psk-mode psk_ke",
                &["--psk-mode", "only TLS 1.2"],
            ),
            (
                "server --tls 1.2 --psk-file keys.psk --psk-import context",
                &["--psk-import", "only TLS 1.2"],
            ),
        ] {
            let done = run(home.path(), line);
            assert_eq!(done.code, 2, "{line}: {}", done.stderr);
            has(&done.stderr, told_words);
        }
    }

    #[test]
    fn small_groups_are_refused_with_another_way() {
        let home = with_certificates();
        let at = home.path();
        let mut openssl = Command::new("openssl");
        openssl.current_dir(at);
        // RFC 3526 Section 2.
        openssl.args(words(
            "genpkey -genparam -algorithm DH -pkeyopt group:modp_1536 -out dh.pem",
        ));
        assert_eq!(run_command(&mut openssl, b"").code, 0);
        let server = s_server(
            at,
            "-tls1_2 -dhparam dh.pem -cipher DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0 -cert rsa.crt -key rsa.key",
        );
        let line = format!("client {} --ca ca.crt --policy compat", server.address());
        let done = warifu_with(at, &words(&line), "");
        told(
            &done,
            21,
            &[
                "has 1536 bits, at least 2048 are required",
                "(Logjam)",
                "--suites",
            ],
        );
    }

    #[test]
    fn peers_without_secure_renegotiation_are_served_by_the_policy_that_says_so() {
        let home = with_certificates();
        let at = home.path();
        // A ClientHello of TLS 1.2 with one suite, and neither the signalling suite nor the extension.
        let mut hello = vec![22, 3, 1, 0, 63, 1, 0, 0, 59, 3, 3];
        hello.extend([0x5a; 32]);
        hello.extend([0, 0, 2, 0xc0, 0x2b, 1, 0]);
        // supported_groups secp256r1, signature_algorithms ecdsa_secp256r1_sha256.
        hello.extend([0, 16, 0, 10, 0, 4, 0, 2, 0, 23]);
        hello.extend([0, 13, 0, 4, 0, 2, 4, 3]);
        let answer = |server: &Background| {
            let mut transport = TcpStream::connect(server.address()).unwrap();
            transport.write_all(&hello).unwrap();
            let mut answer = [0; 7];
            transport.read_exact(&mut answer).unwrap();
            answer
        };
        let line = "--cert server.crt --key server.key";
        let running = server(at, line);
        let handshake_failure = [21, 3, 3, 0, 2, 2, 40];
        assert_eq!(answer(&running), handshake_failure);
        // The alert comes before the server's line about it.
        running.wait_for("warifu server --policy legacy", 1);
        let done = end(running);
        has(
            &done.stderr,
            &[
                "[1] warifu (21): ",
                "peer has no secure renegotiation (RFC 5746)",
                "warifu server --policy legacy",
            ],
        );
        let running = server(at, &format!("{line} --policy legacy"));
        let answer = answer(&running);
        // A ServerHello.
        assert_eq!((answer[..3].to_vec(), answer[5]), (vec![22, 3, 3], 2));
        end(running);
    }

    #[test]
    fn json_tells_key_exchange_and_weaknesses() {
        let home = home();
        let at = home.path();
        let running = server(at, "--psk-file keys.psk --psk-hint who --policy psk-iot");
        let options = "--psk-file alice.psk --suites PSK-AES128-CBC-SHA --json";
        let done = client(at, &running, &words(options));
        assert_eq!(done.code, 0, "{}", done.stdout);
        let events = events(&done);
        assert_eq!(events[0]["event"], "warning");
        let connected = events.iter().find(|event| event["event"] == "connected");
        let connected = connected.unwrap();
        assert_eq!(connected["key_exchange"], "PSK alone");
        assert_eq!(connected["psk_identity_hint"], "who");
        assert_eq!(connected["psk_mode"], serde_json::Value::Null);
        let weaknesses = connected["weaknesses"].as_array().unwrap();
        assert_eq!(weaknesses.len(), 2, "{weaknesses:?}");
        end(running);
    }
}
