//! BIOs whose method is a program's (`BIO_meth_new`).

use core::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::sync::Arc;

use super::method::{InfoCallback, Medium, Method};
use super::{Bio, Transfer, fail, socket};
use crate::reason::BIO_R_UNSUPPORTED_METHOD;

/// Makes the medium of a program's method.
pub(super) fn make(method: &Arc<Method>) -> Box<dyn Medium> {
    Box::new(Custom(Arc::clone(method)))
}

/// Calls the functions of the method. They are C code: nothing is borrowed while they run.
struct Custom(Arc<Method>);

/// What the result of a function means that moved at most `capacity` bytes.
fn outcome(bio: &Bio, result: c_int, capacity: usize) -> Transfer {
    match usize::try_from(result) {
        // One that claims more than it can have moved is not believed.
        Ok(count) if count > 0 => Transfer::Done(count.min(capacity)),
        _ if bio.should_retry() => Transfer::Retry,
        Ok(_) => Transfer::Eof,
        Err(_) => Transfer::Failed,
    }
}

fn small(len: usize) -> c_int {
    c_int::try_from(len).unwrap_or(c_int::MAX)
}

impl Medium for Custom {
    fn create(&self, bio: &Bio) -> bool {
        bio.set_init(self.0.undemanding().into());
        match self.0.functions().create {
            // SAFETY: the program's function, with a BIO of its method.
            Some(create) => unsafe { create(bio.handle()) != 0 },
            None => {
                bio.set_init(1);
                true
            }
        }
    }

    fn read(&self, bio: &Bio, out: &mut [u8]) -> Transfer {
        let functions = self.0.functions();
        let data = out.as_mut_ptr().cast();
        if let Some(read) = functions.read_ex {
            let mut count = 0;
            // SAFETY: the program's function, with room for that many bytes.
            let result = unsafe { read(bio.handle(), data, out.len(), &raw mut count) };
            if result > 0 {
                return Transfer::Done(count.min(out.len()));
            }
            return outcome(bio, result, 0);
        }
        match functions.read {
            // SAFETY: as above.
            Some(read) => outcome(
                bio,
                unsafe { read(bio.handle(), data, small(out.len())) },
                out.len(),
            ),
            None => unsupported("read"),
        }
    }

    fn write(&self, bio: &Bio, bytes: &[u8]) -> Transfer {
        let functions = self.0.functions();
        let data = bytes.as_ptr().cast();
        if let Some(write) = functions.write_ex {
            let mut count = 0;
            // SAFETY: the program's function, with that many bytes.
            let result = unsafe { write(bio.handle(), data, bytes.len(), &raw mut count) };
            if result > 0 {
                return Transfer::Done(count.min(bytes.len()));
            }
            return outcome(bio, result, 0);
        }
        match functions.write {
            // SAFETY: as above.
            Some(write) => outcome(
                bio,
                unsafe { write(bio.handle(), data, small(bytes.len())) },
                bytes.len(),
            ),
            None => unsupported("write"),
        }
    }

    fn gets(&self, bio: &Bio, out: &mut [u8]) -> Option<Transfer> {
        let gets = self.0.functions().gets?;
        let len = small(out.len());
        // SAFETY: the program's function, with room for that many bytes.
        let result = unsafe { gets(bio.handle(), out.as_mut_ptr().cast(), len) };
        Some(outcome(bio, result, out.len().saturating_sub(1)))
    }

    fn puts(&self, bio: &Bio, text: &CStr) -> Option<Transfer> {
        let puts = self.0.functions().puts?;
        // SAFETY: the program's function, with a string.
        let result = unsafe { puts(bio.handle(), text.as_ptr()) };
        Some(outcome(bio, result, c_int::MAX as usize))
    }

    unsafe fn control(
        &self,
        bio: &Bio,
        command: c_int,
        number: c_long,
        pointer: *mut c_void,
    ) -> c_long {
        match self.0.functions().control {
            // SAFETY: the program's function; the pointer is what the command takes, by the caller's promise.
            Some(control) => unsafe { control(bio.handle(), command, number, pointer) },
            None => {
                unsupported("control");
                -2
            }
        }
    }

    fn callback_control(
        &self,
        bio: &Bio,
        command: c_int,
        callback: Option<InfoCallback>,
    ) -> c_long {
        match self.0.functions().callback_control {
            // SAFETY: the program's function, with a callback of the program.
            Some(control) => unsafe { control(bio.handle(), command, callback) },
            None => {
                unsupported("callback control");
                -2
            }
        }
    }

    fn destroy(&self, bio: &Bio) {
        if let Some(destroy) = self.0.functions().destroy {
            // SAFETY: the program's function, with the BIO that ends.
            unsafe { destroy(bio.handle()) };
        }
    }
}

fn unsupported(what: &str) -> Transfer {
    fail(
        BIO_R_UNSUPPORTED_METHOD,
        format!("the BIO's method has no {what} function"),
    )
}

/// The functions of sockets, for methods of programs that are like sockets. They work on the fields that every BIO has.
///
/// # Safety
/// Those of this kind take null or a live BIO, and the buffer that they say.
pub(super) unsafe extern "C" fn socket_read(bio: *mut Bio, data: *mut c_char, len: c_int) -> c_int {
    let len = usize::try_from(len).unwrap_or(0);
    // SAFETY: the caller's promise.
    match unsafe { (bio.as_ref(), crate::handle::buffer(data.cast(), len)) } {
        (Some(bio), Ok(out)) => socket::receive(bio, out).code(),
        _ => -1,
    }
}

/// Writes.
///
/// # Safety
/// As for [`socket_read`].
pub(super) unsafe extern "C" fn socket_write(
    bio: *mut Bio,
    data: *const c_char,
    len: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    match unsafe { (bio.as_ref(), crate::handle::bytes(data.cast(), len)) } {
        (Some(bio), Ok(data)) => socket::send(bio, data).code(),
        _ => -1,
    }
}

/// Writes a string.
///
/// # Safety
/// As for [`socket_read`].
pub(super) unsafe extern "C" fn socket_puts(bio: *mut Bio, text: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    match unsafe { (bio.as_ref(), crate::handle::string(text)) } {
        (Some(bio), Ok(text)) => socket::send(bio, text).code(),
        _ => -1,
    }
}

/// Carries a command out.
///
/// # Safety
/// As for [`socket_read`]; the pointer is what the command takes.
pub(super) unsafe extern "C" fn socket_control(
    bio: *mut Bio,
    command: c_int,
    number: c_long,
    pointer: *mut c_void,
) -> c_long {
    // SAFETY: the caller's promise.
    match unsafe { bio.as_ref() } {
        // SAFETY: the caller's promise.
        Some(bio) => unsafe { socket::control(bio, command, number, pointer) },
        None => 0,
    }
}

/// Makes one ready.
///
/// # Safety
/// As for [`socket_read`].
pub(super) unsafe extern "C" fn socket_create(bio: *mut Bio) -> c_int {
    // SAFETY: the caller's promise.
    if let Some(bio) = unsafe { bio.as_ref() } {
        bio.set_init(0);
        bio.set_number(0);
        bio.clear_flags(!0);
    }
    1
}

/// Ends one.
///
/// # Safety
/// As for [`socket_read`].
pub(super) unsafe extern "C" fn socket_destroy(bio: *mut Bio) -> c_int {
    // SAFETY: the caller's promise.
    match unsafe { bio.as_ref() } {
        Some(bio) => {
            socket::close(bio);
            1
        }
        None => 0,
    }
}
