//! Resumption: a handshake leaves a pre-shared key with which the next one is shorter (RFC 8446 Section 2.2).
//!
//! The server hands the client tickets after the handshake. What a ticket stands for is either inside of it, sealed by
//! [`TicketKeys`], or in a [`SessionStore`] of the server, from which it is taken once. The client keeps [`Session`]s in
//! a [`ClientSessionStore`] and uses each once (RFC 8446 Appendix C.4). Both sides are off unless configured:
//! [`with_tickets`](crate::config::ConfigBuilder::with_tickets),
//! [`with_session_store`](crate::config::ConfigBuilder::with_session_store).
//!
//! | question | file |
//! |---|---|
//! | how many tickets, when, for how long? | here: [`Tickets`] |
//! | what seals tickets, and when does the key change? | `ticket_keys.rs` |
//! | what does a server keep instead? | `session_store.rs` |
//! | what does a client keep, in memory or in a file? | `session.rs` |
//! | what is a session of TLS 1.2 and older? | `legacy_state.rs`, and `handshake/legacy_session.rs` |
//! | what is inside, and what must fit for a ticket to be taken? | `state.rs`, and `handshake/ticket.rs` |
//!
//! A session resumes only where it was made: same server name, application protocol, hash, and configuration, which
//! [`with_session_context`](crate::config::ConfigBuilder::with_session_context) names. What authenticated the peer at first
//! is judged anew each time: a certificate by the verifier, with today's date; a pre-shared key by whether it is still there
//! and the same. No chain of resumptions outlives seven days from that first authentication.

use core::fmt;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "legacy")]
pub(crate) mod legacy_state;
pub(crate) mod session;
mod session_store;
pub(crate) mod state;
mod ticket_keys;

pub use session::{ClientSessionStore, MemorySessions, Session, SessionFormatError, SessionKey};
pub use session_store::{MemorySessionStore, SessionStore};
pub use ticket_keys::{
    RingKey, RotatingTicketKeys, TICKET_KEY_NAME_LEN, TicketKey, TicketKeyRing, TicketKeys,
};

/// RFC 8446 Section 4.6.1: "Servers MUST NOT use any value greater than 604800 seconds (7 days)." Also the longest time
/// since the peer was authenticated other than by a ticket.
pub const MAX_LIFETIME: Duration = Duration::from_secs(604_800);

/// Which tickets a server issues, and how its sessions are found again.
///
/// Before TLS 1.3 a client gets one session in its handshake, whatever [`with_count`](Self::with_count) says but 0: a stateless
/// server sends a ticket (RFC 5077), one with a store a session ID (RFC 5246 Section 7.4.1.2), and with
/// [`with_session_ids`](Self::with_session_ids) each client gets what it knows. Sessions need
/// `extended_main_secret`, and tickets on request are of TLS 1.3 alone.
///
/// ```
/// use std::time::Duration;
/// use warifu::resumption::{RotatingTicketKeys, Tickets};
///
/// let hour = Duration::from_secs(3600);
/// let tickets = Tickets::stateless(RotatingTicketKeys::new(hour).with_ticket_lifetime(hour))
///     .with_count(1)
///     .with_lifetime(hour);
/// # let _ = tickets;
/// ```
#[derive(Clone, Debug)]
pub struct Tickets {
    pub(crate) source: TicketSource,
    pub(crate) count: u8,
    pub(crate) lifetime: Duration,
    pub(crate) on_request: bool,
    pub(crate) only_on_request: bool,
    pub(crate) watcher: Option<Arc<dyn WatchSessions>>,
    /// Whether older versions have sessions, where that was said.
    #[cfg(feature = "legacy")]
    legacy_sessions: Option<bool>,
    /// For clients of older versions that take no tickets.
    #[cfg(feature = "legacy")]
    id_store: Option<Arc<dyn SessionStore>>,
}

/// Where the state of a session is while the client is away.
#[derive(Clone)]
pub(crate) enum TicketSource {
    /// In the ticket itself.
    Sealed(Arc<dyn TicketKeys>),
    /// At the server.
    Stored(Arc<dyn SessionStore>),
}

impl fmt::Debug for TicketSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sealed(keys) => keys.fmt(f),
            Self::Stored(store) => store.fmt(f),
        }
    }
}

