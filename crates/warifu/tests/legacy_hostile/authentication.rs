//! Certificates of clients, their signatures, and Finished of both.

use rcgen::KeyUsagePurpose::{DigitalSignature, KeyAgreement, KeyEncipherment};
use warifu::credential::Credentials;
use warifu::error::NothingInCommon;
use warifu::parameters::{AlertDescription, CipherSuite, NamedGroup, SignatureScheme};
use warifu::{CertificateError, Error, PeerMisbehaved};
use warifu_crypto::SignatureAlgorithm;

use crate::bytes::*;
use crate::crypto::*;
use crate::peer::*;

const DECRYPT: AlertDescription = AlertDescription::DECRYPT_ERROR;
const FAILURE: AlertDescription = AlertDescription::HANDSHAKE_FAILURE;
const UNSUPPORTED: AlertDescription = AlertDescription::UNSUPPORTED_CERTIFICATE;

const VERSIONS: [(u16, Suite); 4] = [
    (TLS1_0, ECDHE_RSA_CBC),
    (TLS1_1, RSA_CBC),
    (TLS1_2, ECDHE_ECDSA_GCM),
    (TLS1_2, RSA_GCM),
];

/// A server that demands a certificate, after its flight.
fn server(tls: u16, suite: Suite, credential: Option<&'static Identity>) -> (Stage, Flight) {
    let mut stage = Stage::server_with(tls, suite, require_certificate);
    stage.peer.credential = credential;
    let flight = stage.up_to_last_flight();
    assert!(stage.peer.was_asked);
    (stage, flight)
}

#[test]
fn clients_prove_themselves() {
    for (tls, suite) in VERSIONS {
        for identity in [&keys().client, &keys().client_rsa] {
            let (mut stage, flight) = server(tls, suite, Some(identity));
            stage.play(&flight);
            stage.exchange();
            let certificates = stage.victim.facts().unwrap().peer_certificates.clone();
            let leaf = std::slice::from_ref(&identity.certificate);
            assert_eq!(*certificates.unwrap(), *leaf);
        }
    }
}

/// RFC 5246 Section 7.4.4: "The end-entity certificate provided by the client MUST contain a key that is compatible with
/// certificate_types", whatever the schemes are.
#[test]
fn a_client_shows_no_certificate_of_a_type_that_was_not_asked_for() {
    const RSA_SIGN: u8 = 1;
    const ECDSA_SIGN: u8 = 64;
    for (tls, suite) in VERSIONS {
        for (identity, own) in [(&keys().client, ECDSA_SIGN), (&keys().client_rsa, RSA_SIGN)] {
            for asked in [RSA_SIGN, ECDSA_SIGN] {
                let mut stage = Stage::client_with(tls, suite, |client| {
                    client.with_credential(Credentials::from(identity.credential.clone()))
                });
                stage.peer.requests_certificate = true;
                let mut flight = stage.peer.server_flight();
                // The only two types that the list has.
                find(&mut flight, CERTIFICATE_REQUEST)[5..7].fill(asked);
                stage.play(&flight);
                assert_eq!(stage.error, None);
                let proved = stage.received.contains(&CERTIFICATE_VERIFY);
                assert_eq!(proved, asked == own, "{tls:#x}, {asked}");
                let last = stage.peer.last_server_flight();
                stage.play(&last);
                stage.exchange();
            }
        }
    }
}

/// RFC 8422 Section 5.3: the server's key is on a curve that the client named.
#[test]
fn a_certificate_on_a_curve_that_was_not_offered_is_refused() {
    for (tls, suite) in [(TLS1_2, ECDHE_ECDSA_GCM), (TLS1_1, ECDHE_ECDSA_CBC)] {
        let mut stage = Stage::client_with(tls, suite, |client| {
            client.with_groups(&[NamedGroup::X25519, NamedGroup::SECP384R1])
        });
        let flight = stage.peer.server_flight();
        stage.play(&flight);
        let reason = "ECDSA P-256 is on a curve that was not offered".to_owned();
        let error = CertificateError::UnsupportedKey { reason };
        stage.expect("P-256", error, UNSUPPORTED);
    }
}

/// A server that accepts nothing but schemes of TLS 1.3 cannot ask a client of TLS 1.2 for a certificate.
#[test]
fn a_server_without_a_scheme_to_ask_for_says_so() {
    let mut stage = Stage::server_with(TLS1_2, ECDHE_RSA_GCM, |server| {
        require_certificate(server)
            .with_versions(version(TLS1_2)..=version(0x0304))
            .with_cipher_suites(&[
                CipherSuite(ECDHE_RSA_GCM.number),
                CipherSuite::TLS_AES_128_GCM_SHA256,
            ])
            .with_signature_schemes(&[SignatureScheme::MLDSA65])
    });
    let hello = stage.peer.client_hello();
    stage.play(&vec![Step::Message(hello)]);
    let error = NothingInCommon::SignatureScheme {
        ours: "none".to_owned(),
        peers: "those of TLS 1.2, and this side accepts only schemes of TLS 1.3".to_owned(),
    };
    stage.expect("ML-DSA", error, FAILURE);
}

