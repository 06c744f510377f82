//! Servers and clients that talk, from the outside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use support::{
    Background, free_port, make_certificates, ok, run, wait_for_port, warifu, warifu_with,
};

#[test]
fn demo_prints_message_and_reply_and_ends() {
    let home = tempfile::tempdir().unwrap();
    let done = warifu_with(home.path(), &["demo"], "hello\nshutdown\n");
    assert_eq!(done.code, 0, "{}", done.stderr);
    for line in [
        "server received: hello",
        "client received: I hear you.",
        "server received: shutdown",
    ] {
        assert!(
            done.stdout.lines().any(|found| found == line),
            "{line:?} is not in {}",
            done.stdout
        );
    }
    assert!(done.stderr.contains("TLS 1.3"), "{}", done.stderr);
    // Nothing is left behind: the demo's CA lives in memory.
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn client_and_server_with_no_arguments_understand_each_other() {
    let home = tempfile::tempdir().unwrap();
    let server = Background::server(home.path(), &[]);
    // The client finds the local CA by itself: the peer is on loopback.
    let done = warifu_with(
        home.path(),
        &["client", &server.address()],
        "hello\nshutdown\n",
    );
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(done.stdout, "I hear you.\n");
    for label in [
        "peer", "version", "suite", "group", "server", "  chain", "client", "ALPN", "records",
        "time", "closed",
    ] {
        assert!(
            done.stderr.lines().any(|line| line.starts_with(label)),
            "{label}: {}",
            done.stderr
        );
    }
    assert!(done.stderr.contains("days left"), "{}", done.stderr);
    let server = server.finish();
    assert_eq!(server.code, 0, "{}", server.stderr);
    assert_eq!(server.stdout, "hello\nshutdown\n");
}

#[test]
fn the_printed_client_command_works_as_it_stands() {
    let home = tempfile::tempdir().unwrap();
    let server = Background::server(home.path(), &[]);
    let ca = home.path().join(".local/state/warifu/ca.crt");
    let elsewhere = tempfile::tempdir().unwrap();
    let done = warifu_with(
        elsewhere.path(),
        &["client", &server.address(), "--ca", ca.to_str().unwrap()],
        "a\n",
    );
    assert_eq!(
        (done.code, done.stdout.as_str()),
        (0, "I hear you.\n"),
        "{}",
        done.stderr
    );
    // Without the option a user without that local CA does not believe it.
    let done = warifu_with(elsewhere.path(), &["client", &server.address()], "a\n");
    assert!(matches!(done.code, 2 | 30), "{}", done.stderr);
}

#[test]
fn many_clients_are_served_at_once_and_silent_ones_disturb_nobody() {
    let home = tempfile::tempdir().unwrap();
    let server = Background::server(home.path(), &["--echo", "--handshake-timeout", "2s"]);
    // Ten that connect and say nothing, ten that send rubbish.
    let silent: Vec<TcpStream> = (0..10)
        .map(|_| TcpStream::connect(server.address()).unwrap())
        .collect();
    for _ in 0..10 {
        let mut rude = TcpStream::connect(server.address()).unwrap();
        rude.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    }
    let clients: Vec<_> = (0..8)
        .map(|number| {
            let (path, address) = (home.path().to_owned(), server.address());
            thread::spawn(move || {
                let input: String = (0..50)
                    .map(|line| format!("client {number} line {line}\n"))
                    .collect();
                let done = warifu_with(&path, &["client", &address, "-q"], &input);
                assert_eq!((done.code, done.stderr.as_str()), (0, ""));
                assert_eq!(done.stdout, input);
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    for mut socket in silent {
        // The server hangs up by itself; no alert is due to somebody who never spoke TLS.
        socket
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut rest = Vec::new();
        socket.read_to_end(&mut rest).unwrap();
    }
    server.signal("-TERM");
    let server = server.finish();
    assert_eq!(server.code, 0);
    assert!(
        server.stderr.contains("does not speak TLS") && server.stderr.contains("plain HTTP"),
        "{}",
        server.stderr
    );
    assert!(
        server.stderr.contains("--handshake-timeout"),
        "{}",
        server.stderr
    );
}

#[test]
fn a_signal_ends_the_server_and_clients_get_close_notify() {
    for signal in ["-INT", "-TERM"] {
        let home = tempfile::tempdir().unwrap();
        let server = Background::server(home.path(), &[]);
        let mut client = warifu(home.path())
            .args(["client", &server.address()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        client
            .stdin
            .as_mut()
            .unwrap()
            .write_all(b"hello\n")
            .unwrap();
        let mut reply = String::new();
        BufReader::new(client.stdout.as_mut().unwrap())
            .read_line(&mut reply)
            .unwrap();
        assert_eq!(reply, "I hear you.\n");
        server.signal(signal);
        assert_eq!(server.finish().code, 0);
        // The client's input is still open: the server's goodbye ends it.
        let input = client.stdin.take();
        let done = client.wait_with_output().unwrap();
        drop(input);
        let stderr = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(0), "{stderr}");
        assert!(stderr.contains("closed    by the server"), "{stderr}");
    }
}

#[test]
fn an_interrupted_client_says_goodbye() {
    let home = tempfile::tempdir().unwrap();
    let server = Background::server(home.path(), &[]);
    let mut client = warifu(home.path())
        .args(["client", &server.address()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Held to the end: `wait` closes an input that the child still has, and its end would race with the signal.
    let mut input = client.stdin.take().unwrap();
    input.write_all(b"hello\n").unwrap();
    let mut reply = String::new();
    BufReader::new(client.stdout.as_mut().unwrap())
        .read_line(&mut reply)
        .unwrap();
    assert!(
        Command::new("kill")
            .args(["-INT", &client.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(client.wait().unwrap().code(), Some(130));
    drop(input);
    server.signal("-TERM");
    let done = server.finish();
    assert!(
        done.stderr.contains("closed    by the client"),
        "{}",
        done.stderr
    );
}

#[test]
fn shutdown_is_only_a_message_for_a_server_that_ignores_it() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Background::server(home.path(), &["--ignore-shutdown", "--reply", "no"]);
    let done = warifu_with(home.path(), &["client", &server.address()], "shutdown\n");
    assert_eq!(done.code, 0, "{}", done.stderr);
    let done = warifu_with(
        home.path(),
        &["client", &server.address()],
        "still there?\n",
    );
    assert_eq!((done.code, done.stdout.as_str()), (0, "no\n"));
    assert!(server.child.try_wait().unwrap().is_none());
}

#[test]
fn every_byte_survives_in_raw_mode_and_in_lines() {
    let home = tempfile::tempdir().unwrap();
    let server = Background::server(home.path(), &["--echo", "--raw"]);
    let data: Vec<u8> = (0..1_048_576_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let output = {
        let mut client = warifu(home.path())
            .args(["client", &server.address(), "--raw", "-q"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = client.stdin.take().unwrap();
        let sent = data.clone();
        let feeding = thread::spawn(move || stdin.write_all(&sent).unwrap());
        let output = client.wait_with_output().unwrap();
        feeding.join().unwrap();
        output
    };
    assert!(output.status.success());
    assert!(
        output.stdout == data,
        "{} of {} bytes came back",
        output.stdout.len(),
        data.len()
    );
}

#[test]
fn limits_on_records_are_negotiated_and_kept() {
    let home = tempfile::tempdir().unwrap();
    let server = Background::server(home.path(), &["--echo"]);
    let line = "x".repeat(3000);
    for (option, value, records) in [
        ("--max-fragment-length", "1024", 3),
        ("--record-size-limit", "513", 6),
    ] {
        let input = format!("{line}\n");
        let done = warifu_with(
            home.path(),
            &["client", &server.address(), "--json", option, value],
            &input,
        );
        assert_eq!(done.code, 0, "{}", done.stderr);
        let messages: Vec<serde_json::Value> = done
            .stdout
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .filter(|event| event["event"] == "message")
            .collect();
        assert!(messages.len() >= records, "{option}: {messages:?}");
        let limit = if option == "--record-size-limit" {
            512
        } else {
            1024
        };
        assert!(
            messages
                .iter()
                .all(|message| message["len"].as_u64().unwrap() <= limit),
            "{option}"
        );
        let text: String = messages
            .iter()
            .map(|message| message["text"].as_str().unwrap())
            .collect();
        assert_eq!(text, input);
    }
}

#[test]
fn clients_prove_themselves_when_the_server_has_a_ca() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    make_certificates(at);
    let own = [
        "--cert",
        "server.crt",
        "--key",
        "server.key",
        "--ca",
        "ca.crt",
    ];
    let server = Background::server(at, &own);
    let address = server.address();
    let done = warifu_with(
        at,
        &[
            "client",
            &address,
            "--ca",
            "ca.crt",
            "--cert",
            "client.crt",
            "--key",
            "client.key",
        ],
        "hi\n",
    );
    assert_eq!(
        (done.code, done.stdout.as_str()),
        (0, "I hear you.\n"),
        "{}",
        done.stderr
    );
    assert!(
        done.stderr
            .contains("client    alice, proved by ecdsa_secp256r1_sha256"),
        "{}",
        done.stderr
    );
    let done = warifu_with(at, &["client", &address, "--ca", "ca.crt"], "hi\n");
    assert_eq!(done.code, 20, "{}", done.stderr);
    assert!(
        done.stderr.contains("certificate_required") && done.stderr.contains("--cert FILE"),
        "{}",
        done.stderr
    );
    // A server's certificate is not for clients.
    let done = warifu_with(
        at,
        &[
            "client",
            &address,
            "--ca",
            "ca.crt",
            "--cert",
            "server.crt",
            "--key",
            "server.key",
        ],
        "hi\n",
    );
    assert_eq!(done.code, 20, "{}", done.stderr);
    server.signal("-TERM");
    let done = server.finish();
    assert!(done.stderr.contains("alice, proved by"), "{}", done.stderr);

    let server = Background::server(at, &[&own[..], &["--verify-client", "optional"]].concat());
    let done = warifu_with(at, &["client", &server.address(), "--ca", "ca.crt"], "hi\n");
    assert_eq!(
        (done.code, done.stdout.as_str()),
        (0, "I hear you.\n"),
        "{}",
        done.stderr
    );
}

#[test]
fn a_server_may_ask_for_the_certificate_after_the_handshake() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    make_certificates(at);
    let server = Background::server(
        at,
        &[
            "--cert",
            "server.crt",
            "--key",
            "server.key",
            "--ca",
            "ca.crt",
            "--post-handshake-auth",
        ],
    );
    let done = warifu_with(
        at,
        &[
            "client",
            &server.address(),
            "--ca",
            "ca.crt",
            "--cert",
            "client.crt",
            "--key",
            "client.key",
            "--post-handshake-auth",
            "-v",
        ],
        "one\ntwo\nthree\nshutdown\n",
    );
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(
        done.stderr.contains("<- CertificateRequest"),
        "{}",
        done.stderr
    );
    assert!(
        done.stderr.contains("-> CertificateVerify"),
        "{}",
        done.stderr
    );
    let done = server.finish();
    assert!(
        done.stderr.contains("alice, proved after the handshake"),
        "{}",
        done.stderr
    );
}

#[test]
fn key_updates_happen_and_disturb_nothing() {
    let home = tempfile::tempdir().unwrap();
    let server = Background::server(home.path(), &["--echo", "--key-update=3"]);
    let input: String = (0..40).map(|line| format!("line {line}\n")).collect();
    let done = warifu_with(
        home.path(),
        &["client", &server.address(), "-v", "--key-update"],
        &input,
    );
    assert_eq!(
        (done.code, done.stdout.as_str()),
        (0, input.as_str()),
        "{}",
        done.stderr
    );
    assert!(done.stderr.contains("-> KeyUpdate"), "{}", done.stderr);
    assert!(done.stderr.contains("<- KeyUpdate"), "{}", done.stderr);
}

#[test]
fn suites_groups_and_alpn_are_what_was_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let server = Background::server(
        home.path(),
        &[
            "--suites",
            "AES_128_GCM_SHA256,AES_256_GCM_SHA384,CHACHA20_POLY1305_SHA256,AES_128_CCM_SHA256,AES_128_CCM_8_SHA256",
            "--groups",
            "X25519MLKEM768,SecP256r1MLKEM768,SecP384r1MLKEM1024,x25519,secp256r1,secp384r1,secp521r1",
            "--alpn",
            "chat,other",
        ],
    );
    for suite in [
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_CCM_8_SHA256",
    ] {
        let done = warifu_with(
            home.path(),
            &[
                "client",
                &server.address(),
                "--suites",
                suite,
                "--alpn",
                "other",
            ],
            "a\n",
        );
        assert_eq!(done.code, 0, "{}", done.stderr);
        assert!(
            done.stderr.contains(suite) && done.stderr.contains("ALPN      other"),
            "{}",
            done.stderr
        );
    }
    for group in [
        "X25519MLKEM768",
        "SecP256r1MLKEM768",
        "SecP384r1MLKEM1024",
        "x25519",
        "secp256r1",
        "secp384r1",
        "secp521r1",
    ] {
        let done = warifu_with(
            home.path(),
            &["client", &server.address(), "--groups", group],
            "a\n",
        );
        assert_eq!(done.code, 0, "{}", done.stderr);
        assert!(done.stderr.contains(group), "{}", done.stderr);
    }
    let done = warifu_with(
        home.path(),
        &["client", &server.address(), "--alpn", "nothing"],
        "a\n",
    );
    assert_eq!(done.code, 20, "{}", done.stderr);
    assert!(
        done.stderr.contains("no_application_protocol"),
        "{}",
        done.stderr
    );
}

#[test]
fn json_has_one_object_per_line_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let server = Background::server(home.path(), &[]);
    let done = warifu_with(
        home.path(),
        &["client", &server.address(), "--json", "-v"],
        "hello\nshutdown\n",
    );
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    let events: Vec<serde_json::Value> = done
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<&str> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"handshake_message") && names.contains(&"connected"),
        "{names:?}"
    );
    let message = events
        .iter()
        .find(|event| event["event"] == "message")
        .unwrap();
    assert_eq!(message["text"], "I hear you.\n");
    let connected = events
        .iter()
        .find(|event| event["event"] == "connected")
        .unwrap();
    assert_eq!(connected["version"], "TLS 1.3");
    assert_eq!(connected["peer_authenticated"], true);
    assert_eq!(connected["peer_chain"][0]["names"][0], "localhost");

    let done = warifu_with(home.path(), &["client", "127.0.0.1:1", "--json"], "");
    assert_eq!((done.code, done.stderr.as_str()), (10, ""));
    let event: serde_json::Value = serde_json::from_str(done.stdout.trim()).unwrap();
    assert_eq!(
        (event["event"].as_str(), event["exit_code"].as_u64()),
        (Some("failure"), Some(10))
    );
}

#[test]
fn messages_of_a_peer_reach_a_pipe_as_they_are_sent() {
    let home = tempfile::tempdir().unwrap();
    let server = Background::server(home.path(), &["--reply", "\u{1b}[31mred"]);
    let done = warifu_with(home.path(), &["client", &server.address()], "a\n");
    assert_eq!(done.stdout, "\u{1b}[31mred\n");
}

#[test]
fn curl_fetches_the_page() {
    let home = tempfile::tempdir().unwrap();
    let server = Background::server(home.path(), &["--http"]);
    let ca = home.path().join(".local/state/warifu/ca.crt");
    let url = format!("https://127.0.0.1:{}/", server.port);
    let mut curl = Command::new("curl");
    // Two URLs: the second travels on the same connection.
    curl.args([
        "-sS",
        "--tlsv1.3",
        "-w",
        "%{http_code} %{num_connects}\n",
        "--cacert",
        ca.to_str().unwrap(),
        &url,
        &url,
    ]);
    let done = run(&mut curl, b"");
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(
        done.stdout.contains("<h1>warifu</h1>") && done.stdout.contains("TLS 1.3"),
        "{}",
        done.stdout
    );
    assert!(
        done.stdout.contains("200 1\n") && done.stdout.contains("200 0\n"),
        "{}",
        done.stdout
    );
    // Without the CA curl must refuse.
    let done = run(Command::new("curl").args(["-sS", &url]), b"");
    assert_eq!(done.code, 60, "{}", done.stderr);
}

#[test]
fn a_browser_that_hangs_up_between_requests_is_no_failure() {
    let home = tempfile::tempdir().unwrap();
    let server = Background::server(home.path(), &["--http"]);
    let mut openssl = Command::new("openssl");
    openssl.args(["s_client", "-quiet", "-connect", &server.address()]);
    let mut child = openssl
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .as_mut()
        .unwrap()
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "HTTP/1.1 200 OK\r\n");
    child.kill().unwrap();
    child.wait().unwrap();
    thread::sleep(Duration::from_millis(300));
    server.signal("-TERM");
    let done = server.finish();
    assert!(
        done.stderr.contains("[1] closed    by the client"),
        "{}",
        done.stderr
    );
}

#[test]
fn a_server_with_several_certificates_chooses_by_name() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    ok(at, &["cert", "ca"]);
    for (name, kind) in [("one.example", "p384"), ("two.example", "mldsa65")] {
        let ca = ["--ca", "ca.crt", "--ca-key", "ca.key", "--kind", kind];
        ok(at, &[&["cert", "server", name][..], &ca].concat());
    }
    let server = Background::server(
        at,
        &[
            "--cert",
            "one.example.crt",
            "--key",
            "one.example.key",
            "--cert",
            "two.example.crt",
            "--key",
            "two.example.key",
        ],
    );
    for (name, scheme) in [
        ("one.example", "ecdsa_secp384r1_sha384"),
        ("two.example", "mldsa65"),
    ] {
        let address = server.address();
        let done = warifu_with(
            at,
            &["client", &address, "--ca", "ca.crt", "--server-name", name],
            "a\n",
        );
        assert_eq!(done.code, 0, "{}", done.stderr);
        assert!(
            done.stderr.contains(&format!("{name}, proved by {scheme}")),
            "{}",
            done.stderr
        );
    }
}

#[test]
fn encrypted_keys_serve_with_their_passphrase() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    std::fs::write(at.join("pass"), "correct horse\n").unwrap();
    ok(
        at,
        &[
            "cert",
            "server",
            "127.0.0.1",
            "--self-signed",
            "--out",
            "own",
            "--encrypt",
            "file:pass",
        ],
    );
    let server = Background::server(
        at,
        &[
            "--cert",
            "own.crt",
            "--key",
            "own.key",
            "--passphrase",
            "file:pass",
        ],
    );
    let done = warifu_with(
        at,
        &["client", &server.address(), "--pin", "own.crt"],
        "a\n",
    );
    assert_eq!(
        (done.code, done.stdout.as_str()),
        (0, "I hear you.\n"),
        "{}",
        done.stderr
    );
    std::fs::write(at.join("wrong"), "incorrect\n").unwrap();
    for (source, word) in [
        (&["--passphrase", "file:wrong"][..], "passphrase"),
        (&[], "is encrypted"),
    ] {
        let options = [
            "server",
            "127.0.0.1:0",
            "--cert",
            "own.crt",
            "--key",
            "own.key",
        ];
        let done = warifu_with(at, &[&options[..], source].concat(), "");
        assert_eq!(done.code, 2, "{}", done.stderr);
        assert!(done.stderr.contains(word), "{}", done.stderr);
    }
}

#[test]
fn openssl_clients_are_served() {
    let home = tempfile::tempdir().unwrap();
    let server = Background::server(home.path(), &["--echo"]);
    let ca = home.path().join(".local/state/warifu/ca.crt");
    let mut openssl = Command::new("openssl");
    openssl.args([
        "s_client",
        "-quiet",
        "-no_ign_eof",
        "-verify_return_error",
        "-verify_ip",
        "127.0.0.1",
    ]);
    openssl.args([
        "-connect",
        &server.address(),
        "-CAfile",
        ca.to_str().unwrap(),
    ]);
    let mut child = openssl
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"hello from openssl\n").unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "hello from openssl\n");
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn openssl_servers_are_understood() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    make_certificates(at);
    let port = free_port();
    let mut openssl = Command::new("openssl");
    openssl.current_dir(at).args([
        "s_server",
        "-quiet",
        "-rev",
        "-tls1_3",
        "-accept",
        &port.to_string(),
    ]);
    openssl.args(["-cert", "server.crt", "-key", "server.key"]);
    let server = Background::program(&mut openssl, port);
    let done = warifu_with(
        at,
        &[
            "client",
            &server.address(),
            "--ca",
            "ca.crt",
            "--key-update",
        ],
        "olleh\ndlrow\n",
    );
    assert_eq!(
        (done.code, done.stdout.as_str()),
        (0, "hello\nworld\n"),
        "{}",
        done.stderr
    );
}

#[test]
fn two_servers_that_start_at_once_make_one_ca() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().to_owned();
    let servers: Vec<_> = (0..4)
        .map(|_| {
            let path = path.clone();
            thread::spawn(move || Background::server(&path, &[]))
        })
        .collect();
    let servers: Vec<Background> = servers
        .into_iter()
        .map(|server| server.join().unwrap())
        .collect();
    for server in &servers {
        let done = warifu_with(&path, &["client", &server.address()], "a\n");
        assert_eq!(
            (done.code, done.stdout.as_str()),
            (0, "I hear you.\n"),
            "{}",
            done.stderr
        );
    }
    let state = path.join(".local/state/warifu");
    let mut names: Vec<_> = std::fs::read_dir(&state)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["ca.crt", "ca.key", "lock", "server.pem"]);
}

