//! `warifu client`: each line of the input is sent as a message, each message received is printed.
//!
//! Three threads tell a fourth what happens: one reads the input, one receives messages, one waits for signals.
//! So a reply is printed when it comes, also while the operator types, and nothing waits for anything else.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use warifu::pki_types::ServerName;
use warifu::{ClientConfig, Connection, EarlyData, Trust};

use crate::args::{ClientArguments, InsecureRule};
use crate::args_psk::PskPolicyName;
use crate::channel::{Broken, Channel, Early, Incoming, Receiver};
use crate::exit::{Failure, Place, Role};
use crate::materials::{self, Peer};
use crate::report::{ONLY_CONNECTION, Report};
use crate::session_file::SessionFile;
use crate::socket::{self, Socket};
use crate::summary::{Summary, bytes};
use crate::tls_choice::{self, Choice};
use crate::values::TimeLimit;
use crate::{files, local_ca, messages, psk_keys, signals, tls_config};

/// How long the peer may take to close its side after `shutdown`.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);

/// How long a failed write waits for the alert that explains it.
const ALERT_PATIENCE: Duration = Duration::from_secs(1);

/// Messages read ahead of the network, at most.
const READ_AHEAD: usize = 16;

/// `warifu client`.
pub(crate) fn run(arguments: &ClientArguments) -> Result<(), Failure> {
    let report = Report::new(&arguments.output, arguments.session.raw);
    let address = &arguments.address;
    let wanted = arguments.server_name.as_deref().unwrap_or(&address.host);
    let name = server_name(wanted)?;
    materials::banner(&arguments.trust, &arguments.protocol, &report);
    psk_keys::banner(&arguments.psk, &report);
    let credentials = materials::credentials(&arguments.identity)?;
    if arguments
        .psk
        .psk_file
        .iter()
        .any(|path| path == Path::new("-"))
    {
        return Err(Failure::Config(
            "--psk-file - reads standard input, from which a client's messages come: name a file"
                .to_owned(),
        ));
    }
    let psks = psk_keys::keys(&arguments.psk)?;
    let with_psk = !psks.is_empty();
    let early_data = early_data(arguments, &report)?;

    // Whoever says whom to trust learns of mistakes before a name server is asked.
    let explicit = materials::is_explicit(&arguments.trust);
    let early = explicit
        .then(|| materials::trust(&arguments.trust, Peer::Server { loopback: false }, None));
    let early = early.transpose()?;
    let candidates = socket::resolve(address)?;
    let loopback = candidates
        .iter()
        .all(|candidate| candidate.ip().is_loopback());
    // Whoever has a key needs no certificate, unless a CA is named as well.
    let needs_trust = !with_psk
        || explicit
        || matches!(
            arguments.psk.psk_policy,
            Some(PskPolicyName::Optional | PskPolicyName::WithCertificate)
        );
    let trusted = match (early, needs_trust) {
        (Some(trusted), _) => Some(trusted),
        (None, false) => None,
        (None, true) => Some(materials::trust(
            &arguments.trust,
            Peer::Server { loopback },
            local_ca::trusted_ca(),
        )?),
    };
    let trust_source = trusted.as_ref().map(|trusted| trusted.source.clone());
    let has_trust = trusted.is_some();
    let lenient = trusted
        .as_ref()
        .filter(|_| !arguments.trust.trust_lenient.is_empty())
        .map(|trusted| Arc::clone(&trusted.trust));
    let builder = match trusted {
        Some(trusted) => ClientConfig::builder(trusted.trust).with_psks(psks),
        None => ClientConfig::psk_builder(psks),
    };
    let mut builder = tls_config::apply(builder, &arguments.protocol)?;
    builder = psk_keys::apply(builder, &arguments.psk, has_trust)
        .with_replayable_early_data(early_data.as_ref().is_some_and(|early| !early.is_empty()));
    if let Some(path) = &arguments.resume {
        builder = builder
            .with_session_context(session_context(arguments))
            .with_session_store(SessionFile::new(path, address, &report)?);
    }
    if !credentials.is_empty() {
        builder = builder.with_credential(materials::choice(credentials));
    }
    if let Some(bytes) = &arguments.max_fragment_length {
        // clap has checked the value against the list.
        builder = builder.with_max_fragment_length(bytes.parse().unwrap_or_default());
    }
    builder = builder.with_post_handshake_auth(arguments.post_handshake_auth);
    let config = tls_config::log_messages(builder, &report, ONLY_CONNECTION)
        .build()
        .map_err(tls_config::refused)?;
    Choice::new(&arguments.protocol.choice)?.banner(
        &config.versions(),
        |suite| config.suite_status(suite),
        &report,
    );
    let post_handshake_auth = ("--post-handshake-auth", arguments.post_handshake_auth);
    let key_update = ("--key-update", arguments.session.key_update.is_some());
    let [psk_mode, psk_import] = psk_keys::tls13_options(&arguments.psk);
    tls_choice::check_tls13_options(
        &config.versions(),
        &[post_handshake_auth, key_update, psk_mode, psk_import],
    )?;

    Session {
        report,
        config,
        name,
        wanted: wanted.to_owned(),
        peer: address.to_string(),
        trust: trust_source,
        with_psk,
        needs_tls13: psk_keys::need_tls13(&arguments.psk, has_trust),
        early_data,
        relaxed: arguments.trust.insecure.clone(),
        lenient,
        handshake_timeout: arguments.limits.handshake_timeout,
        idle_timeout: arguments.limits.idle_timeout.unwrap_or(TimeLimit(None)),
        raw: arguments.session.raw,
        key_update: arguments.session.key_update,
        await_first_reply: arguments.post_handshake_auth,
    }
    .run(|| connect(arguments, &candidates))
}

