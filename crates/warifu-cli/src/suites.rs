//! `warifu suites`: all cipher suites, and whether they are used. The words for key exchanges, here and in summaries.

use serde_json::json;
use warifu::config::{Policy, SuiteStatus};
use warifu::parameters::CipherSuite;
use warifu::{ClientConfig, Psk, Trust};

use crate::args::SuitesArguments;
use crate::client;
use crate::exit::Failure;
use crate::report;
use crate::tls_choice::{self, Choice};
use crate::tls_config;
use crate::values::TlsVersions;

/// What `warifu suites --help` says of the table.
pub(crate) const HELP: &str = "\
Columns:
  on or off     whether server and client use it, with these options
  versions      of TLS that have it
  suite         its name in IANA's registry; OpenSSL's name (- if it has none)
  key exchange  and what proves who the peer is; without ECDHE or DHE there is no
                forward secrecy: whoever gets the key later can read what was recorded
  policy        the strictest that has it; modern, default, compat, legacy each have all of the
                one before. psk-iot stands apart. Those in none (-) are used by name only
  why it is off the first reason, and the option that changes it

For one suite: warifu suites | grep NAME. On and off are the same for server and client,
but for a server's kind of key: suites with ECDSA and RSA need a certificate of that kind.";

/// `warifu suites`.
pub(crate) fn show(arguments: &SuitesArguments) -> Result<(), Failure> {
    let choice = Choice::new(&arguments.choice)?;
    let builder = match arguments.psk {
        true => ClientConfig::psk_builder([stand_in()?]),
        false => ClientConfig::builder(anybody()?),
    };
    let config = choice.apply(builder).build().map_err(tls_config::refused)?;
    let rows: Vec<Row> = CipherSuite::implemented()
        .map(|suite| Row::new(suite, &config.suite_status(suite)))
        .filter(|row| row.on || !arguments.on)
        .collect();
    let lines: Vec<String> = match arguments.json {
        true => rows.iter().map(Row::json).collect(),
        false => table(&rows),
    };
    // `warifu suites | head` is no failure.
    report::line(&lines.join("\n")).or_else(client::reader_is_gone)
}

/// A key for a configuration that never meets a peer.
fn stand_in() -> Result<Psk, Failure> {
    Psk::new("stand-in", [0x5a; 32]).map_err(|error| Failure::Config(error.to_string()))
}

/// Trust for a configuration that never meets a peer.
fn anybody() -> Result<Trust, Failure> {
    Trust::builder()
        .dangerous()
        .accept_any_issuer()
        .build()
        .map_err(|error| Failure::Config(error.to_string()))
}

struct Row {
    suite: CipherSuite,
    on: bool,
    versions: String,
    exchange: &'static str,
    forward_secret: bool,
    policies: Vec<Policy>,
    reason: String,
}

impl Row {
    fn new(suite: CipherSuite, status: &SuiteStatus) -> Self {
        Self {
            suite,
            on: *status == SuiteStatus::Enabled,
            versions: suite
                .versions()
                .map_or_else(String::new, |range| TlsVersions(range).to_string()),
            exchange: exchange(suite),
            forward_secret: is_forward_secret(suite),
            policies: Policy::all_with(suite).collect(),
            reason: reason(suite, status),
        }
    }

    fn json(&self) -> String {
        json!({
            "suite": self.suite.to_string(),
            "on": self.on,
            "versions": self.versions,
            "openssl": self.suite.openssl_name(),
            "gnutls": self.suite.gnutls_name(),
            "key_exchange": self.suite.key_exchange(),
            "forward_secret": self.forward_secret,
            "policies": self.policies.iter().map(|policy| policy.name()).collect::<Vec<_>>(),
            "why_off": (!self.on).then_some(&self.reason),
        })
        .to_string()
    }

    /// The strictest policy that has it, for those after it have it too, but for that of pre-shared keys.
    fn strictest(&self) -> String {
        let iot = |policy: &&Policy| **policy == Policy::PskIot;
        let first = self.policies.iter().find(|policy| !iot(policy));
        let iot = self.policies.iter().find(iot);
        let names: Vec<_> = [first, iot]
            .into_iter()
            .flatten()
            .map(|policy| policy.name())
            .collect();
        match names.is_empty() {
            true => "-".to_owned(),
            false => names.join(","),
        }
    }

    fn cells(&self) -> [String; 7] {
        let openssl = self.suite.openssl_name().unwrap_or("-");
        [
            if self.on { "on" } else { "off" }.to_owned(),
            self.versions.clone(),
            self.suite.to_string(),
            openssl.to_owned(),
            self.exchange.to_owned(),
            self.strictest(),
            self.reason.clone(),
        ]
    }
}

/// Lines with the columns below each other.
fn table(rows: &[Row]) -> Vec<String> {
    let head = [
        "",
        "versions",
        "suite",
        "OpenSSL",
        "key exchange",
        "policy",
        "why it is off",
    ];
    let mut lines = vec![head.map(ToOwned::to_owned)];
    lines.extend(rows.iter().map(Row::cells));
    let mut widths = [0; 7];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.len().max(*width);
        }
    }
    lines
        .iter()
        .map(|line| {
            let cells = line.iter().zip(widths);
            let padded: Vec<_> = cells
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            padded.join("  ").trim_end().to_owned()
        })
        .collect()
}

/// Why a suite is off, and which option changes that.
fn reason(suite: CipherSuite, status: &SuiteStatus) -> String {
    match status {
        SuiteStatus::NeedsCertificate | SuiteStatus::NeedsPsk
            if suite.key_exchange() == Some("RSA_PSK") =>
        {
            "needs a pre-shared key and a certificate (--psk-policy with-certificate)".to_owned()
        }
        SuiteStatus::Enabled => String::new(),
        SuiteStatus::Version { lowest, highest } => {
            let versions = tls_choice::spoken(&(*lowest..=*highest));
            format!("{versions} off (--tls, --policy)")
        }
        SuiteStatus::NotChosen { policies } => match policies.first() {
            Some(policy) => format!("needs --policy {policy}, or --suites"),
            None => "needs --suites".to_owned(),
        },
        SuiteStatus::NeedsCertificate => "needs a certificate".to_owned(),
        SuiteStatus::NeedsPsk => "needs a pre-shared key (here: --psk)".to_owned(),
        other => other.to_string(),
    }
}

/// How keys are agreed, and what proves who the server is.
pub(crate) fn exchange(suite: CipherSuite) -> &'static str {
    match suite.key_exchange() {
        Some("ECDHE_ECDSA") => "ECDHE, ECDSA certificate",
        Some("ECDHE_RSA") => "ECDHE, RSA certificate",
        Some("DHE_RSA") => "DHE, RSA certificate",
        Some("RSA") => "RSA key transport",
        Some("ECDHE_PSK") => "ECDHE and PSK",
        Some("DHE_PSK") => "DHE and PSK",
        Some("RSA_PSK") => "RSA key transport and PSK",
        Some("PSK") => "PSK alone",
        Some(other) => other,
        None => "any, chosen apart",
    }
}

/// Whether what was recorded stays secret when keys become known; in TLS 1.3 unless `psk_ke` is chosen.
pub(crate) fn is_forward_secret(suite: CipherSuite) -> bool {
    suite
        .key_exchange()
        .is_none_or(|exchange| exchange.contains("DHE_"))
}
