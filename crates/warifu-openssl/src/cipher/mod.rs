//! Cipher suites as C programs see them (`SSL_CIPHER`): names, what they are made of, lists of them.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | the object |
//! | `table.rs` | all of them, in the order that lists start from |
//! | `list.rs` | the language of `SSL_CTX_set_cipher_list` |
//! | `chosen.rs` | what a context or connection was told |

mod chosen;
mod list;
mod table;

use core::ffi::{CStr, c_int};

use warifu::parameters::CipherSuite;

pub(crate) use chosen::{Chosen, stack_of};
pub(crate) use table::CIPHERS;

/// How keys are agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kx {
    /// TLS 1.3: extensions say it.
    Any,
    Ecdhe,
    Dhe,
    Rsa,
    EcdhePsk,
    DhePsk,
    RsaPsk,
    Psk,
}

/// How the server is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Auth {
    /// TLS 1.3: extensions say it.
    Any,
    Ecdsa,
    Rsa,
    Psk,
}

/// What encrypts records. AES without more is AES-CBC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Enc {
    Aes256Gcm,
    Aes128Gcm,
    ChaCha20,
    Aes256Ccm,
    Aes128Ccm,
    Aes256Ccm8,
    Aes128Ccm8,
    Aes256,
    Aes128,
    TripleDes,
}

/// What authenticates records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mac {
    Aead,
    Sha1,
    Sha256,
    Sha384,
}

/// The protocol that a suite came with, as OpenSSL tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    Ssl3,
    Tls10,
    Tls12,
    Tls13,
}

/// `SSL_CIPHER`: a row of the table, which lives for ever.
#[derive(Debug, PartialEq, Eq)]
pub struct Cipher {
    pub(crate) suite: CipherSuite,
    /// OpenSSL's name.
    pub(crate) name: &'static CStr,
    /// IANA's name.
    pub(crate) standard_name: &'static CStr,
    kx: Kx,
    auth: Auth,
    enc: Enc,
    mac: Mac,
    since: Since,
}

const NID_MD5_SHA1: c_int = 114;
const NID_SHA1: c_int = 64;
const NID_SHA256: c_int = 672;
const NID_SHA384: c_int = 673;

/// wolfSSL's names for suites of TLS 1.3: those of older ones are OpenSSL's.
const WOLF_NAMES: [(&CStr, CipherSuite); 5] = [
    (
        c"TLS13-AES128-GCM-SHA256",
        CipherSuite::TLS_AES_128_GCM_SHA256,
    ),
    (
        c"TLS13-AES256-GCM-SHA384",
        CipherSuite::TLS_AES_256_GCM_SHA384,
    ),
    (
        c"TLS13-CHACHA20-POLY1305-SHA256",
        CipherSuite::TLS_CHACHA20_POLY1305_SHA256,
    ),
    (
        c"TLS13-AES128-CCM-SHA256",
        CipherSuite::TLS_AES_128_CCM_SHA256,
    ),
    (
        c"TLS13-AES128-CCM-8-SHA256",
        CipherSuite::TLS_AES_128_CCM_8_SHA256,
    ),
];

