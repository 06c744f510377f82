//! Certificate, CertificateVerify and Finished: wrong in every byte, of the wrong scheme, of the wrong length.

use std::sync::Arc;

use warifu::config::{Client, ConfigBuilder};
use warifu::parameters::{AlertDescription, SignatureScheme};
use warifu::{CertificateError, Credential, Error, PeerMisbehaved};

use crate::bytes::*;
use crate::scene::{Flight, Scene, Setting, expect, find, pki, refused};
use crate::support::Side;

const MUTUAL: Setting = Setting {
    retry: false,
    client_auth: true,
    post_handshake_auth: false,
    record_size_limit: None,
    more_extensions: false,
};

/// Both sides in turn refuse what `change` makes of this message.
#[track_caller]
fn both_refuse(
    what: &str,
    message_type: u8,
    change: impl Fn(&mut Vec<u8>),
    error: impl Into<Error>,
    alert: AlertDescription,
) {
    let error = error.into();
    for (victim, flight_number) in [(Side::Client, 0), (Side::Server, 1)] {
        let script = |number: usize, flight: &mut Flight| {
            if number == flight_number {
                change(find(flight, message_type));
            }
        };
        refused(what, victim, MUTUAL, script, error.clone(), alert);
    }
}

#[test]
fn finished_wrong_in_any_bit_is_refused() {
    for byte in 4..36 {
        for bit in 0..8 {
            both_refuse(
                &format!("bit {bit} of byte {byte}"),
                FINISHED,
                |finished| finished[byte] ^= 1 << bit,
                PeerMisbehaved::BadFinished,
                AlertDescription::DECRYPT_ERROR,
            );
        }
    }
}

#[test]
fn finished_of_another_length_is_refused() {
    for len in (0..=64).filter(|len| *len != 32) {
        both_refuse(
            &format!("{len} bytes"),
            FINISHED,
            |finished| {
                let mut body = finished[4..].to_vec();
                body.resize(len, 0);
                *finished = message(FINISHED, &body);
            },
            PeerMisbehaved::Malformed {
                what: "Finished.verify_data",
                problem: "not as long as the hash of the cipher suite",
            },
            AlertDescription::DECODE_ERROR,
        );
    }
}

/// The other side's Finished is not ours.
#[test]
fn reflected_finished_is_refused() {
    let mut of_server = Vec::new();
    Scene::new(Side::Client, MUTUAL).play(|number, flight| {
        if number == 0 {
            of_server = find(flight, FINISHED).clone();
        }
    });
    refused(
        "another connection's",
        Side::Server,
        MUTUAL,
        |number, flight| {
            if number == 1 {
                *find(flight, FINISHED) = of_server.clone();
            }
        },
        PeerMisbehaved::BadFinished,
        AlertDescription::DECRYPT_ERROR,
    );
}

#[test]
fn signature_wrong_in_any_byte_is_refused() {
    // Behind header (4), scheme (2) and length (2): ECDSA-Sig-Value, at least 64 bytes.
    for byte in 8..72 {
        both_refuse(
            &format!("byte {byte}"),
            CERTIFICATE_VERIFY,
            |verify| verify[byte] ^= 1,
            PeerMisbehaved::BadSignature,
            AlertDescription::DECRYPT_ERROR,
        );
    }
    for len in [0, 1, 64, 100] {
        both_refuse(
            &format!("{len} bytes"),
            CERTIFICATE_VERIFY,
            |verify| {
                let body = [&[4, 3][..], &vector(2, &vec![0x30; len])].concat();
                *verify = message(CERTIFICATE_VERIFY, &body);
            },
            PeerMisbehaved::BadSignature,
            AlertDescription::DECRYPT_ERROR,
        );
    }
}

/// A signature over another transcript: that of another connection between the same two.
#[test]
fn replayed_signature_is_refused() {
    for (victim, flight_number) in [(Side::Client, 0), (Side::Server, 1)] {
        let mut recorded = Vec::new();
        Scene::new(victim, MUTUAL).play(|number, flight| {
            if number == flight_number {
                recorded = find(flight, CERTIFICATE_VERIFY).clone();
            }
        });
        refused(
            "replay",
            victim,
            MUTUAL,
            |number, flight| {
                if number == flight_number {
                    *find(flight, CERTIFICATE_VERIFY) = recorded.clone();
                }
            },
            PeerMisbehaved::BadSignature,
            AlertDescription::DECRYPT_ERROR,
        );
    }
}

