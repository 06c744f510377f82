//! Pre-shared keys in hostile hands: what a client may not leave out, choose or change, and what it learns.

use std::sync::Arc;

use warifu::config::{Client, ConfigBuilder, Server};
use warifu::parameters::{AlertDescription, CipherSuite, HandshakeType};
use warifu::psk::{PskHash, PskPolicy, PskRole, PskTable};
use warifu::{Connection, Error, NothingInCommon, PeerMisbehaved, Psk, PskFailure, ServerConfig};

use crate::bytes::*;
use crate::scene::{Item, Level, Outcome, Scene, Setting, expect, find, place};
use crate::support::Side;
use crate::support::psk::{DHE, KE, client_of, psk, psk_of, sha384};

pub const DECODE_ERROR: AlertDescription = AlertDescription::DECODE_ERROR;
const DECRYPT_ERROR: AlertDescription = AlertDescription::DECRYPT_ERROR;
pub const HANDSHAKE_FAILURE: AlertDescription = AlertDescription::HANDSHAKE_FAILURE;
pub const ILLEGAL_PARAMETER: AlertDescription = AlertDescription::ILLEGAL_PARAMETER;
pub const MISSING_EXTENSION: AlertDescription = AlertDescription::MISSING_EXTENSION;
pub const UNEXPECTED_MESSAGE: AlertDescription = AlertDescription::UNEXPECTED_MESSAGE;

pub const PRE_SHARED_KEY: u16 = 41;
const PSK_KEY_EXCHANGE_MODES: u16 = 45;
pub const KEY_SHARE: u16 = 51;
const SUPPORTED_GROUPS: u16 = 10;

/// Two suites with SHA-256, one with SHA-384.
pub const SUITES: [CipherSuite; 2] = [
    CipherSuite::TLS_AES_128_GCM_SHA256,
    CipherSuite::TLS_AES_256_GCM_SHA384,
];

pub const PLAIN: Setting = Setting {
    retry: false,
    client_auth: false,
    post_handshake_auth: false,
    record_size_limit: None,
    more_extensions: false,
};
pub const RETRY: Setting = Setting {
    retry: true,
    ..PLAIN
};

/// A scene in which both sides have these keys, and a key must be used.
pub struct Keys {
    client: Vec<Psk>,
    server: Vec<Psk>,
    policy: PskPolicy,
}

impl Keys {
    pub fn new(client: Vec<Psk>, server: Vec<Psk>) -> Self {
        Self {
            client,
            server,
            policy: PskPolicy::Required,
        }
    }

    pub fn alice() -> Self {
        Self::new(vec![psk("alice")], vec![psk("alice")])
    }

    pub fn with_policy(self, policy: PskPolicy) -> Self {
        Self { policy, ..self }
    }

    pub fn scene(self, victim: Side, setting: Setting) -> Scene {
        self.scene_with(victim, setting, |client| client, |server| server)
    }

    pub fn scene_with(
        self,
        victim: Side,
        setting: Setting,
        change_client: impl FnOnce(ConfigBuilder<Client>) -> ConfigBuilder<Client>,
        change_server: impl FnOnce(ConfigBuilder<Server>) -> ConfigBuilder<Server>,
    ) -> Scene {
        let policy = self.policy;
        let client = |client: ConfigBuilder<Client>| {
            let client = client.with_cipher_suites(&SUITES).with_psks(self.client);
            change_client(client.with_psk_policy(policy))
        };
        let server = |server: ConfigBuilder<Server>| {
            let store = PskTable::new(self.server).unwrap();
            let server = server.with_cipher_suites(&SUITES).with_psk_store(store);
            change_server(server.with_psk_policy(policy))
        };
        Scene::with(victim, setting, client, server)
    }
}

/// What the victim, a server, makes of a changed ClientHello, the second one if the setting has a retry.
fn client_hello(keys: Keys, setting: Setting, change: impl Fn(&mut Dissected)) -> Outcome {
    let last = usize::from(setting.retry);
    keys.scene(Side::Server, setting).play(|number, flight| {
        if number == last {
            edit(find(flight, CLIENT_HELLO), &change);
        }
    })
}

