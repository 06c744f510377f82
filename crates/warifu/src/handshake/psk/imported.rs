//! Imported identities, RFC 9258.

use crate::error::{Error, UsageError};
use crate::message::codec::{MAX_16, Reader, put_u16};
use crate::parameters::ProtocolVersion;
use crate::psk::TargetKdf;

/// ```text
/// struct {
///     opaque external_identity<1...2^16-1>;
///     opaque context<0..2^16-1>;
///     uint16 target_protocol;
///     uint16 target_kdf;
/// } ImportedIdentity;
/// ```
pub(super) fn imported_identity(
    external_identity: &[u8],
    context: &[u8],
    target_kdf: TargetKdf,
) -> Result<Vec<u8>, Error> {
    let too_long =
        |_| UsageError::Config("the context of an imported key exceeds 65,535 bytes".to_owned());
    let mut identity = Vec::with_capacity(8 + external_identity.len() + context.len());
    for field in [external_identity, context] {
        put_u16(&mut identity, u16::try_from(field.len()).map_err(too_long)?);
        identity.extend_from_slice(field);
    }
    put_u16(&mut identity, ProtocolVersion::TLS1_3.0);
    put_u16(&mut identity, target_kdf as u16);
    Ok(identity)
}

/// An ImportedIdentity for TLS 1.3 and a hash that is known here.
pub(super) struct ImportedIdentity<'a> {
    pub(super) external_identity: &'a [u8],
    pub(super) context: &'a [u8],
    pub(super) target_kdf: TargetKdf,
}

impl<'a> ImportedIdentity<'a> {
    pub(super) fn read(identity: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(identity);
        let external_identity = reader.block(2, 1, MAX_16, "").ok()?;
        let context = reader.block(2, 0, MAX_16, "").ok()?;
        let target_protocol = reader.u16("").ok()?;
        let target_kdf = TargetKdf::from_number(reader.u16("").ok()?)?;
        let whole = reader.is_empty() && target_protocol == ProtocolVersion::TLS1_3.0;
        whole.then_some(Self {
            external_identity,
            context,
            target_kdf,
        })
    }
}
