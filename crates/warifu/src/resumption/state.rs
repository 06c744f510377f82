//! What both sides keep of a session, and its form as bytes: inside of a ticket, in a store, in a file.

use core::fmt;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use warifu_crypto::{Hash, Secret};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::handshake::tls13_key_schedule::{BinderLabel, PskSecret};
use crate::message::codec::{MAX_16, MAX_24, Reader, put_u16, write_block};
use crate::parameters::{CipherSuite, Tls13Suite};
use crate::psk::{PskFacts, PskHash, PskKind};

/// Of the form below. Another one is not read: the session is then none.
const FORMAT: u8 = 1;
/// No session has more.
const MAX_CHAIN_LEN: usize = 32;

/// A session.
#[derive(Clone)]
pub(crate) struct SessionState {
    pub(crate) suite: Tls13Suite,
    /// The PSK of the ticket.
    pub(crate) secret: Secret,
    /// When the ticket was issued (at a server) or came (at a client): milliseconds since 1970.
    pub(crate) since_millis: u64,
    /// When the peer was authenticated other than by a ticket: seconds since 1970.
    pub(crate) authenticated_at: u64,
    /// Seconds from `since_millis` on.
    pub(crate) lifetime: u32,
    pub(crate) age_add: u32,
    /// Which configuration made it.
    pub(crate) context: [u8; 32],
    pub(crate) server_name: Option<Arc<str>>,
    pub(crate) alpn: Option<Arc<[u8]>>,
    /// Bytes of early data that the ticket allows.
    pub(crate) max_early_data: u32,
    pub(crate) origin: Origin,
}

/// How the peer was authenticated at first.
#[derive(Clone, Default)]
pub(crate) struct Origin {
    /// The key, if one was used.
    pub(crate) psk: Option<OriginPsk>,
    /// The peer's chain, if it showed one.
    pub(crate) peer_certificates: Option<Arc<[CertificateDer<'static>]>>,
    /// The key was used together with the server's certificate (RFC 9973).
    pub(crate) with_certificate: bool,
}

#[derive(Clone)]
pub(crate) struct OriginPsk {
    pub(crate) facts: PskFacts,
    /// Of the key: a session ends when its key is replaced.
    pub(crate) fingerprint: [u8; 16],
}

impl fmt::Debug for SessionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionState")
            .field("suite", &self.suite.suite)
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}

impl SessionState {
    /// What the key schedule needs.
    pub(crate) fn psk_secret(&self) -> Result<Arc<PskSecret>, Error> {
        PskSecret::new(
            self.suite.hash,
            BinderLabel::Resumption,
            self.secret.as_bytes(),
        )
        .map(Arc::new)
    }

    /// Milliseconds since the ticket was issued or came; 0 if the clock went back.
    pub(crate) fn age_millis(&self, now_millis: u64) -> u64 {
        now_millis.saturating_sub(self.since_millis)
    }

    /// Whether the ticket is neither older than its lifetime nor from the future, and the authentication not older than
    /// seven days.
    pub(crate) fn is_fresh(&self, now_millis: u64) -> bool {
        is_fresh(
            now_millis,
            self.since_millis,
            self.lifetime,
            self.authenticated_at,
        )
    }

    /// At least the bytes of [`encode`](Self::encode): whoever reserves them, and what follows, leaves no copy of the secret
    /// behind by growing.
    pub(crate) fn max_len(&self) -> usize {
        1024 + self.origin.max_len()
    }

    /// The state as bytes.
    pub(crate) fn encode(&self, out: &mut Zeroizing<Vec<u8>>) -> Result<(), Error> {
        out.reserve(self.max_len());
        out.push(FORMAT);
        put_u16(out, self.suite.suite.0);
        block(out, 1, self.secret.as_bytes())?;
        out.extend_from_slice(&self.since_millis.to_be_bytes());
        out.extend_from_slice(&self.authenticated_at.to_be_bytes());
        out.extend_from_slice(&self.lifetime.to_be_bytes());
        out.extend_from_slice(&self.age_add.to_be_bytes());
        out.extend_from_slice(&self.context);
        let server_name = self.server_name.as_deref();
        block(out, 1, server_name.unwrap_or_default().as_bytes())?;
        block(out, 1, self.alpn.as_deref().unwrap_or_default())?;
        out.extend_from_slice(&self.max_early_data.to_be_bytes());
        self.origin.encode(out)
    }

