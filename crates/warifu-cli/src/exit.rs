//! Every way a command can fail: its exit code, and what the operator is told.
//!
//! A failure is told in three parts: what happened, the likely cause, and the next thing to try. The codes
//! are an interface: scripts depend on them, `--help` prints them, `tests/` checks them.

use std::fmt;
use std::io;
use std::path::PathBuf;

use warifu::Error;
use warifu::certificate::{MaterialError, MaterialProblem};

use crate::exit_psk::PskFailure;
pub(crate) use crate::exit_text::{Text, text};
use crate::exit_tls::{tls_code, tls_text};
use crate::values::TimeLimit;

/// The table that `--help` prints; [`Code`] in words.
pub(crate) const CODES_HELP: &str = "\
Exit codes:
   0  success (a server that was told to end, too)
   1  a check answered no, or this machine failed (disk full, standard output gone)
   2  wrong usage: arguments, files, keys or settings that cannot work
  10  network: name not found, connection refused, address in use, connection lost
  20  the peer refused with an alert (a server that takes no key of ours, too: it does not say why)
  21  the peer broke the protocol, or has no version, suite, group, protocol or use of a key in
      common with us
  30  the peer's certificate chain is not trusted (or a required certificate is missing)
  31  the peer's certificate is for another name
  32  the peer's certificate has expired or is not valid yet
  33  the peer's certificate was revoked
  40  no pre-shared key in common: the identity is not known here, the client offered none, or the
      server took none of ours
  41  the pre-shared key is wrong: same identity, another key (servers alone know)
  50  the connection ended without close_notify, or in the handshake: data may be missing
  60  a time limit passed
 130  interrupted (client)";

/// Exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    No = 1,
    Usage = 2,
    Network = 10,
    AlertReceived = 20,
    PeerMisbehaved = 21,
    NotTrusted = 30,
    NameMismatch = 31,
    NotValidNow = 32,
    Revoked = 33,
    UnknownIdentity = 40,
    WrongKey = 41,
    Truncated = 50,
    TimedOut = 60,
    Interrupted = 130,
}

/// Which side of a connection this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Server,
}

/// Where a connection stood when it failed; the advice depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) role: Role,
    /// The peer as the operator named it (client) or its address (server).
    pub(crate) peer: String,
    /// Whether the handshake was complete.
    pub(crate) established: bool,
    /// Whether this side offered or wanted a pre-shared key.
    pub(crate) with_psk: bool,
    /// The versions of TLS that this side allows, in words.
    pub(crate) versions: String,
    /// Of these, TLS 1.3 alone goes with the keys.
    pub(crate) needs_tls13: bool,
}

/// A failure. Paths, addresses and texts are those the operator gave.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An argument that clap's grammar cannot judge.
    Argument {
        option: &'static str,
        value: String,
        problem: String,
        allowed: String,
    },
    /// A file that was named cannot be read. `holds` says what it should hold.
    Unreadable {
        path: PathBuf,
        holds: &'static str,
        error: io::Error,
    },
    /// A file can be read but holds something else.
    WrongContent {
        path: PathBuf,
        wanted: &'static str,
        found: String,
    },
    /// `--resume` names a file that is no session.
    NoSession { path: PathBuf },
    /// An encrypted key, and no passphrase.
    PassphraseMissing { path: PathBuf },
    /// An encrypted key, and the wrong passphrase.
    PassphraseWrong { path: PathBuf },
    /// The source of the passphrase gave none.
    PassphraseUnavailable { source: String, error: String },
    /// The library could not use a file.
    Material(MaterialError),
    /// `--cert` without `--key`, and the file holds only certificates.
    KeyMissing { cert: PathBuf },
    /// The key belongs to another certificate.
    KeyDoesNotFit { cert: PathBuf, key: PathBuf },
    /// A file would be overwritten.
    FileExists { path: PathBuf },
    /// A file cannot be written.
    Unwritable { path: PathBuf, error: io::Error },
    /// The state directory or its contents cannot be used.
    State { path: PathBuf, problem: String },
    /// A certificate could not be made.
    Making { problem: String },
    /// The configuration was refused by the library.
    Config(String),
    /// `cert check` found something wrong. `question` names the first check that said no, `answer` what it said.
    CheckFailed {
        path: PathBuf,
        question: &'static str,
        answer: String,
    },
    /// Pre-shared keys cannot be used as they are given.
    Psk(PskFailure),
    /// `psk check` found something wrong.
    PskCheckFailed(PskFailure),
    /// A file with secrets that others may read.
    Exposed { path: PathBuf, mode: u32 },
    /// Standard input or output failed.
    StandardStream {
        which: &'static str,
        error: io::Error,
    },

    /// A host name has no address.
    Resolve { host: String, error: String },
    /// No TCP connection.
    Connect { peer: String, error: io::Error },
    /// No listening socket.
    Listen { address: String, error: io::Error },
    /// The TCP connection failed later.
    Transport { place: Place, error: io::Error },
    /// A time limit passed. `option` is the option that sets it.
    TimedOut {
        peer: String,
        waiting_for: &'static str,
        limit: TimeLimit,
        option: &'static str,
    },
    /// The TLS connection failed.
    Tls { place: Place, error: Error },
    /// Ctrl-C at a client.
    Interrupted,
}

