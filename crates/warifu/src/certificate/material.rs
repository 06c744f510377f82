//! Certificates, keys and CRLs out of files and bytes, PEM or DER.
//!
//! What a piece is, is told from its content, never from a file's name: DER if the bytes are one ASN.1
//! SEQUENCE, else PEM if there is a `-----BEGIN` line. PEM sections may stand in any order; those that are not
//! asked for (parameters, comments) are passed over. Each failure says where and what to do about it.

use core::fmt;
use std::io::Read;
use std::path::Path;

use base64ct::{Base64, Encoding as _};
use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::der::{Der, tag};

/// No certificate, key or CRL file is longer; a larger one is not read to its end. The largest public CRLs
/// have about 100 MB.
const FILE_LIMIT: u64 = 256 * 1024 * 1024;

/// Reads all certificates of a file, PEM (any number) or DER (one), in the file's order.
///
/// # Errors
/// [`MaterialError`] if the file cannot be read or holds no certificate.
pub fn certificates_from_file(
    path: impl AsRef<Path>,
) -> Result<Vec<CertificateDer<'static>>, MaterialError> {
    certificates(&Source::file(path.as_ref())?)
}

/// Reads all certificates in `bytes`, PEM (any number) or DER (one), in their order.
///
/// # Errors
/// [`MaterialError`] if there is none.
pub fn certificates_from_bytes(
    bytes: &[u8],
) -> Result<Vec<CertificateDer<'static>>, MaterialError> {
    certificates(&Source::bytes(bytes))
}

/// A certificate, key or CRL could not be had from a file or from bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MaterialError {
    /// The file's path, or "the given bytes".
    pub source: String,
    /// What is wrong with it.
    pub problem: MaterialProblem,
}

/// What is wrong with a file or with bytes; see [`MaterialError`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MaterialProblem {
    /// There is no such file.
    Missing,
    /// The file cannot be read; the text is the operating system's.
    Unreadable(String),
    /// No bytes at all.
    Empty,
    /// Longer than any certificate, key or CRL.
    TooLarge,
    /// Neither PEM nor DER.
    NeitherPemNorDer,
    /// Text in UTF-16, as some Windows programs write it.
    Utf16,
    /// A PEM section that cannot be decoded; `line` counts from 1.
    BadPem {
        /// The line where the section begins.
        line: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// Readable, but something else. Both are named in words.
    Unexpected {
        /// What the source holds.
        found: &'static str,
        /// What was asked for.
        expected: &'static str,
    },
    /// A PKCS#12 file (`.p12`, `.pfx`).
    Pkcs12,
    /// A key in OpenSSH's own format.
    OpenSshKey,
    /// A key under OpenSSL's traditional PEM encryption (`Proc-Type: 4,ENCRYPTED`).
    TraditionalEncryption,
    /// The key is encrypted and no passphrase was given.
    PassphraseNeeded,
    /// The passphrase does not open the key.
    WrongPassphrase,
    /// A private key that cannot be used; the text says why.
    BadKey(String),
    /// A certificate that cannot be used; the text says why.
    BadCertificate(String),
    /// A CRL that cannot be used; the text says why.
    BadCrl(String),
}

