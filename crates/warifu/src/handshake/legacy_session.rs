//! Resumption in TLS 1.2, 1.1 and 1.0: by ticket (RFC 5077) and by session ID (RFC 5246 Section 7.3). The same ticket keys,
//! stores and rules as in TLS 1.3 serve; a session resumes in its own version and with its own cipher suite only.

use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::config::ServerConfig;
use crate::coroutine::Peer;
use crate::error::Error;
use crate::handshake::psk::Counters;
use crate::message::ClientHello;
use crate::message::Opaque16;
use crate::message::legacy::LegacyNewSessionTicket;
use crate::parameters::{LegacySuite, ProtocolVersion};
use crate::psk::Psk;
use crate::resumption::legacy_state::LegacyState;
use crate::resumption::session::{Kind, LegacyName, LegacySession};
use crate::resumption::state::Origin;
use crate::resumption::{
    MAX_LIFETIME, Session, SessionKey, TICKET_KEY_NAME_LEN, TicketSource, Tickets,
};

use super::legacy::{Agreed, send};
use super::legacy_key_schedule::{LegacyMainSecret, LegacyTranscript};
use super::ticket::{believes_origin, check_origin, fits_client};
use super::tls13_client::Client;

/// What a session is made from, on both sides.
pub(super) struct Template {
    pub(super) context: [u8; 32],
    pub(super) server_name: Option<Arc<str>>,
    pub(super) alpn: Option<Arc<[u8]>>,
    pub(super) authenticated_at: u64,
    pub(super) origin: Origin,
}

impl Template {
    fn state(
        self,
        agreed: &Agreed,
        main: &LegacyMainSecret,
        lifetime: u32,
        now_millis: u64,
    ) -> LegacyState {
        LegacyState {
            version: agreed.version,
            suite: agreed.suite,
            main_secret: main.secret().clone(),
            since_millis: now_millis,
            authenticated_at: self.authenticated_at,
            lifetime,
            context: self.context,
            server_name: self.server_name,
            alpn: self.alpn,
            origin: self.origin,
        }
    }
}

// The server.

/// Whether a session may resume in this handshake.
pub(super) struct Fit<'a> {
    pub(super) version: ProtocolVersion,
    pub(super) context: [u8; 32],
    pub(super) server_name: Option<&'a str>,
    pub(super) alpn: Option<&'a [u8]>,
    /// That could be chosen for this client.
    pub(super) suites: &'a [LegacySuite],
}

/// What became of a client's wish to resume.
pub(super) struct Search {
    pub(super) found: Option<Box<LegacyState>>,
    /// It was kept here, under its ID.
    pub(super) by_id: bool,
    /// Why what was offered is not used.
    pub(super) declined: Option<Arc<str>>,
}

/// The session that the client wants to resume, if it is one of ours and good.
pub(super) async fn find(
    peer: &mut Peer,
    config: &ServerConfig,
    hello: &ClientHello<'_>,
    fit: &Fit<'_>,
) -> Result<Search, Error> {
    let mut search = Search {
        found: None,
        by_id: false,
        declined: None,
    };
    let Some(tickets) = &config.role.tickets else {
        return Ok(search);
    };
    let (ticket, id) = (
        hello
            .extensions
            .session_ticket
            .as_ref()
            .map(|ticket| ticket.0),
        hello.legacy_session_id.as_slice(),
    );
    // RFC 5077 Section 3.4: "If a ticket is presented by the client, the server MUST NOT attempt to use the Session ID in the
    // ClientHello for stateful session resumption."
    let ticket = ticket.filter(|ticket| !ticket.is_empty());
    let state = match (&tickets.source, ticket, tickets.id_store()) {
        (TicketSource::Sealed(keys), Some(ticket), _) => {
            let Some(name) = ticket.first_chunk::<TICKET_KEY_NAME_LEN>() else {
                return Ok(search);
            };
            let now = config.settings.clock.now();
            match peer.ask("ticket key", keys.opening_key(name, now)).await {
                Ok(Some(key)) => key
                    .open(ticket)
                    .and_then(|state| LegacyState::read(state.as_bytes())),
                Ok(None) => None,
                Err(reason) => {
                    search.declined = Some(format!("no ticket keys: {reason}").into());
                    return Ok(search);
                }
            }
        }
        (_, _, Some(store)) => {
            let Ok(id) = <&[u8; 32]>::try_from(id) else {
                return Ok(search);
            };
            search.by_id = true;
            let now = config.settings.clock.now();
            match peer.ask("session store", store.take(id, now)).await {
                Ok(state) => state.and_then(|state| LegacyState::read(&state)),
                Err(reason) => {
                    search.declined = Some(format!("no session store: {reason}").into());
                    return Ok(search);
                }
            }
        }
        (TicketSource::Sealed(_), None, None) | (TicketSource::Stored(_), _, None) => {
            return Ok(search);
        }
    };
    // What is no session of ours may be that of another server, or the random ID of a client of TLS 1.3.
    let Some(mut state) = state.map(Box::new) else {
        return Ok(search);
    };
    let refused = match check_fit(config, fit, &state) {
        Err(reason) => Err(reason),
        Ok(()) => check_origin(peer, config, fit.server_name, false, &mut state.origin).await?,
    };
    let counters = &config.role.counters;
    match refused {
        Ok(()) => {
            Counters::add(&counters.tickets_accepted);
            search.found = Some(state);
        }
        Err(reason) => {
            Counters::add(&counters.tickets_declined);
            search.declined = Some(reason.into());
        }
    }
    Ok(search)
}

