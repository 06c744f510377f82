//! Plays a script against a server of TLS 1.2, 1.1 and 1.0.
#![no_main]

use libfuzzer_sys::fuzz_target;
use warifu_fuzz::{Side, flows::legacy};

fuzz_target!(|input: &[u8]| legacy::play(Side::Server, input));
