//! What a connection has to do with sessions: the one it resumes, the one it has, and those that come.

use core::cell::{Cell, RefCell};
use std::sync::Arc;

use warifu::parameters::ProtocolVersion;
use warifu::resumption::Session;
use warifu::{Error, UsageError, Waiting};

use super::cache::{CLIENT, Count, NO_INTERNAL_STORE, SERVER, Shared};
use super::client::ClientStore;
use super::{SslSession, Values, server};
use crate::fault::Fault;
use crate::method::Role;
use crate::ssl::Ssl;
use crate::ssl::outcome::Stop;

/// Of one connection.
#[derive(Default)]
#[repr(C)]
pub(crate) struct Sessions {
    /// What follows from a complete handshake was done, and from all that has happened since. In memory it comes first, beside what
    /// else each read uses.
    settled: Cell<bool>,
    /// The one to resume, then that of the connection. It outlasts `SSL_clear`.
    current: RefCell<Option<Arc<SslSession>>>,
    /// A client's.
    store: RefCell<Option<Arc<ClientStore>>>,
    /// A server's: looked up for this client.
    found: RefCell<Option<Arc<SslSession>>>,
    /// A server's: sealed in tickets.
    issued: RefCell<Vec<Session>>,
    has_issued: Cell<bool>,
    /// What follows from a complete handshake was done.
    complete: Cell<bool>,
}

impl Sessions {
    /// Makes ready for another connection.
    pub(crate) fn reset(&self) {
        self.store.take();
        self.found.take();
        self.issued.take();
        self.has_issued.take();
        self.complete.take();
        self.settled.take();
    }

    pub(crate) fn current(&self) -> Option<Arc<SslSession>> {
        self.current.borrow().clone()
    }

    pub(crate) fn set_current(&self, session: Option<Arc<SslSession>>) {
        // The last reference may be this one, and a callback of the program's may run when it goes.
        let before = self.current.replace(session);
        drop(before);
    }

    pub(super) fn set_found(&self, session: Option<Arc<SslSession>>) {
        let before = self.found.replace(session);
        drop(before);
    }

    /// Whether the session that is resumed is one with this ID, of a version that keeps it.
    pub(super) fn resumes_kept(&self, id: &[u8]) -> bool {
        let found = self.found.borrow();
        found.as_ref().is_some_and(|found| {
            let values = found.values();
            values.id == id && values.version < ProtocolVersion::TLS1_3.0
        })
    }

    /// Takes what the connection has issued, and takes note of it that sessions may have come.
    pub(crate) fn note_news(&self) {
        self.settled.set(false);
        let mut issued = server::issued();
        if !issued.is_empty() {
            self.issued.borrow_mut().append(&mut issued);
            self.has_issued.set(true);
        }
    }

    /// Whether what follows from the handshake and from all that has happened since was done ([`Ssl::settle_sessions`]), but for what
    /// [`news`](crate::news) tell of.
    #[inline(always)]
    pub(crate) fn is_settled(&self) -> bool {
        self.settled.get()
    }
}

impl Ssl {
    /// A client's place for sessions, with the one that it offers.
    pub(crate) fn begin_as_client(&self) -> Arc<ClientStore> {
        self.look_at_settings(|settings| settings.sessions.shared.count(Count::Connect));
        let store = Arc::new(ClientStore::new(self.sessions.current()));
        self.sessions.store.replace(Some(store.clone()));
        store
    }

    /// A server has no session yet.
    pub(crate) fn begin_as_server(&self) {
        self.look_at_settings(|settings| settings.sessions.shared.count(Count::Accept));
        self.sessions.set_current(None);
    }

    /// A session of this connection, as C sees it.
    pub(super) fn session_of(&self, session: Session) -> Arc<SslSession> {
        let settings = self.settings();
        let verify_result = self.verified.borrow().result;
        let session = SslSession::of(session, &settings.sessions, verify_result);
        session.values().max_fragment_length = self.max_fragment_length();
        session
    }

    /// The code of max_fragment_length that was agreed upon; 0 for none, and before the end of the handshake.
    fn max_fragment_length(&self) -> u8 {
        let agreed = self.look(|connection| connection.facts()?.max_fragment_length);
        agreed.flatten().map_or(0, |agreed| agreed as u8)
    }

    /// Whether nothing follows from sessions that came or were issued, or from the end of the handshake.
    fn are_sessions_settled(&self) -> bool {
        let sessions = &self.sessions;
        let has_given = || {
            let store = sessions.store.borrow();
            store.as_ref().is_some_and(|store| store.has_given())
        };
        let ends = || !sessions.complete.get() && self.is_established();
        !ends() && !has_given() && !sessions.has_issued.get()
    }

