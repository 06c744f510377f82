//! The sans-I/O object that an application, or a [`Stream`](crate::Stream), drives: bytes in, bytes out, messages.

use core::task::{Context, Poll, Waker};
use std::sync::Arc;

use rustls_pki_types::ServerName;

use crate::config::{ClientConfig, ServerConfig};
use crate::coroutine::{Coroutine, Waiting};
use crate::credential::Credential;
use crate::early_data::EarlyData;
use crate::error::{Error, OrInternal, PeerMisbehaved, UsageError};
use crate::facts::ConnectionFacts;
use crate::handshake::post_handshake::{self, Action, Authenticated, PostHandshakeAuth};
use crate::handshake::ticket::{Issuer, Keeper};
use crate::handshake::{self, AfterHandshake, Connected, Exporter, OwnMaterial};
use crate::handshake_record::HandshakeRecord;
use crate::message::KeyUpdateRequest;
use crate::parameters::{AlertDescription, HandshakeType, ProtocolVersion};
use crate::record::MAX_FRAGMENT_LEN;
#[cfg(feature = "legacy")]
use crate::record::wire::Receiving;
use crate::record::wire::{Event, MAX_CERTIFICATE_REQUESTS, MessageLog, Wire};
use crate::resumption::ClientSessionStore;

/// What is left of a connection whose flow did not return.
const PANICKED: Error = Error::Internal("the application panicked inside of a decision");
/// Longest output of [`Connection::export`], in bytes: 255 times the shortest hash.
const MAX_EXPORT_LEN: usize = 255 * 32;

/// One TLS connection without its transport.
///
/// There are four kinds of methods:
///
/// - *transport in*: [`receive_buffer`](Self::receive_buffer) with [`received`](Self::received), or
///   [`receive`](Self::receive); [`received_eof`](Self::received_eof);
/// - *transport out*: [`output`](Self::output) and [`sent`](Self::sent);
/// - *progress*: [`process`](Self::process) runs the handshake as far as it goes;
/// - *application*: [`read`](Self::read), [`write`](Self::write), [`close`](Self::close) and the facts.
///
/// Call `process` first, send what `output` holds, receive, `process` again, and so on until
/// [`is_handshaking`](Self::is_handshaking) says no. From then on `read` and `write` do all; after each, send what
/// `output` holds. A call that failed fatally queues its alert in `output`, and every later call returns the same error.
///
/// ```
/// # #[allow(dead_code)] mod doc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
/// use warifu::{ClientConfig, Connection, ReadOutcome, ServerConfig};
///
/// # fn main() -> Result<(), warifu::Error> {
/// # let (trust, credential) = doc::material();
/// let client_config = ClientConfig::builder(trust).build()?;
/// let server_config = ServerConfig::builder(credential).build()?;
/// let name = "localhost".try_into().expect("a DNS name");
/// let mut client = Connection::client(client_config, name);
/// let mut server = Connection::server(server_config);
/// while client.is_handshaking() || server.is_handshaking() {
///     client.process()?;
///     let count = server.receive(client.output());
///     client.sent(count);
///     server.process()?;
///     let count = client.receive(server.output());
///     server.sent(count);
/// }
/// client.write(b"hello")?;
/// let count = server.receive(client.output());
/// client.sent(count);
/// let mut message = [0; 16384];
/// assert_eq!(server.read(&mut message)?, ReadOutcome::Data(5));
/// client.close();
/// let count = server.receive(client.output());
/// client.sent(count);
/// assert_eq!(server.read(&mut message)?, ReadOutcome::Closed);
/// # Ok(())
/// # }
/// ```
pub struct Connection {
    /// Empty while a flow has it, and for good if the application panicked inside of a decision.
    wire: Option<Box<Wire>>,
    state: State,
    is_client: bool,
    partial_write: bool,
}

enum State {
    New(New),
    Handshaking(Coroutine<Connected>),
    Established(Established),
    Failed(Error),
}

/// A connection that has done nothing yet.
enum New {
    Client(Arc<ClientConfig>, ServerName<'static>, OwnMaterial),
    Server(Arc<ServerConfig>, OwnMaterial),
}

impl New {
    /// The handshake, to be polled.
    fn start(self) -> Coroutine<Connected> {
        match self {
            Self::Client(config, server_name, own) => {
                Coroutine::new(move |peer| handshake::client(peer, config, server_name, own))
            }
            Self::Server(config, own) => {
                Coroutine::new(move |peer| handshake::server(peer, config, own))
            }
        }
    }
}

struct Established {
    facts: Box<ConnectionFacts>,
    exporter: Exporter,
    post_handshake_auth: Option<Box<PostHandshakeAuth>>,
    authentication: Option<Box<Coroutine<Authenticated>>>,
    after: AfterHandshake,
    /// Tickets being issued; the issuer comes back at the end.
    issuing: Option<Box<Coroutine<Box<Issuer>>>>,
    /// Answers to CertificateRequests since the output was last empty.
    unsent_answers: usize,
    /// The peer waits for our KeyUpdate or, in older versions, for the refusal to renegotiate.
    answer_due: bool,
}

/// What [`Connection::read`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadOutcome {
    /// So many bytes of one record, at least one unless the buffer was empty.
    Data(usize),
    /// The peer has closed its direction with close_notify; nothing more will come.
    Closed,
    /// Nothing can be read before more bytes have been received; or, where [`Connection::waiting`] says so, before the
    /// application has answered.
    NeedBytes,
}

impl Connection {
    /// A client's connection to the server of this name.
    pub fn client(config: Arc<ClientConfig>, server_name: ServerName<'static>) -> Self {
        let settings = &config.settings;
        let mut wire = Wire::new(settings.message_log.clone(), settings.padding.clone());
        wire.sending
            .writer_mut()
            .set_record_size(settings.record_size);
        if settings.keeps_record {
            wire.keep_record(true);
        }
        Self {
            wire: Some(wire),
            is_client: true,
            partial_write: settings.partial_write,
            state: State::New(New::Client(config, server_name, OwnMaterial::default())),
        }
    }

