//! Speed beside rustls, and with the feature `psk-peers` beside OpenSSL and wolfSSL, in the same run. README.md says what
//! each line means.
//!
//! `cargo bench --bench speed -- [--check] [--rounds N] [NAME…]`: `--check` exits with 1 if a target is missed by more than
//! a tenth; NAME picks the benchmarks whose name contains it.

use std::process::ExitCode;

use warifu_bench::measure::{Contestant, Spread, Target, run};
use warifu_bench::pki::Pki;
use warifu_bench::psk::Mode;
use warifu_bench::tls12::Suite;
use warifu_bench::wire::Wire;
use warifu_bench::{
    Groups, floor, ours, ours_psk, ours_tls12, steady, theirs, theirs_tls12, theirs_unbuffered,
};

fn main() -> ExitCode {
    steady::start_again_with_steady_copies();
    let options = Options::parse();
    println!(
        "{} {}; CPU time of the thread; median (min to max) of {} rounds",
        steady::TUNABLES.0,
        steady::TUNABLES.1,
        options.rounds
    );
    let pki = Pki::new();
    let mut missed = false;
    for benchmark in benchmarks() {
        if options.wants(benchmark.name) {
            missed |= report(
                &benchmark,
                &mut (benchmark.contestants)(&pki),
                options.rounds,
            );
        }
    }
    if options.check && missed {
        eprintln!("a target was missed by more than a tenth");
        return ExitCode::from(1);
    }
    ExitCode::SUCCESS
}

struct Options {
    check: bool,
    rounds: usize,
    names: Vec<String>,
}

impl Options {
    fn parse() -> Self {
        let mut options = Self {
            check: false,
            rounds: 301,
            names: Vec::new(),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                // cargo's own
                "--bench" => {}
                "--check" => options.check = true,
                "--rounds" => options.rounds = arguments.next().unwrap().parse().unwrap(),
                name => options.names.push(name.to_owned()),
            }
        }
        options
    }

    fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|part| name.contains(part))
    }
}

struct Benchmark {
    name: &'static str,
    what: &'static str,
    /// What ours must reach, if that is settled.
    target: Option<Target>,
    /// Bytes of application data per call; 0 for handshakes.
    bytes: usize,
    /// The first is whom the others are compared with, the second is ours; then others.
    contestants: fn(&Pki) -> Vec<Contestant<'static>>,
}

const RECORD: usize = 1 << 14;
const MESSAGE: usize = 64;
/// Whether OpenSSL and wolfSSL take part.
const PEERS: bool = cfg!(feature = "psk-peers");