/// What is to be sent before the handshake is complete.
fn early_data(arguments: &ClientArguments, report: &Report) -> Result<Option<Vec<u8>>, Failure> {
    let Some(path) = &arguments.early_data else {
        return Ok(None);
    };
    report.warning("WARNING   --early-data: whoever records it can send it to the server again");
    files::read_data(path).map(Some)
}

/// Sessions are taken up again by a client with the same certificate and keys, for which the server takes it, and with
/// the same trust. Keys themselves are not part of it: the library compares them.
fn session_context(arguments: &ClientArguments) -> String {
    let (identity, trust, psk) = (&arguments.identity, &arguments.trust, &arguments.psk);
    let parts = [
        format!("cert {:?}", identity.cert),
        format!(
            "trust {:?} {:?} {:?} {} {:?} {:?}",
            trust.ca, trust.pin, trust.crl, trust.system_roots, trust.insecure, trust.trust_lenient
        ),
        format!(
            "keys {} {:?} {:?} {:?} {:?} {:?}",
            psk.is_given(),
            psk.psk_identity.as_ref().map(|identity| &identity.0),
            psk.psk_hash,
            psk.psk_import,
            psk.psk_policy,
            psk.psk_mode
        ),
    ];
    format!("warifu client; {}", parts.join("; "))
}

fn connect(
    arguments: &ClientArguments,
    candidates: &[SocketAddr],
) -> Result<std::net::TcpStream, Failure> {
    socket::connect(&arguments.address, candidates, arguments.connect_timeout)
}

fn server_name(text: &str) -> Result<ServerName<'static>, Failure> {
    ServerName::try_from(text.to_owned()).map_err(|_| Failure::Argument {
        option: "--server-name",
        value: text.to_owned(),
        problem: "neither a host name nor an IP address".to_owned(),
        allowed: "example.org, 192.0.2.1, 2001:db8::1".to_owned(),
    })
}

