//! Compiling C, against this library and against the system's OpenSSL.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::programs::{Done, run};

/// Whose headers and library a program is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Library {
    Shared,
    Static,
    /// The static one, in programs that watch memory, leaks and undefined behaviour.
    Sanitized,
    OpenSsl,
}

/// The code of C is compiled so; that of the library takes part by its memory, which is the C library's.
const SANITIZERS: [&str; 3] = [
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=undefined",
    "-fno-omit-frame-pointer",
];

pub(crate) const STRICT: [&str; 7] = [
    "-g",
    "-O1",
    "-D_GNU_SOURCE",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Werror",
];

/// The source in `tests/c` that is a program of its own.
const ALONE: &str = "bio_err.c";

/// The directory of this crate.
pub(crate) fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where cargo has put libwarifu_ssl.so and .a: beside the program of this test.
pub(crate) fn built() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let directory = program.parent().unwrap().to_owned();
    for name in ["libwarifu_ssl.so", "libwarifu_ssl.a"] {
        assert!(
            directory.join(name).exists(),
            "no {name} in {}",
            directory.display()
        );
    }
    directory
}

/// A directory for the files of these tests, emptied once in a run.
pub(crate) fn scratch() -> &'static Path {
    static SCRATCH: OnceLock<PathBuf> = OnceLock::new();
    SCRATCH.get_or_init(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c_programs");
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).unwrap();
        directory
    })
}

/// The command succeeds and says nothing.
pub(crate) fn quiet(command: &mut Command) {
    let done = succeeds(command);
    assert_eq!(done.stderr, "", "{command:?}");
}

pub(crate) fn succeeds(command: &mut Command) -> Done {
    let done = run(command, b"");
    assert_eq!(done.code, 0, "{command:?}:\n{}{}", done.stdout, done.stderr);
    done
}

/// Panics if a package of the distribution is missing that `./run-tests` would have installed.
pub(crate) fn need_openssl_headers() {
    assert!(
        Path::new("/usr/include/openssl/ssl.h").exists(),
        "OpenSSL's headers are missing (Debian: libssl-dev; ./run-tests installs it)"
    );
}

/// The compiler's argument for this library's headers.
pub(crate) fn home_of_includes() -> String {
    format!("-I{}", here().join("include").display())
}

/// Compiles the sources of the tests, in pieces that are made at the same time, and links them.
pub(crate) fn tests(library: Library) -> PathBuf {
    let objects = match library {
        Library::OpenSsl => {
            static OBJECTS: OnceLock<PathBuf> = OnceLock::new();
            OBJECTS.get_or_init(|| compile_tests("openssl", &[]))
        }
        Library::Sanitized => {
            static OBJECTS: OnceLock<PathBuf> = OnceLock::new();
            let mut flags = SANITIZERS.map(str::to_owned).to_vec();
            flags.push(home_of_includes());
            OBJECTS.get_or_init(|| compile_tests("sanitized", &flags))
        }
        Library::Shared | Library::Static => {
            static OBJECTS: OnceLock<PathBuf> = OnceLock::new();
            OBJECTS.get_or_init(|| compile_tests("warifu", &[home_of_includes()]))
        }
    };
    let program = scratch().join(format!("tests-{library:?}"));
    let mut link = Command::new("cc");
    link.args(files(objects, "o")).arg("-o").arg(&program);
    link_with(&mut link, library);
    quiet(link.arg("-lpthread"));
    program
}

fn compile_tests(name: &str, flags: &[String]) -> PathBuf {
    let objects = scratch().join(name);
    std::fs::create_dir_all(&objects).unwrap();
    let mut sources = files(&here().join("tests/c"), "c");
    sources.retain(|source| !source.ends_with(ALONE));
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(source) =
                    sources.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
                {
                    quiet(
                        Command::new("cc")
                            .arg("-std=c99")
                            .args(STRICT)
                            .args(flags)
                            .arg("-c")
                            .arg(source)
                            .current_dir(&objects),
                    );
                }
            });
        }
    });
    objects
}

