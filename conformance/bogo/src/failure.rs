//! Why a test ends early.

use std::io;

use warifu::Error;

use crate::options::Unimplemented;

#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection failed; what the runner wants to know by its token.
    Tls(Error),
    /// No version is enabled, which is a configuration that cannot be built.
    NoVersion,
    /// The transport failed.
    Io(io::Error),
    /// Something is not as the test expects.
    Mismatch(String),
    /// A call was repeated and did not give the same error.
    Inconsistent(String),
    /// Data came where the end was awaited.
    ApplicationDataOnShutdown,
    /// An option that does not exist here.
    Unimplemented(Unimplemented),
}

impl Failure {
    pub(crate) fn mismatch(what: impl ToString) -> Self {
        Self::Mismatch(what.to_string())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Tls(error)
    }
}

impl From<Unimplemented> for Failure {
    fn from(what: Unimplemented) -> Self {
        Self::Unimplemented(what)
    }
}

impl From<io::Error> for Failure {
    /// A failed connection is an error of the library inside of one of its transport.
    fn from(error: io::Error) -> Self {
        let inner = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Error>());
        match inner {
            Some(inner) => Self::Tls(inner.clone()),
            None => Self::Io(error),
        }
    }
}
