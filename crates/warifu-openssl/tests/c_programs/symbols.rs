//! SYMBOLS.md: which functions there are, and which programs use them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::process::Command;

use crate::compile::{built, files, here, succeeds};

/// The functions that the shared library exports.
pub(crate) fn exported() -> BTreeSet<String> {
    let library = built().join("libwarifu_ssl.so");
    let done = succeeds(
        Command::new("nm")
            .args(["-D", "--defined-only"])
            .arg(library),
    );
    let name = |line: &str| line.split_whitespace().last().map(str::to_owned);
    done.stdout.lines().filter_map(name).collect()
}

/// The headers' text, without comments.
pub(crate) fn headers(directory: &str) -> String {
    let mut text = String::new();
    for file in files(&here().join("include").join(directory), "h") {
        text += &std::fs::read_to_string(file).unwrap();
    }
    let mut code = String::new();
    let mut rest = text.as_str();
    while let Some((before, comment)) = rest.split_once("/*") {
        code += before;
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    code + rest
}

/// Whether a header has this name as a function or a macro.
pub(crate) fn is_in(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let before = code[..at].chars().next_back();
        let after = code[at + name.len()..].chars().next();
        !before.is_some_and(word) && after.is_some_and(|c| matches!(c, '(' | ' ' | '\n' | ')'))
    })
}

/// Name → library and programs, as recorded.
fn imports() -> BTreeMap<String, (String, Vec<String>)> {
    let text = std::fs::read_to_string(here().join("symbols.txt")).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut fields = line.split(' ');
            let mut next = || fields.next().unwrap().to_owned();
            let (name, library) = (next(), next());
            (
                name,
                (library, next().split(',').map(str::to_owned).collect()),
            )
        })
        .collect()
}

/// Every exported function is declared for C.
pub(crate) fn all_are_declared() {
    let code = headers("openssl") + &headers("wolfssl");
    let exported = exported();
    let hidden: Vec<_> = exported.iter().filter(|name| !is_in(&code, name)).collect();
    assert!(hidden.is_empty(), "in no header: {hidden:?}");
    assert!(exported.len() > 400, "{}", exported.len());
}

fn text() -> String {
    let (exported, imports) = (exported(), imports());
    let code = headers("openssl");
    let mut text = String::from(
        "# Functions of the C API\n\n\
         Generated from the library, its headers and `symbols.txt` by the test `symbols_md_is_up_to_date`.\n\n\
         *Status*: **yes**, the library exports it; **header**, a macro or an inline function of the headers; **no**, it is not there.\n\
         *Programs*: how many of the programs in `symbols.txt` import it, and some of them.\n",
    );
    for library in ["libssl", "libcrypto"] {
        let rows: Vec<_> = imports.iter().filter(|(_, row)| row.0 == library).collect();
        let is_there = |name: &str| exported.contains(name) || is_in(&code, name);
        let there = rows.iter().filter(|(name, _)| is_there(name)).count();
        write!(
            text,
            "\n## Of {library}, imported by programs\n\n{there} of {} are there.\n\n| function | status | programs |\n|---|---|---|\n",
            rows.len()
        )
        .unwrap();
        let mut rows = rows;
        rows.sort_by_key(|(name, row)| (std::cmp::Reverse(row.1.len()), (*name).clone()));
        for (name, (_, programs)) in rows {
            let status = match (exported.contains(name), is_in(&code, name)) {
                (true, _) => "yes",
                (false, true) => "header",
                (false, false) => "no",
            };
            let some: Vec<_> = programs.iter().take(4).map(String::as_str).collect();
            let more = if programs.len() > 4 { ", …" } else { "" };
            writeln!(
                text,
                "| `{name}` | {status} | {}: {}{more} |",
                programs.len(),
                some.join(", ")
            )
            .unwrap();
        }
    }
    let others: Vec<_> = exported
        .iter()
        .filter(|name| !imports.contains_key(*name))
        .collect();
    write!(
        text,
        "\n## Exported besides\n\n{} functions that none of the programs imports, or fewer than three.\n\n",
        others.len()
    )
    .unwrap();
    for name in others {
        writeln!(text, "- `{name}`").unwrap();
    }
    text
}

/// SYMBOLS.md is what the library has. With `WARIFU_UPDATE_SYMBOLS=1` it is written anew.
pub(crate) fn page_is_up_to_date() {
    let page = here().join("SYMBOLS.md");
    let text = text();
    if std::env::var_os("WARIFU_UPDATE_SYMBOLS").is_some() {
        std::fs::write(&page, &text).unwrap();
    }
    let written = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        written == text,
        "SYMBOLS.md is out of date: WARIFU_UPDATE_SYMBOLS=1 cargo test -p warifu-openssl --test c_programs symbols"
    );
}
