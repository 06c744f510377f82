//! Which pre-shared key is used: what a client offers, what a server finds, and the binders that prove it (RFC 8446 Section
//! 4.2.11). External keys, imported ones (RFC 9258) and tickets go the same way.
//!
//! | question | function |
//! |---|---|
//! | what does a client offer? | [`offers`], in `psk/client.rs` |
//! | which of it does a server take? | [`find`] |
//! | and if it takes none? | [`refuse`], in `psk/refusal.rs` |
//! | how are binders made and checked? | [`write_binders`], [`check_binder`] |
//! | what is in a ticket, when is it good? | `ticket.rs` |

mod client;
mod imported;
mod reflection;
mod refusal;
mod statistics;

use std::borrow::Cow;
use std::sync::Arc;

use warifu_crypto::{Digest, Hash};

use crate::config::{ServerConfig, Settings};
use crate::coroutine::{Peer, Received};
use crate::error::{Error, NothingInCommon, PeerMisbehaved, PskFailure};
use crate::message::{ClientHello, Handshake, OfferedPsks, PskKeyExchangeModes};
use crate::parameters::PskKeyExchangeMode;
use crate::psk::{
    Psk, PskFacts, PskKind, PskPolicy, PskRequest, PskRole, TargetKdf, nobodys_key, printable,
};
use crate::resumption::state::SessionState;

use super::OwnMaterial;
use super::negotiate::{self, GroupChoice, listed};
use super::ticket;
use super::tls13_key_schedule::PskSecret;
use super::transcript::Transcript;

use client::key_facts;
pub(super) use client::{Offered, OfferedSource, Offers, check_size, offers, write_binders};
use imported::ImportedIdentity;
pub(super) use reflection::NotForUs;
use reflection::check_not_reflected;
use refusal::{Failed, TICKET, Work, WrongKey, not_used, refuse};
pub(crate) use statistics::Counters;

/// Identities that a server looks up for one ClientHello, each of which may cost a look-up in a data base. Clients offer one
/// or two tickets, and a key in two imported forms. Go looks at five.
const MAX_IDENTITIES: usize = 8;

/// ..., Truncate(ClientHello)
fn truncated_transcript(hash: Hash, prior: Option<&Transcript>, truncated: &[u8]) -> Transcript {
    let mut transcript = prior.map_or_else(|| Transcript::new(hash), Clone::clone);
    transcript.add(truncated);
    transcript
}

/// As long as a binder for SHA-384.
const LONGEST_BINDER: usize = 48;

/// A binder that was right, in a place of its own.
fn kept_binder(binder: &[u8]) -> [u8; LONGEST_BINDER] {
    let mut kept = [0; LONGEST_BINDER];
    for (to, from) in kept.iter_mut().zip(binder) {
        *to = *from;
    }
    kept
}

/// The key that a server takes, its binder checked.
pub(super) struct Found {
    /// selected_identity.
    pub(super) index: u16,
    pub(super) exchange: Exchange,
    pub(super) secret: Arc<PskSecret>,
    pub(super) source: FoundSource,
    /// As it was offered, where it is not the key's own.
    identity: Option<Box<[u8]>>,
    /// What the client said of the ticket's age.
    pub(super) obfuscated_ticket_age: u32,
    /// The binder, which tells this ClientHello from all others; as many bytes of it as the key's hash has.
    binder: [u8; LONGEST_BINDER],
    /// The transcript up to this ClientHello, most of which was hashed for the binder.
    transcript: Option<Transcript>,
}

/// What a key is used with.
#[derive(Clone, Copy)]
pub(super) enum Exchange {
    /// psk_ke
    None,
    /// psk_dhe_ke
    Group(GroupChoice),
}

impl Exchange {
    pub(super) fn mode(self) -> PskKeyExchangeMode {
        match self {
            Self::None => PskKeyExchangeMode::PSK_KE,
            Self::Group(_) => PskKeyExchangeMode::PSK_DHE_KE,
        }
    }
}

pub(super) enum FoundSource {
    Key { psk: Psk, kind: PskKind },
    Ticket(Box<SessionState>),
}

impl FoundSource {
    /// A copy of an identity as it was offered; `None` where the key has it.
    fn kept_identity(&self, identity: &[u8]) -> Option<Box<[u8]>> {
        match self {
            Self::Key { psk, .. } if psk.identity() == identity => None,
            _ => Some(identity.into()),
        }
    }

