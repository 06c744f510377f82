//! BIOs that read and write by two functions of the program's, as wolfSSL has them.
//!
//! They stand in place of a connection's socket. The functions are called with the connection, so the BIO knows it, and does not
//! keep it alive.

use core::cell::Cell;
use core::ffi::{c_char, c_int, c_long, c_void};
use std::sync::{Arc, Weak};

use super::command::{TYPE_DESCRIPTOR, TYPE_SOCKET, TYPE_SOURCE_SINK};
use super::method::{Medium, builtin};
use super::{Bio, Transfer, fail, socket};
use crate::fault::Fault;
use crate::handle::{self, UserData};
use crate::reason;
use crate::ssl::Ssl;

/// `CallbackIORecv`, `CallbackIOSend`: connection, bytes, their number, the context that was set.
pub(crate) type IoCallback =
    unsafe extern "C" fn(*mut Ssl, *mut c_char, c_int, *mut c_void) -> c_int;

/// `WOLFSSL_CBIO_ERR_…`: what the functions return in place of a number of bytes. Anything else below zero is a failure.
const LATER: c_int = -2;
const RESET: c_int = -3;
const INTERRUPTED: c_int = -4;
const CLOSED: c_int = -5;
const TIMED_OUT: c_int = -6;

/// How often a function that says it was interrupted is called again before the program gets to hear of it.
const INTERRUPTIONS: usize = 10;

/// The functions of a context, and of a connection.
#[derive(Clone, Copy, Default)]
pub(crate) struct IoCallbacks {
    pub(crate) receive: Option<IoCallback>,
    pub(crate) send: Option<IoCallback>,
}

/// What one of the functions is given by a connection.
pub(crate) struct Place {
    /// What the program set; without it the address of `descriptor`.
    pub(crate) argument: Cell<Option<UserData>>,
    descriptor: Cell<c_int>,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            argument: Cell::new(None),
            descriptor: Cell::new(-1),
        }
    }
}

impl Place {
    /// A socket: its number is what the function is given from now on.
    fn set_descriptor(&self, descriptor: c_int) {
        self.descriptor.set(descriptor);
        self.argument.set(None);
    }

    /// What the function is given: without an argument and a socket null.
    pub(crate) fn pointer(&self) -> *mut c_void {
        match self.argument.get() {
            Some(argument) => argument.0,
            None if self.descriptor.get() < 0 => core::ptr::null_mut(),
            None => self.descriptor.as_ptr().cast(),
        }
    }
}

/// What a connection's functions are given.
#[derive(Default)]
pub(crate) struct Places {
    pub(crate) receive: Place,
    pub(crate) send: Place,
}

impl Ssl {
    /// `SSL_set_fd` and its kin have attached sockets.
    ///
    /// # Errors
    /// As for [`place_io_callbacks`](Self::place_io_callbacks).
    pub(crate) fn attached(&self, read: Option<c_int>, write: Option<c_int>) -> Result<(), Fault> {
        if let Some(descriptor) = read {
            self.places.receive.set_descriptor(descriptor);
        }
        if let Some(descriptor) = write {
            self.places.send.set_descriptor(descriptor);
        }
        self.place_io_callbacks()
    }

    /// Puts the program's functions, where it has set some, in place of a socket or of nothing. BIOs of the program's stay.
    ///
    /// # Errors
    /// None happen in practice.
    pub(crate) fn place_io_callbacks(&self) -> Result<(), Fault> {
        let callbacks = self.look_at_settings(|settings| settings.io);
        let read = match callbacks.receive {
            Some(_) if gives_way(self.read_bio().as_deref()) => Some(self.bio_of_callbacks()?),
            _ => None,
        };
        let write = match callbacks.send {
            Some(_) if gives_way(self.write_bio().as_deref()) => Some(self.bio_of_callbacks()?),
            _ => None,
        };
        if read.is_some() || write.is_some() {
            self.set_bios(read, write);
        }
        Ok(())
    }

