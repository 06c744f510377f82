//! What old PKIs have, by the `openssl` program: refused, and accepted where the rule of its name is given up, and no other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use support::pki::Directory;
use support::{Pair, Side};
use warifu::certificate::{CertificateFacts, MaterialProblem, certificates_from_file};
use warifu::credential::CredentialError;
use warifu::decision::{PeerRole, PresentedChain, VerifyPeer};
use warifu::error::UnixSeconds;
use warifu::parameters::{AlertDescription, SignatureScheme};
use warifu::pki_types::{CertificateDer, ServerName, UnixTime};
use warifu::trust::{Leniency, Trust, TrustBuilder};
use warifu::{
    CertificateError, ClientAuth, ClientConfig, Connection, Credential, Error, ServerConfig,
};

const P256: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
const P384: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-384";
const P521: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-521";
const RSA: &str = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";
const RSA_1024: &str = "-algorithm RSA -pkeyopt rsa_keygen_bits:1024";
const RSA_1016: &str = "-algorithm RSA -pkeyopt rsa_keygen_bits:1016";
const PSS_1024: &str = "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024";

/// subjectAltName and a key usage that allows all.
const NAMED: &str = "subjectAltName=DNS:host.example\n";
/// Version 3 without subjectAltName.
const UNNAMED: &str = "keyUsage=digitalSignature\n";

/// A PKI by openssl in a directory.
struct Old {
    directory: Directory,
    /// Leaf first.
    chain: Vec<CertificateDer<'static>>,
}

impl Old {
    /// A CA with this key and a leaf of it.
    fn new(ca_key: &str, leaf_key: &str) -> Self {
        Self::with(ca_key, "", leaf_key, "-sha256", Some(NAMED), "/CN=leaf")
    }

    /// `ca_extensions` for the CA beside the usual ones; `extensions` of the leaf, `None` for version 1.
    fn with(
        ca_key: &str,
        ca_extensions: &str,
        leaf_key: &str,
        sign: &str,
        extensions: Option<&str>,
        subject: &str,
    ) -> Self {
        let directory = Directory::new();
        directory.openssl(&format!("genpkey {ca_key} -out ca.key"));
        directory.openssl(&format!(
            "req -x509 -key ca.key -subj /CN=ca -days 30 -out ca.pem {ca_extensions}"
        ));
        directory.openssl(&format!("genpkey {leaf_key} -out leaf.key"));
        let mut old = Self {
            directory,
            chain: Vec::new(),
        };
        let leaf = old.certify("ca", "leaf", sign, extensions, subject);
        old.chain.push(leaf);
        old
    }

    /// A leaf in one defect: its name in the commonName.
    fn unnamed(subject: &str) -> Self {
        Self::with(P256, "", P256, "-sha256", Some(UNNAMED), subject)
    }

    /// A leaf of version 1.
    fn version_1() -> Self {
        Self::with(P256, "", P256, "-sha256", None, "/CN=host.example")
    }

    fn certify(
        &self,
        ca: &str,
        file: &str,
        sign: &str,
        extensions: Option<&str>,
        subject: &str,
    ) -> CertificateDer<'static> {
        let directory = &self.directory;
        let extensions = extensions.map_or("", |extensions| {
            directory.write("extensions.cnf", extensions);
            "-extfile extensions.cnf"
        });
        directory.openssl(&format!(
            "req -new -key {file}.key -subj {subject} -out {file}.csr"
        ));
        directory.openssl(&format!(
            "x509 -req -in {file}.csr -CA {ca}.pem -CAkey {ca}.key -CAcreateserial {extensions} -days 30 {sign} \
             -out {file}.pem"
        ));
        certificates_from_file(directory.path(&format!("{file}.pem")))
            .unwrap()
            .remove(0)
    }

    fn trust(&self, rules: &[Leniency]) -> Trust {
        lenient(
            Trust::builder().with_ca_file(self.directory.path("ca.pem")),
            rules,
        )
    }

    fn now(&self) -> u64 {
        CertificateFacts::from_der(&self.chain[0])
            .unwrap()
            .not_before
            + 60
    }

    fn server(&self, rules: &[Leniency]) -> Result<(), CertificateError> {
        self.named("host.example", rules)
    }

    fn named(&self, name: &str, rules: &[Leniency]) -> Result<(), CertificateError> {
        server_at(&self.trust(rules), &self.chain, name, self.now())
    }

    fn client(&self, rules: &[Leniency]) -> Result<(), CertificateError> {
        client_at(&self.trust(rules), &self.chain, self.now())
    }

    /// Refused without these rules, by every other rule, and without each of them; accepted with them, which are told.
    #[track_caller]
    fn needs(&self, rules: &[Leniency], error: &CertificateError, alert: AlertDescription) {
        assert_eq!(self.server(&[]), Err(error.clone()));
        assert_eq!(error.alert(), alert);
        for rule in rules {
            let others: Vec<_> = Leniency::ALL
                .into_iter()
                .filter(|other| other != rule)
                .collect();
            self.server(&others).unwrap_err();
        }
        let others: Vec<_> = Leniency::ALL
            .into_iter()
            .filter(|other| !rules.contains(other))
            .collect();
        let still = self.server(&others).unwrap_err();
        assert_eq!(
            core::mem::discriminant(&still),
            core::mem::discriminant(error)
        );
        assert_eq!(self.server(rules), Ok(()));
        assert_eq!(self.server(&Leniency::ALL), Ok(()));
        let name = "host.example".try_into().unwrap();
        let chain = presented(&self.chain, PeerRole::Server(&name), self.now());
        for allowed in [rules, &Leniency::ALL] {
            assert_eq!(
                self.trust(allowed).leniency_needed(&chain),
                Ok(rules.to_vec())
            );
        }
    }

    /// The leaf with each byte changed in turn: never accepted.
    fn refuse_every_change(&self, rules: &[Leniency]) {
        let trust = self.trust(rules);
        for at in 0..self.chain[0].len() {
            for change in [0x01, 0x80] {
                let mut changed = self.chain.clone();
                let mut bytes = changed[0].to_vec();
                bytes[at] ^= change;
                changed[0] = bytes.into();
                // Once more: what was found good is remembered.
                assert_eq!(
                    server_at(&trust, &self.chain, "host.example", self.now()),
                    Ok(())
                );
                let result = server_at(&trust, &changed, "host.example", self.now());
                assert!(result.is_err(), "{at} {change}");
            }
        }
    }

    /// The leaf with its last byte changed, which is one of the signature.
    fn with_bad_signature(&self) -> Vec<CertificateDer<'static>> {
        let mut bytes = self.chain[0].to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        vec![bytes.into()]
    }

    fn credential(&self) -> Arc<Credential> {
        let credential = Credential::builder()
            .with_certificates(self.chain.clone())
            .with_key_file(self.directory.path("leaf.key"))
            .dangerously_with_rsa_1024()
            .build();
        Arc::new(credential.unwrap())
    }
}

