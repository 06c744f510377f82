//! The edges to the operating system that a config holds: the clock, randomness and the key log.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustls_pki_types::UnixTime;
use warifu_crypto::{CryptoError, Group, KeyShare, SharedSecret};

use crate::error::{Error, OrInternal};
use crate::parameters::NamedGroup;

/// Tells the time, for the validity of certificates and tickets.
pub trait Clock: Send + Sync + core::fmt::Debug {
    /// The time now.
    fn now(&self) -> UnixTime;

    /// The time now in milliseconds since 1970, for the age of tickets. A clock that knows seconds only is good enough.
    fn now_millis(&self) -> u64 {
        self.now().as_secs().saturating_mul(1000)
    }
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        UnixTime::now()
    }

    fn now_millis(&self) -> u64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
    }
}

/// Makes what must be new in every handshake. Not for applications: a second implementation replays recorded
/// handshakes in tests.
pub(crate) trait RandomSource: Send + Sync + core::fmt::Debug {
    /// Fills `out` with random bytes: hello randoms, session IDs, cookies, contexts.
    fn fill(&self, out: &mut [u8]) -> Result<(), CryptoError>;

    /// A client's random and session ID, by one call of the generator.
    fn hello(&self, random: &mut [u8; 32], session_id: &mut [u8; 32]) -> Result<(), CryptoError>;

    /// A client's key share.
    fn key_share(&self, group: Group) -> Result<KeyShare, CryptoError>;

    /// A server's answer to `client_share`: its own share, and the shared secret.
    fn respond(
        &self,
        group: Group,
        client_share: &[u8],
    ) -> Result<(Vec<u8>, SharedSecret), CryptoError>;
}

/// The generator of the cryptographic library, seeded by the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemRandom;

impl RandomSource for SystemRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), CryptoError> {
        warifu_crypto::random::fill(out)
    }

    fn hello(&self, random: &mut [u8; 32], session_id: &mut [u8; 32]) -> Result<(), CryptoError> {
        let mut both = [[0; 32]; 2];
        warifu_crypto::random::fill(both.as_flattened_mut())?;
        [*random, *session_id] = both;
        Ok(())
    }

    fn key_share(&self, group: Group) -> Result<KeyShare, CryptoError> {
        KeyShare::generate(group)
    }

    fn respond(
        &self,
        group: Group,
        client_share: &[u8],
    ) -> Result<(Vec<u8>, SharedSecret), CryptoError> {
        warifu_crypto::respond(group, client_share)
    }
}

impl dyn RandomSource + '_ {
    /// New random bytes.
    pub(crate) fn bytes<const N: usize>(&self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)
            .map_err(|_| Error::Internal("no random bytes"))?;
        Ok(bytes)
    }

    /// A client's share in a group that this side implements.
    pub(crate) fn share_in(&self, group: NamedGroup) -> Result<KeyShare, Error> {
        let implementation = group
            .implementation()
            .or_internal("group without implementation")?;
        self.key_share(implementation)
            .map_err(|_| Error::Internal("key generation failed"))
    }
}

/// Receives the secrets of connections, for traffic analysis (RFC 9850).
pub trait KeyLog: Send + Sync + core::fmt::Debug {
    /// `label` is RFC 9850's name of the secret (Section 2), `client_random` has 32 bytes, `secret` the hash's length.
    fn log(&self, label: &str, client_random: &[u8; 32], secret: &[u8]);
}

/// Appends secrets to a file in the format of RFC 9850 (`SSLKEYLOGFILE`).
#[derive(Debug)]
pub struct KeyLogFile {
    file: Mutex<File>,
}

impl KeyLogFile {
    /// Opens or creates the file, readable by its owner alone.
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    pub fn open(path: impl AsRef<Path>) -> std::io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self {
            file: Mutex::new(options.open(path)?),
        })
    }
}

impl KeyLog for KeyLogFile {
    fn log(&self, label: &str, client_random: &[u8; 32], secret: &[u8]) {
        use core::fmt::Write as _;
        let mut line = String::with_capacity(label.len() + 2 * (32 + secret.len()) + 3);
        line.push_str(label);
        for field in [client_random.as_slice(), secret] {
            line.push(' ');
            for byte in field {
                // Writing to a String cannot fail.
                let _ = write!(line, "{byte:02x}");
            }
        }
        line.push('\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // One write per line keeps lines of several processes whole. A log that cannot be written must not
        // stop the connection that it only observes.
        let _ = file.write_all(line.as_bytes());
        zeroize::Zeroize::zeroize(&mut line);
    }
}
