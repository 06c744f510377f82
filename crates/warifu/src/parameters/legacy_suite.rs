//! Cipher suites of TLS 1.2 and older: one table.
//!
//! A suite of TLS 1.3 says how records are protected; one of these also says how keys are agreed and who proves what. All
//! that IANA registers for the key exchanges and ciphers below are here, but for AES-256-CBC-SHA256: who wants 256 bits
//! has GCM, and nobody has that suite alone.
//!
//! Order of preference, best first, and why:
//!
//! 1. 3DES last of all: blocks of 64 bits collide after some GiB (Sweet32, CVE-2016-2183).
//! 2. Forward secrecy before none: what was recorded must not be read by whoever gets a key later. With RSA there is also
//!    Bleichenbacher's attack to fend off (RFC 5246 Section 7.4.7.1).
//! 3. AEADs before CBC, in which a MAC covered by padding made for a decade of attacks (Lucky Thirteen, POODLE).
//! 4. ECDHE before DHE: faster, and its groups are named, where a DHE server sends a prime that must be believed (RFC
//!    7919 Section 1).
//! 5. Ciphers as in TLS 1.3: AES-128-GCM, AES-256-GCM, ChaCha20-Poly1305, then CCM, last CCM-8 with its short tag.
//! 6. CBC with HMAC-SHA-1 before that with SHA-256 and SHA-384: an HMAC does not need what SHA-1 has lost, resistance
//!    to collisions. The longer ones cost time and 12 or 28 bytes a record and win nothing.
//! 7. ECDSA before RSA, since its signatures are cheaper for servers; certificates before pre-shared keys. This
//!    decides little: a server has the one or the other.

use warifu_crypto::Aead::{self, *};
use warifu_crypto::legacy::CbcSuite::{self, *};
use warifu_crypto::legacy::PrfHash;

use super::{CipherSuite, ProtocolVersion};
use crate::decision::KeyUse;
use KeyExchange::*;

/// How client and server agree on the premaster secret, and how the server is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyExchange {
    /// Signed with ECDSA or EdDSA, RFC 8422 Section 2.1.
    EcdheEcdsa,
    /// Signed with RSA, RFC 8422 Section 2.2.
    EcdheRsa,
    /// Signed with RSA, RFC 5246 Section 7.4.3.
    DheRsa,
    /// The client encrypts the premaster secret for the server's key, RFC 5246 Section 7.4.7.1.
    Rsa,
    /// RFC 5489 Section 2.
    EcdhePsk,
    /// RFC 4279 Section 3.
    DhePsk,
    /// A key, and half of the premaster secret as in RSA: RFC 4279 Section 4.
    RsaPsk,
    /// A key and nothing else, RFC 4279 Section 2.
    Psk,
}

impl KeyExchange {
    /// As names of suites have it (`PSK_DHE`, in two of them, is `DHE_PSK`).
    pub(crate) const fn name(self) -> &'static str {
        match self {
            EcdheEcdsa => "ECDHE_ECDSA",
            EcdheRsa => "ECDHE_RSA",
            DheRsa => "DHE_RSA",
            Rsa => "RSA",
            EcdhePsk => "ECDHE_PSK",
            DhePsk => "DHE_PSK",
            RsaPsk => "RSA_PSK",
            Psk => "PSK",
        }
    }

    /// Whether a pre-shared key enters the premaster secret.
    pub(crate) const fn uses_psk(self) -> bool {
        matches!(self, EcdhePsk | DhePsk | RsaPsk | Psk)
    }

    /// Whether the server sends Certificate. (Only then may it ask the client for one, RFC 5246 Section 7.4.4 and RFC
    /// 4279 Section 1.)
    pub(crate) const fn sends_certificate(self) -> bool {
        matches!(self, EcdheEcdsa | EcdheRsa | DheRsa | Rsa | RsaPsk)
    }

    /// Whether the server signs its ServerKeyExchange.
    pub(crate) const fn signs(self) -> bool {
        matches!(self, EcdheEcdsa | EcdheRsa | DheRsa)
    }

    /// Whether the client encrypts a secret for the server's RSA key.
    pub(crate) const fn encrypts(self) -> bool {
        matches!(self, Rsa | RsaPsk)
    }

    /// What the key of the server's certificate does, where the server has one.
    pub(crate) const fn key_use(self) -> KeyUse {
        match self.encrypts() {
            true => KeyUse::KeyEncipherment,
            false => KeyUse::Signature,
        }
    }

    /// Whether traffic stays secret when long-lived keys become known.
    pub(crate) const fn is_forward_secret(self) -> bool {
        self.is_ecdhe() || self.is_dhe()
    }

    /// Whether each side sends a point of a curve.
    pub(crate) const fn is_ecdhe(self) -> bool {
        matches!(self, EcdheEcdsa | EcdheRsa | EcdhePsk)
    }

    /// Whether each side sends a power in a prime field.
    pub(crate) const fn is_dhe(self) -> bool {
        matches!(self, DheRsa | DhePsk)
    }
}