fn benchmarks() -> Vec<Benchmark> {
    vec![
        Benchmark {
            name: "handshake-x25519",
            what: "full handshake, client + server, P-256 chain, X25519 only",
            target: Some(Target::TimeAtMost(0.96)),
            bytes: 0,
            contestants: |pki| handshakes(pki, Groups::X25519),
        },
        Benchmark {
            name: "handshake-default",
            what: "full handshake, client + server, P-256 chain, default groups (X25519MLKEM768)",
            target: Some(Target::TimeAtMost(0.96)),
            bytes: 0,
            contestants: |pki| handshakes(pki, Groups::Default),
        },
        Benchmark {
            name: "record-16k",
            what: "AES-128-GCM, 16 KiB messages, seal + open, connection API",
            target: Some(Target::SpeedAtLeast(1.25)),
            bytes: RECORD,
            contestants: |pki| messages::<RECORD>(pki),
        },
        Benchmark {
            name: "record-16k-stream",
            what: "AES-128-GCM, 16 KiB messages, seal + open, blocking streams",
            target: Some(Target::SpeedAtLeast(1.25)),
            bytes: RECORD,
            contestants: |pki| stream_messages::<RECORD>(pki),
        },
        Benchmark {
            name: "message-64",
            what: "AES-128-GCM, 64-byte messages, seal + open, connection API",
            target: Some(Target::SpeedAtLeast(1.25)),
            bytes: MESSAGE,
            contestants: |pki| messages::<MESSAGE>(pki),
        },
        Benchmark {
            name: "message-64-stream",
            what: "AES-128-GCM, 64-byte messages, seal + open, blocking streams",
            target: Some(Target::SpeedAtLeast(1.25)),
            bytes: MESSAGE,
            contestants: |pki| stream_messages::<MESSAGE>(pki),
        },
        Benchmark {
            name: "resumption-x25519",
            what: "resumption by ticket, client + server, psk_dhe_ke with X25519, one new ticket sent and taken",
            target: None,
            bytes: 0,
            contestants: resumptions,
        },
        Benchmark {
            name: "psk-ke",
            what: "external PSK, client + server, psk_ke",
            target: Some(Target::MicrosecondsAtMost(18.0)),
            bytes: 0,
            contestants: |_| psk_handshakes(Mode::PskKe),
        },
        Benchmark {
            name: "psk-dhe-ke-x25519",
            what: "external PSK, client + server, psk_dhe_ke with X25519",
            target: Some(Target::TimeAtMost(1.05)),
            bytes: 0,
            contestants: |_| {
                // Compared with the cryptography alone.
                let mut contestants = psk_handshakes(Mode::PskDheKe);
                contestants.rotate_right(1);
                if contestants.len() > 2 {
                    contestants.swap(1, 2);
                }
                contestants
            },
        },
        Benchmark {
            name: "tls12-ecdsa-p256",
            what: "TLS 1.2, full handshake, client + server, P-256 chain, ECDHE with P-256",
            target: Some(Target::TimeAtMost(0.97)),
            bytes: 0,
            contestants: |pki| tls12_handshakes(pki, Suite::EcdheEcdsaAes128Gcm),
        },
        Benchmark {
            name: "tls12-rsa-2048",
            what: "TLS 1.2, full handshake, client + server, RSA-2048 chain, ECDHE with P-256",
            target: Some(Target::TimeAtMost(1.0)),
            bytes: 0,
            contestants: |_| tls12_handshakes(&Pki::rsa(), Suite::EcdheRsaAes128Gcm),
        },
        Benchmark {
            name: "tls12-resumption",
            what: "TLS 1.2, resumption by ticket, client + server, one new ticket sent and taken",
            target: Some(Target::TimeAtMost(1.0)),
            bytes: 0,
            contestants: tls12_resumptions,
        },
        Benchmark {
            name: "tls12-psk",
            what: "TLS 1.2, external PSK, client + server, no (EC)DHE, AES-128-GCM",
            target: Some(Target::MicrosecondsAtMost(22.0)),
            bytes: 0,
            contestants: |_| tls12_psk_handshakes(Suite::PskAes128Gcm, Groups::P256),
        },
        Benchmark {
            name: "tls12-ecdhe-psk-x25519",
            what: "TLS 1.2, external PSK with ECDHE, client + server, X25519, ChaCha20-Poly1305",
            target: Some(Target::MicrosecondsAtMost(87.0)),
            bytes: 0,
            contestants: |_| tls12_psk_handshakes(Suite::EcdhePskChaCha20, Groups::X25519),
        },
        Benchmark {
            name: "tls12-ecdhe-psk-p256",
            what: "TLS 1.2, external PSK with ECDHE, client + server, P-256, ChaCha20-Poly1305",
            target: Some(Target::MicrosecondsAtMost(87.0)),
            bytes: 0,
            contestants: |_| tls12_psk_handshakes(Suite::EcdhePskChaCha20, Groups::P256),
        },
        Benchmark {
            name: "tls12-gcm-16k",
            what: "TLS 1.2, AES-128-GCM, a 16 KiB message each way, seal + open, connection API",
            target: Some(Target::SpeedAtLeast(1.0)),
            bytes: 2 * RECORD,
            contestants: |pki| tls12_messages(pki, Suite::EcdheEcdsaAes128Gcm),
        },
        Benchmark {
            name: "tls12-chacha20-16k",
            what: "TLS 1.2, ChaCha20-Poly1305, a 16 KiB message each way, seal + open, connection API",
            target: Some(Target::SpeedAtLeast(1.0)),
            bytes: 2 * RECORD,
            contestants: |pki| tls12_messages(pki, Suite::EcdheEcdsaChaCha20),
        },
        Benchmark {
            name: "tls12-cbc-sha-16k",
            what: "TLS 1.2, AES-128-CBC-SHA, encrypt-then-MAC, a 16 KiB message each way, blocking streams",
            target: PEERS.then_some(Target::SpeedAtLeast(1.0)),
            bytes: 2 * RECORD,
            contestants: |pki| cbc_messages(pki, Suite::EcdheEcdsaAes128CbcSha, true),
        },
        Benchmark {
            // OpenSSL interleaves AES and hash in one piece of assembly here, which AWS-LC's constant-time AEAD does not.
            name: "tls12-cbc-sha-mte-16k",
            what: "TLS 1.2, AES-128-CBC-SHA, MAC-then-encrypt, a 16 KiB message each way, blocking streams",
            target: None,
            bytes: 2 * RECORD,
            contestants: |pki| cbc_messages(pki, Suite::EcdheEcdsaAes128CbcSha, false),
        },
        Benchmark {
            name: "tls12-cbc-sha256-16k",
            what: "TLS 1.2, AES-128-CBC-SHA256, encrypt-then-MAC, a 16 KiB message each way, blocking streams",
            target: PEERS.then_some(Target::SpeedAtLeast(1.0)),
            bytes: 2 * RECORD,
            contestants: |pki| cbc_messages(pki, Suite::EcdheEcdsaAes128CbcSha256, true),
        },
        Benchmark {
            name: "tls12-cbc-sha256-mte-16k",
            what: "TLS 1.2, AES-128-CBC-SHA256, MAC-then-encrypt, a 16 KiB message each way, blocking streams",
            target: None,
            bytes: 2 * RECORD,
            contestants: |pki| cbc_messages(pki, Suite::EcdheEcdsaAes128CbcSha256, false),
        },
    ]
}

