//! Sessions that are resumed by somebody else, elsewhere, later, or otherwise than they were made.

use std::sync::Arc;
use std::time::Duration;

use warifu::config::{Client, ConfigBuilder, Policy, Server};
use warifu::parameters::{AlertDescription, CipherSuite, HandshakeType};
use warifu::resumption::{MemorySessionStore, Tickets};
use warifu::{ClientConfig, Connection, Error, HandshakeKind, PeerMisbehaved, Psk, ServerConfig};

use crate::bytes::*;
use crate::crypto::*;
use crate::peer::*;
use crate::support::resumption::{MovableClock, OneKey, Shelf, connect};
use crate::support::{move_bytes, server_name};

const ILLEGAL: AlertDescription = AlertDescription::ILLEGAL_PARAMETER;
const FAILURE: AlertDescription = AlertDescription::HANDSHAKE_FAILURE;
const UNEXPECTED: AlertDescription = AlertDescription::UNEXPECTED_MESSAGE;

// A server, and a client that comes back.

/// All that a client of these tests may offer.
const SUITES: [Suite; 3] = [ECDHE_RSA_CBC, RSA_CBC, ECDHE_RSA_GCM];

fn server(clock: &Arc<MovableClock>, tickets: Tickets) -> ConfigBuilder<Server> {
    let suites = SUITES.map(|suite| CipherSuite(suite.number));
    ServerConfig::builder(keys().rsa.credential.clone())
        .with_clock(clock.clone())
        .with_session_context("server")
        .with_cipher_suites(&suites)
        .with_versions(version(TLS1_0)..=version(TLS1_2))
        .with_alpn(["one", "two"])
        .with_tickets(tickets)
}

fn stateless(secret: u8) -> Tickets {
    let week = Duration::from_secs(604_800);
    Tickets::stateless(OneKey::new(secret)).with_lifetime(week)
}

fn stored() -> Tickets {
    let week = Duration::from_secs(604_800);
    Tickets::stored(MemorySessionStore::new(100)).with_lifetime(week)
}

/// A stage with a client of this version and suite.
fn stage(server: &Arc<ServerConfig>, tls: u16, suite: Suite) -> Stage {
    let mut stage = Stage::of_server(server.clone(), tls, suite);
    stage.peer.sends_ticket = true;
    stage.peer.alpn = Some(b"one");
    stage
}

/// Makes a session.
fn session(server: &Arc<ServerConfig>, tls: u16, suite: Suite) -> OldSession {
    let mut stage = stage(server, tls, suite);
    stage.handshake();
    stage.exchange();
    stage.peer.session()
}

/// The client comes back with a hello that was changed.
fn come_back(
    server: &Arc<ServerConfig>,
    (tls, suite): (u16, Suite),
    session: &OldSession,
    change: impl FnOnce(&mut Peer) -> Vec<u8>,
) -> Stage {
    let mut stage = stage(server, tls, suite);
    stage.peer.offer(session);
    let hello = change(&mut stage.peer);
    stage.play(&vec![Step::Message(hello)]);
    stage
}

/// The server went on with the session.
#[track_caller]
fn resumes(mut stage: Stage) {
    assert_eq!(stage.error, None);
    assert!(
        !stage.received.contains(&SERVER_HELLO_DONE),
        "a full handshake"
    );
    stage.play(&vec![Step::ChangeCipherSpec, Step::Finished]);
    stage.exchange();
    let facts = stage.victim.facts().unwrap();
    assert!(facts.resumed);
    assert_eq!(facts.handshake_kind, HandshakeKind::Resumed);
    assert_eq!(facts.psk_declined, None);
    // RFC 5929 Section 3.1: here the server's Finished is the first.
    let first = messages(&stage.peer.transcript)
        .into_iter()
        .find(|message| message[0] == FINISHED);
    let unique = facts.legacy.as_ref().unwrap().tls_unique.unwrap();
    assert_eq!(first.unwrap()[4..], unique);
}

