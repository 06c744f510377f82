//! A server whose pre-shared keys are in an SQLite data base, and a thousand clients at once, all on one thread.
//!
//! The data base is asked by a worker thread of its own: [`SqliteStore::find`] hands the question over and answers later, by a
//! future. The thread with the connections goes on with others meanwhile, and is woken when an answer is there. No runtime
//! is needed for that; with one, the futures are polled by its tasks instead of by [`run`].
//!
//! `cargo run --release --example psk_sqlite`

use std::collections::HashMap;
use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::OptionalExtension;
use warifu::decision::Answer;
use warifu::psk::{PskHash, PskRequest};
use warifu::{ClientConfig, Connection, Error, Psk, PskStore, ServerConfig};

const CLIENTS: usize = 1000;

fn main() -> ExitCode {
    match run_with_new_data_base(CLIENTS) {
        Ok(done) => {
            println!(
                "{} handshakes, {} look-ups at once, {:?}",
                done.handshakes, done.most_at_once, done.elapsed
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("psk_sqlite: {error}");
            ExitCode::FAILURE
        }
    }
}

/// All of it, with a data base that is gone afterwards.
pub(crate) fn run_with_new_data_base(clients: usize) -> Result<Done, Box<dyn StdError>> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("keys.sqlite");
    fill(&path, clients)?;
    run(&path, clients)
}

// The data base.

/// Makes the table, with a random key for each of the clients `client-0`, `client-1`, and so on.
fn fill(path: &Path, clients: usize) -> Result<(), Box<dyn StdError>> {
    let mut connection = rusqlite::Connection::open(path)?;
    connection.execute_batch(
        "CREATE TABLE psk (
            identity BLOB PRIMARY KEY NOT NULL,
            key BLOB NOT NULL,
            sha384 INTEGER NOT NULL
        ) WITHOUT ROWID;",
    )?;
    let transaction = connection.transaction()?;
    for number in 0..clients {
        transaction.execute(
            "INSERT INTO psk VALUES (?1, randomblob(32), ?2)",
            (identity(number), number % 4 == 3),
        )?;
    }
    transaction.commit()?;
    Ok(())
}

fn identity(number: usize) -> Vec<u8> {
    format!("client-{number}").into_bytes()
}

/// The key of an identity. Identities are whatever bytes a client sent: a parameter, never a part of the statement.
fn look_up(connection: &rusqlite::Connection, identity: &[u8]) -> rusqlite::Result<Option<Psk>> {
    let mut statement =
        connection.prepare_cached("SELECT key, sha384 FROM psk WHERE identity = ?1")?;
    let row = statement
        .query_row([identity], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, bool>(1)?))
        })
        .optional()?;
    let Some((key, sha384)) = row else {
        return Ok(None);
    };
    let hash = match sha384 {
        true => PskHash::Sha384,
        false => PskHash::Sha256,
    };
    let unfit = |error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
    let psk = Psk::new(identity, key).map_err(unfit)?.with_hash(hash);
    Ok(Some(psk))
}

// The store.

type Found = Result<Option<Psk>, Error>;

/// Keys in an SQLite data base, which a thread of its own asks.
#[derive(Debug)]
struct SqliteStore {
    questions: mpsc::Sender<Question>,
}

#[derive(Debug)]
struct Question {
    identity: Vec<u8>,
    reply: Arc<Mutex<Reply>>,
}

/// The place of an answer, and who waits for it.
#[derive(Debug, Default)]
struct Reply {
    found: Option<Found>,
    waker: Option<Waker>,
}

fn lock(reply: &Mutex<Reply>) -> MutexGuard<'_, Reply> {
    reply.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SqliteStore {
    fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = rusqlite::Connection::open(path)?;
        let (questions, incoming) = mpsc::channel::<Question>();
        // It ends with the last sender.
        thread::spawn(move || {
            for Question { identity, reply } in incoming {
                let found = look_up(&connection, &identity).map_err(failed);
                let mut reply = lock(&reply);
                reply.found = Some(found);
                if let Some(waker) = reply.waker.take() {
                    waker.wake();
                }
            }
        });
        Ok(Self { questions })
    }
}

