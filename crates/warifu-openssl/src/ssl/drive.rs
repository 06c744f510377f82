//! The handshake: bytes in and out, and questions to callbacks.

use std::sync::Arc;

use warifu::{Connection, Error, Waiting};

use super::Ssl;
use super::outcome::{Stop, Want};
use crate::bio::{Bio, Transfer};
use crate::fault::Fault;
use crate::method::Role;
use crate::news;
use crate::notes;
use crate::options::Modes;
use crate::question;
use crate::reason;

/// How much sealed output is collected before it is handed to the transport, in bytes: four full records.
pub(super) const FLUSH_LEN: usize = 4 << 14;

impl Ssl {
    /// `SSL_do_handshake`: runs the handshake to its end, until all of this side's part has left.
    ///
    /// # Errors
    /// The failure of the handshake or of the transport; what to wait for.
    pub(crate) fn run_handshake(&self) -> Result<(), Stop> {
        self.end_early_writing();
        if self.is_established() {
            self.settle_sessions();
            let result = self.flush();
            self.tell_end(&result);
            return result;
        }
        let result = self.advance_handshake();
        self.tell_end(&result);
        result
    }

    fn advance_handshake(&self) -> Result<(), Stop> {
        self.begin()?;
        let began = self.settings();
        loop {
            let progress = self.with(|connection| Ok(connection.process()))?;
            self.settle_sessions();
            if let Err(error) = progress {
                return Err(self.failed(&error));
            }
            let (handshaking, waiting) =
                self.touch(|connection| (connection.is_handshaking(), connection.waiting()))?;
            if !handshaking {
                if !self.look_at_settings(|now| core::ptr::eq(now, &*began)) {
                    // A callback has changed them.
                    self.refit();
                }
                return self.flush();
            }
            match waiting {
                // What is sent after the answer leaves together with what is here already.
                Some(Waiting::Answer(_)) => {
                    if let Err(stop) = self.answer_questions() {
                        self.flush()?;
                        return Err(stop);
                    }
                }
                _ => {
                    // A peer that has begun a record will end it, whatever it is waiting for.
                    if self.framing.get().is_between_records() {
                        self.flush()?;
                    }
                    self.receive_record()?;
                }
            }
        }
    }

    /// Receives until a record is complete, or the transport has no more: before that there is nothing to do for the connection.
    fn receive_record(&self) -> Result<(), Stop> {
        loop {
            match self.receive() {
                Ok(true) if self.framing.get().is_inside_record() => {}
                Ok(_) => return Ok(()),
                // The call may be repeated only once the peer has something to send: it may wait for what is here.
                Err(stop) => return self.flush().and(Err(stop)),
            }
        }
    }

    /// Makes the connection, unless it is there.
    pub(crate) fn begin(&self) -> Result<(), Fault> {
        if self
            .connection
            .try_borrow()
            .is_ok_and(|connection| connection.is_some())
        {
            return Ok(());
        }
        self.adopt_callbacks();
        self.place_io_callbacks()?;
        let settings = self.settings();
        let connection = match self.role() {
            None => {
                return Err(Fault::ssl(
                    reason::SSL_R_CONNECTION_TYPE_NOT_SET,
                    "neither client nor server: SSL_connect, SSL_accept, SSL_set_connect_state or SSL_set_accept_state first",
                ));
            }
            Some(Role::Client) => {
                let mut connection =
                    Connection::client(settings.client_config()?, self.server_name());
                connection
                    .set_session_store(self.begin_as_client())
                    .and_then(|()| match self.writes_early_data() {
                        true => connection.set_replayable_early_data(true),
                        false => Ok(()),
                    })
                    .map_err(|error| Fault::from_error(&error))?;
                connection
            }
            Some(Role::Server) => {
                let connection = Connection::server(settings.server_config()?);
                self.begin_as_server();
                connection
            }
        };
        self.connection.replace(Some(connection));
        self.attach_log();
        self.tell_start();
        Ok(())
    }

