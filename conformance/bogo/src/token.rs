//! What BoringSSL calls the failures of this library: the runner looks for these names on standard error.
//!
//! One name is given for each failure, by its type alone. Where BoringSSL has several for what is one failure here, `config.json`
//! lists them.

use warifu::parameters::AlertDescription;
use warifu::{CertificateError, Error, NothingInCommon, PeerMisbehaved, PskFailure, UsageError};

/// What the decisions of this program say where they refuse.
pub(crate) const OCSP_CB_ERROR: &str = "OCSP_CB_ERROR";
pub(crate) const CERT_CB_ERROR: &str = "CERT_CB_ERROR";
pub(crate) const CLIENT_HELLO_REFUSED: &str = "CONNECTION_REJECTED";
/// A configuration without a version, which cannot be built.
pub(crate) const NO_VERSION: &str = "NO_SUPPORTED_VERSIONS_ENABLED";
/// Data where close_notify was awaited.
pub(crate) const DATA_ON_SHUTDOWN: &str = "APPLICATION_DATA_ON_SHUTDOWN";

/// BoringSSL's name.
pub(crate) fn of(error: &Error) -> String {
    let token = match error {
        Error::PeerMisbehaved(error) => of_misbehaviour(error),
        Error::NothingInCommon(error) => of_nothing_in_common(error),
        Error::Certificate(error) => of_certificate(error),
        Error::Psk(error) => of_psk(error),
        Error::AlertReceived(alert) => return of_alert(*alert),
        Error::Truncated => "UNEXPECTED_EOF",
        Error::ClosedDuringHandshake { .. } => "HANDSHAKE_FAILURE_EOF",
        Error::Application(reason) | Error::Refused { reason, .. } => return reason.clone(),
        Error::Usage(error) => of_usage(error),
        Error::Internal(_) => "INTERNAL_ERROR",
        _ => "UNKNOWN",
    };
    token.to_owned()
}

fn of_misbehaviour(error: &PeerMisbehaved) -> &'static str {
    use PeerMisbehaved as P;
    match error {
        P::BadRecordMac => "DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
        P::RecordOverflow { .. } => "DATA_LENGTH_TOO_LONG",
        P::NotTls { start } => of_plain_text(start),
        P::UnexpectedRecord { .. } | P::EmptyFragment { .. } => "UNEXPECTED_RECORD",
        P::NoContentType => "DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
        P::TooManyEmptyRecords { .. } => "TOO_MANY_EMPTY_FRAGMENTS",
        P::TooManyWarningAlerts { .. } => "TOO_MANY_WARNING_ALERTS",
        P::TooManyKeyUpdates { .. } => "TOO_MANY_KEY_UPDATES",
        P::IllegalChangeCipherSpec
        | P::UnexpectedChangeCipherSpec { .. }
        | P::UnprotectedRecord { .. }
        | P::InterleavedHandshake { .. } => "UNEXPECTED_RECORD",
        P::MalformedChangeCipherSpec { .. } => "BAD_CHANGE_CIPHER_SPEC",
        P::WrongRecordVersion { .. } => "WRONG_VERSION_NUMBER",
        P::IllegalAlert { .. } => "BAD_ALERT",
        P::UnexpectedMessage { .. } => "UNEXPECTED_MESSAGE",
        P::MessageTooLong { .. } => "EXCESSIVE_MESSAGE_SIZE",
        P::Malformed { .. } => "DECODE_ERROR",
        P::HandshakeBytesAcrossKeyChange => "EXCESS_HANDSHAKE_DATA",
        P::DuplicateExtension { .. } => "DUPLICATE_EXTENSION",
        P::MisplacedExtension { .. } | P::UnsolicitedExtension { .. } => "UNEXPECTED_EXTENSION",
        P::MissingExtension { extension, .. } => match *extension {
            "key_share" => "MISSING_KEY_SHARE",
            _ => "MISSING_EXTENSION",
        },
        P::PreSharedKeyNotLast => "PRE_SHARED_KEY_MUST_BE_LAST",
        P::IllegalParameter { .. } => "ILLEGAL_PARAMETER",
        P::NotOffered { what, .. } => match *what {
            "cipher suite" => "WRONG_CIPHER_RETURNED",
            "group" | "named group" => "WRONG_CURVE",
            "version" => "UNSUPPORTED_PROTOCOL",
            "application protocol" => "INVALID_ALPN_PROTOCOL",
            _ => "NOT_OFFERED",
        },
        P::Ssl3 | P::IllegalVersion { .. } => "UNSUPPORTED_PROTOCOL",
        P::DowngradeDetected => "TLS13_DOWNGRADE",
        P::OlderVersionAfterEarlyData { .. } => "WRONG_VERSION_ON_EARLY_DATA",
        P::SecondHelloChanged { .. } => "DECODE_ERROR",
        P::InappropriateFallback { .. } => "INAPPROPRIATE_FALLBACK",
        P::NoSecureRenegotiation => "UNSAFE_LEGACY_RENEGOTIATION_DISABLED",
        P::BadRenegotiationInfo => "RENEGOTIATION_MISMATCH",
        P::ExtendedMainSecretMissing => "RESUMED_EMS_SESSION_WITHOUT_EMS_EXTENSION",
        P::SecondHelloRetryRequest => "UNEXPECTED_MESSAGE",
        P::PointlessHelloRetryRequest => "EMPTY_HELLO_RETRY_REQUEST",
        P::BadKeyShare { .. } => "BAD_ECPOINT",
        P::SelectedIdentityOutOfRange { .. } => "PSK_IDENTITY_NOT_FOUND",
        P::PskModeNotOffered { .. } => "MISSING_KEY_SHARE",
        P::PskHashMismatch { .. } => "OLD_SESSION_PRF_HASH_MISMATCH",
        P::TooMuchEarlyData { .. } => "TOO_MUCH_READ_EARLY_DATA",
        P::BadSignature => "BAD_SIGNATURE",
        P::WrongSignatureScheme { .. } => "WRONG_SIGNATURE_TYPE",
        P::BadFinished => "DIGEST_CHECK_FAILED",
        _ => "PEER_MISBEHAVED",
    }
}

