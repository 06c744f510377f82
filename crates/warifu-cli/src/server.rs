//! `warifu server`: a thread listens, one thread serves each connection, and the first waits for a reason to end.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver as Events, Sender as Tell};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use serde_json::json;
use warifu::config::{ConfigBuilder, Server as ServerRole};
use warifu::early_data::{MemoryReplayStore, ReplayableEarlyData};
use warifu::resumption::{RotatingTicketKeys, Tickets};
use warifu::{ClientAuth, ServerConfig, Trust};

use crate::args::{InsecureRule, ServerArguments, VerifyClient};
use crate::args_psk::PskPolicyName;
use crate::describe::Description;
use crate::exit::Failure;
use crate::local_ca::{self, LocalIdentity};
use crate::materials::{self, Peer, Trusted};
use crate::open_connections::{OpenConnections, Room};
use crate::psk_reload::Keys;
use crate::report::Report;
use crate::serve;
use crate::socket::{self, Socket};
use crate::tls_choice::{self, Choice};
use crate::values::{HostPort, TimeLimit};
use crate::{describe, descriptors, psk_format, psk_keys, psk_reload, signals, tls_config, when};

/// How long connections may take to end when the server ends.
const STOP_PATIENCE: Duration = Duration::from_secs(3);

/// Clients that say nothing for so long are closed, unless told otherwise: each holds one of a limited number of
/// connections.
const IDLE_LIMIT: TimeLimit = TimeLimit(Some(Duration::from_secs(3600)));

/// How long to wait before accepting again when the system refuses, and at most for the thread of a connection that lost its place.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Connections that have lost their place and whose thread has not ended yet, beside those that have one. Their descriptors are of
/// those that a server has for other files.
const LEAVING: usize = 32;

/// What a server does with each message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Text(String),
    Echo,
    Http,
}

/// What all connections share.
pub(crate) struct Service {
    pub(crate) report: Report,
    pub(crate) builder: ConfigBuilder<ServerRole>,
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) answer: Answer,
    pub(crate) raw: bool,
    pub(crate) ignore_shutdown: bool,
    pub(crate) post_handshake_auth: bool,
    /// Clients without a certificate are served all the same.
    pub(crate) certificate_optional: bool,
    /// Where trust in clients comes from; `None` if they are not asked.
    pub(crate) trust: Option<String>,
    pub(crate) relaxed: Vec<InsecureRule>,
    /// With `--trust-lenient`, to say what a client's chain was accepted by.
    pub(crate) lenient: Option<Arc<Trust>>,
    /// Clients may or must prove themselves by a pre-shared key.
    pub(crate) with_psk: bool,
    pub(crate) key_update: Option<u32>,
    pub(crate) max_connections: usize,
    pub(crate) handshake_timeout: TimeLimit,
    pub(crate) idle_timeout: TimeLimit,
}

/// Why a server ends.
#[derive(Debug)]
pub(crate) enum Stop {
    Message {
        connection: u64,
    },
    Signal(&'static str),
    /// The program around it has no more use for it.
    Asked,
    Failed(Failure),
}

/// A server that runs.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    stops: Events<Stop>,
}

/// What the threads of a server share.
pub(crate) struct Shared {
    pub(crate) service: Service,
    open: Mutex<OpenConnections>,
    closed: Condvar,
    pub(crate) stopping: Arc<AtomicBool>,
    tell: Mutex<Tell<Stop>>,
}

