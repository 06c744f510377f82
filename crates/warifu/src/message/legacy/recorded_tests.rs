//! Handshakes of OpenSSL and GnuTLS: every message is read, taken apart, put together again to the same bytes, and cut.

use rustls_pki_types::CertificateDer;

use super::*;
use crate::certificate::leaf_public_key;
use crate::error::{Error, PeerMisbehaved};
use crate::message::{
    CertificateStatusRequest, ClientHello, ExtensionSet, HEADER_LEN, Handshake, Rest,
    ServerHelloOrRetry,
};
use crate::parameters::{
    CipherSuite, ClientCertificateType, ExtensionType, HandshakeType, KeyExchange,
    MaxFragmentLength, NamedGroup, ProtocolVersion, SignatureScheme,
};
use crate::test_vectors::{Vectors, parse};

/// Flight, version and key exchange.
const FLIGHTS: [(&str, ProtocolVersion, KeyExchange); 10] = {
    use KeyExchange::*;
    let (tls10, tls11) = (ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_1);
    let tls12 = ProtocolVersion::TLS1_2;
    [
        ("ecdhe_rsa_tls12", tls12, EcdheRsa),
        ("dhe_rsa_tls10", tls10, DheRsa),
        ("ecdhe_ecdsa_tls11", tls11, EcdheEcdsa),
        ("rsa_tls12", tls12, Rsa),
        ("psk_tls12", tls12, Psk),
        ("psk_no_hint_tls12", tls12, Psk),
        ("dhe_psk_tls12", tls12, DhePsk),
        ("ecdhe_psk_tls12", tls12, EcdhePsk),
        ("rsa_psk_tls12", tls12, RsaPsk),
        ("gnutls_dhe_rsa_tls12", tls12, DheRsa),
    ]
};

fn recorded() -> Vectors {
    parse(include_str!("../../../tests/vectors/legacy/recorded.txt"))
}

/// The body of a recorded message; `None` if the flight has no such message.
fn body<M: Handshake<'static>>(flight: &str, message: &str) -> Option<&'static [u8]> {
    let bytes: &'static [u8] = recorded()
        .remove(format!("{flight}.{message}").as_str())?
        .leak();
    let (header, body) = bytes.split_at(HEADER_LEN);
    assert_eq!(header[0], M::TYPE.0);
    assert_eq!(header[1..], (body.len() as u32).to_be_bytes()[1..]);
    Some(body)
}

fn encoded<'a>(message: &impl Handshake<'a>) -> Vec<u8> {
    let mut out = Vec::new();
    message.encode(&mut out).unwrap();
    out.split_off(HEADER_LEN)
}

/// Checks that `read` takes the whole body and nothing shorter or longer. Returns what it reads.
fn exact<T: core::fmt::Debug>(
    body: &'static [u8],
    read: impl Fn(&'static [u8]) -> Result<T, Error>,
) -> T {
    let longer: &'static [u8] = [body, &[0]].concat().leak();
    for body in (0..body.len()).map(|len| &body[..len]).chain([longer]) {
        let result = read(body);
        let Err(Error::PeerMisbehaved(PeerMisbehaved::Malformed { .. })) = result else {
            panic!("{} bytes: {result:?}", body.len());
        };
    }
    read(body).unwrap()
}

/// A hello may be cut before its block of extensions.
fn server_hello(flight: &str) -> LegacyServerHello<'static> {
    let body = body::<LegacyServerHello>(flight, "server.server_hello").unwrap();
    LegacyServerHello::read(body).unwrap()
}

fn client_hello(flight: &str) -> ClientHello<'static> {
    ClientHello::read(body::<ClientHello>(flight, "client.client_hello").unwrap()).unwrap()
}

fn certificates(body: &'static [u8]) -> Vec<CertificateDer<'static>> {
    let read = exact(body, LegacyCertificate::read);
    assert_eq!(encoded(&read), body);
    let chain: Vec<_> = read
        .certificate_list
        .iter()
        .map(|certificate| CertificateDer::from(certificate.to_vec()))
        .collect();
    let mut again = Vec::new();
    LegacyCertificate::encode_chain(&mut again, &chain).unwrap();
    assert_eq!(again[0], HandshakeType::CERTIFICATE.0);
    assert_eq!(again[HEADER_LEN..], *body);
    chain
}

fn server_key_exchange(
    flight: &str,
    key_exchange: KeyExchange,
    version: ProtocolVersion,
) -> Option<ServerKeyExchangeParts<'static>> {
    let body = body::<ServerKeyExchange>(flight, "server.server_key_exchange")?;
    let parts = exact(body, |body| {
        ServerKeyExchange { body: Rest(body) }.parts(key_exchange, version)
    });
    assert_eq!(parts.encode_body().unwrap(), body);
    let params = parts.params.as_ref().map(|params| params.encode().unwrap());
    assert_eq!(params.unwrap_or_default(), parts.params_bytes);
    Some(parts)
}

