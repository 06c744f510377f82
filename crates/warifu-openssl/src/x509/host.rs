//! Whether a certificate is for a host, an address, a mailbox (`X509_check_host` and its kin).
//!
//! RFC 6125 as OpenSSL applies it: subjectAltName decides; only where it has no name of the kind in question, the subject's
//! commonName is looked at, unless the flags forbid it.

use core::ffi::{c_int, c_uint};
use core::net::IpAddr;

use warifu::certificate::der::{Der, tag};
use warifu::certificate::view::CertificateView;

use super::{NID_SUBJECT_ALT_NAME, X509};

/// `X509_CHECK_FLAG_…`
const ALWAYS_CHECK_SUBJECT: c_uint = 0x1;
const NO_WILDCARDS: c_uint = 0x2;
const NO_PARTIAL_WILDCARDS: c_uint = 0x4;
const MULTI_LABEL_WILDCARDS: c_uint = 0x8;
const SINGLE_LABEL_SUBDOMAINS: c_uint = 0x10;
const NEVER_CHECK_SUBJECT: c_uint = 0x20;

const NID_COMMON_NAME: c_int = 13;
const NID_EMAIL_ADDRESS: c_int = 48;

/// The content of subjectAltName's OBJECT IDENTIFIER, RFC 5280 Section 4.2.1.6.
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

const RFC822_NAME: u8 = tag::context_primitive(1);
const DNS_NAME: u8 = tag::context_primitive(2);
const IP_ADDRESS: u8 = tag::context_primitive(7);

/// The certificate's name that matches this DNS name; with a dot in front, any name below it.
pub(crate) fn matching_host(certificate: &X509, wanted: &[u8], flags: c_uint) -> Option<String> {
    matching(certificate, DNS_NAME, NID_COMMON_NAME, flags, |presented| {
        is_host(presented, wanted, flags)
    })
}

/// The same, of a certificate that was not read, and where subjectAltName alone decides. `None`: it may match all the same.
pub(crate) fn matching_alternative<'a>(
    der: &'a [u8],
    wanted: &[u8],
    flags: c_uint,
) -> Option<&'a [u8]> {
    if flags & ALWAYS_CHECK_SUBJECT != 0 {
        return None;
    }
    let mut extensions = CertificateView::parse(der).ok()?.extensions();
    let names = extensions.find(|extension| extension.oid == SUBJECT_ALT_NAME)?;
    Der::only_sequence(names.value)?
        .filter(|name| name.tag == DNS_NAME && is_whole(name.value))
        .map(|name| name.value)
        .find(|presented| is_host(presented, wanted, flags))
}

/// The certificate's address that is this mailbox: letter case counts before the @ only.
pub(crate) fn matching_email(certificate: &X509, wanted: &[u8], flags: c_uint) -> Option<String> {
    matching(
        certificate,
        RFC822_NAME,
        NID_EMAIL_ADDRESS,
        flags,
        |presented| {
            let at = wanted.iter().rposition(|byte| *byte == b'@').unwrap_or(0);
            match (presented.split_at_checked(at), wanted.split_at_checked(at)) {
                (Some((local, domain)), Some((wanted_local, wanted_domain))) => {
                    local == wanted_local && domain.eq_ignore_ascii_case(wanted_domain)
                }
                _ => false,
            }
        },
    )
}

/// The mailboxes of the subject, then of subjectAltName; those with a NUL inside left out.
pub(crate) fn mailboxes(certificate: &X509) -> Vec<Vec<u8>> {
    let entries = certificate.subject().with_nid(NID_EMAIL_ADDRESS);
    let mut all: Vec<Vec<u8>> = entries
        .map(|(_, entry)| entry.value().bytes().to_vec())
        .collect();
    for name in alternative_names(certificate, RFC822_NAME) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all.retain(|name| !name.contains(&0));
    all
}

/// Whether subjectAltName has this address.
pub(crate) fn has_address(certificate: &X509, address: &[u8]) -> bool {
    !address.is_empty()
        && alternative_names(certificate, IP_ADDRESS)
            .iter()
            .any(|name| name == address)
}

