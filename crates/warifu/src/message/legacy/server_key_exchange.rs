//! ServerKeyExchange, RFC 5246 Section 7.4.3: what it holds depends on the key exchange.
//!
//! | | hint | parameters | signature |
//! |---|---|---|---|
//! | ECDHE_ECDSA, ECDHE_RSA | | ECDHE | yes |
//! | DHE_RSA | | DHE | yes |
//! | ECDHE_PSK (RFC 5489 Section 2) | yes | ECDHE | |
//! | DHE_PSK (RFC 4279 Section 3) | yes | DHE | |
//! | PSK, RSA_PSK (RFC 4279 Sections 2 and 4) | yes, or the message is left out | | |
//! | RSA | the message must not be sent | | |

use super::LegacySigned;
use crate::error::{Error, PeerMisbehaved};
use crate::message::codec::{MAX_16, Opaque8, Opaque16, Reader, Rest, Wire, wire_struct};
use crate::message::{Handshake, Random, message};
use crate::parameters::{HandshakeType, KeyExchange, NamedGroup, ProtocolVersion};

message! {
    /// ServerKeyExchange, RFC 5246 Section 7.4.3, before it is known what it should hold.
    pub(crate) struct ServerKeyExchange<'a>: SERVER_KEY_EXCHANGE {
        pub(crate) body: Rest<'a>,
    }
}

/// `psk_identity_hint`, RFC 4279 Section 2: helps a client to choose its key; empty for none.
pub(crate) type PskHint<'a> = Opaque16<'a, 0, MAX_16>;

/// What a ServerKeyExchange holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ServerKeyExchangeParts<'a> {
    /// With the key exchanges that use a pre-shared key.
    pub(crate) psk_identity_hint: Option<PskHint<'a>>,
    /// With ECDHE and DHE.
    pub(crate) params: Option<ServerParams<'a>>,
    /// The parameters as on the wire, which is what the server signed.
    pub(crate) params_bytes: &'a [u8],
    /// With the key exchanges that sign.
    pub(crate) signed: Option<LegacySigned<'a>>,
}

/// The server's half of the key exchange.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ServerParams<'a> {
    Ecdhe(EcdheParams<'a>),
    Dhe(DheParams<'a>),
}

/// ServerECDHParams, RFC 8422 Section 5.4.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EcdheParams<'a> {
    pub(crate) group: NamedGroup,
    /// Whether it fits the group, the flow checks by computing with it.
    pub(crate) public: Opaque8<'a, 1, 0xff>,
}

/// The ECCurveType named_curve, RFC 8422 Section 5.4.
const NAMED_CURVE: u8 = 3;

impl<'a> Wire<'a> for EcdheParams<'a> {
    fn read_from(reader: &mut Reader<'a>, _: &'static str) -> Result<Self, Error> {
        // RFC 8422 Section 5.4: explicit_prime and explicit_char2 are deprecated. Whoever spells a curve out can spell
        // out a weak one.
        if reader.u8("EcdheParams.curve_type")? != NAMED_CURVE {
            return Err(PeerMisbehaved::IllegalParameter {
                what: "ServerKeyExchange does not name its curve (RFC 8422 Section 5.4)",
            }
            .into());
        }
        Ok(Self {
            group: Wire::read_from(reader, "EcdheParams.group")?,
            public: Wire::read_from(reader, "EcdheParams.public")?,
        })
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        out.push(NAMED_CURVE);
        self.group.encode_to(out)?;
        self.public.encode_to(out)
    }
}

wire_struct! {
    /// ServerDHParams, RFC 5246 Section 7.4.3: big-endian numbers. Nothing is said here about whether they are any good.
    pub(crate) struct DheParams<'a> {
        /// `dh_p`, the prime.
        pub(crate) p: Opaque16<'a, 1, MAX_16>,
        /// `dh_g`, the generator.
        pub(crate) g: Opaque16<'a, 1, MAX_16>,
        /// `dh_Ys`, the server's public value.
        pub(crate) y: Opaque16<'a, 1, MAX_16>,
    }
}

impl<'a> ServerKeyExchange<'a> {
    /// Takes the body apart, to its last byte. `version` says whether a signature names its algorithm.
    ///
    /// # Errors
    /// `UnexpectedMessage` with RSA, which has no such message; `Malformed`; `IllegalParameter` if the curve is not named.
    pub(crate) fn parts(
        &self,
        key_exchange: KeyExchange,
        version: ProtocolVersion,
    ) -> Result<ServerKeyExchangeParts<'a>, Error> {
        if key_exchange == KeyExchange::Rsa {
            // RFC 5246 Section 7.4.3: "It is not legal to send the ServerKeyExchange message for" RSA.
            return Err(PeerMisbehaved::UnexpectedMessage {
                got: HandshakeType::SERVER_KEY_EXCHANGE,
                expected: "CertificateRequest or ServerHelloDone",
            }
            .into());
        }
        let mut reader = Reader::new(self.body.0);
        let psk_identity_hint = match key_exchange.uses_psk() {
            true => Some(Wire::read_from(
                &mut reader,
                "ServerKeyExchange.psk_identity_hint",
            )?),
            false => None,
        };
        let start = reader;
        let params = if key_exchange.is_ecdhe() {
            Some(ServerParams::Ecdhe(Wire::read_from(
                &mut reader,
                Self::NAME,
            )?))
        } else if key_exchange.is_dhe() {
            Some(ServerParams::Dhe(Wire::read_from(&mut reader, Self::NAME)?))
        } else {
            None
        };
        let params_bytes = reader.since(&start);
        let signed = match key_exchange.signs() {
            true => Some(LegacySigned::read_in(version, &mut reader)?),
            false => None,
        };
        reader.finish(Self::NAME)?;
        Ok(ServerKeyExchangeParts {
            psk_identity_hint,
            params,
            params_bytes,
            signed,
        })
    }

    /// What the server signs: both randoms and the parameters as on the wire (RFC 5246 Section 7.4.3).
    pub(crate) fn signed_content(
        client_random: &Random,
        server_random: &Random,
        params_bytes: &[u8],
    ) -> Vec<u8> {
        [&client_random.0[..], &server_random.0, params_bytes].concat()
    }
}

impl ServerParams<'_> {
    /// The wire form: `params_bytes` of the message to be sent, which the server signs first.
    ///
    /// # Errors
    /// `Error::Internal` if a vector is outside its range.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        match self {
            Self::Ecdhe(params) => {
                out.reserve(4 + params.public.len());
                params.encode_to(&mut out)?;
            }
            Self::Dhe(params) => params.encode_to(&mut out)?,
        }
        Ok(out)
    }
}

impl ServerKeyExchangeParts<'_> {
    /// The body of the message. The parameters are taken from `params_bytes`.
    ///
    /// # Errors
    /// `Error::Internal` if a vector is outside its range.
    pub(crate) fn encode_body(&self) -> Result<Vec<u8>, Error> {
        // Beside lengths and algorithm.
        const MARGIN: usize = 8;
        let hint_len = self.psk_identity_hint.map_or(0, |hint| hint.len());
        let signed = self.signed.as_ref();
        let signature_len = signed.map_or(0, |signed| signed.signature.len());
        let len = hint_len + self.params_bytes.len() + signature_len + MARGIN;
        let mut out = Vec::with_capacity(len);
        if let Some(hint) = &self.psk_identity_hint {
            hint.encode_to(&mut out)?;
        }
        out.extend_from_slice(self.params_bytes);
        if let Some(signed) = &self.signed {
            signed.encode_to(&mut out)?;
        }
        Ok(out)
    }
}
