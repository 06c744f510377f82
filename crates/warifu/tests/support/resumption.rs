//! Clients that come back: a clock that moves, and where a client's sessions are seen.
#![allow(dead_code, unreachable_pub)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use warifu::config::{Client, Clock, ConfigBuilder, Server};
use warifu::decision::Answer;
use warifu::early_data::{MemoryReplayStore, ReplayableEarlyData};
use warifu::pki_types::UnixTime;
use warifu::resumption::{
    ClientSessionStore, RotatingTicketKeys, Session, SessionKey, TicketKey, TicketKeys, Tickets,
};
use warifu::{ClientConfig, Connection, EarlyData, HandshakeKind, ReadOutcome, ServerConfig};

use super::{
    Pair, Pki, client_builder, deliver, move_bytes, pki, read_records, server_builder, server_name,
};

/// A clock that a test moves. It starts at [`pki::NOW`].
#[derive(Debug)]
pub struct MovableClock(AtomicU64);

impl MovableClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(pki::NOW * 1000)))
    }

    pub fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap();
        self.0.fetch_add(millis, Ordering::SeqCst);
    }

    pub fn go_back(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap();
        self.0.fetch_sub(millis, Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_millis(self.now_millis()))
    }

    fn now_millis(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A client's sessions, which a test can look at and exchange. The newest is taken first.
#[derive(Debug, Default)]
pub struct Shelf(Mutex<Vec<(SessionKey, Session)>>);

impl Shelf {
    pub fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Takes all out.
    pub fn drain(&self) -> Vec<Session> {
        let all = self.0.lock().unwrap().drain(..).collect::<Vec<_>>();
        all.into_iter().map(|(_, session)| session).collect()
    }

    /// Copies of all.
    pub fn sessions(&self) -> Vec<Session> {
        let all = self.0.lock().unwrap();
        all.iter().map(|(_, session)| session.clone()).collect()
    }

    /// Changes the bytes of each session.
    pub fn edit(&self, change: impl Fn(&mut Vec<u8>)) {
        for (_, session) in self.0.lock().unwrap().iter_mut() {
            let mut bytes = session.to_bytes().to_vec();
            change(&mut bytes);
            *session = Session::from_bytes(&bytes).unwrap();
        }
    }
}

impl ClientSessionStore for Shelf {
    fn put(&self, key: &SessionKey, session: Session) {
        self.0.lock().unwrap().push((key.clone(), session));
    }

    fn take<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Session>> {
        let mut all = self.0.lock().unwrap();
        let found = all.iter().rposition(|(of, _)| of == key);
        Answer::Ready(found.map(|index| all.remove(index).1))
    }
}

/// A client and its server that meet again and again.
pub struct World {
    pub pki: Pki,
    pub clock: Arc<MovableClock>,
    pub shelf: Arc<Shelf>,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    pub fn new() -> Self {
        Self {
            pki: Pki::new(),
            clock: MovableClock::new(),
            shelf: Arc::default(),
        }
    }

    /// A client that keeps its sessions on the shelf, for any configuration with the same name.
    pub fn client(
        &self,
        change: impl FnOnce(ConfigBuilder<Client>) -> ConfigBuilder<Client>,
    ) -> Arc<ClientConfig> {
        let builder = client_builder(&self.pki)
            .with_clock(self.clock.clone())
            .with_session_context("client")
            .with_session_store(self.shelf.clone());
        change(builder).build().unwrap()
    }

    /// A server with these tickets, which any other with the same name takes too.
    pub fn server(
        &self,
        tickets: Tickets,
        change: impl FnOnce(ConfigBuilder<Server>) -> ConfigBuilder<Server>,
    ) -> Arc<ServerConfig> {
        let builder = server_builder(&self.pki)
            .with_clock(self.clock.clone())
            .with_session_context("server")
            .with_tickets(tickets);
        change(builder).build().unwrap()
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

pub fn same<R>(builder: ConfigBuilder<R>) -> ConfigBuilder<R> {
    builder
}

/// Stateless tickets under a key of their own.
pub fn stateless() -> Tickets {
    let week = Duration::from_secs(604_800);
    Tickets::stateless(RotatingTicketKeys::default().with_ticket_lifetime(week))
}

/// One key of this secret.
#[derive(Debug)]
pub struct OneKey(pub Arc<TicketKey>);

impl OneKey {
    pub fn new(secret: u8) -> Self {
        Self(Arc::new(TicketKey::new(&[secret; 32]).unwrap()))
    }
}

impl TicketKeys for OneKey {
    fn sealing_key(&self, _: UnixTime) -> Answer<'_, Result<Option<Arc<TicketKey>>, String>> {
        Answer::Ready(Ok(Some(self.0.clone())))
    }

    fn opening_key<'a>(
        &'a self,
        name: &'a [u8; 16],
        _: UnixTime,
    ) -> Answer<'a, Result<Option<Arc<TicketKey>>, String>> {
        Answer::Ready(Ok((self.0.name() == name).then(|| self.0.clone())))
    }
}

