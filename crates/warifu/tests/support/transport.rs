//! Transports for tests: a pipe that takes and gives as little as it likes, and a tap on what is written.
#![allow(dead_code, unreachable_pub)]

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex};

/// One direction of a pipe.
#[derive(Debug, Default)]
struct Channel {
    bytes: VecDeque<u8>,
    ended: bool,
}

/// One end of a pipe in memory that never blocks a thread: what cannot be done now is
/// [`ErrorKind::WouldBlock`].
#[derive(Debug)]
pub struct Pipe {
    incoming: Arc<Mutex<Channel>>,
    outgoing: Arc<Mutex<Channel>>,
    /// All bytes that were ever written to this end.
    pub written: Vec<u8>,
    /// Most bytes the pipe holds in this end's outgoing direction.
    pub capacity: usize,
    /// Most bytes one call moves; fewer at random.
    pub max_step: usize,
    /// How many calls in 8 would block without a reason.
    pub moods: u64,
    /// How many times `flush` was called.
    pub flushes: usize,
    random: u64,
}

/// Two ends that move everything at once.
pub fn pipe() -> (Pipe, Pipe) {
    let (one, other) = (Arc::default(), Arc::default());
    let end = |incoming: &Arc<Mutex<Channel>>, outgoing: &Arc<Mutex<Channel>>, random| Pipe {
        incoming: incoming.clone(),
        outgoing: outgoing.clone(),
        written: Vec::new(),
        capacity: usize::MAX,
        max_step: usize::MAX,
        moods: 0,
        flushes: 0,
        random,
    };
    (end(&one, &other, 1), end(&other, &one, 2))
}

/// Two ends that hold little, move at most `max_step` bytes at a time and would block at random.
pub fn moody_pipe(seed: u64, capacity: usize, max_step: usize) -> (Pipe, Pipe) {
    let (mut one, mut other) = pipe();
    for (end, seed) in [(&mut one, seed * 2 + 1), (&mut other, seed * 2 + 2)] {
        end.capacity = capacity;
        end.max_step = max_step;
        end.moods = 3;
        end.random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    (one, other)
}

impl Pipe {
    /// Another handle of the same end, in a good mood.
    pub fn second_handle(&self) -> Self {
        let (mut handle, _) = pipe();
        handle.incoming = self.incoming.clone();
        handle.outgoing = self.outgoing.clone();
        handle
    }

    /// Ends the outgoing direction: the other end reads 0 once it has read everything.
    pub fn end(&mut self) {
        self.outgoing.lock().unwrap().ended = true;
    }

    fn next_random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    /// How many of `len` bytes one call moves.
    fn step(&mut self, len: usize) -> io::Result<usize> {
        if self.next_random() % 8 < self.moods {
            return Err(ErrorKind::WouldBlock.into());
        }
        let most = len.min(self.max_step);
        if self.moods == 0 || most == 0 {
            return Ok(most);
        }
        Ok(1 + self.next_random() as usize % most)
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let step = self.step(buffer.len())?;
        let mut channel = self.incoming.lock().unwrap();
        if channel.bytes.is_empty() && !channel.ended {
            return Err(ErrorKind::WouldBlock.into());
        }
        let count = step.min(channel.bytes.len());
        for (place, byte) in buffer.iter_mut().zip(channel.bytes.drain(..count)) {
            *place = byte;
        }
        Ok(count)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let step = self.step(bytes.len())?;
        let mut channel = self.outgoing.lock().unwrap();
        let count = step.min(self.capacity.saturating_sub(channel.bytes.len()));
        if count == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        channel.bytes.extend(&bytes[..count]);
        self.written.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushes += 1;
        Ok(())
    }
}

/// Keeps a copy of what is written.
#[derive(Debug)]
pub struct Tap<T> {
    pub transport: T,
    pub written: Arc<Mutex<Vec<u8>>>,
}

impl<T> Tap<T> {
    pub fn new(transport: T) -> Self {
        Self {
            transport,
            written: Arc::default(),
        }
    }
}

impl<T: Read> Read for Tap<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.transport.read(buffer)
    }
}

impl<T: Write> Write for Tap<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.transport.write(bytes)?;
        self.written
            .lock()
            .unwrap()
            .extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.transport.flush()
    }
}
