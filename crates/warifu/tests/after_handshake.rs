//! An established connection: new keys, authentication after the handshake, exporters, the key log, and its end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::sync::{Arc, Mutex};

use support::transport::pipe;
use support::{
    ALERT, APPLICATION_DATA, Pair, Pki, Side, connect, content_lens, credential, deliver,
    move_bytes, pattern, streams, wire_records,
};
use warifu::config::{ConfigBuilder, KeyLog, KeyLogFile};
use warifu::credential::Credentials;
use warifu::decision::{Answer, ChooseCredential, CredentialRequest};
use warifu::parameters::{AlertDescription, CipherSuite, SignatureScheme};
use warifu::{
    CertificateError, ClientAuth, Connection, Credential, Error, Peeked, PeerMisbehaved,
    ReadOutcome, UsageError, Waiting,
};

fn same<R>(builder: ConfigBuilder<R>) -> ConfigBuilder<R> {
    builder
}

/// Both ends, the one that acts first.
fn ends(pair: &mut Pair, side: Side) -> (&mut Connection, &mut Connection) {
    match side {
        Side::Client => (&mut pair.client, &mut pair.server),
        Side::Server => (&mut pair.server, &mut pair.client),
    }
}

#[track_caller]
fn expect_data_both_ways(pair: &mut Pair) {
    for side in [Side::Client, Side::Server] {
        let (from, to) = ends(pair, side);
        let message = pattern(3_000, 9);
        from.write(&message).unwrap();
        assert_eq!(deliver(from, to), [message]);
    }
}

// ---- KeyUpdate ----

#[test]
fn key_update_changes_one_direction_or_both() {
    for side in [Side::Client, Side::Server] {
        for requested in [false, true] {
            let mut pair = Pair::established(same, same);
            for _ in 0..5 {
                let (from, to) = ends(&mut pair, side);
                from.update_keys(requested).unwrap();
                // Type, length and request_update.
                assert_eq!(content_lens(from.output()), [5]);
                assert!(deliver(from, to).is_empty());
                let answer = content_lens(to.output());
                assert_eq!(answer, if requested { vec![5] } else { vec![] });
                assert!(deliver(to, from).is_empty());
                assert!(from.output().is_empty(), "an answer is not answered");
                expect_data_both_ways(&mut pair);
            }
        }
    }
}

#[test]
fn key_updates_with_data_in_flight_lose_nothing() {
    let mut pair = Pair::established(same, same);
    let mut expected = Vec::new();
    for round in 0..20 {
        let message = pattern(700 * round + 1, 1);
        pair.client.write(&message).unwrap();
        expected.push(message);
        pair.client.update_keys(round % 3 == 0).unwrap();
        pair.server.write(b"from the server").unwrap();
        pair.server.update_keys(round % 2 == 0).unwrap();
    }
    // Nothing was moved so far; the server's answers go behind what it has sent already.
    assert_eq!(deliver(&mut pair.client, &mut pair.server), expected);
    let from_server = deliver(&mut pair.server, &mut pair.client);
    assert_eq!(from_server, vec![b"from the server".to_vec(); 20]);
    expect_data_both_ways(&mut pair);
    expect_data_both_ways(&mut pair);
}

#[test]
fn any_number_of_requests_is_answered_by_one_key_update() {
    let mut pair = Pair::established(same, same);
    for _ in 0..10 {
        pair.client.update_keys(true).unwrap();
    }
    assert!(deliver(&mut pair.client, &mut pair.server).is_empty());
    assert_eq!(content_lens(pair.server.output()), [5]);
    expect_data_both_ways(&mut pair);
}

