//! External pre-shared keys between our own two sides: modes, hashes, several keys, identities, retry, statistics.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use support::psk::{DHE, KE, client_of, connected, exchange, pair, psk, psk_of, server_of, sha384};
use support::{Side, wire_records};
use warifu::config::PskStatistics;
use warifu::error::UsageError;
use warifu::parameters::{CipherSuite, NamedGroup, PskKeyExchangeMode};
use warifu::psk::{PskHash, PskKind, PskTable};
use warifu::{Error, HandshakeKind, NothingInCommon, Psk, PskFailure, ServerConfig};

const AES_128: CipherSuite = CipherSuite::TLS_AES_128_GCM_SHA256;
const AES_256: CipherSuite = CipherSuite::TLS_AES_256_GCM_SHA384;
const CHACHA20: CipherSuite = CipherSuite::TLS_CHACHA20_POLY1305_SHA256;

fn hash_of(suite: CipherSuite) -> PskHash {
    match suite {
        AES_256 => PskHash::Sha384,
        _ => PskHash::Sha256,
    }
}

fn unknown(identity: &str) -> Error {
    let identity = identity.to_owned();
    PskFailure::UnknownIdentity { identity }.into()
}

fn wrong_key(identity: &str) -> Error {
    let identity = identity.to_owned();
    PskFailure::WrongKey { identity }.into()
}

fn unusable(identity: &str, reason: &str) -> Error {
    let (identity, reason) = (identity.to_owned(), reason.to_owned());
    PskFailure::Unusable { identity, reason }.into()
}

// ---- modes ----

#[test]
fn a_key_is_used_in_a_mode_that_both_sides_allow_and_with_an_exchange_if_they_allow_both() {
    let modes: [&[PskKeyExchangeMode]; 3] = [&[DHE], &[KE], &[KE, DHE]];
    for ours in modes {
        for theirs in modes {
            let client = client_of([psk("alice")]).with_psk_modes(ours);
            let server = server_of([psk("alice")]).with_psk_modes(theirs);
            let common = |mode| ours.contains(&mode) && theirs.contains(&mode);
            let expected = match (common(DHE), common(KE)) {
                (true, _) => DHE,
                (false, true) => KE,
                (false, false) => {
                    let (ours, peers) = (theirs[0].to_string(), ours[0].to_string());
                    let error = NothingInCommon::PskKeyExchangeMode { ours, peers };
                    pair(client, server).expect_failure(Side::Server, &error.into());
                    continue;
                }
            };
            let pair = connected(client, server);
            for side in [&pair.client, &pair.server] {
                let facts = side.facts().unwrap();
                assert_eq!(facts.handshake_kind, HandshakeKind::Psk);
                assert_eq!(facts.psk_mode, Some(expected), "{ours:?} {theirs:?}");
                assert_eq!(facts.group.is_some(), expected == DHE);
                let psk = facts.psk.as_ref().unwrap();
                assert_eq!(
                    (&*psk.identity, psk.kind, psk.hash),
                    (b"alice".as_slice(), PskKind::External, PskHash::Sha256)
                );
                assert_eq!(facts.psk_declined, None);
                assert_eq!(facts.peer_certificates, None);
                assert_eq!(facts.peer_signature_scheme, None);
                assert!(facts.local_credential.is_none());
                assert!(!facts.resumed);
            }
        }
    }
}

#[test]
fn a_key_alone_serves_where_no_group_is_in_common_and_both_modes_are_allowed() {
    let both = [DHE, KE];
    let client = |modes| {
        client_of([psk("alice")])
            .with_psk_modes(modes)
            .with_groups(&[NamedGroup::X25519])
    };
    let server = |modes| {
        server_of([psk("alice")])
            .with_psk_modes(modes)
            .with_groups(&[NamedGroup::SECP256R1])
    };
    let pair_of_both = connected(client(&both), server(&both));
    let facts = pair_of_both.server.facts().unwrap();
    assert_eq!((facts.psk_mode, facts.group), (Some(KE), None));

    let error = NothingInCommon::Group {
        ours: NamedGroup::SECP256R1.to_string(),
        peers: NamedGroup::X25519.to_string(),
    };
    pair(client(&both), server(&[DHE])).expect_failure(Side::Server, &error.into());
}

