//! BIOs in memory, and the buffers (`BUF_MEM`) that they and programs have.

use core::cell::Cell;
use core::ffi::{CStr, c_char, c_int, c_long, c_ulong, c_void};
use core::ptr;
use std::sync::Arc;

use super::command::{
    CTRL_DUP, CTRL_EOF, CTRL_FLUSH, CTRL_GET_CLOSE, CTRL_INFO, CTRL_PENDING, CTRL_RESET,
    CTRL_SET_CLOSE, FILE_SEEK, FILE_TELL, FLAG_MEM_RDONLY, FLAG_NONCLEAR_RST, GET_BUF_MEM_PTR,
    SET_BUF_MEM, SET_BUF_MEM_EOF_RETURN, TYPE_MEM,
};
use super::method::{Medium, builtin};
use super::{Bio, Transfer, fail};
use crate::error_queue;
use crate::fault::Fault;
use crate::reason::{BIO_R_WRITE_TO_READ_ONLY_BIO, ERR_R_MALLOC_FAILURE};

builtin! {
    plain_method: TYPE_MEM, c"memory buffer", |_| Box::new(Memory::new(0));
    secure_method: TYPE_MEM, c"secure memory buffer", |_| Box::new(Memory::new(FLAG_SECURE));
}

/// `BUF_MEM_FLAG_SECURE`. Every buffer is wiped before it is freed, so that it makes no difference.
pub(crate) const FLAG_SECURE: c_ulong = 1;

/// A buffer (`BUF_MEM`), with the fields that C programs use. `data` is from C's allocator.
#[repr(C)]
pub struct BufMem {
    /// Bytes in use.
    length: usize,
    data: *mut c_char,
    /// Bytes allocated.
    max: usize,
    flags: c_ulong,
}

impl BufMem {
    /// An empty buffer, for C to free. Null if memory is exhausted.
    pub(crate) fn allocate(flags: c_ulong) -> *mut BufMem {
        let Ok(buffer) = crate::memory::allocate(size_of::<BufMem>()) else {
            return ptr::null_mut();
        };
        let buffer = buffer.cast::<BufMem>();
        // SAFETY: new, of that size, and aligned as C's allocator aligns.
        unsafe {
            buffer.write(BufMem {
                length: 0,
                data: ptr::null_mut(),
                max: 0,
                flags,
            });
        }
        buffer
    }

    /// Frees a buffer with its bytes, which are wiped.
    ///
    /// # Safety
    /// Null, or from [`allocate`](Self::allocate) and not freed.
    pub(crate) unsafe fn free(buffer: *mut BufMem) {
        if !buffer.is_null() {
            // SAFETY: the caller's promise; its data is from C's allocator.
            unsafe {
                crate::memory::wipe((*buffer).data.cast(), (*buffer).max);
                crate::memory::free((*buffer).data.cast());
                crate::memory::free(buffer.cast());
            }
        }
    }

    /// Makes the length `len`; new bytes are zero. False if memory is exhausted.
    pub(crate) fn grow(&mut self, len: usize) -> bool {
        if !self.reserve(len) {
            return false;
        }
        if len > self.length {
            // SAFETY: `reserve` made room for them.
            unsafe { ptr::write_bytes(self.data.add(self.length), 0, len - self.length) };
        } else {
            // SAFETY: within what is allocated.
            unsafe { crate::memory::wipe(self.data.add(len).cast(), self.length - len) };
        }
        self.length = len;
        true
    }

    /// Makes room for `len` bytes in all. What it had is copied, and its old place wiped.
    fn reserve(&mut self, len: usize) -> bool {
        self.length = self.length.min(self.max);
        if len <= self.max && !self.data.is_null() {
            return true;
        }
        // A third more than asked, so that many small writes do not copy each time.
        let Some(max) = len.checked_add(len / 3 + 16) else {
            return false;
        };
        let Ok(data) = crate::memory::allocate(max) else {
            return false;
        };
        if !self.data.is_null() {
            // SAFETY: `length` bytes are in use of the old, and fit the new. The old is from C's allocator and the buffer's.
            unsafe {
                ptr::copy_nonoverlapping(self.data.cast_const(), data.cast(), self.length);
                crate::memory::wipe(self.data.cast(), self.max);
                crate::memory::free(self.data.cast());
            }
        }
        self.data = data.cast();
        self.max = max;
        true
    }
}

