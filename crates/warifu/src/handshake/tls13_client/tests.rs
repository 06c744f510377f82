//! The client's side of the traces of RFC 8448.

use std::time::Duration;

use rustls_pki_types::CertificateDer;
use warifu_crypto::{Hash, Prk};

use super::*;
use crate::config::{self, ConfigBuilder};
use crate::decision::Answer;
use crate::error::CertificateError;
use crate::handshake::post_handshake::{Action, accept_message};
use crate::handshake::psk::{self, Offers};
use crate::handshake::replay::{
    Believe, RecordedRandom, Replay, Secrets, recorded_credential, recv_unverified_identity,
    send_recorded,
};
use crate::message::ClientHello;
use crate::parameters::{AlertDescription, MaxFragmentLength};
use crate::record::wire::{Event, MESSAGE_HEADER_LEN};
use crate::resumption::session::{Kind, Tls13Session};
use crate::resumption::{ClientSessionStore, MemorySessions, Session};
use crate::test_vectors::{Vectors, trace};
use crate::testing::resumption::MovableClock;

fn recorded_hello<'a>(trace: &'a Vectors, name: &str) -> ClientHello<'a> {
    ClientHello::read(&trace[name][MESSAGE_HEADER_LEN..]).unwrap()
}

/// A client that decides as the recorded one did.
pub(in crate::handshake) fn client(trace: &Vectors) -> (Client, Arc<Secrets>) {
    client_with(trace, |builder| builder)
}

fn client_with(
    trace: &Vectors,
    change: impl FnOnce(ConfigBuilder<config::Client>) -> ConfigBuilder<config::Client>,
) -> (Client, Arc<Secrets>) {
    let hello = recorded_hello(trace, "client_hello");
    let secrets = Arc::new(Secrets::default());
    let mut builder = change(ClientConfig::builder(Believe))
        .with_middlebox_compatibility(trace.contains_key("legacy_session_id"))
        .with_cipher_suites(&hello.cipher_suites.iter().collect::<Vec<_>>())
        .with_record_size_limit(hello.extensions.record_size_limit.as_ref().unwrap().0)
        .with_key_log(secrets.clone());
    if trace.contains_key("client_certificate") {
        builder = builder.with_credential(recorded_credential(trace, "client", true));
    }
    // Lists with members that we do not implement, and that no server chose.
    let groups = hello.extensions.supported_groups.as_ref().unwrap();
    builder.settings.groups = groups.iter().collect();
    let schemes = hello.extensions.signature_algorithms.as_ref().unwrap();
    builder.settings.signature_schemes = schemes.iter().collect();
    builder.settings.random = RecordedRandom::of(
        trace,
        &["legacy_session_id", "client_random"],
        &["client_x25519_private_key", "client_p256_private_key"],
    );
    let client = Client {
        config: builder.build().unwrap(),
        server_name: "server".try_into().unwrap(),
        own: OwnMaterial::default(),
    };
    (client, secrets)
}

/// An offer in the recorded ClientHello, which this sends.
fn send_recorded_hello<'c>(
    peer: &mut Peer,
    client: &'c Client,
    psks: Offers,
    trace: &Vectors,
) -> Result<(Offer<'c>, Vec<u8>), Error> {
    let mut offer = Offer::new(client, psks)?;
    assert_eq!(offer.random[..], trace["client_random"]);
    offer.offered = recorded_hello(trace, "client_hello").extensions.present();
    peer.with_wire(|wire| {
        wire.sending.writer_mut().set_plain_version([3, 1]);
        Ok(())
    })?;
    let hello = trace["client_hello"].clone();
    send_recorded(peer, None, &hello)?;
    peer.with_wire(|wire| {
        wire.sending.flush_flight()?;
        wire.sending.writer_mut().set_plain_version([3, 3]);
        wire.receiving
            .set_change_cipher_spec(ChangeCipherSpecRule::Drop);
        Ok(())
    })?;
    Ok((offer, hello))
}

