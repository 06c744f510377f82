//! Where a passphrase comes from.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::path::Path;

use rustix::termios::{self, LocalModes, OptionalActions, Termios};
use zeroize::Zeroizing;

use crate::exit::Failure;
use crate::values::PassphraseSource;

/// A passphrase longer than this is a mistake (a whole file given, say).
const MAX_PASSPHRASE_LEN: usize = 1024;

/// The passphrase for the key in `path`. Without a source it is asked for at the terminal, if there is one.
pub(crate) fn passphrase_for(
    path: &Path,
    source: Option<&PassphraseSource>,
) -> Result<Zeroizing<String>, Failure> {
    match source {
        Some(source) => read(source, &format!("Passphrase of {}: ", path.display())),
        None if io::stdin().is_terminal() => read(
            &PassphraseSource::Prompt,
            &format!("Passphrase of {}: ", path.display()),
        ),
        None => Err(Failure::PassphraseMissing {
            path: path.to_owned(),
        }),
    }
}

/// A new passphrase, asked for twice when it is typed.
pub(crate) fn new_passphrase(source: &PassphraseSource) -> Result<Zeroizing<String>, Failure> {
    let first = read(source, "New passphrase: ")?;
    if *source == PassphraseSource::Prompt && first != read(source, "The same again: ")? {
        return Err(unavailable(source, "the two differ"));
    }
    Ok(first)
}

fn read(source: &PassphraseSource, prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let passphrase = match source {
        PassphraseSource::File(path) => {
            first_line(File::open(path).map_err(|error| unavailable(source, &error.to_string()))?)
        }
        // The descriptor is reopened by its name in /dev/fd: taking it over by number would need unsafe code.
        PassphraseSource::Fd(number) => first_line(
            File::open(format!("/dev/fd/{number}"))
                .map_err(|error| unavailable(source, &error.to_string()))?,
        ),
        PassphraseSource::Env(name) => std::env::var(name)
            .map(Zeroizing::new)
            .map_err(|error| io::Error::other(error.to_string())),
        PassphraseSource::Prompt => ask(prompt),
    }
    .map_err(|error| unavailable(source, &error.to_string()))?;
    if passphrase.is_empty() {
        return Err(unavailable(source, "it is empty"));
    }
    if passphrase.len() > MAX_PASSPHRASE_LEN {
        return Err(unavailable(source, "it is longer than 1024 bytes"));
    }
    Ok(passphrase)
}

/// What is typed at the terminal, without echo.
pub(crate) fn ask(prompt: &str) -> io::Result<Zeroizing<String>> {
    // rpassword shows the prompt first and switches the echo off then: what is pasted at once would be seen.
    let _silence = Silence::begin()?;
    rpassword::prompt_password(prompt).map(Zeroizing::new)
}

/// The terminal without echo, until this is dropped.
struct Silence {
    terminal: File,
    before: Termios,
}

impl Silence {
    fn begin() -> io::Result<Self> {
        let terminal = File::options().read(true).write(true).open("/dev/tty")?;
        let before = termios::tcgetattr(&terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        termios::tcsetattr(&terminal, OptionalActions::Now, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let _ = termios::tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

fn first_line(file: File) -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::with_capacity(MAX_PASSPHRASE_LEN + 2));
    let limit = u64::try_from(MAX_PASSPHRASE_LEN + 2).unwrap_or(u64::MAX);
    BufReader::new(io::Read::take(file, limit)).read_line(&mut line)?;
    let len = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(len);
    Ok(line)
}

fn unavailable(source: &PassphraseSource, error: &str) -> Failure {
    let source = match source {
        PassphraseSource::File(path) => format!("the file {}", path.display()),
        PassphraseSource::Env(name) => format!("the environment variable {name}"),
        PassphraseSource::Fd(number) => format!("file descriptor {number}"),
        PassphraseSource::Prompt => "the terminal".to_owned(),
    };
    Failure::PassphraseUnavailable {
        source,
        error: error.to_owned(),
    }
}
