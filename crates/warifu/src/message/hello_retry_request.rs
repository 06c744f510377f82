//! HelloRetryRequest, RFC 8446 Section 4.1.4.

use super::codec::{Reader, Wire, malformed};
use super::{HelloRetryRequestExtensions, NullCompression, Random, SessionId, message};
use crate::error::Error;
use crate::parameters::{CipherSuite, ProtocolVersion};

message! {
    /// HelloRetryRequest, RFC 8446 Section 4.1.4: a ServerHello with a special random.
    pub(crate) struct HelloRetryRequest<'a>: SERVER_HELLO {
        /// 0x0303; the version is in supported_versions.
        pub(crate) legacy_version: ProtocolVersion,
        pub(crate) random: RetryRandom,
        pub(crate) legacy_session_id_echo: SessionId<'a>,
        pub(crate) cipher_suite: CipherSuite,
        pub(crate) legacy_compression_method: NullCompression,
        pub(crate) extensions: HelloRetryRequestExtensions<'a>,
    }
}

/// [`Random::HELLO_RETRY_REQUEST`], the only value that the field can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RetryRandom;

impl Wire<'_> for RetryRandom {
    fn read_from(reader: &mut Reader<'_>, what: &'static str) -> Result<Self, Error> {
        if Random::read_from(reader, what)? == Random::HELLO_RETRY_REQUEST {
            Ok(Self)
        } else {
            Err(malformed(what, "not that of a HelloRetryRequest"))
        }
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        Random::HELLO_RETRY_REQUEST.encode_to(out)
    }
}
