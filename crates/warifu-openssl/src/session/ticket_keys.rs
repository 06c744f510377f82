//! What seals a context's tickets: keys that are made and replaced by themselves, or those of a program.

use core::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls_pki_types::UnixTime;
use warifu::decision::Answer;
use warifu::resumption::{RotatingTicketKeys, TICKET_KEY_NAME_LEN, TicketKey, TicketKeys};
use warifu_crypto::{Hash, Prk, random};
use zeroize::Zeroizing;

use super::settings::DEFAULT_TIMEOUT;
use crate::fault::Fault;
use crate::reason;

/// What `SSL_CTX_set_tlsext_ticket_keys` takes: a name of 16 bytes, and two keys of 32 bytes.
pub(crate) const KEYS_LEN: usize = 80;

/// The keys of a context.
pub(crate) struct ContextKeys(Mutex<Kind>);

enum Kind {
    /// Made when they are needed, replaced twice a day, and kept for as long as the tickets under them live.
    Rotating {
        keys: Arc<RotatingTicketKeys>,
        lifetime: Duration,
    },
    /// A program's, for good.
    Fixed {
        bytes: Zeroizing<Vec<u8>>,
        key: Arc<TicketKey>,
    },
}

impl Default for ContextKeys {
    fn default() -> Self {
        let lifetime = Duration::from_secs(DEFAULT_TIMEOUT.unsigned_abs());
        Self(Mutex::new(Kind::rotating(lifetime)))
    }
}

impl fmt::Debug for ContextKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContextKeys").finish_non_exhaustive()
    }
}

impl Kind {
    fn rotating(lifetime: Duration) -> Self {
        Self::Rotating {
            keys: Arc::new(RotatingTicketKeys::default().with_ticket_lifetime(lifetime)),
            lifetime,
        }
    }

    fn fixed(bytes: &[u8]) -> Result<Self, Fault> {
        let (name, secret) = bytes
            .split_first_chunk::<TICKET_KEY_NAME_LEN>()
            .filter(|(_, secret)| secret.len() == KEYS_LEN - TICKET_KEY_NAME_LEN)
            .ok_or_else(|| {
                Fault::ssl(
                    reason::SSL_R_INVALID_TICKET_KEYS_LENGTH,
                    format!("ticket keys have {KEYS_LEN} bytes: a name of 16 and two keys of 32"),
                )
            })?;
        let failed = |_| Fault::internal("ticket keys cannot be used");
        // One key serves here, and both are in it.
        let prk = Prk::extract(Hash::Sha256, b"ticket keys", secret);
        let mut derived = Zeroizing::new([0; 32]);
        prk.expand(&[b"warifu"], &mut *derived).map_err(failed)?;
        Ok(Self::Fixed {
            bytes: Zeroizing::new(bytes.to_vec()),
            key: Arc::new(TicketKey::named(*name, &derived).map_err(failed)?),
        })
    }
}

impl ContextKeys {
    fn lock(&self) -> MutexGuard<'_, Kind> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a program's keys, which whoever has the same takes tickets by.
    ///
    /// # Errors
    /// They have another length than [`KEYS_LEN`].
    pub(crate) fn set(&self, bytes: &[u8]) -> Result<(), Fault> {
        *self.lock() = Kind::fixed(bytes)?;
        Ok(())
    }

    /// The keys for others to take; fixes them if they have been replaced by themselves so far.
    ///
    /// # Errors
    /// No random bytes.
    pub(crate) fn get(&self) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let mut kind = self.lock();
        if let Kind::Fixed { bytes, .. } = &*kind {
            return Ok(bytes.clone());
        }
        let mut bytes = Zeroizing::new(vec![0; KEYS_LEN]);
        random::fill(&mut bytes).map_err(|_| Fault::internal("no random bytes"))?;
        *kind = Kind::fixed(&bytes)?;
        Ok(bytes)
    }

    /// Tickets may live so long: keys that are replaced by themselves are kept for it.
    pub(crate) fn keep_for(&self, seconds: u64) {
        let wanted = Duration::from_secs(seconds);
        let mut kind = self.lock();
        if let Kind::Rotating { lifetime, .. } = &*kind
            && *lifetime < wanted
        {
            *kind = Kind::rotating(wanted);
        }
    }

    fn ask<T>(
        &self,
        rotating: impl FnOnce(&RotatingTicketKeys) -> Answer<'_, T>,
        fixed: impl FnOnce(&Arc<TicketKey>) -> T,
    ) -> Result<T, String> {
        let keys = match &*self.lock() {
            Kind::Fixed { key, .. } => return Ok(fixed(key)),
            Kind::Rotating { keys, .. } => keys.clone(),
        };
        match rotating(&keys) {
            Answer::Ready(answer) => Ok(answer),
            Answer::Later(_) => Err("keys in memory that are not there".to_owned()),
        }
    }

    /// The key that seals now.
    pub(super) fn sealing(&self, now: UnixTime) -> Result<Option<Arc<TicketKey>>, String> {
        self.ask(|keys| keys.sealing_key(now), |key| Ok(Some(key.clone())))?
    }

    /// The key of this name.
    pub(super) fn opening(
        &self,
        name: &[u8; TICKET_KEY_NAME_LEN],
        now: UnixTime,
    ) -> Result<Option<Arc<TicketKey>>, String> {
        let rotating = self.ask(
            |keys| match keys.opening_key(name, now) {
                Answer::Ready(answer) => Answer::Ready(answer),
                Answer::Later(_) => Answer::Ready(Ok(None)),
            },
            |key| Ok((key.name() == name).then(|| key.clone())),
        );
        rotating?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    #[test]
    fn keys_of_a_program_have_their_name_and_are_given_back() {
        let keys = ContextKeys::default();
        let mut bytes = vec![5; KEYS_LEN];
        bytes[..16].copy_from_slice(b"name of sixteen!");
        keys.set(&bytes).unwrap();
        assert_eq!(*keys.get().unwrap(), bytes);
        let sealing = keys.sealing(at(1)).unwrap().unwrap();
        assert_eq!(sealing.name(), b"name of sixteen!");
        assert!(
            keys.opening(b"name of sixteen!", at(u64::MAX))
                .unwrap()
                .is_some()
        );
        assert!(keys.opening(b"another name 16!", at(1)).unwrap().is_none());
        for len in [0, 48, 79, 81] {
            assert!(keys.set(&vec![0; len]).is_err());
        }
    }

    #[test]
    fn keys_of_its_own_are_fixed_when_they_are_asked_for() {
        let keys = ContextKeys::default();
        let first = keys.sealing(at(1000)).unwrap().unwrap();
        assert!(keys.opening(first.name(), at(1000)).unwrap().is_some());
        let later = keys.sealing(at(1_000_000)).unwrap().unwrap();
        assert_ne!(first.name(), later.name());
        let bytes = keys.get().unwrap();
        assert_eq!(bytes.len(), KEYS_LEN);
        assert_eq!(keys.sealing(at(1)).unwrap().unwrap().name(), &bytes[..16]);
        assert_eq!(keys.get().unwrap(), bytes);
    }
}
