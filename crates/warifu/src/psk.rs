//! Pre-shared keys: the key, and where a server finds it.
//!
//! A [`Psk`] is an identity, a secret, and what the secret may be used for. A client is given the keys it offers
//! ([`ChoosePsks`]), a server a [`PskStore`] that finds a key by the identity which a client offered. Everything that can
//! be computed from the key alone is computed once and kept beside it, shared by all clones of the `Psk`: a store should
//! hand out clones of one value rather than make a new value each time.
//!
//! Which key of those offered a server takes, and how binders are checked, stands in `handshake/psk.rs`. Tickets are
//! pre-shared keys too, made and found by the library itself: [`resumption`](crate::resumption).
//!
//! # The hash
//!
//! In TLS 1.3 a key belongs to one hash (RFC 8446 Section 4.2.11), and only cipher suites with that hash can use it. It is
//! SHA-256 unless the key was agreed for SHA-384. Both sides choose the cipher suite so that it fits the key; nobody has
//! to name suites for that.
//!
//! # Imported keys
//!
//! RFC 9258 derives from one external key a separate key for each hash, bound to the protocol version and to a context.
//! With [`Psk::with_import`] a key is used in this form alone. Both sides must do so, with the same context.
//!
//! # One key in both roles
//!
//! A node that holds one key as client and as server can be made to talk to itself by whoever reflects its messages (the
//! "Selfie" attack, RFC 9257 Section 4.1). A `Psk` and its clones are one node's copy of the key: a server with one of
//! them refuses a ClientHello that a client with another sent. Make the value once and share it between both
//! configurations. Where the roles are apart (other processes, other values) use [`Psk::with_role`], or import
//! the key with a context that names the roles. The refusal lasts as long as the client's handshake; early data could
//! come back later, and is taken only under a key of [`PskRole::Server`].

use core::fmt;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rustls_pki_types::ServerName;
use warifu_crypto::{Hash, Secret};

use crate::decision::Answer;
use crate::error::{Error, UsageError};
use crate::handshake::tls13_key_schedule::{BinderLabel, PskSecret, import_psk};
use crate::parameters::CipherSuite;

/// Fewest bytes of a key that is not called weak: 128 bits, RFC 9257 Section 6.
pub const MIN_KEY_LEN: usize = 16;
/// Most bytes of an identity or a key: both have a length field of 16 bits in one version of TLS or another.
pub const MAX_LEN: usize = 0xffff;

/// A pre-shared key with its identity. Cloning is cheap and shares what was derived from the key.
///
/// ```
/// use warifu::psk::{Psk, PskError};
///
/// let psk = Psk::new("alice", [0x5a; 32])?;
/// assert_eq!(psk.identity(), b"alice");
/// assert_eq!(Psk::new("alice", "secret").unwrap_err(), PskError::KeyTooShort { len: 6 });
/// # Ok::<(), PskError>(())
/// ```
#[derive(Clone)]
pub struct Psk(Arc<Inner>);

struct Inner {
    terms: Terms,
    key: Secret,
    /// Derived from the key when first used: in external form, and imported for each target KDF.
    external: OnceLock<Arc<PskSecret>>,
    imported: [OnceLock<Arc<PskSecret>>; TargetKdf::ALL.len()],
    /// The randoms of the ClientHellos with this key that this node has under way.
    client_hellos: Arc<Mutex<Randoms>>,
}

/// Randoms of ClientHellos. They are told apart by their first bytes without a keyed hash: only this node puts values in,
/// all of them random, so that a peer can look for one but not make two collide.
pub(crate) type Randoms = HashSet<[u8; 32], BuildHasherDefault<FirstBytes>>;

#[derive(Default)]
pub(crate) struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn write(&mut self, random: &[u8]) {
        self.0 = random
            .first_chunk()
            .map_or(0, |first| u64::from_ne_bytes(*first));
    }

    /// The length goes first, and is the same for all.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// All but the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Terms {
    identity: Arc<[u8]>,
    hash: PskHash,
    external: bool,
    /// The context with which the key is imported, if it is.
    import: Option<Box<[u8]>>,
    role: PskRole,
    max_early_data: u32,
    early_data_suite: Option<CipherSuite>,
}

