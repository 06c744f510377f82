//! What is inside each extension (`extension_data`): the types that the table of `extension.rs` names.

use super::codec::{
    List8, List16, MAX_16, MAX_24, Opaque8, Opaque16, Opaque24, Reader, Rest, Wire, malformed,
    put_u16, wire_struct, write_block,
};
use super::extension::first_duplicate;
use crate::error::{CertificateError, Error, PeerMisbehaved};
use crate::parameters::{
    MaxFragmentLength, NamedGroup, ProtocolVersion, PskKeyExchangeMode, SignatureScheme,
};

fn illegal(what: &'static str) -> Error {
    PeerMisbehaved::IllegalParameter { what }.into()
}

wire_struct! {
    /// An extension that says all by being there.
    pub(crate) struct Empty {}
}

/// ServerNameList of a ClientHello, RFC 6066 Section 3: exactly one name, of type host_name. (The RFC
/// allows one name of each type, and has defined no other type since 2003.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ServerNameList<'a> {
    /// Printable ASCII without spaces, 1 to 255 bytes, no dot at the end. Whether it is the name of a host, not
    /// an address, is not checked here.
    pub(crate) host_name: &'a str,
}

/// The NameType host_name, RFC 6066 Section 3.
const HOST_NAME: u8 = 0;
/// The longest name of the DNS, RFC 1035 Section 2.3.4.
const MAX_HOST_NAME: usize = 255;

impl<'a> Wire<'a> for ServerNameList<'a> {
    fn read_from(reader: &mut Reader<'a>, what: &'static str) -> Result<Self, Error> {
        let mut list = Reader::new(reader.block(2, 1, MAX_16, what)?);
        if list.u8(what)? != HOST_NAME {
            return Err(malformed(what, "name of a type other than host_name"));
        }
        let name = list.block(2, 1, MAX_HOST_NAME, what)?;
        list.finish(what)?;
        match core::str::from_utf8(name) {
            // Applications log and print the name: control characters would steer a terminal or forge lines.
            Ok(host_name) if name.iter().all(u8::is_ascii_graphic) && !host_name.ends_with('.') => {
                Ok(Self { host_name })
            }
            _ => Err(illegal(
                "server_name is not printable ASCII without a final dot (RFC 6066 Section 3)",
            )),
        }
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        write_block(out, 2, 1, MAX_16, |out| {
            out.push(HOST_NAME);
            write_block(out, 2, 1, MAX_HOST_NAME, |out| {
                out.extend_from_slice(self.host_name.as_bytes());
                Ok(())
            })
        })
    }
}

impl Wire<'_> for MaxFragmentLength {
    fn read_from(reader: &mut Reader<'_>, what: &'static str) -> Result<Self, Error> {
        match reader.u8(what)? {
            1 => Ok(Self::Len512),
            2 => Ok(Self::Len1024),
            3 => Ok(Self::Len2048),
            4 => Ok(Self::Len4096),
            // RFC 6066 Section 4: "it MUST abort the handshake with an "illegal_parameter" alert".
            _ => Err(illegal(
                "max_fragment_length is not 1 to 4 (RFC 6066 Section 4)",
            )),
        }
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        out.push(*self as u8);
        Ok(())
    }
}

/// RecordSizeLimit, RFC 8449 Section 4: the most bytes of TLSInnerPlaintext that the sender takes in a
/// record; of plaintext in TLS 1.2 and older. `MAX` is the largest legal value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordSizeLimit<const MAX: u16>(pub(crate) u16);

/// In ClientHello any larger value is legal: "A server MUST NOT enforce this restriction" (RFC 8449
/// Section 4), since a later version may allow larger records.
pub(crate) const RECORD_SIZE_LIMIT_CLIENT: u16 = u16::MAX;
/// In EncryptedExtensions the version is known: 2^14 bytes and the content type.
pub(crate) const RECORD_SIZE_LIMIT_SERVER: u16 = (1 << 14) + 1;
/// In the ServerHello of TLS 1.2 and older: 2^14 bytes, as the content type is not counted there.
#[cfg(feature = "legacy")]
pub(crate) const RECORD_SIZE_LIMIT_LEGACY: u16 = 1 << 14;
const MIN_RECORD_SIZE_LIMIT: u16 = 64;

impl<const MAX: u16> Wire<'_> for RecordSizeLimit<MAX> {
    fn read_from(reader: &mut Reader<'_>, what: &'static str) -> Result<Self, Error> {
        let limit = reader.u16(what)?;
        // RFC 8449 Section 4: "An endpoint MUST treat receipt of a smaller value as a fatal error
        // and generate an "illegal_parameter" alert."
        if limit < MIN_RECORD_SIZE_LIMIT {
            return Err(illegal(
                "record_size_limit is less than 64 (RFC 8449 Section 4)",
            ));
        }
        if limit > MAX {
            return Err(illegal(
                "record_size_limit exceeds the version's limit (RFC 8449 Section 4)",
            ));
        }
        Ok(Self(limit))
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        put_u16(out, self.0);
        Ok(())
    }
}

