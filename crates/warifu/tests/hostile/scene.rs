//! The man in the middle, who has the keys.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use warifu::config::{Client, ConfigBuilder, KeyLog, Server};
use warifu::early_data::{MemoryReplayStore, ReplayableEarlyData};
use warifu::parameters::{AlertDescription, CipherSuite, NamedGroup};
use warifu::resumption::Tickets;
use warifu::{ClientAuth, Connection, Error, ReadOutcome};
use warifu_crypto::{Aead, AeadKey, Hash, Prk};

use crate::bytes::{
    ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, messages, record, records,
};
use crate::meter::Meter;
use crate::support::resumption::{OneKey, Shelf};
use crate::support::{Pair, Pki, Side};

/// What protects a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Nothing: a header is put before the content.
    Plain,
    /// The client's early traffic keys.
    Early,
    /// Handshake traffic keys.
    Handshake,
    /// Application traffic keys.
    Application,
    /// Not even a header.
    Raw,
    /// No record: the application keys of this direction go one KeyUpdate further.
    Rekey,
}

/// One record that the man in the middle will send.
#[derive(Debug, Clone)]
pub struct Item {
    pub level: Level,
    pub content_type: u8,
    pub bytes: Vec<u8>,
    /// Zeros behind the content, under protection.
    pub padding: usize,
}

impl Item {
    pub fn new(level: Level, content_type: u8, bytes: &[u8]) -> Self {
        Self {
            level,
            content_type,
            bytes: bytes.to_vec(),
            padding: 0,
        }
    }

    pub fn raw(bytes: &[u8]) -> Self {
        Self::new(Level::Raw, 0, bytes)
    }

    pub fn rekey() -> Self {
        Self::new(Level::Rekey, 0, &[])
    }

    /// A message after the handshake.
    pub fn post(message: &[u8]) -> Self {
        Self::new(Level::Application, HANDSHAKE, message)
    }

    pub fn data(data: &[u8]) -> Self {
        Self::new(Level::Application, APPLICATION_DATA, data)
    }

    pub fn change_cipher_spec() -> Self {
        Self::new(Level::Plain, CHANGE_CIPHER_SPEC, &[1])
    }
}

/// What one side sends before it waits again, one message per record.
pub type Flight = Vec<Item>;

/// The place of the first handshake message of a type in a flight.
pub fn place(flight: &Flight, message_type: u8) -> usize {
    flight
        .iter()
        .position(|item| item.content_type == HANDSHAKE && item.bytes[0] == message_type)
        .unwrap_or_else(|| panic!("no message {message_type} in the flight"))
}

/// The first handshake message of a type in a flight.
pub fn find(flight: &mut Flight, message_type: u8) -> &mut Vec<u8> {
    let index = place(flight, message_type);
    &mut flight[index].bytes
}

/// Receives the secrets of one side. Both have the same, unless a script made them see different hellos.
#[derive(Debug, Default)]
pub struct Secrets(Mutex<HashMap<String, Vec<u8>>>);

impl Secrets {
    pub fn get(&self, label: &str) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(label).cloned()
    }

    pub fn clear(&self) {
        self.0.lock().unwrap().clear();
    }
}

impl KeyLog for Secrets {
    fn log(&self, label: &str, _: &[u8; 32], secret: &[u8]) {
        let mut secrets = self.0.lock().unwrap();
        secrets.insert(label.to_owned(), secret.to_vec());
    }
}

/// Record protection, written once more: RFC 8446 Section 5.2.
pub struct Protection {
    pub secret: Vec<u8>,
    key: AeadKey,
    iv: [u8; 12],
    sequence: u64,
}

const AEAD: Aead = Aead::Aes128Gcm;
const HASH: Hash = Hash::Sha256;

impl Protection {
    fn new(secret: &[u8]) -> Self {
        let prk = Prk::from_secret(HASH, secret);
        let (mut key, mut iv) = ([0; 16], [0; 12]);
        prk.expand_label(b"key", b"", &mut key).unwrap();
        prk.expand_label(b"iv", b"", &mut iv).unwrap();
        Self {
            secret: secret.to_vec(),
            key: AeadKey::new(AEAD, &key).unwrap(),
            iv,
            sequence: 0,
        }
    }

