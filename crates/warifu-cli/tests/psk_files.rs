//! `warifu psk`: its files are judged by `psktool` of GnuTLS, and the other way round.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use support::{Done, ok, run, warifu_with};

const KEY: &str = "8b1f0e6a3c5d7294b0c1d2e3f4a59687";
const OTHER: &str = "f00dbabe5a5a1234c0ffee9912ab34cd";

/// Writes a file that only this user can read.
fn write(at: &Path, name: &str, text: &str) {
    let path = at.join(name);
    fs::write(&path, text.replace("KEY", KEY).replace("OTHER", OTHER)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn mode(at: &Path, name: &str) -> u32 {
    let metadata = fs::metadata(at.join(name)).unwrap();
    metadata.permissions().mode() & 0o7777
}

/// Runs `warifu`, which must fail with this code and these words, and must not tell the keys.
fn fails(at: &Path, code: i32, arguments: &[&str], words: &[&str]) -> Done {
    let done = warifu_with(at, arguments, "");
    assert_eq!(done.code, code, "{arguments:?}: {}", done.stderr);
    for word in ["warifu: ", "  cause: ", "  next:  "].iter().chain(words) {
        assert!(
            done.stderr.contains(word),
            "{word:?} is not in\n{}",
            done.stderr
        );
    }
    keeps_secrets(&done);
    done
}

fn keeps_secrets(done: &Done) {
    for secret in [&KEY[..8], &OTHER[..8]] {
        assert!(!done.stdout.contains(secret), "{}", done.stdout);
        assert!(!done.stderr.contains(secret), "{}", done.stderr);
    }
}

/// `psktool` makes a key for a user.
fn psktool(at: &Path, file: &str, user: &str, bytes: &str) {
    let mut command = Command::new("psktool");
    command
        .current_dir(at)
        .args(["-p", file, "-u", user, "-s", bytes]);
    let done = run(&mut command, b"");
    assert_eq!(done.code, 0, "these tests need psktool: {}", done.stderr);
}

#[test]
fn a_file_of_psktool_is_recognised_and_comes_back_unchanged() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    for (user, bytes) in [("alice", "32"), ("PSK ID 001", "16"), ("räksmörgås", "64")] {
        psktool(at, "keys.psk", user, bytes);
    }
    let original = fs::read_to_string(at.join("keys.psk")).unwrap();
    let listed = ok(at, &["psk", "list", "keys.psk"]).stdout;
    for words in [
        ["alice", "256 bits"],
        ["PSK ID 001", "128 bits"],
        ["räksmörgås", "512 bits"],
    ] {
        assert!(
            listed
                .lines()
                .any(|line| words.iter().all(|word| line.contains(word))),
            "{words:?} are not in\n{listed}"
        );
    }
    for line in original.lines() {
        let key = line.rsplit(':').next().unwrap();
        assert!(!listed.contains(&key[..8]), "{listed}");
    }
    for format in ["native", "mosquitto", "gnutls", "stunnel"] {
        let converted = ok(at, &["psk", "convert", "keys.psk", "--to", format]).stdout;
        assert_eq!(converted, original, "{format}");
    }
    ok(at, &["psk", "check", "keys.psk", "--psk-identity", "alice"]);
}

#[test]
fn identities_that_psktool_writes_in_hexadecimal_survive_every_conversion_that_can_say_them() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    psktool(at, "keys.psk", "urn:device:7", "32");
    let original = fs::read_to_string(at.join("keys.psk")).unwrap();
    assert!(
        original.starts_with("#75726e3a6465766963653a37:"),
        "{original}"
    );
    // Without --format it might be a comment.
    let words = ["keys.psk, line 1", "--psk-format gnutls"];
    fails(at, 2, &["psk", "list", "keys.psk"], &words);
    let convert = ["psk", "convert", "keys.psk", "--format", "gnutls", "--to"];
    let converted = ok(
        at,
        &[&convert[..], &["native", "--out", "native.psk"]].concat(),
    );
    assert_eq!(converted.stdout, "");
    assert_eq!(mode(at, "native.psk"), 0o600);
    let native = fs::read_to_string(at.join("native.psk")).unwrap();
    assert_eq!(native, original.replace('#', "hex:"));
    ok(
        at,
        &[
            "psk",
            "check",
            "native.psk",
            "--psk-identity",
            "urn:device:7",
        ],
    );
    let back = ok(at, &["psk", "convert", "native.psk", "--to", "gnutls"]);
    assert_eq!(back.stdout, original);
    assert!(
        back.stderr.contains("--psk-format gnutls"),
        "{}",
        back.stderr
    );
    fails(
        at,
        2,
        &[&convert[..], &["mosquitto"]].concat(),
        &["hex:75726e"],
    );
}

