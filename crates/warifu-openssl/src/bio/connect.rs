//! BIOs that connect (`BIO_s_connect`), and are sockets then.

use core::cell::{Cell, RefCell};
use core::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::ffi::CString;
use std::io;

use super::address::{Address, Found, Part, Priority, Query, lookup, split};
use super::command::{
    CTRL_DUP, CTRL_RESET, DO_STATE_MACHINE, GET_CONNECT, RR_CONNECT, SET_CONNECT, SET_CONNECT_MODE,
    SET_FD, SET_NBIO, TYPE_CONNECT,
};
use super::method::{Medium, builtin};
use super::{Bio, Transfer, endpoint, fault, socket};
use crate::error_queue;
use crate::fault::Fault;
use crate::reason::{
    BIO_R_CONNECT_ERROR, BIO_R_NBIO_CONNECT_ERROR, BIO_R_NO_HOSTNAME_OR_SERVICE_SPECIFIED,
    BIO_R_NO_PORT_DEFINED, BIO_R_UNSUPPORTED_IP_FAMILY,
};

builtin! {
    method: TYPE_CONNECT, c"socket connect", |_| Box::new(Connect::default());
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Addresses are to be found.
    #[default]
    Begin,
    /// The next address is to be tried.
    Next,
    /// A connection is on its way.
    Waiting,
    Connected,
}

#[derive(Default)]
struct Connect {
    host: RefCell<Option<CString>>,
    port: RefCell<Option<CString>>,
    /// `BIO_FAMILY_…`, or 0 for any.
    family: Cell<c_int>,
    options: Cell<c_int>,
    addresses: RefCell<Vec<Found>>,
    /// The address that is tried next.
    at: Cell<usize>,
    /// The address in use, where C's pointer to it leads.
    address: RefCell<Option<Box<Address>>>,
    state: Cell<State>,
    /// The errno of the last address that was of no use.
    refused: Cell<c_int>,
}

/// `AF_…` of `BIO_FAMILY_…`.
pub(super) fn family(family: c_int) -> Result<c_int, Fault> {
    match family {
        0 | 256 => Ok(libc::AF_UNSPEC),
        4 => Ok(libc::AF_INET),
        6 => Ok(libc::AF_INET6),
        _ => Err(fault(
            BIO_R_UNSUPPORTED_IP_FAMILY,
            "the family is IPv4 (4), IPv6 (6) or any (256)",
        )),
    }
}

impl Connect {
    fn find(&self) -> Result<(), Fault> {
        let (host, port) = (self.host.borrow().clone(), self.port.borrow().clone());
        if host.is_none() && port.is_none() {
            return Err(fault(
                BIO_R_NO_HOSTNAME_OR_SERVICE_SPECIFIED,
                "BIO_set_conn_hostname was not called",
            ));
        }
        if port.is_none() {
            return Err(fault(
                BIO_R_NO_PORT_DEFINED,
                "an address to connect to is host:port",
            ));
        }
        let found = lookup(Query {
            host: host.as_deref(),
            service: port.as_deref(),
            passive: false,
            family: family(self.family.get())?,
            socktype: libc::SOCK_STREAM,
            protocol: 0,
        })?;
        self.addresses.replace(found);
        self.at.set(0);
        Ok(())
    }

    fn named(&self) -> String {
        let text = |part: &RefCell<Option<CString>>| {
            part.borrow().as_ref().map_or_else(
                || "?".to_owned(),
                |text| text.to_string_lossy().into_owned(),
            )
        };
        format!("connect to {} port {}", text(&self.host), text(&self.port))
    }

    /// Goes on towards the connection.
    fn advance(&self, bio: &Bio) -> Transfer {
        match self.step(bio) {
            Ok(done) => done,
            Err(fault) => {
                error_queue::raise(&fault);
                Transfer::Failed
            }
        }
    }

