//! PEM (RFC 7468), read section by section from whatever gives lines, and written.

use core::ffi::c_int;
use std::sync::Arc;

use base64ct::{Base64, Encoding as _};
use rustls_pki_types::CertificateDer;
use warifu::certificate::der::Der;
use zeroize::Zeroizing;

use super::X509;
use super::pkey::Pkey;
use crate::fault::Fault;
use crate::memory;
use crate::reason::{self, Library};

/// The longest section that is read: larger than any revocation list.
const BODY_LIMIT: usize = 256 * 1024 * 1024;

/// Characters of base64 in a line.
const LINE_LEN: usize = 64;

/// Gives lines, one after the other; `None` at the end.
pub(crate) struct Lines<'a>(Box<dyn FnMut() -> Option<Zeroizing<Vec<u8>>> + 'a>);

impl<'a> Lines<'a> {
    pub(crate) fn new(next: impl FnMut() -> Option<Zeroizing<Vec<u8>>> + 'a) -> Self {
        Self(Box::new(next))
    }

    /// Lines of bytes in memory.
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        let mut lines = bytes.split(|byte| *byte == b'\n');
        Self::new(move || lines.next().map(|line| Zeroizing::new(line.to_vec())))
    }

    fn next(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        self.0()
    }
}

/// One section.
pub(crate) struct Section {
    pub(crate) label: String,
    /// `Proc-Type: 4,ENCRYPTED`: the content is not DER but encrypted by OpenSSL's old method.
    pub(crate) traditional_encryption: bool,
    pub(crate) der: Zeroizing<Vec<u8>>,
}

impl Section {
    pub(crate) fn is_certificate(&self) -> bool {
        matches!(
            self.label.as_str(),
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE"
        )
    }

    pub(crate) fn is_crl(&self) -> bool {
        self.label == "X509 CRL"
    }

    pub(crate) fn is_private_key(&self) -> bool {
        self.label == "PRIVATE KEY" || self.label.ends_with(" PRIVATE KEY")
    }

    pub(crate) fn is_public_key(&self) -> bool {
        self.label == "PUBLIC KEY"
    }

    pub(crate) fn certificate(&self) -> Result<Arc<X509>, Fault> {
        // OpenSSL's "TRUSTED CERTIFICATE" has data of its own after the certificate.
        let first = Der::new(&self.der).element();
        let der = first.map_or(self.der.as_slice(), |first| first.whole);
        X509::from_der(CertificateDer::from(der.to_vec()))
    }

    /// The private key. `passphrase` is asked if it is needed; it answers `None` if there is none.
    pub(crate) fn private_key(
        &self,
        passphrase: impl FnOnce() -> Option<Zeroizing<Vec<u8>>>,
    ) -> Result<Arc<Pkey>, Fault> {
        if self.traditional_encryption {
            return Err(fault(
                reason::PEM_R_UNSUPPORTED_ENCRYPTION,
                "a key under the traditional PEM encryption (Proc-Type: 4,ENCRYPTED), which is too weak; convert it: openssl \
                 pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW",
            ));
        }
        if self.label == "ENCRYPTED PRIVATE KEY" {
            let passphrase = passphrase().ok_or_else(|| {
                fault(
                    reason::PEM_R_BAD_PASSWORD_READ,
                    "the private key is encrypted, and no passphrase was given",
                )
            })?;
            return Pkey::private_from_encrypted(&self.der, &passphrase);
        }
        Pkey::private_from_der(&self.der)
    }
}

/// The end was reached before a section of the kind asked for.
pub(crate) fn no_start_line(expected: &str) -> Fault {
    fault(
        reason::PEM_R_NO_START_LINE,
        &format!("no PEM section with {expected}"),
    )
}

fn fault(reason: c_int, detail: &str) -> Fault {
    Fault::Raised {
        library: Library::Pem,
        reason,
        detail: Some(detail.to_owned()),
    }
}

