//! Replays handshakes that were recorded, RFC 8448: the flow gets the recorded peer's bytes, keys, randoms and
//! signatures, and must then send the recorded bytes.
//!
//! What cannot be replayed as it is, and is therefore put into the flow from the record:
//!
//! - the ClientHellos, HelloRetryRequest and EncryptedExtensions of NSS, which have other extensions
//!   than ours, or another order;
//! - CertificateVerify by RSA keys: they have 1024 bits, which we refuse to verify.

use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use rustls_pki_types::CertificateDer;
use warifu_crypto::{CryptoError, Group, KeyShare, SharedSecret};

use crate::config::{KeyLog, RandomSource};
use crate::coroutine::{Coroutine, Peer};
use crate::credential::Credential;
use crate::decision::{Answer, PresentedChain, Sign, VerifyPeer};
use crate::error::{CertificateError, Error};
use crate::message::{Certificate, CertificateVerify, Handshake};
use crate::parameters::{AlertDescription, SignatureScheme};
use crate::record::wire::{Event, MESSAGE_HEADER_LEN, Wire};
use crate::test_vectors::Vectors;

use super::transcript::Transcript;

/// A flow and its wire.
pub(super) struct Replay<T> {
    coroutine: Coroutine<T>,
    wire: Option<Box<Wire>>,
}

impl<T> Replay<T> {
    pub(super) fn new<F>(flow: impl FnOnce(Peer) -> F) -> Self
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        Self {
            coroutine: Coroutine::new(flow),
            wire: Some(Wire::new(None, None)),
        }
    }

    pub(super) fn wire(&mut self) -> &mut Wire {
        self.wire.as_mut().unwrap()
    }

    fn poll(&mut self) -> Poll<Result<T, Error>> {
        let poll = self
            .coroutine
            .poll(&mut self.wire, &mut Context::from_waker(Waker::noop()));
        // As Connection does.
        self.wire().sending.flush_flight().unwrap();
        poll
    }

    /// What there is to send, which is then sent.
    pub(super) fn sent(&mut self) -> Vec<u8> {
        let queue = self.wire().sending.queue_mut();
        let sent = queue.filled().to_vec();
        queue.consume(sent.len());
        sent
    }

    /// Gives the flow the received bytes, `chunk_len` at once, and expects that it then waits for more and
    /// has sent `expected`.
    #[track_caller]
    pub(super) fn step(&mut self, received: &[u8], chunk_len: usize, expected: &[u8]) {
        let end = self.feed(received, chunk_len);
        assert!(end.is_pending());
        assert_eq!(self.sent(), expected);
    }

    /// As [`step`](Self::step), but expects the end of the flow.
    #[track_caller]
    pub(super) fn last_step(&mut self, received: &[u8], chunk_len: usize, expected: &[u8]) -> T {
        let Poll::Ready(end) = self.feed(received, chunk_len) else {
            panic!("the flow waits for {:?}", self.coroutine.waiting());
        };
        let end = end.unwrap();
        assert_eq!(self.sent(), expected);
        end
    }

    /// What the flow answers to the received bytes.
    #[track_caller]
    pub(super) fn answer(&mut self, received: &[u8]) -> Vec<u8> {
        if let Poll::Ready(Err(error)) = self.feed(received, usize::MAX) {
            panic!("{error}");
        }
        self.sent()
    }

    /// Runs the flow, which must then wait for more.
    pub(super) fn poll_pending(&mut self) -> Result<(), Error> {
        match self.poll() {
            Poll::Pending => Ok(()),
            Poll::Ready(Ok(_)) => panic!("the flow ended"),
            Poll::Ready(Err(error)) => Err(error),
        }
    }

    /// Runs the flow to its end without anything received.
    pub(super) fn end(&mut self) -> Result<T, Error> {
        match self.poll() {
            Poll::Ready(end) => end,
            Poll::Pending => panic!("the flow waits for {:?}", self.coroutine.waiting()),
        }
    }

    /// Expects that the flow fails.
    #[track_caller]
    pub(super) fn failure(&mut self, received: &[u8]) -> Error {
        match self.feed(received, received.len()) {
            Poll::Ready(Err(error)) => error,
            Poll::Ready(Ok(_)) => panic!("the flow ended well"),
            Poll::Pending => panic!("the flow waits for {:?}", self.coroutine.waiting()),
        }
    }

    fn feed(&mut self, received: &[u8], chunk_len: usize) -> Poll<Result<T, Error>> {
        let mut poll = if received.is_empty() {
            self.poll()
        } else {
            Poll::Pending
        };
        for chunk in received.chunks(chunk_len.max(1)) {
            assert!(poll.is_pending());
            self.wire().receiving.extend(chunk);
            poll = self.poll();
        }
        poll
    }

    /// Expects that application data is sent in this record.
    #[track_caller]
    pub(super) fn expect_sent_data(&mut self, data: &[u8], record: &[u8]) {
        let taken = self.wire().sending.write_application_record(data);
        assert_eq!(taken, Ok(data.len()));
        assert_eq!(self.sent(), record);
    }

    /// Expects that early data is sent in this record.
    #[track_caller]
    pub(super) fn expect_sent_early_data(&mut self, data: &[u8], record: &[u8]) {
        let taken = self.wire().sending.write_early_record(data);
        assert_eq!(taken, Ok(data.len()));
        assert_eq!(self.sent(), record);
    }

    /// Expects that this is all the early data that came.
    #[track_caller]
    pub(super) fn expect_received_early_data(&mut self, data: &[u8]) {
        let receiving = &mut self.wire().receiving;
        assert_eq!(receiving.early_data(), data);
        receiving.consume_early_data(data.len());
        assert_eq!(receiving.early_data(), []);
    }

    /// Expects that close_notify is sent in this record.
    #[track_caller]
    pub(super) fn expect_sent_close_notify(&mut self, record: &[u8]) {
        let sending = &mut self.wire().sending;
        sending.send_alert(AlertDescription::CLOSE_NOTIFY).unwrap();
        assert_eq!(self.sent(), record);
    }

    /// Expects this application data in a record from the peer.
    #[track_caller]
    pub(super) fn expect_received_data(&mut self, record: &[u8], data: &[u8]) {
        let receiving = &mut self.wire().receiving;
        receiving.extend(record);
        assert_eq!(receiving.next_event("data"), Ok(Event::ApplicationData));
        assert_eq!(receiving.application_data(), data);
        receiving.consume_application_data(data.len());
        assert_eq!(receiving.next_event("data"), Ok(Event::NeedBytes));
    }

    /// Expects close_notify in a record from the peer.
    #[track_caller]
    pub(super) fn expect_received_close_notify(&mut self, record: &[u8]) {
        let receiving = &mut self.wire().receiving;
        receiving.extend(record);
        assert_eq!(receiving.next_event("data"), Ok(Event::Closed));
    }
}

