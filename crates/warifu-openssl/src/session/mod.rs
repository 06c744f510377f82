//! Sessions as C sees them.
//!
//! | question | file |
//! |---|---|
//! | what is an `SSL_SESSION`? | here |
//! | its form as bytes, and as text | `encoding.rs`, `text.rs` |
//! | what does a connection resume, and what comes of it? | `connection.rs` |
//! | where does a client's connection keep what it is given? | `client.rs` |
//! | how does a server keep, find and issue sessions? | `server.rs` |
//! | which sessions are kept in memory, and what is counted? | `cache.rs` |
//! | what seals tickets? | `ticket_keys.rs` |
//! | what can be set? | `settings.rs` |
//!
//! An `SSL_SESSION` is more than what resumes: a connection of TLS 1.3 has one before a ticket came, and programs make some for
//! pre-shared keys. What resumes is in it where there is something ([`SslSession::resumes`]).

pub(crate) mod cache;
mod client;
pub(crate) mod connection;
mod encoding;
pub(crate) mod server;
pub(crate) mod settings;
mod text;
pub(crate) mod ticket_keys;

use core::ffi::{c_char, c_int, c_long};
use core::sync::atomic::{AtomicBool, Ordering};
use std::ffi::CString;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rustls_pki_types::CertificateDer;
use warifu::ConnectionFacts;
use warifu::parameters::{CipherSuite, ProtocolVersion};
use warifu::resumption::Session;
use warifu_crypto::Hash;
use zeroize::Zeroizing;

use crate::ex_data::{Class, ExData};
use crate::fault::Fault;
use crate::reason;
use crate::x509::X509;

/// `SSL_MAX_SSL_SESSION_ID_LENGTH`
pub(crate) const MAX_ID_LEN: usize = 32;
/// `SSL_MAX_SID_CTX_LENGTH`
pub(crate) const MAX_ID_CONTEXT_LEN: usize = 32;
/// Longest key that a program gives a session, in bytes (`TLS13_MAX_RESUMPTION_PSK_LENGTH`).
const MAX_KEY_LEN: usize = 512;

/// `SSL_SESSION`. Threads may share it.
pub struct SslSession {
    resumes: Option<Session>,
    values: Mutex<Values>,
    /// A session of TLS 1.3 was offered once: another time would show an observer that two connections have one client
    /// (RFC 8446 Appendix C.4).
    spent: AtomicBool,
    /// `SSL_CTX_remove_session`
    dismissed: AtomicBool,
    pub(crate) ex_data: ExData,
}

/// What is known of a session, and may be changed.
#[derive(Clone, Default)]
pub(crate) struct Values {
    /// By number; 0 if nothing is known.
    pub(crate) version: u16,
    pub(crate) suite: Option<CipherSuite>,
    pub(crate) id: Vec<u8>,
    pub(crate) id_context: Vec<u8>,
    /// Seconds since 1970.
    pub(crate) time: c_long,
    /// Seconds from `time` on.
    pub(crate) timeout: c_long,
    pub(crate) host_name: Option<CString>,
    pub(crate) alpn: Vec<u8>,
    pub(crate) max_early_data: u32,
    /// The code of max_fragment_length that its connection agreed upon; 0 for none.
    pub(crate) max_fragment_length: u8,
    pub(crate) verify_result: c_long,
    /// The peer's certificates, leaf first.
    pub(crate) chain: Option<Arc<[CertificateDer<'static>]>>,
    peer: Option<Arc<X509>>,
    /// A key that a program gave it.
    key: Zeroizing<Vec<u8>>,
}

impl Values {
    /// Of a connection.
    pub(crate) fn of_facts(
        facts: &ConnectionFacts,
        settings: &settings::SessionSettings,
        verify_result: c_long,
    ) -> Self {
        let name = facts.server_name.as_deref();
        Self {
            version: facts.version.0,
            suite: Some(facts.cipher_suite),
            id_context: settings.id_context.clone(),
            time: now(),
            timeout: settings.timeout,
            host_name: name.and_then(|name| CString::new(name).ok()),
            alpn: facts.alpn.as_deref().unwrap_or_default().to_vec(),
            verify_result,
            chain: facts.peer_certificates.clone(),
            ..Self::default()
        }
    }
}

/// A key that a program put into a session (`SSL_SESSION_set1_master_key`), as a pre-shared key of TLS 1.3.
pub(crate) struct SessionKeyMaterial {
    pub(crate) key: Zeroizing<Vec<u8>>,
    pub(crate) suite: Option<CipherSuite>,
    pub(crate) max_early_data: u32,
}

/// Seconds since 1970.
pub(crate) fn now() -> c_long {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| {
        c_long::try_from(now.as_secs()).unwrap_or(c_long::MAX)
    })
}

