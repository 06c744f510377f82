//! Values inside of the hellos and the key exchange: what the peer may not choose, change or leave out.

use warifu::config::{Client, ConfigBuilder};
use warifu::parameters::{AlertDescription, CipherSuite, NamedGroup};
use warifu::{Error, NothingInCommon, PeerMisbehaved};

use crate::bytes::*;
use crate::scene::{Flight, Item, Level, Scene, Setting, accepted, expect, find, refused};
use crate::support::Side;

const PLAIN: Setting = Setting {
    retry: false,
    client_auth: false,
    post_handshake_auth: false,
    record_size_limit: None,
    more_extensions: false,
};
const RETRY: Setting = Setting {
    retry: true,
    ..PLAIN
};

const ILLEGAL_PARAMETER: AlertDescription = AlertDescription::ILLEGAL_PARAMETER;
const MISSING_EXTENSION: AlertDescription = AlertDescription::MISSING_EXTENSION;
const PROTOCOL_VERSION: AlertDescription = AlertDescription::PROTOCOL_VERSION;

/// Where things are in ServerHello and ClientHello, the header of 4 bytes included.
const LEGACY_VERSION: usize = 4;
const RANDOM: usize = 6;
const SESSION_ID: usize = 39;
/// With a session ID of 32 bytes.
const SUITE: usize = 71;
const COMPRESSION: usize = 73;

fn illegal(what: &'static str) -> Error {
    PeerMisbehaved::IllegalParameter { what }.into()
}

fn not_offered(what: &'static str, value: &str) -> Error {
    let value = value.to_owned();
    PeerMisbehaved::NotOffered { what, value }.into()
}

fn missing(extension: &'static str, message: &'static str) -> Error {
    PeerMisbehaved::MissingExtension { extension, message }.into()
}

/// The client refuses this ServerHello; that of a handshake with retry if `setting` says so.
#[track_caller]
fn server_hello_refused(
    what: &str,
    setting: Setting,
    change: impl Fn(&mut Vec<u8>),
    error: impl Into<Error>,
    alert: AlertDescription,
) {
    let last = usize::from(setting.retry);
    let script = |number: usize, flight: &mut Flight| {
        if number == last {
            change(find(flight, SERVER_HELLO));
        }
    };
    refused(what, Side::Client, setting, script, error, alert);
}

/// The client refuses this HelloRetryRequest.
#[track_caller]
fn retry_refused(
    what: &str,
    change: impl Fn(&mut Vec<u8>),
    error: impl Into<Error>,
    alert: AlertDescription,
) {
    let script = |number: usize, flight: &mut Flight| {
        if number == 0 {
            change(find(flight, SERVER_HELLO));
        }
    };
    refused(what, Side::Client, RETRY, script, error, alert);
}

/// The server refuses this ClientHello; the second one if `setting` has a retry.
#[track_caller]
fn client_hello_refused(
    what: &str,
    setting: Setting,
    change: impl Fn(&mut Vec<u8>),
    error: impl Into<Error>,
    alert: AlertDescription,
) {
    let last = usize::from(setting.retry);
    let script = |number: usize, flight: &mut Flight| {
        if number == last {
            change(find(flight, CLIENT_HELLO));
        }
    };
    refused(what, Side::Server, setting, script, error, alert);
}