fn client_key_exchange(flight: &str, key_exchange: KeyExchange) -> ClientKeyExchangeParts<'static> {
    let body = body::<ClientKeyExchange>(flight, "client.client_key_exchange").unwrap();
    let parts = exact(body, |body| {
        ClientKeyExchange { body: Rest(body) }.parts(key_exchange)
    });
    assert_eq!(parts.encode_body().unwrap(), body);
    parts
}

#[test]
fn every_message_is_read_and_put_together_again() {
    let mut count = 0;
    for (flight, version, key_exchange) in FLIGHTS {
        let suite = server_hello(flight).cipher_suite.legacy().unwrap();
        assert_eq!(suite.key_exchange, key_exchange);
        assert!(suite.min_version <= version);

        for name in recorded()
            .keys()
            .filter_map(|name| name.strip_prefix(flight)?.strip_prefix('.'))
        {
            count += 1;
            let (_, message) = name.split_once('.').unwrap();
            match message {
                "client_hello" => {
                    let hello = client_hello(flight);
                    assert!(hello.legacy_version >= version);
                }
                "server_hello" => {
                    let body = body::<LegacyServerHello>(flight, name).unwrap();
                    let ServerHelloOrRetry::Older(_) = ServerHelloOrRetry::read(body).unwrap()
                    else {
                        panic!("{flight}");
                    };
                    // The order of extensions is another.
                    let hello = LegacyServerHello::read(body).unwrap();
                    let again = encoded(&hello);
                    assert_eq!(again.len(), body.len(), "{hello:?}");
                    assert_eq!(LegacyServerHello::read(again.leak()).unwrap(), hello);
                }
                "certificate" => {
                    let body = body::<LegacyCertificate>(flight, name).unwrap();
                    // OpenSSL adds the authority where it knows it.
                    assert!([1, 2].contains(&certificates(body).len()));
                }
                "certificate_status" => {
                    let body = body::<LegacyCertificateStatus>(flight, name).unwrap();
                    let read = exact(body, LegacyCertificateStatus::read);
                    assert_eq!(encoded(&read), body);
                }
                "server_key_exchange" => {
                    server_key_exchange(flight, key_exchange, version).unwrap();
                }
                "certificate_request" => {
                    let body = body::<LegacyCertificateRequest>(flight, name).unwrap();
                    let read = exact(body, |body| LegacyCertificateRequest::read(version, body));
                    assert_eq!(encoded(&read), body);
                }
                "server_hello_done" => {
                    let body = body::<ServerHelloDone>(flight, name).unwrap();
                    assert_eq!(encoded(&exact(body, ServerHelloDone::read)), body);
                }
                "client_key_exchange" => {
                    client_key_exchange(flight, key_exchange);
                }
                "certificate_verify" => {
                    let body = body::<LegacyCertificateVerify>(flight, name).unwrap();
                    let read = exact(body, |body| LegacyCertificateVerify::read(version, body));
                    assert_eq!(encoded(&read), body);
                }
                "new_session_ticket" => {
                    let body = body::<LegacyNewSessionTicket>(flight, name).unwrap();
                    let read = exact(body, LegacyNewSessionTicket::read);
                    assert_eq!(encoded(&read), body);
                    assert!(!read.ticket.is_empty());
                }
                _ => panic!("{name}"),
            }
        }
    }
    assert_eq!(count, recorded().len());
}

#[test]
fn server_hellos_answer_what_was_offered() {
    for (flight, version, _) in FLIGHTS {
        let (client, server) = (client_hello(flight), server_hello(flight));
        assert_eq!(server.legacy_version, version);
        assert!(client.cipher_suites.contains(&server.cipher_suite));
        // RFC 5746 Section 3.4: the SCSV asks for renegotiation_info as well.
        let scsv = CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV;
        let mut offered = client.extensions.present();
        if client.cipher_suites.contains(&scsv) {
            assert_eq!(
                server.extensions.check_solicited(offered),
                Err(PeerMisbehaved::UnsolicitedExtension {
                    extension: ExtensionType::RENEGOTIATION_INFO,
                    message: "ServerHello"
                })
            );
            offered = offered.with(ExtensionType::RENEGOTIATION_INFO);
        }
        assert_eq!(server.extensions.check_solicited(offered), Ok(()));
        assert!(
            server
                .extensions
                .check_solicited(ExtensionSet::EMPTY)
                .is_err()
        );
        assert!(server.extensions.extended_main_secret.is_some());
        assert_eq!(*server.extensions.renegotiation_info.unwrap(), []);
    }
}

