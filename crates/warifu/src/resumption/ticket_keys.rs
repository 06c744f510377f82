//! The keys that seal a server's tickets, and when they change.

use core::fmt;
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls_pki_types::UnixTime;
use warifu_crypto::{Aead, AeadKey, CryptoError, Hash, Prk, Secret, random};
use zeroize::Zeroizing;

use crate::config::defaults::TICKET_LIFETIME;
use crate::decision::Answer;

/// Bytes of the name by which a ticket says which key sealed it.
pub const TICKET_KEY_NAME_LEN: usize = 16;
const NONCE_LEN: usize = 12;
const TAG_LEN: usize = 16;

/// A key that seals tickets: AES-256-GCM under random nonces, so that one key is good for 2^32 tickets (NIST SP 800-38D
/// Section 8.3). Its name and its key are both derived from one secret of 32 bytes, which is all that the machines of a
/// fleet have to share.
pub struct TicketKey {
    name: [u8; TICKET_KEY_NAME_LEN],
    key: AeadKey,
}

impl TicketKey {
    /// The key of a secret of 32 random bytes.
    ///
    /// # Errors
    /// [`CryptoError`] if the cryptographic library fails.
    pub fn new(secret: &[u8; 32]) -> Result<Self, CryptoError> {
        let prk = Prk::extract(Hash::Sha256, b"warifu session ticket", secret);
        let mut name = [0; TICKET_KEY_NAME_LEN];
        prk.expand(&[b"name"], &mut name)?;
        let mut key = Zeroizing::new([0; 32]);
        prk.expand(&[b"key"], &mut *key)?;
        Ok(Self {
            name,
            key: AeadKey::new(Aead::Aes256Gcm, &*key)?,
        })
    }

    /// As [`new`](Self::new), with a name of its own: for fleets that name their keys. Two keys must not have one name.
    ///
    /// # Errors
    /// As there.
    pub fn named(name: [u8; TICKET_KEY_NAME_LEN], secret: &[u8; 32]) -> Result<Self, CryptoError> {
        Ok(Self {
            name,
            ..Self::new(secret)?
        })
    }

    /// A new random key.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] without random bytes.
    pub fn generate() -> Result<Self, CryptoError> {
        let mut secret = Zeroizing::new([0; 32]);
        random::fill(&mut *secret)?;
        Self::new(&secret)
    }

    /// The name, which is in each ticket and says nothing of the key.
    pub fn name(&self) -> &[u8; TICKET_KEY_NAME_LEN] {
        &self.name
    }

    /// name ‖ nonce ‖ ciphertext ‖ tag. The name is authenticated too.
    pub(crate) fn seal(&self, state: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut nonce = [0; NONCE_LEN];
        random::fill(&mut nonce)?;
        let head_len = TICKET_KEY_NAME_LEN + NONCE_LEN;
        let mut ticket = vec![0; head_len + state.len() + TAG_LEN];
        let (head, sealed) = ticket
            .split_at_mut_checked(head_len)
            .ok_or(CryptoError::InvalidLength)?;
        let (name, nonce_place) = head
            .split_at_mut_checked(TICKET_KEY_NAME_LEN)
            .ok_or(CryptoError::InvalidLength)?;
        name.copy_from_slice(&self.name);
        nonce_place.copy_from_slice(&nonce);
        self.key
            .seal_scatter(&nonce, &self.name, state, &[], sealed)?;
        Ok(ticket)
    }

    /// The state in a ticket that this key sealed.
    pub(crate) fn open(&self, ticket: &[u8]) -> Option<Secret> {
        let sealed = ticket.strip_prefix(&self.name)?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut state = Zeroizing::new(sealed.to_vec());
        let state = self.key.open_in_place(nonce, &self.name, &mut state).ok()?;
        Some(Secret::from_slice(state))
    }
}

impl fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TicketKey").finish_non_exhaustive()
    }
}

