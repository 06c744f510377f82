//! The pre-shared keys that the options of `server` and `client` name.

use std::path::{Path, PathBuf};

use warifu::config::ConfigBuilder;
use warifu::parameters::PskKeyExchangeMode;
use warifu::psk::{PskHash, PskRole};
use warifu::{Psk, PskPolicy};

use crate::args_psk::{PskArguments, PskHashName, PskMode, PskPolicyName};
use crate::exit::Failure;
use crate::psk_file::Entry;
use crate::psk_source;
use crate::report::Report;

/// Bytes of early data under one key, where both sides ask for early data at all.
const MAX_EARLY_DATA: u32 = 1 << 14;

/// The options that only TLS 1.3 has, and whether they are given.
pub(crate) fn tls13_options(arguments: &PskArguments) -> [(&'static str, bool); 2] {
    [
        ("--psk-mode", !arguments.psk_mode.is_empty()),
        ("--psk-import", arguments.psk_import.is_some()),
    ]
}

/// Says loudly what is dangerous about how the key was given.
pub(crate) fn banner(arguments: &PskArguments, report: &Report) {
    if arguments.psk.is_some() {
        report.warning(
            "WARNING   --psk: every user of this machine can see the key in the list of processes; use --psk-file",
        );
    }
    if arguments.psk_mode.contains(&PskMode::PskKe) {
        report.warning(
            "WARNING   psk_ke: whoever learns the key later can read what was recorded today",
        );
    }
}

/// A client's keys, each with what the options say of all of them.
pub(crate) fn keys(arguments: &PskArguments) -> Result<Vec<Psk>, Failure> {
    as_wanted(psk_source::load(arguments)?, arguments, PskRole::Client)
}

/// Keys as the options want them, for this side: a server takes early data only under a key of its own.
pub(crate) fn as_wanted(
    entries: Vec<Entry>,
    arguments: &PskArguments,
    role: PskRole,
) -> Result<Vec<Psk>, Failure> {
    let keys = entries.iter().map(|entry| psk(entry, arguments));
    keys.map(|psk| Ok(psk?.with_role(role))).collect()
}

/// One key as the options want all of them.
fn psk(entry: &Entry, arguments: &PskArguments) -> Result<Psk, Failure> {
    // Lengths and zeros were looked at when the key was read, where a line can be named.
    let psk = Psk::new_weak(&entry.identity, &entry.key.bytes)
        .map_err(|error| Failure::Config(error.to_string()))?;
    let psk = psk.with_hash(match arguments.psk_hash {
        PskHashName::Sha256 => PskHash::Sha256,
        PskHashName::Sha384 => PskHash::Sha384,
    });
    // Early data under a key can be replayed after a restart of the server, and is asked for by an option of its own.
    let psk = psk.with_replayable_early_data(MAX_EARLY_DATA);
    Ok(match &arguments.psk_import {
        Some(context) => psk.with_import(context),
        None => psk,
    })
}

/// Sets what both roles have in common. `has_certificates`: this side can use certificates too.
pub(crate) fn apply<R>(
    mut builder: ConfigBuilder<R>,
    arguments: &PskArguments,
    has_certificates: bool,
) -> ConfigBuilder<R> {
    let modes: Vec<_> = arguments
        .psk_mode
        .iter()
        .map(|mode| match mode {
            PskMode::PskDheKe => PskKeyExchangeMode::PSK_DHE_KE,
            PskMode::PskKe => PskKeyExchangeMode::PSK_KE,
        })
        .collect();
    if !modes.is_empty() {
        builder = builder.with_psk_modes(&modes);
    }
    if !arguments.is_given() {
        return builder;
    }
    builder.with_psk_policy(policy(arguments, has_certificates))
}

fn policy(arguments: &PskArguments, has_certificates: bool) -> PskPolicy {
    match (arguments.psk_policy, has_certificates) {
        (Some(PskPolicyName::Optional), _) | (None, true) => PskPolicy::Optional,
        (Some(PskPolicyName::Required), _) | (None, false) => PskPolicy::Required,
        (Some(PskPolicyName::WithCertificate), _) => PskPolicy::RequiredWithCertificate,
    }
}

/// Whether nothing but TLS 1.3 will do: a key is needed, and imported keys are of that version.
pub(crate) fn need_tls13(arguments: &PskArguments, has_certificates: bool) -> bool {
    arguments.is_given()
        && arguments.psk_import.is_some()
        && policy(arguments, has_certificates) != PskPolicy::Optional
}

/// What to tell a client to add to its command.
pub(crate) fn client_options(arguments: &PskArguments, identity: &str) -> String {
    let path = arguments
        .psk_file
        .first()
        .cloned()
        .unwrap_or_else(|| PathBuf::from("FILE"));
    let mut options = format!(
        "--psk-identity {} --psk-file {}",
        crate::server::quoted(Path::new(identity)),
        crate::server::quoted(&path)
    );
    let given = |list: &[PskMode]| {
        let names: Vec<_> = list
            .iter()
            .map(|mode| match mode {
                PskMode::PskDheKe => "psk_dhe_ke",
                PskMode::PskKe => "psk_ke",
            })
            .collect();
        names.join(",")
    };
    if !arguments.psk_mode.is_empty() {
        options.push_str(&format!(" --psk-mode {}", given(&arguments.psk_mode)));
    }
    if arguments.psk_hash == PskHashName::Sha384 {
        options.push_str(" --psk-hash sha384");
    }
    if let Some(context) = &arguments.psk_import {
        options.push_str(&format!(
            " --psk-import {}",
            crate::server::quoted(Path::new(context))
        ));
    }
    if arguments.psk_policy == Some(PskPolicyName::WithCertificate) {
        options.push_str(" --psk-policy with-certificate");
    }
    if arguments.allow_weak_psk {
        options.push_str(" --allow-weak-psk");
    }
    options
}
