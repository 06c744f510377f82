//! Hash functions: whole, and running for the transcript.

use crate::ffi;
use core::fmt;
use core::ops::Deref;
use zeroize::Zeroize;

/// The longest output of any [`enum@Hash`], in bytes.
pub const MAX_OUTPUT_LEN: usize = 64;

/// The longest input block of any [`enum@Hash`], in bytes.
pub(crate) const MAX_BLOCK_LEN: usize = 128;

/// A hash function (FIPS 180-4).
#[derive(Copy, Clone, Eq, PartialEq, Debug, Hash)]
pub enum Hash {
    /// SHA-256: 32 bytes.
    Sha256,
    /// SHA-384: 48 bytes.
    Sha384,
    /// SHA-512: 64 bytes.
    Sha512,
}

impl Hash {
    /// Length of the output in bytes.
    #[must_use]
    pub const fn output_len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Length of an input block in bytes, to which HMAC pads its key.
    #[must_use]
    pub const fn block_len(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha384 | Self::Sha512 => 128,
        }
    }

    /// The hash of the concatenation of `data`.
    #[must_use]
    pub fn digest(self, data: &[&[u8]]) -> Digest {
        let mut context = HashContext::new(self);
        for part in data {
            context.update(part);
        }
        context.finish()
    }

    /// The hash of nothing, which TLS 1.3 derives its "derived" secrets with
    /// (RFC 8446 Section 7.1). A constant.
    #[must_use]
    pub const fn empty_digest(self) -> Digest {
        match self {
            Self::Sha256 => EMPTY_SHA256,
            Self::Sha384 => EMPTY_SHA384,
            Self::Sha512 => EMPTY_SHA512,
        }
    }
}

/// A running hash. Cheap to clone: the state is plain data, without a heap allocation.
///
/// It may have been fed secrets, so it is wiped when dropped.
#[derive(Clone)]
pub struct HashContext {
    state: State,
}

#[derive(Clone)]
enum State {
    Sha256(ffi::Sha256),
    Sha384(ffi::Sha512),
    Sha512(ffi::Sha512),
}

impl HashContext {
    /// Starts hashing.
    #[must_use]
    pub fn new(hash: Hash) -> Self {
        let state = match hash {
            Hash::Sha256 => State::Sha256(ffi::Sha256::new()),
            Hash::Sha384 => State::Sha384(ffi::Sha512::new_384()),
            Hash::Sha512 => State::Sha512(ffi::Sha512::new_512()),
        };
        Self { state }
    }

    /// Goes on from the state after exactly one block, as [`Midstate`] recorded it.
    pub(crate) fn resume(hash: Hash, midstate: &Midstate) -> Self {
        let state = match (hash, midstate) {
            (Hash::Sha384, Midstate::Wide(h)) => {
                State::Sha384(ffi::Sha512::resume_384_after_one_block(h))
            }
            (_, Midstate::Wide(h)) => State::Sha512(ffi::Sha512::resume_512_after_one_block(h)),
            (_, Midstate::Narrow(h, _)) => State::Sha256(ffi::Sha256::resume_after_one_block(h)),
        };
        Self { state }
    }

    /// Which hash this is.
    #[must_use]
    pub fn hash(&self) -> Hash {
        match self.state {
            State::Sha256(_) => Hash::Sha256,
            State::Sha384(_) => Hash::Sha384,
            State::Sha512(_) => Hash::Sha512,
        }
    }

    /// Adds `data`.
    #[inline]
    pub fn update(&mut self, data: &[u8]) {
        match &mut self.state {
            State::Sha256(context) => context.update(data),
            State::Sha384(context) | State::Sha512(context) => context.update(data),
        }
    }

    /// The hash of all that was added.
    #[must_use]
    pub fn finish(mut self) -> Digest {
        let mut digest = Digest::zeros(self.hash());
        match &mut self.state {
            State::Sha256(context) => context.finish(&mut digest.bytes),
            State::Sha384(context) | State::Sha512(context) => context.finish(&mut digest.bytes),
        }
        digest
    }

