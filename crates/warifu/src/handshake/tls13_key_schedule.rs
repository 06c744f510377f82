//! The key schedule, RFC 8446 Section 7.1, as one type per stage.
//!
//! ```text
//!              0
//!              v
//!    PSK -> HKDF-Extract = Early Secret           EarlySecret
//!              v
//!        Derive-Secret(., "derived", "")
//!              v
//! (EC)DHE -> HKDF-Extract = Handshake Secret      HandshakeSecret
//!              v
//!        Derive-Secret(., "derived", "")
//!              v
//!    0 -> HKDF-Extract = Main Secret              MainSecret
//! ```
//!
//! What of it depends on the PSK alone is a [`PskSecret`], made once per key; binders and the secrets of early data come of
//! it too. A completed handshake leaves a [`ResumptionSecret`], from which tickets get their PSKs.
//!
//! Each stage consumes the one before it, so that application data cannot be protected by keys from an
//! earlier stage. Derive-Secret(Secret, Label, Messages) = HKDF-Expand-Label(Secret, Label,
//! Transcript-Hash(Messages), Hash.length).

use core::borrow::Borrow;
use std::sync::{Arc, OnceLock};

use warifu_crypto::{AeadKey, CryptoError, Digest, Hash, HmacKey, Prk, Secret, SharedSecret, Tag};

use crate::error::Error;
use crate::parameters::Tls13Suite;
use crate::record::protection::RecordKeys;

/// Longest output of a hash in the table of suites, in bytes (SHA-384), with room for SHA-512.
const MAX_HASH_LEN: usize = 64;

fn failed<E>(_: E) -> Error {
    Error::Internal("key derivation failed")
}

fn derive_secret<K: Borrow<HmacKey>>(
    prk: &Prk<K>,
    label: &[u8],
    transcript_hash: &[u8],
) -> Result<Secret, Error> {
    prk.expand_label_secret(label, transcript_hash)
        .map_err(failed)
}

/// A buffer on the stack for one derived value, wiped when it goes.
struct Zeroizing([u8; MAX_HASH_LEN]);

impl Zeroizing {
    fn get_mut(&mut self, len: usize) -> Result<&mut [u8], Error> {
        match self.0.get_mut(..len) {
            Some(start) => Ok(start),
            None => Err(Error::Internal("hash longer than 64 bytes")),
        }
    }
}

impl Drop for Zeroizing {
    fn drop(&mut self) {
        // As a slice: an array is wiped byte by byte.
        zeroize::Zeroize::zeroize(self.0.as_mut_slice());
    }
}

/// All that the key schedule makes of a PSK alone. Computed once per key and kept beside it.
pub(crate) struct PskSecret {
    /// Early Secret = HKDF-Extract(0, PSK)
    early: Prk,
    /// Derive-Secret(Early Secret, "derived", ""), the salt of the next stage.
    derived: Box<HmacKey>,
    /// HKDF-Expand-Label(binder_key, "finished", "", Hash.length): makes and checks binders.
    binder: Box<HmacKey>,
    /// The stages behind it without a key exchange, once there was a handshake in that mode.
    without_exchange: OnceLock<WithoutExchange>,
}

/// With psk_ke handshake secret and main secret are made of the PSK alone too, the same for every connection: computing them
/// anew would cost a twelfth of such a handshake.
struct WithoutExchange {
    handshake: Arc<Prk>,
    main: Arc<Prk>,
}

/// What a binder key is derived for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BinderLabel {
    External,
    Resumption,
    /// RFC 9258 Section 5.2.
    Imported,
}

impl BinderLabel {
    fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::External => b"ext binder",
            Self::Resumption => b"res binder",
            Self::Imported => b"imp binder",
        }
    }
}

