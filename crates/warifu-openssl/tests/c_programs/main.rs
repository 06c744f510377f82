//! The C API from the side of C: headers, the tests in `tests/c`, the one in `tests/wolfssl`, the four programs of `examples`, and the installation.
//!
//! The tests and the programs are compiled against this library and, from the same sources, against the system's OpenSSL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod compile;
mod meetings;
mod misuse;
mod programs;
mod symbols;
mod wolfssl;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use compile::{Library, built, here, scratch, succeeds};
use meetings::{Party, Programs, Proof, Server, alone, home, meet};
use programs::run;
use wolfssl::Language;

/// Runs the tests in C; all of them pass.
fn pass(program: &Path) {
    pass_by(Command::new(program).arg(home()));
}

fn pass_by(command: &mut Command) {
    let done = programs::run_long(command);
    println!("{}", done.stdout);
    assert!(
        done.code == 0 && done.stdout.contains(" 0 failed"),
        "{command:?}: exit code {}\n{}{}",
        done.code,
        done.stdout,
        done.stderr
    );
}

#[test]
fn each_header_compiles_alone_in_c_and_in_cpp() {
    compile::headers_alone();
}

#[test]
fn tests_pass_with_the_shared_library() {
    pass(&compile::tests(Library::Shared));
}

#[test]
fn tests_pass_with_the_static_library() {
    pass(&compile::tests(Library::Static));
}

#[test]
fn memory_is_used_as_it_should_and_nothing_leaks() {
    pass(&compile::tests(Library::Sanitized));
    succeeds(&mut Command::new(compile::alone(
        "bio_err.c",
        Library::Sanitized,
    )));
}

#[test]
fn valgrind_finds_nothing_in_the_shared_library() {
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["-q", "--error-exitcode=9", "--leak-check=full"])
        // What is still reachable at the end are the library's own tables.
        .arg("--errors-for-leak-kinds=definite,indirect")
        .arg(compile::tests(Library::Shared))
        .arg("--quick")
        .arg(home());
    pass_by(&mut valgrind);
}

#[test]
fn the_same_tests_pass_with_openssl() {
    compile::need_openssl_headers();
    pass(&compile::tests(Library::OpenSsl));
}

#[test]
fn a_program_with_the_names_of_wolfssl_works_in_c_and_in_cpp_and_with_wolfssl() {
    wolfssl::headers_are_ours();
    pass(&wolfssl::program(Language::C, Library::Shared));
    pass(&wolfssl::program(Language::C, Library::Static));
    pass(&wolfssl::program(Language::Cpp, Library::Shared));
    pass(&wolfssl::program_of_wolfssl());
}

#[test]
fn names_of_wolfssl_stand_for_something() {
    wolfssl::names_stand_for_something();
}

#[test]
fn every_exported_function_is_declared() {
    symbols::all_are_declared();
}

#[test]
fn symbols_md_is_up_to_date() {
    symbols::page_is_up_to_date();
}

#[test]
fn no_function_crashes_however_it_is_called() {
    misuse::nothing_crashes();
}

#[test]
fn bios_and_errors_are_those_of_openssl() {
    compile::need_openssl_headers();
    // The tests check results themselves; what they print is to be the same too, except for the number of the thread.
    let printed = |library| {
        let done = run(&mut Command::new(compile::alone("bio_err.c", library)), b"");
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{library:?}");
        let line = |line: &str| match line.split_once(":error:") {
            Some((_, error)) => error.to_owned(),
            None => line.to_owned(),
        };
        done.stdout.lines().map(line).collect::<Vec<_>>()
    };
    let theirs = printed(Library::OpenSsl);
    assert_eq!(printed(Library::Shared), theirs);
    assert_eq!(printed(Library::Static), theirs);
}

/// The library in a directory of its own, installed there once.
fn installed() -> &'static Path {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let prefix = scratch().join("prefix");
        succeeds(&mut install(&prefix));
        prefix
    })
}

fn install(prefix: &Path) -> Command {
    let mut command = Command::new(here().join("install"));
    command.arg("--prefix").arg(prefix);
    command.arg("--built").arg(built());
    command
}

