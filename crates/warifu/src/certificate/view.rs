//! The fields of one certificate, as slices of its DER.

use core::net::IpAddr;

use super::der::{Der, Element, tag, unix_seconds};
use super::name;
use crate::error::CertificateError;

// Extensions, RFC 5280 Section 4.2.1.
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];

/// The fields of a certificate (RFC 5280 Section 4.1). Nothing is copied, nothing is verified.
///
/// ```
/// # #[allow(dead_code)] mod doc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
/// # fn main() -> Result<(), warifu::CertificateError> {
/// # let der = doc::material().1.certificates()[0].clone();
/// let view = warifu::certificate::view::CertificateView::parse(&der)?;
/// for extension in view.extensions() {
///     println!("{:02x?}: {} bytes", extension.oid, extension.value.len());
/// }
/// # assert!(view.extensions().count() > 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CertificateView<'a> {
    /// tbsCertificate, whole: what is signed.
    pub tbs: &'a [u8],
    /// The signature's bytes.
    pub signature: &'a [u8],
    /// 1, 2 or 3.
    pub version: u8,
    /// Content of the INTEGER.
    pub serial: &'a [u8],
    /// AlgorithmIdentifier of the signature: content of the SEQUENCE.
    pub signature_algorithm: &'a [u8],
    /// DistinguishedName, whole.
    pub issuer: &'a [u8],
    validity: &'a [u8],
    /// DistinguishedName, whole.
    pub subject: &'a [u8],
    /// SubjectPublicKeyInfo, whole.
    pub spki: &'a [u8],
    /// Content of the SEQUENCE OF Extension; empty if there is none.
    extensions: &'a [u8],
}

impl<'a> CertificateView<'a> {
    /// Finds the fields of a certificate (DER).
    ///
    /// # Errors
    /// [`CertificateError::Malformed`] if `der` is not an X.509 certificate.
    pub fn parse(der: &'a [u8]) -> Result<Self, CertificateError> {
        let mut certificate =
            Der::only_sequence(der).ok_or_else(|| unreadable("it is not one DER SEQUENCE"))?;
        let signed = certificate
            .whole(tag::SEQUENCE)
            .ok_or_else(|| unreadable("tbsCertificate"))?;
        let outer_algorithm = certificate
            .value(tag::SEQUENCE)
            .ok_or_else(|| unreadable("signatureAlgorithm"))?;
        let Some([0, signature @ ..]) = certificate.value(tag::BIT_STRING) else {
            return Err(unreadable("signatureValue"));
        };
        let mut tbs = Der::new(signed.value);
        let version = match tbs.optional(tag::context(0)) {
            None => 1,
            Some([tag::INTEGER, 1, version @ (0..=2)]) => version + 1,
            Some(_) => return Err(unreadable("version")),
        };
        let serial = tbs
            .value(tag::INTEGER)
            .ok_or_else(|| unreadable("serialNumber"))?;
        let signature_algorithm = tbs
            .value(tag::SEQUENCE)
            .ok_or_else(|| unreadable("signature"))?;
        if signature_algorithm != outer_algorithm {
            return Err(unreadable("two different signature algorithms"));
        }
        let issuer = tbs
            .whole(tag::SEQUENCE)
            .ok_or_else(|| unreadable("issuer"))?
            .whole;
        let validity = tbs
            .value(tag::SEQUENCE)
            .ok_or_else(|| unreadable("validity"))?;
        let subject = tbs
            .whole(tag::SEQUENCE)
            .ok_or_else(|| unreadable("subject"))?
            .whole;
        let spki = tbs
            .whole(tag::SEQUENCE)
            .ok_or_else(|| unreadable("subjectPublicKeyInfo"))?
            .whole;
        // issuerUniqueID, subjectUniqueID: obsolete, skipped.
        let _ = tbs.optional(tag::context_primitive(1));
        let _ = tbs.optional(tag::context_primitive(2));
        let extensions = match tbs.optional(tag::context(3)) {
            Some(explicit) => Der::new(explicit)
                .value(tag::SEQUENCE)
                .ok_or_else(|| unreadable("extensions"))?,
            None => &[],
        };
        if !tbs.is_empty() {
            return Err(unreadable("bytes after the extensions"));
        }
        Ok(Self {
            tbs: signed.whole,
            signature,
            version,
            serial,
            signature_algorithm,
            issuer,
            validity,
            subject,
            spki,
            extensions,
        })
    }

    /// notBefore and notAfter as they are written: UTCTime or GeneralizedTime.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`] if they are not there.
    pub fn times(&self) -> Result<(Element<'a>, Element<'a>), CertificateError> {
        let mut times = Der::new(self.validity);
        let mut time = || times.element().ok_or_else(|| unreadable("validity"));
        Ok((time()?, time()?))
    }

