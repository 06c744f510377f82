//! A cell's two sides, from plan to conversation.

use std::io::{self, Read, Write};
use std::sync::Arc;

use warifu::Stream;
use warifu::config::{Client, ConfigBuilder, Server};
use warifu::parameters::{AlertDescription, CipherSuite, NamedGroup, ProtocolVersion};

use crate::ours::{self, Conversation, Listener, Messages, Setup};
use crate::peer::rustls::{self, Rustls};
use crate::peer::{Kind, Role, Stack, built, gnutls, openssl};
use crate::pki::NAME;
use crate::program::Program;
use crate::psk::Psk;
use crate::tap::Tap;

/// What rustls does after the handshake.
pub type Script = Box<dyn FnOnce(&mut dyn Rustls) -> io::Result<()> + Send>;

/// What a cell tells both sides, beyond [`Setup`]. Only what concerns the cell's roles is used.
pub struct Plan {
    pub setup: Setup,
    /// The name that the client asks for and verifies.
    pub server_name: &'static str,
    /// More arguments for the peer's program.
    pub arguments: String,
    /// Environment variables for GnuTLS, `NAME=value`.
    pub environment: String,
    pub our_client: Box<dyn FnOnce(ConfigBuilder<Client>) -> ConfigBuilder<Client>>,
    pub our_server: Box<dyn FnOnce(ConfigBuilder<Server>) -> ConfigBuilder<Server>>,
    pub rustls_client: Box<dyn FnOnce(&mut ::rustls::ClientConfig)>,
    pub rustls_server: Box<dyn FnOnce(&mut ::rustls::ServerConfig)>,
    /// What rustls does after the handshake.
    pub script: Script,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            setup: Setup::default(),
            server_name: NAME,
            arguments: String::new(),
            environment: String::new(),
            our_client: Box::new(|client| client),
            our_server: Box::new(|server| server),
            rustls_client: Box::new(|_| {}),
            rustls_server: Box::new(|_| {}),
            script: Box::new(rustls::converse),
        }
    }
}

/// The peer at work.
pub enum Peer {
    Program(Program),
    Rustls(rustls::Running),
}

/// Two connected sides. The handshake has not run yet.
pub struct Meeting {
    pub kind: Kind,
    pub ours: Stream<Tap>,
    pub peer: Peer,
    /// The messages that our side sent and received.
    pub messages: Arc<Messages>,
    /// Lines so far: each is another, so that none is taken for an earlier one.
    lines: usize,
}

impl Meeting {
    /// Starts the peer and connects both sides.
    #[track_caller]
    pub fn new(kind: Kind, plan: Plan) -> Self {
        let messages = Arc::new(Messages::default());
        let setup = &plan.setup;
        let (ours, peer) = match kind.role {
            Role::Server => {
                let (peer, port) = match kind.stack {
                    Stack::OpenSsl => program(openssl::server(setup, &plan.arguments)),
                    Stack::GnuTls => {
                        program(gnutls::server(setup, &plan.arguments, &plan.environment))
                    }
                    Stack::Rustls => {
                        let mut config = rustls::server_config(setup);
                        (plan.rustls_server)(&mut config);
                        let (running, port) = rustls::server(config, plan.script);
                        (Peer::Rustls(running), port)
                    }
                    Stack::Built(stack) => program(built::server(stack, setup, &plan.arguments)),
                };
                let config = (plan.our_client)(ours::client_config(setup))
                    .with_message_log(messages.clone())
                    .build()
                    .unwrap();
                (ours::connect(config, plan.server_name, port), peer)
            }
            Role::Client => {
                let listener = Listener::default();
                let port = listener.port();
                let peer = match kind.stack {
                    Stack::OpenSsl => Peer::Program(openssl::client(
                        setup,
                        plan.server_name,
                        port,
                        &plan.arguments,
                    )),
                    Stack::GnuTls => Peer::Program(gnutls::client(
                        setup,
                        plan.server_name,
                        port,
                        &plan.arguments,
                        &plan.environment,
                    )),
                    Stack::Rustls => {
                        let mut config = rustls::client_config(setup);
                        (plan.rustls_client)(&mut config);
                        Peer::Rustls(rustls::client(config, plan.server_name, port, plan.script))
                    }
                    Stack::Built(stack) => {
                        Peer::Program(built::client(stack, setup, port, &plan.arguments))
                    }
                };
                let config = (plan.our_server)(ours::server_config(setup))
                    .with_message_log(messages.clone())
                    .build()
                    .unwrap();
                (listener.accept(config), peer)
            }
        };
        Self::of(kind, ours, peer, messages)
    }