    fn next(&self) -> Self {
        let mut secret = vec![0; self.secret.len()];
        let prk = Prk::from_secret(HASH, &self.secret);
        prk.expand_label(b"traffic upd", b"", &mut secret).unwrap();
        Self::new(&secret)
    }

    fn nonce(&self) -> [u8; 12] {
        let mut nonce = self.iv;
        for (byte, digit) in nonce[4..].iter_mut().zip(self.sequence.to_be_bytes()) {
            *byte ^= digit;
        }
        nonce
    }

    pub fn seal(&mut self, content_type: u8, content: &[u8], padding: usize) -> Vec<u8> {
        let mut inner = content.to_vec();
        inner.push(content_type);
        inner.resize(inner.len() + padding, 0);
        let len = u16::try_from(inner.len() + 16).unwrap().to_be_bytes();
        let header = [APPLICATION_DATA, 3, 3, len[0], len[1]];
        let mut record = header.to_vec();
        record.resize(5 + inner.len() + 16, 0);
        self.key
            .seal_scatter(&self.nonce(), &header, &inner, &[], &mut record[5..])
            .unwrap();
        self.sequence += 1;
        record
    }

    pub fn open(&mut self, record: &[u8]) -> Option<(u8, Vec<u8>)> {
        let mut body = record[5..].to_vec();
        let inner = self
            .key
            .open_in_place(&self.nonce(), &record[..5], &mut body)
            .ok()?;
        self.sequence += 1;
        let end = inner.iter().rposition(|byte| *byte != 0)?;
        Some((inner[end], inner[..end].to_vec()))
    }
}

/// How a scene is set.
#[derive(Debug, Clone, Copy, Default)]
pub struct Setting {
    /// The server asks for another group and a cookie.
    pub retry: bool,
    /// The server demands a certificate, and the client has one.
    pub client_auth: bool,
    /// Both sides allow post-handshake authentication.
    pub post_handshake_auth: bool,
    /// Both sides announce this `record_size_limit`.
    pub record_size_limit: Option<u16>,
    /// The client offers and the server selects ALPN and a stapled response.
    pub more_extensions: bool,
}

/// Certificates, made once. Who needs particular ones sets them before the first use.
pub static PKI: OnceLock<Pki> = OnceLock::new();

pub fn pki() -> &'static Pki {
    PKI.get_or_init(Pki::new)
}

/// How a scene ended for the victim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub error: Option<Error>,
    /// Level and description of each alert that the victim sent.
    pub alerts: Vec<(u8, AlertDescription)>,
    /// Application data that the victim read.
    pub data: Vec<u8>,
    /// Early data that the victim, a server, read.
    pub early_data: Vec<u8>,
    /// The victim saw close_notify.
    pub closed: bool,
    /// Most heap bytes that the victim held at once, beyond what it had when it was made.
    pub heap_peak: i64,
}

pub struct Scene {
    pub victim: Connection,
    pub honest: Connection,
    side: Side,
    pub victim_secrets: Arc<Secrets>,
    pub honest_secrets: Arc<Secrets>,
    /// Opens what the honest side sends: handshake keys, then application keys.
    honest_opens: Openers,
    /// Opens what the victim sends.
    victim_opens: Openers,
    pub seals: Openers,
    pub outcome: Outcome,
    /// Bytes per call of `receive`.
    pub pieces: Box<dyn FnMut() -> usize>,
    /// The number of a flight, and how many of its bytes reach the victim before the transport ends.
    pub cut: Option<(usize, usize)>,
    /// Heap bytes of the victim since it was made.
    pub heap: Meter,
    /// Early data that the client will send, write by write.
    pub early_writes: Vec<Vec<u8>>,
    /// The victim does not read early data.
    pub leaves_early_data: bool,
    /// Records of the victim that no key here opens.
    pub unopened: usize,
}

/// The keys of one direction.
#[derive(Default)]
pub struct Openers {
    pub early: Option<Protection>,
    pub handshake: Option<Protection>,
    pub application: Option<Protection>,
}

