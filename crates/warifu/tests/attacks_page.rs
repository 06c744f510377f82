//! docs/attacks.md names what prevents each attack and the tests that show it: all of that is there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The cells of each row of the page's tables, without their headings.
fn rows(page: &str) -> Vec<Vec<&str>> {
    page.lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            assert_eq!(cells.len(), 4, "{line}");
            cells
        })
        .filter(|cells| cells[0] != "attack")
        .collect()
}

/// What stands between backquotes.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn is_file(name: &str) -> bool {
    name.ends_with(".rs")
}

/// A file named on the page, below `home` unless its name begins at the root.
fn path_of(name: &str, home: &str) -> PathBuf {
    match name.starts_with("crates/") || name.starts_with("bench/") {
        true => root().join(name),
        false => root().join(home).join(name),
    }
}

/// The tests of a source file that are run: functions under `#[test]` and not under `#[ignore]`; and where a macro makes tests,
/// those that it is given with a text, `name: "text",`.
fn tests_of(source: &str) -> Vec<&str> {
    let by_macro = source.contains("#[test] fn $");
    let mut tests = Vec::new();
    let mut attributes = Vec::new();
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[") {
            attributes.push(line);
        } else if let Some(signature) = line.strip_prefix("fn ") {
            let is = |start: &str| attributes.iter().any(|found| found.starts_with(start));
            if is("#[test]") && !is("#[ignore") {
                tests.push(signature.split('(').next().unwrap());
            }
            attributes.clear();
        } else if !line.starts_with("//") {
            attributes.clear();
            let given = line.split_once(": \"").filter(|(name, _)| {
                let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                by_macro && line.ends_with("\",") && name.chars().all(is_name)
            });
            tests.extend(given.map(|(name, _)| name));
        }
    }
    tests
}

#[test]
fn every_file_and_test_on_the_page_is_there() {
    let page = read(root().join("docs/attacks.md"));
    let rows = rows(&page);
    assert!(rows.len() >= 80, "{} rows", rows.len());
    let mut sources = HashMap::new();
    let mut missing = Vec::new();
    let mut count = 0;
    for row in &rows {
        let (attack, prevented, shown) = (row[0], row[2], row[3]);
        assert!(!row[1].is_empty() && !prevented.is_empty(), "{attack}");
        for name in quoted(prevented).filter(|name| is_file(name)) {
            if !path_of(name, "crates/warifu/src").is_file() {
                missing.push(format!("{attack}: no file {name}"));
            }
        }
        let mut file = None;
        let before = count;
        for name in quoted(shown) {
            if is_file(name) {
                file = Some(name);
                let path = path_of(name, "crates/warifu/tests");
                match fs::read_to_string(path) {
                    Ok(source) => {
                        sources.insert(name, source);
                    }
                    Err(error) => missing.push(format!("{attack}: {name}: {error}")),
                }
                continue;
            }
            let file = file.unwrap_or_else(|| panic!("{attack}: {name} is in no file"));
            count += 1;
            let there = sources
                .get(file)
                .is_some_and(|source| tests_of(source).contains(&name));
            if !there {
                missing.push(format!("{attack}: no test {name} in {file}"));
            }
        }
        assert!(count > before, "{attack}: no test");
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert!(count >= rows.len());
    for reader in ["SECURITY.md", "README.md"] {
        let text = read(root().join(reader));
        assert!(text.contains("docs/attacks.md"), "{reader} has no link");
    }
}

/// How the checker finds tests.
#[test]
fn what_is_not_run_is_no_test() {
    let source = "
        #[test]
        fn one() {}
        // A comment.
        #[test]
        // And another.
        #[should_panic]
        fn two() {}
        fn helper() {}
        #[test]
        #[ignore = \"slow\"]
        fn three() {}
        #[cfg(unix)]
        fn four() {}
    ";
    assert_eq!(tests_of(source), ["one", "two"]);
    let source = "
        #[test]
        fn one() {}
        cases! {
            two: \"the second\",
        }
    ";
    assert_eq!(tests_of(source), ["one"]);
    let by_macro = format!("$(#[test] fn $name() {{ check($text); }})*{source}");
    assert_eq!(tests_of(&by_macro), ["one", "two"]);
}

/// The version of a package in Cargo.lock, of which there is one.
fn locked(package: &str) -> [u64; 3] {
    let lock = read(root().join("Cargo.lock"));
    let name = format!("name = \"{package}\"\nversion = \"");
    let found: Vec<&str> = lock.split(&name).skip(1).collect();
    assert_eq!(found.len(), 1, "{package}");
    let version = found[0].split('"').next().unwrap();
    let numbers = version.split('.').map(|number| number.parse().unwrap());
    numbers.collect::<Vec<u64>>().try_into().unwrap()
}

/// The first version without the defect, of each advisory on the page about what is built in.
#[test]
fn dependencies_are_newer_than_their_advisories() {
    for (package, advisory, mended) in [
        ("aws-lc-sys", "RUSTSEC-2026-0044", [0, 39, 0]),
        ("aws-lc-sys", "RUSTSEC-2026-0045", [0, 38, 0]),
        ("rustls-webpki", "RUSTSEC-2023-0053", [0, 101, 4]),
        ("rustls-webpki", "RUSTSEC-2026-0049", [0, 103, 10]),
        ("rustls-webpki", "RUSTSEC-2026-0098", [0, 103, 12]),
        ("rustls-webpki", "RUSTSEC-2026-0099", [0, 103, 12]),
        ("rustls-webpki", "RUSTSEC-2026-0104", [0, 103, 13]),
    ] {
        assert!(locked(package) >= mended, "{advisory}");
        let page = read(root().join("docs/attacks.md"));
        assert!(page.contains(advisory), "{advisory} is not on the page");
    }
}
