//! TLS 1.2, 1.1 and 1.0: an honest peer, a man in the middle who has the keys and follows a script, and the victim.
//!
//! Two targets play it, one with a client as the victim and one with a server. The input is a [`Script`]; [`SceneOptions`]
//! tells what its scene is.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use warifu::config::Policy;
use warifu::parameters::{AlertDescription, CipherSuite, ProtocolVersion};
use warifu::psk::PskTable;
use warifu::resumption::{MemorySessionStore, Session, SessionKey, Tickets};
use warifu::{
    ClientAuth, ClientConfig, Connection, Credential, Direction, Psk, ReadOutcome, ServerConfig,
    Trust,
};
use warifu_crypto::random::fixed;

use crate::bytes::*;
use crate::crypto::*;
use crate::flows::identities;
use crate::flows::play::*;
use crate::flows::script::{Flags, Op, Script};
use crate::meter::Meter;
use crate::scene::{Flight, Item, Level, Outcome, Secrets};
use crate::support::resumption::OneKey;
use crate::support::{FixedClock, Side, pki, server_name};

const CLIENT_RANDOM: core::ops::Range<usize> = 6..38;
const ENCRYPT_THEN_MAC: u16 = 22;
const HELLO_REQUEST: u8 = 0;
/// Scenes that are kept; there are too many for all.
const MOST_KEPT: usize = 400;

/// Versions and suites.
const SUITES: [(u16, Suite); 16] = [
    (TLS1_2, ECDHE_RSA_GCM),
    (TLS1_2, ECDHE_RSA_CBC),
    (TLS1_2, DHE_RSA_GCM),
    (TLS1_2, RSA_GCM),
    (TLS1_2, RSA_CBC),
    (TLS1_2, PSK_GCM),
    (TLS1_2, PSK_CBC),
    (TLS1_2, DHE_PSK_GCM),
    (TLS1_2, ECDHE_PSK_GCM),
    (TLS1_2, RSA_PSK_GCM),
    (TLS1_1, ECDHE_RSA_CBC),
    (TLS1_1, DHE_RSA_CBC),
    (TLS1_1, PSK_CBC),
    (TLS1_0, ECDHE_RSA_CBC),
    (TLS1_0, RSA_CBC),
    (TLS1_0, PSK_CBC),
];

/// How the client comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumes {
    No,
    ByTicket,
    ById,
    /// The server has both.
    ByTicketBesideIds,
}

/// Whether a server asks for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    Never,
    Requires,
    Optionally,
    /// And the client has none.
    InVain,
}

/// The bits of a scene.
#[derive(Debug, Clone, Copy)]
pub struct SceneOptions {
    pub version: u16,
    pub suite: Suite,
    pub resumes: Resumes,
    pub asks: Asks,
    pub no_encrypt_then_mac: bool,
    /// ALPN, a stapled response, an identity hint and more.
    pub more_extensions: bool,
    pub max_fragment_length: bool,
    pub record_size_limit: bool,
    /// The client renegotiates where it is asked.
    pub renegotiates: bool,
    /// The client has all versions and suites, not those of the scene alone.
    pub wide_client: bool,
    /// The server has.
    pub wide_server: bool,
}

/// Scenes that differ.
pub const SCENES: u16 = 1 << 15;

impl SceneOptions {
    pub fn of(scene: u16) -> Self {
        let has = |bit: u16| scene & 1 << bit != 0;
        let (version, suite) = SUITES[usize::from(scene & 15)];
        let resumes = [
            Resumes::No,
            Resumes::ByTicket,
            Resumes::ById,
            Resumes::ByTicketBesideIds,
        ];
        let asks = [Asks::Never, Asks::Requires, Asks::Optionally, Asks::InVain];
        Self {
            version,
            suite,
            resumes: resumes[usize::from(scene >> 4 & 3)],
            asks: asks[usize::from(scene >> 6 & 3)],
            no_encrypt_then_mac: has(8),
            more_extensions: has(9),
            max_fragment_length: has(10),
            // They exclude each other.
            record_size_limit: has(11) && !has(10),
            renegotiates: has(12),
            wide_client: has(13),
            // Two that have all would choose TLS 1.3.
            wide_server: has(14) && !has(13),
        }
    }

