//! The memory between two ends: what a socket would be, at the price of one copy in and one copy out.

use std::cell::RefCell;
use std::io::{self, IoSlice, Read, Write};
use std::rc::Rc;

/// A byte queue of fixed memory.
pub struct Wire {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Wire {
    pub fn new() -> Self {
        Self {
            bytes: vec![0; 1 << 18].into(),
            start: 0,
            end: 0,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

impl Default for Wire {
    fn default() -> Self {
        Self::new()
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.end - self.start);
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        buffer[..count].copy_from_slice(&self.bytes[self.start..self.start + count]);
        self.start += count;
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
        Ok(count)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let end = self.end + bytes.len();
        self.bytes[self.end..end].copy_from_slice(bytes);
        self.end = end;
        Ok(bytes.len())
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let before = self.end;
        for slice in slices {
            self.write(slice)?;
        }
        Ok(self.end - before)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One end of two wires: a transport for the stacks' own streams. A clone is the same end, for a connection that comes
/// after another: new wires would cost more than a handshake without key shares.
#[derive(Clone)]
pub struct End {
    incoming: Rc<RefCell<Wire>>,
    outgoing: Rc<RefCell<Wire>>,
}

/// Two ends that are each other's peer.
pub fn ends() -> (End, End) {
    let one = Rc::new(RefCell::new(Wire::new()));
    let other = Rc::new(RefCell::new(Wire::new()));
    (
        End {
            incoming: one.clone(),
            outgoing: other.clone(),
        },
        End {
            incoming: other,
            outgoing: one,
        },
    )
}

impl Read for End {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.incoming.borrow_mut().read(buffer)
    }
}

impl Write for End {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.borrow_mut().write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.outgoing.borrow_mut().write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
