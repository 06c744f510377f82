//! Whether the time that something takes tells secrets, as far as valgrind can say.
//!
//! callgrind counts instructions, reads, writes and branches, the same in every run: classes of inputs that an attacker must not tell apart
//! have the same counts. memcheck follows secrets to every branch and address that depends on them. docs/conformance/secrets.md tells
//! what this shows and what not.
//!
//! What is measured is what users run, so these tests do nothing in builds without optimisation:
//! `cargo test --release -p warifu-openssl --test constant_time`.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod counted;
mod inputs;
mod marked;
mod valgrind;

#[allow(dead_code, unreachable_pub)]
#[path = "../../../warifu/tests/legacy_hostile/rsa.rs"]
mod rsa;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use valgrind::{Counts, dumped};

/// What valgrind runs of this program.
#[test]
#[ignore = "the other tests start it under valgrind"]
fn play() {
    let files = PathBuf::from(std::env::var_os("CONSTANT_TIME_FILES").unwrap());
    match &*std::env::var("CONSTANT_TIME_PLAY").unwrap() {
        "counted" => counted::all(&files),
        "marked" => marked::all(&files),
        other => panic!("{other}"),
    }
}

/// A directory for the files of these tests, emptied once in a run, with certificates and keys and ciphertexts.
fn files() -> &'static Path {
    static FILES: OnceLock<PathBuf> = OnceLock::new();
    FILES.get_or_init(|| {
        let files = Path::new(env!("CARGO_TARGET_TMPDIR")).join("constant_time");
        let _ = std::fs::remove_dir_all(&files);
        succeeds(
            Command::new("sh")
                .arg(tests().join("c/certificates.sh"))
                .arg(&files),
        );
        inputs::make_ciphertexts(&files);
        files
    })
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Runs a command; returns what it printed.
fn succeeds(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

/// Has valgrind run this program.
fn under_valgrind(tool: &[&str], play: &str, preload: Option<&Path>) -> String {
    let mut command = Command::new("valgrind");
    command
        .args(tool)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "play", "--ignored", "--nocapture"])
        .arg("--test-threads=1")
        .env("CONSTANT_TIME_PLAY", play)
        .env("CONSTANT_TIME_FILES", files());
    if let Some(library) = preload {
        command.env("LD_PRELOAD", library);
    }
    succeeds(&mut command)
}

