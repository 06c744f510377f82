//! The server's side of the traces of RFC 8448.

use warifu_crypto::{Hash, Prk, Secret};

use super::*;
use crate::config::ClientAuth;
use crate::config::{self, Clock, ConfigBuilder};
use crate::credential::Credential;
use crate::early_data::{MemoryReplayStore, ReplayableEarlyData};
use crate::handshake::replay::{
    Believe, RecordedRandom, Replay, Secrets, recorded_credential, recv_unverified_identity,
    send_recorded,
};
use crate::handshake::tls13_client;
use crate::message::NewSessionTicket;
use crate::parameters::{CipherSuite, ContentType};
use crate::record::reader::RecordReader;
use crate::record::wire::MESSAGE_HEADER_LEN;
use crate::resumption::state::SessionState;
use crate::resumption::{RotatingTicketKeys, Tickets};
use crate::test_vectors::{Vectors, trace};
use crate::testing::resumption::MovableClock;

/// A server that decides as the recorded one did; `exact` if all it sends will be the record's.
fn server(trace: &Vectors, exact: bool) -> (Arc<ServerConfig>, Arc<Secrets>) {
    let credential = recorded_credential(trace, "server", exact);
    server_with(trace, ServerConfig::builder(credential))
}

fn server_with(
    trace: &Vectors,
    builder: ConfigBuilder<config::Server>,
) -> (Arc<ServerConfig>, Arc<Secrets>) {
    let secrets = Arc::new(Secrets::default());
    let mut builder = builder.with_key_log(secrets.clone());
    if let Some(request) = trace.get("certificate_request") {
        builder = builder.with_client_auth(ClientAuth::required(Believe));
        let request = CertificateRequest::read(&request[MESSAGE_HEADER_LEN..]).unwrap();
        let schemes = request.extensions.signature_algorithms.as_ref().unwrap();
        builder.settings.signature_schemes = schemes.iter().collect();
    }
    // The server of Section 5 would not take the X25519 share that it got.
    builder.settings.groups = match trace.contains_key("hello_retry_request") {
        true => vec![NamedGroup::SECP256R1, NamedGroup::SECP384R1],
        false => vec![NamedGroup::X25519, NamedGroup::SECP256R1],
    };
    builder.settings.random = RecordedRandom::of(
        trace,
        &["server_random"],
        &["server_x25519_private_key", "server_p256_private_key"],
    );
    (builder.build().unwrap(), secrets)
}

/// As `super::super::server` begins.
async fn recv_hello(peer: &mut Peer) -> Result<Received<ClientHello<'static>>, Error> {
    let received = peer.recv::<ClientHello>().await?;
    peer.with_wire(|wire| {
        wire.receiving
            .set_change_cipher_spec(ChangeCipherSpecRule::Drop);
        Ok(())
    })?;
    Ok(received)
}

