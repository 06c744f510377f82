//! About ten lines on a new connection: who the peer is, how each side was authenticated, what was negotiated.

use std::time::Duration;

use serde_json::{Value, json};
use warifu::ConnectionFacts;
use warifu::pki_types::CertificateDer;

use crate::args::InsecureRule;
use crate::cert_show;
use crate::describe::{self, Description};
use crate::exit::Role;
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
    pub(crate) facts: &'a ConnectionFacts,
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
            row(
                "group",
                &facts
                    .group
                    .map_or_else(|| "none".to_owned(), |group| group.to_string()),
            ),
        ];
        lines.push(row(peers_side, &self.peer_line()));
        lines.extend(
            self.peer_chain()
                .iter()
                .map(|certificate| row("  chain", &chain_line(certificate))),
        );
        lines.push(row(own_side, &self.own_line()));
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
            "server_name": facts.server_name.as_deref(),
            "alpn": facts.alpn.as_deref().map(String::from_utf8_lossy),
            "peer_authenticated": facts.peer_certificates.is_some()
                && !self.relaxed.contains(&InsecureRule::Issuer),
            "peer_signature_scheme": facts.peer_signature_scheme.map(|scheme| scheme.to_string()),
            "peer_chain": chain,
            "own_signature_scheme": facts.local_signature_scheme.map(|scheme| scheme.to_string()),
            "relaxed": self.relaxed.iter().map(|rule| rule.danger()).collect::<Vec<_>>(),
            "max_record": facts.max_fragment_sent,
            "tcp_ms": self.tcp.map(milliseconds),
            "handshake_ms": milliseconds(self.handshake),
        })
    }

    fn peer_chain(&self) -> Vec<Description> {
        describe_all(self.facts.peer_certificates.as_deref().unwrap_or_default())
    }

    /// How the peer was authenticated.
    fn peer_line(&self) -> String {
        let Some(leaf) = self.peer_chain().into_iter().next() else {
            return match (self.role, self.trust) {
                (Role::Server, None) => "not asked for a certificate".to_owned(),
                _ => "showed no certificate".to_owned(),
            };
        };
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
        let Some(credential) = &self.facts.local_credential else {
            return "showed no certificate".to_owned();
        };
        let chain = describe_all(credential.certificates());
        let Some(leaf) = chain.first() else {
            return "showed no certificate".to_owned();
        };
        let scheme = self
            .facts
            .local_signature_scheme
            .map_or_else(String::new, |scheme| format!(" by {scheme}"));
        format!(
            "{}, proved{scheme}; {}",
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
