//! Why a call of the API failed: what goes onto the error queue.

use core::ffi::c_int;
use std::io;

use crate::reason::{self, Library};

/// A failure of one call. [`entry`](crate::entry::entry) puts it onto the thread's error queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Goes onto the queue.
    Raised {
        library: Library,
        reason: c_int,
        /// Our own sentence.
        detail: Option<String>,
    },
    /// The call's result says it all: want read, a count of zero, an answer "no".
    Quiet,
}

impl Fault {
    /// A failure with OpenSSL's reason code (`SSL_R_…`) and our sentence.
    pub(crate) fn ssl(reason: c_int, detail: impl Into<String>) -> Self {
        Self::Raised {
            library: Library::Ssl,
            reason,
            detail: Some(detail.into()),
        }
    }

    /// Whether it has this reason of `ERR_LIB_SSL`.
    pub(crate) fn is_ssl(&self, wanted: c_int) -> bool {
        matches!(self, Self::Raised { library: Library::Ssl, reason, .. } if *reason == wanted)
    }

    /// A null pointer where an object or string is needed.
    pub(crate) fn null() -> Self {
        Self::Raised {
            library: Library::Ssl,
            reason: reason::ERR_R_PASSED_NULL_PARAMETER,
            detail: Some("an argument that must not be NULL is NULL".to_owned()),
        }
    }

    /// An argument that makes no sense.
    pub(crate) fn argument(detail: impl Into<String>) -> Self {
        Self::ssl(reason::ERR_R_PASSED_INVALID_ARGUMENT, detail)
    }

    /// Something that the API has and this library does not do; says what to do instead.
    pub(crate) fn unsupported(detail: impl Into<String>) -> Self {
        Self::ssl(reason::ERR_R_UNSUPPORTED, detail)
    }

    /// A call at a time at which it may not be called.
    pub(crate) fn misuse(detail: impl Into<String>) -> Self {
        Self::ssl(reason::ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED, detail)
    }

    /// The same with `more` at the end of its sentence.
    pub(crate) fn and(mut self, more: &str) -> Self {
        if let Self::Raised {
            detail: Some(detail),
            ..
        } = &mut self
        {
            detail.push_str(more);
        }
        self
    }

    /// A defect of this library.
    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        Self::ssl(reason::ERR_R_INTERNAL_ERROR, detail)
    }

    /// The same with the file, and what else it may be about, before its sentence.
    pub(crate) fn about(mut self, what: &str) -> Self {
        if let Self::Raised { detail, .. } = &mut self {
            *detail = Some(match detail {
                Some(detail) => format!("{what}: {detail}"),
                None => what.to_owned(),
            });
        }
        self
    }

    /// A failed system call: its errno is the reason, whose words say what is wrong. `what` names the call and its object.
    pub(crate) fn system(error: &io::Error, what: &str) -> Self {
        let (reason, detail) = match error.raw_os_error() {
            Some(errno) => (errno, what.to_owned()),
            None => (0, format!("{what}: {error}")),
        };
        Self::Raised {
            library: Library::System,
            reason,
            detail: Some(detail),
        }
    }
}

/// For a text that goes elsewhere than the queue.
impl core::fmt::Display for Fault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Raised {
                library: Library::System,
                reason: errno @ 1..,
                detail: Some(detail),
            } => write!(f, "{detail}: {}", io::Error::from_raw_os_error(*errno)),
            Self::Raised {
                detail: Some(detail),
                ..
            } => f.write_str(detail),
            Self::Raised {
                library, reason, ..
            } => {
                let words = reason::reason_words(reason::pack(*library, *reason));
                f.write_str(&words.unwrap_or(c"failed").to_string_lossy())
            }
            Self::Quiet => f.write_str("failed"),
        }
    }
}
