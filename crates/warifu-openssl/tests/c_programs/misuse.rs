//! Every function, called as it should not be: with null pointers, with odd numbers, on objects in a state that it is not for, after
//! failure, and after the context was given back. Nothing may crash or hang.
//!
//! A C program with all the calls is generated from the headers. Each call runs in a process of its own.

use std::fmt::Write;
use std::process::Command;

use crate::compile::{Library, home_of_includes};
use crate::compile::{STRICT, files, here, link_with, quiet, scratch, succeeds};
use crate::programs::run_long;
use crate::symbols::exported;

/// One function as a header declares it.
struct Function {
    name: String,
    arguments: Vec<String>,
}

/// The functions that the headers declare and the library exports.
fn functions() -> Vec<Function> {
    let mut source = String::new();
    for directory in ["openssl", "wolfssl"] {
        let path = here().join("include").join(directory);
        if path.exists() {
            for file in files(&path, "h") {
                let name = file.file_name().unwrap().to_str().unwrap().to_owned();
                writeln!(source, "#include <{directory}/{name}>").unwrap();
            }
        }
    }
    let file = scratch().join("all-headers.c");
    std::fs::write(&file, source).unwrap();
    let done = succeeds(
        Command::new("cc")
            .args(["-E", "-P"])
            .arg(home_of_includes())
            .arg(&file),
    );
    let text = done.stdout.replace('\n', " ");
    let mut found: Vec<Function> = exported()
        .into_iter()
        .filter_map(|name| {
            let arguments = declaration(&text, &name)?;
            Some(Function { name, arguments })
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// The types and names between the parentheses of the declaration of `name`.
fn declaration(text: &str, name: &str) -> Option<Vec<String>> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for (at, _) in text.match_indices(name) {
        if text[..at].chars().next_back().is_some_and(word) {
            continue;
        }
        // A function that returns a function has a parenthesis in front of its own.
        let after = text[at + name.len()..].trim_start();
        let Some(list) = after.strip_prefix('(') else {
            continue;
        };
        let mut depth = 1;
        let mut arguments = vec![String::new()];
        for c in list.chars() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                ',' if depth == 1 => {
                    arguments.push(String::new());
                    continue;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
            arguments.last_mut().unwrap().push(c);
        }
        let arguments: Vec<String> = arguments.iter().map(|it| it.trim().to_owned()).collect();
        let none = arguments.len() == 1 && (arguments[0].is_empty() || arguments[0] == "void");
        return Some(if none { Vec::new() } else { arguments });
    }
    None
}

/// Objects in the states in which functions are called: a type of an argument, the maker's name.
const STATES: [(&str, &[&str]); 6] = [
    (
        "SSL *",
        &[
            "fresh_ssl",
            "client_without_transport",
            "failed_ssl",
            "connected_ssl",
            "closed_ssl",
            "orphaned_ssl",
        ],
    ),
    ("SSL_CTX *", &["client_context", "server_context"]),
    (
        "BIO *",
        &["memory_bio", "null_bio", "socket_bio", "empty_pair"],
    ),
    ("X509 *", &["certificate"]),
    ("EVP_PKEY *", &["key"]),
    ("X509_STORE *", &["store"]),
];

/// These end the process or read its input, by what they are for.
const LEFT_OUT: [&str; 1] = ["OPENSSL_die"];

/// An argument as a number that is odd for its type: null, zero, or minus one.
fn odd(argument: &str, minus: bool) -> &'static str {
    let is_pointer = argument.contains('*') || argument.contains('[');
    let is_number = [
        "int", "long", "unsigned", "size_t", "char", "uint", "time_t",
    ]
    .iter()
    .any(|number| argument.contains(number));
    if !is_pointer && is_number && minus {
        "-1"
    } else {
        "0"
    }
}

/// The calls of one function.
fn calls(function: &Function) -> Vec<String> {
    let mut calls = Vec::new();
    for minus in [false, true] {
        let with = |first: Option<(usize, &str)>| {
            let arguments = function.arguments.iter().enumerate();
            let arguments: Vec<_> = arguments
                .map(|(at, argument)| match first {
                    Some((place, object)) if place == at => {
                        format!("({argument_type}){object}()", argument_type = "void *")
                    }
                    _ => odd(argument, minus).to_owned(),
                })
                .collect();
            format!("{}({})", function.name, arguments.join(", "))
        };
        calls.push(with(None));
        for (at, argument) in function.arguments.iter().enumerate() {
            let bare = argument.replace("const ", "").replace("struct ", "");
            for (kind, makers) in STATES {
                let is_it = bare.starts_with(kind) && !bare[kind.len()..].contains('*');
                if is_it {
                    calls.extend(makers.iter().map(|maker| with(Some((at, maker)))));
                }
            }
        }
    }
    calls.sort();
    calls.dedup();
    calls
}

/// Generates, compiles and runs the calls.
pub(crate) fn nothing_crashes() {
    let functions = functions();
    assert!(functions.len() > 400, "{}", functions.len());
    let mut source = String::from("#include \"misuse.h\"\n");
    for directory in ["openssl", "wolfssl"] {
        let path = here().join("include").join(directory);
        if path.exists() {
            for file in files(&path, "h") {
                let name = file.file_name().unwrap().to_str().unwrap().to_owned();
                writeln!(source, "#include <{directory}/{name}>").unwrap();
            }
        }
    }
    let mut table = String::new();
    let mut count = 0;
    for function in functions
        .iter()
        .filter(|it| !LEFT_OUT.contains(&it.name.as_str()))
    {
        for call in calls(function) {
            // A function that is also a macro of its own name is called all the same.
            writeln!(source, "static void call_{count}(void) {{ (void){call}; }}").unwrap();
            writeln!(table, "    {{call_{count}, {call:?}}},").unwrap();
            count += 1;
        }
    }
    write!(
        source,
        "const struct call calls[] = {{\n{table}    {{0, 0}}\n}};\n"
    )
    .unwrap();
    let directory = scratch().join("misuse");
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("calls.c");
    std::fs::write(&file, source).unwrap();
    let tests = here().join("tests/misuse");
    let program = directory.join("misuse");
    let mut compile = Command::new("cc");
    compile
        .args(
            STRICT
                .iter()
                .filter(|flag| **flag != "-Wpedantic" && **flag != "-O1"),
        )
        // A void pointer stands for any object, and null for any callback.
        .args([
            "-Wno-nonnull",
            "-Wno-incompatible-pointer-types",
            "-Wno-deprecated-declarations",
        ])
        .args([home_of_includes(), format!("-I{}", tests.display())])
        .arg(&file)
        .arg(tests.join("misuse.c"))
        .arg("-o")
        .arg(&program);
    link_with(&mut compile, Library::Shared);
    quiet(compile.arg("-lpthread"));
    let done = run_long(Command::new(&program).arg(crate::meetings::home()));
    println!("{}", done.stdout);
    assert!(
        done.code == 0,
        "{} calls\n{}{}",
        count,
        done.stdout,
        done.stderr
    );
}
