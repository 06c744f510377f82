//! The key schedule of each trace of RFC 8448. A stage cannot be read back; it is equal to the recorded one if
//! both give the same output under the same label.

use super::*;
use crate::parameters::CipherSuite;
use crate::test_vectors::{Vectors, rfc8448};

const HASH: Hash = Hash::Sha256;

fn suite() -> Tls13Suite {
    CipherSuite::TLS_AES_128_GCM_SHA256.tls13().unwrap()
}

#[track_caller]
fn assert_stage(prk: &Prk, recorded: &[u8]) {
    let recorded = Prk::from_secret(HASH, recorded);
    assert_eq!(
        derive_secret(prk, b"any", b"").unwrap().as_bytes(),
        derive_secret(&recorded, b"any", b"").unwrap().as_bytes()
    );
}

#[track_caller]
fn assert_secret(secret: &TrafficSecret, trace: &Vectors, name: &str) {
    assert_eq!(secret.as_bytes(), trace[name]);
}

/// Key and IV, by a record that the recorded ones seal too.
#[track_caller]
fn assert_record_keys(secret: &TrafficSecret, trace: &Vectors, name: &str) {
    let keys = secret.record_keys(&suite()).unwrap();
    assert_eq!(keys.iv[..], trace[format!("{name}_iv").as_str()]);
    let recorded = &trace[format!("{name}_key").as_str()];
    let recorded = AeadKey::new(warifu_crypto::Aead::Aes128Gcm, recorded).unwrap();
    let [mut ours, mut theirs] = [[0; 20]; 2];
    for (key, out) in [(&keys.key, &mut ours), (&recorded, &mut theirs)] {
        key.seal_scatter(&keys.iv, b"header", b"abc", &[23], out)
            .unwrap();
    }
    assert_eq!(ours, theirs);
}

/// The Finished message, and the key that makes it by a second MAC.
#[track_caller]
fn assert_finished(secret: &TrafficSecret, trace: &Vectors, role: &str) {
    let field = |name: &str| &trace[format!("{role}_{name}").as_str()];
    let key = secret.finished_key().unwrap();
    let verify_data = key.sign(&[field("finished_transcript_hash")]);
    assert_eq!(verify_data.as_ref(), &field("finished")[4..]);
    let recorded = HmacKey::new(HASH, field("finished_key"));
    assert_eq!(
        key.sign(&[b"any"]).as_ref(),
        recorded.sign(&[b"any"]).as_ref()
    );
}

fn digest(messages: &[&[u8]]) -> Digest {
    HASH.digest(messages)
}

/// What enters the transcript before ServerHello.
fn hellos(trace: &Vectors) -> Vec<u8> {
    let Some(retry) = trace.get("hello_retry_request") else {
        return trace["client_hello"].clone();
    };
    let mut messages = vec![254, 0, 0, 32];
    messages.extend_from_slice(&digest(&[&trace["client_hello"]]));
    messages.extend_from_slice(retry);
    messages.extend_from_slice(&trace["client_hello_2"]);
    messages
}

/// The messages named, as far as the trace has them, behind those before them.
fn followed_by(mut messages: Vec<u8>, trace: &Vectors, names: &[&str]) -> Vec<u8> {
    for name in names {
        messages.extend_from_slice(trace.get(name).map_or(&[], Vec::as_slice));
    }
    messages
}

