//! What a session must fit to be resumed; where it does not, a full handshake takes its place. And who the peer is then.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::resumption::{
    OneKey, World, connect, expect_declined, expect_full, expect_resumed, finish, meet, same,
};
use support::{Side, credential};
use warifu::config::{ChooseServerConfig, ClientHelloFacts, ConfigBuilder, Server};
use warifu::decision::Answer;
use warifu::parameters::{AlertDescription, CipherSuite, PskKeyExchangeMode};
use warifu::psk::{PskRequest, PskStore};
use warifu::resumption::{ClientSessionStore, SessionKey, Tickets};
use warifu::{
    ClientAuth, ClientConfig, Connection, Credential, Error, HandshakeKind, Psk, PskFailure,
    PskPolicy, ServerConfig,
};

const AES128: CipherSuite = CipherSuite::TLS_AES_128_GCM_SHA256;
const AES256: CipherSuite = CipherSuite::TLS_AES_256_GCM_SHA384;
const CHACHA: CipherSuite = CipherSuite::TLS_CHACHA20_POLY1305_SHA256;
const DHE: PskKeyExchangeMode = PskKeyExchangeMode::PSK_DHE_KE;
const KE: PskKeyExchangeMode = PskKeyExchangeMode::PSK_KE;

/// A server with the ticket key and name of all others here.
fn server(
    world: &World,
    change: impl FnOnce(ConfigBuilder<Server>) -> ConfigBuilder<Server>,
) -> Arc<ServerConfig> {
    let week = Duration::from_secs(604_800);
    let tickets = Tickets::stateless(OneKey::new(1)).with_lifetime(week);
    world.server(tickets, change)
}

/// A value of each side's own: a node that has the key in both roles takes itself for somebody else's mirror.
fn alice() -> Psk {
    Psk::new("alice", [7; 32]).unwrap()
}

#[test]
fn a_session_goes_with_its_hash_and_not_with_its_suite() {
    let world = World::new();
    let client = world.client(same);
    for (first, second, fits) in [
        (AES128, CHACHA, true),
        (CHACHA, AES128, true),
        (AES128, AES256, false),
        (AES256, AES128, false),
        (AES256, AES256, true),
    ] {
        world.shelf.drain();
        let with = |suite| server(&world, |server| server.with_cipher_suites(&[suite]));
        connect(&client, &with(first));
        let next = connect(&client, &with(second));
        assert_eq!(next.server.facts().unwrap().cipher_suite, second);
        match fits {
            true => expect_resumed(&next),
            false => expect_declined(&next, "no cipher suite with the ticket's hash is in common"),
        }
    }
    // A client that does not offer the suite any more does not offer the session.
    let other = world.client(|client| client.with_cipher_suites(&[AES128]));
    expect_full(&connect(&other, &server(&world, same)));
}

#[test]
fn a_session_goes_with_its_server_name() {
    let world = World::new();
    let server = server(&world, same);
    let silent = world.client(|client| client.with_server_name_indication(false));
    // Our clients do not offer it under another name, nor without one.
    connect(&world.client(same), &server);
    expect_full(&connect(&silent, &server));
    world.shelf.drain();
    connect(&silent, &server);
    expect_resumed(&connect(&silent, &server));
    expect_full(&connect(&world.client(same), &server));
    // Servers look for themselves.
    world.shelf.drain();
    connect(&world.client(same), &server);
    rename_sessions(&world, b"\x0chost.example", b"\0");
    let reason = "the ticket is for another server name";
    expect_declined(&connect(&silent, &server), reason);
}

/// Changes the name in what the client knows of its sessions, with its length before it.
fn rename_sessions(world: &World, from: &[u8], to: &[u8]) {
    world.shelf.edit(|bytes| {
        // The certificates behind it have the name too.
        let mut places = bytes.windows(from.len());
        let at = places.position(|found| found == from).unwrap();
        bytes.splice(at..at + from.len(), to.iter().copied());
    });
}

