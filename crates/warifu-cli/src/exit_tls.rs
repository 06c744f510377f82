//! Failures of TLS itself: their exit codes and texts, for [`crate::exit`].

use warifu::parameters::AlertDescription as Alert;
use warifu::{CertificateError, Error, NothingInCommon, PeerMisbehaved, PskFailure, UsageError};

use crate::args::LenientRule;
use crate::exit::{Code, Place, Role, Text, text};

pub(crate) fn tls_code(error: &Error) -> Code {
    match error {
        Error::AlertReceived(_) => Code::AlertReceived,
        Error::PeerMisbehaved(_) | Error::NothingInCommon(_) => Code::PeerMisbehaved,
        Error::Certificate(CertificateError::NameMismatch { .. }) => Code::NameMismatch,
        Error::Certificate(
            CertificateError::Expired { .. } | CertificateError::NotYetValid { .. },
        ) => Code::NotValidNow,
        Error::Certificate(CertificateError::Revoked) => Code::Revoked,
        Error::Certificate(CertificateError::Empty) => Code::PeerMisbehaved,
        Error::Certificate(_) => Code::NotTrusted,
        Error::Psk(
            PskFailure::UnknownIdentity { .. } | PskFailure::Required | PskFailure::NotAccepted,
        ) => Code::UnknownIdentity,
        Error::Psk(PskFailure::WrongKey { .. } | PskFailure::WrongKeyInFinished { .. }) => {
            Code::WrongKey
        }
        // The key may be right; the two sides want to use it differently, or are one and the same.
        Error::Psk(_) => Code::PeerMisbehaved,
        Error::Truncated | Error::ClosedDuringHandshake { .. } => Code::Truncated,
        Error::Usage(_) => Code::Usage,
        _ => Code::No,
    }
}

pub(crate) fn tls_text(place: &Place, error: &Error) -> Text {
    let peer = &place.peer;
    match error {
        Error::AlertReceived(alert) => alert_text(place, *alert),
        Error::PeerMisbehaved(error) => misbehaved_text(place, error),
        Error::NothingInCommon(error) => nothing_in_common_text(place, error),
        Error::Certificate(error) => certificate_text(place, error),
        Error::Psk(error) => psk_text(place, error),
        Error::Usage(UsageError::NoPskToOffer) => no_psk_text(place),
        Error::Truncated => text(
            format!("{peer} ended the connection without close_notify"),
            "its program crashed, was stopped or never sends close_notify; or someone cut the connection",
            "compare what arrived with what was expected: the end may be missing",
        ),
        Error::ClosedDuringHandshake { expected } => text(
            format!("{peer} hung up during the handshake, while {expected} was awaited"),
            "it does not speak TLS on this port, or refuses us without saying why",
            "check the port; the peer's own log tells more",
        ),
        Error::Usage(error) => text(
            format!("this cannot be done on this connection: {error}"),
            "an option asks for what the peer did not offer, or what its version of TLS does not have",
            match place.role {
                Role::Server => {
                    "start the client with the same option (--post-handshake-auth), or this server without it"
                }
                Role::Client => "leave the option out, or add -v to see what was negotiated",
            },
        ),
        other => text(
            format!("the connection with {peer} failed: {other}"),
            "a defect of this program",
            "report it with the output of the same command and -v",
        ),
    }
}

/// A key that cannot be offered, for reasons that differ by version.
fn no_psk_text(place: &Place) -> Text {
    let what = format!(
        "no pre-shared key can be offered with the cipher suites that are on ({})",
        place.versions
    );
    match place.versions.ends_with("TLS 1.3") {
        true => text(
            what,
            "the key goes with another hash than all suites that --suites leaves",
            "leave --suites out, or name a suite with the key's hash (SHA256, SHA384); before TLS 1.3, one with PSK",
        ),
        false => text(
            what,
            "no suite that is on uses keys; --psk-policy with-certificate needs one with RSA_PSK; or the key is for TLS 1.3 alone (--psk-import)",
            "leave --suites and --psk-import out, or add --policy compat; warifu suites --psk shows what is on",
        ),
    }
}

