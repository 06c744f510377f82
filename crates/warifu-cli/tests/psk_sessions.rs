//! `--resume`, `--early-data` and the reload of keys, from the outside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use support::keys::{
    ALICE, BOB, Conversation, OTHER, chmod, client, end, events, greeted, has, home, keeps_secrets,
    refused, server, words, write,
};
use support::{Background, make_certificates, ok, warifu, warifu_with};

const RESUME: [&str; 4] = ["--psk-file", "alice.psk", "--resume", "session"];
const RESUMED: &str = "session resumed (psk_dhe_ke), which began with the PSK \"alice\" (external)";
fn read(at: &Path, name: &str) -> Vec<u8> {
    fs::read(at.join(name)).unwrap()
}

#[test]
fn the_second_run_resumes_and_no_ticket_is_used_twice() {
    let home = home();
    let at = home.path();
    let server = server(at, "--psk-file keys.psk");
    let done = greeted(at, &server, &RESUME);
    has(&done.stderr, &["TLS 1.3, pre-shared key"]);
    let mut seen = vec![read(at, "session")];
    for _ in 0..3 {
        let mode = fs::metadata(at.join("session")).unwrap().permissions();
        assert_eq!(mode.mode() & 0o7777, 0o600);
        let done = greeted(at, &server, &RESUME);
        has(&done.stderr, &["TLS 1.3, resumed", RESUMED]);
        let session = read(at, "session");
        assert!(!seen.contains(&session));
        seen.push(session);
    }
    has(&end(server).stderr, &[RESUMED]);
}

#[test]
fn a_server_that_has_lost_its_ticket_keys_goes_on_with_the_key() {
    let home = home();
    let at = home.path();
    let first = server(at, "--psk-file keys.psk");
    greeted(at, &first, &RESUME);
    // The same server to the client, though it has another port now.
    let port = first.port.to_string();
    end(first);
    let second = server(at, "--psk-file keys.psk");
    let session = fs::read(at.join("session")).unwrap();
    let line_len = session.iter().position(|byte| *byte == b'\n').unwrap();
    let (line, rest) = session.split_at(line_len);
    let line = str::from_utf8(line).unwrap();
    let line = line.replace(&port, &second.port.to_string());
    fs::write(at.join("session"), [line.as_bytes(), rest].concat()).unwrap();
    let done = greeted(at, &second, &RESUME);
    has(
        &done.stderr,
        &[
            "TLS 1.3, pre-shared key",
            "declined  the server took another key than the first",
        ],
    );
    has(
        &end(second).stderr,
        &[
            "[1] declined  no key here for the identity that the client offered: ",
            "bytes, perhaps a ticket)",
        ],
    );
}

#[test]
fn a_session_belongs_to_the_identity_that_began_it() {
    let home = home();
    let at = home.path();
    let server = server(at, "--psk-file keys.psk");
    greeted(at, &server, &RESUME);
    let bob = words("--psk-file keys.psk --psk-identity bob --resume session");
    let done = greeted(at, &server, &bob);
    has(&done.stderr, &["TLS 1.3, pre-shared key", "PSK \"bob\""]);
    end(server);
}

#[test]
fn what_cannot_be_a_session_of_this_server_is_left_alone() {
    let home = home();
    let at = home.path();
    let server = server(at, "--psk-file keys.psk --tickets 0");
    // Another server's.
    let elsewhere = self::server(at, "--psk-file keys.psk");
    let named = [&RESUME[..], &["--server-name", "other.example"]].concat();
    greeted(at, &elsewhere, &named);
    let before = read(at, "session");
    let done = greeted(at, &server, &RESUME);
    has(
        &done.stderr,
        &["session   session is for another server and is left alone"],
    );
    assert_eq!(read(at, "session"), before);
    // No session at all: a file that was named by mistake is not overwritten.
    write(at, "diary", "dear diary\n");
    for mode in [0o600, 0o644] {
        chmod(at, "diary", mode);
        refused(
            at,
            &server,
            &words("--psk-file alice.psk --resume diary"),
            2,
            &["diary is no session of warifu", "--resume diary.session"],
        );
    }
    assert_eq!(read(at, "diary"), b"dear diary\n");
    refused(
        at,
        &server,
        &words("--psk-file alice.psk --resume ."),
        2,
        &["directory"],
    );
    // Open to others.
    chmod(at, "session", 0o644);
    refused(at, &server, &RESUME, 2, &["chmod 600 session"]);
    end(server);
}

#[test]
fn a_damaged_session_is_told_and_replaced() {
    let home = home();
    let at = home.path();
    let server = server(at, "--psk-file keys.psk");
    greeted(at, &server, &RESUME);
    let whole = read(at, "session");
    for len in [60, whole.len() - 1] {
        fs::write(at.join("session"), &whole[..len]).unwrap();
        let done = greeted(at, &server, &RESUME);
        has(
            &done.stderr,
            &["session   session is damaged", "TLS 1.3, pre-shared key"],
        );
        let done = greeted(at, &server, &RESUME);
        has(&done.stderr, &["TLS 1.3, resumed"]);
    }
    end(server);
}

