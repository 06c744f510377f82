//! Whether the peer is believed: `SSL_CTX_set_verify` and what belongs to it.

use core::cell::{OnceCell, RefCell};
use core::ffi::{c_char, c_int, c_long, c_uint, c_void};
use std::ffi::CString;
use std::rc::Rc;
use std::sync::Arc;

use warifu::decision::{Answer, KeyUse, PeerRole, PresentedChain, VerifyPeer};
use warifu::parameters::SignatureScheme;
use warifu::pki_types::{CertificateDer, UnixTime};
use warifu::trust::Leniency;
use warifu::{CertificateError, ClientAuth, Error, Trust};

use crate::fault::Fault;
use crate::handle::UserData;
use crate::method::Role;
use crate::psk::keep;
use crate::question::ask;
use crate::reason;
use crate::settings::Settings;
use crate::ssl::Ssl;
use crate::ssl::outcome::Want;
use crate::stack::Stack;
use crate::x509::param::{self, Values, VerifyParam};
use crate::x509::store::{CrlCheck, Rules};
use crate::x509::store_ctx::{Chain, VerifyCallback};
use crate::x509::verify_code::{self, X509_V_OK};
use crate::x509::{Store, StoreCtx, X509};
use crate::x509::{check, host, refusal};

/// `SSL_VERIFY_…`
pub(crate) const VERIFY_PEER: c_int = 1;
pub(crate) const VERIFY_FAIL_IF_NO_PEER_CERT: c_int = 2;
pub(crate) const VERIFY_CLIENT_ONCE: c_int = 4;
pub(crate) const VERIFY_POST_HANDSHAKE: c_int = 8;

/// The index under which a verification has its connection (`SSL_get_ex_data_X509_STORE_CTX_idx`).
pub(crate) const SSL_INDEX: c_int = 0;

/// A verification of the program's own: `SSL_CTX_set_cert_verify_callback`.
pub(crate) type VerifyChain = unsafe extern "C" fn(*mut StoreCtx, *mut c_void) -> c_int;

/// What a context and a connection decide of it.
#[derive(Clone)]
pub(crate) struct Verification {
    /// `SSL_VERIFY_…`; `None`: nothing was said.
    mode: Option<c_int>,
    pub(crate) callback: Option<VerifyCallback>,
    pub(crate) verify_chain: Option<(VerifyChain, UserData)>,
    pub(crate) store: Arc<Store>,
    /// In place of `store`, for verification alone.
    pub(crate) verify_store: Option<Arc<Store>>,
}

impl Verification {
    pub(crate) fn new() -> Self {
        Self {
            mode: None,
            callback: None,
            verify_chain: None,
            store: Arc::new(Store::new()),
            verify_store: None,
        }
    }

    pub(crate) fn set(&mut self, mode: c_int) {
        self.mode = Some(mode);
    }

    /// What the sentence of a refusal goes on with: that nothing is trusted, and that the program did not ask for verification.
    fn why(&self, role: Option<Role>, error: &CertificateError) -> String {
        use CertificateError as E;

        let mut why = String::new();
        let unknown = matches!(error, E::UnknownIssuer { .. } | E::SelfSigned { .. });
        if unknown && self.verify_chain.is_none() && self.trusted().certificates().is_empty() {
            why += "; no CA certificate is loaded";
        }
        if role == Some(Role::Client) && self.mode.is_none() {
            why += " (a client verifies by default: SSL_CTX_load_verify_locations loads CAs, SSL_CTX_set_verify decides otherwise)";
        }
        why
    }

    /// `SSL_VERIFY_…`, as it is for this role: a client verifies unless it was told otherwise.
    pub(crate) fn mode(&self, role: Option<Role>) -> c_int {
        self.mode.unwrap_or(match role {
            Some(Role::Server) => 0,
            _ => VERIFY_PEER,
        })
    }