/// The steps of the flow, save HelloRetryRequest, EncryptedExtensions, the order in ServerHello and the client's signature, which are
/// the record's.
async fn run_with_recorded_messages(
    mut peer: Peer,
    config: Arc<ServerConfig>,
    trace: Arc<Vectors>,
    session: Option<SessionState>,
) -> Result<ExporterAndTickets, Error> {
    let peer = &mut peer;
    let received = recv_hello(peer).await?;
    let hello = ClientHello::read(received.body())?;
    let found = match session {
        Some(state) => Some(psk::find_recorded(&config, &received, state)?),
        None => None,
    };
    let mut choice = Choice::negotiate(&config, &hello, found, None)?;
    let own = OwnMaterial::default();
    let chosen = choose_server_credential(peer, &config, &own, &choice, &hello).await?;
    let mut transcript = Transcript::new(choice.suite.hash);
    let received = match choice.group {
        None | Some(GroupChoice::Shared(_)) => received,
        Some(GroupChoice::Retry(group)) => {
            transcript = Transcript::after_retry(choice.suite.hash, received.bytes());
            send_recorded(peer, Some(&mut transcript), &trace["hello_retry_request"])?;
            send_change_cipher_spec(peer, &choice)?;
            let second = peer.recv::<ClientHello>().await?;
            let second_hello = ClientHello::read(second.body())?;
            check_second_hello(
                &ClientHello::read(received.body())?,
                &second_hello,
                group,
                Some(&trace["cookie"]),
            )?;
            choice.client_share = client_share(&second_hello, group);
            choice.kind = HandshakeKind::FullWithRetry;
            second
        }
    };
    decide_early_data(peer, &config, &mut choice).await?;
    transcript.add(received.bytes());
    let early = choice.early_keys(&config, &mut transcript)?;
    // NSS has pre_shared_key first; otherwise ours is the same.
    let mut other = transcript.clone();
    let handshake = send_server_hello(peer, &mut other, &config, &choice)?;
    let ours = peer.with_wire(|wire| Ok(wire.sending.take_flight()))?;
    assert_eq!(
        ServerHello::read(&ours[MESSAGE_HEADER_LEN..])?,
        ServerHello::read(&trace["server_hello"][MESSAGE_HEADER_LEN..])?
    );
    if choice.psk.is_none() {
        assert_eq!(ours, trace["server_hello"]);
    }
    send_recorded(peer, Some(&mut transcript), &trace["server_hello"])?;
    let mut keys =
        install_handshake_keys(peer, &config, &choice, &handshake, &mut transcript, early)?;
    send_recorded(peer, Some(&mut transcript), &trace["encrypted_extensions"])?;
    let verifier = send_certificate_request(peer, &mut transcript, &config, &choice)?;
    if chosen.is_some() {
        let takes = choice.takes;
        send_identity(peer, &mut transcript, true, chosen.as_ref(), &[], takes).await?;
    }
    send_finished(peer, &mut transcript, &keys.server_finished)?;
    let main = handshake.into_main_secret()?;
    let server_finished_hash = transcript.current_hash();
    let exporter = main.exporter_secret(&server_finished_hash)?;
    choice.log_secret(&config, "EXPORTER_SECRET", exporter.as_bytes());
    let from_client = install_sending_keys(peer, &config, &choice, &main, &server_finished_hash)?;
    if let Some(keys) = keys.client.take() {
        recv_end_of_early_data(peer, &mut transcript, &config, &choice, keys).await?;
    }
    if verifier.is_some() {
        recv_unverified_identity(peer, &mut transcript).await?;
    }
    let verified = recv_finished(peer, &mut transcript, &keys.client_finished).await?;
    install_receiving_keys(peer, from_client, verified)?;
    let tickets = send_tickets(
        peer,
        &config,
        &OwnMaterial::default(),
        &choice,
        &None,
        main,
        &mut transcript,
    )
    .await?;
    Ok((exporter.as_bytes().to_vec(), tickets))
}

type ExporterAndTickets = (Vec<u8>, AfterHandshake);

#[test]
fn sections_3_5_6_and_7_are_replayed_with_the_recorded_extensions() {
    for trace in [
        trace!("simple_1rtt"),
        trace!("hello_retry_request"),
        trace!("client_authentication"),
        trace!("compatibility_mode"),
    ] {
        // Whole records, or byte by byte.
        for chunk_len in [usize::MAX, 1] {
            let (config, secrets) = server(&trace, true);
            let recorded = Arc::new(trace.clone());
            let mut replay =
                Replay::new(|peer| run_with_recorded_messages(peer, config, recorded, None));
            let field = |name: &str| trace.get(name).map_or(&[][..], Vec::as_slice);
            let change_cipher_spec = field("change_cipher_spec_record");
            let answer = [
                field("server_hello_record"),
                change_cipher_spec,
                field("server_flight_record"),
            ]
            .concat();
            let hello = field("client_hello_record");
            if trace.contains_key("hello_retry_request") {
                replay.step(hello, chunk_len, field("hello_retry_request_record"));
                replay.step(field("client_hello_2_record"), chunk_len, &answer);
            } else {
                replay.step(hello, chunk_len, &answer);
            }
            let flight = [change_cipher_spec, field("client_flight_record")].concat();
            let (exporter, _) = replay.last_step(&flight, chunk_len, &[]);
            assert_eq!(exporter, trace["exporter_secret"]);
            secrets.expect_those_of(&trace);
            replay_data(&mut replay, &trace);
        }
    }
}

