//! Pre-shared keys: the callbacks that find them.
//!
//! OpenSSL's serve TLS 1.2 and 1.3. In TLS 1.3 a client is asked before its ClientHello, without a hint; before TLS 1.3 it is asked once
//! the server has given its hint, or none. A client of old versions alone is not asked before: it offers the suites, and the key
//! comes later.

use core::cell::RefCell;
use core::ffi::{CStr, c_char, c_int, c_uchar, c_uint};
use std::ffi::CString;
use std::sync::Arc;

use warifu::decision::Answer;
use warifu::parameters::{CipherSuite, ProtocolVersion};
use warifu::pki_types::ServerName;
use warifu::psk::{ChoosePsks, PskHash, PskRequest, PskRole, PskStore};
use warifu::{Error, Psk};
use zeroize::Zeroizing;

use crate::fault::Fault;
use crate::handle::{self, UserData};
use crate::question::ask;
use crate::reason;
use crate::session::SslSession;
use crate::settings::Settings;
use crate::ssl::Ssl;
use crate::x509::digest::Algorithm;

/// `PSK_MAX_IDENTITY_LEN`, without the NUL.
pub(crate) const MAX_IDENTITY_LEN: usize = 256;
/// `SSL_AD_HANDSHAKE_FAILURE`
const HANDSHAKE_FAILURE: c_int = 40;
/// `PSK_MAX_PSK_LEN`
pub(crate) const MAX_PSK_LEN: usize = 512;

/// `SSL_psk_client_cb_func`: hint; room for an identity; room for a key, whose length is returned.
pub(crate) type ClientCallback = unsafe extern "C" fn(
    *mut Ssl,
    *const c_char,
    *mut c_char,
    c_uint,
    *mut c_uchar,
    c_uint,
) -> c_uint;

/// `SSL_psk_server_cb_func`: identity; room for a key, whose length is returned.
pub(crate) type ServerCallback =
    unsafe extern "C" fn(*mut Ssl, *const c_char, *mut c_uchar, c_uint) -> c_uint;

/// wolfSSL's for TLS 1.3: as [`ClientCallback`], and the name of a cipher suite for the key.
pub(crate) type ClientSuiteCallback = unsafe extern "C" fn(
    *mut Ssl,
    *const c_char,
    *mut c_char,
    c_uint,
    *mut c_uchar,
    c_uint,
    *mut *const c_char,
) -> c_uint;

/// wolfSSL's for several identities: as [`ClientCallback`], asked once for each cipher suite, by its name.
pub(crate) type ClientForSuiteCallback = unsafe extern "C" fn(
    *mut Ssl,
    *const c_char,
    *mut c_char,
    c_uint,
    *mut c_uchar,
    c_uint,
    *const c_char,
) -> c_uint;

/// wolfSSL's for TLS 1.3: as [`ServerCallback`], and the name of a cipher suite for the key.
pub(crate) type ServerSuiteCallback = unsafe extern "C" fn(
    *mut Ssl,
    *const c_char,
    *mut c_uchar,
    c_uint,
    *mut *const c_char,
) -> c_uint;

/// `SSL_psk_use_session_cb_func`: the hash, if one is chosen already; where to store identity, its length, and a session.
pub(crate) type UseSession = unsafe extern "C" fn(
    *mut Ssl,
    *const Algorithm,
    *mut *const c_uchar,
    *mut usize,
    *mut *mut SslSession,
) -> c_int;

/// `SSL_psk_find_session_cb_func`: an identity and its length; where to store a session.
pub(crate) type FindSession =
    unsafe extern "C" fn(*mut Ssl, *const c_uchar, usize, *mut *mut SslSession) -> c_int;

