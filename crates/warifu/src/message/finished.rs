//! Finished, RFC 8446 Section 4.4.4.

use super::codec::Rest;
use super::message;

message! {
    /// Finished, RFC 8446 Section 4.4.4.
    pub(crate) struct Finished<'a>: FINISHED {
        /// An HMAC, as long as the hash of the cipher suite; the flow checks length and value.
        pub(crate) verify_data: Rest<'a>,
    }
}
