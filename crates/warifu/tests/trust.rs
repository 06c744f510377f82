//! What is believed and what is refused, one test per defect, each with its error and its alert.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod pki;

use std::time::Duration;

use pki::{Ca, Directory, NOW};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CidrSubnet,
    CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyIdMethod, KeyPair,
    KeyUsagePurpose, NameConstraints, RevokedCertParams, SerialNumber, date_time_ymd,
};
use warifu::CertificateError;
use warifu::certificate::{CertificateFacts, certificates_from_file};
use warifu::decision::{KeyUse, PeerRole, PresentedChain, VerifyPeer};
use warifu::error::UnixSeconds;
use warifu::parameters::AlertDescription;
use warifu::pki_types::{CertificateDer, ServerName, UnixTime};
use warifu::trust::{Trust, TrustBuilder, TrustError, VerifiedPath};

fn server_at(
    trust: &Trust,
    chain: &[CertificateDer<'static>],
    name: &str,
    now: u64,
) -> Result<(), CertificateError> {
    let name = ServerName::try_from(name).unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    trust.check(&PresentedChain::new(chain, PeerRole::Server(&name), now))
}

fn server(
    trust: &Trust,
    chain: &[CertificateDer<'static>],
    name: &str,
) -> Result<(), CertificateError> {
    server_at(trust, chain, name, NOW)
}

fn client(trust: &Trust, chain: &[CertificateDer<'static>]) -> Result<(), CertificateError> {
    let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW));
    trust.check(&PresentedChain::new(chain, PeerRole::Client, now))
}

fn trusting(ca: &Ca) -> TrustBuilder {
    Trust::builder().with_ca_bytes(&ca.certificate)
}

/// The error and its alert.
#[track_caller]
fn refused(result: Result<(), CertificateError>, error: CertificateError, alert: AlertDescription) {
    assert_eq!(result, Err(error.clone()));
    assert_eq!(error.alert(), alert, "{error}");
}

fn constraint(constraint: &str) -> CertificateError {
    CertificateError::ConstraintViolated {
        constraint: constraint.to_owned(),
    }
}

fn usage(usage: &str) -> CertificateError {
    CertificateError::WrongUsage {
        usage: usage.to_owned(),
    }
}

fn mismatch(wanted: &str, presented: &str) -> CertificateError {
    CertificateError::NameMismatch {
        wanted: wanted.to_owned(),
        presented: presented.to_owned(),
    }
}

// ---- what is believed ----

#[test]
fn leaf_of_a_trusted_ca_is_believed_for_both_roles() {
    let ca = Ca::root("root");
    let trust = trusting(&ca).build().unwrap();
    let chain = [ca.leaf()];
    assert_eq!(server(&trust, &chain, "host.example"), Ok(()));
    assert_eq!(server(&trust, &chain, "HOST.example"), Ok(()));
    assert_eq!(client(&trust, &chain), Ok(()));
    // Once more: the signature comes from memory.
    assert_eq!(server(&trust, &chain, "host.example"), Ok(()));
}

#[test]
fn intermediates_are_used_in_any_order_and_strangers_among_them_ignored() {
    let root = Ca::root("root");
    let (one, stranger) = (root.intermediate("one"), Ca::root("stranger"));
    let two = one.intermediate("two");
    let trust = trusting(&root).build().unwrap();
    let [one_der, two_der] = [one.certificate.clone(), two.certificate.clone()];
    let stranger = stranger.certificate;
    let leaf = two.leaf();
    let chain = [
        leaf.clone(),
        one_der.clone(),
        stranger.clone(),
        two_der.clone(),
    ];
    assert_eq!(server(&trust, &chain, "host.example"), Ok(()));
    let chain = [leaf, two_der, one_der, root.certificate];
    assert_eq!(server(&trust, &chain, "host.example"), Ok(()));
}

#[test]
fn verified_path_has_the_certificates_that_are_needed_and_no_others() {
    let root = Ca::root("root");
    // Of the same name, with another key: nothing but a signature tells them apart.
    let namesake = Ca::root("root").intermediate("one");
    let one = root.intermediate("one");
    let two = one.intermediate("two");
    let leaf = two.leaf();
    let chain = [
        leaf.clone(),
        namesake.certificate.clone(),
        one.certificate.clone(),
        Ca::root("stranger").certificate,
        two.certificate.clone(),
        root.certificate.clone(),
    ];
    let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW));
    let presented = PresentedChain::new(&chain, PeerRole::Client, now);
    let trust = trusting(&root).build().unwrap();
    let path = trust.verified_path(&presented).unwrap();
    assert_eq!(path.intermediates, [two.certificate, one.certificate]);
    let anchor = path.anchor.unwrap();
    let facts = CertificateFacts::from_der(&root.certificate).unwrap();
    assert_eq!(facts.subject, "CN=root");
    let holds = |part: &[u8]| {
        root.certificate
            .windows(part.len())
            .any(|bytes| bytes == part)
    };
    assert!(holds(&anchor.subject) && holds(&anchor.subject_public_key_info));

    let pinned = Trust::builder().with_pinned_bytes(&leaf).build().unwrap();
    let path = pinned.verified_path(&presented).unwrap();
    assert_eq!(path, VerifiedPath::default());

    let other = trusting(&Ca::root("other")).build().unwrap();
    assert_eq!(
        other.verified_path(&presented).unwrap_err(),
        other.check(&presented).unwrap_err()
    );
}

#[test]
fn self_signed_is_what_its_own_key_signed() {
    let root = Ca::root("root");
    let trust = trusting(&Ca::root("other")).build().unwrap();
    assert!(trust.is_self_signed(&root.certificate));
    assert!(!trust.is_self_signed(&root.leaf()));
    // Self-issued, as a new key of the same CA may be.
    assert!(!trust.is_self_signed(&root.intermediate("root").certificate));
    let mut changed = root.certificate.to_vec();
    *changed.last_mut().unwrap() ^= 1;
    assert!(!trust.is_self_signed(&changed.into()));
    assert!(!trust.is_self_signed(&CertificateDer::from(vec![0x30])));
}

#[test]
fn validity_includes_its_first_and_last_second() {
    let ca = Ca::root("root");
    let trust = trusting(&ca).build().unwrap();
    let chain = [ca.leaf()];
    // 2026-03-01 and 2026-09-01, 00:00:00 UTC.
    let (first, last) = (1_772_323_200, 1_788_220_800);
    assert_eq!(server_at(&trust, &chain, "host.example", first), Ok(()));
    assert_eq!(server_at(&trust, &chain, "host.example", last), Ok(()));
    refused(
        server_at(&trust, &chain, "host.example", first - 1),
        CertificateError::NotYetValid {
            not_before: UnixSeconds(first),
            now: UnixSeconds(first - 1),
        },
        AlertDescription::CERTIFICATE_EXPIRED,
    );
    refused(
        server_at(&trust, &chain, "host.example", last + 1),
        CertificateError::Expired {
            not_after: UnixSeconds(last),
            now: UnixSeconds(last + 1),
        },
        AlertDescription::CERTIFICATE_EXPIRED,
    );
}

