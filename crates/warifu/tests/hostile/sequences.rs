//! Every sequence that differs from a figure by one thing that is dropped, repeated, swapped, put in or cut off, for both sides of
//! each figure, with what must become of it.
//!
//! What that is [`Model`] says, from the figure and the rules of RFC 8446 that it cites. Where two of these are broken at once, and no
//! RFC says which comes first, it follows the order of our checks: [`Model::accept_giant`], [`Model::unchanged_second_hello`].
//! [`play`] sends the sequence and compares: error, alert on the wire, and that nothing else was sent in its stead.

use std::collections::{BTreeMap, HashSet};

use warifu::parameters::{AlertDescription, ContentType, HandshakeType};
use warifu::{Error, PeerMisbehaved};

use crate::bytes::*;
use crate::document;
use crate::extensions::ticket;
use crate::figure::{
    self, Change, Keys, Kind, Presence, Seal, Sent, Step, max_body_len, message_types,
};
use crate::figures::{CASES, Case};
use crate::meter::{Meter, report};
use crate::scene::{Flight, Item, Level, Scene};
use crate::support::Side;

const UNEXPECTED_MESSAGE: AlertDescription = AlertDescription::UNEXPECTED_MESSAGE;
const DECRYPT_ERROR: AlertDescription = AlertDescription::DECRYPT_ERROR;
const BAD_RECORD_MAC: AlertDescription = AlertDescription::BAD_RECORD_MAC;
const ILLEGAL_PARAMETER: AlertDescription = AlertDescription::ILLEGAL_PARAMETER;

/// How a sequence ends for the victim, and what it tells its peer of it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    /// It goes on, and hears of the end of the transport next.
    Goes,
    Ends(Error, Option<AlertDescription>),
    /// The peer has closed its direction, after the handshake.
    Closed,
}

fn refused(error: PeerMisbehaved, alert: AlertDescription) -> Fate {
    Fate::Ends(error.into(), Some(alert))
}

/// A handshake message that the victim awaits.
#[derive(Clone)]
struct Place {
    /// The number of its step among those that the victim receives; `None` if it is not sent.
    step: Option<usize>,
    name: &'static str,
    message_type: u8,
    keys: Keys,
    may_be_absent: bool,
}

/// The victim, as RFC 8446 has it.
struct Model<'c> {
    case: &'c Case,
    victim: Side,
    places: Vec<Place>,
    /// Which place is next.
    place: usize,
    /// Places up to the end of the handshake; those behind it are of post-handshake authentication.
    handshake_len: usize,
    /// Something has come.
    begun: bool,
    /// What came is not what the peer signed, or keyed its Finished by.
    spoiled: bool,
    /// A KeyUpdate came that the peer's last Finished knows nothing of.
    rekeyed: bool,
    /// It has asked for a certificate after the handshake.
    has_asked: bool,
    /// A record has opened under handshake keys: early data is over.
    early_data_is_over: bool,
    /// Records under these keys were skipped, so that later ones have wrong numbers.
    out_of_step: Vec<Keys>,
}

impl<'c> Model<'c> {
    fn new(case: &'c Case, victim: Side) -> Self {
        let steps = figure::read(case.figure);
        let (mut places, mut handshake_len) = (Vec::new(), 0);
        let mut sent = 0;
        for step in steps.iter().filter(|step| step.from != victim) {
            let is_sent = step.presence != Presence::MayBePresent;
            if let Kind::Message(message_type) = step.kind
                // Tickets and requests for certificates come at any time after the handshake.
                && (step.keys != Keys::Application || victim == Side::Server)
            {
                places.push(Place {
                    step: is_sent.then_some(sent),
                    name: match step.name {
                        "HelloRetryRequest" => "ServerHello",
                        name => name,
                    },
                    message_type,
                    keys: step.keys,
                    may_be_absent: step.presence != Presence::Always,
                });
                if step.keys != Keys::Application {
                    handshake_len = places.len();
                }
            }
            sent += usize::from(is_sent);
        }
        Self {
            case,
            victim,
            places,
            place: 0,
            handshake_len,
            begun: false,
            spoiled: false,
            rekeyed: false,
            has_asked: false,
            early_data_is_over: false,
            out_of_step: Vec::new(),
        }
    }

