//! Every sequence that differs from a figure by one thing that is dropped, repeated, swapped, put in or cut off, for both sides of
//! each handshake of TLS 1.0, 1.1 and 1.2, with what must become of it.
//!
//! What that is [`Model`] says, from the figure and the rules that it cites. Where the RFCs leave something open, it follows our
//! choice: what the error says was awaited where messages are optional ([`Model::lets_through`]), whether type or length is judged
//! first ([`Model::accept_giant`]), HelloRequest in a first handshake. The peer's CertificateVerify and Finished are over what it
//! really sent, so that a message which may be left out can be.

use std::collections::HashSet;
use std::ops::Range;

use warifu::parameters::{AlertDescription, ContentType, HandshakeType};
use warifu::{Error, PeerMisbehaved, PskFailure};

use crate::bytes::*;
use crate::crypto::*;
use crate::document;
use crate::figure::{self, Change, Keys, Kind, Presence, Seal, Sent, max_body_len, message_types};
use crate::figures::{Client, Flow, Setting, Status};
use crate::meter::{Meter, report};
use crate::peer::*;
use crate::support::Side;

/// The scripted peer is a peer: with every key exchange, version and construction, in both roles.
#[test]
fn honest_handshakes_succeed() {
    for tls in [TLS1_0, TLS1_1, TLS1_2] {
        for suite in ALL_SUITES.into_iter().filter(|suite| suite.is_of(tls)) {
            let is_cbc = suite.cipher.mac_len() > 0;
            for (etm, ems) in [(false, false), (false, true), (true, true)] {
                if etm && !is_cbc {
                    continue;
                }
                for mut stage in [Stage::client(tls, suite), Stage::server(tls, suite)] {
                    (stage.peer.ems, stage.peer.etm) = (ems, etm);
                    stage.handshake();
                    stage.exchange();
                    let facts = stage.victim.facts().unwrap();
                    assert_eq!((facts.version.0, facts.cipher_suite.0), (tls, suite.number));
                    let legacy = facts.legacy.as_ref().unwrap();
                    let used = (legacy.extended_main_secret, legacy.encrypt_then_mac);
                    assert_eq!(used, (ems, etm));
                }
            }
        }
    }
}

const UNEXPECTED_MESSAGE: AlertDescription = AlertDescription::UNEXPECTED_MESSAGE;
const NO_RENEGOTIATION: (u8, AlertDescription) = (1, AlertDescription::NO_RENEGOTIATION);

/// How a sequence ends for the victim.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    /// It goes on, and hears of the end of the transport next.
    Goes,
    Ends(Error),
    /// The peer has closed its direction, after the handshake.
    Closed,
}

/// What the victim awaits.
#[derive(Clone)]
struct Place {
    /// The number of its step among those that the victim receives; `None` if it is not sent.
    step: Option<usize>,
    name: &'static str,
    kind: Kind,
    may_be_absent: bool,
}

/// The victim, as RFC 5246 has it.
struct Model<'s> {
    setting: &'s Setting,
    places: Vec<Place>,
    /// Which place is next.
    place: usize,
    /// Something has come.
    begun: bool,
    /// A client has had a change_cipher_spec that could have been the dummy of TLS 1.3.
    early_change: bool,
    /// Records are under the keys that change_cipher_spec announced.
    is_protected: bool,
    /// Alerts that the victim has sent.
    alerts: Vec<(u8, AlertDescription)>,
}

impl<'s> Model<'s> {
    fn new(setting: &'s Setting, places: &[Place]) -> Self {
        Self {
            setting,
            places: places.to_vec(),
            place: 0,
            begun: false,
            early_change: false,
            is_protected: setting.flow == Flow::Renegotiation,
            alerts: Vec::new(),
        }
    }

    /// Inside of a connection that is there already.
    fn renegotiates(&self) -> bool {
        self.setting.flow == Flow::Renegotiation
    }

    fn is_handshaking(&self) -> bool {
        !self.renegotiates() && self.place < self.places.len()
    }

