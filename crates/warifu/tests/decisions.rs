//! Decisions that an application answers later: the choice of a configuration, of a credential, the signature and
//! the verification; in the handshake and after it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::collections::HashMap;
use std::future::poll_fn;
use std::io::{ErrorKind, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use support::psk::{connected, psk};
use support::transport::pipe;
use support::{
    Pair, Pki, Side, client_builder, content_lens, credential, deliver, move_bytes, pattern,
    server_builder, server_name,
};
use warifu::config::{ChooseServerConfig, ClientHelloFacts};
use warifu::credential::Credentials;
use warifu::decision::{
    Answer, ChooseCredential, CredentialRequest, PresentedChain, Sign, VerifyPeer,
};
use warifu::parameters::{
    AlertDescription, ContentType, HandshakeType, ProtocolVersion, SignatureScheme,
};
use warifu::pki_types::ServerName;
use warifu::psk::{ChoosePsks, PskRequest};
use warifu::{
    CertificateError, ClientAuth, ClientConfig, Connection, Credential, Direction, Error,
    LoggedMessage, MessageLog, NothingInCommon, Psk, PskStore, ReadOutcome, ServerConfig, Stream,
    Waiting,
};

// ---- applications that take their time ----

/// A door that answers wait behind.
#[derive(Debug, Default)]
struct Gate {
    state: Mutex<(bool, Vec<Waker>)>,
    /// How many answers were begun.
    asked: AtomicUsize,
    /// How many were dropped before they were given.
    dropped: AtomicUsize,
}

impl Gate {
    fn open(&self) {
        let wakers = {
            let mut state = self.state.lock().unwrap();
            state.0 = true;
            std::mem::take(&mut state.1)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Opens after a while, from another thread.
    fn open_later(self: &Arc<Self>) -> thread::JoinHandle<()> {
        let gate = self.clone();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            gate.open();
        })
    }

    /// `answer`, once the gate is open.
    fn behind<'a, T: Send + 'a>(
        self: &Arc<Self>,
        answer: impl FnOnce() -> T + Send + 'a,
    ) -> Answer<'a, T> {
        struct CountDrop(Arc<Gate>);
        impl Drop for CountDrop {
            fn drop(&mut self) {
                self.0.dropped.fetch_add(1, Ordering::SeqCst);
            }
        }
        self.asked.fetch_add(1, Ordering::SeqCst);
        let gate = self.clone();
        let unanswered = CountDrop(self.clone());
        Answer::later(async move {
            poll_fn(|context| {
                let mut state = gate.state.lock().unwrap();
                if state.0 {
                    return Poll::Ready(());
                }
                state.1.push(context.waker().clone());
                Poll::Pending
            })
            .await;
            std::mem::forget(unanswered);
            answer()
        })
    }
}

/// Answers every question behind a gate.
#[derive(Debug)]
struct Slow {
    gate: Arc<Gate>,
    credential: Arc<Credential>,
    configs: HashMap<String, Arc<ServerConfig>>,
    verdict: Result<(), CertificateError>,
}

impl Slow {
    fn new(gate: &Arc<Gate>, credential: &Arc<Credential>) -> Self {
        Self {
            gate: gate.clone(),
            credential: credential.clone(),
            configs: HashMap::new(),
            verdict: Ok(()),
        }
    }
}

impl ChooseCredential for Slow {
    fn choose<'a>(
        &'a self,
        _: CredentialRequest<'a>,
    ) -> Answer<'a, Result<Option<Arc<Credential>>, Error>> {
        self.gate.behind(|| Ok(Some(self.credential.clone())))
    }
}

impl VerifyPeer for Slow {
    fn verify<'a>(&'a self, _: PresentedChain<'a>) -> Answer<'a, Result<(), CertificateError>> {
        self.gate.behind(|| self.verdict.clone())
    }

    fn chain_schemes(&self) -> &[SignatureScheme] {
        &[]
    }
}

impl ChooseServerConfig for Slow {
    fn choose(
        &self,
        hello: ClientHelloFacts,
    ) -> Answer<'_, Result<Option<Arc<ServerConfig>>, Error>> {
        let alpn = hello.alpn.first().cloned().unwrap_or_default();
        let key = format!(
            "{}/{}",
            hello.server_name.unwrap_or_default(),
            String::from_utf8(alpn).unwrap()
        );
        self.gate.behind(move || match key.as_str() {
            "refused.example/" => Err(Error::Application("not this one".to_owned())),
            "denied.example/" => Err(denied()),
            key => Ok(self.configs.get(key).cloned()),
        })
    }
}

fn denied() -> Error {
    Error::Refused {
        alert: AlertDescription::ACCESS_DENIED,
        reason: "not for you".to_owned(),
    }
}

/// Signs elsewhere.
#[derive(Debug)]
struct RemoteSigner {
    gate: Arc<Gate>,
    key: rcgen::KeyPair,
    fails: bool,
}

impl Sign for RemoteSigner {
    fn schemes(&self) -> &[SignatureScheme] {
        &[SignatureScheme::ECDSA_SECP256R1_SHA256]
    }

    fn sign<'a>(
        &'a self,
        scheme: SignatureScheme,
        message: &'a [u8],
    ) -> Answer<'a, Result<Vec<u8>, String>> {
        assert_eq!(scheme, SignatureScheme::ECDSA_SECP256R1_SHA256);
        self.gate.behind(move || {
            if self.fails {
                return Err("the HSM is on fire".to_owned());
            }
            Ok(rcgen::SigningKey::sign(&self.key, message).unwrap())
        })
    }
}

