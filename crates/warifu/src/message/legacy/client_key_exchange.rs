//! ClientKeyExchange, RFC 5246 Section 7.4.7: what it holds depends on the key exchange.
//!
//! | | identity | share |
//! |---|---|---|
//! | ECDHE_ECDSA, ECDHE_RSA (RFC 8422 Section 5.7) | | point |
//! | DHE_RSA | | public value |
//! | RSA | | encrypted premaster secret |
//! | ECDHE_PSK (RFC 5489 Section 2) | yes | point |
//! | DHE_PSK (RFC 4279 Section 3) | yes | public value |
//! | RSA_PSK (RFC 4279 Section 4) | yes | encrypted premaster secret |
//! | PSK (RFC 4279 Section 2) | yes | |

use crate::error::Error;
use crate::message::codec::{MAX_16, Opaque8, Opaque16, Reader, Rest, Wire};
use crate::message::{Handshake, message};
use crate::parameters::KeyExchange;

message! {
    /// ClientKeyExchange, RFC 5246 Section 7.4.7, before it is known what it should hold.
    pub(crate) struct ClientKeyExchange<'a>: CLIENT_KEY_EXCHANGE {
        pub(crate) body: Rest<'a>,
    }
}

/// `psk_identity`, RFC 4279 Section 2.
pub(crate) type LegacyPskIdentity<'a> = Opaque16<'a, 0, MAX_16>;

/// What a ClientKeyExchange holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClientKeyExchangeParts<'a> {
    /// With the key exchanges that use a pre-shared key.
    pub(crate) psk_identity: Option<LegacyPskIdentity<'a>>,
    /// With all but PSK.
    pub(crate) share: Option<ClientShare<'a>>,
}

/// The client's half of the key exchange.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ClientShare<'a> {
    /// `ecdh_Yc`. (An empty one would say that the client's certificate has it: fixed ECDH, which is not here.)
    Ecdhe(Opaque8<'a, 1, 0xff>),
    /// `dh_Yc`, a big-endian number.
    Dhe(Opaque16<'a, 1, MAX_16>),
    /// EncryptedPreMasterSecret, RFC 5246 Section 7.4.7.1: as long as the modulus, or it cannot be decrypted.
    Rsa(Opaque16<'a, 0, MAX_16>),
}

impl<'a> ClientKeyExchange<'a> {
    /// Takes the body apart, to its last byte.
    ///
    /// # Errors
    /// `PeerMisbehaved::Malformed` if it ends early or has bytes left over.
    pub(crate) fn parts(
        &self,
        key_exchange: KeyExchange,
    ) -> Result<ClientKeyExchangeParts<'a>, Error> {
        let mut reader = Reader::new(self.body.0);
        let psk_identity = match key_exchange.uses_psk() {
            true => Some(Wire::read_from(
                &mut reader,
                "ClientKeyExchange.psk_identity",
            )?),
            false => None,
        };
        let share = match key_exchange {
            KeyExchange::EcdheEcdsa | KeyExchange::EcdheRsa | KeyExchange::EcdhePsk => Some(
                ClientShare::Ecdhe(Wire::read_from(&mut reader, "ClientKeyExchange.ecdh_Yc")?),
            ),
            KeyExchange::DheRsa | KeyExchange::DhePsk => Some(ClientShare::Dhe(Wire::read_from(
                &mut reader,
                "ClientKeyExchange.dh_Yc",
            )?)),
            KeyExchange::Rsa | KeyExchange::RsaPsk => Some(ClientShare::Rsa(Wire::read_from(
                &mut reader,
                "ClientKeyExchange.encrypted_premaster_secret",
            )?)),
            KeyExchange::Psk => None,
        };
        reader.finish(Self::NAME)?;
        Ok(ClientKeyExchangeParts {
            psk_identity,
            share,
        })
    }
}

impl ClientKeyExchangeParts<'_> {
    /// The body of the message.
    ///
    /// # Errors
    /// `Error::Internal` if a vector is outside its range.
    pub(crate) fn encode_body(&self) -> Result<Vec<u8>, Error> {
        // An identity and a point.
        let mut out = Vec::with_capacity(128);
        if let Some(identity) = &self.psk_identity {
            identity.encode_to(&mut out)?;
        }
        match &self.share {
            Some(ClientShare::Ecdhe(point)) => point.encode_to(&mut out)?,
            Some(ClientShare::Dhe(public)) => public.encode_to(&mut out)?,
            Some(ClientShare::Rsa(encrypted)) => encrypted.encode_to(&mut out)?,
            None => {}
        }
        Ok(out)
    }
}
