//! Hellos of TLS 1.2 and older: suites, extensions, and what they need.

use warifu::config::Policy;
use warifu::error::NothingInCommon;
use warifu::parameters::{AlertDescription, CipherSuite, ExtensionType, NamedGroup};
use warifu::{CertificateError, Error, PeerMisbehaved, UsageError};

use crate::bytes::*;
use crate::crypto::*;
use crate::peer::*;

const ILLEGAL: AlertDescription = AlertDescription::ILLEGAL_PARAMETER;
const DECODE: AlertDescription = AlertDescription::DECODE_ERROR;
const FAILURE: AlertDescription = AlertDescription::HANDSHAKE_FAILURE;
const UNSUPPORTED: AlertDescription = AlertDescription::UNSUPPORTED_EXTENSION;

/// A client that gets this ServerHello fails like this.
#[track_caller]
fn refused_by_client(
    what: &str,
    mut stage: Stage,
    change: impl FnOnce(&mut Vec<u8>),
    error: impl Into<Error>,
    alert: AlertDescription,
) {
    let mut flight = stage.peer.server_flight();
    change(find(&mut flight, SERVER_HELLO));
    stage.play(&flight);
    stage.expect(what, error, alert);
}

/// A server that gets this ClientHello fails like this.
#[track_caller]
fn refused_by_server(
    what: &str,
    mut stage: Stage,
    change: impl FnOnce(&mut Vec<u8>),
    error: impl Into<Error>,
    alert: AlertDescription,
) {
    let mut hello = stage.peer.client_hello();
    change(&mut hello);
    stage.play(&vec![Step::Message(hello)]);
    stage.expect(what, error, alert);
}

fn illegal(what: &'static str) -> PeerMisbehaved {
    PeerMisbehaved::IllegalParameter { what }
}

fn malformed(what: &'static str, problem: &'static str) -> PeerMisbehaved {
    PeerMisbehaved::Malformed { what, problem }
}