    /// All extensions in their order; ends where they cannot be read.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'a>> + use<'a> {
        Der::new(self.extensions).map_while(|extension| {
            let mut fields = Der::new(extension.value);
            Some(Extension {
                oid: fields.value(tag::OID)?,
                critical: fields
                    .optional(tag::BOOLEAN)
                    .is_some_and(|value| value != [0]),
                value: fields.value(tag::OCTET_STRING)?,
            })
        })
    }

    /// notBefore and notAfter, seconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`] if they are not there or not in the forms of RFC 5280 Section 4.1.2.5.
    pub fn validity(&self) -> Result<(u64, u64), CertificateError> {
        let mut times = Der::new(self.validity);
        let mut time = || {
            times
                .element()
                .and_then(unix_seconds)
                .ok_or_else(|| unreadable("validity"))
        };
        Ok((time()?, time()?))
    }

    /// The value of an extension, or `None` where the certificate has no such extension.
    fn extension(&self, oid: &[u8]) -> Result<Option<&'a [u8]>, CertificateError> {
        let mut extensions = Der::new(self.extensions);
        while !extensions.is_empty() {
            let extension = extensions
                .value(tag::SEQUENCE)
                .ok_or_else(|| unreadable("extensions"))?;
            let mut extension = Der::new(extension);
            if extension.value(tag::OID) != Some(oid) {
                continue;
            }
            let _critical = extension.optional(tag::BOOLEAN);
            return match extension.value(tag::OCTET_STRING) {
                Some(value) => Ok(Some(value)),
                None => Err(unreadable("extensions")),
            };
        }
        Ok(None)
    }

    /// Bits of keyUsage, digitalSignature first (the most significant bit), or `None` where there is no
    /// such extension and any use is allowed (RFC 5280 Section 4.2.1.3).
    ///
    /// # Errors
    /// [`CertificateError::Malformed`] if the extension cannot be read.
    pub fn key_usage(&self) -> Result<Option<KeyUsage>, CertificateError> {
        let Some(value) = self.extension(KEY_USAGE)? else {
            return Ok(None);
        };
        match Der::new(value).value(tag::BIT_STRING) {
            Some([0..=7, bits @ ..]) => Ok(Some(KeyUsage(bits.first().copied().unwrap_or(0)))),
            _ => Err(unreadable("keyUsage")),
        }
    }

    /// Whether extendedKeyUsage is absent or has this purpose (RFC 5280 Section 4.2.1.12).
    ///
    /// # Errors
    /// [`CertificateError::Malformed`] if the extension cannot be read.
    pub fn allows_purpose(&self, purpose: &[u8]) -> Result<bool, CertificateError> {
        match self.extended_key_usage()? {
            Some(mut purposes) => {
                Ok(purposes.any(|oid| oid.tag == tag::OID && oid.value == purpose))
            }
            None => Ok(true),
        }
    }

    pub(crate) fn extended_key_usage(&self) -> Result<Option<Der<'a>>, CertificateError> {
        match self.extension(EXTENDED_KEY_USAGE)? {
            Some(value) => Der::only_sequence(value)
                .ok_or_else(|| unreadable("extendedKeyUsage"))
                .map(Some),
            None => Ok(None),
        }
    }

    /// cA of basicConstraints, false where there is none (RFC 5280 Section 4.2.1.9).
    pub fn is_ca(&self) -> bool {
        self.basic_constraints()
            .and_then(|mut fields| fields.value(tag::BOOLEAN))
            == Some(&[0xff])
    }

    /// pathLenConstraint of basicConstraints: how many CAs may stand between this one and a leaf. `None` for any
    /// number.
    pub fn path_len(&self) -> Option<usize> {
        let mut fields = self.basic_constraints()?;
        fields.optional(tag::BOOLEAN);
        let number = fields.value(tag::INTEGER)?;
        // What does not fit is more than any chain has.
        number.iter().try_fold(0usize, |number, &byte| {
            number.checked_mul(256)?.checked_add(usize::from(byte))
        })
    }

    fn basic_constraints(&self) -> Option<Der<'a>> {
        let value = self.extension(BASIC_CONSTRAINTS).ok().flatten()?;
        Der::only_sequence(value)
    }

    /// Whether it may be a CA's: basicConstraints says so, and key usage does not forbid to sign certificates (RFC
    /// 5280 Section 6.1.4 (k), (n)). Before version 3 nothing could say so; such roots are self-issued.
    pub fn may_be_ca(&self) -> bool {
        if self.version < 3 {
            return self.subject == self.issuer;
        }
        self.is_ca()
            && self
                .key_usage()
                .is_ok_and(|usage| usage.is_none_or(KeyUsage::key_cert_sign))
    }

    /// Whether there is a subjectAltName, whatever is in it. One that cannot be found for unreadable extensions counts.
    pub(crate) fn has_subject_alt_name(&self) -> bool {
        !matches!(self.extension(SUBJECT_ALT_NAME), Ok(None))
    }

    /// Of tbsCertificate all that stands before the extensions, version included, and the content of the SEQUENCE OF
    /// Extension, if there is one. `None` where there is anything else: unique identifiers, or a version that is written down
    /// although it is 1 (X.690 Section 11.5).
    pub(crate) fn fields_and_extensions(&self) -> Option<(&'a [u8], Option<&'a [u8]>)> {
        let mut tbs = Der::only_sequence(self.tbs)?;
        let all = tbs.rest();
        // Six fields from serialNumber to subjectPublicKeyInfo.
        let count = match (self.version, all.first()?) {
            (1, &tag::INTEGER) => 6,
            (1, _) => return None,
            _ => 7,
        };
        for _ in 0..count {
            tbs.element()?;
        }
        let fields = all.get(..all.len() - tbs.rest().len())?;
        match tbs.rest().first() {
            None => Some((fields, None)),
            Some(&first) if first == tag::context(3) => Some((fields, Some(self.extensions))),
            Some(_) => None,
        }
    }

    /// dNSName and iPAddress entries of subjectAltName; unreadable ones are skipped.
    pub(crate) fn names(&self) -> impl Iterator<Item = PresentedName<'a>> + use<'a> {
        let names = self
            .extension(SUBJECT_ALT_NAME)
            .ok()
            .flatten()
            .and_then(Der::only_sequence);
        names
            .into_iter()
            .flatten()
            .filter_map(|name| match name.tag {
                DNS_NAME => core::str::from_utf8(name.value)
                    .ok()
                    .map(PresentedName::Dns),
                IP_ADDRESS => name::ip_address(name.value).map(PresentedName::Ip),
                _ => None,
            })
    }
}

