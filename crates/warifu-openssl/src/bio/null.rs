//! BIOs that do nothing: a sink that swallows what is written, and a filter that hands everything on.

use core::ffi::{CStr, c_int, c_long, c_void};

use super::command::{
    CTRL_DUP, CTRL_EOF, CTRL_FLUSH, CTRL_RESET, CTRL_SET, CTRL_SET_CLOSE, DO_STATE_MACHINE,
    TYPE_NULL, TYPE_NULL_FILTER,
};
use super::method::{Medium, builtin};
use super::{Bio, Transfer};

builtin! {
    sink_method: TYPE_NULL, c"NULL", |_| Box::new(Sink);
    filter_method: TYPE_NULL_FILTER, c"NULL filter", |_| Box::new(Filter);
}

struct Sink;

impl Medium for Sink {
    fn create(&self, bio: &Bio) -> bool {
        bio.set_init(1);
        true
    }

    fn read(&self, _bio: &Bio, _out: &mut [u8]) -> Transfer {
        Transfer::Eof
    }

    fn write(&self, _bio: &Bio, data: &[u8]) -> Transfer {
        Transfer::Done(data.len())
    }

    fn gets(&self, _bio: &Bio, _out: &mut [u8]) -> Option<Transfer> {
        Some(Transfer::Eof)
    }

    unsafe fn control(
        &self,
        _bio: &Bio,
        command: c_int,
        _number: c_long,
        _pointer: *mut c_void,
    ) -> c_long {
        c_long::from(matches!(
            command,
            CTRL_RESET | CTRL_EOF | CTRL_SET | CTRL_SET_CLOSE | CTRL_FLUSH | CTRL_DUP
        ))
    }
}

struct Filter;

/// Hands a command on to the next BIO. 0 if there is none.
///
/// # Safety
/// `pointer` is null or what the command takes.
pub(super) unsafe fn hand_on(
    bio: &Bio,
    command: c_int,
    number: c_long,
    pointer: *mut c_void,
) -> c_long {
    let Some(next) = bio.next() else { return 0 };
    // SAFETY: the caller's promise.
    let result = unsafe { next.control(command, number, pointer) };
    if command == DO_STATE_MACHINE {
        bio.clear_retry();
        bio.copy_next_retry();
    }
    result
}

/// Does something with the next BIO, and takes its retry flags over.
pub(super) fn with_next(bio: &Bio, body: impl FnOnce(&Bio) -> Transfer) -> Transfer {
    let Some(next) = bio.next() else {
        return Transfer::Eof;
    };
    let done = body(&next);
    bio.clear_retry();
    bio.copy_next_retry();
    done
}

impl Medium for Filter {
    fn create(&self, bio: &Bio) -> bool {
        bio.set_init(1);
        true
    }

    fn read(&self, bio: &Bio, out: &mut [u8]) -> Transfer {
        with_next(bio, |next| next.read(out))
    }

    fn write(&self, bio: &Bio, data: &[u8]) -> Transfer {
        with_next(bio, |next| next.write(data))
    }

    fn gets(&self, bio: &Bio, out: &mut [u8]) -> Option<Transfer> {
        bio.next()?.gets(out)
    }

    fn puts(&self, bio: &Bio, text: &CStr) -> Option<Transfer> {
        bio.next()?.puts(text)
    }

    unsafe fn control(
        &self,
        bio: &Bio,
        command: c_int,
        number: c_long,
        pointer: *mut c_void,
    ) -> c_long {
        if command == CTRL_DUP {
            return 0;
        }
        // SAFETY: the caller's promise.
        unsafe { hand_on(bio, command, number, pointer) }
    }
}
