//! What both sides of TLS 1.2, 1.1 and 1.0 have in common: messages into flights, Finished, and the change of keys.

use warifu_crypto::Secret;
use warifu_crypto::legacy::CbcDirection;

use crate::coroutine::Peer;
use crate::error::{Error, PeerMisbehaved};
use crate::message::{Finished, Handshake, Rest};
use crate::parameters::{LegacyCipher, LegacySuite, MaxFragmentLength, ProtocolVersion};
use crate::psk::{Psk, PskFacts, PskKind};
use crate::record::MAX_FRAGMENT_LEN;
use crate::record::wire::HandshakeAligned;

use crate::facts::ConnectionFacts;

use super::legacy_key_schedule::{
    KeyBlock, LegacyExporter, LegacyMainSecret, LegacyTranscript, Randoms, VERIFY_DATA_LEN, Writer,
    prf_hash,
};
use super::{AfterHandshake, Connected, Exporter};

/// Appends a message to the flight in progress and to the transcript.
pub(super) fn send<'m>(
    peer: &mut Peer,
    transcript: &mut LegacyTranscript,
    message: &impl Handshake<'m>,
) -> Result<(), Error> {
    peer.with_wire(|wire| {
        let bytes = wire.sending.send_message(|out| message.encode(out))?;
        transcript.add(bytes);
        Ok(())
    })
}

/// What was agreed by the hellos.
pub(super) struct Agreed {
    pub(super) version: ProtocolVersion,
    pub(super) suite: LegacySuite,
    pub(super) randoms: Randoms,
    pub(super) extended_main_secret: bool,
    pub(super) encrypt_then_mac: bool,
    pub(super) secure_renegotiation: bool,
    pub(super) limits: RecordLimits,
}

/// Most bytes of content in a record, for each direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordLimits {
    send: usize,
    receive: usize,
    /// RFC 6066 Section 4: max_fragment_length counts from the hellos on. RFC 8449 Section 4: record_size_limit counts for
    /// protected records.
    max_fragment_length: Option<MaxFragmentLength>,
}

impl RecordLimits {
    pub(super) fn new(
        peers_limit: Option<u16>,
        own_limit: u16,
        max_fragment_length: Option<MaxFragmentLength>,
    ) -> Self {
        let (send, receive) = match (peers_limit, max_fragment_length) {
            (Some(limit), _) => (usize::from(limit), usize::from(own_limit)),
            (None, Some(len)) => (len.fragment_len(), len.fragment_len()),
            (None, None) => (MAX_FRAGMENT_LEN, MAX_FRAGMENT_LEN),
        };
        Self {
            send,
            receive: receive.min(MAX_FRAGMENT_LEN),
            max_fragment_length,
        }
    }

    pub(super) fn apply_at_hello(self, peer: &mut Peer) -> Result<(), Error> {
        if self.max_fragment_length.is_none() {
            return Ok(());
        }
        peer.with_wire(|wire| {
            wire.max_fragment_length = self.max_fragment_length;
            Ok(())
        })?;
        self.apply_to_sending(peer)?;
        self.apply_to_receiving(peer)
    }

    fn apply_to_sending(self, peer: &mut Peer) -> Result<(), Error> {
        peer.with_wire(|wire| {
            wire.sending.writer_mut().set_negotiated_limit(self.send);
            Ok(())
        })
    }

    fn apply_to_receiving(self, peer: &mut Peer) -> Result<(), Error> {
        peer.with_wire(|wire| {
            wire.receiving.reader_mut().set_inner_limit(self.receive);
            Ok(())
        })
    }
}

impl Agreed {
    /// Whether the suite protects records by CBC and a MAC.
    pub(super) fn is_cbc(&self) -> bool {
        matches!(self.suite.cipher, LegacyCipher::Cbc(_))
    }
}

/// Everything that a finished handshake leaves: the main secret's work.
pub(super) struct Keys<'a> {
    pub(super) agreed: &'a Agreed,
    pub(super) main: LegacyMainSecret,
    pub(super) block: KeyBlock,
    /// Who this side is.
    pub(super) own: Writer,
}

/// The main secret of a full handshake, whose transcript ends with ClientKeyExchange (RFC 7627 Section 3 and 4).
pub(super) fn main_secret(
    agreed: &Agreed,
    premaster: &Secret,
    transcript: &mut LegacyTranscript,
) -> Result<LegacyMainSecret, Error> {
    let session_hash = match agreed.extended_main_secret {
        true => Some(transcript.current_hash()),
        false => None,
    };
    LegacyMainSecret::new(
        prf_hash(agreed.version, &agreed.suite),
        premaster,
        session_hash.as_ref(),
        &agreed.randoms,
    )
}

/// What the application is told of a key that was used as it is.
pub(super) fn psk_facts(psk: &Psk) -> PskFacts {
    PskFacts {
        identity: psk.shared_identity(),
        kind: PskKind::External,
        hash: psk.hash(),
    }
}