    /// Works with the connection, while no C code runs.
    ///
    /// # Errors
    /// There is none yet; or this is called from within a transport of the application's.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let result = self.touch(work)?;
        self.take_over();
        result
    }

    /// Takes over what work with the connection has left in the thread, and tells the program of it.
    pub(super) fn take_over(&self) {
        // Before any code of the program's runs, which may use other connections in this thread.
        if !news::take() {
            return;
        }
        self.questions.borrow_mut().append(&mut question::posed());
        self.sessions.note_news();
        notes::deliver(self);
    }

    /// Whether there is anything to take over, or to settle of sessions.
    #[inline(always)]
    pub(super) fn has_news(&self) -> bool {
        news::any() || !self.sessions.is_settled()
    }

    /// As [`with`](Self::with), for work that nobody is told of: moving bytes, looking.
    ///
    /// # Errors
    /// As there.
    #[inline(always)]
    pub(crate) fn touch<T>(&self, work: impl FnOnce(&mut Connection) -> T) -> Result<T, Stop> {
        let mut connection = self.connection.try_borrow_mut().map_err(|_| {
            Fault::misuse("the connection is busy: this is a callback of its own transport")
        })?;
        let connection = connection.as_mut().ok_or_else(|| {
            Fault::ssl(reason::SSL_R_UNINITIALIZED, "the handshake has not begun")
        })?;
        Ok(work(connection))
    }

    /// As [`with`](Self::with), for functions that wait for nothing.
    ///
    /// # Errors
    /// As there, and those of the connection.
    pub(crate) fn work<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Error>,
    ) -> Result<T, Fault> {
        let result = self.with(|connection| Ok(work(connection)));
        match result {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.fault_of(&error)),
            Err(Stop::Fault(fault)) => Err(fault),
            Err(_) => Err(Fault::Quiet),
        }
    }

    /// Runs the callbacks that the handshake waits for.
    ///
    /// # Errors
    /// A callback that wants time.
    pub(crate) fn answer_questions(&self) -> Result<(), Stop> {
        let mut open = self.questions.take();
        if open.is_empty() {
            return Err(
                Fault::internal("the handshake waits for an answer that nobody gives").into(),
            );
        }
        while let Some(mut question) = open.pop_front() {
            if let Err(want) = question(self) {
                open.push_front(question);
                self.questions.replace(open);
                return Err(want.into());
            }
        }
        Ok(())
    }

    /// Sends what waits.
    ///
    /// # Errors
    /// The transport's.
    pub(crate) fn flush(&self) -> Result<(), Stop> {
        if self.look(|connection| connection.output().is_empty()) == Some(true) {
            return Ok(());
        }
        let place = self.write_bio.borrow();
        let bio = place.as_ref().ok_or_else(no_transport)?;
        if !bio.runs_foreign_code() {
            let end = self.touch(|connection| {
                loop {
                    let transfer = bio.write(connection.output());
                    if let Some(end) = sent(connection, transfer) {
                        break end;
                    }
                }
            })?;
            return after_sending(bio, end);
        }
        // C code may put another one in its place meanwhile.
        let bio = Arc::clone(bio);
        drop(place);
        let end = loop {
            let output = self.touch(|connection| connection.output().to_vec())?;
            let transfer = bio.write(&output);
            if let Some(end) = self.touch(|connection| sent(connection, transfer))? {
                break end;
            }
        };
        after_sending(&bio, end)
    }

    /// As [`flush`](Self::flush), and what the transport has buffered before.
    ///
    /// # Errors
    /// As there.
    pub(super) fn flush_all(&self) -> Result<(), Stop> {
        self.flush()?;
        let bio = self.write_bio().ok_or_else(no_transport)?;
        flush_buffers(&bio)
    }

    /// Receives once: no more than the current record, unless reading ahead is on. Returns whether anything came.
    ///
    /// # Errors
    /// The transport's. Its end is none: the connection says what that means.
    pub(crate) fn receive(&self) -> Result<bool, Stop> {
        let place = self.read_bio.borrow();
        let bio = place.as_ref().ok_or_else(no_transport)?;
        if !bio.runs_foreign_code() {
            let transfer = self.touch(|connection| self.receive_into(connection, bio))?;
            return self.after_receiving(bio, transfer);
        }
        // As in `flush`.
        let bio = Arc::clone(bio);
        drop(place);
        let transfer = self.receive_through_c(&bio)?;
        self.after_receiving(&bio, transfer)
    }

    /// Receives once, straight from the system or from memory.
    #[inline(always)]
    pub(super) fn receive_into(&self, connection: &mut Connection, bio: &Bio) -> Transfer {
        let limit = self.receive_limit(connection, bio);
        let buffer = connection.receive_buffer();
        let len = buffer.len().min(limit);
        let buffer = buffer.get_mut(..len).unwrap_or_default();
        if buffer.is_empty() {
            // What came must be looked at first; reading nothing would look like the end.
            return Transfer::Done(0);
        }
        let transfer = bio.read(buffer);
        if let Transfer::Done(count) = transfer {
            let mut framing = self.framing.get();
            framing.advance(buffer.get(..count).unwrap_or_default());
            self.framing.set(framing);
            connection.received(count);
        }
        transfer
    }

    /// Most bytes that may be received now. Only a socket is asked for any that the current record does not need.
    #[inline(always)]
    fn receive_limit(&self, connection: &Connection, bio: &Bio) -> usize {
        let framing = self.framing.get();
        if self.settings.read_ahead() {
            return usize::MAX;
        }
        if !bio.is_socket() {
            return framing.needed();
        }
        if !connection.is_handshaking() {
            return framing.limit(false, 0);
        }
        // Behind a ClientHello comes nothing but early data until it is answered.
        let is_hello = framing.is_unused()
            && self.role() == Some(Role::Server)
            && self.look_at_settings(|settings| settings.sessions.max_early_data) == 0;
        match is_hello {
            true => usize::MAX,
            false => framing.limit(true, connection.handshake_bytes_due()),
        }
    }

    /// What follows from a transfer. Returns whether anything came.
    ///
    /// # Errors
    /// The transport's.
    pub(super) fn after_receiving(&self, bio: &Bio, transfer: Transfer) -> Result<bool, Stop> {
        match transfer {
            Transfer::Done(count) => Ok(count > 0),
            Transfer::Eof => self.touch(Connection::received_eof).map(|()| false),
            Transfer::Retry => {
                if self.settings.modes().contains(Modes::RELEASE_BUFFERS) {
                    self.touch(Connection::release_buffers)?;
                }
                Err(bio.want(Want::Read).into())
            }
            Transfer::Failed => Err(Stop::Transport),
        }
    }

    /// As [`receive`](Self::receive), with a buffer of its own: C code may look at the connection meanwhile. It may also wait until it
    /// has all that it is asked for.
    fn receive_through_c(&self, bio: &Bio) -> Result<Transfer, Stop> {
        let limit = match self.settings.read_ahead() {
            true => usize::MAX,
            false => self.framing.get().needed(),
        };
        let len = self.touch(|connection| connection.receive_buffer().len().min(limit))?;
        if len == 0 {
            return Ok(Transfer::Done(0));
        }
        let mut buffer = vec![0; len];
        let transfer = bio.read(&mut buffer);
        if let Transfer::Done(count) = transfer {
            let came = buffer.get(..count).unwrap_or_default();
            let mut framing = self.framing.get();
            framing.advance(came);
            self.framing.set(framing);
            self.touch(|connection| connection.receive(came))?;
        }
        Ok(transfer)
    }

    /// Tells the peer of a failure as far as the transport takes it, and says how the call ends.
    #[cold]
    pub(crate) fn failed(&self, error: &Error) -> Stop {
        // The failure counts more than the transport's.
        let _ = self.flush();
        Stop::Fault(self.fault_of(error))
    }
}

