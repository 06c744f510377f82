//! A server's pre-shared keys, read again when their file changes or on SIGHUP. Connections go on.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use serde_json::json;
use signal_hook::consts::SIGHUP;
use signal_hook::iterator::Signals;
use warifu::decision::Answer;
use warifu::psk::{PskRequest, PskRole, PskTable};
use warifu::{Error, Psk, PskStore};

use crate::args_psk::PskArguments;
use crate::exit::{Failure, Text, text};
use crate::exit_psk::ContentProblem;
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

fn states_of(paths: &[PathBuf]) -> Vec<Option<State>> {
    paths.iter().map(state_of).collect()
}

/// A server's keys, from sources that can be read once and from files that are read again.
pub(crate) struct Source {
    arguments: PskArguments,
    /// What came from elsewhere than files.
    once: Vec<PskFile>,
    /// The files that are read again, and how they looked before they were read first: what changes meanwhile is seen.
    paths: Vec<PathBuf>,
    seen: Vec<Option<State>>,
}

impl Source {
    pub(crate) fn new(arguments: &PskArguments) -> Result<Self, Failure> {
        let paths = arguments.psk_file.iter();
        let paths: Vec<_> = paths
            .filter(|path| !psk_source::is_stdin(path))
            .cloned()
            .collect();
        Ok(Self {
            arguments: arguments.clone(),
            seen: states_of(&paths),
            paths,
            once: psk_source::read_once(arguments)?,
        })
    }

    /// All keys, as they are now.
    pub(crate) fn read(&self) -> Result<Vec<Psk>, Failure> {
        let mut files = psk_source::read_files(&self.arguments)?;
        files.extend(self.once.iter().cloned());
        let entries = psk_file::join(files, self.arguments.wanted())?;
        psk_keys::as_wanted(entries, &self.arguments, PskRole::Server)
    }
}

/// What a look at the files calls for.
#[derive(Debug, PartialEq, Eq)]
enum Call {
    Nothing,
    /// To read all files again.
    Read,
    /// To say that these are gone, by their places in the list.
    Gone(Vec<usize>),
}

/// How the files looked when they were read last, and which have been gone since.
struct Watched {
    seen: Vec<Option<State>>,
    /// For each file, at how many looks in a row it has been gone.
    gone: Vec<u32>,
}

impl Watched {
    fn new(seen: Vec<Option<State>>) -> Self {
        Self {
            gone: vec![0; seen.len()],
            seen,
        }
    }

    /// `asked`: the files are to be read whatever they look like.
    fn look(&mut self, now: Vec<Option<State>>, asked: bool) -> Call {
        let mut told = Vec::new();
        let mut is_back = false;
        for (place, (looks, state)) in self.gone.iter_mut().zip(&now).enumerate() {
            match state {
                Some(_) => is_back |= std::mem::take(looks) > 1,
                None => {
                    *looks = looks.saturating_add(1);
                    // A file that is gone for a moment is being replaced.
                    if *looks == 2 {
                        told.push(place);
                    }
                }
            }
        }
        if asked {
            self.seen = now;
            return Call::Read;
        }
        if !told.is_empty() {
            return Call::Gone(told);
        }
        if now.contains(&None) || (now == self.seen && !is_back) {
            return Call::Nothing;
        }
        self.seen = now;
        Call::Read
    }
}

/// Reads the keys of `--psk-file` again whenever a file changes, and on SIGHUP. A file that cannot be used leaves the
/// keys as they are.
pub(crate) fn watch(keys: Keys, source: Source, report: Report) -> Result<(), Failure> {
    if source.paths.is_empty() {
        return Ok(());
    }
    let mut signals = Signals::new([SIGHUP]).map_err(|error| Failure::StandardStream {
        which: "the signal handler",
        error,
    })?;
    thread::spawn(move || {
        let paths = &source.paths;
        let mut watched = Watched::new(source.seen.clone());
        loop {
            thread::sleep(INTERVAL);
            let asked = signals.pending().count() > 0;
            match watched.look(states_of(paths), asked) {
                Call::Nothing => {}
                Call::Read => read_again(&keys, &source, &report),
                Call::Gone(places) => {
                    let alone = paths.len() == 1 && source.once.is_empty();
                    let count = alone.then(|| keys.len());
                    for path in places.iter().filter_map(|place| paths.get(*place)) {
                        report.trouble("warning", &gone_text(path, count, paths.len()));
                    }
                }
            }
        }
    });
    Ok(())
}