/// A server that issues tickets when it is asked, and takes early data.
fn resuming_server(
    trace: &Vectors,
    clock: &Arc<MovableClock>,
) -> (Arc<ServerConfig>, Arc<Secrets>) {
    let credential = recorded_credential(&trace!("simple_1rtt"), "server", false);
    let builder = ServerConfig::builder(credential)
        .with_session_context("RFC 8448")
        .with_tickets(Tickets::stateless(RotatingTicketKeys::default()).on_request())
        .with_replayable_early_data(ReplayableEarlyData::new(1024, MemoryReplayStore::default()))
        .with_clock(clock.clone());
    server_with(trace, builder)
}

/// The PSK of the recorded ticket, by the server's side of Section 3.
fn psk_of_section_3(clock: &Arc<MovableClock>) -> Secret {
    let trace = Arc::new(trace!("simple_1rtt"));
    let (config, _) = resuming_server(&trace, clock);
    let recorded = trace.clone();
    let mut replay = Replay::new(|peer| run_with_recorded_messages(peer, config, recorded, None));
    replay.answer(&trace["client_hello_record"]);
    let (_, tickets) = replay.last_step(&trace["client_flight_record"], 1, &[]);
    let AfterHandshake::Issue(issuer) = tickets else {
        panic!("no tickets are issued");
    };
    let psk = issuer.secret.psk(&trace["ticket_nonce"]).unwrap();
    assert_eq!(psk.as_bytes(), trace["resumption_psk"]);
    psk
}

/// Byte for byte: binder, early data, EndOfEarlyData, Finished, data.
/// The ticket is NSS's, so that what it stands for is given.
#[test]
fn section_4_is_replayed_with_the_psk_of_section_3() {
    let trace = Arc::new(trace!("resumed_0rtt"));
    let ticket = &trace!("simple_1rtt")["new_session_ticket"][MESSAGE_HEADER_LEN..];
    let ticket = NewSessionTicket::read(ticket).unwrap();
    for chunk_len in [usize::MAX, 1] {
        let clock = MovableClock::new();
        let secret = psk_of_section_3(&clock);
        assert_eq!(secret.as_bytes(), trace["psk"]);
        let (config, secrets) = resuming_server(&trace, &clock);
        let now = clock.now();
        let state = SessionState {
            suite: CipherSuite::TLS_AES_128_GCM_SHA256.tls13().unwrap(),
            secret,
            since_millis: clock.now_millis(),
            authenticated_at: now.as_secs(),
            lifetime: ticket.ticket_lifetime,
            age_add: ticket.ticket_age_add,
            context: config.settings.session_context(),
            server_name: Some(Arc::from("server")),
            alpn: None,
            max_early_data: ticket.extensions.early_data.unwrap(),
            origin: Origin::default(),
        };
        let recorded = trace.clone();
        let mut replay =
            Replay::new(|peer| run_with_recorded_messages(peer, config, recorded, Some(state)));
        let answer = [
            &trace["server_hello_record"][..],
            &trace["server_flight_record"],
        ]
        .concat();
        replay.step(&trace["client_hello_record"], chunk_len, &answer);
        replay.step(&trace["client_early_data_record"], chunk_len, &[]);
        replay.expect_received_early_data(&trace["client_early_data"]);
        replay.step(&trace["end_of_early_data_record"], chunk_len, &[]);
        let flight = &trace["client_flight_record"];
        let (exporter, tickets) = replay.last_step(flight, chunk_len, &[]);
        assert_eq!(exporter, trace["exporter_secret"]);
        let AfterHandshake::Issue(issuer) = tickets else {
            panic!("no tickets are issued");
        };
        let prk = Prk::from_secret(Hash::Sha256, &trace["resumption_main_secret"]);
        let recorded = prk.expand_label_secret(b"resumption", &[7]).unwrap();
        let ours = issuer.secret.psk(&[7]).unwrap();
        assert_eq!(ours.as_bytes(), recorded.as_bytes());
        secrets.expect_those_of(&trace);
        replay_data(&mut replay, &trace);
    }
}

