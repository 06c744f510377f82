//! Object identifiers (`ASN1_OBJECT`), their numbers (NIDs) and names.

use core::ffi::{CStr, c_int};
use core::fmt::Write as _;
use std::sync::{Arc, OnceLock};

/// `NID_undef`
pub(crate) const UNDEFINED: c_int = 0;

/// `ASN1_OBJECT`. Immutable.
#[derive(Debug, PartialEq, Eq)]
pub struct Object {
    /// Content of the OBJECT IDENTIFIER.
    oid: Vec<u8>,
    nid: c_int,
}

impl Object {
    /// The object of an OBJECT IDENTIFIER's content.
    pub(crate) fn of_oid(oid: &[u8]) -> Arc<Self> {
        let nid = nid_of_oid(oid);
        match of_nid(nid) {
            Some(known) if nid != UNDEFINED => Arc::clone(known),
            _ => Arc::new(Self {
                oid: oid.to_vec(),
                nid: UNDEFINED,
            }),
        }
    }

    pub(crate) fn oid(&self) -> &[u8] {
        &self.oid
    }

    pub(crate) fn nid(&self) -> c_int {
        self.nid
    }

    /// The long name, or the number in dots if it has none or `numbers` are wanted.
    pub(crate) fn text(&self, numbers: bool) -> String {
        match row(self.nid) {
            Some(row) if !numbers && self.nid != UNDEFINED => row.2.to_string_lossy().into_owned(),
            _ => dotted(&self.oid),
        }
    }
}

/// The object with this number, which lives for ever.
pub(crate) fn of_nid(nid: c_int) -> Option<&'static Arc<Object>> {
    static OBJECTS: OnceLock<Vec<Arc<Object>>> = OnceLock::new();
    let objects = OBJECTS.get_or_init(|| {
        let object = |row: &Row| {
            Arc::new(Object {
                oid: row.3.to_vec(),
                nid: row.0,
            })
        };
        TABLE.iter().map(object).collect()
    });
    let index = TABLE.binary_search_by_key(&nid, |row| row.0).ok()?;
    objects.get(index)
}

/// `NID_undef` for one that this library does not know.
pub(crate) fn nid_of_oid(oid: &[u8]) -> c_int {
    TABLE
        .iter()
        .find(|row| !oid.is_empty() && row.3 == oid)
        .map_or(UNDEFINED, |row| row.0)
}

pub(crate) fn short_name(nid: c_int) -> Option<&'static CStr> {
    row(nid).map(|row| row.1)
}

pub(crate) fn long_name(nid: c_int) -> Option<&'static CStr> {
    row(nid).map(|row| row.2)
}

pub(crate) fn nid_of_short_name(name: &[u8]) -> c_int {
    TABLE
        .iter()
        .find(|row| row.1.to_bytes() == name)
        .map_or(UNDEFINED, |row| row.0)
}

pub(crate) fn nid_of_long_name(name: &[u8]) -> c_int {
    TABLE
        .iter()
        .find(|row| row.2.to_bytes() == name)
        .map_or(UNDEFINED, |row| row.0)
}

/// The object of a short name, a long name, or a number in dots.
pub(crate) fn of_text(text: &[u8], numbers_only: bool) -> Option<Arc<Object>> {
    if !numbers_only {
        let nid = match nid_of_short_name(text) {
            UNDEFINED => nid_of_long_name(text),
            nid => nid,
        };
        if nid != UNDEFINED {
            return of_nid(nid).map(Arc::clone);
        }
    }
    encode(core::str::from_utf8(text).ok()?).map(|oid| Object::of_oid(&oid))
}

/// The content of an OBJECT IDENTIFIER as `1.2.840.113549`.
pub(crate) fn dotted(oid: &[u8]) -> String {
    let mut text = String::new();
    let mut number: u128 = 0;
    for &byte in oid {
        if number > u128::MAX >> 7 {
            return "an object identifier with a number that is too long".to_owned();
        }
        number = (number << 7) | u128::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            continue;
        }
        // Writing to a String cannot fail.
        let _ = if text.is_empty() {
            // X.690 Section 8.19.4: the first two numbers are one.
            let first = (number / 40).min(2);
            write!(text, "{first}.{}", number - 40 * first)
        } else {
            write!(text, ".{number}")
        };
        number = 0;
    }
    text
}