/// The flow itself, after the recorded ClientHello.
pub(in crate::handshake) async fn run_after_recorded_hello(
    mut peer: Peer,
    client: Client,
    trace: Arc<Vectors>,
) -> Result<Connected, Error> {
    let (mut offer, hello) = send_recorded_hello(&mut peer, &client, Offers::default(), &trace)?;
    let answer = peer.recv::<ServerHello>().await?;
    let retry = is_retry(&answer)?;
    run(&mut peer, &client, &mut offer, &hello, answer, retry).await
}

/// The steps of the flow, save the second ClientHello and the server's signature, which are the record's.
async fn run_with_recorded_messages(
    mut peer: Peer,
    client: Client,
    trace: Arc<Vectors>,
) -> Result<Connected, Error> {
    let peer = &mut peer;
    let (mut offer, hello) = send_recorded_hello(peer, &client, Offers::default(), &trace)?;
    let answer = peer.recv::<ServerHello>().await?;
    let (mut transcript, answer, kind) = if is_retry(&answer)? {
        let request = HelloRetryRequest::read(answer.body())?;
        request.extensions.check_solicited(offer.offered)?;
        let suite = check_answer(
            &offer,
            request.extensions.supported_versions,
            &request.legacy_session_id_echo,
            request.cipher_suite,
        )?;
        let random = &*client.config.settings.random;
        let cookie = request.extensions.cookie.as_ref();
        let cookie = cookie.map(|cookie| cookie.as_slice());
        offer.retry(random, suite, request.extensions.key_share, cookie)?;
        let mut transcript = Transcript::after_retry(suite.hash, &hello);
        transcript.add(answer.bytes());
        send_recorded(peer, Some(&mut transcript), &trace["client_hello_2"])?;
        let answer = peer.recv::<ServerHello>().await?;
        check_server_hello(&offer, &read_server_hello(&answer)?, Some(suite))?;
        (transcript, answer, HandshakeKind::FullWithRetry)
    } else {
        let suite = check_server_hello(&offer, &read_server_hello(&answer)?, None)?;
        let mut transcript = Transcript::new(suite.hash);
        transcript.add(&hello);
        (transcript, answer, HandshakeKind::Full)
    };
    let (choice, shared_secret) = agree(&client, &mut offer, &answer, kind)?;
    let shared_secret = shared_secret.unwrap();
    assert_eq!(shared_secret.as_bytes(), trace["shared_secret"]);
    transcript.add(answer.bytes());
    let early = EarlySecret::without_psk(choice.suite.hash)?;
    let handshake = early.into_handshake_secret(Some(&shared_secret)).unwrap();
    let keys = install_handshake_keys(peer, &offer, &choice, &handshake, &mut transcript)?;
    let alpn = recv_encrypted_extensions(peer, &mut transcript, &offer, &choice).await?;
    recv_unverified_identity(peer, &mut transcript).await?;
    let verified = recv_finished(peer, &mut transcript, &keys.server_finished).await?;
    let main = handshake.into_main_secret()?;
    let server_finished_hash = transcript.current_hash();
    send_finished(peer, &mut transcript, &keys.client_finished)?;
    let exporter = main.exporter_secret(&server_finished_hash)?;
    offer.log_secret("EXPORTER_SECRET", exporter.as_bytes());
    let hash = &server_finished_hash;
    install_application_keys(peer, &offer, &choice, &main, hash, verified)?;
    let facts = choice.facts(peer, &offer, None, None, alpn)?;
    let tickets = keep_tickets(&client, &offer, &choice, &facts, main, &mut transcript)?;
    Ok(Connected {
        facts,
        exporter: Exporter::Tls13(exporter),
        post_handshake_auth: None,
        after: tickets,
    })
}

/// Replays what comes after the handshake.
fn replay_data<T>(replay: &mut Replay<T>, trace: &Vectors, tickets: &AfterHandshake) {
    if let Some(record) = trace.get("new_session_ticket_record") {
        let receiving = &mut replay.wire().receiving;
        receiving.extend(record);
        assert_eq!(receiving.next_event("data"), Ok(Event::Handshake));
        let ticket = receiving.take_message().unwrap().unwrap();
        assert_eq!(ticket, trace["new_session_ticket"]);
        assert_eq!(
            accept_message(receiving, true, tickets.keeper(), ticket),
            Ok(Action::Nothing)
        );
    }
    if let Some(data) = trace.get("client_application_data") {
        replay.expect_sent_data(data, &trace["client_application_data_record"]);
        let data = &trace["server_application_data"];
        replay.expect_received_data(&trace["server_application_data_record"], data);
    }
    replay.expect_sent_close_notify(&trace["client_close_notify_record"]);
    replay.expect_received_close_notify(&trace["server_close_notify_record"]);
}

