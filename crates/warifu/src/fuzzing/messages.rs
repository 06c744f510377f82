//! Handshake messages and extensions.

use core::fmt;

use super::look_at;
use crate::error::Error;
use crate::message::codec::{Reader, Wire};
use crate::message::end_of_early_data::EndOfEarlyData;
use crate::message::legacy::*;
use crate::message::*;
use crate::parameters::{KeyExchange, ProtocolVersion};

/// The names of the parsers that [`message`] knows, in their order.
pub fn message_parsers() -> impl Iterator<Item = &'static str> {
    PARSERS.iter().map(|(name, _)| *name)
}

/// Gives `body` to one of the parsers. What it reads it must write again so that the same is read.
pub fn message(which: usize, body: &[u8]) {
    let (_, parser) = PARSERS[which % PARSERS.len()];
    parser(body);
}

/// Declares [`PARSERS`]: one for each message, for each block of extensions, and for what takes more than reading.
macro_rules! parsers {
    (
        exact: $($exact:ident)*;
        with_extensions: $($message:ident)*;
        extensions: $($block:ident)*;
        others: $($other:ident)*;
    ) => {
        const PARSERS: &[(&str, fn(&[u8]))] = &[
            $( (stringify!($exact), |body| {
                let Some(message) = looked_at($exact::read(body)) else { return };
                let bytes = encoded(|out| message.encode(out)).expect("what was read can be written");
                assert_eq!(bytes[HEADER_LEN..], *body, "{message:?}");
            }), )*
            $( (stringify!($message), |body| {
                let Some(message) = looked_at($message::read(body)) else { return };
                let Some(bytes) = encoded(|out| message.encode(out)) else {
                    return assert!(!all_known(&message.extensions), "{message:?}");
                };
                assert_eq!($message::read(&bytes[HEADER_LEN..]).as_ref(), Ok(&message));
                if all_known(&message.extensions) {
                    assert_same_len(&bytes[HEADER_LEN..], body);
                }
            }), )*
            $( (stringify!($block), |block| {
                let mut reader = Reader::new(block);
                let Some(extensions) = looked_at($block::read_from(&mut reader, "extensions")) else { return };
                let Some(bytes) = encoded(|out| extensions.encode_to(out)) else {
                    return assert!(!all_known(&extensions), "{extensions:?}");
                };
                let again = $block::read_from(&mut Reader::new(&bytes), "extensions");
                assert_eq!(again.as_ref(), Ok(&extensions));
                if all_known(&extensions) {
                    assert_same_len(&bytes, &block[..block.len() - reader.rest().len()]);
                }
            }), )*
            $( (stringify!($other), $other), )*
        ];
    };
}

parsers! {
    exact: CertificateVerify Finished EndOfEarlyData KeyUpdate Certificate HelloRequest ServerHelloDone LegacyCertificate
        LegacyCertificateStatus LegacyNewSessionTicket;
    with_extensions: ClientHello ServerHello HelloRetryRequest EncryptedExtensions CertificateRequest NewSessionTicket
        LegacyServerHello;
    extensions: ClientHelloExtensions ServerHelloExtensions HelloRetryRequestExtensions EncryptedExtensionsExtensions
        CertificateExtensions CertificateRequestExtensions NewSessionTicketExtensions LegacyServerHelloExtensions;
    others: any_server_hello binders certificate_entries server_key_exchange client_key_exchange in_each_version;
}

/// What was read, after its Debug form; what an error tells.
fn looked_at<T: fmt::Debug>(read: Result<T, Error>) -> Option<T> {
    match &read {
        Ok(read) => assert!(!format!("{read:?}").is_empty()),
        Err(error) => look_at(error),
    }
    read.ok()
}

fn encoded(encode: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    encode(&mut bytes).ok().map(|()| bytes)
}

/// Extensions as they were read, of which some may be unknown. Those are not written again.
trait Block {
    fn known_and_all(&self) -> (usize, usize);
}

macro_rules! blocks {
    ($($block:ident)*) => {$(
        impl Block for $block<'_> {
            fn known_and_all(&self) -> (usize, usize) {
                (self.present().iter().count(), self.types().count())
            }
        }
    )*};
}
blocks! {
    ClientHelloExtensions ServerHelloExtensions HelloRetryRequestExtensions EncryptedExtensionsExtensions
    CertificateExtensions CertificateRequestExtensions NewSessionTicketExtensions LegacyServerHelloExtensions
}