    fn step(&self, bio: &Bio) -> Result<Transfer, Fault> {
        loop {
            match self.state.get() {
                State::Connected => return Ok(Transfer::Done(1)),
                State::Begin => {
                    self.find()?;
                    self.state.set(State::Next);
                }
                State::Next => {
                    if let Some(waits) = self.try_next(bio)? {
                        return Ok(waits);
                    }
                }
                State::Waiting => {
                    if !endpoint::wait(bio.number(), false, 0).unwrap_or(true) {
                        return Ok(bio.retry_special(RR_CONNECT));
                    }
                    match endpoint::pending_error(bio.number()) {
                        0 => {
                            bio.clear_retry();
                            self.state.set(State::Connected);
                        }
                        error => self.refuse(bio, error, BIO_R_NBIO_CONNECT_ERROR)?,
                    }
                }
            }
        }
    }

    /// Tries the next address. What to return, if it is to be waited for.
    fn try_next(&self, bio: &Bio) -> Result<Option<Transfer>, Fault> {
        let next = self.addresses.borrow().get(self.at.get()).copied();
        let Some(found) = next else {
            self.state.set(State::Begin);
            let error = io::Error::from_raw_os_error(self.refused.get());
            return Err(Fault::system(&error, &self.named()));
        };
        self.at.set(self.at.get() + 1);
        self.close(bio);
        let fd = match endpoint::socket(found.address.family(), found.socktype, found.protocol) {
            Ok(fd) => fd,
            Err(error) => {
                self.refuse(bio, error.raw_os_error().unwrap_or(0), BIO_R_CONNECT_ERROR)?;
                return Ok(None);
            }
        };
        bio.set_number(fd);
        self.address.replace(Some(Box::new(found.address)));
        let options = self.options.get() | endpoint::KEEP_ALIVE;
        match endpoint::connect(fd, &found.address, options) {
            Ok(()) => {
                bio.clear_retry();
                self.state.set(State::Connected);
            }
            Err(error) => {
                let errno = error.raw_os_error().unwrap_or(0);
                if socket::is_retryable(errno) {
                    self.state.set(State::Waiting);
                    return Ok(Some(bio.retry_special(RR_CONNECT)));
                }
                self.refuse(bio, errno, BIO_R_CONNECT_ERROR)?;
            }
        }
        Ok(None)
    }

    /// Gives an address up: the next one is tried, and if there is none it failed.
    fn refuse(&self, bio: &Bio, errno: c_int, reason: c_int) -> Result<(), Fault> {
        self.refused.set(errno);
        bio.clear_retry();
        if self.at.get() < self.addresses.borrow().len() {
            self.state.set(State::Next);
            return Ok(());
        }
        self.close(bio);
        self.state.set(State::Begin);
        let error = io::Error::from_raw_os_error(errno);
        error_queue::raise(&Fault::system(&error, &self.named()));
        socket::set_errno(errno);
        Err(fault(reason, self.named()))
    }

    fn close(&self, bio: &Bio) {
        if bio.number() >= 0 {
            let _ = endpoint::close(bio.number());
            bio.set_number(-1);
        }
    }

    /// # Safety
    /// `pointer` is null or what the number says.
    unsafe fn set(&self, bio: &Bio, number: c_long, pointer: *mut c_void) -> Result<(), Fault> {
        if pointer.is_null() {
            return Err(Fault::null());
        }
        match number {
            0 => {
                // SAFETY: the command takes a string.
                let text = unsafe { CStr::from_ptr(pointer.cast_const().cast()) };
                let (host, port) = split(text.to_bytes(), Priority::Host)?;
                set_part(&self.host, host);
                if port != Part::Unsaid {
                    set_part(&self.port, port);
                }
            }
            1 => {
                // SAFETY: the command takes a string.
                let text = unsafe { CStr::from_ptr(pointer.cast_const().cast()) };
                self.port.replace(Some(text.to_owned()));
            }
            2 => {
                // SAFETY: the command takes an address.
                let address = unsafe { &*pointer.cast_const().cast::<Address>() };
                let internet = address.internet().ok_or_else(|| {
                    fault(
                        BIO_R_UNSUPPORTED_IP_FAMILY,
                        "the address is neither IPv4 nor IPv6",
                    )
                })?;
                let text = |text: String| Some(error_queue::c_string(text));
                self.host.replace(text(internet.ip().to_string()));
                self.port.replace(text(internet.port().to_string()));
            }
            3 => {
                // SAFETY: the command takes the address of a number.
                self.family
                    .set(unsafe { *pointer.cast_const().cast::<c_int>() });
            }
            _ => return Err(Fault::Quiet),
        }
        bio.set_init(1);
        Ok(())
    }