fn read_again(keys: &Keys, source: &Source, report: &Report) {
    match source.read().and_then(table) {
        Ok(table) => {
            keys.replace(table);
            let count = keys.len();
            let noun = if count == 1 { "key" } else { "keys" };
            report.status(&format!("reloaded  {count} {noun}"));
            report.event("reloaded", json!({ "keys": count }));
        }
        Err(failure) => report.trouble("warning", &unusable_text(&failure)),
    }
}

/// Why the keys stay as they were.
fn unusable_text(failure: &Failure) -> Text {
    let mut text = failure.text();
    text.what = format!("the keys stay as they were: {}", text.what);
    if let Failure::Psk(failure) = failure
        && failure.problem == ContentProblem::NoKeys.into()
    {
        "to revoke all keys, stop the server".clone_into(&mut text.next);
    }
    text
}

/// `count`: how many keys came from the file, if that is known.
fn gone_text(path: &Path, count: Option<usize>, files: usize) -> Text {
    let path = path.display();
    let keys = match count {
        Some(1) => "its key stays".to_owned(),
        Some(count) => format!("its {count} keys stay"),
        None => "its keys stay".to_owned(),
    };
    text(
        format!("{path} is gone; {keys} in force until it is back or the server ends"),
        "the file was removed or renamed, or its directory is not mounted",
        match files {
            1 => "put the file back; to revoke all keys, stop the server",
            _ => "put the file back: until then no other --psk-file is read again by itself",
        },
    )
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

    fn state(size: u64) -> Option<State> {
        Some(State {
            inode: 1,
            modified: (0, 0),
            changed: (0, 0),
            mode: 0o600,
            size,
        })
    }

    #[test]
    fn a_file_gone_for_a_moment_is_no_news_and_one_gone_for_longer_is_told_once() {
        let mut watched = Watched::new(vec![state(1), state(2)]);
        let mut look = |first, asked| watched.look(vec![first, state(2)], asked);
        assert_eq!(look(state(1), false), Call::Nothing);
        assert_eq!(look(None, false), Call::Nothing);
        assert_eq!(look(state(3), false), Call::Read);
        assert_eq!(look(None, false), Call::Nothing);
        assert_eq!(look(None, false), Call::Gone(vec![0]));
        assert_eq!(look(None, false), Call::Nothing);
        assert_eq!(look(None, true), Call::Read);
        // Back as it was, it is read all the same: the operator has been told that it was gone.
        assert_eq!(look(state(3), false), Call::Read);
        assert_eq!(look(state(3), false), Call::Nothing);
        assert_eq!(look(state(3), true), Call::Read);
    }

    #[test]
    fn warnings_say_which_keys_are_in_force_and_how_to_revoke_them() {
        let path = Path::new("keys.psk");
        assert_eq!(
            gone_text(path, Some(2), 1).what,
            "keys.psk is gone; its 2 keys stay in force until it is back or the server ends"
        );
        assert!(gone_text(path, Some(1), 1).what.contains("its key stays"));
        assert!(gone_text(path, None, 2).next.contains("no other"));
        let empty = crate::exit_psk::Origin::file(path).has(ContentProblem::NoKeys);
        let text = unusable_text(&empty.into());
        assert_eq!(
            text.what,
            "the keys stay as they were: keys.psk holds no key"
        );
        assert_eq!(text.next, "to revoke all keys, stop the server");
    }
}
