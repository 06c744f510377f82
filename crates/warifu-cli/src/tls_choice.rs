//! Which versions and cipher suites the options name: checked in the words of the options, and what is weak about them.

use std::ops::RangeInclusive;

use warifu::ConnectionFacts;
use warifu::config::{ConfigBuilder, Policy, SuiteStatus};
use warifu::parameters::{CipherSuite, ProtocolVersion};

use crate::args::{ChoiceArguments, PolicyName};
use crate::exit::Failure;
use crate::report::Report;
use crate::suite_names;
use crate::suites;
use crate::values::TlsVersions;

/// `--tls`, `--policy` and `--suites`.
#[derive(Debug)]
pub(crate) struct Choice {
    versions: Option<TlsVersions>,
    policy: Option<PolicyName>,
    suites: Option<Vec<CipherSuite>>,
}

impl Choice {
    /// # Errors
    /// A name that is not known, or options that leave a version without a suite.
    pub(crate) fn new(arguments: &ChoiceArguments) -> Result<Self, Failure> {
        let choice = Self {
            versions: arguments.tls.clone(),
            policy: arguments.policy,
            suites: arguments
                .suites
                .as_deref()
                .map(suite_names::parse)
                .transpose()?,
        };
        choice.check()?;
        Ok(choice)
    }

    fn check(&self) -> Result<(), Failure> {
        let modern = [PolicyName::Modern, PolicyName::Default];
        if let Some(policy) = self.policy
            && !cfg!(feature = "legacy")
            && !modern.contains(&policy)
        {
            return Err(Failure::Config(format!(
                "--policy {}: this build of warifu has TLS 1.3 only; older versions need one with the feature legacy",
                policy.policy()
            )));
        }
        let Some(versions) = &self.versions else {
            return Ok(());
        };
        for end in [versions.0.end(), versions.0.start()] {
            let has =
                |suite: &CipherSuite| suite.versions().is_some_and(|range| range.contains(end));
            if let Some(suites) = &self.suites
                && !suites.iter().any(has)
            {
                return Err(Failure::Config(format!(
                    "--tls {versions} and --suites: none of the suites named is one of {end}"
                )));
            }
            // With TLS 1.0 and 1.1 come the suites that these have.
            if let (Some(policy), None) = (self.policy, &self.suites)
                && *versions.0.start() >= ProtocolVersion::TLS1_2
                && !policy.policy().cipher_suites().iter().any(has)
            {
                return Err(Failure::Config(format!(
                    "--tls {versions} and --policy {}: that policy has no suite of {end}",
                    policy.policy()
                )));
            }
        }
        Ok(())
    }

    /// Sets them.
    pub(crate) fn apply<R>(&self, mut builder: ConfigBuilder<R>) -> ConfigBuilder<R> {
        if let Some(policy) = self.policy {
            builder = builder.with_policy(policy.policy());
        }
        if let Some(versions) = &self.versions {
            builder = builder.with_versions(versions.0.clone());
        }
        if let Some(suites) = &self.suites {
            builder = builder.with_cipher_suites(suites);
        }
        builder
    }

