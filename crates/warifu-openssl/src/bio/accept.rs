//! BIOs that listen (`BIO_s_accept`): each connection becomes the next BIO.

use core::cell::{Cell, RefCell};
use core::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::ffi::CString;
use std::io;
use std::sync::Arc;

use super::address::{Address, Part, Priority, Query, lookup, split};
use super::command::{
    CTRL_EOF, CTRL_RESET, DO_STATE_MACHINE, GET_ACCEPT, GET_BIND_MODE, RR_ACCEPT, SET_ACCEPT,
    SET_BIND_MODE, SET_FD, SET_NBIO, TYPE_ACCEPT,
};
use super::connect::{family, set_part};
use super::method::{Medium, builtin};
use super::null::{hand_on, with_next};
use super::{Bio, Transfer, endpoint, fault, socket};
use crate::error_queue;
use crate::fault::Fault;
use crate::reason::{
    BIO_R_ACCEPT_ERROR, BIO_R_NO_ACCEPT_ADDR_OR_SERVICE_SPECIFIED, BIO_R_UNABLE_TO_BIND_SOCKET,
};

builtin! {
    method: TYPE_ACCEPT, c"socket accept", |_| Box::new(Accept::default());
}

/// An address in words.
#[derive(Default)]
struct Named {
    host: RefCell<Option<CString>>,
    port: RefCell<Option<CString>>,
}

impl Named {
    fn set(&self, address: &Address) {
        if let Some(internet) = address.internet() {
            let text = |text: String| Some(error_queue::c_string(text));
            self.host.replace(text(internet.ip().to_string()));
            self.port.replace(text(internet.port().to_string()));
        }
    }
}

#[derive(Default)]
struct Accept {
    host: RefCell<Option<CString>>,
    port: RefCell<Option<CString>>,
    /// `BIO_FAMILY_…`, or 0 for any.
    family: Cell<c_int>,
    /// `BIO_SOCK_…` of the listening socket.
    options: Cell<c_int>,
    /// `BIO_SOCK_…` of the connections' sockets.
    accepted_options: Cell<c_int>,
    listening: Cell<bool>,
    here: Named,
    peer: Named,
    /// The chain of which each connection gets a copy in front.
    template: RefCell<Option<Arc<Bio>>>,
}

impl Accept {
    /// Listens at the first address that can be had.
    fn listen(&self, bio: &Bio) -> Result<(), Fault> {
        let (host, port) = (self.host.borrow().clone(), self.port.borrow().clone());
        if host.is_none() && port.is_none() {
            return Err(fault(
                BIO_R_NO_ACCEPT_ADDR_OR_SERVICE_SPECIFIED,
                "BIO_set_accept_port or BIO_set_accept_name was not called",
            ));
        }
        let found = lookup(Query {
            host: host.as_deref(),
            service: port.as_deref(),
            passive: true,
            family: family(self.family.get())?,
            socktype: libc::SOCK_STREAM,
            protocol: 0,
        })?;
        let mut last = io::Error::from_raw_os_error(libc::EADDRNOTAVAIL);
        for found in found {
            let opened = endpoint::socket(found.address.family(), found.socktype, found.protocol);
            match opened {
                Ok(fd) => match endpoint::listen(fd, &found.address, self.options.get()) {
                    Ok(()) => {
                        bio.set_number(fd);
                        self.here
                            .set(&endpoint::local_address(fd).unwrap_or(found.address));
                        self.listening.set(true);
                        return Ok(());
                    }
                    Err(error) => {
                        let _ = endpoint::close(fd);
                        last = error;
                    }
                },
                Err(error) => last = error,
            }
        }
        error_queue::raise(&Fault::system(&last, "listen"));
        Err(fault(
            BIO_R_UNABLE_TO_BIND_SOCKET,
            "cannot listen at any of the address's meanings",
        ))
    }

    /// Takes a connection, which becomes the next BIO.
    fn accept(&self, bio: &Bio) -> Result<Transfer, Fault> {
        bio.clear_retry();
        let (fd, address) = match endpoint::accept(bio.number(), self.accepted_options.get()) {
            Ok(accepted) => accepted,
            Err(error) if error.raw_os_error().is_some_and(socket::is_retryable) => {
                return Ok(bio.retry_special(RR_ACCEPT));
            }
            Err(error) => {
                error_queue::raise(&Fault::system(&error, "accept"));
                return Err(fault(BIO_R_ACCEPT_ERROR, "no connection was taken"));
            }
        };
        let connection = Bio::socket(fd, true)?;
        let template = self.template.borrow().clone();
        let connection = match template {
            Some(template) => {
                let copy = template.duplicate_chain()?;
                copy.push(connection);
                copy
            }
            None => connection,
        };
        self.peer.set(&address);
        bio.push(connection);
        Ok(Transfer::Done(1))
    }