    /// The handshake inside of the connection has begun, and is not over.
    fn is_renegotiating(&self) -> bool {
        self.renegotiates() && (1..self.places.len()).contains(&self.place)
    }

    /// What the victim awaits at a place, in the words of its errors.
    fn awaits(&self, place: usize) -> String {
        let Some(first) = self.places.get(place) else {
            return "application data".to_owned();
        };
        // Of it alone the error speaks.
        if !first.may_be_absent || first.name == "CertificateStatus" {
            return first.name.to_owned();
        }
        let mut names = Vec::new();
        for next in &self.places[place..] {
            names.push(next.name);
            if !next.may_be_absent {
                break;
            }
        }
        let last = names.pop().unwrap_or_default();
        format!("{} or {last}", names.join(", "))
    }

    fn refuse(&mut self, error: PeerMisbehaved, alert: AlertDescription) -> Fate {
        self.alerts.push((2, alert));
        Fate::Ends(error.into())
    }

    /// What is not a handshake message, and not legal here.
    fn refuse_record(&mut self, content_type: u8) -> Fate {
        let expected = match self.renegotiates() {
            true => "application data",
            false => leak(self.awaits(self.place)),
        };
        let error = match content_type {
            CHANGE_CIPHER_SPEC => PeerMisbehaved::UnexpectedChangeCipherSpec { expected },
            content_type => PeerMisbehaved::UnexpectedRecord {
                content_type: ContentType(content_type),
                expected,
            },
        };
        self.refuse(error, UNEXPECTED_MESSAGE)
    }

    fn accept(&mut self, kind: Kind, is_plain: bool) -> Fate {
        let is_first = !std::mem::replace(&mut self.begun, true);
        if is_plain && self.is_protected {
            // RFC 4279 Section 2: a wrong key is found out by a Finished that does not open, and decrypt_error tells.
            if self.is_first_under_psk() {
                self.alerts.push((2, AlertDescription::DECRYPT_ERROR));
                let identity = IDENTITY.to_owned();
                return Fate::Ends(PskFailure::WrongKeyInFinished { identity }.into());
            }
            return self.refuse(
                PeerMisbehaved::BadRecordMac,
                AlertDescription::BAD_RECORD_MAC,
            );
        }
        match kind {
            Kind::Message(message_type) => self.accept_message(message_type),
            Kind::Giant(message_type) => self.accept_giant(message_type),
            Kind::ChangeCipherSpec => self.accept_change_cipher_spec(),
            // Under keys that are not confirmed by a Finished no data passes, and none in a first handshake.
            Kind::Data if self.is_handshaking() || self.awaits_last_finished() => {
                self.refuse_record(APPLICATION_DATA)
            }
            Kind::Data => Fate::Goes,
            Kind::Alert(level, description) => self.accept_alert(level, description),
            Kind::Unknown(content_type)
                if is_first && !self.renegotiates() && content_type > 24 =>
            {
                let minor = self.setting.tls & 0xff;
                let start = format!("{content_type:02x} 03 {minor:02x} 00 01 01");
                self.refuse(PeerMisbehaved::NotTls { start }, UNEXPECTED_MESSAGE)
            }
            Kind::Unknown(content_type) => self.refuse_record(content_type),
        }
    }

    /// A server awaits the Finished of a client with a pre-shared key.
    fn is_first_under_psk(&self) -> bool {
        self.setting.victim == Side::Server
            && self.setting.suite.kx.uses_psk()
            && self.is_handshaking()
    }

    fn awaits_last_finished(&self) -> bool {
        self.renegotiates() && self.place + 1 == self.places.len()
    }