#[test]
fn a_request_is_answered_before_the_next_data() {
    let mut pair = Pair::established(same, same);
    // The output is not empty, so that the answer has to wait.
    pair.server.write(b"on its way").unwrap();
    pair.client.update_keys(true).unwrap();
    assert!(deliver(&mut pair.client, &mut pair.server).is_empty());
    assert_eq!(content_lens(pair.server.output()), [10]);
    pair.server.write(b"next").unwrap();
    assert_eq!(content_lens(pair.server.output()), [10, 5, 4]);
    assert_eq!(
        deliver(&mut pair.server, &mut pair.client),
        [&b"on its way"[..], b"next"]
    );
}

#[test]
fn key_update_needs_an_open_established_connection() {
    let mut pair = Pair::new();
    let early = pair.client.update_keys(true).unwrap_err();
    assert_eq!(early, Error::Usage(UsageError::HandshakeIncomplete));
    pair.handshake().unwrap();
    pair.client.close();
    let late = pair.client.update_keys(true).unwrap_err();
    assert_eq!(late, Error::Usage(UsageError::WriteAfterClose));
}

#[test]
fn a_peer_that_has_closed_is_not_sent_a_key_update() {
    let mut pair = Pair::established(same, same);
    pair.server.close();
    assert!(deliver(&mut pair.server, &mut pair.client).is_empty());
    pair.client.update_keys(true).unwrap();
    pair.client.write(b"x").unwrap();
    assert_eq!(deliver(&mut pair.client, &mut pair.server), [b"x"]);
    assert!(pair.server.output().is_empty());
}

// ---- post-handshake authentication ----

/// A pair that can authenticate the client after the handshake; the client has a credential if `with_credential`.
fn authenticating(pki: &Pki, with_credential: bool) -> Pair {
    let trust = pki.trust();
    let mut pair = Pair::with_pki(
        pki,
        |client| {
            let client = client.with_post_handshake_auth(true);
            match with_credential {
                true => client.with_credential(pki.client.clone()),
                false => client,
            }
        },
        |server| server.with_client_auth(ClientAuth::post_handshake(trust)),
    );
    pair.handshake().unwrap();
    pair
}

#[test]
fn client_proves_itself_after_the_handshake_several_times_with_data_between() {
    let pki = Pki::new();
    let mut pair = authenticating(&pki, true);
    assert!(pair.server.facts().unwrap().peer_certificates.is_none());
    assert!(pair.client.facts().unwrap().local_credential.is_none());
    for _ in 0..3 {
        pair.server.write(b"before").unwrap();
        pair.server.request_client_certificate().unwrap();
        pair.server.write(b"behind").unwrap();
        assert_eq!(pair.server.waiting(), Some(Waiting::Bytes("Certificate")));
        // Data that the client sent before it knew of the request.
        pair.client.write(b"unaware").unwrap();
        assert_eq!(
            deliver(&mut pair.server, &mut pair.client),
            [b"before", b"behind"]
        );
        pair.client.write(b"aware").unwrap();
        assert_eq!(
            deliver(&mut pair.client, &mut pair.server),
            [&b"unaware"[..], b"aware"]
        );
        assert_eq!(pair.server.waiting(), None);
        let server = pair.server.facts().unwrap();
        let chain = server.peer_certificates.as_ref().unwrap();
        assert_eq!(chain[0], pki.client.certificates()[0]);
        let scheme = Some(SignatureScheme::ECDSA_SECP256R1_SHA256);
        assert_eq!(server.peer_signature_scheme, scheme);
        let client = pair.client.facts().unwrap();
        assert_eq!(client.local_signature_scheme, scheme);
        assert_eq!(
            client.local_credential.as_ref().unwrap().certificates(),
            pki.client.certificates()
        );
        expect_data_both_ways(&mut pair);
    }
}

#[test]
fn client_proves_itself_under_new_keys_too() {
    // Finished is keyed by the application traffic secret then in force.
    let pki = Pki::new();
    let mut pair = authenticating(&pki, true);
    for _ in 0..2 {
        pair.client.update_keys(true).unwrap();
        assert!(deliver(&mut pair.client, &mut pair.server).is_empty());
        pair.server.request_client_certificate().unwrap();
        assert!(deliver(&mut pair.server, &mut pair.client).is_empty());
        assert!(deliver(&mut pair.client, &mut pair.server).is_empty());
        assert!(pair.server.facts().unwrap().peer_certificates.is_some());
        expect_data_both_ways(&mut pair);
    }
}