/// BoringSSL knows the plain-text protocols that come here most.
fn of_plain_text(start: &str) -> &'static str {
    // The text is as it came, or in hexadecimal where it has control characters.
    let begins_with = |word: &str| {
        let digits: Vec<_> = word.bytes().map(|byte| format!("{byte:02x}")).collect();
        start.contains(word) || start.starts_with(&digits.join(" "))
    };
    if begins_with("CONNE") {
        "HTTPS_PROXY_REQUEST"
    } else if ["GET ", "POST ", "HEAD ", "PUT "]
        .into_iter()
        .any(begins_with)
    {
        "HTTP_REQUEST"
    } else {
        "WRONG_VERSION_NUMBER"
    }
}

fn of_nothing_in_common(error: &NothingInCommon) -> &'static str {
    match error {
        NothingInCommon::Version { .. } => "UNSUPPORTED_PROTOCOL",
        NothingInCommon::CipherSuite { .. } => "NO_SHARED_CIPHER",
        NothingInCommon::Group { .. } => "NO_SHARED_GROUP",
        NothingInCommon::SignatureScheme { .. } => "NO_COMMON_SIGNATURE_ALGORITHMS",
        NothingInCommon::Issuer { .. } => "NO_MATCHING_ISSUER",
        NothingInCommon::ApplicationProtocol { .. } => "NO_APPLICATION_PROTOCOL",
        NothingInCommon::PskKeyExchangeMode { .. } => "NO_SUPPORTED_PSK_MODE",
        _ => "NOTHING_IN_COMMON",
    }
}

fn of_certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Required | CertificateError::RequiredBefore13 => {
            "PEER_DID_NOT_RETURN_A_CERTIFICATE"
        }
        CertificateError::NoneToPresent => "NO_CERTIFICATE_SET",
        CertificateError::Empty => "DECODE_ERROR",
        CertificateError::Malformed { .. } => "CANNOT_PARSE_LEAF_CERT",
        CertificateError::WrongUsage { .. } => "KEY_USAGE_BIT_INCORRECT",
        CertificateError::UnsupportedKey { .. } => "UNKNOWN_CERTIFICATE_TYPE",
        CertificateError::BadOcspResponse { .. } => OCSP_CB_ERROR,
        _ => "CERTIFICATE_VERIFY_FAILED",
    }
}

fn of_psk(error: &PskFailure) -> &'static str {
    match error {
        PskFailure::UnknownIdentity { .. }
        | PskFailure::Required
        | PskFailure::NotAccepted
        | PskFailure::Unusable { .. } => "PSK_IDENTITY_NOT_FOUND",
        PskFailure::WrongKey { .. } | PskFailure::WrongKeyInFinished { .. } => {
            "DIGEST_CHECK_FAILED"
        }
        _ => "PSK_FAILURE",
    }
}

fn of_usage(error: &UsageError) -> &'static str {
    match error {
        UsageError::HandshakeIncomplete => "HANDSHAKE_NOT_COMPLETE",
        UsageError::Config(_) => "CONFIGURATION",
        _ => "USAGE",
    }
}

/// Alerts have the name that their first version gave them.
fn of_alert(alert: AlertDescription) -> String {
    let since_ssl3 = matches!(alert.0, 0 | 10 | 20 | 30 | 40..=47);
    let name = match alert.name() {
        Some(name) => name.to_ascii_uppercase(),
        None if alert.0 == 30 => "DECOMPRESSION_FAILURE".to_owned(),
        None => return "UNKNOWN_ALERT_TYPE".to_owned(),
    };
    match since_ssl3 {
        true => format!("SSLV3_ALERT_{name}"),
        false => format!("TLSV1_ALERT_{name}"),
    }
}
