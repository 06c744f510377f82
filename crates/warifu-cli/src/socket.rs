//! A TCP socket that keeps time: a limit on the whole handshake, then one on the peer's silence.
//!
//! A time-out of the operating system counts from each read anew, so that a peer sending one byte a second
//! would never meet it; the handshake's limit here is a point in time.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::exit::Failure;
use crate::values::{HostPort, TimeLimit};

/// What the clock measures now.
#[derive(Debug, Clone, Copy)]
enum Clock {
    /// Nothing is limited.
    Off,
    /// The handshake must be over at this time.
    Until(Instant),
    /// Each wait may last this long.
    Each(Duration),
    /// The socket was taken from whoever uses it.
    Over,
}

/// A socket with its limit. Clones share both, and one descriptor.
#[derive(Debug, Clone)]
pub(crate) struct Socket {
    tcp: Arc<TcpStream>,
    clock: Arc<Mutex<Clock>>,
}

impl Socket {
    /// Takes a connected socket; the handshake may last for `handshake`, from now.
    pub(crate) fn new(tcp: TcpStream, handshake: TimeLimit) -> io::Result<Self> {
        // Messages are small and answers are awaited: waiting for more to send (RFC 896) only costs time.
        tcp.set_nodelay(true)?;
        let clock = match handshake.0 {
            Some(limit) => Clock::Until(Instant::now() + limit),
            None => Clock::Off,
        };
        Ok(Self {
            tcp: Arc::new(tcp),
            clock: Arc::new(Mutex::new(clock)),
        })
    }

    /// The handshake is over: from now on each wait for the peer may last for `idle`.
    pub(crate) fn established(&self, idle: TimeLimit) {
        let clock = match idle.0 {
            Some(limit) => Clock::Each(limit),
            None => Clock::Off,
        };
        let mut now = self.lock_clock();
        // Taken away before this was known.
        if !matches!(*now, Clock::Over) {
            *now = clock;
        }
    }

    /// Takes the socket away from whoever uses it, in favour of another connection: what waits for the peer wakes, and fails.
    pub(crate) fn take_away(&self) {
        *self.lock_clock() = Clock::Over;
        // Fails only if the peer is gone already, which wakes the reader too.
        let _ = self.tcp.shutdown(Shutdown::Both);
    }

    /// Whether [`take_away`](Self::take_away) was called.
    pub(crate) fn was_taken_away(&self) -> bool {
        matches!(*self.lock_clock(), Clock::Over)
    }

    fn lock_clock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes whoever waits for bytes of the peer: it reads the end of the stream. Writing goes on.
    pub(crate) fn stop_reading(&self) {
        // Fails only if the peer is gone already, which wakes the reader too.
        let _ = self.tcp.shutdown(Shutdown::Read);
    }

    /// Tells the peer that no byte will follow, and throws away what it still sends, for at most `patience`.
    /// Closing a socket with unread data would make TCP reset the connection, and the peer might lose
    /// what we sent last. At once if the socket [is taken away](Self::take_away).
    pub(crate) fn linger(&self, patience: Duration) {
        let _ = self.tcp.shutdown(Shutdown::Write);
        let end = Instant::now() + patience;
        let mut sink = [0; 4096];
        while let Some(left) = remaining(end) {
            // Somebody else waits for this descriptor.
            if self.was_taken_away() {
                return;
            }
            let _ = self.tcp.set_read_timeout(Some(left));
            match (&*self.tcp).read(&mut sink) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    /// How long the next wait may last; `None` for ever.
    fn patience(&self) -> io::Result<Option<Duration>> {
        let clock = *self.lock_clock();
        match clock {
            Clock::Off => Ok(None),
            Clock::Over => Err(io::ErrorKind::ConnectionAborted.into()),
            Clock::Each(limit) => Ok(Some(limit)),
            Clock::Until(end) => remaining(end)
                .map(Some)
                .ok_or_else(|| io::ErrorKind::TimedOut.into()),
        }
    }
}

fn remaining(end: Instant) -> Option<Duration> {
    end.checked_duration_since(Instant::now())
        .filter(|left| !left.is_zero())
}

/// The operating system calls a time-out `WouldBlock` on Unix.
fn timed_out(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock {
        io::ErrorKind::TimedOut.into()
    } else {
        error
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tcp.set_read_timeout(self.patience()?)?;
        (&*self.tcp).read(buffer).map_err(timed_out)
    }
}

impl Write for Socket {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.tcp.set_write_timeout(self.patience()?)?;
        (&*self.tcp).write(buffer).map_err(timed_out)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self.tcp).flush()
    }
}

/// Connects to the first of a host's addresses that answers.
pub(crate) fn connect(
    address: &HostPort,
    candidates: &[SocketAddr],
    limit: TimeLimit,
) -> Result<TcpStream, Failure> {
    let end = limit.0.map(|limit| Instant::now() + limit);
    let timed_out = || Failure::TimedOut {
        peer: address.to_string(),
        waiting_for: "TCP connection",
        limit,
        option: "--connect-timeout",
    };
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for candidate in candidates {
        let attempt = match end {
            None => TcpStream::connect(candidate),
            Some(end) => match remaining(end) {
                Some(left) => TcpStream::connect_timeout(candidate, left),
                None => return Err(timed_out()),
            },
        };
        match attempt {
            Ok(tcp) => return Ok(tcp),
            Err(error) => last = error,
        }
    }
    if last.kind() == io::ErrorKind::TimedOut {
        return Err(timed_out());
    }
    Err(Failure::Connect {
        peer: address.to_string(),
        error: last,
    })
}

/// The addresses of a host; at least one.
pub(crate) fn resolve(address: &HostPort) -> Result<Vec<SocketAddr>, Failure> {
    let failed = |error: String| Failure::Resolve {
        host: address.host.clone(),
        error,
    };
    if let Some(ip) = address.ip() {
        return Ok(vec![SocketAddr::new(ip, address.port)]);
    }
    let found: Vec<SocketAddr> = (address.host.as_str(), address.port)
        .to_socket_addrs()
        .map_err(|error| failed(error.to_string()))?
        .collect();
    if found.is_empty() {
        return Err(failed("no address".to_owned()));
    }
    Ok(found)
}