fn remote_credential(pki: &Pki, gate: &Arc<Gate>, name: &str, fails: bool) -> Arc<Credential> {
    let (certificate, key) = pki.ca.leaf_and_key(&[name], |_| {});
    let signer = RemoteSigner {
        gate: gate.clone(),
        key,
        fails,
    };
    Arc::new(Credential::with_signer(vec![certificate], Arc::new(signer)).unwrap())
}

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Every decision: the side that takes it, its name, and a pair in which it waits behind the gate.
fn every_decision(gate: &Arc<Gate>) -> Vec<(Side, &'static str, Pair)> {
    let pki = Pki::new();
    let trust = || pki.trust();
    let slow = || Slow::new(gate, &pki.server);
    let slow_client = || Slow::new(gate, &pki.client);
    let pair = |client: Arc<ClientConfig>, server: Arc<ServerConfig>| Pair {
        client: Connection::client(client, server_name()),
        server: Connection::server(server),
    };
    let client = || client_builder(&pki);
    let server = || server_builder(&pki);
    let clock = Arc::new(support::FixedClock);
    vec![
        (
            Side::Server,
            "choice of a configuration",
            pair(
                client().build().unwrap(),
                server()
                    .with_config_choice(Arc::new(slow()))
                    .build()
                    .unwrap(),
            ),
        ),
        (
            Side::Server,
            "choice of a credential",
            pair(
                client().build().unwrap(),
                ServerConfig::builder(slow()).build().unwrap(),
            ),
        ),
        (
            Side::Server,
            "signature",
            pair(
                client().build().unwrap(),
                ServerConfig::builder(remote_credential(&pki, gate, "host.example", false))
                    .build()
                    .unwrap(),
            ),
        ),
        (
            Side::Server,
            "verification of the peer's certificate",
            pair(
                client()
                    .with_credential(pki.client.clone())
                    .build()
                    .unwrap(),
                server()
                    .with_client_auth(ClientAuth::required(slow()))
                    .build()
                    .unwrap(),
            ),
        ),
        (
            Side::Client,
            "verification of the peer's certificate",
            pair(
                ClientConfig::builder(slow())
                    .with_clock(clock)
                    .build()
                    .unwrap(),
                server().build().unwrap(),
            ),
        ),
        (
            Side::Client,
            "choice of a credential",
            pair(
                client().with_credential(slow_client()).build().unwrap(),
                server()
                    .with_client_auth(ClientAuth::required(trust()))
                    .build()
                    .unwrap(),
            ),
        ),
        (
            Side::Client,
            "signature",
            pair(
                client()
                    .with_credential(remote_credential(&pki, gate, "client.example", false))
                    .build()
                    .unwrap(),
                server()
                    .with_client_auth(ClientAuth::required(trust()))
                    .build()
                    .unwrap(),
            ),
        ),
    ]
}

/// Runs both sides until nothing moves.
fn run_until_stuck(pair: &mut Pair) {
    for _ in 0..10 {
        pair.client.process().unwrap();
        move_bytes(&mut pair.client, &mut pair.server);
        pair.server.process().unwrap();
        move_bytes(&mut pair.server, &mut pair.client);
    }
}

// ---- with a connection ----

#[test]
fn a_connection_waits_for_each_decision_by_name_and_goes_on_after_it() {
    let questions = every_decision(&Arc::default()).len();
    for index in 0..questions {
        let gate = Arc::<Gate>::default();
        let (side, question, mut pair) = every_decision(&gate).swap_remove(index);
        run_until_stuck(&mut pair);
        let connection = match side {
            Side::Client => &mut pair.client,
            Side::Server => &mut pair.server,
        };
        assert_eq!(connection.waiting(), Some(Waiting::Answer(question)));
        assert!(connection.is_handshaking());
        assert_eq!(gate.asked.load(Ordering::SeqCst), 1);
        // It wakes whoever drives the connection, from another thread, and only then.
        let count = Arc::<Count>::default();
        let waker = Waker::from(count.clone());
        connection
            .process_with(&mut Context::from_waker(&waker))
            .unwrap();
        assert_eq!(count.0.load(Ordering::SeqCst), 0);
        gate.open_later().join().unwrap();
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
        assert_eq!(connection.waiting(), Some(Waiting::Answer(question)));
        pair.handshake().unwrap();
        assert_eq!(gate.asked.load(Ordering::SeqCst), 1, "{question}");
        assert_eq!(gate.dropped.load(Ordering::SeqCst), 0, "{question}");
        pair.client.write(b"hello").unwrap();
        assert_eq!(deliver(&mut pair.client, &mut pair.server), [b"hello"]);
    }
}

#[test]
fn a_connection_dropped_while_it_waits_drops_the_answer() {
    let questions = every_decision(&Arc::default()).len();
    for index in 0..questions {
        let gate = Arc::<Gate>::default();
        let (side, _, mut pair) = every_decision(&gate).swap_remove(index);
        run_until_stuck(&mut pair);
        assert_eq!(gate.dropped.load(Ordering::SeqCst), 0);
        match side {
            Side::Client => drop(pair.client),
            Side::Server => drop(pair.server),
        }
        assert_eq!(gate.dropped.load(Ordering::SeqCst), 1);
        // Nobody is left to be woken.
        gate.open();
    }
}

