//! The sessions that a context keeps in memory, its callbacks for those kept elsewhere, and what it counts.

use core::ffi::{c_int, c_long};
use core::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use warifu::early_data::MemoryReplayStore;

use super::SslSession;
use super::ticket_keys::ContextKeys;
use crate::context::Context;
use crate::ssl::Ssl;

/// `SSL_SESS_CACHE_…`
pub(crate) const CLIENT: c_long = 1;
pub(crate) const SERVER: c_long = 2;
const NO_AUTO_CLEAR: c_long = 0x80;
pub(crate) const NO_INTERNAL_LOOKUP: c_long = 0x100;
pub(crate) const NO_INTERNAL_STORE: c_long = 0x200;

/// `SSL_SESSION_CACHE_MAX_SIZE_DEFAULT`
const DEFAULT_SIZE: c_long = 1024 * 20;

/// ClientHellos with early data under keys that are no tickets, which do not expire: for so many it is taken until the program ends.
const REPLAYS_WITH_KEYS: usize = 1 << 16;

/// After so many connections what has expired is dropped, unless `SSL_SESS_CACHE_NO_AUTO_CLEAR` is on.
const CLEAR_PERIOD: u64 = 255;

/// Is given each new session; keeps the reference if it returns anything but 0.
pub(crate) type NewSession = unsafe extern "C" fn(*mut Ssl, *mut SslSession) -> c_int;
/// Is told that a session is no longer kept.
pub(crate) type RemoveSession = unsafe extern "C" fn(*mut Context, *mut SslSession);
/// Looks a session up by its ID; sets the last argument to 0 if it gives its reference away.
pub(crate) type GetSession =
    unsafe extern "C" fn(*mut Ssl, *const u8, c_int, *mut c_int) -> *mut SslSession;
/// Whether a connection's session is not to be resumed.
pub(crate) type NotResumable = unsafe extern "C" fn(*mut Ssl, c_int) -> c_int;

/// The callbacks of a context.
#[derive(Clone, Copy, Default)]
pub(crate) struct Callbacks {
    pub(crate) new: Option<NewSession>,
    pub(crate) remove: Option<RemoveSession>,
    pub(crate) get: Option<GetSession>,
    pub(crate) not_resumable: Option<NotResumable>,
}

/// What a context counts, in the order of the commands of `SSL_CTX_ctrl`, which begin at 20 with the number of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    Connect = 21,
    ConnectGood = 22,
    ConnectRenegotiate = 23,
    Accept = 24,
    AcceptGood = 25,
    AcceptRenegotiate = 26,
    Hit = 27,
    CallbackHit = 28,
    Miss = 29,
    Timeout = 30,
    Full = 31,
}

const FIRST_COUNT: usize = Count::Connect as usize;

