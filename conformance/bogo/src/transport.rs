//! The connection to the runner, which with `-async` lets one byte through at a time.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream};

use crate::options::Options;

/// A socket with a quota for each direction: none left is [`ErrorKind::WouldBlock`].
#[derive(Debug)]
pub(crate) struct Transport {
    socket: TcpStream,
    /// `None`: no limit.
    quotas: Option<Quotas>,
}

#[derive(Debug, Default)]
struct Quotas {
    read: usize,
    write: usize,
    read_was_refused: bool,
    write_was_refused: bool,
}

impl Transport {
    /// Connects to the runner and says which test this is.
    pub(crate) fn connect(options: &Options) -> io::Result<Self> {
        let address: SocketAddr = match options.ipv6 {
            true => (Ipv6Addr::LOCALHOST, options.port).into(),
            false => (Ipv4Addr::LOCALHOST, options.port).into(),
        };
        let mut socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.write_all(&options.shim_id.to_le_bytes())?;
        let quotas = options.asynchronous.then(Quotas::default);
        Ok(Self { socket, quotas })
    }

    /// Frees one byte for reading, if a read was refused since. Tells whether.
    pub(crate) fn free_read(&mut self) -> bool {
        let Some(quotas) = &mut self.quotas else {
            return false;
        };
        let refused = std::mem::take(&mut quotas.read_was_refused);
        quotas.read += usize::from(refused);
        refused
    }

    /// Frees one byte for writing, if a write was refused since. Tells whether.
    pub(crate) fn free_write(&mut self) -> bool {
        let Some(quotas) = &mut self.quotas else {
            return false;
        };
        let refused = std::mem::take(&mut quotas.write_was_refused);
        quotas.write += usize::from(refused);
        refused
    }

    /// Lets one byte of the next write through.
    pub(crate) fn allow_one_byte_out(&mut self) {
        if let Some(quotas) = &mut self.quotas {
            quotas.write = 1;
        }
    }

    /// Sends all of `bytes`, whatever the quota: what is left of a failed connection.
    pub(crate) fn write_rest(&mut self, bytes: &[u8]) {
        // The runner may have gone already.
        let _ = self.socket.write_all(bytes);
    }

    /// Half-closes and reads what is still under way: closing a socket with unread bytes resets the connection, and the runner
    /// might not see the last alert.
    pub(crate) fn drain(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Write);
        let mut rest = [0; 1024];
        while matches!(self.socket.read(&mut rest), Ok(1..)) {}
    }
}

impl Read for Transport {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = match &mut self.quotas {
            None => buffer.len(),
            Some(quotas) if quotas.read == 0 => {
                quotas.read_was_refused = true;
                return Err(ErrorKind::WouldBlock.into());
            }
            Some(quotas) => quotas.read.min(buffer.len()),
        };
        let count = match self.socket.read(buffer.get_mut(..len).unwrap_or_default()) {
            // The runner ends connections without ceremony.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
            other => other?,
        };
        if let Some(quotas) = &mut self.quotas {
            quotas.read -= count;
        }
        Ok(count)
    }
}

impl Write for Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = match &mut self.quotas {
            None => bytes.len(),
            Some(quotas) if quotas.write == 0 => {
                quotas.write_was_refused = true;
                return Err(ErrorKind::WouldBlock.into());
            }
            Some(quotas) => quotas.write.min(bytes.len()),
        };
        let count = self.socket.write(bytes.get(..len).unwrap_or_default())?;
        if let Some(quotas) = &mut self.quotas {
            quotas.write -= count;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}
