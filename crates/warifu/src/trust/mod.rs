//! Which certificates this side believes.
//!
//! [`Trust`] is the built-in [`VerifyPeer`]: paths are built and signatures checked by rustls-webpki, and on
//! top of it stand rules of ours that webpki does not know: key usage, pins, key sizes, one error per defect.
//!
//! | question | file |
//! |---|---|
//! | what can be trusted, how is it said? | here: [`TrustBuilder`] |
//! | in which order are the rules checked? | here: `Trust::check` |
//! | which signatures are accepted in chains? | `algorithms.rs` |
//! | what can be allowed to old PKIs, one by one? | `leniency.rs`; how webpki is told: `old_leaf.rs` |
//! | which error for which defect? | `refusal.rs` |

mod algorithms;
mod leniency;
mod old_leaf;
mod refusal;

pub use leniency::Leniency;

use core::cmp::Reverse;
use core::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::{
    CertificateDer, ServerName, SignatureVerificationAlgorithm, TrustAnchor, UnixTime,
};
use webpki::{
    CertRevocationList, EndEntityCert, ExpirationPolicy, OwnedCertRevocationList,
    RevocationCheckDepth, RevocationOptions, RevocationOptionsBuilder, UnknownStatusPolicy,
};

use crate::certificate::material::{self, Kind, MaterialError, MaterialProblem, Source};
use crate::certificate::view::{self, CertificateView};
use crate::certificate::{check_key_size, sha256};
use crate::decision::{Answer, KeyUse, PeerRole, PresentedChain, VerifyPeer};
use crate::error::{CertificateError, Error, UnixSeconds, UsageError};
use crate::parameters::SignatureScheme;
use algorithms::SignatureMemory;
use leniency::Leniencies;
use old_leaf::OldLeaf;
use refusal::Refusal;

/// Which peers are believed: a set of CAs, pinned certificates, CRLs, and the rules applied.
///
/// Immutable and to be shared by `Arc`; serves clients (which verify servers) and servers (which verify
/// clients) alike.
///
/// The rules, in this order. Each can be given up alone, under [`TrustBuilder::dangerous`]:
///
/// 1. *Issuer*: a path of good signatures leads to a trusted CA, within the constraints of each CA on it (RFC
///    5280 Section 6; of the trusted CA itself name constraints and path length), no certificate on it is revoked as far as CRLs were given; or the peer's own
///    certificate is pinned, byte for byte. A trusted CA certificate that the peer presents as its own
///    counts as pinned, so that what `openssl req -x509` makes can be given as CA or as pin.
/// 2. *Dates*: notBefore and notAfter of all but the trusted CA itself.
/// 3. *Usage*: key usage has digitalSignature (RFC 8446 Section 4.4.2.2), or keyEncipherment for key exchanges in which the
///    server's key decrypts (RFC 5246 Section 7.4.2), and extended key usage has the role, where the certificate has these
///    extensions.
/// 4. *Name* (of servers): subjectAltName has the DNS name or the IP address (RFC 9525). The subject's
///    commonName is not looked at.
///
/// What old PKIs have and these rules do not take (SHA-1, short RSA keys, names in commonName, X.509 version 1) can be
/// allowed one by one, by a [`Leniency`] each.
///
/// A pin replaces the first rule only. The stapled OCSP response is not looked at: an application that needs
/// it implements [`VerifyPeer`] itself and may call [`Trust::check`] first.
///
/// ```standalone_crate
/// # #[allow(dead_code)] mod doc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let _directory = doc::in_a_directory_with_files();
/// use warifu::Trust;
/// let trust = Trust::builder().with_ca_file("ca.pem").with_pinned_file("server.pem").build()?;
/// # Ok(())
/// # }
/// ```
pub struct Trust {
    anchors: Vec<TrustAnchor<'static>>,
    /// pathLenConstraint of each anchor, which webpki leaves out of them.
    path_lens: Vec<Option<usize>>,
    /// Certificates believed as they are: pins, and the CA certificates that were given one by one.
    exact: Vec<CertificateDer<'static>>,
    fingerprints: Vec<[u8; 32]>,
    crls: Vec<Arc<CertRevocationList<'static>>>,
    revocation_depth: RevocationCheckDepth,
    rules: Rules,
    authorities: Vec<Vec<u8>>,
    memory: SignatureMemory,
}

