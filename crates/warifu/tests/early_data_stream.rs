//! Early data through streams, over transports that block and those that do not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use support::resumption::{OneKey, Shelf, World, connect, same};
use support::transport::{Pipe, moody_pipe, pipe};
use support::{pattern, server_name, wire_records};
use warifu::decision::Answer;
use warifu::early_data::{MemoryReplayStore, ReplayStore, ReplayableEarlyData};
use warifu::pki_types::UnixTime;
use warifu::resumption::{ClientSessionStore, Session, SessionKey, Tickets};
use warifu::{ClientConfig, EarlyData, Error, ServerConfig, Stream, UsageError};

/// The library's error inside of an I/O error.
#[track_caller]
fn inner(error: &std::io::Error) -> &Error {
    error
        .get_ref()
        .and_then(|inner| inner.downcast_ref())
        .unwrap_or_else(|| panic!("no TLS error: {error}"))
}

/// Two that have met before.
fn configs(world: &World) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let (client, server) = (world.early_client(same), world.early_server(100_000, same));
    connect(&client, &server);
    (client, server)
}

fn over(
    (client, server): (Arc<ClientConfig>, Arc<ServerConfig>),
    pipe: (Pipe, Pipe),
) -> (Stream<Pipe>, Stream<Pipe>) {
    (
        Stream::client(client, server_name(), pipe.0),
        Stream::server(server, pipe.1),
    )
}