#[test]
fn expired_intermediate_is_refused() {
    let root = Ca::root("root");
    let one = root.intermediate_with("one", |params| params.not_after = date_time_ymd(2026, 5, 1));
    let trust = trusting(&root).build().unwrap();
    let chain = [one.leaf(), one.certificate.clone()];
    refused(
        server(&trust, &chain, "host.example"),
        CertificateError::Expired {
            not_after: UnixSeconds(1_777_593_600),
            now: UnixSeconds(NOW),
        },
        AlertDescription::CERTIFICATE_EXPIRED,
    );
}

#[test]
fn ip_addresses_match_ip_entries_only() {
    let ca = Ca::root("root");
    let trust = trusting(&ca).build().unwrap();
    let (leaf, _) = ca.leaf_and_key(&["127.0.0.1", "::1", "host.example"], |_| {});
    let chain = [leaf];
    assert_eq!(server(&trust, &chain, "127.0.0.1"), Ok(()));
    assert_eq!(server(&trust, &chain, "::1"), Ok(()));
    refused(
        server(&trust, &chain, "127.0.0.2"),
        mismatch("127.0.0.2", "127.0.0.1, ::1, host.example"),
        AlertDescription::BAD_CERTIFICATE,
    );
    // A dNSName that spells an address is no iPAddress.
    let mut params = pki::leaf_params(&[]);
    params.subject_alt_names = vec![rcgen::SanType::DnsName("127.0.0.1".try_into().unwrap())];
    let leaf = params
        .signed_by(&KeyPair::generate().unwrap(), &ca.issuer)
        .unwrap()
        .der()
        .clone();
    refused(
        server(&trust, &[leaf], "127.0.0.1"),
        mismatch("127.0.0.1", "127.0.0.1"),
        AlertDescription::BAD_CERTIFICATE,
    );
}

#[test]
fn wildcards_match_one_whole_left_most_label() {
    let ca = Ca::root("root");
    let trust = trusting(&ca).build().unwrap();
    let (leaf, _) = ca.leaf_and_key(&["*.host.example"], |_| {});
    let chain = [leaf];
    assert_eq!(server(&trust, &chain, "a.host.example"), Ok(()));
    assert_eq!(server(&trust, &chain, "A.HOST.EXAMPLE"), Ok(()));
    for other in [
        "host.example",
        "b.a.host.example",
        "a.example",
        "ahost.example",
    ] {
        refused(
            server(&trust, &chain, other),
            mismatch(other, "*.host.example"),
            AlertDescription::BAD_CERTIFICATE,
        );
    }
    // RFC 9525 Section 6.3: partial wildcards and those elsewhere match nothing.
    for bad in ["a*.host.example", "a.*.example", "*"] {
        let mut params = pki::leaf_params(&[]);
        params.subject_alt_names = vec![rcgen::SanType::DnsName(bad.try_into().unwrap())];
        let leaf = params
            .signed_by(&KeyPair::generate().unwrap(), &ca.issuer)
            .unwrap()
            .der()
            .clone();
        for name in ["ab.host.example", "a.b.example", "localhost"] {
            let result = server(&trust, std::slice::from_ref(&leaf), name);
            assert_eq!(result, Err(mismatch(name, bad)), "{bad} {name}");
        }
    }
}

// ---- names ----

#[test]
fn wrong_name_is_refused_with_both_names() {
    let ca = Ca::root("root");
    let trust = trusting(&ca).build().unwrap();
    let (leaf, _) = ca.leaf_and_key(&["host.example", "*.example.org"], |_| {});
    refused(
        server(&trust, &[leaf], "other.example"),
        mismatch("other.example", "host.example, *.example.org"),
        AlertDescription::BAD_CERTIFICATE,
    );
}

#[test]
fn many_presented_names_are_cut_short() {
    let ca = Ca::root("root");
    let trust = trusting(&ca).build().unwrap();
    let names: Vec<String> = (0..20).map(|n| format!("h{n}.example")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (leaf, _) = ca.leaf_and_key(&names, |_| {});
    let expected = format!("{} and 12 more", names[..8].join(", "));
    assert_eq!(
        server(&trust, &[leaf], "other.example"),
        Err(mismatch("other.example", &expected))
    );
}

#[test]
fn common_name_alone_is_no_name() {
    let ca = Ca::root("root");
    let trust = trusting(&ca).build().unwrap();
    let (leaf, _) = ca.leaf_and_key(&[], |params| {
        params.distinguished_name.remove(rcgen::DnType::CommonName);
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, "host.example");
    });
    refused(
        server(&trust, &[leaf], "host.example"),
        mismatch(
            "host.example",
            "no name at all (it has no subjectAltName; its subject, CN=host.example, does not count; allow it by \
             Leniency::CommonName if you must)",
        ),
        AlertDescription::BAD_CERTIFICATE,
    );
}

// ---- issuers ----

#[test]
fn empty_chain_is_refused_by_role() {
    let trust = trusting(&Ca::root("root")).build().unwrap();
    refused(
        server(&trust, &[], "host.example"),
        CertificateError::Empty,
        AlertDescription::DECODE_ERROR,
    );
    refused(
        client(&trust, &[]),
        CertificateError::Required,
        AlertDescription::CERTIFICATE_REQUIRED,
    );
}

#[test]
fn leaf_of_another_ca_is_refused_with_the_name_of_its_issuer() {
    let trust = trusting(&Ca::root("root")).build().unwrap();
    refused(
        server(&trust, &[Ca::root("other").leaf()], "host.example"),
        CertificateError::UnknownIssuer {
            issuer: "CN=other".to_owned(),
            sent: 1,
        },
        AlertDescription::UNKNOWN_CA,
    );
}

#[test]
fn missing_intermediate_is_named() {
    let root = Ca::root("root");
    let one = root.intermediate("one");
    let two = one.intermediate("two");
    let trust = trusting(&root).build().unwrap();
    let leaf = two.leaf();
    refused(
        server(&trust, std::slice::from_ref(&leaf), "host.example"),
        CertificateError::UnknownIssuer {
            issuer: "CN=two".to_owned(),
            sent: 1,
        },
        AlertDescription::UNKNOWN_CA,
    );
    refused(
        server(&trust, &[leaf, two.certificate.clone()], "host.example"),
        CertificateError::UnknownIssuer {
            issuer: "CN=one".to_owned(),
            sent: 2,
        },
        AlertDescription::UNKNOWN_CA,
    );
}

#[test]
fn chain_to_an_untrusted_root_is_refused_with_the_roots_name() {
    let trust = trusting(&Ca::root("root")).build().unwrap();
    let other = Ca::root("other");
    let one = other.intermediate("one");
    let chain = [
        one.leaf(),
        one.certificate.clone(),
        other.certificate.clone(),
    ];
    refused(
        server(&trust, &chain, "host.example"),
        CertificateError::UnknownIssuer {
            issuer: "CN=other".to_owned(),
            sent: 3,
        },
        AlertDescription::UNKNOWN_CA,
    );
}

