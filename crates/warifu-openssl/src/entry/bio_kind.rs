//! Kinds of BIOs (`bio.h`): the library's methods, and what makes BIOs of them.

use core::ffi::{CStr, c_char, c_int, c_ulong, c_void};
use core::ptr;
use std::sync::Arc;

use super::entry;
use crate::bio::memory::BufMem;
use crate::bio::method::Method;
use crate::bio::{
    Bio, accept, base64, buffer, command, connect, descriptor, file, memory, null, pair, socket,
};
use crate::fault::Fault;
use crate::handle;

fn method(method: &'static Arc<Method>) -> *const Method {
    Arc::as_ptr(method)
}

/// The method of BIOs in memory.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_s_mem() -> *const Method {
    entry(ptr::null(), || Ok(method(memory::plain_method())))
}

/// The method of BIOs in memory that is wiped, as all is.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_s_secmem() -> *const Method {
    entry(ptr::null(), || Ok(method(memory::secure_method())))
}

/// The method of BIOs of sockets.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_s_socket() -> *const Method {
    entry(ptr::null(), || Ok(method(socket::method())))
}

/// The method of BIOs of file descriptors.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_s_fd() -> *const Method {
    entry(ptr::null(), || Ok(method(descriptor::method())))
}

/// The method of BIOs of files.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_s_file() -> *const Method {
    entry(ptr::null(), || Ok(method(file::method())))
}

/// The method of BIOs that swallow all.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_s_null() -> *const Method {
    entry(ptr::null(), || Ok(method(null::sink_method())))
}

/// The method of BIOs that hand all on.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_f_null() -> *const Method {
    entry(ptr::null(), || Ok(method(null::filter_method())))
}

/// The method of BIOs that buffer.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_f_buffer() -> *const Method {
    entry(ptr::null(), || Ok(method(buffer::method())))
}

/// The method of BIOs that encode in Base64.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_f_base64() -> *const Method {
    entry(ptr::null(), || Ok(method(base64::method())))
}

/// The method of BIOs that are halves of pairs.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_s_bio() -> *const Method {
    entry(ptr::null(), || Ok(method(pair::method())))
}

/// The method of BIOs that connect.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_s_connect() -> *const Method {
    entry(ptr::null(), || Ok(method(connect::method())))
}

/// The method of BIOs that listen.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_s_accept() -> *const Method {
    entry(ptr::null(), || Ok(method(accept::method())))
}

/// A BIO of a socket.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_new_socket(fd: c_int, close: c_int) -> *mut Bio {
    entry(ptr::null_mut(), || {
        let bio = Bio::new(socket::method())?;
        let mut fd = fd;
        // SAFETY: the command takes the address of a descriptor.
        unsafe { bio.control(command::SET_FD, close.into(), (&raw mut fd).cast()) };
        Ok(handle::into_raw(bio))
    })
}

/// A BIO of a file descriptor.
#[unsafe(no_mangle)]
pub extern "C" fn BIO_new_fd(fd: c_int, close: c_int) -> *mut Bio {
    entry(ptr::null_mut(), || {
        let bio = Bio::new(descriptor::method())?;
        let mut fd = fd;
        // SAFETY: the command takes the address of a descriptor.
        unsafe { bio.control(command::SET_FD, close.into(), (&raw mut fd).cast()) };
        Ok(handle::into_raw(bio))
    })
}

/// A BIO that reads bytes, which are not copied; of a string if `len` is negative.
///
/// # Safety
/// There are that many bytes for as long as the BIO.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_new_mem_buf(data: *const c_void, len: c_int) -> *mut Bio {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        Ok(handle::into_raw(unsafe { memory::read_only(data, len) }?))
    })
}

/// A BIO of a file of that name.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_new_file(name: *const c_char, mode: *const c_char) -> *mut Bio {
    entry(ptr::null_mut(), || {
        if name.is_null() || mode.is_null() {
            return Err(Fault::null());
        }
        // SAFETY: the caller's promise.
        let (name, mode) = unsafe { (CStr::from_ptr(name), CStr::from_ptr(mode)) };
        Ok(handle::into_raw(file::open(name, mode)?))
    })
}

/// A BIO of an open file.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_new_fp(file: *mut libc::FILE, close: c_int) -> *mut Bio {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        Ok(handle::into_raw(unsafe { file::from_open(file, close) }?))
    })
}

/// A BIO that connects to `host:port`.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_new_connect(address: *const c_char) -> *mut Bio {
    entry(ptr::null_mut(), || {
        let bio = Bio::new(connect::method())?;
        // SAFETY: the command takes a string, or null.
        if unsafe { bio.control(command::SET_CONNECT, 0, address.cast_mut().cast()) } <= 0 {
            return Err(Fault::Quiet);
        }
        Ok(handle::into_raw(bio))
    })
}

/// A BIO that listens at `host:port`.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_new_accept(address: *const c_char) -> *mut Bio {
    entry(ptr::null_mut(), || {
        let bio = Bio::new(accept::method())?;
        // SAFETY: the command takes a string, or null.
        if unsafe { bio.control(command::SET_ACCEPT, 0, address.cast_mut().cast()) } <= 0 {
            return Err(Fault::Quiet);
        }
        Ok(handle::into_raw(bio))
    })
}

