//! KeyUpdate, RFC 8446 Section 4.6.3.

use super::codec::{Reader, Wire};
use super::message;
use crate::error::{Error, PeerMisbehaved};

message! {
    /// KeyUpdate, RFC 8446 Section 4.6.3.
    pub(crate) struct KeyUpdate: KEY_UPDATE {
        pub(crate) request_update: KeyUpdateRequest,
    }
}

/// Whether the sender of a KeyUpdate wants one back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyUpdateRequest {
    NotRequested = 0,
    Requested = 1,
}

impl Wire<'_> for KeyUpdateRequest {
    fn read_from(reader: &mut Reader<'_>, what: &'static str) -> Result<Self, Error> {
        match reader.u8(what)? {
            0 => Ok(Self::NotRequested),
            1 => Ok(Self::Requested),
            // RFC 8446 Section 4.6.3: "If an implementation receives any other value, it MUST
            // terminate the connection with an "illegal_parameter" alert."
            _ => Err(PeerMisbehaved::IllegalParameter {
                what: "KeyUpdate.request_update is neither 0 nor 1 (RFC 8446 Section 4.6.3)",
            }
            .into()),
        }
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        out.push(*self as u8);
        Ok(())
    }
}
