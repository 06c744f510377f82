//! The rules between messages and records, seen on the wire: one write is one record, a read never joins
//! two, a longer write is cut, and every agreement on sizes is kept.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::io::{BufRead, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use support::transport::{Pipe, Tap, moody_pipe, pipe};
use support::{
    APPLICATION_DATA, HANDSHAKE, OVERHEAD, Pair, Pki, Side, client_builder, connect, content_lens,
    deliver, move_bytes, pattern, read_records, server_builder, server_name, streams, wire_records,
};
use warifu::config::{Client, ConfigBuilder, Server};
use warifu::parameters::{MaxFragmentLength, ProtocolVersion};
use warifu::{
    ClientAuth, Connection, Error, Padding, PeerMisbehaved, ReadOutcome, Stream, UsageError,
};

const RECORD: usize = 16_384;

fn same<R>(builder: ConfigBuilder<R>) -> ConfigBuilder<R> {
    builder
}

// ---- the connection without transport ----

#[test]
fn one_write_is_one_record() {
    let mut pair = Pair::established(same, same);
    for len in [1, 2, 100, 5_000, RECORD - 1, RECORD] {
        let message = pattern(len, 0);
        assert_eq!(pair.client.write(&message).unwrap(), len);
        assert_eq!(content_lens(pair.client.output()), [len]);
        assert_eq!(deliver(&mut pair.client, &mut pair.server), [message]);
    }
}

#[test]
fn empty_write_is_one_empty_record_that_no_read_shows() {
    let mut pair = Pair::established(same, same);
    assert_eq!(pair.client.write(b"").unwrap(), 0);
    assert_eq!(content_lens(pair.client.output()), [0]);
    move_bytes(&mut pair.client, &mut pair.server);
    assert_eq!(
        pair.server.read(&mut [0; 10]).unwrap(),
        ReadOutcome::NeedBytes
    );
}

#[test]
fn large_enough_read_gets_the_record_at_once() {
    let mut pair = Pair::established(same, same);
    let message = pattern(RECORD, 1);
    for size in [RECORD, RECORD + 1, 100_000] {
        pair.server.write(&message).unwrap();
        move_bytes(&mut pair.server, &mut pair.client);
        let mut buffer = vec![0; size];
        assert_eq!(
            pair.client.read(&mut buffer).unwrap(),
            ReadOutcome::Data(RECORD)
        );
        assert_eq!(buffer[..RECORD], message);
        assert_eq!(pair.client.pending(), 0);
    }
}

