//! Own certificates and keys: one of each kind of key, as in OpenSSL.

use std::sync::{Arc, OnceLock};

use warifu::Credential;
use warifu::credential::Credentials;

use crate::fault::Fault;
use crate::reason;
use crate::stack::Stack;
use crate::x509::purpose::key_mismatch;
use crate::x509::{KeyKind, Pkey, X509};

/// The certificates and keys of a context or connection.
#[derive(Clone, Default)]
pub(crate) struct Material {
    pairs: Vec<Pair>,
    /// The kind of what was set last: `SSL_CTX_check_private_key` and the chain functions mean that pair.
    current: Option<KeyKind>,
    /// Sent after each leaf that has no chain of its own (`SSL_CTX_add_extra_chain_cert`).
    extra_chain: Vec<Arc<X509>>,
    /// The same for C, made when it is asked for.
    extra_stack: OnceLock<Arc<Stack>>,
}

/// A certificate and its key; each may still be missing.
#[derive(Clone)]
struct Pair {
    kind: KeyKind,
    leaf: Option<Arc<X509>>,
    chain: Vec<Arc<X509>>,
    /// The same for C, made when it is asked for.
    stack: OnceLock<Arc<Stack>>,
    key: Option<Arc<Pkey>>,
}

impl Material {
    /// `SSL_CTX_use_certificate`: a leaf in place of the one with the same kind of key. A key that does not belong to it is
    /// forgotten.
    ///
    /// # Errors
    /// A certificate whose key is of no kind that TLS signs with.
    pub(crate) fn use_certificate(&mut self, leaf: Arc<X509>) -> Result<(), Fault> {
        let kind = leaf.key_kind()?;
        let pair = self.pair_of(kind);
        if pair.key.as_ref().is_some_and(|key| !key.belongs_to(&leaf)) {
            pair.key = None;
        }
        pair.leaf = Some(leaf);
        Ok(())
    }

    /// `SSL_CTX_use_certificate_chain_file`: a leaf, and what follows it.
    ///
    /// # Errors
    /// As [`use_certificate`](Self::use_certificate); no certificate at all.
    pub(crate) fn use_chain(&mut self, mut chain: Vec<Arc<X509>>) -> Result<(), Fault> {
        if chain.is_empty() {
            return Err(no_certificate());
        }
        self.use_certificate(chain.remove(0))?;
        self.set_chain(chain)
    }

    /// `SSL_CTX_use_PrivateKey`.
    ///
    /// # Errors
    /// The key does not belong to the certificate of its kind.
    pub(crate) fn use_key(&mut self, key: Arc<Pkey>) -> Result<(), Fault> {
        let kind = key.kind()?;
        let fits = |pair: &Pair| pair.leaf.as_ref().is_none_or(|leaf| key.belongs_to(leaf));
        if !self.pairs.iter().filter(|pair| pair.kind == kind).all(fits) {
            return Err(key_mismatch());
        }
        self.pair_of(kind).key = Some(key);
        Ok(())
    }

    /// `SSL_CTX_set1_chain`: what follows the current leaf.
    ///
    /// # Errors
    /// There is no current leaf.
    pub(crate) fn set_chain(&mut self, chain: Vec<Arc<X509>>) -> Result<(), Fault> {
        let pair = self.current_mut().ok_or_else(no_certificate)?;
        pair.chain = chain;
        pair.stack.take();
        Ok(())
    }

    /// `SSL_CTX_add1_chain_cert`.
    ///
    /// # Errors
    /// There is no current leaf.
    pub(crate) fn add_to_chain(&mut self, certificate: Arc<X509>) -> Result<(), Fault> {
        let pair = self.current_mut().ok_or_else(no_certificate)?;
        pair.chain.push(certificate);
        pair.stack.take();
        Ok(())
    }

    /// What follows the current leaf, on a stack that stays until that changes; null without a leaf.
    pub(crate) fn chain_stack(&self) -> *mut Stack {
        let stack = self
            .current()
            .map(|pair| pair.stack.get_or_init(|| stack_of(&pair.chain)));
        stack.map_or(core::ptr::null_mut(), |stack| Arc::as_ptr(stack).cast_mut())
    }

    /// `SSL_CTX_add_extra_chain_cert`
    pub(crate) fn add_to_extra_chain(&mut self, certificate: Arc<X509>) {
        self.extra_chain.push(certificate);
        self.extra_stack.take();
    }