/// Sends a recorded message in place of our own.
pub(super) fn send_recorded(
    peer: &mut Peer,
    transcript: Option<&mut Transcript>,
    message: &[u8],
) -> Result<(), Error> {
    if let Some(transcript) = transcript {
        transcript.add(message);
    }
    peer.with_wire(|wire| {
        wire.sending.send_message(|out| {
            out.extend_from_slice(message);
            Ok(())
        })?;
        Ok(())
    })
}

/// Receives Certificate and CertificateVerify of a key that is too short to be believed.
pub(super) async fn recv_unverified_identity(
    peer: &mut Peer,
    transcript: &mut Transcript,
) -> Result<(), Error> {
    let certificate = peer.recv::<Certificate>().await?;
    transcript.add(certificate.bytes());
    let verify = peer.recv::<CertificateVerify>().await?;
    transcript.add(verify.bytes());
    Ok(())
}

/// Gives recorded values out in their order.
#[derive(Debug)]
pub(super) struct RecordedRandom {
    bytes: Mutex<VecDeque<Vec<u8>>>,
    private_keys: Mutex<VecDeque<Vec<u8>>>,
}

impl RecordedRandom {
    /// The fields with these names, as far as the trace has them.
    pub(super) fn of(trace: &Vectors, bytes: &[&str], private_keys: &[&str]) -> Arc<Self> {
        let fields = |names: &[&str]| {
            let fields = names.iter().filter_map(|name| trace.get(name).cloned());
            Mutex::new(fields.collect())
        };
        Arc::new(Self {
            bytes: fields(bytes),
            private_keys: fields(private_keys),
        })
    }
}

