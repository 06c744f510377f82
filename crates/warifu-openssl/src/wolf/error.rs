//! wolfSSL's numbers for failures, which are negative, and the sentences for them.
//!
//! A program asks for the number first (`wolfSSL_get_error`) and for words for it afterwards (`wolfSSL_ERR_error_string`). The
//! sentence of the failure is kept in the thread in between.

use core::cell::RefCell;
use core::ffi::{CStr, c_char, c_int};
use std::ffi::CString;

use crate::error_queue::{self, Which, c_string};
use crate::fault::Fault;
use crate::reason::{self, Library};
use crate::ssl::Ssl;
use crate::ssl::outcome::{Outcome, Want};
use crate::x509::verify_code;

/// `WOLFSSL_FATAL_ERROR`: what has no number of its own.
const FATAL: c_int = -1;
/// Before this number are alerts that were received.
const ALERTS: c_int = 1000;

macro_rules! numbers {
    ($($name:ident = $number:literal, $words:literal;)*) => {
        $(pub(crate) const $name: c_int = $number;)*

        /// The words for a number, where no failure has a sentence for it.
        fn words(number: c_int) -> Option<&'static CStr> {
            match number {
                $($number => Some($words),)*
                _ => None,
            }
        }
    };
}

numbers! {
    ASN_BEFORE_DATE_E = -150, c"a certificate is not valid yet";
    ASN_AFTER_DATE_E = -151, c"a certificate has expired";
    ASN_SIG_CONFIRM_E = -155, c"a certificate's signature is wrong";
    BAD_FUNC_ARG = -173, c"an argument that makes no sense";
    NOT_COMPILED_IN = -174, c"not in this library";
    ASN_NO_SIGNER_E = -188, c"no trusted CA has issued the certificate";
    VERIFY_FINISHED_ERROR = -304, c"the peer's Finished is wrong";
    VERIFY_MAC_ERROR = -305, c"a record cannot be decrypted";
    PARSE_ERROR = -306, c"a message that cannot be read";
    SOCKET_ERROR_E = -308, c"the transport failed";
    FATAL_ERROR = -313, c"the peer sent a fatal alert";
    NO_PRIVATE_KEY = -317, c"no certificate with its private key";
    DOMAIN_NAME_MISMATCH = -322, c"the certificate is for another name";
    IPADDR_MISMATCH = -325, c"the certificate is for another address";
    VERSION_ERROR = -326, c"no version of TLS in common";
    VERIFY_CERT_ERROR = -329, c"the certificate is not to be believed";
    VERIFY_SIGN_ERROR = -330, c"the peer's signature is wrong";
    PSK_KEY_ERROR = -333, c"no pre-shared key that both sides have";
    NO_PEER_CERT = -345, c"the peer has no certificate";
    ECC_CURVE_ERROR = -351, c"no group for key exchange in common";
    CRL_CERT_REVOKED = -361, c"a certificate was revoked";
    CRL_MISSING = -362, c"a certificate revocation list is missing";
    MAX_CHAIN_ERROR = -368, c"a chain of too many certificates";
    OUT_OF_ORDER_E = -373, c"a message out of order";
    SOCKET_PEER_CLOSED_E = -397, c"the peer closed the transport, and not the connection";
    UNKNOWN_ALPN_PROTOCOL_NAME_E = -405, c"no application protocol in common";
    BAD_KEY_SHARE_DATA = -421, c"a bad key share";
    BAD_BINDER = -423, c"the peer has another pre-shared key";
    EXT_NOT_ALLOWED = -424, c"an extension where none is allowed";
    INVALID_PARAMETER = -425, c"the peer's parameter is not allowed";
    UNSUPPORTED_EXTENSION = -429, c"an extension that nobody asked for";
    TOO_MUCH_EARLY_DATA = -442, c"too much early data";
    MATCH_SUITE_ERROR = -501, c"no cipher suite in common";
}

thread_local! {
    /// The failure whose number was told last, and its sentence.
    static TOLD: RefCell<(c_int, CString)> = RefCell::default();
    /// What C was given last.
    static LENT: RefCell<CString> = RefCell::default();
}

impl Ssl {
    /// `wolfSSL_get_error`: what to wait for, the end, or a negative number.
    pub(crate) fn wolf_error(&self) -> c_int {
        let outcome = self.outcome();
        let failure = self.rare().wolf.failure();
        let (number, sentence) = match outcome {
            Outcome::Success | Outcome::ZeroReturn | Outcome::Want(Want::Read | Want::Write) => {
                return outcome.error_code();
            }
            Outcome::Want(_) => return outcome.error_code(),
            Outcome::Transport => (SOCKET_ERROR_E, newest()),
            Outcome::Truncated => (SOCKET_PEER_CLOSED_E, failure.map(|it| it.to_string())),
            Outcome::Failed => match failure {
                Some(fault) => (self.number_of(&fault), Some(fault.to_string())),
                None => (FATAL, newest()),
            },
        };
        tell(number, sentence.unwrap_or_default());
        number
    }

    fn number_of(&self, fault: &Fault) -> c_int {
        match fault {
            Fault::Raised {
                library: Library::Ssl,
                reason: reason::SSL_R_CERTIFICATE_VERIFY_FAILED,
                ..
            } => {
                let result = self.verified.borrow().result;
                of_verification(c_int::try_from(result).unwrap_or(0))
            }
            Fault::Raised {
                library: Library::Ssl,
                reason,
                ..
            } => of_reason(*reason),
            Fault::Raised {
                library: Library::System,
                ..
            } => SOCKET_ERROR_E,
            _ => FATAL,
        }
    }
}