/// By which certificates a chain is believed, besides the peer's own: what [`Trust::verified_path`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedPath {
    /// The CAs between, that of the peer's certificate first.
    pub intermediates: Vec<CertificateDer<'static>>,
    /// The trusted CA. `None` where the peer's certificate needs none: it is pinned, or any issuer will do.
    pub anchor: Option<TrustAnchor<'static>>,
}

/// The rules that were given up.
#[derive(Debug, Clone, Copy, Default)]
struct Rules {
    any_issuer: bool,
    any_date: bool,
    any_usage: bool,
    any_name: bool,
    unknown_revocation: bool,
    expired_crl: bool,
    leniency: Leniencies,
}

impl Trust {
    /// Starts with nothing trusted.
    pub fn builder() -> TrustBuilder {
        TrustBuilder::default()
    }

    /// Trusts the CA certificates in a file, PEM or DER.
    ///
    /// # Errors
    /// [`TrustError`] if the file cannot be used.
    pub fn from_ca_file(path: impl AsRef<Path>) -> Result<Self, TrustError> {
        Self::builder().with_ca_file(path).build()
    }

    /// Trusts the CAs that the operating system trusts.
    ///
    /// # Errors
    /// [`TrustError`] if the system has none.
    pub fn from_system_roots() -> Result<Self, TrustError> {
        Self::builder().with_system_roots().build()
    }

    /// Checks a chain by the rules above.
    ///
    /// # Errors
    /// The first rule that is violated.
    pub fn check(&self, chain: &PresentedChain<'_>) -> Result<(), CertificateError> {
        self.check_with(chain, self.rules.leniency, |_| ())
    }

