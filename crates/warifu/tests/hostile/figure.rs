//! A flow's figure as data, and everything that can be changed in it.
//!
//! A figure is written down as the RFCs draw theirs, and [`read`] makes steps of it. Of the steps that one side receives,
//! [`changes`] are all that a peer can do otherwise: each left out, sent again at each later place, swapped with each other of
//! its flight, the transport ended before it, and before it everything that there is.

use std::ops::Range;

use crate::support::Side;

/// What is sent in one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A handshake message of this type.
    Message(u8),
    /// The header of one, which announces 2^24 - 1 bytes.
    Giant(u8),
    ChangeCipherSpec,
    Data,
    /// An alert of this level and description.
    Alert(u8, u8),
    /// A record of a type that TLS does not have.
    Unknown(u8),
}

/// Under which keys something is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Keys {
    None,
    Early,
    Handshake,
    Application,
}

/// Whether a step is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Always,
    /// It is, and its sender might have left it out: `*`.
    MayBeAbsent,
    /// It is not, and its sender might have sent it: `?`.
    MayBePresent,
}

/// One step of a figure.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub from: Side,
    pub name: &'static str,
    pub kind: Kind,
    pub keys: Keys,
    pub presence: Presence,
}

/// Handshake messages by name: IANA's registry of handshake types, with those that are reserved.
const MESSAGES: [(&str, u8); 25] = [
    ("HelloRequest", 0),
    ("ClientHello", 1),
    ("ServerHello", 2),
    ("HelloVerifyRequest", 3),
    ("NewSessionTicket", 4),
    ("EndOfEarlyData", 5),
    ("hello_retry_request of drafts", 6),
    ("EncryptedExtensions", 8),
    ("RequestConnectionId", 9),
    ("NewConnectionId", 10),
    ("Certificate", 11),
    ("ServerKeyExchange", 12),
    ("CertificateRequest", 13),
    ("ServerHelloDone", 14),
    ("CertificateVerify", 15),
    ("ClientKeyExchange", 16),
    ("ClientCertificateRequest", 17),
    ("Finished", 20),
    ("CertificateUrl", 21),
    ("CertificateStatus", 22),
    ("SupplementalData", 23),
    ("KeyUpdate", 24),
    ("CompressedCertificate", 25),
    ("EktKey", 26),
    ("message_hash", 254),
];

/// The longest body that a message of a type may have here (ARCHITECTURE.md).
pub fn max_body_len(message_type: u8) -> usize {
    match message_type {
        // ClientHello, NewSessionTicket, Certificate, CertificateRequest, CertificateStatus.
        1 | 4 | 11 | 13 | 22 => 1 << 17,
        _ => 1 << 14,
    }
}

/// Types of all messages that there are, and one that nobody knows.
pub fn message_types() -> impl Iterator<Item = u8> {
    MESSAGES.iter().map(|(_, number)| *number).chain([99])
}

/// Everything that can be put in: each known handshake message and one that nobody knows, and each other kind of record. The
/// first of the unknown record types is heartbeat, which may begin a TLS stream, the other may not.
pub fn intruders() -> Vec<Kind> {
    let mut all: Vec<Kind> = message_types().map(Kind::Message).collect();
    all.extend([
        Kind::ChangeCipherSpec,
        Kind::Data,
        // close_notify, user_canceled and no_renegotiation as warnings, handshake_failure, and one that nobody knows.
        Kind::Alert(1, 0),
        Kind::Alert(1, 90),
        Kind::Alert(1, 100),
        Kind::Alert(2, 40),
        Kind::Alert(2, 200),
        Kind::Unknown(24),
        Kind::Unknown(99),
    ]);
    all
}

/// Reads a figure. What stands left is sent by the client, what stands right by the server. `()` stands for early keys, `{}` for
/// handshake keys (before TLS 1.3: those of the connection), `[]` for application keys.
pub fn read(figure: &'static str) -> Vec<Step> {
    let mut steps = Vec::new();
    for line in figure.lines().filter(|line| !line.contains("<------->")) {
        let mut column = 0;
        for part in line.split("  ") {
            let at = column + (part.len() - part.trim_start().len());
            column += part.len() + 2;
            let part = part.trim();
            if part.is_empty() || part.contains("---") {
                continue;
            }
            let from = match at {
                0..=30 => Side::Client,
                _ => Side::Server,
            };
            steps.push(read_step(from, part));
        }
    }
    steps
}

