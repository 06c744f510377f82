//! What is told of a refusal that a number of C's decided (`X509_V_…`): by a name, a limit or a callback.
//!
//! Its error gives the sentence, and the alert to the peer.

use core::ffi::c_int;
use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use warifu::CertificateError;
use warifu::error::UnixSeconds;

use super::param::Values;
use super::verify_code;
use super::{X509, host, time};

/// A certificate of a content network may name hundreds.
const NAMES_SHOWN: usize = 8;

/// The refusal for a number. `leaf` is the peer's certificate, of `sent` in all; `about` the one that the number is about.
pub(crate) fn of_code(
    code: c_int,
    leaf: &X509,
    about: &X509,
    sent: usize,
    wanted: &Values,
) -> CertificateError {
    use verify_code::*;

    let reason = || words(code).to_string_lossy().into_owned();
    let issuer = || about.issuer().comma_separated();
    match code {
        X509_V_ERR_HOSTNAME_MISMATCH => {
            let wanted = wanted.hosts.iter().map(|host| shown(host));
            mismatch(wanted.collect::<Vec<_>>().join(" or "), hosts(leaf))
        }
        X509_V_ERR_IP_ADDRESS_MISMATCH => mismatch(address(&wanted.address), hosts(leaf)),
        X509_V_ERR_EMAIL_MISMATCH => {
            let presented = host::mailboxes(leaf).into_iter();
            mismatch(
                shown(&wanted.email),
                presented.map(|name| shown(&name)).collect(),
            )
        }
        X509_V_ERR_CERT_HAS_EXPIRED => CertificateError::Expired {
            not_after: moment(time::seconds(about.not_after())),
            now: now(),
        },
        X509_V_ERR_CERT_NOT_YET_VALID => CertificateError::NotYetValid {
            not_before: moment(time::seconds(about.not_before())),
            now: now(),
        },
        X509_V_ERR_CERT_REVOKED => CertificateError::Revoked,
        X509_V_ERR_UNABLE_TO_GET_CRL
        | X509_V_ERR_CRL_SIGNATURE_FAILURE
        | X509_V_ERR_CRL_HAS_EXPIRED => CertificateError::RevocationUnknown { reason: reason() },
        X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT
        | X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
        | X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE => CertificateError::UnknownIssuer {
            issuer: issuer(),
            sent,
        },
        X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT | X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN => {
            CertificateError::SelfSigned {
                subject: about.subject().comma_separated(),
            }
        }
        X509_V_ERR_CERT_SIGNATURE_FAILURE => {
            CertificateError::BadChainSignature { issuer: issuer() }
        }
        X509_V_ERR_INVALID_PURPOSE => CertificateError::WrongUsage {
            usage: "what it is used for here".to_owned(),
        },
        X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION => CertificateError::UnsupportedExtension,
        X509_V_ERR_EE_KEY_TOO_SMALL => CertificateError::UnsupportedKey { reason: reason() },
        X509_V_ERR_CA_MD_TOO_WEAK | X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM => {
            CertificateError::UnsupportedAlgorithm {
                algorithm: about.signature_algorithm().text(false),
            }
        }
        X509_V_ERR_CERT_CHAIN_TOO_LONG
        | X509_V_ERR_PATH_LENGTH_EXCEEDED
        | X509_V_ERR_KEYUSAGE_NO_CERTSIGN
        | X509_V_ERR_PERMITTED_VIOLATION
        | X509_V_ERR_EXCLUDED_VIOLATION
        | X509_V_ERR_INVALID_CA => CertificateError::ConstraintViolated {
            constraint: reason(),
        },
        X509_V_ERR_OCSP_VERIFY_FAILED => CertificateError::BadOcspResponse { reason: reason() },
        _ => CertificateError::Refused { reason: reason() },
    }
}

fn mismatch(wanted: String, presented: Vec<String>) -> CertificateError {
    let more = presented.len().saturating_sub(NAMES_SHOWN);
    let mut text = match presented.get(..NAMES_SHOWN.min(presented.len())) {
        None | Some([]) => "nobody of that kind".to_owned(),
        Some(names) => names.join(", "),
    };
    if more > 0 {
        text += &format!(" and {more} more");
    }
    CertificateError::NameMismatch {
        wanted,
        presented: text,
    }
}

/// The hosts and addresses that the certificate is for.
fn hosts(leaf: &X509) -> Vec<String> {
    let (names, addresses) = host::hosts(leaf);
    let names = names.iter().map(|name| shown(name));
    names
        .chain(addresses.iter().map(|bytes| address(bytes)))
        .collect()
}

/// Bytes of somebody else's in a sentence.
fn shown(name: &[u8]) -> String {
    name.escape_ascii().to_string()
}

fn address(bytes: &[u8]) -> String {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return IpAddr::from(bytes).to_string();
    }
    <[u8; 16]>::try_from(bytes).map_or_else(|_| shown(bytes), |v6| IpAddr::from(v6).to_string())
}

fn moment(seconds: Option<i64>) -> UnixSeconds {
    UnixSeconds(seconds.map_or(0, |seconds| u64::try_from(seconds).unwrap_or(0)))
}

fn now() -> UnixSeconds {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    UnixSeconds(now.map_or(0, |now| now.as_secs()))
}