    /// As [`check`](Self::check), and tells by which certificates the chain is believed: a peer may send others besides, and in
    /// any order.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn verified_path(
        &self,
        chain: &PresentedChain<'_>,
    ) -> Result<VerifiedPath, CertificateError> {
        self.check_with(chain, self.rules.leniency, |path| VerifiedPath {
            intermediates: path
                .intermediate_certificates()
                .map(|certificate| certificate.der().into_owned())
                .collect(),
            anchor: Some(path.anchor().to_owned()),
        })
    }

    /// Whether a certificate is signed by its own key, with an algorithm that is accepted in chains. This says nothing of who
    /// made it: anybody can make such a certificate, for any name.
    pub fn is_self_signed(&self, certificate: &CertificateDer<'_>) -> bool {
        let Ok(view) = CertificateView::parse(certificate) else {
            return false;
        };
        algorithms::with_accepted(&self.memory, self.rules.leniency, None, |algorithms| {
            view.subject == view.issuer && refusal::is_signed_by(&view, view.spki, algorithms)
        })
    }

    /// Those of the leniencies allowed without which this chain would be refused; none for a chain that keeps today's rules.
    /// For a log: "accepted only because of …".
    ///
    /// Checks the chain once for each leniency and once more. Where one of two would do, the last of them is told.
    ///
    /// # Errors
    /// As [`check`](Self::check), for a chain that is refused anyway.
    pub fn leniency_needed(
        &self,
        chain: &PresentedChain<'_>,
    ) -> Result<Vec<Leniency>, CertificateError> {
        self.check(chain)?;
        let mut needed = self.rules.leniency;
        for rule in needed.iter() {
            if self.check_with(chain, needed.without(rule), |_| ()).is_ok() {
                needed = needed.without(rule);
            }
        }
        Ok(needed.iter().collect())
    }

    /// What `keep` makes of the path; the default where the certificate stands alone.
    fn check_with<T: Default>(
        &self,
        chain: &PresentedChain<'_>,
        leniency: Leniencies,
        keep: impl Fn(&webpki::VerifiedPath<'_>) -> T,
    ) -> Result<T, CertificateError> {
        let Some(leaf) = chain.certificates.first() else {
            return Err(match chain.role {
                PeerRole::Server(_) => CertificateError::Empty,
                PeerRole::Client => CertificateError::Required,
            });
        };
        let view = CertificateView::parse(leaf)?;
        check_key_size(view.spki, leniency.rsa_minimum())?;
        let alone = self.rules.any_issuer || self.is_pinned(leaf);
        let old_leaf = if leniency.is_empty() {
            None
        } else {
            // Who needs no issuer, needs no version either.
            let as_version_3 = alone || leniency.contains(Leniency::X509V1Leaf);
            let by_name = matches!(chain.role, PeerRole::Server(_)) && !self.rules.any_name;
            OldLeaf::new(
                leaf,
                &view,
                as_version_3,
                by_name && leniency.contains(Leniency::CommonName),
                leniency.contains(Leniency::CaLeaf),
            )
        };
        let check = Check {
            chain,
            leaf: old_leaf.as_ref().map_or(leaf, OldLeaf::certificate),
            old_leaf: old_leaf.as_ref(),
            leniency,
        };
        let kept = if alone {
            self.check_alone(&view, &check)?;
            T::default()
        } else {
            self.check_path(&check, keep)?
        };
        if !self.rules.any_usage {
            check_key_usage(&view, chain)?;
        }
        match chain.role {
            PeerRole::Server(name) if !self.rules.any_name => check.name(name)?,
            _ => {}
        }
        Ok(kept)
    }

    /// Whether this certificate is believed as it is.
    fn is_pinned(&self, leaf: &CertificateDer<'_>) -> bool {
        self.exact.contains(leaf)
            || (!self.fingerprints.is_empty() && self.fingerprints.contains(&sha256(leaf)))
    }

    /// Dates and extended key usage of a leaf that needs no issuer.
    fn check_alone(
        &self,
        view: &CertificateView<'_>,
        check: &Check<'_>,
    ) -> Result<(), CertificateError> {
        if !self.rules.any_date {
            let now = check.chain.now.as_secs();
            let (not_before, not_after) = view.validity()?;
            if now < not_before {
                return Err(CertificateError::NotYetValid {
                    not_before: UnixSeconds(not_before),
                    now: UnixSeconds(now),
                });
            }
            if now > not_after {
                return Err(CertificateError::Expired {
                    not_after: UnixSeconds(not_after),
                    now: UnixSeconds(now),
                });
            }
        }
        if !self.rules.any_usage && !view.allows_purpose(purpose(check.chain.role))? {
            return Err(check
                .refusal()
                .wrong_usage("its extended key usage names other purposes"));
        }
        Ok(())
    }

    /// A path to a trusted CA, by webpki.
    fn check_path<T>(
        &self,
        check: &Check<'_>,
        keep: impl Fn(&webpki::VerifiedPath<'_>) -> T,
    ) -> Result<T, CertificateError> {
        let chain = check.chain;
        let mut error = match self.find_path(check, chain.now, &keep) {
            Ok(kept) => return Ok(kept),
            Err(error) => error,
        };
        if self.rules.any_date && is_about_dates(&error) {
            // webpki cannot leave the dates out. If there is an instant at which all of the path was
            // valid, then its latest notBefore is such an instant.
            let instants = chain.certificates.iter().filter_map(|certificate| {
                CertificateView::parse(certificate)
                    .and_then(|view| view.validity())
                    .ok()
            });
            for (not_before, _) in instants.take(INTERMEDIATES_LIMIT + 1) {
                let then = UnixTime::since_unix_epoch(Duration::from_secs(not_before));
                match self.find_path(check, then, &keep) {
                    Ok(kept) => return Ok(kept),
                    Err(other) if is_about_dates(&other) => {}
                    Err(other) => error = other,
                }
            }
        }
        Err(self.with_algorithms(check, |algorithms| {
            Refusal {
                anchors: &self.anchors,
                algorithms,
                ..check.refusal()
            }
            .of(error)
        }))
    }

    fn with_algorithms<T>(
        &self,
        check: &Check<'_>,
        verify: impl FnOnce(&[&dyn SignatureVerificationAlgorithm]) -> T,
    ) -> T {
        algorithms::with_accepted(&self.memory, check.leniency, check.old_leaf, verify)
    }

    fn find_path<T>(
        &self,
        check: &Check<'_>,
        time: UnixTime,
        keep: &impl Fn(&webpki::VerifiedPath<'_>) -> T,
    ) -> Result<T, webpki::Error> {
        let (leaf, chain) = (check.leaf, check.chain);
        let mut found = [const { CertificateDer::from_slice(&[]) }; INTERMEDIATES_LIMIT];
        let intermediates = match chain.certificates.get(1..).unwrap_or_default() {
            few if few.len() <= INTERMEDIATES_LIMIT => few,
            many => reachable(leaf, many, &mut found)?,
        };
        let leaf = EndEntityCert::try_from(leaf)?;
        let crls: Vec<&CertRevocationList<'_>> = self.crls.iter().map(Arc::as_ref).collect();
        self.with_algorithms(check, |algorithms| {
            leaf.verify_for_usage(
                algorithms,
                &self.anchors,
                intermediates,
                time,
                Purpose {
                    id: purpose(chain.role),
                    any: self.rules.any_usage,
                },
                self.revocation(&crls),
                Some(&|path: &webpki::VerifiedPath<'_>| self.check_intermediates(path)),
            )
            .map(|path| keep(&path))
        })
    }

    /// What webpki does not check of the CAs on a path: their key usage, and the path length of the trusted one.
    fn check_intermediates(&self, path: &webpki::VerifiedPath<'_>) -> Result<(), webpki::Error> {
        let mut count = 0;
        for intermediate in path.intermediate_certificates() {
            let der = intermediate.der();
            let view = CertificateView::parse(&der).map_err(|_| webpki::Error::BadDer)?;
            // RFC 5280 Section 6.1.4 (n): a CA below the trusted one must be allowed to sign certificates.
            match view.key_usage() {
                Ok(None) => {}
                Ok(Some(usage)) if usage.key_cert_sign() => {}
                Ok(Some(_)) => return Err(webpki::Error::EndEntityUsedAsCa),
                Err(_) => return Err(webpki::Error::BadDer),
            }
            // RFC 5280 Section 4.2.1.9: the path length counts "non-self-issued intermediate certificates".
            count += usize::from(view.subject != view.issuer);
        }
        // The same CA may be trusted by several certificates; the most generous decides.
        let allowed = count == 0
            || self
                .anchors
                .iter()
                .zip(&self.path_lens)
                .filter(|(anchor, _)| *anchor == path.anchor())
                .any(|(_, path_len)| path_len.is_none_or(|path_len| count <= path_len));
        if allowed {
            Ok(())
        } else {
            Err(webpki::Error::PathLenConstraintViolated)
        }
    }

    /// What webpki is to do with the CRLs; `None` if there are none.
    fn revocation<'c>(
        &self,
        crls: &'c [&'c CertRevocationList<'c>],
    ) -> Option<RevocationOptions<'c>> {
        let status = if self.rules.unknown_revocation {
            UnknownStatusPolicy::Allow
        } else {
            UnknownStatusPolicy::Deny
        };
        // With the dates ignored, the path may be checked at a time that says nothing about a CRL.
        let expiration = if self.rules.expired_crl || self.rules.any_date {
            ExpirationPolicy::Ignore
        } else {
            ExpirationPolicy::Enforce
        };
        let options = RevocationOptionsBuilder::new(crls).ok()?;
        Some(
            options
                .with_depth(self.revocation_depth)
                .with_status_policy(status)
                .with_expiration_policy(expiration)
                .build(),
        )
    }
}

impl VerifyPeer for Trust {
    fn verify<'a>(&'a self, chain: PresentedChain<'a>) -> Answer<'a, Result<(), CertificateError>> {
        Answer::Ready(self.check(&chain))
    }

    fn chain_schemes(&self) -> &[SignatureScheme] {
        if self.allows(Leniency::Sha1Signatures) {
            algorithms::CHAIN_SCHEMES_WITH_SHA1
        } else {
            algorithms::CHAIN_SCHEMES
        }
    }

    fn authorities(&self) -> &[Vec<u8>] {
        &self.authorities
    }

    fn allows(&self, rule: Leniency) -> bool {
        self.rules.leniency.contains(rule)
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust")
            .field("anchors", &self.anchors.len())
            .field("exact", &self.exact.len())
            .field("fingerprints", &self.fingerprints.len())
            .field("crls", &self.crls.len())
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

/// One chain and how it is looked at.
struct Check<'a> {
    chain: &'a PresentedChain<'a>,
    /// The leaf as webpki is given it.
    leaf: &'a CertificateDer<'a>,
    /// Where that is not the leaf as it came.
    old_leaf: Option<&'a OldLeaf<'a>>,
    leniency: Leniencies,
}

impl<'a> Check<'a> {
    /// A refusal without the means to look for bad signatures.
    fn refusal(&self) -> Refusal<'a> {
        Refusal {
            certificates: self.chain.certificates,
            anchors: &[],
            role: self.chain.role,
            now: self.chain.now.as_secs(),
            algorithms: &[],
            leniency: self.leniency,
        }
    }

    fn name(&self, name: &ServerName<'_>) -> Result<(), CertificateError> {
        match EndEntityCert::try_from(self.leaf) {
            Ok(leaf) => leaf
                .verify_is_valid_for_subject_name(name)
                .map_err(|error| self.refusal().of(error)),
            // A pinned certificate of version 1 has no names.
            Err(webpki::Error::UnsupportedCertVersion) => Err(self.refusal().name_mismatch()),
            Err(error) => Err(self.refusal().of(error)),
        }
    }
}

/// Intermediates that one path search may use, as many as webpki accepts in one path. The search tries
/// each order of certificates that bear each other's names: with 6 that is some 2000 at most, with 60 of
/// them a peer could keep it busy for seconds.
const INTERMEDIATES_LIMIT: usize = 6;

/// Those of many certificates to which issuer names lead from the leaf.
fn reachable<'f, 'c: 'f>(
    leaf: &'c CertificateDer<'_>,
    many: &'c [CertificateDer<'_>],
    found: &'f mut [CertificateDer<'c>; INTERMEDIATES_LIMIT],
) -> Result<&'f [CertificateDer<'c>], webpki::Error> {
    let leaf = CertificateView::parse(leaf).map_err(|_| webpki::Error::BadDer)?;
    let mut issuers = [leaf.issuer; INTERMEDIATES_LIMIT + 1];
    let mut count = 0;
    loop {
        let before = count;
        for certificate in many {
            let Ok(view) = CertificateView::parse(certificate) else {
                continue; // as webpki does: it may not be needed
            };
            let known = found.iter().take(count).any(|known| known == certificate);
            if known
                || !issuers
                    .iter()
                    .take(count + 1)
                    .any(|issuer| *issuer == view.subject)
            {
                continue;
            }
            let (Some(place), Some(issuer)) = (found.get_mut(count), issuers.get_mut(count + 1))
            else {
                return Err(webpki::Error::MaximumPathDepthExceeded);
            };
            *place = CertificateDer::from(certificate.as_ref());
            *issuer = view.issuer;
            count += 1;
        }
        if count == before {
            return Ok(found.get(..count).unwrap_or_default());
        }
    }
}

