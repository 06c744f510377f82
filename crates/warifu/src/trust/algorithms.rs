//! Which signatures are accepted inside chains, and a memory of those already checked.

use core::fmt;
use std::sync::{Mutex, PoisonError};

use rustls_pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};
use warifu_crypto::Hash;
use webpki::aws_lc_rs as algs;

use crate::parameters::SignatureScheme;

/// What `signature_algorithms_cert` offers (RFC 8446 Section 4.2.3): the schemes of [`ACCEPTED`], the
/// cheapest to verify at today's strength first. No SHA-1: RFC 8446 allows it in chains for peers that
/// have nothing else, and since 2020 collisions cost less than a certificate.
pub(super) const CHAIN_SCHEMES: &[SignatureScheme] = &[
    SignatureScheme::ECDSA_SECP256R1_SHA256,
    SignatureScheme::ECDSA_SECP384R1_SHA384,
    SignatureScheme::ECDSA_SECP521R1_SHA512,
    SignatureScheme::ED25519,
    SignatureScheme::MLDSA44,
    SignatureScheme::MLDSA65,
    SignatureScheme::MLDSA87,
    SignatureScheme::RSA_PSS_RSAE_SHA256,
    SignatureScheme::RSA_PSS_RSAE_SHA384,
    SignatureScheme::RSA_PSS_RSAE_SHA512,
    SignatureScheme::RSA_PSS_PSS_SHA256,
    SignatureScheme::RSA_PSS_PSS_SHA384,
    SignatureScheme::RSA_PSS_PSS_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
];

/// Accepted inside chains. ECDSA with another hash than the scheme of its curve says is common among
/// public CAs (P-384 with SHA-256), so that all pairs are accepted.
const ACCEPTED: [&dyn SignatureVerificationAlgorithm; 28] = [
    algs::ECDSA_P256_SHA256,
    algs::ECDSA_P384_SHA384,
    algs::RSA_PKCS1_2048_8192_SHA256,
    algs::ECDSA_P384_SHA256,
    algs::RSA_PKCS1_2048_8192_SHA384,
    algs::RSA_PKCS1_2048_8192_SHA512,
    algs::ED25519,
    algs::ECDSA_P521_SHA512,
    algs::ECDSA_P256_SHA384,
    algs::ECDSA_P256_SHA512,
    algs::ECDSA_P384_SHA512,
    algs::ECDSA_P521_SHA256,
    algs::ECDSA_P521_SHA384,
    algs::ML_DSA_44,
    algs::ML_DSA_65,
    algs::ML_DSA_87,
    algs::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    algs::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    algs::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
    algs::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
    algs::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
    algs::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
    &PssKey {
        key: RSASSA_PSS,
        algorithm: &algs::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    },
    &PssKey {
        key: RSASSA_PSS,
        algorithm: &algs::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    },
    &PssKey {
        key: RSASSA_PSS,
        algorithm: &algs::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
    },
    &PssKey {
        key: alg_id::RSA_PSS_SHA256,
        algorithm: &algs::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    },
    &PssKey {
        key: alg_id::RSA_PSS_SHA384,
        algorithm: &algs::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    },
    &PssKey {
        key: alg_id::RSA_PSS_SHA512,
        algorithm: &algs::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
    },
];

/// id-RSASSA-PSS without parameters: any hash (RFC 4055 Section 3.1).
const RSASSA_PSS: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a");

/// An issuer's key whose own OID is id-RSASSA-PSS. webpki knows PSS signatures of rsaEncryption keys only;
/// the mathematics is the same.
#[derive(Debug)]
struct PssKey {
    key: AlgorithmIdentifier,
    algorithm: &'static &'static dyn SignatureVerificationAlgorithm,
}

impl SignatureVerificationAlgorithm for PssKey {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        self.algorithm
            .verify_signature(public_key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.signature_alg_id()
    }
}

/// Calls `verify` with all accepted algorithms, which consult `memory`.
pub(super) fn with_accepted<T>(
    memory: &SignatureMemory,
    verify: impl FnOnce(&[&dyn SignatureVerificationAlgorithm]) -> T,
) -> T {
    let remembering = ACCEPTED.map(|algorithm| Remembering { algorithm, memory });
    let accepted = remembering
        .each_ref()
        .map(|a| -> &dyn SignatureVerificationAlgorithm { a });
    verify(&accepted)
}