/// RFC 5077 Section 3.4: clients without tickets get an ID where the server has a store for them, the others a ticket and none.
#[test]
fn a_server_with_tickets_keeps_sessions_by_id_for_clients_without() {
    for tls in [TLS1_0, TLS1_1, TLS1_2] {
        let clock = MovableClock::new();
        let tickets = stateless(1).with_session_ids(MemorySessionStore::new(100));
        let config = server(&clock, tickets).build().unwrap();
        let without_tickets = |mut stage: Stage| {
            stage.peer.sends_ticket = false;
            stage
        };
        let mut first = without_tickets(stage(&config, tls, ECDHE_RSA_CBC));
        first.handshake();
        let old = first.peer.session();
        assert_eq!((old.id.len(), old.ticket.len()), (32, 0));
        // Again and again by its ID.
        for _ in 0..3 {
            resumes(come_back(&config, (tls, ECDHE_RSA_CBC), &old, |peer| {
                peer.client_hello()
            }));
        }
        // By ID, from a client that has learnt what tickets are, and gets one.
        let mut learnt = stage(&config, tls, ECDHE_RSA_CBC);
        learnt.peer.offer(&old);
        learnt.peer.sends_ticket = true;
        let hello = learnt.peer.client_hello();
        learnt.play(&vec![Step::Message(hello)]);
        assert!(learnt.received.contains(&NEW_SESSION_TICKET));
        resumes(learnt);

        let new = session(&config, tls, ECDHE_RSA_CBC);
        assert_eq!(new.id, [0; 0]);
        assert!(!new.ticket.is_empty());
        resumes(come_back(&config, (tls, ECDHE_RSA_CBC), &new, |peer| {
            peer.client_hello()
        }));
        // The ID that a client makes up beside its ticket names nothing, then or later.
        let made_up = OldSession {
            id: vec![0x55; 32],
            ticket: Vec::new(),
            main: new.main.clone(),
        };
        declines(
            come_back(&config, (tls, ECDHE_RSA_CBC), &made_up, |peer| {
                peer.client_hello()
            }),
            None,
        );
        // Beside a ticket, be it a bad one, the ID is not looked at.
        let mut both = without_tickets(stage(&config, tls, ECDHE_RSA_CBC));
        both.handshake();
        let id = both.peer.session().id;
        let stage = come_back(&config, (tls, ECDHE_RSA_CBC), &new, |peer| {
            peer.ticket = vec![7; 200];
            peer.session_id = id;
            peer.client_hello()
        });
        declines(stage, None);
    }
}

/// The server did not know the session, or did not want it, for this reason, and made a new one.
#[track_caller]
fn declines(mut stage: Stage, reason: Option<&str>) {
    assert_eq!(stage.error, None);
    assert!(stage.received.contains(&SERVER_HELLO_DONE), "resumed");
    let flight = stage.peer.client_flight();
    stage.play(&flight);
    stage.exchange();
    let facts = stage.victim.facts().unwrap();
    assert!(!facts.resumed);
    assert_eq!(facts.handshake_kind, HandshakeKind::Full);
    assert_eq!(facts.psk_declined.as_deref(), reason);
}

#[test]
fn a_session_resumes_as_it_was_made() {
    let clock = MovableClock::new();
    for tickets in [stateless(1), stored()] {
        let server = server(&clock, tickets).build().unwrap();
        for tls in [TLS1_0, TLS1_1, TLS1_2] {
            for suite in SUITES.into_iter().filter(|suite| suite.is_of(tls)) {
                let session = session(&server, tls, suite);
                resumes(come_back(&server, (tls, suite), &session, |peer| {
                    peer.client_hello()
                }));
                clock.advance(Duration::from_secs(3600));
                resumes(come_back(&server, (tls, suite), &session, |peer| {
                    peer.client_hello()
                }));
            }
        }
    }
}