/// CertificateStatusRequest of a ClientHello, RFC 6066 Section 8.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CertificateStatusRequest<'a> {
    /// The client takes an OCSP response.
    Ocsp(OcspStatusRequest<'a>),
    /// Something else, to be ignored.
    Other { status_type: u8, request: Rest<'a> },
}

wire_struct! {
    /// OCSPStatusRequest, RFC 6066 Section 8.
    pub(crate) struct OcspStatusRequest<'a> {
        /// DER ResponderIDs; none for any responder.
        pub(crate) responder_id_list: List16<'a, Opaque16<'a, 1, MAX_16>, 0, MAX_16>,
        pub(crate) request_extensions: Opaque16<'a, 0, MAX_16>,
    }
}

/// CertificateStatusType ocsp, RFC 6066 Section 8.
const OCSP: u8 = 1;

impl CertificateStatusRequest<'_> {
    /// A request for an OCSP response of any responder.
    pub(crate) fn ocsp() -> Self {
        Self::Ocsp(OcspStatusRequest {
            responder_id_list: List16::new(&[]),
            request_extensions: Opaque16::new(&[]),
        })
    }
}

impl<'a> Wire<'a> for CertificateStatusRequest<'a> {
    fn read_from(reader: &mut Reader<'a>, what: &'static str) -> Result<Self, Error> {
        match reader.u8(what)? {
            OCSP => OcspStatusRequest::read_from(reader, what).map(Self::Ocsp),
            status_type => Ok(Self::Other {
                status_type,
                request: Rest(reader.rest()),
            }),
        }
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Ocsp(request) => {
                out.push(OCSP);
                request.encode_to(out)
            }
            Self::Other {
                status_type,
                request,
            } => {
                out.push(*status_type);
                request.encode_to(out)
            }
        }
    }
}

/// CertificateStatus beside a certificate, RFC 8446 Section 4.4.2.1: an OCSP response in DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CertificateStatus<'a> {
    pub(crate) ocsp_response: Opaque24<'a, 1, MAX_24>,
}

impl<'a> CertificateStatus<'a> {
    pub(crate) fn ocsp(response: &'a [u8]) -> Self {
        Self {
            ocsp_response: Opaque24::new(response),
        }
    }
}

impl<'a> Wire<'a> for CertificateStatus<'a> {
    fn read_from(reader: &mut Reader<'a>, what: &'static str) -> Result<Self, Error> {
        if reader.u8(what)? != OCSP {
            return Err(illegal(
                "certificate status is not of type ocsp, which alone was asked for (RFC 6066 Section 8)",
            ));
        }
        Wire::read_from(reader, what).map(|ocsp_response| Self { ocsp_response })
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        out.push(OCSP);
        self.ocsp_response.encode_to(out)
    }
}

/// NamedGroupList, RFC 8446 Section 4.2.7.
pub(crate) type NamedGroupList<'a> = List16<'a, NamedGroup, 2, MAX_16>;

/// SignatureSchemeList, RFC 8446 Section 4.2.3.
pub(crate) type SignatureSchemeList<'a> = List16<'a, SignatureScheme, 2, 0xfffe>;

/// ProtocolName, RFC 7301 Section 3.1.
pub(crate) type ProtocolName<'a> = Opaque8<'a, 1, 0xff>;

/// ProtocolNameList of a ClientHello, RFC 7301 Section 3.1: the client's protocols, best first.
pub(crate) type ProtocolNameList<'a> = List16<'a, ProtocolName<'a>, 2, MAX_16>;

/// ProtocolNameList of a server: "MUST contain exactly one "ProtocolName"" (RFC 7301 Section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SelectedProtocol<'a>(pub(crate) ProtocolName<'a>);

impl<'a> Wire<'a> for SelectedProtocol<'a> {
    fn read_from(reader: &mut Reader<'a>, what: &'static str) -> Result<Self, Error> {
        let mut list = Reader::new(reader.block(2, 2, MAX_16, what)?);
        let name = Wire::read_from(&mut list, what)?;
        if !list.is_empty() {
            return Err(malformed(what, "more than one protocol selected"));
        }
        Ok(Self(name))
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        write_block(out, 2, 2, MAX_16, |out| self.0.encode_to(out))
    }
}

/// SerializedSCT, RFC 6962 Section 3.3.
pub(crate) type SerializedSct<'a> = Opaque16<'a, 1, MAX_16>;

/// Most SCTs beside a certificate: browsers want two or three.
pub(crate) const MAX_SCTS: usize = 32;

/// SignedCertificateTimestampList, RFC 6962 Section 3.3.
pub(crate) type SignedCertificateTimestampList<'a> = List16<'a, SerializedSct<'a>, 1, MAX_16>;

impl SignedCertificateTimestampList<'_> {
    /// A copy of the SCTs.
    ///
    /// # Errors
    /// If there are more than [`MAX_SCTS`]: each would cost more memory than bytes on the wire.
    pub(crate) fn to_scts(self) -> Result<Vec<Vec<u8>>, CertificateError> {
        match self.len() > MAX_SCTS {
            true => Err(CertificateError::TooComplex),
            false => Ok(self.iter().map(|sct| sct.to_vec()).collect()),
        }
    }
}