#[test]
fn psktool_takes_files_of_gen_for_its_own() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    let generate = ["psk", "gen", "--format", "gnutls"];
    ok(
        at,
        &[&generate[..], &["alice", "--out", "keys.psk"]].concat(),
    );
    ok(
        at,
        &[&generate[..], &["a:b", "--append", "keys.psk"]].concat(),
    );
    let before = fs::read_to_string(at.join("keys.psk")).unwrap();
    // It replaces the key of the user that it knows and leaves the other.
    psktool(at, "keys.psk", "a:b", "32");
    let after = fs::read_to_string(at.join("keys.psk")).unwrap();
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (before, after) = (lines(&before), lines(&after));
    assert_eq!(after.len(), 2);
    assert_eq!(before[0], after[0]);
    assert_ne!(before[1], after[1]);
    assert!(after[1].starts_with("#613a62:"));
}

#[test]
fn gen_makes_different_keys_of_the_length_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    let first = ok(at, &["psk", "gen"]).stdout;
    let second = ok(at, &["psk", "gen"]).stdout;
    for line in [&first, &second] {
        let (identity, key) = line.trim_end().split_once(':').unwrap();
        assert!(
            identity.starts_with("psk-") && identity.len() == 12,
            "{line}"
        );
        assert_eq!(key.len(), 64);
    }
    assert_ne!(first, second);
    let long = ok(at, &["psk", "gen", "alice", "--bits", "512"]).stdout;
    assert_eq!(long.len(), "alice:\n".len() + 128);
    let zabbix = ok(at, &["psk", "gen", "Zabbix 1", "--format", "zabbix"]);
    assert_eq!(zabbix.stdout.trim_end().len(), 64);
    assert!(
        zabbix.stderr.contains("TLSPSKIdentity=Zabbix 1"),
        "{}",
        zabbix.stderr
    );
    for bits in ["0", "120", "129", "8192", "x"] {
        let done = warifu_with(at, &["psk", "gen", "--bits", bits], "");
        assert_eq!(done.code, 2, "{bits}");
        assert!(done.stderr.contains("128 to 4096"), "{}", done.stderr);
    }
}

#[test]
fn files_made_are_private_and_never_overwritten_unasked() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    let done = ok(at, &["psk", "gen", "alice", "--out", "keys.psk"]);
    assert_eq!(done.stdout, "");
    assert!(done.stderr.contains("made   keys.psk"), "{}", done.stderr);
    assert_eq!(mode(at, "keys.psk"), 0o600);
    let first = fs::read(at.join("keys.psk")).unwrap();
    fails(
        at,
        2,
        &["psk", "gen", "alice", "--out", "keys.psk"],
        &["keys.psk exists"],
    );
    assert_eq!(fs::read(at.join("keys.psk")).unwrap(), first);
    ok(at, &["psk", "gen", "alice", "--out", "keys.psk", "--force"]);
    assert_ne!(fs::read(at.join("keys.psk")).unwrap(), first);
    assert_eq!(mode(at, "keys.psk"), 0o600);
}