    /// The hash of all that was added so far; more may follow.
    #[must_use]
    pub fn current(&self) -> Digest {
        self.clone().finish()
    }
}

impl fmt::Debug for HashContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashContext")
            .field("hash", &self.hash())
            .finish_non_exhaustive()
    }
}

/// The chaining value after one block: all that HMAC needs to keep of a padded key. Wiped on drop.
pub(crate) enum Midstate {
    /// SHA-256, and zeros as far as the other one reaches: what is not written when a value is made would be copied from a stack that may
    /// have the secrets of calls before.
    Narrow(
        [u32; 8],
        #[expect(dead_code, reason = "it is there to be written")] [u32; 8],
    ),
    /// SHA-384 and SHA-512.
    Wide([u64; 8]),
}

impl Midstate {
    /// Before any block.
    pub(crate) const fn initial(hash: Hash) -> Self {
        match hash {
            Hash::Sha256 => Self::Narrow(ffi::SHA256_IV, [0; 8]),
            Hash::Sha384 => Self::Wide(ffi::SHA384_IV),
            Hash::Sha512 => Self::Wide(ffi::SHA512_IV),
        }
    }

    /// Hashes one block, which stands at the start of `block`.
    pub(crate) fn compress(&mut self, block: &[u8; MAX_BLOCK_LEN]) {
        match self {
            Self::Narrow(h, _) => {
                if let Some(block) = block.first_chunk() {
                    ffi::sha256_compress(h, block);
                }
            }
            Self::Wide(h) => ffi::sha512_compress(h, block),
        }
    }

    /// The hash of that one block and `data` if data and padding fit in one more block.
    ///
    /// This is what makes HMAC over a few bytes fast: one call that hashes a block, rather than
    /// three that fill, pad and wipe a context.
    pub(crate) fn finish_short(&self, hash: Hash, data: &[&[u8]]) -> Option<Digest> {
        let block_len = hash.block_len();
        // FIPS 180-4 Section 5.1: a one bit, zeros, and the length in bits in 64 or 128 bits.
        let room = block_len - 1 - block_len / 8;
        let mut block = [0; MAX_BLOCK_LEN];
        let mut filled = 0;
        for part in data {
            let end = filled + part.len();
            if end > room {
                block.as_mut_slice().zeroize();
                return None;
            }
            block.get_mut(filled..end)?.copy_from_slice(part);
            filled = end;
        }
        *block.get_mut(filled)? = 0x80;
        let bits = ((block_len + filled) as u64 * 8).to_be_bytes();
        block
            .get_mut(block_len - bits.len()..block_len)?
            .copy_from_slice(&bits);

        let mut digest = Digest::zeros(hash);
        match self {
            Self::Narrow(h, _) => {
                let mut h = *h;
                ffi::sha256_compress(&mut h, block.first_chunk()?);
                for (to, word) in digest.bytes.as_chunks_mut().0.iter_mut().zip(&h) {
                    *to = word.to_be_bytes();
                }
                h.as_mut_slice().zeroize();
            }
            Self::Wide(h) => {
                let mut h = *h;
                ffi::sha512_compress(&mut h, &block);
                let words = hash.output_len() / 8;
                let to = digest.bytes.as_chunks_mut().0.iter_mut();
                for (to, word) in to.zip(&h).take(words) {
                    *to = word.to_be_bytes();
                }
                h.as_mut_slice().zeroize();
            }
        }
        block.as_mut_slice().zeroize();
        Some(digest)
    }
}

impl Drop for Midstate {
    fn drop(&mut self) {
        match self {
            Self::Narrow(h, _) => h.as_mut_slice().zeroize(),
            Self::Wide(h) => h.as_mut_slice().zeroize(),
        }
    }
}

/// The output of a [`enum@Hash`]. A public value: it is neither wiped nor hidden.
#[derive(Copy, Clone)]
pub struct Digest {
    bytes: [u8; MAX_OUTPUT_LEN],
    len: u8,
}

