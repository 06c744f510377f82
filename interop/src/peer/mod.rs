//! The peers: what they can do, and how each is started and spoken to.

use std::fmt;
use std::net::{Ipv4Addr, TcpListener};

use warifu::parameters::{CipherSuite, NamedGroup};

use crate::pki::KeyType;
use crate::psk::{Certificate, Hash, Modes, Psk};

pub mod built;
pub mod gnutls;
pub mod openssl;
pub mod rustls;
pub mod wolfssl;

/// Another TLS stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stack {
    OpenSsl,
    GnuTls,
    Rustls,
    /// A program of `peers/`, for pre-shared keys.
    Built(Built),
}

/// A stack with a program of ours around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Built {
    BoringSsl,
    WolfSsl,
    PureCrypto,
}

impl Stack {
    /// Whether it has the importer of RFC 9258.
    fn imports(self) -> bool {
        matches!(
            self,
            Self::Built(Built::BoringSsl) | Self::Built(Built::PureCrypto)
        )
    }
}

impl Built {
    /// Its name and version, as pinned in peers/Cargo.toml.
    fn with_version(self) -> &'static str {
        match self {
            Self::BoringSsl => "BoringSSL (boring 5.4)",
            Self::WolfSsl => "wolfSSL 5.9.4",
            Self::PureCrypto => "purecrypto 0.10",
        }
    }
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

    /// The columns of tables about external pre-shared keys, which rustls does not have.
    pub const WITH_PSK: [Self; 10] = [
        Self::new(Stack::OpenSsl, Role::Server),
        Self::new(Stack::OpenSsl, Role::Client),
        Self::new(Stack::GnuTls, Role::Server),
        Self::new(Stack::GnuTls, Role::Client),
        Self::new(Stack::Built(Built::WolfSsl), Role::Server),
        Self::new(Stack::Built(Built::WolfSsl), Role::Client),
        Self::new(Stack::Built(Built::PureCrypto), Role::Server),
        Self::new(Stack::Built(Built::PureCrypto), Role::Client),
        Self::new(Stack::Built(Built::BoringSsl), Role::Server),
        Self::new(Stack::Built(Built::BoringSsl), Role::Client),
    ];

    /// The columns of tables about TLS 1.2 and older.
    pub const LEGACY: [Self; 4] = [
        Self::new(Stack::OpenSsl, Role::Server),
        Self::new(Stack::OpenSsl, Role::Client),
        Self::new(Stack::GnuTls, Role::Server),
        Self::new(Stack::GnuTls, Role::Client),
    ];

    pub const fn new(stack: Stack, role: Role) -> Self {
        Self { stack, role }
    }

    /// Why the stack cannot do this with an external key, `retry` with a HelloRetryRequest, if so.
    pub fn lacks_psk(self, psk: &Psk, retry: bool) -> Option<String> {
        let lacks = |what: &str| Some(format!("{} has no {what}", self.stack));
        if let Stack::Built(_) = self.stack
            && let Some(reason) = built::lacks()
        {
            return Some(reason.to_owned());
        }
        let stack = self.stack;
        match (psk.import, psk.certificate) {
            (Some(_), _) if !stack.imports() => return lacks("imported keys"),
            (None, _) if stack == Stack::Built(Built::BoringSsl) => {
                return lacks("keys that are not imported");
            }
            (Some(_), _) if psk.target.is_some() && stack == Stack::Built(Built::PureCrypto) => {
                return Some(format!("{stack} imports with the key's own hash alone"));
            }
            (_, Certificate::Beside) if stack != Stack::Built(Built::WolfSsl) => {
                return lacks("certificate beside a key");
            }
            (_, Certificate::OrElse) if matches!(stack, Stack::Built(_)) => {
                return Some(format!("{stack} is tested with keys alone"));
            }
            _ => {}
        }
        if psk.hash == Hash::Sha384 && stack == Stack::GnuTls {
            return lacks("keys of SHA-384");
        }
        if psk.modes != Modes::PskDheKe && stack == Stack::Built(Built::BoringSsl) {
            return lacks("psk_ke");
        }
        if retry
            && psk.suite() == CipherSuite::TLS_AES_256_GCM_SHA384
            && self == Self::new(Stack::OpenSsl, Role::Client)
        {
            return Some("s_client takes the key for one of SHA-256 after a retry".to_owned());
        }
        None
    }

    /// Why the stack does not have this suite, if so.
    pub fn lacks_suite(self, suite: CipherSuite) -> Option<String> {
        match self.stack {
            Stack::OpenSsl | Stack::GnuTls => None,
            Stack::Rustls => rustls::suite(suite)
                .is_none()
                .then(|| format!("{} has no AES-CCM", self.stack)),
            Stack::Built(_) => None,
        }
    }

    /// Why the stack does not have this suite of TLS 1.2 or older, if so.
    pub fn lacks_legacy(self, suite: CipherSuite) -> Option<String> {
        let has = match self.stack {
            Stack::OpenSsl => openssl::has_legacy(suite),
            Stack::GnuTls => gnutls::has_legacy(suite),
            Stack::Rustls | Stack::Built(_) => false,
        };
        (!has).then(|| format!("{} does not have the suite", self.stack))
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
            Stack::Built(_) => None,
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
            Stack::Built(_) => None,
        }
    }
}

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenSsl => write!(f, "OpenSSL {}", openssl::version()),
            Self::GnuTls => write!(f, "GnuTLS {}", gnutls::version()),
            Self::Rustls => write!(f, "rustls {}", rustls::VERSION),
            Self::Built(stack) => write!(f, "{}", stack.with_version()),
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
            (Stack::Built(Built::BoringSsl), Role::Server) => "boringssl-server",
            (Stack::Built(Built::BoringSsl), Role::Client) => "boringssl-client",
            (Stack::Built(Built::WolfSsl), Role::Server) => "wolfssl-server",
            (Stack::Built(Built::WolfSsl), Role::Client) => "wolfssl-client",
            (Stack::Built(Built::PureCrypto), Role::Server) => "purecrypto-server",
            (Stack::Built(Built::PureCrypto), Role::Client) => "purecrypto-client",
        })
    }
}

/// A port that was free a moment ago, for servers that cannot tell one that they were given by the system.
fn free_port() -> u16 {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    free.local_addr().unwrap().port()
}

/// Arguments from a line in which none holds a space.
pub fn arguments(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}
