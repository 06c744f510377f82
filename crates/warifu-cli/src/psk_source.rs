//! Where pre-shared keys come from: files, standard input, a variable, a descriptor, the terminal, the command line.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use crate::args_psk::PskArguments;
use crate::exit::Failure;
use crate::exit_psk::{ContentProblem, Origin, PskFailure, PskProblem};
use crate::files;
use crate::passphrase;
use crate::psk_file::{self, Entry, PskFile};
use crate::psk_format::{self, Format};
use crate::psk_line;

/// Room for more than 100,000 keys; a file without end must not fill the memory.
const MAX_LEN: u64 = 16 * 1024 * 1024;

/// What the group may not do (write) and what all others may not do (anything).
const FORBIDDEN_MODE: u32 = 0o027;

/// All keys that the options of a server or client name.
pub(crate) fn load(arguments: &PskArguments) -> Result<Vec<Entry>, Failure> {
    let mut files = read_files(arguments)?;
    files.extend(read_once(arguments)?);
    Ok(psk_file::join(files, arguments.wanted())?)
}

/// The files, which can be read again while the program runs.
pub(crate) fn read_files(arguments: &PskArguments) -> Result<Vec<PskFile>, Failure> {
    let paths = arguments.psk_file.iter().filter(|path| !is_stdin(path));
    paths
        .map(|path| read_file(path, arguments.psk_format))
        .collect()
}

/// The sources that can be read only once.
pub(crate) fn read_once(arguments: &PskArguments) -> Result<Vec<PskFile>, Failure> {
    let format = arguments.psk_format;
    let mut files = Vec::new();
    if let Some(path) = arguments.psk_file.iter().find(|path| is_stdin(path)) {
        files.push(read_file(path, format)?);
    }
    if let Some(name) = &arguments.psk_env {
        files.push(variable(name, std::env::var_os(name), format)?);
    }
    if let Some(number) = arguments.psk_fd {
        files.push(descriptor(number, format)?);
    }
    if arguments.psk_prompt {
        files.push(prompt(arguments.wanted().identity.unwrap_or_default())?);
    }
    if let (Some(identity), false) = (arguments.wanted().identity, arguments.has_source()) {
        files.push(prompt_or_explain(identity, io::stdin().is_terminal())?);
    }
    if let Some(argument) = &arguments.psk {
        let origin = Origin::value("--psk");
        files.push(psk_file::parse(&origin, argument.0.as_bytes(), format)?);
    }
    Ok(files)
}

pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// The keys of a file that its permissions protect; `-` is standard input.
pub(crate) fn read_file(path: &Path, format: Option<Format>) -> Result<PskFile, Failure> {
    let contents = Contents::read(path)?;
    let parsed = psk_file::parse(&contents.origin, &contents.bytes, format);
    // A certificate may be open to all: whoever gave it for a key is not to be told to close it.
    if let Err(failure) = &parsed
        && failure.problem == ContentProblem::Pem.into()
    {
        return Err(failure.clone().into());
    }
    contents.check_permissions()?;
    Ok(parsed?)
}

fn variable(
    name: &str,
    value: Option<OsString>,
    format: Option<Format>,
) -> Result<PskFile, Failure> {
    let origin = Origin::value(&format!("the environment variable {name}"));
    let value = value.ok_or_else(|| unavailable(&origin, "it is not set"))?;
    let value = Zeroizing::new(value.into_vec());
    if value.is_empty() {
        return Err(unavailable(&origin, "it is empty"));
    }
    Ok(psk_file::parse(&origin, &value, format)?)
}

fn descriptor(number: u32, format: Option<Format>) -> Result<PskFile, Failure> {
    let origin = Origin::stream(&format!("file descriptor {number}"));
    let failed = |error: io::Error| unavailable(&origin, &error.to_string());
    // By its name in /dev/fd: taking it over by number would need unsafe code.
    let file = File::open(format!("/dev/fd/{number}")).map_err(failed)?;
    let bytes = read_all(file, &origin, failed)?;
    Ok(psk_file::parse(&origin, &bytes, format)?)
}

fn prompt(identity: &[u8]) -> Result<PskFile, Failure> {
    let origin = Origin::value("the terminal");
    let identity = psk_format::spell(identity);
    let key = passphrase::ask(&format!(
        "Key of {identity} (hexadecimal, base64:… or text:…): "
    ))
    .map_err(|error| unavailable(&origin, &error.to_string()))?;
    Ok(typed(origin, &key)?)
}