    /// As [`chain_stack`](Self::chain_stack), of what was added by [`add_to_extra_chain`](Self::add_to_extra_chain).
    pub(crate) fn extra_chain_stack(&self) -> *mut Stack {
        let stack = self.extra_stack.get_or_init(|| stack_of(&self.extra_chain));
        Arc::as_ptr(stack).cast_mut()
    }

    pub(crate) fn clear_extra_chain(&mut self) {
        self.extra_chain.clear();
        self.extra_stack.take();
    }

    /// The current leaf.
    pub(crate) fn certificate(&self) -> Option<&Arc<X509>> {
        self.current()?.leaf.as_ref()
    }

    /// The key of the current leaf.
    pub(crate) fn key(&self) -> Option<&Arc<Pkey>> {
        self.current()?.key.as_ref()
    }

    /// Whether there is a certificate with this kind of key.
    pub(crate) fn has(&self, kind: KeyKind) -> bool {
        let is_it = |pair: &Pair| pair.kind == kind && pair.leaf.is_some();
        self.pairs.iter().any(is_it)
    }

    /// `SSL_certs_clear`
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// `SSL_CTX_check_private_key`: whether the current pair is complete and belongs together.
    ///
    /// # Errors
    /// What is missing, or that the two do not match.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        let pair = self.current().ok_or_else(no_certificate)?;
        let leaf = pair.leaf.as_ref().ok_or_else(no_certificate)?;
        let key = pair.key.as_ref().ok_or_else(|| {
            Fault::ssl(
                reason::SSL_R_NO_PRIVATE_KEY_ASSIGNED,
                "the certificate has no private key yet: SSL_CTX_use_PrivateKey_file",
            )
        })?;
        match key.belongs_to(leaf) {
            true => Ok(()),
            false => Err(key_mismatch()),
        }
    }

    /// The pairs that are complete; `None` if none is.
    ///
    /// # Errors
    /// A pair that TLS cannot use.
    pub(crate) fn credentials(&self) -> Result<Option<Credentials>, Fault> {
        let mut list = Vec::new();
        for pair in &self.pairs {
            if let (Some(leaf), Some(key)) = (&pair.leaf, &pair.key) {
                let chain = match pair.chain.as_slice() {
                    [] => &self.extra_chain,
                    chain => chain,
                };
                list.push(Arc::new(credential(leaf, chain, key)?));
            }
        }
        Ok((!list.is_empty()).then(|| Credentials::new(list)))
    }

    fn current(&self) -> Option<&Pair> {
        let kind = self.current?;
        self.pairs.iter().find(|pair| pair.kind == kind)
    }

    fn current_mut(&mut self) -> Option<&mut Pair> {
        let kind = self.current?;
        self.pairs.iter_mut().find(|pair| pair.kind == kind)
    }

    /// The pair of this kind, which becomes the current one.
    fn pair_of(&mut self, kind: KeyKind) -> &mut Pair {
        self.current = Some(kind);
        let index = match self.pairs.iter().position(|pair| pair.kind == kind) {
            Some(index) => index,
            None => {
                self.pairs.push(Pair {
                    kind,
                    leaf: None,
                    chain: Vec::new(),
                    stack: OnceLock::new(),
                    key: None,
                });
                self.pairs.len() - 1
            }
        };
        // There is one: the position was found, or made.
        #[allow(clippy::indexing_slicing)]
        &mut self.pairs[index]
    }
}

/// Certificates as C sees them; whoever keeps the stack keeps those too.
fn stack_of(certificates: &[Arc<X509>]) -> Arc<Stack> {
    let pointers = certificates
        .iter()
        .map(|one| Arc::as_ptr(one).cast_mut().cast());
    Arc::from(Stack::new(pointers.collect()))
}

fn credential(leaf: &X509, chain: &[Arc<X509>], key: &Pkey) -> Result<Credential, Fault> {
    let mut certificates = vec![leaf.der().clone()];
    certificates.extend(chain.iter().map(|certificate| certificate.der().clone()));
    Credential::builder()
        .with_certificates(certificates)
        .with_key_bytes(key.pkcs8()?.as_bytes())
        .build()
        .map_err(|error| Fault::ssl(reason::SSL_R_BAD_VALUE, error.to_string()))
}

fn no_certificate() -> Fault {
    Fault::ssl(
        reason::SSL_R_NO_CERTIFICATE_ASSIGNED,
        "there is no certificate yet: SSL_CTX_use_certificate_file",
    )
}