    /// RFC 5246 Section 7.1: at its place alone. A client that does not know the version yet cannot tell it from the dummy of TLS
    /// 1.3 (RFC 8446 Appendix D.4), and says so when it does.
    fn accept_change_cipher_spec(&mut self) -> Fate {
        if self.place == 0 && !self.renegotiates() {
            if self.setting.victim == Side::Server {
                return self.refuse(PeerMisbehaved::IllegalChangeCipherSpec, UNEXPECTED_MESSAGE);
            }
            self.early_change = true;
            return Fate::Goes;
        }
        let next = self.places.get(self.place);
        if next.is_none_or(|next| next.kind != Kind::ChangeCipherSpec) {
            return self.refuse_record(CHANGE_CIPHER_SPEC);
        }
        self.place += 1;
        self.is_protected = true;
        Fate::Goes
    }

    /// RFC 5246 Section 7.2: the level tells, once the version is known. A server does not know it before the ClientHello; for a
    /// client some servers have a warning before their ServerHello (RFC 6066 Section 3).
    fn accept_alert(&self, level: u8, description: u8) -> Fate {
        let knows_version = self.setting.victim == Side::Client || self.place > 0;
        match (level, description) {
            (_, 0) if self.is_handshaking() => {
                let expected = leak(self.awaits(self.place));
                Fate::Ends(Error::ClosedDuringHandshake { expected })
            }
            (_, 0) => Fate::Closed,
            (1, 90) => Fate::Goes,
            (1, _) if knows_version => Fate::Goes,
            (_, fatal) => Fate::Ends(Error::AlertReceived(AlertDescription(fatal))),
        }
    }

    fn accept_message(&mut self, message_type: u8) -> Fate {
        // Section 7.4.1.1: "This message will be ignored by the client if the client is currently negotiating a session."
        // In a first handshake ours refuses it against that: docs/conformance/rfc5246.md, 7.4.1.1.
        if self.is_renegotiating() && message_type == HELLO_REQUEST {
            return Fate::Goes;
        }
        if self.place >= self.places.len() || (self.renegotiates() && self.place == 0) {
            return self.accept_later_message(message_type);
        }
        let got = HandshakeType(message_type);
        // What one place that may stay empty has let through, the next that may too is not asked about. No RFC says which of them
        // an error is to name; this is how ours does.
        let mut was_let_through = false;
        for place in self.place..self.places.len() {
            let awaited = &self.places[place];
            if awaited.kind == Kind::Message(message_type) {
                if self.early_change {
                    let expected = "the choice of a version";
                    let error = PeerMisbehaved::UnexpectedChangeCipherSpec { expected };
                    return self.refuse(error, UNEXPECTED_MESSAGE);
                }
                self.place = place + 1;
                return Fate::Goes;
            }
            let may_come_instead = self.lets_through(place, message_type);
            if !(may_come_instead || (was_let_through && awaited.may_be_absent)) {
                let expected = leak(self.awaits(place));
                let error = PeerMisbehaved::UnexpectedMessage { got, expected };
                return self.refuse(error, UNEXPECTED_MESSAGE);
            }
            was_let_through = true;
        }
        panic!("the last place is never optional")
    }

    /// A message of the right type is refused for the length that its header has, one of another type at its first byte. In a
    /// connection that is established lengths are judged first. The RFCs have neither order: these are ours.
    fn accept_giant(&mut self, message_type: u8) -> Fate {
        let before = self.place;
        let fate = match self.is_handshaking() {
            // One of several is awaited: which of them may really follow is judged when it is whole.
            true if self.lets_through(before, message_type) => Fate::Goes,
            true => self.accept_message(message_type),
            false => Fate::Goes,
        };
        match fate {
            Fate::Goes => {
                self.place = before;
                let error = PeerMisbehaved::MessageTooLong {
                    message: HandshakeType(message_type),
                    len: 0xff_ffff,
                    limit: max_body_len(message_type),
                };
                self.refuse(error, AlertDescription::ILLEGAL_PARAMETER)
            }
            fate => fate,
        }
    }

