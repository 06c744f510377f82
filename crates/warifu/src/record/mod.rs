//! The record layer, RFC 8446 Section 5, and of older versions RFC 5246 Section 6: cutting bytes into records and
//! protecting them.
//!
//! [`reader`] and [`writer`] work on byte slices and know nothing of connections; [`wire`] joins them
//! with the two byte queues of a connection and with the rules about which record may come when.

pub(crate) mod buffer;
#[cfg(feature = "legacy")]
pub(crate) mod legacy_protection;
#[cfg(test)]
#[cfg(feature = "legacy")]
mod legacy_tests;
pub(crate) mod protection;
pub(crate) mod reader;
#[cfg(test)]
mod recorded_tests;
pub(crate) mod wire;
pub(crate) mod writer;

/// Most bytes of content in one record, RFC 8446 Section 5.1: 2^14.
pub(crate) const MAX_FRAGMENT_LEN: usize = 1 << 14;
/// Type (1), legacy version (2) and length (2).
pub(crate) const HEADER_LEN: usize = 5;
/// Most bytes that protection may add to a record, RFC 8446 Section 5.2.
pub(crate) const MAX_EXPANSION: usize = 256;
/// The same in TLS 1.2 and older, RFC 5246 Section 6.2.3.
#[cfg(feature = "legacy")]
pub(crate) const LEGACY_MAX_EXPANSION: usize = 2048;