/// thisUpdate of a CRL (DER), seconds since 1970-01-01 UTC: RFC 5280 Section 5.1.
pub(crate) fn crl_this_update(der: &[u8]) -> Option<u64> {
    let mut signed = Der::new(Der::only_sequence(der)?.value(tag::SEQUENCE)?);
    let _version = signed.optional(tag::INTEGER);
    let _signature = signed.value(tag::SEQUENCE)?;
    let _issuer = signed.value(tag::SEQUENCE)?;
    unix_seconds(signed.element()?)
}

const DNS_NAME: u8 = tag::context_primitive(2);
const IP_ADDRESS: u8 = tag::context_primitive(7);

/// An entry of subjectAltName that a TLS server may be asked to prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PresentedName<'a> {
    /// Not checked further: any UTF-8.
    Dns(&'a str),
    Ip(IpAddr),
}

/// One extension of a certificate (RFC 5280 Section 4.1.2.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extension<'a> {
    /// Content of its OBJECT IDENTIFIER.
    pub oid: &'a [u8],
    /// Whether who does not know it must refuse the certificate.
    pub critical: bool,
    /// Content of the OCTET STRING: DER of the extension's own.
    pub value: &'a [u8],
}

/// The first eight bits of keyUsage (RFC 5280 Section 4.2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUsage(pub(crate) u8);

