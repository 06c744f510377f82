//! What was said in a handshake and is of no use to the protocol any more, for applications that want to know.

use crate::message::codec::{MAX_16, Reader, Wire};
use crate::parameters::{
    CipherSuite, ExtensionType, HandshakeType, NamedGroup, ProtocolVersion, SignatureScheme,
};
use crate::record::wire::MESSAGE_HEADER_LEN;

/// Longest verify_data: that of TLS 1.3 with SHA-384 (RFC 8446 Section 4.4.4).
const MAX_FINISHED_LEN: usize = 48;

/// Of a hello's random, RFC 8446 Section 4.1.2.
const RANDOM_LEN: usize = 32;

/// What a client offered in its (last) ClientHello, the client's best first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientOffer {
    /// The field `legacy_version`: up to TLS 1.2 the client's highest version.
    pub legacy_version: ProtocolVersion,
    /// All cipher suites, also those that are not known here.
    pub cipher_suites: Box<[CipherSuite]>,
    /// All groups, also those that are not known here.
    pub groups: Box<[NamedGroup]>,
    /// All signature schemes, also those that are not known here.
    pub signature_schemes: Box<[SignatureScheme]>,
}

/// A handshake as both sides remember it, [`Connection::handshake_record`](crate::Connection::handshake_record). Of a
/// connection that renegotiated, the last one.
#[derive(Debug, Clone, Copy)]
pub struct HandshakeRecord<'a> {
    pub(crate) local: &'a Said,
    pub(crate) peer: &'a Said,
    pub(crate) is_client: bool,
}

impl<'a> HandshakeRecord<'a> {
    /// The random of the ClientHello; `None` before there is one.
    pub fn client_random(&self) -> Option<&'a [u8; 32]> {
        let client = if self.is_client {
            self.local
        } else {
            self.peer
        };
        client.random.as_ref()
    }

    /// The random of the ServerHello; `None` before there is one.
    pub fn server_random(&self) -> Option<&'a [u8; 32]> {
        let server = if self.is_client {
            self.peer
        } else {
            self.local
        };
        server.random.as_ref()
    }

    /// verify_data of the Finished that this side sent; empty before that. In TLS 1.2 and older the first Finished of a handshake,
    /// by whichever side, is the channel binding `tls-unique` (RFC 5929 Section 3), which binds to nothing without
    /// extended_main_secret.
    pub fn local_finished(&self) -> &'a [u8] {
        &self.local.finished
    }

    /// verify_data of the Finished that came from the peer; empty before that.
    pub fn peer_finished(&self) -> &'a [u8] {
        &self.peer.finished
    }

    /// What the client of this server offered; `None` on a client.
    pub fn client_offer(&self) -> Option<&'a ClientOffer> {
        self.peer.offer.as_deref()
    }
}

/// What one side said.
#[derive(Debug, Default)]
pub(crate) struct Said {
    random: Option<[u8; 32]>,
    finished: Vec<u8>,
    /// Of the peer's messages alone.
    offer: Option<Box<ClientOffer>>,
    keeps_offer: bool,
}

impl Said {
    /// For the side whose offer is `keeps_offer`, or is not, of interest.
    pub(crate) fn new(keeps_offer: bool) -> Self {
        Self {
            keeps_offer,
            ..Self::default()
        }
    }

    /// Takes what is wanted from a message with its header. Whether it is well-formed is for the flows to say.
    pub(crate) fn note(&mut self, message: &[u8]) {
        let Some((&message_type, _)) = message.split_first() else {
            return;
        };
        let body = message.get(MESSAGE_HEADER_LEN..).unwrap_or_default();
        match HandshakeType(message_type) {
            HandshakeType::CLIENT_HELLO => {
                self.note_random(body);
                if self.keeps_offer {
                    self.offer = ClientOffer::read(body).map(Box::new);
                }
            }
            HandshakeType::SERVER_HELLO => self.note_random(body),
            HandshakeType::FINISHED if body.len() <= MAX_FINISHED_LEN => {
                self.finished = body.to_vec()
            }
            _ => {}
        }
    }

    /// Both hellos begin with a version of two bytes and the random (RFC 8446 Sections 4.1.2 and 4.1.3).
    fn note_random(&mut self, body: &[u8]) {
        self.random = body.get(2..).and_then(|rest| rest.first_chunk().copied());
    }
}

impl ClientOffer {
    /// From the body of a ClientHello, RFC 8446 Section 4.1.2, of which the rest is passed over: the flow reads all of it.
    fn read(body: &[u8]) -> Option<Self> {
        let mut hello = Reader::new(body);
        let legacy_version = Wire::read_from(&mut hello, "legacy_version").ok()?;
        hello.bytes(RANDOM_LEN, "random").ok()?;
        hello.block(1, 0, 32, "legacy_session_id").ok()?;
        let mut offer = Self {
            legacy_version,
            cipher_suites: items(hello.block(2, 2, MAX_16, "cipher_suites").ok()?)?,
            groups: Box::default(),
            signature_schemes: Box::default(),
        };
        hello.block(1, 1, 0xff, "legacy_compression_methods").ok()?;
        if hello.is_empty() {
            return Some(offer);
        }
        let mut extensions = Reader::new(hello.block(2, 0, MAX_16, "extensions").ok()?);
        while !extensions.is_empty() {
            let extension_type = ExtensionType(extensions.u16("extension_type").ok()?);
            let mut data = Reader::new(extensions.block(2, 0, MAX_16, "extension_data").ok()?);
            match extension_type {
                ExtensionType::SUPPORTED_GROUPS => {
                    offer.groups = items(data.block(2, 2, MAX_16, "named_group_list").ok()?)?;
                }
                ExtensionType::SIGNATURE_ALGORITHMS => {
                    let schemes = data.block(2, 2, MAX_16, "supported_signature_algorithms");
                    offer.signature_schemes = items(schemes.ok()?)?;
                }
                _ => {}
            }
        }
        Some(offer)
    }
}

/// The items of a list; `None` if there is a part of one.
fn items<'a, T: Wire<'a>>(list: &'a [u8]) -> Option<Box<[T]>> {
    let mut reader = Reader::new(list);
    let mut items = Vec::with_capacity(list.len() / size_of::<T>());
    while !reader.is_empty() {
        items.push(T::read_from(&mut reader, "list").ok()?);
    }
    Some(items.into())
}
