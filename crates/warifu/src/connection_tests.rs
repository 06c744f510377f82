//! What only shows from inside: worn keys, peers that break agreed sizes, and the size of a handshake's future.

use super::*;
use crate::parameters::CipherSuite;
use crate::testing::{Pair, Side, content_lens, deliver, move_bytes, pattern, read_records};

/// Puts a sender near the end of what its key may protect.
#[track_caller]
fn wear(connection: &mut Connection, records_left: u64) {
    let wire = connection.wire.as_deref_mut().unwrap();
    let suite = wire.sending.epoch().unwrap().suite;
    let protection = wire.sending.writer_mut().protection_mut().unwrap();
    protection.set_sequence(suite.confidentiality_limit - records_left);
}

/// And the receiver with it.
fn follow(connection: &mut Connection, records_left: u64) {
    let wire = connection.wire.as_deref_mut().unwrap();
    let suite = wire.receiving.epoch().unwrap().suite;
    let protection = wire.receiving.reader_mut().protection_mut().unwrap();
    protection.set_sequence(suite.confidentiality_limit - records_left);
}

#[test]
fn worn_keys_are_replaced_before_the_next_record() {
    for suite in [
        CipherSuite::TLS_AES_128_GCM_SHA256,
        CipherSuite::TLS_AES_256_GCM_SHA384,
        CipherSuite::TLS_CHACHA20_POLY1305_SHA256,
        CipherSuite::TLS_AES_128_CCM_SHA256,
        CipherSuite::TLS_AES_128_CCM_8_SHA256,
    ] {
        let tag_len = if suite == CipherSuite::TLS_AES_128_CCM_8_SHA256 {
            8
        } else {
            16
        };
        let mut pair = Pair::established(
            |client| client.with_cipher_suites(&[suite]),
            |server| server.with_cipher_suites(&[suite]),
        );
        wear(&mut pair.client, 2);
        follow(&mut pair.server, 2);
        pair.client.write(&pattern(5 * 16_384, 1)).unwrap();
        let lens: Vec<usize> = crate::testing::wire_records(pair.client.output())
            .iter()
            .map(|record| record.len - 1 - tag_len)
            .collect();
        // Two records under the old key, its KeyUpdate, and the rest under the next one.
        assert_eq!(lens, [16_384, 16_384, 5, 16_384, 16_384, 16_384], "{suite}");
        let got = deliver(&mut pair.client, &mut pair.server).concat();
        assert!(got == pattern(5 * 16_384, 1));
        // The new key is fresh.
        pair.client.write(b"x").unwrap();
        assert_eq!(crate::testing::wire_records(pair.client.output()).len(), 1);
        assert_eq!(deliver(&mut pair.client, &mut pair.server), [b"x"]);
        // The other direction was not asked for new keys.
        pair.server.write(b"y").unwrap();
        assert_eq!(crate::testing::wire_records(pair.server.output()).len(), 1);
        assert_eq!(deliver(&mut pair.server, &mut pair.client), [b"y"]);
    }
}

/// Makes a sender forget what it agreed to.
fn unleash(connection: &mut Connection) {
    let wire = connection.wire.as_deref_mut().unwrap();
    wire.sending.writer_mut().set_negotiated_limit(1 << 14);
}

#[test]
fn records_above_the_agreed_size_are_refused_with_record_overflow() {
    // The receiver's limit on content, type and padding.
    type Change<R> = fn(crate::config::ConfigBuilder<R>) -> crate::config::ConfigBuilder<R>;
    type Case = (
        Change<crate::config::Client>,
        Change<crate::config::Server>,
        Side,
        usize,
    );
    let cases: [Case; 7] = [
        (
            |c| c.with_max_fragment_length(512),
            |s| s,
            Side::Client,
            513,
        ),
        (
            |c| c.with_max_fragment_length(512),
            |s| s,
            Side::Server,
            513,
        ),
        (
            |c| c.with_max_fragment_length(4096),
            |s| s,
            Side::Client,
            4097,
        ),
        (
            |c| c.with_max_fragment_length(4096),
            |s| s,
            Side::Server,
            4097,
        ),
        (|c| c.with_record_size_limit(64), |s| s, Side::Client, 64),
        (
            |c| c.with_record_size_limit(500),
            |s| s.with_record_size_limit(300),
            Side::Server,
            300,
        ),
        (
            |c| c.with_record_size_limit(500),
            |s| s.with_record_size_limit(300),
            Side::Client,
            500,
        ),
    ];
    for (client, server, receiver, limit) in cases {
        // The most that is allowed, and one byte more.
        for excess in [0, 1] {
            let mut pair = Pair::established(client, server);
            let (from, to) = match receiver {
                Side::Client => (&mut pair.server, &mut pair.client),
                Side::Server => (&mut pair.client, &mut pair.server),
            };
            unleash(from);
            from.write(&pattern(limit - 1 + excess, 1)).unwrap();
            assert_eq!(content_lens(from.output()), [limit - 1 + excess]);
            move_bytes(from, to);
            let read = to.read(&mut vec![0; 20_000]);
            if excess == 0 {
                assert_eq!(read, Ok(ReadOutcome::Data(limit - 1)));
                continue;
            }
            let expected = Error::PeerMisbehaved(PeerMisbehaved::RecordOverflow {
                len: limit + 1,
                limit,
            });
            assert_eq!(read, Err(expected.clone()));
            assert_eq!(expected.alert(), Some(AlertDescription::RECORD_OVERFLOW));
            pair.expect_alert(receiver, &expected);
        }
    }
}

#[test]
fn padding_counts_against_the_agreed_size() {
    #[derive(Debug)]
    struct Full;
    impl crate::Padding for Full {
        fn padding_len(&self, _: usize) -> usize {
            usize::MAX
        }
    }
    let mut pair = Pair::established(
        |client| client.with_record_size_limit(500),
        |server| server.with_padding(Arc::new(Full)),
    );
    unleash(&mut pair.server);
    pair.server.write(b"x").unwrap();
    let Pair { client, server } = &mut pair;
    while !server.output().is_empty() {
        move_bytes(server, client);
    }
    let expected = Error::PeerMisbehaved(PeerMisbehaved::RecordOverflow {
        len: (1 << 14) + 1,
        limit: 500,
    });
    assert_eq!(client.read(&mut [0; 9]), Err(expected));
    assert!(read_records(client).is_empty());
}

#[test]
fn a_handshake_that_is_given_up_leaves_no_keys_behind() {
    let mut pair = Pair::new();
    pair.client.process().unwrap();
    move_bytes(&mut pair.client, &mut pair.server);
    pair.server.process().unwrap();
    pair.server.close();
    let wire = pair.server.wire.as_deref_mut().unwrap();
    assert!(!wire.receiving.reader_mut().is_protected());
    assert!(wire.sending.epoch().is_none());
    assert!(!pair.server.output().is_empty());
}

/// Up to 1032 bytes are a matter of nanoseconds for glibc's malloc; what is longer goes the slow way.
#[test]
fn futures_of_both_flows_stay_small() {
    let mut pair = Pair::new();
    pair.client.process().unwrap();
    pair.server.process().unwrap();
    for connection in [&pair.client, &pair.server] {
        let len = connection.future_len();
        println!("{len} bytes");
        assert!((1..=1032).contains(&len), "{len} bytes");
    }
}
