//! The sending half: handshake messages collected into flights, and all that is sealed.

use std::sync::Arc;

use crate::error::Error;
#[cfg(feature = "legacy")]
use crate::error::UsageError;
use crate::handshake_record::Said;
use crate::message::{Handshake, KeyUpdate, KeyUpdateRequest};
#[cfg(feature = "legacy")]
use crate::parameters::ProtocolVersion;
use crate::parameters::{AlertDescription, ContentType, HandshakeType};

use super::super::HEADER_LEN;
use super::super::buffer::Buffer;
#[cfg(feature = "legacy")]
use super::super::legacy_protection::LegacyRecordKeys;
use super::super::protection::RecordKeys;
use super::super::writer::{Padding, RecordWriter};
use super::{
    Direction, Epoch, FATAL, FLIGHT_LEN, Log, LoggedMessage, MESSAGE_HEADER_LEN, Phase, WARNING,
};

/// How much early data may still be sent, and in what records.
struct EarlySending {
    left: u32,
    fragment_limit: usize,
}

/// The sending half.
pub(crate) struct Sending {
    queue: Buffer,
    writer: RecordWriter,
    /// Handshake messages that will share records.
    flight: Vec<u8>,
    phase: Phase,
    /// Set while the keys in force are those of early data.
    early: Option<EarlySending>,
    closed: bool,
    padding: Option<Arc<dyn Padding>>,
    pub(super) log: Log,
    /// What this side said, where the application wants to know.
    pub(crate) said: Option<Box<Said>>,
}

impl Sending {
    pub(super) fn new(log: Log, padding: Option<Arc<dyn Padding>>) -> Self {
        Self {
            queue: Buffer::default(),
            writer: RecordWriter::new(),
            flight: Vec::new(),
            phase: Phase::Handshake,
            early: None,
            closed: false,
            padding,
            log,
            said: None,
        }
    }

    /// As [`Wire::forget_keys`], for this half.
    pub(crate) fn forget_keys(&mut self) {
        *self = Self {
            queue: core::mem::take(&mut self.queue),
            closed: true,
            ..Self::new(None, None)
        };
    }

    pub(crate) fn set_padding(&mut self, padding: Option<Arc<dyn Padding>>) {
        self.padding = padding;
    }

    /// Bytes for the transport.
    pub(crate) fn queue(&self) -> &Buffer {
        &self.queue
    }

    pub(crate) fn queue_mut(&mut self) -> &mut Buffer {
        &mut self.queue
    }

    pub(crate) fn writer(&self) -> &RecordWriter {
        &self.writer
    }

    pub(crate) fn writer_mut(&mut self) -> &mut RecordWriter {
        &mut self.writer
    }

    /// close_notify or a fatal alert has been sent.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Appends a handshake message to the flight by `encode`, and lends its bytes.
    pub(crate) fn send_message(
        &mut self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<&[u8], Error> {
        let start = self.flight.len();
        if self.flight.capacity() == 0 {
            self.flight = Vec::with_capacity(FLIGHT_LEN);
        }
        if let Err(error) = encode(&mut self.flight) {
            self.flight.truncate(start);
            return Err(error);
        }
        let message = self.flight.get(start..).unwrap_or_default();
        if let Some(said) = &mut self.said {
            said.note(message);
        }
        if let (Some(log), Some((&message_type, rest))) = (&self.log, message.split_first()) {
            let body_len = rest.len().saturating_sub(MESSAGE_HEADER_LEN - 1);
            log.content(Direction::Sent, ContentType::HANDSHAKE, message);
            log.message(
                Direction::Sent,
                LoggedMessage::Handshake(HandshakeType(message_type), body_len),
            );
        }
        Ok(message)
    }

    /// Seals the flight into records.
    pub(crate) fn flush_flight(&mut self) -> Result<(), Error> {
        if self.flight.is_empty() {
            return Ok(());
        }
        if self.closed {
            self.flight.clear();
            return Ok(());
        }
        self.restore_key()?;
        let mut flight = core::mem::take(&mut self.flight);
        let result = self.seal(ContentType::HANDSHAKE, &flight);
        flight.clear();
        self.flight = flight;
        result
    }

    /// Takes the flight back, to be continued by [`put_back_flight`](Self::put_back_flight) after a wait in which other
    /// messages may be sent.
    pub(crate) fn take_flight(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.flight)
    }

    pub(crate) fn put_back_flight(&mut self, flight: &[u8]) {
        self.flight.extend_from_slice(flight);
    }

    /// Seals what was sent before under the old keys, then changes them.
    pub(crate) fn set_keys(&mut self, keys: RecordKeys) -> Result<(), Error> {
        self.flush_flight()?;
        self.writer.set_keys(keys);
        self.early = None;
        Ok(())
    }