fn of_reason(reason: c_int) -> c_int {
    match reason {
        ALERTS.. if reason < 2 * ALERTS => FATAL_ERROR,
        reason::ERR_R_PASSED_NULL_PARAMETER | reason::ERR_R_PASSED_INVALID_ARGUMENT => BAD_FUNC_ARG,
        reason::ERR_R_UNSUPPORTED => NOT_COMPILED_IN,
        reason::SSL_R_NO_CERTIFICATE_ASSIGNED => NO_PRIVATE_KEY,
        reason::SSL_R_WRONG_VERSION_NUMBER | reason::SSL_R_UNSUPPORTED_PROTOCOL => VERSION_ERROR,
        reason::SSL_R_NO_SHARED_CIPHER | reason::SSL_R_WRONG_CIPHER_RETURNED => MATCH_SUITE_ERROR,
        reason::SSL_R_NO_SHARED_GROUPS => ECC_CURVE_ERROR,
        reason::SSL_R_BAD_KEY_SHARE => BAD_KEY_SHARE_DATA,
        reason::SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC => VERIFY_MAC_ERROR,
        reason::SSL_R_DIGEST_CHECK_FAILED => VERIFY_FINISHED_ERROR,
        reason::SSL_R_BAD_SIGNATURE | reason::SSL_R_WRONG_SIGNATURE_TYPE => VERIFY_SIGN_ERROR,
        reason::SSL_R_BINDER_DOES_NOT_VERIFY => BAD_BINDER,
        reason::SSL_R_PSK_IDENTITY_NOT_FOUND | reason::SSL_R_BAD_PSK => PSK_KEY_ERROR,
        reason::SSL_R_UNEXPECTED_MESSAGE => OUT_OF_ORDER_E,
        reason::SSL_R_LENGTH_MISMATCH => PARSE_ERROR,
        reason::SSL_R_BAD_EXTENSION => EXT_NOT_ALLOWED,
        reason::SSL_R_UNSOLICITED_EXTENSION => UNSUPPORTED_EXTENSION,
        reason::SSL_R_BAD_VALUE => INVALID_PARAMETER,
        reason::SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE => NO_PEER_CERT,
        reason::SSL_R_NO_APPLICATION_PROTOCOL => UNKNOWN_ALPN_PROTOCOL_NAME_E,
        reason::SSL_R_TOO_MUCH_EARLY_DATA => TOO_MUCH_EARLY_DATA,
        reason::SSL_R_UNEXPECTED_EOF_WHILE_READING => SOCKET_PEER_CLOSED_E,
        _ => FATAL,
    }
}

/// The number for OpenSSL's of a verification (`X509_V_…`); 0 for the one that says that all is well.
pub(crate) fn of_verification(code: c_int) -> c_int {
    use verify_code as v;

    match code {
        v::X509_V_OK => 0,
        v::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT
        | v::X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
        | v::X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN
        | v::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
        | v::X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE => ASN_NO_SIGNER_E,
        v::X509_V_ERR_CERT_NOT_YET_VALID => ASN_BEFORE_DATE_E,
        v::X509_V_ERR_CERT_HAS_EXPIRED => ASN_AFTER_DATE_E,
        v::X509_V_ERR_CERT_SIGNATURE_FAILURE => ASN_SIG_CONFIRM_E,
        v::X509_V_ERR_CERT_CHAIN_TOO_LONG => MAX_CHAIN_ERROR,
        v::X509_V_ERR_CERT_REVOKED => CRL_CERT_REVOKED,
        v::X509_V_ERR_UNABLE_TO_GET_CRL => CRL_MISSING,
        v::X509_V_ERR_HOSTNAME_MISMATCH => DOMAIN_NAME_MISMATCH,
        v::X509_V_ERR_IP_ADDRESS_MISMATCH => IPADDR_MISMATCH,
        _ => VERIFY_CERT_ERROR,
    }
}

/// The sentence of the newest error on the thread's queue.
fn newest() -> Option<String> {
    let text = error_queue::look(Which::Last, |raised| {
        raised.data().to_string_lossy().into_owned()
    });
    (!text.is_empty()).then_some(text)
}

/// Keeps the sentence of a failure whose number a program is told.
pub(crate) fn tell(number: c_int, sentence: String) {
    let _ = TOLD.try_with(|told| told.replace((number, c_string(sentence))));
}

/// The sentence for a number: that of the failure that it was told for last, or general words.
pub(crate) fn sentence(number: c_int) -> CString {
    let told = TOLD.try_with(|told| {
        let told = told.borrow();
        (told.0 == number && !told.1.is_empty()).then(|| told.1.clone())
    });
    if let Ok(Some(sentence)) = told {
        return sentence;
    }
    match number {
        0 => c"no error".to_owned(),
        2 => c"nothing to read yet: call again".to_owned(),
        3 => c"no room to write yet: call again".to_owned(),
        6 => c"the peer has closed the connection".to_owned(),
        FATAL => c_string(newest().unwrap_or_else(|| "a failure".to_owned())),
        _ => match words(number) {
            Some(words) => words.to_owned(),
            None => c_string(format!("error {number}")),
        },
    }
}

/// Lends a sentence to C, until the thread asks for the next.
pub(crate) fn lend(sentence: CString) -> *mut c_char {
    let lent = LENT.try_with(|lent| {
        lent.replace(sentence);
        lent.borrow().as_ptr().cast_mut()
    });
    lent.unwrap_or(core::ptr::null_mut())
}