/// `warifu server`.
pub(crate) fn run(arguments: &ServerArguments) -> Result<(), Failure> {
    let report = Report::new(&arguments.output, arguments.session.raw);
    materials::banner(&arguments.trust, &arguments.protocol, &report);
    psk_keys::banner(&arguments.psk, &report);
    let (client_auth, trusted) = client_auth(arguments)?;
    let (trust, trusted) = trusted
        .map(|trusted| (trusted.source, trusted.trust))
        .unzip();
    let lenient = trusted.filter(|_| !arguments.trust.trust_lenient.is_empty());
    let key_source = psk_reload::Source::new(&arguments.psk)?;
    let psks = key_source.read()?;
    let with_psk = !psks.is_empty();
    let identity = psks.first().map(|psk| psk_format::spell(psk.identity()));
    let keys = Keys::new(psks)?;
    // A server that has keys needs no certificate, and makes itself none unless it is told that one will do as well.
    let only_keys = matches!(
        arguments.psk.psk_policy,
        None | Some(PskPolicyName::Required)
    );
    let (credentials, local) = if !arguments.identity.cert.is_empty() {
        (materials::credentials(&arguments.identity)?, None)
    } else if with_psk && only_keys {
        (Vec::new(), None)
    } else {
        let local = local_ca::for_server()?;
        let credential = materials::credential(&local.server, &local.server, None)?;
        (vec![credential], Some(local))
    };
    let leaf = credentials
        .first()
        .and_then(|credential| credential.certificates().first())
        .and_then(|der| describe::describe(der).ok());
    let key_kinds: Vec<String> = credentials
        .iter()
        .filter_map(|credential| credential.certificates().first())
        .filter_map(|der| Some(describe::describe(der).ok()?.key))
        .collect();
    let has_certificates = !credentials.is_empty();
    if with_psk && trust.is_some() {
        check_both_proofs(arguments, has_certificates)?;
    }
    let builder = match (has_certificates, with_psk) {
        (false, _) => ServerConfig::psk_builder(keys.clone()),
        (true, true) => {
            ServerConfig::builder(materials::choice(credentials)).with_psk_store(keys.clone())
        }
        (true, false) => ServerConfig::builder(materials::choice(credentials)),
    };
    let builder = tls_config::apply(builder.with_client_auth(client_auth), &arguments.protocol)?;
    let builder = psk_keys::apply(builder, &arguments.psk, has_certificates);
    let builder = with_sessions(builder, arguments, with_psk, &report);
    let builder = with_hint(builder, arguments);
    let config = builder.clone().build().map_err(tls_config::refused)?;
    let choice = Choice::new(&arguments.protocol.choice)?;
    let status = |suite| config.suite_status(suite);
    let versions = config.versions();
    choice.banner(&versions, status, &report);
    let post_handshake_auth = ("--post-handshake-auth", arguments.post_handshake_auth);
    let key_update = ("--key-update", arguments.session.key_update.is_some());
    let [psk_mode, psk_import] = psk_keys::tls13_options(&arguments.psk);
    tls_choice::check_tls13_options(
        &versions,
        &[post_handshake_auth, key_update, psk_mode, psk_import],
    )?;
    if has_certificates {
        tls_choice::check_keys(&versions, status, &key_kinds)?;
    }
    let for_clients = choice.for_clients(status, &arguments.protocol.choice);
    let addresses = socket::resolve(&arguments.address)?;
    let server = Server::start(
        &arguments.address,
        &addresses,
        Service {
            report: report.clone(),
            builder,
            config,
            answer: match arguments {
                ServerArguments { http: true, .. } => Answer::Http,
                ServerArguments { echo: true, .. } => Answer::Echo,
                _ => Answer::Text(arguments.reply.clone()),
            },
            raw: arguments.session.raw,
            ignore_shutdown: arguments.ignore_shutdown,
            post_handshake_auth: arguments.post_handshake_auth,
            certificate_optional: arguments.verify_client == Some(VerifyClient::Optional),
            trust,
            relaxed: arguments.trust.insecure.clone(),
            lenient,
            with_psk,
            key_update: arguments.session.key_update,
            max_connections: max_connections(arguments.max_connections, &report),
            handshake_timeout: arguments.limits.handshake_timeout,
            idle_timeout: arguments.limits.idle_timeout.unwrap_or(IDLE_LIMIT),
        },
    )?;
    let stop = server.stopper();
    signals::watch(move |name| stop(Stop::Signal(name)))?;
    psk_reload::watch(keys.clone(), key_source, report.clone())?;
    if let Some(identity) = &identity {
        report.status(&format!("keys      {}", keys_line(&keys, identity)));
    }
    announce(
        &report,
        &server,
        local.as_ref(),
        leaf.as_ref(),
        identity.as_deref(),
        arguments,
        &for_clients,
    );
    server.wait()
}

