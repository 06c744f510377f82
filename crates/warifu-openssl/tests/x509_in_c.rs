//! Runs `x509/x509.sh`: a C program about certificates prints the same with this library as with OpenSSL.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// The shared library that was built with this test.
fn shared_library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let deps = test.parent().unwrap();
    let beside = |directory: &Path| directory.join("libwarifu_ssl.so");
    let library = beside(deps);
    if library.exists() {
        library
    } else {
        beside(deps.parent().unwrap())
    }
}

#[test]
fn certificates_are_the_same_as_with_openssl() {
    assert!(
        Path::new("/usr/include/openssl/ssl.h").exists(),
        "OpenSSL's headers are missing (Debian: libssl-dev; ./run-tests installs it)"
    );
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/x509/x509.sh");
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("x509_in_c");
    // Certificates expire: each run makes its own.
    let _ = std::fs::remove_dir_all(&directory);
    let output = Command::new("sh")
        .arg(script)
        .arg(&directory)
        .arg(shared_library())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
