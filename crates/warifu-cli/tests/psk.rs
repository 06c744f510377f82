//! Servers and clients that share a key, from the outside. No output may tell a key: `support::keys` looks at each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use support::keys::{
    ALICE, ALICE_BASE64, BOB, PASSPHRASE, client, end, events, greeted, has, home, keeps_secrets,
    refused, server, told, with_certificates, words, write,
};
use support::{Background, Done, free_port, run, warifu_with};

const FROM_FILE: [&str; 2] = ["--psk-file", "alice.psk"];
#[test]
fn demo_with_a_key_needs_no_certificate_and_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    let done = warifu_with(home.path(), &["demo", "--psk"], "hello\nshutdown\n");
    assert_eq!(done.code, 0, "{}", done.stderr);
    let lines = [
        "server received: hello",
        "client received: I hear you.",
        "server received: shutdown",
    ];
    assert!(
        lines
            .iter()
            .all(|line| done.stdout.lines().any(|found| found == *line))
    );
    has(
        &done.stderr,
        &["PSK \"demo\" (external, psk_dhe_ke, SHA-256); no certificate"],
    );
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn two_programs_with_a_key_file_need_no_certificate_and_make_none() {
    let home = home();
    let at = home.path();
    let server = server(at, "--psk-file keys.psk");
    let done = greeted(at, &server, &FROM_FILE);
    has(
        &done.stderr,
        &[
            "version   TLS 1.3, pre-shared key",
            "server    PSK \"alice\" (external, psk_dhe_ke, SHA-256); no certificate",
            "client    PSK \"alice\" (external, psk_dhe_ke, SHA-256); no certificate",
        ],
    );
    greeted(
        at,
        &server,
        &words("--psk-file keys.psk --psk-identity bob"),
    );
    let done = end(server);
    assert_eq!(done.stdout, "hello\nhello\n");
    has(
        &done.stderr,
        &[
            "keys      2 identities, first alice",
            "[2] client    PSK \"bob\"",
        ],
    );
    assert!(!at.join(".local").exists());
}

#[test]
fn the_printed_client_command_works_as_it_stands() {
    let home = with_certificates();
    let at = home.path();
    write(at, "a:b.psk", &format!("hex:613a62:{ALICE}\n"));
    for options in [
        "--psk-file keys.psk",
        "--psk-file a:b.psk --psk-hash sha384",
        "--psk-file keys.psk --psk-mode psk_ke --psk-import the'context",
        "--cert server.crt --key server.key --psk-file keys.psk",
        "--psk-file keys.psk --http",
    ] {
        let server = server(at, options);
        server.wait_for("connect ", 1);
        let printed = server.printed();
        let printed = printed
            .lines()
            .find_map(|line| line.strip_prefix("connect   "));
        let program = env!("CARGO_BIN_EXE_warifu");
        let command = printed.unwrap().replace("warifu", program);
        let mut shell = Command::new("sh");
        shell.current_dir(at).args(["-c", &command]);
        let done = keeps_secrets(run(&mut shell, b"hello\n"));
        match options.contains("--http") {
            true => has(&done.stdout, &["HTTP/1.1 200 OK", "PSK \"alice\""]),
            false => assert_eq!(done.stdout, "I hear you.\n", "{command}: {}", done.stderr),
        }
    }
}

