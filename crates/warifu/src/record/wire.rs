//! A connection's two byte queues with the record layer between them and the flows.
//!
//! [`Receiving`] turns arriving records into events: a complete handshake message, application data, the
//! end, and in older versions change_cipher_spec. Alerts, fragments and TLS 1.3's dummy change_cipher_spec are dealt with
//! here, so that they never appear in a flow. [`Sending`] collects handshake messages into flights and seals them.

use core::ops::Range;
use std::collections::VecDeque;
use std::sync::Arc;

use crate::early_data::EarlyData;
use crate::error::{Error, OrInternal, PeerMisbehaved};
use crate::handshake::tls13_key_schedule::TrafficSecret;
use crate::handshake_record::Said;
#[cfg(feature = "legacy")]
use crate::parameters::ProtocolVersion;
use crate::parameters::{
    AlertDescription, ContentType, HandshakeType, MaxFragmentLength, Tls13Suite,
};

mod sending;

pub(crate) use sending::Sending;

use super::buffer::Buffer;
#[cfg(feature = "legacy")]
use super::legacy_protection::LegacyRecordKeys;
use super::protection::{Layer, RecordKeys};
use super::reader::{Record, RecordReader};
use super::writer::Padding;

/// Empty records in a row. RFC 8446 Section 5.1 allows them as a traffic-analysis countermeasure; without a
/// bound they cost us work for nothing. 32 is what BoringSSL bears.
const MAX_EMPTY_RECORDS: usize = 32;
/// Warning alerts in a row; of those only user_canceled is left in TLS 1.3, while in older versions the level tells.
/// BoringSSL's figure.
const MAX_WARNING_ALERTS: usize = 4;
/// KeyUpdates in a row without application data between them. BoringSSL's figure.
const MAX_KEY_UPDATES: usize = 32;
/// Attempts to renegotiate in a row without application data between them, refused or not; those that come together have one answer.
#[cfg(feature = "legacy")]
const MAX_RENEGOTIATIONS: usize = 4;
/// CertificateRequests in a row without application data between them, or without a pause in which the answers could
/// leave; each costs this side a signature, and memory for the answer.
pub(crate) const MAX_CERTIFICATE_REQUESTS: usize = 4;
/// NewSessionTickets in a row without application data between them; servers send two as a rule.
pub(crate) const MAX_TICKETS: usize = 32;
/// What the receiving queue asks a socket for first: a flight without hybrid share and chain. glibc keeps freed blocks of
/// up to 1032 bytes at hand; larger ones cost a handshake with a pre-shared key more than its messages do.
const FIRST_RECEIVE_LEN: usize = 1 << 10;
/// What it asks for behind a part of a record, before application data can come: one flight with a usual chain. Longer ones
/// take another turn, and connections that end here never had more.
const HANDSHAKE_RECEIVE_LEN: usize = 1 << 12;
/// What a flight is expected to take. One with a hybrid share or a chain grows beyond it.
const FLIGHT_LEN: usize = FIRST_RECEIVE_LEN;
/// Header of a handshake message: type (1) and length (3).
pub(crate) const MESSAGE_HEADER_LEN: usize = 4;
/// Levels of alerts, RFC 5246 Section 7.2.
const WARNING: u8 = 1;
const FATAL: u8 = 2;

/// Watches the messages of a connection, for logs.
pub trait MessageLog: Send + Sync + core::fmt::Debug {
    /// One message was sent or received. Called with every handshake message, alert and change_cipher_spec.
    fn message(&self, direction: Direction, message: LoggedMessage);

    /// The bytes of the same message, before [`message`](Self::message) is called: a handshake message with its header of 4 bytes,
    /// an alert's level and description, the 1 of change_cipher_spec. Default: does nothing. **They may hold what
    /// encryption hides from others**: names, certificates, tickets.
    fn content(&self, direction: Direction, content_type: ContentType, content: &[u8]) {
        let _ = (direction, content_type, content);
    }

    /// One record was sealed or opened: its header, and for a protected one of TLS 1.3 the type of what is inside (RFC 8446
    /// Section 5.2). Called with records of application data too. A record that was received is told of before what it
    /// holds, one that was sealed after. Default: does nothing.
    fn record(&self, direction: Direction, header: &[u8; 5], inner_type: Option<ContentType>) {
        let _ = (direction, header, inner_type);
    }
}

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From this side to the peer.
    Sent,
    /// From the peer to this side.
    Received,
}

/// What a [`MessageLog`] is told of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoggedMessage {
    /// A handshake message and the length of its body in bytes.
    Handshake(HandshakeType, usize),
    /// An alert.
    Alert(AlertDescription),
    /// A change_cipher_spec.
    ChangeCipherSpec,
}

