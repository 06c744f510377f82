//! The buffering filter: few large reads and writes of the next BIO in place of many small ones, and lines.

use core::cell::RefCell;
use core::ffi::{c_int, c_long, c_void};
use core::mem;

use zeroize::Zeroize;

use super::command::{
    CTRL_DUP, CTRL_EOF, CTRL_FLUSH, CTRL_INFO, CTRL_PEEK, CTRL_PENDING, CTRL_RESET, CTRL_WPENDING,
    GET_BUFF_NUM_LINES, SET_BUFF_READ_DATA, SET_BUFF_SIZE, TYPE_BUFFER,
};
use super::method::{Medium, builtin};
use super::null::{hand_on, with_next};
use super::{Bio, Transfer};

builtin! {
    method: TYPE_BUFFER, c"buffer", |_| Box::new(Buffer::default());
}

const DEFAULT_SIZE: usize = 4096;
/// Largest buffer that a program may ask for.
const MAX_SIZE: usize = 1 << 26;

/// Bytes on their way in one direction.
struct Bytes {
    bytes: Vec<u8>,
    /// Where what was not taken yet begins.
    start: usize,
    size: usize,
}

impl Default for Bytes {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            start: 0,
            size: DEFAULT_SIZE,
        }
    }
}

impl Bytes {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
        if self.start >= self.bytes.len() {
            self.clear();
        }
    }

    fn clear(&mut self) {
        self.bytes.zeroize();
        self.start = 0;
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

/// Neither is borrowed while the next BIO works: they are taken out and put back.
#[derive(Default)]
struct Buffer {
    input: RefCell<Bytes>,
    output: RefCell<Bytes>,
}

impl Buffer {
    /// Reads from the next BIO once, if nothing is there.
    fn fill(&self, bio: &Bio) -> Transfer {
        let (mut bytes, size) = {
            let mut input = self.input.borrow_mut();
            if !input.rest().is_empty() {
                return Transfer::Done(input.rest().len());
            }
            input.start = 0;
            (mem::take(&mut input.bytes), input.size)
        };
        bytes.clear();
        bytes.resize(size, 0);
        let done = with_next(bio, |next| next.read(&mut bytes));
        if let Transfer::Done(count) = done {
            bytes.truncate(count);
        } else {
            bytes.clear();
        }
        let mut input = self.input.borrow_mut();
        input.bytes = bytes;
        input.start = 0;
        done
    }

    fn take(&self, out: &mut [u8]) -> usize {
        let mut input = self.input.borrow_mut();
        let count = input.rest().len().min(out.len());
        for (to, from) in out.iter_mut().zip(input.rest()) {
            *to = *from;
        }
        input.consume(count);
        count
    }

    /// Writes what is buffered to the next BIO.
    fn drain(&self, bio: &Bio) -> Transfer {
        loop {
            let mut taken = self.output.replace(Bytes::default());
            if taken.rest().is_empty() {
                let size = taken.size;
                self.output.borrow_mut().size = size;
                return Transfer::Done(0);
            }
            let done = with_next(bio, |next| next.write(taken.rest()));
            if let Transfer::Done(count) = done {
                taken.consume(count);
            }
            self.output.replace(taken);
            match done {
                Transfer::Done(count) if count > 0 => {}
                Transfer::Done(_) => return Transfer::Eof,
                other => return other,
            }
        }
    }
}

impl Medium for Buffer {
    fn create(&self, bio: &Bio) -> bool {
        bio.set_init(1);
        true
    }

    fn read(&self, bio: &Bio, out: &mut [u8]) -> Transfer {
        bio.clear_retry();
        let mut count = self.take(out);
        while count < out.len() {
            let Some(rest) = out.get_mut(count..) else {
                break;
            };
            // Large reads go past the buffer.
            let size = self.input.borrow().size;
            let done = if rest.len() >= size {
                with_next(bio, |next| next.read(rest))
            } else {
                match self.fill(bio) {
                    Transfer::Done(_) => Transfer::Done(self.take(rest)),
                    other => other,
                }
            };
            match done {
                Transfer::Done(more) if more > 0 => count += more,
                _ if count > 0 => break,
                other => return other,
            }
        }
        Transfer::Done(count)
    }

    fn write(&self, bio: &Bio, data: &[u8]) -> Transfer {
        bio.clear_retry();
        let mut count = 0;
        while count < data.len() {
            let rest = data.get(count..).unwrap_or_default();
            let (waiting, size) = {
                let output = self.output.borrow();
                (output.rest().len(), output.size)
            };
            let done = if waiting == 0 && rest.len() >= size {
                with_next(bio, |next| next.write(rest))
            } else if waiting >= size {
                match self.drain(bio) {
                    Transfer::Done(_) => continue,
                    other => other,
                }
            } else {
                let fits = rest.len().min(size - waiting);
                let mut output = self.output.borrow_mut();
                output
                    .bytes
                    .extend_from_slice(rest.get(..fits).unwrap_or_default());
                Transfer::Done(fits)
            };
            match done {
                Transfer::Done(more) if more > 0 => count += more,
                _ if count > 0 => break,
                other => return other,
            }
        }
        Transfer::Done(count)
    }

    fn gets(&self, bio: &Bio, out: &mut [u8]) -> Option<Transfer> {
        bio.clear_retry();
        let limit = out.len().saturating_sub(1);
        let mut count = 0;
        while count < limit {
            match self.fill(bio) {
                Transfer::Done(_) => {}
                other if count == 0 => return Some(other),
                _ => break,
            }
            let end = self.input.borrow().rest().iter().position(|b| *b == b'\n');
            let wanted = end.map_or(limit, |end| (count + end + 1).min(limit));
            let taken = self.take(out.get_mut(count..wanted)?);
            count += taken;
            if taken == 0 || out.get(count - 1) == Some(&b'\n') {
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
        let long = |count: usize| c_long::try_from(count).unwrap_or(c_long::MAX);
        let waiting_in = self.input.borrow().rest().len();
        let waiting_out = self.output.borrow().rest().len();
        match command {
            CTRL_RESET => {
                self.input.borrow_mut().clear();
                self.output.borrow_mut().clear();
            }
            CTRL_EOF if waiting_in > 0 => return 0,
            CTRL_INFO => return long(waiting_out),
            CTRL_PENDING if waiting_in > 0 => return long(waiting_in),
            CTRL_WPENDING if waiting_out > 0 => return long(waiting_out),
            GET_BUFF_NUM_LINES => {
                let input = self.input.borrow();
                return long(input.rest().iter().filter(|b| **b == b'\n').count());
            }
            SET_BUFF_READ_DATA => {
                let len = usize::try_from(number).unwrap_or(0);
                // SAFETY: the command takes that many bytes.
                let Ok(data) = (unsafe { crate::handle::long_bytes(pointer.cast::<u8>(), len) })
                else {
                    return 0;
                };
                let mut input = self.input.borrow_mut();
                input.clear();
                input.bytes.extend_from_slice(data);
                return 1;
            }
            SET_BUFF_SIZE => {
                let size = usize::try_from(number).unwrap_or(0);
                if size == 0 || size > MAX_SIZE {
                    return 0;
                }
                // SAFETY: the command takes null for both, or the address of which: 0 for reading.
                let which = unsafe { pointer.cast::<c_int>().as_ref() };
                if which.is_none_or(|which| *which == 0) {
                    self.input.borrow_mut().size = size.max(DEFAULT_SIZE);
                }
                if which.is_none_or(|which| *which != 0) {
                    self.output.borrow_mut().size = size.max(DEFAULT_SIZE);
                }
                return 1;
            }
            CTRL_FLUSH => match self.drain(bio) {
                Transfer::Done(_) => {
                    // SAFETY: null.
                    let result = unsafe { hand_on(bio, command, 0, core::ptr::null_mut()) };
                    bio.clear_retry();
                    bio.copy_next_retry();
                    return result;
                }
                other => return c_long::from(other.code()),
            },
            CTRL_PEEK => {
                let len = usize::try_from(number).unwrap_or(0);
                self.fill(bio);
                // SAFETY: the command takes a buffer of that length.
                let Ok(out) = (unsafe { crate::handle::buffer(pointer.cast::<u8>(), len) }) else {
                    return 0;
                };
                let input = self.input.borrow();
                for (to, from) in out.iter_mut().zip(input.rest()) {
                    *to = *from;
                }
                return long(out.len().min(input.rest().len()));
            }
            CTRL_DUP => return 1,
            _ => {}
        }
        // SAFETY: the caller's promise.
        unsafe { hand_on(bio, command, number, pointer) }
    }
}
