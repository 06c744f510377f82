//! ServerHelloDone, RFC 5246 Section 7.4.5.

use crate::message::message;

message! {
    /// ServerHelloDone, RFC 5246 Section 7.4.5: nothing but its header.
    pub(crate) struct ServerHelloDone: SERVER_HELLO_DONE {}
}
