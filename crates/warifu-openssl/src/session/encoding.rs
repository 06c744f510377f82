//! A session as bytes (`i2d_SSL_SESSION`), in DER:
//!
//! ```text
//! SEQUENCE {
//!     UTF8String    "warifu"
//!     OCTET STRING  what resumes, as the protocol writes it; empty if there is nothing
//!     OCTET STRING  the numbers, all of them in eight bytes
//!     OCTET STRING  session ID
//!     OCTET STRING  session ID context
//!     OCTET STRING  host name
//!     OCTET STRING  application protocol
//!     OCTET STRING  key that a program gave it
//!     SEQUENCE OF   the peer's certificates
//! }
//! ```
//!
//! OpenSSL's form is another one: a session is read by the library that wrote it.

use std::ffi::CString;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use warifu::certificate::der::{Der, tag};
use warifu::parameters::CipherSuite;
use warifu::resumption::Session;
use zeroize::Zeroizing;

use super::{MAX_ID_CONTEXT_LEN, MAX_ID_LEN, MAX_KEY_LEN, SslSession, Values};
use crate::fault::Fault;
use crate::reason::Library;

const NAME: &[u8] = b"warifu";
/// No session has more, as in the protocol.
const MAX_CHAIN_LEN: usize = 32;
/// Of the numbers.
const NUMBERS: usize = 6;

impl SslSession {
    /// The session as bytes, which are **secret**.
    pub(crate) fn to_der(&self) -> Zeroizing<Vec<u8>> {
        let resumes = self.resumes().map(Session::to_bytes);
        let values = self.values();
        let suite = values.suite.map_or(0, |suite| suite.0);
        let numbers: [i64; NUMBERS] = [
            values.version.into(),
            suite.into(),
            values.time,
            values.timeout,
            values.verify_result,
            values.max_early_data.into(),
        ];
        let numbers = numbers.map(i64::to_be_bytes).concat();
        let host_name = values
            .host_name
            .as_ref()
            .map_or(&[][..], |name| name.as_bytes());
        let chain = values.chain.as_deref().unwrap_or_default();
        let chain_len = chain.iter().map(|der| der.len()).sum();
        let fields: [&[u8]; 7] = [
            resumes.as_ref().map_or(&[][..], |bytes| bytes.as_slice()),
            &numbers,
            &values.id,
            &values.id_context,
            host_name,
            &values.alpn,
            &values.key,
        ];
        let mut len = element_len(NAME.len()) + element_len(chain_len);
        len += fields
            .iter()
            .map(|field| element_len(field.len()))
            .sum::<usize>();
        // All at once: growing would leave secrets behind.
        let mut out = Zeroizing::new(Vec::with_capacity(element_len(len)));
        head(&mut out, tag::SEQUENCE, len);
        head(&mut out, tag::UTF8_STRING, NAME.len());
        out.extend_from_slice(NAME);
        for field in fields {
            head(&mut out, tag::OCTET_STRING, field.len());
            out.extend_from_slice(field);
        }
        head(&mut out, tag::SEQUENCE, chain_len);
        for certificate in chain {
            out.extend_from_slice(certificate);
        }
        out
    }

    /// Reads a session, and says how many of `bytes` it has.
    ///
    /// # Errors
    /// Anything else.
    pub(crate) fn from_der(bytes: &[u8]) -> Result<(Arc<Self>, usize), Fault> {
        let whole = Der::new(bytes).element().ok_or_else(malformed)?.whole;
        let session = read(whole).ok_or_else(malformed)?;
        Ok((session, whole.len()))
    }
}

fn read(der: &[u8]) -> Option<Arc<SslSession>> {
    let mut fields = Der::only_sequence(der)?;
    if fields.value(tag::UTF8_STRING)? != NAME {
        return None;
    }
    let mut field = |limit: usize| {
        let value = fields.value(tag::OCTET_STRING)?;
        (value.len() <= limit).then_some(value)
    };
    let resumes = match field(usize::MAX)? {
        [] => None,
        bytes => Some(Session::from_bytes(bytes).ok()?),
    };
    let numbers = field(NUMBERS * 8)?;
    let id = field(MAX_ID_LEN)?.to_vec();
    let id_context = field(MAX_ID_CONTEXT_LEN)?.to_vec();
    let host_name = field(255)?;
    let alpn = field(255)?.to_vec();
    let key = Zeroizing::new(field(MAX_KEY_LEN)?.to_vec());
    let chain = read_chain(fields.value(tag::SEQUENCE)?)?;
    if !fields.is_empty() || numbers.len() != NUMBERS * 8 {
        return None;
    }
    let mut numbers = numbers
        .chunks_exact(8)
        .filter_map(|number| Some(i64::from_be_bytes(number.try_into().ok()?)));
    let version = u16::try_from(numbers.next()?).ok()?;
    let suite = u16::try_from(numbers.next()?).ok()?;
    let values = Values {
        version,
        suite: (suite != 0).then_some(CipherSuite(suite)),
        id,
        id_context,
        time: numbers.next()?,
        timeout: numbers.next()?,
        host_name: (!host_name.is_empty())
            .then(|| CString::new(host_name))
            .transpose()
            .ok()?,
        alpn,
        verify_result: numbers.next()?,
        max_early_data: u32::try_from(numbers.next()?).ok()?,
        chain,
        key,
        ..Values::default()
    };
    Some(SslSession::new(resumes, values))
}