impl fmt::Display for MaterialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = &self.source;
        match &self.problem {
            MaterialProblem::Missing => write!(f, "{source}: no such file"),
            MaterialProblem::Unreadable(reason) => write!(f, "{source}: cannot be read: {reason}"),
            MaterialProblem::Empty => write!(f, "{source}: empty"),
            MaterialProblem::TooLarge => {
                write!(
                    f,
                    "{source}: more than {} MiB, too large to be a certificate, key or CRL",
                    FILE_LIMIT >> 20
                )
            }
            MaterialProblem::NeitherPemNorDer => write!(
                f,
                "{source}: neither PEM (no -----BEGIN line) nor DER (no ASN.1 SEQUENCE over all bytes)"
            ),
            MaterialProblem::Utf16 => write!(
                f,
                "{source}: text in UTF-16; save it as ASCII or UTF-8 (PowerShell: Set-Content -Encoding ascii)"
            ),
            MaterialProblem::BadPem { line, reason } => {
                write!(
                    f,
                    "{source}: PEM section that begins in line {line}: {reason}"
                )
            }
            MaterialProblem::Unexpected { found, expected } => {
                write!(f, "{source}: holds {found}, {expected} was expected")
            }
            MaterialProblem::Pkcs12 => write!(
                f,
                "{source}: a PKCS#12 file; convert it to PEM: openssl pkcs12 -in FILE -out FILE.pem -nodes"
            ),
            MaterialProblem::OpenSshKey => write!(
                f,
                "{source}: a key in OpenSSH's format; convert a copy: ssh-keygen -p -m PKCS8 -f COPY"
            ),
            MaterialProblem::TraditionalEncryption => write!(
                f,
                "{source}: a key under the traditional PEM encryption (Proc-Type: 4,ENCRYPTED), which is too weak; \
                 convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW"
            ),
            MaterialProblem::PassphraseNeeded => {
                write!(
                    f,
                    "{source}: the private key is encrypted, and no passphrase was given"
                )
            }
            MaterialProblem::WrongPassphrase => {
                write!(f, "{source}: the passphrase does not open the private key")
            }
            MaterialProblem::BadKey(reason) => {
                write!(f, "{source}: unusable private key: {reason}")
            }
            MaterialProblem::BadCertificate(reason) => {
                write!(f, "{source}: unusable certificate: {reason}")
            }
            MaterialProblem::BadCrl(reason) => write!(f, "{source}: unusable CRL: {reason}"),
        }
    }
}

impl core::error::Error for MaterialError {}

impl From<MaterialError> for crate::error::Error {
    fn from(error: MaterialError) -> Self {
        Self::Usage(crate::error::UsageError::Config(error.to_string()))
    }
}

/// Bytes and the name they go by in errors.
pub(crate) struct Source {
    name: String,
    // May hold a private key.
    content: Zeroizing<Vec<u8>>,
}

impl Source {
    pub(crate) fn file(path: &Path) -> Result<Self, MaterialError> {
        let name = path.display().to_string();
        let error = |problem| MaterialError {
            source: name.clone(),
            problem,
        };
        let unreadable = |reason: std::io::Error| match reason.kind() {
            std::io::ErrorKind::NotFound => error(MaterialProblem::Missing),
            _ => error(MaterialProblem::Unreadable(reason.to_string())),
        };
        let file = std::fs::File::open(path).map_err(unreadable)?;
        // One buffer of the right size: a growing one would leave copies of a key behind. Pipes tell no
        // size; they get a buffer that holds any key.
        let size = file.metadata().map(|metadata| metadata.len()).unwrap_or(0);
        let size = usize::try_from(size.min(FILE_LIMIT)).unwrap_or(0);
        let mut content = Zeroizing::new(Vec::with_capacity(size.max(64 * 1024)));
        file.take(FILE_LIMIT + 1)
            .read_to_end(&mut content)
            .map_err(unreadable)?;
        if u64::try_from(content.len()).unwrap_or(u64::MAX) > FILE_LIMIT {
            return Err(error(MaterialProblem::TooLarge));
        }
        Ok(Self { name, content })
    }

    pub(crate) fn bytes(bytes: &[u8]) -> Self {
        Self {
            name: "the given bytes".to_owned(),
            content: Zeroizing::new(bytes.to_vec()),
        }
    }

    pub(crate) fn error(&self, problem: MaterialProblem) -> MaterialError {
        MaterialError {
            source: self.name.clone(),
            problem,
        }
    }