/// The hash of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PskHash {
    /// SHA-256, what a key has unless something else was agreed (RFC 8446 Section 4.2.11).
    #[default]
    Sha256,
    /// SHA-384.
    Sha384,
}

impl PskHash {
    pub(crate) fn hash(self) -> Hash {
        match self {
            Self::Sha256 => Hash::Sha256,
            Self::Sha384 => Hash::Sha384,
        }
    }

    pub(crate) fn of(hash: Hash) -> Self {
        match hash {
            Hash::Sha256 => Self::Sha256,
            Hash::Sha384 | Hash::Sha512 => Self::Sha384,
        }
    }
}

impl fmt::Display for PskHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
        })
    }
}

/// Which side this node may be when it uses a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PskRole {
    /// Either. A server takes no early data under such a key: a client of the same node may have sent it, and somebody sent
    /// it back (RFC 9257 Section 4.1).
    #[default]
    Either,
    /// The client only: a server of this node refuses the key.
    Client,
    /// The server only: a client of this node refuses the key. Do not give a client of this node the same key in another
    /// value.
    Server,
}

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PskError {
    /// An identity without a byte.
    EmptyIdentity,
    /// An identity longer than 65,535 bytes.
    IdentityTooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// A key without a byte.
    EmptyKey,
    /// A key shorter than 16 bytes, not given to [`Psk::new_weak`].
    KeyTooShort {
        /// Its length in bytes.
        len: usize,
    },
    /// A key longer than 65,535 bytes.
    KeyTooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// A key of zeros alone: memory that was never filled.
    ZeroKey,
    /// An identity that a [`PskTable`] has already.
    DuplicateIdentity,
}

impl fmt::Display for PskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyIdentity => f.write_str("the identity of the key is empty"),
            Self::IdentityTooLong { len } => {
                write!(
                    f,
                    "the identity has {len} bytes, at most {MAX_LEN} are possible"
                )
            }
            Self::EmptyKey => f.write_str("the key is empty"),
            Self::KeyTooShort { len } => write!(
                f,
                "the key has {len} bytes and can be guessed: {MIN_KEY_LEN} or more random bytes are needed (RFC 9257 Section 6)"
            ),
            Self::KeyTooLong { len } => {
                write!(f, "the key has {len} bytes, at most {MAX_LEN} are possible")
            }
            Self::ZeroKey => f.write_str("the key is all zeros: it was never set"),
            Self::DuplicateIdentity => f.write_str("two keys have the same identity"),
        }
    }
}

impl core::error::Error for PskError {}

impl From<PskError> for Error {
    fn from(error: PskError) -> Self {
        UsageError::Config(error.to_string()).into()
    }
}

impl Psk {
    /// A key agreed upon outside of TLS: `identity` of 1 to 65,535 bytes, which travels in the clear, and `key` of 16 to
    /// 65,535 random bytes. For SHA-256, in either role.
    ///
    /// A ClientHello has room for identities of about 61,000 bytes together; longer ones are refused when they are offered.
    ///
    /// # Errors
    /// [`PskError`] for a length out of range or a key of zeros.
    pub fn new(identity: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<Self, PskError> {
        let len = key.as_ref().len();
        if (1..MIN_KEY_LEN).contains(&len) {
            return Err(PskError::KeyTooShort { len });
        }
        Self::new_weak(identity, key)
    }

    /// As [`new`](Self::new) with a key of at least one byte. **Whoever records one handshake with a weak key can find the
    /// key by trying** (RFC 9257 Section 4.2), and with `psk_ke` read the connection.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn new_weak(identity: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<Self, PskError> {
        let (identity, key) = (identity.as_ref(), key.as_ref());
        match (identity.len(), key.len()) {
            (0, _) => return Err(PskError::EmptyIdentity),
            (len, _) if len > MAX_LEN => return Err(PskError::IdentityTooLong { len }),
            (_, 0) => return Err(PskError::EmptyKey),
            (_, len) if len > MAX_LEN => return Err(PskError::KeyTooLong { len }),
            _ => {}
        }
        // All bytes are looked at, whatever they are.
        if key.iter().fold(0, |all, byte| all | byte) == 0 {
            return Err(PskError::ZeroKey);
        }
        let terms = Terms {
            identity: identity.into(),
            hash: PskHash::Sha256,
            external: true,
            import: None,
            role: PskRole::Either,
            max_early_data: 0,
            early_data_suite: None,
        };
        Ok(Self::with_terms(
            terms,
            Secret::from_slice(key),
            Arc::default(),
        ))
    }