impl Openers {
    fn load(&mut self, secrets: &Secrets, side: Side) {
        let name = match side {
            Side::Client => "CLIENT",
            Side::Server => "SERVER",
        };
        let secrets = secrets.0.lock().unwrap();
        let find = |label: String| secrets.get(&label).map(|secret| Protection::new(secret));
        if self.early.is_none() {
            self.early = find(format!("{name}_EARLY_TRAFFIC_SECRET"));
        }
        if self.handshake.is_none() {
            self.handshake = find(format!("{name}_HANDSHAKE_TRAFFIC_SECRET"));
        }
        if self.application.is_none() {
            self.application = find(format!("{name}_TRAFFIC_SECRET_0"));
        }
    }

    /// The content of a record, under whichever keys open it.
    fn open(&mut self, record: &[u8]) -> (Level, u8, Vec<u8>) {
        if record[0] != APPLICATION_DATA {
            return (Level::Plain, record[0], record[5..].to_vec());
        }
        for (level, protection) in [
            (Level::Early, &mut self.early),
            (Level::Handshake, &mut self.handshake),
            (Level::Application, &mut self.application),
        ] {
            let Some(protection) = protection else {
                continue;
            };
            if let Some((content_type, content)) = protection.open(record) {
                return (level, content_type, content);
            }
            // The sender may have updated its keys.
            let mut next = protection.next();
            if level == Level::Application
                && let Some((content_type, content)) = next.open(record)
            {
                *protection = next;
                return (level, content_type, content);
            }
        }
        // A script may have made one side alone choose another suite. No test can mistake this for an alert.
        (Level::Raw, 0, Vec::new())
    }
}

fn other(side: Side) -> Side {
    match side {
        Side::Client => Side::Server,
        Side::Server => Side::Client,
    }
}

impl Scene {
    pub fn new(victim: Side, setting: Setting) -> Self {
        Self::with(victim, setting, |client| client, |server| server)
    }

    pub fn with(
        victim: Side,
        setting: Setting,
        change_client: impl FnOnce(ConfigBuilder<Client>) -> ConfigBuilder<Client>,
        change_server: impl FnOnce(ConfigBuilder<Server>) -> ConfigBuilder<Server>,
    ) -> Self {
        let client_secrets = Arc::new(Secrets::default());
        let server_secrets = Arc::new(Secrets::default());
        let client = |mut client: ConfigBuilder<Client>| {
            client = client
                .with_key_log(client_secrets.clone())
                .with_cipher_suites(&[
                    CipherSuite::TLS_AES_128_GCM_SHA256,
                    CipherSuite::TLS_CHACHA20_POLY1305_SHA256,
                ])
                .with_groups(&[NamedGroup::X25519, NamedGroup::SECP256R1]);
            if setting.client_auth || setting.post_handshake_auth {
                client = client.with_credential(pki().client.clone());
            }
            if let Some(limit) = setting.record_size_limit {
                client = client.with_record_size_limit(limit);
            }
            if setting.more_extensions {
                client = client.with_alpn(["one", "two"]).with_ocsp_request(true);
            }
            change_client(client.with_post_handshake_auth(setting.post_handshake_auth))
        };
        let server = |mut server: ConfigBuilder<Server>| {
            server = server
                .with_key_log(server_secrets.clone())
                .with_cipher_suites(&[CipherSuite::TLS_AES_128_GCM_SHA256]);
            server = if setting.retry {
                server
                    .with_groups(&[NamedGroup::SECP256R1])
                    .with_retry_cookie(true)
            } else {
                server.with_groups(&[NamedGroup::X25519, NamedGroup::SECP256R1])
            };
            if setting.client_auth {
                server = server.with_client_auth(ClientAuth::required(pki().trust()));
            }
            if setting.post_handshake_auth {
                server = server.with_client_auth(ClientAuth::post_handshake(pki().trust()));
            }
            if let Some(limit) = setting.record_size_limit {
                server = server.with_record_size_limit(limit);
            }
            if setting.more_extensions {
                server = server.with_alpn(["two"]);
            }
            change_server(server)
        };
        let pair = Pair::with_pki(pki(), client, server);
        Self::between(
            victim,
            (pair.client, client_secrets),
            (pair.server, server_secrets),
        )
    }

