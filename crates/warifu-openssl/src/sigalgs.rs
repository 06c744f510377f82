//! Signature algorithms: names, numbers, lists (`SSL_CTX_set1_sigalgs_list`).

use core::ffi::{CStr, c_int};

use warifu::parameters::SignatureScheme;

use crate::fault::Fault;
use crate::reason;

/// `EVP_PKEY_…`
const RSA: c_int = 6;
const RSA_PSS: c_int = 912;
const DSA: c_int = 116;
const EC: c_int = 408;
const ED25519: c_int = 1087;
const ED448: c_int = 1088;

/// Signatures by RSA keys.
pub(crate) const OF_RSA_KEYS: [c_int; 2] = [RSA, RSA_PSS];
/// Signatures by keys of curves.
pub(crate) const OF_CURVES: [c_int; 3] = [EC, ED25519, ED448];

/// NIDs of hashes.
const NONE: c_int = 0;
const SHA1: c_int = 64;
const SHA224: c_int = 675;
const SHA256: c_int = 672;
const SHA384: c_int = 673;
const SHA512: c_int = 674;
const MD5_SHA1: c_int = 114;

/// A scheme by its names and numbers.
pub(crate) struct Algorithm {
    pub(crate) scheme: SignatureScheme,
    pub(crate) name: &'static CStr,
    /// `EVP_PKEY_…` of the signature.
    pub(crate) signature: c_int,
    pub(crate) hash: c_int,
    /// `NID_…WithSHA…` of both together.
    pub(crate) both: c_int,
    /// Whether handshakes here are signed with it. Lists may name others all the same.
    usable: bool,
}

const fn row(
    number: u16,
    name: &'static CStr,
    signature: c_int,
    hash: c_int,
    both: c_int,
    usable: bool,
) -> Algorithm {
    Algorithm {
        scheme: SignatureScheme(number),
        name,
        signature,
        hash,
        both,
        usable,
    }
}

#[rustfmt::skip]
static ALGORITHMS: [Algorithm; 27] = [
    row(0x0403, c"ecdsa_secp256r1_sha256", EC, SHA256, 794, true),
    row(0x0503, c"ecdsa_secp384r1_sha384", EC, SHA384, 795, true),
    row(0x0603, c"ecdsa_secp521r1_sha512", EC, SHA512, 796, true),
    row(0x0807, c"ed25519", ED25519, NONE, 1087, true),
    row(0x0808, c"ed448", ED448, NONE, 1088, false),
    row(0x0303, c"ecdsa_sha224", EC, SHA224, 793, false),
    row(0x0203, c"ecdsa_sha1", EC, SHA1, 416, false),
    row(0x0804, c"rsa_pss_rsae_sha256", RSA_PSS, SHA256, NONE, true),
    row(0x0805, c"rsa_pss_rsae_sha384", RSA_PSS, SHA384, NONE, true),
    row(0x0806, c"rsa_pss_rsae_sha512", RSA_PSS, SHA512, NONE, true),
    row(0x0809, c"rsa_pss_pss_sha256", RSA_PSS, SHA256, NONE, true),
    row(0x080a, c"rsa_pss_pss_sha384", RSA_PSS, SHA384, NONE, true),
    row(0x080b, c"rsa_pss_pss_sha512", RSA_PSS, SHA512, NONE, true),
    row(0x0401, c"rsa_pkcs1_sha256", RSA, SHA256, 668, true),
    row(0x0501, c"rsa_pkcs1_sha384", RSA, SHA384, 669, true),
    row(0x0601, c"rsa_pkcs1_sha512", RSA, SHA512, 670, true),
    row(0x0301, c"rsa_pkcs1_sha224", RSA, SHA224, 671, false),
    row(0x0201, c"rsa_pkcs1_sha1", RSA, SHA1, 65, false),
    row(0xff01, c"rsa_pkcs1_md5_sha1", RSA, MD5_SHA1, NONE, false),
    row(0x0402, c"dsa_sha256", DSA, SHA256, 803, false),
    row(0x0502, c"dsa_sha384", DSA, SHA384, NONE, false),
    row(0x0602, c"dsa_sha512", DSA, SHA512, NONE, false),
    row(0x0302, c"dsa_sha224", DSA, SHA224, 802, false),
    row(0x0202, c"dsa_sha1", DSA, SHA1, 113, false),
    row(0x0904, c"mldsa44", NONE, NONE, NONE, true),
    row(0x0905, c"mldsa65", NONE, NONE, NONE, true),
    row(0x0906, c"mldsa87", NONE, NONE, NONE, true),
];