#[test]
fn a_session_goes_with_its_application_protocol() {
    let world = World::new();
    let with = |alpn: &[&str]| {
        let alpn: Vec<String> = alpn.iter().map(ToString::to_string).collect();
        server(&world, |server| server.with_alpn(alpn))
    };
    let client = world.client(|client| client.with_alpn(["a", "b"]));
    let reason = "the ticket is for another application protocol";
    connect(&client, &with(&["a"]));
    expect_resumed(&connect(&client, &with(&["a"])));
    let next = connect(&client, &with(&["b"]));
    expect_declined(&next, reason);
    assert_eq!(
        next.client.facts().unwrap().alpn.as_deref(),
        Some(&b"b"[..])
    );
    // The newest session is of protocol b now.
    expect_declined(&connect(&client, &with(&[])), reason);
    expect_declined(&connect(&client, &with(&["a"])), reason);
    // A client that speaks neither any more does not offer it.
    let other = world.client(|client| client.with_alpn(["c"]));
    expect_full(&connect(&other, &with(&["c"])));
}

#[test]
fn a_session_without_the_clients_certificate_is_not_taken_where_one_is_required() {
    let world = World::new();
    let credential = world.pki.client.clone();
    let client = world.client(|client| client.with_credential(credential));
    let trust = || world.pki.trust();
    let required = server(&world, |s| {
        s.with_client_auth(ClientAuth::required(trust()))
    });
    let optional = server(&world, |s| {
        s.with_client_auth(ClientAuth::optional(trust()))
    });
    connect(&client, &server(&world, same));
    let next = connect(&client, &required);
    expect_declined(&next, "the session began without the client's certificate");
    assert!(next.server.facts().unwrap().peer_certificates.is_some());
    // Where it is optional, such a session is one of a client without a certificate.
    world.shelf.drain();
    connect(&client, &server(&world, same));
    let next = connect(&client, &optional);
    expect_resumed(&next);
    assert_eq!(next.server.facts().unwrap().peer_certificates, None);
}

#[test]
fn a_session_that_began_without_a_key_is_not_taken_where_a_key_is_required() {
    let world = World::new();
    let client = world.client(|client| client.with_psks([alice()]));
    connect(&client, &server(&world, same));
    let demanding = server(&world, |server| {
        let server = server.with_psk_store(alice());
        server.with_psk_policy(PskPolicy::Required)
    });
    let next = connect(&client, &demanding);
    let facts = next.server.facts().unwrap();
    assert_eq!(facts.handshake_kind, HandshakeKind::Psk);
    let declined = facts.psk_declined.as_deref().unwrap();
    assert!(
        declined.ends_with("the session began without a pre-shared key"),
        "{declined}"
    );
    // A client that has no key is refused, ticket or not.
    world.shelf.drain();
    let client = world.client(same);
    connect(&client, &server(&world, same));
    let mut pair = meet(&client, &demanding);
    let (side, error) = pair.handshake().unwrap_err();
    assert_eq!(side, Side::Server);
    let Error::Psk(PskFailure::Unusable { reason, .. }) = &error else {
        panic!("{error}");
    };
    assert_eq!(reason, "the session began without a pre-shared key");
    assert_eq!(error.alert(), Some(AlertDescription::DECRYPT_ERROR));
    pair.expect_alert(side, &error);
    // And one that demands a key does not offer a session that began without.
    world.shelf.drain();
    connect(&client, &server(&world, same));
    let client = world.client(|client| {
        let client = client.with_psks([alice()]);
        client.with_psk_policy(PskPolicy::Required)
    });
    let next = connect(&client, &demanding);
    assert_eq!(next.server.facts().unwrap().psk_declined, None);
}

/// Chooses by name or by protocol.
#[derive(Debug)]
struct Hosts {
    by_name: Vec<(&'static str, Arc<ServerConfig>)>,
    by_protocol: Vec<(&'static [u8], Arc<ServerConfig>)>,
}

impl ChooseServerConfig for Hosts {
    fn choose(
        &self,
        hello: ClientHelloFacts,
    ) -> Answer<'_, Result<Option<Arc<ServerConfig>>, Error>> {
        let named = self
            .by_name
            .iter()
            .find(|(name, _)| hello.server_name.as_deref() == Some(name));
        let spoken = self
            .by_protocol
            .iter()
            .find(|(name, _)| hello.alpn.iter().any(|own| own == name));
        let found = named.map(|(_, config)| config.clone());
        Answer::Ready(Ok(found.or(spoken.map(|(_, config)| config.clone()))))
    }
}

/// Keeps all sessions under one key: a client that mixes up its hosts.
#[derive(Debug)]
struct OneShelf(Arc<support::resumption::Shelf>);

fn one_key() -> SessionKey {
    SessionKey {
        server_name: "any".into(),
        context: [0; 32],
    }
}

impl ClientSessionStore for OneShelf {
    fn put(&self, _: &SessionKey, session: warifu::resumption::Session) {
        self.0.put(&one_key(), session);
    }

