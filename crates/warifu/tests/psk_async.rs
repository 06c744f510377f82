//! Pre-shared keys that a store finds later: many handshakes in flight on one thread, and stores that fail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use support::psk::{client_of, exchange, psk, psk_of, server_of};
use support::{Pair, Side, move_bytes, server_name};
use warifu::decision::Answer;
use warifu::parameters::AlertDescription;
use warifu::pki_types::ServerName;
use warifu::psk::{ChoosePsks, PskRequest, PskTable};
use warifu::{
    ClientConfig, Connection, Error, NothingInCommon, Psk, PskFailure, PskStore, ServerConfig,
    Waiting,
};

/// How long each look-up takes.
const DELAY: Duration = Duration::from_millis(50);

/// Wakes each waker [`DELAY`] after it was given, from a thread of its own.
#[derive(Debug)]
struct Timer(mpsc::Sender<(Instant, Waker)>);

impl Timer {
    fn new() -> Self {
        let (sender, receiver) = mpsc::channel::<(Instant, Waker)>();
        thread::spawn(move || {
            // All wait equally long, so that the first to come is the first to go.
            for (due, waker) in receiver {
                thread::sleep(due.saturating_duration_since(Instant::now()));
                waker.wake();
            }
        });
        Self(sender)
    }

    async fn sleep(&self) {
        let due = Instant::now() + DELAY;
        poll_fn(|context| {
            if Instant::now() >= due {
                return Poll::Ready(());
            }
            self.0.send((due, context.waker().clone())).unwrap();
            Poll::Pending
        })
        .await;
    }
}

/// A table behind a timer.
#[derive(Debug)]
struct Slow {
    table: PskTable,
    timer: Timer,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

impl Slow {
    fn new(psks: impl IntoIterator<Item = Psk>) -> Arc<Self> {
        Arc::new(Self {
            table: PskTable::new(psks).unwrap(),
            timer: Timer::new(),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
        })
    }
}

/// Counts a look-up until it is answered or dropped.
struct InFlight<'a>(&'a Slow);

impl<'a> InFlight<'a> {
    fn new(store: &'a Slow) -> Self {
        let count = store.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        store.most_in_flight.fetch_max(count, Ordering::SeqCst);
        Self(store)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

impl PskStore for Slow {
    fn find<'a>(&'a self, request: PskRequest<'a>) -> Answer<'a, Result<Option<Psk>, Error>> {
        let in_flight = InFlight::new(self);
        Answer::later(async move {
            let _in_flight = in_flight;
            self.timer.sleep().await;
            Ok(self.table.get(request.identity).cloned())
        })
    }
}

/// Tells the one thread which of its handshakes can go on.
struct Ready {
    number: usize,
    queue: mpsc::Sender<usize>,
}

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        let _ = self.queue.send(self.number);
    }
}

/// Runs all handshakes to their ends on this thread, which sleeps while all of them wait.
fn run_all(pairs: &mut [Pair]) -> Vec<Result<(), (Side, Error)>> {
    let (queue, ready) = mpsc::channel();
    let wakers: Vec<Waker> = (0..pairs.len())
        .map(|number| {
            let queue = queue.clone();
            Waker::from(Arc::new(Ready { number, queue }))
        })
        .collect();
    wakers.iter().for_each(Waker::wake_by_ref);
    let mut results: Vec<_> = pairs.iter().map(|_| None).collect();
    let mut left = pairs.len();
    while left > 0 {
        let number = ready
            .recv_timeout(Duration::from_secs(30))
            .expect("a handshake is stuck");
        if results[number].is_none() {
            let mut context = Context::from_waker(&wakers[number]);
            results[number] = advance(&mut pairs[number], &mut context);
            left -= usize::from(results[number].is_some());
        }
    }
    results.into_iter().map(Option::unwrap).collect()
}

