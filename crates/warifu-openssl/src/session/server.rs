//! How a server keeps, finds and issues sessions: decisions of the protocol that callbacks of the program take part in.

use core::cell::RefCell;
use core::ffi::c_int;
use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use rustls_pki_types::UnixTime;
use warifu::decision::Answer;
use warifu::early_data::ReplayStore;
use warifu::resumption::{
    Session, SessionStore, TICKET_KEY_NAME_LEN, TicketKey, TicketKeys, WatchSessions,
};
use zeroize::Zeroizing;

use super::cache::{Count, NO_INTERNAL_LOOKUP, NO_INTERNAL_STORE, SERVER, Shared};
use super::{SslSession, now};
use crate::handle;
use crate::news;
use crate::options::Options;
use crate::question::ask;
use crate::ssl::Ssl;

macro_rules! opaque {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}
opaque!(Keys Store Guard);

/// The context's keys, unless a callback says that this session is not to be resumed.
pub(super) struct Keys(pub(super) Arc<Shared>);

impl TicketKeys for Keys {
    fn sealing_key(&self, now: UnixTime) -> Answer<'_, Result<Option<Arc<TicketKey>>, String>> {
        if self.0.callbacks().not_resumable.is_none() {
            return Answer::Ready(self.0.keys.sealing(now));
        }
        let shared = self.0.clone();
        ask(move |ssl| {
            Ok(match ssl.may_be_resumed(&shared) {
                true => shared.keys.sealing(now),
                false => Ok(None),
            })
        })
    }

    fn opening_key<'a>(
        &'a self,
        name: &'a [u8; TICKET_KEY_NAME_LEN],
        now: UnixTime,
    ) -> Answer<'a, Result<Option<Arc<TicketKey>>, String>> {
        Answer::Ready(self.0.keys.opening(name, now))
    }
}

/// The context's cache and its callbacks.
pub(super) struct Store(pub(super) Arc<Shared>);

impl SessionStore for Store {
    fn put<'a>(
        &'a self,
        id: [u8; 32],
        state: Zeroizing<Vec<u8>>,
        _: UnixTime,
        _: Duration,
    ) -> Answer<'a, Result<(), String>> {
        let shared = self.0.clone();
        ask(move |ssl| Ok(ssl.keep_session(&shared, &id, &state)))
    }

    fn take<'a>(
        &'a self,
        id: &'a [u8; 32],
        _: UnixTime,
    ) -> Answer<'a, Result<Option<Zeroizing<Vec<u8>>>, String>> {
        let (shared, id) = (self.0.clone(), *id);
        ask(move |ssl| Ok(Ok(ssl.find_session(&shared, &id))))
    }
}

/// Decides whether early data is taken that could be.
pub(super) struct Guard(pub(super) Arc<Shared>);

impl ReplayStore for Guard {
    fn is_first<'a>(
        &'a self,
        client_hello: &'a [u8; 32],
        now: UnixTime,
        until: Option<UnixTime>,
    ) -> Answer<'a, Result<bool, String>> {
        let (shared, id) = (self.0.clone(), *client_hello);
        ask(move |ssl| Ok(ssl.allows_early_data(&shared, &id, now, until)))
    }
}

/// Notes the sessions that are sealed in tickets. Those in the store are known there.
#[derive(Debug)]
pub(super) struct Watcher;

thread_local! {
    /// Issued by the connection that runs in this thread, and not taken by it yet.
    static ISSUED: RefCell<Vec<Session>> = const { RefCell::new(Vec::new()) };
}

impl WatchSessions for Watcher {
    fn issued(&self, session: &Session) {
        // At the end of a thread there is no place for it.
        let _ = ISSUED.try_with(|issued| issued.borrow_mut().push(session.clone()));
        news::mark();
    }
}

/// Takes the sessions that were issued since the last call in this thread.
pub(super) fn issued() -> Vec<Session> {
    // At the end of a thread there are none.
    ISSUED.try_with(RefCell::take).unwrap_or_default()
}

impl Ssl {
    /// Whether the program has nothing against it.
    fn may_be_resumed(&self, shared: &Shared) -> bool {
        let Some(not_resumable) = shared.callbacks().not_resumable else {
            return true;
        };
        // Every version and suite here that gives tickets out has forward secrecy, but for key transport by RSA and PSK alone.
        let forward_secret =
            self.look(|connection| connection.facts().is_none_or(|facts| facts.group.is_some()));
        // SAFETY: the program's callback; nothing is borrowed.
        unsafe { not_resumable(self.handle(), (forward_secret != Some(false)).into()) == 0 }
    }