/// All that one client connection needs.
pub(crate) struct Session {
    pub(crate) report: Report,
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) name: ServerName<'static>,
    pub(crate) wanted: String,
    pub(crate) peer: String,
    /// Where trust in certificates comes from; `None` if none is believed.
    pub(crate) trust: Option<String>,
    /// Pre-shared keys are offered.
    pub(crate) with_psk: bool,
    /// They are of TLS 1.3 alone, and one is needed.
    pub(crate) needs_tls13: bool,
    /// To be sent before the handshake is complete, or else first of all after it.
    pub(crate) early_data: Option<Vec<u8>>,
    pub(crate) relaxed: Vec<InsecureRule>,
    /// With `--trust-lenient`, to say what the server's chain was accepted by.
    pub(crate) lenient: Option<Arc<Trust>>,
    pub(crate) handshake_timeout: TimeLimit,
    pub(crate) idle_timeout: TimeLimit,
    pub(crate) raw: bool,
    pub(crate) key_update: Option<u32>,
    /// The second message waits for the reply to the first: the server may ask for our certificate in between,
    /// and it could not be sent any more if the input had ended by then.
    pub(crate) await_first_reply: bool,
}

/// What the threads tell.
enum Event {
    Input(Vec<u8>),
    InputEnd,
    InputFailed(io::Error),
    Received,
    OutputFailed(Failure),
    PeerClosed,
    Broken(Broken),
    Signal,
}

/// Why this side has closed its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closing {
    /// The input is at its end; replies may still come.
    InputEnd,
    /// `shutdown` was sent.
    Shutdown,
}

impl Session {
    /// Connects, and exchanges messages until one side ends.
    pub(crate) fn run(
        &self,
        connect: impl FnOnce() -> Result<std::net::TcpStream, Failure>,
    ) -> Result<(), Failure> {
        let start = Instant::now();
        let tcp = connect()?;
        let tcp_time = start.elapsed();
        let socket = Socket::new(tcp, self.handshake_timeout)
            .map_err(|error| self.failure(Broken::Transport(error), false))?;
        let control = socket.clone();

        let start = Instant::now();
        let connection = Connection::client(Arc::clone(&self.config), self.name.clone());
        let (channel, receiver) = Channel::handshake(
            connection,
            socket,
            Arc::new(AtomicBool::new(false)),
            self.early_data
                .as_deref()
                .filter(|early| !early.is_empty())
                .map_or(Early::Nothing, Early::Send),
        )
        .map_err(|broken| {
            control.linger(Duration::from_millis(200));
            self.failure(broken, false)
        })?;
        control.established(self.idle_timeout);
        if let Some(facts) = channel.facts() {
            let summary = Summary {
                role: Role::Client,
                peer: &self.peer,
                name: Some(&self.wanted),
                trust: self.trust.as_deref(),
                relaxed: &self.relaxed,
                lenient: self.lenient.as_deref(),
                facts: &facts,
                early_len: receiver.early_len(),
                tcp: Some(tcp_time),
                handshake: start.elapsed(),
            };
            for line in summary.lines() {
                self.report.status(&line);
            }
            self.report
                .event("connected", summary.json(ONLY_CONNECTION));
        }
        self.send_early_data_again(&channel, &receiver)?;
        let updates = tls_choice::key_updates(self.key_update, channel.facts().as_ref());
        if let Err(warning) = &updates {
            self.report.warning(warning);
        }
        let result = self.exchange(&channel, receiver, updates.ok().flatten());
        control.linger(Duration::from_millis(200));
        result
    }

    /// What the server did not take early is sent now.
    fn send_early_data_again(&self, channel: &Channel, receiver: &Receiver) -> Result<(), Failure> {
        let Some(early) = &self.early_data else {
            return Ok(());
        };
        let accepted = channel
            .facts()
            .is_some_and(|facts| facts.early_data == EarlyData::Accepted);
        let (line, rest) = what_is_left(early, receiver.early_len(), accepted);
        if let Some(line) = line {
            self.report.status(&format!("early     {line}"));
        }
        if rest.is_empty() {
            return Ok(());
        }
        channel
            .send(rest)
            .map_err(|broken| self.failure(broken, true))
    }