fn is_about_dates(error: &webpki::Error) -> bool {
    matches!(
        error,
        webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. }
    )
}

/// RFC 8446 Section 4.4.2.2: "the digitalSignature bit MUST be set if the Key Usage extension is present". RFC 5246 Section
/// 7.4.2 says the same of keys that sign, and of those that decrypt that "the keyEncipherment bit MUST be set".
fn check_key_usage(
    view: &CertificateView<'_>,
    chain: &PresentedChain<'_>,
) -> Result<(), CertificateError> {
    let Some(usage) = view.key_usage()? else {
        return Ok(());
    };
    let lacking = match chain.key_use {
        KeyUse::Signature if usage.digital_signature() => return Ok(()),
        KeyUse::Signature => "digitalSignature (RFC 8446 Section 4.4.2.2)",
        KeyUse::KeyEncipherment if usage.key_encipherment() => return Ok(()),
        KeyUse::KeyEncipherment => "keyEncipherment (RFC 5246 Section 7.4.2)",
    };
    let usage = match chain.role {
        PeerRole::Server(_) => "server authentication",
        PeerRole::Client => "client authentication",
    };
    Err(CertificateError::WrongUsage {
        usage: format!("{usage}: its key usage lacks {lacking}"),
    })
}

// id-kp-serverAuth, id-kp-clientAuth: RFC 5280 Section 4.2.1.12.
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const CLIENT_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];

