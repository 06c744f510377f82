//! What a client offers: its keys, each in the forms that fit, and a session.

use std::sync::Arc;

use warifu_crypto::Hash;

use crate::config::{Clock, Settings};
use crate::coroutine::Peer;
use crate::error::{Error, OrInternal, UsageError};
use crate::facts::HandshakeKind;
use crate::message::codec::MAX_16;
use crate::parameters::{CipherSuite, Tls13Suite};
use crate::psk::{Psk, PskFacts, PskHash, PskKind, PskRole, TargetKdf, printable};
#[cfg(feature = "legacy")]
use crate::resumption::session::LegacySession;
use crate::resumption::session::{Kind, Tls13Session};

#[cfg(feature = "legacy")]
use super::super::legacy_session;
use super::super::ticket;
use super::super::tls13_client::Client;
use super::super::tls13_key_schedule::PskSecret;
use super::super::transcript::Transcript;
use super::imported::imported_identity;
use super::truncated_transcript;

/// A key that a client offers.
pub(in crate::handshake) struct Offered {
    /// As it is on the wire, where it is neither the key's own nor the session's ticket: ImportedIdentity.
    pub(in crate::handshake) imported_identity: Option<Box<[u8]>>,
    pub(in crate::handshake) secret: Arc<PskSecret>,
    pub(in crate::handshake) source: OfferedSource,
}

pub(in crate::handshake) enum OfferedSource {
    Key { psk: Psk, kind: PskKind },
    Session(Box<Tls13Session>),
}

impl Offered {
    /// The identity as it is on the wire.
    pub(in crate::handshake) fn identity(&self) -> &[u8] {
        match (&self.imported_identity, &self.source) {
            (Some(identity), _) => identity,
            (None, OfferedSource::Key { psk, .. }) => psk.identity(),
            (None, OfferedSource::Session(session)) => &session.ticket,
        }
    }

    pub(in crate::handshake) fn hash(&self) -> Hash {
        self.secret.hash()
    }

    /// Section 4.2.11.1: the session's age in milliseconds, plus ticket_age_add, modulo 2^32; 0 for a key.
    pub(in crate::handshake) fn obfuscated_ticket_age(&self, clock: &dyn Clock) -> u32 {
        let OfferedSource::Session(session) = &self.source else {
            return 0;
        };
        let state = &session.state;
        let age = state.age_millis(clock.now_millis()) & u64::from(u32::MAX);
        u32::try_from(age)
            .unwrap_or_default()
            .wrapping_add(state.age_add)
    }

    /// How a handshake with this key is called.
    pub(in crate::handshake) fn kind(&self, with_retry: bool) -> HandshakeKind {
        match (&self.source, with_retry) {
            (OfferedSource::Key { .. }, false) => HandshakeKind::Psk,
            (OfferedSource::Key { .. }, true) => HandshakeKind::PskWithRetry,
            (OfferedSource::Session(_), false) => HandshakeKind::Resumed,
            (OfferedSource::Session(_), true) => HandshakeKind::ResumedWithRetry,
        }
    }

    /// Bytes of early data that may be sent under this key.
    pub(in crate::handshake) fn max_early_data(&self) -> u32 {
        match &self.source {
            OfferedSource::Key { psk, .. } => psk.max_early_data(),
            OfferedSource::Session(session) => session.state.max_early_data,
        }
    }

    /// The suite with which early data is sent: that of the session, or the one agreed with the key.
    pub(in crate::handshake) fn early_data_suite(&self) -> CipherSuite {
        match &self.source {
            OfferedSource::Key { psk, .. } => psk.early_data_suite(self.hash()),
            OfferedSource::Session(session) => session.state.suite.suite,
        }
    }

    /// Whether early data is sent with this suite, which must have the hash of the key (RFC 8446 Section 4.2.11): one that was
    /// named in error is not.
    pub(in crate::handshake) fn is_early_data_suite(&self, suite: Tls13Suite) -> bool {
        suite.suite == self.early_data_suite() && suite.hash == self.hash()
    }

    /// Whether it is this very key.
    pub(super) fn is_of(&self, other: &Psk) -> bool {
        matches!(&self.source, OfferedSource::Key { psk, .. } if psk.is_same(other))
    }

    pub(in crate::handshake) fn is_session(&self) -> bool {
        matches!(self.source, OfferedSource::Session(_))
    }

    /// What the application is told of the key; of a session's, that which began it.
    pub(in crate::handshake) fn facts(&self) -> Option<PskFacts> {
        match &self.source {
            OfferedSource::Key { psk, kind } => Some(key_facts(psk, *kind, self.hash())),
            OfferedSource::Session(session) => {
                let origin = &session.state.origin;
                origin.psk.as_ref().map(|psk| psk.facts.clone())
            }
        }
    }
}

pub(super) fn key_facts(psk: &Psk, kind: PskKind, hash: Hash) -> PskFacts {
    PskFacts {
        identity: psk.shared_identity(),
        kind,
        hash: PskHash::of(hash),
    }
}

/// What this client offers to this server.
#[derive(Default)]
pub(in crate::handshake) struct Offers {
    /// In TLS 1.3: a session, if it has one, and its keys.
    pub(in crate::handshake) offered: Vec<Offered>,
    /// In older versions: the first key that can be used there.
    #[cfg(feature = "legacy")]
    pub(in crate::handshake) legacy_psk: Option<Psk>,
    /// And the session, if it is of one of them.
    #[cfg(feature = "legacy")]
    pub(in crate::handshake) legacy_session: Option<Box<LegacySession>>,
}

