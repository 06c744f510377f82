//! CertificateVerify, RFC 5246 Section 7.4.8, and the signature in it and in ServerKeyExchange.

use crate::error::Error;
use crate::message::codec::{MAX_16, Opaque16, Reader, Wire};
use crate::message::{Handshake, message};
use crate::parameters::{ProtocolVersion, SignatureScheme};

message! {
    /// CertificateVerify of TLS 1.2 and older, RFC 5246 Section 7.4.8. As [`Wire`] it is that of TLS 1.2.
    pub(crate) struct LegacyCertificateVerify<'a>: CERTIFICATE_VERIFY {
        pub(crate) signed: LegacySigned<'a>,
    }
}

impl<'a> LegacyCertificateVerify<'a> {
    /// Reads a whole body as `version` has it.
    ///
    /// # Errors
    /// `PeerMisbehaved::Malformed` if it ends early or has bytes left over.
    pub(crate) fn read(version: ProtocolVersion, body: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(body);
        let signed = LegacySigned::read_in(version, &mut reader)?;
        reader.finish(Self::NAME)?;
        Ok(Self { signed })
    }
}

/// A signature: `digitally-signed`, RFC 5246 Section 4.7. As [`Wire`] it is read as that of TLS 1.2.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LegacySigned<'a> {
    /// SignatureAndHashAlgorithm, whose numbers are those of SignatureScheme. TLS 1.2 only: before, the kind of key
    /// decides (RFC 4346 Section 7.4.3).
    pub(crate) algorithm: Option<SignatureScheme>,
    pub(crate) signature: Opaque16<'a, 0, MAX_16>,
}

/// Whether signatures name their algorithm in this version.
pub(super) fn names_algorithms(version: ProtocolVersion) -> bool {
    version >= ProtocolVersion::TLS1_2
}

impl<'a> LegacySigned<'a> {
    /// Takes a signature as `version` has it from the front of `reader`.
    ///
    /// # Errors
    /// `PeerMisbehaved::Malformed` if it ends early.
    pub(crate) fn read_in(
        version: ProtocolVersion,
        reader: &mut Reader<'a>,
    ) -> Result<Self, Error> {
        let algorithm = match names_algorithms(version) {
            true => Some(Wire::read_from(reader, "DigitallySigned.algorithm")?),
            false => None,
        };
        let signature = Wire::read_from(reader, "DigitallySigned.signature")?;
        Ok(Self {
            algorithm,
            signature,
        })
    }
}

impl<'a> Wire<'a> for LegacySigned<'a> {
    fn read_from(reader: &mut Reader<'a>, _: &'static str) -> Result<Self, Error> {
        Self::read_in(ProtocolVersion::TLS1_2, reader)
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        if let Some(algorithm) = self.algorithm {
            algorithm.encode_to(out)?;
        }
        self.signature.encode_to(out)
    }
}