/// What a context and a connection decide of it.
#[derive(Clone, Default)]
pub(crate) struct Callbacks {
    pub(crate) use_session: Option<UseSession>,
    pub(crate) find_session: Option<FindSession>,
    pub(crate) client: Option<ClientCallback>,
    pub(crate) client_suite: Option<ClientSuiteCallback>,
    pub(crate) client_for_suite: Option<ClientForSuiteCallback>,
    pub(crate) server: Option<ServerCallback>,
    pub(crate) server_suite: Option<ServerSuiteCallback>,
    /// What a server tells clients before TLS 1.3.
    pub(crate) hint: Option<CString>,
    /// The program's, for its callbacks to ask for.
    pub(crate) argument: UserData,
}

impl Callbacks {
    pub(crate) fn has_client(&self) -> bool {
        self.client.is_some()
            || self.client_suite.is_some()
            || self.client_for_suite.is_some()
            || self.use_session.is_some()
    }

    pub(crate) fn has_server(&self) -> bool {
        self.server.is_some() || self.server_suite.is_some() || self.find_session.is_some()
    }

    /// `SSL_CTX_use_psk_identity_hint`; `None` for none.
    ///
    /// # Errors
    /// A hint that is too long.
    pub(crate) fn set_hint(&mut self, hint: Option<&CStr>) -> Result<(), Fault> {
        if hint.is_some_and(|hint| hint.to_bytes().len() > MAX_IDENTITY_LEN) {
            return Err(Fault::ssl(
                reason::SSL_R_DATA_LENGTH_TOO_LONG,
                format!("an identity hint of more than {MAX_IDENTITY_LEN} bytes"),
            ));
        }
        self.hint = hint.filter(|hint| !hint.is_empty()).map(CStr::to_owned);
        Ok(())
    }
}

/// Names of a connection's key, as they were last given to C.
#[derive(Default)]
pub(crate) struct Names {
    identity: RefCell<Option<CString>>,
    hint: RefCell<Option<CString>>,
}

// What the protocol asks.

/// A client's choice.
#[derive(Debug)]
pub(crate) struct Client {
    /// Whether TLS 1.3 may be used, where keys are offered in the ClientHello.
    pub(crate) offers_in_hello: bool,
}

/// A server's look-up.
#[derive(Debug)]
pub(crate) struct Server;

impl ChoosePsks for Client {
    fn choose<'a>(&'a self, _: &'a ServerName<'a>) -> Answer<'a, Result<Arc<[Psk]>, Error>> {
        match self.offers_in_hello {
            true => ask(|ssl| Ok(ssl.psks_to_offer())),
            false => ask(|ssl| Ok(ssl.psks_for_session())),
        }
    }

    fn choose_by_hint<'a>(
        &'a self,
        _: &'a ServerName<'a>,
        hint: Option<&'a [u8]>,
        _: &'a Psk,
    ) -> Answer<'a, Result<Psk, Error>> {
        let hint = hint.map(<[u8]>::to_vec);
        ask(move |ssl| Ok(ssl.psk_for_hint(hint.as_deref())))
    }
}

impl PskStore for Server {
    fn find<'a>(&'a self, request: PskRequest<'a>) -> Answer<'a, Result<Option<Psk>, Error>> {
        // Imported keys are agreed upon by other means than these callbacks.
        if request.imported_context.is_some() {
            return Answer::Ready(Ok(None));
        }
        let identity = request.identity.to_vec();
        ask(move |ssl| Ok(ssl.find_psk(&identity)))
    }
}

/// The client's side for the configuration; `None` without callbacks.
pub(crate) fn client_of(settings: &Settings, highest: ProtocolVersion) -> Option<Client> {
    settings.psk.has_client().then_some(Client {
        offers_in_hello: highest >= ProtocolVersion::TLS1_3,
    })
}

