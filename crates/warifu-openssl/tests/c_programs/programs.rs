//! Running programs, in the foreground and in the background.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

/// For programs that do thousands of handshakes, perhaps under valgrind, perhaps beside others.
const LONG_PATIENCE: Duration = Duration::from_secs(900);

/// What a finished program left.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command to its end with this input.
pub(crate) fn run(command: &mut Command, input: &[u8]) -> Done {
    let mut program = Running::start(command);
    program.write(input);
    program.finish()
}

/// The same for a program that takes long, without input.
pub(crate) fn run_long(command: &mut Command) -> Done {
    Running::start(command).finish_within(LONG_PATIENCE)
}

/// What a program has printed so far on one of its outputs. It is read all the time: a full pipe would stop the program.
struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    reading: JoinHandle<()>,
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
        Self { bytes, reading }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }
}

/// A program that runs; killed when dropped.
pub(crate) struct Running {
    child: Child,
    name: String,
    outputs: Option<(Collected, Collected)>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdout = Collected::from(child.stdout.take().unwrap());
        let stderr = Collected::from(child.stderr.take().unwrap());
        Self {
            child,
            name: format!("{command:?}"),
            outputs: Some((stdout, stderr)),
        }
    }

    /// Writes to its standard input, which stays open.
    pub(crate) fn write(&mut self, input: &[u8]) {
        // It may have ended before it has read everything.
        if let Some(stdin) = &mut self.child.stdin {
            let _ = stdin.write_all(input);
        }
    }

    pub(crate) fn stdout(&self) -> String {
        self.outputs.as_ref().unwrap().0.text()
    }

    pub(crate) fn stderr(&self) -> String {
        self.outputs.as_ref().unwrap().1.text()
    }

    /// Waits until something is so.
    pub(crate) fn wait_until<T>(&mut self, what: &str, found: impl Fn(&Self) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            // Looked at first: what a program that has ended printed is all there is, once it is collected.
            let ended = self.child.try_wait().unwrap().is_some() && self.is_collected();
            if let Some(found) = found(self) {
                return found;
            }
            assert!(
                !ended && Instant::now() < end,
                "{}: {what} is missing:\n{}{}",
                self.name,
                self.stdout(),
                self.stderr()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether both outputs are at their ends.
    fn is_collected(&self) -> bool {
        let (stdout, stderr) = self.outputs.as_ref().unwrap();
        stdout.reading.is_finished() && stderr.reading.is_finished()
    }

    /// Waits until this text stands on standard output.
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |program| {
            program.stdout().contains(text).then_some(())
        });
    }

    /// Waits until somebody listens on a port, without connecting: a server would count that as a client.
    pub(crate) fn wait_for_port(&mut self, port: u16) {
        self.wait_until("the port", |_| {
            let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
            let wanted = format!(":{port:04X} ");
            tables
                .iter()
                .flat_map(std::fs::read_to_string)
                .any(|table| {
                    table
                        .lines()
                        .any(|line| line.contains(&wanted) && line.contains(":0000 0A "))
                })
                .then_some(())
        });
    }

    /// Ends its input and waits for its end.
    pub(crate) fn finish(self) -> Done {
        self.finish_within(PATIENCE)
    }

    fn finish_within(mut self, patience: Duration) -> Done {
        drop(self.child.stdin.take());
        let end = Instant::now() + patience;
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if Instant::now() > end => panic!(
                    "{} does not end:\n{}{}",
                    self.name,
                    self.stdout(),
                    self.stderr()
                ),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        let (stdout, stderr) = self.outputs.take().unwrap();
        let text = |output: Collected| {
            output.reading.join().unwrap();
            String::from_utf8_lossy(&output.bytes.lock().unwrap()).into_owned()
        };
        Done {
            code: status.code().unwrap_or(-1),
            stdout: text(stdout),
            stderr: text(stderr),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on (for now).
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