#[test]
fn client_without_certificate_answers_and_the_connection_goes_on() {
    let pki = Pki::new();
    let mut pair = authenticating(&pki, false);
    pair.server.request_client_certificate().unwrap();
    assert!(deliver(&mut pair.server, &mut pair.client).is_empty());
    assert!(deliver(&mut pair.client, &mut pair.server).is_empty());
    assert_eq!(pair.server.waiting(), None);
    assert!(pair.server.facts().unwrap().peer_certificates.is_none());
    expect_data_both_ways(&mut pair);
}

#[test]
fn client_without_certificate_is_refused_where_it_must_have_one() {
    let pki = Pki::new();
    let mut pair = authenticating(&pki, false);
    // Asked without need it goes on, and is asked again.
    pair.server.request_client_certificate().unwrap();
    assert!(deliver(&mut pair.server, &mut pair.client).is_empty());
    assert!(deliver(&mut pair.client, &mut pair.server).is_empty());
    pair.server.require_client_certificate().unwrap();
    assert!(deliver(&mut pair.server, &mut pair.client).is_empty());
    move_bytes(&mut pair.client, &mut pair.server);
    let expected = Error::Certificate(CertificateError::Required);
    assert_eq!(pair.server.read(&mut [0; 9]), Err(expected.clone()));
    pair.expect_alert(Side::Server, &expected);

    let mut pair = authenticating(&pki, true);
    pair.server.require_client_certificate().unwrap();
    assert!(deliver(&mut pair.server, &mut pair.client).is_empty());
    assert!(deliver(&mut pair.client, &mut pair.server).is_empty());
    assert!(pair.server.facts().unwrap().peer_certificates.is_some());
    expect_data_both_ways(&mut pair);
}

#[test]
fn a_server_that_also_asks_older_clients_asks_in_tls_1_3_after_the_handshake() {
    let pki = Pki::new();
    for auth in [
        ClientAuth::post_handshake_or_optional(pki.trust()),
        ClientAuth::post_handshake_or_required(pki.trust()),
    ] {
        let mut pair = Pair::with_pki(
            &pki,
            |client| {
                client
                    .with_post_handshake_auth(true)
                    .with_credential(pki.client.clone())
            },
            |server| server.with_client_auth(auth),
        );
        pair.handshake().unwrap();
        assert!(pair.server.facts().unwrap().peer_certificates.is_none());
        pair.server.request_client_certificate().unwrap();
        assert!(deliver(&mut pair.server, &mut pair.client).is_empty());
        assert!(deliver(&mut pair.client, &mut pair.server).is_empty());
        assert!(pair.server.facts().unwrap().peer_certificates.is_some());
        expect_data_both_ways(&mut pair);
    }
}

#[test]
fn client_of_an_unknown_ca_is_refused_after_the_handshake_as_in_it() {
    let mut pki = Pki::new();
    let trust = pki.trust();
    pki.client = credential(&support::pki::Ca::root("stranger"), &["client.example"]);
    let mut pair = Pair::with_pki(
        &pki,
        |client| {
            client
                .with_post_handshake_auth(true)
                .with_credential(pki.client.clone())
        },
        |server| server.with_client_auth(ClientAuth::post_handshake(trust)),
    );
    pair.handshake().unwrap();
    pair.server.request_client_certificate().unwrap();
    assert!(deliver(&mut pair.server, &mut pair.client).is_empty());
    move_bytes(&mut pair.client, &mut pair.server);
    let expected = Error::Certificate(CertificateError::UnknownIssuer {
        issuer: "CN=stranger".to_owned(),
        sent: 1,
    });
    assert_eq!(pair.server.read(&mut [0; 9]), Err(expected.clone()));
    pair.expect_alert(Side::Server, &expected);
}