    /// The options, as they were given.
    fn given(&self) -> String {
        let parts = [
            self.policy
                .map(|policy| format!("--policy {}", policy.policy())),
            self.versions
                .as_ref()
                .map(|versions| format!("--tls {versions}")),
            self.suites.as_ref().map(|_| "--suites".to_owned()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Says loudly what is older or weaker than the default, and which versions are off because no suite of theirs is on.
    /// `status` is that of suites in the configuration that was built.
    pub(crate) fn banner(
        &self,
        versions: &RangeInclusive<ProtocolVersion>,
        status: impl Fn(CipherSuite) -> SuiteStatus,
        report: &Report,
    ) {
        let on = CipherSuite::implemented().filter(|suite| status(*suite) == SuiteStatus::Enabled);
        let on: Vec<CipherSuite> = on.collect();
        let mut weak = weak(versions, &on);
        if self.policy == Some(PolicyName::Legacy) && *versions.start() < ProtocolVersion::TLS1_3 {
            weak.push("peers without secure renegotiation (RFC 5746)".to_owned());
        }
        if !weak.is_empty() {
            report.warning(&format!(
                "WARNING   {} allows {}",
                self.given(),
                weak.join("; ")
            ));
        }
        if let Some(line) = self.lost_versions(versions) {
            report.status(&format!("versions  {line}"));
        }
    }

    /// What a client must be told to have a suite in common with a server of these options; begins with a blank, and is
    /// empty if it need not be told anything.
    pub(crate) fn for_clients(
        &self,
        status: impl Fn(CipherSuite) -> SuiteStatus,
        arguments: &ChoiceArguments,
    ) -> String {
        let by_default = Policy::Default.cipher_suites();
        if by_default
            .into_iter()
            .any(|suite| status(suite) == SuiteStatus::Enabled)
        {
            return String::new();
        }
        let mut options = String::new();
        if let Some(policy) = self.policy {
            options.push_str(&format!(" --policy {}", policy.policy()));
        }
        if let Some(versions) = &self.versions {
            options.push_str(&format!(" --tls {versions}"));
        }
        if let Some(suites) = &arguments.suites {
            options.push_str(&format!(" --suites {}", suites.replace(' ', "")));
        }
        options
    }

    /// OpenSSL's list of suites says nothing of TLS 1.3, and ours does.
    fn lost_versions(&self, versions: &RangeInclusive<ProtocolVersion>) -> Option<String> {
        if self.suites.is_none() || self.versions.is_some() || !cfg!(feature = "legacy") {
            return None;
        }
        let policy = self.policy.map_or(Policy::Default, PolicyName::policy);
        let wanted = policy.versions();
        let lost = match (
            wanted.end() > versions.end(),
            wanted.start() < versions.start(),
        ) {
            (false, false) => return None,
            (true, _) => wanted.end(),
            (false, true) => wanted.start(),
        };
        Some(format!(
            "{} only: --suites names no suite of {lost}",
            spoken(versions)
        ))
    }
}

/// Refuses options that only TLS 1.3 has where it is off.
pub(crate) fn check_tls13_options(
    versions: &RangeInclusive<ProtocolVersion>,
    options: &[(&str, bool)],
) -> Result<(), Failure> {
    let given = options.iter().find(|(_, given)| *given);
    match given {
        Some((option, _)) if *versions.end() < ProtocolVersion::TLS1_3 => {
            Err(Failure::Config(format!(
                "{option} is of TLS 1.3, and only {} is allowed: leave it out, or --tls, --policy and --suites",
                spoken(versions)
            )))
        }
        _ => Ok(()),
    }
}

/// After how many messages keys are updated, or why they are not though `wanted`: the peer chose a version without updates.
pub(crate) fn key_updates(
    wanted: Option<u32>,
    facts: Option<&ConnectionFacts>,
) -> Result<Option<u32>, String> {
    match (wanted, facts) {
        (Some(_), Some(facts)) if facts.version < ProtocolVersion::TLS1_3 => Err(format!(
            "warning   --key-update: {} has no key updates, the keys stay as they are (--tls 1.3 refuses such peers)",
            facts.version
        )),
        _ => Ok(wanted),
    }
}

/// Refuses suites none of which goes with a certificate's key, where TLS 1.3 is off, in which any key does. `keys` are those
/// of the certificates, in words.
pub(crate) fn check_keys(
    versions: &RangeInclusive<ProtocolVersion>,
    status: impl Fn(CipherSuite) -> SuiteStatus,
    keys: &[String],
) -> Result<(), Failure> {
    if *versions.end() == ProtocolVersion::TLS1_3 {
        return Ok(());
    }
    let fits = |suite: CipherSuite| match suite.key_exchange() {
        Some("ECDHE_ECDSA") => keys
            .iter()
            .any(|key| key.starts_with("ECDSA") || key.starts_with("Ed25519")),
        Some("ECDHE_RSA" | "DHE_RSA") => keys.iter().any(|key| key.starts_with("RSA")),
        // A key that only signs does not decrypt.
        Some("RSA" | "RSA_PSK") => keys.iter().any(|key| key.starts_with("RSA ")),
        _ => true,
    };
    let mut on = CipherSuite::implemented().filter(|suite| status(*suite) == SuiteStatus::Enabled);
    if on.any(fits) {
        return Ok(());
    }
    Err(Failure::Config(format!(
        "no cipher suite that is on goes with the certificate's key ({}): name one of its kind in --suites (warifu suites shows them), or give a certificate of another kind (warifu cert server --kind rsa2048)",
        keys.join(", ")
    )))
}

/// What is weaker than all that the default policy allows.
fn weak(versions: &RangeInclusive<ProtocolVersion>, on: &[CipherSuite]) -> Vec<String> {
    let mut found = Vec::new();
    if *versions.start() < ProtocolVersion::TLS1_2 {
        let highest = ProtocolVersion::TLS1_1.min(*versions.end());
        let old = spoken(&(*versions.start()..=highest)).replace(" to ", " and ");
        found.push(format!("{old}, deprecated (RFC 8996)"));
    }
    let on: Vec<String> = on
        .iter()
        .map(|suite| match suites::is_forward_secret(*suite) {
            true => suite.to_string(),
            false => format!("{suite}, not forward secret"),
        })
        .collect();
    for (mark, text) in [
        ("not forward secret", "suites without forward secrecy"),
        ("_CBC_", "CBC"),
        ("_3DES_", "3DES, with blocks of 64 bits (Sweet32)"),
        ("_CCM_8", "authentication tags of 8 bytes (CCM-8)"),
    ] {
        if on.iter().any(|suite| suite.contains(mark)) {
            found.push(text.to_owned());
        }
    }
    found
}

/// `TLS 1.2`, `TLS 1.2 to TLS 1.3`
pub(crate) fn spoken(versions: &RangeInclusive<ProtocolVersion>) -> String {
    match versions.start() == versions.end() {
        true => versions.start().to_string(),
        false => format!("{} to {}", versions.start(), versions.end()),
    }
}