#[test]
fn the_client_hello_leaves_with_the_data() {
    let world = World::new();
    let (mut client, mut server) = over(configs(&world), pipe());
    assert_eq!(client.early_data(), EarlyData::NotOffered);
    assert_eq!(client.write_replayable_early_data(b"request").unwrap(), 7);
    assert_eq!(client.early_data(), EarlyData::Offered);
    assert!(client.connection().output().is_empty());
    let types: Vec<u8> = wire_records(&client.transport().written)
        .iter()
        .map(|record| record.content_type)
        .collect();
    let (handshake, dummy, data) = (
        support::HANDSHAKE,
        support::CHANGE_CIPHER_SPEC,
        support::APPLICATION_DATA,
    );
    assert_eq!(types, [handshake, dummy, data]);

    let mut buffer = [0; 100];
    assert_eq!(server.read_replayable_early_data(&mut []).unwrap(), 0);
    assert_eq!(
        server.read_replayable_early_data(&mut buffer[..4]).unwrap(),
        4
    );
    assert_eq!(
        server.read_replayable_early_data(&mut buffer[4..]).unwrap(),
        3
    );
    assert_eq!(&buffer[..7], b"request");
    assert_eq!(server.early_data(), EarlyData::Accepted);
    // The server's flight has left, and more may come.
    assert!(server.connection().output().is_empty());
    let error = server.read_replayable_early_data(&mut buffer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    assert_eq!(
        server.connection_mut().write_half_rtt_data(b"hi").unwrap(),
        2
    );

    assert_eq!(client.write_replayable_early_data(b"more").unwrap(), 4);
    assert_eq!(server.read_replayable_early_data(&mut buffer).unwrap(), 4);
    client.handshake().unwrap();
    assert_eq!(client.early_data(), EarlyData::Accepted);
    assert_eq!(client.write_replayable_early_data(b"late").unwrap(), 0);
    client.write_all(b"usual").unwrap();
    assert_eq!(server.read_replayable_early_data(&mut buffer).unwrap(), 0);
    assert_eq!(server.read(&mut buffer).unwrap(), 5);
    server.flush().unwrap();
    assert_eq!(client.read(&mut buffer).unwrap(), 2);
}

/// A server may be unable to read on before its own flight is read, as one with little memory whose client sends much.
#[test]
fn a_client_reads_the_servers_flight_while_its_early_data_is_under_way() {
    let world = World::new();
    let (mut client, mut server) = over(configs(&world), pipe());
    let mut buffer = [0; 100];
    assert_eq!(client.write_replayable_early_data(b"request").unwrap(), 7);
    assert_eq!(
        server.read_replayable_early_data(&mut buffer).unwrap(),
        7,
        "the server's flight has left"
    );
    // From now on the transport takes nothing.
    client.transport_mut().capacity = 0;
    assert_eq!(client.write_replayable_early_data(b"more").unwrap(), 4);
    let error = client.handshake().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    assert_eq!(client.early_data(), EarlyData::Accepted);
    assert!(!client.connection().is_handshaking(), "all was read");
    client.transport_mut().capacity = usize::MAX;
    client.handshake().unwrap();
    assert_eq!(server.read_replayable_early_data(&mut buffer).unwrap(), 4);
    assert_eq!(server.read_replayable_early_data(&mut buffer).unwrap(), 0);
    server.handshake().unwrap();
}

#[test]
fn each_side_has_its_own_direction() {
    let (mut client, mut server) = support::streams(pipe(), same, same);
    let error = client.read_replayable_early_data(&mut [0; 1]).unwrap_err();
    let text = "only a server reads early data";
    assert_eq!(*inner(&error), UsageError::NotAvailable(text).into());
    let error = server.write_replayable_early_data(b"x").unwrap_err();
    let text = "only a client sends early data";
    assert_eq!(*inner(&error), UsageError::NotAvailable(text).into());
    // It was a misunderstanding: the connection goes on.
    support::connect(&mut client, &mut server);
}

#[test]
fn without_a_session_nothing_is_taken_and_the_client_hello_leaves() {
    let world = World::new();
    let configs = (world.early_client(same), world.early_server(1000, same));
    let (mut client, mut server) = over(configs, pipe());
    assert_eq!(client.write_replayable_early_data(b"request").unwrap(), 0);
    assert_eq!(client.early_data(), EarlyData::NotOffered);
    assert_eq!(wire_records(&client.transport().written).len(), 1);
    assert_eq!(server.read_replayable_early_data(&mut [0; 9]).unwrap(), 0);
    support::connect(&mut client, &mut server);
    client.write_all(b"request").unwrap();
    assert_eq!(server.read(&mut [0; 9]).unwrap(), 7);
}

#[test]
fn early_data_that_is_not_taken_is_written_again() {
    let world = World::new();
    let (client, _) = configs(&world);
    let other = world.server(Tickets::stateless(OneKey::new(2)), same);
    let (mut client, mut server) = over((client, other), pipe());
    assert_eq!(client.write_replayable_early_data(b"request").unwrap(), 7);
    assert_eq!(server.read_replayable_early_data(&mut [0; 9]).unwrap(), 0);
    assert_eq!(server.early_data(), EarlyData::Rejected);
    support::connect(&mut client, &mut server);
    assert_eq!(client.early_data(), EarlyData::Rejected);
    client.write_all(b"request").unwrap();
    let mut buffer = [0; 9];
    assert_eq!(server.read(&mut buffer).unwrap(), 7);
    assert_eq!(&buffer[..7], b"request");
}

/// The pipe takes a few bytes at a time, and now and then none.
#[test]
fn nothing_is_lost_over_a_transport_that_would_block() {
    for seed in 0..30 {
        let world = World::new();
        let (mut client, mut server) = over(configs(&world), moody_pipe(seed, 700, 300));
        let data = pattern(20_000, 3);
        let (mut written, mut read) = (0, Vec::new());
        let mut buffer = [0; 20_000];
        let mut closed = false;
        for _ in 0..100_000 {
            if written < data.len() {
                let rest = &data[written..];
                let piece = &rest[..rest.len().min(3000)];
                match client.write_replayable_early_data(piece) {
                    Ok(count) => {
                        assert_eq!(count, piece.len());
                        written += count;
                    }
                    Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                }
            } else if let Err(error) = client.handshake() {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
            }
            match server.read_replayable_early_data(&mut buffer) {
                Ok(0) => closed = true,
                Ok(count) => read.extend_from_slice(&buffer[..count]),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
            if closed {
                break;
            }
        }
        assert!(closed);
        assert_eq!(read, data);
        support::connect(&mut client, &mut server);
        assert_eq!(client.early_data(), EarlyData::Accepted);
    }
}

/// The transport takes nothing at first: what was sealed is said to be taken, and nothing more is until it has left.
#[test]
fn a_call_that_would_block_took_what_it_says() {
    let world = World::new();
    let (mut client, mut server) = over(configs(&world), pipe());
    client.transport_mut().capacity = 10;
    assert_eq!(client.write_replayable_early_data(b"request").unwrap(), 7);
    let error = client.write_replayable_early_data(b"more").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    client.transport_mut().capacity = usize::MAX;
    assert_eq!(client.write_replayable_early_data(b"more").unwrap(), 4);
    let mut buffer = [0; 9];
    assert_eq!(server.read_replayable_early_data(&mut buffer).unwrap(), 7);
    assert_eq!(server.read_replayable_early_data(&mut buffer).unwrap(), 4);
    // A server whose flight does not leave reads all the same.
    let (mut client, mut server) = over(configs(&world), pipe());
    server.transport_mut().capacity = 0;
    client.write_replayable_early_data(b"request").unwrap();
    assert_eq!(server.read_replayable_early_data(&mut buffer).unwrap(), 7);
    assert!(!server.connection().output().is_empty());
}

/// Blocking sockets and two threads; the client sends for longer than the buffers between them hold.
#[test]
fn early_data_goes_over_sockets() {
    let world = World::new();
    let client = world.early_client(same);
    let server = world.early_server(8 << 20, same);
    connect(&client, &server);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server_socket, _) = listener.accept().unwrap();
    let echo = thread::spawn(move || {
        let mut stream = Stream::server(server, server_socket);
        let mut early = Vec::new();
        let mut buffer = vec![0; 20_000];
        loop {
            match stream.read_replayable_early_data(&mut buffer).unwrap() {
                0 => break,
                count => early.extend_from_slice(&buffer[..count]),
            }
        }
        stream.handshake().unwrap();
        let count = stream.read(&mut buffer).unwrap();
        stream.write_all(&buffer[..count]).unwrap();
        early
    });
    let mut stream = Stream::client(client, server_name(), socket);
    let data = pattern(4 << 20, 9);
    for piece in data.chunks(100_000) {
        let taken = stream.write_replayable_early_data(piece).unwrap();
        assert_eq!(taken, piece.len());
    }
    stream.write_all(b"done").unwrap();
    assert_eq!(stream.early_data(), EarlyData::Accepted);
    let mut reply = [0; 9];
    assert_eq!(stream.read(&mut reply).unwrap(), 4);
    assert_eq!(echo.join().unwrap(), data);
}

/// Answers after a while, from another thread's point of view.
fn after_a_while<'a, T: Send + 'a>(answer: T) -> Answer<'a, T> {
    let mut answer = Some(answer);
    let mut asked = false;
    Answer::later(core::future::poll_fn(move |context| {
        if asked {
            return core::task::Poll::Ready(answer.take().unwrap());
        }
        asked = true;
        let waker = context.waker().clone();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(5));
            waker.wake();
        });
        core::task::Poll::Pending
    }))
}