impl PskSecret {
    /// binder_key = Derive-Secret(Early Secret, "ext binder" | "res binder" | "imp binder", "")
    pub(crate) fn new(hash: Hash, label: BinderLabel, psk: &[u8]) -> Result<Self, Error> {
        let early = Prk::extract(hash, &[], psk);
        let binder_key = derive_secret(&early, label.as_bytes(), &hash.empty_digest())?;
        let derived = derive_secret(&early, b"derived", &hash.empty_digest())?;
        let mut finished_key = Zeroizing([0; MAX_HASH_LEN]);
        let finished_key = finished_key.get_mut(hash.output_len())?;
        Prk::with_secret(hash, binder_key.as_bytes(), |prk| {
            prk.expand_label(b"finished", b"", finished_key)
        })
        .map_err(failed)?;
        Ok(Self {
            early,
            derived: HmacKey::boxed(hash, derived.as_bytes()),
            binder: HmacKey::boxed(hash, finished_key),
            without_exchange: OnceLock::new(),
        })
    }

    fn without_exchange(&self) -> Result<&WithoutExchange, Error> {
        if let Some(known) = self.without_exchange.get() {
            return Ok(known);
        }
        let handshake = extract_from_zeros(&self.derived);
        let main = main_secret(&handshake)?;
        Ok(self.without_exchange.get_or_init(|| WithoutExchange {
            handshake: Arc::new(handshake),
            main: Arc::new(main),
        }))
    }

    pub(crate) fn hash(&self) -> Hash {
        self.derived.hash()
    }

    /// The binder over a ClientHello, RFC 8446 Section 4.2.11.2: `transcript_hash` covers what went before and the
    /// ClientHello up to its list of binders.
    pub(crate) fn binder(&self, transcript_hash: &Digest) -> Tag {
        self.binder.sign(&[transcript_hash])
    }

    /// Whether this is the whole binder, compared in constant time.
    pub(crate) fn verify_binder(&self, transcript_hash: &Digest, binder: &[u8]) -> bool {
        self.binder.verify(&[transcript_hash], binder)
    }

    /// Tells keys apart without being of use for anything else: for tickets, which say by which key their session began.
    pub(crate) fn fingerprint(&self) -> Result<[u8; 16], Error> {
        let mut fingerprint = [0; 16];
        self.early
            .expand_label(b"warifu psk id", b"", &mut fingerprint)
            .map_err(failed)?;
        Ok(fingerprint)
    }
}

/// The imported key of an external one, RFC 9258 Section 5.1; `hash` is the external key's, `target` that of target_kdf.
///
/// ```text
/// epskx = HKDF-Extract(0, epsk)
/// ipskx = HKDF-Expand-Label(epskx, "derived psk", Hash(ImportedIdentity), L)
/// ```
pub(crate) fn import_psk(
    hash: Hash,
    external: &[u8],
    imported_identity: &[u8],
    target: Hash,
) -> Result<Secret, Error> {
    let mut imported = Secret::zeros(target.output_len());
    Prk::extract(hash, &[], external)
        .expand_label(
            b"derived psk",
            &hash.digest(&[imported_identity]),
            imported.as_mut_bytes(),
        )
        .map_err(failed)?;
    Ok(imported)
}

/// Early Secret = HKDF-Extract(0, PSK), or HKDF-Extract(0, 0) without a PSK.
pub(crate) enum EarlySecret<'p> {
    /// Derive-Secret(Early Secret, "derived", ""), all that is wanted of it without a PSK.
    WithoutPsk(&'static HmacKey),
    WithPsk(&'p PskSecret),
}

impl EarlySecret<'_> {
    /// The early secret of a handshake without PSK.
    pub(crate) fn without_psk(hash: Hash) -> Result<Self, Error> {
        derived_without_psk(hash).map(Self::WithoutPsk)
    }

    /// client_early_traffic_secret = Derive-Secret(Early Secret, "c e traffic", ClientHello)
    pub(crate) fn client_early_traffic_secret(
        psk: &PskSecret,
        transcript_hash: &Digest,
    ) -> Result<TrafficSecret, Error> {
        TrafficSecret::derive(psk.hash(), &psk.early, b"c e traffic", transcript_hash)
    }

    /// early_exporter_secret = Derive-Secret(Early Secret, "e exp master", ClientHello)
    pub(crate) fn early_exporter_secret(
        psk: &PskSecret,
        transcript_hash: &Digest,
    ) -> Result<ExporterSecret, Error> {
        Ok(ExporterSecret {
            hash: psk.hash(),
            secret: derive_secret(&psk.early, b"e exp master", transcript_hash)?,
        })
    }

    /// Handshake Secret = HKDF-Extract(Derive-Secret(Early Secret, "derived", ""), (EC)DHE), with zeros of the hash's length
    /// in place of (EC)DHE where there is no key exchange (psk_ke).
    pub(crate) fn into_handshake_secret(
        self,
        shared_secret: Option<&SharedSecret>,
    ) -> Result<HandshakeSecret, Error> {
        let derived: &HmacKey = match &self {
            Self::WithoutPsk(derived) => derived,
            Self::WithPsk(psk) => &psk.derived,
        };
        let (prk, main) = match (&self, shared_secret) {
            (_, Some(secret)) => (
                Stage::Own(Prk::extract_with(derived, secret.as_ref())),
                None,
            ),
            (Self::WithPsk(psk), None) => {
                let known = psk.without_exchange()?;
                (
                    Stage::OfPsk(known.handshake.clone()),
                    Some(known.main.clone()),
                )
            }
            (Self::WithoutPsk(_), None) => (Stage::Own(extract_from_zeros(derived)), None),
        };
        Ok(HandshakeSecret {
            hash: derived.hash(),
            prk,
            main,
        })
    }
}