    fn take<'a>(&'a self, _: &'a SessionKey) -> Answer<'a, Option<warifu::resumption::Session>> {
        let Answer::Ready(session) = self.0.take(&one_key()) else {
            panic!("it is in memory");
        };
        Answer::Ready(session)
    }
}

#[test]
fn virtual_hosts_that_share_ticket_keys_do_not_resume_each_others_sessions() {
    let world = World::new();
    // One certificate for both, so that the client believes either.
    let both = credential(&world.pki.ca, &["one.example", "two.example"]);
    let keys = Arc::new(OneKey::new(1));
    // Configurations as they are without a name: each has a random one.
    let host = || {
        ServerConfig::builder(both.clone())
            .with_clock(world.clock.clone())
            .with_tickets(Tickets::stateless(keys.clone()))
            .with_alpn(["p1", "p2"])
    };
    let build = |builder: ConfigBuilder<Server>| builder.build().unwrap();
    let (one, two) = (build(host()), build(host()));
    let by_name = Hosts {
        by_name: vec![("one.example", one.clone()), ("two.example", two.clone())],
        by_protocol: Vec::new(),
    };
    let front = build(host().with_config_choice(Arc::new(by_name)));
    let client = world.client(|client| client.with_session_store(OneShelf(world.shelf.clone())));
    let to = |client: &Arc<ClientConfig>, front: &Arc<ServerConfig>, name: &'static str| {
        let mut pair = support::Pair {
            client: Connection::client(client.clone(), name.try_into().unwrap()),
            server: Connection::server(front.clone()),
        };
        support::resumption::finish(&mut pair);
        pair
    };
    expect_full(&to(&client, &front, "one.example"));
    expect_resumed(&to(&client, &front, "one.example"));
    rename_sessions(&world, b"\x0bone.example", b"\x0btwo.example");
    let other_host = "the ticket is of another configuration";
    expect_declined(&to(&client, &front, "two.example"), other_host);
    expect_resumed(&to(&client, &front, "two.example"));

    // With one name: the configuration differs by protocol alone.
    let by_protocol = Hosts {
        by_name: Vec::new(),
        by_protocol: vec![(b"p1", one), (b"p2", two)],
    };
    let front = build(host().with_config_choice(Arc::new(by_protocol)));
    let speaks = |protocol: &'static str| {
        world.client(|client| {
            let client = client.with_session_store(OneShelf(world.shelf.clone()));
            client.with_alpn([protocol, "other"])
        })
    };
    world.shelf.drain();
    expect_full(&to(&speaks("p1"), &front, "one.example"));
    expect_resumed(&to(&speaks("p1"), &front, "one.example"));
    // The client must not offer a session of a protocol that it does not speak; make it.
    let both_protocols = world.client(|client| {
        let client = client.with_session_store(OneShelf(world.shelf.clone()));
        client.with_alpn(["p2", "p1"])
    });
    let front_two = build(host().with_alpn(["p1"]));
    expect_declined(&to(&both_protocols, &front_two, "one.example"), other_host);
    expect_full(&to(&speaks("p2"), &front, "one.example"));

    // Hosts that have the same name for their sessions are still told apart by SNI.
    let named = || build(host().with_session_context("both"));
    let hosts = Hosts {
        by_name: vec![("one.example", named()), ("two.example", named())],
        by_protocol: Vec::new(),
    };
    let front = build(host().with_config_choice(Arc::new(hosts)));
    world.shelf.drain();
    expect_full(&to(&client, &front, "one.example"));
    rename_sessions(&world, b"\x0bone.example", b"\x0btwo.example");
    let other_name = "the ticket is for another server name";
    expect_declined(&to(&client, &front, "two.example"), other_name);
}

