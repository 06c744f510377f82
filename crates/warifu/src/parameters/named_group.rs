//! Groups for key exchange.

use super::registry::registry;
use warifu_crypto::Group;

registry! {
    /// NamedGroup, RFC 8446 Section 4.2.7, and the hybrids of draft-ietf-tls-ecdhe-mlkem.
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
        SECP256R1MLKEM768 = 0x11eb, "SecP256r1MLKEM768";
        X25519MLKEM768 = 0x11ec, "X25519MLKEM768";
        SECP384R1MLKEM1024 = 0x11ed, "SecP384r1MLKEM1024";
    }
}

/// The groups that can be negotiated, in our order of preference: hybrids first, since what is recorded
/// today can be decrypted by a quantum computer later; X25519 before the NIST curves for speed.
pub(crate) const GROUPS: [(NamedGroup, Group); 7] = [
    (NamedGroup::X25519MLKEM768, Group::X25519MlKem768),
    (NamedGroup::SECP256R1MLKEM768, Group::SecP256r1MlKem768),
    (NamedGroup::SECP384R1MLKEM1024, Group::SecP384r1MlKem1024),
    (NamedGroup::X25519, Group::X25519),
    (NamedGroup::SECP256R1, Group::P256),
    (NamedGroup::SECP384R1, Group::P384),
    (NamedGroup::SECP521R1, Group::P521),
];

impl NamedGroup {
    /// The group's implementation, if there is one.
    pub(crate) fn implementation(self) -> Option<Group> {
        GROUPS
            .into_iter()
            .find_map(|(name, group)| (name == self).then_some(group))
    }
}