    /// Changes to the keys of early data, of which up to `limit` bytes may be sent, in records of at most
    /// `fragment_limit`.
    pub(crate) fn set_early_keys(
        &mut self,
        keys: RecordKeys,
        limit: u32,
        fragment_limit: usize,
    ) -> Result<(), Error> {
        self.set_keys(keys)?;
        self.early = Some(EarlySending {
            left: limit,
            fragment_limit,
        });
        Ok(())
    }

    /// Whether the keys in force are those of early data.
    pub(crate) fn sends_early_data(&self) -> bool {
        self.early.is_some()
    }

    /// How many bytes of early data may still be sent.
    pub(crate) fn early_data_left(&self) -> usize {
        let left = self.early.as_ref().map_or(0, |early| early.left);
        usize::try_from(left).unwrap_or(usize::MAX)
    }

    /// A HelloRetryRequest ends early data: the second ClientHello is not protected (RFC 8446 Section 4.2.10).
    pub(crate) fn drop_early_keys(&mut self) {
        if self.early.take().is_some() {
            self.writer.drop_keys();
        }
    }

    /// Seals early data of at most one record; returns how many bytes it took, 0 if none may be sent.
    pub(crate) fn write_early_record(&mut self, data: &[u8]) -> Result<usize, Error> {
        let Some(early) = &self.early else {
            return Ok(0);
        };
        let left = early.left;
        let most = self
            .writer
            .fragment_limit()
            .min(early.fragment_limit)
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let fragment = data.get(..data.len().min(most)).unwrap_or_default();
        if fragment.is_empty() {
            return Ok(0);
        }
        self.flush_flight()?;
        let before = self.queue.len();
        self.writer.write(
            ContentType::APPLICATION_DATA,
            fragment,
            self.padding.as_deref(),
            &mut self.queue,
        )?;
        if self.log.is_some() {
            self.log_records(ContentType::APPLICATION_DATA, before);
        }
        let taken = u32::try_from(fragment.len()).unwrap_or(u32::MAX);
        if let Some(early) = &mut self.early {
            early.left = left.saturating_sub(taken);
        }
        Ok(fragment.len())
    }

    /// The dummy of middlebox compatibility mode, RFC 8446 Appendix D.4.
    pub(crate) fn send_change_cipher_spec(&mut self) -> Result<(), Error> {
        self.flush_flight()?;
        self.log(&[1], LoggedMessage::ChangeCipherSpec);
        let record = [ContentType::CHANGE_CIPHER_SPEC.0, 3, 3, 0, 1, 1];
        self.queue.extend(&record);
        if let (Some(log), Some(header)) = (&self.log, record.first_chunk()) {
            log.record(Direction::Sent, header, None);
        }
        Ok(())
    }

    /// Sends an alert under the keys in force. After a fatal one, or close_notify, nothing more is sent.
    pub(crate) fn send_alert(&mut self, alert: AlertDescription) -> Result<(), Error> {
        if self.closed {
            return Ok(());
        }
        self.flush_flight()?;
        // RFC 5246 Section 7.2.2: no_renegotiation "is always a warning". TLS 1.3 has none.
        let is_warning = matches!(
            alert,
            AlertDescription::USER_CANCELED | AlertDescription::NO_RENEGOTIATION
        );
        let level = match alert {
            AlertDescription::CLOSE_NOTIFY => WARNING,
            _ if is_warning => WARNING,
            _ => FATAL,
        };
        self.closed = !is_warning;
        self.log(&[level, alert.0], LoggedMessage::Alert(alert));
        self.restore_key()?;
        self.seal(ContentType::ALERT, &[level, alert.0])
    }

    /// Changes to application keys, sealing what was sent before under the old ones.
    pub(crate) fn set_epoch(&mut self, epoch: Epoch) -> Result<(), Error> {
        self.set_keys(epoch.record_keys()?)?;
        self.phase = Phase::Tls13(epoch);
        Ok(())
    }

    /// The secret behind the application keys of TLS 1.3, once they are in force.
    pub(crate) fn epoch(&self) -> Option<&Epoch> {
        self.phase.epoch()
    }

    /// Whether application data may be sent, in whatever version.
    pub(crate) fn carries_application_data(&self) -> bool {
        self.phase.carries_application_data()
    }

    /// The connection is of this version, TLS 1.2 or older: so are the records that are sent from now on.
    #[cfg(feature = "legacy")]
    pub(crate) fn set_legacy_version(&mut self, version: ProtocolVersion) -> Result<(), Error> {
        self.writer.set_legacy_version(version)
    }

    /// Seals what was sent before and change_cipher_spec under the keys in force, then changes to these.
    #[cfg(feature = "legacy")]
    pub(crate) fn send_legacy_change_cipher_spec(
        &mut self,
        keys: LegacyRecordKeys,
    ) -> Result<(), Error> {
        self.flush_flight()?;
        if !self.closed {
            self.log(&[1], LoggedMessage::ChangeCipherSpec);
            self.seal(ContentType::CHANGE_CIPHER_SPEC, &[1])?;
        }
        self.phase.renegotiate();
        self.writer.set_legacy_keys(keys)
    }

