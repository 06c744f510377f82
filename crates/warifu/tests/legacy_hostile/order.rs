//! Every message of the figure and change_cipher_spec dropped, repeated, swapped with its neighbour, and everything else
//! put before it: RFC 5246 Section 7.3.

use std::sync::Arc;

use warifu::config::{ConfigBuilder, Server};
use warifu::parameters::{AlertDescription, ContentType, HandshakeType};
use warifu::resumption::Tickets;
use warifu::{ClientAuth, Error, PeerMisbehaved};

use crate::bytes::*;
use crate::crypto::*;
use crate::peer::*;
use crate::support::Side;
use crate::support::resumption::{OneKey, Shelf};

/// The scripted peer is a peer: with every key exchange, version and construction, in both roles.
#[test]
fn honest_handshakes_succeed() {
    for tls in [TLS1_0, TLS1_1, TLS1_2] {
        for suite in ALL_SUITES.into_iter().filter(|suite| suite.is_of(tls)) {
            let is_cbc = suite.cipher.mac_len() > 0;
            for (etm, ems) in [(false, false), (false, true), (true, true)] {
                if etm && !is_cbc {
                    continue;
                }
                for mut stage in [Stage::client(tls, suite), Stage::server(tls, suite)] {
                    (stage.peer.ems, stage.peer.etm) = (ems, etm);
                    stage.handshake();
                    stage.exchange();
                    let facts = stage.victim.facts().unwrap();
                    assert_eq!((facts.version.0, facts.cipher_suite.0), (tls, suite.number));
                    let legacy = facts.legacy.as_ref().unwrap();
                    let used = (legacy.extended_main_secret, legacy.encrypt_then_mac);
                    assert_eq!(used, (ems, etm));
                }
            }
        }
    }
}

/// What is sent, by its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Message(u8),
    Ccs,
    Data,
}

use Kind::{Ccs, Data, Message};

/// One place of the figure.
#[derive(Debug, Clone)]
struct Place {
    kind: Kind,
    /// What may come in its stead, where it may be missing.
    behind: Vec<Kind>,
    /// How the victim names what it awaits.
    expected: &'static str,
}

fn required(kind: Kind) -> Place {
    let expected = match kind {
        Message(message) => HandshakeType(message).name().unwrap(),
        Ccs => "ChangeCipherSpec",
        Data => "application data",
    };
    Place {
        kind,
        behind: Vec::new(),
        expected,
    }
}

fn optional(kind: Kind, behind: &[u8], expected: &'static str) -> Place {
    Place {
        kind,
        behind: behind.iter().map(|message| Message(*message)).collect(),
        expected,
    }
}

#[derive(Debug, Clone, Copy)]
struct Setting {
    victim: Side,
    tls: u16,
    suite: Suite,
    /// The server asks for a certificate; the client has one.
    request: bool,
    credential: bool,
    ticket: bool,
    status: bool,
    resumed: bool,
}

const PLAIN: Setting = Setting {
    victim: Side::Client,
    tls: TLS1_2,
    suite: ECDHE_ECDSA_GCM,
    request: false,
    credential: false,
    ticket: false,
    status: false,
    resumed: false,
};

impl Setting {
    /// What the victim receives in this handshake, from the figure.
    fn figure(&self) -> Vec<Place> {
        let kx = self.suite.kx;
        let mut figure = Vec::new();
        let last = [required(Ccs), required(Message(FINISHED))];
        if self.victim == Side::Server {
            figure.push(required(Message(CLIENT_HELLO)));
            if !self.resumed {
                if self.request {
                    figure.push(required(Message(CERTIFICATE)));
                }
                figure.push(required(Message(CLIENT_KEY_EXCHANGE)));
                if self.request && self.credential {
                    figure.push(required(Message(CERTIFICATE_VERIFY)));
                }
            }
            figure.extend(last);
            return figure;
        }
        figure.push(required(Message(SERVER_HELLO)));
        if !self.resumed {
            if kx.has_certificate() {
                figure.push(required(Message(CERTIFICATE)));
                if self.status {
                    let behind = [SERVER_KEY_EXCHANGE, CERTIFICATE_REQUEST, SERVER_HELLO_DONE];
                    figure.push(optional(
                        Message(CERTIFICATE_STATUS),
                        &behind,
                        "CertificateStatus",
                    ));
                }
            }
            match kx {
                Kx::Rsa => {}
                Kx::Psk => figure.push(optional(
                    Message(SERVER_KEY_EXCHANGE),
                    &[SERVER_HELLO_DONE],
                    "ServerKeyExchange or ServerHelloDone",
                )),
                Kx::RsaPsk => figure.push(optional(
                    Message(SERVER_KEY_EXCHANGE),
                    &[CERTIFICATE_REQUEST, SERVER_HELLO_DONE],
                    "ServerKeyExchange, CertificateRequest or ServerHelloDone",
                )),
                _ => figure.push(required(Message(SERVER_KEY_EXCHANGE))),
            }
            // OpenSSL asks beside RSA_PSK too, where the server has shown a certificate.
            if !kx.uses_psk() || kx == Kx::RsaPsk {
                figure.push(optional(
                    Message(CERTIFICATE_REQUEST),
                    &[SERVER_HELLO_DONE],
                    "CertificateRequest or ServerHelloDone",
                ));
            }
            figure.push(required(Message(SERVER_HELLO_DONE)));
        }
        if self.ticket {
            figure.push(required(Message(NEW_SESSION_TICKET)));
        }
        figure.extend(last);
        figure
    }

