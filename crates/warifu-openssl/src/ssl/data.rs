//! Reading, writing, shutting down.

use warifu::parameters::ProtocolVersion;
use warifu::{Connection, Error, Peeked, UsageError, Waiting};

use super::Ssl;
use super::drive::FLUSH_LEN;
use super::outcome::{Outcome, Stop, Want};
use crate::bio::{Bio, Transfer};
use crate::fault::Fault;
use crate::options::{Modes, Options};
use crate::reason;

/// A write that could not be completed, and must be repeated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writing {
    /// Where the data was.
    address: usize,
    /// Its length.
    len: usize,
    /// Bytes of it that are sealed; some may wait in the output.
    sealed: usize,
}

/// Whether data that was read is taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    Read,
    Peek,
}

impl Ssl {
    /// The common case of [`read`](Self::read): there is data, or it comes straight from the system, and nothing follows. None of the
    /// program's code is run.
    ///
    /// # Errors
    /// It is another case, for [`read_on`](Self::read_on).
    #[inline(always)]
    pub(crate) fn read_at_once(&self, buffer: &mut [u8], reading: Reading) -> Result<usize, Begun> {
        // How it stands where a panic ends the call.
        self.outcome.set(Outcome::Failed);
        let place = self.read_bio.borrow();
        let direct = place.as_deref().filter(|bio| self.reads_directly(bio));
        let (Some(bio), false) = (direct, self.shutdown_state().received) else {
            return Err(Begun(None));
        };
        let Ok(mut connection) = self.connection.try_borrow_mut() else {
            return Err(Begun(None));
        };
        let established = connection
            .as_mut()
            .filter(|connection| connection.facts().is_some());
        let Some(connection) = established else {
            return Err(Begun(None));
        };
        match self.find_data(connection, Some(bio), buffer, reading) {
            Ok(Found::Data(count)) if !self.has_news() => {
                self.outcome.set(Outcome::Success);
                Ok(count)
            }
            found => Err(Begun(Some(found))),
        }
    }

    /// `SSL_read`, `SSL_peek`: at most `buffer.len()` bytes of one record.
    ///
    /// # Errors
    /// The end of the peer's data; the failure of the connection or the transport; what to wait for.
    pub(crate) fn read(&self, buffer: &mut [u8], reading: Reading) -> Result<usize, Stop> {
        self.read_on(Begun(None), buffer, reading)
    }

