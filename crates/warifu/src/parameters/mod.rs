//! IANA registries as open enumerations: a value is a newtype with named constants, so that unknown
//! values survive a round trip.

mod alert;
mod cipher_suite;
mod named_group;
mod protocol_version;
mod registry;
mod signature_scheme;

pub use alert::AlertDescription;
pub use cipher_suite::CipherSuite;
pub use named_group::NamedGroup;
pub use protocol_version::ProtocolVersion;
pub use registry::{ContentType, HandshakeType};
pub use signature_scheme::SignatureScheme;
