//! From a verifier's error to the one [`CertificateError`] that tells what to do about it.
//!
//! All of this runs only where a chain is refused: it may parse again and allocate.

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor};
use webpki::Error as Webpki;

use crate::certificate::der::{tag, wrap};
use crate::certificate::name::{distinguished_name, only_common_name};
use crate::certificate::view::{self, CertificateView, PresentedName};
use crate::decision::PeerRole;
use crate::error::{CertificateError, UnixSeconds};

use super::algorithms::is_sha1;
use super::leniency::{Leniencies, Leniency};

/// What was being verified.
pub(super) struct Refusal<'a> {
    pub(super) certificates: &'a [CertificateDer<'static>],
    pub(super) anchors: &'a [TrustAnchor<'static>],
    pub(super) role: PeerRole<'a>,
    pub(super) now: u64,
    pub(super) algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
    pub(super) leniency: Leniencies,
}

impl Refusal<'_> {
    /// The refusal that webpki's error stands for.
    pub(super) fn of(&self, error: Webpki) -> CertificateError {
        let now = self.now;
        match error {
            Webpki::CertExpired { not_after, .. } => {
                CertificateError::Expired {
                    not_after: UnixSeconds(not_after.as_secs()),
                    now: UnixSeconds(now),
                }
            }
            Webpki::CertNotValidYet { not_before, .. } => {
                CertificateError::NotYetValid {
                    not_before: UnixSeconds(not_before.as_secs()),
                    now: UnixSeconds(now),
                }
            }
            Webpki::InvalidCertValidity => malformed("notBefore is after notAfter"),
            Webpki::UnknownIssuer => self.unknown_issuer(),
            Webpki::InvalidSignatureForPublicKey => self.bad_signature(),

            Webpki::CertRevoked => CertificateError::Revoked,
            Webpki::CertDistrusted => CertificateError::Distrusted,
            Webpki::UnknownRevocationStatus => CertificateError::RevocationUnknown {
                reason: "no CRL given is for a certificate of the chain".to_owned(),
            },
            Webpki::CrlExpired { next_update, .. } => CertificateError::RevocationUnknown {
                reason: format!(
                    "the CRL should have been replaced on {}, now is {}",
                    UnixSeconds(next_update.as_secs()),
                    UnixSeconds(now)
                ),
            },
            Webpki::InvalidCrlSignatureForPublicKey => CertificateError::RevocationUnknown {
                reason: "the CRL is not signed by the CA that it names".to_owned(),
            },
            Webpki::IssuerNotCrlSigner => CertificateError::RevocationUnknown {
                reason: "key usage of the CA does not allow it to sign CRLs".to_owned(),
            },
            Webpki::UnsupportedCrlSignatureAlgorithmContext(context)
                if is_sha1(&context.signature_algorithm_id) =>
            {
                CertificateError::RevocationUnknown {
                    reason: format!(
                        "the CRL is signed with SHA-1, whose hash is broken{}",
                        Leniency::Sha1Signatures.hint()
                    ),
                }
            }
            #[allow(deprecated)]
            Webpki::UnsupportedCrlSignatureAlgorithm
            | Webpki::UnsupportedCrlSignatureAlgorithmContext(_)
            | Webpki::UnsupportedCrlSignatureAlgorithmForPublicKey
            | Webpki::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_) => {
                CertificateError::RevocationUnknown {
                    reason: "the CRL is signed by an algorithm that is not accepted".to_owned(),
                }
            }

            Webpki::EmptyEkuExtension => self.wrong_usage("its extended key usage is empty"),
            #[allow(deprecated)]
            Webpki::RequiredEkuNotFound | Webpki::RequiredEkuNotFoundContext(_) => {
                self.wrong_usage("its extended key usage names other purposes")
            }
            Webpki::CaUsedAsEndEntity => self.wrong_usage(&format!(
                "it is a CA certificate (basicConstraints CA:TRUE), which is trusted as a peer's own only if pinned{}",
                Leniency::CaLeaf.hint()
            )),

            Webpki::EndEntityUsedAsCa => constraint(
                "a certificate that is not a CA's (basicConstraints, key usage) signed another one",
            ),
            Webpki::NameConstraintViolation => {
                constraint("name constraints exclude a name in the certificate")
            }
            Webpki::PathLenConstraintViolated => {
                constraint("path length: more intermediate CAs than one of them allows")
            }
            Webpki::MaximumPathDepthExceeded => {
                constraint("path length: more intermediate CAs than are accepted at all (6)")
            }
            Webpki::InvalidNetworkMaskConstraint | Webpki::MalformedNameConstraint => {
                constraint("its name constraints cannot be read")
            }
            Webpki::MaximumNameConstraintComparisonsExceeded
            | Webpki::MaximumPathBuildCallsExceeded
            | Webpki::MaximumSignatureChecksExceeded => CertificateError::TooComplex,

            Webpki::UnsupportedSignatureAlgorithmContext(context) => {
                self.unsupported_algorithm(&context.signature_algorithm_id)
            }
            Webpki::UnsupportedSignatureAlgorithmForPublicKeyContext(context) => {
                CertificateError::UnsupportedAlgorithm {
                    algorithm: format!(
                        "{} by an issuer's key of type {}",
                        view::signature_name(&context.signature_algorithm_id),
                        view::algorithm_name(&context.public_key_algorithm_id)
                    ),
                }
            }
            Webpki::UnsupportedCriticalExtension => CertificateError::UnsupportedExtension,
            Webpki::UnsupportedCertVersion => malformed(
                &format!(
                    "X.509 version 1 or 2, which has no extensions and no subjectAltName; issue it again as version 3 \
                     (openssl x509 -req needs -extfile){}",
                    self.version_1_hint()
                ),
            ),
            Webpki::CertNotValidForName(_)
            | Webpki::MalformedDnsIdentifier
            | Webpki::UnsupportedNameType => self.name_mismatch(),
            Webpki::SignatureAlgorithmMismatch => {
                malformed("it names two different signature algorithms")
            }
            // What is left is about bytes that cannot be read.
            other => malformed(&format!("{other:?}")),
        }
    }

    /// The name in the certificate is not the one asked for.
    pub(super) fn name_mismatch(&self) -> CertificateError {
        let wanted = match self.role {
            PeerRole::Server(name) => name.to_str().into_owned(),
            PeerRole::Client => "a client".to_owned(),
        };
        let view = self
            .certificates
            .first()
            .and_then(|leaf| CertificateView::parse(leaf).ok());
        let presented = view.map_or_else(String::new, |view| self.presented_names(&view));
        CertificateError::NameMismatch { wanted, presented }
    }

    pub(super) fn wrong_usage(&self, why: &str) -> CertificateError {
        let usage = match self.role {
            PeerRole::Server(_) => "server authentication",
            PeerRole::Client => "client authentication",
        };
        CertificateError::WrongUsage {
            usage: format!("{usage}: {why}"),
        }
    }

    /// Names in subjectAltName for an error text; where there are none, the reason why that is no good.
    fn presented_names(&self, view: &CertificateView<'_>) -> String {
        /// A certificate of a content network may name hundreds.
        const NAMES_SHOWN: usize = 8;
        let mut names = view.names();
        let mut text = String::new();
        for name in names.by_ref().take(NAMES_SHOWN) {
            if !text.is_empty() {
                text.push_str(", ");
            }
            match name {
                PresentedName::Dns(name) => crate::certificate::name::push_escaped(&mut text, name),
                PresentedName::Ip(ip) => text.push_str(&ip.to_string()),
            }
        }
        let more = names.count();
        if more > 0 {
            text.push_str(&format!(" and {more} more"));
        }
        if text.is_empty() {
            let subject = distinguished_name(view.subject);
            let no_names = !view.has_subject_alt_name() && only_common_name(view.subject).is_some();
            // RFC 6125 Section 6.4.4 and RFC 9525: the commonName is no longer looked at.
            text = match (no_names, self.leniency.contains(Leniency::CommonName)) {
                (true, true) => format!("the commonName of its subject, {subject}"),
                (true, false) => format!(
                    "no name at all (it has no subjectAltName; its subject, {subject}, does not count{})",
                    Leniency::CommonName.hint()
                ),
                (false, _) => format!(
                    "no name at all (it has no subjectAltName; its subject, {subject}, does not count)"
                ),
            };
        }
        text
    }

    fn unsupported_algorithm(&self, identifier: &[u8]) -> CertificateError {
        let mut algorithm = view::signature_name(identifier);
        match algorithm.as_str() {
            "rsassaPss" => algorithm.push_str(
                " with other parameters than SHA-256, SHA-384 or SHA-512, MGF1 with the same hash and a salt as long as \
                 the hash",
            ),
            _ if is_sha1(identifier) => {
                let hint = Leniency::Sha1Signatures.hint();
                algorithm.push_str(&format!(" (its hash is broken{hint})"));
            }
            name if ["sha1", "SHA1", "md5", "md2"].iter().any(|weak| name.contains(weak)) => {
                algorithm.push_str(" (its hash is broken)");
            }
            _ => {}
        }
        CertificateError::UnsupportedAlgorithm { algorithm }
    }

    /// What would help a leaf of version 1, if that is what was refused.
    fn version_1_hint(&self) -> String {
        let allowed = self.leniency.contains(Leniency::X509V1Leaf);
        match self.views().next() {
            Some(leaf) if leaf.version == 1 && !allowed => Leniency::X509V1Leaf.hint(),
            _ => String::new(),
        }
    }

    fn views(&self) -> impl Iterator<Item = CertificateView<'_>> {
        self.certificates
            .iter()
            .filter_map(|certificate| CertificateView::parse(certificate).ok())
    }

    /// No trusted CA bears the name that the chain leads to.
    fn unknown_issuer(&self) -> CertificateError {
        let Some(leaf) = self.views().next() else {
            return malformed("empty");
        };
        if leaf.subject == leaf.issuer {
            return CertificateError::SelfSigned {
                subject: distinguished_name(leaf.subject),
            };
        }
        // Climb by name as far as the presented certificates reach.
        let mut top = leaf;
        for _ in 0..CLIMB_LIMIT {
            match self.views().find(|view| view.subject == top.issuer) {
                Some(issuer) if issuer.subject != issuer.issuer => top = issuer,
                _ => break,
            }
        }
        CertificateError::UnknownIssuer {
            issuer: distinguished_name(top.issuer),
            sent: self.certificates.len(),
        }
    }

    /// Finds the certificate whose signature no candidate for its issuer made.
    fn bad_signature(&self) -> CertificateError {
        let mut checks_left = CHECKS_LIMIT;
        for view in self.views().take(CLIMB_LIMIT) {
            let presented = self
                .views()
                .map(|issuer| (issuer.subject.to_vec(), issuer.spki.to_vec()));
            let anchors = self.anchors.iter().map(|anchor| {
                (
                    sequence(&anchor.subject),
                    sequence(&anchor.subject_public_key_info),
                )
            });
            let candidates: Vec<_> = anchors
                .chain(presented)
                .filter(|(subject, _)| subject == view.issuer)
                .map(|(_, spki)| spki)
                .take(checks_left)
                .collect();
            checks_left -= candidates.len();
            if candidates.is_empty() || candidates.iter().any(|spki| self.signed(&view, spki)) {
                continue;
            }
            // A key that is too short fails like a wrong signature.
            for spki in &candidates {
                if let Err(refusal) =
                    crate::certificate::check_key_size(spki, self.leniency.rsa_minimum())
                {
                    return refusal;
                }
            }
            return CertificateError::BadChainSignature {
                issuer: distinguished_name(view.issuer),
            };
        }
        CertificateError::BadChainSignature {
            issuer: "its issuer".to_owned(),
        }
    }

    fn signed(&self, view: &CertificateView<'_>, issuer_spki: &[u8]) -> bool {
        is_signed_by(view, issuer_spki, self.algorithms)
    }
}

