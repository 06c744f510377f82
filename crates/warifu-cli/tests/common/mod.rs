//! Running warifu and the programs it talks with.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

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
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
}

fn collect(mut pipe: impl Read + Send + 'static, mut seen: Vec<u8>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let _ = pipe.read_to_end(&mut seen);
        seen
    })
}

impl Background {
    /// `warifu server` on a free port, with these options.
    pub(crate) fn server(home: &Path, options: &[&str]) -> Self {
        let mut child = spawn(
            warifu(home).args(["server", "127.0.0.1:0"]).args(options),
            Stdio::null(),
        );
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut seen = String::new();
        let port = loop {
            let mut line = String::new();
            assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "no server: {seen}");
            seen.push_str(&line);
            if let Some(address) = line.strip_prefix("listening ") {
                break address.trim().rsplit(':').next().unwrap().parse().unwrap();
            }
        };
        Self {
            port,
            stdout: child.stdout.take().map(|pipe| collect(pipe, Vec::new())),
            stderr: Some(collect(stderr, seen.into_bytes())),
            child,
        }
    }

    /// `openssl s_server` (or another program) that is ready once its port answers.
    pub(crate) fn program(command: &mut Command, port: u16) -> Self {
        // s_server ends at the end of its input.
        let mut child = spawn(command, Stdio::piped());
        wait_for_port(port);
        Self {
            port,
            stdout: child.stdout.take().map(|pipe| collect(pipe, Vec::new())),
            stderr: child.stderr.take().map(|pipe| collect(pipe, Vec::new())),
            child,
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
        let text = |pipe: Option<JoinHandle<Vec<u8>>>| {
            let bytes = pipe.map(|pipe| pipe.join().unwrap()).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        Done {
            code: status.code().unwrap_or(-1),
            stdout: text(self.stdout.take()),
            stderr: text(self.stderr.take()),
        }
    }
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
