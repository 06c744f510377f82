//! Times: `ASN1_TIME_…`.

use core::ffi::c_int;
use std::time::{SystemTime, UNIX_EPOCH};

use libc::{time_t, tm};

use super::{entry, order};
use crate::bio::Bio;
use crate::fault::Fault;
use crate::handle;
use crate::x509::channel::ToChannel;
use crate::x509::string::Asn1String;
use crate::x509::time;

/// Prints a time as `Nov  6 01:06:12 2026 GMT`. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_TIME_print(to: *mut Bio, object: *const Asn1String) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        let channel = unsafe { to.to_channel() }?;
        match time::print(object) {
            Some(text) => channel.write(text.as_bytes()).map(|()| 1),
            None => channel.write(b"Bad time value").and(Err(Fault::Quiet)),
        }
    })
}

/// Prints a time as `Nov  6 01:06:12 2026 GMT`. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_UTCTIME_print(to: *mut Bio, object: *const Asn1String) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        let channel = unsafe { to.to_channel() }?;
        match time::print(object) {
            Some(text) => channel.write(text.as_bytes()).map(|()| 1),
            None => channel.write(b"Bad time value").and(Err(Fault::Quiet)),
        }
    })
}

/// Prints a time as `Nov  6 01:06:12 2026 GMT`. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_GENERALIZEDTIME_print(
    to: *mut Bio,
    object: *const Asn1String,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        let channel = unsafe { to.to_channel() }?;
        match time::print(object) {
            Some(text) => channel.write(text.as_bytes()).map(|()| 1),
            None => channel.write(b"Bad time value").and(Err(Fault::Quiet)),
        }
    })
}

/// Stores a time as a calendar in UTC; now, for null. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_TIME_to_tm(object: *const Asn1String, to: *mut tm) -> c_int {
    entry(0, || {
        let seconds = if object.is_null() {
            now()
        } else {
            // SAFETY: the caller's contract.
            let object = unsafe { handle::borrow(object) }?;
            seconds(object)?
        };
        if to.is_null() {
            return Ok(1);
        }
        let at = time::calendar(seconds);
        // SAFETY: all zero is a calendar.
        let mut calendar: tm = unsafe { core::mem::zeroed() };
        calendar.tm_year = c_int::try_from(at.year - 1900).unwrap_or(0);
        calendar.tm_mon = c_int::from(at.month) - 1;
        calendar.tm_mday = c_int::from(at.day);
        calendar.tm_hour = c_int::from(at.hour);
        calendar.tm_min = c_int::from(at.minute);
        calendar.tm_sec = c_int::from(at.second);
        calendar.tm_wday = c_int::from(at.weekday);
        calendar.tm_yday = c_int::from(at.day_of_year);
        // SAFETY: the caller's contract.
        unsafe { handle::store(to, calendar) };
        Ok(1)
    })
}

/// Stores the days and seconds between two times, both of one sign; null is now. Returns 1, or 0 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_TIME_diff(
    days: *mut c_int,
    rest: *mut c_int,
    from: *const Asn1String,
    to: *const Asn1String,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let difference = unsafe { seconds_or_now(to)? - seconds_or_now(from)? };
        let day = 86_400;
        // SAFETY: the caller's contract.
        unsafe { handle::store(days, c_int::try_from(difference / day).unwrap_or(0)) };
        // SAFETY: the caller's contract.
        unsafe { handle::store(rest, c_int::try_from(difference % day).unwrap_or(0)) };
        Ok(1)
    })
}

/// Compares two times: -1, 0, 1; -2 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_TIME_compare(a: *const Asn1String, b: *const Asn1String) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's contract.
        let a = unsafe { handle::borrow(a) }?;
        // SAFETY: the caller's contract.
        let b = unsafe { handle::borrow(b) }?;
        Ok(order(seconds(a)?.cmp(&seconds(b)?)))
    })
}

/// Compares a time with seconds since 1970: -1, 0, 1; -2 on failure.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_TIME_cmp_time_t(object: *const Asn1String, other: time_t) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(order(seconds(object)?.cmp(&other)))
    })
}

/// Whether a time can be read: 1 or 0.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_TIME_check(object: *const Asn1String) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(c_int::from(time::seconds(object).is_some()))
    })
}

/// 1 if a time is later than `*when` (now, for null), -1 if not, 0 if it cannot be read.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_cmp_time(object: *const Asn1String, when: *mut time_t) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        // SAFETY: the caller's contract.
        let when = unsafe { when.as_ref() }.map_or_else(now, |when| *when);
        Ok(if seconds(object)? > when { 1 } else { -1 })
    })
}

/// 1 if a time is still to come, -1 if not, 0 if it cannot be read.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_cmp_current_time(object: *const Asn1String) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let object = unsafe { handle::borrow(object) }?;
        Ok(if seconds(object)? > now() { 1 } else { -1 })
    })
}

/// A time of seconds since 1970; null if it is not between the years 0 and 9999. A time that is given is freed.
///
/// # Safety
/// The pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ASN1_TIME_set(
    object: *mut Asn1String,
    seconds: time_t,
) -> *mut Asn1String {
    entry(core::ptr::null_mut(), || {
        let at = time::calendar(seconds);
        let (kind, year) = match at.year {
            1950..2050 => (23, format!("{:02}", at.year % 100)),
            0..=9999 => (24, format!("{:04}", at.year)),
            _ => return Err(Fault::argument("a time that certificates cannot hold")),
        };
        let text = format!(
            "{year}{:02}{:02}{:02}{:02}{:02}Z",
            at.month, at.day, at.hour, at.minute, at.second
        );
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(object) });
        Ok(handle::into_raw(Asn1String::new(kind, text.as_bytes())))
    })
}

fn seconds(time: &Asn1String) -> Result<i64, Fault> {
    time::seconds(time).ok_or_else(|| Fault::argument("a time that cannot be read"))
}

/// # Safety
/// The pointer is null or a time.
unsafe fn seconds_or_now(time: *const Asn1String) -> Result<i64, Fault> {
    if time.is_null() {
        return Ok(now());
    }
    // SAFETY: the caller's promise.
    seconds(unsafe { handle::borrow(time) }?)
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX))
}