    /// What is sent where nothing is wrong.
    fn sequence(&self) -> Vec<Kind> {
        let sent = |place: &Place| match place.kind {
            Message(SERVER_KEY_EXCHANGE) => place.behind.is_empty(),
            Message(CERTIFICATE_REQUEST) => self.request,
            _ => true,
        };
        let figure = self.figure();
        let sent = figure.iter().filter(|place| sent(place));
        sent.map(|place| place.kind).collect()
    }

    fn stage(&self) -> Stage {
        if self.resumed {
            return self.resumed_stage();
        }
        let mut stage = match self.victim {
            Side::Client => Stage::client_with(self.tls, self.suite, |client| {
                let client = client.with_ocsp_request(self.status);
                let client = match self.ticket {
                    true => client
                        .with_session_context("client")
                        .with_session_store(Arc::new(Shelf::default())),
                    false => client,
                };
                match self.credential {
                    true => client.with_credential(keys().client.credential.clone()),
                    false => client,
                }
            }),
            Side::Server => Stage::server_with(self.tls, self.suite, |server| {
                let server = match self.request {
                    true => server.with_client_auth(ClientAuth::optional(trust())),
                    false => server,
                };
                with_tickets(server, self.ticket)
            }),
        };
        stage.peer.requests_certificate = self.request;
        stage.peer.sends_ticket = self.ticket;
        stage.peer.sends_status = self.status;
        stage.peer.credential = self.credential.then_some(&keys().client);
        stage
    }

    fn resumed_stage(&self) -> Stage {
        match self.victim {
            Side::Client => {
                let shelf = Arc::new(Shelf::default());
                let client = client_config(self.tls, self.suite)
                    .with_session_context("client")
                    .with_session_store(shelf)
                    .build()
                    .unwrap();
                let mut first = Stage::of_client(client.clone(), self.tls, self.suite);
                first.peer.sends_ticket = true;
                first.handshake();
                let mut stage = Stage::of_client(client, self.tls, self.suite);
                stage.peer.sends_ticket = self.ticket;
                stage.peer.main = first.peer.main;
                stage
            }
            Side::Server => {
                let server = with_tickets(server_config(self.tls, self.suite), true);
                let server = server.build().unwrap();
                let mut first = Stage::of_server(server.clone(), self.tls, self.suite);
                first.peer.sends_ticket = true;
                first.handshake();
                let mut stage = Stage::of_server(server, self.tls, self.suite);
                stage.peer.offer(&first.peer.session());
                stage
            }
        }
    }

    /// All that this peer has to send in an honest handshake; what it has not is made up.
    fn steps(&self, stage: &mut Stage) -> Flight {
        match (self.victim, self.resumed) {
            (Side::Client, false) => {
                let mut steps = stage.peer.server_flight();
                steps.extend(stage.peer.last_server_flight());
                steps
            }
            (Side::Client, true) => {
                let session = stage.peer.session();
                stage.peer.resuming_flight(&session)
            }
            (Side::Server, false) if stage.received.contains(&SERVER_HELLO_DONE) => {
                stage.peer.client_flight()
            }
            (Side::Server, _) => vec![Step::Message(stage.peer.client_hello())],
        }
    }

