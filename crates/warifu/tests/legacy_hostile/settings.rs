//! What the application may say of versions before TLS 1.3, seen from a peer.

use warifu::config::Policy;
use warifu::parameters::AlertDescription;
use warifu::{Connection, PeerMisbehaved};

use crate::bytes::*;
use crate::crypto::*;
use crate::peer::*;
use crate::support::{Pair, server_name};

/// RFC 7366: used where both sides have it, and not otherwise.
#[test]
fn encrypt_then_mac_is_used_where_neither_side_says_no() {
    for tls in [TLS1_0, TLS1_1, TLS1_2] {
        for [client_has, server_has] in [[true, true], [true, false], [false, true]] {
            let suite = ECDHE_RSA_CBC;
            let client = client_config(tls, suite).with_encrypt_then_mac(client_has);
            let server = server_config(tls, suite).with_encrypt_then_mac(server_has);
            let mut pair = Pair {
                client: Connection::client(client.build().unwrap(), server_name()),
                server: Connection::server(server.build().unwrap()),
            };
            pair.handshake().unwrap();
            for side in [&pair.client, &pair.server] {
                let facts = side.facts().unwrap();
                let used = facts.legacy.as_ref().unwrap().encrypt_then_mac;
                assert_eq!(used, client_has && server_has);
            }
        }
    }
}

/// One write is one record in TLS 1.0 too, for those who ask for that.
#[test]
fn records_are_not_split_where_that_is_said() {
    for splits in [true, false] {
        let mut stage = Stage::server_with(TLS1_0, RSA_CBC, |server| {
            server.with_record_splitting(splits)
        });
        stage.handshake();
        let before = stage.wire.len();
        stage.victim.write(b"hello").unwrap();
        stage.take_output();
        assert_eq!(stage.received_data, b"hello");
        let sent = records(&stage.wire[before..]).len();
        assert_eq!(sent, if splits { 2 } else { 1 });
    }
}

/// A server without RFC 5746 is refused or not as is said, whatever the policy; that it is not there is told.
#[test]
fn secure_renegotiation_is_required_or_not_as_is_said() {
    for (policy, said, required) in [
        (Policy::Compat, None, true),
        (Policy::Legacy, None, false),
        (Policy::Compat, Some(false), false),
        (Policy::Legacy, Some(true), true),
    ] {
        let mut stage = Stage::client_with(TLS1_2, ECDHE_RSA_GCM, |client| {
            let client = client
                .with_policy(policy)
                .with_versions(version(TLS1_2)..=version(TLS1_2));
            match said {
                Some(required) => client.with_required_secure_renegotiation(required),
                None => client,
            }
        });
        let mut flight = stage.peer.server_flight();
        edit(find(&mut flight, SERVER_HELLO), |hello| {
            hello.remove(RENEGOTIATION_INFO)
        });
        stage.play(&flight);
        if required {
            let error = PeerMisbehaved::NoSecureRenegotiation;
            stage.expect("bare", error, AlertDescription::HANDSHAKE_FAILURE);
            continue;
        }
        let last = stage.peer.last_server_flight();
        stage.play(&last);
        stage.exchange();
        let told = stage.victim.facts().unwrap().weaknesses();
        assert_eq!(told, ["the peer has no secure renegotiation (RFC 5746)"]);
    }
}
