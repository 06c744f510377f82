//! Certificate, RFC 8446 Section 4.4.2.

use rustls_pki_types::CertificateDer;

use super::codec::{
    List16, List24, MAX_24, Opaque8, Opaque16, Opaque24, Wire, wire_struct, write_block,
};
use super::{
    CertificateExtensions, CertificateStatus, ExtensionSet, Handshake, SerializedSct,
    encode_with_header, message,
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

/// What accompanies a leaf, where the peer asked for it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Staples<'a> {
    /// An OCSP response, DER; empty for none.
    pub(crate) ocsp_response: &'a [u8],
    /// SCTs, RFC 6962 Section 3.3.
    pub(crate) scts: &'a [Vec<u8>],
}

impl<'a> Staples<'a> {
    /// The entries of the SignedCertificateTimestampList.
    pub(crate) fn sct_entries(&self) -> Vec<SerializedSct<'a>> {
        self.scts.iter().map(|sct| Opaque16::new(sct)).collect()
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

    /// Appends a whole Certificate message made of `chain`, leaf first, to `out`. The leaf carries `staples`, as far as there
    /// are any; send those only where the peer asked for them.
    ///
    /// # Errors
    /// `Error::Internal` if something is too long for its field; `out` is then as it was before.
    pub(crate) fn encode_chain(
        out: &mut Vec<u8>,
        certificate_request_context: &[u8],
        chain: &[CertificateDer<'_>],
        staples: Staples<'_>,
    ) -> Result<(), Error> {
        let scts = staples.sct_entries();
        encode_with_header(Self::TYPE, out, |out| {
            Opaque8::<0, 0xff>::new(certificate_request_context).encode_to(out)?;
            write_block(out, 3, 0, MAX_24, |out| {
                let Staples { ocsp_response, .. } = staples;
                let mut staple =
                    (!ocsp_response.is_empty()).then(|| CertificateStatus::ocsp(ocsp_response));
                let mut scts = (!scts.is_empty()).then(|| List16::new(&scts));
                chain.iter().try_for_each(|certificate| {
                    let extensions = CertificateExtensions {
                        status_request: staple.take(),
                        signed_certificate_timestamp: scts.take(),
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