#[test]
fn a_server_that_asks_and_does_not_read_cannot_fill_the_clients_output() {
    let pki = Pki::new();
    let mut pair = authenticating(&pki, true);
    // What the client answered stays in its output; the server sees a copy, so that it can ask again.
    let mut seen = 0;
    let mut asked = 0;
    let error = loop {
        pair.server.request_client_certificate().unwrap();
        pair.server.write(b"data between them").unwrap();
        asked += 1;
        assert!(asked < 10, "no bound");
        move_bytes(&mut pair.server, &mut pair.client);
        match pair.client.read(&mut [0; 99]) {
            Ok(read) => assert_eq!(read, ReadOutcome::Data(17)),
            Err(error) => break error,
        }
        let unread = pair.client.output();
        assert_eq!(
            pair.server.receive(&unread[seen..]),
            unread[seen..].len(),
            "room for one answer"
        );
        seen = unread.len();
        assert_eq!(pair.server.read(&mut [0; 9]), Ok(ReadOutcome::NeedBytes));
    };
    assert_eq!(asked, 5);
    let expected = Error::PeerMisbehaved(PeerMisbehaved::TooManyCertificateRequests { limit: 4 });
    assert_eq!(error, expected);
    assert_eq!(expected.alert(), Some(AlertDescription::UNEXPECTED_MESSAGE));
}

/// Has no answer but an error that is not fatal where a method returns it.
#[derive(Debug)]
struct Confused;

impl ChooseCredential for Confused {
    fn choose<'a>(
        &'a self,
        _: CredentialRequest<'a>,
    ) -> Answer<'a, Result<Option<Arc<Credential>>, Error>> {
        Answer::Ready(Err(UsageError::NotAvailable("no key today").into()))
    }
}

#[test]
fn whatever_error_a_decision_after_the_handshake_returns_ends_the_connection() {
    let pki = Pki::new();
    let trust = pki.trust();
    let mut pair = Pair::with_pki(
        &pki,
        |client| {
            client
                .with_post_handshake_auth(true)
                .with_credential(Confused)
        },
        |server| server.with_client_auth(ClientAuth::post_handshake(trust)),
    );
    pair.handshake().unwrap();
    pair.server.request_client_certificate().unwrap();
    move_bytes(&mut pair.server, &mut pair.client);
    let expected = Error::Usage(UsageError::NotAvailable("no key today"));
    assert_eq!(pair.client.read(&mut [0; 9]), Err(expected.clone()));
    assert_eq!(pair.client.failure(), Some(&expected));
    pair.expect_alert(Side::Client, &expected);
}

#[test]
fn requests_that_cannot_be_made_are_usage_errors_and_harmless() {
    let not_available = |error: Error| match error {
        Error::Usage(UsageError::NotAvailable(text)) => text,
        other => panic!("{other}"),
    };
    let needs = "post-handshake authentication needs ClientAuth::PostHandshake here and the client's offer, and no external pre-shared key (RFC 8446 Section 4.3.2)";
    let pki = Pki::new();

    let mut pair = Pair::with_pki(&pki, same, |server| {
        server.with_client_auth(ClientAuth::post_handshake(pki.trust()))
    });
    let early = pair.server.request_client_certificate().unwrap_err();
    assert_eq!(early, Error::Usage(UsageError::HandshakeIncomplete));
    pair.handshake().unwrap();
    // The client did not offer it.
    let error = pair.server.request_client_certificate().unwrap_err();
    assert_eq!(not_available(error), needs);
    expect_data_both_ways(&mut pair);

    // The server is not configured for it.
    let mut pair = Pair::established(|client| client.with_post_handshake_auth(true), same);
    let error = pair.server.request_client_certificate().unwrap_err();
    assert_eq!(not_available(error), needs);

    let mut pair = authenticating(&pki, true);
    let error = pair.client.request_client_certificate().unwrap_err();
    assert_eq!(
        not_available(error),
        "only a server asks for the peer's certificate"
    );
    pair.server.request_client_certificate().unwrap();
    let error = pair.server.request_client_certificate().unwrap_err();
    assert_eq!(
        not_available(error),
        "the client has been asked already and has not answered yet"
    );
    assert!(deliver(&mut pair.server, &mut pair.client).is_empty());
    assert!(deliver(&mut pair.client, &mut pair.server).is_empty());
    expect_data_both_ways(&mut pair);
    pair.server.close();
    let error = pair.server.request_client_certificate().unwrap_err();
    assert_eq!(error, Error::Usage(UsageError::WriteAfterClose));
}