    /// All that the source holds, in order.
    pub(crate) fn items(&self) -> Result<Vec<Item>, MaterialError> {
        let content = self.content.as_slice();
        if content.iter().all(u8::is_ascii_whitespace) {
            return Err(self.error(MaterialProblem::Empty));
        }
        if content.starts_with(&[0xff, 0xfe]) || content.starts_with(&[0xfe, 0xff]) {
            return Err(self.error(MaterialProblem::Utf16));
        }
        // First, for a certificate may contain any text, but no text is a DER SEQUENCE to its last byte.
        if Der::only_sequence(content).is_some() {
            return Ok(vec![Item {
                kind: kind_of_der(content),
                der: self.content.clone(),
            }]);
        }
        // Windows programs put a byte order mark before UTF-8.
        let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        if contains(text, b"-----BEGIN ") {
            return pem_items(text).map_err(|problem| self.error(problem));
        }
        Err(self.error(MaterialProblem::NeitherPemNorDer))
    }

    /// The error for a source that lacks what was expected.
    pub(crate) fn lacks(&self, expected: &'static str, items: &[Item]) -> MaterialError {
        let found = items.first().map_or(Kind::Other, |item| item.kind);
        self.error(match found {
            Kind::Pkcs12 => MaterialProblem::Pkcs12,
            Kind::OpenSshKey => MaterialProblem::OpenSshKey,
            Kind::TraditionallyEncryptedKey if expected == A_PRIVATE_KEY => {
                MaterialProblem::TraditionalEncryption
            }
            found => MaterialProblem::Unexpected {
                found: found.in_words(),
                expected,
            },
        })
    }
}

/// Expectations, as error texts name them.
pub(crate) const A_CERTIFICATE: &str = "a certificate";
pub(crate) const A_PRIVATE_KEY: &str = "a private key";
pub(crate) const A_CRL: &str = "a certificate revocation list";

/// One decoded piece.
pub(crate) struct Item {
    pub(crate) kind: Kind,
    pub(crate) der: Zeroizing<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Certificate,
    Crl,
    PrivateKey,
    EncryptedPrivateKey,
    TraditionallyEncryptedKey,
    OpenSshKey,
    PublicKey,
    Request,
    Pkcs12,
    Pkcs7,
    Other,
}

impl Kind {
    fn in_words(self) -> &'static str {
        match self {
            Self::Certificate => A_CERTIFICATE,
            Self::Crl => A_CRL,
            Self::PrivateKey => A_PRIVATE_KEY,
            Self::EncryptedPrivateKey | Self::TraditionallyEncryptedKey => {
                "an encrypted private key"
            }
            Self::OpenSshKey => "an OpenSSH private key",
            Self::PublicKey => "a bare public key",
            Self::Request => "a certificate request (CSR, to be signed by a CA)",
            Self::Pkcs12 => "a PKCS#12 file",
            Self::Pkcs7 => "a PKCS#7 file",
            Self::Other => "something else",
        }
    }
}

/// All certificates of a source.
pub(crate) fn certificates(source: &Source) -> Result<Vec<CertificateDer<'static>>, MaterialError> {
    let items = source.items()?;
    let found: Vec<_> = items
        .iter()
        .filter(|item| item.kind == Kind::Certificate)
        .map(|item| CertificateDer::from(item.der.to_vec()))
        .collect();
    if found.is_empty() {
        return Err(source.lacks(A_CERTIFICATE, &items));
    }
    Ok(found)
}

/// A PEM section being read.
struct Section<'a> {
    label: &'a [u8],
    /// Where it begins, counted from 1.
    line: usize,
    base64: Zeroizing<Vec<u8>>,
    /// A header says `Proc-Type: 4,ENCRYPTED`.
    encrypted: bool,
}

impl Section<'_> {
    fn bad(&self, reason: &'static str) -> MaterialProblem {
        MaterialProblem::BadPem {
            line: self.line,
            reason,
        }
    }

    /// `None` for sections that nobody asks for: they may hold anything.
    fn item(&self) -> Result<Option<Item>, MaterialProblem> {
        let Some(kind) = kind_of_label(self.label, self.encrypted) else {
            return Ok(None);
        };
        if kind == Kind::TraditionallyEncryptedKey {
            return Ok(Some(Item {
                kind,
                der: Zeroizing::new(Vec::new()),
            }));
        }
        let mut der = decode(&self.base64).ok_or_else(|| self.bad("not base64"))?;
        // OpenSSL's "TRUSTED CERTIFICATE" has its own data after the certificate.
        if kind == Kind::Certificate
            && let Some(first) = Der::new(&der).element()
        {
            let len = first.whole.len();
            der.truncate(len);
        }
        Ok(Some(Item { kind, der }))
    }
}

