//! What a server counts of keys and tickets.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::PskStatistics;
use crate::error::PskFailure;

use super::{Found, FoundSource};

/// The counters behind [`PskStatistics`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(in crate::handshake) keys_accepted: AtomicU64,
    unknown_identities: AtomicU64,
    pub(super) wrong_keys: AtomicU64,
    unusable_keys: AtomicU64,
    pub(in crate::handshake) reflected: AtomicU64,
    pub(in crate::handshake) tickets_accepted: AtomicU64,
    pub(in crate::handshake) tickets_declined: AtomicU64,
    pub(in crate::handshake) early_data_accepted: AtomicU64,
    pub(in crate::handshake) early_data_declined: AtomicU64,
}

impl Counters {
    pub(in crate::handshake) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_found(&self, found: &Found) {
        Self::add(match found.source {
            FoundSource::Key { .. } => &self.keys_accepted,
            FoundSource::Ticket(_) => &self.tickets_accepted,
        });
    }

    pub(in crate::handshake) fn count_failure(&self, failure: &PskFailure) {
        match failure {
            PskFailure::UnknownIdentity { .. } => Self::add(&self.unknown_identities),
            PskFailure::Unusable { .. } => Self::add(&self.unusable_keys),
            PskFailure::WrongKey { .. } | PskFailure::WrongKeyInFinished { .. } => {
                Self::add(&self.wrong_keys)
            }
            _ => {}
        }
    }

    pub(crate) fn statistics(&self) -> PskStatistics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        PskStatistics {
            keys_accepted: read(&self.keys_accepted),
            unknown_identities: read(&self.unknown_identities),
            wrong_keys: read(&self.wrong_keys),
            unusable_keys: read(&self.unusable_keys),
            reflected: read(&self.reflected),
            tickets_accepted: read(&self.tickets_accepted),
            tickets_declined: read(&self.tickets_declined),
            early_data_accepted: read(&self.early_data_accepted),
            early_data_declined: read(&self.early_data_declined),
        }
    }
}
