//! A TCP connection with a limit on each wait, which remembers what passed.

use std::io::{Read, Result, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use crate::program::LIMIT;

/// A transport that remembers what passed.
#[derive(Debug)]
pub struct Tap {
    stream: TcpStream,
    passed: Arc<Mutex<Passed>>,
}

/// The bytes that passed, each way.
#[derive(Debug, Default)]
pub struct Passed {
    pub sent: Vec<u8>,
    pub received: Vec<u8>,
    /// Which of the two grew, and by how much, in order: for a capture file.
    pub order: Vec<(bool, usize)>,
}

impl Tap {
    pub fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.set_write_timeout(Some(LIMIT)).unwrap();
        Self {
            stream,
            passed: Arc::default(),
        }
    }

    /// What passed, shared with whoever reads or writes.
    pub fn passed(&self) -> Arc<Mutex<Passed>> {
        self.passed.clone()
    }

    /// Another handle of the same connection.
    pub fn try_clone(&self) -> Result<Self> {
        Ok(Self {
            stream: self.stream.try_clone()?,
            passed: self.passed.clone(),
        })
    }
}

impl Read for Tap {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.stream.read(buffer)?;
        let mut passed = self.passed.lock().unwrap();
        passed.received.extend_from_slice(&buffer[..count]);
        passed.order.push((false, count));
        Ok(count)
    }
}

impl Write for Tap {
    fn write(&mut self, data: &[u8]) -> Result<usize> {
        let count = self.stream.write(data)?;
        let mut passed = self.passed.lock().unwrap();
        passed.sent.extend_from_slice(&data[..count]);
        passed.order.push((true, count));
        Ok(count)
    }

    fn flush(&mut self) -> Result<()> {
        self.stream.flush()
    }
}

/// The content types and lengths of the records in a stream of bytes (RFC 8446 Section 5.1); a record that is not
/// complete is left out.
pub fn records(mut bytes: &[u8]) -> Vec<(u8, usize)> {
    let mut found = Vec::new();
    while let [content_type, _, _, high, low, rest @ ..] = bytes {
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(next) = rest.get(len..) else { break };
        found.push((*content_type, len));
        bytes = next;
    }
    found
}