/// Replays what comes after the handshake. The recorded ticket takes the place of ours.
fn replay_data<T>(replay: &mut Replay<T>, trace: &Vectors) {
    if let Some(ticket) = trace.get("new_session_ticket") {
        let sending = &mut replay.wire().sending;
        let write = |out: &mut Vec<u8>| {
            out.extend_from_slice(ticket);
            Ok(())
        };
        sending.send_message(write).unwrap();
        sending.flush_flight().unwrap();
        assert_eq!(replay.sent(), trace["new_session_ticket_record"]);
    }
    if let Some(data) = trace.get("client_application_data") {
        replay.expect_received_data(&trace["client_application_data_record"], data);
        let data = &trace["server_application_data"];
        replay.expect_sent_data(data, &trace["server_application_data_record"]);
    }
    replay.expect_received_close_notify(&trace["client_close_notify_record"]);
    replay.expect_sent_close_notify(&trace["server_close_notify_record"]);
}

/// The flow itself: from EncryptedExtensions on the transcript is not the record's, so that of what is under
/// it the messages without a hash are compared.
#[test]
fn the_flow_itself_sends_the_recorded_hello_and_certificate() {
    for trace in [
        trace!("simple_1rtt"),
        trace!("client_authentication"),
        trace!("compatibility_mode"),
    ] {
        let (config, _) = server(&trace, false);
        let mut replay = Replay::new(|mut peer| async move {
            let received = recv_hello(&mut peer).await?;
            run(&mut peer, &config, &OwnMaterial::default(), received).await
        });
        replay
            .wire()
            .receiving
            .extend(&trace["client_hello_record"]);
        assert_eq!(replay.poll_pending(), Ok(()));
        let sent = replay.sent();
        let hello = &trace["server_hello_record"];
        let change_cipher_spec = trace
            .get("change_cipher_spec_record")
            .map_or(&[][..], Vec::as_slice);
        let mut flight = sent
            .strip_prefix(&[hello, change_cipher_spec].concat()[..])
            .unwrap()
            .to_vec();

        let mut reader = RecordReader::new();
        reader.set_keys(recorded_keys(&trace));
        let record = reader.next(&mut flight).unwrap().unwrap();
        assert_eq!(record.content_type, ContentType::HANDSHAKE);
        assert_eq!(record.len, flight.len());
        let mut rest = &flight[record.content];
        let mut next = || {
            let len = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
            let (message, behind) = rest.split_at(MESSAGE_HEADER_LEN + len);
            rest = behind;
            message
        };
        let encrypted = EncryptedExtensions::read(&next()[MESSAGE_HEADER_LEN..]).unwrap();
        let recorded = &trace["encrypted_extensions"][MESSAGE_HEADER_LEN..];
        let recorded = EncryptedExtensions::read(recorded).unwrap().extensions;
        assert_eq!(encrypted.extensions.server_name, recorded.server_name);
        assert_eq!(
            encrypted.extensions.record_size_limit,
            recorded.record_size_limit
        );
        if let Some(request) = trace.get("certificate_request") {
            assert_eq!(next(), request);
        }
        assert_eq!(next(), trace["server_certificate"]);
        // With the recorded signature, which is over another transcript.
        assert_eq!(next(), trace["server_certificate_verify"]);
        assert_eq!(next().len(), trace["server_finished"].len());
        assert_eq!(rest, []);
    }
}

fn recorded_keys(trace: &Vectors) -> crate::record::protection::RecordKeys {
    let key = &trace["server_handshake_key"];
    crate::record::protection::RecordKeys {
        key: warifu_crypto::AeadKey::new(warifu_crypto::Aead::Aes128Gcm, key).unwrap(),
        iv: <[u8; 12]>::try_from(&trace["server_handshake_iv"][..])
            .unwrap()
            .into(),
        confidentiality_limit: u64::MAX,
    }
}