/// The key of an identity that was named without saying where its key is.
fn prompt_or_explain(identity: &[u8], terminal: bool) -> Result<PskFile, Failure> {
    if terminal {
        return prompt(identity);
    }
    let option = format!("--psk-identity {}", psk_format::spell(identity));
    Err(Origin::value(&option).has(PskProblem::NoSource).into())
}

fn typed(origin: Origin, key: &str) -> Result<PskFile, PskFailure> {
    let key = psk_line::read_key(key).map_err(|problem| origin.has(problem))?;
    PskFile::bare(origin, key)
}

fn unavailable(origin: &Origin, error: &str) -> Failure {
    let error = error.to_owned();
    origin.has(PskProblem::Unavailable { error }).into()
}

/// The bytes of a source, not yet understood.
pub(crate) struct Contents {
    pub(crate) origin: Origin,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    /// The permissions of a regular file. Pipes, terminals and standard input have none that mean anything.
    pub(crate) mode: Option<u32>,
}

impl Contents {
    /// Reads a file, whatever its permissions; `-` is standard input.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        if is_stdin(path) {
            return Self::read_stdin();
        }
        let unreadable = |error| Failure::Unreadable {
            path: path.to_owned(),
            holds: "pre-shared keys",
            error,
        };
        let file = File::open(path).map_err(unreadable)?;
        // Of the file that was opened, not of another that may have taken its name since.
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.is_dir() {
            return Err(unreadable(io::ErrorKind::IsADirectory.into()));
        }
        let origin = Origin::file(path);
        let mode = metadata.permissions().mode() & 0o7777;
        Ok(Self {
            bytes: read_all(file, &origin, unreadable)?,
            mode: metadata.is_file().then_some(mode),
            origin,
        })
    }

    fn read_stdin() -> Result<Self, Failure> {
        let origin = Origin::stream("standard input");
        let failed = |error| Failure::StandardStream {
            which: "standard input",
            error,
        };
        Ok(Self {
            bytes: read_all(io::stdin().lock(), &origin, failed)?,
            mode: None,
            origin,
        })
    }

    /// Refuses a file that others can read or change.
    pub(crate) fn check_permissions(&self) -> Result<(), PskFailure> {
        match self.mode {
            Some(mode) if mode & FORBIDDEN_MODE != 0 => {
                Err(self.origin.has(PskProblem::Permissions { mode }))
            }
            _ => Ok(()),
        }
    }
}