impl KeyUsage {
    /// The bits as one byte, digitalSignature (RFC 5280 Section 4.2.1.3) the most significant.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// The key verifies signatures on other things than certificates and CRLs: digitalSignature (RFC 5280 Section 4.2.1.3).
    pub fn digital_signature(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// The key encrypts keys: keyEncipherment (RFC 5280 Section 4.2.1.3).
    pub fn key_encipherment(self) -> bool {
        self.0 & 0x20 != 0
    }

    /// The key verifies certificates: keyCertSign (RFC 5280 Section 4.2.1.3).
    pub fn key_cert_sign(self) -> bool {
        self.0 & 0x04 != 0
    }
}

/// Which key a SubjectPublicKeyInfo (DER, whole) holds, as people name it: `P-256`, `RSA-2048`, `Ed25519`.
/// `key of type OID` for a type that has no name here, `an unreadable key` for bytes that are no SubjectPublicKeyInfo.
pub fn key_name(spki: &[u8]) -> String {
    match spki_parts(spki) {
        Some((algorithm, _)) => match rsa_modulus_bits(spki) {
            Some(bits) => format!("{}-{bits}", algorithm_name(algorithm)),
            None => algorithm_name(algorithm),
        },
        None => "an unreadable key".to_owned(),
    }
}

/// The same of an AlgorithmIdentifier (content of the SEQUENCE), without a size.
pub(crate) fn algorithm_name(identifier: &[u8]) -> String {
    let mut algorithm = Der::new(identifier);
    let oid = algorithm.value(tag::OID).unwrap_or_default();
    match oid {
        EC_PUBLIC_KEY => match algorithm.value(tag::OID) {
            Some([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]) => "P-256".to_owned(),
            Some([0x2b, 0x81, 0x04, 0x00, 0x22]) => "P-384".to_owned(),
            Some([0x2b, 0x81, 0x04, 0x00, 0x23]) => "P-521".to_owned(),
            Some([0x2b, 0x81, 0x04, 0x00, 0x0a]) => "secp256k1".to_owned(),
            Some(curve) => format!("EC key on curve {}", name::dotted(curve)),
            None => "EC key with explicit parameters".to_owned(),
        },
        RSA_ENCRYPTION => "RSA".to_owned(),
        RSASSA_PSS => "RSA-PSS".to_owned(),
        [0x2b, 0x65, 0x6e] => "X25519".to_owned(),
        [0x2b, 0x65, 0x70] => "Ed25519".to_owned(),
        [0x2b, 0x65, 0x71] => "Ed448".to_owned(),
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11] => "ML-DSA-44".to_owned(),
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12] => "ML-DSA-65".to_owned(),
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x13] => "ML-DSA-87".to_owned(),
        [0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01] => "DSA".to_owned(),
        _ => format!("key of type {}", name::dotted(oid)),
    }
}

/// Bits of the modulus if the SubjectPublicKeyInfo (DER, whole) holds an RSA key; 0 if that key cannot be read. `None` for keys of other
/// types, and for bytes that are no SubjectPublicKeyInfo.
pub fn rsa_modulus_bits(spki: &[u8]) -> Option<usize> {
    let (algorithm, key) = spki_parts(spki)?;
    matches!(
        Der::new(algorithm).value(tag::OID)?,
        RSA_ENCRYPTION | RSASSA_PSS
    )
    .then(|| rsa_bits(key))
}

/// The two parts of a SubjectPublicKeyInfo (DER, whole; RFC 5280 Section 4.1): content of the AlgorithmIdentifier, and the key's bytes.
/// `None` for bytes that are no SubjectPublicKeyInfo, and for a key that is not of whole bytes.
pub fn spki_parts(spki: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut fields = Der::only_sequence(spki)?;
    let algorithm = fields.value(tag::SEQUENCE)?;
    match fields.value(tag::BIT_STRING)? {
        [0, key @ ..] => Some((algorithm, key)),
        _ => None,
    }
}

fn rsa_bits(key: &[u8]) -> usize {
    let modulus = Der::only_sequence(key)
        .and_then(|mut key| key.value(tag::INTEGER))
        .unwrap_or_default();
    let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    let first = modulus.first().map_or(0, |b| b.leading_zeros());
    (modulus.len() * 8).saturating_sub(usize::try_from(first).unwrap_or(0))
}

const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const RSASSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];

fn unreadable(field: &str) -> CertificateError {
    CertificateError::Malformed {
        reason: format!("not an X.509 certificate ({field})"),
    }
}

/// The name of a signature's AlgorithmIdentifier (content of the SEQUENCE), or its OID in dots.
pub fn signature_name(algorithm: &[u8]) -> String {
    let oid = Der::new(algorithm).value(tag::OID).unwrap_or_default();
    let name = match oid {
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last] => match last {
            0x02 => "md2WithRSAEncryption",
            0x04 => "md5WithRSAEncryption",
            0x05 => "sha1WithRSAEncryption",
            0x0a => "rsassaPss",
            0x0b => "sha256WithRSAEncryption",
            0x0c => "sha384WithRSAEncryption",
            0x0d => "sha512WithRSAEncryption",
            0x0e => "sha224WithRSAEncryption",
            _ => return name::dotted(oid),
        },
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01] => "ecdsa-with-SHA1",
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, last] => match last {
            0x01 => "ecdsa-with-SHA224",
            0x02 => "ecdsa-with-SHA256",
            0x03 => "ecdsa-with-SHA384",
            0x04 => "ecdsa-with-SHA512",
            _ => return name::dotted(oid),
        },
        [0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x03] => "dsa-with-SHA1",
        [0x2b, 0x65, 0x70] => "Ed25519",
        [0x2b, 0x65, 0x71] => "Ed448",
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11] => "ML-DSA-44",
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12] => "ML-DSA-65",
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x13] => "ML-DSA-87",
        _ => return name::dotted(oid),
    };
    name.to_owned()
}
