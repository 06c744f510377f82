//! The two halves of a split stream: full duplex from two threads.
//!
//! Each half has its own direction of the record layer, so that opening and sealing never wait for each
//! other. The reading half reaches for the writing one only where the protocol makes it answer: an alert, or a KeyUpdate
//! in return. While the other thread is in the middle of a write it leaves a note instead, and that write sends the
//! answer.

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use crate::connection::Parts;
use crate::error::{Error, UsageError};
use crate::facts::ConnectionFacts;
use crate::handshake::post_handshake::{self, Action};
use crate::message::KeyUpdateRequest;
use crate::parameters::AlertDescription;
use crate::record::wire::{Event, Receiving, Sending};

/// The reading half of a [`Stream`](crate::Stream). Made by [`Stream::split`](crate::Stream::split).
pub struct ReadHalf<R, W> {
    receiving: Receiving,
    transport: R,
    facts: Arc<ConnectionFacts>,
    is_client: bool,
    failed: Option<Error>,
    writer: Arc<Shared<W>>,
}

/// The writing half of a [`Stream`](crate::Stream). Made by [`Stream::split`](crate::Stream::split).
pub struct WriteHalf<W> {
    facts: Arc<ConnectionFacts>,
    writer: Arc<Shared<W>>,
}

struct Shared<W> {
    writer: Mutex<Writer<W>>,
    /// The peer waits for our KeyUpdate.
    key_update_due: AtomicBool,
    /// Why the reading half ended the connection. Its alert is due.
    failure: Mutex<Option<Error>>,
}

struct Writer<W> {
    sending: Sending,
    transport: W,
}

pub(crate) fn halves<R, W>(
    parts: Parts,
    read_transport: R,
    write_transport: W,
) -> (ReadHalf<R, W>, WriteHalf<W>) {
    let facts = Arc::new(parts.facts);
    let writer = Arc::new(Shared {
        writer: Mutex::new(Writer {
            sending: parts.wire.sending,
            transport: write_transport,
        }),
        key_update_due: AtomicBool::new(parts.key_update_due),
        failure: Mutex::new(None),
    });
    let read_half = ReadHalf {
        receiving: parts.wire.receiving,
        transport: read_transport,
        facts: facts.clone(),
        is_client: parts.is_client,
        failed: None,
        writer: writer.clone(),
    };
    (read_half, WriteHalf { facts, writer })
}

