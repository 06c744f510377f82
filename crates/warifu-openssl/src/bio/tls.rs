//! The BIO of a connection: what is written to it is encrypted and goes to the next BIO.

use core::cell::RefCell;
use core::ffi::{c_int, c_long, c_void};
use std::sync::Arc;

use super::command::{
    CTRL_DUP, CTRL_FLUSH, CTRL_GET_CALLBACK, CTRL_GET_CLOSE, CTRL_INFO, CTRL_PENDING, CTRL_POP,
    CTRL_PUSH, CTRL_RESET, CTRL_SET_CALLBACK, CTRL_SET_CLOSE, CTRL_WPENDING, DO_STATE_MACHINE,
    FLAG_SHOULD_RETRY, FLAG_WRITE, GET_SSL, GET_SSL_NUM_RENEGOTIATES, RR_ACCEPT, RR_CONNECT,
    RR_SSL_X509_LOOKUP, SET_SSL, SET_SSL_RENEGOTIATE_BYTES, SET_SSL_RENEGOTIATE_TIMEOUT, SSL_MODE,
    TYPE_SSL,
};
use super::method::{Medium, builtin};
use super::{Bio, Transfer};
use crate::error_queue;
use crate::handle;
use crate::method::Role;
use crate::ssl::outcome::{Outcome, Stop, Want};
use crate::ssl::{Reading, Ssl};

builtin! {
    method: TYPE_SSL, c"ssl", |_| Box::new(Tls::default());
}

/// The connection is only borrowed to clone it.
#[derive(Default)]
struct Tls {
    ssl: RefCell<Option<Arc<Ssl>>>,
}

impl Tls {
    fn ssl(&self) -> Option<Arc<Ssl>> {
        self.ssl.borrow().clone()
    }

    /// Runs a call on the connection. Remembers how it ended, there and in the flags here.
    fn conclude(bio: &Bio, ssl: &Ssl, run: impl FnOnce() -> Result<usize, Stop>) -> Transfer {
        match ssl.conclude(run) {
            Ok(count) => return Transfer::Done(count),
            Err(fault) => error_queue::raise(&fault),
        }
        let (want, at_end) = match ssl.outcome() {
            Outcome::Want(want) => (Some(want), false),
            outcome => (None, outcome == Outcome::ZeroReturn),
        };
        match want {
            Some(Want::Read) => bio.retry_read(),
            Some(Want::Write) => {
                bio.set_flags(FLAG_WRITE | FLAG_SHOULD_RETRY);
                Transfer::Retry
            }
            Some(Want::Connect) => bio.retry_special(RR_CONNECT),
            Some(Want::Accept) => bio.retry_special(RR_ACCEPT),
            Some(Want::X509Lookup | Want::ClientHello | Want::RetryVerify) => {
                bio.retry_special(RR_SSL_X509_LOOKUP)
            }
            None if at_end => Transfer::Eof,
            None => Transfer::Failed,
        }
    }

    /// Takes a connection, with the BIO that it reads from as the next.
    fn attach(&self, bio: &Bio, ssl: Arc<Ssl>, close: c_long) {
        let before = self.ssl.replace(Some(ssl.clone()));
        drop(before);
        bio.set_shutdown(c_int::from(close != 0));
        if let Some(transport) = ssl.read_bio() {
            let behind = bio.link(Some(transport.clone()));
            if let Some(behind) = behind.filter(|behind| !Arc::ptr_eq(behind, &transport)) {
                transport.push(behind);
            }
        }
        bio.set_init(1);
    }

    /// Hands a command on to the BIO that the connection reads from.
    ///
    /// # Safety
    /// `pointer` is null or what the command takes.
    unsafe fn hand_on(ssl: &Ssl, command: c_int, number: c_long, pointer: *mut c_void) -> c_long {
        match ssl.read_bio() {
            // SAFETY: the caller's promise.
            Some(transport) => unsafe { transport.control(command, number, pointer) },
            None => 0,
        }
    }

    fn reset(bio: &Bio, ssl: &Ssl) -> c_long {
        let _ = ssl.shut_down();
        ssl.reset();
        match bio.next().or_else(|| ssl.read_bio()) {
            Some(next) => next.ask(CTRL_RESET),
            None => 1,
        }
    }

