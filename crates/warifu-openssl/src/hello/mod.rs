//! What programs decide when a ClientHello has come, and what a hello says: server names, application protocols, certificates.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | the callbacks that can be set, and what a connection knows of its hello |
//! | `client_hello.rs` | the parts of a ClientHello |
//! | `alpn.rs` | lists of application protocols |
//! | `choice.rs` | a server's answers to a ClientHello, by its callbacks |
//! | `credential.rs` | the choice of a certificate, by its callbacks |

pub(crate) mod alpn;
mod choice;
mod client_hello;
mod credential;

use core::cell::{Cell, RefCell};
use core::ffi::{c_int, c_uchar, c_uint, c_void};
use std::ffi::CString;
use std::sync::Arc;

use warifu::Error;
use warifu::parameters::AlertDescription;

use crate::ca_names::NameStack;
use crate::context::Context;
use crate::fault::Fault;
use crate::handle::UserData;
use crate::settings::Settings;
use crate::ssl::Ssl;
use crate::x509::{Pkey, X509};

pub(crate) use choice::Choice;
pub(crate) use client_hello::ClientHello;
pub(crate) use credential::Chooser;

/// `SSL_CTX_set_client_hello_cb`
pub type ClientHelloCallback = unsafe extern "C" fn(*mut Ssl, *mut c_int, *mut c_void) -> c_int;
/// `SSL_CTX_set_tlsext_servername_callback`
pub type ServerNameCallback = unsafe extern "C" fn(*mut Ssl, *mut c_int, *mut c_void) -> c_int;
/// `SSL_CTX_set_alpn_select_cb`
pub type AlpnSelectCallback = unsafe extern "C" fn(
    *mut Ssl,
    *mut *const c_uchar,
    *mut c_uchar,
    *const c_uchar,
    c_uint,
    *mut c_void,
) -> c_int;
/// `SSL_CTX_set_cert_cb`
pub type CertificateCallback = unsafe extern "C" fn(*mut Ssl, *mut c_void) -> c_int;
/// `SSL_CTX_set_client_cert_cb`
pub type ClientCertificateCallback =
    unsafe extern "C" fn(*mut Ssl, *mut *mut X509, *mut *mut Pkey) -> c_int;
/// `SSL_CTX_set_tlsext_status_cb`
pub type StatusCallback = unsafe extern "C" fn(*mut Ssl, *mut c_void) -> c_int;

/// `SSL_TLSEXT_ERR_…`: what callbacks for extensions return.
pub(crate) const TLSEXT_OK: c_int = 0;
pub(crate) const TLSEXT_ALERT_FATAL: c_int = 2;
pub(crate) const TLSEXT_NOACK: c_int = 3;

/// The callbacks of a context, and of a connection.
#[derive(Clone, Default)]
pub(crate) struct Callbacks {
    pub(crate) client_hello: Option<(ClientHelloCallback, UserData)>,
    pub(crate) server_name: Option<ServerNameCallback>,
    pub(crate) server_name_argument: UserData,
    /// What a client offers, as it goes on the wire.
    pub(crate) alpn_offer: Arc<[u8]>,
    pub(crate) alpn_select: Option<(AlpnSelectCallback, UserData)>,
    pub(crate) certificate: Option<(CertificateCallback, UserData)>,
    pub(crate) client_certificate: Option<ClientCertificateCallback>,
    pub(crate) status: Option<StatusCallback>,
    pub(crate) status_argument: UserData,
    /// Whether a client asks for an OCSP response.
    pub(crate) asks_for_status: bool,
}

impl Callbacks {
    /// Whether a server is to be asked about each ClientHello. The certificate's callback is, too, because it may look at the name
    /// in it.
    pub(crate) fn watch_client_hellos(&self) -> bool {
        self.client_hello.is_some()
            || self.server_name.is_some()
            || self.alpn_select.is_some()
            || self.certificate.is_some()
            || self.status.is_some()
    }

    /// Whether certificates are chosen, or what goes with them, by callbacks.
    fn choose_certificates(&self) -> bool {
        self.certificate.is_some() || self.client_certificate.is_some() || self.status.is_some()
    }

