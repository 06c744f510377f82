//! CertificateRequest, RFC 5246 Section 7.4.4.

use super::certificate_verify::names_algorithms;
use crate::error::Error;
use crate::message::codec::{List8, List16, MAX_16, Opaque16, Reader, Wire};
use crate::message::{Handshake, SignatureSchemeList};
use crate::parameters::{ClientCertificateType, HandshakeType, ProtocolVersion};

/// CertificateRequest of TLS 1.2 and older, RFC 5246 Section 7.4.4. As [`Wire`] it is read as that of TLS 1.2.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LegacyCertificateRequest<'a> {
    /// What kinds of keys the server takes.
    pub(crate) certificate_types: List8<'a, ClientCertificateType, 1, 0xff>,
    /// TLS 1.2 only.
    pub(crate) supported_signature_algorithms: Option<SignatureSchemeList<'a>>,
    /// Distinguished names in DER; none for any. (TLS 1.0 wants at least one, RFC 2246 Section 7.4.4, and servers of that
    /// version send none all the same.)
    pub(crate) certificate_authorities: List16<'a, Opaque16<'a, 1, MAX_16>, 0, MAX_16>,
}

impl<'a> LegacyCertificateRequest<'a> {
    /// Reads a whole body as `version` has it.
    ///
    /// # Errors
    /// `PeerMisbehaved::Malformed` if it ends early or has bytes left over.
    pub(crate) fn read(version: ProtocolVersion, body: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(body);
        let message = Self::read_in(version, &mut reader)?;
        reader.finish(Self::NAME)?;
        Ok(message)
    }

    fn read_in(version: ProtocolVersion, reader: &mut Reader<'a>) -> Result<Self, Error> {
        let certificate_types =
            Wire::read_from(reader, "LegacyCertificateRequest.certificate_types")?;
        let supported_signature_algorithms = match names_algorithms(version) {
            true => Some(Wire::read_from(
                reader,
                "LegacyCertificateRequest.supported_signature_algorithms",
            )?),
            false => None,
        };
        let certificate_authorities =
            Wire::read_from(reader, "LegacyCertificateRequest.certificate_authorities")?;
        Ok(Self {
            certificate_types,
            supported_signature_algorithms,
            certificate_authorities,
        })
    }
}

impl<'a> Wire<'a> for LegacyCertificateRequest<'a> {
    fn read_from(reader: &mut Reader<'a>, _: &'static str) -> Result<Self, Error> {
        Self::read_in(ProtocolVersion::TLS1_2, reader)
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.certificate_types.encode_to(out)?;
        if let Some(algorithms) = &self.supported_signature_algorithms {
            algorithms.encode_to(out)?;
        }
        self.certificate_authorities.encode_to(out)
    }
}

impl<'a> Handshake<'a> for LegacyCertificateRequest<'a> {
    const TYPE: HandshakeType = HandshakeType::CERTIFICATE_REQUEST;
    const NAME: &'static str = "LegacyCertificateRequest";
}
