//! Which pre-shared key is used: what a client offers, what a server finds, and the binders that prove it (RFC 8446 Section
//! 4.2.11). External keys, imported ones (RFC 9258) and tickets go the same way.
//!
//! | question | function |
//! |---|---|
//! | what does a client offer? | [`offers`] |
//! | which of it does a server take? | [`find`] |
//! | how are binders made and checked? | [`write_binders`], [`Binders`] |
//! | what is in a ticket, when is it good? | `ticket.rs` |

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use warifu_crypto::{Digest, Hash};

use crate::config::{PskStatistics, ServerConfig, Settings};
use crate::coroutine::{Peer, Received};
use crate::error::{Error, NothingInCommon, PeerMisbehaved, PskFailure, UsageError};
use crate::facts::HandshakeKind;
use crate::message::codec::{MAX_16, Reader, put_u16};
use crate::message::{ClientHello, Handshake, OfferedPsks, PskKeyExchangeModes};
use crate::parameters::{CipherSuite, ProtocolVersion, PskKeyExchangeMode};
use crate::psk::{
    Psk, PskFacts, PskHash, PskKind, PskPolicy, PskRequest, PskRole, TargetKdf, printable,
};
use crate::resumption::Session;
use crate::resumption::state::SessionState;

use super::negotiate::{self, listed};
use super::ticket;
use super::tls13_client::Client;
use super::tls13_key_schedule::{BinderLabel, PskSecret};
use super::transcript::Transcript;

/// Identities that a server looks up for one ClientHello, each of which may cost a look-up in a data base. Clients offer one
/// or two tickets, and a key in two imported forms. Go looks at five.
const MAX_IDENTITIES: usize = 8;

// The client.

/// A key that a client offers.
pub(super) struct Offered {
    /// As it is on the wire.
    pub(super) identity: Arc<[u8]>,
    pub(super) obfuscated_ticket_age: u32,
    pub(super) secret: Arc<PskSecret>,
    pub(super) source: OfferedSource,
}

pub(super) enum OfferedSource {
    Key { psk: Psk, kind: PskKind },
    Session(Box<Session>),
}

impl Offered {
    pub(super) fn hash(&self) -> Hash {
        self.secret.hash()
    }

    /// How a handshake with this key is called.
    pub(super) fn kind(&self, with_retry: bool) -> HandshakeKind {
        match (&self.source, with_retry) {
            (OfferedSource::Key { .. }, false) => HandshakeKind::Psk,
            (OfferedSource::Key { .. }, true) => HandshakeKind::PskWithRetry,
            (OfferedSource::Session(_), false) => HandshakeKind::Resumed,
            (OfferedSource::Session(_), true) => HandshakeKind::ResumedWithRetry,
        }
    }

    /// Bytes of early data that may be sent under this key.
    pub(super) fn max_early_data(&self) -> u32 {
        match &self.source {
            OfferedSource::Key { psk, .. } => psk.max_early_data(),
            OfferedSource::Session(session) => session.max_early_data(),
        }
    }

    /// The suite with which early data is sent: that of the session, or the one agreed with the key.
    pub(super) fn early_data_suite(&self) -> CipherSuite {
        match &self.source {
            OfferedSource::Key { psk, .. } => psk.early_data_suite(self.hash()),
            OfferedSource::Session(session) => session.cipher_suite(),
        }
    }

    pub(super) fn is_session(&self) -> bool {
        matches!(self.source, OfferedSource::Session(_))
    }

    /// What the application is told of the key; of a session's, that which began it.
    pub(super) fn facts(&self) -> Option<PskFacts> {
        match &self.source {
            OfferedSource::Key { psk, kind } => Some(key_facts(psk, *kind, self.hash())),
            OfferedSource::Session(session) => {
                let origin = &session.state.origin;
                origin.psk.as_ref().map(|psk| psk.facts.clone())
            }
        }
    }
}

fn key_facts(psk: &Psk, kind: PskKind, hash: Hash) -> PskFacts {
    PskFacts {
        identity: psk.shared_identity(),
        kind,
        hash: PskHash::of(hash),
    }
}