/// What this client offers to this server: a session, if it has one, and its keys.
pub(in crate::handshake) async fn offers(
    peer: &mut Peer,
    client: &Client,
) -> Result<Offers, Error> {
    let role = &client.config.role;
    let settings = &client.config.settings;
    let mut all = Offers::default();
    if role.psks.is_none() && client.session_store().is_none() {
        return Ok(all);
    }
    let psks = match &role.psks {
        Some(choose) => {
            let answer = choose.choose(&client.server_name);
            peer.ask("choice of pre-shared keys", answer).await?
        }
        None => Arc::default(),
    };
    match ticket::take_session(peer, client).await? {
        Some(Kind::Tls13(session)) => {
            let session = ticket::offer_session(peer, client, &psks, session).await?;
            all.offered.extend(session);
        }
        #[cfg(feature = "legacy")]
        Some(Kind::Legacy(session)) => {
            all.legacy_session =
                legacy_session::usable_session(peer, client, &psks, session).await?;
        }
        None => {}
    }
    for psk in psks.iter() {
        offer_forms(psk, settings, &mut all.offered)?;
    }
    #[cfg(feature = "legacy")]
    if settings.versions.has_legacy() {
        // An imported key is of TLS 1.3 (RFC 9258 Section 5.1), and is not used as it is beside that.
        all.legacy_psk = psks.iter().find(|psk| psk.is_external()).cloned();
    }
    // A server may issue tickets that leave no room for the rest; that must not keep its clients away.
    if check_size(&all.offered).is_err() && all.offered.first().is_some_and(Offered::is_session) {
        all.offered.remove(0);
    }
    Ok(all)
}

/// The forms of one key that fit the suites that are enabled.
fn offer_forms(psk: &Psk, settings: &Settings, offers: &mut Vec<Offered>) -> Result<(), Error> {
    if psk.role() == PskRole::Server {
        return Err(UsageError::Config(format!(
            "the key of {} is for this node's servers only, and a client was given it",
            printable(psk.identity())
        ))
        .into());
    }
    // Of older versions alone (RFC 8446 Section 4.2.11: identity<1..2^16-1>).
    if psk.identity().is_empty() {
        return Ok(());
    }
    let place = |hash| settings.suites.iter().position(|suite| suite.hash == hash);
    let enabled = |hash| place(hash).is_some();
    let mut offer = |imported_identity, secret, kind| {
        offers.push(Offered {
            imported_identity,
            secret,
            source: OfferedSource::Key {
                psk: psk.clone(),
                kind,
            },
        });
    };
    if let Some(context) = psk.import_context() {
        // The server takes the first that it can use, and the suite follows from that.
        let mut kdfs = TargetKdf::ALL;
        kdfs.sort_by_key(|kdf| place(kdf.hash()));
        for kdf in kdfs {
            if enabled(kdf.hash()) {
                let identity = imported_identity(psk.identity(), context, kdf)?;
                let secret = psk.imported_secret(kdf, &identity)?;
                offer(Some(identity.into()), secret, PskKind::Imported);
            }
        }
    }
    if psk.is_external() && enabled(psk.hash().hash()) {
        let secret = psk.external_secret()?;
        offer(None, secret, PskKind::External);
    }
    Ok(())
}

/// What the identities and binders of an offer take in a ClientHello, in bytes.
pub(in crate::handshake) fn check_size(offers: &[Offered]) -> Result<(), Error> {
    // The list of identities, that of binders, and all other extensions share a block of 65,535 bytes; 4096 are left for
    // those.
    const MOST: usize = MAX_16 - 4096;
    let len: usize = offers
        .iter()
        .map(|offered| 2 + offered.identity().len() + 4 + 1 + offered.hash().output_len())
        .sum();
    if len > MOST {
        return Err(UsageError::Config(format!(
            "the identities of the pre-shared keys take {len} bytes together, at most {MOST} fit in a ClientHello: offer fewer"
        ))
        .into());
    }
    Ok(())
}

/// Writes the binders of an encoded ClientHello, whose places are at its end, into them (RFC 8446 Section 4.2.11.2). `prior`
/// is what came before it, after a HelloRetryRequest. Returns the transcript up to this ClientHello for the hash of the first
/// key.
pub(in crate::handshake) fn write_binders(
    message: &mut [u8],
    offers: &[Offered],
    prior: Option<&Transcript>,
) -> Result<Option<Transcript>, Error> {
    const SHORT: &str = "no room for the binders";
    let lens = offers.iter().map(|offered| 1 + offered.hash().output_len());
    let binders_len = 2 + lens.sum::<usize>();
    let truncated_len = message.len().checked_sub(binders_len).or_internal(SHORT)?;
    let (truncated, binders) = message
        .split_at_mut_checked(truncated_len)
        .or_internal(SHORT)?;
    let mut rest = binders.get_mut(2..).or_internal(SHORT)?;
    let mut first: Option<Transcript> = None;
    for offered in offers {
        let hash = match &mut first {
            Some(first) if first.hash() == offered.hash() => first.current_hash(),
            _ => {
                let mut transcript = truncated_transcript(offered.hash(), prior, truncated);
                let hash = transcript.current_hash();
                first.get_or_insert(transcript);
                hash
            }
        };
        let binder = offered.secret.binder(&hash);
        let (place, behind) = rest
            .split_at_mut_checked(1 + binder.as_ref().len())
            .or_internal(SHORT)?;
        if let Some(place) = place.get_mut(1..) {
            place.copy_from_slice(binder.as_ref());
        }
        rest = behind;
    }
    if let Some(first) = &mut first {
        first.add(binders);
    }
    Ok(first)
}