#[test]
fn smaller_reads_continue_with_the_rest() {
    let mut pair = Pair::established(same, same);
    let message = pattern(1_000, 2);
    pair.server.write(&message).unwrap();
    pair.server.write(b"next").unwrap();
    move_bytes(&mut pair.server, &mut pair.client);
    assert_eq!(pair.client.pending(), 0, "nothing was decrypted yet");
    let mut got = Vec::new();
    let mut buffer = [0; 300];
    for (count, pending) in [(300, 700), (300, 400), (300, 100), (100, 0)] {
        assert_eq!(
            pair.client.read(&mut buffer).unwrap(),
            ReadOutcome::Data(count)
        );
        assert_eq!(pair.client.pending(), pending);
        got.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(got, message);
    assert_eq!(pair.client.read(&mut buffer).unwrap(), ReadOutcome::Data(4));
}

#[test]
fn a_read_never_joins_records() {
    let mut pair = Pair::established(same, same);
    let messages = [
        pattern(10, 3),
        pattern(RECORD, 4),
        pattern(1, 5),
        pattern(700, 6),
    ];
    for message in &messages {
        pair.client.write(message).unwrap();
    }
    assert_eq!(content_lens(pair.client.output()), [10, RECORD, 1, 700]);
    assert_eq!(deliver(&mut pair.client, &mut pair.server), messages);
}

#[test]
fn a_longer_write_is_full_records_and_one_of_the_rest() {
    let mut pair = Pair::established(same, same);
    for (len, records) in [
        (RECORD + 1, vec![RECORD, 1]),
        (2 * RECORD, vec![RECORD, RECORD]),
        (40_000, vec![RECORD, RECORD, 40_000 - 2 * RECORD]),
    ] {
        let message = pattern(len, 7);
        assert_eq!(pair.client.write(&message).unwrap(), len);
        assert_eq!(content_lens(pair.client.output()), records);
        let read = deliver(&mut pair.client, &mut pair.server);
        let lens: Vec<usize> = read.iter().map(Vec::len).collect();
        assert_eq!(lens, records);
        assert_eq!(read.concat(), message);
    }
}

#[test]
fn write_record_takes_what_one_record_holds() {
    let mut pair = Pair::established(same, |server| server.with_record_size(1_000));
    let message = pattern(2_500, 8);
    assert_eq!(pair.server.write_record(&message).unwrap(), 1_000);
    assert_eq!(pair.server.write_record(&message[1_000..]).unwrap(), 1_000);
    assert_eq!(pair.server.write_record(&message[2_000..]).unwrap(), 500);
    assert_eq!(content_lens(pair.server.output()), [1_000, 1_000, 500]);
    assert_eq!(
        deliver(&mut pair.server, &mut pair.client).concat(),
        message
    );
}

#[test]
fn receive_takes_no_more_than_a_record_before_it_is_read() {
    let mut pair = Pair::established(same, same);
    let message = pattern(200_000, 9);
    pair.client.write(&message).unwrap();
    let full_record = 5 + RECORD + 256;
    assert_eq!(pair.server.receive(pair.client.output()), full_record);
    assert_eq!(pair.server.receive(&pair.client.output()[full_record..]), 0);
    assert_eq!(pair.server.receive_buffer().len(), 0);
    pair.client.sent(full_record);
    assert_eq!(read_records(&mut pair.server).concat(), message[..RECORD]);
    assert!(!pair.server.receive_buffer().is_empty());
    let rest = deliver(&mut pair.client, &mut pair.server);
    assert_eq!(rest.concat(), message[RECORD..]);
}

/// RFC 8446 Section 5.1: "Alert messages [...] MUST NOT be fragmented across records".
#[test]
fn an_alert_is_one_record_however_small_records_are() {
    let small = |server: ConfigBuilder<Server>| server.with_record_size(1);
    let before_tls13 = |server: ConfigBuilder<Server>| {
        let tls12 = ProtocolVersion::TLS1_2;
        server.with_record_size(1).with_versions(tls12..=tls12)
    };
    let mut pairs = vec![Pair::established(same, small)];
    if cfg!(feature = "legacy") {
        pairs.push(Pair::established(same, before_tls13));
    }
    for mut pair in pairs {
        pair.transfer();
        pair.server.close();
        assert_eq!(wire_records(pair.server.output()).len(), 1);
        move_bytes(&mut pair.server, &mut pair.client);
        assert_eq!(pair.client.read(&mut [0; 9]), Ok(ReadOutcome::Closed));
    }
    let mut pair = Pair::established(same, small);
    pair.transfer();
    let garbage = [&[APPLICATION_DATA, 3, 3, 0, 32][..], &[7; 32]].concat();
    pair.server.receive(&garbage);
    pair.server.read(&mut [0; 9]).unwrap_err();
    pair.expect_alert(Side::Server, &PeerMisbehaved::BadRecordMac.into());
}

// ---- sizes by agreement ----

type Change<R> = Box<dyn Fn(ConfigBuilder<R>) -> ConfigBuilder<R>>;

/// What it is, both configurations, and the limits of the client's and the server's content.
type Agreement = (&'static str, Change<Client>, Change<Server>, usize, usize);

/// Every way two sides may agree on record sizes.
fn agreements() -> Vec<Agreement> {
    vec![
        ("none", Box::new(same), Box::new(same), RECORD, RECORD),
        (
            "512",
            Box::new(|client| client.with_max_fragment_length(512)),
            Box::new(same),
            512,
            512,
        ),
        (
            "1024",
            Box::new(|client| client.with_max_fragment_length(1024)),
            Box::new(same),
            1024,
            1024,
        ),
        (
            "2048",
            Box::new(|client| client.with_max_fragment_length(2048)),
            Box::new(same),
            2048,
            2048,
        ),
        (
            "4096",
            Box::new(|client| client.with_max_fragment_length(4096)),
            Box::new(same),
            4096,
            4096,
        ),
        (
            "512, and the server has a record size of its own",
            Box::new(|client| client.with_max_fragment_length(512)),
            Box::new(|server| server.with_record_size(100)),
            512,
            100,
        ),
        (
            "512, and the server's larger record size changes nothing",
            Box::new(|client| client.with_max_fragment_length(512)),
            Box::new(|server| server.with_record_size(2_000)),
            512,
            512,
        ),
        (
            "512, refused by the server",
            Box::new(|client| client.with_max_fragment_length(512)),
            Box::new(|server| server.with_max_fragment_length(false)),
            RECORD,
            RECORD,
        ),
        (
            "512, and the server's record_size_limit is not asked for",
            Box::new(|client| client.with_max_fragment_length(512)),
            Box::new(|server| server.with_record_size_limit(100)),
            512,
            512,
        ),
        // In TLS 1.3 the limit counts the content type (RFC 8449 Section 4).
        (
            "client's limit",
            Box::new(|client| client.with_record_size_limit(500)),
            Box::new(same),
            RECORD,
            499,
        ),
        (
            "both limits",
            Box::new(|client| client.with_record_size_limit(500)),
            Box::new(|server| server.with_record_size_limit(300)),
            299,
            499,
        ),
        (
            "smallest limits",
            Box::new(|client| client.with_record_size_limit(64)),
            Box::new(|server| server.with_record_size_limit(64)),
            63,
            63,
        ),
        (
            "largest limits",
            Box::new(|client| client.with_record_size_limit(16_385)),
            Box::new(|server| server.with_record_size_limit(16_385)),
            RECORD,
            RECORD,
        ),
        (
            "server's limit, for which the client must ask",
            Box::new(same),
            Box::new(|server| server.with_record_size_limit(300)),
            RECORD,
            RECORD,
        ),
        (
            "limits and sizes",
            Box::new(|client| client.with_record_size_limit(500).with_record_size(200)),
            Box::new(|server| server.with_record_size_limit(300).with_record_size(700)),
            200,
            499,
        ),
        (
            "sizes alone",
            Box::new(|client| client.with_record_size(1)),
            Box::new(|server| server.with_record_size(700)),
            1,
            700,
        ),
    ]
}

#[test]
fn agreed_sizes_cut_application_data_in_both_directions() {
    for (name, client, server, by_client, by_server) in agreements() {
        let mut pair = Pair::established(client, server);
        let facts = |connection: &Connection| connection.facts().unwrap().max_fragment_sent;
        assert_eq!(facts(&pair.client), by_client, "{name}");
        assert_eq!(facts(&pair.server), by_server, "{name}");
        let Pair { client, server } = &mut pair;
        for (from_client, limit) in [(true, by_client), (false, by_server)] {
            let (from, to) = if from_client {
                (&mut *client, &mut *server)
            } else {
                (&mut *server, &mut *client)
            };
            let len = 2 * limit + limit / 2 + 1;
            let message = pattern(len, 10);
            assert_eq!(from.write(&message).unwrap(), len, "{name}");
            let rest = len - 2 * limit;
            assert_eq!(
                content_lens(from.output()),
                match rest.cmp(&limit) {
                    core::cmp::Ordering::Greater => vec![limit, limit, limit, rest - limit],
                    _ => vec![limit, limit, rest],
                },
                "{name}"
            );
            assert_eq!(deliver(from, to).concat(), message, "{name}");
        }
    }
}

#[test]
fn the_record_size_of_a_standing_connection_changes_within_the_peers_limit() {
    for (name, change, limit, agreed) in [
        ("no limit", same as fn(_) -> _, RECORD, None),
        (
            "max_fragment_length",
            |client: ConfigBuilder<Client>| client.with_max_fragment_length(2048),
            2048,
            Some(MaxFragmentLength::Len2048),
        ),
    ] {
        let mut pair = Pair::with(change, |server| server.with_record_size(1000));
        assert_eq!(
            pair.server.set_record_size(100),
            Err(UsageError::HandshakeIncomplete.into()),
            "{name}"
        );
        pair.handshake().unwrap();
        let facts = pair.server.facts().unwrap();
        assert_eq!(
            (facts.max_fragment_sent, facts.max_fragment_length),
            (1000, agreed),
            "{name}"
        );
        for (wanted, sent) in [(600, 600), (RECORD, limit), (1, 1), (1500, 1500)] {
            pair.server.set_record_size(wanted).unwrap();
            assert_eq!(
                pair.server.facts().unwrap().max_fragment_sent,
                sent,
                "{name}"
            );
            let message = pattern(sent + 1, 3);
            pair.server.write(&message).unwrap();
            assert_eq!(content_lens(pair.server.output()), [sent, 1], "{name}");
            assert_eq!(
                deliver(&mut pair.server, &mut pair.client).concat(),
                message,
                "{name}"
            );
        }
        for wrong in [0, RECORD + 1] {
            assert!(matches!(
                pair.server.set_record_size(wrong),
                Err(Error::Usage(UsageError::NotAvailable(_)))
            ));
        }
        assert_eq!(
            pair.server.facts().unwrap().max_fragment_sent,
            1500,
            "{name}"
        );
    }
}

#[test]
fn agreed_sizes_cut_handshake_messages() {
    for (name, client, server, by_client, by_server) in agreements() {
        let pki = Pki::new();
        let trust = pki.trust();
        let mut pair = Pair::with_pki(
            &pki,
            |builder| client(builder.with_credential(pki.client.clone())),
            |builder| server(builder.with_client_auth(ClientAuth::required(trust))),
        );
        let (client_bytes, server_bytes) = pair.recorded_handshake();
        for (bytes, limit) in [(client_bytes, by_client), (server_bytes, by_server)] {
            let protected: Vec<usize> = wire_records(&bytes)
                .iter()
                .filter(|record| record.content_type == APPLICATION_DATA)
                .map(|record| record.len - OVERHEAD)
                .collect();
            assert!(
                protected.iter().all(|len| *len <= limit),
                "{name}: {protected:?}"
            );
            // Not smaller than they must be either: all but the last of a flight are full, and
            // Certificate is longer than 500 bytes.
            if limit <= 499 {
                assert!(protected.contains(&limit), "{name}: {protected:?}");
            }
        }
    }
}

#[test]
fn server_hello_obeys_max_fragment_length() {
    // RFC 6066 Section 4: both "MUST immediately begin fragmenting messages (including handshake messages)". A
    // ServerHello with X25519MLKEM768 has more than 1100 bytes.
    let mut pair = Pair::with(|client| client.with_max_fragment_length(512), same);
    let (_, by_server) = pair.recorded_handshake();
    let plain: Vec<usize> = wire_records(&by_server)
        .iter()
        .filter(|record| record.content_type == HANDSHAKE)
        .map(|record| record.len)
        .collect();
    assert_eq!(plain[..2], [512, 512]);
    assert!(plain[2..].iter().all(|len| *len <= 512));
}

#[test]
fn sizes_that_do_not_exist_are_refused_by_the_configuration() {
    let pki = Pki::new();
    let text = |error: Error| match error {
        Error::Usage(UsageError::Config(text)) => text,
        other => panic!("{other}"),
    };
    for bytes in [0, 1, 256, 511, 513, 1_000, 8_192, 16_384] {
        let result = client_builder(&pki).with_max_fragment_length(bytes).build();
        assert_eq!(
            text(result.unwrap_err()),
            format!(
                "max_fragment_length of {bytes} bytes: it is 512, 1024, 2048 or 4096 (RFC 6066 Section 4)"
            )
        );
    }
    for bytes in [0, 63, 16_386, u16::MAX] {
        let result = server_builder(&pki).with_record_size_limit(bytes).build();
        assert_eq!(
            text(result.unwrap_err()),
            format!("record_size_limit of {bytes} bytes: it is 64 to 16385 (RFC 8449 Section 4)")
        );
    }
    for bytes in [0, RECORD + 1] {
        let result = client_builder(&pki).with_record_size(bytes).build();
        assert_eq!(
            text(result.unwrap_err()),
            format!("record size of {bytes} bytes: it is 1 to 16384")
        );
    }
    let both = client_builder(&pki)
        .with_max_fragment_length(512)
        .with_record_size_limit(512)
        .build();
    assert_eq!(
        text(both.unwrap_err()),
        "max_fragment_length and record_size_limit exclude each other: choose one (RFC 8449 Section 5)"
    );
}

// ---- padding ----

/// Pads to the next multiple.
#[derive(Debug)]
struct ToMultipleOf(usize);

impl Padding for ToMultipleOf {
    fn padding_len(&self, content_len: usize) -> usize {
        content_len.next_multiple_of(self.0) - content_len
    }
}

#[test]
fn padding_hides_lengths_and_readers_never_see_it() {
    let policy = |builder: ConfigBuilder<Client>| builder.with_padding(Arc::new(ToMultipleOf(256)));
    let mut pair = Pair::established(policy, same);
    for (len, on_the_wire) in [
        (1, 256),
        (255, 256),
        (256, 256),
        (257, 512),
        (16_000, 16_128),
        (RECORD, RECORD),
    ] {
        let message = pattern(len, 11);
        pair.client.write(&message).unwrap();
        assert_eq!(content_lens(pair.client.output()), [on_the_wire]);
        assert_eq!(deliver(&mut pair.client, &mut pair.server), [message]);
    }
    // Trailing zeros of the content are not taken for padding.
    let zeros = vec![0; 100];
    pair.client.write(&zeros).unwrap();
    assert_eq!(deliver(&mut pair.client, &mut pair.server), [zeros]);
    pair.server.write(b"not padded").unwrap();
    assert_eq!(content_lens(pair.server.output()), [10]);
}

#[test]
fn padding_stops_at_the_records_limit() {
    let greedy =
        |builder: ConfigBuilder<Server>| builder.with_padding(Arc::new(ToMultipleOf(1 << 20)));
    let mut pair = Pair::established(|client| client.with_record_size_limit(300), greedy);
    let message = pattern(400, 12);
    pair.server.write(&message).unwrap();
    assert_eq!(content_lens(pair.server.output()), [299, 299]);
    assert_eq!(
        deliver(&mut pair.server, &mut pair.client).concat(),
        message
    );

    let mut pair = Pair::established(same, greedy);
    pair.server.write(b"x").unwrap();
    assert_eq!(content_lens(pair.server.output()), [RECORD]);
    assert_eq!(deliver(&mut pair.server, &mut pair.client), [b"x"]);
}

// ---- blocking streams over sockets ----

fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    (client, server)
}

#[test]
fn records_of_a_blocking_stream_are_those_of_its_writes() {
    let pki = Pki::new();
    let server_config = server_builder(&pki).build().unwrap();
    let client_config = client_builder(&pki).build().unwrap();
    let (client, server) = tcp_pair();
    let sizes = [1, 300, RECORD, RECORD + 5, 100_000];
    let server = thread::spawn(move || {
        let mut stream = Stream::server(server_config, server);
        let mut buffer = vec![0; 100_000];
        let mut records = Vec::new();
        loop {
            match stream.read(&mut buffer).unwrap() {
                0 => break,
                count => records.push(buffer[..count].to_vec()),
            }
        }
        // The reader's direction is closed, the other one is open.
        stream.write_all(b"thank you").unwrap();
        stream.close().unwrap();
        records
    });
    let tap = Tap::new(client);
    let written = tap.written.clone();
    let mut stream = Stream::client(client_config, server_name(), tap);
    stream.handshake().unwrap();
    let mut expected = Vec::new();
    for (seed, len) in (0..).zip(sizes) {
        let message = pattern(len, seed);
        written.lock().unwrap().clear();
        assert_eq!(stream.write(&message).unwrap(), len);
        let lens: Vec<usize> = message.chunks(RECORD).map(<[u8]>::len).collect();
        assert_eq!(content_lens(&written.lock().unwrap()), lens);
        expected.extend(message.chunks(RECORD).map(<[u8]>::to_vec));
    }
    stream.close().unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert_eq!(reply, "thank you");
    assert_eq!(server.join().unwrap(), expected);
}

#[test]
fn buffered_reading_lends_one_record_at_a_time() {
    let (mut client, mut server) = streams(pipe(), same, same);
    connect(&mut client, &mut server);
    client.write_all(b"one\ntw").unwrap();
    client.write_all(b"o\n").unwrap();
    assert_eq!(server.fill_buf().unwrap(), b"one\ntw");
    server.consume(1);
    assert_eq!(server.pending(), 5);
    assert_eq!(server.fill_buf().unwrap(), b"ne\ntw");
    let mut line = String::new();
    server.read_line(&mut line).unwrap();
    assert_eq!(line, "ne\n");
    line.clear();
    server.read_line(&mut line).unwrap();
    assert_eq!(line, "two\n");
    client.close().unwrap();
    assert_eq!(server.fill_buf().unwrap(), b"");
    assert_eq!(server.read(&mut [0; 5]).unwrap(), 0);
}

#[test]
fn empty_buffers_read_and_write_nothing() {
    let (mut client, mut server) = streams(pipe(), same, same);
    connect(&mut client, &mut server);
    client.transport_mut().written.clear();
    assert_eq!(client.write(b"").unwrap(), 0);
    assert!(client.transport().written.is_empty());
    client.write_all(b"x").unwrap();
    assert_eq!(server.read(&mut []).unwrap(), 0);
    assert_eq!(server.read(&mut [0; 5]).unwrap(), 1);
}

// ---- streams over a transport that would block ----

/// Sends `messages` by one write each, retrying what would block.
struct Sender {
    messages: Vec<Vec<u8>>,
    next: usize,
    /// Bytes of the message under way that earlier writes took.
    taken: usize,
}

impl Sender {
    fn new(messages: Vec<Vec<u8>>) -> Self {
        Self {
            messages,
            next: 0,
            taken: 0,
        }
    }

    fn step(&mut self, stream: &mut Stream<Pipe>) -> bool {
        let Some(message) = self.messages.get(self.next) else {
            return match stream.flush() {
                Ok(()) => true,
                Err(error) if error.kind() == ErrorKind::WouldBlock => false,
                Err(error) => panic!("{error}"),
            };
        };
        match stream.write(&message[self.taken..]) {
            Ok(count) => {
                self.taken += count;
                if self.taken == message.len() {
                    self.next += 1;
                    self.taken = 0;
                }
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        false
    }
}

fn read_step(stream: &mut Stream<Pipe>, records: &mut Vec<Vec<u8>>) {
    let mut buffer = vec![0; 20_000];
    match stream.read(&mut buffer) {
        Ok(0) => panic!("closed"),
        Ok(count) => records.push(buffer[..count].to_vec()),
        Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
    }
}

/// What reads of `messages` give, record by record.
fn as_records(messages: &[Vec<u8>], limit: usize) -> Vec<Vec<u8>> {
    messages
        .iter()
        .flat_map(|message| message.chunks(limit).map(<[u8]>::to_vec))
        .collect()
}

fn messages(seed: usize) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    for index in 0..12 {
        let len = match (index + seed) % 4 {
            0 => 1 + index,
            1 => 900 + 37 * index,
            2 => RECORD,
            _ => 2 * RECORD + 1_000 * index,
        };
        messages.push(pattern(len, (index * 3 + seed) as u8));
    }
    messages
}

#[test]
fn nothing_is_lost_over_a_transport_that_would_block() {
    for (seed, max_step) in [(1, 7), (2, 100), (3, 3_000), (4, 50_000)] {
        let (mut client, mut server) = streams(moody_pipe(seed, 20_000, max_step), same, same);
        connect(&mut client, &mut server);
        client.transport_mut().written.clear();
        server.transport_mut().written.clear();
        let from_client = messages(seed as usize);
        let from_server = messages(seed as usize + 2);
        let (at_server, at_client) = (
            as_records(&from_client, RECORD),
            as_records(&from_server, RECORD),
        );
        let (mut client_sends, mut server_sends) =
            (Sender::new(from_client), Sender::new(from_server));
        let (mut client_got, mut server_got) = (Vec::new(), Vec::new());
        let mut steps = 0;
        while client_got.len() < at_client.len() || server_got.len() < at_server.len() {
            client_sends.step(&mut client);
            server_sends.step(&mut server);
            read_step(&mut client, &mut client_got);
            read_step(&mut server, &mut server_got);
            steps += 1;
            assert!(steps < 2_000_000, "no progress");
        }
        assert!(client_got == at_client && server_got == at_server);
        // Not one record more or less than the writes make, and no byte twice.
        let lens = |records: &[Vec<u8>]| records.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(content_lens(&client.transport().written), lens(&at_server));
        assert_eq!(content_lens(&server.transport().written), lens(&at_client));
    }
}

#[test]
fn partial_writes_lose_nothing_either() {
    for seed in 1..4 {
        let (mut client, mut server) = streams(
            moody_pipe(seed, 10_000, 5_000),
            |client| client.with_partial_write(true),
            |server| server.with_record_size(4_000).with_partial_write(true),
        );
        connect(&mut client, &mut server);
        let from_client = messages(seed as usize);
        let from_server = messages(seed as usize + 1);
        let (to_server, to_client) = (from_client.concat(), from_server.concat());
        let (mut client_sends, mut server_sends) =
            (Sender::new(from_client), Sender::new(from_server));
        let (mut client_got, mut server_got) = (Vec::<Vec<u8>>::new(), Vec::<Vec<u8>>::new());
        let mut steps = 0;
        while client_got.concat().len() < to_client.len()
            || server_got.concat().len() < to_server.len()
        {
            client_sends.step(&mut client);
            server_sends.step(&mut server);
            read_step(&mut client, &mut client_got);
            read_step(&mut server, &mut server_got);
            steps += 1;
            assert!(steps < 2_000_000, "no progress");
        }
        assert!(client_got.concat() == to_client && server_got.concat() == to_server);
        assert!(client_got.iter().all(|record| record.len() <= 4_000));
    }
}

#[test]
fn sockets_that_do_not_block_carry_megabytes_both_ways_on_one_thread() {
    let pki = Pki::new();
    let (client, server) = tcp_pair();
    client.set_nonblocking(true).unwrap();
    server.set_nonblocking(true).unwrap();
    let client_config = client_builder(&pki).build().unwrap();
    let server_config = server_builder(&pki).build().unwrap();
    let mut ends = [
        Stream::client(client_config, server_name(), client),
        Stream::server(server_config, server),
    ];
    // The handshake runs in the first reads and writes.
    let messages = [pattern(4 << 20, 1), pattern(4 << 20, 2)];
    let mut written = [0, 0];
    let mut got = [Vec::new(), Vec::new()];
    let mut buffer = vec![0; RECORD];
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while got[0].len() < messages[1].len() || got[1].len() < messages[0].len() {
        assert!(std::time::Instant::now() < deadline, "no progress");
        for (index, stream) in ends.iter_mut().enumerate() {
            let rest = &messages[index][written[index]..];
            let outcomes = [
                stream.write(&rest[..rest.len().min(300_000)]).map(|count| {
                    written[index] += count;
                }),
                stream.read(&mut buffer).map(|count| {
                    got[index].extend_from_slice(&buffer[..count]);
                }),
            ];
            for error in outcomes.into_iter().filter_map(Result::err) {
                assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
            }
        }
    }
    assert!(got[0] == messages[1] && got[1] == messages[0]);
}

/// A transport that takes a few bytes of application data and no more.
fn clogged(partial: bool) -> (Stream<Pipe>, Stream<Pipe>) {
    let (mut client, mut server) =
        streams(pipe(), |client| client.with_partial_write(partial), same);
    connect(&mut client, &mut server);
    client.transport_mut().capacity = 20_000;
    (client, server)
}

fn read_everything(stream: &mut Stream<Pipe>) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let mut buffer = vec![0; 20_000];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return records,
            Ok(count) => records.push(buffer[..count].to_vec()),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                return records;
            }
        }
    }
}

