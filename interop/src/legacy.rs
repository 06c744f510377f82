//! The cipher suites of TLS 1.2 and older, taken apart by their names.

use warifu::parameters::{CipherSuite, ProtocolVersion};

use crate::pki::KeyType;
use crate::psk::{Certificate, Psk};

/// TLS 1.2 and older, newest first.
pub const VERSIONS: [ProtocolVersion; 3] = [
    ProtocolVersion::TLS1_2,
    ProtocolVersion::TLS1_1,
    ProtocolVersion::TLS1_0,
];

/// How keys are agreed on, and who proves what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    EcdheEcdsa,
    EcdheRsa,
    DheRsa,
    Rsa,
    EcdhePsk,
    DhePsk,
    RsaPsk,
    Psk,
}

/// A cipher suite of TLS 1.2 or older.
#[derive(Debug, Clone, Copy)]
pub struct LegacySuite {
    pub suite: CipherSuite,
    pub exchange: Exchange,
    /// Cipher and hash, as IANA writes them.
    cipher: &'static str,
}

/// All that warifu has.
pub fn suites() -> Vec<LegacySuite> {
    (0..=u16::MAX)
        .filter_map(|number| LegacySuite::new(CipherSuite(number)))
        .collect()
}

impl LegacySuite {
    /// What a suite is made of; `None` for one of TLS 1.3, and for numbers that are no suites.
    pub fn new(suite: CipherSuite) -> Option<Self> {
        let (exchange, cipher) = suite.name()?.strip_prefix("TLS_")?.split_once("_WITH_")?;
        let exchange = match exchange {
            "ECDHE_ECDSA" => Exchange::EcdheEcdsa,
            "ECDHE_RSA" => Exchange::EcdheRsa,
            "DHE_RSA" => Exchange::DheRsa,
            "RSA" => Exchange::Rsa,
            "ECDHE_PSK" => Exchange::EcdhePsk,
            "DHE_PSK" | "PSK_DHE" => Exchange::DhePsk,
            "RSA_PSK" => Exchange::RsaPsk,
            "PSK" => Exchange::Psk,
            _ => panic!("an unknown key exchange: {suite}"),
        };
        Some(Self {
            suite,
            exchange,
            cipher,
        })
    }

    /// Whether the version has it: those with HMAC-SHA-1 are older than TLS 1.2.
    pub fn is_of(self, version: ProtocolVersion) -> bool {
        version == ProtocolVersion::TLS1_2 || self.cipher.ends_with("_CBC_SHA")
    }

    /// The cipher in a priority string of GnuTLS.
    pub fn gnutls_cipher(self) -> &'static str {
        match self.cipher {
            "AES_128_GCM_SHA256" => "AES-128-GCM",
            "AES_256_GCM_SHA384" => "AES-256-GCM",
            "CHACHA20_POLY1305_SHA256" => "CHACHA20-POLY1305",
            "AES_128_CCM" | "AES_128_CCM_SHA256" => "AES-128-CCM",
            "AES_256_CCM" => "AES-256-CCM",
            "AES_128_CCM_8" | "AES_128_CCM_8_SHA256" => "AES-128-CCM-8",
            "AES_256_CCM_8" => "AES-256-CCM-8",
            "AES_128_CBC_SHA" | "AES_128_CBC_SHA256" => "AES-128-CBC",
            "AES_256_CBC_SHA" | "AES_256_CBC_SHA384" => "AES-256-CBC",
            "3DES_EDE_CBC_SHA" => "3DES-CBC",
            other => panic!("an unknown cipher: {other}"),
        }
    }

    /// The MAC in a priority string of GnuTLS.
    pub fn gnutls_mac(self) -> &'static str {
        match self.cipher.split_once("_CBC_") {
            None => "AEAD",
            Some((_, "SHA")) => "SHA1",
            Some((_, hash)) => hash,
        }
    }
}

impl Exchange {
    /// The kinds of key that a server may have, with this version.
    pub fn keys(self, version: ProtocolVersion) -> &'static [KeyType] {
        match (self, version) {
            (Self::EcdheEcdsa, ProtocolVersion::TLS1_2) => &[
                KeyType::P256,
                KeyType::P384,
                KeyType::P521,
                KeyType::Ed25519,
            ],
            (Self::EcdheEcdsa, _) => &[KeyType::P256, KeyType::P384, KeyType::P521],
            (Self::EcdheRsa | Self::DheRsa, ProtocolVersion::TLS1_2) => {
                &[KeyType::Rsa, KeyType::RsaPss]
            }
            // Signatures of TLS 1.1 and 1.0 have the one form that such a key does not make; and such a key does not decrypt.
            _ => &[KeyType::Rsa],
        }
    }

    /// Whether the server shows a certificate.
    pub fn has_certificate(self) -> bool {
        !matches!(self, Self::EcdhePsk | Self::DhePsk | Self::Psk)
    }

    /// Whether there is a finite-field group or an elliptic curve.
    pub fn has_group(self) -> bool {
        !matches!(self, Self::Rsa | Self::RsaPsk | Self::Psk)
    }

    /// The key that both sides know, if the exchange has one.
    pub fn psk(self) -> Option<Psk> {
        let certificate = match self {
            Self::EcdhePsk | Self::DhePsk | Self::Psk => Certificate::None,
            Self::RsaPsk => Certificate::OrElse,
            _ => return None,
        };
        Some(Psk {
            certificate,
            ..Psk::default()
        })
    }

    /// Its name in a priority string of GnuTLS.
    pub fn gnutls_name(self) -> &'static str {
        match self {
            Self::EcdheEcdsa => "ECDHE-ECDSA",
            Self::EcdheRsa => "ECDHE-RSA",
            Self::DheRsa => "DHE-RSA",
            Self::Rsa => "RSA",
            Self::EcdhePsk => "ECDHE-PSK",
            Self::DhePsk => "DHE-PSK",
            Self::RsaPsk => "RSA-PSK",
            Self::Psk => "PSK",
        }
    }
}