impl SslSession {
    fn new(resumes: Option<Session>, values: Values) -> Arc<Self> {
        let session = Arc::new(Self {
            resumes,
            values: Mutex::new(values),
            spent: AtomicBool::new(false),
            dismissed: AtomicBool::new(false),
            ex_data: ExData::new(),
        });
        // SAFETY: the pointer by which C will know the session.
        unsafe {
            session
                .ex_data
                .created(Class::SslSession, session.handle().cast())
        };
        session
    }

    /// `SSL_SESSION_new`: nothing yet.
    pub(crate) fn empty() -> Arc<Self> {
        Self::new(
            None,
            Values {
                time: now(),
                timeout: settings::DEFAULT_TIMEOUT,
                ..Values::default()
            },
        )
    }

    /// What can be resumed, made in a connection with these settings and this result of its verification.
    pub(crate) fn of(
        session: Session,
        settings: &settings::SessionSettings,
        verify_result: c_long,
    ) -> Arc<Self> {
        let id = match (session.session_id(), session.ticket()) {
            (Some(id), _) => id.to_vec(),
            (None, Some(ticket)) => Hash::Sha256.digest(&[ticket]).to_vec(),
            (None, None) => Vec::new(),
        };
        let received = c_long::try_from(session.received_at().as_secs());
        let values = Values {
            version: session.version().0,
            suite: Some(session.cipher_suite()),
            id,
            id_context: settings.id_context.clone(),
            time: received.unwrap_or(c_long::MAX),
            timeout: settings.timeout,
            host_name: session
                .server_name()
                .and_then(|name| CString::new(name).ok()),
            alpn: session.alpn().unwrap_or_default().to_vec(),
            max_early_data: session.max_early_data(),
            verify_result,
            chain: session.peer_certificates().cloned(),
            ..Values::default()
        };
        Self::new(Some(session), values)
    }

    /// A connection's, of which nothing can be resumed (yet).
    pub(crate) fn of_values(values: Values) -> Arc<Self> {
        Self::new(None, values)
    }

    /// `SSL_SESSION_dup`: another object with the same content.
    ///
    /// # Errors
    /// A callback of the program's refused to copy its data.
    pub(crate) fn duplicate(&self) -> Result<Arc<Self>, Fault> {
        let copy = Self::new(self.resumes.clone(), self.values().clone());
        copy.spent
            .store(self.spent.load(Ordering::Acquire), Ordering::Release);
        copy.dismissed
            .store(self.dismissed.load(Ordering::Acquire), Ordering::Release);
        // SAFETY: both are objects of this class, and nothing is borrowed.
        let copied = unsafe {
            copy.ex_data
                .copy_from(Class::SslSession as usize, &self.ex_data)
        };
        match copied {
            true => Ok(copy),
            false => Err(Fault::argument(
                "a callback refused to copy the data of a session",
            )),
        }
    }

    /// The pointer by which C knows it.
    pub(crate) fn handle(&self) -> *mut Self {
        core::ptr::from_ref(self).cast_mut()
    }

    /// What is known of it. Not to be kept while C code runs.
    pub(crate) fn values(&self) -> MutexGuard<'_, Values> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a connection resumes.
    pub(crate) fn resumes(&self) -> Option<&Session> {
        self.resumes.as_ref()
    }

    /// `SSL_SESSION_is_resumable`
    pub(crate) fn is_resumable(&self) -> bool {
        self.resumes.is_some()
            && !self.dismissed.load(Ordering::Acquire)
            && !self.spent.load(Ordering::Acquire)
    }

    /// The session for the offer of a client: once, if it is of TLS 1.3.
    pub(crate) fn take_for_offer(&self) -> Option<Session> {
        let session = self.resumes.as_ref()?;
        if self.dismissed.load(Ordering::Acquire) {
            return None;
        }
        let once = session.version() == ProtocolVersion::TLS1_3;
        (!once || !self.spent.swap(true, Ordering::AcqRel)).then(|| session.clone())
    }

    /// It is not resumed any more.
    pub(crate) fn dismiss(&self) {
        self.dismissed.store(true, Ordering::Release);
    }

    /// Whether its time is over.
    pub(crate) fn has_expired(&self, now: c_long) -> bool {
        let values = self.values();
        values.time.saturating_add(values.timeout) < now
    }

    /// The peer's certificate.
    pub(crate) fn peer(&self) -> Option<Arc<X509>> {
        let mut values = self.values();
        if values.peer.is_none() {
            let leaf = values.chain.as_ref().and_then(|chain| chain.first());
            values.peer = leaf.and_then(|leaf| X509::from_der(leaf.clone()).ok());
        }
        values.peer.clone()
    }

    /// Seconds for which the server says that the ticket is good; 0 without a ticket.
    pub(crate) fn lifetime_hint(&self) -> u64 {
        let session = self
            .resumes
            .as_ref()
            .filter(|session| session.ticket().is_some());
        session.map_or(0, |session| session.lifetime().as_secs())
    }

