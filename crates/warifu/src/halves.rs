//! The two halves of a split stream: full duplex from two threads.
//!
//! Each half has its own direction of the record layer, so that opening and sealing never wait for each
//! other, and the reading half never waits for the writing one. Where the protocol makes it answer it leaves a note:
//! a KeyUpdate leaves with the next data that is written, the alert of a failure at once, or after the record that the
//! other thread is just writing.

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

use crate::connection::Parts;
use crate::error::{Error, PeerMisbehaved, UsageError};
use crate::facts::ConnectionFacts;
use crate::handshake::post_handshake::{self, Action};
use crate::handshake::ticket::Keeper;
use crate::message::KeyUpdateRequest;
use crate::parameters::{AlertDescription, HandshakeType};
use crate::record::wire::{Event, Receiving, Sending};
use crate::stream::FLUSH_LEN;

/// The reading half of a [`Stream`](crate::Stream). Made by [`Stream::split`](crate::Stream::split).
///
/// Read it to its end, or to an error: a failure met here ends the writing half too, and a peer that asks for new keys
/// is answered by the next write.
///
/// ```
/// # #[allow(dead_code)] mod doc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
/// use std::io::{Read, Write};
/// use warifu::{ClientConfig, Stream};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (trust, credential) = doc::material();
/// # let transport = std::net::TcpStream::connect(doc::echo_server(credential))?;
/// # let config = ClientConfig::builder(trust).build()?;
/// let mut stream = Stream::client(config, "localhost".try_into()?, transport);
/// stream.handshake()?;
/// let (mut read_half, mut write_half) = stream.split()?;
/// let writer = std::thread::spawn(move || {
///     write_half.write_all(b"hello")?;
///     write_half.close()
/// });
/// let mut echo = String::new();
/// read_half.read_to_string(&mut echo)?;
/// assert_eq!(echo, "hello");
/// writer.join().expect("no panic")?;
/// # Ok(())
/// # }
/// ```
pub struct ReadHalf<R, W> {
    receiving: Receiving,
    transport: R,
    facts: Arc<ConnectionFacts>,
    is_client: bool,
    keeper: Option<Box<Keeper>>,
    writer: Arc<Shared<W>>,
}

/// The writing half of a [`Stream`](crate::Stream). Made by [`Stream::split`](crate::Stream::split); see
/// [`ReadHalf`] for both in use.
pub struct WriteHalf<W> {
    facts: Arc<ConnectionFacts>,
    writer: Arc<Shared<W>>,
}

struct Shared<W> {
    writer: Mutex<Writer<W>>,
    notes: Notes,
}

/// What the reading half leaves to the writing one.
struct Notes {
    /// The peer waits for our KeyUpdate.
    answer_due: AtomicBool,
    /// Why the reading half ended the connection.
    failed: OnceLock<Error>,
}

struct Writer<W> {
    sending: Sending,
    transport: W,
    partial_write: bool,
}

