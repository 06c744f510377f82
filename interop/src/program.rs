//! A peer's program: its output is collected, each wait for it has a limit, and it dies with its value.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// How long anything may take. Far more than it does: the machine may be busy.
pub const LIMIT: Duration = Duration::from_secs(20);

/// A running program.
pub struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    output: Arc<Output>,
    command: String,
}

#[derive(Default)]
struct Output {
    collected: Mutex<Collected>,
    changed: Condvar,
}

#[derive(Default)]
struct Collected {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    ended: u8,
}

impl Program {
    /// Starts a program in `directory`, its standard streams connected to this value.
    pub fn start(directory: &Path, program: &str, arguments: &[String]) -> Self {
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        let output = Arc::new(Output::default());
        let stdin = child.stdin.take();
        collect(child.stdout.take().unwrap(), output.clone(), |to| {
            &mut to.stdout
        });
        collect(child.stderr.take().unwrap(), output.clone(), |to| {
            &mut to.stderr
        });
        Self {
            child,
            stdin,
            output,
            command: format!("{program} {}", arguments.join(" ")),
        }
    }

    /// Writes to its standard input from a thread of its own, so that a full pipe does not stop the caller.
    pub fn feed(&mut self, data: Vec<u8>) {
        let mut stdin = self.stdin.take().expect("standard input is in use");
        std::thread::spawn(move || {
            let _ = stdin.write_all(&data);
            // Kept open: some peers end at its end.
            std::thread::sleep(LIMIT);
        });
    }

    /// Writes to its standard input, as much as fits into the pipe and the connection behind it.
    pub fn write(&mut self, data: &[u8]) {
        let stdin = self.stdin.as_mut().expect("standard input is closed");
        stdin.write_all(data).unwrap();
    }

    /// Writes a line to its standard input.
    pub fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("standard input is closed");
        // One write: OpenSSL takes a letter for a command only with its newline in the same read.
        stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Writes a single letter, a command to `s_client` or `s_server`, which take it only at the start of a read.
    pub fn command_letter(&mut self, letter: &str) {
        // What went before must have been read.
        std::thread::sleep(Duration::from_millis(100));
        self.say(letter);
        std::thread::sleep(Duration::from_millis(100));
    }

    /// Ends its standard input.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Waits until its output, standard or error, contains `text`.
    #[track_caller]
    pub fn expect(&self, text: &str) {
        self.wait_until(&format!("{text:?}"), |output| {
            contains(&output.stdout, text.as_bytes()) || contains(&output.stderr, text.as_bytes())
        });
    }

    /// Waits until its error output contains `text` this many times.
    #[track_caller]
    pub fn expect_times(&self, text: &str, times: usize) {
        self.wait_until(&format!("{text:?} {times} times"), |output| {
            String::from_utf8_lossy(&output.stderr)
                .matches(text)
                .count()
                >= times
        });
    }

    /// Waits until its output contains `text` and the end of its line.
    #[track_caller]
    pub fn expect_line(&self, text: &str) {
        self.wait_until(&format!("line {text:?}"), |output| {
            [&output.stdout, &output.stderr].iter().any(|written| {
                String::from_utf8_lossy(written)
                    .split_once(text)
                    .is_some_and(|(_, rest)| rest.contains('\n'))
            })
        });
    }

    /// Waits for the port that it tells after `told`.
    #[track_caller]
    pub fn expect_port(&self, told: &str) -> u16 {
        self.expect_line(told);
        let output = self.output();
        output
            .split(told)
            .nth(1)
            .and_then(|rest| rest.lines().next())
            .and_then(|port| port.parse().ok())
            .unwrap_or_else(|| panic!("no port in {output}"))
    }

    /// Waits until its standard output contains these bytes in one piece.
    #[track_caller]
    pub fn expect_bytes(&self, bytes: &[u8]) {
        self.wait_until(&format!("{} bytes of data", bytes.len()), |output| {
            output.stdout.len() >= bytes.len() && contains(&output.stdout, bytes)
        });
    }

    /// Waits for its end.
    #[track_caller]
    pub fn expect_end(&mut self) -> ExitStatus {
        self.expect_end_within(LIMIT)
    }

    /// Waits for its end, for this long.
    #[track_caller]
    pub fn expect_end_within(&mut self, limit: Duration) -> ExitStatus {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // What it wrote last is still on its way.
                self.wait_until("its end", |output| output.ended == 2);
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "no end of: {}\n{}",
                self.command,
                self.output()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Asks it to end (SIGTERM), and waits: for a program that has to end processes of its own.
    pub fn terminate(&mut self) {
        let mut kill = Command::new("kill");
        let _ = kill.arg(self.child.id().to_string()).status();
        let deadline = Instant::now() + LIMIT;
        while !self.has_ended() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it by force.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Whether it has ended already.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// All it has written so far, standard output first.
    pub fn output(&self) -> String {
        let output = self.output.collected.lock().unwrap();
        format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    }

    #[track_caller]
    fn wait_until(&self, what: &str, found: impl Fn(&Collected) -> bool) {
        let deadline = Instant::now() + LIMIT;
        let mut output = self.output.collected.lock().unwrap();
        while !found(&output) {
            let left = deadline.saturating_duration_since(Instant::now());
            // An ended program says no more.
            if left.is_zero() || output.ended == 2 {
                let why = if left.is_zero() { "in time" } else { "at all" };
                let transcript = format!(
                    "{}{}",
                    String::from_utf8_lossy(&output.stdout),
                    String::from_utf8_lossy(&output.stderr)
                );
                drop(output);
                panic!("no {what} {why} from: {}\n{transcript}", self.command);
            }
            output = self.output.changed.wait_timeout(output, left).unwrap().0;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- {}\n{}", self.command, self.output());
        }
    }
}

fn collect(
    mut from: impl Read + Send + 'static,
    output: Arc<Output>,
    to: fn(&mut Collected) -> &mut Vec<u8>,
) {
    std::thread::spawn(move || {
        let mut buffer = [0; 16384];
        loop {
            let count = from.read(&mut buffer).unwrap_or(0);
            let mut collected = output.collected.lock().unwrap();
            to(&mut collected).extend_from_slice(&buffer[..count]);
            collected.ended += u8::from(count == 0);
            output.changed.notify_all();
            if count == 0 {
                return;
            }
        }
    });
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