#[test]
fn a_session_that_cannot_be_kept_is_no_failure() {
    let home = home();
    let at = home.path();
    let server = server(at, "--psk-file keys.psk");
    let done = greeted(
        at,
        &server,
        &words("--psk-file alice.psk --resume missing/session"),
    );
    has(
        &done.stderr,
        &["warning   no session is kept: cannot write missing/session"],
    );
    end(server);
}

#[test]
fn a_resumed_server_is_verified_as_strictly_as_a_new_one() {
    let home = home();
    let at = home.path();
    make_certificates(at);
    ok(at, &["cert", "ca", "--out", "other"]);
    let server = server(at, "--cert server.crt --key server.key");
    greeted(at, &server, &words("--insecure issuer --resume session"));
    // The session began without any check.
    refused(
        at,
        &server,
        &words("--ca other.crt --resume session"),
        30,
        &["CA"],
    );
    let trusting = words("--ca ca.crt --resume session");
    greeted(at, &server, &trusting);
    let done = greeted(at, &server, &trusting);
    has(
        &done.stderr,
        &[
            "TLS 1.3, resumed",
            "which began with: localhost, proved; checked: issuer, dates",
        ],
    );
    end(server);
}

/// How often the server printed the early message.
fn count(server: &Background, message: &str) -> usize {
    server
        .messages()
        .lines()
        .filter(|line| *line == message)
        .count()
}

#[test]
fn early_data_is_taken_once_on_a_fresh_key_and_on_resumption() {
    let home = home();
    let at = home.path();
    write(at, "early", "first of all\n");
    let server = server(at, "--psk-file keys.psk --max-early-data 16384");
    let fresh = words("--psk-file alice.psk --early-data early");
    let resume = [&RESUME[..], &["--early-data", "early"]].concat();
    for (number, options) in [&fresh, &resume, &resume].into_iter().enumerate() {
        let done = client(at, &server, options);
        assert_eq!(done.code, 0, "{}", done.stderr);
        assert_eq!(done.stdout, "I hear you.\nI hear you.\n");
        has(
            &done.stderr,
            &["WARNING   --early-data", "early     accepted"],
        );
        assert_eq!(done.stderr.contains("TLS 1.3, resumed"), number == 2);
        assert_eq!(count(&server, "first of all"), number + 1);
    }
    let done = end(server);
    has(
        &done.stderr,
        &["WARNING   --max-early-data", "[3] early     accepted"],
    );
    assert_eq!(done.stdout, "first of all\nhello\n".repeat(3));
}

#[test]
fn early_data_that_is_not_taken_is_sent_again_exactly_once() {
    let home = home();
    let at = home.path();
    write(at, "early", "first of all\n");
    let plain = server(at, "--psk-file keys.psk");
    // Rejected on a fresh key; not even sent with a ticket that allows none.
    for options in [
        "--psk-file alice.psk --early-data early",
        "--psk-file alice.psk --resume session --early-data early",
        "--psk-file alice.psk --resume session --early-data early",
    ] {
        let done = client(at, &plain, &words(options));
        assert_eq!(done.code, 0, "{}", done.stderr);
        assert_eq!(done.stdout, "I hear you.\nI hear you.\n");
        let again = match done.stderr.contains("TLS 1.3, resumed") {
            true => "early     nothing sent early; 13 bytes sent now",
            false => "early     13 bytes sent early and not taken; 13 sent now",
        };
        has(&done.stderr, &[again, "2 sent, 2 received"]);
    }
    let done = end(plain);
    assert_eq!(done.stdout, "first of all\nhello\n".repeat(3));
    has(
        &done.stderr,
        &["early     rejected: this server takes no early data"],
    );
}

#[test]
fn early_data_over_the_limit_is_split_and_nothing_is_lost() {
    let home = home();
    let at = home.path();
    let text: String = (0..40_000)
        .map(|n| char::from(b'a' + (n % 23) as u8))
        .collect();
    write(at, "early", &text);
    let server = server(
        at,
        "--psk-file keys.psk --max-early-data 16384 --raw --echo",
    );
    let address = server.address();
    let arguments = words("--psk-file alice.psk --early-data early --raw");
    let arguments = [&["client", &address][..], &arguments].concat();
    let done = keeps_secrets(warifu_with(at, &arguments, "and that is all"));
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(
        done.stdout == format!("{text}and that is all"),
        "{}",
        done.stdout.len()
    );
    has(
        &done.stderr,
        &["early     16384 bytes sent early; 23616 sent now"],
    );
    end(server);
}

