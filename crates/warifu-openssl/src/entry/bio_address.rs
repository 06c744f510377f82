//! Addresses (`bio.h`): `BIO_ADDR`, `BIO_lookup`.

use core::ffi::{CStr, c_char, c_int, c_ushort, c_void};
use core::ptr;
use std::net::{IpAddr, SocketAddr};

use super::entry;
use crate::bio::address::{Address, Part, Priority, Query, lookup, split};
use crate::fault::Fault;
use crate::handle;
use crate::memory;

/// An address that a look-up found (`BIO_ADDRINFO`), and the next.
pub struct Info {
    address: Address,
    socktype: c_int,
    protocol: c_int,
    next: Option<Box<Info>>,
}

impl Drop for Info {
    fn drop(&mut self) {
        // One after the other: a long list would go deep otherwise.
        let mut next = self.next.take();
        while let Some(mut info) = next {
            next = info.next.take();
        }
    }
}

/// An address of no family.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_ADDR_new() -> *mut Address {
    entry(ptr::null_mut(), || {
        Ok(Box::into_raw(Box::new(Address::default())))
    })
}

/// Frees an address.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ADDR_free(address: *mut Address) {
    entry((), || {
        if !address.is_null() {
            // SAFETY: from `BIO_ADDR_new`, by the caller's promise.
            drop(unsafe { Box::from_raw(address) });
        }
        Ok(())
    })
}

/// Makes an address one of no family.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ADDR_clear(address: *mut Address) {
    entry((), || {
        // SAFETY: the caller's promise.
        unsafe { handle::store(address, Address::default()) };
        Ok(())
    })
}

/// Makes an address of its bytes; the port in network order.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ADDR_rawmake(
    address: *mut Address,
    family: c_int,
    bytes: *const c_void,
    len: usize,
    port: c_ushort,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let bytes = unsafe { handle::long_bytes(bytes.cast::<u8>(), len) }?;
        let ip = match (family, bytes.len()) {
            (libc::AF_INET, 4) => <[u8; 4]>::try_from(bytes).map(IpAddr::from),
            (libc::AF_INET6, 16) => <[u8; 16]>::try_from(bytes).map(IpAddr::from),
            _ => {
                return Err(Fault::argument(
                    "an address is 4 bytes of IPv4 or 16 of IPv6",
                ));
            }
        };
        let ip = ip.map_err(|_| Fault::Quiet)?;
        let made = Address::from_internet(SocketAddr::new(ip, u16::from_be(port)));
        if address.is_null() {
            return Err(Fault::null());
        }
        // SAFETY: the caller's promise.
        unsafe { handle::store(address, made) };
        Ok(1)
    })
}

/// `AF_…`
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ADDR_family(address: *const Address) -> c_int {
    entry(libc::AF_UNSPEC, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { handle::borrow(address) }?.family())
    })
}

/// The bytes of an address, and how many they are.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ADDR_rawaddress(
    address: *const Address,
    bytes: *mut c_void,
    len: *mut usize,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let internet = unsafe { handle::borrow(address) }?
            .internet()
            .ok_or(Fault::Quiet)?;
        let (octets, count) = match internet.ip() {
            IpAddr::V4(ip) => {
                let mut octets = [0; 16];
                for (to, from) in octets.iter_mut().zip(ip.octets()) {
                    *to = from;
                }
                (octets, 4)
            }
            IpAddr::V6(ip) => (ip.octets(), 16),
        };
        // SAFETY: the caller's promise: there is room for an address of its family.
        unsafe {
            handle::store(len, count);
            if !bytes.is_null() {
                ptr::copy_nonoverlapping(octets.as_ptr(), bytes.cast(), count);
            }
        }
        Ok(1)
    })
}

/// The port in network order.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ADDR_rawport(address: *const Address) -> c_ushort {
    entry(0, || {
        // SAFETY: the caller's promise.
        let internet = unsafe { handle::borrow(address) }?.internet();
        Ok(internet.map_or(0, |internet| internet.port().to_be()))
    })
}

/// The host of an address, as a number. The caller frees it.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ADDR_hostname_string(
    address: *const Address,
    _numeric: c_int,
) -> *mut c_char {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let internet = unsafe { handle::borrow(address) }?
            .internet()
            .ok_or(Fault::Quiet)?;
        memory::to_c_string(internet.ip().to_string().as_bytes())
    })
}