#[test]
fn self_signed_leaf_is_refused() {
    let trust = trusting(&Ca::root("root")).build().unwrap();
    let params = pki::leaf_params(&["host.example"]);
    let leaf = params
        .self_signed(&KeyPair::generate().unwrap())
        .unwrap()
        .der()
        .clone();
    refused(
        server(&trust, &[leaf], "host.example"),
        CertificateError::SelfSigned {
            subject: "CN=leaf".to_owned(),
        },
        AlertDescription::UNKNOWN_CA,
    );
}

#[test]
fn ca_made_anew_under_its_old_name_shows_as_bad_signature() {
    let trust = trusting(&Ca::root("root")).build().unwrap();
    refused(
        server(&trust, &[Ca::root("root").leaf()], "host.example"),
        CertificateError::BadChainSignature {
            issuer: "CN=root".to_owned(),
        },
        AlertDescription::BAD_CERTIFICATE,
    );
}

#[test]
fn changed_byte_in_leaf_or_intermediate_shows_as_bad_signature() {
    let root = Ca::root("root");
    let one = root.intermediate("one");
    let trust = trusting(&root).build().unwrap();
    let (leaf, intermediate) = (one.leaf(), one.certificate.clone());
    let good = [leaf.clone(), intermediate.clone()];
    assert_eq!(server(&trust, &good, "host.example"), Ok(()));
    // The serial number, which is 7, becomes 8.
    let mut changed = leaf.to_vec();
    let at = changed.windows(3).position(|w| w == [2, 1, 7]).unwrap();
    changed[at + 2] = 8;
    refused(
        server(
            &trust,
            &[changed.into(), intermediate.clone()],
            "host.example",
        ),
        CertificateError::BadChainSignature {
            issuer: "CN=one".to_owned(),
        },
        AlertDescription::BAD_CERTIFICATE,
    );
    // 2027 becomes 2028 in the intermediate's notAfter.
    let mut changed = intermediate.to_vec();
    let at = changed.windows(6).position(|w| w == b"270101").unwrap();
    changed[at + 1] = b'8';
    refused(
        server(&trust, &[leaf, changed.into()], "host.example"),
        CertificateError::BadChainSignature {
            issuer: "CN=root".to_owned(),
        },
        AlertDescription::BAD_CERTIFICATE,
    );
}

#[test]
fn leaf_that_signs_is_no_ca() {
    let root = Ca::root("root");
    let not_ca = root.intermediate_with("not-ca", |params| params.is_ca = IsCa::ExplicitNoCa);
    let no_sign = root.intermediate_with("no-sign", |params| {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    });
    let trust = trusting(&root).build().unwrap();
    for false_ca in [not_ca, no_sign] {
        refused(
            server(
                &trust,
                &[false_ca.leaf(), false_ca.certificate.clone()],
                "host.example",
            ),
            constraint(
                "a certificate that is not a CA's (basicConstraints, key usage) signed another one",
            ),
            AlertDescription::BAD_CERTIFICATE,
        );
    }
}

#[test]
fn certificate_that_is_no_ca_is_trusted_as_itself_only() {
    type Change = fn(&mut CertificateParams);
    let no_cas: [Change; 3] = [
        |params| params.is_ca = IsCa::ExplicitNoCa,
        |params| params.is_ca = IsCa::NoCa,
        |params| params.key_usages = vec![KeyUsagePurpose::DigitalSignature],
    ];
    for change in no_cas {
        let own = Ca::root_with("own", |params| {
            params.subject_alt_names =
                vec![rcgen::SanType::DnsName("own.example".try_into().unwrap())];
            params.key_usages.push(KeyUsagePurpose::DigitalSignature);
            change(params);
        });
        let trust = trusting(&own).build().unwrap();
        assert_eq!(
            server(
                &trust,
                std::slice::from_ref(&own.certificate),
                "own.example"
            ),
            Ok(())
        );
        refused(
            server(&trust, &[own.leaf()], "host.example"),
            CertificateError::UnknownIssuer {
                issuer: "CN=own".to_owned(),
                sent: 1,
            },
            AlertDescription::UNKNOWN_CA,
        );
        let sent_too = [own.leaf(), own.certificate.clone()];
        assert!(server(&trust, &sent_too, "host.example").is_err());
    }
}

#[test]
fn path_length_of_the_trusted_ca_is_kept() {
    let root = Ca::root_with("root", |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    });
    let one = root.intermediate("one");
    let trust = trusting(&root).build().unwrap();
    assert_eq!(server(&trust, &[root.leaf()], "host.example"), Ok(()));
    refused(
        server(
            &trust,
            &[one.leaf(), one.certificate.clone()],
            "host.example",
        ),
        constraint("path length: more intermediate CAs than one of them allows"),
        AlertDescription::BAD_CERTIFICATE,
    );
    let root = Ca::root_with("root", |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
    });
    let one = root.intermediate("one");
    let trust = trusting(&root).build().unwrap();
    assert_eq!(
        server(
            &trust,
            &[one.leaf(), one.certificate.clone()],
            "host.example"
        ),
        Ok(())
    );
}

#[test]
fn path_length_is_kept() {
    let root = Ca::root("root");
    let one = root.intermediate_with("one", |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    });
    let two = one.intermediate("two");
    let trust = trusting(&root).build().unwrap();
    assert_eq!(
        server(
            &trust,
            &[one.leaf(), one.certificate.clone()],
            "host.example"
        ),
        Ok(())
    );
    let chain = [two.leaf(), two.certificate.clone(), one.certificate.clone()];
    refused(
        server(&trust, &chain, "host.example"),
        constraint("path length: more intermediate CAs than one of them allows"),
        AlertDescription::BAD_CERTIFICATE,
    );
}

#[test]
fn endless_chain_is_refused() {
    let root = Ca::root("root");
    let mut cas = vec![root.intermediate("0")];
    for n in 1..8 {
        let next = cas.last().unwrap().intermediate(&n.to_string());
        cas.push(next);
    }
    let trust = trusting(&root).build().unwrap();
    let mut chain = vec![cas.last().unwrap().leaf()];
    chain.extend(cas.iter().rev().map(|ca| ca.certificate.clone()));
    refused(
        server(&trust, &chain, "host.example"),
        constraint("path length: more intermediate CAs than are accepted at all (6)"),
        AlertDescription::BAD_CERTIFICATE,
    );
}

#[test]
fn name_constraints_are_kept() {
    let root = Ca::root_with("root", |params| {
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("inside.example".to_owned())],
            excluded_subtrees: vec![],
        });
    });
    let trust = trusting(&root).build().unwrap();
    let (inside, _) = root.leaf_and_key(&["a.inside.example"], |_| {});
    assert_eq!(server(&trust, &[inside], "a.inside.example"), Ok(()));
    refused(
        server(&trust, &[root.leaf()], "host.example"),
        constraint("name constraints exclude a name in the certificate"),
        AlertDescription::BAD_CERTIFICATE,
    );
}