/// The content of the OBJECT IDENTIFIER that is written `1.2.840.113549`.
fn encode(dotted: &str) -> Option<Vec<u8>> {
    let mut numbers = dotted.split('.').map(|number| {
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| number.parse::<u64>().ok()).flatten()
    });
    let (first, second) = (numbers.next()??, numbers.next()??);
    if first > 2 || (first < 2 && second > 39) {
        return None;
    }
    let mut oid = Vec::new();
    let joined = second.checked_add(40 * first)?;
    for number in core::iter::once(Some(joined)).chain(numbers) {
        let number = number?;
        let septets = (64 - number.leading_zeros()).div_ceil(7).max(1);
        for index in (0..septets).rev() {
            // Seven bits, which fit.
            let bits = u8::try_from((number >> (7 * index)) & 0x7f).unwrap_or(0);
            oid.push(if index == 0 { bits } else { bits | 0x80 });
        }
    }
    Some(oid)
}

/// Number, short name, long name, content of the OBJECT IDENTIFIER (empty if there is none).
type Row = (c_int, &'static CStr, &'static CStr, &'static [u8]);

fn row(nid: c_int) -> Option<&'static Row> {
    let index = TABLE.binary_search_by_key(&nid, |row| row.0).ok()?;
    TABLE.get(index)
}