/// What protects records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LegacyCipher {
    /// RFC 5246 Section 6.2.3.3.
    Aead(Aead),
    /// RFC 5246 Section 6.2.3.2.
    Cbc(CbcSuite),
}

/// A cipher suite of TLS 1.2 or older with what it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LegacySuite {
    /// Its number and name.
    pub(crate) suite: CipherSuite,
    /// How keys are agreed.
    pub(crate) key_exchange: KeyExchange,
    /// What protects records.
    pub(crate) cipher: LegacyCipher,
    /// The hash of the PRF and of the handshake messages in TLS 1.2. (Older versions have `PrfHash::Md5Sha1`.)
    pub(crate) prf: PrfHash,
    /// The oldest version in which it may be chosen: TLS 1.0 or 1.2.
    pub(crate) min_version: ProtocolVersion,
}

impl LegacySuite {
    /// Whether a version has it.
    pub(crate) fn is_of(&self, version: ProtocolVersion) -> bool {
        (self.min_version..=ProtocolVersion::TLS1_2).contains(&version)
    }
}

/// AEADs came with TLS 1.2 (RFC 5246 Section 6.2.3.3), as did a PRF of the suite's choice (Section 5).
const fn aead(suite: CipherSuite, key_exchange: KeyExchange, aead: Aead) -> LegacySuite {
    LegacySuite {
        suite,
        key_exchange,
        cipher: LegacyCipher::Aead(aead),
        prf: match aead {
            Aes256Gcm => PrfHash::Sha384,
            _ => PrfHash::Sha256,
        },
        min_version: ProtocolVersion::TLS1_2,
    }
}

/// Those with HMAC-SHA-1 serve all versions. Those with HMAC-SHA-2 came with TLS 1.2; where their RFC would let older
/// versions have them (RFC 5489 Section 3.2), they gain nothing there.
const fn cbc(suite: CipherSuite, key_exchange: KeyExchange, cbc: CbcSuite) -> LegacySuite {
    LegacySuite {
        suite,
        key_exchange,
        cipher: LegacyCipher::Cbc(cbc),
        prf: match cbc {
            Aes256Sha384 => PrfHash::Sha384,
            _ => PrfHash::Sha256,
        },
        min_version: match cbc {
            Aes128Sha1 | Aes256Sha1 | TripleDesSha1 => ProtocolVersion::TLS1_0,
            Aes128Sha256 | Aes256Sha384 => ProtocolVersion::TLS1_2,
        },
    }
}

