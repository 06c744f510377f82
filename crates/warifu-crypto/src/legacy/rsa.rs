//! RSA key transport: the premaster secret under the server's public key (RFC 5246 Section 7.4.7.1).
//!
//! A server that lets on whether a ciphertext it decrypted had right padding decrypts for everybody (Bleichenbacher's
//! attack, ROBOT). So decryption here always ends with 48 bytes and takes the same time: what was inside, or if
//! anything about it was wrong, random bytes chosen before. A client that sent something else than a premaster secret
//! learns of it when its Finished does not open, as with any wrong key. The handshake must go on as if nothing were.

use crate::{CryptoError, KeyKind, PrivateKey, PublicKey, Secret, random};
use subtle::{ConditionallySelectable, ConstantTimeEq};

/// Length of the premaster secret of RSA key transport in bytes: a version and 46 random ones.
pub const PREMASTER_SECRET_LEN: usize = 48;

impl PrivateKey {
    /// Decrypts EncryptedPreMasterSecret (the ciphertext, without the two bytes of length before it), of a client whose
    /// ClientHello said `client_version`.
    ///
    /// Always 48 bytes: random ones if the padding (RFC 8017 Section 7.2.2), the length or the version inside is wrong,
    /// and neither the result nor the time tells.
    ///
    /// # Errors
    /// None depends on what is inside. [`CryptoError::Unsupported`] if the key is not an RSA key with the OID
    /// rsaEncryption, [`CryptoError::InvalidLength`] if the ciphertext is not as long as the modulus,
    /// [`CryptoError::Failed`] if there are no random bytes.
    pub fn decrypt_premaster_secret(
        &self,
        encrypted: &[u8],
        client_version: [u8; 2],
    ) -> Result<Secret, CryptoError> {
        if !matches!(self.kind(), KeyKind::Rsa { .. }) {
            return Err(CryptoError::Unsupported);
        }
        let modulus_len = self.key.rsa_modulus_len().ok_or(CryptoError::Unsupported)?;
        if encrypted.len() != modulus_len {
            return Err(CryptoError::InvalidLength);
        }
        let mut premaster_secret = Secret::zeros(PREMASTER_SECRET_LEN);
        random::fill(premaster_secret.as_mut_bytes())?;
        let mut message = Secret::zeros(modulus_len);
        // Fails for a ciphertext that is not below the modulus, which everyone can see: the zeros that stay are wrong
        // padding, and nothing more need be said.
        let _ = self.key.rsa_decrypt_raw(encrypted, message.as_mut_bytes());
        select_premaster_secret(
            message.as_bytes(),
            client_version,
            premaster_secret.as_mut_bytes(),
        );
        Ok(premaster_secret)
    }
}

/// Replaces `premaster_secret` with the end of `message` if that is EME-PKCS1-v1_5 of 48 bytes that begin with
/// `client_version`. Every byte is looked at whatever those before it were.
fn select_premaster_secret(message: &[u8], client_version: [u8; 2], premaster_secret: &mut [u8]) {
    // EM = 0x00 || 0x02 || PS || 0x00 || M. All places are known, for M has to be 48 bytes long.
    let padded_len = message.len().saturating_sub(PREMASTER_SECRET_LEN);
    let (padded, inside) = message.split_at(padded_len);
    let (Some(([zero, two], rest)), Some(version)) =
        (padded.split_first_chunk::<2>(), inside.first_chunk::<2>())
    else {
        return;
    };
    let Some((separator, padding)) = rest.split_last() else {
        return;
    };
    let mut good = zero.ct_eq(&0x00) & two.ct_eq(&0x02) & separator.ct_eq(&0x00);
    for byte in padding {
        good &= !byte.ct_eq(&0x00);
    }
    good &= version.as_slice().ct_eq(&client_version);
    for (to, from) in premaster_secret.iter_mut().zip(inside) {
        to.conditional_assign(from, good);
    }
}

impl PublicKey {
    /// Encrypts a premaster secret to this key: RSAES-PKCS1-v1_5 (RFC 8017 Section 7.2.1), as long as the modulus.
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`] if the key is not an RSA key with the OID rsaEncryption,
    /// [`CryptoError::InvalidLength`] if `premaster_secret` is not 48 bytes long, [`CryptoError::Failed`] if the library
    /// cannot.
    pub fn encrypt_premaster_secret(
        &self,
        premaster_secret: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        if !matches!(self.kind(), KeyKind::Rsa { .. }) {
            return Err(CryptoError::Unsupported);
        }
        if premaster_secret.len() != PREMASTER_SECRET_LEN {
            return Err(CryptoError::InvalidLength);
        }
        self.key
            .rsa_encrypt_pkcs1(premaster_secret)
            .ok_or(CryptoError::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is selected for a message of 64 bytes, of which a function changes some.
    fn select(change: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut message = [&[0, 2][..], &[7; 13], &[0], &[3, 3], &[9; 46]].concat();
        change(&mut message);
        let mut premaster_secret = [0xee; 48];
        select_premaster_secret(&message, [3, 3], &mut premaster_secret);
        let inside = &message[message.len().saturating_sub(48)..];
        assert!(premaster_secret == inside || premaster_secret == [0xee; 48]);
        premaster_secret == inside
    }

    #[test]
    fn only_right_padding_and_version_are_selected() {
        assert!(select(|_| {}));
        for place in 0..2 {
            for bit in 0..8 {
                assert!(!select(|message| message[place] ^= 1 << bit));
            }
        }
        for place in 2..15 {
            assert!(!select(|message| message[place] = 0));
            assert!(select(|message| message[place] = 0x80));
        }
        for value in 1..=255 {
            assert!(!select(|message| message[15] = value));
        }
        for place in 16..18 {
            for bit in 0..8 {
                assert!(!select(|message| message[place] ^= 1 << bit));
            }
        }
        for place in 18..64 {
            for value in 0..=255 {
                assert!(select(|message| message[place] = value));
            }
        }
        // 47 and 49 bytes: the separator is elsewhere.
        assert!(!select(|message| message.swap(15, 16)));
        assert!(!select(|message| message.swap(14, 15)));
        // No message of a modulus, but nothing may break.
        for len in 0..51 {
            assert!(!select(|message| message.truncate(len)));
        }
    }
}