/// The four programs with this library as it is installed, and with OpenSSL.
fn examples() -> &'static Programs {
    static EXAMPLES: OnceLock<Programs> = OnceLock::new();
    EXAMPLES.get_or_init(|| {
        compile::need_openssl_headers();
        let lib = installed().join("lib");
        let found = lib.join("pkgconfig");
        let rpath = format!("LDFLAGS=-Wl,-rpath,{}", lib.display());
        let pkg_config = format!("PKG_CONFIG=PKG_CONFIG_PATH={} pkg-config", found.display());
        Programs {
            warifu: compile::examples("examples-warifu", &[rpath, pkg_config]),
            openssl: compile::examples("examples-openssl", &["PKG=openssl".to_owned()]),
        }
    })
}

#[test]
fn an_installation_has_what_programs_need_and_goes_without_a_trace() {
    let prefix = scratch().join("staged/usr");
    let staged = scratch().join("stage");
    let files = |at: &Path| {
        let done = succeeds(Command::new("find").arg(at).args(["!", "-type", "d"]));
        done.stdout.lines().count()
    };
    succeeds(install(&prefix).arg("--destdir").arg(&staged));
    let at = PathBuf::from(format!("{}{}", staged.display(), prefix.display()));
    for name in [
        "include/warifu/openssl/ssl.h",
        "include/warifu/wolfssl/ssl.h",
        "include/warifu/wolfssl/wolfcrypt/types.h",
        "lib/libwarifu_ssl.so",
        "lib/libwarifu_ssl.so.0",
        "lib/libwarifu_ssl.a",
        "lib/pkgconfig/warifu-ssl.pc",
    ] {
        assert!(at.join(name).exists(), "{name}");
    }
    assert!(!prefix.exists());
    let pc = std::fs::read_to_string(at.join("lib/pkgconfig/warifu-ssl.pc")).unwrap();
    assert!(pc.contains(&format!("prefix={}\n", prefix.display())));
    assert!(pc.contains(&format!("Version: {}\n", env!("CARGO_PKG_VERSION"))));
    succeeds(
        install(&prefix)
            .args(["--uninstall", "--destdir"])
            .arg(&staged),
    );
    assert_eq!(files(&staged), 0);

    let relative = run(&mut install(Path::new("here")), b"");
    assert_eq!(relative.code, 2, "{relative:?}");
    let nothing = run(
        Command::new(here().join("install"))
            .args(["--built", "/nonexistent", "--prefix"])
            .arg(&prefix),
        b"",
    );
    assert_eq!(nothing.code, 1, "{nothing:?}");
}

const PROOFS: [Proof; 2] = [Proof::Certificate, Proof::Key];

#[test]
fn programs_in_c_talk_with_each_other_and_with_those_in_rust() {
    let all = [Party::Warifu, Party::OpenSsl, Party::Rust, Party::Program];
    for proof in PROOFS {
        for client in all {
            for server in all {
                // One of the two, at least, is ours in C.
                if client == Party::Warifu || server == Party::Warifu {
                    meet(examples(), client, server, proof);
                }
            }
        }
    }
}

#[test]
fn programs_in_c_talk_with_the_command_openssl() {
    for proof in PROOFS {
        for version in ["-tls1_2", "-tls1_3"] {
            meet(examples(), Party::Warifu, Party::Command(version), proof);
            meet(examples(), Party::Command(version), Party::Warifu, proof);
        }
    }
}

