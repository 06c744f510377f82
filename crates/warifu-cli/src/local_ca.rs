//! The CA that a server without a certificate makes for itself, once per user.
//!
//! It lives in the user's state directory. Its name constraints allow nothing but this machine's own names, so
//! whoever steals its key gains nothing beyond this machine; clients trust it for loopback peers only.
//!
//! Files, all under `$XDG_STATE_HOME/warifu` (or `~/.local/state/warifu`), directory 0700, files 0600:
//! `ca.crt`, `ca.key`, `server.pem` (leaf and key in one file, so that they are replaced together) and `lock`.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rcgen::GeneralSubtree;
use time::Duration;
use warifu_crypto::KeyKind;

use crate::cert_make::{self, Leaf, SigningCa, Usage};
use crate::describe::{self, Description};
use crate::exit::Failure;
use crate::files::{self, Overwrite};
use crate::key::Key;
use crate::when;

const CA_LIFETIME: Duration = Duration::days(5 * 365);
/// The CA is replaced when it has less than this left: no leaf shall be cut short.
const CA_RENEWAL: Duration = Duration::days(30);
const LEAF_LIFETIME: Duration = Duration::days(7);
/// The leaf is replaced when it has less than this left.
const LEAF_RENEWAL: Duration = Duration::days(2);

/// What a server needs from the local CA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocalIdentity {
    /// The CA's certificate, for clients.
    pub(crate) ca: PathBuf,
    /// The server's certificate and key, in one file.
    pub(crate) server: PathBuf,
    /// Whether the CA was made just now.
    pub(crate) new_ca: bool,
}

/// The local CA's server certificate; makes and renews what is needed.
pub(crate) fn for_server() -> Result<LocalIdentity, Failure> {
    let directory = state_directory()?;
    prepare_in(&directory)
}

/// The local CA's certificate, if this user has one that clients may trust.
pub(crate) fn trusted_ca() -> Option<PathBuf> {
    let directory = state_directory().ok()?;
    let ca = directory.join("ca.crt");
    // A directory that others own or may write in is not this user's word.
    let metadata = fs::metadata(&directory).ok()?;
    (is_own(&metadata) && metadata.mode() & 0o022 == 0 && ca.is_file()).then_some(ca)
}

/// XDG Base Directory Specification: relative paths are to be ignored.
fn state_directory() -> Result<PathBuf, Failure> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    variable("XDG_STATE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| {
            variable("HOME")
                .filter(|path| path.is_absolute())
                .map(|home| home.join(".local/state"))
        })
        .map(|base| base.join("warifu"))
        .ok_or_else(|| Failure::State {
            path: PathBuf::from("~/.local/state/warifu"),
            problem: "neither XDG_STATE_HOME nor HOME is set".to_owned(),
        })
}

fn prepare_in(directory: &Path) -> Result<LocalIdentity, Failure> {
    let state = |error: io::Error| Failure::State {
        path: directory.to_owned(),
        problem: error.to_string(),
    };
    files::create_private_dir(directory).map_err(state)?;
    let metadata = fs::metadata(directory).map_err(state)?;
    if !is_own(&metadata) {
        return Err(state(io::Error::other("it belongs to another user")));
    }
    if metadata.mode() & 0o077 != 0 {
        fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).map_err(state)?;
    }
    // Held until the end: of two servers that start at once the second finds what the first made.
    let _lock = lock(&directory.join("lock")).map_err(state)?;

    let identity = LocalIdentity {
        ca: directory.join("ca.crt"),
        server: directory.join("server.pem"),
        new_ca: false,
    };
    let ca_key = directory.join("ca.key");
    let new_ca = !is_good(&identity.ca, CA_RENEWAL);
    if new_ca {
        make_ca(&identity.ca, &ca_key)?;
    }
    if new_ca || !is_good(&identity.server, LEAF_RENEWAL) {
        make_leaf(&identity, &ca_key)?;
    }
    Ok(LocalIdentity { new_ca, ..identity })
}

/// Whether this user owns a file or directory: whoever owns it can replace what it holds.
fn is_own(metadata: &fs::Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw()
}

fn lock(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)?;
    file.lock()?;
    Ok(file)
}

/// Whether the first certificate of a file can be read and stays valid for `at_least`.
fn is_good(path: &Path, at_least: Duration) -> bool {
    first_certificate(path).is_some_and(|found| {
        let now = when::now();
        found.not_before <= now && now + at_least.whole_seconds() < found.not_after
    })
}

fn first_certificate(path: &Path) -> Option<Description> {
    let certificates = files::read_certificates(path, "certificate").ok()?;
    describe::describe(certificates.first()?).ok()
}