#[test]
fn the_messages_say_what_the_commands_asked_for() {
    let flight = "ecdhe_rsa_tls12";
    let version = ProtocolVersion::TLS1_2;
    let extensions = server_hello(flight).extensions;
    let protocol = extensions.application_layer_protocol_negotiation.unwrap();
    assert_eq!(*protocol.0, *b"h2");
    assert!(extensions.status_request.is_some() && extensions.session_ticket.is_some());
    assert_eq!(*extensions.ec_point_formats.unwrap(), [0, 1, 2]);
    let offered = client_hello(flight).extensions;
    assert_eq!(
        offered.status_request,
        Some(CertificateStatusRequest::ocsp())
    );
    let body_of_request =
        body::<LegacyCertificateRequest>(flight, "server.certificate_request").unwrap();
    let request = LegacyCertificateRequest::read(version, body_of_request).unwrap();
    assert!(
        request
            .certificate_types
            .contains(&ClientCertificateType::RSA_SIGN)
    );
    assert!(
        request
            .supported_signature_algorithms
            .unwrap()
            .contains(&SignatureScheme::RSA_PSS_RSAE_SHA256)
    );
    let ticket = body::<LegacyNewSessionTicket>(flight, "server.new_session_ticket").unwrap();
    let ticket = LegacyNewSessionTicket::read(ticket).unwrap();
    assert_eq!(ticket.ticket_lifetime_hint, 7200);

    // Before TLS 1.2 no algorithms are named. The authority is there all the same.
    let flight = "dhe_rsa_tls10";
    let version = ProtocolVersion::TLS1_0;
    let body_of_request =
        body::<LegacyCertificateRequest>(flight, "server.certificate_request").unwrap();
    let request = LegacyCertificateRequest::read(version, body_of_request).unwrap();
    assert_eq!(request.supported_signature_algorithms, None);
    assert_eq!(request.certificate_authorities.len(), 1);
    assert!(server_hello(flight).extensions.encrypt_then_mac.is_some());
    let parts = server_key_exchange(flight, KeyExchange::DheRsa, version).unwrap();
    assert_eq!(parts.signed.unwrap().algorithm, None);

    assert_eq!(
        server_hello("rsa_tls12").extensions.max_fragment_length,
        Some(MaxFragmentLength::Len1024)
    );
}

#[test]
fn each_key_exchange_has_its_parts() {
    for (flight, version, key_exchange) in FLIGHTS {
        let server = server_key_exchange(flight, key_exchange, version);
        let client = client_key_exchange(flight, key_exchange);
        match &client.share {
            Some(ClientShare::Ecdhe(point)) => {
                assert!(key_exchange.is_ecdhe());
                assert_eq!(point.len(), 32); // X25519
            }
            Some(ClientShare::Dhe(public)) => {
                assert!(key_exchange.is_dhe() && public.len() <= 257);
            }
            Some(ClientShare::Rsa(encrypted)) => {
                assert!(matches!(
                    key_exchange,
                    KeyExchange::Rsa | KeyExchange::RsaPsk
                ));
                assert_eq!(encrypted.len(), 256);
            }
            None => assert_eq!(key_exchange, KeyExchange::Psk),
        }
        let identity = key_exchange.uses_psk().then_some(&b"client"[..]);
        assert_eq!(client.psk_identity.as_deref(), identity);

        let sends_no_message = ["rsa_tls12", "psk_no_hint_tls12"].contains(&flight);
        assert_eq!(server.is_none(), sends_no_message);
        let Some(server) = server else {
            continue;
        };
        let hint = match flight {
            "psk_tls12" | "dhe_psk_tls12" | "rsa_psk_tls12" => Some(&b"hint"[..]),
            "ecdhe_psk_tls12" => Some(&b""[..]),
            _ => None,
        };
        assert_eq!(server.psk_identity_hint.as_deref(), hint);
        assert_eq!(server.signed.is_some(), key_exchange.signs());
        match server.params {
            Some(ServerParams::Ecdhe(params)) => {
                assert!(key_exchange.is_ecdhe());
                assert_eq!(params.group, NamedGroup::X25519);
                assert_eq!(params.public.len(), 32);
            }
            Some(ServerParams::Dhe(params)) => {
                assert!(key_exchange.is_dhe());
                assert!(params.p.len() >= 128 && params.p.len() == params.y.len());
                assert_eq!(*params.g, [2]);
            }
            None => assert!(!key_exchange.is_forward_secret()),
        }
    }
}

#[test]
fn signatures_cover_the_randoms_and_the_parameters() {
    for flight in ["ecdhe_rsa_tls12", "gnutls_dhe_rsa_tls12"] {
        let (client, server) = (client_hello(flight), server_hello(flight));
        let suite = server.cipher_suite.legacy().unwrap();
        let parts = server_key_exchange(flight, suite.key_exchange, server.legacy_version).unwrap();
        let content =
            ServerKeyExchange::signed_content(&client.random, &server.random, parts.params_bytes);
        let leaf = certificates(body::<LegacyCertificate>(flight, "server.certificate").unwrap())
            .remove(0);
        let signed = parts.signed.unwrap();
        let algorithm = signed.algorithm.unwrap().algorithm().unwrap();
        let key = leaf_public_key(&leaf, warifu_crypto::RsaMinimum::Bits2048).unwrap();
        assert_eq!(key.verify(algorithm, &content, &signed.signature), Ok(()));
        assert!(
            key.verify(algorithm, &content[1..], &signed.signature)
                .is_err()
        );
    }
}
