//! Groups for key exchange: names, numbers, lists (`SSL_CTX_set1_groups_list`).

use core::ffi::{CStr, c_int};

use warifu::parameters::NamedGroup;

use crate::fault::Fault;
use crate::reason;

/// A group by all its names.
pub(crate) struct Group {
    pub(crate) group: NamedGroup,
    /// As `SSL_group_to_name` tells it.
    pub(crate) name: &'static CStr,
    other_names: &'static [&'static str],
    /// 0: OpenSSL has no NID for it.
    nid: c_int,
    /// Bits of security; 0: this library does not have it, and lists may name it all the same.
    bits: i32,
}

/// `TLSEXT_nid_unknown`: added to the protocol's number of a group that has no NID.
const NO_NID: c_int = 0x100_0000;

const fn group(
    number: u16,
    name: &'static CStr,
    other_names: &'static [&'static str],
    nid: c_int,
    bits: i32,
) -> Group {
    Group {
        group: NamedGroup(number),
        name,
        other_names,
        nid,
        bits,
    }
}

#[rustfmt::skip]
static GROUPS: [Group; 20] = [
    group(0x001d, c"x25519", &[], 1034, 128),
    group(0x0017, c"secp256r1", &["P-256", "prime256v1"], 415, 128),
    group(0x0018, c"secp384r1", &["P-384"], 715, 192),
    group(0x0019, c"secp521r1", &["P-521"], 716, 256),
    group(0x11ec, c"X25519MLKEM768", &[], 0, 192),
    group(0x11eb, c"SecP256r1MLKEM768", &[], 0, 192),
    group(0x11ed, c"SecP384r1MLKEM1024", &[], 0, 256),
    group(0x001e, c"x448", &[], 1035, 0),
    group(0x0100, c"ffdhe2048", &[], 1126, 0),
    group(0x0101, c"ffdhe3072", &[], 1127, 0),
    group(0x0102, c"ffdhe4096", &[], 1128, 0),
    group(0x0103, c"ffdhe6144", &[], 1129, 0),
    group(0x0104, c"ffdhe8192", &[], 1130, 0),
    group(0x0015, c"secp224r1", &["P-224"], 713, 0),
    group(0x0016, c"secp256k1", &[], 714, 0),
    group(0x0013, c"secp192r1", &["P-192", "prime192v1"], 409, 0),
    group(0x001a, c"brainpoolP256r1", &[], 927, 0),
    group(0x001b, c"brainpoolP384r1", &[], 931, 0),
    group(0x001c, c"brainpoolP512r1", &[], 933, 0),
    group(0x0200, c"MLKEM512", &[], 0, 0),
];

impl Group {
    pub(crate) fn of(number: NamedGroup) -> Option<&'static Self> {
        GROUPS.iter().find(|row| row.group == number)
    }

    fn named(name: &str) -> Option<&'static Self> {
        let is = |row: &&Self| {
            row.name.to_bytes().eq_ignore_ascii_case(name.as_bytes())
                || row
                    .other_names
                    .iter()
                    .any(|other| other.eq_ignore_ascii_case(name))
        };
        GROUPS.iter().find(is)
    }

    fn of_nid(nid: c_int) -> Option<&'static Self> {
        let number = nid.checked_sub(NO_NID).map(u16::try_from);
        match number {
            Some(Ok(number)) => Self::of(NamedGroup(number)),
            _ => GROUPS.iter().find(|row| row.nid == nid && nid != 0),
        }
    }
}

/// The NID of a group; for one without, its number and `TLSEXT_nid_unknown`.
pub(crate) fn nid(group: NamedGroup) -> c_int {
    match Group::of(group) {
        Some(row) if row.nid != 0 => row.nid,
        _ => NO_NID | c_int::from(group.0),
    }
}

/// The group of what [`nid`] gives.
pub(crate) fn of_id(id: c_int) -> Option<&'static Group> {
    Group::of_nid(id)
}

