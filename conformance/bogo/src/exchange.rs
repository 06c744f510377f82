//! One connection: handshake, checks, and the echo of what the runner sends.

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::sync::Arc;

use warifu::parameters::HandshakeType;
use warifu::pki_types::ServerName;
use warifu::resumption::Session;
use warifu::{Connection, EarlyData, Error, Stream, UsageError};
use zeroize::Zeroizing;

use crate::check;
use crate::config::{self, Memory, Observed};
use crate::decisions::OneSession;
use crate::failure::Failure;
use crate::options::Options;
use crate::transport::Transport;

/// Runs a connection and returns the session that a client was given, for the next one.
pub(crate) fn run(
    options: &Options,
    retry: &Options,
    memory: &Memory,
    session: Option<Session>,
    is_resume: bool,
) -> Result<Option<Session>, Failure> {
    let (connection, observed) = if options.server {
        let (config, observed) = config::server(options, memory)?;
        (Connection::server(config), observed)
    } else {
        let sessions = Arc::new(OneSession::new(session, options));
        let (config, observed) = config::client(options, memory, sessions)?;
        let name = options.host_name.as_deref().unwrap_or("test").to_owned();
        let name = ServerName::try_from(name).map_err(Failure::mismatch)?;
        (Connection::client(config, name), observed)
    };
    let transport = Transport::connect(options)?;
    let mut exchange = Exchange {
        stream: Stream::new(connection, transport),
        options,
        retry,
        observed,
        is_resume,
        is_retry: false,
        early_written: 0,
        write_is_unfinished: false,
    };
    let outcome = exchange.run();
    // The last alert, which a transport without quota may not have taken yet.
    let rest = exchange.stream.connection().output().to_vec();
    let transport = exchange.stream.transport_mut();
    transport.write_rest(&rest);
    transport.drain();
    outcome?;
    let sessions = exchange.observed.client_sessions.as_ref();
    Ok(sessions.and_then(|sessions| sessions.given()))
}

struct Exchange<'a> {
    stream: Stream<Transport>,
    /// The options in force: after refused early data those of the retry.
    options: &'a Options,
    retry: &'a Options,
    observed: Observed,
    is_resume: bool,
    is_retry: bool,
    /// How much of the first write left as early data.
    early_written: usize,
    /// A record is to stay unsent while the next one is read.
    write_is_unfinished: bool,
}

