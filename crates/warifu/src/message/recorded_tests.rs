//! Messages that others made. Those of RFC 8448, by NSS, are read and encoded again to the same bytes, save
//! the order of extensions; ClientHellos of OpenSSL, GnuTLS and curl are read.

use super::end_of_early_data::EndOfEarlyData;
use super::extension::Row;
use super::*;
use crate::parameters::{
    CipherSuite, ExtensionType, MaxFragmentLength, NamedGroup, ProtocolVersion, SignatureScheme,
};
use crate::test_vectors::{parse, rfc8448, trace};

fn body<'a, M: Handshake<'a>>(message: &'a [u8]) -> &'a [u8] {
    let (header, body) = message.split_at(HEADER_LEN);
    assert_eq!(header[0], M::TYPE.0);
    assert_eq!(header[1..], (body.len() as u32).to_be_bytes()[1..]);
    body
}

/// Reads a message and encodes it again; `reordered` if the extensions come in another order than
/// ours, so that only their length is compared here, and what was read from both.
fn round_trip<'a, M: Handshake<'a> + PartialEq + fmt::Debug>(
    message: &'a [u8],
    reordered: bool,
) -> M {
    let read = M::read(body::<M>(message)).unwrap();
    let mut again = Vec::new();
    read.encode(&mut again).unwrap();
    if reordered {
        assert_eq!(again.len(), message.len(), "{read:?}");
        assert_ne!(again, message);
        assert_eq!(M::read(body::<M>(again.leak())).unwrap(), read);
    } else {
        assert_eq!(again, message, "{read:?}");
    }
    read
}

#[test]
fn every_message_of_rfc_8448_survives_a_round_trip() {
    for (name, trace) in &rfc8448() {
        let mut read = 0;
        for (field, bytes) in trace {
            let resumed = *name == "resumed_0rtt";
            let message = field
                .trim_start_matches("client_")
                .trim_start_matches("server_");
            match (*field, message) {
                ("client_hello" | "client_hello_2", _) => {
                    round_trip::<ClientHello>(bytes, false);
                }
                // NSS puts pre_shared_key first.
                ("server_hello", _) => {
                    round_trip::<ServerHello>(bytes, resumed);
                }
                ("hello_retry_request", _) => {
                    round_trip::<HelloRetryRequest>(bytes, true);
                }
                // NSS puts server_name late.
                ("encrypted_extensions", _) => {
                    round_trip::<EncryptedExtensions>(bytes, true);
                }
                ("certificate_request", _) => {
                    round_trip::<CertificateRequest>(bytes, false);
                }
                (_, "certificate") => {
                    round_trip::<Certificate>(bytes, false);
                }
                (_, "certificate_verify") => {
                    round_trip::<CertificateVerify>(bytes, false);
                }
                (_, "finished") => {
                    round_trip::<Finished>(bytes, false);
                }
                ("end_of_early_data", _) => {
                    round_trip::<EndOfEarlyData>(bytes, false);
                }
                ("new_session_ticket", _) => {
                    round_trip::<NewSessionTicket>(bytes, false);
                }
                _ => continue,
            }
            read += 1;
        }
        assert!(read >= 6, "{name}: {read}");
    }
}

#[test]
fn the_vectors_are_whole() {
    for (name, trace) in &rfc8448() {
        for (field, bytes) in trace {
            if field.ends_with("_record") {
                let len = usize::from(u16::from_be_bytes([bytes[3], bytes[4]]));
                assert_eq!(bytes.len(), 5 + len, "{name} {field}");
            }
            let len = match *field {
                field if field.ends_with("_iv") => 12,
                field if field.ends_with("p256_public_key") => 65,
                field if field.ends_with("private_key") || field.ends_with("public_key") => 32,
                field if field.ends_with("finished_key") || field.ends_with("binder_key") => 32,
                field if field.ends_with("_key") => 16,
                field if field.ends_with("_hash") || field.ends_with("_secret") => 32,
                _ => bytes.len(),
            };
            assert_eq!(bytes.len(), len, "{name} {field}");
        }
        for record in ["client_hello", "server_hello"] {
            let whole = &trace[format!("{record}_record").as_str()];
            assert_eq!(whole[5..], trace[record]);
        }
    }
}

#[test]
fn the_client_hello_of_section_3_says_what_the_rfc_says() {
    let trace = trace!("simple_1rtt");
    let hello: ClientHello = round_trip(&trace["client_hello"], false);
    assert_eq!(hello.legacy_version, ProtocolVersion::TLS1_2);
    assert_eq!(hello.random.0[..], trace["client_random"]);
    assert!(hello.legacy_session_id.is_empty());
    assert_eq!(
        hello.cipher_suites.iter().collect::<Vec<_>>(),
        [
            CipherSuite::TLS_AES_128_GCM_SHA256,
            CipherSuite::TLS_CHACHA20_POLY1305_SHA256,
            CipherSuite::TLS_AES_256_GCM_SHA384
        ]
    );
    assert_eq!(hello.legacy_compression_methods.as_slice(), [0]);
    let extensions = &hello.extensions;
    assert_eq!(extensions.server_name.unwrap().host_name, "server");
    assert_eq!(extensions.record_size_limit, Some(RecordSizeLimit(0x4001)));
    assert!(hello.offers(ProtocolVersion::TLS1_3) && !hello.offers(ProtocolVersion::TLS1_2));
    let shares = &extensions.key_share.as_ref().unwrap().client_shares;
    let share = shares.iter().next().unwrap();
    assert_eq!((shares.len(), share.group), (1, NamedGroup::X25519));
    assert_eq!(*share.key_exchange, trace["client_x25519_public_key"][..]);
    assert!(
        extensions
            .signature_algorithms
            .unwrap()
            .contains(&SignatureScheme::ECDSA_SECP256R1_SHA256)
    );
    assert_eq!(
        extensions
            .types()
            .map(|number| number.0)
            .collect::<Vec<_>>(),
        [0, 0xff01, 10, 35, 51, 43, 13, 45, 28]
    );
}

#[test]
fn server_hellos_answer_what_was_offered() {
    for (name, trace) in &rfc8448() {
        let offered = ClientHello::read(&trace["client_hello"][HEADER_LEN..])
            .unwrap()
            .extensions
            .present();
        let hello = ServerHelloOrRetry::read(&trace["server_hello"][HEADER_LEN..]).unwrap();
        let ServerHelloOrRetry::ServerHello(hello) = hello else {
            panic!("{name}");
        };
        assert_eq!(hello.extensions.check_solicited(offered), Ok(()));
        assert_eq!(
            hello.extensions.supported_versions,
            Some(ProtocolVersion::TLS1_3)
        );
        let encrypted: EncryptedExtensions = round_trip(&trace["encrypted_extensions"], true);
        assert_eq!(encrypted.extensions.check_solicited(offered), Ok(()));
    }
}

#[test]
fn the_retry_of_section_5_asks_for_p256_with_a_cookie() {
    let trace = trace!("hello_retry_request");
    let first: ClientHello = round_trip(&trace["client_hello"], false);
    let message = ServerHelloOrRetry::read(&trace["hello_retry_request"][HEADER_LEN..]).unwrap();
    let ServerHelloOrRetry::HelloRetryRequest(retry) = message else {
        panic!("{message:?}");
    };
    assert_eq!(retry.extensions.key_share, Some(NamedGroup::SECP256R1));
    assert_eq!(*retry.extensions.cookie.unwrap(), trace["cookie"][..]);
    let offered = first.extensions.present();
    assert!(!offered.contains(ExtensionType::COOKIE));
    assert_eq!(retry.extensions.check_solicited(offered), Ok(()));
    let second: ClientHello = round_trip(&trace["client_hello_2"], false);
    assert_eq!(second.extensions.cookie, retry.extensions.cookie);
}

#[test]
fn the_truncated_client_hello_of_section_4_ends_before_the_binders() {
    let trace = trace!("resumed_0rtt");
    let message = &trace["client_hello"];
    let hello: ClientHello = round_trip(message, false);
    let truncated = &message[..message.len() - hello.binders_len()];
    assert_eq!(truncated, trace["truncated_client_hello"]);
    let psks = hello.extensions.pre_shared_key.unwrap();
    assert_eq!(
        *psks.identities.iter().next().unwrap().identity,
        trace!("simple_1rtt")["ticket"][..]
    );
    assert_eq!(*psks.binders.iter().next().unwrap(), trace["binder"][..]);
}

#[test]
fn the_chains_of_rfc_8448_are_encoded_as_the_rfc_has_them() {
    for (name, trace) in &rfc8448() {
        for field in ["server_certificate", "client_certificate"] {
            let Some(message) = trace.get(field) else {
                continue;
            };
            let read: Certificate = round_trip(message, false);
            let chain: Vec<_> = read
                .certificate_list
                .iter()
                .map(|entry| entry.cert_data.as_slice().into())
                .collect();
            assert_eq!(chain.len(), 1, "{name}");
            let mut again = Vec::new();
            Certificate::encode_chain(&mut again, &[], &chain, Staples::default()).unwrap();
            assert_eq!(again, *message);
        }
    }
}

#[test]
fn the_ticket_of_section_3_allows_early_data() {
    let trace = trace!("simple_1rtt");
    let ticket: NewSessionTicket = round_trip(&trace["new_session_ticket"], false);
    assert_eq!(ticket.ticket_lifetime, 30);
    assert_eq!(ticket.ticket_age_add, 0xfad6_aac5);
    assert_eq!(*ticket.ticket_nonce, trace["ticket_nonce"][..]);
    assert_eq!(*ticket.ticket, trace["ticket"][..]);
    assert_eq!(ticket.extensions.early_data, Some(1024));
}

#[test]
fn client_hellos_of_other_implementations_are_read() {
    let hellos = parse(include_str!(
        "../../tests/vectors/client_hello/recorded.txt"
    ));
    let read = |name: &str| ClientHello::read(body::<ClientHello>(&hellos[name])).unwrap();
    for (name, message) in &hellos {
        let hello = read(name);
        let mut again = Vec::new();
        hello.encode(&mut again).unwrap();
        assert_eq!(ClientHello::read(&again[HEADER_LEN..]).unwrap(), hello);
        // None of them sends what we do not know, so that nothing is lost but order.
        let known = |number: &ExtensionType| Row::of(*number).is_some();
        if hello.extensions.types().all(|number| known(&number)) {
            assert_eq!(again.len(), message.len(), "{name}");
        }
        assert_eq!(
            hello.offers(ProtocolVersion::TLS1_3),
            !name.contains("tls12") && !name.contains("tls10"),
            "{name}"
        );
    }
    for name in ["openssl_tls13", "gnutls_tls13"] {
        let extensions = read(name).extensions;
        assert_eq!(extensions.server_name.unwrap().host_name, "example.org");
        let protocols = extensions.application_layer_protocol_negotiation.unwrap();
        assert_eq!(*protocols.iter().next().unwrap(), *b"h2");
        assert_eq!(
            extensions.status_request,
            Some(CertificateStatusRequest::ocsp())
        );
    }
    let extensions = read("openssl_tls13_only").extensions;
    assert_eq!(
        extensions.max_fragment_length,
        Some(MaxFragmentLength::Len1024)
    );
    let shares = extensions.key_share.unwrap().client_shares;
    assert_eq!(shares.iter().next().unwrap().group, NamedGroup::SECP256R1);

    let hello = read("openssl_psk");
    let psks = hello.extensions.pre_shared_key.as_ref().unwrap();
    assert_eq!(*psks.identities.iter().next().unwrap().identity, *b"client");
    assert_eq!(hello.binders_len(), 2 + 1 + 32);

    let hello = read("gnutls_tls10_no_extensions");
    assert_eq!(hello.legacy_version, ProtocolVersion::TLS1_0);
    assert_eq!(hello.extensions, ClientHelloExtensions::default());
}
