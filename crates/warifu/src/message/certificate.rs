//! Certificate, RFC 8446 Section 4.4.2.

use rustls_pki_types::CertificateDer;

use super::codec::{List24, MAX_24, Opaque8, Opaque24, Wire, wire_struct, write_block};
use super::{
    CertificateExtensions, CertificateStatus, ExtensionSet, Handshake, encode_with_header, message,
};
use crate::error::{Error, PeerMisbehaved};

message! {
    /// Certificate, RFC 8446 Section 4.4.2.
    pub(crate) struct Certificate<'a>: CERTIFICATE {
        /// That of the CertificateRequest; empty from a server.
        pub(crate) certificate_request_context: Opaque8<'a, 0, 0xff>,
        /// The leaf first. A client without a certificate sends an empty list.
        pub(crate) certificate_list: List24<'a, CertificateEntry<'a>, 0, MAX_24>,
    }
}

wire_struct! {
    /// CertificateEntry of an X.509 certificate, RFC 8446 Section 4.4.2.
    pub(crate) struct CertificateEntry<'a> {
        /// The certificate in DER.
        pub(crate) cert_data: Opaque24<'a, 1, MAX_24>,
        pub(crate) extensions: CertificateExtensions<'a>,
    }
}

impl Certificate<'_> {
    /// Checks that no certificate carries an extension that this side did not offer, in its ClientHello or
    /// its CertificateRequest.
    ///
    /// # Errors
    /// `UnsolicitedExtension` for the first that was not offered.
    pub(crate) fn check_solicited(&self, offered: ExtensionSet) -> Result<(), PeerMisbehaved> {
        self.certificate_list
            .iter()
            .try_for_each(|entry| entry.extensions.check_solicited(offered))
    }

    /// Appends a whole Certificate message made of `chain`, leaf first, to `out`. The leaf carries
    /// `ocsp_response` (DER), unless that is empty; send one only where the peer asked for it.
    ///
    /// # Errors
    /// `Error::Internal` if something is too long for its field; `out` is then as it was before.
    pub(crate) fn encode_chain(
        out: &mut Vec<u8>,
        certificate_request_context: &[u8],
        chain: &[CertificateDer<'_>],
        ocsp_response: &[u8],
    ) -> Result<(), Error> {
        encode_with_header(Self::TYPE, out, |out| {
            Opaque8::<0, 0xff>::new(certificate_request_context).encode_to(out)?;
            write_block(out, 3, 0, MAX_24, |out| {
                let mut staple =
                    (!ocsp_response.is_empty()).then(|| CertificateStatus::ocsp(ocsp_response));
                chain.iter().try_for_each(|certificate| {
                    let extensions = CertificateExtensions {
                        status_request: staple.take(),
                        ..Default::default()
                    };
                    let cert_data = Opaque24::new(certificate);
                    CertificateEntry {
                        cert_data,
                        extensions,
                    }
                    .encode_to(out)
                })
            })
        })
    }
}
