//! The connection.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | the object, its role and its BIOs |
//! | `own_settings.rs` | its settings |
//! | `drive.rs` | the handshake: bytes in and out, questions to callbacks |
//! | `data.rs` | reading, writing, shutting down |
//! | `negotiated.rs` | what was negotiated |
//! | `framing.rs` | how many bytes may be received without touching the next record |
//! | `outcome.rs` | what `SSL_get_error` tells |

mod data;
mod drive;
mod framing;
mod negotiated;
pub(crate) mod outcome;
mod own_settings;

use core::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;

use warifu::Connection;
use warifu::pki_types::ServerName;

use crate::bio::Bio;
use crate::bio::callbacks::Places;
use crate::context::Context;
use crate::early_data::EarlyDataState;
use crate::ex_data::{Class, ExData};
use crate::fault::Fault;
use crate::hello;
use crate::method::Role;
use crate::notes::Noted;
use crate::psk;
use crate::question::Question;
use crate::reason;
use crate::session::connection::Sessions;
use crate::settings::Settings;
use crate::verify::Verified;
use crate::wolf;
use crate::x509::param::VerifyParam;

use data::Writing;
pub(crate) use data::{Begun, Reading};
use framing::Framing;
use outcome::{Outcome, Stop};
use own_settings::OwnSettings;

/// `SSL`: one TLS connection. One thread uses it at a time.
///
/// The order is that in memory: what each read uses comes first, in few lines of the processor's cache.
#[repr(C)]
pub struct Ssl {
    framing: Cell<Framing>,
    outcome: Cell<Outcome>,
    /// `SSL_SENT_SHUTDOWN`, `SSL_RECEIVED_SHUTDOWN`.
    shutdown: Cell<Shutdown>,
    /// close_notify is sealed, and has not left the transport yet.
    is_closing: Cell<bool>,
    read_bio: RefCell<Option<Arc<Bio>>>,
    settings: OwnSettings,
    pub(crate) sessions: Sessions,
    /// Made when the handshake starts. Borrowed only while no C code can run.
    connection: RefCell<Option<Connection>>,
    role: Cell<Option<Role>>,
    write_bio: RefCell<Option<Arc<Bio>>>,
    writing: Cell<Option<Writing>>,
    questions: RefCell<VecDeque<Question>>,
    context: RefCell<Arc<Context>>,
    /// For the verification of the peer.
    pub(crate) param: Arc<VerifyParam>,
    pub(crate) verified: RefCell<Verified>,
    /// `SSL_set_retry_verify`
    pub(crate) retry_verify: Cell<bool>,
    pub(crate) hello: hello::State,
    pub(crate) noted: Noted,
    pub(crate) early_data: Cell<EarlyDataState>,
    /// What functions of the program's in place of a socket are given.
    pub(crate) places: Places,
    rare: OnceCell<Box<Rare>>,
    pub(crate) ex_data: ExData,
}

/// What few programs ask a connection for. Apart from it: a small object is faster to make and to free.
#[derive(Default)]
pub(crate) struct Rare {
    pub(crate) psk_names: psk::Names,
    pub(crate) negotiated: negotiated::Negotiated,
    pub(crate) wolf: wolf::State,
}

/// Which directions are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Shutdown {
    pub(crate) sent: bool,
    pub(crate) received: bool,
}

