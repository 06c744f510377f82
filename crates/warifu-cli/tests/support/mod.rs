//! Running warifu and the programs it talks with.
#![allow(dead_code)]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub(crate) mod keys;

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The program, with a home of its own.
pub(crate) fn warifu(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_warifu"));
    command.current_dir(home).env_clear().env("HOME", home);
    command
}

/// What a finished program left.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs a command to its end with this input.
pub(crate) fn run(command: &mut Command, input: &[u8]) -> Done {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feeding = std::thread::spawn(move || {
        // The program may end before it has read everything.
        let _ = stdin.write_all(&input);
    });
    let done = child.wait_with_output().unwrap().into();
    feeding.join().unwrap();
    done
}

/// Runs `warifu` with these arguments and this input.
pub(crate) fn warifu_with(home: &Path, arguments: &[&str], input: &str) -> Done {
    run(warifu(home).args(arguments), input.as_bytes())
}

/// Runs `warifu`, which must succeed.
pub(crate) fn ok(home: &Path, arguments: &[&str]) -> Done {
    let done = warifu_with(home, arguments, "");
    assert_eq!(done.code, 0, "{arguments:?}: {}", done.stderr);
    done
}

/// A program in the background; killed when dropped. What it prints is collected all the time: a full pipe
/// would stop it.
pub(crate) struct Background {
    pub(crate) child: Child,
    pub(crate) port: u16,
    stdout: Collected,
    stderr: Collected,
}

/// What a program has printed so far on one of its outputs.
struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    reading: Option<JoinHandle<()>>,
}

impl Collected {
    fn from(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&bytes);
        let reading = std::thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(count @ 1..) = pipe.read(&mut part) {
                seen.lock().unwrap().extend_from_slice(&part[..count]);
            }
        });
        Self {
            bytes,
            reading: Some(reading),
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    fn finish(&mut self) -> String {
        if let Some(reading) = self.reading.take() {
            reading.join().unwrap();
        }
        self.text()
    }
}

impl Background {
    /// `warifu server` on a free port, with these options.
    pub(crate) fn server(home: &Path, options: &[&str]) -> Self {
        let mut command = warifu(home);
        command.args(["server", "127.0.0.1:0"]).args(options);
        Self::listening(&mut command, Stdio::null())
    }

    /// A command that starts `warifu server`, or `openssl s_server`, on a free port.
    pub(crate) fn listening(command: &mut Command, input: Stdio) -> Self {
        let mut server = Self::start(command, input);
        let end = Instant::now() + PATIENCE;
        while server.port == 0 {
            // Looked at first: what a program that has ended printed is all there is.
            let ended = server.child.try_wait().unwrap().is_some();
            let seen = [server.stdout.text(), server.stderr.text()].concat();
            if let Some(port) = seen.lines().find_map(port_of) {
                server.port = port;
            } else if ended || Instant::now() > end {
                panic!("no server: {seen}");
            } else {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        server
    }

    fn start(command: &mut Command, input: Stdio) -> Self {
        let mut child = spawn(command, input);
        Self {
            port: 0,
            stdout: Collected::from(child.stdout.take().unwrap()),
            stderr: Collected::from(child.stderr.take().unwrap()),
            child,
        }
    }

    /// `openssl s_server` (or another program) that is ready once its port answers.
    pub(crate) fn program(command: &mut Command, port: u16) -> Self {
        // s_server ends at the end of its input.
        let mut program = Self::start(command, Stdio::piped());
        wait_for_port(port);
        program.port = port;
        program
    }

    /// What stands on standard output so far.
    pub(crate) fn messages(&self) -> String {
        self.stdout.text()
    }

    /// What stands on standard error so far.
    pub(crate) fn printed(&self) -> String {
        self.stderr.text()
    }

    /// Waits until this text stands on standard error for this many times, or more.
    pub(crate) fn wait_for(&self, text: &str, times: usize) {
        let end = Instant::now() + PATIENCE;
        while self.stderr.text().matches(text).count() < times {
            assert!(
                Instant::now() < end,
                "{text:?} is not {times} times in {}",
                self.stderr.text()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([name, &pid]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end.
    pub(crate) fn finish(mut self) -> Done {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if Instant::now() > end => panic!("the program does not end"),
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        Done {
            code: status.code().unwrap_or(-1),
            stdout: self.stdout.finish(),
            stderr: self.stderr.finish(),
        }
    }
}

/// The port in the line by which a server says where it listens, for people or for programs; s_server says ACCEPT.
fn port_of(line: &str) -> Option<u16> {
    let address = match line
        .strip_prefix("listening ")
        .or_else(|| line.strip_prefix("ACCEPT "))
    {
        Some(address) => address,
        None => {
            let rest = line.split_once(r#""event":"listening","address":""#)?.1;
            rest.split('"').next()?
        }
    };
    address.trim().rsplit(':').next()?.parse().ok()
}

fn spawn(command: &mut Command, input: Stdio) -> Child {
    command
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on (for now).
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Waits until somebody listens on a port, without connecting: `s_server` would count that as a client.
pub(crate) fn wait_for_port(port: u16) {
    let wanted = format!("0100007F:{port:04X} 00000000:0000 0A");
    let anywhere = format!(":{port:04X} 00000000");
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
            let table = std::fs::read_to_string(table).unwrap_or_default();
            let listening = |line: &str| {
                line.contains(&wanted) || (line.contains(&anywhere) && line.contains(":0000 0A "))
            };
            if table.lines().any(listening) {
                return;
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("nobody listens on port {port}");
}

/// Makes `ca`, `server` (localhost, 127.0.0.1) and `client` (alice) certificates in `home`.
pub(crate) fn make_certificates(home: &Path) {
    ok(home, &["cert", "ca"]);
    let ca = ["--ca", "ca.crt", "--ca-key", "ca.key"];
    ok(
        home,
        &[
            &[
                "cert",
                "server",
                "localhost",
                "127.0.0.1",
                "--out",
                "server",
            ][..],
            &ca,
        ]
        .concat(),
    );
    ok(
        home,
        &[&["cert", "client", "alice", "--out", "client"][..], &ca].concat(),
    );
}