/// The next section; `None` if there is none left. Text between sections is passed over. Nothing behind the section's last
/// line is read.
pub(crate) fn next_section(lines: &mut Lines<'_>) -> Result<Option<Section>, Fault> {
    let label = loop {
        let Some(line) = lines.next() else {
            return Ok(None);
        };
        // Windows programs put a byte order mark before UTF-8.
        let line = line.trim_ascii_end();
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if let Some(label) = label(line, b"-----BEGIN ") {
            break String::from_utf8_lossy(label).into_owned();
        }
    };
    let mut base64 = Zeroizing::new(Vec::with_capacity(4096));
    let mut traditional_encryption = false;
    loop {
        let Some(line) = lines.next() else {
            return Err(fault(
                reason::PEM_R_BAD_END_LINE,
                &format!("{label}: the text is cut off"),
            ));
        };
        let line = line.trim_ascii();
        if let Some(end) = self::label(line, b"-----END ") {
            if end != label.as_bytes() {
                return Err(fault(
                    reason::PEM_R_BAD_END_LINE,
                    &format!("{label}: ends as something else"),
                ));
            }
            break;
        }
        if line.contains(&b':') {
            traditional_encryption |=
                line.starts_with(b"Proc-Type:") && line.ends_with(b"ENCRYPTED");
            continue;
        }
        memory::append_wiped(&mut base64, line);
        if base64.len() > BODY_LIMIT {
            return Err(fault(
                reason::PEM_R_BAD_END_LINE,
                &format!("{label}: too long"),
            ));
        }
    }
    let mut der = Zeroizing::new(vec![0; base64.len().div_ceil(4) * 3]);
    let bad = |_| {
        fault(
            reason::PEM_R_BAD_BASE64_DECODE,
            &format!("{label}: not base64"),
        )
    };
    let len = Base64::decode(base64.as_slice(), &mut der)
        .map_err(bad)?
        .len();
    der.truncate(len);
    Ok(Some(Section {
        label,
        traditional_encryption,
        der,
    }))
}

/// What stands between `start` and the closing dashes.
fn label<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a [u8]> {
    line.strip_prefix(start)?.strip_suffix(b"-----")
}

/// A section as text.
pub(crate) fn write(label: &str, der: &[u8]) -> Zeroizing<Vec<u8>> {
    let base64 = Zeroizing::new(Base64::encode_string(der));
    let lines = base64.len().div_ceil(LINE_LEN);
    let len = base64.len() + lines + 2 * label.len() + 40;
    let mut text = Zeroizing::new(Vec::with_capacity(len));
    text.extend_from_slice(b"-----BEGIN ");
    text.extend_from_slice(label.as_bytes());
    text.extend_from_slice(b"-----\n");
    for line in base64.as_bytes().chunks(LINE_LEN) {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text.extend_from_slice(b"-----END ");
    text.extend_from_slice(label.as_bytes());
    text.extend_from_slice(b"-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_written_and_read() {
        let der: Vec<u8> = (0..200).collect();
        let text = [
            b"words\n".as_slice(),
            &write("X", &der),
            b"more\r\n",
            &write("Y", b""),
        ]
        .concat();
        let mut lines = Lines::of(&text);
        let first = next_section(&mut lines).unwrap().unwrap();
        assert_eq!(
            (first.label.as_str(), first.der.as_slice()),
            ("X", der.as_slice())
        );
        let second = next_section(&mut lines).unwrap().unwrap();
        assert_eq!((second.label.as_str(), second.der.len()), ("Y", 0));
        assert!(next_section(&mut lines).unwrap().is_none());
    }

    #[test]
    fn broken_sections_are_refused() {
        for text in [
            "-----BEGIN X-----\nAAAA\n",
            "-----BEGIN X-----\nAAAA\n-----END Y-----\n",
            "-----BEGIN X-----\nAA!A\n-----END X-----\n",
            "-----BEGIN X-----\nAAA\n-----END X-----\n",
        ] {
            assert!(
                next_section(&mut Lines::of(text.as_bytes())).is_err(),
                "{text}"
            );
        }
    }
}