#[test]
fn post_handshake_authentication_runs_through_streams() {
    let pki = Pki::new();
    let trust = pki.trust();
    let credentials = Credentials::new(vec![pki.client.clone()]);
    let server_pki = pki.server.clone();
    let pair = Pair::with_pki(
        &Pki {
            ca: pki.ca,
            server: server_pki,
            client: pki.client.clone(),
        },
        |client| {
            client
                .with_post_handshake_auth(true)
                .with_credential(credentials)
        },
        |server| server.with_client_auth(ClientAuth::post_handshake(trust)),
    );
    let (one, other) = pipe();
    let mut client = warifu::Stream::new(pair.client, one);
    let mut server = warifu::Stream::new(pair.server, other);
    connect(&mut client, &mut server);
    server
        .connection_mut()
        .request_client_certificate()
        .unwrap();
    server.write_all(b"who are you?").unwrap();
    assert_eq!(client.read(&mut [0; 20]).unwrap(), 12);
    client.write_all(b"me").unwrap();
    assert_eq!(server.read(&mut [0; 20]).unwrap(), 2);
    assert!(server.facts().unwrap().peer_certificates.is_some());
}

// ---- exporters ----

#[test]
fn exporters_agree_and_differ_by_label_context_length_and_connection() {
    let export = |connection: &Connection, label: &[u8], context: Option<&[u8]>, len| {
        let mut output = vec![0; len];
        connection.export(label, context, &mut output).unwrap();
        output
    };
    let mut seen = Vec::new();
    for suite in [
        CipherSuite::TLS_AES_128_GCM_SHA256,
        CipherSuite::TLS_AES_256_GCM_SHA384,
    ] {
        let mut pair = Pair::established(|client| client.with_cipher_suites(&[suite]), same);
        for (label, context, len) in [
            (&b"one"[..], None, 32),
            (b"two", None, 32),
            (b"one", Some(&b"context"[..]), 32),
            (b"one", Some(b"other context"), 32),
            (b"one", None, 33),
            (b"", None, 32),
            (&[b'x'; 249], None, 8160),
        ] {
            let ours = export(&pair.client, label, context, len);
            assert_eq!(ours, export(&pair.server, label, context, len));
            assert!(!seen.contains(&ours));
            seen.push(ours);
        }
        // RFC 8446 Section 7.5: "a zero-length context (providing no context) computes the same value".
        assert_eq!(
            export(&pair.client, b"one", Some(b""), 32),
            export(&pair.client, b"one", None, 32)
        );
        // New keys leave exporters as they are.
        let before = export(&pair.client, b"one", None, 32);
        pair.client.update_keys(true).unwrap();
        assert!(deliver(&mut pair.client, &mut pair.server).is_empty());
        assert_eq!(export(&pair.server, b"one", None, 32), before);
    }
}

#[test]
fn exporters_have_limits() {
    let mut pair = Pair::new();
    let early = pair.client.export(b"x", None, &mut [0; 1]).unwrap_err();
    assert_eq!(early, Error::Usage(UsageError::HandshakeIncomplete));
    pair.handshake().unwrap();
    let expected = Error::Usage(UsageError::NotAvailable(
        "an exporter gives at most 8160 bytes, for a label of at most 249",
    ));
    let too_much = pair.client.export(b"x", None, &mut [0; 8161]).unwrap_err();
    assert_eq!(too_much, expected);
    let too_long = pair
        .client
        .export(&[0; 250], None, &mut [0; 1])
        .unwrap_err();
    assert_eq!(too_long, expected);
    expect_data_both_ways(&mut pair);
}

