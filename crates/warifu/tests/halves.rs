//! A stream split in two halves: both directions at once from two threads.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::io::{BufRead, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use support::transport::{Pipe, pipe};
use support::{
    APPLICATION_DATA, Pki, client_builder, connect, content_lens, pattern, server_builder,
    server_name, streams,
};
use warifu::config::{Client, ConfigBuilder};
use warifu::parameters::AlertDescription;
use warifu::{ClientAuth, Error, PeerMisbehaved, ReadHalf, Stream, UsageError, WriteHalf};

type Halves<T> = (ReadHalf<T, T>, WriteHalf<T>);

fn same<R>(builder: ConfigBuilder<R>) -> ConfigBuilder<R> {
    builder
}

/// Two established streams over loopback.
fn tcp_streams(
    client: impl FnOnce(ConfigBuilder<Client>) -> ConfigBuilder<Client>,
) -> (Stream<TcpStream>, Stream<TcpStream>) {
    let pki = Pki::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server_socket, _) = listener.accept().unwrap();
    let config = server_builder(&pki).build().unwrap();
    let server = thread::spawn(move || {
        let mut stream = Stream::server(config, server_socket);
        stream.handshake().unwrap();
        stream
    });
    let config = client(client_builder(&pki)).build().unwrap();
    let mut client = Stream::client(config, server_name(), socket);
    client.handshake().unwrap();
    (client, server.join().unwrap())
}

fn tcp_halves() -> (Halves<TcpStream>, Halves<TcpStream>) {
    let (client, server) = tcp_streams(same);
    (client.split().unwrap(), server.split().unwrap())
}

/// The library's error inside of an I/O error.
#[track_caller]
fn inner(error: &std::io::Error) -> &Error {
    error
        .get_ref()
        .and_then(|inner| inner.downcast_ref())
        .unwrap_or_else(|| panic!("no TLS error: {error}"))
}

const MIB: usize = 1 << 20;

/// Writes 10 MiB, now and then with new keys, and closes.
fn write_much(mut half: WriteHalf<TcpStream>, seed: u8, update_keys: bool) {
    for round in 0..100 {
        if update_keys && round % 7 == 3 {
            half.update_keys(round % 2 == 0).unwrap();
        }
        half.write_all(&pattern(10 * MIB / 100, seed)).unwrap();
    }
    half.flush().unwrap();
    half.close().unwrap();
}

fn read_much(mut half: ReadHalf<TcpStream, TcpStream>, seed: u8) {
    let expected = pattern(10 * MIB / 100, seed);
    let mut got = vec![0; expected.len()];
    for _ in 0..100 {
        half.read_exact(&mut got).unwrap();
        assert!(got == expected);
    }
    assert_eq!(half.read(&mut got).unwrap(), 0);
}

#[test]
fn ten_mebibytes_each_way_at_once_with_key_updates_in_flight() {
    for update_keys in [false, true] {
        let ((client_reads, client_writes), (server_reads, server_writes)) = tcp_halves();
        let threads = [
            thread::spawn(move || write_much(client_writes, 1, update_keys)),
            thread::spawn(move || write_much(server_writes, 2, update_keys)),
            thread::spawn(move || read_much(client_reads, 2)),
            thread::spawn(move || read_much(server_reads, 1)),
        ];
        for thread in threads {
            thread.join().unwrap();
        }
    }
}

#[test]
fn a_reader_does_not_block_on_answering_a_key_update() {
    // The server fills the sockets in its own direction and nobody reads them; then the client asks for new
    // keys. The server's reader must go on reading all the same.
    let (mut client, server) = tcp_streams(same);
    let (mut server_reads, mut server_writes) = server.split().unwrap();
    let (full, wait_until_full) = mpsc::channel();
    let writer = thread::spawn(move || {
        full.send(()).unwrap();
        // More than any socket buffer holds.
        server_writes.write_all(&pattern(32 * MIB, 3)).unwrap();
    });
    wait_until_full.recv().unwrap();
    thread::sleep(Duration::from_millis(100));
    client.connection_mut().update_keys(true).unwrap();
    client.write_all(b"hello").unwrap();
    let mut buffer = [0; 10];
    assert_eq!(server_reads.read(&mut buffer).unwrap(), 5);
    let mut rest = vec![0; 32 * MIB];
    client.read_exact(&mut rest).unwrap();
    assert!(rest == pattern(32 * MIB, 3));
    writer.join().unwrap();
}

