//! What single messages demand. What holds for all by their declaration is in `message/tests.rs`.

use super::*;
use crate::error::{Error, PeerMisbehaved};
use crate::message::codec::{Opaque, Reader, Wire};
use crate::message::sample::{Sample, Source};
use crate::message::{
    HEADER_LEN, Handshake, LegacyServerHelloExtensions, NullCompression, Random, Rest,
};
use crate::parameters::{
    AlertDescription, CipherSuite, HandshakeType, KeyExchange, NamedGroup, ProtocolVersion,
    SignatureScheme,
};

const VERSIONS: [ProtocolVersion; 3] = [
    ProtocolVersion::TLS1_0,
    ProtocolVersion::TLS1_1,
    ProtocolVersion::TLS1_2,
];

const KEY_EXCHANGES: [KeyExchange; 8] = [
    KeyExchange::EcdheEcdsa,
    KeyExchange::EcdheRsa,
    KeyExchange::DheRsa,
    KeyExchange::Rsa,
    KeyExchange::EcdhePsk,
    KeyExchange::DhePsk,
    KeyExchange::RsaPsk,
    KeyExchange::Psk,
];

fn malformed(what: &'static str, problem: &'static str) -> Error {
    let error = PeerMisbehaved::Malformed { what, problem };
    assert_eq!(error.alert(), AlertDescription::DECODE_ERROR);
    error.into()
}

fn is_malformed<T>(result: Result<T, Error>) -> bool {
    matches!(
        result,
        Err(Error::PeerMisbehaved(PeerMisbehaved::Malformed { .. }))
    )
}

const SHORT: &str = "shorter than the minimum";
const EARLY: &str = "ends early";
const LEFT: &str = "bytes are left over";

/// A signature as a version has it.
fn sample_signed(source: &mut Source, version: ProtocolVersion) -> LegacySigned<'static> {
    let mut signed = LegacySigned::sample(source);
    if version < ProtocolVersion::TLS1_2 {
        signed.algorithm = None;
    }
    signed
}

#[test]
fn any_server_key_exchange_survives_a_round_trip() {
    let mut source = Source::new(21);
    for version in VERSIONS {
        for key_exchange in KEY_EXCHANGES {
            if key_exchange == KeyExchange::Rsa {
                continue; // It has no such message.
            }
            for _ in 0..50 {
                let params = if key_exchange.is_ecdhe() {
                    Some(ServerParams::Ecdhe(Sample::sample(&mut source)))
                } else if key_exchange.is_dhe() {
                    Some(ServerParams::Dhe(Sample::sample(&mut source)))
                } else {
                    None
                };
                let params_bytes = params
                    .as_ref()
                    .map_or(Vec::new(), |params| params.encode().unwrap());
                let parts = ServerKeyExchangeParts {
                    psk_identity_hint: key_exchange.uses_psk().then(|| Sample::sample(&mut source)),
                    params,
                    params_bytes: params_bytes.leak(),
                    signed: key_exchange
                        .signs()
                        .then(|| sample_signed(&mut source, version)),
                };
                let body: &[u8] = parts.encode_body().unwrap().leak();
                let read =
                    |body| ServerKeyExchange { body: Rest(body) }.parts(key_exchange, version);
                assert_eq!(read(body).unwrap(), parts);
                for len in 0..body.len() {
                    assert!(is_malformed(read(&body[..len])), "{parts:?} {len}");
                }
                let longer = [body, &[0]].concat();
                let what = "ServerKeyExchange";
                assert_eq!(read(&longer), Err(malformed(what, LEFT)));
            }
        }
    }
}

#[test]
fn any_client_key_exchange_survives_a_round_trip() {
    let mut source = Source::new(22);
    for key_exchange in KEY_EXCHANGES {
        for _ in 0..50 {
            let share = match key_exchange {
                KeyExchange::Psk => None,
                KeyExchange::Rsa | KeyExchange::RsaPsk => {
                    Some(ClientShare::Rsa(Sample::sample(&mut source)))
                }
                KeyExchange::DheRsa | KeyExchange::DhePsk => {
                    Some(ClientShare::Dhe(Sample::sample(&mut source)))
                }
                _ => Some(ClientShare::Ecdhe(Sample::sample(&mut source))),
            };
            let psk_identity = key_exchange.uses_psk().then(|| Sample::sample(&mut source));
            let parts = ClientKeyExchangeParts {
                psk_identity,
                share,
            };
            let body = parts.encode_body().unwrap();
            let read = |body| ClientKeyExchange { body: Rest(body) }.parts(key_exchange);
            assert_eq!(read(&*body.clone().leak()).unwrap(), parts);
            for len in 0..body.len() {
                assert!(is_malformed(read(&body[..len])), "{parts:?} {len}");
            }
            let longer = [&body[..], &[0]].concat();
            let what = "ClientKeyExchange";
            assert_eq!(read(&longer), Err(malformed(what, LEFT)));
        }
    }
}

