//! Gives one ClientHello to a server of ours and to one of rustls, and expects both to accept or both to refuse it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use warifu_fuzz::flows::differential;

fuzz_target!(|input: &[u8]| differential::play(input));