/// `None` within for no chain.
fn read_chain(der: &[u8]) -> Option<Option<Arc<[CertificateDer<'static>]>>> {
    let mut chain = Vec::new();
    let mut elements = Der::new(der);
    while !elements.is_empty() {
        if chain.len() == MAX_CHAIN_LEN {
            return None;
        }
        let whole = elements.element()?.whole;
        chain.push(CertificateDer::from(whole.to_vec()));
    }
    Some((!chain.is_empty()).then(|| chain.into()))
}

fn malformed() -> Fault {
    const ASN1_R_DECODE_ERROR: core::ffi::c_int = 110;
    Fault::Raised {
        library: Library::Asn1,
        reason: ASN1_R_DECODE_ERROR,
        detail: Some(
            "not a session that this library wrote (OpenSSL's have another form)".to_owned(),
        ),
    }
}

/// Bytes of the length of an element.
fn length(len: usize) -> ([u8; 9], usize) {
    let mut out = [0; 9];
    let bytes = len.to_be_bytes();
    let skipped = bytes.iter().take_while(|byte| **byte == 0).count();
    let significant = bytes.get(skipped..).unwrap_or_default();
    match len {
        0..=0x7f => {
            out[0] = len as u8;
            (out, 1)
        }
        _ => {
            // At most eight.
            out[0] = 0x80 | significant.len() as u8;
            for (to, from) in out.iter_mut().skip(1).zip(significant) {
                *to = *from;
            }
            (out, 1 + significant.len())
        }
    }
}

fn element_len(len: usize) -> usize {
    1 + length(len).1 + len
}

fn head(out: &mut Vec<u8>, tag: u8, len: usize) {
    let (bytes, count) = length(len);
    out.push(tag);
    out.extend(bytes.iter().take(count));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_read_back_and_nothing_else_is() {
        let session = SslSession::empty();
        session.set_id(&[7; 32]).unwrap();
        session.set_secret(&[9; 48]).unwrap();
        {
            let mut values = session.values();
            values.version = 0x0304;
            values.suite = Some(CipherSuite::TLS_AES_128_GCM_SHA256);
            values.id_context = b"context".to_vec();
            values.host_name = Some(c"host.example".to_owned());
            values.alpn = b"h2".to_vec();
            values.max_early_data = 16_384;
            values.verify_result = 18;
            values.time = 1_700_000_000;
            // Anything that is DER.
            let certificate = CertificateDer::from(vec![0x30, 3, 2, 1, 5]);
            values.chain = Some(vec![certificate.clone(), certificate].into());
        }
        let der = session.to_der();
        let with_more = [der.as_slice(), b"more"].concat();
        let (again, len) = SslSession::from_der(&with_more).unwrap();
        assert_eq!(len, der.len());
        assert_eq!(*again.to_der(), *der);
        assert_eq!(again.values().max_early_data, 16_384);
        assert_eq!(again.values().chain.as_ref().unwrap().len(), 2);
        assert!(!again.is_resumable());
        for len in 0..der.len() {
            assert!(SslSession::from_der(&der[..len]).is_err(), "{len}");
        }
        for position in 0..der.len() {
            let mut changed = der.to_vec();
            changed[position] ^= 0x41;
            if let Ok((read, len)) = SslSession::from_der(&changed) {
                assert_eq!(*read.to_der(), changed[..len]);
            }
        }
    }

    #[test]
    fn lengths_have_their_shortest_form() {
        let bytes = |len| {
            let (bytes, count) = length(len);
            bytes[..count].to_vec()
        };
        assert_eq!(bytes(0), [0]);
        assert_eq!(bytes(127), [127]);
        assert_eq!(bytes(128), [0x81, 128]);
        assert_eq!(bytes(256), [0x82, 1, 0]);
        assert_eq!(
            bytes(usize::MAX),
            [0x88, 255, 255, 255, 255, 255, 255, 255, 255]
        );
    }
}
