//! Callbacks that a program sets on a BIO (`BIO_set_callback_ex`): called before and after each operation.

use core::ffi::{CStr, c_char, c_int, c_long, c_void};
use core::ptr;

use super::{Bio, Transfer};

const FREE: c_int = 1;
const READ: c_int = 2;
const WRITE: c_int = 3;
const PUTS: c_int = 4;
const GETS: c_int = 5;
const CTRL: c_int = 6;
/// Set where the call is after the operation.
const RETURN: c_int = 0x80;

/// `BIO_callback_fn`
pub(crate) type PlainCallback =
    unsafe extern "C" fn(*mut Bio, c_int, *const c_char, c_int, c_long, c_long) -> c_long;
/// `BIO_callback_fn_ex`
pub(crate) type SizedCallback = unsafe extern "C" fn(
    *mut Bio,
    c_int,
    *const c_char,
    usize,
    c_int,
    c_long,
    c_int,
    *mut usize,
) -> c_long;

/// The callback of a BIO.
#[derive(Clone, Copy, Default)]
pub(crate) enum Observer {
    /// None is set.
    #[default]
    None,
    /// Set by `BIO_set_callback`.
    Plain(PlainCallback),
    /// Set by `BIO_set_callback_ex`, which goes before.
    Sized(SizedCallback),
}

/// One call of the callback.
struct Notice {
    operation: c_int,
    data: *const c_char,
    len: usize,
    number: c_int,
    long: c_long,
    result: c_long,
    processed: usize,
}

impl Observer {
    pub(crate) fn is_some(self) -> bool {
        !matches!(self, Self::None)
    }

    /// Calls it. The result takes the place of the operation's; so may the number of bytes.
    fn call(self, bio: &Bio, notice: &mut Notice) -> c_long {
        match self {
            Self::None => notice.result,
            Self::Sized(callback) => {
                let result = c_int::try_from(notice.result).unwrap_or(c_int::MAX);
                // SAFETY: the program's callback, with what the manual page says it gets. Nothing is borrowed.
                unsafe {
                    callback(
                        bio.handle(),
                        notice.operation,
                        notice.data,
                        notice.len,
                        notice.number,
                        notice.long,
                        result,
                        &raw mut notice.processed,
                    )
                }
            }
            Self::Plain(callback) => {
                let sized = matches!(notice.operation & !RETURN, READ | WRITE | GETS);
                let moves = sized || notice.operation & !RETURN == PUTS;
                let number = if sized {
                    c_int::try_from(notice.len).unwrap_or(c_int::MAX)
                } else {
                    notice.number
                };
                let after = moves && notice.operation & RETURN != 0;
                let result = if after && notice.result > 0 {
                    c_long::try_from(notice.processed).unwrap_or(c_long::MAX)
                } else {
                    notice.result
                };
                // SAFETY: the program's callback, with what the manual page says it gets. Nothing is borrowed.
                let answer = unsafe {
                    callback(
                        bio.handle(),
                        notice.operation,
                        notice.data,
                        number,
                        notice.long,
                        result,
                    )
                };
                if after && answer > 0 {
                    notice.processed = usize::try_from(answer).unwrap_or(0);
                    return 1;
                }
                answer
            }
        }
    }
}

impl Bio {
    /// Tells the callback about a transfer, before and after. `capacity` bounds what the callback may claim went.
    fn observe(
        &self,
        operation: c_int,
        data: *const c_char,
        capacity: usize,
        body: impl FnOnce() -> Option<Transfer>,
    ) -> Option<Transfer> {
        let observer = self.observer.get();
        let mut notice = Notice {
            operation,
            data,
            len: if operation == PUTS { 0 } else { capacity },
            number: 0,
            long: 0,
            result: 1,
            processed: 0,
        };
        let before = observer.call(self, &mut notice);
        if before <= 0 {
            return Some(self.outcome(before, 0));
        }
        let done = body()?;
        notice.operation = operation | RETURN;
        notice.processed = match done {
            Transfer::Done(count) => count,
            _ => 0,
        };
        notice.result = match done {
            Transfer::Done(_) => 1,
            other => c_long::from(other.code()),
        };
        let after = observer.call(self, &mut notice);
        Some(self.outcome(after, notice.processed.min(capacity)))
    }

    /// What a result of the callback means.
    fn outcome(&self, result: c_long, processed: usize) -> Transfer {
        if result > 0 {
            Transfer::Done(processed)
        } else if self.should_retry() {
            Transfer::Retry
        } else if result == 0 {
            Transfer::Eof
        } else {
            Transfer::Failed
        }
    }

    pub(super) fn observed_read(&self, out: &mut [u8]) -> Transfer {
        let (data, capacity) = (out.as_mut_ptr().cast_const().cast(), out.len());
        self.observe(READ, data, capacity, || Some(self.plain_read(out)))
            .unwrap_or(Transfer::Failed)
    }

    pub(super) fn observed_write(&self, data: &[u8]) -> Transfer {
        self.observe(WRITE, data.as_ptr().cast(), data.len(), || {
            Some(self.plain_write(data))
        })
        .unwrap_or(Transfer::Failed)
    }

    pub(super) fn observed_gets(&self, out: &mut [u8]) -> Option<Transfer> {
        let (data, capacity) = (out.as_mut_ptr().cast_const().cast(), out.len());
        self.observe(GETS, data, capacity, || self.plain_gets(out))
    }

    pub(super) fn observed_puts(&self, text: &CStr) -> Option<Transfer> {
        self.observe(PUTS, text.as_ptr(), text.count_bytes(), || {
            self.plain_puts(text)
        })
    }

    /// # Safety
    /// As for [`Bio::control`].
    pub(super) unsafe fn observed_control(
        &self,
        command: c_int,
        number: c_long,
        pointer: *mut c_void,
    ) -> c_long {
        let observer = self.observer.get();
        let mut notice = Notice {
            operation: CTRL,
            data: pointer.cast_const().cast(),
            len: 0,
            number: command,
            long: number,
            result: 1,
            processed: 0,
        };
        let before = observer.call(self, &mut notice);
        if before <= 0 {
            return before;
        }
        // SAFETY: the caller's promise.
        notice.result = unsafe { self.medium.control(self, command, number, pointer) };
        notice.operation = CTRL | RETURN;
        observer.call(self, &mut notice)
    }

    /// Tells the callback that the BIO ends.
    pub(super) fn observed_free(&self) {
        let mut notice = Notice {
            operation: FREE,
            data: ptr::null(),
            len: 0,
            number: 0,
            long: 0,
            result: 1,
            processed: 0,
        };
        self.observer.get().call(self, &mut notice);
    }
}
