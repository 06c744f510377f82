//! `warifu cert show`: what a PEM or DER file holds.

use std::path::Path;

use serde_json::{Value, json};

use crate::args_cert::ShowArguments;
use crate::describe::{self, Description};
use crate::exit::Failure;
use crate::files::{self, Item};
use crate::key::Key;
use crate::{report, when};

/// `warifu cert show`.
pub(crate) fn show(arguments: &ShowArguments) -> Result<(), Failure> {
    for path in &arguments.files {
        show_file(path, arguments)?;
    }
    Ok(())
}

fn show_file(path: &Path, arguments: &ShowArguments) -> Result<(), Failure> {
    let items = files::read_items(path, "certificate or private key")?;
    if !arguments.json {
        report::line(&format!(
            "{}: {}",
            path.display(),
            files::describe_items(&items)
        ))?;
    }
    let mut chain = Vec::new();
    for item in &items {
        match item {
            Item::Certificate(der) => {
                let found = describe::describe(der)
                    .map_err(|error| files::wrong_content(path, "readable certificate", error))?;
                print(arguments.json, certificate_json(&found), || {
                    certificate_lines(&found, when::now())
                })?;
                chain.push(found);
            }
            Item::Key(der) => show_key(&Key::from_der(path, der)?, false, arguments.json)?,
            Item::EncryptedKey(der) if arguments.passphrase.is_some() => {
                let key = Key::from_encrypted(path, der, arguments.passphrase.as_ref())?;
                show_key(&key, true, arguments.json)?;
            }
            Item::EncryptedKey(_) => {
                let json = json!({ "type": "private key", "encrypted": true });
                print(arguments.json, json, || {
                    let hint = "add --passphrase SOURCE to see its kind";
                    vec![format!("  private key   encrypted ({hint})")]
                })?;
            }
            Item::Other(label) => {
                print(arguments.json, json!({ "type": label }), || {
                    vec![format!("  {label} (not shown)")]
                })?;
            }
        }
    }
    if !arguments.json && chain.len() > 1 {
        report::line(&format!("  {}", chain_order(&chain)))?;
    }
    Ok(())
}

fn print(as_json: bool, json: Value, lines: impl FnOnce() -> Vec<String>) -> Result<(), Failure> {
    if as_json {
        return report::line(&json.to_string());
    }
    lines().iter().try_for_each(|line| report::line(line))
}

/// Whether each certificate is followed by its issuer's, as TLS wants it.
pub(crate) fn chain_order(chain: &[Description]) -> String {
    for (position, pair) in chain.windows(2).enumerate() {
        if let [subject, issuer] = pair
            && subject.issuer != issuer.subject
        {
            return format!(
                "chain order: WRONG, certificate {} was issued by {:?}, but {:?} follows it",
                position + 1,
                describe::short_name(&subject.issuer),
                describe::short_name(&issuer.subject),
            );
        }
    }
    "chain order: right, each certificate is followed by its issuer".to_owned()
}

fn certificate_lines(found: &Description, now: i64) -> Vec<String> {
    let list = |items: &[String]| {
        if items.is_empty() {
            "none".to_owned()
        } else {
            items.join(", ")
        }
    };
    let issuer = if found.self_issued {
        "itself".to_owned()
    } else {
        found.issuer.clone()
    };
    let kind = match (found.is_ca, found.path_len) {
        (true, Some(len)) => format!("CA, at most {len} CAs below it"),
        (true, None) => "CA".to_owned(),
        (false, _) => "leaf".to_owned(),
    };
    let mut lines = vec![
        format!("  certificate   {} ({kind})", found.subject),
        format!("    issued by   {issuer}"),
        format!("    names       {}", list(&found.names)),
        format!(
            "    valid       {} to {}: {}",
            when::date_time(found.not_before),
            when::date_time(found.not_after),
            when::days_left(found.not_before, found.not_after, now)
        ),
        format!("    key         {}", found.key),
        format!("    usage       {}", list(&found.usages)),
        format!("    signature   {}", found.signature),
    ];
    if !found.permitted.is_empty() {
        lines.push(format!("    only for    {}", list(&found.permitted)));
    }
    if !found.excluded.is_empty() {
        lines.push(format!("    not for     {}", list(&found.excluded)));
    }
    lines.extend([
        format!("    serial      {}", found.serial),
        format!("    SHA-256     {}", found.fingerprint),
        format!("    key SHA-256 {}", found.key_fingerprint),
    ]);
    lines
}

/// A certificate as a JSON object; times are seconds since 1970.
pub(crate) fn certificate_json(found: &Description) -> Value {
    json!({
        "type": "certificate",
        "subject": found.subject,
        "issuer": found.issuer,
        "names": found.names,
        "not_before": found.not_before,
        "not_after": found.not_after,
        "days_left": when::days_until(found.not_after, when::now()),
        "key": found.key,
        "usages": found.usages,
        "signature": found.signature,
        "is_ca": found.is_ca,
        "permitted": found.permitted,
        "excluded": found.excluded,
        "serial": found.serial,
        "sha256": found.fingerprint,
        "key_sha256": found.key_fingerprint,
    })
}

fn show_key(key: &Key, encrypted: bool, as_json: bool) -> Result<(), Failure> {
    let kind = key.kind().to_string();
    let fingerprint = describe::sha256(key.spki());
    let json = json!({
        "type": "private key", "key": kind, "key_sha256": fingerprint, "encrypted": encrypted,
    });
    print(as_json, json, || {
        let encrypted = if encrypted { ", encrypted" } else { "" };
        vec![
            format!("  private key   {kind}{encrypted}"),
            format!("    key SHA-256 {fingerprint}"),
        ]
    })
}