/// What this client offers to this server: a session, if it has one, and its keys.
pub(super) async fn offers(peer: &mut Peer, client: &Client) -> Result<Vec<Offered>, Error> {
    let role = &client.config.role;
    let mut offers = Vec::new();
    if role.psks.is_none() && role.session_store.is_none() {
        return Ok(offers);
    }
    let psks = match &role.psks {
        Some(choose) => {
            let answer = choose.choose(&client.server_name);
            peer.ask("choice of pre-shared keys", answer).await?
        }
        None => Arc::default(),
    };
    if let Some(session) = ticket::take_session(peer, client, &psks).await? {
        offers.push(session);
    }
    for psk in psks.iter() {
        offer_forms(psk, &client.config.settings, &mut offers)?;
    }
    // A server may issue tickets that leave no room for the rest; that must not keep its clients away.
    if check_size(&offers).is_err() && offers.first().is_some_and(Offered::is_session) {
        offers.remove(0);
    }
    Ok(offers)
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
    let place = |hash| settings.suites.iter().position(|suite| suite.hash == hash);
    let enabled = |hash| place(hash).is_some();
    let mut offer = |identity, secret, kind| {
        offers.push(Offered {
            identity,
            obfuscated_ticket_age: 0,
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
                offer(identity.into(), secret, PskKind::Imported);
            }
        }
    }
    if psk.is_external() && enabled(psk.hash().hash()) {
        let secret = psk.external_secret()?;
        offer(psk.shared_identity(), secret, PskKind::External);
    }
    Ok(())
}