    /// Reads what [`encode`](Self::encode) wrote. `None` for anything else.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let state = Self::read_from(&mut reader).ok()??;
        reader.is_empty().then_some(state)
    }

    /// As [`read`](Self::read), with more to follow. The reader's errors are told nobody.
    pub(crate) fn read_from(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        const WHAT: &str = "session";
        if reader.u8(WHAT)? != FORMAT {
            return Ok(None);
        }
        let Some(suite) = CipherSuite(reader.u16(WHAT)?).tls13() else {
            return Ok(None);
        };
        let secret = reader.block(1, 1, 64, WHAT)?;
        if secret.len() != suite.hash.output_len() {
            return Ok(None);
        }
        let secret = Secret::from_slice(secret);
        let since_millis = u64::from_be_bytes(reader.array(WHAT)?);
        let authenticated_at = u64::from_be_bytes(reader.array(WHAT)?);
        let lifetime = reader.u32(WHAT)?;
        let age_add = reader.u32(WHAT)?;
        let context = reader.array(WHAT)?;
        let server_name = reader.block(1, 0, 0xff, WHAT)?;
        let Ok(server_name) = core::str::from_utf8(server_name) else {
            return Ok(None);
        };
        let alpn = reader.block(1, 0, 0xff, WHAT)?;
        let max_early_data = reader.u32(WHAT)?;
        let Some(origin) = Origin::read_from(reader, suite.hash)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            suite,
            secret,
            since_millis,
            authenticated_at,
            lifetime,
            age_add,
            context,
            server_name: (!server_name.is_empty()).then(|| Arc::from(server_name)),
            alpn: (!alpn.is_empty()).then(|| Arc::from(alpn)),
            max_early_data,
            origin,
        }))
    }
}

/// Whether a session from `since_millis` on is neither older than its lifetime in seconds nor from the future, and the
/// authentication, in seconds since 1970, not older than seven days.
pub(super) fn is_fresh(
    now_millis: u64,
    since_millis: u64,
    lifetime: u32,
    authenticated_at: u64,
) -> bool {
    /// Another machine's clock may be a little ahead.
    const SKEW_MILLIS: u64 = 60_000;
    let age = now_millis.saturating_sub(since_millis);
    let since_authentication = (now_millis / 1000).saturating_sub(authenticated_at);
    since_millis <= now_millis.saturating_add(SKEW_MILLIS)
        && age < u64::from(lifetime) * 1000
        && since_authentication < super::MAX_LIFETIME.as_secs()
}

/// What of an [`Origin`] is there, as bits.
const HAS_PSK: u8 = 1;
const PSK_IS_IMPORTED: u8 = 2;
const HAS_CHAIN: u8 = 4;
const WITH_CERTIFICATE: u8 = 8;

impl Origin {
    /// Bytes of what has no bound of its own.
    pub(super) fn max_len(&self) -> usize {
        let chain = self.peer_certificates.as_deref();
        let chain_len: usize = chain.map_or(0, |chain| chain.iter().map(|der| 3 + der.len()).sum());
        let psk = self.psk.as_ref();
        chain_len + psk.map_or(0, |psk| psk.facts.identity.len())
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        let mut flags = 0;
        if let Some(psk) = &self.psk {
            flags |= HAS_PSK;
            if psk.facts.kind == PskKind::Imported {
                flags |= PSK_IS_IMPORTED;
            }
        }
        if self.peer_certificates.is_some() {
            flags |= HAS_CHAIN;
        }
        if self.with_certificate {
            flags |= WITH_CERTIFICATE;
        }
        out.push(flags);
        if let Some(psk) = &self.psk {
            block(out, 2, &psk.facts.identity)?;
            out.extend_from_slice(&psk.fingerprint);
        }
        if let Some(chain) = &self.peer_certificates {
            write_block(out, 3, 0, MAX_24, |out| {
                chain.iter().try_for_each(|der| block(out, 3, der))
            })?;
        }
        Ok(())
    }