// ---- key log ----

/// Label, client random and secret.
type Line = (String, [u8; 32], Vec<u8>);

#[derive(Debug, Default)]
struct Lines(Mutex<Vec<Line>>);

impl KeyLog for Lines {
    fn log(&self, label: &str, client_random: &[u8; 32], secret: &[u8]) {
        let line = (label.to_owned(), *client_random, secret.to_vec());
        self.0.lock().unwrap().push(line);
    }
}

#[test]
fn both_sides_log_the_same_secrets_under_the_names_of_rfc_9850() {
    for (suite, secret_len) in [
        (CipherSuite::TLS_AES_128_GCM_SHA256, 32),
        (CipherSuite::TLS_AES_256_GCM_SHA384, 48),
    ] {
        for retry in [false, true] {
            let (client_log, server_log) = (Arc::new(Lines::default()), Arc::new(Lines::default()));
            let mut pair = Pair::with(
                |client| {
                    client
                        .with_cipher_suites(&[suite])
                        .with_key_log(client_log.clone())
                },
                |server| {
                    let server = server.with_key_log(server_log.clone());
                    match retry {
                        true => server.with_groups(&[warifu::parameters::NamedGroup::SECP384R1]),
                        false => server,
                    }
                },
            );
            let (by_client, _) = pair.recorded_handshake();
            let client_random: [u8; 32] = by_client[11..43].try_into().unwrap();
            let mut lines = client_log.0.lock().unwrap().clone();
            let mut server_lines = server_log.0.lock().unwrap().clone();
            lines.sort();
            server_lines.sort();
            assert_eq!(lines, server_lines);
            let labels: Vec<&str> = lines.iter().map(|line| line.0.as_str()).collect();
            assert_eq!(
                labels,
                [
                    "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                    "CLIENT_TRAFFIC_SECRET_0",
                    "EXPORTER_SECRET",
                    "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                    "SERVER_TRAFFIC_SECRET_0",
                ]
            );
            for (label, random, secret) in &lines {
                assert_eq!(*random, client_random, "{label}");
                assert_eq!(secret.len(), secret_len, "{label}");
            }
        }
    }
}

#[test]
fn key_log_file_has_one_line_a_secret_and_one_owner() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.log");
    for round in 1..3 {
        // Opened anew, it is continued.
        let log = Arc::new(KeyLogFile::open(&path).unwrap());
        let _pair = Pair::established(|client| client.with_key_log(log), same);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.ends_with('\n'));
        assert_eq!(text.lines().count(), 5 * round);
        for line in text.lines() {
            let fields: Vec<&str> = line.split(' ').collect();
            assert_eq!(fields.len(), 3);
            assert!(
                fields[0]
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
            );
            for (field, len) in [(fields[1], 64), (fields[2], 64)] {
                assert_eq!(field.len(), len);
                assert!(
                    field
                        .bytes()
                        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
                );
            }
        }
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

// ---- the end ----