#[test]
fn the_schedule_of_every_trace_is_reproduced() {
    for (name, trace) in &rfc8448() {
        let psk = trace.get("psk");
        let early = Prk::extract(HASH, &[], psk.map_or(&[0; 32], Vec::as_slice));
        assert_stage(&early, &trace["early_secret"]);
        let derived = derive_secret(&early, b"derived", &HASH.empty_digest()).unwrap();
        assert_eq!(derived.as_bytes(), trace["early_derived_secret"]);

        let to_server_hello = followed_by(hellos(trace), trace, &["server_hello"]);
        let transcript_hash = digest(&[&to_server_hello]);
        assert_eq!(transcript_hash[..], trace["server_hello_transcript_hash"]);
        let shared_secret = SharedSecret::from_slice(&trace["shared_secret"]);
        let psk = psk.map(|psk| PskSecret::new(HASH, BinderLabel::Resumption, psk).unwrap());
        let handshake = match &psk {
            None => EarlySecret::without_psk(HASH).unwrap(),
            Some(psk) => EarlySecret::WithPsk(psk),
        }
        .into_handshake_secret(Some(&shared_secret))
        .unwrap();
        assert_stage(handshake.prk.prk(), &trace["handshake_secret"]);
        let client = handshake.client_handshake_traffic_secret(&transcript_hash);
        let client = client.unwrap();
        assert_secret(&client, trace, "client_handshake_traffic_secret");
        assert_record_keys(&client, trace, "client_handshake");
        let server = handshake.server_handshake_traffic_secret(&transcript_hash);
        let server = server.unwrap();
        assert_secret(&server, trace, "server_handshake_traffic_secret");
        assert_record_keys(&server, trace, "server_handshake");
        assert_finished(&server, trace, "server");
        assert_finished(&client, trace, "client");

        assert_eq!(
            derive_secret(handshake.prk.prk(), b"derived", &HASH.empty_digest())
                .unwrap()
                .as_bytes(),
            trace["handshake_derived_secret"]
        );
        let main = handshake.into_main_secret().unwrap();
        assert_stage(main.prk.prk(), &trace["main_secret"]);
        let to_server_finished = followed_by(
            to_server_hello,
            trace,
            &[
                "encrypted_extensions",
                "certificate_request",
                "server_certificate",
                "server_certificate_verify",
                "server_finished",
            ],
        );
        let transcript_hash = digest(&[&to_server_finished]);
        assert_eq!(
            transcript_hash[..],
            trace["server_finished_end_transcript_hash"]
        );
        let client = main.client_application_traffic_secret(&transcript_hash);
        let client = client.unwrap();
        assert_secret(&client, trace, "client_application_traffic_secret_0");
        assert_record_keys(&client, trace, "client_application");
        let server = main.server_application_traffic_secret(&transcript_hash);
        let server = server.unwrap();
        assert_secret(&server, trace, "server_application_traffic_secret_0");
        assert_record_keys(&server, trace, "server_application");
        let exporter = main.exporter_secret(&transcript_hash).unwrap();
        assert_eq!(exporter.as_bytes(), trace["exporter_secret"], "{name}");
    }
}

#[test]
fn transcripts_of_every_trace_are_reproduced() {
    use crate::handshake::transcript::Transcript;
    for (name, trace) in &rfc8448() {
        let mut transcript = match trace.get("hello_retry_request") {
            None => Transcript::new(HASH),
            Some(_) => Transcript::after_retry(HASH, &trace["client_hello"]),
        };
        // Message, and the hash of what came before it or includes it, as the trace names them.
        let order: [(&str, &[&str]); 13] = [
            ("hello_retry_request", &[]),
            ("client_hello_2", &[]),
            ("server_hello", &["server_hello_transcript_hash"]),
            ("encrypted_extensions", &[]),
            ("certificate_request", &[]),
            (
                "server_certificate",
                &["server_certificate_verify_transcript_hash"],
            ),
            (
                "server_certificate_verify",
                &["server_finished_transcript_hash"],
            ),
            ("server_finished", &["server_finished_end_transcript_hash"]),
            ("end_of_early_data", &[]),
            (
                "client_certificate",
                &["client_certificate_verify_transcript_hash"],
            ),
            ("client_certificate_verify", &[]),
            (
                "before client_finished",
                &["client_finished_transcript_hash"],
            ),
            ("client_finished", &["client_finished_end_transcript_hash"]),
        ];
        if !trace.contains_key("hello_retry_request") {
            transcript.add(&trace["client_hello"]);
        }
        for (message, hashes) in order {
            match trace.get(message) {
                Some(bytes) => transcript.add(bytes),
                None if message == "before client_finished" => {}
                None => continue,
            }
            for hash in hashes {
                assert_eq!(transcript.current_hash()[..], trace[*hash], "{name} {hash}");
            }
        }
    }
}