/// Delivers whole records, or byte by byte.
const CHUNK_LENS: [usize; 2] = [usize::MAX, 1];

#[test]
fn sections_3_5_and_7_are_replayed_with_the_recorded_hellos_and_server_signature() {
    for trace in [
        trace!("simple_1rtt"),
        trace!("hello_retry_request"),
        trace!("compatibility_mode"),
    ] {
        for chunk_len in CHUNK_LENS {
            let (client, secrets) = client(&trace);
            let recorded = Arc::new(trace.clone());
            let mut replay = Replay::new(|peer| run_with_recorded_messages(peer, client, recorded));
            replay.step(&[], chunk_len, &trace["client_hello_record"]);
            if let Some(retry) = trace.get("hello_retry_request_record") {
                replay.step(retry, chunk_len, &trace["client_hello_2_record"]);
            }
            let change_cipher_spec = trace
                .get("change_cipher_spec_record")
                .map_or(&[][..], Vec::as_slice);
            let hello = &trace["server_hello_record"];
            replay.step(hello, chunk_len, change_cipher_spec);
            let flight = [change_cipher_spec, &trace["server_flight_record"]].concat();
            let connected = replay.last_step(&flight, chunk_len, &trace["client_flight_record"]);
            assert_eq!(connected.exporter.tls13_bytes(), trace["exporter_secret"]);
            assert_eq!(connected.facts.alpn, None);
            secrets.expect_those_of(&trace);
            replay_data(&mut replay, &trace, &connected.after);
        }
    }
}

#[test]
fn section_6_is_replayed_by_the_flow_itself_after_the_recorded_hello() {
    let trace = trace!("client_authentication");
    for chunk_len in CHUNK_LENS {
        let (client, secrets) = client(&trace);
        let recorded = Arc::new(trace.clone());
        let mut replay = Replay::new(|peer| run_after_recorded_hello(peer, client, recorded));
        replay.step(&[], chunk_len, &trace["client_hello_record"]);
        replay.step(&trace["server_hello_record"], chunk_len, &[]);
        let flight = &trace["server_flight_record"];
        let connected = replay.last_step(flight, chunk_len, &trace["client_flight_record"]);
        assert_eq!(connected.exporter.tls13_bytes(), trace["exporter_secret"]);
        assert_eq!(connected.facts.group, Some(NamedGroup::X25519));
        assert_eq!(connected.facts.server_name.as_deref(), Some("server"));
        assert_eq!(connected.facts.handshake_kind, HandshakeKind::Full);
        secrets.expect_those_of(&trace);
        replay_data(&mut replay, &trace, &connected.after);
    }
}

/// Clients that resume keep what Section 3 brought, for Section 4: it has the same clock, 6 ms later.
fn resuming_client(
    trace: &Vectors,
    sessions: &Arc<MemorySessions>,
    clock: &Arc<MovableClock>,
) -> (Client, Arc<Secrets>) {
    client_with(trace, |builder| {
        builder
            .with_session_context("RFC 8448")
            .with_session_store(sessions.clone())
            .with_replayable_early_data(true)
            .with_clock(clock.clone())
    })
}

