//! Certificate and CertificateStatus, RFC 5246 Section 7.4.2 and RFC 6066 Section 8.

use rustls_pki_types::CertificateDer;

use crate::error::Error;
use crate::message::codec::{List24, MAX_24, Opaque24, Wire, write_block};
use crate::message::{CertificateStatus, Handshake, encode_with_header, message};

message! {
    /// Certificate of TLS 1.2 and older, RFC 5246 Section 7.4.2.
    pub(crate) struct LegacyCertificate<'a>: CERTIFICATE {
        /// In DER, the leaf first. A client without a certificate sends an empty list (RFC 5246 Section 7.4.6).
        pub(crate) certificate_list: List24<'a, Opaque24<'a, 1, MAX_24>, 0, MAX_24>,
    }
}

impl LegacyCertificate<'_> {
    /// Appends a whole Certificate message made of `chain`, leaf first, to `out`.
    ///
    /// # Errors
    /// `Error::Internal` if something is too long for its field; `out` is then as it was before.
    pub(crate) fn encode_chain(
        out: &mut Vec<u8>,
        chain: &[CertificateDer<'_>],
    ) -> Result<(), Error> {
        encode_with_header(Self::TYPE, out, |out| {
            write_block(out, 3, 0, MAX_24, |out| {
                chain.iter().try_for_each(|certificate| {
                    Opaque24::<1, MAX_24>::new(certificate).encode_to(out)
                })
            })
        })
    }
}

message! {
    /// CertificateStatus, RFC 6066 Section 8: the OCSP response of the leaf, behind Certificate. A server may leave it out
    /// although it said status_request.
    pub(crate) struct LegacyCertificateStatus<'a>: CERTIFICATE_STATUS {
        pub(crate) status: CertificateStatus<'a>,
    }
}