impl Ssl {
    /// The keys for a ClientHello of TLS 1.3.
    fn psks_to_offer(&self) -> Result<Arc<[Psk]>, Error> {
        let callbacks = self.settings().psk.clone();
        let mut keys = Vec::new();
        if let Some(use_session) = callbacks.use_session {
            keys.extend(self.ask_for_psk_session(use_session)?);
        }
        if let Some(for_suite) = callbacks.client_for_suite {
            let suites = self.settings().ciphers.allowed();
            for suite in suites.into_iter().filter(|suite| suite.is_tls13()) {
                let (name, hash) = (suite.wolf_name(), hash_named(suite.name.to_bytes()));
                let key = self.ask_client(None, |ssl, hint, identity, len, key, max| {
                    // SAFETY: the program's function for this, with what it takes.
                    unsafe { for_suite(ssl, hint, identity, len, key, max, name.as_ptr()) }
                })?;
                let offered = |psk: &Psk| {
                    keys.iter()
                        .any(|other: &Psk| other.identity() == psk.identity())
                };
                if let Some(psk) = key.filter(|psk| !offered(psk)) {
                    keys.push(psk.with_hash(hash));
                }
            }
        } else if let Some(with_suite) = callbacks.client_suite {
            let mut suite = core::ptr::null();
            let key = self.ask_client(None, |ssl, hint, identity, len, key, max| {
                // SAFETY: the program's function for this, with what it takes.
                unsafe { with_suite(ssl, hint, identity, len, key, max, &raw mut suite) }
            })?;
            keys.extend(key.map(|psk| psk.with_hash(hash_of(suite))));
        } else if keys.is_empty() {
            // As in OpenSSL, where a session is chosen before a key.
            keys.extend(self.ask_plain_client(&callbacks, None)?);
        }
        Ok(keys.into())
    }

    /// The key under which a session was made that is to be resumed, for a client that offers no keys: it counts as long as the
    /// program still has it. Without a session a key that nobody gets to see: the choice by the hint comes before it is used.
    fn psks_for_session(&self) -> Result<Arc<[Psk]>, Error> {
        let resumes = self.sessions.current().is_some_and(|it| it.is_resumable());
        let known = match resumes {
            true => self.psk_for_hint(None).ok(),
            false => None,
        };
        let psk = match known {
            Some(psk) => psk,
            None => Psk::new("chosen later", [1; 32])
                .map_err(|error| Error::Application(error.to_string()))?,
        };
        Ok([psk].into())
    }

    /// The key that a program gives as a session.
    fn ask_for_psk_session(&self, use_session: UseSession) -> Result<Option<Psk>, Error> {
        let (mut identity, mut len) = (core::ptr::null(), 0);
        let mut session = core::ptr::null_mut();
        // SAFETY: the program's function for this, with what it takes. No hash is chosen before the ClientHello.
        let good = unsafe {
            use_session(
                self.handle(),
                core::ptr::null(),
                &raw mut identity,
                &raw mut len,
                &raw mut session,
            )
        };
        // SAFETY: null, or a reference that the callback gives away, by its contract.
        let session = unsafe { handle::take(session) };
        if good != 1 {
            return Err(refused(
                "the callback for pre-shared keys as sessions failed",
            ));
        }
        let Some(session) = session else {
            return Ok(None);
        };
        // SAFETY: so many bytes, which stay until the handshake is over, by the callback's contract.
        let identity = unsafe { handle::long_bytes(identity, len) };
        let identity = identity.map_err(|fault| refused(&fault.to_string()))?;
        psk_of_session(identity, &session).map(Some)
    }

    /// The key for a server of an older version.
    fn psk_for_hint(&self, hint: Option<&[u8]>) -> Result<Psk, Error> {
        let callbacks = self.settings().psk.clone();
        let hint = hint.map(CString::new).transpose();
        let hint = hint.map_err(|_| refused("the server's identity hint has a NUL inside"))?;
        let hint = hint.as_deref();
        let found = if callbacks.client.is_some() {
            self.ask_plain_client(&callbacks, hint)?
        } else if let Some(with_suite) = callbacks.client_suite {
            let mut suite = core::ptr::null();
            self.ask_client(hint, |ssl, hint, identity, len, key, max| {
                // SAFETY: the program's function for this, with what it takes.
                unsafe { with_suite(ssl, hint, identity, len, key, max, &raw mut suite) }
            })?
        } else {
            None
        };
        found.ok_or_else(|| {
            let fault = Fault::ssl(
                reason::SSL_R_PSK_IDENTITY_NOT_FOUND,
                "the program's callback has no pre-shared key for this server",
            );
            self.hello.refuse(HANDSHAKE_FAILURE, fault)
        })
    }

