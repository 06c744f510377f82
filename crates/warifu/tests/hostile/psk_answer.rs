//! A hostile server's answers to an offer of pre-shared keys.

use warifu::parameters::{AlertDescription, ExtensionType, HandshakeType};
use warifu::psk::{PskHash, PskPolicy};
use warifu::{Error, PeerMisbehaved, PskFailure};

use crate::bytes::*;
use crate::psk::{
    DECODE_ERROR, HANDSHAKE_FAILURE, ILLEGAL_PARAMETER, KEY_SHARE, Keys, MISSING_EXTENSION, PLAIN,
    PRE_SHARED_KEY, RETRY, SUITES, UNEXPECTED_MESSAGE, illegal,
};
use crate::scene::{Item, Level, Outcome, Scene, expect, find, place};
use crate::support::Side;
use crate::support::psk::{DHE, KE, psk, psk_of, sha384};

const UNSUPPORTED_EXTENSION: AlertDescription = AlertDescription::UNSUPPORTED_EXTENSION;

const COOKIE: u16 = 44;
const TLS_CERT_WITH_EXTERN_PSK: u16 = 33;

/// What the victim, a client, makes of a changed ServerHello.
fn server_hello(scene: Scene, change: impl Fn(&mut Dissected)) -> Outcome {
    scene.play(|number, flight| {
        if number == 0 {
            edit(find(flight, SERVER_HELLO), &change);
        }
    })
}

// ---- ServerHello ----

#[test]
fn a_selected_identity_that_was_not_offered_is_refused() {
    for (count, selected) in [(1, 1), (1, 0xffff), (2, 2), (2, 0x0100)] {
        let client: Vec<_> = [psk("alice"), psk("bob")].into_iter().take(count).collect();
        let keys = Keys::new(client, vec![psk("alice")]);
        let outcome = server_hello(keys.scene(Side::Client, PLAIN), |hello| {
            *hello.extension(PRE_SHARED_KEY) = u16_bytes(selected);
        });
        let error = PeerMisbehaved::SelectedIdentityOutOfRange {
            selected,
            offered: count,
        };
        expect("out of range", &outcome, error, ILLEGAL_PARAMETER);
    }
    for data in [&[][..], &[0], &[0, 0, 0]] {
        let outcome = server_hello(Keys::alice().scene(Side::Client, PLAIN), |hello| {
            *hello.extension(PRE_SHARED_KEY) = data.to_vec();
        });
        assert!(
            matches!(
                outcome.error,
                Some(Error::PeerMisbehaved(PeerMisbehaved::Malformed { .. }))
            ),
            "{outcome:?}"
        );
        assert_eq!(outcome.alerts, [(2, DECODE_ERROR)]);
    }
}

/// The server does not have the other key: what it sends next cannot be read.
#[test]
fn a_selected_identity_of_another_key_leads_nowhere() {
    let keys = Keys::new(vec![psk("alice"), psk("bob")], vec![psk("alice")]);
    let outcome = server_hello(keys.scene(Side::Client, PLAIN), |hello| {
        *hello.extension(PRE_SHARED_KEY) = u16_bytes(1);
    });
    let alert = AlertDescription::BAD_RECORD_MAC;
    expect("another key", &outcome, PeerMisbehaved::BadRecordMac, alert);
}

#[test]
fn a_selected_key_of_another_hash_than_the_suites_is_refused() {
    for (client, server, hash, suite) in [
        (
            [psk("alice"), sha384("bob")],
            psk("alice"),
            PskHash::Sha384,
            SUITES[0],
        ),
        (
            [sha384("alice"), psk("bob")],
            sha384("alice"),
            PskHash::Sha256,
            SUITES[1],
        ),
    ] {
        let keys = Keys::new(client.to_vec(), vec![server]);
        let outcome = server_hello(keys.scene(Side::Client, PLAIN), |hello| {
            *hello.extension(PRE_SHARED_KEY) = u16_bytes(1);
        });
        let error = PeerMisbehaved::PskHashMismatch {
            suite: suite.to_string(),
            hash: hash.to_string(),
        };
        expect("hash", &outcome, error, ILLEGAL_PARAMETER);
    }
}