/// HKDF-Extract with zeros of the hash's length for what is not there.
fn extract_from_zeros(salt: &HmacKey) -> Prk {
    let zeros = [0; MAX_HASH_LEN];
    let ikm = zeros.get(..salt.hash().output_len()).unwrap_or_default();
    Prk::extract_with(salt, ikm)
}

/// Main Secret = HKDF-Extract(Derive-Secret(Handshake Secret, "derived", ""), 0).
fn main_secret(handshake: &Prk) -> Result<Prk, Error> {
    let hash = handshake.hash();
    let mut salt = Zeroizing([0; MAX_HASH_LEN]);
    let salt = salt.get_mut(hash.output_len())?;
    handshake
        .expand_label(b"derived", &hash.empty_digest(), salt)
        .map_err(failed)?;
    Ok(extract_from_zeros(&HmacKey::new(hash, salt)))
}

/// The secret of a stage: one connection's own, or one that a PSK has for all.
enum Stage {
    Own(Prk),
    OfPsk(Arc<Prk>),
}

impl Stage {
    fn prk(&self) -> &Prk {
        match self {
            Self::Own(prk) => prk,
            Self::OfPsk(prk) => prk,
        }
    }
}

/// Derive-Secret(HKDF-Extract(0, 0), "derived", ""), as a salt. No secret goes into it, so that it is computed once
/// per hash and process instead of twice per connection.
fn derived_without_psk(hash: Hash) -> Result<&'static HmacKey, Error> {
    static SHA256: OnceLock<HmacKey> = OnceLock::new();
    static SHA384: OnceLock<HmacKey> = OnceLock::new();
    static SHA512: OnceLock<HmacKey> = OnceLock::new();
    let once = match hash {
        Hash::Sha256 => &SHA256,
        Hash::Sha384 => &SHA384,
        Hash::Sha512 => &SHA512,
    };
    if let Some(derived) = once.get() {
        return Ok(derived);
    }
    let zeros = [0; MAX_HASH_LEN];
    let psk = zeros.get(..hash.output_len()).unwrap_or_default();
    let derived = derive_secret(
        &Prk::extract(hash, &[], psk),
        b"derived",
        &hash.empty_digest(),
    )?;
    Ok(once.get_or_init(|| HmacKey::new(hash, derived.as_bytes())))
}

/// The secret of the encrypted part of the handshake.
pub(crate) struct HandshakeSecret {
    hash: Hash,
    prk: Stage,
    /// The main secret, where it is known before.
    main: Option<Arc<Prk>>,
}

impl HandshakeSecret {
    /// client_handshake_traffic_secret = Derive-Secret(Handshake Secret, "c hs traffic", ClientHello...ServerHello)
    pub(crate) fn client_handshake_traffic_secret(
        &self,
        transcript_hash: &Digest,
    ) -> Result<TrafficSecret, Error> {
        TrafficSecret::derive(self.hash, self.prk.prk(), b"c hs traffic", transcript_hash)
    }

