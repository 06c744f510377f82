//! MD5 and SHA-1 of anything: for fingerprints that people compare, and for formats that were laid down with them.
//!
//! Both are broken: whoever can choose what is hashed can make two texts with one hash. They prove nothing.

use core::fmt;

use super::mac::WeakHash;
use crate::ffi::legacy::{Md5, Sha1};

/// MD5 or SHA-1.
#[derive(Copy, Clone, Eq, PartialEq, Debug, Hash)]
pub enum Fingerprint {
    /// RFC 1321: 16 bytes.
    Md5,
    /// FIPS 180-4: 20 bytes.
    Sha1,
}

impl Fingerprint {
    /// Length of the output in bytes.
    #[must_use]
    pub const fn output_len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
        }
    }
}

/// A running hash. Wiped on drop.
///
/// ```
/// use warifu_crypto::legacy::{Fingerprint, FingerprintContext};
///
/// let mut context = FingerprintContext::new(Fingerprint::Sha1);
/// context.update(b"abc");
/// assert_eq!(context.finish()[..4], [0xa9, 0x99, 0x3e, 0x36]);
/// ```
#[derive(Clone)]
pub struct FingerprintContext(State);

#[derive(Clone)]
enum State {
    Md5(Md5),
    Sha1(Sha1),
}

impl FingerprintContext {
    /// Starts hashing.
    #[must_use]
    pub fn new(hash: Fingerprint) -> Self {
        Self(match hash {
            Fingerprint::Md5 => State::Md5(Md5::new()),
            Fingerprint::Sha1 => State::Sha1(Sha1::new()),
        })
    }

    /// Adds `data`.
    pub fn update(&mut self, data: &[u8]) {
        match &mut self.0 {
            State::Md5(context) => context.update(data),
            State::Sha1(context) => context.update(data),
        }
    }

    /// The hash of all that was added.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            State::Md5(context) => WeakHash::finish(context).to_vec(),
            State::Sha1(context) => WeakHash::finish(context).to_vec(),
        }
    }
}

impl fmt::Debug for FingerprintContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FingerprintContext(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_standards() {
        // RFC 1321 Appendix A.5, FIPS 180-4's example.
        let hash = |hash, parts: &[&[u8]]| {
            let mut context = FingerprintContext::new(hash);
            parts.iter().for_each(|part| context.update(part));
            let digest = context.finish();
            assert_eq!(digest.len(), hash.output_len());
            digest
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        };
        assert_eq!(
            hash(Fingerprint::Md5, &[b"ab", b"c"]),
            "900150983cd24fb0d6963f7d28e17f72"
        );
        assert_eq!(
            hash(Fingerprint::Md5, &[]),
            "d41d8cd98f00b204e9800998ecf8427e"
        );
        assert_eq!(
            hash(Fingerprint::Sha1, &[b"abc"]),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
    }
}
