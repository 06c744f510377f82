//! Record sizes of RFC 6066.

/// MaxFragmentLength, RFC 6066 Section 4: the most bytes of plaintext in a record, agreed by
/// `max_fragment_length`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MaxFragmentLength {
    /// 2^9 bytes, value 1.
    Len512 = 1,
    /// 2^10 bytes, value 2.
    Len1024 = 2,
    /// 2^11 bytes, value 3.
    Len2048 = 3,
    /// 2^12 bytes, value 4.
    Len4096 = 4,
}

impl MaxFragmentLength {
    /// The limit in bytes.
    pub const fn fragment_len(self) -> usize {
        1 << (self as usize + 8)
    }

    /// The variant whose limit is `len` bytes, if it is one of the four.
    pub const fn from_fragment_len(len: usize) -> Option<Self> {
        match len {
            512 => Some(Self::Len512),
            1024 => Some(Self::Len1024),
            2048 => Some(Self::Len2048),
            4096 => Some(Self::Len4096),
            _ => None,
        }
    }
}
