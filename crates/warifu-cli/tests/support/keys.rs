//! Pre-shared keys for tests, and the watch that no program prints one.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use super::{Background, Done, make_certificates, warifu, warifu_with};

pub(crate) const ALICE: &str = "8b1f0e6a3c5d7294b0c1d2e3f4a596878b1f0e6a3c5d7294b0c1d2e3f4a59687";
pub(crate) const BOB: &str = "f00dbabe5a5a1234c0ffee9912ab34cdf00dbabe5a5a1234c0ffee9912ab34cd";
pub(crate) const OTHER: &str = "5eedcafe77777777123456789abcdef05eedcafe77777777123456789abcdef0";
/// [`ALICE`] in base64.
pub(crate) const ALICE_BASE64: &str = "ix8OajxdcpSwwdLj9KWWh4sfDmo8XXKUsMHS4/Slloc=";
pub(crate) const PASSPHRASE: &str = "swordfish under the old bridge";

/// A directory with `keys.psk` (alice and bob), `alice.psk`, `wrong.psk` (alice with another key) and `carol.psk`.
pub(crate) fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    write(at, "keys.psk", &format!("alice:{ALICE}\nbob:{BOB}\n"));
    write(at, "alice.psk", &format!("alice:{ALICE}\n"));
    write(at, "wrong.psk", &format!("alice:{OTHER}\n"));
    write(at, "carol.psk", &format!("carol:{OTHER}\n"));
    home
}

/// Writes a file that only this user can read.
pub(crate) fn write(at: &Path, name: &str, text: &str) {
    fs::write(at.join(name), text).unwrap();
    chmod(at, name, 0o600);
}

pub(crate) fn chmod(at: &Path, name: &str, mode: u32) {
    fs::set_permissions(at.join(name), fs::Permissions::from_mode(mode)).unwrap();
}

/// Nothing that a program has printed may tell a key.
pub(crate) fn keeps_secrets(done: Done) -> Done {
    for key in [ALICE, BOB, OTHER, ALICE_BASE64, PASSPHRASE] {
        // As it is written, and as a program prints bytes that it takes for text or numbers.
        let decimal: Vec<_> = (0..4)
            .filter_map(|i| u8::from_str_radix(key.get(2 * i..2 * i + 2)?, 16).ok())
            .map(|byte| byte.to_string())
            .collect();
        let decimal = match decimal.len() {
            4 => decimal.join(", "),
            _ => key.to_owned(),
        };
        for output in [&done.stdout, &done.stderr] {
            for secret in [&key[..8], &decimal] {
                assert!(
                    !output.to_lowercase().contains(&secret.to_lowercase()),
                    "{secret} is in {output}"
                );
            }
        }
    }
    done
}

/// `warifu client` at this server with these options says hello.
pub(crate) fn client(at: &Path, server: &Background, options: &[&str]) -> Done {
    let address = server.address();
    let arguments = [&["client", &address][..], options].concat();
    keeps_secrets(warifu_with(at, &arguments, "hello\n"))
}

/// The same, with success.
pub(crate) fn greeted(at: &Path, server: &Background, options: &[&str]) -> Done {
    let done = client(at, server, options);
    assert_eq!(
        (done.code, done.stdout.as_str()),
        (0, "I hear you.\n"),
        "{options:?}: {}",
        done.stderr
    );
    done
}

/// The same, with a failure of this code that is told with these words.
pub(crate) fn refused(
    at: &Path,
    server: &Background,
    options: &[&str],
    code: i32,
    words: &[&str],
) -> Done {
    let done = client(at, server, options);
    told(&done, code, words);
    done
}

/// Ends a server.
pub(crate) fn end(server: Background) -> Done {
    server.signal("-TERM");
    let done = keeps_secrets(server.finish());
    assert_eq!(done.code, 0, "{}", done.stderr);
    done
}

/// A failure has its code, its three parts and these words.
pub(crate) fn told(done: &Done, code: i32, words: &[&str]) {
    assert_eq!(done.code, code, "{}{}", done.stdout, done.stderr);
    has(&done.stderr, &["warifu: ", "  cause: ", "  next:  "]);
    has(&done.stderr, words);
}

pub(crate) fn has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in\n{text}");
    }
}

/// The events that a program printed with `--json`.
pub(crate) fn events(done: &Done) -> Vec<serde_json::Value> {
    let parsed = done.stdout.lines().map(serde_json::from_str);
    parsed.map(Result::unwrap).collect()
}

/// A client whose connection stays open.
pub(crate) struct Conversation {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Conversation {
    pub(crate) fn start(at: &Path, server: &Background, options: &[&str]) -> Self {
        let mut child = warifu(at)
            .args(["client", &server.address(), "-q"])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    pub(crate) fn say(&mut self, message: &str) -> String {
        self.input
            .write_all(format!("{message}\n").as_bytes())
            .unwrap();
        let mut reply = String::new();
        self.output.read_line(&mut reply).unwrap();
        reply
    }

    pub(crate) fn end(self) {
        drop(self.input);
        let done = Done::from(self.child.wait_with_output().unwrap());
        assert_eq!(done.code, 0, "{}", done.stderr);
    }
}

/// A directory with keys and certificates.
pub(crate) fn with_certificates() -> tempfile::TempDir {
    let home = home();
    make_certificates(home.path());
    home
}

/// A server with these options, separated by spaces.
pub(crate) fn server(at: &Path, options: &str) -> Background {
    Background::server(at, &options.split(' ').collect::<Vec<_>>())
}

pub(crate) fn words(text: &str) -> Vec<&str> {
    text.split(' ').collect()
}