/// Tickets, and early data if it is wanted.
fn with_sessions(
    mut builder: ConfigBuilder<ServerRole>,
    arguments: &ServerArguments,
    with_psk: bool,
    report: &Report,
) -> ConfigBuilder<ServerRole> {
    if arguments.tickets > 0 {
        let tickets = Tickets::stateless(RotatingTicketKeys::default());
        // With -v each connection has a configuration of its own; the keys of the tickets are this process's.
        builder = builder
            .with_session_context("warifu server")
            .with_tickets(tickets.with_count(arguments.tickets));
    }
    if let Some(bytes) = arguments.max_early_data {
        report.warning(
            "WARNING   --max-early-data: messages are taken before the handshake is complete; others can send them again",
        );
        if with_psk {
            report.warning(
                "WARNING   --max-early-data with pre-shared keys: they can send them again after each restart of this server",
            );
        }
        // Whoever runs this was warned. A million ClientHellos are some 50 MB, and all are remembered for good.
        let store = MemoryReplayStore::default().with_external_keys_until_restart(1 << 20);
        let early_data = ReplayableEarlyData::new(bytes, store);
        builder = builder.with_replayable_early_data(early_data);
    }
    builder
}

/// What clients of TLS 1.2 and older are told of the identity.
#[cfg_attr(not(feature = "legacy"), allow(unused_variables))]
fn with_hint(
    builder: ConfigBuilder<ServerRole>,
    arguments: &ServerArguments,
) -> ConfigBuilder<ServerRole> {
    #[cfg(feature = "legacy")]
    if let Some(hint) = &arguments.psk_hint {
        return builder.with_psk_identity_hint(hint);
    }
    builder
}

/// As many connections as were asked for, if this process may have so many files.
fn max_connections(wanted: u32, report: &Report) -> usize {
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    let possible = descriptors::make_room(wanted);
    if possible < wanted {
        report.warning(&format!(
            "warning   --max-connections {wanted}: this process may not have so many files open (ulimit -n); {possible} it is",
        ));
    }
    possible
}

fn keys_line(keys: &Keys, first: &str) -> String {
    match keys.len() {
        1 => format!("1 identity: {first}"),
        count => format!("{count} identities, first {first}"),
    }
}

/// Whether and how clients prove themselves, and whom the server believes.
fn client_auth(arguments: &ServerArguments) -> Result<(ClientAuth, Option<Trusted>), Failure> {
    let explicit = materials::is_explicit(&arguments.trust);
    let when = match arguments.verify_client {
        Some(when) => when,
        None if explicit => VerifyClient::Required,
        None => VerifyClient::Off,
    };
    if when == VerifyClient::Off {
        if explicit || arguments.post_handshake_auth {
            let given = if explicit {
                "--ca, --pin or --system-roots"
            } else {
                "--post-handshake-auth"
            };
            if arguments.verify_client.is_some() || arguments.post_handshake_auth {
                return Err(Failure::Config(format!(
                    "{given} says how clients are verified, but clients are not asked for a certificate"
                )));
            }
        }
        return Ok((ClientAuth::Off, None));
    }
    if !explicit && !arguments.trust.insecure.contains(&InsecureRule::Issuer) {
        return Err(Failure::Config(
            "--verify-client needs to know whose certificates are good: add --ca FILE (or --pin FILE)".to_owned(),
        ));
    }
    let trusted = materials::trust(&arguments.trust, Peer::Client, None)?;
    let verifier = Arc::clone(&trusted.trust);
    let auth = match when {
        _ if arguments.post_handshake_auth => ClientAuth::post_handshake(verifier),
        VerifyClient::Optional => ClientAuth::optional(verifier),
        _ => ClientAuth::required(verifier),
    };
    Ok((auth, Some(trusted)))
}

/// RFC 8446 Section 4.3.2: who proves itself by a key is not asked for a certificate, neither in the handshake nor after it.
fn check_both_proofs(arguments: &ServerArguments, has_certificates: bool) -> Result<(), Failure> {
    let required = match arguments.psk.psk_policy {
        Some(policy) => policy == PskPolicyName::Required,
        None => !has_certificates,
    };
    if required {
        return Err(Failure::Config(
            "clients that must have a key are not asked for a certificate too: leave out --ca, --pin and \
             --verify-client, or add --psk-policy with-certificate"
                .to_owned(),
        ));
    }
    Ok(())
}