#[test]
fn close_notify_ends_one_direction_and_leaves_the_other() {
    for side in [Side::Client, Side::Server] {
        let mut pair = Pair::established(same, same);
        let (from, to) = ends(&mut pair, side);
        from.write(b"last words").unwrap();
        from.close();
        from.close();
        assert!(from.is_closed() && !from.is_closed_by_peer());
        // The data, and one alert.
        assert_eq!(content_lens(from.output()), [10, 2]);
        assert_eq!(
            from.write(b"x"),
            Err(Error::Usage(UsageError::WriteAfterClose))
        );
        assert_eq!(deliver(from, to), [b"last words"]);
        assert_eq!(to.read(&mut [0; 9]), Ok(ReadOutcome::Closed));
        assert_eq!(to.peek(), Ok(Peeked::Closed));
        assert!(to.is_closed_by_peer() && !to.is_closed());
        // A transport that ends now is no truncation.
        to.received_eof();
        assert_eq!(to.read(&mut [0; 9]), Ok(ReadOutcome::Closed));
        // Any amount of data still goes the other way, with new keys as well.
        let message = pattern(100_000, 3);
        to.write(&message).unwrap();
        to.update_keys(false).unwrap();
        to.write(b"end").unwrap();
        let got = deliver(to, from).concat();
        assert!(got == [&message[..], b"end"].concat());
        to.close();
        assert!(deliver(to, from).is_empty());
        assert_eq!(from.read(&mut [0; 9]), Ok(ReadOutcome::Closed));
        from.received_eof();
        assert_eq!(from.read(&mut [0; 9]), Ok(ReadOutcome::Closed));
    }
}

#[test]
fn what_comes_after_close_notify_is_ignored_however_much_it_is() {
    let mut pair = Pair::established(same, same);
    pair.client.close();
    move_bytes(&mut pair.client, &mut pair.server);
    pair.server.receive(b"some garbage in the same segment");
    assert_eq!(pair.server.read(&mut [0; 9]), Ok(ReadOutcome::Closed));
    let garbage = vec![0x55; 10_000];
    for _ in 0..20 {
        assert_eq!(pair.server.receive(&garbage), garbage.len());
        assert_eq!(pair.server.read(&mut [0; 9]), Ok(ReadOutcome::Closed));
    }
    assert!(!pair.server.receive_buffer().is_empty());
}

#[test]
fn end_of_the_transport_without_close_notify_is_truncation() {
    for side in [Side::Client, Side::Server] {
        let mut pair = Pair::established(same, same);
        let (from, to) = ends(&mut pair, side);
        from.write(b"first").unwrap();
        from.write(b"second").unwrap();
        // The second record is cut.
        let output = from.output();
        to.receive(&output[..output.len() - 1]);
        to.received_eof();
        // What came whole is delivered first.
        assert_eq!(to.read(&mut [0; 9]), Ok(ReadOutcome::Data(5)));
        for _ in 0..2 {
            assert_eq!(to.read(&mut [0; 9]), Err(Error::Truncated));
        }
        assert_eq!(to.failure(), Some(&Error::Truncated));
        assert_eq!(to.write(b"x"), Err(Error::Truncated));
        assert!(to.output().is_empty(), "there is nobody to tell");
    }
}

#[test]
fn streams_tell_truncation_from_the_end() {
    for farewell in [true, false] {
        let (mut client, mut server) = streams(pipe(), same, same);
        connect(&mut client, &mut server);
        client.write_all(b"data").unwrap();
        if farewell {
            client.close().unwrap();
        }
        client.transport_mut().end();
        let mut text = String::new();
        let result = server.read_to_string(&mut text);
        assert_eq!(text, "data");
        match farewell {
            true => assert_eq!(result.unwrap(), 4),
            false => {
                let error = result.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
                let inner = error.get_ref().unwrap().downcast_ref::<Error>();
                assert_eq!(inner, Some(&Error::Truncated));
            }
        }
    }
}

#[test]
fn closing_before_anything_was_sent_sends_nothing() {
    for side in [Side::Client, Side::Server] {
        let mut pair = Pair::new();
        let (connection, _) = ends(&mut pair, side);
        connection.close();
        let expected = Error::Usage(UsageError::ClosedInHandshake);
        assert!(connection.is_closed() && !connection.is_handshaking());
        assert_eq!(connection.process(), Err(expected.clone()));
        assert_eq!(connection.read(&mut [0; 9]), Err(expected.clone()));
        assert_eq!(connection.write(b"x"), Err(expected.clone()));
        assert_eq!(connection.failure(), Some(&expected));
        assert!(connection.output().is_empty());
    }
}