    fn failure(&self, broken: Broken, established: bool) -> Failure {
        let place = Place {
            role: Role::Client,
            peer: self.peer.clone(),
            established,
            with_psk: self.with_psk,
            versions: tls_choice::spoken(&self.config.versions()),
            needs_tls13: self.needs_tls13,
        };
        broken.failure(place, self.handshake_timeout, self.idle_timeout)
    }

    /// Acts on what the threads tell, until the connection is over.
    fn exchange(
        &self,
        channel: &Arc<Channel>,
        receiver: Receiver,
        key_update: Option<u32>,
    ) -> Result<(), Failure> {
        let (tell, events) = mpsc::sync_channel(READ_AHEAD);
        let signal = tell.clone();
        signals::watch(move |_| {
            let _ = signal.send(Event::Signal);
        })?;
        let report = self.report.clone();
        let from_peer = tell.clone();
        thread::spawn(move || receive(receiver, &report, &from_peer));
        let raw = self.raw;
        let (go_on, pause) = mpsc::channel();
        let pause = self.await_first_reply.then_some(pause);
        thread::spawn(move || read_input(raw, &tell, pause));

        let early = self.early_data.as_ref();
        let mut sent = u64::from(early.is_some_and(|data| !data.is_empty()));
        let mut received: u64 = 0;
        let mut closing = None;
        let mut deadline: Option<Instant> = None;
        let mut write_failure = None;
        // A message that did not leave is told even if the server then closes; a goodbye that did not is not.
        let mut has_lost_message = false;
        self.report.prompt();
        loop {
            let event = match deadline {
                None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(end) => events.recv_timeout(end.saturating_duration_since(Instant::now())),
            };
            let is_over = match &event {
                Ok(event) => has_lost_message && matches!(event, Event::PeerClosed),
                Err(_) => true,
            };
            // The alert that would explain the failed write did not come.
            if is_over && let Some(broken) = write_failure {
                return Err(self.failure(broken, true));
            }
            let event = match event {
                Ok(event) => event,
                Err(_) => {
                    self.report
                        .status("closed    the server did not close its side in time");
                    return Ok(());
                }
            };
            let outcome = match event {
                Event::Input(_) | Event::InputEnd if closing.is_some() => Ok(()),
                Event::Input(message) => {
                    sent += 1;
                    let shutdown = !self.raw && messages::is_shutdown(&message);
                    let mut outcome = channel.send(&message);
                    if outcome.is_ok()
                        && key_update.is_some_and(|n| sent.is_multiple_of(u64::from(n)))
                    {
                        outcome = channel.update_keys();
                    }
                    has_lost_message = outcome.is_err();
                    if outcome.is_ok() && shutdown {
                        closing = Some(Closing::Shutdown);
                        deadline = Some(Instant::now() + CLOSE_PATIENCE);
                        outcome = channel.close();
                    }
                    outcome
                }
                Event::InputEnd => {
                    closing = Some(Closing::InputEnd);
                    channel.close()
                }
                Event::Received => {
                    received += 1;
                    // Fails when the input does not wait for anything.
                    let _ = go_on.send(());
                    if closing.is_none() {
                        self.report.prompt();
                    }
                    Ok(())
                }
                Event::InputFailed(error) => {
                    let _ = channel.close();
                    return Err(Failure::StandardStream {
                        which: "standard input",
                        error,
                    });
                }
                Event::OutputFailed(failure) => {
                    let _ = channel.close();
                    return reader_is_gone(failure);
                }
                Event::Signal => {
                    let _ = channel.close();
                    return Err(Failure::Interrupted);
                }
                Event::PeerClosed => {
                    // The peer has said all; whether it still hears our goodbye does not matter.
                    let _ = channel.close();
                    let by = match closing {
                        None => "by the server",
                        Some(Closing::InputEnd) => "at the end of the input",
                        Some(Closing::Shutdown) => "by shutdown",
                    };
                    self.report
                        .status(&format!("closed    {by}; {sent} sent, {received} received"));
                    self.report.event(
                        "closed",
                        json!({ "by": by, "sent": sent, "received": received }),
                    );
                    return Ok(());
                }
                // After shutdown nothing more is expected; many servers just hang up.
                Event::Broken(_) if closing == Some(Closing::Shutdown) => {
                    self.report.status(&format!(
                        "closed    by shutdown; {sent} sent, {received} received"
                    ));
                    return Ok(());
                }
                Event::Broken(broken) => return Err(self.failure(broken, true)),
            };
            // A peer that refuses us sends an alert and hangs up: the write fails first, the alert tells why.
            if let Err(broken) = outcome {
                write_failure = Some(broken);
                closing = closing.or(Some(Closing::InputEnd));
                deadline = Some(Instant::now() + ALERT_PATIENCE);
            }
        }
    }
}

