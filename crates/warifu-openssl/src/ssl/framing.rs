//! How many bytes may be received without touching the next record.
//!
//! A program that waits with `select` or `poll` for its socket relies on it that what it has not read yet is still in the
//! socket. So nothing of a record is received before the program wants that record, as in OpenSSL; the price is a second system
//! call for each. `SSL_CTX_set_read_ahead` saves it for programs that look at `SSL_has_pending`.
//!
//! With exceptions for sockets, which spare the second call where there is much to receive. (Other transports may wait until they have
//! all that they are asked for.) What comes early must never be the whole of a record with data: then the rest of that record is still
//! in the socket, and makes it readable.
//!
//! - With a long record of data comes the header of the next one. After a short one, which may be the last of TLS, nothing is taken
//!   that may not be of TLS.
//! - In a handshake come the bytes that the peer owes it still (`Connection::handshake_bytes_due`), and so many more as are less than
//!   the shortest record with data.
/// Bytes in front of each record: type, version, length (RFC 8446 Section 5.1).
const HEADER_LEN: usize = 5;

/// The type of records with data, RFC 8446 Section 5.1; in TLS 1.3 all protected records have it.
const APPLICATION_DATA: u8 = 23;

/// Types of records: change_cipher_spec to application data.
const CONTENT_TYPES: core::ops::RangeInclusive<u8> = 20..=APPLICATION_DATA;

/// Of all versions of TLS and of SSL 3.0.
const MAJOR_VERSION: u8 = 3;

/// Most bytes of a record's body, RFC 5246 Section 6.2.3.
const LARGEST_BODY: usize = (1 << 14) + 2048;

/// No alert is as long, whatever its padding.
const LONG_RECORD_LEN: usize = 1024;

/// One less than the shortest protected record with data: header, one byte and its type, a tag of 8 bytes (TLS_AES_128_CCM_8_SHA256).
const EARLY_LEN: usize = HEADER_LEN + 9;

/// Where in the stream of records the next byte is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Framing {
    header: [u8; HEADER_LEN],
    /// Bytes of the header that came; all of them while the body comes.
    header_len: usize,
    body_len: usize,
    /// Bytes of the body to come.
    body_left: usize,
    /// Whether the next header may come with this record.
    is_long: bool,
    /// Whether the header is none of TLS: what it says of a body means nothing.
    is_foreign: bool,
    /// Whether what came of this record came together with the one before.
    is_early: bool,
}

impl Framing {
    /// Bytes that the current record still needs; at least one.
    pub(super) fn needed(&self) -> usize {
        match self.body_left {
            0 => HEADER_LEN - self.header_len,
            left => left,
        }
    }

    /// Whether a record's header has come, and its body has not.
    pub(super) fn is_in_body(&self) -> bool {
        self.body_left > 0
    }

    /// Most bytes that may be received now, of which so many come in the handshake before any data.
    pub(super) fn limit(&self, is_handshaking: bool, handshake_bytes_due: usize) -> usize {
        match (self.body_left, is_handshaking) {
            (0, true) => (EARLY_LEN - self.header_len).max(handshake_bytes_due + EARLY_LEN),
            (0, false) => HEADER_LEN - self.header_len,
            (left, true) => left.max(handshake_bytes_due) + EARLY_LEN,
            (left, false) if self.is_long => left + HEADER_LEN,
            (left, false) => left,
        }
    }

