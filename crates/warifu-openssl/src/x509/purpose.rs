//! What a certificate may be used for, and other questions that C asks about one.

use core::ffi::{c_int, c_ulong};

use warifu::certificate::der::{Der, tag};
use warifu::decision::KeyUse;

use super::digest::{Algorithm, SHA1};
use super::name::Name;
use super::object::nid_of_oid;
use super::verify_code::{
    X509_V_ERR_AKID_SKID_MISMATCH, X509_V_ERR_KEYUSAGE_NO_CERTSIGN,
    X509_V_ERR_SUBJECT_ISSUER_MISMATCH, X509_V_OK,
};
use super::{NID_SUBJECT_ALT_NAME, Pkey, X509, param};
use crate::fault::Fault;
use crate::reason::{self, Library};

const NID_KEY_USAGE: c_int = 83;
const NID_BASIC_CONSTRAINTS: c_int = 87;
const NID_EXT_KEY_USAGE: c_int = 126;
const NID_INFO_ACCESS: c_int = 177;

/// `KU_…`
const DIGITAL_SIGNATURE: u32 = 0x80;
const KEY_ENCIPHERMENT: u32 = 0x20;
const KEY_AGREEMENT: u32 = 0x08;
const KEY_CERT_SIGN: u32 = 0x04;

/// `XKU_…`, and the NIDs of the purposes.
const EXTENDED: [(c_int, u32); 7] = [
    (129, SSL_SERVER),
    (130, SSL_CLIENT),
    (131, 0x8),
    (132, 0x4),
    (133, 0x40),
    (180, 0x20),
    (910, ANY),
];
const SSL_SERVER: u32 = 0x1;
const SSL_CLIENT: u32 = 0x2;
const ANY: u32 = 0x100;

/// keyUsage as `KU_…`; all bits if there is none, none if it cannot be read.
pub(crate) fn key_usage(certificate: &X509) -> u32 {
    let Some((value, _)) = certificate.extension(NID_KEY_USAGE) else {
        return u32::MAX;
    };
    match Der::new(&value).value(tag::BIT_STRING) {
        Some([_, first]) => u32::from(*first),
        Some([_, first, second, ..]) => u32::from(*first) | u32::from(*second) << 8,
        _ => 0,
    }
}

/// extendedKeyUsage as `XKU_…`; all bits if there is none.
pub(crate) fn extended_key_usage(certificate: &X509) -> u32 {
    let Some((value, _)) = certificate.extension(NID_EXT_KEY_USAGE) else {
        return u32::MAX;
    };
    let mut bits = 0;
    for purpose in Der::only_sequence(&value).into_iter().flatten() {
        let nid = nid_of_oid(purpose.value);
        let row = EXTENDED.iter().find(|(known, _)| *known == nid);
        bits |= row.map_or(0, |(_, bit)| *bit);
    }
    bits
}

/// `EXFLAG_…`
pub(crate) fn extension_flags(certificate: &X509) -> u32 {
    let has = |nid| certificate.extension(nid).is_some();
    let is_critical = |nid| {
        certificate
            .extension(nid)
            .is_some_and(|(_, critical)| critical)
    };
    let is_ca = certificate.view().is_ok_and(|view| view.is_ca());
    let self_issued = certificate.is_self_issued();
    [
        (has(NID_BASIC_CONSTRAINTS), 0x1),
        (has(NID_KEY_USAGE), 0x2),
        (has(NID_EXT_KEY_USAGE), 0x4),
        (is_ca, 0x10),
        (self_issued, 0x20),
        (certificate.version() == 1, 0x40),
        (true, 0x100),
        (
            self_issued && certificate.may_be_issued_by(certificate),
            0x2000,
        ),
        (is_critical(NID_BASIC_CONSTRAINTS), 0x1_0000),
        (is_critical(90), 0x2_0000),
        (is_critical(82), 0x4_0000),
        (is_critical(NID_SUBJECT_ALT_NAME), 0x8_0000),
    ]
    .into_iter()
    .filter(|(is_so, _)| *is_so)
    .fold(0, |flags, (_, flag)| flags | flag)
}

/// `X509_check_purpose`
pub(crate) fn check(certificate: &X509, id: c_int, ca: bool) -> Result<bool, Fault> {
    let usage = key_usage(certificate);
    let extended = extended_key_usage(certificate);
    let for_ca = || {
        let self_signed_old = certificate.version() < 3 && certificate.is_self_issued();
        self_signed_old || certificate.view().is_ok_and(|view| view.may_be_ca())
    };
    let (purpose, uses) = match id {
        -1 | 7 => return Ok(!ca || id == -1 || for_ca()),
        1 => (SSL_CLIENT, DIGITAL_SIGNATURE | KEY_AGREEMENT),
        2 => (
            SSL_SERVER,
            DIGITAL_SIGNATURE | KEY_ENCIPHERMENT | KEY_AGREEMENT,
        ),
        3 => (SSL_SERVER, KEY_ENCIPHERMENT),
        _ => {
            let purposes = "purposes are those of TLS clients and servers, and any";
            return Err(Fault::unsupported(purposes));
        }
    };
    let allowed = extended & purpose != 0 && (ca || usage & uses != 0);
    Ok(allowed && (!ca || for_ca()))
}

