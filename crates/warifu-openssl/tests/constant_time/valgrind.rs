//! What a program asks valgrind for while it runs under it, and what valgrind says afterwards.
//!
//! A request is a sequence of instructions that does nothing on a processor and that valgrind recognises (`valgrind.h`): four rotations
//! of RDI by 128 bits together, and an exchange of RBX with itself. RAX points to the request and its five arguments.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::path::{Path, PathBuf};

/// Of all tools.
const COUNT_ERRORS: usize = 0x1201;
/// Of callgrind, whose numbers begin with `CT`.
const CALLGRIND: usize = 0x4354_0000;
const ZERO_STATS: usize = CALLGRIND + 1;
const TOGGLE_COLLECT: usize = CALLGRIND + 2;
const DUMP_STATS_AT: usize = CALLGRIND + 3;
/// Of memcheck, `MC`.
const MEMCHECK: usize = 0x4d43_0000;
const MAKE_MEM_UNDEFINED: usize = MEMCHECK + 1;
const MAKE_MEM_DEFINED: usize = MEMCHECK + 2;

fn request(number: usize, first: usize, second: usize) -> usize {
    let arguments = [number, first, second, 0, 0, 0];
    let mut result = 0_usize;
    // SAFETY: without valgrind the instructions leave all registers as they were. With it the request reads the six words that RAX
    // points to, and sets RDX. What the requests made here do to memory is to how it is seen, not to what it holds.
    unsafe {
        core::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") arguments.as_ptr(),
            inout("rdx") result,
        );
    }
    result
}

/// Marks bytes so that memcheck reports each branch and each address that depends on them.
pub(crate) fn make_secret(bytes: &[u8]) {
    request(MAKE_MEM_UNDEFINED, bytes.as_ptr().addr(), bytes.len());
}

/// Takes the mark off.
pub(crate) fn make_public(bytes: &[u8]) {
    request(MAKE_MEM_DEFINED, bytes.as_ptr().addr(), bytes.len());
}

/// How many such branches and addresses memcheck has seen so far, but for those it was told to overlook.
pub(crate) fn reports() -> usize {
    request(COUNT_ERRORS, 0, 0)
}

/// Counts what `operation` does, under this name.
#[inline(never)]
pub(crate) fn count<R>(name: &str, operation: impl FnOnce() -> R) -> R {
    let name = CString::new(name).unwrap();
    request(ZERO_STATS, 0, 0);
    request(TOGGLE_COLLECT, 0, 0);
    let result = operation();
    request(TOGGLE_COLLECT, 0, 0);
    request(DUMP_STATS_AT, name.as_ptr().addr(), 0);
    result
}

/// What an operation took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Counts {
    pub(crate) instructions: u64,
    pub(crate) reads: u64,
    pub(crate) writes: u64,
    /// Conditional ones.
    pub(crate) branches: u64,
    /// To an address that was computed.
    pub(crate) jumps: u64,
}

/// The counts that callgrind dumped to `file` and files of its name with a number, in the order in which they were made.
pub(crate) fn dumped(file: &Path) -> Vec<(String, Counts)> {
    (1..)
        .map(|number| PathBuf::from(format!("{}.{number}", file.display())))
        .map_while(|dump| std::fs::read_to_string(dump).ok())
        .filter_map(|dump| read(&dump))
        .collect()
}

fn read(dump: &str) -> Option<(String, Counts)> {
    let field = |name: &str| dump.lines().find_map(|line| line.strip_prefix(name));
    let name = field("desc: Trigger: Client Request: ")?;
    let names = field("events: ")?.split_whitespace();
    // Zeros at the end are left out.
    let values = field("totals: ").or_else(|| field("summary: "))?;
    let values = values
        .split_whitespace()
        .map(|value| value.parse().unwrap());
    let events: BTreeMap<&str, u64> = names.zip(values.chain(std::iter::repeat(0))).collect();
    Some((
        name.to_owned(),
        Counts {
            instructions: events["Ir"],
            reads: events["Dr"],
            writes: events["Dw"],
            branches: events["Bc"],
            jumps: events["Bi"],
        },
    ))
}
