//! wolfSSL's names: a program written with them does the same with this library, in C and in C++, and with wolfSSL's own.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::compile::{
    Library, STRICT, files, here, home_of_includes, link_with, quiet, scratch, succeeds,
};
use crate::symbols::{exported, headers, is_in};

/// What the program is compiled as.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Language {
    C,
    Cpp,
}

fn source() -> PathBuf {
    here().join("tests/wolfssl/wolfssl.c")
}

fn compiler(language: Language) -> Command {
    let (compiler, arguments) = match language {
        Language::C => ("cc", ["-x", "c", "-std=c99"]),
        Language::Cpp => ("c++", ["-x", "c++", "-std=c++11"]),
    };
    let mut command = Command::new(compiler);
    command.args(STRICT).args(arguments);
    command
}

/// The program with this library.
pub(crate) fn program(language: Language, library: Library) -> PathBuf {
    let program = scratch().join(format!("wolfssl-{language:?}-{library:?}"));
    let mut compile = compiler(language);
    compile
        .arg(home_of_includes())
        .arg(source())
        .args(["-x", "none", "-o"])
        .arg(&program);
    link_with(&mut compile, library);
    quiet(compile.arg("-lpthread"));
    program
}

/// The program with wolfSSL's headers and library, as the distribution has them.
pub(crate) fn program_of_wolfssl() -> PathBuf {
    assert!(
        Path::new("/usr/include/wolfssl/ssl.h").exists(),
        "wolfSSL's headers are missing (Debian: libwolfssl-dev; ./run-tests installs it)"
    );
    let program = scratch().join("wolfssl-of-wolfssl");
    let mut compile = compiler(Language::C);
    compile.arg(source()).arg("-o").arg(&program);
    quiet(compile.arg("-lwolfssl"));
    program
}

/// Nothing that the program includes is wolfSSL's own.
pub(crate) fn headers_are_ours() {
    let done = succeeds(
        Command::new("cc")
            .args(["-M", &home_of_includes()])
            .arg(source()),
    );
    assert!(
        done.stdout.contains("include/wolfssl/ssl.h"),
        "{}",
        done.stdout
    );
    assert!(
        !done.stdout.contains("/usr/include/wolfssl"),
        "{}",
        done.stdout
    );
}

/// What wolfSSL's names stand for is there.
pub(crate) fn names_stand_for_something() {
    let (exported, code) = (exported(), headers("openssl"));
    let mut count = 0;
    for file in files(&here().join("include/wolfssl"), "h") {
        let text = std::fs::read_to_string(&file).unwrap();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            let (Some("#define"), Some(name), Some(meaning), None) =
                (words.next(), words.next(), words.next(), words.next())
            else {
                continue;
            };
            if name.starts_with("wolfSSL_") && !name.contains('(') {
                let is_there = exported.contains(meaning)
                    || is_in(&code, meaning)
                    || meaning.starts_with("sk_X509");
                assert!(is_there, "{}: {line}", file.display());
                count += 1;
            }
        }
    }
    assert!(count > 400, "{count}");
}
