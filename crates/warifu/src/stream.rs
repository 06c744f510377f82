//! A connection over a transport with [`Read`] and [`Write`]: blocking, or non-blocking with
//! [`ErrorKind::WouldBlock`].

use core::task::{Context, Waker};
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::task::Wake;
use std::thread::{self, Thread};

use rustls_pki_types::ServerName;

use crate::config::{ClientConfig, ServerConfig};
use crate::connection::{Connection, Peeked, ReadOutcome};
use crate::coroutine::Waiting;
use crate::early_data::EarlyData;
use crate::error::Error;
use crate::facts::ConnectionFacts;
use crate::halves::{ReadHalf, WriteHalf};

/// How much sealed output is collected before it is handed to the transport, in bytes: four full records.
pub(crate) const FLUSH_LEN: usize = 4 << 14;

/// A TLS connection over a transport.
///
/// [`Read::read`] returns data of one record, never of two; [`Write::write`] sends one record, or as many as the data
/// is long (in TLS 1.0 with CBC the first byte alone and then the rest), and hands them to the transport at once. The handshake runs at the first read or write, or when
/// [`handshake`](Self::handshake) asks for it.
///
/// Over a transport that would block nothing is lost: a write whose records were sealed but not all sent returns its
/// whole length, and later calls send the rest first; such a call returns [`ErrorKind::WouldBlock`] until that is done.
/// [`flush`](Write::flush) tells whether all has left.
///
/// ```
/// # #[allow(dead_code)] mod doc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
/// use std::io::{Read, Write};
/// use std::net::TcpStream;
/// use warifu::{ClientConfig, Stream};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (trust, credential) = doc::material();
/// # let address = doc::echo_server(credential);
/// let config = ClientConfig::builder(trust).build()?;
/// let transport = TcpStream::connect(address)?;
/// let mut stream = Stream::client(config, "localhost".try_into()?, transport);
/// stream.write_all(b"hello")?;
/// let mut reply = [0; 16384];
/// let count = stream.read(&mut reply[..3])?;
/// assert_eq!((&reply[..count], stream.pending()), (&b"hel"[..], 2));
/// let count = stream.read(&mut reply)?;
/// assert_eq!(&reply[..count], b"lo");
/// println!("{:?}", stream.facts());
/// stream.close()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Stream<T> {
    connection: Connection,
    transport: T,
}

impl<T: Read + Write> Stream<T> {
    /// A client's stream to the server of this name.
    pub fn client(
        config: Arc<ClientConfig>,
        server_name: ServerName<'static>,
        transport: T,
    ) -> Self {
        Self::new(Connection::client(config, server_name), transport)
    }

    /// A server's stream.
    pub fn server(config: Arc<ServerConfig>, transport: T) -> Self {
        Self::new(Connection::server(config), transport)
    }

    /// Joins a connection, in whatever state, to its transport.
    pub fn new(connection: Connection, transport: T) -> Self {
        Self {
            connection,
            transport,
        }
    }

    /// The connection, for all that is not reading and writing.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The connection, for all that is not reading and writing.
    pub fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// The transport.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// The transport. Bytes read from it or written to it here are lost to the connection.
    pub fn transport_mut(&mut self) -> &mut T {
        &mut self.transport
    }

    /// The connection and the transport. What [`Connection::output`] holds was not sent yet.
    pub fn into_parts(self) -> (Connection, T) {
        (self.connection, self.transport)
    }

    /// What is known of the connection; `None` before the end of the handshake.
    pub fn facts(&self) -> Option<&ConnectionFacts> {
        self.connection.facts()
    }

    /// Bytes of the current record that can be read without touching the transport (`SSL_pending`).
    pub fn pending(&self) -> usize {
        self.connection.pending()
    }