    /// # Safety
    /// `pointer` is null or where to store a pointer.
    unsafe fn get(&self, number: c_long, pointer: *mut c_void) -> c_long {
        let text = |part: &RefCell<Option<CString>>| {
            part.borrow()
                .as_ref()
                .map_or(core::ptr::null(), |text| text.as_ptr())
        };
        if number == 3 {
            return c_long::from(self.family.get());
        }
        if pointer.is_null() {
            return 0;
        }
        // SAFETY: the caller's promise.
        unsafe {
            match number {
                0 => pointer.cast::<*const c_char>().write(text(&self.host)),
                1 => pointer.cast::<*const c_char>().write(text(&self.port)),
                2 => pointer.cast::<*const Address>().write(
                    self.address
                        .borrow()
                        .as_ref()
                        .map_or(core::ptr::null(), |address| &raw const **address),
                ),
                _ => return 0,
            }
        }
        1
    }
}

/// Takes a part of an address over: one that may be any is none.
pub(super) fn set_part(to: &RefCell<Option<CString>>, part: Part) {
    to.replace(match part {
        Part::Named(name) => Some(name),
        Part::Any | Part::Unsaid => None,
    });
}

impl Medium for Connect {
    fn read(&self, bio: &Bio, out: &mut [u8]) -> Transfer {
        match self.advance(bio) {
            Transfer::Done(_) => socket::receive(bio, out),
            other => other,
        }
    }

    fn write(&self, bio: &Bio, data: &[u8]) -> Transfer {
        match self.advance(bio) {
            Transfer::Done(_) => socket::send(bio, data),
            other => other,
        }
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
                self.state.set(State::Begin);
                bio.clear_flags(!0);
                0
            }
            DO_STATE_MACHINE => c_long::from(self.advance(bio).code()),
            // SAFETY: the caller's promise.
            SET_CONNECT => match unsafe { self.set(bio, number, pointer) } {
                Ok(()) => 1,
                Err(fault) => {
                    error_queue::raise(&fault);
                    0
                }
            },
            // SAFETY: the caller's promise.
            GET_CONNECT => unsafe { self.get(number, pointer) },
            SET_NBIO => {
                let others = self.options.get() & !endpoint::NONBLOCK;
                let mode = if number != 0 { endpoint::NONBLOCK } else { 0 };
                self.options.set(others | mode);
                1
            }
            SET_CONNECT_MODE => {
                self.options.set(c_int::try_from(number).unwrap_or(0));
                1
            }
            SET_FD => {
                self.state.set(State::Connected);
                // SAFETY: the caller's promise.
                unsafe { socket::control(bio, command, number, pointer) }
            }
            CTRL_DUP => {
                // SAFETY: the command takes the copy, or null.
                if let Some(copy) = unsafe { pointer.cast::<Bio>().as_ref() } {
                    let (host, port) = (self.host.borrow().clone(), self.port.borrow().clone());
                    let text = |text: &Option<CString>| {
                        text.as_ref().map_or(core::ptr::null_mut(), |text| {
                            text.as_ptr().cast_mut().cast()
                        })
                    };
                    let mode = c_long::from(self.options.get());
                    // SAFETY: these commands take strings or null.
                    unsafe {
                        if port.is_some() {
                            copy.control(SET_CONNECT, 1, text(&port));
                        }
                        if host.is_some() {
                            copy.control(SET_CONNECT, 0, text(&host));
                        }
                        copy.control(SET_CONNECT_MODE, mode, core::ptr::null_mut());
                    }
                }
                1
            }
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