    /// A server's connection.
    pub fn server(config: Arc<ServerConfig>) -> Self {
        let settings = &config.settings;
        let mut wire = Wire::new(settings.message_log.clone(), settings.padding.clone());
        if settings.keeps_record {
            wire.keep_record(false);
        }
        Self {
            wire: Some(wire),
            is_client: false,
            partial_write: settings.partial_write,
            state: State::New(New::Server(config, OwnMaterial::default())),
        }
    }

    /// Gives this connection a certificate and key of its own, which win over the configuration's. A client resumes the
    /// sessions of connections with the same certificate only.
    ///
    /// # Errors
    /// [`UsageError::NotAvailable`] once the handshake has started.
    pub fn set_credential(&mut self, credential: Arc<Credential>) -> Result<(), Error> {
        match &mut self.state {
            State::New(New::Client(_, _, own) | New::Server(_, own)) => {
                own.credential = Some(credential);
                Ok(())
            }
            _ => Err(UsageError::NotAvailable(
                "a connection's credential is set before its handshake starts",
            )
            .into()),
        }
    }

    /// Keeps this client's sessions in a place of its own, which wins over the configuration's, and resumes those that it finds
    /// there. A session is used only if the configuration has the
    /// [session context](crate::config::ConfigBuilder::with_session_context) of the one that made it.
    ///
    /// # Errors
    /// [`UsageError::NotAvailable`] on a server, once the handshake has started, and where the configuration has neither a session
    /// context nor a store.
    pub fn set_session_store(&mut self, store: Arc<dyn ClientSessionStore>) -> Result<(), Error> {
        match &mut self.state {
            State::New(New::Client(config, _, own)) if config.settings.has_session_context() => {
                own.of_client.get_or_insert_default().session_store = Some(store);
                Ok(())
            }
            _ => Err(UsageError::NotAvailable(
                "a client's session store is set before its handshake starts, and the configuration needs with_session_context",
            )
            .into()),
        }
    }

    /// Whether this client offers early data, which wins over the configuration's
    /// [`with_replayable_early_data`](crate::config::ConfigBuilder::with_replayable_early_data).
    ///
    /// # Errors
    /// [`UsageError::NotAvailable`] on a server, and once the handshake has started.
    pub fn set_replayable_early_data(&mut self, enabled: bool) -> Result<(), Error> {
        match &mut self.state {
            State::New(New::Client(_, _, own)) => {
                own.of_client.get_or_insert_default().early_data = Some(enabled);
                Ok(())
            }
            _ => Err(UsageError::NotAvailable(
                "whether a client offers early data is said before its handshake starts",
            )
            .into()),
        }
    }

    /// Changes who is told of messages from now on, at any time: in place of whom the configuration names, also of one that a
    /// [`ChooseServerConfig`](crate::config::ChooseServerConfig) chooses later. `None` for nobody.
    pub fn set_message_log(&mut self, log: Option<Arc<dyn MessageLog>>) {
        if let Some(wire) = &mut self.wire {
            wire.set_own_log(log);
        }
    }

    // Transport in.

    /// Memory to receive bytes into: some KiB, and once the handshake is over what is missing of one full record.
    /// [`received`](Self::received) then tells how many came. Empty if what was received must be
    /// [`read`](Self::read) first.
    #[inline]
    pub fn receive_buffer(&mut self) -> &mut [u8] {
        match &mut self.wire {
            Some(wire) => wire.receiving.spare_mut(),
            None => &mut [],
        }
    }

    /// Tells that `count` bytes were received into [`receive_buffer`](Self::receive_buffer).
    #[inline]
    pub fn received(&mut self, count: usize) {
        if let Some(wire) = &mut self.wire {
            wire.receiving.received(count);
        }
    }

    /// Takes received bytes and returns how many: all up to one record's worth, unless what came before must be
    /// [`read`](Self::read) first. What comes after the peer's close_notify is dropped.
    pub fn receive(&mut self, bytes: &[u8]) -> usize {
        let Some(wire) = &mut self.wire else {
            return bytes.len();
        };
        let count = bytes.len().min(wire.receiving.room());
        wire.receiving
            .extend(bytes.get(..count).unwrap_or_default());
        count
    }

    /// Tells that the transport has ended. Without a close_notify before it that is
    /// [`Error::Truncated`].
    pub fn received_eof(&mut self) {
        if let Some(wire) = &mut self.wire {
            wire.receiving.received_eof();
        }
    }

    // Transport out.

    /// Bytes to send to the peer.
    #[inline]
    pub fn output(&self) -> &[u8] {
        match &self.wire {
            Some(wire) => wire.sending.queue().filled(),
            None => &[],
        }
    }

    /// Tells that the first `count` bytes of [`output`](Self::output) were sent.
    #[inline]
    pub fn sent(&mut self, count: usize) {
        if let Some(wire) = &mut self.wire {
            wire.sending.queue_mut().consume(count);
        }
    }

    // Progress.

    /// Runs the handshake as far as it goes without waiting. Where it waits for an answer of the application, call
    /// this again once that may be there, or use [`process_with`](Self::process_with).
    ///
    /// # Errors
    /// The failure of the handshake; its alert is in [`output`](Self::output).
    pub fn process(&mut self) -> Result<(), Error> {
        self.process_with(&mut Context::from_waker(Waker::noop()))
    }