    /// The secret with this hash of what was offered as `identity`, and whether it was derived for this.
    fn secret(&self, hash: Hash, identity: &[u8]) -> Result<(Arc<PskSecret>, bool), Error> {
        match self {
            Self::Ticket(state) => Ok((state.psk_secret()?, true)),
            Self::Key { psk, kind } => key_secret(psk, *kind, hash, identity),
        }
    }
}

/// As [`FoundSource::secret`], of a key.
fn key_secret(
    psk: &Psk,
    kind: PskKind,
    hash: Hash,
    identity: &[u8],
) -> Result<(Arc<PskSecret>, bool), Error> {
    let target_kdf = match (kind, hash) {
        (PskKind::External, _) => None,
        (PskKind::Imported, Hash::Sha256) => Some(TargetKdf::HkdfSha256),
        (PskKind::Imported, Hash::Sha384 | Hash::Sha512) => Some(TargetKdf::HkdfSha384),
    };
    let derived = !psk.is_derived(target_kdf);
    let secret = match target_kdf {
        None => psk.external_secret()?,
        Some(target_kdf) => psk.imported_secret(target_kdf, identity)?,
    };
    Ok((secret, derived))
}

impl Found {
    /// The identity as it was offered, to be found again in a second ClientHello.
    fn identity(&self) -> &[u8] {
        match (&self.identity, &self.source) {
            (Some(identity), _) => identity,
            (None, FoundSource::Key { psk, .. }) => psk.identity(),
            (None, FoundSource::Ticket(_)) => &[],
        }
    }

    pub(super) fn hash(&self) -> Hash {
        self.secret.hash()
    }

    /// The transcript up to the ClientHello that this was found in.
    pub(super) fn take_transcript(&mut self) -> Option<Transcript> {
        self.transcript.take()
    }