    /// Keeps a session where the program wants it.
    fn keep_session(&self, shared: &Shared, id: &[u8; 32], state: &[u8]) -> Result<(), String> {
        if self.sessions.resumes_kept(id) {
            // It was resumed, and is there still.
            return Ok(());
        }
        if !shared.has(SERVER) {
            return Err("the context keeps no sessions of servers".to_owned());
        }
        if !self.may_be_resumed(shared) {
            return Err("the program wants no session".to_owned());
        }
        let session = Session::of_stored(id, state).map_err(|error| error.to_string())?;
        let session = self.session_of(session);
        // In TLS 1.3 too it is looked up by it, as the client's ticket.
        session.values().id = id.to_vec();
        self.sessions.set_current(Some(session.clone()));
        let stores = !shared.has(NO_INTERNAL_STORE);
        if stores {
            shared.add(&self.context(), &session);
        }
        let told = self.tell_of_session(shared, session);
        match stores || told {
            true => Ok(()),
            false => Err("nobody keeps the session".to_owned()),
        }
    }

    /// Finds a session that is kept here or by the program.
    fn find_session(&self, shared: &Shared, id: &[u8; 32]) -> Option<Zeroizing<Vec<u8>>> {
        let context = self.context();
        let kept = match shared.has(NO_INTERNAL_LOOKUP) {
            true => None,
            false => shared.find(id),
        };
        if kept.is_none() {
            shared.count(Count::Miss);
        }
        let is_kept_here = kept.is_some();
        let session = kept.or_else(|| {
            let session = self.ask_for_session(shared, id)?;
            shared.count(Count::CallbackHit);
            if !shared.has(NO_INTERNAL_STORE) {
                shared.add(&context, &session);
            }
            Some(session)
        })?;
        let settings = self.settings();
        if session.values().id_context != settings.sessions.id_context {
            return None;
        }
        if session.has_expired(now()) {
            shared.count(Count::Timeout);
            shared.remove(&context, &session);
            return None;
        }
        let resumes = session.resumes().filter(|_| session.is_resumable())?;
        let state = resumes.to_stored();
        // What allows early data is taken once: that is what keeps it from being replayed.
        let once = session.values().max_early_data > 0
            && !settings.options.contains(Options::NO_ANTI_REPLAY);
        // Of connections side by side one gets it. What the program keeps is guarded by the ClientHello alone.
        if once && !shared.remove(&context, &session) && is_kept_here {
            return None;
        }
        self.sessions.set_found(Some(session));
        Some(state)
    }

    /// What the program has under this ID.
    fn ask_for_session(&self, shared: &Shared, id: &[u8; 32]) -> Option<Arc<SslSession>> {
        let get = shared.callbacks().get?;
        let mut copies: c_int = 1;
        let len = c_int::try_from(id.len()).unwrap_or(0);
        // SAFETY: the program's callback; nothing is borrowed. What it returns is null or a session, of which it gives a reference
        // if it says so.
        unsafe {
            let session = get(self.handle(), id.as_ptr(), len, &raw mut copies);
            match copies {
                0 => handle::take(session),
                _ => handle::share(session).ok(),
            }
        }
    }

    /// Whether early data is taken: the program reads it, and allows it, and it came for the first time.
    fn allows_early_data(
        &self,
        shared: &Shared,
        client_hello: &[u8; 32],
        now: UnixTime,
        until: Option<UnixTime>,
    ) -> Result<bool, String> {
        if !self.reads_early_data() {
            return Err("the program does not read early data".to_owned());
        }
        let settings = self.settings();
        if let Some((allow, argument)) = settings.sessions.allow_early_data {
            // SAFETY: the program's callback, with its argument; nothing is borrowed.
            if unsafe { allow(self.handle(), argument.0) } == 0 {
                return Err("the program does not allow it".to_owned());
            }
        }
        if settings.options.contains(Options::NO_ANTI_REPLAY) {
            return Ok(true);
        }
        match shared.replay.is_first(client_hello, now, until) {
            Answer::Ready(first) => first,
            Answer::Later(_) => Err("a memory that is not there".to_owned()),
        }
    }
}