#[test]
fn scheme_that_does_not_fit_is_refused() {
    let schemes = [
        // For other keys than the certificate's.
        SignatureScheme::ECDSA_SECP384R1_SHA384.0,
        SignatureScheme::ECDSA_SECP521R1_SHA512.0,
        SignatureScheme::ED25519.0,
        SignatureScheme::RSA_PSS_RSAE_SHA256.0,
        SignatureScheme::RSA_PSS_PSS_SHA256.0,
        SignatureScheme::MLDSA44.0,
        // Not for handshakes of TLS 1.3: PKCS#1, SHA-1.
        0x0401,
        0x0501,
        0x0601,
        0x0201,
        0x0203,
        // Unknown.
        0x0a0a,
        0x0808,
        0,
    ];
    for scheme in schemes {
        both_refuse(
            &format!("scheme {scheme:#06x}"),
            CERTIFICATE_VERIFY,
            |verify| verify[4..6].copy_from_slice(&u16_bytes(scheme)),
            PeerMisbehaved::WrongSignatureScheme { scheme },
            AlertDescription::ILLEGAL_PARAMETER,
        );
    }
}

/// Fits the key, is for handshakes, and was not offered.
#[test]
fn scheme_that_was_not_offered_is_refused() {
    // The victim offers Ed25519 alone, and the honest side is told otherwise.
    let schemes = [SignatureScheme::ED25519];
    let scene = Scene::with(
        Side::Server,
        MUTUAL,
        |client| client,
        |server| server.with_signature_schemes(&schemes),
    );
    let outcome = scene.play(|_, _| {});
    // Our client has no such key, so it comes without a certificate (RFC 8446 Section 4.4.2.3).
    crate::scene::expect(
        "no key for the schemes",
        &outcome,
        CertificateError::Required,
        AlertDescription::CERTIFICATE_REQUIRED,
    );
    // The client takes Ed25519 alone. The server has such a key; then it is replaced by one for P-256, whose
    // certificate is good.
    let mut scene = Scene::with(
        Side::Client,
        Setting::default(),
        |client| client.with_signature_schemes(&schemes),
        |server| server,
    );
    let params = crate::support::pki::leaf_params(&["host.example"]);
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let leaf = params.signed_by(&key, &pki().ca.issuer).unwrap();
    let credential = Credential::from_der(vec![leaf.der().clone()], &key.serialize_der());
    scene
        .honest
        .set_credential(Arc::new(credential.unwrap()))
        .unwrap();
    let outcome = scene.play(|number, flight| {
        if number == 0 {
            *find(flight, CERTIFICATE) = certificate_of(&[&pki().server.certificates()[0]]);
            find(flight, CERTIFICATE_VERIFY)[4..6].copy_from_slice(&[4, 3]);
        }
    });
    crate::scene::expect(
        "not offered",
        &outcome,
        PeerMisbehaved::WrongSignatureScheme { scheme: 0x0403 },
        AlertDescription::ILLEGAL_PARAMETER,
    );
}

#[test]
fn empty_certificate_lists_are_refused() {
    let empty = |certificate: &mut Vec<u8>| *certificate = message(CERTIFICATE, &[0, 0, 0, 0]);
    let script = |number: usize, flight: &mut Flight| {
        if number == 0 {
            empty(find(flight, CERTIFICATE));
        }
    };
    let error = CertificateError::Empty;
    let alert = AlertDescription::DECODE_ERROR;
    refused("server", Side::Client, MUTUAL, script, error, alert);
    let script = |number: usize, flight: &mut Flight| {
        if number == 1 {
            empty(find(flight, CERTIFICATE));
        }
    };
    let error = CertificateError::Required;
    let alert = AlertDescription::CERTIFICATE_REQUIRED;
    refused("client", Side::Server, MUTUAL, script, error, alert);
}