#[test]
fn programs_are_told_of_sessions_and_early_data_in_json() {
    let home = home();
    let at = home.path();
    write(at, "early", "first of all\n");
    let server = server(at, "--psk-file keys.psk --max-early-data 16384 --json");
    let options = [&RESUME[..], &["--early-data", "early", "--json"]].concat();
    client(at, &server, &options);
    let done = client(at, &server, &options);
    for done in [&done, &end(server)] {
        let connected = events(done)
            .into_iter()
            .rfind(|event| event["event"] == "connected")
            .unwrap();
        assert_eq!(connected["resumed"], true);
        assert_eq!(connected["early_data"], "accepted");
        assert_eq!(connected["psk"]["identity"], "alice");
    }
}

#[test]
fn identities_come_and_go_while_connections_go_on() {
    let home = home();
    let at = home.path();
    write(at, "live.psk", &format!("alice:{ALICE}\n"));
    let server = server(at, "--psk-file live.psk");
    let bob = words("--psk-file keys.psk --psk-identity bob");
    let carol = ["--psk-file", "carol.psk"];
    refused(at, &server, &bob, 20, &["decrypt_error"]);
    let mut alice = Conversation::start(at, &server, &["--psk-file", "alice.psk"]);
    assert_eq!(alice.say("one"), "I hear you.\n");
    // Appended to.
    let live = fs::OpenOptions::new()
        .append(true)
        .open(at.join("live.psk"));
    writeln!(live.unwrap(), "bob:{BOB}").unwrap();
    server.wait_for("reloaded  2 keys", 1);
    greeted(at, &server, &bob);
    // Replaced at one stroke, without alice.
    write(at, "new.psk", &format!("bob:{BOB}\ncarol:{OTHER}\n"));
    fs::rename(at.join("new.psk"), at.join("live.psk")).unwrap();
    server.wait_for("reloaded  2 keys", 2);
    greeted(at, &server, &carol);
    refused(
        at,
        &server,
        &["--psk-file", "alice.psk"],
        20,
        &["decrypt_error"],
    );
    assert_eq!(alice.say("two"), "I hear you.\n");
    // Broken: what was in force stays.
    write(at, "live.psk", "bob\n");
    server.wait_for("warning   the keys stay as they were: live.psk, line 1", 1);
    greeted(at, &server, &carol);
    // Told to look, it looks.
    server.signal("-HUP");
    server.wait_for("warning   the keys stay as they were: live.psk, line 1", 2);
    write(at, "live.psk", &format!("alice:{ALICE}\n"));
    server.signal("-HUP");
    server.wait_for("reloaded  1 key", 1);
    greeted(at, &server, &["--psk-file", "alice.psk"]);
    assert_eq!(alice.say("three"), "I hear you.\n");
    alice.end();
    has(
        &end(server).stderr,
        &["no key here for the identity that the client offered: alice"],
    );
}

#[test]
fn a_removed_identity_cannot_resume_either() {
    let home = home();
    let at = home.path();
    write(at, "live.psk", &format!("alice:{ALICE}\nbob:{BOB}\n"));
    let server = server(at, "--psk-file live.psk");
    greeted(at, &server, &RESUME);
    write(at, "live.psk", &format!("bob:{BOB}\n"));
    server.wait_for("reloaded  1 key", 1);
    refused(at, &server, &RESUME, 20, &["decrypt_error"]);
    has(
        &end(server).stderr,
        &["the key with which the session began is gone"],
    );
}

#[test]
fn a_new_file_that_was_open_to_others_is_read_once_it_is_closed() {
    let home = home();
    let at = home.path();
    write(at, "live.psk", &format!("alice:{ALICE}\n"));
    let server = server(at, "--psk-file live.psk");
    // As an operator does it who copies first and thinks of the mode then.
    chmod(at, "keys.psk", 0o644);
    fs::rename(at.join("keys.psk"), at.join("live.psk")).unwrap();
    server.wait_for("live.psk is open to other users (mode 0644)", 1);
    chmod(at, "live.psk", 0o600);
    server.wait_for("reloaded  2 keys", 1);
    end(server);
}

#[test]
fn files_are_read_again_beside_keys_from_standard_input() {
    let home = home();
    let at = home.path();
    write(at, "live.psk", &format!("bob:{BOB}\n"));
    let mut command = warifu(at);
    command.args(words("server 127.0.0.1:0 --psk-file - --psk-file live.psk"));
    let input = fs::File::open(at.join("alice.psk")).unwrap();
    let server = Background::listening(&mut command, input.into());
    write(at, "live.psk", &format!("carol:{OTHER}\n"));
    server.wait_for("reloaded  2 keys", 1);
    for name in ["alice.psk", "carol.psk"] {
        greeted(at, &server, &["--psk-file", name]);
    }
    end(server);
}
