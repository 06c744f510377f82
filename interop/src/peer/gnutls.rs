//! `gnutls-serv` and `gnutls-cli`.

use std::process::Command;
use std::sync::OnceLock;

use warifu::parameters::{CipherSuite, NamedGroup, ProtocolVersion};

use super::{Role, arguments};
use crate::legacy::LegacySuite;
use crate::ours::Setup;
use crate::pki;
use crate::program::Program;
use crate::psk::{Certificate, Modes, Psk};

/// The installed version, as `3.7.9`.
pub fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let output = Command::new("gnutls-cli")
            .arg("--version")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut words = text.lines().next().unwrap_or_default().split_whitespace();
        words.next_back().unwrap_or("?").to_owned()
    })
}

fn list() -> &'static str {
    static LIST: OnceLock<String> = OnceLock::new();
    LIST.get_or_init(|| {
        let output = Command::new("gnutls-cli").arg("--list").output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    })
}

/// From 3.8.9 on, where built with it.
pub fn has_ml_dsa() -> bool {
    list().contains("ML-DSA-65") || list().contains("MLDSA65")
}

/// Whether it has a suite of TLS 1.2 or older.
pub fn has_legacy(suite: CipherSuite) -> bool {
    let [high, low] = suite.0.to_be_bytes();
    list().contains(&format!("0x{high:02x}, 0x{low:02x}\t"))
}

fn version_name(version: ProtocolVersion) -> &'static str {
    match version {
        ProtocolVersion::TLS1_0 => "TLS1.0",
        ProtocolVersion::TLS1_1 => "TLS1.1",
        ProtocolVersion::TLS1_2 => "TLS1.2",
        _ => "TLS1.3",
    }
}

/// GnuTLS's name of the group in a priority string, if it has it.
pub fn group(group: NamedGroup) -> Option<&'static str> {
    let name = match group {
        NamedGroup::X25519 => "GROUP-X25519",
        NamedGroup::SECP256R1 => "GROUP-SECP256R1",
        NamedGroup::SECP384R1 => "GROUP-SECP384R1",
        NamedGroup::SECP521R1 => "GROUP-SECP521R1",
        NamedGroup::X25519MLKEM768 => "GROUP-X25519-MLKEM768",
        NamedGroup::SECP256R1MLKEM768 => "GROUP-SECP256R1-MLKEM768",
        NamedGroup::SECP384R1MLKEM1024 => "GROUP-SECP384R1-MLKEM1024",
        _ => return None,
    };
    list().contains(name).then_some(name)
}

fn cipher(suite: CipherSuite) -> &'static str {
    match suite {
        CipherSuite::TLS_AES_128_GCM_SHA256 => "AES-128-GCM",
        CipherSuite::TLS_AES_256_GCM_SHA384 => "AES-256-GCM",
        CipherSuite::TLS_CHACHA20_POLY1305_SHA256 => "CHACHA20-POLY1305",
        CipherSuite::TLS_AES_128_CCM_SHA256 => "AES-128-CCM",
        CipherSuite::TLS_AES_128_CCM_8_SHA256 => "AES-128-CCM-8",
        _ => panic!("no suite of TLS 1.3: {suite}"),
    }
}

fn priority(setup: &Setup) -> String {
    let lowest = setup.peers_lowest.unwrap_or(setup.version);
    let mut priority = "NORMAL:-VERS-ALL".to_owned();
    for version in [
        ProtocolVersion::TLS1_3,
        ProtocolVersion::TLS1_2,
        ProtocolVersion::TLS1_1,
        ProtocolVersion::TLS1_0,
    ] {
        if (lowest..=setup.version).contains(&version) {
            priority += &format!(":+VERS-{}", version_name(version));
        }
    }
    if setup.version < ProtocolVersion::TLS1_3 {
        // The signatures of TLS 1.1 and 1.0.
        priority += ":%VERIFY_ALLOW_SIGN_WITH_SHA1";
        if let Some(suite) = setup.suite {
            let suite = LegacySuite::new(suite).unwrap();
            let (cipher, mac) = (suite.gnutls_cipher(), suite.gnutls_mac());
            let exchange = suite.exchange.gnutls_name();
            priority +=
                &format!(":-CIPHER-ALL:+{cipher}:-MAC-ALL:+{mac}:-KX-ALL:+{exchange}:+SIGN-ALL");
        }
    } else if let Some(suite) = setup.suite {
        priority += &format!(":-CIPHER-ALL:+{}", cipher(suite));
    }
    if !setup.groups.is_empty() {
        priority += ":-GROUP-ALL";
    }
    for name in &setup.groups {
        priority += &format!(":+{}", group(*name).unwrap());
    }
    priority += setup.priority;
    let by_exchange = setup.version < ProtocolVersion::TLS1_3 && setup.suite.is_some();
    if let Some(psk) = &setup.psk
        && !by_exchange
    {
        if psk.certificate == Certificate::None {
            priority += ":-KX-ALL";
        }
        priority += match psk.modes {
            Modes::PskDheKe => ":+ECDHE-PSK",
            Modes::PskKe => ":+PSK",
            Modes::Both => ":+ECDHE-PSK:+PSK",
        };
    }
    priority
}