#[test]
fn suites_that_were_not_offered_are_refused() {
    for (number, name) in [
        (0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
        (0x1301, "TLS_AES_128_GCM_SHA256"),
        // Signals, NULL, export, RC4, anonymous, and what nobody knows.
        (0x00ff, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"),
        (0x5600, "TLS_FALLBACK_SCSV"),
        (0x0000, "0x0"),
        (0x0002, "0x2"),
        (0x0003, "0x3"),
        (0x0004, "0x4"),
        (0x0034, "0x34"),
        (0xfefe, "0xfefe"),
    ] {
        for stage in [
            Stage::client(TLS1_2, ECDHE_RSA_GCM),
            Stage::client_with(TLS1_2, ECDHE_RSA_GCM, |client| {
                let suites = [
                    CipherSuite(ECDHE_RSA_GCM.number),
                    CipherSuite::TLS_AES_128_GCM_SHA256,
                ];
                client
                    .with_policy(Policy::Default)
                    .with_cipher_suites(&suites)
            }),
        ] {
            refused_by_client(
                name,
                stage,
                |hello| hello[4 + 35..4 + 37].copy_from_slice(&u16::to_be_bytes(number)),
                PeerMisbehaved::NotOffered {
                    what: "cipher suite",
                    value: name.to_owned(),
                },
                ILLEGAL,
            );
        }
    }
}

/// RFC 5246 Section 6.2.3.3 and 5: AEADs and SHA-256 are of TLS 1.2.
#[test]
fn suites_of_another_version_are_refused() {
    for chosen in [TLS1_0, TLS1_1] {
        for suite in [
            ECDHE_RSA_GCM,
            ECDHE_ECDSA_CHACHA,
            ECDHE_ECDSA_CBC256,
            RSA_GCM,
        ] {
            let mut stage = Stage::client_with(chosen, suite, |client| {
                let suites = [
                    CipherSuite(suite.number),
                    CipherSuite(ECDHE_RSA_CBC.number),
                    CipherSuite::TLS_AES_128_GCM_SHA256,
                ];
                client
                    .with_versions(version(TLS1_0)..=version(0x0304))
                    .with_cipher_suites(&suites)
            });
            stage.peer.version = chosen;
            refused_by_client(
                "suite",
                stage,
                |_| {},
                illegal(
                    "server selected a cipher suite that its version does not have (RFC 5246 Section 7.4.1.3)",
                ),
                ILLEGAL,
            );
        }
    }
    // A server does not choose such a suite, even if there is none else.
    let mut stage = Stage::server_with(TLS1_0, ECDHE_RSA_GCM, |server| {
        let suites = [
            CipherSuite(ECDHE_RSA_GCM.number),
            CipherSuite(ECDHE_RSA_CBC.number),
        ];
        server
            .with_versions(version(TLS1_0)..=version(TLS1_2))
            .with_cipher_suites(&suites)
    });
    stage.peer.version = TLS1_0;
    let error = NothingInCommon::CipherSuite {
        ours: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA".to_owned(),
        peers: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256".to_owned(),
    };
    refused_by_server("suite", stage, |_| {}, error, FAILURE);
}

#[test]
fn extensions_that_answer_nothing_are_refused() {
    let key_share = [&[0, 29][..], &vector(2, &[9; 32])].concat();
    let answers: [(u16, &[u8]); 13] = [
        (MAX_FRAGMENT_LENGTH, &[1]),
        (STATUS_REQUEST, &[]),
        (SIGNATURE_ALGORITHMS, &[0, 2, 4, 3]),
        (ALPN, &[0, 3, 2, b'h', b'2']),
        (18, &[0, 3, 0, 1, 7]),
        (ENCRYPT_THEN_MAC, &[]),
        (RECORD_SIZE_LIMIT, &[0x40, 0]),
        (SESSION_TICKET, &[]),
        // heartbeat, NPN, and what nobody knows
        (15, &[1]),
        (13172, &[]),
        (0x1234, &[1, 2, 3]),
        // Of TLS 1.3, and offered for it.
        (51, &key_share),
        (41, &[0, 0]),
    ];
    for (number, data) in answers {
        for stage in [
            Stage::client(TLS1_2, ECDHE_RSA_GCM),
            Stage::client_with(TLS1_2, ECDHE_RSA_GCM, |client| {
                client.with_policy(Policy::Default)
            }),
        ] {
            // The default policy has suites without CBC alone, or with: encrypt_then_mac may be offered.
            let hello = Dissected::new(&stage.peer.client_hello);
            let is_offered = hello.extensions.iter().any(|(other, _)| *other == number);
            if is_offered && number == ENCRYPT_THEN_MAC {
                continue;
            }
            refused_by_client(
                &format!("extension {number}"),
                stage,
                |hello| {
                    edit(hello, |hello| {
                        hello.extensions.push((number, data.to_vec()))
                    })
                },
                PeerMisbehaved::UnsolicitedExtension {
                    extension: ExtensionType(number),
                    message: "ServerHello",
                },
                UNSUPPORTED,
            );
        }
    }
}

/// RFC 6962 Section 3.3: SignedCertificateTimestampList and SerializedSCT are not empty.
#[test]
fn malformed_scts_in_server_hello_are_refused() {
    const SCT: u16 = 18;
    for (data, problem) in [
        (&[][..], "ends early"),
        (&[0, 0], "shorter than the minimum"),
        (&[0, 2, 0, 0], "shorter than the minimum"),
        (&[0, 3, 0, 2, 7], "ends early"),
        (&[0, 3, 0, 1, 7, 0], "bytes are left over"),
    ] {
        let stage = Stage::client_with(TLS1_2, ECDHE_RSA_GCM, |client| {
            client.with_sct_request(true)
        });
        let change = |hello: &mut Vec<u8>| {
            edit(hello, |hello| hello.extensions.push((SCT, data.to_vec())));
        };
        let error = malformed("signed_certificate_timestamp", problem);
        refused_by_client(&format!("{data:?}"), stage, change, error, DECODE);
    }
    // More than anybody has.
    let many = vector(2, &[0, 1, 7].repeat(33));
    let stage = Stage::client_with(TLS1_2, ECDHE_RSA_GCM, |client| {
        client.with_sct_request(true)
    });
    let change = |hello: &mut Vec<u8>| {
        edit(hello, |hello| hello.extensions.push((SCT, many.clone())));
    };
    let error = CertificateError::TooComplex;
    let alert = AlertDescription::BAD_CERTIFICATE;
    refused_by_client("33 SCTs", stage, change, error, alert);
}

#[test]
fn extensions_of_server_hello_are_read_to_the_last_byte() {
    let with = |number: u16, data: &[u8]| {
        let data = data.to_vec();
        move |hello: &mut Vec<u8>| {
            edit(hello, |hello| {
                hello.extensions.retain(|(other, _)| *other != number);
                hello.extensions.push((number, data));
            });
        }
    };
    let left_over = "bytes are left over";
    for (number, data, what) in [
        (EXTENDED_MAIN_SECRET, &[0][..], "extended_main_secret"),
        (SERVER_NAME, &[0], "server_name"),
        (RENEGOTIATION_INFO, &[0, 0], "renegotiation_info"),
    ] {
        let stage = Stage::client(TLS1_2, ECDHE_RSA_GCM);
        let error = malformed(what, left_over);
        refused_by_client(what, stage, with(number, data), error, DECODE);
    }
    let stage = Stage::client(TLS1_2, ECDHE_RSA_GCM);
    refused_by_client(
        "twice",
        stage,
        |hello| {
            edit(hello, |hello| {
                hello.extensions.push((EXTENDED_MAIN_SECRET, vec![]))
            })
        },
        PeerMisbehaved::DuplicateExtension {
            extension: ExtensionType(EXTENDED_MAIN_SECRET),
            message: "ServerHello",
        },
        ILLEGAL,
    );
}

#[test]
fn answers_that_do_not_fit_the_offer_are_refused() {
    let with = |number: u16, data: &[u8]| {
        let data = data.to_vec();
        move |hello: &mut Vec<u8>| edit(hello, |hello| hello.extensions.push((number, data)))
    };
    // RFC 7301 Section 3.1.
    let alpn = || Stage::client_with(TLS1_2, ECDHE_RSA_GCM, |client| client.with_alpn(["one"]));
    let not_offered = PeerMisbehaved::NotOffered {
        what: "application protocol",
        value: "two".to_owned(),
    };
    let two = vector(2, &vector(1, b"two"));
    refused_by_client("another", alpn(), with(ALPN, &two), not_offered, ILLEGAL);
    // RFC 7366 Section 3.1.
    let etm = Stage::client_with(TLS1_2, ECDHE_RSA_GCM, |client| {
        client.with_cipher_suites(&[
            CipherSuite(ECDHE_RSA_GCM.number),
            CipherSuite(ECDHE_RSA_CBC.number),
        ])
    });
    let error = illegal("encrypt_then_mac with a suite without CBC (RFC 7366 Section 3.1)");
    refused_by_client(
        "without CBC",
        etm,
        with(ENCRYPT_THEN_MAC, &[]),
        error,
        ILLEGAL,
    );
    // RFC 6066 Section 4.
    let stage = Stage::client_with(TLS1_2, ECDHE_RSA_GCM, |client| {
        client.with_max_fragment_length(512)
    });
    let error = illegal("max_fragment_length is not the one requested (RFC 6066 Section 4)");
    refused_by_client(
        "other length",
        stage,
        with(MAX_FRAGMENT_LENGTH, &[2]),
        error,
        ILLEGAL,
    );
    // RFC 5246 Section 7.4.1.3.
    let stage = Stage::client(TLS1_2, ECDHE_RSA_GCM);
    refused_by_client(
        "compression",
        stage,
        |hello| hello[4 + 37] = 1,
        illegal("legacy_compression_method is not null (RFC 8446 Section 4.1.3)"),
        ILLEGAL,
    );
}

#[test]
fn what_renegotiation_and_the_triple_handshake_need_is_demanded() {
    let filled = |hello: &mut Vec<u8>| {
        edit(hello, |hello| {
            *hello.extension(RENEGOTIATION_INFO) = vec![1, 0xaa]
        });
    };
    let without =
        |number: u16| move |hello: &mut Vec<u8>| edit(hello, |hello| hello.remove(number));
    for tls in [TLS1_0, TLS1_2] {
        let client = || Stage::client(tls, ECDHE_RSA_CBC);
        let server = || Stage::server(tls, ECDHE_RSA_CBC);
        let bad = PeerMisbehaved::BadRenegotiationInfo;
        refused_by_client("filled", client(), filled, bad.clone(), FAILURE);
        refused_by_server("filled", server(), filled, bad, FAILURE);
        let missing = PeerMisbehaved::NoSecureRenegotiation;
        let bare = without(RENEGOTIATION_INFO);
        refused_by_client("bare", client(), bare, missing.clone(), FAILURE);
        refused_by_server("bare", server(), bare, missing, FAILURE);
        let client = Stage::client_with(tls, ECDHE_RSA_CBC, |client| {
            client.with_required_extended_main_secret(true)
        });
        let server = Stage::server_with(tls, ECDHE_RSA_CBC, |server| {
            server.with_required_extended_main_secret(true)
        });
        let missing = PeerMisbehaved::NoExtendedMainSecret;
        let bare = without(EXTENDED_MAIN_SECRET);
        refused_by_client("no EMS", client, bare, missing.clone(), FAILURE);
        refused_by_server("no EMS", server, bare, missing, FAILURE);
    }
    // RFC 5746 Section 3.3: the signal says the same as the empty extension.
    let mut stage = Stage::server(TLS1_2, ECDHE_RSA_GCM);
    let mut extensions = Dissected::new(&stage.peer.client_hello()).extensions;
    extensions.retain(|(number, _)| *number != RENEGOTIATION_INFO);
    let hello = stage
        .peer
        .hello_with(&[ECDHE_RSA_GCM.number, 0x00ff], extensions);
    stage.play(&vec![Step::Message(hello)]);
    let flight = stage.peer.client_flight();
    stage.play(&flight);
    stage.exchange();
    let facts = stage.victim.facts().unwrap();
    assert!(facts.legacy.as_ref().unwrap().secure_renegotiation);
}

/// Without extended_main_secret the main secret can be that of another connection too (the triple handshake): nothing may be
/// bound to it (RFC 7627 Section 5.4).
#[test]
fn without_extended_main_secret_nothing_is_bound_to_the_connection() {
    for (suite, tls) in [(ECDHE_RSA_GCM, TLS1_2), (RSA_CBC, TLS1_0)] {
        for mut stage in [Stage::client(tls, suite), Stage::server(tls, suite)] {
            stage.peer.ems = false;
            stage.handshake();
            let refused = UsageError::NotAvailable(
                "exporters need extended_main_secret, which the peer does not have (RFC 7627 Section 5.4)",
            );
            let exported = stage.victim.export(b"EXPORTER-test", None, &mut [0; 32]);
            assert_eq!(exported, Err(refused.into()));
            let facts = stage.victim.facts().unwrap();
            let legacy = facts.legacy.as_ref().unwrap();
            assert!(!legacy.extended_main_secret);
            assert_eq!(legacy.tls_unique, None);
            assert!(
                facts
                    .weaknesses()
                    .contains(&"no extended_main_secret (RFC 7627)")
            );
            // That was no failure of the connection.
            stage.exchange();
        }
    }
}

/// RFC 5705 Section 4 and RFC 5929 Section 3.1, computed once more.
#[test]
fn exporters_and_tls_unique_are_those_of_the_rfcs() {
    for (tls, suite) in [
        (TLS1_2, ECDHE_RSA_GCM),
        (TLS1_0, RSA_CBC),
        (TLS1_1, PSK_CBC),
    ] {
        for mut stage in [Stage::client(tls, suite), Stage::server(tls, suite)] {
            // The client's Finished comes first, so that its verify_data is over all but itself and what is behind it.
            stage.handshake();
            let peer = &stage.peer;
            let finished = messages(&peer.transcript);
            let first = finished
                .iter()
                .find(|message| message[0] == FINISHED)
                .unwrap();
            let facts = stage.victim.facts().unwrap();
            let unique = facts.legacy.as_ref().unwrap().tls_unique.unwrap();
            assert_eq!(&first[4..], unique);
            let randoms = [peer.client_random, peer.server_random].concat();
            for context in [None, Some(&b""[..]), Some(b"context")] {
                let seed = match context {
                    None => randoms.clone(),
                    Some(context) => [randoms.clone(), vector(2, context)].concat(),
                };
                let expected = prf(tls, &peer.main, b"EXPORTER-test", &seed, 40);
                let mut exported = [0; 40];
                stage
                    .victim
                    .export(b"EXPORTER-test", context, &mut exported)
                    .unwrap();
                assert_eq!(exported[..], expected);
            }
        }
    }
}

#[test]
fn a_client_hello_that_cannot_be_served_is_refused() {
    let server = || Stage::server(TLS1_2, ECDHE_RSA_GCM);
    // RFC 5246 Section 7.4.1.2.
    refused_by_server(
        "no null compression",
        server(),
        |hello| {
            let at = 4 + 2 + 32 + 1 + 2 + 2;
            assert_eq!(hello[at..at + 2], [1, 0]);
            hello[at + 1] = 1;
        },
        illegal("compression_methods does not contain null (RFC 5246 Section 7.4.1.2)"),
        ILLEGAL,
    );
    // RFC 8446 Appendix D.5.
    refused_by_server(
        "SSL 3.0",
        server(),
        |hello| hello[4..6].copy_from_slice(&[3, 0]),
        PeerMisbehaved::Ssl3,
        AlertDescription::PROTOCOL_VERSION,
    );
    refused_by_server(
        "SSL 2.0",
        server(),
        |hello| hello[4..6].copy_from_slice(&[2, 0]),
        NothingInCommon::Version {
            ours: "TLS 1.2".to_owned(),
            peers: "at most 0x200".to_owned(),
        },
        AlertDescription::PROTOCOL_VERSION,
    );
    refused_by_server(
        "older than ours",
        server(),
        |hello| hello[4..6].copy_from_slice(&[3, 2]),
        NothingInCommon::Version {
            ours: "TLS 1.2".to_owned(),
            peers: "at most TLS 1.1".to_owned(),
        },
        AlertDescription::PROTOCOL_VERSION,
    );
    // RFC 8422 Section 5.1.2: nobody has to know another form of points than the uncompressed.
    let groups = |groups: &'static [u8]| {
        move |hello: &mut Vec<u8>| {
            edit(hello, |hello| {
                *hello.extension(SUPPORTED_GROUPS) = vector(2, groups);
            });
        }
    };
    let no_group = |peers: &str| NothingInCommon::Group {
        ours: "x25519, secp256r1, secp384r1".to_owned(),
        peers: peers.to_owned(),
    };
    refused_by_server(
        "compressed points alone",
        server(),
        |hello| {
            edit(hello, |hello| {
                *hello.extension(EC_POINT_FORMATS) = vec![1, 1]
            })
        },
        illegal("ec_point_formats lacks the uncompressed form (RFC 8422 Section 5.1.2)"),
        ILLEGAL,
    );
    let (sect163k1, unknown) = ("0x1", "0xfe0d");
    refused_by_server(
        "curve",
        server(),
        groups(&[0, 1]),
        no_group(sect163k1),
        FAILURE,
    );
    refused_by_server(
        "group",
        server(),
        groups(&[0xfe, 0x0d]),
        no_group(unknown),
        FAILURE,
    );
    // The hybrid is of TLS 1.3.
    refused_by_server(
        "hybrid",
        server(),
        groups(&[0x11, 0xec]),
        no_group("X25519MLKEM768"),
        FAILURE,
    );
    // RFC 7919 Section 4: groups of that document, and none of ours.
    let stage = Stage::server(TLS1_2, DHE_RSA_GCM);
    refused_by_server(
        "ffdhe8192",
        stage,
        groups(&[1, 4]),
        NothingInCommon::CipherSuite {
            ours: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256".to_owned(),
            peers: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256".to_owned(),
        },
        FAILURE,
    );
    let schemes = |schemes: &'static [u8]| {
        move |hello: &mut Vec<u8>| {
            edit(hello, |hello| {
                *hello.extension(SIGNATURE_ALGORITHMS) = vector(2, schemes);
            });
        }
    };
    refused_by_server(
        "ECDSA alone",
        server(),
        schemes(&[4, 3]),
        NothingInCommon::CipherSuite {
            ours: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256".to_owned(),
            peers: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256".to_owned(),
        },
        FAILURE,
    );
}