/// Whether the extensions of a certificate exclude a purpose: extended key usage, and for the peer's own certificate the key usage
/// that its key needs.
pub(crate) fn excludes(certificate: &X509, purpose: c_int, own: Option<KeyUse>) -> bool {
    let purpose = match purpose {
        param::SSL_CLIENT => SSL_CLIENT,
        param::SSL_SERVER => SSL_SERVER,
        _ => return false,
    };
    let needed = match own {
        None => return extended_key_usage(certificate) & purpose == 0,
        Some(KeyUse::Signature) => DIGITAL_SIGNATURE,
        Some(KeyUse::KeyEncipherment) => KEY_ENCIPHERMENT,
    };
    extended_key_usage(certificate) & purpose == 0 || key_usage(certificate) & needed == 0
}

/// `X509_check_issued`
pub(crate) fn check_issued(issuer: &X509, subject: &X509) -> c_int {
    if subject.issuer().compare(issuer.subject()).is_ne() {
        return X509_V_ERR_SUBJECT_ISSUER_MISMATCH;
    }
    if !subject.may_be_issued_by(issuer) {
        return X509_V_ERR_AKID_SKID_MISMATCH;
    }
    if key_usage(issuer) & KEY_CERT_SIGN == 0 {
        return X509_V_ERR_KEYUSAGE_NO_CERTSIGN;
    }
    X509_V_OK
}

/// The addresses (URI) of OCSP responders in authorityInfoAccess, RFC 5280 Section 4.2.2.1.
pub(crate) fn ocsp_responders(certificate: &X509) -> Vec<Vec<u8>> {
    const OCSP: c_int = 178;
    const URI: u8 = tag::context_primitive(6);
    let Some((value, _)) = certificate.extension(NID_INFO_ACCESS) else {
        return Vec::new();
    };
    let descriptions = Der::only_sequence(&value).into_iter().flatten();
    descriptions
        .filter_map(|description| {
            let mut fields = Der::new(description.value);
            let is_ocsp = nid_of_oid(fields.value(tag::OID)?) == OCSP;
            let uri = fields.value(URI)?;
            (is_ocsp && !uri.contains(&0)).then(|| uri.to_vec())
        })
        .collect()
}

/// Hash, key kind (NIDs) and bits of security of a signature's NID; 0 for what is not known.
pub(crate) fn signature_parts(nid: c_int) -> (c_int, c_int, c_int) {
    const RSA: c_int = 6;
    const EC: c_int = 408;
    let (hash, key) = match nid {
        8 => (4, RSA),
        65 => (64, RSA),
        668 => (672, RSA),
        669 => (673, RSA),
        670 => (674, RSA),
        671 => (675, RSA),
        416 => (64, EC),
        793 => (675, EC),
        794 => (672, EC),
        795 => (673, EC),
        796 => (674, EC),
        1087 => return (0, 1087, 128),
        1088 => return (0, 1088, 224),
        _ => return (0, 0, 0),
    };
    // MD5 and SHA-1 by what attacks on them cost.
    let security = match (hash, Algorithm::by_nid(hash)) {
        (4, _) => 39,
        (64, _) => 63,
        (675, _) => 112,
        (_, Some(hash)) => c_int::try_from(hash.output_len() * 4).unwrap_or(0),
        (_, None) => 0,
    };
    (hash, key, security)
}

/// The first four bytes of SHA-1 over the name as it is compared, least significant first.
pub(crate) fn name_hash(name: &Name) -> c_ulong {
    let digest = SHA1.digest(name.canonical());
    let bytes = digest.iter().take(4).enumerate();
    bytes.fold(0, |hash, (index, byte)| {
        hash | c_ulong::from(*byte) << (8 * index)
    })
}

/// The key is another certificate's.
pub(crate) fn key_mismatch() -> Fault {
    Fault::Raised {
        library: Library::X509,
        reason: reason::X509_R_KEY_VALUES_MISMATCH,
        detail: Some("the private key does not belong to the certificate".to_owned()),
    }
}

/// A key in words: `RSA-2048`, `P-256`.
pub(crate) fn key_words(key: &Pkey) -> String {
    warifu::certificate::view::key_name(key.spki())
}