fn handshakes(pki: &Pki, groups: Groups) -> Vec<Contestant<'static>> {
    let their_server = theirs::server_config(pki, groups);
    let their_client = theirs::client_config(pki, groups);
    let our_server = ours::server_config(pki, groups);
    let warm_server = our_server.clone();
    let warm_client = ours::client_config(pki, groups);
    let cold_pki = pki.clone();
    let (their_name, our_name) = (theirs::server_name(), ours::server_name());
    let warm_name = our_name.clone();
    let (mut their_wire, mut our_wire, mut warm_wire) = (Wire::new(), Wire::new(), Wire::new());
    let floor = floor::Handshake::new(pki, groups);
    vec![
        Contestant::new("rustls", move || {
            theirs::handshake(&their_client, &their_server, &their_name, &mut their_wire);
        }),
        // A trust that has seen this chain skips the chain's signature. To compare like with like, each handshake
        // has a trust that has seen nothing.
        Contestant::with_setup(
            "warifu",
            move || ours::client_config(&cold_pki, groups),
            move |client| {
                ours::handshake(client, &our_server, &our_name, &mut our_wire);
            },
        ),
        Contestant::new("warifu, chain seen before", move || {
            ours::handshake(&warm_client, &warm_server, &warm_name, &mut warm_wire);
        }),
        Contestant::new("floor", move || floor.run()),
    ]
}

fn tls12_handshakes(pki: &Pki, suite: Suite) -> Vec<Contestant<'static>> {
    let their_server = theirs_tls12::server_config(pki, suite);
    let their_client = theirs_tls12::client_config(pki, suite);
    let our_server = ours_tls12::server_config(pki, suite, Groups::P256);
    let warm_server = our_server.clone();
    let warm_client = ours_tls12::client_config(pki, suite, Groups::P256);
    let cold_pki = pki.clone();
    let (their_name, our_name) = (theirs::server_name(), ours::server_name());
    let warm_name = our_name.clone();
    let (mut their_wire, mut our_wire, mut warm_wire) = (Wire::new(), Wire::new(), Wire::new());
    let floor = floor::Handshake::new(pki, Groups::P256);
    let mut contestants = vec![
        Contestant::new("rustls", move || {
            theirs::handshake(&their_client, &their_server, &their_name, &mut their_wire);
        }),
        Contestant::with_setup(
            "warifu",
            move || ours_tls12::client_config(&cold_pki, suite, Groups::P256),
            move |client| {
                ours::handshake(client, &our_server, &our_name, &mut our_wire);
            },
        ),
        Contestant::new("warifu, chain seen before", move || {
            ours::handshake(&warm_client, &warm_server, &warm_name, &mut warm_wire);
        }),
    ];
    #[cfg(feature = "psk-peers")]
    {
        use warifu_bench::{theirs_openssl_tls12, theirs_psk_openssl, wire::ends};
        let openssl = theirs_openssl_tls12::certificate_contexts(pki, suite, true);
        let ends = ends();
        contestants.push(Contestant::new("OpenSSL", move || {
            theirs_psk_openssl::handshake(&openssl, &ends);
        }));
    }
    contestants.push(Contestant::new("floor", move || floor.run()));
    contestants
}

