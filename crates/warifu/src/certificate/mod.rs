//! What a certificate says: its public key for CertificateVerify, and a summary for people.
//!
//! | question | file |
//! |---|---|
//! | which fields does a certificate have? | `view.rs` |
//! | how are names and OIDs printed? | `name.rs` |
//! | how is DER read? | `der.rs` |
//! | how do files and bytes become certificates, keys, CRLs? | `material.rs` |

pub mod der;
pub(crate) mod material;
pub(crate) mod name;
pub mod view;

use core::net::IpAddr;

use rustls_pki_types::CertificateDer;
use warifu_crypto::{Hash, PublicKey, RsaMinimum};

pub use material::{
    MaterialError, MaterialProblem, certificates_from_bytes, certificates_from_file,
};

use crate::error::CertificateError;
use crate::trust::Leniency;
use view::{CertificateView, PresentedName};

/// RSA keys above this are not accepted from a peer: a verification would cost it little and us much.
pub(crate) const RSA_MAXIMUM_BITS: usize = 8192;

/// The public key of a certificate, to verify CertificateVerify with (RFC 8446 Section 4.4.3).
///
/// # Errors
/// [`CertificateError::Malformed`] if this is no certificate, [`CertificateError::UnsupportedKey`] if its
/// key is of a kind or size that is not accepted.
pub(crate) fn leaf_public_key(
    leaf: &CertificateDer<'_>,
    minimum: RsaMinimum,
) -> Result<PublicKey, CertificateError> {
    let view = CertificateView::parse(leaf)?;
    check_key_size(view.spki, minimum)?;
    PublicKey::from_spki_der_with(view.spki, minimum).map_err(|error| {
        CertificateError::UnsupportedKey {
            reason: format!("{} ({error})", view::key_name(view.spki)),
        }
    })
}

/// Refuses an RSA key in a SubjectPublicKeyInfo outside `minimum`..=[`RSA_MAXIMUM_BITS`]. 2048 bits is the least that NIST SP
/// 800-131A and the CA/Browser Forum allow.
pub(crate) fn check_key_size(spki: &[u8], minimum: RsaMinimum) -> Result<(), CertificateError> {
    let Some(bits) = view::rsa_modulus_bits(spki) else {
        return Ok(());
    };
    let allowed = |minimum: RsaMinimum| {
        usize::try_from(minimum.bits())
            .is_ok_and(|minimum| (minimum..=RSA_MAXIMUM_BITS).contains(&bits))
    };
    if allowed(minimum) {
        return Ok(());
    }
    let hint = match minimum {
        RsaMinimum::Bits2048 if allowed(RsaMinimum::Bits1024) => Leniency::Rsa1024.hint(),
        _ => String::new(),
    };
    Err(CertificateError::UnsupportedKey {
        reason: format!(
            "RSA of {bits} bits, allowed are {} to {RSA_MAXIMUM_BITS}{hint}",
            minimum.bits()
        ),
    })
}

/// A summary of one certificate, for logs and for people. Nothing in it was verified.
///
/// ```
/// # #[allow(dead_code)] mod doc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
/// # fn main() -> Result<(), warifu::CertificateError> {
/// # let der = doc::material().1.certificates()[0].clone();
/// let facts = warifu::certificate::CertificateFacts::from_der(&der)?;
/// println!("{} by {}, {} days left", facts.subject, facts.issuer, facts.days_left(1_795_458_920));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateFacts {
    /// X.509 version: 1, 2 or 3.
    pub version: u8,
    /// Subject, such as `O=Acme, CN=example.org`. Control characters are escaped.
    pub subject: String,
    /// The last commonName of the subject, if it has one.
    pub common_name: Option<String>,
    /// Issuer, in the same form.
    pub issuer: String,
    /// Serial number, bytes of the big-endian two's complement INTEGER.
    pub serial: Vec<u8>,
    /// notBefore, seconds since 1970-01-01 UTC.
    pub not_before: u64,
    /// notAfter, seconds since 1970-01-01 UTC. The certificate is valid in this second, too.
    pub not_after: u64,
    /// dNSName entries of subjectAltName, wildcards included.
    pub dns_names: Vec<String>,
    /// iPAddress entries of subjectAltName.
    pub ip_addresses: Vec<IpAddr>,
    /// Kind and size of the key: `P-256`, `RSA-2048`, `Ed25519`, `ML-DSA-65`.
    pub key: String,
    /// Algorithm of the issuer's signature, `ecdsa-with-SHA256`, or its OID in dots.
    pub signature_algorithm: String,
    /// Whether basicConstraints says that this is a CA.
    pub is_ca: bool,
    /// Whether subject and issuer are the same name.
    pub is_self_issued: bool,
    /// SHA-256 of the whole certificate, as printed by `openssl x509 -fingerprint -sha256`.
    pub sha256: [u8; 32],
}

impl CertificateFacts {
    /// Reads a certificate (DER).
    ///
    /// # Errors
    /// [`CertificateError::Malformed`] if `der` is not an X.509 certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let view = CertificateView::parse(der)?;
        let (not_before, not_after) = view.validity()?;
        let (mut dns_names, mut ip_addresses) = (Vec::new(), Vec::new());
        for presented in view.names() {
            match presented {
                PresentedName::Dns(dns) => {
                    let mut text = String::new();
                    name::push_escaped(&mut text, dns);
                    dns_names.push(text);
                }
                PresentedName::Ip(ip) => ip_addresses.push(ip),
            }
        }
        Ok(Self {
            version: view.version,
            subject: name::distinguished_name(view.subject),
            common_name: name::common_name(view.subject),
            issuer: name::distinguished_name(view.issuer),
            serial: view.serial.to_vec(),
            not_before,
            not_after,
            dns_names,
            ip_addresses,
            key: view::key_name(view.spki),
            signature_algorithm: view::signature_name(view.signature_algorithm),
            is_ca: view.is_ca(),
            is_self_issued: view.subject == view.issuer,
            sha256: sha256(der),
        })
    }

    /// Whole days from `now` (seconds since 1970-01-01 UTC) to notAfter; negative once it has passed.
    pub fn days_left(&self, now: u64) -> i64 {
        let seconds = i64::try_from(self.not_after)
            .unwrap_or(i64::MAX)
            .saturating_sub(i64::try_from(now).unwrap_or(i64::MAX));
        seconds.div_euclid(86_400)
    }
}

/// SHA-256 of a certificate's DER: its fingerprint.
pub(crate) fn sha256(der: &[u8]) -> [u8; 32] {
    let digest = Hash::Sha256.digest(&[der]);
    let mut fingerprint = [0; 32];
    // The output of SHA-256 has 32 bytes.
    for (to, from) in fingerprint.iter_mut().zip(digest.iter()) {
        *to = *from;
    }
    fingerprint
}