fn lenient(mut builder: TrustBuilder, rules: &[Leniency]) -> Trust {
    for rule in rules {
        builder = builder.dangerous().allow(*rule);
    }
    builder.build().unwrap()
}

fn presented<'a>(
    certificates: &'a [CertificateDer<'static>],
    role: PeerRole<'a>,
    now: u64,
) -> PresentedChain<'a> {
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    PresentedChain::new(certificates, role, now)
}

fn server_at(
    trust: &Trust,
    chain: &[CertificateDer<'static>],
    name: &str,
    now: u64,
) -> Result<(), CertificateError> {
    let name = ServerName::try_from(name).unwrap();
    trust.check(&presented(chain, PeerRole::Server(&name), now))
}

fn client_at(
    trust: &Trust,
    chain: &[CertificateDer<'static>],
    now: u64,
) -> Result<(), CertificateError> {
    trust.check(&presented(chain, PeerRole::Client, now))
}

fn unsupported(algorithm: &str) -> CertificateError {
    CertificateError::UnsupportedAlgorithm {
        algorithm: algorithm.to_owned(),
    }
}

fn bad_signature() -> CertificateError {
    CertificateError::BadChainSignature {
        issuer: "CN=ca".to_owned(),
    }
}

fn short_key(reason: &str) -> CertificateError {
    CertificateError::UnsupportedKey {
        reason: reason.to_owned(),
    }
}

fn short_1024() -> CertificateError {
    short_key(
        "RSA of 1024 bits, allowed are 2048 to 8192; allow it by Leniency::Rsa1024 if you must",
    )
}

fn mismatch(wanted: &str, presented: &str) -> CertificateError {
    CertificateError::NameMismatch {
        wanted: wanted.to_owned(),
        presented: presented.to_owned(),
    }
}

fn old_version(hint: &str) -> CertificateError {
    CertificateError::Malformed {
        reason: format!(
            "X.509 version 1 or 2, which has no extensions and no subjectAltName; issue it again as version 3 (openssl \
             x509 -req needs -extfile){hint}"
        ),
    }
}

const VERSION_1_HINT: &str = "; allow it by Leniency::X509V1Leaf if you must";

// ---- SHA-1 ----

#[test]
fn sha1_is_accepted_by_its_rule() {
    let by_rsa = "sha1WithRSAEncryption (its hash is broken; allow it by Leniency::Sha1Signatures if you must)";
    let by_ecdsa =
        "ecdsa-with-SHA1 (its hash is broken; allow it by Leniency::Sha1Signatures if you must)";
    for (ca_key, algorithm) in [
        (RSA, by_rsa),
        (P256, by_ecdsa),
        (P384, by_ecdsa),
        (P521, by_ecdsa),
    ] {
        let old = Old::with(ca_key, "", P256, "-sha1", Some(NAMED), "/CN=leaf");
        old.needs(
            &[Leniency::Sha1Signatures],
            &unsupported(algorithm),
            AlertDescription::BAD_CERTIFICATE,
        );
        assert_eq!(
            server_at(
                &old.trust(&[Leniency::Sha1Signatures]),
                &old.with_bad_signature(),
                "host.example",
                old.now()
            ),
            Err(bad_signature())
        );
        assert_eq!(
            old.named("other.example", &[Leniency::Sha1Signatures]),
            Err(mismatch("other.example", "host.example"))
        );
    }
}

#[test]
fn no_changed_byte_is_accepted_under_sha1() {
    Old::with(RSA, "", P256, "-sha1", Some(NAMED), "/CN=leaf")
        .refuse_every_change(&[Leniency::Sha1Signatures]);
}

#[test]
fn sha1_by_a_short_key_needs_both_rules() {
    Old::with(RSA_1024, "", P256, "-sha1", Some(NAMED), "/CN=leaf").needs(
        &[Leniency::Sha1Signatures, Leniency::Rsa1024],
        &unsupported(
            "sha1WithRSAEncryption (its hash is broken; allow it by Leniency::Sha1Signatures if you must)",
        ),
        AlertDescription::BAD_CERTIFICATE,
    );
}

#[test]
fn other_broken_hashes_are_refused_with_every_rule_given_up() {
    for (ca_key, sign, algorithm) in [
        (RSA, "-md5", "md5WithRSAEncryption (its hash is broken)"),
        (
            RSA,
            "-sha1 -sigopt rsa_padding_mode:pss",
            "rsassaPss with other parameters than SHA-256, SHA-384 or SHA-512, MGF1 with the same hash and a salt as long \
             as the hash",
        ),
        (P256, "-sha224", "ecdsa-with-SHA224"),
    ] {
        let old = Old::with(ca_key, "", P256, sign, Some(NAMED), "/CN=leaf");
        assert_eq!(old.server(&Leniency::ALL), Err(unsupported(algorithm)));
    }
}

#[test]
fn sha1_is_offered_last_and_only_by_its_rule() {
    let old = Old::new(P256, P256);
    let strict = old.trust(&[]).chain_schemes().to_vec();
    let sha1 = [SignatureScheme::ECDSA_SHA1, SignatureScheme::RSA_PKCS1_SHA1];
    assert!(!strict.iter().any(|scheme| sha1.contains(scheme)));
    for rule in Leniency::ALL {
        let mut expected = strict.clone();
        if rule == Leniency::Sha1Signatures {
            expected.extend(sha1);
        }
        assert_eq!(old.trust(&[rule]).chain_schemes(), expected, "{rule:?}");
    }
}

#[test]
fn sha1_on_a_crl_is_accepted_by_its_rule() {
    let old = Old::new(P256, P256);
    let crl = prepare_crls(&old.directory);
    old.directory
        .openssl(&format!("{crl} -gencrl -crldays 30 -md sha1 -out crl.pem"));
    let trust = |rules: &[Leniency]| {
        let builder = Trust::builder()
            .with_ca_file(old.directory.path("ca.pem"))
            .with_crl_file(old.directory.path("crl.pem"));
        lenient(builder, rules)
    };
    let error = CertificateError::RevocationUnknown {
        reason: "the CRL is signed with SHA-1, whose hash is broken; allow it by Leniency::Sha1Signatures if you must"
            .to_owned(),
    };
    assert_eq!(error.alert(), AlertDescription::CERTIFICATE_UNKNOWN);
    for rules in [
        &[][..],
        &[
            Leniency::Rsa1024,
            Leniency::CommonName,
            Leniency::X509V1Leaf,
        ],
    ] {
        let result = client_at(&trust(rules), &old.chain, old.now());
        assert_eq!(result, Err(error.clone()));
    }
    let trust = trust(&Leniency::ALL);
    let chain = presented(&old.chain, PeerRole::Client, old.now());
    assert_eq!(
        trust.leniency_needed(&chain),
        Ok(vec![Leniency::Sha1Signatures])
    );
}

// ---- RSA of 1024 bits ----

#[test]
fn rsa_of_1024_bits_is_accepted_by_its_rule_in_leaf_and_ca() {
    for (ca_key, leaf_key) in [
        (P256, RSA_1024),
        (RSA_1024, P256),
        (RSA_1024, RSA_1024),
        (P256, PSS_1024),
    ] {
        Old::new(ca_key, leaf_key).needs(
            &[Leniency::Rsa1024],
            &short_1024(),
            AlertDescription::UNSUPPORTED_CERTIFICATE,
        );
    }
    let old = Old::new(RSA_1024, P256);
    assert_eq!(
        server_at(
            &old.trust(&[Leniency::Rsa1024]),
            &old.with_bad_signature(),
            "host.example",
            old.now()
        ),
        Err(bad_signature())
    );
    old.refuse_every_change(&[Leniency::Rsa1024]);
}

#[test]
fn short_keys_make_every_signature_that_longer_ones_make() {
    const PSS: &str = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1";
    let cases = [
        (RSA_1024, "-sha256".to_owned()),
        (RSA_1024, "-sha384".to_owned()),
        (RSA_1024, "-sha512".to_owned()),
        (RSA_1024, format!("-sha256 {PSS}")),
        (RSA_1024, format!("-sha384 {PSS}")),
        (PSS_1024, "-sha256 -sigopt rsa_pss_saltlen:-1".to_owned()),
        // Long keys as before.
        (RSA, "-sha256".to_owned()),
        (RSA, format!("-sha512 {PSS}")),
        (P256, "-sha384".to_owned()),
    ];
    for (ca_key, sign) in cases {
        let old = Old::with(ca_key, "", P256, &sign, Some(NAMED), "/CN=leaf");
        assert_eq!(old.server(&[Leniency::Rsa1024]), Ok(()), "{ca_key} {sign}");
        assert_eq!(old.client(&[Leniency::Rsa1024]), Ok(()), "{ca_key} {sign}");
        assert_eq!(
            old.server(&[]).is_ok(),
            !matches!(ca_key, RSA_1024 | PSS_1024)
        );
    }
}

#[test]
fn rsa_below_1024_bits_is_refused_with_every_rule_given_up() {
    for (ca_key, leaf_key) in [(P256, RSA_1016), (RSA_1016, P256)] {
        let old = Old::new(ca_key, leaf_key);
        assert_eq!(
            old.server(&Leniency::ALL),
            Err(short_key("RSA of 1016 bits, allowed are 1024 to 8192"))
        );
        // Nothing would help, and nothing is said to.
        assert_eq!(
            old.server(&[]),
            Err(short_key("RSA of 1016 bits, allowed are 2048 to 8192"))
        );
    }
}

#[test]
fn what_a_lenient_check_remembers_vouches_for_nothing_under_the_strict_rules() {
    let old = Old::new(RSA_1024, P256);
    let trust = old.trust(&[Leniency::Rsa1024]);
    let name = "host.example".try_into().unwrap();
    let chain = presented(&old.chain, PeerRole::Server(&name), old.now());
    for _ in 0..3 {
        assert_eq!(trust.check(&chain), Ok(()));
        assert_eq!(trust.leniency_needed(&chain), Ok(vec![Leniency::Rsa1024]));
    }
}

#[test]
fn a_chain_that_keeps_the_rules_needs_no_leniency() {
    let old = Old::new(P256, RSA);
    let name = "host.example".try_into().unwrap();
    let chain = presented(&old.chain, PeerRole::Server(&name), old.now());
    assert_eq!(
        old.trust(&Leniency::ALL).leniency_needed(&chain),
        Ok(vec![])
    );
    let other = "other.example".try_into().unwrap();
    let chain = presented(&old.chain, PeerRole::Server(&other), old.now());
    assert_eq!(
        old.trust(&Leniency::ALL).leniency_needed(&chain),
        Err(mismatch("other.example", "host.example"))
    );
}

// ---- names in commonName ----

#[test]
fn a_name_in_the_common_name_is_accepted_by_its_rule() {
    for subject in [
        "/CN=host.example",
        "/O=Acme/CN=HOST.example",
        "/C=CH/CN=host.example/emailAddress=a@b",
    ] {
        let old = Old::unnamed(subject);
        let facts = CertificateFacts::from_der(&old.chain[0]).unwrap();
        old.needs(
            &[Leniency::CommonName],
            &mismatch(
                "host.example",
                &format!(
                    "no name at all (it has no subjectAltName; its subject, {}, does not count; allow it by \
                     Leniency::CommonName if you must)",
                    facts.subject
                ),
            ),
            AlertDescription::BAD_CERTIFICATE,
        );
        assert_eq!(
            server_at(
                &old.trust(&[Leniency::CommonName]),
                &old.with_bad_signature(),
                "host.example",
                old.now()
            ),
            Err(bad_signature())
        );
    }
}

#[test]
fn another_name_in_the_common_name_is_refused() {
    let wildcard = Old::unnamed("/CN=*.host.example");
    assert_eq!(
        wildcard.named("a.host.example", &[Leniency::CommonName]),
        Ok(())
    );
    for (subject, wanted) in [
        ("/CN=host.example", "other.example"),
        ("/CN=host.example", "a.host.example"),
        ("/CN=*.host.example", "host.example"),
        ("/CN=*.host.example", "b.a.host.example"),
        ("/CN=*.example", "host.example"),
        ("/CN=host.example.", "host.example"),
        ("/CN=a*.host.example", "ab.host.example"),
    ] {
        let old = Old::unnamed(subject);
        let facts = CertificateFacts::from_der(&old.chain[0]).unwrap();
        assert_eq!(
            old.named(wanted, &Leniency::ALL),
            Err(mismatch(
                wanted,
                &format!("the commonName of its subject, {}", facts.subject)
            ))
        );
    }
}

#[test]
fn a_common_name_is_no_ip_address() {
    let old = Old::unnamed("/CN=127.0.0.1");
    assert_eq!(
        old.named("127.0.0.1", &Leniency::ALL),
        Err(mismatch(
            "127.0.0.1",
            "the commonName of its subject, CN=127.0.0.1"
        ))
    );
}

#[test]
fn a_common_name_does_not_end_at_a_zero_byte() {
    let old = Old::unnamed("/CN=host.example#evil.example");
    let mut bytes = old.chain[0].to_vec();
    let at = bytes
        .windows(5)
        .position(|found| found == b"#evil")
        .unwrap();
    bytes[at] = 0;
    // With any issuer no signature is in the way.
    let builder = Trust::builder().dangerous().accept_any_issuer();
    let trust = lenient(builder, &[Leniency::CommonName]);
    assert_eq!(
        server_at(&trust, &[bytes.into()], "host.example", old.now()),
        Err(mismatch(
            "host.example",
            "the commonName of its subject, CN=host.example\\u{0}evil.example"
        ))
    );
}

#[test]
fn which_of_two_common_names_would_be_meant_nobody_can_tell() {
    let old = Old::unnamed("/CN=other.example/CN=host.example");
    for wanted in ["host.example", "other.example"] {
        assert_eq!(
            old.named(wanted, &Leniency::ALL),
            Err(mismatch(
                wanted,
                "no name at all (it has no subjectAltName; its subject, CN=other.example, CN=host.example, does not count)"
            ))
        );
    }
}

#[test]
fn the_common_name_does_not_count_beside_a_subject_alt_name() {
    let other = "subjectAltName=DNS:other.example\n";
    let old = Old::with(P256, "", P256, "-sha256", Some(other), "/CN=host.example");
    for rules in [&[][..], &Leniency::ALL] {
        assert_eq!(
            old.server(rules),
            Err(mismatch("host.example", "other.example"))
        );
        assert_eq!(old.named("other.example", rules), Ok(()));
    }
    // Neither where it names no host at all.
    let mail = "subjectAltName=email:a@example.org\n";
    let old = Old::with(P256, "", P256, "-sha256", Some(mail), "/CN=host.example");
    for rules in [&[][..], &Leniency::ALL] {
        assert_eq!(
            old.server(rules),
            Err(mismatch(
                "host.example",
                "no name at all (it has no subjectAltName; its subject, CN=host.example, does not count)"
            ))
        );
    }
}

#[test]
fn name_constraints_hold_for_the_common_name() {
    for (constraints, allowed) in [
        ("permitted;DNS:host.example", true),
        ("permitted;DNS:other.example", false),
        ("excluded;DNS:host.example", false),
        ("excluded;DNS:other.example", true),
    ] {
        let constraints = format!("-addext nameConstraints=critical,{constraints}");
        for (extensions, rules) in [
            (Some(UNNAMED), &[Leniency::CommonName][..]),
            (None, &[Leniency::CommonName, Leniency::X509V1Leaf]),
        ] {
            let subject = "/CN=host.example";
            let old = Old::with(P256, &constraints, P256, "-sha256", extensions, subject);
            let expected = if allowed {
                Ok(())
            } else {
                Err(CertificateError::ConstraintViolated {
                    constraint: "name constraints exclude a name in the certificate".to_owned(),
                })
            };
            assert_eq!(old.server(rules), expected, "{constraints} {extensions:?}");
        }
    }
}

#[test]
fn extensions_beside_the_common_name_are_still_looked_at() {
    let all_but_ca_leaf: Vec<_> = Leniency::ALL
        .into_iter()
        .filter(|rule| *rule != Leniency::CaLeaf)
        .collect();
    let refused = |extensions: &str| {
        Old::with(
            P256,
            "",
            P256,
            "-sha256",
            Some(extensions),
            "/CN=host.example",
        )
        .server(&all_but_ca_leaf)
        .unwrap_err()
    };
    let usage = |why: &str| CertificateError::WrongUsage {
        usage: format!("server authentication: {why}"),
    };
    assert_eq!(
        refused("extendedKeyUsage=clientAuth\n"),
        usage("its extended key usage names other purposes")
    );
    assert_eq!(
        refused("keyUsage=keyAgreement\n"),
        usage("its key usage lacks digitalSignature (RFC 8446 Section 4.4.2.2)")
    );
    assert_eq!(
        refused("1.2.3.4=critical,DER:0500\n"),
        CertificateError::UnsupportedExtension
    );
    assert_eq!(
        refused("basicConstraints=critical,CA:TRUE\n"),
        usage(
            "it is a CA certificate (basicConstraints CA:TRUE), which is trusted as a peer's own only if pinned; allow it by \
             Leniency::CaLeaf if you must"
        )
    );
}

#[test]
fn a_pinned_certificate_may_have_its_name_in_the_common_name() {
    for old in [Old::unnamed("/CN=host.example"), Old::version_1()] {
        let pinned = |rules| lenient(Trust::builder().with_pinned_bytes(&old.chain[0]), rules);
        let by_common_name = pinned(&[Leniency::CommonName]);
        for (trust, name, good) in [
            (&pinned(&[]), "host.example", false),
            (
                &pinned(&[
                    Leniency::X509V1Leaf,
                    Leniency::Rsa1024,
                    Leniency::Sha1Signatures,
                ]),
                "host.example",
                false,
            ),
            (&by_common_name, "host.example", true),
            (&by_common_name, "other.example", false),
        ] {
            let result = server_at(trust, &old.chain, name, old.now());
            assert_eq!(result.is_ok(), good, "{result:?}");
        }
    }
}

#[test]
fn no_changed_byte_is_accepted_under_a_common_name() {
    Old::unnamed("/CN=host.example").refuse_every_change(&[Leniency::CommonName]);
}

// ---- A CA's certificate as a peer's own ----

const CA_LEAF: &str =
    "subjectAltName=DNS:host.example\nbasicConstraints=critical,CA:TRUE,pathlen:0\n";

#[test]
fn a_ca_as_a_leaf_is_accepted_by_its_rule() {
    let usage = |role| CertificateError::WrongUsage {
        usage: format!(
            "{role} authentication: it is a CA certificate (basicConstraints CA:TRUE), which is trusted as a peer's own only if \
             pinned; allow it by Leniency::CaLeaf if you must"
        ),
    };
    let old = Old::with(P256, "", P256, "-sha256", Some(CA_LEAF), "/CN=it");
    old.needs(
        &[Leniency::CaLeaf],
        &usage("server"),
        AlertDescription::UNSUPPORTED_CERTIFICATE,
    );
    assert_eq!(old.client(&[]), Err(usage("client")));
    assert_eq!(old.client(&[Leniency::CaLeaf]), Ok(()));
    // All else holds for it.
    let rules = [Leniency::CaLeaf];
    let trust = old.trust(&rules);
    assert_eq!(
        server_at(&trust, &old.with_bad_signature(), "host.example", old.now()),
        Err(bad_signature())
    );
    old.named("other.example", &rules).unwrap_err();
    let no_signing = format!("{CA_LEAF}keyUsage=keyCertSign\n");
    let other = Old::with(P256, "", P256, "-sha256", Some(&no_signing), "/CN=it");
    other.server(&rules).unwrap_err();
}

#[test]
fn no_changed_byte_is_accepted_of_a_ca_as_a_leaf() {
    Old::with(P256, "", P256, "-sha256", Some(CA_LEAF), "/CN=it")
        .refuse_every_change(&[Leniency::CaLeaf]);
}

// ---- X.509 version 1 ----

#[test]
fn a_version_1_leaf_is_accepted_by_its_rule() {
    let old = Old::version_1();
    assert_eq!(
        CertificateFacts::from_der(&old.chain[0]).unwrap().version,
        1
    );
    // Of a server, which must prove a name, with the rule for names besides.
    old.needs(
        &[Leniency::CommonName, Leniency::X509V1Leaf],
        &old_version(VERSION_1_HINT),
        AlertDescription::BAD_CERTIFICATE,
    );
    assert_eq!(
        old.server(&[Leniency::X509V1Leaf]),
        Err(mismatch(
            "host.example",
            "no name at all (it has no subjectAltName; its subject, CN=host.example, does not count; allow it by \
             Leniency::CommonName if you must)"
        ))
    );
    // A client proves none.
    assert_eq!(old.client(&[]), Err(old_version(VERSION_1_HINT)));
    assert_eq!(
        old.client(&[
            Leniency::CommonName,
            Leniency::Rsa1024,
            Leniency::Sha1Signatures
        ]),
        Err(old_version(VERSION_1_HINT))
    );
    assert_eq!(old.client(&[Leniency::X509V1Leaf]), Ok(()));
    let any_name = Trust::builder()
        .with_ca_file(old.directory.path("ca.pem"))
        .dangerous()
        .accept_any_name()
        .dangerous()
        .allow(Leniency::X509V1Leaf)
        .build()
        .unwrap();
    assert_eq!(
        server_at(&any_name, &old.chain, "other.example", old.now()),
        Ok(())
    );
}

#[test]
fn a_version_1_leaf_is_verified_like_any_other() {
    let old = Old::version_1();
    let rules = [Leniency::X509V1Leaf, Leniency::CommonName];
    let trust = old.trust(&rules);
    assert_eq!(
        server_at(&trust, &old.with_bad_signature(), "host.example", old.now()),
        Err(bad_signature())
    );
    let facts = CertificateFacts::from_der(&old.chain[0]).unwrap();
    let late = facts.not_after + 1;
    assert_eq!(
        server_at(&trust, &old.chain, "host.example", late),
        Err(CertificateError::Expired {
            not_after: UnixSeconds(facts.not_after),
            now: UnixSeconds(late),
        })
    );
    let early = facts.not_before - 1;
    assert_eq!(
        server_at(&trust, &old.chain, "host.example", early),
        Err(CertificateError::NotYetValid {
            not_before: UnixSeconds(facts.not_before),
            now: UnixSeconds(early),
        })
    );
    assert_eq!(
        old.named("other.example", &rules),
        Err(mismatch(
            "other.example",
            "the commonName of its subject, CN=host.example"
        ))
    );
    // Another CA, of another name and of the same one.
    let stranger = Old::version_1();
    assert_eq!(
        server_at(&trust, &stranger.chain, "host.example", old.now()),
        Err(bad_signature())
    );
    let unknown = lenient(
        Trust::builder().with_ca_bytes(&support::pki::Ca::root("root").certificate),
        &rules,
    );
    assert_eq!(
        server_at(&unknown, &old.chain, "host.example", old.now()),
        Err(CertificateError::UnknownIssuer {
            issuer: "CN=ca".to_owned(),
            sent: 1,
        })
    );
    old.refuse_every_change(&rules);
}

/// What `openssl ca` needs; returns the beginning of its command.
fn prepare_crls(directory: &Directory) -> &'static str {
    directory.write(
        "ca.cnf",
        "[ca]\ndefault_ca=old\n[old]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\n",
    );
    directory.write("index.txt", "");
    directory.write("crlnumber", "01\n");
    "ca -config ca.cnf -cert ca.pem -keyfile ca.key"
}

#[test]
fn a_version_1_leaf_on_a_crl_is_refused() {
    let old = Old::version_1();
    let directory = &old.directory;
    let crl = prepare_crls(directory);
    let rules = [Leniency::X509V1Leaf];
    for (revoke, expected) in [(false, Ok(())), (true, Err(CertificateError::Revoked))] {
        if revoke {
            directory.openssl(&format!("{crl} -revoke leaf.pem"));
        }
        directory.openssl(&format!("{crl} -gencrl -crldays 30 -out crl.pem"));
        let builder = Trust::builder()
            .with_ca_file(directory.path("ca.pem"))
            .with_crl_file(directory.path("crl.pem"));
        let trust = lenient(builder, &rules);
        assert_eq!(client_at(&trust, &old.chain, old.now()), expected);
    }
}

#[test]
fn a_version_1_leaf_may_stand_below_an_intermediate() {
    let mut old = Old::new(P256, P256);
    old.directory
        .openssl(&format!("genpkey {P256} -out middle.key"));
    let ca = "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n";
    let middle = old.certify("ca", "middle", "-sha256", Some(ca), "/CN=middle");
    let leaf = old.certify("middle", "leaf", "-sha256", None, "/CN=host.example");
    old.chain = vec![leaf, middle];
    old.needs(
        &[Leniency::CommonName, Leniency::X509V1Leaf],
        &old_version(VERSION_1_HINT),
        AlertDescription::BAD_CERTIFICATE,
    );
}

#[test]
fn a_version_1_intermediate_is_refused_with_every_rule_given_up() {
    for (extensions, hint) in [(Some(NAMED), ""), (None, VERSION_1_HINT)] {
        let mut old = Old::new(P256, P256);
        old.directory
            .openssl(&format!("genpkey {P256} -out middle.key"));
        let middle = old.certify("ca", "middle", "-sha256", None, "/CN=middle");
        let leaf = old.certify("middle", "leaf", "-sha256", extensions, "/CN=host.example");
        old.chain = vec![leaf, middle];
        assert_eq!(old.server(&[]), Err(old_version(hint)));
        assert_eq!(old.server(&Leniency::ALL), Err(old_version("")));
        assert_eq!(old.client(&Leniency::ALL), Err(old_version("")));
    }
}

#[test]
fn a_version_1_certificate_with_extensions_is_refused_with_every_rule_given_up() {
    // The version of a version 3 certificate cut out, and the lengths around it made right.
    let old = Old::new(P256, P256);
    let mut bytes = old.chain[0].to_vec();
    let version = [0xa0, 3, 2, 1, 2];
    let at = bytes.windows(5).position(|found| found == version).unwrap();
    bytes.drain(at..at + 5);
    for len in [2, 6] {
        let value = u16::from_be_bytes([bytes[len], bytes[len + 1]]) - 5;
        bytes[len..len + 2].copy_from_slice(&value.to_be_bytes());
    }
    let chain = [CertificateDer::from(bytes)];
    assert_eq!(CertificateFacts::from_der(&chain[0]).unwrap().version, 1);
    assert_eq!(
        server_at(
            &old.trust(&Leniency::ALL),
            &chain,
            "host.example",
            old.now()
        ),
        Err(old_version(""))
    );
}

/// Puts bytes into a certificate, and makes the lengths at `headers` right, which have two bytes.
fn with_bytes(old: &Old, at: usize, bytes: &[u8], headers: &[usize]) -> CertificateDer<'static> {
    let mut changed = old.chain[0].to_vec();
    for len in headers {
        let value = u16::from_be_bytes([changed[*len], changed[len + 1]]);
        let value = value + u16::try_from(bytes.len()).unwrap();
        changed[*len..len + 2].copy_from_slice(&value.to_be_bytes());
    }
    changed.splice(at..at, bytes.iter().copied());
    changed.into()
}

