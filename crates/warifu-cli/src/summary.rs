//! About ten lines on a new connection: who the peer is, how each side was authenticated, what was negotiated.

use std::time::Duration;

use serde_json::{Value, json};
use warifu::decision::{KeyUse, PeerRole, PresentedChain};
use warifu::pki_types::{CertificateDer, ServerName, UnixTime};
use warifu::psk::{PskFacts, printable};
use warifu::trust::{Leniency, Trust};
use warifu::{ConnectionFacts, EarlyData};

use crate::args::InsecureRule;
use crate::cert_show;
use crate::describe::{self, Description};
use crate::exit::Role;
use crate::suites;
use crate::when;

/// What the summary is made of.
#[derive(Debug)]
pub(crate) struct Summary<'a> {
    pub(crate) role: Role,
    /// The peer's address.
    pub(crate) peer: &'a str,
    /// The name the server had to prove; clients only.
    pub(crate) name: Option<&'a str>,
    /// Where trust comes from, in words.
    pub(crate) trust: Option<&'a str>,
    pub(crate) relaxed: &'a [InsecureRule],
    /// With `--trust-lenient`: what the peer's chain was verified by.
    pub(crate) lenient: Option<&'a Trust>,
    pub(crate) facts: &'a ConnectionFacts,
    /// Bytes of early data: sent by a client, taken by a server.
    pub(crate) early_len: usize,
    /// Time for the TCP connection; clients only.
    pub(crate) tcp: Option<Duration>,
    pub(crate) handshake: Duration,
}

