//! Certificates and CRLs made against verifiers: what other stacks believed, looped on or broke at (docs/attacks.md names
//! each), and how long it may take to refuse them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod pki;

use std::time::{Duration, Instant};

use pki::{Ca, Directory, NOW, ca_params, leaf_params};
use rcgen::{
    CertificateParams, CertificateRevocationListParams, CustomExtension, DnType, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData, SanType, SerialNumber,
    SignatureAlgorithm, SigningKey, date_time_ymd,
};
use warifu::CertificateError;
use warifu::certificate::{CertificateFacts, certificates_from_file};
use warifu::decision::{PeerRole, PresentedChain};
use warifu::parameters::AlertDescription;
use warifu::pki_types::{CertificateDer, ServerName, UnixTime};
use warifu::trust::{Trust, TrustBuilder};

type Chain<'a> = &'a [CertificateDer<'static>];

fn server(trust: &Trust, chain: Chain<'_>, name: &str) -> Result<(), CertificateError> {
    let name = ServerName::try_from(name).unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW));
    trust.check(&PresentedChain::new(chain, PeerRole::Server(&name), now))
}

fn trusting(ca: &Ca) -> TrustBuilder {
    Trust::builder().with_ca_bytes(&ca.certificate)
}

fn trust(ca: &Ca) -> Trust {
    trusting(ca).build().unwrap()
}

#[track_caller]
fn refused(result: Result<(), CertificateError>, error: CertificateError, alert: AlertDescription) {
    assert_eq!(result, Err(error.clone()));
    assert_eq!(error.alert(), alert, "{error}");
}

/// Runs this, which may take `limit`. A run that does what the attack wants takes many times as long.
fn within<T>(limit: Duration, run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = run();
    assert!(start.elapsed() < limit, "{:?}", start.elapsed());
    result
}

// ---- DER ----

const SEQUENCE: u8 = 0x30;

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = content.len();
    let mut out = vec![tag];
    match len {
        0..0x80 => out.push(len as u8),
        0x80..0x100 => out.extend([0x81, len as u8]),
        _ => out.extend([0x82, (len >> 8) as u8, len as u8]),
    }
    out.extend(content);
    out
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, &parts.concat())
}

const SUBJECT_ALT_NAME: [u64; 4] = [2, 5, 29, 17];
const BASIC_CONSTRAINTS: [u64; 4] = [2, 5, 29, 19];
const NAME_CONSTRAINTS: [u64; 4] = [2, 5, 29, 30];

/// Tags of the choices of GeneralName, RFC 5280 Section 4.2.1.6.
const DNS_NAME: u8 = 0x82;
const URI: u8 = 0x86;
const PERMITTED: u8 = 0xa0;
const EXCLUDED: u8 = 0xa1;

fn extension(oid: &[u64], content: Vec<u8>) -> CustomExtension {
    CustomExtension::from_oid_content(oid, content)
}

/// A leaf whose subjectAltName is these GeneralNames.
fn leaf_named(ca: &Ca, names: &[Vec<u8>]) -> CertificateDer<'static> {
    ca.leaf_and_key(&[], |params| {
        let names = tlv(SEQUENCE, &names.concat());
        let names = extension(&SUBJECT_ALT_NAME, names);
        params.custom_extensions.push(names);
    })
    .0
}