#[test]
fn keys_come_from_files_variables_descriptors_standard_input_and_the_command_line() {
    let home = home();
    let at = home.path();
    let shell = |script: &str| {
        let mut shell = Command::new("sh");
        shell
            .current_dir(at)
            .env_clear()
            .env("HOME", at)
            .env("warifu", env!("CARGO_BIN_EXE_warifu"))
            .env("KEY", ALICE)
            .env("ENTRY", format!("alice:{ALICE}"))
            .args(["-c", script]);
        shell
    };
    // The server's ways first: all of them end in the same keys.
    for script in [
        "exec $warifu server 127.0.0.1:0 --psk-env ENTRY",
        "exec $warifu server 127.0.0.1:0 --psk-env KEY --psk-identity alice",
        "exec $warifu server 127.0.0.1:0 --psk-fd 3 3<alice.psk",
        "exec $warifu server 127.0.0.1:0 --psk-file - <alice.psk",
        "exec $warifu server 127.0.0.1:0 --psk-file keys.psk --psk-file carol.psk",
        "exec $warifu server 127.0.0.1:0 --psk alice:$KEY",
    ] {
        let server = Background::listening(&mut shell(script), Stdio::null());
        greeted(at, &server, &FROM_FILE);
        let done = end(server);
        let warned = done
            .stderr
            .contains("WARNING   --psk: every user of this machine");
        assert_eq!(warned, script.contains("--psk alice"), "{}", done.stderr);
    }
    let server = server(at, "--psk-file keys.psk");
    for options in [
        "--psk-env ENTRY",
        "--psk-env KEY --psk-identity alice",
        "--psk-fd 3 3<alice.psk",
        "--psk alice:$KEY",
        "--psk $KEY --psk-identity alice",
    ] {
        let script = format!("exec $warifu client {} {options}", server.address());
        let done = keeps_secrets(run(&mut shell(&script), b"hello\n"));
        assert_eq!(done.stdout, "I hear you.\n", "{options}: {}", done.stderr);
        let warned = done
            .stderr
            .contains("WARNING   --psk: every user of this machine");
        assert_eq!(warned, options.contains("--psk "), "{}", done.stderr);
    }
    told(
        &client(at, &server, &["--psk-file", "-"]),
        2,
        &["from which a client's messages come"],
    );
    told(
        &client(at, &server, &["--psk-env", "NOTHING"]),
        2,
        &["environment variable NOTHING: it is not set"],
    );
    told(
        &client(at, &server, &["--psk-fd", "9"]),
        2,
        &["file descriptor 9"],
    );
}

/// A shell command at a terminal of its own.
struct Terminal {
    child: Child,
    keyboard: ChildStdin,
    screen: ChildStdout,
    seen: Vec<u8>,
}