    /// As [`process`](Self::process); an answer that is not there yet will wake `context`.
    ///
    /// # Errors
    /// As [`process`](Self::process).
    pub fn process_with(&mut self, context: &mut Context<'_>) -> Result<(), Error> {
        match self.advance(context) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.fail(error)),
        }
    }

    fn advance(&mut self, context: &mut Context<'_>) -> Result<(), Error> {
        match &self.state {
            State::Failed(error) => return Err(error.clone()),
            State::Established(established) if !established.has_flow() => return Ok(()),
            _ => {}
        }
        // The connection counts as failed while a flow runs: a panic in one of the application's decisions
        // leaves a dead connection behind, not an undefined one.
        let mut state = core::mem::replace(&mut self.state, State::Failed(PANICKED));
        if let State::New(new) = state {
            state = State::Handshaking(new.start());
        }
        let progress = state.run_flow(&mut self.wire, context);
        // That error owns nothing: the code that drops a state need not run for it.
        core::mem::forget(core::mem::replace(&mut self.state, state));
        progress
    }

    /// Ends the connection for good, and queues the alert.
    #[cold]
    fn fail(&mut self, error: Error) -> Error {
        if !matches!(self.state, State::Failed(_)) {
            self.state = State::Failed(error.clone());
            if let (Some(alert), Some(wire)) = (error.alert(), &mut self.wire) {
                // Nothing better can be done with a failure to tell of a failure.
                let _ = wire.sending.send_alert(alert);
            }
            if let Some(wire) = &mut self.wire {
                wire.forget_keys();
            }
        }
        error
    }

    /// Whether the handshake is neither complete nor failed.
    #[inline]
    pub fn is_handshaking(&self) -> bool {
        matches!(self.state, State::New(_) | State::Handshaking(_))
    }

    /// What the handshake, or post-handshake authentication, waits for; `None` once there is none.
    pub fn waiting(&self) -> Option<Waiting> {
        match &self.state {
            State::New(_) => Some(Waiting::Bytes("first message")),
            State::Handshaking(coroutine) => Some(coroutine.waiting()),
            State::Established(established) => {
                let authentication = established.authentication.as_deref();
                #[cfg(feature = "legacy")]
                if let AfterHandshake::Renegotiating(flow) = &established.after {
                    return Some(flow.waiting());
                }
                let issuing = established.issuing.as_deref().map(Coroutine::waiting);
                match authentication.map(Coroutine::waiting) {
                    // What the application can do something about counts more.
                    Some(Waiting::Bytes(_)) | None if issuing.is_some() => issuing,
                    waiting => waiting,
                }
            }
            State::Failed(_) => None,
        }
    }

    /// The error that ended the connection, if one did.
    pub fn failure(&self) -> Option<&Error> {
        match &self.state {
            State::Failed(error) => Some(error),
            _ => None,
        }
    }

    // Application.

    /// Reads at most `buffer.len()` bytes of one record: never of two. The rest of a longer record stays
    /// for the next read.
    ///
    /// # Errors
    /// [`UsageError::HandshakeIncomplete`] before the end of the handshake; [`Error::Truncated`] if the transport
    /// ended without close_notify; the failure of the connection.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<ReadOutcome, Error> {
        match self.peek()? {
            Peeked::Data(data) => {
                let count = data.len().min(buffer.len());
                if let (Some(to), Some(from)) = (buffer.get_mut(..count), data.get(..count)) {
                    to.copy_from_slice(from);
                }
                self.consume(count);
                Ok(ReadOutcome::Data(count))
            }
            Peeked::Closed => Ok(ReadOutcome::Closed),
            Peeked::NeedBytes => Ok(ReadOutcome::NeedBytes),
        }
    }

    /// Lends the unread rest of the current record, decrypting the next one if there is no rest;
    /// [`consume`](Self::consume) then marks bytes as read.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn peek(&mut self) -> Result<Peeked<'_>, Error> {
        let event = match self.next_event() {
            Ok(event) => event,
            // Too early to read, which is harmless.
            Err(error) if self.is_handshaking() => return Err(error),
            Err(error) => return Err(self.fail(error)),
        };
        let data = match &self.wire {
            Some(wire) => wire.receiving.application_data(),
            None => &[],
        };
        Ok(match event {
            Event::ApplicationData => Peeked::Data(data),
            Event::Closed => Peeked::Closed,
            Event::NeedBytes | Event::Handshake => Peeked::NeedBytes,
            // Only a handshake awaits one.
            #[cfg(feature = "legacy")]
            Event::ChangeCipherSpec => Peeked::NeedBytes,
        })
    }

    /// Marks the first `count` bytes of what [`peek`](Self::peek) lent as read.
    #[inline]
    pub fn consume(&mut self, count: usize) {
        if let Some(wire) = &mut self.wire {
            wire.receiving.consume_application_data(count);
        }
    }

    /// Deals with all messages of the protocol up to the next application data.
    fn next_event(&mut self) -> Result<Event, Error> {
        loop {
            let established = match &mut self.state {
                State::Established(established) => established,
                State::Failed(error) => return Err(error.clone()),
                _ => return Err(UsageError::HandshakeIncomplete.into()),
            };
            let wire = wire(&mut self.wire)?;
            let mut event = wire.receiving.next_event("application data")?;
            #[cfg(feature = "legacy")]
            if event == Event::ChangeCipherSpec {
                // Of a renegotiation, whose flow awaits it; nothing else makes it legal.
                self.advance(&mut Context::from_waker(Waker::noop()))?;
                continue;
            }
            let message_type = wire.receiving.message_type();
            if event == Event::Handshake && established.must_answer_before(message_type) {
                event = Event::NeedBytes;
            }
            if event != Event::Handshake {
                // One answer serves any number of requests; it leaves when there is room, or before our next data.
                if established.answer_due && wire.sending.queue().is_empty() {
                    established.answer_due = false;
                    if !wire.sending.is_closed() {
                        wire.sending.answer()?;
                    }
                }
                return Ok(event);
            }
            let Some(message) = wire.receiving.take_message()? else {
                return Ok(Event::NeedBytes);
            };
            #[cfg(feature = "legacy")]
            if let AfterHandshake::Renegotiating(_) = established.after {
                established.deliver_to_renegotiation(&mut wire.receiving, message)?;
                self.advance(&mut Context::from_waker(Waker::noop()))?;
                continue;
            }
            if let (false, Some(got)) = (self.is_client, message_type) {
                established.check_inside_of_answer(got)?;
            }
            let keeper = established.after.keeper();
            let receiving = &mut wire.receiving;
            match post_handshake::accept_message(receiving, self.is_client, keeper, message)? {
                Action::Nothing => {}
                Action::Answer => established.answer_due = true,
                #[cfg(feature = "legacy")]
                Action::Renegotiate => {
                    let after = core::mem::replace(&mut established.after, AfterHandshake::Nothing);
                    let AfterHandshake::Renegotiate(renegotiation) = after else {
                        established.after = after;
                        established.answer_due = true;
                        continue;
                    };
                    let flow = Box::new(renegotiation.start());
                    established.after = AfterHandshake::Renegotiating(flow);
                    self.advance(&mut Context::from_waker(Waker::noop()))?;
                }
                Action::Authenticate(message) => {
                    let output_is_empty = wire.sending.queue().is_empty();
                    established.accept_authentication(message, output_is_empty)?;
                    self.advance(&mut Context::from_waker(Waker::noop()))?;
                }
            }
        }
    }

    /// Bytes of the current record that can be read without receiving more (`SSL_pending`).
    pub fn pending(&self) -> usize {
        match &self.wire {
            Some(wire) => wire.receiving.application_data().len(),
            None => 0,
        }
    }

    /// Bytes of records, headers included, that were received and not read yet, be it only a part of one (`SSL_has_pending`).
    pub fn received_unread(&self) -> usize {
        match &self.wire {
            Some(wire) => wire.receiving.received_unread(),
            None => 0,
        }
    }

    /// So many bytes come at least before application data can: the peer owes them to the handshake, or has to wait for
    /// this side before it sends as many. 0 after the handshake, and where it is not known, as while an answer of the application is
    /// awaited. For those who may not receive data ahead of the application.
    pub fn handshake_bytes_due(&self) -> usize {
        match (&self.state, &self.wire) {
            // The peer's Finished may have come already, and data may be next.
            (State::Handshaking(flow), _) if matches!(flow.waiting(), Waiting::Answer(_)) => 0,
            (State::Handshaking(_), Some(wire)) => wire.receiving.handshake_bytes_due(),
            _ => 0,
        }
    }

    /// Seals `data` as one record, or as many as its length takes, into [`output`](Self::output). Returns
    /// `data.len()`. Empty data is one empty record.
    ///
    /// # Errors
    /// [`UsageError::HandshakeIncomplete`] before the end of the handshake, [`UsageError::WriteAfterClose`]; the
    /// failure of the connection.
    pub fn write(&mut self, data: &[u8]) -> Result<usize, Error> {
        let mut written = self.write_record(data)?;
        while let Some(rest) = data.get(written..).filter(|rest| !rest.is_empty()) {
            written += self.write_record(rest)?;
        }
        Ok(written)
    }

    /// Seals as much of `data` as one record takes, and returns how many bytes that were.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_record(&mut self, data: &[u8]) -> Result<usize, Error> {
        match self.try_write_record(data) {
            Err(error) if !matches!(error, Error::Usage(_)) => Err(self.fail(error)),
            other => other,
        }
    }

    fn try_write_record(&mut self, data: &[u8]) -> Result<usize, Error> {
        let established = match &mut self.state {
            State::Established(established) => established,
            State::Failed(error) => return Err(error.clone()),
            _ => return Err(UsageError::HandshakeIncomplete.into()),
        };
        let sending = &mut wire(&mut self.wire)?.sending;
        if sending.is_closed() {
            return Err(UsageError::WriteAfterClose.into());
        }
        #[cfg(feature = "legacy")]
        if sending.is_unconfirmed() {
            return Err(UsageError::NotAvailable(
                "the server has not confirmed the keys of a renegotiation yet: read first",
            )
            .into());
        }
        if established.answer_due {
            established.answer_due = false;
            sending.answer()?;
        }
        sending.write_application_record(data)
    }

    /// Changes how many bytes of content a record has at most that this side sends from now on, 1 to 16384: what
    /// [`with_record_size`](crate::config::ConfigBuilder::with_record_size) sets for all connections. What the peer demanded
    /// stays a limit; [`ConnectionFacts::max_fragment_sent`] tells what comes of both.
    ///
    /// # Errors
    /// [`UsageError::HandshakeIncomplete`] before the end of the handshake; [`UsageError::NotAvailable`] for another size; the
    /// failure of the connection.
    pub fn set_record_size(&mut self, bytes: usize) -> Result<(), Error> {
        if bytes == 0 || bytes > MAX_FRAGMENT_LEN {
            return Err(
                UsageError::NotAvailable("a record has 1 to 16384 bytes of content").into(),
            );
        }
        match &mut self.state {
            State::Established(established) => {
                let writer = wire(&mut self.wire)?.sending.writer_mut();
                writer.set_record_size(bytes);
                established.facts.max_fragment_sent = writer.fragment_limit();
                Ok(())
            }
            State::Failed(error) => Err(error.clone()),
            _ => Err(UsageError::HandshakeIncomplete.into()),
        }
    }

    // Early data and tickets.

    /// What is known of early data so far, on either side.
    pub fn early_data(&self) -> EarlyData {
        match (&self.wire, &self.state) {
            (_, State::Established(established)) => established.facts.early_data,
            (Some(wire), _) => wire.early_data,
            (None, _) => EarlyData::NotOffered,
        }
    }

    /// Sends data before the server has answered, if the configuration, the session or pre-shared key, and the server's
    /// limit allow it. Returns how many bytes were taken: 0 where no early data can be sent, or not any more. Starts the
    /// handshake, if it has not started.
    ///
    /// **Whoever records this can send it to the server again**: [`early_data`](crate::early_data). Whether the server took
    /// it is known when the handshake is complete: [`early_data`](Self::early_data). If not,
    /// [`EarlyData::Rejected`], all of it is lost, and the application writes it again if it still matters.
    ///
    /// # Errors
    /// [`UsageError::NotAvailable`] on a server; the failure of the connection.
    pub fn write_replayable_early_data(&mut self, data: &[u8]) -> Result<usize, Error> {
        if !self.is_client {
            return Err(UsageError::NotAvailable("only a client sends early data").into());
        }
        match &self.state {
            State::New(_) => self.process()?,
            State::Failed(error) => return Err(error.clone()),
            State::Handshaking(_) | State::Established(_) => {}
        }
        if !self.is_handshaking() {
            return Ok(0);
        }
        let written = wire(&mut self.wire).and_then(|wire| {
            let mut written = 0;
            while let Some(rest) = data.get(written..).filter(|rest| !rest.is_empty()) {
                match wire.sending.write_early_record(rest)? {
                    0 => break,
                    count => written += count,
                }
            }
            Ok(written)
        });
        written.map_err(|error| self.fail(error))
    }

    /// How many bytes of early data a client can still send: so many
    /// [`write_replayable_early_data`](Self::write_replayable_early_data) takes. 0 before the ClientHello is made, and where no
    /// early data can be sent, or not any more.
    pub fn early_data_left(&self) -> usize {
        match (&self.state, &self.wire) {
            (State::Handshaking(_), Some(wire)) => wire.sending.early_data_left(),
            _ => 0,
        }
    }

    /// Reads at most `buffer.len()` bytes of one record of early data, on a server, during the handshake and after it.
    /// [`ReadOutcome::NeedBytes`]: more may come. [`ReadOutcome::Closed`]: no more will.
    ///
    /// **This may be the recording of a client that is long gone**: [`early_data`](crate::early_data).
    ///
    /// # Errors
    /// [`UsageError::NotAvailable`] on a client; the failure of the connection.
    pub fn read_replayable_early_data(&mut self, buffer: &mut [u8]) -> Result<ReadOutcome, Error> {
        if self.is_client {
            return Err(UsageError::NotAvailable("only a server reads early data").into());
        }
        let may_come = self.is_handshaking();
        if let State::Failed(error) = &self.state {
            return Err(error.clone());
        }
        let receiving = &mut wire(&mut self.wire)?.receiving;
        let data = receiving.early_data();
        if data.is_empty() {
            // Before the ClientHello is there nobody knows.
            return Ok(match may_come && !receiving.is_past_early_data() {
                true => ReadOutcome::NeedBytes,
                false => ReadOutcome::Closed,
            });
        }
        let count = data.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), data.get(..count)) {
            to.copy_from_slice(from);
        }
        receiving.consume_early_data(count);
        Ok(ReadOutcome::Data(count))
    }

    /// Sends data when this server has sent its Finished and the client has not yet (half-RTT data, RFC 8446 Section 2.3).
    /// Returns how many bytes were taken: all, or 0 where the server has not come so far.
    ///
    /// **Nobody knows yet who reads this**: a client's certificate has not come, and its ClientHello may have been
    /// recorded long ago. Send only what anyone may see.
    ///
    /// # Errors
    /// [`UsageError::NotAvailable`] on a client; the failure of the connection.
    pub fn write_half_rtt_data(&mut self, data: &[u8]) -> Result<usize, Error> {
        if self.is_client {
            return Err(UsageError::NotAvailable("only a server sends half-RTT data").into());
        }
        match &self.state {
            State::Failed(error) => return Err(error.clone()),
            State::Established(_) => return self.write(data),
            State::New(_) | State::Handshaking(_) => {}
        }
        let written = wire(&mut self.wire).and_then(|wire| {
            let mut written = 0;
            if !wire.sending.carries_application_data() {
                return Ok(0);
            }
            while let Some(rest) = data.get(written..).filter(|rest| !rest.is_empty()) {
                written += wire.sending.write_application_record(rest)?;
            }
            Ok(written)
        });
        written.map_err(|error| self.fail(error))
    }

    /// Issues `count` tickets to the client, where the configuration says that they are issued
    /// [on request](crate::resumption::Tickets::on_request). While the keys are awaited, [`waiting`](Self::waiting) says so.
    /// Clients take more than 32 without data between them for an attack.
    ///
    /// # Errors
    /// [`UsageError::NotAvailable`] if the configuration issues none on request, the client cannot use them, or some are
    /// being issued; [`UsageError::HandshakeIncomplete`], [`UsageError::WriteAfterClose`]; the failure of the connection.
    pub fn send_tickets(&mut self, count: u8) -> Result<(), Error> {
        let established = match &mut self.state {
            State::Established(established) => established,
            State::Failed(error) => return Err(error.clone()),
            _ => return Err(UsageError::HandshakeIncomplete.into()),
        };
        if wire(&mut self.wire)?.sending.is_closed() {
            return Err(UsageError::WriteAfterClose.into());
        }
        let tickets = core::mem::replace(&mut established.after, AfterHandshake::Nothing);
        let AfterHandshake::Issue(issuer) = tickets else {
            established.after = tickets;
            return Err(UsageError::NotAvailable(
                "tickets need Tickets::on_request here and a client that resumes; a call before must have ended",
            )
            .into());
        };
        established.issuing = Some(Box::new(issuer.on_request(count)));
        self.process()
    }

    /// Closes this side's direction with close_notify (RFC 8446 Section 6.1); the peer's stays open. Harmless when
    /// repeated. In a handshake this gives the connection up: the peer is told user_canceled first, if it was told
    /// anything yet, and every later call returns [`UsageError::ClosedInHandshake`].
    pub fn close(&mut self) {
        let alerts = match &self.state {
            State::Failed(_) => return,
            State::Established(_) => &[AlertDescription::CLOSE_NOTIFY][..],
            State::Handshaking(_) => &[
                AlertDescription::USER_CANCELED,
                AlertDescription::CLOSE_NOTIFY,
            ],
            State::New(_) => &[],
        };
        if let Some(wire) = &mut self.wire {
            for &alert in alerts {
                // Fails only if sealing fails, and then nothing could be sent either.
                let _ = wire.sending.send_alert(alert);
            }
        }
        if self.is_handshaking() {
            self.state = State::Failed(UsageError::ClosedInHandshake.into());
            if let Some(wire) = &mut self.wire {
                wire.forget_keys();
            }
        }
    }

    /// Whether this side sends nothing more: it has closed its direction, or the connection has failed.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Failed(_))
            || self
                .wire
                .as_ref()
                .is_none_or(|wire| wire.sending.is_closed())
    }

    /// Whether the peer has closed its direction with close_notify.
    pub fn is_closed_by_peer(&self) -> bool {
        self.wire
            .as_ref()
            .is_none_or(|wire| wire.receiving.is_closed())
    }

    /// Changes this side's keys by KeyUpdate (RFC 8446 Section 4.6.3), and asks the peer to do the same if
    /// `request_peers`. Happens by itself before a key wears out.
    ///
    /// # Errors
    /// [`UsageError::NotAvailable`] in versions older than TLS 1.3; [`UsageError::HandshakeIncomplete`],
    /// [`UsageError::WriteAfterClose`]; the failure of the connection.
    pub fn update_keys(&mut self, request_peers: bool) -> Result<(), Error> {
        match &self.state {
            State::Established(_) => {}
            State::Failed(error) => return Err(error.clone()),
            _ => return Err(UsageError::HandshakeIncomplete.into()),
        }
        let sending = &mut wire(&mut self.wire)?.sending;
        if sending.is_closed() {
            return Err(UsageError::WriteAfterClose.into());
        }
        let updated = sending.update_keys(if request_peers {
            KeyUpdateRequest::Requested
        } else {
            KeyUpdateRequest::NotRequested
        });
        match updated {
            Err(error) if !matches!(error, Error::Usage(_)) => Err(self.fail(error)),
            other => other,
        }
    }

    /// Asks the client for its certificate after the handshake (RFC 8446 Section 4.6.2). The answer arrives while the
    /// connection is read; [`facts`](Self::facts) then have the client's chain, and
    /// [`waiting`](Self::waiting) is `None` again. A client that has none says so, and the connection goes on.
    ///
    /// # Errors
    /// [`UsageError::NotAvailable`] if the configuration does not allow it
    /// ([`ClientAuth::PostHandshake`](crate::ClientAuth::PostHandshake) and those alike), the client did not offer it, the version is older
    /// than TLS 1.3, a request is under way, or an external pre-shared key alone authenticated both sides (RFC 8446 Section 4.3.2).
    pub fn request_client_certificate(&mut self) -> Result<(), Error> {
        self.ask_client(false)
    }

    /// As [`request_client_certificate`](Self::request_client_certificate), of a client that must have one: without it the
    /// connection ends with [`CertificateError::Required`](crate::CertificateError::Required) (alert certificate_required).
    ///
    /// # Errors
    /// As [`request_client_certificate`](Self::request_client_certificate).
    pub fn require_client_certificate(&mut self) -> Result<(), Error> {
        self.ask_client(true)
    }

    fn ask_client(&mut self, required: bool) -> Result<(), Error> {
        let established = match &mut self.state {
            State::Established(established) => established,
            State::Failed(error) => return Err(error.clone()),
            _ => return Err(UsageError::HandshakeIncomplete.into()),
        };
        if self.is_client {
            return Err(
                UsageError::NotAvailable("only a server asks for the peer's certificate").into(),
            );
        }
        if wire(&mut self.wire)?.sending.is_closed() {
            return Err(UsageError::WriteAfterClose.into());
        }
        if established.authentication.is_some() {
            return Err(UsageError::NotAvailable(
                "the client has been asked already and has not answered yet",
            )
            .into());
        }
        if established.facts.version < ProtocolVersion::TLS1_3 {
            return Err(UsageError::NotAvailable(
                "before TLS 1.3 a client is asked for its certificate in the handshake or never (RFC 8446 Section 4.6.2)",
            )
            .into());
        }
        let Some(post_handshake_auth) = &established.post_handshake_auth else {
            return Err(UsageError::NotAvailable(
                "post-handshake authentication needs ClientAuth::PostHandshake here and the client's offer, and no external pre-shared key (RFC 8446 Section 4.3.2)",
            )
            .into());
        };
        established.authentication = Some(Box::new(post_handshake_auth.request(required)?));
        self.process()
    }

    /// Makes keying material for another protocol (RFC 8446 Section 7.5): fills `output`, at most 8160 bytes, from
    /// `label` and `context`. No context is the same as an empty one. Before TLS 1.3 (RFC 5705) it is another one; output has at
    /// most 1024 bytes and context at most 65535 there, and the connection must have extended_main_secret.
    ///
    /// # Errors
    /// [`UsageError::HandshakeIncomplete`]; [`UsageError::NotAvailable`] if `output` is too long; the failure of the
    /// connection.
    pub fn export(
        &self,
        label: &[u8],
        context: Option<&[u8]>,
        output: &mut [u8],
    ) -> Result<(), Error> {
        let established = match &self.state {
            State::Established(established) => established,
            State::Failed(error) => return Err(error.clone()),
            _ => return Err(UsageError::HandshakeIncomplete.into()),
        };
        // "tls13 " and the label share a field of 255 bytes (RFC 8446 Section 7.1).
        if output.len() > MAX_EXPORT_LEN || label.len() > 249 {
            return Err(UsageError::NotAvailable(
                "an exporter gives at most 8160 bytes, for a label of at most 249",
            )
            .into());
        }
        established.exporter.export(label, context, output)
    }

    /// What is known of the connection; `None` before the end of the handshake.
    #[inline]
    pub fn facts(&self) -> Option<&ConnectionFacts> {
        match &self.state {
            State::Established(established) => Some(&established.facts),
            _ => None,
        }
    }

    /// What was said in the handshake so far, where the configuration wants it kept
    /// ([`with_handshake_record`](crate::config::ConfigBuilder::with_handshake_record)).
    pub fn handshake_record(&self) -> Option<HandshakeRecord<'_>> {
        let wire = self.wire.as_ref()?;
        Some(HandshakeRecord {
            local: wire.sending.said.as_deref()?,
            peer: wire.receiving.said.as_deref()?,
            is_client: self.is_client,
        })
    }

    /// Gives back all memory that an idle connection can do without: empty buffers, and the expanded keys of the
    /// ciphers (584 bytes each with AES-GCM). The next record makes them again, at the cost of about a microsecond. For
    /// connections that will be idle for long.
    pub fn release_buffers(&mut self) {
        self.release_empty_buffers();
        if let Some(wire) = &mut self.wire {
            wire.receiving.release_key();
            wire.sending.release_key();
        }
    }

    /// Gives back the memory of empty buffers alone, as a [`Stream`](crate::Stream) does when its transport has nothing
    /// more to read.
    pub(crate) fn release_empty_buffers(&mut self) {
        if let Some(wire) = &mut self.wire {
            wire.receiving.release_idle_memory();
            wire.sending.release_idle_memory();
        }
    }

    pub(crate) fn partial_write(&self) -> bool {
        self.partial_write
    }

    /// Takes the connection apart into its two directions.
    pub(crate) fn into_parts(self) -> Result<Parts, Error> {
        match self.state {
            #[cfg(feature = "legacy")]
            State::Established(established)
                if matches!(
                    established.after,
                    AfterHandshake::Renegotiate(_) | AfterHandshake::Renegotiating(_)
                ) =>
            {
                Err(UsageError::NotAvailable(
                    "a connection that may renegotiate cannot be split: its halves need each other",
                )
                .into())
            }
            State::Established(established) if established.post_handshake_auth.is_some() => {
                Err(UsageError::NotAvailable(
                    "a connection with post-handshake authentication cannot be split: its halves need each other",
                )
                .into())
            }
            State::Established(established) => Ok(Parts {
                keeper: match established.after {
                    AfterHandshake::Keep(keeper) => Some(keeper),
                    _ => None,
                },
                wire: *self
                    .wire
                    .or_internal("connection without its wire")?,
                facts: established.facts,
                is_client: self.is_client,
                answer_due: established.answer_due,
                partial_write: self.partial_write,
            }),
            State::Failed(error) => Err(error),
            _ => Err(UsageError::HandshakeIncomplete.into()),
        }
    }

    /// Bytes of the handshake's future, for the test that keeps it small.
    #[cfg(test)]
    pub(crate) fn future_len(&self) -> usize {
        match &self.state {
            State::Handshaking(coroutine) => coroutine.future_len(),
            _ => 0,
        }
    }
}

