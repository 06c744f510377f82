//! Early data (0-RTT): what a client sends before the server has said a word (RFC 8446 Section 2.3).
//!
//! **Early data can be replayed**: whoever recorded a ClientHello and its early data can send both again, to this server or to
//! another with the same ticket keys. A request that must not be carried out twice does not belong there. All names that
//! have to do with it say so, and it is off on both sides unless configured:
//! [`with_replayable_early_data`](crate::config::ConfigBuilder::with_replayable_early_data).
//!
//! A server takes early data only with a [`ReplayStore`] that lets each ClientHello pass once, and only if the age that the
//! client gives for its ticket is right to ten seconds (RFC 8446 Section 8). Without an answer of the store, early data is
//! refused and the handshake goes on. It is also refused after a HelloRetryRequest, with any but the first key offered, and
//! where suite, server name or application protocol are not those of the session.

use core::fmt;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustls_pki_types::UnixTime;

use crate::decision::Answer;

/// What became of a connection's early data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EarlyData {
    /// The client offered none.
    #[default]
    NotOffered,
    /// The client offered some; the server's answer is not known yet.
    Offered,
    /// The server takes it.
    Accepted,
    /// The server did not take it: whatever was written is lost, and to be written again if it still matters.
    Rejected,
}

impl fmt::Display for EarlyData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOffered => "not offered",
            Self::Offered => "offered",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        })
    }
}

/// How far the age that a client gives may be from ours (RFC 8446 Section 8.3: "a window of 10 seconds").
pub(crate) const AGE_WINDOW: Duration = Duration::from_secs(10);

/// How long a ClientHello that was taken could pass the check of its age: the window both ways, and a second for rounding.
const RECORDING_WINDOW: Duration = Duration::from_secs(2 * AGE_WINDOW.as_secs() + 1);

/// That a server takes early data, how much, and what keeps it from taking the same twice.
#[derive(Debug, Clone)]
pub struct ReplayableEarlyData {
    pub(crate) max_bytes: u32,
    pub(crate) store: Arc<dyn ReplayStore>,
}

impl ReplayableEarlyData {
    /// Takes up to `max_bytes` from each client, all of which may be in memory until the application reads it: some twice
    /// as much as a rule, six times for a client that sends it byte by byte.
    pub fn new(max_bytes: u32, store: impl ReplayStore + 'static) -> Self {
        Self {
            max_bytes,
            store: Arc::new(store),
        }
    }
}

/// Lets each ClientHello with early data pass once. A fleet that shares ticket keys must share this too.
pub trait ReplayStore: Send + Sync + fmt::Debug {
    /// Whether `client_hello`, a hash of 32 bytes, is seen for the first time; it is remembered until `until`, forever and
    /// across restarts if that is `None` (external keys, whose ClientHellos have no age). Of any number of calls with one hash, wherever they
    /// are made, one gets `true`.
    ///
    /// # Errors
    /// The reason, for this side's log: the store cannot tell, and early data is refused.
    fn is_first<'a>(
        &'a self,
        client_hello: &'a [u8; 32],
        now: UnixTime,
        until: Option<UnixTime>,
    ) -> Answer<'a, Result<bool, String>>;
}

impl<S: ReplayStore + ?Sized> ReplayStore for Arc<S> {
    fn is_first<'a>(
        &'a self,
        client_hello: &'a [u8; 32],
        now: UnixTime,
        until: Option<UnixTime>,
    ) -> Answer<'a, Result<bool, String>> {
        (**self).is_first(client_hello, now, until)
    }
}

/// Remembers ClientHellos in the memory of one process, at most so many. When it is full of those that still count it
/// cannot tell any more, and early data is refused until some have expired.
///
/// It is for tickets. Early data under an external key is refused with a reason, because a ClientHello under such a key
/// counts for good, which memory does not last; [`with_external_keys_until_restart`](Self::with_external_keys_until_restart)
/// takes it nevertheless.
///
/// A server that starts with ticket keys that were in use before, as those of a
/// [`TicketKeyRing`](crate::resumption::TicketKeyRing), does not know what came before:
/// [`with_keys_that_outlive_it`](Self::with_keys_that_outlive_it) is needed there. It is not with
/// [`RotatingTicketKeys`](crate::resumption::RotatingTicketKeys) in the same process, which end together with this.
#[derive(Debug)]
pub struct MemoryReplayStore {
    tickets: Places,
    external_keys: Option<Places>,
    /// When this store began, if others may have taken early data under its ticket keys before.
    started: Option<UnixTime>,
}

/// Room for ClientHellos of one kind: those that expire and those that never do would take each other's.
#[derive(Debug)]
struct Places {
    capacity: usize,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Each with the last second at which it counts.
    until: HashMap<[u8; 32], u64>,
    /// When what does not count any more was last dropped: once a second at most, or a full store would be searched for
    /// each ClientHello.
    dropped_at: u64,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ClientHellos", self.until.len())
    }
}

impl MemoryReplayStore {
    /// Room for `capacity` ClientHellos with tickets, each of some 50 bytes, for twenty seconds and a little more.
    pub fn new(capacity: usize) -> Self {
        Self {
            tickets: Places::new(capacity),
            external_keys: None,
            started: None,
        }
    }

