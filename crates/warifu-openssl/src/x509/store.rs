//! What is trusted (`X509_STORE`): certificates, revocation lists, options.

use core::ffi::c_int;
use std::path::Path;
use std::sync::{Arc, Mutex, Weak};

use rustls_pki_types::CertificateDer;
use warifu::Trust;
use warifu::trust::{Leniency, TrustError};

use super::X509;
use super::crl::Crl;
use super::param::{self, Values, VerifyParam};
use super::pem;
use super::store_ctx::VerifyCallback;
use crate::fault::Fault;
use crate::reason::{self, Library};
use crate::stack::lock;

/// `X509_STORE`. Several threads and contexts may share one.
#[derive(Debug)]
pub struct Store {
    content: Mutex<Content>,
    param: Arc<VerifyParam>,
    callback: Mutex<Option<VerifyCallback>>,
    lookups: Mutex<Vec<Arc<Lookup>>>,
}

/// `X509_LOOKUP`: a way to load more, into the store that it belongs to.
#[derive(Debug)]
pub struct Lookup {
    store: Weak<Store>,
    is_directory: bool,
}

impl Lookup {
    pub(crate) fn store(&self) -> Option<Arc<Store>> {
        self.store.upgrade()
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.is_directory
    }
}

#[derive(Debug, Default)]
struct Content {
    certificates: Vec<Arc<X509>>,
    crls: Vec<Arc<Crl>>,
    /// What was built of them since they changed.
    built: Vec<(Rules, Arc<Trust>)>,
}

/// Which certificates are asked about in revocation lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum CrlCheck {
    #[default]
    None,
    Leaf,
    All,
}

/// By which rules the store is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rules {
    pub(crate) crl: CrlCheck,
    /// A CA in the store is trusted although it is not self-issued.
    pub(crate) partial_chain: bool,
    /// Given up for one verification, by its callback or by flags.
    pub(crate) any_date: bool,
    pub(crate) any_usage: bool,
    pub(crate) unknown_revocation: bool,
    pub(crate) expired_crl: bool,
}

impl Rules {
    /// What the flags ask for.
    pub(crate) fn of(values: &Values) -> Self {
        let has = |flag| values.flags & flag != 0;
        Self {
            crl: match (has(param::CRL_CHECK), has(param::CRL_CHECK_ALL)) {
                (false, _) => CrlCheck::None,
                (true, false) => CrlCheck::Leaf,
                (true, true) => CrlCheck::All,
            },
            partial_chain: has(param::PARTIAL_CHAIN),
            any_date: has(param::NO_CHECK_TIME),
            // Other purposes than these two are any and none: what is not supported is refused before.
            any_usage: !matches!(values.purpose, param::SSL_CLIENT | param::SSL_SERVER),
            unknown_revocation: false,
            expired_crl: false,
        }
    }
}

impl Store {
    pub(crate) fn new() -> Self {
        Self {
            content: Mutex::new(Content::default()),
            param: Arc::new(VerifyParam::new()),
            callback: Mutex::new(None),
            lookups: Mutex::new(Vec::new()),
        }
    }

    pub(crate) fn param(&self) -> &Arc<VerifyParam> {
        &self.param
    }

    pub(crate) fn callback(&self) -> Option<VerifyCallback> {
        *lock(&self.callback)
    }

    pub(crate) fn set_callback(&self, callback: Option<VerifyCallback>) {
        *lock(&self.callback) = callback;
    }

    pub(crate) fn certificates(&self) -> Vec<Arc<X509>> {
        lock(&self.content).certificates.clone()
    }

    /// Those that are trusted by these rules.
    pub(crate) fn anchors(&self, rules: Rules) -> Vec<Arc<X509>> {
        let content = lock(&self.content);
        content.anchors(rules).map(Arc::clone).collect()
    }

    pub(crate) fn crls(&self) -> Vec<Arc<Crl>> {
        lock(&self.content).crls.clone()
    }