#[test]
fn the_local_ca_is_believed_on_loopback_only_and_for_own_names_only() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    let server = Background::server(at, &[]);
    drop(server);
    let state = at.join(".local/state/warifu");
    let (crt, key) = (state.join("ca.crt"), state.join("ca.key"));
    // Even with its key nothing can be signed but names of this machine.
    ok(
        at,
        &[
            "cert",
            "server",
            "example.org",
            "--ca",
            crt.to_str().unwrap(),
            "--ca-key",
            key.to_str().unwrap(),
            "--out",
            "evil",
        ],
    );
    let verify = run(
        Command::new("openssl").current_dir(at).args([
            "verify",
            "-CAfile",
            crt.to_str().unwrap(),
            "evil.crt",
        ]),
        b"",
    );
    assert_ne!(verify.code, 0);
    let server = Background::server(at, &["--cert", "evil.crt", "--key", "evil.key"]);
    let done = warifu_with(
        at,
        &["client", &server.address(), "--server-name", "example.org"],
        "a\n",
    );
    assert_eq!(done.code, 30, "{}", done.stderr);
}

#[test]
fn the_key_log_decrypts_for_others() {
    let home = tempfile::tempdir().unwrap();
    let server = Background::server(home.path(), &[]);
    let done = warifu_with(
        home.path(),
        &["client", &server.address(), "--keylog", "keys"],
        "a\n",
    );
    assert_eq!(done.code, 0, "{}", done.stderr);
    let keys = std::fs::read_to_string(home.path().join("keys")).unwrap();
    for label in [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
    ] {
        assert!(keys.contains(label), "{keys}");
    }
    assert!(done.stderr.contains("keys"), "{}", done.stderr);
}

