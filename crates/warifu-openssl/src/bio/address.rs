//! Addresses of sockets (`BIO_ADDR`), and how they are found (`BIO_ADDRINFO`).

use core::ffi::{CStr, c_int};
use core::ptr;
use std::ffi::CString;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::fault;
use crate::error_queue::c_string;
use crate::fault::Fault;
use crate::reason::{
    BIO_R_AMBIGUOUS_HOST_OR_SERVICE, BIO_R_LOOKUP_RETURNED_NOTHING,
    BIO_R_MALFORMED_HOST_OR_SERVICE, ERR_R_SYS_LIB,
};

/// An address (`BIO_ADDR`).
#[derive(Clone, Copy)]
pub struct Address {
    storage: libc::sockaddr_storage,
    len: libc::socklen_t,
}

impl Default for Address {
    fn default() -> Self {
        Self {
            // SAFETY: plain data, for which zero is a value: no family.
            storage: unsafe { core::mem::zeroed() },
            len: 0,
        }
    }
}

impl Address {
    /// The address that a system call has to read.
    pub(crate) fn as_ptr(&self) -> *const libc::sockaddr {
        (&raw const self.storage).cast()
    }

    pub(crate) fn len(&self) -> libc::socklen_t {
        self.len
    }

    /// Lets a system call write an address. `None` if it fails.
    pub(crate) fn fill(
        body: impl FnOnce(*mut libc::sockaddr, *mut libc::socklen_t) -> c_int,
    ) -> Option<(Self, c_int)> {
        let mut address = Self::default();
        let mut len = libc::socklen_t::try_from(size_of::<libc::sockaddr_storage>()).ok()?;
        let result = body((&raw mut address.storage).cast(), &raw mut len);
        address.len = len;
        (result >= 0).then_some((address, result))
    }

    /// The address of the bytes that a system call gave.
    ///
    /// # Safety
    /// `address` has `len` readable bytes, or is null.
    unsafe fn copied(address: *const libc::sockaddr, len: libc::socklen_t) -> Self {
        let mut copy = Self::default();
        let size = (len as usize).min(size_of::<libc::sockaddr_storage>());
        if !address.is_null() {
            // SAFETY: the caller's promise; not more than there is room for.
            unsafe {
                ptr::copy_nonoverlapping(
                    address.cast::<u8>(),
                    (&raw mut copy.storage).cast::<u8>(),
                    size,
                );
            }
            copy.len = len;
        }
        copy
    }

    /// `AF_…`; `AF_UNSPEC` for none.
    pub(crate) fn family(&self) -> c_int {
        c_int::from(self.storage.ss_family)
    }

    /// An address of an internet.
    pub(crate) fn from_internet(address: SocketAddr) -> Self {
        let mut made = Self::default();
        match address {
            SocketAddr::V4(v4) => {
                // SAFETY: the storage is as large and aligned as every kind of address.
                let raw = unsafe { &mut *(&raw mut made.storage).cast::<libc::sockaddr_in>() };
                raw.sin_family = libc::AF_INET as libc::sa_family_t;
                raw.sin_port = v4.port().to_be();
                raw.sin_addr.s_addr = u32::from_ne_bytes(v4.ip().octets());
                made.len = size_of::<libc::sockaddr_in>() as libc::socklen_t;
            }
            SocketAddr::V6(v6) => {
                // SAFETY: as above.
                let raw = unsafe { &mut *(&raw mut made.storage).cast::<libc::sockaddr_in6>() };
                raw.sin6_family = libc::AF_INET6 as libc::sa_family_t;
                raw.sin6_port = v6.port().to_be();
                raw.sin6_addr.s6_addr = v6.ip().octets();
                raw.sin6_scope_id = v6.scope_id();
                made.len = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
            }
        }
        made
    }

    /// The address, if it is one of an internet.
    pub(crate) fn internet(&self) -> Option<SocketAddr> {
        match self.family() {
            libc::AF_INET => {
                // SAFETY: of this kind, by its family; the storage is as large and aligned.
                let raw = unsafe { &*(&raw const self.storage).cast::<libc::sockaddr_in>() };
                let ip = Ipv4Addr::from(raw.sin_addr.s_addr.to_ne_bytes());
                Some(SocketAddr::new(IpAddr::V4(ip), u16::from_be(raw.sin_port)))
            }
            libc::AF_INET6 => {
                // SAFETY: as above.
                let raw = unsafe { &*(&raw const self.storage).cast::<libc::sockaddr_in6>() };
                let ip = Ipv6Addr::from(raw.sin6_addr.s6_addr);
                Some(SocketAddr::new(IpAddr::V6(ip), u16::from_be(raw.sin6_port)))
            }
            _ => None,
        }
    }
}

/// An address that a look-up found, with what kind of socket it is for.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    pub(crate) address: Address,
    pub(crate) socktype: c_int,
    pub(crate) protocol: c_int,
}

/// What is looked up.
#[derive(Clone, Copy)]
pub(crate) struct Query<'a> {
    pub(crate) host: Option<&'a CStr>,
    pub(crate) service: Option<&'a CStr>,
    /// To listen at, not to connect to.
    pub(crate) passive: bool,
    pub(crate) family: c_int,
    pub(crate) socktype: c_int,
    pub(crate) protocol: c_int,
}