#[test]
fn the_chains_of_both_sides_survive_resumption() {
    let world = World::new();
    let credential = world.pki.client.clone();
    let client = world.client(|client| client.with_credential(credential));
    let trust = world.pki.trust();
    let server = server(&world, |s| s.with_client_auth(ClientAuth::required(trust)));
    let first = connect(&client, &server);
    let chain = |connection: &Connection| connection.facts().unwrap().peer_certificates.clone();
    for _ in 0..3 {
        let next = connect(&client, &server);
        expect_resumed(&next);
        assert_eq!(chain(&next.client), chain(&first.client));
        assert_eq!(chain(&next.server), chain(&first.server));
        // Nobody signed anything this time.
        for facts in [next.client.facts(), next.server.facts()] {
            let facts = facts.unwrap();
            assert_eq!(facts.peer_signature_scheme, None);
            assert!(facts.local_credential.is_none());
        }
    }
}

/// A credential for these names, valid until the end of 2026-06-02: two days from the tests' now.
fn short_lived(world: &World, name: &str) -> Arc<Credential> {
    let (certificate, key) = world.pki.ca.leaf_and_key(&[name], |params| {
        params.not_after = rcgen::date_time_ymd(2026, 6, 3);
    });
    Arc::new(Credential::from_der(vec![certificate], &key.serialize_der()).unwrap())
}

const TWO_DAYS: u64 = 2 * 86_400 + 1;

#[test]
fn a_client_certificate_that_expired_since_is_not_resumed() {
    let world = World::new();
    let old = short_lived(&world, "client.example");
    let client = world.client(|client| client.with_credential(old));
    let new = world.pki.client.clone();
    let renewed = world.client(|client| client.with_credential(new));
    for auth in [ClientAuth::required, ClientAuth::optional] {
        let world_trust = world.pki.trust();
        let server = server(&world, |s| s.with_client_auth(auth(world_trust)));
        let first = connect(&client, &server);
        expect_resumed(&connect(&client, &server));
        let before = first.server.facts().unwrap().peer_certificates.clone();
        world.advance(TWO_DAYS);
        let next = connect(&renewed, &server);
        let reason = "the client's certificate is not believed any more";
        expect_declined(&next, reason);
        assert_ne!(next.server.facts().unwrap().peer_certificates, before);
        world.shelf.drain();
        world.clock.go_back(Duration::from_secs(TWO_DAYS));
    }
}

#[test]
fn a_client_offers_no_session_of_a_server_that_it_would_not_believe_today() {
    let world = World::new();
    let client = world.client(same);
    let old = short_lived(&world, "host.example");
    let before = server(&world, same);
    let expiring = {
        let tickets =
            Tickets::stateless(OneKey::new(1)).with_lifetime(Duration::from_secs(604_800));
        ServerConfig::builder(old)
            .with_clock(world.clock.clone())
            .with_session_context("server")
            .with_tickets(tickets)
            .build()
            .unwrap()
    };
    connect(&client, &expiring);
    expect_resumed(&connect(&client, &before));
    world.advance(TWO_DAYS);
    // The renewed server would take the ticket.
    expect_full(&connect(&client, &before));

    // A client that has changed its mind about the CA, or about which leaf it believes.
    world.shelf.drain();
    connect(&client, &before);
    let other_ca = support::Pki::new();
    let other_trust = world.client(|_| {
        ClientConfig::builder(other_ca.trust())
            .with_clock(world.clock.clone())
            .with_session_context("client")
            .with_session_store(world.shelf.clone())
    });
    let mut pair = meet(&other_trust, &before);
    let (side, error) = pair.handshake().unwrap_err();
    assert_eq!(side, Side::Client);
    // It has the name of the other, and another key.
    assert_eq!(error.alert(), Some(AlertDescription::BAD_CERTIFICATE));
    pair.expect_alert(side, &error);
    assert_eq!(before.psk_statistics().tickets_accepted, 1);
}

/// A key that can be exchanged while the server runs.
#[derive(Debug, Default, Clone)]
struct Changing(Arc<Mutex<Option<Psk>>>);

impl PskStore for Changing {
    fn find<'a>(&'a self, request: PskRequest<'a>) -> Answer<'a, Result<Option<Psk>, Error>> {
        let psk = self.0.lock().unwrap().clone();
        Answer::Ready(Ok(psk.filter(|psk| psk.identity() == request.identity)))
    }
}