    fn with_terms(terms: Terms, key: Secret, client_hellos: Arc<Mutex<Randoms>>) -> Self {
        Self(Arc::new(Inner {
            client_hellos,
            terms,
            key,
            external: OnceLock::new(),
            imported: [const { OnceLock::new() }; TargetKdf::ALL.len()],
        }))
    }

    fn change(&self, change: impl FnOnce(&mut Terms)) -> Self {
        let mut terms = self.0.terms.clone();
        change(&mut terms);
        Self::with_terms(terms, self.0.key.clone(), self.0.client_hellos.clone())
    }

    /// The key for another hash than SHA-256, as both sides must have agreed. Imported keys are used with every hash; this
    /// is then the hash of the derivation (RFC 9258 Section 5.1).
    #[must_use]
    pub fn with_hash(self, hash: PskHash) -> Self {
        self.change(|terms| terms.hash = hash)
    }

    /// The key without the identity that it was made with, for peers that agreed on one key and no name for it: in versions before
    /// TLS 1.3 the identity may be empty (RFC 4279 Section 2). TLS 1.3 has no such identities (RFC 8446 Section 4.2.11): there
    /// the key is not used, so that a configuration with no other key has to do without TLS 1.3
    /// ([`with_versions`](crate::config::ConfigBuilder::with_versions)).
    ///
    /// ```
    /// let psk = warifu::Psk::new("no matter", [0x5a; 32])?.without_identity();
    /// assert_eq!(psk.identity(), b"");
    /// # Ok::<(), warifu::psk::PskError>(())
    /// ```
    #[cfg(feature = "legacy")]
    #[must_use]
    pub fn without_identity(self) -> Self {
        self.change(|terms| terms.identity = Arc::from([]))
    }

    /// The key to be used in imported form only (RFC 9258), with this context of at most 65,535 bytes, empty for none.
    #[must_use]
    pub fn with_import(self, context: impl AsRef<[u8]>) -> Self {
        self.change(|terms| {
            terms.external = false;
            terms.import = Some(context.as_ref().into());
        })
    }

    /// The key in imported form, and as it is: for servers while clients change from one to the other (RFC 9258 Section 7). A
    /// client offers both, imported first.
    #[must_use]
    pub fn with_both_forms(self, context: impl AsRef<[u8]>) -> Self {
        self.change(|terms| {
            terms.external = true;
            terms.import = Some(context.as_ref().into());
        })
    }

    /// Restricts the key to one role of this node. Default: [`PskRole::Either`]. Early data under the key needs
    /// [`PskRole::Server`] at the server.
    #[must_use]
    pub fn with_role(self, role: PskRole) -> Self {
        self.change(|terms| terms.role = role)
    }

    /// Allows so many bytes of early data under this key, if the configurations of both sides do too. Default: 0, none.
    ///
    /// **Early data can be replayed.** Other than tickets, an external key has no age by which a server could tell an old
    /// ClientHello from a new one: its [`ReplayStore`](crate::early_data::ReplayStore) must remember all of them for as
    /// long as the key is used, across restarts too. [`MemoryReplayStore`](crate::early_data::MemoryReplayStore) cannot,
    /// and refuses such early data unless told otherwise. For the same reason a server takes early data only under a key that no
    /// client of its node uses, which [`with_role`](Self::with_role) and [`PskRole::Server`] say; under others the handshake
    /// goes on without.
    ///
    /// The application protocol (ALPN) of early data is agreed together with the key too: a client with more than one offers
    /// no early data, and a server takes it only for the single one that the client offers, or for none.
    #[must_use]
    pub fn with_replayable_early_data(self, max_bytes: u32) -> Self {
        self.change(|terms| terms.max_early_data = max_bytes)
    }