    /// Whether nothing came yet.
    pub(super) fn is_unused(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the next byte is the first of a record.
    pub(super) fn is_between_records(&self) -> bool {
        self.body_left == 0 && self.header_len == 0
    }

    /// Whether bytes of a record came that the program wanted, and the rest is still to come. Of what is not TLS nothing is.
    pub(super) fn is_inside_record(&self) -> bool {
        !self.is_between_records() && !self.is_early && !self.is_foreign
    }

    /// Bytes of a record that nobody asked for.
    pub(super) fn early_len(&self) -> usize {
        match (self.is_early, self.body_left) {
            (false, _) => 0,
            (true, 0) => self.header_len,
            (true, left) => HEADER_LEN + self.body_len - left,
        }
    }

    /// Takes note of bytes that came.
    #[inline(always)]
    pub(super) fn advance(&mut self, bytes: &[u8]) {
        match self.body_left.checked_sub(bytes.len()) {
            Some(left) if self.body_left > 0 => {
                self.is_early = false;
                self.body_left = left;
            }
            _ => self.advance_beyond(bytes),
        }
    }

    /// As [`advance`](Self::advance), for all cases.
    #[inline(always)]
    fn advance_beyond(&mut self, mut bytes: &[u8]) {
        self.is_early = false;
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(self.needed()));
            bytes = later;
            if self.body_left > 0 {
                self.body_left -= now.len();
                self.is_early |= self.body_left == 0 && !bytes.is_empty();
                continue;
            }
            match (self.header_len, now.first_chunk()) {
                (0, Some(header)) => {
                    self.header = *header;
                    self.header_len = HEADER_LEN;
                }
                _ => {
                    for &byte in now {
                        if let Some(slot) = self.header.get_mut(self.header_len) {
                            *slot = byte;
                            self.header_len += 1;
                        }
                    }
                }
            }
            if self.header_len == HEADER_LEN {
                let [content_type, major, _, high, low] = self.header;
                self.body_len = usize::from(u16::from_be_bytes([high, low]));
                self.body_left = self.body_len;
                self.is_foreign = !CONTENT_TYPES.contains(&content_type)
                    || major != MAJOR_VERSION
                    || self.body_left > LARGEST_BODY;
                self.is_long = content_type == APPLICATION_DATA && self.body_left > LONG_RECORD_LEN;
                self.header_len = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_next_record_is_needed() {
        let mut framing = Framing::default();
        assert_eq!(framing.needed(), 5);
        framing.advance(&[23, 3, 3]);
        assert_eq!(framing.needed(), 2);
        framing.advance(&[1, 2]);
        assert_eq!(framing.needed(), 258);
        framing.advance(&[0; 257]);
        assert_eq!(framing.needed(), 1);
        framing.advance(&[0]);
        assert_eq!(framing.needed(), 5);
    }

    #[test]
    fn records_that_came_together_are_passed_over() {
        let mut framing = Framing::default();
        // One of 2 bytes, an empty one, the start of a third.
        framing.advance(&[23, 3, 3, 0, 2, 9, 9, 23, 3, 3, 0, 0, 23, 3]);
        assert_eq!(framing.needed(), 3);
        assert!(!framing.is_between_records());
    }

    #[test]
    fn for_what_is_not_tls_nobody_waits() {
        for (header, is_tls) in [
            (*b"GET /", false),
            ([22, 3, 1, 0x48, 0], true),
            ([22, 3, 1, 0x48, 1], false),
            ([22, 2, 0, 0, 9], false),
            ([24, 3, 3, 0, 9], false),
        ] {
            let mut framing = Framing::default();
            framing.advance(&header);
            assert_eq!(framing.is_inside_record(), is_tls, "{header:?}");
        }
    }

    #[test]
    fn in_a_handshake_no_whole_record_with_data_comes_early() {
        let mut framing = Framing::default();
        assert!(framing.is_unused());
        // The shortest has 15 bytes.
        assert_eq!((framing.limit(true, 0), framing.limit(false, 0)), (14, 5));
        framing.advance(&[22, 3, 3, 0, 40, 1]);
        assert_eq!(
            (framing.limit(true, 0), framing.limit(false, 0)),
            (39 + 14, 39)
        );
        assert!(framing.is_inside_record());
        // The rest, change_cipher_spec, and 8 bytes of the next record.
        let next = [20, 3, 3, 0, 1, 1, 23, 3, 3, 0, 17, 0, 0, 0];
        framing.advance(&[[0; 39].as_slice(), &next].concat());
        assert_eq!((framing.limit(false, 0), framing.early_len()), (14, 8));
        assert!(!framing.is_inside_record() && !framing.is_between_records());
        framing.advance(&[0; 13]);
        assert!(framing.is_inside_record());
        framing.advance(&[0]);
        assert!(framing.is_between_records() && !framing.is_unused());
    }

    #[test]
    fn what_the_peer_owes_the_handshake_comes_early() {
        let mut framing = Framing::default();
        assert_eq!((framing.limit(true, 0), framing.limit(true, 58)), (14, 72));
        // change_cipher_spec, and the record that was expected.
        framing.advance(&[[20, 3, 3, 0, 1, 1].as_slice(), &[23, 3, 3, 0, 53], &[0; 13]].concat());
        assert_eq!((framing.limit(true, 0), framing.limit(true, 40)), (54, 54));
        assert_eq!(framing.limit(true, 100), 114);
        framing.advance(&[0; 40]);
        assert!(framing.is_between_records());
    }

    #[test]
    fn with_a_long_record_of_data_comes_the_next_header_and_no_more() {
        let mut framing = Framing::default();
        framing.advance(&[23, 3, 3, 0x40, 0]);
        assert_eq!(framing.limit(false, 0), 0x4000 + 5);
        framing.advance(&[0; 0x4000]);
        assert_eq!((framing.limit(false, 0), framing.early_len()), (5, 0));
        framing.advance(&[23, 3, 3, 0x40, 0]);
        framing.advance(&[[0; 0x4000].as_slice(), &[23, 3, 3]].concat());
        assert_eq!((framing.limit(false, 0), framing.early_len()), (2, 3));
        assert!(!framing.is_inside_record());
        framing.advance(&[0, 20]);
        assert!(framing.is_inside_record());
        assert_eq!((framing.limit(false, 0), framing.early_len()), (20, 0));
        framing.advance(&[0; 20]);
        assert!(framing.is_between_records());
        // A handshake message, an alert.
        for content_type in [22, 21] {
            framing.advance(&[content_type, 3, 3, 0x40, 0]);
            assert_eq!(framing.limit(false, 0), 0x4000);
            framing.advance(&[0; 0x4000]);
        }
    }
}