fn alert_text(place: &Place, alert: Alert) -> Text {
    let peer = &place.peer;
    let again = match place.role {
        Role::Client => format!("warifu client {peer}"),
        Role::Server => "the client".to_owned(),
    };
    let (cause, next) = match alert {
        Alert::CERTIFICATE_REQUIRED => (
            "it wants a certificate from us and got none",
            format!("{again} --cert FILE --key FILE"),
        ),
        Alert::UNKNOWN_CA => (
            "it does not trust the CA that signed our certificate",
            match place.role {
                Role::Client => format!(
                    "give {peer} the CA of our --cert, or use a certificate of a CA that it trusts"
                ),
                Role::Server => {
                    "start the client with --ca and the certificate of the CA that signed this server's".to_owned()
                }
            },
        ),
        Alert::BAD_CERTIFICATE | Alert::CERTIFICATE_UNKNOWN | Alert::UNSUPPORTED_CERTIFICATE => (
            "it refuses our certificate: wrong name, wrong usage, another CA of the same name, or a kind of key it does not take",
            "warifu cert show FILE    for our certificate; then read the peer's own log".to_owned(),
        ),
        Alert::CERTIFICATE_EXPIRED => (
            "our certificate has expired or is not valid yet, or one of the two clocks is wrong",
            "warifu cert show FILE    for our certificate; date -u on both machines".to_owned(),
        ),
        Alert::CERTIFICATE_REVOKED => (
            "our certificate was revoked",
            "get a new certificate from the CA".to_owned(),
        ),
        Alert::ACCESS_DENIED => (
            "our certificate is valid, but its holder may not do this",
            "ask the peer's operator for the right".to_owned(),
        ),
        Alert::PROTOCOL_VERSION => return version_refused(place),
        Alert::INAPPROPRIATE_FALLBACK => (
            "it allows a newer version than this side offered, and takes the attempt for one that somebody disturbed",
            "leave --tls out".to_owned(),
        ),
        Alert::DECRYPT_ERROR | Alert::UNKNOWN_PSK_IDENTITY => psk_refused(place),
        // Before TLS 1.3 a wrong key shows when the first record does not decrypt.
        Alert::BAD_RECORD_MAC if place.with_psk && !place.established => psk_refused(place),
        // What OpenSSL and GnuTLS say to a wrong key.
        Alert::ILLEGAL_PARAMETER if place.with_psk && place.role == Role::Client => {
            psk_refused(place)
        }
        // A server goes on without a key, and there is no certificate that we would take.
        Alert::MISSING_EXTENSION if place.with_psk && place.role == Role::Client => (
            "it took none of our keys and would go on with a certificate, which does not do for us: it does not know our identity, allows other modes, or uses no keys at all",
            "compare identity (warifu psk list FILE) and --psk-mode with the peer's settings; or add --ca FILE, and its certificate will do as well".to_owned(),
        ),
        Alert::HANDSHAKE_FAILURE | Alert::INSUFFICIENT_SECURITY
            if place.with_psk && place.role == Role::Server =>
        (
            "the client wants this server's certificate beside the key (--psk-policy with-certificate), or insists on a key that was not taken here",
            "start both sides with --psk-policy with-certificate, or the client without; its own message tells more".to_owned(),
        ),
        Alert::HANDSHAKE_FAILURE | Alert::INSUFFICIENT_SECURITY if place.with_psk => (
            "it does not use this pre-shared key: the identity is not known there, the two sides allow different modes or groups (before TLS 1.3: cipher suites), or it wants a certificate too",
            "compare identity, --psk-mode, --psk-hash, --psk-import, --groups, --tls and --policy with the peer's settings (--policy psk-iot allows most suites); its own log tells more".to_owned(),
        ),
        Alert::HANDSHAKE_FAILURE | Alert::INSUFFICIENT_SECURITY => (
            match place.role {
                Role::Client => {
                    "it found no cipher suite, group or signature scheme in common, or wants a pre-shared key and got none (before TLS 1.3 also: a certificate)"
                }
                Role::Server => {
                    "it found no cipher suite, group or signature scheme in common, or insists on a pre-shared key"
                }
            },
            match place.role {
                Role::Client => format!(
                    "leave out --suites and --groups; for an old server add --policy compat; if its certificate is signed with \
                     SHA-1: {again} --trust-lenient sha1; if it wants a certificate: {again} --cert FILE --key FILE; \
                     or, with a key: {again} --psk-identity NAME --psk-file FILE"
                ),
                Role::Server => {
                    "leave out --suites and --groups; for old clients add --policy compat; for clients with keys start this server with --psk-file FILE".to_owned()
                }
            },
        ),
        Alert::NO_APPLICATION_PROTOCOL => (
            "it speaks none of the application protocols offered",
            format!("{again} without --alpn, or with a protocol that it has"),
        ),
        Alert::UNRECOGNIZED_NAME => (
            "it serves no host of the name we asked for",
            format!("{again} --server-name NAME"),
        ),
        Alert::INTERNAL_ERROR => (
            "it failed for a reason of its own",
            "read the peer's own log".to_owned(),
        ),
        Alert::USER_CANCELED => ("its user stopped it", "try again".to_owned()),
        _ => (
            "it found our side of the handshake wrong, or something on the way changed it",
            "add -v here and read the peer's own log; report it if neither explains it".to_owned(),
        ),
    };
    text(
        format!("{peer} refused with the alert {alert}"),
        cause,
        next,
    )
}

