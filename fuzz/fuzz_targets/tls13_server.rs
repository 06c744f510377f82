//! Plays a script against a server of TLS 1.3.
#![no_main]

use libfuzzer_sys::fuzz_target;
use warifu_fuzz::{Side, flows::tls13};

fuzz_target!(|input: &[u8]| tls13::play(Side::Server, input));