fn tls12_resumptions(pki: &Pki) -> Vec<Contestant<'static>> {
    let (client, server) = theirs_tls12::resuming(pki);
    let (our_client, our_server) = ours_tls12::resuming(pki);
    let (name, our_name) = (theirs::server_name(), ours::server_name());
    let (mut wire, mut our_wire) = (Wire::new(), Wire::new());
    #[cfg_attr(not(feature = "psk-peers"), allow(unused_mut))]
    let mut contestants = vec![
        Contestant::new("rustls", move || {
            theirs_tls12::resume(&client, &server, &name, &mut wire);
        }),
        Contestant::new("warifu", move || {
            let pair = ours::handshake(&our_client, &our_server, &our_name, &mut our_wire);
            assert!(pair.server.facts().unwrap().resumed);
        }),
    ];
    #[cfg(feature = "psk-peers")]
    {
        use warifu_bench::{theirs_openssl_tls12, wire::ends};
        let ends = ends();
        let (contexts, session) = theirs_openssl_tls12::resuming(pki, &ends);
        contestants.push(Contestant::new("OpenSSL", move || {
            theirs_openssl_tls12::resume(&contexts, &session, &ends);
        }));
    }
    contestants
}

fn tls12_psk_handshakes(suite: Suite, groups: Groups) -> Vec<Contestant<'static>> {
    let mut contestants = Vec::new();
    let (client, server) = ours_tls12::psk_configs(suite, groups);
    let name = ours::server_name();
    let mut wire = Wire::new();
    let ours = Contestant::new("warifu", move || {
        ours::handshake(&client, &server, &name, &mut wire);
    });
    #[cfg(feature = "psk-peers")]
    {
        use warifu_bench::{
            theirs_openssl_tls12, theirs_psk_openssl, theirs_psk_wolfssl, theirs_wolfssl_tls12,
            wire::ends,
        };
        let wolfssl = theirs_wolfssl_tls12::psk_contexts(suite, groups);
        let openssl = theirs_openssl_tls12::psk_contexts(suite, groups);
        let (wolfssl_ends, openssl_ends) = (ends(), ends());
        contestants.push(Contestant::new("wolfSSL", move || {
            theirs_psk_wolfssl::handshake(&wolfssl, &wolfssl_ends);
        }));
        contestants.push(ours);
        contestants.push(Contestant::new("OpenSSL", move || {
            theirs_psk_openssl::handshake(&openssl, &openssl_ends);
        }));
    }
    #[cfg(not(feature = "psk-peers"))]
    contestants.push(ours);
    let floor = floor::Psk12::new(suite, groups);
    contestants.push(Contestant::new("floor", move || floor.run()));
    contestants
}

fn tls12_messages(pki: &Pki, suite: Suite) -> Vec<Contestant<'static>> {
    let (mut their_wire, mut our_wire) = (Wire::new(), Wire::new());
    let mut theirs = theirs::handshake(
        &theirs_tls12::client_config(pki, suite),
        &theirs_tls12::server_config(pki, suite),
        &theirs::server_name(),
        &mut their_wire,
    );
    let mut ours = ours::handshake(
        &ours_tls12::client_config(pki, suite, Groups::P256),
        &ours_tls12::server_config(pki, suite, Groups::P256),
        &ours::server_name(),
        &mut our_wire,
    );
    vec![
        Contestant::new("rustls", move || {
            theirs::exchange_messages(&mut theirs, &[7; RECORD], &mut their_wire)
        }),
        Contestant::new("warifu", move || {
            ours::exchange_messages(&mut ours, &[7; RECORD], &mut our_wire)
        }),
    ]
}

