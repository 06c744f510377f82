//! HMAC (RFC 2104) over running hashes, with the padded key hashed once.
//!
//! A TLS 1.3 handshake computes dozens of MACs of a few bytes. What costs there is hashing the padded
//! key anew and allocating contexts, so the key keeps the two chaining values after the
//! padded key ("midstates"), and a MAC of a short message is two hash blocks.

use crate::hash::{Digest, Hash, HashContext, MAX_BLOCK_LEN, Midstate};
use core::fmt;
use zeroize::Zeroize;

/// A key for HMAC with its padding already hashed. Wiped on drop.
pub struct HmacKey {
    hash: Hash,
    inner: Midstate,
    outer: Midstate,
}

impl HmacKey {
    /// Prepares `key`, of any length (RFC 2104 Section 2: longer than a block, it is hashed first).
    #[must_use]
    pub fn new(hash: Hash, key: &[u8]) -> Self {
        let mut prepared = Self::initial(hash);
        prepared.set(key);
        prepared
    }

    /// As [`new`](Self::new), straight on the heap: no copy of the key's state is left on the stack.
    #[must_use]
    pub fn boxed(hash: Hash, key: &[u8]) -> Box<Self> {
        let mut prepared = Box::new(Self::initial(hash));
        prepared.set(key);
        prepared
    }

    /// To be [`set`](Self::set) where it lies.
    pub(crate) const fn initial(hash: Hash) -> Self {
        Self {
            hash,
            inner: Midstate::initial(hash),
            outer: Midstate::initial(hash),
        }
    }

    /// Hashes the padded key, once, into the initial states.
    pub(crate) fn set(&mut self, key: &[u8]) {
        let mut block = [0; MAX_BLOCK_LEN];
        // Never empty: MAX_BLOCK_LEN is the longest of all block lengths.
        let block_of_hash = block.get_mut(..self.hash.block_len()).unwrap_or_default();
        if let Some(start) = block_of_hash.get_mut(..key.len()) {
            start.copy_from_slice(key);
        } else {
            let mut digest = self.hash.digest(&[key]);
            for (to, from) in block_of_hash.iter_mut().zip(digest.iter()) {
                *to = *from;
            }
            digest.as_mut_bytes().zeroize();
        }
        for byte in &mut block {
            *byte ^= INNER_PAD;
        }
        self.inner.compress(&block);
        for byte in &mut block {
            *byte ^= INNER_PAD ^ OUTER_PAD;
        }
        self.outer.compress(&block);
        block.as_mut_slice().zeroize();
    }

    /// The MAC of the concatenation of `data`.
    #[must_use]
    pub fn sign(&self, data: &[&[u8]]) -> Tag {
        let mut inner = self.finish(&self.inner, data);
        let tag = Tag(self.finish(&self.outer, &[&inner]));
        inner.as_mut_bytes().zeroize();
        tag
    }

    /// The hash of a padded key and `data`.
    fn finish(&self, midstate: &Midstate, data: &[&[u8]]) -> Digest {
        if let Some(digest) = midstate.finish_short(self.hash, data) {
            return digest;
        }
        let mut context = HashContext::resume(self.hash, midstate);
        for part in data {
            context.update(part);
        }
        context.finish()
    }

    /// Whether `tag` is the whole MAC of the concatenation of `data`, compared in constant time.
    #[must_use]
    pub fn verify(&self, data: &[&[u8]], tag: &[u8]) -> bool {
        crate::constant_time::eq(self.sign(data).as_ref(), tag)
    }

    /// The hash underneath.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }
}

/// RFC 2104 Section 2.
pub(crate) const INNER_PAD: u8 = 0x36;
pub(crate) const OUTER_PAD: u8 = 0x5c;

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HmacKey")
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

/// A message authentication code, or a block of derived key. Wiped on drop; compared in constant time;
/// prints nothing of itself.
pub struct Tag(Digest);

impl AsRef<[u8]> for Tag {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq for Tag {
    fn eq(&self, other: &Self) -> bool {
        crate::constant_time::eq(&self.0, &other.0)
    }
}

impl Eq for Tag {}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tag")
    }
}

impl Drop for Tag {
    fn drop(&mut self) {
        self.0.as_mut_bytes().zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_aws_lc_rs_for_every_key_length() {
        let hashes = [
            (Hash::Sha256, aws_lc_rs::hmac::HMAC_SHA256),
            (Hash::Sha384, aws_lc_rs::hmac::HMAC_SHA384),
            (Hash::Sha512, aws_lc_rs::hmac::HMAC_SHA512),
        ];
        for (hash, theirs) in hashes {
            for key_len in (0..300usize).step_by(7).chain([63, 64, 65, 127, 128, 129]) {
                let key: Vec<u8> = (0..key_len).map(|i| i as u8).collect();
                for data_len in (0..130).chain([300]) {
                    let data = vec![0x5a; data_len];
                    let expected =
                        aws_lc_rs::hmac::sign(&aws_lc_rs::hmac::Key::new(theirs, &key), &data);
                    let key = HmacKey::new(hash, &key);
                    let (a, b) = data.split_at(data_len / 2);
                    assert_eq!(key.sign(&[a, b]).as_ref(), expected.as_ref());
                    assert!(key.verify(&[&data], expected.as_ref()));
                    assert!(!key.verify(&[&data], &expected.as_ref()[1..]));
                    assert!(!key.verify(&[&data, b"x"], expected.as_ref()));
                }
            }
        }
    }

    #[test]
    fn debug_prints_nothing_of_key_or_tag() {
        let key = HmacKey::new(Hash::Sha256, b"key");
        assert_eq!(format!("{key:?}"), "HmacKey { hash: Sha256, .. }");
        assert_eq!(format!("{:?}", key.sign(&[])), "Tag");
    }
}