    /// Between two connections that log their secrets here.
    pub fn between(
        victim: Side,
        client: (Connection, Arc<Secrets>),
        server: (Connection, Arc<Secrets>),
    ) -> Self {
        let ((victim_connection, victim_secrets), (honest, honest_secrets)) = match victim {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        Self {
            victim: victim_connection,
            honest,
            side: victim,
            victim_secrets,
            honest_secrets,
            honest_opens: Openers::default(),
            victim_opens: Openers::default(),
            seals: Openers::default(),
            outcome: Outcome {
                error: None,
                alerts: Vec::new(),
                data: Vec::new(),
                early_data: Vec::new(),
                closed: false,
                heap_peak: 0,
            },
            pieces: Box::new(|| usize::MAX),
            cut: None,
            heap: Meter::default(),
            early_writes: Vec::new(),
            leaves_early_data: false,
            unopened: 0,
        }
    }

    /// As [`with`](Self::with), of a client that comes back with a ticket which allows [`EARLY_LIMIT`] bytes of early
    /// data, to a server that takes them.
    pub fn resumed(
        victim: Side,
        change_client: impl FnOnce(ConfigBuilder<Client>) -> ConfigBuilder<Client>,
        change_server: impl FnOnce(ConfigBuilder<Server>) -> ConfigBuilder<Server>,
    ) -> Self {
        let shelf = Arc::new(Shelf::default());
        let client = |client: ConfigBuilder<Client>| {
            client
                .with_session_context("client")
                .with_session_store(shelf.clone())
                .with_replayable_early_data(true)
        };
        let server = |server: ConfigBuilder<Server>| {
            let early = ReplayableEarlyData::new(EARLY_LIMIT, MemoryReplayStore::default());
            server
                .with_session_context("server")
                .with_tickets(Tickets::stateless(OneKey::new(1)))
                .with_replayable_early_data(early)
        };
        let aes = [CipherSuite::TLS_AES_128_GCM_SHA256];
        let mut first = Pair::with_pki(pki(), client, |builder| {
            server(builder).with_cipher_suites(&aes)
        });
        crate::support::resumption::finish(&mut first);
        Self::with(
            victim,
            Setting::default(),
            |builder| change_client(client(builder)),
            |builder| change_server(server(builder)),
        )
    }

    /// The client, whichever side it is, writes its early data.
    fn write_early_data(&mut self) {
        let client = match self.side {
            Side::Client => &mut self.victim,
            Side::Server => &mut self.honest,
        };
        for data in self.early_writes.drain(..) {
            let written = client.write_replayable_early_data(&data);
            assert_eq!(written, Ok(data.len()));
        }
    }

    /// Plays the scene. `script` changes each flight to the victim: number 0 is the first with bytes in it,
    /// and so on. After the handshake it is called once more with [`AFTER`] and an empty flight.
    pub fn play(self, script: impl FnMut(usize, &mut Flight)) -> Outcome {
        self.play_observed(script, |_| {})
    }

    /// As [`play`](Self::play); `observe` sees the victim when its handshake is complete.
    pub fn play_observed(
        mut self,
        mut script: impl FnMut(usize, &mut Flight),
        observe: impl FnOnce(&Connection),
    ) -> Outcome {
        let mut number = 0;
        self.drive_victim();
        for _ in 0..8 {
            let flight = self.take_honest_flight();
            if !flight.is_empty() {
                self.send(number, flight, |flight| script(number, flight));
                number += 1;
            }
            if self.is_over() {
                return self.end();
            }
            if !self.victim.is_handshaking() && !self.honest.is_handshaking() {
                observe(&self.victim);
                self.send(AFTER, Flight::new(), |flight| script(AFTER, flight));
                return self.end();
            }
        }
        self.end()
    }

    /// Lets the victim begin; a client sends its ClientHello.
    pub fn begin(&mut self) {
        self.drive_victim();
    }

    /// Sends one item. Keys that nobody has yet are as good as any others: then the record is one that nobody can open.
    pub fn send_item(&mut self, item: &Item) {
        self.seals.load(&self.victim_secrets, other(self.side));
        self.seals.load(&self.honest_secrets, other(self.side));
        let bytes = match item.level {
            Level::Early if self.seals.early.is_none() => record(APPLICATION_DATA, &[0x5a; 40]),
            Level::Handshake if self.seals.handshake.is_none() => {
                record(APPLICATION_DATA, &[0x5a; 40])
            }
            Level::Application if self.seals.application.is_none() => {
                record(APPLICATION_DATA, &[0x5a; 40])
            }
            _ => self.seal(item),
        };
        self.feed(&bytes);
    }

    /// The server of the two asks the client for a certificate, after the handshake.
    pub fn ask_for_certificate(&mut self) {
        match self.side {
            Side::Client => self.honest.request_client_certificate().unwrap(),
            Side::Server => {
                self.victim.request_client_certificate().unwrap();
                self.drive_victim();
                self.honest.read(&mut [0; 1]).unwrap();
            }
        }
    }

    /// After an honest handshake the victim, a server, asks for a certificate; `change` changes the answer.
    pub fn play_answer(mut self, change: impl FnOnce(&mut Flight)) -> Outcome {
        self.drive_victim();
        while self.victim.is_handshaking() || self.honest.is_handshaking() {
            let flight = self.take_honest_flight();
            self.send(0, flight, |_| {});
        }
        self.victim.request_client_certificate().unwrap();
        self.drive_victim();
        self.honest.read(&mut [0; 1]).unwrap();
        let flight = self.take_honest_flight();
        self.send(AFTER, flight, change);
        self.end()
    }

    /// Tells the victim that the transport has ended.
    pub fn end(mut self) -> Outcome {
        if !self.is_over() {
            self.victim.received_eof();
            self.drive_victim();
        }
        self.outcome
    }

    /// The victim has ended, or was told of the end.
    pub fn is_over(&self) -> bool {
        self.outcome.error.is_some() || self.outcome.closed
    }

    /// What the honest side sends until it waits.
    pub fn take_honest_flight(&mut self) -> Flight {
        // What goes wrong there is a consequence of the script.
        let _ = self.honest.process();
        self.write_early_data();
        let output = self.honest.output().to_vec();
        self.honest.sent(output.len());
        self.honest_opens
            .load(&self.honest_secrets, other(self.side));
        let mut flight = Flight::new();
        let mut fragments: Vec<u8> = Vec::new();
        for record in records(&output) {
            let (level, content_type, content) = self.honest_opens.open(&record);
            if content_type != HANDSHAKE {
                flight.push(Item::new(level, content_type, &content));
                continue;
            }
            fragments.extend(content);
            if let Some(whole) = whole_messages(&fragments) {
                let found = messages(&fragments[..whole]);
                flight.extend(found.iter().map(|bytes| Item::new(level, HANDSHAKE, bytes)));
                fragments.drain(..whole);
            }
        }
        flight
    }

    pub fn send(&mut self, number: usize, mut flight: Flight, script: impl FnOnce(&mut Flight)) {
        script(&mut flight);
        self.load_seals();
        let mut stream = Vec::new();
        for item in flight {
            stream.extend(self.seal(&item));
        }
        match self.cut {
            Some((cut, len)) if cut == number && len < stream.len() => {
                stream.truncate(len);
                self.feed(&stream);
                if !self.is_over() {
                    self.victim.received_eof();
                    self.drive_victim();
                }
            }
            _ => self.feed(&stream),
        }
    }

    /// The keys for what the victim receives, as far as they are known.
    pub fn load_seals(&mut self) {
        self.seals.load(&self.victim_secrets, other(self.side));
        // A script may have kept the victim from keys that the honest side has.
        self.seals.load(&self.honest_secrets, other(self.side));
    }

    fn seal(&mut self, item: &Item) -> Vec<u8> {
        let protection = match item.level {
            Level::Plain if item.content_type == HANDSHAKE && !item.bytes.is_empty() => {
                let fragments = item.bytes.chunks(1 << 14);
                return fragments.flat_map(|part| record(HANDSHAKE, part)).collect();
            }
            Level::Plain => return record(item.content_type, &item.bytes),
            Level::Raw => return item.bytes.clone(),
            Level::Rekey => {
                if let Some(application) = &mut self.seals.application {
                    *application = application.next();
                }
                return Vec::new();
            }
            Level::Early => self.seals.early.as_mut(),
            Level::Handshake => self.seals.handshake.as_mut(),
            Level::Application => self.seals.application.as_mut(),
        };
        protection.expect("keys that are not known yet").seal(
            item.content_type,
            &item.bytes,
            item.padding,
        )
    }

    /// Gives bytes to the victim as its transport would.
    fn feed(&mut self, mut stream: &[u8]) {
        let mut stalled = false;
        while !stream.is_empty() && !self.is_over() {
            let len = stream.len().min((self.pieces)());
            let victim = &mut self.victim;
            let taken = self.heap.measure(|| victim.receive(&stream[..len]));
            self.drive_victim();
            assert!(taken > 0 || !stalled, "the victim takes nothing more");
            stalled = taken == 0;
            stream = &stream[taken..];
        }
    }

    /// Has the victim do what its application would: process what came, read its data, send its output.
    pub fn drive_victim(&mut self) {
        let victim = &mut self.victim;
        let result = self.heap.measure(|| victim.process());
        if let Err(error) = result {
            self.outcome.error = Some(error);
        }
        if self.side == Side::Client && !self.early_writes.is_empty() {
            self.write_early_data();
        }
        self.read_early_data();
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
        self.victim_opens.load(&self.victim_secrets, self.side);
        for record in records(&output) {
            let (level, content_type, content) = self.victim_opens.open(&record);
            self.unopened += usize::from(level == Level::Raw);
            if content_type == ALERT {
                let alert = (content[0], AlertDescription(content[1]));
                self.outcome.alerts.push(alert);
            }
        }
        let mut rest = &output[self.honest.receive(&output)..];
        while !rest.is_empty() && self.honest.process().is_ok() {
            match self.honest.receive(rest) {
                0 => break,
                count => rest = &rest[count..],
            }
        }
    }
}

impl Scene {
    fn read_early_data(&mut self) {
        let mut buffer = [0; 20_000];
        while self.side == Side::Server && !self.leaves_early_data {
            let victim = &mut self.victim;
            let outcome = self
                .heap
                .measure(|| victim.read_replayable_early_data(&mut buffer));
            let Ok(ReadOutcome::Data(count)) = outcome else {
                return;
            };
            self.outcome.early_data.extend(&buffer[..count]);
        }
    }
}

/// Bytes of early data that tickets allow in these scenes.
pub const EARLY_LIMIT: u32 = 1 << 14;

/// The flight number of what comes after the handshake.
pub const AFTER: usize = usize::MAX;

fn whole_messages(bytes: &[u8]) -> Option<usize> {
    let mut whole = 0;
    while let Some(header) = bytes.get(whole..whole + 4) {
        let len = u32::from_be_bytes([0, header[1], header[2], header[3]]) as usize;
        if whole + 4 + len > bytes.len() {
            break;
        }
        whole += 4 + len;
    }
    (whole > 0).then_some(whole)
}

/// Plays a scene and expects the victim to end with this error, and this one fatal alert on the wire.
#[track_caller]
pub fn refused(
    what: &str,
    victim: Side,
    setting: Setting,
    script: impl FnMut(usize, &mut Flight),
    error: impl Into<Error>,
    alert: AlertDescription,
) {
    let outcome = Scene::new(victim, setting).play(script);
    expect(what, &outcome, error, alert);
}

#[track_caller]
pub fn expect(what: &str, outcome: &Outcome, error: impl Into<Error>, alert: AlertDescription) {
    assert_eq!(outcome.error, Some(error.into()), "{what}: error");
    assert_eq!(outcome.alerts, [(2, alert)], "{what}: alert on the wire");
}

/// The victim has ended with an error that it does not tell its peer: the transport's end, or an alert of the peer's.
#[track_caller]
pub fn expect_silence(what: &str, outcome: &Outcome, error: Error) {
    assert_eq!(outcome.error, Some(error), "{what}: error");
    assert_eq!(outcome.alerts, [], "{what}: alert on the wire");
}

/// Plays a scene and expects the handshake to succeed and data to arrive.
#[track_caller]
pub fn accepted(
    what: &str,
    victim: Side,
    setting: Setting,
    mut script: impl FnMut(usize, &mut Flight),
) {
    let outcome = Scene::new(victim, setting).play(|number, flight| {
        script(number, flight);
        if number == AFTER {
            flight.push(Item::data(b"hello"));
            flight.push(Item::new(Level::Application, ALERT, &[1, 0]));
        }
    });
    assert_eq!(
        (outcome.error, outcome.data.as_slice(), outcome.closed),
        (None, b"hello".as_slice(), true),
        "{what}"
    );
}
