//! Tickets: a server issues and opens them, a client keeps and offers them (RFC 8446 Section 4.6.1 and 4.2.11).

use std::sync::Arc;
use std::time::Duration;

use warifu_crypto::Secret;
use zeroize::Zeroizing;

use crate::config::{ClientConfig, ServerConfig};
use crate::coroutine::{Coroutine, Peer};
use crate::decision::{KeyUse, PeerRole, PresentedChain};
use crate::error::{Error, PeerMisbehaved};
use crate::message::{Handshake, NewSessionTicket, NewSessionTicketExtensions, Opaque8, Opaque16};
use crate::parameters::Tls13Suite;
use crate::psk::{Psk, PskFacts, PskPolicy, PskRequest};
use crate::resumption::session::{Kind, Tls13Session};
use crate::resumption::state::{Origin, OriginPsk, SessionState};
use crate::resumption::{
    ClientSessionStore, MAX_LIFETIME, Session, SessionKey, TICKET_KEY_NAME_LEN, TicketSource,
    Tickets,
};

use super::psk::{Fit, LookUp, Offered, OfferedSource};
use super::tls13_client::Client;
use super::tls13_key_schedule::ResumptionSecret;

/// What all tickets of a connection have in common.
pub(crate) struct Template {
    pub(crate) suite: Tls13Suite,
    pub(crate) authenticated_at: u64,
    pub(crate) context: [u8; 32],
    pub(crate) server_name: Option<Arc<str>>,
    pub(crate) alpn: Option<Arc<[u8]>>,
    pub(crate) origin: Origin,
}

impl Template {
    fn state(
        &self,
        secret: Secret,
        lifetime: u32,
        age_add: u32,
        since_millis: u64,
    ) -> SessionState {
        SessionState {
            suite: self.suite,
            secret,
            since_millis,
            authenticated_at: self.authenticated_at,
            lifetime,
            age_add,
            context: self.context,
            server_name: self.server_name.clone(),
            alpn: self.alpn.clone(),
            max_early_data: 0,
            origin: self.origin.clone(),
        }
    }
}

// The server issues.

/// Makes the tickets of one connection.
pub(crate) struct Issuer {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) secret: ResumptionSecret,
    pub(crate) template: Template,
    /// Makes each ticket_nonce another one.
    pub(crate) issued: u32,
}

impl Issuer {
    /// Issues so many tickets. A failure of keys or store ends that without harm.
    pub(super) async fn issue(&mut self, peer: &mut Peer, count: u8) -> Result<(), Error> {
        let config = self.config.clone();
        let Some(tickets) = &config.role.tickets else {
            return Ok(());
        };
        for _ in 0..count {
            if !self.issue_one(peer, &config, tickets).await? {
                break;
            }
        }
        peer.with_wire(|wire| wire.sending.flush_flight())
    }

    async fn issue_one(
        &mut self,
        peer: &mut Peer,
        config: &ServerConfig,
        tickets: &Tickets,
    ) -> Result<bool, Error> {
        let Some(mut prepared) = self.prepare(config, tickets)? else {
            return Ok(false);
        };
        let now = config.settings.clock.now();
        let ticket = match &tickets.source {
            TicketSource::Sealed(keys) => {
                let Ok(Some(key)) = peer.ask("ticket key", keys.sealing_key(now)).await else {
                    return Ok(false);
                };
                key.seal(&prepared.state)
                    .map_err(|_| Error::Internal("ticket cannot be sealed"))?
            }
            TicketSource::Stored(store) => {
                let id: [u8; 32] = config.settings.random.bytes()?;
                let lifetime = Duration::from_secs(prepared.lifetime.into());
                let state = core::mem::take(&mut prepared.state);
                let answer = store.put(id, state, now, lifetime);
                if peer.ask("session store", answer).await.is_err() {
                    return Ok(false);
                }
                id.to_vec()
            }
        };
        // A client's chain can be longer than a ticket may be; such a client makes a full handshake each time.
        if ticket.len() > usize::from(u16::MAX) {
            return Ok(false);
        }
        prepared.send(peer, &ticket)?;
        if let (Some(watcher), Some(state)) = (&tickets.watcher, prepared.session) {
            let ticket = ticket.into_boxed_slice();
            let session = Tls13Session {
                state: *state,
                ticket,
            };
            watcher.issued(&Session(Kind::Tls13(Box::new(session))));
        }
        Ok(true)
    }