/// The alert protocol_version: what this side allows is known, what the peer does is not.
fn version_refused(place: &Place) -> Text {
    let (peer, ours) = (&place.peer, &place.versions);
    let again = match place.role {
        Role::Client => format!("warifu client {peer}"),
        Role::Server => "warifu server".to_owned(),
    };
    if place.needs_tls13 {
        return text(
            format!("{peer} refused with the alert protocol_version"),
            NEEDS_TLS13,
            NEEDS_TLS13_NEXT,
        );
    }
    text(
        format!("{peer} refused with the alert protocol_version"),
        format!("it allows none of the versions that this side does: {ours}"),
        match ours.as_str() {
            "TLS 1.3" if !cfg!(feature = "legacy") => {
                "switch TLS 1.3 on at the peer: this build of warifu has no other".to_owned()
            }
            "TLS 1.2 to TLS 1.3" => format!(
                "switch TLS 1.2 or 1.3 on at the peer; or, weaker (RFC 8996): {again} --policy legacy"
            ),
            "TLS 1.0 to TLS 1.3" => {
                "read the peer's own log: this side allows all versions there are".to_owned()
            }
            _ => format!(
                "{again} without --tls, --policy and --suites, which leave no more than that"
            ),
        },
    )
}

/// A server does not say whether it knows the identity, so that nobody can find out by asking.
fn psk_refused(place: &Place) -> (&'static str, String) {
    match place.role {
        Role::Client if place.with_psk => (
            "it does not know our identity, has another key for it, uses the key in another form, or uses no pre-shared keys at all; it does not say which, so that nobody can try names out",
            "compare identity and key on both sides byte for byte (warifu psk list FILE), and --psk-hash and --psk-import; the server's log knows which".to_owned(),
        ),
        _ => (
            "it found our side of the handshake wrong, or something on the way changed it",
            "add -v here and read the peer's own log".to_owned(),
        ),
    }
}

fn psk_text(place: &Place, error: &PskFailure) -> Text {
    let peer = &place.peer;
    let what = format!("{peer}: {error}");
    match error {
        PskFailure::UnknownIdentity { .. } => text(
            what,
            "the client's identity is misspelled, or its key was not added here",
            "warifu psk list FILE    shows the identities; add the client's line to the file, it is read again by itself",
        ),
        PskFailure::WrongKey { .. } | PskFailure::WrongKeyInFinished { .. } => text(
            what,
            "one of the two keys was mistyped or replaced, or the two sides take it for another form (hexadecimal, base64, text) or hash",
            "compare the lines of both sides byte for byte; warifu psk check FILE shows how each line is read",
        ),
        PskFailure::Unusable { .. } => text(
            what,
            "the two sides do not agree about --psk-hash, --psk-import or --suites; or the client resumes a session whose key was removed here",
            "give both sides the same options; a client whose key was removed is meant to be refused",
        ),
        PskFailure::Required => text(
            what,
            "the client was started without a key; it expects a certificate",
            "start the client with --psk-identity NAME --psk-file FILE, or this server with --cert FILE --key FILE --psk-policy optional",
        ),
        PskFailure::NotAccepted => text(
            what,
            "the server does not know our identity and went on with a certificate, or it uses no keys at all",
            "check the identity; with --psk-policy optional and --ca FILE the server's certificate will do as well",
        ),
        PskFailure::CertificateRequired | PskFailure::CertificateNotOffered => text(
            what,
            "only one side was started with --psk-policy with-certificate, or the other does not have RFC 9973",
            "start both sides with it, or none",
        ),
        PskFailure::Reflected { .. } => text(
            what,
            "somebody between us sends our own messages back to us, or this program was pointed at itself",
            "find out who; use keys for one direction each",
        ),
        _ => text(
            what,
            "the two sides use pre-shared keys differently",
            "compare the options of both sides",
        ),
    }
}

