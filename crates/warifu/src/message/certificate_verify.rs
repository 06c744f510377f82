//! CertificateVerify, RFC 8446 Section 4.4.3.

use super::codec::{MAX_16, Opaque16};
use super::message;
use crate::parameters::SignatureScheme;

message! {
    /// CertificateVerify, RFC 8446 Section 4.4.3.
    pub(crate) struct CertificateVerify<'a>: CERTIFICATE_VERIFY {
        pub(crate) algorithm: SignatureScheme,
        pub(crate) signature: Opaque16<'a, 0, MAX_16>,
    }
}
