//! What one verification looks at, and what its callback has overruled.
//!
//! [`warifu::Trust`] decides. What it refuses is put in OpenSSL's terms: a number, and the depth of the certificate it is about.
//! Where a callback overrules that, everything else is verified all the same:
//!
//! | overruled | verified then |
//! |---|---|
//! | no trusted issuer (2, 18, 19, 20) | all, as if the chain's last certificate were trusted, which the callback was shown |
//! | dates (9, 10), usage (26) | without them; the callback is told of each other certificate that is wrong in the same way |
//! | no CRL, or an old one (3, 12) | what other CRLs revoke; the callback is told of each other certificate of which nothing is known |
//! | revoked (23) | without CRLs, if they are asked about the peer's certificate only |
//!
//! Nothing else can be left out alone: bad signatures, constraints, algorithms, extensions. Such a chain stays refused.

use core::ffi::c_int;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls_pki_types::{CertificateDer, IpAddr, Ipv4Addr, ServerName, TrustAnchor, UnixTime};
use warifu::certificate::CertificateFacts;
use warifu::certificate::der::{Der, tag};
use warifu::decision::{KeyUse, PeerRole, PresentedChain};
use warifu::trust::{Leniency, VerifiedPath};
use warifu::{CertificateError, Trust};

use super::param::{self, Values};
use super::store::{CrlCheck, Rules, Store};
use super::verify_code::{self, code_of};
use super::{X509, purpose, time};
use crate::fault::Fault;

/// All that one verification looks at.
pub(super) struct Check {
    store: Arc<Store>,
    pub(super) values: Values,
    /// By names, until [`verify`](Self::verify) finds the path that is believed.
    pub(super) chain: Vec<Arc<X509>>,
    /// Certificates of the peer besides its own.
    untrusted: Vec<Arc<X509>>,
    presented: Vec<CertificateDer<'static>>,
    key_use: KeyUse,
    /// Seconds since 1970-01-01 UTC.
    now: u64,
    /// Less what was overruled.
    rules: Rules,
    /// Trusted for this verification: the last one of a chain whose issuer is not, overruled.
    anchor: Option<Arc<X509>>,
    /// Errors that were overruled, each with its certificate.
    overruled: Vec<(c_int, Arc<X509>)>,
}

impl Check {
    /// `chain` begins with the certificate that is verified.
    pub(super) fn new(
        store: Arc<Store>,
        values: Values,
        chain: Vec<Arc<X509>>,
        untrusted: &[Arc<X509>],
        key_use: KeyUse,
    ) -> Self {
        // Leaf, those of the peer, those CAs of the store that are needed in between.
        let mut presented: Vec<CertificateDer<'static>> = Vec::new();
        let leaf = chain.iter().take(1);
        for certificate in leaf.chain(untrusted).chain(&chain) {
            if !presented.contains(certificate.der()) {
                presented.push(certificate.der().clone());
            }
        }
        let now = if values.flags & param::USE_CHECK_TIME != 0 {
            u64::try_from(values.time).unwrap_or(0)
        } else {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            now.map_or(0, |now| now.as_secs())
        };
        Self {
            rules: Rules::of(&values),
            store,
            values,
            chain,
            untrusted: untrusted.to_vec(),
            presented,
            key_use,
            now,
            anchor: None,
            overruled: Vec::new(),
        }
    }

    /// Verifies by all rules that were not overruled; `chain` is then the path that is believed.
    pub(super) fn verify(&mut self) -> Result<Result<(), CertificateError>, Fault> {
        let rules = self.rules;
        if rules.crl != CrlCheck::None && !rules.unknown_revocation && self.store.crls().is_empty()
        {
            let reason = "no CRL was given".to_owned();
            return Ok(Err(CertificateError::RevocationUnknown { reason }));
        }
        // Names are not checked there; any will do.
        let name = ServerName::IpAddress(IpAddr::V4(Ipv4Addr::from([0, 0, 0, 0])));
        let role = match self.values.purpose {
            param::SSL_CLIENT => PeerRole::Client,
            _ => PeerRole::Server(&name),
        };
        let now = UnixTime::since_unix_epoch(Duration::from_secs(self.now));
        let mut presented = PresentedChain::new(&self.presented, role, now);
        presented.key_use = self.key_use;
        let trust = match &self.anchor {
            None => self.store.trust(rules)?,
            Some(anchor) => self.store.trust_with(rules, anchor)?,
        };
        let path = match trust.verified_path(&presented) {
            Ok(path) => path,
            Err(error) => return Ok(Err(error)),
        };
        let mut known = self.chain.clone();
        known.extend(self.untrusted.iter().cloned());
        if let Some(leaf) = self.chain.first() {
            let trusted = self.anchor.iter().cloned();
            let trusted: Vec<_> = trusted.chain(self.store.anchors(rules)).collect();
            self.chain = certificates(leaf, &path, &known, &trusted)?;
        }
        Ok(Ok(()))
    }