#[test]
fn a_key_update_is_answered_in_the_middle_of_a_long_write() {
    let (mut client, mut server) = streams(pipe(), same, same);
    connect(&mut client, &mut server);
    let (end, server_writes) = shared_pipe(&mut server);
    let (mut reads, mut writes) = server.split_with(server_writes).unwrap();
    client.connection_mut().update_keys(true).unwrap();
    client.write_all(b"x").unwrap();
    end.0.lock().unwrap().written.clear();
    assert_eq!(reads.read(&mut [0; 9]).unwrap(), 1);
    assert!(
        end.0.lock().unwrap().written.is_empty(),
        "only a note was left"
    );
    writes.write_all(&pattern(20_000, 1)).unwrap();
    // KeyUpdate is a message of 5 bytes, ahead of the data.
    assert_eq!(
        content_lens(&end.0.lock().unwrap().written),
        [5, 16_384, 20_000 - 16_384]
    );
    let mut got = vec![0; 20_000];
    client.read_exact(&mut got).unwrap();
    assert!(got == pattern(20_000, 1));
}

#[test]
fn flush_answers_a_key_update_of_a_silent_writer() {
    let (mut client, mut server) = streams(pipe(), same, same);
    connect(&mut client, &mut server);
    let (end, server_writes) = shared_pipe(&mut server);
    let (mut reads, mut writes) = server.split_with(server_writes).unwrap();
    client.connection_mut().update_keys(true).unwrap();
    client.connection_mut().update_keys(true).unwrap();
    client.write_all(b"x").unwrap();
    assert_eq!(reads.read(&mut [0; 9]).unwrap(), 1);
    end.0.lock().unwrap().written.clear();
    writes.flush().unwrap();
    writes.flush().unwrap();
    // One answer for both.
    assert_eq!(content_lens(&end.0.lock().unwrap().written), [5]);
}

/// A second handle of a stream's pipe, as `TcpStream::try_clone` makes one of a socket.
#[derive(Clone)]
struct SharedPipe(std::sync::Arc<std::sync::Mutex<Pipe>>);

impl Read for SharedPipe {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().read(buffer)
    }
}

impl Write for SharedPipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.lock().unwrap().flush()
    }
}

/// A writing end for the other half; the stream keeps its own for reading.
fn shared_pipe(stream: &mut Stream<Pipe>) -> (SharedPipe, SharedPipe) {
    let shared = SharedPipe(std::sync::Arc::new(std::sync::Mutex::new(
        stream.transport().second_handle(),
    )));
    (shared.clone(), shared)
}

