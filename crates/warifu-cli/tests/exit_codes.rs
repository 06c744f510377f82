//! Every exit code, each brought about by a real peer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;

use support::{Background, Done, free_port, make_certificates, run, warifu, warifu_with};

/// Checks the code, and that the three parts of the text are there.
fn failed(done: &Done, code: i32, words: &[&str]) {
    assert_eq!(done.code, code, "{}", done.stderr);
    for word in ["warifu: ", "  cause: ", "  next:  "].iter().chain(words) {
        assert!(
            done.stderr.contains(word),
            "{word:?} is not in\n{}",
            done.stderr
        );
    }
}

fn openssl(at: &Path, arguments: &[&str]) {
    let done = run(Command::new("openssl").current_dir(at).args(arguments), b"");
    assert_eq!(done.code, 0, "{arguments:?}: {}", done.stderr);
}

/// Accepts one connection and lets `answer` deal with it.
fn peer(answer: impl FnOnce(std::net::TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || answer(listener.accept().unwrap().0));
    address
}

fn server(at: &Path, name: &str) -> Background {
    let (cert, key) = (format!("{name}.crt"), format!("{name}.key"));
    Background::server(at, &["--cert", &cert, "--key", &key])
}

#[test]
fn code_2_wrong_files() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    make_certificates(at);
    let client =
        |options: &[&str]| warifu_with(at, &[&["client", "127.0.0.1:1"][..], options].concat(), "");
    failed(
        &client(&["--ca", "missing"]),
        2,
        &["missing", "no such file"],
    );
    failed(&client(&["--ca", "ca.key"]), 2, &["ca.key"]);
    failed(&client(&["--cert", "client.crt"]), 2, &["client.crt"]);
    failed(
        &client(&["--cert", "client.crt", "--key", "server.key"]),
        2,
        &["does not belong", "warifu cert check"],
    );
    failed(
        &client(&["--suites", "NONE"]),
        2,
        &["TLS_AES_128_GCM_SHA256"],
    );
    failed(&client(&["--groups", "x448"]), 2, &["X25519MLKEM768"]);
    failed(&client(&["--server-name", "a_b c"]), 2, &["--server-name"]);
    let done = warifu_with(
        at,
        &["server", "127.0.0.1:0", "--verify-client", "required"],
        "",
    );
    failed(&done, 2, &["--ca FILE"]);
    let done = warifu_with(at, &["server", "127.0.0.1:0", "--post-handshake-auth"], "");
    failed(&done, 2, &["--post-handshake-auth"]);
}

#[test]
fn code_10_network() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    let target = format!("127.0.0.1:{}", free_port());
    let done = warifu_with(at, &["client", &target, "--insecure", "issuer"], "");
    failed(&done, 10, &[&target, "refused", "warifu server"]);
    let done = warifu_with(at, &["client", "host.invalid", "--insecure", "issuer"], "");
    failed(&done, 10, &["host.invalid", "no address"]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    failed(
        &warifu_with(at, &["server", &address], ""),
        10,
        &["another program", &address],
    );
    failed(
        &warifu_with(at, &["server", "192.0.2.1:11111"], ""),
        10,
        &["not one of this machine"],
    );
}

#[test]
fn code_20_the_peer_refuses() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    make_certificates(at);
    let port = free_port();
    let mut openssl = Command::new("openssl");
    openssl.current_dir(at).args([
        "s_server",
        "-tls1_1",
        "-cipher",
        "ALL:@SECLEVEL=0",
        "-accept",
        &port.to_string(),
        "-cert",
        "server.crt",
        "-key",
        "server.key",
    ]);
    let old = Background::program(&mut openssl, port);
    let done = warifu_with(at, &["client", &old.address(), "--ca", "ca.crt"], "hello\n");
    let ours = match cfg!(feature = "legacy") {
        true => "TLS 1.2 to TLS 1.3",
        false => "TLS 1.3",
    };
    failed(&done, 20, &["protocol_version", ours]);

    let server = Background::server(
        at,
        &[
            "--cert",
            "server.crt",
            "--key",
            "server.key",
            "--groups",
            "secp521r1",
        ],
    );
    let done = warifu_with(
        at,
        &["client", &server.address(), "--ca", "ca.crt"],
        "hello\n",
    );
    failed(&done, 20, &["handshake_failure", "--groups"]);
}

#[test]
fn code_21_the_peer_breaks_the_protocol() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    let http = peer(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
        let _ = stream.read(&mut [0; 4096]);
    });
    let done = warifu_with(at, &["client", &http, "--insecure", "issuer"], "hello\n");
    failed(&done, 21, &["does not speak TLS", "HTTP/1.1", "port"]);
}