#[test]
fn name_constraints_of_a_local_ca_hold_for_names_and_addresses() {
    let root = Ca::root_with("root", |params| {
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![
                GeneralSubtree::DnsName("localhost".to_owned()),
                GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)),
                GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(
                    "::1".parse().unwrap(),
                    128,
                )),
            ],
            excluded_subtrees: vec![],
        });
    });
    let trust = trusting(&root).build().unwrap();
    let (leaf, _) = root.leaf_and_key(&["localhost", "127.0.0.1", "::1"], |_| {});
    for name in ["localhost", "127.0.0.1", "::1"] {
        assert_eq!(
            server(&trust, std::slice::from_ref(&leaf), name),
            Ok(()),
            "{name}"
        );
    }
    for outside in ["host.example", "10.0.0.1", "::2"] {
        let (leaf, _) = root.leaf_and_key(&["localhost", outside], |_| {});
        refused(
            server(&trust, &[leaf], "localhost"),
            constraint("name constraints exclude a name in the certificate"),
            AlertDescription::BAD_CERTIFICATE,
        );
    }
}

/// A peer may send as many certificates as fit in a message, each bearing the names of the others.
#[test]
fn chains_made_to_cost_time_are_refused_quickly() {
    let root = Ca::root("root");
    let trust = trusting(&root).build().unwrap();
    // Each is issued by "evil" and called "evil", with a key of its own.
    let maze: Vec<_> = (0..60).map(|_| Ca::root("evil")).collect();
    let mut chain = vec![maze[0].leaf()];
    chain.extend(maze.iter().map(|ca| ca.certificate.clone()));
    let start = std::time::Instant::now();
    refused(
        server(&trust, &chain, "host.example"),
        constraint("path length: more intermediate CAs than are accepted at all (6)"),
        AlertDescription::BAD_CERTIFICATE,
    );
    // As many as are accepted, and forgeries in the trusted CA's name besides.
    let mut chain = vec![maze[0].leaf()];
    chain.extend(maze.iter().take(6).map(|ca| ca.certificate.clone()));
    refused(
        server(&trust, &chain, "host.example"),
        CertificateError::UnknownIssuer {
            issuer: "CN=evil".to_owned(),
            sent: 7,
        },
        AlertDescription::UNKNOWN_CA,
    );
    let forged: Vec<_> = (0..60).map(|_| Ca::root("root")).collect();
    let mut chain = vec![forged[0].leaf()];
    chain.extend(forged.iter().map(|ca| ca.certificate.clone()));
    assert!(server(&trust, &chain, "host.example").is_err());
    chain.truncate(7);
    assert!(server(&trust, &chain, "host.example").is_err());
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn many_superfluous_certificates_do_no_harm() {
    let root = Ca::root("root");
    let one = root.intermediate("one");
    let two = one.intermediate("two");
    let trust = trusting(&root).build().unwrap();
    let mut chain = vec![two.leaf()];
    chain.extend((0..30).map(|n| Ca::root(&n.to_string()).certificate));
    chain.push(CertificateDer::from(vec![0]));
    chain.extend([
        one.certificate.clone(),
        two.certificate.clone(),
        two.certificate.clone(),
    ]);
    assert_eq!(server(&trust, &chain, "host.example"), Ok(()));
}

#[test]
fn forgetting_signatures_changes_no_verdict() {
    let root = Ca::root("root");
    let trust = trusting(&root).without_signature_memory().build().unwrap();
    let leaf = [root.leaf()];
    for _ in 0..2 {
        assert_eq!(server(&trust, &leaf, "host.example"), Ok(()));
    }
}

#[test]
fn remembered_signature_vouches_for_no_other_bytes() {
    let (root, impostor) = (Ca::root("root"), Ca::root("root"));
    let trust = trusting(&root).build().unwrap();
    let leaf = root.leaf();
    assert_eq!(
        server(&trust, std::slice::from_ref(&leaf), "host.example"),
        Ok(())
    );
    let mut changed = leaf.to_vec();
    let at = changed.windows(3).position(|w| w == [2, 1, 7]).unwrap();
    changed[at + 2] = 8;
    let bad = CertificateError::BadChainSignature {
        issuer: "CN=root".to_owned(),
    };
    assert_eq!(
        server(&trust, &[changed.into()], "host.example"),
        Err(bad.clone())
    );
    assert_eq!(server(&trust, &[impostor.leaf()], "host.example"), Err(bad));
}

// ---- usage ----

#[test]
fn extended_key_usage_must_name_the_role() {
    let ca = Ca::root("root");
    let trust = trusting(&ca).build().unwrap();
    let only = |purpose| ca.leaf_with(|params| params.extended_key_usages = vec![purpose]);
    let for_servers = [only(ExtendedKeyUsagePurpose::ServerAuth)];
    let for_clients = [only(ExtendedKeyUsagePurpose::ClientAuth)];
    let for_all = [ca.leaf_with(|params| params.extended_key_usages = vec![])];
    assert_eq!(server(&trust, &for_servers, "host.example"), Ok(()));
    assert_eq!(client(&trust, &for_clients), Ok(()));
    assert_eq!(server(&trust, &for_all, "host.example"), Ok(()));
    assert_eq!(client(&trust, &for_all), Ok(()));
    refused(
        server(&trust, &for_clients, "host.example"),
        usage("server authentication: its extended key usage names other purposes"),
        AlertDescription::UNSUPPORTED_CERTIFICATE,
    );
    refused(
        client(&trust, &for_servers),
        usage("client authentication: its extended key usage names other purposes"),
        AlertDescription::UNSUPPORTED_CERTIFICATE,
    );
}

#[test]
fn key_usage_must_have_digital_signature() {
    let ca = Ca::root("root");
    let trust = trusting(&ca).build().unwrap();
    let leaf = ca.leaf_with(|params| params.key_usages = vec![KeyUsagePurpose::KeyAgreement]);
    refused(
        server(&trust, &[leaf], "host.example"),
        usage(
            "server authentication: its key usage lacks digitalSignature (RFC 8446 Section 4.4.2.2)",
        ),
        AlertDescription::UNSUPPORTED_CERTIFICATE,
    );
    let leaf = ca.leaf_with(|params| params.key_usages = vec![]);
    assert_eq!(server(&trust, &[leaf], "host.example"), Ok(()));
}

#[test]
fn key_usage_must_have_key_encipherment_where_the_key_decrypts() {
    let ca = Ca::root("root");
    let trust = trusting(&ca).build().unwrap();
    let name = ServerName::try_from("host.example").unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW));
    let check = |trust: &Trust, usages: &[KeyUsagePurpose]| {
        let leaf = [ca.leaf_with(|params| params.key_usages = usages.to_vec())];
        let mut chain = PresentedChain::new(&leaf, PeerRole::Server(&name), now);
        assert_eq!(chain.key_use, KeyUse::Signature);
        chain.key_use = KeyUse::KeyEncipherment;
        trust.check(&chain)
    };
    let (sign, encipher) = (
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyEncipherment,
    );
    for good in [&[encipher][..], &[sign, encipher], &[]] {
        assert_eq!(check(&trust, good), Ok(()));
    }
    for bad in [&[sign][..], &[KeyUsagePurpose::KeyAgreement]] {
        refused(
            check(&trust, bad),
            usage(
                "server authentication: its key usage lacks keyEncipherment (RFC 5246 Section 7.4.2)",
            ),
            AlertDescription::UNSUPPORTED_CERTIFICATE,
        );
        let lenient = trusting(&ca).dangerous().accept_any_usage();
        assert_eq!(check(&lenient.build().unwrap(), bad), Ok(()));
    }
}

