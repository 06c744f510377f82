//! The pseudorandom function of TLS 1.2 and older, and the running hash of the handshake messages.
//!
//! Key derivation by hand, as RFC 5246 Section 8.1 has it (the RFC's name for the main secret is the master secret):
//!
//! ```
//! use warifu_crypto::legacy::{Prf, PrfHash};
//! # let (premaster, client_random, server_random) = ([3; 48], [1; 32], [2; 32]);
//! let mut main_secret = [0; 48];
//! Prf::new(PrfHash::Sha256, &premaster)
//!     .derive(b"master secret", &[&client_random, &server_random], &mut main_secret)?;
//! # Ok::<(), warifu_crypto::CryptoError>(())
//! ```

use super::mac::{HmacMd5, HmacSha1, Mac, WeakHash};
use crate::ffi::legacy::{Md5, Sha1};
use crate::{CryptoError, Hash, HashContext, HmacKey};
use core::fmt;

/// The longest output of [`Prf::derive`], in bytes: far more than the longest key block.
pub const MAX_PRF_OUTPUT_LEN: usize = 1024;

/// Most parts of a seed: label, both randoms, and some more.
const MAX_SEED_PARTS: usize = 5;

/// Which hash the PRF, and with it Finished, is made of.
#[derive(Copy, Clone, Eq, PartialEq, Debug, Hash)]
pub enum PrfHash {
    /// TLS 1.0 and 1.1: MD5 and SHA-1, both at once.
    Md5Sha1,
    /// TLS 1.2 with cipher suites that do not say otherwise.
    Sha256,
    /// TLS 1.2 with the cipher suites that say SHA-384.
    Sha384,
}

impl PrfHash {
    /// Length in bytes of the hash of the handshake messages: 36, 32 or 48.
    #[must_use]
    pub const fn output_len(self) -> usize {
        match self {
            Self::Md5Sha1 => 36,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

/// The PRF with a secret, ready for several derivations. Wiped on drop; it cannot be read back.
pub struct Prf {
    key: Key,
}

enum Key {
    /// Both halves of the secret.
    Md5Sha1(Box<HmacMd5>, Box<HmacSha1>),
    Sha2(PrfHash, Box<HmacKey>),
}

impl Prf {
    /// Prepares `secret`: the premaster secret or the main secret, of any length.
    #[must_use]
    pub fn new(hash: PrfHash, secret: &[u8]) -> Self {
        let key = match hash {
            PrfHash::Md5Sha1 => {
                // RFC 2246 Section 5: the halves share the middle byte of a secret of odd length.
                let half_len = secret.len().div_ceil(2);
                let first = secret.get(..half_len).unwrap_or_default();
                let second = secret.get(secret.len() - half_len..).unwrap_or_default();
                Key::Md5Sha1(HmacMd5::boxed(first), HmacSha1::boxed(second))
            }
            PrfHash::Sha256 => Key::Sha2(hash, HmacKey::boxed(Hash::Sha256, secret)),
            PrfHash::Sha384 => Key::Sha2(hash, HmacKey::boxed(Hash::Sha384, secret)),
        };
        Self { key }
    }

    /// Which hash it is made of.
    #[must_use]
    pub fn hash(&self) -> PrfHash {
        match &self.key {
            Key::Md5Sha1(..) => PrfHash::Md5Sha1,
            Key::Sha2(hash, _) => *hash,
        }
    }

    /// Fills `out` with PRF(secret, label, seed), where the seed is the concatenation of `seeds`: RFC 5246
    /// Section 5 for SHA-2, RFC 2246 Section 5 for MD5 and SHA-1.
    ///
    /// # Errors
    /// [`CryptoError::InvalidLength`] if `out` is longer than [`MAX_PRF_OUTPUT_LEN`], or the seed has more than 4
    /// parts.
    pub fn derive(&self, label: &[u8], seeds: &[&[u8]], out: &mut [u8]) -> Result<(), CryptoError> {
        if out.len() > MAX_PRF_OUTPUT_LEN || seeds.len() >= MAX_SEED_PARTS {
            return Err(CryptoError::InvalidLength);
        }
        let mut parts: [&[u8]; MAX_SEED_PARTS] = [&[]; MAX_SEED_PARTS];
        for (to, part) in parts.iter_mut().zip([label].iter().chain(seeds)) {
            *to = part;
        }
        out.fill(0);
        match &self.key {
            Key::Md5Sha1(md5, sha1) => {
                p_hash(&**md5, &parts, out);
                p_hash(&**sha1, &parts, out);
            }
            Key::Sha2(_, key) => p_hash(&**key, &parts, out),
        }
        Ok(())
    }
}

impl fmt::Debug for Prf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prf")
            .field("hash", &self.hash())
            .finish_non_exhaustive()
    }
}

/// Adds (XOR) P_hash(secret, seed) to `out`, RFC 5246 Section 5.
fn p_hash<M: Mac>(key: &M, seed: &[&[u8]; MAX_SEED_PARTS], out: &mut [u8]) {
    let mut previous: Option<M::Tag> = None;
    for chunk in out.chunks_mut(key.tag_len()) {
        // A(0) = seed, A(i) = HMAC_hash(secret, A(i-1))
        let a = match &previous {
            None => key.sign(seed),
            Some(a) => key.sign(&[a.as_ref()]),
        };
        // HMAC_hash(secret, A(i) + seed)
        let mut data: [&[u8]; MAX_SEED_PARTS + 1] = [a.as_ref(); MAX_SEED_PARTS + 1];
        for (to, part) in data.iter_mut().skip(1).zip(seed) {
            *to = part;
        }
        for (to, from) in chunk.iter_mut().zip(key.sign(&data).as_ref()) {
            *to ^= *from;
        }
        previous = Some(a);
    }
}

/// The running hash of all handshake messages, for Finished and the extended main secret. Wiped on drop.
#[derive(Clone)]
pub struct HandshakeHash {
    state: State,
}

#[derive(Clone)]
enum State {
    Md5Sha1(Md5, Sha1),
    Sha256(HashContext),
    Sha384(HashContext),
}

impl HandshakeHash {
    /// Before any message.
    #[must_use]
    pub fn new(hash: PrfHash) -> Self {
        let state = match hash {
            PrfHash::Md5Sha1 => State::Md5Sha1(Md5::new(), Sha1::new()),
            PrfHash::Sha256 => State::Sha256(HashContext::new(Hash::Sha256)),
            PrfHash::Sha384 => State::Sha384(HashContext::new(Hash::Sha384)),
        };
        Self { state }
    }