    /// server_handshake_traffic_secret = Derive-Secret(Handshake Secret, "s hs traffic", ClientHello...ServerHello)
    pub(crate) fn server_handshake_traffic_secret(
        &self,
        transcript_hash: &Digest,
    ) -> Result<TrafficSecret, Error> {
        TrafficSecret::derive(self.hash, self.prk.prk(), b"s hs traffic", transcript_hash)
    }

    /// Main Secret = HKDF-Extract(Derive-Secret(Handshake Secret, "derived", ""), 0).
    pub(crate) fn into_main_secret(self) -> Result<MainSecret, Error> {
        Ok(MainSecret {
            hash: self.hash,
            prk: match self.main {
                Some(known) => Stage::OfPsk(known),
                None => Stage::Own(main_secret(self.prk.prk())?),
            },
        })
    }
}

/// The secret of application data.
pub(crate) struct MainSecret {
    hash: Hash,
    prk: Stage,
}

impl MainSecret {
    /// client_application_traffic_secret_0 = Derive-Secret(Main Secret, "c ap traffic", ClientHello...server Finished)
    pub(crate) fn client_application_traffic_secret(
        &self,
        transcript_hash: &Digest,
    ) -> Result<TrafficSecret, Error> {
        TrafficSecret::derive(self.hash, self.prk.prk(), b"c ap traffic", transcript_hash)
    }

    /// server_application_traffic_secret_0 = Derive-Secret(Main Secret, "s ap traffic", ClientHello...server Finished)
    pub(crate) fn server_application_traffic_secret(
        &self,
        transcript_hash: &Digest,
    ) -> Result<TrafficSecret, Error> {
        TrafficSecret::derive(self.hash, self.prk.prk(), b"s ap traffic", transcript_hash)
    }

    /// exporter_secret = Derive-Secret(Main Secret, "exp master", ClientHello...server Finished)
    pub(crate) fn exporter_secret(
        &self,
        transcript_hash: &Digest,
    ) -> Result<ExporterSecret, Error> {
        let secret = derive_secret(self.prk.prk(), b"exp master", transcript_hash)?;
        Ok(ExporterSecret {
            hash: self.hash,
            secret,
        })
    }
}

impl MainSecret {
    /// resumption_main_secret = Derive-Secret(Main Secret, "res master", ClientHello...client Finished)
    pub(crate) fn into_resumption_secret(
        self,
        transcript_hash: &Digest,
    ) -> Result<ResumptionSecret, Error> {
        let secret = derive_secret(self.prk.prk(), b"res master", transcript_hash)?;
        Ok(ResumptionSecret {
            hash: self.hash,
            secret,
        })
    }
}

/// What a handshake leaves for later ones.
pub(crate) struct ResumptionSecret {
    hash: Hash,
    secret: Secret,
}

impl ResumptionSecret {
    /// The PSK of a ticket, RFC 8446 Section 4.6.1:
    ///
    /// ```text
    /// HKDF-Expand-Label(resumption_main_secret, "resumption", ticket_nonce, Hash.length)
    /// ```
    pub(crate) fn psk(&self, ticket_nonce: &[u8]) -> Result<Secret, Error> {
        Prk::with_secret(self.hash, self.secret.as_bytes(), |prk| {
            derive_secret(prk, b"resumption", ticket_nonce)
        })
    }
}

/// A secret from which the keys of one direction and epoch are made, RFC 8446 Section 7.3.
pub(crate) struct TrafficSecret {
    hash: Hash,
    secret: Secret,
}

impl TrafficSecret {
    fn derive(
        hash: Hash,
        prk: &Prk,
        label: &[u8],
        transcript_hash: &Digest,
    ) -> Result<Self, Error> {
        let secret = derive_secret(prk, label, transcript_hash)?;
        Ok(Self { hash, secret })
    }

    /// ```text
    /// [sender]_write_key = HKDF-Expand-Label(Secret, "key", "", key_length)
    /// [sender]_write_iv  = HKDF-Expand-Label(Secret, "iv", "", iv_length)
    /// ```
    pub(crate) fn record_keys(&self, suite: &Tls13Suite) -> Result<RecordKeys, Error> {
        let (mut key, mut iv) = (Zeroizing([0; MAX_HASH_LEN]), Iv::new([0; 12]));
        let key = key.get_mut(suite.aead.key_len())?;
        Prk::with_secret(self.hash, self.secret.as_bytes(), |prk| {
            expand_keys(prk, key, &mut iv)
        })
        .map_err(failed)?;
        record_keys(suite, key, iv)
    }