/// Starts `gnutls-serv` at a port that was free a moment ago.
pub fn server(setup: &Setup, more: &str, environment: &str) -> (Program, u16) {
    let key = setup.server_key;
    let auth = match setup.client_key {
        Some(_) => "--require-client-cert --verify-client-cert --x509cafile ca.pem",
        None if more.contains("-client-cert") => "",
        None => "--disable-client-cert",
    };
    let psk_alone = |psk: &Psk| psk.certificate == Certificate::None;
    let mut own = if more.contains("--x509certfile") || setup.psk.as_ref().is_some_and(psk_alone) {
        String::new()
    } else {
        format!("--x509certfile {key}.pem --x509keyfile {key}.key")
    };
    if let Some(psk) = &setup.psk {
        let line = format!("{}:{}\n", psk.identity, psk.key_hex());
        own += &format!(" --pskpasswd {}", pki::get().file("psk", &line));
    }
    let priority_text = format!("--priority {}", priority(setup));
    for _ in 0..5 {
        let port = super::free_port();
        let line = format!("gnutls-serv --echo --port {port} {own} {auth} {priority_text} {more}");
        let unbuffered = arguments(&format!("{environment} stdbuf -o0 -e0 {line}"));
        let mut program = Program::start(pki::get().directory(), "env", &unbuffered);
        // Where the port is taken for IPv4 it goes on with IPv6 alone.
        let told = format!("IPv4 0.0.0.0 port {port}...");
        program.expect_line(&told);
        if program.output().contains(&format!("{told}done")) && !program.has_ended() {
            return (program, port);
        }
    }
    panic!("gnutls-serv found no free port");
}

/// `gnutls-cli` 3.7 asks for the name of a client although it is one, to print it, and crashes after (EC)DHE with a key: the
/// question is answered in the library's place. Given as a variable of the environment.
fn without_user_name() -> &'static str {
    static PRELOAD: OnceLock<String> = OnceLock::new();
    PRELOAD.get_or_init(|| {
        let code = "const char *gnutls_psk_server_get_username(void *session) { (void)session; return 0; }\n";
        let source = pki::get().file("user-name", code);
        let library = pki::get().path(&format!("{source}.so"));
        let status = Command::new("cc")
            .args(["-shared", "-fPIC", "-x", "c", "-o"])
            .args([&library, &pki::get().path(&source)])
            .status();
        assert!(status.expect("a C compiler is needed").success());
        format!("LD_PRELOAD={}", library.display())
    })
}

/// Starts `gnutls-cli`, which believes the run's CA alone.
pub fn client(
    setup: &Setup,
    server_name: &str,
    port: u16,
    more: &str,
    environment: &str,
) -> Program {
    let auth = match setup.client_key {
        Some(key) => format!("--x509certfile {key}.pem --x509keyfile {key}.key"),
        None => String::new(),
    };
    let psk = setup.psk.as_ref().map_or(String::new(), |psk| {
        format!("--pskusername {} --pskkey {}", psk.identity, psk.key_hex())
    });
    let preload = match setup.version < ProtocolVersion::TLS1_3 && setup.psk.is_some() {
        true => without_user_name(),
        false => "",
    };
    let priority_text = format!("--priority {}", priority(setup));
    let line = format!(
        "{environment} {preload} stdbuf -o0 -e0 gnutls-cli 127.0.0.1 --port {port} --sni-hostname {server_name} --verify-hostname {server_name} --x509cafile ca.pem {auth} {psk} {priority_text} --single-key-share {more}"
    );
    Program::start(pki::get().directory(), "env", &arguments(&line))
}

/// Checks its own report: `(TLS1.3-X.509)-(ECDHE-X25519)-(ECDSA-…)-(AES-128-GCM)`.
#[track_caller]
pub fn expect_report(program: &Program, suite: CipherSuite, group: NamedGroup) {
    let name = self::group(group).unwrap().trim_start_matches("GROUP-");
    program.expect(&format!("-{name})"));
    program.expect(&format!("-({})", cipher(suite)));
}

/// Checks its own report of a connection of TLS 1.2 or older: `(TLS1.2)-(ECDHE-X25519)-(…)-(AES-128-CBC)-(SHA1)`.
#[track_caller]
pub fn expect_legacy_report(program: &Program, version: ProtocolVersion, suite: CipherSuite) {
    let suite = LegacySuite::new(suite).unwrap();
    program.expect_line("- Description: ");
    let output = program.output();
    let told = output.split("- Description: ").nth(1).unwrap();
    let told = told.lines().next().unwrap();
    assert!(
        told.contains(&format!("({})", version_name(version)))
            || told.contains(&format!("({}-", version_name(version))),
        "{told}"
    );
    let cipher = suite.gnutls_cipher();
    let end = match suite.gnutls_mac() {
        "AEAD" => format!("-({cipher})"),
        mac => format!("-({cipher})-({mac})"),
    };
    assert!(told.ends_with(&end), "{told}: not {end}");
}

/// Checks its own report of a handshake with an external key. Only the server names a group.
#[track_caller]
pub fn expect_psk_report(
    program: &Program,
    role: Role,
    suite: CipherSuite,
    group: Option<NamedGroup>,
    psk: &Psk,
) {
    program.expect(&format!("--({})", cipher(suite)));
    program.expect(&format!(
        "- PSK authentication. Connected as '{}'",
        psk.identity
    ));
    if role == Role::Server {
        // Behind what names the group.
        program.expect("- MAC: AEAD");
        let output = program.output();
        match group.and_then(self::group) {
            Some(name) => {
                let name = name.trim_start_matches("GROUP-");
                assert!(output.contains(&format!("Using curve: {name}")), "{output}");
            }
            None => assert!(!output.contains("Using curve"), "{output}"),
        }
    }
}