    /// The cipher suite of early data under this key, which is agreed together with the key (RFC 8446 Section 4.2.10): a server
    /// takes early data only if it chooses this suite for the handshake. It must have the hash of the key, or no early data is offered. Default:
    /// `TLS_AES_128_GCM_SHA256`, for SHA-384 `TLS_AES_256_GCM_SHA384`.
    #[must_use]
    pub fn with_early_data_suite(self, suite: CipherSuite) -> Self {
        self.change(|terms| terms.early_data_suite = Some(suite))
    }

    /// The identity.
    pub fn identity(&self) -> &[u8] {
        &self.0.terms.identity
    }

    /// The identity, shared.
    pub(crate) fn shared_identity(&self) -> Arc<[u8]> {
        self.0.terms.identity.clone()
    }

    /// The hash of the key.
    pub fn hash(&self) -> PskHash {
        self.0.terms.hash
    }

    /// Which side this node may be with the key.
    pub fn role(&self) -> PskRole {
        self.0.terms.role
    }

    /// Whether the key is used as it is.
    pub fn is_external(&self) -> bool {
        self.0.terms.external
    }

    /// The context with which the key is imported, if it is.
    pub fn import_context(&self) -> Option<&[u8]> {
        self.0.terms.import.as_deref()
    }

    pub(crate) fn max_early_data(&self) -> u32 {
        self.0.terms.max_early_data
    }

    /// The suite of early data where the key is used with this hash.
    pub(crate) fn early_data_suite(&self, hash: Hash) -> CipherSuite {
        let default = match hash {
            Hash::Sha256 => CipherSuite::TLS_AES_128_GCM_SHA256,
            Hash::Sha384 | Hash::Sha512 => CipherSuite::TLS_AES_256_GCM_SHA384,
        };
        self.0.terms.early_data_suite.unwrap_or(default)
    }

    /// The randoms of the ClientHellos with this key that this node has under way.
    pub(crate) fn client_hellos(&self) -> MutexGuard<'_, Randoms> {
        let randoms = &self.0.client_hellos;
        randoms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether both are clones of one value.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The key itself, for versions before TLS 1.3.
    #[cfg(feature = "legacy")]
    pub(crate) fn key(&self) -> &[u8] {
        self.0.key.as_bytes()
    }

    /// Whether the secret of the key as it is, or imported for this KDF, was derived before.
    pub(crate) fn is_derived(&self, target_kdf: Option<TargetKdf>) -> bool {
        let place = match target_kdf {
            None => &self.0.external,
            Some(target_kdf) => self.imported_place(target_kdf),
        };
        place.get().is_some()
    }

    fn imported_place(&self, target_kdf: TargetKdf) -> &OnceLock<Arc<PskSecret>> {
        let [sha256, sha384] = &self.0.imported;
        match target_kdf {
            TargetKdf::HkdfSha256 => sha256,
            TargetKdf::HkdfSha384 => sha384,
        }
    }

    /// What the key schedule needs of the key as it is.
    pub(crate) fn external_secret(&self) -> Result<Arc<PskSecret>, Error> {
        let inner = &self.0;
        derived_once(&inner.external, || {
            PskSecret::new(
                inner.terms.hash.hash(),
                BinderLabel::External,
                inner.key.as_bytes(),
            )
        })
    }

    /// What the key schedule needs of the imported key for `target_kdf`, which has `imported_identity`.
    pub(crate) fn imported_secret(
        &self,
        target_kdf: TargetKdf,
        imported_identity: &[u8],
    ) -> Result<Arc<PskSecret>, Error> {
        let inner = &self.0;
        let hash = inner.terms.hash.hash();
        derived_once(self.imported_place(target_kdf), || {
            let key = import_psk(
                hash,
                inner.key.as_bytes(),
                imported_identity,
                target_kdf.hash(),
            )?;
            PskSecret::new(target_kdf.hash(), BinderLabel::Imported, key.as_bytes())
        })
    }
}