#[test]
fn key_exchanges_of_any_bytes_do_not_panic() {
    let mut source = Source::new(23);
    for round in 0..4000 {
        let len = source.below(40);
        let mut body = source.bytes(len);
        if round % 2 == 0 {
            // Likelier lengths, and a named curve.
            body.iter_mut().for_each(|byte| *byte %= 4);
        }
        for key_exchange in KEY_EXCHANGES {
            for version in VERSIONS {
                let server = ServerKeyExchange { body: Rest(&body) };
                if let Ok(parts) = server.parts(key_exchange, version) {
                    assert_eq!(parts.encode_body().unwrap(), body);
                }
                let _ = LegacyCertificateRequest::read(version, &body);
                let _ = LegacyCertificateVerify::read(version, &body);
            }
            let client = ClientKeyExchange { body: Rest(&body) };
            if let Ok(parts) = client.parts(key_exchange) {
                assert_eq!(parts.encode_body().unwrap(), body);
            }
        }
    }
}

#[test]
fn a_curve_must_be_named() {
    for key_exchange in [
        KeyExchange::EcdheEcdsa,
        KeyExchange::EcdheRsa,
        KeyExchange::EcdhePsk,
    ] {
        // explicit_prime, explicit_char2 and numbers without a meaning.
        for curve_type in [1, 2, 0, 4, 248, 255] {
            let hint: &[u8] = if key_exchange.uses_psk() {
                &[0, 0]
            } else {
                &[]
            };
            let body = [hint, &[curve_type, 0, 29, 1, 7, 4, 1, 0, 1, 9]].concat();
            let error = ServerKeyExchange { body: Rest(&body) }
                .parts(key_exchange, ProtocolVersion::TLS1_2)
                .unwrap_err();
            assert_eq!(
                error,
                PeerMisbehaved::IllegalParameter {
                    what: "ServerKeyExchange does not name its curve (RFC 8422 Section 5.4)"
                }
                .into()
            );
            assert_eq!(error.alert(), Some(AlertDescription::ILLEGAL_PARAMETER));
        }
    }
}

#[test]
fn rsa_has_no_server_key_exchange() {
    // As of a server that would have an export key taken (FREAK): modulus, exponent, signature.
    for body in [&[][..], &[0, 1, 7, 0, 1, 3, 4, 1, 0, 1, 9]] {
        for version in VERSIONS {
            let error = ServerKeyExchange { body: Rest(body) }
                .parts(KeyExchange::Rsa, version)
                .unwrap_err();
            assert_eq!(
                error,
                PeerMisbehaved::UnexpectedMessage {
                    got: HandshakeType::SERVER_KEY_EXCHANGE,
                    expected: "CertificateRequest or ServerHelloDone"
                }
                .into()
            );
            assert_eq!(error.alert(), Some(AlertDescription::UNEXPECTED_MESSAGE));
        }
    }
}

