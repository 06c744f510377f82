//! Which pre-shared keys a file holds.
//!
//! Without a format it may hold what warifu, mosquitto, psktool, stunnel and Zabbix read alike, or what only one of
//! them can have written; [`crate::psk_line`] knows the lines.

use std::collections::HashMap;

use crate::exit_psk::{ContentProblem, Origin, PskFailure, PskProblem};
use crate::psk_format::{self, Format};
use crate::psk_line::{self, Line, Secret};

/// RFC 9257 Section 6: an external PSK "MUST be at least 128 bits long".
pub(crate) const MIN_KEY_LEN: usize = 16;

/// A key and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) identity: Vec<u8>,
    pub(crate) key: Secret,
    pub(crate) origin: Origin,
}

/// Which keys are taken.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted<'a> {
    /// Names a key that stands alone; of many keys it chooses one.
    pub(crate) identity: Option<&'a [u8]>,
    /// Whether keys of less than 128 bits are taken.
    pub(crate) allow_weak: bool,
}

/// The keys of several sources, each identity once.
pub(crate) fn join(files: Vec<PskFile>, wanted: Wanted<'_>) -> Result<Vec<Entry>, PskFailure> {
    let sources: Vec<_> = files.iter().map(|file| file.origin.clone()).collect();
    let mut entries: Vec<Entry> = Vec::new();
    let mut origins = HashMap::new();
    for file in files {
        for entry in file.into_named(wanted.identity)? {
            if let Some(first) = origins.insert(entry.identity.clone(), entry.origin.clone()) {
                return Err(entry.duplicate_of(first));
            }
            entries.push(entry);
        }
    }
    if let Some(identity) = wanted.identity {
        entries.retain(|entry| entry.identity == identity);
        if let (true, Some(source)) = (entries.is_empty(), sources.first()) {
            return Err(source.has(PskProblem::UnknownIdentity {
                identity: psk_format::spell(identity),
            }));
        }
    }
    match entries.iter().find(|entry| entry.is_weak()) {
        Some(weak) if !wanted.allow_weak => Err(weak.weakness()),
        _ => Ok(entries),
    }
}

/// What a file or another source holds.
#[derive(Debug, Clone)]
pub(crate) struct PskFile {
    /// The format given, or the only one in which the file can have been written; `None` if its lines mean the
    /// same in all but Zabbix's.
    pub(crate) format: Option<Format>,
    pub(crate) keys: Keys,
    origin: Origin,
}

/// The keys of a file, weak ones among them.
#[derive(Debug, Clone)]
pub(crate) enum Keys {
    /// At least one.
    Entries(Vec<Entry>),
    /// One key; what identity it belongs to is not said.
    Bare(Secret, Origin),
}

/// Reads the lines of a file.
pub(crate) fn parse(
    origin: &Origin,
    bytes: &[u8],
    format: Option<Format>,
) -> Result<PskFile, PskFailure> {
    check_text(bytes).map_err(|problem| origin.has(problem))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut lines = Lines::default();
    for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        let at = origin.at(index + 1);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = psk_line::read_line(line, format).map_err(|problem| at.has(problem))?;
        lines.take(line, index + 1, at)?;
    }
    let (keys, recognised) = lines.finish(origin)?;
    Ok(PskFile {
        format: format.or(recognised),
        keys,
        origin: origin.clone(),
    })
}

impl PskFile {
    /// A key that stands alone.
    pub(crate) fn bare(origin: Origin, key: Secret) -> Result<Self, PskFailure> {
        check_value(&key, &origin)?;
        Ok(Self {
            format: None,
            keys: Keys::Bare(key, origin.clone()),
            origin,
        })
    }

    /// The keys with their identities; a key that stands alone is given this name.
    fn into_named(self, name: Option<&[u8]>) -> Result<Vec<Entry>, PskFailure> {
        match (self.keys, name) {
            (Keys::Entries(entries), _) => Ok(entries),
            (Keys::Bare(key, origin), Some(name)) => Ok(vec![Entry {
                identity: name.to_vec(),
                key,
                origin,
            }]),
            (Keys::Bare(_, origin), None) => Err(origin.has(PskProblem::IdentityMissing)),
        }
    }
}

impl Entry {
    pub(crate) fn is_weak(&self) -> bool {
        self.key.bytes.len() < MIN_KEY_LEN
    }

    /// The refusal of a second key for an identity.
    pub(crate) fn duplicate_of(&self, first: Origin) -> PskFailure {
        self.origin.has(PskProblem::Duplicate {
            identity: psk_format::spell(&self.identity),
            first,
        })
    }

    /// The refusal of a weak key.
    pub(crate) fn weakness(&self) -> PskFailure {
        self.origin.has(PskProblem::Weak {
            bits: self.key.bits(),
        })
    }

    #[cfg(test)]
    pub(crate) fn for_tests(identity: &[u8], key: &[u8]) -> Self {
        Self {
            identity: identity.to_vec(),
            key: Secret {
                bytes: zeroize::Zeroizing::new(key.to_vec()),
                form: psk_line::KeyForm::Hex,
            },
            origin: Origin::value("a test"),
        }
    }
}