    /// Without edits the handshake succeeds.
    fn is_in_order(&self) -> bool {
        self.asks != Asks::InVain || self.suite.kx.uses_psk()
    }
}

/// What scenes of one number share: made once.
struct Prepared {
    options: SceneOptions,
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    secrets: [Arc<Secrets>; 2],
    seen: [Arc<Seen>; 2],
    sessions: Arc<Sessions>,
    /// What `sessions` has at the beginning.
    kept: Vec<(SessionKey, Session)>,
    /// What the honest server sends to a client, and the honest client to a server, where nothing is changed.
    recorded: RefCell<[Vec<Flight>; 2]>,
}

/// Certificates, made once in each thread.
struct Material {
    ca: pki::Ca,
    server: Arc<Credential>,
    client: Arc<Credential>,
}

impl Material {
    fn new() -> Self {
        let ca = identities::ca();
        Self {
            server: identities::rsa_credential(&ca, "host.example"),
            client: identities::rsa_credential(&ca, "client.example"),
            ca,
        }
    }

    fn trust(&self) -> Trust {
        let builder = Trust::builder().with_ca_bytes(&self.ca.certificate);
        builder.build().unwrap()
    }
}

/// A key that both sides have: two values, as they are two nodes.
fn psk() -> Psk {
    Psk::new("alice", [7; 32]).unwrap()
}

impl Prepared {
    fn new(scene: u16, material: &Material) -> Self {
        let options = SceneOptions::of(scene);
        let secrets = [(); 2].map(|()| Arc::new(Secrets::default()));
        let seen = [(); 2].map(|()| Arc::new(Seen::default()));
        let sessions = Arc::new(Sessions::default());
        let version = ProtocolVersion(options.version);
        let own = [CipherSuite(options.suite.number)];
        // What `crypto` knows, so that the records can be opened whatever is agreed.
        let all: Vec<_> = ALL_SUITES
            .iter()
            .filter(|suite| suite.kx != Kx::EcdheEcdsa)
            .map(|suite| CipherSuite(suite.number))
            .chain([CipherSuite::TLS_AES_128_GCM_SHA256])
            .collect();
        let widest = ProtocolVersion::TLS1_0..=ProtocolVersion::TLS1_3;
        let mut client = ClientConfig::builder(material.trust())
            .with_policy(Policy::Legacy)
            .with_clock(Arc::new(FixedClock))
            .with_key_log(secrets[0].clone())
            .with_message_log(seen[0].clone())
            .with_session_context("client")
            .with_encrypt_then_mac(!options.no_encrypt_then_mac)
            .with_renegotiation(options.renegotiates);
        client = match options.wide_client {
            true => client
                .with_cipher_suites(&all)
                .with_versions(widest.clone()),
            false => client
                .with_cipher_suites(&own)
                .with_versions(version..=version),
        };
        let mut server = ServerConfig::builder(material.server.clone())
            .with_policy(Policy::Legacy)
            .with_clock(Arc::new(FixedClock))
            .with_key_log(secrets[1].clone())
            .with_message_log(seen[1].clone())
            .with_session_context("server")
            .with_encrypt_then_mac(!options.no_encrypt_then_mac);
        server = match options.wide_server {
            true => server.with_cipher_suites(&all).with_versions(widest),
            false => server
                .with_cipher_suites(&own)
                .with_versions(version..=version),
        };
        if options.suite.kx.uses_psk() || options.wide_client {
            client = client.with_psks([psk()]);
        }
        if options.suite.kx.uses_psk() || options.wide_server {
            server = server.with_psk_store(PskTable::new([psk()]).unwrap());
        }
        if options.resumes != Resumes::No {
            client = client.with_session_store(sessions.clone());
        }
        let tickets = || Tickets::stateless(OneKey::new(1));
        server = match options.resumes {
            Resumes::No => server,
            Resumes::ByTicket => server.with_tickets(tickets()),
            Resumes::ById => server.with_tickets(Tickets::stored(MemorySessionStore::new(4))),
            Resumes::ByTicketBesideIds => {
                server.with_tickets(tickets().with_session_ids(MemorySessionStore::new(4)))
            }
        };
        if options.asks != Asks::InVain {
            client = client.with_credential(material.client.clone());
        }
        // Suites with keys alone have no certificates.
        if options.suite.kx.signs() || options.suite.kx == Kx::Rsa {
            server = match options.asks {
                Asks::Never => server,
                Asks::Requires | Asks::InVain => {
                    server.with_client_auth(ClientAuth::required(material.trust()))
                }
                Asks::Optionally => server.with_client_auth(ClientAuth::optional(material.trust())),
            };
        }
        if options.more_extensions {
            client = client
                .with_alpn(["one", "two"])
                .with_ocsp_request(true)
                .with_sct_request(true);
            server = server.with_alpn(["two"]).with_psk_identity_hint("hint");
        }
        if options.max_fragment_length {
            client = client.with_max_fragment_length(512);
            server = server.with_max_fragment_length(true);
        }
        if options.record_size_limit {
            client = client.with_record_size_limit(2_000);
            server = server.with_record_size_limit(600);
        }
        Self {
            options,
            client: client.build().unwrap(),
            server: server.build().unwrap(),
            secrets,
            seen,
            sessions,
            kept: Vec::new(),
            recorded: RefCell::default(),
        }
    }