    /// Whether this message may come where a place stays empty: it is that of the next ones, up to one that must be there.
    fn lets_through(&self, place: usize, message_type: u8) -> bool {
        if !self.places[place].may_be_absent {
            return false;
        }
        // Behind CertificateStatus whatever a server may send next; the place of that judges it.
        if self.places[place].name == "CertificateStatus" {
            return [SERVER_KEY_EXCHANGE, CERTIFICATE_REQUEST, SERVER_HELLO_DONE]
                .contains(&message_type);
        }
        for next in &self.places[place + 1..] {
            if next.kind == Kind::Message(message_type) {
                return true;
            }
            if !next.may_be_absent {
                return false;
            }
        }
        false
    }

    /// Section 7.4.1.1 and 7.2.2: who is asked to renegotiate, and will not, says so in a warning.
    fn accept_later_message(&mut self, message_type: u8) -> Fate {
        let asks = match self.setting.victim {
            Side::Client => HELLO_REQUEST,
            Side::Server => CLIENT_HELLO,
        };
        if message_type != asks {
            let got = HandshakeType(message_type);
            let expected = "application data";
            return self.refuse(
                PeerMisbehaved::UnexpectedMessage { got, expected },
                UNEXPECTED_MESSAGE,
            );
        }
        match self.renegotiates() {
            // This one does, as often as it is asked to.
            true => self.place = 1,
            false => self.alerts.push(NO_RENEGOTIATION),
        }
        Fate::Goes
    }

    /// The transport ends.
    fn end(&self) -> Fate {
        match self.is_handshaking() {
            true => {
                let expected = leak(self.awaits(self.place));
                Fate::Ends(Error::ClosedDuringHandshake { expected })
            }
            false => Fate::Ends(Error::Truncated),
        }
    }
}

/// Errors have names that live for ever; there are few.
fn leak(text: String) -> &'static str {
    use std::sync::{Mutex, OnceLock};
    static NAMES: OnceLock<Mutex<HashSet<&'static str>>> = OnceLock::new();
    let mut names = NAMES.get_or_init(Mutex::default).lock().unwrap();
    match names.get(&*text) {
        Some(name) => name,
        None => {
            let name: &'static str = text.leak();
            names.insert(name);
            name
        }
    }
}

/// What is sent, and what must become of it.
#[derive(Debug)]
struct Plan {
    /// Flight by flight: what, a copy of which step, and whether without keys. What comes after the end is not sent.
    flights: Vec<Vec<(Kind, Option<usize>, bool)>>,
    fate: Fate,
    alerts: Vec<(u8, AlertDescription)>,
    /// The connection is as good as any, and data goes through.
    works: bool,
}

/// What the victim receives in a handshake.
struct Line<'s> {
    setting: &'s Setting,
    places: Vec<Place>,
    steps: Vec<figure::Step>,
    flights: Vec<Range<usize>>,
}

impl<'s> Line<'s> {
    fn new(setting: &'s Setting) -> Self {
        let drawn = setting.steps();
        let (steps, mut flights) = figure::received(&drawn, setting.victim);
        // A place behind the last step of the peer's.
        if let Some(last) = flights.last().map(|flight| flight.end) {
            flights.push(last..last);
        }
        let mut sent = 0;
        let theirs = drawn.iter().filter(|step| step.from != setting.victim);
        let places = theirs.map(|step| {
            let is_sent = step.presence != Presence::MayBePresent;
            let place = Place {
                step: is_sent.then_some(sent),
                name: step.name,
                kind: step.kind,
                may_be_absent: step.presence != Presence::Always,
            };
            sent += usize::from(is_sent);
            place
        });
        Self {
            setting,
            places: places.collect(),
            steps,
            flights,
        }
    }