#[test]
fn a_connection_closed_while_it_waits_drops_the_answer_too() {
    let gate = Arc::<Gate>::default();
    let (_, _, mut pair) = every_decision(&gate).swap_remove(2);
    run_until_stuck(&mut pair);
    pair.server.close();
    assert_eq!(gate.dropped.load(Ordering::SeqCst), 1);
    move_bytes(&mut pair.server, &mut pair.client);
    pair.client.process().unwrap_err();
    assert_eq!(
        pair.client.failure(),
        Some(&Error::ClosedDuringHandshake {
            expected: "CertificateVerify"
        })
    );
}

#[test]
fn what_was_sent_before_a_late_signature_leaves_at_once() {
    let gate = Arc::<Gate>::default();
    let (_, _, mut pair) = every_decision(&gate).swap_remove(2);
    run_until_stuck(&mut pair);
    // The client has had ServerHello ... Certificate while the signer is still busy.
    assert_eq!(
        pair.client.waiting(),
        Some(Waiting::Bytes("CertificateVerify"))
    );
    gate.open();
    pair.handshake().unwrap();
}

#[test]
fn many_waiting_connections_share_one_thread_and_finish_in_any_order() {
    let mut waiting = Vec::new();
    let questions = every_decision(&Arc::default()).len();
    for index in 0..questions {
        let gate = Arc::<Gate>::default();
        let (_, _, mut pair) = every_decision(&gate).swap_remove(index);
        run_until_stuck(&mut pair);
        waiting.push((gate, pair));
    }
    // Last come, first served; the others still wait.
    while let Some((gate, mut pair)) = waiting.pop() {
        gate.open();
        pair.handshake().unwrap();
        for (_, other) in &mut waiting {
            run_until_stuck(other);
            assert!(other.server.is_handshaking());
        }
    }
}

#[test]
fn refusals_that_come_late_are_errors_with_their_alerts() {
    let pki = Pki::new();
    let gate = Arc::<Gate>::default();
    gate.open();
    let refused = CertificateError::Refused {
        reason: "on my list".to_owned(),
    };
    let mut verifier = Slow::new(&gate, &pki.server);
    verifier.verdict = Err(refused.clone());
    let mut pair = Pair {
        client: Connection::client(
            ClientConfig::builder(verifier).build().unwrap(),
            server_name(),
        ),
        server: Connection::server(server_builder(&pki).build().unwrap()),
    };
    pair.expect_failure(Side::Client, &Error::Certificate(refused));

    let credential = remote_credential(&pki, &gate, "host.example", true);
    let mut pair = Pair {
        client: Connection::client(client_builder(&pki).build().unwrap(), server_name()),
        server: Connection::server(ServerConfig::builder(credential).build().unwrap()),
    };
    let error = Error::Application("the HSM is on fire".to_owned());
    pair.expect_failure(Side::Server, &error);

    let server = server_builder(&pki)
        .with_config_choice(Arc::new(Slow::new(&gate, &pki.server)))
        .build()
        .unwrap();
    let refused = Error::Application("not this one".to_owned());
    for (name, error) in [("refused.example", refused), ("denied.example", denied())] {
        let mut pair = Pair {
            client: Connection::client(
                client_builder(&pki).build().unwrap(),
                name.try_into().unwrap(),
            ),
            server: Connection::server(server.clone()),
        };
        pair.expect_failure(Side::Server, &error);
    }
}

// ---- the choice of a configuration ----

#[test]
fn configuration_is_chosen_by_name_and_protocol() {
    let pki = Pki::new();
    let one = credential(&pki.ca, &["one.example"]);
    let two = credential(&pki.ca, &["two.example"]);
    let config = |credential: &Arc<Credential>, alpn: &str, record_size| {
        ServerConfig::builder(credential.clone())
            .with_clock(Arc::new(support::FixedClock))
            .with_alpn([alpn])
            .with_record_size(record_size)
            .build()
            .unwrap()
    };
    for ready in [true, false] {
        let gate = Arc::<Gate>::default();
        let mut choose = Slow::new(&gate, &pki.server);
        choose
            .configs
            .insert("one.example/h2".to_owned(), config(&one, "h2", 1_000));
        choose
            .configs
            .insert("two.example/h2".to_owned(), config(&two, "h2", 2_000));
        choose
            .configs
            .insert("two.example/x".to_owned(), config(&two, "x", 3_000));
        let server = server_builder(&pki)
            .with_alpn(["other"])
            .with_config_choice(Arc::new(choose))
            .build()
            .unwrap();
        for (name, alpn, record_size, credential) in [
            ("one.example", "h2", 1_000, &one),
            ("two.example", "h2", 2_000, &two),
            ("two.example", "x", 3_000, &two),
            // None of them: the configuration the connection began with.
            ("host.example", "other", 16_384, &pki.server),
        ] {
            let client = client_builder(&pki).with_alpn([alpn]).build().unwrap();
            let mut pair = Pair {
                client: Connection::client(client, name.try_into().unwrap()),
                server: Connection::server(server.clone()),
            };
            if ready {
                gate.open();
            } else {
                run_until_stuck(&mut pair);
                gate.open();
            }
            pair.handshake().unwrap();
            let facts = pair.client.facts().unwrap();
            assert_eq!(facts.alpn.as_deref(), Some(alpn.as_bytes()));
            assert_eq!(
                facts.peer_certificates.as_ref().unwrap()[0],
                credential.certificates()[0]
            );
            let facts = pair.server.facts().unwrap();
            assert_eq!(facts.max_fragment_sent, record_size);
            pair.server.write(&pattern(record_size + 1, 1)).unwrap();
            assert_eq!(content_lens(pair.server.output()), [record_size, 1]);
        }
    }
}