    /// The keys under which the victim reads.
    fn in_force(&self) -> Keys {
        let next = self.places.get(self.place);
        next.map_or(Keys::Application, |place| place.keys)
    }

    fn next_place(&self) -> Option<&Place> {
        let next = self.places.get(self.place);
        next.filter(|_| self.is_handshaking() || self.has_asked)
    }

    fn is_handshaking(&self) -> bool {
        self.place < self.handshake_len
    }

    /// What the victim awaits, in the words of its errors.
    fn awaits(&self) -> &'static str {
        let Some(place) = self.next_place() else {
            return "application data";
        };
        match (place.may_be_absent, place.name) {
            (false, name) => name,
            (true, "CertificateRequest") => "CertificateRequest or Certificate",
            (true, name) => panic!("{name} is never optional"),
        }
    }

    fn unexpected_record(&self, content_type: u8) -> Fate {
        // In post-handshake authentication data may come as well.
        let expected = match self.is_handshaking() {
            true => self.awaits(),
            false => "application data",
        };
        let error = PeerMisbehaved::UnexpectedRecord {
            content_type: ContentType(content_type),
            expected,
        };
        refused(error, UNEXPECTED_MESSAGE)
    }

    /// RFC 8446 Section 4.2.10: a server that does not take early data skips what it cannot open, until something opens; after a
    /// HelloRetryRequest it skips whatever is protected, until the second ClientHello.
    fn skips(&self) -> bool {
        let after_first_hello = self.place > 0 && self.is_handshaking();
        let had_retry = |place: &Place| place.message_type == CLIENT_HELLO;
        let retry = self.places.iter().filter(|place| had_retry(place)).count() > 1;
        self.case.more.declines_early_data
            && self.victim == Side::Server
            && after_first_hello
            && match retry {
                true => self.place == 1,
                false => !self.early_data_is_over,
            }
    }

    /// What becomes of one thing that is sent under these keys.
    fn accept(&mut self, kind: Kind, source: Option<usize>, keys: Keys) -> Fate {
        let in_force = self.in_force();
        let is_first = !std::mem::replace(&mut self.begun, true);
        match (keys, in_force) {
            (Keys::None, _) => {}
            // A record of application data to whoever has no keys; what is inside nobody knows.
            (_, Keys::None) if self.skips() => return Fate::Goes,
            (_, Keys::None) => return self.unexpected_record(APPLICATION_DATA),
            _ if keys == in_force && !self.out_of_step.contains(&keys) => {
                self.early_data_is_over |= keys == Keys::Handshake;
            }
            _ if self.skips() => {
                self.out_of_step.push(keys);
                return Fate::Goes;
            }
            _ => return refused(PeerMisbehaved::BadRecordMac, BAD_RECORD_MAC),
        }
        let is_plain = keys == Keys::None;
        let lacks_protection = is_plain && in_force != Keys::None;
        let unprotected = |content_type| {
            let content_type = ContentType(content_type);
            let error = PeerMisbehaved::UnprotectedRecord { content_type };
            refused(error, UNEXPECTED_MESSAGE)
        };
        match kind {
            Kind::ChangeCipherSpec => self.accept_change_cipher_spec(is_plain),
            Kind::Message(_) if lacks_protection => unprotected(HANDSHAKE),
            Kind::Message(message_type) => self.accept_message(message_type, source),
            Kind::Giant(message_type) => self.accept_giant(message_type),
            // By its type it is protected, and does not open.
            Kind::Data if lacks_protection && !self.skips() => {
                refused(PeerMisbehaved::BadRecordMac, BAD_RECORD_MAC)
            }
            Kind::Data if is_plain && self.skips() => Fate::Goes,
            Kind::Data if is_plain || in_force == Keys::Handshake => {
                self.unexpected_record(APPLICATION_DATA)
            }
            Kind::Data => Fate::Goes,
            // RFC 8446 Section 6: "alert messages are encrypted as specified by the current connection state", and that of a client
            // that refuses a server's flight may have no keys yet (docs/conformance/rfc8446.md, 5.2).
            Kind::Alert(..)
                if lacks_protection && !(self.victim == Side::Server && self.is_handshaking()) =>
            {
                unprotected(ALERT)
            }
            Kind::Alert(level, description) => self.accept_alert(level, description),
            Kind::Unknown(content_type) if lacks_protection => unprotected(content_type),
            // Nothing that TLS begins with.
            Kind::Unknown(content_type) if is_first && content_type > 24 => {
                let start = format!("{content_type:02x} 03 03 00 01 01");
                refused(PeerMisbehaved::NotTls { start }, UNEXPECTED_MESSAGE)
            }
            Kind::Unknown(content_type) => self.unexpected_record(content_type),
        }
    }

    /// RFC 8446 Section 5: dropped "at any time after the first ClientHello message has been sent or received and before the
    /// peer's Finished message has been received"; not if it is protected.
    fn accept_change_cipher_spec(&self, is_plain: bool) -> Fate {
        let after_hello = self.victim == Side::Client || self.place > 0;
        match is_plain && after_hello && self.is_handshaking() {
            true => Fate::Goes,
            false => refused(PeerMisbehaved::IllegalChangeCipherSpec, UNEXPECTED_MESSAGE),
        }
    }

    /// RFC 8446 Section 6: all alerts but close_notify and user_canceled are fatal, whatever their level says. Before TLS 1.3 it
    /// is the level that tells, and a client may not know yet which it is.
    fn accept_alert(&self, level: u8, description: u8) -> Fate {
        let may_be_older = self.case.more.offers_older
            && self.victim == Side::Client
            && self.in_force() == Keys::None;
        match (level, description) {
            (_, 0) if self.is_handshaking() => {
                let expected = self.awaits();
                Fate::Ends(Error::ClosedDuringHandshake { expected }, None)
            }
            (_, 0) => Fate::Closed,
            (_, 90) => Fate::Goes,
            (1, _) if may_be_older => Fate::Goes,
            (_, fatal) => Fate::Ends(Error::AlertReceived(AlertDescription(fatal)), None),
        }
    }

    fn accept_message(&mut self, message_type: u8, source: Option<usize>) -> Fate {
        if self.place >= self.handshake_len
            && let Some(fate) = self.accept_later_message(message_type)
        {
            return fate;
        }
        let unexpected = |expected| {
            let got = HandshakeType(message_type);
            refused(
                PeerMisbehaved::UnexpectedMessage { got, expected },
                UNEXPECTED_MESSAGE,
            )
        };
        let awaits = self.awaits();
        let is_awaited = |place: usize| {
            let next = self.places.get(place);
            next.is_some_and(|next| next.message_type == message_type)
        };
        let place = match self.places.get(self.place) {
            None => return unexpected(awaits),
            _ if is_awaited(self.place) => self.place,
            Some(next) if next.may_be_absent && is_awaited(self.place + 1) => {
                // Left out, though it was sent.
                self.spoiled |= next.step.is_some();
                self.place + 1
            }
            _ => return unexpected(awaits),
        };
        let found = &self.places[place];
        // Put in, though it was not sent.
        self.spoiled |= found.step.is_none();
        let is_another = source.is_some() && source != found.step;
        match message_type {
            // Section 4.1.4: "If a client receives a second HelloRetryRequest in the same connection ..., it MUST abort the
            // handshake with an "unexpected_message" alert."
            SERVER_HELLO if is_another => {
                let error = PeerMisbehaved::SecondHelloRetryRequest;
                return refused(error, UNEXPECTED_MESSAGE);
            }
            // Section 4.1.4: the server asks for a share of another group, and for its cookie.
            CLIENT_HELLO if is_another => return self.unchanged_second_hello(),
            CERTIFICATE_VERIFY if self.spoiled => {
                return refused(PeerMisbehaved::BadSignature, DECRYPT_ERROR);
            }
            FINISHED if self.spoiled || self.rekeyed || source != found.step => {
                return refused(PeerMisbehaved::BadFinished, DECRYPT_ERROR);
            }
            _ => {}
        }
        self.place = place + 1;
        Fate::Goes
    }

    /// A message of the right type is refused for the length that its header has, one of another type at its first byte. After
    /// the handshake lengths are judged first. The RFC has neither order: these are ours.
    fn accept_giant(&mut self, message_type: u8) -> Fate {
        let limit = max_body_len(message_type);
        let too_long = PeerMisbehaved::MessageTooLong {
            message: HandshakeType(message_type),
            len: 0xff_ffff,
            limit,
        };
        if !self.is_handshaking() {
            return refused(too_long, ILLEGAL_PARAMETER);
        }
        let awaited = self.place;
        match self.accept_message(message_type, None) {
            _ if self.place > awaited => refused(too_long, ILLEGAL_PARAMETER),
            // What is wrong inside of it nobody has seen.
            Fate::Ends(error, _) if is_of_content(&error) => refused(too_long, ILLEGAL_PARAMETER),
            fate => fate,
        }
    }

    /// Section 4.1.2: the second ClientHello is the first with what was asked for, and without early data. Which of several
    /// faults the error names is our choice.
    fn unchanged_second_hello(&self) -> Fate {
        let more = &self.case.more;
        let what = match (more.declines_early_data, more.has_cookie) {
            (true, _) => "early_data (it must go)",
            (false, true) => "cookie",
            (false, false) => "key_share to other than the one group that was asked for",
        };
        refused(
            PeerMisbehaved::SecondHelloChanged { what },
            ILLEGAL_PARAMETER,
        )
    }

    /// Section 4.6. `None`: post-handshake authentication awaits it.
    fn accept_later_message(&mut self, message_type: u8) -> Option<Fate> {
        // Section 4.6.2: no messages of other types in the middle of the answer to a request.
        let is_inside = self.place > self.handshake_len && self.place < self.places.len();
        match (self.victim, message_type) {
            (_, CERTIFICATE | CERTIFICATE_VERIFY | FINISHED) if is_inside => None,
            (_, got) if is_inside => Some(refused(
                PeerMisbehaved::UnexpectedMessage {
                    got: HandshakeType(got),
                    expected: self.awaits(),
                },
                UNEXPECTED_MESSAGE,
            )),
            (_, KEY_UPDATE) => {
                self.rekeyed = true;
                Some(Fate::Goes)
            }
            (Side::Client, NEW_SESSION_TICKET) => Some(Fate::Goes),
            (Side::Client, CERTIFICATE_REQUEST) if self.case.more.asks_later => Some(Fate::Goes),
            (Side::Server, CERTIFICATE | CERTIFICATE_VERIFY | FINISHED)
                if self.next_place().is_some() =>
            {
                None
            }
            (_, got) => {
                let error = PeerMisbehaved::UnexpectedMessage {
                    got: HandshakeType(got),
                    expected: "application data",
                };
                Some(refused(error, UNEXPECTED_MESSAGE))
            }
        }
    }

    /// The transport ends.
    fn end(&self) -> Fate {
        let expected = self.awaits();
        match self.is_handshaking() {
            true => Fate::Ends(Error::ClosedDuringHandshake { expected }, None),
            false => Fate::Ends(Error::Truncated, None),
        }
    }
}