/// RFC 5246 Section 7.4.6; certificate_required is of TLS 1.3.
#[test]
fn a_client_without_a_certificate_is_refused() {
    for (tls, suite) in VERSIONS {
        let (mut stage, flight) = server(tls, suite, None);
        stage.play(&flight);
        stage.expect("none", CertificateError::RequiredBefore13, FAILURE);
    }
}

#[test]
fn signatures_in_certificate_verify_are_checked() {
    for (tls, suite) in VERSIONS {
        for identity in [&keys().client, &keys().client_rsa] {
            let is_rsa = std::ptr::eq(identity, &raw const keys().client_rsa);
            type Body<'a> = Box<dyn Fn(&Peer) -> Vec<u8> + 'a>;
            let right = |peer: &Peer| peer.signed(&identity.key, &peer.transcript);
            let scheme_len = if tls == TLS1_2 { 2 } else { 0 };
            let cases: Vec<(&str, Body<'_>)> = vec![
                (
                    "changed",
                    Box::new(|peer| {
                        let mut body = right(peer);
                        *body.last_mut().unwrap() ^= 1;
                        body
                    }),
                ),
                (
                    "of another transcript",
                    Box::new(|peer| peer.signed(&identity.key, &peer.transcript[1..])),
                ),
                (
                    "by another key",
                    Box::new(|peer| {
                        let other = if is_rsa { &keys().rsa } else { &keys().ecdsa };
                        peer.signed(&other.key, &peer.transcript)
                    }),
                ),
                (
                    "nothing",
                    Box::new(|peer| [&right(peer)[..scheme_len], &[0, 0]].concat()),
                ),
            ];
            for (what, body) in cases {
                let (mut stage, flight) = server(tls, suite, Some(identity));
                let at = place(&flight, CERTIFICATE_VERIFY);
                stage.play(&flight[..at].to_vec());
                let verify = message(CERTIFICATE_VERIFY, &body(&stage.peer));
                stage.play(&vec![Step::Message(verify)]);
                stage.expect(what, PeerMisbehaved::BadSignature, DECRYPT);
            }
        }
    }
    // The hash of the handshake may be another than that of the signature: all messages are signed.
    let (mut stage, flight) = server(TLS1_2, ECDHE_ECDSA_GCM, Some(&keys().client_rsa));
    let at = place(&flight, CERTIFICATE_VERIFY);
    stage.play(&flight[..at].to_vec());
    let key = &keys().client_rsa.key;
    let signature = key.sign(SignatureAlgorithm::RsaPssRsaeSha512, &stage.peer.transcript);
    let body = [&[8, 6][..], &vector(2, &signature.unwrap())].concat();
    stage.play(&vec![Step::Message(message(CERTIFICATE_VERIFY, &body))]);
    stage.play(&flight[at + 1..].to_vec());
    stage.exchange();
}

#[test]
fn schemes_in_certificate_verify_are_those_asked_for() {
    for (identity, schemes) in [
        (&keys().client, [0x0203, 0x0103, 0x0401, 0x0804, 0x0807]),
        (&keys().client_rsa, [0x0201, 0x0101, 0x0403, 0x0809, 0x0807]),
    ] {
        for scheme in schemes {
            let (mut stage, flight) = server(TLS1_2, ECDHE_ECDSA_GCM, Some(identity));
            let at = place(&flight, CERTIFICATE_VERIFY);
            stage.play(&flight[..at].to_vec());
            let mut body = stage.peer.signed(&identity.key, &stage.peer.transcript);
            body[..2].copy_from_slice(&u16::to_be_bytes(scheme));
            stage.play(&vec![Step::Message(message(CERTIFICATE_VERIFY, &body))]);
            let error = PeerMisbehaved::WrongSignatureScheme { scheme };
            stage.expect("scheme", error, AlertDescription::ILLEGAL_PARAMETER);
        }
    }
}

/// The last message of each side binds all others.
#[test]
fn finished_is_checked() {
    for tls in [TLS1_0, TLS1_1, TLS1_2] {
        for suite in [ECDHE_RSA_CBC, RSA_CBC, ECDHE_RSA_GCM] {
            if !suite.is_of(tls) {
                continue;
            }
            for mut stage in [Stage::client(tls, suite), Stage::server(tls, suite)] {
                let flight = stage.up_to_last_flight();
                let at = place(&flight, FINISHED);
                stage.play(&flight[..at].to_vec());
                let mut verify_data = stage.peer.verify_data(stage.peer.side);
                verify_data[11] ^= 1;
                stage.play(&vec![Step::Message(message(FINISHED, &verify_data))]);
                stage.expect("changed", PeerMisbehaved::BadFinished, DECRYPT);
            }
            for len in [0, 11, 13, 36] {
                let mut stage = Stage::server(tls, suite);
                let flight = stage.up_to_last_flight();
                let at = place(&flight, FINISHED);
                stage.play(&flight[..at].to_vec());
                let mut verify_data = stage.peer.verify_data(stage.peer.side);
                verify_data.resize(len, 0);
                stage.play(&vec![Step::Message(message(FINISHED, &verify_data))]);
                let error = PeerMisbehaved::Malformed {
                    what: "Finished.verify_data",
                    problem: "not of 12 bytes",
                };
                stage.expect("length", error, AlertDescription::DECODE_ERROR);
            }
            // The other side's, sent back.
            let mut stage = Stage::client(tls, suite);
            let flight = stage.up_to_last_flight();
            let mirrored = messages(&stage.peer.transcript).pop().unwrap();
            assert_eq!(mirrored[0], FINISHED);
            let at = place(&flight, FINISHED);
            stage.play(&flight[..at].to_vec());
            stage.play(&vec![Step::Message(mirrored)]);
            stage.expect("mirrored", PeerMisbehaved::BadFinished, DECRYPT);
        }
    }
}

