//! Server names, application protocols, groups and cipher suites, by wolfSSL's names.

use core::ffi::{c_char, c_int, c_uchar, c_uint, c_ushort, c_void};
use std::ffi::CString;

use warifu::parameters::NamedGroup;

use super::cipher_list::from_text;
use super::hello::host_name;
use super::{entry, on};
use crate::context::Context;
use crate::fault::Fault;
use crate::groups;
use crate::handle;
use crate::method::Role;
use crate::settings::Settings;
use crate::ssl::Ssl;

/// `WOLFSSL_SUCCESS`
const SUCCESS: c_int = 1;
/// `WOLFSSL_ALPN_NOT_FOUND`
const NOT_FOUND: c_int = -9;
/// `WOLFSSL_SNI_HOST_NAME`
const HOST_NAME: c_uchar = 0;
/// `WOLFSSL_ALPN_FAILED_ON_MISMATCH`
const FAILED_ON_MISMATCH: c_uchar = 4;

from_text! {
    /// `wolfSSL_CTX_set_cipher_list`: suites of all versions by wolfSSL's, OpenSSL's or IANA's names between colons. Versions that none
    /// of them is for keep theirs. 1, or 0 on failure.
    wolfSSL_CTX_set_cipher_list wolfSSL_set_cipher_list: |settings, text| settings.ciphers.set_names(text);
}

// Server names.

/// The name that a program gives by its bytes.
///
/// # Safety
/// `data` has `size` readable bytes.
unsafe fn name(kind: c_uchar, data: *const c_void, size: c_ushort) -> Result<CString, Fault> {
    if kind != HOST_NAME {
        return Err(Fault::argument(format!(
            "server names have the type WOLFSSL_SNI_HOST_NAME, not {kind}"
        )));
    }
    // SAFETY: the caller's promise.
    host_name(unsafe { handle::bytes(data.cast(), size.into()) }?)
}

fn only_for_clients(role: Option<Role>) -> Result<(), Fault> {
    match role {
        Some(Role::Server) => Err(Fault::unsupported(
            "a server's own name: SSL_CTX_set_tlsext_servername_callback is asked about a client's",
        )),
        _ => Ok(()),
    }
}

/// `wolfSSL_CTX_UseSNI`: the name of the server that clients made from now on want; 1, or 0 on failure.
///
/// # Safety
/// `ctx` is null or a context; `data` has `size` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_CTX_UseSNI(
    ctx: *mut Context,
    kind: c_uchar,
    data: *const c_void,
    size: c_ushort,
) -> c_int {
    let body = |ctx: &Context| {
        // SAFETY: the caller's contract.
        let name = unsafe { name(kind, data, size) }?;
        only_for_clients(ctx.settings().method.role)?;
        ctx.change(|settings| settings.wolf.host_name = Some(name));
        Ok(SUCCESS)
    };
    // SAFETY: the caller's contract.
    unsafe { on(ctx, 0, body) }
}

/// `wolfSSL_UseSNI`: the name of the server that a client wants; 1, or 0 on failure.
///
/// # Safety
/// `ssl` is null or a connection; `data` has `size` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_UseSNI(
    ssl: *mut Ssl,
    kind: c_uchar,
    data: *const c_void,
    size: c_ushort,
) -> c_int {
    let body = |ssl: &Ssl| {
        // SAFETY: the caller's contract.
        let name = unsafe { name(kind, data, size) }?;
        only_for_clients(ssl.role())?;
        ssl.hello.set_host_name(Some(name));
        Ok(SUCCESS)
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, body) }
}

// Application protocols.

/// Names between commas as they go on the wire.
fn protocols(list: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut wire = Vec::new();
    for name in list.split(|byte| *byte == b',') {
        match u8::try_from(name.len()) {
            Ok(len @ 1..) => wire.push(len),
            _ => {
                return Err(Fault::argument(
                    "application protocols are names of 1 to 255 bytes between commas",
                ));
            }
        }
        wire.extend_from_slice(name);
    }
    Ok(wire)
}

/// `wolfSSL_UseALPN`: application protocols, names between commas, best first. A client offers them; a server chooses the first that
/// the client has too, and without one goes on or refuses as `options` says. 1, or 0 on failure.
///
/// # Safety
/// `ssl` is null or a connection; `names` has `size` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_UseALPN(
    ssl: *mut Ssl,
    names: *mut c_char,
    size: c_uint,
    options: c_uchar,
) -> c_int {
    let body = |ssl: &Ssl| {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        // SAFETY: the caller's contract.
        let wire = protocols(unsafe { handle::long_bytes(names.cast(), size) }?)?;
        ssl.try_change(|settings| {
            super::alpn::set_offer(settings, &wire)?;
            let strict = options & FAILED_ON_MISMATCH != 0;
            settings.wolf.alpn = Some((wire.into(), strict));
            Ok(SUCCESS)
        })
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, body) }
}

