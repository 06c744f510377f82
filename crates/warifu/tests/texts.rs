//! What people read in logs: names in certificates, as `openssl` prints them too, and the words of errors.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod pki;

use std::process::Command;

use pki::Directory;
use rcgen::string::{BmpString, Ia5String, PrintableString, TeletexString, UniversalString};
use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair};
use warifu::certificate::view::{self, CertificateView};
use warifu::certificate::{CertificateFacts, certificates_from_file};
use warifu::parameters::AlertDescription;
use warifu::psk::{PskError, PskKind, PskTable};
use warifu::trust::Leniency;
use warifu::{Error, Psk, UsageError};

/// A certificate whose subject is this, self-signed.
fn named(subject: DistinguishedName) -> Vec<u8> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = subject;
    let certificate = params.self_signed(&KeyPair::generate().unwrap());
    certificate.unwrap().der().to_vec()
}

/// The subject as `openssl x509` prints it on one line.
fn by_openssl(der: &[u8]) -> String {
    let directory = Directory::new();
    directory.write("certificate.der", der);
    let output = Command::new("openssl")
        .args("x509 -inform DER -in certificate.der -noout -subject -nameopt".split(' '))
        .arg("sep_comma_plus_space,sname,utf8")
        .current_dir(directory.root())
        .output()
        .unwrap();
    let line = String::from_utf8(output.stdout).unwrap();
    line.trim().strip_prefix("subject=").unwrap().to_owned()
}

fn oid(numbers: &[u64]) -> DnType {
    DnType::CustomDnType(numbers.to_vec())
}

#[test]
fn attributes_have_the_names_that_openssl_gives_them() {
    let mut subject = DistinguishedName::new();
    for (kind, value) in [
        (DnType::CountryName, "JP"),
        (DnType::StateOrProvinceName, "Kyoto"),
        (DnType::LocalityName, "Uji"),
        (DnType::OrganizationName, "Acme"),
        (DnType::OrganizationalUnitName, "Tokens"),
        (oid(&[2, 5, 4, 5]), "4711"),
        (oid(&[2, 5, 4, 9]), "1 Main Street"),
        (oid(&[2, 5, 4, 46]), "q"),
        (oid(&[1, 2, 840, 113_549, 1, 9, 1]), "a@example.org"),
        (oid(&[0, 9, 2342, 19_200_300, 100, 1, 25]), "example"),
        (oid(&[0, 9, 2342, 19_200_300, 100, 1, 1]), "alice"),
        (DnType::CommonName, "host.example"),
    ] {
        subject.push(kind, value);
    }
    let der = named(subject);
    let facts = CertificateFacts::from_der(&der).unwrap();
    assert_eq!(facts.subject, by_openssl(&der));
    assert_eq!(
        facts.subject,
        "C=JP, ST=Kyoto, L=Uji, O=Acme, OU=Tokens, serialNumber=4711, street=1 Main Street, dnQualifier=q, \
         emailAddress=a@example.org, DC=example, UID=alice, CN=host.example"
    );
    // What has no name has its number.
    let mut subject = DistinguishedName::new();
    subject.push(oid(&[1, 2, 3, 4]), "x");
    let facts = CertificateFacts::from_der(&named(subject)).unwrap();
    assert_eq!(facts.subject, "1.2.3.4=x");
}

#[test]
fn strings_of_every_type_are_read() {
    let values = [
        DnValue::Utf8String("Grüße, 割符".to_owned()),
        DnValue::PrintableString(PrintableString::try_from("plain").unwrap()),
        DnValue::Ia5String(Ia5String::try_from("a@b").unwrap()),
        DnValue::TeletexString(TeletexString::try_from("t61").unwrap()),
        DnValue::BmpString(BmpString::try_from("割符").unwrap()),
        DnValue::UniversalString(UniversalString::try_from("符😀").unwrap()),
    ];
    let expected = ["Grüße, 割符", "plain", "a@b", "t61", "割符", "符😀"];
    for (value, expected) in values.into_iter().zip(expected) {
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CommonName, value);
        let facts = CertificateFacts::from_der(&named(subject)).unwrap();
        assert_eq!(facts.subject, format!("CN={expected}"));
        assert_eq!(facts.common_name.as_deref(), Some(expected));
    }
}

