//! Authenticated encryption of records (RFC 5116; RFC 8446 Section 5.2).

use crate::CryptoError;
use crate::ffi::{self, AeadAlgorithm, AeadContext};
use aes::{Aes128Enc, Aes256Enc};
use ccm::Ccm;
use ccm::aead::{AeadInOut, KeyInit};
use ccm::consts::{U8, U12, U16};
use core::fmt;
use zeroize::{Zeroize, zeroize_stack};

/// Length of every nonce here, in bytes (RFC 8446 Section 5.3).
pub const NONCE_LEN: usize = 12;

/// An AEAD algorithm of TLS 1.3.
#[derive(Copy, Clone, Eq, PartialEq, Debug, Hash)]
pub enum Aead {
    /// AES-128 in GCM.
    Aes128Gcm,
    /// AES-256 in GCM.
    Aes256Gcm,
    /// ChaCha20-Poly1305 (RFC 8439).
    ChaCha20Poly1305,
    /// AES-128 in CCM with a 16-byte tag.
    Aes128Ccm,
    /// AES-128 in CCM with an 8-byte tag.
    Aes128Ccm8,
    /// AES-256 in CCM with a 16-byte tag (TLS 1.2 only).
    Aes256Ccm,
    /// AES-256 in CCM with an 8-byte tag (TLS 1.2 only).
    Aes256Ccm8,
}

impl Aead {
    /// Length of the key in bytes.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Ccm | Self::Aes128Ccm8 => 16,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 | Self::Aes256Ccm | Self::Aes256Ccm8 => 32,
        }
    }

    /// Length of the nonce in bytes.
    #[must_use]
    pub const fn nonce_len(self) -> usize {
        NONCE_LEN
    }

    /// Length of the tag in bytes: by how much ciphertext is longer than plaintext.
    #[must_use]
    pub const fn tag_len(self) -> usize {
        match self {
            Self::Aes128Ccm8 | Self::Aes256Ccm8 => 8,
            _ => ffi::AEAD_TAG_LEN,
        }
    }
}

/// A key ready for sealing and opening.
///
/// Two words and one allocation: 584 bytes for AES-GCM, 32 for ChaCha20-Poly1305, about 190 and 250 for AES-128 and
/// AES-256 in CCM where the processor has AES instructions. AWS-LC's heap holds nothing of it. Wiped on drop.
pub struct AeadKey {
    state: State,
}

enum State {
    Aes128Gcm(AeadContext),
    Aes256Gcm(AeadContext),
    ChaCha20Poly1305(Box<ChaChaKey>),
    Aes128Ccm(Box<Ccm<Aes128Enc, U16, U12>>),
    Aes128Ccm8(Box<Ccm<Aes128Enc, U8, U12>>),
    Aes256Ccm(Box<Ccm<Aes256Enc, U16, U12>>),
    Aes256Ccm8(Box<Ccm<Aes256Enc, U8, U12>>),
}

impl AeadKey {
    /// Expands `key`.
    ///
    /// # Errors
    /// [`CryptoError::InvalidLength`] if `key` is not `algorithm.key_len()` bytes.
    pub fn new(algorithm: Aead, key: &[u8]) -> Result<Self, CryptoError> {
        let state = State::new(algorithm, key)?;
        if matches!(
            algorithm,
            Aead::Aes128Ccm | Aead::Aes128Ccm8 | Aead::Aes256Ccm | Aead::Aes256Ccm8
        ) {
            wipe_stack();
        }
        Ok(Self { state })
    }
}