pub(crate) fn halves<R, W>(
    parts: Parts,
    read_transport: R,
    write_transport: W,
) -> (ReadHalf<R, W>, WriteHalf<W>) {
    let facts: Arc<ConnectionFacts> = Arc::from(parts.facts);
    let writer = Arc::new(Shared {
        writer: Mutex::new(Writer {
            sending: parts.wire.sending,
            transport: write_transport,
            partial_write: parts.partial_write,
        }),
        notes: Notes {
            answer_due: AtomicBool::new(parts.answer_due),
            failed: OnceLock::new(),
        },
    });
    let read_half = ReadHalf {
        receiving: parts.wire.receiving,
        transport: read_transport,
        facts: facts.clone(),
        is_client: parts.is_client,
        keeper: parts.keeper,
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

    /// Fails if the connection has: then the peer is told, unless it was already.
    fn check_alive(&mut self, notes: &Notes) -> Result<(), Error> {
        let Some(error) = notes.failed.get() else {
            return Ok(());
        };
        if let Some(alert) = error.alert()
            && self.sending.send_alert(alert).is_ok()
        {
            // The failure counts more than not being able to tell of it.
            let _ = self.send_output();
        }
        self.sending.forget_keys();
        Err(error.clone())
    }

    /// Fails if nothing more may be written.
    fn check_open(&mut self, notes: &Notes) -> Result<(), Error> {
        self.check_alive(notes)?;
        if self.sending.is_closed() {
            return Err(UsageError::WriteAfterClose.into());
        }
        Ok(())
    }

    fn answer_key_update(&mut self, notes: &Notes) -> Result<(), Error> {
        let due = &notes.answer_due;
        if due.load(Ordering::Relaxed) && due.swap(false, Ordering::AcqRel) {
            self.sending.answer()?;
        }
        Ok(())
    }

    /// As [`Stream`](crate::Stream)'s `write`.
    fn write(&mut self, notes: &Notes, data: &[u8]) -> io::Result<usize> {
        self.check_open(notes)?;
        self.send_output()?;
        let flush_len = if self.partial_write { 0 } else { FLUSH_LEN };
        let mut written = 0;
        let mut blocked = false;
        while let Some(rest) = data.get(written..).filter(|rest| !rest.is_empty()) {
            self.check_alive(notes)?;
            self.answer_key_update(notes)?;
            written += self.sending.write_application_record(rest)?;
            let is_last = written == data.len();
            if blocked || (!is_last && self.sending.queue().len() < flush_len) {
                continue;
            }
            match self.send_output() {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.partial_write {
                        return Ok(written);
                    }
                    blocked = true;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }
}

impl<W: Write> Shared<W> {
    fn lock(&self) -> MutexGuard<'_, Writer<W>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_lock(&self) -> Option<MutexGuard<'_, Writer<W>>> {
        match self.writer.try_lock() {
            Ok(writer) => Some(writer),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Lets the writing half do something, and then tells the peer of a failure that the reading half met meanwhile.
    fn with_writer<T>(
        &self,
        act: impl FnOnce(&mut Writer<W>, &Notes) -> io::Result<T>,
    ) -> io::Result<T> {
        let result = act(&mut self.lock(), &self.notes);
        self.tell_failure();
        result
    }

    /// Sends the alert of a failure, unless the writer is busy: whoever has it calls this afterwards. The fence
    /// stands between leaving the note and trying the lock on one side, between unlocking and looking for the
    /// note on the other, so that one of the two sees what the other did.
    fn tell_failure(&self) {
        fence(Ordering::SeqCst);
        if self.notes.failed.get().is_some()
            && let Some(mut writer) = self.try_lock()
        {
            let _ = writer.check_alive(&self.notes);
        }
    }
}

impl<R: Read, W: Write> ReadHalf<R, W> {
    /// What is known of the connection.
    pub fn facts(&self) -> &ConnectionFacts {
        &self.facts
    }

    /// The transport that this half reads from.
    pub fn transport(&self) -> &R {
        &self.transport
    }

    /// Bytes of the current record that can be read without touching the transport.
    pub fn pending(&self) -> usize {
        self.receiving.application_data().len()
    }

    fn await_data(&mut self) -> io::Result<()> {
        if let Some(error) = self.writer.notes.failed.get() {
            return Err(error.clone().into());
        }
        loop {
            match self.next_event() {
                Ok(Event::ApplicationData | Event::Closed) => return Ok(()),
                Ok(Event::NeedBytes | Event::Handshake) => {}
                // Only a handshake awaits one.
                #[cfg(feature = "legacy")]
                Ok(Event::ChangeCipherSpec) => {}
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
            match post_handshake::accept_message(
                &mut self.receiving,
                self.is_client,
                self.keeper.as_deref(),
                message,
            )? {
                Action::Nothing => {}
                // RFC 8446 Section 4.6.3 wants the answer "prior to sending its next Application Data record". Sending it
                // here could block this thread on a transport that is full because the peer waits to be read.
                #[cfg(feature = "legacy")]
                Action::Renegotiate => {
                    let due = &self.writer.notes.answer_due;
                    due.store(true, Ordering::Release);
                }
                Action::Answer => {
                    let due = &self.writer.notes.answer_due;
                    due.store(true, Ordering::Release);
                }
                Action::Authenticate(message) => {
                    let got = message.first().copied().unwrap_or_default();
                    return Err(PeerMisbehaved::UnexpectedMessage {
                        got: HandshakeType(got),
                        expected: "application data",
                    }
                    .into());
                }
            }
        }
    }

    /// Ends the connection for both halves, and tells the peer.
    #[cold]
    fn fail(&mut self, error: Error) -> io::Error {
        let failure = self.writer.notes.failed.get_or_init(|| error).clone();
        self.receiving.forget_keys();
        self.writer.tell_failure();
        failure.into()
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

    /// Changes this side's keys by KeyUpdate, and asks the peer to do the same if `request_peers`; as
    /// [`Connection::update_keys`](crate::Connection::update_keys).
    ///
    /// # Errors
    /// The transport's, or an [`Error`] inside: [`UsageError::NotAvailable`] in versions older than TLS 1.3,
    /// [`UsageError::WriteAfterClose`], the failure of the connection. [`ErrorKind::WouldBlock`]: the KeyUpdate leaves with the next write or [`flush`](Write::flush).
    pub fn update_keys(&mut self, request_peers: bool) -> io::Result<()> {
        let request = if request_peers {
            KeyUpdateRequest::Requested
        } else {
            KeyUpdateRequest::NotRequested
        };
        self.writer.with_writer(|writer, notes| {
            writer.check_open(notes)?;
            writer.sending.update_keys(request)?;
            writer.send_output()
        })
    }

    /// Sends close_notify: nothing more will be written; the reading half goes on until the peer has closed too.
    ///
    /// # Errors
    /// The transport's; the failure of the connection.
    pub fn close(&mut self) -> io::Result<()> {
        self.writer.with_writer(|writer, notes| {
            writer.check_alive(notes)?;
            writer.sending.send_alert(AlertDescription::CLOSE_NOTIFY)?;
            writer.send_output()?;
            writer.transport.flush()
        })
    }
}

impl<W: Write> Write for WriteHalf<W> {
    /// As [`Stream`](crate::Stream)'s.
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.writer
            .with_writer(|writer, notes| writer.write(notes, data))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.with_writer(|writer, notes| {
            writer.check_alive(notes)?;
            if !writer.sending.is_closed() {
                writer.answer_key_update(notes)?;
            }
            writer.send_output()?;
            writer.transport.flush()
        })
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use crate::parameters::ContentType;
    use crate::testing::transport::pipe;
    use crate::testing::{connect, streams};

    #[test]
    fn both_halves_of_a_failed_connection_forget_their_keys() {
        let (mut client, mut server) = streams(pipe(), |client| client, |server| server);
        connect(&mut client, &mut server);
        let (mut reads, writes) = server.split_with(Vec::new()).unwrap();
        let transport = client.transport_mut();
        let header = [ContentType::APPLICATION_DATA.0, 3, 3, 0, 20];
        transport.write_all(&header).unwrap();
        transport.write_all(&[7; 20]).unwrap();
        reads.read(&mut [0; 9]).unwrap_err();
        assert!(!reads.receiving.reader_mut().is_protected());
        assert!(reads.receiving.epoch().is_none());
        let writer = writes.writer.lock();
        assert!(writer.sending.epoch().is_none());
        // The alert was still sent under them: two bytes, the content type and a tag of 16.
        assert_eq!(writer.transport.len(), 5 + 2 + 17);
    }
}
