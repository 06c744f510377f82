//! What the targets that play handshakes share: how a script changes a flight, and what holds of every victim.

use std::sync::Mutex;

use warifu::decision::Answer;
use warifu::parameters::{AlertDescription, ContentType};
use warifu::resumption::{ClientSessionStore, Session, SessionKey};
use warifu::{Connection, Direction, Error, LoggedMessage, MessageLog, UsageError};

use crate::bytes::{HANDSHAKE, KEY_UPDATE, message};
use crate::flows::message;
use crate::flows::script::{Edit, Op};
use crate::scene::{Flight, Item, Level, Outcome};
use crate::support::Side;

/// The bound of ARCHITECTURE.md on the heap of a connection, in bytes.
pub const HEAP_BOUND: i64 = 512 << 10;
/// Flights after the handshake have this number and those behind.
pub const AFTER: u8 = 8;
/// Numbers of flights.
pub const FLIGHTS: u8 = 12;
/// What all random numbers of a run are made of.
pub const SEED: u64 = 13;

pub fn index(side: Side) -> usize {
    usize::from(side == Side::Server)
}

/// Handshake messages as one side saw them, in their order.
#[derive(Debug, Default)]
pub struct Seen(pub Mutex<Vec<(Direction, Vec<u8>)>>);

impl Seen {
    pub fn messages(&self) -> Vec<(Direction, Vec<u8>)> {
        self.0.lock().unwrap().clone()
    }
}

impl MessageLog for Seen {
    fn message(&self, _: Direction, _: LoggedMessage) {}

    fn content(&self, direction: Direction, content_type: ContentType, content: &[u8]) {
        if content_type == ContentType::HANDSHAKE {
            self.0.lock().unwrap().push((direction, content.to_vec()));
        }
    }
}

/// A client's sessions; each run begins with the same.
#[derive(Debug, Default)]
pub struct Sessions(pub Mutex<Vec<(SessionKey, Session)>>);

impl ClientSessionStore for Sessions {
    fn put(&self, key: &SessionKey, session: Session) {
        self.0.lock().unwrap().push((key.clone(), session));
    }

    fn take<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Session>> {
        let mut all = self.0.lock().unwrap();
        let found = all.iter().rposition(|(of, _)| of == key);
        Answer::Ready(found.map(|index| all.remove(index).1))
    }
}

/// Changes the messages and records of a flight. `sent` are those that went before, `is_after` tells that the handshake was
/// complete.
pub fn edit_flight(
    edit: &Edit,
    flight: &mut Flight,
    sent: &[Item],
    is_after: bool,
    is_tls13: bool,
) {
    let (a, b) = (usize::from(edit.a), usize::from(edit.b));
    let level_of = |flight: &Flight, at: usize| match flight.get(at) {
        Some(item) if item.level != Level::Raw && item.level != Level::Rekey => item.level,
        _ if is_after => Level::Application,
        _ => Level::Plain,
    };
    let at = usize::from(edit.place) % flight.len().max(1);
    let level = level_of(flight, at);
    let insert = |flight: &mut Flight, item| flight.insert(at.min(flight.len()), item);
    match edit.op {
        Op::Message => {
            let message = message(edit.a as u8, &edit.payload);
            return insert(flight, Item::new(level, HANDSHAKE, &message));
        }
        Op::Replay => {
            if !sent.is_empty() {
                let mut again = sent[a % sent.len()].clone();
                again.level = level;
                insert(flight, again);
            }
            return;
        }
        Op::Record => {
            let level = LEVELS[b % LEVELS.len()].unwrap_or(level);
            return insert(flight, Item::new(level, edit.a as u8, &edit.payload));
        }
        Op::Raw => return insert(flight, Item::raw(&edit.payload)),
        Op::KeyUpdate => {
            let update = message(KEY_UPDATE, &[edit.a as u8 & 1]);
            if b & 1 == 0 {
                insert(flight, Item::rekey());
            }
            return insert(flight, Item::new(level, HANDSHAKE, &update));
        }
        _ if flight.is_empty() => return,
        _ => {}
    }
    let count = flight.len();
    match edit.op {
        Op::Drop => drop(flight.remove(at)),
        Op::Duplicate => {
            let again = flight[at].clone();
            flight.insert((a % count) + 1, again);
        }
        Op::Swap => flight.swap(at, a % count),
        Op::ContentType => flight[at].content_type = edit.a as u8,
        Op::Level => {
            if let Some(level) = LEVELS[a % LEVELS.len()] {
                flight[at].level = level;
            }
        }
        Op::Padding => flight[at].padding = a,
        Op::Fragment => {
            let item = &mut flight[at];
            let rest = item.bytes.split_off(a.min(item.bytes.len()));
            let rest = Item::new(item.level, item.content_type, &rest);
            flight.insert(at + 1, rest);
        }
        Op::Coalesce => {
            if at + 1 < count && flight[at].content_type == flight[at + 1].content_type {
                let next = flight.remove(at + 1);
                flight[at].bytes.extend(next.bytes);
            }
        }
        _ => {
            message::change(edit, &mut flight[at].bytes, is_tls13);
        }
    }
}

