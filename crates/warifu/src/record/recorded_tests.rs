//! The records of RFC 8448: opened by our reader, and sealed again by our writer to the same bytes.

use warifu_crypto::{Aead, AeadKey};

use super::buffer::Buffer;
use super::protection::RecordKeys;
use super::reader::RecordReader;
use super::wire::Wire;
use super::writer::RecordWriter;
use crate::error::PeerMisbehaved;
use crate::parameters::{AlertDescription, ContentType};
use crate::test_vectors::{Vectors, rfc8448};

/// Keys as the trace has them.
fn keys(trace: &Vectors, name: &str) -> RecordKeys {
    let key = &trace[format!("{name}_key").as_str()];
    let iv = &trace[format!("{name}_iv").as_str()];
    RecordKeys {
        key: AeadKey::new(Aead::Aes128Gcm, key).unwrap(),
        iv: <[u8; 12]>::try_from(iv.as_slice()).unwrap().into(),
        confidentiality_limit: u64::MAX,
    }
}

/// Both directions of the record layer for one sender of a trace.
struct Sender<'a> {
    trace: &'a Vectors,
    reader: RecordReader,
    writer: RecordWriter,
}

impl<'a> Sender<'a> {
    fn new(trace: &'a Vectors) -> Self {
        Self {
            trace,
            reader: RecordReader::new(),
            writer: RecordWriter::new(),
        }
    }

    fn set_keys(&mut self, name: &str) {
        self.reader.set_keys(keys(self.trace, name));
        self.writer.set_keys(keys(self.trace, name));
    }

    /// Expects that the record holds `content` and nothing else, and that we seal that to the same record.
    #[track_caller]
    fn check(&mut self, record: &str, content_type: ContentType, content: &[u8]) {
        let recorded = &self.trace[record];
        let mut queue = recorded.clone();
        let opened = self.reader.next(&mut queue).unwrap().unwrap();
        assert_eq!(opened.content_type, content_type, "{record}");
        assert_eq!(opened.len, recorded.len(), "{record}");
        assert_eq!(queue[opened.content], *content, "{record}");
        assert_eq!(opened.protected, recorded[0] == 23, "{record}");

        let mut sealed = Buffer::default();
        // RFC 8446 Section 5.1: an initial ClientHello may have version 0x0301.
        self.writer.set_plain_version([recorded[1], recorded[2]]);
        self.writer
            .write(content_type, content, None, &mut sealed)
            .unwrap();
        assert_eq!(sealed.filled(), recorded, "{record}");
    }

    /// As [`check`](Self::check) for the messages named, as far as the trace has them.
    #[track_caller]
    fn check_messages(&mut self, record: &str, names: &[&str]) {
        let mut content = Vec::new();
        for name in names {
            content.extend_from_slice(self.trace.get(name).map_or(&[], Vec::as_slice));
        }
        self.check(record, ContentType::HANDSHAKE, &content);
    }

    fn has(&self, name: &str) -> bool {
        self.trace.contains_key(name)
    }
}

const CLOSE_NOTIFY: [u8; 2] = [1, AlertDescription::CLOSE_NOTIFY.0];

#[test]
fn every_record_a_server_sends_is_opened_and_sealed_again() {
    for (_, trace) in &rfc8448() {
        let mut server = Sender::new(trace);
        if server.has("hello_retry_request") {
            server.check_messages("hello_retry_request_record", &["hello_retry_request"]);
        }
        server.check_messages("server_hello_record", &["server_hello"]);
        if server.has("change_cipher_spec_record") {
            server.check(
                "change_cipher_spec_record",
                ContentType::CHANGE_CIPHER_SPEC,
                &[1],
            );
        }
        server.set_keys("server_handshake");
        server.check_messages(
            "server_flight_record",
            &[
                "encrypted_extensions",
                "certificate_request",
                "server_certificate",
                "server_certificate_verify",
                "server_finished",
            ],
        );
        server.set_keys("server_application");
        if server.has("new_session_ticket") {
            server.check_messages("new_session_ticket_record", &["new_session_ticket"]);
        }
        if server.has("server_application_data") {
            server.check(
                "server_application_data_record",
                ContentType::APPLICATION_DATA,
                &trace["server_application_data"],
            );
        }
        server.check(
            "server_close_notify_record",
            ContentType::ALERT,
            &CLOSE_NOTIFY,
        );
    }
}