/// All suites of TLS 1.2 and older, in the order of preference given above.
#[rustfmt::skip]
pub(crate) const LEGACY_SUITES: [LegacySuite; 83] = [
    // ECDHE, AEAD.
    aead(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, EcdheEcdsa, Aes128Gcm),
    aead(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, EcdheRsa, Aes128Gcm),
    aead(CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256, EcdhePsk, Aes128Gcm),
    aead(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, EcdheEcdsa, Aes256Gcm),
    aead(CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, EcdheRsa, Aes256Gcm),
    aead(CipherSuite::TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384, EcdhePsk, Aes256Gcm),
    aead(CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, EcdheEcdsa, ChaCha20Poly1305),
    aead(CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, EcdheRsa, ChaCha20Poly1305),
    aead(CipherSuite::TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256, EcdhePsk, ChaCha20Poly1305),
    aead(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CCM, EcdheEcdsa, Aes128Ccm),
    aead(CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256, EcdhePsk, Aes128Ccm),
    aead(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_CCM, EcdheEcdsa, Aes256Ccm),
    aead(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, EcdheEcdsa, Aes128Ccm8),
    aead(CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256, EcdhePsk, Aes128Ccm8),
    aead(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8, EcdheEcdsa, Aes256Ccm8),
    // DHE, AEAD.
    aead(CipherSuite::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, DheRsa, Aes128Gcm),
    aead(CipherSuite::TLS_DHE_PSK_WITH_AES_128_GCM_SHA256, DhePsk, Aes128Gcm),
    aead(CipherSuite::TLS_DHE_RSA_WITH_AES_256_GCM_SHA384, DheRsa, Aes256Gcm),
    aead(CipherSuite::TLS_DHE_PSK_WITH_AES_256_GCM_SHA384, DhePsk, Aes256Gcm),
    aead(CipherSuite::TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256, DheRsa, ChaCha20Poly1305),
    aead(CipherSuite::TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256, DhePsk, ChaCha20Poly1305),
    aead(CipherSuite::TLS_DHE_RSA_WITH_AES_128_CCM, DheRsa, Aes128Ccm),
    aead(CipherSuite::TLS_DHE_PSK_WITH_AES_128_CCM, DhePsk, Aes128Ccm),
    aead(CipherSuite::TLS_DHE_RSA_WITH_AES_256_CCM, DheRsa, Aes256Ccm),
    aead(CipherSuite::TLS_DHE_PSK_WITH_AES_256_CCM, DhePsk, Aes256Ccm),
    aead(CipherSuite::TLS_DHE_RSA_WITH_AES_128_CCM_8, DheRsa, Aes128Ccm8),
    aead(CipherSuite::TLS_PSK_DHE_WITH_AES_128_CCM_8, DhePsk, Aes128Ccm8),
    aead(CipherSuite::TLS_DHE_RSA_WITH_AES_256_CCM_8, DheRsa, Aes256Ccm8),
    aead(CipherSuite::TLS_PSK_DHE_WITH_AES_256_CCM_8, DhePsk, Aes256Ccm8),
    // ECDHE, CBC.
    cbc(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, EcdheEcdsa, Aes128Sha1),
    cbc(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, EcdheRsa, Aes128Sha1),
    cbc(CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA, EcdhePsk, Aes128Sha1),
    cbc(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, EcdheEcdsa, Aes256Sha1),
    cbc(CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, EcdheRsa, Aes256Sha1),
    cbc(CipherSuite::TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA, EcdhePsk, Aes256Sha1),
    cbc(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, EcdheEcdsa, Aes128Sha256),
    cbc(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, EcdheRsa, Aes128Sha256),
    cbc(CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256, EcdhePsk, Aes128Sha256),
    cbc(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384, EcdheEcdsa, Aes256Sha384),
    cbc(CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384, EcdheRsa, Aes256Sha384),
    cbc(CipherSuite::TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384, EcdhePsk, Aes256Sha384),
    // DHE, CBC.
    cbc(CipherSuite::TLS_DHE_RSA_WITH_AES_128_CBC_SHA, DheRsa, Aes128Sha1),
    cbc(CipherSuite::TLS_DHE_PSK_WITH_AES_128_CBC_SHA, DhePsk, Aes128Sha1),
    cbc(CipherSuite::TLS_DHE_RSA_WITH_AES_256_CBC_SHA, DheRsa, Aes256Sha1),
    cbc(CipherSuite::TLS_DHE_PSK_WITH_AES_256_CBC_SHA, DhePsk, Aes256Sha1),
    cbc(CipherSuite::TLS_DHE_RSA_WITH_AES_128_CBC_SHA256, DheRsa, Aes128Sha256),
    cbc(CipherSuite::TLS_DHE_PSK_WITH_AES_128_CBC_SHA256, DhePsk, Aes128Sha256),
    cbc(CipherSuite::TLS_DHE_PSK_WITH_AES_256_CBC_SHA384, DhePsk, Aes256Sha384),
    // No forward secrecy, AEAD.
    aead(CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256, Rsa, Aes128Gcm),
    aead(CipherSuite::TLS_RSA_PSK_WITH_AES_128_GCM_SHA256, RsaPsk, Aes128Gcm),
    aead(CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256, Psk, Aes128Gcm),
    aead(CipherSuite::TLS_RSA_WITH_AES_256_GCM_SHA384, Rsa, Aes256Gcm),
    aead(CipherSuite::TLS_RSA_PSK_WITH_AES_256_GCM_SHA384, RsaPsk, Aes256Gcm),
    aead(CipherSuite::TLS_PSK_WITH_AES_256_GCM_SHA384, Psk, Aes256Gcm),
    aead(CipherSuite::TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256, RsaPsk, ChaCha20Poly1305),
    aead(CipherSuite::TLS_PSK_WITH_CHACHA20_POLY1305_SHA256, Psk, ChaCha20Poly1305),
    aead(CipherSuite::TLS_RSA_WITH_AES_128_CCM, Rsa, Aes128Ccm),
    aead(CipherSuite::TLS_PSK_WITH_AES_128_CCM, Psk, Aes128Ccm),
    aead(CipherSuite::TLS_RSA_WITH_AES_256_CCM, Rsa, Aes256Ccm),
    aead(CipherSuite::TLS_PSK_WITH_AES_256_CCM, Psk, Aes256Ccm),
    aead(CipherSuite::TLS_RSA_WITH_AES_128_CCM_8, Rsa, Aes128Ccm8),
    aead(CipherSuite::TLS_PSK_WITH_AES_128_CCM_8, Psk, Aes128Ccm8),
    aead(CipherSuite::TLS_RSA_WITH_AES_256_CCM_8, Rsa, Aes256Ccm8),
    aead(CipherSuite::TLS_PSK_WITH_AES_256_CCM_8, Psk, Aes256Ccm8),
    // No forward secrecy, CBC.
    cbc(CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA, Rsa, Aes128Sha1),
    cbc(CipherSuite::TLS_RSA_PSK_WITH_AES_128_CBC_SHA, RsaPsk, Aes128Sha1),
    cbc(CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA, Psk, Aes128Sha1),
    cbc(CipherSuite::TLS_RSA_WITH_AES_256_CBC_SHA, Rsa, Aes256Sha1),
    cbc(CipherSuite::TLS_RSA_PSK_WITH_AES_256_CBC_SHA, RsaPsk, Aes256Sha1),
    cbc(CipherSuite::TLS_PSK_WITH_AES_256_CBC_SHA, Psk, Aes256Sha1),
    cbc(CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA256, Rsa, Aes128Sha256),
    cbc(CipherSuite::TLS_RSA_PSK_WITH_AES_128_CBC_SHA256, RsaPsk, Aes128Sha256),
    cbc(CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA256, Psk, Aes128Sha256),
    cbc(CipherSuite::TLS_RSA_PSK_WITH_AES_256_CBC_SHA384, RsaPsk, Aes256Sha384),
    cbc(CipherSuite::TLS_PSK_WITH_AES_256_CBC_SHA384, Psk, Aes256Sha384),
    // ECDHE, 3DES.
    cbc(CipherSuite::TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA, EcdheEcdsa, TripleDesSha1),
    cbc(CipherSuite::TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA, EcdheRsa, TripleDesSha1),
    cbc(CipherSuite::TLS_ECDHE_PSK_WITH_3DES_EDE_CBC_SHA, EcdhePsk, TripleDesSha1),
    // DHE, 3DES.
    cbc(CipherSuite::TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA, DheRsa, TripleDesSha1),
    cbc(CipherSuite::TLS_DHE_PSK_WITH_3DES_EDE_CBC_SHA, DhePsk, TripleDesSha1),
    // No forward secrecy, 3DES.
    cbc(CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA, Rsa, TripleDesSha1),
    cbc(CipherSuite::TLS_RSA_PSK_WITH_3DES_EDE_CBC_SHA, RsaPsk, TripleDesSha1),
    cbc(CipherSuite::TLS_PSK_WITH_3DES_EDE_CBC_SHA, Psk, TripleDesSha1),
];