#[test]
fn certificate_context_in_a_handshake_is_refused() {
    both_refuse(
        "Certificate",
        CERTIFICATE,
        |certificate| {
            let body = [&[1, 7][..], &certificate[5..]].concat();
            *certificate = message(CERTIFICATE, &body);
        },
        PeerMisbehaved::IllegalParameter {
            what: "certificate_request_context is not that of the request (RFC 8446 Section 4.4.2)",
        },
        AlertDescription::ILLEGAL_PARAMETER,
    );
    refused(
        "CertificateRequest",
        Side::Client,
        MUTUAL,
        |number, flight| {
            if number == 0 {
                let request = find(flight, CERTIFICATE_REQUEST);
                let body = [&[1, 7][..], &request[5..]].concat();
                *request = message(CERTIFICATE_REQUEST, &body);
            }
        },
        PeerMisbehaved::IllegalParameter {
            what: "certificate_request_context is not empty in a handshake (RFC 8446 Section 4.3.2)",
        },
        AlertDescription::ILLEGAL_PARAMETER,
    );
}

#[test]
fn certificates_that_are_none_are_refused() {
    for leaf in [
        &[0][..],
        b"not DER",
        &[0x30, 0x80],
        &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
    ] {
        for (victim, flight_number) in [(Side::Client, 0), (Side::Server, 1)] {
            let outcome = Scene::new(victim, MUTUAL).play(|number, flight| {
                if number == flight_number {
                    *find(flight, CERTIFICATE) = certificate_of(&[leaf]);
                }
            });
            let malformed = matches!(
                outcome.error,
                Some(Error::Certificate(CertificateError::Malformed { .. }))
            );
            assert!(malformed, "{:?}", outcome.error);
            assert_eq!(outcome.alerts, [(2, AlertDescription::BAD_CERTIFICATE)]);
        }
    }
}

/// A Certificate message of these certificates.
pub fn certificate_of(chain: &[&[u8]]) -> Vec<u8> {
    let entries: Vec<u8> = chain
        .iter()
        .flat_map(|certificate| [vector(3, certificate), vec![0, 0]].concat())
        .collect();
    message(CERTIFICATE, &[vec![0], vector(3, &entries)].concat())
}

#[test]
fn chain_of_thousands_is_refused() {
    for count in [33, 2_000] {
        both_refuse(
            &format!("{count} certificates"),
            CERTIFICATE,
            |certificate| *certificate = certificate_of(&vec![&[1][..]; count]),
            CertificateError::TooComplex,
            AlertDescription::BAD_CERTIFICATE,
        );
    }
}

/// Each would cost more memory than bytes on the wire.
#[test]
fn more_scts_than_anybody_has_are_refused() {
    let many = vector(2, &[0, 1, 7].repeat(33));
    let scts = [&[0, 18][..], &vector(2, &many)].concat();
    let entry = [vector(3, &[1]), vector(2, &scts)].concat();
    let certificate = message(CERTIFICATE, &[vec![0], vector(3, &entry)].concat());
    let client = |client: ConfigBuilder<Client>| client.with_sct_request(true);
    let scene = Scene::with(Side::Client, MUTUAL, client, |server| server);
    let outcome = scene.play(|number, flight| {
        if number == 0 {
            *find(flight, CERTIFICATE) = certificate.clone();
        }
    });
    let error = CertificateError::TooComplex;
    let alert = AlertDescription::BAD_CERTIFICATE;
    expect("33 SCTs", &outcome, error, alert);
}

/// A leaf that may not sign, which no credential of ours can be made of.
#[test]
fn certificate_that_may_not_sign_is_refused() {
    let leaf = pki().ca.leaf_with(|params| {
        params.key_usages = vec![rcgen::KeyUsagePurpose::KeyEncipherment];
    });
    for (victim, flight_number, role) in [(Side::Client, 0, "server"), (Side::Server, 1, "client")]
    {
        refused(
            "key usage",
            victim,
            MUTUAL,
            |number, flight| {
                if number == flight_number {
                    *find(flight, CERTIFICATE) = certificate_of(&[&leaf]);
                }
            },
            CertificateError::WrongUsage {
                usage: format!(
                    "{role} authentication: its key usage lacks digitalSignature (RFC 8446 Section 4.4.2.2)"
                ),
            },
            AlertDescription::UNSUPPORTED_CERTIFICATE,
        );
    }
}
