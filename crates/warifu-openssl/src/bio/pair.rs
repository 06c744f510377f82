//! Pairs of BIOs: what is written to one is read from the other.

use core::cell::{Cell, RefCell};
use core::ffi::{c_char, c_int, c_long, c_void};
use core::ptr;
use std::sync::{Arc, Weak};

use zeroize::Zeroize;

use super::command::{
    CTRL_DUP, CTRL_EOF, CTRL_FLUSH, CTRL_GET_CLOSE, CTRL_PENDING, CTRL_RESET, CTRL_SET_CLOSE,
    CTRL_WPENDING, DESTROY_BIO_PAIR, GET_READ_REQUEST, GET_WRITE_BUF_SIZE, GET_WRITE_GUARANTEE,
    MAKE_BIO_PAIR, NREAD, NREAD0, NWRITE, NWRITE0, RESET_READ_REQUEST, SET_WRITE_BUF_SIZE,
    SHUTDOWN_WR, TYPE_BIO,
};
use super::method::{Medium, builtin};
use super::{Bio, Transfer, fail};
use crate::error_queue;
use crate::fault::Fault;
use crate::reason::{BIO_R_BROKEN_PIPE, BIO_R_IN_USE, BIO_R_INVALID_ARGUMENT};

builtin! {
    method: TYPE_BIO, c"BIO pair", |_| Box::new(Half::default());
}

/// Room for a record of TLS at its largest.
const DEFAULT_SIZE: usize = 17 * 1024;

/// What was written to one half and not yet read from the other. A ring; its bytes stay where they are.
#[derive(Default)]
struct Ring {
    bytes: Vec<u8>,
    start: usize,
    len: usize,
}

impl Ring {
    /// The place of what is readable in one piece.
    fn readable(&self) -> core::ops::Range<usize> {
        self.start..self.bytes.len().min(self.start.saturating_add(self.len))
    }

    /// The place of what is writable in one piece.
    fn writable(&self) -> core::ops::Range<usize> {
        let size = self.bytes.len();
        let end = self.start.saturating_add(self.len);
        if end >= size {
            end - size..self.start
        } else {
            end..size
        }
    }

    fn consume(&mut self, count: usize) {
        let count = count.min(self.len);
        self.len -= count;
        self.start += count;
        if self.start >= self.bytes.len() {
            self.start -= self.bytes.len();
        }
        if self.len == 0 {
            self.start = 0;
        }
    }

    fn read(&mut self, out: &mut [u8]) -> usize {
        let mut done = 0;
        // At most two pieces.
        for _ in 0..2 {
            let place = self.readable();
            if let (Some(from), Some(to)) = (self.bytes.get(place), out.get_mut(done..)) {
                let count = from.len().min(to.len());
                for (to, from) in to.iter_mut().zip(from) {
                    *to = *from;
                }
                self.consume(count);
                done += count;
            }
        }
        done
    }