/// Those among `groups` that there are here and that give so many bits of security.
pub(crate) fn usable(groups: &[NamedGroup], min_bits: i32) -> Vec<NamedGroup> {
    let is_usable = |group: &NamedGroup| {
        Group::of(*group).is_some_and(|row| row.bits > 0 && row.bits >= min_bits)
    };
    groups.iter().copied().filter(is_usable).collect()
}

/// All groups that there are here, best first.
pub(crate) fn all_usable() -> Vec<NamedGroup> {
    let groups: Vec<NamedGroup> = GROUPS.iter().map(|row| row.group).collect();
    usable(&groups, 0)
}

/// Reads names between colons, best first. `?` before a name says that it need not be known; `*`, a wish for a key share, says
/// nothing here: the first gets one.
///
/// # Errors
/// A name that nobody knows, and a list without a group that there is here.
pub(crate) fn parse_list(text: &str) -> Result<Vec<NamedGroup>, Fault> {
    let mut groups = Vec::new();
    for item in text.split([':', '/']).map(str::trim) {
        let name = item.trim_start_matches(['?', '*']);
        let optional = item.len() != name.len() && item.contains('?');
        match Group::named(name) {
            Some(row) => groups.push(row.group),
            None if optional => {}
            None => return Err(unknown(name)),
        }
    }
    checked(groups, text)
}

/// Takes NIDs, best first.
///
/// # Errors
/// As for [`parse_list`].
pub(crate) fn of_nids(nids: &[c_int]) -> Result<Vec<NamedGroup>, Fault> {
    let group = |nid: &c_int| match Group::of_nid(*nid) {
        Some(row) => Ok(row.group),
        None => Err(unknown(&format!("NID {nid}"))),
    };
    let groups: Result<Vec<_>, _> = nids.iter().map(group).collect();
    checked(groups?, "these")
}

fn unknown(name: &str) -> Fault {
    Fault::ssl(
        reason::SSL_R_BAD_VALUE,
        format!("{name:?} is no group for key exchange"),
    )
}

fn checked(groups: Vec<NamedGroup>, what: &str) -> Result<Vec<NamedGroup>, Fault> {
    if usable(&groups, 0).is_empty() {
        return Err(Fault::ssl(
            reason::SSL_R_BAD_VALUE,
            format!(
                "none of the groups {what:?} is supported: X25519MLKEM768, X25519, P-256, P-384, P-521 and others are"
            ),
        ));
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_their_programs_write_them() {
        for (text, expected) in [
            ("X25519:P-256", &[0x1d, 0x17][..]),
            ("prime256v1:secp384r1", &[0x17, 0x18]),
            ("X448:P-521", &[0x1e, 0x19]),
            ("?x25519mlkem768 : ?frodo:*X25519", &[0x11ec, 0x1d]),
        ] {
            let expected: Vec<NamedGroup> =
                expected.iter().map(|number| NamedGroup(*number)).collect();
            assert_eq!(parse_list(text).unwrap(), expected, "{text}");
        }
        for text in ["", "frodo", "P-256:frodo", "X448:ffdhe2048", "P-256:"] {
            assert!(parse_list(text).is_err(), "{text}");
        }
        assert_eq!(
            usable(&parse_list("X448:P-256:P-384").unwrap(), 192),
            [NamedGroup::SECP384R1]
        );
    }

    #[test]
    fn numbers_go_both_ways() {
        for row in &GROUPS {
            assert_eq!(
                of_nids(&[nid(row.group), 415]).unwrap().first(),
                Some(&row.group)
            );
            assert_eq!(row.bits > 0, !usable(&[row.group], 0).is_empty());
        }
        assert!(of_nids(&[]).is_err());
        assert!(of_nids(&[-1]).is_err());
        assert!(of_nids(&[0]).is_err());
        assert!(of_nids(&[c_int::MIN]).is_err());
        assert_eq!(nid(NamedGroup(0x6a6a)), 0x0100_6a6a);
    }
}