#[test]
fn server_hello_of_another_version_is_refused() {
    for setting in [PLAIN, RETRY] {
        for version in [0x0303, 0x0302, 0x0300, 0x0305, 0x7f1c, 0x0a0a] {
            server_hello_refused(
                "supported_versions",
                setting,
                |hello| edit(hello, |hello| *hello.extension(43) = u16_bytes(version)),
                PeerMisbehaved::IllegalVersion { version },
                ILLEGAL_PARAMETER,
            );
        }
        server_hello_refused(
            "SSL 3.0",
            setting,
            |hello| hello[LEGACY_VERSION + 1] = 0,
            PeerMisbehaved::Ssl3,
            PROTOCOL_VERSION,
        );
    }
    let older = |version: u16| {
        move |hello: &mut Vec<u8>| {
            hello[LEGACY_VERSION..RANDOM].copy_from_slice(&version.to_be_bytes());
            edit(hello, |hello| hello.remove(43));
        }
    };
    for (version, name) in [
        (0x0303, "TLSv1.2"),
        (0x0302, "TLSv1.1"),
        (0x0301, "TLSv1.0"),
    ] {
        let ours = warifu::parameters::ProtocolVersion::TLS1_3.to_string();
        let peers = format!("at most {}", warifu::parameters::ProtocolVersion(version));
        server_hello_refused(
            name,
            PLAIN,
            older(version),
            NothingInCommon::Version { ours, peers },
            PROTOCOL_VERSION,
        );
        server_hello_refused(
            "older version after a retry",
            RETRY,
            older(version),
            illegal(
                "ServerHello is of another version than HelloRetryRequest (RFC 8446 Section 4.1.4)",
            ),
            ILLEGAL_PARAMETER,
        );
        for sentinel in [b"DOWNGRD\x00", b"DOWNGRD\x01"] {
            server_hello_refused(
                "downgrade sentinel",
                PLAIN,
                |hello| {
                    hello[RANDOM + 24..RANDOM + 32].copy_from_slice(sentinel);
                    older(version)(hello);
                },
                PeerMisbehaved::DowngradeDetected,
                ILLEGAL_PARAMETER,
            );
        }
    }
    retry_refused(
        "no supported_versions",
        |hello| edit(hello, |hello| hello.remove(43)),
        missing("supported_versions", "ServerHello"),
        MISSING_EXTENSION,
    );
    retry_refused(
        "TLS 1.2",
        |hello| edit(hello, |hello| *hello.extension(43) = u16_bytes(0x0303)),
        PeerMisbehaved::IllegalVersion { version: 0x0303 },
        ILLEGAL_PARAMETER,
    );
}

#[test]
fn wrong_session_id_echo_is_refused() {
    let error = || illegal("legacy_session_id_echo is not what was sent (RFC 8446 Section 4.1.3)");
    let changes: [fn(&mut Vec<u8>); 3] = [
        |hello| hello[SESSION_ID] ^= 1,
        |hello| hello[SESSION_ID + 31] ^= 0x80,
        |hello| {
            hello.drain(SESSION_ID..SESSION_ID + 32);
            hello[SESSION_ID - 1] = 0;
            hello[3] -= 32;
        },
    ];
    for change in changes {
        for setting in [PLAIN, RETRY] {
            server_hello_refused("echo", setting, change, error(), ILLEGAL_PARAMETER);
        }
        retry_refused("echo", change, error(), ILLEGAL_PARAMETER);
    }
}

#[test]
fn suite_that_was_not_offered_is_refused() {
    for suite in [0x1302, 0x1304, 0x1305, 0xc02f, 0x0000, 0x00ff, 0x0a0a] {
        let name = CipherSuite(suite).to_string();
        let change = |hello: &mut Vec<u8>| {
            hello[SUITE..SUITE + 2].copy_from_slice(&suite.to_be_bytes());
        };
        let error = || not_offered("cipher suite", &name);
        for setting in [PLAIN, RETRY] {
            server_hello_refused(&name, setting, change, error(), ILLEGAL_PARAMETER);
        }
        retry_refused(&name, change, error(), ILLEGAL_PARAMETER);
    }
    // Offered, but not the one of the retry.
    server_hello_refused(
        "suite changed after the retry",
        RETRY,
        |hello| hello[SUITE + 1] = 3,
        illegal(
            "ServerHello has another cipher suite than HelloRetryRequest (RFC 8446 Section 4.1.4)",
        ),
        ILLEGAL_PARAMETER,
    );
}

#[test]
fn compression_is_refused() {
    let chosen = || illegal("legacy_compression_method is not null (RFC 8446 Section 4.1.3)");
    for method in [1, 64, 255] {
        let change = |hello: &mut Vec<u8>| hello[COMPRESSION] = method;
        for setting in [PLAIN, RETRY] {
            server_hello_refused("method", setting, change, chosen(), ILLEGAL_PARAMETER);
        }
        retry_refused("method", change, chosen(), ILLEGAL_PARAMETER);
    }
    for methods in [&[1][..], &[1, 0], &[0, 1], &[0, 0]] {
        client_hello_refused(
            "methods",
            PLAIN,
            |hello| {
                let at = compression_of_client_hello(hello);
                hello.splice(at..at + 2, vector(1, methods));
                let len = hello.len() - 4;
                hello[2..4].copy_from_slice(&u16_bytes(len.try_into().unwrap()));
            },
            illegal("legacy_compression_methods is not exactly null (RFC 8446 Section 4.1.2)"),
            ILLEGAL_PARAMETER,
        );
    }
}