    /// Takes an error as overruled: leaves out what it is about, if that alone can be left out. Returns whether it can.
    pub(super) fn overrule(&mut self, error: &CertificateError, code: c_int, depth: usize) -> bool {
        if let Some(certificate) = self.chain.get(depth) {
            self.overruled.push((code, Arc::clone(certificate)));
        }
        let before = self.rules;
        let rules = &mut self.rules;
        match (error, code) {
            (CertificateError::UnknownIssuer { .. } | CertificateError::SelfSigned { .. }, _) => {
                return self.trust_last();
            }
            (CertificateError::Expired { .. } | CertificateError::NotYetValid { .. }, _) => {
                rules.any_date = true;
            }
            (CertificateError::WrongUsage { .. }, _) => rules.any_usage = true,
            // Of the others nobody would know.
            (CertificateError::Revoked, _) if rules.crl == CrlCheck::Leaf => {
                rules.crl = CrlCheck::None;
            }
            (
                CertificateError::RevocationUnknown { .. },
                verify_code::X509_V_ERR_UNABLE_TO_GET_CRL,
            ) => rules.unknown_revocation = true,
            (
                CertificateError::RevocationUnknown { .. },
                verify_code::X509_V_ERR_CRL_HAS_EXPIRED,
            ) => {
                rules.expired_crl = true;
            }
            _ => {}
        }
        self.rules != before
    }

    /// Trusts the chain's last certificate, once. One that says it issued itself must have.
    fn trust_last(&mut self) -> bool {
        let Some(last) = self.chain.last().filter(|_| self.anchor.is_none()) else {
            return false;
        };
        if last.is_self_issued() && !is_self_signed(last) {
            return false;
        }
        self.anchor = Some(Arc::clone(last));
        true
    }

    /// What [`verify`](Self::verify) did not say of the path that it found: what was overruled of one certificate was left out
    /// for all of them, and some errors are OpenSSL's alone. In OpenSSL's order.
    pub(super) fn unsaid(&self) -> Vec<(c_int, usize)> {
        let last = self.chain.len().saturating_sub(1);
        let asked = Rules::of(&self.values);
        let below_anchor = || self.chain.iter().enumerate().take(last.max(1));
        let mut errors = Vec::new();
        if let Some(limit) = self.values.depth
            && let Ok(limit) = usize::try_from(limit)
            && last > limit.saturating_add(1)
        {
            // The leaf and the trusted CA do not count.
            errors.push((
                verify_code::X509_V_ERR_CERT_CHAIN_TOO_LONG,
                limit.saturating_add(1),
            ));
        }
        if self.rules.any_usage && !asked.any_usage {
            let wrong = below_anchor().filter(|(depth, one)| self.is_of_wrong_usage(*depth, one));
            errors.extend(wrong.map(|(depth, _)| (verify_code::X509_V_ERR_INVALID_PURPOSE, depth)));
        }
        errors.extend(self.unsaid_of_revocation());
        let by_itself = self.anchor.is_some() && last == 0;
        if by_itself
            && self
                .chain
                .first()
                .is_some_and(|leaf| !leaf.is_self_issued())
        {
            errors.push((verify_code::X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, 0));
        }
        if !asked.any_date {
            let out_of_date = |(depth, one): (usize, &Arc<X509>)| {
                let is_asked = self.rules.any_date && depth < last || self.is_anchor(one);
                Some((self.date_code(one).filter(|_| is_asked)?, depth))
            };
            errors.extend(self.chain.iter().enumerate().rev().filter_map(out_of_date));
        }
        errors.retain(|(code, depth)| !self.is_overruled(*code, *depth));
        errors
    }