    fn plan(&self, flights: &[Vec<Sent>]) -> Plan {
        let mut model = Model::new(self.setting, &self.places);
        let mut plan = Plan {
            flights: Vec::new(),
            fate: Fate::Goes,
            alerts: Vec::new(),
            works: false,
        };
        'flights: for (number, flight) in flights.iter().enumerate() {
            plan.flights.push(Vec::new());
            for sent in flight {
                let is_plain = sent.seal == Seal::By(Keys::None) || !model.is_protected;
                plan.flights[number].push((sent.kind, sent.source, is_plain));
                plan.fate = model.accept(sent.kind, is_plain);
                if plan.fate != Fate::Goes {
                    break 'flights;
                }
            }
            // The peer goes on when it has its answer.
            let end = self.flights[number].end;
            let is_missing = |place: &Place| place.step.is_some_and(|step| step < end);
            if model.places.iter().skip(model.place).any(is_missing) {
                break;
            }
        }
        if plan.fate == Fate::Goes {
            plan.fate = model.end();
            plan.works = model.place == model.places.len();
        }
        plan.alerts = model.alerts;
        plan
    }

    /// The header of each message at each place, announcing 2^24 - 1 bytes.
    fn giants(&self) -> Vec<Plan> {
        let places = 0..=self.steps.len();
        let all = places.flat_map(|before| message_types().map(move |it| (before, it)));
        all.map(|(before, message_type)| {
            let change = Change::Insert {
                kind: Kind::Giant(message_type),
                before,
                seal: Seal::InForce,
            };
            self.plan(&figure::apply(change, &self.steps, &self.flights, false))
        })
        .collect()
    }

    /// All plans, each once, with what they are made of.
    fn plans(&self) -> Vec<(String, Plan)> {
        let mut seen = HashSet::new();
        let mut plans = Vec::new();
        for change in figure::changes(self.steps.len(), &self.flights, &[Keys::None]) {
            let flights = figure::apply(change, &self.steps, &self.flights, false);
            let plan = self.plan(&flights);
            if seen.insert(plan.flights.clone()) {
                plans.push((format!("{change:?}"), plan));
            }
        }
        plans
    }

    /// What the peer sends in a flight when all is as it should be.
    fn honest_flight(&self, stage: &mut Stage, number: usize) -> Flight {
        let is_renegotiation = self.setting.flow == Flow::Renegotiation;
        let flight = match (self.setting.victim, self.setting.flow, number) {
            (_, Flow::Renegotiation, 0) => vec![Step::Message(message(HELLO_REQUEST, &[]))],
            (Side::Client, Flow::ResumedById | Flow::ResumedByTicket, 0) => {
                let session = stage.peer.session();
                stage.peer.resuming_flight(&session)
            }
            (Side::Client, _, number) if number == usize::from(is_renegotiation) => {
                let mut flight = stage.peer.server_flight();
                if is_renegotiation {
                    // verify_data of both, in the handshake before.
                    let finished = stage.peer.finished.concat();
                    edit(find(&mut flight, SERVER_HELLO), |hello| {
                        *hello.extension(RENEGOTIATION_INFO) = vector(1, &finished);
                    });
                }
                flight
            }
            (Side::Client, ..) => stage.peer.last_server_flight(),
            (Side::Server, _, 0) => vec![Step::Message(stage.peer.client_hello())],
            (Side::Server, Flow::Full, _) => stage.peer.client_flight(),
            (Side::Server, ..) => vec![Step::ChangeCipherSpec, Step::Finished],
        };
        let kind = |step: &Step| match step.message_type() {
            Some(message_type) => Kind::Message(message_type),
            None => Kind::ChangeCipherSpec,
        };
        let found: Vec<Kind> = flight.iter().map(kind).collect();
        let steps = &self.steps[self.flights[number].clone()];
        let drawn: Vec<Kind> = steps.iter().map(|step| step.kind).collect();
        assert_eq!(found, drawn, "{:?}", self.setting);
        flight
    }
}

/// A message that is not in this handshake: as it should be where it may be taken, else as short as can be.
fn made_up(setting: &Setting, stage: &Stage, message_type: u8) -> Step {
    let body = match message_type {
        HELLO_REQUEST | SERVER_HELLO_DONE => Vec::new(),
        SERVER_KEY_EXCHANGE if !setting.suite.kx.signs() => stage.peer.key_exchange_of(&[]),
        CERTIFICATE_STATUS => [&[1][..], &vector(3, b"staple")].concat(),
        CERTIFICATE_REQUEST => {
            let schemes: &[u8] = match setting.tls {
                TLS1_2 => &[0, 2, 4, 3],
                _ => &[],
            };
            [&[1, 64][..], schemes, &[0, 0]].concat()
        }
        FINISHED => vec![0; 12],
        _ => vec![0],
    };
    Step::Message(message(message_type, &body))
}

