//! Certificate revocation lists (`X509_CRL`).

use std::sync::Arc;

use warifu::certificate::der::{Der, Element, tag};

use super::X509;
use super::name::Name;
use super::string::Asn1String;
use crate::fault::Fault;

/// `X509_CRL`. Immutable.
#[derive(Debug)]
pub struct Crl {
    der: Vec<u8>,
    issuer: Arc<Name>,
    this_update: Arc<Asn1String>,
    next_update: Option<Arc<Asn1String>>,
}

impl Crl {
    /// Reads a CRL (DER, RFC 5280 Section 5.1). Its signature is checked when it is used.
    pub(crate) fn from_der(der: &[u8]) -> Result<Arc<Self>, Fault> {
        let (issuer, this_update, next_update, _) = fields(der)
            .ok_or_else(|| Fault::argument("not a certificate revocation list in DER"))?;
        Ok(Arc::new(Self {
            issuer: Name::from_der(issuer)?,
            this_update: Asn1String::of_element(this_update),
            next_update: next_update.map(Asn1String::of_element),
            der: der.to_vec(),
        }))
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    pub(crate) fn issuer(&self) -> &Arc<Name> {
        &self.issuer
    }

    /// Whether it says that this certificate is revoked.
    pub(crate) fn lists(&self, certificate: &X509) -> bool {
        if self.issuer.compare(certificate.issuer()).is_ne() {
            return false;
        }
        let Some((_, _, _, revoked)) = fields(&self.der) else {
            return false;
        };
        let serials =
            Der::new(revoked).filter_map(|entry| Der::new(entry.value).value(tag::INTEGER));
        certificate
            .view()
            .is_ok_and(|view| serials.into_iter().any(|serial| serial == view.serial))
    }

    /// Whether it is of this certificate's issuer and, for all that is known of it, about all of that issuer's certificates: one
    /// with an issuingDistributionPoint (RFC 5280 Section 5.2.5) may be about some of them only.
    pub(crate) fn speaks_for(&self, certificate: &X509) -> bool {
        /// id-ce-issuingDistributionPoint with its tag and length.
        const DISTRIBUTION_POINT: [u8; 5] = [tag::OID, 3, 0x55, 0x1d, 0x1c];
        let mut windows = self.der.windows(DISTRIBUTION_POINT.len());
        self.issuer.compare(certificate.issuer()).is_eq()
            && !windows.any(|bytes| bytes == DISTRIBUTION_POINT)
    }

    pub(crate) fn this_update(&self) -> &Arc<Asn1String> {
        &self.this_update
    }

    pub(crate) fn next_update(&self) -> Option<&Arc<Asn1String>> {
        self.next_update.as_ref()
    }
}

/// Issuer, thisUpdate, nextUpdate, content of revokedCertificates.
type Fields<'a> = (&'a [u8], Element<'a>, Option<Element<'a>>, &'a [u8]);

fn fields(der: &[u8]) -> Option<Fields<'_>> {
    let is_time = |tag: u8| matches!(tag, tag::UTC_TIME | tag::GENERALIZED_TIME);
    let mut outer = Der::only_sequence(der)?;
    let mut signed = Der::new(outer.value(tag::SEQUENCE)?);
    outer.value(tag::SEQUENCE)?;
    outer.value(tag::BIT_STRING)?;
    let _version = signed.optional(tag::INTEGER);
    signed.value(tag::SEQUENCE)?;
    let issuer = signed.whole(tag::SEQUENCE)?.whole;
    let this_update = signed.element().filter(|time| is_time(time.tag))?;
    let mut after = signed;
    let next_update = after.element().filter(|time| is_time(time.tag));
    if next_update.is_some() {
        signed = after;
    }
    let revoked = signed.optional(tag::SEQUENCE).unwrap_or_default();
    Some((issuer, this_update, next_update, revoked))
}