#[derive(Debug)]
struct LateSessions(Arc<Shelf>);

impl ClientSessionStore for LateSessions {
    fn put(&self, key: &SessionKey, session: Session) {
        self.0.put(key, session);
    }

    fn take<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Session>> {
        match self.0.take(key) {
            Answer::Ready(session) => after_a_while(session),
            later => later,
        }
    }
}

#[derive(Debug)]
struct LateReplays(MemoryReplayStore);

impl ReplayStore for LateReplays {
    fn is_first<'a>(
        &'a self,
        client_hello: &'a [u8; 32],
        now: UnixTime,
        until: Option<UnixTime>,
    ) -> Answer<'a, Result<bool, String>> {
        match self.0.is_first(client_hello, now, until) {
            Answer::Ready(first) => after_a_while(first),
            later => later,
        }
    }
}

#[test]
fn streams_wait_for_stores_that_answer_later() {
    let world = World::new();
    let client =
        world.early_client(|client| client.with_session_store(LateSessions(world.shelf.clone())));
    let server = world.early_server(1000, |server| {
        let late = LateReplays(MemoryReplayStore::default());
        server.with_replayable_early_data(ReplayableEarlyData::new(1000, late))
    });
    connect(&world.client(same), &server);
    let (mut client, mut server) = over((client, server), pipe());
    assert_eq!(client.write_replayable_early_data(b"request").unwrap(), 7);
    let mut buffer = [0; 9];
    assert_eq!(server.read_replayable_early_data(&mut buffer).unwrap(), 7);
    support::connect(&mut client, &mut server);
    assert_eq!(server.early_data(), EarlyData::Accepted);
}

#[test]
fn a_client_that_goes_away_is_an_error_and_no_end_of_early_data() {
    let world = World::new();
    let (mut client, mut server) = over(configs(&world), pipe());
    client.write_replayable_early_data(b"request").unwrap();
    client.transport_mut().end();
    let mut buffer = [0; 9];
    assert_eq!(server.read_replayable_early_data(&mut buffer).unwrap(), 7);
    let error = server.read_replayable_early_data(&mut buffer).unwrap_err();
    let expected = "EndOfEarlyData";
    assert_eq!(*inner(&error), Error::ClosedDuringHandshake { expected });
    let again = server.read_replayable_early_data(&mut buffer).unwrap_err();
    assert_eq!(inner(&again), inner(&error));
}