/// A message that was awaited, and is wrong inside.
fn is_of_content(error: &Error) -> bool {
    let wrong = [PeerMisbehaved::BadSignature, PeerMisbehaved::BadFinished];
    wrong.map(Error::from).contains(error)
}

/// What is sent, and what must become of it.
#[derive(Debug)]
struct Plan {
    /// Flight by flight; what comes after the end is not sent.
    flights: Vec<Vec<(Kind, Option<usize>, Keys)>>,
    fate: Fate,
    /// The connection is as good as any, and data goes through.
    works: bool,
}

/// The steps that a victim receives in a case, and their flights.
struct Line<'c> {
    case: &'c Case,
    victim: Side,
    steps: Vec<Step>,
    flights: Vec<std::ops::Range<usize>>,
}

impl<'c> Line<'c> {
    fn new(case: &'c Case, victim: Side) -> Self {
        let (steps, mut flights) = figure::received(&figure::read(case.figure), victim);
        // A place behind the last step of the peer's, where the victim speaks last.
        if let Some(last) = flights.last().map(|flight| flight.end) {
            flights.push(last..last);
        }
        Self {
            case,
            victim,
            steps,
            flights,
        }
    }

    fn plan(&self, flights: &[Vec<Sent>]) -> Plan {
        let mut model = Model::new(self.case, self.victim);
        let mut plan = Plan {
            flights: Vec::new(),
            fate: Fate::Goes,
            works: false,
        };
        for (number, flight) in flights.iter().enumerate() {
            plan.flights.push(Vec::new());
            let has_step = |step| self.flights[number].contains(&step);
            let next = model.places.get(model.place).and_then(|next| next.step);
            model.has_asked |= !model.is_handshaking() && next.is_some_and(has_step);
            for sent in flight {
                let keys = match sent.seal {
                    // It has no other form.
                    Seal::InForce if sent.kind == Kind::ChangeCipherSpec => Keys::None,
                    Seal::InForce => model.in_force(),
                    Seal::By(keys) => keys,
                };
                plan.flights[number].push((sent.kind, sent.source, keys));
                plan.fate = model.accept(sent.kind, sent.source, keys);
                if plan.fate != Fate::Goes {
                    return plan;
                }
            }
            // The peer goes on when it has its answer.
            let end = self.flights[number].end;
            let is_missing = |place: &Place| place.step.is_some_and(|step| step < end);
            let missing = model.places.iter().skip(model.place).any(is_missing);
            if missing {
                break;
            }
        }
        plan.fate = model.end();
        plan.works = !model.is_handshaking() && !model.out_of_step.contains(&Keys::Application);
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
        let mut under = vec![Keys::None, Keys::Handshake, Keys::Application];
        // A server has no early keys, a client only those that its figure draws.
        if self.steps.iter().any(|step| step.keys == Keys::Early) {
            under.push(Keys::Early);
        }
        let mut seen = HashSet::new();
        let mut plans = Vec::new();
        for change in figure::changes(self.steps.len(), &self.flights, &under) {
            for as_drawn in [false, true] {
                let flights = figure::apply(change, &self.steps, &self.flights, as_drawn);
                let plan = self.plan(&flights);
                if seen.insert(plan.flights.clone()) {
                    plans.push((format!("{change:?}, as drawn: {as_drawn}"), plan));
                }
            }
        }
        plans
    }
}

