//! Files with certificates and keys: what they hold, and how new ones are written.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding as _};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use warifu_crypto::Secret;
use zeroize::Zeroizing;

use crate::exit::Failure;

/// Files larger than this are not certificates or keys.
const MAX_FILE_LEN: u64 = 16 * 1024 * 1024;

/// One object found in a file.
#[derive(Debug)]
pub(crate) enum Item {
    Certificate(CertificateDer<'static>),
    /// PKCS#8, PKCS#1 or SEC 1, DER.
    Key(Secret),
    /// PKCS#8 `EncryptedPrivateKeyInfo`, DER.
    EncryptedKey(Vec<u8>),
    /// PEM of another kind, by its label.
    Other(String),
}

/// All objects of a file, PEM or DER, in the file's order.
pub(crate) fn read_items(path: &Path, holds: &'static str) -> Result<Vec<Item>, Failure> {
    let bytes = read_bytes(path, holds)?;
    let items = match looks_like_pem(&bytes) {
        true => pem_items(&bytes),
        false => Ok(Vec::new()),
    };
    let items = match items {
        // DER may have such words in it.
        Ok(items) if items.is_empty() => der_item(&bytes).map(|item| vec![item]),
        items => items,
    };
    items.map_err(|found| wrong_content(path, holds, found))
}

/// The certificates of a file.
pub(crate) fn read_certificates(
    path: &Path,
    holds: &'static str,
) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let items = read_items(path, holds)?;
    let found = describe_items(&items);
    let certificates: Vec<_> = items
        .into_iter()
        .filter_map(|item| match item {
            Item::Certificate(certificate) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(wrong_content(path, holds, format!("it holds {found}")));
    }
    Ok(certificates)
}

pub(crate) fn wrong_content(path: &Path, wanted: &'static str, found: String) -> Failure {
    Failure::WrongContent {
        path: path.to_owned(),
        wanted,
        found,
    }
}

/// What the items are, in words.
pub(crate) fn describe_items(items: &[Item]) -> String {
    let count = |wanted: fn(&Item) -> bool, one: &str, many: &str| match items
        .iter()
        .filter(|item| wanted(item))
        .count()
    {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    };
    let mut parts: Vec<String> = [
        count(
            |item| matches!(item, Item::Certificate(_)),
            "certificate",
            "certificates",
        ),
        count(
            |item| matches!(item, Item::Key(_) | Item::EncryptedKey(_)),
            "private key",
            "private keys",
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    for item in items {
        if let Item::Other(label) = item {
            parts.push(format!("a {label}"));
        }
    }
    parts.join(" and ")
}

/// A file with data to be sent, whatever it is.
pub(crate) fn read_data(path: &Path) -> Result<Vec<u8>, Failure> {
    read_bytes(path, "data").map(|bytes| bytes.to_vec())
}

/// A file with secrets, of at most `max` bytes, which nobody but its owner may read or change.
pub(crate) fn read_secret(
    path: &Path,
    holds: &'static str,
    max: u64,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let unreadable = |error| Failure::Unreadable {
        path: path.to_owned(),
        holds,
        error,
    };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(unreadable(io::ErrorKind::IsADirectory.into()));
    }
    // Pipes and devices have modes that say nothing about who can read what comes out of them.
    if metadata.is_file() && metadata.mode() & 0o077 != 0 {
        return Err(Failure::Exposed {
            path: path.to_owned(),
            mode: metadata.mode(),
        });
    }
    let bytes = read_whole(file, max).map_err(unreadable)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > max {
        return Err(wrong_content(path, holds, "it is too large".to_owned()));
    }
    Ok(bytes)
}

/// Reads to the end, or `max` bytes and one more. A buffer that becomes too small is wiped before it is given back: keys may be in it.
pub(crate) fn read_whole(input: impl Read, max: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut input = input.take(max + 1);
    let mut bytes = Zeroizing::new(vec![0; 4096]);
    let mut len = 0;
    loop {
        if len == bytes.len() {
            let mut larger = Zeroizing::new(vec![0; 2 * len]);
            if let Some(start) = larger.get_mut(..len) {
                start.copy_from_slice(&bytes);
            }
            bytes = larger;
        }
        match input.read(bytes.get_mut(len..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(count) => len += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(len);
    Ok(bytes)
}

fn read_bytes(path: &Path, holds: &'static str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let unreadable = |error| Failure::Unreadable {
        path: path.to_owned(),
        holds,
        error,
    };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(unreadable(io::ErrorKind::IsADirectory.into()));
    }
    // Devices and pipes tell no length: what is read is bounded too.
    let file = File::open(path).map_err(unreadable)?;
    let bytes = read_whole(file, MAX_FILE_LEN).map_err(unreadable)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_FILE_LEN {
        return Err(wrong_content(
            path,
            holds,
            "it is larger than 16 MiB".to_owned(),
        ));
    }
    Ok(bytes)
}

fn looks_like_pem(bytes: &[u8]) -> bool {
    bytes.windows(11).any(|window| window == b"-----BEGIN ")
}

fn pem_items(bytes: &[u8]) -> Result<Vec<Item>, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // What is no ASCII stands outside of base64; it may be of any character set.
    let ascii = |byte: &u8| if byte.is_ascii() { *byte } else { b'?' };
    let text: Zeroizing<Vec<u8>> = Zeroizing::new(bytes.iter().map(ascii).collect());
    let text = str::from_utf8(&text).map_err(|error| error.to_string())?;
    if text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(
            "a key in OpenSSL's old encrypted format; convert it with: openssl pkcs8 -topk8 -in OLD -out NEW"
                .to_owned(),
        );
    }
    let mut items = Vec::new();
    let mut rest = text;
    while let Some((label, after)) = section_start(rest) {
        let Some((body, after)) = after.split_once(&format!("-----END {label}-----")) else {
            return Err(format!("damaged PEM: the section {label} has no end"));
        };
        let der = || {
            let damaged = || format!("damaged PEM: the section {label} is not base64");
            decode(body).ok_or_else(damaged)
        };
        items.push(match label {
            "CERTIFICATE" => Item::Certificate(der()?.to_vec().into()),
            "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" => {
                Item::Key(Secret::from_slice(&der()?))
            }
            "ENCRYPTED PRIVATE KEY" => Item::EncryptedKey(der()?.to_vec()),
            other => Item::Other(other.to_owned()),
        });
        rest = after;
    }
    Ok(items)
}

/// The label of the first line that begins a section, and what stands behind that line. The same words within a line begin none.
fn section_start(mut text: &str) -> Option<(&str, &str)> {
    while !text.is_empty() {
        let end = text.find(['\n', '\r']).map_or(text.len(), |end| end + 1);
        let (line, after) = text.split_at(end);
        let label = line.trim_ascii().strip_prefix("-----BEGIN ");
        if let Some(label) = label.and_then(|label| label.strip_suffix("-----")) {
            return Some((label, after));
        }
        text = after;
    }
    None
}

/// What the lines of a section hold. No copy of it is left behind: buffers have their length from the start.
fn decode(body: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut digits = Zeroizing::new(Vec::with_capacity(body.len()));
    digits.extend(body.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let mut der = Zeroizing::new(vec![0; digits.len()]);
    let len = Base64::decode(digits.as_slice(), &mut der).ok()?.len();
    der.truncate(len);
    Some(der)
}

fn der_item(bytes: &[u8]) -> Result<Item, String> {
    if bytes.first() != Some(&0x30) {
        return Err(describe(bytes));
    }
    if let Ok((rest, _)) = x509_parser::parse_x509_certificate(bytes)
        && rest.is_empty()
    {
        return Ok(Item::Certificate(bytes.to_vec().into()));
    }
    if pkcs8::EncryptedPrivateKeyInfoRef::try_from(bytes).is_ok() {
        return Ok(Item::EncryptedKey(bytes.to_vec()));
    }
    match PrivateKeyDer::try_from(bytes) {
        Ok(_) => Ok(Item::Key(Secret::from_slice(bytes))),
        Err(_) => Err("DER, but neither a certificate nor a private key".to_owned()),
    }
}

/// What some bytes look like, when they are not what was wanted.
fn describe(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        "it is empty".to_owned()
    } else if bytes.iter().all(|b| matches!(b, 0x09..=0x0d | 0x20..=0x7e)) {
        let start: String = String::from_utf8_lossy(bytes)
            .chars()
            .take(30)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        format!("it is text without PEM, beginning {start:?}")
    } else {
        "its bytes are neither PEM nor DER".to_owned()
    }
}

/// Whether a new file may replace an old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overwrite {
    Never,
    Force,
}

