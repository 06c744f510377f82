//! Certificates, keys and what is trusted, as C sees them.
//!
//! | question | file |
//! |---|---|
//! | what does a certificate (`X509`) hold? | here |
//! | keys (`EVP_PKEY`) | `pkey.rs` |
//! | names, object identifiers, strings and times | `name.rs`, `object.rs`, `string.rs`, `time.rs`; large numbers: `number.rs` |
//! | how are names, strings and certificates printed? | `print.rs`, `report.rs` |
//! | extensions as C structures; subjectAltName | `extension.rs`, `general_name.rs` |
//! | is a certificate for this host? | `host.rs` |
//! | what is trusted (`X509_STORE`) | `store.rs`, its options in `param.rs` |
//! | what may it be used for? | `purpose.rs` |
//! | a verification (`X509_STORE_CTX`) | `store_ctx.rs`; what is checked, and what a callback overrules: `check.rs` |
//! | which number does a refusal have for C, and which refusal a number? | `verify_code.rs`, `refusal.rs` |
//! | PEM, and what is read from it | `pem.rs`, `load.rs`, `info.rs` |
//! | BIOs and files | `channel.rs` |
//! | hashes (`EVP_MD`) | `digest.rs` |

mod alt_name;
pub(crate) mod channel;
pub(crate) mod check;
pub mod crl;
pub mod digest;
pub mod extension;
pub mod general_name;
pub(crate) mod host;
pub mod info;
pub mod load;
pub mod name;
pub mod number;
pub mod object;
pub mod param;
pub(crate) mod pem;
pub mod pkey;
pub(crate) mod print;
pub(crate) mod purpose;
pub(crate) mod refusal;
pub(crate) mod report;
pub mod store;
pub mod store_ctx;
pub mod string;
pub(crate) mod time;
pub(crate) mod verify_code;

use core::ffi::c_int;
use std::sync::{Arc, OnceLock};

use rustls_pki_types::CertificateDer;
use warifu::certificate::der::{Der, tag};
use warifu::certificate::view::CertificateView;

use crate::ex_data::ExData;
use crate::fault::Fault;
use crate::reason::{self, Library};
use extension::Extension;
pub(crate) use load::{Format, Passphrase};
use name::Name;
use object::{Object, nid_of_oid};
pub(crate) use pkey::KeyKind;
pub use pkey::Pkey;
pub use store::Store;
pub use store_ctx::StoreCtx;
use string::Asn1String;

/// `X509`: a certificate. Immutable.
pub struct X509 {
    der: CertificateDer<'static>,
    version: u8,
    serial: Arc<Asn1String>,
    signature_algorithm: Arc<Object>,
    issuer: Arc<Name>,
    not_before: Arc<Asn1String>,
    not_after: Arc<Asn1String>,
    subject: Arc<Name>,
    key: OnceLock<Option<Arc<Pkey>>>,
    extensions: OnceLock<Vec<Arc<Extension>>>,
    key_identifier: OnceLock<Option<Arc<Asn1String>>>,
    alt_names: alt_name::AltNames,
    ex_data: ExData,
}

impl core::fmt::Debug for X509 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("X509")
            .field("subject", &self.subject.oneline(usize::MAX))
            .finish_non_exhaustive()
    }
}

impl X509 {
    /// Reads a certificate.
    ///
    /// # Errors
    /// A fault that says why, if `der` is none.
    pub(crate) fn from_der(der: CertificateDer<'static>) -> Result<Arc<Self>, Fault> {
        let bad = |error: warifu::CertificateError| Fault::Raised {
            library: Library::Asn1,
            reason: reason::ASN1_R_DECODE_ERROR,
            detail: Some(error.to_string()),
        };
        let view = CertificateView::parse(&der).map_err(bad)?;
        let (not_before, not_after) = view.times().map_err(bad)?;
        let algorithm = Der::new(view.signature_algorithm).value(tag::OID);
        let certificate = Self {
            version: view.version,
            serial: Asn1String::integer(view.serial),
            signature_algorithm: Object::of_oid(algorithm.unwrap_or_default()),
            issuer: Name::from_der(view.issuer)?,
            not_before: Asn1String::of_element(not_before),
            not_after: Asn1String::of_element(not_after),
            subject: Name::from_der(view.subject)?,
            key: OnceLock::new(),
            extensions: OnceLock::new(),
            key_identifier: OnceLock::new(),
            alt_names: alt_name::AltNames::default(),
            ex_data: ExData::new(),
            der,
        };
        Ok(Arc::new(certificate))
    }