#[test]
fn ca_certificate_as_leaf_is_refused_unless_trusted_itself() {
    let root = Ca::root("root");
    let trust = trusting(&root).build().unwrap();
    let leaf = root.leaf_with(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    refused(
        server(&trust, &[leaf], "host.example"),
        usage(
            "server authentication: it is a CA certificate (basicConstraints CA:TRUE), which is trusted as a peer's own \
             only if pinned; allow it by Leniency::CaLeaf if you must",
        ),
        AlertDescription::UNSUPPORTED_CERTIFICATE,
    );
}

#[test]
fn unknown_critical_extension_is_refused() {
    let ca = Ca::root("root");
    let trust = trusting(&ca).build().unwrap();
    let leaf = |critical| {
        ca.leaf_with(|params| {
            let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
            extension.set_criticality(critical);
            params.custom_extensions.push(extension);
        })
    };
    assert_eq!(server(&trust, &[leaf(false)], "host.example"), Ok(()));
    refused(
        server(&trust, &[leaf(true)], "host.example"),
        CertificateError::UnsupportedExtension,
        AlertDescription::UNSUPPORTED_CERTIFICATE,
    );
}

// ---- revocation ----

fn crl(ca: &Ca, revoked: &[u8], next_update: (i32, u8, u8)) -> Vec<u8> {
    crl_of(ca, revoked, (2026, 1, 1), next_update)
}

fn crl_of(
    ca: &Ca,
    revoked: &[u8],
    (this_year, this_month, this_day): (i32, u8, u8),
    next_update: (i32, u8, u8),
) -> Vec<u8> {
    let (year, month, day) = next_update;
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(this_year, this_month, this_day),
        next_update: date_time_ymd(year, month, day),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: revoked
            .iter()
            .map(|&serial| RevokedCertParams {
                serial_number: SerialNumber::from_slice(&[serial]),
                revocation_time: date_time_ymd(2026, 4, 1),
                reason_code: None,
                invalidity_date: None,
            })
            .collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(&ca.issuer).unwrap().der().to_vec()
}

const LATER: (i32, u8, u8) = (2026, 12, 1);

#[test]
fn revoked_leaf_is_refused() {
    let ca = Ca::root("root");
    let leaf = [ca.leaf()];
    let clean = trusting(&ca)
        .with_crl_bytes(&crl(&ca, &[9], LATER))
        .build()
        .unwrap();
    assert_eq!(server(&clean, &leaf, "host.example"), Ok(()));
    let revoking = trusting(&ca)
        .with_crl_bytes(&crl(&ca, &[9, 7], LATER))
        .build()
        .unwrap();
    refused(
        server(&revoking, &leaf, "host.example"),
        CertificateError::Revoked,
        AlertDescription::CERTIFICATE_REVOKED,
    );
}

#[test]
fn newest_crl_of_a_ca_decides_in_whatever_order_they_are_given() {
    let ca = Ca::root("root");
    let old = crl_of(&ca, &[], (2026, 4, 1), LATER);
    let older = crl_of(&ca, &[], (2026, 3, 1), (2026, 4, 1));
    let new = crl_of(&ca, &[7], (2026, 5, 1), LATER);
    for crls in [
        [&old, &older, &new],
        [&new, &older, &old],
        [&older, &new, &old],
    ] {
        let trust = crls
            .into_iter()
            .fold(trusting(&ca), |trust, crl| trust.with_crl_bytes(crl))
            .build()
            .unwrap();
        assert_eq!(
            server(&trust, &[ca.leaf()], "host.example"),
            Err(CertificateError::Revoked)
        );
    }
}

fn unknown(reason: &str) -> CertificateError {
    CertificateError::RevocationUnknown {
        reason: reason.to_owned(),
    }
}

#[test]
fn revocation_must_be_known_once_crls_are_given() {
    let (ca, other) = (Ca::root("root"), Ca::root("other"));
    let leaf = [ca.leaf()];
    let with_other = || trusting(&ca).with_crl_bytes(&crl(&other, &[], LATER));
    refused(
        server(&with_other().build().unwrap(), &leaf, "host.example"),
        unknown("no CRL given is for a certificate of the chain"),
        AlertDescription::CERTIFICATE_UNKNOWN,
    );
    let lenient = with_other()
        .dangerous()
        .accept_unknown_revocation()
        .build()
        .unwrap();
    assert_eq!(server(&lenient, &leaf, "host.example"), Ok(()));
}

#[test]
fn crl_out_of_date_is_not_believed() {
    let ca = Ca::root("root");
    let leaf = [ca.leaf()];
    let with_old = |revoked: &[u8]| trusting(&ca).with_crl_bytes(&crl(&ca, revoked, (2026, 5, 1)));
    refused(
        server(&with_old(&[]).build().unwrap(), &leaf, "host.example"),
        unknown(
            "the CRL should have been replaced on 2026-05-01 00:00:00 UTC, now is 2026-06-01 00:00:00 UTC",
        ),
        AlertDescription::CERTIFICATE_UNKNOWN,
    );
    let lenient = with_old(&[])
        .dangerous()
        .accept_expired_crls()
        .build()
        .unwrap();
    assert_eq!(server(&lenient, &leaf, "host.example"), Ok(()));
    let lenient = with_old(&[7])
        .dangerous()
        .accept_expired_crls()
        .build()
        .unwrap();
    assert_eq!(
        server(&lenient, &leaf, "host.example"),
        Err(CertificateError::Revoked)
    );
}

#[test]
fn crl_of_an_impostor_is_not_believed() {
    let ca = Ca::root("root");
    let impostor = Ca::root("root");
    let trust = trusting(&ca)
        .with_crl_bytes(&crl(&impostor, &[], LATER))
        .build()
        .unwrap();
    refused(
        server(&trust, &[ca.leaf()], "host.example"),
        unknown("the CRL is not signed by the CA that it names"),
        AlertDescription::CERTIFICATE_UNKNOWN,
    );
}

#[test]
fn revocation_covers_the_chain_unless_limited_to_the_leaf() {
    let root = Ca::root("root");
    let one = root.intermediate_with("one", |params| {
        params.serial_number = Some(SerialNumber::from_slice(&[21]));
    });
    let chain = [one.leaf(), one.certificate.clone()];
    let (of_one, of_root) = (crl(&one, &[], LATER), crl(&root, &[], LATER));
    let both = trusting(&root)
        .with_crl_bytes(&of_one)
        .with_crl_bytes(&of_root)
        .build()
        .unwrap();
    assert_eq!(server(&both, &chain, "host.example"), Ok(()));
    let leaf_only = trusting(&root).with_crl_bytes(&of_one);
    assert_eq!(
        server(&leaf_only.build().unwrap(), &chain, "host.example"),
        Err(unknown("no CRL given is for a certificate of the chain"))
    );
    let leaf_only = trusting(&root)
        .with_crl_bytes(&of_one)
        .with_revocation_of_leaf_only();
    assert_eq!(
        server(&leaf_only.build().unwrap(), &chain, "host.example"),
        Ok(())
    );
    let revoking =
        trusting(&root)
            .with_crl_bytes(&of_one)
            .with_crl_bytes(&crl(&root, &[21], LATER));
    assert_eq!(
        server(&revoking.build().unwrap(), &chain, "host.example"),
        Err(CertificateError::Revoked)
    );
}

// ---- pins ----

#[test]
fn what_openssl_req_x509_makes_can_be_pinned_or_given_as_ca() {
    let directory = Directory::new();
    directory.openssl(
        "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost -days 3650 \
         -addext subjectAltName=DNS:localhost,IP:127.0.0.1",
    );
    let chain = certificates_from_file(directory.path("cert.pem")).unwrap();
    let facts = CertificateFacts::from_der(&chain[0]).unwrap();
    assert!(facts.is_ca, "the point of this test");
    let now = facts.not_before + 60;
    let pem = directory.read("cert.pem");
    let builders = [
        Trust::builder().with_pinned_file(directory.path("cert.pem")),
        Trust::builder().with_pinned_bytes(&pem),
        Trust::builder().with_pinned_bytes(&chain[0]),
        Trust::builder().with_pinned_sha256(facts.sha256),
        Trust::builder().with_ca_bytes(&pem),
    ];
    for builder in builders {
        let trust = builder.build().unwrap();
        assert_eq!(server_at(&trust, &chain, "localhost", now), Ok(()));
        assert_eq!(server_at(&trust, &chain, "127.0.0.1", now), Ok(()));
        refused(
            server_at(&trust, &chain, "other.example", now),
            mismatch("other.example", "localhost, 127.0.0.1"),
            AlertDescription::BAD_CERTIFICATE,
        );
        refused(
            server_at(&trust, &chain, "localhost", facts.not_after + 1),
            CertificateError::Expired {
                not_after: UnixSeconds(facts.not_after),
                now: UnixSeconds(facts.not_after + 1),
            },
            AlertDescription::CERTIFICATE_EXPIRED,
        );
        refused(
            server_at(&trust, &chain, "localhost", facts.not_before - 1),
            CertificateError::NotYetValid {
                not_before: UnixSeconds(facts.not_before),
                now: UnixSeconds(facts.not_before - 1),
            },
            AlertDescription::CERTIFICATE_EXPIRED,
        );
    }
}

#[test]
fn pin_is_of_one_certificate_not_of_its_issuer() {
    let ca = Ca::root("root");
    let (pinned, other) = (ca.leaf(), ca.leaf());
    let trust = Trust::builder().with_pinned_bytes(&pinned).build().unwrap();
    assert_eq!(
        server(&trust, std::slice::from_ref(&pinned), "host.example"),
        Ok(())
    );
    refused(
        server(&trust, std::slice::from_ref(&other), "host.example"),
        CertificateError::UnknownIssuer {
            issuer: "CN=root".to_owned(),
            sent: 1,
        },
        AlertDescription::UNKNOWN_CA,
    );
    // Behind another leaf the pinned one vouches for nothing.
    refused(
        server(&trust, &[other, pinned], "host.example"),
        CertificateError::UnknownIssuer {
            issuer: "CN=root".to_owned(),
            sent: 2,
        },
        AlertDescription::UNKNOWN_CA,
    );
}

#[test]
fn pin_leaves_usage_in_force() {
    let ca = Ca::root("root");
    let leaf = ca.leaf_with(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let trust = Trust::builder().with_pinned_bytes(&leaf).build().unwrap();
    refused(
        server(&trust, &[leaf], "host.example"),
        usage("server authentication: its extended key usage names other purposes"),
        AlertDescription::UNSUPPORTED_CERTIFICATE,
    );
}

// ---- algorithms and bytes ----

/// A CA by OpenSSL with the given key and a leaf of it; returns trust and chain.
fn openssl_pair(
    directory: &Directory,
    ca_key: &str,
    ca_sign: &str,
    leaf_key: &str,
    leaf_sign: &str,
) -> (TrustBuilder, Vec<CertificateDer<'static>>) {
    directory.write("leaf.cnf", "subjectAltName=DNS:host.example\n");
    directory.openssl(&format!("genpkey {ca_key} -out ca.key"));
    directory.openssl(&format!(
        "req -x509 -key ca.key {ca_sign} -subj /CN=openssl-ca -days 30 -out ca.pem"
    ));
    directory.openssl(&format!("genpkey {leaf_key} -out leaf.key"));
    directory.openssl("req -new -key leaf.key -subj /CN=leaf -out leaf.csr");
    directory.openssl(&format!(
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile leaf.cnf -days 30 {leaf_sign} -out leaf.pem"
    ));
    let chain = certificates_from_file(directory.path("leaf.pem")).unwrap();
    (
        Trust::builder().with_ca_file(directory.path("ca.pem")),
        chain,
    )
}

fn today(chain: &[CertificateDer<'_>]) -> u64 {
    CertificateFacts::from_der(&chain[0]).unwrap().not_before + 60
}

#[test]
fn every_signature_algorithm_of_openssl_is_verified() {
    const PSS: &str = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1";
    const P256: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
    let cases: &[(&str, &str)] = &[
        (P256, "-sha256"),
        (P256, "-sha384"),
        (P256, "-sha512"),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:P-384", "-sha256"),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:P-384", "-sha384"),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:P-521", "-sha256"),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:P-521", "-sha512"),
        ("-algorithm ED25519", ""),
        ("-algorithm RSA -pkeyopt rsa_keygen_bits:2048", "-sha256"),
        ("-algorithm RSA -pkeyopt rsa_keygen_bits:2048", "-sha384"),
        ("-algorithm RSA -pkeyopt rsa_keygen_bits:2048", "-sha512"),
        (
            "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
            &format!("-sha256 {PSS}"),
        ),
        (
            "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
            &format!("-sha512 {PSS}"),
        ),
        (
            "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048",
            "-sha256 -sigopt rsa_pss_saltlen:-1",
        ),
        (
            "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha384 \
             -pkeyopt rsa_pss_keygen_mgf1_md:sha384 -pkeyopt rsa_pss_keygen_saltlen:48",
            "-sha384 -sigopt rsa_pss_saltlen:-1",
        ),
    ];
    for (ca_key, sign) in cases {
        let directory = Directory::new();
        let (trust, chain) = openssl_pair(&directory, ca_key, sign, P256, sign);
        let result = server_at(
            &trust.build().unwrap(),
            &chain,
            "host.example",
            today(&chain),
        );
        assert_eq!(result, Ok(()), "{ca_key} {sign}");
    }
}

#[test]
fn ml_dsa_chains_are_verified() {
    for algorithm in [
        &rcgen::PKCS_ML_DSA_44,
        &rcgen::PKCS_ML_DSA_65,
        &rcgen::PKCS_ML_DSA_87,
    ] {
        let params = pki::ca_params("root");
        let key = KeyPair::generate_for(algorithm).unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let ca = Ca {
            certificate,
            issuer: rcgen::Issuer::new(params, key),
        };
        let leaf_key = KeyPair::generate_for(algorithm).unwrap();
        let leaf = pki::leaf_params(&["host.example"])
            .signed_by(&leaf_key, &ca.issuer)
            .unwrap()
            .der()
            .clone();
        let trust = trusting(&ca).build().unwrap();
        assert_eq!(server(&trust, &[leaf], "host.example"), Ok(()));
    }
}

#[test]
fn sha1_and_odd_pss_in_chains_are_refused_by_name() {
    let unsupported = |algorithm: &str| CertificateError::UnsupportedAlgorithm {
        algorithm: algorithm.to_owned(),
    };
    const RSA: &str = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";
    const P256: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
    let odd_pss = "rsassaPss with other parameters than SHA-256, SHA-384 or SHA-512, MGF1 with the same hash and a \
                   salt as long as the hash";
    let cases = [
        (
            RSA,
            "-sha1",
            "sha1WithRSAEncryption (its hash is broken; allow it by Leniency::Sha1Signatures if you must)",
        ),
        (
            P256,
            "-sha1",
            "ecdsa-with-SHA1 (its hash is broken; allow it by Leniency::Sha1Signatures if you must)",
        ),
        (P256, "-sha224", "ecdsa-with-SHA224"),
        (
            RSA,
            "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20",
            odd_pss,
        ),
        (RSA, "-sha1 -sigopt rsa_padding_mode:pss", odd_pss),
        ("-algorithm ED448", "", "Ed448"),
    ];
    for (ca_key, sign, algorithm) in cases {
        let directory = Directory::new();
        let (trust, chain) = openssl_pair(&directory, ca_key, "", P256, sign);
        refused(
            server_at(
                &trust.build().unwrap(),
                &chain,
                "host.example",
                today(&chain),
            ),
            unsupported(algorithm),
            AlertDescription::BAD_CERTIFICATE,
        );
    }
}

#[test]
fn short_rsa_keys_are_refused_in_leaf_and_ca() {
    const SHORT: &str = "-algorithm RSA -pkeyopt rsa_keygen_bits:1024";
    const P256: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
    for (ca_key, leaf_key) in [(P256, SHORT), (SHORT, P256)] {
        let directory = Directory::new();
        let (trust, chain) = openssl_pair(&directory, ca_key, "", leaf_key, "-sha256");
        refused(
            server_at(
                &trust.build().unwrap(),
                &chain,
                "host.example",
                today(&chain),
            ),
            CertificateError::UnsupportedKey {
                reason: "RSA of 1024 bits, allowed are 2048 to 8192; allow it by Leniency::Rsa1024 if you must".to_owned(),
            },
            AlertDescription::UNSUPPORTED_CERTIFICATE,
        );
    }
}

#[test]
fn version_1_leaf_is_refused_with_advice() {
    let directory = Directory::new();
    directory.openssl(
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -subj /CN=ca -days 30 -out ca.pem",
    );
    directory
        .openssl("req -new -newkey rsa:2048 -nodes -keyout leaf.key -subj /CN=leaf -out leaf.csr");
    directory.openssl(
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out leaf.pem",
    );
    let chain = certificates_from_file(directory.path("leaf.pem")).unwrap();
    assert_eq!(CertificateFacts::from_der(&chain[0]).unwrap().version, 1);
    let now = today(&chain);
    let trust = Trust::from_ca_file(directory.path("ca.pem")).unwrap();
    refused(
        server_at(&trust, &chain, "leaf", now),
        CertificateError::Malformed {
            reason: "X.509 version 1 or 2, which has no extensions and no subjectAltName; issue it again as version 3 \
                     (openssl x509 -req needs -extfile); allow it by Leniency::X509V1Leaf if you must"
                .to_owned(),
        },
        AlertDescription::BAD_CERTIFICATE,
    );
    let pinned = || Trust::builder().with_pinned_bytes(&chain[0]);
    assert_eq!(
        server_at(&pinned().build().unwrap(), &chain, "leaf", now),
        Err(mismatch(
            "leaf",
            "no name at all (it has no subjectAltName; its subject, CN=leaf, does not count; allow it by \
             Leniency::CommonName if you must)"
        ))
    );
    let any_name = pinned().dangerous().accept_any_name().build().unwrap();
    assert_eq!(server_at(&any_name, &chain, "leaf", now), Ok(()));
}

#[test]
fn garbage_is_refused_and_never_panics() {
    let ca = Ca::root("root");
    let trust = trusting(&ca).build().unwrap();
    refused(
        server(
            &trust,
            &[CertificateDer::from(vec![1, 2, 3])],
            "host.example",
        ),
        CertificateError::Malformed {
            reason: "not an X.509 certificate (it is not one DER SEQUENCE)".to_owned(),
        },
        AlertDescription::BAD_CERTIFICATE,
    );
    let leaf = ca.leaf();
    let open = trusting(&ca)
        .dangerous()
        .accept_any_issuer()
        .build()
        .unwrap();
    for cut in 0..leaf.len() {
        let chain = [CertificateDer::from(leaf[..cut].to_vec())];
        let result = server(&trust, &chain, "host.example");
        assert!(
            matches!(result, Err(CertificateError::Malformed { .. })),
            "{cut}: {result:?}"
        );
    }
    for at in 0..leaf.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = leaf.to_vec();
            changed[at] ^= change;
            let chain = [CertificateDer::from(changed)];
            let result = server(&trust, &chain, "host.example");
            assert!(result.is_err(), "{at} {change}");
            let _ = server(&open, &chain, "host.example");
            let _ = CertificateFacts::from_der(&chain[0]);
        }
    }
}

