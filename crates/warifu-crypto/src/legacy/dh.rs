//! Finite field Diffie-Hellman in groups that the server chooses (RFC 5246 Section 8.1.2).
//!
//! The client gets a prime and a generator, and nothing tells it that they are good. Groups of the RFCs are known by
//! value; any other modulus must pass a test for primality, which costs the time that [`DhGroup::from_peer`] tells. What cannot
//! be told is whether the logarithm is easy all the same: a server can choose such a prime, as it can publish its keys.
//!
//! The secret loses its leading zero bytes before it is hashed, so that the time of hashing tells something about it
//! (the Raccoon attack), which is of use only if a key is used again. Here a [`DhKeyPair`] agrees once.

use super::dh_groups::{KNOWN_GROUPS, KnownGroup};
use crate::ffi::legacy::{is_probable_prime, mod_exp};
use crate::hash::Digest;
use crate::{CryptoError, Hash, Secret, random};
use core::fmt;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// The largest modulus in bits: the work grows with its cube and the peer chooses it.
pub const MAX_DH_BITS: u32 = 8192;

/// The largest modulus in bits that is tested for primality; above, only groups of the RFCs are taken.
pub const MAX_TESTED_DH_BITS: u32 = 4096;

/// Rounds of Miller and Rabin's test: a composite number passes once in 2^32 attempts at most, whoever chose it.
const PRIMALITY_ROUNDS: u8 = 16;

/// A group: a prime modulus and a generator.
#[derive(Clone, PartialEq, Eq)]
pub struct DhGroup {
    p: Cow<'static, [u8]>,
    g: Cow<'static, [u8]>,
    name: Option<&'static str>,
    /// Length of private exponents in bytes. None: as long as p.
    exponent_len: Option<usize>,
}

/// Why a group is refused.
#[derive(Copy, Clone, Eq, PartialEq, Debug)]
pub enum DhProblem {
    /// The modulus is smaller than is wanted.
    TooSmall {
        /// Size of the modulus.
        bits: u32,
    },
    /// The modulus is larger than [`MAX_DH_BITS`], or than [`MAX_TESTED_DH_BITS`] and of no RFC.
    TooLarge {
        /// Size of the modulus, at most `u32::MAX`.
        bits: u32,
    },
    /// The modulus is not a prime number.
    NotPrime,
    /// The generator is not above 1 and below p-1.
    BadGenerator,
}

impl fmt::Display for DhProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooSmall { bits } => write!(f, "Diffie-Hellman prime of only {bits} bits"),
            Self::TooLarge { bits } => write!(
                f,
                "Diffie-Hellman prime of {bits} bits (at most {MAX_DH_BITS} in groups of the RFCs, \
                 {MAX_TESTED_DH_BITS} in others)"
            ),
            Self::NotPrime => f.write_str("Diffie-Hellman modulus that is not prime"),
            Self::BadGenerator => f.write_str("Diffie-Hellman generator outside 2..p-1"),
        }
    }
}

impl core::error::Error for DhProblem {}

impl DhGroup {
    /// The group ffdhe2048, ffdhe3072, ffdhe4096, ffdhe6144 or ffdhe8192 of RFC 7919 Appendix A. None for other sizes.
    #[must_use]
    pub fn rfc7919(bits: u32) -> Option<Self> {
        let name = match bits {
            2048 => "ffdhe2048",
            3072 => "ffdhe3072",
            4096 => "ffdhe4096",
            6144 => "ffdhe6144",
            8192 => "ffdhe8192",
            _ => return None,
        };
        let known = KNOWN_GROUPS.iter().find(|known| known.name == name)?;
        Some(Self {
            p: Cow::Borrowed(known.p),
            g: Cow::Borrowed(known.g),
            name: Some(known.name),
            exponent_len: known.exponent_len,
        })
    }