impl core::fmt::Debug for Connection {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let state = match &self.state {
            State::New(_) => "new".to_owned(),
            State::Handshaking(coroutine) => format!("handshaking, {:?}", coroutine.waiting()),
            State::Established(established) => {
                format!("established, {}", established.facts.cipher_suite)
            }
            State::Failed(error) => format!("failed, {error}"),
        };
        f.debug_struct("Connection")
            .field("is_client", &self.is_client)
            .field("state", &state)
            .finish_non_exhaustive()
    }
}

/// What [`Connection::peek`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peeked<'a> {
    /// Unread bytes of one record.
    Data(&'a [u8]),
    /// The peer has closed its direction with close_notify.
    Closed,
    /// Nothing can be read before more bytes have been received; or, where [`Connection::waiting`] says so, before the
    /// application has answered.
    NeedBytes,
}

/// The parts of an established connection, for the two halves of a split stream.
pub(crate) struct Parts {
    pub(crate) wire: Wire,
    /// A client's, for the tickets that come.
    pub(crate) keeper: Option<Box<Keeper>>,
    pub(crate) facts: Box<ConnectionFacts>,
    pub(crate) is_client: bool,
    pub(crate) answer_due: bool,
    pub(crate) partial_write: bool,
}

impl State {
    /// Runs the handshake, or the authentication after it, as far as it goes without waiting.
    fn run_flow(
        &mut self,
        lent: &mut Option<Box<Wire>>,
        context: &mut Context<'_>,
    ) -> Result<(), Error> {
        match self {
            Self::Handshaking(coroutine) => {
                if let Poll::Ready(connected) = coroutine.poll(lent, context) {
                    *self = Self::Established(Established::new(connected?));
                }
                // What was sent so far may leave, also while an answer is awaited.
                wire(lent)?.sending.flush_flight()
            }
            Self::Established(established) => {
                established.authenticate(lent, context)?;
                #[cfg(feature = "legacy")]
                established.renegotiate(lent, context)?;
                established.issue_tickets(lent, context)
            }
            Self::New(_) | Self::Failed(_) => Err(Error::Internal("no flow to run")),
        }
    }
}