/// `identities` and `binders` of pre_shared_key, from the bytes of each.
fn offer(identities: &[&[u8]], binders: &[&[u8]]) -> Vec<u8> {
    let mut list = Vec::new();
    for identity in identities {
        list.extend(vector(2, identity));
        list.extend([0; 4]);
    }
    let mut data = vector(2, &list);
    let list: Vec<u8> = binders
        .iter()
        .flat_map(|binder| vector(1, binder))
        .collect();
    data.extend(vector(2, &list));
    data
}

fn changed(what: &'static str) -> Error {
    PeerMisbehaved::SecondHelloChanged { what }.into()
}

fn wrong_key(identity: &str) -> Error {
    let identity = identity.to_owned();
    PskFailure::WrongKey { identity }.into()
}

fn unknown(identity: &str) -> Error {
    let identity = identity.to_owned();
    PskFailure::UnknownIdentity { identity }.into()
}

fn unusable(identity: &str, reason: &str) -> Error {
    let (identity, reason) = (identity.to_owned(), reason.to_owned());
    PskFailure::Unusable { identity, reason }.into()
}

pub fn illegal(what: &'static str) -> Error {
    PeerMisbehaved::IllegalParameter { what }.into()
}

// ---- ClientHello ----

#[test]
fn a_client_hello_left_alone_is_accepted() {
    for setting in [PLAIN, RETRY] {
        let outcome = client_hello(Keys::alice(), setting, |_| {});
        // The script plays no further than the handshake.
        assert_eq!(
            (outcome.error, outcome.alerts),
            (Some(Error::Truncated), vec![])
        );
    }
}

#[test]
fn binders_of_another_length_or_value_are_refused() {
    use PskHash::{Sha256, Sha384};
    let cases = [
        ("a hash too short for a key of SHA-384", Sha384, 32),
        ("one byte less", Sha384, 47),
        ("one byte more", Sha384, 49),
        ("as long as can be", Sha384, 255),
        ("zeros for SHA-384", Sha384, 48),
        ("a hash too long for a key of SHA-256", Sha256, 48),
        ("one byte more", Sha256, 33),
        ("as long as can be", Sha256, 255),
        ("zeros for SHA-256", Sha256, 32),
        ("one byte less", Sha256, 31),
        ("none", Sha256, 0),
    ];
    for (what, hash, len) in cases {
        let key = || vec![psk("alice").with_hash(hash)];
        let outcome = client_hello(Keys::new(key(), key()), PLAIN, |hello| {
            *hello.extension(PRE_SHARED_KEY) = offer(&[b"alice"], &[&vec![0; len]]);
        });
        expect(what, &outcome, wrong_key("alice"), DECRYPT_ERROR);
    }
}

#[test]
fn each_bit_that_a_binder_covers_or_has_counts() {
    // The random, a byte of another extension, the age, the binder's first and last bit.
    let changes: [fn(&mut Vec<u8>); 4] = [
        |hello| hello[6] ^= 1,
        |hello| {
            let age = hello.len() - 2 - 33 - 4;
            hello[age] ^= 1;
        },
        |hello| {
            let binder = hello.len() - 32;
            hello[binder] ^= 0x80;
        },
        |hello| *hello.last_mut().unwrap() ^= 1,
    ];
    for change in changes {
        let scene = Keys::alice().scene(Side::Server, PLAIN);
        let outcome = scene.play(|number, flight| {
            if number == 0 {
                change(find(flight, CLIENT_HELLO));
            }
        });
        expect("binder", &outcome, wrong_key("alice"), DECRYPT_ERROR);
    }
    let outcome = client_hello(Keys::alice(), PLAIN, |hello| {
        hello.extensions.insert(0, (0xfafa, Vec::new()));
    });
    expect(
        "an extension more",
        &outcome,
        wrong_key("alice"),
        DECRYPT_ERROR,
    );
}