#[test]
fn clients_in_c_say_what_failed() {
    for directory in [&examples().warifu, &examples().openssl] {
        let client = directory.join("client");
        let server = Server::start(&directory.join("server"), &[]);
        server.fails(
            &client,
            &["other_ca.crt"],
            &["SSL_connect failed: error 1", "certificate verify failed"],
        );
        server.fails_as(
            "127.0.0.2",
            &client,
            &["SSL_connect failed: error 1", "certificate verify failed"],
        );
        if *directory == examples().warifu {
            // The library's own sentences tell more.
            let sentence = "no trusted CA has the name that the peer's chain of 1 leads to";
            server.fails(&client, &["other_ca.crt"], &[sentence]);
            let sentence =
                "certificate is for localhost, *.wild.test, 127.0.0.1, not for 127.0.0.2";
            server.fails_as("127.0.0.2", &client, &[sentence]);
        }
        server.fails(
            &client,
            &["nothing.crt"],
            &["SSL_CTX_load_verify_locations failed", "o such file"],
        );
        // Empty lines are no messages; the last line may lack its end; the end of the input is an end.
        let printed = server.serves(&client, &[], "one\n\n\ntwo");
        assert_eq!(printed, "message received\nmessage received\n");
        assert_eq!(server.serves(&client, &[], ""), "");
        // Longer than a message: in parts, each of which is answered.
        let long = "x".repeat(20000);
        assert_eq!(
            server.serves(&client, &[], &long),
            "message received\nmessage received\n"
        );
        assert_eq!(server.serves(&client, &[], "shutdown\nnot sent\n"), "");
        let done = server.finish();
        assert_eq!(done.code, 0, "{done:?}");
        assert!(
            done.stderr.contains("SSL_accept failed") || done.stderr.contains("SSL_read failed"),
            "{done:?}"
        );
        assert!(done.stderr.contains("unknown ca"), "{done:?}");

        let nobody = alone(&client, &["127.0.0.1", "1"], "");
        assert_eq!(
            (nobody.code, nobody.stderr.as_str()),
            (1, "client: connect: Connection refused\n")
        );
        let name = alone(&client, &["localhost"], "");
        assert_eq!(
            (name.code, name.stderr.as_str()),
            (1, "client: localhost is not an IP address\n")
        );
        for program in ["client", "server", "client-psk", "server-psk"] {
            let help = alone(&directory.join(program), &["--help"], "");
            assert!(
                help.stderr.starts_with(&format!("usage: {program} [")),
                "{help:?}"
            );
        }
    }
}

#[test]
fn clients_in_c_prove_themselves_by_certificate() {
    for directory in [&examples().warifu, &examples().openssl] {
        let client = directory.join("client");
        let required = ["server.crt", "server.key", "ca.crt"];
        let server = Server::start(&directory.join("server"), &required);
        // In TLS 1.3 the client is done before it is refused; what it sees then, the alert or a connection that was reset, is chance.
        server.fails(&client, &["ca.crt"], &["failed: error "]);
        let stranger = ["ca.crt", "stranger.crt", "stranger.key"];
        server.fails(&client, &stranger, &["failed: error "]);
        let alice = ["ca.crt", "client.crt", "client.key"];
        assert_eq!(
            server.serves(&client, &alice, "hello\n"),
            "message received\n"
        );
        server.serves(&client, &alice, "shutdown\n");
        let done = server.finish();
        assert_eq!(done.code, 0, "{done:?}");
        assert!(
            done.stderr.contains("peer did not return a certificate"),
            "{done:?}"
        );
        assert!(
            done.stderr.contains("certificate verify failed"),
            "{done:?}"
        );
    }
}

#[test]
fn clients_in_c_without_the_key_are_refused() {
    for directory in [&examples().warifu, &examples().openssl] {
        let client = directory.join("client-psk");
        let server = Server::start(&directory.join("server-psk"), &["keys.psk", "a hint"]);
        server.fails(&client, &["wrong.psk"], &["SSL_connect failed: error 1"]);
        server.fails(&client, &["stranger.psk"], &["SSL_connect failed: error 1"]);
        server.fails(&client, &["ca.crt"], &["ca.crt, line 1: not IDENTITY:KEY"]);
        server.fails(&client, &["empty.psk"], &["empty.psk: no keys"]);
        server.fails(
            &directory.join("client"),
            &[],
            &["SSL_connect failed: error 1"],
        );
        assert_eq!(server.serves(&client, &[], "hello\n"), "message received\n");
        server.serves(&client, &[], "shutdown\n");
        let done = server.finish();
        assert_eq!(done.code, 0, "{done:?}");
        assert_eq!(done.stdout, "hello\nshutdown\n");
    }
}