/// What holds of every victim that has come to its end, whatever was sent to it. `data` is all application data that was sent,
/// `unopened` the number of records of the victim that nobody could read.
pub fn check_end(victim: &mut Connection, outcome: &Outcome, data: &[u8], unopened: usize) {
    let peak = outcome.heap_peak;
    assert!(peak <= HEAP_BOUND, "{peak} bytes of heap");
    assert!(data.starts_with(&outcome.data), "data made up");
    let fatal: Vec<AlertDescription> = outcome
        .alerts
        .iter()
        .filter(|(_, description)| {
            ![
                AlertDescription::CLOSE_NOTIFY,
                AlertDescription::USER_CANCELED,
                AlertDescription::NO_RENEGOTIATION,
            ]
            .contains(description)
        })
        .inspect(|(level, _)| assert_eq!(*level, 2, "level of an alert"))
        .map(|(_, description)| *description)
        .collect();
    let Some(error) = outcome.error.clone() else {
        assert!(outcome.closed, "no end");
        assert_eq!(fatal, [], "an alert without an error");
        return;
    };
    let is_peers = !matches!(
        error,
        Error::Internal(_) | Error::Usage(_) | Error::Application(_)
    );
    // The script can make the victim's application end the handshake.
    let own = Error::Usage(UsageError::ClosedInHandshake);
    assert!(is_peers || error == own, "{error:?}");
    // After close_notify nothing more is sent, and what the peer does not understand cannot be seen here.
    if !victim.is_closed() && unopened == 0 {
        let expected: Vec<_> = error.alert().into_iter().collect();
        assert_eq!(fatal, expected, "alert of {error:?}");
    } else {
        assert!(fatal.len() <= 1, "{fatal:?}");
    }
    check_failed(victim, &error);
}

/// A connection that has failed stays so.
pub fn check_failed(victim: &mut Connection, error: &Error) {
    let output = victim.output().to_vec();
    let mut buffer = [0; 8];
    victim.receive(&[22, 3, 3, 0, 1, 0]);
    victim.received_eof();
    assert_eq!(victim.failure(), Some(error));
    let failed = Err(error.clone());
    assert_eq!(victim.process(), failed);
    assert_eq!(victim.read(&mut buffer).map(|_| ()), failed);
    assert_eq!(victim.peek().map(|_| ()), failed);
    assert_eq!(victim.write(b"x").map(|_| ()), failed);
    assert_eq!(victim.write_record(b"x").map(|_| ()), failed);
    assert_eq!(victim.update_keys(true), failed);
    assert_eq!(victim.export(b"x", None, &mut buffer), failed);
    victim.close();
    assert!(!victim.is_handshaking());
    assert_eq!(victim.output(), output, "output after the end");
}

/// What the application of one side does. Whether it may is for the connection to say.
pub fn act(connection: &mut Connection, edit: &Edit) {
    match edit.a % 9 {
        0 => drop(connection.write(&edit.payload)),
        1 => drop(connection.update_keys(edit.b & 1 != 0)),
        2 => drop(connection.request_client_certificate()),
        3 => drop(connection.require_client_certificate()),
        4 => drop(connection.send_tickets(edit.b as u8 % 4)),
        5 => drop(connection.write_half_rtt_data(&edit.payload)),
        6 => drop(connection.set_record_size(usize::from(edit.b))),
        7 => connection.release_buffers(),
        _ => connection.close(),
    }
}

/// Levels that an edit chooses; `None` is that of the neighbour.
const LEVELS: [Option<Level>; 5] = [
    None,
    Some(Level::Plain),
    Some(Level::Early),
    Some(Level::Handshake),
    Some(Level::Application),
];