#[test]
fn malformed_offers_are_refused() {
    let binder = [7; 32];
    let malformed = |what, problem| Error::from(PeerMisbehaved::Malformed { what, problem });
    let count =
        || illegal("pre_shared_key has not one binder for each identity (RFC 8446 Section 4.2.11)");
    let range = "shorter than the minimum";
    let cases: Vec<(&str, Vec<u8>, Error, AlertDescription)> = vec![
        (
            "a binder less",
            offer(&[b"alice", b"bob"], &[&binder]),
            count(),
            ILLEGAL_PARAMETER,
        ),
        (
            "a binder more",
            offer(&[b"alice"], &[&binder, &binder]),
            count(),
            ILLEGAL_PARAMETER,
        ),
        (
            "an empty identity",
            offer(&[b""], &[&binder]),
            malformed("OfferedPsks.identities", range),
            DECODE_ERROR,
        ),
        (
            "an empty identity behind another",
            offer(&[b"alice", b""], &[&binder, &binder]),
            malformed("PskIdentity.identity", range),
            DECODE_ERROR,
        ),
        (
            "no identity",
            offer(&[], &[]),
            malformed("OfferedPsks.identities", range),
            DECODE_ERROR,
        ),
        (
            "no binder",
            offer(&[b"alice"], &[]),
            malformed("OfferedPsks.binders", range),
            DECODE_ERROR,
        ),
        (
            "an empty extension",
            Vec::new(),
            malformed("OfferedPsks.identities", "ends early"),
            DECODE_ERROR,
        ),
        (
            "a byte more",
            [offer(&[b"alice"], &[&binder]), vec![0]].concat(),
            malformed("pre_shared_key", "bytes are left over"),
            DECODE_ERROR,
        ),
    ];
    for (what, data, error, alert) in cases {
        let outcome = client_hello(Keys::alice(), PLAIN, |hello| {
            hello.extension(PRE_SHARED_KEY).clone_from(&data);
        });
        expect(what, &outcome, error, alert);
    }
}

#[test]
fn pre_shared_key_not_last_is_refused() {
    let outcome = client_hello(Keys::alice(), PLAIN, |hello| {
        hello.extensions.push((0xfafa, Vec::new()));
    });
    let error = PeerMisbehaved::PreSharedKeyNotLast;
    expect("not last", &outcome, error, ILLEGAL_PARAMETER);
}

/// RFC 8446 Section 4.2.9: "If clients offer "pre_shared_key" without a "psk_key_exchange_modes" extension, servers MUST
/// abort the handshake." Also where they would go on without a key.
#[test]
fn an_offer_without_modes_is_refused() {
    for policy in [PskPolicy::Optional, PskPolicy::Required] {
        for server in ["alice", "bob"] {
            let keys = Keys::new(vec![psk("alice")], vec![psk(server)]).with_policy(policy);
            let outcome = client_hello(keys, PLAIN, |hello| hello.remove(PSK_KEY_EXCHANGE_MODES));
            let error = PeerMisbehaved::MissingExtension {
                extension: "psk_key_exchange_modes",
                message: "ClientHello",
            };
            expect("no modes", &outcome, error, MISSING_EXTENSION);
        }
    }
}

#[test]
fn an_offer_with_modes_that_nobody_knows_is_refused_where_a_key_is_required() {
    for (modes, peers) in [
        (&[2][..], "0x2"),
        (&[0x0b, 0x2a], "0xb, 0x2a"),
        (&[255], "0xff"),
    ] {
        let outcome = client_hello(Keys::alice(), PLAIN, |hello| {
            *hello.extension(PSK_KEY_EXCHANGE_MODES) = vector(1, modes);
        });
        let (ours, peers) = ("psk_dhe_ke".to_owned(), peers.to_owned());
        let error = NothingInCommon::PskKeyExchangeMode { ours, peers };
        expect("unknown modes", &outcome, error, HANDSHAKE_FAILURE);
    }
    let outcome = client_hello(Keys::alice(), PLAIN, |hello| {
        *hello.extension(PSK_KEY_EXCHANGE_MODES) = vector(1, &[]);
    });
    assert_eq!(outcome.alerts, [(2, DECODE_ERROR)], "{outcome:?}");
}

/// With psk_dhe_ke alone both belong to the ClientHello (RFC 8446 Section 9.2).
#[test]
fn an_offer_with_an_exchange_and_without_a_share_is_refused() {
    for (number, extension) in [
        (KEY_SHARE, "key_share"),
        (SUPPORTED_GROUPS, "supported_groups"),
    ] {
        let outcome = client_hello(Keys::alice(), PLAIN, |hello| hello.remove(number));
        let message = "ClientHello";
        let error = PeerMisbehaved::MissingExtension { extension, message };
        expect(extension, &outcome, error, MISSING_EXTENSION);
    }
}