/// What is read comes from the front of the buffer, what is written goes to its end.
pub(super) struct Memory {
    buffer: Cell<*mut BufMem>,
    /// Bytes of the buffer that were read.
    offset: Cell<usize>,
    /// `BIO_set_mem_eof_return`: 0 for an end, else for "not yet".
    eof_return: Cell<c_int>,
    flags: c_ulong,
}

impl Memory {
    fn new(flags: c_ulong) -> Self {
        Self {
            buffer: Cell::new(ptr::null_mut()),
            offset: Cell::new(0),
            eof_return: Cell::new(-1),
            flags,
        }
    }

    /// What is there to read: its address and length. It stays until the next writing.
    fn unread(&self) -> (*mut u8, usize) {
        // SAFETY: null, or a live buffer: the BIO's own, or one that the program gave and keeps for as long.
        let Some(buffer) = (unsafe { self.buffer.get().as_ref() }) else {
            return (ptr::null_mut(), 0);
        };
        let length = buffer.length.min(buffer.max);
        let offset = self.offset.get().min(length);
        if buffer.data.is_null() {
            return (ptr::null_mut(), 0);
        }
        // SAFETY: not past what is allocated.
        (unsafe { buffer.data.add(offset) }.cast(), length - offset)
    }

    /// Whether bytes are within the buffer.
    fn holds(&self, bytes: &[u8]) -> bool {
        // SAFETY: as in `unread`.
        unsafe { self.buffer.get().as_ref() }.is_some_and(|buffer| {
            let start = buffer.data.addr();
            let at = bytes.as_ptr().addr();
            start != 0
                && at < start.saturating_add(buffer.max)
                && at.saturating_add(bytes.len()) > start
        })
    }

    /// Moves what is unread to the front of the buffer.
    fn compact(&self) {
        let (data, len) = self.unread();
        // SAFETY: as in `unread`.
        if let Some(buffer) = unsafe { self.buffer.get().as_mut() } {
            if self.offset.get() > 0 && !data.is_null() {
                // SAFETY: both within the buffer; they may overlap.
                unsafe { ptr::copy(data.cast_const(), buffer.data.cast(), len) };
                buffer.length = len;
            }
            self.offset.set(0);
        }
    }

    /// Whether what is unread is to be moved before so many bytes are written. Room is made by moving only if at least half is
    /// read, or else many small reads and writes would move all each time.
    fn has_more_read_than_room_for(&self, len: usize) -> bool {
        // SAFETY: as in `unread`.
        unsafe { self.buffer.get().as_ref() }.is_some_and(|buffer| {
            let length = buffer.length.min(buffer.max);
            let fits = buffer.max - length >= len && !buffer.data.is_null();
            self.offset.get() >= length || (!fits && self.offset.get() >= length / 2)
        })
    }

    fn append(&self, bytes: &[u8]) -> bool {
        if self.holds(bytes) {
            // The buffer may move; what is written is its own, as `BIO_get_mem_data` shows it.
            let copy = zeroize::Zeroizing::new(bytes.to_vec());
            return self.append(&copy);
        }
        if self.has_more_read_than_room_for(bytes.len()) {
            self.compact();
        }
        // SAFETY: as in `unread`; nothing else refers to it until this returns.
        let Some(buffer) = (unsafe { self.buffer.get().as_mut() }) else {
            return false;
        };
        let length = buffer.length.min(buffer.max);
        let Some(total) = length.checked_add(bytes.len()) else {
            return false;
        };
        if !buffer.reserve(total) {
            return false;
        }
        // SAFETY: `reserve` made room for them behind what is in use; they are not the buffer's own.
        unsafe {
            ptr::copy_nonoverlapping(bytes.as_ptr(), buffer.data.add(length).cast(), bytes.len())
        };
        buffer.length = total;
        true
    }