impl RandomSource for RecordedRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), CryptoError> {
        let bytes = self.bytes.lock().unwrap().pop_front().unwrap();
        out.copy_from_slice(&bytes);
        Ok(())
    }

    fn hello(&self, random: &mut [u8; 32], session_id: &mut [u8; 32]) -> Result<(), CryptoError> {
        self.fill(session_id)?;
        self.fill(random)
    }

    fn key_share(&self, group: Group) -> Result<KeyShare, CryptoError> {
        let private_key = self.private_keys.lock().unwrap().pop_front().unwrap();
        KeyShare::from_private_key(group, &private_key)
    }

    fn respond(
        &self,
        group: Group,
        client_share: &[u8],
    ) -> Result<(Vec<u8>, SharedSecret), CryptoError> {
        let share = self.key_share(group)?;
        Ok((share.public().to_vec(), share.agree(client_share)?))
    }
}

/// Signs with the signature of a recorded CertificateVerify.
#[derive(Debug)]
struct RecordedSigner {
    scheme: [SignatureScheme; 1],
    signature: Vec<u8>,
    /// Where the flow is all the record's, what is to be signed is too.
    transcript_hash: Option<Vec<u8>>,
}

impl Sign for RecordedSigner {
    fn schemes(&self) -> &[SignatureScheme] {
        &self.scheme
    }

    fn sign<'a>(
        &'a self,
        scheme: SignatureScheme,
        message: &'a [u8],
    ) -> Answer<'a, Result<Vec<u8>, String>> {
        assert_eq!(scheme, self.scheme[0]);
        if let Some(transcript_hash) = &self.transcript_hash {
            assert!(message.ends_with(transcript_hash));
        }
        Answer::Ready(Ok(self.signature.clone()))
    }
}

/// The credential of `role`, "client" or "server"; `exact` if it will sign the recorded transcript.
pub(super) fn recorded_credential(trace: &Vectors, role: &str, exact: bool) -> Arc<Credential> {
    let field = |name: &str| &trace[format!("{role}_{name}").as_str()];
    let body = |name: &str| &field(name)[MESSAGE_HEADER_LEN..];
    let certificate = Certificate::read(body("certificate")).unwrap();
    let chain = certificate
        .certificate_list
        .iter()
        .map(|entry| CertificateDer::from(entry.cert_data.to_vec()))
        .collect();
    let verify = CertificateVerify::read(body("certificate_verify")).unwrap();
    let signer = RecordedSigner {
        scheme: [verify.algorithm],
        signature: verify.signature.to_vec(),
        transcript_hash: exact.then(|| field("certificate_verify_transcript_hash").clone()),
    };
    Arc::new(Credential::recorded(chain, Arc::new(signer)))
}

/// Believes every chain, and wants nothing in particular.
#[derive(Debug)]
pub(super) struct Believe;

impl VerifyPeer for Believe {
    fn verify<'a>(&'a self, _: PresentedChain<'a>) -> Answer<'a, Result<(), CertificateError>> {
        Answer::Ready(Ok(()))
    }

    fn chain_schemes(&self) -> &[SignatureScheme] {
        &[]
    }
}

/// Keeps what is logged, to be compared with the record.
#[derive(Debug, Default)]
pub(super) struct Secrets(Mutex<Vec<LogLine>>);

/// Label, client random, secret.
type LogLine = (String, Vec<u8>, Vec<u8>);

impl KeyLog for Secrets {
    fn log(&self, label: &str, client_random: &[u8; 32], secret: &[u8]) {
        let line = (label.to_owned(), client_random.to_vec(), secret.to_vec());
        self.0.lock().unwrap().push(line);
    }
}

impl Secrets {
    /// Expects the recorded secrets of a whole handshake, each once.
    #[track_caller]
    pub(super) fn expect_those_of(&self, trace: &Vectors) {
        let mut logged = self.0.lock().unwrap().clone();
        let mut recorded: Vec<_> = [
            (
                "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                "client_handshake_traffic_secret",
            ),
            (
                "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                "server_handshake_traffic_secret",
            ),
            (
                "CLIENT_TRAFFIC_SECRET_0",
                "client_application_traffic_secret_0",
            ),
            (
                "SERVER_TRAFFIC_SECRET_0",
                "server_application_traffic_secret_0",
            ),
            ("EXPORTER_SECRET", "exporter_secret"),
            ("CLIENT_EARLY_TRAFFIC_SECRET", "client_early_traffic_secret"),
            ("EARLY_EXPORTER_SECRET", "early_exporter_secret"),
        ]
        .into_iter()
        .filter_map(|(label, field)| {
            let client_random = trace["client_random"].clone();
            let secret = trace.get(field)?.clone();
            Some((label.to_owned(), client_random, secret))
        })
        .collect();
        logged.sort();
        recorded.sort();
        assert_eq!(logged, recorded);
    }
}