    /// Tells this ClientHello from all others: the hash of its binder.
    pub(super) fn client_hello_id(&self) -> [u8; 32] {
        let binder = self.binder.get(..self.hash().output_len());
        crate::certificate::sha256(binder.unwrap_or_default())
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
        let Some(offered) = &hello.extensions.pre_shared_key else {
            return Err(PeerMisbehaved::MissingExtension {
                extension: "pre_shared_key",
                message: "second ClientHello",
            }
            .into());
        };
        let mut identities = offered.identities.iter();
        let place = identities
            .position(|offered| *offered.identity == *self.identity())
            .and_then(|index| {
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
            FoundSource::Ticket(_) => TICKET.to_owned(),
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
    pub(super) session_context: [u8; 32],
    /// The client offers to use a key together with a certificate: none of its keys may be a ticket (RFC 9973 Section 5.1).
    pub(super) with_certificate: bool,
    /// Hashes of the suites that both sides have.
    hashes: [Option<Hash>; 2],
}

impl<'a> Fit<'a> {
    fn of(settings: &'a Settings, own: &OwnMaterial, hello: &ClientHello<'a>) -> Self {
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
            with_certificate: hello.extensions.tls_cert_with_extern_psk.is_some(),
            hashes: [common(Hash::Sha256), common(Hash::Sha384)],
            session_context: own.session_context(settings),
        }
    }

    pub(super) fn has(&self, hash: Hash) -> bool {
        self.hashes.contains(&Some(hash))
    }
}

/// What an identity is as a ticket.
pub(super) enum LookUp {
    /// A ticket that fits, to be believed if the binder is right.
    Ticket(Box<SessionState>),
    /// It is none of ours.
    Unknown,
    /// It is one of ours and cannot be used.
    Unusable(String),
}

/// What one identity leads to: a key that is to be believed if the binder is right, or nobody's key, which goes the same way
/// through the code in its place.
struct Candidate {
    hash: Hash,
    source: FoundSource,
    /// Why it is nobody's.
    problem: Option<Problem>,
}

enum Problem {
    Unknown,
    Unusable(Cow<'static, str>),
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
    own: &OwnMaterial,
    received: &Received<ClientHello<'static>>,
    hello: &ClientHello<'_>,
) -> Result<Search, Error> {
    if hello.extensions.pre_shared_key.is_none() {
        check_with_certificate(hello)?;
        return without_key(config, PskFailure::Required.into());
    }
    // Boxed: it is by far the longest of the futures inside of a server's, and gone when the handshake has barely begun.
    Box::pin(search(peer, config, own, received, hello)).await
}

/// As [`find`], among what was offered.
async fn search(
    peer: &mut Peer,
    config: &ServerConfig,
    own: &OwnMaterial,
    received: &Received<ClientHello<'static>>,
    hello: &ClientHello<'_>,
) -> Result<Search, Error> {
    let Some(Offer {
        offered,
        exchange,
        fit,
    }) = read_offer(config, own, hello)?
    else {
        return without_key(config, PskFailure::Required.into());
    };
    check_no_ticket_with_certificate(peer, config, offered, &fit).await?;
    let exchange = match exchange {
        Ok(exchange) => exchange,
        Err(error) => return without_key(config, error),
    };
    let binders = Binders::of(received, offered.binders_len(), None);
    let mut failed = Failed::default();
    let (mut identities, mut binders_offered) = (offered.identities.iter(), offered.binders.iter());
    for index in (0..).take(MAX_IDENTITIES) {
        let (Some(psk_identity), Some(binder)) = (identities.next(), binders_offered.next()) else {
            break;
        };
        let identity = psk_identity.identity.as_slice();
        let candidate = look_up(peer, config, &fit, identity, &binder).await?;
        if candidate.problem.is_some() {
            failed.problem.get_or_insert((index, candidate));
            continue;
        }
        // Behind a wrong key the other identities are looked up all the same, as they would be behind an unknown one: the
        // time must not tell where the search ended.
        if failed.wrong_key.is_some() {
            continue;
        }
        let (secret, transcript) = match check_binder(&binders, &binder, &candidate, identity)? {
            Ok(right) => right,
            Err(work) => {
                let is_ticket = matches!(candidate.source, FoundSource::Ticket(_));
                failed.wrong_key = Some(WrongKey {
                    index,
                    is_ticket,
                    work,
                });
                continue;
            }
        };
        let found = Box::new(Found {
            index,
            exchange,
            secret,
            identity: candidate.source.kept_identity(identity),
            source: candidate.source,
            obfuscated_ticket_age: psk_identity.obfuscated_ticket_age,
            binder: kept_binder(&binder),
            transcript: Some(transcript),
        });
        check_not_reflected(config, &found, received)?;
        config.role.counters.count_found(&found);
        return Ok(Search {
            found: Some(found),
            declined: failed.problem.map(|(index, candidate)| {
                not_used(offered, index, candidate.problem)
                    .to_string()
                    .into()
            }),
        });
    }
    refuse(config, offered, &binders, failed)
}

/// What a ClientHello offers, and how a key would be used.
struct Offer<'a> {
    offered: &'a OfferedPsks<'a>,
    /// `Err` is why not at all, which only matters where a key is required.
    exchange: Result<Exchange, Error>,
    fit: Fit<'a>,
}

/// The offer in a ClientHello; `None` where no key was offered, or none can be known here.
fn read_offer<'a>(
    config: &'a ServerConfig,
    own: &OwnMaterial,
    hello: &'a ClientHello<'a>,
) -> Result<Option<Offer<'a>>, Error> {
    check_with_certificate(hello)?;
    let Some(offered) = &hello.extensions.pre_shared_key else {
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
        exchange: choose_exchange(config, hello, modes)?,
        fit: Fit::of(&config.settings, own, hello),
    }))
}

/// RFC 9973 Section 5: what goes with tls_cert_with_extern_psk, and what does not.
fn check_with_certificate(hello: &ClientHello<'_>) -> Result<(), Error> {
    let extensions = &hello.extensions;
    if extensions.tls_cert_with_extern_psk.is_none() {
        return Ok(());
    }
    // It is for first handshakes only: with early_data beside it the server ends the connection.
    if extensions.early_data.is_some() {
        return Err(PeerMisbehaved::IllegalParameter {
            what: "early_data beside tls_cert_with_extern_psk (RFC 9973 Section 5)",
        }
        .into());
    }
    // A client sends these beside it.
    let companions = [
        ("key_share", extensions.key_share.is_some()),
        (
            "psk_key_exchange_modes",
            extensions.psk_key_exchange_modes.is_some(),
        ),
        ("pre_shared_key", extensions.pre_shared_key.is_some()),
    ];
    if let Some((extension, _)) = companions.into_iter().find(|(_, is_there)| !is_there) {
        return Err(PeerMisbehaved::MissingExtension {
            extension,
            message: "ClientHello",
        }
        .into());
    }
    let modes = &extensions.psk_key_exchange_modes;
    let has_exchange = |modes: &PskKeyExchangeModes<'_>| {
        modes
            .iter()
            .any(|mode| mode == PskKeyExchangeMode::PSK_DHE_KE)
    };
    if !modes.as_ref().is_some_and(has_exchange) {
        return Err(PeerMisbehaved::IllegalParameter {
            what: "tls_cert_with_extern_psk without the mode psk_dhe_ke (RFC 9973 Section 5)",
        }
        .into());
    }
    Ok(())
}