fn read_step(from: Side, text: &'static str) -> Step {
    let (keys, inner) = match text.as_bytes()[0] {
        b'(' => (Keys::Early, &text[1..text.len() - 1]),
        b'{' => (Keys::Handshake, &text[1..text.len() - 1]),
        b'[' => (Keys::Application, &text[1..text.len() - 1]),
        _ => (Keys::None, text),
    };
    let (presence, name) = match inner.as_bytes().last() {
        Some(b'*') => (Presence::MayBeAbsent, &inner[..inner.len() - 1]),
        Some(b'?') => (Presence::MayBePresent, &inner[..inner.len() - 1]),
        _ => (Presence::Always, inner),
    };
    let kind = match name {
        "ChangeCipherSpec" => Kind::ChangeCipherSpec,
        "Application Data" => Kind::Data,
        // By its bytes a ServerHello.
        "HelloRetryRequest" => Kind::Message(2),
        name => {
            let found = MESSAGES.iter().find(|(known, _)| *known == name);
            Kind::Message(found.unwrap_or_else(|| panic!("no message {name}")).1)
        }
    };
    Step {
        from,
        name,
        kind,
        keys,
        presence,
    }
}

/// What `victim` receives in a handshake of this figure, and where its flights are.
pub fn received(steps: &[Step], victim: Side) -> (Vec<Step>, Vec<Range<usize>>) {
    let is_sent = |step: &&Step| step.presence != Presence::MayBePresent;
    let mut sent = Vec::new();
    let mut flights: Vec<Range<usize>> = Vec::new();
    let mut from = victim;
    for step in steps.iter().filter(is_sent) {
        if step.from != victim {
            if from == victim {
                flights.push(sent.len()..sent.len());
            }
            sent.push(*step);
            flights.last_mut().unwrap().end = sent.len();
        }
        from = step.from;
    }
    (sent, flights)
}

/// How what is sent is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Seal {
    /// By the keys that the receiver has in force.
    InForce,
    /// By these.
    By(Keys),
}

/// One thing that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sent {
    pub kind: Kind,
    /// Which step of the figure it is a copy of; `None` if it was made up.
    pub source: Option<usize>,
    pub seal: Seal,
}

/// What the peer does otherwise than the figure says; places are numbers of the steps that the victim receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Nothing,
    /// The transport ends before this step.
    Cut(usize),
    Drop(usize),
    Repeat {
        step: usize,
        before: usize,
    },
    Swap(usize, usize),
    Insert {
        kind: Kind,
        before: usize,
        seal: Seal,
    },
}

/// All changes of a figure of which the victim receives `len` steps in these flights. `under` are the keys by which things are
/// also put in that are not in force.
pub fn changes(len: usize, flights: &[Range<usize>], under: &[Keys]) -> Vec<Change> {
    let mut all = vec![Change::Nothing];
    all.extend((0..len).map(Change::Cut));
    all.extend((0..len).map(Change::Drop));
    for step in 0..len {
        all.extend((step + 1..=len).map(|before| Change::Repeat { step, before }));
    }
    for flight in flights {
        for first in flight.clone() {
            all.extend((first + 1..flight.end).map(|second| Change::Swap(first, second)));
        }
    }
    let elsewhere = [
        Kind::Message(20),
        Kind::Message(24),
        Kind::ChangeCipherSpec,
        Kind::Data,
        Kind::Alert(1, 0),
        Kind::Alert(2, 40),
        Kind::Unknown(24),
    ];
    for before in 0..=len {
        let insert = |kind, seal| Change::Insert { kind, before, seal };
        all.extend(
            intruders()
                .into_iter()
                .map(|kind| insert(kind, Seal::InForce)),
        );
        for keys in under {
            all.extend(elsewhere.map(|kind| insert(kind, Seal::By(*keys))));
        }
    }
    all
}

/// The flights with a change. Steps of the figure keep the keys that it says (`as_drawn`), or go under those in force where they
/// have come to stand.
pub fn apply(
    change: Change,
    sent: &[Step],
    flights: &[Range<usize>],
    as_drawn: bool,
) -> Vec<Vec<Sent>> {
    let copy = |source: usize| Sent {
        kind: sent[source].kind,
        source: Some(source),
        seal: match as_drawn {
            true => Seal::By(sent[source].keys),
            false => Seal::InForce,
        },
    };
    let mut changed: Vec<Vec<Sent>> = flights
        .iter()
        .map(|flight| flight.clone().map(copy).collect())
        .collect();
    // A place between two flights is before the second: the victim has answered then.
    let find = |place: usize| {
        let found = flights.iter().rposition(|flight| flight.start <= place);
        let flight = found.unwrap_or(0);
        (flight, place - flights[flight].start)
    };
    match change {
        Change::Nothing => {}
        Change::Cut(place) => {
            let (flight, index) = find(place);
            changed[flight].truncate(index);
            changed.truncate(flight + 1);
        }
        Change::Drop(place) => {
            let (flight, index) = find(place);
            changed[flight].remove(index);
        }
        Change::Repeat { step, before } => {
            let (flight, index) = find(before);
            changed[flight].insert(index, copy(step));
        }
        Change::Swap(first, second) => {
            let (flight, index) = find(first);
            let (_, other) = find(second);
            changed[flight].swap(index, other);
        }
        Change::Insert { kind, before, seal } => {
            let (flight, index) = find(before);
            let there = &sent[..flights[flight].end];
            let source = there.iter().position(|step| step.kind == kind);
            changed[flight].insert(index, Sent { kind, source, seal });
        }
    }
    changed
}
