//! Whether the time in which a server refuses a ClientHello tells that an identity has a key.
//!
//! `cargo bench --bench psk_timing -- [--over-tcp] [--tries N] [NAME…]`. For each scene, ClientHellos of these classes are given to new
//! server connections in random order, N of each class (100,000), and the time of `process` is taken, or, with
//! `--over-tcp`, the time until the alert has come back over a TCP connection to another thread:
//!
//! - *unknown*: nobody has the key of the identity;
//! - *another*: another identity that nobody has, a control: what the method finds where there is nothing to learn;
//! - *wrong*: the identity is known, the key is not the right one. Some scenes have other contents, see there.
//!
//! Printed is Welch's t of unknown against each of the others, over the central part of the distribution, and the difference
//! of the means. dudect calls |t| above 4.5 probable and above 10 certain evidence of a difference.

use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use warifu::decision::Answer;
use warifu::psk::{PskHash, PskRequest, PskRole, PskTable};
use warifu::{ClientConfig, Connection, Error, Psk, PskStore, ServerConfig};
use warifu_bench::statistics::{CENTRAL, Random, compare};

/// ClientHellos of each class, with the same identities, so that no result hangs on the bytes of one.
const HELLOS: usize = 32;
/// Keys that the server has beside the one that is tried.
const OTHERS: usize = 1000;

fn main() {
    let mut tries = 100_000;
    let mut over_tcp = false;
    let mut names = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // cargo's own
            "--bench" => {}
            "--tries" => tries = arguments.next().unwrap().parse().unwrap(),
            "--over-tcp" => over_tcp = true,
            name => names.push(name.to_owned()),
        }
    }
    println!("{tries} tries of each class; time of the wall; t over the central part {CENTRAL:?}");
    for scene in scenes() {
        if names.is_empty() || names.iter().any(|part| scene.name.contains(&**part)) {
            match over_tcp {
                true => scene.run(tries, &mut over_loopback(scene.server.clone())),
                false => scene.run(tries, &mut |hello| refuse(&scene.server, hello)),
            }
        }
    }
}

// The scenes.

struct Scene {
    name: &'static str,
    what: &'static str,
    server: Arc<ServerConfig>,
    /// The keys of a client of the classes *unknown* and *another*, and of *wrong*, by the number of the class.
    unknown: fn(usize) -> Vec<Psk>,
    wrong: fn(usize) -> Vec<Psk>,
}

/// As long as [`unknown_name`].
fn known_name() -> String {
    "client-0000000".to_owned()
}

fn unknown_name(number: usize) -> String {
    format!("nobody-{number:07}")
}

fn psk(identity: &str, seed: u8) -> Psk {
    Psk::new(identity, [seed; 32]).unwrap()
}

fn sha384(psk: Psk) -> Psk {
    psk.with_hash(PskHash::Sha384)
}

/// The server's keys, of either hash.
fn table(hash: PskHash) -> PskTable {
    let keys = (0..OTHERS).map(|number| psk(&format!("client-{number:07}"), 7).with_hash(hash));
    PskTable::new(keys).unwrap()
}

/// Makes a new `Psk` for each look-up, and takes as long where there is none.
#[derive(Debug)]
struct Fresh(PskHash);

/// The same with imported keys (RFC 9258).
#[derive(Debug)]
struct FreshImported;

impl PskStore for FreshImported {
    fn find<'a>(&'a self, request: PskRequest<'a>) -> Answer<'a, Result<Option<Psk>, Error>> {
        let psk = Psk::new(request.identity, [7; 32]).unwrap();
        let psk = psk.with_import("context");
        let found = request.identity.starts_with(b"client");
        Answer::Ready(Ok(found.then_some(psk)))
    }
}

impl PskStore for Fresh {
    fn find<'a>(&'a self, request: PskRequest<'a>) -> Answer<'a, Result<Option<Psk>, Error>> {
        let psk = Psk::new(request.identity, [7; 32])
            .unwrap()
            .with_hash(self.0);
        let found = request.identity.starts_with(b"client");
        Answer::Ready(Ok(found.then_some(psk)))
    }
}

fn server(store: impl PskStore + 'static) -> Arc<ServerConfig> {
    ServerConfig::psk_builder(store).build().unwrap()
}