impl CipherSuite {
    /// What the suite is made of, if it is one of TLS 1.2 or older.
    pub(crate) fn legacy(self) -> Option<LegacySuite> {
        LEGACY_SUITES.into_iter().find(|row| row.suite == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes an IANA name apart: what it says about keys, records and the PRF.
    fn parse(name: &str) -> (KeyExchange, LegacyCipher, PrfHash) {
        let (keys, records) = name
            .strip_prefix("TLS_")
            .unwrap()
            .split_once("_WITH_")
            .unwrap();
        let key_exchange = match keys {
            "ECDHE_ECDSA" => EcdheEcdsa,
            "ECDHE_RSA" => EcdheRsa,
            "ECDHE_PSK" => EcdhePsk,
            "DHE_RSA" => DheRsa,
            // RFC 6655 calls two of its suites so.
            "DHE_PSK" | "PSK_DHE" => DhePsk,
            "RSA" => Rsa,
            "RSA_PSK" => RsaPsk,
            "PSK" => Psk,
            _ => panic!("{name}"),
        };
        let (aead, cbc) = (LegacyCipher::Aead, LegacyCipher::Cbc);
        // RFC 6655 and 7251 leave the hash out of the names: SHA-256. RFC 8442 does not.
        let cipher = match records {
            "AES_128_GCM_SHA256" => aead(Aes128Gcm),
            "AES_256_GCM_SHA384" => aead(Aes256Gcm),
            "CHACHA20_POLY1305_SHA256" => aead(ChaCha20Poly1305),
            "AES_128_CCM" | "AES_128_CCM_SHA256" => aead(Aes128Ccm),
            "AES_256_CCM" => aead(Aes256Ccm),
            "AES_128_CCM_8" | "AES_128_CCM_8_SHA256" => aead(Aes128Ccm8),
            "AES_256_CCM_8" => aead(Aes256Ccm8),
            "AES_128_CBC_SHA" => cbc(Aes128Sha1),
            "AES_256_CBC_SHA" => cbc(Aes256Sha1),
            "AES_128_CBC_SHA256" => cbc(Aes128Sha256),
            "AES_256_CBC_SHA384" => cbc(Aes256Sha384),
            "3DES_EDE_CBC_SHA" => cbc(TripleDesSha1),
            _ => panic!("{name}"),
        };
        let prf = match records.ends_with("_SHA384") {
            true => PrfHash::Sha384,
            false => PrfHash::Sha256,
        };
        (key_exchange, cipher, prf)
    }

    #[test]
    fn every_suite_is_made_of_what_its_name_says() {
        for row in LEGACY_SUITES {
            let name = row.suite.name().unwrap();
            let (key_exchange, cipher, prf) = parse(name);
            assert_eq!(
                (row.key_exchange, row.cipher, row.prf),
                (key_exchange, cipher, prf),
                "{name}"
            );
            let min_version = match name.ends_with("_CBC_SHA") {
                true => ProtocolVersion::TLS1_0,
                false => ProtocolVersion::TLS1_2,
            };
            assert_eq!(row.min_version, min_version, "{name}");
            assert_eq!(row.suite.legacy(), Some(row));
            assert_eq!(row.suite.tls13(), None);
        }
    }

    #[test]
    fn every_suite_is_there_once() {
        for (at, row) in LEGACY_SUITES.iter().enumerate() {
            let again = LEGACY_SUITES.iter().skip(at + 1);
            assert_eq!(again.filter(|other| other.suite == row.suite).count(), 0);
        }
        assert_eq!(CipherSuite::TLS_AES_128_GCM_SHA256.legacy(), None);
        assert_eq!(
            CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV.legacy(),
            None
        );
        // TLS_RSA_WITH_AES_256_CBC_SHA256.
        assert_eq!(CipherSuite(0x003d).legacy(), None);
    }

    #[test]
    fn the_order_is_that_of_the_reasons() {
        let rank = |row: &LegacySuite| {
            let cipher = match row.cipher {
                LegacyCipher::Aead(aead) => [
                    Aes128Gcm,
                    Aes256Gcm,
                    ChaCha20Poly1305,
                    Aes128Ccm,
                    Aes256Ccm,
                    Aes128Ccm8,
                    Aes256Ccm8,
                ]
                .into_iter()
                .position(|other| other == aead),
                LegacyCipher::Cbc(cbc) => [
                    Aes128Sha1,
                    Aes256Sha1,
                    Aes128Sha256,
                    Aes256Sha384,
                    TripleDesSha1,
                ]
                .into_iter()
                .position(|other| other == cbc),
            };
            let keys = [
                EcdheEcdsa, EcdheRsa, EcdhePsk, DheRsa, DhePsk, Rsa, RsaPsk, Psk,
            ]
            .into_iter()
            .position(|other| other == row.key_exchange);
            (
                row.cipher == LegacyCipher::Cbc(TripleDesSha1),
                !row.key_exchange.is_forward_secret(),
                matches!(row.cipher, LegacyCipher::Cbc(_)),
                row.key_exchange.is_dhe(),
                cipher,
                keys,
            )
        };
        assert!(LEGACY_SUITES.is_sorted_by_key(rank));
    }

    #[test]
    fn key_exchanges_are_called_as_in_the_names_of_suites() {
        for row in LEGACY_SUITES {
            let name = row.suite.to_string().replace("PSK_DHE", "DHE_PSK");
            let found = row.suite.key_exchange().unwrap();
            assert!(name.starts_with(&format!("TLS_{found}_WITH_")), "{name}");
        }
        assert_eq!(CipherSuite::TLS_AES_128_GCM_SHA256.key_exchange(), None);
    }

    #[test]
    fn key_exchanges_say_what_they_need() {
        // Pre-shared key, Certificate, signature, forward secrecy, ECDHE, DHE.
        for (key_exchange, facts) in [
            (EcdheEcdsa, "-CSFE-"),
            (EcdheRsa, "-CSFE-"),
            (DheRsa, "-CSF-D"),
            (Rsa, "-C----"),
            (EcdhePsk, "P--FE-"),
            (DhePsk, "P--F-D"),
            (RsaPsk, "PC----"),
            (Psk, "P-----"),
        ] {
            let told = [
                ('P', key_exchange.uses_psk()),
                ('C', key_exchange.sends_certificate()),
                ('S', key_exchange.signs()),
                ('F', key_exchange.is_forward_secret()),
                ('E', key_exchange.is_ecdhe()),
                ('D', key_exchange.is_dhe()),
            ]
            .map(|(letter, is)| if is { letter } else { '-' });
            assert_eq!(String::from_iter(told), facts, "{key_exchange:?}");
        }
    }
}
