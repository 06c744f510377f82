//! What a context and a connection decide about sessions, and what that is to the protocol.

use core::ffi::{c_int, c_long, c_void};
use std::sync::Arc;
use std::time::Duration;

use warifu::config::{Client, ConfigBuilder, Server};
use warifu::early_data::ReplayableEarlyData;
use warifu::resumption::{MAX_LIFETIME, Tickets};

use super::cache::Shared;
use super::server::{Guard, Keys, Store, Watcher};
use crate::handle::UserData;
use crate::options::Options;
use crate::ssl::Ssl;

/// Seconds that a session can be resumed, unless another time was set.
pub(crate) const DEFAULT_TIMEOUT: c_long = 2 * 60 * 60;
/// As in OpenSSL.
const DEFAULT_TICKETS: usize = 2;
/// Clients take more for an attack.
const MOST_TICKETS: usize = 32;
/// `SSL3_RT_MAX_PLAIN_LENGTH`: early data that is taken, unless something else was said.
const DEFAULT_RECEIVED_EARLY_DATA: u32 = 1 << 14;

/// Whether early data of a connection is taken: `SSL_CTX_set_allow_early_data_cb`.
pub(crate) type AllowEarlyData = unsafe extern "C" fn(*mut Ssl, *mut c_void) -> c_int;

/// What can be set on a context, and on a connection.
#[derive(Clone)]
pub(crate) struct SessionSettings {
    /// Of the context, also where a connection has settings of its own.
    pub(crate) shared: Arc<Shared>,
    /// Seconds that a session can be resumed.
    pub(crate) timeout: c_long,
    pub(crate) id_context: Vec<u8>,
    /// Tickets after a handshake of TLS 1.3.
    pub(crate) tickets: usize,
    /// Bytes of early data that new tickets allow.
    pub(crate) max_early_data: u32,
    /// Bytes of early data that are taken.
    pub(crate) max_received_early_data: u32,
    pub(crate) allow_early_data: Option<(AllowEarlyData, UserData)>,
}

impl SessionSettings {
    pub(crate) fn new() -> Self {
        Self {
            shared: Arc::new(Shared::new()),
            timeout: DEFAULT_TIMEOUT,
            id_context: Vec::new(),
            tickets: DEFAULT_TICKETS,
            max_early_data: 0,
            max_received_early_data: DEFAULT_RECEIVED_EARLY_DATA,
            allow_early_data: None,
        }
    }

    /// What a client's configuration has of sessions. Where they are kept is each connection's own choice.
    pub(crate) fn for_client(&self, builder: ConfigBuilder<Client>) -> ConfigBuilder<Client> {
        // Any connection may be given the session of any other: what authenticated the server is judged anew each time.
        builder.with_session_context("client of a program in C")
    }

    /// What a server's configuration has of sessions.
    pub(crate) fn for_server(
        &self,
        builder: ConfigBuilder<Server>,
        options: Options,
    ) -> ConfigBuilder<Server> {
        let builder = builder.with_session_context(
            [b"server of a program in C:", self.id_context.as_slice()].concat(),
        );
        let lifetime = u64::try_from(self.timeout).unwrap_or(0);
        if lifetime == 0 {
            return builder;
        }
        let store = Store(self.shared.clone());
        // Whoever shares ticket keys could take early data that was taken here: what allows it is kept here, and taken once.
        let stored = options.contains(Options::NO_TICKET)
            || (self.max_early_data > 0 && !options.contains(Options::NO_ANTI_REPLAY));
        let tickets = match stored {
            true => Tickets::stored(store),
            // Those in the store are known there.
            false => Tickets::stateless(Keys(self.shared.clone()))
                .with_session_ids(store)
                .with_watcher(Watcher),
        };
        // It is at most MOST_TICKETS.
        let count = self.tickets.min(MOST_TICKETS) as u8;
        let tickets = tickets
            .with_count(count)
            .also_on_request()
            .with_legacy_sessions(true)
            .with_lifetime(Duration::from_secs(lifetime).min(MAX_LIFETIME));
        let builder = builder.with_tickets(tickets);
        let early_data = self.max_early_data.min(self.max_received_early_data);
        match early_data {
            0 => builder,
            bytes => {
                let guard = Guard(self.shared.clone());
                builder.with_replayable_early_data(ReplayableEarlyData::new(bytes, guard))
            }
        }
    }
}
