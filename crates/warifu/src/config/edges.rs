//! The edges to the operating system that a config holds: the clock and the key log.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustls_pki_types::UnixTime;

/// Tells the time, for the validity of certificates.
pub trait Clock: Send + Sync + core::fmt::Debug {
    /// The time now.
    fn now(&self) -> UnixTime;
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        UnixTime::now()
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