#[test]
fn code_30_not_trusted() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    make_certificates(at);
    support::ok(at, &["cert", "ca", "--out", "other", "--name", "other CA"]);
    support::ok(
        at,
        &[
            "cert",
            "server",
            "localhost",
            "127.0.0.1",
            "--self-signed",
            "--out",
            "self",
        ],
    );
    let server = server(at, "server");
    let done = warifu_with(
        at,
        &["client", &server.address(), "--ca", "other.crt"],
        "hello\n",
    );
    failed(&done, 30, &["warifu CA", "--ca FILE"]);
    let insecure = warifu_with(
        at,
        &[
            "client",
            &server.address(),
            "--ca",
            "other.crt",
            "--insecure",
            "issuer",
        ],
        "hello\n",
    );
    assert_eq!(insecure.code, 0, "{}", insecure.stderr);
    assert!(
        insecure.stderr.contains("WARNING   --insecure=issuer")
            && insecure.stderr.contains("NOT AUTHENTICATED"),
        "{}",
        insecure.stderr
    );

    let own = self::server(at, "self");
    let done = warifu_with(at, &["client", &own.address(), "--ca", "ca.crt"], "hello\n");
    failed(&done, 30, &["self-signed", "--pin FILE"]);
    let done = warifu_with(
        at,
        &["client", &own.address(), "--pin", "self.crt"],
        "hello\n",
    );
    assert_eq!(done.code, 0, "{}", done.stderr);

    // A client's certificate does not make a server.
    let client = self::server(at, "client");
    let done = warifu_with(
        at,
        &[
            "client",
            &client.address(),
            "--ca",
            "ca.crt",
            "--server-name",
            "alice",
        ],
        "hello\n",
    );
    failed(&done, 30, &["usage"]);
    let done = warifu_with(
        at,
        &[
            "client",
            &client.address(),
            "--ca",
            "ca.crt",
            "--server-name",
            "alice",
            "--insecure",
            "usage",
        ],
        "hello\n",
    );
    assert_eq!(done.code, 0, "{}", done.stderr);
}

#[test]
fn code_31_another_name() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    make_certificates(at);
    let server = server(at, "server");
    let wrong = [
        "client",
        &server.address(),
        "--ca",
        "ca.crt",
        "--server-name",
        "example.org",
    ];
    failed(
        &warifu_with(at, &wrong, "hello\n"),
        31,
        &["localhost", "example.org", "--server-name"],
    );
    let done = warifu_with(
        at,
        &[&wrong[..], &["--insecure", "name"]].concat(),
        "hello\n",
    );
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(
        done.stderr.contains("WARNING   --insecure=name"),
        "{}",
        done.stderr
    );
    // Relaxing one rule leaves the others.
    support::ok(at, &["cert", "ca", "--out", "other"]);
    let done = warifu_with(
        at,
        &[
            "client",
            &server.address(),
            "--ca",
            "other.crt",
            "--insecure",
            "name",
        ],
        "hello\n",
    );
    assert_eq!(done.code, 30, "{}", done.stderr);
}

/// Has openssl sign `server.key` anew for other dates.
fn sign_for_dates(at: &Path, from: &str, to: &str) {
    std::fs::write(at.join("index.txt"), "").unwrap();
    std::fs::write(at.join("index.txt.attr"), "unique_subject = no\n").unwrap();
    std::fs::write(at.join("serial"), "1000\n").unwrap();
    std::fs::write(at.join("crlnumber"), "1000\n").unwrap();
    std::fs::write(
        at.join("ca.cnf"),
        "[ca]\ndefault_ca = d\n[d]\ndir = .\ndatabase = index.txt\nserial = serial\ncrlnumber = crlnumber\n\
         new_certs_dir = .\ndefault_md = sha256\npolicy = p\nx509_extensions = e\ndefault_crl_days = 30\n\
         [p]\ncommonName = supplied\n[e]\nsubjectAltName = DNS:localhost, IP:127.0.0.1\n\
         extendedKeyUsage = serverAuth\nkeyUsage = digitalSignature\nauthorityKeyIdentifier = keyid\n\
         [req]\ndistinguished_name = n\n[n]\n",
    )
    .unwrap();
    openssl(
        at,
        &[
            "req",
            "-new",
            "-config",
            "ca.cnf",
            "-key",
            "server.key",
            "-subj",
            "/CN=localhost",
            "-out",
            "server.csr",
        ],
    );
    openssl(
        at,
        &[
            "ca",
            "-batch",
            "-config",
            "ca.cnf",
            "-cert",
            "ca.crt",
            "-keyfile",
            "ca.key",
            "-in",
            "server.csr",
            "-out",
            "server.crt",
            "-notext",
            "-startdate",
            from,
            "-enddate",
            to,
        ],
    );
}

