//! The peers: what they can do, and how each is started and spoken to.

use std::fmt;

use warifu::parameters::{CipherSuite, NamedGroup};

use crate::pki::KeyType;

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

/// Arguments from a line in which none holds a space.
pub fn arguments(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}
