//! A server's answers to a ClientHello: its callbacks, in the order in which OpenSSL has them, and the configuration that they make.

use core::ffi::c_int;
use std::ffi::CString;
use std::sync::Arc;

use warifu::config::{ChooseServerConfig, ClientHelloFacts};
use warifu::decision::Answer;
use warifu::{Error, ServerConfig};

use super::alpn::{self, Selection};
use super::{ClientHello, Stage, TLSEXT_ALERT_FATAL, TLSEXT_NOACK, TLSEXT_OK};
use crate::fault::Fault;
use crate::question::ask;
use crate::reason;
use crate::ssl::Ssl;
use crate::ssl::outcome::Want;

/// `SSL_CLIENT_HELLO_…`
const HELLO_SUCCESS: c_int = 1;
const HELLO_RETRY: c_int = -1;
/// `SSL_AD_…`
const INTERNAL_ERROR: c_int = 80;
const UNRECOGNIZED_NAME: c_int = 112;
const NO_APPLICATION_PROTOCOL: c_int = 120;

/// An application protocol, if one was selected.
type Protocol = Option<Arc<[u8]>>;

/// Asks the connection.
#[derive(Debug)]
pub(crate) struct Choice;

impl ChooseServerConfig for Choice {
    fn choose(
        &self,
        hello: ClientHelloFacts,
    ) -> Answer<'_, Result<Option<Arc<ServerConfig>>, Error>> {
        let mut hello = ClientHello::read(hello.message).map(Arc::new);
        ask(move |ssl| {
            if let Some(hello) = hello.take() {
                ssl.take_client_hello(hello);
            }
            Ok(match ssl.answer_client_hello()? {
                Ok(alpn) => ssl.chosen_config(alpn.as_deref()).map(Some),
                Err(error) => Err(error),
            })
        })
    }
}

impl Ssl {
    fn take_client_hello(&self, hello: Arc<ClientHello>) {
        let state = &self.hello;
        let name = hello.server_name().and_then(|name| CString::new(name).ok());
        state.server_name.replace(name);
        state.wants_status.set(hello.wants_status());
        state.client_hello.replace(Some(hello));
        state.stage.set(Stage::ClientHello);
    }

    /// Runs the callbacks that have not answered yet. Returns the application protocol.
    fn answer_client_hello(&self) -> Result<Result<Protocol, Error>, Want> {
        let state = &self.hello;
        if state.stage.get() == Stage::ClientHello {
            if let Err(error) = self.run_client_hello_callback()? {
                return Ok(Err(error));
            }
            state.stage.set(Stage::ServerName);
        }
        if state.stage.get() == Stage::ServerName {
            if let Err(error) = self.run_server_name_callback() {
                return Ok(Err(error));
            }
            state.stage.set(Stage::Alpn);
        }
        if state.stage.get() == Stage::Alpn {
            let selected = match self.run_alpn_callback() {
                Ok(selected) => selected,
                Err(error) => return Ok(Err(error)),
            };
            state.alpn.replace(selected);
            state.stage.set(Stage::Done);
        }
        // Nobody may look at it any more.
        state.client_hello.take();
        Ok(Ok(state.alpn.borrow().clone()))
    }

    fn run_client_hello_callback(&self) -> Result<Result<(), Error>, Want> {
        let Some((callback, argument)) = self.callbacks().client_hello else {
            return Ok(Ok(()));
        };
        let mut alert = INTERNAL_ERROR;
        // SAFETY: the callback that the program set, with its argument; nothing is borrowed meanwhile.
        let answer = unsafe { callback(self.handle(), &raw mut alert, argument.0) };
        match answer {
            HELLO_SUCCESS => Ok(Ok(())),
            HELLO_RETRY => Err(Want::ClientHello),
            _ => {
                let fault = Fault::ssl(
                    reason::SSL_R_CALLBACK_FAILED,
                    "the program's client-hello callback refuses the client",
                );
                Ok(Err(self.hello.refuse(alert, fault)))
            }
        }
    }

    fn run_server_name_callback(&self) -> Result<(), Error> {
        let callbacks = self.callbacks();
        let Some(callback) = callbacks.server_name else {
            return Ok(());
        };
        let mut alert = UNRECOGNIZED_NAME;
        let argument = callbacks.server_name_argument.0;
        // SAFETY: the callback that the program set, with its argument; nothing is borrowed meanwhile.
        let answer = unsafe { callback(self.handle(), &raw mut alert, argument) };
        if answer != TLSEXT_ALERT_FATAL {
            return Ok(());
        }
        let fault = Fault::ssl(
            reason::SSL_R_CALLBACK_FAILED,
            "the program's server-name callback refuses the client",
        );
        Err(self.hello.refuse(alert, fault))
    }

    fn run_alpn_callback(&self) -> Result<Protocol, Error> {
        let offered = self.hello.client_hello();
        let offered = offered.as_ref().and_then(|hello| hello.alpn());
        if let (Some(offered), Some((own, strict))) = (offered, self.settings().wolf.alpn.clone()) {
            return match alpn::select(&own, offered) {
                Selection::Common(name) => Ok(Some(name.into())),
                Selection::ClientsFirst(_) if !strict => Ok(None),
                Selection::ClientsFirst(_) => {
                    let fault = Fault::ssl(
                        reason::SSL_R_NO_APPLICATION_PROTOCOL,
                        "the client has none of this server's application protocols",
                    );
                    Err(self.hello.refuse(NO_APPLICATION_PROTOCOL, fault))
                }
            };
        }
        let (Some(offered), Some((callback, argument))) = (offered, self.callbacks().alpn_select)
        else {
            return Ok(None);
        };
        let (mut selected, mut selected_len) = (core::ptr::null(), 0);
        // The list is shorter than its length field can say.
        let offered_len = u32::try_from(offered.len()).unwrap_or(0);
        // SAFETY: the callback that the program set, with its argument; the list has that length, and nothing is borrowed meanwhile
        // but a message that this function keeps.
        let answer = unsafe {
            callback(
                self.handle(),
                &raw mut selected,
                &raw mut selected_len,
                offered.as_ptr(),
                offered_len,
                argument.0,
            )
        };
        match answer {
            TLSEXT_NOACK => return Ok(None),
            TLSEXT_OK => {}
            _ => {
                let fault = Fault::ssl(
                    reason::SSL_R_NO_APPLICATION_PROTOCOL,
                    "the program's callback selects none of the client's application protocols",
                );
                return Err(self.hello.refuse(NO_APPLICATION_PROTOCOL, fault));
            }
        }
        // SAFETY: what the callback selected, of the length that it gave; it is copied at once.
        let selected = unsafe { crate::handle::long_bytes(selected, selected_len.into()) };
        match selected {
            Ok(selected) if !selected.is_empty() => Ok(Some(selected.into())),
            _ => {
                let fault = Fault::ssl(
                    reason::SSL_R_CALLBACK_FAILED,
                    "the program's callback for application protocols says that it selected one, and did not",
                );
                Err(self.hello.refuse(INTERNAL_ERROR, fault))
            }
        }
    }

    /// The configuration to go on with, after callbacks that may have changed everything.
    fn chosen_config(&self, alpn: Option<&[u8]>) -> Result<Arc<ServerConfig>, Error> {
        self.settings()
            .server_config_with(alpn)
            .map_err(|fault| self.hello.refuse(INTERNAL_ERROR, fault))
    }
}