impl Established {
    fn new(connected: Connected) -> Self {
        Self {
            facts: connected.facts,
            exporter: connected.exporter,
            post_handshake_auth: connected.post_handshake_auth,
            authentication: None,
            after: connected.after,
            issuing: None,
            unsent_answers: 0,
            answer_due: false,
        }
    }

    /// Whether something is under way that must be polled.
    fn has_flow(&self) -> bool {
        #[cfg(feature = "legacy")]
        if let AfterHandshake::Renegotiating(_) = self.after {
            return true;
        }
        self.authentication.is_some() || self.issuing.is_some()
    }

    /// A message of the server's in a renegotiation.
    #[cfg(feature = "legacy")]
    fn deliver_to_renegotiation(
        &mut self,
        receiving: &mut Receiving,
        message: Vec<u8>,
    ) -> Result<(), Error> {
        let got = HandshakeType(message.first().copied().unwrap_or_default());
        // RFC 5246 Section 7.4.1.1: "This message will be ignored by the client if the client is currently negotiating a session."
        if got == HandshakeType::HELLO_REQUEST {
            return receiving.count_renegotiation();
        }
        let flow = self.after.renegotiating();
        match flow.is_some_and(|flow| flow.deliver(message)) {
            true => Ok(()),
            false => Err(PeerMisbehaved::UnexpectedMessage {
                got,
                expected: "nothing before the answer",
            }
            .into()),
        }
    }