/// Splits PEM text (RFC 7468) in its sections.
fn pem_items(text: &[u8]) -> Result<Vec<Item>, MaterialProblem> {
    let mut items = Vec::new();
    let mut open: Option<Section<'_>> = None;
    // As long as it can become: a growing buffer would leave copies of a key behind. Sections use it in turn, for
    // to allocate and wipe one as long as the text for each would take quadratic time.
    let mut buffer = Zeroizing::new(Vec::with_capacity(text.len()));
    for (index, line) in lines(text).enumerate() {
        let line_number = index + 1;
        if let Some(label) = label(line, b"-----BEGIN ") {
            if let Some(section) = open {
                return Err(section.bad("no -----END line"));
            }
            open = Some(Section {
                label,
                line: line_number,
                base64: core::mem::take(&mut buffer),
                encrypted: false,
            });
        } else if let Some(end) = label(line, b"-----END ") {
            let Some(section) = open.take() else {
                let reason = "-----END without -----BEGIN";
                return Err(MaterialProblem::BadPem {
                    line: line_number,
                    reason,
                });
            };
            if end != section.label {
                return Err(section.bad("-----BEGIN and -----END name different things"));
            }
            items.extend(section.item()?);
            buffer = section.base64;
            buffer.clear();
        } else if let Some(section) = &mut open {
            if line.contains(&b':') {
                // Headers of RFC 1421 matter only where they say that the section is encrypted.
                section.encrypted |=
                    line.starts_with(b"Proc-Type:") && contains(line, b"ENCRYPTED");
            } else {
                section.base64.extend_from_slice(line);
            }
        }
    }
    match open {
        Some(section) => Err(section.bad("no -----END line: the text is cut off")),
        None => Ok(items),
    }
}