fn check_fit(
    config: &ServerConfig,
    fit: &Fit<'_>,
    state: &LegacyState,
) -> Result<(), &'static str> {
    if !state.is_fresh(config.settings.clock.now_millis()) {
        return Err("the session has expired");
    }
    if state.context != fit.context {
        return Err("the session is of another configuration");
    }
    if state.version != fit.version {
        return Err("the session is of another version");
    }
    if !fit.suites.contains(&state.suite) {
        return Err("the session's cipher suite is not in common");
    }
    if state.server_name.as_deref() != fit.server_name {
        return Err("the session is for another server name");
    }
    if state.alpn.as_deref() != fit.alpn {
        return Err("the session is for another application protocol");
    }
    Ok(())
}

/// A session that the server keeps, or gives to the client to keep.
pub(super) struct Issued {
    state: Zeroizing<Vec<u8>>,
    /// For whoever is told of it.
    session: Option<LegacyState>,
    lifetime: u32,
}

/// The state of a session in bytes; `None` if there is to be none.
pub(super) fn prepare(
    config: &ServerConfig,
    tickets: &Tickets,
    agreed: &Agreed,
    main: &LegacyMainSecret,
    template: Template,
) -> Result<Option<Issued>, Error> {
    let settings = &config.settings;
    // RFC 7627 Section 5.4: without it a session can be made to belong to two connections.
    if !agreed.extended_main_secret || !tickets.issues_legacy() {
        return Ok(None);
    }
    let since_authentication = settings
        .clock
        .now()
        .as_secs()
        .saturating_sub(template.authenticated_at);
    let left = MAX_LIFETIME.as_secs().saturating_sub(since_authentication);
    let lifetime = u32::try_from(tickets.lifetime.as_secs().min(left)).unwrap_or_default();
    if lifetime == 0 {
        return Ok(None);
    }
    let state = template.state(agreed, main, lifetime, settings.clock.now_millis());
    let mut bytes = Zeroizing::new(Vec::new());
    state.encode(&mut bytes)?;
    Ok(Some(Issued {
        state: bytes,
        session: tickets.watcher.is_some().then_some(state),
        lifetime,
    }))
}

impl Issued {
    /// Sends NewSessionTicket, RFC 5077 Section 3.3. It was promised in ServerHello: where there is no key now, it is empty.
    pub(super) async fn send_ticket(
        self,
        peer: &mut Peer,
        config: &ServerConfig,
        transcript: &mut LegacyTranscript,
    ) -> Result<(), Error> {
        let mut ticket = Vec::new();
        if let Some(Tickets {
            source: TicketSource::Sealed(keys),
            ..
        }) = &config.role.tickets
        {
            let now = config.settings.clock.now();
            let key = peer.ask("ticket key", keys.sealing_key(now)).await;
            if let Ok(Some(key)) = key {
                ticket = key
                    .seal(&self.state)
                    .map_err(|_| Error::Internal("ticket cannot be sealed"))?;
            }
        }
        if ticket.len() > usize::from(u16::MAX) {
            ticket.clear();
        }
        if !ticket.is_empty() {
            tell(
                config,
                self.session,
                LegacyName::Ticket(ticket.as_slice().into()),
            );
        }
        send_new_session_ticket(peer, transcript, self.lifetime, &ticket)
    }

