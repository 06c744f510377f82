//! HelloRequest, RFC 5246 Section 7.4.1.1.

use crate::message::message;

message! {
    /// HelloRequest, RFC 5246 Section 7.4.1.1: nothing but its header. It does not enter the hash of the handshake.
    pub(crate) struct HelloRequest: HELLO_REQUEST {}
}