/// Whether a certificate is signed by the key in this SubjectPublicKeyInfo, with one of these algorithms.
pub(super) fn is_signed_by(
    view: &CertificateView<'_>,
    issuer_spki: &[u8],
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> bool {
    let Some((key_algorithm, key)) = view::spki_parts(issuer_spki) else {
        return false;
    };
    algorithms.iter().any(|algorithm| {
        algorithm.signature_alg_id().as_ref() == view.signature_algorithm
            && algorithm.public_key_alg_id().as_ref() == key_algorithm
            && algorithm
                .verify_signature(key, view.tbs, view.signature)
                .is_ok()
    })
}

/// How far an error text follows a chain upwards, and how many signatures it checks: a refused peer must
/// not make us work.
const CLIMB_LIMIT: usize = 8;
const CHECKS_LIMIT: usize = 16;

fn malformed(reason: &str) -> CertificateError {
    CertificateError::Malformed {
        reason: reason.to_owned(),
    }
}

fn constraint(constraint: &str) -> CertificateError {
    CertificateError::ConstraintViolated {
        constraint: constraint.to_owned(),
    }
}

/// webpki's trust anchors hold the content of SEQUENCEs.
fn sequence(content: &[u8]) -> Vec<u8> {
    wrap(tag::SEQUENCE, &[content])
}
