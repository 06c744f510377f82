//! Clients that take a place and say nothing, or little: they do not keep others out.
//!
//! The bounds: `--max-connections` places (512 unless told otherwise), one descriptor and one thread for each; a handshake that is
//! not complete has its place for `--handshake-timeout` at most, and until a newcomer needs it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};
use warifu::{ClientConfig, Connection, Trust};

mod support;
use support::*;

/// Silent connections in each of these tests.
const SILENT: usize = 2_000;

/// "Promptly", for a whole client in a debug build on a machine that is busy with other tests. Its handshake alone takes some
/// milliseconds, and the server's patience with silence is 10 seconds.
const PROMPT: Duration = Duration::from_secs(5);

/// This process has the other ends of all connections.
fn allow_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = SILENT as u64 + 500;
    assert!(
        limit.maximum.is_none_or(|hard| hard >= wanted),
        "this test opens {wanted} files: ulimit -Hn is {limit:?}"
    );
    if limit.current.is_some_and(|soft| soft < wanted) {
        let current = Some(wanted);
        setrlimit(Resource::Nofile, Rlimit { current, ..limit }).unwrap();
    }
}

/// `warifu server` by way of a shell that sets its limit on open files.
fn server_with_limit(home: &Path, limit: &str, options: &str) -> Background {
    let program = env!("CARGO_BIN_EXE_warifu");
    let script = format!("ulimit {limit}; exec {program} server 127.0.0.1:0 {options}");
    let mut command = Command::new("sh");
    command
        .args(["-c", &script])
        .current_dir(home)
        .env_clear()
        .env("HOME", home);
    Background::listening(&mut command, Stdio::null())
}

/// A ClientHello in its record.
fn client_hello() -> Vec<u8> {
    let home = tempfile::tempdir().unwrap();
    ok(home.path(), &["cert", "ca"]);
    let trust = Trust::from_ca_file(home.path().join("ca.crt")).unwrap();
    let config = ClientConfig::builder(trust).build().unwrap();
    let mut client = Connection::client(config, "localhost".try_into().unwrap());
    client.process().unwrap();
    client.output().to_vec()
}

/// How a client that does not go on keeps its place.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Manner {
    /// Says nothing.
    Silent,
    /// Sends a byte of its ClientHello each second.
    Dribbling,
    /// Has had the server's flight, and says nothing more.
    HalfWay,
}

const MANNERS: [Manner; 3] = [Manner::Silent, Manner::Dribbling, Manner::HalfWay];

fn connect(address: &str, manner: Manner, hello: &[u8]) -> TcpStream {
    let mut client = TcpStream::connect(address).unwrap();
    match manner {
        Manner::Silent => {}
        Manner::Dribbling => client.write_all(&hello[..1]).unwrap(),
        Manner::HalfWay => {
            client.write_all(hello).unwrap();
            // It may have lost its place already.
            let _ = client.read(&mut [0; 100]);
        }
    }
    client
}

