//! What the feature `legacy` (TLS 1.2, 1.1 and 1.0 with their cryptography) adds to the program `warifu`: both builds,
//! release and stripped, with their sizes. Compiles the workspace twice, in folders of its own.
//!
//! `cargo bench --bench size --features size`

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let with = build("with-legacy", &[]);
    let without = build("without-legacy", &["--no-default-features"]);
    for program in [&with, &without] {
        demonstrate(program);
    }
    let (with, without) = (size(&with), size(&without));
    println!("warifu, release, stripped: {with} bytes with legacy, {without} without");
    println!(
        "result benchmark=size with_legacy={with} without_legacy={without} difference={} percent={:.1}",
        with - without,
        (with - without) as f64 * 100.0 / with as f64,
    );
    assert!(without < with, "the feature leaves nothing out");
}

/// Builds the program and returns where it is.
fn build(folder: &str, features: &[&str]) -> PathBuf {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = bench.join("target/size").join(folder);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "--locked", "--package", "warifu-cli"])
        .args(["--config", "profile.release.strip='symbols'"])
        .args(["--config", "profile.release.debug=false"])
        .args(features)
        .arg("--target-dir")
        .arg(&target)
        .current_dir(bench.join(".."))
        .status()
        .unwrap();
    assert!(status.success(), "{folder} does not build");
    target.join("release/warifu")
}

/// A connection over loopback: what was measured works.
fn demonstrate(program: &Path) {
    let output = Command::new(program).arg("demo").output().unwrap();
    assert!(output.status.success(), "{} demo fails", program.display());
}

fn size(program: &Path) -> u64 {
    program.metadata().unwrap().len()
}
