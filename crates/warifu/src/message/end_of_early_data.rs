//! EndOfEarlyData, RFC 8446 Section 4.5.

use super::message;

message! {
    /// EndOfEarlyData, RFC 8446 Section 4.5: nothing but its header.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for early data, whose flow is not written yet")
    )]
    pub(crate) struct EndOfEarlyData: END_OF_EARLY_DATA {}
}
