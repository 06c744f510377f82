//! TLS 1.3: an honest peer, a man in the middle who has the keys and follows a script, and the victim.
//!
//! Two targets play it, one with a client as the victim and one with a server. The input is a [`Script`]; [`SceneOptions`]
//! tells what its scene is.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use warifu::decision::Answer;
use warifu::early_data::{ReplayStore, ReplayableEarlyData};
use warifu::parameters::{CipherSuite, NamedGroup, ProtocolVersion, PskKeyExchangeMode};
use warifu::pki_types::UnixTime;
use warifu::psk::{PskRole, PskTable};
use warifu::resumption::{Session, SessionKey, Tickets};
use warifu::{
    ClientAuth, ClientConfig, Connection, Direction, Psk, PskPolicy, ReadOutcome, ServerConfig,
};
use warifu_crypto::random::fixed;
use warifu_crypto::{Hash, HmacKey, PrivateKey, Prk, SignatureAlgorithm};

use crate::bytes::*;
use crate::flows::identities;
use crate::flows::play::*;
use crate::flows::script::{Edit, Flags, Op, Script};
use crate::scene::{Flight, Item, Level, PKI, Scene, Secrets, pki};
use crate::support::resumption::OneKey;
use crate::support::{Side, client_builder, server_builder, server_name};

/// Bytes of early data that keys and tickets allow.
const EARLY_LIMIT: u32 = 1 << 14;
const PSK: [u8; 32] = [7; 32];
const HASH: Hash = Hash::Sha256;

/// What pre-shared keys and tickets a scene has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    None,
    External,
    /// With `psk_ke` alone.
    ExternalAlone,
    Imported,
    /// RFC 9973.
    WithCertificate,
    Ticket,
    /// A ticket and early data.
    TicketEarly,
    /// An external key and early data.
    ExternalEarly,
}

/// Whether a server asks for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    Never,
    Requires,
    Optionally,
    Later,
}

/// The bits of a scene.
#[derive(Debug, Clone, Copy)]
pub struct SceneOptions {
    pub keys: Keys,
    pub asks: Asks,
    pub retry: bool,
    pub record_size_limit: bool,
    /// ALPN, a stapled response and more.
    pub more_extensions: bool,
    pub no_compatibility: bool,
    /// The client has no certificate.
    pub no_credential: bool,
    /// Both sides also have TLS 1.2.
    pub older_versions: bool,
}

/// Scenes that differ.
pub const SCENES: u16 = 1 << 11;

impl SceneOptions {
    pub fn of(scene: u16) -> Self {
        let has = |bit: u16| scene & 1 << bit != 0;
        let keys = [
            Keys::None,
            Keys::External,
            Keys::ExternalAlone,
            Keys::Imported,
            Keys::WithCertificate,
            Keys::Ticket,
            Keys::TicketEarly,
            Keys::ExternalEarly,
        ];
        let asks = [Asks::Never, Asks::Requires, Asks::Optionally, Asks::Later];
        Self {
            keys: keys[usize::from(scene & 7)],
            asks: asks[usize::from(scene >> 3 & 3)],
            retry: has(5),
            record_size_limit: has(6),
            more_extensions: has(7),
            no_compatibility: has(8),
            no_credential: has(9),
            older_versions: has(10),
        }
    }

    /// Without edits the handshake succeeds.
    fn is_in_order(&self) -> bool {
        !(self.asks == Asks::Requires && self.no_credential && self.has_certificates())
    }

    fn has_certificates(&self) -> bool {
        matches!(
            self.keys,
            Keys::None | Keys::WithCertificate | Keys::Ticket | Keys::TicketEarly
        )
    }
}

/// Each run sees its ClientHello for the first time.
#[derive(Debug)]
struct Forgetful;

impl ReplayStore for Forgetful {
    fn is_first<'a>(
        &'a self,
        _: &'a [u8; 32],
        _: UnixTime,
        _: Option<UnixTime>,
    ) -> Answer<'a, Result<bool, String>> {
        Answer::Ready(Ok(true))
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