    /// Goes on with another handshake in this connection, if one is under way.
    #[cfg(feature = "legacy")]
    fn renegotiate(
        &mut self,
        lent: &mut Option<Box<Wire>>,
        context: &mut Context<'_>,
    ) -> Result<(), Error> {
        let Some(coroutine) = self.after.renegotiating() else {
            return Ok(());
        };
        if let Poll::Ready(connected) = coroutine.poll(lent, context) {
            self.after = AfterHandshake::Nothing;
            let connected = connected?;
            let before = core::mem::replace(&mut self.facts, connected.facts);
            // Not every handshake asks for it again.
            if self.facts.local_credential.is_none() {
                self.facts.local_credential = before.local_credential;
                self.facts.local_signature_scheme = before.local_signature_scheme;
            }
            self.exporter = connected.exporter;
            self.after = connected.after;
        }
        wire(lent)?.sending.flush_flight()
    }

    /// Runs post-handshake authentication, if one is under way.
    fn authenticate(
        &mut self,
        lent: &mut Option<Box<Wire>>,
        context: &mut Context<'_>,
    ) -> Result<(), Error> {
        let Some(coroutine) = &mut self.authentication else {
            return Ok(());
        };
        let Poll::Ready(authenticated) = coroutine.poll(lent, context) else {
            return Ok(());
        };
        self.authentication = None;
        match authenticated? {
            Authenticated::Peer(identity) => {
                self.facts.peer_signature_scheme = Some(identity.scheme);
                self.facts.peer_certificates = Some(identity.certificates);
            }
            Authenticated::Local(chosen) => {
                self.facts.local_signature_scheme = Some(chosen.scheme);
                self.facts.local_credential = Some(chosen.credential);
            }
            Authenticated::Nobody => {}
        }
        Ok(())
    }