fn misbehaved_text(place: &Place, error: &PeerMisbehaved) -> Text {
    let peer = &place.peer;
    let what = format!("{peer} broke the protocol: {error}");
    match error {
        PeerMisbehaved::NotTls { start } => text(
            format!("{peer} does not speak TLS: its first bytes are {start}"),
            match place.role {
                Role::Client => {
                    "the port belongs to another protocol, or to one that needs STARTTLS first"
                }
                Role::Server => "the client speaks plain HTTP or another protocol to this TLS port",
            },
            match place.role {
                Role::Client => {
                    "find the TLS port of that service (HTTPS: 443) and give it: warifu client HOST:PORT"
                }
                Role::Server => "use https:// at the client, or warifu client",
            },
        ),
        // RFC 8446 Section 4.2.3: only a client that takes no certificate leaves it out.
        PeerMisbehaved::MissingExtension {
            extension: "signature_algorithms",
            ..
        } if place.role == Role::Server => {
            let what = format!(
                "{peer} has no pre-shared key that was taken here, and takes no certificate: {error}"
            );
            match place.with_psk {
                true => text(
                    what,
                    "the client's identity is misspelled, its key was not added here, or --psk-mode differs",
                    "warifu psk list FILE    shows the identities; add the client's line to the file, it is read again by itself",
                ),
                false => text(
                    what,
                    "the client was started with a key, and this server has none",
                    "start this server with --psk-file FILE, or the client with --ca FILE",
                ),
            }
        }
        PeerMisbehaved::DowngradeDetected
        | PeerMisbehaved::BadFinished
        | PeerMisbehaved::BadSignature => text(
            what,
            "someone on the way changes the handshake (a TLS-inspecting proxy?), or the peer is defective",
            "try from another network and compare",
        ),
        PeerMisbehaved::InappropriateFallback { .. } => text(
            what,
            "the client tries again with an older version after an attempt failed; somebody may have made it fail, to get the weaker one",
            "find out why its first attempt fails: the log of this server tells",
        ),
        PeerMisbehaved::NoSecureRenegotiation | PeerMisbehaved::BadRenegotiationInfo => {
            renegotiation_text(place, what, error)
        }
        PeerMisbehaved::NoExtendedMainSecret => text(
            what,
            "its TLS is older than 2015 or has RFC 7627 switched off",
            "update the peer, or allow TLS 1.3 on both sides, which does not need it",
        ),
        PeerMisbehaved::ExtendedMainSecretMissing => text(
            what,
            "the peer's TLS was exchanged or set up anew since the session began, or somebody changes the handshake",
            "start a new session: without --resume, or with another file",
        ),
        PeerMisbehaved::DhGroupTooSmall { min_bits, .. } => text(
            what,
            "groups of 1024 bits can be broken, and what was recorded be read (Logjam)",
            format!(
                "have the server's operator make a group of {min_bits} bits or more, or switch ECDHE on; or leave the suites with DHE out of --suites"
            ),
        ),
        PeerMisbehaved::BadDhGroup { .. }
        | PeerMisbehaved::BadDhPublicValue
        | PeerMisbehaved::DhGroupTooLarge { .. } => text(
            what,
            "the server's group was made by hand and badly, or somebody wants to read along",
            "have the server's operator use a group of RFC 7919, or ECDHE; or leave the suites with DHE out of --suites",
        ),
        PeerMisbehaved::TooManyRenegotiations { .. } => text(
            what,
            "this program never renegotiates: it is a waste of time, or an attack",
            "find out what the peer wants by it (a client's certificate, often: ask for it in the handshake)",
        ),
        PeerMisbehaved::BadRecordMac if place.with_psk && !place.established => text(
            what,
            "the two keys differ, if the version is older than TLS 1.3; or data was damaged on the way",
            "compare the lines of both sides byte for byte; warifu psk check FILE shows how each line is read",
        ),
        PeerMisbehaved::BadRecordMac => text(
            what,
            "data was damaged or forged on the way, or two programs read from one connection",
            "try again; from another network if it comes back",
        ),
        _ => text(
            what,
            "the peer's TLS is defective, or something on the way changes it",
            "add -v to see how far it came, and report it to the peer's maker with that output",
        ),
    }
}