#[test]
fn empty_and_ragged_fields_are_malformed() {
    let server = |key_exchange, body: &[u8]| {
        ServerKeyExchange { body: Rest(body) }
            .parts(key_exchange, ProtocolVersion::TLS1_2)
            .map(|_| ())
    };
    let client = |key_exchange, body: &[u8]| {
        ClientKeyExchange { body: Rest(body) }
            .parts(key_exchange)
            .map(|_| ())
    };
    let request = |version, body: &[u8]| LegacyCertificateRequest::read(version, body).map(|_| ());
    use KeyExchange::*;
    let (tls10, tls12) = (ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_2);
    #[rustfmt::skip]
    let cases = [
        (server(EcdheRsa, &[]), "EcdheParams.curve_type", EARLY),
        (server(EcdheRsa, &[3, 0]), "EcdheParams.group", EARLY),
        (server(EcdheRsa, &[3, 0, 29, 0, 4, 1, 0, 0]), "EcdheParams.public", SHORT),
        (server(EcdheRsa, &[3, 0, 29, 1, 7]), "DigitallySigned.algorithm", EARLY),
        (server(EcdheRsa, &[3, 0, 29, 1, 7, 4, 1]), "DigitallySigned.signature", EARLY),
        (server(EcdhePsk, &[0, 0]), "EcdheParams.curve_type", EARLY),
        (server(DheRsa, &[0, 0, 0, 1, 2, 0, 1, 2]), "DheParams.p", SHORT),
        (server(DheRsa, &[0, 1, 7, 0, 0, 0, 1, 2]), "DheParams.g", SHORT),
        (server(DheRsa, &[0, 1, 7, 0, 1, 2, 0, 0]), "DheParams.y", SHORT),
        (server(Psk, &[]), "ServerKeyExchange.psk_identity_hint", EARLY),
        (server(Psk, &[0, 2, 7]), "ServerKeyExchange.psk_identity_hint", EARLY),
        (server(RsaPsk, &[0, 0, 0]), "ServerKeyExchange", LEFT),
        (client(EcdheRsa, &[]), "ClientKeyExchange.ecdh_Yc", EARLY),
        (client(EcdheRsa, &[0]), "ClientKeyExchange.ecdh_Yc", SHORT),
        (client(DheRsa, &[]), "ClientKeyExchange.dh_Yc", EARLY),
        (client(DheRsa, &[0, 0]), "ClientKeyExchange.dh_Yc", SHORT),
        // SSL 3.0 had the encrypted secret without its length.
        (client(Rsa, &[7; 256]), "ClientKeyExchange.encrypted_premaster_secret", EARLY),
        (client(Psk, &[0, 1]), "ClientKeyExchange.psk_identity", EARLY),
        (client(Psk, &[0, 1, 7, 0]), "ClientKeyExchange", LEFT),
        (client(EcdhePsk, &[0, 1, 7]), "ClientKeyExchange.ecdh_Yc", EARLY),
        (request(tls10, &[0, 0, 0]), "LegacyCertificateRequest.certificate_types", SHORT),
        (request(tls12, &[1, 1, 0, 0, 0, 0]), "LegacyCertificateRequest.supported_signature_algorithms", SHORT),
        (request(tls12, &[1, 1, 0, 3, 4, 1, 4, 0, 0]), "LegacyCertificateRequest.supported_signature_algorithms", EARLY),
        (request(tls12, &[1, 1, 0, 2, 4, 1, 0, 2, 0, 0]), "LegacyCertificateRequest.certificate_authorities", SHORT),
        // The other version's form.
        (request(tls10, &[1, 1, 0, 2, 4, 1, 0, 0]), "LegacyCertificateRequest.certificate_authorities", EARLY),
        (request(tls12, &[1, 1, 0, 0]), "LegacyCertificateRequest.supported_signature_algorithms", SHORT),
        (LegacyCertificateVerify::read(tls10, &[4, 1, 0, 1, 9]).map(|_| ()), "DigitallySigned.signature", EARLY),
        (LegacyCertificateVerify::read(tls12, &[0, 1, 9]).map(|_| ()), "DigitallySigned.signature", EARLY),
        (LegacyCertificate::read(&[0, 0, 3, 0, 0, 0]).map(|_| ()), "LegacyCertificate.certificate_list", SHORT),
        (LegacyCertificate::read(&[0, 0, 5, 0, 0, 1, 9, 0]).map(|_| ()), "LegacyCertificate.certificate_list", EARLY),
        (LegacyCertificateStatus::read(&[1, 0, 0, 0]).map(|_| ()), "LegacyCertificateStatus.status", SHORT),
        (HelloRequest::read(&[0]).map(|_| ()), "HelloRequest", LEFT),
        (ServerHelloDone::read(&[0]).map(|_| ()), "ServerHelloDone", LEFT),
        (LegacyNewSessionTicket::read(&[0, 0, 0, 1, 0]).map(|_| ()), "LegacyNewSessionTicket.ticket", EARLY),
    ];
    for (result, what, problem) in cases {
        assert_eq!(result, Err(malformed(what, problem)));
    }
    // What may be empty.
    for legal in [
        server(Psk, &[0, 0]),
        client(Psk, &[0, 0]),
        client(Rsa, &[0, 0]),
        request(tls10, &[1, 1, 0, 0]),
        request(tls12, &[1, 64, 0, 2, 4, 3, 0, 0]),
        LegacyCertificate::read(&[0, 0, 0]).map(|_| ()),
        LegacyNewSessionTicket::read(&[0, 0, 0, 0, 0, 0]).map(|_| ()),
    ] {
        assert_eq!(legal, Ok(()));
    }
}