/// A message that the honest side does not send: as it should be where it may be taken, else as short as can be.
fn made_up(message_type: u8) -> Vec<u8> {
    match message_type {
        NEW_SESSION_TICKET => ticket(),
        END_OF_EARLY_DATA => message(END_OF_EARLY_DATA, &[]),
        FINISHED => message(FINISHED, &[0; 32]),
        CERTIFICATE_REQUEST => {
            let schemes = [u16_bytes(13), vector(2, &vector(2, &[4, 3]))].concat();
            message(
                CERTIFICATE_REQUEST,
                &[vector(1, b""), vector(2, &schemes)].concat(),
            )
        }
        other => message(other, &[0]),
    }
}

fn level(keys: Keys) -> Level {
    match keys {
        Keys::None => Level::Plain,
        Keys::Early => Level::Early,
        Keys::Handshake => Level::Handshake,
        Keys::Application => Level::Application,
    }
}

/// What the honest side sends is what the figure says.
fn check_flight(line: &Line<'_>, number: usize, flight: &Flight) {
    let steps = &line.steps[line.flights[number].clone()];
    let found: Vec<(u8, Level)> = flight
        .iter()
        .map(|item| match item.content_type {
            HANDSHAKE => (item.bytes[0], item.level),
            other => (other + 100, item.level),
        })
        .collect();
    let drawn: Vec<(u8, Level)> = steps
        .iter()
        .map(|step| match step.kind {
            Kind::Message(message_type) => (message_type, level(step.keys)),
            Kind::ChangeCipherSpec => (CHANGE_CIPHER_SPEC + 100, Level::Plain),
            _ => (APPLICATION_DATA + 100, level(step.keys)),
        })
        .collect();
    assert_eq!(found, drawn, "flight {number} to the {:?}", line.victim);
}

