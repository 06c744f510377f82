//! Which signatures are accepted inside chains, and a memory of those already checked.

use core::fmt;
use std::sync::{Mutex, PoisonError};

use rustls_pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};
use warifu_crypto::{Hash, PublicKey, RsaMinimum, SignatureAlgorithm};
use webpki::aws_lc_rs as algs;

use super::leniency::{Leniencies, Leniency};
use super::old_leaf::OldLeaf;
use crate::parameters::SignatureScheme;

/// What `signature_algorithms_cert` offers (RFC 8446 Section 4.2.3): the schemes of [`ACCEPTED`], the
/// cheapest to verify at today's strength first. No SHA-1: RFC 8446 allows it in chains for peers that
/// have nothing else, and since 2020 collisions cost less than a certificate; see [`Leniency`].
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

/// The same where [`Leniency::Sha1Signatures`] is on. RFC 8446 Section 4.2.3: these two "refer solely to signatures which
/// appear in certificates"; clients that offer them "MUST list them as the lowest priority".
pub(super) const CHAIN_SCHEMES_WITH_SHA1: &[SignatureScheme] = &{
    let mut schemes = [SignatureScheme::RSA_PKCS1_SHA1; CHAIN_SCHEMES.len() + 2];
    let (strict, sha1) = schemes.split_at_mut(CHAIN_SCHEMES.len());
    strict.copy_from_slice(CHAIN_SCHEMES);
    sha1.copy_from_slice(&[SignatureScheme::ECDSA_SHA1, SignatureScheme::RSA_PKCS1_SHA1]);
    schemes
};

/// Accepted inside chains. ECDSA with another hash than the scheme of its curve says is common among
/// public CAs (P-384 with SHA-256), so that all pairs are accepted.
const ACCEPTED: [&dyn SignatureVerificationAlgorithm; 28] = [
    &Ecdsa {
        of: &algs::ECDSA_P256_SHA256,
        algorithm: SignatureAlgorithm::EcdsaP256Sha256,
    },
    &Ecdsa {
        of: &algs::ECDSA_P384_SHA384,
        algorithm: SignatureAlgorithm::EcdsaP384Sha384,
    },
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

/// The common pairs of curve and hash by our own functions: webpki's parse and check the issuer's key twice, once in vain.
#[derive(Debug)]
struct Ecdsa {
    of: &'static &'static dyn SignatureVerificationAlgorithm,
    algorithm: SignatureAlgorithm,
}

impl SignatureVerificationAlgorithm for Ecdsa {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        match PublicKey::from_spki_parts(self.public_key_alg_id().as_ref(), public_key) {
            Ok(key) => key
                .verify(self.algorithm, message, signature)
                .map_err(|_| InvalidSignature),
            // Points in compressed form, which no handshake has, are legal in certificates (RFC 5480 Section 2.2).
            Err(_) => self.of.verify_signature(public_key, message, signature),
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.of.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.of.signature_alg_id()
    }
}

/// An RSA algorithm of [`ACCEPTED`] by keys from 1024 bits on, for [`Leniency::Rsa1024`].
#[derive(Debug)]
struct SmallRsa {
    of: &'static dyn SignatureVerificationAlgorithm,
    algorithm: SignatureAlgorithm,
}

impl SmallRsa {
    fn of(of: &'static dyn SignatureVerificationAlgorithm) -> Option<Self> {
        use SignatureAlgorithm as Alg;
        // By the signature's OID and parameters; PSS differs by the key's OID besides.
        let (by_rsa_key, by_pss_key) = match of.signature_alg_id() {
            alg_id::RSA_PSS_SHA256 => (Alg::RsaPssRsaeSha256, Alg::RsaPssPssSha256),
            alg_id::RSA_PSS_SHA384 => (Alg::RsaPssRsaeSha384, Alg::RsaPssPssSha384),
            alg_id::RSA_PSS_SHA512 => (Alg::RsaPssRsaeSha512, Alg::RsaPssPssSha512),
            pkcs1 => {
                let known = [
                    (alg_id::RSA_PKCS1_SHA256, Alg::RsaPkcs1Sha256),
                    (alg_id::RSA_PKCS1_SHA384, Alg::RsaPkcs1Sha384),
                    (alg_id::RSA_PKCS1_SHA512, Alg::RsaPkcs1Sha512),
                ];
                // RFC 4055 Section 5: the parameters are NULL, and may be absent.
                let (_, algorithm) = known.into_iter().find(|(known, _)| {
                    *known == pkcs1 || known.strip_suffix(b"\x05\x00") == Some(&*pkcs1)
                })?;
                (algorithm, algorithm)
            }
        };
        let rsa_key = of.public_key_alg_id() == alg_id::RSA_ENCRYPTION;
        let algorithm = if rsa_key { by_rsa_key } else { by_pss_key };
        Some(Self { of, algorithm })
    }
}

impl SignatureVerificationAlgorithm for SmallRsa {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let identifier = self.public_key_alg_id();
        PublicKey::from_spki_parts_with(identifier.as_ref(), public_key, RsaMinimum::Bits1024)
            .and_then(|key| key.verify(self.algorithm, message, signature))
            .map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.of.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.of.signature_alg_id()
    }
}

