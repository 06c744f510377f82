//! The transcript hash, RFC 8446 Section 4.4.1.

use warifu_crypto::{Digest, Hash, HashContext};

use crate::parameters::HandshakeType;

/// Hash over the handshake messages so far, each with its header. On the heap: flows hold it all along and hand it on, and
/// its 300 bytes would lie in their futures.
#[derive(Clone)]
pub(crate) struct Transcript(Box<State>);

#[derive(Clone)]
struct State {
    context: HashContext,
    /// The hash, if it was asked for since the last message.
    current: Option<Digest>,
}

impl Transcript {
    pub(crate) fn new(hash: Hash) -> Self {
        Self(Box::new(State {
            context: HashContext::new(hash),
            current: None,
        }))
    }

    /// Starts with `message_hash` in place of the first ClientHello, as after HelloRetryRequest:
    ///
    /// ```text
    /// Transcript-Hash(ClientHello1, HelloRetryRequest, ... Mn) =
    ///     Hash(message_hash || 00 00 Hash.length || Hash(ClientHello1) || HelloRetryRequest || ... || Mn)
    /// ```
    pub(crate) fn after_retry(hash: Hash, first_client_hello: &[u8]) -> Self {
        let digest = hash.digest(&[first_client_hello]);
        let mut transcript = Self::new(hash);
        let len = u8::try_from(hash.output_len()).unwrap_or(u8::MAX);
        transcript.add(&[HandshakeType::MESSAGE_HASH.0, 0, 0, len]);
        transcript.add(&digest);
        transcript
    }

    /// Adds a message, header included.
    pub(crate) fn add(&mut self, message: &[u8]) {
        self.0.context.update(message);
        self.0.current = None;
    }

    /// The hash over what was added so far.
    pub(crate) fn current_hash(&mut self) -> Digest {
        let State { context, current } = &mut *self.0;
        *current.get_or_insert_with(|| context.current())
    }

    pub(crate) fn hash(&self) -> Hash {
        self.0.context.hash()
    }
}