impl LoggedMessage {
    /// The content type under which the message travels.
    pub fn content_type(&self) -> ContentType {
        match self {
            Self::Handshake(..) => ContentType::HANDSHAKE,
            Self::Alert(_) => ContentType::ALERT,
            Self::ChangeCipherSpec => ContentType::CHANGE_CIPHER_SPEC,
        }
    }
}

type Log = Option<Arc<dyn MessageLog>>;

/// Both directions of a connection.
pub(crate) struct Wire {
    pub(crate) receiving: Receiving,
    pub(crate) sending: Sending,
    /// What the flow has found out about early data so far.
    pub(crate) early_data: EarlyData,
    /// As it was agreed upon.
    pub(crate) max_fragment_length: Option<MaxFragmentLength>,
    /// Who is told of messages is the connection's choice, not its configuration's.
    has_own_log: bool,
}

impl Wire {
    /// On the heap from the start, as a move would copy 600 bytes.
    pub(crate) fn new(log: Log, padding: Option<Arc<dyn Padding>>) -> Box<Self> {
        Box::new(Self {
            receiving: Receiving::new(log.clone()),
            sending: Sending::new(log, padding),
            early_data: EarlyData::NotOffered,
            max_fragment_length: None,
            has_own_log: false,
        })
    }

    /// Keeps what both sides say in the handshake.
    pub(crate) fn keep_record(&mut self, is_client: bool) {
        self.sending.said = Some(Box::new(Said::new(false)));
        self.receiving.said = Some(Box::new(Said::new(!is_client)));
    }

    /// What a handshake has come to in these matters: most bytes in a record sent, max_fragment_length, early data.
    pub(crate) fn size_and_early_data(&self) -> (usize, Option<MaxFragmentLength>, EarlyData) {
        (
            self.sending.writer().fragment_limit(),
            self.max_fragment_length,
            self.early_data,
        )
    }

    /// Changes who is told of messages, in both directions, to whom a configuration names. The connection's own choice stays.
    pub(crate) fn set_log(&mut self, log: Log) {
        if !self.has_own_log {
            self.receiving.log.clone_from(&log);
            self.sending.log = log;
        }
    }

    /// Makes that the connection's own choice.
    pub(crate) fn set_own_log(&mut self, log: Log) {
        self.has_own_log = false;
        self.set_log(log);
        self.has_own_log = true;
    }

    /// Ends both directions for good. RFC 8446 Section 6.2: "Servers and clients MUST forget the secret values and keys
    /// established in failed connections". What waits for the transport, the alert above all, stays.
    pub(crate) fn forget_keys(&mut self) {
        self.receiving.forget_keys();
        self.sending.forget_keys();
    }
}

/// What the receiving half has to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// More bytes are needed to say anything.
    NeedBytes,
    /// A handshake message is complete: see [`Receiving::take_message`].
    Handshake,
    /// Application data can be read: see [`Receiving::application_data`].
    ApplicationData,
    /// The peer sent close_notify.
    Closed,
    /// The change_cipher_spec that [`Receiving::expect_legacy_change_cipher_spec`] allowed has come. Nothing behind it is
    /// read before [`Receiving::set_legacy_keys`].
    #[cfg(feature = "legacy")]
    ChangeCipherSpec,
}

/// What to do with a change_cipher_spec record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeCipherSpecRule {
    /// It is an error: before the first ClientHello and after the peer's Finished.
    Refuse,
    /// Dropped without further processing, if it is well-formed (RFC 8446 Section 5).
    Drop,
    /// The same, and one was dropped, which only TLS 1.3 allows.
    Dropped,
    /// In an older version: it is an error now.
    #[cfg(feature = "legacy")]
    LegacyRefuse,
    /// In an older version: the next record but alerts must be one.
    #[cfg(feature = "legacy")]
    LegacyAwait,
    /// In an older version: it came, and new keys must be set before anything else is read.
    #[cfg(feature = "legacy")]
    LegacyReceived,
}

#[cfg(feature = "legacy")]
impl ChangeCipherSpecRule {
    fn is_legacy(self) -> bool {
        matches!(
            self,
            Self::LegacyRefuse | Self::LegacyAwait | Self::LegacyReceived
        )
    }
}

/// Proof that no handshake bytes are buffered, so that keys may change (RFC 8446 Section 5.1: "Handshake
/// messages MUST NOT span key changes"). Only [`Receiving::prove_aligned`] makes it.
#[must_use]
pub(crate) struct HandshakeAligned(());

/// The secret behind the application keys of one direction, from which KeyUpdate makes the next ones.
pub(crate) struct Epoch {
    pub(crate) suite: Tls13Suite,
    pub(crate) secret: TrafficSecret,
}

impl Epoch {
    fn record_keys(&self) -> Result<RecordKeys, Error> {
        self.secret.record_keys(&self.suite)
    }