    /// Runs the handshake to its end, until all of this side's part has left. Where it waits for an answer of the
    /// application this blocks the thread, also over a transport that does not block.
    ///
    /// # Errors
    /// The transport's; or the handshake's [`Error`] inside, after its alert was sent as far as the transport took it.
    /// [`ErrorKind::WouldBlock`]: call again when the transport is ready.
    pub fn handshake(&mut self) -> io::Result<()> {
        self.complete_handshake()?;
        self.send_output()
    }

    /// Runs the handshake to its end; the last flight may wait in the output, which is no obstacle to reading.
    fn complete_handshake(&mut self) -> io::Result<()> {
        while self.connection.is_handshaking() {
            let waker = Waker::from(Arc::new(Unpark(thread::current())));
            let progress = self
                .connection
                .process_with(&mut Context::from_waker(&waker));
            if let Err(error) = progress {
                return Err(self.failed(error));
            }
            if !self.connection.is_handshaking() {
                break;
            }
            // What the transport does not take now leaves later: the peer may wait for us to read before it reads, as a server
            // that answers while much early data is under way.
            match self.send_output() {
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
            match self.connection.waiting() {
                Some(Waiting::Answer(_)) => thread::park(),
                _ => self.receive()?,
            }
        }
        match self.connection.failure() {
            Some(error) => Err(error.clone().into()),
            None => Ok(()),
        }
    }

    // Early data.

    /// What is known of early data so far, on either side.
    pub fn early_data(&self) -> EarlyData {
        self.connection.early_data()
    }

    /// Sends the ClientHello and `data` at once, before the server has answered, if the configuration, the session or
    /// pre-shared key, and the server's limit allow it; later calls send more of it, until the handshake is run by
    /// [`handshake`](Self::handshake), [`read`](Read::read) or [`write`](Write::write). Returns how many bytes were taken: 0
    /// where no early data can be sent, or not any more; what was not taken is to be written as usual.
    ///
    /// **Whoever records this can send it to the server again**: [`early_data`](crate::early_data). Whether the server took
    /// it is known after the handshake: [`early_data`](Self::early_data). If not, [`EarlyData::Rejected`], all of it
    /// is lost, and the application writes it again if it still matters.
    ///
    /// Over a transport that would block nothing is lost: a call whose records were sealed but not all sent returns how
    /// many bytes it took, and later calls, of any kind, send the rest first.
    ///
    /// ```no_run
    /// # #[allow(dead_code)] mod doc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// use std::io::Write;
    /// use warifu::EarlyData;
    ///
    /// # fn get(mut stream: warifu::Stream<std::net::TcpStream>) -> std::io::Result<()> {
    /// // To be sent twice without harm.
    /// let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    /// let taken = stream.write_replayable_early_data(request)?;
    /// stream.handshake()?;
    /// let arrived = match stream.early_data() {
    ///     EarlyData::Accepted => taken,
    ///     _ => 0,
    /// };
    /// stream.write_all(&request[arrived..])?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The transport's; or an [`Error`] inside: [`UsageError::NotAvailable`](crate::UsageError::NotAvailable) on a server, the
    /// failure of the connection. [`ErrorKind::WouldBlock`]: nothing of `data` was taken, since the output of an earlier
    /// call waits still; call again when the transport is ready.
    pub fn write_replayable_early_data(&mut self, data: &[u8]) -> io::Result<usize> {
        self.send_output()?;
        let mut written = match self.connection.write_replayable_early_data(data) {
            Ok(written) => written,
            Err(error) => return Err(self.failed(error)),
        };
        // The session or the keys to offer may come later; there is no ClientHello before.
        if written == 0 && self.await_handshake_answer()? {
            written = match self.connection.write_replayable_early_data(data) {
                Ok(written) => written,
                Err(error) => return Err(self.failed(error)),
            };
        }
        match self.send_output() {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(written),
        }
    }

    /// Waits for the application's answers in the handshake; says whether there was any to wait for.
    fn await_handshake_answer(&mut self) -> io::Result<bool> {
        let mut waited = false;
        while self.connection.is_handshaking()
            && let Some(Waiting::Answer(_)) = self.connection.waiting()
        {
            self.await_answer()?;
            waited = true;
        }
        Ok(waited)
    }

    /// Reads early data of one record, on a server: runs the handshake until some is there. 0: none will come, or none any
    /// more. The handshake may go on meanwhile, and be over; [`handshake`](Self::handshake) runs the rest of it.
    ///
    /// **This may be the recording of a client that is long gone**: [`early_data`](crate::early_data).
    ///
    /// ```no_run
    /// # fn serve(mut stream: warifu::Stream<std::net::TcpStream>) -> std::io::Result<()> {
    /// let mut early = Vec::new();
    /// let mut buffer = [0; 16384];
    /// loop {
    ///     match stream.read_replayable_early_data(&mut buffer)? {
    ///         0 => break,
    ///         count => early.extend_from_slice(&buffer[..count]),
    ///     }
    /// }
    /// stream.handshake()?;
    /// // Now it is known that a client is there; whether it is the first one with this data is not.
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The transport's; or an [`Error`] inside: [`UsageError::NotAvailable`](crate::UsageError::NotAvailable) on a client, the
    /// failure of the connection. [`ErrorKind::WouldBlock`]: call again when the transport is ready.
    pub fn read_replayable_early_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if let Err(error) = self.connection.process() {
                return Err(self.failed(error));
            }
            self.await_handshake_answer()?;
            // A client may be busy with its early data, and not read: what it does not take leaves later. Data that is
            // here counts more than the transport's error.
            let sent = self.send_output();
            let found = match self.connection.read_replayable_early_data(buffer) {
                Ok(ReadOutcome::Data(count)) => return Ok(count),
                Ok(found) => found,
                Err(error) => return Err(self.failed(error)),
            };
            match sent {
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
            if found == ReadOutcome::Closed {
                return Ok(0);
            }
            self.receive()?;
        }
    }