/// Keys that were not agreed: what is sealed under them opens nowhere.
#[test]
fn finished_under_other_keys_is_refused() {
    for (tls, suite) in [
        (TLS1_0, RSA_CBC),
        (TLS1_2, RSA_CBC),
        (TLS1_2, ECDHE_RSA_GCM),
    ] {
        for mut stage in [Stage::client(tls, suite), Stage::server(tls, suite)] {
            let flight = stage.up_to_last_flight();
            let at = flight.len() - 1;
            // A server has derived its keys by now; a client does with its ClientKeyExchange.
            stage.peer.premaster.push(1);
            if !stage.peer.main.is_empty() {
                stage.peer.main[0] ^= 1;
                stage.peer.derive_keys();
            }
            stage.play(&flight[..at].to_vec());
            stage.play(&vec![Step::Finished]);
            let error = Error::from(PeerMisbehaved::BadRecordMac);
            stage.expect("keys", error, AlertDescription::BAD_RECORD_MAC);
        }
    }
}

/// A peer that takes part in the main secret without the session hash, though extended_main_secret was agreed, or the other way
/// round: somebody in the middle of a triple handshake (RFC 7627 Section 5).
#[test]
fn another_kind_of_main_secret_opens_nothing() {
    for (tls, suite) in [(TLS1_0, RSA_CBC), (TLS1_2, ECDHE_RSA_GCM)] {
        for ems in [false, true] {
            let mut stage = Stage::server(tls, suite);
            stage.peer.ems = ems;
            let flight = stage.up_to_last_flight();
            assert_eq!(stage.peer.ems, ems);
            stage.peer.ems = !ems;
            stage.play(&flight);
            let error = Error::from(PeerMisbehaved::BadRecordMac);
            stage.expect("main secret", error, AlertDescription::BAD_RECORD_MAC);
        }
    }
}

/// RFC 5246 Section 7.4.2: key usage must allow what the key exchange does with the key.
#[test]
fn key_usage_of_a_peer_is_judged_by_key_exchange() {
    let wrong = |usage: &str| CertificateError::WrongUsage {
        usage: usage.to_owned(),
    };
    let cannot_encipher =
        "server authentication: its key usage lacks keyEncipherment (RFC 5246 Section 7.4.2)";
    let cannot_sign =
        "server authentication: its key usage lacks digitalSignature (RFC 8446 Section 4.4.2.2)";
    for (tls, suite, signs) in [
        (TLS1_0, RSA_CBC, false),
        (TLS1_1, RSA_CBC, false),
        (TLS1_2, RSA_GCM, false),
        (TLS1_2, RSA_PSK_GCM, false),
        (TLS1_0, ECDHE_RSA_CBC, true),
        (TLS1_2, ECDHE_RSA_GCM, true),
        (TLS1_2, DHE_RSA_GCM, true),
    ] {
        for (usages, may_sign, may_encipher) in [
            (&[DigitalSignature][..], true, false),
            (&[KeyEncipherment], false, true),
            (&[DigitalSignature, KeyEncipherment], true, true),
            (&[], true, true),
            (&[KeyAgreement], false, false),
        ] {
            let leaf = keys().rsa.certificate_for("host.example", usages);
            let mut stage = Stage::client(tls, suite);
            let mut flight = stage.peer.server_flight();
            *find(&mut flight, CERTIFICATE) = certificate(Some(&leaf));
            stage.play(&flight);
            match signs {
                true if !may_sign => stage.expect("signature", wrong(cannot_sign), UNSUPPORTED),
                false if !may_encipher => {
                    stage.expect("encipherment", wrong(cannot_encipher), UNSUPPORTED);
                }
                _ => assert_eq!(stage.error, None, "{usages:?}"),
            }
        }
    }
    // A client's certificate signs, whatever the server's key does.
    let cannot_sign =
        "client authentication: its key usage lacks digitalSignature (RFC 8446 Section 4.4.2.2)";
    for (tls, suite) in VERSIONS {
        for usages in [&[KeyEncipherment][..], &[KeyAgreement]] {
            let leaf = keys().client_rsa.certificate_for("client.example", usages);
            let (mut stage, mut flight) = server(tls, suite, Some(&keys().client_rsa));
            *find(&mut flight, CERTIFICATE) = certificate(Some(&leaf));
            stage.play(&flight);
            stage.expect("client", wrong(cannot_sign), UNSUPPORTED);
        }
    }
}