/// Signatures with SHA-1, for [`Leniency::Sha1Signatures`].
static SHA1: [Sha1; 4] = [
    Sha1::new(alg_id::RSA_ENCRYPTION, SHA1_WITH_RSA, RsaMinimum::Bits2048),
    Sha1::new(alg_id::ECDSA_P256, ECDSA_WITH_SHA1, RsaMinimum::Bits2048),
    Sha1::new(alg_id::ECDSA_P384, ECDSA_WITH_SHA1, RsaMinimum::Bits2048),
    Sha1::new(alg_id::ECDSA_P521, ECDSA_WITH_SHA1, RsaMinimum::Bits2048),
];

/// Both leniencies in one signature.
static SHA1_BY_SMALL_RSA: Sha1 =
    Sha1::new(alg_id::RSA_ENCRYPTION, SHA1_WITH_RSA, RsaMinimum::Bits1024);

/// sha1WithRSAEncryption 1.2.840.113549.1.1.5 with NULL, which RFC 3279 Section 2.2.1 demands.
const SHA1_WITH_RSA: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00");
/// ecdsa-with-SHA1 1.2.840.10045.4.1, no parameters: RFC 3279 Section 2.2.3.
const ECDSA_WITH_SHA1: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(b"\x06\x07\x2a\x86\x48\xce\x3d\x04\x01");

/// One of [`SHA1`].
#[derive(Debug)]
struct Sha1 {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    minimum: RsaMinimum,
}

impl Sha1 {
    const fn new(
        key: AlgorithmIdentifier,
        signature: AlgorithmIdentifier,
        minimum: RsaMinimum,
    ) -> Self {
        Self {
            key,
            signature,
            minimum,
        }
    }
}

impl SignatureVerificationAlgorithm for Sha1 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        PublicKey::from_spki_parts_with(self.key.as_ref(), public_key, self.minimum)
            .and_then(|key| key.verify_sha1(message, signature))
            .map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

/// Whether an AlgorithmIdentifier's content is one of SHA-1 that [`Leniency::Sha1Signatures`] would allow.
pub(super) fn is_sha1(signature_algorithm: &[u8]) -> bool {
    [SHA1_WITH_RSA, ECDSA_WITH_SHA1]
        .iter()
        .any(|known| known.as_ref() == signature_algorithm)
}

/// Calls `verify` with all accepted algorithms, which consult `memory` and know what was signed of `old_leaf`.
pub(super) fn with_accepted<T>(
    memory: &SignatureMemory,
    leniency: Leniencies,
    old_leaf: Option<&OldLeaf<'_>>,
    verify: impl FnOnce(&[&dyn SignatureVerificationAlgorithm]) -> T,
) -> T {
    let remembering = |algorithm, minimum| Remembering {
        algorithm,
        memory,
        old_leaf,
        minimum,
    };
    let strict = ACCEPTED.map(|algorithm| remembering(algorithm, RsaMinimum::Bits2048));
    let strict = strict
        .each_ref()
        .map(|a| -> &dyn SignatureVerificationAlgorithm { a });
    if leniency.is_empty() {
        return verify(&strict);
    }
    let mut sha1: &[Sha1] = &[];
    if leniency.contains(Leniency::Sha1Signatures) {
        sha1 = &SHA1;
    }
    let (mut small_rsa, mut small_sha1) = (Vec::new(), None);
    if leniency.contains(Leniency::Rsa1024) {
        small_rsa.extend(ACCEPTED.into_iter().filter_map(SmallRsa::of));
        small_sha1 = Some(&SHA1_BY_SMALL_RSA).filter(|_| !sha1.is_empty());
    }
    // Of those that fit key and signature the first one decides, so that the lenient ones stand in front.
    let lenient: Vec<_> = small_rsa
        .iter()
        .map(|algorithm| remembering(algorithm, RsaMinimum::Bits1024))
        .chain(small_sha1.map(|algorithm| remembering(algorithm, RsaMinimum::Bits1024)))
        .chain(
            sha1.iter()
                .map(|algorithm| remembering(algorithm, RsaMinimum::Bits2048)),
        )
        .collect();
    let mut accepted: Vec<&dyn SignatureVerificationAlgorithm> = Vec::new();
    for algorithm in &lenient {
        accepted.push(algorithm);
    }
    accepted.extend(strict);
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
    algorithm: &'m dyn SignatureVerificationAlgorithm,
    memory: &'m SignatureMemory,
    old_leaf: Option<&'m OldLeaf<'m>>,
    /// What it takes, an algorithm of the same name with another minimum may refuse: each remembers for itself.
    minimum: RsaMinimum,
}

impl SignatureVerificationAlgorithm for Remembering<'_> {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let message = self
            .old_leaf
            .map_or(message, |leaf| leaf.signed_bytes(message));
        let minimum = self.minimum.bits().to_be_bytes();
        let (key_id, signature_id) = (self.public_key_alg_id(), self.signature_alg_id());
        let parts = [
            &minimum,
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
fn digest(parts: [&[u8]; 6]) -> [u8; 32] {
    let lens = parts.map(|part| (part.len() as u64).to_be_bytes());
    let [l0, l1, l2, l3, l4, l5] = &lens;
    let [p0, p1, p2, p3, p4, p5] = parts;
    let digest = Hash::Sha256.digest(&[l0, p0, l1, p1, l2, p2, l3, p3, l4, p4, l5, p5]);
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
        let one = digest([b"ab", b"c", b"", b"", b"", b""]);
        let other = digest([b"a", b"bc", b"", b"", b"", b""]);
        assert_ne!(one, other);
    }
}