fn make_ca(certificate_path: &Path, key_path: &Path) -> Result<(), Failure> {
    let key = Key::generate(KeyKind::EcP256)?;
    let mut permitted = vec![
        cert_make::permitted_subtree("127.0.0.0/8")?,
        cert_make::permitted_subtree("::1")?,
    ];
    permitted.extend(host_names().into_iter().map(GeneralSubtree::DnsName));
    let name = match host_names().last() {
        Some(host) => format!("warifu local CA of {host}"),
        None => "warifu local CA".to_owned(),
    };
    let certificate = cert_make::ca_certificate(&name, &key, permitted, CA_LIFETIME)?;
    // The key first: a certificate without its key would look complete.
    files::write_new(
        key_path,
        key.to_pem(None)?.as_bytes(),
        0o600,
        Overwrite::Force,
    )?;
    files::write_new(
        certificate_path,
        cert_make::certificates_to_pem(&[certificate])?.as_bytes(),
        0o600,
        Overwrite::Force,
    )
}

fn make_leaf(identity: &LocalIdentity, ca_key: &Path) -> Result<(), Failure> {
    let ca = SigningCa::read(&identity.ca, ca_key, None)?;
    // The host may have been renamed since the CA was made; its constraints decide.
    let permitted = first_certificate(&identity.ca).map_or_else(Vec::new, |ca| ca.permitted);
    let names = host_names()
        .into_iter()
        .filter(|name| permitted.contains(name))
        .chain([
            IpAddr::from(Ipv4Addr::LOCALHOST).to_string(),
            IpAddr::from(Ipv6Addr::LOCALHOST).to_string(),
        ])
        .map(|name| cert_make::subject_name(&name, Usage::Server))
        .collect::<Result<Vec<_>, _>>()?;
    let key = Key::generate(KeyKind::EcP256)?;
    let leaf = Leaf {
        common_name: "localhost",
        names,
        usage: Usage::Server,
        lifetime: LEAF_LIFETIME,
    };
    let certificate = leaf.signed_by(&key, &ca)?;
    let mut contents = key.to_pem(None)?;
    contents.push_str(&cert_make::certificates_to_pem(&[certificate])?);
    files::write_new(
        &identity.server,
        contents.as_bytes(),
        0o600,
        Overwrite::Force,
    )
}

/// `localhost`, and this host's name if it can stand in a certificate.
fn host_names() -> Vec<String> {
    let mut names = vec!["localhost".to_owned()];
    let uname = rustix::system::uname();
    if let Ok(name) = uname.nodename().to_str() {
        let name = name.to_ascii_lowercase();
        if name != "localhost" && rustls_pki_types::DnsName::try_from(name.as_str()).is_ok() {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_start_keeps_what_the_first_made() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/warifu");
        let first = prepare_in(&path).unwrap();
        assert!(first.new_ca);
        let ca = fs::read(&first.ca).unwrap();
        let leaf = fs::read(&first.server).unwrap();
        let second = prepare_in(&path).unwrap();
        assert!(!second.new_ca);
        assert_eq!(fs::read(&second.ca).unwrap(), ca);
        assert_eq!(fs::read(&second.server).unwrap(), leaf);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        for file in ["ca.crt", "ca.key", "server.pem", "lock"] {
            let mode = fs::metadata(path.join(file)).unwrap().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }

    #[test]
    fn a_directory_of_another_user_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        // Only the superuser can give a directory away; for others there is nothing to test.
        if std::os::unix::fs::chown(directory.path(), Some(65534), None).is_err() {
            return;
        }
        let refused = prepare_in(directory.path()).unwrap_err();
        assert!(format!("{refused:?}").contains("it belongs to another user"));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_leaf_near_its_end_is_renewed_and_the_ca_kept() {
        let directory = tempfile::tempdir().unwrap();
        let first = prepare_in(directory.path()).unwrap();
        let ca = fs::read(&first.ca).unwrap();
        let signing = SigningCa::read(&first.ca, &directory.path().join("ca.key"), None).unwrap();
        let key = Key::generate(KeyKind::EcP256).unwrap();
        let short = Leaf {
            common_name: "localhost",
            names: vec![],
            usage: Usage::Server,
            lifetime: Duration::days(1),
        };
        let certificate = short.signed_by(&key, &signing).unwrap();
        let pem = cert_make::certificates_to_pem(&[certificate]).unwrap();
        fs::write(&first.server, &pem).unwrap();
        prepare_in(directory.path()).unwrap();
        assert_ne!(fs::read_to_string(&first.server).unwrap(), pem);
        assert_eq!(fs::read(&first.ca).unwrap(), ca);
    }
}