/// A client that cannot read uncompressed points, and names no curve, can do without points.
#[test]
fn a_client_without_uncompressed_points_gets_another_exchange() {
    let mut stage = Stage::server_with(TLS1_2, DHE_RSA_GCM, |server| {
        server.with_cipher_suites(&[
            CipherSuite(ECDHE_RSA_GCM.number),
            CipherSuite(DHE_RSA_GCM.number),
        ])
    });
    let mut extensions = Dissected::new(&stage.peer.client_hello()).extensions;
    extensions.retain(|(number, _)| ![EC_POINT_FORMATS, SUPPORTED_GROUPS].contains(number));
    extensions.push((EC_POINT_FORMATS, vec![1, 1]));
    let suites = [ECDHE_RSA_GCM.number, DHE_RSA_GCM.number];
    let hello = stage.peer.hello_with(&suites, extensions);
    stage.play(&vec![Step::Message(hello)]);
    assert_eq!(stage.peer.suite, DHE_RSA_GCM);
    let flight = stage.peer.client_flight();
    stage.play(&flight);
    stage.exchange();
}

/// A server that says it cannot read the client's points says that it has no use for them (RFC 8422 Section 5.2).
#[test]
fn a_server_without_uncompressed_points_is_refused() {
    let stage = Stage::client_with(TLS1_2, ECDHE_RSA_GCM, |client| {
        client.with_groups(&[NamedGroup::SECP256R1])
    });
    refused_by_client(
        "points",
        stage,
        |hello| {
            edit(hello, |hello| {
                hello.extensions.push((EC_POINT_FORMATS, vec![1, 1]))
            })
        },
        illegal("ec_point_formats lacks the uncompressed form (RFC 8422 Section 5.2)"),
        ILLEGAL,
    );
}