/// Where a server has its ticket keys from: memory ([`RotatingTicketKeys`]), a configuration ([`TicketKeyRing`]), or what a
/// fleet shares.
///
/// A failure of the source costs resumption, never the handshake.
pub trait TicketKeys: Send + Sync + fmt::Debug {
    /// The key that seals tickets now; `None` to issue none.
    ///
    /// # Errors
    /// The reason, for this side's log; no ticket is issued.
    fn sealing_key(&self, now: UnixTime) -> Answer<'_, Result<Option<Arc<TicketKey>>, String>>;

    /// The key of this name; `None` if there is none or its tickets are not to be opened any more. `name` is whatever
    /// a client sent.
    ///
    /// # Errors
    /// The reason, for this side's log; the ticket is not used.
    fn opening_key<'a>(
        &'a self,
        name: &'a [u8; TICKET_KEY_NAME_LEN],
        now: UnixTime,
    ) -> Answer<'a, Result<Option<Arc<TicketKey>>, String>>;
}

impl<K: TicketKeys + ?Sized> TicketKeys for Arc<K> {
    fn sealing_key(&self, now: UnixTime) -> Answer<'_, Result<Option<Arc<TicketKey>>, String>> {
        (**self).sealing_key(now)
    }

    fn opening_key<'a>(
        &'a self,
        name: &'a [u8; TICKET_KEY_NAME_LEN],
        now: UnixTime,
    ) -> Answer<'a, Result<Option<Arc<TicketKey>>, String>> {
        (**self).opening_key(name, now)
    }
}

/// A key with the times at which it is used.
#[derive(Debug, Clone)]
pub struct RingKey {
    /// The key.
    pub key: Arc<TicketKey>,
    /// It seals from this second on …
    pub seals_from: UnixTime,
    /// … and up to this one, excluded.
    pub seals_until: UnixTime,
    /// It opens up to this second, excluded, also before it seals: another machine's clock may be ahead.
    pub opens_until: UnixTime,
}

/// A fixed set of keys with their times, as a fleet distributes them.
///
/// They outlive a process: a [`MemoryReplayStore`](crate::early_data::MemoryReplayStore) beside them has to be told by
/// [`with_keys_that_outlive_it`](crate::early_data::MemoryReplayStore::with_keys_that_outlive_it), and serves one machine only.
#[derive(Debug, Clone, Default)]
pub struct TicketKeyRing {
    keys: Vec<RingKey>,
}

impl TicketKeyRing {
    /// The ring of these keys. Of several that may seal at one time the one that began last does.
    pub fn new(keys: impl IntoIterator<Item = RingKey>) -> Self {
        Self {
            keys: keys.into_iter().collect(),
        }
    }

    fn sealing(&self, now: UnixTime) -> Option<Arc<TicketKey>> {
        self.keys
            .iter()
            .filter(|key| key.seals_from <= now && now < key.seals_until)
            .max_by_key(|key| key.seals_from)
            .map(|key| key.key.clone())
    }

    fn opening(&self, name: &[u8; TICKET_KEY_NAME_LEN], now: UnixTime) -> Option<Arc<TicketKey>> {
        self.keys
            .iter()
            .find(|key| key.key.name() == name && now < key.opens_until)
            .map(|key| key.key.clone())
    }
}

impl TicketKeys for TicketKeyRing {
    fn sealing_key(&self, now: UnixTime) -> Answer<'_, Result<Option<Arc<TicketKey>>, String>> {
        Answer::Ready(Ok(self.sealing(now)))
    }

    fn opening_key<'a>(
        &'a self,
        name: &'a [u8; TICKET_KEY_NAME_LEN],
        now: UnixTime,
    ) -> Answer<'a, Result<Option<Arc<TicketKey>>, String>> {
        Answer::Ready(Ok(self.opening(name, now)))
    }
}