    fn update(&mut self) -> Result<RecordKeys, Error> {
        self.secret = self.secret.next()?;
        self.secret.record_keys(&self.suite)
    }
}

/// How far a direction has come.
pub(super) enum Phase {
    Handshake,
    /// Application data is under these keys.
    Tls13(Epoch),
    /// Application data is under keys that never change by KeyUpdate and cannot be made again.
    #[cfg(feature = "legacy")]
    Legacy,
    /// As before, in a renegotiation whose keys are in force and whose Finished has not come: no application data passes.
    #[cfg(feature = "legacy")]
    LegacyUnconfirmed,
}

impl Phase {
    fn epoch(&self) -> Option<&Epoch> {
        match self {
            Self::Tls13(epoch) => Some(epoch),
            _ => None,
        }
    }

    fn epoch_mut(&mut self) -> Result<&mut Epoch, Error> {
        match self {
            Self::Tls13(epoch) => Ok(epoch),
            _ => Err(Error::Internal("KeyUpdate before application keys")),
        }
    }

    fn carries_application_data(&self) -> bool {
        match self {
            Self::Tls13(_) => true,
            #[cfg(feature = "legacy")]
            Self::Legacy => true,
            _ => false,
        }
    }

    /// The first handshake is over.
    fn is_established(&self) -> bool {
        !matches!(self, Self::Handshake)
    }

    /// New keys in the middle of a connection are in force.
    #[cfg(feature = "legacy")]
    fn renegotiate(&mut self) {
        if let Self::Legacy = self {
            *self = Self::LegacyUnconfirmed;
        }
    }

    #[cfg(feature = "legacy")]
    fn is_legacy(&self) -> bool {
        matches!(self, Self::Legacy | Self::LegacyUnconfirmed)
    }
}

/// How much early data may come.
struct EarlyLimit {
    limit: u32,
    left: u32,
}

/// Early data that the application has not read. The contents of records stand behind each other, so that a client which
/// sends a byte in each costs two bytes more for it and not an allocation.
#[derive(Default)]
struct UnreadEarlyData {
    bytes: Vec<u8>,
    /// How many of them have been read.
    read: usize,
    /// What is left of each record.
    lens: VecDeque<u16>,
}

impl UnreadEarlyData {
    fn push(&mut self, content: &[u8]) -> Result<(), Error> {
        let len = u16::try_from(content.len())
            .map_err(|_| Error::Internal("record longer than its header says"))?;
        self.bytes.extend_from_slice(content);
        self.lens.push_back(len);
        Ok(())
    }

    fn first_record(&self) -> &[u8] {
        let len = self.lens.front().copied().map_or(0, usize::from);
        let bytes = self.bytes.get(self.read..).unwrap_or_default();
        bytes.get(..len).unwrap_or_default()
    }

    fn consume(&mut self, count: usize) {
        let Some(len) = self.lens.front_mut() else {
            return;
        };
        let count = u16::try_from(count).unwrap_or(u16::MAX).min(*len);
        *len -= count;
        self.read += usize::from(count);
        if *len == 0 {
            self.lens.pop_front();
        }
        if self.lens.is_empty() {
            *self = Self::default();
        }
    }
}

/// The receiving half.
pub(crate) struct Receiving {
    queue: Buffer,
    reader: RecordReader,
    /// Unread application data, as a range of the queue, and the length of its record.
    application: Range<usize>,
    application_record_len: usize,
    /// Bytes of handshake messages, joined from records, and how many of them have been taken.
    handshake: Vec<u8>,
    handshake_taken: usize,
    change_cipher_spec: ChangeCipherSpecRule,
    /// What the peer's flight that is awaited has at least, in bytes of records, as long as no version is chosen; 0 where that is not
    /// known.
    flight_len: usize,
    /// Alerts of warning level leave the connection alive, as they do in older versions.
    warnings_legal: bool,
    phase: Phase,
    /// Set while the keys in force are those of early data.
    early: Option<EarlyLimit>,
    unread_early: UnreadEarlyData,
    eof: bool,
    closed: bool,
    empty_records: usize,
    warning_alerts: usize,
    key_updates: usize,
    tickets: usize,
    certificate_requests: usize,
    log: Log,
    /// What the peer said, where the application wants to know.
    pub(crate) said: Option<Box<Said>>,
}

impl Receiving {
    fn new(log: Log) -> Self {
        Self {
            queue: Buffer::default(),
            reader: RecordReader::new(),
            application: 0..0,
            application_record_len: 0,
            handshake: Vec::new(),
            handshake_taken: 0,
            change_cipher_spec: ChangeCipherSpecRule::Refuse,
            flight_len: 0,
            warnings_legal: false,
            phase: Phase::Handshake,
            early: None,
            unread_early: UnreadEarlyData::default(),
            eof: false,
            closed: false,
            empty_records: 0,
            warning_alerts: 0,
            key_updates: 0,
            tickets: 0,
            certificate_requests: 0,
            log,
            said: None,
        }
    }