impl Terminal {
    fn run(at: &Path, command: &str) -> Self {
        let mut child = Command::new("script")
            .current_dir(at)
            .args(["-qec", command, "/dev/null"])
            .env("HOME", at)
            .env("warifu", env!("CARGO_BIN_EXE_warifu"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            keyboard: child.stdin.take().unwrap(),
            screen: child.stdout.take().unwrap(),
            child,
            seen: Vec::new(),
        }
    }

    fn enter(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Waits until this stands on the screen.
    fn shows(&mut self, text: &str) {
        while !String::from_utf8_lossy(&self.seen).contains(text) {
            let mut byte = [0];
            let count = self.screen.read(&mut byte).unwrap();
            let seen = String::from_utf8_lossy(&self.seen);
            assert_ne!(count, 0, "{text:?} is not in {seen}");
            self.seen.extend_from_slice(&byte);
        }
    }

    fn end(mut self) -> String {
        self.screen.read_to_end(&mut self.seen).unwrap();
        assert!(self.child.wait().unwrap().success());
        let done = Done {
            code: 0,
            stdout: String::from_utf8(self.seen).unwrap(),
            stderr: String::new(),
        };
        keeps_secrets(done).stdout
    }
}

#[test]
fn a_key_typed_at_the_terminal_is_not_shown() {
    let home = home();
    let at = home.path();
    let server = server(at, "--psk-file keys.psk");
    let address = server.address();
    let command = format!("$warifu client {address} --psk-prompt --psk-identity alice");
    let mut terminal = Terminal::run(at, &command);
    terminal.shows("Key of alice (hexadecimal, base64:… or text:…): ");
    terminal.enter(&format!("{ALICE}\n"));
    terminal.shows("PSK \"alice\"");
    terminal.shows("handshake ");
    terminal.enter("hello\n");
    terminal.shows("I hear you.");
    terminal.enter("shutdown\n");
    terminal.shows("closed    by shutdown");
    terminal.end();
    keeps_secrets(server.finish());
}

#[test]
fn ctrl_c_at_the_question_for_a_key_leaves_the_terminal_as_it_was() {
    let home = home();
    let at = home.path();
    let command = "stty -a >before; $warifu client --psk-prompt --psk-identity alice; echo code $?; stty -a >after";
    let mut terminal = Terminal::run(at, command);
    terminal.shows("Key of alice");
    terminal.enter(&format!("{}\x03", &ALICE[..10]));
    terminal.shows("code 130");
    terminal.end();
    let read = |name| fs::read_to_string(at.join(name)).unwrap();
    assert_eq!(read("after"), read("before"));
}

#[test]
fn the_forms_of_a_key_mean_the_same_bytes() {
    let home = home();
    let at = home.path();
    write(at, "base64.psk", &format!("alice:base64:{ALICE_BASE64}\n"));
    write(
        at,
        "prefix.psk",
        &format!("alice:hex:{}\n", ALICE.to_uppercase()),
    );
    write(at, "text.psk", &format!("carol:text:{PASSPHRASE}\n"));
    let hex: String = PASSPHRASE
        .bytes()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    write(at, "texthex.psk", &format!("carol:{hex}\n"));
    write(at, "stunnel.psk", &format!("carol:{PASSPHRASE}\n"));
    write(at, "bare.psk", &format!("{ALICE}\n"));
    let server = server(at, "--psk-file alice.psk --psk-file text.psk");
    for options in [
        "--psk-file base64.psk",
        "--psk-file prefix.psk",
        "--psk-file texthex.psk",
        "--psk-file stunnel.psk",
        "--psk-file bare.psk --psk-identity alice",
        "--psk-file text.psk --psk-format native",
    ] {
        greeted(at, &server, &words(options));
    }
    refused(
        at,
        &server,
        &["--psk-file", "bare.psk"],
        2,
        &["a key without an identity", "--psk-identity NAME"],
    );
    end(server);
}

#[test]
fn identities_may_hold_colons_and_any_bytes() {
    let home = home();
    let at = home.path();
    write(
        at,
        "odd.psk",
        &format!("hex:613a62:{ALICE}\nhex:00ff1b:{BOB}\nräksmörgås:base64:{ALICE_BASE64}\n"),
    );
    let server = server(at, "--psk-file odd.psk");
    for (identity, shown) in [
        ("a:b", "PSK \"a:b\""),
        ("hex:613a62", "PSK \"a:b\""),
        ("hex:00ff1b", r#"PSK "\x00\xff\x1b""#),
        ("räksmörgås", "PSK \"r"),
    ] {
        let done = greeted(
            at,
            &server,
            &["--psk-file", "odd.psk", "--psk-identity", identity],
        );
        has(&done.stderr, &[shown]);
    }
    refused(
        at,
        &server,
        &words("--psk-file odd.psk --psk-identity a"),
        2,
        &[
            "odd.psk has no key for the identity \"a\"",
            "warifu psk list odd.psk",
        ],
    );
    end(server);
}

#[test]
fn a_key_without_key_exchange_must_be_wanted_by_both() {
    let home = home();
    let at = home.path();
    let only = server(at, "--psk-file keys.psk --psk-mode psk_ke --json");
    let done = greeted(at, &only, &words("--psk-file alice.psk --psk-mode psk_ke"));
    has(
        &done.stderr,
        &[
            "WARNING   psk_ke: whoever learns the key later",
            "group     none",
            "PSK \"alice\" (external, psk_ke, SHA-256)",
        ],
    );
    refused(
        at,
        &only,
        &FROM_FILE,
        20,
        &["handshake_failure", "--psk-mode"],
    );
    let both = words("--psk-file alice.psk --psk-mode psk_dhe_ke,psk_ke");
    greeted(at, &only, &both);
    let done = end(only);
    let failed: Vec<_> = events(&done)
        .into_iter()
        .filter(|event| event["event"] == "connection_failed")
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["code"], 21);
    has(
        failed[0]["what"].as_str().unwrap(),
        &["we allow psk_ke, the peer psk_dhe_ke"],
    );
    // Where both allow both, the key exchange is taken.
    let server = server(at, "--psk-file keys.psk --psk-mode psk_ke,psk_dhe_ke");
    let done = greeted(at, &server, &both);
    has(&done.stderr, &["PSK \"alice\" (external, psk_dhe_ke"]);
    end(server);
}

#[test]
fn hash_and_import_must_be_agreed() {
    let home = home();
    let at = home.path();
    let with = |options: &'static str| [&FROM_FILE[..], &words(options)].concat();
    let sha384 = server(at, "--psk-file keys.psk --psk-hash sha384");
    let done = greeted(at, &sha384, &with("--psk-hash sha384"));
    has(
        &done.stderr,
        &["TLS_AES_256_GCM_SHA384", "(external, psk_dhe_ke, SHA-384)"],
    );
    refused(
        at,
        &sha384,
        &FROM_FILE,
        20,
        &["decrypt_error", "--psk-hash"],
    );
    let narrow = with("--psk-hash sha384 --suites TLS_AES_128_GCM_SHA256");
    refused(at, &sha384, &narrow, 2, &["--suites"]);
    has(&end(sha384).stderr, &["it is for SHA-384", "--psk-hash"]);

    let imported = server(at, "--psk-file keys.psk --psk-import room7");
    let done = greeted(at, &imported, &with("--psk-import room7"));
    has(
        &done.stderr,
        &["PSK \"alice\" (imported, psk_dhe_ke, SHA-256)"],
    );
    for other in [with("--psk-import room8"), FROM_FILE.to_vec()] {
        refused(
            at,
            &imported,
            &other,
            20,
            &["decrypt_error", "--psk-import"],
        );
    }
    let done = end(imported);
    has(
        &done.stderr,
        &[
            "imported with another context",
            "is to be imported",
            "--psk-import",
        ],
    );
    // The context may be empty, and that is something else than no import.
    let empty = server(at, "--psk-file keys.psk --psk-import ");
    greeted(
        at,
        &empty,
        &[&FROM_FILE[..], &["--psk-import", ""]].concat(),
    );
    refused(at, &empty, &FROM_FILE, 20, &["decrypt_error"]);
    end(empty);
}

#[test]
fn programs_are_told_the_same_in_json() {
    let home = home();
    let at = home.path();
    let server = server(at, "--psk-file keys.psk --json -v");
    let done = client(at, &server, &words("--psk-file alice.psk --json -v"));
    let server = end(server);
    assert_eq!(server.stderr, "");
    for (done, messages) in [(&done, "I hear you.\n"), (&server, "hello\n")] {
        let events = events(done);
        let connected = events
            .iter()
            .find(|event| event["event"] == "connected")
            .unwrap();
        for (name, value) in [
            ("handshake", "\"pre-shared key\""),
            (
                "psk",
                r#"{"identity":"alice","kind":"external","hash":"SHA-256"}"#,
            ),
            ("psk_mode", "\"psk_dhe_ke\""),
            ("peer_authenticated", "true"),
            ("resumed", "false"),
            ("early_data", "\"not offered\""),
            ("peer_chain", "[]"),
        ] {
            assert_eq!(connected[name].to_string(), value, "{name}");
        }
        let message = events.iter().find(|event| event["event"] == "message");
        assert_eq!(message.unwrap()["text"], messages);
        for name in ["connected", "closed"] {
            assert!(events.iter().any(|event| event["event"] == name), "{name}");
        }
    }
}

#[test]
fn every_message_is_told_and_no_secret() {
    let home = home();
    let at = home.path();
    let server = server(at, "--psk-file keys.psk -v");
    let done = greeted(at, &server, &words("--psk-file alice.psk -v"));
    has(&done.stderr, &["-> ClientHello", "<- NewSessionTicket"]);
    refused(
        at,
        &server,
        &words("--psk-file wrong.psk -v"),
        20,
        &["<- alert decrypt_error"],
    );
    // `end` looks for keys.
    has(&end(server).stderr, &["[1] <- ClientHello"]);
}

/// `openssl s_client` says hello.
fn s_client(server: &Background, options: &[&str]) -> Done {
    // Where the test fails, it may wait for ever.
    let mut command = Command::new("timeout");
    let address = server.address();
    command
        .args([
            "20", "openssl", "s_client", "-connect", &address, "-tls1_3", "-quiet",
        ])
        .args(["-psk_identity", "alice"])
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"hello\n").unwrap();
    let mut reply = [0; 12];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut reply)
        .unwrap();
    // The server's goodbye ends it; at the end of its input it would go on.
    input.write_all(b"shutdown\n").unwrap();
    let mut done = Done::from(child.wait_with_output().unwrap());
    drop(input);
    done.stdout
        .insert_str(0, std::str::from_utf8(&reply).unwrap());
    done
}

