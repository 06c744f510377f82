//! `SSL_OP_…` and `SSL_MODE_…`: bits by OpenSSL's numbers.

use warifu::parameters::ProtocolVersion;

/// All versions, the lowest first.
pub(crate) const VERSIONS: [ProtocolVersion; 4] = [
    ProtocolVersion::TLS1_0,
    ProtocolVersion::TLS1_1,
    ProtocolVersion::TLS1_2,
    ProtocolVersion::TLS1_3,
];

/// `SSL_OP_…`. Bits without a name here are kept and read back, and mean nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options(pub(crate) u64);

impl Options {
    pub(crate) const LEGACY_SERVER_CONNECT: Self = Self(1 << 2);
    pub(crate) const IGNORE_UNEXPECTED_EOF: Self = Self(1 << 7);
    pub(crate) const DONT_INSERT_EMPTY_FRAGMENTS: Self = Self(1 << 11);
    pub(crate) const NO_TICKET: Self = Self(1 << 14);
    pub(crate) const NO_ANTI_REPLAY: Self = Self(1 << 24);
    pub(crate) const NO_ENCRYPT_THEN_MAC: Self = Self(1 << 19);
    pub(crate) const CIPHER_SERVER_PREFERENCE: Self = Self(1 << 22);

    pub(crate) fn contains(self, option: Self) -> bool {
        self.0 & option.0 == option.0
    }

    /// `SSL_OP_NO_TLSv1` and its kin.
    pub(crate) fn switches_off(self, version: ProtocolVersion) -> bool {
        let bit = match version {
            ProtocolVersion::TLS1_0 => 26,
            ProtocolVersion::TLS1_2 => 27,
            ProtocolVersion::TLS1_1 => 28,
            ProtocolVersion::TLS1_3 => 29,
            _ => return false,
        };
        self.0 & (1 << bit) != 0
    }
}

/// `SSL_OP_NO_COMPRESSION` and `SSL_OP_ENABLE_MIDDLEBOX_COMPAT` are always on.
impl Default for Options {
    fn default() -> Self {
        Self(1 << 17 | 1 << 20)
    }
}

/// `SSL_MODE_…`, as [`Options`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Modes(pub(crate) u32);

impl Modes {
    pub(crate) const ENABLE_PARTIAL_WRITE: Self = Self(1);
    pub(crate) const ACCEPT_MOVING_WRITE_BUFFER: Self = Self(2);
    pub(crate) const AUTO_RETRY: Self = Self(4);
    pub(crate) const RELEASE_BUFFERS: Self = Self(0x10);
    pub(crate) const SEND_FALLBACK_SCSV: Self = Self(0x80);

    pub(crate) fn contains(self, mode: Self) -> bool {
        self.0 & mode.0 == mode.0
    }
}

/// As in OpenSSL since 1.1.1.
impl Default for Modes {
    fn default() -> Self {
        Self::AUTO_RETRY
    }
}
