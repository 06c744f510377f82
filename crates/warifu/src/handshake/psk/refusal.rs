//! The end of a search without a key. Where nothing but a key will do, the peer sees one and the same alert whatever was the
//! reason, after the same work: neither tells whether an identity is known (RFC 8446 Section 6.2, decrypt_error and
//! unknown_psk_identity; RFC 9257 Section 4).

use std::hint::black_box;
use std::sync::Arc;

use warifu_crypto::Hash;

use crate::config::ServerConfig;
use crate::error::{Error, PskFailure};
use crate::message::OfferedPsks;
use crate::psk::{PskHash, PskPolicy, nobodys_key, printable};

use super::super::tls13_key_schedule::{BinderLabel, PskSecret, import_psk};
use super::imported::ImportedIdentity;
use super::{
    Binders, Candidate, MAX_IDENTITIES, Problem, Search, check_binder, hash_of_binder, without_key,
};

/// What a search came upon that leads to no key.
#[derive(Default)]
pub(super) struct Failed {
    /// The first identity that is unknown or unusable.
    pub(super) problem: Option<(u16, Candidate)>,
    pub(super) wrong_key: Option<WrongKey>,
}

/// A key whose binder is wrong.
pub(super) struct WrongKey {
    pub(super) index: u16,
    pub(super) is_ticket: bool,
    pub(super) work: Work,
}

/// Work that a wrong key has cost: a binder of this hash.
#[derive(Clone, Copy)]
pub(super) struct Work {
    pub(super) hash: Hash,
    /// And the derivation of its secret.
    pub(super) derived: bool,
}

/// The end of a search without a key. Where nothing but a key will do, the peer sees one and the same alert whatever was the
/// reason, after the same work.
pub(super) fn refuse(
    config: &ServerConfig,
    offered: &OfferedPsks<'_>,
    binders: &Binders<'_>,
    failed: Failed,
) -> Result<Search, Error> {
    let (index, work) = match (&failed.wrong_key, &failed.problem) {
        (Some(wrong_key), _) => (wrong_key.index, wrong_key.work),
        (None, Some((index, candidate))) => {
            let work = check_nobodys_binder(config, offered, binders, *index, candidate)?;
            (*index, work)
        }
        // The list of identities has at least one.
        (None, None) => return Err(Error::Internal("an offer without identities")),
    };
    work_off(config, offered, binders, index, work)?;
    let problem = failed.problem.and_then(|(_, candidate)| candidate.problem);
    let mut failure = not_used(offered, index, problem);
    if let Some(wrong_key) = &failed.wrong_key {
        failure = wrong_key.failure(failure);
    }
    config.role.counters.count_failure(&failure);
    match failed.wrong_key {
        Some(_) => Err(failure.into()),
        None => without_key(config, failure.into()),
    }
}

impl WrongKey {
    /// Takes the text from another failure with the same identity.
    fn failure(&self, other: PskFailure) -> PskFailure {
        match other {
            PskFailure::UnknownIdentity { identity } | PskFailure::Unusable { identity, .. }
                if !self.is_ticket =>
            {
                PskFailure::WrongKey { identity }
            }
            _ => PskFailure::WrongKey {
                identity: TICKET.to_owned(),
            },
        }
    }
}

pub(super) fn not_used(
    offered: &OfferedPsks<'_>,
    index: u16,
    problem: Option<Problem>,
) -> PskFailure {
    let identity = name(offered, index);
    let is_unusable = matches!(problem, Some(Problem::Unusable(_)));
    let reason = black_box(reason(problem));
    match is_unusable {
        true => PskFailure::Unusable { identity, reason },
        false => PskFailure::UnknownIdentity { identity },
    }
}

/// Why a key is unusable; a text of usual length where it is not, for the same work.
fn reason(problem: Option<Problem>) -> String {
    match problem {
        Some(Problem::Unusable(reason)) => reason.into_owned(),
        Some(Problem::Unknown) | None => "it is neither known nor said why".to_owned(),
    }
}

/// An identity that was offered, for texts; of an imported key its external_identity. All that were looked up are printed and
/// one is taken, so that the time does not tell which.
fn name(offered: &OfferedPsks<'_>, wanted: u16) -> String {
    let mut name = String::new();
    for (index, offered) in (0..).zip(offered.identities.iter()).take(MAX_IDENTITIES) {
        let identity = offered.identity.as_slice();
        let imported = ImportedIdentity::read(identity);
        let printed = printable(imported.map_or(identity, |imported| imported.external_identity));
        if index == wanted {
            name = printed;
        } else {
            black_box(printed);
        }
    }
    name
}

/// What a ticket is called in texts.
pub(super) const TICKET: &str = "a ticket of this server";

/// Checks the binder of an identity that nobody has, where a key is required.
fn check_nobodys_binder(
    config: &ServerConfig,
    offered: &OfferedPsks<'_>,
    binders: &Binders<'_>,
    index: u16,
    candidate: &Candidate,
) -> Result<Work, Error> {
    let nothing = Work {
        hash: candidate.hash,
        derived: false,
    };
    if config.settings.psk_policy == PskPolicy::Optional {
        return Ok(nothing);
    }
    let mut pairs = offered.identities.iter().zip(offered.binders.iter());
    let Some((psk_identity, binder)) = pairs.nth(usize::from(index)) else {
        return Ok(nothing);
    };
    match check_binder(binders, &binder, candidate, &psk_identity.identity)? {
        Err(work) => Ok(work),
        Ok(_) => Err(Error::Internal("nobody's key was believed")),
    }
}

/// Makes up for what a refusal has not cost so far, so that its time does not tell which of the identities is known, if any:
/// for each hash among the binders that were offered, one binder and the derivation of one secret, from an imported key if the identity
/// `index`, of which the refusal is, is one of those. Where certificates are an alternative the answers differ anyway.
fn work_off(
    config: &ServerConfig,
    offered: &OfferedPsks<'_>,
    binders: &Binders<'_>,
    index: u16,
    done: Work,
) -> Result<(), Error> {
    if config.settings.psk_policy == PskPolicy::Optional {
        return Ok(());
    }
    if !done.derived {
        let judged = offered.identities.iter().nth(usize::from(index));
        let imported = judged
            .as_ref()
            .map(|judged| judged.identity.as_slice())
            .filter(|identity| ImportedIdentity::read(identity).is_some());
        black_box(derive_nobodys_secret(done.hash, imported)?);
    }
    let mut offered = offered.binders.iter().take(MAX_IDENTITIES);
    if let Some(binder) = offered.find(|binder| hash_of_binder(binder) != done.hash) {
        let hash = hash_of_binder(&binder);
        let secret = nobodys_key(hash).external_secret()?;
        black_box(secret.verify_binder(&binders.hash(hash), &binder));
        black_box(derive_nobodys_secret(hash, None)?);
    }
    Ok(())
}

/// What it costs to use a key for the first time, as it is or imported under this identity (RFC 9258 Section 5.1).
fn derive_nobodys_secret(hash: Hash, imported: Option<&[u8]>) -> Result<Arc<PskSecret>, Error> {
    const KEY: [u8; 32] = [0; 32];
    let secret = match imported {
        None => PskSecret::new(hash, BinderLabel::External, &KEY),
        // The key's own hash is that of most keys.
        Some(identity) => {
            let key = import_psk(PskHash::default().hash(), &KEY, identity, hash)?;
            PskSecret::new(hash, BinderLabel::Imported, key.as_bytes())
        }
    };
    secret.map(Arc::new)
}