    /// Sends close_notify: nothing more will be written; reading goes on until the peer has closed too.
    ///
    /// # Errors
    /// The transport's. [`ErrorKind::WouldBlock`]: call again when the transport is ready.
    pub fn close(&mut self) -> io::Result<()> {
        self.connection.close();
        self.send_output()?;
        self.transport.flush()
    }

    /// Sends what waits, so that the peer learns of a failure; the failure counts more than a transport's error.
    fn failed(&mut self, error: Error) -> io::Error {
        if self.send_output().is_ok() {
            let _ = self.transport.flush();
        }
        error.into()
    }

    /// Hands sealed output to the transport until it is gone.
    fn send_output(&mut self) -> io::Result<()> {
        while !self.connection.output().is_empty() {
            match self.transport.write(self.connection.output()) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => self.connection.sent(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Receives once from the transport.
    fn receive(&mut self) -> io::Result<()> {
        match self.transport.read(self.connection.receive_buffer()) {
            Ok(0) => self.connection.received_eof(),
            Ok(count) => self.connection.received(count),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                if error.kind() == ErrorKind::WouldBlock {
                    self.connection.release_empty_buffers();
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Receives until there is application data, or the end; returns how much data can be read.
    fn await_data(&mut self) -> io::Result<usize> {
        self.complete_handshake()?;
        loop {
            let found = match self.connection.peek() {
                Ok(Peeked::Data(data)) => Some(data.len()),
                Ok(Peeked::Closed) => Some(0),
                Ok(Peeked::NeedBytes) => None,
                Err(error) => return Err(self.failed(error)),
            };
            // Answers of the protocol (KeyUpdate, post-handshake authentication) leave now: the peer may wait for
            // them, and the application be long about its data. If the transport does not take them, a later call
            // sends them; data that is here counts more than the transport's error.
            let sent = self.send_output();
            if let Some(count) = found {
                return Ok(count);
            }
            match sent {
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
            if let Some(Waiting::Answer(_)) = self.connection.waiting() {
                self.await_answer()?;
                continue;
            }
            self.receive()?;
        }
    }

    /// Waits for the application's answer.
    fn await_answer(&mut self) -> io::Result<()> {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        while let Some(Waiting::Answer(_)) = self.connection.waiting() {
            if let Err(error) = self.connection.process_with(&mut context) {
                return Err(self.failed(error));
            }
            if let Some(Waiting::Answer(_)) = self.connection.waiting() {
                thread::park();
            }
        }
        Ok(())
    }
}

/// Wakes the thread that waits for an answer.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl<T: Read + Write> Read for Stream<T> {
    /// Reads data of one record. 0 is the peer's close_notify.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let count = self.await_data()?.min(buffer.len());
        if let (Ok(Peeked::Data(data)), Some(to)) =
            (self.connection.peek(), buffer.get_mut(..count))
        {
            to.copy_from_slice(data.get(..count).unwrap_or_default());
        }
        self.connection.consume(count);
        Ok(count)
    }
}

impl<T: Read + Write> BufRead for Stream<T> {
    /// Lends the unread rest of one record. Empty is the peer's close_notify.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.await_data()?;
        match self.connection.peek() {
            Ok(Peeked::Data(data)) => Ok(data),
            Ok(Peeked::Closed | Peeked::NeedBytes) => Ok(&[]),
            Err(error) => Err(error.into()),
        }
    }

    fn consume(&mut self, count: usize) {
        self.connection.consume(count);
    }
}

impl<T: Read + Write> Write for Stream<T> {
    /// Sends `data`: one record up to the record size, else as many as it takes. Returns `data.len()`, also where the
    /// transport would block before all of it has left: later calls send the rest. With
    /// [`with_partial_write`](crate::config::ConfigBuilder::with_partial_write) it returns then the length of the records
    /// that have left, the one in which the transport stopped included; the caller writes the rest.
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.handshake()?;
        if data.is_empty() {
            return Ok(0);
        }
        let mut written = 0;
        let mut blocked = false;
        // A partial write is to tell how far it came: no record is sealed before the one ahead of it has left.
        let flush_len = if self.connection.partial_write() {
            0
        } else {
            FLUSH_LEN
        };
        while let Some(rest) = data.get(written..).filter(|rest| !rest.is_empty()) {
            match self.connection.write_record(rest) {
                Ok(count) => written += count,
                Err(error) => return Err(self.failed(error)),
            }
            let is_last = written == data.len();
            if blocked || (!is_last && self.connection.output().len() < flush_len) {
                continue;
            }
            match self.send_output() {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.connection.partial_write() {
                        return Ok(written);
                    }
                    blocked = true;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send_output()?;
        self.transport.flush()
    }
}

impl<T: Read + Write> Stream<T> {
    /// Splits an established stream into two halves that two threads can own, the second of which writes to
    /// `write_transport`: another handle of the same transport. What the transport would not take yet leaves with the
    /// second half's next write or flush. Early data that was not read is lost: the halves have none.
    ///
    /// # Errors
    /// [`UsageError`](crate::UsageError): before the end of the handshake, or with post-handshake authentication. The
    /// transport's, but for [`ErrorKind::WouldBlock`].
    pub fn split_with<W: Write>(
        mut self,
        write_transport: W,
    ) -> io::Result<(ReadHalf<T, W>, WriteHalf<W>)> {
        match self.flush() {
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
            _ => {}
        }
        let parts = self.connection.into_parts()?;
        Ok(crate::halves::halves(
            parts,
            self.transport,
            write_transport,
        ))
    }
}

impl Stream<TcpStream> {
    /// Splits an established stream into two halves that two threads can own.
    ///
    /// # Errors
    /// As [`split_with`](Self::split_with), and [`TcpStream::try_clone`]'s.
    pub fn split(self) -> io::Result<(ReadHalf<TcpStream, TcpStream>, WriteHalf<TcpStream>)> {
        let write_transport = self.transport.try_clone()?;
        self.split_with(write_transport)
    }
}