#[test]
fn a_session_does_not_resume_otherwise_than_it_was_made() {
    let clock = MovableClock::new();
    let here = (TLS1_2, ECDHE_RSA_CBC);
    for tickets in [0, 1] {
        let tickets = || match tickets {
            0 => stateless(1),
            _ => stored(),
        };
        let server = server(&clock, tickets()).build().unwrap();
        let session = || session(&server, here.0, here.1);
        let change = |number: u16, data: Option<Vec<u8>>| {
            move |peer: &mut Peer| {
                let mut hello = peer.client_hello();
                edit(&mut hello, |hello| {
                    hello.extensions.retain(|(other, _)| *other != number);
                    hello.extensions.extend(data.map(|data| (number, data)));
                });
                hello
            }
        };
        let name = |name: &[u8]| Some(vector(2, &[&[0][..], &vector(2, name)].concat()));
        let other_name = Some("the session is for another server name");
        let other_alpn = Some("the session is for another application protocol");
        let two = Some(vector(2, &vector(1, b"two")));
        for (change, reason) in [
            (change(SERVER_NAME, name(b"other.example")), other_name),
            (change(SERVER_NAME, None), other_name),
            (change(ALPN, two), other_alpn),
            (change(ALPN, None), other_alpn),
        ] {
            declines(come_back(&server, here, &session(), change), reason);
        }
        // Another version, which the client offers as its highest.
        for tls in [TLS1_0, TLS1_1] {
            let stage = come_back(&server, (tls, here.1), &session(), |peer| {
                peer.client_hello()
            });
            declines(stage, Some("the session is of another version"));
        }
        // Other suites, and not that of the session.
        let stage = come_back(&server, here, &session(), |peer| {
            let extensions = Dissected::new(&peer.client_hello()).extensions;
            peer.hello_with(&[RSA_CBC.number], extensions)
        });
        declines(stage, Some("the session's cipher suite is not in common"));
        // That of the session behind another one: it is the session's that counts.
        let stage = come_back(&server, here, &session(), |peer| {
            let extensions = Dissected::new(&peer.client_hello()).extensions;
            peer.hello_with(&[ECDHE_RSA_GCM.number, ECDHE_RSA_CBC.number], extensions)
        });
        resumes(stage);
        // RFC 7627 Section 5.3.
        let without = change(EXTENDED_MAIN_SECRET, None);
        let stage = come_back(&server, here, &session(), without);
        stage.expect("no EMS", PeerMisbehaved::ExtendedMainSecretMissing, FAILURE);
        // Too late.
        let session = session();
        clock.advance(Duration::from_secs(604_801));
        let stage = come_back(&server, here, &session, |peer| peer.client_hello());
        let reason = match session.ticket.is_empty() {
            false => Some("the session has expired"),
            // The store has forgotten it.
            true => None,
        };
        declines(stage, reason);
    }
}

#[test]
fn tickets_of_others_and_changed_ones_are_none() {
    let clock = MovableClock::new();
    let here = (TLS1_2, ECDHE_RSA_GCM);
    let ours = server(&clock, stateless(1)).build().unwrap();
    let session = session(&ours, here.0, here.1);
    // Another key, and another configuration with the same key.
    let other = server(&clock, stateless(2)).build().unwrap();
    let stage = come_back(&other, here, &session, |peer| peer.client_hello());
    declines(stage, None);
    let other = server(&clock, stateless(1)).with_session_context("another");
    let stage = come_back(&other.build().unwrap(), here, &session, |peer| {
        peer.client_hello()
    });
    declines(stage, Some("the session is of another configuration"));
    // Any other byte, any length.
    let len = session.ticket.len();
    for at in 0..len {
        let mut changed = session.clone();
        changed.ticket[at] ^= 1 << (at % 8);
        let stage = come_back(&ours, here, &changed, |peer| peer.client_hello());
        declines(stage, None);
    }
    for cut in [1, 15, 16, 17, 31, 32, len - 17, len - 1] {
        let mut changed = session.clone();
        changed.ticket.truncate(cut);
        let stage = come_back(&ours, here, &changed, |peer| peer.client_hello());
        declines(stage, None);
    }
    let mut longer = session.clone();
    longer.ticket.push(0);
    let stage = come_back(&ours, here, &longer, |peer| peer.client_hello());
    declines(stage, None);
}

/// Who saw a ticket go by does not have its main secret.
#[test]
fn a_ticket_without_its_secret_opens_nothing() {
    let clock = MovableClock::new();
    for tickets in [stateless(1), stored()] {
        let server = server(&clock, tickets).build().unwrap();
        let mut session = session(&server, TLS1_2, ECDHE_RSA_GCM);
        session.main[0] ^= 1;
        let mut stage = stage(&server, TLS1_2, ECDHE_RSA_GCM);
        stage.peer.offer(&session);
        stage.peer.blind = true;
        let hello = stage.peer.client_hello();
        stage.play(&vec![
            Step::Message(hello),
            Step::ChangeCipherSpec,
            Step::Finished,
        ]);
        assert_eq!(stage.error, Some(PeerMisbehaved::BadRecordMac.into()));
    }
}

