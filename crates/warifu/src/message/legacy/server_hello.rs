//! ServerHello, RFC 5246 Section 7.4.1.3.

use crate::message::{LegacyServerHelloExtensions, NullCompression, Random, SessionId, message};
use crate::parameters::{CipherSuite, ProtocolVersion};

message! {
    /// ServerHello of TLS 1.2 and older, RFC 5246 Section 7.4.1.3.
    pub(crate) struct LegacyServerHello<'a>: SERVER_HELLO {
        /// The RFC's `server_version`: what the server chose.
        pub(crate) legacy_version: ProtocolVersion,
        /// May end in the downgrade sentinel (RFC 8446 Section 4.1.3).
        pub(crate) random: Random,
        /// That of the ClientHello if the session is resumed; another, or none, if it is new.
        pub(crate) session_id: SessionId<'a>,
        pub(crate) cipher_suite: CipherSuite,
        /// Compression tells lengths and so secrets (CRIME); nobody here offers it.
        pub(crate) compression_method: NullCompression,
        pub(crate) extensions: LegacyServerHelloExtensions<'a>,
    }
}
