//! Servers that really renegotiate, with a client that was told to: the handshake inside of a connection is as strict as the
//! first one, and bound to it.

use warifu::error::UsageError;
use warifu::parameters::{AlertDescription, ContentType, HandshakeType};
use warifu::{Error, PeerMisbehaved};

use crate::bytes::*;
use crate::crypto::*;
use crate::peer::*;

const UNEXPECTED: AlertDescription = AlertDescription::UNEXPECTED_MESSAGE;
const ILLEGAL: AlertDescription = AlertDescription::ILLEGAL_PARAMETER;
const FAILURE: AlertDescription = AlertDescription::HANDSHAKE_FAILURE;

fn established(tls: u16, suite: Suite, change: impl FnOnce(&mut Peer)) -> Stage {
    let mut stage = Stage::client_with(tls, suite, |client| client.with_renegotiation(true));
    change(&mut stage.peer);
    stage.handshake();
    stage
}

/// Asks for a handshake, changes what the peer does in it, and plays it to the client's Finished. Returns what is left.
fn renegotiate_with(
    stage: &mut Stage,
    change: impl FnOnce(&mut Peer),
    change_flight: impl FnOnce(&mut Flight),
) -> Flight {
    stage.peer.transcript.clear();
    let finished = stage.peer.finished.concat();
    change(&mut stage.peer);
    stage.play(&vec![Step::Message(message(HELLO_REQUEST, &[]))]);
    assert_eq!(stage.error, None);
    assert_eq!(stage.received.last(), Some(&CLIENT_HELLO));
    warifu_crypto::random::fill(&mut stage.peer.server_random).unwrap();
    let mut flight = stage.peer.server_flight();
    edit(find(&mut flight, SERVER_HELLO), |hello| {
        *hello.extension(RENEGOTIATION_INFO) = vector(1, &finished);
    });
    change_flight(&mut flight);
    stage.play(&flight);
    stage.peer.last_server_flight()
}

fn renegotiate(stage: &mut Stage) -> Flight {
    let rest = renegotiate_with(stage, |_| {}, |_| {});
    assert_eq!(stage.error, None);
    assert_eq!(stage.received.last(), Some(&FINISHED));
    rest
}

#[test]
fn handshakes_follow_each_other_in_a_connection() {
    for (tls, suite) in [
        (TLS1_0, ECDHE_RSA_CBC),
        (TLS1_1, RSA_CBC),
        (TLS1_2, ECDHE_RSA_GCM),
    ] {
        let mut stage = established(tls, suite, |_| {});
        for _ in 0..3 {
            let rest = renegotiate(&mut stage);
            stage.play(&rest);
            assert_eq!(stage.error, None);
            stage.exchange();
        }
    }
}

/// Under the old keys no Finished counts, nor anything else behind ServerHelloDone.
#[test]
fn nothing_comes_before_change_cipher_spec() {
    for (got, early) in [
        (HandshakeType::FINISHED, Step::Finished),
        (
            HandshakeType::SERVER_HELLO_DONE,
            Step::Record(HANDSHAKE, message(SERVER_HELLO_DONE, &[])),
        ),
    ] {
        let mut stage = established(TLS1_2, ECDHE_RSA_GCM, |_| {});
        renegotiate(&mut stage);
        stage.play(&vec![early, Step::ChangeCipherSpec]);
        let expected = "ChangeCipherSpec";
        let error = PeerMisbehaved::UnexpectedMessage { got, expected };
        stage.expect("before change_cipher_spec", error, UNEXPECTED);
    }
}

#[test]
fn no_data_passes_under_keys_that_are_not_confirmed() {
    let mut stage = established(TLS1_2, ECDHE_RSA_GCM, |_| {});
    renegotiate(&mut stage);
    // Ours waits.
    let error = stage.victim.write(b"secret").unwrap_err();
    assert!(matches!(error, Error::Usage(UsageError::NotAvailable(_))));
    assert!(stage.victim.output().is_empty());
    // The server's is refused.
    let data = Step::Record(APPLICATION_DATA, b"early".to_vec());
    stage.play(&vec![Step::ChangeCipherSpec, data]);
    let error = PeerMisbehaved::UnexpectedRecord {
        content_type: ContentType::APPLICATION_DATA,
        expected: "application data",
    };
    stage.expect("data before Finished", error, UNEXPECTED);
    assert!(stage.data.is_empty());
}

#[test]
fn a_request_in_a_renegotiation_is_ignored() {
    let mut stage = established(TLS1_2, ECDHE_RSA_GCM, |_| {});
    let mut rest = renegotiate(&mut stage);
    rest.insert(0, Step::Record(HANDSHAKE, message(HELLO_REQUEST, &[])));
    stage.play(&rest);
    assert_eq!(stage.error, None);
    stage.exchange();
}

#[test]
fn what_protects_the_first_handshake_protects_the_next() {
    // RFC 7627: the main secret is bound to the handshake.
    let mut stage = established(TLS1_2, ECDHE_RSA_GCM, |_| {});
    renegotiate_with(&mut stage, |peer| peer.ems = false, |_| {});
    stage.expect(
        "without extended_main_secret",
        PeerMisbehaved::NoExtendedMainSecret,
        FAILURE,
    );

    // RFC 7366 Section 3.1.
    let mut stage = established(TLS1_2, ECDHE_RSA_CBC, |peer| peer.etm = true);
    renegotiate_with(&mut stage, |peer| peer.etm = false, |_| {});
    let what = "renegotiation without the encrypt_then_mac agreed before (RFC 7366 Section 3.1)";
    stage.expect(
        "without encrypt_then_mac",
        PeerMisbehaved::IllegalParameter { what },
        ILLEGAL,
    );
}

/// RFC 5746 Section 3.5.
#[test]
fn the_next_handshake_names_the_one_before() {
    for wrong in [vec![], vec![0; 24], vec![0; 12]] {
        let mut stage = established(TLS1_2, ECDHE_RSA_GCM, |_| {});
        renegotiate_with(
            &mut stage,
            |_| {},
            |flight| {
                edit(find(flight, SERVER_HELLO), |hello| {
                    *hello.extension(RENEGOTIATION_INFO) = vector(1, &wrong);
                });
            },
        );
        stage.expect(
            "renegotiation_info",
            PeerMisbehaved::BadRenegotiationInfo,
            FAILURE,
        );
    }
}

/// Whoever is on the other side cannot become somebody else, though its certificate be good.
#[test]
fn the_certificate_is_the_one_that_the_connection_began_with() {
    let mut stage = established(TLS1_2, ECDHE_RSA_GCM, |_| {});
    renegotiate_with(
        &mut stage,
        |_| {},
        |flight| *find(flight, CERTIFICATE) = certificate(Some(&keys().ecdsa.certificate)),
    );
    stage.expect(
        "another certificate",
        PeerMisbehaved::RenegotiatedAsAnother,
        ILLEGAL,
    );
}
