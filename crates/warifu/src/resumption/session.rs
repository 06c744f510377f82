//! What a client keeps to resume: sessions, and where it keeps them.

use core::fmt;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls_pki_types::{CertificateDer, ServerName};
use zeroize::Zeroizing;

#[cfg(feature = "legacy")]
use super::legacy_state::LegacyState;
use super::state::{SessionState, block};
use crate::decision::Answer;
use crate::message::codec::{MAX_16, Reader};
use crate::parameters::{CipherSuite, ProtocolVersion};

/// A client's session: a ticket and what belongs to it. It is used once, by the configuration and for the server name
/// that made it.
///
/// Its bytes are secret: whoever reads them can resume the session. They can be stored and read by another process whose
/// configuration has the same
/// [session context](crate::config::ConfigBuilder::with_session_context).
#[derive(Clone)]
pub struct Session(pub(crate) Kind);

/// The versions have sessions of different kinds.
#[derive(Clone)]
pub(crate) enum Kind {
    Tls13(Box<Tls13Session>),
    #[cfg(feature = "legacy")]
    Legacy(Box<LegacySession>),
}

/// A ticket of TLS 1.3.
#[derive(Clone)]
pub(crate) struct Tls13Session {
    pub(crate) state: SessionState,
    pub(crate) ticket: Box<[u8]>,
}

/// A session of TLS 1.2 or older.
#[cfg(feature = "legacy")]
#[derive(Clone)]
pub(crate) struct LegacySession {
    pub(crate) state: LegacyState,
    pub(crate) name: LegacyName,
}

/// How a client names a session of TLS 1.2 or older to the server.
#[cfg(feature = "legacy")]
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum LegacyName {
    /// By the ticket, RFC 5077.
    Ticket(Box<[u8]>),
    /// By the session ID, RFC 5246 Section 7.3: 1 to 32 bytes.
    Id(Box<[u8]>),
}

#[cfg(feature = "legacy")]
impl LegacyName {
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Ticket(name) | Self::Id(name) => name,
        }
    }
}

impl Session {
    /// The version of TLS of the connection that it comes from.
    pub fn version(&self) -> ProtocolVersion {
        match &self.0 {
            Kind::Tls13(_) => ProtocolVersion::TLS1_3,
            #[cfg(feature = "legacy")]
            Kind::Legacy(session) => session.state.version,
        }
    }

    /// The cipher suite of that connection.
    pub fn cipher_suite(&self) -> CipherSuite {
        match &self.0 {
            Kind::Tls13(session) => session.state.suite.suite,
            #[cfg(feature = "legacy")]
            Kind::Legacy(session) => session.state.suite.suite,
        }
    }

    /// The application protocol of that connection.
    pub fn alpn(&self) -> Option<&[u8]> {
        match &self.0 {
            Kind::Tls13(session) => session.state.alpn.as_deref(),
            #[cfg(feature = "legacy")]
            Kind::Legacy(session) => session.state.alpn.as_deref(),
        }
    }

    /// Bytes of early data that the server said it may take; 0 for none.
    pub fn max_early_data(&self) -> u32 {
        match &self.0 {
            Kind::Tls13(session) => session.state.max_early_data,
            #[cfg(feature = "legacy")]
            Kind::Legacy(_) => 0,
        }
    }

    /// When it came: time since 1970.
    pub fn received_at(&self) -> Duration {
        Duration::from_millis(match &self.0 {
            Kind::Tls13(session) => session.state.since_millis,
            #[cfg(feature = "legacy")]
            Kind::Legacy(session) => session.state.since_millis,
        })
    }

    /// How long it can be used from then on.
    pub fn lifetime(&self) -> Duration {
        let seconds = match &self.0 {
            Kind::Tls13(session) => session.state.lifetime,
            #[cfg(feature = "legacy")]
            Kind::Legacy(session) => session.state.lifetime,
        };
        Duration::from_secs(seconds.into())
    }

    /// The ticket, of TLS 1.3 or RFC 5077; `None` for a session with an ID.
    pub fn ticket(&self) -> Option<&[u8]> {
        match &self.0 {
            Kind::Tls13(session) => Some(&session.ticket),
            #[cfg(feature = "legacy")]
            Kind::Legacy(session) => match &session.name {
                LegacyName::Ticket(ticket) => Some(ticket),
                LegacyName::Id(_) => None,
            },
        }
    }

    /// The session ID by which a session of TLS 1.2 or older is resumed (RFC 5246 Section 7.3); `None` for one with a ticket.
    pub fn session_id(&self) -> Option<&[u8]> {
        match &self.0 {
            Kind::Tls13(_) => None,
            #[cfg(feature = "legacy")]
            Kind::Legacy(session) => match &session.name {
                LegacyName::Ticket(_) => None,
                LegacyName::Id(id) => Some(id),
            },
        }
    }