#[test]
#[cfg_attr(debug_assertions, ignore = "for builds with optimisation: --release")]
fn classes_of_inputs_take_the_same_instructions() {
    let even = files().join("even.so");
    succeeds(
        Command::new("cc")
            .args([
                "-std=c99",
                "-O2",
                "-Wall",
                "-Wextra",
                "-Wpedantic",
                "-Werror",
            ])
            .args(["-shared", "-fPIC", "-o"])
            .arg(&even)
            .arg(tests().join("constant_time/even.c")),
    );
    let out = files().join("callgrind");
    let tool = [
        "--tool=callgrind",
        "--collect-atstart=no",
        "--branch-sim=yes",
        "--cache-sim=yes",
        &format!("--callgrind-out-file={}", out.display()),
    ];
    under_valgrind(&tool, "counted", Some(&even));
    let mut scenes: BTreeMap<String, Scene> = BTreeMap::new();
    for (name, counts) in dumped(&out) {
        let (scene, class) = name.split_once('/').unwrap();
        let classes = scenes.entry(scene.to_owned()).or_default();
        classes.0.entry(class.to_owned()).or_default().push(counts);
    }
    let mut problems = Vec::new();
    for (name, scene) in &scenes {
        let (words, is_as_expected) = scene.judge(expected(name));
        println!("{name}: {words}");
        if !is_as_expected {
            problems.push(format!("{name}: {words}\n{:?}", scene.0));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!(scenes.len(), 30, "{:?}", scenes.keys());
}

/// The counts of each class.
#[derive(Default)]
struct Scene(BTreeMap<String, Vec<Counts>>);

/// What is known of a scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// Everything that is counted is the same, whatever the class.
    Same,
    /// The medians of the classes differ by at most so many instructions, as is documented.
    Within(u64),
    /// All differ by at most so many, which depends on where numbers lie and not on what they are, but for one time in 32: then AWS-LC
    /// makes a new blinding, whatever is decrypted, and once in a while new random numbers. So do the medians of the classes: a class
    /// that always takes longer is not among those times.
    SameButForBlinding(u64),
    /// The test would see it.
    Different,
}

fn expected(scene: &str) -> Expected {
    match scene {
        "planted" => Expected::Different,
        "rsa" => Expected::SameButForBlinding(100),
        _ if scene.starts_with("server-TLS_RSA") => Expected::SameButForBlinding(100),
        // That an identity is unknown is told in other words than that its key is wrong, to this side's log.
        _ if scene.starts_with("psk") => Expected::Within(400),
        // Comparisons of the C library with what a ClientHello happens to have in it.
        "binder" => Expected::Within(20),
        _ => Expected::Same,
    }
}

impl Scene {
    fn all(&self) -> Vec<Counts> {
        let mut all: Vec<Counts> = self.0.values().flatten().copied().collect();
        all.sort();
        all
    }

    /// In words, and whether it is as expected.
    fn judge(&self, expected: Expected) -> (String, bool) {
        let (all, classes) = (self.all(), self.0.len());
        let (least, most) = (all[0], all[all.len() - 1]);
        let times = all.len();
        let medians = self.0.values().map(|counts| median(counts));
        let apart = medians.clone().max().unwrap() - medians.min().unwrap();
        // Away from the rest.
        let outlier =
            |bound: u64| move |counts: &&Counts| counts.instructions > least.instructions + bound;
        let outliers = |bound| all.iter().filter(outlier(bound)).count();
        let is_as_expected = match expected {
            Expected::Same => least == most,
            Expected::Within(bound) => apart <= bound,
            Expected::SameButForBlinding(bound) => {
                apart <= bound && outliers(bound) <= times / 32 + 2
            }
            Expected::Different => apart > 100,
        };
        let numbers = match least == most {
            true => format!("each {least:?}"),
            false => format!(
                "from {} instructions, {} branches; medians up to {apart} instructions apart, all but {} within 100",
                least.instructions,
                least.branches,
                outliers(100)
            ),
        };
        let words = format!("{classes} classes, {times} times: {numbers}; {expected:?}");
        (words, is_as_expected)
    }
}

/// Of the instructions.
fn median(counts: &[Counts]) -> u64 {
    let mut instructions: Vec<u64> = counts.iter().map(|counts| counts.instructions).collect();
    instructions.sort_unstable();
    instructions[instructions.len() / 2]
}

#[test]
#[cfg_attr(debug_assertions, ignore = "for builds with optimisation: --release")]
fn secrets_reach_no_branch_and_no_address() {
    let suppressions = tests().join("constant_time/allowed.supp");
    let tool = [
        "--tool=memcheck",
        "--error-limit=no",
        "--num-callers=30",
        &format!("--suppressions={}", suppressions.display()),
        &format!("--log-file={}", files().join("memcheck.log").display()),
    ];
    let printed = under_valgrind(&tool, "marked", None);
    let mut scenes = 0;
    let mut problems = Vec::new();
    for line in printed.lines() {
        let Some((_, line)) = line.split_once("MARKED ") else {
            continue;
        };
        println!("{line}");
        let (reports, scene) = line.split_once(": ").unwrap();
        let expected = match scene {
            "planted branch" | "planted index" | "planted comparison" => 1,
            // The content is the caller's, and so is its length.
            _ if scene.contains(", right") => 1,
            // The verdict.
            "PSK, wrong key" => 1,
            _ => 0,
        };
        scenes += 1;
        if reports.parse() != Ok(expected) {
            problems.push(format!(
                "{scene}: {reports} reports, {expected} were expected"
            ));
        }
    }
    let log = std::fs::read_to_string(files().join("memcheck.log")).unwrap();
    assert!(problems.is_empty(), "{}\n{log}", problems.join("\n"));
    assert_eq!(scenes, 58);
}
