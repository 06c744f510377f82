//! What was negotiated, and what programs keep looking at of it.

use core::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use warifu::parameters::ProtocolVersion;
use warifu::{ClientOffer, ConnectionFacts, HandshakeRecord};

use super::Ssl;
use crate::cipher::{Cipher, stack_of};
use crate::stack::Stack;

/// What belongs to one connection of it.
#[derive(Default)]
pub(crate) struct Negotiated {
    /// What `SSL_get_client_ciphers` lends.
    offered: RefCell<Option<Arc<Stack>>>,
    /// What `SSL_get0_raw_cipherlist` lends.
    raw: RefCell<Option<Rc<[u8]>>>,
    /// The kind of a KeyUpdate that may wait in the output: `SSL_KEY_UPDATE_…`
    pub(crate) key_update: Cell<Option<core::ffi::c_int>>,
}

impl Negotiated {
    /// Forgets all of it.
    pub(super) fn reset(&self) {
        self.offered.take();
        self.raw.take();
        self.key_update.take();
    }
}

impl Ssl {
    /// Looks at the facts of the connection. `None` before the end of its handshake.
    pub(crate) fn facts<T>(&self, look: impl FnOnce(&ConnectionFacts) -> T) -> Option<T> {
        self.look(|connection| connection.facts().map(look))
            .flatten()
    }

    /// Looks at what was said in the handshake so far.
    pub(crate) fn handshake_record<T>(
        &self,
        look: impl FnOnce(HandshakeRecord<'_>) -> T,
    ) -> Option<T> {
        self.look(|connection| connection.handshake_record().map(look))
            .flatten()
    }

    /// What the client of this server offered.
    pub(crate) fn client_offer(&self) -> Option<ClientOffer> {
        self.handshake_record(|record| record.client_offer().cloned())
            .flatten()
    }

    /// The suites among it that are known here, as a stack that lives as long as the connection.
    pub(crate) fn offered_ciphers(&self) -> Option<Arc<Stack>> {
        if let Some(there) = &*self.rare().negotiated.offered.borrow() {
            return Some(there.clone());
        }
        let offer = self.client_offer()?;
        let known: Vec<&'static Cipher> = offer
            .cipher_suites
            .iter()
            .filter_map(|suite| Cipher::of(*suite))
            .collect();
        let stack: Arc<Stack> = Arc::from(stack_of(&known));
        self.rare().negotiated.offered.replace(Some(stack.clone()));
        Some(stack)
    }

    /// The numbers of all suites in it, as they came; they live as long as the connection.
    pub(crate) fn raw_cipher_list(&self, offer: &ClientOffer) -> Rc<[u8]> {
        let mut raw = self.rare().negotiated.raw.borrow_mut();
        raw.get_or_insert_with(|| {
            let suites = offer.cipher_suites.iter();
            suites.flat_map(|suite| suite.0.to_be_bytes()).collect()
        })
        .clone()
    }
}

impl Ssl {
    /// `SSL_session_reused`: an earlier session, or in TLS 1.3 a pre-shared key, in whose place OpenSSL has sessions.
    pub(crate) fn is_resumed(&self) -> bool {
        let resumed = self.look(|connection| {
            let by_key = |facts: &ConnectionFacts| {
                facts.version == ProtocolVersion::TLS1_3 && facts.psk.is_some()
            };
            connection
                .facts()
                .is_some_and(|facts| facts.resumed || by_key(facts))
        });
        resumed.unwrap_or(false)
    }
}
