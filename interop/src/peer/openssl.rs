//! `openssl s_server` and `openssl s_client`.

use std::process::Command;
use std::sync::OnceLock;

use warifu::parameters::{CipherSuite, NamedGroup, ProtocolVersion};

use super::{Role, arguments};
use crate::ours::Setup;
use crate::pki;
use crate::program::Program;
use crate::psk::{Certificate, Hash, Modes, Psk};

/// The installed version, as `3.0.17`.
pub fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let output = Command::new("openssl").arg("version").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.split_whitespace().nth(1).unwrap_or("?").to_owned()
    })
}

/// ML-KEM and ML-DSA are there from 3.5 on.
pub fn has_post_quantum() -> bool {
    let mut numbers = version().split('.').map(|part| part.parse().unwrap_or(0));
    let version: [u32; 2] = [numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)];
    version >= [3, 5]
}

/// Whether it has a suite of TLS 1.2 or older.
pub fn has_legacy(suite: CipherSuite) -> bool {
    static LIST: OnceLock<String> = OnceLock::new();
    let list = LIST.get_or_init(|| {
        let line = "ciphers -stdname -psk ALL:COMPLEMENTOFALL:@SECLEVEL=0";
        let output = Command::new("openssl").args(arguments(line)).output();
        String::from_utf8_lossy(&output.unwrap().stdout).into_owned()
    });
    let name = suite.to_string();
    list.lines()
        .any(|line| line.split_whitespace().next() == Some(&*name))
}

/// OpenSSL's name of the group, if it has it.
pub fn group(group: NamedGroup) -> Option<&'static str> {
    match group {
        NamedGroup::X25519 => Some("X25519"),
        NamedGroup::SECP256R1 => Some("P-256"),
        NamedGroup::SECP384R1 => Some("P-384"),
        NamedGroup::SECP521R1 => Some("P-521"),
        NamedGroup::X25519MLKEM768 if has_post_quantum() => Some("X25519MLKEM768"),
        NamedGroup::SECP256R1MLKEM768 if has_post_quantum() => Some("SecP256r1MLKEM768"),
        NamedGroup::SECP384R1MLKEM1024 if has_post_quantum() => Some("SecP384r1MLKEM1024"),
        _ => None,
    }
}

/// How `s_client` of 3.0 reports the server's key share.
fn temp_key(group: NamedGroup) -> Option<&'static str> {
    match group {
        NamedGroup::X25519 => Some("X25519"),
        NamedGroup::SECP256R1 => Some("prime256v1"),
        NamedGroup::SECP384R1 => Some("secp384r1"),
        NamedGroup::SECP521R1 => Some("secp521r1"),
        _ => None,
    }
}

fn of_setup(setup: &Setup) -> String {
    let name = |version| match version {
        ProtocolVersion::TLS1_0 => "TLSv1",
        ProtocolVersion::TLS1_1 => "TLSv1.1",
        ProtocolVersion::TLS1_2 => "TLSv1.2",
        _ => "TLSv1.3",
    };
    let lowest = setup.peers_lowest.unwrap_or(setup.version);
    let mut line = format!(
        "-min_protocol {} -max_protocol {}",
        name(lowest),
        name(setup.version)
    );
    if setup.version < ProtocolVersion::TLS1_3 {
        // Signatures with SHA-1 and short tags are below the default level.
        let name = setup
            .suite
            .map_or("DEFAULT", |suite| suite.openssl_name().unwrap());
        line += &format!(" -cipher {name}:@SECLEVEL=0");
    } else if let Some(suite) = setup.suite {
        line += &format!(" -ciphersuites {suite}");
        if suite == CipherSuite::TLS_AES_128_CCM_8_SHA256 {
            // Its short tag is below the default level of newer versions.
            line += " -cipher DEFAULT@SECLEVEL=0";
        }
    }
    if !setup.groups.is_empty() {
        let names: Vec<_> = setup
            .groups
            .iter()
            .map(|name| group(*name).unwrap())
            .collect();
        line += &format!(" -groups {}", names.join(":"));
    }
    if let Some(psk) = &setup.psk {
        line += &of_psk(psk);
    }
    line
}

