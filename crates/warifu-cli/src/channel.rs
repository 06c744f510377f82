//! A TLS connection over a socket, for two threads: one receives while another sends.
//!
//! The connection itself does no I/O; it is locked only while bytes are sealed or opened, never while a socket is
//! waited for. So a peer that does not read cannot keep us from reading, and two sides that both
//! send much cannot block each other.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use warifu::parameters::ProtocolVersion;
use warifu::{Connection, ConnectionFacts, Error, Peeked, ReadOutcome};

use crate::exit::{Failure, Place};
use crate::socket::Socket;
use crate::values::TimeLimit;

/// Bytes asked of the socket at a time: a few full records.
const RECEIVE_LEN: usize = 64 * 1024;

/// Most bytes of data in one record.
const MAX_RECORD_LEN: usize = 1 << 14;

/// How a connection failed.
#[derive(Debug)]
pub(crate) enum Broken {
    Tls(Error),
    Transport(io::Error),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::Tls(error)
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Transport(error)
    }
}

impl Broken {
    /// The failure in the operator's terms.
    pub(crate) fn failure(self, place: Place, handshake: TimeLimit, idle: TimeLimit) -> Failure {
        match self {
            Self::Tls(error) => Failure::Tls { place, error },
            Self::Transport(error) if error.kind() == io::ErrorKind::TimedOut => {
                let (waiting_for, limit, option) = if place.established {
                    ("message", idle, "--idle-timeout")
                } else {
                    ("complete TLS handshake", handshake, "--handshake-timeout")
                };
                Failure::TimedOut {
                    peer: place.peer,
                    waiting_for,
                    limit,
                    option,
                }
            }
            Self::Transport(error) => Failure::Transport { place, error },
        }
    }
}

/// What happens before the handshake is complete.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Early<'a> {
    /// A client sends this, as much of it as it may.
    Send(&'a [u8]),
    /// A server receives what its client sends.
    Receive,
    Nothing,
}

/// An established connection.
#[derive(Debug)]
pub(crate) struct Channel {
    connection: Mutex<Connection>,
    socket: Mutex<Socket>,
}

/// What [`Receiver::receive`] found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// The content of one record.
    Message(Vec<u8>),
    /// The client has answered the request for its certificate, and convinced us.
    Authenticated,
    /// The peer closed its direction with close_notify.
    Closed,
    /// This program is ending.
    Stopped,
}