    /// Goes on issuing tickets, if some were asked for.
    fn issue_tickets(
        &mut self,
        lent: &mut Option<Box<Wire>>,
        context: &mut Context<'_>,
    ) -> Result<(), Error> {
        let Some(coroutine) = &mut self.issuing else {
            return Ok(());
        };
        if let Poll::Ready(issuer) = coroutine.poll(lent, context) {
            self.issuing = None;
            self.after = AfterHandshake::Issue(issuer?);
        }
        Ok(())
    }

    /// Whether this message has to wait until the application has answered: a client answers one request after the
    /// other, and a server reads CertificateVerify once it believes the chain.
    fn must_answer_before(&self, message: Option<HandshakeType>) -> bool {
        #[cfg(feature = "legacy")]
        if let AfterHandshake::Renegotiating(flow) = &self.after {
            return matches!(flow.waiting(), Waiting::Answer(_));
        }
        let authenticates = matches!(
            message,
            Some(
                HandshakeType::CERTIFICATE_REQUEST
                    | HandshakeType::CERTIFICATE
                    | HandshakeType::CERTIFICATE_VERIFY
                    | HandshakeType::FINISHED
            )
        );
        authenticates
            && self
                .authentication
                .as_ref()
                .is_some_and(|flow| matches!(flow.waiting(), Waiting::Answer(_)))
    }