    /// The name in SNI of that connection.
    pub fn server_name(&self) -> Option<&str> {
        match &self.0 {
            Kind::Tls13(session) => session.state.server_name.as_deref(),
            #[cfg(feature = "legacy")]
            Kind::Legacy(session) => session.state.server_name.as_deref(),
        }
    }

    /// The chain by which the peer proved itself at first, leaf first.
    pub fn peer_certificates(&self) -> Option<&Arc<[CertificateDer<'static>]>> {
        let origin = match &self.0 {
            Kind::Tls13(session) => &session.state.origin,
            #[cfg(feature = "legacy")]
            Kind::Legacy(session) => &session.state.origin,
        };
        origin.peer_certificates.as_ref()
    }

    /// What resumption rests on, **secret**: the pre-shared key of the ticket (RFC 8446 Section 4.6.1), or before TLS 1.3 the
    /// main secret of 48 bytes. For debugging alone.
    pub fn secret(&self) -> &[u8] {
        match &self.0 {
            Kind::Tls13(session) => session.state.secret.as_bytes(),
            #[cfg(feature = "legacy")]
            Kind::Legacy(session) => session.state.main_secret.as_bytes(),
        }
    }

    /// The session that a server's [`SessionStore`](super::SessionStore) was given, to be looked at.
    ///
    /// # Errors
    /// [`SessionFormatError`] for what no store was given.
    pub fn of_stored(id: &[u8; 32], state: &[u8]) -> Result<Self, SessionFormatError> {
        #[cfg(feature = "legacy")]
        if let Some(state) = LegacyState::read(state) {
            let name = LegacyName::Id(Box::from(id.as_slice()));
            return Ok(Self(Kind::Legacy(Box::new(LegacySession { state, name }))));
        }
        let state = SessionState::read(state).ok_or(SessionFormatError)?;
        let ticket = Box::from(id.as_slice());
        Ok(Self(Kind::Tls13(Box::new(Tls13Session { state, ticket }))))
    }

    /// What a [`SessionStore`](super::SessionStore) returns for the session that it was given. **It is secret.**
    pub fn to_stored(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.max_len()));
        let written = match &self.0 {
            Kind::Tls13(session) => session.state.encode(&mut bytes),
            #[cfg(feature = "legacy")]
            Kind::Legacy(session) => session.state.encode(&mut bytes),
        };
        // As in `to_bytes`.
        if written.is_err() {
            bytes.clear();
        }
        bytes
    }

    /// At least the bytes of [`to_bytes`](Self::to_bytes).
    fn max_len(&self) -> usize {
        match &self.0 {
            Kind::Tls13(session) => session.state.max_len() + 2 + session.ticket.len(),
            #[cfg(feature = "legacy")]
            Kind::Legacy(session) => {
                session.state.max_len() + 1 + 2 + session.name.as_slice().len()
            }
        }
    }

    /// The session as bytes, to be stored. **They are secret.**
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // All at once: a block that is too small is given back unwiped, with the secret in it.
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.max_len()));
        // Fails if a field is longer than its length says, and all were read from fields with such a length.
        let written = match &self.0 {
            Kind::Tls13(session) => session
                .state
                .encode(&mut bytes)
                .and_then(|()| block(&mut bytes, 2, &session.ticket)),
            #[cfg(feature = "legacy")]
            Kind::Legacy(session) => session.state.encode(&mut bytes).and_then(|()| {
                bytes.push(u8::from(matches!(session.name, LegacyName::Ticket(_))));
                block(&mut bytes, 2, session.name.as_slice())
            }),
        };
        if written.is_err() {
            bytes.clear();
        }
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`SessionFormatError`] for anything else, and for sessions of a version of this library that wrote them otherwise.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SessionFormatError> {
        #[cfg(feature = "legacy")]
        if let Some(session) = read_legacy(bytes) {
            return Ok(Self(Kind::Legacy(Box::new(session))));
        }
        let mut reader = Reader::new(bytes);
        let state = SessionState::read_from(&mut reader)
            .ok()
            .flatten()
            .ok_or(SessionFormatError)?;
        let ticket = reader
            .block(2, 1, MAX_16, "ticket")
            .map_err(|_| SessionFormatError)?;
        if !reader.is_empty() {
            return Err(SessionFormatError);
        }
        Ok(Self(Kind::Tls13(Box::new(Tls13Session {
            state,
            ticket: ticket.into(),
        }))))
    }
}