    /// Listens, or takes a connection if there is none.
    fn advance(&self, bio: &Bio) -> Transfer {
        let done = if !self.listening.get() {
            self.listen(bio).map(|()| Transfer::Done(1))
        } else if bio.next().is_none() {
            self.accept(bio)
        } else {
            Ok(Transfer::Done(1))
        };
        done.unwrap_or_else(|fault| {
            error_queue::raise(&fault);
            Transfer::Failed
        })
    }

    /// Gets a connection, and does something with it.
    fn with_connection(&self, bio: &Bio, body: impl FnOnce(&Bio) -> Transfer) -> Transfer {
        while bio.next().is_none() {
            match self.advance(bio) {
                Transfer::Done(_) => {}
                other => return other,
            }
        }
        with_next(bio, body)
    }

    /// # Safety
    /// `pointer` is null or what the number says.
    unsafe fn set(&self, bio: &Bio, number: c_long, pointer: *mut c_void) -> Result<(), Fault> {
        match number {
            0 | 1 => {
                if pointer.is_null() {
                    return Err(Fault::null());
                }
                // SAFETY: the command takes a string.
                let text = unsafe { CStr::from_ptr(pointer.cast_const().cast()) };
                if number == 1 {
                    self.port.replace(Some(text.to_owned()));
                } else {
                    let (host, port) = split(text.to_bytes(), Priority::Service)?;
                    set_part(&self.host, host);
                    if port != Part::Unsaid {
                        set_part(&self.port, port);
                    }
                }
                bio.set_init(1);
            }
            2 => {
                let others = self.options.get() & !endpoint::NONBLOCK;
                let mode = if pointer.is_null() {
                    0
                } else {
                    endpoint::NONBLOCK
                };
                self.options.set(others | mode);
            }
            3 => {
                // SAFETY: the command takes a chain, whose reference becomes this BIO's, or null.
                let template = unsafe { crate::handle::take(pointer.cast::<Bio>()) };
                let before = self.template.replace(template);
                drop(before);
            }
            4 if !pointer.is_null() => {
                // SAFETY: the command takes the address of a number.
                self.family
                    .set(unsafe { *pointer.cast_const().cast::<c_int>() });
            }
            _ => return Err(Fault::null()),
        }
        Ok(())
    }

    fn close(&self, bio: &Bio) {
        if bio.number() >= 0 {
            let _ = endpoint::close(bio.number());
            bio.set_number(-1);
        }
        self.listening.set(false);
    }
}

impl Medium for Accept {
    fn read(&self, bio: &Bio, out: &mut [u8]) -> Transfer {
        self.with_connection(bio, |next| next.read(out))
    }

    fn write(&self, bio: &Bio, data: &[u8]) -> Transfer {
        self.with_connection(bio, |next| next.write(data))
    }

    unsafe fn control(
        &self,
        bio: &Bio,
        command: c_int,
        number: c_long,
        pointer: *mut c_void,
    ) -> c_long {
        match command {
            CTRL_RESET => {
                self.close(bio);
                bio.clear_flags(!0);
                0
            }
            DO_STATE_MACHINE => c_long::from(self.advance(bio).code()),
            // SAFETY: the caller's promise.
            SET_ACCEPT => match unsafe { self.set(bio, number, pointer) } {
                Ok(()) => 1,
                Err(fault) => {
                    error_queue::raise(&fault);
                    0
                }
            },
            GET_ACCEPT => {
                if number == 4 {
                    return c_long::from(self.family.get());
                }
                let part = match number {
                    0 => &self.here.host,
                    1 => &self.here.port,
                    2 => &self.peer.host,
                    3 => &self.peer.port,
                    _ => return -1,
                };
                let part = part.borrow();
                let text = part
                    .as_ref()
                    .map_or(core::ptr::null(), |text| text.as_ptr());
                // SAFETY: the command takes null or where to store a pointer.
                unsafe { crate::handle::store(pointer.cast::<*const c_char>(), text) };
                1
            }
            SET_NBIO => {
                let others = self.accepted_options.get() & !endpoint::NONBLOCK;
                let mode = if number != 0 { endpoint::NONBLOCK } else { 0 };
                self.accepted_options.set(others | mode);
                1
            }
            SET_BIND_MODE => {
                self.options.set(c_int::try_from(number).unwrap_or(0));
                1
            }
            GET_BIND_MODE => c_long::from(self.options.get()),
            SET_FD => {
                self.listening.set(true);
                // SAFETY: the caller's promise.
                unsafe { socket::control(bio, command, number, pointer) }
            }
            // SAFETY: the caller's promise.
            CTRL_EOF => unsafe { hand_on(bio, command, number, pointer) },
            // SAFETY: the caller's promise.
            _ => unsafe { socket::control(bio, command, number, pointer) },
        }
    }

    fn destroy(&self, bio: &Bio) {
        if bio.shutdown() != 0 {
            self.close(bio);
        }
    }
}
