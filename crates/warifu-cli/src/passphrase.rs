//! Where a passphrase comes from.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::path::Path;

use rustix::termios::{self, LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use signal_hook::consts::SIGINT;
use zeroize::Zeroizing;

use crate::exit::Failure;
use crate::values::PassphraseSource;

/// A passphrase longer than this is a mistake (a whole file given, say).
const MAX_PASSPHRASE_LEN: usize = 1024;

/// Room for the longest key that can be made, in hexadecimal, and for every passphrase.
const MAX_TYPED_LEN: usize = 4096;

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

/// What is typed at the terminal, without echo. Ctrl-C ends the program, and the terminal is as it was.
pub(crate) fn ask(prompt: &str) -> io::Result<Zeroizing<String>> {
    let mut terminal = Silence::begin()?;
    // Shown when nothing is echoed any more: a key may be pasted at once.
    terminal.file.write_all(prompt.as_bytes())?;
    let line = typed(&mut terminal.file);
    terminal.file.write_all(b"\n")?;
    drop(terminal);
    match line? {
        Some(line) => Ok(line),
        None => {
            signal_hook::low_level::emulate_default_handler(SIGINT)?;
            Err(io::ErrorKind::Interrupted.into())
        }
    }
}

/// A line, edited as it is typed; `None` if Ctrl-C was.
fn typed(input: &mut impl Read) -> io::Result<Option<Zeroizing<String>>> {
    const CTRL_C: u8 = 0x03;
    const CTRL_D: u8 = 0x04;
    const BACKSPACE: u8 = 0x08;
    const CTRL_U: u8 = 0x15;
    const DELETE: u8 = 0x7f;
    // Never moved: what grows would leave copies.
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_TYPED_LEN));
    let mut byte = Zeroizing::new([0]);
    while input.read(&mut *byte)? != 0 {
        match *byte {
            [CTRL_C] => return Ok(None),
            [b'\r' | b'\n' | CTRL_D] => break,
            [CTRL_U] => line.clear(),
            [BACKSPACE | DELETE] => while matches!(line.pop(), Some(0x80..=0xbf)) {},
            [byte] if line.len() < MAX_TYPED_LEN => line.push(byte),
            _ => return Err(io::Error::other("the line is too long")),
        }
    }
    match std::str::from_utf8(&line) {
        Ok(text) => Ok(Some(Zeroizing::new(text.to_owned()))),
        Err(_) => Err(io::Error::other("not UTF-8 text")),
    }
}

/// The terminal without echo and signals, until this is dropped.
struct Silence {
    file: File,
    before: Termios,
}

impl Silence {
    fn begin() -> io::Result<Self> {
        let file = File::options().read(true).write(true).open("/dev/tty")?;
        let before = termios::tcgetattr(&file)?;
        let mut silent = before.clone();
        let modes = LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        silent.local_modes.remove(modes);
        silent.special_codes[SpecialCodeIndex::VMIN] = 1;
        silent.special_codes[SpecialCodeIndex::VTIME] = 0;
        termios::tcsetattr(&file, OptionalActions::Now, &silent)?;
        Ok(Self { file, before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let _ = termios::tcsetattr(&self.file, OptionalActions::Now, &self.before);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_edited_as_it_is_typed() {
        let line = |input: &[u8]| typed(&mut &*input).map(|line| line.map(|line| line.to_string()));
        for (input, expected) in [
            (&b"key\nrest"[..], Some("key")),
            (b"key\r", Some("key")),
            (b"key", Some("key")),
            (b"key\x04", Some("key")),
            (b"\n", Some("")),
            (b"kez\x7fy\n", Some("key")),
            ("kå\u{7f}\u{8}\u{7f}\u{7f}key\n".as_bytes(), Some("key")),
            (b"other\x15key\n", Some("key")),
            (b"ke\x03", None),
        ] {
            assert_eq!(line(input).unwrap().as_deref(), expected, "{input:?}");
        }
        assert!(line(b"\xff\n").is_err());
        assert!(line(&[b'a'; 4097]).is_err());
        assert!(line(&[b'a'; 4096]).is_ok());
    }
}