#[cfg(feature = "legacy")]
fn read_legacy(bytes: &[u8]) -> Option<LegacySession> {
    let mut reader = Reader::new(bytes);
    let state = LegacyState::read_from(&mut reader).ok()??;
    let is_ticket = reader.u8("session").ok()?;
    let name = reader.block(2, 1, MAX_16, "session").ok()?;
    let name = match is_ticket {
        1 => LegacyName::Ticket(name.into()),
        0 if name.len() <= 32 => LegacyName::Id(name.into()),
        _ => return None,
    };
    reader.is_empty().then_some(LegacySession { state, name })
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("version", &self.version())
            .field("cipher_suite", &self.cipher_suite())
            .field("received_at", &self.received_at())
            .field("lifetime", &self.lifetime())
            .finish_non_exhaustive()
    }
}

/// Bytes that are no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionFormatError;

impl fmt::Display for SessionFormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a session, or one written by another version")
    }
}

impl core::error::Error for SessionFormatError {}

/// What a client's sessions are kept under.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SessionKey {
    /// The name of the server, or its IP address, as the connection was given it.
    pub server_name: Box<str>,
    /// Stands for the configuration, its session context, and for the connection's own certificate if it was given one.
    pub context: [u8; 32],
}

impl SessionKey {
    pub(crate) fn new(server_name: &ServerName<'_>, context: [u8; 32]) -> Self {
        Self {
            server_name: server_name.to_str().to_ascii_lowercase().into(),
            context,
        }
    }
}

/// Keeps a client's sessions. Each is to be used once (RFC 8446 Appendix C.4: a ticket used twice tells an observer that
/// two connections have the same client).
pub trait ClientSessionStore: Send + Sync + fmt::Debug {
    /// Keeps a session. Called when a ticket comes, while the connection is read.
    fn put(&self, key: &SessionKey, session: Session);

    /// Takes a session out, the newest if there are several.
    fn take<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Session>>;
}

impl<S: ClientSessionStore + ?Sized> ClientSessionStore for Arc<S> {
    fn put(&self, key: &SessionKey, session: Session) {
        (**self).put(key, session);
    }

    fn take<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Session>> {
        (**self).take(key)
    }
}

/// Sessions kept for one server: what servers issue at once, and as much again for connections side by side.
const MAX_PER_SERVER: usize = 4;

/// Bytes of one session that is kept: ticket and the server's chain are what a server sends, up to 64 KiB and 16 MiB. Tickets
/// of common servers have some 200 bytes, or a client's chain inside, and chains up to 20,000 bytes with ML-DSA. (2026-11)
const MAX_SESSION_LEN: usize = 64 << 10;

/// Bytes of all sessions together: 4 KiB for each of four sessions of 256 servers. (2026-11)
const MAX_SESSIONS_LEN: usize = 4 << 20;

/// Sessions in memory, of at most so many servers and at most 4 MiB: the servers whose last session is the oldest go first.
/// A session of more than 64 KiB, which is a server's choice, is not kept.
#[derive(Debug)]
pub struct MemorySessions {
    capacity: usize,
    servers: Mutex<Servers>,
}

#[derive(Default)]
struct Servers {
    /// Each with the number of its last session.
    by_key: HashMap<SessionKey, (u64, VecDeque<Session>)>,
    count: u64,
    /// Of all sessions, [`Session::max_len`].
    bytes: usize,
}

impl Servers {
    fn remove(&mut self, key: &SessionKey) {
        if let Some((_, sessions)) = self.by_key.remove(key) {
            let len: usize = sessions.iter().map(Session::max_len).sum();
            self.bytes = self.bytes.saturating_sub(len);
        }
    }

    fn oldest(&self) -> Option<SessionKey> {
        let oldest = self.by_key.iter().min_by_key(|(_, (last, _))| *last);
        oldest.map(|(key, _)| key.clone())
    }
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sessions of {} servers", self.by_key.len())
    }
}

impl MemorySessions {
    /// Room for the sessions of `capacity` servers, four of each, within 4 MiB.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            servers: Mutex::default(),
        }
    }
}

impl Default for MemorySessions {
    /// Room for 256 servers.
    fn default() -> Self {
        Self::new(256)
    }
}

impl ClientSessionStore for MemorySessions {
    fn put(&self, key: &SessionKey, session: Session) {
        let len = session.max_len();
        if len > MAX_SESSION_LEN {
            return;
        }
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers.count += 1;
        let count = servers.count;
        let (last, sessions) = servers.by_key.entry(key.clone()).or_default();
        *last = count;
        sessions.push_back(session);
        let dropped = match sessions.len() > MAX_PER_SERVER {
            true => sessions.pop_front(),
            false => None,
        };
        let dropped = dropped.as_ref().map_or(0, Session::max_len);
        servers.bytes = (servers.bytes + len).saturating_sub(dropped);
        while (servers.by_key.len() > self.capacity || servers.bytes > MAX_SESSIONS_LEN)
            && let Some(oldest) = servers.oldest()
        {
            servers.remove(&oldest);
        }
    }

