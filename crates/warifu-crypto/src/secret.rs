//! Memory that holds secrets: boxed, so that a move leaves no copy, and wiped when dropped.

use core::fmt;
use zeroize::Zeroize;

/// Secret bytes of a length fixed at creation.
///
/// One heap allocation that never grows and so never leaves an old copy behind; overwritten on drop;
/// compared in constant time; prints nothing of its content.
#[derive(Clone)]
pub struct Secret {
    bytes: Box<[u8]>,
}

impl Secret {
    /// Copies `bytes`. The original stays the caller's to wipe.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Self {
        Self {
            bytes: Box::from(bytes),
        }
    }

    /// `len` zero bytes: TLS 1.3's "0" input, or room to derive into.
    #[must_use]
    pub fn zeros(len: usize) -> Self {
        Self {
            bytes: vec![0; len].into_boxed_slice(),
        }
    }

    /// The secret itself.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The secret itself, to be written.
    #[must_use]
    pub fn as_mut_bytes(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it has no bytes at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl From<Vec<u8>> for Secret {
    /// Takes over the bytes; when the vector has spare room, copies them and wipes the vector.
    fn from(mut bytes: Vec<u8>) -> Self {
        if bytes.len() == bytes.capacity() {
            return Self {
                bytes: bytes.into_boxed_slice(),
            };
        }
        let secret = Self::from_slice(&bytes);
        bytes.zeroize();
        secret
    }
}

impl AsRef<[u8]> for Secret {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        crate::constant_time::eq(&self.bytes, &other.bytes)
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        // As a slice: a box or an array is wiped byte by byte.
        (*self.bytes).zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_nothing_of_it() {
        let secret = Secret::from_slice(b"\x41\x42hunter2");
        for text in [format!("{secret:?}"), format!("{secret:#?}")] {
            assert_eq!(text, "Secret");
        }
    }

    #[test]
    fn compares_content_and_length() {
        assert_eq!(Secret::from_slice(b"ab"), Secret::from_slice(b"ab"));
        assert_ne!(Secret::from_slice(b"ab"), Secret::from_slice(b"ac"));
        assert_ne!(Secret::from_slice(b"ab"), Secret::from_slice(b"abc"));
        assert_eq!(Secret::zeros(3), Secret::from_slice(&[0; 3]));
    }

    #[test]
    fn takes_vectors_with_and_without_spare_room() {
        let mut roomy = Vec::with_capacity(64);
        roomy.extend_from_slice(b"abc");
        assert_eq!(Secret::from(roomy).as_bytes(), b"abc");
        assert_eq!(Secret::from(b"abc".to_vec()).as_bytes(), b"abc");
        assert!(Secret::zeros(0).is_empty());
    }
}