/// `wolfSSL_ALPN_GetProtocol`: the protocol that was agreed upon, a string that stays until the next call; 1, or `WOLFSSL_ALPN_NOT_FOUND`.
///
/// # Safety
/// `ssl` is null or a connection; the places are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_ALPN_GetProtocol(
    ssl: *mut Ssl,
    name: *mut *mut c_char,
    size: *mut c_ushort,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe {
        handle::store(name, core::ptr::null_mut());
        handle::store(size, 0);
    }
    let body = |ssl: &Ssl| {
        let Some(agreed) = ssl.alpn() else {
            return Ok(NOT_FOUND);
        };
        let text = crate::error_queue::c_string(agreed.as_ref());
        // SAFETY: the caller's contract; the characters stay where they are when the string moves.
        unsafe {
            handle::store(name, text.as_ptr().cast_mut());
            handle::store(size, c_ushort::try_from(text.as_bytes().len()).unwrap_or(0));
        }
        ssl.rare().wolf.alpn_name.replace(Some(text));
        Ok(SUCCESS)
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, NOT_FOUND, body) }
}

// Groups.

/// The group of a number of the protocol's.
fn group(number: c_int) -> Result<NamedGroup, Fault> {
    let group = u16::try_from(number).ok().map(NamedGroup);
    let found = group.filter(|group| !groups::usable(&[*group], 0).is_empty());
    found.ok_or_else(|| Fault::unsupported(format!("the group for key exchange {number:#06x}")))
}

/// Declares functions of an array of groups that a context and a connection have alike, and of one more group.
macro_rules! groups_of {
    ($($(#[$doc:meta])* $set:ident $add:ident: $object:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `object` is null or what its type says; `groups` has `count` ints.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $set(object: *mut $object, groups: *mut c_int, count: c_int) -> c_int {
            let body = |object: &$object| {
                let count = usize::try_from(count).map_err(|_| Fault::argument("a negative number"))?;
                // SAFETY: the caller's contract.
                let numbers = unsafe { super::group::ints(groups, count) }?;
                let named: Result<Vec<_>, _> = numbers.iter().map(|number| group(*number)).collect();
                let named = named?;
                if named.is_empty() {
                    return Err(Fault::argument("no group for key exchange"));
                }
                object.try_change(|settings| {
                    settings.groups = Some(named);
                    Ok(SUCCESS)
                })
            };
            // SAFETY: the caller's contract.
            unsafe { on(object, 0, body) }
        }

        $(#[$doc])*
        ///
        /// # Safety
        /// `object` is null or what its type says.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $add(object: *mut $object, name: c_ushort) -> c_int {
            let body = |object: &$object| object.try_change(|settings| add_group(settings, name));
            // SAFETY: the caller's contract.
            unsafe { on(object, 0, body) }
        }
    )*};
}

fn add_group(settings: &mut Settings, number: c_ushort) -> Result<c_int, Fault> {
    let group = group(number.into())?;
    let named = settings.groups.get_or_insert_default();
    if !named.contains(&group) {
        named.push(group);
    }
    Ok(SUCCESS)
}

groups_of! {
    /// The groups for key exchange by the protocol's numbers, best first, or one more at the end; 1, or 0 on failure.
    wolfSSL_CTX_set_groups wolfSSL_CTX_UseSupportedCurve: Context;
    /// The groups for key exchange by the protocol's numbers, best first, or one more at the end; 1, or 0 on failure.
    wolfSSL_set_groups wolfSSL_UseSupportedCurve: Ssl;
}

/// `wolfSSL_UseKeyShare`: the group that a client sends its key share for, which is the best one then; 1, or 0 on failure. On a
/// server it changes nothing.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_UseKeyShare(ssl: *mut Ssl, number: c_ushort) -> c_int {
    let body = |ssl: &Ssl| {
        let group = group(number.into())?;
        if ssl.role() == Some(Role::Server) {
            return Ok(SUCCESS);
        }
        ssl.try_change(|settings| {
            let mut all = settings.groups.take().unwrap_or_else(groups::all_usable);
            all.retain(|other| *other != group);
            all.insert(0, group);
            settings.groups = Some(all);
            Ok(SUCCESS)
        })
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, body) }
}

// Cipher suites that there are.

/// `wolfSSL_get_cipher_list`: the name of the suite at a place in the library's order of preference; null behind the last.
#[unsafe(no_mangle)]
pub extern "C" fn wolfSSL_get_cipher_list(priority: c_int) -> *mut c_char {
    entry(core::ptr::null_mut(), || {
        let place = usize::try_from(priority).map_err(|_| Fault::Quiet)?;
        let all = crate::cipher::Chosen::default().ciphers();
        let cipher = all.get(place).ok_or(Fault::Quiet)?;
        Ok(cipher.wolf_name().as_ptr().cast_mut())
    })
}

/// `wolfSSL_get_ciphers`: the names of all suites between colons, in `size` bytes at `buffer`; 1, or 0 if they do not fit.
///
/// # Safety
/// `buffer` is null or has `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wolfSSL_get_ciphers(buffer: *mut c_char, size: c_int) -> c_int {
    entry(0, || {
        let all = crate::cipher::Chosen::default().ciphers();
        let names: Vec<&[u8]> = all
            .iter()
            .map(|cipher| cipher.wolf_name().to_bytes())
            .collect();
        let text = names.join(&b':');
        if buffer.is_null()
            || usize::try_from(size).is_ok_and(|size| size <= text.len())
            || size < 0
        {
            return Err(Fault::argument(
                "a buffer that is too small for the names of all suites",
            ));
        }
        // SAFETY: the caller's contract; it fits.
        unsafe { handle::write_text(buffer, size, &text) };
        Ok(SUCCESS)
    })
}