    /// Adds a handshake message, header included, or a part of one.
    pub fn update(&mut self, message: &[u8]) {
        match &mut self.state {
            State::Md5Sha1(md5, sha1) => {
                md5.update(message);
                sha1.update(message);
            }
            State::Sha256(context) | State::Sha384(context) => context.update(message),
        }
    }

    /// The hash of all that was added so far; more may follow. For MD5 and SHA-1 their concatenation.
    #[must_use]
    pub fn current(&self) -> HandshakeDigest {
        let mut digest = HandshakeDigest {
            bytes: [0; 48],
            hash: self.hash(),
        };
        match &self.state {
            State::Md5Sha1(md5, sha1) => {
                let (md5, sha1) = (md5.clone(), sha1.clone());
                let parts = WeakHash::finish(md5)
                    .into_iter()
                    .chain(WeakHash::finish(sha1));
                for (to, byte) in digest.bytes.iter_mut().zip(parts) {
                    *to = byte;
                }
            }
            State::Sha256(context) | State::Sha384(context) => {
                for (to, byte) in digest.bytes.iter_mut().zip(context.current().iter()) {
                    *to = *byte;
                }
            }
        }
        digest
    }

    /// Which hash this is.
    #[must_use]
    pub fn hash(&self) -> PrfHash {
        match self.state {
            State::Md5Sha1(..) => PrfHash::Md5Sha1,
            State::Sha256(_) => PrfHash::Sha256,
            State::Sha384(_) => PrfHash::Sha384,
        }
    }
}

impl fmt::Debug for HandshakeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandshakeHash")
            .field("hash", &self.hash())
            .finish_non_exhaustive()
    }
}

/// The hash of handshake messages: 36, 32 or 48 bytes. A public value: it is neither wiped nor hidden.
#[derive(Copy, Clone)]
pub struct HandshakeDigest {
    bytes: [u8; 48],
    hash: PrfHash,
}

impl AsRef<[u8]> for HandshakeDigest {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.hash.output_len()).unwrap_or_default()
    }
}

impl PartialEq for HandshakeDigest {
    fn eq(&self, other: &Self) -> bool {
        self.as_ref() == other.as_ref()
    }
}

impl Eq for HandshakeDigest {}

impl fmt::Debug for HandshakeDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.as_ref() {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}
