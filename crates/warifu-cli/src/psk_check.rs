//! `warifu psk check`: whether a PSK file is well kept, and its keys fit to be used.

use std::collections::HashMap;
use std::path::Path;

use serde_json::json;

use crate::args_psk::CheckArguments;
use crate::exit::Failure;
use crate::exit_psk::PskFailure;
use crate::psk_file::{self, Entry, Keys, Wanted};
use crate::psk_line::{KeyForm, Secret};
use crate::psk_source::Contents;
use crate::{psk_command, psk_format, report};

/// One question and its answer.
struct Answer {
    question: &'static str,
    verdict: Verdict,
}

enum Verdict {
    Good(String),
    /// It works, but should be otherwise.
    Warning(String),
    Bad(PskFailure),
}

/// `warifu psk check`.
pub(crate) fn check(arguments: &CheckArguments) -> Result<(), Failure> {
    let contents = Contents::read(&arguments.file)?;
    let mut answers = vec![permissions(&contents)];
    match psk_file::parse(&contents.origin, &contents.bytes, arguments.format) {
        Ok(file) => {
            answers.push(Answer::good("lines", psk_command::summary(&file)));
            answers.extend(keys(&file.keys, arguments.allow_weak_psk));
            if let Some(identity) = &arguments.psk_identity {
                answers.push(identity_answer(file, &identity.0));
            }
        }
        Err(failure) => answers.push(Answer::bad("lines", failure)),
    }
    print(&arguments.file, arguments.json, &answers)?;
    let first_bad = answers.into_iter().find_map(|answer| match answer.verdict {
        Verdict::Bad(failure) => Some(failure),
        _ => None,
    });
    first_bad.map_or(Ok(()), |failure| Err(Failure::PskCheckFailed(failure)))
}

impl Answer {
    fn good(question: &'static str, detail: impl Into<String>) -> Self {
        let verdict = Verdict::Good(detail.into());
        Self { question, verdict }
    }

    fn warning(question: &'static str, detail: impl Into<String>) -> Self {
        let verdict = Verdict::Warning(detail.into());
        Self { question, verdict }
    }

    fn bad(question: &'static str, failure: PskFailure) -> Self {
        let verdict = Verdict::Bad(failure);
        Self { question, verdict }
    }

    /// The verdict in a word, and what there is to say.
    fn parts(&self) -> (&'static str, String) {
        match &self.verdict {
            Verdict::Good(detail) => ("ok", detail.clone()),
            Verdict::Warning(detail) => ("warning", detail.clone()),
            Verdict::Bad(failure) => ("NO", failure.text().what),
        }
    }
}

fn print(path: &Path, as_json: bool, answers: &[Answer]) -> Result<(), Failure> {
    if as_json {
        let list: Vec<_> = answers
            .iter()
            .map(|answer| {
                let (verdict, detail) = answer.parts();
                let ok = verdict != "NO";
                json!({ "check": answer.question, "ok": ok, "warning": verdict == "warning", "detail": detail })
            })
            .collect();
        return report::line(&json!({ "file": path, "checks": list }).to_string());
    }
    answers.iter().try_for_each(|answer| {
        let (verdict, detail) = answer.parts();
        report::line(&format!("{verdict:<7}  {}: {detail}", answer.question))
    })
}

fn permissions(contents: &Contents) -> Answer {
    match (contents.check_permissions(), contents.mode) {
        (Err(failure), _) => Answer::bad("permissions", failure),
        (Ok(()), Some(mode)) if mode & 0o040 != 0 => Answer::good(
            "permissions",
            format!("mode {mode:04o}, readable by the file's group too"),
        ),
        (Ok(()), Some(mode)) => Answer::good("permissions", format!("mode {mode:04o}")),
        (Ok(()), None) => Answer::good("permissions", "not a regular file"),
    }
}

/// Length and randomness of the keys.
fn keys(keys: &Keys, allow_weak: bool) -> Vec<Answer> {
    let bare;
    let entries = match keys {
        Keys::Entries(entries) => entries,
        Keys::Bare(key, origin) => {
            bare = vec![Entry {
                identity: Vec::new(),
                key: key.clone(),
                origin: origin.clone(),
            }];
            &bare
        }
    };
    let weak = entries.iter().filter(|entry| entry.is_weak());
    let mut answers: Vec<_> = weak
        .map(|entry| match allow_weak {
            true => Answer::warning("length", entry.weakness().text().what),
            false => Answer::bad("length", entry.weakness()),
        })
        .collect();
    if answers.is_empty() {
        let shortest = entries.iter().map(|entry| entry.key.bits()).min();
        let bits = shortest.unwrap_or(0);
        answers.push(Answer::good("length", format!("{bits} bits or more")));
    }
    let doubts = doubts(entries);
    if doubts.is_empty() {
        answers.push(Answer::good("randomness", "no key looks like a pattern"));
    }
    answers.extend(
        doubts
            .into_iter()
            .map(|doubt| Answer::warning("randomness", doubt)),
    );
    answers
}