/// What the identities and binders of an offer take in a ClientHello, in bytes.
pub(super) fn check_size(offers: &[Offered]) -> Result<(), Error> {
    // The list of identities, that of binders, and all other extensions share a block of 65,535 bytes; 4096 are left for
    // those.
    const MOST: usize = MAX_16 - 4096;
    let len: usize = offers
        .iter()
        .map(|offered| 2 + offered.identity.len() + 4 + 1 + offered.hash().output_len())
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
pub(super) fn write_binders(
    message: &mut [u8],
    offers: &[Offered],
    prior: Option<&Transcript>,
) -> Result<Option<Box<Transcript>>, Error> {
    const SHORT: Error = Error::Internal("no room for the binders");
    let lens = offers.iter().map(|offered| 1 + offered.hash().output_len());
    let binders_len = 2 + lens.sum::<usize>();
    let truncated_len = message.len().checked_sub(binders_len).ok_or(SHORT)?;
    let (truncated, binders) = message.split_at_mut_checked(truncated_len).ok_or(SHORT)?;
    let mut rest = binders.get_mut(2..).ok_or(SHORT)?;
    let mut first: Option<Box<Transcript>> = None;
    for offered in offers {
        let hash = match &mut first {
            Some(first) if first.hash() == offered.hash() => first.current_hash(),
            _ => {
                let mut transcript = truncated_transcript(offered.hash(), prior, truncated);
                let hash = transcript.current_hash();
                first.get_or_insert(Box::new(transcript));
                hash
            }
        };
        let binder = offered.secret.binder(&hash);
        let (place, behind) = rest
            .split_at_mut_checked(1 + binder.as_ref().len())
            .ok_or(SHORT)?;
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

/// ..., Truncate(ClientHello)
fn truncated_transcript(hash: Hash, prior: Option<&Transcript>, truncated: &[u8]) -> Transcript {
    let mut transcript = prior.map_or_else(|| Transcript::new(hash), Clone::clone);
    transcript.add(truncated);
    transcript
}

// Imported identities, RFC 9258.

/// ```text
/// struct {
///     opaque external_identity<1...2^16-1>;
///     opaque context<0..2^16-1>;
///     uint16 target_protocol;
///     uint16 target_kdf;
/// } ImportedIdentity;
/// ```
fn imported_identity(
    external_identity: &[u8],
    context: &[u8],
    target_kdf: TargetKdf,
) -> Result<Vec<u8>, Error> {
    let too_long =
        |_| UsageError::Config("the context of an imported key exceeds 65,535 bytes".to_owned());
    let mut identity = Vec::with_capacity(8 + external_identity.len() + context.len());
    for field in [external_identity, context] {
        put_u16(&mut identity, u16::try_from(field.len()).map_err(too_long)?);
        identity.extend_from_slice(field);
    }
    put_u16(&mut identity, ProtocolVersion::TLS1_3.0);
    put_u16(&mut identity, target_kdf as u16);
    Ok(identity)
}

/// An ImportedIdentity for TLS 1.3 and a hash that is known here.
struct ImportedIdentity<'a> {
    external_identity: &'a [u8],
    context: &'a [u8],
    target_kdf: TargetKdf,
}

impl<'a> ImportedIdentity<'a> {
    fn read(identity: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(identity);
        let external_identity = reader.block(2, 1, MAX_16, "").ok()?;
        let context = reader.block(2, 0, MAX_16, "").ok()?;
        let target_protocol = reader.u16("").ok()?;
        let target_kdf = TargetKdf::from_number(reader.u16("").ok()?)?;
        let whole = reader.is_empty() && target_protocol == ProtocolVersion::TLS1_3.0;
        whole.then_some(Self {
            external_identity,
            context,
            target_kdf,
        })
    }
}

// The server.

/// The key that a server takes, its binder checked.
pub(super) struct Found {
    /// selected_identity.
    pub(super) index: u16,
    pub(super) mode: PskKeyExchangeMode,
    pub(super) secret: Arc<PskSecret>,
    pub(super) source: FoundSource,
    /// As it was offered, to be found again in a second ClientHello.
    identity: Arc<[u8]>,
    /// What the client said of the ticket's age.
    pub(super) obfuscated_ticket_age: u32,
    /// Tells this ClientHello from all others.
    binder: Vec<u8>,
    /// The transcript up to this ClientHello, most of which was hashed for the binder.
    transcript: Option<Transcript>,
}

pub(super) enum FoundSource {
    Key { psk: Psk, kind: PskKind },
    Ticket(Box<SessionState>),
}

impl Found {
    pub(super) fn hash(&self) -> Hash {
        self.secret.hash()
    }

    /// The transcript up to the ClientHello that this was found in.
    pub(super) fn take_transcript(&mut self) -> Option<Transcript> {
        self.transcript.take()
    }

    /// Tells this ClientHello from all others: the hash of its binder.
    pub(super) fn client_hello_id(&self) -> [u8; 32] {
        crate::certificate::sha256(&self.binder)
    }

    pub(super) fn ticket(&self) -> Option<&SessionState> {
        match &self.source {
            FoundSource::Ticket(state) => Some(state),
            FoundSource::Key { .. } => None,
        }
    }

    /// What the application is told of the key; of a ticket's, that which began the session.
    pub(super) fn facts(&self) -> Option<PskFacts> {
        match &self.source {
            FoundSource::Key { psk, kind } => Some(key_facts(psk, *kind, self.hash())),
            FoundSource::Ticket(state) => {
                let origin = &state.origin;
                origin.psk.as_ref().map(|psk| psk.facts.clone())
            }
        }
    }

    /// Checks that a second ClientHello offers the key again, with a binder that is right there too; `prior` is what
    /// came before it.
    pub(super) fn check_again(
        &mut self,
        config: &ServerConfig,
        second: &Received<ClientHello<'static>>,
        prior: &Transcript,
    ) -> Result<(), Error> {
        let hello = ClientHello::read(second.body())?;
        let offered = hello.extensions.pre_shared_key.as_ref();
        let place = offered.and_then(|offered| {
            let mut identities = offered.identities.iter();
            let index = identities.position(|offered| *offered.identity == *self.identity)?;
            Some((
                u16::try_from(index).ok()?,
                offered.binders.iter().nth(index)?,
            ))
        });
        let Some((index, binder)) = place else {
            // Section 4.1.2: of the keys only those may go that do not fit the suite.
            return Err(PeerMisbehaved::SecondHelloChanged {
                what: "pre_shared_key: the key that the first one offered is not in it",
            }
            .into());
        };
        let binders = Binders::of(second, hello.binders_len(), Some(prior));
        if !self
            .secret
            .verify_binder(&binders.hash(self.hash()), &binder)
        {
            return Err(self.wrong_key(config));
        }
        self.index = index;
        Ok(())
    }

    fn wrong_key(&self, config: &ServerConfig) -> Error {
        Counters::add(&config.role.counters.wrong_keys);
        PskFailure::WrongKey {
            identity: self.describe(),
        }
        .into()
    }

    fn describe(&self) -> String {
        match &self.source {
            FoundSource::Key { psk, .. } => printable(psk.identity()),
            FoundSource::Ticket(_) => "a ticket of this server".to_owned(),
        }
    }
}

/// What the binders of a received ClientHello cover.
struct Binders<'a> {
    truncated: &'a [u8],
    /// The list of binders itself.
    rest: &'a [u8],
    prior: Option<&'a Transcript>,
}

impl<'a> Binders<'a> {
    fn of(
        received: &'a Received<ClientHello<'static>>,
        binders_len: usize,
        prior: Option<&'a Transcript>,
    ) -> Self {
        let bytes = received.bytes();
        let truncated_len = bytes.len().saturating_sub(binders_len);
        let (truncated, rest) = bytes
            .split_at_checked(truncated_len)
            .unwrap_or((bytes, &[]));
        Self {
            truncated,
            rest,
            prior,
        }
    }

    /// The transcript up to the list of binders.
    fn transcript(&self, hash: Hash) -> Transcript {
        truncated_transcript(hash, self.prior, self.truncated)
    }

    fn hash(&self, hash: Hash) -> Digest {
        self.transcript(hash).current_hash()
    }
}

/// What came of looking for a key.
#[derive(Default)]
pub(super) struct Search {
    pub(super) found: Option<Box<Found>>,
    /// Why what was offered was not taken, for this side's log.
    pub(super) declined: Option<Arc<str>>,
}

/// What of a ClientHello and our settings a key must fit.
pub(super) struct Fit<'a> {
    pub(super) server_name: Option<&'a str>,
    pub(super) alpn: Option<&'a [u8]>,
    /// Hashes of the suites that both sides have.
    hashes: [Option<Hash>; 2],
}