/// Where the list of compression methods starts.
fn compression_of_client_hello(hello: &[u8]) -> usize {
    let suites = 39 + usize::from(hello[38]);
    suites + 2 + usize::from(u16::from_be_bytes([hello[suites], hello[suites + 1]]))
}

#[test]
fn group_that_was_not_offered_is_refused() {
    for group in [0x11ec, 0x0018, 0x001e, 0x0100, 0x0a0a, 0] {
        let name = NamedGroup(group).to_string();
        let error = || not_offered("group", &name);
        for setting in [PLAIN, RETRY] {
            server_hello_refused(
                &name,
                setting,
                |hello| {
                    edit(hello, |hello| {
                        hello.extension(51)[..2].copy_from_slice(&u16_bytes(group))
                    })
                },
                error(),
                ILLEGAL_PARAMETER,
            );
        }
        retry_refused(
            &name,
            |hello| edit(hello, |hello| *hello.extension(51) = u16_bytes(group)),
            error(),
            ILLEGAL_PARAMETER,
        );
    }
    // Offered, but no share was sent for it.
    for (setting, group) in [(PLAIN, 0x0017), (RETRY, 0x001d)] {
        server_hello_refused(
            "group without share",
            setting,
            |hello| {
                edit(hello, |hello| {
                    hello.extension(51)[..2].copy_from_slice(&u16_bytes(group))
                })
            },
            not_offered("group", &NamedGroup(group).to_string()),
            ILLEGAL_PARAMETER,
        );
    }
}

#[test]
fn missing_key_share_is_refused() {
    for setting in [PLAIN, RETRY] {
        server_hello_refused(
            "key_share",
            setting,
            |hello| edit(hello, |hello| hello.remove(51)),
            missing("key_share", "ServerHello"),
            MISSING_EXTENSION,
        );
    }
}

#[test]
fn invalid_key_shares_are_refused() {
    let x25519 = 0x001d;
    let p256 = 0x0017;
    let mut small_order = vec![0; 32];
    small_order[0] = 1;
    let x25519_bad = [vec![0; 32], small_order, vec![9; 31], vec![9; 33], vec![1]];
    let mut off_curve = vec![4; 65];
    off_curve[64] = 5;
    let mut compressed = vec![2];
    compressed.extend([7; 32]);
    let p256_bad = [off_curve, compressed, vec![0], vec![4; 64], vec![4; 66]];
    for (setting, group, bad) in [(PLAIN, x25519, x25519_bad), (RETRY, p256, p256_bad)] {
        for key in bad {
            let error = || PeerMisbehaved::BadKeyShare { group };
            let mut entry = u16_bytes(group);
            entry.extend(vector(2, &key));
            server_hello_refused(
                "server's share",
                setting,
                |hello| edit(hello, |hello| *hello.extension(51) = entry.clone()),
                error(),
                ILLEGAL_PARAMETER,
            );
            client_hello_refused(
                "client's share",
                setting,
                |hello| edit(hello, |hello| *hello.extension(51) = vector(2, &entry)),
                error(),
                ILLEGAL_PARAMETER,
            );
        }
    }
}

#[test]
fn pointless_retry_is_refused() {
    retry_refused(
        "nothing asked",
        |hello| {
            edit(hello, |hello| {
                hello.remove(51);
                hello.remove(44);
            })
        },
        PeerMisbehaved::PointlessHelloRetryRequest,
        ILLEGAL_PARAMETER,
    );
    retry_refused(
        "share that was sent",
        |hello| edit(hello, |hello| *hello.extension(51) = u16_bytes(0x001d)),
        PeerMisbehaved::PointlessHelloRetryRequest,
        ILLEGAL_PARAMETER,
    );
}