/// Looks addresses up. It may ask the network, and block.
///
/// # Errors
/// None are found, or the look-up fails.
pub(crate) fn lookup(query: Query<'_>) -> Result<Vec<Found>, Fault> {
    // SAFETY: plain data, for which zero is a value.
    let mut hints: libc::addrinfo = unsafe { core::mem::zeroed() };
    hints.ai_family = query.family;
    hints.ai_socktype = query.socktype;
    hints.ai_protocol = query.protocol;
    hints.ai_flags = if query.passive { libc::AI_PASSIVE } else { 0 };
    let text = |text: Option<&CStr>| text.map_or(ptr::null(), CStr::as_ptr);
    let mut list: *mut libc::addrinfo = ptr::null_mut();
    // SAFETY: strings or nulls, plain data, and where to store the list.
    let result = unsafe {
        libc::getaddrinfo(
            text(query.host),
            text(query.service),
            &raw const hints,
            &raw mut list,
        )
    };
    let named = |text: Option<&CStr>| match text {
        Some(text) => text.to_string_lossy().into_owned(),
        None => "*".to_owned(),
    };
    let what = format!(
        "looking up {}, port {}",
        named(query.host),
        named(query.service)
    );
    if result == libc::EAI_SYSTEM {
        return Err(Fault::system(&io::Error::last_os_error(), &what));
    }
    if result != 0 {
        // SAFETY: a static string.
        let why = unsafe { CStr::from_ptr(libc::gai_strerror(result)) };
        return Err(fault(
            ERR_R_SYS_LIB,
            format!("{what}: {}", why.to_string_lossy()),
        ));
    }
    let mut found = Vec::new();
    let mut entry = list;
    // SAFETY: the list is alive until it is freed below.
    while let Some(info) = unsafe { entry.as_ref() } {
        found.push(Found {
            // SAFETY: the address has that many bytes.
            address: unsafe { Address::copied(info.ai_addr, info.ai_addrlen) },
            socktype: info.ai_socktype,
            protocol: info.ai_protocol,
        });
        entry = info.ai_next;
    }
    if !list.is_null() {
        // SAFETY: from `getaddrinfo`, and not used any more.
        unsafe { libc::freeaddrinfo(list) };
    }
    if found.is_empty() {
        return Err(fault(BIO_R_LOOKUP_RETURNED_NOTHING, what));
    }
    Ok(found)
}

/// Which of the two a text without a colon is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Priority {
    Host,
    Service,
}

/// A part of an address: not said at all, any (`*` or nothing), or a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Unsaid,
    Any,
    Named(CString),
}

impl Part {
    fn of(text: &[u8]) -> Self {
        if text.is_empty() || text == b"*" {
            Self::Any
        } else {
            Self::Named(c_string(text))
        }
    }
}

/// Splits `host:service`, `[host]:service`, or one of the two, into host and service.
///
/// # Errors
/// More colons than one outside of brackets; brackets that do not match.
pub(crate) fn split(text: &[u8], priority: Priority) -> Result<(Part, Part), Fault> {
    let malformed = || {
        fault(
            BIO_R_MALFORMED_HOST_OR_SERVICE,
            "an address is host:port or [host]:port",
        )
    };
    if let Some(bracketed) = text.strip_prefix(b"[") {
        let end = bracketed
            .iter()
            .position(|byte| *byte == b']')
            .ok_or_else(malformed)?;
        let (host, rest) = bracketed.split_at_checked(end).ok_or_else(malformed)?;
        return match rest.strip_prefix(b"]") {
            Some(b"") => Ok((Part::of(host), Part::Unsaid)),
            Some(rest) => {
                let service = rest.strip_prefix(b":").ok_or_else(malformed)?;
                Ok((Part::of(host), Part::of(service)))
            }
            None => Err(malformed()),
        };
    }
    let mut parts = text.splitn(3, |byte| *byte == b':');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(host), Some(service), None) => Ok((Part::of(host), Part::of(service))),
        (_, _, Some(_)) => Err(fault(
            BIO_R_AMBIGUOUS_HOST_OR_SERVICE,
            "more than one colon: an IPv6 address stands in brackets",
        )),
        (one, _, _) => {
            let one = Part::of(one.unwrap_or_default());
            Ok(match priority {
                Priority::Host => (one, Part::Unsaid),
                Priority::Service => (Part::Unsaid, one),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Part {
        Part::Named(CString::new(text).unwrap())
    }

    #[test]
    fn splits_addresses() {
        for (text, host, service) in [
            ("localhost:https", named("localhost"), named("https")),
            ("[::1]:443", named("::1"), named("443")),
            ("[::1]", named("::1"), Part::Unsaid),
            ("*:443", Part::Any, named("443")),
            (":443", Part::Any, named("443")),
            ("localhost:", named("localhost"), Part::Any),
            ("localhost", named("localhost"), Part::Unsaid),
        ] {
            let split = split(text.as_bytes(), Priority::Host).unwrap();
            assert_eq!(split, (host, service), "{text}");
        }
        assert_eq!(
            split(b"443", Priority::Service).unwrap(),
            (Part::Unsaid, named("443"))
        );
        for text in ["::1", "a:b:c", "[::1", "[::1]443"] {
            assert!(split(text.as_bytes(), Priority::Host).is_err(), "{text}");
        }
    }

    #[test]
    fn internet_addresses_come_back() {
        for text in ["127.0.0.1:80", "[::1]:443"] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(Address::from_internet(address).internet(), Some(address));
        }
        assert_eq!(Address::default().internet(), None);
    }
}
