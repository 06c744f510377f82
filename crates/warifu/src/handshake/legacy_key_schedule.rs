//! Where the keys of TLS 1.2, 1.1 and 1.0 come from (RFC 5246 Section 6.3 and 8.1, RFC 7627):
//!
//! ```text
//! premaster secret ── PRF "extended master secret" + session hash ──> main secret (48 bytes)
//!                     PRF "master secret" + randoms, where the peer has no RFC 7627
//! main secret ── PRF "key expansion" + randoms ──> keys of both directions
//!             ── PRF "client finished", "server finished" + handshake hash ──> Finished
//!             ── PRF label + randoms (+ context) ──> exporters (RFC 5705)
//! ```
//!
//! RFC 9846 calls the master secret the main secret; so does this code, save for the labels on the wire.

use warifu_crypto::legacy::{CbcDirection, CbcKey, HandshakeDigest, HandshakeHash, Prf, PrfHash};
use warifu_crypto::{Aead, AeadKey, Secret};
use zeroize::Zeroizing;

use crate::error::{Error, OrInternal};
use crate::parameters::{LegacyCipher, LegacySuite, ProtocolVersion};
use crate::record::legacy_protection::LegacyRecordKeys;

/// Length of the main secret in bytes, RFC 5246 Section 8.1.
pub(crate) const MAIN_SECRET_LEN: usize = 48;
/// Length of Finished.verify_data in bytes, RFC 5246 Section 7.4.9.
pub(crate) const VERIFY_DATA_LEN: usize = 12;

/// The PRF of a connection: before TLS 1.2 there was one for all suites.
pub(crate) fn prf_hash(version: ProtocolVersion, suite: &LegacySuite) -> PrfHash {
    match version {
        ProtocolVersion::TLS1_2 => suite.prf,
        _ => PrfHash::Md5Sha1,
    }
}

/// Both hellos' randoms.
#[derive(Clone)]
pub(crate) struct Randoms {
    pub(crate) client: [u8; 32],
    pub(crate) server: [u8; 32],
}

/// All handshake messages so far: their running hash, and their bytes as long as somebody may have to sign them, which in
/// TLS 1.2 can be by another hash.
pub(crate) struct LegacyTranscript {
    hash: HandshakeHash,
    /// [`current_hash`](Self::current_hash), once somebody asked: Finished often covers what the session hash did.
    current: Option<HandshakeDigest>,
    messages: Option<Vec<u8>>,
}

impl LegacyTranscript {
    /// `keeps_messages`: a CertificateVerify may come.
    pub(crate) fn new(hash: PrfHash, keeps_messages: bool) -> Self {
        Self {
            hash: HandshakeHash::new(hash),
            current: None,
            messages: keeps_messages.then(Vec::new),
        }
    }

    /// Adds a message, header included.
    pub(crate) fn add(&mut self, message: &[u8]) {
        self.hash.update(message);
        self.current = None;
        if let Some(messages) = &mut self.messages {
            messages.extend_from_slice(message);
        }
    }

    /// Nobody signs the messages: their bytes need not be kept.
    pub(crate) fn drop_messages(&mut self) {
        self.messages = None;
    }

    /// All messages so far, which CertificateVerify signs.
    pub(crate) fn messages(&self) -> Result<&[u8], Error> {
        let messages = self.messages.as_deref();
        messages.or_internal("CertificateVerify that was not foreseen")
    }

    /// The hash over the messages so far.
    pub(crate) fn current_hash(&mut self) -> HandshakeDigest {
        *self.current.get_or_insert_with(|| self.hash.current())
    }
}

/// The main secret, ready to derive from.
pub(crate) struct LegacyMainSecret {
    prf: Prf,
    bytes: Secret,
}

impl LegacyMainSecret {
    /// The secret of a full handshake: bound to all of it by the session hash (RFC 7627 Section 4), or to the randoms only
    /// (RFC 5246 Section 8.1).
    pub(crate) fn new(
        hash: PrfHash,
        premaster: &Secret,
        session_hash: Option<&HandshakeDigest>,
        randoms: &Randoms,
    ) -> Result<Self, Error> {
        let premaster = Prf::new(hash, premaster.as_bytes());
        let mut bytes = Secret::zeros(MAIN_SECRET_LEN);
        let derived = match session_hash {
            Some(session_hash) => premaster.derive(
                b"extended master secret",
                &[session_hash.as_ref()],
                bytes.as_mut_bytes(),
            ),
            None => premaster.derive(
                b"master secret",
                &[&randoms.client, &randoms.server],
                bytes.as_mut_bytes(),
            ),
        };
        derived.map_err(|_| DERIVATION_FAILED)?;
        Ok(Self::resumed(hash, bytes))
    }

    /// The secret of an earlier handshake.
    pub(crate) fn resumed(hash: PrfHash, bytes: Secret) -> Self {
        Self {
            prf: Prf::new(hash, bytes.as_bytes()),
            bytes,
        }
    }

    /// The secret itself, for sessions and for the key log.
    pub(crate) fn secret(&self) -> &Secret {
        &self.bytes
    }

    /// verify_data of the Finished of one side.
    pub(crate) fn verify_data(
        &self,
        by_server: bool,
        transcript: &mut LegacyTranscript,
    ) -> Result<[u8; VERIFY_DATA_LEN], Error> {
        let label: &[u8] = match by_server {
            true => b"server finished",
            false => b"client finished",
        };
        let mut verify_data = [0; VERIFY_DATA_LEN];
        self.prf
            .derive(
                label,
                &[transcript.current_hash().as_ref()],
                &mut verify_data,
            )
            .map_err(|_| DERIVATION_FAILED)?;
        Ok(verify_data)
    }