/// Refuses what is no text of lines at all.
fn check_text(bytes: &[u8]) -> Result<(), ContentProblem> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(ContentProblem::Utf16);
    }
    if bytes.contains(&0) {
        return Err(ContentProblem::Binary);
    }
    if bytes
        .split(|&byte| byte == b'\n')
        .any(|line| line.starts_with(b"-----BEGIN "))
    {
        return Err(ContentProblem::Pem);
    }
    Ok(())
}

/// A key of zeros is a placeholder, never a key.
fn check_value(key: &Secret, at: &Origin) -> Result<(), PskFailure> {
    if key.bytes.iter().all(|&byte| byte == 0) {
        return Err(at.has(PskProblem::AllZero));
    }
    Ok(())
}

/// The lines read so far.
#[derive(Default)]
struct Lines {
    entries: Vec<Entry>,
    bare: Option<(Secret, Format, Origin)>,
    /// Where each identity stands.
    numbers: HashMap<Vec<u8>, usize>,
    /// The first line that only the native format can have, and only stunnel's.
    native: Option<usize>,
    stunnel: Option<usize>,
}

impl Lines {
    fn take(&mut self, line: Line, number: usize, at: Origin) -> Result<(), PskFailure> {
        let key = match &line {
            Line::Nothing => return Ok(()),
            Line::BareKey { key, .. } | Line::Entry { key, .. } => key,
        };
        check_value(key, &at)?;
        if let Some((_, _, bare)) = &self.bare {
            return Err(bare.has(ContentProblem::BareKeyAmongOthers { other: number }));
        }
        match line {
            Line::Nothing => Ok(()),
            Line::BareKey { key, only } => {
                if let Some(&other) = self.numbers.values().min() {
                    return Err(at.has(ContentProblem::BareKeyAmongOthers { other }));
                }
                self.bare = Some((key, only, at));
                Ok(())
            }
            Line::Entry {
                identity,
                key,
                only,
            } => {
                let entry = Entry {
                    identity,
                    key,
                    origin: at,
                };
                if let Some(&first) = self.numbers.get(&entry.identity) {
                    return Err(entry.duplicate_of(entry.origin.at(first)));
                }
                match only {
                    Some(Format::Native) => self.native = self.native.or(Some(number)),
                    Some(Format::Stunnel) => self.stunnel = self.stunnel.or(Some(number)),
                    _ => {}
                }
                self.numbers.insert(entry.identity.clone(), number);
                self.entries.push(entry);
                Ok(())
            }
        }
    }