/// The victim's end, its alerts, and its heap at its highest.
type Played = (Fate, Vec<(u8, AlertDescription)>, i64);

/// Sends what is planned.
fn play(line: &Line<'_>, plan: &Plan) -> Played {
    let setting = line.setting;
    let mut stage = setting.stage();
    let mut seen = Flight::new();
    for (number, flight) in plan.flights.iter().enumerate() {
        if !line.flights[number].is_empty() {
            seen.extend(line.honest_flight(&mut stage, number));
        }
        for &(kind, source, is_plain) in flight {
            let step = match (source, kind) {
                (Some(source), _) => seen[source].clone(),
                (None, Kind::Message(message_type)) => made_up(setting, &stage, message_type),
                (None, Kind::Giant(message_type)) => {
                    Step::Record(HANDSHAKE, vec![message_type, 0xff, 0xff, 0xff])
                }
                // There are no keys to change to.
                (None, Kind::ChangeCipherSpec) => Step::Record(CHANGE_CIPHER_SPEC, vec![1]),
                (None, Kind::Data) => Step::Record(APPLICATION_DATA, b"data".to_vec()),
                (None, Kind::Alert(level, description)) => {
                    Step::Record(ALERT, vec![level, description])
                }
                (None, Kind::Unknown(content_type)) => Step::Record(content_type, vec![1]),
            };
            assert!(!stage.is_over(), "over before {kind:?}");
            match is_plain && stage.peer.seal.is_some() {
                true => stage.play(&vec![without_keys(setting, step)]),
                false => stage.play(&vec![step]),
            }
        }
    }
    if plan.works {
        stage.exchange();
    }
    stage.end();
    let fate = match stage.error {
        Some(error) => Fate::Ends(error),
        None => {
            assert!(stage.closed, "no end");
            Fate::Closed
        }
    };
    (fate, stage.alerts, stage.heap.peak)
}

/// A record that is not sealed although it should be.
fn without_keys(setting: &Setting, step: Step) -> Step {
    let (content_type, content) = match step {
        Step::Record(content_type, content) => (content_type, content),
        Step::Message(message) => (HANDSHAKE, message),
        Step::Finished => (HANDSHAKE, message(FINISHED, &[0; 12])),
        Step::CertificateVerify => (HANDSHAKE, message(CERTIFICATE_VERIFY, &[0])),
        Step::ChangeCipherSpec => (CHANGE_CIPHER_SPEC, vec![1]),
        other => panic!("{other:?} is no record"),
    };
    let mut record = record(content_type, &content);
    record[1..3].copy_from_slice(&setting.tls.to_be_bytes());
    Step::Raw(record)
}

const PLAIN: Setting = Setting {
    victim: Side::Client,
    tls: TLS1_2,
    suite: ECDHE_ECDSA_GCM,
    flow: Flow::Full,
    client: Client::IsNotAsked,
    status: Status::No,
    ticket: false,
    hint: false,
};

/// A figure of the document: one key exchange, or one kind of handshake.
struct Group {
    name: &'static str,
    /// Of TLS 1.2, and of the versions before it.
    suites: [Suite; 2],
    flow: Flow,
}

const fn full(name: &'static str, suites: [Suite; 2]) -> Group {
    let flow = Flow::Full;
    Group { name, suites, flow }
}

const fn other(name: &'static str, flow: Flow) -> Group {
    let suites = [ECDHE_ECDSA_GCM, ECDHE_ECDSA_CBC];
    Group { name, suites, flow }
}