    pub(crate) fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// All fields. It parsed when the certificate was made; a failure would be a defect.
    pub(crate) fn view(&self) -> Result<CertificateView<'_>, Fault> {
        CertificateView::parse(&self.der)
            .map_err(|_| Fault::internal("a certificate that cannot be read any more"))
    }

    /// 1, 2 or 3.
    pub(crate) fn version(&self) -> u8 {
        self.version
    }

    pub(crate) fn serial(&self) -> &Arc<Asn1String> {
        &self.serial
    }

    pub(crate) fn signature_algorithm(&self) -> &Arc<Object> {
        &self.signature_algorithm
    }

    pub(crate) fn subject(&self) -> &Arc<Name> {
        &self.subject
    }

    pub(crate) fn issuer(&self) -> &Arc<Name> {
        &self.issuer
    }

    pub(crate) fn not_before(&self) -> &Arc<Asn1String> {
        &self.not_before
    }

    pub(crate) fn not_after(&self) -> &Arc<Asn1String> {
        &self.not_after
    }

    /// The public key, of whatever kind.
    pub(crate) fn key(&self) -> Result<&Arc<Pkey>, Fault> {
        let read = || Pkey::public_from_spki(self.view().ok()?.spki).ok();
        self.key
            .get_or_init(read)
            .as_ref()
            .ok_or_else(|| Fault::argument("the certificate's public key cannot be read"))
    }

    /// Which kind of key, of those that sign in TLS.
    ///
    /// # Errors
    /// A kind that TLS does not sign with.
    pub(crate) fn key_kind(&self) -> Result<KeyKind, Fault> {
        self.key()?.kind()
    }

    pub(crate) fn ex_data(&self) -> &ExData {
        &self.ex_data
    }

    /// Whether subject and issuer are the same name.
    pub(crate) fn is_self_issued(&self) -> bool {
        self.subject.compare(&self.issuer).is_eq()
    }

    /// Whether this certificate names `issuer` as its issuer: by name, and by key identifier where both have one.
    pub(crate) fn may_be_issued_by(&self, issuer: &Self) -> bool {
        if self.issuer.compare(&issuer.subject).is_ne() {
            return false;
        }
        match (self.authority_key_id(), issuer.subject_key_id()) {
            (Some(wanted), Some(found)) => wanted == found,
            _ => true,
        }
    }

    /// The value of the extension with this NID, and whether it is critical.
    pub(crate) fn extension(&self, nid: c_int) -> Option<(Vec<u8>, bool)> {
        let mut extensions = self.view().ok()?.extensions();
        extensions
            .find(|extension| nid_of_oid(extension.oid) == nid && nid != object::UNDEFINED)
            .map(|extension| (extension.value.to_vec(), extension.critical))
    }

    /// All extensions in their order.
    pub(crate) fn extensions(&self) -> &[Arc<Extension>] {
        self.extensions.get_or_init(|| {
            let view = self.view();
            let extensions = view.iter().flat_map(CertificateView::extensions);
            extensions
                .map(|extension| Extension::of_view(&extension))
                .collect()
        })
    }

    /// The subject key identifier.
    pub(crate) fn key_identifier(&self) -> Option<&Arc<Asn1String>> {
        let read = || {
            let id = self.subject_key_id()?;
            Some(Asn1String::new(c_int::from(tag::OCTET_STRING), &id))
        };
        self.key_identifier.get_or_init(read).as_ref()
    }

    fn subject_key_id(&self) -> Option<Vec<u8>> {
        let (value, _) = self.extension(NID_SUBJECT_KEY_IDENTIFIER)?;
        Der::new(&value)
            .value(tag::OCTET_STRING)
            .map(<[u8]>::to_vec)
    }

    fn authority_key_id(&self) -> Option<Vec<u8>> {
        let (value, _) = self.extension(NID_AUTHORITY_KEY_IDENTIFIER)?;
        Der::only_sequence(&value)?
            .value(tag::context_primitive(0))
            .map(<[u8]>::to_vec)
    }
}

const NID_SUBJECT_KEY_IDENTIFIER: c_int = 82;
const NID_AUTHORITY_KEY_IDENTIFIER: c_int = 90;
/// `NID_subject_alt_name`
pub(crate) const NID_SUBJECT_ALT_NAME: c_int = 85;
