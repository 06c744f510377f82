//! BIOs of files: C's `FILE`.

use core::cell::Cell;
use core::ffi::{CStr, c_int, c_long, c_void};
use core::mem::ManuallyDrop;
use core::ptr;
use std::io;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::command::{
    CLOSE, CTRL_DUP, CTRL_EOF, CTRL_FLUSH, CTRL_GET_CLOSE, CTRL_RESET, CTRL_SET_CLOSE, FILE_SEEK,
    FILE_TELL, GET_FILE_PTR, SET_FILE_PTR, SET_FILENAME, TYPE_FILE,
};
use super::method::{Medium, builtin};
use super::{Bio, Transfer, fault, socket};
use crate::error_queue;
use crate::fault::Fault;
use crate::reason::{BIO_R_BAD_FOPEN_MODE, BIO_R_NO_SUCH_FILE, ERR_R_SYS_LIB};

builtin! {
    method: TYPE_FILE, c"FILE pointer", |_| Box::new(File::default());
}

const FLAG_READ: c_long = 2;
const FLAG_WRITE: c_long = 4;
const FLAG_APPEND: c_long = 8;

/// Bytes that are read or written at once: as many as C's own buffers have on most systems.
const BUFFER_LEN: usize = 4096;

struct File {
    /// Null, or an open file.
    file: Cell<*mut libc::FILE>,
    /// Where a file that was opened here has its bytes between: C's own buffers are given back as they are, with the private keys
    /// that went through them.
    buffer: Cell<Option<Buffer>>,
}

type Buffer = Zeroizing<Vec<u8>>;

impl Default for File {
    fn default() -> Self {
        Self {
            file: Cell::new(ptr::null_mut()),
            buffer: Cell::default(),
        }
    }
}

/// A BIO of the file of a name, opened as `fopen` does.
///
/// # Errors
/// There is no such file, or it does not open.
pub(crate) fn open(name: &CStr, mode: &CStr) -> Result<Arc<Bio>, Fault> {
    let (file, buffer) = fopen(name, mode)?;
    let medium = File {
        file: Cell::new(file),
        buffer: Cell::new(buffer),
    };
    let bio = Bio::with_medium(method(), Box::new(medium))?;
    bio.set_shutdown(CLOSE);
    bio.set_init(1);
    Ok(bio)
}

/// A BIO of an open file.
///
/// # Errors
/// A null pointer.
///
/// # Safety
/// `file` is null, or open for as long as the BIO, which closes it if `close` says so.
pub(crate) unsafe fn from_open(file: *mut libc::FILE, close: c_int) -> Result<Arc<Bio>, Fault> {
    if file.is_null() {
        return Err(Fault::null());
    }
    let bio = Bio::new(method())?;
    // SAFETY: the caller's promise.
    unsafe { bio.control(SET_FILE_PTR, c_long::from(close), file.cast()) };
    Ok(bio)
}

/// Opens a file, with a buffer that has to live as long as it is open. What is written to a terminal leaves at the end of each line.
fn fopen(name: &CStr, mode: &CStr) -> Result<(*mut libc::FILE, Option<Buffer>), Fault> {
    // SAFETY: strings.
    let file = unsafe { libc::fopen(name.as_ptr(), mode.as_ptr()) };
    if !file.is_null() {
        let mut buffer = Buffer::new(vec![0; BUFFER_LEN]);
        // SAFETY: an open file.
        let mode = match unsafe { libc::isatty(libc::fileno(file)) } {
            1 => libc::_IOLBF,
            _ => libc::_IOFBF,
        };
        // SAFETY: an open file that nothing was done with, and so many bytes, which do not move with the vector.
        let taken = unsafe {
            let bytes = buffer.as_mut_ptr().cast();
            libc::setvbuf(file, bytes, mode, BUFFER_LEN)
        };
        return Ok((file, (taken == 0).then_some(buffer)));
    }
    let error = io::Error::last_os_error();
    let (shown, mode) = (name.to_string_lossy(), mode.to_string_lossy());
    let what = format!("cannot open {shown} (mode {mode})");
    error_queue::raise(&Fault::system(&error, &what));
    Err(match error.raw_os_error() {
        Some(libc::ENOENT | libc::ENXIO) => fault(BIO_R_NO_SUCH_FILE, what),
        _ => fault(ERR_R_SYS_LIB, what),
    })
}

impl File {
    fn close(&self, bio: &Bio) {
        // A file that stays open needs its buffer: C writes what is in it at the end of the program.
        let buffer = ManuallyDrop::new(self.buffer.take());
        if bio.shutdown() == 0 {
            return;
        }
        let file = self.file.replace(ptr::null_mut());
        // A program may say that the BIO is not ready. Then the file stays open, as in OpenSSL.
        if bio.init() != 0 && !file.is_null() {
            // SAFETY: open, and the BIO's to close.
            unsafe { libc::fclose(file) };
            drop(ManuallyDrop::into_inner(buffer));
        }
        bio.set_init(0);
        bio.clear_flags(!0);
    }