    /// `hash` is that of the handshake.
    pub(super) fn read_from(reader: &mut Reader<'_>, hash: Hash) -> Result<Option<Self>, Error> {
        const WHAT: &str = "origin of a session";
        let flags = reader.u8(WHAT)?;
        let imported_alone = flags & (HAS_PSK | PSK_IS_IMPORTED) == PSK_IS_IMPORTED;
        if flags >= WITH_CERTIFICATE << 1 || imported_alone {
            return Ok(None);
        }
        let psk = match flags & HAS_PSK {
            0 => None,
            _ => Some(OriginPsk {
                facts: PskFacts {
                    identity: Arc::from(reader.block(2, 1, MAX_16, WHAT)?),
                    kind: match flags & PSK_IS_IMPORTED {
                        0 => PskKind::External,
                        _ => PskKind::Imported,
                    },
                    hash: PskHash::of(hash),
                },
                fingerprint: reader.array(WHAT)?,
            }),
        };
        let peer_certificates = match flags & HAS_CHAIN {
            0 => None,
            _ => {
                let mut entries = Reader::new(reader.block(3, 0, MAX_24, WHAT)?);
                let mut chain = Vec::new();
                while !entries.is_empty() {
                    if chain.len() == MAX_CHAIN_LEN {
                        return Ok(None);
                    }
                    let der = entries.block(3, 1, MAX_24, WHAT)?;
                    chain.push(CertificateDer::from(der.to_vec()));
                }
                Some(Arc::from(chain))
            }
        };
        Ok(Some(Self {
            psk,
            peer_certificates,
            with_certificate: flags & WITH_CERTIFICATE != 0,
        }))
    }
}

/// Appends bytes behind their length of `prefix` bytes.
pub(crate) fn block(out: &mut Vec<u8>, prefix: usize, bytes: &[u8]) -> Result<(), Error> {
    write_block(out, prefix, 0, (1 << (8 * prefix)) - 1, |out| {
        out.extend_from_slice(bytes);
        Ok(())
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn state() -> SessionState {
        SessionState {
            suite: CipherSuite::TLS_AES_256_GCM_SHA384.tls13().unwrap(),
            secret: Secret::from_slice(&[9; 48]),
            since_millis: 1_700_000_000_123,
            authenticated_at: 1_699_999_999,
            lifetime: 7200,
            age_add: 0x8000_0001,
            context: [3; 32],
            server_name: Some(Arc::from("host.example")),
            alpn: Some(Arc::from(&b"h2"[..])),
            max_early_data: 16384,
            origin: Origin {
                psk: Some(OriginPsk {
                    facts: PskFacts {
                        identity: Arc::from(&b"al\0ice"[..]),
                        kind: PskKind::Imported,
                        hash: PskHash::Sha384,
                    },
                    fingerprint: [4; 16],
                }),
                peer_certificates: Some(Arc::from([
                    CertificateDer::from(vec![1; 700]),
                    CertificateDer::from(vec![2; 90]),
                ])),
                with_certificate: true,
            },
        }
    }

    pub(crate) fn encoded(state: &SessionState) -> Vec<u8> {
        let mut bytes = Zeroizing::new(Vec::new());
        state.encode(&mut bytes).unwrap();
        bytes.to_vec()
    }

    #[test]
    fn states_are_read_back_and_nothing_else_is() {
        let mut bare = state();
        bare.server_name = None;
        bare.alpn = None;
        bare.origin = Origin::default();
        for state in [state(), bare] {
            let bytes = encoded(&state);
            let again = SessionState::read(&bytes).unwrap();
            assert_eq!(encoded(&again), bytes);
            assert_eq!(again.server_name, state.server_name);
            assert_eq!(again.secret, state.secret);
            for len in 0..bytes.len() {
                assert!(SessionState::read(&bytes[..len]).is_none(), "{len}");
            }
            let longer = [&bytes[..], &[0]].concat();
            assert!(SessionState::read(&longer).is_none());
            // Any byte may be changed; whatever is read then can be written again.
            for position in 0..bytes.len() {
                for change in [1, 2, 0x80, 0xff] {
                    let mut changed = bytes.clone();
                    changed[position] ^= change;
                    if let Some(read) = SessionState::read(&changed) {
                        assert_eq!(encoded(&read), changed);
                    }
                }
            }
        }
    }

    #[test]
    fn a_session_is_fresh_for_its_lifetime_and_seven_days_at_most() {
        let mut state = state();
        let since = state.since_millis;
        assert!(state.is_fresh(since));
        assert!(state.is_fresh(since + 7_199_999));
        assert!(!state.is_fresh(since + 7_200_000));
        assert!(state.is_fresh(since - 60_000));
        assert!(!state.is_fresh(since - 60_001));
        state.lifetime = 604_800;
        state.authenticated_at = since / 1000 - 604_799;
        assert!(state.is_fresh(since));
        assert!(!state.is_fresh(since + 1000));
    }
}
