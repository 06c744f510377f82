//! Key exchange: every group of TLS 1.3 with elliptic curves, and the hybrids with ML-KEM.
//!
//! A hybrid (draft-ietf-tls-ecdhe-mlkem) runs a classical exchange and ML-KEM (FIPS 203) side by side;
//! shares and secrets are concatenated. In X25519MLKEM768 the ML-KEM half stands first, in
//! SecP256r1MLKEM768 and SecP384r1MLKEM1024 the elliptic curve half, in both shares and in the secret.

use crate::{CryptoError, Secret, ffi};
use aws_lc_rs::agreement::{self as ecdh, EphemeralPrivateKey, UnparsedPublicKey};
use aws_lc_rs::kem::{self, Ciphertext, DecapsulationKey, EncapsulationKey};
use aws_lc_rs::rand::SystemRandom;
use core::fmt;

/// A key exchange group of TLS 1.3 (RFC 8446 Section 4.2.7).
#[derive(Copy, Clone, Eq, PartialEq, Debug, Hash)]
pub enum Group {
    /// x25519 (RFC 7748).
    X25519,
    /// secp256r1.
    P256,
    /// secp384r1.
    P384,
    /// secp521r1.
    P521,
    /// ML-KEM-768 alone (draft-ietf-tls-mlkem).
    MlKem768,
    /// ML-KEM-1024 alone (draft-ietf-tls-mlkem).
    MlKem1024,
    /// ML-KEM-768, then X25519.
    X25519MlKem768,
    /// P-256, then ML-KEM-768.
    SecP256r1MlKem768,
    /// P-384, then ML-KEM-1024.
    SecP384r1MlKem1024,
}

impl Group {
    /// Length of the client's key share in bytes.
    #[must_use]
    pub const fn client_share_len(self) -> usize {
        let (classical, kem) = self.components();
        let classical = match classical {
            Some(curve) => curve.public_len(),
            None => 0,
        };
        classical
            + match kem {
                Some(kem) => kem.encapsulation_key_len(),
                None => 0,
            }
    }

    /// Length of the server's key share in bytes: for ML-KEM it is a ciphertext.
    #[must_use]
    pub const fn server_share_len(self) -> usize {
        let (classical, kem) = self.components();
        let classical = match classical {
            Some(curve) => curve.public_len(),
            None => 0,
        };
        classical
            + match kem {
                Some(kem) => kem.ciphertext_len(),
                None => 0,
            }
    }

    /// The classical group inside a hybrid.
    #[must_use]
    pub const fn classical(self) -> Option<Self> {
        match self {
            Self::X25519MlKem768 => Some(Self::X25519),
            Self::SecP256r1MlKem768 => Some(Self::P256),
            Self::SecP384r1MlKem1024 => Some(Self::P384),
            _ => None,
        }
    }

    const fn components(self) -> (Option<Curve>, Option<Kem>) {
        match self {
            Self::X25519 => (Some(Curve::X25519), None),
            Self::P256 => (Some(Curve::P256), None),
            Self::P384 => (Some(Curve::P384), None),
            Self::P521 => (Some(Curve::P521), None),
            Self::MlKem768 => (None, Some(Kem::MlKem768)),
            Self::MlKem1024 => (None, Some(Kem::MlKem1024)),
            Self::X25519MlKem768 => (Some(Curve::X25519), Some(Kem::MlKem768)),
            Self::SecP256r1MlKem768 => (Some(Curve::P256), Some(Kem::MlKem768)),
            Self::SecP384r1MlKem1024 => (Some(Curve::P384), Some(Kem::MlKem1024)),
        }
    }

    /// Whether the ML-KEM half stands before the classical one.
    const fn kem_first(self) -> bool {
        matches!(self, Self::X25519MlKem768)
    }

    /// The halves of a share of this group in the order (classical, ML-KEM); what the group does not have is
    /// empty. None if `share` is not of the right length, given that of the ML-KEM half.
    fn split(self, share: &[u8], kem_len: usize) -> Option<(&[u8], &[u8])> {
        let classical_len = match self.components().0 {
            Some(curve) => curve.public_len(),
            None => 0,
        };
        if share.len() != classical_len + kem_len {
            return None;
        }
        if self.kem_first() {
            let (kem, classical) = share.split_at_checked(kem_len)?;
            Some((classical, kem))
        } else {
            share.split_at_checked(classical_len)
        }
    }