const GROUPS: &[Group] = &[
    full("ECDHE", [ECDHE_ECDSA_GCM, ECDHE_ECDSA_CBC]),
    full("DHE", [DHE_RSA_GCM, DHE_RSA_CBC]),
    full("RSA", [RSA_GCM, RSA_CBC]),
    full("PSK", [PSK_GCM, PSK_CBC]),
    full("DHE_PSK", [DHE_PSK_GCM, DHE_PSK_CBC]),
    full("ECDHE_PSK", [ECDHE_PSK_GCM, ECDHE_PSK_CBC]),
    full("RSA_PSK", [RSA_PSK_GCM, RSA_PSK_CBC]),
    other("abbreviated, by session ID", Flow::ResumedById),
    other("abbreviated, by ticket", Flow::ResumedByTicket),
    other("renegotiation", Flow::Renegotiation),
];

/// Every combination of what may or may not be there; before TLS 1.2, whose flow is the same, each alone and all together.
fn settings(group: &Group, tls: u16) -> Vec<Setting> {
    let suite = group.suites[usize::from(tls != TLS1_2)];
    let kx = suite.kx;
    let all = Setting {
        tls,
        suite,
        flow: group.flow,
        ..PLAIN
    };
    let mut settings = Vec::new();
    for victim in [Side::Client, Side::Server] {
        for client in [Client::IsNotAsked, Client::HasNone, Client::HasOne] {
            for status in [Status::No, Status::Sent, Status::Promised] {
                for ticket in [false, true] {
                    for hint in [false, true] {
                        let setting = Setting {
                            victim,
                            client,
                            status,
                            ticket,
                            hint,
                            ..all
                        };
                        if is_one(&setting, kx) {
                            settings.push(setting);
                        }
                    }
                }
            }
        }
    }
    let most = |victim| {
        let of_victim = settings.iter().filter(|setting| setting.victim == victim);
        of_victim.map(options).max().unwrap_or_default()
    };
    let most = [most(Side::Client), most(Side::Server)];
    settings.retain(|setting| {
        let most = most[usize::from(setting.victim == Side::Server)];
        tls == TLS1_2 || options(setting) <= 1 || options(setting) == most
    });
    settings
}

/// How much a handshake has that it could go without.
fn options(setting: &Setting) -> usize {
    let has = [
        setting.client != Client::IsNotAsked,
        setting.status != Status::No,
        setting.ticket,
        setting.hint,
    ];
    has.into_iter().filter(|it| *it).count()
}

/// Whether there is such a handshake, and it is another than those with fewer options.
fn is_one(setting: &Setting, kx: Kx) -> bool {
    let &Setting {
        victim,
        flow,
        client,
        status,
        ticket,
        hint,
        ..
    } = setting;
    let is_asked = client != Client::IsNotAsked;
    let has_status = status != Status::No;
    // A server receives neither.
    if victim == Side::Server && (has_status || hint) {
        return false;
    }
    match flow {
        Flow::Full => {
            let asks = kx.has_certificate() && !(kx == Kx::RsaPsk && victim == Side::Server);
            let hints = matches!(kx, Kx::Psk | Kx::RsaPsk);
            // What the client answers, a server that asked does not receive.
            let answers = victim == Side::Server || client != Client::HasNone;
            (!is_asked || (asks && answers))
                && (!has_status || kx.has_certificate())
                && (!hint || hints)
        }
        Flow::ResumedById | Flow::ResumedByTicket => {
            !is_asked && !has_status && !hint && (!ticket || victim == Side::Client)
        }
        Flow::Renegotiation => {
            // Our client takes no ticket there.
            let has_none = has_status || hint || ticket;
            victim == Side::Client && !has_none && client != Client::HasNone
        }
    }
}

