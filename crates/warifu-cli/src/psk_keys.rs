//! The pre-shared keys that the options of `server` and `client` name.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use warifu::config::ConfigBuilder;
use warifu::parameters::PskKeyExchangeMode;
use warifu::psk::PskHash;
use warifu::{Psk, PskPolicy};
use zeroize::Zeroizing;

use crate::args::{PskArguments, PskHashName, PskMode, PskPolicyName};
use crate::exit::Failure;
use crate::exit_psk::Origin;
use crate::psk_file::{self, Entry, Reading};
use crate::psk_source;
use crate::report::Report;

/// A key of more characters is a mistake (a whole file given, say).
const MAX_KEY_TEXT_LEN: u64 = 1 << 17;

/// Bytes of early data under one key, where both sides ask for early data at all.
const MAX_EARLY_DATA: u32 = 1 << 14;

/// Whether the options name a key at all.
pub(crate) fn are_given(arguments: &PskArguments) -> bool {
    arguments.psk_file.is_some()
        || arguments.psk_env.is_some()
        || arguments.psk_fd.is_some()
        || arguments.psk_prompt
        || arguments.psk.is_some()
}

/// Refuses options about keys where there is none.
pub(crate) fn check_given(arguments: &PskArguments) -> Result<(), Failure> {
    let without = if arguments.psk_identity.is_some() {
        "--psk-identity"
    } else if arguments.psk_import.is_some() {
        "--psk-import"
    } else if arguments.psk_policy.is_some() {
        "--psk-policy"
    } else {
        return Ok(());
    };
    if are_given(arguments) {
        return Ok(());
    }
    Err(Failure::Config(format!(
        "{without} is about a pre-shared key, and none is given: add --psk-file FILE, --psk-env VARIABLE, --psk-fd N or --psk-prompt"
    )))
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

/// The keys, each with what the options say of all of them.
pub(crate) fn keys(arguments: &PskArguments) -> Result<Vec<Psk>, Failure> {
    check_given(arguments)?;
    let reading = Reading {
        format: arguments.psk_format,
        identity: arguments
            .psk_identity
            .as_ref()
            .map(|identity| identity.0.as_slice()),
        allow_weak: arguments.allow_weak_psk,
    };
    let entries = match (&arguments.psk_file, are_given(arguments)) {
        (Some(path), _) => psk_source::load(path, reading)?,
        (None, true) => {
            let (origin, text) = key_text(arguments)?;
            psk_file::load_from(&origin, text.trim().as_bytes(), reading)?
        }
        (None, false) => Vec::new(),
    };
    entries.iter().map(|entry| psk(entry, arguments)).collect()
}

/// The key as it was given, and where.
fn key_text(arguments: &PskArguments) -> Result<(Origin, Zeroizing<String>), Failure> {
    let (source, text) = if let Some(name) = &arguments.psk_env {
        let value = std::env::var(name).map(Zeroizing::new);
        (
            format!("the environment variable {name}"),
            value.map_err(|error| io::Error::other(error.to_string())),
        )
    } else if let Some(number) = arguments.psk_fd {
        // The descriptor is reopened by its name in /dev/fd: taking it over by number would need unsafe code.
        let line = File::open(format!("/dev/fd/{number}")).and_then(first_line);
        (format!("file descriptor {number}"), line)
    } else if let Some(key) = &arguments.psk {
        ("--psk".to_owned(), Ok(Zeroizing::new(key.clone())))
    } else {
        let prompt = "Pre-shared key (hexadecimal, base64:… or text:…): ";
        let typed = rpassword::prompt_password(prompt).map(Zeroizing::new);
        ("the terminal".to_owned(), typed)
    };
    match text {
        Ok(text) => Ok((Origin::other(&source), text)),
        Err(error) => Err(Failure::PskUnavailable {
            source,
            error: error.to_string(),
        }),
    }
}

fn first_line(file: File) -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::with_capacity(1024));
    BufReader::new(file.take(MAX_KEY_TEXT_LEN)).read_line(&mut line)?;
    Ok(line)
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
    // Early data under a key is as dangerous as any, and asked for by an option of its own.
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
    if !are_given(arguments) {
        return builder;
    }
    builder.with_psk_policy(match (arguments.psk_policy, has_certificates) {
        (Some(PskPolicyName::Optional), _) | (None, true) => PskPolicy::Optional,
        (Some(PskPolicyName::Required), _) | (None, false) => PskPolicy::Required,
        (Some(PskPolicyName::WithCertificate), _) => PskPolicy::RequiredWithCertificate,
    })
}

/// What to tell a client to add to its command.
pub(crate) fn client_options(arguments: &PskArguments, identity: &str) -> String {
    let path = arguments
        .psk_file
        .clone()
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