    fn made_up(&self, stage: &Stage, message_type: u8) -> Step {
        let body = match message_type {
            HELLO_REQUEST | SERVER_HELLO_DONE => Vec::new(),
            SERVER_KEY_EXCHANGE if !self.suite.kx.signs() => stage.peer.key_exchange_of(&[]),
            CERTIFICATE_REQUEST => {
                let schemes: &[u8] = match self.tls {
                    TLS1_2 => &[0, 2, 4, 3],
                    _ => &[],
                };
                [&[1, 64][..], schemes, &[0, 0]].concat()
            }
            FINISHED => vec![0; 12],
            _ => vec![0],
        };
        Step::Message(message(message_type, &body))
    }

    /// Sends `sequence` and ends the transport.
    fn play(&self, sequence: &[Kind]) -> Stage {
        let mut stage = self.stage();
        let mut steps = self.steps(&mut stage);
        let (mut has_hello, mut has_flight) = (false, false);
        for kind in sequence {
            if self.victim == Side::Server
                && !has_flight
                && stage.received.contains(&SERVER_HELLO_DONE)
            {
                has_flight = true;
                steps.extend(self.steps(&mut stage));
            }
            let step = match *kind {
                // Before the hello that makes the keys there are none to change to.
                Ccs if !has_hello => Step::Record(CHANGE_CIPHER_SPEC, vec![1]),
                Ccs => Step::ChangeCipherSpec,
                Data => Step::Record(APPLICATION_DATA, b"data".to_vec()),
                // Over what was sent before, whatever that was.
                Message(FINISHED) if !stage.peer.main.is_empty() => Step::Finished,
                Message(message_type) => steps
                    .iter()
                    .find(|step| step.message_type() == Some(message_type))
                    .cloned()
                    .unwrap_or_else(|| self.made_up(&stage, message_type)),
            };
            has_hello |= matches!(*kind, Message(CLIENT_HELLO | SERVER_HELLO));
            stage.play(&vec![step]);
        }
        stage.end();
        stage
    }

    /// What must become of a sequence, from the figure alone.
    fn verdict(&self, sequence: &[Kind]) -> Verdict {
        let figure = self.figure();
        let mut place = 0;
        let mut early_ccs = false;
        for &kind in sequence {
            let mut let_through = false;
            loop {
                let Some(awaited) = figure.get(place) else {
                    return self.after_handshake(kind);
                };
                if place == 0 && kind == Ccs {
                    if self.victim == Side::Server {
                        return refused(PeerMisbehaved::IllegalChangeCipherSpec);
                    }
                    // It could be the dummy of TLS 1.3.
                    early_ccs = true;
                    break;
                }
                if kind == awaited.kind {
                    if early_ccs {
                        let expected = "the choice of a version";
                        return refused(PeerMisbehaved::UnexpectedChangeCipherSpec { expected });
                    }
                    place += 1;
                    break;
                }
                // What one place that may stay empty has let through, the next that may too is not asked about.
                if awaited.behind.contains(&kind) || (let_through && !awaited.behind.is_empty()) {
                    let_through = true;
                    place += 1;
                    continue;
                }
                return unexpected(kind, awaited.expected);
            }
        }
        match figure.get(place) {
            Some(awaited) => Verdict {
                error: Error::ClosedDuringHandshake {
                    expected: awaited.expected,
                },
                alerts: Vec::new(),
            },
            None => finished(Vec::new()),
        }
    }

    fn after_handshake(&self, kind: Kind) -> Verdict {
        let asks = match self.victim {
            Side::Client => HELLO_REQUEST,
            Side::Server => CLIENT_HELLO,
        };
        match kind {
            Message(message) if message == asks => finished(vec![NO_RENEGOTIATION]),
            Data => finished(Vec::new()),
            kind => unexpected(kind, "application data"),
        }
    }
}

fn with_tickets(server: ConfigBuilder<Server>, tickets: bool) -> ConfigBuilder<Server> {
    match tickets {
        true => server
            .with_session_context("server")
            .with_tickets(Tickets::stateless(OneKey::new(1))),
        false => server,
    }
}

const NO_RENEGOTIATION: (u8, AlertDescription) = (1, AlertDescription::NO_RENEGOTIATION);

/// The victim's error at the end, and all alerts that it sent.
#[derive(Debug, PartialEq)]
struct Verdict {
    error: Error,
    alerts: Vec<(u8, AlertDescription)>,
}

fn refused(error: PeerMisbehaved) -> Verdict {
    Verdict {
        error: error.into(),
        alerts: vec![(2, AlertDescription::UNEXPECTED_MESSAGE)],
    }
}