impl<W: Write> Writer<W> {
    fn send_output(&mut self) -> io::Result<()> {
        while !self.sending.queue().is_empty() {
            match self.transport.write(self.sending.queue().filled()) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => self.sending.queue_mut().consume(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Sends the alert of a failure that the reading half found; the failure counts more than not being able to tell
    /// of it.
    fn tell_failure(&mut self, error: &Error) {
        if let Some(alert) = error.alert()
            && self.sending.send_alert(alert).is_ok()
        {
            let _ = self.send_output();
        }
    }

    fn answer_key_update(&mut self, due: &AtomicBool) -> Result<(), Error> {
        if due.swap(false, Ordering::AcqRel) && !self.sending.is_closed() {
            self.sending.update_keys(KeyUpdateRequest::NotRequested)?;
        }
        Ok(())
    }
}

impl<W: Write> Shared<W> {
    fn lock(&self) -> MutexGuard<'_, Writer<W>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failure(&self) -> MutexGuard<'_, Option<Error>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The writer, if the connection can still be written to. What the reading half left to send is sent first.
    fn usable_writer(&self) -> Result<MutexGuard<'_, Writer<W>>, Error> {
        let mut writer = self.lock();
        if let Some(error) = &*self.failure() {
            writer.tell_failure(error);
            return Err(error.clone());
        }
        if writer.sending.is_closed() {
            return Err(UsageError::WriteAfterClose.into());
        }
        writer.answer_key_update(&self.key_update_due)?;
        Ok(writer)
    }

    fn try_lock(&self) -> Option<MutexGuard<'_, Writer<W>>> {
        match self.writer.try_lock() {
            Ok(writer) => Some(writer),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl<R: Read, W: Write> ReadHalf<R, W> {
    /// What is known of the connection.
    pub fn facts(&self) -> &ConnectionFacts {
        &self.facts
    }

    /// Bytes of the current record that can be read without touching the transport.
    pub fn pending(&self) -> usize {
        self.receiving.application_data().len()
    }

    fn await_data(&mut self) -> io::Result<()> {
        if let Some(error) = &self.failed {
            return Err(error.clone().into());
        }
        loop {
            match self.next_event() {
                Ok(Event::ApplicationData | Event::Closed) => return Ok(()),
                Ok(Event::NeedBytes | Event::Handshake) => {}
                Err(error) => return Err(self.fail(error)),
            }
            match self.transport.read(self.receiving.spare_mut()) {
                Ok(0) => self.receiving.received_eof(),
                Ok(count) => self.receiving.received(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    if error.kind() == ErrorKind::WouldBlock {
                        self.receiving.release_idle_memory();
                    }
                    return Err(error);
                }
            }
        }
    }

    fn next_event(&mut self) -> Result<Event, Error> {
        loop {
            let event = self.receiving.next_event("application data")?;
            if event != Event::Handshake {
                return Ok(event);
            }
            let Some(message) = self.receiving.take_message()? else {
                return Ok(Event::NeedBytes);
            };
            match post_handshake::accept_message(&mut self.receiving, self.is_client, message)? {
                Action::Nothing => {}
                Action::UpdateKeys => {
                    self.writer.key_update_due.store(true, Ordering::Release);
                    if let Some(mut writer) = self.writer.try_lock() {
                        writer.answer_key_update(&self.writer.key_update_due)?;
                        // A transport that does not take it now gets it with the next write.
                        let _ = writer.send_output();
                    }
                }
                Action::Authenticate(message) => {
                    let got = message.first().copied().unwrap_or_default();
                    return Err(crate::error::PeerMisbehaved::UnexpectedMessage {
                        got: crate::parameters::HandshakeType(got),
                        expected: "application data",
                    }
                    .into());
                }
            }
        }
    }

    /// Ends the connection for both halves, and tells the peer: now, or, while the other thread is in the middle of a
    /// write, at that half's next call. Waiting for it could take for ever.
    #[cold]
    fn fail(&mut self, error: Error) -> io::Error {
        self.failed = Some(error.clone());
        if error.alert().is_some() {
            *self.writer.failure() = Some(error.clone());
            if let Some(mut writer) = self.writer.try_lock() {
                writer.tell_failure(&error);
            }
        }
        error.into()
    }
}

impl<R: Read, W: Write> Read for ReadHalf<R, W> {
    /// Reads data of one record. 0 is the peer's close_notify.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.await_data()?;
        let data = self.receiving.application_data();
        let count = data.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), data.get(..count)) {
            to.copy_from_slice(from);
        }
        self.receiving.consume_application_data(count);
        Ok(count)
    }
}

impl<R: Read, W: Write> BufRead for ReadHalf<R, W> {
    /// Lends the unread rest of one record. Empty is the peer's close_notify.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.await_data()?;
        Ok(self.receiving.application_data())
    }

    fn consume(&mut self, count: usize) {
        self.receiving.consume_application_data(count);
    }
}

impl<W: Write> WriteHalf<W> {
    /// What is known of the connection.
    pub fn facts(&self) -> &ConnectionFacts {
        &self.facts
    }

    /// Sends close_notify: nothing more will be written; the reading half goes on until the peer has closed too.
    ///
    /// # Errors
    /// The transport's.
    pub fn close(&mut self) -> io::Result<()> {
        let mut writer = self.writer.lock();
        writer.sending.send_alert(AlertDescription::CLOSE_NOTIFY)?;
        writer.send_output()?;
        writer.transport.flush()
    }
}

impl<W: Write> Write for WriteHalf<W> {
    /// As [`Stream`](crate::Stream)'s.
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let mut writer = self.writer.usable_writer()?;
        writer.send_output()?;
        let mut written = 0;
        while let Some(rest) = data.get(written..).filter(|rest| !rest.is_empty()) {
            written += writer.sending.write_application_record(rest)?;
            match writer.send_output() {
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut writer = match self.writer.usable_writer() {
            Err(Error::Usage(UsageError::WriteAfterClose)) => self.writer.lock(),
            other => other?,
        };
        writer.send_output()?;
        writer.transport.flush()
    }
}

impl<R, W> core::fmt::Debug for ReadHalf<R, W> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ReadHalf")
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}

impl<W> core::fmt::Debug for WriteHalf<W> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("WriteHalf")
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}
