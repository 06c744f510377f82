//! The open connections of a server, and which one goes when there are too many.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::socket::Socket;

/// How long a handshake keeps its place whoever comes, so that a look at which ports are open, or a burst of clients, ends no
/// handshake that would have been complete in a moment.
pub(crate) const GRACE: Duration = Duration::from_millis(300);

/// The sockets of all open connections, by the numbers of these.
///
/// Whoever connects gets a place before anybody knows who it is, so that places alone would be for whoever takes them first
/// and says nothing. While a handshake lasts a place is therefore lent: the oldest one goes to the next client that finds
/// none free and it is older than [`GRACE`]. A handshake of `t` seconds fails only if it takes longer than that, and more clients than
/// there are places come within that time.
#[derive(Debug, Default)]
pub(crate) struct OpenConnections {
    /// By number, which is by age.
    handshaking: BTreeMap<u64, Handshaking>,
    established: HashMap<u64, Socket>,
    /// Connections whose thread has not ended: these, and those that lost their place.
    living: usize,
}

#[derive(Debug)]
struct Handshaking {
    socket: Socket,
    peer: SocketAddr,
    since: Instant,
}

/// Whether a newcomer has a place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// This handshake has been ended.
    Made(TakenAway),
    /// The oldest handshake may go after so long.
    Later(Duration),
    /// All handshakes are complete.
    Never,
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

    /// Connections that have a thread and a descriptor.
    pub(crate) fn living(&self) -> usize {
        self.living
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
        let open = Handshaking {
            socket,
            peer,
            since: Instant::now(),
        };
        self.handshaking.insert(number, open);
        self.living += 1;
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

    /// A connection that began has no thread any more.
    pub(crate) fn end(&mut self, number: u64) {
        self.handshaking.remove(&number);
        self.established.remove(&number);
        self.living = self.living.saturating_sub(1);
    }

    /// Ends the oldest of the connections whose handshake is not complete, if there is one and it is old enough.
    pub(crate) fn make_room(&mut self, now: Instant) -> Room {
        let Some(oldest) = self.handshaking.first_entry() else {
            return Room::Never;
        };
        let left = GRACE.saturating_sub(now.saturating_duration_since(oldest.get().since));
        if !left.is_zero() {
            return Room::Later(left);
        }
        let (number, open) = oldest.remove_entry();
        open.socket.take_away();
        Room::Made(TakenAway {
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
        let first = open.handshaking[&2].since;
        let moment = Duration::from_millis(1);
        let too_early = open.make_room(first + GRACE - moment);
        assert_eq!((too_early, open.len()), (Room::Later(moment), 4));
        let later = Instant::now() + GRACE;
        for number in [2, 3, 4] {
            let (client, peer) = &mut clients[number as usize - 1];
            let lost = TakenAway {
                number,
                peer: *peer,
            };
            assert_eq!(open.make_room(later), Room::Made(lost));
            assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
            assert!(!open.establish(number));
        }
        assert_eq!((open.make_room(later), open.len()), (Room::Never, 1));
        open.end(1);
        assert!(open.is_empty());
        // The threads of the others have not ended.
        assert_eq!(open.living(), 3);
        for number in [2, 3, 4] {
            open.end(number);
        }
        assert_eq!(open.living(), 0);
    }
}