/// The handshake is complete, and then the transport ends.
fn finished(alerts: Vec<(u8, AlertDescription)>) -> Verdict {
    Verdict {
        error: Error::Truncated,
        alerts,
    }
}

fn unexpected(kind: Kind, expected: &'static str) -> Verdict {
    refused(match kind {
        Message(message) => PeerMisbehaved::UnexpectedMessage {
            got: HandshakeType(message),
            expected,
        },
        Ccs => PeerMisbehaved::UnexpectedChangeCipherSpec { expected },
        Data => PeerMisbehaved::UnexpectedRecord {
            content_type: ContentType::APPLICATION_DATA,
            expected,
        },
    })
}

fn settings() -> Vec<Setting> {
    let full = Setting {
        request: true,
        credential: true,
        ticket: true,
        status: true,
        ..PLAIN
    };
    let with = |suite, setting: Setting| Setting { suite, ..setting };
    let old = |tls, suite| Setting {
        tls,
        suite,
        request: true,
        credential: true,
        ..PLAIN
    };
    let clients = [
        PLAIN,
        full,
        with(RSA_GCM, PLAIN),
        with(RSA_GCM, full),
        with(
            DHE_RSA_GCM,
            Setting {
                status: true,
                ..PLAIN
            },
        ),
        with(PSK_GCM, PLAIN),
        with(ECDHE_PSK_GCM, PLAIN),
        with(
            RSA_PSK_GCM,
            Setting {
                status: true,
                ..PLAIN
            },
        ),
        old(TLS1_0, ECDHE_RSA_CBC),
        old(TLS1_1, RSA_CBC),
        Setting {
            resumed: true,
            ..PLAIN
        },
        Setting {
            resumed: true,
            ticket: true,
            ..PLAIN
        },
    ];
    let server = |setting: Setting| Setting {
        victim: Side::Server,
        ..setting
    };
    let servers = [
        PLAIN,
        full,
        Setting {
            request: true,
            ..PLAIN
        },
        with(RSA_GCM, PLAIN),
        with(PSK_GCM, PLAIN),
        old(TLS1_0, ECDHE_RSA_CBC),
        old(TLS1_1, RSA_CBC),
        Setting {
            resumed: true,
            ticket: true,
            ..PLAIN
        },
    ];
    clients.into_iter().chain(servers.map(server)).collect()
}

/// All that a peer may say, and what it may not.
fn alphabet() -> Vec<Kind> {
    let messages = [
        0, 1, 2, 4, 5, 8, 11, 12, 13, 14, 15, 16, 20, 22, 24, 25, 99, 254,
    ];
    let mut alphabet: Vec<Kind> = messages.into_iter().map(Message).collect();
    alphabet.extend([Ccs, Data]);
    alphabet
}

#[track_caller]
fn check(setting: &Setting, sequence: &[Kind]) {
    let stage = setting.play(sequence);
    let found = Verdict {
        error: stage.error.expect("no error"),
        alerts: stage.alerts,
    };
    let wanted = setting.verdict(sequence);
    assert_eq!(found, wanted, "{setting:?}\nreceived {sequence:?}");
}

#[test]
fn the_orders_of_the_figure_are_accepted() {
    for setting in settings() {
        let sequence = setting.sequence();
        assert_eq!(
            setting.verdict(&sequence),
            finished(Vec::new()),
            "{setting:?}"
        );
        check(&setting, &sequence);
    }
}

#[test]
fn what_is_dropped_repeated_or_swapped_is_missed() {
    let mut count = 0;
    for setting in settings() {
        let sequence = setting.sequence();
        for index in 0..sequence.len() {
            let mut dropped = sequence.clone();
            dropped.remove(index);
            let mut repeated = sequence.clone();
            repeated.insert(index, sequence[index]);
            let mut cut = sequence.clone();
            cut.truncate(index);
            let mut changed = vec![dropped, repeated, cut];
            for other in index + 1..sequence.len() {
                let mut swapped = sequence.clone();
                swapped.swap(index, other);
                changed.push(swapped);
            }
            for sequence in changed {
                check(&setting, &sequence);
                count += 1;
            }
        }
    }
    assert!(count > 500, "{count}");
}

#[test]
fn what_comes_between_is_refused() {
    let mut count = 0;
    for setting in settings() {
        let sequence = setting.sequence();
        for index in 0..=sequence.len() {
            for kind in alphabet() {
                let mut longer = sequence.clone();
                longer.insert(index, kind);
                check(&setting, &longer);
                count += 1;
            }
        }
    }
    assert!(count > 2000, "{count}");
}