    /// Puts halves together in the group's order.
    fn join(self, classical: &[u8], kem: &[u8]) -> Vec<u8> {
        let (first, second) = if self.kem_first() {
            (kem, classical)
        } else {
            (classical, kem)
        };
        let mut joined = Vec::with_capacity(first.len() + second.len());
        joined.extend_from_slice(first);
        joined.extend_from_slice(second);
        joined
    }
}

/// What both sides computed: input to HKDF-Extract. Wiped on drop.
pub type SharedSecret = Secret;

/// The client's half of a key exchange: its private key and the share it sends.
pub struct KeyShare {
    group: Group,
    public: Vec<u8>,
    classical: Option<CurveKey>,
    kem: Option<DecapsulationKey>,
}

impl KeyShare {
    /// Makes a fresh key.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] if the library cannot.
    pub fn generate(group: Group) -> Result<Self, CryptoError> {
        let (curve, kem) = group.components();
        let (classical, classical_public) = match curve.map(CurveKey::generate).transpose()? {
            Some((key, public)) => (Some(key), public),
            None => (None, Vec::new()),
        };
        let kem = match kem {
            Some(kem) => Some(DecapsulationKey::generate(kem.algorithm()).map_err(failed)?),
            None => None,
        };
        let public = match &kem {
            Some(kem) => {
                let encapsulation_key = kem.encapsulation_key().map_err(failed)?;
                let encapsulation_key = encapsulation_key.key_bytes().map_err(failed)?;
                group.join(&classical_public, encapsulation_key.as_ref())
            }
            None => classical_public,
        };
        Ok(Self {
            group,
            public,
            classical,
            kem,
        })
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> Group {
        self.group
    }

    /// What to send: KeyShareEntry.key_exchange (RFC 8446 Section 4.2.8).
    #[must_use]
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// In a hybrid, the classical group and this key's share in it.
    ///
    /// A ClientHello that offers X25519MLKEM768 and X25519 may use one X25519 key for both
    /// (draft-ietf-tls-hybrid-design Section 3.2), which saves making another. If the server
    /// chooses the classical group, finish with [`agree_classical`](Self::agree_classical).
    #[must_use]
    pub fn classical_component(&self) -> Option<(Group, &[u8])> {
        let classical = self.group.classical()?;
        let (_, kem) = self.group.components();
        let (public, _) = self
            .group
            .split(&self.public, kem?.encapsulation_key_len())?;
        Some((classical, public))
    }

    /// The shared secret with the server's share `peer` in this key's group. The private key is used up.
    ///
    /// # Errors
    /// [`CryptoError::InvalidPeerKey`] if the share is of the wrong length, not a point of the curve in
    /// uncompressed form, or leads to an all-zero X25519 result (RFC 8446 Section 7.4.2).
    pub fn agree(self, peer: &[u8]) -> Result<SharedSecret, CryptoError> {
        let (_, kem) = self.group.components();
        let kem_len = kem.map_or(0, Kem::ciphertext_len);
        let (peer_classical, peer_kem) = self
            .group
            .split(peer, kem_len)
            .ok_or(CryptoError::InvalidPeerKey)?;
        let classical = self
            .classical
            .map(|key| key.agree(peer_classical))
            .transpose()?;
        let kem = match self.kem {
            Some(key) => Some(
                key.decapsulate(Ciphertext::from(peer_kem))
                    .map_err(|_| CryptoError::InvalidPeerKey)?,
            ),
            None => None,
        };
        Ok(join_secrets(self.group, classical, kem))
    }

    /// The shared secret with the server's share `peer` in the classical group of this hybrid
    /// ([`classical_component`](Self::classical_component)). The ML-KEM half is discarded.
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`] if this is not a hybrid, else as [`agree`](Self::agree).
    pub fn agree_classical(self, peer: &[u8]) -> Result<SharedSecret, CryptoError> {
        match (self.kem, self.classical) {
            (Some(_), Some(key)) => key.agree(peer),
            _ => Err(CryptoError::Unsupported),
        }
    }
}

impl fmt::Debug for KeyShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyShare")
            .field("group", &self.group)
            .finish_non_exhaustive()
    }
}

/// The server's side in one step: a fresh key, agreed with the client's share. Returns the share to send and
/// the shared secret.
///
/// # Errors
/// [`CryptoError::InvalidPeerKey`] as for [`KeyShare::agree`], and if an ML-KEM encapsulation key fails the
/// check of FIPS 203 Section 7.2; [`CryptoError::Failed`] if the library cannot.
pub fn respond(group: Group, peer_share: &[u8]) -> Result<(Vec<u8>, SharedSecret), CryptoError> {
    let (curve, kem) = group.components();
    let kem_len = kem.map_or(0, Kem::encapsulation_key_len);
    let (peer_classical, peer_kem) = group
        .split(peer_share, kem_len)
        .ok_or(CryptoError::InvalidPeerKey)?;
    let (public, classical) = match curve {
        Some(curve) => {
            let (key, public) = CurveKey::generate(curve)?;
            (public, Some(key.agree(peer_classical)?))
        }
        None => (Vec::new(), None),
    };
    let Some(kem) = kem else {
        return Ok((public, join_secrets(group, classical, None)));
    };
    let invalid = |()| CryptoError::InvalidPeerKey;
    let key = EncapsulationKey::new(kem.algorithm(), peer_kem)
        .map_err(|_| ())
        .map_err(invalid)?;
    let (ciphertext, secret) = key.encapsulate().map_err(|_| ()).map_err(invalid)?;
    Ok((
        group.join(&public, ciphertext.as_ref()),
        join_secrets(group, classical, Some(secret)),
    ))
}

fn join_secrets(
    group: Group,
    classical: Option<Secret>,
    kem: Option<kem::SharedSecret>,
) -> SharedSecret {
    match (classical, kem) {
        (Some(classical), Some(kem)) => {
            Secret::from(group.join(classical.as_bytes(), kem.as_ref()))
        }
        (Some(classical), None) => classical,
        (None, kem) => Secret::from_slice(kem.as_ref().map_or(&[], AsRef::as_ref)),
    }
}

fn failed(_: aws_lc_rs::error::Unspecified) -> CryptoError {
    CryptoError::Failed
}

#[derive(Copy, Clone)]
enum Curve {
    X25519,
    P256,
    P384,
    P521,
}

impl Curve {
    /// Length of a public key: of a point in uncompressed form for the NIST curves.
    const fn public_len(self) -> usize {
        match self {
            Self::X25519 => 32,
            Self::P256 => 65,
            Self::P384 => 97,
            Self::P521 => 133,
        }
    }
}

enum CurveKey {
    X25519(Secret),
    Nist(EphemeralPrivateKey, Curve),
}

impl CurveKey {
    /// A fresh private key and its public key.
    fn generate(curve: Curve) -> Result<(Self, Vec<u8>), CryptoError> {
        let algorithm = match curve {
            Curve::X25519 => {
                let (key, public) = ffi::x25519_generate();
                return Ok((Self::X25519(key), public.to_vec()));
            }
            Curve::P256 => &ecdh::ECDH_P256,
            Curve::P384 => &ecdh::ECDH_P384,
            Curve::P521 => &ecdh::ECDH_P521,
        };
        let key = EphemeralPrivateKey::generate(algorithm, &SystemRandom::new()).map_err(failed)?;
        let public = key.compute_public_key().map_err(failed)?.as_ref().to_vec();
        Ok((Self::Nist(key, curve), public))
    }

    fn agree(self, peer: &[u8]) -> Result<Secret, CryptoError> {
        match self {
            Self::X25519(key) => {
                let mut secret = Secret::zeros(32);
                ffi::x25519(key.as_bytes(), peer, secret.as_mut_bytes())
                    .ok_or(CryptoError::InvalidPeerKey)?;
                Ok(secret)
            }
            Self::Nist(key, curve) => {
                // RFC 8446 Section 4.2.8.2: UncompressedPointRepresentation with legacy_form = 4. The library
                // would take compressed points and whole SubjectPublicKeyInfos too.
                if peer.len() != curve.public_len() || peer.first() != Some(&4) {
                    return Err(CryptoError::InvalidPeerKey);
                }
                let peer = UnparsedPublicKey::new(key.algorithm(), peer);
                ecdh::agree_ephemeral(key, peer, CryptoError::InvalidPeerKey, |secret| {
                    Ok(Secret::from_slice(secret))
                })
            }
        }
    }
}

#[derive(Copy, Clone)]
enum Kem {
    MlKem768,
    MlKem1024,
}

impl Kem {
    /// FIPS 203 Section 8, Table 3.
    const fn encapsulation_key_len(self) -> usize {
        match self {
            Self::MlKem768 => 1184,
            Self::MlKem1024 => 1568,
        }
    }

    /// FIPS 203 Section 8, Table 3.
    const fn ciphertext_len(self) -> usize {
        match self {
            Self::MlKem768 => 1088,
            Self::MlKem1024 => 1568,
        }
    }

    fn algorithm(self) -> &'static kem::Algorithm {
        match self {
            Self::MlKem768 => &kem::ML_KEM_768,
            Self::MlKem1024 => &kem::ML_KEM_1024,
        }
    }
}