/// RFC 9973 Section 5.1: a key that is used together with a certificate is an external one, and so are all beside it. Opens
/// what was offered as tickets, which ends the handshake if one is.
async fn check_no_ticket_with_certificate(
    peer: &mut Peer,
    config: &ServerConfig,
    offered: &OfferedPsks<'_>,
    fit: &Fit<'_>,
) -> Result<(), Error> {
    let (Some(tickets), true) = (&config.role.tickets, fit.with_certificate) else {
        return Ok(());
    };
    for offered in offered.identities.iter().take(MAX_IDENTITIES) {
        Box::pin(ticket::open(peer, config, tickets, fit, &offered.identity)).await?;
    }
    Ok(())
}

/// For replays: what [`find`] makes of the first identity, were it a ticket of this server with this state.
#[cfg(test)]
pub(super) fn find_recorded(
    config: &ServerConfig,
    received: &Received<ClientHello<'static>>,
    state: SessionState,
) -> Result<Box<Found>, Error> {
    const NONE: Error = Error::Internal("nothing is offered");
    let hello = ClientHello::read(received.body())?;
    let offer = read_offer(config, &OwnMaterial::default(), &hello)?.ok_or(NONE)?;
    let offered = offer.offered;
    let psk_identity = offered.identities.iter().next().ok_or(NONE)?;
    let binder = offered.binders.iter().next().ok_or(NONE)?;
    let candidate = Candidate {
        hash: state.suite.hash,
        source: FoundSource::Ticket(Box::new(state)),
        problem: None,
    };
    let identity = psk_identity.identity.as_slice();
    let binders = Binders::of(received, offered.binders_len(), None);
    let Ok((secret, transcript)) = check_binder(&binders, &binder, &candidate, identity)? else {
        return Err(Error::Internal("the recorded binder is wrong"));
    };
    Ok(Box::new(Found {
        index: 0,
        exchange: offer.exchange?,
        secret,
        source: candidate.source,
        identity: Some(identity.into()),
        obfuscated_ticket_age: psk_identity.obfuscated_ticket_age,
        binder: kept_binder(&binder),
        transcript: Some(transcript),
    }))
}

