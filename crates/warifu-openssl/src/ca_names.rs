//! Lists of CA names: those that a server tells its clients, and those that a peer has told.

use core::ffi::c_void;
use std::sync::Arc;

use crate::fault::Fault;
use crate::handle;
use crate::stack::Stack;
use crate::x509::name::Name;
use crate::x509::{X509, load};

/// A stack of names (`STACK_OF(X509_NAME)`) with the names in it, for C to look at.
#[derive(Debug)]
pub(crate) struct NameStack {
    stack: Box<Stack>,
}

impl NameStack {
    /// Takes over a stack of C's, and one reference to each name in it.
    ///
    /// # Safety
    /// The stack came from [`Stack`] as a box, its elements are `Name`s from [`handle::into_raw`], and both are the caller's to give.
    pub(crate) unsafe fn adopt(stack: *mut Stack) -> Option<Self> {
        if stack.is_null() {
            return None;
        }
        // SAFETY: the caller's promise.
        let stack = unsafe { Box::from_raw(stack) };
        Some(Self { stack })
    }

    fn of(names: impl IntoIterator<Item = Arc<Name>>) -> Self {
        Self {
            stack: Stack::of_objects(names),
        }
    }

    /// The names that a peer has sent, DER each; `None` if there are none.
    pub(crate) fn of_der(names: &[Vec<u8>]) -> Option<Self> {
        let names: Vec<_> = names
            .iter()
            .filter_map(|name| Name::from_der(name).ok())
            .collect();
        (!names.is_empty()).then(|| Self::of(names))
    }

    pub(crate) fn handle(&self) -> *mut Stack {
        core::ptr::from_ref(&*self.stack).cast_mut()
    }

    pub(crate) fn names(&self) -> Vec<Arc<Name>> {
        // SAFETY: the stack holds nothing but names, of which it has a reference each.
        unsafe { Stack::shared(self.handle()) }.unwrap_or_default()
    }

    fn push(&self, name: Arc<Name>) -> Result<(), Fault> {
        let name = handle::into_raw(name).cast::<c_void>();
        // SAFETY: just made.
        let give_back = || drop(unsafe { handle::take(name.cast::<Name>()) });
        self.stack
            .insert(-1, name)
            .map(drop)
            .inspect_err(|_| give_back())
    }
}

impl Clone for NameStack {
    fn clone(&self) -> Self {
        Self::of(self.names())
    }
}

impl Drop for NameStack {
    fn drop(&mut self) {
        for name in self.stack.elements() {
            // SAFETY: the reference of the stack, which ends here.
            drop(unsafe { handle::take(name.cast::<Name>()) });
        }
    }
}

/// What a context and a connection tell of CAs.
#[derive(Debug, Clone, Default)]
pub(crate) struct CaNames {
    /// `SSL_CTX_set_client_CA_list`: what a server tells its clients.
    pub(crate) of_clients: Option<Arc<NameStack>>,
    /// `SSL_CTX_set0_CA_list`: the same, where the other says nothing.
    pub(crate) of_any: Option<Arc<NameStack>>,
}

/// Which of the two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    OfClients,
    OfAny,
}

impl CaNames {
    pub(crate) fn list(&mut self, which: Which) -> &mut Option<Arc<NameStack>> {
        match which {
            Which::OfClients => &mut self.of_clients,
            Which::OfAny => &mut self.of_any,
        }
    }

    /// The list, to be compared with another's.
    pub(crate) fn shared(&self, which: Which) -> Option<Arc<NameStack>> {
        match which {
            Which::OfClients => self.of_clients.clone(),
            Which::OfAny => self.of_any.clone(),
        }
    }

    /// The list as C sees it; null if there is none.
    pub(crate) fn handle(&self, which: Which) -> *mut Stack {
        let list = match which {
            Which::OfClients => &self.of_clients,
            Which::OfAny => &self.of_any,
        };
        list.as_ref()
            .map_or(core::ptr::null_mut(), |names| names.handle())
    }

    /// Adds the subject of a certificate. A list that is `shared` is copied first; any other stays where C may have seen it.
    pub(crate) fn add(
        &mut self,
        which: Which,
        certificate: &X509,
        shared: Option<&Arc<NameStack>>,
    ) -> Result<(), Fault> {
        let list = self
            .list(which)
            .get_or_insert_with(|| Arc::new(NameStack::of([])));
        if shared.is_some_and(|shared| Arc::ptr_eq(shared, list)) {
            *list = Arc::new((**list).clone());
        }
        list.push(certificate.subject().clone())
    }

    /// What goes into CertificateRequest: names, DER.
    pub(crate) fn encoded(&self) -> Vec<Vec<u8>> {
        let is_there = |list: &&Arc<NameStack>| list.stack.len() > 0;
        let list = self
            .of_clients
            .as_ref()
            .filter(is_there)
            .or(self.of_any.as_ref());
        let names = list.map(|list| list.names()).unwrap_or_default();
        names.iter().map(|name| name.der().to_vec()).collect()
    }
}

/// The subjects of the certificates in PEM, each once, without those that are known already. There may be none.
///
/// # Errors
/// A certificate that cannot be read.
pub(crate) fn subjects(pem: &[u8], known: &[Arc<Name>]) -> Result<Vec<Arc<Name>>, Fault> {
    let begin = b"-----BEGIN ";
    if !pem.windows(begin.len()).any(|bytes| bytes == begin) {
        return Ok(Vec::new());
    }
    let mut found: Vec<Arc<Name>> = Vec::new();
    for certificate in load::certificates(pem)? {
        let subject = certificate.subject();
        let is_new = |list: &[Arc<Name>]| {
            list.iter()
                .all(|name| name.canonical() != subject.canonical())
        };
        if is_new(known) && is_new(&found) {
            found.push(subject.clone());
        }
    }
    Ok(found)
}