    /// Keeps the session under the ID that ServerHello had. A failure of the store costs the session alone.
    pub(super) async fn store(
        self,
        peer: &mut Peer,
        config: &ServerConfig,
        id: [u8; 32],
    ) -> Result<(), Error> {
        let tickets = config.role.tickets.as_ref();
        let Some(store) = tickets.and_then(Tickets::id_store) else {
            return Ok(());
        };
        let now = config.settings.clock.now();
        let lifetime = Duration::from_secs(self.lifetime.into());
        let answer = store.put(id, self.state, now, lifetime);
        // The handshake is worth more than the next one's speed.
        let stored: Result<(), String> = peer.ask("session store", answer).await;
        if stored.is_ok() {
            tell(config, self.session, LegacyName::Id(id.into()));
        }
        Ok(())
    }
}

/// Tells whoever wants to know of a session.
fn tell(config: &ServerConfig, state: Option<LegacyState>, name: LegacyName) {
    let watcher = config
        .role
        .tickets
        .as_ref()
        .and_then(|tickets| tickets.watcher.as_ref());
    if let (Some(watcher), Some(state)) = (watcher, state) {
        watcher.issued(&Session(Kind::Legacy(Box::new(LegacySession {
            state,
            name,
        }))));
    }
}

/// Sends a NewSessionTicket; an empty one says that there is none after all.
pub(super) fn send_new_session_ticket(
    peer: &mut Peer,
    transcript: &mut LegacyTranscript,
    lifetime: u32,
    ticket: &[u8],
) -> Result<(), Error> {
    send(
        peer,
        transcript,
        &LegacyNewSessionTicket {
            ticket_lifetime_hint: lifetime,
            ticket: Opaque16::new(ticket),
        },
    )
}

// The client.

/// A session that fits this client, checked as in TLS 1.3.
pub(super) async fn usable_session(
    peer: &mut Peer,
    client: &Client,
    psks: &[Psk],
    session: Box<LegacySession>,
) -> Result<Option<Box<LegacySession>>, Error> {
    let settings = &client.config.settings;
    let state = &session.state;
    let fits = state.is_fresh(settings.clock.now_millis())
        && settings.versions.contains(state.version)
        && settings.legacy.suites.contains(&state.suite)
        && fits_client(
            client,
            &state.context,
            state.server_name.as_deref(),
            state.alpn.as_deref(),
        );
    let key_use = state.suite.key_exchange.key_use();
    let usable = fits && believes_origin(peer, client, psks, &state.origin, key_use).await?;
    Ok(usable.then_some(session))
}

/// How a client will name a session, and for how many seconds the server said that it can.
pub(super) type Named = (LegacyName, Option<u32>);

/// Keeps the session of a connection that is complete, where the configuration keeps sessions.
pub(super) fn keep(
    client: &Client,
    agreed: &Agreed,
    main: &LegacyMainSecret,
    template: Template,
    (name, lifetime_hint): Named,
) {
    // RFC 5077 Section 3.3: 0 leaves it to the client; a session ID says nothing of it (RFC 5246 Appendix F.1.4: 24 hours).
    const UNSPECIFIED: u32 = 24 * 60 * 60;
    let config = &client.config;
    let (Some(store), true) = (client.session_store(), agreed.extended_main_secret) else {
        return;
    };
    let most = u32::try_from(MAX_LIFETIME.as_secs()).unwrap_or(u32::MAX);
    let lifetime = match lifetime_hint {
        None | Some(0) => UNSPECIFIED,
        Some(hint) => hint.min(most),
    };
    let key = SessionKey::new(&client.server_name, template.context);
    let now_millis = config.settings.clock.now_millis();
    let state = template.state(agreed, main, lifetime, now_millis);
    let session = Box::new(LegacySession { state, name });
    store.put(&key, Session(Kind::Legacy(session)));
}