/// Ends the handshake with internal_error; the text stays on this side.
fn failed(error: rusqlite::Error) -> Error {
    Error::Application(format!("look-up of a pre-shared key: {error}"))
}

impl PskStore for SqliteStore {
    fn find<'a>(&'a self, request: PskRequest<'a>) -> Answer<'a, Found> {
        let reply: Arc<Mutex<Reply>> = Arc::default();
        let question = Question {
            identity: request.identity.to_vec(),
            reply: reply.clone(),
        };
        if self.questions.send(question).is_err() {
            let gone = Error::Application("the thread of the data base is gone".to_owned());
            return Answer::Ready(Err(gone));
        }
        Answer::later(answer_to(reply))
    }
}

fn answer_to(reply: Arc<Mutex<Reply>>) -> impl Future<Output = Found> {
    poll_fn(move |context| {
        let mut reply = lock(&reply);
        match reply.found.take() {
            Some(found) => Poll::Ready(found),
            None => {
                reply.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    })
}

// The connections.

/// What came of it.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) handshakes: usize,
    /// Most look-ups that were under way at one time.
    pub(crate) most_at_once: usize,
    pub(crate) elapsed: Duration,
}

/// Wakes the thread with the connections, and tells it which one can go on.
struct Ready {
    number: usize,
    queue: mpsc::Sender<usize>,
}

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        // Nobody listens once all handshakes are done.
        let _ = self.queue.send(self.number);
    }
}

/// A client and its server's end, with nothing but memory between them.
struct Pair {
    client: Connection,
    server: Connection,
}

/// Begins all handshakes, and goes on with each as its key is found.
fn run(path: &Path, clients: usize) -> Result<Done, Box<dyn StdError>> {
    let server = ServerConfig::psk_builder(SqliteStore::open(path)?).build()?;
    let mut waiting = HashMap::new();
    let (queue, ready) = mpsc::channel();
    // What each client would have in its own configuration.
    let keys = rusqlite::Connection::open(path)?;
    for number in 0..clients {
        let psk = look_up(&keys, &identity(number))?.ok_or("a client without a key")?;
        let client = ClientConfig::psk_builder([psk]).build()?;
        let pair = Pair {
            client: Connection::client(client, "server.example".try_into()?),
            server: Connection::server(server.clone()),
        };
        let queue = queue.clone();
        let waker = Waker::from(Arc::new(Ready { number, queue }));
        waker.wake_by_ref();
        waiting.insert(number, (pair, waker));
    }
    let start = Instant::now();
    let (mut handshakes, mut most_at_once, mut asked) = (0, 0_usize, 0_usize);
    while handshakes < clients {
        let number = ready.recv()?;
        let Some((pair, waker)) = waiting.get_mut(&number) else {
            continue;
        };
        let was_asked = pair.server.waiting().is_some_and(is_answer);
        let done = advance(pair, &mut Context::from_waker(waker))?;
        match (was_asked, pair.server.waiting().is_some_and(is_answer)) {
            (false, true) => asked += 1,
            (true, false) => asked -= 1,
            _ => {}
        }
        most_at_once = most_at_once.max(asked);
        if done {
            handshakes += 1;
            waiting.remove(&number);
        }
    }
    Ok(Done {
        handshakes,
        most_at_once,
        elapsed: start.elapsed(),
    })
}

fn is_answer(waiting: warifu::Waiting) -> bool {
    matches!(waiting, warifu::Waiting::Answer(_))
}

/// Goes on as far as it can; says whether both ends have completed their handshake.
fn advance(pair: &mut Pair, context: &mut Context<'_>) -> Result<bool, Error> {
    loop {
        pair.client.process_with(context)?;
        let moved = move_bytes(&mut pair.client, &mut pair.server);
        pair.server.process_with(context)?;
        if !pair.client.is_handshaking() && !pair.server.is_handshaking() {
            return Ok(true);
        }
        if move_bytes(&mut pair.server, &mut pair.client) + moved == 0 {
            return Ok(false);
        }
    }
}

fn move_bytes(from: &mut Connection, to: &mut Connection) -> usize {
    let count = to.receive(from.output());
    from.sent(count);
    count
}