/// The session that comes of Section 3, with the server's chain, which the replay does not believe.
fn session_of_section_3(
    sessions: &Arc<MemorySessions>,
    clock: &Arc<MovableClock>,
) -> Box<Tls13Session> {
    let trace = Arc::new(trace!("simple_1rtt"));
    let (client, _) = resuming_client(&trace, sessions, clock);
    let key = SessionKey::new(
        &client.server_name,
        client.config.settings.session_context(),
    );
    let recorded = trace.clone();
    let mut replay = Replay::new(|peer| run_with_recorded_messages(peer, client, recorded));
    replay.step(&[], 1, &trace["client_hello_record"]);
    replay.step(&trace["server_hello_record"], 1, &[]);
    let flight = &trace["server_flight_record"];
    let connected = replay.last_step(flight, 1, &trace["client_flight_record"]);
    replay_data(&mut replay, &trace, &connected.after);
    let Answer::Ready(Some(Session(Kind::Tls13(mut session)))) = sessions.take(&key) else {
        panic!("the ticket was not kept");
    };
    let certificate = &trace["server_certificate"][MESSAGE_HEADER_LEN..];
    let certificate = Certificate::read(certificate).unwrap();
    let chain = certificate.certificate_list.iter();
    let chain = chain.map(|entry| CertificateDer::from(entry.cert_data.to_vec()));
    session.state.origin.peer_certificates = Some(chain.collect());
    assert_eq!(session.state.secret.as_bytes(), trace["resumption_psk"]);
    assert_eq!(*session.ticket, trace["ticket"]);
    assert_eq!(session.state.max_early_data, 1024);
    sessions.put(&key, Session(Kind::Tls13(session.clone())));
    session
}

/// The flow itself, from the offer on; NSS's ClientHello takes the place of ours.
async fn resume_after_recorded_hello(
    mut peer: Peer,
    client: Client,
    trace: Arc<Vectors>,
) -> Result<Connected, Error> {
    let offers = psk::offers(&mut peer, &client).await?;
    let [offered] = &offers.offered[..] else {
        panic!("{} keys are offered", offers.offered.len());
    };
    let recorded = recorded_hello(&trace, "client_hello").extensions;
    let recorded = recorded.pre_shared_key.unwrap();
    let identity = recorded.identities.iter().next().unwrap();
    assert_eq!(offered.identity(), &*identity.identity);
    assert_eq!(
        offered.obfuscated_ticket_age(&*client.config.settings.clock),
        identity.obfuscated_ticket_age
    );
    // The binder, made anew in its place at the end.
    let mut hello = trace["client_hello"].clone();
    let binder_start = hello.len() - trace["binder"].len();
    hello[binder_start..].fill(0);
    psk::write_binders(&mut hello, &offers.offered, None)?;
    assert_eq!(hello, trace["client_hello"]);

    let (mut offer, hello) = send_recorded_hello(&mut peer, &client, offers, &trace)?;
    offer.begin_early_data(&mut peer, &hello)?;
    let answer = peer.recv::<ServerHello>().await?;
    run(&mut peer, &client, &mut offer, &hello, answer, false).await
}

/// Byte for byte: binder, early data, EndOfEarlyData, Finished, data; with the PSK of Section 3's ticket.
#[test]
fn section_4_is_replayed_with_the_ticket_of_section_3() {
    let trace = Arc::new(trace!("resumed_0rtt"));
    for chunk_len in CHUNK_LENS {
        let (sessions, clock) = (Arc::default(), MovableClock::new());
        let session = session_of_section_3(&sessions, &clock);
        assert_eq!(session.state.secret.as_bytes(), trace["psk"]);
        clock.advance(Duration::from_millis(6));
        let (client, secrets) = resuming_client(&trace, &sessions, &clock);
        let recorded = trace.clone();
        let mut replay = Replay::new(|peer| resume_after_recorded_hello(peer, client, recorded));
        replay.step(&[], chunk_len, &trace["client_hello_record"]);
        let data = &trace["client_early_data"];
        replay.expect_sent_early_data(data, &trace["client_early_data_record"]);
        replay.step(&trace["server_hello_record"], chunk_len, &[]);
        let last = [
            &trace["end_of_early_data_record"][..],
            &trace["client_flight_record"],
        ]
        .concat();
        let connected = replay.last_step(&trace["server_flight_record"], chunk_len, &last);
        assert_eq!(connected.exporter.tls13_bytes(), trace["exporter_secret"]);
        let facts = &connected.facts;
        assert_eq!(facts.handshake_kind, HandshakeKind::Resumed);
        assert_eq!(facts.early_data, EarlyData::Accepted);
        assert_eq!(facts.group, Some(NamedGroup::X25519));
        let chain = &session.state.origin.peer_certificates;
        assert_eq!(&facts.peer_certificates, chain);
        secrets.expect_those_of(&trace);
        // A ticket of this connection would have its PSK from the recorded resumption_main_secret.
        let keeper = connected.after.keeper().unwrap();
        let prk = Prk::from_secret(Hash::Sha256, &trace["resumption_main_secret"]);
        let recorded = prk.expand_label_secret(b"resumption", &[7]).unwrap();
        let ours = keeper.secret.psk(&[7]).unwrap();
        assert_eq!(ours.as_bytes(), recorded.as_bytes());
        replay_data(&mut replay, &trace, &connected.after);
    }
}

