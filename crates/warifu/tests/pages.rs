//! Pages that name files, functions and tests: all of them are there. docs/attacks.md names what prevents each attack and the tests that
//! show it, docs/conformance where a requirement is obeyed and the tests of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::{HashMap, HashSet};
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

/// The cells of a row.
fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split(" | ").map(str::trim).collect()
}

/// The cells of each row of the page's tables, without their headings.
fn rows(page: &str) -> Vec<Vec<&str>> {
    page.lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| {
            let cells = cells(line);
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

/// The sources of the repository.
#[derive(Default)]
struct Sources {
    /// Each with its path from the root.
    files: Vec<(String, String)>,
}

impl Sources {
    fn read() -> Self {
        let mut sources = Self::default();
        for home in [
            "crates",
            "conformance",
            "bench",
            "examples",
            "fuzz",
            "interop",
        ] {
            sources.add(home);
        }
        sources
    }

    /// Adds what is below a directory.
    fn add(&mut self, home: &str) {
        for entry in fs::read_dir(root().join(home)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{home}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                // What cargo makes, and what fuzzers leave.
                if !["target", "corpus", "artifacts"].contains(&path.rsplit('/').next().unwrap()) {
                    self.add(&path);
                }
            } else if is_file(&path) {
                self.files.push((path, read(entry.path())));
            }
        }
    }

    /// The files that a name may mean, which is the end of a path: those of this crate's `src`, if there are such.
    fn named(&self, name: &str) -> Vec<&str> {
        let is_named = |path: &str| {
            let before = path.strip_suffix(name);
            before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        let found = self.files.iter().filter(|(path, _)| is_named(path));
        let (ours, others): (Vec<_>, Vec<_>) =
            found.partition(|(path, _)| path.starts_with("crates/warifu/src/"));
        let found = if ours.is_empty() { others } else { ours };
        found.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// The names of all tests that are run.
    fn tests(&self) -> HashSet<&str> {
        let texts = self.files.iter().map(|(_, text)| text);
        texts.flat_map(|text| tests_of(text)).collect()
    }
}

/// Whether a source has the function, type or constant, or the function of the type: `name`, `Type::name`.
fn has_item(source: &str, item: &str) -> bool {
    let (of, name) = match item.split_once("::") {
        Some((of, name)) => (Some(of), name),
        None => (None, item),
    };
    let has = |keywords: &[&str], name: &str| {
        source.lines().any(|line| {
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.any(|word| keywords.contains(&word)) && words.next() == Some(name)
        })
    };
    const ITEMS: [&str; 6] = ["fn", "struct", "enum", "trait", "const", "type"];
    has(&ITEMS, name) && of.is_none_or(|of| has(&ITEMS, of))
}

/// What a page of docs/conformance names and is not there; and how many tests and items it names.
///
/// Those are: every file in Rust, also `file.rs:item`, and `name` in `file.rs`; in a table's column "where" names behind such an item, which
/// are of the same file; in its column "test" all that is quoted.
fn missing_on(page: &str, sources: &Sources, tests: &HashSet<&str>) -> (Vec<String>, usize) {
    let mut missing = Vec::new();
    let mut count = 0;
    let mut expect = |there: bool, what: String| {
        count += 1;
        if !there {
            missing.push(what);
        }
    };
    let has = |file: &str, item: &str| sources.named(file).iter().any(|it| has_item(it, item));

    let pieces: Vec<&str> = page.split('`').collect();
    assert_eq!(pieces.len() % 2, 1, "a quotation has no end");
    for (at, name) in pieces.iter().enumerate().skip(1).step_by(2) {
        if let Some((file, item)) = name.split_once(".rs:") {
            let file = format!("{file}.rs");
            expect(has(&file, item), format!("no {item} in {file}"));
        } else if is_file(name) {
            expect(!sources.named(name).is_empty(), format!("no file {name}"));
            if at >= 2 && pieces[at - 1].trim() == "in" {
                let item = pieces[at - 2];
                expect(has(name, item), format!("no {item} in {name}"));
            }
        }
    }

    let mut headings = Vec::new();
    let mut is_inside = false;
    for line in page.lines() {
        if !line.starts_with("| ") {
            is_inside &= line.starts_with('|');
            continue;
        }
        let cells = cells(line);
        if !is_inside {
            headings = cells;
            is_inside = true;
            continue;
        }
        for (heading, cell) in headings.iter().zip(cells) {
            let mut file = None;
            for name in quoted(cell) {
                if let Some((of, _)) = name.split_once(':') {
                    file = Some(of);
                } else if is_file(name) {
                    file = Some(name);
                } else if *heading == "where" {
                    let there = file.is_some_and(|file| has(file, name));
                    expect(there, format!("no {name} in {file:?}"));
                } else if *heading == "test" {
                    expect(tests.contains(name), format!("no test {name}"));
                }
            }
        }
    }
    (missing, count)
}

#[test]
fn what_pages_about_conformance_name_is_there() {
    let sources = Sources::read();
    let tests = sources.tests();
    let mut missing = Vec::new();
    let mut count = 0;
    let pages = fs::read_dir(root().join("docs/conformance")).unwrap();
    for page in pages.map(|entry| entry.unwrap().path()) {
        let (of_page, count_of_page) = missing_on(&read(&page), &sources, &tests);
        let name = page.file_name().unwrap().to_str().unwrap();
        missing.extend(of_page.iter().map(|what| format!("{name}: {what}")));
        count += count_of_page;
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert!(count >= 400, "{count} names");
}

/// How the checker of these pages finds what is missing.
#[test]
fn what_is_not_there_is_missing() {
    let source = "
        impl Choice { pub(super) fn negotiate() {} }
        struct Choice;
        #[test]
        fn one() {}
    ";
    let sources = Sources {
        files: vec![("crates/warifu/src/home/file.rs".into(), source.into())],
    };
    let check = |page: &str| missing_on(page, &sources, &sources.tests()).0;
    let is_right = "
`file.rs`, `home/file.rs:negotiate`, `one` in `file.rs`

| what | where | test |
|---|---|---|
| `anything` | `file.rs:Choice::negotiate`, `one` | `one`, `file.rs` |
";
    assert_eq!(check(is_right), Vec::<String>::new());
    for (wrong, said) in [
        ("`other.rs`", "no file other.rs"),
        ("`le.rs`", "no file le.rs"),
        ("`file.rs:agree`", "no agree in file.rs"),
        (
            "`file.rs:Other::negotiate`",
            "no Other::negotiate in file.rs",
        ),
        ("`two` in\n`file.rs`", "no two in file.rs"),
        ("| test |\n|---|\n| `two` |", "no test two"),
        ("| test |\n|---|\n| `on…` |", "no test on…"),
        (
            "| where |\n|---|\n| `file.rs:one`, `two` |",
            "no two in Some(\"file.rs\")",
        ),
    ] {
        assert_eq!(check(wrong), [said], "{wrong}");
    }
}

#[test]
fn every_file_and_test_on_the_page_of_attacks_is_there() {
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