fn derived_once(
    place: &OnceLock<Arc<PskSecret>>,
    derive: impl FnOnce() -> Result<PskSecret, Error>,
) -> Result<Arc<PskSecret>, Error> {
    if let Some(secret) = place.get() {
        return Ok(secret.clone());
    }
    let secret = Arc::new(derive()?);
    Ok(place.get_or_init(|| secret).clone())
}

impl fmt::Debug for Psk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Psk")
            .field("identity", &printable(self.identity()))
            .field("hash", &self.hash())
            .field("role", &self.role())
            .finish_non_exhaustive()
    }
}

/// Two keys are equal if all that was said of them is, compared in constant time where it is secret.
impl PartialEq for Psk {
    fn eq(&self, other: &Self) -> bool {
        self.0.terms == other.0.terms && self.0.key == other.0.key
    }
}

impl Eq for Psk {}

/// Longest part of an identity that a text repeats, in bytes.
const MAX_PRINTED: usize = 64;

/// A key that stands for those that nobody has, so that they go the same way as others. It is no secret: whoever checks a
/// binder with it refuses the binder whatever comes of that.
pub(crate) fn nobodys_key(hash: Hash) -> &'static Psk {
    static SHA256: OnceLock<Psk> = OnceLock::new();
    static SHA384: OnceLock<Psk> = OnceLock::new();
    let (once, hash) = match PskHash::of(hash) {
        PskHash::Sha256 => (&SHA256, PskHash::Sha256),
        PskHash::Sha384 => (&SHA384, PskHash::Sha384),
    };
    once.get_or_init(|| {
        let terms = Terms {
            identity: Arc::from(&b"nobody"[..]),
            hash,
            external: true,
            import: None,
            role: PskRole::Either,
            max_early_data: 0,
            early_data_suite: None,
        };
        Psk::with_terms(terms, Secret::from_slice(&[1; 32]), Arc::default())
    })
}

/// An identity for texts and logs: printable ASCII as it is, other bytes as `\x00`, cut after 64 bytes. Of what is longer and
/// no text, as tickets are, the first 8 bytes in hexadecimal.
pub fn printable(identity: &[u8]) -> String {
    if identity.len() > MAX_PRINTED && identity.iter().any(u8::is_ascii_control) {
        let start = identity.iter().take(8);
        let digits: String = start.map(|byte| format!("{byte:02x}")).collect();
        return format!("{digits}… ({} bytes, perhaps a ticket)", identity.len());
    }
    match identity.get(..MAX_PRINTED) {
        Some(start) if identity.len() > MAX_PRINTED => {
            format!("{}… ({} bytes)", start.escape_ascii(), identity.len())
        }
        _ => identity.escape_ascii().to_string(),
    }
}

/// ImportedIdentity.target_kdf, RFC 9258 Section 10: the hash that an imported key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetKdf {
    HkdfSha256 = 1,
    HkdfSha384 = 2,
}

impl TargetKdf {
    pub(crate) const ALL: [Self; 2] = [Self::HkdfSha256, Self::HkdfSha384];

    pub(crate) fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kdf| *kdf as u16 == number)
    }

    pub(crate) fn hash(self) -> Hash {
        match self {
            Self::HkdfSha256 => Hash::Sha256,
            Self::HkdfSha384 => Hash::Sha384,
        }
    }
}

/// What a server wants to know from its [`PskStore`].
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct PskRequest<'a> {
    /// The identity of the key, of an imported one its external_identity. Whatever bytes a client sent.
    pub identity: &'a [u8],
    /// The context, where the client offers the key in imported form (RFC 9258). The key that is found must have been
    /// given the same context.
    pub imported_context: Option<&'a [u8]>,
    /// The server name of SNI, if the client sent one.
    pub server_name: Option<&'a str>,
}