    /// With the sessions of a first connection, and the flights of one in which nothing is changed.
    fn complete(mut self) -> Rc<Self> {
        if self.options.resumes != Resumes::No && self.options.is_in_order() {
            let mut pair = crate::support::Pair {
                client: Connection::client(self.client.clone(), server_name()),
                server: Connection::server(self.server.clone()),
            };
            crate::support::resumption::finish(&mut pair);
            self.kept = std::mem::take(&mut *self.sessions.0.lock().unwrap());
        }
        let prepared = Rc::new(self);
        for victim in [Side::Client, Side::Server] {
            let mut play = Play::new(victim, prepared.clone(), Script::default());
            play.run();
            prepared.recorded.borrow_mut()[index(victim)] = play.flights;
        }
        prepared
    }

    fn of(scene: u16) -> Rc<Self> {
        thread_local! {
            static MATERIAL: Material = Material::new();
            static ALL: RefCell<HashMap<u16, Rc<Prepared>>> = RefCell::default();
        }
        let scene = scene % SCENES;
        if let Some(found) = ALL.with_borrow(|all| all.get(&scene).cloned()) {
            return found;
        }
        fixed::begin(u64::from(scene));
        let new = MATERIAL
            .with(|material| Self::new(scene, material))
            .complete();
        ALL.with_borrow_mut(|all| {
            if all.len() >= MOST_KEPT {
                all.clear();
            }
            all.insert(scene, new.clone());
        });
        new
    }

    /// As it was before the first run.
    fn reset(&self) {
        for secrets in &self.secrets {
            secrets.clear();
        }
        for seen in &self.seen {
            seen.0.lock().unwrap().clear();
        }
        self.sessions.0.lock().unwrap().clone_from(&self.kept);
        fixed::begin(SEED);
    }
}

/// What one side knows of the handshake, from what it saw and from its secrets.
struct Agreed {
    version: u16,
    main: Vec<u8>,
    keys: [Protection; 2],
}