#[test]
fn openssl_s_client_shares_a_key_with_the_server() {
    let home = home();
    let at = home.path();
    let with_exchange = server(at, "--psk-file keys.psk");
    let done = s_client(&with_exchange, &["-psk", ALICE]);
    has(&done.stdout, &["I hear you."]);
    let done = keeps_secrets(with_exchange.finish());
    assert_eq!((done.code, done.stdout.as_str()), (0, "hello\nshutdown\n"));
    has(
        &done.stderr,
        &["PSK \"alice\" (external, psk_dhe_ke, SHA-256)"],
    );
}

#[test]
fn openssl_s_client_shares_a_key_without_key_exchange() {
    let home = home();
    let at = home.path();
    let server = server(at, "--psk-file keys.psk --psk-mode psk_ke");
    let done = s_client(&server, &["-psk", ALICE, "-allow_no_dhe_kex"]);
    has(&done.stdout, &["I hear you."]);
    let done = keeps_secrets(server.finish());
    has(&done.stderr, &["PSK \"alice\" (external, psk_ke, SHA-256)"]);
}

/// `openssl s_server`, which answers each line backwards.
fn s_server(at: &Path, options: &[&str]) -> Background {
    let port = free_port();
    let mut command = Command::new("openssl");
    command
        .current_dir(at)
        .args(["s_server", "-accept", &port.to_string(), "-tls1_3"])
        .args(["-rev", "-psk", ALICE, "-psk_identity", "alice"])
        .args(options);
    Background::program(&mut command, port)
}

