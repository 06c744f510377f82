//! Properties that hold for every message by its declaration alone, and the messages one by one.

use rustls_pki_types::CertificateDer;

use super::codec::{List, Opaque, Wire};
use super::end_of_early_data::EndOfEarlyData;
use super::hello_retry_request::RetryRandom;
use super::sample::{Sample, Source};
use super::*;
use crate::error::PeerMisbehaved;
use crate::parameters::{CipherSuite, ExtensionType, ProtocolVersion};

/// Calls a generic function once for each message type.
macro_rules! for_each_message {
    ($function:ident $(, $argument:expr)*) => {
        $function::<ClientHello>($($argument),*);
        $function::<ServerHello>($($argument),*);
        $function::<HelloRetryRequest>($($argument),*);
        $function::<EncryptedExtensions>($($argument),*);
        $function::<CertificateRequest>($($argument),*);
        $function::<Certificate>($($argument),*);
        $function::<CertificateVerify>($($argument),*);
        $function::<Finished>($($argument),*);
        $function::<EndOfEarlyData>($($argument),*);
        $function::<NewSessionTicket>($($argument),*);
        $function::<KeyUpdate>($($argument),*);
        #[cfg(feature = "legacy")]
        {
            use super::legacy::*;
            $function::<HelloRequest>($($argument),*);
            $function::<LegacyServerHello>($($argument),*);
            $function::<LegacyCertificate>($($argument),*);
            $function::<LegacyCertificateStatus>($($argument),*);
            $function::<ServerKeyExchange>($($argument),*);
            $function::<LegacyCertificateRequest>($($argument),*);
            $function::<ServerHelloDone>($($argument),*);
            $function::<ClientKeyExchange>($($argument),*);
            $function::<LegacyCertificateVerify>($($argument),*);
            $function::<LegacyNewSessionTicket>($($argument),*);
        }
    };
}

/// Whether a message takes bytes of any number: Finished has the length of the hash, the others depend on the key
/// exchange, and only the flow knows.
fn has_any_length<M: Handshake<'static>>() -> bool {
    [
        HandshakeType::FINISHED,
        HandshakeType::SERVER_KEY_EXCHANGE,
        HandshakeType::CLIENT_KEY_EXCHANGE,
    ]
    .contains(&M::TYPE)
}

/// A random message that can be encoded (HelloRetryRequest and CertificateRequest need an extension), and
/// its bytes.
fn sample_message<M: Handshake<'static> + Sample>(source: &mut Source) -> (M, &'static [u8]) {
    loop {
        let message = M::sample(source);
        let mut bytes = Vec::new();
        if message.encode(&mut bytes).is_ok() {
            return (message, bytes.leak());
        }
    }
}

fn body_of(message: &[u8]) -> &[u8] {
    let (header, body) = message.split_at(HEADER_LEN);
    assert_eq!(header[1..], (body.len() as u32).to_be_bytes()[1..]);
    body
}

#[test]
fn every_message_survives_a_round_trip() {
    fn check<M: Handshake<'static> + Sample + PartialEq + fmt::Debug>() {
        let mut source = Source::new(1);
        for _ in 0..300 {
            let (message, bytes) = sample_message::<M>(&mut source);
            assert_eq!(bytes[0], M::TYPE.0);
            let read = M::read(body_of(bytes)).unwrap();
            assert_eq!(read, message);
            let mut again = Vec::new();
            read.encode(&mut again).unwrap();
            assert_eq!(again, bytes, "{message:?}");
            assert_eq!(format!("{read:?}"), format!("{message:?}"));
        }
    }
    for_each_message!(check);
}

#[test]
fn every_proper_prefix_of_a_message_fails() {
    fn check<M: Handshake<'static> + Sample>() {
        if has_any_length::<M>() {
            return;
        }
        let mut source = Source::new(2);
        for _ in 0..100 {
            let (_, bytes) = sample_message::<M>(&mut source);
            let body = body_of(bytes);
            let mut legal = 0;
            for len in 0..body.len() {
                match M::read(&body[..len]) {
                    Err(Error::PeerMisbehaved(PeerMisbehaved::Malformed { .. })) => {}
                    Err(other) => panic!("{}: {other}", M::NAME),
                    Ok(message) => {
                        let mut again = Vec::new();
                        message.encode(&mut again).unwrap();
                        assert_eq!(again[HEADER_LEN..], body[..len]);
                        legal += 1;
                    }
                }
            }
            // Both hellos may be cut before their block of extensions, as in older versions.
            let hello = ["ClientHello", "ServerHello", "LegacyServerHello"].contains(&M::NAME);
            assert!(legal <= usize::from(hello), "{}", M::NAME);
        }
    }
    for_each_message!(check);
}

