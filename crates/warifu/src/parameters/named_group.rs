//! Groups for key exchange.

use super::registry::registry;
use warifu_crypto::Group;

registry! {
    /// NamedGroup, RFC 8446 Section 4.2.7, the hybrids of draft-ietf-tls-ecdhe-mlkem, and ML-KEM alone from
    /// draft-ietf-tls-mlkem.
    pub struct NamedGroup(u16) {
        SECP256R1 = 0x0017, "secp256r1";
        SECP384R1 = 0x0018, "secp384r1";
        SECP521R1 = 0x0019, "secp521r1";
        X25519 = 0x001d, "x25519";
        X448 = 0x001e, "x448";
        FFDHE2048 = 0x0100, "ffdhe2048";
        FFDHE3072 = 0x0101, "ffdhe3072";
        FFDHE4096 = 0x0102, "ffdhe4096";
        FFDHE6144 = 0x0103, "ffdhe6144";
        FFDHE8192 = 0x0104, "ffdhe8192";
        MLKEM768 = 0x0201, "MLKEM768";
        MLKEM1024 = 0x0202, "MLKEM1024";
        SECP256R1MLKEM768 = 0x11eb, "SecP256r1MLKEM768";
        X25519MLKEM768 = 0x11ec, "X25519MLKEM768";
        SECP384R1MLKEM1024 = 0x11ed, "SecP384r1MLKEM1024";
    }
}

/// The groups that can be negotiated, in our order of preference: hybrids first, since what is recorded
/// today can be decrypted by a quantum computer later; X25519 before the NIST curves for speed. ML-KEM alone last: it is for those
/// who are told to use it so, and has nothing beside it should it be broken.
pub(crate) const GROUPS: [(NamedGroup, Group); 9] = [
    (NamedGroup::X25519MLKEM768, Group::X25519MlKem768),
    (NamedGroup::SECP256R1MLKEM768, Group::SecP256r1MlKem768),
    (NamedGroup::SECP384R1MLKEM1024, Group::SecP384r1MlKem1024),
    (NamedGroup::X25519, Group::X25519),
    (NamedGroup::SECP256R1, Group::P256),
    (NamedGroup::SECP384R1, Group::P384),
    (NamedGroup::SECP521R1, Group::P521),
    (NamedGroup::MLKEM768, Group::MlKem768),
    (NamedGroup::MLKEM1024, Group::MlKem1024),
];

/// RFC 7919 Appendix A, with their bits.
#[cfg(feature = "legacy")]
const FFDHE: [(NamedGroup, u32); 5] = [
    (NamedGroup::FFDHE2048, 2048),
    (NamedGroup::FFDHE3072, 3072),
    (NamedGroup::FFDHE4096, 4096),
    (NamedGroup::FFDHE6144, 6144),
    (NamedGroup::FFDHE8192, 8192),
];

impl NamedGroup {
    /// Whether it is a curve alone, as versions before TLS 1.3 have them, and implemented.
    #[cfg(feature = "legacy")]
    pub(crate) fn is_curve(self) -> bool {
        matches!(
            self,
            Self::X25519 | Self::SECP256R1 | Self::SECP384R1 | Self::SECP521R1
        )
    }

    /// The name of an implementation.
    #[cfg(feature = "legacy")]
    pub(crate) fn of(implementation: Group) -> Self {
        let found = GROUPS
            .into_iter()
            .find(|(_, group)| *group == implementation);
        found.map_or(Self(0), |(name, _)| name)
    }

    /// The bits of a group of RFC 7919.
    #[cfg(feature = "legacy")]
    pub(crate) fn ffdhe_bits(self) -> Option<u32> {
        FFDHE
            .into_iter()
            .find_map(|(group, bits)| (group == self).then_some(bits))
    }

    /// The group of RFC 7919 with so many bits.
    #[cfg(feature = "legacy")]
    pub(crate) fn of_ffdhe(bits: u32) -> Option<Self> {
        FFDHE
            .into_iter()
            .find_map(|(group, its)| (its == bits).then_some(group))
    }

    /// The group's implementation, if there is one.
    pub(crate) fn implementation(self) -> Option<Group> {
        GROUPS
            .into_iter()
            .find_map(|(name, group)| (name == self).then_some(group))
    }
}