// ---- opt-outs, each alone ----

/// A leaf with all four defects, and the builder that trusts another CA.
fn rotten() -> (TrustBuilder, [CertificateDer<'static>; 1]) {
    let leaf = Ca::root("other").leaf_with(|params| {
        params.not_after = date_time_ymd(2026, 4, 1);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        params.key_usages = vec![KeyUsagePurpose::KeyAgreement];
    });
    (trusting(&Ca::root("root")), [leaf])
}

#[test]
fn each_opt_out_leaves_the_other_rules_in_force() {
    let (builder, chain) = rotten();
    // Peel the rules off one by one: what remains is always the next defect.
    let name = "wrong.example";
    let builder = builder.dangerous().accept_any_issuer();
    assert!(matches!(
        server(&builder.clone().build().unwrap(), &chain, name),
        Err(CertificateError::Expired {
            not_after: UnixSeconds(1_775_001_600),
            now: UnixSeconds(NOW)
        })
    ));
    let builder = builder.dangerous().accept_any_date();
    assert_eq!(
        server(&builder.clone().build().unwrap(), &chain, name),
        Err(usage(
            "server authentication: its extended key usage names other purposes"
        ))
    );
    let builder = builder.dangerous().accept_any_usage();
    assert_eq!(
        server(&builder.clone().build().unwrap(), &chain, name),
        Err(mismatch(name, "host.example"))
    );
    let builder = builder.dangerous().accept_any_name();
    assert_eq!(server(&builder.build().unwrap(), &chain, name), Ok(()));
}

#[test]
fn any_name_leaves_the_chain_checked() {
    let (root, other) = (Ca::root("root"), Ca::root("other"));
    let trust = trusting(&root)
        .dangerous()
        .accept_any_name()
        .build()
        .unwrap();
    assert_eq!(server(&trust, &[root.leaf()], "wrong.example"), Ok(()));
    assert_eq!(
        server(&trust, &[other.leaf()], "wrong.example"),
        Err(CertificateError::UnknownIssuer {
            issuer: "CN=other".to_owned(),
            sent: 1
        })
    );
}

#[test]
fn any_date_leaves_the_chain_checked() {
    let (root, other) = (Ca::root("root"), Ca::root("other"));
    let trust = trusting(&root)
        .dangerous()
        .accept_any_date()
        .build()
        .unwrap();
    let one = root.intermediate("one");
    let chain = [one.leaf(), one.certificate.clone()];
    for now in [0, NOW, 4_000_000_000] {
        assert_eq!(
            server_at(&trust, &chain, "host.example", now),
            Ok(()),
            "{now}"
        );
        assert_eq!(
            server_at(&trust, &[other.leaf()], "host.example", now),
            Err(CertificateError::UnknownIssuer {
                issuer: "CN=other".to_owned(),
                sent: 1
            })
        );
        assert_eq!(
            server_at(&trust, &chain, "wrong.example", now),
            Err(mismatch("wrong.example", "host.example"))
        );
    }
}

#[test]
fn any_usage_leaves_the_chain_checked() {
    let (root, other) = (Ca::root("root"), Ca::root("other"));
    let trust = trusting(&root)
        .dangerous()
        .accept_any_usage()
        .build()
        .unwrap();
    let change = |params: &mut CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        params.key_usages = vec![KeyUsagePurpose::KeyAgreement];
    };
    assert_eq!(
        server(&trust, &[root.leaf_with(change)], "host.example"),
        Ok(())
    );
    assert_eq!(
        server(&trust, &[other.leaf_with(change)], "host.example"),
        Err(CertificateError::UnknownIssuer {
            issuer: "CN=other".to_owned(),
            sent: 1
        })
    );
}