fn cbc_messages(pki: &Pki, suite: Suite, encrypt_then_mac: bool) -> Vec<Contestant<'static>> {
    let (client, server) = match encrypt_then_mac {
        true => (
            ours_tls12::client_config(pki, suite, Groups::P256),
            ours_tls12::server_config(pki, suite, Groups::P256),
        ),
        false => ours_tls12::mac_then_encrypt(pki, suite),
    };
    let pair = ours::handshake(&client, &server, &ours::server_name(), &mut Wire::new());
    let mut ours = ours::Streams::new(pair);
    let mut our_buffer = vec![0; RECORD];
    #[cfg_attr(not(feature = "psk-peers"), allow(unused_mut))]
    let mut contestants = vec![Contestant::new("warifu", move || {
        ours.exchange_messages(&[7; RECORD], &mut our_buffer)
    })];
    #[cfg(feature = "psk-peers")]
    {
        use warifu_bench::{theirs_openssl_tls12, theirs_psk_openssl, wire::ends};
        let contexts = theirs_openssl_tls12::certificate_contexts(pki, suite, encrypt_then_mac);
        let mut pair = theirs_psk_openssl::handshake(&contexts, &ends());
        let mut buffer = vec![0; RECORD];
        contestants.insert(
            0,
            Contestant::new("OpenSSL", move || {
                theirs_openssl_tls12::exchange_messages(&mut pair, &[7; RECORD], &mut buffer)
            }),
        );
    }
    contestants
}

fn resumptions(pki: &Pki) -> Vec<Contestant<'static>> {
    let server = theirs::resuming_server_config(pki);
    let client = theirs::resuming_client_config(pki);
    let name = theirs::server_name();
    let mut wire = Wire::new();
    // The first ticket.
    let mut pair = theirs::handshake(&client, &server, &name, &mut wire);
    theirs::take_ticket(&mut pair, &mut wire);
    let (our_client, our_server) = ours_psk::resuming(pki);
    let our_name = ours::server_name();
    let mut our_wire = Wire::new();
    vec![
        Contestant::new("rustls", move || {
            theirs::resume(&client, &server, &name, &mut wire);
        }),
        Contestant::new("warifu", move || {
            let mut pair = ours::handshake(&our_client, &our_server, &our_name, &mut our_wire);
            ours_psk::read_tickets(&mut pair);
        }),
    ]
}

fn our_psk_handshakes(mode: Mode) -> Contestant<'static> {
    let (client, server) = ours_psk::configs(mode);
    let name = ours::server_name();
    let mut wire = Wire::new();
    Contestant::new("warifu", move || {
        ours::handshake(&client, &server, &name, &mut wire);
    })
}

#[cfg(feature = "psk-peers")]
fn psk_handshakes(mode: Mode) -> Vec<Contestant<'static>> {
    use warifu_bench::{theirs_psk_openssl, theirs_psk_wolfssl, wire::ends};
    let openssl = theirs_psk_openssl::Contexts::new(mode);
    let wolfssl = theirs_psk_wolfssl::Contexts::new(mode);
    let floor = floor::Psk::new(mode);
    let (openssl_ends, wolfssl_ends) = (ends(), ends());
    vec![
        Contestant::new("wolfSSL", move || {
            theirs_psk_wolfssl::handshake(&wolfssl, &wolfssl_ends);
        }),
        our_psk_handshakes(mode),
        Contestant::new("OpenSSL", move || {
            theirs_psk_openssl::handshake(&openssl, &openssl_ends);
        }),
        Contestant::new("floor", move || floor.run()),
    ]
}

#[cfg(not(feature = "psk-peers"))]
fn psk_handshakes(mode: Mode) -> Vec<Contestant<'static>> {
    let floor = floor::Psk::new(mode);
    vec![
        our_psk_handshakes(mode),
        Contestant::new("floor", move || floor.run()),
    ]
}

/// Two established connections: rustls' and ours.
fn connect(pki: &Pki, wire: &mut Wire) -> (theirs::Pair, ours::Pair) {
    let theirs = theirs::handshake(
        &theirs::client_config(pki, Groups::X25519),
        &theirs::server_config(pki, Groups::X25519),
        &theirs::server_name(),
        wire,
    );
    let ours = ours::handshake(
        &ours::client_config(pki, Groups::X25519),
        &ours::server_config(pki, Groups::X25519),
        &ours::server_name(),
        wire,
    );
    (theirs, ours)
}

