//! ServerHello, RFC 8446 Section 4.1.3, and how it is told from HelloRetryRequest and older versions.

use super::codec::{MAX_16, Reader, Rest, Wire, wire_struct};
use super::extension::Entries;
use super::{
    Handshake, HelloRetryRequest, NullCompression, Random, ServerHelloExtensions, SessionId,
    message,
};
use crate::error::Error;
use crate::parameters::{CipherSuite, ExtensionType, ProtocolVersion};

message! {
    /// ServerHello of TLS 1.3, RFC 8446 Section 4.1.3.
    pub(crate) struct ServerHello<'a>: SERVER_HELLO {
        /// 0x0303; the version is in supported_versions.
        pub(crate) legacy_version: ProtocolVersion,
        pub(crate) random: Random,
        pub(crate) legacy_session_id_echo: SessionId<'a>,
        pub(crate) cipher_suite: CipherSuite,
        pub(crate) legacy_compression_method: NullCompression,
        pub(crate) extensions: ServerHelloExtensions<'a>,
    }
}

wire_struct! {
    /// The start of a ServerHello of TLS 1.2 or older: one without supported_versions. Its extensions
    /// mean other things than in TLS 1.3 and are not read here.
    pub(crate) struct OlderServerHello<'a> {
        /// The version that the server chose.
        pub(crate) legacy_version: ProtocolVersion,
        /// May end in the downgrade sentinel (RFC 8446 Section 4.1.3).
        pub(crate) random: Random,
        pub(crate) legacy_session_id_echo: SessionId<'a>,
        pub(crate) cipher_suite: CipherSuite,
        pub(crate) legacy_compression_method: u8,
        /// The block of extensions with its length, or nothing.
        pub(crate) extensions: Rest<'a>,
    }
}

/// What a message of type server_hello turns out to be, as far as its start and the types of its extensions tell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ServerHelloKind<'a> {
    /// ServerHello of TLS 1.3, or what cannot be read.
    ServerHello,
    /// A request to send another ClientHello.
    HelloRetryRequest,
    /// The server chose TLS 1.2 or older, or answers nonsense.
    Older(OlderServerHello<'a>),
}

impl<'a> ServerHelloKind<'a> {
    /// Tells what the body of a message of type server_hello is to be read as.
    ///
    /// # Errors
    /// Where the extensions of a ServerHello do not even come apart.
    pub(crate) fn of(body: &'a [u8]) -> Result<Self, Error> {
        let Ok(older) = OlderServerHello::read_from(&mut Reader::new(body), ServerHello::NAME)
        else {
            // The fields are the same, so that this cannot be read either, which names the field rightly.
            return Ok(Self::ServerHello);
        };
        // RFC 8446 Section 4.1.3: "Upon receiving a message with type server_hello, implementations
        // MUST first examine the Random value and, if it matches this value, process it as
        // described in Section 4.1.4".
        if older.random == Random::HELLO_RETRY_REQUEST {
            return Ok(Self::HelloRetryRequest);
        }
        if older.names_version()? {
            return Ok(Self::ServerHello);
        }
        Ok(Self::Older(older))
    }
}

/// What a message of type server_hello turns out to be, read whole.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ServerHelloOrRetry<'a> {
    /// ServerHello of TLS 1.3.
    ServerHello(ServerHello<'a>),
    /// A request to send another ClientHello.
    HelloRetryRequest(HelloRetryRequest<'a>),
    /// The server chose TLS 1.2 or older, or answers nonsense.
    Older(OlderServerHello<'a>),
}

impl<'a> ServerHelloOrRetry<'a> {
    /// Reads the body of a message of type server_hello.
    ///
    /// # Errors
    /// As [`Handshake::read`] of the message that it is.
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, Error> {
        match ServerHelloKind::of(body)? {
            ServerHelloKind::ServerHello => ServerHello::read(body).map(Self::ServerHello),
            ServerHelloKind::HelloRetryRequest => {
                HelloRetryRequest::read(body).map(Self::HelloRetryRequest)
            }
            ServerHelloKind::Older(older) => Ok(Self::Older(older)),
        }
    }
}

impl OlderServerHello<'_> {
    /// Whether supported_versions is among the extensions, which is what makes it TLS 1.3 (RFC 8446
    /// Section 4.2.1).
    fn names_version(&self) -> Result<bool, Error> {
        let mut reader = Reader::new(self.extensions.0);
        if reader.is_empty() {
            return Ok(false);
        }
        let block = reader.block(2, 0, MAX_16, "ServerHello.extensions")?;
        reader.finish(ServerHello::NAME)?;
        let mut found = false;
        for entry in Entries::new(block) {
            found |= entry?.extension_type == ExtensionType::SUPPORTED_VERSIONS;
        }
        Ok(found)
    }
}
