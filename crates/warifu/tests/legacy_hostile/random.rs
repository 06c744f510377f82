//! Bytes changed at random: whatever comes, the victim ends with an error that is the peer's fault, with its alert, or goes on.
//! And however a stream is cut, the error is the same.

use warifu::{CertificateError, Error};

use crate::bytes::*;
use crate::crypto::*;
use crate::peer::*;
use crate::random_numbers::Random;
use crate::support::Side;

const SCENES: [(u16, Suite); 8] = [
    (TLS1_2, ECDHE_ECDSA_GCM),
    (TLS1_2, DHE_RSA_GCM),
    (TLS1_2, RSA_CBC),
    (TLS1_2, PSK_GCM),
    (TLS1_2, ECDHE_PSK_GCM),
    (TLS1_2, RSA_PSK_GCM),
    (TLS1_1, ECDHE_RSA_CBC),
    (TLS1_0, DHE_RSA_CBC),
];

fn stage(side: Side, tls: u16, suite: Suite) -> Stage {
    let mut stage = match side {
        Side::Client => Stage::client_with(tls, suite, |client| {
            client
                .with_credential(keys().client.credential.clone())
                .with_ocsp_request(true)
        }),
        Side::Server => Stage::server_with(tls, suite, require_certificate),
    };
    stage.peer.credential = Some(&keys().client);
    stage.peer.requests_certificate = !suite.kx.uses_psk();
    stage.peer.sends_status = true;
    stage.peer.tolerant = true;
    stage
}

/// Plays a handshake in which `change` has its way with each message, and returns the victim.
fn play(side: Side, tls: u16, suite: Suite, mut change: impl FnMut(&mut Vec<u8>)) -> Stage {
    let mut stage = stage(side, tls, suite);
    let change_all = |flight: &mut Flight, change: &mut dyn FnMut(&mut Vec<u8>)| {
        for step in flight {
            if let Step::Message(message) = step {
                change(message);
            }
        }
    };
    let mut flight = match side {
        Side::Client => stage.peer.server_flight(),
        Side::Server => vec![Step::Message(stage.peer.client_hello())],
    };
    change_all(&mut flight, &mut change);
    stage.play(&flight);
    let waits = match side {
        Side::Client => CLIENT_KEY_EXCHANGE,
        Side::Server => SERVER_HELLO_DONE,
    };
    if !stage.is_over() && stage.received.contains(&waits) {
        let mut last = match side {
            Side::Client => stage.peer.last_server_flight(),
            Side::Server => stage.peer.client_flight(),
        };
        change_all(&mut last, &mut change);
        stage.play(&last);
    }
    stage.end();
    stage
}

fn change_at_random(random: &mut Random, message: &mut Vec<u8>) {
    match random.below(4) {
        // The header stays right, or it would be the only thing that is ever looked at.
        0 | 1 if message.len() > 4 => {
            let at = 4 + random.below(message.len() - 4);
            message[at] = random.byte();
        }
        2 if message.len() > 4 => {
            let len = 4 + random.below(message.len() - 4);
            *message = crate::bytes::message(message[0], &message[4..len]);
        }
        3 => {
            let count = random.below(5);
            let more = random.bytes(count);
            *message = crate::bytes::message(message[0], &[&message[4..], &more].concat());
        }
        _ => {
            let at = random.below(message.len());
            message[at] ^= 1 << random.below(8);
        }
    }
}

#[test]
fn whatever_is_changed_is_the_peers_fault() {
    let mut random = Random::new(12);
    let mut ended = 0;
    for (tls, suite) in SCENES {
        for side in [Side::Client, Side::Server] {
            for _ in 0..120 {
                let mut left = 1 + random.below(4);
                let mut numbers = random.clone();
                let stage = play(side, tls, suite, |message| {
                    left = left.wrapping_sub(1);
                    if left == 0 {
                        change_at_random(&mut numbers, message);
                    }
                });
                random = numbers;
                random.next();
                let error = stage.error.expect("the transport ended");
                match &error {
                    Error::PeerMisbehaved(_)
                    | Error::NothingInCommon(_)
                    | Error::Psk(_)
                    | Error::Certificate(
                        CertificateError::Malformed { .. }
                        | CertificateError::UnsupportedKey { .. }
                        | CertificateError::Empty
                        | CertificateError::RequiredBefore13
                        | CertificateError::UnknownIssuer { .. }
                        | CertificateError::BadChainSignature { .. }
                        | CertificateError::NameMismatch { .. }
                        | CertificateError::UnsupportedAlgorithm { .. }
                        | CertificateError::Expired { .. }
                        | CertificateError::NotYetValid { .. }
                        | CertificateError::WrongUsage { .. }
                        | CertificateError::UnsupportedExtension
                        | CertificateError::ConstraintViolated { .. },
                    ) => {
                        ended += 1;
                        let alert = error.alert().map(|alert| (2, alert));
                        // What went out under keys that the peer does not have, it cannot read.
                        if stage.unreadable == 0 {
                            assert_eq!(stage.alerts.last().copied(), alert, "{error}");
                        }
                    }
                    Error::Truncated | Error::ClosedDuringHandshake { .. } => {}
                    other => panic!("{tls:#x} {suite:?} {side:?}: {other:?}"),
                }
            }
        }
    }
    assert!(ended > 1000, "{ended}");
}

/// One byte at a time, and a few.
#[test]
fn cuts_of_the_stream_change_nothing() {
    for (tls, suite) in SCENES {
        for side in [Side::Client, Side::Server] {
            for piece in [1, 7] {
                let mut stage = stage(side, tls, suite);
                stage.piece = piece;
                stage.handshake();
                stage.exchange();
            }
        }
    }
    let mut random = Random::new(99);
    for (tls, suite) in SCENES {
        for side in [Side::Client, Side::Server] {
            let mut errors = Vec::new();
            // The first message with another type: told at its first byte.
            for piece in [1, 5, usize::MAX] {
                let mut stage = stage(side, tls, suite);
                stage.piece = piece;
                let made_up = Step::Message(message(99, &[7; 300]));
                stage.play(&vec![made_up]);
                errors.push((stage.error, stage.alerts));
            }
            assert!(
                errors.windows(2).all(|pair| pair[0] == pair[1]),
                "{errors:?}"
            );
            // And the last one.
            let flip = random.below(12);
            let mut errors = Vec::new();
            for piece in [1, 5, usize::MAX] {
                let mut stage = stage(side, tls, suite);
                stage.piece = piece;
                let flight = stage.up_to_last_flight();
                let at = place(&flight, FINISHED);
                stage.play(&flight[..at].to_vec());
                let mut verify_data = stage.peer.verify_data(stage.peer.side);
                verify_data[flip] ^= 1;
                stage.play(&vec![Step::Message(message(FINISHED, &verify_data))]);
                errors.push((stage.error, stage.alerts));
            }
            assert!(
                errors.windows(2).all(|pair| pair[0] == pair[1]),
                "{errors:?}"
            );
        }
    }
}