    fn ask_plain_client(
        &self,
        callbacks: &Callbacks,
        hint: Option<&CStr>,
    ) -> Result<Option<Psk>, Error> {
        let Some(callback) = callbacks.client else {
            return Ok(None);
        };
        self.ask_client(hint, |ssl, hint, identity, len, key, max| {
            // SAFETY: the program's function for this, with what it takes.
            unsafe { callback(ssl, hint, identity, len, key, max) }
        })
    }

    /// Calls a client's function, which writes identity and key to buffers.
    fn ask_client(
        &self,
        hint: Option<&CStr>,
        call: impl FnOnce(*mut Ssl, *const c_char, *mut c_char, c_uint, *mut c_uchar, c_uint) -> c_uint,
    ) -> Result<Option<Psk>, Error> {
        let hint = hint.map_or(core::ptr::null(), CStr::as_ptr);
        // One more than the longest identity, for its NUL.
        let mut identity = [0_u8; MAX_IDENTITY_LEN + 1];
        let mut key = Zeroizing::new([0_u8; MAX_PSK_LEN]);
        let len = call(
            self.handle(),
            hint,
            identity.as_mut_ptr().cast(),
            MAX_IDENTITY_LEN as c_uint,
            key.as_mut_ptr(),
            MAX_PSK_LEN as c_uint,
        );
        let Some(key) = written(key.as_slice(), len)? else {
            return Ok(None);
        };
        let identity = CStr::from_bytes_until_nul(&identity)
            .map_err(|_| refused("the callback wrote an identity without its NUL"))?;
        psk_of(identity.to_bytes(), key).map(Some)
    }

    /// The key of an identity, on a server.
    fn find_psk(&self, identity: &[u8]) -> Result<Option<Psk>, Error> {
        let callbacks = self.settings().psk.clone();
        if let Some(find_session) = callbacks.find_session {
            let mut session = core::ptr::null_mut();
            // SAFETY: the program's function for this, with what it takes.
            let good = unsafe {
                find_session(
                    self.handle(),
                    identity.as_ptr(),
                    identity.len(),
                    &raw mut session,
                )
            };
            // SAFETY: null, or a reference that the callback gives away, by its contract.
            let session = unsafe { handle::take(session) };
            if good != 1 {
                return Err(refused(
                    "the callback that finds pre-shared keys as sessions failed",
                ));
            }
            if let Some(session) = session {
                let psk = psk_of_session(identity, &session)?;
                // Early data needs a key that is not also that of this program's clients: no age tells theirs from others'.
                return Ok(Some(match session.values().max_early_data {
                    0 => psk,
                    _ => psk.with_role(PskRole::Server),
                }));
            }
        }
        // The other callbacks take strings: no key has an identity that is none.
        let Ok(text) = CString::new(identity) else {
            return Ok(None);
        };
        let mut key = Zeroizing::new([0_u8; MAX_PSK_LEN]);
        let (room, max) = (key.as_mut_ptr(), MAX_PSK_LEN as c_uint);
        let mut hash = PskHash::Sha256;
        let len = if let Some(with_suite) = callbacks.server_suite {
            let mut suite = core::ptr::null();
            // SAFETY: the program's function for this, with what it takes.
            let len =
                unsafe { with_suite(self.handle(), text.as_ptr(), room, max, &raw mut suite) };
            hash = hash_of(suite);
            len
        } else if let Some(callback) = callbacks.server {
            // SAFETY: the program's function for this, with what it takes.
            unsafe { callback(self.handle(), text.as_ptr(), room, max) }
        } else {
            0
        };
        match written(key.as_slice(), len)? {
            Some(key) => psk_of(identity, key).map(|psk| Some(psk.with_hash(hash))),
            None => Ok(None),
        }
    }