#[test]
fn every_message_with_a_byte_too_many_fails() {
    fn check<M: Handshake<'static> + Sample>() {
        if has_any_length::<M>() {
            return;
        }
        let mut source = Source::new(3);
        for _ in 0..100 {
            let (_, bytes) = sample_message::<M>(&mut source);
            let body = [body_of(bytes), &[0]].concat().leak();
            match M::read(body) {
                Err(Error::PeerMisbehaved(PeerMisbehaved::Malformed { .. })) => {}
                Err(other) => panic!("{}: {other}", M::NAME),
                Ok(_) => panic!("{} read with a byte left over", M::NAME),
            }
        }
    }
    for_each_message!(check);
}

#[test]
fn what_is_read_from_any_bytes_reads_the_same_once_encoded() {
    fn check<M: Handshake<'static> + Sample + PartialEq + fmt::Debug>(rounds: usize) {
        let mut source = Source::new(4);
        let mut read = 0;
        for round in 0..rounds {
            let mut body = if round % 4 == 0 {
                let len = source.below(200);
                source.bytes(len)
            } else {
                body_of(sample_message::<M>(&mut source).1).to_vec()
            };
            for _ in 0..source.below(4) {
                mutate(&mut body, &mut source);
            }
            let Ok(message) = M::read(body.leak()) else {
                continue;
            };
            read += 1;
            let _ = format!("{message:?}");
            // A block may become too short when unknown extensions are left out.
            let mut again = Vec::new();
            if message.encode(&mut again).is_ok() {
                assert_eq!(
                    M::read(again.leak().split_at(HEADER_LEN).1).unwrap(),
                    message
                );
            }
        }
        assert!(read > rounds / 10, "{}: {read} of {rounds}", M::NAME);
    }
    for_each_message!(check, 3000);
}

#[test]
fn server_hello_of_any_bytes_does_not_panic() {
    let mut source = Source::new(5);
    for round in 0..3000 {
        let mut body = match round % 3 {
            0 => body_of(sample_message::<ServerHello>(&mut source).1).to_vec(),
            1 => body_of(sample_message::<HelloRetryRequest>(&mut source).1).to_vec(),
            _ => source.bytes(80),
        };
        for _ in 0..source.below(3) {
            mutate(&mut body, &mut source);
        }
        let _ = ServerHelloOrRetry::read(body.leak());
    }
}

fn mutate(bytes: &mut Vec<u8>, source: &mut Source) {
    if bytes.is_empty() {
        bytes.push(source.next() as u8);
    }
    let at = source.below(bytes.len());
    match source.below(5) {
        0 => bytes[at] ^= 1 << source.below(8),
        1 => bytes[at] = source.next() as u8,
        2 => bytes.insert(at, source.next() as u8),
        3 => drop(bytes.remove(at)),
        _ => bytes.truncate(at),
    }
}

#[test]
fn a_client_hello_without_extensions_is_read_and_sent_without_their_length() {
    let mut body = vec![3, 1];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0, 47, 1, 0]);
    let hello = ClientHello::read(&body).unwrap();
    assert_eq!(hello.extensions, ClientHelloExtensions::default());
    assert_eq!(hello.binders_len(), 0);
    let mut out = Vec::new();
    hello.encode(&mut out).unwrap();
    assert_eq!(out[HEADER_LEN..], body);
    // With the length of an empty block it means the same.
    let with_length = [&body[..], &[0, 0]].concat();
    assert_eq!(ClientHello::read(&with_length).unwrap(), hello);
}

#[test]
fn key_update_knows_two_requests() {
    for (byte, request) in [
        (0, KeyUpdateRequest::NotRequested),
        (1, KeyUpdateRequest::Requested),
    ] {
        assert_eq!(KeyUpdate::read(&[byte]).unwrap().request_update, request);
    }
    for byte in 2..=255 {
        assert_eq!(
            KeyUpdate::read(&[byte]),
            Err(PeerMisbehaved::IllegalParameter {
                what: "KeyUpdate.request_update is neither 0 nor 1 (RFC 8446 Section 4.6.3)"
            }
            .into())
        );
    }
}

#[test]
fn server_hello_must_have_null_compression() {
    let mut source = Source::new(14);
    let mut hello = ServerHello::sample(&mut source);
    hello.legacy_session_id_echo = Opaque::new(&[]);
    hello.extensions.supported_versions = Some(ProtocolVersion::TLS1_3);
    let mut bytes = Vec::new();
    hello.encode(&mut bytes).unwrap();
    bytes[HEADER_LEN + 2 + 32 + 1 + 2] = 1;
    assert_eq!(
        ServerHelloOrRetry::read(body_of(&bytes)),
        Err(PeerMisbehaved::IllegalParameter {
            what: "legacy_compression_method is not null (RFC 8446 Section 4.1.3)"
        }
        .into())
    );
}