#[test]
fn a_write_that_would_block_half_way_takes_the_whole_by_default() {
    let (mut client, mut server) = clogged(false);
    let message = pattern(1_000_000, 13);
    assert_eq!(client.write(&message).unwrap(), message.len());
    // Until the rest has left nothing more is taken, and flush tells so.
    assert_eq!(
        client.write(b"more").unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    assert_eq!(client.flush().unwrap_err().kind(), ErrorKind::WouldBlock);
    let mut got = Vec::new();
    for _ in 0..1_000 {
        got.append(&mut read_everything(&mut server));
        if client.flush().is_ok() {
            break;
        }
    }
    got.append(&mut read_everything(&mut server));
    assert!(got.concat() == message);
    assert_eq!(client.write(b"more").unwrap(), 4);
    assert_eq!(read_everything(&mut server), [b"more"]);
}

#[test]
fn a_partial_write_returns_what_was_taken() {
    let (mut client, mut server) = clogged(true);
    let message = pattern(1_000_000, 14);
    let mut written = client.write(&message).unwrap();
    // The transport stopped inside of the second record.
    assert_eq!(written, 2 * RECORD);
    let mut got = Vec::new();
    let mut rounds = 0;
    while written < message.len() {
        match client.write(&message[written..]) {
            Ok(count) => written += count,
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        got.append(&mut read_everything(&mut server));
        rounds += 1;
        assert!(rounds < 1_000, "no progress");
    }
    while client.flush().is_err() {
        got.append(&mut read_everything(&mut server));
    }
    got.append(&mut read_everything(&mut server));
    assert!(got.concat() == message);
    // Retried with the rest, the records are still full ones.
    let lens: Vec<usize> = got.iter().map(Vec::len).collect();
    assert_eq!(
        lens,
        message.chunks(RECORD).map(<[u8]>::len).collect::<Vec<_>>()
    );
}

#[test]
fn a_partial_write_over_a_free_transport_is_a_whole_one() {
    let (mut client, mut server) = streams(pipe(), |client| client.with_partial_write(true), same);
    connect(&mut client, &mut server);
    let message = pattern(300_000, 15);
    assert_eq!(client.write(&message).unwrap(), message.len());
    assert!(read_everything(&mut server).concat() == message);
}

#[test]
fn a_handshake_that_returns_ok_has_left() {
    // The client's last flight is taken a few bytes at a time: handshake() must not call it done before.
    let (mut client, mut server) = streams(moody_pipe(9, 1_000, 11), same, same);
    let mut client_done = false;
    for _ in 0..1_000_000 {
        if !client_done {
            match client.handshake() {
                Ok(()) => client_done = true,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        match server.handshake() {
            Ok(()) => return,
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        if client_done {
            assert!(client.connection().output().is_empty());
        }
    }
    panic!("the client's Finished never left");
}

#[test]
fn flush_reaches_the_transport() {
    let (mut client, mut server) = streams(pipe(), same, same);
    connect(&mut client, &mut server);
    client.write_all(b"hello").unwrap();
    let before = client.transport().flushes;
    client.flush().unwrap();
    assert_eq!(client.transport().flushes, before + 1);
    // A write hands its records to the transport without a flush.
    assert_eq!(read_everything(&mut server), [b"hello"]);
}

// ---- violations ----

#[test]
fn longer_ciphertext_than_any_record_is_refused_at_its_header() {
    let mut pair = Pair::established(same, same);
    let len: u16 = 16_384 + 256 + 1;
    let [high, low] = len.to_be_bytes();
    pair.server.receive(&[APPLICATION_DATA, 3, 3, high, low]);
    let error = pair.server.read(&mut [0; 10]).unwrap_err();
    let expected = Error::PeerMisbehaved(PeerMisbehaved::RecordOverflow {
        len: len.into(),
        limit: 16_384 + 256,
    });
    assert_eq!(error, expected);
    pair.expect_alert(Side::Server, &expected);
}
