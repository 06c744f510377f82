//! Where one connection of a client has the session to be resumed, and those that the server gives it.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use warifu::decision::Answer;
use warifu::resumption::{ClientSessionStore, Session, SessionKey};

use super::SslSession;
use crate::news;

/// A connection's own store.
#[derive(Default)]
pub(crate) struct ClientStore {
    /// To be offered; whether it can be is decided when it is asked for.
    offer: Mutex<Option<Arc<SslSession>>>,
    given: Mutex<Vec<Session>>,
    has_given: AtomicBool,
}

impl fmt::Debug for ClientStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientStore").finish_non_exhaustive()
    }
}

impl ClientStore {
    pub(super) fn new(offer: Option<Arc<SslSession>>) -> Self {
        Self {
            offer: Mutex::new(offer),
            ..Self::default()
        }
    }

    /// Whether sessions came since they were last taken.
    pub(super) fn has_given(&self) -> bool {
        self.has_given.load(Ordering::Acquire)
    }

    /// The sessions that came, the oldest first.
    pub(super) fn take_given(&self) -> Vec<Session> {
        self.has_given.store(false, Ordering::Release);
        core::mem::take(&mut *self.given.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ClientSessionStore for ClientStore {
    fn put(&self, _: &SessionKey, session: Session) {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.push(session);
        self.has_given.store(true, Ordering::Release);
        news::mark();
    }

    fn take<'a>(&'a self, _: &'a SessionKey) -> Answer<'a, Option<Session>> {
        let offer = self
            .offer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        Answer::Ready(offer.and_then(|offer| offer.take_for_offer()))
    }
}