    /// As [`Wire::forget_keys`], for this half.
    pub(crate) fn forget_keys(&mut self) {
        *self = Self {
            closed: self.closed,
            ..Self::new(None)
        };
    }

    /// Memory for a socket to write received bytes into, as long as there is [`room`](Self::room);
    /// [`received`](Self::received) tells how many came.
    pub(crate) fn spare_mut(&mut self) -> &mut [u8] {
        let room = self.room();
        if room == 0 {
            return &mut [];
        }
        let wanted = match self.phase {
            Phase::Handshake if self.queue.is_empty() => FIRST_RECEIVE_LEN,
            Phase::Handshake => room.min(HANDSHAKE_RECEIVE_LEN),
            _ => room,
        };
        let spare = self.queue.spare_mut(wanted);
        let len = spare.len().min(room);
        spare.get_mut(..len).unwrap_or_default()
    }

    /// How many more bytes are accepted before events have been taken: bounds the queue.
    pub(crate) fn room(&self) -> usize {
        let most = self.reader.max_record_len();
        most.saturating_sub(self.queue.len())
    }

    /// Bytes that were received and have not been consumed.
    pub(crate) fn received_unread(&self) -> usize {
        self.queue.len()
    }

    /// Says what the peer's next flight has at least, in bytes of records.
    pub(crate) fn expect_flight(&mut self, len: usize) {
        self.flight_len = len;
    }

    /// As [`Connection::handshake_bytes_due`](crate::Connection::handshake_bytes_due).
    pub(crate) fn handshake_bytes_due(&self) -> usize {
        let of_flight = match self.reader.layer() {
            Layer::Plain => self.flight_len,
            // Early data is application data.
            Layer::Tls13(protection) if self.early.is_none() => protection.finished_len(),
            _ => 0,
        };
        // What is here, and of messages of which not all is here, may have been part of it.
        let pending = self.handshake.len().saturating_sub(self.handshake_taken);
        of_flight.saturating_sub(self.queue.len() + pending)
    }