/// Writes down the handshake messages it is told of.
#[derive(Debug, Default)]
struct Messages(Mutex<Vec<(Direction, HandshakeType)>>);

impl MessageLog for Messages {
    fn message(&self, direction: Direction, message: LoggedMessage) {
        if let LoggedMessage::Handshake(message, _) = message {
            self.0.lock().unwrap().push((direction, message));
        }
    }
}

#[test]
fn messages_go_to_the_log_of_the_chosen_configuration_in_both_directions() {
    let pki = Pki::new();
    let (first_log, chosen_log) = (Arc::<Messages>::default(), Arc::<Messages>::default());
    let gate = Arc::<Gate>::default();
    gate.open();
    let mut choose = Slow::new(&gate, &pki.server);
    let chosen = server_builder(&pki).with_message_log(chosen_log.clone());
    choose
        .configs
        .insert("host.example/".to_owned(), chosen.build().unwrap());
    let mut pair = Pair::with_pki(
        &pki,
        |client| client,
        |server| {
            server
                .with_message_log(first_log.clone())
                .with_config_choice(Arc::new(choose))
        },
    );
    pair.handshake().unwrap();
    let received = |message| (Direction::Received, message);
    let sent = |message| (Direction::Sent, message);
    // ClientHello came before there was a choice.
    assert_eq!(
        *first_log.0.lock().unwrap(),
        [received(HandshakeType::CLIENT_HELLO)]
    );
    assert_eq!(
        *chosen_log.0.lock().unwrap(),
        [
            sent(HandshakeType::SERVER_HELLO),
            sent(HandshakeType::ENCRYPTED_EXTENSIONS),
            sent(HandshakeType::CERTIFICATE),
            sent(HandshakeType::CERTIFICATE_VERIFY),
            sent(HandshakeType::FINISHED),
            received(HandshakeType::FINISHED),
        ]
    );
}

/// Writes down the bytes of messages and the headers of records.
#[derive(Debug, Default)]
struct Contents(Mutex<Vec<(Direction, u16, Vec<u8>)>>);

impl Contents {
    /// Stands for the headers of records.
    const RECORD: u16 = 256;
    /// Stands for the types inside of protected records.
    const INNER_TYPE: u16 = 257;

    fn push(&self, direction: Direction, what: u16, bytes: &[u8]) {
        self.0
            .lock()
            .unwrap()
            .push((direction, what, bytes.to_vec()));
    }

    fn take(&self, wanted: Direction, what: u16) -> Vec<Vec<u8>> {
        let list = self.0.lock().unwrap();
        let fits =
            |(direction, kind, _): &&(Direction, u16, _)| *direction == wanted && *kind == what;
        list.iter()
            .filter(fits)
            .map(|(.., bytes)| bytes.clone())
            .collect()
    }
}

impl MessageLog for Contents {
    fn message(&self, _: Direction, _: LoggedMessage) {}

    fn content(&self, direction: Direction, content_type: ContentType, content: &[u8]) {
        self.push(direction, content_type.0.into(), content);
    }

    fn record(&self, direction: Direction, header: &[u8; 5], inner_type: Option<ContentType>) {
        self.push(direction, Self::RECORD, header);
        if let Some(inner_type) = inner_type {
            self.push(direction, Self::INNER_TYPE, &[inner_type.0]);
        }
    }
}

#[test]
fn both_logs_see_the_same_messages_and_records() {
    let pki = Pki::new();
    for version in [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        let (client_log, server_log) = (Arc::<Contents>::default(), Arc::<Contents>::default());
        let mut pair = Pair::with_pki(
            &pki,
            |client| {
                client
                    .with_versions(version..=version)
                    .with_message_log(client_log.clone())
            },
            |server| server.with_message_log(server_log.clone()),
        );
        pair.handshake().unwrap();
        pair.client.write(b"hello").unwrap();
        pair.client.close();
        let count = pair.server.receive(pair.client.output());
        pair.client.sent(count);
        let mut buffer = [0; 9];
        assert_eq!(pair.server.read(&mut buffer).unwrap(), ReadOutcome::Data(5));
        assert_eq!(pair.server.read(&mut buffer).unwrap(), ReadOutcome::Closed);

        let kinds = [20, 21, 22, Contents::RECORD, Contents::INNER_TYPE];
        for what in kinds {
            let of_client = client_log.take(Direction::Sent, what);
            assert_eq!(of_client, server_log.take(Direction::Received, what));
            let of_server = server_log.take(Direction::Sent, what);
            assert_eq!(of_server, client_log.take(Direction::Received, what));
        }
        let hello = &client_log.take(Direction::Sent, 22)[0];
        assert_eq!(
            (hello[0], hello.len()),
            (1, 4 + usize::from(hello[3]) + 256 * usize::from(hello[2]))
        );
        // close_notify is a warning.
        assert_eq!(client_log.take(Direction::Sent, 21), [[1, 0]]);
        let last_records = client_log.take(Direction::Sent, Contents::RECORD);
        let inner_types = client_log.take(Direction::Sent, Contents::INNER_TYPE);
        let [.., data, alert] = &last_records[..] else {
            panic!("{last_records:?}");
        };
        if version == ProtocolVersion::TLS1_3 {
            assert_eq!((data[0], alert[0]), (23, 23));
            assert_eq!(inner_types, [[22], [23], [21]]);
        } else {
            assert_eq!((data[0], alert[0]), (23, 21));
            assert!(inner_types.is_empty());
        }
    }
}