/// What it is for, as far as hosts go: the names of subjectAltName, or without any those of the subject; addresses.
pub(crate) fn hosts(certificate: &X509) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let mut names = alternative_names(certificate, DNS_NAME);
    if names.is_empty() {
        let entries = certificate.subject().with_nid(NID_COMMON_NAME);
        names = entries
            .map(|(_, entry)| entry.value().bytes().to_vec())
            .collect();
    }
    (names, alternative_names(certificate, IP_ADDRESS))
}

/// 4 or 16 bytes of an address in text.
pub(crate) fn address_bytes(text: &str) -> Option<Vec<u8>> {
    Some(match text.parse().ok()? {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    })
}

fn matching(
    certificate: &X509,
    kind: u8,
    attribute: c_int,
    flags: c_uint,
    is_match: impl Fn(&[u8]) -> bool,
) -> Option<String> {
    let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let is_match = |name: &&[u8]| is_whole(name) && is_match(name);
    let names = alternative_names(certificate, kind);
    if let Some(name) = names.iter().map(Vec::as_slice).find(is_match) {
        return Some(text(name));
    }
    let subject_counts =
        flags & NEVER_CHECK_SUBJECT == 0 && (names.is_empty() || flags & ALWAYS_CHECK_SUBJECT != 0);
    if !subject_counts {
        return None;
    }
    certificate
        .subject()
        .with_nid(attribute)
        .filter_map(|(_, entry)| entry.value().text())
        .find(|name| is_match(&name.as_bytes()))
}

/// Entries of this kind in subjectAltName.
fn alternative_names(certificate: &X509, kind: u8) -> Vec<Vec<u8>> {
    let Some((value, _)) = certificate.extension(NID_SUBJECT_ALT_NAME) else {
        return Vec::new();
    };
    let names = Der::only_sequence(&value).into_iter().flatten();
    names
        .filter(|name| name.tag == kind)
        .map(|name| name.value.to_vec())
        .collect()
}

/// Whoever registers "bank.example\0.evil.example" must not pass for the bank.
fn is_whole(name: &[u8]) -> bool {
    !name.contains(&0)
}

fn is_host(presented: &[u8], wanted: &[u8], flags: c_uint) -> bool {
    if flags & NO_WILDCARDS != 0 {
        same_host(presented, wanted, flags)
    } else {
        host_matches(presented, wanted, flags)
    }
}

/// The same name, letter case apart. A wanted name with a dot in front stands for all names below it.
fn same_host(presented: &[u8], wanted: &[u8], flags: c_uint) -> bool {
    let mut presented = presented;
    if is_domain(wanted) && presented.len() > wanted.len() {
        let (sub, rest) = presented.split_at(presented.len() - wanted.len());
        if flags & SINGLE_LABEL_SUBDOMAINS == 0 || !sub.contains(&b'.') {
            presented = rest;
        }
    }
    presented.eq_ignore_ascii_case(wanted)
}

fn is_domain(wanted: &[u8]) -> bool {
    matches!(wanted, [b'.', _, ..])
}

fn host_matches(presented: &[u8], wanted: &[u8], flags: c_uint) -> bool {
    let wildcard = if is_domain(wanted) {
        None
    } else {
        wildcard(presented, flags)
    };
    let Some((prefix, suffix)) = wildcard else {
        return same_host(presented, wanted, flags);
    };
    let Some(middle_and_suffix) = strip_prefix_ignore_case(wanted, prefix) else {
        return false;
    };
    let Some(middle_len) = middle_and_suffix.len().checked_sub(suffix.len()) else {
        return false;
    };
    let (middle, end) = middle_and_suffix.split_at(middle_len);
    if !end.eq_ignore_ascii_case(suffix) {
        return false;
    }
    let whole_label = prefix.is_empty() && suffix.first() == Some(&b'.');
    if whole_label && middle.is_empty() {
        return false;
    }
    // RFC 6125 Section 6.4.3: a part of a wildcard label says nothing about an encoded one.
    if !whole_label && is_encoded(wanted) {
        return false;
    }
    let many = whole_label && flags & MULTI_LABEL_WILDCARDS != 0;
    middle == b"*"
        || middle
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-' || (many && *byte == b'.'))
}