impl<'a> Keys<'a> {
    pub(super) fn new(
        agreed: &'a Agreed,
        main: LegacyMainSecret,
        own: Writer,
    ) -> Result<Self, Error> {
        let block = main.key_block(agreed.version, &agreed.suite, &agreed.randoms)?;
        Ok(Self {
            agreed,
            main,
            block,
            own,
        })
    }

    fn peer(&self) -> Writer {
        match self.own {
            Writer::Client => Writer::Server,
            Writer::Server => Writer::Client,
        }
    }

    /// change_cipher_spec, and Finished under the new keys (RFC 5246 Section 7.1 and 7.4.9).
    pub(super) fn send_finished(
        &self,
        peer: &mut Peer,
        transcript: &mut LegacyTranscript,
    ) -> Result<[u8; VERIFY_DATA_LEN], Error> {
        let etm = self.agreed.encrypt_then_mac;
        let keys = self.block.record_keys(self.own, CbcDirection::Seal, etm)?;
        peer.with_wire(|wire| wire.sending.send_legacy_change_cipher_spec(keys))?;
        self.agreed.limits.apply_to_sending(peer)?;
        let verify_data = self
            .main
            .verify_data(self.own == Writer::Server, transcript)?;
        send(
            peer,
            transcript,
            &Finished {
                verify_data: Rest(&verify_data),
            },
        )?;
        Ok(verify_data)
    }

    /// From here on what is received is under the new keys. In a function of its own: the memory of a flow is not wiped.
    fn set_receiving_keys(&self, peer: &mut Peer, aligned: HandshakeAligned) -> Result<(), Error> {
        let etm = self.agreed.encrypt_then_mac;
        let keys = self
            .block
            .record_keys(self.peer(), CbcDirection::Open, etm)?;
        peer.with_wire(|wire| wire.receiving.set_legacy_keys(keys, aligned))?;
        self.agreed.limits.apply_to_receiving(peer)
    }

    /// Waits for the peer's change_cipher_spec and Finished.
    pub(super) async fn recv_finished(
        &self,
        peer: &mut Peer,
        transcript: &mut LegacyTranscript,
    ) -> Result<[u8; VERIFY_DATA_LEN], Error> {
        let aligned = peer.recv_change_cipher_spec().await?;
        self.set_receiving_keys(peer, aligned)?;
        let expected = self
            .main
            .verify_data(self.own == Writer::Client, transcript)?;
        let received = peer.recv::<Finished>().await?;
        let finished = Finished::read(received.body())?;
        if finished.verify_data.0.len() != expected.len() {
            return Err(PeerMisbehaved::Malformed {
                what: "Finished.verify_data",
                problem: "not of 12 bytes",
            }
            .into());
        }
        if !warifu_crypto::constant_time::eq(finished.verify_data.0, &expected) {
            return Err(PeerMisbehaved::BadFinished.into());
        }
        transcript.add(received.bytes());
        Ok(expected)
    }

    /// The handshake is over: application data may come and go.
    pub(super) fn begin_application_data(
        &self,
        peer: &mut Peer,
        splits_records: bool,
    ) -> Result<(), Error> {
        let splits = splits_records
            && self.agreed.is_cbc()
            && self.agreed.version == ProtocolVersion::TLS1_0;
        peer.prove_nothing_delivered("application data")?;
        peer.with_wire(|wire| {
            // Nothing of the peer's handshake may be left over.
            let _aligned = wire.receiving.prove_aligned()?;
            wire.sending.flush_flight()?;
            wire.sending.set_record_splitting(splits)?;
            wire.sending.begin_legacy_application_data();
            wire.receiving.begin_legacy_application_data();
            Ok(())
        })
    }

    pub(super) fn into_exporter(self) -> LegacyExporter {
        self.main.exporter(self.agreed.randoms.clone())
    }
}

/// From here on records say and must say `version`.
pub(super) fn set_version(peer: &mut Peer, version: ProtocolVersion) -> Result<(), Error> {
    peer.with_wire(|wire| {
        wire.sending.set_legacy_version(version)?;
        wire.receiving.set_legacy_version(version)
    })
}

/// What the handshake leaves. `first_finished` is verify_data of the Finished that was sent first, by whichever side: the
/// channel binding tls-unique (RFC 5929 Section 3.1). Without `extended_main_secret` two connections can be made to have one
/// main secret (the triple handshake), so that neither it nor exporters bind to anything (RFC 7627 Section 5.4).
pub(super) fn connected(
    mut facts: ConnectionFacts,
    keys: Keys<'_>,
    first_finished: [u8; VERIFY_DATA_LEN],
) -> Result<Connected, Error> {
    let is_bound = keys.agreed.extended_main_secret;
    if let Some(legacy) = &mut facts.legacy {
        legacy.tls_unique = is_bound.then_some(first_finished);
    }
    Ok(Connected {
        facts: Box::new(facts),
        exporter: match is_bound {
            true => Exporter::Legacy(Box::new(keys.into_exporter())),
            false => Exporter::Unbound,
        },
        post_handshake_auth: None,
        after: AfterHandshake::Nothing,
    })
}