// ---- a key together with a certificate (RFC 9973) ----

const EARLY_DATA: u16 = 42;
const TLS_CERT_WITH_EXTERN_PSK: u16 = 33;

fn with_certificate() -> Keys {
    Keys::alice().with_policy(PskPolicy::RequiredWithCertificate)
}

#[test]
fn early_data_beside_tls_cert_with_extern_psk_is_refused() {
    let outcome = client_hello(with_certificate(), PLAIN, |hello| {
        hello.extensions.insert(0, (EARLY_DATA, Vec::new()));
    });
    let error = illegal("early_data beside tls_cert_with_extern_psk (RFC 9973 Section 5)");
    expect("early data", &outcome, error, ILLEGAL_PARAMETER);
}

#[test]
fn tls_cert_with_extern_psk_without_its_companions_is_refused() {
    for policy in [PskPolicy::Optional, PskPolicy::RequiredWithCertificate] {
        for (number, extension) in [
            (KEY_SHARE, "key_share"),
            (PSK_KEY_EXCHANGE_MODES, "psk_key_exchange_modes"),
            (PRE_SHARED_KEY, "pre_shared_key"),
        ] {
            let keys = Keys::alice().with_policy(policy);
            let outcome = client_hello(keys, PLAIN, |hello| {
                hello
                    .extensions
                    .retain(|(had, _)| *had != TLS_CERT_WITH_EXTERN_PSK);
                let first = (TLS_CERT_WITH_EXTERN_PSK, Vec::new());
                hello.extensions.insert(0, first);
                hello.remove(number);
            });
            let message = "ClientHello";
            let error = PeerMisbehaved::MissingExtension { extension, message };
            expect(extension, &outcome, error, MISSING_EXTENSION);
        }
    }
    for modes in [&[0][..], &[0, 2]] {
        let outcome = client_hello(with_certificate(), PLAIN, |hello| {
            *hello.extension(PSK_KEY_EXCHANGE_MODES) = vector(1, modes);
        });
        let error =
            illegal("tls_cert_with_extern_psk without the mode psk_dhe_ke (RFC 9973 Section 5)");
        expect("no exchange", &outcome, error, ILLEGAL_PARAMETER);
    }
}

/// All keys are external ones then, wherever in the list the ticket stands.
#[test]
fn a_ticket_beside_tls_cert_with_extern_psk_is_refused() {
    for (policy, before) in [
        (PskPolicy::Optional, None),
        (PskPolicy::Optional, Some(&b"alice"[..])),
        (PskPolicy::RequiredWithCertificate, None),
        (PskPolicy::RequiredWithCertificate, Some(b"alice")),
    ] {
        let scene = Scene::resumed(
            Side::Server,
            |client| client.with_replayable_early_data(false),
            |server| server.with_psk_store(psk("alice")).with_psk_policy(policy),
        );
        let outcome = scene.play(|number, flight| {
            if number != 0 {
                return;
            }
            edit(find(flight, CLIENT_HELLO), |hello| {
                let first = (TLS_CERT_WITH_EXTERN_PSK, Vec::new());
                hello.extensions.insert(0, first);
                let data = hello.extension(PRE_SHARED_KEY);
                let len = usize::from(u16::from_be_bytes([data[2], data[3]]));
                let ticket = data[4..4 + len].to_vec();
                let identities: Vec<&[u8]> = before.into_iter().chain([&*ticket]).collect();
                let binders = vec![&[7; 32][..]; identities.len()];
                *data = offer(&identities, &binders);
            });
        });
        let error =
            illegal("a ticket offered beside tls_cert_with_extern_psk (RFC 9973 Section 5.1)");
        expect("ticket", &outcome, error, ILLEGAL_PARAMETER);
    }
}

// ---- the second ClientHello ----