/// An ID alone is no session where sessions are in tickets, nor the other way round.
#[test]
fn ids_and_tickets_are_not_mixed_up() {
    let clock = MovableClock::new();
    let here = (TLS1_2, ECDHE_RSA_GCM);
    let sealed = server(&clock, stateless(1)).build().unwrap();
    let stored = server(&clock, stored());
    let stored = stored.build().unwrap();
    let of_sealed = session(&sealed, here.0, here.1);
    let of_stored = session(&stored, here.0, here.1);
    assert!(of_sealed.id.is_empty() && of_stored.ticket.is_empty());
    for (server, session) in [(&sealed, &of_stored), (&stored, &of_sealed)] {
        let stage = come_back(server, here, session, |peer| peer.client_hello());
        declines(stage, None);
    }
    for id in [vec![], vec![1], vec![0; 32], vec![0xff; 31]] {
        let unknown = OldSession {
            id,
            ..of_stored.clone()
        };
        declines(
            come_back(&stored, here, &unknown, |peer| peer.client_hello()),
            None,
        );
    }
    resumes(come_back(&stored, here, &of_stored, |peer| {
        peer.client_hello()
    }));
}

/// RFC 7627 Section 5.4.
#[test]
fn without_extended_main_secret_there_is_no_session() {
    let clock = MovableClock::new();
    for tickets in [stateless(1), stored()] {
        let server = server(&clock, tickets).build().unwrap();
        let mut stage = stage(&server, TLS1_2, ECDHE_RSA_GCM);
        stage.peer.ems = false;
        stage.handshake();
        stage.exchange();
        let session = stage.peer.session();
        assert!(session.id.is_empty() && session.ticket.is_empty());
        assert!(!stage.received.contains(&NEW_SESSION_TICKET));
    }
    let shelf = Arc::new(Shelf::default());
    for by_ticket in [true, false] {
        let mut stage = Stage::of_client(client(&shelf).build().unwrap(), TLS1_2, ECDHE_RSA_CBC);
        stage.peer.ems = false;
        stage.peer.sends_ticket = by_ticket;
        stage.peer.session_id = vec![1; 32];
        stage.handshake();
        assert_eq!(shelf.len(), 0);
    }
}

/// A ticket of TLS 1.3, as it stands in pre_shared_key.
fn ticket_of_tls13(client_hello: &[u8]) -> Vec<u8> {
    let mut hello = Dissected::new(client_hello);
    let (identities, _) = split_vector(2, hello.extension(41));
    split_vector(2, identities).0.to_vec()
}

#[test]
fn tickets_do_not_change_between_versions() {
    let clock = MovableClock::new();
    let server = server(&clock, stateless(1))
        .with_policy(Policy::Default)
        .build()
        .unwrap();
    let client = |client: ConfigBuilder<Client>| {
        client
            .with_clock(clock.clone())
            .with_alpn(["one"])
            .build()
            .unwrap()
    };
    // One of TLS 1.3 in a hello of TLS 1.2.
    let shelf = Arc::new(Shelf::default());
    let tls13 = client(
        ClientConfig::builder(trust())
            .with_session_context("client")
            .with_session_store(shelf),
    );
    connect(&tls13, &server);
    let mut again = Connection::client(tls13, server_name());
    again.process().unwrap();
    let ticket = ticket_of_tls13(&messages(&records(again.output())[0][5..])[0]);
    let offered = OldSession {
        id: Vec::new(),
        ticket,
        main: vec![0; 48],
    };
    let here = (TLS1_2, ECDHE_RSA_GCM);
    let stage = come_back(&server, here, &offered, |peer| peer.client_hello());
    declines(stage, None);

    // One of TLS 1.2 as an identity in a hello of TLS 1.3, under its main secret.
    let session = session(&server, here.0, here.1);
    let psk = Psk::new(&session.ticket, &session.main).unwrap();
    let tls13 = client(ClientConfig::builder(trust()).with_psks([psk]));
    let pair = connect(&tls13, &server);
    let facts = pair.server.facts().unwrap();
    assert_eq!(facts.version, version(0x0304));
    assert_eq!(
        (facts.handshake_kind, facts.resumed),
        (HandshakeKind::Full, false)
    );
}

// A client, and a server that resumes as it likes.

fn client(shelf: &Arc<Shelf>) -> ConfigBuilder<Client> {
    let suites = SUITES.map(|suite| CipherSuite(suite.number));
    client_config(TLS1_2, ECDHE_RSA_CBC)
        .with_versions(version(TLS1_0)..=version(TLS1_2))
        .with_cipher_suites(&suites)
        .with_session_context("client")
        .with_session_store(shelf.clone())
}

