//! Which of OpenSSL's reasons each failure of a connection is. Its own sentence goes with it.

use core::ffi::c_int;

use warifu::{CertificateError, Error, NothingInCommon, PeerMisbehaved, PskFailure, UsageError};

use crate::fault::Fault;
use crate::reason::*;

/// `SSL_AD_REASON_OFFSET`: an alert of the peer's is this and its number.
const ALERT_OFFSET: c_int = 1000;

impl Fault {
    /// The failure of a connection.
    pub(crate) fn from_error(error: &Error) -> Self {
        let mut sentence = error.to_string();
        if let Error::Usage(UsageError::Config(_)) = error {
            for (rust, c) in ADVICE {
                sentence = sentence.replace(rust, c);
            }
        }
        Self::ssl(reason(error), sentence)
    }
}

/// What to do about a contradiction, in the words of the protocol crate and in those of the API.
const ADVICE: [(&str, &str); 3] = [
    (
        "in with_cipher_suites",
        "with SSL_CTX_set_cipher_list or SSL_CTX_set_ciphersuites",
    ),
    ("in with_groups", "with SSL_CTX_set1_groups_list"),
    (
        "in with_signature_schemes",
        "with SSL_CTX_set1_sigalgs_list",
    ),
];

fn reason(error: &Error) -> c_int {
    match error {
        Error::PeerMisbehaved(error) => of_misbehaviour(error),
        Error::NothingInCommon(error) => of_nothing_in_common(error),
        Error::Certificate(error) => of_certificate(error),
        Error::Psk(error) => of_psk(error),
        Error::AlertReceived(alert) => ALERT_OFFSET + c_int::from(alert.0),
        Error::Truncated | Error::ClosedDuringHandshake { .. } => {
            SSL_R_UNEXPECTED_EOF_WHILE_READING
        }
        Error::Application(_) | Error::Refused { .. } => SSL_R_CALLBACK_FAILED,
        Error::Usage(error) => of_usage(error),
        Error::Internal(_) => ERR_R_INTERNAL_ERROR,
        // The protocol crate may gain families.
        _ => ERR_R_INTERNAL_ERROR,
    }
}

fn of_misbehaviour(error: &PeerMisbehaved) -> c_int {
    use PeerMisbehaved as P;

    match error {
        P::BadRecordMac => SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC,
        P::RecordOverflow { .. } => SSL_R_DATA_LENGTH_TOO_LONG,
        P::NotTls { start } if looks_like_http(start) => SSL_R_HTTP_REQUEST,
        P::NotTls { start } if start.contains("CONNE") => SSL_R_HTTPS_PROXY_REQUEST,
        P::NotTls { .. } | P::WrongRecordVersion { .. } => SSL_R_WRONG_VERSION_NUMBER,
        P::UnexpectedRecord { .. } | P::UnprotectedRecord { .. } => SSL_R_UNEXPECTED_RECORD,
        P::NoContentType | P::IllegalAlert { .. } => SSL_R_BAD_RECORD_TYPE,
        P::EmptyFragment { .. } => SSL_R_BAD_LENGTH,
        P::TooManyEmptyRecords { .. } => SSL_R_RECORD_TOO_SMALL,
        P::TooManyWarningAlerts { .. } => SSL_R_TOO_MANY_WARN_ALERTS,
        P::TooManyKeyUpdates { .. } => SSL_R_TOO_MANY_KEY_UPDATES,
        P::TooManyTickets { .. }
        | P::TooManyCertificateRequests { .. }
        | P::TooManyRenegotiations { .. }
        | P::SecondHelloRetryRequest
        | P::UnexpectedMessage { .. } => SSL_R_UNEXPECTED_MESSAGE,
        P::IllegalChangeCipherSpec | P::UnexpectedChangeCipherSpec { .. } => {
            SSL_R_UNEXPECTED_CCS_MESSAGE
        }
        P::MalformedChangeCipherSpec { .. } => SSL_R_INVALID_CCS_MESSAGE,
        P::MessageTooLong { .. } => SSL_R_EXCESSIVE_MESSAGE_SIZE,
        P::Malformed { .. } => SSL_R_LENGTH_MISMATCH,
        P::HandshakeBytesAcrossKeyChange => SSL_R_NOT_ON_RECORD_BOUNDARY,
        P::InterleavedHandshake { .. } => SSL_R_UNEXPECTED_RECORD,
        P::DuplicateExtension { .. }
        | P::MisplacedExtension { .. }
        | P::PreSharedKeyNotLast
        | P::MissingExtension { .. } => SSL_R_BAD_EXTENSION,
        P::UnsolicitedExtension { .. } => SSL_R_UNSOLICITED_EXTENSION,
        P::Ssl3 | P::IllegalVersion { .. } => SSL_R_UNSUPPORTED_PROTOCOL,
        P::DowngradeDetected | P::InappropriateFallback { .. } => SSL_R_INAPPROPRIATE_FALLBACK,
        P::NoSecureRenegotiation => SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED,
        P::BadRenegotiationInfo => SSL_R_RENEGOTIATION_MISMATCH,
        P::NoExtendedMainSecret | P::ExtendedMainSecretMissing => SSL_R_INCONSISTENT_EXTMS,
        P::BadDhGroup { .. } | P::BadDhPublicValue => SSL_R_BAD_DH_VALUE,
        P::DhGroupTooSmall { .. } => SSL_R_DH_KEY_TOO_SMALL,
        P::DhGroupTooLarge { .. } => SSL_R_BAD_DH_VALUE,
        P::BadKeyShare { .. } => SSL_R_BAD_KEY_SHARE,
        P::SelectedIdentityOutOfRange { .. } => SSL_R_BAD_PSK_IDENTITY,
        P::PskHashMismatch { .. } | P::PskModeNotOffered { .. } => SSL_R_BAD_PSK,
        P::TooMuchEarlyData { .. } => SSL_R_TOO_MUCH_EARLY_DATA,
        P::OlderVersionAfterEarlyData { .. } => SSL_R_WRONG_SSL_VERSION,
        P::BadSignature => SSL_R_BAD_SIGNATURE,
        P::WrongSignatureScheme { .. } => SSL_R_WRONG_SIGNATURE_TYPE,
        P::BadFinished => SSL_R_DIGEST_CHECK_FAILED,
        P::NotOffered { what, .. } if what.contains("cipher") => SSL_R_WRONG_CIPHER_RETURNED,
        P::NotOffered { .. }
        | P::IllegalParameter { .. }
        | P::SecondHelloChanged { .. }
        | P::PointlessHelloRetryRequest
        | P::RenegotiatedAsAnother => SSL_R_BAD_VALUE,
        // The protocol crate may gain rows.
        _ => SSL_R_BAD_VALUE,
    }
}