impl Summary<'_> {
    /// The lines for people.
    pub(crate) fn lines(&self) -> Vec<String> {
        let facts = self.facts;
        let (peers_side, own_side) = match self.role {
            Role::Client => ("server", "client"),
            Role::Server => ("client", "server"),
        };
        let mut lines = vec![
            row("peer", self.peer),
            row(
                "version",
                &format!("{}, {}", facts.version, facts.handshake_kind),
            ),
            row("suite", &facts.cipher_suite.to_string()),
            match self.key_exchange() {
                Some(words) => row("exchange", &words),
                None => row(
                    "group",
                    &facts
                        .group
                        .map_or_else(|| "none".to_owned(), |group| group.to_string()),
                ),
            },
        ];
        lines.push(row(peers_side, &self.peer_line()));
        lines.extend(
            self.peer_chain()
                .iter()
                .map(|certificate| row("  chain", &chain_line(certificate))),
        );
        lines.extend(leniency_line(&self.leniency_needed()));
        lines.push(row(own_side, &self.own_line()));
        if let Some(hint) = legacy::psk_identity_hint(facts) {
            lines.push(row("hint", &format!("\"{}\"", printable(hint))));
        }
        if let Some(reason) = &facts.psk_declined {
            lines.push(row("declined", reason));
        }
        if let Some(line) = self.early_data_line() {
            lines.push(row("early", &line));
        }
        lines.push(row(
            "ALPN",
            &facts.alpn.as_deref().map_or_else(
                || "none".to_owned(),
                |protocol| String::from_utf8_lossy(protocol).into_owned(),
            ),
        ));
        lines.push(row(
            "records",
            &format!("up to {} bytes each", facts.max_fragment_sent),
        ));
        lines.push(row("time", &self.times()));
        let weaknesses = legacy::weaknesses(facts);
        lines.extend(weaknesses.iter().map(|text| row("warning", text)));
        lines
    }

    /// The same for programs.
    pub(crate) fn json(&self, connection: u64) -> Value {
        let facts = self.facts;
        let chain: Vec<Value> = self
            .peer_chain()
            .iter()
            .map(cert_show::certificate_json)
            .collect();
        json!({
            "connection": connection,
            "peer": self.peer,
            "version": facts.version.to_string(),
            "handshake": facts.handshake_kind.to_string(),
            "cipher_suite": facts.cipher_suite.to_string(),
            "group": facts.group.map(|group| group.to_string()),
            "key_exchange": self.key_exchange(),
            "weaknesses": legacy::weaknesses(facts),
            "server_name": facts.server_name.as_deref(),
            "alpn": facts.alpn.as_deref().map(String::from_utf8_lossy),
            "peer_authenticated": facts.psk.is_some()
                || (facts.peer_certificates.is_some()
                    && !self.relaxed.contains(&InsecureRule::Issuer)),
            "psk": facts.psk.as_ref().map(|psk| json!({
                "identity": printable(&psk.identity),
                "kind": psk.kind.to_string(),
                "hash": psk.hash.to_string(),
            })),
            "psk_mode": facts.psk_mode.map(|mode| mode.to_string()),
            "psk_declined": facts.psk_declined.as_deref(),
            "psk_identity_hint": legacy::psk_identity_hint(facts).map(printable),
            "resumed": facts.resumed,
            "early_data": facts.early_data.to_string(),
            "early_data_bytes": self.early_len,
            "early_data_declined": facts.early_data_declined.as_deref(),
            "peer_signature_scheme": facts.peer_signature_scheme.map(|scheme| scheme.to_string()),
            "peer_chain": chain,
            "own_signature_scheme": facts.local_signature_scheme.map(|scheme| scheme.to_string()),
            "leniency_needed": words(&self.leniency_needed()),
            "relaxed": self.relaxed.iter().map(|rule| rule.danger()).collect::<Vec<_>>(),
            "max_record": facts.max_fragment_sent,
            "tcp_ms": self.tcp.map(milliseconds),
            "handshake_ms": milliseconds(self.handshake),
        })
    }

    fn leniency_needed(&self) -> Vec<Leniency> {
        self.lenient.map_or_else(Vec::new, |trust| {
            leniency_needed(trust, self.facts, self.name)
        })
    }

    fn peer_chain(&self) -> Vec<Description> {
        describe_all(self.facts.peer_certificates.as_deref().unwrap_or_default())
    }

    /// How the peer was authenticated.
    fn peer_line(&self) -> String {
        match (&self.facts.psk, self.facts.resumed) {
            (Some(psk), false) => match self.facts.peer_certificates {
                Some(_) => format!("{}; and {}", self.psk_text(psk), self.certificate_line()),
                None => format!("{}; no certificate", self.psk_text(psk)),
            },
            (Some(psk), true) => format!(
                "{}, which began with the {}",
                self.resumed_text(),
                key_text(psk)
            ),
            (None, true) => format!(
                "{}, which began with: {}",
                self.resumed_text(),
                self.certificate_line()
            ),
            (None, false) => self.certificate_line(),
        }
    }

    /// How keys were agreed in TLS 1.2 or older. In TLS 1.3 the group says it.
    fn key_exchange(&self) -> Option<String> {
        let facts = self.facts;
        let name = facts.cipher_suite.key_exchange()?;
        // The certificate, or the key, stands in lines of its own.
        let method = name.split('_').next().unwrap_or(name);
        if facts.resumed {
            return Some(format!(
                "none: the secret of the session, which began with {name}"
            ));
        }
        Some(match (method, facts.group) {
            ("ECDHE" | "DHE", Some(group)) => format!("{method} {group}"),
            // A group of the server's own.
            ("DHE", None) => match legacy::dh_bits(facts) {
                Some(bits) => format!("DHE {bits} bits"),
                None => method.to_owned(),
            },
            _ => suites::exchange(facts.cipher_suite).to_owned(),
        })
    }

    /// `session resumed (psk_dhe_ke)`; before TLS 1.3 there is one way only.
    fn resumed_text(&self) -> String {
        match self.facts.psk_mode {
            Some(mode) => format!("session resumed ({mode})"),
            None => "session resumed".to_owned(),
        }
    }

    /// `PSK "alice" (external, psk_dhe_ke, SHA-256)`; in TLS 1.2 `PSK "alice" (external, ECDHE_PSK)`, where the key goes with
    /// any hash.
    fn psk_text(&self, psk: &PskFacts) -> String {
        let how = match (self.facts.psk_mode, self.facts.cipher_suite.key_exchange()) {
            (None, Some(exchange)) => exchange.to_owned(),
            (Some(mode), _) => format!("{mode}, {}", psk.hash),
            (None, None) => psk.hash.to_string(),
        };
        format!("PSK \"{}\" ({}, {how})", printable(&psk.identity), psk.kind)
    }

    fn early_data_line(&self) -> Option<String> {
        match (self.facts.early_data, &self.facts.early_data_declined) {
            (EarlyData::NotOffered, _) => None,
            (EarlyData::Accepted, _) => Some(format!(
                "accepted, {}; whoever recorded it can send it again",
                bytes(self.early_len)
            )),
            (_, Some(reason)) => Some(format!("rejected: {reason}")),
            (_, None) => Some("rejected by the server".to_owned()),
        }
    }

    /// How the peer proved itself by a certificate, or that it did not.
    fn certificate_line(&self) -> String {
        let Some(leaf) = self.peer_chain().into_iter().next() else {
            return match (self.role, self.trust) {
                (Role::Server, None) => "not asked for a certificate".to_owned(),
                _ => "showed no certificate".to_owned(),
            };
        };
        // A resumed session has no new signature.
        let scheme = self
            .facts
            .peer_signature_scheme
            .map_or_else(String::new, |scheme| format!(" by {scheme}"));
        let name = describe::short_name(&leaf.subject);
        if self.relaxed.contains(&InsecureRule::Issuer) {
            return format!("{name}, NOT AUTHENTICATED: any issuer is accepted");
        }
        let mut checked = vec!["issuer"];
        for (rule, text) in [
            (InsecureRule::Dates, "dates"),
            (InsecureRule::Usage, "usage"),
        ] {
            if !self.relaxed.contains(&rule) {
                checked.push(text);
            }
        }
        let mut checked = checked.join(", ");
        if let Some(wanted) = self.name
            && !self.relaxed.contains(&InsecureRule::Name)
        {
            checked.push_str(&format!(", name {wanted}"));
        }
        let trust = self
            .trust
            .map_or_else(String::new, |source| format!("; trust: {source}"));
        format!("{name}, proved{scheme}; checked: {checked}{trust}")
    }

    /// How this side was authenticated.
    fn own_line(&self) -> String {
        let by_key = match (&self.facts.psk, self.facts.resumed) {
            (Some(psk), false) => Some(self.psk_text(psk)),
            (_, true) => Some(self.resumed_text()),
            (None, false) => None,
        };
        let Some(credential) = &self.facts.local_credential else {
            return match by_key {
                Some(by_key) if !self.facts.resumed => format!("{by_key}; no certificate"),
                Some(by_key) => by_key,
                None => "showed no certificate".to_owned(),
            };
        };
        let chain = describe_all(credential.certificates());
        let Some(leaf) = chain.first() else {
            return "showed no certificate".to_owned();
        };
        let scheme = self
            .facts
            .local_signature_scheme
            .map_or_else(String::new, |scheme| format!(" by {scheme}"));
        let by_key = by_key.map_or_else(String::new, |by_key| format!("{by_key}; and "));
        format!(
            "{by_key}{}, proved{scheme}; {}",
            describe::short_name(&leaf.subject),
            when::days_left(leaf.not_before, leaf.not_after, when::now())
        )
    }

    fn times(&self) -> String {
        let handshake = format!("handshake {:.1} ms", milliseconds(self.handshake));
        match self.tcp {
            Some(tcp) => format!("TCP {:.1} ms, {handshake}", milliseconds(tcp)),
            None => handshake,
        }
    }
}