#[test]
fn closing_in_the_handshake_tells_user_canceled_and_close_notify() {
    // The client has sent its hello.
    let mut pair = Pair::new();
    pair.client.process().unwrap();
    move_bytes(&mut pair.client, &mut pair.server);
    pair.client.close();
    let alert = |description: AlertDescription| [ALERT, 3, 3, 0, 2, 1, description.0];
    assert_eq!(
        pair.client.output(),
        [
            alert(AlertDescription::USER_CANCELED),
            alert(AlertDescription::CLOSE_NOTIFY)
        ]
        .concat()
    );
    move_bytes(&mut pair.client, &mut pair.server);
    pair.server.process().unwrap_err();
    assert_eq!(
        pair.server.failure(),
        Some(&Error::ClosedDuringHandshake {
            expected: "Finished"
        })
    );
    // Nothing of the handshake goes on.
    move_bytes(&mut pair.server, &mut pair.client);
    let expected = Error::Usage(UsageError::ClosedInHandshake);
    assert_eq!(pair.client.process(), Err(expected));
    assert!(pair.client.output().is_empty());

    // The server has sent its flight, and does so under application keys, which the client has once it is done.
    let mut pair = Pair::new();
    pair.client.process().unwrap();
    move_bytes(&mut pair.client, &mut pair.server);
    pair.server.process().unwrap();
    pair.server.close();
    let last = wire_records(pair.server.output())[..]
        .last()
        .copied()
        .unwrap();
    assert_eq!((last.content_type, last.len), (APPLICATION_DATA, 2 + 17));
    while !pair.server.output().is_empty() {
        move_bytes(&mut pair.server, &mut pair.client);
        pair.client.process().unwrap();
    }
    assert_eq!(pair.client.read(&mut [0; 9]), Ok(ReadOutcome::Closed));
}

#[test]
fn nothing_is_read_or_written_before_the_handshake() {
    let mut pair = Pair::new();
    let expected = Error::Usage(UsageError::HandshakeIncomplete);
    for _ in 0..2 {
        for connection in [&mut pair.client, &mut pair.server] {
            assert_eq!(connection.read(&mut [0; 9]), Err(expected.clone()));
            assert_eq!(connection.peek(), Err(expected.clone()));
            assert_eq!(connection.write(b"x"), Err(expected.clone()));
            assert!(connection.facts().is_none());
            assert_eq!(connection.pending(), 0);
        }
        pair.client.process().unwrap();
    }
    // It was harmless.
    pair.handshake().unwrap();
    expect_data_both_ways(&mut pair);
}

#[test]
fn a_failed_connection_gives_the_same_error_from_every_call() {
    let mut pair = Pair::established(same, same);
    pair.server.receive(&[APPLICATION_DATA, 3, 3, 0, 20]);
    pair.server.receive(&[0; 20]);
    let expected = Error::PeerMisbehaved(PeerMisbehaved::BadRecordMac);
    assert_eq!(pair.server.read(&mut [0; 9]), Err(expected.clone()));
    assert_eq!(content_lens(pair.server.output()), [2]);
    assert_eq!(pair.server.read(&mut [0; 9]), Err(expected.clone()));
    assert_eq!(pair.server.peek(), Err(expected.clone()));
    assert_eq!(pair.server.write(b"x"), Err(expected.clone()));
    assert_eq!(pair.server.update_keys(false), Err(expected.clone()));
    assert_eq!(pair.server.process(), Err(expected.clone()));
    assert_eq!(
        pair.server.export(b"x", None, &mut [0; 1]),
        Err(expected.clone())
    );
    assert_eq!(
        pair.server.request_client_certificate(),
        Err(expected.clone())
    );
    pair.server.close();
    assert_eq!(content_lens(pair.server.output()), [2], "one alert");
    assert!(pair.server.facts().is_none());
    pair.expect_alert(Side::Server, &expected);
}
