//! The size of records, reading ahead, and shutting down quietly.

use core::ffi::c_int;

use super::on;
use super::version::{changes, values};
use crate::context::Context;
use crate::fault::Fault;
use crate::reason;
use crate::settings::{MAX_FRAGMENT_LEN, Settings};
use crate::ssl::Ssl;

changes! {
    /// `SSL_CTX_set_max_send_fragment`: most bytes of data in a record that is sent, 512 to 16384; 1, or 0 on failure.
    SSL_CTX_set_max_send_fragment SSL_set_max_send_fragment (bytes: usize) -> c_int, 0 => |settings| {
        if !(512..=MAX_FRAGMENT_LEN).contains(&bytes) {
            return Err(Fault::argument(format!("records of {bytes} bytes: 512 to {MAX_FRAGMENT_LEN}")));
        }
        settings.max_send_fragment = bytes;
        Ok(1)
    };
    /// `SSL_CTX_set_tlsext_max_fragment_length`: the code of max_fragment_length (RFC 6066 Section 4) that a client asks for; 1, or 0 on
    /// failure.
    SSL_CTX_set_tlsext_max_fragment_length SSL_set_tlsext_max_fragment_length (mode: u8) -> c_int, 0 => |settings| {
        set_max_fragment_length(settings, mode).map(|()| 1)
    };
    /// `SSL_CTX_set_read_ahead`: whether more than the current record may be received.
    SSL_CTX_set_read_ahead SSL_set_read_ahead (yes: c_int) -> (), () => |settings| {
        settings.read_ahead = yes != 0;
        Ok(())
    };
    /// `SSL_CTX_set_quiet_shutdown`: whether `SSL_shutdown` sends nothing.
    SSL_CTX_set_quiet_shutdown SSL_set_quiet_shutdown (mode: c_int) -> (), () => |settings| {
        settings.quiet_shutdown = mode != 0;
        Ok(())
    };
}

values! {
    /// `SSL_CTX_get_read_ahead`: whether more than the current record may be received.
    SSL_CTX_get_read_ahead SSL_get_read_ahead -> c_int, 0 => |settings| settings.read_ahead.into();
    /// `SSL_CTX_get_quiet_shutdown`: whether `SSL_shutdown` sends nothing.
    SSL_CTX_get_quiet_shutdown SSL_get_quiet_shutdown -> c_int, 0 => |settings| settings.quiet_shutdown.into();
}

/// Sets the code of max_fragment_length: 1 to 4, or 0 to ask for nothing.
///
/// # Errors
/// Another code.
pub(crate) fn set_max_fragment_length(settings: &mut Settings, code: u8) -> Result<(), Fault> {
    if code > 4 {
        return Err(Fault::ssl(
            reason::SSL_R_SSL3_EXT_INVALID_MAX_FRAGMENT_LENGTH,
            format!("max_fragment_length {code}: TLSEXT_max_fragment_length_512 to _4096"),
        ));
    }
    settings.max_fragment_length = code;
    Ok(())
}
