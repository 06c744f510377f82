//! ClientHello, RFC 8446 Section 4.1.2.

use super::codec::{List16, Opaque8};
use super::{ClientHelloExtensions, Random, SessionId, message};
use crate::parameters::{CipherSuite, ProtocolVersion};

message! {
    /// ClientHello, RFC 8446 Section 4.1.2.
    pub(crate) struct ClientHello<'a>: CLIENT_HELLO {
        /// 0x0303 from a TLS 1.3 client, which names its versions in supported_versions.
        pub(crate) legacy_version: ProtocolVersion,
        pub(crate) random: Random,
        pub(crate) legacy_session_id: SessionId<'a>,
        pub(crate) cipher_suites: List16<'a, CipherSuite, 2, 0xfffe>,
        /// Exactly one zero from a TLS 1.3 client; older ones may offer more, so the flow checks.
        pub(crate) legacy_compression_methods: Opaque8<'a, 1, 0xff>,
        pub(crate) extensions: ClientHelloExtensions<'a>,
    }
}

impl ClientHello<'_> {
    /// Whether the client speaks TLS 1.3: supported_versions says so (RFC 8446 Section 4.2.1).
    pub(crate) fn offers(&self, version: ProtocolVersion) -> bool {
        self.extensions
            .supported_versions
            .is_some_and(|versions| versions.contains(&version))
    }

    /// Bytes at the end of the message that a PSK binder does not cover: the list of binders with its
    /// length (RFC 8446 Section 4.2.11.2). The truncated ClientHello is the message without them;
    /// pre_shared_key is last, so they are the end of the message. 0 without pre_shared_key.
    pub(crate) fn binders_len(&self) -> usize {
        self.extensions
            .pre_shared_key
            .as_ref()
            .map_or(0, |offer| offer.binders_len())
    }
}