    /// RFC 8446 Section 4.6.2: "All of the client's messages for a given response MUST appear consecutively on the wire with no
    /// intervening messages of other types." A server has had the client's Certificate, and this comes next.
    fn check_inside_of_answer(&self, got: HandshakeType) -> Result<(), Error> {
        let waiting = self.authentication.as_ref().map(|flow| flow.waiting());
        match (waiting, got) {
            // The flow judges them.
            (
                _,
                HandshakeType::CERTIFICATE
                | HandshakeType::CERTIFICATE_VERIFY
                | HandshakeType::FINISHED,
            ) => Ok(()),
            (Some(Waiting::Bytes(expected)), got)
                if Some(expected) != HandshakeType::CERTIFICATE.name() =>
            {
                Err(PeerMisbehaved::UnexpectedMessage { got, expected }.into())
            }
            // The application has the chain.
            (Some(Waiting::Answer(_)), got) => Err(PeerMisbehaved::UnexpectedMessage {
                got,
                expected: "CertificateVerify",
            }
            .into()),
            _ => Ok(()),
        }
    }

    /// A CertificateRequest starts the client's answer; other messages are the answer that the server awaits.
    fn accept_authentication(
        &mut self,
        message: Vec<u8>,
        output_is_empty: bool,
    ) -> Result<(), Error> {
        let got = HandshakeType(message.first().copied().unwrap_or_default());
        let unexpected = PeerMisbehaved::UnexpectedMessage {
            got,
            expected: "application data",
        };
        match (&mut self.authentication, &self.post_handshake_auth) {
            (Some(under_way), _) if got != HandshakeType::CERTIFICATE_REQUEST => {
                match under_way.deliver(message) {
                    true => Ok(()),
                    false => Err(unexpected.into()),
                }
            }
            (None, Some(auth)) if got == HandshakeType::CERTIFICATE_REQUEST => {
                // A server that asks again and again and does not read must not fill our memory with chains.
                if output_is_empty {
                    self.unsent_answers = 0;
                }
                self.unsent_answers += 1;
                if self.unsent_answers > MAX_CERTIFICATE_REQUESTS {
                    return Err(PeerMisbehaved::TooManyCertificateRequests {
                        limit: MAX_CERTIFICATE_REQUESTS,
                    }
                    .into());
                }
                self.authentication = Some(Box::new(auth.answer(message)?));
                Ok(())
            }
            _ => Err(unexpected.into()),
        }
    }
}

fn wire(wire: &mut Option<Box<Wire>>) -> Result<&mut Wire, Error> {
    match wire {
        Some(wire) => Ok(wire),
        None => Err(PANICKED),
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