    /// The group that a server sent (dh_p and dh_g of ServerDHParams, big-endian), if its modulus has `min_bits` or more,
    /// is prime, and the generator lies above 1 and below p-1.
    ///
    /// The groups of RFC 7919, RFC 3526, RFC 5114 and Section 6.2 of RFC 2409 cost nothing. Another prime is tested once,
    /// for the last 32 that passed are remembered in the process: about 10 ms of CPU time for 1024 bits, 60 ms for 2048,
    /// 0.2 s for 3072, 0.5 s for 4096. What is no prime mostly fails in a sixteenth of that or less.
    ///
    /// # Errors
    /// Why it is refused, the cheaper reasons first.
    pub fn from_peer(p: &[u8], g: &[u8], min_bits: u32) -> Result<Self, DhProblem> {
        let (p, g) = (without_leading_zeros(p), without_leading_zeros(g));
        let bits = bit_len(p);
        if bits < min_bits {
            return Err(DhProblem::TooSmall { bits });
        }
        if bits > MAX_DH_BITS {
            return Err(DhProblem::TooLarge { bits });
        }
        if p.last().is_none_or(|last| last % 2 == 0) {
            return Err(DhProblem::NotPrime);
        }
        if !is_inner_element(g, p) {
            return Err(DhProblem::BadGenerator);
        }
        if let Some(known) = KNOWN_GROUPS.iter().find(|known| known.p == p) {
            return Ok(Self::with_known_prime(known, g));
        }
        if bits > MAX_TESTED_DH_BITS {
            return Err(DhProblem::TooLarge { bits });
        }
        if !is_prime(p) {
            return Err(DhProblem::NotPrime);
        }
        Ok(Self {
            p: Cow::Owned(p.to_vec()),
            g: Cow::Owned(g.to_vec()),
            name: None,
            exponent_len: None,
        })
    }

    fn with_known_prime(known: &'static KnownGroup, g: &[u8]) -> Self {
        let same = known.g == g;
        Self {
            p: Cow::Borrowed(known.p),
            g: if same {
                Cow::Borrowed(known.g)
            } else {
                Cow::Owned(g.to_vec())
            },
            name: same.then_some(known.name),
            exponent_len: known.exponent_len,
        }
    }

    /// The modulus in big-endian order, without leading zeros.
    #[must_use]
    pub fn p(&self) -> &[u8] {
        &self.p
    }

    /// The generator in big-endian order, without leading zeros.
    #[must_use]
    pub fn g(&self) -> &[u8] {
        &self.g
    }

    /// Size of the modulus in bits.
    #[must_use]
    pub fn bits(&self) -> u32 {
        bit_len(&self.p)
    }

    /// The name of a group of an RFC, generator included: `ffdhe2048` (RFC 7919), `modp2048` (RFC 3526, RFC 2409),
    /// `modp2048-256` (RFC 5114).
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        self.name
    }
}

impl fmt::Debug for DhGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DhGroup")
            .field("bits", &self.bits())
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// An ephemeral key pair in a group. The private half is wiped on drop.
pub struct DhKeyPair {
    group: DhGroup,
    private_key: Secret,
    public: Box<[u8]>,
}

impl DhKeyPair {
    /// Makes a new key pair.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] if there are no random bytes or the library cannot.
    pub fn generate(group: &DhGroup) -> Result<Self, CryptoError> {
        let p_len = group.p.len();
        let mut private_key = Secret::zeros(group.exponent_len.unwrap_or(p_len).min(p_len));
        random::fill(private_key.as_mut_bytes())?;
        if group.exponent_len.is_none()
            && let (Some(first), Some(top)) =
                (private_key.as_mut_bytes().first_mut(), group.p.first())
        {
            // One bit shorter than p.
            *first &= u8::MAX.unbounded_shr(top.leading_zeros() + 1);
        }
        let mut public = vec![0; p_len].into_boxed_slice();
        if !mod_exp(&group.g, private_key.as_bytes(), &group.p, &mut public) {
            return Err(CryptoError::Failed);
        }
        Ok(Self {
            group: group.clone(),
            private_key,
            public,
        })
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> &DhGroup {
        &self.group
    }

    /// The public half, dh_Ys or dh_Yc, in big-endian order. As long as p, leading zeros included, which some peers rely on.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// The secret shared with the owner of `peer`, dh_Yc or dh_Ys in big-endian order: without its leading zero bytes,
    /// as TLS 1.2 and older take it (RFC 5246 Section 8.1.2).
    ///
    /// # Errors
    /// [`CryptoError::InvalidPeerKey`] if `peer` is not above 1 and below p-1, or lies in so small a subgroup that the
    /// secret is 1. [`CryptoError::Failed`] if the library cannot.
    pub fn agree(self, peer: &[u8]) -> Result<Secret, CryptoError> {
        let (p, peer) = (&*self.group.p, without_leading_zeros(peer));
        if !is_inner_element(peer, p) {
            return Err(CryptoError::InvalidPeerKey);
        }
        let mut padded = Secret::zeros(p.len());
        if !mod_exp(peer, self.private_key.as_bytes(), p, padded.as_mut_bytes()) {
            return Err(CryptoError::Failed);
        }
        match without_leading_zeros(padded.as_bytes()) {
            [] | [1] => Err(CryptoError::InvalidPeerKey),
            secret => Ok(Secret::from_slice(secret)),
        }
    }
}

impl fmt::Debug for DhKeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DhKeyPair")
            .field("group", &self.group)
            .finish_non_exhaustive()
    }
}