fn scenes() -> Vec<Scene> {
    use PskHash::{Sha256, Sha384};
    let one_unknown: fn(usize) -> Vec<Psk> = |number| vec![psk(&unknown_name(number), 1)];
    let one_unknown_384: fn(usize) -> Vec<Psk> =
        |number| vec![sha384(psk(&unknown_name(number), 1))];
    let one_wrong: fn(usize) -> Vec<Psk> = |_| vec![psk(&known_name(), 1)];
    let one_wrong_384: fn(usize) -> Vec<Psk> = |_| vec![sha384(psk(&known_name(), 1))];
    vec![
        Scene {
            name: "table",
            what: "PskTable, SHA-256",
            server: server(table(Sha256)),
            unknown: one_unknown,
            wrong: one_wrong,
        },
        Scene {
            name: "fresh",
            what: "a store that makes a new Psk each time, SHA-256",
            server: server(Fresh(Sha256)),
            unknown: one_unknown,
            wrong: one_wrong,
        },
        Scene {
            name: "table-sha384",
            what: "PskTable, SHA-384",
            server: server(table(Sha384)),
            unknown: one_unknown_384,
            wrong: one_wrong_384,
        },
        Scene {
            name: "fresh-sha384",
            what: "a store that makes a new Psk each time, SHA-384",
            server: server(Fresh(Sha384)),
            unknown: one_unknown_384,
            wrong: one_wrong_384,
        },
        Scene {
            name: "table-other-hash",
            what: "PskTable with keys of SHA-384, the client offers binders of SHA-256, and suites of both",
            server: server(table(Sha384)),
            unknown: |number| with_suites_of_sha384(one_of(&unknown_name(number))),
            wrong: |_| with_suites_of_sha384(one_of(&known_name())),
        },
        Scene {
            name: "fresh-other-hash",
            what: "the same with a new Psk each time",
            server: server(Fresh(Sha384)),
            unknown: |number| with_suites_of_sha384(one_of(&unknown_name(number))),
            wrong: |_| with_suites_of_sha384(one_of(&known_name())),
        },
        Scene {
            name: "table-several",
            what: "PskTable, eight identities, all of them known or none",
            server: server(table(Sha256)),
            unknown: |number| eight("nobody", number),
            wrong: |number| eight("client", number),
        },
        Scene {
            name: "fresh-several",
            what: "the same with a new Psk each time",
            server: server(Fresh(Sha256)),
            unknown: |number| eight("nobody", number),
            wrong: |number| eight("client", number),
        },
        Scene {
            name: "table-last",
            what: "PskTable, eight identities, the last of them known or not",
            server: server(table(Sha256)),
            unknown: |number| eight("nobody", number),
            wrong: |number| {
                let mut keys = eight("nobody", number);
                keys[7] = psk(&known_name(), 1);
                keys
            },
        },
        Scene {
            name: "unusable",
            what: "PskTable, keys for another role in place of wrong ones",
            server: {
                let client_only = |psk: Psk| psk.with_role(PskRole::Client);
                let keys = (0..OTHERS).map(|number| psk(&format!("client-{number:07}"), 7));
                server(PskTable::new(keys.map(client_only)).unwrap())
            },
            unknown: one_unknown,
            wrong: one_wrong,
        },
        Scene {
            name: "imported",
            what: "PskTable, imported keys (RFC 9258), two forms each",
            server: {
                let keys = (0..OTHERS).map(|number| psk(&format!("client-{number:07}"), 7));
                server(PskTable::new(keys.map(|psk| psk.with_import("context"))).unwrap())
            },
            unknown: |number| vec![psk(&unknown_name(number), 1).with_import("context")],
            wrong: |_| vec![psk(&known_name(), 1).with_import("context")],
        },
        Scene {
            name: "fresh-imported",
            what: "imported keys, a new Psk each time",
            server: server(FreshImported),
            unknown: |number| vec![psk(&unknown_name(number), 1).with_import("context")],
            wrong: |_| vec![psk(&known_name(), 1).with_import("context")],
        },
    ]
}

fn one_of(identity: &str) -> Psk {
    psk(identity, 1)
}