#[test]
fn a_second_client_hello_offers_the_key_again() {
    let keys = || Keys::new(vec![psk("alice")], vec![psk("alice"), psk("bob")]);
    let gone = || changed("pre_shared_key: the key that the first one offered is not in it");
    let outcome = client_hello(keys(), RETRY, |hello| hello.remove(PRE_SHARED_KEY));
    let none = PeerMisbehaved::MissingExtension {
        extension: "pre_shared_key",
        message: "second ClientHello",
    };
    let alert = AlertDescription::MISSING_EXTENSION;
    expect("no key", &outcome, none, alert);
    // The server knows it, and the binder would not even be looked at.
    let outcome = client_hello(keys(), RETRY, |hello| {
        *hello.extension(PRE_SHARED_KEY) = offer(&[b"bob"], &[&[7; 32]]);
    });
    expect("another key", &outcome, gone(), ILLEGAL_PARAMETER);
    let outcome = client_hello(keys(), RETRY, |hello| {
        *hello.extension(PRE_SHARED_KEY) = offer(&[b"alice\0"], &[&[7; 32]]);
    });
    expect("a longer identity", &outcome, gone(), ILLEGAL_PARAMETER);
}

#[test]
fn the_binder_of_a_second_client_hello_is_checked() {
    for len in [32, 33, 48, 255] {
        let outcome = client_hello(Keys::alice(), RETRY, |hello| {
            *hello.extension(PRE_SHARED_KEY) = offer(&[b"alice"], &[&vec![7; len]]);
        });
        expect("binder", &outcome, wrong_key("alice"), DECRYPT_ERROR);
    }
    // The binder of the first one covers neither it nor the HelloRetryRequest.
    let mut first = Vec::new();
    let scene = Keys::alice().scene(Side::Server, RETRY);
    let outcome = scene.play(|number, flight| {
        edit(find(flight, CLIENT_HELLO), |hello| match number {
            0 => first = hello.extension(PRE_SHARED_KEY).clone(),
            _ => hello.extension(PRE_SHARED_KEY).clone_from(&first),
        });
    });
    expect(
        "the first binder",
        &outcome,
        wrong_key("alice"),
        DECRYPT_ERROR,
    );
}

#[test]
fn a_wrong_binder_in_the_second_client_hello_is_counted() {
    let keys = PskTable::new([psk("alice")]).unwrap();
    let server = ServerConfig::psk_builder(keys)
        .with_groups(&[warifu::parameters::NamedGroup::SECP256R1])
        .build()
        .unwrap();
    let client = client_of([psk("alice")]).build().unwrap();
    let name = "host.example".try_into().unwrap();
    let mut client = Connection::client(client, name);
    let mut connection = Connection::server(server.clone());
    let mut send = |client: &mut Connection, change: fn(&mut u8)| {
        client.process().unwrap();
        let mut bytes = client.output().to_vec();
        client.sent(bytes.len());
        change(bytes.last_mut().unwrap());
        connection.receive(&bytes);
        let result = connection.process();
        client.receive(connection.output());
        result
    };
    send(&mut client, |_| {}).unwrap();
    assert_eq!(
        send(&mut client, |byte| *byte ^= 1),
        Err(wrong_key("alice"))
    );
    let statistics = server.psk_statistics();
    assert_eq!((statistics.keys_accepted, statistics.wrong_keys), (1, 1));
}

#[test]
fn a_second_client_hello_does_not_bring_a_key() {
    // The first loses its offer on the way, so that only the second has one.
    let keys = Keys::alice().with_policy(PskPolicy::Optional);
    let outcome = keys.scene(Side::Server, RETRY).play(|number, flight| {
        if number == 0 {
            edit(find(flight, CLIENT_HELLO), |hello| {
                hello.remove(PRE_SHARED_KEY)
            });
        }
    });
    let error = changed("pre_shared_key (it must not come now)");
    expect("a key that comes late", &outcome, error, ILLEGAL_PARAMETER);
}

#[test]
fn a_second_client_hello_keeps_its_modes() {
    let outcome = client_hello(Keys::alice(), RETRY, |hello| {
        *hello.extension(PSK_KEY_EXCHANGE_MODES) = vector(1, &[0, 1]);
    });
    let error = changed("an extension that must stay");
    expect("modes", &outcome, error, ILLEGAL_PARAMETER);
}

// ---- what comes behind it ----

#[test]
fn a_client_with_a_key_sends_no_certificate() {
    let scene = Keys::alice().scene(Side::Server, PLAIN);
    let outcome = scene.play(|number, flight| {
        if number == 1 {
            let finished = place(flight, FINISHED);
            let bytes = message(CERTIFICATE, &[0, 0, 0, 0]);
            flight.insert(finished, Item::new(Level::Handshake, HANDSHAKE, &bytes));
        }
    });
    let error = PeerMisbehaved::UnexpectedMessage {
        got: HandshakeType::CERTIFICATE,
        expected: "Finished",
    };
    expect("certificate", &outcome, error, UNEXPECTED_MESSAGE);
}

