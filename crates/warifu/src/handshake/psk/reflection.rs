//! The guard against a node that takes itself for its peer.

use crate::config::ServerConfig;
use crate::coroutine::Received;
use crate::error::{Error, PskFailure};
use crate::message::ClientHello;
use crate::psk::Psk;

use super::{Counters, Found, FoundSource, Offered, OfferedSource};

/// A ClientHello that a client of this node has under way: no server of the node with one of its keys accepts it.
pub(in crate::handshake) struct NotForUs {
    random: [u8; 32],
    first: Psk,
    others: Vec<Psk>,
}

impl NotForUs {
    pub(in crate::handshake) fn register(
        random: [u8; 32],
        offers: &[Offered],
        legacy: Option<&Psk>,
    ) -> Option<Box<Self>> {
        let keys = offers.iter().filter_map(|offered| match &offered.source {
            OfferedSource::Key { psk, .. } => Some(psk),
            OfferedSource::Session(_) => None,
        });
        // Mostly the first of the others.
        let is_new = |psk: &&Psk| offers.first().is_none_or(|first| !first.is_of(psk));
        let mut psks = keys.chain(legacy.filter(is_new)).cloned();
        let this = Self {
            random,
            first: psks.next()?,
            others: psks.collect(),
        };
        for psk in this.psks() {
            psk.client_hellos().insert(random);
        }
        Some(Box::new(this))
    }
}

impl NotForUs {
    fn psks(&self) -> impl Iterator<Item = &Psk> {
        core::iter::once(&self.first).chain(&self.others)
    }
}

impl Drop for NotForUs {
    fn drop(&mut self) {
        for psk in self.psks() {
            psk.client_hellos().remove(&self.random);
        }
    }
}

/// RFC 9257 Section 4.1: a node that shares one key with another and takes both roles can be made to take itself for the
/// other, by sending its ClientHello back to it ("Selfie"). The binder covers the random, so that it cannot be changed.
pub(super) fn check_not_reflected(
    config: &ServerConfig,
    found: &Found,
    received: &Received<ClientHello<'static>>,
) -> Result<(), Error> {
    let FoundSource::Key { psk, .. } = &found.source else {
        return Ok(());
    };
    // legacy_version, then random: Section 4.1.2. The message was read whole before.
    let random = received.body().get(2..).and_then(<[u8]>::first_chunk);
    if !random.is_some_and(|random| psk.client_hellos().contains::<[u8; 32]>(random)) {
        return Ok(());
    }
    Counters::add(&config.role.counters.reflected);
    Err(PskFailure::Reflected {
        identity: found.describe(),
    }
    .into())
}