/// By number. `include/openssl/obj_mac.h` has the same.
const TABLE: &[Row] = &[
    (0, c"UNDEF", c"undefined", &[]),
    (
        4,
        c"MD5",
        c"md5",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05],
    ),
    (
        6,
        c"rsaEncryption",
        c"rsaEncryption",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01],
    ),
    (
        8,
        c"RSA-MD5",
        c"md5WithRSAEncryption",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04],
    ),
    (13, c"CN", c"commonName", &[0x55, 0x04, 0x03]),
    (14, c"C", c"countryName", &[0x55, 0x04, 0x06]),
    (15, c"L", c"localityName", &[0x55, 0x04, 0x07]),
    (16, c"ST", c"stateOrProvinceName", &[0x55, 0x04, 0x08]),
    (17, c"O", c"organizationName", &[0x55, 0x04, 0x0a]),
    (18, c"OU", c"organizationalUnitName", &[0x55, 0x04, 0x0b]),
    (
        28,
        c"dhKeyAgreement",
        c"dhKeyAgreement",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x03, 0x01],
    ),
    (
        44,
        c"DES-EDE3-CBC",
        c"des-ede3-cbc",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x03, 0x07],
    ),
    (
        48,
        c"emailAddress",
        c"emailAddress",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01],
    ),
    (
        49,
        c"unstructuredName",
        c"unstructuredName",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x02],
    ),
    (
        54,
        c"challengePassword",
        c"challengePassword",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x07],
    ),
    (64, c"SHA1", c"sha1", &[0x2b, 0x0e, 0x03, 0x02, 0x1a]),
    (
        65,
        c"RSA-SHA1",
        c"sha1WithRSAEncryption",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05],
    ),
    (
        71,
        c"nsCertType",
        c"Netscape Cert Type",
        &[0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x42, 0x01, 0x01],
    ),
    (
        78,
        c"nsComment",
        c"Netscape Comment",
        &[0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x42, 0x01, 0x0d],
    ),
    (
        82,
        c"subjectKeyIdentifier",
        c"X509v3 Subject Key Identifier",
        &[0x55, 0x1d, 0x0e],
    ),
    (83, c"keyUsage", c"X509v3 Key Usage", &[0x55, 0x1d, 0x0f]),
    (
        84,
        c"privateKeyUsagePeriod",
        c"X509v3 Private Key Usage Period",
        &[0x55, 0x1d, 0x10],
    ),
    (
        85,
        c"subjectAltName",
        c"X509v3 Subject Alternative Name",
        &[0x55, 0x1d, 0x11],
    ),
    (
        86,
        c"issuerAltName",
        c"X509v3 Issuer Alternative Name",
        &[0x55, 0x1d, 0x12],
    ),
    (
        87,
        c"basicConstraints",
        c"X509v3 Basic Constraints",
        &[0x55, 0x1d, 0x13],
    ),
    (88, c"crlNumber", c"X509v3 CRL Number", &[0x55, 0x1d, 0x14]),
    (
        89,
        c"certificatePolicies",
        c"X509v3 Certificate Policies",
        &[0x55, 0x1d, 0x20],
    ),
    (
        90,
        c"authorityKeyIdentifier",
        c"X509v3 Authority Key Identifier",
        &[0x55, 0x1d, 0x23],
    ),
    (99, c"GN", c"givenName", &[0x55, 0x04, 0x2a]),
    (100, c"SN", c"surname", &[0x55, 0x04, 0x04]),
    (101, c"initials", c"initials", &[0x55, 0x04, 0x2b]),
    (
        103,
        c"crlDistributionPoints",
        c"X509v3 CRL Distribution Points",
        &[0x55, 0x1d, 0x1f],
    ),
    (105, c"serialNumber", c"serialNumber", &[0x55, 0x04, 0x05]),
    (106, c"title", c"title", &[0x55, 0x04, 0x0c]),
    (107, c"description", c"description", &[0x55, 0x04, 0x0d]),
    (
        113,
        c"DSA-SHA1",
        c"dsaWithSHA1",
        &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x03],
    ),
    (114, c"MD5-SHA1", c"md5-sha1", &[]),
    (
        116,
        c"DSA",
        c"dsaEncryption",
        &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01],
    ),
    (
        126,
        c"extendedKeyUsage",
        c"X509v3 Extended Key Usage",
        &[0x55, 0x1d, 0x25],
    ),
    (
        129,
        c"serverAuth",
        c"TLS Web Server Authentication",
        &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01],
    ),
    (
        130,
        c"clientAuth",
        c"TLS Web Client Authentication",
        &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02],
    ),
    (
        131,
        c"codeSigning",
        c"Code Signing",
        &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03],
    ),
    (
        132,
        c"emailProtection",
        c"E-mail Protection",
        &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x04],
    ),
    (
        133,
        c"timeStamping",
        c"Time Stamping",
        &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08],
    ),
    (
        140,
        c"deltaCRL",
        c"X509v3 Delta CRL Indicator",
        &[0x55, 0x1d, 0x1b],
    ),
    (
        141,
        c"CRLReason",
        c"X509v3 CRL Reason Code",
        &[0x55, 0x1d, 0x15],
    ),
    (
        142,
        c"invalidityDate",
        c"Invalidity Date",
        &[0x55, 0x1d, 0x18],
    ),
    (
        156,
        c"friendlyName",
        c"friendlyName",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x14],
    ),
    (
        157,
        c"localKeyID",
        c"localKeyID",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x15],
    ),
    (
        164,
        c"id-qt-cps",
        c"Policy Qualifier CPS",
        &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x01],
    ),
    (173, c"name", c"name", &[0x55, 0x04, 0x29]),
    (174, c"dnQualifier", c"dnQualifier", &[0x55, 0x04, 0x2e]),
    (
        177,
        c"authorityInfoAccess",
        c"Authority Information Access",
        &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01],
    ),
    (
        178,
        c"OCSP",
        c"OCSP",
        &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01],
    ),
    (
        179,
        c"caIssuers",
        c"CA Issuers",
        &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02],
    ),
    (
        180,
        c"OCSPSigning",
        c"OCSP Signing",
        &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09],
    ),
    (
        365,
        c"basicOCSPResponse",
        c"Basic OCSP Response",
        &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01],
    ),
    (
        391,
        c"DC",
        c"domainComponent",
        &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19],
    ),
    (
        398,
        c"subjectInfoAccess",
        c"Subject Information Access",
        &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x0b],
    ),
    (400, c"role", c"role", &[0x55, 0x04, 0x48]),
    (
        401,
        c"policyConstraints",
        c"X509v3 Policy Constraints",
        &[0x55, 0x1d, 0x24],
    ),
    (
        408,
        c"id-ecPublicKey",
        c"id-ecPublicKey",
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01],
    ),
    (
        415,
        c"prime256v1",
        c"prime256v1",
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
    ),
    (
        416,
        c"ecdsa-with-SHA1",
        c"ecdsa-with-SHA1",
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01],
    ),
    (
        419,
        c"AES-128-CBC",
        c"aes-128-cbc",
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x02],
    ),
    (
        427,
        c"AES-256-CBC",
        c"aes-256-cbc",
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a],
    ),
    (
        458,
        c"UID",
        c"userId",
        &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x01],
    ),
    (
        503,
        c"x500UniqueIdentifier",
        c"x500UniqueIdentifier",
        &[0x55, 0x04, 0x2d],
    ),
    (
        509,
        c"generationQualifier",
        c"generationQualifier",
        &[0x55, 0x04, 0x2c],
    ),
    (510, c"pseudonym", c"pseudonym", &[0x55, 0x04, 0x41]),
    (
        649,
        c"msUPN",
        c"Microsoft User Principal Name",
        &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x14, 0x02, 0x03],
    ),
    (660, c"street", c"streetAddress", &[0x55, 0x04, 0x09]),
    (661, c"postalCode", c"postalCode", &[0x55, 0x04, 0x11]),
    (
        666,
        c"nameConstraints",
        c"X509v3 Name Constraints",
        &[0x55, 0x1d, 0x1e],
    ),
    (
        668,
        c"RSA-SHA256",
        c"sha256WithRSAEncryption",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b],
    ),
    (
        669,
        c"RSA-SHA384",
        c"sha384WithRSAEncryption",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c],
    ),
    (
        670,
        c"RSA-SHA512",
        c"sha512WithRSAEncryption",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d],
    ),
    (
        671,
        c"RSA-SHA224",
        c"sha224WithRSAEncryption",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0e],
    ),
    (
        672,
        c"SHA256",
        c"sha256",
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01],
    ),
    (
        673,
        c"SHA384",
        c"sha384",
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02],
    ),
    (
        674,
        c"SHA512",
        c"sha512",
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03],
    ),
    (
        675,
        c"SHA224",
        c"sha224",
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04],
    ),
    (
        714,
        c"secp256k1",
        c"secp256k1",
        &[0x2b, 0x81, 0x04, 0x00, 0x0a],
    ),
    (
        715,
        c"secp384r1",
        c"secp384r1",
        &[0x2b, 0x81, 0x04, 0x00, 0x22],
    ),
    (
        716,
        c"secp521r1",
        c"secp521r1",
        &[0x2b, 0x81, 0x04, 0x00, 0x23],
    ),
    (
        746,
        c"anyPolicy",
        c"X509v3 Any Policy",
        &[0x55, 0x1d, 0x20, 0x00],
    ),
    (
        747,
        c"policyMappings",
        c"X509v3 Policy Mappings",
        &[0x55, 0x1d, 0x21],
    ),
    (
        748,
        c"inhibitAnyPolicy",
        c"X509v3 Inhibit Any Policy",
        &[0x55, 0x1d, 0x36],
    ),
    (
        770,
        c"issuingDistributionPoint",
        c"X509v3 Issuing Distribution Point",
        &[0x55, 0x1d, 0x1c],
    ),
    (
        771,
        c"certificateIssuer",
        c"X509v3 Certificate Issuer",
        &[0x55, 0x1d, 0x1d],
    ),
    (
        793,
        c"ecdsa-with-SHA224",
        c"ecdsa-with-SHA224",
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x01],
    ),
    (
        794,
        c"ecdsa-with-SHA256",
        c"ecdsa-with-SHA256",
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
    ),
    (
        795,
        c"ecdsa-with-SHA384",
        c"ecdsa-with-SHA384",
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03],
    ),
    (
        796,
        c"ecdsa-with-SHA512",
        c"ecdsa-with-SHA512",
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04],
    ),
    (
        803,
        c"dsa_with_SHA256",
        c"dsa_with_SHA256",
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x02],
    ),
    (855, c"HMAC", c"hmac", &[]),
    (
        857,
        c"freshestCRL",
        c"X509v3 Freshest CRL",
        &[0x55, 0x1d, 0x2e],
    ),
    (
        860,
        c"businessCategory",
        c"businessCategory",
        &[0x55, 0x04, 0x0f],
    ),
    (
        864,
        c"telephoneNumber",
        c"telephoneNumber",
        &[0x55, 0x04, 0x14],
    ),
    (
        895,
        c"id-aes128-GCM",
        c"aes-128-gcm",
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x06],
    ),
    (
        896,
        c"id-aes128-CCM",
        c"aes-128-ccm",
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x07],
    ),
    (
        901,
        c"id-aes256-GCM",
        c"aes-256-gcm",
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2e],
    ),
    (
        902,
        c"id-aes256-CCM",
        c"aes-256-ccm",
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2f],
    ),
    (
        910,
        c"anyExtendedKeyUsage",
        c"Any Extended Key Usage",
        &[0x55, 0x1d, 0x25, 0x00],
    ),
    (
        911,
        c"MGF1",
        c"mgf1",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08],
    ),
    (
        912,
        c"RSASSA-PSS",
        c"rsassaPss",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a],
    ),
    (
        919,
        c"RSAES-OAEP",
        c"rsaesOaep",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x07],
    ),
    (
        951,
        c"ct_precert_scts",
        c"CT Precertificate SCTs",
        &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02],
    ),
    (
        952,
        c"ct_precert_poison",
        c"CT Precertificate Poison",
        &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x03],
    ),
    (
        955,
        c"jurisdictionL",
        c"jurisdictionLocalityName",
        &[
            0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x3c, 0x02, 0x01, 0x01,
        ],
    ),
    (
        956,
        c"jurisdictionST",
        c"jurisdictionStateOrProvinceName",
        &[
            0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x3c, 0x02, 0x01, 0x02,
        ],
    ),
    (
        957,
        c"jurisdictionC",
        c"jurisdictionCountryName",
        &[
            0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x3c, 0x02, 0x01, 0x03,
        ],
    ),
    (1018, c"ChaCha20-Poly1305", c"chacha20-poly1305", &[]),
    (
        1020,
        c"tlsfeature",
        c"TLS Feature",
        &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x18],
    ),
    (1034, c"X25519", c"X25519", &[0x2b, 0x65, 0x6e]),
    (1035, c"X448", c"X448", &[0x2b, 0x65, 0x6f]),
    (1037, c"KxRSA", c"kx-rsa", &[]),
    (1038, c"KxECDHE", c"kx-ecdhe", &[]),
    (1039, c"KxDHE", c"kx-dhe", &[]),
    (1040, c"KxECDHE-PSK", c"kx-ecdhe-psk", &[]),
    (1041, c"KxDHE-PSK", c"kx-dhe-psk", &[]),
    (1042, c"KxRSA_PSK", c"kx-rsa-psk", &[]),
    (1043, c"KxPSK", c"kx-psk", &[]),
    (1046, c"AuthRSA", c"auth-rsa", &[]),
    (1047, c"AuthECDSA", c"auth-ecdsa", &[]),
    (1048, c"AuthPSK", c"auth-psk", &[]),
    (1049, c"AuthDSS", c"auth-dss", &[]),
    (1053, c"AuthNULL", c"auth-null", &[]),
    (1063, c"KxANY", c"kx-any", &[]),
    (1064, c"AuthANY", c"auth-any", &[]),
    (1087, c"ED25519", c"ED25519", &[0x2b, 0x65, 0x70]),
    (1088, c"ED448", c"ED448", &[0x2b, 0x65, 0x71]),
    (
        1089,
        c"organizationIdentifier",
        c"organizationIdentifier",
        &[0x55, 0x04, 0x61],
    ),
    (1126, c"ffdhe2048", c"ffdhe2048", &[]),
    (1127, c"ffdhe3072", c"ffdhe3072", &[]),
    (1128, c"ffdhe4096", c"ffdhe4096", &[]),
    (1129, c"ffdhe6144", c"ffdhe6144", &[]),
    (1130, c"ffdhe8192", c"ffdhe8192", &[]),
    (
        1208,
        c"id-on-SmtpUTF8Mailbox",
        c"Smtp UTF8 Mailbox",
        &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x09],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_sorted_and_those_of_the_header() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let header = include_str!("../../include/openssl/obj_mac.h");
        let numbers: Vec<c_int> = header
            .lines()
            .filter_map(|line| line.strip_prefix("#define NID_"))
            .map(|rest| rest.split(' ').next_back().unwrap().parse().unwrap())
            .collect();
        assert_eq!(numbers.len(), TABLE.len());
        assert!(numbers.iter().all(|nid| row(*nid).is_some()));
    }

    #[test]
    fn identifiers_are_written_and_read() {
        for text in [
            "1.2.840.113549.1.1.11",
            "2.5.4.3",
            "2.999.3",
            "0.9.2342.19200300.100.1.25",
        ] {
            assert_eq!(dotted(&encode(text).unwrap()), text);
        }
        for text in [
            "",
            "1",
            "3.1",
            "1.40",
            "1..2",
            "1.a",
            "1.2.",
            "1.+2",
            "1.99999999999999999999999",
        ] {
            assert_eq!(encode(text), None, "{text}");
        }
        assert_eq!(of_text(b"CN", false).unwrap().nid(), 13);
        assert_eq!(of_text(b"commonName", false).unwrap().nid(), 13);
        assert_eq!(of_text(b"2.5.4.3", true).unwrap().nid(), 13);
        assert!(of_text(b"CN", true).is_none());
        assert_eq!(Object::of_oid(&[0x2a, 3]).text(false), "1.2.3");
        assert_eq!(Object::of_oid(&[0x55, 4, 3]).text(false), "commonName");
    }
}
