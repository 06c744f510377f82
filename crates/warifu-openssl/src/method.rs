//! The methods of the specification's table 6.1.1: which role, which versions.

use core::ops::RangeInclusive;

use warifu::parameters::ProtocolVersion;

/// Which side of connections a context is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Server,
}

/// What `SSL_CTX_new` is given.
#[derive(Debug, PartialEq, Eq)]
pub struct Method {
    /// `None`: either.
    pub(crate) role: Option<Role>,
    /// The only version; `None`: the highest that both sides support.
    pub(crate) version: Option<ProtocolVersion>,
}

impl Method {
    pub(crate) const fn new(role: Option<Role>, version: Option<ProtocolVersion>) -> Self {
        Self { role, version }
    }

    /// The versions that the method can have.
    pub(crate) fn versions(&self) -> RangeInclusive<ProtocolVersion> {
        match self.version {
            Some(version) => version..=version,
            None => ProtocolVersion::TLS1_0..=ProtocolVersion::TLS1_3,
        }
    }
}
