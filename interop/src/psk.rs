//! External pre-shared keys, as both sides of a cell are told about them.

use std::fmt::Write as _;

use warifu::config::{Client, ConfigBuilder, Server};
use warifu::parameters::{CipherSuite, PskKeyExchangeMode};
use warifu::psk::{PskHash, PskPolicy, PskRole, PskTable};
use warifu::{ClientConfig, ServerConfig};

use crate::pki::{self, KeyType};

/// The identity of [`Psk::default`].
pub const IDENTITY: &str = "device-17";

/// The key of [`Psk::default`]: 32 bytes, as every stack takes them.
pub const KEY: [u8; 32] = *b"not random, and secret to no one";

/// A key's hash, of which its cipher suite must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    Sha256,
    Sha384,
}

/// The modes that a side allows, RFC 8446 Section 4.2.9.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modes {
    PskDheKe,
    PskKe,
    Both,
}

/// What else authenticates the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// Nothing: the server has no certificate.
    None,
    /// Either the key or a certificate.
    OrElse,
    /// A certificate as well, RFC 9973.
    Beside,
}

/// A key and what a side does with it.
#[derive(Debug, Clone)]
pub struct Psk {
    pub identity: &'static str,
    pub key: Vec<u8>,
    pub hash: Hash,
    /// The context of the importer; `None`: the key is used as it is (RFC 9258).
    pub import: Option<&'static str>,
    /// The hash that an imported key is used with, where it is not the key's own.
    pub target: Option<Hash>,
    pub modes: Modes,
    pub certificate: Certificate,
    /// How many bytes of early data the key is good for.
    pub max_early_data: u32,
}

impl Default for Psk {
    fn default() -> Self {
        Self {
            identity: IDENTITY,
            key: KEY.to_vec(),
            hash: Hash::Sha256,
            import: None,
            target: None,
            modes: Modes::PskDheKe,
            certificate: Certificate::None,
            max_early_data: 0,
        }
    }
}

impl Psk {
    /// The suite that cells with this key agree on.
    pub fn suite(&self) -> CipherSuite {
        match self.target.unwrap_or(self.hash) {
            Hash::Sha256 => CipherSuite::TLS_AES_128_GCM_SHA256,
            Hash::Sha384 => CipherSuite::TLS_AES_256_GCM_SHA384,
        }
    }

    /// The key as ours.
    fn ours(&self) -> warifu::Psk {
        // Some peers' keys are fixed, and short.
        let mut psk = warifu::Psk::new_weak(self.identity, &self.key)
            .unwrap()
            .with_replayable_early_data(self.max_early_data);
        if self.hash == Hash::Sha384 {
            psk = psk.with_hash(PskHash::Sha384);
        }
        match self.import {
            Some(context) => psk.with_import(context),
            None => psk,
        }
    }

    /// Our client with the key.
    pub fn client(&self) -> ConfigBuilder<Client> {
        let with_trust = || ClientConfig::builder(pki::get().trust()).with_psks([self.ours()]);
        let builder = match self.certificate {
            Certificate::None => ClientConfig::psk_builder([self.ours()]),
            Certificate::OrElse => with_trust(),
            Certificate::Beside => with_trust().with_psk_policy(PskPolicy::RequiredWithCertificate),
        };
        builder.with_psk_modes(self.modes.ours())
    }

    /// Our server with the key, and a certificate of this kind if it has one.
    pub fn server(&self, key_type: KeyType) -> ConfigBuilder<Server> {
        let table = PskTable::new([self.ours().with_role(PskRole::Server)]).unwrap();
        let credential = || ServerConfig::builder(pki::get().credential(key_type));
        let builder = match self.certificate {
            Certificate::None => ServerConfig::psk_builder(table),
            Certificate::OrElse => credential().with_psk_store(table),
            Certificate::Beside => credential()
                .with_psk_store(table)
                .with_psk_policy(PskPolicy::RequiredWithCertificate),
        };
        builder.with_psk_modes(self.modes.ours())
    }

    /// The key in hexadecimal.
    pub fn key_hex(&self) -> String {
        self.key.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl Modes {
    /// As ours, best first.
    fn ours(self) -> &'static [PskKeyExchangeMode] {
        match self {
            Self::PskDheKe => &[PskKeyExchangeMode::PSK_DHE_KE],
            Self::PskKe => &[PskKeyExchangeMode::PSK_KE],
            Self::Both => &[PskKeyExchangeMode::PSK_DHE_KE, PskKeyExchangeMode::PSK_KE],
        }
    }
}