    /// The keys of both directions, RFC 5246 Section 6.3.
    pub(crate) fn key_block(
        &self,
        version: ProtocolVersion,
        suite: &LegacySuite,
        randoms: &Randoms,
    ) -> Result<KeyBlock, Error> {
        let lens = KeyLens::of(version, suite.cipher);
        let mut bytes = Secret::zeros(2 * lens.of_direction());
        self.prf
            .derive(
                b"key expansion",
                &[&randoms.server, &randoms.client],
                bytes.as_mut_bytes(),
            )
            .map_err(|_| DERIVATION_FAILED)?;
        Ok(KeyBlock {
            bytes,
            lens,
            cipher: suite.cipher,
            explicit_iv: version != ProtocolVersion::TLS1_0,
        })
    }

    /// What exporters are made from.
    pub(crate) fn exporter(self, randoms: Randoms) -> LegacyExporter {
        LegacyExporter {
            prf: self.prf,
            randoms,
        }
    }
}

const DERIVATION_FAILED: Error = Error::Internal("PRF failed");

/// What each direction takes from the key block, in bytes.
#[derive(Clone, Copy)]
struct KeyLens {
    mac: usize,
    key: usize,
    iv: usize,
}

impl KeyLens {
    fn of(version: ProtocolVersion, cipher: LegacyCipher) -> Self {
        match cipher {
            LegacyCipher::Aead(aead) => Self {
                mac: 0,
                key: aead.key_len(),
                // RFC 5288 Section 3 and RFC 6655 Section 3: a salt of four bytes; RFC 7905 Section 2: all twelve.
                iv: match aead {
                    Aead::ChaCha20Poly1305 => 12,
                    _ => 4,
                },
            },
            LegacyCipher::Cbc(cbc) => Self {
                mac: cbc.mac_key_len(),
                key: cbc.key_len(),
                // From TLS 1.1 on each record has its IV (RFC 4346 Section 6.2.3.2).
                iv: match version {
                    ProtocolVersion::TLS1_0 => cbc.block_len(),
                    _ => 0,
                },
            },
        }
    }

    fn of_direction(self) -> usize {
        self.mac + self.key + self.iv
    }
}

/// The keys of both directions, as bytes.
pub(crate) struct KeyBlock {
    bytes: Secret,
    lens: KeyLens,
    cipher: LegacyCipher,
    explicit_iv: bool,
}

/// Who seals with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writer {
    Client,
    Server,
}

impl KeyBlock {
    /// The keys that `writer` seals with, for the side that seals or for the one that opens.
    pub(crate) fn record_keys(
        &self,
        writer: Writer,
        direction: CbcDirection,
        encrypt_then_mac: bool,
    ) -> Result<LegacyRecordKeys, Error> {
        const SHORT: Error = Error::Internal("key block is too short");
        let KeyLens { mac, key, iv } = self.lens;
        let of = |start: usize, len: usize| {
            let start = match writer {
                Writer::Client => start,
                Writer::Server => start + len,
            };
            let bytes = self.bytes.as_bytes();
            bytes.get(start..start + len).ok_or(SHORT)
        };
        // client_write_MAC_key, server_write_MAC_key, client_write_key, server_write_key, client_write_IV, server_write_IV.
        let mac_key = of(0, mac)?;
        let enc_key = of(2 * mac, key)?;
        let iv = of(2 * mac + 2 * key, iv)?;
        let wrong = |_| Error::Internal("key of the key block has the wrong length");
        match self.cipher {
            LegacyCipher::Aead(aead) => {
                let key = AeadKey::new(aead, enc_key).map_err(wrong)?;
                match (iv.try_into(), iv.try_into()) {
                    (Ok(salt), _) => Ok(LegacyRecordKeys::ExplicitNonce { key, salt }),
                    (_, Ok(iv)) => Ok(LegacyRecordKeys::XorNonce {
                        key,
                        iv: Zeroizing::new(iv),
                    }),
                    _ => Err(SHORT),
                }
            }
            LegacyCipher::Cbc(suite) => {
                let implicit_iv = (!self.explicit_iv).then_some(iv);
                CbcKey::new(
                    suite,
                    direction,
                    encrypt_then_mac,
                    mac_key,
                    enc_key,
                    implicit_iv,
                )
                .map(LegacyRecordKeys::Cbc)
                .map_err(wrong)
            }
        }
    }
}

/// Makes keying material for other protocols, RFC 5705.
pub(crate) struct LegacyExporter {
    prf: Prf,
    randoms: Randoms,
}

impl LegacyExporter {
    /// Fills `output`. No context is another one than an empty context (RFC 5705 Section 4).
    pub(crate) fn export(
        &self,
        label: &[u8],
        context: Option<&[u8]>,
        output: &mut [u8],
    ) -> Result<(), Error> {
        let Randoms { client, server } = &self.randoms;
        let derived = match context {
            None => self.prf.derive(label, &[client, server], output),
            Some(context) => {
                let len = u16::try_from(context.len())
                    .map_err(|_| Error::Internal("exporter context is too long"))?
                    .to_be_bytes();
                self.prf
                    .derive(label, &[client, server, &len, context], output)
            }
        };
        derived.map_err(|_| DERIVATION_FAILED)
    }
}