    /// A session's state in bytes; `None` if the peer was authenticated too long ago.
    fn prepare(
        &mut self,
        config: &ServerConfig,
        tickets: &Tickets,
    ) -> Result<Option<Prepared>, Error> {
        let settings = &config.settings;
        let now = settings.clock.now().as_secs();
        let since_authentication = now.saturating_sub(self.template.authenticated_at);
        let left = MAX_LIFETIME.as_secs().saturating_sub(since_authentication);
        let lifetime = tickets.lifetime.as_secs().min(left);
        let Some(lifetime) = u32::try_from(lifetime)
            .ok()
            .filter(|lifetime| *lifetime > 0)
        else {
            return Ok(None);
        };
        let nonce = self.issued.to_be_bytes();
        self.issued = self.issued.saturating_add(1);
        let age_add = u32::from_be_bytes(settings.random.bytes()?);
        let mut state = self.template.state(
            self.secret.psk(&nonce)?,
            lifetime,
            age_add,
            settings.clock.now_millis(),
        );
        let early_data = config.role.early_data.as_ref();
        state.max_early_data = early_data.map_or(0, |early| early.max_bytes);
        let mut bytes = Zeroizing::new(Vec::new());
        state.encode(&mut bytes)?;
        Ok(Some(Prepared {
            state: bytes,
            nonce,
            age_add,
            lifetime,
            max_early_data: state.max_early_data,
            session: tickets.watcher.is_some().then(|| Box::new(state)),
        }))
    }

    /// The flow that issues tickets on request, and gives the issuer back.
    pub(crate) fn on_request(mut self: Box<Self>, count: u8) -> Coroutine<Box<Self>> {
        Coroutine::new(move |mut peer| async move {
            self.issue(&mut peer, count).await?;
            Ok(self)
        })
    }
}

/// A ticket but for the ticket itself.
struct Prepared {
    state: Zeroizing<Vec<u8>>,
    nonce: [u8; 4],
    age_add: u32,
    lifetime: u32,
    max_early_data: u32,
    /// For whoever is told of it.
    session: Option<Box<SessionState>>,
}

impl Prepared {
    fn send(&self, peer: &mut Peer, ticket: &[u8]) -> Result<(), Error> {
        let message = NewSessionTicket {
            ticket_lifetime: self.lifetime,
            ticket_age_add: self.age_add,
            ticket_nonce: Opaque8::new(&self.nonce),
            ticket: Opaque16::new(ticket),
            extensions: NewSessionTicketExtensions {
                early_data: (self.max_early_data > 0).then_some(self.max_early_data),
                ..NewSessionTicketExtensions::default()
            },
        };
        peer.with_wire(|wire| {
            wire.sending.send_message(|out| message.encode(out))?;
            Ok(())
        })
    }
}

// The server opens.

/// What an identity is as a ticket: [`LookUp::Unknown`] if it is none of ours.
///
/// # Errors
/// It is one of ours, and must not be one.
pub(super) async fn open(
    peer: &mut Peer,
    config: &ServerConfig,
    tickets: &Tickets,
    fit: &Fit<'_>,
    identity: &[u8],
) -> Result<LookUp, Error> {
    let unusable = |reason: &str| Ok(LookUp::Unusable(reason.to_owned()));
    let now = config.settings.clock.now();
    let state = match &tickets.source {
        TicketSource::Sealed(keys) => {
            let Some(name) = identity.first_chunk::<TICKET_KEY_NAME_LEN>() else {
                return Ok(LookUp::Unknown);
            };
            let key = match peer.ask("ticket key", keys.opening_key(name, now)).await {
                Ok(Some(key)) => key,
                Ok(None) => return Ok(LookUp::Unknown),
                Err(reason) => return Ok(LookUp::Unusable(format!("no ticket keys: {reason}"))),
            };
            match key.open(identity) {
                Some(state) => SessionState::read(state.as_bytes()),
                None => return unusable("the ticket was changed"),
            }
        }
        TicketSource::Stored(store) => {
            let Ok(id) = identity.try_into() else {
                return Ok(LookUp::Unknown);
            };
            match peer.ask("session store", store.take(id, now)).await {
                Ok(Some(state)) => SessionState::read(&state),
                Ok(None) => return Ok(LookUp::Unknown),
                Err(reason) => return Ok(LookUp::Unusable(format!("no session store: {reason}"))),
            }
        }
    };
    if fit.with_certificate {
        return Err(PeerMisbehaved::IllegalParameter {
            what: "a ticket offered beside tls_cert_with_extern_psk (RFC 9973 Section 5.1)",
        }
        .into());
    }
    let Some(mut state) = state.map(Box::new) else {
        return unusable("the ticket was written by another version");
    };
    if let Err(reason) = check_fit(config, fit, &state) {
        return unusable(reason);
    }
    if let Err(reason) =
        check_origin(peer, config, fit.server_name, true, &mut state.origin).await?
    {
        return unusable(reason);
    }
    Ok(LookUp::Ticket(state))
}

