//! HMAC (RFC 2104) with MD5 and SHA-1, and with all hashes here behind one trait.

use crate::HmacKey;
use crate::ffi::legacy::{Md5, Sha1};
use crate::hmac::{INNER_PAD, OUTER_PAD, Tag};
use zeroize::Zeroize;

/// MD5 and SHA-1: both have blocks of 64 bytes.
const BLOCK_LEN: usize = 64;

/// A prepared key of a MAC.
pub(super) trait Mac {
    /// One MAC, wiped on drop.
    type Tag: AsRef<[u8]>;

    /// Length of the MAC in bytes, never zero.
    fn tag_len(&self) -> usize;

    /// The MAC of the concatenation of `data`.
    fn sign(&self, data: &[&[u8]]) -> Self::Tag;
}

impl Mac for HmacKey {
    type Tag = Tag;

    fn tag_len(&self) -> usize {
        self.hash().output_len()
    }

    fn sign(&self, data: &[&[u8]]) -> Tag {
        self.sign(data)
    }
}

/// The output of HMAC with MD5 (16 bytes) or SHA-1 (20). Wiped on drop.
pub(super) struct WeakTag<const LEN: usize>([u8; LEN]);

impl<const LEN: usize> AsRef<[u8]> for WeakTag<LEN> {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl<const LEN: usize> Drop for WeakTag<LEN> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// MD5 or SHA-1, running.
pub(super) trait WeakHash<const LEN: usize>: Clone {
    fn new() -> Self;
    fn update(&mut self, data: &[u8]);
    fn finish(self) -> [u8; LEN];
}

impl WeakHash<16> for Md5 {
    fn new() -> Self {
        Self::new()
    }

    fn update(&mut self, data: &[u8]) {
        self.update(data);
    }

    fn finish(mut self) -> [u8; 16] {
        let mut digest = [0; 16];
        Self::finish(&mut self, &mut digest);
        digest
    }
}

impl WeakHash<20> for Sha1 {
    fn new() -> Self {
        Self::new()
    }

    fn update(&mut self, data: &[u8]) {
        self.update(data);
    }

    fn finish(mut self) -> [u8; 20] {
        let mut digest = [0; 20];
        Self::finish(&mut self, &mut digest);
        digest
    }
}

/// A key with its padding already hashed. Wiped on drop, by the contexts themselves.
pub(super) struct WeakHmacKey<H, const LEN: usize> {
    inner: H,
    outer: H,
}

/// HMAC-MD5.
pub(super) type HmacMd5 = WeakHmacKey<Md5, 16>;

/// HMAC-SHA-1.
pub(super) type HmacSha1 = WeakHmacKey<Sha1, 20>;

impl<const LEN: usize, H: WeakHash<LEN>> WeakHmacKey<H, LEN> {
    /// Prepares `key`, of any length, on the heap: no copy of its state is left on the stack.
    pub(super) fn boxed(key: &[u8]) -> Box<Self> {
        let mut prepared = Box::new(Self {
            inner: H::new(),
            outer: H::new(),
        });
        let mut block = [0; BLOCK_LEN];
        if let Some(start) = block.get_mut(..key.len()) {
            start.copy_from_slice(key);
        } else {
            let mut hash = H::new();
            hash.update(key);
            let mut digest = hash.finish();
            for (to, from) in block.iter_mut().zip(&digest) {
                *to = *from;
            }
            digest.zeroize();
        }
        for byte in &mut block {
            *byte ^= INNER_PAD;
        }
        prepared.inner.update(&block);
        for byte in &mut block {
            *byte ^= INNER_PAD ^ OUTER_PAD;
        }
        prepared.outer.update(&block);
        block.zeroize();
        prepared
    }
}

impl<const LEN: usize, H: WeakHash<LEN>> Mac for WeakHmacKey<H, LEN> {
    type Tag = WeakTag<LEN>;

    fn tag_len(&self) -> usize {
        LEN
    }

    fn sign(&self, data: &[&[u8]]) -> WeakTag<LEN> {
        let mut inner = self.inner.clone();
        for part in data {
            inner.update(part);
        }
        let inner = WeakTag(inner.finish());
        let mut outer = self.outer.clone();
        outer.update(inner.as_ref());
        WeakTag(outer.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2202 Section 2, cases 1, 2 and 6 (a key longer than a block).
    #[test]
    fn rfc_2202_hmac_md5() {
        let cases: [(&[u8], &[u8], &str); 3] = [
            (&[0x0b; 16], b"Hi There", "9294727a3638bb1c13f48ef8158bfc9d"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "750c783e6ab0b503eaa86e310a5db738",
            ),
            (
                &[0xaa; 80],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
            ),
        ];
        for (key, data, expected) in cases {
            let (a, b) = data.split_at(data.len() / 3);
            assert_eq!(hex(HmacMd5::boxed(key).sign(&[a, b]).as_ref()), expected);
        }
    }

    /// RFC 2202 Section 3, cases 1, 2 and 6.
    #[test]
    fn rfc_2202_hmac_sha_1() {
        let cases: [(&[u8], &[u8], &str); 3] = [
            (
                &[0x0b; 20],
                b"Hi There",
                "b617318655057264e28bc0b6fb378c8ef146be00",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            ),
            (
                &[0xaa; 80],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "aa4ae5e15272d00e95705637ce8a3b55ed402112",
            ),
        ];
        for (key, data, expected) in cases {
            let (a, b) = data.split_at(data.len() / 3);
            assert_eq!(hex(HmacSha1::boxed(key).sign(&[a, b]).as_ref()), expected);
        }
    }

    #[test]
    fn agrees_with_aws_lc_rs_for_every_key_length() {
        let theirs = aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY;
        for key_len in (0..150).chain([300]) {
            let key: Vec<u8> = (0..key_len).map(|i| i as u8).collect();
            let expected = aws_lc_rs::hmac::sign(&aws_lc_rs::hmac::Key::new(theirs, &key), &key);
            assert_eq!(
                HmacSha1::boxed(&key).sign(&[&key]).as_ref(),
                expected.as_ref()
            );
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
