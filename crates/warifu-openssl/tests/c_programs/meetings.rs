//! The four programs, their counterparts in Rust, and `openssl s_client` and `s_server`: who talks with whom.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::compile::{built, scratch, succeeds};
use crate::programs::{Done, Running, free_port, run};

const REPLY: &str = "message received";
const IDENTITY: &str = "alice";
const KEY: &str = "8b1f0e6a3c5d7294b0c1d2e3f4a596878b1f0e6a3c5d7294b0c1d2e3f4a59687";

/// A kind of program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Party {
    /// The examples in C, with this library.
    Warifu,
    /// The same sources with the system's OpenSSL.
    OpenSsl,
    /// The examples in Rust.
    Rust,
    /// The program `warifu`.
    Program,
    /// `openssl s_client`, `openssl s_server`, with this option for the version.
    Command(&'static str),
}

/// What the ends prove themselves with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    Certificate,
    Key,
}

/// Where the programs are.
pub(crate) struct Programs {
    pub(crate) warifu: PathBuf,
    pub(crate) openssl: PathBuf,
}

/// The directory with certificates, keys and pre-shared keys, in which all programs run.
pub(crate) fn home() -> &'static Path {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| {
        let home = scratch().join("certificates");
        let script = crate::compile::here().join("tests/c/certificates.sh");
        succeeds(Command::new("sh").arg(script).arg(&home));
        let write = |name: &str, bytes: &[u8]| std::fs::write(home.join(name), bytes).unwrap();
        let bytes: Vec<_> = (0..KEY.len() / 2)
            .map(|at| u8::from_str_radix(&KEY[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        write("psk.key", &bytes);
        write("keys.psk", format!("# keys\n{IDENTITY}:{KEY}\n").as_bytes());
        let wrong = KEY.replace('8', "9");
        write("empty.psk", b"# nobody\n");
        write("wrong.psk", format!("{IDENTITY}:{wrong}\n").as_bytes());
        write("stranger.psk", format!("mallory:{KEY}\n").as_bytes());
        #[cfg(unix)]
        for name in ["keys.psk", "psk.key", "server.key"] {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(home.join(name), mode).unwrap();
        }
        home
    })
}

/// Where cargo has put the programs in Rust, built now if they are not.
fn rust_programs() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let directory = built().parent().unwrap().to_owned();
        let mut cargo = Command::new(env!("CARGO"));
        // The whole workspace, as when it is tested: with the same features nothing is built again.
        cargo
            .args(["build", "--quiet", "--locked", "--workspace"])
            .args(["--example", "server", "--example", "client"])
            .args(["--bin", "warifu"])
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        if directory.ends_with("release") {
            cargo.arg("--release");
        }
        // As long as it takes.
        let output = cargo.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{cargo:?}: {stderr}");
        directory
    })
}

fn example(programs: &Programs, party: Party, name: &str, proof: Proof) -> Command {
    let name = match proof {
        Proof::Certificate => name.to_owned(),
        Proof::Key => format!("{name}-psk"),
    };
    Command::new(match party {
        Party::OpenSsl => programs.openssl.join(name),
        _ => programs.warifu.join(name),
    })
}

fn openssl(tool: &str, version: &str, proof: Proof, with_certificate: &[&str]) -> Command {
    let mut command = Command::new("openssl");
    command.args([tool, version, "-quiet"]);
    match proof {
        Proof::Certificate => command.args(with_certificate),
        Proof::Key => command.args(["-psk_identity", IDENTITY, "-psk", KEY]),
    };
    command
}

/// A client for a server at this port.
fn client(programs: &Programs, party: Party, proof: Proof, port: u16) -> Command {
    let address = format!("127.0.0.1:{port}");
    let mut command = match party {
        Party::Warifu | Party::OpenSsl => {
            let mut command = example(programs, party, "client", proof);
            command.args(["127.0.0.1", &port.to_string()]);
            command
        }
        Party::Rust => {
            let mut command = Command::new(rust_programs().join("examples/client"));
            command.env("PORT", port.to_string());
            if proof == Proof::Key {
                command.arg("--psk");
            }
            command
        }
        Party::Program => {
            let mut command = Command::new(rust_programs().join("warifu"));
            command.args(["client", &address, "-q"]);
            match proof {
                Proof::Certificate => command.args(["--ca", "ca.crt"]),
                Proof::Key => command.args(["--psk-file", "keys.psk"]),
            };
            command
        }
        Party::Command(version) => {
            let trust = ["-CAfile", "ca.crt", "-verify_return_error"];
            let mut command = openssl("s_client", version, proof, &trust);
            command.args(["-connect", &address]);
            command
        }
    };
    command.current_dir(home());
    command
}