impl<'a> Fit<'a> {
    fn of(settings: &'a Settings, hello: &ClientHello<'a>) -> Self {
        let common =
            |hash| negotiate::common_suite(settings, hello, Some(hash)).map(|suite| suite.hash);
        Self {
            server_name: hello
                .extensions
                .server_name
                .as_ref()
                .map(|name| name.host_name),
            // Nothing in common is told later, once we know who asks.
            alpn: negotiate::choose_alpn(settings, hello).ok().flatten(),
            hashes: [common(Hash::Sha256), common(Hash::Sha384)],
        }
    }

    pub(super) fn has(&self, hash: Hash) -> bool {
        self.hashes.contains(&Some(hash))
    }
}

/// What one identity leads to.
pub(super) enum LookUp {
    /// A key that fits, to be believed if the binder is right.
    Key {
        secret: Arc<PskSecret>,
        source: FoundSource,
        /// Its secret was derived for this.
        derived_now: bool,
    },
    /// Nobody knows it.
    Unknown,
    /// It is known and cannot be used.
    Unusable(String),
}

/// Finds the first of the keys offered that this server has and can use, and checks its binder, before anything else of the
/// ClientHello is believed. Asks the application.
///
/// # Errors
/// Where a key is required: that none was offered, is known or can be used. In any case: a wrong binder (Section 4.2.11: "If
/// this value is not present or does not validate, the server MUST abort the handshake").
pub(super) async fn find(
    peer: &mut Peer,
    config: &ServerConfig,
    received: &Received<ClientHello<'static>>,
    offer: Option<Offer<'_>>,
) -> Result<Search, Error> {
    let Some(Offer { offered, mode, fit }) = offer else {
        return without_key(config, PskFailure::Required.into());
    };
    let mode = match mode {
        Ok(mode) => mode,
        Err(error) => return without_key(config, error),
    };
    let binders = Binders::of(received, offered.binders_len(), None);
    let mut problem = None;
    let mut wrong_key = None;
    let pairs = offered.identities.iter().zip(offered.binders.iter());
    for (index, (psk_identity, binder)) in (0..).zip(pairs).take(MAX_IDENTITIES) {
        let identity = psk_identity.identity.as_slice();
        match look_up(peer, config, &fit, identity).await? {
            LookUp::Key {
                secret,
                source,
                derived_now,
            } => {
                let mut found = Box::new(Found {
                    index,
                    mode,
                    secret,
                    identity: shared(identity, &source),
                    source,
                    obfuscated_ticket_age: psk_identity.obfuscated_ticket_age,
                    binder: binder.to_vec(),
                    transcript: None,
                });
                if wrong_key.is_some() {
                    continue;
                }
                if let Err(error) = check_binder(config, &mut found, &binders, &binder, derived_now)
                {
                    // The other identities are looked up all the same, as they would be behind an unknown one: the time
                    // must not tell where the search ended.
                    wrong_key = Some(error);
                    continue;
                }
                check_not_reflected(config, &found, received)?;
                config.role.counters.count_found(&found);
                return Ok(Search {
                    found: Some(found),
                    declined: problem.map(|problem: PskFailure| problem.to_string().into()),
                });
            }
            LookUp::Unknown => {
                problem.get_or_insert_with(|| PskFailure::UnknownIdentity {
                    identity: printable(identity),
                });
            }
            LookUp::Unusable(reason) => {
                problem.get_or_insert_with(|| PskFailure::Unusable {
                    identity: printable(identity),
                    reason,
                });
            }
        }
    }
    if let Some(error) = wrong_key {
        return Err(error);
    }
    // As much work as for a known identity with a wrong key.
    if let Some(binder) = offered.binders.iter().next() {
        let _ = black_box(check_by_nobodys_key(&binders, &binder));
    }
    let problem = problem.unwrap_or(PskFailure::Required);
    config.role.counters.count_not_found(&problem);
    without_key(config, problem.into())
}