#[test]
fn append_adds_one_line_and_keeps_what_was_there() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    ok(at, &["psk", "gen", "alice", "--append", "keys.psk"]);
    assert_eq!(mode(at, "keys.psk"), 0o600);
    // Without an end of the last line, with a comment, and readable by its group: all of that stays.
    write(at, "keys.psk", "# ours\nalice:KEY");
    fs::set_permissions(at.join("keys.psk"), fs::Permissions::from_mode(0o640)).unwrap();
    let done = ok(at, &["psk", "gen", "bob", "--append", "keys.psk"]);
    assert!(done.stderr.contains("added  keys.psk"), "{}", done.stderr);
    let text = fs::read_to_string(at.join("keys.psk")).unwrap();
    assert!(
        text.starts_with(&format!("# ours\nalice:{KEY}\nbob:")),
        "{text}"
    );
    assert_eq!(text.lines().count(), 3);
    assert_eq!(mode(at, "keys.psk"), 0o640);
    let twice = ["psk", "gen", "alice", "--append", "keys.psk"];
    fails(
        at,
        2,
        &twice,
        &[
            "nothing was added: keys.psk has a key of \"alice\"",
            "remove line 2 of keys.psk first",
        ],
    );
    assert_eq!(fs::read_to_string(at.join("keys.psk")).unwrap(), text);

    write(at, "zabbix.psk", "KEY\n");
    fails(
        at,
        2,
        &["psk", "gen", "x", "--append", "zabbix.psk"],
        &["zabbix"],
    );
    // Into a file of stunnel the line must be one of stunnel's.
    write(at, "stunnel.psk", "alice:my secret, known to me alone\n");
    ok(at, &["psk", "gen", "bob", "--append", "stunnel.psk"]);
    fails(
        at,
        2,
        &["psk", "gen", "a:b", "--append", "stunnel.psk"],
        &["stunnel"],
    );
    assert_eq!(
        fs::read_to_string(at.join("stunnel.psk"))
            .unwrap()
            .lines()
            .count(),
        2
    );
}

#[test]
fn files_open_to_others_are_refused_with_the_command_that_closes_them() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    write(at, "keys.psk", "alice:KEY\n");
    symlink("keys.psk", at.join("link.psk")).unwrap();
    let convert = ["psk", "convert", "link.psk", "--to", "native"];
    for open in [0o644, 0o604, 0o660, 0o602] {
        fs::set_permissions(at.join("keys.psk"), fs::Permissions::from_mode(open)).unwrap();
        let words = [&format!("mode {open:04o}"), "chmod g-w,o= link.psk"];
        fails(at, 2, &convert, &words);
        fails(at, 2, &["psk", "list", "link.psk"], &words);
        fails(at, 1, &["psk", "check", "link.psk"], &words);
        fails(at, 2, &["psk", "gen", "--append", "link.psk"], &words);
    }
    // The command printed does close it.
    let mut command = Command::new("chmod");
    run(command.current_dir(at).args(["g-w,o=", "keys.psk"]), b"");
    ok(at, &convert);
    // What comes through a pipe has no permissions.
    let piped = warifu_with(at, &["psk", "list", "-"], &format!("alice:{KEY}\n"));
    assert_eq!(piped.code, 0, "{}", piped.stderr);
    keeps_secrets(&piped);
}

#[test]
fn errors_name_file_and_line_and_keep_the_key() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    for (text, words) in [
        (
            "# x\nalice:KEY0\n",
            &["line 2", "33 hexadecimal digits"][..],
        ),
        (
            "alice:KEY\n\nalice:OTHER\n",
            &["line 3", "line 1", "\"alice\""],
        ),
        ("alice:KEY;\n", &["line 1", "1 of its characters"]),
        ("a:b:KEY\n", &["line 1", "hex:DIGITS"]),
        (
            "alice:KEYKEYzz\n",
            &["line 1", "base64:", "--psk-format stunnel"],
        ),
        ("#cafe:KEY\n", &["line 1", "comment", "--psk-format gnutls"]),
        (
            "alice:00000000000000000000000000000000\n",
            &["line 1", "zeros"],
        ),
        ("-----BEGIN PRIVATE KEY-----\nKEY\n", &["PEM"]),
        ("\n", &["holds no key"]),
        ("KEY\nbob:OTHER\n", &["line 1", "line 2"]),
        (
            "a:hex:KEY\nb:my secret, known to me alone\n",
            &["line 1", "line 2", "text:"],
        ),
    ] {
        write(at, "keys.psk", text);
        let words = [words, &["keys.psk"]].concat();
        fails(at, 2, &["psk", "list", "keys.psk"], &words);
        fails(
            at,
            2,
            &["psk", "convert", "keys.psk", "--to", "native"],
            &words,
        );
        fails(at, 1, &["psk", "check", "keys.psk"], &words);
    }
    fails(
        at,
        2,
        &["psk", "list", "missing"],
        &["missing", "no such file"],
    );
    fails(
        at,
        2,
        &["psk", "list", "/dev/zero"],
        &["larger than 16 MiB"],
    );
    fails(at, 2, &["psk", "list", "."], &["directory"]);
}