#[test]
fn a_server_hello_without_supported_versions_is_one_of_an_older_version() {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0xc0, 0x2f, 0]);
    // Without extensions, and with those of a usual TLS 1.2 server, misplaced in TLS 1.3.
    let with_extensions = [&body[..], &[0, 9, 0xff, 1, 0, 1, 0, 0, 0, 0, 0]].concat();
    for body in [&body, &with_extensions] {
        let ServerHelloOrRetry::Older(older) = ServerHelloOrRetry::read(body).unwrap() else {
            panic!();
        };
        assert_eq!(older.legacy_version, ProtocolVersion::TLS1_2);
        assert_eq!(older.random, Random([7; 32]));
    }
    // What cannot be read is reported as a fault of ServerHello.
    let trailing = [&with_extensions[..], &[0]].concat();
    for (body, what, problem) in [
        (&trailing[..], "ServerHello", "bytes are left over"),
        (
            &with_extensions[..with_extensions.len() - 1],
            "ServerHello.extensions",
            "ends early",
        ),
        (&body[..20], "ServerHello.random", "ends early"),
    ] {
        assert_eq!(
            ServerHelloOrRetry::read(body),
            Err(PeerMisbehaved::Malformed { what, problem }.into())
        );
    }
}

#[test]
fn a_server_hello_with_its_own_random_is_no_retry() {
    let (_, bytes) = sample_message::<ServerHello>(&mut Source::new(15));
    assert_eq!(
        HelloRetryRequest::read(body_of(bytes)),
        Err(PeerMisbehaved::Malformed {
            what: "HelloRetryRequest.random",
            problem: "not that of a HelloRetryRequest"
        }
        .into())
    );
}

#[test]
fn a_chain_is_encoded_with_the_staple_on_its_leaf() {
    let chain = [
        CertificateDer::from(vec![1; 300]),
        CertificateDer::from(vec![2; 2]),
    ];
    let mut out = b"before".to_vec();
    let staples = Staples {
        ocsp_response: b"staple",
        scts: &[],
    };
    Certificate::encode_chain(&mut out, b"context", &chain, staples).unwrap();
    let message = out.strip_prefix(b"before").unwrap();
    assert_eq!(message[0], HandshakeType::CERTIFICATE.0);
    let read = Certificate::read(body_of(message)).unwrap();
    assert_eq!(&*read.certificate_request_context, b"context");
    let entries: Vec<_> = read.certificate_list.iter().collect();
    assert_eq!(entries.len(), 2);
    assert_eq!(&*entries[0].cert_data, [1; 300]);
    assert_eq!(
        entries[0].extensions.status_request,
        Some(CertificateStatus::ocsp(b"staple"))
    );
    assert_eq!(&*entries[1].cert_data, [2; 2]);
    assert_eq!(entries[1].extensions, CertificateExtensions::default());

    // The staple must have been asked for.
    let asked = ExtensionSet::EMPTY.with(ExtensionType::STATUS_REQUEST);
    assert_eq!(read.check_solicited(asked), Ok(()));
    assert_eq!(
        read.check_solicited(ExtensionSet::EMPTY),
        Err(PeerMisbehaved::UnsolicitedExtension {
            extension: ExtensionType::STATUS_REQUEST,
            message: "Certificate"
        })
    );

    // No chain, no staple: as a client without a certificate.
    let mut out = Vec::new();
    Certificate::encode_chain(&mut out, &[], &[], Staples::default()).unwrap();
    assert_eq!(out, [11, 0, 0, 4, 0, 0, 0, 0]);
}

#[test]
fn the_special_random_is_the_hash_that_the_rfc_says() {
    let mut random = Vec::new();
    RetryRandom.encode_to(&mut random).unwrap();
    assert_eq!(
        warifu_crypto::Hash::Sha256
            .digest(&[b"HelloRetryRequest"])
            .as_ref(),
        random
    );
}

#[test]
fn values_that_do_not_fit_are_not_sent() {
    fn refused(message: &impl Handshake<'static>) {
        let mut out = b"before".to_vec();
        assert_eq!(
            message.encode(&mut out),
            Err(Error::Internal("vector to be sent is outside its range"))
        );
        assert_eq!(out, b"before");
    }
    let mut source = Source::new(13);
    let mut hello = ClientHello::sample(&mut source);
    hello.legacy_session_id = Opaque::new(&[0; 33]);
    refused(&hello);
    let mut hello = ClientHello::sample(&mut source);
    hello.cipher_suites = List::new(&[]);
    refused(&hello);
    let mut hello = ClientHello::sample(&mut source);
    hello.extensions.padding = Some(Padding(usize::MAX));
    refused(&hello);
    let mut hello = ClientHello::sample(&mut source);
    hello.extensions.cookie = Some(Opaque::new(vec![0; 0x1_0000].leak()));
    refused(&hello);
    refused(&HelloRetryRequest {
        legacy_version: ProtocolVersion::TLS1_2,
        random: RetryRandom,
        legacy_session_id_echo: Opaque::new(&[]),
        cipher_suite: CipherSuite::TLS_AES_128_GCM_SHA256,
        legacy_compression_method: NullCompression,
        extensions: HelloRetryRequestExtensions::default(),
    });
}