impl Cipher {
    /// The row of a suite.
    pub(crate) fn of(suite: CipherSuite) -> Option<&'static Self> {
        CIPHERS.iter().find(|cipher| cipher.suite == suite)
    }

    /// The row of OpenSSL's or IANA's name.
    pub(crate) fn named(name: &[u8]) -> Option<&'static Self> {
        CIPHERS.iter().find(|cipher| {
            [cipher.name, cipher.standard_name]
                .iter()
                .any(|its| its.to_bytes() == name)
        })
    }

    /// The row of a suite of TLS 1.3, by any of its names.
    pub(crate) fn named_by_wolf(name: &[u8]) -> Option<&'static Self> {
        let by_wolf = || {
            let mut rows = WOLF_NAMES.iter();
            let row = rows.find(|(its, _)| its.to_bytes() == name)?;
            Self::of(row.1)
        };
        Self::named(name)
            .or_else(by_wolf)
            .filter(|cipher| cipher.is_tls13())
    }

    /// wolfSSL's name for a suite of TLS 1.3, OpenSSL's for an older one.
    pub(crate) fn wolf_name(&self) -> &'static CStr {
        let mut rows = WOLF_NAMES.iter();
        let row = rows.find(|(_, suite)| *suite == self.suite);
        row.map_or(self.name, |(name, _)| name)
    }

    pub(crate) fn is_tls13(&self) -> bool {
        self.since == Since::Tls13
    }

    /// Whether a pre-shared key is needed.
    pub(crate) fn uses_psk(&self) -> bool {
        matches!(self.kx, Kx::EcdhePsk | Kx::DhePsk | Kx::RsaPsk | Kx::Psk)
    }

    /// Bits of security, and bits of the key as the algorithm counts them.
    pub(crate) fn bits(&self) -> (c_int, c_int) {
        match self.enc {
            Enc::Aes256Gcm | Enc::ChaCha20 | Enc::Aes256Ccm | Enc::Aes256Ccm8 | Enc::Aes256 => {
                (256, 256)
            }
            Enc::Aes128Gcm | Enc::Aes128Ccm | Enc::Aes128Ccm8 | Enc::Aes128 => (128, 128),
            Enc::TripleDes => (112, 168),
        }
    }

    pub(crate) fn version(&self) -> &'static CStr {
        match self.since {
            Since::Ssl3 => c"SSLv3",
            Since::Tls10 => c"TLSv1.0",
            Since::Tls12 => c"TLSv1.2",
            Since::Tls13 => c"TLSv1.3",
        }
    }

    /// The number by which old programs know it: 3 in the highest octet.
    pub(crate) fn id(&self) -> u32 {
        0x0300_0000 | u32::from(self.suite.0)
    }

    /// `NID_kx_…`
    pub(crate) fn kx_nid(&self) -> c_int {
        match self.kx {
            Kx::Rsa => 1037,
            Kx::Ecdhe => 1038,
            Kx::Dhe => 1039,
            Kx::EcdhePsk => 1040,
            Kx::DhePsk => 1041,
            Kx::RsaPsk => 1042,
            Kx::Psk => 1043,
            Kx::Any => 1063,
        }
    }

    /// `NID_auth_…`
    pub(crate) fn auth_nid(&self) -> c_int {
        match self.auth {
            Auth::Rsa => 1046,
            Auth::Ecdsa => 1047,
            Auth::Psk => 1048,
            Auth::Any => 1064,
        }
    }

    /// The NID of what encrypts.
    pub(crate) fn cipher_nid(&self) -> c_int {
        match self.enc {
            Enc::Aes256Gcm => 901,
            Enc::Aes128Gcm => 895,
            Enc::ChaCha20 => 1018,
            Enc::Aes256Ccm | Enc::Aes256Ccm8 => 902,
            Enc::Aes128Ccm | Enc::Aes128Ccm8 => 896,
            Enc::Aes256 => 427,
            Enc::Aes128 => 419,
            Enc::TripleDes => 44,
        }
    }

    /// The NID of the hash in the MAC; `NID_undef` with an AEAD.
    pub(crate) fn digest_nid(&self) -> c_int {
        match self.mac {
            Mac::Aead => 0,
            Mac::Sha1 => NID_SHA1,
            Mac::Sha256 => NID_SHA256,
            Mac::Sha384 => NID_SHA384,
        }
    }

    pub(crate) fn is_aead(&self) -> bool {
        self.mac == Mac::Aead
    }

    /// The NID of the hash of the handshake. Suites that are older than TLS 1.2 tell the one of TLS 1.0, as in OpenSSL.
    pub(crate) fn handshake_digest_nid(&self) -> c_int {
        let is_ecdhe = matches!(self.kx, Kx::Ecdhe);
        match (self.mac, self.enc) {
            (Mac::Sha384, _) => NID_SHA384,
            (Mac::Aead, Enc::Aes256Gcm) => NID_SHA384,
            (Mac::Aead, _) => NID_SHA256,
            (Mac::Sha256, _) if is_ecdhe => NID_SHA256,
            (Mac::Sha1 | Mac::Sha256, _) => NID_MD5_SHA1,
        }
    }

    /// One line for people.
    pub(crate) fn description(&self) -> String {
        let version = match self.since {
            Since::Tls10 => "TLSv1",
            Since::Ssl3 => "SSLv3",
            Since::Tls12 => "TLSv1.2",
            Since::Tls13 => "TLSv1.3",
        };
        let kx = match self.kx {
            Kx::Any => "any",
            Kx::Ecdhe => "ECDH",
            Kx::Dhe => "DH",
            Kx::Rsa => "RSA",
            Kx::EcdhePsk => "ECDHEPSK",
            Kx::DhePsk => "DHEPSK",
            Kx::RsaPsk => "RSAPSK",
            Kx::Psk => "PSK",
        };
        let auth = match self.auth {
            Auth::Any => "any",
            Auth::Ecdsa => "ECDSA",
            Auth::Rsa => "RSA",
            Auth::Psk => "PSK",
        };
        let enc = match self.enc {
            Enc::Aes256Gcm => "AESGCM(256)",
            Enc::Aes128Gcm => "AESGCM(128)",
            Enc::ChaCha20 => "CHACHA20/POLY1305(256)",
            Enc::Aes256Ccm => "AESCCM(256)",
            Enc::Aes128Ccm => "AESCCM(128)",
            Enc::Aes256Ccm8 => "AESCCM8(256)",
            Enc::Aes128Ccm8 => "AESCCM8(128)",
            Enc::Aes256 => "AES(256)",
            Enc::Aes128 => "AES(128)",
            Enc::TripleDes => "3DES(168)",
        };
        let mac = match self.mac {
            Mac::Aead => "AEAD",
            Mac::Sha1 => "SHA1",
            Mac::Sha256 => "SHA256",
            Mac::Sha384 => "SHA384",
        };
        let name = self.name.to_string_lossy();
        format!("{name:<30} {version:<7} Kx={kx:<8} Au={auth:<5} Enc={enc:<22} Mac={mac:<4}\n")
    }
}
