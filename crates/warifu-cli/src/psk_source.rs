//! Where pre-shared keys come from: files and standard input.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use crate::exit::Failure;
use crate::exit_psk::{ContentProblem, Origin, PskFailure, PskProblem};
use crate::psk_file::{self, Entry, Reading};

/// Room for more than 100,000 keys; a file without end must not fill the memory.
const MAX_LEN: usize = 16 * 1024 * 1024;

/// What the group may not do (write) and what all others may not do (anything).
const FORBIDDEN_MODE: u32 = 0o027;

/// The keys of a file that its permissions protect; `-` is standard input.
pub(crate) fn load(path: &Path, reading: Reading<'_>) -> Result<Vec<Entry>, Failure> {
    let contents = Contents::read(path)?;
    contents.check_permissions()?;
    Ok(psk_file::load_from(
        &contents.origin,
        &contents.bytes,
        reading,
    )?)
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
        if path == Path::new("-") {
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
        let origin = Origin::other("standard input");
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

/// Reads to the end. A buffer that becomes too small is wiped before it is given back.
pub(crate) fn read_all(
    mut input: impl Read,
    origin: &Origin,
    failed: impl FnOnce(io::Error) -> Failure,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new(vec![0; 4096]);
    let mut len = 0;
    loop {
        if len == bytes.len() {
            if len >= MAX_LEN {
                return Err(origin.has(ContentProblem::TooLarge).into());
            }
            let mut larger = Zeroizing::new(vec![0; 2 * len]);
            if let Some(start) = larger.get_mut(..len) {
                start.copy_from_slice(&bytes);
            }
            bytes = larger;
        }
        match input.read(bytes.get_mut(len..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(count) => len += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    bytes.truncate(len);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_of_any_length_is_read_whole_up_to_the_limit() {
        let origin = Origin::other("a test");
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
            origin: Origin::other("a test"),
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
}
