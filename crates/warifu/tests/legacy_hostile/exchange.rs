//! Key exchanges with values that no honest peer sends.

use warifu::config::Policy;
use warifu::parameters::{AlertDescription, CipherSuite, HandshakeType, NamedGroup};
use warifu::{CertificateError, Error, PeerMisbehaved};
use warifu_crypto::legacy::{DhGroup, DhKeyPair};
use warifu_crypto::{Group, KeyShare, SignatureAlgorithm};

use crate::bytes::*;
use crate::crypto::*;
use crate::peer::*;
use crate::rsa;

const ILLEGAL: AlertDescription = AlertDescription::ILLEGAL_PARAMETER;
const DECODE: AlertDescription = AlertDescription::DECODE_ERROR;
const DECRYPT: AlertDescription = AlertDescription::DECRYPT_ERROR;
const UNEXPECTED: AlertDescription = AlertDescription::UNEXPECTED_MESSAGE;

fn malformed(what: &'static str, problem: &'static str) -> PeerMisbehaved {
    PeerMisbehaved::Malformed { what, problem }
}

/// A client that gets this body of a ServerKeyExchange fails like this.
#[track_caller]
fn refused_by_client(
    what: &str,
    mut stage: Stage,
    body: impl FnOnce(&Peer) -> Vec<u8>,
    error: impl Into<Error>,
    alert: AlertDescription,
) {
    let mut flight = stage.peer.server_flight();
    let exchange = message(SERVER_KEY_EXCHANGE, &body(&stage.peer));
    *find(&mut flight, SERVER_KEY_EXCHANGE) = exchange;
    stage.play(&flight);
    stage.expect(what, error, alert);
    // Nothing of the exchange went out.
    assert_eq!(stage.received, [CLIENT_HELLO], "{what}");
}

/// A server that gets this ClientKeyExchange fails like this.
#[track_caller]
fn refused_by_server(
    what: &str,
    mut stage: Stage,
    body: &[u8],
    error: impl Into<Error>,
    alert: AlertDescription,
) {
    stage.up_to_last_flight();
    let exchange = message(CLIENT_KEY_EXCHANGE, body);
    stage.play(&vec![Step::Message(exchange)]);
    stage.expect(what, error, alert);
}

/// Points that are none, by the number of their group.
fn bad_points() -> Vec<(u16, Vec<u8>)> {
    let mut points = vec![
        // RFC 7748 Section 6.1: what leads to an all-zero secret.
        (29, vec![0; 32]),
        (29, [&[1][..], &[0; 31]].concat()),
        // Its order divides 8.
        (29, low_order_point()),
        (29, vec![9; 31]),
        (29, vec![9; 33]),
    ];
    let share = KeyShare::generate(Group::P256).unwrap();
    let good = share.public().to_vec();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut point = good.clone();
        change(&mut point);
        (23, point)
    };
    points.extend([
        // Not on the curve: the attack of invalid curves.
        with(&|point| point[64] ^= 1),
        with(&|point| point[1..].fill(0)),
        with(&|point| point[1..].fill(0xff)),
        // Infinity.
        (23, vec![0]),
        // Compressed and hybrid forms.
        with(&|point| {
            point.truncate(33);
            point[0] = 2;
        }),
        with(&|point| {
            point[0] = 6 | (point[64] & 1);
        }),
        with(&|point| point.truncate(64)),
        with(&|point| point.push(0)),
    ]);
    points
}

