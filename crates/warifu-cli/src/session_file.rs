//! `--resume FILE`: one session of a client, kept between two runs of the program.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use warifu::decision::Answer;
use warifu::resumption::{ClientSessionStore, Session, SessionKey};
use zeroize::Zeroizing;

use crate::exit::Failure;
use crate::files::{self, Overwrite};
use crate::hex;
use crate::report::Report;
use crate::values::HostPort;

/// What such a file begins with. What the session is for follows up to the end of the line: the server's name, its
/// address, and the configuration's context in hexadecimal, with one blank between.
const MAGIC: &str = "warifu session 1 ";
/// A ticket has at most 65,535 bytes, a chain a few thousand.
const MAX_LEN: u64 = 1 << 20;

/// The file.
#[derive(Debug)]
pub(crate) struct SessionFile {
    path: PathBuf,
    /// The server, as the operator named it.
    address: String,
    report: Report,
    /// A failure to write is told once.
    complained: Mutex<bool>,
}

impl SessionFile {
    /// # Errors
    /// The file is there and not a session's, or others may read it.
    pub(crate) fn new(path: &Path, address: &HostPort, report: &Report) -> Result<Self, Failure> {
        if path.symlink_metadata().is_ok() {
            if is_something_else(path) {
                return Err(Failure::NoSession {
                    path: path.to_owned(),
                });
            }
            read(path)?;
        }
        Ok(Self {
            path: path.to_owned(),
            address: address.to_string(),
            report: report.clone(),
            complained: Mutex::new(false),
        })
    }

    fn take_it(&self, key: &SessionKey) -> Option<Session> {
        let bytes = read(&self.path).ok()?;
        let rest = bytes.strip_prefix(MAGIC.as_bytes())?;
        let mut parts = rest.splitn(2, |byte| *byte == b'\n');
        let session = match (parts.next(), parts.next()) {
            (Some(line), Some(session)) => {
                if let Some(reason) = misfit(line, &self.first_line(key)) {
                    self.report
                        .status(&format!("session   {} {reason}", self.path.display()));
                    return None;
                }
                Session::from_bytes(session).ok()
            }
            _ => None,
        };
        if session.is_none() {
            self.report.status(&format!(
                "session   {} is damaged, or of another version of this program, and was removed",
                self.path.display()
            ));
        }
        // Used once: whoever sees a ticket twice knows that it is the same client.
        let _ = fs::remove_file(&self.path);
        session
    }

    /// What a session is for.
    fn first_line(&self, key: &SessionKey) -> String {
        let context = hex::encode(&key.context, "");
        format!("{} {} {context}", key.server_name, self.address)
    }
}

/// Why a session in a file with this first line is not to be used, if it is not.
fn misfit(found: &[u8], wanted: &str) -> Option<&'static str> {
    if found == wanted.as_bytes() {
        return None;
    }
    // All but the context.
    let (server, _) = wanted.rsplit_once(' ')?;
    let found = String::from_utf8_lossy(found);
    let same_server = found
        .rsplit_once(' ')
        .is_some_and(|(found, _)| found == server);
    Some(if same_server {
        "was made with other options (keys, trust, mode) and is left alone until this server sends a ticket"
    } else {
        "is for another server and is left alone until this one sends a ticket"
    })
}

/// Whether a file that was named by mistake would be overwritten. One that cannot be read is for [`read`] to judge.
fn is_something_else(path: &Path) -> bool {
    let mut start = Vec::new();
    let limit = u64::try_from(MAGIC.len()).unwrap_or(u64::MAX);
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut start));
    read.is_ok() && start != MAGIC.as_bytes()
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    files::read_secret(path, "session of warifu", MAX_LEN)
}

impl ClientSessionStore for SessionFile {
    fn put(&self, key: &SessionKey, session: Session) {
        let mut bytes = Zeroizing::new(format!("{MAGIC}{}\n", self.first_line(key)).into_bytes());
        let session = session.to_bytes();
        bytes.reserve_exact(session.len());
        bytes.extend_from_slice(&session);
        let written = files::write_new(&self.path, &bytes, 0o600, Overwrite::Force);
        let complained = self.complained.lock();
        if let (Err(failure), Ok(mut complained)) = (written, complained)
            && !std::mem::replace(&mut *complained, true)
        {
            self.report.warning(&format!(
                "warning   no session is kept: {}",
                failure.text().what
            ));
        }
    }

    fn take<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Session>> {
        Answer::Ready(self.take_it(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_for_one_server_and_one_set_of_options() {
        let wanted = "localhost 127.0.0.1:11111 00ff";
        assert_eq!(misfit(wanted.as_bytes(), wanted), None);
        for (found, words) in [
            (&b"localhost 127.0.0.1:11111 00fe"[..], "other options"),
            (b"localhost 127.0.0.1:11111 ", "other options"),
            (b"localhost 127.0.0.1:11112 00ff", "another server"),
            (b"example.org 127.0.0.1:11111 00ff", "another server"),
            (b"localhost", "another server"),
            (b"", "another server"),
            (b"\xff \xff \xff", "another server"),
        ] {
            assert!(misfit(found, wanted).unwrap().contains(words), "{found:?}");
        }
    }

    #[test]
    fn a_file_that_does_not_fit_is_left_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("session");
        let report = Report::new(&crate::args::OutputArguments::default(), false).without_status();
        let address: HostPort = "localhost:11111".parse().unwrap();
        let key = |context| SessionKey {
            server_name: "localhost".into(),
            context: [context; 32],
        };
        let file = SessionFile::new(&path, &address, &report).unwrap();
        let line = format!("{MAGIC}{}\n", file.first_line(&key(1)));
        files::write_new(&path, line.as_bytes(), 0o600, Overwrite::Force).unwrap();
        assert!(file.take_it(&key(2)).is_none());
        assert!(path.exists());
        // It fits, and holds nothing that can be used.
        assert!(file.take_it(&key(1)).is_none());
        assert!(!path.exists());
    }
}