/// As far as it goes; `None` while one side waits for an answer.
fn advance(pair: &mut Pair, context: &mut Context<'_>) -> Option<Result<(), (Side, Error)>> {
    loop {
        if let Err(error) = pair.client.process_with(context) {
            return Some(Err((Side::Client, error)));
        }
        move_bytes(&mut pair.client, &mut pair.server);
        if let Err(error) = pair.server.process_with(context) {
            return Some(Err((Side::Server, error)));
        }
        if !pair.client.is_handshaking() && !pair.server.is_handshaking() {
            return Some(Ok(()));
        }
        if pair.server.output().is_empty() {
            let waits = |side: &Connection| matches!(side.waiting(), Some(Waiting::Answer(_)));
            assert!(waits(&pair.client) || waits(&pair.server));
            return None;
        }
        move_bytes(&mut pair.server, &mut pair.client);
    }
}

fn pair(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Pair {
    Pair {
        client: Connection::client(client.clone(), server_name()),
        server: Connection::server(server.clone()),
    }
}

#[test]
fn a_thousand_handshakes_wait_for_a_slow_store_on_one_thread() {
    const COUNT: usize = 1000;
    let store = Slow::new([psk("alice")]);
    let server = ServerConfig::psk_builder(store.clone()).build().unwrap();
    let client = client_of([psk("alice")]).build().unwrap();
    let mut pairs: Vec<_> = (0..COUNT).map(|_| pair(&client, &server)).collect();
    let start = Instant::now();
    let results = run_all(&mut pairs);
    let elapsed = start.elapsed();
    assert!(results.iter().all(Result::is_ok));
    exchange(&mut pairs[0]);
    exchange(&mut pairs[COUNT - 1]);
    let most = store.most_in_flight.load(Ordering::SeqCst);
    println!("{COUNT} handshakes with look-ups of {DELAY:?}: {elapsed:?}, {most} look-ups at once");
    // One after the other they would take 50 seconds.
    assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
    assert!(most > 10, "{most} at once");
    assert_eq!(store.in_flight.load(Ordering::SeqCst), 0);
    assert_eq!(server.psk_statistics().keys_accepted, COUNT as u64);
}

#[test]
fn good_wrong_and_unknown_keys_keep_apart_while_they_are_looked_up_together() {
    let store = Slow::new([psk("alice"), psk("bob")]);
    let server = ServerConfig::psk_builder(store).build().unwrap();
    let clients = [
        client_of([psk("alice")]),
        client_of([psk_of(b"bob", 1)]),
        client_of([psk("carol")]),
        // Three look-ups, one after the other.
        client_of([psk("x"), psk("y"), psk("bob")]),
    ]
    .map(|client| client.build().unwrap());
    let mut pairs: Vec<_> = (0..100)
        .map(|number| pair(&clients[number % 4], &server))
        .collect();
    let bob = || "bob".to_owned();
    let carol = || "carol".to_owned();
    for (number, result) in run_all(&mut pairs).into_iter().enumerate() {
        let expected = match number % 4 {
            1 => Err(Error::from(PskFailure::WrongKey { identity: bob() })),
            2 => Err(PskFailure::UnknownIdentity { identity: carol() }.into()),
            _ => Ok(()),
        };
        assert_eq!(result, expected.map_err(|error| (Side::Server, error)));
        let pair = &mut pairs[number];
        if let Err((_, error)) = result {
            pair.expect_alert(Side::Server, &error);
        } else {
            exchange(pair);
        }
    }
}

#[test]
fn a_handshake_says_that_it_waits_for_the_store_and_can_be_dropped() {
    let store = Slow::new([psk("alice")]);
    let server = ServerConfig::psk_builder(store.clone()).build().unwrap();
    let client = client_of([psk("alice")]).build().unwrap();
    let mut pair = pair(&client, &server);
    pair.client.process().unwrap();
    move_bytes(&mut pair.client, &mut pair.server);
    pair.server.process().unwrap();
    let question = Waiting::Answer("look-up of a pre-shared key");
    assert_eq!(pair.server.waiting(), Some(question));
    assert!(pair.server.output().is_empty());
    assert_eq!(store.in_flight.load(Ordering::SeqCst), 1);
    drop(pair);
    assert_eq!(store.in_flight.load(Ordering::SeqCst), 0);
}

/// A client's choice takes its time, too.
#[derive(Debug)]
struct SlowChoice(Timer);

impl ChoosePsks for SlowChoice {
    fn choose<'a>(&'a self, _: &'a ServerName<'a>) -> Answer<'a, Result<Arc<[Psk]>, Error>> {
        Answer::later(async {
            self.0.sleep().await;
            Ok([psk("alice")].into())
        })
    }
}

