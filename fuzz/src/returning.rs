//! Clients that come back: the sessions of a first handshake, and a second one in which others are offered in their place.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use warifu::config::{Client, Clock, ConfigBuilder, Server};
use warifu::decision::Answer;
use warifu::early_data::{MemoryReplayStore, ReplayableEarlyData};
use warifu::parameters::{NamedGroup, ProtocolVersion};
use warifu::pki_types::{CertificateDer, UnixTime};
use warifu::psk::PskTable;
use warifu::resumption::{ClientSessionStore, Session, SessionKey, TicketKey, TicketKeys, Tickets};
use warifu::{
    ClientAuth, ClientConfig, Connection, Error, HandshakeKind, Psk, ReadOutcome, ServerConfig,
    Trust,
};

use crate::certificates::{self, Key, NOW};

/// A server, clients that proved themselves in each way, and what they came away with.
pub struct World {
    /// Seals the server's tickets.
    pub key: Arc<TicketKey>,
    pub templates: Vec<Template>,
    server: Arc<ServerConfig>,
}

/// A client and the session of its first handshake.
pub struct Template {
    client: Arc<ClientConfig>,
    shelf: Arc<Shelf>,
    /// As bytes.
    pub session: Vec<u8>,
    /// The ticket in it.
    pub ticket: Vec<u8>,
}

/// How a handshake ended.
pub struct Meeting {
    /// By both sides' word.
    pub resumed: bool,
}

/// Always [`NOW`].
#[derive(Debug)]
struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(NOW))
    }
}

#[derive(Debug)]
struct OneKey(Arc<TicketKey>);

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

/// Room for a client's newest session.
#[derive(Debug, Default)]
struct Shelf(Mutex<Option<Session>>);

impl Shelf {
    fn swap(&self, session: Option<Session>) -> Option<Session> {
        let mut place = self.0.lock().expect("no panic before");
        std::mem::replace(&mut place, session)
    }
}

impl ClientSessionStore for Shelf {
    fn put(&self, _: &SessionKey, session: Session) {
        self.swap(Some(session));
    }

    fn take<'a>(&'a self, _: &'a SessionKey) -> Answer<'a, Option<Session>> {
        Answer::Ready(self.swap(None))
    }
}

impl World {
    /// Does the first handshakes.
    pub fn new() -> Self {
        let ca = Key::new(1);
        let root: CertificateDer<'static> = ca.sign(&certificates::ca("root", "root", &ca)).into();
        let trust = || {
            let trust = Trust::builder().with_ca_bytes(&root).build();
            trust.expect("a CA")
        };
        let credential = |name: &str, seed| {
            let key = Key::new(seed);
            let leaf = ca.sign(&certificates::leaf(name, "root", &key)).into();
            key.credential(vec![leaf])
        };
        let psk = || Psk::new("somebody", [7; 32]).expect("a key");
        let key = Arc::new(TicketKey::new(&[7; 32]).expect("a ticket key"));
        let tickets = Tickets::stateless(OneKey(key.clone()));
        let early = ReplayableEarlyData::new(4096, MemoryReplayStore::default());
        let server: ConfigBuilder<Server> = ServerConfig::builder(credential("host.example", 2));
        let server = server
            .with_clock(Arc::new(FixedClock))
            .with_session_context("server")
            .with_versions(ProtocolVersion::TLS1_2..=ProtocolVersion::TLS1_3)
            .with_groups(&[NamedGroup::X25519])
            .with_client_auth(ClientAuth::optional(trust()))
            .with_psk_store(PskTable::new([psk()]).expect("a table"))
            .with_replayable_early_data(early)
            .with_tickets(tickets)
            .build()
            .expect("a server");
        let client = |version, shelf: &Arc<Shelf>| -> ConfigBuilder<Client> {
            ClientConfig::builder(trust())
                .with_clock(Arc::new(FixedClock))
                .with_session_context("client")
                .with_session_store(shelf.clone())
                .with_versions(version..=version)
                .with_groups(&[NamedGroup::X25519])
        };
        let mut templates = Vec::new();
        for version in [ProtocolVersion::TLS1_3, ProtocolVersion::TLS1_2] {
            for proof in 0..3 {
                let shelf = Arc::new(Shelf::default());
                let client = match proof {
                    0 => client(version, &shelf),
                    1 => client(version, &shelf).with_credential(credential("client.example", 3)),
                    _ => client(version, &shelf).with_psks([psk()]),
                };
                let client = client.build().expect("a client");
                let end = meet(&client, &server).expect("the first handshake");
                assert!(!end.resumed);
                let session = shelf.swap(None).expect("a session");
                templates.push(Template {
                    client,
                    shelf,
                    ticket: session.ticket().expect("a ticket").to_vec(),
                    session: session.to_bytes().to_vec(),
                });
            }
        }
        let world = Self {
            key,
            templates,
            server,
        };
        for template in &world.templates {
            let session = Session::from_bytes(&template.session).expect("our own session");
            assert!(world.meet(template, session).resumed);
        }
        world
    }

    /// The template's client comes back with this session.
    pub fn meet(&self, template: &Template, session: Session) -> Meeting {
        template.shelf.swap(Some(session));
        match meet(&template.client, &self.server) {
            Ok(meeting) => meeting,
            Err(error) => {
                assert!(!matches!(error, Error::Internal(_)), "{error}");
                assert!(!error.to_string().is_empty());
                Meeting { resumed: false }
            }
        }
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// A handshake, a message each way, and the tickets behind it.
fn meet(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Result<Meeting, Error> {
    let name = "host.example".try_into().expect("a name");
    let mut client = Connection::client(client.clone(), name);
    let mut server = Connection::server(server.clone());
    for _ in 0..16 {
        client.process()?;
        carry(&mut client, &mut server);
        server.process()?;
        carry(&mut server, &mut client);
        if !client.is_handshaking() && !server.is_handshaking() {
            break;
        }
    }
    let resumed = [&client, &server].map(|side| {
        let facts = side.facts().expect("the handshake is done");
        facts.handshake_kind == HandshakeKind::Resumed && facts.resumed
    });
    assert_eq!(resumed[0], resumed[1]);
    send(&mut client, &mut server)?;
    send(&mut server, &mut client)?;
    Ok(Meeting {
        resumed: resumed[0],
    })
}

fn carry(from: &mut Connection, to: &mut Connection) {
    let count = to.receive(from.output());
    from.sent(count);
}

fn send(from: &mut Connection, to: &mut Connection) -> Result<(), Error> {
    from.write(b"message")?;
    let mut buffer = [0; 64];
    while !from.output().is_empty() {
        carry(from, to);
        while let ReadOutcome::Data(count) = to.read(&mut buffer)? {
            assert_eq!(&buffer[..count], b"message");
        }
    }
    Ok(())
}