#[test]
fn both_sides_get_the_same_exported_secrets() {
    for modes in [[DHE], [KE]] {
        let client = client_of([psk("alice")]).with_psk_modes(&modes);
        let server = server_of([psk("alice")]).with_psk_modes(&modes);
        let pair = connected(client, server);
        let (mut ours, mut theirs) = ([0; 40], [0; 40]);
        pair.client
            .export(b"label", Some(b"context"), &mut ours)
            .unwrap();
        pair.server
            .export(b"label", Some(b"context"), &mut theirs)
            .unwrap();
        assert_eq!(ours, theirs);
    }
}

// ---- hashes ----

/// All lists without repetition of one to three suites.
fn suite_lists() -> Vec<Vec<CipherSuite>> {
    let mut lists: Vec<Vec<CipherSuite>> = Vec::new();
    for a in [AES_128, AES_256, CHACHA20] {
        lists.push(vec![a]);
        for b in [AES_128, AES_256, CHACHA20] {
            if b == a {
                continue;
            }
            lists.push(vec![a, b]);
            for c in [AES_128, AES_256, CHACHA20] {
                if c != a && c != b {
                    lists.push(vec![a, b, c]);
                }
            }
        }
    }
    lists
}

#[test]
fn the_suite_fits_the_key_by_itself_whatever_either_side_prefers() {
    let lists = suite_lists();
    assert_eq!(lists.len(), 15);
    for hash in [PskHash::Sha256, PskHash::Sha384] {
        for ours in &lists {
            for theirs in &lists {
                let key = || psk("alice").with_hash(hash);
                let client = client_of([key()])
                    .with_psk_modes(&[KE])
                    .with_cipher_suites(ours);
                let server = server_of([key()])
                    .with_psk_modes(&[KE])
                    .with_cipher_suites(theirs);
                let mut pair = pair(client, server);
                let fit = |suites: &[CipherSuite]| -> Vec<CipherSuite> {
                    let fit = suites.iter().filter(|suite| hash_of(**suite) == hash);
                    fit.copied().collect()
                };
                let (ours, theirs) = (fit(ours), fit(theirs));
                let common = theirs.iter().find(|suite| ours.contains(suite));
                let Some(&common) = common else {
                    if ours.is_empty() {
                        pair.expect_failure(Side::Client, &UsageError::NoPskToOffer.into());
                    } else {
                        let reason = format!(
                            "it is for {hash}, and no cipher suite with that hash is in common"
                        );
                        pair.expect_failure(Side::Server, &unusable("alice", &reason));
                    }
                    continue;
                };
                pair.handshake().unwrap();
                // A client without hardware for AES says so by its first suite.
                let chacha20 = ours[0] == CHACHA20 && theirs.contains(&CHACHA20);
                let expected = if chacha20 { CHACHA20 } else { common };
                for side in [&pair.client, &pair.server] {
                    let facts = side.facts().unwrap();
                    assert_eq!(facts.cipher_suite, expected, "{ours:?} {theirs:?}");
                    assert_eq!(facts.psk.as_ref().unwrap().hash, hash);
                }
            }
        }
    }
}

#[test]
fn a_key_has_the_same_hash_on_both_sides() {
    let client = client_of([sha384("alice")]);
    let mut sides = pair(client, server_of([psk("alice")]));
    // The client's suites fit its key alone, so that the server's finds none.
    let reason = "it is for SHA-256, and no cipher suite with that hash is in common";
    sides.expect_failure(Side::Server, &unusable("alice", reason));

    // Where the client has suites for either hash, its binder is of another length.
    let client = client_of([sha384("alice"), psk("bob")]);
    let mut sides = pair(client, server_of([psk("alice")]));
    sides.expect_failure(Side::Server, &wrong_key("alice"));
}

#[test]
fn keys_of_all_lengths_are_hashed_alike_on_both_sides() {
    // Up to, at and beyond the block of either hash.
    for len in [16, 32, 48, 63, 64, 65, 127, 128, 129, 65_535] {
        for hash in [PskHash::Sha256, PskHash::Sha384] {
            let key = || Psk::new("alice", vec![7; len]).unwrap().with_hash(hash);
            connected(client_of([key()]), server_of([key()]));
        }
    }
    // Where HMAC takes a key, zeros behind it do not matter; HKDF-Extract takes it as the message.
    let client = client_of([Psk::new("alice", [7; 32]).unwrap()]);
    let mut longer = [7; 33];
    longer[32] = 0;
    let server = server_of([Psk::new("alice", longer).unwrap()]);
    pair(client, server).expect_failure(Side::Server, &wrong_key("alice"));
}