    fn shake_hands(bio: &Bio, ssl: &Ssl) -> c_long {
        bio.clear_retry();
        bio.set_retry_reason(0);
        match Self::conclude(bio, ssl, || ssl.run_handshake().map(|()| 1)) {
            Transfer::Done(_) => 1,
            Transfer::Eof => 0,
            Transfer::Retry | Transfer::Failed => -1,
        }
    }
}

impl Medium for Tls {
    fn read(&self, bio: &Bio, out: &mut [u8]) -> Transfer {
        let Some(ssl) = self.ssl() else {
            return Transfer::Failed;
        };
        bio.clear_retry();
        Self::conclude(bio, &ssl, || ssl.read(out, Reading::Read))
    }

    fn write(&self, bio: &Bio, data: &[u8]) -> Transfer {
        let Some(ssl) = self.ssl() else {
            return Transfer::Failed;
        };
        bio.clear_retry();
        Self::conclude(bio, &ssl, || ssl.write(data))
    }

    unsafe fn control(
        &self,
        bio: &Bio,
        command: c_int,
        number: c_long,
        pointer: *mut c_void,
    ) -> c_long {
        if command == SET_SSL {
            let ssl: *mut Ssl = pointer.cast();
            // SAFETY: a connection, of which the program gives a reference away if the BIO is to close it.
            let ssl = unsafe {
                match number {
                    0 => handle::share(ssl).ok(),
                    _ => handle::take(ssl),
                }
            };
            return ssl.map_or(0, |ssl| {
                self.attach(bio, ssl, number);
                1
            });
        }
        let Some(ssl) = self.ssl() else {
            return 0;
        };
        match command {
            GET_SSL => {
                let place: *mut *mut Ssl = pointer.cast();
                // SAFETY: a place for a pointer, or null.
                unsafe { handle::store(place, ssl.handle()) };
                c_long::from(!place.is_null())
            }
            SSL_MODE => {
                ssl.set_role(if number != 0 {
                    Role::Client
                } else {
                    Role::Server
                });
                1
            }
            DO_STATE_MACHINE => Self::shake_hands(bio, &ssl),
            CTRL_RESET => Self::reset(bio, &ssl),
            CTRL_GET_CLOSE => bio.shutdown().into(),
            CTRL_SET_CLOSE => {
                bio.set_shutdown(c_int::from(number != 0));
                1
            }
            CTRL_PENDING => match ssl.pending() {
                0 => ssl.read_bio().map_or(0, |bio| bio.pending() as c_long),
                count => c_long::try_from(count).unwrap_or(c_long::MAX),
            },
            CTRL_WPENDING => ssl.write_bio().map_or(0, |bio| bio.ask(CTRL_WPENDING)),
            CTRL_FLUSH => {
                bio.clear_retry();
                let result = ssl.write_bio().map_or(0, |bio| bio.ask(CTRL_FLUSH));
                bio.copy_next_retry();
                result
            }
            CTRL_PUSH => {
                let there = ssl.read_bio();
                if let Some(next) = bio.next()
                    && !there.is_some_and(|there| Arc::ptr_eq(&there, &next))
                {
                    ssl.replace_bios(Some(next.clone()), Some(next));
                }
                1
            }
            CTRL_POP => {
                if core::ptr::eq(pointer, bio.handle().cast()) {
                    ssl.replace_bios(None, None);
                }
                1
            }
            CTRL_INFO
            | CTRL_DUP
            | CTRL_SET_CALLBACK
            | CTRL_GET_CALLBACK
            | SET_SSL_RENEGOTIATE_BYTES
            | SET_SSL_RENEGOTIATE_TIMEOUT
            | GET_SSL_NUM_RENEGOTIATES => 0,
            // SAFETY: the caller's promise.
            _ => unsafe { Self::hand_on(&ssl, command, number, pointer) },
        }
    }

    fn destroy(&self, bio: &Bio) {
        let _ = bio;
        if let Some(ssl) = self.ssl.take() {
            // As far as it goes: nobody is left to repeat it.
            let _ = ssl.shut_down();
        }
    }
}
