//! EndOfEarlyData, RFC 8446 Section 4.5.

use super::message;

message! {
    /// EndOfEarlyData, RFC 8446 Section 4.5: nothing but its header.
    pub(crate) struct EndOfEarlyData: END_OF_EARLY_DATA {}
}