    /// Revocation of those about which CRLs were not asked, though they should be.
    fn unsaid_of_revocation(&self) -> Vec<(c_int, usize)> {
        let last = self.chain.len().saturating_sub(1);
        let mut errors = Vec::new();
        let asked = match self.rules.crl {
            CrlCheck::None => 0,
            CrlCheck::Leaf => 1,
            CrlCheck::All => self.chain.len(),
        };
        for (depth, certificate) in self.chain.iter().enumerate().take(asked) {
            // Nobody above it signed a CRL.
            let is_top = depth == last && (last == 0 || self.is_anchor(certificate));
            let is_root = is_top && last > 0 && certificate.is_self_issued();
            let code = if is_top && self.is_revoked(certificate) {
                Some(verify_code::X509_V_ERR_CERT_REVOKED)
            } else if is_top && !is_root {
                Some(verify_code::X509_V_ERR_UNABLE_TO_GET_CRL)
            } else if depth < last {
                self.crl_code(certificate).filter(|code| match *code {
                    verify_code::X509_V_ERR_UNABLE_TO_GET_CRL => self.rules.unknown_revocation,
                    _ => self.rules.expired_crl || self.rules.any_date,
                })
            } else {
                None
            };
            errors.extend(code.map(|code| (code, depth)));
        }
        errors
    }

    fn is_overruled(&self, code: c_int, depth: usize) -> bool {
        self.chain.get(depth).is_some_and(|certificate| {
            let mut overruled = self.overruled.iter();
            overruled.any(|(known, of)| *known == code && of.der() == certificate.der())
        })
    }

    fn is_anchor(&self, certificate: &X509) -> bool {
        let anchor = self.anchor.as_ref();
        anchor.is_some_and(|anchor| anchor.der() == certificate.der())
    }

    fn is_revoked(&self, certificate: &X509) -> bool {
        self.store.crls().iter().any(|crl| crl.lists(certificate))
    }

    /// Whether the certificate may not be used for the purpose, at this depth.
    fn is_of_wrong_usage(&self, depth: usize, certificate: &X509) -> bool {
        purpose::excludes(
            certificate,
            self.values.purpose,
            (depth == 0).then_some(self.key_use),
        )
    }

    /// Whether it is out of date, and how.
    fn date_code(&self, certificate: &X509) -> Option<c_int> {
        let now = i64::try_from(self.now).unwrap_or(i64::MAX);
        let (from, to) = (certificate.not_before(), certificate.not_after());
        match (time::seconds(from), time::seconds(to)) {
            (Some(from), _) if from > now => Some(verify_code::X509_V_ERR_CERT_NOT_YET_VALID),
            (_, Some(to)) if to < now => Some(verify_code::X509_V_ERR_CERT_HAS_EXPIRED),
            (Some(_), Some(_)) => None,
            _ => Some(verify_code::X509_V_ERR_CERT_HAS_EXPIRED),
        }
    }

    /// What keeps CRLs from speaking for a certificate; `None` if one does.
    fn crl_code(&self, certificate: &X509) -> Option<c_int> {
        let crls = self.store.crls();
        let mut of_issuer = crls
            .iter()
            .filter(|crl| crl.speaks_for(certificate))
            .peekable();
        if of_issuer.peek().is_none() {
            return Some(verify_code::X509_V_ERR_UNABLE_TO_GET_CRL);
        }
        let now = i64::try_from(self.now).unwrap_or(i64::MAX);
        let is_over = |date| time::seconds(date).is_none_or(|end| end < now);
        let dates_count = self.values.flags & param::NO_CHECK_TIME == 0;
        let all_over = of_issuer.all(|crl| crl.next_update().is_some_and(|date| is_over(date)));
        (dates_count && all_over).then_some(verify_code::X509_V_ERR_CRL_HAS_EXPIRED)
    }