impl State {
    /// A function of its own, so that all that it leaves on the stack is below its caller.
    #[inline(never)]
    fn new(algorithm: Aead, key: &[u8]) -> Result<Self, CryptoError> {
        let wrong = |_| CryptoError::InvalidLength;
        let gcm = |algorithm| AeadContext::new(algorithm, key).ok_or(CryptoError::InvalidLength);
        Ok(match algorithm {
            Aead::Aes128Gcm => Self::Aes128Gcm(gcm(AeadAlgorithm::Aes128Gcm)?),
            Aead::Aes256Gcm => Self::Aes256Gcm(gcm(AeadAlgorithm::Aes256Gcm)?),
            Aead::ChaCha20Poly1305 => Self::ChaCha20Poly1305(ChaChaKey::new(key)?),
            Aead::Aes128Ccm => Self::Aes128Ccm(Box::new(Ccm::new_from_slice(key).map_err(wrong)?)),
            Aead::Aes128Ccm8 => {
                Self::Aes128Ccm8(Box::new(Ccm::new_from_slice(key).map_err(wrong)?))
            }
            Aead::Aes256Ccm => Self::Aes256Ccm(Box::new(Ccm::new_from_slice(key).map_err(wrong)?)),
            Aead::Aes256Ccm8 => {
                Self::Aes256Ccm8(Box::new(Ccm::new_from_slice(key).map_err(wrong)?))
            }
        })
    }
}

/// How deep RustCrypto goes below the function that calls it, in bytes, with a margin. Measured by painting the stack, on x86-64 with AVX-512
/// (2026-11): at most 7,888 at each level of optimisation, 28,096 without. Making a key takes 4,832 at most, AES without instructions for
/// it 2,936 and 12,140.
///
/// Wiping it takes 100 ns: a record of 64 bytes takes 1.3 times what it takes without, one of 1 KiB or more the same.
const CCM_STACK: usize = if cfg!(unoptimized) { 32_768 } else { 12_288 };

/// Overwrites what the function called last has left below the caller on the stack. RustCrypto makes its key schedules there, and loads them
/// there for each record; what comes to lie there next may be moved elsewhere, with its unused bytes. The function called must be
/// `#[inline(never)]`: what becomes a part of the caller is not below it.
#[inline(always)]
fn wipe_stack() {
    zeroize_stack::<CCM_STACK>();
}

impl AeadKey {
    /// Which algorithm the key is for.
    #[must_use]
    pub fn algorithm(&self) -> Aead {
        match self.state {
            State::Aes128Gcm(_) => Aead::Aes128Gcm,
            State::Aes256Gcm(_) => Aead::Aes256Gcm,
            State::ChaCha20Poly1305(_) => Aead::ChaCha20Poly1305,
            State::Aes128Ccm(_) => Aead::Aes128Ccm,
            State::Aes128Ccm8(_) => Aead::Aes128Ccm8,
            State::Aes256Ccm(_) => Aead::Aes256Ccm,
            State::Aes256Ccm8(_) => Aead::Aes256Ccm8,
        }
    }

    /// Encrypts the concatenation of `plaintext` and `extra` to `out`, followed by the tag.
    ///
    /// In TLS 1.3 `extra` is the content type and the padding (RFC 8446 Section 5.2), so that a record is
    /// sealed from the caller's buffer without a copy. `nonce` must never repeat under one key.
    ///
    /// # Errors
    /// [`CryptoError::InvalidLength`] unless `out` is as long as `plaintext`, `extra` and the tag together;
    /// [`CryptoError::Failed`] if the algorithm cannot take that much (CCM: 16 MiB).
    pub fn seal_scatter(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        plaintext: &[u8],
        extra: &[u8],
        out: &mut [u8],
    ) -> Result<(), CryptoError> {
        let sealed_len = plaintext.len() + extra.len() + self.algorithm().tag_len();
        if out.len() != sealed_len {
            return Err(CryptoError::InvalidLength);
        }
        let ok = match &self.state {
            State::Aes128Gcm(context) | State::Aes256Gcm(context) => context
                .as_ref()
                .seal_scatter(nonce, aad, plaintext, extra, out),
            State::ChaCha20Poly1305(key) => chacha_seal(key, nonce, aad, plaintext, extra, out),
            State::Aes128Ccm(ccm) => ccm_seal(ccm.as_ref(), nonce, aad, plaintext, extra, out),
            State::Aes128Ccm8(ccm) => ccm_seal(ccm.as_ref(), nonce, aad, plaintext, extra, out),
            State::Aes256Ccm(ccm) => ccm_seal(ccm.as_ref(), nonce, aad, plaintext, extra, out),
            State::Aes256Ccm8(ccm) => ccm_seal(ccm.as_ref(), nonce, aad, plaintext, extra, out),
        };
        if ok { Ok(()) } else { Err(CryptoError::Failed) }
    }

