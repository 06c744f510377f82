//! What the protocol makes a stream answer leaves with the read that met it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::io::{Read, Write};

use support::transport::{Pipe, pipe};
use support::{Pair, Pki};

use warifu::{ClientAuth, Stream};

fn streams(mut pair: Pair) -> (Stream<Pipe>, Stream<Pipe>) {
    pair.handshake().unwrap();
    let (one, other) = pipe();
    (
        Stream::new(pair.client, one),
        Stream::new(pair.server, other),
    )
}

/// The request and data come in one piece. The server waits for the answer; the client may be long about its data.
#[test]
fn read_of_data_behind_certificate_request_sends_the_answer() {
    let pki = Pki::new();
    let trust = pki.trust();
    let credential = pki.client.clone();
    let (mut client, mut server) = streams(Pair::with_pki(
        &pki,
        |client| {
            client
                .with_post_handshake_auth(true)
                .with_credential(credential)
        },
        |server| server.with_client_auth(ClientAuth::post_handshake(trust)),
    ));
    server
        .connection_mut()
        .request_client_certificate()
        .unwrap();
    server.write_all(b"data").unwrap();
    client.read_exact(&mut [0; 4]).unwrap();
    assert!(client.connection().output().is_empty());
    server.read(&mut [0; 4]).expect_err("there is no data");
    let facts = server.facts().unwrap();
    assert!(facts.peer_certificates.is_some());
}

#[test]
fn read_of_data_behind_key_update_sends_the_answer_if_it_is_sealed() {
    let (mut client, mut server) = streams(Pair::new());
    server.connection_mut().update_keys(true).unwrap();
    server.write_all(b"data").unwrap();
    client.read_exact(&mut [0; 4]).unwrap();
    assert!(client.connection().output().is_empty());
}

/// The peer sent its data and is gone: the data counts more than that the answer cannot be sent.
#[test]
fn answer_that_cannot_be_sent_does_not_cost_the_data() {
    let (mut client, mut server) = streams(Pair::new());
    server.connection_mut().update_keys(true).unwrap();
    server.write_all(b"data").unwrap();
    client.transport_mut().capacity = 0;
    let mut data = [0; 4];
    client.read_exact(&mut data).unwrap();
    assert_eq!(&data, b"data");
}