    /// Lets go of the buffer: frees it if it is the BIO's.
    fn let_go(&self, bio: &Bio) {
        let buffer = self.buffer.replace(ptr::null_mut());
        self.offset.set(0);
        if buffer.is_null() || bio.shutdown() == 0 || bio.init() == 0 {
            return;
        }
        // SAFETY: the BIO's own, by `shutdown`. Bytes of a read-only one are the program's.
        unsafe {
            if bio.flags() & FLAG_MEM_RDONLY != 0 {
                (*buffer).data = ptr::null_mut();
                (*buffer).max = 0;
            }
            BufMem::free(buffer);
        }
    }
}

/// A BIO that reads `len` bytes at `bytes`, which are not copied. A negative `len` is for a string.
///
/// # Errors
/// A null pointer.
///
/// # Safety
/// There are that many bytes, or a NUL, and they stay for as long as the BIO.
pub(crate) unsafe fn read_only(bytes: *const c_void, len: c_int) -> Result<Arc<Bio>, Fault> {
    if bytes.is_null() {
        return Err(Fault::null());
    }
    let len = usize::try_from(len).unwrap_or_else(|_| {
        // SAFETY: a string then, by the caller's promise.
        unsafe { CStr::from_ptr(bytes.cast()) }.count_bytes()
    });
    let bio = Bio::new(plain_method())?;
    let mut buffer: *mut BufMem = ptr::null_mut();
    // SAFETY: the command stores the buffer's address; then it is a live buffer of this BIO, which has no data of its own.
    unsafe {
        bio.control(GET_BUF_MEM_PTR, 0, (&raw mut buffer).cast());
        if let Some(buffer) = buffer.as_mut() {
            crate::memory::free(buffer.data.cast());
            buffer.data = bytes.cast_mut().cast();
            buffer.length = len;
            buffer.max = len;
        }
        // A file of fixed size ends; more may come to other memory.
        bio.control(SET_BUF_MEM_EOF_RETURN, 0, ptr::null_mut());
    }
    bio.set_flags(FLAG_MEM_RDONLY);
    Ok(bio)
}

impl Medium for Memory {
    fn create(&self, bio: &Bio) -> bool {
        self.buffer.set(BufMem::allocate(self.flags));
        bio.set_init(1);
        !self.buffer.get().is_null()
    }

    fn read(&self, bio: &Bio, out: &mut [u8]) -> Transfer {
        bio.clear_retry();
        let (data, len) = self.unread();
        let count = len.min(out.len());
        if count > 0 {
            // SAFETY: that many are there and fit; a program that reads into the buffer itself is no harm to `ptr::copy`.
            unsafe { ptr::copy(data.cast_const(), out.as_mut_ptr(), count) };
            self.offset.set(self.offset.get().saturating_add(count));
            Transfer::Done(count)
        } else if out.is_empty() && len > 0 {
            Transfer::Done(0)
        } else if self.eof_return.get() == 0 {
            Transfer::Eof
        } else {
            bio.retry_read()
        }
    }

    fn write(&self, bio: &Bio, data: &[u8]) -> Transfer {
        if bio.flags() & FLAG_MEM_RDONLY != 0 {
            return fail(
                BIO_R_WRITE_TO_READ_ONLY_BIO,
                "this memory BIO only reads what it was made from",
            );
        }
        bio.clear_retry();
        if data.is_empty() {
            return Transfer::Done(0);
        }
        if !self.append(data) {
            error_queue::raise(&super::fault(
                ERR_R_MALLOC_FAILURE,
                "no memory for a memory BIO",
            ));
            return Transfer::Failed;
        }
        Transfer::Done(data.len())
    }

    fn gets(&self, bio: &Bio, out: &mut [u8]) -> Option<Transfer> {
        bio.clear_retry();
        let (data, len) = self.unread();
        let limit = len.min(out.len().saturating_sub(1));
        if limit == 0 {
            return Some(Transfer::Eof);
        }
        // SAFETY: that many bytes are there. Nothing writes to them meanwhile.
        let bytes = unsafe { core::slice::from_raw_parts(data.cast_const(), limit) };
        let line = bytes
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(limit, |end| end + 1);
        Some(self.read(bio, out.get_mut(..line)?))
    }