/// Where the server listens and how to reach it.
fn announce(
    report: &Report,
    server: &Server,
    local: Option<&LocalIdentity>,
    leaf: Option<&Description>,
    identity: Option<&str>,
    arguments: &ServerArguments,
    for_clients: &str,
) {
    let address = server.address;
    report.status(&format!("listening {address}"));
    report.event(
        "listening",
        json!({
            "address": address.to_string(),
            "ca": local.map(|local| &local.ca),
        }),
    );
    if let Some(leaf) = leaf {
        let left = when::days_left(leaf.not_before, leaf.not_after, when::now());
        report.status(&format!("identity  {}, {left}", leaf.names.join(", ")));
    }
    if let Some(local) = local {
        let age = if local.new_ca { "new" } else { "made earlier" };
        let directory = local.ca.parent().unwrap_or(&local.ca).display();
        report.status(&format!(
            "          by the local CA in {directory} ({age}; for names of this machine only)"
        ));
    }
    let command = connect_command(address, local, leaf, identity, arguments);
    // Options of curl and openssl are others.
    let options = match command.contains("warifu client ") {
        true => for_clients,
        false => "",
    };
    report.status(&format!("connect   {command}{options}"));
}

/// The command that reaches this server, to be pasted.
fn connect_command(
    address: SocketAddr,
    local: Option<&LocalIdentity>,
    leaf: Option<&Description>,
    identity: Option<&str>,
    arguments: &ServerArguments,
) -> String {
    // Listening on all addresses, a client of this machine finds it on loopback.
    let target = if address.ip().is_unspecified() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    };
    let ca = local.map_or_else(|| "CA-FILE".to_owned(), |local| quoted(&local.ca));
    let options = identity.map(|identity| psk_keys::client_options(&arguments.psk, identity));
    if arguments.http {
        return match (&options, leaf) {
            // curl has no pre-shared keys.
            (Some(options), None) => {
                format!(r"printf 'GET / HTTP/1.0\n\n' | warifu client {target} --raw {options}")
            }
            _ => format!("curl --cacert {ca} https://{target}/"),
        };
    }
    let mut command = match (&options, leaf) {
        (Some(options), None) => format!("warifu client {target} {options}"),
        (Some(options), Some(_))
            if arguments.psk.psk_policy == Some(PskPolicyName::WithCertificate) =>
        {
            format!("warifu client {target} --ca {ca} {options}")
        }
        (Some(options), Some(_)) => format!("warifu client {target} {options}"),
        (None, _) => format!("warifu client {target} --ca {ca}"),
    };
    let host = target.rsplit_once(':').map_or("", |(host, _)| host);
    let host = host.trim_matches(['[', ']']);
    if let Some(leaf) = leaf
        && !leaf.names.iter().any(|name| name == host)
    {
        let name = leaf.names.first().map_or("NAME", String::as_str);
        command.push_str(&format!(" --server-name {name}"));
    }
    if arguments.post_handshake_auth {
        command.push_str(" --post-handshake-auth");
    }
    if materials::is_explicit(&arguments.trust) {
        command.push_str(" --cert FILE --key FILE");
    }
    command
}

/// A path or another word as a shell wants it.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

impl Server {
    /// Listens, and begins to serve.
    pub(crate) fn start(
        wanted: &HostPort,
        addresses: &[SocketAddr],
        service: Service,
    ) -> Result<Self, Failure> {
        let failed = |error| Failure::Listen {
            address: wanted.to_string(),
            error,
        };
        let listener = TcpListener::bind(addresses).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (tell, stops) = mpsc::channel();
        let shared = Arc::new(Shared {
            service,
            open: Mutex::default(),
            closed: Condvar::new(),
            stopping: Arc::new(AtomicBool::new(false)),
            tell: Mutex::new(tell),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &accepting));
        Ok(Self {
            address,
            shared,
            stops,
        })
    }