    /// The number of an error, and the depth of the certificate that it is about.
    pub(super) fn judge(&self, error: &CertificateError) -> (c_int, usize) {
        let last = self.chain.len().saturating_sub(1);
        let find = |is_it: &dyn Fn(usize, &X509) -> bool| {
            let mut certificates = self.chain.iter().enumerate();
            certificates.position(|(depth, one)| is_it(depth, one))
        };
        let code = code_of(error);
        match error {
            // Where several are out of date, OpenSSL tells of the one next to the trusted CA.
            CertificateError::Expired { .. } | CertificateError::NotYetValid { .. } => {
                let mut certificates = self.chain.iter();
                let depth = certificates.rposition(|one| self.date_code(one) == Some(code));
                (code, depth.unwrap_or(0))
            }
            CertificateError::UnknownIssuer { .. } | CertificateError::SelfSigned { .. } => {
                let top = self.chain.last();
                let self_issued = top.is_some_and(|top| top.is_self_issued());
                let trusted = self.store.certificates();
                let ends_in_store =
                    top.is_some_and(|top| trusted.iter().any(|known| known.der() == top.der()));
                let code = match (self_issued, last) {
                    (true, 0) => verify_code::X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
                    (true, _) => verify_code::X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
                    (false, _) if ends_in_store => {
                        verify_code::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT
                    }
                    (false, _) => verify_code::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                };
                (code, last)
            }
            CertificateError::BadChainSignature { issuer } => {
                let issued = |_: usize, one: &X509| {
                    CertificateFacts::from_der(one.der()).is_ok_and(|facts| facts.issuer == *issuer)
                };
                (code, find(&issued).unwrap_or(0))
            }
            CertificateError::ConstraintViolated { .. } => (code, last.min(1)),
            CertificateError::WrongUsage { .. } => {
                let wrong = |depth: usize, one: &X509| self.is_of_wrong_usage(depth, one);
                (code, find(&wrong).unwrap_or(0))
            }
            CertificateError::Revoked => {
                let listed = |_: usize, one: &X509| self.is_revoked(one);
                (code, find(&listed).unwrap_or(0))
            }
            CertificateError::RevocationUnknown { .. } => self.judge_revocation(),
            _ => (code, 0),
        }
    }

    /// Why revocation lists do not tell.
    fn judge_revocation(&self) -> (c_int, usize) {
        let asked = match self.rules.crl {
            CrlCheck::All => self.chain.len(),
            _ => 1,
        };
        for (depth, certificate) in self.chain.iter().enumerate().take(asked) {
            match self.crl_code(certificate) {
                Some(code) if !self.is_overruled(code, depth) => return (code, depth),
                _ => {}
            }
        }
        (verify_code::X509_V_ERR_CRL_SIGNATURE_FAILURE, 0)
    }
}

/// The path that was found as certificates, those that are known already by identity.
///
/// # Errors
/// A certificate on it cannot be read, or the trusted one is not known.
pub(crate) fn certificates(
    leaf: &Arc<X509>,
    path: &VerifiedPath,
    known: &[Arc<X509>],
    trusted: &[Arc<X509>],
) -> Result<Vec<Arc<X509>>, Fault> {
    let mut chain = vec![Arc::clone(leaf)];
    for der in &path.intermediates {
        chain.push(match known.iter().find(|one| one.der() == der) {
            Some(one) => Arc::clone(one),
            None => X509::from_der(der.clone())?,
        });
    }
    if let Some(anchor) = &path.anchor {
        let found = trusted.iter().find(|one| is_of(one, anchor));
        let unknown = || Fault::internal("the trusted certificate is not in the store");
        chain.push(Arc::clone(found.ok_or_else(unknown)?));
    }
    Ok(chain)
}

/// Whether subject and key are those of the trust anchor, which has them without their outer tag and length.
fn is_of(certificate: &X509, anchor: &TrustAnchor<'_>) -> bool {
    let holds = |whole: &[u8], content: &[u8]| {
        Der::new(whole)
            .value(tag::SEQUENCE)
            .is_some_and(|found| found == content)
    };
    certificate.view().is_ok_and(|view| {
        holds(view.subject, &anchor.subject) && holds(view.spki, &anchor.subject_public_key_info)
    })
}

/// Whether a certificate is signed by its own key. SHA-1 will do: nobody else vouches for what is so signed.
fn is_self_signed(certificate: &X509) -> bool {
    let trust = Trust::builder()
        .with_pinned_sha256([0; 32])
        .without_signature_memory()
        .dangerous()
        .allow(Leniency::Sha1Signatures)
        .build();
    trust.is_ok_and(|trust| trust.is_self_signed(certificate.der()))
}