    /// Adds a certificate, if it is not there yet.
    pub(crate) fn add_certificate(&self, certificate: Arc<X509>) {
        let mut content = lock(&self.content);
        if content
            .certificates
            .iter()
            .all(|known| known.der() != certificate.der())
        {
            content.certificates.push(certificate);
            content.built.clear();
        }
    }

    pub(crate) fn add_crl(&self, crl: Arc<Crl>) -> Result<(), Fault> {
        // One that webpki does not take would make all of the store useless.
        let probe = Trust::builder()
            .with_pinned_sha256([0; 32])
            .with_crl_bytes(crl.der())
            .build();
        probe.map_err(|error| Fault::argument(error.to_string()))?;
        let mut content = lock(&self.content);
        if content.crls.iter().all(|known| known.der() != crl.der()) {
            content.crls.push(crl);
            content.built.clear();
        }
        Ok(())
    }

    /// Adds all certificates and revocation lists in a file, PEM or (one) DER. Returns how many.
    pub(crate) fn load_file(&self, path: &Path) -> Result<c_int, Fault> {
        let bytes = std::fs::read(path)
            .map_err(|error| Fault::system(&error, &format!("reading {}", path.display())))?;
        let count = self
            .load_bytes(&bytes)
            .map_err(|fault| fault.about(&path.display().to_string()))?;
        if count == 0 {
            return Err(Fault::Raised {
                library: Library::X509,
                reason: reason::X509_R_NO_CERTIFICATE_OR_CRL_FOUND,
                detail: Some(format!("{}: no certificate and no CRL", path.display())),
            });
        }
        Ok(count)
    }

    fn load_bytes(&self, bytes: &[u8]) -> Result<c_int, Fault> {
        if let Ok(certificate) = X509::from_der(CertificateDer::from(bytes.to_vec())) {
            self.add_certificate(certificate);
            return Ok(1);
        }
        if let Ok(crl) = Crl::from_der(bytes) {
            self.add_crl(crl)?;
            return Ok(1);
        }
        let mut lines = pem::Lines::of(bytes);
        let mut count = 0;
        while let Some(section) = pem::next_section(&mut lines)? {
            if section.is_certificate() {
                self.add_certificate(section.certificate()?);
            } else if section.is_crl() {
                self.add_crl(Crl::from_der(&section.der)?)?;
            } else {
                continue;
            }
            count += 1;
        }
        Ok(count)
    }

    /// Adds the certificates and revocation lists in a directory whose files have names of hashes, as `openssl rehash` gives
    /// them. Those that cannot be read are passed over.
    pub(crate) fn load_directory(&self, path: &Path) -> Result<(), Fault> {
        let list = std::fs::read_dir(path)
            .map_err(|error| Fault::system(&error, &format!("reading {}", path.display())))?;
        let mut files: Vec<_> = list
            .filter_map(|file| file.ok().map(|file| file.path()))
            .filter(|file| {
                file.file_name()
                    .is_some_and(|name| is_hash_name(name.as_encoded_bytes()))
            })
            .collect();
        files.sort();
        for file in files {
            let _ = self.load_file(&file);
        }
        Ok(())
    }

    /// Adds what the operating system trusts (or `SSL_CERT_FILE` and `SSL_CERT_DIR`). Having none is no failure.
    pub(crate) fn load_system(&self) {
        for certificate in rustls_native_certs::load_native_certs().certs {
            if let Ok(certificate) = X509::from_der(certificate) {
                self.add_certificate(certificate);
            }
        }
    }

    /// The store's lookup of files, or of directories.
    pub(crate) fn lookup(store: &Arc<Self>, is_directory: bool) -> Arc<Lookup> {
        let mut lookups = lock(&store.lookups);
        let known = lookups
            .iter()
            .find(|lookup| lookup.is_directory == is_directory);
        if let Some(known) = known {
            return Arc::clone(known);
        }
        let lookup = Arc::new(Lookup {
            store: Arc::downgrade(store),
            is_directory,
        });
        lookups.push(Arc::clone(&lookup));
        lookup
    }

