//! What a server says of the identity it expects, and a client's choice by it (RFC 4279 Section 5.2).
#![cfg(feature = "legacy")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::sync::{Arc, Mutex};

use support::Side;
use support::psk::{client_of, connected, exchange, pair, psk, server_of};
use warifu::config::Policy;
use warifu::decision::Answer;
use warifu::parameters::{AlertDescription, CipherSuite, ProtocolVersion};
use warifu::pki_types::ServerName;
use warifu::psk::ChoosePsks;
use warifu::{ClientConfig, Error, Psk};

const SUITES: [CipherSuite; 3] = [
    CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_DHE_PSK_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256,
];

/// A client with a key for each server: the one of the name in the hint. Remembers the hints.
#[derive(Debug, Clone, Default)]
struct ByHint {
    hints: Arc<Mutex<Vec<Option<Vec<u8>>>>>,
    later: bool,
}

impl ChoosePsks for ByHint {
    fn choose<'a>(&'a self, _: &'a ServerName<'a>) -> Answer<'a, Result<Arc<[Psk]>, Error>> {
        Answer::Ready(Ok([psk("unknown so far")].into()))
    }

    fn choose_by_hint<'a>(
        &'a self,
        _: &'a ServerName<'a>,
        hint: Option<&'a [u8]>,
        chosen: &'a Psk,
    ) -> Answer<'a, Result<Psk, Error>> {
        self.hints.lock().unwrap().push(hint.map(<[u8]>::to_vec));
        let answer = match hint {
            Some(b"nobody") => Err(Error::Application("no key for nobody".to_owned())),
            Some(hint) => Ok(psk(core::str::from_utf8(hint).unwrap())),
            None => Ok(chosen.clone()),
        };
        match self.later {
            true => Answer::later(async { answer }),
            false => Answer::Ready(answer),
        }
    }
}

fn client(
    choice: &ByHint,
    suite: CipherSuite,
) -> warifu::config::ConfigBuilder<warifu::config::Client> {
    ClientConfig::psk_choice_builder(choice.clone())
        .with_policy(Policy::Compat)
        .with_versions(ProtocolVersion::TLS1_2..=ProtocolVersion::TLS1_2)
        .with_cipher_suites(&[suite])
}

#[test]
fn the_key_is_the_one_of_the_hint() {
    for suite in SUITES {
        for later in [false, true] {
            let choice = ByHint {
                later,
                ..ByHint::default()
            };
            let server = server_of([psk("alice"), psk("bob")])
                .with_policy(Policy::Compat)
                .with_psk_identity_hint("bob");
            let mut pair = connected(client(&choice, suite), server);
            exchange(&mut pair);
            for side in [&pair.client, &pair.server] {
                let facts = side.facts().unwrap();
                assert_eq!(&*facts.psk.as_ref().unwrap().identity, b"bob");
            }
            let legacy = pair.client.facts().unwrap().legacy.as_ref().unwrap();
            assert_eq!(legacy.psk_identity_hint.as_deref(), Some(&b"bob"[..]));
            assert_eq!(*choice.hints.lock().unwrap(), [Some(b"bob".to_vec())]);
        }
    }
}

#[test]
fn without_a_hint_the_choice_is_told_so() {
    for suite in SUITES {
        let choice = ByHint::default();
        let server = server_of([psk("unknown so far")]).with_policy(Policy::Compat);
        connected(client(&choice, suite), server);
        assert_eq!(*choice.hints.lock().unwrap(), [None]);
    }
}

#[test]
fn a_choice_that_fails_ends_the_handshake() {
    let server = server_of([psk("alice")])
        .with_policy(Policy::Compat)
        .with_psk_identity_hint("nobody");
    let mut pair = pair(client(&ByHint::default(), SUITES[0]), server);
    let (side, error) = pair.handshake().unwrap_err();
    assert_eq!(side, Side::Client);
    assert_eq!(error, Error::Application("no key for nobody".to_owned()));
    assert_eq!(error.alert(), Some(AlertDescription::INTERNAL_ERROR));
}

/// Others keep the key they chose first.
#[test]
fn a_fixed_key_does_not_look_at_hints() {
    let server = server_of([psk("alice")])
        .with_policy(Policy::Compat)
        .with_psk_identity_hint("bob");
    let client = client_of([psk("alice")])
        .with_policy(Policy::Compat)
        .with_versions(ProtocolVersion::TLS1_2..=ProtocolVersion::TLS1_2);
    let pair = connected(client, server);
    let facts = pair.server.facts().unwrap();
    assert_eq!(&*facts.psk.as_ref().unwrap().identity, b"alice");
}