impl Failure {
    /// The exit code.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Argument { .. }
            | Self::Unreadable { .. }
            | Self::WrongContent { .. }
            | Self::NoSession { .. }
            | Self::PassphraseMissing { .. }
            | Self::PassphraseWrong { .. }
            | Self::PassphraseUnavailable { .. }
            | Self::Material(_)
            | Self::KeyMissing { .. }
            | Self::KeyDoesNotFit { .. }
            | Self::FileExists { .. }
            | Self::Psk(_)
            | Self::Exposed { .. }
            | Self::Config(_) => Code::Usage,
            Self::Unwritable { .. }
            | Self::State { .. }
            | Self::Making { .. }
            | Self::CheckFailed { .. }
            | Self::PskCheckFailed(_)
            | Self::StandardStream { .. } => Code::No,
            Self::Resolve { .. }
            | Self::Connect { .. }
            | Self::Listen { .. }
            | Self::Transport { .. } => Code::Network,
            Self::TimedOut { .. } => Code::TimedOut,
            Self::Tls { error, .. } => tls_code(error),
            Self::Interrupted => Code::Interrupted,
        }
    }

    /// What happened, the likely cause, the next thing to try.
    pub(crate) fn text(&self) -> Text {
        match self {
            Self::Argument {
                option,
                value,
                problem,
                allowed,
            } => text(
                format!("{option} {value:?}: {problem}"),
                format!("allowed: {allowed}"),
                "correct the argument; all options: warifu help COMMAND",
            ),
            Self::Unreadable { path, holds, error } => {
                let (cause, next) = match error.kind() {
                    io::ErrorKind::NotFound => (
                        "there is no such file; the path may be misspelled or relative to another directory",
                        format!("ls -l {}", parent(path).display()),
                    ),
                    io::ErrorKind::PermissionDenied => (
                        "this user may not read the file; private keys are often readable by root only",
                        format!(
                            "ls -l {}    and give this user, or its group, the right to read",
                            path.display()
                        ),
                    ),
                    io::ErrorKind::IsADirectory => (
                        "a directory was given where a file is needed",
                        format!("ls {}", path.display()),
                    ),
                    _ => (
                        "the operating system could not read the file",
                        format!("cat {} | head -1", path.display()),
                    ),
                };
                text(
                    format!("cannot read {} as {holds}: {error}", path.display()),
                    cause,
                    next,
                )
            }
            Self::WrongContent {
                path,
                wanted,
                found,
            } => text(
                format!("{} holds no {wanted}: {found}", path.display()),
                format!(
                    "another file was meant, or it was damaged (a {wanted} is read as PEM or DER)"
                ),
                format!(
                    "openssl x509 -in {0} -noout -text    (keys: openssl pkey -in {0}) may tell more",
                    path.display()
                ),
            ),
            Self::NoSession { path } => text(
                format!("{} is no session of warifu, and would be overwritten", path.display()),
                "another file was meant; --resume makes its own, it need not exist",
                format!("--resume {}.session", path.display()),
            ),
            Self::PassphraseMissing { path } => text(
                format!("the private key in {} is encrypted", path.display()),
                "its passphrase was not given, and there is no terminal to ask at",
                "add --passphrase file:PATH, env:NAME, fd:N or prompt",
            ),
            Self::PassphraseWrong { path } => text(
                format!("the private key in {} cannot be decrypted", path.display()),
                "the passphrase is wrong, or the key is encrypted by a method older than PBES2",
                format!(
                    "openssl pkey -in {} -noout    asks for the passphrase and tests it",
                    path.display()
                ),
            ),
            Self::PassphraseUnavailable { source, error } => text(
                format!("no passphrase from {source}: {error}"),
                "the file, variable, descriptor or terminal that should hold it is missing or empty",
                "printf %s PASSPHRASE > FILE; chmod 600 FILE; then use --passphrase file:FILE",
            ),
            Self::Material(error) => material_text(error),
            Self::KeyMissing { cert } => text(
                format!("{} holds no private key, and no --key was given", cert.display()),
                "certificate and key are usually kept in two files",
                format!("--cert {} --key FILE", cert.display()),
            ),
            Self::KeyDoesNotFit { cert, key } => text(
                format!(
                    "the key {} does not belong to the certificate {}",
                    key.display(),
                    cert.display()
                ),
                "one of the two was renewed without the other, or the order of several --cert and --key differs",
                format!(
                    "warifu cert check {} --key {}",
                    cert.display(),
                    key.display()
                ),
            ),
            Self::FileExists { path } => text(
                format!("{} exists and was left as it is", path.display()),
                "a key that is overwritten is lost for good, so that needs --force",
                "choose other files with --out PREFIX, or add --force",
            ),
            Self::Unwritable { path, error } => text(
                format!("cannot write {}: {error}", path.display()),
                "the directory does not exist, is not yours to write in, or the disk is full",
                format!("ls -ld {} && df {0}", parent(path).display()),
            ),
            Self::State { path, problem } => text(
                format!("cannot use the local CA in {}: {problem}", path.display()),
                "the directory is damaged, belongs to another user, or the disk is full",
                format!(
                    "mv {} {0}.old    (a new CA is made at the next start), or give --cert and --key",
                    path.display()
                ),
            ),
            Self::Making { problem } => text(
                format!("the certificate could not be made: {problem}"),
                "a name or key that X.509 cannot express, or a CA key of a kind that cannot sign here",
                "warifu cert show FILE    for the CA, and check the names given",
            ),
            Self::Config(problem) => text(
                format!("these settings cannot work: {problem}"),
                "options contradict each other or name something this version does not have",
                "change the option named above; all options: warifu help COMMAND",
            ),
            Self::CheckFailed {
                path,
                question,
                answer,
            } => text(
                format!("{} failed the check of its {question}", path.display()),
                answer,
                match *question {
                    "key" => "warifu cert show FILE    for each key at hand: the right one has the certificate's key SHA-256".to_owned(),
                    "dates" => "renew it: warifu cert server NAME --ca CA --ca-key KEY, or ask its CA".to_owned(),
                    "order" => "put the leaf first in the file, then its issuer, then that one's".to_owned(),
                    _ => format!("warifu cert show {}    and compare issuer, names and usage", path.display()),
                },
            ),
            Self::Psk(failure) | Self::PskCheckFailed(failure) => failure.text(),
            Self::Exposed { path, mode } => text(
                format!(
                    "{} holds secrets and other users may read or change it (mode {:03o})",
                    path.display(),
                    mode & 0o777
                ),
                "the file was made without care for its mode, or copied",
                format!(
                    "chmod 600 {}    and consider whether the keys are still secret",
                    path.display()
                ),
            ),
            Self::StandardStream { which, error } => text(
                format!("{which} failed: {error}"),
                "the program or disk at the other end of it is gone or full",
                "start again with another destination",
            ),
            Self::Resolve { host, error } => text(
                format!("the name {host:?} has no address: {error}"),
                "the name is misspelled, or no name server answers",
                format!("getent hosts {host}    or give an IP address with --server-name NAME"),
            ),
            Self::Connect { peer, error } => {
                let (cause, next) = match error.kind() {
                    io::ErrorKind::ConnectionRefused => (
                        "no program listens there",
                        format!(
                            "warifu server {peer}    on that host, or give the right port: warifu client HOST:PORT"
                        ),
                    ),
                    io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => (
                        "no route leads to that address",
                        "ping the host; check the network and its firewall".to_owned(),
                    ),
                    _ => (
                        "a firewall or the network is in the way",
                        "check address, port and firewall".to_owned(),
                    ),
                };
                text(format!("cannot connect to {peer}: {error}"), cause, next)
            }
            Self::Listen { address, error } => {
                let (cause, next) = match error.kind() {
                    io::ErrorKind::AddrInUse => (
                        "another program, perhaps another warifu server, listens there",
                        format!(
                            "ss -ltnp | grep {}    or take another port: warifu server ADDR:PORT",
                            address.rsplit(':').next().unwrap_or(address)
                        ),
                    ),
                    io::ErrorKind::AddrNotAvailable => (
                        "the address is not one of this machine",
                        "ip addr    shows them; 0.0.0.0 listens on all".to_owned(),
                    ),
                    io::ErrorKind::PermissionDenied => (
                        "ports below 1024 need a privilege",
                        "take a port above 1023: warifu server ADDR:PORT".to_owned(),
                    ),
                    _ => (
                        "the address cannot be used for listening",
                        "warifu server 127.0.0.1:0    takes any free port of this machine"
                            .to_owned(),
                    ),
                };
                text(format!("cannot listen on {address}: {error}"), cause, next)
            }
            Self::Transport { place, error } => text(
                format!("the connection with {} broke: {error}", place.peer),
                "the peer's program or machine ended it without a word, or the network did",
                "try again; look at the peer's own log for the reason",
            ),
            Self::TimedOut {
                peer,
                waiting_for,
                limit,
                option,
            } => text(
                format!("{peer} gave no {waiting_for} within {limit}"),
                match *option {
                    "--connect-timeout" => "a firewall drops the packets, or the host is down",
                    "--handshake-timeout" => {
                        "the peer does not speak TLS on this port, or is overloaded"
                    }
                    _ => "the peer had nothing to say, or is gone",
                },
                format!("check host and port, or allow more time: {option} 60s"),
            ),
            Self::Tls { place, error } => tls_text(place, error),
            Self::Interrupted => text(
                "interrupted",
                "Ctrl-C or a signal",
                "nothing: the connection was closed properly",
            ),
        }
    }
}

