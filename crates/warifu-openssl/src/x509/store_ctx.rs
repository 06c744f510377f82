//! One verification (`X509_STORE_CTX`): a chain, what is trusted, and the outcome.
//!
//! What is refused, a callback may overrule, and the rest is verified: `check.rs`.

use core::ffi::{c_int, c_void};
use std::sync::{Arc, Mutex};

use warifu::CertificateError;
use warifu::decision::KeyUse;

use super::X509;
use super::check::Check;
use super::host;
use super::param::{self, Values, VerifyParam};
use super::store::Store;
use super::verify_code;
use crate::ex_data::ExData;
use crate::fault::Fault;
use crate::stack::{Pointer, Stack, lock};

/// Is told of each certificate and each error; returns 0 to end the verification as failed.
pub type VerifyCallback = unsafe extern "C" fn(c_int, *mut StoreCtx) -> c_int;

/// Most certificates in a chain; OpenSSL's limit for CAs in one is 100.
const CHAIN_LIMIT: usize = 100;

/// `X509_STORE_CTX`.
#[derive(Default)]
pub struct StoreCtx {
    state: Mutex<State>,
    ex_data: ExData,
}

/// What a verification is about, and how far it is.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) store: Option<Arc<Store>>,
    pub(crate) certificate: Option<Arc<X509>>,
    /// Further certificates of the peer, to build a path of.
    pub(crate) untrusted: Vec<Arc<X509>>,
    /// The stack that C gave them in.
    pub(crate) untrusted_stack: Option<Pointer>,
    pub(crate) param: Option<Arc<VerifyParam>>,
    pub(crate) callback: Option<VerifyCallback>,
    /// Whether the peer's key decrypts instead of signing.
    pub(crate) key_enciphers: bool,
    pub(crate) error: c_int,
    pub(crate) depth: c_int,
    pub(crate) current: Option<Arc<X509>>,
    pub(crate) chain: Option<Chain>,
    /// What was `chain` before the path was known: C may still have the stack.
    pub(crate) earlier_chain: Option<Chain>,
    /// What the TLS library said of the last error, and the number that was made of it.
    pub(crate) refusal: Option<(c_int, CertificateError)>,
}

/// The path that was found, leaf first.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) certificates: Vec<Arc<X509>>,
    /// The same for C, borrowed.
    pub(crate) stack: Box<Stack>,
}

impl Chain {
    pub(crate) fn new(certificates: Vec<Arc<X509>>) -> Self {
        let raw = |certificate: &Arc<X509>| Arc::as_ptr(certificate).cast_mut().cast::<c_void>();
        let stack = Stack::new(certificates.iter().map(raw).collect());
        Self {
            certificates,
            stack,
        }
    }
}

impl StoreCtx {
    /// A verification of a peer: `chain` as it came, leaf first.
    pub(crate) fn of_peer(
        store: Arc<Store>,
        param: Arc<VerifyParam>,
        chain: &[Arc<X509>],
    ) -> Arc<Self> {
        let context = Self::default();
        context.change(|state| {
            state.callback = store.callback();
            state.store = Some(store);
            state.param = Some(param);
            state.certificate = chain.first().cloned();
            state.untrusted = chain.to_vec();
        });
        Arc::new(context)
    }