/// All sequences of a figure, in all versions, to both sides.
fn check(name: &str) {
    let group = GROUPS.iter().find(|group| group.name == name).unwrap();
    for setting in VERSIONS.iter().flat_map(|tls| settings(group, *tls)) {
        let line = Line::new(&setting);
        for (what, plan) in line.plans() {
            let (fate, alerts, _) = play(&line, &plan);
            let wanted = (plan.fate, plan.alerts);
            assert_eq!(
                (fate, alerts),
                wanted,
                "{setting:?}: {what}\n{:?}",
                plan.flights
            );
        }
    }
}

/// Nothing is held for what only a header promises: with every key exchange, in the handshake in which most messages come.
#[test]
fn messages_of_2_to_the_24_bytes_are_refused_by_their_header() {
    /// The most that a handshake up to any place takes, honest chains and key shares included.
    const BOUND: i64 = 64 << 10;
    let mut heap = Meter::default();
    let mut count = 0;
    for group in GROUPS {
        for tls in VERSIONS {
            let settings = settings(group, tls);
            for victim in [Side::Client, Side::Server] {
                let of_victim = settings.iter().filter(|setting| setting.victim == victim);
                let lines = of_victim.map(Line::new);
                let Some(line) = lines.max_by_key(|line| line.steps.len()) else {
                    continue;
                };
                let setting = line.setting;
                for plan in line.giants() {
                    let (fate, alerts, peak) = play(&line, &plan);
                    let wanted = (plan.fate, plan.alerts);
                    assert_eq!((fate, alerts), wanted, "{setting:?}: {:?}", plan.flights);
                    assert!(
                        peak <= BOUND,
                        "{peak} bytes: {setting:?}: {:?}",
                        plan.flights
                    );
                    heap.peak = heap.peak.max(peak);
                    count += 1;
                }
            }
        }
    }
    let bound = "refused by type or length, 128 or 16 KiB";
    report(
        "message of 2^24 - 1 bytes, any type at any place",
        bound,
        "its header",
        &heap,
    );
    println!("{count} of them");
    let count = document::number(count);
    document::has(&format!(" in TLS 1.3 and {count} before it"));
}

const VERSIONS: [u16; 3] = [TLS1_2, TLS1_1, TLS1_0];

/// The numbers in the document are those of the generator.
#[test]
fn the_document_has_the_counts() {
    let mut rows = Vec::new();
    let mut total = [0; 4];
    for group in GROUPS {
        let mut counts = [0; 4];
        for setting in VERSIONS.iter().flat_map(|tls| settings(group, *tls)) {
            let plans = Line::new(&setting).plans();
            counts[0] += 1;
            counts[1 + usize::from(setting.victim == Side::Server)] += plans.len();
            counts[3] += plans.iter().filter(|(_, plan)| plan.works).count();
        }
        for (sum, count) in total.iter_mut().zip(counts) {
            *sum += count;
        }
        rows.push(row(group.name, counts));
    }
    let [_, to_client, to_server, works] = total;
    let (all, works) = (
        document::number(to_client + to_server),
        document::number(works),
    );
    rows.push(row("**all of TLS 1.2, 1.1 and 1.0**", total));
    rows.push(format!("| TLS 1.2, 1.1 and 1.0 | {all} | {works} |"));
    println!("{}", rows.join("\n"));
    for row in rows {
        document::has(&row);
    }
}

/// Handshakes, sequences to the client, to the server, and how many of both are legal to their end.
fn row(name: &str, [handshakes, to_client, to_server, works]: [usize; 4]) -> String {
    format!("| {name} | {handshakes} | {to_client} | {to_server} | {works} |")
}

macro_rules! groups {
    ($($test:ident: $name:literal,)*) => {
        $(#[test] fn $test() { check($name); })*
    };
}

groups! {
    ecdhe: "ECDHE",
    dhe: "DHE",
    rsa: "RSA",
    psk: "PSK",
    dhe_psk: "DHE_PSK",
    ecdhe_psk: "ECDHE_PSK",
    rsa_psk: "RSA_PSK",
    abbreviated_by_id: "abbreviated, by session ID",
    abbreviated_by_ticket: "abbreviated, by ticket",
    renegotiation: "renegotiation",
}
