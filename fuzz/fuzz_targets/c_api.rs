//! Text and bytes that C programs pass on to the C API: lists of suites, groups and signature algorithms, commands of
//! configuration files, sessions, PEM, and certificates to be printed.
//!
//! The first byte chooses, the rest is the text or the bytes; a command's name is chosen by a byte, or stands before a NUL.
//! What is taken can be used, and a session is written as it was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use warifu_fuzz::input::Input;
use warifu_ssl::fuzzing;

/// Commands that read no files, as configuration files and command lines have them.
const COMMANDS: [&[u8]; 16] = [
    b"CipherString",
    b"Ciphersuites",
    b"Groups",
    b"Curves",
    b"SignatureAlgorithms",
    b"ClientSignatureAlgorithms",
    b"Protocol",
    b"MinProtocol",
    b"MaxProtocol",
    b"Options",
    b"VerifyMode",
    b"ECDHParameters",
    b"NumTickets",
    b"RecordPadding",
    b"-min_protocol",
    b"-no_tls1_3",
];

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input::new(bytes);
    match input.byte() % 6 {
        0 => fuzzing::suites(input.rest()),
        1 => {
            if let Ok(text) = core::str::from_utf8(input.rest()) {
                fuzzing::lists(text);
            }
        }
        2 => {
            let (flags, number) = (input.byte(), input.byte());
            let rest = input.rest();
            let nul = rest.iter().position(|byte| *byte == 0);
            match (COMMANDS.get(usize::from(number)), nul) {
                (Some(command), _) => fuzzing::conf(flags, command, rest),
                (None, Some(nul)) => fuzzing::conf(flags, &rest[..nul], &rest[nul + 1..]),
                (None, None) => fuzzing::conf(flags, rest, b""),
            }
        }
        3 => fuzzing::session(input.rest()),
        4 => fuzzing::pem(input.rest()),
        _ => fuzzing::der(input.rest()),
    }
});