#[test]
fn signatures_name_their_algorithm_in_tls_1_2_only() {
    let mut source = Source::new(24);
    for version in VERSIONS {
        for _ in 0..50 {
            let message = LegacyCertificateVerify {
                signed: sample_signed(&mut source, version),
            };
            let mut request = LegacyCertificateRequest::sample(&mut source);
            if version < ProtocolVersion::TLS1_2 {
                request.supported_signature_algorithms = None;
            }
            let mut bytes = Vec::new();
            message.encode(&mut bytes).unwrap();
            let body: &[u8] = &bytes.leak()[HEADER_LEN..];
            let read = |body| LegacyCertificateVerify::read(version, body);
            assert_eq!(read(body), Ok(message));
            for len in 0..body.len() {
                assert!(is_malformed(read(&body[..len])));
            }
            let longer = [body, &[0]].concat();
            let what = "LegacyCertificateVerify";
            assert_eq!(read(&longer), Err(malformed(what, LEFT)));

            let mut bytes = Vec::new();
            request.encode(&mut bytes).unwrap();
            let body: &[u8] = &bytes.leak()[HEADER_LEN..];
            let read = |body| LegacyCertificateRequest::read(version, body);
            assert_eq!(read(body), Ok(request));
            for len in 0..body.len() {
                assert!(is_malformed(read(&body[..len])));
            }
            let longer = [body, &[0]].concat();
            let what = "LegacyCertificateRequest";
            assert_eq!(read(&longer), Err(malformed(what, LEFT)));
        }
    }
    let signed = LegacySigned {
        algorithm: Some(SignatureScheme::RSA_PKCS1_SHA256),
        signature: Opaque::new(&[9]),
    };
    let mut bytes = Vec::new();
    signed.encode_to(&mut bytes).unwrap();
    assert_eq!(bytes, [4, 1, 0, 1, 9]);
    let mut reader = Reader::new(&bytes);
    assert_eq!(LegacySigned::read_from(&mut reader, ""), Ok(signed));
}

#[test]
fn an_older_server_hello_has_null_compression_and_may_lack_extensions() {
    let hello = LegacyServerHello {
        legacy_version: ProtocolVersion::TLS1_0,
        random: Random([7; 32]),
        session_id: Opaque::new(&[]),
        cipher_suite: CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA,
        compression_method: NullCompression,
        extensions: LegacyServerHelloExtensions::default(),
    };
    let mut bytes = Vec::new();
    hello.encode(&mut bytes).unwrap();
    let mut body = bytes.split_off(HEADER_LEN);
    assert_eq!(body.len(), 2 + 32 + 1 + 2 + 1);
    assert_eq!(LegacyServerHello::read(&body), Ok(hello.clone()));
    // With the length of an empty block it means the same.
    let with_length = [&body[..], &[0, 0]].concat();
    assert_eq!(LegacyServerHello::read(&with_length), Ok(hello));
    // DEFLATE.
    *body.last_mut().unwrap() = 1;
    let error = LegacyServerHello::read(&body).unwrap_err();
    assert_eq!(
        error,
        PeerMisbehaved::IllegalParameter {
            what: "legacy_compression_method is not null (RFC 8446 Section 4.1.3)"
        }
        .into()
    );
    assert_eq!(error.alert(), Some(AlertDescription::ILLEGAL_PARAMETER));
}

#[test]
fn a_certificate_status_is_an_ocsp_response() {
    let error = LegacyCertificateStatus::read(&[2, 0, 0, 1, 9]).unwrap_err();
    assert_eq!(
        error,
        PeerMisbehaved::IllegalParameter {
            what: "certificate status is not of type ocsp, which alone was asked for (RFC 6066 Section 8)"
        }
        .into()
    );
    assert_eq!(error.alert(), Some(AlertDescription::ILLEGAL_PARAMETER));
}

#[test]
fn values_that_do_not_fit_are_not_sent() {
    let refused = Err(Error::Internal("vector to be sent is outside its range"));
    let params = ServerParams::Ecdhe(EcdheParams {
        group: NamedGroup::X25519,
        public: Opaque::new(&[]),
    });
    assert_eq!(params.encode(), refused);
    let parts = ClientKeyExchangeParts {
        psk_identity: Some(Opaque::new(&[7; 0x1_0000])),
        share: None,
    };
    assert_eq!(parts.encode_body(), refused);
    let mut out = b"before".to_vec();
    let chain = [rustls_pki_types::CertificateDer::from(Vec::new())];
    assert_eq!(
        LegacyCertificate::encode_chain(&mut out, &chain),
        refused.map(|_| ())
    );
    assert_eq!(out, b"before");
}