/// Whether a session fits this handshake.
fn check_fit(
    config: &ServerConfig,
    fit: &Fit<'_>,
    state: &SessionState,
) -> Result<(), &'static str> {
    if !state.is_fresh(config.settings.clock.now_millis()) {
        return Err("the ticket has expired");
    }
    if state.context != fit.session_context {
        return Err("the ticket is of another configuration");
    }
    if state.server_name.as_deref() != fit.server_name {
        return Err("the ticket is for another server name");
    }
    if state.alpn.as_deref() != fit.alpn {
        return Err("the ticket is for another application protocol");
    }
    if !fit.has(state.suite.hash) {
        return Err("no cipher suite with the ticket's hash is in common");
    }
    Ok(())
}

/// Whether what authenticated the client at first would still do so. Forgets a certificate that nobody judges here.
pub(super) async fn check_origin(
    peer: &mut Peer,
    config: &ServerConfig,
    server_name: Option<&str>,
    is_tls13: bool,
    origin: &mut Origin,
) -> Result<Result<(), &'static str>, Error> {
    match config.settings.psk_policy {
        PskPolicy::Required if origin.psk.is_none() => {
            return Ok(Err("the session began without a pre-shared key"));
        }
        PskPolicy::RequiredWithCertificate if origin.psk.is_none() || !origin.with_certificate => {
            return Ok(Err("the session began without key or without certificate"));
        }
        _ => {}
    }
    if let Some(psk) = &origin.psk {
        let Some(store) = &config.role.psk_store else {
            return Ok(Err("there are no pre-shared keys any more"));
        };
        let request = PskRequest {
            identity: &psk.facts.identity,
            // Whatever its context: the fingerprint tells whether it is the same.
            imported_context: None,
            server_name,
        };
        let found = peer
            .ask("look-up of a pre-shared key", store.find(request))
            .await?;
        let Some(found) = found else {
            return Ok(Err("the key with which the session began is gone"));
        };
        if fingerprint(&found)? != psk.fingerprint {
            return Ok(Err("the key with which the session began was replaced"));
        }
    }
    // RFC 4279 Section 4 and RFC 9973: beside a key a certificate is asked for where the server showed its own.
    let by_key_alone = origin.psk.is_some() && !origin.with_certificate;
    let Some((verifier, may_be_absent)) = config.role.client_auth.in_handshake(is_tls13) else {
        // Whom the application asks after the handshake it asks again.
        origin.peer_certificates = None;
        return Ok(Ok(()));
    };
    let Some(certificates) = &origin.peer_certificates else {
        return Ok(match may_be_absent || by_key_alone {
            true => Ok(()),
            false => Err("the session began without the client's certificate"),
        });
    };
    let now = config.settings.clock.now();
    let chain = PresentedChain {
        resumed: true,
        ..PresentedChain::new(certificates, PeerRole::Client, now)
    };
    let answer = verifier.verify(chain);
    match peer
        .ask("verification of a session's certificate", answer)
        .await
    {
        Ok(()) => Ok(Ok(())),
        Err(_) => Ok(Err("the client's certificate is not believed any more")),
    }
}

/// Tells one key from all others, whatever the form in which it is used.
pub(super) fn fingerprint(psk: &Psk) -> Result<[u8; 16], Error> {
    psk.external_secret()?.fingerprint()
}

/// How a connection authenticated its peer, for the sessions that come of it.
pub(super) fn origin_of_key(psk: &Psk, facts: PskFacts) -> Result<OriginPsk, Error> {
    Ok(OriginPsk {
        fingerprint: fingerprint(psk)?,
        facts,
    })
}

// The client.

/// The session that this client resumes, if it has one for the server.
pub(super) async fn take_session(peer: &mut Peer, client: &Client) -> Result<Option<Kind>, Error> {
    let config = &client.config;
    let Some(store) = client.session_store() else {
        return Ok(None);
    };
    // RFC 9973 Section 5: with that extension "all of the PSKs" offered are external ones.
    if config.settings.psk_policy == PskPolicy::RequiredWithCertificate {
        return Ok(None);
    }
    let key = SessionKey::new(&client.server_name, client.session_context());
    let session = peer.ask("session to resume", store.take(&key)).await;
    Ok(session.map(|session| session.0))
}

