//! IANA registries as open enumerations: a value is a newtype with named constants, so that unknown
//! values survive a round trip.

mod alert;
mod cipher_suite;
mod cipher_suite_names;
#[cfg(feature = "legacy")]
mod client_certificate_type;
mod extension_type;
#[cfg(feature = "legacy")]
mod legacy_suite;
mod max_fragment_length;
mod named_group;
mod protocol_version;
mod psk_key_exchange_mode;
mod registry;
mod signature_scheme;

pub use alert::AlertDescription;
pub use cipher_suite::CipherSuite;
pub(crate) use cipher_suite::{TLS13_SUITES, Tls13Suite};
#[cfg(feature = "legacy")]
pub use client_certificate_type::ClientCertificateType;
pub use extension_type::ExtensionType;
#[cfg(feature = "legacy")]
pub(crate) use legacy_suite::{KeyExchange, LEGACY_SUITES, LegacyCipher, LegacySuite};
pub use max_fragment_length::MaxFragmentLength;
pub use named_group::NamedGroup;
pub use protocol_version::ProtocolVersion;
pub use psk_key_exchange_mode::PskKeyExchangeMode;
pub use registry::{ContentType, HandshakeType};
pub use signature_scheme::SignatureScheme;