/// Finds a server's keys.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::{Arc, RwLock};
/// use warifu::decision::Answer;
/// use warifu::psk::{Psk, PskRequest, PskStore};
/// use warifu::Error;
///
/// /// Keys that change while the server runs.
/// #[derive(Debug)]
/// struct Tenants(RwLock<HashMap<Vec<u8>, Psk>>);
///
/// impl PskStore for Tenants {
///     fn find<'a>(&'a self, request: PskRequest<'a>) -> Answer<'a, Result<Option<Psk>, Error>> {
///         let keys = self.0.read().expect("no panic while it is written");
///         Answer::Ready(Ok(keys.get(request.identity).cloned()))
///     }
/// }
/// ```
pub trait PskStore: Send + Sync + fmt::Debug {
    /// Returns the key of this identity, `None` if there is none. The identity is compared whole, as bytes.
    ///
    /// That an identity is unknown can be told from a wrong key by the time this takes: answer both alike.
    ///
    /// # Errors
    /// Any `Err` ends the handshake with its alert: the store failed, which says nothing about the identity.
    fn find<'a>(&'a self, request: PskRequest<'a>) -> Answer<'a, Result<Option<Psk>, Error>>;
}

/// One key.
impl PskStore for Psk {
    fn find<'a>(&'a self, request: PskRequest<'a>) -> Answer<'a, Result<Option<Psk>, Error>> {
        Answer::Ready(Ok(
            (self.identity() == request.identity).then(|| self.clone())
        ))
    }
}

impl<S: PskStore + ?Sized> PskStore for Arc<S> {
    fn find<'a>(&'a self, request: PskRequest<'a>) -> Answer<'a, Result<Option<Psk>, Error>> {
        (**self).find(request)
    }
}

/// A fixed set of keys, by identity.
#[derive(Debug, Clone, Default)]
pub struct PskTable {
    keys: HashMap<Box<[u8]>, Psk>,
}

impl PskTable {
    /// The table of these keys.
    ///
    /// # Errors
    /// [`PskError::DuplicateIdentity`].
    pub fn new(keys: impl IntoIterator<Item = Psk>) -> Result<Self, PskError> {
        let mut table = Self::default();
        for psk in keys {
            let identity = psk.identity().into();
            if table.keys.insert(identity, psk).is_some() {
                return Err(PskError::DuplicateIdentity);
            }
        }
        Ok(table)
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key of an identity.
    pub fn get(&self, identity: &[u8]) -> Option<&Psk> {
        self.keys.get(identity)
    }
}

impl PskStore for PskTable {
    fn find<'a>(&'a self, request: PskRequest<'a>) -> Answer<'a, Result<Option<Psk>, Error>> {
        let found = self.get(request.identity);
        // An identity that is not there costs as much.
        let psk = found.unwrap_or_else(|| nobodys_key(Hash::Sha256)).clone();
        Answer::Ready(Ok(found.is_some().then_some(psk)))
    }
}

/// Chooses the keys that a client offers to a server.
pub trait ChoosePsks: Send + Sync + fmt::Debug {
    /// Returns the keys for this server, best first, possibly none.
    ///
    /// # Errors
    /// Any `Err` ends the handshake.
    fn choose<'a>(
        &'a self,
        server_name: &'a ServerName<'a>,
    ) -> Answer<'a, Result<Arc<[Psk]>, Error>>;

    /// Chooses again, before TLS 1.3, once the server has said which identity it expects: `hint` (RFC 4279 Section 5.2), `None` if it
    /// said nothing. `chosen` is the one of [`choose`](Self::choose)'s keys that would be used. Default: that one.
    ///
    /// # Errors
    /// Any `Err` ends the handshake.
    #[cfg(feature = "legacy")]
    fn choose_by_hint<'a>(
        &'a self,
        server_name: &'a ServerName<'a>,
        hint: Option<&'a [u8]>,
        chosen: &'a Psk,
    ) -> Answer<'a, Result<Psk, Error>> {
        let _ = (server_name, hint);
        Answer::Ready(Ok(chosen.clone()))
    }
}

