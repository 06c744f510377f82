//! `warifu psk gen`, `list` and `convert`.
//!
//! `gen` and `convert` are there to put keys out; nothing else ever does. Not even a fingerprint is shown: of a weak
//! key it would do to try passwords against.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use serde_json::json;
use zeroize::Zeroizing;

use crate::args_psk::{ConvertArguments, GenArguments, KeyBits, ListArguments};
use crate::exit::Failure;
use crate::exit_psk::{ContentProblem, Origin, PskProblem};
use crate::files::{self, Overwrite};
use crate::psk_file::{self, Entry, Keys, PskFile, Wanted};
use crate::psk_format::{self, Format};
use crate::psk_line::{KeyForm, Secret};
use crate::psk_source::{self, Contents};
use crate::{hex, report};

/// `warifu psk gen`.
pub(crate) fn generate(arguments: &GenArguments) -> Result<(), Failure> {
    let identity = match &arguments.identity {
        Some(identity) => identity.0.clone(),
        None => random_identity()?,
    };
    let entry = Entry {
        identity,
        key: random_key(arguments.bits)?,
        origin: Origin::value("the new key"),
    };
    let format = arguments.format.unwrap_or(Format::Native);
    if let Some(path) = &arguments.append {
        return append(path, &entry, arguments.format);
    }
    let text = psk_format::write(std::slice::from_ref(&entry), format)?;
    put_out(&text, arguments.out.as_deref(), arguments.force)?;
    advise(std::slice::from_ref(&entry), format);
    Ok(())
}

/// `warifu psk list`.
pub(crate) fn list(arguments: &ListArguments) -> Result<(), Failure> {
    for path in &arguments.files {
        let file = psk_source::read_file(path, arguments.format)?;
        if arguments.json {
            report::line(&file_json(path, &file).to_string())?;
        } else {
            report::line(&format!("{}: {}", path.display(), summary(&file)))?;
            file_lines(&file)
                .iter()
                .try_for_each(|line| report::line(line))?;
        }
    }
    Ok(())
}

/// `warifu psk convert`.
pub(crate) fn convert(arguments: &ConvertArguments) -> Result<(), Failure> {
    let wanted = Wanted {
        identity: arguments
            .psk_identity
            .as_ref()
            .map(|identity| identity.0.as_slice()),
        allow_weak: arguments.allow_weak_psk,
    };
    let file = psk_source::read_file(&arguments.file, arguments.format)?;
    let entries = psk_file::join(vec![file], wanted)?;
    let text = psk_format::write(&entries, arguments.to)?;
    put_out(&text, arguments.out.as_deref(), arguments.force)?;
    advise(&entries, arguments.to);
    Ok(())
}

/// Keys to a new file that only this user can read, or to standard output.
fn put_out(text: &str, out: Option<&Path>, force: bool) -> Result<(), Failure> {
    let Some(path) = out else {
        return report::bytes(text.as_bytes());
    };
    let overwrite = match force {
        true => Overwrite::Force,
        false => Overwrite::Never,
    };
    files::write_new(path, text.as_bytes(), 0o600, overwrite)?;
    report::status(&format!(
        "made   {}    readable by this user only: keep it so, and give the key to the peer where nobody listens",
        path.display()
    ));
    Ok(())
}

/// What must be known beside the file.
fn advise(entries: &[Entry], format: Format) {
    for entry in entries {
        let identity = psk_format::spell(&entry.identity);
        match format {
            Format::Zabbix => report::status(&format!(
                "next:  TLSPSKIdentity={identity}    belongs into the configuration of Zabbix: its key file holds no identities"
            )),
            Format::Gnutls if identity.starts_with("hex:") => report::status(&format!(
                "next:  --psk-format gnutls    when warifu reads the file: {identity} is written with #, like a comment"
            )),
            _ => {}
        }
    }
}

/// Adds a line to a file, which is made if it does not exist. Nobody else may add one meanwhile.
fn append(path: &Path, entry: &Entry, format: Option<Format>) -> Result<(), Failure> {
    let unwritable = |error| Failure::Unwritable {
        path: path.to_owned(),
        error,
    };
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(unwritable)?;
    file.lock().map_err(unwritable)?;
    let metadata = file.metadata().map_err(unwritable)?;
    let origin = Origin::file(path);
    let contents = Contents {
        bytes: psk_source::read_all(&file, &origin, unwritable)?,
        mode: metadata
            .is_file()
            .then(|| metadata.permissions().mode() & 0o7777),
        origin: origin.clone(),
    };
    contents.check_permissions()?;
    let format = format_for(&contents, entry, format)?;
    let line = psk_format::write(std::slice::from_ref(entry), format)?;
    let mut text = Zeroizing::new(String::with_capacity(line.len() + 1));
    if !contents.bytes.is_empty() && !contents.bytes.ends_with(b"\n") {
        text.push('\n');
    }
    text.push_str(&line);
    add(&mut file, text.as_bytes()).map_err(unwritable)?;
    report::status(&format!(
        "added  {}    a key of {} bits for {}",
        path.display(),
        entry.key.bits(),
        psk_format::spell(&entry.identity)
    ));
    advise(std::slice::from_ref(entry), format);
    Ok(())
}