/// Reads to the end.
pub(crate) fn read_all(
    input: impl Read,
    origin: &Origin,
    failed: impl FnOnce(io::Error) -> Failure,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes = files::read_whole(input, MAX_LEN).map_err(failed)?;
    match u64::try_from(bytes.len()) {
        Ok(..=MAX_LEN) => Ok(bytes),
        _ => Err(origin.has(ContentProblem::TooLarge).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_of_any_length_is_read_whole_up_to_the_limit() {
        let origin = Origin::stream("a test");
        let read = |input: &[u8]| read_all(input, &origin, |_| Failure::Interrupted);
        for len in [0, 1, 4095, 4096, 4097, 100_000] {
            let input: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
            assert_eq!(read(&input).unwrap()[..], input, "{len}");
        }
        let endless = read_all(io::repeat(b'a'), &origin, |_| Failure::Interrupted);
        assert!(matches!(
            endless,
            Err(Failure::Psk(failure)) if failure == origin.has(ContentProblem::TooLarge)
        ));
    }

    #[test]
    fn only_the_owner_may_write_and_only_a_group_may_read() {
        let contents = |mode| Contents {
            origin: Origin::stream("a test"),
            bytes: Zeroizing::new(Vec::new()),
            mode,
        };
        for mode in [0o400, 0o600, 0o640, 0o440, 0o700] {
            assert_eq!(contents(Some(mode)).check_permissions(), Ok(()));
        }
        assert_eq!(contents(None).check_permissions(), Ok(()));
        for mode in [0o604, 0o602, 0o601, 0o620, 0o660, 0o644, 0o666, 0o777] {
            let refused = contents(Some(mode)).check_permissions().unwrap_err();
            assert_eq!(refused.problem, PskProblem::Permissions { mode });
        }
    }

    const KEY: &str = "8b1f0e6a3c5d7294b0c1d2e3f4a59687";

    fn arguments(line: &str) -> PskArguments {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            psk: PskArguments,
        }
        let words = line.replace("KEY", KEY);
        let line: Line = clap::Parser::try_parse_from(words.split(' ')).unwrap();
        line.psk
    }

    fn what(result: Result<Vec<Entry>, Failure>) -> String {
        result.unwrap_err().text().what
    }

    #[test]
    fn all_sources_together_give_one_list() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.psk");
        std::fs::write(&path, format!("bob:{KEY}\ncarol:{KEY}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let path = path.display();
        let entries = load(&arguments(&format!("x --psk alice:KEY --psk-file {path}"))).unwrap();
        assert_eq!(entries.len(), 3);
        let chosen = format!("x --psk alice:KEY --psk-file {path} --psk-identity carol");
        assert_eq!(load(&arguments(&chosen)).unwrap()[0].identity, b"carol");
        let twice = format!("x --psk bob:KEY --psk-file {path}");
        assert_eq!(
            what(load(&arguments(&twice))),
            format!("--psk: the identity \"bob\" has a key already: {path}, line 1")
        );
    }

    #[test]
    fn a_key_alone_takes_its_name_from_psk_identity() {
        let entries = load(&arguments("x --psk KEY --psk-identity hex:00ff")).unwrap();
        assert_eq!(entries[0].identity, [0, 255]);
        let nameless = what(load(&arguments("x --psk KEY")));
        assert_eq!(nameless, "--psk: a key without an identity");
        let weak = arguments("x --psk text:short --psk-identity a");
        assert_eq!(what(load(&weak)), "--psk: the key has 40 bits");
        let allowed = arguments("x --psk text:short --psk-identity a --allow-weak-psk");
        assert_eq!(load(&allowed).unwrap().len(), 1);
    }

    #[test]
    fn descriptors_and_variables_are_read_like_files() {
        use std::io::Write as _;
        use std::os::fd::AsRawFd as _;
        let mut file = tempfile::tempfile().unwrap();
        write!(file, "# two\nalice:{KEY}\nbob:{KEY}\n").unwrap();
        let line = format!("x --psk-fd {}", file.as_raw_fd());
        let entries = load(&arguments(&line)).unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[1].origin.line, Some(3));
        let missing = what(load(&arguments("x --psk-fd 987")));
        assert!(missing.starts_with("no pre-shared key from file descriptor 987"));

        let value = |text: &str| variable("PSK", Some(text.into()), None);
        assert!(value(&format!("alice:{KEY}")).is_ok());
        assert!(value(&format!("alice:{KEY}\nbob:{KEY}\n")).is_ok());
        for (value, expected) in [
            (
                value("a:b:c"),
                "the environment variable PSK: more than one ':'",
            ),
            (
                value(""),
                "no pre-shared key from the environment variable PSK: it is empty",
            ),
            (
                variable("PSK", None, None),
                "no pre-shared key from the environment variable PSK: it is not set",
            ),
        ] {
            assert_eq!(value.unwrap_err().text().what, expected);
        }
    }

    #[test]
    fn what_is_typed_is_a_key_in_a_known_form() {
        let typed = |text: &str| typed(Origin::value("the terminal"), text);
        for text in [KEY, "text:correct horse: battery", "base64:AAECAw=="] {
            assert!(typed(text).is_ok(), "{text}");
        }
        for (text, what) in [
            ("correct horse battery", "the terminal: the key is neither"),
            ("", "the terminal: the key is empty"),
            ("00000000", "the terminal: the key is all zeros"),
        ] {
            let failure = typed(text).unwrap_err();
            assert!(failure.text().what.starts_with(what), "{failure:?}");
        }
    }

    #[test]
    fn an_identity_alone_needs_somebody_who_types_its_key() {
        let named = arguments("x --psk-identity hex:00ff");
        assert!(named.is_given() && !named.has_source());
        let failure = prompt_or_explain(&[0, 255], false).unwrap_err();
        let text = failure.text();
        assert_eq!(text.what, "--psk-identity hex:00ff: no key given");
        assert_eq!(text.next, "--psk-file FILE or --psk-prompt");
    }

    #[test]
    fn options_that_need_each_other_say_so_and_show_no_key() {
        use clap::CommandFactory as _;
        #[derive(Debug, clap::Parser)]
        struct Line {
            #[command(flatten)]
            psk: PskArguments,
        }
        Line::command().debug_assert();
        let parse = |line: &str| <Line as clap::Parser>::try_parse_from(line.split(' '));
        for line in ["x --psk-prompt", "x --allow-weak-psk"] {
            assert!(parse(line).is_err(), "{line}");
        }
        let line = parse("x --psk alice:swordfish").unwrap();
        assert!(!format!("{line:?}").contains("swordfish"));
        assert!(line.psk.is_given() && !PskArguments::default().is_given());
    }
}
