//! Every way a connection can fail, and the alert of each.
//!
//! Each protocol failure is one row: its name, the alert that tells the peer, and the sentence
//! that tells the operator. The row is the only place where an alert is chosen; the match that
//! the rows expand to has no wildcard, so a new failure does not compile without its alert.
//!
//! Five families are told apart by type: the peer violated the protocol ([`PeerMisbehaved`]),
//! nothing is in common ([`NothingInCommon`]), a certificate was refused ([`CertificateError`]), a pre-shared key was
//! ([`PskFailure`]), and our own configuration or use is wrong ([`UsageError`]). Alerts that the *peer* sent are
//! separate again ([`Error::AlertReceived`]).

use core::fmt;

use crate::parameters::{
    AlertDescription, ContentType, ExtensionType, HandshakeType, ProtocolVersion,
};

/// A failed connection or call. Fatal unless the method that returned it says otherwise; a
/// connection that failed returns the same error from every later call.
// The tag has a whole word: behind a tag of one byte the rest is copied in pieces that lie across the words it was written in,
// which processors wait for, and every `Result` has it inside.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u64)]
pub enum Error {
    /// The peer broke a rule of the protocol.
    PeerMisbehaved(PeerMisbehaved),
    /// Both sides obey the protocol but have no common ground.
    NothingInCommon(NothingInCommon),
    /// A certificate, or the lack of one, was the reason.
    Certificate(CertificateError),
    /// A pre-shared key, or the lack of one, was the reason.
    Psk(PskFailure),
    /// The peer ended the connection with this fatal alert.
    AlertReceived(AlertDescription),
    /// The transport ended without `close_notify`: data may be missing (RFC 8446 Section 6.1).
    Truncated,
    /// The peer ended the connection, with or without `close_notify`, before the handshake was complete.
    ClosedDuringHandshake {
        /// What the handshake was waiting for.
        expected: &'static str,
    },
    /// The application's own callback or key refused or failed; the text is the application's.
    Application(String),
    /// The application's own callback refused the peer, with an alert of its choice; the text is the application's and stays on
    /// this side.
    Refused {
        /// The alert that tells the peer.
        alert: AlertDescription,
        /// Why, for this side's log.
        reason: String,
    },
    /// This side was asked for something it cannot do.
    Usage(UsageError),
    /// A defect of this library or of the cryptography below it; never caused by a peer.
    Internal(&'static str),
}

/// Turns what cannot be missing into [`Error::Internal`] if it is.
pub(crate) trait OrInternal<T> {
    /// As `ok_or`, which would make an error each time, only to drop it.
    fn or_internal(self, reason: &'static str) -> Result<T, Error>;
}

impl<T> OrInternal<T> for Option<T> {
    fn or_internal(self, reason: &'static str) -> Result<T, Error> {
        match self {
            Some(value) => Ok(value),
            None => Err(Error::Internal(reason)),
        }
    }
}

impl Error {
    /// The alert that tells the peer about this failure; `None` where nothing is to be sent
    /// (the peer sent the alert itself, or has gone).
    pub fn alert(&self) -> Option<AlertDescription> {
        match self {
            Self::PeerMisbehaved(error) => Some(error.alert()),
            Self::NothingInCommon(error) => Some(error.alert()),
            Self::Certificate(error) => Some(error.alert()),
            Self::Psk(error) => Some(error.alert()),
            Self::AlertReceived(_) | Self::Truncated | Self::ClosedDuringHandshake { .. } => None,
            Self::Application(_) | Self::Internal(_) => Some(AlertDescription::INTERNAL_ERROR),
            Self::Refused { alert, .. } => Some(*alert),
            Self::Usage(_) => Some(AlertDescription::INTERNAL_ERROR),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PeerMisbehaved(error) => write!(f, "peer broke the protocol: {error}"),
            Self::NothingInCommon(error) => write!(f, "nothing in common with the peer: {error}"),
            Self::Certificate(error) => error.fmt(f),
            Self::Psk(error) => error.fmt(f),
            Self::AlertReceived(alert) => write!(f, "peer refused with alert {alert}"),
            Self::Truncated => f.write_str(
                "connection ended without close_notify: data may have been cut off (RFC 8446 Section 6.1)",
            ),
            Self::ClosedDuringHandshake { expected } => write!(
                f,
                "peer closed the connection during the handshake, while {expected} was awaited"
            ),
            Self::Application(reason) | Self::Refused { reason, .. } => {
                write!(f, "application: {reason}")
            }
            Self::Usage(error) => error.fmt(f),
            Self::Internal(reason) => write!(f, "internal error: {reason}"),
        }
    }
}

impl core::error::Error for Error {}

impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Truncated | Error::ClosedDuringHandshake { .. } => {
                std::io::ErrorKind::UnexpectedEof
            }
            Error::AlertReceived(_) => std::io::ErrorKind::ConnectionAborted,
            Error::Usage(_) => std::io::ErrorKind::InvalidInput,
            _ => std::io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

/// Declares one family of failures. Each row reads
/// `Name { field: Type } => ALERT, "sentence with {field}";` (`as` names the variant of [`Error`] that
/// carries the family) and becomes an enum variant, an arm of
/// `alert()` and an arm of `Display`.
macro_rules! errors {
    (
        $(#[$family_doc:meta])*
        pub enum $family:ident as $variant:ident {
            $(
                $(#[$doc:meta])*
                $name:ident $({ $($field:ident : $type:ty),+ $(,)? })? => $alert:ident, $sentence:literal;
            )+
        }
    ) => {
        $(#[$family_doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $family {
            $(
                $(#[$doc])*
                #[doc = concat!("\n\nAlert: `", stringify!($alert), "`. “", $sentence, "”")]
                $name $({ $(
                    #[doc = concat!("See the sentence: `", stringify!($field), "`.")]
                    $field: $type
                ),+ })?,
            )+
        }

        impl $family {
            /// The alert that tells the peer.
            pub fn alert(&self) -> AlertDescription {
                match self {
                    $( Self::$name $({ $($field: _),+ })? => AlertDescription::$alert, )+
                }
            }
        }

        impl fmt::Display for $family {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $( Self::$name $({ $($field),+ })? => write!(f, $sentence), )+
                }
            }
        }

        impl From<$family> for Error {
            fn from(error: $family) -> Self {
                Error::$variant(error)
            }
        }
    };
}

errors! {
    /// The peer violated the protocol.
    pub enum PeerMisbehaved as PeerMisbehaved {
        // Records.
        /// One answer for every reason a record may fail to decrypt, so that it tells an attacker nothing.
        BadRecordMac => BAD_RECORD_MAC, "record could not be decrypted (RFC 8446 Section 5.2)";
        /// More bytes than a protected or plain record may hold.
        RecordOverflow { len: usize, limit: usize } => RECORD_OVERFLOW, "record of {len} bytes, at most {limit} are allowed (RFC 8446 Section 5.1, RFC 8449)";
        /// First bytes that no TLS peer sends: a plain-text protocol, most likely.
        NotTls { start: String } => UNEXPECTED_MESSAGE, "this is not TLS: the peer's first bytes are {start}";
        /// A record type that RFC 8446 does not know or that is not legal here.
        UnexpectedRecord { content_type: ContentType, expected: &'static str } => UNEXPECTED_MESSAGE, "record of type {content_type} while {expected} was awaited";
        /// A record without padding that decrypts to nothing but zeros has no content type.
        NoContentType => UNEXPECTED_MESSAGE, "protected record holds only padding and no content type (RFC 8446 Section 5.4)";
        /// Zero-length handshake or alert fragments are forbidden.
        EmptyFragment { content_type: ContentType } => UNEXPECTED_MESSAGE, "zero-length {content_type} record (RFC 8446 Section 5.1 and 5.4)";
        /// Legal one by one, an attack in number.
        TooManyEmptyRecords { limit: usize } => UNEXPECTED_MESSAGE, "more than {limit} empty records in a row";
        /// Legal one by one, an attack in number.
        TooManyWarningAlerts { limit: usize } => UNEXPECTED_MESSAGE, "more than {limit} warning alerts in a row";
        /// Legal one by one, an attack in number.
        TooManyKeyUpdates { limit: usize } => UNEXPECTED_MESSAGE, "more than {limit} KeyUpdate messages in a row without application data";
        /// Legal one by one, an attack in number.
        TooManyTickets { limit: usize } => UNEXPECTED_MESSAGE, "more than {limit} NewSessionTicket messages in a row without application data";
        /// Legal one by one, an attack in number.
        TooManyCertificateRequests { limit: usize } => UNEXPECTED_MESSAGE, "more than {limit} CertificateRequest messages in a row without application data, or before the answers could leave";
        /// The dummy of middlebox compatibility mode is one byte of value 1, outside protection, during the handshake only.
        IllegalChangeCipherSpec => UNEXPECTED_MESSAGE, "change_cipher_spec record that RFC 8446 Section 5 does not allow";
        /// In TLS 1.2 and older it comes where the handshake says, and nowhere else.
        UnexpectedChangeCipherSpec { expected: &'static str } => UNEXPECTED_MESSAGE, "change_cipher_spec while {expected} was awaited (RFC 5246 Section 7.1)";
        /// In TLS 1.2 and older it is one byte of value 1.
        MalformedChangeCipherSpec { len: usize } => UNEXPECTED_MESSAGE, "change_cipher_spec of {len} bytes that is not one byte of value 1 (RFC 5246 Section 7.1)";
        /// In TLS 1.2 and older every record has the version that was negotiated.
        WrongRecordVersion { got: ProtocolVersion, negotiated: ProtocolVersion } => PROTOCOL_VERSION, "record of {got}, and {negotiated} was negotiated (RFC 5246 Section 6.2.1)";
        /// An alert of other than two bytes.
        IllegalAlert { len: usize } => DECODE_ERROR, "alert record of {len} bytes (RFC 8446 Section 6)";
        /// Plain text where only protected records may come.
        UnprotectedRecord { content_type: ContentType } => UNEXPECTED_MESSAGE, "unprotected {content_type} record after keys were agreed (RFC 8446 Section 5)";

        // Messages.
        /// Another message was awaited by name.
        UnexpectedMessage { got: HandshakeType, expected: &'static str } => UNEXPECTED_MESSAGE, "{got} while {expected} was awaited";
        /// A handshake message longer than this side accepts.
        MessageTooLong { message: HandshakeType, len: usize, limit: usize } => ILLEGAL_PARAMETER, "{message} of {len} bytes, at most {limit} are accepted";
        /// A message that cannot be read. `what` names the field, `problem` what is wrong with it.
        Malformed { what: &'static str, problem: &'static str } => DECODE_ERROR, "malformed {what}: {problem}";
        /// Handshake bytes left in the buffer where keys change (cf. RUSTSEC-2026-0285), or where it is this side's turn.
        HandshakeBytesAcrossKeyChange => UNEXPECTED_MESSAGE, "handshake message is not aligned with the change of keys, or with the end of the peer's flight (RFC 8446 Section 5.1)";
        /// A record of another type inside a fragmented handshake message.
        InterleavedHandshake { content_type: ContentType } => UNEXPECTED_MESSAGE, "{content_type} record between the fragments of a handshake message (RFC 8446 Section 5.1)";
        /// Each extension may appear once.
        DuplicateExtension { extension: ExtensionType, message: &'static str } => ILLEGAL_PARAMETER, "extension {extension} twice in {message} (RFC 8446 Section 4.2)";
        /// Known, but not in this message.
        MisplacedExtension { extension: ExtensionType, message: &'static str } => ILLEGAL_PARAMETER, "extension {extension} may not appear in {message} (RFC 8446 Section 4.2)";
        /// A response to what was never asked.
        UnsolicitedExtension { extension: ExtensionType, message: &'static str } => UNSUPPORTED_EXTENSION, "extension {extension} in {message} answers nothing that was offered (RFC 8446 Section 4.2)";
        /// Required here.
        MissingExtension { extension: &'static str, message: &'static str } => MISSING_EXTENSION, "{message} lacks {extension} (RFC 8446 Section 9.2)";
        /// pre_shared_key must come last in a ClientHello.
        PreSharedKeyNotLast => ILLEGAL_PARAMETER, "pre_shared_key is not the last extension of ClientHello (RFC 8446 Section 4.2.11)";
        /// Any other value that is out of range or contradicts what went before.
        IllegalParameter { what: &'static str } => ILLEGAL_PARAMETER, "{what}";

        // Negotiation.
        /// The peer chose what was not offered. `what` is the parameter, `value` what was chosen.
        NotOffered { what: &'static str, value: String } => ILLEGAL_PARAMETER, "peer selected {what} {value}, which was not offered";
        /// A hello with legacy_version of SSL 3.0.
        Ssl3 => PROTOCOL_VERSION, "peer's hello is of SSL 3.0 (RFC 8446 Appendix D.5)";
        /// supported_versions in ServerHello names another version than TLS 1.3.
        IllegalVersion { version: u16 } => ILLEGAL_PARAMETER, "supported_versions in ServerHello names version {version:#06x}, which was not offered (RFC 8446 Section 4.2.1)";
        /// A peer that can speak TLS 1.3 was made to believe that we cannot.
        DowngradeDetected => ILLEGAL_PARAMETER, "downgrade sentinel in ServerHello.random: someone removed the newer version (RFC 8446 Section 4.1.3)";
        /// A server of an older version cannot read early data, nor skip it.
        OlderVersionAfterEarlyData { version: ProtocolVersion } => PROTOCOL_VERSION, "server chose {version} after early data was offered, which is of TLS 1.3: try again without (RFC 8446 Appendix D.3)";
        /// The second ClientHello changed something that Section 4.1.2 does not allow to change.
        SecondHelloChanged { what: &'static str } => ILLEGAL_PARAMETER, "second ClientHello changed {what} (RFC 8446 Section 4.1.2)";
        /// A client that says it has tried a higher version, which this server has.
        InappropriateFallback { ours: String, offered: String } => INAPPROPRIATE_FALLBACK, "client falls back to {offered} and this server has {ours}: an attempt with that was disturbed (RFC 7507 Section 3)";
        /// A peer of an older version that could be made to renegotiate by others.
        NoSecureRenegotiation => HANDSHAKE_FAILURE, "peer has no secure renegotiation (RFC 5746), and it is required";
        /// Data of an earlier handshake where there was none.
        BadRenegotiationInfo => HANDSHAKE_FAILURE, "renegotiation_info is not empty in a first handshake (RFC 5746 Section 3.4 and 3.6)";
        /// A peer of an older version whose keys are not bound to the handshake.
        NoExtendedMainSecret => HANDSHAKE_FAILURE, "peer has no extended_main_secret (RFC 7627), and it is required";
        /// A session that had it is resumed without.
        ExtendedMainSecretMissing => HANDSHAKE_FAILURE, "session made with extended_main_secret is resumed without (RFC 7627 Section 5.3)";
        /// A finite-field group that is none, or a trivial one.
        BadDhGroup { problem: &'static str } => ILLEGAL_PARAMETER, "server's Diffie-Hellman group is bad: {problem}";
        /// 0, 1, p - 1 or beyond.
        BadDhPublicValue => ILLEGAL_PARAMETER, "peer's Diffie-Hellman public value is not in the group (RFC 7919 Section 5.1)";
        /// Too small to protect anything (Logjam).
        DhGroupTooSmall { bits: u32, min_bits: u32 } => INSUFFICIENT_SECURITY, "server's Diffie-Hellman group has {bits} bits, at least {min_bits} are required (RFC 7919 Section 5.1)";
        /// Larger than anybody needs, so that this side would work long.
        DhGroupTooLarge { bits: u32 } => ILLEGAL_PARAMETER, "server's Diffie-Hellman group has {bits} bits, at most 8192 are taken";
        /// Somebody else came in the middle of a connection.
        RenegotiatedAsAnother => ILLEGAL_PARAMETER, "server renegotiates with another certificate than it began the connection with";
        /// A peer that renegotiates again and again.
        TooManyRenegotiations { limit: usize } => UNEXPECTED_MESSAGE, "more than {limit} attempts at renegotiation in a row";
        /// Only one HelloRetryRequest is allowed.
        SecondHelloRetryRequest => UNEXPECTED_MESSAGE, "second HelloRetryRequest in one handshake (RFC 8446 Section 4.1.4)";
        /// A HelloRetryRequest that asks for nothing new.
        PointlessHelloRetryRequest => ILLEGAL_PARAMETER, "HelloRetryRequest would change nothing in ClientHello (RFC 8446 Section 4.1.4)";
        /// A key share that cannot be a key of its group.
        BadKeyShare { group: u16 } => ILLEGAL_PARAMETER, "key share of group {group:#06x} is not a valid key (RFC 8446 Section 4.2.8)";

        // Pre-shared keys and early data.
        /// selected_identity is not the index of an identity that was offered.
        SelectedIdentityOutOfRange { selected: u16, offered: usize } => ILLEGAL_PARAMETER, "server selected pre-shared key number {selected}, and {offered} were offered, counted from 0 (RFC 8446 Section 4.2.11)";
        /// The selected key belongs to another hash than that of the cipher suite.
        PskHashMismatch { suite: String, hash: String } => ILLEGAL_PARAMETER, "server selected {suite} with a pre-shared key for {hash} (RFC 8446 Section 4.2.11)";
        /// A server that would use the key alone was told that this is not wanted, or the other way round.
        PskModeNotOffered { mode: &'static str } => ILLEGAL_PARAMETER, "server uses the pre-shared key by {mode}, which was not offered (RFC 8446 Section 4.2.11)";
        /// More early data than the server allowed.
        TooMuchEarlyData { limit: u32 } => UNEXPECTED_MESSAGE, "more than the {limit} bytes of early data that are allowed (RFC 8446 Section 4.2.10)";

        // Authentication.
        /// CertificateVerify, or before TLS 1.3 ServerKeyExchange, does not verify.
        BadSignature => DECRYPT_ERROR, "signature over the handshake is wrong: the peer does not hold the key of its certificate (RFC 8446 Section 4.4.3, RFC 5246 Section 7.4.3 and 7.4.8)";
        /// A signature scheme that was not offered or does not fit the certificate's key.
        WrongSignatureScheme { scheme: u16 } => ILLEGAL_PARAMETER, "signature scheme {scheme:#06x} was not offered or does not fit the key of the peer's certificate (RFC 8446 Section 4.4.3, RFC 5246 Section 7.4.1.4.1)";
        /// Finished does not verify: the two sides saw different handshakes.
        BadFinished => DECRYPT_ERROR, "Finished does not match the handshake: it was changed on the way (RFC 8446 Section 4.4.4)";
    }
}

errors! {
    /// Both sides obey the protocol, and have nothing in common.
    pub enum NothingInCommon as NothingInCommon {
        /// No version of TLS. Both ranges are named.
        Version { ours: String, peers: String } => PROTOCOL_VERSION, "no common version: we allow {ours}, the peer {peers}";
        /// No cipher suite.
        CipherSuite { ours: String, peers: String } => HANDSHAKE_FAILURE, "no common cipher suite: we allow {ours}, the peer {peers}";
        /// No group for key exchange.
        Group { ours: String, peers: String } => HANDSHAKE_FAILURE, "no common group: we allow {ours}, the peer {peers}";
        /// None of our credentials can sign what the peer can verify.
        SignatureScheme { ours: String, peers: String } => HANDSHAKE_FAILURE, "no common signature scheme: our keys can make {ours}, the peer accepts {peers}";
        /// None of our certificates is of an authority that the peer named, and one must be.
        Issuer { ours: String, peers: String } => HANDSHAKE_FAILURE, "no certificate of an authority that the peer named: ours are of {ours}, the peer named {peers}";
        /// RFC 7301 Section 3.2.
        ApplicationProtocol { ours: String, peers: String } => NO_APPLICATION_PROTOCOL, "no common application protocol (ALPN): we speak {ours}, the peer {peers}";
        /// No mode in which both would use a pre-shared key.
        PskKeyExchangeMode { ours: String, peers: String } => HANDSHAKE_FAILURE, "no common mode for pre-shared keys: we allow {ours}, the peer {peers} (RFC 8446 Section 4.2.9)";
        /// The name in SNI is not served here. For [`ChooseServerConfig`](crate::config::ChooseServerConfig) and
        /// [`ChooseCredential`](crate::decision::ChooseCredential) to return; the library itself serves any name.
        ServerName { name: String } => UNRECOGNIZED_NAME, "server name {name} is not served here (RFC 6066 Section 3)";
    }
}

errors! {
    /// A certificate was refused, or none came where one is required.
    pub enum CertificateError as Certificate {
        /// The client sent none although one is required.
        Required => CERTIFICATE_REQUIRED, "peer sent no certificate, and one is required (RFC 8446 Section 4.4.2.4)";
        /// The same before TLS 1.3, where certificate_required does not exist.
        RequiredBefore13 => HANDSHAKE_FAILURE, "peer sent no certificate, and one is required (RFC 5246 Section 7.4.6)";
        /// This server has none to send.
        NoneToPresent => HANDSHAKE_FAILURE, "this server has no certificate for this client";
        /// A server must send one.
        Empty => DECODE_ERROR, "server sent an empty certificate list (RFC 8446 Section 4.4.2.4)";
        /// Not DER, or not X.509.
        Malformed { reason: String } => BAD_CERTIFICATE, "peer's certificate cannot be read: {reason}";
        /// No path to a trusted CA, nor a pinned leaf. `sent` counts the peer's certificates.
        UnknownIssuer { issuer: String, sent: usize } => UNKNOWN_CA, "no trusted CA has the name that the peer's chain of {sent} leads to: {issuer}";
        /// Self-signed, and neither pinned nor trusted as a CA.
        SelfSigned { subject: String } => UNKNOWN_CA, "peer's certificate is self-signed and not among the trusted ones: {subject}";
        /// A signature inside the chain is wrong. `issuer` is who should have made it.
        BadChainSignature { issuer: String } => BAD_CERTIFICATE, "a signature in the peer's certificate chain is wrong: not made by the known key of {issuer}";
        /// webpki's list of keys that nobody should trust.
        Distrusted => BAD_CERTIFICATE, "a key in the peer's certificate chain is known to be compromised";
        /// RFC 5280 Section 4.2: "MUST reject the certificate if it encounters a critical extension it does not recognize".
        UnsupportedExtension => UNSUPPORTED_CERTIFICATE, "peer's certificate chain has a critical extension that is not understood (RFC 5280 Section 4.2)";
        /// Limits on signatures, paths and name constraints that one chain may cost.
        TooComplex => BAD_CERTIFICATE, "peer's certificate chain takes more work to verify than is allowed";
        /// An algorithm that is not accepted in chains.
        UnsupportedAlgorithm { algorithm: String } => BAD_CERTIFICATE, "peer's certificate chain uses {algorithm}, which is not accepted";
        /// The name we asked for is not in the certificate.
        NameMismatch { wanted: String, presented: String } => BAD_CERTIFICATE, "peer's certificate is for {presented}, not for {wanted}";
        /// notAfter has passed.
        Expired { not_after: UnixSeconds, now: UnixSeconds } => CERTIFICATE_EXPIRED, "peer's certificate chain expired on {not_after}, now is {now}";
        /// notBefore is to come.
        NotYetValid { not_before: UnixSeconds, now: UnixSeconds } => CERTIFICATE_EXPIRED, "peer's certificate chain is not valid before {not_before}, now is {now}";
        /// On a CRL.
        Revoked => CERTIFICATE_REVOKED, "peer's certificate was revoked";
        /// CRLs were given but none of them speaks for this certificate, or it is out of date.
        RevocationUnknown { reason: String } => CERTIFICATE_UNKNOWN, "revocation of the peer's certificate cannot be decided: {reason}";
        /// Key usage or extended key usage forbids this use.
        WrongUsage { usage: String } => UNSUPPORTED_CERTIFICATE, "peer's certificate may not be used for {usage}";
        /// A leaf's key that this library or this configuration does not take.
        UnsupportedKey { reason: String } => UNSUPPORTED_CERTIFICATE, "peer's certificate has a key that is not accepted: {reason}";
        /// Constraints of a CA are violated (name constraints, path length, basic constraints).
        ConstraintViolated { constraint: String } => BAD_CERTIFICATE, "a CA in the peer's chain does not allow this certificate: {constraint}";
        /// The stapled OCSP response says no, or cannot be believed. For the application's
        /// [`VerifyPeer`](crate::decision::VerifyPeer) to return.
        BadOcspResponse { reason: String } => BAD_CERTIFICATE_STATUS_RESPONSE, "stapled OCSP response: {reason}";
        /// The application's verifier said no.
        Refused { reason: String } => CERTIFICATE_UNKNOWN, "peer's certificate was refused by the application: {reason}";
        /// The same, and the peer is told no more than that the handshake failed, as OpenSSL and BoringSSL do for their
        /// `X509_V_ERR_APPLICATION_VERIFICATION`.
        RefusedUntold { reason: String } => HANDSHAKE_FAILURE, "peer's certificate was refused by the application: {reason}";
    }
}

errors! {
    /// A pre-shared key was refused, or none came where one is required.
    ///
    /// The first three have one alert, sent at one point of the handshake: a client cannot tell them apart, or it could
    /// find out which identities exist (RFC 8446 Section 4.2.11 and Appendix E.6). This side can.
    pub enum PskFailure as Psk {
        /// The store has no key of any identity that the client offered; `identity` is the first of those.
        UnknownIdentity { identity: String } => DECRYPT_ERROR, "no key here for the identity that the client offered: {identity}";
        /// The client does not hold the key of the identity that it offered.
        WrongKey { identity: String } => DECRYPT_ERROR, "the client's key for {identity} is not ours: its binder is wrong (RFC 8446 Section 4.2.11.2)";
        /// The same before TLS 1.3, where Finished shows it.
        WrongKeyInFinished { identity: String } => DECRYPT_ERROR, "the client's key for {identity} is not ours: its Finished does not decrypt (RFC 4279 Section 2)";
        /// There is a key, and it cannot be used in this handshake. `reason` says why.
        Unusable { identity: String, reason: String } => DECRYPT_ERROR, "the key of {identity} cannot be used: {reason}";
        /// A client without a key at a server that demands one.
        Required => HANDSHAKE_FAILURE, "client offered no pre-shared key, and one is required";
        /// The server chose none of our keys, and nothing else will do.
        NotAccepted => HANDSHAKE_FAILURE, "server accepted none of the pre-shared keys that were offered, and one is required";
        /// The server took the key, and did not show its certificate too.
        CertificateRequired => HANDSHAKE_FAILURE, "server uses the pre-shared key without a certificate, and both are required (RFC 9973)";
        /// A client that does not offer to use key and certificate together.
        CertificateNotOffered => HANDSHAKE_FAILURE, "client does not offer to use a pre-shared key together with a certificate, and both are required (RFC 9973)";
        /// Our own client's ClientHello came back to us (RFC 9257 Section 4.1).
        Reflected { identity: String } => ILLEGAL_PARAMETER, "this is our own ClientHello for {identity}, sent back to us by somebody in between (RFC 9257 Section 4.1)";
    }
}

/// A point in time: seconds since 1970-01-01 00:00:00 UTC. Prints as `2026-06-01 00:00:00 UTC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSeconds(pub u64);

impl fmt::Display for UnixSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: u64 = 24 * 60 * 60;
        let (days, second) = (self.0 / DAY, self.0 % DAY);
        // Counted from 0000-03-01, a year has its leap day last, and 400 years always have 146,097 days.
        let days = days + 719_468;
        let (era, day) = (days / 146_097, days % 146_097);
        let year_of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        // Months from March on: 31, 30, 31, 30, 31 days, again and again.
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let (month, next_year) = if month < 10 {
            (month + 3, 0)
        } else {
            (month - 9, 1)
        };
        let year = 400 * era + year_of_era + next_year;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC"
        )
    }
}

/// This side was asked for something it cannot do, or was configured with a contradiction.
/// Nothing was sent; the connection, where there is one, goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UsageError {
    /// Application data was written or read before the handshake was complete.
    HandshakeIncomplete,
    /// Writing after `close()`.
    WriteAfterClose,
    /// `close()` gave the connection up before its handshake was complete. Fatal.
    ClosedInHandshake,
    /// Only a pre-shared key will do, and there is none for this server that fits an enabled cipher suite. Fatal.
    NoPskToOffer,
    /// The operation needs something that was not negotiated or configured. The text names both.
    NotAvailable(&'static str),
    /// A configuration contradicts itself. The text says what to change.
    Config(String),
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HandshakeIncomplete => f.write_str("the handshake is not complete yet"),
            Self::WriteAfterClose => f.write_str("write after close"),
            Self::ClosedInHandshake => {
                f.write_str("this side closed the connection before its handshake was complete")
            }
            Self::NoPskToOffer => f.write_str(
                "a pre-shared key is required, and there is none for this server whose hash an enabled cipher suite has",
            ),
            Self::NotAvailable(what) => f.write_str(what),
            Self::Config(what) => write!(f, "configuration: {what}"),
        }
    }
}

impl From<UsageError> for Error {
    fn from(error: UsageError) -> Self {
        Self::Usage(error)
    }
}

#[cfg(test)]
mod tests {
    use super::UnixSeconds;

    #[test]
    fn times_print_as_dates() {
        // The right-hand sides are what `date -u -d @SECONDS` prints.
        for (seconds, date) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_780_272_000, "2026-06-01 00:00:00 UTC"),
            (1_735_689_599, "2024-12-31 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
            (253_402_300_799, "9999-12-31 23:59:59 UTC"),
        ] {
            assert_eq!(UnixSeconds(seconds).to_string(), date);
        }
    }
}