/// The flow itself, on a server's key that is too short: it goes as far as that, and no further.
#[test]
fn the_rsa_key_of_section_3_is_refused() {
    let trace = Arc::new(trace!("simple_1rtt"));
    let (client, _) = client(&trace);
    let recorded = trace.clone();
    let mut replay = Replay::new(|peer| run_after_recorded_hello(peer, client, recorded));
    replay.step(&[], 1, &trace["client_hello_record"]);
    replay.step(&trace["server_hello_record"], 1, &[]);
    let error = replay.failure(&trace["server_flight_record"]);
    let Error::Certificate(CertificateError::UnsupportedKey { reason }) = &error else {
        panic!("{error:?}");
    };
    assert!(reason.starts_with("RSA of 1024 bits"), "{reason}");
    assert_eq!(replay.sent(), []);
}

/// The flow itself answers the recorded HelloRetryRequest with a ClientHello of ours: the recorded group,
/// share and cookie are in it, and nothing else is new.
#[test]
fn the_retry_of_section_5_is_answered_with_the_recorded_share_and_cookie() {
    let trace = Arc::new(trace!("hello_retry_request"));
    let (client, _) = client(&trace);
    let recorded = trace.clone();
    let mut replay = Replay::new(|peer| run_after_recorded_hello(peer, client, recorded));
    replay.step(&[], 1, &trace["client_hello_record"]);
    replay
        .wire()
        .receiving
        .extend(&trace["hello_retry_request_record"]);
    assert_eq!(replay.poll_pending(), Ok(()));
    let sent = replay.sent();
    assert_eq!(sent[..3], [22, 3, 3]);
    let ours = ClientHello::read(&sent[5 + MESSAGE_HEADER_LEN..]).unwrap();
    let recorded = recorded_hello(&trace, "client_hello_2");
    assert_eq!(ours.extensions.key_share, recorded.extensions.key_share);
    assert_eq!(ours.extensions.cookie, recorded.extensions.cookie);
    assert_says_the_same(&ours, &recorded);
}

#[track_caller]
fn assert_says_the_same(ours: &ClientHello<'_>, recorded: &ClientHello<'_>) {
    assert_eq!(ours.legacy_version, recorded.legacy_version);
    assert_eq!(ours.random, recorded.random);
    assert_eq!(ours.legacy_session_id, recorded.legacy_session_id);
    assert_eq!(ours.cipher_suites, recorded.cipher_suites);
    assert_eq!(
        ours.legacy_compression_methods,
        recorded.legacy_compression_methods
    );
    let (ours, recorded) = (&ours.extensions, &recorded.extensions);
    assert_eq!(ours.server_name, recorded.server_name);
    assert_eq!(ours.supported_groups, recorded.supported_groups);
    assert_eq!(ours.supported_versions, recorded.supported_versions);
    assert_eq!(ours.signature_algorithms, recorded.signature_algorithms);
    assert_eq!(ours.record_size_limit, recorded.record_size_limit);
    assert_eq!(ours.key_share, recorded.key_share);
}

/// What NSS sends beyond that is renegotiation_info, session_ticket and psk_key_exchange_modes.
#[test]
fn our_own_hello_says_the_same_as_each_recorded_one() {
    for trace in [
        trace!("simple_1rtt"),
        trace!("hello_retry_request"),
        trace!("client_authentication"),
        trace!("compatibility_mode"),
    ] {
        let (client, _) = client(&trace);
        let mut replay = Replay::new(|mut peer| async move {
            Offer::new(&client, Offers::default())?.send(&mut peer, None)
        });
        let Ok(hello) = replay.end() else {
            panic!("the offer was not made");
        };
        let sent = replay.sent();
        assert_eq!(sent[..3], trace["client_hello_record"][..3]);
        assert_eq!(sent[5..], hello);
        let ours = ClientHello::read(&hello[MESSAGE_HEADER_LEN..]).unwrap();
        assert_says_the_same(&ours, &recorded_hello(&trace, "client_hello"));
    }
}