fn purpose(role: PeerRole<'_>) -> &'static [u8] {
    match role {
        PeerRole::Server(_) => SERVER_AUTH,
        PeerRole::Client => CLIENT_AUTH,
    }
}

/// webpki's own check of extended key usage allocates where the purpose is not the first one listed.
struct Purpose {
    id: &'static [u8],
    any: bool,
}

impl webpki::ExtendedKeyUsageValidator for Purpose {
    fn validate(&self, present: webpki::KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        if self.any {
            return Ok(());
        }
        let wanted = webpki::KeyPurposeId::new(self.id);
        let mut absent = true;
        for id in present {
            absent = false;
            if id? == wanted {
                return Ok(());
            }
        }
        if absent {
            Ok(())
        } else {
            #[allow(deprecated)] // the newer variant wants a list that nobody here reads
            Err(webpki::Error::RequiredEkuNotFound)
        }
    }
}

/// Says what is trusted. A method that fails leaves its error for [`build`](Self::build).
#[derive(Debug, Default, Clone)]
#[must_use = "call build()"]
pub struct TrustBuilder {
    anchors: Vec<TrustAnchor<'static>>,
    path_lens: Vec<Option<usize>>,
    exact: Vec<CertificateDer<'static>>,
    fingerprints: Vec<[u8; 32]>,
    /// Each with its thisUpdate.
    crls: Vec<(u64, Arc<CertRevocationList<'static>>)>,
    leaf_revocation_only: bool,
    rules: Rules,
    authorities: Vec<Vec<u8>>,
    /// Peers are trusted that the list of authorities cannot name.
    unnameable: bool,
    forget_signatures: bool,
    error: Option<TrustError>,
}

impl TrustBuilder {
    /// Trusts the CA certificates in a file: PEM (any number) or DER (one).
    ///
    /// A certificate among them that is no CA's (by basicConstraints or key usage) is trusted as a peer's own only,
    /// as [`with_pinned_file`](Self::with_pinned_file) does.
    pub fn with_ca_file(self, path: impl AsRef<Path>) -> Self {
        self.with_cas(Source::file(path.as_ref()))
    }

    /// As [`with_ca_file`](Self::with_ca_file), from bytes.
    pub fn with_ca_bytes(self, bytes: &[u8]) -> Self {
        self.with_cas(Ok(Source::bytes(bytes)))
    }

    fn with_cas(mut self, source: Result<Source, MaterialError>) -> Self {
        let result = source.and_then(|source| {
            for certificate in material::certificates(&source)? {
                let bad = |reason: String| source.error(MaterialProblem::BadCertificate(reason));
                let view =
                    CertificateView::parse(&certificate).map_err(|error| bad(error.to_string()))?;
                // A peer's own certificate, given as a CA, must not make its holder one: webpki asks nothing of
                // trust anchors.
                let authority = if view.may_be_ca() {
                    self.push_anchor(&certificate)
                        .map_err(|error| bad(format!("{error:?}")))?;
                    view.subject
                } else {
                    view.issuer
                };
                let authority = authority.to_vec();
                if !self.authorities.contains(&authority) {
                    self.authorities.push(authority);
                }
                self.exact.push(certificate);
            }
            Ok(())
        });
        self.remember(result)
    }

    fn push_anchor(&mut self, certificate: &CertificateDer<'_>) -> Result<(), webpki::Error> {
        let anchor = webpki::anchor_from_trusted_cert(certificate)?;
        let view = CertificateView::parse(certificate).map_err(|_| webpki::Error::BadDer)?;
        self.anchors.push(anchor.to_owned());
        self.path_lens.push(view.path_len());
        Ok(())
    }

    /// Trusts the CAs that the operating system trusts: the usual files on Unix (or `SSL_CERT_FILE`,
    /// `SSL_CERT_DIR`), the key chain on macOS, the certificate store on Windows.
    ///
    /// Certificates in it that cannot be read are passed over; having none at all is an error.
    pub fn with_system_roots(mut self) -> Self {
        let found = rustls_native_certs::load_native_certs();
        let before = self.anchors.len();
        for certificate in &found.certs {
            let _ = self.push_anchor(certificate);
        }
        // Some 150 names would be of no use to a client that must choose a certificate.
        self.unnameable = true;
        if self.anchors.len() == before {
            let reason = match found.errors.first() {
                Some(error) => error.to_string(),
                None => "none found".to_owned(),
            };
            return self.fail(TrustError::SystemRoots(reason));
        }
        self
    }

    /// Trusts these very certificates as peers' own, whoever issued them: file with PEM (any number) or DER.
    pub fn with_pinned_file(self, path: impl AsRef<Path>) -> Self {
        self.with_pinned(Source::file(path.as_ref()))
    }

    /// Trusts these very certificates as peers' own, whoever issued them: PEM (any number) or DER.
    pub fn with_pinned_bytes(self, bytes: &[u8]) -> Self {
        self.with_pinned(Ok(Source::bytes(bytes)))
    }

    fn with_pinned(mut self, source: Result<Source, MaterialError>) -> Self {
        let result = source.and_then(|source| {
            for certificate in material::certificates(&source)? {
                let view = CertificateView::parse(&certificate).map_err(|error| {
                    source.error(MaterialProblem::BadCertificate(error.to_string()))
                })?;
                // A client looks for a certificate by an issuer that the server names.
                let issuer = view.issuer.to_vec();
                if !self.authorities.contains(&issuer) {
                    self.authorities.push(issuer);
                }
                self.exact.push(certificate);
            }
            Ok(())
        });
        self.remember(result)
    }

    /// Trusts the certificate with this SHA-256 fingerprint (of its whole DER) as a peer's own.
    pub fn with_pinned_sha256(mut self, fingerprint: [u8; 32]) -> Self {
        self.fingerprints.push(fingerprint);
        self.unnameable = true;
        self
    }

    /// Refuses certificates that these CRLs revoke: file with PEM (any number) or DER (one).
    ///
    /// From the first CRL on, every certificate of a path must be spoken for by a CRL of its issuer that is not
    /// out of date, signed by that issuer. Where several of one issuer have the same scope, the newest decides. See [`with_revocation_of_leaf_only`](Self::with_revocation_of_leaf_only),
    /// [`DangerousTrust::accept_unknown_revocation`], [`DangerousTrust::accept_expired_crls`]. Pinned certificates
    /// have no issuer that could revoke them.
    pub fn with_crl_file(self, path: impl AsRef<Path>) -> Self {
        self.with_crls(Source::file(path.as_ref()))
    }

    /// As [`with_crl_file`](Self::with_crl_file), from bytes.
    pub fn with_crl_bytes(self, bytes: &[u8]) -> Self {
        self.with_crls(Ok(Source::bytes(bytes)))
    }

    fn with_crls(mut self, source: Result<Source, MaterialError>) -> Self {
        let result = source.and_then(|source| {
            let items = source.items()?;
            let before = self.crls.len();
            for item in items.iter().filter(|item| item.kind == Kind::Crl) {
                let crl = OwnedCertRevocationList::from_der(&item.der)
                    .map_err(|error| source.error(MaterialProblem::BadCrl(format!("{error:?}"))))?;
                let this_update = view::crl_this_update(&item.der).ok_or_else(|| {
                    source.error(MaterialProblem::BadCrl("thisUpdate".to_owned()))
                })?;
                self.crls.push((this_update, Arc::new(crl.into())));
            }
            if self.crls.len() == before {
                return Err(source.lacks(material::A_CRL, &items));
            }
            Ok(())
        });
        self.remember(result)
    }

    /// Asks CRLs about peers' own certificates only, not about the intermediate CAs above them.
    pub fn with_revocation_of_leaf_only(mut self) -> Self {
        self.leaf_revocation_only = true;
        self
    }

    /// Verifies each signature of a chain anew each time. By default those found good are remembered, by
    /// their SHA-256 (512 of them, 16 KiB), which saves most of the time that a chain seen before takes;
    /// all other rules are checked each time anyway.
    pub fn without_signature_memory(mut self) -> Self {
        self.forget_signatures = true;
        self
    }

    /// Gives up one rule. Each method of what this returns names what is lost.
    pub fn dangerous(self) -> DangerousTrust {
        DangerousTrust { builder: self }
    }

    /// Checks what was said.
    ///
    /// # Errors
    /// The first failure of a method before; [`TrustError::NothingTrusted`] if no peer could be believed.
    pub fn build(mut self) -> Result<Trust, TrustError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let nothing =
            self.anchors.is_empty() && self.exact.is_empty() && self.fingerprints.is_empty();
        if nothing && !self.rules.any_issuer {
            return Err(TrustError::NothingTrusted);
        }
        let revocation_depth = if self.leaf_revocation_only {
            RevocationCheckDepth::EndEntity
        } else {
            RevocationCheckDepth::Chain
        };
        // webpki asks the first CRL that speaks for a certificate, and no other.
        self.crls
            .sort_by_key(|(this_update, _)| Reverse(*this_update));
        let name_none = self.unnameable || self.rules.any_issuer;
        Ok(Trust {
            anchors: self.anchors,
            path_lens: self.path_lens,
            exact: self.exact,
            fingerprints: self.fingerprints,
            crls: self.crls.into_iter().map(|(_, crl)| crl).collect(),
            revocation_depth,
            rules: self.rules,
            authorities: if name_none {
                Vec::new()
            } else {
                self.authorities
            },
            memory: if self.forget_signatures {
                SignatureMemory::none()
            } else {
                SignatureMemory::new()
            },
        })
    }

    fn remember(self, result: Result<(), MaterialError>) -> Self {
        match result {
            Ok(()) => self,
            Err(error) => self.fail(TrustError::Material(error)),
        }
    }

    fn fail(mut self, error: TrustError) -> Self {
        self.error.get_or_insert(error);
        self
    }
}

/// Rules that can be given up, one at a time. What each method leaves unchecked, an attacker on the path can
/// forge.
#[derive(Debug)]
#[must_use = "call one of the methods, each gives the builder back"]
pub struct DangerousTrust {
    builder: TrustBuilder,
}

impl DangerousTrust {
    /// Believes certificates of any issuer, self-signed ones included: anybody can be the peer. CRLs are not
    /// asked. Dates, usage and name are still checked.
    pub fn accept_any_issuer(mut self) -> TrustBuilder {
        self.builder.rules.any_issuer = true;
        self.builder
    }

    /// Believes certificates that have expired or are not valid yet; CRLs may be out of date, too. Issuer,
    /// usage and name are still checked. A path is refused still if its certificates were never valid all at
    /// once.
    pub fn accept_any_date(mut self) -> TrustBuilder {
        self.builder.rules.any_date = true;
        self.builder
    }

    /// Believes certificates that were issued for another use: extended key usage and key usage are not
    /// looked at. Issuer, dates and name are still checked.
    pub fn accept_any_usage(mut self) -> TrustBuilder {
        self.builder.rules.any_usage = true;
        self.builder
    }

    /// Believes a server under any name: each holder of a certificate of a trusted CA can be the peer.
    /// Issuer, dates and usage are still checked.
    pub fn accept_any_name(mut self) -> TrustBuilder {
        self.builder.rules.any_name = true;
        self.builder
    }

    /// Believes certificates that no CRL speaks for, although CRLs were given.
    pub fn accept_unknown_revocation(mut self) -> TrustBuilder {
        self.builder.rules.unknown_revocation = true;
        self.builder
    }

    /// Takes what old certificates have and today's rules refuse: see each [`Leniency`] for what an attacker gains. To allow
    /// several, call it for each.
    ///
    /// ```standalone_crate
    /// # #[allow(dead_code)] mod doc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let _directory = doc::in_a_directory_with_files();
    /// use warifu::trust::{Leniency, Trust};
    /// let trust = Trust::builder()
    ///     .with_ca_file("ca.pem")
    ///     .dangerous().allow(Leniency::Sha1Signatures)
    ///     .dangerous().allow(Leniency::CommonName)
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn allow(mut self, rule: Leniency) -> TrustBuilder {
        self.builder.rules.leniency = self.builder.rules.leniency.with(rule);
        self.builder
    }

    /// Believes CRLs after the time of their next update: what was revoked since is not noticed.
    pub fn accept_expired_crls(mut self) -> TrustBuilder {
        self.builder.rules.expired_crl = true;
        self.builder
    }
}

/// A [`Trust`] could not be built.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustError {
    /// A file or bytes could not be used.
    Material(MaterialError),
    /// The operating system's CA certificates could not be had.
    SystemRoots(String),
    /// Neither CA nor pin: no peer could be believed.
    NothingTrusted,
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Material(error) => error.fmt(f),
            Self::SystemRoots(reason) => write!(
                f,
                "no CA certificates of the operating system: {reason} (install ca-certificates, or set SSL_CERT_FILE)"
            ),
            Self::NothingTrusted => f.write_str(
                "nothing is trusted: give a CA certificate, the system's roots or a pinned certificate",
            ),
        }
    }
}

impl core::error::Error for TrustError {}

impl From<TrustError> for Error {
    fn from(error: TrustError) -> Self {
        Self::Usage(UsageError::Config(error.to_string()))
    }
}