#[test]
fn every_record_a_client_sends_is_opened_and_sealed_again() {
    for (_, trace) in &rfc8448() {
        let mut client = Sender::new(trace);
        client.check_messages("client_hello_record", &["client_hello"]);
        if client.has("client_hello_2") {
            client.check_messages("client_hello_2_record", &["client_hello_2"]);
        }
        if client.has("client_early_data") {
            client.set_keys("client_early");
            client.check(
                "client_early_data_record",
                ContentType::APPLICATION_DATA,
                &trace["client_early_data"],
            );
            client.check_messages("end_of_early_data_record", &["end_of_early_data"]);
        }
        client.set_keys("client_handshake");
        client.check_messages(
            "client_flight_record",
            &[
                "client_certificate",
                "client_certificate_verify",
                "client_finished",
            ],
        );
        client.set_keys("client_application");
        if client.has("client_application_data") {
            client.check(
                "client_application_data_record",
                ContentType::APPLICATION_DATA,
                &trace["client_application_data"],
            );
        }
        client.check(
            "client_close_notify_record",
            ContentType::ALERT,
            &CLOSE_NOTIFY,
        );
    }
}

/// RFC 8446 Section 5.4: "Implementations MUST NOT send Handshake and Alert records that have a zero-length
/// TLSInnerPlaintext.content; if such a message is received, the receiving implementation MUST terminate the connection
/// with an "unexpected_message" alert."
#[test]
fn empty_handshake_and_alert_records_are_refused() {
    let (_, trace) = &rfc8448()[0];
    for content_type in [ContentType::HANDSHAKE, ContentType::ALERT] {
        for protected in [true, false] {
            let mut wire = Wire::new(None, None);
            let mut writer = RecordWriter::new();
            if protected {
                writer.set_keys(keys(trace, "server_handshake"));
                let aligned = wire.receiving.prove_aligned().unwrap();
                let keys = keys(trace, "server_handshake");
                wire.receiving.set_keys(keys, aligned);
            }
            let mut record = Buffer::default();
            writer.write(content_type, &[], None, &mut record).unwrap();
            wire.receiving.extend(record.filled());
            let error = wire.receiving.next_event("a message").unwrap_err();
            assert_eq!(error, PeerMisbehaved::EmptyFragment { content_type }.into());
            assert_eq!(error.alert(), Some(AlertDescription::UNEXPECTED_MESSAGE));
        }
    }
}

#[test]
fn a_failed_connection_forgets_its_keys_but_not_its_alert() {
    let (_, trace) = &rfc8448()[0];
    let mut wire = Wire::new(None, None);
    let aligned = wire.receiving.prove_aligned().unwrap();
    wire.receiving
        .set_keys(keys(trace, "client_application"), aligned);
    wire.sending
        .set_keys(keys(trace, "server_application"))
        .unwrap();
    wire.sending
        .send_alert(AlertDescription::DECRYPT_ERROR)
        .unwrap();
    let queued = wire.sending.queue().filled().to_vec();
    assert_eq!(queued.len(), 5 + 2 + 1 + 16);

    wire.forget_keys();
    assert!(!wire.receiving.reader_mut().is_protected());
    assert!(wire.sending.writer_mut().protection_mut().is_none());
    assert_eq!(wire.sending.queue().filled(), queued);
    // Nothing can be sent in the clear instead.
    wire.sending
        .send_alert(AlertDescription::CLOSE_NOTIFY)
        .unwrap();
    wire.sending.flush_flight().unwrap();
    assert_eq!(wire.sending.queue().filled(), queued);
}