/// The format in which a key joins a file, if it may.
fn format_for(
    contents: &Contents,
    entry: &Entry,
    format: Option<Format>,
) -> Result<Format, Failure> {
    let origin = &contents.origin;
    let file = match psk_file::parse(origin, &contents.bytes, format) {
        Ok(file) => file,
        Err(failure) if failure.problem == ContentProblem::NoKeys.into() => {
            return Ok(format.unwrap_or(Format::Native));
        }
        Err(failure) => return Err(failure.into()),
    };
    match &file.keys {
        Keys::Bare(..) => Err(origin
            .has(PskProblem::Inexpressible {
                identity: psk_format::spell(&entry.identity),
                format: file.format.unwrap_or(Format::Zabbix),
                reason: "the file holds a key alone, which no other can join",
            })
            .into()),
        Keys::Entries(entries) => match entries.iter().find(|old| old.identity == entry.identity) {
            Some(old) => Err(origin
                .has(PskProblem::AlreadyThere {
                    identity: psk_format::spell(&entry.identity),
                    line: old.origin.line,
                })
                .into()),
            None => Ok(file.format.unwrap_or(Format::Native)),
        },
    }
}

/// Adds bytes to a file, all or none.
fn add(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    let old_len = file.seek(SeekFrom::End(0))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        // What was written of the line would make the whole file unreadable.
        file.set_len(old_len)?;
    }
    written
}

fn random_key(bits: KeyBits) -> Result<Secret, Failure> {
    let mut bytes = Zeroizing::new(vec![0; bits.bytes]);
    fill(&mut bytes)?;
    Ok(Secret {
        bytes,
        form: KeyForm::Hex,
    })
}

/// An identity that tells nothing of whose it is: it is sent in the clear (RFC 9257 Section 7).
fn random_identity() -> Result<Vec<u8>, Failure> {
    let mut tag = [0; 4];
    fill(&mut tag)?;
    Ok(format!("psk-{}", hex::encode(&tag, "")).into_bytes())
}

fn fill(bytes: &mut [u8]) -> Result<(), Failure> {
    warifu_crypto::random::fill(bytes).map_err(|_| Failure::Making {
        problem: "no random numbers".to_owned(),
    })
}

/// What a file holds, in a few words.
pub(crate) fn summary(file: &PskFile) -> String {
    let count = match &file.keys {
        Keys::Bare(..) => "1 key without an identity".to_owned(),
        Keys::Entries(entries) if entries.len() == 1 => "1 identity".to_owned(),
        Keys::Entries(entries) => format!("{} identities", entries.len()),
    };
    match file.format {
        Some(format) => format!("{count}, {format} format"),
        None => format!("{count}, identity:hex as warifu, mosquitto, psktool and stunnel read it"),
    }
}

fn file_lines(file: &PskFile) -> Vec<String> {
    let line = |identity: &str, key: &Secret, at: &Origin| {
        let weak = match key.bytes.len() < psk_file::MIN_KEY_LEN {
            true => "   weak: less than 128 bits",
            false => "",
        };
        format!(
            "  line {:<4} {identity:<24} {:>4} bits   {}{weak}",
            at.line.unwrap_or(1),
            key.bits(),
            key.form.name()
        )
    };
    match &file.keys {
        Keys::Bare(key, at) => vec![line("(give --psk-identity)", key, at)],
        Keys::Entries(entries) => entries
            .iter()
            .map(|entry| {
                let identity = psk_format::spell(&entry.identity);
                line(&identity, &entry.key, &entry.origin)
            })
            .collect(),
    }
}

fn file_json(path: &Path, file: &PskFile) -> serde_json::Value {
    let key = |identity: Option<&[u8]>, key: &Secret, at: &Origin| {
        json!({
            "identity": identity.map(psk_format::spell),
            "bits": key.bits(),
            "form": key.form.name(),
            "line": at.line,
        })
    };
    let keys: Vec<_> = match &file.keys {
        Keys::Bare(secret, at) => vec![key(None, secret, at)],
        Keys::Entries(entries) => entries
            .iter()
            .map(|entry| key(Some(&entry.identity), &entry.key, &entry.origin))
            .collect(),
    };
    // Lines that mean the same to all are native ones too.
    let format = file.format.unwrap_or(Format::Native).name();
    json!({ "file": path, "format": format, "keys": keys })
}
