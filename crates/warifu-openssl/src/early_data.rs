//! Early data (RFC 8446 Section 2.3), as `SSL_write_early_data` and `SSL_read_early_data` have it.
//!
//! **Whoever recorded early data can send it again.** A server takes it only if the program reads it, and each only once, unless
//! `SSL_OP_NO_ANTI_REPLAY` is on.

use warifu::{Connection, EarlyData, ReadOutcome, Waiting};

use crate::fault::Fault;
use crate::method::Role;
use crate::reason;
use crate::ssl::Ssl;
use crate::ssl::outcome::Stop;

/// How far a connection is with early data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum EarlyDataState {
    /// Nothing was said of it.
    #[default]
    None,
    /// A client's: may be written. Of the current write so many bytes are sealed.
    Writing { sealed: usize },
    /// A server's: it is being read.
    Reading,
    /// A server's: there is no more.
    Read,
    /// A client's: the handshake goes on, no more can be written.
    Written,
}

/// What `SSL_read_early_data` returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EarlyRead {
    /// So many bytes; there may be more.
    Success(usize),
    /// There is no more: the handshake is to be completed.
    Finish,
}

fn misuse(what: &str) -> Stop {
    Fault::misuse(what).into()
}

impl Ssl {
    /// Whether the program reads early data, so that it may be taken.
    pub(crate) fn reads_early_data(&self) -> bool {
        self.early_data.get() == EarlyDataState::Reading
    }

    /// Whether the connection is to offer early data.
    pub(crate) fn writes_early_data(&self) -> bool {
        matches!(self.early_data.get(), EarlyDataState::Writing { .. })
    }

    /// A client that goes on with its handshake is done with early data.
    pub(crate) fn end_early_writing(&self) {
        if self.writes_early_data() {
            self.early_data.set(EarlyDataState::Written);
        }
    }

    /// `SSL_get_early_data_status`
    pub(crate) fn early_data_status(&self) -> EarlyData {
        self.look(Connection::early_data).unwrap_or_default()
    }

    /// `SSL_write_early_data`: sends all of `data` before the server has answered, or on a server before the client has finished.
    ///
    /// # Errors
    /// It is not the time for it; the failure of the connection or the transport; what to wait for.
    pub(crate) fn write_early(&self, data: &[u8]) -> Result<usize, Stop> {
        match self.early_data.get() {
            EarlyDataState::None => {
                self.may_offer_early_data()?;
                self.early_data.set(EarlyDataState::Writing { sealed: 0 });
                self.write_early_as_client(data, 0)
            }
            EarlyDataState::Writing { sealed } => self.write_early_as_client(data, sealed),
            EarlyDataState::Reading | EarlyDataState::Read => self.write_before_finished(data),
            EarlyDataState::Written => Err(misuse(
                "the handshake goes on, and no early data can be written any more",
            )),
        }
    }

    /// Whether this is a client that has a session, and has not begun.
    fn may_offer_early_data(&self) -> Result<(), Stop> {
        if self.look(|_| ()).is_some() {
            return Err(misuse("early data is written before anything else"));
        }
        self.take_role(Role::Client)?;
        let session = self.sessions.current();
        let allowed = session.map_or(0, |session| session.values().max_early_data);
        match allowed > 0 || self.has_early_data_keys() {
            true => Ok(()),
            false => Err(misuse(
                "no session that allows early data: SSL_set_session, SSL_SESSION_get_max_early_data",
            )),
        }
    }

    /// Whether the program may give a pre-shared key with early data.
    fn has_early_data_keys(&self) -> bool {
        self.settings().psk.use_session.is_some()
    }