/// With shares that the configuration names, each of them counts as sent.
#[test]
fn answers_that_do_not_fit_named_shares_are_refused() {
    const X25519: NamedGroup = NamedGroup::X25519;
    const SECP256R1: NamedGroup = NamedGroup::SECP256R1;
    const SECP384R1: NamedGroup = NamedGroup::SECP384R1;
    let scene = |setting| {
        let groups = [X25519, SECP256R1, SECP384R1];
        let client = |client: ConfigBuilder<Client>| {
            let client = client.with_groups(&groups);
            client.with_key_shares(&[SECP384R1, X25519])
        };
        Scene::with(Side::Client, setting, client, |server| server)
    };
    for group in [X25519, SECP384R1] {
        let outcome = scene(RETRY).play(|number, flight| {
            if number == 0 {
                edit(find(flight, SERVER_HELLO), |hello| {
                    *hello.extension(51) = u16_bytes(group.0)
                });
            }
        });
        let error = PeerMisbehaved::PointlessHelloRetryRequest;
        expect(&group.to_string(), &outcome, error, ILLEGAL_PARAMETER);
    }
    let outcome = scene(PLAIN).play(|_, flight| {
        edit(find(flight, SERVER_HELLO), |hello| {
            hello.extension(51)[..2].copy_from_slice(&u16_bytes(SECP256R1.0))
        });
    });
    let error = PeerMisbehaved::NotOffered {
        what: "group",
        value: SECP256R1.to_string(),
    };
    expect("group without a share", &outcome, error, ILLEGAL_PARAMETER);
}

#[test]
fn second_retry_is_refused() {
    let mut first = Vec::new();
    refused(
        "second HelloRetryRequest",
        Side::Client,
        RETRY,
        |number, flight| {
            if number == 0 {
                first = find(flight, SERVER_HELLO).clone();
            } else {
                *find(flight, SERVER_HELLO) = first.clone();
            }
        },
        PeerMisbehaved::SecondHelloRetryRequest,
        AlertDescription::UNEXPECTED_MESSAGE,
    );
}

/// A HelloRetryRequest that asks for a cookie alone is legal: the client sends the same share again.
#[test]
fn retry_for_a_cookie_alone_is_obeyed() {
    // The server did not ask that, so it refuses the second hello; what counts is that the client sent one.
    let mut asked_again = false;
    let outcome = crate::scene::Scene::new(Side::Client, RETRY).play(|number, flight| {
        if number == 0 {
            edit(find(flight, SERVER_HELLO), |hello| hello.remove(51));
        } else {
            asked_again = true;
        }
    });
    assert!(asked_again);
    assert_eq!(
        outcome.error,
        Some(Error::AlertReceived(AlertDescription::ILLEGAL_PARAMETER))
    );
}

#[test]
fn client_hello_of_other_versions_is_refused() {
    let ours = || warifu::parameters::ProtocolVersion::TLS1_3.to_string();
    let names = |versions: &[u16]| {
        let names: Vec<String> = versions
            .iter()
            .map(|version| warifu::parameters::ProtocolVersion(*version).to_string())
            .collect();
        names.join(", ")
    };
    for versions in [
        &[0x0303][..],
        &[0x0303, 0x0302, 0x0301],
        &[0x7f1c],
        &[0x0a0a],
    ] {
        let data: Vec<u8> = versions
            .iter()
            .flat_map(|version: &u16| version.to_be_bytes())
            .collect();
        client_hello_refused(
            "supported_versions",
            PLAIN,
            |hello| edit(hello, |hello| *hello.extension(43) = vector(1, &data)),
            NothingInCommon::Version {
                ours: ours(),
                peers: names(versions),
            },
            PROTOCOL_VERSION,
        );
    }
    client_hello_refused(
        "no supported_versions",
        PLAIN,
        |hello| edit(hello, |hello| hello.remove(43)),
        NothingInCommon::Version {
            ours: ours(),
            peers: format!("at most {}", names(&[0x0303])),
        },
        PROTOCOL_VERSION,
    );
    client_hello_refused(
        "SSL 3.0",
        PLAIN,
        |hello| hello[LEGACY_VERSION + 1] = 0,
        PeerMisbehaved::Ssl3,
        PROTOCOL_VERSION,
    );
}

#[test]
fn client_hello_without_a_required_extension_is_refused() {
    for (number, name) in [
        (10, "supported_groups"),
        (13, "signature_algorithms"),
        (51, "key_share"),
    ] {
        client_hello_refused(
            name,
            PLAIN,
            |hello| edit(hello, |hello| hello.remove(number)),
            missing(name, "ClientHello"),
            MISSING_EXTENSION,
        );
    }
    client_hello_refused(
        "pre_shared_key alone",
        PLAIN,
        |hello| edit(hello, |hello| hello.extensions.push((41, offered_psk()))),
        missing("psk_key_exchange_modes", "ClientHello"),
        MISSING_EXTENSION,
    );
}