#[test]
fn records_obey_the_rules_over_a_transport_that_would_block() {
    for partial in [false, true] {
        let (mut client, mut server) =
            streams(pipe(), |client| client.with_partial_write(partial), same);
        connect(&mut client, &mut server);
        let (end, client_writes) = shared_pipe(&mut client);
        end.0.lock().unwrap().capacity = 20_000;
        let (mut client_reads, mut client_writes) = client.split_with(client_writes).unwrap();
        let error = client_reads.read(&mut [0; 9]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        let message = pattern(100_000, 5);
        let mut written = client_writes.write(&message).unwrap();
        assert_eq!(written, if partial { 2 * 16_384 } else { message.len() });
        let mut got = Vec::new();
        for _ in 0..1_000 {
            let mut buffer = vec![0; 20_000];
            match server.read(&mut buffer) {
                Ok(count) => got.push(buffer[..count].to_vec()),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
            if written < message.len() {
                match client_writes.write(&message[written..]) {
                    Ok(count) => written += count,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                }
            } else if let Err(error) = client_writes.flush() {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
            }
        }
        let chunks: Vec<Vec<u8>> = message.chunks(16_384).map(<[u8]>::to_vec).collect();
        assert!(got == chunks);
    }
}

#[test]
fn pending_and_buffered_reading_work_on_the_half() {
    let ((_client_reads, mut client_writes), (mut reads, _writes)) = tcp_halves();
    client_writes.write_all(b"hello\n").unwrap();
    client_writes.write_all(b"world\n").unwrap();
    assert_eq!(reads.read(&mut [0; 2]).unwrap(), 2);
    assert_eq!(reads.pending(), 4);
    assert_eq!(reads.fill_buf().unwrap(), b"llo\n");
    reads.consume(4);
    let mut line = String::new();
    reads.read_line(&mut line).unwrap();
    assert_eq!(line, "world\n");
    assert_eq!(
        reads.facts().cipher_suite,
        client_writes.facts().cipher_suite
    );
}

#[test]
fn alert_of_the_reading_half_reaches_the_peer() {
    let (mut client, mut server) = streams(pipe(), same, same);
    connect(&mut client, &mut server);
    let (end, server_writes) = shared_pipe(&mut server);
    let (mut reads, mut writes) = server.split_with(server_writes).unwrap();
    end.0.lock().unwrap().written.clear();
    client
        .transport_mut()
        .write_all(&[APPLICATION_DATA, 3, 3, 0, 20])
        .unwrap();
    client.transport_mut().write_all(&[7; 20]).unwrap();

    let error = reads.read(&mut [0; 9]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let expected = Error::PeerMisbehaved(PeerMisbehaved::BadRecordMac);
    assert_eq!(*inner(&error), expected);
    // An alert is a message of 2 bytes; it is sent once however often the failure is met again.
    assert_eq!(*inner(&reads.read(&mut [0; 9]).unwrap_err()), expected);
    assert_eq!(*inner(&reads.fill_buf().unwrap_err()), expected);
    assert_eq!(*inner(&writes.write(b"more").unwrap_err()), expected);
    assert_eq!(*inner(&writes.flush().unwrap_err()), expected);
    assert_eq!(*inner(&writes.update_keys(true).unwrap_err()), expected);
    assert_eq!(*inner(&writes.close().unwrap_err()), expected);
    assert_eq!(content_lens(&end.0.lock().unwrap().written), [2]);
    assert_eq!(
        *inner(&client.read(&mut [0; 9]).unwrap_err()),
        Error::AlertReceived(AlertDescription::BAD_RECORD_MAC)
    );
}

#[test]
fn a_reader_that_fails_does_not_wait_for_a_writer_that_is_stuck() {
    let (client, server) = tcp_streams(same);
    let (mut reads, mut writes) = server.split().unwrap();
    let (connection, mut socket) = client.into_parts();
    // Stuck until the client reads, and that it does only after the reader has failed.
    let writer = thread::spawn(move || writes.write_all(&pattern(32 * MIB, 3)));
    thread::sleep(Duration::from_millis(100));
    socket.write_all(&[APPLICATION_DATA, 3, 3, 0, 20]).unwrap();
    socket.write_all(&[7; 20]).unwrap();
    let expected = Error::PeerMisbehaved(PeerMisbehaved::BadRecordMac);
    assert_eq!(*inner(&reads.read(&mut [0; 9]).unwrap_err()), expected);
    let mut client = Stream::new(connection, socket);
    let mut buffer = vec![0; 20_000];
    let end = loop {
        if let Err(error) = client.read(&mut buffer) {
            break error;
        }
    };
    assert_eq!(
        *inner(&end),
        Error::AlertReceived(AlertDescription::BAD_RECORD_MAC)
    );
    assert_eq!(*inner(&writer.join().unwrap().unwrap_err()), expected);
}

#[test]
fn alert_of_the_peer_ends_both_halves_and_is_not_answered() {
    let (mut client, mut server) = streams(pipe(), same, same);
    connect(&mut client, &mut server);
    let (end, server_writes) = shared_pipe(&mut server);
    let (mut reads, mut writes) = server.split_with(server_writes).unwrap();
    end.0.lock().unwrap().written.clear();
    // A record that is no TLS makes the client send an alert.
    client
        .connection_mut()
        .receive(&[APPLICATION_DATA, 3, 3, 0xff, 0xff]);
    let _ = client.read(&mut [0; 9]).unwrap_err();

    let expected = Error::AlertReceived(AlertDescription::RECORD_OVERFLOW);
    let error = reads.read(&mut [0; 9]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
    assert_eq!(*inner(&error), expected);
    assert_eq!(*inner(&writes.write(b"x").unwrap_err()), expected);
    assert_eq!(*inner(&writes.close().unwrap_err()), expected);
    assert!(end.0.lock().unwrap().written.is_empty());
}

#[test]
fn each_direction_closes_by_itself_in_any_order() {
    for client_first in [true, false] {
        let (client, server) = tcp_halves();
        let ((mut one_reads, mut one_writes), (mut other_reads, mut other_writes)) = if client_first
        {
            (client, server)
        } else {
            (server, client)
        };
        one_writes.write_all(b"last words").unwrap();
        one_writes.close().unwrap();
        one_writes.close().unwrap();
        let error = one_writes.write(b"x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(*inner(&error), Error::Usage(UsageError::WriteAfterClose));
        let mut text = String::new();
        other_reads.read_to_string(&mut text).unwrap();
        assert_eq!(text, "last words");
        assert_eq!(other_reads.read(&mut [0; 9]).unwrap(), 0);
        // The other direction is still open.
        other_writes.write_all(b"answer").unwrap();
        let mut buffer = [0; 9];
        assert_eq!(one_reads.read(&mut buffer).unwrap(), 6);
        other_writes.close().unwrap();
        assert_eq!(one_reads.read(&mut buffer).unwrap(), 0);
    }
}

#[test]
fn halves_may_be_dropped_alone() {
    let ((client_reads, mut client_writes), (mut server_reads, server_writes)) = tcp_halves();
    drop(client_reads);
    drop(server_writes);
    client_writes.write_all(b"one way").unwrap();
    client_writes.close().unwrap();
    let mut text = String::new();
    server_reads.read_to_string(&mut text).unwrap();
    assert_eq!(text, "one way");
}

#[test]
fn a_cut_connection_is_truncated_for_both_halves() {
    let ((client_reads, mut client_writes), (mut reads, mut writes)) = tcp_halves();
    client_writes.write_all(b"no farewell").unwrap();
    client_reads.transport().shutdown(Shutdown::Write).unwrap();
    let mut buffer = [0; 20];
    assert_eq!(reads.read(&mut buffer).unwrap(), 11);
    let error = reads.read(&mut buffer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(*inner(&error), Error::Truncated);
    assert_eq!(*inner(&writes.write(b"x").unwrap_err()), Error::Truncated);
}

/// A transport that panics when it is written to.
struct Panicking;

impl Write for Panicking {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        panic!("transport");
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_panic_in_the_writing_thread_leaves_reading_as_it_is() {
    let (mut client, mut server) = streams(pipe(), same, same);
    connect(&mut client, &mut server);
    let (mut reads, mut writes) = server.split_with(Panicking).unwrap();
    let panic = thread::spawn(move || writes.write(b"x").map(drop)).join();
    assert!(panic.is_err());
    client.write_all(b"still here").unwrap();
    assert_eq!(reads.read(&mut [0; 20]).unwrap(), 10);
}

#[test]
fn transport_errors_of_the_writer_pass_through() {
    struct Broken;
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Err(ErrorKind::BrokenPipe.into())
        }
    }
    let (mut client, mut server) = streams(pipe(), same, same);
    connect(&mut client, &mut server);
    let (mut reads, mut writes) = server.split_with(Broken).unwrap();
    for result in [writes.write(b"x").map(drop), writes.flush(), writes.close()] {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::BrokenPipe);
    }
    client.write_all(b"x").unwrap();
    assert_eq!(reads.read(&mut [0; 2]).unwrap(), 1);
}

#[test]
fn only_an_established_stream_without_post_handshake_authentication_can_be_split() {
    let (client, _server) = streams(pipe(), same, same);
    let error = client.split_with(Panicking).unwrap_err();
    assert_eq!(
        *inner(&error),
        Error::Usage(UsageError::HandshakeIncomplete)
    );

    let pki = Pki::new();
    let trust = pki.trust();
    let (mut client, mut server) = streams(
        pipe(),
        |client| client.with_post_handshake_auth(true),
        |server| server.with_client_auth(ClientAuth::post_handshake(trust)),
    );
    connect(&mut client, &mut server);
    for stream in [client, server] {
        let error = stream.split_with(Vec::new()).unwrap_err();
        assert_eq!(
            *inner(&error),
            Error::Usage(UsageError::NotAvailable(
                "a connection with post-handshake authentication cannot be split: its halves need each other"
            ))
        );
    }
}

#[test]
fn data_that_came_with_the_handshake_is_not_lost_by_splitting() {
    let (mut client, mut server) = streams(pipe(), same, same);
    connect(&mut client, &mut server);
    client.write_all(b"first").unwrap();
    client.write_all(b"second").unwrap();
    // The stream has read both records from its transport, and half of the first is consumed.
    assert_eq!(server.read(&mut [0; 2]).unwrap(), 2);
    let (mut reads, _writes) = server.split_with(Vec::new()).unwrap();
    assert_eq!(reads.pending(), 3);
    let mut buffer = [0; 20];
    assert_eq!(reads.read(&mut buffer).unwrap(), 3);
    assert_eq!(reads.read(&mut buffer).unwrap(), 6);
}

#[test]
fn output_that_the_transport_did_not_take_is_not_lost_by_splitting() {
    let (mut client, mut server) = streams(pipe(), same, same);
    connect(&mut client, &mut server);
    client.transport_mut().capacity = 10;
    assert_eq!(client.write(b"held back").unwrap(), 9);
    let (_, client_writes) = shared_pipe(&mut client);
    let (_reads, mut writes) = client.split_with(client_writes).unwrap();
    writes.flush().unwrap();
    let mut buffer = [0; 20];
    assert_eq!(server.read(&mut buffer).unwrap(), 9);
    assert_eq!(&buffer[..9], b"held back");
}