impl Agreed {
    /// Of the newest handshake of a connection; `None` before there are keys that [`crate::crypto`] has.
    fn of(seen: &[(Direction, Vec<u8>)], secrets: &Secrets) -> Option<Self> {
        let main = secrets.get("CLIENT_RANDOM")?;
        let newest = |message_type: u8| {
            let mut found = seen.iter().rev().map(|(_, message)| message);
            found.find(|message| message.first() == Some(&message_type))
        };
        let client_hello = newest(CLIENT_HELLO)?;
        let hello = newest(SERVER_HELLO)?;
        let version = u16::from_be_bytes([*hello.get(4)?, *hello.get(5)?]);
        if version > TLS1_2 {
            return None;
        }
        let behind = 39 + usize::from(*hello.get(38)?);
        let number = u16::from_be_bytes([*hello.get(behind)?, *hello.get(behind + 1)?]);
        let suite = *ALL_SUITES.iter().find(|suite| suite.number == number)?;
        if !suite.is_of(version) {
            return None;
        }
        let extensions = Dissected::read(hello).map_or(Vec::new(), |hello| hello.extensions);
        let etm = extensions
            .iter()
            .any(|(number, _)| *number == ENCRYPT_THEN_MAC);
        let keys = key_block(
            version,
            suite.cipher,
            etm,
            &main,
            client_hello.get(CLIENT_RANDOM)?,
            hello.get(CLIENT_RANDOM)?,
        );
        Some(Self {
            version,
            main,
            keys,
        })
    }
}

/// One direction as one side protects it: changes its keys with each change_cipher_spec.
#[derive(Default)]
struct Opener(Option<Protection>);

impl Opener {
    /// The content of a record; `None` if it does not open.
    fn open(
        &mut self,
        record: &[u8],
        next: impl FnOnce() -> Option<Protection>,
    ) -> Option<Vec<u8>> {
        let content = match &mut self.0 {
            Some(protection) => protection.open(record)?,
            None => record[5..].to_vec(),
        };
        if record[0] == CHANGE_CIPHER_SPEC {
            self.0 = next();
        }
        Some(content)
    }
}

/// One run.
struct Play {
    victim: Connection,
    honest: Connection,
    side: Side,
    prepared: Rc<Prepared>,
    script: Script,
    flags: Flags,
    outcome: Outcome,
    heap: Meter,
    honest_opens: Opener,
    victim_opens: Opener,
    seals: Option<Protection>,
    /// Records of the victim that nobody could read.
    unopened: usize,
    /// What the honest peer would have sent, flight by flight.
    flights: Vec<Flight>,
    /// Messages that were sent, for being sent again.
    sent: Vec<Item>,
    /// Application data, as far as it was sent.
    data: Vec<u8>,
    /// After how many bytes of which flight the transport ends.
    cut: Option<(u8, usize)>,
    forged_finished: bool,
}

fn other(side: Side) -> Side {
    match side {
        Side::Client => Side::Server,
        Side::Server => Side::Client,
    }
}

