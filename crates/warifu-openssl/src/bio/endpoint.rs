//! Sockets: making, connecting, listening, accepting (`BIO_socket`, `BIO_connect`, `BIO_listen`, `BIO_accept_ex`).

use core::ffi::c_int;
use std::io;

use super::address::Address;
use super::descriptor::set_nonblocking;

/// `BIO_SOCK_REUSEADDR`
pub(crate) const REUSE_ADDRESS: c_int = 1;
/// `BIO_SOCK_V6_ONLY`
pub(crate) const V6_ONLY: c_int = 2;
/// `BIO_SOCK_KEEPALIVE`
pub(crate) const KEEP_ALIVE: c_int = 4;
/// `BIO_SOCK_NONBLOCK`
pub(crate) const NONBLOCK: c_int = 8;
/// `BIO_SOCK_NODELAY`
pub(crate) const NODELAY: c_int = 16;

const BACKLOG: c_int = 32;

fn checked(result: c_int) -> io::Result<c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// Makes a socket, which programs that are started from this one do not get.
pub(crate) fn socket(domain: c_int, socktype: c_int, protocol: c_int) -> io::Result<c_int> {
    // SAFETY: no memory is involved.
    checked(unsafe { libc::socket(domain, socktype | libc::SOCK_CLOEXEC, protocol) })
}

/// Closes a socket.
pub(crate) fn close(fd: c_int) -> io::Result<()> {
    // SAFETY: no memory is involved.
    checked(unsafe { libc::close(fd) }).map(drop)
}

fn set_option(fd: c_int, level: c_int, name: c_int, on: bool) -> io::Result<()> {
    let value = c_int::from(on);
    // SAFETY: the value is of that size.
    checked(unsafe {
        libc::setsockopt(
            fd,
            level,
            name,
            (&raw const value).cast(),
            size_of::<c_int>() as libc::socklen_t,
        )
    })
    .map(drop)
}

/// Turns delaying of small segments off (`on`) or on.
pub(crate) fn set_no_delay(fd: c_int, on: bool) -> io::Result<()> {
    set_option(fd, libc::IPPROTO_TCP, libc::TCP_NODELAY, on)
}

fn set_common(fd: c_int, options: c_int) -> io::Result<()> {
    if options & NONBLOCK != 0 {
        set_nonblocking(fd, true)?;
    }
    if options & KEEP_ALIVE != 0 {
        set_option(fd, libc::SOL_SOCKET, libc::SO_KEEPALIVE, true)?;
    }
    if options & NODELAY != 0 {
        set_no_delay(fd, true)?;
    }
    Ok(())
}

/// Connects a socket. In non-blocking mode the error says that it goes on.
pub(crate) fn connect(fd: c_int, address: &Address, options: c_int) -> io::Result<()> {
    // BIO_connect leaves the mode alone only if it is not asked for.
    set_nonblocking(fd, options & NONBLOCK != 0)?;
    set_common(fd, options)?;
    // SAFETY: an address of that length.
    checked(unsafe { libc::connect(fd, address.as_ptr(), address.len()) }).map(drop)
}

/// Gives a socket its address.
pub(crate) fn bind(fd: c_int, address: &Address, options: c_int) -> io::Result<()> {
    if options & REUSE_ADDRESS != 0 {
        set_option(fd, libc::SOL_SOCKET, libc::SO_REUSEADDR, true)?;
    }
    // SAFETY: an address of that length.
    checked(unsafe { libc::bind(fd, address.as_ptr(), address.len()) }).map(drop)
}

/// Listens at an address.
pub(crate) fn listen(fd: c_int, address: &Address, options: c_int) -> io::Result<()> {
    set_common(fd, options)?;
    if address.family() == libc::AF_INET6 {
        set_option(
            fd,
            libc::IPPROTO_IPV6,
            libc::IPV6_V6ONLY,
            options & V6_ONLY != 0,
        )?;
    }
    bind(fd, address, options)?;
    // SAFETY: no memory is involved.
    checked(unsafe { libc::listen(fd, BACKLOG) }).map(drop)
}

/// Takes a connection: its socket and the peer's address.
pub(crate) fn accept(fd: c_int, options: c_int) -> io::Result<(c_int, Address)> {
    let taken = Address::fill(|address, len| {
        // SAFETY: room for an address of that length.
        unsafe { libc::accept4(fd, address, len, libc::SOCK_CLOEXEC) }
    });
    let (address, accepted) = taken.ok_or_else(io::Error::last_os_error)?;
    if let Err(error) = set_common(accepted, options) {
        let _ = close(accepted);
        return Err(error);
    }
    Ok((accepted, address))
}

/// The address that a socket has.
pub(crate) fn local_address(fd: c_int) -> Option<Address> {
    Address::fill(|address, len| {
        // SAFETY: room for an address of that length.
        unsafe { libc::getsockname(fd, address, len) }
    })
    .map(|(address, _)| address)
}

/// The error that waits at a socket, which is taken; 0 for none.
pub(crate) fn pending_error(fd: c_int) -> c_int {
    let mut error: c_int = 0;
    let mut len = size_of::<c_int>() as libc::socklen_t;
    // SAFETY: room for a value of that length.
    let result = unsafe {
        libc::getsockopt(
            fd,
            libc::SOL_SOCKET,
            libc::SO_ERROR,
            (&raw mut error).cast(),
            &raw mut len,
        )
    };
    if result < 0 {
        super::socket::errno()
    } else {
        error
    }
}

/// Waits until a descriptor is readable or writable, at most so many milliseconds. Whether it is.
pub(crate) fn wait(fd: c_int, for_read: bool, milliseconds: c_int) -> io::Result<bool> {
    let mut poll = libc::pollfd {
        fd,
        events: if for_read {
            libc::POLLIN
        } else {
            libc::POLLOUT
        },
        revents: 0,
    };
    // SAFETY: one entry.
    checked(unsafe { libc::poll(&raw mut poll, 1, milliseconds) }).map(|ready| ready > 0)
}