#[test]
fn keys_of_zabbix_need_an_identity() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    write(at, "zabbix.psk", "KEY\n");
    let convert = ["psk", "convert", "zabbix.psk", "--to", "native"];
    fails(at, 2, &convert, &["zabbix.psk, line 1", "--psk-identity"]);
    let named = [&convert[..], &["--psk-identity", "PSK 001"]].concat();
    assert_eq!(ok(at, &named).stdout, format!("PSK 001:{KEY}\n"));
    keeps_secrets(&ok(at, &["psk", "list", "zabbix.psk"]));
    ok(at, &["psk", "check", "zabbix.psk"]);

    write(at, "many.psk", "alice:KEY\nbob:OTHER\n");
    let convert = ["psk", "convert", "many.psk", "--to", "zabbix"];
    fails(at, 2, &convert, &["one key", "--psk-identity"]);
    let one = [&convert[..], &["--psk-identity", "bob"]].concat();
    assert_eq!(ok(at, &one).stdout, format!("{OTHER}\n"));
    let none = [&convert[..], &["--psk-identity", "carol"]].concat();
    fails(at, 2, &none, &["carol", "warifu psk list many.psk"]);
}

#[test]
fn weak_keys_are_refused_and_doubtful_ones_told() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    write(at, "weak.psk", "alice:KEY\nbob:c0ffee\n");
    let convert = ["psk", "convert", "weak.psk", "--to", "native"];
    fails(
        at,
        2,
        &convert,
        &["weak.psk, line 2", "24 bits", "--allow-weak-psk"],
    );
    ok(at, &[&convert[..], &["--allow-weak-psk"]].concat());
    let listed = ok(at, &["psk", "list", "weak.psk"]).stdout;
    assert!(listed.contains("weak: less than 128 bits"), "{listed}");
    let failed = fails(at, 1, &["psk", "check", "weak.psk"], &["line 2", "24 bits"]);
    assert!(
        failed.stdout.contains("NO       length"),
        "{}",
        failed.stdout
    );
    let allowed = ok(at, &["psk", "check", "weak.psk", "--allow-weak-psk"]);
    assert!(
        allowed.stdout.contains("warning  length"),
        "{}",
        allowed.stdout
    );

    write(
        at,
        "doubtful.psk",
        "a:text:correct horse battery staple\nb:0123456789abcdef0123456789abcdef\nc:KEY\nd:KEY\n",
    );
    let told = ok(at, &["psk", "check", "doubtful.psk"]);
    keeps_secrets(&told);
    for words in [
        "line 1: a passphrase",
        "line 2: the same bytes again",
        "line 4: the same key as \"c\"",
    ] {
        assert!(
            told.stdout.contains(words),
            "{words} is not in\n{}",
            told.stdout
        );
    }
}

#[test]
fn json_has_everything_but_the_keys() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    write(
        at,
        "keys.psk",
        "# ours\nalice:KEY\nhex:ff:base64:AAECAwQFBgcICQoLDA0ODw==\n",
    );
    let listed = ok(at, &["psk", "list", "keys.psk", "--json"]);
    keeps_secrets(&listed);
    let value: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(value["format"], "native");
    assert_eq!(value["keys"][0]["identity"], "alice");
    assert_eq!(value["keys"][1]["identity"], "hex:ff");
    assert_eq!(value["keys"][1]["bits"], 128);
    assert_eq!(value["keys"][1]["form"], "base64");
    assert_eq!(value["keys"][1]["line"], 3);
    let checked = ok(at, &["psk", "check", "keys.psk", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&checked.stdout).unwrap();
    let checks = value["checks"].as_array().unwrap();
    assert!(checks.iter().all(|check| check["ok"] == true), "{value}");
    assert!(
        checks.iter().any(|check| check["warning"] == true),
        "{value}"
    );
}
