//! The programs of `peers/`: BoringSSL, wolfSSL and purecrypto, which are there for pre-shared keys alone.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use warifu::parameters::{CipherSuite, NamedGroup};

use super::{Built, Role, arguments};
use crate::ours::Setup;
use crate::pki;
use crate::program::Program;
use crate::psk::{Certificate, Hash, Modes, Psk};

/// BoringSSL and wolfSSL are C and C++, and are compiled once.
const BUILD_LIMIT: Duration = Duration::from_secs(1200);

/// What wolfSSL is to have beyond its defaults: certificates beside keys, early data, a look at the peer's certificate.
const CFLAGS: &str = "-DWOLFSSL_CERT_WITH_EXTERN_PSK -DWOLFSSL_EARLY_DATA -DKEEP_PEER_CERT";

/// Why the programs cannot be built on this machine, if so.
pub fn lacks() -> Option<&'static str> {
    static LACKS: OnceLock<Option<&str>> = OnceLock::new();
    let is_there = |command: &str| Command::new(command).arg("--version").output().is_ok();
    *LACKS.get_or_init(|| {
        let tools = ["clang", "cmake", "autoreconf", "automake", "libtoolize"];
        (!tools.into_iter().all(is_there))
            .then_some("clang, cmake, autoconf, automake or libtool is not installed")
    })
}

/// The directory of the programs; they are built at the first call.
fn directory() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let mut command = vec![format!("CFLAGS={CFLAGS}"), env!("CARGO").to_owned()];
        command.extend(arguments(
            "build --locked --message-format=json --package=warifu-interop-peers",
        ));
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut cargo = Program::start(here, "env", &command);
        let status = cargo.expect_end_within(BUILD_LIMIT);
        let output = cargo.output();
        assert!(status.success(), "{output}");
        let path = output.split("\"executable\":\"").nth(1);
        let path = path.and_then(|rest| rest.split('"').next());
        let path = Path::new(path.expect("cargo names the programs"));
        path.parent().expect("a directory").to_owned()
    })
}

fn start(stack: Built, line: &str) -> Program {
    let name = match stack {
        Built::BoringSsl => "boringssl",
        Built::WolfSsl => "wolfssl",
        Built::PureCrypto => "purecrypto",
    };
    let program = directory().join(name);
    Program::start(
        pki::get().directory(),
        &program.to_string_lossy(),
        &arguments(line),
    )
}

fn of_setup(setup: &Setup) -> String {
    let Some(psk) = &setup.psk else {
        panic!("the programs know pre-shared keys alone")
    };
    let mut line = format!("--identity {} --key {}", psk.identity, psk.key_hex());
    if psk.hash == Hash::Sha384 {
        line += " --hash sha384";
    }
    if let Some(context) = psk.import {
        line += &format!(" --import {context}");
    }
    line += match psk.modes {
        Modes::PskDheKe => " --modes psk_dhe_ke",
        Modes::PskKe => " --modes psk_ke",
        Modes::Both => " --modes psk_dhe_ke,psk_ke",
    };
    if psk.certificate == Certificate::Beside {
        line += " --with-certificate";
    }
    if let Some(suite) = setup.suite {
        line += &format!(" --suite {:04x}", suite.0);
    }
    if !setup.groups.is_empty() {
        let numbers: Vec<_> = setup
            .groups
            .iter()
            .map(|group| format!("{:04x}", group.0))
            .collect();
        line += &format!(" --groups {}", numbers.join(","));
    }
    line
}

/// Starts a server at a port of its own, which it tells.
pub fn server(stack: Built, setup: &Setup, more: &str) -> (Program, u16) {
    let mut line = format!("server 0 {} {more}", of_setup(setup));
    let psk = setup.psk.as_ref();
    if psk.is_some_and(|psk| psk.certificate == Certificate::Beside) {
        let key = setup.server_key;
        line += &format!(" --cert {key}.pem --cert-key {key}.key");
    }
    if psk.is_some_and(|psk| psk.max_early_data > 0) {
        line += " --early-data any";
    }
    let program = start(stack, &line);
    let port = program.expect_port("listening on 127.0.0.1:");
    (program, port)
}

/// Starts a client.
pub fn client(stack: Built, setup: &Setup, port: u16, more: &str) -> Program {
    let psk = setup.psk.as_ref();
    let ca = match psk.is_some_and(|psk| psk.certificate == Certificate::Beside) {
        true => "--ca ca.pem",
        false => "",
    };
    start(
        stack,
        &format!("client {port} {} {ca} {more}", of_setup(setup)),
    )
}

/// Checks its own report: `agreed: suite 1301, group 001d, psk device-17, certificate no, early data no`.
#[track_caller]
pub fn expect_report(
    program: &Program,
    role: Role,
    suite: CipherSuite,
    group: Option<NamedGroup>,
    psk: &Psk,
) {
    let group = group.map_or(0, |group| group.0);
    let shows = psk.certificate == Certificate::Beside && role == Role::Client;
    program.expect(&format!(
        "agreed: suite {:04x}, group {group:04x}, psk {}, certificate {}",
        suite.0,
        psk.identity,
        if shows { "yes" } else { "no" }
    ));
}
