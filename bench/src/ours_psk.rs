//! warifu with pre-shared keys and tickets, driven by its public API.

use std::sync::{Arc, Mutex};

use warifu::decision::Answer;
use warifu::parameters::{CipherSuite, NamedGroup, PskKeyExchangeMode};
use warifu::psk::PskTable;
use warifu::resumption::{ClientSessionStore, RotatingTicketKeys, Session, SessionKey, Tickets};
use warifu::{ClientConfig, Psk, ServerConfig};

use crate::Groups;
use crate::ours::{self, Pair};
use crate::pki::Pki;
use crate::psk::{IDENTITY, KEY, Mode};
use crate::wire::Wire;

/// Configurations of both ends for one key, in one mode, with X25519 where there is an exchange.
pub fn configs(mode: Mode) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let mode = match mode {
        Mode::PskKe => PskKeyExchangeMode::PSK_KE,
        Mode::PskDheKe => PskKeyExchangeMode::PSK_DHE_KE,
    };
    // Two values, as in two processes: clones of one are one node's, which does not talk to itself.
    let psk = || Psk::new(IDENTITY, KEY).unwrap();
    let client = ClientConfig::psk_builder([psk()])
        .with_psk_modes(&[mode])
        .with_groups(&[NamedGroup::X25519])
        .with_cipher_suites(&[CipherSuite::TLS_AES_128_GCM_SHA256])
        .build()
        .unwrap();
    let server = ServerConfig::psk_builder(PskTable::new([psk()]).unwrap())
        .with_psk_modes(&[mode])
        .with_groups(&[NamedGroup::X25519])
        .with_cipher_suites(&[CipherSuite::TLS_AES_128_GCM_SHA256])
        .build()
        .unwrap();
    (client, server)
}

/// Gives the same session out again and again, so that only resumption is measured.
#[derive(Debug, Clone, Default)]
pub struct OneSession(Arc<Mutex<Option<Session>>>);

impl ClientSessionStore for OneSession {
    fn put(&self, _: &SessionKey, session: Session) {
        *self.0.lock().unwrap() = Some(session);
    }

    fn take<'a>(&'a self, _: &'a SessionKey) -> Answer<'a, Option<Session>> {
        Answer::Ready(self.0.lock().unwrap().clone())
    }
}

/// Configurations of both ends, the client's with a session to resume; each handshake issues one ticket, as rustls' does.
pub fn resuming(pki: &Pki) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let server = ours::server_builder(pki, Groups::X25519)
        .with_tickets(Tickets::stateless(RotatingTicketKeys::default()).with_count(1))
        .build()
        .unwrap();
    let client = ours::client_builder(pki, Groups::X25519)
        .with_session_store(OneSession::default())
        .build()
        .unwrap();
    let mut pair = ours::handshake(&client, &server, &ours::server_name(), &mut Wire::new());
    read_tickets(&mut pair);
    (client, server)
}

/// Reads what the server sent behind its handshake.
pub fn read_tickets(pair: &mut Pair) {
    pair.client.peek().unwrap();
}