/// Sends one byte more of the ClientHello each second, to all that are left.
fn dribble(clients: Vec<TcpStream>, hello: Vec<u8>, stop: Arc<AtomicBool>) {
    for byte in &hello[1..] {
        for mut client in &clients {
            let _ = client.write(&[*byte]);
        }
        for _ in 0..10 {
            if stop.load(Ordering::Acquire) {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Whether the server has ended this connection.
fn is_closed(client: &TcpStream) -> bool {
    client.set_nonblocking(true).unwrap();
    let mut stream = client;
    loop {
        match stream.read(&mut [0; 4096]) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != ErrorKind::WouldBlock,
        }
    }
}

/// Clients whose manners take turns; those that dribble are with a thread, until this is dropped.
struct Crowd {
    still: Vec<TcpStream>,
    stop: Arc<AtomicBool>,
    dribbling: Option<thread::JoinHandle<()>>,
}

impl Crowd {
    fn new(address: &str, hello: &[u8], count: usize, manners: &[Manner]) -> Self {
        let (mut still, mut dribbling) = (Vec::new(), Vec::new());
        for number in 0..count {
            let manner = manners[number % manners.len()];
            let client = connect(address, manner, hello);
            match manner {
                Manner::Dribbling => dribbling.push(client),
                _ => still.push(client),
            }
        }
        let stop = Arc::new(AtomicBool::new(false));
        let (hello, stopped) = (hello.to_vec(), Arc::clone(&stop));
        Self {
            still,
            stop,
            dribbling: Some(thread::spawn(move || dribble(dribbling, hello, stopped))),
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(dribbling) = self.dribbling.take() {
            let _ = dribbling.join();
        }
    }
}

/// The next client, from its start to its end.
#[track_caller]
fn next_client_is_served(home: &Path, server: &Background) -> Duration {
    let start = Instant::now();
    let done = warifu_with(home, &["client", &server.address(), "-q"], "hello\n");
    let took = start.elapsed();
    assert_eq!(
        (done.code, &*done.stdout),
        (0, "hello\n"),
        "{}",
        done.stderr
    );
    assert!(took < PROMPT, "{took:?}");
    took
}

fn descriptors(server: &Background) -> usize {
    let path = format!("/proc/{}/fd", server.child.id());
    fs::read_dir(path).unwrap().count()
}

/// A number of /proc/PID/status: kilobytes, or threads.
fn status(server: &Background, name: &str) -> u64 {
    let path = format!("/proc/{}/status", server.child.id());
    let text = fs::read_to_string(path).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.unwrap().trim_start_matches(':').trim();
    value.split(' ').next().unwrap().parse().unwrap()
}

/// As the server is started by default, with 1,024 files: four times as many silent clients as it has places.
#[test]
fn two_thousand_silent_connections_do_not_stop_the_next() {
    allow_descriptors();
    let home = tempfile::tempdir().unwrap();
    let server = server_with_limit(home.path(), "-Sn 1024", "--echo");
    let hello = client_hello();
    let crowd = Crowd::new(&server.address(), &hello, SILENT, &MANNERS);
    for _ in 0..3 {
        let took = next_client_is_served(home.path(), &server);
        println!("served in {took:?} beside {SILENT} silent connections");
    }
    assert!(descriptors(&server) <= 512 + 64, "{}", descriptors(&server));
    assert!(status(&server, "Threads") <= 512 + 64);
    assert!(is_closed(&crowd.still[0]), "the oldest still has its place");
    let printed = server.printed();
    assert!(
        printed.contains(
            "was closed in its handshake to make room: 512 connections are open (--max-connections)"
        ),
        "{printed}"
    );
    assert!(!printed.contains("turned away"), "{printed}");
    assert!(!printed.contains("cannot accept"), "{printed}");
}

/// The same with places for all: nobody has to go, and what each costs is known.
#[test]
fn two_thousand_silent_connections_are_borne() {
    /// Kilobytes that a connection costs whose handshake does not go on: mostly the stack of its thread. The future of the
    /// handshake and its buffers are a few of them. Debug builds.
    const KILOBYTES: u64 = 128;
    allow_descriptors();
    let home = tempfile::tempdir().unwrap();
    let options = "--echo --max-connections 2100 --handshake-timeout off";
    let server = server_with_limit(home.path(), "-Sn 1024", options);
    let hello = client_hello();
    // What is made once.
    next_client_is_served(home.path(), &server);
    let mut crowds = Vec::new();
    let mut held = 0;
    for (manner, count) in MANNERS.into_iter().zip([700, 700, SILENT - 1_400]) {
        let before = status(&server, "VmRSS");
        crowds.push(Crowd::new(&server.address(), &hello, count, &[manner]));
        held += count;
        let end = Instant::now() + PATIENCE;
        while status(&server, "Threads") < held as u64 + 2 {
            assert!(Instant::now() < end, "{}", status(&server, "Threads"));
            thread::sleep(Duration::from_millis(20));
        }
        let each = (status(&server, "VmRSS") - before) / count as u64;
        println!("{manner:?}: {each} kB for each of {count} connections");
        assert!(each <= KILOBYTES, "{manner:?}: {each} kB");
    }
    let took = next_client_is_served(home.path(), &server);
    println!("served in {took:?} beside {held} silent connections, all held");
    assert!(
        crowds
            .iter()
            .all(|crowd| !crowd.still.iter().any(is_closed))
    );
    // One descriptor each.
    assert!(
        descriptors(&server) <= held + 64,
        "{}",
        descriptors(&server)
    );
    let printed = server.printed();
    assert!(!printed.contains("to make room"), "{printed}");
}

/// A handshake that does not end in time is given up, however its bytes come.
#[test]
fn dribbling_does_not_stretch_the_time_for_a_handshake() {
    let home = tempfile::tempdir().unwrap();
    let server = Background::server(home.path(), &["--handshake-timeout", "2s"]);
    let hello = client_hello();
    for manner in MANNERS {
        let start = Instant::now();
        let mut client = connect(&server.address(), manner, &hello);
        client
            .set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        let mut next = hello[1..].iter();
        loop {
            match client.read(&mut [0; 4096]) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // Its last byte came after the end.
                Err(_) => break,
            }
            if manner == Manner::Dribbling {
                let _ = client.write(&[*next.next().unwrap()]);
            }
        }
        let took = start.elapsed();
        let expected = Duration::from_millis(1_900)..PROMPT + Duration::from_secs(2);
        assert!(expected.contains(&took), "{manner:?}: {took:?}");
    }
}

/// Whoever has completed a handshake keeps its place; where all have, one more is turned away.
#[test]
fn connections_over_the_limit_are_turned_away() {
    let home = tempfile::tempdir().unwrap();
    let server = Background::server(home.path(), &["--max-connections", "2", "--echo"]);
    let client = || {
        let mut command = warifu(home.path());
        command.args(["client", &server.address()]);
        let mut client = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = client.stdin.take().unwrap();
        input.write_all(b"hello\n").unwrap();
        let mut reply = [0; 6];
        client
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut reply)
            .unwrap();
        assert_eq!(&reply, b"hello\n");
        (client, input)
    };
    let first = client();
    let silent = TcpStream::connect(server.address()).unwrap();
    // For the second of those who speak, the silent one goes.
    let second = client();
    assert!(is_closed(&silent));
    let mut third = TcpStream::connect(server.address()).unwrap();
    third
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    assert_eq!(third.read(&mut [0; 1]).unwrap(), 0);
    for (mut client, mut input) in [first, second] {
        input.write_all(b"again\n").unwrap();
        drop(input);
        let mut rest = String::new();
        client
            .stdout
            .as_mut()
            .unwrap()
            .read_to_string(&mut rest)
            .unwrap();
        assert_eq!(rest, "again\n");
        assert!(client.wait().unwrap().success());
    }
    server.signal("-INT");
    let done = server.finish();
    let turned_away = "was turned away: 2 connections are open (--max-connections)";
    assert!(done.stderr.contains(turned_away), "{}", done.stderr);
}

/// A process that may not have so many files open says so, and serves as many as it can.
#[test]
fn a_limit_on_files_that_cannot_be_raised_is_a_limit_on_connections() {
    let home = tempfile::tempdir().unwrap();
    let server = server_with_limit(home.path(), "-n 100", "--echo");
    server.wait_for(
        "--max-connections 512: this process may not have so many files open (ulimit -n); 36 it is",
        1,
    );
    let hello = client_hello();
    let _crowd = Crowd::new(&server.address(), &hello, 150, &MANNERS);
    next_client_is_served(home.path(), &server);
    let printed = server.printed();
    assert!(
        printed.contains("to make room: 36 connections are open"),
        "{printed}"
    );
    assert!(!printed.contains("cannot accept"), "{printed}");
}

/// Whoever comes next may only be looking which ports are open.
#[test]
fn a_young_handshake_keeps_its_place() {
    /// As the server has it.
    const GRACE: Duration = Duration::from_millis(300);
    let home = tempfile::tempdir().unwrap();
    let server = Background::server(home.path(), &["--max-connections", "1", "--echo"]);
    let start = Instant::now();
    let mut first = TcpStream::connect(server.address()).unwrap();
    let scans: Vec<_> = (0..3)
        .map(|_| TcpStream::connect(server.address()).unwrap())
        .collect();
    first.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(first.read(&mut [0; 1]).unwrap(), 0);
    let took = start.elapsed();
    assert!(took >= GRACE, "{took:?}");
    drop(scans);
    next_client_is_served(home.path(), &server);
    let printed = server.printed();
    assert!(!printed.contains("turned away"), "{printed}");
}

/// Where the system has no descriptor for the next connection, one handshake is ended for it, not several.
#[test]
fn a_lack_of_descriptors_costs_one_handshake() {
    let home = tempfile::tempdir().unwrap();
    let server = Background::server(home.path(), &["--echo"]);
    let before = descriptors(&server);
    let crowd: Vec<_> = (0..20)
        .map(|_| TcpStream::connect(server.address()).unwrap())
        .collect();
    let end = Instant::now() + PATIENCE;
    while descriptors(&server) < before + crowd.len() {
        assert!(Instant::now() < end, "{}", descriptors(&server));
        thread::sleep(Duration::from_millis(20));
    }
    let process = Pid::from_raw(server.child.id().try_into().unwrap());
    let limit = Rlimit {
        current: Some(descriptors(&server) as u64),
        maximum: getrlimit(Resource::Nofile).maximum,
    };
    prlimit(process, Resource::Nofile, limit).unwrap();
    // Linux takes the descriptor before it waits for a client: this one has it, and for the next client none is left.
    let _last = TcpStream::connect(server.address()).unwrap();
    let told = "to make room: cannot accept a connection: ";
    server.wait_for(told, 1);
    thread::sleep(Duration::from_secs(1));
    let lost = crowd.iter().filter(|client| is_closed(client)).count();
    let printed = server.printed();
    assert_eq!((lost, printed.matches(told).count()), (1, 1), "{printed}");
    next_client_is_served(home.path(), &server);
}
