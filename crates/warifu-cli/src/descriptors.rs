//! How many files this process may have open: each connection of a server is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that a server has beside its connections: standard streams, its listening socket, pipes for signals, and those that it
/// opens for a moment (keys, revocation lists, the key log, randomness). And 32 connections that have lost their place, until their
/// threads have ended.
const OTHERS: u64 = 64;

/// Raises the limit of this process, as far as it may, so that `connections` can be open at once. Returns how many can.
pub(crate) fn make_room(connections: usize) -> usize {
    let now = getrlimit(Resource::Nofile);
    let (soft, connections) = decide(connections, &now);
    if let Some(soft) = soft {
        // Up to the hard limit everybody may.
        let raised = setrlimit(
            Resource::Nofile,
            Rlimit {
                current: Some(soft),
                ..now
            },
        );
        if raised.is_err() {
            return most(now.current).min(connections);
        }
    }
    connections
}

/// The soft limit to set, if it is to be another one, and how many connections there is room for then.
fn decide(connections: usize, now: &Rlimit) -> (Option<u64>, usize) {
    let wanted = u64::try_from(connections)
        .unwrap_or(u64::MAX)
        .saturating_add(OTHERS);
    if now.current.is_none_or(|soft| soft >= wanted) {
        return (None, connections);
    }
    let soft = now.maximum.map_or(wanted, |hard| hard.min(wanted));
    (Some(soft), most(Some(soft)).min(connections))
}

/// Connections beside the other files; one at least, which may fail.
fn most(limit: Option<u64>) -> usize {
    let Some(limit) = limit else {
        return usize::MAX;
    };
    usize::try_from(limit.saturating_sub(OTHERS).max(1)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_as_far_as_it_may_and_connections_fit_it() {
        for (connections, current, maximum, soft, fit) in [
            (512, Some(1024), Some(4096), None, 512),
            (960, Some(1024), Some(1024), None, 960),
            (961, Some(1024), Some(1024), Some(1024), 960),
            (2000, Some(1024), Some(4096), Some(2064), 2000),
            (5000, Some(1024), Some(4096), Some(4096), 4032),
            (5000, Some(1024), None, Some(5064), 5000),
            (5000, None, None, None, 5000),
            (512, Some(20), Some(20), Some(20), 1),
        ] {
            let now = Rlimit { current, maximum };
            assert_eq!(decide(connections, &now), (soft, fit), "{now:?}");
        }
    }
}
