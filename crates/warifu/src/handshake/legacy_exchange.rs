//! The key exchanges of TLS 1.2, 1.1 and 1.0: what each side sends, and the premaster secret that comes of it.
//!
//! | key exchange | ServerKeyExchange | ClientKeyExchange | premaster secret |
//! |---|---|---|---|
//! | ECDHE_ECDSA, ECDHE_RSA (RFC 8422 Section 5.4) | curve, point, signature | point | x-coordinate |
//! | DHE_RSA (RFC 5246 Section 7.4.3) | p, g, Y, signature | Y | shared Y without leading zeros |
//! | RSA (RFC 5246 Section 7.4.7.1) | – | encrypted premaster secret | version and 46 random bytes |
//! | PSK (RFC 4279 Section 2) | hint, if there is one | identity | zeros and the key |
//! | DHE_PSK, ECDHE_PSK (RFC 4279 Section 3, RFC 5489) | hint, parameters | identity, public value | shared value and the key |
//! | RSA_PSK (RFC 4279 Section 4) | hint, if there is one | identity, encrypted secret | that secret and the key |

use warifu_crypto::legacy::{DhGroup, DhKeyPair, DhProblem};
use warifu_crypto::{KeyShare, PublicKey, Secret};

use crate::config::{RandomSource, Settings};
use crate::credential::Credential;
use crate::error::{Error, OrInternal, PeerMisbehaved};
use crate::message::legacy::{ClientShare, DheParams, EcdheParams, ServerParams};
use crate::message::{Opaque8, Opaque16};
use crate::parameters::{KeyExchange, NamedGroup, ProtocolVersion};

/// Length of the premaster secret that RSA transports, RFC 5246 Section 7.4.7.1.
const RSA_PREMASTER_LEN: usize = 48;

/// Which group a server will use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ServerGroup {
    /// RSA and PSK alone have none.
    None,
    Curve(NamedGroup),
    /// A group of RFC 7919 with so many bits.
    FiniteField(u32),
}

/// A server's half of the exchange, until the client's comes.
pub(super) enum ServerExchange {
    /// PSK alone, and RSA, which the credential decrypts.
    None,
    Ecdhe(KeyShare),
    Dhe(DhKeyPair),
}

impl ServerExchange {
    /// Makes a key in `group`, and its parameters as they stand in ServerKeyExchange.
    pub(super) fn start(
        random: &dyn RandomSource,
        group: &ServerGroup,
    ) -> Result<(Self, Vec<u8>), Error> {
        match *group {
            ServerGroup::None => Ok((Self::None, Vec::new())),
            ServerGroup::Curve(group) => {
                let share = random.share_in(group)?;
                let params = ServerParams::Ecdhe(EcdheParams {
                    group,
                    public: Opaque8::new(share.public()),
                })
                .encode()?;
                Ok((Self::Ecdhe(share), params))
            }
            ServerGroup::FiniteField(bits) => {
                let group = DhGroup::rfc7919(bits).or_internal("group of RFC 7919 is unknown")?;
                let pair = DhKeyPair::generate(&group)
                    .map_err(|_| Error::Internal("no Diffie-Hellman key"))?;
                let params = ServerParams::Dhe(DheParams {
                    p: Opaque16::new(group.p()),
                    g: Opaque16::new(group.g()),
                    y: Opaque16::new(pair.public()),
                })
                .encode()?;
                Ok((Self::Dhe(pair), params))
            }
        }
    }

    /// What the client's half makes of it.
    pub(super) fn finish(
        self,
        credential: Option<&Credential>,
        client_version: ProtocolVersion,
        share: Option<&ClientShare<'_>>,
    ) -> Result<Option<Secret>, Error> {
        match (self, share) {
            (Self::Ecdhe(share), Some(ClientShare::Ecdhe(point))) => {
                let group = NamedGroup::of(share.group());
                shared_by_curve(share, group, point).map(Some)
            }
            (Self::Dhe(pair), Some(ClientShare::Dhe(y))) => shared_by_field(pair, y).map(Some),
            (Self::None, Some(ClientShare::Rsa(encrypted))) => {
                let credential = credential.or_internal("RSA key exchange without a credential")?;
                credential
                    .decrypt_premaster_secret(encrypted, client_version)
                    .map(Some)
            }
            (Self::None, None) => Ok(None),
            _ => Err(Error::Internal("client's half of another key exchange")),
        }
    }
}

/// The premaster secret of a client without a key, and of one with: RFC 4279 Section 2.
pub(super) fn premaster_secret(
    shared: Option<Secret>,
    psk: Option<&[u8]>,
) -> Result<Secret, Error> {
    let Some(psk) = psk else {
        return shared.or_internal("key exchange without a secret");
    };
    // Without a secret of an exchange, as many zeros as the key has bytes.
    let zeros;
    let other = match &shared {
        Some(shared) => shared.as_bytes(),
        None => {
            zeros = Secret::zeros(psk.len());
            zeros.as_bytes()
        }
    };
    let mut premaster = Secret::zeros(2 + other.len() + 2 + psk.len());
    let mut rest = premaster.as_mut_bytes();
    for part in [other, psk] {
        let len = u16::try_from(part.len())
            .map_err(|_| Error::Internal("secret longer than its length field"))?;
        for bytes in [&len.to_be_bytes()[..], part] {
            let (place, behind) = rest
                .split_at_mut_checked(bytes.len())
                .or_internal("premaster secret is too short")?;
            place.copy_from_slice(bytes);
            rest = behind;
        }
    }
    Ok(premaster)
}