/// The key, and another behind it that nobody knows, so that the client offers suites of either hash.
fn with_suites_of_sha384(psk_of_sha256: Psk) -> Vec<Psk> {
    vec![psk_of_sha256, sha384(psk("nobody-at-all!", 1))]
}

fn eight(name: &str, number: usize) -> Vec<Psk> {
    let numbers = (0..8).map(|index| (number * 8 + index) % OTHERS);
    numbers
        .map(|number| psk(&format!("{name}-{number:07}"), 1))
        .collect()
}

// The measurement.

const CLASSES: [&str; 3] = ["unknown", "another", "wrong"];

impl Scene {
    /// `refuse` gives a ClientHello to a new server connection and says how many nanoseconds the refusal took.
    fn run(&self, tries: usize, refuse: &mut dyn FnMut(&[u8]) -> f64) {
        let keys = [(self.unknown)(0), (self.unknown)(1), (self.wrong)(2)];
        let hellos = keys.map(|keys| {
            let hellos = (0..HELLOS).map(|_| client_hello(keys.clone()));
            hellos.collect::<Vec<_>>()
        });
        let mut random = Random::new();
        let mut order: Vec<usize> = (0..CLASSES.len() * tries)
            .map(|index| index % CLASSES.len())
            .collect();
        random.shuffle(&mut order);
        let mut times = vec![Vec::new(); CLASSES.len()];
        for number in 0..1000 {
            black_box(refuse(&hellos[number % 3][number % HELLOS]));
        }
        for class in order {
            let hello = &hellos[class][random.below(HELLOS)];
            times[class].push(refuse(hello));
        }
        println!("{}: {}", self.name, self.what);
        compare(&CLASSES, &times);
    }
}

fn client_hello(keys: Vec<Psk>) -> Vec<u8> {
    let config = ClientConfig::psk_builder(keys).build().unwrap();
    let mut client = Connection::client(config, "server.example".try_into().unwrap());
    client.process().unwrap();
    client.output().to_vec()
}

/// As [`refuse`], seen from the other end of a TCP connection to a thread that has the server: until its alert is there. One
/// connection carries all, as one for each would run out of ports; each ClientHello has its length before it and goes to a server
/// connection of its own.
fn over_loopback(config: Arc<ServerConfig>) -> impl FnMut(&[u8]) -> f64 {
    const ALERT_LEN: usize = 7;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.set_nodelay(true).unwrap();
    let (mut accepted, _) = listener.accept().unwrap();
    accepted.set_nodelay(true).unwrap();
    std::thread::spawn(move || {
        let mut len = [0; 2];
        while accepted.read_exact(&mut len).is_ok() {
            let mut hello = vec![0; usize::from(u16::from_be_bytes(len))];
            accepted.read_exact(&mut hello).unwrap();
            let mut server = Connection::server(config.clone());
            let mut rest = &hello[..];
            while !rest.is_empty() {
                rest = &rest[server.receive(rest)..];
                let _ = black_box(server.process());
            }
            assert_eq!(server.output().len(), ALERT_LEN);
            accepted.write_all(server.output()).unwrap();
        }
    });
    let mut frame = Vec::new();
    move |hello| {
        frame.clear();
        frame.extend(u16::try_from(hello.len()).unwrap().to_be_bytes());
        frame.extend_from_slice(hello);
        let mut alert = [0; ALERT_LEN];
        let start = Instant::now();
        client.write_all(&frame).unwrap();
        client.read_exact(&mut alert).unwrap();
        let elapsed = start.elapsed();
        assert_eq!(alert[..5], [21, 3, 3, 0, 2]);
        elapsed.as_nanos() as f64
    }
}

/// Nanoseconds until a server has refused a ClientHello.
fn refuse(config: &Arc<ServerConfig>, hello: &[u8]) -> f64 {
    let mut server = Connection::server(config.clone());
    let mut rest = &hello[server.receive(hello)..];
    while !rest.is_empty() {
        server.process().unwrap();
        rest = &rest[server.receive(rest)..];
    }
    let start = Instant::now();
    let result = black_box(server.process());
    let elapsed = start.elapsed();
    assert!(matches!(result, Err(Error::Psk(_))), "{result:?}");
    elapsed.as_nanos() as f64
}