/// What is left of early data when the handshake is complete, and what to say of it.
fn what_is_left(early: &[u8], sent: usize, accepted: bool) -> (Option<String>, &[u8]) {
    let rest = early.get(sent..).unwrap_or_default();
    match (sent, accepted) {
        _ if early.is_empty() => (Some("the file is empty: nothing to send".to_owned()), rest),
        (0, _) => (
            Some(format!(
                "nothing sent early; {} sent now",
                bytes(rest.len())
            )),
            rest,
        ),
        (_, false) => (
            Some(format!(
                "{} sent early and not taken; {} sent now",
                bytes(sent),
                early.len()
            )),
            early,
        ),
        (_, true) if rest.is_empty() => (None, rest),
        (_, true) => (
            Some(format!(
                "{} sent early; {} sent now",
                bytes(sent),
                rest.len()
            )),
            rest,
        ),
    }
}

/// `warifu client | head -1` is no failure.
pub(crate) fn reader_is_gone(failure: Failure) -> Result<(), Failure> {
    match failure {
        Failure::StandardStream { error, .. } if error.kind() == io::ErrorKind::BrokenPipe => {
            Ok(())
        }
        other => Err(other),
    }
}

fn receive(mut receiver: Receiver, report: &Report, tell: &SyncSender<Event>) {
    loop {
        let event = match receiver.receive() {
            Ok(Incoming::Message(message)) => match report.message(ONLY_CONNECTION, &message) {
                Ok(()) => Event::Received,
                Err(failure) => Event::OutputFailed(failure),
            },
            Ok(Incoming::Authenticated) => continue,
            Ok(Incoming::Closed | Incoming::Stopped) => Event::PeerClosed,
            Err(broken) => Event::Broken(broken),
        };
        let last = !matches!(event, Event::Received);
        if tell.send(event).is_err() || last {
            return;
        }
    }
}

/// With `pause`, the first message is followed by a wait for its sign.
fn read_input(raw: bool, tell: &SyncSender<Event>, mut pause: Option<mpsc::Receiver<()>>) {
    let mut input = io::stdin().lock();
    loop {
        let event = match messages::next(&mut input, raw) {
            Ok(message) if message.is_empty() => Event::InputEnd,
            Ok(message) => Event::Input(message),
            Err(error) => Event::InputFailed(error),
        };
        let last = !matches!(event, Event::Input(_));
        if tell.send(event).is_err() || last {
            return;
        }
        if let Some(pause) = pause.take() {
            // Fails when the connection is over.
            let _ = pause.recv();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn early_data_that_was_not_taken_is_sent_and_told() {
        let early = b"hello, world";
        for (sent, accepted, line, rest) in [
            (12, true, None, 0),
            (
                12,
                false,
                Some("12 bytes sent early and not taken; 12 sent now"),
                12,
            ),
            (7, true, Some("7 bytes sent early; 5 sent now"), 5),
            (
                7,
                false,
                Some("7 bytes sent early and not taken; 12 sent now"),
                12,
            ),
            (0, false, Some("nothing sent early; 12 bytes sent now"), 12),
        ] {
            let (told, left) = what_is_left(early, sent, accepted);
            assert_eq!((told.as_deref(), left.len()), (line, rest));
        }
        let (told, left) = what_is_left(b"", 0, false);
        assert_eq!(told.unwrap(), "the file is empty: nothing to send");
        assert!(left.is_empty());
    }
}
