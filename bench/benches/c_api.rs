//! What the C API costs beside the Rust API that is under it, and beside Debian's OpenSSL, in the same run. All go through pairs of
//! sockets that do not block, in one thread.
//!
//! `cargo bench --bench c_api --features c-api -- [--check] [--rounds N] [--only PART]`: PART is of a line's name, `--check` exits with 1 if ours costs more than 3 % over the Rust API.

use std::hint::black_box;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Duration;

use warifu::Stream;
use warifu::resumption::{MemorySessions, RotatingTicketKeys, Tickets};
use warifu_bench::c_api::{Api, Contexts};
use warifu_bench::measure::{Contestant, Spread, run};
use warifu_bench::pki::Pki;
use warifu_bench::steady::start_again_with_steady_copies;
use warifu_bench::{Groups, ours};

/// What the C API may cost beside the Rust API.
const MOST: f64 = 1.03;
const RECORD: usize = 1 << 14;

fn main() -> ExitCode {
    start_again_with_steady_copies();
    let arguments: Vec<String> = std::env::args().collect();
    let check = arguments.iter().any(|argument| argument == "--check");
    let rounds = arguments.iter().position(|argument| argument == "--rounds");
    let rounds = rounds.map_or(301, |at| arguments[at + 1].parse().unwrap());
    let only = arguments.iter().position(|argument| argument == "--only");
    let only = only.map(|at| arguments[at + 1].as_str());
    let pki = Pki::new();
    let mut missed = false;
    for (name, mut contestants) in [
        (
            "handshake, client + server, P-256 chain, X25519",
            handshakes(&pki),
        ),
        (
            "bulk, 128 KiB in one write each way, read record by record",
            exchanges(&pki, 8 * RECORD),
        ),
        // Without a target: here the one more system call for each record counts, by which a program can wait with select().
        ("a message of 16 KiB each way", exchanges(&pki, RECORD)),
        ("a message of 64 bytes each way", exchanges(&pki, 64)),
    ] {
        if only.is_some_and(|only| !name.contains(only)) {
            continue;
        }
        println!("{name}");
        let has_target = !name.starts_with("a message");
        let series = run(&mut contestants, rounds);
        for (contestant, times) in contestants.iter().zip(&series) {
            let (time, ratio) = (Spread::of(times), Spread::of_quotients(times, &series[0]));
            println!(
                "  {:<36} {:>9.2} µs  {:.3} x the Rust API ({:.3} to {:.3})",
                contestant.name,
                time.median / 1e3,
                ratio.median,
                ratio.min,
                ratio.max
            );
            missed |=
                has_target && contestant.name.starts_with("warifu, C API") && ratio.median > MOST;
        }
    }
    if check && missed {
        eprintln!(
            "the C API costs more than {:.0} % over the Rust API",
            (MOST - 1.0) * 100.0
        );
        return ExitCode::from(1);
    }
    ExitCode::SUCCESS
}

/// Those that can be compared here: OpenSSL where it is installed.
fn libraries() -> Vec<(&'static str, Api, bool)> {
    let mut found = vec![
        ("warifu, C API", Api::ours(), false),
        ("warifu, C API, read ahead", Api::ours(), true),
    ];
    match Api::of_library(c"libssl.so.3") {
        Some(api) => found.push(("OpenSSL (libssl.so.3)", api, false)),
        None => println!("libssl.so.3 is not installed: no comparison with it"),
    }
    found
}

fn sockets() -> (UnixStream, UnixStream) {
    let pair = UnixStream::pair().unwrap();
    pair.0.set_nonblocking(true).unwrap();
    pair.1.set_nonblocking(true).unwrap();
    pair
}

fn handshakes(pki: &Pki) -> Vec<Contestant<'static>> {
    // As in OpenSSL, a context keeps what tickets need, also where none are sent: so does what it is compared with.
    let (client, server) = (
        ours::client_builder(pki, Groups::X25519).with_session_store(MemorySessions::new(16)),
        ours::server_builder(pki, Groups::X25519).with_tickets(
            Tickets::stateless(RotatingTicketKeys::new(Duration::from_secs(43_200)))
                .with_count(0)
                .also_on_request(),
        ),
    );
    let ready = (client.build().unwrap(), server.build().unwrap());
    let (client, server) = (
        ours::client_config(pki, Groups::X25519),
        ours::server_config(pki, Groups::X25519),
    );
    let rust_sockets = (sockets(), sockets());
    let mut all = vec![
        Contestant::new("warifu, Rust API", move || {
            black_box(handshake(&ready.0, &ready.1, &rust_sockets.0));
        }),
        Contestant::new("warifu, Rust API, no sessions", move || {
            black_box(handshake(&client, &server, &rust_sockets.1));
        }),
    ];
    for (name, api, read_ahead) in libraries() {
        let contexts = Contexts::new(api, pki, read_ahead);
        let sockets = sockets();
        all.push(Contestant::new(name, move || {
            black_box(contexts.handshake(&sockets));
        }));
    }
    all
}

type End<'a> = Stream<&'a UnixStream>;

fn handshake<'a>(
    client: &std::sync::Arc<warifu::ClientConfig>,
    server: &std::sync::Arc<warifu::ServerConfig>,
    sockets: &'a (UnixStream, UnixStream),
) -> (End<'a>, End<'a>) {
    let mut client = Stream::client(client.clone(), ours::server_name(), &sockets.0);
    let mut server = Stream::server(server.clone(), &sockets.1);
    loop {
        let (connected, accepted) = (done(client.handshake()), done(server.handshake()));
        if connected && accepted {
            return (client, server);
        }
    }
}

/// Nothing but waiting for the other side is in order.
fn done(result: std::io::Result<()>) -> bool {
    match result {
        Ok(()) => true,
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => false,
        Err(error) => panic!("{error}"),
    }
}

/// Reads record by record.
fn read_all(stream: &mut End<'_>, buffer: &mut [u8], len: usize) {
    let mut left = len;
    while left > 0 {
        let count = stream.read(buffer).unwrap();
        assert_eq!(count, left.min(RECORD));
        left -= count;
    }
}

fn exchanges(pki: &Pki, len: usize) -> Vec<Contestant<'static>> {
    let client = ours::client_config(pki, Groups::X25519);
    let server = ours::server_config(pki, Groups::X25519);
    // They live as long as the program.
    let rust_sockets: &'static _ = Box::leak(Box::new(sockets()));
    let (mut client, mut server) = handshake(&client, &server, rust_sockets);
    let message = vec![7; len];
    let mut buffer = vec![0; RECORD];
    let mut all = vec![Contestant::new("warifu, Rust API", {
        let message = message.clone();
        move || {
            client.write_all(&message).unwrap();
            read_all(&mut server, &mut buffer, message.len());
            server.write_all(&message).unwrap();
            read_all(&mut client, &mut buffer, message.len());
        }
    })];
    for (name, api, read_ahead) in libraries() {
        let contexts = Contexts::new(api, pki, read_ahead);
        let sockets = sockets();
        let pair = contexts.handshake(&sockets);
        let (message, mut buffer) = (message.clone(), vec![0; RECORD]);
        all.push(Contestant::new(name, move || {
            // The sockets and contexts stay as long as the pair.
            let _ = (&sockets, &contexts);
            pair.exchange(&message, &mut buffer);
        }));
    }
    all
}