/// The same keys for every server.
impl ChoosePsks for Arc<[Psk]> {
    fn choose<'a>(&'a self, _: &'a ServerName<'a>) -> Answer<'a, Result<Arc<[Psk]>, Error>> {
        Answer::Ready(Ok(self.clone()))
    }
}

impl<C: ChoosePsks + ?Sized> ChoosePsks for Arc<C> {
    fn choose<'a>(
        &'a self,
        server_name: &'a ServerName<'a>,
    ) -> Answer<'a, Result<Arc<[Psk]>, Error>> {
        (**self).choose(server_name)
    }

    #[cfg(feature = "legacy")]
    fn choose_by_hint<'a>(
        &'a self,
        server_name: &'a ServerName<'a>,
        hint: Option<&'a [u8]>,
        chosen: &'a Psk,
    ) -> Answer<'a, Result<Psk, Error>> {
        (**self).choose_by_hint(server_name, hint, chosen)
    }
}

/// How pre-shared keys and certificates go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PskPolicy {
    /// A key or a certificate authenticates; a server takes the key where it can, and adds its certificate for clients that
    /// want both.
    #[default]
    Optional,
    /// Only a key will do; no certificate is sent, asked for or believed in its place.
    Required,
    /// A key *and* the server's certificate, in one handshake (RFC 9973, which replaces RFC 8773). The client's
    /// certificate is asked for as configured.
    RequiredWithCertificate,
}

/// The key that a connection uses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PskFacts {
    /// The identity; of an imported key its external_identity.
    pub identity: Arc<[u8]>,
    /// In which form the key was used.
    pub kind: PskKind,
    /// The hash of the handshake.
    pub hash: PskHash,
}

/// In which form a key was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PskKind {
    /// As it was agreed outside of TLS.
    External,
    /// Imported by RFC 9258.
    Imported,
}

impl fmt::Display for PskKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::External => "external",
            Self::Imported => "imported",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_identities_have_their_lengths() {
        let key = [7; 16];
        assert_eq!(Psk::new("", key), Err(PskError::EmptyIdentity));
        assert_eq!(
            Psk::new(vec![0; 65_536], key),
            Err(PskError::IdentityTooLong { len: 65_536 })
        );
        assert!(Psk::new(vec![0; 65_535], key).is_ok());
        assert_eq!(Psk::new("a", []), Err(PskError::EmptyKey));
        assert_eq!(
            Psk::new("a", [7; 15]),
            Err(PskError::KeyTooShort { len: 15 })
        );
        assert!(Psk::new_weak("a", [7; 1]).is_ok());
        assert_eq!(
            Psk::new("a", vec![7; 65_536]),
            Err(PskError::KeyTooLong { len: 65_536 })
        );
        for len in [1, 16, 64] {
            assert_eq!(Psk::new_weak("a", vec![0; len]), Err(PskError::ZeroKey));
        }
    }

    #[test]
    fn a_table_refuses_an_identity_twice_and_compares_it_whole() {
        let psk = |identity: &[u8]| Psk::new(identity, [7; 16]).unwrap();
        let error = PskTable::new([psk(b"a"), psk(b"a")]).unwrap_err();
        assert_eq!(error, PskError::DuplicateIdentity);
        let table = PskTable::new([psk(b"a"), psk(b"a\0b")]).unwrap();
        assert!(table.get(b"a\0").is_none());
        assert!(table.get(b"a\0b").is_some());
    }

    #[test]
    fn debug_prints_no_key_and_no_control_characters() {
        let psk = Psk::new(b"al\x1bice", b"0123456789abcdef").unwrap();
        let text = format!("{psk:?}");
        assert!(!text.contains("0123") && !text.contains('\x1b'), "{text}");
        assert!(printable(&[b'x'; 100]).ends_with("… (100 bytes)"));
        let ticket: Vec<u8> = (0..166).collect();
        let expected = "0001020304050607… (166 bytes, perhaps a ticket)";
        assert_eq!(printable(&ticket), expected);
    }
}