    /// `SSL_set_SSL_CTX`: goes on with what another context trusts. Mode and callback stay.
    pub(crate) fn switch(&mut self, other: &Self) {
        self.store = other.store.clone();
        self.verify_store = other.verify_store.clone();
        self.verify_chain = other.verify_chain;
    }

    pub(crate) fn trusted(&self) -> &Arc<Store> {
        self.verify_store.as_ref().unwrap_or(&self.store)
    }
}

/// What a connection knows of its peer's certificates.
pub(crate) struct Verified {
    /// As the peer sent them, leaf first.
    pub(crate) chain: Option<Arc<[CertificateDer<'static>]>>,
    /// `X509_V_OK` or `X509_V_ERR_…`
    pub(crate) result: c_long,
    /// `chain` as C sees it, made when it is asked for.
    objects: OnceCell<Arc<[Arc<X509>]>>,
    /// The same on stacks: all, and all but the first.
    stacks: [OnceCell<Rc<Stack>>; 2],
    /// The certificates from the peer's to the trusted one; made when it is asked for, where nothing else needed it before.
    path: OnceCell<Chain>,
    /// By what `path` can be found; `None`: it was found, or nobody was believed.
    verified_by: Option<Box<VerifiedBy>>,
    /// The last one given to C.
    peer_name: RefCell<Option<CString>>,
}

impl Default for Verified {
    fn default() -> Self {
        Self {
            chain: None,
            result: X509_V_OK.into(),
            objects: OnceCell::new(),
            stacks: Default::default(),
            path: OnceCell::new(),
            verified_by: None,
            peer_name: RefCell::default(),
        }
    }
}

/// By what a chain was believed.
pub(crate) struct VerifiedBy {
    trust: Arc<Trust>,
    store: Arc<Store>,
    rules: Rules,
    asked: Asked,
}

/// Asks the connection to verify its peer.
#[derive(Debug)]
pub(crate) struct Verifier {
    trust: Arc<Trust>,
    /// Distinguished names that a server tells its clients.
    authorities: Vec<Vec<u8>>,
}

impl Verifier {
    /// # Errors
    /// The store cannot be used.
    pub(crate) fn new(settings: &Settings, role: Role) -> Result<Self, Fault> {
        let verification = &settings.verification;
        let rules = Rules::of(&values(Values::default(), role));
        Ok(Self {
            trust: verification.trusted().trust(rules)?,
            authorities: settings.client_authorities(),
        })
    }
}

impl VerifyPeer for Verifier {
    fn verify<'a>(&'a self, chain: PresentedChain<'a>) -> Answer<'a, Result<(), CertificateError>> {
        let asked = Asked {
            certificates: chain.certificates.into(),
            role: match chain.role {
                PeerRole::Server(_) => Role::Server,
                PeerRole::Client => Role::Client,
            },
            key_use: chain.key_use,
            now: chain.now,
            ocsp_response: chain.ocsp_response.to_vec(),
        };
        ask(move |ssl| ssl.verify_peer(&asked))
    }

    fn chain_schemes(&self) -> &[SignatureScheme] {
        self.trust.chain_schemes()
    }

    fn authorities(&self) -> &[Vec<u8>] {
        &self.authorities
    }

