//! The program `warifu`.
#![forbid(unsafe_code)]
fn main() {}
