//! Wire format of messages, RFC 8446 Section 4.
//!
//! Each message is declared once, by [`message!`]; what may be in its extensions is declared once, in
//! the table of `extension.rs`. Structs borrow from the bytes they were read from: reading allocates
//! nothing.

pub(crate) mod certificate;
pub(crate) mod certificate_request;
pub(crate) mod certificate_verify;
pub(crate) mod client_hello;
pub(crate) mod codec;
pub(crate) mod encrypted_extensions;
pub(crate) mod end_of_early_data;
pub(crate) mod extension;
pub(crate) mod extension_data;
#[cfg(test)]
mod extension_tests;
pub(crate) mod finished;
pub(crate) mod hello_retry_request;
pub(crate) mod key_update;
#[cfg(feature = "legacy")]
#[allow(
    dead_code,
    unused_imports,
    reason = "used by the flows of older versions"
)]
pub(crate) mod legacy;
pub(crate) mod new_session_ticket;
#[cfg(test)]
mod recorded_tests;
#[cfg(test)]
mod sample;
pub(crate) mod server_hello;
#[cfg(test)]
mod tests;

use core::fmt;

pub(crate) use certificate::{Certificate, Staples};
pub(crate) use certificate_request::CertificateRequest;
pub(crate) use certificate_verify::CertificateVerify;
pub(crate) use client_hello::ClientHello;
pub(crate) use codec::{List8, List16, Opaque8, Opaque16, Rest};
pub(crate) use encrypted_extensions::EncryptedExtensions;
pub(crate) use end_of_early_data::EndOfEarlyData;
#[cfg(feature = "legacy")]
pub(crate) use extension::LegacyServerHelloExtensions;
pub(crate) use extension::{
    CertificateExtensions, CertificateRequestExtensions, ClientHelloExtensions,
    EncryptedExtensionsExtensions, ExtensionSet, HelloRetryRequestExtensions,
    NewSessionTicketExtensions, ServerHelloExtensions,
};
pub(crate) use extension_data::*;
pub(crate) use finished::Finished;
pub(crate) use hello_retry_request::{HelloRetryRequest, RetryRandom};
pub(crate) use key_update::{KeyUpdate, KeyUpdateRequest};
pub(crate) use new_session_ticket::NewSessionTicket;
pub(crate) use server_hello::{OlderServerHello, ServerHello, ServerHelloKind, ServerHelloOrRetry};

use crate::error::Error;
use crate::parameters::HandshakeType;
use codec::{MAX_24, Reader, Wire, write_block};

/// Bytes of the header of a handshake message: its type and the length of its body (24 bits).
pub(crate) const HEADER_LEN: usize = 4;

/// A handshake message. Its [`Wire`] form is the body.
pub(crate) trait Handshake<'a>: Wire<'a> {
    /// The type in its header.
    const TYPE: HandshakeType;
    /// The name in errors.
    const NAME: &'static str;

    /// Appends header and body to `out`.
    ///
    /// # Errors
    /// `Error::Internal` if a vector is outside its range; `out` is then as it was before.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        encode_with_header(Self::TYPE, out, |out| self.encode_to(out))
    }

    /// Reads a whole body, `body` being what follows the header.
    ///
    /// # Errors
    /// `PeerMisbehaved::Malformed` if it ends early or has bytes left over, and whatever the fields
    /// and extensions demand.
    fn read(body: &'a [u8]) -> Result<Self, Error> {
        Self::read_whole(Reader::new(body), Self::NAME)
    }
}

/// Appends a header of type `message` and the body that `body` appends.
///
/// # Errors
/// `Error::Internal` if the body fails; `out` is then as it was before.
pub(crate) fn encode_with_header(
    message: HandshakeType,
    out: &mut Vec<u8>,
    body: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
) -> Result<(), Error> {
    let start = out.len();
    out.push(message.0);
    let result = write_block(out, HEADER_LEN - 1, 0, MAX_24, body);
    if result.is_err() {
        out.truncate(start);
    }
    result
}

/// Declares a handshake message: [`codec::wire_struct!`] and, after the name, the constant of its type.
///
/// ```text
/// message! {
///     /// CertificateVerify, RFC 8446 Section 4.4.3.
///     pub(crate) struct CertificateVerify<'a>: CERTIFICATE_VERIFY {
///         pub(crate) algorithm: SignatureScheme,
///         pub(crate) signature: Opaque16<'a, 0, MAX_16>,
///     }
/// }
/// ```
///
/// becomes `wire_struct! { … }` and
///
/// ```text
/// impl<'a> Handshake<'a> for CertificateVerify<'a> {
///     const TYPE: HandshakeType = HandshakeType::CERTIFICATE_VERIFY;
///     const NAME: &'static str = "CertificateVerify";
/// }
/// ```
macro_rules! message {
    (
        $(#[$doc:meta])*
        pub(crate) struct $name:ident $(<$a:lifetime>)? : $type:ident {
            $($fields:tt)*
        }
    ) => {
        crate::message::codec::wire_struct! {
            $(#[$doc])*
            pub(crate) struct $name $(<$a>)? {
                $($fields)*
            }
        }

        impl<'a> crate::message::Handshake<'a> for $name $(<$a>)? {
            const TYPE: crate::parameters::HandshakeType = crate::parameters::HandshakeType::$type;
            const NAME: &'static str = stringify!($name);
        }
    };
}
pub(crate) use message;

/// Random, RFC 8446 Section 4.1.2: 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Random(pub(crate) [u8; 32]);

impl Random {
    /// SHA-256 of "HelloRetryRequest": what makes a ServerHello a HelloRetryRequest (RFC 8446 Section
    /// 4.1.3).
    pub(crate) const HELLO_RETRY_REQUEST: Self = Self([
        0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8,
        0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8,
        0x33, 0x9c,
    ]);
}

impl Wire<'_> for Random {
    fn read_from(reader: &mut Reader<'_>, what: &'static str) -> Result<Self, Error> {
        reader.array(what).map(Self)
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        out.extend_from_slice(&self.0);
        Ok(())
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        codec::fmt_hex(&self.0, f)
    }
}

/// `legacy_session_id`, and the server's echo of it: `opaque<0..32>`.
pub(crate) type SessionId<'a> = Opaque8<'a, 0, 32>;

/// A session ID that is kept: up to 32 bytes, without an allocation.
pub(crate) struct OwnedSessionId {
    bytes: [u8; 32],
    len: u8,
}

impl OwnedSessionId {
    /// The ID, of which no more than 32 bytes are looked at.
    pub(crate) fn of(id: &[u8]) -> Self {
        let mut bytes = [0; 32];
        let mut len = 0;
        for (to, from) in bytes.iter_mut().zip(id) {
            *to = *from;
            len += 1;
        }
        Self { bytes, len }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// The only legacy_compression_method of TLS 1.3 servers, and the only one here: zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NullCompression;

impl Wire<'_> for NullCompression {
    fn read_from(reader: &mut Reader<'_>, what: &'static str) -> Result<Self, Error> {
        match reader.u8(what)? {
            0 => Ok(Self),
            // RFC 8446 Section 4.1.3: "a single byte which MUST have the value 0".
            _ => Err(crate::error::PeerMisbehaved::IllegalParameter {
                what: "legacy_compression_method is not null (RFC 8446 Section 4.1.3)",
            }
            .into()),
        }
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        out.push(0);
        Ok(())
    }
}