/// RFC 5746: who cannot say that it never renegotiated may have been made to, by somebody in between.
fn renegotiation_text(place: &Place, what: String, error: &PeerMisbehaved) -> Text {
    if matches!(error, PeerMisbehaved::BadRenegotiationInfo) {
        return text(
            what,
            "somebody in between puts its own handshake before this one, or the peer is defective",
            "try from another network and compare",
        );
    }
    let option = match place.role {
        Role::Client => format!("warifu client {} --policy legacy", place.peer),
        Role::Server => "warifu server --policy legacy".to_owned(),
    };
    text(
        what,
        "its TLS is older than 2010, or RFC 5746 is switched off there",
        format!("update the peer; or, if others cannot be in between: {option}"),
    )
}

/// Of keys in imported form, at a peer with older versions.
const NEEDS_TLS13: &str =
    "the peer does not allow TLS 1.3, the only version that keys with --psk-import are for";
const NEEDS_TLS13_NEXT: &str =
    "switch TLS 1.3 on at the peer, or leave --psk-import out on both sides";

/// Both ranges are in `what`; which side has to give way, and by which option.
fn version_text(place: &Place, what: String) -> Text {
    if !cfg!(feature = "legacy") {
        return text(
            what,
            "this build of warifu has TLS 1.3 only",
            "switch TLS 1.3 on at the peer, or build warifu with the feature legacy",
        );
    }
    if place.needs_tls13 {
        return text(what, NEEDS_TLS13, NEEDS_TLS13_NEXT);
    }
    let side = match place.role {
        Role::Client => "server",
        Role::Server => "client",
    };
    let next = match place.versions.as_str() {
        "TLS 1.2 to TLS 1.3" => format!(
            "switch TLS 1.2 or 1.3 on at the {side}; or, weaker (RFC 8996), add here: --policy legacy"
        ),
        "TLS 1.0 to TLS 1.3" => format!("switch one of these on at the {side}"),
        _ => format!("leave --tls, --policy and --suites out here, or allow the {side} more"),
    };
    text(
        what,
        "the two sides are of different ages, or --tls, --policy or --suites is too narrow on one",
        next,
    )
}

fn nothing_in_common_text(place: &Place, error: &NothingInCommon) -> Text {
    let what = format!("nothing in common with {}: {error}", place.peer);
    match error {
        NothingInCommon::Version { .. } => version_text(place, what),
        NothingInCommon::CipherSuite { .. } => text(
            what,
            "--suites or --policy is too narrow here, or the peer's setting is; or the suites in common go with another kind of certificate key, or with a pre-shared key",
            "leave --suites out, or name a suite of both sides; for an old peer: --policy compat (warifu suites shows what that adds)",
        ),
        NothingInCommon::Group { .. } => text(
            what,
            "--groups is too narrow here, or the peer's setting is",
            "leave --groups out, or name a group of both sides",
        ),
        NothingInCommon::SignatureScheme { .. } => text(
            what,
            "the peer cannot verify the kind of key that our certificate has",
            "warifu cert server NAME --kind p256 …    makes one that every peer can verify",
        ),
        NothingInCommon::PskKeyExchangeMode { .. } => text(
            what,
            "--psk-mode names different modes on the two sides",
            "give both sides psk_dhe_ke, or both psk_ke",
        ),
        NothingInCommon::ApplicationProtocol { .. } => text(
            what,
            "the two sides name different protocols with ALPN",
            "leave --alpn out, or name a protocol of both sides",
        ),
        _ => text(
            what,
            "the peer asks for a host that is not served here",
            "give a certificate for that name with --cert and --key",
        ),
    }
}

/// What the library says, with what would allow it in the words of the command line.
pub(crate) fn certificate_error(error: &CertificateError) -> String {
    let text = error.to_string();
    match lenient_rule(error) {
        Some(rule) => text.replace(
            &library_name(rule),
            &format!("--trust-lenient={}", rule.name()),
        ),
        None => text,
    }
}

/// The rule that would let this certificate come further.
fn lenient_rule(error: &CertificateError) -> Option<LenientRule> {
    let text = error.to_string();
    LenientRule::ALL
        .into_iter()
        .find(|rule| text.contains(&library_name(*rule)))
}

fn library_name(rule: LenientRule) -> String {
    format!("Leniency::{:?}", rule.leniency())
}