fn low_order_point() -> Vec<u8> {
    let hex = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
    let digits = (0..64).step_by(2);
    digits
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

#[test]
fn points_that_are_none_are_refused() {
    for (suite, tls) in [
        (ECDHE_RSA_GCM, TLS1_2),
        (ECDHE_ECDSA_CBC, TLS1_0),
        (ECDHE_PSK_GCM, TLS1_2),
    ] {
        for (group, point) in bad_points() {
            let error = PeerMisbehaved::BadKeyShare { group };
            let params = ecdhe_params(group, &point);
            refused_by_client(
                &format!("{point:02x?}"),
                Stage::client(tls, suite),
                |peer| peer.key_exchange_of(&params),
                error.clone(),
                ILLEGAL,
            );
            let stage = Stage::server_with(tls, suite, |server| {
                server.with_groups(&[NamedGroup(group)])
            });
            let identity = match suite.kx.uses_psk() {
                true => vector(2, IDENTITY.as_bytes()),
                false => Vec::new(),
            };
            let body = [identity, vector(1, &point)].concat();
            refused_by_server(&format!("{point:02x?}"), stage, &body, error, ILLEGAL);
        }
    }
}

#[test]
fn groups_that_were_not_offered_are_refused() {
    let point = KeyShare::generate(Group::X25519).unwrap().public().to_vec();
    for (group, name) in [
        (25, "secp521r1"),
        (1, "0x1"),
        (0x0100, "ffdhe2048"),
        (0x11ec, "X25519MLKEM768"),
    ] {
        let params = ecdhe_params(group, &point);
        refused_by_client(
            name,
            Stage::client(TLS1_2, ECDHE_RSA_GCM),
            |peer| peer.key_exchange_of(&params),
            PeerMisbehaved::NotOffered {
                what: "group",
                value: name.to_owned(),
            },
            ILLEGAL,
        );
    }
    // RFC 8422 Section 5.4: explicit_prime, explicit_char2, and nothing.
    for curve_type in [0, 1, 2, 4, 255] {
        let mut params = ecdhe_params(29, &point);
        params[0] = curve_type;
        refused_by_client(
            "curve type",
            Stage::client(TLS1_2, ECDHE_RSA_GCM),
            |peer| peer.key_exchange_of(&params),
            PeerMisbehaved::IllegalParameter {
                what: "ServerKeyExchange does not name its curve (RFC 8422 Section 5.4)",
            },
            ILLEGAL,
        );
    }
}

/// Big-endian, plus a small number.
fn plus(number: &[u8], value: i8) -> Vec<u8> {
    let mut sum = number.to_vec();
    let mut carry = i16::from(value);
    for digit in sum.iter_mut().rev() {
        let now = i16::from(*digit) + carry;
        *digit = now.rem_euclid(256) as u8;
        carry = now.div_euclid(256);
    }
    sum
}

#[test]
fn diffie_hellman_groups_that_are_none_are_refused() {
    let group = DhGroup::rfc7919(2048).unwrap();
    let pair = DhKeyPair::generate(&group).unwrap();
    let (p, y) = (group.p(), pair.public());
    let small = |bits| PeerMisbehaved::DhGroupTooSmall {
        bits,
        min_bits: 2048,
    };
    let bad = |problem| PeerMisbehaved::BadDhGroup { problem };
    let not_prime = "its modulus is not prime";
    let trivial = "its generator makes a trivial group";
    // Logjam: groups of export length, and the Oakley group 2 that everybody used.
    let oakley2 = [&p[..64], &[0xff; 64]].concat();
    let mut huge = vec![0xff; 1025];
    huge[1024] = 0xfb;
    let cases: Vec<(&str, Vec<u8>, Vec<u8>, PeerMisbehaved)> = vec![
        ("512 bits", oakley2[..64].to_vec(), vec![2], small(512)),
        ("1024 bits", oakley2.clone(), vec![2], small(1024)),
        ("2047 bits", halved(p), vec![2], small(2047)),
        (
            "padded",
            [&[0; 128][..], &oakley2].concat(),
            vec![2],
            small(1024),
        ),
        ("nothing", vec![0], vec![2], small(0)),
        (
            "8200 bits",
            huge,
            vec![2],
            PeerMisbehaved::DhGroupTooLarge { bits: 8200 },
        ),
        ("even", plus(p, -1), vec![2], bad(not_prime)),
        ("composite", plus(p, -2), vec![2], bad(not_prime)),
        ("a square", square_of_mersenne(), vec![2], bad(not_prime)),
        ("g = 0", p.to_vec(), vec![0], bad(trivial)),
        ("g = 1", p.to_vec(), vec![1], bad(trivial)),
        ("g = p - 1", p.to_vec(), plus(p, -1), bad(trivial)),
        ("g = p", p.to_vec(), p.to_vec(), bad(trivial)),
        ("g = p + 1", p.to_vec(), plus(p, 1), bad(trivial)),
    ];
    for (what, p, g, error) in cases {
        let alert = match error {
            PeerMisbehaved::DhGroupTooSmall { .. } => AlertDescription::INSUFFICIENT_SECURITY,
            _ => ILLEGAL,
        };
        let params = dhe_params(&p, &g, y);
        for suite in [DHE_RSA_GCM, DHE_PSK_GCM] {
            refused_by_client(
                what,
                Stage::client(TLS1_2, suite),
                |peer| peer.key_exchange_of(&params),
                error.clone(),
                alert,
            );
        }
        if what == "1024 bits" {
            // Who asks for it gets it no smaller than asked for.
            let stage = Stage::client_with(TLS1_0, DHE_RSA_CBC, |client| {
                client.with_policy(Policy::Legacy).with_min_dh_bits(1025)
            });
            let error = PeerMisbehaved::DhGroupTooSmall {
                bits: 1024,
                min_bits: 1025,
            };
            refused_by_client(
                what,
                stage,
                |peer| peer.key_exchange_of(&params),
                error,
                alert,
            );
        }
    }
}

fn halved(number: &[u8]) -> Vec<u8> {
    let mut half = number.to_vec();
    let mut carry = 0;
    for digit in &mut half {
        (*digit, carry) = (*digit >> 1 | carry << 7, *digit & 1);
    }
    half
}

/// (2^1279 - 1)^2 = 2^2558 - 2^1280 + 1, of a Mersenne prime.
fn square_of_mersenne() -> Vec<u8> {
    let mut number = vec![0; 320];
    // 2^2558 - 2^1280: ones from bit 1280 to bit 2557.
    number[..160].fill(0xff);
    number[0] = 0x3f;
    number[319] = 1;
    number
}

#[test]
fn diffie_hellman_values_outside_of_the_group_are_refused() {
    let group = DhGroup::rfc7919(2048).unwrap();
    let p = group.p();
    let values = [
        vec![0],
        vec![1],
        vec![0; 256],
        plus(p, -1),
        p.to_vec(),
        plus(p, 1),
        plus(p, 2),
        [&[0; 3][..], &plus(p, -1)].concat(),
        [&[1][..], p].concat(),
        vec![0xff; 1 << 10],
    ];
    for y in values {
        let params = dhe_params(p, group.g(), &y);
        for (tls, suite) in [
            (TLS1_2, DHE_RSA_GCM),
            (TLS1_0, DHE_RSA_CBC),
            (TLS1_2, DHE_PSK_GCM),
        ] {
            let what = format!("{} bytes", y.len());
            refused_by_client(
                &what,
                Stage::client(tls, suite),
                |peer| peer.key_exchange_of(&params),
                PeerMisbehaved::BadDhPublicValue,
                ILLEGAL,
            );
            let identity = match suite.kx.uses_psk() {
                true => vector(2, IDENTITY.as_bytes()),
                false => Vec::new(),
            };
            let body = [identity, vector(2, &y)].concat();
            let stage = Stage::server(tls, suite);
            refused_by_server(
                &what,
                stage,
                &body,
                PeerMisbehaved::BadDhPublicValue,
                ILLEGAL,
            );
        }
    }
}

/// FREAK: a client that did not ask for export RSA gets an RSA key of 512 bits, signed rightly.
#[test]
fn an_rsa_key_in_server_key_exchange_is_refused() {
    for tls in [TLS1_0, TLS1_1, TLS1_2] {
        let mut stage = Stage::client(tls, RSA_CBC);
        let mut flight = stage.peer.server_flight();
        let params = [vector(2, &[0xd5; 64]), vector(2, &[1, 0, 1])].concat();
        let content = [
            &stage.peer.client_random,
            &stage.peer.server_random,
            &params[..],
        ]
        .concat();
        let signed = stage.peer.signed(&keys().rsa.key, &content);
        let exchange = message(SERVER_KEY_EXCHANGE, &[params, signed].concat());
        let done = place(&flight, SERVER_HELLO_DONE);
        flight.insert(done, Step::Message(exchange));
        stage.play(&flight);
        let error = PeerMisbehaved::UnexpectedMessage {
            got: HandshakeType::SERVER_KEY_EXCHANGE,
            expected: "CertificateRequest or ServerHelloDone",
        };
        stage.expect("FREAK", error, UNEXPECTED);
    }
}

#[test]
fn signatures_of_server_key_exchange_are_checked() {
    for (tls, suite) in [
        (TLS1_2, ECDHE_RSA_GCM),
        (TLS1_2, ECDHE_ECDSA_GCM),
        (TLS1_2, DHE_RSA_GCM),
        (TLS1_1, ECDHE_RSA_CBC),
        (TLS1_0, ECDHE_ECDSA_CBC),
        (TLS1_0, DHE_RSA_CBC),
    ] {
        let key = &identity_for(suite.kx).key;
        let params = match suite.kx {
            Kx::DheRsa => {
                let group = DhGroup::rfc7919(2048).unwrap();
                let pair = DhKeyPair::generate(&group).unwrap();
                dhe_params(group.p(), group.g(), pair.public())
            }
            _ => ecdhe_params(29, KeyShare::generate(Group::X25519).unwrap().public()),
        };
        let signed_over = |peer: &Peer, parts: &[&[u8]]| {
            [params.clone(), peer.signed(key, &parts.concat())].concat()
        };
        let scheme_len = if tls == TLS1_2 { 2 } else { 0 };
        type Body<'a> = Box<dyn Fn(&Peer) -> Vec<u8> + 'a>;
        let cases: Vec<(&str, Body<'_>)> = vec![
            (
                "a changed signature",
                Box::new(|peer| {
                    let mut body = peer.key_exchange_of(&params);
                    *body.last_mut().unwrap() ^= 1;
                    body
                }),
            ),
            (
                "changed parameters",
                Box::new(|peer| {
                    let mut body = peer.key_exchange_of(&params);
                    body[params.len() - 1] ^= 1;
                    body
                }),
            ),
            (
                "of another connection",
                Box::new(|peer| signed_over(peer, &[&[7; 32], &peer.server_random, &params])),
            ),
            (
                "of another random of the server",
                Box::new(|peer| signed_over(peer, &[&peer.client_random, &[7; 32], &params])),
            ),
            (
                "of the parameters alone",
                Box::new(|peer| signed_over(peer, &[&params])),
            ),
            (
                "by another key of the kind",
                Box::new(|peer| {
                    let other = match suite.kx {
                        Kx::EcdheEcdsa => &keys().client.key,
                        _ => &keys().client_rsa.key,
                    };
                    let content = [&peer.client_random, &peer.server_random, &params[..]].concat();
                    [params.clone(), peer.signed(other, &content)].concat()
                }),
            ),
            (
                "no bytes",
                Box::new(|peer| {
                    let body = peer.key_exchange_of(&params);
                    [&body[..params.len() + scheme_len], &[0, 0]].concat()
                }),
            ),
            (
                "zeros",
                Box::new(|peer| {
                    let mut body = peer.key_exchange_of(&params);
                    body[params.len() + scheme_len + 2..].fill(0);
                    body
                }),
            ),
        ];
        for (what, body) in cases {
            let stage = Stage::client(tls, suite);
            refused_by_client(what, stage, body, PeerMisbehaved::BadSignature, DECRYPT);
        }
        let short = malformed("DigitallySigned.signature", "ends early");
        refused_by_client(
            "cut",
            Stage::client(tls, suite),
            |peer| {
                let mut body = peer.key_exchange_of(&params);
                body.pop();
                body
            },
            short,
            DECODE,
        );
        refused_by_client(
            "longer",
            Stage::client(tls, suite),
            |peer| [peer.key_exchange_of(&params), vec![0]].concat(),
            malformed("ServerKeyExchange", "bytes are left over"),
            DECODE,
        );
    }
}

/// RFC 5246 Section 7.4.3: one of the client's signature_algorithms, which fits the key.
#[test]
fn signature_schemes_that_do_not_fit_are_refused() {
    let params = ecdhe_params(29, KeyShare::generate(Group::X25519).unwrap().public());
    // MD5 and SHA-1, DSA and anonymous, of the other kind of key, of a PSS key, of TLS 1.3 alone, unknown.
    let rsa = [
        0x0101, 0x0201, 0x0202, 0x0000, 0x0403, 0x0807, 0x0809, 0x0904, 0xffff,
    ];
    let ecdsa = [0x0103, 0x0203, 0x0401, 0x0804, 0x0807, 0x0904, 0xffff];
    for (suite, schemes) in [(ECDHE_RSA_GCM, &rsa[..]), (ECDHE_ECDSA_GCM, &ecdsa)] {
        for &scheme in schemes {
            refused_by_client(
                &format!("{scheme:#06x}"),
                Stage::client(TLS1_2, suite),
                |peer| {
                    let mut body = peer.key_exchange_of(&params);
                    body[params.len()..params.len() + 2].copy_from_slice(&u16::to_be_bytes(scheme));
                    body
                },
                PeerMisbehaved::WrongSignatureScheme { scheme },
                ILLEGAL,
            );
        }
    }
    // What was offered, and is not what the scripted peer uses otherwise.
    let mut stage = Stage::client(TLS1_2, ECDHE_RSA_GCM);
    let mut flight = stage.peer.server_flight();
    let exchange = find(&mut flight, SERVER_KEY_EXCHANGE);
    let params_len = 4 + 32;
    let content = [
        &stage.peer.client_random,
        &stage.peer.server_random,
        &exchange[4..4 + params_len],
    ]
    .concat();
    let signature = keys()
        .rsa
        .key
        .sign(SignatureAlgorithm::RsaPssRsaeSha256, &content);
    let body = [
        &exchange[4..4 + params_len],
        &[8, 4],
        &vector(2, &signature.unwrap()),
    ]
    .concat();
    *exchange = message(SERVER_KEY_EXCHANGE, &body);
    stage.play(&flight);
    assert_eq!(stage.error, None, "RSASSA-PSS in TLS 1.2");
}

#[test]
fn certificates_of_the_wrong_kind_are_refused() {
    let (rsa, ecdsa) = (&keys().rsa, &keys().ecdsa);
    for (tls, suite, wrong, kind, name) in [
        (
            TLS1_2,
            ECDHE_RSA_GCM,
            ecdsa,
            "ECDSA P-256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        ),
        (
            TLS1_2,
            DHE_RSA_GCM,
            ecdsa,
            "ECDSA P-256",
            "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
        ),
        (
            TLS1_2,
            RSA_GCM,
            ecdsa,
            "ECDSA P-256",
            "TLS_RSA_WITH_AES_128_GCM_SHA256",
        ),
        (
            TLS1_0,
            RSA_CBC,
            ecdsa,
            "ECDSA P-256",
            "TLS_RSA_WITH_AES_128_CBC_SHA",
        ),
        (
            TLS1_2,
            RSA_PSK_GCM,
            ecdsa,
            "ECDSA P-256",
            "TLS_RSA_PSK_WITH_AES_128_GCM_SHA256",
        ),
        (
            TLS1_2,
            ECDHE_ECDSA_GCM,
            rsa,
            "RSA 2048",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        ),
        (
            TLS1_0,
            ECDHE_ECDSA_CBC,
            rsa,
            "RSA 2048",
            "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        ),
    ] {
        let mut stage = Stage::client(tls, suite);
        let mut flight = stage.peer.server_flight();
        *find(&mut flight, CERTIFICATE) = certificate(Some(&wrong.certificate));
        stage.play(&flight);
        let error = CertificateError::UnsupportedKey {
            reason: format!("{kind} does not go with {name}"),
        };
        stage.expect(name, error, AlertDescription::UNSUPPORTED_CERTIFICATE);
    }
    let mut stage = Stage::client(TLS1_2, ECDHE_RSA_GCM);
    let mut flight = stage.peer.server_flight();
    *find(&mut flight, CERTIFICATE) = certificate(None);
    stage.play(&flight);
    stage.expect("none", CertificateError::Empty, DECODE);
}

#[test]
fn a_client_key_exchange_is_read_to_the_last_byte() {
    let left_over = malformed("ClientKeyExchange", "bytes are left over");
    let point = KeyShare::generate(Group::X25519).unwrap().public().to_vec();
    let body = [vector(1, &point), vec![0]].concat();
    let stage = Stage::server(TLS1_2, ECDHE_RSA_GCM);
    refused_by_server("longer", stage, &body, left_over.clone(), DECODE);
    let body = [vector(2, IDENTITY.as_bytes()), vec![0]].concat();
    let stage = Stage::server(TLS1_2, PSK_GCM);
    refused_by_server("longer", stage, &body, left_over, DECODE);
    // An empty point would say that it stands in a certificate.
    let stage = Stage::server(TLS1_2, ECDHE_RSA_GCM);
    let error = malformed("ClientKeyExchange.ecdh_Yc", "shorter than the minimum");
    refused_by_server("empty", stage, &[0], error, DECODE);
}

/// The length of a ciphertext is no secret; it is not that of the key.
#[test]
fn ciphertexts_of_another_length_are_refused() {
    for len in [0, 1, 255, 257, 4096] {
        for (suite, identity) in [(RSA_GCM, Vec::new()), (RSA_PSK_GCM, vector(2, b"alice"))] {
            let body = [identity, vector(2, &vec![1; len])].concat();
            let stage = Stage::server(TLS1_2, suite);
            let error = malformed(
                "ClientKeyExchange.encrypted_premaster_secret",
                "not as long as the server's key",
            );
            refused_by_server(&format!("{len}"), stage, &body, error, DECODE);
        }
    }
}

/// Bleichenbacher's attack and its children: whatever is inside of the ciphertext, and whatever the client sends behind it, the
/// server says the same at the same place.
#[test]
fn ciphertexts_are_all_alike() {
    for (tls, suite) in [
        (TLS1_0, RSA_CBC),
        (TLS1_1, RSA_CBC),
        (TLS1_2, RSA_CBC),
        (TLS1_2, RSA_GCM),
        (TLS1_2, RSA_PSK_GCM),
    ] {
        for (what, ciphertext) in rsa::ciphertexts(&keys().rsa.key, tls) {
            // ROBOT: a client that stops behind ClientKeyExchange, behind change_cipher_spec, and one that does not.
            for last in [1, 2, 3] {
                let mut stage = Stage::server(tls, suite);
                let mut flight = stage.up_to_last_flight();
                let exchange = find(&mut flight, CLIENT_KEY_EXCHANGE);
                let start = exchange.len() - 256;
                exchange[start..].copy_from_slice(&ciphertext);
                // The attacker does not know the premaster secret, of what is good no more than of what is not.
                flight.truncate(last);
                let before = stage.wire.len();
                stage.play(&flight);
                let sent = &stage.wire[before..];
                if last < 3 {
                    assert_eq!((&stage.error, sent), (&None, &b""[..]), "{what} {last}");
                    continue;
                }
                let minor = (tls & 0xff) as u8;
                let (error, alert) = match suite.kx {
                    Kx::RsaPsk => (
                        warifu::PskFailure::WrongKeyInFinished {
                            identity: IDENTITY.to_owned(),
                        }
                        .into(),
                        DECRYPT,
                    ),
                    _ => (
                        Error::from(PeerMisbehaved::BadRecordMac),
                        AlertDescription::BAD_RECORD_MAC,
                    ),
                };
                stage.expect(what, error, alert);
                assert_eq!(sent, [ALERT, 3, minor, 0, 2, 2, alert.0], "{what}");
            }
        }
    }
}

/// RFC 5246 Section 7.4.7.1: the version inside is that of the ClientHello, not the one that was chosen.
#[test]
fn the_version_inside_of_the_premaster_secret_is_that_of_the_hello() {
    for (inside, good) in [(TLS1_2, true), (TLS1_0, false)] {
        let mut stage = Stage::server_with(TLS1_0, RSA_CBC, |server| {
            server.with_cipher_suites(&[CipherSuite(RSA_CBC.number)])
        });
        // Offers TLS 1.2 to a server of TLS 1.0.
        stage.peer.version = TLS1_2;
        stage.peer.client_version = inside.to_be_bytes();
        let flight = stage.up_to_last_flight();
        assert_eq!(stage.peer.version, TLS1_0);
        stage.play(&flight);
        match good {
            true => stage.exchange(),
            false => stage.expect(
                "version",
                PeerMisbehaved::BadRecordMac,
                AlertDescription::BAD_RECORD_MAC,
            ),
        }
    }
}
