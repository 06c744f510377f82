//! Padding of TLS 1.3 records to a multiple of a length (`SSL_CTX_set_block_padding`).

/// The longest block: a full record.
pub(crate) const MAX_BLOCK_LEN: usize = 1 << 14;

/// Pads to a multiple of a length.
#[derive(Debug)]
pub(crate) struct Blocks(usize);

impl Blocks {
    /// For blocks of so many bytes; `None` if that is no padding.
    pub(crate) fn new(block_len: usize) -> Option<Self> {
        (block_len > 1).then_some(Self(block_len))
    }
}

impl warifu::Padding for Blocks {
    fn padding_len(&self, content_len: usize) -> usize {
        // The type of the content is a byte behind it (RFC 8446 Section 5.4), and counts, as in OpenSSL.
        (content_len + 1).next_multiple_of(self.0) - (content_len + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use warifu::Padding as _;

    #[test]
    fn content_and_its_type_fill_blocks() {
        assert!(Blocks::new(0).is_none());
        assert!(Blocks::new(1).is_none());
        let blocks = Blocks::new(100).unwrap();
        for (content, padding) in [(0, 99), (98, 1), (99, 0), (100, 99)] {
            assert_eq!(blocks.padding_len(content), padding);
        }
    }
}
