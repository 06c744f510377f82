//! Secrets are overwritten before their memory is given back.
//!
//! Each scene is played by a process of its own, into which `freed.c` is preloaded: it takes the place of malloc and free, for Rust,
//! for AWS-LC and for all other C, and records every block as it is when it is freed. Then the records are searched for every
//! secret of the scene, in all forms that are known: 16 bytes of one in a row are a failure. docs/conformance/secrets.md tells more.
//!
//! WIPING_BACKTRACE=1 in the environment makes failures tell by which functions the block was freed. WIPING_STACK=1 searches also what
//! lies below the stacks of threads that ended, and prints what it finds: the compiler's copies are not ours to wipe.
#![cfg(all(target_os = "linux", target_env = "gnu"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod programs;
mod scenes;
mod search;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use search::{Found, Freed, Secrets};

/// A directory for the files of these tests, emptied once in a run.
fn scratch() -> &'static Path {
    static SCRATCH: OnceLock<PathBuf> = OnceLock::new();
    SCRATCH.get_or_init(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wiping");
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).unwrap();
        directory
    })
}

/// Runs a program to its end, without input; returns the number that the process had.
fn succeeds(command: &mut Command) -> u32 {
    succeeds_with(command, b"")
}

/// The same with input.
fn succeeds_with(command: &mut Command, input: &[u8]) -> u32 {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let process = child.id();
    // It may end before it has read that.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    process
}

/// What is preloaded.
fn recorder() -> &'static Path {
    static RECORDER: OnceLock<PathBuf> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let library = scratch().join("freed.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wiping/freed.c");
        succeeds(
            Command::new("cc")
                .args([
                    "-std=c99",
                    "-O1",
                    "-Wall",
                    "-Wextra",
                    "-Wpedantic",
                    "-Werror",
                ])
                .args(["-shared", "-fPIC", "-o"])
                .args([&library, &source])
                .arg("-lpthread"),
        );
        library
    })
}

/// Certificates and keys.
fn files() -> &'static Path {
    static FILES: OnceLock<PathBuf> = OnceLock::new();
    FILES.get_or_init(|| {
        let files = scratch().join("files");
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        for script in ["c/certificates.sh", "wiping/keys.sh"] {
            succeeds(
                Command::new("sh")
                    .arg(tests.join(script))
                    .arg(&files)
                    .env("PASSPHRASE", PASSPHRASE),
            );
        }
        files
    })
}

/// The private keys among them.
const PRIVATE_KEYS: [&str; 4] = ["server.key", "rsa.key", "p384.key", "ed25519.key"];

/// Of encrypted private keys.
const PASSPHRASE: &str = "correct-horse-battery-staple";

/// These secrets, and the private keys among the files.
fn secrets(told: &str) -> Secrets {
    let mut secrets = Secrets::new();
    secrets.add_told(told);
    for key in PRIVATE_KEYS {
        secrets.add_private_key(key, &files().join(key));
    }
    secrets
}

/// Preloads the recorder; the record will be at `freed`.
fn watch(command: &mut Command, freed: &Path) {
    command.env("LD_PRELOAD", recorder()).env("FREED", freed);
    if std::env::var_os("WIPING_BACKTRACE").is_some() {
        command.env("FREED_BACKTRACE", "1");
    }
    if std::env::var_os("WIPING_STACK").is_some() {
        command.env("FREED_STACK", "1");
    }
}

/// Prints what was found, which is nothing.
#[track_caller]
fn is_clean(name: &str, found: &Found) {
    println!(
        "{name}: {} blocks of {} bytes in all; found {} on the heap, {} on the stack",
        found.blocks,
        found.bytes,
        found.heap.len(),
        found.stack.len()
    );
    if std::env::var_os("WIPING_STACK").is_some() {
        println!("on the stack:\n    {}", found.stack.join("\n    "));
    }
    let texts: BTreeSet<&str> = found.heap.iter().map(String::as_str).collect();
    let texts: Vec<&str> = texts.into_iter().collect();
    assert!(
        texts.is_empty(),
        "{name}: {} blocks were freed with secrets:\n    {}",
        found.heap.len(),
        texts.join("\n    ")
    );
}

/// Has a scene played and searches what it freed.
fn play(name: &str) -> Found {
    let told = scratch().join(format!("{name}.told"));
    let freed = scratch().join(format!("{name}.freed"));
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "play_scene", "--ignored", "--nocapture"])
        .env("WIPING_SCENE", name)
        .env("WIPING_TOLD", &told)
        .env("WIPING_FILES", files());
    watch(&mut command, &freed);
    let process = succeeds(&mut command);
    Freed::of(&freed, process).search(&secrets(&std::fs::read_to_string(told).unwrap()))
}

#[track_caller]
fn clean(name: &str) {
    is_clean(name, &play(name));
}

/// What a process of its own does, under the eyes of `freed.c`.
#[test]
#[ignore = "the other tests start it"]
fn play_scene() {
    scenes::play();
}

#[test]
fn what_was_not_wiped_is_found() {
    let found = play("planted").heap.join("\n");
    for name in ["freed up", "grown up", "early_secret of state"] {
        assert!(found.contains(name), "{name}: {found}");
    }
}

#[test]
fn secrets_of_primitives_are_wiped() {
    clean("primitives");
}

#[test]
fn secrets_of_key_exchanges_are_wiped() {
    clean("key_exchange");
}

#[test]
fn private_keys_are_wiped_whatever_file_they_come_from() {
    clean("private_keys");
}

#[test]
fn connections_of_tls13_leave_nothing() {
    clean("tls13");
}

#[test]
fn connections_of_tls13_with_a_key_leave_nothing() {
    clean("tls13_psk");
}

#[test]
fn resumption_and_early_data_of_tls13_leave_nothing() {
    clean("tls13_resumption");
    clean("tls13_stored");
}

#[test]
fn connections_of_tls12_and_older_leave_nothing() {
    clean("tls12");
}

#[test]
fn connections_of_tls12_with_a_key_leave_nothing() {
    clean("tls12_psk");
}

#[test]
fn resumption_of_tls12_leaves_nothing() {
    clean("tls12_resumption");
}

#[test]
fn handshakes_that_end_early_leave_nothing() {
    clean("aborted");
}

#[test]
fn programs_in_c_leave_nothing() {
    programs::in_c();
}

#[test]
fn the_program_makes_shows_and_converts_keys_and_leaves_nothing() {
    programs::keys();
}

#[test]
fn the_program_makes_certificates_and_leaves_nothing() {
    programs::certificates();
}

#[test]
fn the_program_as_client_and_as_server_leaves_nothing() {
    programs::connections();
}