    pub(crate) fn received(&mut self, count: usize) {
        if !self.closed {
            self.queue.advance(count);
        }
    }

    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        // RFC 8446 Section 6.1: "Any data received after a closure alert has been received MUST be ignored."
        if !self.closed {
            self.queue.extend(bytes);
        }
    }

    /// The transport has ended.
    pub(crate) fn received_eof(&mut self) {
        self.eof = true;
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// The next thing to tell. `expected` names what is awaited, for errors.
    pub(crate) fn next_event(&mut self, expected: &'static str) -> Result<Event, Error> {
        loop {
            if !self.application.is_empty() {
                return Ok(Event::ApplicationData);
            }
            #[cfg(feature = "legacy")]
            if self.change_cipher_spec == ChangeCipherSpecRule::LegacyReceived {
                return Ok(Event::ChangeCipherSpec);
            }
            if self.message_len()?.is_some() {
                return Ok(Event::Handshake);
            }
            if self.closed {
                self.queue.consume(self.queue.len());
                return Ok(Event::Closed);
            }
            if !self.queue.is_empty() {
                self.restore_key()?;
            }
            let Some(record) = self.reader.next(self.queue.filled_mut())? else {
                return if self.eof {
                    Err(Error::Truncated)
                } else {
                    Ok(Event::NeedBytes)
                };
            };
            self.log_record(&record);
            self.accept(record, expected)?;
        }
    }

    fn accept(&mut self, record: Record, expected: &'static str) -> Result<(), Error> {
        let Record {
            content_type,
            content,
            len,
            protected,
            skipped,
        } = record;
        if skipped {
            self.queue.consume(len);
            return Ok(());
        }
        let fragmented = self.handshake.len() > self.handshake_taken;
        if fragmented
            && content_type != ContentType::HANDSHAKE
            && content_type != ContentType::ALERT
        {
            #[cfg(feature = "legacy")]
            if self.change_cipher_spec.is_legacy()
                && content_type == ContentType::CHANGE_CIPHER_SPEC
            {
                return Err(PeerMisbehaved::HandshakeBytesAcrossKeyChange.into());
            }
            return Err(PeerMisbehaved::InterleavedHandshake { content_type }.into());
        }
        match content_type {
            ContentType::HANDSHAKE => {
                if content.is_empty() {
                    return Err(PeerMisbehaved::EmptyFragment { content_type }.into());
                }
                if self.reader.is_protected() && !protected {
                    return Err(PeerMisbehaved::UnprotectedRecord { content_type }.into());
                }
                let bytes = self.queue.filled().get(content).unwrap_or_default();
                // What was taken goes first: messages that never end where a record ends must not pile up.
                if fragmented {
                    self.handshake.drain(..self.handshake_taken);
                    self.handshake.extend_from_slice(bytes);
                } else {
                    self.handshake = bytes.to_vec();
                }
                self.handshake_taken = 0;
                self.empty_records = 0;
                self.warning_alerts = 0;
            }
            ContentType::ALERT => self.accept_alert(content)?,
            #[cfg(feature = "legacy")]
            ContentType::CHANGE_CIPHER_SPEC if self.change_cipher_spec.is_legacy() => {
                self.accept_legacy_change_cipher_spec(content, expected)?
            }
            ContentType::CHANGE_CIPHER_SPEC => {
                self.accept_change_cipher_spec(content, protected)?
            }
            ContentType::APPLICATION_DATA if protected && self.phase.carries_application_data() => {
                return self.accept_application_data(content, len);
            }
            ContentType::APPLICATION_DATA if protected && self.early.is_some() => {
                self.accept_early_data(content)?
            }
            _ => {
                return Err(PeerMisbehaved::UnexpectedRecord {
                    content_type,
                    expected,
                }
                .into());
            }
        }
        self.queue.consume(len);
        Ok(())
    }

    fn accept_application_data(&mut self, content: Range<usize>, len: usize) -> Result<(), Error> {
        if content.is_empty() {
            self.queue.consume(len);
            return self.count_empty_record();
        }
        self.empty_records = 0;
        self.warning_alerts = 0;
        self.key_updates = 0;
        self.tickets = 0;
        self.certificate_requests = 0;
        self.application = content;
        self.application_record_len = len;
        Ok(())
    }

    /// Early data waits for the application in a queue of its own, so that the handshake need not wait for the application.
    fn accept_early_data(&mut self, content: Range<usize>) -> Result<(), Error> {
        if content.is_empty() {
            return self.count_empty_record();
        }
        self.empty_records = 0;
        self.warning_alerts = 0;
        let early = self
            .early
            .as_mut()
            .or_internal("early data without a limit")?;
        let len = u32::try_from(content.len()).unwrap_or(u32::MAX);
        // RFC 8446 Section 4.2.10: "A server receiving more than max_early_data_size bytes of 0-RTT data SHOULD terminate the
        // connection with an "unexpected_message" alert."
        early.left = early
            .left
            .checked_sub(len)
            .ok_or(PeerMisbehaved::TooMuchEarlyData { limit: early.limit })?;
        let bytes = self.queue.filled().get(content).unwrap_or_default();
        self.unread_early.push(bytes)
    }

    fn count_empty_record(&mut self) -> Result<(), Error> {
        self.empty_records += 1;
        if self.empty_records > MAX_EMPTY_RECORDS {
            return Err(PeerMisbehaved::TooManyEmptyRecords {
                limit: MAX_EMPTY_RECORDS,
            }
            .into());
        }
        Ok(())
    }

    fn accept_alert(&mut self, content: Range<usize>) -> Result<(), Error> {
        let len = content.len();
        if len == 0 {
            let content_type = ContentType::ALERT;
            return Err(PeerMisbehaved::EmptyFragment { content_type }.into());
        }
        let Some(&[level, description]) = self.queue.filled().get(content) else {
            return Err(PeerMisbehaved::IllegalAlert { len }.into());
        };
        let alert = [level, description];
        let description = AlertDescription(description);
        self.log(&alert, LoggedMessage::Alert(description));
        let fragmented = self.handshake.len() > self.handshake_taken;
        match description {
            // RFC 8446 Section 5.1: nothing comes between the fragments of a message. A fatal alert ends the connection
            // all the same, and says more.
            _ if fragmented
                && (description == AlertDescription::CLOSE_NOTIFY
                    || self.is_warning(level, description)) =>
            {
                let content_type = ContentType::ALERT;
                return Err(PeerMisbehaved::InterleavedHandshake { content_type }.into());
            }
            AlertDescription::CLOSE_NOTIFY => self.closed = true,
            _ if self.is_warning(level, description) => {
                self.warning_alerts += 1;
                if self.warning_alerts > MAX_WARNING_ALERTS {
                    return Err(PeerMisbehaved::TooManyWarningAlerts {
                        limit: MAX_WARNING_ALERTS,
                    }
                    .into());
                }
            }
            fatal => return Err(Error::AlertReceived(fatal)),
        }
        Ok(())
    }

    /// Whether an alert other than close_notify leaves the connection alive.
    fn is_warning(&self, level: u8, description: AlertDescription) -> bool {
        // RFC 5246 Section 7.2: in older versions the level tells. What our application could do about a warning is
        // nothing, so that it is ignored, as other libraries do.
        if self.warnings_legal {
            return level == WARNING;
        }
        // RFC 8446 Section 6.1: user_canceled is followed by close_notify. All others are fatal, whatever their level says
        // (Section 6).
        description == AlertDescription::USER_CANCELED
    }

    fn accept_change_cipher_spec(
        &mut self,
        content: Range<usize>,
        protected: bool,
    ) -> Result<(), Error> {
        // RFC 8446 Section 5: "An implementation which receives any other change_cipher_spec value or which
        // receives a protected change_cipher_spec record MUST abort".
        let rule = self.change_cipher_spec;
        let dropped = matches!(
            rule,
            ChangeCipherSpecRule::Drop | ChangeCipherSpecRule::Dropped
        ) && !protected
            && self.queue.filled().get(content) == Some(&[1]);
        if !dropped {
            return Err(PeerMisbehaved::IllegalChangeCipherSpec.into());
        }
        self.log(&[1], LoggedMessage::ChangeCipherSpec);
        self.change_cipher_spec = ChangeCipherSpecRule::Dropped;
        // One is legal; a flood of them is the same attack as a flood of empty records.
        self.count_empty_record()
    }

    /// RFC 5246 Section 7.1: one byte of value 1, after which the peer seals under its new keys.
    #[cfg(feature = "legacy")]
    fn accept_legacy_change_cipher_spec(
        &mut self,
        content: Range<usize>,
        expected: &'static str,
    ) -> Result<(), Error> {
        if self.change_cipher_spec != ChangeCipherSpecRule::LegacyAwait {
            return Err(PeerMisbehaved::UnexpectedChangeCipherSpec { expected }.into());
        }
        let len = content.len();
        if self.queue.filled().get(content) != Some(&[1]) {
            return Err(PeerMisbehaved::MalformedChangeCipherSpec { len }.into());
        }
        self.log(&[1], LoggedMessage::ChangeCipherSpec);
        self.empty_records = 0;
        self.warning_alerts = 0;
        self.change_cipher_spec = ChangeCipherSpecRule::LegacyReceived;
        Ok(())
    }

    /// The type of the handshake message at the front, as soon as its first byte is there.
    pub(crate) fn message_type(&self) -> Option<HandshakeType> {
        self.handshake
            .get(self.handshake_taken)
            .copied()
            .map(HandshakeType)
    }

    /// Length of the message at the front, header included, if all of it is there.
    fn message_len(&self) -> Result<Option<usize>, Error> {
        let bytes = self
            .handshake
            .get(self.handshake_taken..)
            .unwrap_or_default();
        let Some(&[message, high, middle, low]) = bytes.first_chunk() else {
            return Ok(None);
        };
        let body_len = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        let message = HandshakeType(message);
        let limit = max_message_len(message);
        if body_len > limit {
            return Err(PeerMisbehaved::MessageTooLong {
                message,
                len: body_len,
                limit,
            }
            .into());
        }
        let len = MESSAGE_HEADER_LEN + body_len;
        Ok((bytes.len() >= len).then_some(len))
    }

    /// Takes the complete message at the front, header included.
    pub(crate) fn take_message(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let Some(len) = self.message_len()? else {
            return Ok(None);
        };
        let end = self.handshake_taken + len;
        let message = if self.handshake.len() == end {
            // The last one there keeps the memory.
            let mut message = core::mem::take(&mut self.handshake);
            message.drain(..core::mem::take(&mut self.handshake_taken));
            message
        } else {
            let bytes = self.handshake.get(self.handshake_taken..end);
            self.handshake_taken = end;
            bytes.unwrap_or_default().to_vec()
        };
        if let Some(said) = &mut self.said {
            said.note(&message);
        }
        if let Some(&message_type) = message.first() {
            let body_len = len - MESSAGE_HEADER_LEN;
            self.log(
                &message,
                LoggedMessage::Handshake(HandshakeType(message_type), body_len),
            );
        }
        Ok(Some(message))
    }

    /// Proves that keys may change now.
    pub(crate) fn prove_aligned(&self) -> Result<HandshakeAligned, Error> {
        if self.handshake.len() > self.handshake_taken {
            return Err(PeerMisbehaved::HandshakeBytesAcrossKeyChange.into());
        }
        Ok(HandshakeAligned(()))
    }

    pub(crate) fn set_keys(&mut self, keys: RecordKeys, _aligned: HandshakeAligned) {
        self.reader.set_keys(keys);
        self.early = None;
        // The connection is of TLS 1.3.
        self.warnings_legal = false;
    }

    pub(crate) fn reader_mut(&mut self) -> &mut RecordReader {
        &mut self.reader
    }

    pub(crate) fn set_change_cipher_spec(&mut self, rule: ChangeCipherSpecRule) {
        self.change_cipher_spec = rule;
    }

    /// Changes to application keys; from now on application data may come.
    pub(crate) fn set_epoch(
        &mut self,
        epoch: Epoch,
        aligned: HandshakeAligned,
    ) -> Result<(), Error> {
        self.set_keys(epoch.record_keys()?, aligned);
        self.phase = Phase::Tls13(epoch);
        Ok(())
    }

    /// The connection is of this version, TLS 1.2 or older. From now on records of other versions are refused, and so is
    /// change_cipher_spec, until [`expect_legacy_change_cipher_spec`](Self::expect_legacy_change_cipher_spec) allows one;
    /// warning alerts leave the connection alive.
    ///
    /// Fails if the peer has sent a change_cipher_spec before: as long as the version was unknown it could have been TLS
    /// 1.3's dummy, and now it is one that came too early.
    #[cfg(feature = "legacy")]
    pub(crate) fn set_legacy_version(&mut self, version: ProtocolVersion) -> Result<(), Error> {
        self.reader.set_legacy_version(version)?;
        if self.change_cipher_spec == ChangeCipherSpecRule::Dropped {
            let expected = "the choice of a version";
            return Err(PeerMisbehaved::UnexpectedChangeCipherSpec { expected }.into());
        }
        if !self.change_cipher_spec.is_legacy() {
            self.change_cipher_spec = ChangeCipherSpecRule::LegacyRefuse;
        }
        self.warnings_legal = true;
        Ok(())
    }

    /// Whether alerts of warning level leave the connection alive. For a client that offers older versions too, until it
    /// knows the version: such servers may warn before their ServerHello, of unrecognized_name above all (RFC 6066
    /// Section 3). The first keys of TLS 1.3 end it.
    #[cfg(feature = "legacy")]
    pub(crate) fn allow_warnings(&mut self, allow: bool) {
        self.warnings_legal = allow;
    }

    /// From now on one change_cipher_spec is legal, and the flow awaits it: [`Event::ChangeCipherSpec`].
    #[cfg(feature = "legacy")]
    pub(crate) fn expect_legacy_change_cipher_spec(&mut self) {
        if self.change_cipher_spec == ChangeCipherSpecRule::LegacyRefuse {
            self.change_cipher_spec = ChangeCipherSpecRule::LegacyAwait;
        }
    }

    /// Changes to the keys that the peer's change_cipher_spec announced.
    #[cfg(feature = "legacy")]
    pub(crate) fn set_legacy_keys(
        &mut self,
        keys: LegacyRecordKeys,
        _aligned: HandshakeAligned,
    ) -> Result<(), Error> {
        if self.change_cipher_spec != ChangeCipherSpecRule::LegacyReceived {
            return Err(Error::Internal("keys without change_cipher_spec"));
        }
        self.reader.set_legacy_keys(keys)?;
        self.change_cipher_spec = ChangeCipherSpecRule::LegacyRefuse;
        self.phase.renegotiate();
        Ok(())
    }

    /// The handshake of an older version is over: application data may come.
    #[cfg(feature = "legacy")]
    pub(crate) fn begin_legacy_application_data(&mut self) {
        self.phase = Phase::Legacy;
    }

    /// Changes to the keys of early data, of which up to `limit` bytes may come, until the keys change again.
    pub(crate) fn set_early_keys(
        &mut self,
        keys: RecordKeys,
        limit: u32,
        aligned: HandshakeAligned,
    ) {
        self.set_keys(keys, aligned);
        self.early = Some(EarlyLimit { limit, left: limit });
    }

    /// Unread early data of one record.
    pub(crate) fn early_data(&self) -> &[u8] {
        self.unread_early.first_record()
    }

    /// Whether the keys of the handshake are in force, after which no early data comes.
    pub(crate) fn is_past_early_data(&self) -> bool {
        self.early.is_none() && self.reader.is_protected()
    }

    /// Marks the first `count` bytes of [`early_data`](Self::early_data) as read.
    pub(crate) fn consume_early_data(&mut self, count: usize) {
        self.unread_early.consume(count);
    }

    /// The secret behind the application keys of TLS 1.3, once they are in force.
    pub(crate) fn epoch(&self) -> Option<&Epoch> {
        self.phase.epoch()
    }

    /// The handshake is over for this half, in whatever version.
    pub(crate) fn is_established(&self) -> bool {
        self.phase.is_established()
    }

    /// Takes the peer's KeyUpdate: the peer seals everything after it under its next keys (RFC 8446
    /// Section 4.6.3).
    pub(crate) fn update_keys(&mut self) -> Result<(), Error> {
        #[cfg(feature = "legacy")]
        if self.phase.is_legacy() {
            return Err(PeerMisbehaved::UnexpectedMessage {
                got: HandshakeType::KEY_UPDATE,
                expected: "application data",
            }
            .into());
        }
        let _aligned = self.prove_aligned()?;
        self.count_key_update()?;
        let keys = self.phase.epoch_mut()?.update()?;
        self.reader.set_keys(keys);
        Ok(())
    }

    /// The connection is of TLS 1.2 or older.
    #[cfg(feature = "legacy")]
    pub(crate) fn is_legacy(&self) -> bool {
        self.change_cipher_spec.is_legacy()
    }

    /// One more attempt to renegotiate without application data before it.
    #[cfg(feature = "legacy")]
    pub(crate) fn count_renegotiation(&mut self) -> Result<(), Error> {
        self.key_updates += 1;
        if self.key_updates > MAX_RENEGOTIATIONS {
            return Err(PeerMisbehaved::TooManyRenegotiations {
                limit: MAX_RENEGOTIATIONS,
            }
            .into());
        }
        Ok(())
    }

    /// One more NewSessionTicket without application data before it.
    pub(crate) fn count_ticket(&mut self) -> Result<(), Error> {
        self.tickets += 1;
        if self.tickets > MAX_TICKETS {
            return Err(PeerMisbehaved::TooManyTickets { limit: MAX_TICKETS }.into());
        }
        Ok(())
    }

    /// One more CertificateRequest without application data before it.
    pub(crate) fn count_certificate_request(&mut self) -> Result<(), Error> {
        self.certificate_requests += 1;
        if self.certificate_requests > MAX_CERTIFICATE_REQUESTS {
            return Err(PeerMisbehaved::TooManyCertificateRequests {
                limit: MAX_CERTIFICATE_REQUESTS,
            }
            .into());
        }
        Ok(())
    }

    fn count_key_update(&mut self) -> Result<(), Error> {
        self.key_updates += 1;
        if self.key_updates > MAX_KEY_UPDATES {
            return Err(PeerMisbehaved::TooManyKeyUpdates {
                limit: MAX_KEY_UPDATES,
            }
            .into());
        }
        Ok(())
    }

    /// Unread application data of one record.
    pub(crate) fn application_data(&self) -> &[u8] {
        self.queue
            .filled()
            .get(self.application.clone())
            .unwrap_or_default()
    }

    /// Marks the first `count` bytes of [`application_data`](Self::application_data) as read.
    pub(crate) fn consume_application_data(&mut self, count: usize) {
        self.application.start = (self.application.start + count).min(self.application.end);
        if self.application.is_empty() && self.application_record_len > 0 {
            self.application = 0..0;
            self.queue.consume(self.application_record_len);
            self.application_record_len = 0;
        }
    }

    /// Gives back memory that holds nothing.
    pub(crate) fn release_idle_memory(&mut self) {
        self.queue.release_if_empty();
        if self.handshake.len() == self.handshake_taken {
            self.handshake = Vec::new();
            self.handshake_taken = 0;
        }
    }

    /// Gives the expanded key back too; the next record makes it again. Keys of older versions stay, as nothing is left that
    /// they could be made of.
    pub(crate) fn release_key(&mut self) {
        if let (Some(_), Some(protection)) = (self.phase.epoch(), self.reader.protection_mut()) {
            protection.release_key();
        }
    }

    fn restore_key(&mut self) -> Result<(), Error> {
        match (self.phase.epoch(), self.reader.protection_mut()) {
            (Some(epoch), Some(protection)) => protection.restore_key(|| epoch.record_keys()),
            _ => Ok(()),
        }
    }

    fn log(&self, content: &[u8], message: LoggedMessage) {
        if let Some(log) = &self.log {
            log.content(Direction::Received, message.content_type(), content);
            log.message(Direction::Received, message);
        }
    }

    /// Tells of the record at the front of the queue.
    fn log_record(&self, record: &Record) {
        if let Some(log) = &self.log
            && let Some(header) = self.queue.filled().first_chunk()
        {
            let has_inner_type = record.protected && self.reader.is_tls13();
            let inner_type = has_inner_type.then_some(record.content_type);
            log.record(Direction::Received, header, inner_type);
        }
    }
}

/// The longest body this side accepts, by message. A ClientHello may hold PSK identities of 65,535
/// bytes each; chains with ML-DSA certificates take tens of kilobytes. Memory grows only with bytes that
/// really came. OCSP responses may hold a chain too.
fn max_message_len(message: HandshakeType) -> usize {
    match message {
        HandshakeType::CLIENT_HELLO
        | HandshakeType::CERTIFICATE
        | HandshakeType::CERTIFICATE_STATUS
        | HandshakeType::NEW_SESSION_TICKET
        | HandshakeType::CERTIFICATE_REQUEST => 1 << 17,
        _ => 1 << 14,
    }
}
