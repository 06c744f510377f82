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
use crate::report::Report;

/// What such a file begins with; the server's name follows up to the end of the line.
const MAGIC: &str = "warifu session 1 ";
/// A ticket has at most 65,535 bytes, a chain a few thousand.
const MAX_LEN: u64 = 1 << 20;

/// The file.
#[derive(Debug)]
pub(crate) struct SessionFile {
    path: PathBuf,
    report: Report,
    /// A failure to write is told once.
    complained: Mutex<bool>,
}

impl SessionFile {
    /// # Errors
    /// The file is there and not a session's, or others may read it.
    pub(crate) fn new(path: &Path, report: &Report) -> Result<Self, Failure> {
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
            report: report.clone(),
            complained: Mutex::new(false),
        })
    }

    fn take_it(&self, key: &SessionKey) -> Option<Session> {
        let bytes = read(&self.path).ok()?;
        let rest = bytes.strip_prefix(MAGIC.as_bytes())?;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let (name, session) = rest.split_at_checked(end)?;
        if name != key.server_name.as_bytes() {
            self.report.status(&format!(
                "session   {} is for another server and is left alone until this one sends a ticket",
                self.path.display()
            ));
            return None;
        }
        let session = Session::from_bytes(session.get(1..)?).ok();
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
        let mut bytes = Zeroizing::new(format!("{MAGIC}{}\n", key.server_name).into_bytes());
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