    /// A function that ends the server.
    pub(crate) fn stopper(&self) -> impl FnOnce(Stop) + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move |stop| shared.stop(stop)
    }

    /// Serves until there is a reason to end, then closes every connection.
    pub(crate) fn wait(self) -> Result<(), Failure> {
        // The shared part keeps a sender: the channel cannot be disconnected.
        let stop = self.stops.recv().unwrap_or(Stop::Asked);
        let report = &self.shared.service.report;
        let reason = match &stop {
            Stop::Message { connection } => format!("connection {connection} sent shutdown"),
            Stop::Signal(name) => (*name).to_owned(),
            Stop::Asked | Stop::Failed(_) => "failure".to_owned(),
        };
        if !matches!(stop, Stop::Asked) {
            report.status(&format!("ending    {reason}"));
            report.event("ending", json!({ "reason": reason }));
        }
        self.shared.stopping.store(true, Ordering::Release);
        let open = self.shared.lock_open();
        open.sockets().for_each(Socket::stop_reading);
        // Connections that do not end in time, because their peer does not read, end with the process.
        let _ = self
            .shared
            .closed
            .wait_timeout_while(open, STOP_PATIENCE, |open| !open.is_empty());
        match stop {
            Stop::Failed(failure) => Err(failure),
            _ => Ok(()),
        }
    }
}

impl Shared {
    /// Tells the first thread to end the server. Only the first reason counts.
    pub(crate) fn stop(&self, stop: Stop) {
        let tell = self.tell.lock().unwrap_or_else(PoisonError::into_inner);
        // Fails once the server has ended, and then there is nothing left to stop.
        let _ = tell.send(stop);
    }

    /// A connection has completed its handshake. `false`: it lost its place in the meantime.
    pub(crate) fn establish(&self, connection: u64) -> bool {
        self.lock_open().establish(connection)
    }

    fn lock_open(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for connections to end, while there is a reason to and for so long at most.
    fn wait_while<'a>(
        &self,
        open: MutexGuard<'a, OpenConnections>,
        limit: Duration,
        reason: impl Fn(&OpenConnections) -> bool,
    ) -> MutexGuard<'a, OpenConnections> {
        let waited = self
            .closed
            .wait_timeout_while(open, limit, |open| reason(open));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Ends the oldest handshake as soon as it is old enough, if there is one and there is no room by then. `false`: there is none.
    fn make_room(&self, why: &str, has_room: impl Fn(&OpenConnections) -> bool) -> bool {
        let mut open = self.lock_open();
        let lost = loop {
            if has_room(&open) {
                return true;
            }
            match open.make_room(Instant::now()) {
                Room::Made(lost) => break lost,
                Room::Later(left) => open = self.wait_while(open, left, |open| !has_room(open)),
                Room::Never => return false,
            }
        };
        drop(open);
        self.service.report.warning(&format!(
            "warning   [{}] {} was closed in its handshake to make room: {why}",
            lost.number, lost.peer
        ));
        true
    }
}

/// What to do about an error of `accept`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedy {
    /// The client that was to be accepted is gone; the next one may be there.
    Next,
    /// No more descriptors, or no memory: what the oldest handshake has will do.
    MakeRoom,
    Pause,
}

impl Remedy {
    fn of(error: &io::Error) -> Self {
        match Errno::from_io_error(error) {
            Some(Errno::CONNABORTED) => Self::Next,
            Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => Self::MakeRoom,
            _ => Self::Pause,
        }
    }
}

/// Takes a connection off the list however its thread ends.
struct Entry<'a> {
    shared: &'a Shared,
    connection: u64,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.shared.lock_open().end(self.connection);
        self.shared.closed.notify_all();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let report = &shared.service.report;
    for connection in 1.. {
        let (tcp, peer) = loop {
            match listener.accept() {
                Ok(accepted) => break accepted,
                Err(error) => recover(shared, &error),
            }
        };
        if shared.stopping.load(Ordering::Acquire) {
            return;
        }
        if let Err(problem) = begin(shared, connection, tcp, peer) {
            report.warning(&format!(
                "warning   [{connection}] {peer} was turned away: {problem}"
            ));
        }
    }
}

