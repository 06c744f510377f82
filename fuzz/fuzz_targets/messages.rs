//! Every parser of handshake messages and of extensions, of TLS 1.3 and of older versions.
//!
//! The first byte chooses the parser, the rest is the message's body or the block of extensions. Nothing panics; a message
//! that is read can be written, and what is written is read as the same message. Without extensions, which are written in
//! an order of our own, it is the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use warifu::fuzzing;

fuzz_target!(|input: &[u8]| {
    if let Some((which, body)) = input.split_first() {
        fuzzing::message((*which).into(), body);
    }
});
