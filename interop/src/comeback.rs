//! A client that comes back: two connections to one server, one after the other.

use std::sync::Arc;

use warifu::{ClientConfig, ServerConfig};

use crate::meeting::{Meeting, Peer, Plan, Script};
use crate::ours::{self, Conversation, Listener, Messages, Setup};
use crate::peer::rustls::{self, converse};
use crate::peer::{Kind, Role, Stack, gnutls, openssl};
use crate::pki;

/// What a cell tells both sides beyond the plan of either connection.
pub struct Second {
    /// More arguments for `s_client` when it comes back.
    pub arguments: String,
    /// What rustls does after the handshake of the second connection; the plan's script is of the first.
    pub script: Script,
}

impl Default for Second {
    fn default() -> Self {
        Self {
            arguments: String::new(),
            script: Box::new(converse),
        }
    }
}

/// The two sides between their connections.
pub struct Comeback {
    kind: Kind,
    ours: Ours,
    /// The peer's program or thread, where one is there for both connections.
    peer: Option<Peer>,
    setup: Setup,
    server_name: &'static str,
    arguments: String,
    /// `s_client` keeps its session here.
    session: String,
    rustls: Option<Arc<::rustls::ClientConfig>>,
    scripts: [Option<Script>; 2],
    second_arguments: String,
}

enum Ours {
    Client(Arc<ClientConfig>, u16),
    Server(Arc<ServerConfig>, Listener),
}

impl Comeback {
    /// Makes both sides. A server of the peer's is started.
    #[track_caller]
    pub fn new(kind: Kind, plan: Plan, second: Second) -> Self {
        let setup = plan.setup;
        let mut scripts = [Some(plan.script), Some(second.script)];
        let mut rustls = None;
        let (ours, peer) = match kind.role {
            Role::Server => {
                let (peer, port) = match kind.stack {
                    Stack::OpenSsl => {
                        let line = format!("-naccept 2 {}", plan.arguments);
                        let (program, port) = openssl::server(&setup, &line);
                        (Peer::Program(program), port)
                    }
                    Stack::GnuTls => {
                        let (program, port) =
                            gnutls::server(&setup, &plan.arguments, &plan.environment);
                        (Peer::Program(program), port)
                    }
                    Stack::Rustls => {
                        let mut config = rustls::server_config(&setup);
                        (plan.rustls_server)(&mut config);
                        let scripts = scripts.iter_mut().filter_map(Option::take).collect();
                        let (running, port) = rustls::server_for(config, scripts);
                        (Peer::Rustls(running), port)
                    }
                    Stack::Built(_) => panic!("the programs take one connection"),
                };
                let config = (plan.our_client)(ours::client_config(&setup));
                (Ours::Client(config.build().unwrap(), port), Some(peer))
            }
            Role::Client => {
                let config = (plan.our_server)(ours::server_config(&setup));
                if kind.stack == Stack::Rustls {
                    let mut config = rustls::client_config(&setup);
                    (plan.rustls_client)(&mut config);
                    rustls = Some(Arc::new(config));
                }
                let ours = Ours::Server(config.build().unwrap(), Listener::default());
                (ours, None)
            }
        };
        Self {
            kind,
            ours,
            peer,
            setup,
            server_name: plan.server_name,
            arguments: plan.arguments,
            session: pki::get().file("session", ""),
            rustls,
            scripts,
            second_arguments: second.arguments,
        }
    }

    /// Connects both sides for the first time. The handshake has not run yet.
    #[track_caller]
    pub fn first(&mut self) -> Meeting {
        self.connect(format!("-sess_out {}", self.session), 0)
    }

    /// Ends the first connection, and connects both sides again.
    #[track_caller]
    pub fn second(&mut self, mut first: Meeting) -> Meeting {
        if self.kind == Kind::new(Stack::GnuTls, Role::Client) {
            // It closes by itself.
            first.ours.expect_close();
            first.ours.close().unwrap();
        } else {
            first.ours.close().unwrap();
            first.ours.expect_close();
        }
        let stays = self.kind.role == Role::Server || self.kind.stack == Stack::GnuTls;
        match first.peer {
            peer if stays => self.peer = Some(peer),
            Peer::Rustls(running) => running.expect_end(),
            Peer::Program(_) => {}
        }
        let arguments = format!("-sess_in {} {}", self.session, self.second_arguments);
        self.connect(arguments, 1)
    }

    #[track_caller]
    fn connect(&mut self, more: String, number: usize) -> Meeting {
        let messages = Arc::new(Messages::default());
        let (ours, peer) = match &self.ours {
            Ours::Client(config, port) => {
                let stream = ours::connect(config.clone(), self.server_name, *port);
                (stream, self.peer.take().unwrap())
            }
            Ours::Server(config, listener) => {
                let port = listener.port();
                let peer = match (self.peer.take(), self.kind.stack) {
                    (Some(peer), _) => peer,
                    (None, Stack::OpenSsl) => {
                        let line = format!("{} {more}", self.arguments);
                        let program = openssl::client(&self.setup, self.server_name, port, &line);
                        Peer::Program(program)
                    }
                    (None, Stack::GnuTls) => {
                        let line = format!("--resume --waitresumption {}", self.arguments);
                        let program =
                            gnutls::client(&self.setup, self.server_name, port, &line, "");
                        Peer::Program(program)
                    }
                    (None, _) => {
                        let config = self.rustls.clone().unwrap();
                        let script = self.scripts[number].take().unwrap();
                        Peer::Rustls(rustls::client(config, self.server_name, port, script))
                    }
                };
                (listener.accept(config.clone()), peer)
            }
        };
        Meeting::of(self.kind, ours, peer, messages)
    }
}