/// A client that has a session of TLS 1.2, and offers it.
fn returning(by_ticket: bool) -> (Stage, OldSession, Arc<Shelf>) {
    let shelf = Arc::new(Shelf::default());
    let config = client(&shelf).with_alpn(["one", "two"]).build().unwrap();
    let mut first = Stage::of_client(config.clone(), TLS1_2, ECDHE_RSA_CBC);
    first.peer.alpn = Some(b"one");
    first.peer.sends_ticket = by_ticket;
    if !by_ticket {
        first.peer.session_id = vec![0x1d; 32];
    }
    first.handshake();
    assert_eq!(shelf.len(), 1);
    let mut stage = Stage::of_client(config, TLS1_2, ECDHE_RSA_CBC);
    assert_eq!(shelf.len(), 0);
    stage.peer.alpn = Some(b"one");
    (stage, first.peer.session(), shelf)
}

#[test]
fn a_client_resumes_what_it_offered() {
    for by_ticket in [true, false] {
        for renewed in [true, false] {
            if renewed && !by_ticket {
                continue;
            }
            let (mut stage, session, shelf) = returning(by_ticket);
            let offered = stage.peer.offered_session_id();
            match by_ticket {
                true => assert_eq!(offered.len(), 32),
                false => assert_eq!(offered, session.id),
            }
            stage.peer.sends_ticket = renewed;
            let flight = stage.peer.resuming_flight(&session);
            stage.play(&flight);
            stage.exchange();
            let facts = stage.victim.facts().unwrap();
            assert!(facts.resumed);
            assert!(facts.peer_certificates.is_some());
            assert_eq!(shelf.len(), 1);
        }
    }
}

#[test]
fn a_client_resumes_nothing_but_what_it_offered() {
    let with = |change: &dyn Fn(&mut Stage), error: Error, alert| {
        for by_ticket in [true, false] {
            let (mut stage, session, shelf) = returning(by_ticket);
            change(&mut stage);
            let flight = stage.peer.resuming_flight(&session);
            stage.play(&flight);
            stage.expect("resumption", error.clone(), alert);
            // A session is not offered a second time, after a failure least of all.
            assert_eq!(shelf.len(), 0);
        }
    };
    let illegal = |what| PeerMisbehaved::IllegalParameter { what }.into();
    with(
        &|stage| stage.peer.version = TLS1_1,
        illegal("session resumed in another version (RFC 5246 Appendix E.1)"),
        ILLEGAL,
    );
    with(
        &|stage| stage.peer.suite = RSA_CBC,
        illegal("session resumed with another cipher suite (RFC 5246 Section 7.4.1.3)"),
        ILLEGAL,
    );
    with(
        &|stage| stage.peer.suite = ECDHE_RSA_GCM,
        illegal("session resumed with another cipher suite (RFC 5246 Section 7.4.1.3)"),
        ILLEGAL,
    );
    with(
        &|stage| stage.peer.ems = false,
        PeerMisbehaved::ExtendedMainSecretMissing.into(),
        FAILURE,
    );
    for alpn in [None, Some(&b"two"[..])] {
        with(
            &|stage| stage.peer.alpn = alpn,
            illegal("session resumed for another application protocol"),
            ILLEGAL,
        );
    }
}

#[test]
fn a_server_without_the_secret_resumes_nothing() {
    for by_ticket in [true, false] {
        let (mut stage, mut session, _) = returning(by_ticket);
        session.main[47] ^= 1;
        let flight = stage.peer.resuming_flight(&session);
        stage.play(&flight);
        let bad = PeerMisbehaved::BadRecordMac;
        stage.expect("secret", bad, AlertDescription::BAD_RECORD_MAC);
    }
}

/// The random ID of a client that offers TLS 1.3 (RFC 8446 Appendix D.4), or that stands beside an empty ticket, names nothing.
#[test]
fn an_id_that_names_no_session_is_not_resumed() {
    let shelf = Arc::new(Shelf::default());
    for with_store in [false, true] {
        let mut config = ClientConfig::builder(trust())
            .with_clock(Arc::new(crate::support::FixedClock))
            .with_policy(Policy::Default);
        if with_store {
            config = config
                .with_session_context("client")
                .with_session_store(shelf.clone());
        }
        let mut stage = Stage::of_client(config.build().unwrap(), TLS1_2, ECDHE_RSA_GCM);
        assert_eq!(stage.peer.offered_session_id().len(), 32);
        let session = OldSession {
            id: Vec::new(),
            ticket: Vec::new(),
            main: vec![0; 48],
        };
        let flight = stage.peer.resuming_flight(&session);
        stage.play(&flight);
        let what = "server resumes a session that was not offered (RFC 5246 Section 7.4.1.3)";
        let error = PeerMisbehaved::IllegalParameter { what };
        stage.expect("echo", error, ILLEGAL);
    }
}

