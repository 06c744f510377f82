//! From files and options to the library's credentials and trust.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use warifu::certificate::MaterialProblem;
use warifu::credential::{Credential, CredentialError, Credentials, Passphrase};
use warifu::trust::{Trust, TrustBuilder, TrustError};

use crate::args::{
    IdentityArguments, InsecureRule, LenientRule, ProtocolArguments, TrustArguments,
};
use crate::exit::Failure;
use crate::passphrase;
use crate::report::Report;
use crate::values::PassphraseSource;

/// The certificates and keys named by `--cert` and `--key`.
pub(crate) fn credentials(identity: &IdentityArguments) -> Result<Vec<Arc<Credential>>, Failure> {
    if !identity.key.is_empty() && identity.key.len() != identity.cert.len() {
        return Err(Failure::Argument {
            option: "--key",
            value: format!("{} times", identity.key.len()),
            problem: format!("--cert is given {} times", identity.cert.len()),
            allowed: "one --key for each --cert, in the same order, or none".to_owned(),
        });
    }
    identity
        .cert
        .iter()
        .enumerate()
        .map(|(position, cert)| {
            let key = identity.key.get(position).unwrap_or(cert);
            credential(cert, key, identity.passphrase.as_ref())
        })
        .collect()
}

/// One certificate with its key.
pub(crate) fn credential(
    cert: &Path,
    key: &Path,
    source: Option<&PassphraseSource>,
) -> Result<Arc<Credential>, Failure> {
    let parts = || {
        Credential::builder()
            .with_certificate_file(cert)
            .with_key_file(key)
    };
    let mut made = parts().build();
    if let Err(CredentialError::Material(error)) = &made
        && error.problem == MaterialProblem::PassphraseNeeded
    {
        let passphrase = passphrase::passphrase_for(key, source)?;
        made = parts()
            .with_passphrase(Passphrase::new(passphrase.as_bytes()))
            .build();
    }
    made.map(Arc::new).map_err(|error| match error {
        CredentialError::KeyMismatch { .. } => Failure::KeyDoesNotFit {
            cert: cert.to_owned(),
            key: key.to_owned(),
        },
        CredentialError::Material(error)
            if cert == key && matches!(error.problem, MaterialProblem::Unexpected { .. }) =>
        {
            Failure::KeyMissing {
                cert: cert.to_owned(),
            }
        }
        CredentialError::Material(error) => Failure::Material(error),
        other => Failure::Config(other.to_string()),
    })
}

/// Several credentials as the library wants them.
pub(crate) fn choice(list: Vec<Arc<Credential>>) -> Credentials {
    Credentials::new(list)
}

/// Whom a peer must convince.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Client,
    /// `loopback`: the server is on this machine, where its user's local CA may be believed.
    Server {
        loopback: bool,
    },
}

/// The trust that the options describe, and where it comes from, in words.
#[derive(Debug)]
pub(crate) struct Trusted {
    pub(crate) trust: Arc<Trust>,
    pub(crate) source: String,
}

/// Whether the options say whom to believe.
pub(crate) fn is_explicit(arguments: &TrustArguments) -> bool {
    !arguments.ca.is_empty() || !arguments.pin.is_empty() || arguments.system_roots
}

/// Builds the trust. A client without `--ca`, `--pin` and `--system-roots` believes the system's CAs, and on this
/// machine the local CA besides; `None` if there is nothing at all to believe.
pub(crate) fn trust(
    arguments: &TrustArguments,
    peer: Peer,
    local_ca: Option<PathBuf>,
) -> Result<Trusted, Failure> {
    let mut builder = Trust::builder();
    let mut sources = Vec::new();
    for path in &arguments.ca {
        builder = builder.with_ca_file(path);
        sources.push(path.display().to_string());
    }
    for path in &arguments.pin {
        builder = builder.with_pinned_file(path);
        sources.push(format!("pin {}", path.display()));
    }
    for path in &arguments.crl {
        builder = builder.with_crl_file(path);
    }
    if arguments.system_roots {
        builder = builder.with_system_roots();
        sources.push("the system's CAs".to_owned());
    }
    if let Peer::Server { loopback } = peer
        && !is_explicit(arguments)
    {
        let local = local_ca.filter(|_| loopback);
        match local {
            // Nobody signs public certificates for loopback addresses: the system's CAs would add nothing.
            Some(path) => {
                builder = builder.with_ca_file(&path);
                sources.push(format!("the local CA {}", path.display()));
            }
            None if arguments.insecure.contains(&InsecureRule::Issuer) => {}
            None => {
                builder = builder.with_system_roots();
                sources.push("the system's CAs".to_owned());
            }
        }
    }
    for rule in &arguments.insecure {
        builder = relax(builder, *rule);
    }
    builder = allow(builder, &arguments.trust_lenient);
    let trust = builder.build().map_err(trust_failure)?;
    Ok(Trusted {
        trust: Arc::new(trust),
        source: sources.join(", "),
    })
}

/// What `--trust-lenient` says.
pub(crate) fn allow(builder: TrustBuilder, rules: &[LenientRule]) -> TrustBuilder {
    rules.iter().fold(builder, |builder, rule| {
        builder.dangerous().allow(rule.leniency())
    })
}

fn relax(builder: TrustBuilder, rule: InsecureRule) -> TrustBuilder {
    let dangerous = builder.dangerous();
    match rule {
        InsecureRule::Issuer => dangerous.accept_any_issuer(),
        InsecureRule::Name => dangerous.accept_any_name(),
        InsecureRule::Dates => dangerous.accept_any_date(),
        InsecureRule::Usage => dangerous.accept_any_usage(),
        InsecureRule::Revocation => dangerous
            .accept_unknown_revocation()
            .dangerous()
            .accept_expired_crls(),
    }
}

pub(crate) fn trust_failure(error: TrustError) -> Failure {
    match error {
        TrustError::Material(error) => Failure::Material(error),
        other => Failure::Config(other.to_string()),
    }
}

/// Says loudly which rules are relaxed and that secrets are logged, and what that allows.
pub(crate) fn banner(trust: &TrustArguments, protocol: &ProtocolArguments, report: &Report) {
    for rule in &trust.insecure {
        report.warning(&format!("WARNING   --insecure={}", rule.danger()));
    }
    for rule in &trust.trust_lenient {
        report.warning(&format!("WARNING   --trust-lenient={}", rule.danger()));
    }
    if let Some(path) = &protocol.keylog {
        report.warning(&format!(
            "WARNING   secrets are appended to {}: whoever reads it can decrypt these connections",
            path.display()
        ));
    }
}
