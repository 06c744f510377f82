//! What a verification asks for: `X509_VERIFY_PARAM_…`.

use core::ffi::{c_char, c_int, c_uint, c_ulong};
use std::sync::Arc;

use libc::time_t;

use super::entry;
use super::x509_check::wanted;
use crate::fault::Fault;
use crate::handle;
use crate::x509::host;
use crate::x509::param::{self, VerifyParam};

/// New parameters that ask for nothing. The caller frees them.
#[unsafe(no_mangle)]
pub extern "C" fn X509_VERIFY_PARAM_new() -> *mut VerifyParam {
    entry(core::ptr::null_mut(), || {
        Ok(handle::into_raw(Arc::new(VerifyParam::new())))
    })
}

/// Gives a reference to parameters back.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_free(object: *mut VerifyParam) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(())
    });
}

/// Sets `X509_V_FLAG_…` besides those that are set. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_set_flags(
    param: *mut VerifyParam,
    flags: c_ulong,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param.cast_const()) }?;
        param.change(|values| values.set_flags(flags))?;
        Ok(1)
    })
}

/// Takes `X509_V_FLAG_…` back. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_clear_flags(
    param: *mut VerifyParam,
    flags: c_ulong,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param.cast_const()) }?;
        param.change(|values| values.flags &= !flags);
        Ok(1)
    })
}

/// `X509_V_FLAG_…`
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_get_flags(param: *const VerifyParam) -> c_ulong {
    entry(0, || {
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param) }?;
        Ok(param.values().flags)
    })
}

/// Sets the purpose: `X509_PURPOSE_…`. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_set_purpose(
    param: *mut VerifyParam,
    purpose: c_int,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param.cast_const()) }?;
        param.change(|values| values.set_purpose(purpose))?;
        Ok(1)
    })
}

/// Accepted for programs that set it, and not used: trust is the store's affair. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_set_trust(
    param: *mut VerifyParam,
    _trust: c_int,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param.cast_const()) }?;
        param.change(|values| {
            let _ = values;
        });
        Ok(1)
    })
}

/// Sets how many CA certificates may stand between the peer's and a trusted one.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_set_depth(param: *mut VerifyParam, depth: c_int) {
    entry((), || {
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param.cast_const()) }?;
        param.change(|values| values.depth = Some(depth));
        Ok(())
    });
}

/// How many CA certificates may stand between; -1 for any number.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_get_depth(param: *const VerifyParam) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param) }?;
        Ok(param.values().depth.unwrap_or(-1))
    })
}

/// Sets the security level, which is kept and not used: the library has its own minimum.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_set_auth_level(param: *mut VerifyParam, level: c_int) {
    entry((), || {
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param.cast_const()) }?;
        param.change(|values| values.auth_level = Some(level));
        Ok(())
    });
}

/// The security level; -1 if none was set.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_get_auth_level(param: *const VerifyParam) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param) }?;
        Ok(param.values().auth_level.unwrap_or(-1))
    })
}

/// Sets the time to verify at, in place of now.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_set_time(param: *mut VerifyParam, time: time_t) {
    entry((), || {
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param.cast_const()) }?;
        param.change(|values| {
            values.time = time;
            values.flags |= param::USE_CHECK_TIME;
        });
        Ok(())
    });
}

/// The time to verify at; 0 for now.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_get_time(param: *const VerifyParam) -> time_t {
    entry(0, || {
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param) }?;
        Ok(param.values().time)
    })
}

/// Sets the one host that the certificate must be for; none, for null or an empty name. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_set1_host(
    param: *mut VerifyParam,
    name: *const c_char,
    len: usize,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param.cast_const()) }?;
        // SAFETY: the caller's contract.
        let name = unsafe { optional(name, len) }?;
        param.change(|values| values.hosts = name.into_iter().collect());
        Ok(1)
    })
}

/// Adds a host: the certificate must be for one of them. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_add1_host(
    param: *mut VerifyParam,
    name: *const c_char,
    len: usize,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param.cast_const()) }?;
        // SAFETY: the caller's contract.
        let name = unsafe { optional(name, len) }?;
        param.change(|values| values.hosts.extend(name));
        Ok(1)
    })
}