/// Keys that live in the memory of one process and are replaced by themselves.
///
/// A key is in memory while it seals, and for one lifetime of tickets after that, so that what a loss of the memory opens are
/// the tickets of the last `period` + lifetime: by default a day. It is dropped, and wiped, as soon as a key is asked for
/// after that time; a server that nobody calls keeps its last ones.
#[derive(Debug)]
pub struct RotatingTicketKeys {
    period: Duration,
    ticket_lifetime: Duration,
    ring: Mutex<TicketKeyRing>,
}

impl RotatingTicketKeys {
    /// A new key each `period` of whole seconds, one at least, counted from the first ticket.
    pub fn new(period: Duration) -> Self {
        Self {
            period: period.max(Duration::from_secs(1)),
            ticket_lifetime: TICKET_LIFETIME,
            ring: Mutex::default(),
        }
    }

    /// For how many whole seconds a key opens tickets after it has sealed the last one, at most seven days: to be the
    /// lifetime given to [`Tickets::with_lifetime`](super::Tickets::with_lifetime), as tickets that live longer are not
    /// opened any more, and clients that show them have a full handshake. Default:
    /// [`TICKET_LIFETIME`](crate::config::defaults::TICKET_LIFETIME), as there.
    #[must_use]
    pub fn with_ticket_lifetime(mut self, lifetime: Duration) -> Self {
        self.ticket_lifetime = lifetime.min(super::MAX_LIFETIME);
        self
    }

    /// The keys, without those that open nothing any more.
    fn ring(&self, now: UnixTime) -> MutexGuard<'_, TicketKeyRing> {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.keys.retain(|key| now < key.opens_until);
        ring
    }

    /// The key in force, made if there is none.
    fn current(&self, now: UnixTime) -> Result<Arc<TicketKey>, CryptoError> {
        let mut ring = self.ring(now);
        if let Some(key) = ring.sealing(now) {
            return Ok(key);
        }
        let key = Arc::new(TicketKey::generate()?);
        let seals_until = after(now, self.period);
        ring.keys.push(RingKey {
            key: key.clone(),
            seals_from: now,
            seals_until,
            opens_until: after(seals_until, self.ticket_lifetime),
        });
        Ok(key)
    }
}