impl Channel {
    /// Runs the handshake. When it fails the peer is told why.
    pub(crate) fn handshake(
        mut connection: Connection,
        mut socket: Socket,
        stop: Arc<AtomicBool>,
        early: Early<'_>,
    ) -> Result<(Arc<Self>, Receiver), Broken> {
        let mut early_len = match early {
            Early::Send(data) => connection.write_replayable_early_data(data)?,
            Early::Receive | Early::Nothing => 0,
        };
        while connection.is_handshaking() {
            let progress = connection.process();
            let sent = write_output(&mut connection, &mut socket);
            // The reason is better known by the library than by a socket that the peer has closed.
            progress?;
            sent?;
            if connection.is_handshaking() {
                let count = socket.read(connection.receive_buffer())?;
                if count == 0 {
                    connection.received_eof();
                } else {
                    connection.received(count);
                }
            }
        }
        let early_messages = match early {
            Early::Receive => early_messages(&mut connection)?,
            Early::Send(_) | Early::Nothing => VecDeque::new(),
        };
        let facts = connection.facts();
        let split = facts.is_some_and(|facts| facts.version == ProtocolVersion::TLS1_0);
        early_len += early_messages.iter().map(Vec::len).sum::<usize>();
        let reading = socket.clone();
        let channel = Arc::new(Self {
            connection: Mutex::new(connection),
            socket: Mutex::new(socket),
        });
        let receiver = Receiver {
            channel: Arc::clone(&channel),
            socket: reading,
            stop,
            early_messages,
            early_len,
            asked: false,
            split,
            after: None,
            received: Vec::new(),
            taken: 0,
            unread: Vec::new(),
            ended: None,
        };
        Ok((channel, receiver))
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere leaves the connection in a state that it knows itself.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a message; one record, if it is no longer than a record may be.
    pub(crate) fn send(&self, message: &[u8]) -> Result<(), Broken> {
        let result = self.lock().write(message);
        self.flush()?;
        result?;
        Ok(())
    }

    /// Changes this side's keys, and asks the peer to do the same.
    pub(crate) fn update_keys(&self) -> Result<(), Broken> {
        self.lock().update_keys(true)?;
        self.flush()?;
        Ok(())
    }

    /// Closes this side's direction with close_notify.
    pub(crate) fn close(&self) -> Result<(), Broken> {
        self.lock().close();
        self.flush()?;
        Ok(())
    }

    /// What is known of the connection.
    pub(crate) fn facts(&self) -> Option<ConnectionFacts> {
        self.lock().facts().cloned()
    }

    /// Sends what the connection has to send, on this thread or on the one that is sending already.
    fn flush(&self) -> io::Result<()> {
        loop {
            {
                let mut socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
                self.write_all_output(&mut socket)?;
            }
            // What was queued while we held the socket and left to us, see `flush_if_free`.
            if self.lock().output().is_empty() {
                return Ok(());
            }
        }
    }

    /// Sends what the connection has to send, unless another thread is sending: that one looks again when it is done.
    fn flush_if_free(&self) -> io::Result<()> {
        loop {
            if self.lock().output().is_empty() {
                return Ok(());
            }
            match self.socket.try_lock() {
                Ok(mut socket) => self.write_all_output(&mut socket)?,
                Err(TryLockError::Poisoned(error)) => {
                    self.write_all_output(&mut error.into_inner())?;
                }
                Err(TryLockError::WouldBlock) => return Ok(()),
            }
        }
    }

    /// The socket's lock is held, the connection's only while bytes are copied.
    fn write_all_output(&self, socket: &mut Socket) -> io::Result<()> {
        loop {
            let output = {
                let mut connection = self.lock();
                let output = connection.output().to_vec();
                connection.sent(output.len());
                output
            };
            if output.is_empty() {
                return Ok(());
            }
            socket.write_all(&output)?;
        }
    }
}

/// What a client sent early, record by record.
fn early_messages(connection: &mut Connection) -> Result<VecDeque<Vec<u8>>, Error> {
    let mut messages = VecDeque::new();
    let mut buffer = vec![0; MAX_RECORD_LEN];
    while let ReadOutcome::Data(count) = connection.read_replayable_early_data(&mut buffer)? {
        messages.push_back(buffer.get(..count).unwrap_or_default().to_vec());
    }
    Ok(messages)
}

fn write_output(connection: &mut Connection, socket: &mut Socket) -> io::Result<()> {
    while !connection.output().is_empty() {
        match socket.write(connection.output()) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => connection.sent(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The receiving side of a [`Channel`].
#[derive(Debug)]
pub(crate) struct Receiver {
    channel: Arc<Channel>,
    socket: Socket,
    /// Set when the end of the stream means that this program ends.
    stop: Arc<AtomicBool>,
    /// What a client sent before the handshake was complete, to be received first.
    early_messages: VecDeque<Vec<u8>>,
    /// How many bytes were sent before: by this client, taken or not, or to this server.
    early_len: usize,
    /// Whether the client's certificate was asked for and has not come yet.
    asked: bool,
    /// Bytes of the socket that the connection has not taken yet, from `taken` on.
    received: Vec<u8>,
    taken: usize,
    /// In TLS 1.0 peers cut a message after its first byte, against the attack called BEAST: it is put together again, or
    /// every message would be two. A line that is empty is no such byte.
    split: bool,
    /// What came after a first byte in place of the rest.
    after: Option<Result<Incoming, Broken>>,
    /// The rest of a message, for [`BufRead`].
    unread: Vec<u8>,
    /// How the stream ended, for [`BufRead`].
    ended: Option<Incoming>,
}

impl Receiver {
    /// Asks the client for its certificate; [`Incoming::Authenticated`] will tell when it has come.
    pub(crate) fn request_client_certificate(&mut self) -> Result<(), Broken> {
        let result = self.channel.lock().request_client_certificate();
        self.channel.flush()?;
        result?;
        self.asked = true;
        Ok(())
    }

    /// How many bytes of early data this client sent, taken or not, or this server took.
    pub(crate) fn early_len(&self) -> usize {
        self.early_len
    }

    /// Waits for the next message.
    pub(crate) fn receive(&mut self) -> Result<Incoming, Broken> {
        if let Some(next) = self.after.take() {
            return next;
        }
        let first = match self.receive_record() {
            Ok(Incoming::Message(first)) if self.split && first.len() == 1 && first != b"\n" => {
                first
            }
            other => return other,
        };
        match self.receive_record() {
            Ok(Incoming::Message(rest)) => Ok(Incoming::Message([first, rest].concat())),
            other => {
                self.after = Some(other);
                Ok(Incoming::Message(first))
            }
        }
    }

    /// Waits for the next record.
    fn receive_record(&mut self) -> Result<Incoming, Broken> {
        if let Some(message) = self.early_messages.pop_front() {
            return Ok(Incoming::Message(message));
        }
        loop {
            let found = self.take_from_connection();
            // An answer to KeyUpdate or CertificateRequest, or the alert for a failure.
            let sent = self.channel.flush_if_free();
            if let Some(incoming) = found? {
                return Ok(incoming);
            }
            sent?;
            if self
                .received
                .get(self.taken..)
                .is_some_and(|rest| !rest.is_empty())
            {
                continue;
            }
            self.received.resize(RECEIVE_LEN, 0);
            self.taken = 0;
            let count = match self.socket.read(&mut self.received) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
                Err(error) => {
                    self.received.clear();
                    return Err(error.into());
                }
            };
            self.received.truncate(count);
            if count == 0 {
                if self.stop.load(Ordering::Acquire) {
                    return Ok(Incoming::Stopped);
                }
                self.channel.lock().received_eof();
            }
        }
    }

    /// Hands received bytes to the connection and takes a message from it, if one is complete.
    fn take_from_connection(&mut self) -> Result<Option<Incoming>, Error> {
        let mut connection = self.channel.lock();
        let rest = self.received.get(self.taken..).unwrap_or_default();
        if !rest.is_empty() {
            self.taken += connection.receive(rest);
        }
        connection.process()?;
        let incoming = match connection.peek()? {
            Peeked::Data(data) => Some(Incoming::Message(data.to_vec())),
            Peeked::Closed => Some(Incoming::Closed),
            Peeked::NeedBytes => None,
        };
        if self.asked && connection.waiting().is_none() {
            // Whatever follows the proof stays in the connection for the next call.
            self.asked = false;
            return Ok(Some(Incoming::Authenticated));
        }
        if let Some(Incoming::Message(message)) = &incoming {
            connection.consume(message.len());
        }
        Ok(incoming)
    }

    /// What is known of the connection.
    pub(crate) fn facts(&self) -> Option<ConnectionFacts> {
        self.channel.facts()
    }

    /// How the stream ended, after reading by [`BufRead`] has found its end.
    pub(crate) fn ended(&mut self) -> Option<Incoming> {
        self.ended.take()
    }
}

/// For protocols that are streams of bytes: messages are joined.
impl BufRead for Receiver {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.unread.is_empty() && self.ended.is_none() {
            match self.receive() {
                Ok(Incoming::Message(message)) => self.unread = message,
                Ok(Incoming::Authenticated) => {}
                Ok(end) => self.ended = Some(end),
                Err(Broken::Transport(error)) => return Err(error),
                Err(Broken::Tls(error)) => return Err(error.into()),
            }
        }
        Ok(&self.unread)
    }

    fn consume(&mut self, count: usize) {
        self.unread.drain(..count.min(self.unread.len()));
    }
}

impl Read for Receiver {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = Read::read(&mut self.fill_buf()?, buffer)?;
        self.consume(count);
        Ok(count)
    }
}

/// An error of [`BufRead`] as what it was.
pub(crate) fn broken_by(error: io::Error) -> Broken {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(error) => Broken::Tls(error.clone()),
        None => Broken::Transport(error),
    }
}

/// The sending side as [`Write`]; each write is a message.
#[derive(Debug)]
pub(crate) struct Sender<'a>(pub(crate) &'a Channel);

impl Write for Sender<'_> {
    fn write(&mut self, message: &[u8]) -> io::Result<usize> {
        match self.0.send(message) {
            Ok(()) => Ok(message.len()),
            Err(Broken::Transport(error)) => Err(error),
            Err(Broken::Tls(error)) => Err(error.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