/// A server that listens at this port.
fn server(programs: &Programs, party: Party, proof: Proof, port: u16) -> Running {
    let mut command = match party {
        Party::Warifu | Party::OpenSsl => {
            let mut command = example(programs, party, "server", proof);
            command.arg(port.to_string());
            command
        }
        Party::Rust => {
            let mut command = Command::new(rust_programs().join("examples/server"));
            command.env("PORT", port.to_string());
            if proof == Proof::Key {
                command.arg("--psk");
            }
            command
        }
        Party::Program => {
            let mut command = Command::new(rust_programs().join("warifu"));
            command.args(["server", &format!("127.0.0.1:{port}"), "-q"]);
            command.args(["--reply", REPLY]);
            match proof {
                Proof::Certificate => command.args(["--cert", "server.crt", "--key", "server.key"]),
                Proof::Key => command.args(["--psk-file", "keys.psk"]),
            };
            command
        }
        Party::Command(version) => {
            let own = ["-cert", "server.crt", "-key", "server.key"];
            let mut command = openssl("s_server", version, proof, &own);
            command.args(["-naccept", "1", "-accept", &port.to_string()]);
            if proof == Proof::Key {
                command.arg("-nocert");
            }
            command
        }
    };
    let mut server = Running::start(command.current_dir(home()));
    server.wait_for_port(port);
    server
}

fn is_command(party: Party) -> bool {
    matches!(party, Party::Command(_))
}

/// A client says three things to a server, the last of them `shutdown`.
pub(crate) fn meet(programs: &Programs, client_is: Party, server_is: Party, proof: Proof) {
    let meeting = format!("{client_is:?} to {server_is:?}, {proof:?}");
    let port = free_port();
    let mut server = server(programs, server_is, proof, port);
    let mut client = Running::start(&mut client(programs, client_is, proof, port));
    for (number, message) in ["first", "second one", "shutdown"].into_iter().enumerate() {
        // s_client sends what it is given; the others send lines.
        client.write(message.as_bytes());
        if !is_command(client_is) {
            client.write(b"\n");
        }
        server.wait_for(message);
        if message == "shutdown" {
            break;
        }
        if is_command(server_is) {
            server.write(format!("{REPLY}\n").as_bytes());
        }
        client.wait_until("the reply", |client| {
            (client.stdout().matches(REPLY).count() > number).then_some(())
        });
    }
    let client = client.finish();
    assert_eq!(client.code, 0, "{meeting}: {client:?}");
    let server = server.finish();
    assert_eq!(server.code, 0, "{meeting}: {server:?}");
    if !is_command(server_is) {
        assert_eq!(server.stdout, "first\nsecond one\nshutdown\n", "{meeting}");
    }
    // Some end their replies with a line's end; s_client adds none.
    let replies = client.stdout.replace('\n', "");
    assert_eq!(replies, [REPLY, REPLY].concat(), "{meeting}: {client:?}");
}

/// What one of the programs in C says when it is started like this with this input.
pub(crate) fn alone(program: &Path, arguments: &[&str], input: &str) -> Done {
    run(
        Command::new(program).args(arguments).current_dir(home()),
        input.as_bytes(),
    )
}

/// A server in C that is started with these arguments behind its port.
pub(crate) struct Server {
    running: Running,
    port: String,
}

impl Server {
    pub(crate) fn start(program: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.arg("0").args(arguments).current_dir(home());
        let mut running = Running::start(&mut command);
        let port = running.wait_until("its port", |server| {
            let text = server.stderr();
            let (line, _) = text.split_once('\n')?;
            Some(line.rsplit(' ').next()?.to_owned())
        });
        Self { running, port }
    }

    /// A client that ends well with this input; returns what it printed.
    pub(crate) fn serves(&self, client: &Path, arguments: &[&str], input: &str) -> String {
        let done = self.visit(client, arguments, input);
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{arguments:?}");
        done.stdout
    }

    /// A client that fails, and says so in these words.
    pub(crate) fn fails(&self, client: &Path, arguments: &[&str], words: &[&str]) {
        failed(&self.visit(client, arguments, "hello\n"), words);
    }

    /// The same for a client that knows the server by another address.
    pub(crate) fn fails_as(&self, address: &str, client: &Path, words: &[&str]) {
        failed(&alone(client, &[address, &self.port], "hello\n"), words);
    }

    fn visit(&self, client: &Path, arguments: &[&str], input: &str) -> Done {
        let arguments = [&["127.0.0.1", &self.port], arguments].concat();
        alone(client, &arguments, input)
    }

    pub(crate) fn finish(self) -> Done {
        self.running.finish()
    }
}

/// The program failed, printed nothing, and said these words.
fn failed(done: &Done, words: &[&str]) {
    assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{done:?}");
    for word in words {
        assert!(
            done.stderr.contains(word),
            "{word:?} is not in {}",
            done.stderr
        );
    }
}