/// A key of SHA-256 is named on the command line; whatever else it is, only a session file can say.
fn of_psk(psk: &Psk) -> String {
    let mut line = format!(" -psk_identity {} -psk {}", psk.identity, psk.key_hex());
    if psk.hash == Hash::Sha384 || psk.max_early_data > 0 {
        line += &format!(" -psk_session {}", pki::get().psk_session(psk));
    }
    if psk.modes != Modes::PskDheKe {
        line += " -allow_no_dhe_kex";
    }
    line
}

/// Starts `s_server` at a port of its own, which it tells.
pub fn server(setup: &Setup, more: &str) -> (Program, u16) {
    let key = setup.server_key;
    let auth = match setup.client_key {
        Some(_) => "-Verify 2 -verify_return_error -CAfile ca.pem",
        None => "",
    };
    let psk_alone = |psk: &Psk| psk.certificate == Certificate::None;
    let own = if more.contains("-cert ") {
        String::new()
    } else if setup.psk.as_ref().is_some_and(psk_alone) {
        "-nocert".to_owned()
    } else {
        format!("-cert {key}.pem -key {key}.key")
    };
    let groups = match setup.version {
        ProtocolVersion::TLS1_3 => String::new(),
        // Else one of 1024 bits, where there is no certificate.
        _ if more.contains("-dhparam ") => String::new(),
        _ => format!("-dhparam {}", pki::DH_PARAMETERS),
    };
    let line = format!(
        "s_server -accept 127.0.0.1:0 -naccept 1 {own} {auth} {groups} {} {more}",
        of_setup(setup)
    );
    let program = Program::start(pki::get().directory(), "openssl", &arguments(&line));
    let port = program.expect_port("ACCEPT 127.0.0.1:");
    (program, port)
}

/// Starts `s_client`, which believes the run's CA alone.
pub fn client(setup: &Setup, server_name: &str, port: u16, more: &str) -> Program {
    let auth = match setup.client_key {
        Some(key) => format!("-cert {key}.pem -key {key}.key"),
        None => String::new(),
    };
    let line = format!(
        "s_client -connect 127.0.0.1:{port} -servername {server_name} -verify_hostname {server_name} -CAfile ca.pem -verify_return_error {auth} {} {more}",
        of_setup(setup)
    );
    Program::start(pki::get().directory(), "openssl", &arguments(&line))
}

/// Checks its own report.
#[track_caller]
pub fn expect_report(program: &Program, role: Role, suite: CipherSuite, group: NamedGroup) {
    match role {
        Role::Server => program.expect(&format!("CIPHER is {suite}")),
        Role::Client => {
            program.expect(&format!("Cipher is {suite}"));
            if let Some(key) = temp_key(group) {
                program.expect("Server Temp Key: ");
                program.expect(key);
            }
        }
    }
}

/// Checks its own report of a connection of TLS 1.2 or older. Only the client names the version.
#[track_caller]
pub fn expect_legacy_report(
    program: &Program,
    role: Role,
    version: ProtocolVersion,
    suite: CipherSuite,
) {
    let name = suite.openssl_name().unwrap();
    match role {
        Role::Server => program.expect_line(&format!("CIPHER is {name}")),
        Role::Client => {
            program.expect_line(&format!("Cipher is {name}"));
            program.expect(match version {
                ProtocolVersion::TLS1_0 => "Protocol  : TLSv1\n",
                ProtocolVersion::TLS1_1 => "Protocol  : TLSv1.1\n",
                _ => "Protocol  : TLSv1.2\n",
            });
        }
    }
}

/// Checks its own report of a handshake with an external key. Neither program names the identity.
#[track_caller]
pub fn expect_psk_report(
    program: &Program,
    role: Role,
    suite: CipherSuite,
    group: Option<NamedGroup>,
) {
    match role {
        Role::Server => {
            program.expect(&format!("CIPHER is {suite}"));
            program.expect("Reused session-id");
        }
        Role::Client => {
            program.expect(&format!("Reused, TLSv1.3, Cipher is {suite}"));
            let output = program.output();
            match group.and_then(temp_key) {
                Some(key) => assert!(output.contains(key), "no {key} in {output}"),
                None => assert!(!output.contains("Server Temp Key"), "{output}"),
            }
        }
    }
}