    fn bio_of_callbacks(&self) -> Result<Arc<Bio>, Fault> {
        // SAFETY: every connection is in an Arc, and this is its pointer.
        let ssl = unsafe { handle::share(self.handle()) }?;
        let medium = Callbacks {
            ssl: Arc::downgrade(&ssl),
        };
        let bio = Bio::with_medium(method(), Box::new(medium))?;
        bio.init.set(1);
        Ok(bio)
    }
}

/// Whether the functions stand in for it: a socket that somebody else closes.
fn gives_way(bio: Option<&Bio>) -> bool {
    bio.is_none_or(|bio| bio.kind() == TYPE_SOCKET && bio.shutdown() == 0)
}

/// A number that OpenSSL has no kind of BIO for.
const TYPE_CALLBACKS: c_int = 100 | TYPE_SOURCE_SINK | TYPE_DESCRIPTOR;

builtin! {
    method: TYPE_CALLBACKS, c"I/O callbacks", |_| Box::new(Callbacks { ssl: Weak::new() });
}

struct Callbacks {
    ssl: Weak<Ssl>,
}

/// Which of the two functions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Receive,
    Send,
}

impl Callbacks {
    /// Calls a function, and says what came of it. The bytes are the program's to write to, or to read.
    fn call(&self, bio: &Bio, way: Way, bytes: *mut u8, len: usize) -> Transfer {
        bio.clear_retry();
        let Some(ssl) = self.ssl.upgrade() else {
            return fail(
                reason::BIO_R_UNINITIALIZED,
                "the connection of these I/O callbacks was freed",
            );
        };
        let callbacks = ssl.settings().io;
        let (callback, place) = match way {
            Way::Receive => (callbacks.receive, &ssl.places.receive),
            Way::Send => (callbacks.send, &ssl.places.send),
        };
        let Some(callback) = callback else {
            return fail(
                reason::BIO_R_UNINITIALIZED,
                "the I/O callback was taken away",
            );
        };
        let most = c_int::try_from(len).unwrap_or(c_int::MAX);
        let mut answer = INTERRUPTED;
        for _ in 0..INTERRUPTIONS {
            // SAFETY: the program's function for this, with what it takes; there are so many bytes, and nothing is borrowed.
            answer = unsafe { callback(ssl.handle(), bytes.cast(), most, place.pointer()) };
            if answer != INTERRUPTED {
                break;
            }
        }
        let failed = |why: &str| fail(reason::ERR_R_SYS_LIB, why);
        match (answer, usize::try_from(answer)) {
            (_, Ok(0)) | (CLOSED, _) if way == Way::Receive => Transfer::Eof,
            (_, Ok(0)) | (LATER | INTERRUPTED, _) => match way {
                Way::Receive => bio.retry_read(),
                Way::Send => bio.retry_write(),
            },
            (_, Ok(count)) if answer <= most => Transfer::Done(count),
            (_, Ok(_)) => {
                failed("the I/O callback says that it moved more bytes than it was given")
            }
            (RESET, _) => failed("the I/O callback says that the peer reset the connection"),
            (CLOSED, _) => failed("the I/O callback says that the peer has closed the connection"),
            (TIMED_OUT, _) => failed("the I/O callback says that the peer took too long"),
            _ => failed("the I/O callback failed"),
        }
    }
}

impl Medium for Callbacks {
    fn read(&self, bio: &Bio, out: &mut [u8]) -> Transfer {
        if out.is_empty() {
            return Transfer::Done(0);
        }
        self.call(bio, Way::Receive, out.as_mut_ptr(), out.len())
    }

    fn write(&self, bio: &Bio, data: &[u8]) -> Transfer {
        if data.is_empty() {
            return Transfer::Done(0);
        }
        // The function's type does not say const, and its contract is not to write.
        self.call(bio, Way::Send, data.as_ptr().cast_mut(), data.len())
    }

    unsafe fn control(
        &self,
        bio: &Bio,
        command: c_int,
        number: c_long,
        pointer: *mut c_void,
    ) -> c_long {
        if command == super::command::GET_FD
            && let Some(ssl) = self.ssl.upgrade()
        {
            bio.number.set(ssl.places.receive.descriptor.get());
        }
        // SAFETY: the caller's promise.
        unsafe { socket::control(bio, command, number, pointer) }
    }

    fn runs_foreign_code(&self) -> bool {
        true
    }
}
