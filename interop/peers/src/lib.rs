//! What the programs share: their command line, the TCP connection, and the talk after the handshake.
//!
//! ```text
//! PEER server PORT OPTION…     listens on 127.0.0.1 (0: a port of its own), says where, takes one connection
//! PEER client PORT OPTION…     connects to 127.0.0.1:PORT
//! ```
//!
//! After the handshake one line says what was agreed on. Then lines of standard input go to the other side and what
//! comes from there to standard output, until either side closes. A failed handshake ends with its error and status 1.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt;
use std::io::{self, BufRead, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

/// Which end of the connection the program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Client,
    Server,
}

/// The hash of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    Sha256,
    Sha384,
}

/// What the command line says.
#[derive(Debug, Clone)]
pub struct Options {
    pub role: Role,
    pub port: u16,
    /// `--identity TEXT --key HEX`
    pub identity: String,
    pub key: Vec<u8>,
    /// `--hash sha384`; of an imported key: the hash that the key is provisioned with.
    pub hash: Hash,
    /// `--import TEXT`: the key is used in imported form (RFC 9258) with this context, which may be empty.
    pub import: Option<String>,
    /// `--modes psk_ke,psk_dhe_ke`, best first.
    pub modes: Vec<Mode>,
    /// `--suite NUMBER`, hexadecimal: the only cipher suite.
    pub suite: Option<u16>,
    /// `--groups NUMBER,…`, hexadecimal: the only groups, best first. A client's first share is of the first.
    pub groups: Vec<u16>,
    /// `--cert FILE --cert-key FILE`: a server's certificate and its key, PEM.
    pub certificate: Option<(String, String)>,
    /// `--ca FILE`: whose certificates a client believes.
    pub ca: Option<String>,
    /// `--with-certificate`: the server also proves itself with a certificate (RFC 9973).
    pub with_certificate: bool,
    /// `--early-data TEXT`: a client sends this line first; a server takes early data, whatever the text.
    pub early_data: Option<String>,
}

/// PskKeyExchangeMode, RFC 8446 Section 4.2.9.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    PskKe,
    PskDheKe,
}

impl Options {
    /// Reads the command line.
    pub fn parse() -> Self {
        let mut arguments = std::env::args().skip(1);
        let mut next = |what: &str| {
            arguments
                .next()
                .unwrap_or_else(|| panic!("{what} is missing"))
        };
        let role = match &*next("the role") {
            "client" => Role::Client,
            "server" => Role::Server,
            other => panic!("no role: {other}"),
        };
        let mut options = Self {
            role,
            port: next("the port").parse().unwrap(),
            identity: String::new(),
            key: Vec::new(),
            hash: Hash::Sha256,
            import: None,
            modes: vec![Mode::PskDheKe],
            suite: None,
            groups: Vec::new(),
            certificate: None,
            ca: None,
            with_certificate: false,
            early_data: None,
        };
        while let Some(option) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .unwrap_or_else(|| panic!("{option} is alone"))
            };
            match &*option {
                "--identity" => options.identity = value(),
                "--key" => options.key = unhex(&value()),
                "--hash" if value() == "sha384" => options.hash = Hash::Sha384,
                "--hash" => options.hash = Hash::Sha256,
                "--import" => options.import = Some(value()),
                "--modes" => options.modes = value().split(',').map(mode).collect(),
                "--suite" => options.suite = Some(number(&value())),
                "--groups" => options.groups = value().split(',').map(number).collect(),
                "--cert" => options.certificate = Some((value(), String::new())),
                "--cert-key" => options.certificate.as_mut().unwrap().1 = value(),
                "--ca" => options.ca = Some(value()),
                "--with-certificate" => options.with_certificate = true,
                "--early-data" => options.early_data = Some(value()),
                other => panic!("no option: {other}"),
            }
        }
        options
    }

    /// The transport: the one connection that comes, or the one made.
    pub fn transport(&self) -> TcpStream {
        let stream = match self.role {
            Role::Client => TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap(),
            Role::Server => {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).unwrap();
                say(format_args!(
                    "listening on {}",
                    listener.local_addr().unwrap()
                ));
                listener.accept().unwrap().0
            }
        };
        stream.set_nodelay(true).unwrap();
        stream
    }
}

fn mode(name: &str) -> Mode {
    match name {
        "psk_ke" => Mode::PskKe,
        "psk_dhe_ke" => Mode::PskDheKe,
        _ => panic!("no mode: {name}"),
    }
}

fn number(text: &str) -> u16 {
    u16::from_str_radix(text, 16).unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text
        .chars()
        .map(|digit| digit.to_digit(16).unwrap())
        .collect();
    digits
        .chunks(2)
        .map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap())
        .collect()
}

/// What came from the other side.
pub enum Received {
    Data(usize),
    Nothing,
    Closed,
}

/// What was agreed on.
#[derive(Debug, Default)]
pub struct Facts {
    pub suite: u16,
    /// 0 where there is no exchange of key shares.
    pub group: u16,
    /// The key's identity as the stack tells it; `None`: no key was used.
    pub identity: Option<String>,
    /// Whether the other side showed a certificate.
    pub peer_certificate: bool,
    pub early_data_accepted: bool,
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "agreed: suite {:04x}, group {:04x}",
            self.suite, self.group
        )?;
        write!(f, ", psk {}", self.identity.as_deref().unwrap_or("none"))?;
        let yes = |fact| if fact { "yes" } else { "no" };
        write!(f, ", certificate {}", yes(self.peer_certificate))?;
        write!(f, ", early data {}", yes(self.early_data_accepted))
    }
}

/// A connection of a stack, its handshake done.
pub trait Session {
    fn facts(&mut self) -> Facts;
    /// Waits a moment for data.
    fn receive(&mut self, buffer: &mut [u8]) -> Result<Received, String>;
    fn send(&mut self, data: &[u8]) -> Result<(), String>;
    /// Sends close_notify.
    fn close(&mut self);
}

/// How long [`Session::receive`] waits.
pub const MOMENT: Duration = Duration::from_millis(10);

/// Says what was agreed on, then carries lines and data until either side closes.
pub fn run(session: Result<impl Session, String>) -> ExitCode {
    match session.and_then(talk) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("failed: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn talk(mut session: impl Session) -> Result<(), String> {
    say(format_args!("{}", session.facts()));
    let lines = lines();
    let mut buffer = [0; 1 << 14];
    loop {
        match lines.try_recv() {
            Ok(line) => session.send(line.as_bytes())?,
            Err(TryRecvError::Disconnected) => {
                session.close();
                return Ok(());
            }
            Err(TryRecvError::Empty) => {}
        }
        match session.receive(&mut buffer)? {
            Received::Data(count) => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(&buffer[..count]).unwrap();
                stdout.flush().unwrap();
            }
            Received::Nothing => {}
            Received::Closed => {
                session.close();
                say(format_args!("closed by the other side"));
                return Ok(());
            }
        }
    }
}

/// The lines of standard input, as they come.
fn lines() -> Receiver<String> {
    let (told, lines) = channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            if told.send(line.unwrap() + "\n").is_err() {
                return;
            }
        }
    });
    lines
}

/// Prints a line at once.
pub fn say(line: fmt::Arguments<'_>) {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}").unwrap();
    stdout.flush().unwrap();
}