fn certificate_text(place: &Place, error: &CertificateError) -> Text {
    let peer = &place.peer;
    let what = match error {
        CertificateError::Expired { not_after, now } => {
            format!("{peer}: its certificate expired on {not_after} (now {now})")
        }
        CertificateError::NotYetValid { not_before, now } => {
            format!("{peer}: its certificate is not valid before {not_before} (now {now})")
        }
        other => format!("{peer}: {}", certificate_error(other)),
    };
    let again = match place.role {
        Role::Client => format!("warifu client {peer}"),
        Role::Server => "warifu server".to_owned(),
    };
    if let Some(rule) = lenient_rule(error) {
        return text(
            what,
            "the certificate or its CA is from times when this was good enough, or somebody forged one the cheap way",
            format!(
                "ask the peer's operator for a new one; if there is none: {again} --pin FILE, or \
                 --trust-lenient {}",
                rule.name()
            ),
        );
    }
    match error {
        CertificateError::Required | CertificateError::RequiredBefore13 => text(
            what,
            "the client was started without a certificate",
            "start the client with --cert FILE --key FILE, or this server with --verify-client optional",
        ),
        CertificateError::UnknownIssuer { sent: 1, .. } => text(
            what,
            "that CA was not given here, the peer does not send its intermediate certificates, or it is an impostor",
            format!("{again} --ca FILE    with the CA certificate from the peer's operator"),
        ),
        CertificateError::UnknownIssuer { .. } => text(
            what,
            "that CA was not given here, or the peer is an impostor",
            format!("{again} --ca FILE    with the CA certificate from the peer's operator"),
        ),
        CertificateError::SelfSigned { .. } => text(
            what,
            "no CA vouches for it; anyone can make such a certificate",
            format!(
                "{again} --pin FILE    with the certificate from the peer's operator, not from this connection"
            ),
        ),
        CertificateError::NameMismatch { .. } => text(
            what,
            "the address is right but the certificate is for another name, or this is another host",
            format!(
                "{again} --server-name NAME    with a name from the certificate, if that is the host you mean"
            ),
        ),
        CertificateError::Expired { .. } => text(
            what,
            "the peer's operator did not renew it, or this machine's clock is ahead",
            "date -u    here; then ask the peer's operator to renew",
        ),
        CertificateError::NotYetValid { .. } => text(
            what,
            "this machine's clock is behind, or the certificate was made for later",
            "date -u    and set the clock",
        ),
        CertificateError::Revoked => text(
            what,
            "its key may be in wrong hands",
            "do not go on; ask the peer's operator for a new certificate",
        ),
        CertificateError::RevocationUnknown { .. } => text(
            what,
            "the revocation lists given do not cover every CA of the chain, or are out of date",
            "fetch the current list of that CA and give it with --crl FILE",
        ),
        CertificateError::WrongUsage { .. } => text(
            what,
            "a server's certificate was made for a client, or the other way round, or for other key exchanges",
            "warifu cert show FILE    at the peer shows the usages; make one with warifu cert server or cert client",
        ),
        CertificateError::BadOcspResponse { .. } => text(
            what,
            "the peer staples an old or damaged response",
            "ask the peer's operator; its web server must refresh the OCSP response",
        ),
        _ => text(
            what,
            "another CA of the same name was given here, or the chain is damaged or made against X.509's rules",
            "warifu cert check FILE --ca CA    with the peer's certificate file shows which certificate is wrong",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_unknown_keys_wrong_keys_and_other_uses_of_keys_apart() {
        let identity = || "alice".to_owned();
        let reason = || "another hash".to_owned();
        for (failure, code) in [
            (
                PskFailure::UnknownIdentity {
                    identity: identity(),
                },
                Code::UnknownIdentity,
            ),
            (PskFailure::NotAccepted, Code::UnknownIdentity),
            (PskFailure::Required, Code::UnknownIdentity),
            (
                PskFailure::WrongKey {
                    identity: identity(),
                },
                Code::WrongKey,
            ),
            (
                PskFailure::WrongKeyInFinished {
                    identity: identity(),
                },
                Code::WrongKey,
            ),
            (
                PskFailure::Unusable {
                    identity: identity(),
                    reason: reason(),
                },
                Code::PeerMisbehaved,
            ),
            (PskFailure::CertificateRequired, Code::PeerMisbehaved),
            (PskFailure::CertificateNotOffered, Code::PeerMisbehaved),
            (
                PskFailure::Reflected {
                    identity: identity(),
                },
                Code::PeerMisbehaved,
            ),
        ] {
            assert_eq!(tls_code(&Error::Psk(failure.clone())), code, "{failure}");
        }
    }
}