#[test]
fn a_server_uses_no_mode_that_was_not_offered() {
    // The key alone, where an exchange was asked for.
    let outcome = server_hello(Keys::alice().scene(Side::Client, PLAIN), |hello| {
        hello.remove(KEY_SHARE);
    });
    let error = PeerMisbehaved::PskModeNotOffered { mode: "psk_ke" };
    expect("psk_ke", &outcome, error, ILLEGAL_PARAMETER);

    // An exchange, where the key alone was asked for. The client has a share because a certificate would do, too.
    let keys = Keys::alice().with_policy(PskPolicy::Optional);
    let scene = keys.scene_with(
        Side::Client,
        PLAIN,
        |client| client.with_psk_modes(&[KE]),
        |server| server.with_psk_modes(&[KE, DHE]),
    );
    let share = key_share();
    let outcome = server_hello(scene, |hello| {
        hello.extensions.push((KEY_SHARE, share.clone()));
    });
    let error = PeerMisbehaved::PskModeNotOffered { mode: "psk_dhe_ke" };
    expect("psk_dhe_ke", &outcome, error, ILLEGAL_PARAMETER);

    // And where it has none.
    let scene = Keys::alice().scene_with(
        Side::Client,
        PLAIN,
        |client| client.with_psk_modes(&[KE]),
        |server| server.with_psk_modes(&[KE, DHE]),
    );
    let outcome = server_hello(scene, |hello| {
        hello.extensions.push((KEY_SHARE, share.clone()));
    });
    let error = PeerMisbehaved::UnsolicitedExtension {
        extension: ExtensionType::KEY_SHARE,
        message: "ServerHello",
    };
    expect("unasked share", &outcome, error, UNSUPPORTED_EXTENSION);
}

/// A share of X25519: the base point.
fn key_share() -> Vec<u8> {
    let mut point = [0; 32];
    point[0] = 9;
    [u16_bytes(29), vector(2, &point)].concat()
}

#[test]
fn neither_key_nor_share_is_refused() {
    let keys = Keys::alice().with_policy(PskPolicy::Optional);
    let outcome = server_hello(keys.scene(Side::Client, PLAIN), |hello| {
        hello.remove(KEY_SHARE);
        hello.remove(PRE_SHARED_KEY);
    });
    let error = PeerMisbehaved::MissingExtension {
        extension: "key_share",
        message: "ServerHello",
    };
    expect("nothing", &outcome, error, MISSING_EXTENSION);
}

#[test]
fn a_server_that_drops_the_key_is_refused_where_one_is_required() {
    for policy in [PskPolicy::Required, PskPolicy::RequiredWithCertificate] {
        let keys = Keys::alice().with_policy(policy);
        let outcome = server_hello(keys.scene(Side::Client, PLAIN), |hello| {
            hello.remove(PRE_SHARED_KEY);
            hello
                .extensions
                .retain(|(number, _)| *number != TLS_CERT_WITH_EXTERN_PSK);
        });
        expect(
            "no key",
            &outcome,
            PskFailure::NotAccepted,
            HANDSHAKE_FAILURE,
        );
    }
}

#[test]
fn certificate_and_key_come_together_or_not_at_all() {
    let both = || {
        let keys = Keys::alice().with_policy(PskPolicy::RequiredWithCertificate);
        keys.scene(Side::Client, PLAIN)
    };
    let outcome = server_hello(both(), |hello| hello.remove(PRE_SHARED_KEY));
    let error = illegal("tls_cert_with_extern_psk without pre_shared_key (RFC 9973 Section 5)");
    expect("without the key", &outcome, error, ILLEGAL_PARAMETER);

    let outcome = server_hello(both(), |hello| hello.remove(TLS_CERT_WITH_EXTERN_PSK));
    let error = PskFailure::CertificateRequired;
    expect("without the extension", &outcome, error, HANDSHAKE_FAILURE);

    let outcome = server_hello(both(), |hello| hello.remove(KEY_SHARE));
    assert_eq!(outcome.alerts, [(2, ILLEGAL_PARAMETER)]);
    assert!(matches!(
        outcome.error,
        Some(Error::PeerMisbehaved(
            PeerMisbehaved::PskModeNotOffered { .. }
        ))
    ));

    // Nobody asked for it.
    let outcome = server_hello(Keys::alice().scene(Side::Client, PLAIN), |hello| {
        hello
            .extensions
            .push((TLS_CERT_WITH_EXTERN_PSK, Vec::new()));
    });
    let error = PeerMisbehaved::UnsolicitedExtension {
        extension: ExtensionType::TLS_CERT_WITH_EXTERN_PSK,
        message: "ServerHello",
    };
    expect("unasked", &outcome, error, UNSUPPORTED_EXTENSION);
}