/// Writes a file that appears whole or not at all, with the given mode (0o600 for keys, 0o644 for certificates).
pub(crate) fn write_new(
    path: &Path,
    contents: &[u8],
    mode: u32,
    overwrite: Overwrite,
) -> Result<(), Failure> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::FileExists {
            path: path.to_owned(),
        },
        _ => Failure::Unwritable {
            path: path.to_owned(),
            error,
        },
    };
    if overwrite == Overwrite::Never && path.symlink_metadata().is_ok() {
        return Err(failed(io::ErrorKind::AlreadyExists.into()));
    }
    let (temporary, mut file) = create_temporary(path, mode).map_err(failed)?;
    let written = (|| {
        file.write_all(contents)?;
        file.sync_all()?;
        match overwrite {
            // A hard link fails when the name exists already: no window between the check and the creation.
            Overwrite::Never => fs::hard_link(&temporary, path),
            Overwrite::Force => fs::rename(&temporary, path),
        }
    })();
    // After a rename the temporary name is gone already; nothing else can be done about a failure here.
    let _ = fs::remove_file(&temporary);
    written.map_err(failed)
}

/// A new file beside `path` that nobody else has.
fn create_temporary(path: &Path, mode: u32) -> io::Result<(PathBuf, fs::File)> {
    let mut tag = [0; 8];
    warifu_crypto::random::fill(&mut tag).map_err(|_| io::Error::other("no random numbers"))?;
    let mut name = path
        .file_name()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?
        .to_owned();
    name.push(format!(".{:016x}.tmp", u64::from_be_bytes(tag)));
    let temporary = path.with_file_name(name);
    let file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&temporary)?;
    Ok((temporary, file))
}

/// Makes a directory and its parents, all readable by this user only.
pub(crate) fn create_private_dir(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}