impl Algorithm {
    pub(crate) fn of(scheme: SignatureScheme) -> Option<&'static Self> {
        ALGORITHMS.iter().find(|row| row.scheme == scheme)
    }

    /// All schemes of a word of a list: one of the protocol's names, or `KEY+HASH`.
    fn named(name: &str) -> Vec<&'static Self> {
        let Some((key, hash)) = name.split_once('+') else {
            let is = |row: &&Self| row.name.to_bytes().eq_ignore_ascii_case(name.as_bytes());
            return ALGORITHMS.iter().filter(is).collect();
        };
        let signature = match key.to_ascii_uppercase().as_str() {
            "RSA" => RSA,
            "RSA-PSS" | "PSS" => RSA_PSS,
            "ECDSA" => EC,
            "DSA" => DSA,
            _ => return Vec::new(),
        };
        let hash = match hash.to_ascii_uppercase().as_str() {
            "SHA1" | "SHA-1" => SHA1,
            "SHA224" | "SHA2-224" | "SHA-224" => SHA224,
            "SHA256" | "SHA2-256" | "SHA-256" => SHA256,
            "SHA384" | "SHA2-384" | "SHA-384" => SHA384,
            "SHA512" | "SHA2-512" | "SHA-512" => SHA512,
            _ => return Vec::new(),
        };
        Self::of_parts(hash, signature)
    }

    /// The scheme of a hash and a signature. RSASSA-PSS is that with the usual keys of RSA, as in OpenSSL.
    fn of_parts(hash: c_int, signature: c_int) -> Vec<&'static Self> {
        let is =
            |row: &&Self| row.hash == hash && row.signature == signature && row.signature != NONE;
        ALGORITHMS.iter().find(is).into_iter().collect()
    }
}

/// Reads names between colons, best first. `?` before a name says that it need not be known.
///
/// # Errors
/// A name that nobody knows, and a list without a scheme that there is here.
pub(crate) fn parse_list(text: &str) -> Result<Vec<SignatureScheme>, Fault> {
    let mut schemes = Vec::new();
    for item in text.split(':').map(str::trim) {
        let found = Algorithm::named(item.trim_start_matches('?'));
        if found.is_empty() && !item.starts_with('?') {
            return Err(Fault::ssl(
                reason::SSL_R_BAD_VALUE,
                format!("{item:?} is no signature algorithm"),
            ));
        }
        schemes.extend(found.into_iter().map(|row| row.scheme));
    }
    checked(schemes)
}

/// Takes pairs of NIDs: hash, kind of key.
///
/// # Errors
/// As for [`parse_list`].
pub(crate) fn of_pairs(pairs: &[c_int]) -> Result<Vec<SignatureScheme>, Fault> {
    let mut schemes = Vec::new();
    let (pairs, rest) = pairs.as_chunks();
    if !rest.is_empty() {
        return Err(Fault::argument(
            "signature algorithms come as pairs: hash, key",
        ));
    }
    for [hash, signature] in pairs {
        let found = Algorithm::of_parts(*hash, *signature);
        let Some(found) = found.first() else {
            return Err(Fault::ssl(
                reason::SSL_R_BAD_VALUE,
                format!("the NIDs {hash} and {signature} are no signature algorithm"),
            ));
        };
        schemes.push(found.scheme);
    }
    checked(schemes)
}

/// Whether some of them sign handshakes of TLS 1.3.
pub(crate) fn sign_tls13(schemes: &[SignatureScheme]) -> bool {
    let signs = |scheme: &SignatureScheme| {
        Algorithm::of(*scheme).is_some_and(|row| row.usable && row.signature != RSA)
    };
    schemes.iter().any(signs)
}

/// Those that sign handshakes here.
pub(crate) fn usable(schemes: &[SignatureScheme]) -> Vec<SignatureScheme> {
    let is_usable = |scheme: &SignatureScheme| Algorithm::of(*scheme).is_some_and(|row| row.usable);
    schemes.iter().copied().filter(is_usable).collect()
}

fn checked(schemes: Vec<SignatureScheme>) -> Result<Vec<SignatureScheme>, Fault> {
    if usable(&schemes).is_empty() {
        return Err(Fault::ssl(
            reason::SSL_R_BAD_VALUE,
            "none of these signature algorithms is supported in handshakes: SHA-1, SHA-224, DSA and Ed448 are not",
        ));
    }
    Ok(schemes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_their_programs_write_them() {
        for (text, expected) in [
            ("ECDSA+SHA256:RSA+SHA512", &[0x0403, 0x0601][..]),
            ("RSA-PSS+SHA384:PSS+SHA256", &[0x0805, 0x0804]),
            (
                "ed25519:rsa_pss_pss_sha256:mldsa65",
                &[0x0807, 0x0809, 0x0905],
            ),
            ("RSA+SHA1:RSA+SHA256:?nothing", &[0x0201, 0x0401]),
        ] {
            let expected: Vec<_> = expected
                .iter()
                .map(|number| SignatureScheme(*number))
                .collect();
            assert_eq!(parse_list(text).unwrap(), expected, "{text}");
        }
        for text in [
            "",
            "RSA",
            "RSA+",
            "+SHA256",
            "RSA+MD5",
            "RSA+SHA1",
            "ed448",
            "RSA+SHA256:x",
        ] {
            assert!(parse_list(text).is_err(), "{text}");
        }
        assert_eq!(of_pairs(&[SHA256, RSA, NONE, ED25519]).unwrap().len(), 2);
        for pairs in [&[][..], &[SHA256], &[SHA256, 1], &[NONE, NONE]] {
            assert!(of_pairs(pairs).is_err(), "{pairs:?}");
        }
    }

    #[test]
    fn what_is_called_usable_is_taken_by_the_protocol() {
        let none: [warifu::Psk; 0] = [];
        for row in &ALGORITHMS {
            let builder = warifu::ClientConfig::psk_builder(none.clone());
            let mistake = builder
                .with_signature_schemes(&[row.scheme])
                .build()
                .err()
                .is_some_and(|error| error.to_string().contains("cannot sign handshakes"));
            assert_eq!(row.usable, !mistake, "{:?}", row.name);
        }
    }
}