/// The names of subtrees with their tags, and the tag of the list that they are in.
type Subtrees<'a> = (u8, &'a [(u8, &'a [u8])]);

/// nameConstraints of these lists.
fn constrained(params: &mut CertificateParams, lists: &[Subtrees<'_>]) {
    let lists = lists.iter().map(|(list, names)| {
        let trees = names
            .iter()
            .map(|(tag, name)| sequence(&[&tlv(*tag, name)]));
        tlv(*list, &trees.collect::<Vec<_>>().concat())
    });
    let content = tlv(SEQUENCE, &lists.collect::<Vec<_>>().concat());
    let mut constraints = extension(&NAME_CONSTRAINTS, content);
    constraints.set_criticality(true);
    params.custom_extensions.push(constraints);
}

fn excluded() -> CertificateError {
    CertificateError::ConstraintViolated {
        constraint: "name constraints exclude a name in the certificate".to_owned(),
    }
}

// ---- names ----

fn mismatch(wanted: &str, presented: &str) -> CertificateError {
    CertificateError::NameMismatch {
        wanted: wanted.to_owned(),
        presented: presented.to_owned(),
    }
}

/// A certificate for `www.bank.example\0.evil.example` is one of evil.example.
#[test]
fn a_name_does_not_end_at_a_zero_byte() {
    let root = Ca::root("root");
    let name = tlv(DNS_NAME, b"host.example\0.evil.example");
    refused(
        server(&trust(&root), &[leaf_named(&root, &[name])], "host.example"),
        mismatch("host.example", "host.example\\u{0}.evil.example"),
        AlertDescription::BAD_CERTIFICATE,
    );
}

/// GeneralNames of kinds that a verifier of hosts never sees, well made and not.
fn odd_names() -> [(&'static str, Vec<u8>); 9] {
    let other_name = [&[6, 3, 0x2a, 3, 4][..], &tlv(0xa0, &tlv(0x0c, b"x"))].concat();
    let punycode = b"a@xn--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    [
        ("otherName", tlv(0xa0, &other_name)),
        ("otherName of nothing", tlv(0xa0, &[])),
        ("rfc822Name in Punycode", tlv(0x81, punycode)),
        ("x400Address", tlv(0xa3, &sequence(&[&tlv(0x61, b"x")]))),
        ("ediPartyName", tlv(0xa5, &tlv(0xa1, &tlv(0x0c, b"party")))),
        ("ediPartyName of nothing", tlv(0xa5, &[])),
        ("URI", tlv(URI, b"https://host.example/")),
        ("iPAddress of 5 bytes", tlv(0x87, &[1, 2, 3, 4, 5])),
        ("registeredID", tlv(0x88, &[0x2a, 3, 4])),
    ]
}

#[test]
fn names_of_other_kinds_stand_for_no_host() {
    let root = Ca::root("root");
    let host = tlv(DNS_NAME, b"host.example");
    for (kind, name) in odd_names() {
        let both = leaf_named(&root, &[name.clone(), host.clone()]);
        let beside = server(&trust(&root), &[both], "host.example");
        assert_eq!(beside, Ok(()), "{kind}");
        // Not even the subject's commonName is looked at instead.
        let named = |params: &mut CertificateParams| {
            let subject = &mut params.distinguished_name;
            subject.push(DnType::CommonName, "host.example");
            let names = extension(&SUBJECT_ALT_NAME, tlv(SEQUENCE, &name));
            params.custom_extensions.push(names);
        };
        let (alone, _) = root.leaf_and_key(&[], named);
        refused(
            server(&trust(&root), &[alone], "host.example"),
            mismatch(
                "host.example",
                "no name at all (it has no subjectAltName; its subject, CN=host.example, does not count)",
            ),
            AlertDescription::BAD_CERTIFICATE,
        );
    }
}

/// Constraints on names of kinds that are not understood exclude all names of the kind, and no others.
#[test]
fn constraints_on_names_of_other_kinds_exclude_them_all() {
    for (kind, name) in odd_names() {
        if kind == "iPAddress of 5 bytes" {
            // A constraint of addresses has twice that length (RFC 5280 Section 4.2.1.10).
            continue;
        }
        let other = b"another".as_slice();
        for list in [PERMITTED, EXCLUDED] {
            let root = Ca::root_with("root", |params| {
                constrained(params, &[(list, &[(name[0], other)])]);
            });
            let host = tlv(DNS_NAME, b"host.example");
            let both = leaf_named(&root, &[name.clone(), host.clone()]);
            let result = server(&trust(&root), &[both], "host.example");
            assert_eq!(result, Err(excluded()), "{kind}");
            let leaf = leaf_named(&root, &[host]);
            let result = server(&trust(&root), &[leaf], "host.example");
            assert_eq!(result, Ok(()), "{kind}");
        }
    }
}

// ---- name constraints ----

/// What becomes of a leaf with this dNSName under an intermediate with these constraints, where `wanted` is sought.
fn under(constraints: &[Subtrees<'_>], name: &[u8], wanted: &str) -> Result<(), CertificateError> {
    let root = Ca::root("root");
    let one = root.intermediate_with("one", |params| constrained(params, constraints));
    let leaf = leaf_named(&one, &[tlv(DNS_NAME, name)]);
    server(&trust(&root), &[leaf, one.certificate.clone()], wanted)
}

#[test]
fn name_constraints_have_no_holes() {
    const HOST: &[(u8, &[u8])] = &[(DNS_NAME, b"host.example")];
    // Letters are letters, in the name and in the constraint.
    for spelled in [&b"host.example"[..], b"HOST.example", b"Host.Example"] {
        for constraint in [&b"host.example"[..], b"HOST.EXAMPLE"] {
            let tree = [(DNS_NAME, constraint)];
            let permitted = under(&[(PERMITTED, &tree)], spelled, "host.example");
            assert_eq!(permitted, Ok(()));
            let result = under(&[(EXCLUDED, &tree)], spelled, "host.example");
            assert_eq!(result, Err(excluded()));
        }
    }
    // What is permitted may be excluded besides.
    let both: &[Subtrees<'_>] = &[(PERMITTED, &[(DNS_NAME, b"example")]), (EXCLUDED, HOST)];
    assert_eq!(
        under(both, b"host.example", "host.example"),
        Err(excluded())
    );
    assert_eq!(under(both, b"a.example", "a.example"), Ok(()));
    // A wildcard stands for names outside of what is permitted.
    let permitted: &[Subtrees<'_>] = &[(PERMITTED, HOST)];
    let result = under(permitted, b"*.example", "other.example");
    assert!(result.is_err(), "{result:?}");
    let result = under(&[(EXCLUDED, HOST)], b"*.example", "host.example");
    assert!(result.is_err(), "{result:?}");
    // A constraint that cannot be read permits nothing.
    let unreadable: &[Subtrees<'_>] = &[(PERMITTED, &[(DNS_NAME, b"example\0.x")])];
    let error = CertificateError::ConstraintViolated {
        constraint: "its name constraints cannot be read".to_owned(),
    };
    assert_eq!(
        under(unreadable, b"host.example", "host.example"),
        Err(error)
    );
}

/// Those of a CA below another do not replace the other's, whichever of them permits or excludes.
#[test]
fn constraints_of_every_ca_on_the_path_count() {
    const OUTSIDE: &[(u8, &[u8])] = &[(DNS_NAME, b"outside.example")];
    const INSIDE: &[(u8, &[u8])] = &[(DNS_NAME, b"inside.example")];
    for [above, below] in [
        [(EXCLUDED, OUTSIDE), (PERMITTED, INSIDE)],
        [(PERMITTED, INSIDE), (EXCLUDED, OUTSIDE)],
        [(PERMITTED, INSIDE), (PERMITTED, OUTSIDE)],
    ] {
        let root = Ca::root("root");
        let one = root.intermediate_with("one", |params| constrained(params, &[above]));
        let two = one.intermediate_with("two", |params| constrained(params, &[below]));
        for (name, inside) in [
            ("a.inside.example", below.1 == INSIDE || below.0 == EXCLUDED),
            ("host.example", false),
            ("a.outside.example", false),
        ] {
            let leaf = leaf_named(&two, &[tlv(DNS_NAME, name.as_bytes())]);
            let chain = [leaf, two.certificate.clone(), one.certificate.clone()];
            let expected = if inside { Ok(()) } else { Err(excluded()) };
            assert_eq!(server(&trust(&root), &chain, name), expected, "{name}");
        }
    }
}

/// Every name is compared with every constraint: 4 million comparisons, which have a budget.
#[test]
fn names_and_constraints_by_the_thousand_are_refused_quickly() {
    let root = Ca::root("root");
    let trees: Vec<Vec<u8>> = (0..2000)
        .map(|n| format!("n{n}.example").into_bytes())
        .collect();
    let trees: Vec<(u8, &[u8])> = trees.iter().map(|tree| (DNS_NAME, &tree[..])).collect();
    let one = root.intermediate_with("one", |params| constrained(params, &[(EXCLUDED, &trees)]));
    let names: Vec<Vec<u8>> = (0..2000)
        .map(|n| tlv(DNS_NAME, format!("h{n}.example").as_bytes()))
        .collect();
    let chain = [leaf_named(&one, &names), one.certificate.clone()];
    let trust = trust(&root);
    let result = within(Duration::from_secs(3), || {
        server(&trust, &chain, "h0.example")
    });
    refused(
        result,
        CertificateError::TooComplex,
        AlertDescription::BAD_CERTIFICATE,
    );
}

// ---- keys ----

/// An RSA key of so many bits that nobody has: its signatures are noise.
struct Giant {
    public: Vec<u8>,
    signature_len: usize,
}

impl Giant {
    fn new(bits: usize) -> Self {
        let mut modulus = vec![0];
        modulus.resize(1 + bits / 8, 0xff);
        Self {
            public: sequence(&[&tlv(2, &modulus), &tlv(2, &[1, 0, 1])]),
            signature_len: bits / 8,
        }
    }
}

impl PublicKeyData for Giant {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl SigningKey for Giant {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(vec![0x55; self.signature_len])
    }
}

#[test]
fn giant_keys_are_refused_unused() {
    let root = Ca::root("root");
    let trust = trust(&root);
    for bits in [8200, 16_384, 262_144] {
        let giant = Giant::new(bits);
        let leaf = leaf_params(&["host.example"]);
        let leaf = leaf.signed_by(&giant, &root.issuer).unwrap();
        let ca = ca_params("giant").signed_by(&giant, &root.issuer).unwrap();
        let issuer = Issuer::new(ca_params("giant"), giant);
        let below = leaf_params(&["host.example"])
            .signed_by(&KeyPair::generate().unwrap(), &issuer)
            .unwrap();
        for chain in [
            vec![leaf.der().clone()],
            vec![below.der().clone(), ca.der().clone()],
        ] {
            let result = within(Duration::from_millis(500), || {
                server(&trust, &chain, "host.example")
            });
            refused(
                result,
                CertificateError::UnsupportedKey {
                    reason: format!("RSA of {bits} bits, allowed are 2048 to 8192"),
                },
                AlertDescription::UNSUPPORTED_CERTIFICATE,
            );
        }
    }
}

/// Curves that a certificate brings itself are not looked at, so that nothing is computed with their numbers.
#[test]
fn a_key_with_parameters_of_its_own_signs_nothing() {
    let directory = Directory::new();
    let p256 = "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256";
    directory.openssl(&format!("{p256} -out good.key"));
    directory.openssl(&format!(
        "{p256} -pkeyopt ec_param_enc:explicit -out odd.key"
    ));
    directory.openssl("req -x509 -key good.key -subj /CN=root -days 30 -out root.pem");
    directory.write("ca.cnf", "basicConstraints=critical,CA:TRUE\n");
    directory.write("leaf.cnf", "subjectAltName=DNS:host.example\n");
    for (key, ca, ca_key, made) in [
        ("odd.key", "root.pem", "good.key", "ca"),
        ("good.key", "ca.pem", "odd.key", "leaf"),
    ] {
        directory.openssl(&format!(
            "req -new -key {key} -subj /CN={made} -out {made}.csr"
        ));
        directory.openssl(&format!(
            "x509 -req -in {made}.csr -CA {ca} -CAkey {ca_key} -CAcreateserial -extfile {made}.cnf -days 30 -out {made}.pem"
        ));
    }
    let read = |file: &str| certificates_from_file(directory.path(file)).unwrap();
    let chain = [read("leaf.pem"), read("ca.pem")].concat();
    let now = CertificateFacts::from_der(&chain[0]).unwrap().not_before + 60;
    let name = ServerName::try_from("host.example").unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    let trust = Trust::from_ca_file(directory.path("root.pem")).unwrap();
    refused(
        trust.check(&PresentedChain::new(&chain, PeerRole::Server(&name), now)),
        CertificateError::UnsupportedAlgorithm {
            algorithm:
                "ecdsa-with-SHA256 by an issuer's key of type EC key with explicit parameters"
                    .to_owned(),
        },
        AlertDescription::BAD_CERTIFICATE,
    );
}

// ---- who is a CA ----

/// basicConstraints that one reader takes for a CA's and another does not.
#[test]
fn half_a_ca_is_none() {
    let root = Ca::root("root");
    let not_a_ca = || CertificateError::ConstraintViolated {
        constraint:
            "a certificate that is not a CA's (basicConstraints, key usage) signed another one"
                .to_owned(),
    };
    let malformed = || CertificateError::Malformed {
        reason: "BadDer".to_owned(),
    };
    let whole = sequence(&[&tlv(1, &[0xff])]);
    for (what, content, error) in [
        (
            "a path length alone",
            sequence(&[&tlv(2, &[1])]),
            not_a_ca(),
        ),
        ("cA FALSE", sequence(&[&tlv(1, &[0])]), not_a_ca()),
        ("cA of 1", sequence(&[&tlv(1, &[1])]), malformed()),
        ("cut in the SEQUENCE", whole[..2].to_vec(), malformed()),
        ("cut in cA", whole[..4].to_vec(), malformed()),
        ("no SEQUENCE", tlv(1, &[0xff]), malformed()),
        ("nothing", Vec::new(), malformed()),
        ("a byte behind it", [&whole[..], &[0]].concat(), malformed()),
    ] {
        let mut params = leaf_params(&[]);
        let subject = &mut params.distinguished_name;
        subject.push(DnType::CommonName, "half a CA");
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let constraints = extension(&BASIC_CONSTRAINTS, content);
        params.custom_extensions.push(constraints);
        let key = KeyPair::generate().unwrap();
        let half = params.signed_by(&key, &root.issuer).unwrap();
        let issuer = Issuer::new(params, key);
        let leaf = leaf_params(&["host.example"])
            .signed_by(&KeyPair::generate().unwrap(), &issuer)
            .unwrap();
        let chain = [leaf.der().clone(), half.der().clone()];
        let result = server(&trust(&root), &chain, "host.example");
        assert_eq!(result, Err(error), "{what}");
    }
}

/// Anybody can write the name of a trusted CA into a certificate, and all else that is in the CA's own.
#[test]
fn the_name_of_a_trusted_ca_is_not_its_key() {
    let root = Ca::root("root");
    let trust = trust(&root);
    let mut params = leaf_params(&["host.example"]);
    params.distinguished_name.push(DnType::CommonName, "root");
    let leaf = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    let copy = Ca::root_with("root", |params| {
        let name = SanType::DnsName("host.example".try_into().unwrap());
        params.subject_alt_names = vec![name];
    });
    let [leaf, genuine] = [leaf.der().clone(), root.certificate.clone()];
    for chain in [
        vec![leaf.clone()],
        vec![leaf, genuine.clone()],
        vec![copy.leaf(), genuine.clone()],
        vec![copy.leaf(), copy.certificate.clone(), genuine],
    ] {
        let result = server(&trust, &chain, "host.example");
        assert!(
            matches!(result, Err(CertificateError::BadChainSignature { .. })),
            "{result:?}"
        );
        assert_eq!(
            result.unwrap_err().alert(),
            AlertDescription::BAD_CERTIFICATE
        );
    }
    // As a peer's own certificate the trusted CA's is believed, byte for byte.
    refused(
        server(&trust, &[copy.certificate], "host.example"),
        CertificateError::WrongUsage {
            usage: "server authentication: it is a CA certificate (basicConstraints CA:TRUE), which is trusted as a \
                    peer's own only if pinned; allow it by Leniency::CaLeaf if you must"
                .to_owned(),
        },
        AlertDescription::UNSUPPORTED_CERTIFICATE,
    );
}

/// Two that certify each other: a path may go in circles, and does not go on for ever.
#[test]
fn cas_that_certify_each_other_lead_nowhere() {
    let root = Ca::root("root");
    let trust = trust(&root);
    let (one, other) = (Ca::root("one"), Ca::root("other"));
    let cross = |of: &Ca, name: &str, by: &Ca| {
        let made = ca_params(name).signed_by(of.issuer.key(), &by.issuer);
        made.unwrap().der().clone()
    };
    let [there, back] = [cross(&one, "one", &other), cross(&other, "other", &one)];
    let mut chain = vec![one.leaf(), there, back];
    let result = within(Duration::from_secs(1), || {
        server(&trust, &chain, "host.example")
    });
    refused(
        result,
        CertificateError::UnknownIssuer {
            issuer: "CN=one".to_owned(),
            sent: 3,
        },
        AlertDescription::UNKNOWN_CA,
    );
    chain.push(cross(&one, "one", &root));
    assert_eq!(server(&trust, &chain, "host.example"), Ok(()));
}

// ---- CRLs ----

/// A CRL with this issuingDistributionPoint and a signature that is noise.
fn crl_with_distribution_point(point: &[u8]) -> Vec<u8> {
    // ecdsa-with-SHA256.
    let algorithm = sequence(&[&[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]]);
    let name = sequence(&[&tlv(0x0c, b"root")]);
    let name = sequence(&[&[6, 3, 0x55, 4, 3], &tlv(0x0c, &name[4..])]);
    let issuer = sequence(&[&tlv(0x31, &name)]);
    let critical = [1, 1, 0xff];
    let number = sequence(&[&[6, 3, 0x55, 0x1d, 0x14], &tlv(4, &tlv(2, &[1]))]);
    let point = sequence(&[&[6, 3, 0x55, 0x1d, 0x1c], &critical, &tlv(4, point)]);
    let extensions = tlv(0xa0, &sequence(&[&number, &point]));
    let [this_update, next_update] = [b"260501000000Z", b"261201000000Z"].map(|at| tlv(0x17, at));
    let content = sequence(&[
        &tlv(2, &[1]),
        &algorithm,
        &issuer,
        &this_update,
        &next_update,
        &extensions,
    ]);
    sequence(&[&content, &algorithm, &tlv(3, &[0, 0x30, 0])])
}

#[test]
fn crls_made_to_break_their_reader_do_not() {
    let root = Ca::root("root");
    let build = |crl: &[u8]| trusting(&root).with_crl_bytes(crl).build();
    let point = tlv(0xa0, &tlv(0xa0, &tlv(URI, b"http://root.example/crl")));
    build(&crl_with_distribution_point(&sequence(&[&point]))).unwrap();
    // onlySomeReasons without bits, with unused bits of nothing, with more than a byte has, and of nothing at all.
    for (reasons, problem) in [
        (&[0][..], "UnsupportedRevocationReasonsPartitioning"),
        (&[7], "BadDer"),
        (&[8], "BadDer"),
        (&[0xff, 0xff], "BadDer"),
        (&[], "BadDer"),
    ] {
        let reasons = sequence(&[&point, &tlv(0x83, reasons)]);
        let error = build(&crl_with_distribution_point(&reasons)).unwrap_err();
        let expected = format!("the given bytes: unusable CRL: {problem}");
        assert_eq!(error.to_string(), expected);
    }

    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 5, 1),
        next_update: date_time_ymd(2026, 12, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let crl = params.signed_by(&root.issuer).unwrap().der().to_vec();
    let leaf = [root.leaf()];
    assert_eq!(server(&build(&crl).unwrap(), &leaf, "host.example"), Ok(()));
    for cut in 0..crl.len() {
        assert!(build(&crl[..cut]).is_err(), "{cut}");
    }
    for at in 0..crl.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = crl.clone();
            changed[at] ^= change;
            // What can be read is not believed: its signature does not fit.
            if let Ok(trust) = build(&changed) {
                let result = server(&trust, &leaf, "host.example");
                assert!(result.is_err(), "{at} {change}");
            }
        }
    }
}
