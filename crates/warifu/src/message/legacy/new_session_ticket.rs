//! NewSessionTicket, RFC 5077 Section 3.3.

use crate::message::codec::{MAX_16, Opaque16};
use crate::message::message;

message! {
    /// NewSessionTicket of TLS 1.2 and older, RFC 5077 Section 3.3.
    pub(crate) struct LegacyNewSessionTicket<'a>: NEW_SESSION_TICKET {
        /// Seconds; 0 says nothing.
        pub(crate) ticket_lifetime_hint: u32,
        /// Empty if the server changed its mind.
        pub(crate) ticket: Opaque16<'a, 0, MAX_16>,
    }
}