/// Lines that end in LF, CR or CR LF, without blanks at their ends.
fn lines(mut text: &[u8]) -> impl Iterator<Item = &[u8]> {
    core::iter::from_fn(move || {
        if text.is_empty() {
            return None;
        }
        let end = text
            .iter()
            .position(|&b| b == b'\n' || b == b'\r')
            .unwrap_or(text.len());
        let (line, rest) = text.split_at_checked(end)?;
        text = match rest {
            [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
            [] => &[],
        };
        Some(line.trim_ascii())
    })
}

/// What stands between `start` and the closing dashes.
fn label<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a [u8]> {
    line.strip_prefix(start)?.strip_suffix(b"-----")
}

/// `None` for sections that nobody asks for.
fn kind_of_label(label: &[u8], encrypted: bool) -> Option<Kind> {
    Some(match label {
        b"CERTIFICATE" | b"X509 CERTIFICATE" | b"TRUSTED CERTIFICATE" => Kind::Certificate,
        b"X509 CRL" => Kind::Crl,
        b"RSA PRIVATE KEY" | b"EC PRIVATE KEY" | b"DSA PRIVATE KEY" if encrypted => {
            Kind::TraditionallyEncryptedKey
        }
        b"PRIVATE KEY" | b"RSA PRIVATE KEY" | b"EC PRIVATE KEY" | b"DSA PRIVATE KEY" => {
            Kind::PrivateKey
        }
        b"ENCRYPTED PRIVATE KEY" => Kind::EncryptedPrivateKey,
        b"OPENSSH PRIVATE KEY" => Kind::OpenSshKey,
        b"PUBLIC KEY" | b"RSA PUBLIC KEY" => Kind::PublicKey,
        b"CERTIFICATE REQUEST" | b"NEW CERTIFICATE REQUEST" => Kind::Request,
        b"PKCS7" | b"CMS" => Kind::Pkcs7,
        _ => return None,
    })
}

/// Base64 (with or without padding spaces already removed) in constant time, as it may be a key.
fn decode(base64: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(base64.to_vec());
    text.retain(|b| !b.is_ascii_whitespace());
    let mut der = Zeroizing::new(vec![0; text.len() / 4 * 3 + 3]);
    let len = Base64::decode(text.as_slice(), &mut der).ok()?.len();
    der.truncate(len);
    Some(der)
}

/// Tells what a DER file holds by the shape of its outer elements.
fn kind_of_der(der: &[u8]) -> Kind {
    let Some(mut outer) = Der::only_sequence(der) else {
        return Kind::Other;
    };
    let (Some(first), second, third) = (outer.element(), outer.element(), outer.element()) else {
        return Kind::Other;
    };
    let second = second.map_or(0, |element| element.tag);
    let third = third.map_or(0, |element| element.tag);
    match (first.tag, second, third) {
        // PFX: version 3 (RFC 7292 Section 4).
        (tag::INTEGER, tag::SEQUENCE, _) if first.value == [3] => Kind::Pkcs12,
        // PKCS#8 (RFC 5958), SEC 1 (RFC 5915), PKCS#1 (RFC 8017 Appendix A.1.2).
        (tag::INTEGER, tag::SEQUENCE | tag::OCTET_STRING, _) => Kind::PrivateKey,
        (tag::INTEGER, tag::INTEGER, tag::INTEGER) => Kind::PrivateKey,
        (tag::INTEGER, tag::INTEGER, _) => Kind::PublicKey,
        (tag::OID, _, _) => Kind::Pkcs7,
        (tag::SEQUENCE, tag::OCTET_STRING, _) => Kind::EncryptedPrivateKey,
        (tag::SEQUENCE, tag::BIT_STRING, _) => Kind::PublicKey,
        (tag::SEQUENCE, tag::SEQUENCE, tag::BIT_STRING) => kind_of_signed(first.value),
        _ => Kind::Other,
    }
}

/// Certificate, CRL (RFC 5280 Sections 4.1, 5.1) or request (RFC 2986): all are data, algorithm, signature.
fn kind_of_signed(signed: &[u8]) -> Kind {
    let mut tags = [0; 4];
    for (to, element) in tags.iter_mut().zip(Der::new(signed)) {
        *to = element.tag;
    }
    const TIMES: [u8; 2] = [tag::UTC_TIME, tag::GENERALIZED_TIME];
    match tags {
        [tag, ..] if tag == tag::context(0) => Kind::Certificate,
        [tag::INTEGER, tag::SEQUENCE, tag::SEQUENCE, time] if TIMES.contains(&time) => Kind::Crl,
        [tag::SEQUENCE, tag::SEQUENCE, time, _] if TIMES.contains(&time) => Kind::Crl,
        [tag::INTEGER, tag::SEQUENCE, tag::SEQUENCE, tag::SEQUENCE] => Kind::Certificate,
        [tag::INTEGER, tag::SEQUENCE, tag::SEQUENCE, _] => Kind::Request,
        _ => Kind::Other,
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_each_way() {
        let all: Vec<&[u8]> = lines(b"a\nb\r\nc\rd \n\ne").collect();
        assert_eq!(all, [&b"a"[..], b"b", b"c", b"d", b"", b"e"]);
    }

    #[test]
    fn errors_name_the_line_where_the_section_begins() {
        let problem = |text: &str| pem_items(text.as_bytes()).err();
        let bad = |line, reason| Some(MaterialProblem::BadPem { line, reason });
        assert_eq!(
            problem("x\r\n-----BEGIN CERTIFICATE-----\r\n!\r\n-----END CERTIFICATE-----\r\n"),
            bad(2, "not base64")
        );
        assert_eq!(
            problem("-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n"),
            bad(1, "no -----END line")
        );
        assert_eq!(
            problem("-----BEGIN CERTIFICATE-----\n-----END X509 CRL-----\n"),
            bad(1, "-----BEGIN and -----END name different things")
        );
        assert_eq!(
            problem("\n-----END X509 CRL-----\n"),
            bad(2, "-----END without -----BEGIN")
        );
        assert_eq!(problem("-----BEGIN FOO-----\n!\n-----END FOO-----\n"), None);
    }
}