#[test]
fn a_server_does_what_its_hello_says() {
    // It echoes, and then begins a full handshake.
    let (mut stage, _, _) = returning(true);
    stage.peer.session_id = stage.peer.offered_session_id();
    let flight = stage.peer.server_flight();
    stage.play(&flight);
    let error = PeerMisbehaved::UnexpectedMessage {
        got: HandshakeType::CERTIFICATE,
        expected: "ChangeCipherSpec",
    };
    stage.expect("full", error, UNEXPECTED);
    // It does not echo, and resumes.
    let (mut stage, session, _) = returning(true);
    let mut flight = stage.peer.resuming_flight(&session);
    stage.peer.session_id = vec![9; 32];
    flight[0] = Step::Message(stage.peer.server_hello());
    stage.play(&flight);
    let expected = "Certificate";
    let error = PeerMisbehaved::UnexpectedChangeCipherSpec { expected };
    stage.expect("abbreviated", error, UNEXPECTED);
    // It does not echo, and does not resume: a full handshake, with a new session.
    for id in [vec![], vec![9; 32], vec![0]] {
        let (mut stage, _, shelf) = returning(true);
        stage.peer.session_id.clone_from(&id);
        stage.handshake();
        stage.exchange();
        assert!(!stage.victim.facts().unwrap().resumed);
        assert_eq!(shelf.len(), usize::from(!id.is_empty()));
    }
}

/// A session of TLS 1.2 in the hand of a client that gets TLS 1.3 this time: its ID is echoed there too, and means nothing.
#[test]
fn a_session_is_no_obstacle_to_a_newer_version() {
    for tickets in [stateless(1), stored()] {
        let clock = MovableClock::new();
        let shelf = Arc::new(Shelf::default());
        let client = |max| {
            ClientConfig::builder(trust())
                .with_clock(clock.clone())
                .with_versions(version(TLS1_2)..=version(max))
                .with_session_context("client")
                .with_session_store(shelf.clone())
                .build()
                .unwrap()
        };
        let server = server(&clock, tickets).with_policy(Policy::Default);
        let server = server.build().unwrap();
        connect(&client(TLS1_2), &server);
        assert_eq!(shelf.len(), 1);
        let pair = connect(&client(0x0304), &server);
        let facts = pair.client.facts().unwrap();
        assert_eq!(facts.version, version(0x0304));
        assert!(!facts.resumed);
    }
}

/// A client that says goodbye in the middle costs nobody else's session.
#[test]
fn a_handshake_that_was_not_finished_leaves_no_session() {
    let clock = MovableClock::new();
    let server = server(&clock, stored());
    let server = server.build().unwrap();
    let mut stage = stage(&server, TLS1_2, ECDHE_RSA_GCM);
    let flight = stage.up_to_last_flight();
    let unfinished = flight.len() - 1;
    stage.play(&flight[..unfinished].to_vec());
    let session = stage.peer.session();
    assert_eq!(session.id.len(), 32);
    drop(stage);
    let here = (TLS1_2, ECDHE_RSA_GCM);
    declines(
        come_back(&server, here, &session, |peer| peer.client_hello()),
        None,
    );
}

/// Both of our sides, with the ticket changed on the way to the client: the server's Finished is over the ticket that it sent.
#[test]
fn a_ticket_changed_on_the_way_spoils_the_handshake() {
    let clock = MovableClock::new();
    let shelf = Arc::new(Shelf::default());
    let server = server(&clock, stateless(1)).build().unwrap();
    let client = client(&shelf).build().unwrap();
    let mut client = Connection::client(client, server_name());
    let mut server = Connection::server(server);
    client.process().unwrap();
    move_bytes(&mut client, &mut server);
    server.process().unwrap();
    move_bytes(&mut server, &mut client);
    client.process().unwrap();
    move_bytes(&mut client, &mut server);
    server.process().unwrap();
    let mut output = server.output().to_vec();
    // NewSessionTicket is the last message that is not sealed.
    assert_eq!((output[0], output[5]), (HANDSHAKE, NEW_SESSION_TICKET));
    output[5 + 4 + 4 + 2 + 40] ^= 1;
    client.receive(&output);
    let error = client.process().unwrap_err();
    assert_eq!(error, PeerMisbehaved::BadFinished.into());
    assert_eq!(error.alert(), Some(AlertDescription::DECRYPT_ERROR));
    assert_eq!(shelf.len(), 0);
}