/// Does what helps `accept` after this error.
fn recover(shared: &Shared, error: &io::Error) {
    let problem = format!("cannot accept a connection: {error}");
    let living = shared.lock_open().living();
    let has_room = |open: &OpenConnections| open.living() < living;
    match Remedy::of(error) {
        Remedy::Next => {}
        Remedy::MakeRoom if shared.make_room(&problem, has_room) => {
            // Its descriptor is given back by its thread. One is enough.
            let open = shared.lock_open();
            drop(shared.wait_while(open, ACCEPT_PAUSE, |open| !has_room(open)));
        }
        Remedy::MakeRoom | Remedy::Pause => {
            let report = &shared.service.report;
            report.warning(&format!("warning   {problem}"));
            thread::sleep(ACCEPT_PAUSE);
        }
    }
}

/// Gives a connection its thread.
fn begin(
    shared: &Arc<Shared>,
    connection: u64,
    tcp: TcpStream,
    peer: SocketAddr,
) -> Result<(), String> {
    let service = &shared.service;
    let failed = |error: io::Error| error.to_string();
    let socket = Socket::new(tcp, service.handshake_timeout).map_err(failed)?;
    let most = service.max_connections;
    let count = shared.lock_open().len();
    if count >= most {
        let problem = format!("{count} connections are open (--max-connections)");
        if !shared.make_room(&problem, |open| open.len() < most) {
            return Err(problem);
        }
    }
    let are_many = |open: &OpenConnections| open.living() >= most.saturating_add(LEAVING);
    let mut open = shared.wait_while(shared.lock_open(), ACCEPT_PAUSE, are_many);
    if are_many(&open) {
        return Err(format!("{} connections have not ended", open.living()));
    }
    // Who waits for the end of all connections has told those that are on the list.
    if shared.stopping.load(Ordering::Acquire) {
        return Ok(());
    }
    // Nobody else adds any.
    open.begin(connection, peer, socket.clone());
    drop(open);
    let serving = Arc::clone(shared);
    let spawned = thread::Builder::new().spawn(move || {
        let _entry = Entry {
            shared: &serving,
            connection,
        };
        serve::connection(&serving, connection, socket, &peer.to_string());
    });
    if let Err(error) = spawned {
        shared.lock_open().end(connection);
        return Err(error.to_string());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Arguments, Command};

    #[test]
    fn words_are_quoted_where_a_shell_would_read_them_otherwise() {
        for (word, quoted_word) in [
            ("keys.psk", "keys.psk"),
            ("", "''"),
            ("my keys", "'my keys'"),
            ("it's", r"'it'\''s'"),
        ] {
            assert_eq!(quoted(Path::new(word)), quoted_word);
        }
    }

    #[test]
    fn a_handshake_ends_only_where_its_descriptor_or_its_memory_helps() {
        for (errno, remedy) in [
            (Errno::CONNABORTED, Remedy::Next),
            (Errno::MFILE, Remedy::MakeRoom),
            (Errno::NFILE, Remedy::MakeRoom),
            (Errno::NOBUFS, Remedy::MakeRoom),
            (Errno::NOMEM, Remedy::MakeRoom),
            (Errno::PERM, Remedy::Pause),
            (Errno::PROTO, Remedy::Pause),
            (Errno::NETDOWN, Remedy::Pause),
        ] {
            assert_eq!(Remedy::of(&errno.into()), remedy, "{errno}");
        }
        assert_eq!(Remedy::of(&io::ErrorKind::Other.into()), Remedy::Pause);
    }

    fn printed(line: &str, leaf: Option<&Description>) -> String {
        let arguments = Arguments::try_parse_from(line.split(' ')).unwrap();
        let Command::Server(arguments) = arguments.command else {
            panic!("not a server");
        };
        let identity = arguments.psk.is_given().then_some("alice");
        let address = "127.0.0.1:11111".parse().unwrap();
        connect_command(address, None, leaf, identity, &arguments)
    }

    #[test]
    fn a_server_of_pages_with_keys_alone_is_reached_by_our_own_client() {
        assert_eq!(
            printed("warifu server --http --psk-file keys.psk", None),
            r"printf 'GET / HTTP/1.0\n\n' | warifu client 127.0.0.1:11111 --raw --psk-identity alice --psk-file keys.psk"
        );
        assert_eq!(
            printed("warifu server --psk-file keys.psk --psk-import=", None),
            "warifu client 127.0.0.1:11111 --psk-identity alice --psk-file keys.psk --psk-import ''"
        );
    }
}