    /// Two sides that are connected already.
    pub(crate) fn of(kind: Kind, ours: Stream<Tap>, peer: Peer, messages: Arc<Messages>) -> Self {
        Self {
            kind,
            ours,
            peer,
            messages,
            lines: 0,
        }
    }

    /// The peer's program.
    #[track_caller]
    pub fn program(&mut self) -> &mut Program {
        match &mut self.peer {
            Peer::Program(program) => program,
            Peer::Rustls(_) => panic!("rustls is not a program"),
        }
    }

    /// Whether the peer's server sends back what it gets, and nothing else.
    pub fn is_echo(&self) -> bool {
        self.kind == Kind::new(Stack::GnuTls, Role::Server)
    }

    /// A line each way between programs.
    #[track_caller]
    pub fn chat(&mut self) {
        self.lines += 1;
        let ping = format!("0 line {} from warifu\n", self.lines);
        self.ours.say(&ping);
        if self.is_echo() {
            self.ours.expect(&ping);
            return;
        }
        let pong = format!("0 line {} from the peer", self.lines);
        self.program().expect(&ping);
        self.program().say(&pong);
        self.ours.expect(&format!("{pong}\n"));
    }

    /// Both close. Who goes first is what the peer supports; rustls' script ends with it.
    #[track_caller]
    pub fn close(mut self) {
        if self.kind == Kind::new(Stack::GnuTls, Role::Client) {
            // gnutls-cli sends close_notify only where it closes first.
            self.program().close_stdin();
            self.ours.expect_close();
            self.ours.close().unwrap();
            let status = self.program().expect_end();
            assert!(status.success(), "{}", self.program().output());
            return;
        }
        self.ours.close().unwrap();
        self.ours.expect_close();
        if let Peer::Rustls(running) = self.peer {
            running.expect_end();
        }
    }

    /// A message each way, then both close; rustls runs [`rustls::converse`].
    #[track_caller]
    pub fn converse(mut self) {
        self.talk();
        self.close();
    }

    /// A message each way; rustls runs [`rustls::converse`].
    #[track_caller]
    pub fn talk(&mut self) {
        match self.peer {
            Peer::Program(_) => self.chat(),
            Peer::Rustls(_) => {
                self.ours.say("0 ping from warifu\n");
                self.ours.expect(rustls::PONG);
            }
        }
    }

    /// Checks that the peer's own report names this alert of ours.
    #[track_caller]
    pub fn expect_alert(self, alert: AlertDescription) {
        let (number, name) = (alert.0, alert.to_string());
        match (self.kind.stack, self.peer) {
            (Stack::OpenSsl, Peer::Program(program)) => {
                program.expect(&format!("SSL alert number {number}"));
            }
            (Stack::GnuTls, Peer::Program(program)) => match self.kind.role {
                Role::Client => program.expect(&format!("Received alert [{number}]")),
                // gnutls-serv does not print which.
                Role::Server => program.expect("A TLS fatal alert has been received."),
            },
            (_, Peer::Program(program)) => {
                // Each in its own words.
                program.expect_line("failed: ");
                let output = program.output().to_lowercase().replace('_', "");
                let plain = name.to_lowercase().replace('_', "");
                let told = output.contains(&plain)
                    || output.contains(&format!("alert received {number},"));
                assert!(told, "{output}: not {name}");
            }
            (_, Peer::Rustls(running)) => {
                let text = running.expect_error();
                let name = name.replace('_', "");
                assert!(text.to_lowercase().ends_with(&name), "{text}: not {name}");
            }
        }
    }