fn after(time: UnixTime, duration: Duration) -> UnixTime {
    let seconds = time.as_secs().saturating_add(duration.as_secs());
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

impl Default for RotatingTicketKeys {
    /// A new key every twelve hours: what one key protects is what its loss costs. (2026-11)
    fn default() -> Self {
        Self::new(Duration::from_secs(12 * 60 * 60))
    }
}

impl TicketKeys for RotatingTicketKeys {
    fn sealing_key(&self, now: UnixTime) -> Answer<'_, Result<Option<Arc<TicketKey>>, String>> {
        let key = self.current(now).map(Some);
        Answer::Ready(key.map_err(|_| "no random bytes for a ticket key".to_owned()))
    }

    fn opening_key<'a>(
        &'a self,
        name: &'a [u8; TICKET_KEY_NAME_LEN],
        now: UnixTime,
    ) -> Answer<'a, Result<Option<Arc<TicketKey>>, String>> {
        Answer::Ready(Ok(self.ring(now).opening(name, now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    fn sealing(keys: &dyn TicketKeys, seconds: u64) -> Option<[u8; TICKET_KEY_NAME_LEN]> {
        match keys.sealing_key(at(seconds)) {
            Answer::Ready(key) => key.unwrap().map(|key| *key.name()),
            Answer::Later(_) => panic!("the keys are in memory"),
        }
    }

    fn opens(keys: &dyn TicketKeys, name: &[u8; TICKET_KEY_NAME_LEN], seconds: u64) -> bool {
        match keys.opening_key(name, at(seconds)) {
            Answer::Ready(key) => key.unwrap().is_some(),
            Answer::Later(_) => panic!("the keys are in memory"),
        }
    }

    #[test]
    fn a_ticket_opens_under_its_own_key_only_and_unchanged_only() {
        let key = TicketKey::new(&[1; 32]).unwrap();
        let ticket = key.seal(b"state").unwrap();
        assert_eq!(key.open(&ticket).unwrap().as_bytes(), b"state");
        assert_ne!(ticket, key.seal(b"state").unwrap());
        let other = TicketKey::new(&[2; 32]).unwrap();
        assert!(other.open(&ticket).is_none());
        for position in 0..ticket.len() {
            let mut changed = ticket.clone();
            changed[position] ^= 1;
            assert!(key.open(&changed).is_none(), "{position}");
            assert!(key.open(&ticket[..position]).is_none(), "{position}");
        }
        // The same secret is the same key on another machine.
        let again = TicketKey::new(&[1; 32]).unwrap();
        assert_eq!(again.open(&ticket).unwrap().as_bytes(), b"state");
    }

    #[test]
    fn rotating_keys_seal_for_their_period_and_open_for_a_lifetime_more() {
        let keys = RotatingTicketKeys::new(Duration::from_secs(100));
        let keys = keys.with_ticket_lifetime(Duration::from_secs(1000));
        let first = sealing(&keys, 1000).unwrap();
        assert_eq!(sealing(&keys, 1099), Some(first));
        let second = sealing(&keys, 1100).unwrap();
        assert_ne!(first, second);
        assert!(!opens(&keys, &[0; TICKET_KEY_NAME_LEN], 1100));
        assert!(opens(&keys, &first, 1100 + 999));
        // What opens nothing any more is dropped, also if no key is made.
        let count = || keys.ring.lock().unwrap().keys.len();
        assert_eq!(count(), 2);
        assert!(!opens(&keys, &first, 1100 + 1000));
        assert_eq!(count(), 1);
        assert!(!opens(&keys, &second, 2_000_000));
        assert_eq!(count(), 0);
    }

    #[test]
    fn rotating_keys_open_for_the_default_lifetime_of_tickets_and_seven_days_at_most() {
        let period = Duration::from_secs(100);
        for (keys, lifetime) in [
            (RotatingTicketKeys::new(period), 12 * 60 * 60),
            (
                RotatingTicketKeys::new(period).with_ticket_lifetime(Duration::MAX),
                604_800,
            ),
        ] {
            let name = sealing(&keys, 1000).unwrap();
            assert!(opens(&keys, &name, 1100 + lifetime - 1));
            assert!(!opens(&keys, &name, 1100 + lifetime));
        }
    }

    /// A key in force for no time would be replaced for each ticket, and all of them kept for their lifetime.
    #[test]
    fn a_period_is_a_second_at_least() {
        let keys = RotatingTicketKeys::new(Duration::from_millis(1));
        let first = sealing(&keys, 1000).unwrap();
        assert_eq!(sealing(&keys, 1000), Some(first));
        assert_ne!(sealing(&keys, 1001), Some(first));
        assert_eq!(keys.ring.lock().unwrap().keys.len(), 2);
    }

    #[test]
    fn a_ring_seals_by_the_key_that_began_last_and_opens_by_all() {
        let key = |byte, from, until, opens| RingKey {
            key: Arc::new(TicketKey::new(&[byte; 32]).unwrap()),
            seals_from: at(from),
            seals_until: at(until),
            opens_until: at(opens),
        };
        let (a, b) = (key(1, 0, 100, 200), key(2, 50, 150, 250));
        let (name_a, name_b) = (*a.key.name(), *b.key.name());
        let ring = TicketKeyRing::new([a, b]);
        for (seconds, expected) in [
            (0, Some(name_a)),
            (49, Some(name_a)),
            (50, Some(name_b)),
            (149, Some(name_b)),
            (150, None),
        ] {
            assert_eq!(sealing(&ring, seconds), expected, "{seconds}");
        }
        assert!(opens(&ring, &name_b, 0) && opens(&ring, &name_a, 199));
        assert!(!opens(&ring, &name_a, 200));
    }
}