#[test]
fn a_session_ends_when_its_pre_shared_key_is_removed_or_replaced() {
    let world = World::new();
    let psk = |byte| Psk::new("alice", [byte; 32]).unwrap();
    let store = Changing::default();
    let server = server(&world, |server| server.with_psk_store(store.clone()));
    let client = |byte| world.client(|client| client.with_psks([psk(byte)]));
    let set = |psk| *store.0.lock().unwrap() = psk;

    set(Some(psk(1)));
    let first = connect(&client(1), &server);
    assert_eq!(
        first.server.facts().unwrap().handshake_kind,
        HandshakeKind::Psk
    );
    for _ in 0..2 {
        let next = connect(&client(1), &server);
        expect_resumed(&next);
        for side in [&next.client, &next.server] {
            let facts = side.facts().unwrap();
            assert_eq!(&*facts.psk.as_ref().unwrap().identity, b"alice");
            assert_eq!(facts.peer_certificates, None);
        }
    }
    set(None);
    let reason = "the key with which the session began is gone";
    expect_declined(&connect(&client(1), &server), reason);

    // Replaced at the server alone: the client's own key, offered behind the ticket, is wrong then.
    set(Some(psk(1)));
    world.shelf.drain();
    connect(&client(1), &server);
    set(Some(psk(2)));
    let mut pair = meet(&client(1), &server);
    let (side, error) = pair.handshake().unwrap_err();
    let identity = "alice".to_owned();
    assert_eq!(
        (side, &error),
        (Side::Server, &PskFailure::WrongKey { identity }.into())
    );
    pair.expect_alert(side, &error);
    assert_eq!(server.psk_statistics().tickets_declined, 2);

    // Replaced at the client: it does not offer the session.
    world.shelf.drain();
    set(Some(psk(1)));
    connect(&client(1), &server);
    set(Some(psk(2)));
    let next = connect(&client(2), &server);
    let facts = next.server.facts().unwrap();
    assert_eq!(
        (facts.handshake_kind, &facts.psk_declined),
        (HandshakeKind::Psk, &None)
    );
    // Nor where it has no key any more.
    let next = connect(&world.client(same), &server);
    expect_full(&next);
}

#[test]
fn a_ticket_and_a_key_are_offered_together_and_either_may_fail() {
    let world = World::new();
    let client = world.client(|client| client.with_psks([alice()]));
    let certificates_only = server(&world, same);
    let with_key = server(&world, |server| server.with_psk_store(alice()));
    let other_key = world.server(Tickets::stateless(OneKey::new(2)), |server| {
        server.with_psk_store(alice())
    });
    // The ticket is good, the key unknown.
    let first = connect(&client, &certificates_only);
    expect_declined(
        &first,
        "no pre-shared keys are kept here; if it is a ticket, it is of another server or of a key that is gone",
    );
    let next = connect(&client, &certificates_only);
    expect_resumed(&next);
    assert_eq!(next.server.facts().unwrap().psk, None);
    // Both are good: the ticket comes first.
    expect_resumed(&connect(&client, &with_key));
    // The ticket is unknown, the key good. Nobody can say that it was a ticket: it is an unknown identity.
    let next = connect(&client, &other_key);
    let [at_client, at_server] = [&next.client, &next.server].map(|side| side.facts().unwrap());
    for facts in [at_client, at_server] {
        assert_eq!(facts.handshake_kind, HandshakeKind::Psk);
        assert_eq!(&*facts.psk.as_ref().unwrap().identity, b"alice");
    }
    assert_eq!(
        at_client.psk_declined.as_deref(),
        Some("the server took another key than the first one offered")
    );
    let declined = at_server.psk_declined.as_deref().unwrap();
    assert!(
        declined.starts_with("no key here for the identity"),
        "{declined}"
    );
    // Both fail.
    world.shelf.drain();
    connect(&client, &certificates_only);
    let neither = world.server(Tickets::stateless(OneKey::new(3)), same);
    expect_declined(
        &connect(&client, &neither),
        "no pre-shared keys are kept here; if it is a ticket, it is of another server or of a key that is gone",
    );
}