#[test]
fn a_listener_that_never_answers_does_not_hold_the_client() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let home = tempfile::tempdir().unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let done = warifu_with(
        home.path(),
        &[
            "client",
            &address,
            "--handshake-timeout",
            "300ms",
            "--insecure",
            "issuer",
        ],
        "",
    );
    assert_eq!(done.code, 60, "{}", done.stderr);
    assert!(
        done.stderr.contains("--handshake-timeout"),
        "{}",
        done.stderr
    );
    wait_for_port(listener.local_addr().unwrap().port());
}

#[test]
fn a_session_is_resumed_with_the_same_options_at_the_same_server_only() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    ok(at, &["psk", "gen", "alice", "--out", "keys.psk"]);
    ok(at, &["psk", "gen", "bob", "--append", "keys.psk"]);
    let server = Background::server(at, &["--psk-file", "keys.psk"]);
    let other = Background::server(at, &["--psk-file", "keys.psk", "--tickets", "0"]);
    let client = |server: &Background, identity: &str| {
        let keys = ["--psk-file", "keys.psk", "--psk-identity", identity];
        let address = server.address();
        let arguments = [&["client", &address, "--resume", "kept"], &keys[..]].concat();
        let done = warifu_with(at, &arguments, "hello\n");
        assert_eq!(done.code, 0, "{}", done.stderr);
        done.stderr
    };
    client(&server, "alice");
    let kept = std::fs::read(at.join("kept")).unwrap();
    let elsewhere = client(&other, "alice");
    assert!(elsewhere.contains("is for another server"), "{elsewhere}");
    assert_eq!(std::fs::read(at.join("kept")).unwrap(), kept);
    let again = client(&server, "alice");
    assert!(again.contains("session resumed"), "{again}");
    let as_bob = client(&server, "bob");
    assert!(as_bob.contains("with other options (keys"), "{as_bob}");
    assert!(as_bob.contains("PSK \"bob\" (external"), "{as_bob}");
    server.signal("-TERM");
    other.signal("-TERM");
    server.finish();
    other.finish();
}