#[test]
fn the_client_shares_a_key_with_openssl_s_server() {
    let home = home();
    let at = home.path();
    let server = s_server(at, &["-nocert"]);
    let done = client(at, &server, &FROM_FILE);
    assert_eq!(
        (done.code, done.stdout.as_str()),
        (0, "olleh\n"),
        "{}",
        done.stderr
    );
    has(
        &done.stderr,
        &["PSK \"alice\" (external, psk_dhe_ke, SHA-256)"],
    );
    // OpenSSL says illegal_parameter of a wrong key.
    refused(
        at,
        &server,
        &["--psk-file", "wrong.psk"],
        20,
        &["illegal_parameter", "has another key for it"],
    );
    refused(at, &server, &["--psk-file", "carol.psk"], 20, &["identity"]);
    // Its tickets too: it keeps their keys as long as it runs.
    let resume = [&FROM_FILE[..], &["--resume", "session"]].concat();
    client(at, &server, &resume);
    let done = client(at, &server, &resume);
    has(&done.stderr, &["session resumed (psk_dhe_ke)"]);
}

#[test]
fn the_client_shares_a_key_without_key_exchange_with_openssl() {
    let home = home();
    let at = home.path();
    let server = s_server(at, &["-nocert", "-allow_no_dhe_kex"]);
    let done = client(
        at,
        &server,
        &words("--psk-file alice.psk --psk-mode psk_ke"),
    );
    assert_eq!(
        (done.code, done.stdout.as_str()),
        (0, "olleh\n"),
        "{}",
        done.stderr
    );
    has(&done.stderr, &["PSK \"alice\" (external, psk_ke, SHA-256)"]);
}