#[test]
fn a_client_waits_for_its_choice_of_keys() {
    let choice = SlowChoice(Timer::new());
    let client = ClientConfig::psk_choice_builder(choice).build().unwrap();
    let server = server_of([psk("alice")]).build().unwrap();
    let mut pairs: Vec<_> = (0..20).map(|_| pair(&client, &server)).collect();
    let results = run_all(&mut pairs);
    assert!(results.iter().all(Result::is_ok));
    exchange(&mut pairs[19]);
}

// ---- stores that fail ----

#[derive(Debug)]
enum Failing {
    Now(Error),
    Later(Error),
    PanicsNow,
    PanicsLater,
}

impl PskStore for Failing {
    fn find<'a>(&'a self, _: PskRequest<'a>) -> Answer<'a, Result<Option<Psk>, Error>> {
        match self {
            Self::Now(error) => Answer::Ready(Err(error.clone())),
            Self::Later(error) => Answer::later(async { Err(error.clone()) }),
            Self::PanicsNow => panic!("the store is broken"),
            Self::PanicsLater => Answer::later(async { panic!("the store is broken") }),
        }
    }
}

#[test]
fn a_store_that_fails_ends_the_handshake_with_its_error() {
    let down = Error::Application("the data base is down".to_owned());
    assert_eq!(down.alert(), Some(AlertDescription::INTERNAL_ERROR));
    let name = "host.example".to_owned();
    let no_such_name = Error::from(NothingInCommon::ServerName { name });
    for error in [down, no_such_name] {
        for store in [Failing::Now(error.clone()), Failing::Later(error.clone())] {
            let client = client_of([psk("alice")]).build().unwrap();
            let server = ServerConfig::psk_builder(store).build().unwrap();
            pair(&client, &server).expect_failure(Side::Server, &error);
            let statistics = server.psk_statistics();
            assert_eq!(statistics, warifu::config::PskStatistics::default());
        }
    }
}

#[test]
fn a_store_that_panics_leaves_a_dead_connection_and_no_other() {
    for store in [Failing::PanicsNow, Failing::PanicsLater] {
        let client = client_of([psk("alice")]).build().unwrap();
        let server = ServerConfig::psk_builder(store).build().unwrap();
        for _ in 0..2 {
            let mut pair = pair(&client, &server);
            pair.client.process().unwrap();
            move_bytes(&mut pair.client, &mut pair.server);
            catch_unwind(AssertUnwindSafe(|| pair.server.process())).unwrap_err();
            let dead = Error::Internal("the application panicked inside of a decision");
            assert_eq!(pair.server.failure(), Some(&dead));
            assert!(!pair.server.is_handshaking());
            assert_eq!(pair.server.waiting(), None);
            for _ in 0..2 {
                assert_eq!(pair.server.process(), Err(dead.clone()));
                assert_eq!(pair.server.read(&mut [0; 10]), Err(dead.clone()));
                assert_eq!(pair.server.write(b"data"), Err(dead.clone()));
            }
            assert!(pair.server.output().is_empty());
            // The client hears of it when the transport is closed.
            pair.client.received_eof();
            let expected = "ServerHello";
            let error = Error::ClosedDuringHandshake { expected };
            assert_eq!(pair.client.process(), Err(error));
        }
    }
}