    /// Checks that the peer's own report names the suite, the group if there is one, and the external key.
    #[track_caller]
    pub fn expect_psk_report(&self, psk: &Psk, group: Option<NamedGroup>) {
        if let Peer::Program(program) = &self.peer {
            expect_psk_report(program, self.kind, psk, group);
        }
    }

    /// Checks that the peer's own report names this version, TLS 1.2 or older, and this suite.
    #[track_caller]
    pub fn expect_legacy_report(&self, version: ProtocolVersion, suite: CipherSuite) {
        let Peer::Program(program) = &self.peer else {
            return;
        };
        match self.kind.stack {
            Stack::OpenSsl => {
                openssl::expect_legacy_report(program, self.kind.role, version, suite);
            }
            Stack::GnuTls => gnutls::expect_legacy_report(program, version, suite),
            Stack::Rustls | Stack::Built(_) => {}
        }
    }

    /// Data each way, ours first; the peer is a program.
    #[track_caller]
    pub fn exchange(&mut self, data: &[u8]) {
        self.ours.write_all(data).unwrap();
        self.ours.flush().unwrap();
        if !self.is_echo() {
            self.program().expect_bytes(data);
            self.program().write(data);
        }
        let mut got = vec![0; data.len()];
        self.ours.read_exact(&mut got).unwrap();
        assert!(got == data, "what the peer sent came changed");
    }

    /// Checks that the peer's own report names the suite and the only group of `setup`.
    #[track_caller]
    pub fn expect_report(&self, setup: &Setup) {
        let (Some(suite), [group], Peer::Program(program)) =
            (setup.suite, &*setup.groups, &self.peer)
        else {
            return;
        };
        match self.kind.stack {
            Stack::OpenSsl => openssl::expect_report(program, self.kind.role, suite, *group),
            Stack::GnuTls => gnutls::expect_report(program, suite, *group),
            Stack::Rustls | Stack::Built(_) => {}
        }
    }
}

#[track_caller]
fn expect_psk_report(program: &Program, kind: Kind, psk: &Psk, group: Option<NamedGroup>) {
    let suite = psk.suite();
    match kind.stack {
        Stack::OpenSsl => openssl::expect_psk_report(program, kind.role, suite, group),
        Stack::GnuTls => gnutls::expect_psk_report(program, kind.role, suite, group, psk),
        Stack::Built(_) => built::expect_report(program, kind.role, suite, group, psk),
        Stack::Rustls => {}
    }
}

/// Two peers' programs with each other, without us: what we tell them about `psk` is right, or this fails. The
/// client's and the server's groups are given; they agree on `group`.
#[track_caller]
pub fn introduce(
    [server, client]: [Stack; 2],
    psk: &Psk,
    groups: [&[NamedGroup]; 2],
    group: Option<NamedGroup>,
) {
    let setup = |groups: &[NamedGroup]| Setup {
        suite: Some(psk.suite()),
        groups: groups.to_vec(),
        psk: Some(psk.clone()),
        ..Setup::default()
    };
    let (for_server, for_client) = (setup(groups[0]), setup(groups[1]));
    let (mut at_server, port) = match server {
        Stack::OpenSsl => openssl::server(&for_server, ""),
        Stack::GnuTls => gnutls::server(&for_server, "", ""),
        Stack::Built(stack) => built::server(stack, &for_server, ""),
        Stack::Rustls => panic!("rustls has no external keys"),
    };
    let mut at_client = match client {
        Stack::OpenSsl => openssl::client(&for_client, NAME, port, ""),
        Stack::GnuTls => gnutls::client(&for_client, NAME, port, "", ""),
        Stack::Built(stack) => built::client(stack, &for_client, port, ""),
        Stack::Rustls => panic!("rustls has no external keys"),
    };
    expect_psk_report(&at_server, Kind::new(server, Role::Server), psk, group);
    expect_psk_report(&at_client, Kind::new(client, Role::Client), psk, group);
    at_client.say("0 line from the client");
    if server != Stack::GnuTls {
        at_server.expect("0 line from the client\n");
        at_server.say("0 line from the server");
        at_client.expect("0 line from the server\n");
    } else {
        at_client.expect("0 line from the client\n");
    }
}

fn program((program, port): (Program, u16)) -> (Peer, u16) {
    (Peer::Program(program), port)
}
