//! Hashes (`EVP_MD`, `EVP_MD_CTX`).

use core::ffi::{CStr, c_int};
use std::sync::Mutex;

use warifu_crypto::legacy::{Fingerprint, FingerprintContext};
use warifu_crypto::{Hash, HashContext};

use crate::fault::Fault;
use crate::stack::lock;

/// `EVP_MD`: which hash. There is one of each, for ever.
#[derive(Debug, PartialEq, Eq)]
pub struct Algorithm {
    kind: Kind,
    name: &'static CStr,
    nid: c_int,
    /// NID of RSA signatures with it.
    rsa_nid: c_int,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Weak(Fingerprint),
    Strong(Hash),
}

/// Each hash. (A table would be moved about by nobody, too; names read better.)
pub(crate) static MD5: Algorithm = Algorithm {
    kind: Kind::Weak(Fingerprint::Md5),
    name: c"MD5",
    nid: 4,
    rsa_nid: 8,
};
pub(crate) static SHA1: Algorithm = Algorithm {
    kind: Kind::Weak(Fingerprint::Sha1),
    name: c"SHA1",
    nid: 64,
    rsa_nid: 65,
};
pub(crate) static SHA256: Algorithm = Algorithm {
    kind: Kind::Strong(Hash::Sha256),
    name: c"SHA256",
    nid: 672,
    rsa_nid: 668,
};
pub(crate) static SHA384: Algorithm = Algorithm {
    kind: Kind::Strong(Hash::Sha384),
    name: c"SHA384",
    nid: 673,
    rsa_nid: 669,
};
pub(crate) static SHA512: Algorithm = Algorithm {
    kind: Kind::Strong(Hash::Sha512),
    name: c"SHA512",
    nid: 674,
    rsa_nid: 670,
};

const ALL: [&Algorithm; 5] = [&MD5, &SHA1, &SHA256, &SHA384, &SHA512];

impl Algorithm {
    /// `EVP_get_digestbyname`: `sha256`, `SHA2-256`, `SHA-256`, `RSA-SHA256`, in any case.
    pub(crate) fn by_name(name: &[u8]) -> Option<&'static Self> {
        let mut wanted = name.to_ascii_uppercase();
        if let Some(rest) = wanted.strip_prefix(b"RSA-") {
            wanted = rest.to_vec();
        }
        for prefix in [b"SHA2-".as_slice(), b"SHA-"] {
            if let Some(rest) = wanted.strip_prefix(prefix) {
                wanted = [b"SHA", rest].concat();
                break;
            }
        }
        ALL.into_iter()
            .find(|algorithm| algorithm.name.to_bytes() == wanted)
    }

    pub(crate) fn by_nid(nid: c_int) -> Option<&'static Self> {
        ALL.into_iter()
            .find(|algorithm| algorithm.nid == nid || algorithm.rsa_nid == nid)
    }

    pub(crate) fn name(&self) -> &'static CStr {
        self.name
    }

    pub(crate) fn nid(&self) -> c_int {
        self.nid
    }

    pub(crate) fn rsa_nid(&self) -> c_int {
        self.rsa_nid
    }

    pub(crate) fn output_len(&self) -> usize {
        match self.kind {
            Kind::Weak(hash) => hash.output_len(),
            Kind::Strong(hash) => hash.output_len(),
        }
    }

    pub(crate) fn block_len(&self) -> usize {
        match self.kind {
            Kind::Weak(_) => 64,
            Kind::Strong(hash) => hash.block_len(),
        }
    }

    /// For HMAC; `None` for the broken ones.
    pub(crate) fn strong(&self) -> Option<Hash> {
        match self.kind {
            Kind::Weak(_) => None,
            Kind::Strong(hash) => Some(hash),
        }
    }

    pub(crate) fn digest(&self, data: &[u8]) -> Vec<u8> {
        let mut running = Running::new(self);
        running.update(data);
        running.finish()
    }
}

/// `EVP_MD_CTX`
#[derive(Debug, Default)]
pub struct DigestContext(Mutex<Option<(&'static Algorithm, Running)>>);

#[derive(Debug, Clone)]
enum Running {
    Weak(FingerprintContext),
    Strong(HashContext),
}

impl Running {
    fn new(algorithm: &Algorithm) -> Self {
        match algorithm.kind {
            Kind::Weak(hash) => Self::Weak(FingerprintContext::new(hash)),
            Kind::Strong(hash) => Self::Strong(HashContext::new(hash)),
        }
    }

    fn update(&mut self, data: &[u8]) {
        match self {
            Self::Weak(context) => context.update(data),
            Self::Strong(context) => context.update(data),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Weak(context) => context.finish(),
            Self::Strong(context) => context.finish().to_vec(),
        }
    }
}

impl DigestContext {
    /// Starts anew; with `None` with the hash of before.
    pub(crate) fn start(&self, algorithm: Option<&'static Algorithm>) -> Result<(), Fault> {
        let mut state = lock(&self.0);
        let before = state.as_ref().map(|(algorithm, _)| *algorithm);
        let algorithm = algorithm.or(before).ok_or_else(not_started)?;
        *state = Some((algorithm, Running::new(algorithm)));
        Ok(())
    }

    pub(crate) fn update(&self, data: &[u8]) -> Result<(), Fault> {
        let mut state = lock(&self.0);
        let (_, running) = state.as_mut().ok_or_else(not_started)?;
        running.update(data);
        Ok(())
    }

    /// The hash of all so far. The context can only be started again.
    pub(crate) fn finish(&self) -> Result<Vec<u8>, Fault> {
        let mut state = lock(&self.0);
        let (algorithm, running) = state.take().ok_or_else(not_started)?;
        *state = Some((algorithm, Running::new(algorithm)));
        Ok(running.finish())
    }

    pub(crate) fn algorithm(&self) -> Option<&'static Algorithm> {
        lock(&self.0).as_ref().map(|(algorithm, _)| *algorithm)
    }

    pub(crate) fn copy_from(&self, other: &Self) {
        let copy = lock(&other.0).clone();
        *lock(&self.0) = copy;
    }

    pub(crate) fn reset(&self) {
        *lock(&self.0) = None;
    }
}

fn not_started() -> Fault {
    Fault::misuse("the hash was not started: EVP_DigestInit_ex comes first")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_find_hashes() {
        for name in ["sha256", "SHA2-256", "SHA-256", "RSA-SHA256"] {
            assert_eq!(Algorithm::by_name(name.as_bytes()), Some(&SHA256), "{name}");
        }
        for name in ["sha-1", "SHA1", "RSA-SHA1"] {
            assert_eq!(Algorithm::by_name(name.as_bytes()), Some(&SHA1), "{name}");
        }
        assert_eq!(Algorithm::by_name(b"sha3-256"), None);
        assert_eq!(Algorithm::by_nid(668), Some(&SHA256));
    }
}