impl Tickets {
    /// Tickets that hold the session's state, sealed. The server keeps nothing but the keys; whoever learns a key can
    /// resume the sessions of its tickets, and read those of them that used `psk_ke` or early data.
    pub fn stateless(keys: impl TicketKeys + 'static) -> Self {
        Self::new(TicketSource::Sealed(Arc::new(keys)))
    }

    /// Tickets that are the name of a state kept at the server, which is taken once.
    pub fn stored(store: impl SessionStore + 'static) -> Self {
        Self::new(TicketSource::Stored(Arc::new(store)))
    }

    fn new(source: TicketSource) -> Self {
        Self {
            source,
            count: crate::config::defaults::TICKET_COUNT,
            lifetime: crate::config::defaults::TICKET_LIFETIME,
            on_request: false,
            only_on_request: false,
            watcher: None,
            #[cfg(feature = "legacy")]
            legacy_sessions: None,
            #[cfg(feature = "legacy")]
            id_store: None,
        }
    }

    /// How many tickets follow a handshake, at most 32: clients take more for an attack. Default:
    /// [`TICKET_COUNT`](crate::config::defaults::TICKET_COUNT).
    #[must_use]
    pub fn with_count(mut self, count: u8) -> Self {
        self.count = count;
        self
    }

    /// How long a ticket can be used, in whole seconds, at most seven days. [`RotatingTicketKeys`] have to be told it too.
    /// Default: [`TICKET_LIFETIME`](crate::config::defaults::TICKET_LIFETIME).
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Issues tickets not after the handshake but when the application asks for them by
    /// [`send_tickets`](crate::Connection::send_tickets). Costs memory for a secret on each connection.
    #[must_use]
    pub fn on_request(mut self) -> Self {
        self.on_request = true;
        self.only_on_request = true;
        self
    }

    /// Issues tickets on request as well as after the handshake. Costs what [`on_request`](Self::on_request) does.
    #[must_use]
    pub fn also_on_request(mut self) -> Self {
        self.on_request = true;
        self.only_on_request = false;
        self
    }

    /// Whether clients of versions before TLS 1.3 get a session, whatever the count is. Default: yes, unless the count is 0 or
    /// tickets are issued [on request](Self::on_request) alone.
    #[cfg(feature = "legacy")]
    #[must_use]
    pub fn with_legacy_sessions(mut self, enabled: bool) -> Self {
        self.legacy_sessions = Some(enabled);
        self
    }

    /// Beside sealed tickets, keeps the sessions of clients that take no tickets, before TLS 1.3, under an ID (RFC 5246 Section
    /// 7.4.1.2). Default: those clients get no session. Nothing changes where tickets are [`stored`](Self::stored).
    #[cfg(feature = "legacy")]
    #[must_use]
    pub fn with_session_ids(mut self, store: impl SessionStore + 'static) -> Self {
        self.id_store = Some(Arc::new(store));
        self
    }

    /// Who is told of each session. Default: nobody.
    #[must_use]
    pub fn with_watcher(mut self, watcher: impl WatchSessions + 'static) -> Self {
        self.watcher = Some(Arc::new(watcher));
        self
    }

    /// Whether versions before TLS 1.3 have sessions.
    #[cfg(feature = "legacy")]
    pub(crate) fn issues_legacy(&self) -> bool {
        self.legacy_sessions
            .unwrap_or(self.count > 0 && !self.only_on_request)
    }

    /// Where sessions of older versions are kept under an ID.
    #[cfg(feature = "legacy")]
    pub(crate) fn id_store(&self) -> Option<&Arc<dyn SessionStore>> {
        match &self.source {
            TicketSource::Stored(store) => Some(store),
            TicketSource::Sealed(_) => self.id_store.as_ref(),
        }
    }
}

/// Is told of the sessions that a server gives its clients.
pub trait WatchSessions: Send + Sync + fmt::Debug {
    /// A session was issued: its ticket or ID is on its way to the client. Called while the connection is processed, and not to
    /// be waited in.
    fn issued(&self, session: &Session);
}

impl<W: WatchSessions + ?Sized> WatchSessions for Arc<W> {
    fn issued(&self, session: &Session) {
        (**self).issued(session);
    }
}