fn looks_like_http(start: &str) -> bool {
    ["GET ", "POST", "HEAD", "PUT "]
        .iter()
        .any(|method| start.contains(method))
}

fn of_nothing_in_common(error: &NothingInCommon) -> c_int {
    match error {
        NothingInCommon::Version { .. } => SSL_R_UNSUPPORTED_PROTOCOL,
        NothingInCommon::CipherSuite { .. } => SSL_R_NO_SHARED_CIPHER,
        NothingInCommon::Group { .. } => SSL_R_NO_SHARED_GROUPS,
        NothingInCommon::SignatureScheme { .. } => SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS,
        NothingInCommon::ApplicationProtocol { .. } => SSL_R_NO_APPLICATION_PROTOCOL,
        NothingInCommon::PskKeyExchangeMode { .. } => SSL_R_BAD_PSK,
        NothingInCommon::ServerName { .. } => SSL_R_CALLBACK_FAILED,
        _ => SSL_R_NO_SHARED_CIPHER,
    }
}

fn of_certificate(error: &CertificateError) -> c_int {
    match error {
        CertificateError::Required | CertificateError::RequiredBefore13 => {
            SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE
        }
        CertificateError::NoneToPresent => SSL_R_NO_SHARED_CIPHER,
        CertificateError::Empty => SSL_R_LENGTH_MISMATCH,
        _ => SSL_R_CERTIFICATE_VERIFY_FAILED,
    }
}

fn of_psk(error: &PskFailure) -> c_int {
    match error {
        PskFailure::UnknownIdentity { .. } => SSL_R_PSK_IDENTITY_NOT_FOUND,
        PskFailure::WrongKey { .. } => SSL_R_BINDER_DOES_NOT_VERIFY,
        PskFailure::WrongKeyInFinished { .. } => SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC,
        _ => SSL_R_BAD_PSK,
    }
}

fn of_usage(error: &UsageError) -> c_int {
    match error {
        UsageError::WriteAfterClose | UsageError::ClosedInHandshake => SSL_R_PROTOCOL_IS_SHUTDOWN,
        UsageError::NoPskToOffer => SSL_R_PSK_IDENTITY_NOT_FOUND,
        UsageError::HandshakeIncomplete => SSL_R_UNINITIALIZED,
        UsageError::NotAvailable(_) | UsageError::Config(_) => ERR_R_PASSED_INVALID_ARGUMENT,
        _ => ERR_R_INTERNAL_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use warifu::ClientConfig;

    use super::*;
    use crate::method::{Method, Role};
    use crate::settings::Settings;
    use crate::verify::Verifier;

    #[test]
    fn advice_is_in_the_words_of_the_api() {
        let settings = Settings::new(const { &Method::new(None, None) });
        let builder = || ClientConfig::builder(Verifier::new(&settings, Role::Server).unwrap());
        let wrong = [
            (
                builder().with_cipher_suites(&[]),
                "SSL_CTX_set_ciphersuites",
            ),
            (builder().with_groups(&[]), "SSL_CTX_set1_groups_list"),
            (
                builder().with_signature_schemes(&[]),
                "SSL_CTX_set1_sigalgs_list",
            ),
        ];
        for (builder, function) in wrong {
            let error = builder.build().unwrap_err();
            let sentence = Fault::from_error(&error).to_string();
            assert!(sentence.ends_with(function), "{sentence}");
            assert!(!sentence.contains(" in with_"), "{sentence}");
        }
    }
}