#[test]
fn keys_and_signatures_have_names() {
    for (key, sign, key_name, signature) in [
        (
            "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
            "-sha224",
            "RSA-2048",
            "sha224WithRSAEncryption",
        ),
        (
            "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
            "-md5",
            "RSA-2048",
            "md5WithRSAEncryption",
        ),
        (
            "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
            "-sha512",
            "RSA-2048",
            "sha512WithRSAEncryption",
        ),
        (
            "-algorithm EC -pkeyopt ec_paramgen_curve:P-521",
            "-sha512",
            "P-521",
            "ecdsa-with-SHA512",
        ),
        (
            "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
            "-sha384",
            "secp256k1",
            "ecdsa-with-SHA384",
        ),
        ("-algorithm ED448", "", "Ed448", "Ed448"),
        // Numbers where there is no name here.
        (
            "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
            "-sha512-256",
            "RSA-2048",
            "1.2.840.113549.1.1.16",
        ),
        (
            "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
            "-sha3-256",
            "P-256",
            "2.16.840.1.101.3.4.3.10",
        ),
    ] {
        let directory = Directory::new();
        directory.openssl(&format!("genpkey {key} -out key"));
        directory.openssl(&format!(
            "req -x509 -key key {sign} -subj /CN=x -days 3 -out certificate"
        ));
        let der = certificates_from_file(directory.path("certificate"))
            .unwrap()
            .remove(0);
        let facts = CertificateFacts::from_der(&der).unwrap();
        assert_eq!(
            (&*facts.key, &*facts.signature_algorithm),
            (key_name, signature)
        );
    }
    assert_eq!(view::signature_name(&[6, 3, 0x2b, 0x65, 0x70]), "Ed25519");
}

/// What programs that print certificates need of one.
#[test]
fn a_view_has_times_and_extensions_as_they_are_written() {
    let ca = pki::Ca::root("root");
    let leaf = ca.leaf();
    let view = CertificateView::parse(&leaf).unwrap();
    let (from, until) = view.times().unwrap();
    assert_eq!((from.tag, from.value), (0x17, &b"260301000000Z"[..]));
    assert_eq!((until.tag, until.value), (0x17, &b"260901000000Z"[..]));
    let extensions: Vec<_> = view
        .extensions()
        .map(|extension| (extension.oid.to_vec(), extension.critical))
        .collect();
    let ce = |last: u8| vec![0x55, 0x1d, last];
    for (oid, critical) in [(ce(0x11), false), (ce(0x0f), true), (ce(0x25), false)] {
        assert!(extensions.contains(&(oid, critical)), "{extensions:x?}");
    }
    let usage = view.key_usage().unwrap().unwrap();
    assert_eq!(usage.bits(), 0x80);
}

#[test]
fn errors_say_what_happened() {
    for (error, text) in [
        (
            Error::from(UsageError::HandshakeIncomplete),
            "the handshake is not complete yet",
        ),
        (
            UsageError::ClosedInHandshake.into(),
            "this side closed the connection before its handshake was complete",
        ),
        (
            UsageError::NoPskToOffer.into(),
            "a pre-shared key is required, and there is none for this server whose hash an enabled cipher suite has",
        ),
        (
            Error::AlertReceived(AlertDescription::PROTOCOL_VERSION),
            "peer refused with alert protocol_version",
        ),
        (
            Error::Truncated,
            "connection ended without close_notify: data may have been cut off (RFC 8446 Section 6.1)",
        ),
        (
            Error::ClosedDuringHandshake {
                expected: "ServerHello",
            },
            "peer closed the connection during the handshake, while ServerHello was awaited",
        ),
        (
            Error::Application("no such tenant".to_owned()),
            "application: no such tenant",
        ),
        (Error::Internal("a reason"), "internal error: a reason"),
    ] {
        let printed = error.to_string();
        assert!(printed.ends_with(text), "{printed}");
    }
}

#[test]
fn keys_that_are_refused_say_why() {
    let random = [7; 32];
    let long = vec![7; 65_536];
    for (result, text) in [
        (Psk::new("", random), "the identity of the key is empty"),
        (
            Psk::new(&long, random),
            "the identity has 65536 bytes, at most 65535 are possible",
        ),
        (Psk::new("alice", []), "the key is empty"),
        (
            Psk::new("alice", [7; 15]),
            "the key has 15 bytes and can be guessed: 16 or more random bytes are needed (RFC 9257 Section 6)",
        ),
        (
            Psk::new("alice", &long),
            "the key has 65536 bytes, at most 65535 are possible",
        ),
        (
            Psk::new("alice", [0; 32]),
            "the key is all zeros: it was never set",
        ),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.to_string(), text);
        let error: Error = error.into();
        assert_eq!(error, UsageError::Config(text.to_owned()).into(), "{text}");
    }
    let twice = || Psk::new("alice", random).unwrap();
    let error = PskTable::new([twice(), twice()]).unwrap_err();
    assert_eq!(error, PskError::DuplicateIdentity);
    assert_eq!(error.to_string(), "two keys have the same identity");
    let table = PskTable::new([twice()]).unwrap();
    assert_eq!((table.len(), table.is_empty()), (1, false));
    let kinds = [PskKind::External, PskKind::Imported].map(|kind| kind.to_string());
    assert_eq!(kinds, ["external", "imported"]);
}

#[test]
fn what_was_allowed_to_an_old_pki_reads_behind_accepted_because_of() {
    let words = Leniency::ALL.map(|rule| rule.to_string());
    assert_eq!(
        words,
        [
            "a signature with SHA-1",
            "an RSA key of less than 2048 bits",
            "a name in the commonName alone",
            "X.509 version 1",
            "a CA's certificate as a peer's own",
        ]
    );
}