// ---- what an attacker learns ----

/// All that a server answers to a ClientHello, and how it ended.
fn answer(server: &Arc<ServerConfig>, hello: &[u8]) -> (Vec<u8>, Error) {
    let mut connection = Connection::server(server.clone());
    assert_eq!(connection.receive(hello), hello.len());
    let error = connection.process().unwrap_err();
    (connection.output().to_vec(), error)
}

/// The ClientHello of a client with these keys.
fn hello_of(psks: Vec<Psk>) -> Vec<u8> {
    let config = client_of(psks).with_psk_modes(&[DHE, KE]).build().unwrap();
    let mut client = Connection::client(config, "host.example".try_into().unwrap());
    client.process().unwrap();
    client.output().to_vec()
}

/// RFC 8446 Section 4.2.11 and Appendix E.6.
#[test]
fn unknown_identity_wrong_key_and_unusable_key_look_the_same() {
    let store = || {
        PskTable::new([
            psk("alice"),
            sha384("a hash that no suite has"),
            psk("client").with_role(PskRole::Client),
            psk("imported").with_import("context"),
        ])
        .unwrap()
    };
    let pki = crate::scene::pki();
    let suites = [CipherSuite::TLS_AES_128_GCM_SHA256];
    for server in [
        ServerConfig::psk_builder(store()).build().unwrap(),
        ServerConfig::psk_builder(store())
            .with_cipher_suites(&suites)
            .build()
            .unwrap(),
        crate::support::server_builder(pki)
            .with_psk_store(store())
            .with_psk_policy(PskPolicy::Required)
            .build()
            .unwrap(),
    ] {
        let (expected, error) = answer(&server, &hello_of(vec![psk("bob")]));
        assert_eq!(error, unknown("bob"));
        // One alert, in the clear, and nothing else.
        assert_eq!(expected, [21, 3, 3, 0, 2, 2, DECRYPT_ERROR.0]);

        let wrong = |identity: &str| psk_of(identity.as_bytes(), 1);
        for (offered, error) in [
            (vec![wrong("alice")], wrong_key("alice")),
            (vec![psk("bob"), wrong("alice")], wrong_key("alice")),
            (vec![wrong("alice"), psk("bob")], wrong_key("alice")),
            (vec![psk("bob"), psk("carol")], unknown("bob")),
            (
                vec![psk("client")],
                unusable("client", "it is for this node's clients only"),
            ),
            (
                vec![psk("imported")],
                unusable(
                    "imported",
                    "it was offered as it is, and is to be imported (RFC 9258)",
                ),
            ),
        ] {
            let (bytes, found) = answer(&server, &hello_of(offered));
            assert_eq!((bytes, found), (expected.clone(), error));
        }
        let (bytes, error) = answer(&server, &hello_of(vec![wrong("a hash that no suite has")]));
        assert_eq!(bytes, expected);
        assert!(matches!(
            error,
            Error::Psk(PskFailure::Unusable { .. } | PskFailure::WrongKey { .. })
        ));
    }
}

/// With a certificate as the alternative a wrong key can be told from an unknown identity, and only these two.
#[test]
fn an_unusable_key_looks_like_an_unknown_identity_where_certificates_serve_too() {
    let store = PskTable::new([psk("client").with_role(PskRole::Client)]).unwrap();
    let server = crate::support::server_builder(crate::scene::pki())
        .with_psk_store(store)
        .build()
        .unwrap();
    let lens = ["client", "nobody"].map(|identity| {
        let config = crate::support::client_builder(crate::scene::pki())
            .with_psks([psk(identity)])
            .build()
            .unwrap();
        let mut client = Connection::client(config, "host.example".try_into().unwrap());
        client.process().unwrap();
        let mut connection = Connection::server(server.clone());
        connection.receive(client.output());
        connection.process().unwrap();
        let records = crate::support::wire_records(connection.output());
        // ServerHello is as long as without the extension; the signature's length varies.
        (records[0].len, records.len())
    });
    assert_eq!(lens[0], lens[1]);
}