impl Exchange<'_> {
    fn run(&mut self) -> Result<(), Failure> {
        self.send_early_data()?;
        self.echo_early_data()?;
        if !self.options.implicit_handshake || self.early_written > 0 {
            self.handshake()?;
        }
        // An unfinished write of early data waited for the server's flight alone.
        self.write_is_unfinished = false;
        if self.stream.early_data() == EarlyData::Rejected && !self.options.server {
            if !self.options.expect_reject_early_data {
                return Err(Failure::mismatch("early data was refused"));
            }
            // What was written is lost. The connection goes on, with other expectations.
            self.options = self.retry;
            self.is_retry = true;
            self.early_written = 0;
        }
        if !self.options.implicit_handshake {
            self.check_handshake()?;
            if self.options.no_op_extra_handshake {
                self.retry(Stream::handshake)?;
            }
        }
        self.export()?;
        if self.options.write_different_record_sizes {
            self.write_different_record_sizes()?;
        } else {
            self.write_first()?;
            if !self.options.shim_shuts_down {
                self.echo()?;
            }
        }
        if self.options.implicit_handshake {
            self.handshake()?;
        }
        check::tickets(self.options, &self.observed, &self.stream)?;
        check::renegotiations(self.options, &self.observed)?;
        self.close()
    }

    fn check_handshake(&mut self) -> Result<(), Failure> {
        let is_resume = self.is_resume;
        check::handshake(self.options, &self.observed, &self.stream, is_resume)
    }

    /// Repeats a call for as long as it waits for the transport, one byte at a time.
    fn retry<T>(
        &mut self,
        mut call: impl FnMut(&mut Stream<Transport>) -> io::Result<T>,
    ) -> Result<T, Failure> {
        loop {
            match call(&mut self.stream) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.free_one_byte()?,
                Err(error) => return Err(self.repeated(error, call)),
                Ok(value) => return Ok(value),
            }
        }
    }

    /// What is to be sent goes first: the runner may wait for it.
    fn free_one_byte(&mut self) -> Result<(), Failure> {
        let connection = self.stream.connection();
        let has_output = !connection.output().is_empty();
        let holds_back =
            self.write_is_unfinished && (connection.is_handshaking() || self.early_written == 0);
        let transport = self.stream.transport_mut();
        let freed = match has_output && !holds_back {
            true => transport.free_write(),
            false => transport.free_read() || transport.free_write(),
        };
        match freed {
            true => Ok(()),
            false => Err(Failure::mismatch("a call waits for nothing")),
        }
    }

    /// "A connection that failed returns the same error from every later call."
    fn repeated<T>(
        &mut self,
        error: io::Error,
        mut call: impl FnMut(&mut Stream<Transport>) -> io::Result<T>,
    ) -> Failure {
        let first = Failure::from(error);
        let Failure::Tls(first) = first else {
            return first;
        };
        if self.stream.connection().failure().is_none() {
            return Failure::Tls(first);
        }
        match call(&mut self.stream) {
            // The alert is still on its way out.
            Err(again) if again.kind() == ErrorKind::WouldBlock => Failure::Tls(first),
            Err(again) => match Failure::from(again) {
                Failure::Tls(again) if again == first => Failure::Tls(first),
                other => Failure::Inconsistent(format!("{first} was followed by {other:?}")),
            },
            Ok(_) => Failure::Inconsistent(format!("{first} was followed by success")),
        }
    }

    fn handshake(&mut self) -> Result<(), Failure> {
        self.retry(Stream::handshake)
    }

    /// A client's first write as early data, as far as the session allows it.
    fn send_early_data(&mut self) -> Result<(), Failure> {
        let options = self.options;
        if options.server || !options.enable_early_data || !self.is_resume {
            return Ok(());
        }
        if options.read_with_unfinished_write {
            // ClientHello leaves, and one byte of the data behind it.
            self.retry(|stream| stream.write_replayable_early_data(&[]))?;
            self.retry(Stream::flush)?;
            self.stream.transport_mut().allow_one_byte_out();
        }
        if options.early_write_after_message > 0 {
            self.handshake_up_to(HandshakeType(options.early_write_after_message))?;
        }
        // Without data the offer alone is made.
        let data: &[u8] = match options.shim_writes_first {
            true => &options.shim_initial_write,
            false => &[],
        };
        for _ in 0..options.repeat_shim_initial_write {
            let written = self.retry(|stream| stream.write_replayable_early_data(data))?;
            self.early_written += written;
            if written < data.len() {
                break;
            }
        }
        self.write_is_unfinished = options.read_with_unfinished_write && self.early_written > 0;
        if options.expect_no_offer_early_data && self.stream.early_data() != EarlyData::NotOffered {
            return Err(Failure::mismatch("client offered early data"));
        }
        Ok(())
    }

    /// Runs the handshake until this message has come.
    fn handshake_up_to(&mut self, message: HandshakeType) -> Result<(), Failure> {
        while self.observed.messages.last() != Some(message) {
            match self.stream.handshake() {
                Ok(()) => return Err(Failure::mismatch("the handshake is complete already")),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.free_one_byte()?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// A server's answer to early data, before the client's Finished.
    fn echo_early_data(&mut self) -> Result<(), Failure> {
        if !self.options.server || !self.options.enable_early_data {
            return Ok(());
        }
        let mut buffer = [0; 512];
        loop {
            let count = self.retry(|stream| stream.read_replayable_early_data(&mut buffer))?;
            let Some(data) = buffer.get_mut(..count).filter(|data| !data.is_empty()) else {
                return Ok(());
            };
            data.iter_mut().for_each(|byte| *byte ^= 0xff);
            let mut rest = &*data;
            while !rest.is_empty() {
                let written = self.stream.connection_mut().write_half_rtt_data(rest)?;
                rest = rest.get(written..).unwrap_or_default();
            }
            self.retry(Stream::flush)?;
        }
    }

    fn write(&mut self, data: &[u8]) -> Result<(), Failure> {
        let mut written = 0;
        loop {
            let rest = data.get(written..).unwrap_or_default();
            written += self.retry(|stream| stream.write(rest))?;
            if written >= data.len() {
                break;
            }
        }
        self.retry(Stream::flush)
    }

    /// Keying material and secrets, for the runner to compare with its own.
    fn export(&mut self) -> Result<(), Failure> {
        let options = self.options;
        if options.export_keying_material > 0 {
            let mut material = Zeroizing::new(vec![0; options.export_keying_material]);
            let context = options
                .use_export_context
                .then_some(options.export_context.as_slice());
            self.handshake()?;
            self.stream
                .connection()
                .export(&options.export_label, context, &mut material)?;
            self.write(&material)?;
        }
        if options.export_traffic_secrets {
            let (client, server) = (
                self.observed.secrets.client(),
                self.observed.secrets.server(),
            );
            let (read, write) = match options.server {
                true => (client, server),
                false => (server, client),
            };
            let len = u16::try_from(read.len()).map_err(Failure::mismatch)?;
            self.write(&len.to_le_bytes())?;
            self.write(&read)?;
            self.write(&write)?;
        }
        if options.tls_unique {
            let legacy = self.stream.facts().and_then(|facts| facts.legacy.as_ref());
            let Some(unique) = legacy.and_then(|legacy| legacy.tls_unique) else {
                return Err(Failure::mismatch("failed to get tls-unique"));
            };
            self.write(&unique)?;
        }
        Ok(())
    }

    fn write_different_record_sizes(&mut self) -> Result<(), Failure> {
        for len in [
            0, 1, 255, 256, 257, 16383, 16384, 16385, 32767, 32768, 32769,
        ] {
            self.write(&vec![0x42; len])?;
        }
        Ok(())
    }

    fn write_first(&mut self) -> Result<(), Failure> {
        let options = self.options;
        if options.read_with_unfinished_write && self.early_written == 0 {
            self.handshake()?;
            self.stream.transport_mut().allow_one_byte_out();
            let written = self.stream.write(&options.shim_initial_write)?;
            let is_pending = !self.stream.connection().output().is_empty();
            if written != options.shim_initial_write.len() || !is_pending {
                return Err(Failure::mismatch("the write is not unfinished"));
            }
            self.write_is_unfinished = true;
        } else if options.shim_writes_first {
            let all = options
                .shim_initial_write
                .repeat(options.repeat_shim_initial_write);
            let rest = all.get(self.early_written..).unwrap_or_default();
            if !rest.is_empty() {
                if self.early_written > 0 || options.repeat_shim_initial_write == 1 {
                    self.write(rest)?;
                } else {
                    for _ in 0..options.repeat_shim_initial_write {
                        self.write(&options.shim_initial_write)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Sends back every byte with its bits turned round, until the runner ends the connection.
    fn echo(&mut self) -> Result<(), Failure> {
        let options = self.options;
        let mut buffer = vec![0; options.read_size];
        loop {
            if options.key_update_before_read {
                self.handshake()?;
                self.stream.connection_mut().update_keys(false)?;
            }
            let count = match self.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                // An end without close_notify is one unless the test demands the other.
                Err(Failure::Tls(Error::Truncated)) if !options.check_close_notify => return Ok(()),
                Err(failure) => return Err(failure),
            };
            if self.write_is_unfinished {
                self.write_is_unfinished = false;
                self.retry(Stream::flush)?;
            }
            if options.key_update {
                self.stream.connection_mut().update_keys(false)?;
            }
            let data = buffer.get_mut(..count).unwrap_or_default();
            data.iter_mut().for_each(|byte| *byte ^= 0xff);
            let echo = data.to_vec();
            self.write(&echo)?;
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Failure> {
        if self.options.peek_then_read {
            let peeked = self.retry(|stream| stream.fill_buf().map(<[u8]>::to_vec))?;
            let count = self.retry(|stream| stream.read(buffer))?;
            let same = peeked.get(..count) == buffer.get(..count);
            return match same {
                true => Ok(count),
                false => Err(Failure::Inconsistent("peek and read differ".to_owned())),
            };
        }
        self.retry(|stream| stream.read(buffer))
    }

    /// Ends the connection. Without `-check-close-notify` it just ends.
    fn close(&mut self) -> Result<(), Failure> {
        if !self.options.check_close_notify {
            return Ok(());
        }
        self.retry(Stream::close)?;
        // Whoever closes first waits for the other's close_notify.
        let mut buffer = [0; 512];
        match self.retry(|stream| stream.read(&mut buffer)) {
            Ok(0) => Ok(()),
            Ok(_) => Err(Failure::ApplicationDataOnShutdown),
            Err(Failure::Tls(Error::Truncated)) => {
                Err(Failure::mismatch("Unexpected SSL_shutdown result: -1 != 1"))
            }
            Err(Failure::Tls(Error::Usage(UsageError::HandshakeIncomplete))) => Err(
                Failure::mismatch("closed before the handshake was complete"),
            ),
            Err(failure) => Err(failure),
        }
    }
}
