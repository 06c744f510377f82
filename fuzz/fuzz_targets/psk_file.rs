//! Files of pre-shared keys, as the program `warifu` reads and converts them.
//!
//! The first byte chooses the format that is named, or none; the rest is the file. Where no name is needed to read it, because
//! all formats seem to agree, each of them that reads the file reads the same keys; where one format is recognised, that one
//! reads the file (stunnel may not, for it has no comments), and the same keys. Written in any format that can express them, the
//! keys are read again: under its name the same, without a name the same or not at all.
#![no_main]
#![allow(dead_code, reason = "the program has more uses for these modules")]

#[path = "../../crates/warifu-cli/src/exit_psk.rs"]
mod exit_psk;
#[path = "../../crates/warifu-cli/src/exit_text.rs"]
mod exit_text;
#[path = "../../crates/warifu-cli/src/hex.rs"]
mod hex;
#[path = "../../crates/warifu-cli/src/psk_file.rs"]
mod psk_file;
#[path = "../../crates/warifu-cli/src/psk_format.rs"]
mod psk_format;
#[path = "../../crates/warifu-cli/src/psk_line.rs"]
mod psk_line;

use exit_psk::{Origin, PskFailure};
use libfuzzer_sys::fuzz_target;
use psk_file::{Entry, Keys, PskFile, Wanted, join, parse};
use psk_format::Format;

const FORMATS: [Format; 5] = [
    Format::Native,
    Format::Mosquitto,
    Format::Gnutls,
    Format::Stunnel,
    Format::Zabbix,
];
/// Whose key a key without an identity is.
const NAME: &[u8] = b"somebody";

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else {
        return;
    };
    let format = FORMATS
        .get(usize::from(*choice) % (FORMATS.len() + 1))
        .copied();
    let Some((recognised, keys)) = read(bytes, format) else {
        return;
    };
    if format.is_none() {
        for named in FORMATS {
            let read = read(bytes, Some(named));
            // stunnel has no comments, which do no harm beside its keys.
            assert!(read.is_some() || recognised != Some(named) || named == Format::Stunnel);
            if recognised.is_none_or(|recognised| recognised == named)
                && let Some((_, others)) = read
            {
                assert_same(&keys, &others);
            }
        }
    }
    for format in FORMATS {
        let written = match psk_format::write(&keys, format) {
            Ok(written) => written,
            Err(failure) => {
                look_at(&failure);
                continue;
            }
        };
        let (_, again) =
            read(written.as_bytes(), Some(format)).expect("what was written can be read");
        match format {
            // It holds no identity.
            Format::Zabbix => assert_eq!(again[0].key.bytes, keys[0].key.bytes),
            _ => assert_same(&again, &keys),
        }
        // Zabbix's has no identity, and a reserved one stands before a key alone.
        if format != Format::Zabbix
            && !keys.iter().any(is_reserved)
            && let Some((_, again)) = read(written.as_bytes(), None)
        {
            assert_same(&again, &keys);
        }
    }
});

/// The format in which the file can have been written alone, and its keys.
fn read(bytes: &[u8], format: Option<Format>) -> Option<(Option<Format>, Vec<Entry>)> {
    let read = parse(&Origin::stream("input"), bytes, format);
    let file: PskFile = read.inspect_err(look_at).ok()?;
    let recognised = file.format;
    let bare = matches!(file.keys, Keys::Bare(..));
    let wanted = Wanted {
        identity: bare.then_some(NAME),
        allow_weak: true,
    };
    let keys = join(vec![file], wanted).inspect_err(look_at).ok()?;
    assert!(!keys.is_empty());
    Some((recognised, keys))
}

fn is_reserved(entry: &Entry) -> bool {
    let is = |word: &str| entry.identity == word.as_bytes();
    psk_format::RESERVED.into_iter().any(is)
}

fn look_at(failure: &PskFailure) {
    let text = failure.text();
    assert!(!text.what.is_empty() && !text.next.is_empty());
}

fn assert_same(ours: &[Entry], theirs: &[Entry]) {
    let parts = |entries: &[Entry]| -> Vec<(Vec<u8>, Vec<u8>)> {
        entries
            .iter()
            .map(|entry| (entry.identity.clone(), entry.key.bytes.to_vec()))
            .collect()
    };
    assert_eq!(parts(ours), parts(theirs));
}