#[test]
fn any_issuer_leaves_name_and_dates_checked() {
    let other = Ca::root("other");
    let trust = Trust::builder()
        .dangerous()
        .accept_any_issuer()
        .build()
        .unwrap();
    assert_eq!(server(&trust, &[other.leaf()], "host.example"), Ok(()));
    assert_eq!(
        server(&trust, &[other.leaf()], "wrong.example"),
        Err(mismatch("wrong.example", "host.example"))
    );
    assert!(matches!(
        server_at(&trust, &[other.leaf()], "host.example", 0),
        Err(CertificateError::NotYetValid { .. })
    ));
}

// ---- building ----

#[test]
fn trust_in_nothing_is_refused() {
    assert_eq!(
        Trust::builder().build().unwrap_err(),
        TrustError::NothingTrusted
    );
}

#[test]
fn bad_files_are_refused_with_path_and_reason() {
    let directory = Directory::new();
    directory.openssl(
        "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=ca -days 30",
    );
    let text = |file: &str| {
        Trust::from_ca_file(directory.path(file))
            .unwrap_err()
            .to_string()
            .replace(&format!("{}/", directory.root().display()), "")
    };
    assert_eq!(text("none.pem"), "none.pem: no such file");
    assert_eq!(
        text("key.pem"),
        "key.pem: holds a private key, a certificate was expected"
    );
    directory.write("empty", "\n \n");
    assert_eq!(text("empty"), "empty: empty");
    let crl = Trust::builder()
        .with_ca_file(directory.path("cert.pem"))
        .with_crl_file(directory.path("cert.pem"))
        .build()
        .unwrap_err()
        .to_string();
    assert!(
        crl.ends_with("cert.pem: holds a certificate, a certificate revocation list was expected")
    );
}