/// What follows from the end of sending.
///
/// # Errors
/// The transport's; what to wait for.
fn after_sending(bio: &Bio, end: Transfer) -> Result<(), Stop> {
    match end {
        Transfer::Done(_) => {}
        Transfer::Retry => return Err(bio.want(Want::Write).into()),
        Transfer::Eof | Transfer::Failed => return Err(Stop::Transport),
    }
    flush_buffers(bio)
}

/// Sends what a buffering BIO holds back.
///
/// # Errors
/// The transport's; what to wait for.
fn flush_buffers(bio: &Bio) -> Result<(), Stop> {
    match bio.flush() {
        Transfer::Retry => Err(bio.want(Want::Write).into()),
        Transfer::Failed => Err(Stop::Transport),
        Transfer::Done(_) | Transfer::Eof => Ok(()),
    }
}

/// Takes note of what was sent. `Some` once nothing is left, or nothing more goes.
fn sent(connection: &mut Connection, transfer: Transfer) -> Option<Transfer> {
    if let Transfer::Done(count) = transfer {
        connection.sent(count);
        return connection.output().is_empty().then_some(transfer);
    }
    Some(transfer)
}

fn no_transport() -> Fault {
    Fault::ssl(
        reason::SSL_R_BIO_NOT_SET,
        "the connection has no transport: SSL_set_fd or SSL_set_bio first",
    )
}
