//! Random bytes (`rand.h`), from the generator of warifu-crypto, which the system seeds.

use core::ffi::{c_char, c_int, c_long, c_void};
use core::ptr;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::{ffi::OsStr, fs, io};

use super::entry;
use crate::fault::Fault;
use crate::handle;
use crate::reason::{self, RAND_R_CANNOT_OPEN_FILE, RAND_R_FWRITE_ERROR, RAND_R_GENERATE_ERROR};

/// How much `RAND_write_file` writes, and `RAND_load_file` reads at most.
const FILE_SIZE: usize = 1024;

fn fault(reason: c_int, detail: impl Into<String>) -> Fault {
    Fault::Raised {
        library: reason::Library::Rand,
        reason,
        detail: Some(detail.into()),
    }
}

fn fill(out: &mut [u8]) -> Result<(), Fault> {
    warifu_crypto::random::fill(out).map_err(|_| {
        fault(
            RAND_R_GENERATE_ERROR,
            "the generator has no random bytes to give",
        )
    })
}

/// The path of a name.
///
/// # Safety
/// `name` is null or a string.
unsafe fn path<'a>(name: *const c_char) -> Result<&'a OsStr, Fault> {
    // SAFETY: the caller's promise.
    Ok(OsStr::from_bytes(unsafe { handle::string(name) }?))
}

/// Fills a buffer with random bytes fit for keys. 1, or not.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RAND_bytes(out: *mut u8, len: c_int) -> c_int {
    entry(0, || {
        let len = usize::try_from(len).map_err(|_| Fault::argument("a negative length"))?;
        // SAFETY: the caller's promise.
        fill(unsafe { handle::buffer(out, len) }?)?;
        Ok(1)
    })
}

/// Fills a buffer with random bytes fit for keys. 1, or not.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RAND_priv_bytes(out: *mut u8, len: c_int) -> c_int {
    entry(0, || {
        let len = usize::try_from(len).map_err(|_| Fault::argument("a negative length"))?;
        // SAFETY: the caller's promise.
        fill(unsafe { handle::buffer(out, len) }?)?;
        Ok(1)
    })
}

/// Fills a buffer with random bytes fit for keys. 1, or not.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RAND_pseudo_bytes(out: *mut u8, len: c_int) -> c_int {
    entry(-1, || {
        let len = usize::try_from(len).map_err(|_| Fault::argument("a negative length"))?;
        // SAFETY: the caller's promise.
        fill(unsafe { handle::buffer(out, len) }?)?;
        Ok(1)
    })
}

/// As [`RAND_bytes`]; there are no library contexts.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RAND_bytes_ex(
    _library: *mut c_void,
    out: *mut u8,
    len: usize,
    _strength: core::ffi::c_uint,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        fill(unsafe { handle::buffer(out, len) }?)?;
        Ok(1)
    })
}

/// As [`RAND_bytes`]; there are no library contexts.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RAND_priv_bytes_ex(
    _library: *mut c_void,
    out: *mut u8,
    len: usize,
    _strength: core::ffi::c_uint,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's promise.
        fill(unsafe { handle::buffer(out, len) }?)?;
        Ok(1)
    })
}

/// Whether there are random bytes.
#[unsafe(no_mangle)]
pub extern "C" fn RAND_status() -> c_int {
    entry(0, || {
        fill(&mut [0; 1])?;
        Ok(1)
    })
}

/// Whether there are random bytes.
#[unsafe(no_mangle)]
pub extern "C" fn RAND_poll() -> c_int {
    entry(0, || {
        fill(&mut [0; 1])?;
        Ok(1)
    })
}

/// Does nothing: the system seeds the generator.
///
/// # Safety
/// Any arguments do.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RAND_seed(_bytes: *const c_void, _len: c_int) {}

/// Does nothing: the system seeds the generator.
///
/// # Safety
/// Any arguments do.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RAND_add(_bytes: *const c_void, _len: c_int, _randomness: f64) {}

/// Does nothing: no device is open.
#[unsafe(no_mangle)]
pub extern "C" fn RAND_keep_random_devices_open(_keep: c_int) {}

/// Does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn RAND_cleanup() {}

/// Reads a file, and does nothing with it: the system seeds the generator. The number of bytes, or -1.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RAND_load_file(name: *const c_char, most: c_long) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's promise.
        let path = unsafe { path(name) }?;
        let failed = |error: io::Error| {
            fault(
                RAND_R_CANNOT_OPEN_FILE,
                format!("{}: {error}", path.display()),
            )
        };
        let most = usize::try_from(most)
            .unwrap_or(FILE_SIZE)
            .min(c_int::MAX as usize) as u64;
        let file = fs::File::open(path).map_err(failed)?;
        let count = io::copy(&mut file.take(most), &mut io::sink()).map_err(failed)?;
        Ok(c_int::try_from(count).unwrap_or(c_int::MAX))
    })
}

/// Writes random bytes to a file that only its owner reads. The number of bytes, or -1.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RAND_write_file(name: *const c_char) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's promise.
        let path = unsafe { path(name) }?;
        let failed =
            |error: io::Error| fault(RAND_R_FWRITE_ERROR, format!("{}: {error}", path.display()));
        let mut bytes = [0; FILE_SIZE];
        fill(&mut bytes)?;
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        file.write_all(&bytes).map_err(failed)?;
        Ok(c_int::try_from(bytes.len()).unwrap_or(c_int::MAX))
    })
}

/// The name of the file for random bytes, or null.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RAND_file_name(buffer: *mut c_char, size: usize) -> *const c_char {
    entry(ptr::null(), || {
        let name = match (std::env::var_os("RANDFILE"), std::env::var_os("HOME")) {
            (Some(file), _) => file,
            (None, Some(mut home)) => {
                home.push("/.rnd");
                home
            }
            (None, None) => return Ok(ptr::null()),
        };
        let name = name.as_bytes();
        if buffer.is_null() || name.len() >= size {
            return Ok(ptr::null());
        }
        // SAFETY: the caller's promise; a NUL fits behind.
        unsafe {
            ptr::copy_nonoverlapping(name.as_ptr(), buffer.cast(), name.len());
            buffer.add(name.len()).write(0);
        }
        Ok(buffer)
    })
}