/// What stands before and after the star of a name that may be matched by one: the star is in the first of three labels or
/// more, at that label's beginning or end.
fn wildcard(presented: &[u8], flags: c_uint) -> Option<(&[u8], &[u8])> {
    let star = presented.iter().position(|byte| *byte == b'*')?;
    let (prefix, from_star) = presented.split_at(star);
    let (_, suffix) = from_star.split_first()?;
    let mut labels = presented.split(|byte| *byte == b'.');
    let first = labels.next()?;
    let starts = star == 0;
    let ends = star + 1 == first.len();
    let partial_allowed = flags & NO_PARTIAL_WILDCARDS == 0;
    let well_placed = star < first.len()
        && (starts || ends)
        && (partial_allowed || (starts && ends))
        && !is_encoded(first);
    let mut count = 1;
    let well_formed = |label: &[u8]| {
        !label.is_empty()
            && !label.starts_with(b"-")
            && !label.ends_with(b"-")
            && label
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    for label in labels {
        if !well_formed(label) {
            return None;
        }
        count += 1;
    }
    let in_label = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-' || *byte == b'*';
    let one_star = first.iter().filter(|byte| **byte == b'*').count() == 1;
    let first_is_well_formed = one_star
        && first.iter().all(in_label)
        && !first.starts_with(b"-")
        && !first.ends_with(b"-");
    (well_placed && first_is_well_formed && count >= 3).then_some((prefix, suffix))
}

/// An internationalised label in its ASCII form.
fn is_encoded(label: &[u8]) -> bool {
    strip_prefix_ignore_case(label, b"xn--").is_some()
}

fn strip_prefix_ignore_case<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_one_label() {
        for (presented, wanted, flags, expected) in [
            ("*.example.org", "www.example.org", 0, true),
            ("*.EXAMPLE.org", "WWW.example.ORG", 0, true),
            ("*.example.org", "a.b.example.org", 0, false),
            (
                "*.example.org",
                "a.b.example.org",
                MULTI_LABEL_WILDCARDS,
                true,
            ),
            ("*.example.org", ".example.org", 0, true), // the names below example.org
            ("*.example.org", "example.org", 0, false),
            ("*.org", "example.org", 0, false),
            ("*", "example", 0, false),
            ("w*.example.org", "www.example.org", 0, true),
            ("*w.example.org", "www.example.org", 0, true),
            ("w*w.example.org", "www.example.org", 0, false),
            (
                "w*.example.org",
                "www.example.org",
                NO_PARTIAL_WILDCARDS,
                false,
            ),
            ("www.*.org", "www.example.org", 0, false),
            ("*.*.org", "www.example.org", 0, false),
            ("**.example.org", "www.example.org", 0, false),
            ("xn--*.example.org", "xn--abc.example.org", 0, false),
            ("x*.example.org", "xn--abc.example.org", 0, false),
            ("*.example.org", "xn--abc.example.org", 0, true),
            ("*.example.org", "*.example.org", 0, true),
            ("*.example.org", "a_b.example.org", 0, false),
            ("*.-x.org", "a.-x.org", 0, false),
            ("*.example.org.", "a.example.org.", 0, false),
            ("www.example.org", ".example.org", 0, true),
            ("a.b.example.org", ".example.org", 0, true),
            (
                "a.b.example.org",
                ".example.org",
                SINGLE_LABEL_SUBDOMAINS,
                false,
            ),
            ("example.org", ".example.org", 0, false),
        ] {
            let found = host_matches(presented.as_bytes(), wanted.as_bytes(), flags);
            assert_eq!(found, expected, "{presented} {wanted} {flags}");
        }
    }
}
