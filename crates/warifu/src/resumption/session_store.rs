//! Sessions that a server keeps itself, each to be taken once.

use core::fmt;
use core::time::Duration;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use rustls_pki_types::UnixTime;
use zeroize::Zeroizing;

use crate::decision::Answer;

/// Keeps the states of sessions while their clients are away. A state is secret: whoever reads it can resume the session.
///
/// A session is taken once, so that its ticket cannot be replayed. A failure of the store costs resumption, never the
/// handshake.
pub trait SessionStore: Send + Sync + fmt::Debug {
    /// Keeps `state` under `id` for `lifetime` from `now` on.
    ///
    /// # Errors
    /// The reason, for this side's log; no ticket is issued.
    fn put<'a>(
        &'a self,
        id: [u8; 32],
        state: Zeroizing<Vec<u8>>,
        now: UnixTime,
        lifetime: Duration,
    ) -> Answer<'a, Result<(), String>>;

    /// Takes the state out: of any number of calls with one `id`, wherever they are made, one gets it.
    ///
    /// # Errors
    /// The reason, for this side's log; the ticket is not used.
    fn take<'a>(
        &'a self,
        id: &'a [u8; 32],
        now: UnixTime,
    ) -> Answer<'a, Result<Option<Zeroizing<Vec<u8>>>, String>>;
}

impl<S: SessionStore + ?Sized> SessionStore for Arc<S> {
    fn put<'a>(
        &'a self,
        id: [u8; 32],
        state: Zeroizing<Vec<u8>>,
        now: UnixTime,
        lifetime: Duration,
    ) -> Answer<'a, Result<(), String>> {
        (**self).put(id, state, now, lifetime)
    }

    fn take<'a>(
        &'a self,
        id: &'a [u8; 32],
        now: UnixTime,
    ) -> Answer<'a, Result<Option<Zeroizing<Vec<u8>>>, String>> {
        (**self).take(id, now)
    }
}

/// Sessions in memory, at most so many: the oldest goes first.
#[derive(Debug)]
pub struct MemorySessionStore {
    capacity: usize,
    sessions: Mutex<Sessions>,
}

#[derive(Default)]
struct Sessions {
    by_id: HashMap<[u8; 32], (u64, Zeroizing<Vec<u8>>)>,
    /// In the order in which they came. What was taken stays here until it is its turn.
    order: VecDeque<[u8; 32]>,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sessions", self.by_id.len())
    }
}

impl MemorySessionStore {
    /// Room for `capacity` sessions, each of some 200 bytes and the client's certificates.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            sessions: Mutex::default(),
        }
    }
}

impl SessionStore for MemorySessionStore {
    fn put<'a>(
        &'a self,
        id: [u8; 32],
        state: Zeroizing<Vec<u8>>,
        now: UnixTime,
        lifetime: Duration,
    ) -> Answer<'a, Result<(), String>> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let until = now.as_secs().saturating_add(lifetime.as_secs());
        sessions.by_id.insert(id, (until, state));
        sessions.order.push_back(id);
        while sessions.order.len() > self.capacity {
            if let Some(oldest) = sessions.order.pop_front() {
                sessions.by_id.remove(&oldest);
            }
        }
        Answer::Ready(Ok(()))
    }

    fn take<'a>(
        &'a self,
        id: &'a [u8; 32],
        now: UnixTime,
    ) -> Answer<'a, Result<Option<Zeroizing<Vec<u8>>>, String>> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let state = match sessions.by_id.remove(id) {
            Some((until, state)) if now.as_secs() < until => Some(state),
            _ => None,
        };
        Answer::Ready(Ok(state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(store: &MemorySessionStore, id: u8, now: u64) -> Option<Vec<u8>> {
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
        match store.take(&[id; 32], now) {
            Answer::Ready(state) => state.unwrap().map(|state| state.to_vec()),
            Answer::Later(_) => panic!("the sessions are in memory"),
        }
    }

    #[test]
    fn a_session_is_taken_once_in_time_and_the_oldest_goes_first() {
        let store = MemorySessionStore::new(2);
        let put = |id: u8| {
            let state = Zeroizing::new(vec![id]);
            let now = UnixTime::since_unix_epoch(Duration::from_secs(100));
            let _ = store.put([id; 32], state, now, Duration::from_secs(10));
        };
        put(1);
        assert_eq!(take(&store, 1, 109), Some(vec![1]));
        assert_eq!(take(&store, 1, 109), None);
        put(2);
        assert_eq!(take(&store, 2, 110), None);
        (3..=5).for_each(put);
        assert_eq!(take(&store, 3, 100), None);
        assert_eq!(take(&store, 4, 100), Some(vec![4]));
        assert_eq!(take(&store, 5, 100), Some(vec![5]));
    }
}