    fn take<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Session>> {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((_, sessions)) = servers.by_key.get_mut(key) else {
            return Answer::Ready(None);
        };
        let session = sessions.pop_back();
        if sessions.is_empty() {
            servers.remove(key);
        }
        let len = session.as_ref().map_or(0, Session::max_len);
        servers.bytes = servers.bytes.saturating_sub(len);
        Answer::Ready(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(ticket: u8) -> Session {
        with_ticket(&[ticket])
    }

    fn with_ticket(ticket: &[u8]) -> Session {
        Session(Kind::Tls13(Box::new(Tls13Session {
            state: super::super::state::tests::state(),
            ticket: ticket.into(),
        })))
    }

    fn ticket_of(session: Session) -> u8 {
        match session.0 {
            Kind::Tls13(session) => session.ticket[0],
            #[cfg(feature = "legacy")]
            Kind::Legacy(_) => panic!("none was put"),
        }
    }

    fn key(name: &'static str, context: u8) -> SessionKey {
        SessionKey::new(&name.try_into().unwrap(), [context; 32])
    }

    fn take(store: &MemorySessions, key: &SessionKey) -> Option<u8> {
        match store.take(key) {
            Answer::Ready(session) => session.map(ticket_of),
            Answer::Later(_) => panic!("the sessions are in memory"),
        }
    }

    fn check_round_trip(session: &Session) {
        let bytes = session.to_bytes();
        let again = Session::from_bytes(&bytes).unwrap();
        assert_eq!(again.to_bytes(), bytes);
        assert_eq!(again.version(), session.version());
        for len in 0..bytes.len() {
            assert!(Session::from_bytes(&bytes[..len]).is_err());
        }
        assert!(Session::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
        assert!(!format!("{again:?}").contains("9, 9"));
    }

    #[test]
    fn sessions_are_read_back_and_nothing_else_is() {
        check_round_trip(&session(7));
        #[cfg(feature = "legacy")]
        for name in [
            LegacyName::Ticket(vec![7; 200].into()),
            LegacyName::Id([8; 32].into()),
        ] {
            let state = super::super::legacy_state::tests::state();
            let session = Box::new(LegacySession { state, name });
            check_round_trip(&Session(Kind::Legacy(session)));
        }
    }

    #[test]
    fn the_bytes_of_a_session_never_grow() {
        for ticket_len in [1, 1000, 65_535] {
            let session = with_ticket(&vec![7; ticket_len]);
            let bytes = session.to_bytes();
            assert!(bytes.len() > ticket_len);
            assert_eq!(bytes.capacity(), session.max_len());
        }
    }

    #[test]
    fn the_bytes_of_all_sessions_are_bounded() {
        let store = MemorySessions::new(1000);
        let sized = |ticket: u8, ticket_len: usize| with_ticket(&vec![ticket; ticket_len]);
        let kept = |store: &MemorySessions| {
            let servers = store.servers.lock().unwrap();
            let sessions = servers.by_key.values().flat_map(|(_, sessions)| sessions);
            let bytes: usize = sessions.map(Session::max_len).sum();
            assert_eq!(bytes, servers.bytes);
            bytes
        };
        let name = key("a.example", 1);
        store.put(&name, sized(1, 65_535));
        assert_eq!(take(&store, &name), None, "it is too large");
        for context in 0..=255 {
            for ticket in 0..5 {
                store.put(&key("a.example", context), sized(ticket, 40_000));
                assert!(kept(&store) <= MAX_SESSIONS_LEN);
            }
        }
        assert!(kept(&store) > MAX_SESSIONS_LEN - 4 * MAX_SESSION_LEN);
        assert_eq!(take(&store, &key("a.example", 0)), None);
        for ticket in [4, 3, 2, 1] {
            assert_eq!(take(&store, &key("a.example", 255)), Some(ticket));
            kept(&store);
        }
        for context in 0..=254 {
            while take(&store, &key("a.example", context)).is_some() {}
        }
        assert_eq!(kept(&store), 0);
    }

    #[test]
    fn memory_is_bounded_and_keeps_names_and_configurations_apart() {
        let store = MemorySessions::new(2);
        let (a, b) = (key("a.example", 1), key("b.example", 1));
        for ticket in 0..6 {
            store.put(&a, session(ticket));
        }
        assert_eq!(take(&store, &key("a.example", 2)), None);
        assert_eq!(take(&store, &key("A.Example", 1)), Some(5));
        assert_eq!(take(&store, &a), Some(4));
        store.put(&b, session(10));
        store.put(&key("c.example", 1), session(11));
        assert_eq!(take(&store, &a), None, "the oldest server has gone");
        assert_eq!(take(&store, &b), Some(10));
        assert_eq!(take(&store, &b), None);
    }
}