#[test]
fn a_connection_may_have_a_log_of_its_own() {
    let pki = Pki::new();
    let (of_config, own, later) = (
        Arc::<Messages>::default(),
        Arc::<Messages>::default(),
        Arc::<Messages>::default(),
    );
    let gate = Arc::<Gate>::default();
    gate.open();
    let mut choose = Slow::new(&gate, &pki.server);
    let chosen = server_builder(&pki).with_message_log(of_config.clone());
    choose
        .configs
        .insert("host.example/".to_owned(), chosen.build().unwrap());
    let mut pair = Pair::with_pki(
        &pki,
        |client| client,
        |server| server.with_config_choice(Arc::new(choose)),
    );
    pair.server.set_message_log(Some(own.clone()));
    pair.handshake().unwrap();
    assert!(of_config.0.lock().unwrap().is_empty());
    let seen = own.0.lock().unwrap().len();
    assert_eq!(seen, 7);
    pair.server.set_message_log(Some(later.clone()));
    pair.server.update_keys(false).unwrap();
    assert_eq!(
        *later.0.lock().unwrap(),
        [(Direction::Sent, HandshakeType::KEY_UPDATE)]
    );
    pair.server.set_message_log(None);
    pair.server.update_keys(false).unwrap();
    assert_eq!(own.0.lock().unwrap().len(), seen);
    assert_eq!(later.0.lock().unwrap().len(), 1);
}

/// Looks at the ClientHello, and keeps the configuration.
#[derive(Debug, Default)]
struct Hellos(Mutex<Vec<Vec<u8>>>);

impl ChooseServerConfig for Hellos {
    fn choose(
        &self,
        hello: ClientHelloFacts,
    ) -> Answer<'_, Result<Option<Arc<ServerConfig>>, Error>> {
        self.0.lock().unwrap().push(hello.message);
        Ok(None).into()
    }
}

#[test]
fn who_chooses_a_configuration_gets_the_client_hello_as_it_was_sent() {
    let pki = Pki::new();
    let log = Arc::<Contents>::default();
    let hellos = Arc::<Hellos>::default();
    let mut pair = Pair::with_pki(
        &pki,
        |client| client.with_message_log(log.clone()),
        |server| server.with_config_choice(hellos.clone()),
    );
    pair.handshake().unwrap();
    assert_eq!(
        hellos.0.lock().unwrap()[0],
        log.take(Direction::Sent, 22)[0]
    );
}

// ---- with streams ----

#[test]
fn a_blocking_stream_parks_until_each_answer_comes() {
    let questions = every_decision(&Arc::default()).len();
    for index in 0..questions {
        let gate = Arc::<Gate>::default();
        let (_, _, pair) = every_decision(&gate).swap_remove(index);
        let (client, server) = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            (client, listener.accept().unwrap().0)
        };
        let (mut client, mut server) = (
            Stream::new(pair.client, client),
            Stream::new(pair.server, server),
        );
        let server = thread::spawn(move || {
            let mut buffer = [0; 20];
            let count = server.read(&mut buffer).unwrap();
            server.write_all(&buffer[..count]).unwrap();
        });
        let opener = gate.open_later();
        client.write_all(b"hello").unwrap();
        let mut buffer = [0; 20];
        assert_eq!(client.read(&mut buffer).unwrap(), 5);
        server.join().unwrap();
        opener.join().unwrap();
    }
}

// ---- after the handshake ----

/// A pair for post-handshake authentication in which verifier and signer wait behind gates.
fn authenticating(verifies: &Arc<Gate>, signs: &Arc<Gate>) -> (Pair, Arc<Credential>) {
    let pki = Pki::new();
    let client = remote_credential(&pki, signs, "client.example", false);
    let verifier = Slow::new(verifies, &pki.server);
    let mut pair = Pair::with_pki(
        &pki,
        |builder| {
            builder
                .with_post_handshake_auth(true)
                .with_credential(client.clone())
        },
        |builder| builder.with_client_auth(ClientAuth::post_handshake(verifier)),
    );
    pair.handshake().unwrap();
    (pair, client)
}

#[test]
fn a_late_verifier_after_the_handshake_loses_nothing_of_what_comes_meanwhile() {
    let (verifies, signs) = (Arc::<Gate>::default(), Arc::<Gate>::default());
    signs.open();
    let (mut pair, client) = authenticating(&verifies, &signs);
    pair.server.request_client_certificate().unwrap();
    assert!(deliver(&mut pair.server, &mut pair.client).is_empty());
    // Certificate, CertificateVerify, Finished, and then new keys and data, all in one go.
    pair.client.update_keys(false).unwrap();
    pair.client.write(b"behind").unwrap();
    assert!(deliver(&mut pair.client, &mut pair.server).is_empty());
    let question = "verification of the peer's certificate";
    assert_eq!(pair.server.waiting(), Some(Waiting::Answer(question)));
    assert_eq!(pair.server.read(&mut [0; 9]), Ok(ReadOutcome::NeedBytes));
    // The other direction is not concerned.
    pair.server.write(b"meanwhile").unwrap();
    assert_eq!(deliver(&mut pair.server, &mut pair.client), [b"meanwhile"]);
    verifies.open();
    pair.server.process().unwrap();
    assert_eq!(deliver(&mut pair.client, &mut pair.server), [b"behind"]);
    assert_eq!(pair.server.waiting(), None);
    let chain = pair.server.facts().unwrap().peer_certificates.clone();
    assert_eq!(chain.unwrap()[0], client.certificates()[0]);
}