/// What all connections of a context share of sessions.
pub(crate) struct Shared {
    mode: AtomicI64,
    callbacks: Mutex<Callbacks>,
    cache: Mutex<Cache>,
    counts: [AtomicI64; 11],
    connections: AtomicU64,
    pub(crate) keys: ContextKeys,
    /// ClientHellos with early data that were taken.
    pub(super) replay: MemoryReplayStore,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self {
            mode: AtomicI64::new(SERVER),
            callbacks: Mutex::default(),
            cache: Mutex::new(Cache::new()),
            counts: Default::default(),
            connections: AtomicU64::new(0),
            keys: ContextKeys::default(),
            replay: MemoryReplayStore::default()
                .with_external_keys_until_restart(REPLAYS_WITH_KEYS),
        }
    }

    // Mode and callbacks.

    pub(crate) fn mode(&self) -> c_long {
        self.mode.load(Ordering::Relaxed)
    }

    /// Returns the mode that it replaces.
    pub(crate) fn set_mode(&self, mode: c_long) -> c_long {
        self.mode.swap(mode, Ordering::Relaxed)
    }

    pub(crate) fn has(&self, bit: c_long) -> bool {
        self.mode() & bit != 0
    }

    pub(crate) fn callbacks(&self) -> Callbacks {
        *self
            .callbacks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_callbacks(&self, change: impl FnOnce(&mut Callbacks)) {
        change(
            &mut self
                .callbacks
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    // Counters.

    pub(crate) fn count(&self, what: Count) {
        if let Some(count) = self.counts.get(what as usize - FIRST_COUNT) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn counted(&self, what: Count) -> c_long {
        let count = self.counts.get(what as usize - FIRST_COUNT);
        count.map_or(0, |count| count.load(Ordering::Relaxed))
    }

    // Sessions.

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Most sessions that are kept, 0 for any number; returns what it replaces.
    pub(crate) fn set_size(&self, size: c_long) -> c_long {
        core::mem::replace(&mut self.cache().size, size.max(0))
    }

    pub(crate) fn size(&self) -> c_long {
        self.cache().size
    }

    pub(crate) fn number(&self) -> c_long {
        c_long::try_from(self.cache().by_id.len()).unwrap_or(c_long::MAX)
    }

    /// Keeps a session, and drops the oldest if there is no room. Returns whether it was not kept before.
    pub(crate) fn add(&self, context: &Context, session: &Arc<SslSession>) -> bool {
        let id = session.values().id.clone();
        if id.is_empty() {
            return false;
        }
        // What is replaced goes here, as all do, when nothing is locked any more: its end may run code of the program's.
        let (added, _replaced, dropped) = self.cache().add(id, session);
        for session in dropped {
            self.count(Count::Full);
            self.dropped(context, &session);
        }
        added
    }

    /// The session with this ID.
    pub(crate) fn find(&self, id: &[u8]) -> Option<Arc<SslSession>> {
        self.cache()
            .by_id
            .get(id)
            .map(|(_, session)| session.clone())
    }

    /// Forgets a session, which is not resumed any more. Returns whether it was kept.
    pub(crate) fn remove(&self, context: &Context, session: &SslSession) -> bool {
        let id = session.values().id.clone();
        let kept = self.cache().remove(&id, session);
        session.dismiss();
        match &kept {
            Some(kept) => self.dropped(context, kept),
            None => self.dropped(context, session),
        }
        kept.is_some()
    }

    /// Forgets the sessions that have expired at `time`; all of them if that is 0.
    pub(crate) fn flush(&self, context: &Context, time: c_long) {
        let dropped = self
            .cache()
            .take(|session| time == 0 || session.has_expired(time));
        for session in dropped {
            session.dismiss();
            self.dropped(context, &session);
        }
    }

    /// Counts a connection, and from time to time drops what has expired.
    pub(crate) fn tick(&self, context: &Context) {
        let count = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        if count.is_multiple_of(CLEAR_PERIOD) && !self.has(NO_AUTO_CLEAR) {
            self.flush(context, super::now());
        }
    }

    fn dropped(&self, context: &Context, session: &SslSession) {
        if let Some(remove) = self.callbacks().remove {
            let context = core::ptr::from_ref(context).cast_mut();
            // SAFETY: the program's callback, with objects that live at least as long as the call; nothing is locked.
            unsafe { remove(context, session.handle()) };
        }
    }
}

/// Sessions by their IDs, and in the order in which they came.
struct Cache {
    size: c_long,
    by_id: HashMap<Vec<u8>, (u64, Arc<SslSession>)>,
    order: BTreeMap<u64, Vec<u8>>,
    next: u64,
}

impl Cache {
    fn new() -> Self {
        Self {
            size: DEFAULT_SIZE,
            by_id: HashMap::new(),
            order: BTreeMap::new(),
            next: 0,
        }
    }

    /// Whether it is new, what it takes the place of, and what has to go for it.
    fn add(
        &mut self,
        id: Vec<u8>,
        session: &Arc<SslSession>,
    ) -> (bool, Option<Arc<SslSession>>, Vec<Arc<SslSession>>) {
        if let Some((_, known)) = self.by_id.get(&id)
            && Arc::ptr_eq(known, session)
        {
            return (false, None, Vec::new());
        }
        let number = self.next;
        self.next += 1;
        self.order.insert(number, id.clone());
        let replaced = self.by_id.insert(id, (number, session.clone()));
        let replaced = replaced.map(|(number, session)| {
            self.order.remove(&number);
            session
        });
        let mut dropped = Vec::new();
        let size = usize::try_from(self.size).unwrap_or(0);
        while size > 0 && self.by_id.len() > size {
            let Some((_, oldest)) = self.order.pop_first() else {
                break;
            };
            dropped.extend(self.by_id.remove(&oldest).map(|(_, session)| session));
        }
        (true, replaced, dropped)
    }

    /// Takes this session out, be it another object of the same.
    fn remove(&mut self, id: &[u8], session: &SslSession) -> Option<Arc<SslSession>> {
        let (number, _) = self.by_id.get(id).filter(|(_, kept)| {
            core::ptr::eq(Arc::as_ptr(kept), session) || kept.secret() == session.secret()
        })?;
        self.order.remove(number);
        self.by_id.remove(id).map(|(_, session)| session)
    }

    fn take(&mut self, which: impl Fn(&SslSession) -> bool) -> Vec<Arc<SslSession>> {
        let mut taken = Vec::new();
        self.by_id.retain(|_, (number, session)| {
            if !which(session) {
                return true;
            }
            self.order.remove(number);
            taken.push(session.clone());
            false
        });
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(id: u8) -> Arc<SslSession> {
        let session = SslSession::empty();
        session.set_id(&[id; 32]).unwrap();
        session.set_secret(&[id; 32]).unwrap();
        session
    }

    fn context() -> Context {
        Context::new(const { &crate::method::Method::new(None, None) })
    }

    #[test]
    fn the_oldest_goes_when_there_is_no_room() {
        let (shared, context) = (Shared::new(), context());
        assert_eq!(shared.set_size(2), DEFAULT_SIZE);
        let sessions: Vec<_> = (1..=3).map(session).collect();
        for session in &sessions {
            assert!(shared.add(&context, session));
        }
        assert!(!shared.add(&context, &sessions[2]));
        assert_eq!(shared.number(), 2);
        assert_eq!(shared.counted(Count::Full), 1);
        assert!(shared.find(&[1; 32]).is_none());
        assert!(shared.find(&[3; 32]).is_some());
        assert!(!shared.add(&context, &SslSession::empty()));
        // Any number.
        shared.set_size(0);
        assert!(shared.add(&context, &sessions[0]));
        assert_eq!(shared.number(), 3);
    }

    #[test]
    fn what_is_removed_is_not_resumed() {
        let (shared, context) = (Shared::new(), context());
        let first = session(1);
        shared.add(&context, &first);
        // Another session with the same ID is another one.
        let other = session(1);
        other.set_secret(&[2; 32]).unwrap();
        assert!(!shared.remove(&context, &other));
        assert!(shared.remove(&context, &first.duplicate().unwrap()));
        assert!(!shared.remove(&context, &first));
        assert_eq!(shared.number(), 0);
    }

    #[test]
    fn what_has_expired_is_flushed() {
        let (shared, context) = (Shared::new(), context());
        for (id, time) in [(1, 100), (2, 200)] {
            let session = session(id);
            session.values().time = time;
            session.values().timeout = 50;
            shared.add(&context, &session);
        }
        shared.flush(&context, 200);
        assert_eq!(shared.number(), 1);
        assert!(shared.find(&[2; 32]).is_some());
        shared.flush(&context, 0);
        assert_eq!(shared.number(), 0);
        assert!(shared.cache().order.is_empty());
    }
}