/// A key that both sides have: two values, as they are two nodes.
fn psk() -> Psk {
    Psk::new("alice", PSK).unwrap()
}

impl Prepared {
    fn new(scene: u16) -> Self {
        let options = SceneOptions::of(scene);
        let secrets = [(); 2].map(|()| Arc::new(Secrets::default()));
        let seen = [(); 2].map(|()| Arc::new(Seen::default()));
        let sessions = Arc::new(Sessions::default());
        let tls12 = match options.older_versions {
            true => ProtocolVersion::TLS1_2,
            false => ProtocolVersion::TLS1_3,
        };
        let mut client = client_builder(pki())
            .with_key_log(secrets[0].clone())
            .with_message_log(seen[0].clone())
            .with_session_context("client")
            .with_session_store(sessions.clone())
            .with_cipher_suites(&[
                CipherSuite::TLS_AES_128_GCM_SHA256,
                CipherSuite::TLS_CHACHA20_POLY1305_SHA256,
                CipherSuite(0xc02f),
            ])
            .with_versions(tls12..=ProtocolVersion::TLS1_3)
            .with_groups(&[NamedGroup::X25519, NamedGroup::SECP256R1])
            .with_middlebox_compatibility(!options.no_compatibility)
            .with_post_handshake_auth(options.asks == Asks::Later);
        let mut server = server_builder(pki())
            .with_key_log(secrets[1].clone())
            .with_message_log(seen[1].clone())
            .with_session_context("server")
            .with_tickets(Tickets::stateless(OneKey::new(1)))
            .with_cipher_suites(&[CipherSuite::TLS_AES_128_GCM_SHA256, CipherSuite(0xc02f)])
            .with_versions(tls12..=ProtocolVersion::TLS1_3)
            .with_groups(&[NamedGroup::X25519, NamedGroup::SECP256R1]);
        if options.retry {
            server = server
                .with_groups(&[NamedGroup::SECP256R1])
                .with_retry_cookie(true);
        }
        if options.record_size_limit {
            client = client.with_record_size_limit(2_000);
            server = server.with_record_size_limit(600);
        }
        if options.more_extensions {
            client = client
                .with_alpn(["one", "two"])
                .with_ocsp_request(true)
                .with_sct_request(true);
            server = server.with_alpn(["two"]);
        }
        if !options.no_credential {
            client = client.with_credential(pki().client.clone());
        }
        server = match options.asks {
            Asks::Never => server,
            Asks::Requires => server.with_client_auth(ClientAuth::required(pki().trust())),
            Asks::Optionally => server.with_client_auth(ClientAuth::optional(pki().trust())),
            Asks::Later => server.with_client_auth(ClientAuth::post_handshake(pki().trust())),
        };
        let modes = match options.keys {
            Keys::ExternalAlone => [PskKeyExchangeMode::PSK_KE],
            _ => [PskKeyExchangeMode::PSK_DHE_KE],
        };
        client = client.with_psk_modes(&modes);
        server = server.with_psk_modes(&modes);
        let of_server = |psk| PskTable::new([psk]).unwrap();
        let early = || ReplayableEarlyData::new(EARLY_LIMIT, Forgetful);
        match options.keys {
            Keys::None | Keys::Ticket => {}
            Keys::External | Keys::ExternalAlone => {
                client = client.with_psks([psk()]);
                server = server.with_psk_store(of_server(psk()));
            }
            Keys::Imported => {
                client = client.with_psks([psk().with_import("context")]);
                server = server.with_psk_store(of_server(psk().with_import("context")));
            }
            Keys::WithCertificate => {
                let policy = PskPolicy::RequiredWithCertificate;
                client = client.with_psks([psk()]).with_psk_policy(policy);
                server = server
                    .with_psk_store(of_server(psk()))
                    .with_psk_policy(policy);
            }
            Keys::TicketEarly => {
                client = client.with_replayable_early_data(true);
                server = server.with_replayable_early_data(early());
            }
            Keys::ExternalEarly => {
                let psk = || psk().with_replayable_early_data(EARLY_LIMIT);
                client = client.with_psks([psk()]).with_replayable_early_data(true);
                server = server
                    .with_psk_store(of_server(psk().with_role(PskRole::Server)))
                    .with_replayable_early_data(early());
            }
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
        if matches!(self.options.keys, Keys::Ticket | Keys::TicketEarly) {
            let mut pair = crate::support::Pair {
                client: Connection::client(self.client.clone(), server_name()),
                server: Connection::server(self.server.clone()),
            };
            if self.options.is_in_order() {
                crate::support::resumption::finish(&mut pair);
            }
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
            static ALL: RefCell<HashMap<u16, Rc<Prepared>>> = RefCell::default();
        }
        let scene = scene % SCENES;
        if let Some(found) = ALL.with_borrow(|all| all.get(&scene).cloned()) {
            return found;
        }
        PKI.get_or_init(identities::ed25519);
        fixed::begin(u64::from(scene));
        let new = Self::new(scene).complete();
        ALL.with_borrow_mut(|all| all.insert(scene, new.clone()));
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

/// One run.
struct Play {
    scene: Scene,
    victim: Side,
    prepared: Rc<Prepared>,
    script: Script,
    flags: Flags,
    /// What the honest peer would have sent, flight by flight.
    flights: Vec<Flight>,
    /// Messages that were sent, for being sent again.
    sent: Vec<Item>,
    /// Application data and early data, as far as they were sent.
    data: Vec<u8>,
    early_data: Vec<u8>,
    /// The peer has computed something over what no honest one would have sent.
    forged_finished: bool,
    forged_verify: bool,
    /// The handshake has come to its end.
    completed: bool,
}

impl Play {
    fn new(victim: Side, prepared: Rc<Prepared>, script: Script) -> Self {
        prepared.reset();
        let flags = Flags::of(script.flags);
        let client = Connection::client(prepared.client.clone(), server_name());
        let server = Connection::server(prepared.server.clone());
        let [client_secrets, server_secrets] = prepared.secrets.clone();
        let mut scene = Scene::between(victim, (client, client_secrets), (server, server_secrets));
        scene.pieces = Box::new(move || flags.piece);
        scene.leaves_early_data = flags.leave_early_data;
        let sends_early_data = match prepared.options.keys {
            Keys::TicketEarly => !prepared.kept.is_empty(),
            // An external key says nothing of ALPN.
            Keys::ExternalEarly => !prepared.options.more_extensions,
            _ => false,
        };
        if sends_early_data {
            scene.early_writes = vec![b"early".to_vec(), b"data".to_vec()];
        }
        Self {
            scene,
            victim,
            prepared,
            script,
            flags,
            flights: Vec::new(),
            sent: Vec::new(),
            data: Vec::new(),
            early_data: Vec::new(),
            forged_finished: false,
            forged_verify: false,
            completed: false,
        }
    }

    fn seen_by_victim(&self) -> Vec<(Direction, Vec<u8>)> {
        self.prepared.seen[index(self.victim)].messages()
    }

    fn seen_by_honest(&self) -> Vec<(Direction, Vec<u8>)> {
        self.prepared.seen[1 - index(self.victim)].messages()
    }

    fn forges(&self) -> bool {
        self.flags.forge_finished || self.flags.forge_binder
    }

    fn run(&mut self) {
        self.scene.drive_victim();
        let mut number = 0;
        for _ in 0..AFTER {
            let mut flight = self.scene.take_honest_flight();
            if flight.is_empty() && self.forges() && self.scene.honest.failure().is_some() {
                // The honest peer could not follow. The other goes on alone.
                let recorded = self.prepared.recorded.borrow();
                let recorded = recorded[index(self.victim)].get(usize::from(number));
                flight = recorded.cloned().unwrap_or_default();
                self.forged_finished = true;
            }
            if flight.is_empty() && self.scene.victim.is_handshaking() {
                break;
            }
            if !flight.is_empty() {
                self.send(number, flight);
                number += 1;
            }
            let honest_is_over =
                !self.scene.honest.is_handshaking() || self.scene.honest.failure().is_some();
            if self.scene.is_over() || (!self.scene.victim.is_handshaking() && honest_is_over) {
                break;
            }
        }
        if self.scene.victim.failure().is_none() && !self.scene.victim.is_handshaking() {
            self.completed = true;
            self.check_completed();
            for number in AFTER..FLIGHTS {
                if self.scene.is_over() {
                    break;
                }
                self.after(number);
            }
        }
        if !self.scene.is_over() {
            self.scene.victim.received_eof();
            self.scene.drive_victim();
        }
    }

    /// A flight after the handshake.
    fn after(&mut self, number: u8) {
        let honest = &mut self.scene.honest;
        let lives = !honest.is_handshaking() && honest.failure().is_none();
        let last = number == FLIGHTS - 1;
        let mut flight = Flight::new();
        if lives {
            let mut buffer = [0; 1000];
            while let Ok(ReadOutcome::Data(_)) = honest.read(&mut buffer) {}
            let _ = honest.write(b"data");
            if last {
                honest.close();
            }
            for item in self.scene.take_honest_flight() {
                let rekeys =
                    item.content_type == HANDSHAKE && item.bytes.first() == Some(&KEY_UPDATE);
                flight.push(item);
                if rekeys {
                    flight.push(Item::rekey());
                }
            }
        } else {
            flight.push(Item::data(b"data"));
            if last {
                flight.push(Item::new(Level::Application, ALERT, &[1, 0]));
            }
        }
        self.send(number, flight);
    }

    fn send(&mut self, number: u8, mut flight: Flight) {
        self.flights.push(flight.clone());
        let edits = std::mem::take(&mut self.script.edits);
        for edit in edits.iter().filter(|edit| edit.flight % FLIGHTS == number) {
            self.apply(edit, number, &mut flight);
        }
        self.script.edits = edits;
        // What is protected can only be once the victim has read what is not.
        let protected = |item: &Item| !matches!(item.level, Level::Plain | Level::Raw);
        let plain = flight.iter().position(protected).unwrap_or(flight.len());
        let rest = flight.split_off(plain);
        for mut part in [flight, rest] {
            if part.is_empty() || self.scene.is_over() {
                continue;
            }
            self.scene.load_seals();
            self.forge(&mut part);
            for item in &mut part {
                self.check_level(item);
            }
            for item in &part {
                match (item.level, inner(item)) {
                    (Level::Application, (APPLICATION_DATA, data)) => self.data.extend(data),
                    (Level::Early, (APPLICATION_DATA, data)) => self.early_data.extend(data),
                    (Level::Plain | Level::Handshake | Level::Application, (HANDSHAKE, _)) => {
                        self.sent.push(item.clone());
                    }
                    _ => {}
                }
            }
            self.scene.send(usize::from(number), part, |_| {});
        }
    }

    /// What cannot be sent as it is, since there are no such keys or records, is sent as it can.
    fn check_level(&self, item: &mut Item) {
        let seals = &self.scene.seals;
        let has_keys = match item.level {
            Level::Early => seals.early.is_some(),
            Level::Handshake => seals.handshake.is_some(),
            Level::Application => seals.application.is_some(),
            Level::Plain | Level::Raw | Level::Rekey => true,
        };
        if !has_keys {
            item.level = Level::Plain;
        }
        if !(item.level == Level::Plain && item.content_type == HANDSHAKE) {
            item.bytes.truncate(u16::MAX.into());
        }
        let most = usize::from(u16::MAX) - 17;
        if !matches!(item.level, Level::Plain | Level::Raw) {
            item.bytes.truncate(most);
        }
        item.padding = item.padding.min(most.saturating_sub(item.bytes.len()));
    }

    fn apply(&mut self, edit: &Edit, number: u8, flight: &mut Flight) {
        match edit.op {
            Op::VictimActs => return act(&mut self.scene.victim, edit),
            Op::HonestActs => return act(&mut self.scene.honest, edit),
            Op::Cut => return self.scene.cut = Some((number.into(), edit.a.into())),
            _ => {}
        }
        edit_flight(edit, flight, &self.sent, number >= AFTER, true);
    }

    /// Computes what depends on all messages before over those that are really sent.
    fn forge(&mut self, flight: &mut Flight) {
        if !self.forges() && !self.flags.forge_verify {
            return;
        }
        if !self.scene.victim.is_handshaking() {
            return;
        }
        let has_external_key = matches!(
            self.prepared.options.keys,
            Keys::External | Keys::ExternalAlone | Keys::WithCertificate | Keys::ExternalEarly
        );
        let mut transcript = Transcript::of(&self.seen_by_victim());
        for item in flight {
            if item.content_type != HANDSHAKE || item.level == Level::Raw {
                continue;
            }
            let forged = match item.bytes.first() {
                Some(&FINISHED) if self.flags.forge_finished => {
                    self.scene.seals.handshake.as_ref().map(|keys| {
                        let prk = Prk::from_secret(HASH, &keys.secret);
                        message(FINISHED, &transcript.verify_data(&prk))
                    })
                }
                Some(&CERTIFICATE_VERIFY) if self.flags.forge_verify => {
                    Some(transcript.certificate_verify(self.victim))
                }
                Some(&CLIENT_HELLO) if self.flags.forge_binder && has_external_key => {
                    transcript.bound(&item.bytes)
                }
                _ => None,
            };
            if let Some(forged) = forged
                && forged != item.bytes
            {
                match forged[0] {
                    FINISHED => self.forged_finished = true,
                    CERTIFICATE_VERIFY => self.forged_verify = true,
                    _ => {}
                }
                item.bytes = forged;
            }
            transcript.add(&item.bytes);
        }
    }

    /// A handshake that is complete is one in which both sides saw the same, but for what the peer itself says it saw.
    fn check_completed(&self) {
        let (victim, honest) = (self.seen_by_victim(), self.seen_by_honest());
        let last = match (self.forged_finished, self.forged_verify) {
            (false, _) => FINISHED,
            (true, false) => CERTIFICATE_VERIFY,
            (true, true) => return,
        };
        let is_last = |(direction, message): &(Direction, Vec<u8>)| {
            *direction == Direction::Received && message.first() == Some(&last)
        };
        let Some(end) = victim.iter().position(is_last) else {
            assert!(self.forged_finished, "complete without the peer's Finished");
            return;
        };
        for (index, (of_victim, of_honest)) in victim[..=end].iter().zip(&honest).enumerate() {
            assert_eq!(of_victim.1, of_honest.1, "message {index} was changed");
        }
        assert!(honest.len() > end, "a message that the peer did not send");
        if self.forged_finished {
            return;
        }
        let exporter = |secrets: &Secrets| secrets.get("EXPORTER_SECRET");
        let of_victim = exporter(&self.scene.victim_secrets);
        assert!(of_victim.is_some(), "no exporter");
        assert_eq!(of_victim, exporter(&self.scene.honest_secrets), "exporters");
        let (victim, honest) = (&self.scene.victim, &self.scene.honest);
        if !honest.is_handshaking() && honest.failure().is_none() {
            let mut outputs = [[0; 32]; 2];
            victim
                .export(b"EXPORTER-fuzz", Some(b"context"), &mut outputs[0])
                .unwrap();
            honest
                .export(b"EXPORTER-fuzz", Some(b"context"), &mut outputs[1])
                .unwrap();
            assert_eq!(outputs[0], outputs[1], "exporters");
        }
    }

    /// What holds of every run, whatever the peer sent.
    fn check(&mut self) {
        let scene = &mut self.scene;
        assert!(
            self.early_data.starts_with(&scene.outcome.early_data),
            "early data made up"
        );
        check_end(
            &mut scene.victim,
            &scene.outcome,
            &self.data,
            scene.unopened,
        );
    }
}

/// Content type and content as the other side sees them under protection: a type of 0 is padding, and what is before it the
/// type (RFC 8446 Section 5.4).
fn inner(item: &Item) -> (u8, &[u8]) {
    match (
        item.content_type,
        item.bytes.iter().rposition(|byte| *byte != 0),
    ) {
        (0, Some(end)) => (item.bytes[end], &item.bytes[..end]),
        (content_type, _) => (content_type, &item.bytes),
    }
}

/// The messages of a handshake, RFC 8446 Section 4.4.1.
struct Transcript(Vec<u8>);

impl Transcript {
    fn of(seen: &[(Direction, Vec<u8>)]) -> Self {
        let mut transcript = Self(Vec::new());
        for (_, message) in seen {
            transcript.add(message);
        }
        transcript
    }

    fn add(&mut self, message: &[u8]) {
        /// SHA-256 of "HelloRetryRequest", RFC 8446 Section 4.1.3, its first bytes.
        const RETRY: [u8; 4] = [0xcf, 0x21, 0xad, 0x74];
        const MESSAGE_HASH: u8 = 254;
        if message.first() == Some(&SERVER_HELLO)
            && message.get(6..10) == Some(&RETRY)
            && self.0.first() == Some(&CLIENT_HELLO)
        {
            self.0 = crate::bytes::message(MESSAGE_HASH, HASH.digest(&[&self.0]).as_ref());
        }
        self.0.extend(message);
    }

    fn verify_data(&self, secret: &Prk) -> Vec<u8> {
        let mut key = [0; 32];
        secret.expand_label(b"finished", b"", &mut key).unwrap();
        let hash = HASH.digest(&[&self.0]);
        HmacKey::new(HASH, &key)
            .sign(&[hash.as_ref()])
            .as_ref()
            .to_vec()
    }

    /// Signed by the victim's peer, RFC 8446 Section 4.4.3.
    fn certificate_verify(&self, victim: Side) -> Vec<u8> {
        const ED25519: [u8; 2] = [8, 7];
        let (seed, who) = match victim {
            Side::Client => (identities::SERVER_SEED, "server"),
            Side::Server => (identities::CLIENT_SEED, "client"),
        };
        let mut content = vec![b' '; 64];
        content.extend(format!("TLS 1.3, {who} CertificateVerify\0").as_bytes());
        content.extend(HASH.digest(&[&self.0]).as_ref());
        let key = PrivateKey::from_der(&identities::ed25519_key(seed)).unwrap();
        let signature = key.sign(SignatureAlgorithm::Ed25519, &content).unwrap();
        let body = [&ED25519[..], &vector(2, &signature)].concat();
        message(CERTIFICATE_VERIFY, &body)
    }

    /// A ClientHello that ends with one binder of 32 bytes, with the right one for the external key of these scenes.
    fn bound(&self, hello: &[u8]) -> Option<Vec<u8>> {
        // The binders' list of 33 bytes and the binder's length are not covered, RFC 8446 Section 4.2.11.2.
        let (covered, binders) = hello.split_at_checked(hello.len().checked_sub(35)?)?;
        if binders[..3] != [0, 33, 32] {
            return None;
        }
        let mut transcript = Self(self.0.clone());
        transcript.0.extend(covered);
        let early = Prk::extract(HASH, &[], &PSK);
        let empty = HASH.digest(&[]);
        let mut binder_key = [0; 32];
        early
            .expand_label(b"ext binder", empty.as_ref(), &mut binder_key)
            .ok()?;
        let binder = transcript.verify_data(&Prk::from_secret(HASH, &binder_key));
        Some([covered, &binders[..3], &binder].concat())
    }
}

/// Plays the script of an input against a victim of this side; panics where a rule is broken.
pub fn play(victim: Side, input: &[u8]) {
    let script = Script::read(input);
    let prepared = Prepared::of(script.scene);
    let is_changed = !script.edits.is_empty();
    let mut play = Play::new(victim, prepared, script);
    play.run();
    play.check();
    if !is_changed && play.prepared.options.is_in_order() && !play.flags.leave_early_data {
        assert_eq!(play.scene.outcome.error, None);
        assert_eq!(play.scene.outcome.data, b"data".repeat(4));
    }
}