    /// Does what follows. Callbacks run.
    pub(crate) fn settle_sessions(&self) {
        if self.are_sessions_settled() {
            self.sessions.settled.set(self.sessions.complete.get());
            return;
        }
        let sessions = &self.sessions;
        let ends = !sessions.complete.get() && self.is_established();
        let shared = self.settings().sessions.shared.clone();
        if ends {
            sessions.complete.set(true);
            self.complete_handshake(&shared);
        }
        let store = sessions.store.borrow().clone();
        for session in store.map(|store| store.take_given()).unwrap_or_default() {
            let session = self.session_of(session);
            sessions.set_current(Some(session.clone()));
            self.keep_given(&shared, session);
        }
        sessions.has_issued.set(false);
        for session in sessions.issued.take() {
            self.note_sealed(&shared, session);
        }
    }

    /// The session and the counts of a handshake that is complete.
    fn complete_handshake(&self, shared: &Shared) {
        let is_client = self.role() == Some(Role::Client);
        shared.count(match is_client {
            true => Count::ConnectGood,
            false => Count::AcceptGood,
        });
        let Some(resumed) = self.facts(|facts| facts.resumed) else {
            return;
        };
        if resumed {
            shared.count(Count::Hit);
        }
        let found = self.sessions.found.take();
        let session = match is_client {
            // The session that was set goes on.
            true if resumed && self.sessions.current().is_some() => None,
            // It was made in this handshake, or will be in a moment.
            false if self.sessions.current().is_some() || self.sessions.has_issued.get() => None,
            _ => found
                .filter(|_| resumed)
                .or_else(|| self.session_of_facts()),
        };
        if session.is_some() {
            self.sessions.set_current(session);
        }
        if let Some(session) = self.sessions.current() {
            session.values().max_fragment_length = self.max_fragment_length();
        }
        shared.tick(&self.context());
    }

    /// A session by which nothing can be resumed (yet).
    fn session_of_facts(&self) -> Option<Arc<SslSession>> {
        let verify_result = self.verified.borrow().result;
        let values = self.facts(|facts| {
            self.look_at_settings(|settings| {
                Values::of_facts(facts, &settings.sessions, verify_result)
            })
        });
        // Callbacks of the program's run with each new one.
        Some(SslSession::of_values(values?))
    }

    /// A client's new session.
    fn keep_given(&self, shared: &Shared, session: Arc<SslSession>) {
        // Before TLS 1.3 a session that was resumed is not new, be its ticket so.
        let resumed = self.look(|connection| connection.facts().is_some_and(|facts| facts.resumed));
        let is_old = resumed == Some(true) && session.values().version < ProtocolVersion::TLS1_3.0;
        if is_old || !shared.has(CLIENT) {
            return;
        }
        if !shared.has(NO_INTERNAL_STORE) {
            shared.add(&self.context(), &session);
        }
        self.tell_of_session(shared, session);
    }

    /// A server's new session that is in a ticket alone.
    fn note_sealed(&self, shared: &Shared, session: Session) {
        // Those with an ID are in the store, which has told of them.
        if session.session_id().is_some() {
            return;
        }
        let is_tls13 = session.version() == ProtocolVersion::TLS1_3;
        let session = self.session_of(session);
        self.sessions.set_current(Some(session.clone()));
        // Before TLS 1.3 a program is told of what has an ID.
        if is_tls13 && shared.has(SERVER) {
            self.tell_of_session(shared, session);
        }
    }

    /// Gives the program a new session. Returns whether there is somebody to take it.
    pub(super) fn tell_of_session(&self, shared: &Shared, session: Arc<SslSession>) -> bool {
        let Some(new) = shared.callbacks().new else {
            return false;
        };
        let session = crate::handle::into_raw(session);
        // SAFETY: the program's callback; nothing is borrowed. The reference is the program's if it says so, and taken back else.
        unsafe {
            if new(self.handle(), session) == 0 {
                drop(crate::handle::take(session));
            }
        }
        true
    }

    /// `SSL_new_session_ticket`: one more ticket for the client. It leaves with the next write.
    ///
    /// # Errors
    /// No ticket can be issued: the handshake is not complete, the version is older than TLS 1.3, or the client takes none.
    pub(crate) fn issue_ticket(&self) -> Result<(), Fault> {
        let failed = |stop| match stop {
            Stop::Fault(fault) => fault,
            _ => Fault::misuse("a callback wants time, which it does not get here"),
        };
        let sent = self.with(|connection| Ok(connection.send_tickets(1)));
        sent.map_err(failed)?.map_err(|error| match error {
            Error::Usage(UsageError::NotAvailable(_)) => Fault::misuse(
                "no ticket can be issued: the client takes none, this side keeps no sessions, or one that was asked for before has not left",
            ),
            error => self.fault_of(&error),
        })?;
        while let Some(Waiting::Answer(_)) = self
            .with(|connection| Ok(connection.waiting()))
            .map_err(failed)?
        {
            self.answer_questions().map_err(failed)?;
            let progress = self.with(|connection| Ok(connection.process()));
            progress
                .map_err(failed)?
                .map_err(|error| self.fault_of(&error))?;
        }
        self.settle_sessions();
        Ok(())
    }
}