#[test]
fn messages_of_a_late_signer_stay_together() {
    let (verifies, signs) = (Arc::<Gate>::default(), Arc::<Gate>::default());
    verifies.open();
    let (mut pair, client) = authenticating(&verifies, &signs);
    pair.server.request_client_certificate().unwrap();
    assert!(deliver(&mut pair.server, &mut pair.client).is_empty());
    assert_eq!(pair.client.waiting(), Some(Waiting::Answer("signature")));
    assert!(pair.client.output().is_empty());
    // RFC 8446 Section 4.6.2: nothing may come between them, so all of this goes ahead.
    pair.client.write(b"one").unwrap();
    pair.client.update_keys(true).unwrap();
    pair.client.write(b"two").unwrap();
    assert_eq!(
        deliver(&mut pair.client, &mut pair.server),
        [b"one", b"two"]
    );
    assert!(deliver(&mut pair.server, &mut pair.client).is_empty());
    signs.open();
    pair.client.process().unwrap();
    assert_eq!(pair.client.waiting(), None);
    assert!(deliver(&mut pair.client, &mut pair.server).is_empty());
    let chain = pair.server.facts().unwrap().peer_certificates.clone();
    assert_eq!(chain.unwrap()[0], client.certificates()[0]);
}

#[test]
fn a_client_that_closes_before_its_signer_answers_sends_nothing_behind_close_notify() {
    let (verifies, signs) = (Arc::<Gate>::default(), Arc::<Gate>::default());
    let (mut pair, _) = authenticating(&verifies, &signs);
    pair.server.request_client_certificate().unwrap();
    assert!(deliver(&mut pair.server, &mut pair.client).is_empty());
    pair.client.close();
    signs.open();
    pair.client.process().unwrap();
    assert_eq!(content_lens(pair.client.output()), [2]);
}

#[test]
fn a_stream_waits_for_answers_after_the_handshake() {
    let (verifies, signs) = (Arc::<Gate>::default(), Arc::<Gate>::default());
    let (pair, _) = authenticating(&verifies, &signs);
    let (one, other) = pipe();
    let mut client = Stream::new(pair.client, one);
    let mut server = Stream::new(pair.server, other);
    server
        .connection_mut()
        .request_client_certificate()
        .unwrap();
    server.write_all(b"?").unwrap();
    let opener = signs.open_later();
    assert_eq!(client.read(&mut [0; 9]).unwrap(), 1);
    opener.join().unwrap();
    // The signature was awaited before more was read.
    let again = client.read(&mut [0; 9]).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::WouldBlock);
    client.write_all(b"!").unwrap();
    let opener = verifies.open_later();
    assert_eq!(server.read(&mut [0; 9]).unwrap(), 1);
    opener.join().unwrap();
    assert!(server.facts().unwrap().peer_certificates.is_some());
}

// ---- panics ----

/// Panics when asked.
#[derive(Debug)]
struct Panicking;

impl VerifyPeer for Panicking {
    fn verify<'a>(&'a self, _: PresentedChain<'a>) -> Answer<'a, Result<(), CertificateError>> {
        panic!("a defect of the application");
    }

    fn chain_schemes(&self) -> &[SignatureScheme] {
        &[]
    }
}

#[test]
fn a_panic_in_a_decision_leaves_a_dead_connection_with_a_clear_error() {
    let expected = Error::Internal("the application panicked inside of a decision");
    let pki = Pki::new();
    let config = ClientConfig::builder(Panicking).build().unwrap();
    let mut pair = Pair {
        client: Connection::client(config, server_name()),
        server: Connection::server(server_builder(&pki).build().unwrap()),
    };
    pair.client.process().unwrap();
    move_bytes(&mut pair.client, &mut pair.server);
    pair.server.process().unwrap();
    move_bytes(&mut pair.server, &mut pair.client);
    catch_unwind(AssertUnwindSafe(|| pair.client.process())).unwrap_err();
    let client = &mut pair.client;
    for _ in 0..2 {
        assert!(!client.is_handshaking());
        assert_eq!(client.failure(), Some(&expected));
        assert_eq!(client.process(), Err(expected.clone()));
        assert_eq!(client.read(&mut [0; 9]), Err(expected.clone()));
        assert_eq!(client.write(b"x"), Err(expected.clone()));
        assert_eq!(client.update_keys(true), Err(expected.clone()));
        assert!(client.facts().is_none());
        assert!(client.output().is_empty());
        assert!(client.receive_buffer().is_empty());
        assert_eq!(client.receive(b"more"), 4);
        client.received_eof();
        client.release_buffers();
        client.close();
        assert!(client.is_closed());
        assert_eq!(
            format!("{client:?}"),
            "Connection { is_client: true, state: \"failed, internal error: the application panicked inside of a \
             decision\", .. }"
        );
    }
}