    /// `SSL_get_psk_identity`: the identity of the key in use, for C; null without one.
    pub(crate) fn psk_identity(&self) -> *const c_char {
        let identity = self.look(|connection| {
            let psk = connection.facts()?.psk.as_ref()?;
            CString::new(&*psk.identity).ok()
        });
        keep(&self.rare().psk_names.identity, identity.flatten())
    }

    /// `SSL_get_psk_identity_hint`: what the server said, or as a server what is said, for C; null if nothing.
    pub(crate) fn psk_identity_hint(&self) -> *const c_char {
        let told = self.look(|connection| {
            let legacy = connection.facts()?.legacy.as_ref()?;
            CString::new(&**legacy.psk_identity_hint.as_ref()?).ok()
        });
        let hint = told.flatten().or_else(|| self.settings().psk.hint.clone());
        keep(&self.rare().psk_names.hint, hint)
    }
}

/// Keeps a string for C until it is another one.
pub(crate) fn keep(slot: &RefCell<Option<CString>>, text: Option<CString>) -> *const c_char {
    let mut slot = slot.borrow_mut();
    if *slot != text {
        *slot = text;
    }
    slot.as_ref()
        .map_or(core::ptr::null(), |text| text.as_ptr())
}

/// What a callback wrote; `None` for nothing.
fn written(key: &[u8], len: c_uint) -> Result<Option<&[u8]>, Error> {
    if len == 0 {
        return Ok(None);
    }
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    let key = key.get(..len).ok_or_else(|| {
        refused("the callback for pre-shared keys returned more bytes than it was given room for")
    })?;
    Ok(Some(key))
}

fn psk_of(identity: &[u8], key: &[u8]) -> Result<Psk, Error> {
    match identity {
        // RFC 4279 Section 2: `opaque psk_identity<0..2^16-1>`. In TLS 1.3 it has a byte at least, and this key is left out.
        [] => Ok(named_psk(b"no identity", key)?.without_identity()),
        _ => named_psk(identity, key),
    }
}

fn named_psk(identity: &[u8], key: &[u8]) -> Result<Psk, Error> {
    // How long a key must be is the program's own decision here, as in OpenSSL.
    Psk::new_weak(identity, key).map_err(|error| Error::Application(error.to_string()))
}

/// The key in a session that a program made, for the hash of its cipher suite.
fn psk_of_session(identity: &[u8], session: &SslSession) -> Result<Psk, Error> {
    let material = session.key_material().ok_or_else(|| {
        refused("the session for a pre-shared key has no key: SSL_SESSION_set1_master_key")
    })?;
    let suite = material.suite.ok_or_else(|| {
        refused("the session for a pre-shared key has no cipher suite: SSL_SESSION_set_cipher")
    })?;
    let hash = match suite {
        CipherSuite::TLS_AES_256_GCM_SHA384 => PskHash::Sha384,
        _ => PskHash::Sha256,
    };
    let psk = named_psk(identity, &material.key)?.with_hash(hash);
    Ok(match material.max_early_data {
        0 => psk,
        most => psk
            .with_replayable_early_data(most)
            .with_early_data_suite(suite),
    })
}

fn refused(reason: &str) -> Error {
    Error::Application(reason.to_owned())
}

/// The hash of the suite that a callback named, SHA-256 if it named none.
fn hash_of(suite: *const c_char) -> PskHash {
    if suite.is_null() {
        return PskHash::Sha256;
    }
    // SAFETY: the callback's contract is to name a suite by a string that stays.
    hash_named(unsafe { CStr::from_ptr(suite) }.to_bytes())
}

fn hash_named(suite: &[u8]) -> PskHash {
    match suite.ends_with(b"SHA384") {
        true => PskHash::Sha384,
        false => PskHash::Sha256,
    }
}