#[test]
fn what_a_certificate_has_too_much_is_not_overlooked() {
    // With any issuer no signature is in the way.
    let builder = Trust::builder().dangerous().accept_any_issuer();
    let trust = lenient(builder, &Leniency::ALL);
    for extensions in [Some(UNNAMED), None] {
        let old = Old::with(P256, "", RSA, "-sha256", extensions, "/CN=host.example");
        let der = &old.chain[0];
        let check =
            |chain: &[CertificateDer<'static>]| server_at(&trust, chain, "host.example", old.now());
        assert_eq!(check(&old.chain), Ok(()));
        // After the signature; then an issuerUniqueID, or what follows the extensions.
        let after_signature = with_bytes(&old, der.len(), &[5, 0], &[2]);
        let tbs_len = usize::from(u16::from_be_bytes([der[6], der[7]]));
        let after_fields = with_bytes(&old, 8 + tbs_len, &[0x81, 1, 0], &[2, 6]);
        for changed in [after_signature, after_fields] {
            let result = check(&[changed]);
            assert!(
                matches!(
                    result,
                    Err(CertificateError::Malformed { .. } | CertificateError::NameMismatch { .. })
                ),
                "{result:?}"
            );
        }
    }
}

// ---- in handshakes ----

/// Our client and our server, which shows the chain of `old`.
fn handshake_with_server(old: &Old, rules: &[Leniency]) -> Pair {
    let client = ClientConfig::builder(old.trust(rules)).build().unwrap();
    let server = ServerConfig::builder(old.credential()).build().unwrap();
    Pair {
        client: Connection::client(client, "host.example".try_into().unwrap()),
        server: Connection::server(server),
    }
}

#[test]
fn the_rules_hold_in_handshakes() {
    let sha1 = Old::with(RSA, "", P256, "-sha1", Some(NAMED), "/CN=leaf");
    for (old, rules, error) in [
        (
            sha1,
            &[Leniency::Sha1Signatures][..],
            unsupported(
                "sha1WithRSAEncryption (its hash is broken; allow it by Leniency::Sha1Signatures if you must)",
            ),
        ),
        (Old::new(P256, RSA_1024), &[Leniency::Rsa1024], short_1024()),
        (Old::new(P256, PSS_1024), &[Leniency::Rsa1024], short_1024()),
        (
            Old::version_1(),
            &[Leniency::CommonName, Leniency::X509V1Leaf],
            old_version(VERSION_1_HINT),
        ),
    ] {
        handshake_with_server(&old, &[]).expect_failure(Side::Client, &Error::Certificate(error));
        let mut pair = handshake_with_server(&old, rules);
        pair.handshake().unwrap();
        let facts = pair.client.facts().unwrap();
        assert_eq!(facts.peer_certificates.as_deref(), Some(&old.chain[..]));
    }
}

#[test]
fn the_rules_hold_for_clients() {
    let old = Old::with(RSA_1024, "", RSA_1024, "-sha1", None, "/CN=alice");
    let pki = support::Pki::new();
    let pair = |rules| {
        let client = support::client_builder(&pki).with_credential(old.credential());
        let server = ServerConfig::builder(pki.server.clone())
            .with_client_auth(ClientAuth::required(old.trust(rules)));
        Pair {
            client: Connection::client(client.build().unwrap(), support::server_name()),
            server: Connection::server(server.build().unwrap()),
        }
    };
    pair(&[]).expect_failure(Side::Server, &Error::Certificate(short_1024()));
    let rules = [
        Leniency::Sha1Signatures,
        Leniency::Rsa1024,
        Leniency::X509V1Leaf,
    ];
    let mut pair = pair(&rules);
    pair.handshake().unwrap();
    let facts = pair.server.facts().unwrap();
    assert_eq!(
        facts.peer_signature_scheme,
        Some(SignatureScheme::RSA_PSS_RSAE_SHA256)
    );
}

#[test]
fn an_own_key_of_1024_bits_is_taken_where_it_is_said() {
    let old = Old::new(P256, RSA_1024);
    let parts = || {
        Credential::builder()
            .with_certificate_file(old.directory.path("leaf.pem"))
            .with_key_file(old.directory.path("leaf.key"))
    };
    let CredentialError::Material(error) = parts().build().unwrap_err() else {
        panic!("another error");
    };
    assert_eq!(
        error.problem,
        MaterialProblem::BadKey(
            "key too weak (RSA keys need at least 2048 bits, or 1024 where that is allowed)"
                .to_owned()
        )
    );
    let credential = parts().dangerously_with_rsa_1024().build().unwrap();
    // Hash and salt of SHA-512 do not fit into 1024 bits.
    assert_eq!(
        credential.schemes(),
        [
            SignatureScheme::RSA_PSS_RSAE_SHA256,
            SignatureScheme::RSA_PSS_RSAE_SHA384
        ]
    );
}