    /// Whether there is all that the other has, of what is a context's to decide.
    fn has_those_of(&self, other: &Self) -> bool {
        let present = |callbacks: &Self| {
            [
                callbacks.client_hello.is_some(),
                callbacks.server_name.is_some(),
                callbacks.alpn_select.is_some(),
                callbacks.client_certificate.is_some(),
                callbacks.status.is_some(),
            ]
        };
        present(self) == present(other)
    }

    fn adopt(&mut self, other: &Self) {
        *self = Self {
            certificate: self.certificate,
            alpn_offer: self.alpn_offer.clone(),
            asks_for_status: self.asks_for_status,
            ..other.clone()
        };
    }

    /// What a client offers.
    pub(crate) fn alpn_names(&self) -> Vec<&[u8]> {
        alpn::names(&self.alpn_offer).unwrap_or_default()
    }
}

/// How far the callbacks for a ClientHello have come, for one that wanted time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Stage {
    #[default]
    ClientHello,
    ServerName,
    Alpn,
    Done,
}

/// What a connection knows of its hello and certificates.
#[derive(Default)]
pub(crate) struct State {
    /// `SSL_set_tlsext_host_name`. A setting: it stays when the connection is cleared.
    host_name: RefCell<Option<CString>>,
    /// The client's, on a server, as long as callbacks may look at it.
    client_hello: RefCell<Option<Arc<ClientHello>>>,
    /// The client's name for this server.
    server_name: RefCell<Option<CString>>,
    stage: Cell<Stage>,
    /// What a callback selected.
    alpn: RefCell<Option<Arc<[u8]>>>,
    /// The client takes a stapled OCSP response.
    wants_status: Cell<bool>,
    /// The certificate's callback has answered; what is open is another's.
    certificate_chosen: Cell<bool>,
    /// Of the peer on a client; to be stapled on a server.
    ocsp_response: RefCell<Option<Arc<[u8]>>>,
    /// The CAs that the peer named.
    peer_authorities: RefCell<Option<Arc<NameStack>>>,
    /// Why a callback ended the handshake, in the words and numbers of the API.
    refusal: RefCell<Option<Fault>>,
}

impl State {
    /// For `SSL_clear`.
    pub(crate) fn reset(&self) {
        let fresh = Self {
            host_name: RefCell::new(self.host_name.take()),
            ..Self::default()
        };
        self.host_name.swap(&fresh.host_name);
        self.client_hello.swap(&fresh.client_hello);
        self.server_name.swap(&fresh.server_name);
        self.stage.swap(&fresh.stage);
        self.alpn.swap(&fresh.alpn);
        self.wants_status.swap(&fresh.wants_status);
        self.certificate_chosen.swap(&fresh.certificate_chosen);
        self.ocsp_response.swap(&fresh.ocsp_response);
        self.peer_authorities.swap(&fresh.peer_authorities);
        self.refusal.swap(&fresh.refusal);
    }

    pub(crate) fn host_name(&self) -> Option<String> {
        let name = self.host_name.borrow();
        name.as_ref()
            .map(|name| name.to_string_lossy().into_owned())
    }

    /// For a copy of a connection.
    pub(crate) fn take_host_name_of(&self, other: &Self) {
        self.host_name.replace(other.host_name.borrow().clone());
    }

    pub(crate) fn set_host_name(&self, name: Option<CString>) {
        self.host_name.replace(name);
    }

    /// The ClientHello, while callbacks may look at it.
    pub(crate) fn client_hello(&self) -> Option<Arc<ClientHello>> {
        self.client_hello.borrow().clone()
    }

    pub(crate) fn ocsp_response(&self) -> Option<Arc<[u8]>> {
        self.ocsp_response.borrow().clone()
    }

    /// `None` removes what was there.
    pub(crate) fn set_ocsp_response(&self, response: Option<Arc<[u8]>>) {
        self.ocsp_response.replace(response);
    }

    pub(crate) fn peer_authorities(&self) -> Option<Arc<NameStack>> {
        self.peer_authorities.borrow().clone()
    }