impl From<PskFailure> for Failure {
    fn from(failure: PskFailure) -> Self {
        Self::Psk(failure)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text();
        write!(
            f,
            "warifu: {}\n  cause: {}\n  next:  {}",
            text.what, text.cause, text.next
        )
    }
}

fn parent(path: &std::path::Path) -> &std::path::Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => std::path::Path::new("."),
    }
}

fn material_text(error: &MaterialError) -> Text {
    let file = &error.source;
    let (cause, next) = match &error.problem {
        MaterialProblem::Missing => (
            "there is no such file; the path may be misspelled or relative to another directory",
            "pwd; ls    and correct the path".to_owned(),
        ),
        MaterialProblem::Unreadable(_) => (
            "this user may not read the file, or it is a directory; private keys are often readable by root only",
            format!("ls -ld {file}    and give this user, or its group, the right to read"),
        ),
        MaterialProblem::Unexpected { .. } => (
            "the files of two options may have been exchanged",
            format!("warifu cert show {file}"),
        ),
        MaterialProblem::Pkcs12 => (
            "certificate and key are packed in one encrypted file, as Windows and browsers export them",
            format!("openssl pkcs12 -in {file} -nodes -out new.pem    then give new.pem"),
        ),
        MaterialProblem::OpenSshKey => (
            "it is a key for SSH",
            format!("cp {file} new.key && ssh-keygen -p -m PKCS8 -f new.key    converts it"),
        ),
        MaterialProblem::TraditionalEncryption => (
            "OpenSSL wrote its keys in this form before version 1.0",
            format!("openssl pkcs8 -topk8 -in {file} -out new.key    converts it"),
        ),
        MaterialProblem::PassphraseNeeded | MaterialProblem::WrongPassphrase => (
            "the passphrase is wrong or missing",
            format!("openssl pkey -in {file} -noout    asks for the passphrase and tests it"),
        ),
        _ => (
            "another file was meant, or it was damaged when it was copied",
            format!("openssl x509 -in {file} -noout -text    (keys: openssl pkey) may tell more"),
        ),
    };
    text(error.to_string(), cause, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_in_the_help_has_every_code_and_no_other() {
        let numbers = CODES_HELP
            .lines()
            .filter_map(|line| line.split_whitespace().next()?.parse().ok());
        let codes = [
            Code::No,
            Code::Usage,
            Code::Network,
            Code::AlertReceived,
            Code::PeerMisbehaved,
            Code::NotTrusted,
            Code::NameMismatch,
            Code::NotValidNow,
            Code::Revoked,
            Code::UnknownIdentity,
            Code::WrongKey,
            Code::Truncated,
            Code::TimedOut,
            Code::Interrupted,
        ];
        let codes = codes.map(|code| code as i32);
        assert_eq!(numbers.skip(1).collect::<Vec<i32>>(), codes);
    }
}