#[test]
fn a_weak_key_works_when_it_is_called_weak() {
    let weak = || Psk::new_weak("alice", [7]).unwrap();
    connected(client_of([weak()]), server_of([weak()]));
}

// ---- several keys ----

#[test]
fn the_first_key_that_the_server_knows_is_taken() {
    let client = || client_of(["a", "b", "c", "d"].map(psk));
    for (known, expected, declined) in [
        (&["a", "b", "c", "d"][..], "a", None),
        (&["c", "d"], "c", Some("a")),
        (&["d", "c"], "c", Some("a")),
        (&["b", "d"], "b", Some("a")),
        (&["d"], "d", Some("a")),
    ] {
        let pair = connected(client(), server_of(known.iter().copied().map(psk)));
        for side in [&pair.client, &pair.server] {
            let psk = side.facts().unwrap().psk.as_ref().unwrap();
            assert_eq!(&*psk.identity, expected.as_bytes());
        }
        let reason = pair.server.facts().unwrap().psk_declined.as_deref();
        let expected = declined
            .map(|first| format!("no key here for the identity that the client offered: {first}"));
        assert_eq!(reason, expected.as_deref());
        let reason = pair.client.facts().unwrap().psk_declined.as_deref();
        let expected = declined.map(|_| "the server took another key than the first one offered");
        assert_eq!(reason, expected);
    }
    let mut pair = pair(client(), server_of([psk("e")]));
    pair.expect_failure(Side::Server, &unknown("a"));
}

#[test]
fn a_key_that_cannot_be_used_does_not_keep_another_from_being_used() {
    let client = client_of([psk("a"), psk("b")]);
    let server = server_of([sha384("a"), psk("b")]).with_cipher_suites(&[AES_128]);
    let pair = connected(client, server);
    let facts = pair.server.facts().unwrap();
    assert_eq!(&*facts.psk.as_ref().unwrap().identity, b"b");
    assert_eq!(
        facts.psk_declined.as_deref(),
        Some(
            "the key of a cannot be used: it is for SHA-384, and no cipher suite with that hash is in common"
        )
    );
}

#[test]
fn keys_of_both_hashes_can_be_offered_together() {
    for (known, hash) in [(psk("a"), PskHash::Sha256), (sha384("b"), PskHash::Sha384)] {
        for keys in [[psk("a"), sha384("b")], [sha384("b"), psk("a")]] {
            let pair = connected(client_of(keys), server_of([known.clone()]));
            let facts = pair.client.facts().unwrap();
            assert_eq!(facts.psk.as_ref().unwrap().hash, hash);
            assert_eq!(hash_of(facts.cipher_suite), hash);
        }
    }
}

/// RFC 8446 Section 4.2.11: "If this value is not present or does not validate, the server MUST abort the handshake."
#[test]
fn a_wrong_key_ends_the_handshake_whatever_other_keys_are_offered() {
    for others in [&["b"][..], &["b", "c", "d"]] {
        let keys = [psk_of(b"a", 1)].into_iter();
        let client = client_of(keys.chain(others.iter().copied().map(psk)));
        let server = server_of(["a", "b", "c", "d"].map(psk));
        pair(client, server).expect_failure(Side::Server, &wrong_key("a"));
    }
    // It stands behind one that is unknown.
    let client = client_of([psk("x"), psk_of(b"a", 1), psk("b")]);
    pair(client, server_of(["a", "b"].map(psk))).expect_failure(Side::Server, &wrong_key("a"));
    // It stands behind one that was taken, and is not looked at.
    let client = client_of([psk("b"), psk_of(b"a", 1)]);
    connected(client, server_of(["a", "b"].map(psk)));
}

