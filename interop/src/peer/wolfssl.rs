//! wolfSSL's own examples `client` and `server`, with the library of the distribution, for TLS 1.2 and 1.1. (The program of
//! `peers/` has a newer one, for TLS 1.3.)

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use warifu::parameters::{CipherSuite, ProtocolVersion};

use super::{Role, arguments};
use crate::ours::Setup;
use crate::pki::{self, KeyType};
use crate::program::Program;
use crate::psk::Certificate;

/// What the examples know.
pub const IDENTITY: &str = "Client_identity";

/// What the examples know: four bytes, which nobody else should use.
pub const KEY: [u8; 4] = [0x1a, 0x2b, 0x3c, 0x4d];

/// Where Debian's libwolfssl-dev has their sources.
const SOURCES: &str = "/usr/share/doc/libwolfssl-dev/examples";

/// The examples, compiled at the first call.
struct Examples {
    /// The names of the suites, as the examples take them.
    suites: Vec<String>,
    version: String,
}

fn examples() -> Option<&'static Examples> {
    static EXAMPLES: OnceLock<Option<Examples>> = OnceLock::new();
    EXAMPLES.get_or_init(build).as_ref()
}

fn build() -> Option<Examples> {
    let directory = pki::get().directory();
    // The one header that the package lacks.
    for (name, function) in [("client", "client_test"), ("server", "server_test")] {
        let headers = directory.join("examples").join(name);
        std::fs::create_dir_all(&headers).unwrap();
        let text = format!("THREAD_RETURN WOLFSSL_THREAD {function}(void *arguments);\n");
        std::fs::write(headers.join(format!("{name}.h")), text).unwrap();
        let source = Path::new(SOURCES).join(format!("{name}.c"));
        let output = Command::new("cc")
            .args(arguments("-w -I. -include wolfssl/options.h"))
            .args(["-o", &format!("wolfssl-{name}")])
            .arg(source)
            .args(arguments("-lwolfssl -lm -lpthread"))
            .current_dir(directory)
            .output()
            .ok()?;
        if !output.status.success() {
            return None;
        }
    }
    // By the first they know the directory that they look for; the others the server reads, whatever it is told.
    std::fs::create_dir_all(directory.join("certs/ocsp")).unwrap();
    let copy = |from: &str, to: &str| std::fs::copy(directory.join(from), directory.join(to));
    copy(pki::DH_PARAMETERS, "certs/dh2048.pem").unwrap();
    for number in 1..=3 {
        let to = format!("certs/ocsp/intermediate{number}-ca-cert.pem");
        copy("ca.pem", &to).unwrap();
    }
    let told = |argument: &str| {
        let mut command = Command::new(directory.join("wolfssl-client"));
        let output = command.arg(argument).current_dir(directory).output();
        String::from_utf8_lossy(&output.unwrap().stdout).into_owned()
    };
    let words = told("-?");
    let version = words.split_whitespace().nth(2).unwrap_or("?").to_owned();
    let suites = told("-e").trim().split(':').map(str::to_owned).collect();
    Some(Examples { suites, version })
}

/// The example's name of the suite, if it has it.
fn name(suite: CipherSuite) -> Option<String> {
    let name = match suite {
        CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256 => "ECDHE-PSK-AES128-GCM-SHA256",
        CipherSuite::TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA => "EDH-RSA-DES-CBC3-SHA",
        _ => suite.openssl_name()?,
    };
    let has = examples()?.suites.iter().any(|known| known == name);
    has.then(|| name.to_owned())
}

/// Why the examples do not have this, if so.
pub fn lacks(
    role: Role,
    version: ProtocolVersion,
    suite: CipherSuite,
    key_type: KeyType,
) -> Option<String> {
    let Some(examples) = examples() else {
        return Some("wolfSSL's examples are not installed".to_owned());
    };
    let lacks = |what: &str| Some(format!("wolfSSL {} of Debian {what}", examples.version));
    if version == ProtocolVersion::TLS1_0 {
        return lacks("has no TLS 1.0");
    }
    match name(suite) {
        None => lacks("does not have the suite"),
        Some(_) if key_type == KeyType::RsaPss => lacks("has no keys of the RSASSA-PSS OID"),
        Some(name) if name.starts_with("EDH-") && role == Role::Server => {
            lacks("as a server refuses the suite, also to GnuTLS")
        }
        Some(_) => None,
    }
}

/// The examples' version, if they are there.
pub fn version() -> Option<&'static str> {
    examples().map(|examples| &*examples.version)
}

fn of_setup(setup: &Setup) -> String {
    let version = match setup.version {
        ProtocolVersion::TLS1_1 => 2,
        _ => 3,
    };
    let mut line = format!("-v {version} -l {}", name(setup.suite.unwrap()).unwrap());
    if setup.psk.is_some() {
        line += " -s";
    }
    line
}

/// Starts the server at a port that was free a moment ago. It sends back `len` bytes, and ends.
pub fn server(setup: &Setup, len: usize) -> (Program, u16) {
    let key = setup.server_key;
    let own = match &setup.psk {
        Some(psk) if psk.certificate == Certificate::None => String::new(),
        _ => format!("-c {key}.pem -k {key}.key"),
    };
    for _ in 0..5 {
        let port = super::free_port();
        let ready = format!("wolfssl-ready-{port}");
        let line = format!(
            "{} {own} -A ca.pem -d -V -p {port} -R {ready} -B {len}",
            of_setup(setup)
        );
        let mut program = start("server", &line);
        let ready = pki::get().path(&ready);
        while !program.has_ended() {
            if ready.exists() {
                return (program, port);
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
    panic!("wolfSSL's server found no free port");
}

/// Starts the client, which believes the run's CA alone. It sends `len` bytes, wants them back, and ends.
pub fn client(setup: &Setup, port: u16, len: usize) -> Program {
    let line = format!(
        "{} -A ca.pem -x -C -h 127.0.0.1 -p {port} -B {len}",
        of_setup(setup)
    );
    start("client", &line)
}

fn start(role: &str, line: &str) -> Program {
    let directory = pki::get().directory();
    let program = directory.join(format!("wolfssl-{role}"));
    Program::start(directory, &program.to_string_lossy(), &arguments(line))
}