impl Ssl {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        let settings = context.settings();
        let host_name = settings.wolf.host_name.clone();
        let ssl = Self {
            role: Cell::new(settings.method.role),
            connection: RefCell::new(None),
            read_bio: RefCell::new(None),
            write_bio: RefCell::new(None),
            questions: RefCell::default(),
            framing: Cell::default(),
            writing: Cell::new(None),
            outcome: Cell::default(),
            shutdown: Cell::default(),
            is_closing: Cell::default(),
            param: Arc::new(VerifyParam::of(context.param.values())),
            verified: RefCell::default(),
            retry_verify: Cell::new(false),
            hello: hello::State::default(),
            noted: Noted::new(settings.listeners),
            settings: OwnSettings::new(settings),
            sessions: Sessions::default(),
            early_data: Cell::default(),
            places: Places::default(),
            rare: OnceCell::new(),
            ex_data: ExData::new(),
            context: RefCell::new(context),
        };
        ssl.hello.set_host_name(host_name);
        ssl
    }

    /// `SSL_dup`: another with the same settings and role, which has not begun and has no transport.
    pub(crate) fn duplicate(&self) -> Self {
        let copy = Self::new(self.context());
        copy.settings.replace(self.settings());
        copy.role.set(self.role());
        copy.shutdown.set(self.shutdown_state());
        copy.hello.take_host_name_of(&self.hello);
        copy.noted.listeners.set(self.noted.listeners.get());
        copy.param.change(|values| *values = self.param.values());
        copy
    }

    /// Makes it an object of C's, and tells those who wait for new ones.
    #[allow(clippy::arc_with_non_send_sync)] // C counts references; one thread uses it at a time.
    pub(crate) fn shared(self) -> Arc<Self> {
        let ssl = Arc::new(self);
        // SAFETY: the pointer by which C knows it.
        unsafe { ssl.ex_data.created(Class::Ssl, ssl.handle().cast()) };
        ssl
    }

    /// The pointer by which C knows it.
    pub(crate) fn handle(&self) -> *mut Self {
        core::ptr::from_ref(self).cast_mut()
    }

    // Settings.

    pub(crate) fn context(&self) -> Arc<Context> {
        self.context.borrow().clone()
    }

    /// Looks at the context, by which no C code is run.
    pub(crate) fn look_at_context<T>(&self, look: impl FnOnce(&Context) -> T) -> T {
        look(&self.context.borrow())
    }

    pub(crate) fn settings(&self) -> Arc<Settings> {
        self.settings.get()
    }

    /// Looks at the settings, by which no C code is run.
    pub(crate) fn look_at_settings<T>(&self, look: impl FnOnce(&Settings) -> T) -> T {
        self.settings.look(look)
    }

    pub(crate) fn rare(&self) -> &Rare {
        self.rare.get_or_init(Box::default)
    }

    /// Changes the settings of this connection alone.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Settings) -> T) -> T {
        let result = self.settings.change(change);
        self.refit();
        result
    }

    /// As [`change`](Self::change), for a change that may fail and then changes nothing.
    ///
    /// # Errors
    /// Those of `change`.
    pub(crate) fn try_change<T>(
        &self,
        change: impl FnOnce(&mut Settings) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut changed = self.settings();
        let result = Settings::change(&mut changed, change)?;
        let before = self.settings.replace(changed);
        drop(before);
        self.refit();
        Ok(result)
    }

    /// Settings that a connection goes by at once, even when its handshake is over.
    pub(crate) fn refit(&self) {
        // From within a transport of the application's it cannot be reached; it keeps what it has then.
        let Ok(mut connection) = self.connection.try_borrow_mut() else {
            return;
        };
        let Some(connection) = connection.as_mut() else {
            return;
        };
        // It fails while the handshake runs, at whose end this is done again.
        let _ = connection
            .set_record_size(self.look_at_settings(|settings| settings.max_send_fragment));
    }

    /// `SSL_set_SSL_CTX`: another context, and the settings to go on with.
    pub(crate) fn replace_context(&self, context: Arc<Context>, settings: Arc<Settings>) {
        let before = (
            self.context.replace(context),
            self.settings.replace(settings),
        );
        drop(before);
    }

    // Role and state.

    pub(crate) fn role(&self) -> Option<Role> {
        self.role.get()
    }

    /// `SSL_set_connect_state`, `SSL_set_accept_state`: a handshake in this role is next.
    pub(crate) fn set_role(&self, role: Role) {
        self.role.set(Some(role));
        self.reset();
    }

    /// Takes the role unless it has another one already (`SSL_connect`, `SSL_accept`).
    ///
    /// # Errors
    /// The method is for the other role, or the handshake runs in it.
    pub(crate) fn take_role(&self, role: Role) -> Result<(), Fault> {
        match self.role.get() {
            Some(other) if other != role => {
                let (call, other) = match role {
                    Role::Client => ("SSL_connect", "server"),
                    Role::Server => ("SSL_accept", "client"),
                };
                Err(Fault::misuse(format!(
                    "{call} on the connection of a {other}"
                )))
            }
            _ => {
                self.role.set(Some(role));
                Ok(())
            }
        }
    }

    /// `SSL_clear`: forgets the connection, not the settings.
    pub(crate) fn reset(&self) {
        self.connection.take();
        self.questions.take();
        self.framing.take();
        self.writing.take();
        self.outcome.take();
        self.shutdown.take();
        self.is_closing.take();
        if let Some(rare) = self.rare.get() {
            rare.negotiated.reset();
            rare.wolf.reset();
        }
        self.verified.take();
        self.hello.reset();
        self.noted.reset();
        self.sessions.reset();
        self.early_data.take();
    }

    /// The name for SNI, and under which the protocol keeps sessions. Without one there is no SNI.
    fn server_name(&self) -> ServerName<'static> {
        let name = self.hello.host_name();
        let name = name.and_then(|name| ServerName::try_from(name).ok());
        // An IP address is never sent in SNI (RFC 6066 Section 3); this one is nobody's.
        name.unwrap_or_else(|| std::net::Ipv4Addr::UNSPECIFIED.into())
    }

    pub(crate) fn shutdown_state(&self) -> Shutdown {
        self.shutdown.get()
    }

    pub(crate) fn set_shutdown_state(&self, shutdown: Shutdown) {
        self.shutdown.set(shutdown);
    }

    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome.get()
    }

    /// Looks at the connection. `None` before its handshake starts, and from within a transport of the application's.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Connection) -> T) -> Option<T> {
        let connection = self.connection.try_borrow().ok()?;
        connection.as_ref().map(look)
    }

    /// Whether the handshake is complete.
    pub(crate) fn is_established(&self) -> bool {
        self.look(|connection| !connection.is_handshaking() && connection.facts().is_some())
            .unwrap_or(false)
    }

    /// Runs a call. Remembers how it ended, for `SSL_get_error`, and turns that into what [`entry`](crate::entry::entry) takes.
    pub(crate) fn conclude<T>(&self, run: impl FnOnce() -> Result<T, Stop>) -> Result<T, Fault> {
        // How it stands where a panic ends the call.
        self.outcome.set(Outcome::Failed);
        let (outcome, fault) = match run() {
            Ok(value) => {
                self.outcome.set(Outcome::Success);
                return Ok(value);
            }
            Err(Stop::Want(want)) => (Outcome::Want(want), Fault::Quiet),
            Err(Stop::ZeroReturn) => (Outcome::ZeroReturn, Fault::Quiet),
            Err(Stop::Transport) => (Outcome::Transport, Fault::Quiet),
            Err(Stop::Fault(fault)) if fault.is_ssl(reason::SSL_R_UNEXPECTED_EOF_WHILE_READING) => {
                (Outcome::Truncated, fault)
            }
            Err(Stop::Fault(fault)) => (Outcome::Failed, fault),
        };
        // A quiet one says it all by the result.
        if fault != Fault::Quiet {
            self.rare().wolf.note_failure(&fault);
        }
        self.outcome.set(outcome);
        Err(fault)
    }

    // Transport.

    /// Attaches BIOs; `None` leaves what is there.
    pub(crate) fn set_bios(&self, read: Option<Arc<Bio>>, write: Option<Arc<Bio>>) {
        let read = read.or_else(|| self.read_bio());
        let write = write.or_else(|| self.write_bio());
        self.replace_bios(read, write);
    }

    /// Takes BIOs in place of what is there.
    pub(crate) fn replace_bios(&self, read: Option<Arc<Bio>>, write: Option<Arc<Bio>>) {
        // What is replaced may be a method of C code's, which runs when it is dropped.
        let before = (self.read_bio.replace(read), self.write_bio.replace(write));
        drop(before);
    }

    /// Whether the header of a record has come, and its body has not.
    pub(crate) fn awaits_body(&self) -> bool {
        self.framing.get().is_in_body()
    }

    pub(crate) fn read_bio(&self) -> Option<Arc<Bio>> {
        self.read_bio.borrow().clone()
    }

    pub(crate) fn write_bio(&self) -> Option<Arc<Bio>> {
        self.write_bio.borrow().clone()
    }
}

impl Drop for Ssl {
    fn drop(&mut self) {
        // SAFETY: the handle is the pointer by which C knows it. Nothing of it is borrowed, and all of it is still there.
        unsafe { self.ex_data.freed(Class::Ssl, self.handle().cast()) };
        // The program's code may run at the end of these too, and look at the connection: all else of it is still there.
        self.replace_bios(None, None);
        self.sessions.set_current(None);
    }
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use super::*;
    use crate::entry::entry;
    use crate::method::Method;

    #[test]
    fn a_call_that_panics_has_failed() {
        let context = Context::new(const { &Method::new(None, None) });
        let ssl = Ssl::new(Arc::new(context));
        assert_eq!(ssl.outcome().error_code(), 0);
        let value = entry(-1, || ssl.conclude(|| panic!("on purpose")));
        assert_eq!((value, ssl.outcome().error_code()), (-1, 1));
        assert_eq!(entry(-1, || ssl.conclude(|| Ok(3))), 3);
        assert_eq!(ssl.outcome().error_code(), 0);
    }
}