    /// Decrypts `in_out`, ciphertext and tag, in place and returns the plaintext part of it.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] if it does not authenticate or is shorter than a tag. The ciphertext part
    /// of `in_out` is then zeroed; no plaintext is ever left in it.
    pub fn open_in_place<'a>(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        in_out: &'a mut [u8],
    ) -> Result<&'a mut [u8], CryptoError> {
        let plaintext_len = in_out.len().checked_sub(self.algorithm().tag_len());
        let (data, tag) = plaintext_len
            .and_then(|len| in_out.split_at_mut_checked(len))
            .ok_or(CryptoError::Failed)?;
        let ok = match &self.state {
            State::Aes128Gcm(context) | State::Aes256Gcm(context) => {
                context.as_ref().open_in_place(nonce, aad, data, tag)
            }
            State::ChaCha20Poly1305(key) => ffi::with_chacha20_poly1305(&key.0, |context| {
                context.open_in_place(nonce, aad, data, tag)
            })
            .unwrap_or(false),
            State::Aes128Ccm(ccm) => ccm_open(ccm.as_ref(), nonce, aad, data, tag),
            State::Aes128Ccm8(ccm) => ccm_open(ccm.as_ref(), nonce, aad, data, tag),
            State::Aes256Ccm(ccm) => ccm_open(ccm.as_ref(), nonce, aad, data, tag),
            State::Aes256Ccm8(ccm) => ccm_open(ccm.as_ref(), nonce, aad, data, tag),
        };
        if ok {
            Ok(data)
        } else {
            Err(CryptoError::Failed)
        }
    }

    /// Decrypts `ciphertext_and_tag` to `out`.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] if it does not authenticate or is shorter than a tag, `out` being zeroed
    /// then; [`CryptoError::InvalidLength`] unless `out` is shorter than the input by exactly the tag.
    pub fn open_into(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        ciphertext_and_tag: &[u8],
        out: &mut [u8],
    ) -> Result<(), CryptoError> {
        let plaintext_len = ciphertext_and_tag
            .len()
            .checked_sub(self.algorithm().tag_len());
        let Some((ciphertext, tag)) =
            plaintext_len.and_then(|len| ciphertext_and_tag.split_at_checked(len))
        else {
            out.fill(0);
            return Err(CryptoError::Failed);
        };
        if out.len() != ciphertext.len() {
            return Err(CryptoError::InvalidLength);
        }
        let mut ccm = |open: &dyn Fn(&mut [u8]) -> bool| {
            out.copy_from_slice(ciphertext);
            open(out)
        };
        let ok = match &self.state {
            State::Aes128Gcm(context) | State::Aes256Gcm(context) => context
                .as_ref()
                .open_gather(nonce, aad, ciphertext, tag, out),
            State::ChaCha20Poly1305(key) => ffi::with_chacha20_poly1305(&key.0, |context| {
                context.open_gather(nonce, aad, ciphertext, tag, out)
            })
            .unwrap_or(false),
            State::Aes128Ccm(key) => ccm(&|out| ccm_open(key.as_ref(), nonce, aad, out, tag)),
            State::Aes128Ccm8(key) => ccm(&|out| ccm_open(key.as_ref(), nonce, aad, out, tag)),
            State::Aes256Ccm(key) => ccm(&|out| ccm_open(key.as_ref(), nonce, aad, out, tag)),
            State::Aes256Ccm8(key) => ccm(&|out| ccm_open(key.as_ref(), nonce, aad, out, tag)),
        };
        if ok {
            Ok(())
        } else {
            // CCM zeroes only what it has decrypted, and refuses more than 16 MiB before it does.
            out.fill(0);
            Err(CryptoError::Failed)
        }
    }
}