/// A client's half, and the secret that comes of both.
#[derive(Default)]
pub(super) struct ClientExchange {
    /// What goes into ClientKeyExchange: a point, a public value, or an encrypted secret.
    public: Vec<u8>,
    pub(super) shared: Option<Secret>,
    pub(super) group: Option<NamedGroup>,
    /// Bits of a finite-field group.
    pub(super) dh_bits: Option<u32>,
}

impl ClientExchange {
    /// Our half as it stands in ClientKeyExchange.
    pub(super) fn share(&self, key_exchange: KeyExchange) -> Option<ClientShare<'_>> {
        if key_exchange.is_ecdhe() {
            Some(ClientShare::Ecdhe(Opaque8::new(&self.public)))
        } else if key_exchange.is_dhe() {
            Some(ClientShare::Dhe(Opaque16::new(&self.public)))
        } else if key_exchange.encrypts() {
            Some(ClientShare::Rsa(Opaque16::new(&self.public)))
        } else {
            None
        }
    }
}

/// Answers the server's parameters.
pub(super) fn client_exchange(
    settings: &Settings,
    key_exchange: KeyExchange,
    params: Option<&ServerParams<'_>>,
    server_key: Option<&PublicKey>,
    client_version: ProtocolVersion,
) -> Result<ClientExchange, Error> {
    let random = &*settings.random;
    match params {
        Some(ServerParams::Ecdhe(params)) => {
            let group = params.group;
            // RFC 8422 Section 5.4: the server chooses among the client's curves. Hybrids are of TLS 1.3.
            if !settings.groups.contains(&group) || !group.is_curve() {
                return Err(PeerMisbehaved::NotOffered {
                    what: "group",
                    value: group.to_string(),
                }
                .into());
            }
            let share = random.share_in(group)?;
            Ok(ClientExchange {
                public: share.public().to_vec(),
                shared: Some(shared_by_curve(share, group, &params.public)?),
                group: Some(group),
                dh_bits: None,
            })
        }
        Some(ServerParams::Dhe(params)) => {
            let min_bits = settings.legacy.min_dh_bits;
            let group = DhGroup::from_peer(&params.p, &params.g, min_bits)
                .map_err(|problem| bad_group(problem, min_bits))?;
            let pair = DhKeyPair::generate(&group)
                .map_err(|_| Error::Internal("no Diffie-Hellman key"))?;
            Ok(ClientExchange {
                public: pair.public().to_vec(),
                shared: Some(shared_by_field(pair, &params.y)?),
                group: group.name().and_then(NamedGroup::from_name),
                dh_bits: Some(group.bits()),
            })
        }
        None if key_exchange.encrypts() => {
            let key = server_key.or_internal("RSA key exchange without a key")?;
            let secret = random_premaster(random, client_version)?;
            let encrypted = key
                .encrypt_premaster_secret(secret.as_bytes())
                .map_err(|_| Error::Internal("premaster secret cannot be encrypted"))?;
            Ok(ClientExchange {
                public: encrypted,
                shared: Some(secret),
                ..ClientExchange::default()
            })
        }
        None => Ok(ClientExchange::default()),
    }
}

/// RFC 5246 Section 7.4.7.1: the version of our ClientHello, which shows an attacker's downgrade, and 46 random bytes.
fn random_premaster(
    random: &dyn RandomSource,
    client_version: ProtocolVersion,
) -> Result<Secret, Error> {
    let mut secret = Secret::zeros(RSA_PREMASTER_LEN);
    let (version, rest) = secret
        .as_mut_bytes()
        .split_at_mut_checked(2)
        .or_internal("premaster secret is too short")?;
    version.copy_from_slice(&client_version.0.to_be_bytes());
    random
        .fill(rest)
        .map_err(|_| Error::Internal("no random bytes"))?;
    Ok(secret)
}

fn shared_by_curve(share: KeyShare, group: NamedGroup, peers: &[u8]) -> Result<Secret, Error> {
    share
        .agree(peers)
        .map_err(|_| PeerMisbehaved::BadKeyShare { group: group.0 }.into())
}

fn shared_by_field(pair: DhKeyPair, peers: &[u8]) -> Result<Secret, Error> {
    pair.agree(peers)
        .map_err(|_| PeerMisbehaved::BadDhPublicValue.into())
}

/// What is wrong with a server's group.
fn bad_group(problem: DhProblem, min_bits: u32) -> Error {
    match problem {
        DhProblem::TooSmall { bits } => PeerMisbehaved::DhGroupTooSmall { bits, min_bits }.into(),
        DhProblem::TooLarge { bits } => PeerMisbehaved::DhGroupTooLarge { bits }.into(),
        DhProblem::NotPrime => PeerMisbehaved::BadDhGroup {
            problem: "its modulus is not prime",
        }
        .into(),
        DhProblem::BadGenerator => PeerMisbehaved::BadDhGroup {
            problem: "its generator makes a trivial group",
        }
        .into(),
    }
}