/// Whether `p` is prime, for all that can be told. Remembers the last that were.
fn is_prime(p: &[u8]) -> bool {
    static PRIMES: Mutex<VecDeque<Digest>> = Mutex::new(VecDeque::new());
    const CAPACITY: usize = 32;

    // The lock is never held for long, and what it guards is whole between any two calls.
    let primes = || PRIMES.lock().unwrap_or_else(PoisonError::into_inner);
    let digest = Hash::Sha256.digest(&[p]);
    if primes().contains(&digest) {
        return true;
    }
    if is_probable_prime(p, PRIMALITY_ROUNDS) != Some(true) {
        return false;
    }
    let mut primes = primes();
    primes.truncate(CAPACITY - 1);
    primes.push_front(digest);
    true
}

/// Whether 1 < y < p-1, for an odd p. Neither has leading zeros. For public values.
fn is_inner_element(y: &[u8], p: &[u8]) -> bool {
    if matches!(y, [] | [1]) {
        return false;
    }
    // p-1 is p but for its last bit.
    let (Some((y_last, y_rest)), Some((p_last, p_rest))) = (y.split_last(), p.split_last()) else {
        return false;
    };
    (y.len(), y_rest, *y_last) < (p.len(), p_rest, p_last & !1)
}

fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

/// Bits of a number without leading zeros, at most `u32::MAX`.
fn bit_len(number: &[u8]) -> u32 {
    let bits = |first: &u8| (number.len() * 8) - first.leading_zeros() as usize;
    u32::try_from(number.first().map_or(0, bits)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (p-1)/2, big-endian.
    fn half(p: &[u8]) -> Vec<u8> {
        let mut carry = 0;
        p.iter()
            .map(|byte| {
                let shifted = byte >> 1 | carry;
                carry = byte << 7;
                shifted
            })
            .collect()
    }

    /// Larger ones would take seconds: they are compared with OpenSSL's in tests/legacy.
    #[test]
    fn known_primes_up_to_2048_bits_are_prime_and_safe_where_exponents_are_short() {
        for known in &KNOWN_GROUPS {
            if known.p.len() > 256 {
                continue;
            }
            assert!(is_prime(known.p), "{}", known.name);
            assert_eq!(
                is_prime(&half(known.p)),
                known.exponent_len.is_some(),
                "{}",
                known.name
            );
        }
    }

    #[test]
    fn known_groups_are_well_formed_and_distinct() {
        for (i, known) in KNOWN_GROUPS.iter().enumerate() {
            assert_eq!(known.p.len() % 64, 0);
            assert!(known.p[0] >= 0x80 && known.p[known.p.len() - 1] % 2 == 1);
            assert!(is_inner_element(known.g, known.p));
            let bits: String = known
                .name
                .chars()
                .skip_while(|c| !c.is_ascii_digit())
                .take_while(char::is_ascii_digit)
                .collect();
            assert_eq!(bits.parse(), Ok(bit_len(known.p)));
            for other in &KNOWN_GROUPS[..i] {
                assert_ne!(known.p, other.p);
                assert_ne!(known.name, other.name);
            }
        }
    }

    #[test]
    fn private_keys_fill_their_length() {
        let group = DhGroup::rfc7919(2048).unwrap();
        let key = DhKeyPair::generate(&group).unwrap();
        assert_eq!(key.private_key.len(), 32);
        // An unknown group of 61 bits, 2^61-1: exponents of 60.
        let p = 0x1fff_ffff_ffff_ffff_u64.to_be_bytes();
        let group = DhGroup::from_peer(&p, &[37], 0).unwrap();
        let tops: Vec<u8> = (0..64)
            .map(|_| DhKeyPair::generate(&group).unwrap().private_key.as_bytes()[0])
            .collect();
        assert!(tops.iter().all(|top| *top < 0x10));
        assert!(tops.iter().any(|top| *top >= 0x08));
    }

    #[test]
    fn memory_of_primes_is_bounded_and_lets_nothing_pass() {
        // More than are remembered, of 16 bits, and what lies between them.
        let prime = |n: u32| (2..n).all(|d| !n.is_multiple_of(d));
        for _ in 0..2 {
            for n in (60_001..61_001_u32).step_by(2) {
                let p = n.to_be_bytes();
                let result = DhGroup::from_peer(&p, &[2], 0);
                assert_eq!(result.is_ok(), prime(n), "{n}");
            }
        }
    }
}