/// Compiles a source that is a program of its own.
pub(crate) fn alone(source: &str, library: Library) -> PathBuf {
    let program = scratch().join(format!("{source}-{library:?}"));
    let mut compile = Command::new("cc");
    compile.arg("-std=c99").args(STRICT);
    if library == Library::OpenSsl {
        // Functions that OpenSSL would rather see gone.
        compile.arg("-Wno-deprecated-declarations");
    } else {
        compile.arg(home_of_includes());
    }
    if library == Library::Sanitized {
        compile.args(SANITIZERS);
    }
    compile.arg(here().join("tests/c").join(source));
    compile.arg("-o").arg(&program);
    link_with(&mut compile, library);
    quiet(compile.arg("-lpthread"));
    program
}

/// The files of a directory with this extension, sorted.
pub(crate) fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    assert!(
        !files.is_empty(),
        "no *.{extension} in {}",
        directory.display()
    );
    files
}

pub(crate) fn link_with(command: &mut Command, library: Library) {
    let built = built();
    match library {
        Library::OpenSsl => {
            command.args(["-lssl", "-lcrypto"]);
        }
        Library::Static | Library::Sanitized => {
            if library == Library::Sanitized {
                command.args(SANITIZERS);
            }
            command
                .arg(built.join("libwarifu_ssl.a"))
                .args(["-lm", "-ldl"]);
        }
        Library::Shared => {
            // By the name that it says it has.
            let link = scratch().join("lib");
            std::fs::create_dir_all(&link).unwrap();
            let target = link.join("libwarifu_ssl.so.0");
            let _ = std::fs::remove_file(&target);
            std::os::unix::fs::symlink(built.join("libwarifu_ssl.so"), &target).unwrap();
            command
                .arg(&target)
                .arg(format!("-Wl,-rpath,{}", link.display()));
        }
    }
}

/// Each header alone, in C and in C++.
pub(crate) fn headers_alone() {
    let mut problems = Vec::new();
    for directory in ["openssl", "wolfssl", "wolfssl/wolfcrypt", "wolfssl/openssl"] {
        let path = here().join("include").join(directory);
        for header in files(&path, "h") {
            let name = header.file_name().unwrap().to_str().unwrap();
            let text = format!("#include <{directory}/{name}>\nextern int not_empty;\n");
            for (compiler, language, standard) in [
                ("cc", "c", "-std=c99"),
                ("cc", "c", "-std=c17"),
                ("c++", "c++", "-std=c++11"),
            ] {
                let mut command = Command::new(compiler);
                command
                    .args([standard, "-fsyntax-only", "-x", language])
                    .args(STRICT)
                    .args([&home_of_includes(), "-"]);
                let done = run(&mut command, text.as_bytes());
                if done.code != 0 || !done.stderr.is_empty() {
                    let said: Vec<_> = done.stderr.lines().take(6).collect();
                    problems.push(format!(
                        "{directory}/{name} in {language}: {}",
                        said.join("\n")
                    ));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The four programs by their Makefile, in a directory of their own.
pub(crate) fn examples(name: &str, arguments: &[String]) -> PathBuf {
    let directory = scratch().join(name);
    std::fs::create_dir_all(&directory).unwrap();
    for file in std::fs::read_dir(here().join("examples")).unwrap() {
        let file = file.unwrap();
        if file
            .path()
            .extension()
            .is_none_or(|it| it == "c" || it == "h")
        {
            std::fs::copy(file.path(), directory.join(file.file_name())).unwrap();
        }
    }
    let flags = format!("CFLAGS={}", STRICT.join(" "));
    succeeds(
        Command::new("make")
            .args(["-s", &flags])
            .args(arguments)
            .current_dir(&directory),
    );
    directory
}