    /// The keys, and the only format that can have all the lines.
    fn finish(self, origin: &Origin) -> Result<(Keys, Option<Format>), PskFailure> {
        if let Some((key, only, at)) = self.bare {
            return Ok((Keys::Bare(key, at), Some(only)));
        }
        if self.entries.is_empty() {
            return Err(origin.has(ContentProblem::NoKeys));
        }
        let format = match (self.native, self.stunnel) {
            (Some(native), Some(stunnel)) => {
                return Err(origin.has(ContentProblem::MixedForms { native, stunnel }));
            }
            (Some(_), None) => Some(Format::Native),
            (None, Some(_)) => Some(Format::Stunnel),
            (None, None) => None,
        };
        Ok((Keys::Entries(self.entries), format))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "00112233445566778899aabbccddeeff";
    const B: &str = "ffeeddccbbaa99887766554433221100";

    fn read(text: &str, format: Option<Format>) -> Result<PskFile, PskProblem> {
        let text = text.replace("KEY1", A).replace("KEY2", B);
        parse(&Origin::stream("keys"), text.as_bytes(), format).map_err(|failure| {
            assert!(!failure.text().what.contains(&A[..8]));
            failure.problem
        })
    }

    fn identities(text: &str) -> Vec<String> {
        let entries = join(vec![read(text, None).unwrap()], Wanted::default()).unwrap();
        let spelled = entries.iter().map(|entry| {
            let line = entry.origin.line.unwrap();
            format!("{line} {}", psk_format::spell(&entry.identity))
        });
        spelled.collect()
    }

    #[test]
    fn blank_lines_comments_bom_and_line_ends_do_not_matter() {
        let expected = ["2 alice", "4 bob"];
        assert_eq!(identities("# keys\nalice:KEY1\n\nbob:KEY2\n"), expected);
        assert_eq!(
            identities("# keys\r\nalice:KEY1\r\n\r\nbob:KEY2\r\n"),
            expected
        );
        assert_eq!(
            identities("\u{feff}# keys\nalice:KEY1\n \nbob:KEY2"),
            expected
        );
        assert_eq!(identities("\u{feff}alice:KEY1"), ["1 alice"]);
    }

    #[test]
    fn the_only_format_that_fits_is_recognised() {
        for (text, format) in [
            ("alice:KEY1\nbob:KEY2", None),
            ("alice:KEY1\nbob:base64:AAECAw==", Some(Format::Native)),
            ("hex:6162:KEY1", Some(Format::Native)),
            (
                "alice:KEY1\nbob:a pass phrase, secret",
                Some(Format::Stunnel),
            ),
            ("KEY1\n", Some(Format::Zabbix)),
            ("base64:AAECAwQFBgcICQoLDA0ODw==", Some(Format::Native)),
            ("hex:KEY1", Some(Format::Native)),
        ] {
            assert_eq!(read(text, None).unwrap().format, format, "{text}");
        }
        let forced = read("alice:KEY1", Some(Format::Stunnel)).unwrap();
        assert_eq!(forced.format, Some(Format::Stunnel));
    }

    #[test]
    fn files_without_sense_are_refused() {
        use ContentProblem as C;
        for (text, expected) in [
            ("", C::NoKeys),
            ("# nothing\n\n", C::NoKeys),
            ("\u{0}", C::Binary),
            ("-----BEGIN PRIVATE KEY-----\nMII\n", C::Pem),
            ("KEY1\nKEY2\n", C::BareKeyAmongOthers { other: 2 }),
            ("\nKEY1\nbob:KEY2\n", C::BareKeyAmongOthers { other: 3 }),
            ("bob:KEY2\nKEY1\n", C::BareKeyAmongOthers { other: 1 }),
            (
                "a:KEY1\nb:hex:KEY2\nc:a pass phrase, secret",
                C::MixedForms {
                    native: 2,
                    stunnel: 3,
                },
            ),
        ] {
            assert_eq!(
                read(text, None).unwrap_err(),
                PskProblem::Content(expected),
                "{text}"
            );
        }
        let utf16 = parse(&Origin::stream("keys"), b"\xff\xfea\0", None).unwrap_err();
        assert_eq!(utf16.problem, PskProblem::Content(C::Utf16));
    }

    #[test]
    fn duplicates_and_zeros_are_refused_with_their_lines() {
        let twice = "alice:KEY1\nbob:KEY2\nhex:616c696365:KEY2\n";
        let failure = parse(
            &Origin::stream("keys"),
            twice.replace("KEY1", A).replace("KEY2", B).as_bytes(),
            None,
        )
        .unwrap_err();
        assert_eq!(failure.origin.line, Some(3));
        let what = failure.text().what;
        assert_eq!(
            what,
            "keys, line 3: the identity \"alice\" has a key already: line 1"
        );
        for zeros in ["alice:0000", "00000000000000000000000000000000"] {
            assert_eq!(read(zeros, None).unwrap_err(), PskProblem::AllZero);
        }
    }

    #[test]
    fn weak_keys_need_permission() {
        let load = |text: &str, allow_weak| {
            let wanted = Wanted {
                allow_weak,
                ..Wanted::default()
            };
            join(vec![read(text, None).unwrap()], wanted)
        };
        let fifteen = format!("alice:{}", &A[..30]);
        let failure = load(&fifteen, false).unwrap_err();
        assert_eq!(failure.problem, PskProblem::Weak { bits: 120 });
        assert_eq!(load(&fifteen, true).unwrap().len(), 1);
        assert_eq!(load(&format!("alice:{A}"), false).unwrap().len(), 1);
    }

    #[test]
    fn an_identity_names_a_bare_key_and_chooses_among_many() {
        let entries = |text, identity| {
            let wanted = Wanted {
                identity,
                ..Wanted::default()
            };
            join(vec![read(text, None).unwrap()], wanted)
        };
        assert_eq!(entries("KEY1", Some(b"x")).unwrap()[0].identity, b"x");
        assert_eq!(
            entries("KEY1", None).unwrap_err().problem,
            PskProblem::IdentityMissing
        );
        let chosen = entries("a:KEY1\nb:KEY2\n", Some(b"b")).unwrap();
        assert_eq!(chosen.len(), 1);
        assert_eq!(chosen[0].key.bytes[0], 0xff);
        assert_eq!(
            entries("a:KEY1\nb:KEY2\n", Some(b"c")).unwrap_err().problem,
            PskProblem::UnknownIdentity {
                identity: "c".to_owned()
            }
        );
    }

    #[test]
    fn an_identity_has_one_key_in_all_sources_together() {
        let file = |name, text: &str| {
            let text = text.replace("KEY1", A).replace("KEY2", B);
            parse(&Origin::stream(name), text.as_bytes(), None).unwrap()
        };
        let (one, two) = (file("one", "alice:KEY1"), file("two", "bob:KEY2"));
        let joined = join(vec![one.clone(), two.clone()], Wanted::default()).unwrap();
        assert_eq!(joined.len(), 2);
        let wanted = Wanted {
            identity: Some(b"bob"),
            ..Wanted::default()
        };
        assert_eq!(join(vec![one.clone(), two], wanted).unwrap().len(), 1);
        let again = file("again", "\nalice:KEY2");
        let failure = join(vec![one, again], Wanted::default()).unwrap_err();
        assert_eq!(
            failure.text().what,
            "again, line 2: the identity \"alice\" has a key already: one, line 1"
        );
    }
}