    fn allows(&self, rule: Leniency) -> bool {
        self.trust.allows(rule)
    }
}

/// Whether a server asks its clients for certificates.
///
/// # Errors
/// The store cannot be used.
pub(crate) fn client_auth(settings: &Settings) -> Result<ClientAuth, Fault> {
    let mode = settings.verification.mode(Some(Role::Server));
    if mode & VERIFY_PEER == 0 {
        // It may want to later, when the handshake is over.
        let verifier = Verifier::new(settings, Role::Client);
        return Ok(verifier.map_or(ClientAuth::Off, ClientAuth::post_handshake));
    }
    let verifier = Verifier::new(settings, Role::Client)?;
    let required = mode & VERIFY_FAIL_IF_NO_PEER_CERT != 0;
    // Who speaks an older version cannot be asked later.
    Ok(match (mode & VERIFY_POST_HANDSHAKE != 0, required) {
        (true, true) => ClientAuth::post_handshake_or_required(verifier),
        (true, false) => ClientAuth::post_handshake_or_optional(verifier),
        (false, true) => ClientAuth::required(verifier),
        (false, false) => ClientAuth::optional(verifier),
    })
}

/// A chain to be verified.
#[derive(Clone)]
struct Asked {
    certificates: Arc<[CertificateDer<'static>]>,
    /// Of the peer.
    role: Role,
    key_use: KeyUse,
    now: UnixTime,
    /// As the peer stapled it; empty if it did not.
    ocsp_response: Vec<u8>,
}

/// The values of a verification; the peer's role gives the purpose, where none was set.
fn values(mut values: Values, peer: Role) -> Values {
    if values.purpose == 0 {
        values.purpose = match peer {
            Role::Server => param::SSL_SERVER,
            Role::Client => param::SSL_CLIENT,
        };
    }
    values
}

impl Ssl {
    /// Verifies the peer's chain, as this connection was told to.
    fn verify_peer(&self, asked: &Asked) -> Result<Result<(), CertificateError>, Want> {
        let settings = self.settings();
        let verification = &settings.verification;
        self.verified.replace(Verified {
            chain: Some(asked.certificates.clone()),
            result: verify_code::X509_V_ERR_UNSPECIFIED.into(),
            ..Verified::default()
        });
        let is_client = asked.role == Role::Server;
        if is_client {
            self.hello.set_ocsp_response(asked.staple());
        }
        let at_once = asked.believed_at_once(verification, self.param.values());
        let refused = if let Some((by, peer_name)) = at_once {
            self.param.change(|values| values.peer_name = peer_name);
            let mut verified = self.verified.borrow_mut();
            verified.result = X509_V_OK.into();
            verified.verified_by = Some(Box::new(by));
            Ok(())
        } else {
            self.verify_at_length(asked, verification)?
        };
        let mode = verification.mode(self.role());
        let believed = is_client && mode & VERIFY_PEER == 0 || refused.is_ok();
        if is_client && believed {
            return Ok(self.judge_staple());
        }
        Ok(refused)
    }

    /// With OpenSSL's numbers, depths and callbacks.
    fn verify_at_length(
        &self,
        asked: &Asked,
        verification: &Verification,
    ) -> Result<Result<(), CertificateError>, Want> {
        let chain = match objects_of(&asked.certificates) {
            Ok(chain) => chain,
            Err(fault) => {
                let reason = fault.to_string();
                return Ok(Err(CertificateError::Malformed { reason }));
            }
        };
        let param = Arc::new(VerifyParam::of(values(self.param.values(), asked.role)));
        let context = StoreCtx::of_peer(verification.trusted().clone(), param.clone(), &chain);
        context.change(|state| {
            state.key_enciphers = asked.key_use == KeyUse::KeyEncipherment;
            if let Some(callback) = verification.callback {
                state.callback = Some(callback);
            }
        });
        context.set_ex_data(SSL_INDEX, self.handle().cast());
        let believed = match verification.verify_chain {
            None => context.verify().unwrap_or_else(|fault| {
                context.change(|state| {
                    state.error = verify_code::X509_V_ERR_UNSPECIFIED;
                    state.refusal = Some((state.error, refused(&fault.to_string())));
                });
                false
            }),
            Some((verify_chain, argument)) => {
                self.retry_verify.set(false);
                let handle = Arc::as_ptr(&context).cast_mut();
                // SAFETY: the function that the program set for this, with its argument; nothing is borrowed meanwhile.
                let believed = unsafe { verify_chain(handle, argument.0) } > 0;
                if self.retry_verify.take() {
                    return Err(Want::RetryVerify);
                }
                believed
            }
        };
        let (code, refusal, about, path) = context.change(|state| {
            (
                state.error,
                state.refusal.take(),
                state.current.take(),
                state.chain.take(),
            )
        });
        // The name that matched is the connection's to tell.
        let peer_name = param.values().peer_name;
        self.param.change(|values| values.peer_name = peer_name);
        let code = match (believed, code) {
            (false, X509_V_OK) => verify_code::X509_V_ERR_APPLICATION_VERIFICATION,
            (_, code) => code,
        };
        {
            let mut verified = self.verified.borrow_mut();
            verified.result = code.into();
            if let Some(path) = path {
                verified.path = OnceCell::from(path);
            }
        }
        if believed {
            return Ok(Ok(()));
        }
        // A callback may have decided otherwise than what it was told.
        let refusal = refusal.filter(|(told, _)| *told == code);
        Ok(Err(match (refusal, chain.first()) {
            (Some((_, refusal)), _) => refusal,
            (None, Some(leaf)) => {
                let about = about.as_ref().unwrap_or(leaf);
                refusal::of_code(code, leaf, about, chain.len(), &param.values())
            }
            (None, None) => refused(&verify_code::words(code).to_string_lossy()),
        }))
    }
}

impl Ssl {
    /// The failure of the connection, as C is told.
    pub(crate) fn fault_of(&self, error: &Error) -> Fault {
        let fault = Fault::from_error(error);
        // What a callback said of it counts more than what the protocol was told, every time that it is asked for.
        if let (Some(refusal), false) = (self.hello.refusal(), matches!(error, Error::Usage(_))) {
            return refusal;
        }
        match error {
            Error::Certificate(error) if fault.is_ssl(reason::SSL_R_CERTIFICATE_VERIFY_FAILED) => {
                let verification = &self.settings().verification;
                fault.and(&verification.why(self.role(), error))
            }
            _ => fault,
        }
    }