/// Sends what is planned, and returns the victim's end and its heap at its highest.
fn play(line: &Line<'_>, plan: &Plan) -> (Fate, i64) {
    let mut scene = (line.case.scene)(line.victim);
    scene.begin();
    let mut seen: BTreeMap<usize, Item> = BTreeMap::new();
    for (number, flight) in plan.flights.iter().enumerate() {
        if !line.flights[number].is_empty() {
            let honest = next_flight(line, &mut scene);
            check_flight(line, number, &honest);
            seen.extend(line.flights[number].clone().zip(honest));
        }
        for &(kind, source, keys) in flight {
            let (content_type, bytes) = match (source, kind) {
                (Some(source), _) => (seen[&source].content_type, seen[&source].bytes.clone()),
                (None, Kind::Message(message_type)) => (HANDSHAKE, made_up(message_type)),
                (None, Kind::Giant(message_type)) => {
                    (HANDSHAKE, vec![message_type, 0xff, 0xff, 0xff])
                }
                (None, Kind::ChangeCipherSpec) => (CHANGE_CIPHER_SPEC, vec![1]),
                (None, Kind::Data) => (APPLICATION_DATA, b"data that nobody awaits".to_vec()),
                (None, Kind::Alert(level, description)) => (ALERT, vec![level, description]),
                (None, Kind::Unknown(content_type)) => (content_type, vec![1]),
            };
            assert!(!scene.is_over(), "over before {kind:?}");
            scene.send_item(&Item::new(level(keys), content_type, &bytes));
            // What follows a KeyUpdate that was taken is under the next keys.
            if kind == Kind::Message(KEY_UPDATE)
                && keys == Keys::Application
                && !scene.victim.is_handshaking()
            {
                scene.send_item(&Item::rekey());
            }
        }
    }
    if plan.works {
        scene.send_item(&Item::data(b"goes through"));
    }
    let outcome = scene.end();
    assert_eq!(outcome.data.ends_with(b"goes through"), plan.works);
    let alert = match &*outcome.alerts {
        [] => None,
        [(2, alert)] => Some(*alert),
        other => panic!("{other:?}"),
    };
    let fate = match outcome.error {
        None if outcome.closed => {
            assert_eq!(alert, None);
            Fate::Closed
        }
        None => panic!("no end"),
        Some(error) => Fate::Ends(error, alert),
    };
    (fate, outcome.heap_peak)
}

