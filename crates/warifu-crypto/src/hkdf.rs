//! HKDF (RFC 5869) and TLS 1.3's HKDF-Expand-Label (RFC 8446 Section 7.1).

use crate::hmac::Tag;
use crate::{CryptoError, Hash, HmacKey, Secret};
use core::borrow::Borrow;
use core::fmt;

/// A pseudorandom key: what HKDF-Extract gives and HKDF-Expand takes.
///
/// Boxed, so that moving it leaves no copy, unless [`with_secret`](Prk::with_secret) lends one that cannot be moved;
/// wiped on drop. It cannot be read back.
pub struct Prk<K = Box<HmacKey>> {
    key: K,
}

impl Prk {
    /// HKDF-Extract(salt, ikm), RFC 5869 Section 2.2. An empty salt stands for zeros of the hash's length.
    #[must_use]
    pub fn extract(hash: Hash, salt: &[u8], ikm: &[u8]) -> Self {
        // HMAC pads its key with zeros, so an empty salt and one of HashLen zeros are the same key.
        Self::extract_with(&HmacKey::new(hash, salt), ikm)
    }

    /// HKDF-Extract with a salt that was prepared before, for salts that are used more than once.
    #[must_use]
    pub fn extract_with(salt: &HmacKey, ikm: &[u8]) -> Self {
        Self::from_secret(salt.hash(), salt.sign(&[ikm]).as_ref())
    }

    /// Takes a secret that is already uniformly random, such as a traffic secret.
    #[must_use]
    pub fn from_secret(hash: Hash, secret: &[u8]) -> Self {
        Self {
            key: HmacKey::boxed(hash, secret),
        }
    }
}

impl Prk<HmacKey> {
    /// Runs `operation` with a secret that is already uniformly random, on the stack: for a few derivations and no
    /// allocation.
    pub fn with_secret<R>(hash: Hash, secret: &[u8], operation: impl FnOnce(&Self) -> R) -> R {
        let mut prk = Self {
            key: HmacKey::initial(hash),
        };
        prk.key.set(secret);
        operation(&prk)
    }
}

impl<K: Borrow<HmacKey>> Prk<K> {
    /// The hash underneath.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.key.borrow().hash()
    }

    /// HKDF-Expand(prk, info, out.len()), RFC 5869 Section 2.3, where info is the concatenation of
    /// `info`.
    ///
    /// # Errors
    /// [`CryptoError::InvalidLength`] if `out` is longer than 255 times the hash's output, or `info`
    /// has more than 8 parts.
    pub fn expand(&self, info: &[&[u8]], out: &mut [u8]) -> Result<(), CryptoError> {
        let hash_len = self.hash().output_len();
        if out.len() > 255 * hash_len || info.len() > MAX_INFO_PARTS {
            return Err(CryptoError::InvalidLength);
        }
        let mut previous: Option<Tag> = None;
        // T(i) = HMAC(PRK, T(i-1) | info | i)
        for (counter, chunk) in (1..=u8::MAX).zip(out.chunks_mut(hash_len)) {
            let counter = [counter];
            let mut data: [&[u8]; MAX_INFO_PARTS + 2] = [&[]; MAX_INFO_PARTS + 2];
            let parts = previous
                .as_ref()
                .map(Tag::as_ref)
                .into_iter()
                .chain(info.iter().copied())
                .chain([counter.as_slice()]);
            for (to, part) in data.iter_mut().zip(parts) {
                *to = part;
            }
            let block = self.key.borrow().sign(&data);
            for (to, from) in chunk.iter_mut().zip(block.as_ref()) {
                *to = *from;
            }
            previous = Some(block);
        }
        Ok(())
    }

    /// HKDF-Expand-Label(secret, label, context, out.len()), RFC 8446 Section 7.1.
    ///
    /// `label` is without the "tls13 " that this adds.
    ///
    /// # Errors
    /// [`CryptoError::InvalidLength`] if `label` exceeds 249 bytes, `context` 255 or `out` 255 times
    /// the hash's output.
    pub fn expand_label(
        &self,
        label: &[u8],
        context: &[u8],
        out: &mut [u8],
    ) -> Result<(), CryptoError> {
        with_hkdf_label(out.len(), label, context, |info| self.expand(info, out))?
    }

    /// HKDF-Expand-Label with an output of the hash's length, as all of TLS 1.3's secrets have:
    /// Derive-Secret(secret, label, messages) with `context` = Transcript-Hash(messages).
    ///
    /// # Errors
    /// As [`expand_label`](Self::expand_label).
    pub fn expand_label_secret(&self, label: &[u8], context: &[u8]) -> Result<Secret, CryptoError> {
        let len = self.hash().output_len();
        with_hkdf_label(len, label, context, |info| {
            let mut data: [&[u8]; HKDF_LABEL_PARTS + 1] = [&[1]; HKDF_LABEL_PARTS + 1];
            for (to, part) in data.iter_mut().zip(info) {
                *to = part;
            }
            // T(1) alone is as long as the hash's output: no copy of it is needed to make it a secret.
            Secret::from_slice(self.key.borrow().sign(&data).as_ref())
        })
    }
}

/// Lends HkdfLabel in parts.
///
/// ```text
/// struct { uint16 length; opaque label<7..255>; opaque context<0..255>; } HkdfLabel;
/// ```
#[inline]
fn with_hkdf_label<R>(
    out_len: usize,
    label: &[u8],
    context: &[u8],
    operation: impl FnOnce(&[&[u8]; HKDF_LABEL_PARTS]) -> R,
) -> Result<R, CryptoError> {
    const PREFIX: &[u8] = b"tls13 ";
    let too_long = |_| CryptoError::InvalidLength;
    let out_len = u16::try_from(out_len).map_err(too_long)?.to_be_bytes();
    let label_len = [u8::try_from(PREFIX.len() + label.len()).map_err(too_long)?];
    let context_len = [u8::try_from(context.len()).map_err(too_long)?];
    Ok(operation(&[
        &out_len,
        &label_len,
        PREFIX,
        label,
        &context_len,
        context,
    ]))
}

/// The parts that [`with_hkdf_label`] lends.
const HKDF_LABEL_PARTS: usize = 6;

/// HkdfLabel's parts; a few more cost nothing.
const MAX_INFO_PARTS: usize = 8;

impl<K: Borrow<HmacKey>> fmt::Debug for Prk<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prk")
            .field("hash", &self.hash())
            .finish_non_exhaustive()
    }
}
