//! CertificateRequest, RFC 8446 Section 4.3.2.

use super::codec::Opaque8;
use super::{CertificateRequestExtensions, message};

message! {
    /// CertificateRequest, RFC 8446 Section 4.3.2.
    pub(crate) struct CertificateRequest<'a>: CERTIFICATE_REQUEST {
        /// Empty during the handshake; unique in the connection for post-handshake authentication.
        pub(crate) certificate_request_context: Opaque8<'a, 0, 0xff>,
        pub(crate) extensions: CertificateRequestExtensions<'a>,
    }
}