/// Makes a pair with buffers of these sizes; 0 for the usual one.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_new_bio_pair(
    one: *mut *mut Bio,
    size: usize,
    other: *mut *mut Bio,
    other_size: usize,
) -> c_int {
    entry(0, || {
        if one.is_null() || other.is_null() {
            return Err(Fault::null());
        }
        // SAFETY: the caller's promise.
        unsafe {
            one.write(ptr::null_mut());
            other.write(ptr::null_mut());
        }
        let (first, second) = pair::new_pair(size, other_size)?;
        // SAFETY: the caller's promise.
        unsafe {
            one.write(handle::into_raw(first));
            other.write(handle::into_raw(second));
        }
        Ok(1)
    })
}

/// Shows what is there to read in one piece. The number of bytes.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_nread0(bio: *mut Bio, data: *mut *mut c_char) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        if bio.init() == 0 {
            return Err(crate::bio::fault(
                crate::reason::BIO_R_UNINITIALIZED,
                "the BIO is in no pair",
            ));
        }
        // SAFETY: the caller's promise.
        let done = unsafe { bio.control(command::NREAD0, 0, data.cast()) };
        Ok(c_int::try_from(done).unwrap_or(c_int::MAX))
    })
}

/// Takes what is there to read in one piece, at most `len` bytes. The number of bytes.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_nread(bio: *mut Bio, data: *mut *mut c_char, len: c_int) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        if bio.init() == 0 {
            return Err(crate::bio::fault(
                crate::reason::BIO_R_UNINITIALIZED,
                "the BIO is in no pair",
            ));
        }
        // SAFETY: the caller's promise.
        let done = unsafe { bio.control(command::NREAD, len.into(), data.cast()) };
        Ok(c_int::try_from(done).unwrap_or(c_int::MAX))
    })
}

/// Shows where to write in one piece. The number of bytes.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_nwrite0(bio: *mut Bio, data: *mut *mut c_char) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        if bio.init() == 0 {
            return Err(crate::bio::fault(
                crate::reason::BIO_R_UNINITIALIZED,
                "the BIO is in no pair",
            ));
        }
        // SAFETY: the caller's promise.
        let done = unsafe { bio.control(command::NWRITE0, 0, data.cast()) };
        Ok(c_int::try_from(done).unwrap_or(c_int::MAX))
    })
}

/// Takes room to write in one piece, at most `len` bytes. The number of bytes.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BIO_nwrite(bio: *mut Bio, data: *mut *mut c_char, len: c_int) -> c_int {
    entry(-2, || {
        // SAFETY: the caller's promise.
        let bio = unsafe { handle::borrow(bio) }?;
        if bio.init() == 0 {
            return Err(crate::bio::fault(
                crate::reason::BIO_R_UNINITIALIZED,
                "the BIO is in no pair",
            ));
        }
        // SAFETY: the caller's promise.
        let done = unsafe { bio.control(command::NWRITE, len.into(), data.cast()) };
        Ok(c_int::try_from(done).unwrap_or(c_int::MAX))
    })
}

/// An empty buffer.
#[unsafe(no_mangle)]
pub extern "C" fn BUF_MEM_new() -> *mut BufMem {
    entry(ptr::null_mut(), || Ok(BufMem::allocate(0)))
}

/// An empty buffer with flags.
#[unsafe(no_mangle)]
pub extern "C" fn BUF_MEM_new_ex(flags: c_ulong) -> *mut BufMem {
    entry(ptr::null_mut(), || Ok(BufMem::allocate(flags)))
}

/// Wipes and frees a buffer.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BUF_MEM_free(buffer: *mut BufMem) {
    entry((), || {
        // SAFETY: the caller's promise.
        unsafe { BufMem::free(buffer) };
        Ok(())
    })
}

/// Makes a buffer's length `len`, with zeros for what is new; wipes what is left behind. The length, or 0.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BUF_MEM_grow(buffer: *mut BufMem, len: usize) -> usize {
    entry(0, || {
        // SAFETY: the caller's promise; no other function uses it meanwhile.
        let buffer = unsafe { buffer.as_mut() }.ok_or_else(Fault::null)?;
        if isize::try_from(len).is_err() || !buffer.grow(len) {
            return Err(Fault::Raised {
                library: crate::reason::Library::Crypto,
                reason: crate::reason::ERR_R_MALLOC_FAILURE,
                detail: None,
            });
        }
        Ok(len)
    })
}

/// Makes a buffer's length `len`, with zeros for what is new; wipes what is left behind. The length, or 0.
///
/// # Safety
/// Pointers are null or what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BUF_MEM_grow_clean(buffer: *mut BufMem, len: usize) -> usize {
    entry(0, || {
        // SAFETY: the caller's promise; no other function uses it meanwhile.
        let buffer = unsafe { buffer.as_mut() }.ok_or_else(Fault::null)?;
        if isize::try_from(len).is_err() || !buffer.grow(len) {
            return Err(Fault::Raised {
                library: crate::reason::Library::Crypto,
                reason: crate::reason::ERR_R_MALLOC_FAILURE,
                detail: None,
            });
        }
        Ok(len)
    })
}

/// Reverses bytes; in place if `from` is null.
///
/// # Safety
/// Both have `len` bytes, and do not overlap, or `from` is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn BUF_reverse(out: *mut u8, from: *const u8, len: usize) {
    entry((), || {
        if out.is_null() {
            return Ok(());
        }
        for at in 0..len {
            // SAFETY: within `len` bytes each, by the caller's promise. In place, half of them are swapped.
            unsafe {
                if from.is_null() {
                    if at < len / 2 {
                        ptr::swap(out.add(at), out.add(len - 1 - at));
                    }
                } else {
                    out.add(at).write(from.add(len - 1 - at).read());
                }
            }
        }
        Ok(())
    })
}