    /// verify_data = HMAC(finished_key, Transcript-Hash), finished_key = HKDF-Expand-Label(BaseKey,
    /// "finished", "", Hash.length); RFC 8446 Section 4.4.4. This key makes and checks it.
    pub(crate) fn finished_key(&self) -> Result<HmacKey, Error> {
        let mut key = Zeroizing([0; MAX_HASH_LEN]);
        let key = key.get_mut(self.hash.output_len())?;
        Prk::with_secret(self.hash, self.secret.as_bytes(), |prk| {
            prk.expand_label(b"finished", b"", key)
        })
        .map_err(failed)?;
        Ok(HmacKey::new(self.hash, key))
    }

    /// [`record_keys`](Self::record_keys) and [`finished_key`](Self::finished_key), as both are wanted of a handshake's secret.
    pub(crate) fn handshake_keys(
        &self,
        suite: &Tls13Suite,
    ) -> Result<(RecordKeys, Box<HmacKey>), Error> {
        let mut finished = Zeroizing([0; MAX_HASH_LEN]);
        let finished = finished.get_mut(self.hash.output_len())?;
        let (mut key, mut iv) = (Zeroizing([0; MAX_HASH_LEN]), Iv::new([0; 12]));
        let key = key.get_mut(suite.aead.key_len())?;
        Prk::with_secret(self.hash, self.secret.as_bytes(), |prk| {
            prk.expand_label(b"finished", b"", finished)?;
            expand_keys(prk, key, &mut iv)
        })
        .map_err(failed)?;
        let keys = record_keys(suite, key, iv)?;
        Ok((keys, HmacKey::boxed(self.hash, finished)))
    }

    /// application_traffic_secret_N+1 = HKDF-Expand-Label(application_traffic_secret_N, "traffic upd", "",
    /// Hash.length); RFC 8446 Section 7.2.
    pub(crate) fn next(&self) -> Result<Self, Error> {
        let secret = Prk::with_secret(self.hash, self.secret.as_bytes(), |prk| {
            derive_secret(prk, b"traffic upd", b"")
        })?;
        Ok(Self {
            hash: self.hash,
            secret,
        })
    }

    /// The secret itself, for the key log alone.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.secret.as_bytes()
    }
}

type Iv = zeroize::Zeroizing<[u8; 12]>;

fn expand_keys(prk: &Prk<HmacKey>, key: &mut [u8], iv: &mut Iv) -> Result<(), CryptoError> {
    prk.expand_label(b"key", b"", key)?;
    prk.expand_label(b"iv", b"", &mut **iv)
}

fn record_keys(suite: &Tls13Suite, key: &[u8], iv: Iv) -> Result<RecordKeys, Error> {
    Ok(RecordKeys {
        key: AeadKey::new(suite.aead, key).map_err(failed)?,
        iv,
        confidentiality_limit: suite.confidentiality_limit,
    })
}

/// Makes keying material for other protocols, RFC 8446 Section 7.5.
pub(crate) struct ExporterSecret {
    hash: Hash,
    secret: Secret,
}

impl ExporterSecret {
    /// ```text
    /// TLS-Exporter(label, context_value, key_length) =
    ///     HKDF-Expand-Label(Derive-Secret(Secret, label, ""), "exporter", Hash(context_value), key_length)
    /// ```
    /// An absent context is an empty one.
    pub(crate) fn export(
        &self,
        label: &[u8],
        context: &[u8],
        output: &mut [u8],
    ) -> Result<(), Error> {
        let prk = Prk::from_secret(self.hash, self.secret.as_bytes());
        let secret = derive_secret(&prk, label, &self.hash.empty_digest())?;
        Prk::from_secret(self.hash, secret.as_bytes())
            .expand_label(b"exporter", &self.hash.digest(&[context]), output)
            .map_err(failed)
    }

    /// The secret itself, for the key log alone.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.secret.as_bytes()
    }
}

#[cfg(test)]
mod tests;
