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

use crate::args::PskArguments;
use crate::exit::Failure;
use crate::psk_keys;
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
fn state_of(path: &PathBuf) -> Option<(u64, i64, i64, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((
        metadata.ino(),
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.size(),
    ))
}

/// Reads the keys of `--psk-file` again whenever the file changes, and on SIGHUP. A file that cannot be used leaves the
/// keys as they are.
pub(crate) fn watch(keys: Keys, arguments: PskArguments, report: Report) -> Result<(), Failure> {
    let Some(path) = arguments.psk_file.clone() else {
        return Ok(());
    };
    let mut signals = Signals::new([SIGHUP]).map_err(|error| Failure::StandardStream {
        which: "the signal handler",
        error,
    })?;
    thread::spawn(move || {
        let mut seen = state_of(&path);
        loop {
            thread::sleep(INTERVAL);
            let asked = signals.pending().count() > 0;
            let state = state_of(&path);
            // A file that is gone for a moment is being replaced.
            if !asked && (state == seen || state.is_none()) {
                continue;
            }
            seen = state;
            match psk_keys::keys(&arguments).and_then(table) {
                Ok(table) => {
                    keys.replace(table);
                    let count = keys.len();
                    report.status(&format!("reloaded  {}, {count} keys", path.display()));
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