    fn named(&self, bio: &Bio, number: c_long, name: &CStr) -> Result<(), Fault> {
        self.close(bio);
        bio.set_init(0);
        let mode = match (
            number & FLAG_READ != 0,
            number & FLAG_WRITE != 0,
            number & FLAG_APPEND != 0,
        ) {
            (true, _, true) => c"a+",
            (false, _, true) => c"a",
            (true, true, false) => c"r+",
            (true, false, false) => c"r",
            (false, true, false) => c"w",
            (false, false, false) => {
                return Err(fault(
                    BIO_R_BAD_FOPEN_MODE,
                    "neither reading, writing nor appending is asked for",
                ));
            }
        };
        let (file, buffer) = fopen(name, mode)?;
        self.file.set(file);
        self.buffer.set(buffer);
        bio.set_shutdown(c_int::from(number & c_long::from(CLOSE) != 0));
        bio.set_init(1);
        Ok(())
    }
}

impl Medium for File {
    fn read(&self, bio: &Bio, out: &mut [u8]) -> Transfer {
        bio.clear_retry();
        let file = self.file.get();
        if file.is_null() || out.is_empty() {
            return Transfer::Done(0);
        }
        // SAFETY: an open file; the buffer has that many bytes to write to.
        let count = unsafe { libc::fread(out.as_mut_ptr().cast(), 1, out.len(), file) };
        // SAFETY: as above.
        if count == 0 && unsafe { libc::ferror(file) } != 0 {
            return socket::failed("fread");
        }
        if count == 0 {
            Transfer::Eof
        } else {
            Transfer::Done(count)
        }
    }

    fn write(&self, bio: &Bio, data: &[u8]) -> Transfer {
        bio.clear_retry();
        let file = self.file.get();
        if file.is_null() || data.is_empty() {
            return Transfer::Done(0);
        }
        // SAFETY: an open file; there are that many bytes to read.
        let count = unsafe { libc::fwrite(data.as_ptr().cast(), 1, data.len(), file) };
        if count == 0 {
            return socket::failed("fwrite");
        }
        Transfer::Done(count)
    }

    fn gets(&self, bio: &Bio, out: &mut [u8]) -> Option<Transfer> {
        bio.clear_retry();
        let file = self.file.get();
        if file.is_null() || out.is_empty() {
            return Some(Transfer::Eof);
        }
        out.fill(0);
        let size = c_int::try_from(out.len()).unwrap_or(c_int::MAX);
        // SAFETY: an open file; the buffer has that many bytes to write to.
        let line = unsafe { libc::fgets(out.as_mut_ptr().cast(), size, file) };
        if line.is_null() {
            // SAFETY: as above.
            return Some(if unsafe { libc::ferror(file) } != 0 {
                socket::failed("fgets")
            } else {
                Transfer::Eof
            });
        }
        let line = CStr::from_bytes_until_nul(out).map_or(0, CStr::count_bytes);
        Some(Transfer::Done(line))
    }

    unsafe fn control(
        &self,
        bio: &Bio,
        command: c_int,
        number: c_long,
        pointer: *mut c_void,
    ) -> c_long {
        let file = self.file.get();
        match command {
            SET_FILE_PTR => {
                self.close(bio);
                bio.set_shutdown(c_int::from(number & c_long::from(CLOSE) != 0));
                self.file.set(pointer.cast());
                bio.set_init(c_int::from(!pointer.is_null()));
                1
            }
            SET_FILENAME => {
                if pointer.is_null() {
                    return 0;
                }
                // SAFETY: the command takes a string.
                let name = unsafe { CStr::from_ptr(pointer.cast_const().cast()) };
                match self.named(bio, number, name) {
                    Ok(()) => 1,
                    Err(fault) => {
                        error_queue::raise(&fault);
                        0
                    }
                }
            }
            GET_FILE_PTR => {
                // SAFETY: the command takes null or where to store a pointer.
                unsafe { crate::handle::store(pointer.cast::<*mut libc::FILE>(), file) };
                1
            }
            CTRL_GET_CLOSE => c_long::from(bio.shutdown()),
            CTRL_SET_CLOSE => {
                bio.set_shutdown(c_int::from(number != 0));
                1
            }
            CTRL_DUP => 1,
            _ if file.is_null() => 0,
            // SAFETY: an open file.
            CTRL_RESET => c_long::from(unsafe { libc::fseek(file, 0, libc::SEEK_SET) }),
            // SAFETY: an open file.
            FILE_SEEK => c_long::from(unsafe { libc::fseek(file, number, libc::SEEK_SET) }),
            // SAFETY: an open file.
            FILE_TELL => unsafe { libc::ftell(file) },
            // SAFETY: an open file.
            CTRL_EOF => c_long::from(unsafe { libc::feof(file) } != 0),
            CTRL_FLUSH => {
                // SAFETY: an open file.
                if unsafe { libc::fflush(file) } == 0 {
                    1
                } else {
                    socket::failed("fflush");
                    0
                }
            }
            _ => 0,
        }
    }

    fn destroy(&self, bio: &Bio) {
        self.close(bio);
    }
}