/// What stands in for keys that nobody has, so that refusals take the same time, is no secret: `psk.rs`, `nobodys_key`.
#[test]
fn the_key_that_stands_for_unknown_ones_opens_nothing() {
    let nobodys = |identity: &str| Psk::new(identity, [1; 32]).unwrap();
    let server = || server_of([sha384("alice"), psk("bob")]);
    let mut sides = pair(client_of([nobodys("carol")]), server());
    sides.expect_failure(Side::Server, &unknown("carol"));
    let mut sides = pair(client_of([nobodys("bob")]), server());
    sides.expect_failure(Side::Server, &wrong_key("bob"));
    // The binder has the length of nobody's key, not of alice's.
    let mut sides = pair(client_of([nobodys("alice"), sha384("x")]), server());
    sides.expect_failure(Side::Server, &wrong_key("alice"));
    let long = nobodys("bob").with_hash(PskHash::Sha384);
    let mut sides = pair(client_of([long, psk("x")]), server());
    sides.expect_failure(Side::Server, &wrong_key("bob"));
    let imported = nobodys("dave").with_import("context");
    let mut sides = pair(client_of([imported]), server());
    sides.expect_failure(Side::Server, &unknown("dave"));
}

#[test]
fn a_server_looks_up_eight_identities_and_no_more() {
    let names: Vec<_> = (1..=20).map(|number| format!("key {number}")).collect();
    let client = || client_of(names.iter().map(|name| psk(name)));
    let mut sides = connected(client(), server_of([psk("key 8")]));
    exchange(&mut sides);
    for known in ["key 9", "key 20"] {
        let mut sides = pair(client(), server_of([psk(known)]));
        sides.expect_failure(Side::Server, &unknown("key 1"));
    }
}

#[test]
fn the_same_identity_offered_twice_stands_for_its_first_key() {
    let client = client_of([psk_of(b"a", 7), psk_of(b"a", 1)]);
    connected(client, server_of([psk("a")]));
    let client = client_of([psk_of(b"a", 1), psk_of(b"a", 7)]);
    pair(client, server_of([psk("a")])).expect_failure(Side::Server, &wrong_key("a"));
}

// ---- identities ----

/// What an offer may take: `handshake/psk.rs`, `check_size`.
const ROOM: usize = 0xffff - 4096;

#[test]
fn an_identity_is_any_bytes() {
    // 2 + 4 bytes stand before and behind it, and 1 + 32 are its binder.
    let longest = vec![b'x'; ROOM - 39];
    let identities: [&[u8]; 8] = [
        b"\0",
        b"a",
        b"al\0ice",
        b"alice\0",
        b"\xff\xfe\xc3\x28",
        "ä".as_bytes(),
        &[0; 300],
        &longest,
    ];
    for identity in identities {
        let pair = connected(
            client_of([psk_of(identity, 7)]),
            server_of([psk_of(identity, 7)]),
        );
        for side in [&pair.client, &pair.server] {
            assert_eq!(
                &*side.facts().unwrap().psk.as_ref().unwrap().identity,
                identity
            );
        }
    }
}

#[test]
fn identities_are_compared_whole() {
    for (offered, known) in [
        (&b"alice\0"[..], &b"alice"[..]),
        (b"alice", b"alice\0"),
        (b"al\0ice", b"al\0bob"),
        (b"Alice", b"alice"),
        (b"alic", b"alice"),
    ] {
        let mut sides = pair(
            client_of([psk_of(offered, 7)]),
            server_of([psk_of(known, 7)]),
        );
        let error = unknown(&offered.escape_ascii().to_string());
        sides.expect_failure(Side::Server, &error);
    }
}

#[test]
fn identities_that_no_client_hello_has_room_for_are_refused_before_it_is_sent() {
    let together = |lens: &[usize]| lens.iter().map(|len| len + 39).sum::<usize>();
    for lens in [&[65_535][..], &[ROOM - 38], &[30_000, 40_000]] {
        let keys = lens.iter().map(|len| psk_of(&vec![b'x'; *len], 7));
        let mut sides = pair(client_of(keys), server_of([psk("alice")]));
        let error = sides.client.process().unwrap_err();
        let len = together(lens);
        let text = format!(
            "the identities of the pre-shared keys take {len} bytes together, at most {ROOM} fit in a ClientHello: offer fewer"
        );
        assert_eq!(error, UsageError::Config(text).into());
        // Nothing but the alert that ends the connection.
        let sent = wire_records(sides.client.output());
        assert_eq!(sent.len(), 1);
        assert_eq!((sent[0].content_type, sent[0].len), (support::ALERT, 2));
        sides.expect_alert(Side::Client, &error);
    }
}

