//! Attacks that have names, and were not shown elsewhere to fail (docs/attacks.md has them all).

use std::collections::HashSet;
use std::io::{ErrorKind, Read, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use warifu::config::{ChooseServerConfig, ClientHelloFacts};
use warifu::decision::{Answer, PresentedChain, VerifyPeer};
use warifu::parameters::{AlertDescription, NamedGroup, SignatureScheme};
use warifu::resumption::Tickets;
use warifu::{
    CertificateError, ClientAuth, Connection, Error, PeerMisbehaved, ServerConfig, Stream,
};

use crate::authentication::certificate_of;
use crate::bytes::*;
use crate::odd_keys::{leaf_with_key, odd_keys};
use crate::scene::{Scene, Setting, expect, find, pki};
use crate::support::resumption::{OneKey, World, connect, meet, same};
use crate::support::transport::{Pipe, pipe};
use crate::support::{Pair, Side, client_builder, move_bytes, server_builder, server_name};

const KEY_SHARE: u16 = 51;
const PRE_SHARED_KEY: u16 = 41;

/// The first flight of a side that has all it needs for it: plain messages, without their records.
fn first_messages(side: &mut Connection) -> Vec<Vec<u8>> {
    side.process().unwrap();
    let plain = records(side.output())
        .into_iter()
        .take_while(|record| record[0] == HANDSHAKE);
    messages(
        &plain
            .flat_map(|record| record[5..].to_vec())
            .collect::<Vec<_>>(),
    )
}

/// Groups and shares of a ClientHello.
fn client_shares(hello: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let list = Dissected::new(hello).extension(KEY_SHARE)[2..].to_vec();
    let (mut rest, mut shares) = (&list[..], Vec::new());
    while !rest.is_empty() {
        let len = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        let group = u16::from_be_bytes([rest[0], rest[1]]);
        shares.push((group, rest[4..4 + len].to_vec()));
        rest = &rest[4 + len..];
    }
    shares
}

/// Raccoon and its like need a key that is used twice; so do many attacks on single curves.
#[test]
fn key_shares_and_randoms_are_never_used_twice() {
    let groups = [
        NamedGroup::X25519,
        NamedGroup::SECP256R1,
        NamedGroup::SECP384R1,
        NamedGroup::SECP521R1,
        NamedGroup::X25519MLKEM768,
    ];
    let mut seen = HashSet::new();
    let mut count = 0;
    for group in groups {
        let client = client_builder(pki()).with_groups(&[group]).build().unwrap();
        let server = server_builder(pki()).with_groups(&[group]).build().unwrap();
        for _ in 0..8 {
            let mut pair = meet(&client, &server);
            let hello = first_messages(&mut pair.client).remove(0);
            let shares = client_shares(&hello);
            assert_eq!(shares.len(), 1);
            move_bytes(&mut pair.client, &mut pair.server);
            let answer = first_messages(&mut pair.server).remove(0);
            let share = Dissected::new(&answer).extension(KEY_SHARE)[4..].to_vec();
            for value in [&shares[0].1[..], &share, &hello[6..38], &answer[6..38]] {
                assert!(seen.insert(value.to_vec()), "{group}: used twice");
                count += 1;
            }
        }
    }
    assert_eq!(count, 5 * 8 * 4);
}

/// A ServerHello that nobody has vouched for yet decides about no later ClientHello.
#[test]
fn what_a_server_chose_is_not_remembered() {
    let config = client_builder(pki()).build().unwrap();
    let offer = || {
        let mut client = Connection::client(config.clone(), server_name());
        let hello = first_messages(&mut client).remove(0);
        let shares = client_shares(&hello).into_iter();
        (client, shares.map(|(group, _)| group).collect::<Vec<_>>())
    };
    let (mut client, before) = offer();
    assert_eq!(before[0], NamedGroup::X25519MLKEM768.0);
    // The server chooses the classical group, and its flight is spoiled or, in another run, is not.
    for spoiled in [true, false] {
        let server = server_builder(pki()).with_groups(&[NamedGroup::X25519]);
        let mut server = Connection::server(server.build().unwrap());
        move_bytes(&mut client, &mut server);
        server.process().unwrap();
        let mut answer = server.output().to_vec();
        if spoiled {
            *answer.last_mut().unwrap() ^= 1;
        }
        assert_eq!(client.receive(&answer), answer.len());
        assert_eq!(client.process().is_err(), spoiled);
        let (next, after) = offer();
        assert_eq!(after, before);
        client = next;
    }
}

/// RFC 8446 Section 4.6.1: ticket_age_add is random, or the age of a ticket tells who comes back.
#[test]
fn tickets_bear_an_age_add_of_their_own() {
    let world = World::new();
    let client = world.client(|client| client);
    let server = world.server(Tickets::stateless(OneKey::new(1)).with_count(1), |server| {
        server
    });
    let mut seen = HashSet::new();
    for _ in 0..16 {
        connect(&client, &server);
        // The clock stands still: the obfuscated age is what was added to it.
        let mut again = Connection::client(client.clone(), server_name());
        let hello = first_messages(&mut again).remove(0);
        let offer = Dissected::new(&hello).extension(PRE_SHARED_KEY).clone();
        let identity_len = usize::from(u16::from_be_bytes([offer[2], offer[3]]));
        let age = offer[4 + identity_len..][..4].try_into().unwrap();
        assert!(seen.insert(u32::from_be_bytes(age)));
    }
    // Of 16 numbers of 32 bits nearly none is below 2^24.
    let large = seen.iter().filter(|add| **add >= 1 << 24).count();
    assert!(large >= 12, "{seen:x?}");
}

/// A client hears close_notify, or nothing any more, in the middle of the handshake: no call goes round in circles.
#[test]
fn a_stream_ends_where_close_notify_comes_in_the_handshake() {
    let close_notify = record(ALERT, &[1, 0]);
    type Use = fn(&mut Stream<Pipe>) -> std::io::Error;
    let uses: [Use; 3] = [
        |stream| stream.handshake().unwrap_err(),
        |stream| stream.read(&mut [0; 9]).unwrap_err(),
        |stream| stream.write(b"hello").unwrap_err(),
    ];
    for call in uses {
        for side in [Side::Client, Side::Server] {
            let expected = match side {
                Side::Client => "ServerHello",
                Side::Server => "ClientHello",
            };
            let pair = Pair::with_pki(pki(), |client| client, |server| server);
            let connection = match side {
                Side::Client => pair.client,
                Side::Server => pair.server,
            };
            let (end, mut peer) = pipe();
            let mut stream = Stream::new(connection, end);
            peer.write_all(&close_notify).unwrap();
            // Each call fails, and so does each one after it.
            for _ in 0..3 {
                let error = call(&mut stream);
                assert_ne!(error.kind(), ErrorKind::WouldBlock, "{side:?}");
                let found = error.get_ref().and_then(|error| error.downcast_ref());
                assert_eq!(found, Some(&Error::ClosedDuringHandshake { expected }));
            }
        }
    }
}

/// Keeps the ClientHello that it was asked about.
#[derive(Debug, Default)]
struct Recorder(Mutex<Vec<Vec<u8>>>);

impl ChooseServerConfig for Recorder {
    fn choose(
        &self,
        hello: ClientHelloFacts,
    ) -> Answer<'_, Result<Option<Arc<ServerConfig>>, Error>> {
        self.0.lock().unwrap().push(hello.message);
        Ok(None).into()
    }
}