/// RFC 8446 Section 4.1.4: "The value of selected_version in the HelloRetryRequest "supported_versions" extension MUST
/// be retained in the ServerHello".
#[test]
fn a_server_hello_of_another_version_after_a_retry_is_refused() {
    let trace = Arc::new(trace!("hello_retry_request"));
    let older = |random: &[u8; 32]| {
        let mut body = vec![3, 3];
        body.extend_from_slice(random);
        body.extend_from_slice(&[0, 0xc0, 0x2f, 0]);
        [&[22, 3, 3, 0, 42, 2, 0, 0, 38][..], &body].concat()
    };
    let mut downgraded = [7; 32];
    downgraded[24..].copy_from_slice(b"DOWNGRD\x01");
    let changed = PeerMisbehaved::IllegalParameter {
        what: "ServerHello is of another version than HelloRetryRequest (RFC 8446 Section 4.1.4)",
    };
    for (random, error) in [
        ([7; 32], changed),
        (downgraded, PeerMisbehaved::DowngradeDetected),
    ] {
        let (client, _) = client(&trace);
        let recorded = trace.clone();
        let mut replay = Replay::new(|peer| run_after_recorded_hello(peer, client, recorded));
        replay.step(&[], 1, &trace["client_hello_record"]);
        replay.answer(&trace["hello_retry_request_record"]);
        let refused = replay.failure(&older(&random));
        assert_eq!(refused, error.into());
        assert_eq!(refused.alert(), Some(AlertDescription::ILLEGAL_PARAMETER));
    }
}

/// RFC 8449 Section 4 and 5, RFC 6066 Section 4: what EncryptedExtensions makes of our offer.
#[test]
fn record_limits_are_those_of_both_offers() {
    let limits = |offered: (Option<u16>, Option<u16>), answer: (Option<u16>, Option<u16>)| {
        let mut builder = ClientConfig::builder(Believe);
        if let Some(limit) = offered.0 {
            builder = builder.with_record_size_limit(limit);
        }
        if let Some(len) = offered.1 {
            builder = builder.with_max_fragment_length(len);
        }
        let client = Client {
            config: builder.build().unwrap(),
            server_name: "server".try_into().unwrap(),
            own: OwnMaterial::default(),
        };
        let offer = Offer::new(&client, Offers::default()).unwrap();
        let mut message = EncryptedExtensions {
            extensions: Default::default(),
        };
        message.extensions.record_size_limit = answer.0.map(crate::message::RecordSizeLimit);
        let len = |len: u16| MaxFragmentLength::from_fragment_len(len.into()).unwrap();
        message.extensions.max_fragment_length = answer.1.map(len);
        RecordLimits::agreed(&offer, &message).map(|limits| (limits.send, limits.receive_inner))
    };
    let whole = MAX_FRAGMENT_LEN;
    assert_eq!(limits((None, None), (None, None)), Ok((whole, whole + 1)));
    assert_eq!(limits((Some(100), None), (Some(70), None)), Ok((69, 100)));
    let most = 0x4001;
    assert_eq!(
        limits((Some(most), None), (Some(most), None)),
        Ok((whole, whole + 1))
    );
    assert_eq!(
        limits((Some(100), None), (None, None)),
        Ok((whole, whole + 1))
    );
    assert_eq!(limits((None, Some(512)), (None, Some(512))), Ok((512, 513)));
    assert_eq!(
        limits((None, Some(512)), (None, None)),
        Ok((whole, whole + 1))
    );
    let refused = |what| Err(PeerMisbehaved::IllegalParameter { what }.into());
    assert_eq!(
        limits((None, Some(512)), (None, Some(1024))),
        refused("max_fragment_length is not the one requested (RFC 6066 Section 4)")
    );
    assert_eq!(
        limits((Some(100), None), (Some(100), Some(512))),
        refused("both record_size_limit and max_fragment_length (RFC 8449 Section 5)")
    );
}