    /// What the TLS library verifies by: built once for each set of rules.
    ///
    /// # Errors
    /// A fault of this library: what cannot be used does not get into the store.
    pub(crate) fn trust(&self, rules: Rules) -> Result<Arc<Trust>, Fault> {
        let mut content = lock(&self.content);
        if let Some((_, trust)) = content.built.iter().find(|(built, _)| *built == rules) {
            return Ok(Arc::clone(trust));
        }
        let trust = Arc::new(content.build(rules, None)?);
        content.built.push((rules, Arc::clone(&trust)));
        Ok(trust)
    }

    /// The same for one verification, in which one more certificate is trusted.
    pub(crate) fn trust_with(&self, rules: Rules, anchor: &X509) -> Result<Arc<Trust>, Fault> {
        lock(&self.content).build(rules, Some(anchor)).map(Arc::new)
    }
}

impl Content {
    fn anchors(&self, rules: Rules) -> impl Iterator<Item = &Arc<X509>> {
        let certificates = self.certificates.iter();
        certificates.filter(move |one| rules.partial_chain || one.is_self_issued())
    }

    fn build(&self, rules: Rules, anchor: Option<&X509>) -> Result<Trust, Fault> {
        // A pin that no certificate has, for a store without anchors, which refuses all of them.
        let nobody = || Trust::builder().with_pinned_sha256([0; 32]);
        if rules.crl != CrlCheck::None && !rules.unknown_revocation && self.crls.is_empty() {
            // Nobody's revocation is known. Whoever tells the program why has looked before.
            return nobody().build().map_err(|error| unusable(&error));
        }
        let known = self.anchors(rules).map(Arc::as_ref).chain(anchor);
        let mut usable = known.filter(|one| is_usable(one)).peekable();
        // With a pin each leaf is hashed, so where there are anchors there is none.
        let mut builder = match usable.peek() {
            Some(_) => Trust::builder(),
            None => nobody(),
        };
        for certificate in usable {
            builder = builder.with_ca_bytes(certificate.der());
        }
        if rules.crl != CrlCheck::None {
            for crl in &self.crls {
                builder = builder.with_crl_bytes(crl.der());
            }
            if rules.crl == CrlCheck::Leaf {
                builder = builder.with_revocation_of_leaf_only();
            }
        }
        // Names are checked by `host`. Certificates of X.509 version 1 and those of CAs are like any other for OpenSSL.
        builder = builder.dangerous().accept_any_name();
        builder = builder.dangerous().allow(Leniency::X509V1Leaf);
        builder = builder.dangerous().allow(Leniency::CaLeaf);
        if rules.any_date {
            builder = builder.dangerous().accept_any_date();
        }
        if rules.any_usage {
            builder = builder.dangerous().accept_any_usage();
        }
        if rules.unknown_revocation {
            builder = builder.dangerous().accept_unknown_revocation();
        }
        if rules.expired_crl {
            builder = builder.dangerous().accept_expired_crls();
        }
        builder.build().map_err(|error| unusable(&error))
    }
}

fn unusable(error: &TrustError) -> Fault {
    Fault::internal(format!("the store cannot be used: {error}"))
}

/// Whether a certificate can be a trust anchor. One that cannot is left out: it must not make the others useless.
fn is_usable(certificate: &X509) -> bool {
    Trust::builder()
        .with_ca_bytes(certificate.der())
        .build()
        .is_ok()
}

/// `5ed36f99.0`, `5ed36f99.r0`
fn is_hash_name(name: &[u8]) -> bool {
    let Some((hash, [b'.', rest @ ..])) = name.split_at_checked(8) else {
        return false;
    };
    let number = rest.strip_prefix(b"r").unwrap_or(rest);
    hash.iter().all(u8::is_ascii_hexdigit)
        && !number.is_empty()
        && number.iter().all(u8::is_ascii_digit)
}
