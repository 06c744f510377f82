//! Old certificates of peers in the form in which webpki takes them.
//!
//! webpki reads version 3 only, names in subjectAltName only, and no leaf that is a CA. A leaf of version 1, one with its
//! name in the commonName alone, or one with CA:TRUE is written down as the version 3 certificate that says the same, of a
//! CA without that, and webpki judges that one: its dates, its issuer, revocation, the CAs' constraints, which so hold for
//! the commonName too, and the name. Only the signature is another matter: it was made over the bytes as they came, so that
//! [`OldLeaf::signed_bytes`] has it verified over them. Nothing is left out but the demand for version 3, for subjectAltName,
//! or for a leaf that is no CA.

use rustls_pki_types::CertificateDer;

use crate::certificate::der::{Der, tag, wrap};
use crate::certificate::name::only_common_name;
use crate::certificate::view::CertificateView;

/// A leaf and what webpki is given in its place.
#[derive(Debug)]
pub(super) struct OldLeaf<'a> {
    tbs: &'a [u8],
    rewritten_tbs: Vec<u8>,
    rewritten: CertificateDer<'static>,
}

impl<'a> OldLeaf<'a> {
    /// Writes a leaf anew where that is allowed and helps: in version 3 if `as_version_3`, and with its commonName, if that
    /// is one text and there is no subjectAltName, as a dNSName if `common_name`; without basicConstraints, if it is a CA's and
    /// `as_no_ca`. `view` is of `der`.
    pub(super) fn new(
        der: &CertificateDer<'_>,
        view: &CertificateView<'a>,
        as_version_3: bool,
        common_name: bool,
        as_no_ca: bool,
    ) -> Option<Self> {
        let version_1 = view.version == 1;
        if version_1 && !as_version_3 {
            return None;
        }
        // subjectAltName with one dNSName, RFC 5280 Section 4.2.1.6: id-ce 17, not critical.
        let subject_alt_name = only_common_name(view.subject)
            .filter(|_| common_name && !view.has_subject_alt_name())
            .map(|name| {
                let names = wrap(tag::SEQUENCE, &[&wrap(tag::context_primitive(2), &[name])]);
                let id = wrap(tag::OID, &[&[0x55, 0x1d, 0x11]]);
                wrap(tag::SEQUENCE, &[&id, &wrap(tag::OCTET_STRING, &[&names])])
            });
        let as_no_ca = as_no_ca && view.is_ca();
        if !version_1 && subject_alt_name.is_none() && !as_no_ca {
            return None;
        }
        let (fields, extensions) = view.fields_and_extensions()?;
        if version_1 && extensions.is_some() {
            return None; // RFC 5280 Section 4.1.2.9: "This field MUST only appear if the version is 3".
        }
        // What is not in this form to the last byte is for webpki to refuse as it came: nothing may get lost here.
        if write(view, &tbs_certificate(&[], fields, extensions)) != der.as_ref() {
            return None;
        }
        let version: &[u8] = match view.version {
            1 => &[tag::context(0), 3, tag::INTEGER, 1, 2],
            _ => &[], // among the fields
        };
        let mut all_extensions = match extensions.unwrap_or_default() {
            extensions if as_no_ca => without_basic_constraints(extensions)?,
            extensions => extensions.to_vec(),
        };
        all_extensions.extend(subject_alt_name.unwrap_or_default());
        let rewritten_tbs = tbs_certificate(version, fields, Some(&all_extensions));
        let rewritten = write(view, &rewritten_tbs).into();
        Some(Self {
            tbs: view.tbs,
            rewritten_tbs,
            rewritten,
        })
    }

    /// The certificate for webpki.
    pub(super) fn certificate(&self) -> &CertificateDer<'static> {
        &self.rewritten
    }

    /// What a signature over `message` was really made over: of the leaf's own, its bytes as they came.
    pub(super) fn signed_bytes<'m>(&'m self, message: &'m [u8]) -> &'m [u8] {
        if message == self.rewritten_tbs {
            self.tbs
        } else {
            message
        }
    }
}

/// Extensions without that one: id-ce 19, RFC 5280 Section 4.2.1.9. `None` for what are no extensions.
fn without_basic_constraints(extensions: &[u8]) -> Option<Vec<u8>> {
    const ID: [u8; 5] = [tag::OID, 3, 0x55, 0x1d, 0x13];
    let (mut all, mut kept) = (Der::new(extensions), Vec::new());
    while !all.is_empty() {
        let extension = all.element()?;
        if !extension.value.starts_with(&ID) {
            kept.extend_from_slice(extension.whole);
        }
    }
    Some(kept)
}

fn tbs_certificate(version: &[u8], fields: &[u8], extensions: Option<&[u8]>) -> Vec<u8> {
    let extensions = extensions.map(|extensions| {
        let sequence = wrap(tag::SEQUENCE, &[extensions]);
        wrap(tag::context(3), &[&sequence])
    });
    let extensions = extensions.unwrap_or_default();
    wrap(tag::SEQUENCE, &[version, fields, &extensions])
}

/// The certificate with another tbsCertificate.
fn write(view: &CertificateView<'_>, tbs: &[u8]) -> Vec<u8> {
    let algorithm = wrap(tag::SEQUENCE, &[view.signature_algorithm]);
    let signature = wrap(tag::BIT_STRING, &[&[0], view.signature]);
    wrap(tag::SEQUENCE, &[tbs, &algorithm, &signature])
}
