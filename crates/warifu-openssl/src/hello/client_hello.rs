//! A ClientHello as its client sent it, for callbacks that look at it (RFC 8446 Section 4.1.2).

use core::ops::Range;

/// Header of a handshake message: type (1) and length (3).
const HEADER_LEN: usize = 4;
/// Numbers of extensions, RFC 6066 and RFC 7301.
const SERVER_NAME: u16 = 0;
const STATUS_REQUEST: u16 = 5;
const ALPN: u16 = 16;
/// `ocsp` among the types of certificate status, RFC 6066 Section 8.
const OCSP: u8 = 1;

/// The parts of a ClientHello, as ranges of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientHello {
    bytes: Vec<u8>,
    version: u16,
    random: Range<usize>,
    session_id: Range<usize>,
    cipher_suites: Range<usize>,
    compression_methods: Range<usize>,
    /// Type and data, in the client's order.
    extensions: Vec<(u16, Range<usize>)>,
}

/// Reads vectors one behind the other.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn take(&mut self, len: usize) -> Option<Range<usize>> {
        let range = self.at..self.at.checked_add(len)?;
        self.bytes.get(range.clone())?;
        self.at = range.end;
        Some(range)
    }

    fn number(&mut self, len: usize) -> Option<usize> {
        let range = self.take(len)?;
        let append = |number: usize, byte: &u8| number << 8 | usize::from(*byte);
        Some(self.bytes.get(range)?.iter().fold(0, append))
    }

    /// A vector behind its length, which has so many bytes.
    fn vector(&mut self, len_len: usize) -> Option<Range<usize>> {
        let len = self.number(len_len)?;
        self.take(len)
    }
}

impl ClientHello {
    /// Takes a message, header included. `None` if it is none; the protocol has read it before, so that it is one.
    pub(crate) fn read(message: Vec<u8>) -> Option<Self> {
        let mut reader = Reader {
            bytes: &message,
            at: HEADER_LEN,
        };
        let version = u16::try_from(reader.number(2)?).ok()?;
        let random = reader.take(32)?;
        let session_id = reader.vector(1)?;
        let cipher_suites = reader.vector(2)?;
        let compression_methods = reader.vector(1)?;
        let mut extensions = Vec::new();
        // Clients before TLS 1.3 may have none, and then no length of theirs either.
        if reader.at < message.len() {
            let end = reader.number(2)?.checked_add(reader.at)?;
            while reader.at < end {
                let extension_type = u16::try_from(reader.number(2)?).ok()?;
                extensions.push((extension_type, reader.vector(2)?));
            }
        }
        Some(Self {
            version,
            random,
            session_id,
            cipher_suites,
            compression_methods,
            extensions,
            bytes: message,
        })
    }

    pub(crate) fn version(&self) -> u16 {
        self.version
    }

    pub(crate) fn random(&self) -> &[u8] {
        self.part(&self.random)
    }

    pub(crate) fn session_id(&self) -> &[u8] {
        self.part(&self.session_id)
    }

    /// Two bytes each.
    pub(crate) fn cipher_suites(&self) -> &[u8] {
        self.part(&self.cipher_suites)
    }

    pub(crate) fn compression_methods(&self) -> &[u8] {
        self.part(&self.compression_methods)
    }

    /// The types of all extensions, in the client's order.
    pub(crate) fn extension_types(&self) -> impl Iterator<Item = u16> {
        self.extensions
            .iter()
            .map(|(extension_type, _)| *extension_type)
    }

    /// The data of an extension.
    pub(crate) fn extension(&self, wanted: u16) -> Option<&[u8]> {
        let (_, data) = self.extensions.iter().find(|(found, _)| *found == wanted)?;
        Some(self.part(data))
    }

    /// The host name of SNI (RFC 6066 Section 3).
    pub(crate) fn server_name(&self) -> Option<&[u8]> {
        let data = self.extension(SERVER_NAME)?;
        // The length of the list, the type of the name, its length.
        let [_, _, 0, high, low, name @ ..] = data else {
            return None;
        };
        name.get(..usize::from(u16::from_be_bytes([*high, *low])))
    }

    /// The list of ALPN (RFC 7301 Section 3.1): names with a length of one byte before each.
    pub(crate) fn alpn(&self) -> Option<&[u8]> {
        self.extension(ALPN)?.get(2..)
    }

    /// Whether the client takes a stapled OCSP response.
    pub(crate) fn wants_status(&self) -> bool {
        self.extension(STATUS_REQUEST)
            .is_some_and(|data| data.first() == Some(&OCSP))
    }

    fn part(&self, range: &Range<usize>) -> &[u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Vec<u8> {
        let mut message = vec![1, 0, 0, 0, 3, 3];
        message.extend([7; 32]);
        message.extend([2, 0xaa, 0xbb]);
        message.extend([0, 4, 0x13, 1, 0x13, 2]);
        message.extend([1, 0]);
        let extensions = [
            &[0, 0, 0, 9, 0, 7, 0, 0, 4, b'h', b'o', b's', b't'][..],
            &[0, 16, 0, 5, 0, 3, 2, b'h', b'2'],
            &[0, 5, 0, 5, 1, 0, 0, 0, 0],
            &[0xff, 1, 0, 0],
        ]
        .concat();
        message.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
        message.extend(extensions);
        message[3] = u8::try_from(message.len() - HEADER_LEN).unwrap();
        message
    }

    #[test]
    fn all_parts_are_found() {
        let hello = ClientHello::read(message()).unwrap();
        assert_eq!(hello.version(), 0x0303);
        assert_eq!(hello.random(), [7; 32]);
        assert_eq!(hello.session_id(), [0xaa, 0xbb]);
        assert_eq!(hello.cipher_suites(), [0x13, 1, 0x13, 2]);
        assert_eq!(hello.compression_methods(), [0]);
        let types: Vec<u16> = hello.extension_types().collect();
        assert_eq!(types, [0, 16, 5, 0xff01]);
        assert_eq!(hello.extension(0xff01), Some(&[][..]));
        assert_eq!(hello.extension(43), None);
        assert_eq!(hello.server_name(), Some(&b"host"[..]));
        assert_eq!(hello.alpn(), Some(&b"\x02h2"[..]));
        assert!(hello.wants_status());
    }

    #[test]
    fn a_hello_without_extensions_is_read() {
        let mut bytes = message();
        bytes.truncate(4 + 2 + 32 + 3 + 6 + 2);
        let hello = ClientHello::read(bytes).unwrap();
        assert_eq!(hello.extension_types().count(), 0);
        assert!(hello.server_name().is_none() && hello.alpn().is_none() && !hello.wants_status());
    }

    #[test]
    fn no_prefix_makes_it_panic() {
        let whole = message();
        for len in 0..whole.len() {
            if let Some(hello) = ClientHello::read(whole[..len].to_vec()) {
                let _ = (hello.server_name(), hello.alpn(), hello.wants_status());
            }
        }
    }
}
