//! BIOs of file descriptors.

use core::ffi::{c_int, c_long, c_void};
use std::io;

use super::command::{CTRL_RESET, FILE_SEEK, FILE_TELL, FLAG_IN_EOF, TYPE_FD};
use super::method::{Medium, builtin};
use super::{Bio, Transfer, socket};

builtin! {
    method: TYPE_FD, c"file descriptor", |_| Box::new(Descriptor);
}

/// Its descriptor is the BIO's number.
struct Descriptor;

/// The errno of the last call, or the transfer of its result.
fn outcome(count: isize, retry: impl FnOnce() -> Transfer, what: &str) -> Transfer {
    match usize::try_from(count) {
        Ok(count) => Transfer::Done(count),
        Err(_) if socket::is_retryable(socket::errno()) => retry(),
        Err(_) => socket::failed(what),
    }
}

impl Medium for Descriptor {
    fn read(&self, bio: &Bio, out: &mut [u8]) -> Transfer {
        bio.clear_retry();
        if out.is_empty() {
            return Transfer::Done(0);
        }
        // SAFETY: the buffer has that many bytes to write to.
        let count = unsafe { libc::read(bio.number(), out.as_mut_ptr().cast(), out.len()) };
        if count == 0 {
            bio.set_flags(FLAG_IN_EOF);
            return Transfer::Eof;
        }
        outcome(count, || bio.retry_read(), "read")
    }

    fn write(&self, bio: &Bio, data: &[u8]) -> Transfer {
        // It may be a socket, or a pipe: no signal where the reader is gone.
        super::socket::send(bio, data)
    }

    fn gets(&self, bio: &Bio, out: &mut [u8]) -> Option<Transfer> {
        // Byte by byte: what is behind the line stays for others who read the descriptor.
        let mut count = 0;
        let limit = out.len().saturating_sub(1);
        while count < limit {
            match self.read(bio, out.get_mut(count..=count)?) {
                Transfer::Done(_) => count += 1,
                other if count == 0 => return Some(other),
                _ => break,
            }
            if out.get(count - 1) == Some(&b'\n') {
                break;
            }
        }
        Some(Transfer::Done(count))
    }

    unsafe fn control(
        &self,
        bio: &Bio,
        command: c_int,
        number: c_long,
        pointer: *mut c_void,
    ) -> c_long {
        let seek = |offset: c_long, from: c_int| {
            // SAFETY: no memory is involved.
            c_long::from(unsafe { libc::lseek(bio.number(), offset, from) })
        };
        match command {
            CTRL_RESET => seek(0, libc::SEEK_SET),
            FILE_SEEK => seek(number, libc::SEEK_SET),
            FILE_TELL => seek(0, libc::SEEK_CUR),
            // SAFETY: the caller's promise.
            _ => unsafe { socket::control(bio, command, number, pointer) },
        }
    }

    fn destroy(&self, bio: &Bio) {
        socket::close(bio);
    }
}

/// Turns non-blocking mode of a descriptor on or off.
///
/// # Errors
/// The system's.
pub(crate) fn set_nonblocking(fd: c_int, on: bool) -> io::Result<()> {
    // SAFETY: no memory is involved.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    if flags < 0 {
        return Err(io::Error::last_os_error());
    }
    let wanted = if on {
        flags | libc::O_NONBLOCK
    } else {
        flags & !libc::O_NONBLOCK
    };
    // SAFETY: no memory is involved.
    if wanted != flags && unsafe { libc::fcntl(fd, libc::F_SETFL, wanted) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