    /// The peer's certificates as it sent them, leaf first.
    pub(crate) fn peer_certificates(&self) -> Result<Arc<[Arc<X509>]>, Fault> {
        let verified = self.verified.borrow();
        if let Some(objects) = verified.objects.get() {
            return Ok(objects.clone());
        }
        let objects: Arc<[_]> = objects_of(verified.chain.as_deref().unwrap_or_default())?.into();
        Ok(verified.objects.get_or_init(|| objects).clone())
    }

    /// The same on a stack that the connection keeps, less the first `skipped`, which is 0 or 1.
    pub(crate) fn peer_chain(&self, skipped: usize) -> Result<*mut Stack, Fault> {
        let objects = self.peer_certificates()?;
        if objects.is_empty() {
            return Err(Fault::Quiet);
        }
        let verified = self.verified.borrow();
        let slot = verified.stacks.get(skipped).ok_or(Fault::Quiet)?;
        let pointers = objects
            .iter()
            .skip(skipped)
            .map(|one| Arc::as_ptr(one).cast_mut().cast());
        let stack = slot.get_or_init(|| Rc::from(Stack::new(pointers.collect())));
        Ok(Rc::as_ptr(stack).cast_mut())
    }

    /// `SSL_get0_verified_chain`: from the peer's certificate to the trusted one, if this connection verified it and it was
    /// believed. The connection keeps the stack.
    pub(crate) fn verified_chain(&self) -> Result<*mut Stack, Fault> {
        let objects = self.peer_certificates()?;
        let verified = self.verified.borrow();
        if verified.result != X509_V_OK.into() {
            return Err(Fault::Quiet);
        }
        if verified.path.get().is_none() {
            let by = verified.verified_by.as_ref().ok_or(Fault::Quiet)?;
            let path = Chain::new(by.path(&objects)?);
            let _ = verified.path.set(path);
        }
        let path = verified.path.get().ok_or(Fault::Quiet)?;
        Ok(core::ptr::from_ref::<Stack>(&path.stack).cast_mut())
    }

