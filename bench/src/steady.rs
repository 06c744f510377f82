//! Copies whose speed does not depend on where the buffers happen to lie.

use std::os::unix::process::CommandExt;
use std::process::Command;

/// What all copies go through. On Zen 4 glibc's choice of `rep movsb` for copies above 2 KiB makes their speed
/// depend on the buffers' relative alignment by a factor of two; vector copies are steady.
pub const TUNABLES: (&str, &str) = (
    "GLIBC_TUNABLES",
    "glibc.cpu.x86_rep_movsb_threshold=1073741824",
);

/// Starts this program again with [`TUNABLES`], unless it has them.
pub fn start_again_with_steady_copies() {
    if std::env::var(TUNABLES.0).as_deref() == Ok(TUNABLES.1) {
        return;
    }
    let arguments: Vec<_> = std::env::args_os().collect();
    let error = Command::new(std::env::current_exe().unwrap())
        .args(&arguments[1..])
        .env(TUNABLES.0, TUNABLES.1)
        .exec();
    panic!("cannot start again with {TUNABLES:?}: {error}");
}