    /// As [`read`](Self::read), from where [`read_at_once`](Self::read_at_once) has come to.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn read_on(
        &self,
        begun: Begun,
        buffer: &mut [u8],
        reading: Reading,
    ) -> Result<usize, Stop> {
        let Begun(mut begun) = begun;
        if self.shutdown_state().received {
            return Err(Stop::ZeroReturn);
        }
        self.require_role()?;
        // A connection that has ended meanwhile is not established either.
        if begun.is_none() && !self.is_established() {
            self.run_handshake()?;
        }
        loop {
            let found = match begun.take() {
                Some(found) => {
                    self.take_over();
                    found
                }
                None => self.with(|connection| {
                    let bio = self.read_bio.borrow();
                    let bio = bio.as_deref().filter(|bio| self.reads_directly(bio));
                    Ok(self.find_data(connection, bio, buffer, reading))
                })?,
            };
            self.settle_sessions();
            match found {
                Ok(Found::Data(count)) => return Ok(count),
                Ok(Found::Closed) => {
                    let mut shutdown = self.shutdown_state();
                    shutdown.received = true;
                    self.set_shutdown_state(shutdown);
                    return Err(Stop::ZeroReturn);
                }
                Ok(Found::Nothing) => self.await_data()?,
                Ok(Found::Stopped(transfer)) => {
                    let bio = self.read_bio().ok_or(Stop::Transport)?;
                    self.after_receiving(&bio, transfer)?;
                }
                Err(error) => return Err(self.ended(&error)),
            }
        }
    }

    /// Whether bytes come straight from the system or from memory, and records without data are nobody's business.
    fn reads_directly(&self, bio: &Bio) -> bool {
        self.settings.modes().contains(Modes::AUTO_RETRY) && !bio.runs_foreign_code()
    }

    /// Reads what is there, and where that may be done at once receives until something is.
    #[inline(always)]
    fn find_data(
        &self,
        connection: &mut Connection,
        bio: Option<&Bio>,
        buffer: &mut [u8],
        reading: Reading,
    ) -> Result<Found, Error> {
        loop {
            match connection.peek()? {
                Peeked::Data(data) => {
                    let count = data.len().min(buffer.len());
                    if let (Some(to), Some(from)) = (buffer.get_mut(..count), data.get(..count)) {
                        to.copy_from_slice(from);
                    }
                    if reading == Reading::Read {
                        connection.consume(count);
                    }
                    return Ok(Found::Data(count));
                }
                Peeked::Closed => return Ok(Found::Closed),
                Peeked::NeedBytes => {}
            }
            let is_idle = connection.output().is_empty()
                && !matches!(connection.waiting(), Some(Waiting::Answer(_)));
            let Some(bio) = bio.filter(|_| is_idle) else {
                return Ok(Found::Nothing);
            };
            let transfer = loop {
                let transfer = self.receive_into(connection, bio);
                let came = matches!(transfer, Transfer::Done(1..));
                // Before a record is complete there is nothing to find.
                if !came || !self.framing.get().is_inside_record() {
                    break transfer;
                }
            };
            match transfer {
                Transfer::Done(_) => {}
                Transfer::Eof => connection.received_eof(),
                stopped => return Ok(Found::Stopped(stopped)),
            }
        }
    }

    /// Receives more, or does what else has to be done before there can be data.
    fn await_data(&self) -> Result<(), Stop> {
        // Answers to the peer's KeyUpdate leave as far as they can; they are no obstacle to reading.
        match self.flush() {
            Err(Stop::Want(_)) | Ok(()) => {}
            Err(stop) => return Err(stop),
        }
        let waiting = self.touch(|connection| connection.waiting())?;
        if let Some(Waiting::Answer(_)) = waiting {
            self.answer_questions()?;
            return match self.with(|connection| Ok(connection.process()))? {
                Ok(()) => Ok(()),
                Err(error) => Err(self.failed(&error)),
            };
        }
        self.receive()?;
        if !self.settings.modes().contains(Modes::AUTO_RETRY)
            && !self.framing.get().is_inside_record()
        {
            // A whole record came. If it has no data, the program wants to know.
            let nothing =
                self.with(|connection| Ok(matches!(connection.peek(), Ok(Peeked::NeedBytes))))?;
            self.settle_sessions();
            if nothing {
                return Err(Want::Read.into());
            }
        }
        Ok(())
    }

    /// How a read ends that found the end of the connection.
    fn ended(&self, error: &Error) -> Stop {
        let options = self.look_at_settings(|settings| settings.options);
        if *error == Error::Truncated && options.contains(Options::IGNORE_UNEXPECTED_EOF) {
            let mut shutdown = self.shutdown_state();
            shutdown.received = true;
            self.set_shutdown_state(shutdown);
            return Stop::ZeroReturn;
        }
        self.failed(error)
    }

    /// `SSL_write`: seals `data` as one record, or as many as its length takes, and sends them. Returns its length, or with
    /// `SSL_MODE_ENABLE_PARTIAL_WRITE` that of the first record.
    ///
    /// # Errors
    /// The failure of the connection or the transport; what to wait for. The call is to be repeated then with the same data.
    pub(crate) fn write(&self, data: &[u8]) -> Result<usize, Stop> {
        let modes = self.settings.modes();
        let mut sealed = match self.writing.get() {
            Some(writing) => {
                let moved = writing.address != data.as_ptr().addr();
                if data.len() < writing.len
                    || (moved && !modes.contains(Modes::ACCEPT_MOVING_WRITE_BUFFER))
                {
                    return Err(Fault::ssl(
                        reason::SSL_R_BAD_WRITE_RETRY,
                        "a write that could not be completed is repeated with other data",
                    )
                    .into());
                }
                writing.sealed
            }
            None => 0,
        };
        if self.shutdown_state().sent {
            return Err(after_close());
        }
        self.require_role()?;
        if !self.is_established() {
            self.run_handshake()?;
        }
        let partial = modes.contains(Modes::ENABLE_PARTIAL_WRITE);
        let stays = |sealed| Writing {
            address: data.as_ptr().addr(),
            len: data.len(),
            sealed,
        };
        loop {
            if let Err(stop) = self.flush() {
                self.writing.set(Some(stays(sealed)));
                return Err(stop);
            }
            if sealed == data.len() || (partial && sealed > 0) {
                self.writing.set(None);
                return Ok(sealed);
            }
            let limit = if partial { 1 } else { FLUSH_LEN };
            sealed += self.seal(data.get(sealed..).unwrap_or_default(), limit)?;
        }
    }

    /// Seals records until the output has `limit` bytes.
    fn seal(&self, data: &[u8], limit: usize) -> Result<usize, Stop> {
        let written = self.with(|connection| {
            let mut sealed = 0;
            // In TLS 1.0 the first byte may be a record of its own; alone it is no part of a message.
            let splits = connection
                .facts()
                .is_some_and(|facts| facts.version == ProtocolVersion::TLS1_0);
            while let Some(rest) = data.get(sealed..).filter(|rest| !rest.is_empty()) {
                let alone = splits && sealed == 1;
                if connection.output().len() >= limit && !alone {
                    break;
                }
                match connection.write_record(rest) {
                    Ok(count) => sealed += count,
                    Err(error) => return Ok(Err(error)),
                }
            }
            Ok(Ok(sealed))
        })?;
        written.map_err(|error| match error {
            Error::Usage(UsageError::WriteAfterClose) => after_close(),
            error => self.failed(&error),
        })
    }

    /// Whether a write could not be completed, and must be repeated.
    pub(crate) fn has_unfinished_write(&self) -> bool {
        self.writing.get().is_some()
    }

    /// `SSL_pending`: bytes of the current record that can be read without receiving more.
    pub(crate) fn pending(&self) -> usize {
        self.look(warifu::Connection::pending).unwrap_or(0)
    }

    /// `SSL_has_pending`: whether anything was received that is not read yet.
    pub(crate) fn has_pending(&self) -> bool {
        let unread = self.look(warifu::Connection::received_unread);
        unread.unwrap_or(0) > self.framing.get().early_len()
    }

    /// # Errors
    /// Nobody has said whether this side is the client.
    fn require_role(&self) -> Result<(), Fault> {
        match self.role() {
            Some(_) => Ok(()),
            None => Err(Fault::ssl(
                reason::SSL_R_UNINITIALIZED,
                "neither client nor server: SSL_set_connect_state or SSL_set_accept_state first",
            )),
        }
    }

    /// `SSL_shutdown`: sends close_notify, over as many calls as the transport makes of it, and when called again after that waits for the
    /// peer's. Returns whether both directions are closed.
    ///
    /// # Errors
    /// The failure of the connection or the transport; what to wait for.
    pub(crate) fn shut_down(&self) -> Result<bool, Stop> {
        if self.look_at_settings(|settings| settings.quiet_shutdown) {
            self.set_shutdown_state(super::Shutdown {
                sent: true,
                received: true,
            });
            return Ok(true);
        }
        self.require_role()?;
        if !self.is_established() {
            return Err(Fault::ssl(
                reason::SSL_R_SHUTDOWN_WHILE_IN_INIT,
                "shutdown before the handshake is complete, or after a fatal error",
            )
            .into());
        }
        let mut shutdown = self.shutdown_state();
        if !shutdown.sent {
            self.with(|connection| {
                connection.close();
                Ok(())
            })?;
            shutdown.sent = true;
            self.is_closing.set(true);
            self.set_shutdown_state(shutdown);
        }
        if self.is_closing.get() {
            // The first phase, however many calls the transport makes of it.
            self.flush_all()?;
            self.is_closing.set(false);
            return Ok(shutdown.received);
        }
        if shutdown.received {
            return Ok(true);
        }
        let mut unread = [0];
        match self.read(&mut unread, Reading::Peek) {
            Err(Stop::ZeroReturn) => Ok(true),
            Err(stop) => Err(stop),
            Ok(_) => Err(Fault::ssl(
                reason::SSL_R_APPLICATION_DATA_AFTER_CLOSE_NOTIFY,
                "the peer sends data that is not read yet: read until its end, then shut down again",
            )
            .into()),
        }
    }
}

/// How far a read has come: what it has found, if it has looked.
#[derive(Default)]
pub(crate) struct Begun(Option<Result<Found, Error>>);

/// What a read finds.
enum Found {
    Data(usize),
    Closed,
    /// Nothing, and something else has to be done first.
    Nothing,
    /// Nothing, and this became of receiving more.
    Stopped(Transfer),
}

fn after_close() -> Stop {
    Fault::ssl(
        reason::SSL_R_PROTOCOL_IS_SHUTDOWN,
        "write after this side has closed its direction",
    )
    .into()
}