/// An identity as it was offered, without a copy where the key has it.
fn shared(identity: &[u8], source: &FoundSource) -> Arc<[u8]> {
    match source {
        FoundSource::Key { psk, .. } if psk.identity() == identity => psk.shared_identity(),
        _ => Arc::from(identity),
    }
}

/// What a ClientHello offers, and how a key would be used.
pub(super) struct Offer<'a> {
    offered: OfferedPsks<'a>,
    /// `Err` is why not at all, which only matters where a key is required.
    mode: Result<PskKeyExchangeMode, Error>,
    fit: Fit<'a>,
}

/// The offer that [`find`] takes; `None` where no key was offered, or none can be known here.
pub(super) fn read_offer<'a>(
    config: &'a ServerConfig,
    hello: &ClientHello<'a>,
) -> Result<Option<Offer<'a>>, Error> {
    let Some(offered) = hello.extensions.pre_shared_key.clone() else {
        return Ok(None);
    };
    // Section 4.2.9: "If clients offer "pre_shared_key" without a "psk_key_exchange_modes" extension, servers MUST abort
    // the handshake."
    let Some(modes) = hello.extensions.psk_key_exchange_modes else {
        return Err(PeerMisbehaved::MissingExtension {
            extension: "psk_key_exchange_modes",
            message: "ClientHello",
        }
        .into());
    };
    if config.role.psk_store.is_none() && config.role.tickets.is_none() {
        return Ok(None);
    }
    Ok(Some(Offer {
        offered,
        mode: choose_mode(config, hello, modes)?,
        fit: Fit::of(&config.settings, hello),
    }))
}

/// For replays: what [`find`] makes of the first identity, were it a ticket of this server with this state.
#[cfg(test)]
pub(super) fn find_recorded(
    config: &ServerConfig,
    received: &Received<ClientHello<'static>>,
    state: SessionState,
) -> Result<Box<Found>, Error> {
    const NONE: Error = Error::Internal("nothing is offered");
    let offer = read_offer(config, &ClientHello::read(received.body())?)?.ok_or(NONE)?;
    let offered = &offer.offered;
    let psk_identity = offered.identities.iter().next().ok_or(NONE)?;
    let binder = offered.binders.iter().next().ok_or(NONE)?;
    let mut found = Box::new(Found {
        index: 0,
        mode: offer.mode?,
        secret: state.psk_secret()?,
        source: FoundSource::Ticket(Box::new(state)),
        identity: Arc::from(psk_identity.identity.as_slice()),
        obfuscated_ticket_age: psk_identity.obfuscated_ticket_age,
        binder: binder.to_vec(),
        transcript: None,
    });
    let binders = Binders::of(received, offered.binders_len(), None);
    check_binder(config, &mut found, &binders, &binder, true)?;
    Ok(found)
}