/// Signatures that were found good, so that a chain seen again costs a hash and not a signature check.
///
/// Whether a signature is good never changes, so that nothing but the arithmetic is skipped: names, dates,
/// constraints and revocation are checked each time. An entry is the SHA-256 of algorithm, key, message and
/// signature, each with its length; to be found wrongly, someone would have to collide SHA-256.
///
/// A table of [`SETS`] sets; a digest's set is told by its first byte, and a new entry pushes the set's
/// oldest out.
pub(super) struct SignatureMemory {
    /// Without sets nothing is remembered.
    sets: Mutex<Vec<[Entry; WAYS]>>,
}

/// A digest; all zeros where there is none yet, which no SHA-256 of anything known is.
type Entry = [u8; 32];

/// 512 signatures in 16 KiB: the CAs of a client, or as many clients of a server.
const SETS: usize = 128;
const WAYS: usize = 4;

impl SignatureMemory {
    pub(super) fn new() -> Self {
        Self {
            sets: Mutex::new(vec![[[0; 32]; WAYS]; SETS]),
        }
    }

    /// Remembers nothing.
    pub(super) fn none() -> Self {
        Self {
            sets: Mutex::new(Vec::new()),
        }
    }

    fn with_set<T>(&self, digest: &Entry, run: impl FnOnce(&mut [Entry; WAYS]) -> T) -> Option<T> {
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        let [first, ..] = digest;
        sets.get_mut(usize::from(*first) % SETS).map(run)
    }

    fn contains(&self, digest: &Entry) -> bool {
        self.with_set(digest, |set| set.contains(digest))
            .unwrap_or(false)
    }

    fn insert(&self, digest: Entry) {
        self.with_set(&digest, |set| {
            set.rotate_right(1);
            let [newest, ..] = set;
            *newest = digest;
        });
    }
}

impl fmt::Debug for SignatureMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignatureMemory")
    }
}

/// An algorithm that remembers what it found good.
#[derive(Debug)]
struct Remembering<'m> {
    algorithm: &'static dyn SignatureVerificationAlgorithm,
    memory: &'m SignatureMemory,
}

impl SignatureVerificationAlgorithm for Remembering<'_> {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let (key_id, signature_id) = (self.public_key_alg_id(), self.signature_alg_id());
        let parts = [
            key_id.as_ref(),
            signature_id.as_ref(),
            public_key,
            message,
            signature,
        ];
        let digest = digest(parts);
        if self.memory.contains(&digest) {
            return Ok(());
        }
        self.algorithm
            .verify_signature(public_key, message, signature)?;
        self.memory.insert(digest);
        Ok(())
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.signature_alg_id()
    }
}

/// SHA-256 of the parts, each after its length, so that no two lists of parts look the same.
fn digest(parts: [&[u8]; 5]) -> [u8; 32] {
    let lens = parts.map(|part| (part.len() as u64).to_be_bytes());
    let [l0, l1, l2, l3, l4] = &lens;
    let [p0, p1, p2, p3, p4] = parts;
    let digest = Hash::Sha256.digest(&[l0, p0, l1, p1, l2, p2, l3, p3, l4, p4]);
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(digest.iter()) {
        *to = *from;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_keeps_the_newest_of_each_set() {
        let entry = |first, last| {
            let mut entry = [1; 32];
            entry[0] = first;
            entry[31] = last;
            entry
        };
        let memory = SignatureMemory::new();
        for last in 0..5 {
            assert!(!memory.contains(&entry(3, last)));
            memory.insert(entry(3, last));
            memory.insert(entry(4, last));
        }
        assert!(!memory.contains(&entry(3, 0)), "pushed out");
        for last in 1..5 {
            assert!(memory.contains(&entry(3, last)));
            assert!(memory.contains(&entry(4, last)));
        }
        let none = SignatureMemory::none();
        none.insert(entry(3, 0));
        assert!(!none.contains(&entry(3, 0)));
    }

    #[test]
    fn digests_tell_apart_what_is_only_cut_differently() {
        let one = digest([b"ab", b"c", b"", b"", b""]);
        let other = digest([b"a", b"bc", b"", b"", b""]);
        assert_ne!(one, other);
    }
}