#[test]
fn a_panic_after_the_handshake_does_the_same() {
    let expected = Error::Internal("the application panicked inside of a decision");
    let pki = Pki::new();
    let mut pair = Pair::with_pki(
        &pki,
        |builder| {
            builder
                .with_post_handshake_auth(true)
                .with_credential(pki.client.clone())
        },
        |builder| builder.with_client_auth(ClientAuth::post_handshake(Panicking)),
    );
    pair.handshake().unwrap();
    pair.server.request_client_certificate().unwrap();
    assert!(deliver(&mut pair.server, &mut pair.client).is_empty());
    move_bytes(&mut pair.client, &mut pair.server);
    catch_unwind(AssertUnwindSafe(|| pair.server.read(&mut [0; 9]))).unwrap_err();
    assert_eq!(pair.server.read(&mut [0; 9]), Err(expected.clone()));
    assert_eq!(pair.server.write(b"x"), Err(expected.clone()));
    assert_eq!(pair.server.failure(), Some(&expected));
}

// ---- decisions that drive other connections ----

/// Drives other connections before it answers: two to the end of their handshake, then one that a panic ends.
#[derive(Debug)]
struct Driving;

impl Driving {
    fn drive(&self) {
        let mut pair = Pair::new();
        pair.handshake().unwrap();
        let config = ClientConfig::builder(Panicking).build().unwrap();
        let client = Connection::client(config, server_name());
        let mut pair = Pair {
            client,
            ..Pair::new()
        };
        catch_unwind(AssertUnwindSafe(|| pair.handshake())).unwrap_err();
    }
}

impl ChoosePsks for Driving {
    fn choose<'a>(&'a self, _: &'a ServerName<'a>) -> Answer<'a, Result<Arc<[Psk]>, Error>> {
        self.drive();
        Answer::Ready(Ok([psk("device")].into()))
    }
}

impl PskStore for Driving {
    fn find<'a>(&'a self, _: PskRequest<'a>) -> Answer<'a, Result<Option<Psk>, Error>> {
        Answer::later(async {
            self.drive();
            Ok(Some(psk("device")))
        })
    }
}

impl MessageLog for Driving {
    fn message(&self, _: Direction, _: LoggedMessage) {
        self.drive();
    }
}

#[test]
fn a_decision_may_drive_other_connections() {
    let client = ClientConfig::psk_choice_builder(Driving).with_message_log(Arc::new(Driving));
    let server = ServerConfig::psk_builder(Driving).with_message_log(Arc::new(Driving));
    connected(client, server);
}

/// A key in memory, whose signatures wait behind the gate.
#[derive(Debug)]
struct SignsLater {
    key: Arc<dyn Sign>,
    gate: Arc<Gate>,
}

impl Sign for SignsLater {
    fn schemes(&self) -> &[SignatureScheme] {
        self.key.schemes()
    }

    fn sign<'a>(
        &'a self,
        scheme: SignatureScheme,
        message: &'a [u8],
    ) -> Answer<'a, Result<Vec<u8>, String>> {
        let Answer::Ready(signature) = self.key.sign(scheme, message) else {
            panic!("a key in memory signs at once");
        };
        self.gate.behind(move || signature)
    }
}

/// As a server does that signs on other threads: nothing else of the credential changes.
#[test]
fn a_key_in_memory_can_sign_later_in_every_version() {
    let pki = Pki::new();
    #[cfg(feature = "legacy")]
    let versions = [
        ProtocolVersion::TLS1_0,
        ProtocolVersion::TLS1_1,
        ProtocolVersion::TLS1_2,
        ProtocolVersion::TLS1_3,
    ];
    #[cfg(not(feature = "legacy"))]
    let versions = [ProtocolVersion::TLS1_3];
    for version in versions {
        let gate = Arc::new(Gate::default());
        let (certificate, key) = pki.ca.leaf_and_key(&["host.example"], |_| {});
        let credential = Credential::from_der(vec![certificate], &key.serialize_der())
            .unwrap()
            .with_signing_through(|key| {
                Arc::new(SignsLater {
                    key,
                    gate: gate.clone(),
                })
            });
        let client = client_builder(&pki).with_versions(version..=version);
        let server = ServerConfig::builder(Arc::new(credential))
            .with_clock(Arc::new(support::FixedClock))
            .with_versions(version..=version);
        let mut pair = Pair {
            client: Connection::client(client.build().unwrap(), server_name()),
            server: Connection::server(server.build().unwrap()),
        };
        run_until_stuck(&mut pair);
        assert_eq!(pair.server.waiting(), Some(Waiting::Answer("signature")));
        gate.open();
        run_until_stuck(&mut pair);
        let facts = pair.client.facts().unwrap();
        assert_eq!(facts.version, version);
    }
}

/// What comes next is data: the server has sent its Finished, and sends before the client has signed.
#[test]
fn nothing_is_due_to_a_client_that_has_to_sign() {
    let gate = Arc::new(Gate::default());
    let pki = Pki::new();
    let credential = remote_credential(&pki, &gate, "client.example", false);
    let mut pair = Pair::with_pki(
        &pki,
        |client| client.with_credential(credential),
        |server| server.with_client_auth(ClientAuth::required(pki.trust())),
    );
    run_until_stuck(&mut pair);
    assert_eq!(pair.client.waiting(), Some(Waiting::Answer("signature")));
    assert_eq!(pair.client.handshake_bytes_due(), 0);
    assert_eq!(pair.server.write_half_rtt_data(b"early").unwrap(), 5);
    for byte in pair.server.output().to_vec() {
        assert_eq!(pair.client.receive(&[byte]), 1);
        pair.client.process().unwrap();
        assert_eq!(pair.client.handshake_bytes_due(), 0);
    }
    pair.server.sent(pair.server.output().len());
    // The server waits for the client's flight.
    assert!(pair.server.handshake_bytes_due() > 0);
    gate.open();
    run_until_stuck(&mut pair);
    assert!(!pair.client.is_handshaking() && !pair.server.is_handshaking());
    assert_eq!(support::read_records(&mut pair.client), [b"early"]);
}