/// What of a session must be as in this connection. Section 4.6.1: "Clients MUST only resume if the new SNI value is valid
/// for the server certificate presented in the original session and SHOULD only resume if the SNI value matches the one used
/// in the original session." A store that mixes up hosts must not bring one's ticket and early data to another.
pub(super) fn fits_client(
    client: &Client,
    context: &[u8; 32],
    server_name: Option<&str>,
    alpn: Option<&[u8]>,
) -> bool {
    let is_for_host = match (server_name, client.sni()) {
        (Some(of_session), Some(ours)) => of_session.eq_ignore_ascii_case(ours),
        (of_session, ours) => of_session.is_none() && ours.is_none(),
    };
    let settings = &client.config.settings;
    let alpn_fits = match alpn {
        Some(protocol) => settings.alpn.iter().any(|ours| **ours == *protocol),
        None => true,
    };
    is_for_host && alpn_fits && *context == client.session_context()
}

/// The offer of a session, if it is a good one.
pub(super) async fn offer_session(
    peer: &mut Peer,
    client: &Client,
    psks: &[Psk],
    session: Box<Tls13Session>,
) -> Result<Option<Offered>, Error> {
    let config = &client.config;
    let state = &session.state;
    let now_millis = config.settings.clock.now_millis();
    let fits = state.is_fresh(now_millis)
        && config.settings.suites.contains(&state.suite)
        && fits_client(
            client,
            &state.context,
            state.server_name.as_deref(),
            state.alpn.as_deref(),
        );
    if !fits || !believes_origin(peer, client, psks, &state.origin, KeyUse::Signature).await? {
        return Ok(None);
    }
    Ok(Some(Offered {
        imported_identity: None,
        secret: state.psk_secret()?,
        source: OfferedSource::Session(session),
    }))
}

/// Whether what authenticated the server at first would still do so: its certificate by this use of its key.
pub(super) async fn believes_origin(
    peer: &mut Peer,
    client: &Client,
    psks: &[Psk],
    origin: &Origin,
    key_use: KeyUse,
) -> Result<bool, Error> {
    let config = &client.config;
    if let Some(first) = &origin.psk {
        let mut same_key = false;
        for psk in psks {
            same_key |=
                psk.identity() == &*first.facts.identity && fingerprint(psk)? == first.fingerprint;
        }
        if !same_key || origin.peer_certificates.is_none() {
            return Ok(same_key);
        }
    } else if config.settings.psk_policy != PskPolicy::Optional {
        return Ok(false);
    }
    let (Some(verifier), Some(certificates)) = (&config.role.verifier, &origin.peer_certificates)
    else {
        return Ok(false);
    };
    let role = PeerRole::Server(&client.server_name);
    let chain = PresentedChain {
        key_use,
        resumed: true,
        ..PresentedChain::new(certificates, role, config.settings.clock.now())
    };
    let answer = verifier.verify(chain);
    let verified = peer
        .ask("verification of a session's certificate", answer)
        .await;
    Ok(verified.is_ok())
}

/// Keeps the sessions that a client's connection is given.
pub(crate) struct Keeper {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) store: Arc<dyn ClientSessionStore>,
    pub(crate) key: SessionKey,
    pub(crate) secret: ResumptionSecret,
    pub(crate) template: Template,
}

/// Checks a NewSessionTicket, which must be well-formed also where it is of no use.
pub(super) fn read_ticket(body: &[u8]) -> Result<NewSessionTicket<'_>, Error> {
    let message = NewSessionTicket::read(body)?;
    if u64::from(message.ticket_lifetime) > MAX_LIFETIME.as_secs() {
        return Err(PeerMisbehaved::IllegalParameter {
            what: "ticket_lifetime is more than seven days (RFC 8446 Section 4.6.1)",
        }
        .into());
    }
    Ok(message)
}

impl Keeper {
    /// Keeps the session of a NewSessionTicket.
    pub(super) fn keep(&self, message: &NewSessionTicket<'_>) -> Result<(), Error> {
        // Section 4.6.1: "The value of zero indicates that the ticket should be discarded immediately."
        if message.ticket_lifetime == 0 {
            return Ok(());
        }
        let mut state = self.template.state(
            self.secret.psk(&message.ticket_nonce)?,
            message.ticket_lifetime,
            message.ticket_age_add,
            self.config.settings.clock.now_millis(),
        );
        state.max_early_data = message.extensions.early_data.unwrap_or_default();
        let ticket = Box::from(message.ticket.as_slice());
        let session = Session(Kind::Tls13(Box::new(Tls13Session { state, ticket })));
        self.store.put(&self.key, session);
        Ok(())
    }
}