    fn write(&mut self, data: &[u8]) -> usize {
        let mut done = 0;
        for _ in 0..2 {
            if self.len == self.bytes.len() {
                break;
            }
            let place = self.writable();
            if let (Some(to), Some(from)) = (self.bytes.get_mut(place), data.get(done..)) {
                let count = from.len().min(to.len());
                for (to, from) in to.iter_mut().zip(from) {
                    *to = *from;
                }
                self.len += count;
                done += count;
            }
        }
        done
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

/// One half of a pair.
pub(crate) struct Half {
    /// The other half.
    peer: RefCell<Weak<Bio>>,
    /// What was written to this half.
    ring: RefCell<Ring>,
    /// The size of the ring to be.
    size: Cell<usize>,
    /// Whether nothing more is written to this half (`BIO_shutdown_wr`).
    closed: Cell<bool>,
    /// The bytes that the other half would have liked to read, and were not there.
    request: Cell<usize>,
}

impl Default for Half {
    fn default() -> Self {
        Self {
            peer: RefCell::default(),
            ring: RefCell::default(),
            size: Cell::new(DEFAULT_SIZE),
            closed: Cell::new(false),
            request: Cell::new(0),
        }
    }
}

impl Half {
    fn peer(&self) -> Option<Arc<Bio>> {
        self.peer.try_borrow().ok()?.upgrade()
    }

    /// Runs `body` with the peer's half.
    fn with_peer<T>(&self, body: impl FnOnce(&Half) -> T) -> Option<T> {
        self.peer()?.medium().as_pair().map(body)
    }

    fn space(&self) -> usize {
        self.ring
            .try_borrow()
            .map_or(0, |ring| ring.bytes.len() - ring.len)
    }

    fn filled(&self) -> usize {
        self.ring.try_borrow().map_or(0, |ring| ring.len)
    }

    fn set_size(&self, size: usize) -> bool {
        if self.peer().is_some() {
            error_queue::raise(&super::fault(
                BIO_R_IN_USE,
                "the size of a BIO pair's buffer is fixed once the pair is made",
            ));
            return false;
        }
        if size == 0 || c_int::try_from(size).is_err() {
            error_queue::raise(&super::fault(
                BIO_R_INVALID_ARGUMENT,
                "the buffer of a BIO pair has 1 byte to 2 GiB",
            ));
            return false;
        }
        self.size.set(size);
        true
    }

    fn prepare(&self) -> bool {
        let mut bytes = Vec::new();
        if bytes.try_reserve_exact(self.size.get()).is_err() {
            return false;
        }
        bytes.resize(self.size.get(), 0);
        self.ring.replace(Ring {
            bytes,
            start: 0,
            len: 0,
        });
        self.closed.set(false);
        self.request.set(0);
        true
    }

    /// Takes the pair apart. Both halves are of no use until they are in a pair again.
    fn part(&self, bio: &Bio) {
        if let Some(peer) = self.peer() {
            if let Some(half) = peer.medium().as_pair() {
                half.peer.replace(Weak::new());
                half.ring.replace(Ring::default());
            }
            peer.set_init(0);
        }
        self.peer.replace(Weak::new());
        self.ring.replace(Ring::default());
        bio.set_init(0);
    }

    /// Nothing to read: an end, or later.
    fn nothing(&self, bio: &Bio, peer: &Half, wanted: usize) -> Transfer {
        if peer.closed.get() {
            return Transfer::Eof;
        }
        peer.request.set(wanted.min(peer.size.get()));
        bio.retry_read()
    }

    /// The address of what is readable in one piece, and its length (`BIO_nread0`).
    fn look(&self, bio: &Bio) -> Result<(*mut u8, usize), Transfer> {
        bio.clear_retry();
        if bio.init() == 0 {
            return Err(Transfer::Eof);
        }
        self.with_peer(|peer| {
            peer.request.set(0);
            if peer.filled() == 0 {
                return Err(self.nothing(bio, peer, 1));
            }
            let mut ring = peer.ring.try_borrow_mut().map_err(|_| Transfer::Failed)?;
            let place = ring.readable();
            let bytes = ring.bytes.get_mut(place).ok_or(Transfer::Failed)?;
            Ok((bytes.as_mut_ptr(), bytes.len()))
        })
        .unwrap_or(Err(Transfer::Eof))
    }

    /// The address of where to write in one piece, and its length (`BIO_nwrite0`).
    fn room(&self, bio: &Bio) -> Result<(*mut u8, usize), Transfer> {
        bio.clear_retry();
        if bio.init() == 0 {
            return Err(Transfer::Eof);
        }
        self.request.set(0);
        if self.closed.get() {
            return Err(broken());
        }
        if self.space() == 0 {
            return Err(bio.retry_write());
        }
        let mut ring = self.ring.try_borrow_mut().map_err(|_| Transfer::Failed)?;
        let place = ring.writable();
        let bytes = ring.bytes.get_mut(place).ok_or(Transfer::Failed)?;
        Ok((bytes.as_mut_ptr(), bytes.len()))
    }
}

fn broken() -> Transfer {
    fail(
        BIO_R_BROKEN_PIPE,
        "this half of the BIO pair was shut down for writing",
    )
}

/// Makes a pair of two halves.
fn make_pair(one: &Bio, other: &Bio) -> bool {
    let (Some(half), Some(other_half)) = (one.medium().as_pair(), other.medium().as_pair()) else {
        error_queue::raise(&super::fault(
            BIO_R_INVALID_ARGUMENT,
            "both of a pair are BIOs of BIO_s_bio",
        ));
        return false;
    };
    if half.peer().is_some() || other_half.peer().is_some() || ptr::eq(one, other) {
        error_queue::raise(&super::fault(
            BIO_R_IN_USE,
            "a BIO is in at most one pair, and not with itself",
        ));
        return false;
    }
    if !half.prepare() || !other_half.prepare() {
        return false;
    }
    half.peer.replace(Weak::clone(&other.me));
    other_half.peer.replace(Weak::clone(&one.me));
    one.set_init(1);
    other.set_init(1);
    true
}

/// A pair with buffers of these sizes; 0 for the usual one.
///
/// # Errors
/// A size that no buffer has; memory.
pub(crate) fn new_pair(size: usize, other_size: usize) -> Result<(Arc<Bio>, Arc<Bio>), Fault> {
    let (one, other) = (Bio::new(method())?, Bio::new(method())?);
    for (bio, size) in [(&one, size), (&other, other_size)] {
        let half = bio.medium().as_pair().ok_or(Fault::Quiet)?;
        if size != 0 && !half.set_size(size) {
            return Err(Fault::Quiet);
        }
    }
    if make_pair(&one, &other) {
        Ok((one, other))
    } else {
        Err(Fault::Quiet)
    }
}

impl Medium for Half {
    fn read(&self, bio: &Bio, out: &mut [u8]) -> Transfer {
        bio.clear_retry();
        self.with_peer(|peer| {
            peer.request.set(0);
            if out.is_empty() {
                return Transfer::Done(0);
            }
            if peer.filled() == 0 {
                return self.nothing(bio, peer, out.len());
            }
            peer.ring
                .try_borrow_mut()
                .map_or(Transfer::Failed, |mut ring| Transfer::Done(ring.read(out)))
        })
        .unwrap_or(Transfer::Eof)
    }

    fn write(&self, bio: &Bio, data: &[u8]) -> Transfer {
        bio.clear_retry();
        if data.is_empty() {
            return Transfer::Done(0);
        }
        self.request.set(0);
        if self.closed.get() {
            return broken();
        }
        if self.space() == 0 {
            return bio.retry_write();
        }
        self.ring
            .try_borrow_mut()
            .map_or(Transfer::Failed, |mut ring| {
                Transfer::Done(ring.write(data))
            })
    }

    unsafe fn control(
        &self,
        bio: &Bio,
        command: c_int,
        number: c_long,
        pointer: *mut c_void,
    ) -> c_long {
        let long = |count: usize| c_long::try_from(count).unwrap_or(c_long::MAX);
        let wanted = usize::try_from(number).unwrap_or(0);
        match command {
            SET_WRITE_BUF_SIZE => c_long::from(self.set_size(wanted)),
            GET_WRITE_BUF_SIZE => long(self.size.get()),
            MAKE_BIO_PAIR => {
                // SAFETY: the command takes null or a BIO.
                unsafe { pointer.cast::<Bio>().as_ref() }
                    .map_or(0, |other| c_long::from(make_pair(bio, other)))
            }
            DESTROY_BIO_PAIR => {
                self.part(bio);
                1
            }
            GET_WRITE_GUARANTEE => {
                let open = self.peer().is_some() && !self.closed.get();
                if open { long(self.space()) } else { 0 }
            }
            GET_READ_REQUEST => long(self.request.get()),
            RESET_READ_REQUEST => {
                self.request.set(0);
                1
            }
            SHUTDOWN_WR => {
                self.closed.set(true);
                1
            }
            NREAD0 | NREAD | NWRITE0 | NWRITE => {
                let reads = matches!(command, NREAD0 | NREAD);
                let place = if reads {
                    self.look(bio)
                } else {
                    self.room(bio)
                };
                let (address, mut count) = match place {
                    Ok(place) => place,
                    Err(done) => return c_long::from(done.code()),
                };
                if matches!(command, NREAD | NWRITE) {
                    count = count.min(wanted);
                    if reads {
                        self.with_peer(|peer| peer.ring.borrow_mut().consume(count));
                    } else {
                        self.ring.borrow_mut().len += count;
                    }
                }
                // SAFETY: these commands take null or where to store a pointer.
                unsafe { crate::handle::store(pointer.cast::<*mut c_char>(), address.cast()) };
                long(count)
            }
            CTRL_RESET => {
                if let Ok(mut ring) = self.ring.try_borrow_mut() {
                    ring.start = 0;
                    ring.len = 0;
                }
                0
            }
            CTRL_GET_CLOSE => c_long::from(bio.shutdown()),
            CTRL_SET_CLOSE => {
                bio.set_shutdown(c_int::from(number != 0));
                1
            }
            CTRL_PENDING => long(self.with_peer(Half::filled).unwrap_or(0)),
            CTRL_WPENDING => long(self.filled()),
            CTRL_DUP => {
                // SAFETY: the command takes the copy, or null.
                if let Some(half) = unsafe { pointer.cast::<Bio>().as_ref() }
                    .and_then(|copy| copy.medium().as_pair())
                {
                    half.size.set(self.size.get());
                }
                1
            }
            CTRL_FLUSH => 1,
            CTRL_EOF => c_long::from(
                self.with_peer(|peer| peer.closed.get() && peer.filled() == 0)
                    .unwrap_or(true),
            ),
            _ => 0,
        }
    }

    fn destroy(&self, bio: &Bio) {
        self.part(bio);
    }

    fn as_pair(&self) -> Option<&Half> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_bytes_both_ways_through_small_buffers() {
        let (one, other) = new_pair(7, 5).unwrap();
        let (mut sent, mut received) = (0_u32, 0_u32);
        for round in 0..5000_usize {
            let data: Vec<u8> = (0..round % 11)
                .map(|n| ((sent + n as u32) % 251) as u8)
                .collect();
            if let Transfer::Done(count) = one.write(&data) {
                sent += count as u32;
            }
            let mut out = vec![0; round % 4];
            if let Transfer::Done(count) = other.read(&mut out) {
                for byte in &out[..count] {
                    assert_eq!(*byte, (received % 251) as u8);
                    received += 1;
                }
            }
            assert_eq!(other.pending(), (sent - received) as usize);
        }
        assert!(received > 1000);
        assert_eq!(other.write(b"123456"), Transfer::Done(5));
        assert_eq!(other.write(b"6"), Transfer::Retry);
        assert!(other.should_write());
    }

    #[test]
    fn a_half_without_the_other_is_of_no_use() {
        let (one, other) = new_pair(0, 0).unwrap();
        drop(other);
        assert_eq!(one.init(), 0);
        assert_eq!(one.write(b"x"), Transfer::Failed);
        error_queue::clear();
        assert!(!make_pair(&one, &one));
        error_queue::clear();
    }

    #[test]
    fn the_reader_sees_the_end_after_the_last_byte() {
        let (one, other) = new_pair(0, 0).unwrap();
        assert_eq!(one.write(b"ab"), Transfer::Done(2));
        one.ask(SHUTDOWN_WR);
        assert_eq!(one.write(b"c"), Transfer::Failed);
        error_queue::clear();
        assert_eq!(other.read(&mut [0; 8]), Transfer::Done(2));
        assert_eq!(other.read(&mut [0; 8]), Transfer::Eof);
    }
}
