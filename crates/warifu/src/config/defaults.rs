//! Every default, with its reason and the date it was decided.

use core::time::Duration;

use crate::parameters::{CipherSuite, NamedGroup, PskKeyExchangeMode, SignatureScheme};

/// AEADs in order of preference; the reasons stand in `parameters/cipher_suite.rs`. AES-CCM is left out: it exists
/// for constrained peers and is slower everywhere else. (2026-11)
pub const CIPHER_SUITES: [CipherSuite; 3] = [
    CipherSuite::TLS_AES_128_GCM_SHA256,
    CipherSuite::TLS_AES_256_GCM_SHA384,
    CipherSuite::TLS_CHACHA20_POLY1305_SHA256,
];

/// X25519MLKEM768 first, since what is recorded today can be decrypted by a quantum computer later, and
/// browsers have it first since 2024. Classical groups by speed. P-521 is left out: no peer
/// needs it and it is four times slower. The other hybrids only when asked for: their peers are few. (2026-11)
pub const GROUPS: [NamedGroup; 4] = [
    NamedGroup::X25519MLKEM768,
    NamedGroup::X25519,
    NamedGroup::SECP256R1,
    NamedGroup::SECP384R1,
];

/// All schemes that TLS 1.3 allows in CertificateVerify and that are implemented: refusing a strong one only
/// makes connections fail. ECDSA and Ed25519 first: short and fast. ML-DSA last until CAs issue it. (2026-11)
pub const SIGNATURE_SCHEMES: [SignatureScheme; 13] = [
    SignatureScheme::ECDSA_SECP256R1_SHA256,
    SignatureScheme::ED25519,
    SignatureScheme::ECDSA_SECP384R1_SHA384,
    SignatureScheme::ECDSA_SECP521R1_SHA512,
    SignatureScheme::RSA_PSS_RSAE_SHA256,
    SignatureScheme::RSA_PSS_RSAE_SHA384,
    SignatureScheme::RSA_PSS_RSAE_SHA512,
    SignatureScheme::RSA_PSS_PSS_SHA256,
    SignatureScheme::RSA_PSS_PSS_SHA384,
    SignatureScheme::RSA_PSS_PSS_SHA512,
    SignatureScheme::MLDSA44,
    SignatureScheme::MLDSA65,
    SignatureScheme::MLDSA87,
];

/// Beside [`SIGNATURE_SCHEMES`], in TLS 1.2 only: servers with RSA keys that are older than RSASSA-PSS. (2026-11)
pub const LEGACY_SIGNATURE_SCHEMES: [SignatureScheme; 3] = [
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
];

/// Smallest finite-field group in bits that a client takes from a server in TLS 1.2 and older: 1024 bits were broken by
/// precomputation (Logjam). (2026-11)
pub const MIN_DH_BITS: u32 = 2048;

/// The largest record: one message up to this length is one record, and costs least. (2026-11)
pub const RECORD_SIZE: usize = 1 << 14;

/// Off: HTTP/2 forbids it, few use it, and it costs memory. (2026-11)
pub const POST_HANDSHAKE_AUTH: bool = false;

/// On: middleboxes that break a TLS 1.3 handshake without it are still in service. (2026-11)
pub const MIDDLEBOX_COMPATIBILITY: bool = true;

/// Off: a write then means the whole message or nothing, as the rules of records say. (2026-11)
pub const PARTIAL_WRITE: bool = false;

/// With a key exchange only: what is recorded today stays secret when the key is lost. `psk_ke` is for peers that cannot
/// afford the exchange. (2026-11)
pub const PSK_MODES: [PskKeyExchangeMode; 1] = [PskKeyExchangeMode::PSK_DHE_KE];

/// Two: one for the next connection, and one for another beside it, as browsers make them. OpenSSL and rustls issue as
/// many. (2026-11)
pub const TICKET_COUNT: u8 = 2;

/// Half a day: clients that come back do so soon. A ticket key is in memory for as long after the last ticket that it sealed:
/// with a key for half a day, one that is lost opens no ticket older than a day. (2026-11)
pub const TICKET_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);