#[test]
fn code_32_not_valid_now() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    make_certificates(at);
    for (from, to, word) in [
        (
            "20200101000000Z",
            "20210101000000Z",
            "expired on 2021-01-01",
        ),
        (
            "20700101000000Z",
            "20710101000000Z",
            "not valid before 2070-01-01",
        ),
    ] {
        sign_for_dates(at, from, to);
        let server = server(at, "server");
        let now = ["client", &server.address(), "--ca", "ca.crt"];
        failed(&warifu_with(at, &now, "hello\n"), 32, &[word, "date -u"]);
        let done = warifu_with(
            at,
            &[&now[..], &["--insecure", "dates"]].concat(),
            "hello\n",
        );
        assert_eq!(done.code, 0, "{}", done.stderr);
        let done = warifu_with(at, &["cert", "check", "server.crt", "--ca", "ca.crt"], "");
        assert_eq!(done.code, 1);
    }
}

#[test]
fn code_33_revoked() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    make_certificates(at);
    sign_for_dates(at, "20240101000000Z", "20400101000000Z");
    let ca = [
        "-batch", "-config", "ca.cnf", "-cert", "ca.crt", "-keyfile", "ca.key",
    ];
    openssl(
        at,
        &[&["ca"][..], &ca, &["-gencrl", "-out", "good.crl"]].concat(),
    );
    openssl(at, &[&["ca"][..], &ca, &["-revoke", "server.crt"]].concat());
    openssl(
        at,
        &[&["ca"][..], &ca, &["-gencrl", "-out", "bad.crl"]].concat(),
    );
    let server = server(at, "server");
    let with = |crl: &str| {
        warifu_with(
            at,
            &["client", &server.address(), "--ca", "ca.crt", "--crl", crl],
            "hello\n",
        )
    };
    let done = with("good.crl");
    assert_eq!(done.code, 0, "{}", done.stderr);
    failed(&with("bad.crl"), 33, &["revoked"]);
    failed(&with("ca.crt"), 2, &["ca.crt"]);
}

#[test]
fn code_50_truncated() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    make_certificates(at);
    let port = free_port();
    let mut openssl = Command::new("openssl");
    openssl.current_dir(at).args([
        "s_server",
        "-quiet",
        "-rev",
        "-accept",
        &port.to_string(),
        "-cert",
        "server.crt",
        "-key",
        "server.key",
    ]);
    let server = Background::program(&mut openssl, port);
    let mut client = warifu(at)
        .args(["client", &server.address(), "--ca", "ca.crt"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    client.stdin.as_mut().unwrap().write_all(b"abc\n").unwrap();
    let mut reply = [0; 4];
    client
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut reply)
        .unwrap();
    assert_eq!(&reply, b"cba\n");
    // Killed, it cannot send close_notify; its socket is closed all the same.
    server.signal("-KILL");
    let input = client.stdin.take();
    let done = Done::from(client.wait_with_output().unwrap());
    drop(input);
    failed(&done, 50, &["without close_notify"]);

    let hung_up = peer(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
    });
    let done = warifu_with(at, &["client", &hung_up, "--ca", "ca.crt"], "hello\n");
    failed(&done, 50, &["hung up during the handshake"]);
}

#[test]
fn code_60_timed_out() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    make_certificates(at);
    let silent = peer(|mut stream| {
        // Reads for ever, answers nothing.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let done = warifu_with(
        at,
        &[
            "client",
            &silent,
            "--ca",
            "ca.crt",
            "--handshake-timeout",
            "300ms",
        ],
        "",
    );
    failed(&done, 60, &["--handshake-timeout", "300ms"]);

    let port = free_port();
    let mut openssl = Command::new("openssl");
    // Without -rev s_server answers nothing.
    openssl.current_dir(at).args([
        "s_server",
        "-quiet",
        "-accept",
        &port.to_string(),
        "-cert",
        "server.crt",
        "-key",
        "server.key",
    ]);
    let server = Background::program(&mut openssl, port);
    let mut client = warifu(at);
    client.args([
        "client",
        &server.address(),
        "--ca",
        "ca.crt",
        "--idle-timeout",
        "300ms",
    ]);
    let mut client = client
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let input = client.stdin.take();
    let done = Done::from(client.wait_with_output().unwrap());
    drop(input);
    failed(&done, 60, &["--idle-timeout"]);
}