    fn write_early_as_client(&self, data: &[u8], mut sealed: usize) -> Result<usize, Stop> {
        self.begin()?;
        // The ClientHello, which may need answers of the program first.
        loop {
            let progress = self.with(|connection| Ok(connection.process()))?;
            self.settle_sessions();
            if let Err(error) = progress {
                return Err(self.failed(&error));
            }
            match self.with(|connection| Ok(connection.waiting()))? {
                Some(Waiting::Answer(_)) => self.answer_questions()?,
                _ => break,
            }
        }
        self.flush()?;
        let rest = data.get(sealed..).unwrap_or_default();
        // Before any of it is sealed: what is sealed leaves, and this call says that nothing does.
        let left = self.look(Connection::early_data_left).unwrap_or(0);
        if left < rest.len() {
            self.early_data.set(EarlyDataState::Writing { sealed: 0 });
            return Err(Fault::ssl(
                reason::SSL_R_TOO_MUCH_EARLY_DATA,
                match self.early_data_status() {
                    EarlyData::NotOffered => {
                        "the session allows no early data in this connection: go on with SSL_connect"
                            .to_owned()
                    }
                    _ => format!(
                        "{} bytes of early data where the session allows {left} more: nothing of these is sent",
                        rest.len()
                    ),
                },
            )
            .into());
        }
        let taken = self.with(|connection| Ok(connection.write_replayable_early_data(rest)))?;
        sealed += taken.map_err(|error| self.failed(&error))?;
        self.early_data.set(EarlyDataState::Writing { sealed });
        self.flush()?;
        self.early_data.set(EarlyDataState::Writing { sealed: 0 });
        Ok(data.len())
    }

    /// What a server sends before the client has finished; anyone may be reading it.
    fn write_before_finished(&self, data: &[u8]) -> Result<usize, Stop> {
        if self.is_established() {
            return self.write(data);
        }
        self.flush()?;
        let written = self.with(|connection| Ok(connection.write_half_rtt_data(data)))?;
        let written = written.map_err(|error| self.failed(&error))?;
        if written < data.len() {
            return Err(misuse(
                "the server's part of the handshake has not gone so far: SSL_read_early_data first",
            ));
        }
        // All is sealed: what does not leave now does so with the next call.
        match self.flush() {
            Ok(()) | Err(Stop::Want(_)) => Ok(written),
            Err(stop) => Err(stop),
        }
    }

    /// `SSL_read_early_data`
    ///
    /// # Errors
    /// It is not the time for it; the failure of the connection or the transport; what to wait for.
    pub(crate) fn read_early(&self, buffer: &mut [u8]) -> Result<EarlyRead, Stop> {
        match self.early_data.get() {
            EarlyDataState::None => {
                if self.look(|_| ()).is_some() {
                    return Err(misuse("early data is read before anything else"));
                }
                self.take_role(Role::Server)?;
                self.early_data.set(EarlyDataState::Reading);
            }
            EarlyDataState::Reading => {}
            EarlyDataState::Read => {
                return Err(misuse(
                    "SSL_READ_EARLY_DATA_FINISH was returned: SSL_accept completes the handshake",
                ));
            }
            EarlyDataState::Writing { .. } | EarlyDataState::Written => {
                return Err(misuse("only a server reads early data"));
            }
        }
        self.begin()?;
        loop {
            let progress = self.with(|connection| Ok(connection.process()))?;
            self.settle_sessions();
            if let Err(error) = progress {
                return Err(self.failed(&error));
            }
            self.flush()?;
            let waiting = self.with(|connection| Ok(connection.waiting()))?;
            if let Some(Waiting::Answer(_)) = waiting {
                self.answer_questions()?;
                continue;
            }
            let read = self.with(|connection| Ok(connection.read_replayable_early_data(buffer)))?;
            match read.map_err(|error| self.failed(&error))? {
                ReadOutcome::Data(count) => return Ok(EarlyRead::Success(count)),
                ReadOutcome::Closed => {
                    self.early_data.set(EarlyDataState::Read);
                    return Ok(EarlyRead::Finish);
                }
                ReadOutcome::NeedBytes => {
                    self.receive()?;
                }
            }
        }
    }
}