/// How a key would be used: with a key exchange, if both sides allow that and have a group in common. `Err` in the value is
/// why not at all, which only matters where a key is required.
fn choose_exchange(
    config: &ServerConfig,
    hello: &ClientHello<'_>,
    modes: PskKeyExchangeModes<'_>,
) -> Result<Result<Exchange, Error>, Error> {
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
            Ok(group) => return Ok(Ok(Exchange::Group(group))),
            Err(error @ Error::NothingInCommon(_)) => problem = Some(error),
            Err(error @ Error::PeerMisbehaved(PeerMisbehaved::MissingExtension { .. })) => {
                problem = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    if common(PskKeyExchangeMode::PSK_KE) && !with_certificate {
        return Ok(Ok(Exchange::None));
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
    binder: &[u8],
) -> Result<Candidate, Error> {
    let imported = ImportedIdentity::read(identity);
    let imported = imported.as_ref();
    // With a certificate beside the key none of them is a ticket: that was checked.
    let tickets = config.role.tickets.as_ref();
    if let Some(tickets) = tickets.filter(|_| !fit.with_certificate) {
        // Boxed for servers that have no tickets: it would make the search's future a third longer.
        match Box::pin(ticket::open(peer, config, tickets, fit, identity)).await? {
            LookUp::Unknown => {}
            LookUp::Unusable(reason) => {
                Counters::add(&config.role.counters.tickets_declined);
                return Ok(nobodys(imported, binder, Problem::Unusable(reason.into())));
            }
            LookUp::Ticket(state) => {
                return Ok(Candidate {
                    hash: state.suite.hash,
                    source: FoundSource::Ticket(state),
                    problem: None,
                });
            }
        }
    }
    let Some(store) = &config.role.psk_store else {
        Counters::add(&config.role.counters.tickets_declined);
        let reason = "no pre-shared keys are kept here; if it is a ticket, it is of another server or of a key that is gone";
        return Ok(nobodys(imported, binder, Problem::Unusable(reason.into())));
    };
    let request = PskRequest {
        identity: imported.map_or(identity, |imported| imported.external_identity),
        imported_context: imported.map(|imported| imported.context),
        server_name: fit.server_name,
    };
    let found = peer
        .ask("look-up of a pre-shared key", store.find(request))
        .await?;
    let nobodys_key = nobodys_key(hash_of_binder(binder)).clone();
    let (psk, expected) = match &found {
        Some(psk) => (psk, request.identity),
        None => (&nobodys_key, nobodys_key.identity()),
    };
    let problem = match (check_key(fit, psk, expected, imported), &found) {
        (Ok(()), Some(_)) => None,
        (Err(problem), Some(_)) => Some(problem),
        (_, None) => Some(Problem::Unknown),
    };
    let psk = match (found, &problem) {
        (Some(psk), None) => psk,
        _ => nobodys_key,
    };
    Ok(Candidate {
        problem,
        ..key(psk, imported)
    })
}

fn key(psk: Psk, imported: Option<&ImportedIdentity<'_>>) -> Candidate {
    let (hash, kind) = match imported {
        Some(imported) => (imported.target_kdf.hash(), PskKind::Imported),
        None => (psk.hash().hash(), PskKind::External),
    };
    Candidate {
        hash,
        source: FoundSource::Key { psk, kind },
        problem: None,
    }
}

/// Nobody's key, of the form and hash that was offered.
fn nobodys(imported: Option<&ImportedIdentity<'_>>, binder: &[u8], problem: Problem) -> Candidate {
    let psk = nobodys_key(hash_of_binder(binder)).clone();
    Candidate {
        problem: Some(problem),
        ..key(psk, imported)
    }
}

/// Whether a key that was found may be used in the form in which it was offered.
fn check_key(
    fit: &Fit<'_>,
    psk: &Psk,
    identity: &[u8],
    imported: Option<&ImportedIdentity<'_>>,
) -> Result<(), Problem> {
    let unusable = |reason| Err(Problem::Unusable(Cow::Borrowed(reason)));
    // A store that compares carelessly must not hand out another's key.
    if psk.identity() != identity {
        return unusable("the store found the key of another identity");
    }
    if psk.role() == PskRole::Client {
        return unusable("it is for this node's clients only");
    }
    let hash = match imported {
        Some(imported) if psk.import_context() == Some(imported.context) => {
            imported.target_kdf.hash()
        }
        Some(_) if psk.import_context().is_some() => {
            return unusable("it was imported with another context (RFC 9258)");
        }
        Some(_) => {
            return unusable("it was offered in imported form (RFC 9258), which is not configured");
        }
        None if psk.is_external() => psk.hash().hash(),
        None => return unusable("it was offered as it is, and is to be imported (RFC 9258)"),
    };
    if !fit.has(hash) {
        return unusable(match hash {
            Hash::Sha256 => "it is for SHA-256, and no cipher suite with that hash is in common",
            _ => "it is for SHA-384, and no cipher suite with that hash is in common",
        });
    }
    Ok(())
}

/// The key's secret, and the transcript up to the end of the ClientHello; what it has cost if the binder is wrong.
type Checked = Result<(Arc<PskSecret>, Transcript), Work>;

/// Section 4.2.11.2. One copy of the code, so that it runs alike wherever it is called from.
#[inline(never)]
fn check_binder(
    binders: &Binders<'_>,
    binder: &[u8],
    candidate: &Candidate,
    identity: &[u8],
) -> Result<Checked, Error> {
    // The wrong length is enough to know; the work is that of nobody's key, whose binder this could be.
    let hash = hash_of_binder(binder);
    let fits = candidate.hash == hash;
    let is_nobodys = !fits || candidate.problem.is_some();
    let (secret, derived) = match fits {
        true => candidate.source.secret(hash, identity)?,
        false => key_secret(nobodys_key(hash), PskKind::External, hash, identity)?,
    };
    let mut transcript = binders.transcript(hash);
    let is_right = secret.verify_binder(&transcript.current_hash(), binder);
    // Everybody can make binders with nobody's key.
    if is_nobodys || !is_right {
        return Ok(Err(Work { hash, derived }));
    }
    transcript.add(binders.rest);
    Ok(Ok((secret, transcript)))
}

fn hash_of_binder(binder: &[u8]) -> Hash {
    match binder.len() {
        48 => Hash::Sha384,
        _ => Hash::Sha256,
    }
}
