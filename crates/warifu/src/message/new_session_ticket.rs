//! NewSessionTicket, RFC 8446 Section 4.6.1.

use super::codec::{MAX_16, Opaque8, Opaque16};
use super::{NewSessionTicketExtensions, message};

message! {
    /// NewSessionTicket, RFC 8446 Section 4.6.1.
    pub(crate) struct NewSessionTicket<'a>: NEW_SESSION_TICKET {
        /// Seconds; at most 604800 (seven days), which the flow checks.
        pub(crate) ticket_lifetime: u32,
        /// Milliseconds to add to the ticket's age when it is used, so that the age hides.
        pub(crate) ticket_age_add: u32,
        pub(crate) ticket_nonce: Opaque8<'a, 0, 0xff>,
        pub(crate) ticket: Opaque16<'a, 1, MAX_16>,
        pub(crate) extensions: NewSessionTicketExtensions<'a>,
    }
}