#[test]
fn a_key_that_was_not_offered_is_refused() {
    let scene = Scene::new(Side::Client, PLAIN);
    let outcome = server_hello(scene, |hello| {
        hello.extensions.push((PRE_SHARED_KEY, u16_bytes(0)));
    });
    let error = PeerMisbehaved::UnsolicitedExtension {
        extension: ExtensionType::PRE_SHARED_KEY,
        message: "ServerHello",
    };
    expect("unsolicited", &outcome, error, UNSUPPORTED_EXTENSION);
}

// ---- what comes behind it ----

#[test]
fn a_server_with_a_key_sends_neither_certificate_nor_request() {
    let schemes = vector(2, &[4, 3]);
    let request = [
        vec![0],
        vector(2, &[u16_bytes(13), vector(2, &schemes)].concat()),
    ]
    .concat();
    for (message_type, got, body) in [
        (CERTIFICATE, HandshakeType::CERTIFICATE, vec![0, 0, 0, 0]),
        (
            CERTIFICATE_REQUEST,
            HandshakeType::CERTIFICATE_REQUEST,
            request,
        ),
        (
            CERTIFICATE_VERIFY,
            HandshakeType::CERTIFICATE_VERIFY,
            vec![4, 3, 0, 0],
        ),
    ] {
        let scene = Keys::alice().scene(Side::Client, PLAIN);
        let outcome = scene.play(|number, flight| {
            if number == 0 {
                let finished = place(flight, FINISHED);
                let bytes = message(message_type, &body);
                flight.insert(finished, Item::new(Level::Handshake, HANDSHAKE, &bytes));
            }
        });
        let expected = "Finished";
        let error = PeerMisbehaved::UnexpectedMessage { got, expected };
        expect("unasked message", &outcome, error, UNEXPECTED_MESSAGE);
    }
}

#[test]
fn a_server_that_uses_both_does_not_leave_its_certificate_out() {
    let keys = Keys::alice().with_policy(PskPolicy::RequiredWithCertificate);
    let outcome = keys.scene(Side::Client, PLAIN).play(|number, flight| {
        if number == 0 {
            flight.retain(|item| {
                item.content_type != HANDSHAKE
                    || ![CERTIFICATE, CERTIFICATE_VERIFY].contains(&item.bytes[0])
            });
        }
    });
    let error = PeerMisbehaved::UnexpectedMessage {
        got: HandshakeType::FINISHED,
        expected: "CertificateRequest or Certificate",
    };
    expect("no certificate", &outcome, error, UNEXPECTED_MESSAGE);
}

// ---- HelloRetryRequest ----

/// A cookie that the client cannot return: an honest server knows how long its ClientHello is.
#[test]
fn a_cookie_that_has_no_room_beside_the_identities_is_refused() {
    let identity = [b'x'; 60_000];
    let keys = Keys::new(vec![psk_of(&identity, 7)], vec![psk_of(&identity, 7)]);
    let outcome = server_hello(keys.scene(Side::Client, RETRY), |request| {
        *request.extension(COOKIE) = vector(2, &[7; 10_000]);
    });
    let error = illegal(
        "cookie or key share that HelloRetryRequest asks for has no room in ClientHello (RFC 8446 Section 4.1.2)",
    );
    expect("long cookie", &outcome, error, ILLEGAL_PARAMETER);
}

#[test]
fn a_retry_with_a_suite_that_fits_no_key_is_refused() {
    let keys = Keys::new(vec![psk("alice")], vec![psk("alice")]);
    let scene = keys.scene(Side::Client, RETRY);
    let outcome = scene.play(|number, flight| {
        if number == 0 {
            find(flight, SERVER_HELLO)[71..73].copy_from_slice(&[0x13, 0x02]);
        }
    });
    // The client offered none but suites with its key's hash.
    let error = PeerMisbehaved::NotOffered {
        what: "cipher suite",
        value: "TLS_AES_256_GCM_SHA384".to_owned(),
    };
    expect("suite", &outcome, error, ILLEGAL_PARAMETER);
}
