//! The open connections of a server, and which one goes when there are too many.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

use crate::socket::Socket;

/// The sockets of all open connections, by the numbers of these.
///
/// Whoever connects gets a place before anybody knows who it is, so that places alone would be for whoever takes them first
/// and says nothing. While a handshake lasts a place is therefore lent: the oldest one goes to the next client that finds
/// none free. A handshake of `t` seconds fails only where more clients than there are places come within that time.
#[derive(Debug, Default)]
pub(crate) struct OpenConnections {
    /// By number, which is by age.
    handshaking: BTreeMap<u64, Handshaking>,
    established: HashMap<u64, Socket>,
}

#[derive(Debug)]
struct Handshaking {
    socket: Socket,
    peer: SocketAddr,
}

/// A connection that lost its place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TakenAway {
    pub(crate) number: u64,
    pub(crate) peer: SocketAddr,
}

impl OpenConnections {
    pub(crate) fn len(&self) -> usize {
        self.handshaking.len() + self.established.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn sockets(&self) -> impl Iterator<Item = &Socket> {
        let handshaking = self.handshaking.values().map(|open| &open.socket);
        handshaking.chain(self.established.values())
    }

    /// A connection begins its handshake.
    pub(crate) fn begin(&mut self, number: u64, peer: SocketAddr, socket: Socket) {
        self.handshaking
            .insert(number, Handshaking { socket, peer });
    }

    /// A connection has completed its handshake and keeps its place. `false`: it has lost it just now.
    #[must_use]
    pub(crate) fn establish(&mut self, number: u64) -> bool {
        let Some(open) = self.handshaking.remove(&number) else {
            return false;
        };
        self.established.insert(number, open.socket);
        true
    }

    pub(crate) fn end(&mut self, number: u64) {
        self.handshaking.remove(&number);
        self.established.remove(&number);
    }

    /// Ends the oldest of the connections whose handshake is not complete, if there is one.
    pub(crate) fn make_room(&mut self) -> Option<TakenAway> {
        let (number, open) = self.handshaking.pop_first()?;
        open.socket.take_away();
        Some(TakenAway {
            number,
            peer: open.peer,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::{TcpListener, TcpStream};

    use super::*;
    use crate::values::TimeLimit;

    #[test]
    fn the_oldest_handshake_makes_room_and_established_connections_do_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut open = OpenConnections::default();
        let mut clients = Vec::new();
        for number in 1..=4 {
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (tcp, peer) = listener.accept().unwrap();
            let socket = Socket::new(tcp, TimeLimit(None)).unwrap();
            open.begin(number, peer, socket);
            clients.push((client, peer));
        }
        assert!(open.establish(1));
        assert_eq!((open.len(), open.sockets().count()), (4, 4));
        for number in [2, 3, 4] {
            let (client, peer) = &mut clients[number as usize - 1];
            let lost = TakenAway {
                number,
                peer: *peer,
            };
            assert_eq!(open.make_room(), Some(lost));
            assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
            assert!(!open.establish(number));
        }
        assert_eq!((open.make_room(), open.len()), (None, 1));
        open.end(1);
        assert!(open.is_empty());
    }
}