    /// The certificate's name that matched, for C.
    pub(crate) fn peer_name(&self) -> *const c_char {
        let name = self.param.values().peer_name;
        let name = name.and_then(|name| CString::new(name).ok());
        keep(&self.verified.borrow().peer_name, name)
    }
}

/// Certificates as C sees them. Those behind the first one need not be of use: what cannot be read of them is passed over.
fn objects_of(chain: &[CertificateDer<'static>]) -> Result<Vec<Arc<X509>>, Fault> {
    let read = |(index, der): (usize, &CertificateDer<'static>)| {
        let certificate = X509::from_der(der.clone());
        (index == 0 || certificate.is_ok()).then_some(certificate)
    };
    chain.iter().enumerate().filter_map(read).collect()
}

/// A refusal of the program's, or of a name.
fn refused(reason: &str) -> CertificateError {
    CertificateError::Refused {
        reason: reason.to_owned(),
    }
}

impl Asked {
    fn staple(&self) -> Option<Arc<[u8]>> {
        let response = self.ocsp_response.as_slice();
        (!response.is_empty()).then(|| response.into())
    }

    /// The common case: nobody wants to be asked, and all is well. With it the name of the certificate that matched, if the program
    /// named a host.
    fn believed_at_once(
        &self,
        verification: &Verification,
        mut wanted: Values,
    ) -> Option<(VerifiedBy, Option<String>)> {
        let store = verification.trusted();
        let decides = verification.callback.is_some() || verification.verify_chain.is_some();
        if decides || store.callback().is_some() {
            return None;
        }
        wanted.inherit(&store.param().values());
        let peer_name = match wanted.hosts.as_slice() {
            [] => None,
            hosts => Some(self.matching_name(hosts, wanted.host_flags)?),
        };
        let rules = rules_alone(wanted, self.role)?;
        let trust = store.trust(rules).ok()?;
        let believed = self.presented(|presented| trust.check(presented).is_ok());
        let by = believed.then(|| VerifiedBy {
            trust,
            store: store.clone(),
            rules,
            asked: self.clone(),
        });
        Some((by?, peer_name))
    }

    /// The name of the leaf that is one of these hosts', as far as that can be told at once.
    fn matching_name(&self, hosts: &[Vec<u8>], flags: c_uint) -> Option<String> {
        let leaf = self.certificates.first()?;
        let mut found = hosts
            .iter()
            .filter_map(|wanted| host::matching_alternative(leaf, wanted, flags));
        Some(String::from_utf8_lossy(found.next()?).into_owned())
    }

    /// The chain as the TLS library takes it, under any name.
    fn presented<T>(&self, look: impl FnOnce(&PresentedChain<'_>) -> T) -> T {
        let nobody = std::net::Ipv4Addr::UNSPECIFIED.into();
        let role = match self.role {
            Role::Server => PeerRole::Server(&nobody),
            Role::Client => PeerRole::Client,
        };
        let mut presented = PresentedChain::new(&self.certificates, role, self.now);
        presented.key_use = self.key_use;
        look(&presented)
    }
}

impl VerifiedBy {
    /// From the peer's certificate to the trusted one. `objects` are the peer's.
    fn path(&self, objects: &[Arc<X509>]) -> Result<Vec<Arc<X509>>, Fault> {
        let path = self
            .asked
            .presented(|chain| self.trust.verified_path(chain));
        let path = path.map_err(|error| Fault::internal(error.to_string()))?;
        let leaf = objects.first().ok_or(Fault::Quiet)?;
        check::certificates(leaf, &path, objects, &self.store.anchors(self.rules))
    }
}

/// The rules, where nothing but them and a host's name is asked for.
fn rules_alone(wanted: Values, peer: Role) -> Option<Rules> {
    let plain = wanted.address.is_empty()
        && wanted.email.is_empty()
        && wanted.depth.is_none()
        && wanted.purpose == 0
        && wanted.supported().is_ok()
        && wanted.flags & param::USE_CHECK_TIME == 0;
    let rules = plain.then(|| Rules::of(&values(wanted, peer)))?;
    // A revocation list may be missing, for one certificate or for all: that has a number of its own.
    (rules.crl == CrlCheck::None).then_some(rules)
}