/// What the honest side says next; after the handshake a server asks, where it does.
fn next_flight(line: &Line<'_>, scene: &mut Scene) -> Flight {
    let flight = scene.take_honest_flight();
    if !flight.is_empty() || !line.case.more.asks_later || scene.honest.is_handshaking() {
        return flight;
    }
    scene.ask_for_certificate();
    scene.take_honest_flight()
}

/// All sequences of a figure, to both sides.
fn check(name: &str) {
    let case = CASES.iter().find(|case| case.name == name).unwrap();
    for victim in [Side::Client, Side::Server] {
        let line = Line::new(case, victim);
        for (what, plan) in line.plans() {
            let (found, _) = play(&line, &plan);
            assert_eq!(found, plan.fate, "{victim:?}: {what}\n{:?}", plan.flights);
        }
    }
}

/// Nothing is held for what only a header promises.
#[test]
fn messages_of_2_to_the_24_bytes_are_refused_by_their_header() {
    /// The most that a handshake up to any place takes, honest chains and key shares included.
    const BOUND: i64 = 64 << 10;
    let mut heap = Meter::default();
    let mut count = 0;
    for case in CASES {
        for victim in [Side::Client, Side::Server] {
            let line = Line::new(case, victim);
            for plan in line.giants() {
                let (found, peak) = play(&line, &plan);
                assert_eq!(
                    found, plan.fate,
                    "{} {victim:?}: {:?}",
                    case.name, plan.flights
                );
                assert!(peak <= BOUND, "{peak} bytes: {:?}", plan.flights);
                heap.peak = heap.peak.max(peak);
                count += 1;
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
    // Without older versions there is a figure less.
    if cfg!(feature = "legacy") {
        document::has(&format!("({} in TLS 1.3 and ", document::number(count)));
    }
}

/// The numbers in the document are those of the generator.
#[test]
fn the_document_has_the_counts() {
    let mut rows = Vec::new();
    let mut total = [0; 3];
    for case in CASES {
        let plans = [Side::Client, Side::Server].map(|victim| Line::new(case, victim).plans());
        let works = plans
            .iter()
            .flatten()
            .filter(|(_, plan)| plan.works)
            .count();
        let counts = [plans[0].len(), plans[1].len(), works];
        for (sum, count) in total.iter_mut().zip(counts) {
            *sum += count;
        }
        rows.push(row(case.name, counts));
    }
    // Without older versions there is a figure less.
    if cfg!(feature = "legacy") {
        let [to_client, to_server, works] = total;
        let (all, works) = (
            document::number(to_client + to_server),
            document::number(works),
        );
        rows.push(row("**all of TLS 1.3**", total));
        rows.push(format!("| TLS 1.3 | {all} | {works} |"));
    }
    println!("{}", rows.join("\n"));
    for row in rows {
        document::has(&row);
    }
}

/// Sequences to the client, to the server, and how many of both are legal to their end.
fn row(name: &str, [to_client, to_server, works]: [usize; 3]) -> String {
    format!("| {name} | {to_client} | {to_server} | {works} |")
}

macro_rules! cases {
    ($($test:ident: $name:literal,)*) => {
        $(#[test] fn $test() { check($name); })*
    };
}

cases! {
    full: "full",
    client_auth: "client authentication",
    no_certificate: "client authentication, no certificate",
    hello_retry: "HelloRetryRequest",
    hello_retry_client_auth: "HelloRetryRequest, client authentication",
    psk_dhe_ke: "psk_dhe_ke",
    psk_hello_retry: "psk_dhe_ke, HelloRetryRequest",
    psk_ke: "psk_ke",
    psk_and_certificate: "PSK and certificate",
    psk_and_certificates: "PSK and certificates of both",
    resumption: "resumption",
    resumption_retry: "resumption, HelloRetryRequest",
    imported_psk: "imported PSK",
    psk_early_data: "early data under a PSK",
    early_data: "early data",
    early_data_declined: "early data, declined",
    early_data_retry: "early data, HelloRetryRequest",
    post_handshake: "post-handshake authentication",
}

#[cfg(feature = "legacy")]
#[test]
fn full_older() {
    check("full, older versions offered");
}
