//! What programs that use wolfSSL's names need besides what OpenSSL's names give.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | settings, and what a connection knows |
//! | `error.rs` | wolfSSL's numbers for failures, and the sentences for them |
//! | `verify.rs` | the verification callback, which looks into a structure |

pub(crate) mod error;
pub(crate) mod verify;

use core::cell::{Cell, RefCell};
use core::ffi::c_int;
use std::ffi::CString;
use std::sync::Arc;

use crate::fault::Fault;

/// `CallbackCACache`: a CA's certificate, its length, what kind of CA.
pub(crate) type CaCallback = unsafe extern "C" fn(*mut u8, c_int, c_int);

/// What a context and a connection decide.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    /// The name for SNI of clients that are made from now on.
    pub(crate) host_name: Option<CString>,
    /// What a server chooses from, best first, as it goes on the wire; and whether it refuses who has none of it.
    pub(crate) alpn: Option<(Arc<[u8]>, bool)>,
    pub(crate) verify: Option<verify::Callback>,
    pub(crate) ca_added: Option<CaCallback>,
}

/// What a connection knows.
#[derive(Default)]
pub(crate) struct State {
    /// What the program said of its socket. A setting: it stays when the connection is cleared.
    pub(crate) non_blocking: Cell<bool>,
    /// The failure of the last call.
    failure: RefCell<Option<Fault>>,
    /// The application protocol, as C was told of it.
    pub(crate) alpn_name: RefCell<Option<CString>>,
}

impl State {
    pub(crate) fn reset(&self) {
        self.failure.take();
        self.alpn_name.take();
    }

    /// Keeps why a call failed.
    pub(crate) fn note_failure(&self, fault: &Fault) {
        self.failure.replace(Some(fault.clone()));
    }

    pub(crate) fn failure(&self) -> Option<Fault> {
        self.failure.borrow().clone()
    }
}