#[test]
fn first_failure_of_a_builder_is_reported() {
    let error = Trust::builder()
        .with_ca_file("/nonexistent/first")
        .with_crl_file("/nonexistent/second")
        .build()
        .unwrap_err();
    assert_eq!(error.to_string(), "/nonexistent/first: no such file");
}

#[test]
fn openssl_crl_in_pem_is_read_and_believed() {
    let directory = Directory::new();
    directory.write(
        "ca.cnf",
        "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=serial\ncrlnumber=crlnumber\ndefault_md=sha256\n\
         default_crl_days=30\nnew_certs_dir=.\npolicy=p\ndefault_days=30\nx509_extensions=e\n[p]\ncommonName=supplied\n\
         [e]\nsubjectAltName=DNS:host.example\n",
    );
    directory.write("index.txt", "");
    directory.write("serial", "01\n");
    directory.write("crlnumber", "01\n");
    directory.openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=ca -days 60",
    );
    directory.openssl(
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.csr -subj /CN=leaf",
    );
    directory.openssl(
        "ca -config ca.cnf -batch -notext -in leaf.csr -out leaf.pem -cert ca.pem -keyfile ca.key",
    );
    directory.openssl("ca -config ca.cnf -gencrl -cert ca.pem -keyfile ca.key -out clean.crl");
    directory.openssl("ca -config ca.cnf -revoke leaf.pem -cert ca.pem -keyfile ca.key");
    directory.openssl("ca -config ca.cnf -gencrl -cert ca.pem -keyfile ca.key -out revoking.crl");
    let chain = certificates_from_file(directory.path("leaf.pem")).unwrap();
    let now = today(&chain);
    let check = |crl| {
        let trust = Trust::builder()
            .with_ca_file(directory.path("ca.pem"))
            .with_crl_file(directory.path(crl))
            .build()
            .unwrap();
        server_at(&trust, &chain, "host.example", now)
    };
    assert_eq!(check("clean.crl"), Ok(()));
    assert_eq!(check("revoking.crl"), Err(CertificateError::Revoked));
}

#[test]
fn authorities_name_the_trusted_cas_unless_not_all_can_be_named() {
    let (one, two) = (Ca::root("one"), Ca::root("two"));
    let both = || trusting(&one).with_ca_bytes(&two.certificate);
    let trust = both().build().unwrap();
    // SEQUENCE { SET { SEQUENCE { OID 2.5.4.3, UTF8String } } }
    let name = |name: &str| {
        [
            b"\x30\x0e\x31\x0c\x30\x0a\x06\x03\x55\x04\x03\x0c\x03",
            name.as_bytes(),
        ]
        .concat()
    };
    assert_eq!(trust.authorities(), [name("one"), name("two")]);
    assert!(
        both()
            .with_pinned_sha256([0; 32])
            .build()
            .unwrap()
            .authorities()
            .is_empty()
    );
}

#[test]
fn system_roots_are_loaded_or_the_failure_tells_what_to_do() {
    match Trust::from_system_roots() {
        Ok(trust) => assert!(trust.authorities().is_empty()),
        Err(error) => assert!(
            error.to_string().contains("install ca-certificates"),
            "{error}"
        ),
    }
}