/// Who looks at a ClientHello before a configuration is chosen sees it whole, in whatever pieces it came.
#[test]
fn a_client_hello_in_pieces_is_looked_at_whole() {
    let mut client = Connection::client(client_builder(pki()).build().unwrap(), server_name());
    let hello = first_messages(&mut client).remove(0);
    for piece in [1, 2, 3, 4, 5, 100, hello.len() - 1, hello.len()] {
        let recorder = Arc::new(Recorder::default());
        let server = server_builder(pki()).with_config_choice(recorder.clone());
        let mut server = Connection::server(server.build().unwrap());
        for part in hello.chunks(piece) {
            let bytes = record(HANDSHAKE, part);
            assert_eq!(server.receive(&bytes), bytes.len());
            server.process().unwrap();
        }
        let seen = recorder.0.lock().unwrap();
        assert_eq!((seen.len(), &seen[0]), (1, &hello), "{piece}");
        assert!(!server.output().is_empty());
    }
}

/// Terrapin: what is put in before the keys change makes up for what is taken away behind. Here the numbers of records begin
/// with the keys.
#[test]
fn a_record_taken_away_is_missed_whatever_is_put_in_for_it() {
    let bad_mac = || Error::from(PeerMisbehaved::BadRecordMac);
    // The server's flight in many records.
    let answered = || {
        let mut pair = Pair::with_pki(
            pki(),
            |client| client.with_record_size_limit(64),
            |server| server.with_record_size_limit(64),
        );
        pair.client.process().unwrap();
        move_bytes(&mut pair.client, &mut pair.server);
        pair.server.process().unwrap();
        let mut plain = records(pair.server.output());
        let sealed = plain
            .iter()
            .position(|record| record[0] == APPLICATION_DATA)
            .unwrap();
        let sealed = plain.split_off(sealed);
        (pair, plain, sealed)
    };
    let count = answered().2.len();
    assert!(count > 5, "{count}");
    for dummies in 0..=2 {
        for gone in 0..count - 1 {
            let (mut pair, plain, mut sealed) = answered();
            sealed.remove(gone);
            let dummies = record(CHANGE_CIPHER_SPEC, &[1]).repeat(dummies);
            for bytes in [plain.concat(), dummies, sealed.concat()] {
                let mut rest = &bytes[..];
                while !rest.is_empty() && pair.client.failure().is_none() {
                    rest = &rest[pair.client.receive(rest)..];
                    let _ = pair.client.process();
                }
            }
            assert_eq!(pair.client.failure(), Some(&bad_mac()), "{gone}");
            pair.expect_alert(Side::Client, &bad_mac());
        }
    }
    // And of what comes after the handshake.
    for (from, gone) in [(Side::Client, 0), (Side::Client, 1), (Side::Server, 0)] {
        let mut pair = Pair::with_pki(pki(), same, same);
        pair.handshake().unwrap();
        let [sender, receiver] = match from {
            Side::Client => [&mut pair.client, &mut pair.server],
            Side::Server => [&mut pair.server, &mut pair.client],
        };
        for data in [b"one", b"two", b"end"] {
            sender.write(data).unwrap();
        }
        let mut sent = records(sender.output());
        sender.sent(sent.concat().len());
        assert_eq!(sent.len(), 3);
        sent.remove(gone);
        for record in sent {
            assert_eq!(receiver.receive(&record), record.len());
            let _ = receiver.read(&mut [0; 9]);
        }
        assert_eq!(receiver.failure(), Some(&bad_mac()));
    }
}

