//! Sockets (`bio.h`).

use core::ffi::c_int;
use std::io;

use super::entry;
use crate::bio::address::Address;
use crate::bio::{descriptor, endpoint, fault, socket};
use crate::error_queue;
use crate::fault::Fault;
use crate::handle;
use crate::reason::{
    BIO_R_ACCEPT_ERROR, BIO_R_CONNECT_ERROR, BIO_R_UNABLE_TO_BIND_SOCKET,
    BIO_R_UNABLE_TO_CREATE_SOCKET, BIO_R_UNABLE_TO_LISTEN_SOCKET,
};

/// A system call that failed: it and what that means.
fn failed(error: &io::Error, what: &'static str, reason: c_int) -> Fault {
    error_queue::raise(&Fault::system(error, what));
    socket::set_errno(error.raw_os_error().unwrap_or(0));
    fault(reason, what)
}

/// Whether a call that failed with this errno may succeed later.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_sock_non_fatal_error(errno: c_int) -> c_int {
    entry(0, || Ok(c_int::from(socket::is_retryable(errno))))
}

/// Whether a call that failed with this errno may succeed later.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_fd_non_fatal_error(errno: c_int) -> c_int {
    entry(0, || Ok(c_int::from(socket::is_retryable(errno))))
}

/// Whether a call with this result may succeed later, by the errno.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_sock_should_retry(result: c_int) -> c_int {
    entry(0, || {
        let errno = socket::errno();
        Ok(c_int::from(
            matches!(result, 0 | -1) && socket::is_retryable(errno),
        ))
    })
}

/// Whether a call with this result may succeed later, by the errno.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_fd_should_retry(result: c_int) -> c_int {
    entry(0, || {
        let errno = socket::errno();
        Ok(c_int::from(
            matches!(result, 0 | -1) && socket::is_retryable(errno),
        ))
    })
}

/// The error that waits at a socket, which is taken.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_sock_error(fd: c_int) -> c_int {
    entry(0, || Ok(endpoint::pending_error(fd)))
}

/// Turns non-blocking mode on or off.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_socket_nbio(fd: c_int, mode: c_int) -> c_int {
    entry(0, || {
        descriptor::set_nonblocking(fd, mode != 0)
            .map_err(|error| Fault::system(&error, "fcntl"))?;
        Ok(1)
    })
}

/// Turns delaying of small segments off (`on`) or on.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_set_tcp_ndelay(fd: c_int, on: c_int) -> c_int {
    entry(0, || {
        Ok(c_int::from(endpoint::set_no_delay(fd, on != 0).is_ok()))
    })
}

/// Closes a socket.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_closesocket(fd: c_int) -> c_int {
    entry(0, || {
        Ok(c_int::from(fd >= 0 && endpoint::close(fd).is_ok()))
    })
}

/// Does nothing: sockets are there.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_sock_init() -> c_int {
    entry(-1, || Ok(1))
}

/// Makes a socket. -1 if it fails.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_socket(
    domain: c_int,
    socktype: c_int,
    protocol: c_int,
    _options: c_int,
) -> c_int {
    entry(-1, || {
        endpoint::socket(domain, socktype, protocol)
            .map_err(|error| failed(&error, "socket", BIO_R_UNABLE_TO_CREATE_SOCKET))
    })
}

/// Connects a socket.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_connect(fd: c_int, address: *const Address, options: c_int) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let address = unsafe { handle::borrow(address) }?;
        match endpoint::connect(fd, address, options) {
            Ok(()) => Ok(1),
            Err(error) if error.raw_os_error().is_some_and(socket::is_retryable) => {
                // It goes on: BIO_sock_should_retry says so, by the errno.
                socket::set_errno(error.raw_os_error().unwrap_or(0));
                Err(Fault::Quiet)
            }
            Err(error) => Err(failed(&error, "connect", BIO_R_CONNECT_ERROR)),
        }
    })
}

/// Gives a socket its address.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_bind(fd: c_int, address: *const Address, options: c_int) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let address = unsafe { handle::borrow(address) }?;
        match endpoint::bind(fd, address, options) {
            Ok(()) => Ok(1),
            Err(error) => Err(failed(&error, "bind", BIO_R_UNABLE_TO_BIND_SOCKET)),
        }
    })
}

/// Lets a socket listen at an address.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_listen(fd: c_int, address: *const Address, options: c_int) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let address = unsafe { handle::borrow(address) }?;
        match endpoint::listen(fd, address, options) {
            Ok(()) => Ok(1),
            Err(error) => Err(failed(&error, "listen", BIO_R_UNABLE_TO_LISTEN_SOCKET)),
        }
    })
}

/// Takes a connection. Its socket, or -1.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_accept_ex(fd: c_int, address: *mut Address, options: c_int) -> c_int {
    entry(-1, || {
        match endpoint::accept(fd, options) {
            Ok((accepted, from)) => {
                // SAFETY: the caller's promise.
                unsafe { handle::store(address, from) };
                Ok(accepted)
            }
            Err(error) if error.raw_os_error().is_some_and(socket::is_retryable) => {
                socket::set_errno(error.raw_os_error().unwrap_or(0));
                Err(Fault::Quiet)
            }
            Err(error) => Err(failed(&error, "accept", BIO_R_ACCEPT_ERROR)),
        }
    })
}

/// Waits until a socket is ready, or a time of the clock. 1 if it is, 0 if not.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_socket_wait(fd: c_int, for_read: c_int, until: libc::time_t) -> c_int {
    entry(-1, || {
        if until == 0 {
            return Ok(1);
        }
        // SAFETY: null is allowed.
        let now = unsafe { libc::time(core::ptr::null_mut()) };
        let seconds = until.saturating_sub(now).clamp(0, 1_000_000);
        let milliseconds = c_int::try_from(seconds * 1000).unwrap_or(c_int::MAX);
        let ready = endpoint::wait(fd, for_read != 0, milliseconds)
            .map_err(|error| Fault::system(&error, "poll"))?;
        Ok(c_int::from(ready))
    })
}
