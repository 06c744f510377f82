//! The choice of a certificate: callbacks that set one on the connection, then the best of those that it has.

use core::ffi::c_int;
use std::sync::Arc;

use warifu::credential::Credentials;
use warifu::decision::{Answer, ChooseCredential, CredentialRequest};
use warifu::parameters::{NamedGroup, ProtocolVersion, SignatureScheme};
use warifu::{Credential, Error};

use super::{Callbacks, TLSEXT_ALERT_FATAL, TLSEXT_OK};
use crate::fault::Fault;
use crate::handle;
use crate::method::Role;
use crate::notes::{self, Note};
use crate::question::ask;
use crate::reason;
use crate::ssl::Ssl;
use crate::ssl::outcome::Want;

/// `SSL_AD_HANDSHAKE_FAILURE`
const HANDSHAKE_FAILURE: c_int = 40;
/// `SSL_AD_INTERNAL_ERROR`
const INTERNAL_ERROR: c_int = 80;

/// Chooses among the certificates of a context or connection; asks callbacks first, if there are any.
#[derive(Debug)]
pub(crate) struct Chooser {
    /// Those that were there when the configuration was made.
    credentials: Option<Credentials>,
    asks: bool,
    is_server: bool,
}

impl Chooser {
    /// A server's: one that has no certificate at all refuses its clients.
    pub(crate) fn of_server(credentials: Option<Credentials>, callbacks: &Callbacks) -> Self {
        Self {
            is_server: true,
            ..Self::of_client(credentials, callbacks)
        }
    }

    /// Whether there is a certificate, or somebody who could give one.
    pub(crate) fn has_any(&self) -> bool {
        self.asks || self.credentials.is_some()
    }

    /// A client's: one that has no certificate at all looks at the request, too.
    pub(crate) fn of_client(credentials: Option<Credentials>, callbacks: &Callbacks) -> Self {
        let asks = callbacks.choose_certificates();
        Self {
            credentials,
            asks,
            is_server: false,
        }
    }
}

impl ChooseCredential for Chooser {
    fn choose<'a>(
        &'a self,
        request: CredentialRequest<'a>,
    ) -> Answer<'a, Result<Option<Arc<Credential>>, Error>> {
        if !request.authorities.is_empty() {
            let names = request
                .authorities
                .iter()
                .map(|name| name.to_vec())
                .collect();
            notes::push(Note::Authorities(names));
        }
        if self.is_server && !self.has_any() {
            let version = request.version;
            return ask(move |ssl| Ok(Err(ssl.without_certificate(version))));
        }
        if !self.asks {
            let credentials = self.credentials.as_ref();
            return Ok(credentials.and_then(|all| all.best(&request).cloned())).into();
        }
        let request = Request::of(&request);
        ask(move |ssl| ssl.choose_credential(&request))
    }
}

/// A [`CredentialRequest`] that lives until a callback has answered.
struct Request {
    version: ProtocolVersion,
    server_name: Option<String>,
    signature_schemes: Vec<SignatureScheme>,
    curves: Vec<NamedGroup>,
    key_encipherment: bool,
    authorities: Vec<Vec<u8>>,
}

impl Request {
    fn of(request: &CredentialRequest<'_>) -> Self {
        Self {
            version: request.version,
            server_name: request.server_name.map(str::to_owned),
            signature_schemes: request.signature_schemes.to_vec(),
            curves: request.curves.to_vec(),
            key_encipherment: request.key_encipherment,
            authorities: request
                .authorities
                .iter()
                .map(|name| name.to_vec())
                .collect(),
        }
    }

    fn best(&self, credentials: &Credentials) -> Option<Arc<Credential>> {
        let authorities: Vec<&[u8]> = self.authorities.iter().map(Vec::as_slice).collect();
        let mut request = CredentialRequest::new(self.version, &self.signature_schemes);
        request.server_name = self.server_name.as_deref();
        request.curves = &self.curves;
        request.key_encipherment = self.key_encipherment;
        request.authorities = &authorities;
        credentials.best(&request).cloned()
    }
}

/// What a callback's answer comes to: the connection's failure, or the end of waiting.
type Answered<T> = Result<Result<T, Error>, Want>;

impl Ssl {
    fn choose_credential(&self, request: &Request) -> Answered<Option<Arc<Credential>>> {
        if !self.hello.certificate_chosen.get() {
            if let Err(error) = self.run_certificate_callback()? {
                return Ok(Err(error));
            }
            self.hello.certificate_chosen.set(true);
        }
        let mut best = match self.own_credential(request) {
            Ok(best) => best,
            Err(error) => return Ok(Err(error)),
        };
        if best.is_none() && self.role() == Some(Role::Client) {
            match self.run_client_certificate_callback()? {
                Ok(true) => match self.own_credential(request) {
                    Ok(own) => best = own,
                    Err(error) => return Ok(Err(error)),
                },
                Ok(false) => {}
                Err(error) => return Ok(Err(error)),
            }
        }
        self.hello.certificate_chosen.set(false);
        Ok(match best {
            Some(credential) => self.with_staple(credential).map(Some),
            None => Ok(None),
        })
    }