impl Play {
    fn new(side: Side, prepared: Rc<Prepared>, script: Script) -> Self {
        prepared.reset();
        let client = Connection::client(prepared.client.clone(), server_name());
        let server = Connection::server(prepared.server.clone());
        let (victim, honest) = match side {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        Self {
            victim,
            honest,
            side,
            prepared,
            flags: Flags::of(script.flags),
            script,
            outcome: Outcome {
                error: None,
                alerts: Vec::new(),
                data: Vec::new(),
                early_data: Vec::new(),
                closed: false,
                heap_peak: 0,
            },
            heap: Meter::default(),
            honest_opens: Opener::default(),
            victim_opens: Opener::default(),
            seals: None,
            unopened: 0,
            flights: Vec::new(),
            sent: Vec::new(),
            data: Vec::new(),
            cut: None,
            forged_finished: false,
        }
    }

    fn seen_by(&self, side: Side) -> Vec<(Direction, Vec<u8>)> {
        self.prepared.seen[index(side)].messages()
    }

    /// The newest keys of this side for what `sender` sends.
    fn keys_of(&self, side: Side, sender: Side) -> Option<Protection> {
        let secrets = &self.prepared.secrets[index(side)];
        let agreed = Agreed::of(&self.seen_by(side), secrets)?;
        let [client, server] = agreed.keys;
        Some(match sender {
            Side::Client => client,
            Side::Server => server,
        })
    }

    fn is_over(&self) -> bool {
        self.outcome.error.is_some() || self.outcome.closed
    }

    fn run(&mut self) {
        self.drive_victim();
        let mut number = 0;
        for _ in 0..AFTER {
            let _ = self.honest.process();
            let mut flight = self.take_honest_flight();
            if flight.is_empty() && self.flags.forge_finished && self.honest.failure().is_some() {
                // The honest peer could not follow. The other goes on alone.
                let recorded = self.prepared.recorded.borrow();
                let recorded = recorded[index(self.side)].get(usize::from(number));
                flight = recorded.cloned().unwrap_or_default();
                self.forged_finished = true;
            }
            if flight.is_empty() && self.victim.is_handshaking() {
                break;
            }
            if !flight.is_empty() {
                self.send(number, flight);
                number += 1;
            }
            let honest_is_over = !self.honest.is_handshaking() || self.honest.failure().is_some();
            if self.is_over() || (!self.victim.is_handshaking() && honest_is_over) {
                break;
            }
        }
        if self.victim.failure().is_none() && !self.victim.is_handshaking() {
            self.check_completed();
            for number in AFTER..FLIGHTS {
                if self.is_over() {
                    break;
                }
                self.after(number);
            }
        }
        if !self.is_over() {
            self.victim.received_eof();
            self.drive_victim();
        }
    }

    /// A flight after the handshake.
    fn after(&mut self, number: u8) {
        let lives = !self.honest.is_handshaking() && self.honest.failure().is_none();
        let last = number == FLIGHTS - 1;
        let flight = if lives {
            let mut buffer = [0; 1000];
            while let Ok(ReadOutcome::Data(_)) = self.honest.read(&mut buffer) {}
            let _ = self.honest.write(b"data");
            if last {
                self.honest.close();
            }
            self.take_honest_flight()
        } else {
            let mut flight = vec![Item::data(b"data")];
            if last {
                flight.push(Item::new(Level::Application, ALERT, &[1, 0]));
            }
            flight
        };
        self.send(number, flight);
    }

    /// What the honest peer has to send. Protected records have [`Level::Application`].
    fn take_honest_flight(&mut self) -> Flight {
        let output = self.honest.output().to_vec();
        self.honest.sent(output.len());
        let honest = other(self.side);
        let mut opener = std::mem::take(&mut self.honest_opens);
        let mut flight = Flight::new();
        let mut fragments: Vec<u8> = Vec::new();
        for record in records(&output) {
            let level = match opener.0 {
                Some(_) => Level::Application,
                None => Level::Plain,
            };
            let Some(content) = opener.open(&record, || self.keys_of(honest, honest)) else {
                continue;
            };
            if record[0] != HANDSHAKE {
                flight.push(Item::new(level, record[0], &content));
                continue;
            }
            fragments.extend(content);
            while let Some(len) = first_message_len(&fragments) {
                let message: Vec<u8> = fragments.drain(..len).collect();
                flight.push(Item::new(level, HANDSHAKE, &message));
            }
        }
        self.honest_opens = opener;
        flight
    }

    fn send(&mut self, number: u8, mut flight: Flight) {
        self.flights.push(flight.clone());
        let edits = std::mem::take(&mut self.script.edits);
        for edit in edits.iter().filter(|edit| edit.flight % FLIGHTS == number) {
            match edit.op {
                Op::VictimActs => act(&mut self.victim, edit),
                Op::HonestActs => act(&mut self.honest, edit),
                Op::Cut => self.cut = Some((number, edit.a.into())),
                _ => edit_flight(edit, &mut flight, &self.sent, number >= AFTER, false),
            }
        }
        self.script.edits = edits;
        let mut left = match self.cut {
            Some((cut, len)) if cut == number => len,
            _ => usize::MAX,
        };
        for mut item in flight {
            if self.is_over() {
                return;
            }
            let mut stream = self.sealed(&mut item);
            stream.truncate(left);
            left -= stream.len();
            self.feed(&stream);
            if left == 0 && !self.is_over() {
                self.victim.received_eof();
                self.drive_victim();
                return;
            }
        }
    }

    /// The records of an item.
    fn sealed(&mut self, item: &mut Item) -> Vec<u8> {
        match item.level {
            Level::Raw => return item.bytes.clone(),
            Level::Rekey => {
                self.seals = self.keys_of(self.side, other(self.side));
                return Vec::new();
            }
            _ => {}
        }
        if item.content_type == HANDSHAKE {
            self.forge(item);
            self.sent.push(item.clone());
        }
        let is_protected = item.level != Level::Plain;
        if item.content_type == APPLICATION_DATA && is_protected && self.seals.is_some() {
            self.data.extend(&item.bytes);
        }
        let version = self.prepared.options.version.to_be_bytes();
        let mut stream = Vec::new();
        let empty: &[u8] = &[];
        let parts = match item.bytes.is_empty() {
            true => vec![empty],
            false => item.bytes.chunks(1 << 14).collect(),
        };
        for part in parts {
            match (&mut self.seals, is_protected) {
                (Some(seals), true) => stream.extend(seals.seal(item.content_type, part)),
                _ => {
                    let mut record = record(item.content_type, part);
                    record[1..3].copy_from_slice(&version);
                    stream.extend(record);
                }
            }
        }
        // With the keys that the victim expects behind it.
        if item.content_type == CHANGE_CIPHER_SPEC {
            self.seals = self.keys_of(self.side, other(self.side));
        }
        stream
    }

    /// Computes Finished over what was really sent.
    fn forge(&mut self, item: &mut Item) {
        if !self.flags.forge_finished || item.bytes.first() != Some(&FINISHED) {
            return;
        }
        let seen = self.seen_by(self.side);
        let Some(agreed) = Agreed::of(&seen, &self.prepared.secrets[index(self.side)]) else {
            return;
        };
        let messages = seen.iter().map(|(_, message)| message);
        let transcript: Vec<u8> = messages
            .filter(|message| message.first() != Some(&HELLO_REQUEST))
            .flatten()
            .copied()
            .collect();
        let label: &[u8] = match self.side {
            Side::Client => b"server finished",
            Side::Server => b"client finished",
        };
        let hash = transcript_hash(agreed.version, &transcript);
        let data = prf(agreed.version, &agreed.main, label, &hash, 12);
        let forged = message(FINISHED, &data);
        self.forged_finished |= forged != item.bytes;
        item.bytes = forged;
    }

    fn feed(&mut self, mut stream: &[u8]) {
        let mut stalled = false;
        while !stream.is_empty() && !self.is_over() {
            let len = stream.len().min(self.flags.piece);
            let victim = &mut self.victim;
            let taken = self.heap.measure(|| victim.receive(&stream[..len]));
            self.drive_victim();
            assert!(taken > 0 || !stalled, "the victim takes nothing more");
            stalled = taken == 0;
            stream = &stream[taken..];
        }
    }

    /// Has the victim do what its application would: process what came, read its data, send its output.
    fn drive_victim(&mut self) {
        let victim = &mut self.victim;
        if let Err(error) = self.heap.measure(|| victim.process()) {
            self.outcome.error = Some(error);
        }
        while self.outcome.error.is_none() && !self.victim.is_handshaking() {
            let mut buffer = [0; 20_000];
            let victim = &mut self.victim;
            match self.heap.measure(|| victim.read(&mut buffer)) {
                Ok(ReadOutcome::Data(count)) => self.outcome.data.extend(&buffer[..count]),
                Ok(ReadOutcome::NeedBytes) => break,
                Ok(ReadOutcome::Closed) => {
                    self.outcome.closed = true;
                    break;
                }
                Err(error) => self.outcome.error = Some(error),
            }
        }
        self.outcome.heap_peak = self.heap.peak;
        let output = self.victim.output().to_vec();
        self.victim.sent(output.len());
        let mut opener = std::mem::take(&mut self.victim_opens);
        for record in records(&output) {
            match opener.open(&record, || self.keys_of(self.side, self.side)) {
                Some(content) if record[0] == ALERT && content.len() == 2 => {
                    let alert = (content[0], AlertDescription(content[1]));
                    self.outcome.alerts.push(alert);
                }
                Some(_) => {}
                None => self.unopened += 1,
            }
        }
        self.victim_opens = opener;
        let mut rest = &output[self.honest.receive(&output)..];
        while !rest.is_empty() && self.honest.process().is_ok() {
            match self.honest.receive(rest) {
                0 => break,
                count => rest = &rest[count..],
            }
        }
    }

    /// A handshake that is complete is one in which both sides saw the same, but for a peer that says it saw something else.
    fn check_completed(&self) {
        if self.forged_finished {
            return;
        }
        let victim = self.seen_by(self.side);
        let honest = self.seen_by(other(self.side));
        let is_last = |(direction, message): &(Direction, Vec<u8>)| {
            *direction == Direction::Received && message.first() == Some(&FINISHED)
        };
        let end = victim
            .iter()
            .position(is_last)
            .expect("complete without the peer's Finished");
        // No part of what is confirmed, RFC 5246 Section 7.4.1.1.
        let counts = |(_, message): &&(Direction, Vec<u8>)| message.first() != Some(&HELLO_REQUEST);
        let of_victim: Vec<_> = victim[..=end].iter().filter(counts).collect();
        let of_honest: Vec<_> = honest.iter().filter(counts).collect();
        assert!(of_honest.len() >= of_victim.len(), "a message made up");
        for (index, (of_victim, of_honest)) in of_victim.iter().zip(&of_honest).enumerate() {
            assert_eq!(of_victim.1, of_honest.1, "message {index} was changed");
        }
        let main = |side: Side| self.prepared.secrets[index(side)].get("CLIENT_RANDOM");
        assert!(main(self.side).is_some(), "no main secret");
        assert_eq!(main(self.side), main(other(self.side)), "main secrets");
        if !self.honest.is_handshaking() && self.honest.failure().is_none() {
            let mut outputs = [[0; 32]; 2];
            let of_victim = self.victim.export(b"EXPORTER-fuzz", None, &mut outputs[0]);
            let of_honest = self.honest.export(b"EXPORTER-fuzz", None, &mut outputs[1]);
            assert_eq!(of_victim, of_honest);
            assert_eq!(outputs[0], outputs[1], "exporters");
        }
    }
}

/// The length of the first whole message.
fn first_message_len(bytes: &[u8]) -> Option<usize> {
    let header = bytes.first_chunk::<4>()?;
    let len = 4 + u32::from_be_bytes([0, header[1], header[2], header[3]]) as usize;
    (len <= bytes.len()).then_some(len)
}

/// Plays the script of an input against a victim of this side; panics where a rule is broken.
pub fn play(victim: Side, input: &[u8]) {
    let script = Script::read(input);
    let prepared = Prepared::of(script.scene);
    let is_changed = !script.edits.is_empty();
    let mut play = Play::new(victim, prepared, script);
    play.run();
    check_end(&mut play.victim, &play.outcome, &play.data, play.unopened);
    if !is_changed && play.prepared.options.is_in_order() {
        assert_eq!(play.outcome.error, None);
        assert_eq!(play.outcome.data, b"data".repeat(4));
    }
}
