//! Where C reads and writes: a `BIO` or a `FILE`.

use core::ffi::{c_char, c_int};
use core::ptr::NonNull;

use libc::FILE;
use zeroize::Zeroizing;

use super::pem::Lines;
use crate::bio::{Bio, Transfer};
use crate::fault::Fault;
use crate::handle;
use crate::memory::append_wiped;

/// The longest DER that is read.
const DER_LIMIT: usize = 256 * 1024 * 1024;
/// Read at once.
const PIECE: usize = 4096;

/// A `BIO` or a `FILE`, for the time of one call.
pub(crate) enum Channel<'a> {
    Bio(&'a Bio),
    File(NonNull<FILE>),
}

/// What the functions for BIOs and those for files have in common.
pub(crate) trait ToChannel {
    /// # Safety
    /// The pointer is null, or what its type says and alive for `'a`.
    unsafe fn to_channel<'a>(self) -> Result<Channel<'a>, Fault>;
}

impl ToChannel for *mut Bio {
    unsafe fn to_channel<'a>(self) -> Result<Channel<'a>, Fault> {
        // SAFETY: the caller's promise.
        unsafe { handle::borrow(self) }.map(Channel::Bio)
    }
}

impl ToChannel for *mut FILE {
    unsafe fn to_channel<'a>(self) -> Result<Channel<'a>, Fault> {
        NonNull::new(self)
            .map(Channel::File)
            .ok_or_else(Fault::null)
    }
}

impl Channel<'_> {
    /// Lines, each read only when it is asked for.
    pub(crate) fn lines(&self) -> Lines<'_> {
        Lines::new(|| self.line())
    }

    fn line(&self) -> Option<Zeroizing<Vec<u8>>> {
        let mut line = Zeroizing::new(Vec::with_capacity(PIECE));
        let mut piece = Zeroizing::new([0u8; 256]);
        // A line longer than all that is read of a section anyway is cut.
        while !line.ends_with(b"\n") && line.len() < DER_LIMIT {
            let count = match self {
                Self::Bio(bio) => match bio.gets(piece.as_mut_slice()) {
                    Some(Transfer::Done(count)) => count,
                    Some(_) => 0,
                    None => self.read(piece.get_mut(..1).unwrap_or_default()),
                },
                Self::File(file) => file_line(*file, &mut piece),
            };
            match piece.get(..count) {
                Some(read) if !read.is_empty() => append_wiped(&mut line, read),
                _ => break,
            }
        }
        (!line.is_empty()).then_some(line)
    }

    /// Some bytes; 0 at the end.
    fn read(&self, to: &mut [u8]) -> usize {
        match self {
            Self::Bio(bio) => match bio.read(to) {
                Transfer::Done(count) => count.min(to.len()),
                _ => 0,
            },
            // SAFETY: an open file of C, by the promise given to `to_channel`, and as many writable bytes.
            Self::File(file) => unsafe {
                libc::fread(to.as_mut_ptr().cast(), 1, to.len(), file.as_ptr())
            },
        }
    }

    fn read_exact(&self, to: &mut [u8]) -> Option<()> {
        let mut done = 0;
        while let Some(rest) = to.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.read(rest) {
                0 => return None,
                count => done += count,
            }
        }
        Some(())
    }

    /// One element of DER, and nothing behind it.
    ///
    /// # Errors
    /// The end comes first, or the bytes are no DER.
    pub(crate) fn read_der(&self) -> Result<Zeroizing<Vec<u8>>, Fault> {
        self.read_element()
            .ok_or_else(|| Fault::argument("no DER, or it is cut off"))
    }

    fn read_element(&self) -> Option<Zeroizing<Vec<u8>>> {
        let mut head = [0u8; 2];
        self.read_exact(&mut head)?;
        let [_, first] = head;
        let mut whole = Zeroizing::new(head.to_vec());
        let mut len = usize::from(first);
        if first >= 0x80 {
            let mut bytes = [0u8; 4];
            let bytes = bytes.get_mut(..usize::from(first & 0x7f))?;
            self.read_exact(bytes)?;
            len = bytes
                .iter()
                .fold(0, |len, byte| (len << 8) | usize::from(*byte));
            append_wiped(&mut whole, bytes);
        }
        if len > DER_LIMIT {
            return None;
        }
        // What is promised takes memory only as it comes.
        while len > 0 {
            let mut piece = Zeroizing::new(vec![0u8; len.min(PIECE)]);
            self.read_exact(&mut piece)?;
            append_wiped(&mut whole, &piece);
            len -= piece.len();
        }
        Some(whole)
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// It does not go; some of it may have gone.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Fault> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let count = match self {
                Self::Bio(bio) => match bio.write(rest) {
                    Transfer::Done(count) => count,
                    _ => 0,
                },
                // SAFETY: an open file of C, by the promise given to `to_channel`, and as many readable bytes.
                Self::File(file) => unsafe {
                    libc::fwrite(rest.as_ptr().cast(), 1, rest.len(), file.as_ptr())
                },
            };
            rest = match rest.get(count..) {
                Some(after) if count > 0 => after,
                _ => return Err(Fault::Quiet),
            };
        }
        Ok(())
    }
}

/// A line or a part of one from a file; how many bytes.
fn file_line(file: NonNull<FILE>, to: &mut [u8; 256]) -> usize {
    let size = c_int::try_from(to.len()).unwrap_or(0);
    // SAFETY: an open file of C, and as many writable bytes; fgets writes a NUL behind what it reads.
    let line = unsafe { libc::fgets(to.as_mut_ptr().cast::<c_char>(), size, file.as_ptr()) };
    if line.is_null() {
        return 0;
    }
    to.iter().position(|byte| *byte == 0).unwrap_or(0)
}