    /// A server that has nothing to prove itself by. Before TLS 1.3 it has no cipher suite for that.
    fn without_certificate(&self, version: ProtocolVersion) -> Error {
        let reason = match version {
            ProtocolVersion::TLS1_3 => reason::SSL_R_NO_CERTIFICATE_ASSIGNED,
            _ => reason::SSL_R_NO_SHARED_CIPHER,
        };
        let fault = Fault::ssl(
            reason,
            "this server has no certificate with its key: SSL_CTX_use_certificate_file and SSL_CTX_use_PrivateKey_file",
        );
        self.hello.refuse(HANDSHAKE_FAILURE, fault)
    }

    /// The best of the certificates that the connection has now.
    fn own_credential(&self, request: &Request) -> Result<Option<Arc<Credential>>, Error> {
        let settings = self.settings();
        match settings.credentials() {
            Ok(credentials) => Ok(credentials.and_then(|all| request.best(&all))),
            Err(fault) => Err(self.hello.refuse(INTERNAL_ERROR, fault)),
        }
    }

    /// `SSL_set_cert_cb`
    fn run_certificate_callback(&self) -> Answered<()> {
        let Some((callback, argument)) = self.settings().hello.certificate else {
            return Ok(Ok(()));
        };
        // SAFETY: the callback that the program set, with its argument; nothing is borrowed meanwhile.
        match unsafe { callback(self.handle(), argument.0) } {
            answer if answer < 0 => Err(Want::X509Lookup),
            0 => {
                let fault = Fault::ssl(
                    reason::SSL_R_CERT_CB_ERROR,
                    "the program's certificate callback failed",
                );
                Ok(Err(self.hello.refuse(INTERNAL_ERROR, fault)))
            }
            _ => Ok(Ok(())),
        }
    }

    /// `SSL_CTX_set_client_cert_cb`. Returns whether it gave a certificate.
    fn run_client_certificate_callback(&self) -> Answered<bool> {
        let Some(callback) = self.callbacks().client_certificate else {
            return Ok(Ok(false));
        };
        let (mut certificate, mut key) = (core::ptr::null_mut(), core::ptr::null_mut());
        // SAFETY: the callback that the program set; nothing is borrowed meanwhile.
        let answer = unsafe { callback(self.handle(), &raw mut certificate, &raw mut key) };
        if answer < 0 {
            return Err(Want::X509Lookup);
        }
        if answer == 0 {
            return Ok(Ok(false));
        }
        // SAFETY: the callback gave one reference to each, where it is not null.
        let (certificate, key) = unsafe { (handle::take(certificate), handle::take(key)) };
        let (Some(certificate), Some(key)) = (certificate, key) else {
            let fault = Fault::ssl(
                reason::SSL_R_BAD_DATA_RETURNED_BY_CALLBACK,
                "the program's callback says that it gave a certificate and its key, and did not give both",
            );
            return Ok(Err(self.hello.refuse(INTERNAL_ERROR, fault)));
        };
        let used = self.try_change(|settings| {
            settings.material.use_certificate(certificate)?;
            settings.material.use_key(key)
        });
        Ok(match used {
            Ok(()) => Ok(true),
            Err(fault) => Err(self.hello.refuse(INTERNAL_ERROR, fault)),
        })
    }

    /// A server's credential with the OCSP response that the program's callback gives, if the client takes one.
    fn with_staple(&self, credential: Arc<Credential>) -> Result<Arc<Credential>, Error> {
        let callbacks = self.callbacks();
        let Some(callback) = callbacks.status else {
            return Ok(credential);
        };
        if self.role() != Some(Role::Server) || !self.hello.wants_status.get() {
            return Ok(credential);
        }
        // SAFETY: the callback that the program set, with its argument; nothing is borrowed meanwhile.
        let answer = unsafe { callback(self.handle(), callbacks.status_argument.0) };
        match (answer, self.hello.ocsp_response()) {
            (TLSEXT_OK, Some(response)) if !response.is_empty() => {
                let stapled = (*credential).clone().with_ocsp_response(response.to_vec());
                Ok(Arc::new(stapled))
            }
            (TLSEXT_ALERT_FATAL, _) => {
                let fault = Fault::ssl(
                    reason::SSL_R_CALLBACK_FAILED,
                    "the program's status callback ends the handshake",
                );
                Err(self.hello.refuse(INTERNAL_ERROR, fault))
            }
            _ => Ok(credential),
        }
    }
}