    /// Takes early data under external keys too, each ClientHello once **until the process ends: whoever recorded one can
    /// replay it after a restart**. Only for requests that may be carried out again.
    ///
    /// There is room for `capacity` ClientHellos, apart from those with tickets. None of them ever expires: when they are
    /// as many, which one client with a key can bring about, early data under external keys is refused for good.
    #[must_use]
    pub fn with_external_keys_until_restart(mut self, capacity: usize) -> Self {
        self.external_keys = Some(Places::new(capacity));
        self
    }

    /// Says that ticket keys are older than this store, which begins at `now`, by the clock of the configuration: early
    /// data with tickets is refused for 21 seconds from then on, in which a ClientHello that was taken before could pass
    /// again (RFC 8446 Section 8.2: "servers SHOULD reject 0-RTT as long as any portion of their recording window overlaps
    /// the startup time").
    #[must_use]
    pub fn with_keys_that_outlive_it(mut self, now: UnixTime) -> Self {
        self.started = Some(now);
        self
    }

    fn pass(
        &self,
        client_hello: &[u8; 32],
        now: UnixTime,
        until: Option<UnixTime>,
    ) -> Result<bool, String> {
        let window = RECORDING_WINDOW.as_secs();
        if until.is_some()
            && let Some(started) = self.started
            && now.as_secs().saturating_sub(started.as_secs()) < window
        {
            return Err(format!("it started less than {window} seconds ago"));
        }
        match (until, &self.external_keys) {
            (Some(until), _) => self
                .tickets
                .pass(client_hello, now, until.as_secs())
                .map_err(|count| format!("the replay store is full: {count} ClientHellos")),
            (None, Some(places)) => places.pass(client_hello, now, u64::MAX).map_err(|count| {
                format!("the replay store is full of external keys: {count} ClientHellos")
            }),
            (None, None) => {
                Err("a memory would forget what came under an external key at a restart".to_owned())
            }
        }
    }
}

impl Default for MemoryReplayStore {
    /// Room for 65,536 ClientHellos with tickets: some 3,000 a second.
    fn default() -> Self {
        Self::new(1 << 16)
    }
}

impl ReplayStore for MemoryReplayStore {
    fn is_first<'a>(
        &'a self,
        client_hello: &'a [u8; 32],
        now: UnixTime,
        until: Option<UnixTime>,
    ) -> Answer<'a, Result<bool, String>> {
        Answer::Ready(self.pass(client_hello, now, until))
    }
}

impl Places {
    fn new(capacity: usize) -> Self {
        Self {
            capacity,
            seen: Mutex::default(),
        }
    }

    /// Whether it is the first; how many there are if there is no place for it.
    fn pass(&self, client_hello: &[u8; 32], now: UnixTime, until: u64) -> Result<bool, usize> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.as_secs();
        if let Some(known_until) = seen.until.get(client_hello)
            && now <= *known_until
        {
            return Ok(false);
        }
        if seen.until.len() >= self.capacity && now != seen.dropped_at {
            seen.dropped_at = now;
            seen.until.retain(|_, until| now <= *until);
        }
        if seen.until.len() >= self.capacity {
            return Err(seen.until.len());
        }
        seen.until.insert(*client_hello, until);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_first(store: &MemoryReplayStore, id: u8, now: u64, until: Option<u64>) -> Option<bool> {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        match store.is_first(&[id; 32], at(now), until.map(at)) {
            Answer::Ready(first) => first.ok(),
            Answer::Later(_) => panic!("it is in memory"),
        }
    }

    #[test]
    fn each_passes_once_and_a_full_store_says_that_it_cannot_tell() {
        let store = MemoryReplayStore::new(2);
        assert_eq!(is_first(&store, 1, 100, Some(120)), Some(true));
        assert_eq!(is_first(&store, 1, 120, Some(140)), Some(false));
        assert_eq!(is_first(&store, 2, 100, Some(140)), Some(true));
        assert_eq!(is_first(&store, 3, 120, Some(140)), None);
        assert_eq!(is_first(&store, 3, 121, Some(140)), Some(true));
    }

    /// RFC 8446 Section 8.2.
    #[test]
    fn a_store_younger_than_its_ticket_keys_waits_for_a_window() {
        let started = UnixTime::since_unix_epoch(Duration::from_secs(100));
        let store = MemoryReplayStore::new(2).with_keys_that_outlive_it(started);
        let store = store.with_external_keys_until_restart(1);
        for early in [99, 100, 120] {
            assert_eq!(is_first(&store, 1, early, Some(early + 21)), None);
        }
        assert_eq!(is_first(&store, 1, 121, Some(142)), Some(true));
        assert_eq!(is_first(&store, 1, 121, Some(142)), Some(false));
        // Keys without tickets are another matter.
        assert_eq!(is_first(&store, 2, 100, None), Some(true));
    }

    #[test]
    fn external_keys_need_a_word_of_their_own_and_have_places_of_their_own() {
        let store = MemoryReplayStore::new(1);
        assert_eq!(is_first(&store, 1, 100, None), None);
        let store = MemoryReplayStore::new(1).with_external_keys_until_restart(1);
        assert_eq!(is_first(&store, 1, 100, None), Some(true));
        assert_eq!(is_first(&store, 2, 100, None), None);
        // Whoever has a key and fills its places takes none of the tickets', nor the other way round.
        assert_eq!(is_first(&store, 3, 100, Some(120)), Some(true));
        assert_eq!(is_first(&store, 4, 100, Some(120)), None);
        assert_eq!(is_first(&store, 1, u64::MAX, None), Some(false));
        assert_eq!(is_first(&store, 4, 121, Some(141)), Some(true));
    }
}