/// Believes everybody, as an application's own verifier may.
#[derive(Debug)]
struct Credulous;

impl VerifyPeer for Credulous {
    fn verify<'a>(&'a self, _: PresentedChain<'a>) -> Answer<'a, Result<(), CertificateError>> {
        Ok(()).into()
    }

    fn chain_schemes(&self) -> &[SignatureScheme] {
        &[]
    }
}

/// Keys of kinds that nothing here signs with, too large or broken, in a certificate that an application's own verifier
/// believes: they are refused before anything is computed with them. The same of servers is in `legacy_hostile/attacks.rs`.
#[test]
fn keys_that_cannot_be_used_are_refused_in_no_time() {
    let mutual = Setting {
        client_auth: true,
        ..Setting::default()
    };
    for (spki, reason) in odd_keys() {
        let leaf = leaf_with_key(&pki().ca, &spki);
        let believes = ClientAuth::required(Credulous);
        let scene = Scene::with(Side::Server, mutual, same, |server| {
            server.with_client_auth(believes)
        });
        let start = Instant::now();
        let outcome = scene.play(|number, flight| {
            if number == 1 {
                *find(flight, CERTIFICATE) = certificate_of(&[&leaf]);
            }
        });
        let error = CertificateError::UnsupportedKey {
            reason: reason.to_owned(),
        };
        let alert = AlertDescription::UNSUPPORTED_CERTIFICATE;
        expect(reason, &outcome, error, alert);
        assert!(start.elapsed() < Duration::from_secs(1), "{reason}");
    }
}