fn all_known(extensions: &impl Block) -> bool {
    let (known, all) = extensions.known_and_all();
    assert!(known <= all);
    known == all
}

/// Extensions are written in an order of our own, and an empty block without its length where that may be left out.
fn assert_same_len(ours: &[u8], theirs: &[u8]) {
    let empty_block = theirs.ends_with(&[0, 0]) && ours.len() + 2 == theirs.len();
    assert!(ours.len() == theirs.len() || empty_block);
}

fn any_server_hello(body: &[u8]) {
    let Some(hello) = looked_at(ServerHelloOrRetry::read(body)) else {
        return;
    };
    let whole = match hello {
        ServerHelloOrRetry::ServerHello(_) => ServerHello::read(body).is_ok(),
        ServerHelloOrRetry::HelloRetryRequest(_) => HelloRetryRequest::read(body).is_ok(),
        ServerHelloOrRetry::Older(older) => {
            encoded(|out| older.encode_to(out)).as_deref() == Some(body)
        }
    };
    assert!(whole);
}

/// The binders are the end of a ClientHello (RFC 8446 Section 4.2.11.2).
fn binders(body: &[u8]) {
    let Ok(hello) = ClientHello::read(body) else {
        return;
    };
    let Some(offer) = &hello.extensions.pre_shared_key else {
        return assert_eq!(hello.binders_len(), 0);
    };
    let binders =
        encoded(|out| offer.binders.encode_to(out)).expect("what was read can be written");
    assert_eq!(hello.binders_len(), binders.len());
    assert!(body.ends_with(&binders));
    assert!(
        hello
            .extensions
            .same_but_for(&hello.extensions, ExtensionSet::EMPTY)
    );
    assert_eq!(offer.identities.len(), offer.binders.len());
}

/// Entries are written again as they were read; here one by one.
fn certificate_entries(body: &[u8]) {
    let Some(message) = looked_at(Certificate::read(body)) else {
        return;
    };
    for entry in message.certificate_list.iter() {
        let Some(bytes) = encoded(|out| entry.encode_to(out)) else {
            panic!("{entry:?}");
        };
        let again = certificate::CertificateEntry::read_from(&mut Reader::new(&bytes), "entry");
        assert_eq!(again.as_ref(), Ok(&entry));
        if let Some(scts) = entry.extensions.signed_certificate_timestamp {
            let _ = scts.to_scts();
        }
    }
    let _ = message.check_solicited(ExtensionSet::EMPTY);
}

const KEY_EXCHANGES: [KeyExchange; 8] = [
    KeyExchange::EcdheEcdsa,
    KeyExchange::EcdheRsa,
    KeyExchange::DheRsa,
    KeyExchange::Rsa,
    KeyExchange::EcdhePsk,
    KeyExchange::DhePsk,
    KeyExchange::RsaPsk,
    KeyExchange::Psk,
];

fn server_key_exchange(body: &[u8]) {
    let Some(message) = looked_at(ServerKeyExchange::read(body)) else {
        return;
    };
    for version in [ProtocolVersion::TLS1_1, ProtocolVersion::TLS1_2] {
        for key_exchange in KEY_EXCHANGES {
            if let Some(parts) = looked_at(message.parts(key_exchange, version)) {
                assert_eq!(parts.encode_body().as_deref(), Ok(body));
                if let Some(params) = &parts.params {
                    assert_eq!(params.encode().as_deref(), Ok(parts.params_bytes));
                }
            }
        }
    }
}

fn client_key_exchange(body: &[u8]) {
    let Some(message) = looked_at(ClientKeyExchange::read(body)) else {
        return;
    };
    for key_exchange in KEY_EXCHANGES {
        if let Some(parts) = looked_at(message.parts(key_exchange)) {
            assert_eq!(parts.encode_body().as_deref(), Ok(body));
        }
    }
}

/// The two messages that have another form before TLS 1.2.
fn in_each_version(body: &[u8]) {
    for version in [ProtocolVersion::TLS1_1, ProtocolVersion::TLS1_2] {
        if let Some(message) = looked_at(LegacyCertificateRequest::read(version, body)) {
            let bytes = encoded(|out| message.encode_to(out));
            assert_eq!(bytes.as_deref(), Some(body));
        }
        if let Some(message) = looked_at(LegacyCertificateVerify::read(version, body)) {
            let bytes = encoded(|out| message.encode_to(out));
            assert_eq!(bytes.as_deref(), Some(body));
        }
    }
}