/// One identity and its binder.
pub fn offered_psk() -> Vec<u8> {
    let mut identity = vector(2, b"identity");
    identity.extend([0; 4]);
    let mut data = vector(2, &identity);
    data.extend(vector(2, &vector(1, &[7; 32])));
    data
}

#[test]
fn client_hello_without_common_ground_is_refused() {
    client_hello_refused(
        "suites",
        PLAIN,
        |hello| {
            // The first offered suite is the only common one.
            let at = 39 + usize::from(hello[38]) + 2;
            hello[at..at + 2].copy_from_slice(&[0x13, 0x02]);
        },
        NothingInCommon::CipherSuite {
            ours: "TLS_AES_128_GCM_SHA256".to_owned(),
            peers: "TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256".to_owned(),
        },
        AlertDescription::HANDSHAKE_FAILURE,
    );
    client_hello_refused(
        "groups",
        PLAIN,
        |hello| {
            edit(hello, |hello| {
                *hello.extension(10) = vector(2, &[0, 0x18]);
                *hello.extension(51) = vector(2, &[]);
            })
        },
        NothingInCommon::Group {
            ours: format!("{}, {}", NamedGroup::X25519, NamedGroup::SECP256R1),
            peers: NamedGroup::SECP384R1.to_string(),
        },
        AlertDescription::HANDSHAKE_FAILURE,
    );
    client_hello_refused(
        "signature schemes",
        PLAIN,
        |hello| edit(hello, |hello| *hello.extension(13) = vector(2, &[8, 4])),
        NothingInCommon::SignatureScheme {
            ours: "ecdsa_secp256r1_sha256".to_owned(),
            peers: "rsa_pss_rsae_sha256".to_owned(),
        },
        AlertDescription::HANDSHAKE_FAILURE,
    );
    let alpn = Setting {
        more_extensions: true,
        ..PLAIN
    };
    client_hello_refused(
        "application protocols",
        alpn,
        |hello| {
            edit(hello, |hello| {
                *hello.extension(16) = vector(2, &vector(1, b"tw\0"))
            })
        },
        NothingInCommon::ApplicationProtocol {
            ours: "two".to_owned(),
            peers: "tw\\x00".to_owned(),
        },
        AlertDescription::NO_APPLICATION_PROTOCOL,
    );
}

#[test]
fn key_shares_that_contradict_the_groups_are_refused() {
    client_hello_refused(
        "share of an unlisted group",
        PLAIN,
        |hello| edit(hello, |hello| *hello.extension(10) = vector(2, &[0, 0x17])),
        illegal(
            "key share of a group that supported_groups does not list (RFC 8446 Section 4.2.8)",
        ),
        ILLEGAL_PARAMETER,
    );
    client_hello_refused(
        "two shares of one group",
        PLAIN,
        |hello| {
            edit(hello, |hello| {
                let share = hello.extension(51)[2..].to_vec();
                *hello.extension(51) = vector(2, &[share.clone(), share].concat());
            })
        },
        illegal("two key shares of the same group (RFC 8446 Section 4.2.8)"),
        ILLEGAL_PARAMETER,
    );
}