fn messages<const LEN: usize>(pki: &Pki) -> Vec<Contestant<'static>> {
    let (mut their_wire, mut our_wire) = (Wire::new(), Wire::new());
    let (mut theirs, mut ours) = connect(pki, &mut our_wire);
    let mut unbuffered = theirs_unbuffered::connect(
        &theirs::client_config(pki, Groups::X25519),
        &theirs::server_config(pki, Groups::X25519),
        &theirs::server_name(),
    );
    let mut unbuffered_wire = Wire::new();
    let mut floor = floor::Record::new(LEN);
    vec![
        Contestant::new("rustls", move || {
            theirs::send_message(&mut theirs, &[7; LEN], &mut their_wire)
        }),
        Contestant::new("warifu", move || {
            ours::send_message(&mut ours, &[7; LEN], &mut our_wire)
        }),
        Contestant::new("rustls, unbuffered", move || {
            theirs_unbuffered::send_message(&mut unbuffered, &[7; LEN], &mut unbuffered_wire)
        }),
        Contestant::new("floor", move || floor.run(&[7; LEN])),
    ]
}

fn stream_messages<const LEN: usize>(pki: &Pki) -> Vec<Contestant<'static>> {
    let (theirs, ours) = connect(pki, &mut Wire::new());
    let mut theirs = theirs::Streams::new(theirs);
    let mut ours = ours::Streams::new(ours);
    let (mut their_buffer, mut our_buffer) = (vec![0; LEN], vec![0; LEN]);
    let mut floor = floor::Record::new(LEN);
    vec![
        Contestant::new("rustls", move || {
            theirs.send_message(&[7; LEN], &mut their_buffer)
        }),
        Contestant::new("warifu", move || {
            ours.send_message(&[7; LEN], &mut our_buffer)
        }),
        Contestant::new("floor", move || floor.run(&[7; LEN])),
    ]
}

/// Runs one benchmark and prints it; returns whether its target is missed by more than noise explains.
fn report(benchmark: &Benchmark, contestants: &mut [Contestant<'_>], rounds: usize) -> bool {
    println!("\n{}", benchmark.what);
    let series = run(contestants, rounds);
    let theirs = &series[0];
    // Without a target, only the way of comparing counts.
    let target = benchmark.target.unwrap_or(match benchmark.bytes {
        0 => Target::TimeAtMost(1.0),
        _ => Target::SpeedAtLeast(1.0),
    });
    for (contestant, times) in contestants.iter().zip(&series) {
        let ratio = target.ratio(times, theirs);
        println!(
            "  {:26} {}   {:.3} (from {:.3} to {:.3}) of {}",
            contestant.name,
            show(Spread::of(times), benchmark.bytes),
            ratio.median,
            ratio.min,
            ratio.max,
            contestants[0].name,
        );
    }
    let ours = contestants
        .iter()
        .position(|contestant| contestant.name == "warifu");
    let ours = &series[ours.unwrap()];
    let medians: String = contestants
        .iter()
        .zip(&series)
        .map(|(contestant, times)| {
            format!(
                " {}_ns={:.1}",
                key(contestant.name),
                Spread::of(times).median
            )
        })
        .collect();
    let verdict = match benchmark.target {
        Some(target) => {
            let ratio = target.ratio(ours, theirs);
            format!(
                " ratio={:.3} min={:.3} max={:.3} target={} met={}",
                ratio.median,
                ratio.min,
                ratio.max,
                target.describe(),
                if target.is_met(target.reached(ours, theirs)) {
                    "yes"
                } else {
                    "no"
                },
            )
        }
        None => String::new(),
    };
    println!("result benchmark={}{verdict}{medians}", benchmark.name);
    benchmark
        .target
        .is_some_and(|target| target.is_far_from(target.reached(ours, theirs)))
}

/// "warifu, chain seen before" as a key.
fn key(name: &str) -> String {
    name.replace(", ", "_").replace(' ', "_")
}

/// A time per call as the unit that people compare.
fn show(time: Spread, bytes: usize) -> String {
    let Spread { median, min, max } = time;
    match bytes {
        0 => format!(
            "{:7.1} µs ({:.1} to {:.1})",
            median / 1e3,
            min / 1e3,
            max / 1e3
        ),
        RECORD.. => {
            let speed = |time| bytes as f64 / time;
            format!(
                "{:5.2} GB/s ({:.2} to {:.2})",
                speed(median),
                speed(max),
                speed(min)
            )
        }
        _ => {
            let speed = |time| 1e3 / time;
            format!(
                "{:5.2} M/s ({:.2} to {:.2})",
                speed(median),
                speed(max),
                speed(min)
            )
        }
    }
}