    /// Keys of a renegotiation are in force that the peer has not confirmed: application data has to wait.
    #[cfg(feature = "legacy")]
    pub(crate) fn is_unconfirmed(&self) -> bool {
        matches!(self.phase, Phase::LegacyUnconfirmed)
    }

    /// The handshake of an older version is over: application data may be sent.
    #[cfg(feature = "legacy")]
    pub(crate) fn begin_legacy_application_data(&mut self) {
        self.phase = Phase::Legacy;
    }

    /// Whether application data of TLS 1.0 under CBC goes into two records, the first of one byte. It does, unless this says
    /// no after [`set_legacy_version`](Self::set_legacy_version).
    #[cfg(feature = "legacy")]
    pub(crate) fn set_record_splitting(&mut self, splits: bool) -> Result<(), Error> {
        self.writer.set_record_splitting(splits)
    }

    /// Sends what the peer waits for: KeyUpdate or, in older versions, the refusal to renegotiate.
    pub(crate) fn answer(&mut self) -> Result<(), Error> {
        #[cfg(feature = "legacy")]
        if self.phase.is_legacy() {
            return self.send_alert(AlertDescription::NO_RENEGOTIATION);
        }
        self.update_keys(KeyUpdateRequest::NotRequested)
    }

    /// Sends KeyUpdate and changes to the next keys, RFC 8446 Section 4.6.3. In older versions that is
    /// [`UsageError::NotAvailable`].
    pub(crate) fn update_keys(&mut self, request_update: KeyUpdateRequest) -> Result<(), Error> {
        #[cfg(feature = "legacy")]
        if self.phase.is_legacy() {
            return Err(UsageError::NotAvailable(
                "KeyUpdate is of TLS 1.3, and this connection is of an older version",
            )
            .into());
        }
        self.send_message(|out| KeyUpdate { request_update }.encode(out))?;
        self.flush_flight()?;
        let keys = self.phase.epoch_mut()?.update()?;
        self.writer.set_keys(keys);
        Ok(())
    }

    /// Seals application data of at most one record; returns how many bytes it took. A key that is worn out
    /// is replaced first (RFC 8446 Section 5.5).
    pub(crate) fn write_application_record(&mut self, data: &[u8]) -> Result<usize, Error> {
        if self.writer.is_worn() {
            self.update_keys(KeyUpdateRequest::NotRequested)?;
        }
        self.restore_key()?;
        let taken = data.len().min(self.writer.fragment_limit());
        let fragment = data.get(..taken).unwrap_or_default();
        let before = self.queue.len();
        self.writer.write(
            ContentType::APPLICATION_DATA,
            fragment,
            self.padding.as_deref(),
            &mut self.queue,
        )?;
        if self.log.is_some() {
            self.log_records(ContentType::APPLICATION_DATA, before);
        }
        Ok(taken)
    }

    /// Gives back memory that holds nothing.
    pub(crate) fn release_idle_memory(&mut self) {
        self.queue.release_if_empty();
        if self.flight.is_empty() {
            self.flight = Vec::new();
        }
    }

    /// As [`Receiving::release_key`](super::Receiving::release_key).
    pub(crate) fn release_key(&mut self) {
        if let (Some(_), Some(protection)) = (self.phase.epoch(), self.writer.protection_mut()) {
            protection.release_key();
        }
    }

    fn restore_key(&mut self) -> Result<(), Error> {
        match (self.phase.epoch(), self.writer.protection_mut()) {
            (Some(epoch), Some(protection)) => protection.restore_key(|| epoch.record_keys()),
            _ => Ok(()),
        }
    }

    /// Seals `content` into records without padding, and tells of them.
    fn seal(&mut self, content_type: ContentType, content: &[u8]) -> Result<(), Error> {
        let before = self.queue.len();
        self.writer
            .write(content_type, content, None, &mut self.queue)?;
        if self.log.is_some() {
            self.log_records(content_type, before);
        }
        Ok(())
    }

    /// Tells of the records in the queue from this offset on.
    #[cold]
    fn log_records(&self, content_type: ContentType, offset: usize) {
        let Some(log) = &self.log else {
            return;
        };
        let inner_type = self.writer.is_tls13().then_some(content_type);
        let mut rest = self.queue.filled().get(offset..).unwrap_or_default();
        while let Some((header, behind)) = rest.split_first_chunk::<HEADER_LEN>() {
            log.record(Direction::Sent, header, inner_type);
            let [.., high, low] = *header;
            let body_len = usize::from(u16::from_be_bytes([high, low]));
            rest = behind.get(body_len..).unwrap_or_default();
        }
    }

    fn log(&self, content: &[u8], message: LoggedMessage) {
        if let Some(log) = &self.log {
            log.content(Direction::Sent, message.content_type(), content);
            log.message(Direction::Sent, message);
        }
    }
}
