//! Whether a server takes early data (RFC 8446 Section 4.2.10 and 8).

use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::UnixTime;

use crate::config::ServerConfig;
use crate::coroutine::Peer;
use crate::early_data::AGE_WINDOW;
use crate::parameters::Tls13Suite;
use crate::psk::PskRole;

use super::psk::{Found, FoundSource};

/// The answer to a client that offers early data.
pub(super) enum Decision {
    /// It is taken, up to so many bytes.
    Accept { limit: u32 },
    /// It is not, for this reason.
    Decline(Arc<str>),
}

/// What this server has chosen, as far as it matters here.
pub(super) struct Chosen<'a> {
    pub(super) suite: Tls13Suite,
    pub(super) alpn: Option<&'a [u8]>,
    /// The protocol is the only one that the client offers; none, if it offers none.
    pub(super) is_only_alpn: bool,
    pub(super) with_certificate: bool,
}

/// Decides; asks the replay store last, so that only what would be taken is remembered.
pub(super) async fn decide(
    peer: &mut Peer,
    config: &ServerConfig,
    found: Option<&Found>,
    chosen: &Chosen<'_>,
) -> Decision {
    match check(config, found, chosen) {
        Ok((limit, found)) => match is_first(peer, config, found).await {
            Ok(()) => Decision::Accept { limit },
            Err(reason) => Decision::Decline(reason.into()),
        },
        Err(reason) => Decision::Decline(reason.into()),
    }
}

/// All that can be said without the replay store: how many bytes are allowed.
fn check<'f>(
    config: &ServerConfig,
    found: Option<&'f Found>,
    chosen: &Chosen<'_>,
) -> Result<(u32, &'f Found), &'static str> {
    let early = config
        .role
        .early_data
        .as_ref()
        .ok_or("this server takes no early data")?;
    let found = found.ok_or("no pre-shared key or ticket was taken")?;
    // Section 4.2.10: "the first "PskIdentity" in the "pre_shared_key" extension".
    if found.index != 0 {
        return Err("the key that was taken is not the first one offered");
    }
    if chosen.with_certificate {
        return Err("a certificate is used beside the key");
    }
    let allowed = match &found.source {
        FoundSource::Key { psk, .. } => {
            if psk.early_data_suite(found.hash()) != chosen.suite.suite {
                return Err("the cipher suite is not the one agreed for the key");
            }
            // Section 4.2.10: the protocol, if any, is provisioned with the key. It is the only one that the client offers.
            if !chosen.is_only_alpn {
                return Err("the application protocol is not the only one offered");
            }
            // RFC 9257 Section 4.1: no age tells an old ClientHello of our own client from another's, and the guard against
            // reflection remembers those that are under way only.
            if psk.role() != PskRole::Server {
                return Err(
                    "the key may be that of this node's clients too: early data needs PskRole::Server (RFC 9257 Section 4.1)",
                );
            }
            psk.max_early_data()
        }
        FoundSource::Ticket(state) => {
            if state.suite != chosen.suite {
                return Err("the cipher suite is not that of the session");
            }
            // The ticket is not taken at all for another server name or protocol; this is for whoever changes that.
            if state.alpn.as_deref() != chosen.alpn {
                return Err("the application protocol is not that of the session");
            }
            let ours = state.age_millis(config.settings.clock.now_millis());
            let theirs = found.obfuscated_ticket_age.wrapping_sub(state.age_add);
            let apart = ours.abs_diff(u64::from(theirs));
            if u128::from(apart) > AGE_WINDOW.as_millis() {
                return Err("the age that the client gives for its ticket is not right");
            }
            state.max_early_data
        }
    };
    match allowed {
        0 => Err("the key or ticket does not allow early data"),
        // The client may send all of it, and does not know of a limit that was lowered since.
        more if more > early.max_bytes => {
            Err("the key or ticket allows more early data than this server takes")
        }
        limit => Ok((limit, found)),
    }
}

/// Section 8.2: a ClientHello is taken once.
async fn is_first(peer: &mut Peer, config: &ServerConfig, found: &Found) -> Result<(), String> {
    let Some(early) = &config.role.early_data else {
        return Err("this server takes no early data".to_owned());
    };
    let now = config.settings.clock.now();
    // A replay passes the check of its age for as long as the window is wide, both ways.
    let until = now.as_secs().saturating_add(2 * AGE_WINDOW.as_secs() + 1);
    let until = found
        .ticket()
        .map(|_| UnixTime::since_unix_epoch(Duration::from_secs(until)));
    let id = found.client_hello_id();
    let answer = early.store.is_first(&id, now, until);
    match peer.ask("replay store", answer).await {
        Ok(true) => Ok(()),
        Ok(false) => Err("the same early data came before: a replay".to_owned()),
        Err(reason) => Err(format!("the replay store cannot tell: {reason}")),
    }
}