#[test]
fn identities_and_protocol_names_that_do_not_fit_together_are_refused_before_anything_is_sent() {
    let names: Vec<String> = (0..250).map(|number| format!("{number:0200}")).collect();
    let client = client_of([psk_of(&[b'x'; 20_000], 7)]).with_alpn(&names);
    let text = "identities of pre-shared keys, a ticket and names of application protocols do not fit in one ClientHello together: offer fewer";
    let error = UsageError::Config(text.to_owned()).into();
    pair(client, server_of([psk("alice")])).expect_failure(Side::Client, &error);
}

// ---- retry ----

#[test]
fn a_key_survives_a_retry_with_and_without_cookie() {
    for cookie in [false, true] {
        for key in [psk, sha384] {
            // The second of the client's keys is the one that the server has.
            let client = client_of([key("bob"), key("alice")])
                .with_groups(&[NamedGroup::X25519, NamedGroup::SECP256R1]);
            let server = server_of([key("alice")])
                .with_groups(&[NamedGroup::SECP256R1])
                .with_retry_cookie(cookie);
            let pair = connected(client, server);
            for side in [&pair.client, &pair.server] {
                let facts = side.facts().unwrap();
                assert_eq!(facts.handshake_kind, HandshakeKind::PskWithRetry);
                assert_eq!(facts.group, Some(NamedGroup::SECP256R1));
                assert_eq!(facts.psk_mode, Some(DHE));
                assert_eq!(&*facts.psk.as_ref().unwrap().identity, b"alice");
            }
        }
    }
}

#[test]
fn keys_of_another_hash_leave_the_second_client_hello() {
    // The server takes the SHA-384 key, third of four; after the retry it is the second of two.
    let client = client_of([psk("a"), sha384("b"), sha384("c"), psk("d")])
        .with_groups(&[NamedGroup::X25519, NamedGroup::SECP256R1]);
    let server = server_of([sha384("c")]).with_groups(&[NamedGroup::SECP256R1]);
    let pair = connected(client, server);
    for side in [&pair.client, &pair.server] {
        let facts = side.facts().unwrap();
        assert_eq!(facts.handshake_kind, HandshakeKind::PskWithRetry);
        assert_eq!(&*facts.psk.as_ref().unwrap().identity, b"c");
        assert_eq!(facts.cipher_suite, AES_256);
    }
}

#[test]
fn a_wrong_key_costs_no_retry() {
    let client =
        client_of([psk_of(b"alice", 1)]).with_groups(&[NamedGroup::X25519, NamedGroup::SECP256R1]);
    let server = server_of([psk("alice")]).with_groups(&[NamedGroup::SECP256R1]);
    pair(client, server).expect_failure(Side::Server, &wrong_key("alice"));
}

// ---- statistics ----

#[test]
fn statistics_count_what_became_of_keys() {
    let shared = psk("shared");
    let store = PskTable::new([psk("alice"), sha384("long"), shared.clone()]).unwrap();
    let config = ServerConfig::psk_builder(store)
        .with_cipher_suites(&[AES_128])
        .build()
        .unwrap();
    let mut expected = PskStatistics::default();
    let mut check = |keys: Vec<Psk>, count: fn(&mut PskStatistics)| {
        let mut pair = support::Pair {
            client: warifu::Connection::client(
                client_of(keys).build().unwrap(),
                support::server_name(),
            ),
            server: warifu::Connection::server(config.clone()),
        };
        let _ = pair.handshake();
        count(&mut expected);
        assert_eq!(config.psk_statistics(), expected);
    };
    check(vec![psk("alice")], |all| all.keys_accepted += 1);
    check(vec![psk("bob")], |all| all.unknown_identities += 1);
    check(vec![psk("bob"), psk("alice")], |all| all.keys_accepted += 1);
    check(vec![psk_of(b"alice", 1)], |all| all.wrong_keys += 1);
    check(vec![sha384("long")], |all| all.unusable_keys += 1);
    check(vec![shared], |all| all.reflected += 1);
}
