//! What both sides keep of a session of TLS 1.2, 1.1 or 1.0 (RFC 5246 Section 7.3, RFC 5077), and its form as bytes.

use core::fmt;
use std::sync::Arc;

use warifu_crypto::legacy::PrfHash;
use warifu_crypto::{Hash, Secret};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::handshake::legacy_key_schedule::{LegacyMainSecret, MAIN_SECRET_LEN, prf_hash};
use crate::message::codec::{Reader, put_u16};
use crate::parameters::{CipherSuite, LegacySuite, ProtocolVersion};

use super::state::{Origin, block, is_fresh};

/// Of the form below, beside that of TLS 1.3.
const FORMAT: u8 = 2;

/// A session. It was made with `extended_main_secret`: others are not resumed (RFC 7627 Section 5.3 and 5.4).
#[derive(Clone)]
pub(crate) struct LegacyState {
    pub(crate) version: ProtocolVersion,
    pub(crate) suite: LegacySuite,
    /// 48 bytes.
    pub(crate) main_secret: Secret,
    /// When it was made: milliseconds since 1970.
    pub(crate) since_millis: u64,
    /// When the peer was authenticated other than by resumption: seconds since 1970.
    pub(crate) authenticated_at: u64,
    /// Seconds from `since_millis` on.
    pub(crate) lifetime: u32,
    /// Which configuration made it.
    pub(crate) context: [u8; 32],
    pub(crate) server_name: Option<Arc<str>>,
    pub(crate) alpn: Option<Arc<[u8]>>,
    pub(crate) origin: Origin,
}

impl fmt::Debug for LegacyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LegacyState")
            .field("version", &self.version)
            .field("suite", &self.suite.suite)
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}

/// The hash that a key is said to be used with.
fn hash_of(suite: &LegacySuite) -> Hash {
    match suite.prf {
        PrfHash::Sha384 => Hash::Sha384,
        PrfHash::Sha256 | PrfHash::Md5Sha1 => Hash::Sha256,
    }
}

impl LegacyState {
    /// The secret, ready to derive from.
    pub(crate) fn main_secret(&self) -> LegacyMainSecret {
        LegacyMainSecret::resumed(
            prf_hash(self.version, &self.suite),
            self.main_secret.clone(),
        )
    }

    /// As [`SessionState::is_fresh`](super::state::SessionState::is_fresh).
    pub(crate) fn is_fresh(&self, now_millis: u64) -> bool {
        is_fresh(
            now_millis,
            self.since_millis,
            self.lifetime,
            self.authenticated_at,
        )
    }

    /// At least the bytes of [`encode`](Self::encode).
    pub(crate) fn max_len(&self) -> usize {
        1024 + self.origin.max_len()
    }

    /// The state as bytes.
    pub(crate) fn encode(&self, out: &mut Zeroizing<Vec<u8>>) -> Result<(), Error> {
        out.reserve(self.max_len());
        out.push(FORMAT);
        put_u16(out, self.version.0);
        put_u16(out, self.suite.suite.0);
        out.extend_from_slice(self.main_secret.as_bytes());
        out.extend_from_slice(&self.since_millis.to_be_bytes());
        out.extend_from_slice(&self.authenticated_at.to_be_bytes());
        out.extend_from_slice(&self.lifetime.to_be_bytes());
        out.extend_from_slice(&self.context);
        let server_name = self.server_name.as_deref();
        block(out, 1, server_name.unwrap_or_default().as_bytes())?;
        block(out, 1, self.alpn.as_deref().unwrap_or_default())?;
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
        let version = ProtocolVersion(reader.u16(WHAT)?);
        let Some(suite) = CipherSuite(reader.u16(WHAT)?).legacy() else {
            return Ok(None);
        };
        if !(suite.min_version..=ProtocolVersion::TLS1_2).contains(&version) {
            return Ok(None);
        }
        let main_secret = Secret::from_slice(reader.bytes(MAIN_SECRET_LEN, WHAT)?);
        let since_millis = u64::from_be_bytes(reader.array(WHAT)?);
        let authenticated_at = u64::from_be_bytes(reader.array(WHAT)?);
        let lifetime = reader.u32(WHAT)?;
        let context = reader.array(WHAT)?;
        let Ok(server_name) = core::str::from_utf8(reader.block(1, 0, 0xff, WHAT)?) else {
            return Ok(None);
        };
        let alpn = reader.block(1, 0, 0xff, WHAT)?;
        let Some(origin) = Origin::read_from(reader, hash_of(&suite))? else {
            return Ok(None);
        };
        Ok(Some(Self {
            version,
            suite,
            main_secret,
            since_millis,
            authenticated_at,
            lifetime,
            context,
            server_name: (!server_name.is_empty()).then(|| Arc::from(server_name)),
            alpn: (!alpn.is_empty()).then(|| Arc::from(alpn)),
            origin,
        }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn state() -> LegacyState {
        LegacyState {
            version: ProtocolVersion::TLS1_2,
            suite: CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
                .legacy()
                .unwrap(),
            main_secret: Secret::from_slice(&[9; 48]),
            since_millis: 1_700_000_000_123,
            authenticated_at: 1_699_999_999,
            lifetime: 7200,
            context: [3; 32],
            server_name: Some(Arc::from("host.example")),
            alpn: Some(Arc::from(&b"h2"[..])),
            origin: super::super::state::tests::state().origin,
        }
    }

    #[test]
    fn states_are_read_back_and_nothing_else_is() {
        let mut bare = state();
        bare.server_name = None;
        bare.alpn = None;
        bare.origin = Origin::default();
        for state in [state(), bare] {
            let encoded = |state: &LegacyState| {
                let mut bytes = Zeroizing::new(Vec::new());
                state.encode(&mut bytes).unwrap();
                assert!(bytes.len() <= state.max_len());
                bytes.to_vec()
            };
            let bytes = encoded(&state);
            let again = LegacyState::read(&bytes).unwrap();
            assert_eq!(encoded(&again), bytes);
            for len in 0..bytes.len() {
                assert!(LegacyState::read(&bytes[..len]).is_none(), "{len}");
            }
            assert!(LegacyState::read(&[&bytes[..], &[0]].concat()).is_none());
            for position in 0..bytes.len() {
                for change in [1, 2, 0x80, 0xff] {
                    let mut changed = bytes.clone();
                    changed[position] ^= change;
                    if let Some(read) = LegacyState::read(&changed) {
                        assert_eq!(encoded(&read), changed);
                    }
                }
            }
        }
    }
}