/// The port of an address, as a number. The caller frees it.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ADDR_service_string(
    address: *const Address,
    _numeric: c_int,
) -> *mut c_char {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let internet = unsafe { handle::borrow(address) }?
            .internet()
            .ok_or(Fault::Quiet)?;
        memory::to_c_string(internet.port().to_string().as_bytes())
    })
}

/// The next address, or null.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ADDRINFO_next(info: *const Info) -> *const Info {
    entry(ptr::null(), || {
        // SAFETY: the caller's promise.
        let Some(info) = (unsafe { info.as_ref() }) else {
            return Ok(ptr::null());
        };
        Ok(info.next.as_deref().map_or(ptr::null(), ptr::from_ref))
    })
}

/// `AF_…`
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ADDRINFO_family(info: *const Info) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let Some(info) = (unsafe { info.as_ref() }) else {
            return Ok(0);
        };
        Ok(info.address.family())
    })
}

/// `SOCK_…`
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ADDRINFO_socktype(info: *const Info) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let Some(info) = (unsafe { info.as_ref() }) else {
            return Ok(0);
        };
        Ok(info.socktype)
    })
}

/// `IPPROTO_…`
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ADDRINFO_protocol(info: *const Info) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let Some(info) = (unsafe { info.as_ref() }) else {
            return Ok(0);
        };
        Ok(info.protocol)
    })
}

/// The address, which belongs to the list.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ADDRINFO_address(info: *const Info) -> *const Address {
    entry(ptr::null(), || {
        // SAFETY: the caller's promise.
        let Some(info) = (unsafe { info.as_ref() }) else {
            return Ok(ptr::null());
        };
        Ok(&raw const info.address)
    })
}

/// Frees a list of addresses.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_ADDRINFO_free(info: *mut Info) {
    entry((), || {
        if !info.is_null() {
            // SAFETY: the first of a list from `BIO_lookup`, by the caller's promise.
            drop(unsafe { Box::from_raw(info) });
        }
        Ok(())
    })
}

/// Looks addresses up, to connect to (kind 0) or to listen at (1).
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_lookup_ex(
    host: *const c_char,
    service: *const c_char,
    kind: c_int,
    family: c_int,
    socktype: c_int,
    protocol: c_int,
    result: *mut *mut Info,
) -> c_int {
    entry(0, || {
        if result.is_null() {
            return Err(Fault::null());
        }
        // SAFETY: the caller's promise.
        let text = |text: *const c_char| (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) });
        let found = lookup(Query {
            host: text(host),
            service: text(service),
            passive: kind != 0,
            family,
            socktype,
            protocol,
        })?;
        let list = found.into_iter().rev().fold(None, |next, found| {
            Some(Box::new(Info {
                address: found.address,
                socktype: found.socktype,
                protocol: found.protocol,
                next,
            }))
        });
        // SAFETY: the caller's promise.
        unsafe { handle::store(result, list.map_or(ptr::null_mut(), Box::into_raw)) };
        Ok(1)
    })
}

/// As [`BIO_lookup_ex`], for any protocol.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_lookup(
    host: *const c_char,
    service: *const c_char,
    kind: c_int,
    family: c_int,
    socktype: c_int,
    result: *mut *mut Info,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        Ok(unsafe { BIO_lookup_ex(host, service, kind, family, socktype, 0, result) })
    })
}

/// Splits `host:service`. What is not said is not stored. The caller frees the parts.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_parse_hostserv(
    text: *const c_char,
    host: *mut *mut c_char,
    service: *mut *mut c_char,
    priority: c_int,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        let text = unsafe { handle::string(text) }?;
        let priority = if priority == 0 {
            Priority::Host
        } else {
            Priority::Service
        };
        let parts = split(text, priority)?;
        for (to, part) in [(host, parts.0), (service, parts.1)] {
            let value = match part {
                Part::Unsaid => continue,
                Part::Any => ptr::null_mut(),
                Part::Named(name) if !to.is_null() => memory::to_c_string(name.to_bytes())?,
                Part::Named(_) => continue,
            };
            // SAFETY: the caller's promise.
            unsafe { handle::store(to, value) };
        }
        Ok(1)
    })
}