    unsafe fn control(
        &self,
        bio: &Bio,
        command: c_int,
        number: c_long,
        pointer: *mut c_void,
    ) -> c_long {
        let (data, len) = self.unread();
        let len_result = c_long::try_from(len).unwrap_or(c_long::MAX);
        match command {
            CTRL_RESET => {
                self.offset.set(0);
                // SAFETY: as in `unread`.
                let buffer = unsafe { self.buffer.get().as_mut() };
                let keeps = bio.flags() & (FLAG_MEM_RDONLY | FLAG_NONCLEAR_RST) != 0;
                if let Some(buffer) = buffer.filter(|_| !keeps) {
                    // SAFETY: what is allocated.
                    unsafe { crate::memory::wipe(buffer.data.cast(), buffer.max) };
                    buffer.length = 0;
                }
                1
            }
            CTRL_EOF => c_long::from(len == 0),
            CTRL_INFO => {
                // SAFETY: the command takes null or where to store a pointer.
                unsafe { crate::handle::store(pointer.cast::<*mut u8>(), data) };
                len_result
            }
            CTRL_PENDING => len_result,
            SET_BUF_MEM_EOF_RETURN => {
                self.eof_return.set(c_int::try_from(number).unwrap_or(-1));
                1
            }
            SET_BUF_MEM => {
                self.let_go(bio);
                bio.clear_flags(FLAG_MEM_RDONLY);
                bio.set_shutdown(c_int::from(number != 0));
                self.buffer.set(pointer.cast());
                1
            }
            GET_BUF_MEM_PTR => {
                if bio.flags() & FLAG_MEM_RDONLY == 0 {
                    self.compact();
                }
                // SAFETY: the command takes null or where to store a pointer.
                unsafe { crate::handle::store(pointer.cast::<*mut BufMem>(), self.buffer.get()) };
                1
            }
            CTRL_GET_CLOSE => c_long::from(bio.shutdown()),
            CTRL_SET_CLOSE => {
                bio.set_shutdown(c_int::from(number != 0));
                1
            }
            FILE_SEEK => {
                let (_, unread) = (data, len);
                let total = unread.saturating_add(self.offset.get());
                match usize::try_from(number) {
                    Ok(offset) if offset <= total => {
                        self.offset.set(offset);
                        number
                    }
                    _ => -1,
                }
            }
            FILE_TELL => c_long::try_from(self.offset.get()).unwrap_or(c_long::MAX),
            CTRL_DUP | CTRL_FLUSH => 1,
            _ => 0,
        }
    }

    fn destroy(&self, bio: &Bio) {
        self.let_go(bio);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_what_was_written_in_any_pieces() {
        let bio = Bio::new(plain_method()).unwrap();
        let (mut written, mut read) = (0_u32, 0_u32);
        for round in 0..2000_u32 {
            let piece: Vec<u8> = (0..round % 97)
                .map(|_| {
                    written += 1;
                    (written % 251) as u8
                })
                .collect();
            assert_eq!(bio.write(&piece), Transfer::Done(piece.len()));
            let mut out = vec![0; (round % 89) as usize];
            if let Transfer::Done(count) = bio.read(&mut out) {
                for byte in &out[..count] {
                    read += 1;
                    assert_eq!(*byte, (read % 251) as u8);
                }
            }
        }
        assert_eq!(bio.pending(), (written - read) as usize);
    }

    #[test]
    fn lines_end_at_newline_or_buffer() {
        // SAFETY: the bytes are static.
        let bio = unsafe { read_only(b"one\ntwo".as_ptr().cast(), 7) }.unwrap();
        let mut out = [0; 8];
        assert_eq!(bio.gets(&mut out), Some(Transfer::Done(4)));
        assert_eq!(&out[..4], b"one\n");
        assert_eq!(bio.gets(&mut out[..3]), Some(Transfer::Done(2)));
        assert_eq!(bio.gets(&mut out), Some(Transfer::Done(1)));
        assert_eq!(bio.gets(&mut out), Some(Transfer::Eof));
        assert_eq!(bio.write(b"x"), Transfer::Failed);
        error_queue::clear();
        assert_eq!(bio.ask(CTRL_RESET), 1);
        assert_eq!(bio.pending(), 7);
    }
}