impl fmt::Debug for AeadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AeadKey")
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

/// A ChaCha20-Poly1305 key, wiped on drop. It is expanded anew for each record, which costs a copy of itself.
struct ChaChaKey([u8; 32]);

impl ChaChaKey {
    fn new(key: &[u8]) -> Result<Box<Self>, CryptoError> {
        let mut boxed = Box::new(Self([0; 32]));
        if key.len() != boxed.0.len() {
            return Err(CryptoError::InvalidLength);
        }
        boxed.0.copy_from_slice(key);
        Ok(boxed)
    }
}

impl Drop for ChaChaKey {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

/// Up to this many bytes of plaintext, copying them is cheaper than ChaCha20-Poly1305 with extra input, for which
/// AWS-LC leaves its assembly: 184 against 300 ns for 64 bytes, 6.6 against 6.3 µs for 16 KiB.
const CHACHA_COPY_LIMIT: usize = 8192;

fn chacha_seal(
    key: &ChaChaKey,
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    plaintext: &[u8],
    extra: &[u8],
    out: &mut [u8],
) -> bool {
    let sealed = ffi::with_chacha20_poly1305(&key.0, |context| {
        if extra.is_empty() || plaintext.len() > CHACHA_COPY_LIMIT {
            return context.seal_scatter(nonce, aad, plaintext, extra, out);
        }
        join(plaintext, extra, out)
            .is_some_and(|(data, tag)| context.seal_in_place(nonce, aad, data, tag))
    });
    sealed.unwrap_or(false)
}

/// Copies `plaintext` and `extra` to the front of `out`; returns them there and the rest.
fn join<'a>(
    plaintext: &[u8],
    extra: &[u8],
    out: &'a mut [u8],
) -> Option<(&'a mut [u8], &'a mut [u8])> {
    let (data, rest) = out.split_at_mut_checked(plaintext.len() + extra.len())?;
    let (start, end) = data.split_at_mut(plaintext.len());
    start.copy_from_slice(plaintext);
    end.copy_from_slice(extra);
    Some((data, rest))
}

/// Seals with CCM, which works in place only: the plaintext is copied to `out` first.
fn ccm_seal<C: AeadInOut<NonceSize = U12>>(
    ccm: &C,
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    plaintext: &[u8],
    extra: &[u8],
    out: &mut [u8],
) -> bool {
    let Some((data, out_tag)) = join(plaintext, extra, out) else {
        return false;
    };
    let sealed = ccm_encrypt(ccm, nonce, aad, data, out_tag);
    wipe_stack();
    if !sealed {
        out.fill(0);
    }
    sealed
}

/// A function of its own, so that all that it leaves on the stack is below its caller.
#[inline(never)]
fn ccm_encrypt<C: AeadInOut<NonceSize = U12>>(
    ccm: &C,
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    data: &mut [u8],
    out_tag: &mut [u8],
) -> bool {
    match ccm.encrypt_inout_detached(nonce.into(), aad, data.into()) {
        Ok(tag) if tag.len() == out_tag.len() => {
            out_tag.copy_from_slice(&tag);
            true
        }
        _ => false,
    }
}

/// Opens with CCM in place; `data` is zeroed if it does not authenticate.
fn ccm_open<C: AeadInOut<NonceSize = U12>>(
    ccm: &C,
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    data: &mut [u8],
    tag: &[u8],
) -> bool {
    let opened = ccm_decrypt(ccm, nonce, aad, data, tag);
    wipe_stack();
    opened
}

/// As [`ccm_encrypt`].
#[inline(never)]
fn ccm_decrypt<C: AeadInOut<NonceSize = U12>>(
    ccm: &C,
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    data: &mut [u8],
    tag: &[u8],
) -> bool {
    let Ok(tag) = tag.try_into() else {
        return false;
    };
    ccm.decrypt_inout_detached(nonce.into(), aad, data.into(), tag)
        .is_ok()
}
