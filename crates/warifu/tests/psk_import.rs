//! Imported pre-shared keys, RFC 9258, between our own two sides and against values computed elsewhere.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::sync::{Arc, Mutex};

use support::psk::{DHE, KE, client_of, connected, pair, psk, psk_of, server_of};
use support::{Side, server_name};
use warifu::decision::Answer;
use warifu::error::UsageError;
use warifu::parameters::{CipherSuite, NamedGroup};
use warifu::psk::{PskHash, PskKind, PskRequest};
use warifu::{Connection, Error, HandshakeKind, Psk, PskFailure, PskStore, ServerConfig};
use warifu_crypto::{Hash, HmacKey};

const AES_128: CipherSuite = CipherSuite::TLS_AES_128_GCM_SHA256;
const AES_256: CipherSuite = CipherSuite::TLS_AES_256_GCM_SHA384;

fn imported() -> Psk {
    psk("alice").with_import("context")
}

fn unusable(reason: &str) -> Error {
    let (identity, reason) = ("alice".to_owned(), reason.to_owned());
    PskFailure::Unusable { identity, reason }.into()
}

/// ImportedIdentity of "alice" for TLS 1.3.
fn imported_identity(context: &[u8], target_kdf: u8) -> Vec<u8> {
    let mut identity = b"\0\x05alice".to_vec();
    identity.extend(u16::try_from(context.len()).unwrap().to_be_bytes());
    identity.extend(context);
    identity.extend([3, 4, 0, target_kdf]);
    identity
}

// ---- what is on the wire ----

/// What another implementation computes for the key 00 01 … 1f of "alice".
struct Known {
    hash: PskHash,
    context: &'static str,
    target: PskHash,
    identity: &'static str,
    finished_key: &'static str,
}