/// Two ends that have not begun.
pub fn meet(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Pair {
    Pair {
        client: Connection::client(client.clone(), server_name()),
        server: Connection::server(server.clone()),
    }
}

/// Two ends with the handshake done and the tickets received.
#[track_caller]
pub fn connect(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Pair {
    let mut pair = meet(client, server);
    finish(&mut pair);
    pair
}

/// Does the handshake, and receives the tickets.
#[track_caller]
pub fn finish(pair: &mut Pair) {
    pair.handshake().unwrap();
    pair.transfer();
    assert!(read_records(&mut pair.client).is_empty());
}

#[track_caller]
pub fn expect_resumed(pair: &Pair) {
    for side in [&pair.client, &pair.server] {
        let facts = side.facts().unwrap();
        assert_eq!(facts.handshake_kind, HandshakeKind::Resumed);
        assert!(facts.resumed);
        assert_eq!(facts.psk_declined, None);
    }
}

/// A full handshake, in which the client offered nothing.
#[track_caller]
pub fn expect_full(pair: &Pair) {
    for side in [&pair.client, &pair.server] {
        let facts = side.facts().unwrap();
        assert_eq!(facts.handshake_kind, HandshakeKind::Full);
        assert!(!facts.resumed);
        assert_eq!(facts.psk_declined, None);
        assert_eq!(facts.psk, None);
    }
}

/// A full handshake, since the server did not take what the client offered, for this reason.
#[track_caller]
pub fn expect_declined(pair: &Pair, reason: &str) {
    let facts = [&pair.client, &pair.server].map(|side| side.facts().unwrap());
    for facts in facts {
        assert_eq!(facts.handshake_kind, HandshakeKind::Full);
        assert!(!facts.resumed);
    }
    assert_eq!(
        facts[0].psk_declined.as_deref(),
        Some("the server took none of the keys and tickets offered")
    );
    let declined = facts[1].psk_declined.as_deref().expect("no reason");
    assert!(declined.ends_with(reason), "{declined}");
}

// Early data.

impl World {
    /// A client that sends early data.
    pub fn early_client(
        &self,
        change: impl FnOnce(ConfigBuilder<Client>) -> ConfigBuilder<Client>,
    ) -> Arc<ClientConfig> {
        self.client(|client| change(client.with_replayable_early_data(true)))
    }

    /// A server that takes so much early data, and has the ticket key of all others that this makes.
    pub fn early_server(
        &self,
        max_bytes: u32,
        change: impl FnOnce(ConfigBuilder<Server>) -> ConfigBuilder<Server>,
    ) -> Arc<ServerConfig> {
        let week = Duration::from_secs(604_800);
        let tickets = Tickets::stateless(OneKey::new(1)).with_lifetime(week);
        let early = ReplayableEarlyData::new(max_bytes, MemoryReplayStore::default());
        self.server(tickets, |server| {
            change(server.with_replayable_early_data(early))
        })
    }
}

/// All early data that can be read now, record by record.
pub fn read_early(server: &mut Connection) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let mut buffer = vec![0; 20_000];
    while let Ok(ReadOutcome::Data(count)) = server.read_replayable_early_data(&mut buffer) {
        records.push(buffer[..count].to_vec());
    }
    records
}

/// Does the handshake, and returns the early data that the server read.
#[track_caller]
pub fn finish_early(pair: &mut Pair) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    for _ in 0..1000 {
        pair.client.process().unwrap();
        move_bytes(&mut pair.client, &mut pair.server);
        pair.server.process().unwrap();
        records.append(&mut read_early(&mut pair.server));
        move_bytes(&mut pair.server, &mut pair.client);
        if !pair.client.is_handshaking() && !pair.server.is_handshaking() {
            pair.transfer();
            assert!(read_records(&mut pair.client).is_empty());
            return records;
        }
    }
    panic!("handshake makes no progress");
}

#[track_caller]
pub fn expect_early_data(pair: &Pair, early_data: EarlyData, declined: Option<&str>) {
    for side in [&pair.client, &pair.server] {
        assert_eq!(side.early_data(), early_data);
        assert_eq!(side.facts().unwrap().early_data, early_data);
    }
    let facts = pair.server.facts().unwrap();
    assert_eq!(facts.early_data_declined.as_deref(), declined);
    assert_eq!(pair.client.facts().unwrap().early_data_declined, None);
}

/// A first connection for the ticket, and then one that has not begun.
pub fn meet_again(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Pair {
    connect(client, server);
    meet(client, server)
}

/// Whatever became of early data, the connection works.
#[track_caller]
pub fn expect_alive(pair: &mut Pair) {
    pair.client.write(b"again").unwrap();
    assert_eq!(deliver(&mut pair.client, &mut pair.server), [b"again"]);
    pair.server.write(b"answer").unwrap();
    assert_eq!(deliver(&mut pair.server, &mut pair.client), [b"answer"]);
    assert_eq!(pair.client.write_replayable_early_data(b"late"), Ok(0));
}

/// Sends early data to a server that does not take it for this reason.
#[track_caller]
pub fn expect_rejected(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    reason: &str,
) -> HandshakeKind {
    let mut pair = meet(client, server);
    assert_eq!(pair.client.write_replayable_early_data(b"lost"), Ok(4));
    assert_eq!(pair.client.early_data(), EarlyData::Offered);
    assert_eq!(finish_early(&mut pair), [] as [Vec<u8>; 0]);
    expect_early_data(&pair, EarlyData::Rejected, Some(reason));
    assert_eq!(
        pair.server.read_replayable_early_data(&mut [0; 9]),
        Ok(ReadOutcome::Closed)
    );
    expect_alive(&mut pair);
    pair.server.facts().unwrap().handshake_kind
}