/// Sets `X509_CHECK_FLAG_…`.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_set_hostflags(param: *mut VerifyParam, flags: c_uint) {
    entry((), || {
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param.cast_const()) }?;
        param.change(|values| values.host_flags = flags);
        Ok(())
    });
}

/// `X509_CHECK_FLAG_…`
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_get_hostflags(param: *const VerifyParam) -> c_uint {
    entry(0, || {
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param) }?;
        Ok(param.values().host_flags)
    })
}

/// Sets the mailbox that the certificate must be for; none, for null. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_set1_email(
    param: *mut VerifyParam,
    address: *const c_char,
    len: usize,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param.cast_const()) }?;
        // SAFETY: the caller's contract.
        let address = unsafe { optional(address, len) }?;
        param.change(|values| values.email = address.unwrap_or_default());
        Ok(1)
    })
}

/// Sets the address, 4 or 16 bytes, that the certificate must be for; none, for null. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_set1_ip(
    param: *mut VerifyParam,
    address: *const u8,
    len: usize,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param.cast_const()) }?;
        if address.is_null() {
            param.change(|values| values.address.clear());
            return Ok(1);
        }
        if !matches!(len, 4 | 16) {
            return Err(Fault::argument("an address of neither 4 nor 16 bytes"));
        }
        // SAFETY: the caller's contract.
        let address = unsafe { handle::long_bytes(address, len) }?;
        param.change(|values| values.address = address.to_vec());
        Ok(1)
    })
}

/// As `X509_VERIFY_PARAM_set1_ip`, for an address in text.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_set1_ip_asc(
    param: *mut VerifyParam,
    address: *const c_char,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param.cast_const()) }?;
        // SAFETY: the caller's contract.
        let address = unsafe { handle::text(address) }?;
        let address =
            host::address_bytes(address).ok_or_else(|| Fault::argument("not an IP address"))?;
        param.change(|values| values.address = address);
        Ok(1)
    })
}

/// The certificate's name that matched in the last verification; null if none was asked for. Lives until it is another one.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_get0_peername(param: *const VerifyParam) -> *mut c_char {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let param = unsafe { handle::borrow(param) }?;
        Ok(param.peer_name_for_c())
    })
}

/// Takes over from other parameters what is not set. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_inherit(
    to: *mut VerifyParam,
    from: *const VerifyParam,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let to = unsafe { handle::borrow(to.cast_const()) }?;
        if from.is_null() {
            return Ok(1);
        }
        // SAFETY: the caller's contract.
        let from = unsafe { handle::borrow(from) }?;
        let values = from.values();
        to.change(|own| own.inherit(&values));
        Ok(1)
    })
}

/// Takes over from other parameters what is set there. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_set1(
    to: *mut VerifyParam,
    from: *const VerifyParam,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let to = unsafe { handle::borrow(to.cast_const()) }?;
        // SAFETY: the caller's contract.
        let from = unsafe { handle::borrow(from) }?;
        let mut values = from.values();
        to.change(|own| {
            values.inherit(own);
            *own = values;
        });
        Ok(1)
    })
}

/// Parameters by name, `default`, `ssl_client`, `ssl_server`; null for others. Never freed, never changed.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_VERIFY_PARAM_lookup(name: *const c_char) -> *const VerifyParam {
    entry(core::ptr::null(), || {
        // SAFETY: the caller's contract.
        let name = unsafe { handle::string(name) }?;
        param::by_name(name).map(Arc::as_ptr).ok_or(Fault::Quiet)
    })
}

/// A name that is set, or `None` for null and for an empty one.
///
/// # Safety
/// As for [`wanted`].
unsafe fn optional(name: *const c_char, len: usize) -> Result<Option<Vec<u8>>, Fault> {
    if name.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    let name =
        unsafe { wanted(name, len) }.map_err(|_| Fault::argument("a name with a NUL inside"))?;
    Ok((!name.is_empty()).then(|| name.to_vec()))
}