/// Which leniencies the peer's chain was accepted by. `name` is the one that a server had to prove; clients have none.
pub(crate) fn leniency_needed(
    trust: &Trust,
    facts: &ConnectionFacts,
    name: Option<&str>,
) -> Vec<Leniency> {
    let name = name.and_then(|name| ServerName::try_from(name).ok());
    let needed = facts.peer_certificates.as_deref().map(|certificates| {
        let role = name.as_ref().map_or(PeerRole::Client, PeerRole::Server);
        let mut chain = PresentedChain::new(certificates, role, UnixTime::now());
        let decrypts = matches!(facts.cipher_suite.key_exchange(), Some("RSA" | "RSA_PSK"));
        if name.is_some() && decrypts {
            chain.key_use = KeyUse::KeyEncipherment;
        }
        trust.leniency_needed(&chain)
    });
    // It was accepted a moment ago.
    needed.and_then(Result::ok).unwrap_or_default()
}

/// The line for people; `None` if the chain keeps today's rules.
pub(crate) fn leniency_line(needed: &[Leniency]) -> Option<String> {
    (!needed.is_empty()).then(|| {
        let needed = words(needed).join(", ");
        row("lenient", &format!("accepted only because of {needed}"))
    })
}

pub(crate) fn words(needed: &[Leniency]) -> Vec<String> {
    needed.iter().map(ToString::to_string).collect()
}

/// What only versions before TLS 1.3 have.
#[cfg(feature = "legacy")]
mod legacy {
    use warifu::ConnectionFacts;

    pub(super) fn weaknesses(facts: &ConnectionFacts) -> Vec<&'static str> {
        facts.weaknesses()
    }

    pub(super) fn psk_identity_hint(facts: &ConnectionFacts) -> Option<&[u8]> {
        facts.legacy.as_ref()?.psk_identity_hint.as_deref()
    }

    pub(super) fn dh_bits(facts: &ConnectionFacts) -> Option<u32> {
        facts.legacy.as_ref()?.dh_bits
    }
}

/// This build has TLS 1.3 alone.
#[cfg(not(feature = "legacy"))]
mod legacy {
    use warifu::ConnectionFacts;

    pub(super) fn weaknesses(_: &ConnectionFacts) -> Vec<&'static str> {
        Vec::new()
    }

    pub(super) fn psk_identity_hint(_: &ConnectionFacts) -> Option<&[u8]> {
        None
    }

    pub(super) fn dh_bits(_: &ConnectionFacts) -> Option<u32> {
        None
    }
}

/// `PSK "alice" (external)`
fn key_text(psk: &PskFacts) -> String {
    format!("PSK \"{}\" ({})", printable(&psk.identity), psk.kind)
}

/// `1 byte`, `12 bytes`
pub(crate) fn bytes(count: usize) -> String {
    match count {
        1 => "1 byte".to_owned(),
        _ => format!("{count} bytes"),
    }
}

fn row(label: &str, value: &str) -> String {
    format!("{label:<9} {value}")
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

fn describe_all(chain: &[CertificateDer<'_>]) -> Vec<Description> {
    chain
        .iter()
        .filter_map(|der| describe::describe(der).ok())
        .collect()
}

fn chain_line(certificate: &Description) -> String {
    let left = when::days_left(certificate.not_before, certificate.not_after, when::now());
    let issuer = if certificate.self_issued {
        "itself"
    } else {
        describe::short_name(&certificate.issuer)
    };
    format!(
        "{} ({}), issued by {issuer}, {left}",
        describe::short_name(&certificate.subject),
        certificate.key
    )
}