    /// Looks at or changes the state. `change` must not call back into C.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut lock(&self.state))
    }

    pub(crate) fn ex_data_of(&self) -> &ExData {
        &self.ex_data
    }

    pub(crate) fn ex_data(&self, index: c_int) -> *mut c_void {
        self.ex_data.get(index)
    }

    pub(crate) fn set_ex_data(&self, index: c_int, pointer: *mut c_void) -> bool {
        self.ex_data.set(index, pointer)
    }

    pub(crate) fn error(&self) -> c_int {
        self.change(|state| state.error)
    }

    /// Forgets all of it, for [`X509_STORE_CTX_cleanup`](crate::entry).
    pub(crate) fn clear(&self) {
        let old = self.change(core::mem::take);
        drop(old);
    }

    /// Verifies the certificate, and tells the callback. Returns whether it is to be believed.
    ///
    /// # Errors
    /// Without a certificate or a store, and where the store cannot be used.
    pub(crate) fn verify(&self) -> Result<bool, Fault> {
        let outcome = self.decide();
        self.change(|state| {
            let believed = matches!(outcome, Ok(true));
            if !believed && state.error == verify_code::X509_V_OK {
                state.error = verify_code::X509_V_ERR_UNSPECIFIED;
            }
        });
        outcome
    }

    fn decide(&self) -> Result<bool, Fault> {
        let mut check = self.change(|state| {
            let missing = || Fault::misuse("a verification needs a store and a certificate");
            let store = state.store.clone().ok_or_else(missing)?;
            let mut values = state
                .param
                .as_ref()
                .map_or_else(Values::default, |param| param.values());
            values.inherit(&store.param().values());
            state.error = verify_code::X509_V_OK;
            values.supported()?;
            let leaf = state.certificate.clone().ok_or_else(missing)?;
            let chain = path(&leaf, &state.untrusted, &store, &values);
            state.refusal = None;
            state.chain = Some(Chain::new(chain.clone()));
            let key_use = if state.key_enciphers {
                KeyUse::KeyEncipherment
            } else {
                KeyUse::Signature
            };
            Ok::<_, Fault>(Check::new(store, values, chain, &state.untrusted, key_use))
        })?;
        self.run(&mut check)
    }

    fn run(&self, check: &mut Check) -> Result<bool, Fault> {
        while let Err(error) = check.verify()? {
            let (code, depth) = check.judge(&error);
            if !self.report(check, code, depth, Some(error.clone())) {
                return Ok(false);
            }
            if !check.overrule(&error, code, depth) {
                // Nothing of it can be left out: it is refused, whatever the callback said.
                self.change(|state| {
                    state.error = code;
                    state.refusal = Some((code, error));
                });
                return Ok(false);
            }
        }
        self.set_path(&check.chain);
        for (code, depth) in check.unsaid() {
            if !self.report(check, code, depth, None) {
                return Ok(false);
            }
        }
        if let Some(code) = self.names(check)
            && !self.report(check, code, 0, None)
        {
            return Ok(false);
        }
        for (depth, certificate) in check.chain.iter().enumerate().rev() {
            self.change(|state| {
                state.depth = c_int::try_from(depth).unwrap_or(c_int::MAX);
                state.current = Some(Arc::clone(certificate));
            });
            if !self.ask(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn set_path(&self, path: &[Arc<X509>]) {
        let replaced = self.change(|state| {
            let chain = state.chain.as_ref();
            let same = chain.is_some_and(|chain| {
                let ders = chain.certificates.iter().map(|one| one.der());
                ders.eq(path.iter().map(|one| one.der()))
            });
            if same {
                return None;
            }
            let chain = state.chain.replace(Chain::new(path.to_vec()));
            core::mem::replace(&mut state.earlier_chain, chain)
        });
        drop(replaced);
    }

    /// The error of a name that was asked for and is not there.
    fn names(&self, check: &Check) -> Option<c_int> {
        let values = &check.values;
        let leaf = check.chain.first()?;
        if !values.hosts.is_empty() {
            let mut hosts = values.hosts.iter();
            let found =
                hosts.find_map(|wanted| host::matching_host(leaf, wanted, values.host_flags));
            self.change(|state| {
                if let Some(param) = &state.param {
                    param.change(|values| values.peer_name.clone_from(&found));
                }
            });
            if found.is_none() {
                return Some(verify_code::X509_V_ERR_HOSTNAME_MISMATCH);
            }
        }
        if !values.email.is_empty() && host::matching_email(leaf, &values.email, 0).is_none() {
            return Some(verify_code::X509_V_ERR_EMAIL_MISMATCH);
        }
        let wrong_address = !values.address.is_empty() && !host::has_address(leaf, &values.address);
        wrong_address.then_some(verify_code::X509_V_ERR_IP_ADDRESS_MISMATCH)
    }

    /// Tells the callback of an error; returns whether it is overruled.
    fn report(
        &self,
        check: &Check,
        code: c_int,
        depth: usize,
        refusal: Option<CertificateError>,
    ) -> bool {
        self.change(|state| {
            state.error = code;
            state.depth = c_int::try_from(depth).unwrap_or(c_int::MAX);
            state.current = check.chain.get(depth).cloned();
            state.refusal = refusal.map(|refusal| (code, refusal));
        });
        self.ask(false)
    }

    /// Without a callback the outcome is what it is.
    fn ask(&self, ok: bool) -> bool {
        let Some(callback) = self.change(|state| state.callback) else {
            return ok;
        };
        let this = core::ptr::from_ref(self).cast_mut();
        // SAFETY: the function that C set for this, with what it takes; nothing of this object is borrowed meanwhile. It is
        // given back to functions of this API only, which never write through the pointer itself.
        unsafe { callback(c_int::from(ok), this) != 0 }
    }
}

/// The path from the leaf upwards, by names and key identifiers: where two CAs have the same ones, the store's is taken.
pub(crate) fn path(
    leaf: &Arc<X509>,
    untrusted: &[Arc<X509>],
    store: &Store,
    values: &Values,
) -> Vec<Arc<X509>> {
    let trusted = store.certificates();
    let mut chain = vec![Arc::clone(leaf)];
    while let Some(last) = chain.last()
        && chain.len() < CHAIN_LIMIT
    {
        let is_trusted = |wanted: &X509| trusted.iter().any(|known| known.der() == wanted.der());
        let is_partial = values.flags & param::PARTIAL_CHAIN != 0 && is_trusted(last);
        if last.is_self_issued() || is_partial {
            break;
        }
        let issuer = trusted.iter().chain(untrusted).find(|candidate| {
            last.may_be_issued_by(candidate)
                && chain.iter().all(|known| known.der() != candidate.der())
        });
        match issuer {
            Some(issuer) => chain.push(Arc::clone(issuer)),
            None => break,
        }
    }
    chain
}
