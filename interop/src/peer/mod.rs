//! The peers: what they can do, and how each is started and spoken to.

use std::fmt;

use warifu::Stream;
use warifu::parameters::{CipherSuite, NamedGroup};

use crate::ours::{Conversation, Setup};
use crate::pki::KeyType;
use crate::program::Program;
use crate::tap::Tap;

pub mod gnutls;
pub mod openssl;
pub mod rustls;

/// Another TLS stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stack {
    OpenSsl,
    GnuTls,
    Rustls,
}

/// The peer's role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Server,
    Client,
}

/// A column of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    pub stack: Stack,
    pub role: Role,
}

impl Kind {
    pub const ALL: [Self; 6] = [
        Self::new(Stack::OpenSsl, Role::Server),
        Self::new(Stack::OpenSsl, Role::Client),
        Self::new(Stack::GnuTls, Role::Server),
        Self::new(Stack::GnuTls, Role::Client),
        Self::new(Stack::Rustls, Role::Server),
        Self::new(Stack::Rustls, Role::Client),
    ];

    pub const fn new(stack: Stack, role: Role) -> Self {
        Self { stack, role }
    }

    /// Why the stack does not have this suite, if so.
    pub fn lacks_suite(self, suite: CipherSuite) -> Option<String> {
        match self.stack {
            Stack::OpenSsl | Stack::GnuTls => None,
            Stack::Rustls => rustls::suite(suite)
                .is_none()
                .then(|| format!("{} has no AES-CCM", self.stack)),
        }
    }

    /// Why the stack does not have this group, if so.
    pub fn lacks_group(self, group: NamedGroup) -> Option<String> {
        match self.stack {
            Stack::OpenSsl => {
                (openssl::group(group).is_none()).then(|| format!("{} has no ML-KEM", self.stack))
            }
            Stack::GnuTls => {
                (gnutls::group(group).is_none()).then(|| format!("{} has no {group}", self.stack))
            }
            Stack::Rustls => {
                (rustls::group(group).is_none()).then(|| format!("{} has no {group}", self.stack))
            }
        }
    }

    /// Why the stack cannot use this kind of key, if so.
    pub fn lacks_key(self, key_type: KeyType) -> Option<String> {
        match self.stack {
            Stack::OpenSsl => (key_type.is_ml_dsa() && !openssl::has_post_quantum())
                .then(|| format!("{} has no ML-DSA", self.stack)),
            Stack::GnuTls => (key_type.is_ml_dsa() && !gnutls::has_ml_dsa())
                .then(|| format!("{} has no ML-DSA", self.stack)),
            Stack::Rustls => (key_type == KeyType::RsaPss)
                .then(|| format!("{} has no keys of the RSASSA-PSS OID", self.stack)),
        }
    }
}

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenSsl => write!(f, "OpenSSL {}", openssl::version()),
            Self::GnuTls => write!(f, "GnuTLS {}", gnutls::version()),
            Self::Rustls => write!(f, "rustls {}", rustls::VERSION),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.stack, self.role) {
            (Stack::OpenSsl, Role::Server) => "s_server",
            (Stack::OpenSsl, Role::Client) => "s_client",
            (Stack::GnuTls, Role::Server) => "gnutls-serv",
            (Stack::GnuTls, Role::Client) => "gnutls-cli",
            (Stack::Rustls, Role::Server) => "rustls-server",
            (Stack::Rustls, Role::Client) => "rustls-client",
        })
    }
}

/// A peer at work.
pub enum Peer {
    Program(Kind, Program),
    Rustls(rustls::Running),
}

impl Peer {
    /// Starts a server, and tells its port.
    pub fn server(stack: Stack, setup: &Setup) -> (Self, u16) {
        let kind = Kind::new(stack, Role::Server);
        match stack {
            Stack::OpenSsl => {
                let (program, port) = openssl::server(setup, "");
                (Self::Program(kind, program), port)
            }
            Stack::GnuTls => {
                let (program, port) = gnutls::server(setup, "--echo");
                (Self::Program(kind, program), port)
            }
            Stack::Rustls => {
                let (running, port) =
                    rustls::server(rustls::server_config(setup), rustls::converse);
                (Self::Rustls(running), port)
            }
        }
    }

    /// Starts a client that connects to `port`.
    pub fn client(stack: Stack, setup: &Setup, port: u16) -> Self {
        let kind = Kind::new(stack, Role::Client);
        match stack {
            Stack::OpenSsl => Self::Program(kind, openssl::client(setup, port, "")),
            Stack::GnuTls => Self::Program(kind, gnutls::client(setup, port, "--single-key-share")),
            Stack::Rustls => Self::Rustls(rustls::client(
                rustls::client_config(setup),
                port,
                rustls::converse,
            )),
        }
    }

    /// A message each way, then both close.
    #[track_caller]
    pub fn converse(self, ours: &mut Stream<Tap>) {
        let ping = "0 ping from warifu\n";
        let pong = "0 pong from the peer";
        ours.say(ping);
        match self {
            Self::Program(kind, mut program) => {
                if kind == Kind::new(Stack::GnuTls, Role::Server) {
                    ours.expect(ping);
                } else {
                    program.expect(ping);
                    program.say(pong);
                    ours.expect(&format!("{pong}\n"));
                }
                if kind == Kind::new(Stack::GnuTls, Role::Client) {
                    // It sends close_notify only where it closes first.
                    program.close_stdin();
                    ours.expect_close();
                    ours.close().unwrap();
                    assert!(program.expect_end().success(), "{}", program.output());
                } else {
                    ours.close().unwrap();
                    ours.expect_close();
                }
            }
            Self::Rustls(running) => {
                ours.expect(rustls::PONG);
                ours.close().unwrap();
                ours.expect_close();
                running.expect_end();
            }
        }
    }

    /// Checks that the peer's own report names the suite and group of `setup`.
    #[track_caller]
    pub fn expect_report(&self, setup: &Setup) {
        let Self::Program(kind, program) = self else {
            return;
        };
        let (Some(suite), [group]) = (setup.suite, &*setup.groups) else {
            return;
        };
        match kind.stack {
            Stack::OpenSsl => openssl::expect_report(program, kind.role, suite, *group),
            Stack::GnuTls => gnutls::expect_report(program, suite, *group),
            Stack::Rustls => {}
        }
    }
}

/// Arguments from a line in which none holds a space.
pub fn arguments(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}