/// Padding, RFC 7685: so many bytes, written as zeros. What a peer padded with is not looked at, which
/// RFC 7685 Section 3 leaves to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Padding(pub(crate) usize);

impl Wire<'_> for Padding {
    fn read_from(reader: &mut Reader<'_>, _: &'static str) -> Result<Self, Error> {
        Ok(Self(reader.rest().len()))
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        out.resize(out.len() + self.0.min(MAX_16 + 1), 0);
        Ok(())
    }
}

/// SupportedVersions of a ClientHello, RFC 8446 Section 4.2.1.
pub(crate) type SupportedVersions<'a> = List8<'a, ProtocolVersion, 2, 254>;

/// Cookie, RFC 8446 Section 4.2.2.
pub(crate) type Cookie<'a> = Opaque16<'a, 1, MAX_16>;

/// PskKeyExchangeModes, RFC 8446 Section 4.2.9.
pub(crate) type PskKeyExchangeModes<'a> = List8<'a, PskKeyExchangeMode, 1, 0xff>;

/// CertificateAuthoritiesExtension, RFC 8446 Section 4.2.4: distinguished names in DER.
pub(crate) type CertificateAuthorities<'a> = List16<'a, Opaque16<'a, 1, MAX_16>, 3, MAX_16>;

/// OIDFilterExtension, RFC 8446 Section 4.2.5.
pub(crate) type OidFilters<'a> = List16<'a, OidFilter<'a>, 0, MAX_16>;

wire_struct! {
    /// OIDFilter, RFC 8446 Section 4.2.5; both fields are DER.
    pub(crate) struct OidFilter<'a> {
        pub(crate) certificate_extension_oid: Opaque8<'a, 1, 0xff>,
        pub(crate) certificate_extension_values: Opaque16<'a, 0, MAX_16>,
    }
}

wire_struct! {
    /// KeyShareEntry, RFC 8446 Section 4.2.8.
    pub(crate) struct KeyShareEntry<'a> {
        pub(crate) group: NamedGroup,
        pub(crate) key_exchange: Opaque16<'a, 1, MAX_16>,
    }
}

wire_struct! {
    /// KeyShareClientHello, RFC 8446 Section 4.2.8.
    pub(crate) struct KeyShareClientHello<'a> {
        /// No two of the same group. None at all asks for a HelloRetryRequest.
        pub(crate) client_shares: List16<'a, KeyShareEntry<'a>, 0, MAX_16>,
    }
    check KeyShareClientHello::check_groups;
}

impl KeyShareClientHello<'_> {
    /// RFC 8446 Section 4.2.8: "Clients MUST NOT offer multiple KeyShareEntry values for the same group."
    fn check_groups(&self) -> Result<(), Error> {
        match first_duplicate(self.client_shares.iter().map(|entry| entry.group.0)) {
            Some(_) => Err(illegal(
                "two key shares of the same group (RFC 8446 Section 4.2.8)",
            )),
            None => Ok(()),
        }
    }
}

wire_struct! {
    /// PskIdentity, RFC 8446 Section 4.2.11.
    pub(crate) struct PskIdentity<'a> {
        pub(crate) identity: Opaque16<'a, 1, MAX_16>,
        /// Milliseconds since the ticket came, plus its ticket_age_add, modulo 2^32; 0 for external keys.
        pub(crate) obfuscated_ticket_age: u32,
    }
}

/// PskBinderEntry, RFC 8446 Section 4.2.11: an HMAC.
///
/// Note: a shorter one than the RFC's 32 bytes is read too. Where the binder is checked it is as wrong as any other of another
/// length; a server that chose an older version has nothing to do with it.
pub(crate) type PskBinderEntry<'a> = Opaque8<'a, 0, 0xff>;

wire_struct! {
    /// OfferedPsks, RFC 8446 Section 4.2.11: as many binders as identities.
    pub(crate) struct OfferedPsks<'a> {
        pub(crate) identities: List16<'a, PskIdentity<'a>, 7, MAX_16>,
        pub(crate) binders: List16<'a, PskBinderEntry<'a>, 1, MAX_16>,
    }
    check OfferedPsks::check_count;
}

impl OfferedPsks<'_> {
    /// RFC 8446 Section 4.2.11: binders is "A series of HMAC values, one for each value in the
    /// identities list and in the same order".
    fn check_count(&self) -> Result<(), Error> {
        if self.identities.len() == self.binders.len() {
            Ok(())
        } else {
            Err(illegal(
                "pre_shared_key has not one binder for each identity (RFC 8446 Section 4.2.11)",
            ))
        }
    }

    /// Bytes of the list of binders, its length included.
    pub(crate) fn binders_len(&self) -> usize {
        2 + self
            .binders
            .iter()
            .map(|binder| 1 + binder.len())
            .sum::<usize>()
    }
}