/// Tells what it is asked to verify.
#[derive(Debug)]
struct Remembers(Mutex<Vec<bool>>);

impl VerifyPeer for Remembers {
    fn verify<'a>(&'a self, chain: PresentedChain<'a>) -> Answer<'a, Result<(), CertificateError>> {
        self.0.lock().unwrap().push(chain.resumed);
        Ok(()).into()
    }

    fn chain_schemes(&self) -> &[SignatureScheme] {
        &[]
    }
}

#[test]
fn a_verifier_knows_whether_a_chain_is_of_an_earlier_handshake() {
    use warifu::resumption::{MemorySessionStore, MemorySessions, Tickets};
    let pki = Pki::new();
    let by_client = Arc::new(Remembers(Mutex::default()));
    let by_server = Arc::new(Remembers(Mutex::default()));
    let client = ClientConfig::builder(by_client.clone())
        .with_clock(Arc::new(support::FixedClock))
        .with_credential(pki.client.clone())
        .with_session_store(MemorySessions::default())
        .build()
        .unwrap();
    let server = server_builder(&pki)
        .with_client_auth(ClientAuth::required(by_server.clone()))
        .with_tickets(Tickets::stored(MemorySessionStore::new(10)))
        .build()
        .unwrap();
    for resumed in [false, true] {
        let mut pair = Pair {
            client: Connection::client(client.clone(), server_name()),
            server: Connection::server(server.clone()),
        };
        run_until_stuck(&mut pair);
        // The tickets.
        support::deliver(&mut pair.server, &mut pair.client);
        assert_eq!(pair.client.facts().unwrap().resumed, resumed);
        assert_eq!(std::mem::take(&mut *by_client.0.lock().unwrap()), [resumed]);
        assert_eq!(std::mem::take(&mut *by_server.0.lock().unwrap()), [resumed]);
    }
}

#[test]
fn a_server_sees_which_identities_are_offered_before_it_chooses() {
    #[derive(Debug)]
    struct Sees(Mutex<Vec<Vec<u8>>>);
    impl ChooseServerConfig for Sees {
        fn choose(
            &self,
            hello: ClientHelloFacts,
        ) -> Answer<'_, Result<Option<Arc<ServerConfig>>, Error>> {
            *self.0.lock().unwrap() = hello.psk_identities;
            Ok(None).into()
        }
    }
    let pki = Pki::new();
    let seen = Arc::new(Sees(Mutex::default()));
    let server = server_builder(&pki).with_config_choice(seen.clone());
    let keys = [support::psk::psk("alice"), support::psk::psk("bob")];
    let mut pair = Pair {
        client: Connection::client(
            client_builder(&pki).with_psks(keys).build().unwrap(),
            server_name(),
        ),
        server: Connection::server(server.build().unwrap()),
    };
    run_until_stuck(&mut pair);
    assert_eq!(*seen.0.lock().unwrap(), [&b"alice"[..], b"bob"]);
}

#[test]
fn a_refusal_may_tell_the_peer_nothing() {
    let reason = "whatever".to_owned();
    let error = CertificateError::RefusedUntold { reason };
    assert_eq!(error.alert(), AlertDescription::HANDSHAKE_FAILURE);
}

/// Whether a client would rather come without a certificate is its own decision: an error of the application's is one, whatever
/// its kind.
#[test]
fn a_client_that_must_have_a_fitting_credential_ends_the_handshake() {
    let pki = Pki::new();
    #[cfg(feature = "legacy")]
    let versions = [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3];
    #[cfg(not(feature = "legacy"))]
    let versions = [ProtocolVersion::TLS1_3];
    for version in versions {
        for required in [false, true] {
            let credentials = Credentials::from(pki.client.clone()).with_match_required(required);
            let client = client_builder(&pki)
                .with_versions(version..=version)
                .with_credential(credentials);
            // The client's key is for ECDSA.
            let server = server_builder(&pki)
                .with_signature_schemes(&[SignatureScheme::RSA_PSS_RSAE_SHA256])
                .with_client_auth(ClientAuth::optional(pki.trust()));
            let mut pair = Pair {
                client: Connection::client(client.build().unwrap(), server_name()),
                server: Connection::server(server.build().unwrap()),
            };
            let outcome = pair.handshake();
            if !required {
                outcome.unwrap();
                assert!(pair.server.facts().unwrap().peer_certificates.is_none());
                continue;
            }
            let (side, error) = outcome.unwrap_err();
            assert_eq!(side, Side::Client);
            let scheme = NothingInCommon::SignatureScheme {
                ours: "ecdsa_secp256r1_sha256".to_owned(),
                peers: "rsa_pss_rsae_sha256".to_owned(),
            };
            if version == ProtocolVersion::TLS1_3 {
                assert_eq!(error, scheme.into());
            }
            assert_eq!(error.alert(), Some(AlertDescription::HANDSHAKE_FAILURE));
        }
    }
}
