//! How a call on a connection ended: what `SSL_get_error` and `SSL_want` tell.

use core::ffi::c_int;

use crate::fault::Fault;

/// What a connection waits for before a call can be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    /// Bytes from the peer.
    Read,
    /// Room for bytes to the peer.
    Write,
    /// The certificate callback.
    X509Lookup,
    /// The connecting BIO.
    Connect,
    /// The accepting BIO.
    Accept,
    /// The client-hello callback.
    ClientHello,
    /// The verification callback.
    RetryVerify,
}

/// Why a call on a connection did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// To be repeated later.
    Want(Want),
    /// The peer has closed its direction.
    ZeroReturn,
    /// The transport failed; what is known of it is on the error queue already.
    Transport,
    /// Anything else.
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Want> for Stop {
    fn from(want: Want) -> Self {
        Self::Want(want)
    }
}

/// The end of the last call on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Outcome {
    #[default]
    Success,
    Want(Want),
    ZeroReturn,
    Transport,
    /// The transport ended and the peer has not closed its direction: a failure for which a read returns 0, as at the end.
    Truncated,
    Failed,
}

impl Outcome {
    /// `SSL_ERROR_…`
    pub(crate) fn error_code(self) -> c_int {
        match self {
            Self::Success => 0,
            Self::Failed | Self::Truncated => 1,
            Self::Want(Want::Read) => 2,
            Self::Want(Want::Write) => 3,
            Self::Want(Want::X509Lookup) => 4,
            Self::Transport => 5,
            Self::ZeroReturn => 6,
            Self::Want(Want::Connect) => 7,
            Self::Want(Want::Accept) => 8,
            Self::Want(Want::ClientHello) => 11,
            Self::Want(Want::RetryVerify) => 12,
        }
    }

    /// `SSL_NOTHING`, `SSL_READING` and their kin.
    pub(crate) fn want_code(self) -> c_int {
        match self {
            Self::Want(Want::Write) => 2,
            Self::Want(Want::Read) => 3,
            Self::Want(Want::X509Lookup) => 4,
            Self::Want(Want::ClientHello) => 7,
            Self::Want(Want::RetryVerify) => 8,
            _ => 1,
        }
    }
}
