//! The numbers that C knows the outcome of a verification by (`X509_V_…`), and the words for them.

use core::ffi::{CStr, c_int};

use warifu::CertificateError;

macro_rules! codes {
    ($($name:ident = $number:literal, $words:literal;)*) => {
        $(
            #[allow(dead_code)] // The C headers have them all.
            pub(crate) const $name: c_int = $number;
        )*

        /// The words for a number; a general sentence for one that this library never gives.
        pub(crate) fn words(code: c_int) -> &'static CStr {
            match code {
                $($number => $words,)*
                _ => c"certificate verification failed for a reason that this library never gives",
            }
        }
    };
}

codes! {
    X509_V_OK = 0, c"ok";
    X509_V_ERR_UNSPECIFIED = 1, c"unspecified certificate verification error";
    X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT = 2, c"unable to get issuer certificate";
    X509_V_ERR_UNABLE_TO_GET_CRL = 3, c"unable to get certificate CRL";
    X509_V_ERR_CERT_SIGNATURE_FAILURE = 7, c"certificate signature failure";
    X509_V_ERR_CRL_SIGNATURE_FAILURE = 8, c"CRL signature failure";
    X509_V_ERR_CERT_NOT_YET_VALID = 9, c"certificate is not yet valid";
    X509_V_ERR_CERT_HAS_EXPIRED = 10, c"certificate has expired";
    X509_V_ERR_CRL_HAS_EXPIRED = 12, c"CRL has expired";
    X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT = 18, c"self-signed certificate";
    X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN = 19, c"self-signed certificate in certificate chain";
    X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY = 20, c"unable to get local issuer certificate";
    X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE = 21, c"unable to verify the first certificate";
    X509_V_ERR_CERT_CHAIN_TOO_LONG = 22, c"certificate chain too long";
    X509_V_ERR_CERT_REVOKED = 23, c"certificate revoked";
    X509_V_ERR_PATH_LENGTH_EXCEEDED = 25, c"path length constraint exceeded";
    X509_V_ERR_INVALID_PURPOSE = 26, c"unsuitable certificate purpose";
    X509_V_ERR_CERT_UNTRUSTED = 27, c"certificate not trusted";
    X509_V_ERR_CERT_REJECTED = 28, c"certificate rejected";
    X509_V_ERR_SUBJECT_ISSUER_MISMATCH = 29, c"subject issuer mismatch";
    X509_V_ERR_AKID_SKID_MISMATCH = 30, c"authority and subject key identifier mismatch";
    X509_V_ERR_KEYUSAGE_NO_CERTSIGN = 32, c"key usage does not include certificate signing";
    X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION = 34, c"unhandled critical extension";
    X509_V_ERR_PERMITTED_VIOLATION = 47, c"permitted subtree violation";
    X509_V_ERR_EXCLUDED_VIOLATION = 48, c"excluded subtree violation";
    X509_V_ERR_APPLICATION_VERIFICATION = 50, c"application verification failure";
    X509_V_ERR_HOSTNAME_MISMATCH = 62, c"hostname mismatch";
    X509_V_ERR_EMAIL_MISMATCH = 63, c"email address mismatch";
    X509_V_ERR_IP_ADDRESS_MISMATCH = 64, c"IP address mismatch";
    X509_V_ERR_EE_KEY_TOO_SMALL = 66, c"EE certificate key too weak";
    X509_V_ERR_CA_MD_TOO_WEAK = 68, c"CA signature digest algorithm too weak";
    X509_V_ERR_INVALID_CALL = 69, c"invalid certificate verification context";
    X509_V_ERR_OCSP_VERIFY_FAILED = 74, c"OCSP verification failed";
    X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM = 76, c"Cannot find certificate signature algorithm";
    X509_V_ERR_INVALID_CA = 79, c"invalid CA certificate";
}

/// The number for a refusal of the TLS library. Which certificate of the chain it is about, and some finer distinctions, only
/// [`StoreCtx`](super::StoreCtx) can tell.
pub(crate) fn code_of(error: &CertificateError) -> c_int {
    match error {
        CertificateError::Required
        | CertificateError::RequiredBefore13
        | CertificateError::NoneToPresent
        | CertificateError::Empty
        | CertificateError::Malformed { .. } => X509_V_ERR_UNSPECIFIED,
        CertificateError::UnknownIssuer { .. } => X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
        CertificateError::SelfSigned { .. } => X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
        CertificateError::BadChainSignature { .. } => X509_V_ERR_CERT_SIGNATURE_FAILURE,
        CertificateError::Distrusted => X509_V_ERR_CERT_REJECTED,
        CertificateError::UnsupportedExtension => X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
        CertificateError::TooComplex => X509_V_ERR_CERT_CHAIN_TOO_LONG,
        CertificateError::UnsupportedAlgorithm { .. } => X509_V_ERR_CA_MD_TOO_WEAK,
        CertificateError::NameMismatch { wanted, .. } => {
            match wanted.parse::<core::net::IpAddr>() {
                Ok(_) => X509_V_ERR_IP_ADDRESS_MISMATCH,
                Err(_) => X509_V_ERR_HOSTNAME_MISMATCH,
            }
        }
        CertificateError::Expired { .. } => X509_V_ERR_CERT_HAS_EXPIRED,
        CertificateError::NotYetValid { .. } => X509_V_ERR_CERT_NOT_YET_VALID,
        CertificateError::Revoked => X509_V_ERR_CERT_REVOKED,
        CertificateError::RevocationUnknown { .. } => X509_V_ERR_UNABLE_TO_GET_CRL,
        CertificateError::WrongUsage { .. } => X509_V_ERR_INVALID_PURPOSE,
        CertificateError::UnsupportedKey { .. } => X509_V_ERR_EE_KEY_TOO_SMALL,
        CertificateError::ConstraintViolated { constraint } => constraint_code(constraint),
        CertificateError::BadOcspResponse { .. } => X509_V_ERR_OCSP_VERIFY_FAILED,
        CertificateError::Refused { .. } | CertificateError::RefusedUntold { .. } => {
            X509_V_ERR_APPLICATION_VERIFICATION
        }
        // The library may get new ones: whatever they are, the certificate is refused.
        _ => X509_V_ERR_UNSPECIFIED,
    }
}

/// Which constraint it was, the library tells in its text only.
fn constraint_code(constraint: &str) -> c_int {
    if constraint.starts_with("path length") {
        X509_V_ERR_PATH_LENGTH_EXCEEDED
    } else if constraint.contains("name constraints") {
        X509_V_ERR_PERMITTED_VIOLATION
    } else {
        X509_V_ERR_INVALID_CA
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_have_numbers_of_their_own() {
        for (constraint, code) in [
            (
                "path length: more intermediate CAs than one of them allows",
                25,
            ),
            ("name constraints exclude a name in the certificate", 47),
            ("its name constraints cannot be read", 47),
            (
                "a certificate that is not a CA's (basicConstraints, key usage) signed another one",
                79,
            ),
        ] {
            let constraint = constraint.to_owned();
            assert_eq!(
                code_of(&CertificateError::ConstraintViolated { constraint }),
                code
            );
        }
    }

    #[test]
    fn each_number_has_words() {
        assert_eq!(words(X509_V_OK), c"ok");
        assert_eq!(
            words(X509_V_ERR_CERT_HAS_EXPIRED),
            c"certificate has expired"
        );
        assert!(
            words(-1)
                .to_bytes()
                .starts_with(b"certificate verification failed")
        );
    }
}
