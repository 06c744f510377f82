//! A server's pre-shared keys, read again when their file changes or on SIGHUP. Connections go on.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use serde_json::json;
use signal_hook::consts::SIGHUP;
use signal_hook::iterator::Signals;
use warifu::decision::Answer;
use warifu::psk::{PskRequest, PskTable};
use warifu::{Error, Psk, PskStore};

use crate::args_psk::PskArguments;
use crate::exit::Failure;
use crate::psk_file::{self, PskFile};
use crate::psk_keys;
use crate::psk_source;
use crate::report::Report;

/// How often the file is looked at.
const INTERVAL: Duration = Duration::from_secs(1);

/// The keys in force.
#[derive(Debug, Clone)]
pub(crate) struct Keys(Arc<RwLock<PskTable>>);

impl Keys {
    /// # Errors
    /// An identity twice.
    pub(crate) fn new(psks: Vec<Psk>) -> Result<Self, Failure> {
        Ok(Self(Arc::new(RwLock::new(table(psks)?))))
    }

    fn replace(&self, table: PskTable) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = table;
    }

    pub(crate) fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl PskStore for Keys {
    fn find<'a>(&'a self, request: PskRequest<'a>) -> Answer<'a, Result<Option<Psk>, Error>> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Answer::Ready(Ok(table.get(request.identity).cloned()))
    }
}

fn table(psks: Vec<Psk>) -> Result<PskTable, Failure> {
    PskTable::new(psks).map_err(|error| Failure::Config(error.to_string()))
}

/// What tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    inode: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    /// The same, of the last change to permissions, owner or content: it cannot be set back.
    changed: (i64, i64),
    mode: u32,
    size: u64,
}

/// `None` while the file is gone.
fn state_of(path: &PathBuf) -> Option<State> {
    let metadata = fs::metadata(path).ok()?;
    Some(State {
        inode: metadata.ino(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
        mode: metadata.mode(),
        size: metadata.size(),
    })
}

/// A server's keys, from sources that can be read once and from files that are read again.
pub(crate) struct Source {
    arguments: PskArguments,
    /// What came from elsewhere than files.
    once: Vec<PskFile>,
}

impl Source {
    pub(crate) fn new(arguments: &PskArguments) -> Result<Self, Failure> {
        Ok(Self {
            arguments: arguments.clone(),
            once: psk_source::read_once(arguments)?,
        })
    }

    /// All keys, as they are now.
    pub(crate) fn read(&self) -> Result<Vec<Psk>, Failure> {
        let mut files = psk_source::read_files(&self.arguments)?;
        files.extend(self.once.iter().cloned());
        let entries = psk_file::join(files, self.arguments.wanted())?;
        psk_keys::as_wanted(entries, &self.arguments)
    }
}

/// Reads the keys of `--psk-file` again whenever a file changes, and on SIGHUP. A file that cannot be used leaves the
/// keys as they are.
pub(crate) fn watch(keys: Keys, source: Source, report: Report) -> Result<(), Failure> {
    if source.arguments.psk_file.is_empty() {
        return Ok(());
    }
    let mut signals = Signals::new([SIGHUP]).map_err(|error| Failure::StandardStream {
        which: "the signal handler",
        error,
    })?;
    thread::spawn(move || {
        let paths = &source.arguments.psk_file;
        let states = || paths.iter().map(state_of).collect::<Vec<_>>();
        let mut seen = states();
        loop {
            thread::sleep(INTERVAL);
            let asked = signals.pending().count() > 0;
            let now = states();
            // A file that is gone for a moment is being replaced.
            if !asked && (now == seen || now.contains(&None)) {
                continue;
            }
            seen = now;
            match source.read().and_then(table) {
                Ok(table) => {
                    keys.replace(table);
                    let count = keys.len();
                    let noun = if count == 1 { "key" } else { "keys" };
                    report.status(&format!("reloaded  {count} {noun}"));
                    report.event("reloaded", json!({ "keys": count }));
                }
                Err(failure) => {
                    report.warning(&format!(
                        "warning   the keys stay as they were: {}",
                        failure.text().what
                    ));
                }
            }
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_change_of_permissions_is_a_change() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.psk");
        assert_eq!(state_of(&path), None);
        fs::write(&path, "alice:00").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let before = state_of(&path);
        assert_eq!(state_of(&path), before);
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert_ne!(state_of(&path), before);
    }
}