    pub(crate) fn set_peer_authorities(&self, names: Arc<NameStack>) {
        self.peer_authorities.replace(Some(names));
    }

    /// Why a callback ended the connection.
    pub(crate) fn refusal(&self) -> Option<Fault> {
        self.refusal.borrow().clone()
    }

    /// Ends the handshake with this alert; the application learns of `fault`.
    pub(crate) fn refuse(&self, alert: c_int, fault: Fault) -> Error {
        let reason = fault.to_string();
        self.refusal.replace(Some(fault));
        let alert = u8::try_from(alert).map_or(AlertDescription::INTERNAL_ERROR, AlertDescription);
        Error::Refused { alert, reason }
    }
}

impl Ssl {
    /// `SSL_get_servername`: the name for SNI; null without one. It stays until the connection is cleared.
    pub(crate) fn server_name_text(&self) -> *const core::ffi::c_char {
        let state = &self.hello;
        if self.role() != Some(crate::method::Role::Server) {
            let name = state.host_name.borrow();
            if let Some(name) = name.as_ref() {
                return name.as_ptr();
            }
        }
        if state.server_name.borrow().is_none() {
            let name = self.look(|connection| connection.facts()?.server_name.clone());
            if let Some(name) = name.flatten().and_then(|name| CString::new(&*name).ok()) {
                state.server_name.replace(Some(name));
            }
        }
        let name = state.server_name.borrow();
        name.as_ref()
            .map_or(core::ptr::null(), |name| name.as_ptr())
    }

    /// The application protocol that was agreed upon. It stays until the connection is cleared.
    pub(crate) fn alpn(&self) -> Option<Arc<[u8]>> {
        let agreed = self.look(|connection| connection.facts()?.alpn.clone());
        if let Some(agreed) = agreed.flatten() {
            let mut kept = self.hello.alpn.borrow_mut();
            if kept.as_deref() != Some(&agreed) {
                *kept = Some(agreed);
            }
        }
        self.hello.alpn.borrow().clone()
    }

    /// `SSL_set_SSL_CTX`: goes on with what the other context decides: certificates and keys, whom to believe, names of CAs, and the
    /// callbacks of hellos, certificates and sessions. Versions, options, modes and the mode of verification stay.
    pub(crate) fn switch_context(&self, context: Arc<crate::context::Context>) {
        let switched = Settings::switched(&self.settings(), &context.settings());
        self.replace_context(context, switched);
    }

    /// Takes over the callbacks that a program has set on the context after it made the connection.
    pub(crate) fn adopt_callbacks(&self) {
        let of_context = self.look_at_context(Context::settings);
        let has_those = self.look_at_settings(|own| {
            core::ptr::eq(own, &*of_context) || own.hello.has_those_of(&of_context.hello)
        });
        if has_those {
            return;
        }
        self.change(|settings| settings.hello.adopt(&of_context.hello));
    }

    /// The callbacks that count: those of the context as it is now, for a program may set them after it has made the connection.
    fn callbacks(&self) -> Callbacks {
        self.context().settings().hello.clone()
    }

    /// Keeps what a client has been sent as staple, and asks the program about it once the chain is believed. On servers there
    /// is nothing to do.
    ///
    /// # Errors
    /// The program refuses it.
    pub(crate) fn judge_staple(&self) -> Result<(), warifu::CertificateError> {
        let settings = self.settings();
        if !settings.hello.asks_for_status {
            return Ok(());
        }
        let callbacks = self.callbacks();
        let Some(callback) = callbacks.status else {
            return Ok(());
        };
        // SAFETY: the callback that the program set, with its argument; nothing is borrowed meanwhile.
        let answer = unsafe { callback(self.handle(), callbacks.status_argument.0) };
        if answer > 0 {
            return Ok(());
        }
        let reason =
            "the program's status callback refuses the server's OCSP response, or the lack of one";
        let fault = Fault::ssl(crate::reason::SSL_R_INVALID_STATUS_RESPONSE, reason);
        self.hello.refusal.replace(Some(fault));
        let reason = reason.to_owned();
        Err(warifu::CertificateError::BadOcspResponse { reason })
    }
}