impl Digest {
    const fn zeros(hash: Hash) -> Self {
        Self {
            bytes: [0; MAX_OUTPUT_LEN],
            len: hash.output_len() as u8,
        }
    }

    pub(crate) fn as_mut_bytes(&mut self) -> &mut [u8] {
        let len = usize::from(self.len);
        self.bytes.get_mut(..len).unwrap_or_default()
    }
}

impl Deref for Digest {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Digest {}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.iter() {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

const EMPTY_SHA256: Digest = Digest {
    len: 32,
    bytes: [
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9,
        0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52,
        0xb8, 0x55, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00,
    ],
};

const EMPTY_SHA384: Digest = Digest {
    len: 48,
    bytes: [
        0x38, 0xb0, 0x60, 0xa7, 0x51, 0xac, 0x96, 0x38, 0x4c, 0xd9, 0x32, 0x7e, 0xb1, 0xb1, 0xe3,
        0x6a, 0x21, 0xfd, 0xb7, 0x11, 0x14, 0xbe, 0x07, 0x43, 0x4c, 0x0c, 0xc7, 0xbf, 0x63, 0xf6,
        0xe1, 0xda, 0x27, 0x4e, 0xde, 0xbf, 0xe7, 0x6f, 0x65, 0xfb, 0xd5, 0x1a, 0xd2, 0xf1, 0x48,
        0x98, 0xb9, 0x5b, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00,
    ],
};

const EMPTY_SHA512: Digest = Digest {
    len: 64,
    bytes: [
        0xcf, 0x83, 0xe1, 0x35, 0x7e, 0xef, 0xb8, 0xbd, 0xf1, 0x54, 0x28, 0x50, 0xd6, 0x6d, 0x80,
        0x07, 0xd6, 0x20, 0xe4, 0x05, 0x0b, 0x57, 0x15, 0xdc, 0x83, 0xf4, 0xa9, 0x21, 0xd3, 0x6c,
        0xe9, 0xce, 0x47, 0xd0, 0xd1, 0x3c, 0x5d, 0x85, 0xf2, 0xb0, 0xff, 0x83, 0x18, 0xd2, 0x87,
        0x7e, 0xec, 0x2f, 0x63, 0xb9, 0x31, 0xbd, 0x47, 0x41, 0x7a, 0x81, 0xa5, 0x38, 0x32, 0x7a,
        0xf9, 0x27, 0xda, 0x3e,
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Hash; 3] = [Hash::Sha256, Hash::Sha384, Hash::Sha512];

    #[test]
    fn fips_180_4_example_abc() {
        let expected = [
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ];
        for (hash, expected) in ALL.into_iter().zip(expected) {
            assert_eq!(format!("{:?}", hash.digest(&[b"a", b"", b"bc"])), expected);
        }
    }

    #[test]
    fn empty_digest_is_the_hash_of_nothing() {
        for hash in ALL {
            assert_eq!(hash.empty_digest(), hash.digest(&[]));
            assert_eq!(hash.empty_digest().len(), hash.output_len());
        }
    }

    #[test]
    fn agrees_with_aws_lc_rs_for_every_length_and_split() {
        let data: Vec<u8> = (0..=255).cycle().take(600).collect();
        let theirs = [
            &aws_lc_rs::digest::SHA256,
            &aws_lc_rs::digest::SHA384,
            &aws_lc_rs::digest::SHA512,
        ];
        for (hash, theirs) in ALL.into_iter().zip(theirs) {
            for len in 0..data.len() {
                let (a, b) = data[..len].split_at(len / 3);
                let mut context = HashContext::new(hash);
                context.update(a);
                let _ = context.current();
                context.update(b);
                let expected = aws_lc_rs::digest::digest(theirs, &data[..len]);
                assert_eq!(context.current().as_ref(), expected.as_ref());
                assert_eq!(context.finish().as_ref(), expected.as_ref());
            }
        }
    }

    #[test]
    fn context_is_small() {
        assert!(size_of::<HashContext>() <= 230);
    }
}