/// What speaks against keys being random, and known to one pair of peers alone (RFC 9257 Section 4.1).
fn doubts(entries: &[Entry]) -> Vec<String> {
    let mut doubts = Vec::new();
    let mut owners: HashMap<&[u8], &Entry> = HashMap::new();
    for entry in entries {
        let at = &entry.origin;
        if let Some(doubt) = pattern(&entry.key) {
            doubts.push(format!("{at}: {doubt}"));
        }
        if let Some(other) = owners.insert(&entry.key.bytes, entry) {
            let other = psk_format::spell(&other.identity);
            doubts.push(format!(
                "{at}: the same key as {other:?}; each of the two can pose as the other"
            ));
        }
    }
    doubts
}

/// What about a key is not random. A random key of 128 bits gives rise to it less than once in a million.
fn pattern(key: &Secret) -> Option<&'static str> {
    let bytes = &key.bytes[..];
    // RFC 8446 Section 2.2: a secret derived from a password can be found by trying words against one recorded
    // handshake.
    if key.form == KeyForm::Text {
        return Some("a passphrase; if people can remember it, a program can guess it");
    }
    if bytes.iter().all(|byte| (0x20..0x7f).contains(byte)) {
        return Some(
            "its bytes are printable text: a passphrase, or hexadecimal digits encoded twice",
        );
    }
    if bytes.len() > 2 && has_constant_step(bytes) {
        return Some("its bytes are counted up, or all alike");
    }
    if (1..=bytes.len() / 2).any(|period| is_periodic(bytes, period)) {
        return Some("the same bytes again and again");
    }
    let distinct = (0..=u8::MAX).filter(|byte| bytes.contains(byte)).count();
    let few = distinct < bytes.len().min(128) / 2;
    few.then_some("made of a few bytes only")
}

fn has_constant_step(bytes: &[u8]) -> bool {
    let mut steps = bytes.windows(2).map(|pair| match pair {
        [first, second] => second.wrapping_sub(*first),
        _ => 0,
    });
    let first = steps.next();
    steps.all(|step| Some(step) == first)
}

fn is_periodic(bytes: &[u8], period: usize) -> bool {
    bytes
        .iter()
        .zip(bytes.iter().skip(period))
        .all(|(a, b)| a == b)
}

fn identity_answer(file: psk_file::PskFile, identity: &[u8]) -> Answer {
    let wanted = Wanted {
        identity: Some(identity),
        // Lengths have an answer of their own.
        allow_weak: true,
    };
    match psk_file::join(vec![file], wanted) {
        Ok(entries) => Answer::good(
            "identity",
            entries.first().map_or_else(String::new, |entry| {
                format!(
                    "{:?} has a key: {}",
                    psk_format::spell(identity),
                    entry.origin
                )
            }),
        ),
        Err(failure) => Answer::bad("identity", failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_seen_and_random_keys_pass() {
        let pattern = |bytes: &[u8]| pattern(&Entry::for_tests(b"x", bytes).key);
        let counted: Vec<u8> = (1..=32).collect();
        for bytes in [
            &[0xab; 16][..],
            &counted,
            b"correct horse battery staple",
            b"00112233445566778899aabbccddeeff",
            &[0x81, 0xf2, 0x13, 0x94].repeat(8),
            &[1, 2, 1, 1, 2, 2, 2, 1, 1, 1, 2, 1, 2, 2, 1, 2],
        ] {
            assert!(pattern(bytes).is_some(), "{bytes:?}");
        }
        for len in [16, 32, 64, 256] {
            let mut bytes = vec![0; len];
            warifu_crypto::random::fill(&mut bytes).unwrap();
            assert_eq!(pattern(&bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_key_of_two_identities_is_seen() {
        let mut bytes = [0; 16];
        warifu_crypto::random::fill(&mut bytes).unwrap();
        let entries = [
            Entry::for_tests(b"a", &bytes),
            Entry::for_tests(b"b", &bytes),
        ];
        let doubts = doubts(&entries);
        assert_eq!(doubts.len(), 1);
        assert!(doubts[0].contains("\"a\""), "{doubts:?}");
    }
}