/// The flow itself asks for the recorded group; it has no cookie to send, and NSS puts supported_versions last.
#[test]
fn the_flow_itself_asks_for_the_group_of_section_5() {
    let trace = trace!("hello_retry_request");
    let (config, _) = server(&trace, false);
    let mut replay = Replay::new(|mut peer| async move {
        let received = recv_hello(&mut peer).await?;
        run(&mut peer, &config, &OwnMaterial::default(), received).await
    });
    replay
        .wire()
        .receiving
        .extend(&trace["client_hello_record"]);
    assert_eq!(replay.poll_pending(), Ok(()));
    let sent = replay.sent();
    assert_eq!(sent[..3], trace["hello_retry_request_record"][..3]);
    let ours = HelloRetryRequest::read(&sent[5 + MESSAGE_HEADER_LEN..]).unwrap();
    let recorded = &trace["hello_retry_request"][MESSAGE_HEADER_LEN..];
    let mut recorded = HelloRetryRequest::read(recorded).unwrap();
    recorded.extensions.cookie = None;
    assert_eq!(ours, recorded);
    // A client that returns a cookie which was not sent.
    let error = replay.failure(&trace["client_hello_2_record"]);
    assert_eq!(
        error,
        PeerMisbehaved::SecondHelloChanged { what: "cookie" }.into()
    );
}