/// By Python's `hashlib` and `hmac`. With `hash` the external key's and `target` that of target_kdf (1 SHA-256, 2 SHA-384):
///
/// ```text
/// ImportedIdentity = 0005 "alice" || len(context) || context || 0304 || target_kdf
/// epskx = HMAC-hash(zeros, key)
/// ipskx = HKDF-Expand-Label-hash(epskx, "derived psk", hash(ImportedIdentity), length of target)
/// early_secret = HMAC-target(zeros, ipskx)
/// binder_key = HKDF-Expand-Label-target(early_secret, "imp binder", target(""), length of target)
/// finished_key = HKDF-Expand-Label-target(binder_key, "finished", "", length of target)
/// ```
const KNOWN: [Known; 8] = [
    Known {
        hash: PskHash::Sha256,
        context: "",
        target: PskHash::Sha256,
        identity: "0005616c696365000003040001",
        finished_key: "d39d958411374a42bd8713ae0390d2c0ca1618aaf8dcd5a277d72d37ffa62b5a",
    },
    Known {
        hash: PskHash::Sha256,
        context: "",
        target: PskHash::Sha384,
        identity: "0005616c696365000003040002",
        finished_key: "cc1a6d0e4eb7243ef994714b7712d5a9b91a3089e787df517a4e51af6b3fe1ba3a6cda66370c6ac9f3965287f7eba663",
    },
    Known {
        hash: PskHash::Sha256,
        context: "context",
        target: PskHash::Sha256,
        identity: "0005616c6963650007636f6e7465787403040001",
        finished_key: "0b8c646e21f985afe390bf87396e567303933244bc7493aaed7db6f21c1d1247",
    },
    Known {
        hash: PskHash::Sha256,
        context: "context",
        target: PskHash::Sha384,
        identity: "0005616c6963650007636f6e7465787403040002",
        finished_key: "a1b63f808ff0efc4fb4394896f77914e350db7b3f1b88eeada7fbe063111ecdab8dd08cb2659e414e420974e920f6860",
    },
    Known {
        hash: PskHash::Sha384,
        context: "",
        target: PskHash::Sha256,
        identity: "0005616c696365000003040001",
        finished_key: "14508068e2ec793cca48ee3a316f50499141a13e20eb2851a206d3a73f4ba942",
    },
    Known {
        hash: PskHash::Sha384,
        context: "",
        target: PskHash::Sha384,
        identity: "0005616c696365000003040002",
        finished_key: "27ba73b5bd7e36708fce29bff249c4e031295fc13761b7483b4452fc9805eef9eebb911ae942bbd58c136366e97bf24c",
    },
    Known {
        hash: PskHash::Sha384,
        context: "context",
        target: PskHash::Sha256,
        identity: "0005616c6963650007636f6e7465787403040001",
        finished_key: "8a806c04a6871345a57cec7377f1d11f3a2b1d24c778413bc96a5aab9a5b0f82",
    },
    Known {
        hash: PskHash::Sha384,
        context: "context",
        target: PskHash::Sha384,
        identity: "0005616c6963650007636f6e7465787403040002",
        finished_key: "2b176d46e8a6041e4687fc63cbd7da52bd942f492c0e873cc58c88eda13610e288582fa6acc74234e6ab3413464604bf",
    },
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits = |index| u8::from_str_radix(&text[index..index + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digits).collect()
}

/// The ClientHello of a client with this key, without its record's header.
fn client_hello(psk: Psk) -> Vec<u8> {
    let config = client_of([psk]).build().unwrap();
    let mut client = Connection::client(config, server_name());
    client.process().unwrap();
    client.output()[5..].to_vec()
}

/// Identities and binders of a ClientHello, and what the binders cover.
fn offer(hello: &[u8], binder_lens: &[usize]) -> (Vec<Vec<u8>>, Vec<Vec<u8>>, Vec<u8>) {
    let binders_len = 2 + binder_lens.iter().map(|len| 1 + len).sum::<usize>();
    let (truncated, binders) = hello.split_at(hello.len() - binders_len);
    let mut rest = &binders[2..];
    let mut found = Vec::new();
    for len in binder_lens {
        assert_eq!(usize::from(rest[0]), *len);
        found.push(rest[1..1 + len].to_vec());
        rest = &rest[1 + len..];
    }
    // The list of identities ends here; its first is found by its extension's number.
    let start = (0..truncated.len())
        .rfind(|at| {
            let len = |at: usize| usize::from(u16::from_be_bytes([hello[at], hello[at + 1]]));
            truncated[*at..].starts_with(&[0, 41])
                && at + 4 + len(at + 2) == hello.len()
                && at + 6 + len(at + 4) == truncated.len()
        })
        .unwrap();
    let mut rest = &truncated[start + 6..];
    let mut identities = Vec::new();
    while let Some((len, behind)) = rest.split_first_chunk::<2>() {
        let len = usize::from(u16::from_be_bytes(*len));
        identities.push(behind[..len].to_vec());
        assert_eq!(behind[len..len + 4], [0; 4], "obfuscated_ticket_age");
        rest = &behind[len + 4..];
    }
    (identities, found, truncated.to_vec())
}

#[test]
fn identities_and_binders_are_those_of_the_rfc() {
    let key: Vec<u8> = (0..32).collect();
    for pair in KNOWN.chunks(2) {
        let psk = Psk::new("alice", &key)
            .unwrap()
            .with_hash(pair[0].hash)
            .with_import(pair[0].context);
        let hello = client_hello(psk);
        let (identities, binders, truncated) = offer(&hello, &[32, 48]);
        for (index, known) in pair.iter().enumerate() {
            assert_eq!(hex(&identities[index]), known.identity);
            let hash = match known.target {
                PskHash::Sha256 => Hash::Sha256,
                PskHash::Sha384 => Hash::Sha384,
            };
            let finished_key = HmacKey::new(hash, &from_hex(known.finished_key));
            let transcript_hash = hash.digest(&[&truncated]);
            let binder = finished_key.sign(&[&transcript_hash]);
            assert_eq!(hex(&binders[index]), hex(binder.as_ref()));
        }
    }
}

#[test]
fn both_forms_are_offered_imported_first() {
    let hello = client_hello(psk("alice").with_both_forms("context"));
    let (identities, _, _) = offer(&hello, &[32, 48, 32]);
    let expected = [
        imported_identity(b"context", 1),
        imported_identity(b"context", 2),
        b"alice".to_vec(),
    ];
    assert_eq!(identities, expected);
}

// ---- handshakes ----

#[test]
fn an_imported_key_goes_with_suites_of_either_hash() {
    for own in [PskHash::Sha256, PskHash::Sha384] {
        for modes in [[DHE], [KE]] {
            for (suite, hash) in [(AES_128, PskHash::Sha256), (AES_256, PskHash::Sha384)] {
                for both in [false, true] {
                    let key = || imported().with_hash(own);
                    let all = [AES_128, AES_256];
                    let ours = if both { &all[..] } else { &[suite] };
                    let client = client_of([key()])
                        .with_cipher_suites(ours)
                        .with_psk_modes(&modes);
                    let server = server_of([key()])
                        .with_cipher_suites(&[suite])
                        .with_psk_modes(&modes);
                    let pair = connected(client, server);
                    for side in [&pair.client, &pair.server] {
                        let facts = side.facts().unwrap();
                        assert_eq!(facts.handshake_kind, HandshakeKind::Psk);
                        assert_eq!(facts.cipher_suite, suite);
                        let psk = facts.psk.as_ref().unwrap();
                        assert_eq!(
                            (&*psk.identity, psk.kind, psk.hash),
                            (b"alice".as_slice(), PskKind::Imported, hash)
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn an_imported_key_leaves_the_preference_among_suites_alone() {
    for (suites, expected) in [([AES_128, AES_256], AES_128), ([AES_256, AES_128], AES_256)] {
        let client = client_of([imported()]).with_cipher_suites(&suites);
        let server = server_of([imported()]).with_cipher_suites(&suites);
        let pair = connected(client, server);
        let facts = pair.server.facts().unwrap();
        assert_eq!(facts.cipher_suite, expected);
        assert_eq!(pair.client.facts().unwrap().psk_declined, None);
    }
}

#[test]
fn an_imported_key_survives_a_retry() {
    for suite in [AES_128, AES_256] {
        let client =
            client_of([imported()]).with_groups(&[NamedGroup::X25519, NamedGroup::SECP256R1]);
        let server = server_of([imported()])
            .with_groups(&[NamedGroup::SECP256R1])
            .with_cipher_suites(&[suite])
            .with_retry_cookie(true);
        let pair = connected(client, server);
        for side in [&pair.client, &pair.server] {
            let facts = side.facts().unwrap();
            assert_eq!(facts.handshake_kind, HandshakeKind::PskWithRetry);
            assert_eq!(facts.psk.as_ref().unwrap().kind, PskKind::Imported);
            assert_eq!(facts.cipher_suite, suite);
        }
    }
}

#[test]
fn the_context_is_any_bytes_and_the_same_on_both_sides() {
    let long = vec![7; 30_000];
    let contexts: [&[u8]; 5] = [b"", b"\0", b"client\0server", b"\xff\xfe", &long];
    for ours in contexts {
        for theirs in contexts {
            let client = client_of([psk("alice").with_import(ours)]);
            let server = server_of([psk("alice").with_import(theirs)]);
            if ours == theirs {
                connected(client, server);
                continue;
            }
            let reason = "it was imported with another context (RFC 9258)";
            pair(client, server).expect_failure(Side::Server, &unusable(reason));
        }
    }
}

#[test]
fn a_context_that_does_not_fit_is_refused_before_anything_is_sent() {
    let client = client_of([psk("alice").with_import(vec![7; 65_536])]);
    let text = "the context of an imported key exceeds 65,535 bytes".to_owned();
    let error = UsageError::Config(text).into();
    pair(client, server_of([imported()])).expect_failure(Side::Client, &error);

    // It fits in its own length field, and not in a ClientHello.
    let client = client_of([psk("alice").with_import(vec![7; 65_535])]);
    let (side, error) = pair(client, server_of([imported()]))
        .handshake()
        .unwrap_err();
    assert_eq!(side, Side::Client);
    assert!(
        matches!(error, Error::Usage(UsageError::Config(_))),
        "{error:?}"
    );
}

#[test]
fn a_wrong_key_or_hash_makes_another_imported_key() {
    let wrong_key = PskFailure::WrongKey {
        identity: "alice".to_owned(),
    };
    for other in [
        psk_of(b"alice", 1).with_import("context"),
        imported().with_hash(PskHash::Sha384),
    ] {
        let mut sides = pair(client_of([other]), server_of([imported()]));
        sides.expect_failure(Side::Server, &wrong_key.clone().into());
    }
}

#[test]
fn the_form_of_a_key_is_agreed_by_both_sides() {
    type Form = fn() -> Psk;
    let external: Form = || psk("alice");
    let both: Form = || psk("alice").with_both_forms("context");
    let import: Form = imported;
    let kinds = [
        (external, external, PskKind::External),
        (external, both, PskKind::External),
        (import, import, PskKind::Imported),
        (import, both, PskKind::Imported),
        (both, external, PskKind::External),
        (both, import, PskKind::Imported),
        (both, both, PskKind::Imported),
    ];
    for (ours, theirs, kind) in kinds {
        let pair = connected(client_of([ours()]), server_of([theirs()]));
        for side in [&pair.client, &pair.server] {
            assert_eq!(side.facts().unwrap().psk.as_ref().unwrap().kind, kind);
        }
    }
    let reason = "it was offered as it is, and is to be imported (RFC 9258)";
    let mut sides = pair(client_of([external()]), server_of([import()]));
    sides.expect_failure(Side::Server, &unusable(reason));
    let mut sides = pair(client_of([import()]), server_of([external()]));
    let reason = "it was offered in imported form (RFC 9258), which is not configured";
    sides.expect_failure(Side::Server, &unusable(reason));
}

/// Identities that are no ImportedIdentity for TLS 1.3 and a known KDF are external ones.
#[test]
fn an_identity_that_is_nearly_an_imported_one_is_taken_as_it_is() {
    let with = |change: fn(&mut Vec<u8>)| {
        let mut identity = imported_identity(b"context", 1);
        change(&mut identity);
        identity
    };
    let changes: [fn(&mut Vec<u8>); 5] = [
        |identity| identity.push(0),
        |identity| *identity.last_mut().unwrap() = 3,
        |identity| *identity.last_mut().unwrap() = 0,
        |identity| {
            let version = identity.len() - 3;
            identity[version] = 3;
        },
        |identity| identity.truncate(identity.len() - 1),
    ];
    for change in changes {
        let identity = with(change);
        let server = server_of([psk_of(&identity, 7), psk("alice").with_import("context")]);
        let pair = connected(client_of([psk_of(&identity, 7)]), server);
        let facts = pair.server.facts().unwrap();
        let psk = facts.psk.as_ref().unwrap();
        assert_eq!((&*psk.identity, psk.kind), (&*identity, PskKind::External));
    }
}

/// Identity, import context and server name.
type Question = (Vec<u8>, Option<Vec<u8>>, Option<String>);

/// What a store is asked.
#[derive(Debug, Default)]
struct Asked(Mutex<Vec<Question>>);

impl PskStore for Asked {
    fn find<'a>(&'a self, request: PskRequest<'a>) -> Answer<'a, Result<Option<Psk>, Error>> {
        self.0.lock().unwrap().push((
            request.identity.to_vec(),
            request.imported_context.map(<[u8]>::to_vec),
            request.server_name.map(str::to_owned),
        ));
        Answer::Ready(Ok(None))
    }
}

#[test]
fn a_store_is_asked_for_the_external_identity_and_told_the_context() {
    let asked = Arc::new(Asked::default());
    let client = client_of([psk("alice").with_both_forms("context"), psk("bob")]);
    let (_, error) = pair(client, ServerConfig::psk_builder(asked.clone()))
        .handshake()
        .unwrap_err();
    assert!(matches!(
        error,
        Error::Psk(PskFailure::UnknownIdentity { .. })
    ));
    let name = || Some("host.example".to_owned());
    let imported = || (b"alice".to_vec(), Some(b"context".to_vec()), name());
    assert_eq!(
        *asked.0.lock().unwrap(),
        [
            imported(),
            imported(),
            (b"alice".to_vec(), None, name()),
            (b"bob".to_vec(), None, name()),
        ]
    );
}