#[test]
fn changed_second_client_hello_is_refused() {
    let changed = |what| PeerMisbehaved::SecondHelloChanged { what };
    type Change = fn(&mut Vec<u8>);
    let fields: [(&'static str, Change); 6] = [
        ("random", |hello| hello[RANDOM + 31] ^= 1),
        ("legacy_version", |hello| hello[LEGACY_VERSION + 1] = 2),
        ("legacy_session_id", |hello| hello[SESSION_ID] ^= 1),
        ("cipher_suites", |hello| hello[SUITE + 3] ^= 7),
        ("legacy_compression_methods", |hello| {
            let at = compression_of_client_hello(hello) + 1;
            hello[at] = 1;
        }),
        ("cookie", |hello| {
            edit(hello, |hello| *hello.extension(44).last_mut().unwrap() ^= 1)
        }),
    ];
    for (what, change) in fields {
        client_hello_refused(what, RETRY, change, changed(what), ILLEGAL_PARAMETER);
    }
    client_hello_refused(
        "no cookie",
        RETRY,
        |hello| edit(hello, |hello| hello.remove(44)),
        changed("cookie"),
        ILLEGAL_PARAMETER,
    );
    client_hello_refused(
        "early data",
        RETRY,
        |hello| edit(hello, |hello| hello.extensions.insert(0, (42, Vec::new()))),
        changed("early_data (it must go)"),
        ILLEGAL_PARAMETER,
    );

    let share = "key_share to other than the one group that was asked for";
    type Edit = fn(&mut Dissected);
    let shares: [Edit; 4] = [
        |hello| hello.remove(51),
        |hello| *hello.extension(51) = vector(2, &[]),
        |hello| hello.extension(51)[2..4].copy_from_slice(&[0, 0x1d]),
        |hello| {
            let mut shares = hello.extension(51)[2..].to_vec();
            shares.extend([0, 0x1d]);
            shares.extend(vector(2, &[9; 32]));
            *hello.extension(51) = vector(2, &shares);
        },
    ];
    for change in shares {
        let script = |hello: &mut Vec<u8>| edit(hello, change);
        client_hello_refused(
            "key_share",
            RETRY,
            script,
            changed(share),
            ILLEGAL_PARAMETER,
        );
    }

    let extension = "an extension that must stay";
    let extensions: [Edit; 7] = [
        |hello| hello.remove(10),
        |hello| hello.remove(43),
        |hello| hello.remove(0),
        |hello| hello.extension(13)[3] ^= 1,
        |hello| hello.extensions.push((0x0a0a, Vec::new())),
        |hello| hello.extensions.push((49, Vec::new())),
        |hello| *hello.extension(0) = vector(2, &[&[0][..], &vector(2, b"other.example")].concat()),
    ];
    for change in extensions {
        let script = |hello: &mut Vec<u8>| edit(hello, change);
        client_hello_refused(
            "extension",
            RETRY,
            script,
            changed(extension),
            ILLEGAL_PARAMETER,
        );
    }
}

/// What RFC 8446 Section 4.1.2 allows to change, and the order, which Section 4.2 leaves free.
#[test]
fn second_client_hello_may_gain_padding_or_another_order() {
    let changes: [fn(&mut Dissected); 2] = [
        |hello| hello.extensions.push((21, vec![0; 9])),
        |hello| hello.extensions.swap(0, 1),
    ];
    for change in changes {
        // The transcripts then differ, so that the first protected message fails; the hello itself passed.
        let script = |number: usize, flight: &mut Flight| {
            if number == 1 {
                edit(find(flight, CLIENT_HELLO), change);
            }
        };
        let outcome = crate::scene::Scene::new(Side::Server, RETRY).play(script);
        assert_ne!(outcome.error, None);
        let changed = matches!(
            outcome.error,
            Some(Error::PeerMisbehaved(
                PeerMisbehaved::SecondHelloChanged { .. }
            ))
        );
        assert!(!changed, "{:?}", outcome.error);
    }
}

#[test]
fn seven_thousand_key_shares_are_judged_in_no_time() {
    let started = std::time::Instant::now();
    client_hello_refused(
        "many shares, many groups, none in common",
        PLAIN,
        |hello| {
            edit(hello, |hello| {
                // All that fits in one block of extensions; the shares are of the last groups.
                let groups: Vec<u8> = (0x1000..0x4000_u16).flat_map(u16::to_be_bytes).collect();
                let shares: Vec<u8> = (0x2400..0x4000_u16)
                    .flat_map(|group| [&u16_bytes(group)[..], &[0, 1, 7]].concat())
                    .collect();
                *hello.extension(10) = vector(2, &groups);
                *hello.extension(51) = vector(2, &shares);
            })
        },
        NothingInCommon::Group {
            ours: format!("{}, {}", NamedGroup::X25519, NamedGroup::SECP256R1),
            peers: (0x1000..0x1018)
                .map(|group| NamedGroup(group).to_string())
                .chain(["…".to_owned()])
                .collect::<Vec<_>>()
                .join(", "),
        },
        AlertDescription::HANDSHAKE_FAILURE,
    );
    // It took minutes without optimisation when it was quadratic.
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

#[test]
fn unchanged_handshakes_pass_the_same_scripts() {
    for setting in [PLAIN, RETRY] {
        for victim in [Side::Client, Side::Server] {
            accepted("re-assembled", victim, setting, |number, flight| {
                for message_type in [CLIENT_HELLO, SERVER_HELLO] {
                    let there =
                        |item: &Item| item.level == Level::Plain && item.bytes[0] == message_type;
                    if number < 2 && flight[0].content_type == HANDSHAKE && there(&flight[0]) {
                        edit(find(flight, message_type), |_| {});
                    }
                }
            });
        }
    }
}