/// How a key would be used: with a key exchange, if both sides allow that and have a group in common. `Err` in the value is
/// why not at all, which only matters where a key is required.
fn choose_mode(
    config: &ServerConfig,
    hello: &ClientHello<'_>,
    modes: PskKeyExchangeModes<'_>,
) -> Result<Result<PskKeyExchangeMode, Error>, Error> {
    let settings = &config.settings;
    let extensions = &hello.extensions;
    let common = |mode| settings.psk_modes.contains(&mode) && modes.contains(&mode);
    let with_certificate = settings.psk_policy == PskPolicy::RequiredWithCertificate;
    if with_certificate && extensions.tls_cert_with_extern_psk.is_none() {
        return Ok(Err(PskFailure::CertificateNotOffered.into()));
    }
    let mut problem = None;
    if common(PskKeyExchangeMode::PSK_DHE_KE) {
        match negotiate::choose_group(settings, hello) {
            Ok(_) => return Ok(Ok(PskKeyExchangeMode::PSK_DHE_KE)),
            Err(error @ Error::NothingInCommon(_)) => problem = Some(error),
            Err(error @ Error::PeerMisbehaved(PeerMisbehaved::MissingExtension { .. })) => {
                problem = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    if common(PskKeyExchangeMode::PSK_KE) && !with_certificate {
        return Ok(Ok(PskKeyExchangeMode::PSK_KE));
    }
    Ok(Err(problem.unwrap_or_else(|| {
        NothingInCommon::PskKeyExchangeMode {
            ours: listed(settings.psk_modes.iter()),
            peers: listed(modes.iter()),
        }
        .into()
    })))
}

/// The handshake goes on without a key, if it may.
fn without_key(config: &ServerConfig, problem: Error) -> Result<Search, Error> {
    match config.settings.psk_policy {
        PskPolicy::Optional => Ok(Search {
            found: None,
            declined: match problem {
                Error::Psk(PskFailure::Required) => None,
                problem => Some(problem.to_string().into()),
            },
        }),
        PskPolicy::Required | PskPolicy::RequiredWithCertificate => Err(problem),
    }
}

/// One identity: a ticket of ours, or a key in the store.
async fn look_up(
    peer: &mut Peer,
    config: &ServerConfig,
    fit: &Fit<'_>,
    identity: &[u8],
) -> Result<LookUp, Error> {
    if let Some(tickets) = &config.role.tickets {
        match ticket::open(peer, config, tickets, fit, identity).await? {
            LookUp::Unknown => {}
            LookUp::Unusable(reason) => {
                Counters::add(&config.role.counters.tickets_declined);
                return Ok(LookUp::Unusable(reason));
            }
            key => return Ok(key),
        }
    }
    let Some(store) = &config.role.psk_store else {
        Counters::add(&config.role.counters.tickets_declined);
        return Ok(LookUp::Unusable(
            "it is a ticket of another server, or of a key that is gone".to_owned(),
        ));
    };
    let imported = ImportedIdentity::read(identity);
    let request = PskRequest {
        identity: imported
            .as_ref()
            .map_or(identity, |imported| imported.external_identity),
        imported_context: imported.as_ref().map(|imported| imported.context),
        server_name: fit.server_name,
    };
    let found = peer
        .ask("look-up of a pre-shared key", store.find(request))
        .await?;
    let Some(psk) = found else {
        return Ok(LookUp::Unknown);
    };
    // A store that compares carelessly must not hand out another's key.
    if psk.identity() != request.identity {
        return Ok(LookUp::Unusable(
            "the store found the key of another identity".to_owned(),
        ));
    }
    use_key(fit, psk, identity, imported.as_ref())
}

/// Whether a key that was found may be used in the form in which it was offered.
fn use_key(
    fit: &Fit<'_>,
    psk: Psk,
    identity: &[u8],
    imported: Option<&ImportedIdentity<'_>>,
) -> Result<LookUp, Error> {
    let unusable = |reason: &str| Ok(LookUp::Unusable(reason.to_owned()));
    if psk.role() == PskRole::Client {
        return unusable("it is for this node's clients only");
    }
    let (hash, kind) = match imported {
        Some(imported) if psk.import_context() == Some(imported.context) => {
            (imported.target_kdf.hash(), PskKind::Imported)
        }
        Some(_) if psk.import_context().is_some() => {
            return unusable("it was imported with another context (RFC 9258)");
        }
        Some(_) => {
            return unusable("it was offered in imported form (RFC 9258), which is not configured");
        }
        None if psk.is_external() => (psk.hash().hash(), PskKind::External),
        None => return unusable("it was offered as it is, and is to be imported (RFC 9258)"),
    };
    if !fit.has(hash) {
        return Ok(LookUp::Unusable(format!(
            "it is for {}, and no cipher suite with that hash is in common",
            PskHash::of(hash)
        )));
    }
    let derived_now = !psk.is_derived(imported.map(|imported| imported.target_kdf));
    let secret = match imported {
        Some(imported) => psk.imported_secret(imported.target_kdf, identity)?,
        None => psk.external_secret()?,
    };
    Ok(LookUp::Key {
        secret,
        source: FoundSource::Key { psk, kind },
        derived_now,
    })
}

/// Section 4.2.11.2. A wrong key costs as much time as an unknown identity: one derivation of a secret, one binder.
fn check_binder(
    config: &ServerConfig,
    found: &mut Found,
    binders: &Binders<'_>,
    binder: &[u8],
    derived_now: bool,
) -> Result<(), Error> {
    let mut transcript = binders.transcript(found.hash());
    if binder.len() != found.hash().output_len() {
        let _ = black_box(check_by_nobodys_key(binders, binder));
    } else if found
        .secret
        .verify_binder(&transcript.current_hash(), binder)
    {
        transcript.add(binders.rest);
        found.transcript = Some(transcript);
        return Ok(());
    } else if !derived_now {
        let _ = black_box(nobodys_key(found.hash()));
    }
    Err(found.wrong_key(config))
}

/// The work of [`check_binder`] for an identity that nobody has.
fn check_by_nobodys_key(binders: &Binders<'_>, binder: &[u8]) -> Result<bool, Error> {
    let hash = match binder.len() {
        48 => Hash::Sha384,
        _ => Hash::Sha256,
    };
    let secret = nobodys_key(hash)?;
    Ok(secret.verify_binder(&binders.hash(hash), binder))
}

/// Derives what a key of 32 bytes would have to be derived.
fn nobodys_key(hash: Hash) -> Result<Arc<PskSecret>, Error> {
    PskSecret::new(hash, BinderLabel::External, &[0; 32]).map(Arc::new)
}

// Reflection.

/// A ClientHello that a client of this node has under way: no server of the node with one of its keys accepts it.
pub(super) struct NotForUs {
    random: [u8; 32],
    psks: Vec<Psk>,
}

impl NotForUs {
    pub(super) fn register(random: [u8; 32], offers: &[Offered]) -> Option<Box<Self>> {
        let keys = offers.iter().filter_map(|offered| match &offered.source {
            OfferedSource::Key { psk, .. } => Some(psk.clone()),
            OfferedSource::Session(_) => None,
        });
        let psks: Vec<Psk> = keys.collect();
        if psks.is_empty() {
            return None;
        }
        for psk in &psks {
            psk.client_hellos().insert(random);
        }
        Some(Box::new(Self { random, psks }))
    }
}

impl Drop for NotForUs {
    fn drop(&mut self) {
        for psk in &self.psks {
            psk.client_hellos().remove(&self.random);
        }
    }
}

/// RFC 9257 Section 4.1: a node that shares one key with another and takes both roles can be made to take itself for the
/// other, by sending its ClientHello back to it ("Selfie"). The binder covers the random, so that it cannot be changed.
fn check_not_reflected(
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

// Statistics.

/// The counters behind [`PskStatistics`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    keys_accepted: AtomicU64,
    unknown_identities: AtomicU64,
    wrong_keys: AtomicU64,
    unusable_keys: AtomicU64,
    reflected: AtomicU64,
    tickets_accepted: AtomicU64,
    tickets_declined: AtomicU64,
    pub(super) early_data_accepted: AtomicU64,
    pub(super) early_data_declined: AtomicU64,
}

impl Counters {
    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn count_found(&self, found: &Found) {
        Self::add(match found.source {
            FoundSource::Key { .. } => &self.keys_accepted,
            FoundSource::Ticket(_) => &self.tickets_accepted,
        });
    }

    fn count_not_found(&self, problem: &PskFailure) {
        match problem {
            PskFailure::UnknownIdentity { .. } => Self::add(&self.unknown_identities),
            PskFailure::Unusable { .. } => Self::add(&self.unusable_keys),
            _ => {}
        }
    }

    pub(crate) fn statistics(&self) -> PskStatistics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        PskStatistics {
            keys_accepted: read(&self.keys_accepted),
            unknown_identities: read(&self.unknown_identities),
            wrong_keys: read(&self.wrong_keys),
            unusable_keys: read(&self.unusable_keys),
            reflected: read(&self.reflected),
            tickets_accepted: read(&self.tickets_accepted),
            tickets_declined: read(&self.tickets_declined),
            early_data_accepted: read(&self.early_data_accepted),
            early_data_declined: read(&self.early_data_declined),
        }
    }
}