    /// The secret that resumption rests on, or the key that a program gave it. Empty if there is none.
    pub(crate) fn secret(&self) -> Zeroizing<Vec<u8>> {
        match &self.resumes {
            Some(session) => Zeroizing::new(session.secret().to_vec()),
            None => self.values().key.clone(),
        }
    }

    /// `SSL_SESSION_set1_master_key`
    ///
    /// # Errors
    /// It is too long; or the session has one already, by a connection.
    pub(crate) fn set_secret(&self, key: &[u8]) -> Result<(), Fault> {
        if key.len() > MAX_KEY_LEN {
            return Err(Fault::argument(format!(
                "a key of {} bytes: a session has at most {MAX_KEY_LEN}",
                key.len()
            )));
        }
        if self.resumes.is_some() {
            return Err(Fault::argument(
                "the session is a connection's, whose secret cannot be changed",
            ));
        }
        self.values().key = Zeroizing::new(key.to_vec());
        Ok(())
    }

    /// The pre-shared key that a program made of it; `None` if it gave no key.
    pub(crate) fn key_material(&self) -> Option<SessionKeyMaterial> {
        let values = self.values();
        (!values.key.is_empty()).then(|| SessionKeyMaterial {
            key: values.key.clone(),
            suite: values.suite,
            max_early_data: values.max_early_data,
        })
    }

    /// `SSL_SESSION_set1_id`
    ///
    /// # Errors
    /// It is too long.
    pub(crate) fn set_id(&self, id: &[u8]) -> Result<(), Fault> {
        if id.len() > MAX_ID_LEN {
            return Err(Fault::ssl(
                reason::SSL_R_SSL_SESSION_ID_TOO_LONG,
                format!("a session ID of {} bytes: at most {MAX_ID_LEN}", id.len()),
            ));
        }
        self.values().id = id.to_vec();
        Ok(())
    }

    /// The host name, for C; null without one. Good until it is changed.
    pub(crate) fn host_name(&self) -> *const c_char {
        let values = self.values();
        values
            .host_name
            .as_ref()
            .map_or(core::ptr::null(), |name| name.as_ptr())
    }

    /// The version, by number.
    pub(crate) fn version_number(&self) -> c_int {
        self.values().version.into()
    }
}

/// A session ID context, or the fault of one that is too long.
///
/// # Errors
/// It is too long.
pub(crate) fn id_context(context: &[u8]) -> Result<Vec<u8>, Fault> {
    if context.len() > MAX_ID_CONTEXT_LEN {
        return Err(Fault::ssl(
            reason::SSL_R_SSL_SESSION_ID_CONTEXT_TOO_LONG,
            format!(
                "a session ID context of {} bytes: at most {MAX_ID_CONTEXT_LEN}",
                context.len()
            ),
        ));
    }
    Ok(context.to_vec())
}

impl Drop for SslSession {
    fn drop(&mut self) {
        let object = core::ptr::from_mut(self).cast();
        // SAFETY: the pointer by which C knew the session, whose last reference this is.
        unsafe { self.ex_data.freed(Class::SslSession, object) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_session_is_empty_and_cannot_be_resumed() {
        let session = SslSession::empty();
        assert!(!session.is_resumable());
        assert!(session.take_for_offer().is_none());
        assert!(session.secret().is_empty());
        assert!(session.key_material().is_none());
        assert!(session.peer().is_none());
        assert!(session.host_name().is_null());
        assert_eq!(session.lifetime_hint(), 0);
        assert_eq!(session.version_number(), 0);
    }

    #[test]
    fn lengths_are_checked() {
        let session = SslSession::empty();
        assert!(session.set_id(&[1; 33]).is_err());
        assert_eq!(session.set_id(&[1; 32]), Ok(()));
        assert!(session.set_secret(&[1; 513]).is_err());
        assert_eq!(session.set_secret(&[1; 32]), Ok(()));
        assert_eq!(session.key_material().unwrap().key.as_slice(), [1; 32]);
        assert!(id_context(&[0; 33]).is_err());
        assert_eq!(id_context(&[0; 32]), Ok(vec![0; 32]));
    }

    #[test]
    fn time_and_timeout_say_when_it_has_expired() {
        let session = SslSession::empty();
        session.values().time = 1000;
        session.values().timeout = 10;
        assert!(!session.has_expired(1010));
        assert!(session.has_expired(1011));
        session.values().timeout = c_long::MAX;
        assert!(!session.has_expired(c_long::MAX));
    }

    #[test]
    fn copies_have_the_same_content() {
        let session = SslSession::empty();
        session.set_id(&[7; 5]).unwrap();
        session.values().max_early_data = 9;
        let copy = session.duplicate().unwrap();
        assert_eq!(copy.values().id, [7; 5]);
        assert_eq!(copy.values().max_early_data, 9);
        copy.set_id(&[]).unwrap();
        assert_eq!(session.values().id, [7; 5]);
    }
}