#[test]
fn psk_ke_resumes_only_where_both_allow_it() {
    let modes = [&[DHE][..], &[KE], &[DHE, KE]];
    for clients in modes {
        for servers in modes {
            let world = World::new();
            let client = world.client(|client| client.with_psk_modes(clients));
            let server = server(&world, |server| server.with_psk_modes(servers));
            connect(&client, &server);
            let next = connect(&client, &server);
            let common = |mode| clients.contains(&mode) && servers.contains(&mode);
            if !common(DHE) && !common(KE) {
                // There was no ticket to offer.
                expect_full(&next);
                continue;
            }
            expect_resumed(&next);
            for side in [&next.client, &next.server] {
                let facts = side.facts().unwrap();
                assert_eq!(facts.psk_mode, Some(if common(DHE) { DHE } else { KE }));
                assert_eq!(facts.group.is_some(), common(DHE));
            }
        }
    }
    // A ticket that was issued for a mode which is not allowed any more.
    let world = World::new();
    let client = world.client(|client| client.with_psk_modes(&[KE]));
    connect(
        &client,
        &server(&world, |server| server.with_psk_modes(&[KE])),
    );
    let next = connect(&client, &server(&world, same));
    expect_declined(
        &next,
        "no common mode for pre-shared keys: we allow psk_dhe_ke, the peer psk_ke (RFC 8446 Section 4.2.9)",
    );
}

/// A connection that proves itself by a certificate of its own is not to go on as another one's.
#[test]
fn a_session_goes_with_the_credential_of_its_connection() {
    let world = World::new();
    let trust = world.pki.trust();
    let server = server(&world, |s| s.with_client_auth(ClientAuth::required(trust)));
    let client = world.client(same);
    let people = ["one.example", "two.example"].map(|name| credential(&world.pki.ca, &[name]));
    let connect_as = |person: &Arc<Credential>| {
        let mut pair = meet(&client, &server);
        pair.client.set_credential(person.clone()).unwrap();
        support::resumption::finish(&mut pair);
        let facts = pair.server.facts().unwrap();
        let chain = facts.peer_certificates.as_deref().unwrap();
        assert_eq!(chain, person.certificates());
        pair
    };
    expect_full(&connect_as(&people[0]));
    expect_full(&connect_as(&people[1]));
    for person in &people {
        expect_resumed(&connect_as(person));
    }
}

// ---- who may not go on as another ----

#[test]
fn clones_of_one_builder_do_not_share_sessions() {
    let world = World::new();
    let trust = world.pki.trust();
    let server = server(&world, |s| s.with_client_auth(ClientAuth::required(trust)));
    let base = support::client_builder(&world.pki)
        .with_clock(world.clock.clone())
        .with_session_store(world.shelf.clone());
    let as_one = base.clone().with_credential(world.pki.client.clone());
    let other = short_lived(&world, "other.example");
    let as_other = base.with_credential(other);
    let as_one = as_one.build().unwrap();
    let first = connect(&as_one, &server);
    expect_resumed(&connect(&as_one, &server));
    let next = connect(&as_other.build().unwrap(), &server);
    expect_full(&next);
    let chain = |connection: &Connection| connection.facts().unwrap().peer_certificates.clone();
    assert_ne!(chain(&next.server), chain(&first.server));
}

#[test]
fn a_ticket_goes_with_the_certificate_of_the_servers_connection() {
    let world = World::new();
    let client = world.client(same);
    let server = server(&world, same);
    let tenant = |credential: &Arc<Credential>| {
        let mut pair = meet(&client, &server);
        pair.server.set_credential(credential.clone()).unwrap();
        finish(&mut pair);
        pair
    };
    let (one, other) = (
        short_lived(&world, "host.example"),
        short_lived(&world, "host.example"),
    );
    expect_full(&tenant(&one));
    expect_resumed(&tenant(&one));
    let foreign = "the ticket is of another configuration";
    expect_declined(&tenant(&other), foreign);
    expect_resumed(&tenant(&other));
    expect_declined(&connect(&client, &server), foreign);
}

#[test]
fn a_clients_certificate_that_nobody_judges_any_more_is_forgotten() {
    let world = World::new();
    let credential = world.pki.client.clone();
    let client = world.client(|client| client.with_credential(credential));
    let trust = world.pki.trust();
    let asking = server(&world, |s| s.with_client_auth(ClientAuth::optional(trust)));
    let silent = server(&world, same);
    connect(&client, &asking);
    let next = connect(&client, &silent);
    expect_resumed(&next);
    assert_eq!(next.server.facts().unwrap().peer_certificates, None);
}