/// A server that has no tickets and no PSKs, and a key that can be verified.
fn server_without_psk(groups: &[NamedGroup]) -> Arc<ServerConfig> {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["server".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().der().clone();
    let credential = Credential::from_der(vec![certificate], &key.serialize_der()).unwrap();
    ServerConfig::builder(Arc::new(credential))
        .with_groups(groups)
        .build()
        .unwrap()
}

fn run_server(config: Arc<ServerConfig>) -> Replay<Connected> {
    Replay::new(|mut peer| async move {
        let received = recv_hello(&mut peer).await?;
        run(&mut peer, &config, &OwnMaterial::default(), received).await
    })
}

/// Some 0-RTT data of a client that has a ticket of another server: the record of Section 4.
fn early_data(trace: &Vectors, records: usize) -> Vec<u8> {
    trace["client_early_data_record"].repeat(records)
}

/// RFC 8446 Section 4.2.10: a server that does not take early data skips it. The client of Section 4 then gets a full
/// handshake.
#[test]
fn early_data_is_skipped_where_the_psk_is_not_known() {
    let trace = Arc::new(trace!("resumed_0rtt"));
    for records in [0, 1, 5] {
        let (client, _) = tls13_client::tests::client(&trace);
        let recorded = trace.clone();
        let mut client = Replay::new(|peer| {
            tls13_client::tests::run_after_recorded_hello(peer, client, recorded)
        });
        let mut server = run_server(server_without_psk(&[NamedGroup::X25519]));
        client.step(&[], 1, &trace["client_hello_record"]);
        let hello = [
            &trace["client_hello_record"][..],
            &early_data(&trace, records),
        ]
        .concat();
        let flight = server.answer(&hello);
        let flight = client.answer(&flight);
        server.last_step(&flight, 1, &[]);
        // Skipping is over: what cannot be decrypted now is an attack or an accident.
        let receiving = &mut server.wire().receiving;
        receiving.extend(&early_data(&trace, 1));
        assert_eq!(
            receiving.next_event("data"),
            Err(PeerMisbehaved::BadRecordMac.into())
        );
    }
}

#[test]
fn early_data_is_skipped_after_a_retry() {
    let trace = trace!("resumed_0rtt");
    let mut server = run_server(server_without_psk(&[NamedGroup::SECP256R1]));
    let hello = [&trace["client_hello_record"][..], &early_data(&trace, 3)].concat();
    let retry = server.answer(&hello);
    assert_eq!(retry[0], 22);

    // What Section 4.1.2 lets a client change.
    let mut second = ClientHello::read(&trace["client_hello"][MESSAGE_HEADER_LEN..]).unwrap();
    let share = warifu_crypto::KeyShare::generate(warifu_crypto::Group::P256).unwrap();
    let entry = [KeyShareEntry {
        group: NamedGroup::SECP256R1,
        key_exchange: Opaque16::new(share.public()),
    }];
    second.extensions.early_data = None;
    second.extensions.key_share = Some(crate::message::KeyShareClientHello {
        client_shares: List16::new(&entry),
    });
    let mut message = Vec::new();
    second.encode(&mut message).unwrap();
    let mut record = vec![22, 3, 3];
    record.extend_from_slice(&u16::try_from(message.len()).unwrap().to_be_bytes());
    record.extend_from_slice(&message);

    // More of it may be on its way still; the ClientHello ends it.
    let flight = server.answer(&[&early_data(&trace, 1)[..], &record].concat());
    let hello_len = usize::from(u16::from_be_bytes([flight[3], flight[4]]));
    let hello = &flight[5 + MESSAGE_HEADER_LEN..5 + hello_len];
    let hello = ServerHello::read(hello).unwrap();
    let share = hello.extensions.key_share.unwrap();
    assert_eq!(share.group, NamedGroup::SECP256R1);
    assert_eq!(
        server.failure(&early_data(&trace, 1)),
        PeerMisbehaved::BadRecordMac.into()
    );
}

#[test]
fn early_data_is_skipped_up_to_a_limit_and_only_where_it_was_announced() {
    let trace = trace!("resumed_0rtt");
    let too_many = MAX_EARLY_DATA_SKIPPED / trace["client_early_data_record"].len() + 1;
    let mut server = run_server(server_without_psk(&[NamedGroup::X25519]));
    let flight = server.answer(&trace["client_hello_record"]);
    assert_eq!(flight[0], 22);
    let skipped = server.answer(&early_data(&trace, too_many - 1));
    assert_eq!(skipped, []);
    assert_eq!(
        server.failure(&early_data(&trace, 1)),
        PeerMisbehaved::BadRecordMac.into()
    );

    // Empty records are not for nothing either.
    let empty = [23, 3, 3, 0, 0].repeat(MAX_EARLY_DATA_SKIPPED / 5);
    let mut server = run_server(server_without_psk(&[NamedGroup::X25519]));
    server.answer(&trace["client_hello_record"]);
    assert_eq!(server.answer(&empty), []);
    assert_eq!(
        server.failure(&[23, 3, 3, 0, 0]),
        PeerMisbehaved::BadRecordMac.into()
    );

    let mut server = run_server(server_without_psk(&[NamedGroup::X25519]));
    server.answer(&trace!("simple_1rtt")["client_hello_record"]);
    assert_eq!(
        server.failure(&early_data(&trace, 1)),
        PeerMisbehaved::BadRecordMac.into()
    );

    let mut server = run_server(server_without_psk(&[NamedGroup::SECP256R1]));
    server.answer(&trace!("simple_1rtt")["client_hello_record"]);
    assert_eq!(
        server.failure(&early_data(&trace, 1)),
        PeerMisbehaved::UnexpectedRecord {
            content_type: ContentType::APPLICATION_DATA,
            expected: "ClientHello",
        }
        .into()
    );
}

/// RFC 8449 Section 5: a server "MUST ignore max_fragment_length if record_size_limit is present", if it supports
/// the latter.
#[test]
fn record_size_limit_wins_over_max_fragment_length() {
    let trace = trace!("simple_1rtt");
    let config = server_without_psk(&[NamedGroup::X25519]);
    let mut hello = ClientHello::read(&trace["client_hello"][MESSAGE_HEADER_LEN..]).unwrap();
    hello.extensions.max_fragment_length = Some(MaxFragmentLength::Len512);
    hello.extensions.record_size_limit = Some(RecordSizeLimit(70));
    let choice = Choice::negotiate(&config, &hello, None, None).unwrap();
    assert_eq!(choice.max_fragment_length, None);
    assert_eq!(choice.record_size_limit, Some(70));

    hello.extensions.record_size_limit = None;
    let choice = Choice::negotiate(&config, &hello, None, None).unwrap();
    assert_eq!(choice.max_fragment_length, Some(MaxFragmentLength::Len512));
    assert_eq!(choice.record_size_limit, None);
}
