//! One connection of `warifu server`, from its handshake to its end.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use warifu::{Connection, Error};

use crate::channel::{Broken, Channel, Early, Incoming, Receiver, Sender, broken_by};
use crate::exit::{Failure, Place, Role};
use crate::http::{self, Received};
use crate::server::{Answer, Service, Shared, Stop};
use crate::socket::Socket;
use crate::summary::{self, Summary};
use crate::{describe, messages, report, tls_choice, tls_config};

/// How long a closed connection may take to deliver what was sent last.
const LINGER: Duration = Duration::from_secs(1);

/// Messages kept of a client that has been asked for its certificate and has not answered.
const MAX_HELD_MESSAGES: usize = 64;

/// How a connection ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The client closed it.
    Client,
    /// The client sent `shutdown`, and this server obeys.
    Shutdown,
    /// The server ends, or an HTTP exchange is over.
    Server,
}

/// Why a connection failed.
enum Trouble {
    Broken(Broken),
    /// Not the connection: the server's own standard output.
    Own(Failure),
}

impl From<Broken> for Trouble {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// Serves one client.
pub(crate) fn connection(shared: &Shared, number: u64, socket: Socket, peer: &str) {
    let service = &shared.service;
    let control = socket.clone();
    let start = Instant::now();
    let established = config(service, number).and_then(|config| {
        let stop = Arc::clone(&shared.stopping);
        Channel::handshake(Connection::server(config), socket, stop, Early::Receive)
    });
    let (channel, mut receiver) = match established {
        Ok(established) => established,
        Err(broken) => {
            // Who lost its place to another was told of there.
            if !control.was_taken_away() {
                report_broken(shared, number, peer, false, broken);
            }
            control.linger(LINGER);
            return;
        }
    };
    if !shared.establish(number) {
        return;
    }
    control.established(service.idle_timeout);
    let summary = introduce(service, number, peer, &receiver, start.elapsed());
    let result = match service.answer {
        Answer::Http => serve_http(&channel, &mut receiver, &summary),
        _ => serve_messages(service, number, &channel, &mut receiver),
    };
    match result {
        Ok(end) => {
            // A client that is gone already does not need the goodbye.
            let _ = channel.close();
            let by = match end {
                End::Client => "by the client",
                End::Shutdown => "by shutdown",
                End::Server => "by this server",
            };
            let report = &service.report;
            report.status(&format!("{}closed    {by}", report.mark(number)));
            report.event("closed", json!({ "connection": number, "by": by }));
            if end == End::Shutdown {
                shared.stop(Stop::Message { connection: number });
            }
        }
        Err(Trouble::Broken(broken)) => report_broken(shared, number, peer, true, broken),
        Err(Trouble::Own(failure)) => {
            let _ = channel.close();
            shared.stop(Stop::Failed(failure));
        }
    }
    control.linger(LINGER);
}

/// The shared configuration; with `-v` one that prints the messages of this connection under its number.
fn config(service: &Service, number: u64) -> Result<Arc<warifu::ServerConfig>, Broken> {
    if !service.report.verbose {
        return Ok(Arc::clone(&service.config));
    }
    let builder = tls_config::log_messages(service.builder.clone(), &service.report, number);
    Ok(builder.build()?)
}

fn report_broken(shared: &Shared, number: u64, peer: &str, established: bool, broken: Broken) {
    // Whoever ends while the server does is not a failure.
    if shared.stopping.load(std::sync::atomic::Ordering::Acquire) {
        return;
    }
    let service = &shared.service;
    let place = Place {
        role: Role::Server,
        peer: peer.to_owned(),
        established,
        with_psk: service.with_psk,
        versions: tls_choice::spoken(&service.config.versions()),
        // A client that has nothing newer is told which versions there are, and says no more.
        needs_tls13: false,
    };
    let failure = broken.failure(place, service.handshake_timeout, service.idle_timeout);
    service.report.connection_failure(number, &failure);
}

/// Prints the summary and returns its lines.
fn introduce(
    service: &Service,
    number: u64,
    peer: &str,
    receiver: &Receiver,
    handshake: Duration,
) -> Vec<String> {
    let Some(facts) = receiver.facts() else {
        return Vec::new();
    };
    let summary = Summary {
        role: Role::Server,
        peer,
        name: None,
        trust: service.trust.as_deref(),
        relaxed: &service.relaxed,
        lenient: service.lenient.as_deref(),
        facts: &facts,
        early_len: receiver.early_len(),
        tcp: None,
        handshake,
    };
    let lines = summary.lines();
    for line in &lines {
        service
            .report
            .status(&format!("{}{line}", service.report.mark(number)));
    }
    service.report.event("connected", summary.json(number));
    lines
}

/// Prints each message and answers it, until the client closes or says `shutdown`.
fn serve_messages(
    service: &Service,
    number: u64,
    channel: &Channel,
    receiver: &mut Receiver,
) -> Result<End, Trouble> {
    let mut sent: u64 = 0;
    let updates = tls_choice::key_updates(service.key_update, receiver.facts().as_ref());
    if let Err(warning) = &updates {
        let mark = service.report.mark(number);
        service.report.warning(&format!("{mark}{warning}"));
    }
    let key_update = updates.ok().flatten();
    let mut unproved = service.post_handshake_auth;
    let mut asked = false;
    // Messages of a client that has not proved itself yet wait here.
    let mut held = VecDeque::new();
    loop {
        match receiver.receive()? {
            Incoming::Message(message) => held.push_back(message),
            Incoming::Authenticated => {
                unproved = false;
                report_proof(service, number, receiver);
            }
            Incoming::Closed => return Ok(End::Client),
            Incoming::Stopped => return Ok(End::Server),
        }
        if unproved && !asked {
            asked = true;
            unproved = ask_for_certificate(service, number, receiver)?;
        }
        if unproved {
            if held.len() > MAX_HELD_MESSAGES {
                let problem = "the client goes on without showing the certificate it was asked for";
                return Err(Broken::Transport(std::io::Error::other(problem)).into());
            }
            continue;
        }
        while let Some(message) = held.pop_front() {
            let print = service.report.message(number, &message);
            print.map_err(Trouble::Own)?;
            if !service.raw && messages::is_shutdown(&message) && !service.ignore_shutdown {
                return Ok(End::Shutdown);
            }
            match &service.answer {
                Answer::Text(text) => channel.send(format!("{text}\n").as_bytes())?,
                _ => channel.send(&message)?,
            }
            sent += 1;
            if key_update.is_some_and(|n| sent.is_multiple_of(u64::from(n))) {
                channel.update_keys()?;
            }
        }
    }
}

/// Asks for the client's certificate after the handshake. `false`: it cannot be asked, and need not be.
fn ask_for_certificate(
    service: &Service,
    number: u64,
    receiver: &mut Receiver,
) -> Result<bool, Trouble> {
    match receiver.request_client_certificate() {
        Ok(()) => Ok(true),
        Err(Broken::Tls(Error::Usage(error))) if service.certificate_optional => {
            let mark = service.report.mark(number);
            let text = format!("{mark}warning   no certificate can be asked for: {error}");
            service.report.warning(&text);
            Ok(false)
        }
        Err(broken) => Err(broken.into()),
    }
}

fn report_proof(service: &Service, number: u64, receiver: &Receiver) {
    let report = &service.report;
    let name = client_name(receiver);
    let text = match &name {
        Some(name) => format!("{name}, proved after the handshake"),
        None => "showed no certificate when asked after the handshake".to_owned(),
    };
    report.status(&format!("{}client    {text}", report.mark(number)));
    let needed = match (&service.lenient, receiver.facts()) {
        (Some(trust), Some(facts)) => summary::leniency_needed(trust, &facts, None),
        _ => Vec::new(),
    };
    if let Some(line) = summary::leniency_line(&needed) {
        report.status(&format!("{}{line}", report.mark(number)));
    }
    report.event(
        "authenticated",
        json!({ "connection": number, "client": name, "leniency_needed": summary::words(&needed) }),
    );
}

/// The subject of the client's certificate.
fn client_name(receiver: &Receiver) -> Option<String> {
    let facts = receiver.facts()?;
    let leaf = facts.peer_certificates.as_deref()?.first()?;
    let found = describe::describe(leaf).ok()?;
    Some(report::escape(describe::short_name(&found.subject)))
}

/// Answers requests until one asks to close, or the client does.
fn serve_http(
    channel: &Channel,
    receiver: &mut Receiver,
    summary: &[String],
) -> Result<End, Trouble> {
    let broken = |error| Trouble::Broken(broken_by(error));
    loop {
        let mut sender = Sender(channel);
        let received = match http::read_request(receiver).map_err(broken_by) {
            // Browsers hang up without close_notify. Every response has told its length, so nothing was cut off.
            Err(Broken::Tls(Error::Truncated)) => return Ok(End::Client),
            other => other?,
        };
        match received {
            Received::Request(request) => {
                http::answer(&mut sender, &request, summary).map_err(broken)?;
                if !request.keep_alive {
                    return Ok(End::Server);
                }
            }
            Received::End => {
                return Ok(match receiver.ended() {
                    Some(Incoming::Stopped) => End::Server,
                    _ => End::Client,
                });
            }
            Received::Bad(status) => {
                http::refuse(&mut sender, status).map_err(broken)?;
                return Ok(End::Server);
            }
        }
    }
}
